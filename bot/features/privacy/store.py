"""A member's rows, found and deleted across the tables of all features."""

from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.tables import AnswerRow, FeedbackRow


async def list_questions(session: AsyncSession, member_id: int) -> tuple[dict[str, Any], ...]:
    """The member's questions, oldest first."""
    rows = await session.scalars(select(AnswerRow).where(AnswerRow.member_id == member_id).order_by(AnswerRow.id))
    return tuple(
        {
            "answer_id": row.id,
            "asked_at": row.asked_at.isoformat(),
            "server_id": row.guild_id,
            "channel_id": row.channel_id,
            "answer_message_id": row.message_id,
            "question": row.question,
            "outcome": row.outcome,
            "quoted_passages": row.passages,
        }
        for row in rows
    )


async def list_ratings(session: AsyncSession, member_id: int) -> tuple[dict[str, Any], ...]:
    """The member's opinions of answers."""
    rows = await session.scalars(
        select(FeedbackRow).where(FeedbackRow.member_id == member_id).order_by(FeedbackRow.answer_id)
    )
    return tuple(
        {"answer_id": row.answer_id, "helpful": row.helpful, "changed_at": row.changed_at.isoformat()} for row in rows
    )


async def delete_member(session: AsyncSession, member_id: int) -> tuple[int, int]:
    """Delete the member's ratings and questions; returns how many questions and ratings.

    Ratings that others gave to the member's answers go with the answers.
    """
    ratings = await session.execute(delete(FeedbackRow).where(FeedbackRow.member_id == member_id))
    questions = await session.execute(delete(AnswerRow).where(AnswerRow.member_id == member_id))
    return _count(questions), _count(ratings)


async def update_expired(session: AsyncSession, before: datetime) -> int:
    """Empty the text of questions asked before that time; the buttons below their answers keep working."""
    statement = (
        update(AnswerRow).where(AnswerRow.asked_at < before, AnswerRow.question.is_not(None)).values(question=None)
    )
    return _count(await session.execute(statement))


def _count(result: Any) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
