"""What is kept about a member."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class MemberData:
    """Everything about one member, in the form of the export."""

    member_id: int
    exported_at: datetime
    questions: tuple[dict[str, Any], ...]
    ratings: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was deleted, and when."""

    questions: int
    ratings: int
    deleted_at: datetime
