"""Weeks, check-ins and replies: rows <-> models; and what of a member's work lies in them or beside them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Null, and_, case, delete, func, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.features.checkin.models import (
    REFRESH,
    SHOW,
    Checkin,
    CheckinDraft,
    CheckinState,
    KnownEvidence,
    PlanFrom,
    Reply,
    Week,
    WeekMember,
)
from bot.features.checkin.rules.known import AnsweredRound, DoneItem
from bot.features.checkin.rules.rhythm import WeekRecord
from bot.features.plan.models import Outcome, Plan, PlanState, PlanText
from bot.features.progress.models import State
from bot.features.progress.store import WHOLE
from bot.features.questions.models import RoundKind
from bot.scheduling import store as schedule
from bot.scheduling.models import WorkState
from bot.storage.tables import (
    AttemptRow,
    CheckinReplyRow,
    CheckinRow,
    GroupMemberRow,
    GroupWeekRow,
    LearnerRow,
    OccurrenceRow,
    PlanRow,
    ProgressChangeRow,
    RoundRow,
    WeekMemberRow,
)
from bot.storage.upsert import insert_into, insert_once

_COUNTING = tuple(state.value for state in CheckinState if state.counts)
_OPEN_WORK = (WorkState.WAITING.value, WorkState.CLAIMED.value)
_DIGESTS = 20


# Weeks


async def lock_members(session: AsyncSession, group_id: int) -> None:
    """Keep the members of a group from being deleted until the end.

    It comes before the group is locked: deleting takes the two in this order.
    """
    members = select(GroupMemberRow.member_id).where(GroupMemberRow.group_id == group_id)
    query = select(LearnerRow.member_id).where(LearnerRow.member_id.in_(members)).order_by(LearnerRow.member_id)
    await session.execute(query.with_for_update(read=True, key_share=True))


async def prepare_week(
    session: AsyncSession, group_id: int, slot: str, *, planned_at: datetime, closes_at: datetime, channel_id: int
) -> Week:
    """The week of that slot, which opens when its prompt is posted. One that was prepared before is brought up to date.

    One that is open already must not be prepared.
    """
    values = {"planned_at": planned_at, "closes_at": closes_at, "channel_id": channel_id}
    statement = insert_into(session, GroupWeekRow).values(group_id=group_id, slot=slot, **values)
    again = statement.on_conflict_do_update(index_elements=["group_id", "slot"], set_=values)
    week_id = (await session.execute(again.returning(GroupWeekRow.id))).scalar_one()
    return Week(week_id, group_id, slot, planned_at, closes_at, channel_id)


async def find_week(session: AsyncSession, week_id: int) -> Week | None:
    return await _first_week(session, select(GroupWeekRow).where(GroupWeekRow.id == week_id))


async def find_slot(session: AsyncSession, group_id: int, slot: str) -> Week | None:
    """The week of a group in that slot, prepared or opened."""
    query = select(GroupWeekRow).where(GroupWeekRow.group_id == group_id, GroupWeekRow.slot == slot)
    return await _first_week(session, query)


async def find_newest_week(session: AsyncSession, group_id: int) -> Week | None:
    """The week of a group that has opened last."""
    query = select(GroupWeekRow).where(GroupWeekRow.group_id == group_id, GroupWeekRow.opened_at.is_not(None))
    return await _first_week(session, query.order_by(GroupWeekRow.planned_at.desc()))


async def update_week(session: AsyncSession, week_id: int, **values: Any) -> None:
    """Change columns of a week, for example `closed_at=now`."""
    await _write(session, update(GroupWeekRow).where(GroupWeekRow.id == week_id).values(**values))


async def delete_prepared(session: AsyncSession, group_id: int, slot: str) -> None:
    """Forget a week that has not opened."""
    where = (GroupWeekRow.group_id == group_id, GroupWeekRow.slot == slot, GroupWeekRow.opened_at.is_(None))
    await _write(session, delete(GroupWeekRow).where(*where))


async def count_weeks(session: AsyncSession, group_id: int, before: datetime) -> int:
    """How many weeks of a group that were planned earlier have opened."""
    where = (GroupWeekRow.opened_at.is_not(None), GroupWeekRow.planned_at < before)
    query = select(func.count()).select_from(GroupWeekRow).where(GroupWeekRow.group_id == group_id, *where)
    return await session.scalar(query) or 0


async def has_later_week(session: AsyncSession, week: Week) -> bool:
    """Whether a week of the group has opened that was planned when this one was to be over."""
    where = (GroupWeekRow.opened_at.is_not(None), GroupWeekRow.planned_at >= week.closes_at)
    query = select(GroupWeekRow.id).where(GroupWeekRow.group_id == week.group_id, *where).limit(1)
    return await session.scalar(query) is not None


async def has_due_work(session: AsyncSession, kind: str, group_id: int, now: datetime) -> bool:
    """Whether work of this kind on a week of the group is due and not ended."""
    weeks = select(GroupWeekRow.id).where(GroupWeekRow.group_id == group_id)
    where = (OccurrenceRow.kind == kind, OccurrenceRow.subject_id.in_(weeks))
    is_due = (OccurrenceRow.state.in_(_OPEN_WORK), OccurrenceRow.due_at <= now)
    return await session.scalar(select(OccurrenceRow.id).where(*where, *is_due).limit(1)) is not None


# Whom a week asks


async def list_member_ids(session: AsyncSession, group_id: int, at: datetime) -> frozenset[int]:
    """Who was in a group at that moment, and has not been out since then."""
    is_there = GroupMemberRow.left_at.is_(None) | (GroupMemberRow.left_at > at)
    query = select(GroupMemberRow.member_id).where(GroupMemberRow.group_id == group_id, is_there)
    return frozenset(await session.scalars(query))


async def replace_members(session: AsyncSession, week_id: int, members: Sequence[WeekMember]) -> None:
    """Whom a week asks, in place of what was written before."""
    await _write(session, delete(WeekMemberRow).where(WeekMemberRow.week_id == week_id))
    for member in members:
        await insert_once(
            session,
            WeekMemberRow,
            ("week_id", "member_id"),
            week_id=week_id,
            member_id=member.member_id,
            is_away=member.is_away,
            partner_id=member.partner_id,
            nudged_at=member.nudged_at,
        )


async def list_week_members(session: AsyncSession, week_id: int) -> tuple[WeekMember, ...]:
    """Whom a week asks and who is away in it, in the order of their ids."""
    query = select(WeekMemberRow).where(WeekMemberRow.week_id == week_id).order_by(WeekMemberRow.member_id)
    return tuple(_week_member(row) for row in await session.scalars(_fresh(query)))


async def find_week_member(session: AsyncSession, week_id: int, member_id: int) -> WeekMember | None:
    row = await session.get(WeekMemberRow, (week_id, member_id), populate_existing=True)
    return None if row is None else _week_member(row)


async def update_nudged(session: AsyncSession, week_id: int, member_id: int, now: datetime) -> bool:
    """Claim the one nudge of a member in a week; False if it was claimed before."""
    where = (WeekMemberRow.week_id == week_id, WeekMemberRow.member_id == member_id)
    statement = update(WeekMemberRow).where(*where, WeekMemberRow.nudged_at.is_(None)).values(nudged_at=now)
    return await _write(session, statement) > 0


async def delete_absent(session: AsyncSession, week_id: int, member_ids: Collection[int]) -> None:
    """A week that closes asks nothing any more of who is not among these and has not checked in."""
    checked_in = select(CheckinRow.member_id).where(CheckinRow.week_id == week_id, CheckinRow.state.in_(_COUNTING))
    where = (WeekMemberRow.member_id.not_in(member_ids), WeekMemberRow.member_id.not_in(checked_in))
    await _write(session, delete(WeekMemberRow).where(WeekMemberRow.week_id == week_id, *where))


async def list_records(
    session: AsyncSession, group_id: int, member_ids: Collection[int]
) -> dict[int, tuple[WeekRecord, ...]]:
    """The weeks of a group that have opened, as they went for each of these members, the first one first."""
    asked = (
        select(GroupWeekRow.id, GroupWeekRow.planned_at, GroupWeekRow.closed_at, WeekMemberRow.member_id)
        .join(WeekMemberRow, WeekMemberRow.week_id == GroupWeekRow.id)
        .where(WeekMemberRow.is_away.is_(False), WeekMemberRow.member_id.in_(member_ids))
    )
    kept = (
        select(
            GroupWeekRow.id,
            GroupWeekRow.planned_at,
            GroupWeekRow.closed_at,
            CheckinRow.member_id,
            CheckinRow.is_repair,
        )
        .join(CheckinRow, CheckinRow.week_id == GroupWeekRow.id)
        .where(CheckinRow.state.in_(_COUNTING), CheckinRow.member_id.in_(member_ids))
    )
    ours = (GroupWeekRow.group_id == group_id, GroupWeekRow.opened_at.is_not(None))
    records: dict[int, dict[int, WeekRecord]] = {member_id: {} for member_id in member_ids}
    for week_id, planned_at, closed_at, member_id in await session.execute(asked.where(*ours)):
        records[member_id][week_id] = WeekRecord(week_id, planned_at, closed_at, is_asked=True, is_kept=False)
    for week_id, planned_at, closed_at, member_id, is_repair in await session.execute(kept.where(*ours)):
        is_asked = week_id in records[member_id]
        record = WeekRecord(week_id, planned_at, closed_at, is_asked=is_asked, is_kept=True, is_repair=is_repair)
        records[member_id][week_id] = record
    return {
        member_id: tuple(sorted(weeks.values(), key=lambda record: record.planned_at))
        for member_id, weeks in records.items()
    }


# Check-ins


async def add_checkin(session: AsyncSession, week_id: int, member_id: int, now: datetime) -> Checkin:
    """The member's check-in of a week, which is made if there is none; the learner must be there."""
    nothing = {"evidence": "", "learned": "", "blocker": "", "shows_blocker": False, "known": [], "concepts": []}
    statement = insert_into(session, CheckinRow).values(
        week_id=week_id,
        member_id=member_id,
        state=CheckinState.DRAFT.value,
        extra_minutes=0,
        is_repair=False,
        made_at=now,
        changed_at=now,
        **nothing,
    )
    again = statement.on_conflict_do_update(index_elements=["week_id", "member_id"], set_={"changed_at": now})
    checkin_id = (await session.execute(again.returning(CheckinRow.id))).scalar_one()
    return _checkin(await session.get_one(CheckinRow, checkin_id, populate_existing=True))


