"""The teaching policy, rule by rule, on a small curriculum."""

import dataclasses
import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.features.next_step.models import DUE, Fate, Kind, Reviews
from bot.features.next_step.rules import (
    MOST_RESTUDIED,
    MOST_REVIEWED,
    NO_REVIEWS,
    SHORT_SITTING,
    choose_sitting,
    find_first,
    is_behind,
    is_stalled,
    last_seen,
    rank_candidates,
)
from bot.features.progress.models import Activity, Blocker, Commitment, SettledPlan, State
from bot.features.progress.rules.path import build_path
from tests.bot.learners import NOW, answered, check_recommendation, days, learner_of, past_of
from tests.bot.small_curriculum import capstone_of, concept_of, curriculum_of, resource_of, step_of, unit_of

DONE, STARTED, SKIPPED, KNOWN = State.DONE, State.STARTED, State.SKIPPED, State.KNOWN
DECLINED = Fate.DECLINED
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def curriculum():
    """Step 1: course; step 2: maths, then chance, which does not build on maths; two projects; things beside them."""
    resources = {
        "course": resource_of(
            unit_of("one", ["a"], 60),
            unit_of("hello"),
            unit_of("two", ["b", "b2"], 300),
            unit_of("three", ["b3"], 50),
            title="The course",
        ),
        "other": resource_of(
            unit_of("alt-a", ["a"], 40),
            unit_of("alt-b", ["b", "b2"], 200),
            unit_of("half-b", ["b"], 30),
            unit_of("ahead", ["a", "c", "d"], 30),
            steps=(1, 5),
            title="The other book",
        ),
        "side": resource_of(
            unit_of("half", ["b"], 150),
            unit_of("less", ["b"], 149),
            unit_of("d", ["d"], 60),
            unit_of("d2", ["d", "d2"], 60),
        ),
        "third": resource_of(unit_of("also-b", ["b"], 30)),
        "later": resource_of(unit_of("a-again", ["a"], 30), steps=(5,)),
        "old": resource_of(unit_of("a-once", ["a"], 30), replaced_by=("other",)),
        "extra": resource_of(unit_of("ep-1", ["a"], 30), unit_of("ep-2", ["b"], 55), hours=(4, 8), title="The talk"),
        "post": resource_of(unit_of("intro", ["a"], 10), hours=(1, 2), title="The post"),
        "maths": resource_of(
            unit_of("sums", ["c"], 60), unit_of("more", ["d", "d2", "d3"], 60), steps=(2,), title="The script"
        ),
        "chance": resource_of(unit_of("dice", ["e"], 45), unit_of("cards", ["f"], 45), steps=(2,), title="The dice"),
        "deep": resource_of(steps=(6,), hours=(50, 70), title="A deep book"),
        "wide": resource_of(steps=(1, 6), hours=(1, 1), title="A wide book"),
        "talk": resource_of(steps=(2,), hours=(2, 4), title="A long talk"),
    }
    concepts = {
        "a": concept_of(
            1,
            title="Alpha",
            study=[
                "later/a-again",
                "old/a-once",
                "other/ahead",
                "course/two",
                "course/three",
                "course/one",
                "other/alt-a",
            ],
        ),
        "b": concept_of(
            1,
            title="Beta",
            prerequisites=["a"],
            study=["course/two", "course/hello", "other/half-b", "third/also-b", "other/alt-b"],
        ),
        "b2": concept_of(1, title="Gamma", study=["other/alt-b"]),
        "b3": concept_of(1, title="Delta", prerequisites=["b"], study=["course/three", "post"]),
        "c": concept_of(2, title="Epsilon", prerequisites=["b", "e", "n"], study=["maths/sums"]),
        "d": concept_of(2, title="Zeta", prerequisites=["c"], study=["maths/more"]),
        "e": concept_of(2, met_in=1, title="Eta", study=["chance/dice", "side/half"]),
        "n": concept_of(1, title="Ny", study=["side/less"]),
        "f": concept_of(2, title="Theta", prerequisites=["d"], study=["chance/cards"]),
        "late": concept_of(6, title="Iota", study=["deep"]),
        "mute": concept_of(1, title="Kappa", study=["course/one"]),
    }
    return curriculum_of(
        step_of(1, core=("course",), support=("extra", "post"), beyond=("wide",)),
        step_of(2, core=("maths", "chance"), beyond=("talk",)),
        step_of(4),
        step_of(6, beyond=("deep", "wide")),
        resources=resources,
        concepts=concepts,
        capstones={"first": capstone_of(4, concepts=["b", "c"], title="Count cells"), "second": capstone_of(6)},
        milestones={"first": ("Plan.", "Build."), "second": ("Try.",), "capstone-1": ("Do.",), "capstone-2": ("Do.",)},
        questions=[concept for concept in concepts if concept != "mute"],
    )


@pytest.fixture(scope="module")
def rank(curriculum):
    """What /next would say, the best first; everything it says is checked on the way."""

    def ranked(now=NOW, *, minutes=None, past=(), reviews=NO_REVIEWS, **learner):
        who = learner_of(**{"first_capstone": "first", "second_capstone": "second", **learner})
        profile = who.profile
        path = build_path(curriculum, first_capstone=profile.first_capstone, second_capstone=profile.second_capstone)
        found = rank_candidates(curriculum, path, who, now, minutes=minutes, past=past, reviews=reviews)
        for candidate in found:
            check_recommendation(curriculum, path, who, candidate, minutes)
        assert find_first(curriculum, path, who, now, minutes=minutes, past=past, reviews=reviews) == found[0]
        return found

    return ranked


@pytest.fixture(scope="module")
def first(rank):
    return lambda *args, **kwargs: rank(*args, **kwargs)[0]


STEP_1 = {"course/one": DONE, "course/two": DONE, "course/three": DONE}
RECAPPED = {**STEP_1, "extra/ep-1": DONE, "extra/ep-2": DONE, "post": DONE}
IN_STEP_2 = ("maths/sums", "maths/more", "chance/dice", "chance/cards")
STEP_2 = {**RECAPPED, **dict.fromkeys(IN_STEP_2, DONE)}
STEP_4 = {**STEP_2, "capstone:first/1": DONE, "capstone:first/2": DONE}
EVERYTHING = {**STEP_4, "capstone:second/1": DONE}
FADING = [answered(concept, 3, ago=20 + count) for count, concept in enumerate(["a", "b", "b2", "b3", "c", "d"])]


def pairs(found):
    return [(one.kind, one.target) for one in found]


def targets(found, kind):
    return [one.target for one in found if one.kind is kind]


# Going on along the path


@pytest.mark.parametrize(
    ("progress", "kind", "target"),
    [
        ({}, Kind.STUDY, "course/one"),
        ({"course/one": STARTED}, Kind.STUDY, "course/one"),
        ({"course/one": DONE}, Kind.STUDY, "course/two"),  # what teaches nothing is left out
        ({"course/one": KNOWN}, Kind.STUDY, "course/two"),
        ({"course/one": SKIPPED}, Kind.STUDY, "course/two"),
        ({"course/two": DONE}, Kind.STUDY, "course/one"),
        ({"course/three": STARTED}, Kind.STUDY, "course/one"),  # nothing of a resource is left out
        (STEP_1, Kind.STUDY, "extra/ep-1"),
        (RECAPPED, Kind.STUDY, "maths/sums"),
        ({**RECAPPED, "maths/sums": STARTED}, Kind.STUDY, "maths/sums"),
        ({**RECAPPED, "chance/dice": STARTED}, Kind.STUDY, "chance/dice"),  # what was begun goes on
        ({**RECAPPED, "maths/sums": DONE, "maths/more": DONE}, Kind.STUDY, "chance/dice"),
        ({**STEP_1, **dict.fromkeys(IN_STEP_2, DONE)}, Kind.STUDY, "capstone:first/1"),  # extras have their time
        (STEP_2, Kind.STUDY, "capstone:first/1"),
        (STEP_4, Kind.STUDY, "capstone:second/1"),
        (EVERYTHING, Kind.BEYOND, "deep"),
    ],
)
def test_what_comes_next_on_the_path(first, progress, kind, target):
    found = first(progress=progress)
    assert (found.kind, found.target) == (kind, target)


def test_of_two_begun_parts_the_last_one_goes_on(first):
    begun = {"maths/sums": (STARTED, 10, NOW - days(2)), "chance/dice": (STARTED, 10, NOW - days(1))}
    assert first(progress={**RECAPPED, **begun}).target == "chance/dice"
    begun["maths/sums"] = (STARTED, 10, NOW - HOUR)
    assert first(progress={**RECAPPED, **begun}).target == "maths/sums"


def test_a_study_recommendation_says_it_all(first):
    found = first(progress={"course/one": DONE}, minutes=40)
    assert (found.title, found.source, found.outcome) == ("Unit: TWO", "The course", "Learn two.")
    assert (found.minutes, found.minutes_left, found.step) == (40, 300, 1)
    assert (found.concepts, found.url) == (("b", "b2"), "https://example.org/course")


