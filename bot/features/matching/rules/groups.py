"""The matching: who could study together. It is greedy first, and then made better by exchanging members.

Who has few who fit is placed first, and of those who have many who has waited for longest. The hard limits are in
`rules.fit`. The same members give the same groups, in whatever order they come.
"""

import random
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice
from typing import TypeAlias

from bot.features.matching.models import LARGEST, PREFERRED, SMALLEST, Person
from bot.features.matching.rules.availability import places_of
from bot.features.matching.rules.fit import FAR, LEAST_HOURS, NEAR, Pair, fits, points, shared_by

_SEED = 6
_ROUNDS = 3
"""Of exchanging members between groups."""
_TRIED = 12
"""Exchanges that are tried for each member in a round."""
_LOOKED_AT = 200
"""Of those who could be added to a group, those who wait for longest: more would take long and make it no better."""
_RARE = 40
"""Who has fewer who fit than these is hard to place."""
_LEAST_GAIN = 1e-9

_Group: TypeAlias = list[int]
"""People by their places in a list."""


def match_people(people: Iterable[Person], pairs: Collection[Pair]) -> tuple[tuple[Person, ...], ...]:
    """Groups of 3 to 5 people who fit, each in the order in which they wait. Not everybody is in one.

    `pairs` are those who may not be in one group, for they were in one before.
    """
    ordered = sorted(people, key=lambda person: (person.waits_since, person.member_id))
    matching = _Matching(ordered, pairs)
    matching.form()
    matching.place_left()
    matching.exchange(random.Random(_SEED))
    matching.place_left()
    matching.reach_further()
    matching.form()
    matching.place_left()
    return matching.groups()


