"""The time, passed in and never asked for, so that a simulated Discord can have its own."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present as an aware UTC datetime."""


def system_clock() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)
