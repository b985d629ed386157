"""What the admins of a server have set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Part(StrEnum):
    """What /settings clear forgets."""

    MILESTONES = "milestones"
    ROLES = "roles"
    NOTES = "notes"
    MENTORS = "mentors"
    GROUPS = "groups"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """What the tutor may do in a server; nothing unless an admin sets it.

    Where milestones are congratulated, which role goes with which step, where those who look after the tutor are told
    what they have to decide or to mend, which role decides about challenged questions besides the admins, and where
    study groups get their homes.
    """

    guild_id: int
    milestones_channel_id: int | None = None
    step_roles: Mapping[int, int] = field(default_factory=dict)
    notes_channel_id: int | None = None
    mentor_role_id: int | None = None
    groups_channel_id: int | None = None
