"""64 questions at once: how many are answered a second, and whether the event loop stays free meanwhile."""

import asyncio
import time
from statistics import median

from indexer.live import LiveIndex
from indexer.retriever import Query
from tests.benchmarks.bare import Bare
from tests.benchmarks.measure import Bar, Measurement, interleave
from tests.benchmarks.questions import question

_AT_ONCE = 64
_TICK = 0.005


async def measure_throughput(index: LiveIndex, bare: Bare) -> Measurement:
    """Questions a second, against one call of the model for all of them."""
    texts = [question(number) for number in range(_AT_ONCE)]

    async def search_all(_number: int) -> None:
        await _search_all(index)

    async def encode_all(_number: int) -> None:
        bare.encode(texts)

    tutor_times, bare_times = await interleave(search_all, encode_all, rounds=15, seconds=12)
    return Measurement(
        f"Search, {_AT_ONCE} at once",
        "per s",
        _AT_ONCE / median(tutor_times),
        _AT_ONCE / median(bare_times),
        Bar("≥", 0.8),
    )


async def measure_blocking(index: LiveIndex) -> Measurement:
    """The longest time that the event loop is kept from its work, against the same while it idles."""
    busy, idle = [], []
    for _ in range(6):
        started = time.perf_counter()
        busy.append(await _longest_block(asyncio.create_task(_search_all(index))))
        taken = time.perf_counter() - started
        idle.append(await _longest_block(asyncio.create_task(asyncio.sleep(taken))))
    return Measurement(
        "Longest event loop block",
        "ms",
        1000 * max(busy),
        1000 * max(idle),
        Bar("≤", 50, of="value"),
    )


async def _search_all(index: LiveIndex) -> None:
    await asyncio.gather(*(index.search(Query(question(number))) for number in range(_AT_ONCE)))


async def _longest_block(work: asyncio.Task[None]) -> float:
    """By how many seconds a short sleep is overslept at most until `work` is done."""
    longest = 0.0
    while not work.done():
        started = time.perf_counter()
        await asyncio.sleep(_TICK)
        longest = max(longest, time.perf_counter() - started - _TICK)
    await work
    return longest
