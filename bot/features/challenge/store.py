"""Challenges, and what is read of answers to decide about them: rows <-> models."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.challenge.models import Challenge, ChallengeState, Change, Post
from bot.features.questions.models import EVERYWHERE, Response, RoundKind, Verdict
from bot.features.questions.rules.statistics import FirstAnswer
from bot.storage.tables import AttemptRow, ChallengeRow, LearnerRow, NewsRow, RoundRow, RulingRow

# Challenges


async def add_challenge(
    session: AsyncSession,
    member_id: int,
    *,
    guild_id: int | None,
    question: str,
    attempt_key: str,
    reason: str,
    now: datetime,
) -> Challenge:
    """A new open challenge; the learner must be there."""
    row = ChallengeRow(
        member_id=member_id,
        guild_id=guild_id,
        question=question,
        attempt_key=attempt_key,
        reason=reason,
        state=ChallengeState.OPEN.value,
        made_at=now,
    )
    session.add(row)
    await session.flush()
    return _challenge(row)


async def find_challenge(session: AsyncSession, challenge_id: int) -> Challenge | None:
    # Rows are written past the session's objects, so that one which somebody still holds would be out of date.
    row = await session.get(ChallengeRow, challenge_id, populate_existing=True)
    return None if row is None else _challenge(row)


async def find_posted(session: AsyncSession, message_id: int) -> Challenge | None:
    """The oldest challenge that this message tells of."""
    return next(iter(await _list(session, ChallengeRow.message_id == message_id)), None)


async def list_own(session: AsyncSession, member_id: int) -> tuple[Challenge, ...]:
    """The member's challenges that wait, wherever they were made."""
    return await _list(session, ChallengeRow.member_id == member_id, _IS_OPEN)


async def list_open(
    session: AsyncSession, guild_id: int | None = None, question: str | None = None, *, is_everywhere: bool = False
) -> tuple[Challenge, ...]:
    """What waits in a server (None: what was made in direct messages), or `is_everywhere`; the oldest first."""
    where: list[ColumnElement[bool]] = [_IS_OPEN]
    if not is_everywhere:
        where.append(_in(guild_id))
    if question is not None:
        where.append(ChallengeRow.question == question)
    return await _list(session, *where)


async def list_group(session: AsyncSession, challenge: Challenge) -> tuple[Challenge, ...]:
    """The challenges that are decided together with this one, or were; the oldest first."""
    return await _list(session, *_group(challenge))


async def list_kept(session: AsyncSession, guild_id: int | None) -> tuple[Challenge, ...]:
    """The challenges in a server (None: in direct messages) after which a question was kept, the newest first."""
    found = await _list(session, _in(guild_id), ChallengeRow.state == ChallengeState.KEPT.value)
    return tuple(sorted(found, key=lambda challenge: challenge.decided_at or challenge.made_at, reverse=True))


async def list_decided(
    session: AsyncSession, guild_id: int, question: str, decided_at: datetime
) -> tuple[Challenge, ...]:
    """The challenges of a question that were decided at that moment, in a server or (0) for everywhere."""
    where: list[ColumnElement[bool]] = [ChallengeRow.question == question, ChallengeRow.decided_at == decided_at]
    if guild_id != EVERYWHERE:
        where.append(_in(guild_id))
    return await _list(session, *where)


async def update_decided(
    session: AsyncSession, challenges: Sequence[Challenge], state: ChallengeState, now: datetime
) -> None:
    """Close challenges."""
    await _update(session, challenges, state=state.value, decided_at=now)


async def update_reopened(session: AsyncSession, challenges: Sequence[Challenge]) -> None:
    """Let challenges wait once more."""
    await _update(session, challenges, state=ChallengeState.OPEN.value, decided_at=None)


async def update_post(session: AsyncSession, challenge: Challenge, post: Post, replaces: Post | None) -> None:
    """Remember the message that tells of a challenge and of those decided with it, unless there is another by now."""
    is_free: ColumnElement[bool] = ChallengeRow.message_id.is_(None)
    if replaces is not None:
        is_free = is_free | (ChallengeRow.message_id == replaces.message_id)
    values = {"channel_id": post.channel_id, "message_id": post.message_id}
    await session.execute(update(ChallengeRow).where(*_group(challenge), is_free).values(**values))


_IS_OPEN = ChallengeRow.state == ChallengeState.OPEN.value


def _in(guild_id: int | None) -> ColumnElement[bool]:
    return ChallengeRow.guild_id.is_(None) if guild_id is None else ChallengeRow.guild_id == guild_id


def _group(challenge: Challenge) -> list[ColumnElement[bool]]:
    at = challenge.decided_at
    return [
        _in(challenge.guild_id),
        ChallengeRow.question == challenge.question,
        ChallengeRow.state == challenge.state.value,
        ChallengeRow.decided_at.is_(None) if at is None else ChallengeRow.decided_at == at,
    ]


async def _list(session: AsyncSession, *where: ColumnElement[bool]) -> tuple[Challenge, ...]:
    query = select(ChallengeRow).where(*where).order_by(ChallengeRow.id).execution_options(populate_existing=True)
    return tuple(_challenge(row) for row in await session.scalars(query))


async def _update(session: AsyncSession, challenges: Sequence[Challenge], **values: Any) -> None:
    ids = [challenge.id for challenge in challenges]
    await session.execute(update(ChallengeRow).where(ChallengeRow.id.in_(ids)).values(**values))


# Rulings