@pytest.mark.parametrize(
    ("progress", "reason"),
    [
        ({}, "It opens step 1, Step 1, the first one that is not done."),
        (
            {"course/one": DONE},
            "It comes next in step 1, with 1 of 3 parts behind you, and takes about 8 sittings like this one.",
        ),
        ({**RECAPPED, "maths/sums": SKIPPED}, "It comes next in step 2, with 1 of 4 parts behind you."),
        ({"course/one": (STARTED, 20)}, "You have begun it, and about 40 min of it are left."),
        (
            {"course/one": DONE, "course/two": (STARTED, 60)},
            "You have begun it, and about 4 h of it are left, or 6 sittings like this one.",
        ),
        (
            {"course/one": (STARTED, 60)},
            "You have given it 1 h, so finish what you still need of it and leave the rest.",
        ),
        (
            {"course/one": (STARTED, 90)},
            "You have given it 1 h 30 min, so finish what you still need of it and leave the rest.",
        ),
        (STEP_1, "Step 1 is done, and this extra looks back on it from another side."),
        ({**STEP_1, "extra/ep-1": (STARTED, 10)}, "You have begun it, and about 20 min of it are left."),
        (EVERYTHING, "All six steps are behind you, and this leads on from step 6."),
    ],
)
def test_reasons_along_the_path(first, progress, reason):
    assert first(progress=progress).reason == reason


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (150, ""),
        (149, ", and takes about 3 sittings like this one"),
        (25, ", and takes about 12 sittings like this one"),
        (24, ""),  # thirteen would only discourage
        (5, ""),
    ],
)
def test_what_takes_a_few_sittings_says_so(first, minutes, words):
    found = first(progress={"course/one": DONE}, minutes=minutes)
    assert found.reason == f"It comes next in step 1, with 1 of 3 parts behind you{words}."


# Sizes


@pytest.mark.parametrize(
    ("minutes", "hours", "sitting"),
    [
        (5, None, 5),
        (20, 10, 20),
        (40, None, 40),
        (90, 1, 90),
        (480, 5, 480),
        (0, None, 1),
        (None, None, 40),
        (None, 0, 20),
        (None, 1, 20),
        (None, 2, 30),
        (None, 2.5, 40),
        (None, 3, 45),
        (None, 5, 75),
        (None, 6, 90),
        (None, 10, 90),
        (None, 60, 90),
    ],
)
def test_how_long_a_sitting_is(minutes, hours, sitting):
    assert choose_sitting(learner_of(hours_per_week=hours), minutes) == sitting


@pytest.mark.parametrize(
    ("minutes", "hours", "offered", "left"),
    [
        (5, None, 5, 300),
        (20, None, 20, 300),
        (40, None, 40, 300),
        (90, None, 90, 300),
        (299, None, 299, 300),
        (300, None, 300, 300),
        (480, None, 300, 300),
        (None, None, 40, 300),
        (None, 1, 20, 300),
        (None, 2, 30, 300),
        (None, 5, 75, 300),
        (None, 10, 90, 300),
    ],
)
def test_a_long_part_is_cut_to_the_sitting(first, minutes, hours, offered, left):
    found = first(progress={"course/one": DONE}, minutes=minutes, hours_per_week=hours)
    assert (found.target, found.minutes, found.minutes_left) == ("course/two", offered, left)


@pytest.mark.parametrize(
    ("spent", "minutes", "offered", "left"),
    [
        (10, None, 50, 50),  # a little more than a sitting finishes it
        (9, None, 40, 51),
        (10, 40, 40, 50),  # but not for who has no more time
        (20, 40, 40, 40),
        (58, None, 5, 5),  # nobody sits down for two minutes
        (58, 3, 3, 3),
        (60, None, 15, 15),  # it takes longer than expected: a quarter more
        (200, None, 15, 15),
        (200, 5, 5, 5),
    ],
)
def test_the_last_sitting_of_a_part(first, spent, minutes, offered, left):
    found = first(progress={"course/one": (STARTED, spent)}, minutes=minutes)
    assert (found.target, found.minutes, found.minutes_left) == ("course/one", offered, left)


def test_a_long_part_that_takes_longer_is_another_sitting(first):
    progress = {"course/one": DONE, "course/two": (STARTED, 400)}
    assert (first(progress=progress).minutes, first(progress=progress, minutes=480).minutes) == (40, 75)


# Rest


def worked(*entries):
    return [Activity(NOW - ago, minutes) for ago, minutes in entries]


@pytest.mark.parametrize(
    ("hours", "minutes", "is_rest"),
    [
        (2, 119, False),
        (2, 120, True),
        (2, 121, True),
        (0.5, 30, True),
        (0.5, 29, False),
        (None, 999, False),
        (0, 9, False),
    ],
)
def test_rest_when_the_plan_of_the_week_is_met(first, hours, minutes, is_rest):
    found = first(hours_per_week=hours, activity=worked((HOUR, minutes)), progress={"course/one": STARTED})
    assert (found.kind is Kind.REST) is is_rest


def test_rest_names_what_was_done_and_goes_on_if_one_wants(rank):
    rest, study, *_ = rank(hours_per_week=2, activity=worked((HOUR, 100), (2 * HOUR, 50)))
    assert rest.reason == "You planned 2 h this week and have done 2 h 30 min."
    assert (rest.target, rest.minutes) == ("2026-03-02", 0)
    assert study.kind is Kind.STUDY


@pytest.mark.parametrize(
    ("zone", "now", "is_rest"),
    [
        ("UTC", "2026-03-08T23:59", True),
        ("UTC", "2026-03-09T00:00", False),
        ("Europe/Berlin", "2026-03-08T22:59", True),
        ("Europe/Berlin", "2026-03-08T23:00", False),
        ("America/New_York", "2026-03-09T03:59", True),
        ("America/New_York", "2026-03-09T04:00", False),
        ("Nowhere/Land", "2026-03-08T23:59", True),
    ],
)
def test_a_new_week_begins_on_monday_where_the_learner_is(first, zone, now, is_rest):
    now = datetime.fromisoformat(f"{now}:00+00:00")
    found = first(now, hours_per_week=2, zone=zone, activity=worked((HOUR, 200)))
    assert (found.kind is Kind.REST) is is_rest


def test_rest_is_not_for_who_comes_back(first):
    long_ago = [Activity(NOW - days(12), 500)]
    assert first(hours_per_week=1, activity=long_ago).kind is Kind.STUDY


def test_who_does_not_want_to_rest_is_left_alone_for_the_week(rank):
    busy = {"hours_per_week": 2, "activity": worked((days(1), 200))}
    said_no = [past_of(Kind.REST, "2026-03-02", DECLINED, ago=days(1))]
    assert rank(**busy)[0].kind is Kind.REST
    assert not targets(rank(**busy, past=said_no), Kind.REST)
    last_week = [past_of(Kind.REST, "2026-02-23", DECLINED, ago=days(5))]
    assert rank(**busy, past=last_week)[0].kind is Kind.REST


# Reviews


def test_a_review_comes_first(rank):
    review, study, *_ = rank(mastery=FADING[:1])
    assert (review.kind, review.target, review.minutes, review.concepts) == (Kind.REVIEW, "a", 2, ("a",))
    assert review.title == "Review Alpha"
    assert review.reason == "One concept is fading: your last answer on Alpha was 20 days ago."
    assert study.kind is Kind.STUDY


def test_rest_comes_before_a_review(first):
    busy = {"hours_per_week": 2, "activity": worked((HOUR, 200))}
    assert first(**busy, mastery=FADING).kind is Kind.REST


@pytest.mark.parametrize(
    ("minutes", "concepts"),
    [
        (5, ["d"]),
        (17, ["d", "c"]),
        (18, ["d", "c", "b3"]),
        (20, ["d", "c", "b3"]),
        (30, ["d", "c", "b3", "b2", "b"]),
        (40, ["d", "c", "b3", "b2", "b"]),
        (480, ["d", "c", "b3", "b2", "b"]),
    ],
)
def test_reviews_take_a_third_of_the_sitting_and_five_concepts_at_most(first, minutes, concepts):
    found = first(mastery=FADING, minutes=minutes)
    assert found.kind is Kind.REVIEW
    assert found.target.split(",") == list(found.concepts) == concepts
    assert found.minutes == 2 * len(concepts)
    assert found.minutes <= max(minutes / 3, 2)
    assert len(concepts) <= MOST_REVIEWED
    assert found.reason == "6 concepts are fading: your last answer on Zeta was 25 days ago."


