"""When work is due: times on the clocks of a zone -> moments, and how long until another try."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.scheduling.models import Rhythm

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)

FIRST_RETRY = timedelta(seconds=30)
LAST_RETRY = timedelta(hours=1)
MOST_TRIES = 6
"""With the delays between them about 100 minutes: as long as Discord is ever away."""
AGAIN_AFTER = timedelta(days=1)
"""After the last try, for what has to happen in the end: a message that must not stay."""
DAILY = "~"
"""Stands in a slot before the number of a daily try."""
_MOST_DAYS = 30


def next_time(rhythm: Rhythm, after: datetime) -> datetime:
    """The first planned time strictly after `after`, in UTC.

    A local time that the zone leaves out is taken with the offset before the gap (RFC 5545), so that 02:30 becomes
    03:30; of one that comes twice the first counts.
    """
    zone = ZoneInfo(rhythm.zone)
    today = after.astimezone(zone).date()
    last_or_today = today - _DAY * ((today.weekday() - rhythm.weekday) % 7)  # after a day left out it is still to come
    return _first_after(after, (_moment(day, rhythm.minute, zone) for day in _days(last_or_today, _WEEK)))


def daily_time(hour: int, zone: str, after: datetime) -> datetime:
    """The first time strictly after `after` at which it is `hour` o'clock there, in UTC; gaps as in `next_time`."""
    here = ZoneInfo(zone)
    today = after.astimezone(here).date()
    return _first_after(after, (_moment(day, 60 * hour, here) for day in _days(today, _DAY)))


def week_slot(zone: str, planned_at: datetime) -> str:
    """The ISO week in which that moment falls there: "2026-W48"."""
    week = planned_at.astimezone(ZoneInfo(zone)).isocalendar()
    return f"{week.year}-W{week.week:02d}"


def is_late(due_at: datetime, now: datetime, within: timedelta) -> bool:
    """Whether more time has passed since then than the work can wait."""
    return now - due_at > within


def retry_delay(tries: int) -> timedelta:
    """How long to wait after so many tries: half a minute first, then each time four times as long."""
    return min(FIRST_RETRY * 4.0 ** (tries - 1), LAST_RETRY)


def next_day(slot: str) -> int | None:
    """Which daily try comes after the work in that slot has failed for good, from 1 on; None after a month of them."""
    _, mark, number = slot.rpartition(DAILY)
    tries = int(number) if mark and number.isdecimal() else 0
    return tries + 1 if tries < _MOST_DAYS else None


def _days(first: date, step: timedelta) -> Iterator[date]:
    while True:
        yield first
        first += step


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    # `fold` is 0: in a gap that is the offset before it, and of a time that comes twice the first.
    local = datetime.combine(day, time(*divmod(minute, 60)), zone)
    return local.astimezone(UTC)


def _first_after(after: datetime, moments: Iterator[datetime]) -> datetime:
    return next(moment for moment in moments if moment > after)
