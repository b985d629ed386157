"""The curriculum as data: frozen pydantic models that forbid unknown keys.

Every model mirrors one kind of file in this folder. Ids are file names without
their ending, so they can never disagree with the file that holds them.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, model_validator

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)]
UnitId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=40)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
StepNumber = Annotated[int, Field(ge=1, le=6)]


class Model(BaseModel):
    """Immutable, and strict about keys: a misspelt key is an error, not a silent default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(Model):
    """An estimate from `min` to `max`, both included."""

    min: Annotated[float, Field(ge=0)]
    max: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min:g} is greater than max {self.max:g}")
        return self


class Link(Model):
    title: Text
    url: HttpUrl


class Verdict(StrEnum):
    """What the capstone rule says of a library."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    DECLARE = "declare"


class Framework(Model):
    """The capstone rule for one library; `interpretation` marks what the curriculum does not name itself."""

    name: Text
    aliases: tuple[Text, ...] = ()
    verdict: Verdict
    steps: tuple[StepNumber, ...]
    reason: Text
    interpretation: bool = False


class Style(StrEnum):
    """How somebody likes to learn."""

    VIDEO = "video"
    BOOK = "book"
    UNIVERSITY = "university"
    HANDS_ON = "hands-on"


class Alternative(Model):
    """One of several ways through a step; a learner chooses one."""

    id: Id
    style: Style
    title: Text
    for_whom: Text
    resources: Annotated[tuple[Id, ...], Field(min_length=1)]


class Step(Model):
    """One of the six steps, as `curriculum.toml` orders it. `weeks` assume the curriculum's pace."""

    number: StepNumber
    id: Id
    title: Text
    goal: Text
    after: tuple[StepNumber, ...]
    weeks: Range
    core: tuple[Id, ...] = ()
    support: tuple[Id, ...] = ()
    beyond: tuple[Id, ...] = ()
    alternatives: tuple[Alternative, ...] = ()

    @property
    def resource_ids(self) -> tuple[str, ...]:
        """Every resource of the step, the ones everybody does first."""
        chosen = tuple(resource for way in self.alternatives for resource in way.resources)
        return tuple(dict.fromkeys((*self.core, *chosen, *self.support, *self.beyond)))


