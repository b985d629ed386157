"""The learner model's rows <-> models. Sums are added to in the database and never read first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.progress.models import (
    Activity,
    Blocker,
    Commitment,
    Enrolment,
    Evidence,
    EvidenceKind,
    ItemProgress,
    Learner,
    LoggedChange,
    Mastery,
    Profile,
    SettledPlan,
    State,
)
from bot.features.progress.rules.mastery import evidence_weight, weight_at
from bot.storage.tables import (
    CheckinRow,
    CongratulationRow,
    EnrolmentRow,
    EvidenceRow,
    GroupMemberRow,
    LearnerRow,
    MasteryRow,
    MilestoneRow,
    PlanRow,
    ProgressChangeRow,
    ProgressRow,
    UtcDateTime,
)
from bot.storage.upsert import insert_into, insert_once
from knowledge.models import Style

_ACTIVITY = timedelta(weeks=13)
"""Twelve weeks and the days of the present one."""

_MINUTES_PER_ANSWER = 1

_BLOCKED_FOR = timedelta(days=14)
_MOST_CHECKINS = 60
"""More than a member of several groups sends in the weeks of `_ACTIVITY`."""
_MOST_PLANS = 40
_MOST_SETTLED = 8

_SENT = ("shared", "private")
"""The states of check-ins that were sent and not withdrawn."""
_WITHDRAWN, _KEPT = "withdrawn", "done"
"""The state of a plan that counts for nothing, and what became of one that was kept."""

_PROGRESS = (ProgressRow.item, ProgressRow.state, ProgressRow.minutes, ProgressRow.changed_at)
_MASTERY = (
    MasteryRow.concept,
    MasteryRow.right_weight,
    MasteryRow.wrong_weight,
    MasteryRow.answers,
    MasteryRow.last_at,
)
_CHECKINS = (CheckinRow.sent_at, CheckinRow.extra_minutes, CheckinRow.concepts)
_PLANS = (
    PlanRow.group_id,
    PlanRow.what,
    PlanRow.by_when,
    PlanRow.item,
    PlanRow.outcome,
    PlanRow.made_at,
    PlanRow.settled_at,
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
    groups = await _find_groups(session, member_id)
    told = await _find_told(session, member_id, groups, now) if groups else _Told()
    return Learner(
        _profile(row),
        await _find_progress(session, member_id),
        await _find_mastery(session, member_id),
        await _list_activity(session, member_id, now - _ACTIVITY, told.activity),
        told.commitment,
        told.blockers,
        told.plans,
        told.checked_in_at,
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


async def _list_activity(
    session: AsyncSession, member_id: int, since: datetime, told: Sequence[Activity]
) -> tuple[Activity, ...]:
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
            EvidenceRow.kind != EvidenceKind.CHECKIN.value,  # it is no answer, and its time is told there
        )
    )
    worked = [Activity(at, minutes) for at, minutes in changes]
    answered = [Activity(at, _MINUTES_PER_ANSWER) for (at,) in answers]
    told_lately = (activity for activity in told if activity.at >= since)
    return tuple(sorted([*worked, *answered, *told_lately], key=lambda activity: activity.at))


# What members of study groups tell


@dataclass(frozen=True, slots=True)
class _Told:
    """What plans and check-ins say."""

    activity: tuple[Activity, ...] = ()
    commitment: Commitment | None = None
    blockers: tuple[Blocker, ...] = ()
    plans: tuple[SettledPlan, ...] = ()
    checked_in_at: datetime | None = None


async def _find_groups(session: AsyncSession, member_id: int) -> dict[int, bool]:
    """The groups that somebody has ever been in, and whether they are now. Who never was has told nothing."""
    query = select(GroupMemberRow.group_id, GroupMemberRow.left_at).where(GroupMemberRow.member_id == member_id)
    return {group_id: left_at is None for group_id, left_at in await session.execute(query)}


async def _find_told(session: AsyncSession, member_id: int, groups: Mapping[int, bool], now: datetime) -> _Told:
    checkins = select(*_CHECKINS).where(CheckinRow.member_id == member_id, CheckinRow.state.in_(_SENT))
    rows = (await session.execute(checkins.order_by(CheckinRow.made_at.desc()).limit(_MOST_CHECKINS))).all()
    sent = [(at, minutes, concepts) for at, minutes, concepts in rows if at is not None]
    last_at, _, concepts = max(sent, default=(None, 0, ()), key=lambda checkin: checkin[0])
    stuck = concepts if last_at is not None and now - last_at < _BLOCKED_FOR else ()
    blockers = await _list_blockers(session, member_id, stuck, last_at) if stuck and last_at else ()
    plans = await _list_plans(session, member_id)
    return _Told(
        tuple(Activity(at, minutes, is_told=True) for at, minutes, _ in sent if minutes),
        _find_commitment(plans, groups),
        blockers,
        _settled(plans),
        last_at,
    )


async def _list_blockers(
    session: AsyncSession, member_id: int, concepts: Collection[str], since: datetime
) -> tuple[Blocker, ...]:
    """Those of the concepts on which the learner has answered no question rightly since then."""
    query = select(EvidenceRow.concept).where(
        EvidenceRow.member_id == member_id,
        EvidenceRow.observed_at > since,
        EvidenceRow.concept.in_(concepts),
        EvidenceRow.is_correct.is_(True),
    )
    answered = set(await session.scalars(query))
    return tuple(Blocker(concept, since) for concept in dict.fromkeys(concepts) if concept not in answered)


async def _list_plans(session: AsyncSession, member_id: int) -> Sequence[Any]:
    """The last plans that were not withdrawn, the newest first."""
    query = select(*_PLANS).where(PlanRow.member_id == member_id, PlanRow.state != _WITHDRAWN)
    return (await session.execute(query.order_by(PlanRow.made_at.desc()).limit(_MOST_PLANS))).all()


def _find_commitment(plans: Iterable[Any], groups: Mapping[int, bool]) -> Commitment | None:
    """The newest plan that waits for its check-in, in a group that the learner is in; a newer one replaces a plan."""
    seen: set[int] = set()
    for plan in plans:
        is_newest = plan.group_id not in seen
        seen.add(plan.group_id)
        if is_newest and groups.get(plan.group_id) and plan.outcome is None:
            return Commitment(plan.what, plan.by_when, plan.item, plan.made_at)
    return None


def _settled(plans: Iterable[Any]) -> tuple[SettledPlan, ...]:
    settled = [SettledPlan(plan.outcome == _KEPT, plan.settled_at) for plan in plans if plan.settled_at is not None]
    return tuple(sorted(settled, key=lambda plan: plan.at, reverse=True)[:_MOST_SETTLED])


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
    is_answer = piece.kind is not EvidenceKind.CHECKIN
    # What is told in a check-in moves the weights, not the time of the last answer.
    last_answer_at = case((MasteryRow.answers > 0, MasteryRow.last_at), else_=literal(now, UtcDateTime))
    statement = insert_into(session, MasteryRow).values(
        member_id=member_id,
        concept=piece.concept,
        right_weight=right,
        wrong_weight=wrong,
        answers=int(is_answer),
        last_at=now,
    )
    sums = {
        "right_weight": MasteryRow.right_weight + right,
        "wrong_weight": MasteryRow.wrong_weight + wrong,
        "answers": MasteryRow.answers + int(is_answer),
        "last_at": now if is_answer else last_answer_at,
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


async def delete_evidence(session: AsyncSession, member_id: int, key: str) -> None:
    """Take one piece of evidence back, and add up the mastery of its concept again."""
    where = (EvidenceRow.member_id == member_id, EvidenceRow.key == key)
    concept = await session.scalar(select(EvidenceRow.concept).where(*where))
    if concept is None:
        return
    await session.execute(delete(EvidenceRow).where(*where))
    await _rebuild_mastery(session, member_id, concept)


async def find_evidence(session: AsyncSession, member_id: int, key: str) -> str | None:
    """The concept that the piece of evidence with this key is about; None if there is none."""
    where = (EvidenceRow.member_id == member_id, EvidenceRow.key == key)
    return await session.scalar(select(EvidenceRow.concept).where(*where))


async def _rebuild_mastery(session: AsyncSession, member_id: int, concept: str) -> None:
    query = select(EvidenceRow.kind, EvidenceRow.is_correct, EvidenceRow.observed_at).where(
        EvidenceRow.member_id == member_id, EvidenceRow.concept == concept, EvidenceRow.is_correct.is_not(None)
    )
    pieces = (await session.execute(query.order_by(EvidenceRow.id))).all()
    await session.execute(delete(MasteryRow).where(MasteryRow.member_id == member_id, MasteryRow.concept == concept))
    if not pieces:
        return
    weights = [(is_correct, evidence_weight(EvidenceKind(kind), at)) for kind, is_correct, at in pieces]
    answered_at = [at for kind, _, at in pieces if kind != EvidenceKind.CHECKIN.value]
    row = MasteryRow(
        member_id=member_id,
        concept=concept,
        right_weight=sum(weight for is_correct, weight in weights if is_correct),
        wrong_weight=sum(weight for is_correct, weight in weights if not is_correct),
        answers=len(answered_at),
        last_at=max(answered_at or [at for _, _, at in pieces]),
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
