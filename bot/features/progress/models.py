"""The learner model: what is known about a learner, and the path that they are on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from knowledge.models import Style


class ItemKind(StrEnum):
    """What one does on the path in one go, or in a few sittings."""

    UNIT = "unit"
    RESOURCE = "resource"
    MILESTONE = "milestone"


class State(StrEnum):
    """Where a learner stands with an item. The last three settle it: the path goes on behind it."""

    STARTED = "started"
    DONE = "done"
    SKIPPED = "skipped"
    KNOWN = "known"

    @property
    def is_settled(self) -> bool:
        return self is not State.STARTED


@dataclass(frozen=True, slots=True)
class PathItem:
    """A unit, a short resource without units, or a milestone of a capstone.

    `id` is "resource/unit", "resource", "capstone:project/number" or, for a project of one's own,
    "capstone:own/step-number". `outcome` says what one can do afterwards.
    Only `is_required` items decide whether a step is done; `is_recap` marks short extras that round a step off.
    """

    id: str
    kind: ItemKind
    step: int
    title: str
    source: str
    outcome: str
    minutes: int
    url: str | None = None
    concepts: tuple[str, ...] = ()
    is_required: bool = True
    is_recap: bool = False


@dataclass(frozen=True, slots=True)
class PathStep:
    """A step with its items in the order in which a learner meets them."""

    number: int
    title: str
    goal: str
    items: tuple[PathItem, ...]

    @property
    def required(self) -> tuple[PathItem, ...]:
        return tuple(item for item in self.items if item.is_required)


@dataclass(frozen=True, slots=True)
class Path:
    """The six steps as one learner walks them, after their choices of a way and of projects."""

    steps: tuple[PathStep, ...]

    @property
    def items(self) -> tuple[PathItem, ...]:
        return tuple(item for step in self.steps for item in step.items)

    def find(self, item_id: str) -> PathItem | None:
        return next((item for item in self.items if item.id == item_id), None)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a member told /start. Experience runs from 0 (none) to 3 (at home in it)."""

    member_id: int
    joined_at: datetime
    started_at: datetime | None = None
    motivation: str | None = None
    coding: int | None = None
    maths: int | None = None
    deep_learning: int | None = None
    style: Style | None = None
    hours_per_week: float | None = None
    zone: str | None = None
    first_capstone: str | None = None
    second_capstone: str | None = None


@dataclass(frozen=True, slots=True)
class ItemProgress:
    """Where a learner stands with one item; `minutes` is the time spent on it so far."""

    item: str
    state: State
    minutes: int
    changed_at: datetime


class EvidenceKind(StrEnum):
    """Where a piece of evidence comes from."""

    ASK = "ask"
    PROBE = "probe"
    QUIZ = "quiz"
    REVIEW = "review"
    CHECKIN = "checkin"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation. `is_correct` is None where nothing was answered, for example for a question asked.

    `key` names what made it ("probe:7:2"), so that it counts once, however often it is sent.
    """

    concept: str
    kind: EvidenceKind
    is_correct: bool | None
    key: str


@dataclass(frozen=True, slots=True)
class Mastery:
    """The evidence on one concept. The weights are as of `last_at`; rules let them fade.

    `last_at` is that of the last answer. Without answers it is that of the check-in which told of the concept.
    """

    concept: str
    right: float
    wrong: float
    answers: int
    last_at: datetime


class Level(StrEnum):
    """How well a concept is known, in one word."""

    UNSEEN = "unseen"
    SHAKY = "shaky"
    LEARNING = "learning"
    FADING = "fading"
    SOLID = "solid"


@dataclass(frozen=True, slots=True)
class Activity:
    """Time spent at one moment; `is_told` if the tutor knows of it from a check-in only."""

    at: datetime
    minutes: int
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a learner means to do until the next check-in of a study group; `item` is the part that it is about."""

    what: str
    by_when: str
    item: str | None
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Blocker:
    """A concept that the learner was stuck on in a check-in, and has not answered a question on rightly since."""

    concept: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SettledPlan:
    """A plan of which a check-in has told whether it was kept; what was kept in part was not."""

    is_kept: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Learner:
    """A snapshot of everything that recommendations and overviews read. `activity` covers the last 12 weeks.

    The rest is what members of study groups tell in plans and check-ins: `commitment` is their newest plan that waits
    for a check-in, `blockers` are from the last check-in, `plans` are the last eight, the newest first.
    """

    profile: Profile
    progress: Mapping[str, ItemProgress] = field(default_factory=dict)
    mastery: Mapping[str, Mastery] = field(default_factory=dict)
    activity: tuple[Activity, ...] = ()
    commitment: Commitment | None = None
    blockers: tuple[Blocker, ...] = ()
    plans: tuple[SettledPlan, ...] = ()
    checked_in_at: datetime | None = None

    def state(self, item_id: str) -> State | None:
        found = self.progress.get(item_id)
        return found.state if found else None

    def is_settled(self, item_id: str) -> bool:
        found = self.progress.get(item_id)
        return found is not None and found.state.is_settled


class StepState(StrEnum):
    """Where a learner stands with a step."""

    DONE = "done"
    CURRENT = "current"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class StepOverview:
    """One step of a learner's path in figures; `next_item` is its first item that is not settled."""

    number: int
    title: str
    state: StepState
    settled: int
    required: int
    minutes_left: int
    next_item: PathItem | None


@dataclass(frozen=True, slots=True)
class WeekOverview:
    """Minutes of the week that begins on the Monday `monday_on`, in the learner's own zone."""

    monday_on: date
    minutes: int


@dataclass(frozen=True, slots=True)
class ConceptOverview:
    """How well a concept is known, with the reason in words."""

    concept: str
    title: str
    level: Level
    words: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What /progress shows of one learner. `told_minutes` of the minutes of all weeks are known from check-ins only."""

    profile: Profile
    steps: tuple[StepOverview, ...]
    concepts: tuple[ConceptOverview, ...]
    weeks: tuple[WeekOverview, ...]
    planned_minutes: int | None
    weeks_left: float | None
    told_minutes: int = 0

    @property
    def current(self) -> StepOverview | None:
        """The step in progress; None once every step is done."""
        return next((step for step in self.steps if step.state is StepState.CURRENT), None)

    def count(self, level: Level) -> int:
        return sum(concept.level is level for concept in self.concepts)


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of progress did. `reached` lists milestones that it reached for the first time.

    `id` is its place in the log, by which it can be undone; None if nothing changed. `count` is more than 1
    where a whole resource changed at once: how many of its parts did.
    """

    item: PathItem
    before: State | None
    after: State | None
    minutes: int
    reached: tuple[str, ...] = ()
    id: int | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """What a member may pick in a list of suggestions."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """A change as the log holds it. Changes with the same `group` were made at once and are undone at once."""

    id: int
    item: str
    before: State | None
    after: State | None
    minutes: int
    group: str | None = None
    is_undone: bool = False


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What one server may see of a learner. `is_ranked`: the results of its weekly quiz may name them."""

    guild_id: int
    is_visible: bool = False
    is_congratulated: bool = False
    is_ranked: bool = False


@dataclass(frozen=True, slots=True)
class StepCount:
    """How many visible members of a server are on a step; step None: all six are done."""

    step: int | None
    member_ids: tuple[int, ...]
