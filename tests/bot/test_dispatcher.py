"""Due work is worked off once, in order, at an even pace, whatever becomes of handlers, processes and the database."""

import asyncio
import itertools
import random
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.scheduling import store
from bot.scheduling.dispatcher import BATCH, Dispatcher
from bot.scheduling.models import WorkState
from bot.scheduling.pace import Pace
from bot.scheduling.rules import MOST_TRIES, retry_delay
from bot.storage.database import Database
from tests.benchmarks.dispatch import fill, post_all
from tests.bot.databases import rows
from tests.bot.server import warnings_of

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)
SECOND = timedelta(seconds=1)
GUILD = 2**63 - 1
WRITTEN = "what ada " + "wrote"
"""Put together, so that the source code in a traceback does not have it."""
STATES = "SELECT slot, state, tries, note FROM occurrences WHERE kind = 'post' ORDER BY slot"


@dataclass
class World:
    """A database, the time, and a Discord that is a list."""

    database: Database
    now: datetime = NOW
    posts: list[str] = field(default_factory=list)

    def clock(self):
        return self.now

    def dispatcher(self, handler=None, **options):
        dispatcher = Dispatcher(self.database, self.clock, **{"rate": 100_000, "lease": LEASE, **options})
        if handler:
            dispatcher.register("post", lambda occurrence: handler(dispatcher, occurrence))
        return dispatcher

    async def plan(self, *slots, due_at=NOW, kind="post"):
        async with self.database.transaction() as session:
            for slot in slots:
                assert await store.add_occurrence(session, kind, GUILD, slot, due_at)

    async def post(self, dispatcher, occurrence):
        """As every feature should: look first if it was tried; post; record and end in one transaction."""
        if occurrence.tries == 1 or occurrence.slot not in self.posts:
            await dispatcher.pace()
            self.posts.append(occurrence.slot)
        await self.record(dispatcher, occurrence)

    async def record(self, dispatcher, occurrence):
        async with self.database.transaction() as session:
            await store.add_occurrence(session, "close", GUILD, occurrence.slot, self.now + timedelta(days=1))
            await dispatcher.end(session, occurrence, WorkState.DONE)

    async def states(self):
        return await rows(self.database, STATES)

    async def closes(self):
        return (await rows(self.database, "SELECT count(*) FROM occurrences WHERE kind = 'close'"))[0][0]


@pytest.fixture
def world(database):
    return World(database)


# Working off


