"""Recommendations: rows <-> models."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.next_step.models import Fate, Kind, Past, Recommendation
from bot.storage.tables import RecommendationRow

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


def _past(row: RecommendationRow) -> Past:
    return Past(
        row.id, Kind(row.kind), row.target, row.minutes, row.reason, Fate(row.state), row.made_at, row.changed_at
    )