class _Matching:
    """One run. People are places in `_people`; sets of them are the bits of numbers."""

    def __init__(self, people: Sequence[Person], pairs: Collection[Pair]) -> None:
        self._people = people
        self._pairs = pairs
        self._most_steps = NEAR
        self._groups: list[_Group] = []
        self._left = set(range(len(people)))
        self._partners = [0] * len(people)
        for one in range(len(people)):
            self._meet(one, range(one + 1, len(people)))

    def _meet(self, one: int, others: Iterable[int]) -> None:
        """Note who of the others could be in a group with somebody."""
        me, found = self._people[one], 0
        hours, languages, step, most = me.hours, me.languages, me.step, self._most_steps
        for place in others:
            other = self._people[place]
            if (
                abs(step - other.step) <= most
                and languages & other.languages
                and (hours & other.hours).bit_count() >= LEAST_HOURS
                and (me.member_id, other.member_id) not in self._pairs
                and (other.member_id, me.member_id) not in self._pairs
            ):
                found |= 1 << place
                self._partners[place] |= 1 << one
        self._partners[one] |= found

    def groups(self) -> tuple[tuple[Person, ...], ...]:
        """What has come of it."""
        return tuple(tuple(self._people[place] for place in sorted(group)) for group in self._groups)

    # Making groups

    def form(self) -> None:
        """Make groups around those who are left."""
        for seed in self._by_need():
            if seed in self._left:
                group = self._grow([seed], PREFERRED, _bits(self._left))
                if len(group) >= SMALLEST:
                    self._add(group)

    def _by_need(self) -> list[int]:
        """Those who are left: first who is hard to place, then who has waited for longest."""
        return sorted(self._left, key=lambda place: (min(self._partners[place].bit_count(), _RARE), place))

    def _add(self, group: _Group) -> None:
        self._groups.append(group)
        self._left.difference_update(group)

    def _grow(self, group: _Group, size: int, free: int) -> _Group:
        """The group with those of `free` added who fit best, up to that size, as long as there are any."""
        while len(group) < size and (added := self._find_best(group, free)) is not None:
            group = [*group, added]
        return group

    def _find_best(self, group: _Group, free: int) -> int | None:
        """Who makes a group best; of equals who has waited for longest."""
        candidates = free & ~_bits(group)
        for member in group:
            candidates &= self._partners[member]
        looked_at = islice(places_of(candidates), _LOOKED_AT)
        return _best(looked_at, lambda place: self._points([*group, place]))

    def _points(self, group: _Group) -> float | None:
        """How good a group would be in which nobody knows another; None if they do not fit."""
        people = [self._people[place] for place in group]
        shared = shared_by(people)
        return points(shared, [person.pace for person in people]) if fits(shared, self._most_steps) else None

    def _can_join(self, place: int, group: _Group) -> bool:
        """Whether somebody could be in a group with each of them."""
        return not _bits(group) & ~self._partners[place]

    # Those who are left

    def place_left(self) -> None:
        """Take those who are left into groups that are not full, or make groups with those whom others can spare."""
        for place in self._by_need():
            if place in self._left and not self._join(place):
                self._gather(place)

    def _join(self, place: int) -> bool:
        numbers = [
            number for number, group in enumerate(self._groups) if len(group) < LARGEST and self._can_join(place, group)
        ]
        best = _best(numbers, lambda number: self._points([*self._groups[number], place]))
        if best is None:
            return False
        self._groups[best].append(place)
        self._left.discard(place)
        return True

    def _gather(self, place: int) -> None:
        """Make a group of three around somebody, of others who are left and of members of larger groups."""
        spare = {number: len(group) - SMALLEST for number, group in enumerate(self._groups) if len(group) > SMALLEST}
        home = {member: number for number in spare for member in self._groups[number]}
        group, free = [place], _bits(self._left) | _bits(home)
        while len(group) < SMALLEST:
            added = self._find_best(group, free)
            if added is None:
                return
            group.append(added)
            if (number := home.get(added)) is not None:
                spare[number] -= 1
                if not spare[number]:
                    free &= ~_bits(self._groups[number])
        for member in group:
            if member in home:
                self._groups[home[member]].remove(member)
        self._add(group)

    def reach_further(self) -> None:
        """From now on, those who are left may be further from others in their steps."""
        self._most_steps = FAR
        for place in sorted(self._left):
            self._meet(place, (other for other in range(len(self._people)) if other != place))

    # Exchanging

    def exchange(self, rng: random.Random) -> None:
        """Exchange members between groups where that makes both together better."""
        home = {member: number for number, group in enumerate(self._groups) for member in group}
        placed = _bits(home)
        for _ in range(_ROUNDS):
            if not sum(self._exchange_one(place, home, placed, rng) for place in sorted(home)):
                break

    def _exchange_one(self, place: int, home: dict[int, int], placed: int, rng: random.Random) -> bool:
        mine = self._groups[home[place]]
        rest = [member for member in mine if member != place]
        candidates = placed & ~_bits(mine)
        for member in rest:
            candidates &= self._partners[member]
        others = list(places_of(candidates))
        for other in rng.sample(others, min(len(others), _TRIED)):
            theirs = self._groups[home[other]]
            if self._is_better(mine, rest, place, theirs, other):
                mine[mine.index(place)], theirs[theirs.index(other)] = other, place
                home[place], home[other] = home[other], home[place]
                return True
        return False

    def _is_better(self, mine: _Group, rest: _Group, place: int, theirs: _Group, other: int) -> bool:
        """Whether both groups together would be better if these two changed places."""
        others_rest = [member for member in theirs if member != other]
        if not self._can_join(place, others_rest):
            return False
        new = (self._points([*rest, other]), self._points([*others_rest, place]))
        if new[0] is None or new[1] is None:
            return False
        old = ((self._points(mine) or 0.0), (self._points(theirs) or 0.0))
        return len(mine) * (new[0] - old[0]) + len(theirs) * (new[1] - old[1]) > _LEAST_GAIN


def _best(places: Iterable[int], value: Callable[[int], float | None]) -> int | None:
    """The place with the highest value; of equals the first."""
    best, most = None, float("-inf")
    for place in places:
        found = value(place)
        if found is not None and found > most:
            best, most = place, found
    return best


def _bits(places: Iterable[int]) -> int:
    bits = 0
    for place in places:
        bits |= 1 << place
    return bits
