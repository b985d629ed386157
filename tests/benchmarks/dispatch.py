"""Every server's weekly quiz is due in the same minute: how evenly the dispatcher posts them. Leaves nothing behind.

The dispatcher and the databases are real, Discord is simulated: a request takes 0.1 to 0.3 seconds.
"""

import argparse
import asyncio
import itertools
import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from sqlalchemy import insert, text

from bot.scheduling import store
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Occurrence, WorkState
from bot.storage.database import Database
from bot.storage.tables import OccurrenceRow
from tests.benchmarks.many_questions import _longest_block
from tests.benchmarks.measure import Bar, Measurement
from tests.benchmarks.report import as_json, as_table
from tests.bot.databases import KINDS, run_postgresql

RATE = 45.0
SERVERS = 10_000
LIMIT = 50
"""Requests a second that Discord allows a bot."""

_MINUTE = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
_BARE = 450
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def main() -> int:
    """Measure, print, and with --strict say by the exit code whether every bar is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.dispatch", description=__doc__)
    parser.add_argument("--servers", type=int, default=SERVERS, metavar="N", help=f"servers (default: {SERVERS})")
    parser.add_argument("--database", choices=KINDS, action="append", help="one of the two only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to FILE as well")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a bar is missed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        kinds = arguments.database or KINDS
        measurements = measure_dispatch(arguments.servers, Path(scratch), Console(stderr=True), kinds)
    Console().print(as_table(measurements))
    if arguments.json:
        arguments.json.write_text(as_json(measurements), "utf-8")
    return int(arguments.strict and any(line.is_met is False for line in measurements))


def measure_dispatch(servers: int, scratch: Path, console: Console, kinds: Sequence[str] = KINDS) -> list[Measurement]:
    """Each database in turn, against bare posting at the same rate."""
    return asyncio.run(_measure_all(servers, scratch, console, kinds))


async def _measure_all(servers: int, scratch: Path, console: Console, kinds: Sequence[str]) -> list[Measurement]:
    with console.status("Posting without dispatcher and database."):
        bare, idle_block = await _watch(_post_bare(min(servers, _BARE)))
    found = []
    for kind in kinds:
        with console.status(f"{servers:,} servers on {_NAMES[kind]} at {RATE:g} posts a second."):
            async with open_database(kind, scratch) as database:
                order = await fill(database, servers)
                posted, block = await _watch(post_all(database, order))
        found += _lines(f"{servers:,} quizzes due at once, {_NAMES[kind]}", posted, bare, (block, idle_block))
    return found


@asynccontextmanager
async def open_database(kind: str, scratch: Path) -> AsyncIterator[Database]:
    """A new database of this kind."""
    if kind == "sqlite":
        database = Database(f"sqlite+aiosqlite:///{scratch / 'dispatch.db'}")
        await database.upgrade()
        yield database
        await database.close()
        return
    with run_postgresql() as server:
        database = Database(server.new_database())
        await database.upgrade()
        server.run("ALTER SYSTEM RESET fsync", "SELECT pg_reload_conf()")
        yield database
        await database.close()


@dataclass
class SimulatedDiscord:
    """Takes its time for each request, and remembers when it came and for whom."""

    rng: random.Random = field(default_factory=lambda: random.Random(1))
    requests: list[tuple[float, int]] = field(default_factory=list)

    async def post(self, server: int) -> int:
        self.requests.append((time.perf_counter(), server))
        await asyncio.sleep(self.rng.uniform(0.1, 0.3))
        return len(self.requests)

    @property
    def rate(self) -> float:
        """Requests a second, from the first to the last."""
        return (len(self.requests) - 1) / (self.requests[-1][0] - self.requests[0][0])

    @property
    def most_in_a_second(self) -> int:
        """The most requests in any second, wherever it begins."""
        most, first = 0, 0
        for last, (at, _) in enumerate(self.requests):
            while at - self.requests[first][0] >= 1:
                first += 1
            most = max(most, last - first + 1)
        return most

    @property
    def duplicates(self) -> int:
        return len(self.requests) - len({server for _, server in self.requests})

    def count_out_of_order(self, order: Sequence[int]) -> int:
        """Requests that came before one that was due earlier."""
        place = {server: number for number, server in enumerate(order)}
        came = [place[server] for _, server in self.requests]
        return sum(earlier > later for earlier, later in itertools.pairwise(came))


@dataclass(frozen=True, slots=True)
class Posted:
    """What Discord saw, and how many servers it was to see in which order."""

    discord: SimulatedDiscord
    order: Sequence[int]


async def post_all(database: Database, order: Sequence[int]) -> Posted:
    """Work off what is due, and make sure that the database holds it."""
    discord = SimulatedDiscord()
    now = _MINUTE + timedelta(minutes=1)
    dispatcher = Dispatcher(database, lambda: now, rate=RATE)

    async def post(occurrence: Occurrence) -> None:
        await dispatcher.pace()
        message = await discord.post(occurrence.subject_id)
        async with database.transaction() as session:
            due_at = occurrence.due_at + timedelta(weeks=1)
            await store.add_occurrence(session, occurrence.kind, occurrence.subject_id, "2026-W11", due_at)
            await dispatcher.end(session, occurrence, WorkState.DONE, f"message {message}")

    dispatcher.register("quiz", post)
    assert await dispatcher.run_due() == len(order)
    async with database.transaction() as session:
        done = await session.scalar(text("SELECT count(*) FROM occurrences WHERE slot = '2026-W10' AND state = 'done'"))
        planned = await session.scalar(text("SELECT count(*) FROM occurrences WHERE slot = '2026-W11'"))
    assert (done, planned) == (len(order), len(order))
    return Posted(discord, order)


async def fill(database: Database, servers: int) -> list[int]:
    """Work that is due, and weeks of work that is over. Returns the servers in the order in which they are due."""
    due = {server: _MINUTE + timedelta(seconds=server * 7 % 60) for server in range(1, servers + 1)}
    rows = [
        {
            "kind": "quiz",
            "subject_id": server,
            "slot": f"2026-W{10 - week:02}",
            "due_at": due_at - timedelta(weeks=week),
            "state": "done" if week else "waiting",
            "tries": 0,
        }
        for week in range(4)
        for server, due_at in due.items()
    ]
    async with database.transaction() as session:
        await session.execute(insert(OccurrenceRow), rows)
    return sorted(due, key=lambda server: (due[server], server))


async def _post_bare(count: int) -> Posted:
    """The same requests at the same rate, each begun at its time by a clock."""
    discord = SimulatedDiscord()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for server in range(count):
            await asyncio.sleep(max(began + server / RATE - time.perf_counter(), 0))
            group.create_task(discord.post(server))
    return Posted(discord, range(count))


async def _watch(work) -> tuple[Posted, float]:
    """What came of it, and the longest time that the event loop was blocked meanwhile."""
    task = asyncio.create_task(work)
    block = await _longest_block(task)
    return task.result(), block


def _lines(name: str, posted: Posted, bare: Posted, blocks: tuple[float, float]) -> list[Measurement]:
    pair = (posted, bare)
    disorder = [run.discord.count_out_of_order(run.order) for run in pair]
    return [
        Measurement(f"{name}: posts", "per s", *(run.discord.rate for run in pair), Bar("≥", 0.95)),
        Measurement(
            f"{name}: most in any second",
            "posts",
            *(run.discord.most_in_a_second for run in pair),
            Bar("≤", LIMIT, of="value"),
        ),
        Measurement(f"{name}: before one that was due earlier", "posts", *disorder, Bar("=", 0, of="value")),
        Measurement(
            f"{name}: posted twice", "posts", *(run.discord.duplicates for run in pair), Bar("=", 0, of="value")
        ),
        Measurement(f"{name}: longest event loop block", "ms", *(1000 * block for block in blocks)),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
