"""Where a learner stands."""

import dataclasses

import pytest

from bot.features.progress.models import Activity, Level, State, StepState
from bot.features.progress.rules.overview import (
    build_overview,
    current_step,
    fading_concepts,
    is_step_done,
    reached_milestones,
    step_overviews,
    weak_concepts,
)
from bot.features.progress.rules.path import build_path
from tests.bot.learners import NOW, answered, days, learner_of
from tests.bot.small_curriculum import capstone_of, curriculum_of, resource_of, step_of, unit_of

DONE, STARTED, SKIPPED, KNOWN = State.DONE, State.STARTED, State.SKIPPED, State.KNOWN
ALL_BUT_LAST = {"course/one": DONE, "course/two": SKIPPED, "maths/sums": KNOWN}
TITLES = {"a": "Activation", "b": "Batch", "c": "cell", "z": "Zebra"}


@pytest.fixture(scope="module")
def path():
    """Two steps of study and a project: 100 + 50 minutes, 60 minutes, and twice 15 hours."""
    resources = {
        "course": resource_of(unit_of("one", ["a"], 100), unit_of("hello"), unit_of("two", ["b"], 50)),
        "maths": resource_of(unit_of("sums", ["c"], 60), steps=(2,)),
    }
    curriculum = curriculum_of(
        step_of(1, core=("course",)),
        step_of(2, core=("maths",)),
        step_of(4),
        resources=resources,
        capstones={"project": capstone_of(4, hours=(30, 30))},
        milestones={"project": ("Plan.", "Build.")},
    )
    return build_path(curriculum, first_capstone="project")


# Steps


@pytest.mark.parametrize(
    ("progress", "current"),
    [
        ({}, 1),
        ({"course/one": STARTED}, 1),
        ({"course/one": DONE}, 1),
        ({"course/hello": DONE, "course/two": DONE}, 1),
        ({"course/one": DONE, "course/two": DONE}, 2),  # without the part that teaches nothing
        ({"course/one": KNOWN, "course/two": SKIPPED}, 2),
        ({"maths/sums": DONE}, 1),  # out of order
        (ALL_BUT_LAST, 4),
        ({**ALL_BUT_LAST, "capstone:project/1": DONE, "capstone:project/2": DONE}, None),
    ],
)
def test_the_current_step_is_the_first_that_is_not_done(path, progress, current):
    found = current_step(path, learner_of(progress=progress))
    assert (found.number if found else None) == current


def test_a_step_is_done_when_all_that_it_requires_is_settled(path):
    step = path.steps[0]
    assert not is_step_done(step, learner_of(progress={"course/one": DONE, "course/two": STARTED}))
    assert is_step_done(step, learner_of(progress={"course/one": DONE, "course/two": KNOWN}))


def figures(path, **learner):
    return [
        (one.state, one.settled, one.required, one.minutes_left, one.next_item.id if one.next_item else None)
        for one in step_overviews(path, learner_of(**learner))
    ]


def test_steps_in_figures_for_a_beginner(path):
    assert figures(path) == [
        (StepState.CURRENT, 0, 2, 150, "course/one"),
        (StepState.AHEAD, 0, 1, 60, "maths/sums"),
        (StepState.AHEAD, 0, 2, 1800, "capstone:project/1"),
    ]


def test_steps_in_figures_in_the_middle(path):
    progress = {"course/one": DONE, "course/two": (STARTED, 20), "maths/sums": DONE}
    assert figures(path, progress=progress) == [
        (StepState.CURRENT, 1, 2, 30, "course/two"),
        (StepState.DONE, 1, 1, 0, None),
        (StepState.AHEAD, 0, 2, 1800, "capstone:project/1"),
    ]


def test_more_time_than_the_estimate_leaves_nothing_rather_than_less(path):
    (first, *_) = figures(path, progress={"course/one": (STARTED, 500)})
    assert first == (StepState.CURRENT, 0, 2, 50, "course/one")


def test_what_is_settled_counts_nothing_whatever_time_it_took(path):
    (first, *_) = figures(path, progress={"course/one": (SKIPPED, 0), "course/two": (KNOWN, 0)})
    assert first == (StepState.DONE, 2, 2, 0, None)


# The whole picture


def overview(path, **learner):
    return build_overview(path, learner_of(**learner), TITLES, NOW)


@pytest.mark.parametrize(
    ("hours", "planned", "weeks_left"),
    [(None, None, None), (0, None, None), (10, 600, 2010 / 600), (2.5, 150, 2010 / 150)],
)
def test_without_a_pace_the_plan_tells_how_long_it_takes(path, hours, planned, weeks_left):
    found = overview(path, hours_per_week=hours)
    assert found.planned_minutes == planned
    assert found.weeks_left == pytest.approx(weeks_left)


def test_the_pace_of_the_last_weeks_counts_more_than_the_plan(path):
    activity = [Activity(NOW - days(7), 300), Activity(NOW - days(14), 100), Activity(NOW, 999)]
    found = overview(path, hours_per_week=10, activity=activity)
    assert found.weeks_left == pytest.approx(2010 / 200)
    assert [week.minutes for week in found.weeks[-3:]] == [100, 300, 999]


