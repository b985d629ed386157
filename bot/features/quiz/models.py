"""What a member may ask a quiz for, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from bot.features.progress.models import Level
from bot.features.questions.models import AskedQuestion
from knowledge.models import Question


class Difficulty(StrEnum):
    """The difficulties of the bank, the easiest first."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class TopicKind(StrEnum):
    """What a quiz may be about: a step, a concept, or what was answered wrong lately."""

    STEP = "step"
    CONCEPT = "concept"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Topic:
    """What a quiz is about; `id` is the number of the step or the concept's id."""

    kind: TopicKind
    id: str = ""

    @property
    def value(self) -> str:
        """As an option of the command carries it: "step:2", "concept:softmax", "missed"."""
        return f"{self.kind.value}:{self.id}" if self.id else self.kind.value

    @classmethod
    def from_value(cls, value: str) -> Self | None:
        """The topic of a value; None for anything else that was typed."""
        kind, _, id_ = value.partition(":")
        is_known = kind in set(TopicKind) and bool(id_) is (kind != TopicKind.MISSED)
        return cls(TopicKind(kind), id_) if is_known else None


MISSED = Topic(TopicKind.MISSED)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a quiz is asked for. What is None was left open."""

    topic: Topic | None = None
    count: int | None = None
    difficulty: Difficulty | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing was said, so that a quiz that was left may go on."""
        return self == Wish()


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a learner matters for a quiz.

    `reach` are the concepts that may be asked without a topic, `step` is the one that they are on, and `missed` are
    the questions answered wrong lately, the newest mistake first. `is_new`: nothing was met so far.
    """

    step: int
    reach: tuple[str, ...]
    levels: Mapping[str, Level] = field(default_factory=dict)
    missed: tuple[str, ...] = ()
    is_new: bool = False

    def level(self, concept_id: str) -> Level:
        return self.levels.get(concept_id, Level.UNSEEN)


@dataclass(frozen=True, slots=True)
class Selection:
    """The questions of a quiz in the order in which they are asked.

    `lately` are those of them that were answered in the last 14 days, and come because nothing else is left.
    """

    questions: tuple[Question, ...] = ()
    lately: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Quiz:
    """A quiz that begins, or goes on where it was left. `notes` are sentences about the choice of its questions."""

    asked: AskedQuestion
    notes: tuple[str, ...] = ()
    is_resumed: bool = False


@dataclass(frozen=True, slots=True)
class NothingFresh:
    """Everything that was met has been answered lately.

    `due_now` counts the reviews that wait, `next_due_at` is when the next one comes, and `fresh_at` when a quiz may
    ask something again.
    """

    due_now: int
    next_due_at: datetime | None
    fresh_at: datetime
