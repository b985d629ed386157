"""What is kept about a member."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

Rows = tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is of each thing that is kept about a member."""

    questions: int = 0
    ratings: int = 0
    profile: int = 0
    servers: int = 0
    progress: int = 0
    progress_changes: int = 0
    evidence: int = 0
    mastery: int = 0
    suggestions: int = 0
    probes: int = 0
    probe_answers: int = 0
    milestones: int = 0
    congratulations: int = 0
    rounds: int = 0
    attempts: int = 0
    cards: int = 0
    challenges: int = 0
    news: int = 0
    reminders: int = 0
    group_memberships: int = 0
    group_events: int = 0
    group_searches: int = 0
    proposal_answers: int = 0
    checkin_weeks: int = 0
    checkins: int = 0
    checkin_replies: int = 0
    plans: int = 0
    help_requests: int = 0
    scheduled: int = 0

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True)
class MemberData:
    """Everything about one member, in the form of the export."""

    member_id: int
    exported_at: datetime
    questions: Rows = ()
    ratings: Rows = ()
    profile: Rows = ()
    servers: Rows = ()
    progress: Rows = ()
    progress_changes: Rows = ()
    evidence: Rows = ()
    mastery: Rows = ()
    suggestions: Rows = ()
    probes: Rows = ()
    probe_answers: Rows = ()
    milestones: Rows = ()
    congratulations: Rows = ()
    rounds: Rows = ()
    attempts: Rows = ()
    cards: Rows = ()
    challenges: Rows = ()
    news: Rows = ()
    reminders: Rows = ()
    group_memberships: Rows = ()
    group_events: Rows = ()
    group_searches: Rows = ()
    proposal_answers: Rows = ()
    checkin_weeks: Rows = ()
    checkins: Rows = ()
    checkin_replies: Rows = ()
    plans: Rows = ()
    help_requests: Rows = ()
    scheduled: Rows = ()

    @property
    def counts(self) -> Counts:
        return Counts(**{field.name: len(getattr(self, field.name)) for field in fields(Counts)})

    def as_json(self) -> str:
        """All of it as a member or an operator can take it along."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, default=datetime.isoformat)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was deleted, and when."""

    deleted: Counts
    deleted_at: datetime
