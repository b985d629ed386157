"""The learner model's rows <-> models. Sums are added to in the database and never read first."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.progress.models import (
    Activity,
    Enrolment,
    Evidence,
    EvidenceKind,
    ItemProgress,
    Learner,
    LoggedChange,
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

_PROGRESS = (ProgressRow.item, ProgressRow.state, ProgressRow.minutes, ProgressRow.changed_at)
_MASTERY = (
    MasteryRow.concept,
    MasteryRow.right_weight,
    MasteryRow.wrong_weight,
    MasteryRow.answers,
    MasteryRow.last_at,
)

WHOLE = "whole:"
"""What the keys of changes begin with that were made at once, as in "whole:CLICK:3"."""


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
    # Rows are written past the session's objects, so that one which somebody still holds would be out of date.
    row = await session.get(LearnerRow, member_id, populate_existing=True)
    if row is None:
        return Learner(Profile(member_id, joined_at=now))
    return Learner(
        _profile(row),
        await _find_progress(session, member_id),
        await _find_mastery(session, member_id),
        await _list_activity(session, member_id, now - _ACTIVITY),
    )


async def _find_progress(session: AsyncSession, member_id: int) -> dict[str, ItemProgress]:
    # Of hundreds of rows the columns come in half the time that objects of the session would take.
    rows = await session.execute(select(*_PROGRESS).where(ProgressRow.member_id == member_id))
    return {item: ItemProgress(item, State(state), minutes, at) for item, state, minutes, at in rows}


async def _find_mastery(session: AsyncSession, member_id: int) -> dict[str, Mastery]:
    rows = await session.execute(select(*_MASTERY).where(MasteryRow.member_id == member_id))
    return {
        concept: Mastery(concept, weight_at(right, at), weight_at(wrong, at), answers, at)
        for concept, right, wrong, answers, at in rows
    }


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


async def find_last_change(session: AsyncSession, member_id: int, item: str | None = None) -> LoggedChange | None:
    """The newest change that is not undone, of one item or of all."""
    query = (
        select(ProgressChangeRow)
        .where(ProgressChangeRow.member_id == member_id, ProgressChangeRow.is_undone.is_(False))
        .order_by(ProgressChangeRow.id.desc())
        .limit(1)
    )
    if item is not None:
        query = query.where(ProgressChangeRow.item == item)
    row = (await session.scalars(query)).first()
    return _logged(row) if row else None


async def find_change(
    session: AsyncSession, member_id: int, *, change_id: int | None = None, key: str | None = None
) -> LoggedChange | None:
    """A change of this member by its id or by the key of the click that made it."""
    query = select(ProgressChangeRow).where(ProgressChangeRow.member_id == member_id)
    by = ProgressChangeRow.id == change_id if change_id is not None else ProgressChangeRow.key == key
    row = (await session.scalars(query.where(by))).first()
    return _logged(row) if row else None


async def list_group(session: AsyncSession, member_id: int, change: LoggedChange) -> tuple[LoggedChange, ...]:
    """The change itself, or all changes that were made with it at once and are not undone; the newest first."""
    if change.group is None:
        return (change,)
    rows = await session.scalars(
        select(ProgressChangeRow)
        .where(
            ProgressChangeRow.member_id == member_id,
            ProgressChangeRow.key.startswith(f"{change.group}:", autoescape=True),
            ProgressChangeRow.is_undone.is_(False),
        )
        .order_by(ProgressChangeRow.id.desc())
    )
    return tuple(_logged(row) for row in rows)


async def undo_change(session: AsyncSession, member_id: int, change: LoggedChange, now: datetime) -> None:
    """Take a change back: what held before it holds again. Its key is free, so that the same click counts once more."""
    await session.execute(
        update(ProgressChangeRow).where(ProgressChangeRow.id == change.id).values(is_undone=True, key=None)
    )
    where = (ProgressRow.member_id == member_id, ProgressRow.item == change.item)
    if change.before is None:
        await session.execute(delete(ProgressRow).where(*where))
    else:
        values = {"state": change.before.value, "minutes": ProgressRow.minutes - change.minutes, "changed_at": now}
        await session.execute(update(ProgressRow).where(*where).values(values))


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


async def regrade_evidence(session: AsyncSession, member_id: int, key: str, *, is_correct: bool | None) -> None:
    """Change what one piece of evidence says, and add up the mastery of its concept again; None: it says nothing."""
    where = (EvidenceRow.member_id == member_id, EvidenceRow.key == key)
    concept = await session.scalar(select(EvidenceRow.concept).where(*where))
    if concept is None:
        return
    await session.execute(update(EvidenceRow).where(*where).values(is_correct=is_correct))
    await _rebuild_mastery(session, member_id, concept)


async def _rebuild_mastery(session: AsyncSession, member_id: int, concept: str) -> None:
    query = select(EvidenceRow.kind, EvidenceRow.is_correct, EvidenceRow.observed_at).where(
        EvidenceRow.member_id == member_id, EvidenceRow.concept == concept, EvidenceRow.is_correct.is_not(None)
    )
    pieces = (await session.execute(query.order_by(EvidenceRow.id))).all()
    await session.execute(delete(MasteryRow).where(MasteryRow.member_id == member_id, MasteryRow.concept == concept))
    if not pieces:
        return
    weights = [(is_correct, evidence_weight(EvidenceKind(kind), at)) for kind, is_correct, at in pieces]
    row = MasteryRow(
        member_id=member_id,
        concept=concept,
        right_weight=sum(weight for is_correct, weight in weights if is_correct),
        wrong_weight=sum(weight for is_correct, weight in weights if not is_correct),
        answers=len(pieces),
        last_at=max(at for _, _, at in pieces),
    )
    session.add(row)
    await session.flush()


# Servers and milestones


async def update_enrolment(session: AsyncSession, member_id: int, enrolment: Enrolment, now: datetime) -> None:
    """What a server may see of a learner from now on."""
    values = {
        "is_visible": enrolment.is_visible,
        "is_congratulated": enrolment.is_congratulated,
        "is_ranked": enrolment.is_ranked,
        "changed_at": now,
    }
    statement = insert_into(session, EnrolmentRow).values(member_id=member_id, guild_id=enrolment.guild_id, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["member_id", "guild_id"], set_=values))


async def find_enrolment(session: AsyncSession, member_id: int, guild_id: int) -> Enrolment:
    """What a server may see of a learner: nothing, unless they said so."""
    row = await session.get(EnrolmentRow, (member_id, guild_id))
    return Enrolment(guild_id) if row is None else _enrolment(row)


async def list_enrolments(session: AsyncSession, member_id: int) -> tuple[Enrolment, ...]:
    """The servers that may see or congratulate a learner, and what they may."""
    query = select(EnrolmentRow).where(
        EnrolmentRow.member_id == member_id,
        EnrolmentRow.is_visible.is_(True) | EnrolmentRow.is_congratulated.is_(True),
    )
    rows = await session.scalars(query.order_by(EnrolmentRow.guild_id))
    return tuple(_enrolment(row) for row in rows)


async def list_visible_learners(session: AsyncSession, guild_id: int) -> tuple[Learner, ...]:
    """The learners that a server may see, with their progress only, in the order of their ids."""
    visible = select(EnrolmentRow.member_id).where(EnrolmentRow.guild_id == guild_id, EnrolmentRow.is_visible.is_(True))
    return await list_learners(session, visible)


async def list_learners(session: AsyncSession, member_ids: Select[Any] | Collection[int]) -> tuple[Learner, ...]:
    """These learners, with their progress only, in the order of their ids. `member_ids` may be a query for them."""
    learners = await session.scalars(
        select(LearnerRow).where(LearnerRow.member_id.in_(member_ids)).order_by(LearnerRow.member_id)
    )
    progress: dict[int, dict[str, ItemProgress]] = {}
    rows = await session.execute(
        select(ProgressRow.member_id, *_PROGRESS).where(ProgressRow.member_id.in_(member_ids)),
    )
    for member_id, item, state, minutes, at in rows:
        progress.setdefault(member_id, {})[item] = ItemProgress(item, State(state), minutes, at)
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


def _enrolment(row: EnrolmentRow) -> Enrolment:
    return Enrolment(row.guild_id, row.is_visible, row.is_congratulated, row.is_ranked)


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


def _logged(row: ProgressChangeRow) -> LoggedChange:
    group = row.key.rpartition(":")[0] if row.key and row.key.startswith(WHOLE) else None
    before, after = (State(state) if state else None for state in (row.before, row.after))
    return LoggedChange(row.id, row.item, before, after, row.minutes, group, row.is_undone)
