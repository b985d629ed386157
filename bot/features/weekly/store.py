"""Set-ups of weekly quizzes and their rounds: rows <-> models."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.questions.models import Attempt, Response, RoundKind, Verdict
from bot.features.weekly.models import POST, REFRESH, WeeklyQuiz, WeeklyRound
from bot.scheduling import store as schedule
from bot.scheduling.models import WorkState
from bot.storage.tables import (
    AttemptRow,
    EnrolmentRow,
    OccurrenceRow,
    RoundRow,
    RulingRow,
    WeeklyQuizRow,
    WeeklyRoundRow,
)
from bot.storage.upsert import insert_into, insert_once

_UNREAD = Response()
_MARK = (
    AttemptRow.id,
    AttemptRow.member_id,
    AttemptRow.question,
    AttemptRow.round_id,
    AttemptRow.position,
    AttemptRow.is_correct,
    AttemptRow.answered_at,
)

# The set-up


async def lock(session: AsyncSession, guild_id: int) -> None:
    """Take the write lock of a server's quiz, so that what follows is not interleaved."""
    await session.execute(update(WeeklyQuizRow).where(WeeklyQuizRow.guild_id == guild_id).values(guild_id=guild_id))


async def find_quiz(session: AsyncSession, guild_id: int) -> WeeklyQuiz | None:
    """How a server's quiz is set up; None if it is not."""
    row = await session.get(WeeklyQuizRow, guild_id, populate_existing=True)
    return None if row is None else _quiz(row)


async def list_quizzes(session: AsyncSession) -> tuple[WeeklyQuiz, ...]:
    """Every set-up that is not paused."""
    rows = await session.scalars(
        select(WeeklyQuizRow).where(WeeklyQuizRow.is_paused.is_(False)).order_by(WeeklyQuizRow.guild_id)
    )
    return tuple(_quiz(row) for row in rows)


async def update_quiz(session: AsyncSession, quiz: WeeklyQuiz, now: datetime) -> None:
    """Set a server's quiz up, or set it up anew; one that is paused stays so."""
    values = {
        "channel_id": quiz.channel_id,
        "weekday": quiz.weekday,
        "minute": quiz.minute,
        "zone": quiz.zone,
        "questions": quiz.questions,
        "open_hours": quiz.open_hours,
        "role_id": quiz.role_id,
        "goal": quiz.goal,
        "changed_at": now,
    }
    new = {"guild_id": quiz.guild_id, "is_paused": quiz.is_paused}
    statement = insert_into(session, WeeklyQuizRow).values(**new, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["guild_id"], set_=values))


async def update_paused(session: AsyncSession, guild_id: int, *, is_paused: bool, now: datetime) -> None:
    await session.execute(
        update(WeeklyQuizRow).where(WeeklyQuizRow.guild_id == guild_id).values(is_paused=is_paused, changed_at=now)
    )


async def delete_quiz(session: AsyncSession, guild_id: int) -> None:
    await session.execute(delete(WeeklyQuizRow).where(WeeklyQuizRow.guild_id == guild_id))


# Rounds


async def add_round(
    session: AsyncSession, round_id: int, guild_id: int, slot: str, *, planned_at: datetime, channel_id: int
) -> bool:
    """Make a round the quiz of a week; False if that week has one."""
    return await insert_once(
        session,
        WeeklyRoundRow,
        ("guild_id", "slot"),
        round_id=round_id,
        guild_id=guild_id,
        slot=slot,
        planned_at=planned_at,
        channel_id=channel_id,
    )


async def find_round(session: AsyncSession, round_id: int) -> WeeklyRound | None:
    return await _first(session, _rounds().where(WeeklyRoundRow.round_id == round_id))


async def find_slot(session: AsyncSession, guild_id: int, slot: str) -> WeeklyRound | None:
    """The quiz of a week."""
    return await _first(session, _rounds().where(WeeklyRoundRow.guild_id == guild_id, WeeklyRoundRow.slot == slot))


async def find_prepared(session: AsyncSession, guild_id: int) -> WeeklyRound | None:
    """The quiz whose questions are chosen and that nobody has begun to post; the newest if there are several."""
    query = _rounds().where(
        WeeklyRoundRow.guild_id == guild_id, WeeklyRoundRow.posted_at.is_(None), RoundRow.closes_at.is_(None)
    )
    return await _first(session, query.order_by(WeeklyRoundRow.round_id.desc()))


async def find_open(session: AsyncSession, guild_id: int) -> WeeklyRound | None:
    """The posted quiz that is not closed; the newest if there are several."""
    query = _rounds().where(
        WeeklyRoundRow.guild_id == guild_id, WeeklyRoundRow.posted_at.is_not(None), RoundRow.finished_at.is_(None)
    )
    return await _first(session, query.order_by(WeeklyRoundRow.round_id.desc()))


