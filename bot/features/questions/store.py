"""Rounds, attempts, cards, rulings and news: rows <-> models."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from fsrs import Card
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.questions.models import (
    EVERYWHERE,
    AnswerKey,
    Attempt,
    Confidence,
    DueCard,
    News,
    Response,
    Round,
    RoundKind,
    Ruling,
    Verdict,
)
from bot.features.questions.rules.scheduling import card_of
from bot.storage.tables import AttemptRow, CardRow, NewsRow, ProbeAnswerRow, RoundRow, RulingRow, WeeklyRoundRow
from bot.storage.upsert import insert_into, insert_once

# Rounds


async def add_round(
    session: AsyncSession,
    kind: RoundKind,
    member_id: int | None,
    guild_id: int | None,
    questions: Sequence[str],
    *,
    subject: str | None,
    now: datetime,
    closes_at: datetime | None = None,
) -> Round:
    """Begin a round; its member, if it has one, must be there."""
    row = RoundRow(
        kind=kind.value,
        member_id=member_id,
        guild_id=guild_id,
        subject=subject,
        questions=list(questions),
        made_at=now,
        closes_at=closes_at,
    )
    session.add(row)
    await session.flush()
    return _round(row)


async def find_round(session: AsyncSession, round_id: int) -> Round | None:
    # Rows are written past the session's objects, so that one which somebody still holds would be out of date.
    row = await session.get(RoundRow, round_id, populate_existing=True)
    return None if row is None else _round(row)


async def find_open_round(session: AsyncSession, member_id: int, kind: RoundKind, since: datetime) -> Round | None:
    """The member's newest round of this kind that was begun since then and is not over."""
    query = (
        select(RoundRow)
        .where(
            RoundRow.member_id == member_id,
            RoundRow.kind == kind.value,
            RoundRow.made_at >= since,
            RoundRow.finished_at.is_(None),
        )
        .order_by(RoundRow.id.desc())
        .limit(1)
    )
    row = (await session.scalars(query)).first()
    return None if row is None else _round(row)


async def list_open_weekly(session: AsyncSession, guild_id: int | None, now: datetime) -> frozenset[str]:
    """The questions of a server's open weekly quizzes."""
    query = (
        select(RoundRow.questions)
        .join(WeeklyRoundRow, WeeklyRoundRow.round_id == RoundRow.id)
        .where(WeeklyRoundRow.guild_id == guild_id, RoundRow.closes_at > now, RoundRow.finished_at.is_(None))
    )
    return frozenset(question for questions in await session.scalars(query) for question in questions)


async def update_finished(session: AsyncSession, round_id: int, now: datetime) -> None:
    """Remember that a round is over; the first time counts."""
    where = (RoundRow.id == round_id, RoundRow.finished_at.is_(None))
    await session.execute(update(RoundRow).where(*where).values(finished_at=now))


# Attempts


async def add_attempt(
    session: AsyncSession,
    member_id: int,
    *,
    key: str,
    question: str,
    guild_id: int | None,
    round_id: int | None,
    position: int | None,
    response: Response,
    is_correct: bool,
    now: datetime,
) -> bool:
    """Take an answer; False if there is one with this key, which counts."""
    return await insert_once(
        session,
        AttemptRow,
        ("member_id", "key"),
        member_id=member_id,
        key=key,
        question=question,
        guild_id=guild_id,
        round_id=round_id,
        position=position,
        response=response.to_json(),
        is_correct=is_correct,
        confidence=None,
        answered_at=now,
    )


async def find_attempt(session: AsyncSession, member_id: int, key: str) -> Attempt | None:
    query = select(AttemptRow).where(AttemptRow.member_id == member_id, AttemptRow.key == key)
    row = (await session.scalars(query.execution_options(populate_existing=True))).first()
    return None if row is None else _attempt(row)


async def list_attempts(session: AsyncSession, round_id: int, member_id: int | None = None) -> tuple[Attempt, ...]:
    """The answers to a round, of one member or of all, in the order of time."""
    query = select(AttemptRow).where(AttemptRow.round_id == round_id)
    if member_id is not None:
        query = query.where(AttemptRow.member_id == member_id)
    return await _attempts(session, query)


async def list_attempts_on(
    session: AsyncSession, question: str, *, member_id: int | None = None, guild_id: int | None = None
) -> tuple[Attempt, ...]:
    """The answers to a question, of one member or of all, in one server or everywhere (None), in the order of time."""
    query = select(AttemptRow).where(AttemptRow.question == question)
    if member_id is not None:
        query = query.where(AttemptRow.member_id == member_id)
    if guild_id is not None:
        query = query.where(AttemptRow.guild_id == guild_id)
    return await _attempts(session, query)


