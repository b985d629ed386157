"""What one line of the benchmark says, and how two operations are compared on a noisy machine."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

Operation = Callable[[int], Awaitable[object]]
"""Called with the number of the round, so that each round may ask another question."""

_FEWEST_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """What must hold: of the ratio to the bare operation, or of the tutor's own value."""

    sign: Literal["≤", "≥", "="]
    limit: float
    of: Literal["ratio", "value"] = "ratio"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line: the tutor's value, the bare operation's in the same unit, and the bar if there is one."""

    name: str
    unit: str
    tutor: float
    bare: float
    bar: Bar | None = None

    @property
    def ratio(self) -> float:
        """Tutor to bare."""
        return self.tutor / self.bare if self.bare else float("inf")

    @property
    def is_met(self) -> bool | None:
        """Whether the bar is met; None where there is no bar."""
        if self.bar is None:
            return None
        value = self.ratio if self.bar.of == "ratio" else self.tutor
        if self.bar.sign == "=":
            return value == self.bar.limit
        return value <= self.bar.limit if self.bar.sign == "≤" else value >= self.bar.limit


async def interleave(
    tutor: Operation, bare: Operation, *, rounds: int, seconds: float
) -> tuple[list[float], list[float]]:
    """The seconds that each of two operations takes, run in turn so that noise hits both alike.

    The first round warms up and does not count. Ends early when `seconds` are over, but not before a few rounds.
    """
    times: tuple[list[float], list[float]] = ([], [])
    end = time.perf_counter() + seconds
    for number in range(-1, rounds):
        if number >= _FEWEST_ROUNDS and time.perf_counter() > end:
            break
        for operation, taken in zip((tutor, bare), times, strict=True):
            started = time.perf_counter()
            await operation(number)
            if number >= 0:
                taken.append(time.perf_counter() - started)
    return times