async def find_checkin(session: AsyncSession, week_id: int, member_id: int) -> Checkin | None:
    query = select(CheckinRow).where(CheckinRow.week_id == week_id, CheckinRow.member_id == member_id)
    return await _first_checkin(session, query)


async def find_checkin_by_id(session: AsyncSession, checkin_id: int) -> Checkin | None:
    return await _first_checkin(session, select(CheckinRow).where(CheckinRow.id == checkin_id))


async def find_checkin_at(session: AsyncSession, message_id: int) -> Checkin | None:
    """The check-in that the group sees in that message."""
    query = select(CheckinRow).where(CheckinRow.message_id == message_id, CheckinRow.state == CheckinState.SHARED.value)
    return await _first_checkin(session, query)


async def list_checkins(session: AsyncSession, week_id: int) -> tuple[Checkin, ...]:
    """The check-ins of a week that count, in the order in which they were sent."""
    query = select(CheckinRow).where(CheckinRow.week_id == week_id, CheckinRow.state.in_(_COUNTING))
    rows = await session.scalars(_fresh(query.order_by(CheckinRow.sent_at, CheckinRow.id)))
    return tuple(_checkin(row) for row in rows)


async def find_last_sent(
    session: AsyncSession, member_id: int, group_id: int, before: datetime
) -> tuple[datetime, datetime] | None:
    """When the member sent their last check-in of a week of the group that was planned earlier, and its closing."""
    query = (
        select(CheckinRow.sent_at, GroupWeekRow.closes_at)
        .join(GroupWeekRow, GroupWeekRow.id == CheckinRow.week_id)
        .where(CheckinRow.member_id == member_id, CheckinRow.state.in_(_COUNTING), CheckinRow.sent_at.is_not(None))
        .where(GroupWeekRow.group_id == group_id, GroupWeekRow.planned_at < before)
        .order_by(GroupWeekRow.planned_at.desc())
        .limit(1)
    )
    row = (await session.execute(query)).first()
    return None if row is None or row[0] is None else (row[0], row[1])