@dataclass(frozen=True, slots=True)
class RulingTime:
    """When a question was decided on, and how."""

    question: str
    verdict: Verdict
    decided_at: datetime


async def list_ruling_times(session: AsyncSession, guild_id: int) -> tuple[RulingTime, ...]:
    """What was decided in a server, or (0) for everywhere, the newest first."""
    query = select(RulingRow.question, RulingRow.verdict, RulingRow.decided_at).where(RulingRow.guild_id == guild_id)
    rows = await session.execute(query.order_by(RulingRow.decided_at.desc(), RulingRow.question))
    return tuple(RulingTime(question, Verdict(verdict), at) for question, verdict, at in rows)


async def list_ruling_servers(session: AsyncSession, question: str) -> frozenset[int]:
    """The servers that have decided about a question themselves."""
    query = select(RulingRow.guild_id).where(RulingRow.question == question, RulingRow.guild_id != EVERYWHERE)
    return frozenset(await session.scalars(query))


# Answers


async def lock_learners(session: AsyncSession, question: str, guild_id: int, others: Iterable[int] = ()) -> None:
    """Hold everybody who has answered a question there (0: anywhere), and these others, until the transaction ends.

    In the order of their ids, so that two transactions never wait for each other. SQLite has one writer anyway.
    """
    answered = select(AttemptRow.member_id).where(AttemptRow.question == question)
    if guild_id != EVERYWHERE:
        answered = answered.where(AttemptRow.guild_id == guild_id)
    wanted = LearnerRow.member_id.in_(answered) | LearnerRow.member_id.in_(list(others))
    await session.execute(select(LearnerRow.member_id).where(wanted).order_by(LearnerRow.member_id).with_for_update())


async def list_first_answers(session: AsyncSession, question: str) -> tuple[FirstAnswer, ...]:
    """Everybody's first answer to a question in any server, with how they did on all others."""
    own = select(func.min(AttemptRow.id)).where(AttemptRow.question == question).group_by(AttemptRow.member_id)
    answers = await session.execute(
        select(AttemptRow.member_id, AttemptRow.response).where(AttemptRow.id.in_(own)).order_by(AttemptRow.member_id)
    )
    rests = await _rests(session, question)
    return tuple(
        FirstAnswer(member_id, Response.from_json(response), *rests.get(member_id, (0, 0)))
        for member_id, response in answers
    )


async def _rests(session: AsyncSession, question: str) -> dict[int, tuple[int, int]]:
    """How many first answers to other questions were right, and how many there are, by member."""
    members = select(AttemptRow.member_id).where(AttemptRow.question == question)
    firsts = (
        select(func.min(AttemptRow.id))
        .where(AttemptRow.member_id.in_(members), AttemptRow.question != question, AttemptRow.is_correct.is_not(None))
        .group_by(AttemptRow.member_id, AttemptRow.question)
    )
    is_right = func.count(AttemptRow.id).filter(AttemptRow.is_correct.is_(True))
    query = select(AttemptRow.member_id, is_right, func.count(AttemptRow.id)).where(AttemptRow.id.in_(firsts))
    rows = await session.execute(query.group_by(AttemptRow.member_id))
    return {member_id: (right, total) for member_id, right, total in rows}


async def list_closed_rounds(session: AsyncSession, question: str, guild_id: int) -> tuple[int, ...]:
    """The weekly quizzes that asked a question and are over, in a server or (0) in all of them."""
    query = select(RoundRow.id, RoundRow.questions).where(
        RoundRow.kind == RoundKind.WEEKLY.value, RoundRow.finished_at.is_not(None)
    )
    if guild_id != EVERYWHERE:
        query = query.where(RoundRow.guild_id == guild_id)
    return tuple(round_id for round_id, questions in await session.execute(query) if question in questions)


# News


@dataclass(frozen=True, slots=True)
class PendingNews:
    """Something about a question that a member has not been told yet. `scope` is the server that decided (0: all)."""

    id: int
    member_id: int
    details: Mapping[str, Any]

    @property
    def scope(self) -> int | None:
        return self.details.get("scope")

    @property
    def is_kept(self) -> bool:
        return self.details.get("verdict") == Verdict.KEPT.value

    @property
    def change(self) -> Change | None:
        return Change(self.details["before"], self.details["after"]) if "before" in self.details else None


async def list_pending_news(session: AsyncSession, question: str) -> tuple[PendingNews, ...]:
    """What members have not been told about a question, the oldest first."""
    query = select(NewsRow.id, NewsRow.member_id, NewsRow.details).where(
        NewsRow.question == question, NewsRow.told_at.is_(None)
    )
    return tuple(PendingNews(*row) for row in await session.execute(query.order_by(NewsRow.id)))


async def delete_news(session: AsyncSession, news: Sequence[PendingNews]) -> None:
    """Do not tell this any more."""
    for begin in range(0, len(news), _AT_ONCE):
        ids = [piece.id for piece in news[begin : begin + _AT_ONCE]]
        await session.execute(delete(NewsRow).where(NewsRow.id.in_(ids)))


_AT_ONCE = 1000
"""Databases limit the number of values in a statement."""


# Rows to models


def _challenge(row: ChallengeRow) -> Challenge:
    return Challenge(
        row.id,
        row.member_id,
        row.guild_id,
        row.question,
        row.attempt_key,
        row.reason,
        ChallengeState(row.state),
        row.channel_id,
        row.message_id,
        row.made_at,
        row.decided_at,
    )
