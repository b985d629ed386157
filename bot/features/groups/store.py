"""Study groups: rows <-> models. Planning of their check-ins is here too, for every slice that changes a group.

The order of locks, for every transaction that takes more than one: learners (`progress_store.add_learner`, by id), then
a proposal, then groups (`lock`, by id), then everything that belongs to them. A learner is deleted with all of their
groups locked (`lock_groups_of`), so whoever has locked a group may write what refers to its members.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.groups import rules
from bot.features.groups.models import (
    ERASE,
    HOME,
    OUT,
    PROMPT,
    TEND,
    EventKind,
    Group,
    GroupEvent,
    GroupMember,
    GroupPlan,
    GroupState,
)
from bot.features.progress import store as progress_store
from bot.scheduling import store as schedule
from bot.scheduling.models import Rhythm, WorkState
from bot.scheduling.rules import next_time, week_slot
from bot.storage.tables import (
    CheckinRow,
    GroupEventRow,
    GroupMemberRow,
    GroupRow,
    GroupWeekRow,
    OccurrenceRow,
    WeekMemberRow,
)
from bot.storage.upsert import insert_into

_WEEKS_AHEAD = 60

LIVING = (GroupState.ACTIVE, GroupState.PAUSED, GroupState.HOMELESS)
"""Every state but that of a group that has ended."""

FORGOTTEN = "A former group"
"""The name of a group that has ended and whose last member has deleted everything."""

_COMING_AND_GOING = (EventKind.JOINED.value, EventKind.LEFT.value, EventKind.REMOVED.value)

_KEPT = ("shared", "private")
"""The states in which a check-in counts (`checkin.models.CheckinState`)."""


# Groups


async def add_group(
    session: AsyncSession,
    plan: GroupPlan,
    owner_id: int,
    member_ids: Sequence[int],
    now: datetime,
    *,
    kind: EventKind = EventKind.CREATED,
    details: str | None = None,
    home_at: datetime | None = None,
) -> Group:
    """A new group with its first members and a home that is opened next. It asks nothing until that is open.

    `home_at` is when the home is opened unless somebody has done it before; now, if it is not said.
    """
    for member_id in sorted({owner_id, *member_ids}):
        await progress_store.add_learner(session, member_id, now)
    row = GroupRow(
        guild_id=plan.guild_id,
        name=plan.name,
        owner_id=owner_id,
        step=plan.step,
        language=plan.language,
        goal=plan.goal,
        is_open=plan.is_open,
        is_private=plan.is_private,
        parent_id=plan.parent_id,
        home_id=None,
        weekday=plan.rhythm.weekday,
        minute=plan.rhythm.minute,
        zone=plan.rhythm.zone,
        window_days=plan.window_days,
        state=GroupState.HOMELESS.value,
        made_at=now,
        changed_at=now,
    )
    session.add(row)
    await session.flush()
    await add_event(session, row.id, kind, now, member_id=owner_id, details=details)
    for member_id in dict.fromkeys([owner_id, *member_ids]):
        await add_member(session, row.id, member_id, now)
    await plan_home(session, row.id, now, home_at)
    return _group(row)


async def delete_group(session: AsyncSession, group_id: int) -> None:
    """Undo the making of a group that never had a home."""
    await schedule.delete_waiting(session, HOME, group_id)
    await session.execute(delete(GroupRow).where(GroupRow.id == group_id))


async def lock(session: AsyncSession, group_id: int) -> None:
    """Wait until nobody else changes this group; what is read of it afterwards holds until the end."""
    await session.execute(
        update(GroupRow)
        .where(GroupRow.id == group_id)
        .values(changed_at=GroupRow.changed_at)
        .execution_options(synchronize_session=False)
    )


async def lock_groups_of(session: AsyncSession, member_id: int) -> tuple[int, ...]:
    """Lock every group in which somebody is or was, whose learner is locked; their ids."""
    query = select(GroupMemberRow.group_id).where(GroupMemberRow.member_id == member_id)
    group_ids = tuple(sorted(await session.scalars(query)))
    for group_id in group_ids:
        await lock(session, group_id)
    return group_ids


async def find_group(session: AsyncSession, group_id: int) -> Group | None:
    row = await session.get(GroupRow, group_id, populate_existing=True)
    return None if row is None else _group(row)


async def find_group_at(session: AsyncSession, home_id: int) -> Group | None:
    """The group that lives there and has not ended."""
    query = select(GroupRow).where(GroupRow.home_id == home_id, GroupRow.state != GroupState.ENDED.value)
    row = (await session.scalars(query.order_by(GroupRow.id.desc()).limit(1))).first()
    return None if row is None else _group(row)


async def list_groups(
    session: AsyncSession, guild_id: int, states: Collection[GroupState] = LIVING
) -> tuple[Group, ...]:
    """The groups of a server, the oldest first."""
    query = select(GroupRow).where(GroupRow.guild_id == guild_id, GroupRow.state.in_([state.value for state in states]))
    return tuple(_group(row) for row in await session.scalars(query.order_by(GroupRow.id)))


async def list_groups_in(session: AsyncSession, parent_id: int) -> tuple[Group, ...]:
    """The groups whose homes are threads of that channel and that have not ended."""
    query = select(GroupRow).where(GroupRow.parent_id == parent_id, GroupRow.state != GroupState.ENDED.value)
    return tuple(_group(row) for row in await session.scalars(query.order_by(GroupRow.id)))


async def list_groups_of(session: AsyncSession, member_id: int, guild_id: int | None = None) -> tuple[Group, ...]:
    """The groups that a member is in, the oldest first; in one server, or in all."""
    query = (
        select(GroupRow)
        .join(GroupMemberRow, GroupMemberRow.group_id == GroupRow.id)
        .where(
            GroupMemberRow.member_id == member_id,
            GroupMemberRow.left_at.is_(None),
            GroupRow.state != GroupState.ENDED.value,
        )
    )
    if guild_id is not None:
        query = query.where(GroupRow.guild_id == guild_id)
    return tuple(_group(row) for row in await session.scalars(query.order_by(GroupRow.id)))


async def update_group(session: AsyncSession, group_id: int, now: datetime, **values: Any) -> None:
    """Change columns of a group, for example `goal="three lessons"`."""
    statement = update(GroupRow).where(GroupRow.id == group_id).values(changed_at=now, **values)
    await session.execute(statement.execution_options(synchronize_session=False))


async def end_group(
    session: AsyncSession, group_id: int, now: datetime, kind: EventKind = EventKind.ENDED, details: str | None = None
) -> None:
    """The group is over: its members leave, and nothing is asked any more. Its history stays.

    Its home is closed at once by scheduled work, with one sentence that says what has become of the group.
    """
    await delete_prompt(session, group_id)
    await schedule.delete_waiting(session, HOME, group_id)
    members = update(GroupMemberRow).where(GroupMemberRow.group_id == group_id, GroupMemberRow.left_at.is_(None))
    await session.execute(members.values(left_at=now).execution_options(synchronize_session=False))
    ended = {"state": GroupState.ENDED.value, "ended_at": now, "paused_until": None, "note": None}
    await update_group(session, group_id, now, **ended)
    await add_event(session, group_id, kind, now, details=details)
    await plan_tend(session, group_id, now)


async def end_left(session: AsyncSession, group_ids: Collection[int], now: datetime) -> tuple[int, ...]:
    """Somebody who was in these groups, which are locked, has deleted everything; those in which nobody is end.

    Name and goal belong to a group while somebody is in it: the others know it by them, and may change them. With the
    last member they go, for nobody is left who wants them kept, and who is deleted may have written them.
    """
    others = await list_members_of(session, group_ids)
    left = tuple(group_id for group_id in group_ids if group_id not in others)
    for group_id in left:
        group = await find_group(session, group_id)
        if group is not None and group.state is not GroupState.ENDED:
            await end_group(session, group_id, now)
        await update_group(session, group_id, now, name=FORGOTTEN, goal=None, language=None)
        await delete_forgotten(session, group_id)
    return left


async def delete_forgotten(session: AsyncSession, group_id: int) -> None:
    """Delete a group that has ended, has no home to be closed, and that nobody was in, as far as is known."""
    known = select(GroupMemberRow.member_id).where(GroupMemberRow.group_id == group_id)
    is_over = (GroupRow.state == GroupState.ENDED.value, GroupRow.home_id.is_(None))
    statement = delete(GroupRow).where(GroupRow.id == group_id, *is_over, ~known.exists())
    await session.execute(statement.execution_options(synchronize_session=False))


async def lose_touch(session: AsyncSession, group_id: int, now: datetime) -> None:
    """The home of a group is out of reach with its whole server; it is kept, and nothing is asked."""
    await update_group(session, group_id, now, state=GroupState.HOMELESS.value)
    await delete_prompt(session, group_id)


async def wake(session: AsyncSession, group: Group, now: datetime) -> Group:
    """A pause that is over has an end: the group is active again. Any other group stays as it is."""
    is_over = group.paused_until is None or group.paused_until <= now
    if group.state is not GroupState.PAUSED or not is_over:
        return group
    await update_group(session, group.id, now, state=GroupState.ACTIVE.value, paused_until=None)
    await add_event(session, group.id, EventKind.RESUMED, now)
    return await find_group(session, group.id) or group


# Members


async def add_member(session: AsyncSession, group_id: int, member_id: int, now: datetime) -> None:
    """Take a member in, or in again; `progress_store.add_learner` comes first. Who is in it already stays as they are.

    A former member keeps their history, and what they agreed to.
    """
    statement = insert_into(session, GroupMemberRow).values(
        group_id=group_id, member_id=member_id, joined_at=now, is_nudged=False, by_dm=False
    )
    again = {"joined_at": now, "left_at": None, "away_until": None}
    statement = statement.on_conflict_do_update(
        index_elements=["group_id", "member_id"], set_=again, where=GroupMemberRow.left_at.is_not(None)
    )
    joined = await session.scalar(statement.returning(GroupMemberRow.member_id))
    if joined is not None:
        await add_event(session, group_id, EventKind.JOINED, now, member_id=member_id)


async def update_member(session: AsyncSession, group_id: int, member_id: int, **values: Any) -> None:
    """Change columns of a membership, for example `left_at=now`."""
    where = (GroupMemberRow.group_id == group_id, GroupMemberRow.member_id == member_id)
    statement = update(GroupMemberRow).where(*where).values(**values)
    await session.execute(statement.execution_options(synchronize_session=False))


async def find_member(session: AsyncSession, group_id: int, member_id: int) -> GroupMember | None:
    """A membership, also of somebody who has left."""
    row = await session.get(GroupMemberRow, (group_id, member_id), populate_existing=True)
    return None if row is None else _member(row)


async def list_members(session: AsyncSession, group_id: int) -> tuple[GroupMember, ...]:
    """Who is in a group now, the oldest member first."""
    return (await list_members_of(session, [group_id])).get(group_id, ())


async def list_members_of(session: AsyncSession, group_ids: Collection[int]) -> dict[int, tuple[GroupMember, ...]]:
    """Who is in these groups now, the oldest member first, by group."""
    query = select(GroupMemberRow).where(GroupMemberRow.group_id.in_(group_ids), GroupMemberRow.left_at.is_(None))
    found: dict[int, list[GroupMember]] = defaultdict(list)
    for row in await session.scalars(query.order_by(GroupMemberRow.joined_at, GroupMemberRow.member_id)):
        found[row.group_id].append(_member(row))
    return {group_id: tuple(members) for group_id, members in found.items()}


async def mark_away(session: AsyncSession, group_id: int, member_id: int, *, is_away: bool = True) -> None:
    """The week that is open asks nothing of a member any more, unless they have checked in; or it asks them again."""
    is_open = (GroupWeekRow.opened_at.is_not(None), GroupWeekRow.closed_at.is_(None))
    weeks = select(GroupWeekRow.id).where(GroupWeekRow.group_id == group_id, *is_open)
    kept = select(CheckinRow.id).where(
        CheckinRow.week_id == WeekMemberRow.week_id, CheckinRow.member_id == member_id, CheckinRow.state.in_(_KEPT)
    )
    where = (WeekMemberRow.member_id == member_id, WeekMemberRow.week_id.in_(weeks), ~kept.exists())
    await session.execute(
        update(WeekMemberRow).where(*where).values(is_away=is_away).execution_options(synchronize_session=False)
    )


async def list_pairs(session: AsyncSession, guild_id: int) -> frozenset[tuple[int, int]]:
    """Who has ever been in one group of this server at the same time; the smaller id comes first.

    It is read from the history: a membership only knows when somebody joined last.
    """
    query = (
        select(GroupEventRow)
        .join(GroupRow, GroupRow.id == GroupEventRow.group_id)
        .where(GroupRow.guild_id == guild_id, GroupEventRow.kind.in_(_COMING_AND_GOING))
        .order_by(GroupEventRow.group_id, GroupEventRow.id)
    )
    groups: dict[int, list[GroupEvent]] = defaultdict(list)
    for row in await session.scalars(query):
        groups[row.group_id].append(_event(row))
    return frozenset(pair for history in groups.values() for pair in rules.find_pairs(history))


# History


async def add_event(
    session: AsyncSession,
    group_id: int,
    kind: EventKind,
    now: datetime,
    *,
    member_id: int | None = None,
    details: str | None = None,
) -> None:
    """Write a line of a group's history."""
    session.add(
        GroupEventRow(
            group_id=group_id,
            member_id=member_id,
            kind=kind.value,
            details={"text": details} if details else {},
            at=now,
        )
    )
    await session.flush()


