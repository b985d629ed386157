"""The plug is pulled in the middle of work: what was confirmed is there, once, and every sum fits."""

import asyncio
import random
import subprocess
import sys
from collections import Counter, defaultdict

import pytest
from sqlalchemy import select

from bot.features.progress.models import EvidenceKind
from bot.features.progress.rules.mastery import evidence_weight
from bot.storage.database import Database
from bot.storage.tables import EvidenceRow, MasteryRow, ProgressChangeRow, ProgressRow
from tests.bot.kill_writer import MEMBERS
from tests.paths import ROOT

ROUNDS = 5
WORKERS = 6
AGAIN = 4
"""So many of its last writes each worker sends once more after a restart, as a member who clicks again."""


def write_until_killed(url, starts, lines):
    """Start a writer, kill it after so many confirmations, and return all that it has confirmed."""
    process = subprocess.Popen(  # noqa: S603 - this interpreter, fixed arguments
        [sys.executable, "-m", "tests.bot.kill_writer", url, *map(str, starts)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    confirmed = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    rest, errors = process.communicate()
    assert errors == ""
    assert process.returncode == -9
    confirmed.extend(rest.splitlines(keepends=True))
    return [line.strip() for line in confirmed if line.endswith("\n")]


def test_what_was_confirmed_outlives_kill_9(database_url):
    dice = random.Random()
    confirmed = set()
    starts = [0] * WORKERS
    for _ in range(ROUNDS):
        confirmed.update(write_until_killed(database_url, starts, dice.randint(20, 150)))
        for worker, number in (map(int, key.split(":")) for key in confirmed):
            starts[worker] = max(starts[worker], number)
        starts = [max(start - AGAIN, 0) for start in starts]
    asyncio.run(check(database_url, confirmed))


async def check(url, confirmed):
    database = Database(url)
    await database.upgrade()
    async with database.snapshot() as connection:
        tables = {
            table: (await connection.execute(select(table.__table__))).all()
            for table in (EvidenceRow, ProgressChangeRow, MasteryRow, ProgressRow)
        }
    await database.close()
    logged = [*tables[EvidenceRow], *tables[ProgressChangeRow]]
    times = Counter(row.key for row in logged)
    assert set(times.values()) == {1}
    assert confirmed <= set(times)
    assert len(set(times) - confirmed) <= WORKERS  # each may have been killed between the commit and its confirmation
    assert {row.member_id for row in logged} == set(MEMBERS)
    for row in logged:
        assert MEMBERS[int(row.key.split(":")[0]) % 2] == row.member_id
    check_mastery(tables[EvidenceRow], tables[MasteryRow])
    check_progress(tables[ProgressChangeRow], tables[ProgressRow])


def check_mastery(evidence, mastery):
    answers, weights = Counter(), defaultdict(float)
    for row in evidence:
        answers[row.member_id, row.concept] += 1
        weights[row.member_id, row.concept, row.is_correct] += evidence_weight(EvidenceKind.PROBE, row.observed_at)
    assert {(row.member_id, row.concept): row.answers for row in mastery} == answers
    for row in mastery:
        assert row.right_weight == pytest.approx(weights[row.member_id, row.concept, True], rel=1e-12)
        assert row.wrong_weight == pytest.approx(weights[row.member_id, row.concept, False], rel=1e-12)


def check_progress(changes, progress):
    minutes, last = Counter(), {}
    for row in sorted(changes, key=lambda row: row.id):
        minutes[row.member_id, row.item] += row.minutes
        assert row.before == last.get((row.member_id, row.item))
        last[row.member_id, row.item] = row.after
    assert {(row.member_id, row.item): row.minutes for row in progress} == minutes
    assert {(row.member_id, row.item): row.state for row in progress} == last
