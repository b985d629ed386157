"""`make bench`: speed and memory of the tutor as ratios to the bare operation. Nothing is written but by --json."""

import argparse
import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bot.app import open_services
from bot.clock import system_clock
from bot.config import DatabaseSettings, IndexSettings, Settings
from indexer.build import build_index, is_stale
from indexer.encoder import SentenceTransformerEncoder
from tests.benchmarks.bare import Bare
from tests.benchmarks.dispatch import measure_dispatch
from tests.benchmarks.fresh_process import measure_fresh_processes
from tests.benchmarks.learner_model import Size, add_size, measure_learner_model
from tests.benchmarks.many_questions import measure_blocking, measure_throughput
from tests.benchmarks.matching import MEMBERS, measure_matching
from tests.benchmarks.measure import Measurement
from tests.benchmarks.one_question import measure_answer, measure_search
from tests.benchmarks.rebuild import measure_rebuild
from tests.benchmarks.report import as_json, as_table
from tests.benchmarks.weekly_load import measure_weekly_load
from tests.paths import KNOWLEDGE, ROOT

_INDEX = ROOT / "data" / "index"
_MEMBERS, _SECONDS = 500, 120
_SERVERS = 900
"""Of the 10,000 that the dispatcher must carry, as those take four minutes for each database: see `dispatch`."""
_SIZE = Size(learners=10_000, evidence=500_000)
"""A tenth of what the learner model must carry, as the whole takes minutes to fill: see `learner_model`."""


def main() -> int:
    """Measure, print, and with --strict say by the exit code whether every bar is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to FILE as well")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a bar is missed")
    add_size(parser, _SIZE)
    arguments = parser.parse_args()
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as scratch:
        with console.status("Measuring the search; this takes up to three minutes."):
            measurements = _measure(Path(scratch))
        size = Size(arguments.learners, arguments.evidence, arguments.rounds)
        measurements += measure_learner_model(size, Path(scratch), console)
        measurements += measure_dispatch(_SERVERS, Path(scratch), console)
        measurements += measure_weekly_load(_MEMBERS, _SECONDS, Path(scratch), console)
    measurements += measure_matching(MEMBERS, console)
    Console().print(as_table(measurements))
    if arguments.json:
        arguments.json.write_text(as_json(measurements), "utf-8")
    return int(arguments.strict and any(line.is_met is False for line in measurements))


def _measure(scratch: Path) -> list[Measurement]:
    settings = Settings(
        index=IndexSettings(knowledge=KNOWLEDGE, folder=_INDEX),
        database=DatabaseSettings(url=f"sqlite+aiosqlite:///{scratch / 'tutor.db'}"),
    )
    encoder = SentenceTransformerEncoder(threads=settings.index.threads)
    if is_stale(KNOWLEDGE, _INDEX, encoder.name):
        with encoder.all_cores():
            build_index(KNOWLEDGE, _INDEX, encoder, now=datetime.now(UTC))
    return [
        *asyncio.run(_measure_questions(settings, encoder)),
        measure_rebuild(encoder, _INDEX, scratch),
        *measure_fresh_processes(_INDEX, scratch),
    ]


async def _measure_questions(settings: Settings, encoder: SentenceTransformerEncoder) -> list[Measurement]:
    async with open_services(settings, system_clock, encoder) as services:
        bare = Bare(encoder._model, services.index.snapshot.vectors.vectors())
        return [
            await measure_search(services.index, bare),
            await measure_answer(services.ask, bare),
            await measure_throughput(services.index, bare),
            await measure_blocking(services.index),
        ]


if __name__ == "__main__":
    raise SystemExit(main())
