"""The rhythm of a member: how many of their planned weeks they have kept, and which one can still be made up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.features.checkin.models import RhythmFigure, Week, WeekMember

WEEKS = 8
"""So many planned weeks are looked back on. Older ones neither help nor hurt."""

REPAIR_WITHIN = timedelta(days=7)
"""So long after it has closed a missed week can be made up."""


@dataclass(frozen=True, slots=True)
class WeekRecord:
    """One week of a group as it went for one member.

    `is_asked`: a check-in was asked of them, and they were not away. `is_kept`: they have sent one that counts.
    """

    week_id: int
    planned_at: datetime
    closed_at: datetime | None
    is_asked: bool
    is_kept: bool
    is_repair: bool = False

    @property
    def is_planned(self) -> bool:
        """Whether it counts: it was asked of them and is over, or they have checked in."""
        return self.is_kept or (self.is_asked and self.closed_at is not None)

    @property
    def is_missed(self) -> bool:
        return self.is_planned and not self.is_kept


def find_rhythm(records: Iterable[WeekRecord], now: datetime) -> RhythmFigure:
    """The figure of one member from their weeks in one group, in any order; only weeks that have opened are given."""
    planned = sorted((record for record in records if record.is_planned), key=lambda record: record.planned_at)[-WEEKS:]
    kept = [record for record in planned if record.is_kept]
    repaired = sum(record.is_repair for record in kept)
    missed = next((record for record in reversed(planned) if record.is_missed), None)
    until = repair_until(missed.closed_at) if missed is not None else None
    if missed is None or until is None or now >= until:
        return RhythmFigure(len(planned), len(kept), repaired)
    return RhythmFigure(len(planned), len(kept), repaired, missed.week_id, until)


def repair_until(closed_at: datetime | None) -> datetime | None:
    """Until when a week that closed then can be made up; None while it is open."""
    return None if closed_at is None else closed_at + REPAIR_WITHIN


def can_check_in(week: Week, asked: WeekMember | None, now: datetime, *, is_kept: bool) -> bool:
    """Whether a check-in can be sent now, for the first time or again.

    While a week is open every member may, also one who was not asked. Then only those may who were asked, or who have
    checked in already.
    """
    if week.opened_at is None:
        return False
    until = repair_until(week.closed_at)
    if until is None:
        return True
    return now < until and (is_kept or (asked is not None and not asked.is_away))
