"""Reviews as pure rules: what comes first, what does not follow what, and when a reminder is sent."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, permutations
from zoneinfo import ZoneInfo

import pytest
from fsrs import Rating
from fsrs.scheduler import DEFAULT_PARAMETERS
from hypothesis import given
from hypothesis import strategies as st

from bot.features.progress.models import EvidenceKind, Level, Mastery
from bot.features.progress.rules.mastery import evidence_weight, find_level, weight_at
from bot.features.questions.rules.scheduling import new_scheduler, review
from bot.features.review.models import Card, ComingDay, Reminder, Window
from bot.features.review.rules import (
    NOTHING_DUE,
    QUIET,
    TOO_LATE,
    choose_due,
    count_empty,
    count_unanswered,
    group_days,
    interleave,
    is_inside,
    next_window,
    slot_of,
)
from bot.scheduling.models import Occurrence, WorkState

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


def card_of(question, concept=None, recall=0.9, late=0.0):
    return Card(question, concept or question, NOON - late * DAY, recall)


def cards_of(concepts):
    """One card of each of these concepts, the most urgent first."""
    return [card_of(f"q{place}", concept, recall=place / 100) for place, concept in enumerate(concepts)]


# What is asked


def test_what_is_most_likely_lost_comes_first_however_long_the_rest_is_due():
    missed, known, fresh = (
        card_of("missed", recall=0.77, late=0.1),
        card_of("known", recall=0.89, late=14),
        card_of("f"),
    )
    assert choose_due([known, fresh, missed], 5) == ("missed", "known", "f")


def test_of_equals_the_one_that_is_due_for_longest_comes_first():
    assert choose_due([card_of("b", late=1), card_of("a", late=1), card_of("c", late=2)], 5) == ("c", "a", "b")


@pytest.mark.parametrize(("most", "chosen"), [(1, ("q0",)), (2, ("q0", "q1")), (5, ("q0", "q1", "q2"))])
def test_only_a_few_are_asked_at_a_time(most, chosen):
    assert choose_due(cards_of("abc"), most) == chosen


def test_what_is_left_for_later_is_the_least_urgent_although_it_would_mix_better():
    assert choose_due(cards_of("aab"), 2) == ("q0", "q1")


@pytest.mark.parametrize(
    ("concepts", "order"),
    [
        ("", ""),
        ("a", "a"),
        ("aa", "aa"),
        ("aab", "aba"),
        ("baa", "aba"),
        ("abab", "abab"),
        ("aabb", "abab"),
        ("abcde", "abcde"),
        ("aabcd", "abacd"),
        ("abbcc", "abcbc"),
        ("bcaaa", "abaca"),
        ("cbaa", "caba"),
        ("aaaab", "abaaa"),
    ],
)
def test_no_two_on_one_concept_in_a_row(concepts, order):
    found = interleave(cards_of(concepts))
    assert "".join(card.concept for card in found) == order


def repeats(cards):
    return sum(first.concept == second.concept for first, second in pairwise(cards))


@given(st.text("abcd", max_size=6))
def test_no_order_has_fewer_of_one_concept_in_a_row(concepts):
    cards = cards_of(concepts)
    found = interleave(cards)
    assert sorted(found, key=cards.index) == cards
    most = max(Counter(concepts).values(), default=0)
    assert (repeats(found) == 0) is (2 * most <= len(cards) + 1)
    if len(cards) < 6:
        assert repeats(found) == min(repeats(order) for order in permutations(cards))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1), st.floats(0, 99)), max_size=30), st.integers(1, 9))
def test_nothing_that_is_left_out_is_more_urgent(cards, most):
    due = [card_of(f"q{place}", concept, recall, late) for place, (concept, recall, late) in enumerate(cards)]
    chosen = choose_due(due, most)
    assert len(chosen) == len(set(chosen)) == min(most, len(due))
    recalls = {card.question: card.recall for card in due}
    left = [recalls[card.question] for card in due if card.question not in chosen]
    assert max((recalls[id_] for id_ in chosen), default=0) <= min(left, default=1)
    assert choose_due(due[::-1], most) == chosen


# When the next ones come


def test_coming_questions_are_counted_by_days_of_the_members_own_calendar():
    """At half past eleven at night in London it is tomorrow in Berlin."""
    late = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    times = [late + DAY, late, late + HOUR / 4]
    assert group_days(times, ZoneInfo("Europe/London")) == (ComingDay(late, 2), ComingDay(late + DAY, 1))
    midnight = late - HOUR
    assert group_days([late, midnight], BERLIN) == (ComingDay(midnight, 1), ComingDay(late, 1))


def test_five_days_are_enough():
    times = [NOON + n * DAY for n in range(7)] + [NOON + 4 * DAY + HOUR]
    found = group_days(times, BERLIN)
    assert [day.count for day in found] == [1, 1, 1, 1, 2]
    assert found[-1].at == NOON + 4 * DAY
    assert group_days([], BERLIN) == ()


# Reminders


def reminder_of(window=Window.EVENING):
    return Reminder(1, *window.hours, NOON)


def test_the_windows():
    assert {window.value: window.hours for window in Window} == {
        "morning": (7, 9),
        "midday": (12, 14),
        "evening": (18, 20),
        "late": (21, 23),
    }


def local(day, hour, minute=0, zone="Europe/Berlin"):
    """A time on the clocks of a zone, as the moment that it is."""
    return datetime(2026, *day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        (local((3, 4), 17, 59), local((3, 4), 18)),
        (local((3, 4), 18), local((3, 5), 18)),
        (local((3, 4), 19), local((3, 5), 18)),
        (local((3, 4), 23), local((3, 5), 18)),
        (local((3, 28), 19), datetime(2026, 3, 29, 16, tzinfo=UTC)),  # the clocks go forward at two
        (local((10, 24), 19), datetime(2026, 10, 25, 17, tzinfo=UTC)),  # and back at three
    ],
)
def test_when_the_next_window_begins(now, begins):
    assert next_window(reminder_of(), BERLIN, now) == begins


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        (local((3, 4), 17, 59), local((3, 4), 18)),
        (local((3, 4), 18), local((3, 4), 18)),
        (local((3, 4), 19, 59), local((3, 4), 18)),
        (local((3, 4), 20), local((3, 5), 18)),
    ],
)
def test_who_was_away_may_still_use_a_window_that_is_open(now, begins):
    assert next_window(reminder_of(), BERLIN, now, may_be_open=True) == begins


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata"])
@pytest.mark.parametrize("window", list(Window))
def test_for_a_year_each_day_has_one_window_that_begins_on_the_hour(zone, window):
    here, reminder = ZoneInfo(zone), reminder_of(window)
    moment, days = datetime(2026, 1, 1, tzinfo=UTC), []
    for _ in range(365):
        moment = next_window(reminder, here, moment)
        begins = moment.astimezone(here)
        assert (begins.hour, begins.minute) == (window.hours[0], 0)
        assert is_inside(reminder, slot_of(moment, here), here, moment)
        days.append(begins.date())
    assert days == [days[0] + n * DAY for n in range(365)]


@pytest.mark.parametrize(
    ("now", "slot", "inside"),
    [
        (local((3, 4), 17, 59), "2026-03-04", False),
        (local((3, 4), 18), "2026-03-04", True),
        (local((3, 4), 19, 59), "2026-03-04", True),
        (local((3, 4), 20), "2026-03-04", False),
        (local((3, 5), 19), "2026-03-04", False),  # a day late
        (local((3, 29), 18), "2026-03-29", True),
        (local((3, 29), 20), "2026-03-29", False),
        (local((10, 25), 18), "2026-10-25", True),
        (local((10, 25), 20), "2026-10-25", False),
    ],
)
def test_a_reminder_comes_at_its_hours_and_on_its_day_only(now, slot, inside):
    assert is_inside(reminder_of(), slot, BERLIN, now) is inside


def test_a_slot_is_a_day_of_the_members_calendar():
    at = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    assert slot_of(at, ZoneInfo("UTC")) == date(2026, 3, 4).isoformat()
    assert slot_of(at, BERLIN) == "2026-03-05"


def ended(*days):
    """What came of the last reminders, the newest first: "s" sent, "e" nothing was due, "l" too late, "f" failed."""
    states = {"s": WorkState.DONE, "e": WorkState.SKIPPED, "l": WorkState.SKIPPED, "f": WorkState.FAILED}
    notes = {"e": NOTHING_DUE, "l": TOO_LATE}
    return [
        Occurrence(n, "review_reminder", 1, 1, str(n), NOON - n * DAY, states[day], 1, notes.get(day), NOON - n * DAY)
        for n, day in enumerate("".join(days))
    ]


@pytest.mark.parametrize(
    ("days", "since", "count"),
    [
        ("", 30, 0),
        ("sss", 30, 3),
        ("sss", 2, 2),  # the third was there when something was answered last
        ("sss", 1.5, 2),
        ("slsfs", 30, 3),
        ("eee", 30, 0),
    ],
)
def test_how_many_reminders_nobody_reacted_to(days, since, count):
    assert count_unanswered(ended(days), NOON - since * DAY) == count


@pytest.mark.parametrize(("days", "count"), [("", 0), ("e", 1), ("eeese", 3), ("see", 0), ("lee", 0), ("e" * 14, 14)])
def test_on_how_many_days_in_a_row_nothing_was_due(days, count):
    assert count_empty(ended(days)) == count


def test_the_notes_tell_apart():
    assert len({NOTHING_DUE, TOO_LATE, QUIET}) == 3


# What reviews do for the learner model


def levels_of(marks, *, after=()):
    """The level of a concept after each answer to one question that comes when FSRS says so; `after` more days, too."""
    scheduler = new_scheduler(
        parameters=DEFAULT_PARAMETERS,
        desired_retention=0.9,
        maximum_interval_days=365,
        learning_steps=(DAY, 3 * DAY),
        relearning_steps=(DAY,),
    )
    card, now, sums, found = None, NOON, [0.0, 0.0], []
    for count, mark in enumerate(marks, 1):
        now = card.due if card else now
        card = review(scheduler, card, Rating.Good if mark == "G" else Rating.Again, now)
        sums[mark != "G"] += evidence_weight(EvidenceKind.REVIEW, now)
        mastery = Mastery("a", *(weight_at(stored, now) for stored in sums), count, now)
        found.append(find_level(mastery, now))
    return [*found, *(find_level(mastery, now + days * DAY) for days in after)]


def test_without_reviews_one_wrong_answer_keeps_a_concept_shaky_for_98_days():
    assert levels_of("A", after=[97, 98]) == [Level.SHAKY, Level.SHAKY, Level.LEARNING]


@pytest.mark.parametrize(("marks", "right"), [("A", 1), ("AA", 2), ("AAA", 3)])
def test_right_reviews_take_a_concept_out_of_shaky_and_it_stays_out(marks, right):
    """One right answer for each wrong one, so that two of them are enough for who missed it once or twice."""
    assert levels_of(marks)[-1] is Level.SHAKY
    assert levels_of(marks + "G" * (right - 1))[-1] is Level.SHAKY
    assert Level.SHAKY not in levels_of(marks + "G" * right, after=range(400))[len(marks) + right - 1 :]


def test_three_right_reviews_in_a_row_make_a_concept_solid():
    assert levels_of("GGG") == [Level.LEARNING, Level.LEARNING, Level.SOLID]
