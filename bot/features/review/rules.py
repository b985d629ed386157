"""Which due questions come first and in which order, and when a reminder is sent: pure functions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.features.review.models import Card, ComingDay, Reminder
from bot.scheduling.models import Occurrence, WorkState
from bot.scheduling.rules import daily_time

RESUME_WITHIN = timedelta(days=7)
"""A round that was left is taken up again for so long; later, what is most urgent then says more."""

MANY = 20
"""With more questions than these the sum is no help, and neither is how long all of them would take."""

MOST_DAYS = 5
MOST_UNANSWERED = 5
"""So many reminders in a row that nobody reacted to are enough."""

MOST_EMPTY = 14
"""After so many days in a row with nothing due, one look a week is enough."""
QUIET_LOOK = timedelta(days=7)
"""What is missed meanwhile is due before the next card that is known, so that it may not be waited for."""

LOOKED_BACK = MOST_EMPTY + MOST_UNANSWERED
"""How many of a member's last reminders tell all of that."""

NOTHING_DUE = "nothing was due"
TOO_LATE = "outside the hours that the member chose"
TURNED_OFF = "turned off"
REFUSED = "the member's direct messages are closed"
QUIET = "the last one until the member comes back"
"""What is noted about a reminder."""


# What is asked


def choose_due(cards: Iterable[Card], most: int) -> tuple[str, ...]:
    """The most urgent questions: what the member has most likely lost comes first, then what is due for longest.

    By the day on which it is due alone, a question that is known well and two weeks late would come before one
    that was missed yesterday, although nearly nothing of the first is lost. No question waits forever: its chance
    falls from day to day until it is the lowest. Questions on one concept do not follow each other, if that can be.
    """
    urgent = sorted(cards, key=lambda card: (card.recall, card.due_at, card.question))
    return tuple(card.question for card in interleave(urgent[:most]))


def interleave(cards: Sequence[Card]) -> tuple[Card, ...]:
    """The same cards, as near to their order as can be without two on one concept in a row."""
    left = list(cards)
    found: list[Card] = []
    while left:
        counts = Counter(card.concept for card in left)
        crowded = next((concept for concept, count in counts.items() if 2 * count > len(left)), None)
        before = found[-1].concept if found else None
        fitting = [card for card in left if card.concept != before]
        pressing = [card for card in fitting if card.concept == crowded]  # later, too few others would be left
        found.append((pressing or fitting or left)[0])
        left.remove(found[-1])
    return tuple(found)


def group_days(times: Iterable[datetime], zone: ZoneInfo, most: int = MOST_DAYS) -> tuple[ComingDay, ...]:
    """How many of these times fall on each day of the member's calendar, the first days only."""
    days: dict[object, ComingDay] = {}
    for at in sorted(times):
        day = at.astimezone(zone).date()
        if day not in days and len(days) == most:
            break
        known = days.get(day)
        days[day] = ComingDay(known.at, known.count + 1) if known else ComingDay(at, 1)
    return tuple(days.values())


# Reminders


def slot_of(at: datetime, zone: ZoneInfo) -> str:
    """The day of the member's calendar, which can have one reminder."""
    return at.astimezone(zone).date().isoformat()


def is_inside(reminder: Reminder, slot: str, zone: ZoneInfo, now: datetime) -> bool:
    """Whether it is the day of this slot for the member, and an hour at which they want to be reminded."""
    return slot_of(now, zone) == slot and reminder.from_hour <= now.astimezone(zone).hour < reminder.to_hour


def next_window(reminder: Reminder, zone: ZoneInfo, now: datetime, *, may_be_open: bool = False) -> datetime:
    """When the next window begins; with `may_be_open`, the present one counts while it lasts."""
    length = timedelta(hours=reminder.to_hour - reminder.from_hour)
    return daily_time(reminder.from_hour, zone.key, now - length if may_be_open else now)


def count_unanswered(ended: Iterable[Occurrence], since: datetime) -> int:
    """How many reminders were sent after the member last answered something or came to /review."""
    return sum(one.state is WorkState.DONE and one.ended_at is not None and one.ended_at > since for one in ended)


def count_empty(ended: Iterable[Occurrence]) -> int:
    """On how many days in a row, up to the last one, nothing was due; `ended` begins with the last one."""
    count = 0
    for one in ended:
        if one.note != NOTHING_DUE:
            return count
        count += 1
    return count
