"""Probes and their answers: rows <-> models."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.probe.models import GivenAnswer, Probe, Purpose
from bot.storage.tables import ProbeAnswerRow, ProbeRow
from bot.storage.upsert import insert_once

_UNKNOWN = -1
""""I don't know" in the column of the choice."""


async def add_probe(
    session: AsyncSession,
    member_id: int,
    purpose: Purpose,
    target: str | None,
    *,
    questions: Sequence[str],
    now: datetime,
) -> Probe:
    """Begin a probe; the learner must be there."""
    row = ProbeRow(member_id=member_id, purpose=purpose.value, target=target, questions=list(questions), made_at=now)
    session.add(row)
    await session.flush()
    return Probe(row.id, member_id, purpose, target, tuple(questions))


async def find_probe(session: AsyncSession, probe_id: int) -> Probe | None:
    """A probe with the answers given so far."""
    row = await session.get(ProbeRow, probe_id)
    return None if row is None else await _probe(session, row)


async def find_open_probe(
    session: AsyncSession, member_id: int, purpose: Purpose, target: str | None, since: datetime
) -> Probe | None:
    """The newest probe of this kind that was begun since then and is not finished."""
    same_target = ProbeRow.target.is_(None) if target is None else ProbeRow.target == target
    query = (
        select(ProbeRow)
        .where(
            ProbeRow.member_id == member_id,
            ProbeRow.purpose == purpose.value,
            same_target,
            ProbeRow.made_at >= since,
            ProbeRow.finished_at.is_(None),
        )
        .order_by(ProbeRow.id.desc())
        .limit(1)
    )
    row = (await session.scalars(query)).first()
    return None if row is None else await _probe(session, row)


async def update_finished(session: AsyncSession, probe_id: int, now: datetime) -> None:
    """Remember that a probe is over; the first time counts."""
    where = (ProbeRow.id == probe_id, ProbeRow.finished_at.is_(None))
    await session.execute(update(ProbeRow).where(*where).values(finished_at=now))


async def add_answer(session: AsyncSession, probe_id: int, position: int, answer: GivenAnswer, now: datetime) -> bool:
    """Take an answer; False if there is one already, which counts."""
    return await insert_once(
        session,
        ProbeAnswerRow,
        ("probe_id", "position"),
        probe_id=probe_id,
        position=position,
        choice=_UNKNOWN if answer.choice is None else answer.choice,
        is_correct=answer.is_correct,
        answered_at=now,
    )


async def list_answered(session: AsyncSession, member_id: int) -> dict[str, datetime]:
    """When the member last answered each question, in any probe."""
    query = (
        select(ProbeRow.questions, ProbeAnswerRow.position, ProbeAnswerRow.answered_at)
        .join(ProbeAnswerRow, ProbeAnswerRow.probe_id == ProbeRow.id)
        .where(ProbeRow.member_id == member_id)
        .order_by(ProbeAnswerRow.answered_at)
    )
    return {questions[position]: at for questions, position, at in await session.execute(query)}


async def _probe(session: AsyncSession, row: ProbeRow) -> Probe:
    query = select(ProbeAnswerRow.position, ProbeAnswerRow.choice, ProbeAnswerRow.is_correct)
    answers = await session.execute(query.where(ProbeAnswerRow.probe_id == row.id).order_by(ProbeAnswerRow.position))
    given = {
        position: GivenAnswer(None if choice == _UNKNOWN else choice, is_correct)
        for position, choice, is_correct in answers
    }
    return Probe(row.id, row.member_id, Purpose(row.purpose), row.target, tuple(row.questions), given)
