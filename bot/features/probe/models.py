"""A probe: a few questions that decide something, with what is asked, answered and found out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.features.questions.models import Citation


class Purpose(StrEnum):
    """What a probe decides, and what its target names.

    PLACEMENT where to begin (no target) · STEP whether a step is known ("step:2") · ITEM whether a part of the path
    is known (its id) · CONCEPT a question to try (a concept's id) · REVIEW what fades (concept ids with commas).
    """

    PLACEMENT = "placement"
    STEP = "step"
    ITEM = "item"
    CONCEPT = "concept"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What was clicked: the place of the option as it was shown, None for "I don't know"."""

    choice: int | None
    is_correct: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe as the database remembers it; `questions` are ids, `answers` are by position."""

    id: int
    member_id: int
    purpose: Purpose
    target: str | None
    questions: tuple[str, ...]
    answers: Mapping[int, GivenAnswer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProbeQuestion:
    """One question as a member reads it, `number` of `total`. The options are in the order in which they are shown.

    `position` is its place in the probe. `is_resumed` marks a probe that was begun earlier and goes on here.
    `may_end_early`: a wrong answer spares further questions.
    """

    probe_id: int
    position: int
    number: int
    total: int
    subject: str
    prompt: str
    options: tuple[str, ...]
    is_boolean: bool
    is_resumed: bool = False
    may_end_early: bool = False


@dataclass(frozen=True, slots=True)
class Skippable:
    """What a passed probe lets a member skip: a step, or a part of the path if `step` is None."""

    step: int | None
    title: str


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """How a probe ended.

    `settles` is what it proves to be known (step numbers, or the id of an item), whether skipped by now or not, and
    `skippable` what of this is still open on the path. For a placement, `passed` means at least one step.
    `missed` are the titles of concepts with a wrong answer. `has_more` says for a concept whether there are
    questions on it that were not answered lately.
    """

    probe_id: int
    purpose: Purpose
    target: str | None
    subject: str
    right: int
    asked: int
    passed: bool
    settles: tuple[int | str, ...] = ()
    skippable: tuple[Skippable, ...] = ()
    missed: tuple[str, ...] = ()
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class ProbeFeedback:
    """What a member reads after an answer. `choice` and `right` are places in the question's options.

    `choice` is None for "I don't know".

    `remark` says where a wrong choice fails. `is_repeat` marks a later click, for which the first answer counts.
    """

    question: ProbeQuestion
    choice: int | None
    right: int
    is_correct: bool
    remark: str | None
    explanation: str
    source: Citation
    next: ProbeQuestion | ProbeResult
    is_repeat: bool = False
