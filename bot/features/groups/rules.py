"""Decisions about study groups without Discord or database."""

import calendar
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from unicodedata import category, normalize
from zoneinfo import ZoneInfo

from bot.errors import MemberError
from bot.features.groups.models import EventKind, Group, GroupEvent, GroupMember
from bot.scheduling.models import Rhythm
from bot.scheduling.rules import next_time

LATE_WITHIN = timedelta(hours=24)
"""A check-in is asked for at most so late; later than that, its week is left out with a note."""

LEAST_WINDOW, MOST_WINDOW = 2, 5
"""Days a check-in is open. Even one that is asked for late is open for a day, and it closes before the next one."""

MOST_WEEKS_AWAY = 8
MOST_DAYS_AWAY = 183
NAME_LENGTHS = (3, 60)

LANGUAGES = (
    "English",
    "German",
    "French",
    "Spanish",
    "Portuguese",
    "Italian",
    "Dutch",
    "Polish",
    "Czech",
    "Ukrainian",
    "Russian",
    "Turkish",
    "Arabic",
    "Persian",
    "Hebrew",
    "Hindi",
    "Bengali",
    "Urdu",
    "Chinese",
    "Japanese",
    "Korean",
    "Vietnamese",
    "Indonesian",
    "Swahili",
    "Greek",
)
"""What is suggested; every other language can be typed."""

NO_TIME = "I cannot read that as a time of the day. Write it with hours and minutes, for example 19:30."
NO_DAY = "I cannot read that as a day. Write it as year, month and day, for example 2026-03-14."
NAME_TOO_SHORT = "A name has 3 to 60 characters. Please choose another one."
PAST_DAY = "That day is over. Name the last day away, for example 2026-03-14."
TOO_LONG_AWAY = "That is more than half a year. Name an earlier day; you can be away once more after it."
HOW_LONG = "For how long? Say `weeks`, from 1 to 8, or `until` for the last day away."
ONE_OF_BOTH = "Say either `weeks` or `until`, not both."

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that set the direction of what comes after them. Scripts that go to the left need none of them."""

_TIME = re.compile(r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?\s*(?P<half>[ap]\.?m\.?)?", re.IGNORECASE)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_DOTTED = re.compile(r"(?P<day>\d{1,2})\.\s*(?P<month>\d{1,2})\.?\s*(?P<year>\d{4})?")
_NAMED = (
    re.compile(r"(?P<day>\d{1,2})\.?\s+(?P<name>[a-z]{3,9})\.?,?\s*(?P<year>\d{4})?", re.IGNORECASE),
    re.compile(r"(?P<name>[a-z]{3,9})\.?\s+(?P<day>\d{1,2}),?\s*(?P<year>\d{4})?", re.IGNORECASE),
)
_MONTHS = {calendar.month_name[month][:3].casefold(): month for month in range(1, 13)}


# What members type


def read_line(text: str) -> str:
    """What a member typed, on one line, without what cannot be seen and turns around the text after it."""
    spaced = " ".join(text.split())
    return normalize("NFC", "".join(sign for sign in spaced if category(sign) != "Cc" and sign not in _TURNING))


def read_name(text: str) -> str:
    """A group's name on one line.

    Raises:
        MemberError: it is too long, or there is too little to be seen of it.
    """
    name = read_line(text)
    seen = sum(category(sign) not in {"Cf", "Zs"} for sign in name)
    if seen < NAME_LENGTHS[0] or len(name) > NAME_LENGTHS[1]:
        raise MemberError(NAME_TOO_SHORT)
    return name


def read_time(text: str) -> int:
    """Minutes from midnight: of "19:30", "19.30", "7:30 pm" or "19".

    Raises:
        MemberError: it is no time of the day.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise MemberError(NO_TIME)
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if half := found["half"]:
        if not 1 <= hour <= 12:
            raise MemberError(NO_TIME)
        hour = hour % 12 + (12 if half[0].casefold() == "p" else 0)
    if hour > 23 or minute > 59:
        raise MemberError(NO_TIME)
    return 60 * hour + minute


