"""Works off what is due: claims it, hands it to the handler of its kind, and tries again what failed."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.scheduling import store
from bot.scheduling.models import Occurrence, WorkState
from bot.scheduling.pace import Pace
from bot.scheduling.rules import MOST_TRIES, retry_delay
from bot.storage.database import Database

_log = logging.getLogger(__name__)

BATCH = 50
"""So much is claimed at once. At 45 posts a second that is a second's work, far less than the lease."""

_HANDLER_SHARE = 0.8
"""Of the lease; the rest is for ending it, before somebody else takes over."""

Handler = Callable[[Occurrence], Awaitable[None]]
"""Does the work and ends it (`Dispatcher.end`) in the same transaction in which it records what it did.

If `tries` is above 1, an earlier try may have done all but the recording, so it looks for traces of it first.
"""


class ClaimLost(Exception):
    """Somebody else has taken the work over; it leaves the transaction, so that nothing is recorded twice."""


class TryLater(Exception):
    """A handler cannot do it now and has told those who can mend that; it is tried again without alarm in the log."""


@dataclass(frozen=True, slots=True)
class _Kind:
    handler: Handler
    on_failed: Handler | None


@dataclass(slots=True)
class _Run:
    """One working off: what is claimed and not begun yet, and what is claimed and not ended yet."""

    ready: deque[tuple[Occurrence, datetime]] = field(default_factory=deque)
    held: set[int] = field(default_factory=set)
    claiming: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_exhausted: bool = False
    count: int = 0


