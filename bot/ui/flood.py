"""Slows down who asks faster than one can read, and nobody else."""

import math

from discord.ext import commands

from bot.clock import Clock


class FloodGate:
    """`count` uses a member in `seconds`. discord.py's buckets forget members who have been quiet."""

    def __init__(self, count: int, seconds: float, clock: Clock) -> None:
        self._clock = clock
        self._buckets: commands.CooldownMapping[int] = commands.CooldownMapping.from_cooldown(
            count, seconds, lambda member_id: member_id
        )
        self._warned: dict[int, float] = {}

    def seconds_to_wait(self, member_id: int) -> int | None:
        """Counts one use. None if it is fine, else how many whole seconds to wait."""
        now = self._clock().timestamp()
        bucket = self._buckets.get_bucket(member_id, now)
        wait = bucket.update_rate_limit(now) if bucket else None
        return None if wait is None else max(1, math.ceil(wait))

    def should_warn(self, member_id: int, wait: int) -> bool:
        """Whether to say so: once until the wait is over, so that a flood of messages gets one reply."""
        now = self._clock().timestamp()
        self._warned = {member: until for member, until in self._warned.items() if until > now}
        if member_id in self._warned:
            return False
        self._warned[member_id] = now + wait
        return True