async def _attempts(session: AsyncSession, query: Any) -> tuple[Attempt, ...]:
    ordered = query.order_by(AttemptRow.answered_at, AttemptRow.id).execution_options(populate_existing=True)
    return tuple(_attempt(row) for row in await session.scalars(ordered))


async def list_answered(session: AsyncSession, member_id: int) -> dict[str, datetime]:
    """When the member last answered each question, wherever it was asked."""
    query = (
        select(AttemptRow.question, func.max(AttemptRow.answered_at))
        .where(AttemptRow.member_id == member_id)
        .group_by(AttemptRow.question)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def list_missed(session: AsyncSession, member_id: int, since: datetime) -> tuple[str, ...]:
    """The questions that the member answered wrong since then and not right after that, the newest mistake first."""
    query = (
        select(AttemptRow.question, AttemptRow.is_correct)
        .where(AttemptRow.member_id == member_id, AttemptRow.answered_at >= since, AttemptRow.is_correct.is_not(None))
        .order_by(AttemptRow.answered_at.desc(), AttemptRow.id.desc())
    )
    newest: dict[str, bool | None] = {}
    for question, is_correct in await session.execute(query):
        newest.setdefault(question, is_correct)
    return tuple(question for question, is_correct in newest.items() if is_correct is False)


async def list_question_attempts(
    session: AsyncSession, guild_id: int | None = None, since: datetime | None = None
) -> tuple[Attempt, ...]:
    """The first answer of every member to every question, in one server or everywhere (None), if it came since then.

    Answers to retired questions are left out.
    """
    first = select(func.min(AttemptRow.id)).where(AttemptRow.is_correct.is_not(None))
    if guild_id is not None:
        first = first.where(AttemptRow.guild_id == guild_id)
    first = first.group_by(AttemptRow.member_id, AttemptRow.question)
    query = select(AttemptRow).where(AttemptRow.id.in_(first))
    return await _attempts(session, query if since is None else query.where(AttemptRow.answered_at >= since))


async def update_grade(session: AsyncSession, attempt: Attempt, *, is_correct: bool | None) -> None:
    """Change whether an answer counts as right; None: it counts for nothing."""
    await session.execute(update(AttemptRow).where(AttemptRow.id == attempt.id).values(is_correct=is_correct))
    kind, _, rest = attempt.key.partition(":")
    probe_id, _, position = rest.partition(":")
    if kind == "probe" and is_correct is not None:
        where = (ProbeAnswerRow.probe_id == int(probe_id), ProbeAnswerRow.position == int(position))
        await session.execute(update(ProbeAnswerRow).where(*where).values(is_correct=is_correct))


async def update_confidence(session: AsyncSession, attempt_id: int, confidence: Confidence) -> None:
    await session.execute(update(AttemptRow).where(AttemptRow.id == attempt_id).values(confidence=confidence.value))


# Cards


async def find_card(session: AsyncSession, member_id: int, question: str) -> Card | None:
    row = await session.get(CardRow, (member_id, question), populate_existing=True)
    return None if row is None else _card(row)


async def update_card(session: AsyncSession, member_id: int, question: str, card: Card) -> None:
    """Keep a card, new or changed."""
    values = {
        "state": card.state.value,
        "step": card.step,
        "stability": card.stability,
        "difficulty": card.difficulty,
        "due_at": card.due,
        "reviewed_at": card.last_review,
    }
    statement = insert_into(session, CardRow).values(member_id=member_id, question=question, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["member_id", "question"], set_=values))


async def delete_card(session: AsyncSession, member_id: int, question: str) -> None:
    await session.execute(delete(CardRow).where(CardRow.member_id == member_id, CardRow.question == question))


async def list_cards(session: AsyncSession, member_id: int, *, due_by: datetime | None = None) -> tuple[DueCard, ...]:
    """The member's cards that are due by then, or all of them, the one that is due first at the head."""
    query = select(CardRow).where(CardRow.member_id == member_id)
    if due_by is not None:
        query = query.where(CardRow.due_at <= due_by)
    rows = await session.scalars(query.order_by(CardRow.due_at, CardRow.question))
    return tuple(DueCard(row.question, row.due_at, _card(row)) for row in rows)


# Rulings


