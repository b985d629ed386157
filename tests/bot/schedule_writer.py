"""A process that works off scheduled posts until it is killed, or until nothing is due.

    python -m tests.bot.schedule_writer URL FILE NOW [STAGE]

Its Discord is FILE, to which posts are only ever appended. With a STAGE it says so when it gets there, and stands
still; else it says after each commit what it has done.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.scheduling import store
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Occurrence, WorkState
from bot.storage.database import Database

CLAIMED, POSTED, RECORDING = STAGES = ("claimed", "posted", "recording")
BEGAN = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)


class Board:
    """Posts in a file, one a line; the number of the line is the id of the message."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def posts(self) -> list[str]:
        return self._file.read_text("utf-8").splitlines() if self._file.exists() else []

    def find(self, name: str) -> int | None:
        posts = self.posts()
        return posts.index(name) + 1 if name in posts else None

    def post(self, name: str) -> int:
        descriptor = os.open(self._file, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        os.write(descriptor, f"{name}\n".encode())
        os.close(descriptor)
        return self.posts().index(name) + 1


class Poster:
    """Handles posts as every feature should: post, then record and end in one transaction; look first, if tried."""

    def __init__(self, database: Database, dispatcher: Dispatcher, board: Board, stage: str | None) -> None:
        self._database = database
        self._dispatcher = dispatcher
        self._board = board
        self._stage = stage

    async def handle(self, occurrence: Occurrence) -> None:
        self._reach(CLAIMED)
        message = self._board.find(occurrence.slot) if occurrence.tries > 1 else None
        if message is None:
            await self._dispatcher.pace()
            message = self._board.post(occurrence.slot)
        self._reach(POSTED)
        async with self._database.transaction() as session:
            await store.add_occurrence(
                session, "close", occurrence.subject_id, occurrence.slot, occurrence.due_at + timedelta(days=1)
            )
            await self._dispatcher.end(session, occurrence, WorkState.DONE, f"message {message}")
            self._reach(RECORDING)
        if self._stage is None:
            print(occurrence.slot, flush=True)

    def _reach(self, stage: str) -> None:
        if stage == self._stage:
            print(stage, flush=True)
            while True:
                signal.pause()


async def main(url: str, file: str, now: str, stage: str | None = None) -> None:
    database = Database(url)
    dispatcher = Dispatcher(database, lambda: datetime.fromisoformat(now), rate=10_000, workers=4, lease=LEASE)
    dispatcher.register("post", Poster(database, dispatcher, Board(Path(file)), stage).handle)
    await dispatcher.run_due()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
