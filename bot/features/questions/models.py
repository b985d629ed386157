"""Questions as they are asked: what counts as right here and now, the rounds that ask them, and what was answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from fsrs import Card

from knowledge.models import Question, QuestionKind

EVERYWHERE = 0
"""In place of a server's id: what is decided for everybody."""


class RoundKind(StrEnum):
    """Why questions are asked.

    QUIZ /quiz · REVIEW what is due · WEEKLY a server's weekly quiz, one round for everybody · SIMILAR one more like
    the last.
    """

    QUIZ = "quiz"
    REVIEW = "review"
    WEEKLY = "weekly"
    SIMILAR = "similar"


class Confidence(StrEnum):
    """How sure a member was of a right answer. It is asked only where luck is likely."""

    SURE = "sure"
    GUESSED = "guessed"


class Verdict(StrEnum):
    """What was decided about a challenged question."""

    KEPT = "kept"
    CORRECTED = "corrected"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """What counts as right.

    `options` are option ids (see `rules.options.option_id`): of a single choice or a boolean each of them is right,
    of a multiple choice all of them together, of an ordering question they stand in the right order.
    `tolerance` is absolute.
    """

    options: tuple[str, ...] = ()
    number: float | None = None
    tolerance: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return {"options": list(self.options), "number": self.number, "tolerance": self.tolerance}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(tuple(data["options"]), data["number"], data["tolerance"])


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was decided about a question in one server, or everywhere (`guild_id` 0). `key` is there if corrected."""

    question: str
    guild_id: int
    verdict: Verdict
    key: AnswerKey | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A question of the bank with the key that holds in one server. `note` is what those who corrected it wrote."""

    question: Question
    key: AnswerKey
    note: str | None = None

    @property
    def id(self) -> str:
        return self.question.id

    @property
    def kind(self) -> QuestionKind:
        return self.question.kind


@dataclass(frozen=True, slots=True)
class Response:
    """What a member answered, apart from how the options were shuffled. Nothing in it: "I don't know".

    `options` are option ids, of an ordering question in the order that the member gave.
    """

    options: tuple[str, ...] = ()
    number: float | None = None

    @property
    def is_unknown(self) -> bool:
        return not self.options and self.number is None

    def to_json(self) -> dict[str, Any]:
        return {"options": list(self.options), "number": self.number}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(tuple(data["options"]), data["number"])


@dataclass(frozen=True, slots=True)
class Attempt:
    """An answer as the database holds it; `is_correct` is None once its question is retired."""

    id: int
    member_id: int
    key: str
    question: str
    guild_id: int | None
    round_id: int | None
    position: int | None
    response: Response
    is_correct: bool | None
    confidence: Confidence | None
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """A set of questions. `member_id` is None for the weekly quiz of a server; `questions` are ids."""

    id: int
    kind: RoundKind
    member_id: int | None
    guild_id: int | None
    subject: str | None
    questions: tuple[str, ...]
    made_at: datetime
    closes_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DueCard:
    """One card of a member's queue; `card` is that of FSRS."""

    question: str
    due_at: datetime
    card: Card


@dataclass(frozen=True, slots=True)
class DueQueue:
    """A member's queue at one moment: what is due, the longest first, and when the rest comes."""

    now: tuple[DueCard, ...]
    later: tuple[DueCard, ...]

    @property
    def next_at(self) -> datetime | None:
        """When the next question comes that is not due yet."""
        return self.later[0].due_at if self.later else None


@dataclass(frozen=True, slots=True)
class News:
    """Something that a member has not been told yet."""

    kind: str
    question: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an answer. `is_new` is False for one that was there before, and then that one counts."""

    attempt: Attempt
    is_new: bool
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Regraded:
    """An answer that counts otherwise since a ruling; None: for nothing."""

    member_id: int
    key: str
    round_id: int | None
    before: bool | None
    after: bool | None


# What a member reads


@dataclass(frozen=True, slots=True)
class ShownOption:
    """One option in the place in which this member sees it."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """One question as one member reads it, `number` of `total`; `options` are shuffled for them.

    `stamp` changes if the text of the question changes, so that an old button is noticed.
    `news` are sentences about corrected questions that the member has not read yet.
    """

    round_id: int
    position: int
    number: int
    total: int
    round_kind: RoundKind
    subject: str
    kind: QuestionKind
    difficulty: str
    prompt: str
    options: tuple[ShownOption, ...]
    unit: str | None
    stamp: str
    closes_at: datetime | None = None
    is_resumed: bool = False
    news: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """The passage that proves a key, and where its topic is taught."""

    title: str
    heading: str | None
    place: str
    url: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Why a wrong option that was chosen (or a right one that was not) is so."""

    option: str
    text: str


@dataclass(frozen=True, slots=True)
class Revisit:
    """A concept with a wrong answer: where it is taught, and when its question comes again."""

    concept: str
    title: str
    place: str
    url: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class RoundResult:
    """How a round ended for one member. `has_more_due` counts reviews that are due now."""

    round_id: int
    kind: RoundKind
    subject: str
    right: int
    counted: int
    revisit: tuple[Revisit, ...]
    due_now: int
    next_due_at: datetime | None
    closes_at: datetime | None = None
    is_ranked: bool = False
    guild_id: int | None = None
    news: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a member reads after an answer.

    `given` and `right` are texts of options, or numbers as text, ready to be shown; `given` is empty for "I don't
    know". `due_at` is when the question comes again. `asks_confidence`: it was right, and luck is likely.
    `is_repeat` marks a later click, for which the first answer counts. `has_similar`: there is another one like it.
    """

    question: AskedQuestion
    given: tuple[str, ...]
    right: tuple[str, ...]
    is_correct: bool | None
    remarks: tuple[Remark, ...]
    explanation: str
    note: str | None
    citation: Citation
    due_at: datetime | None
    asks_confidence: bool
    confidence: Confidence | None
    has_similar: bool
    has_next: bool
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class OptionCount:
    """How often an option was chosen, by everybody and by the best third; `is_key` marks the right ones."""

    option: str
    text: str
    is_key: bool
    chosen: int
    chosen_by_best: int


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """How a question behaves. `difficulty` is the share of right first answers (the classical p value).

    `discrimination` is the correlation of right answers with the rest of each member's answers; None where there are
    too few. `is_misleading`: good learners get it wrong more often than weak ones, or prefer a wrong option.
    """

    question: str
    answers: int
    right: int
    difficulty: float | None
    discrimination: float | None
    options: tuple[OptionCount, ...] = field(default=())
    unknown: int = 0
    is_misleading: bool = False