async def find_earlier(session: AsyncSession, member_id: int, group_id: int, before: datetime) -> Week | None:
    """The last week of the group that was planned earlier and in which the member has checked in."""
    query = (
        select(GroupWeekRow)
        .join(CheckinRow, GroupWeekRow.id == CheckinRow.week_id)
        .where(CheckinRow.member_id == member_id, CheckinRow.state.in_(_COUNTING))
        .where(GroupWeekRow.group_id == group_id, GroupWeekRow.planned_at < before)
        .order_by(GroupWeekRow.planned_at.desc())
        .limit(1)
    )
    row = (await session.scalars(query)).first()
    return None if row is None else _week(row)


async def find_settling(session: AsyncSession, plan: Plan) -> int | None:
    """The check-in that has told how a plan went: the first one that was sent of those that asked about it."""
    made_in = select(GroupWeekRow.planned_at).where(GroupWeekRow.id == plan.week_id).scalar_subquery()
    newer, newer_week = aliased(PlanRow), aliased(GroupWeekRow)
    replaced = (
        select(newer.id)
        .outerjoin(newer_week, newer_week.id == newer.week_id)
        .where(newer.member_id == plan.member_id, newer.group_id == plan.group_id)
        .where(newer.state != PlanState.WITHDRAWN.value, newer.made_at < CheckinRow.sent_at)
        .where(or_(newer.made_at > plan.made_at, and_(newer.made_at == plan.made_at, newer.id > plan.id)))
        .where(or_(newer.week_id.is_(None), newer_week.planned_at < GroupWeekRow.planned_at))
    )
    query = (
        select(CheckinRow.id)
        .join(GroupWeekRow, GroupWeekRow.id == CheckinRow.week_id)
        .where(CheckinRow.member_id == plan.member_id, GroupWeekRow.group_id == plan.group_id)
        .where(CheckinRow.state.in_(_COUNTING), CheckinRow.outcome.is_not(None), CheckinRow.sent_at >= plan.made_at)
        .where(~replaced.exists())
    )
    if plan.week_id is not None:
        query = query.where(GroupWeekRow.planned_at > made_in)
    return await session.scalar(query.order_by(CheckinRow.sent_at, CheckinRow.id).limit(1))


