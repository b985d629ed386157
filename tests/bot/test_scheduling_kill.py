"""The plug is pulled between claiming, posting and recording: whoever comes next ends it, with one post in all."""

import asyncio
import random
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta

import pytest

from bot.scheduling import store
from bot.scheduling.dispatcher import Dispatcher
from bot.storage.database import Database
from tests.bot.databases import rows
from tests.bot.schedule_writer import BEGAN, CLAIMED, LEASE, POSTED, RECORDING, Board
from tests.paths import ROOT

POSTS = 120
GUILD = 2**63 - 1
STATES = "SELECT kind, slot, state, tries, note FROM occurrences ORDER BY id"


def start(url, board, now, *stage):
    return subprocess.Popen(  # noqa: S603 - this interpreter, fixed arguments
        [sys.executable, "-m", "tests.bot.schedule_writer", url, str(board), now.isoformat(), *stage],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    """Let it work until nothing is due; what it says."""
    out, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    return out.split()


@contextmanager
def kill_after(process):
    yield
    process.kill()
    _, errors = process.communicate()
    assert errors == ""
    assert process.returncode == -9


def on(url, work):
    """Use the database between two processes."""

    async def run():
        database = Database(url)
        try:
            await database.upgrade()
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


async def plan(database, slots):
    async with database.transaction() as session:
        for slot in slots:
            await store.add_occurrence(session, "post", GUILD, slot, BEGAN)


async def look_early(database):
    """Another process that looks while the lease of the killed one still runs."""
    early = BEGAN + LEASE - timedelta(seconds=1)
    dispatcher = Dispatcher(database, lambda: early, lease=LEASE)
    dispatcher.register("post", lambda occurrence: pytest.fail(f"{occurrence} is somebody else's"))
    assert await dispatcher.run_due() == 0
    return await rows(database, STATES)


@pytest.mark.parametrize(("stage", "posts"), [(CLAIMED, []), (POSTED, ["W10"]), (RECORDING, ["W10"])])
def test_a_post_that_was_begun_is_ended_by_the_next_process(database_url, tmp_path, stage, posts):
    file = tmp_path / "board"
    on(database_url, lambda database: plan(database, ["W10"]))
    killed = start(database_url, file, BEGAN, stage)
    with kill_after(killed):
        assert killed.stdout.readline() == f"{stage}\n"
    assert Board(file).posts() == posts
    assert on(database_url, look_early) == [("post", "W10", "claimed", 1, None)]
    assert finish(start(database_url, file, BEGAN + LEASE)) == ["W10"]
    assert Board(file).posts() == ["W10"]
    assert on(database_url, lambda database: rows(database, STATES)) == [
        ("post", "W10", "done", 2, "message 1"),
        ("close", "W10", "waiting", 0, None),
    ]


def test_many_posts_outlive_kills_at_any_moment(database_url, tmp_path):
    dice = random.Random()
    file, now = tmp_path / "board", BEGAN
    slots = [f"slot-{number:03}" for number in range(POSTS)]
    on(database_url, lambda database: plan(database, slots))
    said = []
    for _ in range(3):
        process = start(database_url, file, now)
        with kill_after(process):
            said += [process.stdout.readline().strip() for _ in range(dice.randint(1, 30))]
        now += LEASE
    said += finish(start(database_url, file, now))
    assert sorted(Board(file).posts()) == slots
    ended = on(database_url, lambda database: rows(database, STATES))
    assert sorted(slot for kind, slot, state, *_ in ended if (kind, state) == ("post", "done")) == slots
    assert sorted(slot for kind, slot, state, *_ in ended if (kind, state) == ("close", "waiting")) == slots
    assert len(ended) == 2 * POSTS
    assert len(said) == len(set(said))