@pytest.mark.parametrize(
    ("minutes", "title"),
    [
        (5, "Review Zeta"),
        (12, "Review Zeta and Epsilon"),
        (18, "Review Zeta, Epsilon and Delta"),
        (24, "Review Zeta, Epsilon and 2 more"),
        (90, "Review Zeta, Epsilon and 3 more"),
    ],
)
def test_titles_of_reviews(first, minutes, title):
    assert first(mastery=FADING, minutes=minutes).title == title


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.REVIEW])
def test_other_things_do_not_stand_in_for_a_review(first, kind):
    assert first(mastery=FADING, past=[past_of(kind, "a", Fate.DONE)]).kind is Kind.REVIEW


@pytest.mark.parametrize(
    ("ago", "fate", "kind"),
    [
        (timedelta(0), Fate.DONE, Kind.STUDY),
        (timedelta(hours=19, minutes=59), Fate.DONE, Kind.STUDY),
        (timedelta(hours=20), Fate.DONE, Kind.REVIEW),
        (HOUR, Fate.OPEN, Kind.REVIEW),
        (HOUR, Fate.STARTED, Kind.REVIEW),
        (HOUR, DECLINED, Kind.STUDY),
        (days(1), DECLINED, Kind.REVIEW),
    ],
)
def test_a_review_comes_once_a_day(first, ago, fate, kind):
    past = [past_of(Kind.REVIEW, "b,a", fate, ago=ago)]  # other concepts, but a review all the same
    assert first(mastery=FADING, past=past).kind is kind


@pytest.mark.parametrize(
    "mastery",
    [
        [answered("a", 3, ago=1)],  # solid
        [answered("a", 1, ago=30)],  # never was
        [answered("mute", 3, ago=30)],  # there is no question on it
        [answered("gone", 3, ago=30)],  # no longer taught
    ],
)
def test_what_needs_no_review(rank, mastery):
    assert not targets(rank(mastery=mastery), Kind.REVIEW)


@pytest.mark.parametrize(("hours_ago", "kinds"), [(19, 0), (20, 1)])
def test_who_has_just_answered_is_not_asked_again(rank, hours_ago, kinds):
    hardly_solid = dataclasses.replace(answered("a", 3), right=2.4936516, last_at=NOW - hours_ago * HOUR)
    assert len(targets(rank(mastery=[hardly_solid]), Kind.REVIEW)) == kinds


def test_after_the_curriculum_reviews_go_on(first):
    assert first(progress=EVERYTHING, mastery=FADING).kind is Kind.REVIEW


# Questions that are due


FOUR_DAYS = days(4)


def due_of(count=12, *, ago=FOUR_DAYS, concept="a", **values):
    return Reviews(due=count, concept=concept, since=NOW - ago, **values)


def test_what_is_due_comes_first(rank):
    review, study, *_ = rank(reviews=due_of())
    assert (review.kind, review.target, review.minutes, review.concepts) == (Kind.REVIEW, DUE, 5, ())
    assert review.title == "Review 5 questions that are due"
    assert review.reason == "12 questions are due, the one on Alpha for 4 days."
    assert review.outcome == "What you have learned stays, at the least cost in time."
    assert study.kind is Kind.STUDY


def test_rest_comes_before_what_is_due(first):
    assert first(hours_per_week=2, activity=worked((HOUR, 200)), reviews=due_of()).kind is Kind.REST


@pytest.mark.parametrize(
    ("count", "minutes", "title"),
    [
        (1, 1, "Review a question that is due"),
        (2, 2, "Review 2 questions that are due"),
        (5, 5, "Review 5 questions that are due"),
        (300, 5, "Review 5 questions that are due"),
    ],
)
def test_a_round_of_what_is_due_takes_a_minute_each(first, count, minutes, title):
    found = first(reviews=due_of(count))
    assert (found.minutes, found.title) == (minutes, title)


def test_a_round_is_as_long_as_the_settings_say(first):
    assert first(reviews=due_of(at_a_time=3)).title == "Review 3 questions that are due"


@pytest.mark.parametrize(
    ("count", "ago", "reason"),
    [
        (1, HOUR, "One question is due: the one on Alpha since today."),
        (2, timedelta(0), "2 questions are due, the one on Alpha since today."),
        (2, timedelta(hours=18), "2 questions are due, the one on Alpha since today."),
        (2, timedelta(hours=19), "2 questions are due, the one on Alpha since yesterday."),
        (1, days(2), "One question is due: the one on Alpha for 2 days."),
        (1, days(9), "One question is due: the one on Alpha for 9 days."),
    ],
)
def test_since_when_something_is_due_is_said_in_days_of_the_calendar(first, count, ago, reason):
    assert first(reviews=due_of(count, ago=ago)).reason == reason


def test_the_calendar_is_the_learners_own(first):
    """In Auckland it is the fifth of March by now, and was so an hour ago."""
    assert first(reviews=due_of(2, ago=8 * HOUR), zone="Pacific/Auckland").reason.endswith(" since yesterday.")
    assert first(reviews=due_of(2, ago=7 * HOUR), zone="Pacific/Auckland").reason.endswith(" since today.")


def test_a_concept_that_is_no_longer_taught_is_not_named(first):
    assert first(reviews=due_of(concept="gone")).reason == "12 questions are due."


@pytest.mark.parametrize(
    ("past", "reviewed_ago", "kind"),
    [
        (past_of(Kind.REVIEW, DUE, Fate.DONE, ago=timedelta(hours=19)), None, Kind.STUDY),
        (past_of(Kind.REVIEW, "a", Fate.DONE, ago=timedelta(hours=19)), None, Kind.STUDY),
        (past_of(Kind.REVIEW, DUE, Fate.DONE, ago=timedelta(hours=20)), None, Kind.REVIEW),
        (past_of(Kind.REVIEW, "a", DECLINED, ago=HOUR), None, Kind.STUDY),
        (past_of(Kind.REVIEW, DUE, DECLINED, ago=days(1)), None, Kind.REVIEW),
        (past_of(Kind.REVIEW, DUE, Fate.OPEN), timedelta(hours=19), Kind.STUDY),
        (past_of(Kind.REVIEW, DUE, Fate.OPEN), timedelta(hours=20), Kind.REVIEW),
    ],
)
def test_what_is_due_comes_once_a_day_also_if_it_was_reviewed_elsewhere(first, past, reviewed_ago, kind):
    reviewed_at = None if reviewed_ago is None else NOW - reviewed_ago
    assert first(past=[past], reviews=due_of(reviewed_at=reviewed_at)).kind is kind


def test_a_fading_concept_comes_back_by_its_own_questions_if_it_has_any(rank):
    scheduled = frozenset({"b", "b2", "b3", "c", "d"})
    assert targets(rank(mastery=FADING, reviews=Reviews(scheduled=scheduled)), Kind.REVIEW) == ["a"]
    assert targets(rank(mastery=FADING, reviews=Reviews(scheduled=scheduled | {"a"})), Kind.REVIEW) == []


def test_what_is_due_goes_before_what_fades(rank):
    found = rank(mastery=FADING[:1], reviews=due_of(2))
    assert pairs(found)[:2] == [(Kind.REVIEW, DUE), (Kind.REVIEW, "a")]


def test_after_the_curriculum_what_is_due_goes_on(first):
    assert first(progress=EVERYTHING, reviews=due_of()).target == DUE


@pytest.mark.parametrize(("lengths", "count"), [((64, 65), 2), ((64, 66), 1), ((60, 60, 8), 3), ((60, 60, 9), 2)])
def test_the_names_of_reviewed_concepts_fit_the_database(lengths, count):
    names = [f"{number}{'x' * (length - 1)}" for number, length in enumerate(lengths)]
    course = resource_of(unit_of("one", names))
    curriculum = curriculum_of(step_of(1, core=("course",)), resources={"course": course})
    learner = learner_of(mastery=[answered(name, 3, ago=30) for name in names])
    found = rank_candidates(curriculum, build_path(curriculum), learner, NOW, minutes=90)[0]
    assert found.target == ",".join(names[:count])
    assert len(found.target) <= 130


# Placement


@pytest.mark.parametrize(
    ("profile", "progress", "target"),
    [
        ({"deep_learning": 3}, {}, "step:1"),
        ({"deep_learning": 2}, {}, None),
        ({"deep_learning": None}, {}, None),
        ({"maths": 3, "coding": 3}, {}, None),
        ({"deep_learning": 3}, {"course/one": STARTED}, None),  # on the way already
        ({"deep_learning": 3}, {"course/two": SKIPPED}, None),
        ({"maths": 3}, RECAPPED, "step:2"),
        ({"maths": 2}, RECAPPED, None),
        ({"deep_learning": 3}, RECAPPED, None),
        ({"deep_learning": 3, "maths": 3}, STEP_2, None),  # a capstone proves itself
    ],
)
def test_a_placement_probe_is_for_who_is_at_home(rank, profile, progress, target):
    found = rank(progress=progress, **profile)
    assert targets(found, Kind.PROBE) == ([target] if target else [])
    assert (found[0].kind is Kind.PROBE) is (target is not None)


def test_a_placement_probe_names_what_it_saves(first):
    found = first(deep_learning=3)
    assert (found.title, found.minutes, found.step) == ("Six questions on step 1", 8, 1)
    assert found.reason == "You said that you are at home in this, so six questions may save you 6 h 50 min."