async def list_open(session: AsyncSession) -> tuple[int, ...]:
    """The rounds of all servers that are posted and not closed."""
    query = (
        select(WeeklyRoundRow.round_id)
        .join(RoundRow, RoundRow.id == WeeklyRoundRow.round_id)
        .where(WeeklyRoundRow.posted_at.is_not(None), RoundRow.finished_at.is_(None))
    )
    return tuple(await session.scalars(query.order_by(WeeklyRoundRow.round_id)))


async def list_posted(
    session: AsyncSession, guild_id: int, limit: int, *, before: int | None = None, is_closed: bool = False
) -> tuple[WeeklyRound, ...]:
    """The last quizzes that were posted, newest first: those before a round, or only those that are closed."""
    query = _rounds().where(WeeklyRoundRow.guild_id == guild_id, WeeklyRoundRow.posted_at.is_not(None))
    if before is not None:
        query = query.where(WeeklyRoundRow.round_id < before)
    if is_closed:
        query = query.where(RoundRow.finished_at.is_not(None))
    rows = await session.execute(query.order_by(WeeklyRoundRow.round_id.desc()).limit(limit))
    return tuple(_round(*row) for row in rows)


async def list_slots(session: AsyncSession, guild_id: int, week: str) -> tuple[WeeklyRound, ...]:
    """The quizzes of a week: the one that belongs to it, and extra ones."""
    query = _rounds().where(WeeklyRoundRow.guild_id == guild_id, WeeklyRoundRow.slot.startswith(week, autoescape=True))
    rows = await session.execute(query.order_by(WeeklyRoundRow.round_id))
    return tuple(_round(*row) for row in rows)


async def list_recent_questions(session: AsyncSession, guild_id: int, since: datetime) -> frozenset[str]:
    """The questions of every quiz that was posted since then, or that somebody has begun to post."""
    query = (
        select(RoundRow.questions)
        .join(WeeklyRoundRow, RoundRow.id == WeeklyRoundRow.round_id)
        .where(
            WeeklyRoundRow.guild_id == guild_id,
            WeeklyRoundRow.planned_at >= since,
            RoundRow.closes_at.is_not(None),
        )
    )
    return frozenset(question for questions in await session.scalars(query) for question in questions)


async def update_opened(
    session: AsyncSession, round_id: int, *, slot: str, planned_at: datetime, channel_id: int, closes_at: datetime
) -> None:
    """A round is the quiz of this week, and somebody begins to post it into this channel."""
    await session.execute(
        update(WeeklyRoundRow)
        .where(WeeklyRoundRow.round_id == round_id)
        .values(slot=slot, planned_at=planned_at, channel_id=channel_id)
    )
    await session.execute(update(RoundRow).where(RoundRow.id == round_id).values(closes_at=closes_at))


async def update_posted(session: AsyncSession, round_id: int, message_id: int, now: datetime) -> None:
    await session.execute(
        update(WeeklyRoundRow).where(WeeklyRoundRow.round_id == round_id).values(message_id=message_id, posted_at=now)
    )


async def update_closed(session: AsyncSession, round_id: int, summary_message_id: int | None, now: datetime) -> None:
    """It is over; the first time counts."""
    await session.execute(
        update(WeeklyRoundRow).where(WeeklyRoundRow.round_id == round_id).values(summary_message_id=summary_message_id)
    )
    where = (RoundRow.id == round_id, RoundRow.finished_at.is_(None))
    await session.execute(update(RoundRow).where(*where).values(finished_at=now))


async def plan_refresh(session: AsyncSession, round_id: int, now: datetime) -> None:
    """Have posted results brought up to date, after a key was corrected or a member is no longer to be named."""
    await schedule.add_now(session, REFRESH, round_id, now)


async def delete_round(session: AsyncSession, round_id: int) -> None:
    """Forget a prepared round."""
    where = (WeeklyRoundRow.round_id == round_id, WeeklyRoundRow.posted_at.is_(None))
    await session.execute(delete(WeeklyRoundRow).where(*where))
    where_round = (RoundRow.id == round_id, RoundRow.kind == RoundKind.WEEKLY.value, RoundRow.closes_at.is_(None))
    await session.execute(delete(RoundRow).where(*where_round))


async def is_being_posted(session: AsyncSession, guild_id: int) -> bool:
    """Whether somebody is at posting a quiz in this server just now."""
    query = select(OccurrenceRow.id).where(
        OccurrenceRow.kind == POST,
        OccurrenceRow.subject_id == guild_id,
        OccurrenceRow.state == WorkState.CLAIMED.value,
    )
    return await session.scalar(query.limit(1)) is not None


# Members


