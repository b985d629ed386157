"""What blocks a member: the tutor's private answer, and a call for help that mentors see."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.features.ask.models import Answer
from bot.features.groups.models import Group

SHOW = "help_show"
"""The kind of the scheduled work that makes the mentors' message of a call agree with it; its subject is the call."""

TELL = "help_tell"
"""The kind of the scheduled work that tells a member who would like to help; its subject is the call."""

TEXT_LIMIT = 500


class HelpState(StrEnum):
    """OPEN: nobody yet · OFFERED: a mentor offered help · SOLVED · WITHDRAWN by the member."""

    OPEN = "open"
    OFFERED = "offered"
    SOLVED = "solved"
    WITHDRAWN = "withdrawn"

    @property
    def is_settled(self) -> bool:
        """Whether nobody waits for anything any more."""
        return self in {HelpState.SOLVED, HelpState.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class HelpRequest:
    """A call for help as it is stored. `channel_id` is where it is shown; it says so before it is sent."""

    id: int
    guild_id: int
    group_id: int | None
    member_id: int
    text: str
    concepts: tuple[str, ...]
    state: HelpState
    helper_id: int | None
    channel_id: int | None
    message_id: int | None
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Blocker:
    """Where a blocker comes from: who wrote it, in the check-in of which week of which group, if of any."""

    member_id: int
    group_id: int | None = None
    week_id: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The tutor's private answer to a blocker. `concepts` are what it stands on, the best first."""

    answer: Answer
    concepts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call for help with what is shown of it; before it is sent, the id of its request is 0.

    `group` is None if the member is in none, or not in that one any more. `topics` are titles of concepts.
    """

    request: HelpRequest
    group: Group | None
    topics: tuple[str, ...] = ()

    @property
    def home_id(self) -> int | None:
        """Where the member's group meets."""
        return self.group.home_id if self.group else None


@dataclass(frozen=True, slots=True)
class CallPage:
    """A part of the calls that wait in a server; `page` counts from 0."""

    calls: tuple[Call, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Note:
    """What the tutor's notes say of a concept, and where that is taught."""

    title: str
    text: str
    place: str
    url: str


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a mentor reads who has offered help: words to begin with, and the notes that fit."""

    call: Call
    first_words: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """Who is told that somebody would like to help; `by_dm` says whether a direct message may be written."""

    call: Call
    helper_id: int
    by_dm: bool
