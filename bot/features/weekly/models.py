"""The weekly quiz of a server: how it is set up, the round of one week, and how it went."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.features.questions.models import Citation, ItemStatistics
from bot.scheduling.models import Occurrence, Rhythm

POST = "weekly"
"""The kind of the scheduled work that posts a server's quiz; its subject is the server."""

CLOSE = "weekly_close"
"""The kind of the scheduled work that closes a quiz and says how it went; its subject is the round."""

REFRESH = "weekly_results"
"""The kind of the scheduled work that brings posted results up to date; its subject is the round."""


@dataclass(frozen=True, slots=True)
class WeeklyQuiz:
    """What the admins of a server have set. Weekday 0 is Monday; `minute` counts from midnight in `zone`."""

    guild_id: int
    channel_id: int
    weekday: int
    minute: int
    zone: str
    questions: int = 5
    open_hours: int = 48
    role_id: int | None = None
    goal: int | None = None
    is_paused: bool = False

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(self.weekday, self.minute, self.zone)


@dataclass(frozen=True, slots=True)
class WeeklyRound:
    """The quiz of one week (`slot`). It is only prepared until `closes_at` is set, just before it is posted."""

    round_id: int
    guild_id: int
    slot: str
    planned_at: datetime
    channel_id: int
    questions: tuple[str, ...]
    message_id: int | None = None
    posted_at: datetime | None = None
    closes_at: datetime | None = None
    finished_at: datetime | None = None
    summary_message_id: int | None = None

    @property
    def is_posted(self) -> bool:
        return self.posted_at is not None

    @property
    def is_tried(self) -> bool:
        """Whether somebody has begun to post it, so that its message may be there already."""
        return self.closes_at is not None


@dataclass(frozen=True, slots=True)
class Post:
    """What the message of a quiz shows. `took_part` counts members; `finished_at` is there once it is closed."""

    round_id: int
    guild_id: int
    channel_id: int
    message_id: int | None
    planned_at: datetime
    closes_at: datetime
    questions: int
    took_part: int = 0
    goal: int | None = None
    role_id: int | None = None
    finished_at: datetime | None = None
    next_at: datetime | None = None
    is_new: bool = True
    """False if somebody has begun to post it before."""


# Set-up


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that /weekly show tells. `next_at` is None while the quiz is paused; `notes` are of the last weeks."""

    quiz: WeeklyQuiz
    next_at: datetime | None
    open_round: WeeklyRound | None = None
    took_part: int = 0
    notes: tuple[Occurrence, ...] = ()


class Demand(StrEnum):
    """What became of a wish to post now."""

    DUE = "due"
    OPEN = "open"
    POSTED = "posted"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Demanded:
    """The answer to a wish to post now. `open_round` is the quiz that is in the way, or the one of this week."""

    demand: Demand
    open_round: WeeklyRound | None = None


@dataclass(frozen=True, slots=True)
class PreviewQuestion:
    """A question with its key, for an admin. `right` holds texts of options, or a number as text.

    `steps` are those in which the concept is met and studied.
    """

    prompt: str
    concept: str
    steps: tuple[int, ...]
    kind: str
    difficulty: str
    options: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The questions that are posted next, and when; `next_at` is None while the quiz is paused."""

    guild_id: int
    round_id: int
    next_at: datetime | None
    questions: tuple[PreviewQuestion, ...]


# Results


@dataclass(frozen=True, slots=True)
class Score:
    """What one member reached. `is_finished`: no question that counts was left unanswered."""

    member_id: int
    right: int
    is_finished: bool


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the leaderboard; equal scores share a place."""

    place: int
    member_id: int
    right: int


@dataclass(frozen=True, slots=True)
class Missed:
    """The question that was missed most, `wrong` times in `answers`, with what is right and why."""

    number: int
    prompt: str
    right: tuple[str, ...]
    explanation: str
    note: str | None
    citation: Citation
    wrong: int
    answers: int


@dataclass(frozen=True, slots=True)
class Improvement:
    """How a member did now and in their last quiz before."""

    member_id: int
    right: int
    counted: int
    right_before: int
    counted_before: int


@dataclass(frozen=True, slots=True)
class Correction:
    """A question whose key was corrected after the quiz had closed, or that was taken out."""

    number: int
    is_retired: bool


@dataclass(frozen=True, slots=True)
class Results:
    """How a quiz went. `mean` is the mean of right answers of who finished; None if nobody did.

    `counted` questions count. The leaderboard holds only members who agreed to be named.
    """

    post: Post
    summary_message_id: int | None
    counted: int
    took_part: int
    finished: int
    mean: float | None
    missed: Missed | None = None
    improved: tuple[Improvement, ...] = ()
    places: tuple[Place, ...] = ()
    corrections: tuple[Correction, ...] = ()

    @property
    def is_goal_reached(self) -> bool:
        return self.post.goal is not None and self.finished >= self.post.goal


@dataclass(frozen=True, slots=True)
class MyAnswer:
    """One question as one member answered it. `is_correct` is None if it was retired, or not answered."""

    number: int
    prompt: str
    given: tuple[str, ...]
    right: tuple[str, ...]
    is_answered: bool
    is_correct: bool | None


@dataclass(frozen=True, slots=True)
class MyAnswers:
    """What one member reads of a quiz that is over."""

    guild_id: int
    right: int
    counted: int
    answers: tuple[MyAnswer, ...]
    is_ranked: bool


# History


@dataclass(frozen=True, slots=True)
class PastQuiz:
    """One quiz that is over, in figures."""

    round_id: int
    posted_at: datetime
    counted: int
    took_part: int
    finished: int
    mean: float | None
    goal_reached: bool | None = None


@dataclass(frozen=True, slots=True)
class QuestionHistory:
    """How a question of a past quiz behaved."""

    number: int
    prompt: str
    concept: str
    statistics: ItemStatistics


@dataclass(frozen=True, slots=True)
class History:
    """The last quizzes, newest first, and the questions of the one `chosen` in detail."""

    quizzes: tuple[PastQuiz, ...]
    chosen: PastQuiz | None = None
    questions: tuple[QuestionHistory, ...] = ()