async def list_events(session: AsyncSession, group_id: int, limit: int) -> tuple[GroupEvent, ...]:
    """The last lines of a group's history, the newest first."""
    query = select(GroupEventRow).where(GroupEventRow.group_id == group_id)
    rows = await session.scalars(query.order_by(GroupEventRow.id.desc()).limit(limit))
    return tuple(_event(row) for row in rows)


# Scheduled work


async def plan_prompt(session: AsyncSession, group: Group, now: datetime, after: datetime | None = None) -> bool:
    """Plan the next check-in, in a week that has had none; whether something was planned.

    It comes after now, or after the one that was planned before (`after`): then it may be due already, for a check-in
    can be late. A paused group goes on after its pause. Only one waits at a time.
    """
    if group.state not in {GroupState.ACTIVE, GroupState.PAUSED}:
        return False
    if await schedule.find_waiting(session, PROMPT, group.id) is not None:
        return False
    at = now if after is None else max(after, now - rules.LATE_WITHIN)
    if group.paused_until is not None:
        at = max(at, group.paused_until)
    for _ in range(_WEEKS_AHEAD):
        at = next_time(group.rhythm, at)
        if await schedule.add_occurrence(session, PROMPT, group.id, week_slot(group.rhythm.zone, at), at):
            return True
    return False


