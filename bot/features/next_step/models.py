"""What /next recommends, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a recommendation asks for.

    STUDY a part of the path · RESTUDY a weak concept before what builds on it · REVIEW questions on what fades ·
    PROBE a few questions that may save a part · CHOOSE a project · REST the week's plan is met ·
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


class Fate(StrEnum):
    """What a member did with a recommendation."""

    OPEN = "open"
    STARTED = "started"
    DONE = "done"
    DECLINED = "declined"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One thing to do now.

    `target` is a path item, a concept, a step or a resource; with `kind` it tells one thing to do from another.
    `minutes` is this sitting, `minutes_left` what the whole of it still takes. `reason` is one sentence that
    names the evidence, `outcome` what one can do afterwards.
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
