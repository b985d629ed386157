"""What is written down of a week that did not go as planned. Whoever looks after a group reads it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.features.checkin.models import Week, WeekMember
from bot.features.groups.models import Group, GroupMember, GroupState
from bot.features.groups.rules import LATE_WITHIN
from bot.scheduling.rules import is_late

ENDED = "The group has ended."
HOMELESS = "The group has no home to post in. `/group list` says what mends that."
PAUSED = "The group is paused."
NOBODY = "Nobody is in the group."
ALL_AWAY = "Everybody is away."
OPEN_ALREADY = "The check-in of this week is open already."
NEXT_HAS_OPENED = "The summary was left out: I was not running when it was due, and the next check-in has opened."
NO_DIGEST = "The week was closed without a summary."
GONE = "What it was about is gone."
CLOSED = "The week has closed."
CHECKED_IN = "They have checked in."
AWAY = "They are away."
LEFT = "They are not in the group any more."
NOT_AGREED = "They have not agreed to be nudged."
DM_REFUSED = "They take no direct messages, so the note waits in the home of the group."
PERHAPS_SENT = "An earlier try may have sent it, and nobody is nudged twice."


def why_not_open(
    group: Group | None,
    members: Sequence[GroupMember],
    week: Week | None,
    due_at: datetime,
    now: datetime,
    *,
    is_lost: bool,
) -> str | None:
    """Why a check-in that was planned for `due_at` is not asked for; None: it is.

    `week` is there if somebody has begun to post it before; unless it `is_lost`, it may have been asked for already.
    """
    reasons = (
        (group is None or group.state is GroupState.ENDED, ENDED),
        (group is not None and group.home_id is None, HOMELESS),
        (week is not None and week.opened_at is not None, OPEN_ALREADY),
        (week is not None and not is_lost, None),
        (group is not None and group.state is GroupState.PAUSED, PAUSED),
        (is_late(due_at, now, LATE_WITHIN), late_note(now - due_at)),
        (not members, NOBODY),
        (all(member.is_away(due_at) for member in members), ALL_AWAY),
    )
    return next((note for holds, note in reasons if holds), None)


def late_note(late: timedelta) -> str:
    """What is written down of a check-in that came too late."""
    hours = round(late / timedelta(hours=1))
    return (
        f"The check-in was left out: I could not post it when it was due, {hours} hours ago, and more than 24 hours "
        "are too late. Nobody's rhythm counts this week."
    )


def why_no_digest(group: Group | None, *, has_later_week: bool) -> str | None:
    """Why a week is closed without a post; None: there is one."""
    if group is None or group.state is GroupState.ENDED:
        return ENDED
    if group.home_id is None:
        return HOMELESS
    return NEXT_HAS_OPENED if has_later_week else None


def why_no_nudge(
    group: Group,
    week: Week,
    membership: GroupMember | None,
    asked: WeekMember | None,
    *,
    is_kept: bool,
    now: datetime,
) -> str | None:
    """Why a member is not nudged; None: they are."""
    if membership is None or membership.left_at is not None:
        return LEFT
    is_asked = asked is not None and not asked.is_away and not membership.is_away(now)
    reasons = (
        (week.opened_at is None or week.closed_at is not None or now >= week.closes_at, CLOSED),
        (is_kept, CHECKED_IN),
        (not membership.is_nudged, NOT_AGREED),
        (not is_asked, AWAY),
        (group.state is GroupState.PAUSED, PAUSED),
        (group.state is not GroupState.ACTIVE, HOMELESS),
        (asked is not None and asked.nudged_at is not None, PERHAPS_SENT),
    )
    return next((note for holds, note in reasons if holds), None)
