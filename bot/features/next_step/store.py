"""Recommendations: rows <-> models."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.next_step.models import Fate, Kind, Past, Recommendation
from bot.features.questions.models import RoundKind
from bot.storage.tables import CardRow, RecommendationRow, RoundRow

_PAST = (
    RecommendationRow.id,
    RecommendationRow.kind,
    RecommendationRow.target,
    RecommendationRow.minutes,
    RecommendationRow.reason,
    RecommendationRow.state,
    RecommendationRow.made_at,
    RecommendationRow.changed_at,
)


async def add_recommendation(
    session: AsyncSession, member_id: int, recommendation: Recommendation, now: datetime
) -> int:
    """Remember what was recommended; the learner must be there. Returns its id."""
    row = RecommendationRow(
        member_id=member_id,
        kind=recommendation.kind.value,
        target=recommendation.target,
        minutes=recommendation.minutes,
        reason=recommendation.reason,
        state=recommendation.fate.value,
        made_at=now,
        changed_at=now,
    )
    session.add(row)
    await session.flush()
    return row.id


async def find_recommendation(session: AsyncSession, recommendation_id: int) -> tuple[int, Past] | None:
    """Whose it is, and what became of it."""
    row = await session.get(RecommendationRow, recommendation_id)
    return None if row is None else (row.member_id, _past(row))


async def list_past(session: AsyncSession, member_id: int, since: datetime) -> tuple[Past, ...]:
    """What was recommended to a member since then, the oldest first."""
    query = select(*_PAST).where(RecommendationRow.member_id == member_id, RecommendationRow.made_at >= since)
    rows = await session.execute(query.order_by(RecommendationRow.id))
    return tuple(
        Past(id_, Kind(kind), target, minutes, reason, Fate(state), made_at, changed_at)
        for id_, kind, target, minutes, reason, state, made_at, changed_at in rows
    )


async def update_fate(session: AsyncSession, recommendation_id: int, fate: Fate, now: datetime) -> None:
    """Set what became of it; the time stays when nothing changes."""
    where = (RecommendationRow.id == recommendation_id, RecommendationRow.state != fate.value)
    await session.execute(update(RecommendationRow).where(*where).values(state=fate.value, changed_at=now))


# What spaced repetition says


async def list_due(session: AsyncSession, member_id: int, now: datetime) -> tuple[tuple[str, datetime], ...]:
    """The questions that are due for a member and since when, due for longest first."""
    query = select(CardRow.question, CardRow.due_at).where(CardRow.member_id == member_id, CardRow.due_at <= now)
    rows = await session.execute(query)
    return tuple(sorted(((question, due_at) for question, due_at in rows), key=lambda found: (found[1], found[0])))


async def list_scheduled(session: AsyncSession, member_id: int) -> tuple[str, ...]:
    """Every question that comes back to a member some day."""
    return tuple(await session.scalars(select(CardRow.question).where(CardRow.member_id == member_id)))


async def find_last_review(session: AsyncSession, member_id: int, since: datetime) -> datetime | None:
    """When the member finished a round of reviews that was begun since then, the last time."""
    query = select(func.max(RoundRow.finished_at)).where(
        RoundRow.member_id == member_id, RoundRow.kind == RoundKind.REVIEW.value, RoundRow.made_at >= since
    )
    last: datetime | None = await session.scalar(query)
    return last


def _past(row: RecommendationRow) -> Past:
    return Past(
        row.id, Kind(row.kind), row.target, row.minutes, row.reason, Fate(row.state), row.made_at, row.changed_at
    )
