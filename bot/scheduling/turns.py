"""Lets only one piece of work at a time change the same thing: a message, a home."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

_LOOK_AGAIN = 0.02
"""Seconds. Two are seldom at the same thing, and what they do there takes longer than that."""


class Turns:
    """Callers with the same key take turns, in the order in which they came.

    As in `Pace`, each waits by itself: a lock wakes the next one when it is given back, and in simulated time, where
    its holder may sleep, nobody would ever see that anything goes on.
    """

    def __init__(self) -> None:
        self._queues: dict[Hashable, deque[object]] = {}

    @asynccontextmanager
    async def of(self, key: Hashable) -> AsyncIterator[None]:
        """Wait for one's turn, and keep it until the end of the block."""
        me = object()
        queue = self._queues.setdefault(key, deque())
        queue.append(me)
        try:
            while queue[0] is not me:  # noqa: ASYNC110 - see above
                await asyncio.sleep(_LOOK_AGAIN)
            yield
        finally:
            queue.remove(me)
            if not queue:
                del self._queues[key]
