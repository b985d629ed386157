"""Whether people fit into one group, and how well. The hard limits of every group that is proposed are here."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from math import log2

from bot.features.groups.rules import LANGUAGES
from bot.features.matching.models import Person, Seeker, Shared
from bot.features.matching.rules.availability import ALL_HOURS, free_hours

LEAST_HOURS = 2
"""That all of a group share in a week."""

NEAR, FAR = 1, 2
"""So many steps may lie between members; further apart only if nobody nearer fits, and never more."""

Pair = tuple[int, int]
"""Two members who were in one group before; the smaller id comes first."""

_ENOUGH_HOURS = 16
"""More shared hours make a group no better."""

_STEP_POINTS = 1.0
_PACE_POINTS, _PACE_LIMIT = 0.15, 12.0
"""What an hour a week of difference costs, and from where on more makes no difference."""

ALL_LANGUAGES = (1 << len(LANGUAGES)) - 1
_BITS: Mapping[str, int] = {language.casefold(): 1 << place for place, language in enumerate(LANGUAGES)}


def person_of(seeker: Seeker, week: datetime) -> Person:
    """A seeker with their hours of that week."""
    return Person(
        seeker.member_id,
        free_hours(seeker.zone, seeker.windows, week),
        language_bits(seeker.languages),
        seeker.step,
        seeker.hours_per_week,
        seeker.zone,
        seeker.made_at,
    )


def language_bits(names: Iterable[str]) -> int:
    """Languages as the bits of a number; unknown ones are left out."""
    return sum({_BITS.get(name.casefold(), 0) for name in names})


def language_names(bits: int) -> tuple[str, ...]:
    """The languages that are in a number."""
    return tuple(name for place, name in enumerate(LANGUAGES) if bits >> place & 1)


def shared_by(people: Sequence[Person]) -> Shared:
    """What they have in common."""
    hours, languages = ALL_HOURS, ALL_LANGUAGES
    for person in people:
        hours &= person.hours
        languages &= person.languages
    steps = [person.step for person in people]
    return Shared(hours, languages, min(steps), max(steps))


def fits(shared: Shared, most_steps: int) -> bool:
    """Whether people who share this can be a group, as far as that does not depend on whom they know."""
    is_near = shared.last_step - shared.first_step <= most_steps
    return is_near and bool(shared.languages) and shared.hours.bit_count() >= LEAST_HOURS


def know_each_other(people: Sequence[Person], pairs: Collection[Pair]) -> bool:
    """Whether two of them were in one group before."""
    ids = sorted(person.member_id for person in people)
    return any((one, other) in pairs for place, one in enumerate(ids) for other in ids[place + 1 :])


def points(shared: Shared, paces: Iterable[float | None]) -> float:
    """How good a group would be: shared hours count by their logarithm, distance in step and pace against it."""
    known = [pace for pace in paces if pace is not None]
    gap = min(max(known) - min(known), _PACE_LIMIT) if known else 0.0
    hours = log2(min(shared.hours.bit_count(), _ENOUGH_HOURS) or 1)
    return hours - _STEP_POINTS * (shared.last_step - shared.first_step) - _PACE_POINTS * gap
