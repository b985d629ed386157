"""The weekly check-in of a group: the week, what each member answered, what the group sees of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.features.groups.models import Group, GroupMember
from bot.features.plan.models import Outcome, Plan, PlanText

DIGEST = "group_digest"
"""The kind of the scheduled work that closes a week and sums it up; its subject is the week."""

NUDGE = "group_nudge"
"""The kind of the scheduled work that nudges one quiet member; subject: week, slot: member, `member_id`: member."""

SHOW = "checkin_show"
"""The kind of the scheduled work that makes the group's message of a check-in agree with it; subject: check-in."""

REFRESH = "group_refresh"
"""The kind of the scheduled work that brings a posted digest up to date; its subject is the week."""

REPLY = "reply_show"
"""The kind of the scheduled work that posts a partner's reply; its subject is the reply."""

EVIDENCE_LIMIT = 500
LEARNED_LIMIT = 500
BLOCKER_LIMIT = 500
REPLY_LIMIT = 300


class PlanFrom(StrEnum):
    """Where the next plan of a draft is from.

    SEEN: the group sees it by /plan, and the draft has what it says by then, if anything · OWN: the member alone sees
    it, and left it in the window; the draft has it as long as it says the same · WRITTEN: into the draft.
    """

    SEEN = "seen"
    OWN = "own"
    WRITTEN = "written"


class CheckinState(StrEnum):
    """DRAFT: not sent · SHARED: the group sees it · PRIVATE: it counts, and the group sees only that · WITHDRAWN."""

    DRAFT = "draft"
    SHARED = "shared"
    PRIVATE = "private"
    WITHDRAWN = "withdrawn"

    @property
    def counts(self) -> bool:
        """Whether the week is kept with it."""
        return self in {CheckinState.SHARED, CheckinState.PRIVATE}


@dataclass(frozen=True, slots=True)
class Week:
    """One week of a group: open from the prompt to `closes_at`."""

    id: int
    group_id: int
    slot: str
    planned_at: datetime
    closes_at: datetime
    channel_id: int
    prompt_message_id: int | None = None
    digest_message_id: int | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WeekMember:
    """What a week asks of one member; away members are asked nothing. `partner_id` replies to their check-in."""

    member_id: int
    is_away: bool = False
    partner_id: int | None = None
    nudged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckinForm:
    """What a member wrote into the window, already stripped. `next_plan` is "" if they planned nothing there."""

    outcome: Outcome | None
    evidence: str
    learned: str
    blocker: str
    next_plan: str


@dataclass(frozen=True, slots=True)
class KnownEvidence:
    """Something that the tutor knows a member did since the last check-in: "Lesson 3 · 80 min", "Quiz: 4 of 5"."""

    key: str
    text: str
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class CheckinDraft:
    """What is being written. `known` is what the tutor knew and the member added by a click, as they read it then.

    `minutes` is what they say the week took; `item` the part of the path that the next plan is about.
    """

    outcome: Outcome | None = None
    evidence: str = ""
    learned: str = ""
    blocker: str = ""
    shows_blocker: bool = False
    known: tuple[KnownEvidence, ...] = ()
    minutes: int | None = None
    next_plan: PlanText | None = None
    item: str | None = None
    concepts: tuple[str, ...] = ()
    """What the blocker is about."""
    plan_from: PlanFrom = PlanFrom.SEEN


@dataclass(frozen=True, slots=True)
class Checkin:
    """A check-in as it is stored: what was sent, and in `draft` what is being written and was not sent yet.

    It is a DRAFT until it is sent for the first time; an edit that is left unsent changes nothing. `posted_at`: when
    the group saw it first, and its partner was asked, which happens once.
    """

    id: int
    week_id: int
    member_id: int
    state: CheckinState
    outcome: Outcome | None = None
    evidence: str = ""
    learned: str = ""
    blocker: str = ""
    shows_blocker: bool = False
    known: tuple[KnownEvidence, ...] = ()
    minutes: int | None = None
    extra_minutes: int = 0
    concepts: tuple[str, ...] = ()
    is_repair: bool = False
    draft: CheckinDraft | None = None
    channel_id: int | None = None
    message_id: int | None = None
    sent_at: datetime | None = None
    posted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RhythmFigure:
    """The rhythm of one member in one group: "3 of your 4 planned weeks". Weeks away are not planned.

    `repaired` of the kept ones were made up later. `repair_until` is until when the newest missed week, `repair_week`,
    can still be made up.
    """

    planned: int
    kept: int
    repaired: int = 0
    repair_week: int | None = None
    repair_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """Exactly what a group sees of a check-in, in the preview as in the post."""

    checkin_id: int
    member_id: int
    group_name: str
    plan: Plan | None
    outcome: Outcome | None
    evidence: tuple[str, ...]
    learned: str
    blocker: str
    next_plan: PlanText | None
    partner_id: int | None
    is_repair: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything that a member sees of their own check-in. `plan` is the one that it is about.

    `known` is what can be added by a click, `added` what was. `week` is None before the first one, and `can_check_in`
    says whether it is open or can be repaired. `shown` is what the group will see once the draft is sent; without a
    draft, what it sees now.
    """

    group: Group
    membership: GroupMember
    week: Week | None
    asked: WeekMember | None
    checkin: Checkin | None
    plan: Plan | None
    next_plan: Plan | None
    known: tuple[KnownEvidence, ...]
    added: tuple[KnownEvidence, ...]
    shown: Shown | None
    rhythm: RhythmFigure
    can_check_in: bool
    next_prompt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is posted when a week opens. `is_new` is False if an earlier try may have posted it already."""

    week: Week
    group: Group
    members: tuple[WeekMember, ...]
    names_partners: bool
    is_new: bool


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One member in a digest. `outcome` and `plan` are None where the member keeps them private."""

    member_id: int
    outcome: Outcome | None
    next_plan: Plan | None
    is_private: bool
    is_repair: bool
    rhythm: RhythmFigure


@dataclass(frozen=True, slots=True)
class Digest:
    """How a week went: only who checked in is named; `quiet` and `away` are counted."""

    week: Week
    group: Group
    lines: tuple[DigestLine, ...]
    asked: int
    quiet: int
    away: int
    plans_kept: int
    plans_settled: int
    replies: int
    next_prompt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Nudge:
    """One private note to a quiet member; `by_dm` says how, else it waits in the home of the group."""

    week: Week
    group: Group
    member_id: int
    by_dm: bool
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Reply:
    """A partner's reply. Without `text` it is a message that they wrote themselves."""

    id: int
    checkin_id: int
    member_id: int
    text: str | None
    channel_id: int | None
    message_id: int | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question or an encouragement that a partner may send as it is, or change."""

    checkin_id: int
    member_id: int
    text: str
