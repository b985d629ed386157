"""The plug is pulled between a click and its grade: an answer is there whole or not at all, and never twice."""

import asyncio
import random
import subprocess
import sys

import pytest
from sqlalchemy import select

from bot.features.questions.rules.scheduling import replay
from bot.features.questions.store import list_attempts
from bot.storage.database import Database
from bot.storage.tables import AttemptRow, CardRow, EvidenceRow, MasteryRow
from tests.bot.answer_writer import BANK, MEMBERS, STAGES, right_in
from tests.bot.schedulers import SCHEDULER
from tests.paths import ROOT

ROUNDS = 4


def start(url, *stage):
    return subprocess.Popen(  # noqa: S603 - this interpreter, fixed arguments
        [sys.executable, "-m", "tests.bot.answer_writer", url, *stage],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill(process):
    process.kill()
    rest, errors = process.communicate()
    assert errors == ""
    assert process.returncode == -9
    return [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]


def finish(url):
    """A process that goes on to the end of the quiz."""
    _, errors = start(url).communicate()
    assert errors == ""


async def tables_of(url):
    database = Database(url)
    async with database.snapshot() as connection:
        tables = {
            table: (await connection.execute(select(table.__table__))).all()
            for table in (AttemptRow, EvidenceRow, CardRow, MasteryRow)
        }
    async with database.transaction() as session:
        attempts = await list_attempts(session, 1)
    await database.close()
    return tables, attempts


def check_whole(url):
    """Attempts, evidence, cards and mastery tell the same story."""
    tables, attempts = asyncio.run(tables_of(url))
    keys = [(attempt.member_id, attempt.key) for attempt in attempts]
    assert len(keys) == len(set(keys))
    assert {(row.member_id, row.key): row.is_correct for row in tables[EvidenceRow]} == {
        (attempt.member_id, attempt.key): attempt.is_correct for attempt in attempts
    }
    assert len(tables[EvidenceRow]) == len(keys)
    assert {(row.member_id, row.question): row.due_at for row in tables[CardRow]} == {
        (attempt.member_id, attempt.question): replay(SCHEDULER, [attempt]).due for attempt in attempts
    }
    assert sum(row.answers for row in tables[MasteryRow]) == len(keys)
    for attempt in attempts:
        assert attempt.is_correct is right_in(attempt.member_id, attempt.position)
    return {f"{member} {key}" for member, key in keys}


EVERY_ANSWER = {f"{member} round:1:{position}" for member in MEMBERS for position in range(len(BANK))}


@pytest.mark.parametrize("stage", STAGES)
def test_an_answer_that_was_not_committed_is_not_there_and_can_be_given_again(database_url, stage):
    process = start(database_url, stage)
    assert process.stdout.readline() == f"{stage}\n"
    kill(process)
    assert check_whole(database_url) == set()
    finish(database_url)
    assert check_whole(database_url) == EVERY_ANSWER


def test_answers_outlive_kills_at_any_moment(database_url):
    dice, confirmed = random.Random(), set()
    for _ in range(ROUNDS):
        process = start(database_url)
        confirmed.update(process.stdout.readline().strip() for _ in range(dice.randint(5, 50)))
        confirmed.update(line.strip() for line in kill(process))
        assert confirmed <= check_whole(database_url)
    finish(database_url)
    assert check_whole(database_url) == EVERY_ANSWER