def test_nothing_is_left_of_a_path_that_is_done(path):
    progress = {item.id: DONE for item in path.items}
    found = overview(path, progress=progress, hours_per_week=5)
    assert found.weeks_left == 0
    assert found.current is None
    assert [step.state for step in found.steps] == [StepState.DONE] * 3


def test_the_current_step_of_an_overview(path):
    current = overview(path, progress={"course/one": DONE, "course/two": DONE}).current
    assert current is not None
    assert current.number == 2


def test_weeks_are_those_of_the_learners_zone(path):
    monday_in_tokyo = [Activity(NOW.replace(day=1, hour=20), 30)]
    assert overview(path, activity=monday_in_tokyo).weeks[-1].minutes == 0
    assert overview(path, activity=monday_in_tokyo, zone="Asia/Tokyo").weeks[-1].minutes == 30


def test_what_only_checkins_tell_is_summed_over_the_weeks_that_are_shown(path):
    told = [Activity(NOW - days(ago), minutes, is_told=True) for ago, minutes in ((0, 20), (79, 40), (90, 600))]
    found = overview(path, activity=[*told, Activity(NOW, 30)])
    assert (found.told_minutes, found.weeks[-1].minutes, found.weeks[0].minutes) == (60, 50, 40)
    assert overview(path, activity=[Activity(NOW, 30)]).told_minutes == 0


def test_what_was_told_in_a_checkin_alone_is_not_among_the_concepts(path):
    """An overview may be shared, and a check-in is for its group or for nobody."""
    stuck = dataclasses.replace(answered("a", 0, 0.5), answers=0)
    found = overview(path, mastery=[stuck, answered("b", 0, 1)])
    assert [one.title for one in found.concepts] == ["Batch"]


def test_concepts_are_listed_by_title_without_those_that_are_no_longer_taught(path):
    mastery = [answered("z", 3), answered("c", 1), answered("a", 0, 2), answered("gone", 3), answered("b", 3, ago=30)]
    found = overview(path, mastery=mastery)
    assert [(one.title, one.level) for one in found.concepts] == [
        ("Activation", Level.SHAKY),
        ("Batch", Level.FADING),
        ("cell", Level.LEARNING),
        ("Zebra", Level.SOLID),
    ]
    assert found.concepts[3].words == "3 answers, the last today: mostly right, solid"
    assert [found.count(level) for level in Level] == [0, 1, 1, 1, 1]


def test_days_in_words_are_those_of_the_learners_zone(path):
    mastery = [answered("a", 1, at=NOW.replace(hour=14))]
    now = NOW.replace(hour=16)
    here = build_overview(path, learner_of(mastery=mastery), TITLES, now)
    there = build_overview(path, learner_of(mastery=mastery, zone="Asia/Tokyo"), TITLES, now)
    assert "the last today" in here.concepts[0].words
    assert "the last yesterday" in there.concepts[0].words


# Weak and fading concepts


def test_weak_concepts_begin_with_the_weakest():
    mastery = [answered("c", 0, 1), answered("b", 1, 3), answered("a", 0, 1), answered("d", 0, 4), answered("e", 3)]
    learner = learner_of(mastery=mastery)
    assert weak_concepts(learner, NOW) == ("d", "b", "a", "c")
    turned = dataclasses.replace(learner, mastery=dict(reversed(learner.mastery.items())))
    assert weak_concepts(turned, NOW) == ("d", "b", "a", "c")


def test_fading_concepts_begin_with_the_longest_unseen():
    mastery = [answered("c", 3, ago=20), answered("b", 3, ago=20), answered("a", 4, ago=40), answered("d", 3, ago=1)]
    learner = learner_of(mastery=mastery)
    assert fading_concepts(learner, NOW) == ("a", "b", "c")
    turned = dataclasses.replace(learner, mastery=dict(reversed(learner.mastery.items())))
    assert fading_concepts(turned, NOW) == ("a", "b", "c")


def test_who_has_answered_nothing_has_nothing_weak_or_fading():
    assert weak_concepts(learner_of(), NOW) == fading_concepts(learner_of(), NOW) == ()


# Milestones


@pytest.mark.parametrize(
    ("progress", "reached"),
    [
        ({}, ()),
        ({"course/one": DONE}, ()),
        ({"course/one": DONE, "course/two": DONE}, ("step:1",)),
        ({"course/one": DONE, "course/two": KNOWN}, ("step:1",)),
        ({"course/one": SKIPPED, "course/two": KNOWN}, ()),  # nothing to congratulate for
        ({"maths/sums": DONE}, ("step:2",)),
        (
            {**ALL_BUT_LAST, "capstone:project/1": DONE, "capstone:project/2": DONE},
            ("step:1", "step:4", "curriculum"),
        ),
    ],
)
def test_milestones(path, progress, reached):
    assert reached_milestones(path, learner_of(progress=progress)) == reached


def test_who_skips_everything_has_not_finished_the_curriculum(path):
    skipped = {item.id: SKIPPED for item in path.items}
    assert reached_milestones(path, learner_of(progress=skipped)) == ()