async def delete_prompt(session: AsyncSession, group_id: int) -> None:
    """Call off the check-in that is planned. One that is being posted goes on."""
    await schedule.delete_waiting(session, PROMPT, group_id)


async def find_next_prompt(session: AsyncSession, group_id: int) -> datetime | None:
    """When the group is asked next."""
    waiting = await schedule.find_waiting(session, PROMPT, group_id)
    return None if waiting is None else waiting.due_at


async def list_next_prompts(session: AsyncSession, group_ids: Collection[int]) -> dict[int, datetime]:
    """When these groups are asked next, by group."""
    query = select(OccurrenceRow.subject_id, func.min(OccurrenceRow.due_at)).where(
        OccurrenceRow.kind == PROMPT,
        OccurrenceRow.subject_id.in_(group_ids),
        OccurrenceRow.state == WorkState.WAITING.value,
    )
    rows = await session.execute(query.group_by(OccurrenceRow.subject_id))
    return {row[0]: row[1] for row in rows}


async def list_unplanned(session: AsyncSession, guild_id: int) -> tuple[Group, ...]:
    """The groups of a server that have a home and no check-in planned."""
    waiting = select(OccurrenceRow.id).where(
        OccurrenceRow.kind == PROMPT,
        OccurrenceRow.subject_id == GroupRow.id,
        OccurrenceRow.state == WorkState.WAITING.value,
    )
    has_home = (_is_living(), GroupRow.home_id.is_not(None))
    query = select(GroupRow).where(GroupRow.guild_id == guild_id, *has_home, ~waiting.exists())
    return tuple(_group(row) for row in await session.scalars(query.order_by(GroupRow.id)))