@pytest.mark.parametrize("target", ["step:2", "course/one"])
def test_a_probe_on_something_else_is_another_one(rank, target):
    past = [past_of(Kind.PROBE, target, Fate.DONE)]
    assert targets(rank(deep_learning=3, past=past), Kind.PROBE) == ["step:1"]


@pytest.mark.parametrize(
    ("fate", "ago", "offered"),
    [
        (Fate.DONE, days(0), False),
        (Fate.KNOWN, days(1), False),
        (Fate.DONE, days(30) - HOUR, False),
        (Fate.DONE, days(30), True),
        (Fate.OPEN, days(1), True),
        (DECLINED, days(0), False),
        (DECLINED, days(1), True),
    ],
)
def test_a_placement_probe_is_offered_once(rank, fate, ago, offered):
    past = [past_of(Kind.PROBE, "step:1", fate, ago=ago)]
    assert bool(targets(rank(deep_learning=3, past=past), Kind.PROBE)) is offered


# Shortcuts


@pytest.mark.parametrize(
    ("mastery", "offered"),
    [
        ([answered("b", 3), answered("b2", 4)], True),
        ([answered("b", 3), answered("b2", 2)], False),
        ([answered("b", 3)], False),
        ([answered("b", 3), answered("b2", 3, ago=30)], False),  # fading is for a review
        ([], False),
    ],
)
def test_a_part_of_which_everything_is_solid_may_be_skipped(rank, mastery, offered):
    found = rank(progress={"course/one": DONE}, mastery=mastery, past=[past_of(Kind.REVIEW, "a", Fate.DONE)])
    assert targets(found, Kind.PROBE) == (["course/two"] if offered else [])
    assert (found[0].kind is Kind.PROBE) is offered


def test_a_shortcut_names_what_it_saves(first):
    mastery = [answered("b", 3), answered("b2", 3)]
    found = first(progress={"course/one": DONE, "course/two": (STARTED, 60)}, mastery=mastery)
    assert (found.title, found.minutes, found.concepts) == ("Three questions on Unit: TWO", 4, ("b", "b2"))
    assert found.reason == "Everything in it is solid in your answers, so three questions may save you 4 h."


def test_a_shortcut_that_did_not_work_is_not_offered_again(first):
    past = [past_of(Kind.PROBE, "course/one", Fate.DONE, ago=days(5))]
    assert first(mastery=[answered("a", 3)], past=past).kind is Kind.STUDY


def test_no_shortcut_through_a_project(rank):
    mastery = [answered("b", 3), answered("c", 3)]
    assert not targets(rank(progress=STEP_2, mastery=mastery), Kind.PROBE)


A_DAY_AGO = NOW - days(1)


@pytest.mark.parametrize(
    ("elsewhere", "declined_ago", "offered"),
    [
        ({"other/alt-b": (DONE, 200, A_DAY_AGO)}, [2], True),
        ({"other/alt-b": (DONE, 200, A_DAY_AGO)}, [2, 0.5], True),
        ({"other/alt-b": (DONE, 200, A_DAY_AGO), "gone/one": (DONE, 9, A_DAY_AGO)}, [2], True),
        ({"side/half": (DONE, 0, A_DAY_AGO)}, [2], True),  # half of it, in half of its time
        ({"other/half-b": (DONE, 0, A_DAY_AGO), "side/less": (DONE, 0, A_DAY_AGO)}, [2], False),  # beta once only
        ({"side/less": (DONE, 500, A_DAY_AGO)}, [2], False),  # too short for half of it
        ({"other/half-b": (DONE, 30, A_DAY_AGO), "deep": (DONE, 0, A_DAY_AGO)}, [2], False),  # about something else
        ({"other/alt-b": (DONE, 200, NOW - days(3))}, [2], False),  # before it was turned down
        ({"other/alt-b": (STARTED, 100, A_DAY_AGO)}, [2], False),
        ({"other/alt-b": (DONE, 200, A_DAY_AGO)}, [], False),  # nothing was turned down
    ],
)
def test_who_did_most_of_it_elsewhere_may_skip_it(rank, elsewhere, declined_ago, offered):
    past = [past_of(Kind.STUDY, "course/two", DECLINED, ago=days(ago)) for ago in declined_ago]
    found = rank(progress={"course/one": DONE, **elsewhere}, past=past)
    assert targets(found, Kind.PROBE) == (["course/two"] if offered else [])
    if offered:
        assert found[0].reason == "You have done most of it elsewhere, so three questions may save you 5 h."


@pytest.mark.parametrize(("done", "offered"), [("side/d", []), ("side/d2", ["maths/more"])])
def test_a_third_of_it_is_not_most_of_it(rank, done, offered):
    past = [past_of(Kind.STUDY, "maths/more", DECLINED, ago=days(2))]
    found = rank(progress={**RECAPPED, "maths/sums": DONE, done: (DONE, 60, A_DAY_AGO)}, past=past)
    assert targets(found, Kind.PROBE) == offered


# Repairs


def test_a_weak_prerequisite_comes_before_what_builds_on_it(rank):
    repair, study, *_ = rank(progress={"course/one": DONE}, mastery=[answered("a", 0, 2, ago=3)])
    assert (repair.kind, repair.target, repair.title) == (Kind.RESTUDY, "a", "Alpha")
    assert (repair.minutes, repair.step, repair.concepts) == (20, 1, ("a",))
    assert repair.source == "The course, Unit: ONE"  # where the learner has been
    assert repair.reason == (
        "“Unit: TWO” builds on it, and you have 2 answers, the last 3 days ago: not right yet, worth a second look."
    )
    assert study.target == "course/two"


@pytest.mark.parametrize(
    ("progress", "weak", "repaired"),
    [
        ({}, "a", None),  # the next part teaches it
        ({"course/one": DONE}, "a", "a"),
        ({"course/one": DONE}, "b", None),
        ({"course/one": DONE}, "b2", None),
        ({"course/one": DONE, "course/two": DONE}, "a", "a"),  # two levels deep
        ({"course/one": DONE, "course/two": DONE}, "b2", None),  # nothing builds on it
        (RECAPPED, "b", "b"),
        (RECAPPED, "e", None),  # this step teaches it, if later
        ({**RECAPPED, "chance/dice": DONE}, "e", "e"),
        (RECAPPED, "n", "n"),  # no required part teaches it
        ({**RECAPPED, "maths/sums": DONE}, "a", None),  # three levels
        (STEP_2, "c", "c"),  # a project needs what it is about
        (STEP_2, "f", None),
        ({"course/one": DONE}, "gone", None),
    ],
)
def test_only_what_the_next_part_needs_is_repaired(rank, progress, weak, repaired):
    found = rank(progress=progress, mastery=[answered(weak, 0, 2)])
    assert targets(found, Kind.RESTUDY) == ([repaired] if repaired else [])
    assert (found[0].kind is Kind.RESTUDY) is (repaired is not None)


def test_a_repair_for_a_project_names_the_project(first):
    found = first(progress=STEP_2, mastery=[answered("c", 1, 4)])
    assert found.reason.startswith("Count cells builds on it, and you have 5 answers, the last today: more wrong")


def test_the_weakest_comes_first_and_one_a_day(rank):
    mastery = [answered("a", 0, 2), answered("b", 0, 4)]
    assert targets(rank(progress=RECAPPED, mastery=mastery), Kind.RESTUDY) == ["b"]
    today = [past_of(Kind.RESTUDY, "b", Fate.DONE, ago=19 * HOUR)]
    assert not targets(rank(progress=RECAPPED, mastery=mastery, past=today), Kind.RESTUDY)
    yesterday = [past_of(Kind.RESTUDY, "b", Fate.DONE, ago=20 * HOUR)]
    assert targets(rank(progress=RECAPPED, mastery=mastery, past=yesterday), Kind.RESTUDY) == ["a"]


@pytest.mark.parametrize(
    ("done_ago", "offered"),
    [
        ([days(1)], False),
        ([days(3) - HOUR], False),
        ([days(3)], True),
        ([days(15), days(4)], False),  # the third time only after twelve days
        ([days(15), days(12)], True),
        ([days(60), days(50), days(40)], False),  # once more the same will not help
    ],
)
def test_the_same_repair_comes_ever_later_and_not_for_ever(rank, done_ago, offered):
    past = [past_of(Kind.RESTUDY, "a", Fate.DONE, ago=ago) for ago in done_ago]
    found = rank(progress={"course/one": DONE}, mastery=[answered("a", 0, 2)], past=past)
    assert bool(targets(found, Kind.RESTUDY)) is offered
    assert len(done_ago) <= MOST_RESTUDIED


