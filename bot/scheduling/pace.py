"""Keeps requests apart, so that Discord's limit for a bot (50 a second) is never reached."""

import asyncio
from collections import deque


class Pace:
    """Lets callers through one by one, in the order in which they came, 1/rate seconds apart.

    Who wakes up late may be followed the sooner, but by no more than one place is made up: no second has more than
    `rate` + 2. Each caller sleeps by itself: a queue that wakes the next one, as limiters have, would wait for ever
    in simulated time.
    """

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._free_at = float("-inf")
        self._queue: deque[object] = deque()

    async def wait(self) -> None:
        """Return when it is the caller's turn."""
        me, has_waited = object(), False
        self._queue.append(me)
        try:
            while (seconds := self._seconds_until(me)) > 0:
                has_waited = True
                await asyncio.sleep(seconds)
            now = asyncio.get_running_loop().time()
            began = max(self._free_at, now - self._gap) if has_waited else now
            self._free_at = began + self._gap
        finally:
            self._queue.remove(me)

    def _seconds_until(self, caller: object) -> float:
        now = asyncio.get_running_loop().time()
        # Further off it can only be because the time jumped back, as it does between a simulated loop and a real one.
        self._free_at = min(self._free_at, now + self._gap)
        return max(self._free_at - now, 0.0) + self._queue.index(caller) * self._gap