async def update_checkin(session: AsyncSession, checkin_id: int, **values: Any) -> None:
    """Change columns of a check-in, for example `message_id=5`. `changed_at=now` if the member has changed it."""
    await _write(session, update(CheckinRow).where(CheckinRow.id == checkin_id).values(**values))


async def update_draft(session: AsyncSession, checkin_id: int, draft: CheckinDraft | None, now: datetime) -> None:
    """Keep what is being written; None drops it."""
    await update_checkin(session, checkin_id, draft=_draft_to_json(draft), changed_at=now)


async def update_sent(session: AsyncSession, checkin: Checkin, now: datetime) -> None:
    """Write down a check-in as it was sent, without a draft."""
    await update_checkin(
        session,
        checkin.id,
        state=checkin.state.value,
        outcome=checkin.outcome.value if checkin.outcome else None,
        evidence=checkin.evidence,
        learned=checkin.learned,
        blocker=checkin.blocker,
        shows_blocker=checkin.shows_blocker,
        known=[asdict(one) for one in checkin.known],
        minutes=checkin.minutes,
        extra_minutes=checkin.extra_minutes,
        concepts=list(checkin.concepts),
        is_repair=checkin.is_repair,
        draft=_draft_to_json(None),
        sent_at=checkin.sent_at,
        changed_at=now,
    )


