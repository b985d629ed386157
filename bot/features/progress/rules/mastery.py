"""How well a concept is known, from evidence that fades.

The weights of answers are sums in forward decay (Cormode, Shkapenyuk, Srivastava and Xu, 2009: "Forward decay:
a practical time decay model for streaming systems"): an answer at time t adds 2^((t - EPOCH) / HALF_LIFE), and
what is left of a sum at time now is sum · 2^(-(now - EPOCH) / HALF_LIFE). So a store adds to a sum and never
reads it first, and old answers fade by themselves.

With r right and w wrong answers left, the chance of a right answer is taken as Beta(1 + r, 1 + w): few answers
leave it uncertain, and one lucky answer is not mastery.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.features.progress.models import EvidenceKind, Level, Mastery
from bot.features.progress.rules.rhythm import ago, zone_of

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
HALF_LIFE = timedelta(days=45)
SOLID_FROM = 0.6
"""A concept is solid if the mean of the Beta less one standard deviation is at least this: three right answers."""
SHAKY_BELOW = 0.45
"""With a lower mean there are clearly more wrong than right answers, and they are not long ago."""

_MANY = 4

_WEIGHTS: Mapping[EvidenceKind, float] = {
    EvidenceKind.ASK: 0.0,
    EvidenceKind.PROBE: 1.0,
    EvidenceKind.QUIZ: 1.0,
    EvidenceKind.REVIEW: 1.0,
    EvidenceKind.CHECKIN: 0.5,
}
"""A check-in tells what somebody feels stuck on, which weighs less than an answer."""


def evidence_weight(kind: EvidenceKind, at: datetime) -> float:
    """What one observation adds to a stored sum."""
    return _WEIGHTS[kind] * math.exp2((at - EPOCH) / HALF_LIFE)


def weight_at(stored: float, now: datetime) -> float:
    """What is left of a stored sum at `now`."""
    return stored * math.exp2(-((now - EPOCH) / HALF_LIFE))


def faded(mastery: Mastery, now: datetime) -> tuple[float, float]:
    """The right and the wrong answers that are left at `now`."""
    factor = math.exp2(-(max(now - mastery.last_at, timedelta(0)) / HALF_LIFE))
    return mastery.right * factor, mastery.wrong * factor


def chance_of_right(right: float, wrong: float) -> tuple[float, float]:
    """Mean and standard deviation of Beta(1 + right, 1 + wrong)."""
    a, b = 1.0 + right, 1.0 + wrong
    mean = a / (a + b)
    return mean, math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1.0)))


def find_level(mastery: Mastery | None, now: datetime) -> Level:
    """The level of a concept at `now`."""
    if mastery is None or not (mastery.answers or mastery.right or mastery.wrong):
        return Level.UNSEEN
    if _is_solid(*faded(mastery, now)):
        return Level.SOLID
    if _is_solid(mastery.right, mastery.wrong):
        return Level.FADING
    mean, _ = chance_of_right(*faded(mastery, now))
    return Level.SHAKY if mean < SHAKY_BELOW else Level.LEARNING


def _is_solid(right: float, wrong: float) -> bool:
    mean, deviation = chance_of_right(right, wrong)
    return mean - deviation >= SOLID_FROM


def explain_level(mastery: Mastery | None, now: datetime, zone: ZoneInfo | None = None) -> str:
    """The level in words, with what it rests on; days are those of the learner's zone."""
    return find_level_in_words(mastery, now, zone)[1]


def find_level_in_words(mastery: Mastery | None, now: datetime, zone: ZoneInfo | None = None) -> tuple[Level, str]:
    """The level of a concept at `now`, and the same explained."""
    level = find_level(mastery, now)
    if mastery is None or level is Level.UNSEEN:
        return level, "no answers yet"
    if not mastery.answers:  # it is known from a check-in alone
        return level, f"no answers yet, but you were stuck on it {ago(mastery.last_at, now, zone or zone_of(None))}"
    answers = "1 answer" if mastery.answers == 1 else f"{mastery.answers} answers"
    verdict = {
        Level.SOLID: "mostly right, solid",
        Level.FADING: "it was solid and is fading; its next review brings it back",
        Level.SHAKY: f"{'more wrong than right' if mastery.right > 0 else 'not right yet'}, worth a second look",
        Level.LEARNING: "some right, some wrong, not sure yet" if _is_mixed(mastery) else "not enough yet to be sure",
    }[level]
    return level, f"{answers}, the last {ago(mastery.last_at, now, zone or zone_of(None))}: {verdict}"


def _is_mixed(mastery: Mastery) -> bool:
    """Whether there are so many answers of both kinds that "not enough" would not be true."""
    return mastery.answers >= _MANY and mastery.right > 0 and mastery.wrong > 0