async def count_members(session: AsyncSession, round_id: int) -> int:
    """How many members have answered at least one question."""
    query = select(func.count(AttemptRow.member_id.distinct())).where(AttemptRow.round_id == round_id)
    return await session.scalar(query) or 0


async def list_participants(session: AsyncSession, rounds: Collection[int], limit: int) -> tuple[int, ...]:
    """Members who took part in one of these rounds, those first who did so last."""
    last = func.max(AttemptRow.round_id)
    query = (
        select(AttemptRow.member_id)
        .where(AttemptRow.round_id.in_(rounds))
        .group_by(AttemptRow.member_id)
        .order_by(last.desc(), AttemptRow.member_id)
    )
    return tuple(await session.scalars(query.limit(limit)))


async def list_visible(session: AsyncSession, guild_id: int, limit: int) -> tuple[int, ...]:
    """Members whom this server may see."""
    query = select(EnrolmentRow.member_id).where(EnrolmentRow.guild_id == guild_id, EnrolmentRow.is_visible.is_(True))
    return tuple(await session.scalars(query.order_by(EnrolmentRow.member_id).limit(limit)))


async def list_ranked(session: AsyncSession, round_: WeeklyRound) -> frozenset[int]:
    """Who took part in a round and agreed to be named in its server's results before it was over."""
    return frozenset(await session.scalars(_ranked(round_)))


def _ranked(round_: WeeklyRound) -> Any:
    took_part = select(AttemptRow.member_id).where(AttemptRow.round_id == round_.round_id)
    query = select(EnrolmentRow.member_id).where(
        EnrolmentRow.guild_id == round_.guild_id,
        EnrolmentRow.is_ranked.is_(True),
        EnrolmentRow.member_id.in_(took_part),
    )
    # Whoever has changed any choice since is left out: rather a name too few than one too many.
    return query if round_.finished_at is None else query.where(EnrolmentRow.changed_at <= round_.finished_at)


async def list_marks(
    session: AsyncSession, rounds: Collection[int], *, named_in: WeeklyRound | None = None
) -> tuple[Attempt, ...]:
    """The answers to rounds without what was answered, in the order of time: a tenth of the time of whole answers.

    With `named_in` only of those who took part in that round and agreed to be named in its server.
    """
    query = select(*_MARK).where(AttemptRow.round_id.in_(rounds))
    if named_in is not None:
        query = query.where(AttemptRow.member_id.in_(_ranked(named_in)))
    rows = await session.execute(query.order_by(AttemptRow.answered_at, AttemptRow.id))
    return tuple(
        Attempt(id_, member, "", question, None, round_id, position, _UNREAD, is_correct, None, at)
        for id_, member, question, round_id, position, is_correct, at in rows
    )


async def list_graded(session: AsyncSession, round_id: int) -> frozenset[int]:
    """The positions of a round of which some answer counts."""
    query = select(AttemptRow.position).where(AttemptRow.round_id == round_id, AttemptRow.is_correct.is_not(None))
    return frozenset(position for position in await session.scalars(query.distinct()) if position is not None)


# What was decided since


async def list_decided(
    session: AsyncSession, guild_id: int, questions: Sequence[str], since: datetime
) -> dict[str, Verdict]:
    """What was decided after this time about questions, for this server or for everybody; a server's own wins."""
    query = (
        select(RulingRow.question, RulingRow.verdict)
        .where(RulingRow.guild_id.in_((0, guild_id)), RulingRow.question.in_(questions), RulingRow.decided_at > since)
        .order_by(RulingRow.guild_id)
    )
    return {question: Verdict(verdict) for question, verdict in await session.execute(query)}


# Rows to models


def _rounds() -> Any:
    # Rows are written past the session's objects, so that those which it still holds would be out of date.
    query = select(WeeklyRoundRow, RoundRow).join(RoundRow, RoundRow.id == WeeklyRoundRow.round_id)
    return query.execution_options(populate_existing=True)


async def _first(session: AsyncSession, query: Any) -> WeeklyRound | None:
    found = (await session.execute(query.limit(1))).first()
    return None if found is None else _round(*found)


def _round(weekly: WeeklyRoundRow, row: RoundRow) -> WeeklyRound:
    return WeeklyRound(
        weekly.round_id,
        weekly.guild_id,
        weekly.slot,
        weekly.planned_at,
        weekly.channel_id,
        tuple(row.questions),
        weekly.message_id,
        weekly.posted_at,
        row.closes_at,
        row.finished_at,
        weekly.summary_message_id,
    )


def _quiz(row: WeeklyQuizRow) -> WeeklyQuiz:
    return WeeklyQuiz(
        row.guild_id,
        row.channel_id,
        row.weekday,
        row.minute,
        row.zone,
        row.questions,
        row.open_hours,
        row.role_id,
        row.goal,
        row.is_paused,
    )
