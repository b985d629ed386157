"""The learner model at full size: what /next and /progress take on SQLite and on PostgreSQL. Leaves nothing behind."""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from bot.features.next_step.service import NextStepService
from bot.features.progress.service import ProgressService
from bot.storage.database import Database
from knowledge.curriculum import Curriculum
from knowledge.loader import load_knowledge
from tests.benchmarks.bare_statements import BareStatements, bare_postgresql, bare_sqlite
from tests.benchmarks.filled_databases import postgresql_database, sqlite_database
from tests.benchmarks.learner_rows import NOW, MadeUpLearners
from tests.benchmarks.measure import Bar, Measurement, Operation
from tests.benchmarks.report import as_json, as_table
from tests.paths import KNOWLEDGE

LIMIT = 20.0
"""Milliseconds that 95 of 100 learners wait at most for what the database and the rules do."""

_WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Size:
    """How many learners there are, how many pieces of evidence, and how many learners of a group are measured."""

    learners: int = 100_000
    evidence: int = 5_000_000
    rounds: int = 300


def main() -> int:
    """Measure, print, and with --strict say by the exit code whether every bar is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.learner_model", description=__doc__)
    add_size(parser, Size())
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to FILE as well")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a bar is missed")
    arguments = parser.parse_args()
    size = Size(arguments.learners, arguments.evidence, arguments.rounds)
    with tempfile.TemporaryDirectory() as scratch:
        measurements = measure_learner_model(size, Path(scratch), Console(stderr=True))
    Console().print(as_table(measurements))
    if arguments.json:
        arguments.json.write_text(as_json(measurements), "utf-8")
    return int(arguments.strict and any(line.is_met is False for line in measurements))


def add_size(parser: argparse.ArgumentParser, default: Size) -> None:
    """The options that say how large the databases are."""
    for name, number, what in (
        ("--learners", default.learners, "learners in each database"),
        ("--evidence", default.evidence, "pieces of evidence of all learners together"),
        ("--rounds", default.rounds, "learners of each group that are measured"),
    ):
        parser.add_argument(name, type=int, default=number, metavar="N", help=f"{what} (default: {number})")


def measure_learner_model(size: Size, scratch: Path, console: Console) -> list[Measurement]:
    """Both use cases on both databases, one database after the other."""
    curriculum = load_knowledge(KNOWLEDGE).curriculum
    return asyncio.run(_measure_both(curriculum, size, scratch, console))


async def _measure_both(curriculum: Curriculum, size: Size, scratch: Path, console: Console) -> list[Measurement]:
    with console.status("Making up learners."):
        learners = MadeUpLearners(curriculum, size.learners, size.evidence)
    found = []
    async with sqlite_database(learners, scratch, console) as database, bare_sqlite(database) as bare:
        found += await _measure_database("SQLite", _Both(database, curriculum, bare), learners, size.rounds, console)
    async with postgresql_database(learners, console) as database, bare_postgresql(database) as bare:
        found += await _measure_database(
            "PostgreSQL", _Both(database, curriculum, bare), learners, size.rounds, console
        )
    return found


class _Both:
    """The two use cases, and their statements through the driver alone."""

    def __init__(self, database: Database, curriculum: Curriculum, bare: BareStatements) -> None:
        progress = ProgressService(database, lambda: NOW, curriculum)
        next_step = NextStepService(database, lambda: NOW, curriculum, progress)
        self.pairs: dict[str, tuple[Operation, Operation]] = {
            "/next": (next_step.recommend, bare.recommend),
            "/progress": (progress.show_overview, bare.show_overview),
        }


async def _measure_database(
    name: str, both: _Both, learners: MadeUpLearners, rounds: int, console: Console
) -> list[Measurement]:
    """Learners taken at random, and learners as likely as they are active; the latter meet the bar too."""
    groups = {"any learner": learners.any_of_them(rounds), "active ones": learners.active_ones(rounds)}
    found = []
    with console.status(f"Measuring /next and /progress on {name}."):
        for tutor, bare in both.pairs.values():
            for member in learners.any_of_them(rounds + _WARM_UP)[rounds:]:
                await tutor(member)
                await bare(member)
        for group, members in groups.items():
            for command, (tutor, bare) in both.pairs.items():
                times = await _times(tutor, bare, members)
                found += _lines(f"{command}, {name}, {group}", *times)
    return found


async def _times(tutor: Operation, bare: Operation, members: Sequence[int]) -> tuple[list[float], list[float]]:
    """The milliseconds of each. One goes through the members backwards, as whoever comes second finds pages warm."""
    times: tuple[list[float], list[float]] = ([], [])
    for pair in zip(members, reversed(members), strict=True):
        for operation, member, taken in zip((tutor, bare), pair, times, strict=True):
            started = time.perf_counter()
            await operation(member)
            taken.append(1000 * (time.perf_counter() - started))
    return times


def _lines(name: str, tutor: Sequence[float], bare: Sequence[float]) -> list[Measurement]:
    def line(what: str, share: float, bar: Bar | None = None) -> Measurement:
        return Measurement(f"{name}: {what}", "ms", *(float(np.quantile(times, share)) for times in (tutor, bare)), bar)

    return [line("median", 0.5), line("p95", 0.95, Bar("≤", LIMIT, of="value")), line("longest", 1.0)]


if __name__ == "__main__":
    raise SystemExit(main())
