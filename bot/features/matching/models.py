"""Who looks for a study group, and which groups could be made, merged or split."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.features.groups.models import Group
from bot.scheduling.models import Rhythm

MATCH = "group_match"
"""The kind of the scheduled work that matches those who look for a group in a server; its subject is the server."""

PROPOSE = "group_propose"
"""The kind of the scheduled work that tells members of a proposal; its subject is the proposal."""

EXPIRE = "group_expire"
"""The kind of the scheduled work that ends a proposal which was not accepted in time; its subject is the proposal."""

SMALLEST, LARGEST = 3, 5
"""Members of a group that matching makes."""

PREFERRED = 4
"""Members of a group if there are enough who fit."""


class Window(StrEnum):
    """When somebody has time, on the clocks of their own zone: mornings 7-11, days 11-17, evenings 17-22."""

    WEEKDAY_MORNINGS = "weekday_mornings"
    WEEKDAY_DAYS = "weekday_days"
    WEEKDAY_EVENINGS = "weekday_evenings"
    WEEKDAY_NIGHTS = "weekday_nights"
    WEEKEND_MORNINGS = "weekend_mornings"
    WEEKEND_DAYS = "weekend_days"
    WEEKEND_EVENINGS = "weekend_evenings"


@dataclass(frozen=True, slots=True)
class Seeker:
    """A member who looks for a group in a server."""

    member_id: int
    guild_id: int
    zone: str
    windows: tuple[Window, ...]
    languages: tuple[str, ...]
    step: int
    hours_per_week: float | None
    channel_id: int
    by_dm: bool
    made_at: datetime


class ProposalKind(StrEnum):
    """FORM a new group · ADD seekers to a group that is too small · MERGE small groups · SPLIT a big one."""

    FORM = "form"
    ADD = "add"
    MERGE = "merge"
    SPLIT = "split"


class ProposalState(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


class Answer(StrEnum):
    """What a member says to a proposal."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class ProposalMember:
    """Whom it concerns, and what they say.

    `part` is 1 for those who would come to another group: to the new one of a split, or to one that goes on.
    """

    member_id: int
    part: int = 0
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as it is stored. `details` hold the rhythm, the name and the reasons in words."""

    id: int
    guild_id: int
    kind: ProposalKind
    state: ProposalState
    groups: tuple[int, ...]
    members: tuple[ProposalMember, ...]
    details: Mapping[str, Any]
    channel_id: int
    message_id: int | None
    made_at: datetime
    expires_at: datetime


# What rules work with


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as matching sees them. `hours` and `languages` are bits (see `rules.availability` and `rules.fit`)."""

    member_id: int
    hours: int
    languages: int
    step: int
    pace: float | None
    zone: str
    waits_since: datetime


@dataclass(frozen=True, slots=True)
class Shared:
    """What several people have in common: hours of a week as bits, languages as bits, and their steps."""

    hours: int
    languages: int
    first_step: int
    last_step: int


@dataclass(frozen=True, slots=True)
class LivingGroup:
    """A group that could be changed, its members as people, the oldest member first."""

    id: int
    rhythm: Rhythm
    owner_id: int | None
    members: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """What was proposed lately and did not come about, so that it is not proposed again so soon.

    Members who may not meet in a new group, members who may not be added to a group, groups that may not be merged, and
    groups that may not be split.
    """

    pairs: frozenset[tuple[int, int]] = frozenset()
    added: frozenset[tuple[int, int]] = frozenset()
    merged: frozenset[tuple[int, int]] = frozenset()
    split: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a proposal is about, without a word on who it is.

    `name` is that of a new group, `into` the group that goes on where two are merged. `hours` is how many all of them
    share in a week, and `words` says what else they share.
    """

    rhythm: Rhythm
    hours: int
    words: str
    step: int | None = None
    language: str | None = None
    name: str | None = None
    into: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """People who could make a new group, who waits for longest first."""

    member_ids: tuple[int, ...]
    terms: Terms


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposal before it is stored."""

    kind: ProposalKind
    groups: tuple[int, ...]
    members: tuple[ProposalMember, ...]
    terms: Terms


# What members see


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member says of the group that they look for."""

    windows: tuple[Window, ...] = ()
    languages: tuple[str, ...] = ("English",)
    by_dm: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """What /group match shows. `seekers` counts everybody who looks for a group here, `groups` those of the member."""

    step: int
    hours_per_week: float | None
    zone: str | None
    wish: Wish
    looks_since: datetime | None
    seekers: int
    next_at: datetime | None
    proposals: tuple[int, ...]
    groups: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal as one of its members sees it. `answered` counts those who have said something.

    `hangs_on_it`: it ends for all of its members if this one declines.
    """

    proposal: Proposal
    terms: Terms
    groups: tuple[Group, ...]
    part: int
    answer: Answer | None
    answered: int
    hangs_on_it: bool


@dataclass(frozen=True, slots=True)
class News:
    """A proposal that its members have to be told of: that it is there, or what has become of it.

    `inside` are the members of its groups that it concerns, by group; `seekers` are the others. `channels` are where
    those can be told, the best first. `writes_to` asked for direct messages. `made` is the group that came of it.
    """

    proposal: Proposal
    terms: Terms
    groups: tuple[Group, ...]
    inside: Mapping[int, tuple[int, ...]]
    seekers: tuple[int, ...]
    channels: tuple[int, ...]
    writes_to: tuple[int, ...]
    posts: Mapping[int, int]
    made: Group | None
    next_at: datetime | None
