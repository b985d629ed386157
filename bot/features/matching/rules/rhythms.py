"""When a group could meet, and what its members share, in words."""

import calendar
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.features.matching.models import Person, Shared, Terms
from bot.features.matching.rules.availability import ALL_HOURS, HOURS, places_of
from bot.features.matching.rules.fit import ALL_LANGUAGES, language_names
from bot.features.progress.rules.rhythm import zone_of
from bot.scheduling.models import Rhythm
from bot.scheduling.rules import next_time

_HOUR = timedelta(hours=1)
_EVENING = range(17, 22)
_WAKING = range(8, 22)
_BEST_HOUR = 19
_DAYS = (6, 0, 1, 2, 3, 5, 4)
"""Where several days are equally good: the first evening of a new week comes first, Friday's last."""


def best_rhythm(people: Sequence[Person], hours: int, week: datetime) -> Rhythm:
    """The hour among those shared that is an evening for most of them, on the clocks that most of them go by.

    `people` are in the order in which they wait: of several zones with as many members, that of the first counts.
    """
    zone = zone_of(Counter(person.zone for person in people).most_common(1)[0][0])
    zones = [zone_of(person.zone) for person in people]
    begin = min((_begin(place, hours, zone, week) for place in places_of(hours)), key=lambda at: _rank(at, zone, zones))
    local = begin.astimezone(zone)
    return Rhythm(local.weekday(), 60 * local.hour + local.minute, zone.key)


def _begin(place: int, hours: int, zone: ZoneInfo, week: datetime) -> datetime:
    """When a check-in in that hour begins: when a clock strikes, if the hour after it is shared, too."""
    at = week + place * _HOUR
    past = timedelta(minutes=at.astimezone(zone).minute)
    return at + _HOUR - past if past and hours >> (place + 1) & 1 else at


def _rank(at: datetime, zone: ZoneInfo, zones: Iterable[ZoneInfo]) -> tuple[int, int, float, int]:
    """The lower, the better: an evening for most, no night for most, near seven o'clock, on a good day."""
    theirs = [at.astimezone(one).hour for one in zones]
    local = at.astimezone(zone)
    distance = abs(local.hour + local.minute / 60 - _BEST_HOUR)
    evenings, waking = sum(hour in _EVENING for hour in theirs), sum(hour in _WAKING for hour in theirs)
    return -evenings, -waking, distance, _DAYS.index(local.weekday())


def first_hour(rhythm: Rhythm, week: datetime) -> int:
    """The hour of that week in which a group checks in, as a bit."""
    at = next_time(rhythm, week - timedelta(microseconds=1))
    return 1 << int((at.astimezone(UTC) - week) / _HOUR) % HOURS


def rhythm_hours(rhythm: Rhythm, week: datetime) -> int:
    """The hour in which a group checks in and the one after it, which is the first of the week after the last one."""
    first = first_hour(rhythm, week)
    return first | (first << 1 if first << 1 <= ALL_HOURS else 1)


def make_terms(people: Sequence[Person], shared: Shared, rhythm: Rhythm, **others: object) -> Terms:
    """What a proposal to these people is about. `others` are further fields of `Terms`."""
    languages = () if shared.languages == ALL_LANGUAGES else language_names(shared.languages)
    step = Counter(person.step for person in people).most_common(1)[0][0]
    words = describe_shared((person.step for person in people), rhythm, languages)
    language = languages[0] if languages else None
    values = {"step": step, "language": language, **others}
    return Terms(rhythm, shared.hours.bit_count(), words, **values)  # type: ignore[arg-type]


def describe_shared(steps: Iterable[int], rhythm: Rhythm, languages: Sequence[str]) -> str:
    """As in "all on step 2, Sunday evenings, English"."""
    numbers = sorted(set(steps))
    step = f"all on step {numbers[0]}" if len(numbers) == 1 else f"on steps {_and([str(n) for n in numbers])}"
    when = f"{calendar.day_name[rhythm.weekday]} {_part_of_day(rhythm.minute // 60)}"
    return ", ".join([step, when, *([_and(languages)] if languages else [])])


def _part_of_day(hour: int) -> str:
    if 5 <= hour < 12:
        return "mornings"
    if 12 <= hour < 17:
        return "afternoons"
    return "evenings" if 17 <= hour < 22 else "nights"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