def test_only_repairs_of_the_same_concept_are_counted(rank):
    past = [past_of(kind, "a", Fate.DONE, ago=days(9)) for kind in Kind if kind is not Kind.RESTUDY]
    past += [past_of(Kind.RESTUDY, target, Fate.DONE, ago=days(9)) for target in ("b", "c", "d")]
    found = rank(progress={"course/one": DONE}, mastery=[answered("a", 0, 2)], past=past)
    assert targets(found, Kind.RESTUDY) == ["a"]
    assert found[0].source == "The course, Unit: ONE"  # the first place, as the first time


def test_a_repair_that_was_not_finished_is_offered_again(first):
    past = [past_of(Kind.RESTUDY, "a", Fate.STARTED, ago=HOUR)]
    assert first(progress={"course/one": DONE}, mastery=[answered("a", 0, 2)], past=past).kind is Kind.RESTUDY


def test_each_repair_is_in_another_place(first):
    weak = {"progress": {"course/one": DONE}, "mastery": [answered("a", 0, 2)]}
    again = [past_of(Kind.RESTUDY, "a", Fate.DONE, ago=days(15))]
    third = [*again, past_of(Kind.RESTUDY, "a", Fate.DONE, ago=days(20))]
    sources = [first(**weak, past=past).source for past in ([], again, third)]
    assert sources == ["The course, Unit: ONE", "The other book, Unit: ALT-A", "The course, Unit: ONE"]


@pytest.mark.parametrize(("minutes", "offered"), [(5, 5), (20, 20), (40, 20), (480, 20)])
def test_a_repair_is_short(first, minutes, offered):
    found = first(progress={"course/one": DONE}, mastery=[answered("a", 0, 2)], minutes=minutes)
    assert (found.kind, found.minutes) == (Kind.RESTUDY, offered)


# Extras between the steps


def test_extras_come_between_two_steps_one_of_each_resource_at_a_time(rank):
    assert targets(rank(progress=STEP_1), Kind.STUDY)[:3] == ["extra/ep-1", "post", "maths/sums"]
    assert targets(rank(progress={**STEP_1, "extra/ep-1": DONE}), Kind.STUDY)[:2] == ["extra/ep-2", "post"]
    assert rank(progress={**STEP_1, "extra": DONE})[0].target == "post"  # done as a whole


@pytest.mark.parametrize("state", [STARTED, DONE, SKIPPED, KNOWN])
def test_extras_end_when_the_next_step_is_begun(rank, state):
    found = targets(rank(progress={**STEP_1, "maths/sums": state}), Kind.STUDY)
    assert not {"extra/ep-1", "post"} & set(found)


def test_who_skipped_or_knew_a_step_needs_no_extras(first):
    known = dict.fromkeys(STEP_1, KNOWN)
    assert first(progress=known).target == "maths/sums"
    assert first(progress={**known, "course/two": SKIPPED}).target == "maths/sums"
    assert first(progress={**known, "course/two": DONE}).target == "extra/ep-1"


def test_no_to_an_extra_is_no_to_its_resource_for_good(rank):
    past = [past_of(Kind.STUDY, "extra/ep-1", DECLINED, ago=HOUR)]
    assert rank(progress=STEP_1, past=past)[0].target == "post"
    later = rank(NOW + days(9), progress=STEP_1, past=past)
    assert later[0].target == "post"
    skipped = rank(progress={**STEP_1, "extra/ep-1": SKIPPED})
    assert skipped[0].target == "post"
    both = [*past, past_of(Kind.STUDY, "post", DECLINED, ago=HOUR)]
    assert rank(progress=STEP_1, past=both)[0].target == "maths/sums"


def test_an_extra_that_was_turned_down_while_studying_may_round_the_step_off(first):
    past = [past_of(Kind.STUDY, "extra/ep-1", DECLINED, ago=days(9))]
    assert first(progress=STEP_1, past=past).target == "extra/ep-1"


def test_what_counts_is_a_no_after_the_last_part_of_the_step(first):
    progress = {**STEP_1, "course/one": (DONE, 60, NOW - days(20)), "course/two": (DONE, 60, NOW - days(5))}
    past = [past_of(Kind.STUDY, "extra/ep-1", DECLINED, ago=days(3))]
    assert first(progress=progress, past=past).target == "extra/ep-1"


def test_a_placement_probe_waits_for_the_extras(rank):
    found = rank(progress=STEP_1, maths=3)
    assert pairs(found)[:3] == [(Kind.STUDY, "extra/ep-1"), (Kind.STUDY, "post"), (Kind.PROBE, "step:2")]


# Projects


@pytest.mark.parametrize(
    ("progress", "choices", "step"),
    [
        (STEP_2, {"first_capstone": None}, 4),
        (STEP_2, {"first_capstone": "no-such-project"}, 4),
        (STEP_4, {"second_capstone": None}, 6),
    ],
)
def test_a_capstone_begins_with_the_choice(first, progress, choices, step):
    found = first(progress=progress, **choices)
    assert (found.kind, found.target, found.step) == (Kind.CHOOSE, f"capstone:choose/{step}", step)
    assert found.reason == f"Step {step} begins with a problem that is yours, and everything before it is done."


def test_a_choice_that_was_ticked_off_leads_to_a_project_of_ones_own(first):
    found = first(progress={**STEP_2, "capstone:choose/4": DONE}, first_capstone=None)
    assert (found.kind, found.target, found.source) == (Kind.STUDY, "capstone:own/4-1", "Your own project")


def test_who_does_not_want_to_choose_today_is_not_led_round_it(rank):
    past = [past_of(Kind.CHOOSE, "capstone:choose/4", DECLINED)]
    found = rank(progress=STEP_2, first_capstone=None, past=past)
    assert [one.kind for one in found] == [Kind.MENTOR]


# Coming back


def test_when_a_learner_was_last_seen():
    assert last_seen(learner_of()) is None
    assert last_seen(learner_of(activity=worked((days(9), 5), (days(4), 5)))) == NOW - days(4)
    assert last_seen(learner_of(progress={"course/one": (DONE, 5, NOW - days(200))})) == NOW - days(200)
    assert last_seen(learner_of(mastery=[answered("a", 1, ago=150)])) == NOW - days(150)


@pytest.mark.parametrize(
    ("away", "stalled"),
    [(None, False), (days(0), False), (days(10) - HOUR, False), (days(10), True), (days(400), True), (days(-1), False)],
)
def test_who_is_stalled(away, stalled):
    progress = {} if away is None else {"course/one": (STARTED, 10, NOW - away)}
    assert is_stalled(learner_of(progress=progress), NOW) is stalled


@pytest.mark.parametrize(
    ("away", "minutes", "offered", "reason"),
    [
        (
            days(9),
            None,
            90,
            "It comes next in step 1, with 1 of 3 parts behind you, and takes about 4 sittings like this one.",
        ),
        (days(10), None, 20, "Your last sitting was 10 days ago, and a short one is enough to get back in."),
        (days(200), None, 20, "Your last sitting was 200 days ago, and a short one is enough to get back in."),
        (days(12), 10, 10, "Your last sitting was 12 days ago, and a short one is enough to get back in."),
        (days(12), 60, 60, "Your last sitting was 12 days ago, and this is where you left off."),
    ],
)
def test_who_comes_back_gets_a_smaller_step(first, away, minutes, offered, reason):
    progress = {"course/one": (DONE, 60, NOW - away)}
    found = first(progress=progress, hours_per_week=8, minutes=minutes)
    assert (found.target, found.minutes, found.reason) == ("course/two", offered, reason)


def test_after_the_first_sitting_everything_is_as_before(first):
    progress = {"course/one": (DONE, 60, NOW - days(30)), "course/two": (STARTED, 20, NOW - HOUR)}
    assert first(progress=progress, hours_per_week=8).minutes == 90


def test_who_comes_back_reviews_little(first):
    found = first(mastery=FADING, hours_per_week=8)
    assert (found.kind, len(found.concepts)) == (Kind.REVIEW, 3)


# Something else


def test_what_was_declined_today_comes_again_tomorrow(rank):
    past = [past_of(Kind.STUDY, "course/one", DECLINED)]
    assert rank(past=past)[0].target == "other/alt-a"
    assert rank(NOW + days(1), past=past)[0].target == "course/one"


@pytest.mark.parametrize(("zone", "is_offered"), [("UTC", False), ("Asia/Tokyo", True), ("America/New_York", False)])
def test_tomorrow_begins_where_the_learner_is(first, zone, is_offered):
    declined, now = datetime(2026, 3, 4, 14, 30, tzinfo=UTC), datetime(2026, 3, 4, 15, 30, tzinfo=UTC)
    past = [past_of(Kind.STUDY, "course/one", DECLINED, ago=NOW - declined)]
    assert (first(now, zone=zone, past=past).target == "course/one") is is_offered


@pytest.mark.parametrize("fate", [Fate.OPEN, Fate.STARTED, Fate.DONE, Fate.KNOWN])
def test_only_a_no_is_a_no(first, fate):
    assert first(past=[past_of(Kind.STUDY, "course/one", fate)]).target == "course/one"