async def list_servers(session: AsyncSession) -> tuple[int, ...]:
    """The servers that have groups which have not ended."""
    query = select(GroupRow.guild_id).where(_is_living()).distinct()
    return tuple(await session.scalars(query.order_by(GroupRow.guild_id)))


def _is_living() -> ColumnElement[bool]:
    return GroupRow.state.in_([state.value for state in LIVING])


async def find_open_until(session: AsyncSession, group_id: int) -> datetime | None:
    """When the check-in that is open closes; the next one does not come before that."""
    query = select(func.max(GroupWeekRow.closes_at)).where(
        GroupWeekRow.group_id == group_id, GroupWeekRow.opened_at.is_not(None), GroupWeekRow.closed_at.is_(None)
    )
    return await session.scalar(query)


async def plan_home(session: AsyncSession, group_id: int, now: datetime, at: datetime | None = None) -> None:
    """Have the group's home opened, now or at a later time."""
    await schedule.add_occurrence(session, HOME, group_id, now.isoformat(), at or now)


async def delete_home_work(session: AsyncSession, group_id: int) -> None:
    """The home is open, so nobody has to open it."""
    await schedule.delete_waiting(session, HOME, group_id)


async def plan_tend(session: AsyncSession, group_id: int, now: datetime) -> None:
    """Have somebody look whether the group is well, at once."""
    await schedule.add_now(session, TEND, group_id, now)


