"""What a member finds below /review: which questions are due, when the next ones come, and the reminder."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

REMINDER = "review_reminder"
"""The kind of the scheduled work that writes to a member about due questions; its subject is the member."""


@dataclass(frozen=True, slots=True)
class Card:
    """Where one question stands for one member, as far as it matters for what is asked next.

    `recall` is the chance that the member would answer it right now (the retrievability of FSRS).
    """

    question: str
    concept: str
    due_at: datetime
    recall: float


@dataclass(frozen=True, slots=True)
class ComingDay:
    """How many questions fall due on one day of the member's own calendar; `at` is when the first of them does."""

    at: datetime
    count: int


class Window(StrEnum):
    """When a member may be reminded: between two hours of their own day."""

    MORNING = "morning"
    MIDDAY = "midday"
    EVENING = "evening"
    LATE = "late"

    @property
    def hours(self) -> tuple[int, int]:
        """From when until when; the second hour is outside."""
        return {Window.MORNING: (7, 9), Window.MIDDAY: (12, 14), Window.EVENING: (18, 20), Window.LATE: (21, 23)}[self]


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a member wants to be reminded of, and when. `failed_at`: a message was refused, and it is off since."""

    member_id: int
    from_hour: int
    to_hour: int
    changed_at: datetime
    failed_at: datetime | None = None

    @property
    def hours(self) -> tuple[int, int]:
        return self.from_hour, self.to_hour


class Notice(StrEnum):
    """What a member is told once about the reminder.

    REFUSED a message could not be delivered, so it is off · RESUMED it was quiet for a while and is on again.
    """

    REFUSED = "refused"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class Overview:
    """What /review shows. `total` counts all questions that come back some day, `due` those whose time has come.

    `left` is how many questions of a round that was begun lately are still open; 0 if there is none. `news` are
    sentences about corrected questions that the member has not read yet.
    """

    due: int
    total: int
    coming: tuple[ComingDay, ...]
    at_a_time: int
    left: int = 0
    reminder: Reminder | None = None
    notice: Notice | None = None
    news: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReminderSetup:
    """What a member sets a reminder with: the hours chosen so far, and their zone, if it is known."""

    zone: str | None
    reminder: Reminder | None = None


@dataclass(frozen=True, slots=True)
class Nudge:
    """What a reminder says: how many questions are due. After the `is_last` one the tutor is quiet."""

    due: int
    at_a_time: int
    is_last: bool = False
