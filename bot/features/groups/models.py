"""A study group: who is in it, where it lives, when it checks in, and what happened to it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.scheduling.models import Rhythm

PROMPT = "group_prompt"
"""The kind of the scheduled work that asks a group for its check-in; its subject is the group, its slot the week."""

HOME = "group_home"
"""The kind of the scheduled work that opens a group's home; its subject is the group."""

TEND = "group_tend"
"""The kind of the scheduled work that looks whether a group is well, and tells those who can mend it."""

ERASE = "group_erase"
"""The kind of the scheduled work that deletes a message which must not stay; subject: message, slot: channel."""

OUT = "group_out"
"""The kind of the scheduled work that takes somebody out of a group's home; subject: group, slot: member and time."""

MOST_MEMBERS = 8
"""Members of a group that was made by hand; matching makes groups of 3 to 5."""

MOST_GROUPS = 3
"""Groups that one member may be in, in one server."""

MOST_OWNED = 2
"""Groups that one member may look after, in one server."""

MOST_IN_SERVER = 100
"""Groups of one server that have not ended."""

GOAL_LIMIT = 200
LANGUAGE_LIMIT = 20


class GroupState(StrEnum):
    """ACTIVE · PAUSED until a time, then it goes on by itself · HOMELESS · ENDED.

    HOMELESS: it has no home, or one in a server that the tutor has left, and asks nothing.
    """

    ACTIVE = "active"
    PAUSED = "paused"
    HOMELESS = "homeless"
    ENDED = "ended"


class EventKind(StrEnum):
    """What a group remembers."""

    CREATED = "created"
    JOINED = "joined"
    LEFT = "left"
    REMOVED = "removed"
    OWNER = "owner"
    CHANGED = "changed"
    PAUSED = "paused"
    RESUMED = "resumed"
    HOME_OPENED = "home_opened"
    HOME_LOST = "home_lost"
    MERGED = "merged"
    SPLIT = "split"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What a group is to be like, before it exists."""

    guild_id: int
    name: str
    parent_id: int
    rhythm: Rhythm
    window_days: int = 2
    step: int | None = None
    language: str | None = None
    goal: str | None = None
    is_open: bool = False
    is_private: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """A group as it is stored. `home_id` is a thread in the channel `parent_id`.

    `note` says in one sentence what is wrong with it and what mends that; None if it is well.
    """

    id: int
    guild_id: int
    name: str
    owner_id: int | None
    step: int | None
    language: str | None
    goal: str | None
    is_open: bool
    is_private: bool
    parent_id: int
    home_id: int | None
    rhythm: Rhythm
    window_days: int
    state: GroupState
    paused_until: datetime | None
    note: str | None
    made_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class GroupMember:
    """One member of one group. `is_nudged`: they agreed to a private note; `by_dm`: they asked for direct messages."""

    group_id: int
    member_id: int
    joined_at: datetime
    left_at: datetime | None = None
    away_until: datetime | None = None
    is_nudged: bool = False
    by_dm: bool = False
    dm_failed_at: datetime | None = None

    def is_away(self, at: datetime) -> bool:
        """Whether a check-in at that moment is not asked of them."""
        return self.away_until is not None and at < self.away_until


@dataclass(frozen=True, slots=True)
class GroupEvent:
    """One line of a group's history."""

    kind: EventKind
    at: datetime
    member_id: int | None = None
    details: str | None = None


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """A group with everything that its members may see of it; members are those of now, the oldest first."""

    group: Group
    members: tuple[GroupMember, ...]
    next_prompt_at: datetime | None
    history: tuple[GroupEvent, ...] = ()

    @property
    def member_ids(self) -> tuple[int, ...]:
        return tuple(member.member_id for member in self.members)

    @property
    def places(self) -> int:
        """How many can still join."""
        return max(MOST_MEMBERS - len(self.members), 0)


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What an owner wants to be different. None leaves it as it is; "" or 0 forgets a goal, a language or a step."""

    name: str | None = None
    weekday: int | None = None
    minute: int | None = None
    zone: str | None = None
    window_days: int | None = None
    step: int | None = None
    language: str | None = None
    goal: str | None = None
    is_open: bool | None = None
    owner_id: int | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A group after members have gone. `new_owner_id` is who looks after it from now on, if that has changed."""

    group: Group
    gone: tuple[int, ...] = ()
    new_owner_id: int | None = None

    @property
    def has_ended(self) -> bool:
        return self.group.state is GroupState.ENDED