async def test_everything_that_is_due_is_worked_off_the_oldest_first(world):
    slots = [f"{number:03}" for number in range(2 * BATCH + 7)]
    shuffled = random.sample(slots, len(slots))
    for slot in shuffled:
        await world.plan(slot, due_at=NOW - timedelta(days=1) + int(slot) // 2 * SECOND)
    await world.plan("not due yet", due_at=NOW + SECOND)
    begun = []

    async def post(dispatcher, occurrence):
        begun.append(occurrence.slot)
        await world.post(dispatcher, occurrence)

    dispatcher = world.dispatcher(post)
    assert await dispatcher.run_due() == len(slots)
    order = sorted(slots, key=lambda slot: (int(slot) // 2, shuffled.index(slot)))
    assert begun == order
    assert world.posts == order
    assert await dispatcher.run_due() == 0
    world.now += SECOND
    assert await dispatcher.run_due() == 1
    assert {tuple(row[1:]) for row in await world.states()} == {("done", 1, None)}
    assert await world.closes() == len(slots) + 1


async def test_a_handler_gets_the_work_as_it_was_planned(world):
    await world.plan("W10", due_at=NOW - timedelta(hours=3))
    seen = []

    async def post(dispatcher, occurrence):
        seen.append(occurrence)
        await world.record(dispatcher, occurrence)

    await world.dispatcher(post).run_due()
    (one,) = seen
    assert (one.kind, one.subject_id, one.slot, one.tries) == ("post", GUILD, "W10", 1)
    assert (one.due_at, one.state, one.member_id) == (NOW - timedelta(hours=3), WorkState.CLAIMED, None)


async def test_kinds_that_nobody_knows_are_left_alone(world):
    await world.plan("W10", kind="digest")
    assert await world.dispatcher().run_due() == 0
    await world.plan("W10")
    dispatcher = world.dispatcher(world.post)
    assert await dispatcher.run_due() == 1
    assert await rows(world.database, "SELECT state, tries FROM occurrences WHERE kind = 'digest'") == [("waiting", 0)]
    assert await dispatcher.next_look() is None


async def test_two_dispatchers_share_the_work_and_are_never_at_the_same(world, migrated_url):
    await world.plan(*(f"{number:03}" for number in range(3 * BATCH)))
    at_it, shares = set(), Counter()

    async def post(dispatcher, occurrence):
        assert occurrence.slot not in at_it
        at_it.add(occurrence.slot)
        shares[dispatcher.worker] += 1
        await asyncio.sleep(0)
        await world.post(dispatcher, occurrence)
        at_it.remove(occurrence.slot)

    other = World(Database(migrated_url))
    pair = [world.dispatcher(post, worker="first"), other.dispatcher(post, worker="second")]
    done = await asyncio.gather(*(dispatcher.run_due() for dispatcher in pair))
    await other.database.close()
    assert sum(done) == 3 * BATCH
    assert sorted(world.posts) == [f"{number:03}" for number in range(3 * BATCH)]
    assert {tuple(row[1:]) for row in await world.states()} == {("done", 1, None)}
    assert set(shares) == {"first", "second"}


async def test_each_dispatcher_has_a_name_of_its_own(world):
    assert len({world.dispatcher().worker for _ in range(9)}) == 9
    assert len(world.dispatcher().worker) <= 40


# Failing


async def test_what_fails_is_tried_again_later_and_later_and_then_given_up(world, caplog):
    await world.plan("W10")
    tried, failed = [], []

    async def post(_dispatcher, occurrence):
        tried.append((world.now - NOW, occurrence.tries, occurrence.due_at))
        raise ValueError(WRITTEN)

    async def on_failed(occurrence):
        failed.append(occurrence)
        assert (await world.states())[0][1] == "failed"

    dispatcher = world.dispatcher()
    dispatcher.register("post", lambda occurrence: post(dispatcher, occurrence), on_failed)
    assert await dispatcher.run_due() == 1
    delay = timedelta()
    for tries in range(1, MOST_TRIES):
        assert await world.states() == [("W10", "waiting", tries, None)]
        delay += retry_delay(tries)
        assert await dispatcher.next_look() == NOW + delay
        world.now = NOW + delay - SECOND
        assert await dispatcher.run_due() == 0
        world.now = NOW + delay
        assert await dispatcher.run_due() == 1
    note = "ValueError in try 6, the last one"
    assert await world.states() == [("W10", "failed", MOST_TRIES, note)]
    assert [tries for _, tries, _ in tried] == [1, 2, 3, 4, 5, 6]
    assert {due_at for *_, due_at in tried} == {NOW}
    (one,) = failed
    assert (one.slot, one.state, one.note, one.ended_at) == ("W10", WorkState.FAILED, note, world.now)
    world.now += timedelta(days=9)
    assert await dispatcher.run_due() == 0
    assert WRITTEN not in caplog.text
    assert f"post {one.id} failed (try 1)." in warnings_of(caplog)
    assert f"post {one.id} has failed for good: {note}." in warnings_of(caplog)


class RefusedByDiscord(Exception):
    """What discord.py's errors look like: a status, and a text that repeats what was sent."""

    status = 503


async def test_the_note_of_what_failed_names_the_status_but_repeats_no_text(world, caplog):
    await world.plan("W10")

    async def post(_dispatcher, _occurrence):
        raise RefusedByDiscord(WRITTEN) from ValueError(WRITTEN)

    dispatcher = world.dispatcher(post)
    for tries in range(1, MOST_TRIES + 1):
        await dispatcher.run_due()
        world.now += retry_delay(tries)
    assert await world.states() == [("W10", "failed", MOST_TRIES, "RefusedByDiscord 503 in try 6, the last one")]
    assert WRITTEN not in caplog.text


async def test_one_that_fails_holds_up_no_other(world):
    slots = [f"{number:02}" for number in range(40)]
    await world.plan(*slots)

    async def post(dispatcher, occurrence):
        if int(occurrence.slot) % 3 == 0 and occurrence.tries == 1:
            raise ValueError
        await world.post(dispatcher, occurrence)

    dispatcher = world.dispatcher(post)
    assert await dispatcher.run_due() == 40
    assert world.posts == [slot for slot in slots if int(slot) % 3]
    world.now += retry_delay(1)
    assert await dispatcher.run_due() == 14
    assert sorted(world.posts) == slots


async def test_who_is_told_of_a_failure_may_fail_too(world, caplog):
    await world.plan("W10")

    async def fail(*_):
        raise ValueError(WRITTEN)

    dispatcher = world.dispatcher()
    dispatcher.register("post", fail, fail)
    for tries in range(1, MOST_TRIES + 1):
        await dispatcher.run_due()
        world.now += retry_delay(tries)
    assert (await world.states())[0][1] == "failed"
    assert WRITTEN not in caplog.text


async def test_what_is_claimed_again_and_again_but_never_ended_is_given_up(world):
    """The program may die of it each time, or its handler may forget to end it."""
    await world.plan("W10")
    tried, failed = [], []

    async def forget(occurrence):
        tried.append(occurrence.tries)

    async def on_failed(occurrence):
        failed.append(occurrence.note)

    dispatcher = world.dispatcher()
    dispatcher.register("post", forget, on_failed)
    for _ in range(MOST_TRIES + 3):
        await dispatcher.run_due()
        assert await dispatcher.run_due() == 0
        world.now += LEASE
    assert tried == [1, 2, 3, 4, 5, 6]
    assert failed == ["not ended after 6 tries"]
    assert await world.states() == [("W10", "failed", MOST_TRIES + 1, "not ended after 6 tries")]


# Hanging, and taking over


async def test_one_that_hangs_is_stopped_before_its_lease_runs_out_and_holds_up_no_other(world):
    await world.plan("hangs", due_at=NOW - SECOND)
    await world.plan(*(f"{number:02}" for number in range(40)))

    async def post(dispatcher, occurrence):
        if occurrence.slot == "hangs" and occurrence.tries == 1:
            await asyncio.Event().wait()
        await world.post(dispatcher, occurrence)

    dispatcher = world.dispatcher(post, workers=2, lease=timedelta(seconds=2.5))
    assert await dispatcher.run_due() == 41
    assert len(world.posts) == 40
    assert (await world.states())[-1] == ("hangs", "waiting", 1, None)
    world.now += retry_delay(1)
    assert await dispatcher.run_due() == 1
    assert world.posts[-1] == "hangs"


async def test_a_lease_that_runs_out_lets_somebody_else_take_over_and_the_first_records_nothing(world, caplog):
    await world.plan("W10")
    posted, goes_on = asyncio.Event(), asyncio.Event()

    async def post_slowly(dispatcher, occurrence):
        world.posts.append(occurrence.slot)
        posted.set()
        await goes_on.wait()
        await world.record(dispatcher, occurrence)

    slow = asyncio.create_task(world.dispatcher(post_slowly).run_due())
    await posted.wait()
    second = world.dispatcher(world.post)
    world.now += LEASE - SECOND
    assert await second.run_due() == 0
    world.now += SECOND
    async with world.database.transaction() as session:
        await store.delete_waiting(session, "close", GUILD)
    assert await second.run_due() == 1
    async with world.database.transaction() as session:
        await store.delete_waiting(session, "close", GUILD)
    goes_on.set()
    await slow
    assert world.posts == ["W10"]
    assert await world.states() == [("W10", "done", 2, None)]
    assert await world.closes() == 0  # what the first had recorded went with its transaction
    assert [line for line in warnings_of(caplog) if "taken over" in line]


async def test_what_is_under_way_when_all_stops_is_given_back_at_once(world):
    slots = [f"{number:02}" for number in range(10)]
    await world.plan(*slots)
    posted = asyncio.Event()

    async def post_and_stop(dispatcher, occurrence):
        if occurrence.slot == "02":
            world.posts.append("02")
            posted.set()
            await asyncio.Event().wait()
        await world.post(dispatcher, occurrence)

    run = asyncio.create_task(world.dispatcher(post_and_stop, workers=1).run_due())
    await posted.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    states = await world.states()
    assert [row[1] for row in states] == ["done", "done", *["waiting"] * 8]
    assert await world.dispatcher(world.post).run_due() == 8
    assert sorted(world.posts) == slots


async def test_what_waited_too_long_for_a_worker_is_not_begun_but_given_back(world):
    """Its lease would run out in the middle of it."""
    await world.plan("00", "01", "02")

    async def post(dispatcher, occurrence):
        await world.post(dispatcher, occurrence)
        world.now += LEASE * 0.8

    dispatcher = world.dispatcher(post, workers=1)
    assert await dispatcher.run_due() == 1
    assert [row[:2] for row in await world.states()] == [("00", "done"), ("01", "waiting"), ("02", "waiting")]
    assert await dispatcher.run_due() == 1
    assert await dispatcher.run_due() == 1
    assert world.posts == ["00", "01", "02"]


async def test_while_all_workers_are_busy_a_second_call_claims_nothing(world):
    await world.plan("00")
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def post(dispatcher, occurrence):
        begun.set()
        await goes_on.wait()
        await world.post(dispatcher, occurrence)

    dispatcher = world.dispatcher(post, workers=1)
    busy = asyncio.create_task(dispatcher.run_due())
    await begun.wait()
    await world.plan("01")
    assert await dispatcher.run_due() == 0
    assert (await world.states())[1] == ("01", "waiting", 0, None)
    goes_on.set()
    await busy
    assert await dispatcher.run_due() == 1
    assert world.posts == ["00", "01"]


# A database that fails


@asynccontextmanager
async def table_away(database):
    """While the block runs, every statement about scheduled work fails."""

    async def rename(before, after):
        async with database.transaction() as session:
            await session.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

    await rename("occurrences", "away")
    yield
    await rename("away", "occurrences")


async def test_an_error_of_the_database_leaves_the_work_for_the_next_call(world):
    await world.plan("W10")
    dispatcher = world.dispatcher(world.post)
    async with table_away(world.database):
        with pytest.raises(Exception, match="occurrences"):
            await dispatcher.run_due()
    assert world.posts == []
    assert await dispatcher.run_due() == 1


async def test_an_error_of_the_database_in_the_middle_stops_no_other_and_loses_nothing(world, caplog):
    slots = [f"{number:03}" for number in range(BATCH + 5)]
    before_last, last = slots[BATCH - 2 : BATCH]
    await world.plan(*slots)
    is_away = asyncio.Event()

    async def post(dispatcher, occurrence):
        if occurrence.slot == before_last:  # can record nothing, and neither can its worker claim the next batch
            await is_away.wait()
        if occurrence.slot == last:
            async with table_away(world.database):
                is_away.set()
                while "No more work could be claimed." not in warnings_of(caplog):  # noqa: ASYNC110
                    await asyncio.sleep(0)
        await world.post(dispatcher, occurrence)

    first = world.dispatcher(post, workers=2)
    assert await first.run_due() == BATCH
    states = {slot: state for slot, state, *_ in await world.states()}
    assert (states[last], states[before_last]) == ("done", "claimed")
    second = world.dispatcher(world.post)
    await second.run_due()
    world.now += LEASE
    await second.run_due()
    assert sorted(world.posts) == slots
    assert {row[1] for row in await world.states()} == {"done"}


# The pace


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Time goes by only where everybody sleeps."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        select = self._selector.select

        def sleep(timeout=None):
            self.now += timeout or 0.0
            return select(0)

        self._selector.select = sleep

    def time(self):
        return self.now


def simulated(main):
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main())


def most_in_a_second(moments):
    return max(sum(first <= at < first + 1 for at in moments) for first in moments)


async def pass_all(pace, count, passed):
    async def one(number):
        await pace.wait()
        passed.append((number, asyncio.get_running_loop().time()))

    await asyncio.gather(*(one(number) for number in range(count)))


def test_callers_pass_in_order_and_evenly():
    async def main():
        pace, passed = Pace(45), []
        await pass_all(pace, 500, passed)
        return passed

    passed = simulated(main)
    assert [number for number, _ in passed] == list(range(500))
    moments = [at for _, at in passed]
    assert moments == pytest.approx([number / 45 for number in range(500)])
    assert most_in_a_second(moments) <= 46


def test_quiet_times_save_nothing_up():
    async def main():
        pace, passed = Pace(45), []
        await pass_all(pace, 1, passed)
        await asyncio.sleep(60)
        began = asyncio.get_running_loop().time()
        await pass_all(pace, 200, passed)
        return [at - began for _, at in passed[1:]]

    moments = simulated(main)
    assert moments == pytest.approx([number / 45 for number in range(200)])


def test_a_loop_that_was_blocked_does_not_make_up_for_it():
    async def main():
        pace, passed = Pace(45), []
        loop = asyncio.get_running_loop()
        for at in (0.5, 0.9, 2.0):
            loop.call_at(at, lambda: setattr(loop, "now", loop.now + 0.3))
        await pass_all(pace, 300, passed)
        return passed

    passed = simulated(main)
    assert [number for number, _ in passed] == list(range(300))
    moments = [at for _, at in passed]
    assert most_in_a_second(moments) <= 47
    assert 299 / 45 + 3 * (0.3 - 2 / 45) <= moments[-1] <= 299 / 45 + 3 * 0.3


def test_who_wakes_up_a_little_late_costs_no_place():
    async def main():
        pace, passed = Pace(45), []
        loop = asyncio.get_running_loop()
        for number in range(2000):
            loop.call_at(number * 0.005 + 0.0049, lambda: setattr(loop, "now", loop.now + 0.001))
        await pass_all(pace, 450, passed)
        return [at for _, at in passed]

    moments = simulated(main)
    assert moments[-1] == pytest.approx(449 / 45, rel=0.02)
    assert most_in_a_second(moments) <= 47


def test_who_gives_up_waiting_delays_nobody_and_lets_nobody_pass_early():
    async def main():
        pace, passed = Pace(45), []
        waiting = [asyncio.create_task(pass_all(pace, 1, passed)) for _ in range(20)]
        await asyncio.sleep(5.5 / 45)
        for task in waiting[6:16]:
            task.cancel()
        await asyncio.gather(pass_all(pace, 5, passed), asyncio.wait(waiting))
        return passed

    passed = simulated(main)
    assert [number for number, _ in passed] == [*[0] * 10, 0, 1, 2, 3, 4]
    moments = [at for _, at in passed]
    assert moments[:10] == pytest.approx([number / 45 for number in (*range(6), *range(16, 20))])
    assert max(moments) <= 24.01 / 45


def test_a_time_that_jumps_back_holds_nobody_up():
    """As it does between a simulated loop and the real one."""

    async def main():
        pace, passed = Pace(45), []
        loop = asyncio.get_running_loop()
        loop.now = 1_000_000.0
        await pass_all(pace, 3, passed)
        loop.now = 5.0
        await pass_all(pace, 45, passed)
        return [at for _, at in passed[3:]]

    assert simulated(main)[-1] == pytest.approx(6.0, abs=0.05)


async def test_a_hundred_servers_at_once_keep_to_the_limit(database):
    """A hundredth of the benchmark, with a Discord that takes its time."""
    order = await fill(database, 100)
    discord = (await post_all(database, order)).discord
    assert len(discord.requests) == 100
    assert discord.duplicates == 0
    assert discord.count_out_of_order(order) == 0
    assert discord.most_in_a_second <= 50
    took = discord.requests[-1][0] - discord.requests[0][0]
    assert took >= 97 / 45
    assert all(earlier[0] <= later[0] for earlier, later in itertools.pairwise(discord.requests))
