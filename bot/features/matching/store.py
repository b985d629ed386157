"""Those who look for a group, and what is proposed to them: rows <-> models."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.groups.store import LIVING
from bot.features.matching.models import (
    EXPIRE,
    MATCH,
    PROPOSE,
    Answer,
    Draft,
    Proposal,
    ProposalKind,
    ProposalMember,
    ProposalState,
    Seeker,
    Terms,
    Window,
)
from bot.scheduling import store as schedule
from bot.scheduling.models import Rhythm, WorkState
from bot.storage.tables import (
    GroupProposalRow,
    GroupRow,
    GroupSeekerRow,
    GuildRow,
    LearnerRow,
    OccurrenceRow,
    ProposalMemberRow,
)
from bot.storage.upsert import insert_into

SLOT_OPEN, SLOT_DECIDED = "open", "decided"
"""The two times at which members are told of a proposal: when it is made, and when it is decided."""

_POSTS = "posts"
"""Where a proposal was posted, by channel; kept in its details."""

MADE = "made"
"""The group that was made of a proposal; kept in its details."""

# Those who look for a group


async def find_seeker(session: AsyncSession, member_id: int, guild_id: int) -> Seeker | None:
    row = await session.get(GroupSeekerRow, (member_id, guild_id), populate_existing=True)
    return None if row is None else _seeker(row)


async def list_seekers(
    session: AsyncSession, guild_id: int, member_ids: Collection[int] | None = None
) -> tuple[Seeker, ...]:
    """Everybody who looks for a group in a server, or who of these does; who waits for longest first."""
    query = select(GroupSeekerRow).where(GroupSeekerRow.guild_id == guild_id)
    if member_ids is not None:
        query = query.where(GroupSeekerRow.member_id.in_(member_ids))
    rows = await session.scalars(query.order_by(GroupSeekerRow.made_at, GroupSeekerRow.member_id))
    return tuple(_seeker(row) for row in rows)


async def count_seekers(session: AsyncSession, guild_id: int) -> int:
    query = select(func.count()).select_from(GroupSeekerRow).where(GroupSeekerRow.guild_id == guild_id)
    return await session.scalar(query) or 0


async def update_seeker(session: AsyncSession, seeker: Seeker) -> None:
    """Put a member on the list, or change what they look for; who is on it keeps their place."""
    values = {
        "zone": seeker.zone,
        "windows": [window.value for window in seeker.windows],
        "languages": list(seeker.languages),
        "step": seeker.step,
        "hours_per_week": seeker.hours_per_week,
        "channel_id": seeker.channel_id,
        "by_dm": seeker.by_dm,
    }
    new = {"member_id": seeker.member_id, "guild_id": seeker.guild_id, "made_at": seeker.made_at}
    statement = insert_into(session, GroupSeekerRow).values(**new, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["member_id", "guild_id"], set_=values))


async def update_seeker_zone(session: AsyncSession, member_id: int, zone: str) -> None:
    """A member lives by other clocks from now on, in every server."""
    statement = update(GroupSeekerRow).where(GroupSeekerRow.member_id == member_id).values(zone=zone)
    await session.execute(statement.execution_options(synchronize_session=False))


async def delete_seekers(session: AsyncSession, guild_id: int, member_ids: Collection[int]) -> None:
    """Take members off the list."""
    where = (GroupSeekerRow.guild_id == guild_id, GroupSeekerRow.member_id.in_(member_ids))
    await session.execute(delete(GroupSeekerRow).where(*where).execution_options(synchronize_session=False))


# Proposals


async def add_proposals(
    session: AsyncSession,
    guild_id: int,
    drafts: Sequence[tuple[Draft, int]],
    now: datetime,
    expires_at: datetime,
) -> tuple[int, ...]:
    """Store proposals, each with the channel where it is told; plans that they are told, and that they end."""
    rows = [
        GroupProposalRow(
            guild_id=guild_id,
            kind=draft.kind.value,
            state=ProposalState.OPEN.value,
            groups=list(draft.groups),
            details=_details(draft.terms),
            channel_id=channel_id,
            message_id=None,
            made_at=now,
            expires_at=expires_at,
        )
        for draft, channel_id in drafts
    ]
    session.add_all(rows)
    await session.flush()
    members = [
        {"proposal_id": row.id, "member_id": member.member_id, "part": member.part}
        for row, (draft, _) in zip(rows, drafts, strict=True)
        for member in draft.members
    ]
    if members:
        await session.execute(insert(ProposalMemberRow), members)
    for row in rows:
        await schedule.add_occurrence(session, PROPOSE, row.id, SLOT_OPEN, now)
        await schedule.add_occurrence(session, EXPIRE, row.id, SLOT_OPEN, expires_at)
    return tuple(row.id for row in rows)


async def lock_proposal(session: AsyncSession, proposal_id: int) -> None:
    """Wait until nobody else changes this proposal or writes for its members.

    The members come first, and in the order of their ids, as everybody takes them: so nobody waits for each other.
    """
    query = select(ProposalMemberRow.member_id).where(ProposalMemberRow.proposal_id == proposal_id)
    for member_id in sorted(await session.scalars(query)):
        await _touch(session, LearnerRow, LearnerRow.member_id == member_id, changed_at=LearnerRow.changed_at)
    where = GroupProposalRow.id == proposal_id
    await _touch(session, GroupProposalRow, where, guild_id=GroupProposalRow.guild_id)


async def _touch(session: AsyncSession, table: Any, where: ColumnElement[bool], **values: Any) -> None:
    await session.execute(update(table).where(where).values(**values).execution_options(synchronize_session=False))


async def find_proposal(session: AsyncSession, proposal_id: int) -> Proposal | None:
    row = await session.get(GroupProposalRow, proposal_id, populate_existing=True)
    found = await _with_members(session, [] if row is None else [row])
    return found[0] if found else None


async def list_open(session: AsyncSession, guild_id: int) -> tuple[Proposal, ...]:
    """The proposals of a server that can be answered."""
    is_open = GroupProposalRow.state == ProposalState.OPEN.value
    return await _list(session, GroupProposalRow.guild_id == guild_id, is_open)


async def list_decided(session: AsyncSession, guild_id: int, since: datetime) -> tuple[Proposal, ...]:
    """The proposals of a server that were decided since then."""
    return await _list(session, GroupProposalRow.guild_id == guild_id, GroupProposalRow.decided_at > since)


async def list_open_of(session: AsyncSession, member_id: int, guild_id: int) -> tuple[Proposal, ...]:
    """The open proposals that concern a member."""
    mine = select(ProposalMemberRow.proposal_id).where(ProposalMemberRow.member_id == member_id)
    is_open = GroupProposalRow.state == ProposalState.OPEN.value
    return await _list(session, GroupProposalRow.guild_id == guild_id, is_open, GroupProposalRow.id.in_(mine))


async def _list(session: AsyncSession, *where: ColumnElement[bool]) -> tuple[Proposal, ...]:
    query = select(GroupProposalRow).where(*where).order_by(GroupProposalRow.id)
    rows = await session.scalars(query.execution_options(populate_existing=True))
    return await _with_members(session, rows.all())


async def _with_members(session: AsyncSession, rows: Sequence[GroupProposalRow]) -> tuple[Proposal, ...]:
    query = select(ProposalMemberRow).where(ProposalMemberRow.proposal_id.in_([row.id for row in rows]))
    query = query.order_by(ProposalMemberRow.part, ProposalMemberRow.member_id)
    members: dict[int, list[ProposalMember]] = defaultdict(list)
    if rows:
        for row in await session.scalars(query.execution_options(populate_existing=True)):
            answer = Answer(row.answer) if row.answer else None
            members[row.proposal_id].append(ProposalMember(row.member_id, row.part, answer))
    return tuple(_proposal(row, members[row.id]) for row in rows)


async def update_answer(session: AsyncSession, proposal_id: int, member_id: int, answer: Answer, now: datetime) -> None:
    """What a member says to a proposal; they may change their mind."""
    where = (ProposalMemberRow.proposal_id == proposal_id, ProposalMemberRow.member_id == member_id)
    statement = update(ProposalMemberRow).where(*where).values(answer=answer.value, answered_at=now)
    await session.execute(statement.execution_options(synchronize_session=False))


async def update_decided(session: AsyncSession, proposal_id: int, state: ProposalState, now: datetime) -> None:
    """A proposal can no longer be answered, and its members are told so."""
    values = {"state": state.value, "decided_at": now}
    statement = update(GroupProposalRow).where(GroupProposalRow.id == proposal_id).values(**values)
    await session.execute(statement.execution_options(synchronize_session=False))
    await schedule.delete_waiting(session, EXPIRE, proposal_id)
    await schedule.add_occurrence(session, PROPOSE, proposal_id, SLOT_DECIDED, now)


async def delete_proposal(session: AsyncSession, proposal_id: int) -> None:
    """Forget a proposal that nobody has heard of."""
    await schedule.delete_waiting(session, EXPIRE, proposal_id)
    await session.execute(delete(GroupProposalRow).where(GroupProposalRow.id == proposal_id))


async def add_post(session: AsyncSession, proposal_id: int, channel_id: int, message_id: int) -> None:
    """A proposal was posted in a channel; the first such post is its message."""
    row = await _locked(session, proposal_id)
    if row is not None:
        posts = {**row.details.get(_POSTS, {}), str(channel_id): message_id}
        values: dict[str, Any] = {"details": {**row.details, _POSTS: posts}}
        if row.message_id is None:
            values |= {"channel_id": channel_id, "message_id": message_id}
        await session.execute(update(GroupProposalRow).where(GroupProposalRow.id == proposal_id).values(**values))


async def add_details(session: AsyncSession, proposal_id: int, **details: Any) -> None:
    """Note something about a proposal that is no personal data: the group that was made of it, for example."""
    row = await _locked(session, proposal_id)
    if row is not None:
        values = {"details": {**row.details, **details}}
        await session.execute(update(GroupProposalRow).where(GroupProposalRow.id == proposal_id).values(**values))


async def _locked(session: AsyncSession, proposal_id: int) -> GroupProposalRow | None:
    where = GroupProposalRow.id == proposal_id
    await _touch(session, GroupProposalRow, where, guild_id=GroupProposalRow.guild_id)
    return await session.get(GroupProposalRow, proposal_id, populate_existing=True)


# The work of matching


async def plan_match(session: AsyncSession, guild_id: int, at: datetime) -> None:
    """Have a server matched at that time, or before if that is planned already."""
    waiting = await schedule.find_waiting(session, MATCH, guild_id)
    slot = at.isoformat(timespec="seconds")
    if waiting is None:
        await schedule.add_occurrence(session, MATCH, guild_id, slot, at)
    elif waiting.due_at > at:
        await schedule.move_waiting(session, MATCH, guild_id, slot, at)


async def delete_match(session: AsyncSession, guild_id: int) -> None:
    """Call off the match that is planned for a server."""
    await schedule.delete_waiting(session, MATCH, guild_id)


async def find_next_match(session: AsyncSession, guild_id: int) -> datetime | None:
    """When a server is matched next."""
    waiting = await schedule.find_waiting(session, MATCH, guild_id)
    return None if waiting is None else waiting.due_at


async def list_unplanned(session: AsyncSession) -> tuple[int, ...]:
    """Servers in which somebody looks for a group, or that have groups, and that no match is planned for."""
    planned = select(OccurrenceRow.subject_id).where(
        OccurrenceRow.kind == MATCH, OccurrenceRow.state.in_((WorkState.WAITING.value, WorkState.CLAIMED.value))
    )
    queries = (
        select(GroupSeekerRow.guild_id).where(GroupSeekerRow.guild_id.not_in(planned)),
        select(GroupRow.guild_id).where(_is_living(), GroupRow.guild_id.not_in(planned)),
    )
    return tuple(sorted({guild_id for query in queries for guild_id in await session.scalars(query.distinct())}))


async def is_needed(session: AsyncSession, guild_id: int) -> bool:
    """Whether there is somebody to match in a server: who looks for a group, or groups that may become too small."""
    if await count_seekers(session, guild_id):
        return True
    query = select(GroupRow.id).where(GroupRow.guild_id == guild_id, _is_living()).limit(1)
    return await session.scalar(query) is not None


def _is_living() -> ColumnElement[bool]:
    return GroupRow.state.in_([state.value for state in LIVING])


async def find_groups_channel(session: AsyncSession, guild_id: int) -> int | None:
    """Where an admin wants study groups to live."""
    return await session.scalar(select(GuildRow.groups_channel_id).where(GuildRow.guild_id == guild_id))


# Rows to models


def _seeker(row: GroupSeekerRow) -> Seeker:
    known = set(Window)
    return Seeker(
        member_id=row.member_id,
        guild_id=row.guild_id,
        zone=row.zone,
        windows=tuple(Window(name) for name in row.windows if name in known),
        languages=tuple(row.languages),
        step=row.step,
        hours_per_week=row.hours_per_week,
        channel_id=row.channel_id,
        by_dm=row.by_dm,
        made_at=row.made_at,
    )


def _proposal(row: GroupProposalRow, members: Iterable[ProposalMember]) -> Proposal:
    return Proposal(
        id=row.id,
        guild_id=row.guild_id,
        kind=ProposalKind(row.kind),
        state=ProposalState(row.state),
        groups=tuple(row.groups),
        members=tuple(members),
        details=row.details,
        channel_id=row.channel_id,
        message_id=row.message_id,
        made_at=row.made_at,
        expires_at=row.expires_at,
    )


def _details(terms: Terms) -> dict[str, Any]:
    rhythm = terms.rhythm
    return {
        "rhythm": [rhythm.weekday, rhythm.minute, rhythm.zone],
        "hours": terms.hours,
        "words": terms.words,
        "step": terms.step,
        "language": terms.language,
        "name": terms.name,
        "into": terms.into,
    }


def read_terms(details: Mapping[str, Any]) -> Terms:
    """What a proposal is about, from its details."""
    values = {key: details.get(key) for key in ("hours", "words", "step", "language", "name", "into")}
    return Terms(rhythm=Rhythm(*details["rhythm"]), **values)  # type: ignore[arg-type]


def read_posts(details: Mapping[str, Any]) -> dict[int, int]:
    """Where a proposal was posted: messages by their channels."""
    return {int(channel_id): message_id for channel_id, message_id in details.get(_POSTS, {}).items()}
