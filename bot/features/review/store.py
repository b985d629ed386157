"""Reminders and what they go by: rows <-> models. Cards and rounds are those of `questions`."""

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.review.models import Reminder
from bot.storage.tables import AttemptRow, ReminderRow
from bot.storage.upsert import insert_into


async def find_reminder(session: AsyncSession, member_id: int) -> Reminder | None:
    row = await session.get(ReminderRow, member_id, populate_existing=True)
    if row is None:
        return None
    return Reminder(row.member_id, row.from_hour, row.to_hour, row.changed_at, row.failed_at)


async def update_reminder(session: AsyncSession, member_id: int, hours: tuple[int, int], now: datetime) -> None:
    """Set the hours of a reminder, which is on from now on; the learner must be there."""
    values = {"from_hour": hours[0], "to_hour": hours[1], "changed_at": now, "failed_at": None}
    statement = insert_into(session, ReminderRow).values(member_id=member_id, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["member_id"], set_=values))


async def update_failed(session: AsyncSession, member_id: int, now: datetime) -> None:
    """Remember that a message was refused."""
    where = ReminderRow.member_id == member_id
    await session.execute(update(ReminderRow).where(where).values(failed_at=now))


async def delete_reminder(session: AsyncSession, member_id: int) -> None:
    await session.execute(delete(ReminderRow).where(ReminderRow.member_id == member_id))


async def find_last_answer(session: AsyncSession, member_id: int) -> datetime | None:
    """When the member last answered a question, wherever it was asked."""
    query = select(func.max(AttemptRow.answered_at)).where(AttemptRow.member_id == member_id)
    last: datetime | None = await session.scalar(query)
    return last
