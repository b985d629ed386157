"""Scheduled work: rows <-> models. Claiming is one statement, so that nobody is at the same work twice."""

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.scheduling.models import Occurrence, WorkState
from bot.scheduling.rules import AGAIN_AFTER, DAILY, next_day
from bot.storage.tables import OccurrenceRow
from bot.storage.upsert import insert_once

PLANNED = "planned"
"""The key in a session's `info` that says: work was planned, and whoever waits for it should look again."""

_OPEN = (WorkState.WAITING.value, WorkState.CLAIMED.value)
_COLUMNS = (
    OccurrenceRow.id,
    OccurrenceRow.kind,
    OccurrenceRow.subject_id,
    OccurrenceRow.member_id,
    OccurrenceRow.slot,
    OccurrenceRow.due_at,
    OccurrenceRow.state,
    OccurrenceRow.tries,
    OccurrenceRow.note,
    OccurrenceRow.ended_at,
)


# Planning


async def add_occurrence(
    session: AsyncSession, kind: str, subject_id: int, slot: str, due_at: datetime, *, member_id: int | None = None
) -> bool:
    """Plan work; False if there is already something in that slot, whatever came of it."""
    is_new = await insert_once(
        session,
        OccurrenceRow,
        ("kind", "subject_id", "slot"),
        kind=kind,
        subject_id=subject_id,
        member_id=member_id,
        slot=slot,
        due_at=due_at,
        state=WorkState.WAITING.value,
        tries=0,
    )
    session.info[PLANNED] = True
    return is_new


async def try_tomorrow(session: AsyncSession, failed: Occurrence, now: datetime, name: str | None = None) -> None:
    """Plan work that has failed for good once more in a day, for a month at the most.

    `name` is what its slot begins with; the day if there is none.
    """
    at, number = now + AGAIN_AFTER, next_day(failed.slot)
    if number is not None:
        slot = f"{f'{at:%Y-%m-%d}' if name is None else name}{DAILY}{number}"
        await add_occurrence(session, failed.kind, failed.subject_id, slot, at)


async def add_now(session: AsyncSession, kind: str, subject_id: int, now: datetime) -> None:
    """Plan work for now, in a slot of its own: what was planned before may be under way, and know nothing of this."""
    slots = (f"{now.isoformat()}{f'/{number}' if number else ''}" for number in count())
    for slot in slots:
        if await add_occurrence(session, kind, subject_id, slot, now):
            return


async def move_waiting(session: AsyncSession, kind: str, subject_id: int, slot: str, due_at: datetime) -> bool:
    """Plan what waits for another time; False if nothing waits, or if there is something in that slot already."""
    other = aliased(OccurrenceRow)
    of_same = (other.kind == kind, other.subject_id == subject_id)
    next_one = select(other.id).where(*of_same, other.state == WorkState.WAITING.value)
    taken = select(other.id).where(*of_same, other.slot == slot, other.id != OccurrenceRow.id)
    where = [
        OccurrenceRow.id == next_one.order_by(other.due_at, other.id).limit(1).scalar_subquery(),
        OccurrenceRow.state == WorkState.WAITING.value,  # once more, as somebody may just have claimed it
        ~taken.exists(),
    ]
    values = {"slot": slot, "due_at": due_at, "lease_until": None, "tries": 0, "note": None}
    moved = await _update(session, where, values)
    session.info[PLANNED] = True
    return moved


async def delete_waiting(session: AsyncSession, kind: str, subject_id: int) -> None:
    """Call off what waits. What somebody is at goes on."""
    is_waiting = OccurrenceRow.state == WorkState.WAITING.value
    await session.execute(delete(OccurrenceRow).where(*_of(kind, subject_id), is_waiting))


async def find_waiting(session: AsyncSession, kind: str, subject_id: int) -> Occurrence | None:
    """What comes next."""
    query = select(*_COLUMNS).where(*_of(kind, subject_id), OccurrenceRow.state == WorkState.WAITING.value)
    row = (await session.execute(query.order_by(OccurrenceRow.due_at, OccurrenceRow.id).limit(1))).first()
    return None if row is None else _occurrence(row)


async def list_ended(session: AsyncSession, kind: str, subject_id: int, limit: int) -> tuple[Occurrence, ...]:
    """What came of the last ones, the newest first."""
    query = select(*_COLUMNS).where(*_of(kind, subject_id), OccurrenceRow.state.not_in(_OPEN))
    query = query.order_by(OccurrenceRow.ended_at.desc(), OccurrenceRow.id.desc()).limit(limit)
    return tuple(_occurrence(row) for row in await session.execute(query))


