"""The weekly rhythm: how much was done in which week of the learner's own calendar."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.features.progress.models import Activity, WeekOverview

WEEKS = 12
LEAST_PACE = 15
"""Fewer minutes a week tell no pace: a question answered in passing is not a plan for the years to come."""


def zone_of(name: str | None) -> ZoneInfo:
    """The learner's zone; UTC until they have named one, or if this machine does not know it."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return ZoneInfo("UTC")


def monday_of(at: datetime, zone: ZoneInfo) -> date:
    """The Monday of the week in which this moment falls for somebody in this zone."""
    day = at.astimezone(zone).date()
    return day - timedelta(days=day.weekday())


def weekly_minutes(
    activity: Iterable[Activity], now: datetime, zone: ZoneInfo, weeks: int = WEEKS
) -> tuple[WeekOverview, ...]:
    """The last `weeks` weeks, the present one last; weeks without activity count 0."""
    this = monday_of(now, zone)
    mondays = [this - timedelta(weeks=back) for back in reversed(range(weeks))]
    # There may be thousands of entries: moments are compared faster than they are turned into days of a zone.
    ends = [*mondays, this + timedelta(weeks=1)]
    bounds = [datetime.combine(monday, time.min, zone).astimezone(UTC) for monday in ends]
    minutes = [0] * weeks
    for entry in activity:
        place = bisect_right(bounds, entry.at) - 1
        if 0 <= place < weeks:
            minutes[place] += entry.minutes
    return tuple(WeekOverview(*week) for week in zip(mondays, minutes, strict=True))


def pace_of(weeks: Sequence[WeekOverview]) -> float | None:
    """Minutes a week over the last four full weeks, or over those since the learner began; None if hardly any."""
    full = [week.minutes for week in weeks[:-1]]
    since_the_first = full[next((place for place, minutes in enumerate(full) if minutes), len(full)) :]
    last = since_the_first[-4:]
    pace = sum(last) / len(last) if last else 0.0
    return pace if pace >= LEAST_PACE else None


def ago(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """How long ago that was, in days of the learner's own calendar."""
    days = max((now.astimezone(zone).date() - at.astimezone(zone).date()).days, 0)
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")


def format_minutes(minutes: int) -> str:
    """A time in words: "40 min", "2 h", "1 h 30 min"."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest and hours < 10 else f"{hours} h"


def format_hours(minutes: int) -> str:
    """A time as a number of hours, short enough for a table: "0.5", "2", "12"."""
    if 0 < minutes < 6:
        return "<0.1"
    return f"{minutes / 60:.0f}" if minutes >= 600 else f"{round(minutes / 60, 1):g}"
