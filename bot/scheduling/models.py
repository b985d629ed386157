"""Scheduled work: what is to be done when, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WorkState(StrEnum):
    """Where a piece of work stands.

    WAITING for its time, or for another try · CLAIMED by somebody who is at it · DONE · SKIPPED on purpose, the note
    says why · FAILED after too many tries
    """

    WAITING = "waiting"
    CLAIMED = "claimed"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Once a week: weekday 0 is Monday, `minute` counts from midnight on the clocks of `zone`."""

    weekday: int
    minute: int
    zone: str


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One piece of work. Kind, subject and slot name it, and no two have the same.

    `subject_id` is whom or what it is for (a server, a round, a member); `member_id` is the member whom it is about,
    if it is about one. `due_at` stays as planned when it is tried again; `tries` counts the present one.
    """

    id: int
    kind: str
    subject_id: int
    member_id: int | None
    slot: str
    due_at: datetime
    state: WorkState
    tries: int
    note: str | None
    ended_at: datetime | None
