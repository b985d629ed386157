"""A plan: what a member means to do until the next check-in, and what they will do if it does not work."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SHOW = "plan_show"
"""The kind of the scheduled work that makes the group's message of a plan agree with it; its subject is the plan."""

SHOW_CHECKIN = "checkin_show"
"""The kind of the work that does the same for a check-in, which may show the plan; its subject is the check-in."""

WHAT_LIMIT = 200
WHEN_LIMIT = 100
PLACE_LIMIT = 100
FALLBACK_LIMIT = 200


class PlanState(StrEnum):
    """PRIVATE: the member's alone · SHOWN: the group sees it · WITHDRAWN: taken back, it counts for nothing."""

    PRIVATE = "private"
    SHOWN = "shown"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What became of a plan."""

    DONE = "done"
    PARTLY = "partly"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class PlanText:
    """What a member wrote into the window, already stripped; only `what` must be there."""

    what: str
    by_when: str = ""
    place: str = ""
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it is stored. `week_id` is the newest week of the group when it was made, None before the first.

    The check-in of the next week asks how it went. `item` is the part of the path that it is about, if it is one.
    """

    id: int
    member_id: int
    group_id: int
    week_id: int | None
    text: PlanText
    item: str | None
    state: PlanState
    outcome: Outcome | None
    channel_id: int | None
    message_id: int | None
    made_at: datetime


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """What the window begins with: the plan that is there, or what /next suggests. `source` says where that is from."""

    group_id: int
    group_name: str
    text: PlanText
    item: str | None
    source: str | None
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan with what its owner has to know about it: who will see it, when the group asks how it went.

    `is_in_checkin`: the group sees it with the check-in in which it was made, so it needs no message of its own.
    """

    plan: Plan
    group_name: str
    home_id: int | None
    next_prompt_at: datetime | None
    is_in_checkin: bool = False