class CurriculumFile(Model):
    """`curriculum.toml`."""

    title: Text
    summary: Text
    hours_per_week: Annotated[float, Field(gt=0, le=80)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    frameworks: tuple[Framework, ...] = ()


class Note(Model):
    """What every kind of note lists so that it can be found: other names, and questions it answers."""

    title: Text
    aliases: tuple[Text, ...] = ()
    questions: tuple[Text, ...] = ()


class StepNote(Note):
    """`steps/<id>.md`."""


class Unit(Model):
    """A lesson, chapter, section or week of a resource: what one can do in a sitting."""

    id: UnitId
    label: Text
    title: Text
    summary: Text
    url: HttpUrl | None = None
    minutes: Annotated[int, Field(gt=0, le=6000)] | None = None
    concepts: tuple[Id, ...] = ()


class Resource(Note):
    """`resources/<id>.md`: a course, book, paper, talk or library. `hours` is for the whole of it."""

    authors: Annotated[tuple[Text, ...], Field(min_length=1)]
    publisher: Text | None = None
    year: Text | None = None
    url: HttpUrl
    links: tuple[Link, ...] = ()
    steps: Annotated[tuple[StepNumber, ...], Field(min_length=1)]
    scope: Literal["curriculum", "beyond"]
    formats: Annotated[
        tuple[
            Literal["video", "notebook", "book", "text", "exercises", "paper", "code", "slides", "library"],
            ...,
        ],
        Field(min_length=1),
    ]
    cost: Literal["free", "paid", "mixed"]
    cost_note: Text | None = None
    level: Literal["beginner", "intermediate", "advanced"]
    level_note: Text | None = None
    prerequisites: tuple[Text, ...]
    frameworks: tuple[Text, ...] = ()
    hours: Range
    hours_note: Text | None = None
    status: Literal["current", "stable", "low-maintenance", "archived", "retired"]
    replaced_by: tuple[Id, ...] = ()
    units: tuple[Unit, ...]

    @property
    def short(self) -> str:
        """What answers call it: its first alias, which is therefore written as it should be read, or its title."""
        return self.aliases[0] if self.aliases else self.title

    def unit(self, unit_id: str) -> Unit | None:
        """The unit with this id, or None."""
        return next((unit for unit in self.units if unit.id == unit_id), None)


class StudyPlace(Model):
    """Where a concept is taught: a resource, one of its units, and a finer place in that unit."""

    resource: Id
    unit: UnitId | None = None
    section: Text | None = None


class Concept(Note):
    """`concepts/<id>.md`. `met_in` is the step of the first contact, `step` the one of the study in depth.

    `ahead` names the prerequisites whose own study in depth comes later: a first contact is enough for them.
    """

    step: StepNumber
    met_in: StepNumber
    prerequisites: tuple[Id, ...] = ()
    ahead: tuple[Id, ...] = ()
    confused_with: tuple[Id, ...] = ()
    study: Annotated[tuple[StudyPlace, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_met_before_it_is_studied(self) -> Self:
        if self.met_in > self.step:
            raise ValueError(f"met_in {self.met_in} comes after step {self.step}")
        return self


class Capstone(Note):
    """`capstones/<id>.md`: an idea for a project. `article` marks ideas of the original curriculum."""

    step: Literal[4, 6]
    difficulty: Annotated[int, Field(ge=1, le=5)]
    hours: Range
    hardware: Text
    data: Text
    url: HttpUrl | None = None
    baseline: Text
    metric: Text
    target: Text
    concepts: Annotated[tuple[Id, ...], Field(min_length=1)]
    article: bool = False


class Outside(Model):
    """`outside.toml`: questions that people ask and that the material does not cover."""

    topics: tuple[Text, ...]


class QuestionKind(StrEnum):
    SINGLE = "single"
    MULTIPLE = "multiple"
    BOOLEAN = "boolean"
    NUMERIC = "numeric"
    ORDER = "order"


class Option(Model):
    """One choice; `remark` says why one may believe a wrong one and where it fails."""

    text: Text
    correct: bool = False
    remark: Text | None = None


class Source(Model):
    """The passage that justifies a key: the section `heading` of `note`, which contains all `terms`."""

    note: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9-]+$")]
    heading: Text | None = None
    terms: Annotated[tuple[Text, ...], Field(min_length=1)]


class Question(Model):
    """One item of the question bank in `questions/*.toml`.

    Choices use `options`, numbers use `answer`, `tolerance` (absolute) and `unit`,
    and `order` lists its options in the right order.
    """

    id: Id
    concept: Id
    kind: QuestionKind
    difficulty: Literal["easy", "medium", "hard"]
    prompt: Text
    options: tuple[Option, ...] = ()
    answer: float | None = None
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    unit: Text | None = None
    explanation: Text
    source: Source

    @model_validator(mode="after")
    def _has_a_key_that_fits_its_kind(self) -> Self:
        options, correct = len(self.options), sum(option.correct for option in self.options)
        texts = [option.text for option in self.options]
        numeric = self.kind is QuestionKind.NUMERIC
        fits, rule = {
            QuestionKind.NUMERIC: (
                self.answer is not None and not options,
                "a numeric question has an answer and no options",
            ),
            QuestionKind.ORDER: (
                options >= 3 and not correct,
                "an order question lists three or more options in the right order, none marked correct",
            ),
            QuestionKind.MULTIPLE: (
                options >= 3 and 1 <= correct < options,
                "a multiple-choice question has three or more options, some correct and some not",
            ),
            QuestionKind.BOOLEAN: (
                texts == ["True", "False"] and correct == 1,
                "a boolean question has the options True and False, one of them correct",
            ),
            QuestionKind.SINGLE: (
                options >= 3 and correct == 1,
                "a single-choice question has three or more options, exactly one correct",
            ),
        }[self.kind]
        if not fits:
            raise ValueError(rule)
        if not numeric and (self.answer is not None or self.tolerance or self.unit is not None):
            raise ValueError("only a numeric question has an answer, a tolerance or a unit")
        if len(set(texts)) < options:
            raise ValueError("two options read the same")
        bare = [option.text for option in self.options if not option.correct and not option.remark]
        if bare and self.kind is not QuestionKind.ORDER:
            raise ValueError(f"the wrong option {bare[0]!r} has no remark")
        return self


class QuestionFile(Model):
    """`questions/<group>.toml`."""

    questions: Annotated[tuple[Question, ...], Field(min_length=1)]