async def delete_checkin(session: AsyncSession, checkin_id: int) -> None:
    await _write(session, delete(CheckinRow).where(CheckinRow.id == checkin_id))


# Replies


async def add_reply(
    session: AsyncSession,
    checkin_id: int,
    member_id: int,
    text: str | None,
    now: datetime,
    *,
    channel_id: int | None = None,
    message_id: int | None = None,
) -> Reply:
    """A reply; without a text it is a message of the member's own."""
    row = CheckinReplyRow(
        checkin_id=checkin_id,
        member_id=member_id,
        text=text,
        channel_id=channel_id,
        message_id=message_id,
        made_at=now,
    )
    session.add(row)
    await session.flush()
    return _reply(row)


async def find_reply(session: AsyncSession, reply_id: int) -> Reply | None:
    row = await session.get(CheckinReplyRow, reply_id, populate_existing=True)
    return None if row is None else _reply(row)


async def find_same_reply(
    session: AsyncSession,
    checkin_id: int,
    member_id: int,
    *,
    text: str | None = None,
    message_id: int | None = None,
) -> Reply | None:
    """The member's reply to a check-in with this text, or in this message."""
    is_same = CheckinReplyRow.text == text if text is not None else CheckinReplyRow.message_id == message_id
    where = (CheckinReplyRow.checkin_id == checkin_id, CheckinReplyRow.member_id == member_id, is_same)
    row = (await session.scalars(_fresh(select(CheckinReplyRow).where(*where).limit(1)))).first()
    return None if row is None else _reply(row)


async def update_reply(session: AsyncSession, reply_id: int, **values: Any) -> None:
    """Change columns of a reply, for example `message_id=5`."""
    await _write(session, update(CheckinReplyRow).where(CheckinReplyRow.id == reply_id).values(**values))


async def count_replies(session: AsyncSession, week_id: int) -> int:
    """How many replies the check-ins of a week got that the group sees."""
    query = (
        select(func.count())
        .select_from(CheckinReplyRow)
        .join(CheckinRow, CheckinRow.id == CheckinReplyRow.checkin_id)
        .where(CheckinRow.week_id == week_id, CheckinRow.state == CheckinState.SHARED.value)
    )
    return await session.scalar(query) or 0


# What the tutor knows that a member did


async def list_done(session: AsyncSession, member_id: int, since: datetime, until: datetime) -> tuple[DoneItem, ...]:
    """What the member marked as done after `since`, and did not take back."""
    columns = (
        ProgressChangeRow.id,
        ProgressChangeRow.item,
        ProgressChangeRow.minutes,
        ProgressChangeRow.changed_at,
        ProgressChangeRow.key,
    )
    where = (*_changes(member_id, since, until), ProgressChangeRow.after == State.DONE.value)
    rows = await session.execute(select(*columns).where(*where).order_by(ProgressChangeRow.id))
    return tuple(DoneItem(id_, item, minutes, at, _group(key)) for id_, item, minutes, at, key in rows)


def _group(key: str | None) -> str | None:
    return key.rpartition(":")[0] if key and key.startswith(WHOLE) else None


async def count_minutes(session: AsyncSession, member_id: int, since: datetime, until: datetime) -> int:
    """The minutes that were counted for the member after `since`, with the parts that they worked on."""
    query = select(func.sum(ProgressChangeRow.minutes)).where(*_changes(member_id, since, until))
    return int(await session.scalar(query) or 0)


