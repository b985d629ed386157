"""How well a concept is known: evidence that fades."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.progress.models import EvidenceKind, Level, Mastery
from bot.features.progress.rules.mastery import (
    EPOCH,
    HALF_LIFE,
    SOLID_FROM,
    chance_of_right,
    evidence_weight,
    explain_level,
    faded,
    find_level,
    weight_at,
)
from bot.features.progress.rules.rhythm import zone_of
from tests.bot.learners import NOW, answered, days

MOMENTS = st.integers(-366, 31 * 366).map(lambda count: EPOCH + timedelta(days=count, hours=count % 24))
ANSWER = EvidenceKind.PROBE


# Forward decay


@given(at=MOMENTS, half_lives=st.integers(0, 40))
def test_a_weight_halves_with_each_half_life(at, half_lives):
    left = weight_at(evidence_weight(ANSWER, at), at + half_lives * HALF_LIFE)
    assert left == pytest.approx(2.0**-half_lives, rel=1e-9)


@pytest.mark.parametrize(("after", "left"), [(0, 1.0), (45, 0.5), (90, 0.25), (22.5, math.sqrt(0.5))])
def test_the_half_life_is_45_days(after, left):
    assert weight_at(evidence_weight(ANSWER, NOW), NOW + days(after)) == pytest.approx(left)


def test_the_epoch_stays_where_it_is():
    """The sums in every database count from it."""
    assert datetime(2025, 1, 1, tzinfo=UTC) == EPOCH


def test_weights_are_exact_at_the_epoch():
    assert evidence_weight(ANSWER, EPOCH) == 1.0
    assert evidence_weight(ANSWER, EPOCH + HALF_LIFE) == 2.0
    assert weight_at(1.0, EPOCH + HALF_LIFE) == 0.5


@given(moments=st.lists(MOMENTS, min_size=1, max_size=12), later=st.integers(0, 4000))
def test_a_sum_is_as_if_each_answer_had_faded_by_itself(moments, later):
    now = max(moments) + timedelta(hours=later)
    at_once = weight_at(sum(evidence_weight(ANSWER, at) for at in moments), now)
    one_by_one = sum(math.exp2(-((now - at) / HALF_LIFE)) for at in moments)
    assert at_once == pytest.approx(one_by_one, rel=1e-9)


@given(moments=st.lists(MOMENTS, min_size=2, max_size=12), data=st.data())
def test_the_order_of_answers_does_not_matter(moments, data):
    now = max(moments)
    in_order, shuffled = 0.0, 0.0
    for at in moments:
        in_order += evidence_weight(ANSWER, at)
    for at in data.draw(st.permutations(moments)):
        shuffled += evidence_weight(ANSWER, at)
    assert weight_at(shuffled, now) == pytest.approx(weight_at(in_order, now), rel=1e-9)


def test_what_each_kind_of_evidence_weighs():
    weights = {kind: evidence_weight(kind, EPOCH) for kind in EvidenceKind}
    assert weights == {
        EvidenceKind.ASK: 0.0,
        EvidenceKind.PROBE: 1.0,
        EvidenceKind.QUIZ: 1.0,
        EvidenceKind.REVIEW: 1.0,
        EvidenceKind.CHECKIN: 0.5,
    }


def test_sums_stay_finite_for_a_hundred_years():
    then = datetime(2125, 1, 1, tzinfo=UTC)
    assert math.isfinite(1000 * evidence_weight(ANSWER, then))
    assert weight_at(evidence_weight(ANSWER, then), then) == pytest.approx(1.0)


def test_fading_of_a_snapshot_counts_from_its_last_answer():
    assert faded(answered("a", 4, 2, ago=45), NOW) == (2.0, 1.0)
    assert faded(answered("a", 4, 2, ago=-5), NOW) == (4.0, 2.0)  # a clock that went back adds nothing


# The chance of a right answer


@pytest.mark.parametrize(
    ("right", "wrong", "mean", "deviation"),
    [
        (0, 0, 1 / 2, math.sqrt(1 / 12)),
        (1, 0, 2 / 3, math.sqrt(1 / 18)),
        (3, 0, 4 / 5, math.sqrt(2 / 75)),
        (0, 1, 1 / 3, math.sqrt(1 / 18)),
        (2, 2, 1 / 2, math.sqrt(1 / 28)),
    ],
)
def test_mean_and_deviation_of_the_beta(right, wrong, mean, deviation):
    assert chance_of_right(right, wrong) == pytest.approx((mean, deviation))


WEIGHTS = st.floats(0, 1000)


@given(right=WEIGHTS, wrong=WEIGHTS)
def test_a_chance_is_a_chance_and_right_answers_only_raise_it(right, wrong):
    mean, deviation = chance_of_right(right, wrong)
    assert 0 < mean < 1
    assert 0 < deviation < 0.3
    assert chance_of_right(right + 1, wrong)[0] > mean > chance_of_right(right, wrong + 1)[0]


# Levels

TODAY = [
    (0, 0, Level.UNSEEN),
    (1, 0, Level.LEARNING),  # one lucky answer
    (2, 0, Level.LEARNING),
    (3, 0, Level.SOLID),
    (4, 0, Level.SOLID),
    (0, 1, Level.SHAKY),
    (0, 4, Level.SHAKY),
    (1, 1, Level.LEARNING),
    (1, 2, Level.SHAKY),
    (2, 1, Level.LEARNING),
    (3, 1, Level.LEARNING),
    (5, 1, Level.SOLID),
    (4, 1, Level.LEARNING),
    (8, 2, Level.SOLID),
    (6, 6, Level.LEARNING),
    (6, 7, Level.LEARNING),  # hardly more wrong than right
    (3, 8, Level.SHAKY),
]


@pytest.mark.parametrize(("right", "wrong", "level"), TODAY)
def test_levels_of_answers_of_today(right, wrong, level):
    assert find_level(answered("a", right, wrong), NOW) is level


def test_a_concept_without_a_row_is_unseen():
    assert find_level(None, NOW) is Level.UNSEEN


def test_solid_means_a_mean_less_one_deviation_of_six_tenths():
    mean, deviation = chance_of_right(3, 0)
    assert mean - deviation > SOLID_FROM
    mean, deviation = chance_of_right(2, 0)
    assert mean - deviation < SOLID_FROM


@pytest.mark.parametrize(
    ("right", "wrong", "last_solid_day"),
    [(3, 0, 12), (4, 0, 30), (6, 0, 57), (12, 0, 102), (8, 1, 51)],
)
def test_what_is_solid_fades_after_the_right_number_of_days(right, wrong, last_solid_day):
    mastery = answered("a", right, wrong)
    levels = [find_level(mastery, NOW + days(day)) for day in range(120)]
    assert levels[last_solid_day] is Level.SOLID
    assert levels[last_solid_day + 1] is Level.FADING
    assert levels == [Level.SOLID] * (last_solid_day + 1) + [Level.FADING] * (119 - last_solid_day)


def test_a_review_in_time_makes_it_solid_again_and_for_longer():
    reviewed_on = NOW + days(18)
    right, wrong = faded(answered("a", 3), reviewed_on)
    after = Mastery("a", right + 1, wrong, 4, reviewed_on)
    assert find_level(after, reviewed_on) is Level.SOLID
    assert find_level(after, reviewed_on + days(17)) is Level.SOLID  # twelve days before the review
    assert find_level(after, reviewed_on + days(18)) is Level.FADING


def test_a_wrong_answer_long_ago_is_held_against_nobody():
    wrong_once = answered("a", 0, 1)
    levels = [find_level(wrong_once, NOW + days(day)) for day in range(200)]
    assert levels[97:99] == [Level.SHAKY, Level.LEARNING]
    assert [b for a, b in pairwise(levels) if a is not b] == [Level.LEARNING]


@given(right=st.integers(0, 20), wrong=st.integers(0, 20), later=st.integers(0, 1000))
def test_time_alone_never_makes_a_concept_better_known(right, wrong, later):
    mastery = answered("a", right, wrong)
    before, after = (find_level(mastery, NOW + days(day)) for day in (0, later))
    allowed = {
        Level.UNSEEN: {Level.UNSEEN},
        Level.SOLID: {Level.SOLID, Level.FADING},
        Level.LEARNING: {Level.LEARNING},
        Level.SHAKY: {Level.SHAKY, Level.LEARNING},
    }
    assert after in allowed[before]


# In words


@pytest.mark.parametrize(
    ("mastery", "words"),
    [
        (None, "no answers yet"),
        (answered("a"), "no answers yet"),
        (answered("a", 1), "1 answer, the last today: not enough yet to be sure"),
        (answered("a", 1, 1, ago=1), "2 answers, the last yesterday: not enough yet to be sure"),
        (answered("a", 2, 2, ago=2), "4 answers, the last 2 days ago: some right, some wrong, not sure yet"),
        (answered("a", 3), "3 answers, the last today: mostly right, solid"),
        (answered("a", 0, 1, ago=3), "1 answer, the last 3 days ago: not right yet, worth a second look"),
        (answered("a", 1, 3), "4 answers, the last today: more wrong than right, worth a second look"),
        (
            answered("a", 3, ago=20),
            "3 answers, the last 20 days ago: it was solid and is fading; its next review brings it back",
        ),
        (Mastery("a", 1.2, 0, 4, NOW), "4 answers, the last today: not enough yet to be sure"),  # over many months
        (Mastery("a", 0, 0.1, 4, NOW), "4 answers, the last today: not enough yet to be sure"),
        (answered("a", 0, 1, ago=100), "1 answer, the last 100 days ago: not enough yet to be sure"),
        (Mastery("a", 0, 0.5, 0, NOW), "no answers yet, but you were stuck on it today"),  # from a check-in
        (Mastery("a", 0, 0.5, 0, NOW - days(9)), "no answers yet, but you were stuck on it 9 days ago"),
        (Mastery("a", 0, 0.5, 1, NOW), "1 answer, the last today: not right yet, worth a second look"),
    ],
)
def test_levels_in_words(mastery, words):
    assert explain_level(mastery, NOW) == words


@pytest.mark.parametrize(("ago", "level"), [(0, Level.SHAKY), (52, Level.SHAKY), (53, Level.LEARNING)])
def test_what_a_checkin_says_alone_fades_too(ago, level):
    assert find_level(Mastery("a", 0, 0.5, 0, NOW - days(ago)), NOW) is level


@pytest.mark.parametrize(
    ("zone", "words"),
    [(None, "today"), ("UTC", "today"), ("Asia/Tokyo", "yesterday"), ("America/New_York", "today")],
)
def test_days_are_those_of_the_learners_calendar(zone, words):
    last_at, now = datetime(2026, 3, 4, 14, 0, tzinfo=UTC), datetime(2026, 3, 4, 22, 0, tzinfo=UTC)
    mastery = answered("a", 1, at=last_at)
    assert explain_level(mastery, now, zone_of(zone)).startswith(f"1 answer, the last {words}:")