async def plan_out(session: AsyncSession, group_id: int, member_id: int, now: datetime) -> None:
    """Have somebody taken out of the group's home, at once. Nothing of it is kept afterwards."""
    await schedule.add_occurrence(session, OUT, group_id, f"{member_id}:{now.timestamp():.0f}", now)


async def delete_out(session: AsyncSession, occurrence_id: int) -> None:
    """They are out. Who that was is not kept: they may have deleted what is kept about them."""
    await session.execute(delete(OccurrenceRow).where(OccurrenceRow.id == occurrence_id, OccurrenceRow.kind == OUT))


async def hide_out(session: AsyncSession, occurrence_id: int) -> None:
    """Forget who could not be taken out."""
    where = (OccurrenceRow.id == occurrence_id, OccurrenceRow.kind == OUT)
    statement = update(OccurrenceRow).where(*where).values(slot=f"failed {occurrence_id}")
    await session.execute(statement.execution_options(synchronize_session=False))


async def plan_erase(session: AsyncSession, channel_id: int, message_id: int, now: datetime) -> None:
    """Have a message deleted, at once and until it is gone."""
    await schedule.add_occurrence(session, ERASE, message_id, str(channel_id), now)


async def count_groups(session: AsyncSession, guild_id: int) -> int:
    """How many groups of a server have not ended."""
    where = (GroupRow.guild_id == guild_id, GroupRow.state != GroupState.ENDED.value)
    return await session.scalar(select(func.count()).select_from(GroupRow).where(*where)) or 0


# Rows to models


def _group(row: GroupRow) -> Group:
    return Group(
        id=row.id,
        guild_id=row.guild_id,
        name=row.name,
        owner_id=row.owner_id,
        step=row.step,
        language=row.language,
        goal=row.goal,
        is_open=row.is_open,
        is_private=row.is_private,
        parent_id=row.parent_id,
        home_id=row.home_id,
        rhythm=Rhythm(row.weekday, row.minute, row.zone),
        window_days=row.window_days,
        state=GroupState(row.state),
        paused_until=row.paused_until,
        note=row.note,
        made_at=row.made_at,
        ended_at=row.ended_at,
    )


def _event(row: GroupEventRow) -> GroupEvent:
    return GroupEvent(EventKind(row.kind), row.at, row.member_id, row.details.get("text"))


def _member(row: GroupMemberRow) -> GroupMember:
    return GroupMember(
        group_id=row.group_id,
        member_id=row.member_id,
        joined_at=row.joined_at,
        left_at=row.left_at,
        away_until=row.away_until,
        is_nudged=row.is_nudged,
        by_dm=row.by_dm,
        dm_failed_at=row.dm_failed_at,
    )