def test_a_no_to_one_kind_is_no_no_to_another(first):
    past = [past_of(Kind.PROBE, "course/one", DECLINED)]
    assert first(mastery=[answered("a", 3)], past=past).target == "course/one"


def test_the_same_topic_elsewhere_for_who_does_not_get_on(rank):
    found = [one for one in rank(progress={"course/one": DONE}) if one.kind is Kind.STUDY]
    assert [one.target for one in found] == ["course/two", "other/alt-b", "other/half-b"]
    assert found[1].reason == "It teaches Beta and Gamma in another way than The course."
    assert (found[1].minutes, found[1].minutes_left, found[1].step) == (40, 200, 1)
    assert found[2].minutes == 30


@pytest.mark.parametrize(
    "absent",
    ["later/a-again", "old/a-once", "other/ahead", "course/one"],
    ids=["of a later step", "replaced", "mostly not met yet", "the part itself"],
)
def test_places_that_are_no_alternative(rank, absent):
    assert absent not in targets(rank(), Kind.STUDY)[1:]


def test_an_alternative_that_is_done_is_none(rank):
    progress = {"other/alt-a": (DONE, 40, NOW - days(2))}
    assert targets(rank(progress=progress), Kind.STUDY) == ["course/one"]


def test_another_part_of_the_step_that_does_not_build_on_this_one(rank):
    found = [one for one in rank(progress=RECAPPED) if one.kind is Kind.STUDY]
    assert [one.target for one in found] == ["maths/sums", "chance/dice"]
    assert found[1].reason == "It belongs to step 2 too, and it does not build on The script."


def test_a_part_that_builds_on_what_is_open_waits(rank):
    found = targets(rank(progress={**RECAPPED, "chance/dice": DONE}), Kind.STUDY)
    assert found == ["maths/sums"]
    found = targets(
        rank(progress={**RECAPPED, "chance/dice": DONE, "maths/sums": DONE, "maths/more": DONE}), Kind.STUDY
    )
    assert found == ["chance/cards"]


def test_what_was_begun_elsewhere_goes_on(rank):
    begun = {"other/alt-a": (STARTED, 15, NOW - HOUR)}
    after_a_no = [past_of(Kind.STUDY, "course/one", DECLINED, ago=days(1))]
    before_it = [past_of(Kind.STUDY, "course/one", DECLINED, ago=HOUR / 2)]
    assert targets(rank(progress=begun, past=after_a_no), Kind.STUDY) == ["other/alt-a", "course/one"]
    assert targets(rank(progress=begun), Kind.STUDY) == ["course/one", "other/alt-a"]
    assert targets(rank(progress=begun, past=before_it), Kind.STUDY) == ["other/alt-a"]
    back = {**begun, "course/one": (STARTED, 5, NOW - HOUR / 2)}
    assert targets(rank(progress=back, past=after_a_no), Kind.STUDY) == ["course/one", "other/alt-a"]
    long_before = [past_of(Kind.STUDY, "course/one", DECLINED, ago=days(1))]
    earlier = {"other/alt-a": (STARTED, 15, NOW - days(2))}
    assert targets(rank(progress=earlier, past=long_before), Kind.STUDY) == ["course/one", "other/alt-a"]
    another = [past_of(Kind.STUDY, "post", DECLINED, ago=days(1))]
    assert targets(rank(progress=begun, past=another), Kind.STUDY) == ["course/one", "other/alt-a"]
    left = {**begun, "course/one": (STARTED, 5, NOW - days(3))}
    assert targets(rank(progress=left, past=after_a_no), Kind.STUDY) == ["other/alt-a", "course/one"]
    found = rank(progress=begun)[1]
    assert (found.minutes, found.reason) == (25, "You have begun it, and about 25 min of it are left.")


@pytest.mark.parametrize(
    ("item", "ago"),
    [
        ("other/alt-b", days(14)),
        ("later/a-again", HOUR),
        ("capstone:gone/1", HOUR),
        ("gone/one", HOUR),
        ("other/gone", HOUR),
        ("deep", HOUR),
        ("course", HOUR),  # it goes on by its parts
    ],
)
def test_what_was_begun_beside_the_path_does_not_go_on_for_ever(rank, item, ago):
    found = targets(rank(progress={"course/one": DONE, item: (STARTED, 5, NOW - ago)}), Kind.STUDY)
    assert found[0] == "course/two"
    assert all(one.reason.startswith("It teaches") for one in rank(progress={item: (STARTED, 5, NOW - ago)})[1:])


def test_a_whole_resource_that_was_begun_goes_on(rank):
    found = rank(progress={"other": (STARTED, 30, NOW - HOUR)})
    assert targets(found, Kind.STUDY)[:2] == ["course/one", "other"]


def test_a_whole_resource_is_no_other_place(rank):
    progress = {"course/one": DONE, "course/two": DONE}
    assert targets(rank(progress=progress), Kind.STUDY) == ["course/three"]


def put_off(*ago, kind=Kind.STUDY, target="course/two"):
    return [past_of(kind, target, DECLINED, ago=days(one)) for one in ago]


@pytest.mark.parametrize(
    ("past", "progress", "minutes", "offered"),
    [
        (put_off(1, 2), {}, None, 90),
        (put_off(1, 1, 1), {}, None, 90),  # three times on one day
        (put_off(1, 2, 3), {}, None, 20),
        (put_off(1, 2, 3, target="other/alt-b"), {}, None, 90),
        (put_off(1, 2, 3, kind=Kind.PROBE), {}, None, 90),
        (put_off(1, 2, 3), {}, 60, 60),
        (put_off(4, 5, 6), {"course/two": (STARTED, 20, NOW - days(1))}, None, 90),  # begun since then
        (put_off(1, 2, 3), {"course/two": (STARTED, 20, NOW - days(9))}, None, 20),
    ],
)
def test_what_is_put_off_day_after_day_becomes_smaller(first, past, progress, minutes, offered):
    found = first(progress={"course/one": DONE, **progress}, past=past, minutes=minutes, hours_per_week=8)
    assert (found.target, found.minutes) == ("course/two", offered)
    reason = "You have put it off on 3 days, so begin with a little of it, or skip it if you do not need it."
    assert (found.reason == reason) is (offered < 90)


@pytest.mark.parametrize(
    ("progress", "offered"),
    [({}, False), ({"course/one": KNOWN}, False), ({"course/one": STARTED}, False), ({"course/one": DONE}, True)],
)
def test_who_has_finished_something_may_explain_it(rank, progress, offered):
    found = rank(progress=progress)
    assert bool(targets(found, Kind.MENTOR)) is offered
    if offered:
        assert found[-1].reason == "You have finished 1 part, and to explain what you know is practice too."
        assert found[-1].minutes == SHORT_SITTING


def test_explaining_is_offered_once_a_day(rank):
    past = [past_of(Kind.MENTOR, "mentor", Fate.DONE, ago=HOUR)]
    assert not targets(rank(progress={"course/one": DONE}, past=past), Kind.MENTOR)
    assert targets(rank(NOW + days(1), progress={"course/one": DONE}, past=past), Kind.MENTOR)


@pytest.mark.parametrize("progress", [{}, {"course/one": DONE}, STEP_1, RECAPPED, STEP_2, EVERYTHING])
def test_who_declines_everything_may_rest(rank, progress):
    past, seen = [], []
    for _ in range(30):
        (found, *_) = rank(progress=progress, mastery=FADING, hours_per_week=4, past=past)
        seen.append((found.kind, found.target))
        if found.target == "today":
            break
        past.append(past_of(found.kind, found.target, DECLINED))
    assert len(set(seen)) == len(seen)
    assert found.kind is Kind.REST
    assert found.reason == "You have done or put off everything that I have for today, and that is fine."
    assert rank(progress=progress, past=[*past, past_of(Kind.REST, "today", DECLINED)])[0] == found
    tomorrow = rank(NOW + days(1), progress=progress, mastery=FADING, hours_per_week=4, past=past)
    assert tomorrow[0].kind is not Kind.REST


# What was planned for a study group


def planned(item, by_when="Thursday evening", *, ago=HOUR):
    return Commitment("Something", by_when, item, NOW - ago)


BY_THURSDAY = "You planned this for your group: by Thursday evening."


@pytest.mark.parametrize(
    ("progress", "item"),
    [
        ({}, "course/one"),
        (RECAPPED, "chance/dice"),  # it may be done before what comes next
        ({**RECAPPED, "maths/sums": STARTED}, "chance/dice"),
        (STEP_1, "maths/sums"),  # before the extras on the step just done
        (STEP_1, "extra/ep-2"),
        (STEP_1, "post"),
        ({"course/one": DONE}, "other/alt-b"),  # beside the path
        ({"course/one": DONE}, "other/half-b"),
        ({"other/alt-a": (STARTED, 15, NOW - HOUR)}, "course/one"),
        ({"other/alt-a": (STARTED, 15, NOW - HOUR)}, "other/alt-a"),
    ],
)
def test_what_was_planned_for_the_group_comes_first(rank, progress, item):
    study = [one for one in rank(progress=progress, commitment=planned(item)) if one.kind is Kind.STUDY]
    assert (study[0].target, study[0].reason) == (item, BY_THURSDAY)
    without = [one for one in rank(progress=progress) if one.kind is Kind.STUDY]
    others = [one.target for one in without if one.target != item]
    assert [one for one in targets(study[1:], Kind.STUDY) if one in others] == others
    assert len({one.target for one in study}) == len(study)