def read_away(weeks: int | None, until: str | None, zone: str, now: datetime) -> datetime:
    """Until when somebody is away: so many weeks from now, or until the end of a day that they name.

    Raises:
        MemberError: it is not said, cannot be read, is over, or is too far off.
    """
    if weeks is not None and until:
        raise MemberError(ONE_OF_BOTH)
    if weeks is not None:
        return now + timedelta(weeks=weeks)
    if not until:
        raise MemberError(HOW_LONG)
    here = ZoneInfo(zone)
    day = _read_day(until, now.astimezone(here).date())
    if day - now.date() > timedelta(days=MOST_DAYS_AWAY + 1):
        raise MemberError(TOO_LONG_AWAY)
    end = datetime.combine(day + timedelta(days=1), time(), here).astimezone(UTC)
    if end <= now:
        raise MemberError(PAST_DAY)
    if end - now > timedelta(days=MOST_DAYS_AWAY):
        raise MemberError(TOO_LONG_AWAY)
    return end


def _read_day(text: str, today: date) -> date:
    """A day; without a year it is the next one of that name."""
    for form in (_ISO, _DOTTED, *_NAMED):
        if found := form.fullmatch(text.strip()):
            return _day(found.groupdict(), today)
    raise MemberError(NO_DAY)


def _day(parts: dict[str, str | None], today: date) -> date:
    month = int(parts.get("month") or 0) or _MONTHS.get((parts.get("name") or "")[:3].casefold(), 0)
    years = [int(parts["year"])] if parts["year"] else [today.year, today.year + 1]
    days = []
    for year in years:
        with suppress(ValueError):  # a day that this year does not have
            days.append(date(year, month, int(parts["day"] or 0)))
    if not days:
        raise MemberError(NO_DAY)
    return next((day for day in days if day >= today), days[-1])


# Rhythm


def closes_at(rhythm: Rhythm, window_days: int, planned_at: datetime) -> datetime:
    """When a check-in closes: so many days later at the same hour on the clocks of the group's zone."""
    zone = ZoneInfo(rhythm.zone)
    day = planned_at.astimezone(zone).date() + timedelta(days=window_days)
    closing = Rhythm(day.weekday(), rhythm.minute, rhythm.zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    return next_time(closing, midnight - timedelta(microseconds=1))


def describe_rhythm(rhythm: Rhythm) -> str:
    """In words, as in "Tuesdays at 19:30 in Europe/Berlin"."""
    hour, minute = divmod(rhythm.minute, 60)
    return f"{calendar.day_name[rhythm.weekday]}s at {hour:02d}:{minute:02d} in {rhythm.zone}"


# Members


def choose_owner(members: Iterable[GroupMember]) -> int | None:
    """Who looks after a group next: whoever has been there for longest; None if nobody is left."""
    first = min(members, key=lambda member: (member.joined_at, member.member_id), default=None)
    return None if first is None else first.member_id


def find_pairs(history: Iterable[GroupEvent]) -> frozenset[tuple[int, int]]:
    """Who was ever in a group at the same time, from its history, the oldest line first; the smaller id comes first."""
    inside: set[int] = set()
    pairs = set()
    for event in history:
        if event.member_id is None:
            continue
        if event.kind is EventKind.JOINED:
            others = inside - {event.member_id}
            pairs |= {(min(event.member_id, other), max(event.member_id, other)) for other in others}
            inside.add(event.member_id)
        elif event.kind in {EventKind.LEFT, EventKind.REMOVED}:
            inside.discard(event.member_id)
    return frozenset(pairs)


# Which group is meant


def pick_group(groups: Sequence[Group], typed: str) -> Group | None:
    """The group that somebody chose from a list (its number) or typed (its name); None if there is no such one."""
    text = read_line(typed).casefold()
    by_number = [group for group in groups if str(group.id) == text]
    by_name = [group for group in groups if group.name.casefold() == text]
    return next(iter([*by_number, *by_name]), None)
