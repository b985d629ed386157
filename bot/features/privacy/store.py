"""A member's rows, found and deleted across the tables of all features."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, delete, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.privacy.models import Counts, Rows
from bot.storage.tables import (
    AnswerRow,
    AttemptRow,
    Base,
    CardRow,
    ChallengeRow,
    CheckinReplyRow,
    CheckinRow,
    CongratulationRow,
    EnrolmentRow,
    EvidenceRow,
    FeedbackRow,
    GroupEventRow,
    GroupMemberRow,
    GroupSeekerRow,
    HelpRequestRow,
    LearnerRow,
    MasteryRow,
    MilestoneRow,
    NewsRow,
    OccurrenceRow,
    PlanRow,
    ProbeAnswerRow,
    ProbeRow,
    ProgressChangeRow,
    ProgressRow,
    ProposalMemberRow,
    RecommendationRow,
    ReminderRow,
    RoundRow,
    WeeklyRoundRow,
    WeekMemberRow,
)

_LEARNING: Mapping[str, type[Base]] = {
    "servers": EnrolmentRow,
    "progress": ProgressRow,
    "progress_changes": ProgressChangeRow,
    "evidence": EvidenceRow,
    "mastery": MasteryRow,
    "suggestions": RecommendationRow,
    "probe_answers": ProbeAnswerRow,
    "probes": ProbeRow,
    "milestones": MilestoneRow,
    "congratulations": CongratulationRow,
    "attempts": AttemptRow,
    "rounds": RoundRow,
    "cards": CardRow,
    "challenges": ChallengeRow,
    "news": NewsRow,
    "reminders": ReminderRow,
    "checkin_replies": CheckinReplyRow,
    "checkins": CheckinRow,
    "checkin_weeks": WeekMemberRow,
    "plans": PlanRow,
    "help_requests": HelpRequestRow,
    "group_events": GroupEventRow,
    "group_memberships": GroupMemberRow,
    "group_searches": GroupSeekerRow,
    "proposal_answers": ProposalMemberRow,
    "scheduled": OccurrenceRow,
    "profile": LearnerRow,
}
"""What hangs on a learner by its name in the export, children before parents."""

_MOST_RESULTS = 20
"""Results that are older are rarely read, and each costs a request to Discord."""

_NAMES = {"guild_id": "server_id"}
"""What members call it."""


async def list_questions(session: AsyncSession, member_id: int) -> Rows:
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


async def list_ratings(session: AsyncSession, member_id: int) -> Rows:
    """The member's opinions of answers."""
    rows = await session.scalars(
        select(FeedbackRow).where(FeedbackRow.member_id == member_id).order_by(FeedbackRow.answer_id)
    )
    return tuple(
        {"answer_id": row.answer_id, "helpful": row.helpful, "changed_at": row.changed_at.isoformat()} for row in rows
    )


async def list_learning(session: AsyncSession, member_id: int) -> dict[str, Rows]:
    """The profile and everything that hangs on it, each by its name in the export and in the order of its key."""
    found = {}
    for name, table in _LEARNING.items():
        query = select(table).where(_is_about(table, member_id)).order_by(*inspect(table).primary_key)
        found[name] = tuple([_exported(row) for row in await session.scalars(query)])
    return found


def _exported(row: Base) -> dict[str, Any]:
    """Every column but the member's id, which stands at the head of the export."""
    values = {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
    return {
        _NAMES.get(key, key): value.isoformat() if isinstance(value, datetime) else value
        for key, value in values.items()
        if key != "member_id"
    }


async def list_posted_results(session: AsyncSession, member_id: int) -> tuple[int, ...]:
    """The last weekly quizzes of which the member is a part, and whose results are posted."""
    query = (
        select(WeeklyRoundRow.round_id)
        .join(AttemptRow, AttemptRow.round_id == WeeklyRoundRow.round_id)
        .where(AttemptRow.member_id == member_id, WeeklyRoundRow.summary_message_id.is_not(None))
        .distinct()
        .order_by(WeeklyRoundRow.round_id.desc())
        .limit(_MOST_RESULTS)
    )
    return tuple(await session.scalars(query))


async def lock_member(session: AsyncSession, member_id: int) -> None:
    """Nobody adds to a learner who is on the way out. It comes first, so that nothing is posted for them unseen."""
    await session.execute(
        update(LearnerRow)
        .where(LearnerRow.member_id == member_id)
        .values(changed_at=LearnerRow.changed_at)
        .execution_options(synchronize_session=False)
    )


async def delete_member(session: AsyncSession, member_id: int) -> Counts:
    """Delete everything about the member; returns how much there was of each.

    `lock_member` comes first. Ratings that others gave to the member's answers go with the answers.
    """
    ratings = await session.execute(delete(FeedbackRow).where(FeedbackRow.member_id == member_id))
    questions = await session.execute(delete(AnswerRow).where(AnswerRow.member_id == member_id))
    learning = {
        name: _count(await session.execute(delete(table).where(_is_about(table, member_id))))
        for name, table in _LEARNING.items()
    }
    return Counts(questions=_count(questions), ratings=_count(ratings), **learning)


def _is_about(table: type[Base], member_id: int) -> ColumnElement[bool]:
    if table is ProbeAnswerRow:
        return ProbeAnswerRow.probe_id.in_(select(ProbeRow.id).where(ProbeRow.member_id == member_id))
    return inspect(table).columns["member_id"] == member_id


async def update_expired(session: AsyncSession, before: datetime) -> int:
    """Empty the text of questions asked before that time; the buttons below their answers keep working."""
    statement = (
        update(AnswerRow).where(AnswerRow.asked_at < before, AnswerRow.question.is_not(None)).values(question=None)
    )
    return _count(await session.execute(statement))


def _count(result: Any) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