@pytest.mark.parametrize(
    ("progress", "item"),
    [
        ({}, "course/two"),  # nothing of a resource is left out
        ({}, "maths/sums"),  # of a later step
        ({}, "capstone:first/1"),
        ({"course/one": DONE}, "course/one"),  # done since
        ({"course/one": SKIPPED}, "course/one"),
        ({"other": DONE}, "other/alt-b"),
        ({}, "later/a-again"),
        ({}, "old/a-once"),
        ({}, "gone/one"),
        ({}, "capstone:gone/1"),
        ({}, None),
    ],
)
def test_a_plan_whose_turn_has_not_come_or_is_over_changes_nothing(rank, progress, item):
    assert rank(progress=progress, commitment=planned(item)) == rank(progress=progress)


@pytest.mark.parametrize(("ago", "counts"), [(days(14) - HOUR, True), (days(14), False)])
def test_a_plan_that_nobody_asks_about_is_forgotten_after_two_weeks(first, ago, counts):
    found = first(progress=RECAPPED, commitment=planned("chance/dice", ago=ago))
    assert found.target == ("chance/dice" if counts else "maths/sums")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "You planned this for your group."),
        (" ... ", "You planned this for your group."),
        ("Thursday", "You planned this for your group: by Thursday."),
        ("by Thursday!", "You planned this for your group: by Thursday."),
        ("On Sunday,\n 10:00", "You planned this for your group: on Sunday, 10\\:00."),
        ("until the weekend", "You planned this for your group: until the weekend."),
        ("Tomorrow night.", "You planned this for your group: tomorrow night."),
        ("Intime", "You planned this for your group: by Intime."),
        ("до четверга", "You planned this for your group: до четверга."),
        ("*20h* <@5>", "You planned this for your group: by \\*20h\\* \\<@\u200b5\\>."),
        ("x" * 100, f"You planned this for your group: by {'x' * 79}…."),
    ],
)
def test_by_when_it_was_planned_is_told_in_the_members_words(first, typed, reason):
    assert first(commitment=planned("course/one", typed)).reason == reason


def test_a_plan_that_is_put_off_today_is_not_offered_again_today(rank):
    past = [past_of(Kind.STUDY, "chance/dice", DECLINED)]
    found = rank(progress=RECAPPED, commitment=planned("chance/dice"), past=past)
    assert targets(found, Kind.STUDY)[0] == "maths/sums"
    assert "chance/dice" not in targets(found, Kind.STUDY)
    assert rank(NOW + days(1), progress=RECAPPED, commitment=planned("chance/dice"), past=past)[0].reason == BY_THURSDAY


def test_what_comes_before_a_part_comes_before_one_that_was_planned(rank):
    """Rest and reviews first; then questions that may save the part, and what it builds on."""
    solid = [answered("e", 3), answered("a", 3, ago=30)]
    found = rank(
        progress=RECAPPED,
        commitment=planned("chance/dice"),
        mastery=solid,
        hours_per_week=2,
        activity=worked((HOUR, 200)),
    )
    assert [one.kind for one in found[:4]] == [Kind.REST, Kind.REVIEW, Kind.PROBE, Kind.STUDY]
    assert [one.target for one in found[2:4]] == ["chance/dice", "chance/dice"]
    progress = {**RECAPPED, "chance/dice": DONE, "maths/sums": DONE}
    found = rank(progress=progress, commitment=planned("maths/more"), mastery=[answered("b", 0, 2)])
    assert pairs(found)[:2] == [(Kind.RESTUDY, "b"), (Kind.STUDY, "maths/more")]


def test_a_planned_choice_of_a_project_is_a_choice(first):
    found = first(progress=STEP_2, first_capstone=None, commitment=planned("capstone:choose/4"))
    assert (found.kind, found.target, found.reason) == (Kind.CHOOSE, "capstone:choose/4", BY_THURSDAY)


def test_after_the_curriculum_what_was_planned_comes_first_too(rank):
    found = rank(progress={**EVERYTHING, "wide": (STARTED, 10)}, commitment=planned("talk"))
    assert targets(found, Kind.BEYOND) == ["talk", "wide", "deep"]
    assert found[0].reason == BY_THURSDAY


# Plans that were not kept


def settled(*kept, ago=HOUR):
    """What became of the last plans, the newest first; the newest so long ago."""
    return tuple(SettledPlan(is_kept, NOW - ago - days(7 * week)) for week, is_kept in enumerate(kept))


@pytest.mark.parametrize(
    ("plans", "behind"),
    [
        ((), False),
        (settled(False), False),
        (settled(False, False), True),
        (settled(False, False, True), True),
        (settled(True, False, False), False),
        (settled(False, True, False), False),
        (settled(False, False, ago=days(14) - HOUR), True),
        (settled(False, False, ago=days(14)), False),
    ],
)
def test_who_is_behind(plans, behind):
    assert is_behind(learner_of(plans=plans), NOW) is behind


SMALLER = "Your last two plans did not fit into the week, so here is a smaller piece."


@pytest.mark.parametrize(
    ("progress", "kind", "target"),
    [
        ({"course/one": DONE}, Kind.STUDY, "course/two"),
        ({"course/one": DONE, "course/two": (STARTED, 60)}, Kind.STUDY, "course/two"),
        (STEP_2, Kind.STUDY, "capstone:first/1"),
        (EVERYTHING, Kind.BEYOND, "deep"),
    ],
)
def test_after_two_plans_that_were_not_kept_the_piece_is_smaller(first, progress, kind, target):
    found = first(progress=progress, plans=settled(False, False), hours_per_week=8)
    assert (found.kind, found.target, found.minutes, found.reason) == (kind, target, SHORT_SITTING, SMALLER)


@pytest.mark.parametrize(
    ("learner", "minutes", "offered"),
    [
        ({"hours_per_week": 8}, 60, 60),  # they have said how long they have
        ({"hours_per_week": 1}, None, 20),  # it is as short as always
        ({"progress": {"course/one": DONE, "course/two": (STARTED, 278)}}, None, 22),  # all of what is left
    ],
)
def test_what_is_not_smaller_does_not_say_so(first, learner, minutes, offered):
    learner = {"progress": {"course/one": DONE}, **learner}
    found = first(plans=settled(False, False), minutes=minutes, **learner)
    assert (found.target, found.minutes) == ("course/two", offered)
    assert found.reason == first(minutes=minutes, **learner).reason


def test_a_smaller_piece_of_what_was_planned(first):
    found = first(
        progress={"course/one": DONE}, plans=settled(False, False), commitment=planned("course/two"), hours_per_week=8
    )
    assert (found.target, found.minutes) == ("course/two", SHORT_SITTING)
    assert found.reason == (
        "You planned this for your group: by Thursday evening, and as your last two plans did not fit into the week, "
        "here is a smaller piece of it."
    )


def test_who_comes_back_hears_of_that_first(first):
    progress = {"course/one": (DONE, 60, NOW - days(12))}
    found = first(progress=progress, plans=settled(False, False, ago=days(11)), hours_per_week=8)
    assert (found.minutes, found.reason) == (
        SHORT_SITTING,
        "Your last sitting was 12 days ago, and a short one is enough to get back in.",
    )


# What somebody was stuck on


TWO_DAYS = days(2)


def stuck(*concepts, ago=TWO_DAYS):
    return [Blocker(concept, NOW - ago) for concept in concepts]


def test_what_one_was_stuck_on_comes_before_the_next_part(rank):
    found = rank(progress={"course/one": DONE}, blockers=stuck("a"), mastery=[answered("a", 0, 0.5)])
    assert pairs(found)[:2] == [(Kind.RESTUDY, "a"), (Kind.STUDY, "course/two")]
    assert (found[0].title, found[0].source, found[0].url) == (
        "Alpha",
        "The course, Unit: ONE",
        "https://example.org/course",
    )
    assert (found[0].minutes, found[0].step, found[0].concepts) == (SHORT_SITTING, 1, ("a",))
    assert found[0].reason == "You were stuck on **Alpha** in your check-in on Monday: another explanation may help."
    assert found[0].outcome == "Three questions show whether it sits."
    assert targets(found, Kind.RESTUDY) == ["a"]


