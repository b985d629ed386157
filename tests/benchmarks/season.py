"""Eight weeks of forty study groups in twelve time zones, played through the real bot. Leaves nothing behind.

Every question and every digest has to come exactly once at the right local hour, no private text may stand where others
read it, and each member's rhythm has to equal a recount.
"""

import argparse
import asyncio
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from bot.config import DatabaseSettings, IndexSettings, Settings
from bot.scheduling import cog as scheduling_cog
from indexer.build import build_index, is_stale
from indexer.encoder import SentenceTransformerEncoder
from tests.bot.season import ZONES, Found, Season
from tests.bot.server import running_server
from tests.paths import KNOWLEDGE, ROOT

_INDEX = ROOT / "data" / "index"


def main() -> int:
    """Play it, print what was compared, and say by the exit code whether anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.season", description=__doc__)
    parser.add_argument("--groups", type=int, default=40, metavar="N", help="study groups (default: 40)")
    parser.add_argument("--zones", type=int, default=len(ZONES), metavar="N", help="time zones (default: 12)")
    parser.add_argument("--weeks", type=int, default=8, metavar="N", help="weeks (default: 8)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another number is another season")
    arguments = parser.parse_args()
    console = Console()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        found = asyncio.run(_play(arguments, Path(scratch)))
    for name, value in asdict(found).items():
        if name != "wrong":
            console.print(f"{name.replace('_', ' '):>14}  {value}")
    console.print(f"{'seconds':>14}  {time.perf_counter() - begun:.0f}")
    for line in found.wrong:
        console.print(f"WRONG {line}", markup=False)
    console.print("Everything is as it should be." if not found.wrong else f"{len(found.wrong)} things are wrong.")
    return int(bool(found.wrong))


async def _play(arguments: argparse.Namespace, scratch: Path) -> Found:
    # A look a minute would make simulated weeks last; planned work is done at its time all the same.
    scheduling_cog.LONGEST_SLEEP = timedelta(days=1)
    settings = Settings(
        index=IndexSettings(knowledge=KNOWLEDGE, folder=_INDEX),
        database=DatabaseSettings(url=f"sqlite+aiosqlite:///{scratch / 'tutor.db'}"),
    )
    encoder = SentenceTransformerEncoder(threads=settings.index.threads)
    if is_stale(KNOWLEDGE, _INDEX, encoder.name):
        with encoder.all_cores():
            build_index(KNOWLEDGE, _INDEX, encoder, now=datetime.now(UTC))
    season = {"groups": arguments.groups, "zones": arguments.zones, "weeks": arguments.weeks, "seed": arguments.seed}
    async with running_server(settings, encoder) as s:
        return await Season(s, **season).play()


if __name__ == "__main__":
    raise SystemExit(main())
