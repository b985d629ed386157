"""How groups that have become too small or too big could be changed: add seekers, merge two, or split one.

What is proposed holds only if every member accepts it. When the members of a group have time was not written down when
they stopped looking for one, so that it is assumed: evenings, weekends, and the hours of their check-in.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations

from bot.features.groups.models import Group, GroupState
from bot.features.matching.models import (
    LARGEST,
    PREFERRED,
    SMALLEST,
    Draft,
    LivingGroup,
    Person,
    ProposalKind,
    ProposalMember,
    Refused,
    Window,
)
from bot.features.matching.rules.availability import coming_week, free_hours
from bot.features.matching.rules.fit import FAR, NEAR, Pair, fits, know_each_other, points, shared_by
from bot.features.matching.rules.rhythms import best_rhythm, first_hour, make_terms, rhythm_hours

YOUNG = timedelta(weeks=1)
"""A group that is younger may still be gathering its members, so nothing is proposed to it."""

_ASSUMED = (Window.WEEKDAY_EVENINGS, Window.WEEKEND_MORNINGS, Window.WEEKEND_DAYS, Window.WEEKEND_EVENINGS)


def needs_change(group: Group, size: int, now: datetime) -> bool:
    """Whether a group of that many members is too small or too big, and neither paused, homeless nor just made."""
    is_settled = group.state is GroupState.ACTIVE and now - group.made_at >= YOUNG
    return is_settled and not SMALLEST <= size <= LARGEST and size > 0


def assumed_hours(zone: str, group: Group, week: datetime) -> int:
    """When somebody in a group probably has time."""
    return free_hours(zone, _ASSUMED, week) | rhythm_hours(group.rhythm, week)


def propose_changes(
    groups: Iterable[LivingGroup],
    seekers: Sequence[Person],
    pairs: Collection[Pair],
    refused: Refused,
    now: datetime,
) -> tuple[Draft, ...]:
    """What could be done for each group that needs a change; no group and no seeker is in two proposals.

    A group that is too small gets seekers if any fit, else it is merged with another one. A group that is too big is
    split in two.
    """
    run = _Changes(seekers, pairs, refused, coming_week(now))
    ordered = sorted(groups, key=lambda group: group.id)
    small = [group for group in ordered if 0 < len(group.members) < SMALLEST]
    drafts = [draft for group in small if (draft := run.add_to(group)) is not None]
    helped = {id_ for draft in drafts for id_ in draft.groups}
    drafts += run.merge([group for group in small if group.id not in helped])
    drafts += [draft for group in ordered if len(group.members) > LARGEST if (draft := run.split(group)) is not None]
    return tuple(drafts)


class _Changes:
    """One run. `_free` are the seekers who are in no proposal yet, who waits for longest first."""

    def __init__(self, seekers: Sequence[Person], pairs: Collection[Pair], refused: Refused, week: datetime) -> None:
        self._free = {person.member_id: person for person in sorted(seekers, key=_wait)}
        self._pairs = pairs
        self._refused = refused
        self._week = week

    # Adding

    def add_to(self, group: LivingGroup) -> Draft | None:
        """Seekers for a group that is too small, so that it has 3 or 4 members; its rhythm stays."""
        added: list[Person] = []
        while len(group.members) + len(added) < PREFERRED and (one := self._best_for(group, added)) is not None:
            added.append(one)
        people = (*group.members, *added)
        if len(people) < SMALLEST:
            return None
        for person in added:
            del self._free[person.member_id]
        new = {person.member_id for person in added}
        members = tuple(ProposalMember(person.member_id, int(person.member_id in new)) for person in people)
        terms = make_terms(people, shared_by(people), group.rhythm)
        return Draft(ProposalKind.ADD, (group.id,), members, terms)

    def _best_for(self, group: LivingGroup, added: Sequence[Person]) -> Person | None:
        people = (*group.members, *added)
        candidates = [person for person in self._free.values() if self._can_join(person, group, people)]
        for most_steps in (NEAR, FAR):
            rated = [(self._rate([*people, person], most_steps), person) for person in candidates]
            fitting = [(value, person) for value, person in rated if value is not None]
            if fitting:
                return max(fitting, key=lambda pair: pair[0])[1]  # of equals who waits for longest
        return None

    def _can_join(self, person: Person, group: LivingGroup, people: Sequence[Person]) -> bool:
        ids = {one.member_id for one in people}
        meets = bool(person.hours & first_hour(group.rhythm, self._week))
        is_new = person.member_id not in ids and (group.id, person.member_id) not in self._refused.added
        return is_new and meets and not any(_pair(person.member_id, id_) in self._pairs for id_ in ids)

    def _rate(self, people: Sequence[Person], most_steps: int) -> float | None:
        shared = shared_by(people)
        return points(shared, [person.pace for person in people]) if fits(shared, most_steps) else None

    # Merging

    def merge(self, groups: Sequence[LivingGroup]) -> list[Draft]:
        """Two small groups as one, those first that fit best. The larger one goes on, of equals the older one."""
        rated = [
            (value, one, other)
            for one, other in combinations(groups, 2)
            if (value := self._rate_merger(one, other)) is not None
        ]
        rated.sort(key=lambda found: (-found[0], found[1].id, found[2].id))
        drafts, used = [], set[int]()
        for _, one, other in rated:
            if not used.intersection((one.id, other.id)):
                used.update((one.id, other.id))
                drafts.append(self._merger(one, other))
        return drafts

    def _rate_merger(self, one: LivingGroup, other: LivingGroup) -> float | None:
        """How good both together would be; None if they do not fit."""
        people = (*one.members, *other.members)
        staying, going = _by_size(one, other)
        first = first_hour(staying.rhythm, self._week)
        ids = {person.member_id for person in people}
        is_possible = (
            len(ids) == len(people) <= LARGEST
            and _pair(one.id, other.id) not in self._refused.merged
            and not any(
                know_each_other([mine, theirs], self._pairs) for mine in one.members for theirs in other.members
            )
            and all(person.hours & first for person in going.members)
        )
        if not is_possible:
            return None
        near = self._rate(people, NEAR)
        return near if near is not None else self._rate(people, FAR)

    def _merger(self, one: LivingGroup, other: LivingGroup) -> Draft:
        staying, going = _by_size(one, other)
        people = (*staying.members, *going.members)
        moving = {person.member_id for person in going.members}
        members = tuple(ProposalMember(person.member_id, int(person.member_id in moving)) for person in people)
        terms = make_terms(people, shared_by(people), staying.rhythm, into=staying.id)
        return Draft(ProposalKind.MERGE, (staying.id, going.id), members, terms)

    # Splitting

    def split(self, group: LivingGroup) -> Draft | None:
        """A group that is too big as two of at least three; the part with the owner keeps home and rhythm."""
        if group.id in self._refused.split:
            return None
        staying, going = max(_parts(group), key=lambda parts: _rate_parts(*parts))
        inside = {person.member_id for person in staying}
        shared = shared_by(going)
        hours = shared.hours or rhythm_hours(group.rhythm, self._week)
        terms = make_terms(going, shared, best_rhythm(going, hours, self._week))
        parts = ((person.member_id, 0 if person.member_id in inside else 1) for person in group.members)
        members = tuple(ProposalMember(member_id, part) for member_id, part in parts)
        return Draft(ProposalKind.SPLIT, (group.id,), members, terms)


def _rate_parts(*parts: Sequence[Person]) -> tuple[float, int]:
    """How good both groups would be; of equals those are better that share more hours than are needed."""
    shared = [shared_by(part) for part in parts]
    rated = [points(one, [person.pace for person in part]) for one, part in zip(shared, parts, strict=True)]
    return round(sum(rated), 6), sum(one.hours.bit_count() for one in shared)


def _parts(group: LivingGroup) -> Iterator[tuple[tuple[Person, ...], tuple[Person, ...]]]:
    """Every way to split a group in two, the part with the owner first."""
    members = sorted(group.members, key=lambda person: person.member_id != group.owner_id)  # the others stay in order
    owner, others = members[0], members[1:]
    for size in range(SMALLEST - 1, len(members) - SMALLEST):
        for chosen in combinations(others, size):
            ids = {person.member_id for person in chosen}
            yield (owner, *chosen), tuple(person for person in others if person.member_id not in ids)


def _by_size(one: LivingGroup, other: LivingGroup) -> tuple[LivingGroup, LivingGroup]:
    """The group that goes on, and the one that ends."""
    larger, smaller = sorted((one, other), key=lambda group: (-len(group.members), group.id))
    return larger, smaller


def _wait(person: Person) -> tuple[datetime, int]:
    return person.waits_since, person.member_id


def _pair(one: int, other: int) -> Pair:
    return min(one, other), max(one, other)
