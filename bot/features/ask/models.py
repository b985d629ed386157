"""What is asked and what is answered."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    DECLINED = "declined"
    OWN_WORDS = "own-words"
    SMALL_TALK = "small-talk"
    EMPTY = "empty"
    NOT_ENGLISH = "not-english"


class Intent(StrEnum):
    """What kind of answer a question wants."""

    DEFINITION = "definition"
    REASON = "reason"
    PRACTICE = "practice"
    FORMULA = "formula"
    EXAMPLE = "example"
    TROUBLE = "trouble"
    COMPARISON = "comparison"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it came in. `replied_to` is the message that it answers, if any; `is_private` says that
    nobody else will see the answer, so that it may speak of the asker's own progress.
    """

    text: str
    member_id: int
    channel_id: int
    guild_id: int | None = None
    replied_to: int | None = None
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the material. `is_block` marks code and lists, which stand on lines of their own."""

    text: str
    citation: int
    is_block: bool = False


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a quote stands: the note's title, the place in it, and the most exact link there is."""

    number: int
    source: str
    title: str
    place: str | None
    url: str | None
    passage_key: str
    url_label: str | None = None


@dataclass(frozen=True, slots=True)
class StudyLink:
    """A lesson or chapter that teaches the topic; `step` is the curriculum step of its resource."""

    label: str
    url: str
    step: int | None


@dataclass(frozen=True, slots=True)
class Unmet:
    """A prerequisite that the asker has not met yet, and where it is taught."""

    title: str
    place: str
    url: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a concept stands on one learner's path; `unmet` are prerequisites that they have not met."""

    concept: str
    title: str
    text: str
    unmet: tuple[Unmet, ...] = ()


@dataclass(frozen=True, slots=True)
class Saying:
    """Fixed words of the tutor itself. `{next}` in them stands for the mention of that command, and `needs_server` says
    that the commands are not there in direct messages. Below them stands a quote from the source `note`: the first
    piece with the words `quote`, or the first of all. `takes_topic` says that an answer to whatever else the member
    wrote takes its place; `is_weekly` that it is told when the next weekly quiz of the server comes.
    """

    title: str
    text: str
    needs_server: bool = False
    note: str | None = None
    quote: str = ""
    takes_topic: bool = False
    is_weekly: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """A note that can be asked about."""

    title: str
    source: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a member reads. `saying` are the tutor's own words, which come before quotes. `standing` says where the
    topic stands in the curriculum, and for a learner on their own path; `unmet` are prerequisites that a learner has
    not met; `concept` is the id of the concept that is quoted first, if there are questions to try on it; `nearest`
    says which topics come closest to a question that is declined.
    """

    outcome: Outcome
    quotes: tuple[Quote, ...] = ()
    citations: tuple[Citation, ...] = ()
    study: tuple[StudyLink, ...] = ()
    standing: str | None = None
    unmet: tuple[Unmet, ...] = ()
    concept: str | None = None
    nearest: tuple[Topic, ...] = ()
    saying: Saying | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as the database remembers it."""

    id: int
    asked_at: datetime
    member_id: int
    channel_id: int
    question: str | None
    outcome: Outcome
    passages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FullSource:
    """A cited passage in full; `number` is the [n] that it has in the answer."""

    number: int
    title: str
    place: str | None
    text: str
    url: str | None
