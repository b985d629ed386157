"""A process that writes progress and evidence until it is killed, and says after each commit what it has written.

    python -m tests.bot.kill_writer URL START...

Each worker begins at its START and goes on counting; it may have been there before.
"""

import asyncio
import itertools
import sys
from datetime import UTC, datetime, timedelta

from bot.features.progress.models import Evidence, EvidenceKind, State
from bot.features.progress.service import ProgressService
from bot.storage.database import Database
from tests.bot.small_curriculum import curriculum_of, resource_of, step_of, unit_of

MEMBERS = (11, 2**63 - 1)
CONCEPTS = ("a", "b", "c")
BEGAN = datetime(2026, 3, 4, tzinfo=UTC)

CURRICULUM = curriculum_of(
    step_of(1, core=("course",)),
    resources={"course": resource_of(*(unit_of(name, (name,)) for name in CONCEPTS))},
)


async def work(progress: ProgressService, worker: int, start: int) -> None:
    """Two workers share a member, so that they wait for each other."""
    member = MEMBERS[worker % 2]
    for number in itertools.count(start):
        key = f"{worker}:{number}"
        name = CONCEPTS[number % 3]
        if number % 2:
            await progress.add_evidence(member, [Evidence(name, EvidenceKind.PROBE, number % 5 > 0, key)])
        else:
            state = State.DONE if number % 4 else State.STARTED
            change = await progress.settle_item(member, f"course/{name}", state, minutes=1 + number % 7, key=key)
            if change.id is None:
                continue  # it was done already, so nothing was written
        print(key, flush=True)


async def main(url: str, starts: list[int]) -> None:
    database = Database(url)
    await database.upgrade()
    seconds = itertools.count()
    progress = ProgressService(database, lambda: BEGAN + timedelta(seconds=next(seconds)), CURRICULUM)
    await asyncio.gather(*(work(progress, worker, start) for worker, start in enumerate(starts)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], [int(start) for start in sys.argv[2:]]))
