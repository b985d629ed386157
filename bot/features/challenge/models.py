"""Challenges: what members doubt about questions, what those who decide read, and what a decision changes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.features.questions.models import AnswerKey, Citation, Item, ItemStatistics, Verdict

SHOW_POST = "decided_post"
"""The kind of the scheduled work that brings a challenge's post up to date; its subject is the challenge."""


class ChallengeState(StrEnum):
    """Where a challenge stands: it waits, or what was decided about its question."""

    OPEN = "open"
    KEPT = "kept"
    CORRECTED = "corrected"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Challenge:
    """One member's doubt. `guild_id` is where the question was asked; None in direct messages."""

    id: int
    member_id: int
    guild_id: int | None
    question: str
    attempt_key: str
    reason: str
    state: ChallengeState
    channel_id: int | None
    message_id: int | None
    made_at: datetime
    decided_at: datetime | None

    @property
    def post(self) -> "Post | None":
        return None if self.channel_id is None or self.message_id is None else Post(self.channel_id, self.message_id)


@dataclass(frozen=True, slots=True)
class Post:
    """Where those who decide are told about a question."""

    channel_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that those who decide read of one question in one server.

    `id` is the challenge that names it on buttons. `item` has the key that holds in that server, and `right` says it
    in words. `note` is what those who decided wrote. `is_corrected_here`: the note of `item` was written in this
    server. `is_undoable`: it is the newest decision of this server.
    """

    id: int
    guild_id: int | None
    item: Item
    title: str
    right: tuple[str, ...]
    citation: Citation
    reasons: tuple[str, ...]
    statistics: ItemStatistics
    state: ChallengeState
    note: str | None = None
    decided_at: datetime | None = None
    post: Post | None = None
    is_corrected_here: bool = False
    is_undoable: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question with open challenges, in one line. `id` is the oldest of them."""

    id: int
    guild_id: int | None
    question: str
    prompt: str
    reasons: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """A part of the questions that wait; `page` counts from 0."""

    waiting: tuple[Waiting, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to hold from now on. `key` is there for a correction, and so is its `note`."""

    verdict: Verdict
    key: AnswerKey | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a decision changes: `answers` of `members`; so many count as right, wrong or not at all afterwards."""

    answers: int = 0
    members: int = 0
    right: int = 0
    wrong: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What an answer counted as, and counts as now; None: for nothing."""

    before: bool | None
    after: bool | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision that is not made yet, or not taken back yet: what would be right, and what would change.

    `stamp` tells the decision that is to be taken back from later ones about the same question.
    """

    challenge_id: int
    item: Item
    decision: Decision
    right: tuple[str, ...]
    effect: Effect
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision that was made, or taken back.

    `challenge_ids` name the questions' posts that are out of date, one each; `rounds` are closed weekly quizzes whose
    results are.
    """

    verdict: Verdict
    question: str
    effect: Effect
    challenge_ids: tuple[int, ...] = ()
    rounds: tuple[int, ...] = ()
    told: int = 0


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision of a server that can be taken back."""

    question: str
    prompt: str
    verdict: Verdict
    decided_at: datetime

    @property
    def stamp(self) -> str:
        """Four signs that tell this decision from another one about the same question."""
        return f"{int(self.decided_at.timestamp()) % 0x10000:04x}"


@dataclass(frozen=True, slots=True)
class Report:
    """How the questions of the bank behave: the misleading ones first, then the hardest."""

    members: int
    answers: int
    misleading: tuple[ItemStatistics, ...]
    others: tuple[ItemStatistics, ...]
