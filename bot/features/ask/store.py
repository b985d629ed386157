"""Answers and feedback: rows <-> models."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.ask.models import Asked, Outcome, StoredAnswer
from bot.storage.tables import AnswerRow, FeedbackRow
from bot.storage.upsert import insert_into


async def add_answer(
    session: AsyncSession, asked: Asked, *, now: datetime, outcome: Outcome, passages: Sequence[str]
) -> int:
    """Remember an answer; returns its id."""
    row = AnswerRow(
        asked_at=now,
        guild_id=asked.guild_id,
        channel_id=asked.channel_id,
        member_id=asked.member_id,
        question=asked.text,
        outcome=outcome.value,
        passages=list(passages),
    )
    session.add(row)
    await session.flush()
    return row.id


async def update_message(session: AsyncSession, answer_id: int, message_id: int) -> None:
    """Remember which message shows the answer, so that a reply to it is a follow-up."""
    await session.execute(update(AnswerRow).where(AnswerRow.id == answer_id).values(message_id=message_id))


async def find_answer(session: AsyncSession, answer_id: int) -> StoredAnswer | None:
    row = await session.get(AnswerRow, answer_id)
    return None if row is None else _answer(row)


async def find_answer_by_message(session: AsyncSession, message_id: int) -> StoredAnswer | None:
    """The answer that a message shows."""
    query = select(AnswerRow).where(AnswerRow.message_id == message_id).limit(1)
    row = (await session.scalars(query)).first()
    return None if row is None else _answer(row)


async def find_last_answer(
    session: AsyncSession, member_id: int, channel_id: int, since: datetime
) -> StoredAnswer | None:
    """The member's newest answered question in this channel."""
    query = (
        select(AnswerRow)
        .where(
            AnswerRow.member_id == member_id,
            AnswerRow.channel_id == channel_id,
            AnswerRow.asked_at >= since,
            AnswerRow.outcome == Outcome.ANSWERED.value,
        )
        .order_by(AnswerRow.asked_at.desc(), AnswerRow.id.desc())
        .limit(1)
    )
    row = (await session.scalars(query)).first()
    return None if row is None else _answer(row)


async def update_feedback(
    session: AsyncSession, answer_id: int, member_id: int, *, helpful: bool, now: datetime
) -> None:
    """Set one member's opinion of an answer; the newest one counts."""
    statement = insert_into(session, FeedbackRow).values(
        answer_id=answer_id, member_id=member_id, helpful=helpful, changed_at=now
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["answer_id", "member_id"], set_={"helpful": helpful, "changed_at": now}
        )
    )


async def find_feedback(session: AsyncSession, answer_id: int, member_id: int) -> bool | None:
    """One member's opinion of an answer, None if there is none."""
    row = await session.get(FeedbackRow, (answer_id, member_id))
    return None if row is None else row.helpful


async def count_feedback(session: AsyncSession, answer_id: int) -> tuple[int, int]:
    """How many found the answer helpful, and how many did not."""
    query = (
        select(FeedbackRow.helpful, func.count())
        .where(FeedbackRow.answer_id == answer_id)
        .group_by(FeedbackRow.helpful)
    )
    counts: dict[bool, int] = {row[0]: row[1] for row in await session.execute(query)}
    return counts.get(True, 0), counts.get(False, 0)


def _answer(row: AnswerRow) -> StoredAnswer:
    return StoredAnswer(
        row.id, row.asked_at, row.member_id, row.channel_id, row.question, Outcome(row.outcome), tuple(row.passages)
    )