class Dispatcher:
    """Works off what is due. Several of them, also in several processes, share the work of one database."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        worker: str | None = None,
        rate: float = 45,
        workers: int = 16,
        lease: timedelta = timedelta(minutes=5),
    ) -> None:
        self.worker = worker or uuid4().hex
        self._database = database
        self._clock = clock
        self._pace = Pace(rate)
        self._free_workers = workers
        self._lease = lease
        self._kinds: dict[str, _Kind] = {}

    def register(self, kind: str, handler: Handler, on_failed: Handler | None = None) -> None:
        """Say who does this kind of work, and who is told of work that failed for good. Other kinds stay untouched."""
        self._kinds[kind] = _Kind(handler, on_failed)

    async def pace(self) -> None:
        """Wait for the next free place in the rate. Handlers call it before each request to Discord."""
        await self._pace.wait()

    async def end(
        self, session: AsyncSession, occurrence: Occurrence, state: WorkState, note: str | None = None
    ) -> None:
        """Write down what came of it, inside the transaction that records what was done.

        Raises:
            ClaimLost: somebody else has taken it over meanwhile, and the transaction must not hold.
        """
        if not await store.end_occurrence(session, occurrence.id, state, self._clock(), note, worker=self.worker):
            raise ClaimLost

    async def check_alone(self, occurrence: Occurrence) -> None:
        """Look whether nobody else is at work of the same kind on the same thing; who is in this process takes turns.

        It comes after the claim and before the work, so of two processes at least one sees the other.

        Raises:
            TryLater: another process is at it, or has died at it and its lease has not run out.
        """
        async with self._database.transaction() as session:
            if await store.is_held_elsewhere(session, occurrence, self.worker, self._clock()):
                raise TryLater

    async def next_look(self) -> datetime | None:
        """When there will be something to do, as far as is known."""
        async with self._database.transaction() as session:
            return await store.find_next_look(session, self._clock(), self._kinds)

    async def run_due(self) -> int:
        """Work off everything that is due, the oldest first; returns how much that was.

        What is under way when this is cancelled is given back, for whoever comes next. While all workers are busy
        in another call, there is nothing to do here.
        """
        run = _Run()
        try:
            if self._free_workers:
                await self._claim(run)
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._free_workers, len(run.ready))):
                    self._free_workers -= 1
                    group.create_task(self._work(run)).add_done_callback(self._is_free)
        finally:
            if run.held:
                await self._give_back(run.held)
        return run.count

    def _is_free(self, _worker: asyncio.Task[None]) -> None:
        self._free_workers += 1

    async def _claim(self, run: _Run) -> None:
        now = self._clock()
        async with self._database.transaction() as session:
            claimed = await store.claim_due(
                session, self.worker, now, limit=BATCH, lease=self._lease, kinds=self._kinds
            )
        run.is_exhausted = len(claimed) < BATCH
        run.held.update(occurrence.id for occurrence in claimed)
        run.ready.extend((occurrence, now + self._lease * _HANDLER_SHARE) for occurrence in claimed)

    async def _work(self, run: _Run) -> None:
        while (claimed := await self._next(run)) is not None:
            occurrence, until = claimed
            seconds = (until - self._clock()).total_seconds()
            if seconds <= 0:
                continue  # it waited too long for a free worker, and is given back at the end
            try:
                await self._handle(occurrence, seconds)
            except Exception as error:  # noqa: BLE001 - the others go on; of this one the lease runs out
                _log_error(f"What came of {occurrence.kind} {occurrence.id} could not be written down.", error)
            run.held.discard(occurrence.id)
            run.count += 1

    async def _next(self, run: _Run) -> tuple[Occurrence, datetime] | None:
        async with run.claiming:
            if not run.ready and not run.is_exhausted:
                try:
                    await self._claim(run)
                except Exception as error:  # noqa: BLE001 - the other workers finish what they are at
                    _log_error("No more work could be claimed.", error)
                    run.is_exhausted = True
            return run.ready.popleft() if run.ready else None

    async def _give_back(self, held: set[int]) -> None:
        now = self._clock()
        try:
            async with self._database.transaction() as session:
                for occurrence_id in sorted(held):
                    await store.release(session, occurrence_id, self.worker, now)
        except Exception as error:  # noqa: BLE001 - the leases run out
            _log_error("Claimed work could not be given back.", error)

    async def _handle(self, occurrence: Occurrence, seconds: float) -> None:
        if occurrence.tries > MOST_TRIES:  # the program died of it, or its handler never ends it
            await self._fail(occurrence, f"not ended after {MOST_TRIES} tries")
            return
        try:
            async with asyncio.timeout(seconds):
                await self._kinds[occurrence.kind].handler(occurrence)
        except ClaimLost:
            _log.warning("%s %d was taken over by somebody else.", occurrence.kind, occurrence.id)
        except TryLater as error:
            _log.warning("%s %d cannot be done now (try %d).", occurrence.kind, occurrence.id, occurrence.tries)
            await self._try_again(occurrence, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            _log_error(f"{occurrence.kind} {occurrence.id} failed (try {occurrence.tries}).", error)
            await self._try_again(occurrence, error)

    async def _try_again(self, occurrence: Occurrence, error: Exception) -> None:
        if occurrence.tries >= MOST_TRIES:
            await self._fail(occurrence, f"{_name(error)} in try {occurrence.tries}, the last one")
            return
        retry_at = self._clock() + retry_delay(occurrence.tries)
        async with self._database.transaction() as session:
            await store.release(session, occurrence.id, self.worker, retry_at)

    async def _fail(self, occurrence: Occurrence, note: str) -> None:
        """Tell whoever plans what comes next, then end it: a crash in between tells them twice rather than never."""
        failed = replace(occurrence, state=WorkState.FAILED, note=note, ended_at=self._clock())
        on_failed = self._kinds[occurrence.kind].on_failed
        if on_failed is not None:
            try:
                async with asyncio.timeout(self._lease.total_seconds() * (1 - _HANDLER_SHARE)):
                    await on_failed(failed)
            except Exception as error:  # noqa: BLE001 - it has failed all the same
                _log_error(f"Nobody could be told that {occurrence.kind} {occurrence.id} has failed.", error)
        async with self._database.transaction() as session:
            await self.end(session, occurrence, WorkState.FAILED, note)
        _log.error("%s %d has failed for good: %s.", occurrence.kind, occurrence.id, note)


def _log_error(what: str, error: Exception) -> None:
    """With the place, but without the text: that of Discord's errors repeats what was sent."""
    _log.error("%s", what, exc_info=RuntimeError(_name(error)).with_traceback(error.__traceback__))


def _name(error: Exception) -> str:
    """The type of an error, with Discord's status if it has one."""
    status = getattr(error, "status", None)
    return f"{type(error).__name__} {status}" if isinstance(status, int) else type(error).__name__