@pytest.mark.parametrize(
    ("ago", "zone", "when"),
    [
        (HOUR, None, "today"),
        (days(1), None, "yesterday"),
        (days(2), None, "on Monday"),
        (days(6), None, "on Thursday"),
        (days(7), None, "7 days ago"),
        (days(13), None, "13 days ago"),
        (2 * HOUR, "Pacific/Auckland", "today"),
        (8 * HOUR, "Pacific/Auckland", "yesterday"),
    ],
)
def test_the_day_of_a_checkin_is_that_of_the_learner(first, ago, zone, when):
    found = first(progress={"course/one": DONE}, blockers=stuck("a", ago=ago), zone=zone)
    assert found.reason == f"You were stuck on **Alpha** in your check-in {when}: another explanation may help."


def test_where_one_has_been_comes_first_and_then_another_place(first):
    learner = {"progress": {"course/one": DONE}, "blockers": stuck("a")}
    assert first(**learner).source == "The course, Unit: ONE"
    past = [past_of(Kind.RESTUDY, "a", Fate.DONE, ago=days(5))]
    assert first(**learner, past=past).source == "The other book, Unit: ALT-A"


@pytest.mark.parametrize(
    ("concepts", "progress", "found"),
    [
        (["a", "b"], {"course/one": DONE, "course/two": DONE}, ["a", "b"]),
        (["gone", "a"], {"course/one": DONE}, ["a"]),
        (["c"], {"course/one": DONE}, []),  # met in a later step
        (["n"], RECAPPED, ["n"]),  # though nothing that comes next builds on it
        (["a"], {}, ["a"]),  # in another place than the part that teaches it, which comes next
    ],
)
def test_which_of_them_can_be_studied_again(rank, concepts, progress, found):
    assert targets(rank(progress=progress, blockers=stuck(*concepts)), Kind.RESTUDY) == found


@pytest.mark.parametrize(
    ("past", "offered"),
    [
        ([(Fate.DONE, days(1), "a")], False),
        ([(Fate.DONE, days(2), "a")], False),
        ([(DECLINED, days(1), "a")], False),  # for as long as it is the same check-in
        ([(Fate.KNOWN, days(1), "a")], False),
        ([(Fate.OPEN, days(1), "a")], True),
        ([(DECLINED, days(2) + HOUR, "a")], True),
        ([(Fate.DONE, days(3) - HOUR, "a")], False),
        ([(Fate.DONE, days(3), "a")], True),
        ([(Fate.DONE, days(40), "a"), (Fate.DONE, days(12) - HOUR, "a")], False),
        ([(Fate.DONE, days(40), "a"), (Fate.DONE, days(12), "a")], True),
        ([(Fate.DONE, days(60 + one), "a") for one in range(MOST_RESTUDIED)], False),
        ([(Fate.DONE, 19 * HOUR, "b")], False),  # one a day
        ([(Fate.DONE, 20 * HOUR, "b")], True),
    ],
)
def test_what_was_gone_over_or_put_off_is_not_offered_at_once(rank, past, offered):
    past = [past_of(Kind.RESTUDY, target, fate, ago=ago) for fate, ago, target in past]
    found = rank(progress={"course/one": DONE}, blockers=stuck("a"), past=past)
    assert bool(targets(found, Kind.RESTUDY)) is offered


def test_who_puts_one_off_is_offered_the_other(rank):
    learner = {"progress": {"course/one": DONE, "course/two": DONE}, "blockers": stuck("a", "b")}
    past = [past_of(Kind.RESTUDY, "a", DECLINED, ago=HOUR)]
    assert targets(rank(**learner, past=past), Kind.RESTUDY) == ["b"]


def test_a_weak_concept_that_is_known_from_a_checkin_alone_says_so(first):
    weak = dataclasses.replace(answered("b", 0, 0.5, ago=20), answers=0)
    found = first(progress=RECAPPED, mastery=[weak])
    assert (found.kind, found.target) == (Kind.RESTUDY, "b")
    assert found.reason == (
        "“Unit: SUMS” builds on it, and you have no answers yet, but you were stuck on it 20 days ago."
    )


def test_after_the_curriculum_nobody_is_held_up(rank):
    assert not targets(rank(progress=EVERYTHING, blockers=stuck("a")), Kind.RESTUDY)


def test_a_checkin_says_that_a_learner_is_there():
    learner = learner_of(progress={"course/one": (DONE, 5, NOW - days(20))}, checked_in_at=NOW - days(3))
    assert last_seen(learner) == NOW - days(3)
    assert not is_stalled(learner, NOW)


# After the curriculum


def test_after_the_curriculum_what_lies_beyond_and_then_explaining(rank):
    found = rank(progress=EVERYTHING, minutes=40)
    assert pairs(found) == [
        (Kind.BEYOND, "deep"),
        (Kind.BEYOND, "wide"),  # step 6 and step 1 name it, and once is enough
        (Kind.BEYOND, "talk"),
        (Kind.MENTOR, "mentor"),
    ]
    assert [(one.minutes, one.minutes_left) for one in found[:3]] == [(40, 3600), (40, 60), (40, 180)]
    assert found[2].reason == "All six steps are behind you, and this leads on from step 2."


def test_what_was_begun_beyond_goes_on_and_what_is_done_is_gone(rank):
    progress = {**EVERYTHING, "deep": SKIPPED, "talk": (STARTED, 60)}
    found = rank(progress=progress, minutes=40)
    assert targets(found, Kind.BEYOND) == ["talk", "wide"]
    assert found[0].reason == "You have begun it, and about 2 h of it are left, or 3 sittings like this one."
    nothing_left = {**progress, "talk": DONE, "wide": DONE}
    assert [one.kind for one in rank(progress=nothing_left)] == [Kind.MENTOR]


def test_who_knew_it_all_may_explain_too(rank):
    known = dict.fromkeys(EVERYTHING, KNOWN)
    assert (
        rank(progress=known)[-1].reason == "The curriculum is behind you, and to explain what you know is practice too."
    )


# The same for the same


def test_the_same_learner_gets_the_same_answer_whatever_the_order_of_the_rows(curriculum):
    progress = {**RECAPPED, "other/alt-b": STARTED, "maths/sums": STARTED, "chance/dice": STARTED, "wide": STARTED}
    mastery = [*FADING, answered("e", 0, 2), answered("b", 0, 3), answered("a", 0, 3)]
    past = [
        past_of(Kind.STUDY, "maths/sums", DECLINED, ago=days(2)),
        past_of(Kind.RESTUDY, "a", Fate.DONE, ago=days(4)),
        past_of(Kind.REVIEW, "a", Fate.DONE, ago=days(1)),
    ]
    learner = learner_of(progress=progress, mastery=mastery, activity=worked((days(1), 30), (days(2), 30)))
    turned = dataclasses.replace(
        learner,
        progress=dict(reversed(learner.progress.items())),
        mastery=dict(reversed(learner.mastery.items())),
        activity=tuple(reversed(learner.activity)),
    )
    path = build_path(curriculum)
    found = rank_candidates(curriculum, path, learner, NOW, past=past)
    assert found == rank_candidates(curriculum, path, learner, NOW, past=past)
    assert found == rank_candidates(curriculum, path, turned, NOW, past=past[::-1])


EVIDENCE = {
    Kind.REST: r"planned|put off",
    Kind.REVIEW: r"fading.*days ago|due.* for 4 days",
    Kind.PROBE: r"You said|solid in your answers|elsewhere",
    Kind.RESTUDY: r"builds on it.*\d answers?|stuck on .* in your check-in",
    Kind.STUDY: r"planned|last two plans|[Ss]tep \d|begun|given it|last sitting|another way|put it off",
    Kind.CHOOSE: r"[Ss]tep \d",
    Kind.BEYOND: r"step \d|begun|last two plans",
    Kind.MENTOR: r"finished \d+ part|behind you",
}


@pytest.mark.parametrize("progress", [{}, {"course/one": DONE}, STEP_1, RECAPPED, STEP_2, STEP_4, EVERYTHING])
@pytest.mark.parametrize("minutes", [None, 5, 480])
@pytest.mark.parametrize("mastery", [[], FADING, [answered("a", 0, 2), answered("b", 0, 1), answered("c", 3)]])
@pytest.mark.parametrize(
    "told",
    [
        {"reviews": NO_REVIEWS},
        {"reviews": Reviews(3, "a", NOW - FOUR_DAYS)},
        {"commitment": planned("course/two"), "blockers": stuck("a", "b"), "plans": settled(False, False)},
    ],
    ids=["alone", "with reviews", "in a group"],
)
def test_every_reason_is_one_sentence_that_names_the_evidence(rank, progress, minutes, mastery, told):
    choices = {"first_capstone": None, "deep_learning": 3, "maths": 3, "hours_per_week": 1}
    activity = worked((HOUR, 60))
    found = rank(progress=progress, minutes=minutes, mastery=mastery, activity=activity, **choices, **told)
    for one in found:
        assert re.fullmatch(r"[A-Z0-9“][^.!?]*\.", one.reason)
        assert re.search(EVIDENCE[one.kind], one.reason), one.reason
