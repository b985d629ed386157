"""The weekly rhythm: how much was done in which week of the learner's own calendar."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.features.progress.models import Activity, WeekOverview

WEEKS = 12


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
    minutes = dict.fromkeys(mondays, 0)
    for entry in activity:
        monday = monday_of(entry.at, zone)
        if monday in minutes:
            minutes[monday] += entry.minutes
    return tuple(WeekOverview(monday, minutes[monday]) for monday in mondays)


def pace_of(weeks: tuple[WeekOverview, ...]) -> float | None:
    """Minutes a week over the last four full weeks with activity among them; None without any."""
    full = [week.minutes for week in weeks[:-1]][-4:]
    return sum(full) / len(full) if any(full) else None
