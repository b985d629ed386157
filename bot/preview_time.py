"""The clock of the preview, which its user can put forward in the terminal: "+3h", "+2d", "next"."""

import asyncio
import re
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

NEXT = "next"
"""Goes to the next time that something is posted, such as the results of the weekly quiz."""
LONGEST = timedelta(days=60)
"""As far as time goes in one step."""

HELP = (
    "Move time forward here: +30m, +3h or +2d and Enter, or next for the next time that something is posted, "
    "such as the results of the weekly quiz."
)
_STEP = re.compile(r"\+?\s*(\d{1,5})\s*(m|min|minutes?|h|hours?|d|days?|w|weeks?)", re.IGNORECASE)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Moved:
    """How far the time went, and the names of the channels in which something was posted on the way."""

    now: datetime
    places: tuple[str, ...]

    def describe(self) -> str:
        """One sentence for the terminal."""
        news = f"new in {', '.join(self.places)}" if self.places else "nothing new was posted"
        return f"It is {self.now:%A %d %B %Y, %H:%M} UTC now; {news}."


def parse_step(text: str) -> timedelta | None:
    """How far "+3h" or "2 days" goes; None for anything else, or for more than 60 days."""
    found = _STEP.fullmatch(text.strip())
    if found is None:
        return None
    step = int(found[1]) * _UNITS[found[2][0].lower()]
    return step if step <= LONGEST else None


async def read_lines() -> AsyncIterator[str]:
    """What is typed in the terminal, line by line, until it is closed.

    A thread reads it, for Windows cannot wait for a terminal in the event loop; it is a daemon, so that nobody has to
    press Enter to end the program.
    """
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def hand_over(line: str | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lines.put_nowait, line)

    def read() -> None:
        try:
            for line in sys.stdin:
                hand_over(line.strip())
        except (OSError, ValueError):  # no terminal, or one that is gone
            pass
        hand_over(None)

    threading.Thread(target=read, name="preview terminal", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line