async def count_told(session: AsyncSession, member_id: int, since: datetime, until: datetime, *, besides: int) -> int:
    """The minutes that they told in check-ins of that time, but for those of the group `besides`."""
    query = (
        select(func.sum(CheckinRow.extra_minutes))
        .join(GroupWeekRow, GroupWeekRow.id == CheckinRow.week_id)
        .where(
            CheckinRow.member_id == member_id,
            GroupWeekRow.group_id != besides,
            CheckinRow.state.in_(_COUNTING),
            CheckinRow.sent_at > since,
            CheckinRow.sent_at <= until,
        )
    )
    return int(await session.scalar(query) or 0)


def _changes(member_id: int, since: datetime, until: datetime) -> tuple[Any, ...]:
    is_between = (ProgressChangeRow.changed_at > since, ProgressChangeRow.changed_at <= until)
    return ProgressChangeRow.member_id == member_id, *is_between, ProgressChangeRow.is_undone.is_(False)


async def list_answered(
    session: AsyncSession, member_id: int, since: datetime, until: datetime
) -> tuple[AnsweredRound, ...]:
    """The quizzes that were finished after `since`, with the weekly ones that closed; and what was answered elsewhere.

    Answers to questions that were retired are left out.
    """
    whole = (RoundKind.QUIZ.value, RoundKind.WEEKLY.value)
    is_whole = RoundRow.kind.in_(whole)
    right = func.sum(case((AttemptRow.is_correct.is_(True), 1), else_=0))
    finished = and_(is_whole, RoundRow.finished_at > since, RoundRow.finished_at <= until)
    answered = and_(RoundRow.kind.not_in(whole), AttemptRow.answered_at > since, AttemptRow.answered_at <= until)
    query = (
        select(RoundRow.id, RoundRow.kind, RoundRow.subject, RoundRow.finished_at, func.max(AttemptRow.answered_at))
        .add_columns(func.count(), right)
        .join(AttemptRow, AttemptRow.round_id == RoundRow.id)
        .where(AttemptRow.member_id == member_id, AttemptRow.is_correct.is_not(None), or_(finished, answered))
        .group_by(RoundRow.id, RoundRow.kind, RoundRow.subject, RoundRow.finished_at)
        .order_by(RoundRow.id)
    )
    return tuple(
        AnsweredRound(id_, RoundKind(kind), subject, finished_at if kind in whole else last_at, int(count), int(good))
        for id_, kind, subject, finished_at, last_at, count, good in await session.execute(query)
    )


# Scheduled work


async def plan_show(session: AsyncSession, checkin_id: int, now: datetime) -> None:
    """Have the group's message of a check-in brought up to date, at once."""
    await schedule.add_now(session, SHOW, checkin_id, now)


async def plan_refresh(session: AsyncSession, week_id: int, now: datetime) -> None:
    """Have a posted digest brought up to date, at once."""
    await schedule.add_now(session, REFRESH, week_id, now)


# What goes with a member


async def list_posts_of(session: AsyncSession, member_id: int) -> tuple[tuple[int, int], ...]:
    """Where everything is that the tutor posted for a member, as channel and message: check-ins, replies, plans.

    Replies of others to their check-ins are deleted with these, so their messages go, too.
    """
    found: list[tuple[int, int]] = []
    tables: tuple[type[CheckinRow | CheckinReplyRow | PlanRow], ...] = (CheckinRow, CheckinReplyRow, PlanRow)
    for table in tables:
        query = select(table.channel_id, table.message_id).where(table.member_id == member_id).order_by(table.id)
        if table is CheckinReplyRow:
            mine = select(CheckinRow.id).where(CheckinRow.member_id == member_id)
            concerned = (CheckinReplyRow.member_id == member_id) | CheckinReplyRow.checkin_id.in_(mine)
            query = select(CheckinReplyRow.channel_id, CheckinReplyRow.message_id).order_by(CheckinReplyRow.id)
            # Those without a text are messages that members wrote themselves.
            query = query.where(concerned, CheckinReplyRow.text.is_not(None))
        found += [(channel, message) for channel, message in await session.execute(query) if channel and message]
    return tuple(found)


