"""The learner model's rows <-> models. Sums are added to in the database and never read first."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.progress.models import (
    Activity,
    Enrolment,
    Evidence,
    ItemProgress,
    Learner,
    Mastery,
    Profile,
    State,
)
from bot.features.progress.rules.mastery import evidence_weight, weight_at
from bot.storage.tables import (
    CongratulationRow,
    EnrolmentRow,
    EvidenceRow,
    LearnerRow,
    MasteryRow,
    MilestoneRow,
    ProgressChangeRow,
    ProgressRow,
)
from bot.storage.upsert import insert_into, insert_once
from knowledge.models import Style

_ACTIVITY = timedelta(weeks=13)
"""Twelve weeks and the days of the present one."""

_MINUTES_PER_ANSWER = 1


async def add_learner(session: AsyncSession, member_id: int, now: datetime) -> None:
    """Make sure that the learner is there. Also takes the write lock, so that what follows is not interleaved."""
    statement = insert_into(session, LearnerRow).values(member_id=member_id, joined_at=now, changed_at=now)
    touch = {"changed_at": now}
    await session.execute(statement.on_conflict_do_update(index_elements=["member_id"], set_=touch))


async def update_profile(session: AsyncSession, member_id: int, now: datetime, **values: Any) -> None:
    """Change columns of a profile; the learner must be there."""
    await session.execute(update(LearnerRow).where(LearnerRow.member_id == member_id).values(changed_at=now, **values))


async def find_profile(session: AsyncSession, member_id: int) -> Profile | None:
    row = await session.get(LearnerRow, member_id)
    return None if row is None else _profile(row)


async def find_learner(session: AsyncSession, member_id: int, now: datetime) -> Learner:
    """The snapshot that recommendations and overviews read. A member who never began is a learner without data."""
    row = await session.get(LearnerRow, member_id)
    if row is None:
        return Learner(Profile(member_id, joined_at=now))
    progress = await session.scalars(select(ProgressRow).where(ProgressRow.member_id == member_id))
    mastery = await session.scalars(select(MasteryRow).where(MasteryRow.member_id == member_id))
    return Learner(
        _profile(row),
        {item.item: _item_progress(item) for item in progress},
        {concept.concept: _mastery(concept) for concept in mastery},
        await _list_activity(session, member_id, now - _ACTIVITY),
    )


async def _list_activity(session: AsyncSession, member_id: int, since: datetime) -> tuple[Activity, ...]:
    changes = await session.execute(
        select(ProgressChangeRow.changed_at, ProgressChangeRow.minutes).where(
            ProgressChangeRow.member_id == member_id,
            ProgressChangeRow.changed_at >= since,
            ProgressChangeRow.is_undone.is_(False),
        )
    )
    answers = await session.execute(
        select(EvidenceRow.observed_at).where(
            EvidenceRow.member_id == member_id,
            EvidenceRow.observed_at >= since,
            EvidenceRow.is_correct.is_not(None),
        )
    )
    worked = [Activity(at, minutes) for at, minutes in changes]
    answered = [Activity(at, _MINUTES_PER_ANSWER) for (at,) in answers]
    return tuple(sorted([*worked, *answered], key=lambda activity: activity.at))


# Progress


async def update_item(
    session: AsyncSession,
    member_id: int,
    item: str,
    state: State,
    *,
    minutes: int,
    key: str | None,
    now: datetime,
) -> tuple[bool, State | None]:
    """Set an item's state and add `minutes` to it; whether that is new, and the state before.

    A `key` that was used before changes nothing: it is the same click once more.
    """
    before = await _find_state(session, member_id, item)
    change = {
        "member_id": member_id,
        "item": item,
        "before": before,
        "after": state.value,
        "minutes": minutes,
        "key": key,
        "is_undone": False,
        "changed_at": now,
    }
    if not await insert_once(session, ProgressChangeRow, ("member_id", "key"), **change):
        return False, before
    statement = insert_into(session, ProgressRow).values(
        member_id=member_id, item=item, state=state.value, minutes=minutes, changed_at=now
    )
    values = {"state": state.value, "minutes": ProgressRow.minutes + minutes, "changed_at": now}
    await session.execute(statement.on_conflict_do_update(index_elements=["member_id", "item"], set_=values))
    return True, before


async def undo_last_change(
    session: AsyncSession, member_id: int, item: str | None, now: datetime
) -> tuple[str, State | None, State | None, int] | None:
    """Take back the newest change that is not undone yet, of one item or of all.

    Returns the item, the state that was taken back, the state that holds again, and the minutes taken back.
    """
    query = (
        select(ProgressChangeRow)
        .where(ProgressChangeRow.member_id == member_id, ProgressChangeRow.is_undone.is_(False))
        .order_by(ProgressChangeRow.id.desc())
        .limit(1)
    )
    if item is not None:
        query = query.where(ProgressChangeRow.item == item)
    change = (await session.scalars(query)).first()
    if change is None:
        return None
    change.is_undone = True
    where = (ProgressRow.member_id == member_id, ProgressRow.item == change.item)
    if change.before is None:
        await session.execute(delete(ProgressRow).where(*where))
    else:
        values = {"state": change.before, "minutes": ProgressRow.minutes - change.minutes, "changed_at": now}
        await session.execute(update(ProgressRow).where(*where).values(values))
    after = State(change.after) if change.after else None
    return change.item, after, State(change.before) if change.before else None, change.minutes


async def _find_state(session: AsyncSession, member_id: int, item: str) -> State | None:
    state = await session.scalar(
        select(ProgressRow.state).where(ProgressRow.member_id == member_id, ProgressRow.item == item)
    )
    return None if state is None else State(state)


# Evidence


async def add_evidence(session: AsyncSession, member_id: int, evidence: Sequence[Evidence], now: datetime) -> int:
    """Take evidence in; what was taken before is left out. Returns how many pieces were new."""
    new = 0
    for piece in evidence:
        row = {
            "member_id": member_id,
            "concept": piece.concept,
            "kind": piece.kind.value,
            "is_correct": piece.is_correct,
            "key": piece.key,
            "observed_at": now,
        }
        if not await insert_once(session, EvidenceRow, ("member_id", "key"), **row):
            continue
        new += 1
        if piece.is_correct is not None:
            await _add_to_mastery(session, member_id, piece, now)
    return new


async def _add_to_mastery(session: AsyncSession, member_id: int, piece: Evidence, now: datetime) -> None:
    weight = evidence_weight(piece.kind, now)
    right, wrong = (weight, 0.0) if piece.is_correct else (0.0, weight)
    statement = insert_into(session, MasteryRow).values(
        member_id=member_id,
        concept=piece.concept,
        right_weight=right,
        wrong_weight=wrong,
        answers=1,
        last_at=now,
    )
    sums = {
        "right_weight": MasteryRow.right_weight + right,
        "wrong_weight": MasteryRow.wrong_weight + wrong,
        "answers": MasteryRow.answers + 1,
        "last_at": now,
    }
    await session.execute(statement.on_conflict_do_update(index_elements=["member_id", "concept"], set_=sums))


# Servers and milestones


async def update_enrolment(session: AsyncSession, member_id: int, enrolment: Enrolment, now: datetime) -> None:
    """What a server may see of a learner from now on."""
    values = {
        "is_visible": enrolment.is_visible,
        "is_congratulated": enrolment.is_congratulated,
        "changed_at": now,
    }
    statement = insert_into(session, EnrolmentRow).values(member_id=member_id, guild_id=enrolment.guild_id, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["member_id", "guild_id"], set_=values))


async def find_enrolment(session: AsyncSession, member_id: int, guild_id: int) -> Enrolment:
    """What a server may see of a learner: nothing, unless they said so."""
    row = await session.get(EnrolmentRow, (member_id, guild_id))
    return Enrolment(guild_id) if row is None else Enrolment(guild_id, row.is_visible, row.is_congratulated)


async def list_visible_learners(session: AsyncSession, guild_id: int) -> tuple[Learner, ...]:
    """The learners that a server may see, with their progress only, in the order of their ids."""
    visible = select(EnrolmentRow.member_id).where(EnrolmentRow.guild_id == guild_id, EnrolmentRow.is_visible.is_(True))
    learners = await session.scalars(
        select(LearnerRow).where(LearnerRow.member_id.in_(visible)).order_by(LearnerRow.member_id)
    )
    progress: dict[int, dict[str, ItemProgress]] = {}
    for row in await session.scalars(select(ProgressRow).where(ProgressRow.member_id.in_(visible))):
        progress.setdefault(row.member_id, {})[row.item] = _item_progress(row)
    return tuple(Learner(_profile(row), progress.get(row.member_id, {})) for row in learners)


async def add_milestone(session: AsyncSession, member_id: int, milestone: str, now: datetime) -> bool:
    """Remember a milestone; whether it was reached for the first time."""
    values = {"member_id": member_id, "milestone": milestone, "reached_at": now}
    return await insert_once(session, MilestoneRow, ("member_id", "milestone"), **values)


async def add_congratulation(
    session: AsyncSession, member_id: int, guild_id: int, milestone: str, now: datetime
) -> bool:
    """Claim the one congratulation of a milestone in a server; False if it was claimed before."""
    values = {"member_id": member_id, "guild_id": guild_id, "milestone": milestone, "claimed_at": now}
    return await insert_once(session, CongratulationRow, ("member_id", "guild_id", "milestone"), **values)


async def list_milestones(session: AsyncSession, member_id: int) -> tuple[str, ...]:
    """Every milestone that a learner has reached, oldest first."""
    query = select(MilestoneRow.milestone).where(MilestoneRow.member_id == member_id)
    return tuple(await session.scalars(query.order_by(MilestoneRow.reached_at, MilestoneRow.milestone)))


async def count_learners(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(LearnerRow)) or 0


# Rows to models


def _profile(row: LearnerRow) -> Profile:
    return Profile(
        member_id=row.member_id,
        joined_at=row.joined_at,
        started_at=row.started_at,
        motivation=row.motivation,
        coding=row.coding,
        maths=row.maths,
        deep_learning=row.deep_learning,
        style=Style(row.style) if row.style else None,
        hours_per_week=row.hours_per_week,
        zone=row.zone,
        first_capstone=row.first_capstone,
        second_capstone=row.second_capstone,
    )


def _item_progress(row: ProgressRow) -> ItemProgress:
    return ItemProgress(row.item, State(row.state), row.minutes, row.changed_at)


def _mastery(row: MasteryRow) -> Mastery:
    """The sums as they stood when the last answer came in."""
    right, wrong = (weight_at(weight, row.last_at) for weight in (row.right_weight, row.wrong_weight))
    return Mastery(row.concept, right, wrong, row.answers, row.last_at)
