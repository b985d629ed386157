"""From those who look for a group to the groups that are proposed to them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from bot.features.matching.models import Match, Person, Seeker
from bot.features.matching.rules.availability import coming_week
from bot.features.matching.rules.fit import Pair, person_of, shared_by
from bot.features.matching.rules.groups import match_people
from bot.features.matching.rules.rhythms import best_rhythm, make_terms


def match(seekers: Iterable[Seeker], pairs: Collection[Pair], now: datetime) -> tuple[Match, ...]:
    """Groups of 3 to 5 seekers who fit: a language, two hours a week, steps that are near, and nobody whom they know.

    `pairs` are those who may not meet, the smaller id first. Nobody is in two groups, and some may be in none.
    """
    week = coming_week(now)
    return match_free([person_of(seeker, week) for seeker in seekers], pairs, now)


def match_free(people: Iterable[Person], pairs: Collection[Pair], now: datetime) -> tuple[Match, ...]:
    """The same for people whose hours are known already."""
    week = coming_week(now)
    return tuple(_match(group, week) for group in match_people(people, pairs))


def _match(group: Sequence[Person], week: datetime) -> Match:
    shared = shared_by(group)
    rhythm = best_rhythm(group, shared.hours, week)
    return Match(tuple(person.member_id for person in group), make_terms(group, shared, rhythm))