async def list_digests_of(session: AsyncSession, member_id: int) -> tuple[int, ...]:
    """The weeks whose posted digest names a member, the newest first; the last ones only."""
    query = (
        select(GroupWeekRow.id)
        .join(CheckinRow, CheckinRow.week_id == GroupWeekRow.id)
        .where(CheckinRow.member_id == member_id, CheckinRow.state.in_(_COUNTING))
        .where(GroupWeekRow.digest_message_id.is_not(None))
        .order_by(GroupWeekRow.planned_at.desc(), GroupWeekRow.id.desc())
    )
    return tuple(await session.scalars(query.limit(_DIGESTS)))


# Rows to models


def _fresh(query: Any) -> Any:
    # Rows are written past the session's objects, so that those which it still holds would be out of date.
    return query.execution_options(populate_existing=True)


async def _write(session: AsyncSession, statement: Any) -> int:
    result = await session.execute(statement.execution_options(synchronize_session=False))
    return int(getattr(result, "rowcount", 0))


async def _first_week(session: AsyncSession, query: Any) -> Week | None:
    row = (await session.scalars(_fresh(query.limit(1)))).first()
    return None if row is None else _week(row)


async def _first_checkin(session: AsyncSession, query: Any) -> Checkin | None:
    row = (await session.scalars(_fresh(query.limit(1)))).first()
    return None if row is None else _checkin(row)


def _week(row: GroupWeekRow) -> Week:
    return Week(
        id=row.id,
        group_id=row.group_id,
        slot=row.slot,
        planned_at=row.planned_at,
        closes_at=row.closes_at,
        channel_id=row.channel_id,
        prompt_message_id=row.prompt_message_id,
        digest_message_id=row.digest_message_id,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )


def _week_member(row: WeekMemberRow) -> WeekMember:
    return WeekMember(row.member_id, row.is_away, row.partner_id, row.nudged_at)


def _checkin(row: CheckinRow) -> Checkin:
    return Checkin(
        id=row.id,
        week_id=row.week_id,
        member_id=row.member_id,
        state=CheckinState(row.state),
        outcome=Outcome(row.outcome) if row.outcome else None,
        evidence=row.evidence,
        learned=row.learned,
        blocker=row.blocker,
        shows_blocker=row.shows_blocker,
        known=_known(row.known),
        minutes=row.minutes,
        extra_minutes=row.extra_minutes,
        concepts=tuple(row.concepts),
        is_repair=row.is_repair,
        draft=_draft_from_json(row.draft),
        channel_id=row.channel_id,
        message_id=row.message_id,
        sent_at=row.sent_at,
        posted_at=row.posted_at,
    )


def _known(data: Sequence[Mapping[str, Any]]) -> tuple[KnownEvidence, ...]:
    return tuple(KnownEvidence(**one) for one in data)


def _draft_to_json(draft: CheckinDraft | None) -> dict[str, Any] | Null:
    if draft is None:
        return null()  # else it would be the null of JSON, which is something
    return {**asdict(draft), "outcome": draft.outcome.value if draft.outcome else None}


def _draft_from_json(data: Mapping[str, Any] | None) -> CheckinDraft | None:
    if data is None:
        return None
    plan = data["next_plan"]
    return CheckinDraft(
        outcome=Outcome(data["outcome"]) if data["outcome"] else None,
        evidence=data["evidence"],
        learned=data["learned"],
        blocker=data["blocker"],
        shows_blocker=data["shows_blocker"],
        known=_known(data["known"]),
        minutes=data["minutes"],
        next_plan=PlanText(**plan) if plan else None,
        item=data["item"],
        concepts=tuple(data["concepts"]),
        plan_from=PlanFrom(data["plan_from"]),
    )


def _reply(row: CheckinReplyRow) -> Reply:
    return Reply(row.id, row.checkin_id, row.member_id, row.text, row.channel_id, row.message_id)
