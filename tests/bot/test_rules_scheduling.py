"""When a question comes again: what the settings make of FSRS."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from fsrs import Rating, State
from fsrs.scheduler import DEFAULT_PARAMETERS
from hypothesis import given
from hypothesis import strategies as st

from bot.app import load_scheduler
from bot.config import ReviewSettings
from bot.features.questions.models import Attempt, Confidence, Response
from bot.features.questions.rules.scheduling import card_of, new_scheduler, rating_of, replay, review

MONDAY = datetime(2026, 3, 2, 19, tzinfo=UTC)
DAY = timedelta(days=1)
RATINGS = {"A": Rating.Again, "G": Rating.Good, "H": Rating.Hard}
"""Wrong or not known, right, and right by luck."""


def scheduler_of(**settings):
    """The scheduler with the default settings of [review], or others."""
    defaults = {
        "parameters": DEFAULT_PARAMETERS,
        "desired_retention": 0.9,
        "maximum_interval_days": 365,
        "learning_steps": (DAY, 3 * DAY),
        "relearning_steps": (DAY,),
    }
    return new_scheduler(**defaults | settings)


def days_of(marks, late=0.0, **settings):
    """After how many days a question comes again that is answered so, each time when it is due or `late` days later."""
    card, now, found = None, MONDAY, []
    for mark in marks:
        card = review(scheduler_of(**settings), card, RATINGS[mark], now)
        found.append((card.due - now) / DAY)
        now = card.due + late * DAY
    return found


def test_these_are_the_settings_that_the_tutor_has_by_default():
    assert load_scheduler(ReviewSettings()) == scheduler_of()


@pytest.mark.parametrize(
    ("marks", "days"),
    [
        ("A", [1]),
        ("G", [3]),
        ("H", [2]),
        ("GGG", [3, 14, 57]),
        ("GGGGG", [3, 14, 57, 196, 365]),
        ("AG", [1, 3]),
        ("AGG", [1, 3, 8]),
        ("AAG", [1, 1, 3]),
        ("HG", [2, 3]),
        ("HGG", [2, 3, 15]),
        ("HHH", [2, 2, 2]),
        ("GA", [3, 1]),
        ("GAGG", [3, 1, 3, 7]),
        ("GGGA", [3, 14, 57, 1]),
        ("GGGAG", [3, 14, 57, 1, 5]),
        ("GGGAA", [3, 14, 57, 1, 1]),
    ],
)
def test_when_a_question_comes_again(marks, days):
    assert days_of(marks) == days


@pytest.mark.parametrize("marks", ["A", "GA", "GGGA", "GGGGGA", "HHA", "GGGAGGA"])
@pytest.mark.parametrize("late", [0, 3, 40])
def test_what_is_missed_on_a_monday_is_back_by_thursday(marks, late):
    assert days_of(marks, late)[-1] == 1


@pytest.mark.parametrize("retention", [0.7, 0.9, 0.97])
def test_what_is_right_for_the_first_time_comes_back_within_three_to_eight_days(retention):
    assert 3 <= days_of("G", desired_retention=retention)[0] <= 8


def test_right_answers_make_the_time_between_them_longer():
    days = days_of("G" * 7)
    assert all(before < after for before, after in pairwise(days[:5]))
    assert max(days) == 365


def test_who_wants_to_remember_more_is_asked_more_often():
    assert days_of("GGG", desired_retention=0.97) == [3, 3, 6]
    assert days_of("GGG", desired_retention=0.8)[-1] > days_of("GGG")[-1]


def test_no_question_is_put_off_longer_than_the_settings_allow():
    assert days_of("GGGGG", maximum_interval_days=30) == [3, 14, 30, 30, 30]


def test_who_comes_late_and_still_knows_it_waits_longer():
    assert days_of("GG", late=20)[-1] > days_of("GG")[-1]


@pytest.mark.parametrize("count", [20, 22])
def test_there_are_21_parameters(count):
    with pytest.raises(ValueError, match="Expected 21 parameters"):
        scheduler_of(parameters=(*DEFAULT_PARAMETERS, 0.5)[:count])


# Grades and cards


@pytest.mark.parametrize(
    ("is_correct", "confidence", "rating"),
    [
        (False, None, Rating.Again),
        (True, None, Rating.Good),
        (True, Confidence.SURE, Rating.Good),
        (True, Confidence.GUESSED, Rating.Hard),
        (False, Confidence.GUESSED, Rating.Again),
    ],
)
def test_grades(is_correct, confidence, rating):
    assert rating_of(is_correct=is_correct, confidence=confidence) is rating


def attempt_of(number, at, *, is_correct, confidence=None):
    return Attempt(number, 1, f"round:1:{number}", "softmax-1", None, 1, number, Response(), is_correct, confidence, at)


ANSWERS = st.lists(
    st.tuples(st.sampled_from([True, False, None]), st.sampled_from([None, *Confidence]), st.floats(0, 60)), max_size=9
)


@given(ANSWERS)
def test_a_card_that_is_computed_again_comes_out_the_same(answers):
    """After a corrected key, and whatever the order in which the answers are read."""
    now, attempts, card = MONDAY, [], None
    for number, (is_correct, confidence, days) in enumerate(answers):
        attempts.append(attempt_of(number, now, is_correct=is_correct, confidence=confidence))
        if is_correct is not None:
            rating = rating_of(is_correct=is_correct, confidence=confidence)
            card = review(scheduler_of(), card, rating, now)
        now += days * DAY
    assert replay(scheduler_of(), attempts) == card
    assert replay(scheduler_of(), reversed(attempts)) == card


def test_only_answers_to_a_retired_question_leave_no_card():
    assert replay(scheduler_of(), [attempt_of(1, MONDAY, is_correct=None)]) is None
    assert replay(scheduler_of(), []) is None


@pytest.mark.parametrize("marks", ["A", "G", "GG", "GGA"])
def test_a_card_from_the_database_goes_on_like_the_card_itself(marks):
    card = None
    for mark in marks:
        card = review(scheduler_of(), card, RATINGS[mark], MONDAY if card is None else card.due)
    stored = card_of(
        state=card.state.value,
        step=card.step,
        stability=card.stability,
        difficulty=card.difficulty,
        due_at=card.due,
        reviewed_at=card.last_review,
    )
    for rating in RATINGS.values():
        assert review(scheduler_of(), stored, rating, card.due) == review(scheduler_of(), card, rating, card.due)


def test_a_card_leaves_its_steps():
    card = review(scheduler_of(), None, Rating.Good, MONDAY)
    assert (card.state, card.step) == (State.Learning, 1)
    card = review(scheduler_of(), card, Rating.Good, card.due)
    assert (card.state, card.step) == (State.Review, None)


def test_a_clock_that_was_set_back_does_no_harm():
    card = review(scheduler_of(), None, Rating.Good, MONDAY)
    again = review(scheduler_of(), card, Rating.Again, MONDAY - DAY)
    assert again.last_review == MONDAY
    assert again.due == MONDAY + DAY