async def lock_question(session: AsyncSession, question: str, *, is_shared: bool = False) -> None:
    """Let nobody decide about a question until the transaction ends; unless `is_shared`, let nobody answer it either.

    Without it, an answer that is graded while a key is corrected would keep its grade of before. Learners are locked
    first. SQLite writes one transaction after the other: whoever has locked a learner there is alone.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock_shared if is_shared else func.pg_advisory_xact_lock
        await session.execute(select(lock(_LOCK_CLASS, func.hashtext(question))))
    elif not is_shared:
        await session.execute(update(RulingRow).where(RulingRow.question == question).values(question=question))


_LOCK_CLASS = 1_885_434_739
"""Tells these locks of PostgreSQL from those of others."""


async def list_rulings(
    session: AsyncSession, guild_id: int | None, questions: Collection[str] | None = None
) -> dict[str, Ruling]:
    """The rulings that hold in a server, of all questions or of these; its own goes before one for everywhere."""
    query = select(RulingRow).where(RulingRow.guild_id.in_({EVERYWHERE, guild_id or EVERYWHERE}))
    if questions is not None:
        query = query.where(RulingRow.question.in_(questions))
    rows = await session.scalars(query.order_by(RulingRow.guild_id).execution_options(populate_existing=True))
    return {row.question: _ruling(row) for row in rows}


async def find_ruling(session: AsyncSession, question: str, guild_id: int) -> Ruling | None:
    """What was decided in exactly this server, or (0) for everywhere."""
    row = await session.get(RulingRow, (guild_id, question), populate_existing=True)
    return None if row is None else _ruling(row)


async def add_ruling(session: AsyncSession, ruling: Ruling, now: datetime) -> None:
    """Let a ruling hold from now on, in place of an earlier one."""
    values = {
        "verdict": ruling.verdict.value,
        "answer_key": ruling.key.to_json() if ruling.key else None,
        "note": ruling.note,
        "decided_at": now,
    }
    statement = insert_into(session, RulingRow).values(guild_id=ruling.guild_id, question=ruling.question, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["guild_id", "question"], set_=values))


async def delete_ruling(session: AsyncSession, question: str, guild_id: int) -> None:
    await session.execute(delete(RulingRow).where(_is_ruling(question, guild_id)))


def _is_ruling(question: str, guild_id: int) -> ColumnElement[bool]:
    return (RulingRow.guild_id == guild_id) & (RulingRow.question == question)


# News


async def add_news(session: AsyncSession, member_id: int, news: News, now: datetime) -> None:
    """Something to tell a member with their next quiz or review."""
    row = NewsRow(member_id=member_id, kind=news.kind, question=news.question, details=dict(news.details), made_at=now)
    session.add(row)
    await session.flush()


async def read_news(session: AsyncSession, member_id: int, now: datetime) -> tuple[News, ...]:
    """What the member has not been told yet, the oldest first; it counts as told from now on."""
    untold = (NewsRow.member_id == member_id, NewsRow.told_at.is_(None))
    rows = await session.execute(
        select(NewsRow.id, NewsRow.kind, NewsRow.question, NewsRow.details).where(*untold).order_by(NewsRow.id)
    )
    found = rows.all()
    if found:
        await session.execute(update(NewsRow).where(NewsRow.id.in_([row.id for row in found])).values(told_at=now))
    return tuple(News(row.kind, row.question, row.details) for row in found)


# Rows to models


def _round(row: RoundRow) -> Round:
    return Round(
        row.id,
        RoundKind(row.kind),
        row.member_id,
        row.guild_id,
        row.subject,
        tuple(row.questions),
        row.made_at,
        row.closes_at,
        row.finished_at,
    )


def _attempt(row: AttemptRow) -> Attempt:
    return Attempt(
        row.id,
        row.member_id,
        row.key,
        row.question,
        row.guild_id,
        row.round_id,
        row.position,
        Response.from_json(row.response),
        row.is_correct,
        Confidence(row.confidence) if row.confidence else None,
        row.answered_at,
    )


def _card(row: CardRow) -> Card:
    return card_of(
        state=row.state,
        step=row.step,
        stability=row.stability,
        difficulty=row.difficulty,
        due_at=row.due_at,
        reviewed_at=row.reviewed_at,
    )


def _ruling(row: RulingRow) -> Ruling:
    key = AnswerKey.from_json(row.answer_key) if row.answer_key else None
    return Ruling(row.question, row.guild_id, Verdict(row.verdict), key, row.note)
