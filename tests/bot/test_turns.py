"""One at a time for each key, in the order in which they came."""

import asyncio

import pytest

from bot.scheduling.turns import Turns


async def test_callers_with_the_same_key_take_turns_and_others_do_not_wait():
    turns, done = Turns(), []

    async def work(name, key):
        async with turns.of(key):
            done.append(f"{name} begins")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            done.append(f"{name} ends")

    await asyncio.gather(work("a", 1), work("b", 1), work("c", 2))
    assert done == ["a begins", "c begins", "a ends", "c ends", "b begins", "b ends"]


async def test_who_fails_or_is_cancelled_gives_the_turn_back():
    turns = Turns()
    with pytest.raises(ZeroDivisionError):
        async with turns.of(1):
            raise ZeroDivisionError

    async def wait():
        async with turns.of(1):
            pass

    async with turns.of(1):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
    async with asyncio.timeout(5), turns.of(1):
        pass
    assert turns._queues == {}
