"""Calls for help: rows <-> models."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.support import rules
from bot.features.support.models import SHOW, TELL, HelpRequest, HelpState
from bot.scheduling import store as schedule
from bot.storage.tables import CheckinRow, HelpRequestRow

_UNSETTLED = (HelpState.OPEN.value, HelpState.OFFERED.value)


async def add_call(
    session: AsyncSession,
    member_id: int,
    *,
    guild_id: int,
    group_id: int | None,
    text: str,
    concepts: Sequence[str],
    channel_id: int,
    now: datetime,
) -> HelpRequest:
    """A new open call; the learner must be there. `channel_id` is where it is to be shown."""
    row = HelpRequestRow(
        guild_id=guild_id,
        group_id=group_id,
        member_id=member_id,
        text=text,
        concepts=list(concepts),
        state=HelpState.OPEN.value,
        channel_id=channel_id,
        made_at=now,
        changed_at=now,
    )
    session.add(row)
    await session.flush()
    return _call(row)


async def find_call(session: AsyncSession, call_id: int) -> HelpRequest | None:
    row = await session.get(HelpRequestRow, call_id, populate_existing=True)  # rows are written past the session
    return None if row is None else _call(row)


async def list_unsettled(session: AsyncSession, guild_id: int) -> tuple[HelpRequest, ...]:
    """What waits in a server, the oldest first."""
    return await _list(session, HelpRequestRow.guild_id == guild_id, _IS_UNSETTLED)


async def list_own(session: AsyncSession, member_id: int, guild_id: int) -> tuple[HelpRequest, ...]:
    """The member's calls that wait in a server, the oldest first."""
    where = (HelpRequestRow.member_id == member_id, HelpRequestRow.guild_id == guild_id)
    return await _list(session, *where, _IS_UNSETTLED)


async def list_posts_of(session: AsyncSession, member_id: int) -> tuple[tuple[int, int], ...]:
    """Where a member's calls are shown: channel and message."""
    query = select(HelpRequestRow.channel_id, HelpRequestRow.message_id).where(HelpRequestRow.member_id == member_id)
    rows = await session.execute(query.order_by(HelpRequestRow.id))
    return tuple((channel, message) for channel, message in rows if channel is not None and message is not None)


async def find_blocker(session: AsyncSession, week_id: int, member_id: int) -> tuple[str, tuple[str, ...]]:
    """What blocks a member in their check-in of a week, and what that is about: of the draft, if there is one."""
    where = (CheckinRow.week_id == week_id, CheckinRow.member_id == member_id)
    found = (
        await session.execute(select(CheckinRow.draft, CheckinRow.blocker, CheckinRow.concepts).where(*where))
    ).first()
    if found is None:
        return "", ()
    blocker, concepts = found.blocker, found.concepts
    if found.draft is not None:
        blocker, concepts = found.draft.get("blocker", ""), found.draft.get("concepts", ())
    return blocker, tuple(concepts)


async def update_offered(session: AsyncSession, call_id: int, helper_id: int, now: datetime) -> bool:
    """Somebody would like to help; False if the call is gone or does not wait for that any more."""
    values = {"state": HelpState.OFFERED.value, "helper_id": helper_id, "changed_at": now}
    return await _update(session, (HelpRequestRow.id == call_id, HelpRequestRow.state == HelpState.OPEN.value), values)


async def update_settled(session: AsyncSession, call_id: int, state: HelpState, now: datetime) -> bool:
    """Nobody waits any more; False if the call is gone or was settled before. What is taken back loses its text."""
    values: dict[str, Any] = {"state": state.value, "changed_at": now}
    if state is HelpState.WITHDRAWN:
        values["text"] = ""
    return await _update(session, (HelpRequestRow.id == call_id, _IS_UNSETTLED), values)


async def update_post(session: AsyncSession, call_id: int, message_id: int | None) -> bool:
    """Remember the message that shows a call; False if the call is gone."""
    return await _update(session, (HelpRequestRow.id == call_id,), {"message_id": message_id})


async def delete_helper(session: AsyncSession, helper_id: int, now: datetime) -> None:
    """Forget that this member offered help: such calls wait again, and no message names them any more."""
    is_theirs = HelpRequestRow.helper_id == helper_id
    offered = await _list(session, is_theirs, HelpRequestRow.state == HelpState.OFFERED.value)
    for call in offered:
        await _update(session, (HelpRequestRow.id == call.id,), {"state": HelpState.OPEN.value, "changed_at": now})
        await plan_show(session, call.id, HelpState.OPEN, now)
    await _update(session, (is_theirs,), {"helper_id": None})


async def plan_show(session: AsyncSession, call_id: int, state: HelpState, now: datetime) -> None:
    """Have the message of a call brought up to date, at once; `state` is what the call has come to."""
    await schedule.add_occurrence(session, SHOW, call_id, rules.slot_of(state, now), now)


async def plan_tell(session: AsyncSession, call_id: int, now: datetime) -> None:
    """Have the member told that somebody would like to help, at once."""
    await schedule.add_occurrence(session, TELL, call_id, rules.slot_of(HelpState.OFFERED, now), now)


_IS_UNSETTLED = HelpRequestRow.state.in_(_UNSETTLED)


async def _list(session: AsyncSession, *where: ColumnElement[bool]) -> tuple[HelpRequest, ...]:
    query = select(HelpRequestRow).where(*where).order_by(HelpRequestRow.made_at, HelpRequestRow.id)
    return tuple(_call(row) for row in await session.scalars(query.execution_options(populate_existing=True)))


async def _update(session: AsyncSession, where: tuple[ColumnElement[bool], ...], values: dict[str, Any]) -> bool:
    statement = update(HelpRequestRow).where(*where).values(**values).execution_options(synchronize_session=False)
    return bool(getattr(await session.execute(statement), "rowcount", 0))


def _call(row: HelpRequestRow) -> HelpRequest:
    return HelpRequest(
        id=row.id,
        guild_id=row.guild_id,
        group_id=row.group_id,
        member_id=row.member_id,
        text=row.text,
        concepts=tuple(row.concepts),
        state=HelpState(row.state),
        helper_id=row.helper_id,
        channel_id=row.channel_id,
        message_id=row.message_id,
        made_at=row.made_at,
    )
