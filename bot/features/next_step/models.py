"""What /next recommends, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a recommendation asks for.

    STUDY a part of the path · RESTUDY a weak concept before what builds on it · REVIEW questions that are due, or on
    what fades · PROBE a few questions that may save a part · CHOOSE a project · REST the week's plan is met ·
    BEYOND after the curriculum · MENTOR help somebody else.
    """

    STUDY = "study"
    RESTUDY = "restudy"
    REVIEW = "review"
    PROBE = "probe"
    CHOOSE = "choose"
    REST = "rest"
    BEYOND = "beyond"
    MENTOR = "mentor"


class Action(StrEnum):
    """What a member can do with a recommendation."""

    START = "start"
    WORK = "work"
    FINISH = "finish"
    DECLINE = "decline"
    KNOW = "know"
    BEGIN = "begin"
    CHOOSE = "choose"


class Fate(StrEnum):
    """What a member did with a recommendation."""

    OPEN = "open"
    STARTED = "started"
    DONE = "done"
    DECLINED = "declined"
    KNOWN = "known"


DUE = "due"
"""The target of a REVIEW of the questions that are due; any other target of one lists concepts."""


@dataclass(frozen=True, slots=True)
class Reviews:
    """What spaced repetition says: how many questions are due, and on which concept the one is that waits longest.

    `reviewed_at` is when a round of reviews was finished lately. `scheduled` are the concepts with a question that
    comes back by itself, now or later. `at_a_time` is how many questions one round asks.
    """

    due: int = 0
    concept: str = ""
    since: datetime | None = None
    reviewed_at: datetime | None = None
    scheduled: frozenset[str] = frozenset()
    at_a_time: int = 5


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One thing to do now.

    `target` is a path item, a concept, a step or a resource; with `kind` it tells one thing to do from another.
    `minutes` is this sitting, `minutes_left` what the whole of it still takes. `reason` is one sentence that
    names the evidence, `outcome` what one can do afterwards. `motivation` is what the member once wrote about why
    they learn, where it may help now. `is_newcomer` marks members who have not been through /start.
    """

    kind: Kind
    target: str
    title: str
    source: str
    minutes: int
    reason: str
    outcome: str
    minutes_left: int | None = None
    url: str | None = None
    step: int | None = None
    concepts: tuple[str, ...] = ()
    id: int | None = None
    fate: Fate = Fate.OPEN
    motivation: str | None = None
    is_newcomer: bool = False

    @property
    def is_longer(self) -> bool:
        """Whether the whole of it takes longer than this sitting."""
        return self.minutes_left is not None and self.minutes_left > self.minutes


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier recommendation."""

    id: int
    kind: Kind
    target: str
    minutes: int
    reason: str
    fate: Fate
    made_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Noted:
    """What was noted about a recommendation. `change_id` names the change of progress that it made, if there is one.

    `reached` lists milestones that it reached for the first time. `asks` says that questions follow.
    """

    id: int
    action: Action
    kind: Kind
    target: str
    text: str
    change_id: int | None = None
    reached: tuple[str, ...] = ()
    asks: bool = False


@dataclass(frozen=True, slots=True)
class ProjectIdea:
    """An idea for a capstone, as it stands in a list."""

    id: str
    title: str
    difficulty: int
    hours: str


@dataclass(frozen=True, slots=True)
class ProjectChoice:
    """The projects that a member may choose from in a step, the easiest first."""

    id: int
    step: int
    ideas: tuple[ProjectIdea, ...]
    chosen: str | None