async def find_next_look(session: AsyncSession, now: datetime, kinds: Collection[str]) -> datetime | None:
    """When there will be something to claim: planned work comes due, another try is due, or a lease runs out."""
    is_ours = OccurrenceRow.kind.in_(kinds)
    planned = select(func.min(OccurrenceRow.due_at)).where(
        is_ours, OccurrenceRow.state == WorkState.WAITING.value, OccurrenceRow.due_at > now
    )
    begun = select(func.min(func.coalesce(OccurrenceRow.lease_until, OccurrenceRow.due_at))).where(
        is_ours, OccurrenceRow.state.in_(_OPEN), OccurrenceRow.due_at <= now
    )
    found = [await session.scalar(query) for query in (planned, begun)]
    return min((at for at in found if at is not None), default=None)


# Working


async def claim_due(
    session: AsyncSession, worker: str, now: datetime, *, limit: int, lease: timedelta, kinds: Collection[str]
) -> tuple[Occurrence, ...]:
    """Take what is due and free, or what its holder has not ended within the lease; the oldest first."""
    is_free = OccurrenceRow.lease_until.is_(None) | (OccurrenceRow.lease_until <= now)
    due = (
        select(OccurrenceRow.id)
        .where(OccurrenceRow.state.in_(_OPEN), OccurrenceRow.due_at <= now, is_free, OccurrenceRow.kind.in_(kinds))
        .order_by(OccurrenceRow.due_at, OccurrenceRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # PostgreSQL; SQLite writes one transaction after the other anyway
        .cte("due")
    )
    statement = (
        update(OccurrenceRow)
        .where(OccurrenceRow.id.in_(select(due.c.id)))
        .values(
            state=WorkState.CLAIMED.value,
            claimed_by=worker,
            lease_until=now + lease,
            tries=OccurrenceRow.tries + 1,
        )
        .returning(*_COLUMNS)
        .execution_options(synchronize_session=False)
    )
    claimed = [_occurrence(row) for row in await session.execute(statement)]
    return tuple(sorted(claimed, key=lambda occurrence: (occurrence.due_at, occurrence.id)))


async def is_held_elsewhere(session: AsyncSession, occurrence: Occurrence, worker: str, now: datetime) -> bool:
    """Whether somebody else holds work of the same kind on the same thing."""
    is_held = (OccurrenceRow.state == WorkState.CLAIMED.value, OccurrenceRow.lease_until > now)
    where = (*_of(occurrence.kind, occurrence.subject_id), *is_held, OccurrenceRow.claimed_by != worker)
    return await session.scalar(select(OccurrenceRow.id).where(*where).limit(1)) is not None


async def end_occurrence(
    session: AsyncSession, occurrence_id: int, state: WorkState, now: datetime, note: str | None = None, *, worker: str
) -> bool:
    """Write down what came of it; False if somebody else holds it by now or has ended it."""
    values = {"state": state.value, "ended_at": now, "note": note, "lease_until": None}
    return await _update(session, _held(occurrence_id, worker), values)


async def release(session: AsyncSession, occurrence_id: int, worker: str, retry_at: datetime) -> bool:
    """Give it back for another try, not before `retry_at`; False if it is not held any more."""
    values = {"state": WorkState.WAITING.value, "claimed_by": None, "lease_until": retry_at}
    released = await _update(session, _held(occurrence_id, worker), values)
    session.info[PLANNED] = True
    return released


def _held(occurrence_id: int, worker: str) -> list[ColumnElement[bool]]:
    return [
        OccurrenceRow.id == occurrence_id,
        OccurrenceRow.state == WorkState.CLAIMED.value,
        OccurrenceRow.claimed_by == worker,
    ]


async def _update(session: AsyncSession, where: list[ColumnElement[bool]], values: dict[str, Any]) -> bool:
    statement = update(OccurrenceRow).where(*where).values(**values).execution_options(synchronize_session=False)
    return bool(getattr(await session.execute(statement), "rowcount", 0))


def _of(kind: str, subject_id: int) -> tuple[ColumnElement[bool], ...]:
    return OccurrenceRow.kind == kind, OccurrenceRow.subject_id == subject_id


def _occurrence(row: Any) -> Occurrence:
    named = (row.id, row.kind, row.subject_id, row.member_id, row.slot, row.due_at)
    return Occurrence(*named, WorkState(row.state), row.tries, row.note, row.ended_at)
