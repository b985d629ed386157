"""When members have time: windows on the clocks of a zone -> hours of a week in UTC, as the bits of a number.

Bit 0 is the hour that begins on Monday at 00:00 UTC, bit 167 the last one of Sunday, so that what several members share
is one `&`. The offsets of a zone are those of the coming week: what summer time will change then is right already.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bot.features.matching.models import Window
from bot.features.progress.rules.rhythm import zone_of

HOURS = 168
"""In a week."""

ALL_HOURS = (1 << HOURS) - 1

_QUARTERS = tuple(timedelta(minutes=minutes) for minutes in (0, 15, 30, 45))
_HOUR = timedelta(hours=1)
_WEEKDAYS, _WEEKEND = range(5), range(5, 7)
_SPANS: Mapping[Window, tuple[range, int, int]] = {
    Window.WEEKDAY_MORNINGS: (_WEEKDAYS, 7, 11),
    Window.WEEKDAY_DAYS: (_WEEKDAYS, 11, 17),
    Window.WEEKDAY_EVENINGS: (_WEEKDAYS, 17, 22),
    Window.WEEKDAY_NIGHTS: (_WEEKDAYS, 22, 25),
    Window.WEEKEND_MORNINGS: (_WEEKEND, 7, 11),
    Window.WEEKEND_DAYS: (_WEEKEND, 11, 17),
    Window.WEEKEND_EVENINGS: (_WEEKEND, 17, 22),
}
"""The days, the first hour, and the hour at which it ends; 25 is one o'clock in the night after."""

LocalHour = tuple[int, int]
"""A weekday (0 is Monday) and an hour, on somebody's own clocks."""


def span_of(window: Window) -> tuple[int, int]:
    """The hour at which a window begins and the one at which it ends, on a clock of 24 hours."""
    _, first, last = _SPANS[window]
    return first, last % 24


def coming_week(now: datetime) -> datetime:
    """The next Monday in UTC, at midnight."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=7 - today.weekday())


@lru_cache(maxsize=8192)
def free_hours(zone: str, windows: tuple[Window, ...], week: datetime) -> int:
    """The hours of the week from that Monday on that lie whole in these windows.

    Where clocks are half an hour off, an hour that is half in a window does not count.
    """
    inside = {hour for window in windows for hour in _hours_of(window)}
    return sum(1 << place for place, touched in enumerate(local_hours(zone, week)) if inside.issuperset(touched))


@lru_cache(maxsize=1024)
def local_hours(zone: str, week: datetime) -> tuple[tuple[LocalHour, ...], ...]:
    """Each hour of that week, as the hour or the two hours that it touches on the clocks of a zone."""
    return tuple(tuple(dict.fromkeys(_touched(zone, week + place * _HOUR))) for place in range(HOURS))


def _touched(zone: str, begins: datetime) -> Iterator[LocalHour]:
    here = zone_of(zone)
    for quarter in _QUARTERS:
        local = (begins + quarter).astimezone(here)
        yield local.weekday(), local.hour


def _hours_of(window: Window) -> Iterator[LocalHour]:
    days, first, last = _SPANS[window]
    for day in days:
        for hour in range(first, last):
            yield (day + hour // 24) % 7, hour % 24


def places_of(hours: int) -> Iterator[int]:
    """The hours of the week that are in a number, the first one first."""
    while hours:
        last = hours & -hours
        yield last.bit_length() - 1
        hours ^= last
