"""What the admins of a server have set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Part(StrEnum):
    """What /settings clear forgets."""

    MILESTONES = "milestones"
    ROLES = "roles"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """Where milestones are congratulated, and which role goes with which step; nothing unless an admin sets it."""

    guild_id: int
    milestones_channel_id: int | None = None
    step_roles: Mapping[int, int] = field(default_factory=dict)
