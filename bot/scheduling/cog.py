"""Looks for due work: when some is known to come due, when some was planned, and once a minute in any case."""

import asyncio
import logging
from contextvars import copy_context
from datetime import datetime, timedelta

import discord
from discord.ext import commands, tasks
from sqlalchemy import event
from sqlalchemy.orm import Session

from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.store import PLANNED
from bot.ui.errors import without_text

_log = logging.getLogger(__name__)

LONGEST_SLEEP = timedelta(minutes=1)
"""Another process may have planned work and died, and the machine may have slept."""

SHORTEST_SLEEP = timedelta(seconds=1)
SLEEP_AFTER_ERROR = timedelta(seconds=15)
PATIENCE = timedelta(seconds=30)
"""So long a look waits for what it has begun. What takes longer goes on beside the next look, and holds up nobody."""


class SchedulingCog(commands.Cog):
    """Keeps the dispatcher going. It sleeps until there is something to do, for at most `LONGEST_SLEEP`."""

    def __init__(self, client: commands.Bot, dispatcher: Dispatcher) -> None:
        self._client = client
        self._dispatcher = dispatcher
        self._runs: set[asyncio.Task[None]] = set()
        self._is_planned = False
        self._interval = timedelta()
        self._context = copy_context()

    async def cog_load(self) -> None:
        self.look.start()

    async def cog_unload(self) -> None:
        """End everything and wait until it has ended: the database is closed next, and would leave it hanging."""
        self.look.cancel()
        for run in self._runs:
            run.cancel()
        if running := {task for task in (self.look.get_task(), *self._runs) if task}:
            await asyncio.wait(running)

    @tasks.loop()
    async def look(self) -> None:
        run = asyncio.create_task(self._run(), name="due work")
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        await asyncio.wait({run}, timeout=PATIENCE.total_seconds())
        if not run.done():
            self._sleep(SHORTEST_SLEEP)

    @look.before_loop
    async def _begin(self) -> None:
        await self._client.wait_until_ready()  # handlers look for their channels
        self._context = copy_context()
        event.listen(Session, "after_commit", self._after_commit)

    @look.after_loop
    async def _end(self) -> None:
        event.remove(Session, "after_commit", self._after_commit)

    def _after_commit(self, session: Session) -> None:
        """Work that has just been planned may be due before the next look."""
        if PLANNED in session.info:
            self._is_planned = True
            # Whoever plans may live in another time than a bot in a simulated Discord.
            self._context.copy().run(self._sleep, timedelta())

    async def _run(self) -> None:
        try:
            await self._dispatcher.run_due()
            self._is_planned = False
            next_look = await self._dispatcher.next_look()
        except Exception as error:  # noqa: BLE001 - an error that leaves a tasks.loop ends it for good
            _log.error("Due work could not be looked for; the next try is soon.", exc_info=without_text(error))
            self._sleep(SLEEP_AFTER_ERROR)
        else:
            if not self._is_planned:
                self._sleep(_until(next_look))

    def _sleep(self, time: timedelta) -> None:
        """Look again after that time, which discord.py counts from when the last look was due."""
        if self.look.next_iteration is None:
            return  # the first look comes by itself
        now = discord.utils.utcnow()  # the clock that discord.py's loops go by
        last = self.look.next_iteration - self._interval
        self._interval = max(now - last + time, timedelta())
        self.look.change_interval(seconds=self._interval.total_seconds())


def _until(moment: datetime | None) -> timedelta:
    if moment is None:
        return LONGEST_SLEEP
    return min(max(moment - discord.utils.utcnow(), SHORTEST_SLEEP), LONGEST_SLEEP)
