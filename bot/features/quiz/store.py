"""What only quizzes ask the database for; rounds and attempts themselves belong to `questions`."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.questions.models import RoundKind
from bot.storage.tables import RoundRow


async def find_last_subject(session: AsyncSession, member_id: int) -> str | None:
    """The subject of the newest quiz that the member began; None if there was none."""
    query = (
        select(RoundRow.subject)
        .where(RoundRow.member_id == member_id, RoundRow.kind == RoundKind.QUIZ.value)
        .order_by(RoundRow.id.desc())
        .limit(1)
    )
    return await session.scalar(query)
