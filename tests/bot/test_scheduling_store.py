"""Scheduled work in the database: planned once, claimed once, ended once."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.features.progress import store as progress_store
from bot.scheduling import store
from bot.scheduling.models import Occurrence, WorkState
from tests.bot.databases import rows
from tests.bot.test_query_plans import plan_of, statements_of

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)
SECOND = timedelta(seconds=1)
GUILD = 2**63 - 1


def hours(count):
    return timedelta(hours=count)


async def in_transaction(database, function, *values, **named):
    async with database.transaction() as session:
        return await function(session, *values, **named)


async def plan(database, slot, due_at=NOW, *, kind="quiz", subject=GUILD, member_id=None):
    return await in_transaction(database, store.add_occurrence, kind, subject, slot, due_at, member_id=member_id)


async def claim(database, worker="first", now=NOW, *, limit=50, kinds=("quiz",)):
    return await in_transaction(database, store.claim_due, worker, now, limit=limit, lease=LEASE, kinds=kinds)


async def end(database, occurrence, state=WorkState.DONE, now=NOW, note=None, *, worker="first"):
    return await in_transaction(database, store.end_occurrence, occurrence.id, state, now, note, worker=worker)


async def release(database, occurrence, retry_at, worker="first"):
    return await in_transaction(database, store.release, occurrence.id, worker, retry_at)


async def waiting(database, kind="quiz", subject=GUILD):
    return await in_transaction(database, store.find_waiting, kind, subject)


def slots(occurrences):
    return [occurrence.slot for occurrence in occurrences]


# Planning


async def test_a_slot_is_planned_once_whatever_came_of_it(database):
    assert await plan(database, "W1")
    assert not await plan(database, "W1", NOW + hours(1))
    (claimed,) = await claim(database)
    assert claimed == Occurrence(claimed.id, "quiz", GUILD, None, "W1", NOW, WorkState.CLAIMED, 1, None, None)
    assert not await plan(database, "W1")
    await end(database, claimed)
    assert not await plan(database, "W1")
    assert await plan(database, "W2")
    assert await plan(database, "W1", kind="close")
    assert await plan(database, "W1", subject=7)
    assert await rows(database, "SELECT count(*) FROM occurrences") == [(4,)]


async def test_what_comes_next_is_the_earliest_that_waits(database):
    assert await waiting(database) is None
    await plan(database, "W3", NOW + hours(3))
    await plan(database, "W1", NOW)
    await plan(database, "W2", NOW + hours(2))
    await plan(database, "W0", NOW - hours(1), subject=7)
    await plan(database, "W0", NOW - hours(1), kind="close")
    await claim(database)
    found = await waiting(database)
    assert found == Occurrence(found.id, "quiz", GUILD, None, "W2", NOW + hours(2), WorkState.WAITING, 0, None, None)


async def test_moved_work_is_due_at_its_new_time_only(database):
    await plan(database, "W1")
    assert await in_transaction(database, store.move_waiting, "quiz", GUILD, "W2", NOW + hours(2))
    assert await claim(database, now=NOW + hours(2) - SECOND) == ()
    (claimed,) = await claim(database, now=NOW + hours(2))
    assert (claimed.slot, claimed.due_at, claimed.tries) == ("W2", NOW + hours(2), 1)


async def test_work_that_is_moved_within_its_slot_keeps_the_slot(database):
    await plan(database, "W1")
    assert await in_transaction(database, store.move_waiting, "quiz", GUILD, "W1", NOW + hours(2))
    assert (await waiting(database)).due_at == NOW + hours(2)


async def test_moving_forgets_earlier_tries(database):
    await plan(database, "W1")
    (claimed,) = await claim(database)
    await release(database, claimed, NOW + hours(9))
    await in_transaction(database, store.move_waiting, "quiz", GUILD, "W1", NOW + SECOND)
    (claimed,) = await claim(database, now=NOW + SECOND)
    assert claimed.tries == 1


async def test_only_what_waits_can_be_moved(database):
    move = (store.move_waiting, "quiz", GUILD, "W2", NOW + hours(2))
    assert not await in_transaction(database, *move)
    await plan(database, "W1")
    await plan(database, "W1", subject=7)
    (mine, other) = await claim(database)
    assert not await in_transaction(database, *move)
    await end(database, mine)
    assert not await in_transaction(database, *move)
    await release(database, other, NOW)
    assert not await in_transaction(database, *move)
    assert (await waiting(database, subject=7)).slot == "W1"


async def test_work_is_not_moved_into_a_slot_that_is_taken(database):
    await plan(database, "W1")
    await end(database, (await claim(database))[0])
    await plan(database, "W2", NOW + hours(2))
    assert not await in_transaction(database, store.move_waiting, "quiz", GUILD, "W1", NOW + hours(9))
    assert (await waiting(database)).due_at == NOW + hours(2)
    assert await in_transaction(database, store.move_waiting, "quiz", GUILD, "W3", NOW + hours(9))


async def test_the_earliest_of_several_is_moved(database):
    await plan(database, "W2", NOW + hours(2))
    await plan(database, "W1", NOW + hours(1))
    assert await in_transaction(database, store.move_waiting, "quiz", GUILD, "W9", NOW + hours(9))
    assert slots(await claim(database, now=NOW + hours(9))) == ["W2", "W9"]


async def test_calling_off_leaves_what_somebody_is_at_and_what_is_over(database):
    for slot in ("W1", "W2"):
        await plan(database, slot)
    done, begun = await claim(database)
    await end(database, done)
    await plan(database, "W3", NOW + hours(1))
    await plan(database, "W3", kind="close")
    await plan(database, "W3", subject=7)
    await in_transaction(database, store.delete_waiting, "quiz", GUILD)
    left = "SELECT kind, slot, state FROM occurrences ORDER BY kind, slot, state"
    assert await rows(database, left) == [
        ("close", "W3", "waiting"),
        ("quiz", "W1", "done"),
        ("quiz", "W2", "claimed"),
        ("quiz", "W3", "waiting"),
    ]
    assert await end(database, begun)


async def test_the_last_ones_come_newest_first(database):
    for number in range(5):
        await plan(database, f"W{number}", NOW + hours(number))
    claimed = await claim(database, now=NOW + hours(3))
    for occurrence, state in zip(claimed, (WorkState.DONE, WorkState.SKIPPED, WorkState.FAILED), strict=False):
        await end(database, occurrence, state, occurrence.due_at + SECOND, f"note {occurrence.slot}")
    ended = await in_transaction(database, store.list_ended, "quiz", GUILD, 2)
    assert [(one.slot, one.state, one.note, one.ended_at) for one in ended] == [
        ("W2", WorkState.FAILED, "note W2", NOW + hours(2) + SECOND),
        ("W1", WorkState.SKIPPED, "note W1", NOW + hours(1) + SECOND),
    ]
    assert len(await in_transaction(database, store.list_ended, "quiz", GUILD, 9)) == 3
    assert await in_transaction(database, store.list_ended, "quiz", 7, 9) == ()
    assert await in_transaction(database, store.list_ended, "close", GUILD, 9) == ()


async def test_work_about_a_member_goes_with_them(database):
    async with database.transaction() as session:
        await progress_store.add_learner(session, 11, NOW)
    await plan(database, "a day", kind="reminder", subject=11, member_id=11)
    await plan(database, "W1")
    (claimed,) = await claim(database, kinds=("reminder",))
    assert claimed.member_id == 11
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM learners WHERE member_id = 11"))
    assert not await end(database, claimed)
    assert await rows(database, "SELECT slot FROM occurrences") == [("W1",)]


# Claiming


async def test_due_work_is_claimed_the_oldest_first_and_of_one_time_the_first_planned(database):
    for slot, due_at in (("c", NOW), ("a", NOW - hours(1)), ("later", NOW + SECOND), ("d", NOW), ("b", NOW - SECOND)):
        await plan(database, slot, due_at)
    assert slots(await claim(database, limit=2)) == ["a", "b"]
    assert slots(await claim(database, limit=2)) == ["c", "d"]
    assert await claim(database) == ()
    assert slots(await claim(database, now=NOW + SECOND)) == ["later"]


async def test_only_kinds_that_somebody_knows_are_claimed(database):
    for kind in ("close", "quiz", "reminder"):
        await plan(database, "W1", kind=kind)
    assert await claim(database, kinds=()) == ()
    assert [one.kind for one in await claim(database, kinds=("quiz", "close"))] == ["close", "quiz"]
    assert await rows(database, "SELECT state FROM occurrences WHERE kind = 'reminder'") == [("waiting",)]


async def test_a_lease_that_has_run_out_is_taken_over_and_its_holder_can_end_nothing(database):
    await plan(database, "W1")
    (first,) = await claim(database, "first")
    assert await claim(database, "second", NOW + LEASE - SECOND) == ()
    (second,) = await claim(database, "second", NOW + LEASE)
    assert (second.id, second.tries, second.due_at) == (first.id, 2, NOW)
    assert not await end(database, first, worker="first")
    assert not await release(database, first, NOW, "first")
    assert await end(database, second, WorkState.SKIPPED, NOW + LEASE, "too late", worker="second")
    assert not await end(database, second, worker="second")
    assert await rows(database, "SELECT state, note FROM occurrences") == [("skipped", "too late")]
    assert await claim(database, now=NOW + hours(99)) == ()


async def test_a_holder_whose_work_nobody_took_over_may_still_end_it(database):
    await plan(database, "W1")
    (claimed,) = await claim(database)
    assert await end(database, claimed, now=NOW + 2 * LEASE)


async def test_released_work_waits_for_its_next_try_and_keeps_its_time(database):
    await plan(database, "W1", NOW - hours(1))
    (claimed,) = await claim(database)
    assert await release(database, claimed, NOW + SECOND)
    assert not await release(database, claimed, NOW + SECOND)
    assert not await end(database, claimed)
    found = await waiting(database)
    assert (found.state, found.tries, found.due_at) == (WorkState.WAITING, 1, NOW - hours(1))
    assert await claim(database) == ()
    (again,) = await claim(database, now=NOW + SECOND)
    assert (again.id, again.tries, again.due_at) == (claimed.id, 2, NOW - hours(1))


async def test_ending_what_was_never_there_says_so(database):
    assert not await in_transaction(database, store.end_occurrence, 99, WorkState.DONE, NOW, worker="first")


async def test_what_many_claim_at_once_each_of_them_has_alone(database):
    for number in range(60):
        await plan(database, f"{number:02}", NOW - number * SECOND)
    claimed = []

    async def work(worker):
        while batch := await claim(database, worker, limit=4):
            assert len(batch) <= 4
            assert [one.due_at for one in batch] == sorted(one.due_at for one in batch)
            claimed.extend(batch)

    await asyncio.gather(*(work(f"worker {number}") for number in range(5)))
    assert sorted(slots(claimed)) == [f"{number:02}" for number in range(60)]
    assert {one.tries for one in claimed} == {1}


# When to look again


async def next_look(database, now=NOW, kinds=("quiz",)):
    return await in_transaction(database, store.find_next_look, now, kinds)


async def test_the_next_look_is_when_there_will_be_something_to_claim(database):
    assert await next_look(database) is None
    await plan(database, "W1", NOW + hours(1))
    await plan(database, "W2", NOW + hours(2))
    await plan(database, "W0", NOW + SECOND, kind="close")
    assert await next_look(database) == NOW + hours(1)
    assert await next_look(database, kinds=("quiz", "close")) == NOW + SECOND
    assert await next_look(database, kinds=()) is None

    now = NOW + hours(1)
    assert await next_look(database, now) == now
    (claimed,) = await claim(database, now=now)
    assert await next_look(database, now) == now + LEASE
    await release(database, claimed, now + SECOND)
    assert await next_look(database, now) == now + SECOND
    (claimed,) = await claim(database, now=now + SECOND)
    await end(database, claimed)
    assert await next_look(database, now) == NOW + hours(2)


async def test_who_plans_says_so(database):
    """The cog listens for it, and looks again."""
    async with database.transaction() as session:
        await store.find_waiting(session, "quiz", GUILD)
        assert store.PLANNED not in session.info
        await store.add_occurrence(session, "quiz", GUILD, "W1", NOW)
        assert session.info.pop(store.PLANNED)
        (claimed,) = await store.claim_due(session, "first", NOW, limit=1, lease=LEASE, kinds=("quiz",))
        assert store.PLANNED not in session.info
        await store.release(session, claimed.id, "first", NOW)
        assert session.info.pop(store.PLANNED)
        await store.move_waiting(session, "quiz", GUILD, "W2", NOW)
        assert session.info.pop(store.PLANNED)


# Speed


@pytest.mark.parametrize(
    "work",
    [
        lambda session: store.claim_due(session, "first", NOW, limit=1, lease=LEASE, kinds=("quiz",)),
        lambda session: store.find_next_look(session, NOW, ("quiz",)),
        lambda session: store.list_ended(session, "quiz", GUILD, 5),
    ],
    ids=["claim_due", "find_next_look", "list_ended"],
)
async def test_what_ended_long_ago_is_not_read_again(database, work):
    """Years of weeks stay in the table."""
    await plan(database, "W1")
    with statements_of(database) as seen:
        await in_transaction(database, work)
    used = [(statement, parameters) for statement, parameters in seen if "occurrences" in statement]
    assert used
    for statement, parameters in used:
        steps = "\n".join(await plan_of(database, statement, parameters))
        assert re.search(r"(Index Cond: |USING INDEX ).*(due_at|subject_id)", steps)
        assert not re.search(r"SCAN occurrences|Seq Scan", steps)
