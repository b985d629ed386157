"""Weeks of a weekly post in any zone, with outages, errors and two processes: each week is ended exactly once."""

import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.features.progress.rules.zones import zone_names
from bot.scheduling import store
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Rhythm, WorkState
from bot.scheduling.rules import is_late, next_time, week_slot
from bot.storage.database import Database
from tests.bot.test_scheduling_rules import ODD_ZONES

MINUTE = timedelta(minutes=1)
LATE = timedelta(hours=12)
TOO_LATE = "the bot was away"
SUBJECTS = itertools.count(1)

BEFORE, AFTER = "before the post", "after the post"

RHYTHMS = st.builds(
    Rhythm, st.integers(0, 6), st.integers(0, 24 * 60 - 1), st.sampled_from(ODD_ZONES) | st.sampled_from(zone_names())
)
BEGINNINGS = st.integers(0, 30 * 365 * 24).map(lambda hours: datetime(2005, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
STEPS = st.lists(st.integers(1, 24 * 60) | st.integers(1, 25 * 24 * 60), min_size=1, max_size=8)
"""Minutes between the moments at which the processes look; more than a few hours are an outage."""
ERRORS = st.lists(st.sampled_from((None, None, BEFORE, AFTER)), max_size=4)
"""What goes wrong in the first tries; fewer than it takes to give up."""


@dataclass
class Life:
    """One server's posts."""

    rhythm: Rhythm
    now: datetime
    errors: list[str | None]
    subject: int = field(default_factory=SUBJECTS.__next__)
    posts: list[str] = field(default_factory=list)
    at_it: set[str] = field(default_factory=set)

    def clock(self):
        return self.now

    def slot(self, planned_at):
        return week_slot(self.rhythm.zone, planned_at)

    async def plan_next(self, session, after):
        at = next_time(self.rhythm, after)
        assert await store.add_occurrence(session, "post", self.subject, self.slot(at), at)

    def dispatcher(self, database):
        dispatcher = Dispatcher(database, self.clock, rate=100_000)

        async def handle(occurrence):
            if occurrence.subject_id != self.subject:
                return  # another example's
            assert occurrence.slot not in self.at_it
            self.at_it.add(occurrence.slot)
            try:
                await self._post(database, dispatcher, occurrence)
            finally:
                self.at_it.remove(occurrence.slot)

        dispatcher.register("post", handle)
        return dispatcher

    async def _post(self, database, dispatcher, occurrence):
        error = self.errors.pop() if self.errors else None
        if error == BEFORE:
            raise ConnectionError
        is_posted = occurrence.slot in self.posts
        if not is_posted and is_late(occurrence.due_at, self.now, LATE):
            outcome = (WorkState.SKIPPED, TOO_LATE)
        else:
            outcome = (WorkState.DONE, None)
            if not is_posted:
                await dispatcher.pace()
                self.posts.append(occurrence.slot)
        if error == AFTER:
            raise ConnectionError
        async with database.transaction() as session:
            await dispatcher.end(session, occurrence, *outcome)
            await self.plan_next(session, occurrence.due_at)


async def live(life, url, steps):
    """Two processes look at the same moments. Returns what was planned and what came of it."""
    databases = Database(url), Database(url)
    pair = [life.dispatcher(database) for database in databases]
    async with databases[0].transaction() as session:
        await life.plan_next(session, life.now)
    for minutes in steps:
        life.now += minutes * MINUTE
        await asyncio.gather(*(dispatcher.run_due() for dispatcher in pair))
    while (look := await pair[0].next_look()) <= life.now + timedelta(hours=4):  # further tries, and weeks left out
        life.now = max(life.now, look)
        await asyncio.gather(*(dispatcher.run_due() for dispatcher in pair))
    async with databases[0].transaction() as session:
        ended = await store.list_ended(session, "post", life.subject, 1000)
        waiting = await store.find_waiting(session, "post", life.subject)
        await store.delete_waiting(session, "post", life.subject)
    for database in databases:
        await database.close()
    return sorted(ended, key=lambda one: one.due_at), waiting


async def upgraded(url):
    database = Database(url)
    await database.upgrade()
    await database.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rhythm=RHYTHMS, began=BEGINNINGS, steps=STEPS, errors=ERRORS)
@example(Rhythm(4, 18 * 60, "Pacific/Apia"), datetime(2011, 12, 20, tzinfo=UTC), [60 * 24 * 7] * 4, [AFTER])
@example(Rhythm(6, 150, "Europe/Berlin"), datetime(2026, 3, 20, tzinfo=UTC), [60] * 24 * 11, [])
@example(Rhythm(6, 150, "Europe/Berlin"), datetime(2026, 10, 20, tzinfo=UTC), [60] * 24 * 7, [AFTER, BEFORE, AFTER])
def test_every_planned_week_is_ended_exactly_once(database_url, rhythm, began, steps, errors):
    asyncio.run(upgraded(database_url))
    life = Life(rhythm, began, list(errors))
    ended, waiting = asyncio.run(live(life, database_url, steps))

    planned = [next_time(rhythm, began)]
    while planned[-1] < waiting.due_at:
        planned.append(next_time(rhythm, planned[-1]))
    assert [one.due_at for one in ended] + [waiting.due_at] == planned
    assert waiting.due_at > life.now
    assert [one.slot for one in ended] == [life.slot(at) for at in planned[:-1]]
    assert len({one.slot for one in ended}) == len(ended)

    assert {(one.state, one.note) for one in ended} <= {(WorkState.DONE, None), (WorkState.SKIPPED, TOO_LATE)}
    assert Counter(life.posts) == Counter(one.slot for one in ended if one.state is WorkState.DONE)
    for one in ended:
        if one.state is WorkState.SKIPPED:
            assert one.ended_at - one.due_at > LATE
