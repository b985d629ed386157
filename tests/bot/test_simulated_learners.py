"""Learners of many kinds live through the real curriculum; and learners of every kind are recommended something."""

import itertools
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.features.next_step.models import Fate, Kind, Past
from bot.features.next_step.rules import MOST_RESTUDIED, RESTUDY_EVERY, find_first, rank_candidates
from bot.features.progress.models import (
    Activity,
    Blocker,
    Commitment,
    ItemProgress,
    Learner,
    Mastery,
    SettledPlan,
    State,
)
from bot.features.progress.rules.path import OWN_PROJECT, build_path
from knowledge.models import Style
from tests.bot.learners import NOW, Life, check_recommendation, days, profile_of

LIVES = {
    "maths-shy coder": {
        "profile": profile_of(coding=3, maths=0, deep_learning=1, style=Style.HANDS_ON, hours_per_week=6),
        "pace": 1.2,
        "right": 0.7,
        "projects": ("digit-recogniser", "cartpole-three-ways"),
    },
    "book lover": {"profile": profile_of(coding=1, maths=2, style=Style.BOOK, hours_per_week=10)},
    "RL enthusiast": {
        "profile": profile_of(maths=2, deep_learning=3, style=Style.HANDS_ON, hours_per_week=8),
        "right": 1.0,
        "projects": (OWN_PROJECT, "dqn-ablation"),
    },
    "university person": {
        "profile": profile_of(maths=3, deep_learning=1, style=Style.UNIVERSITY, hours_per_week=12),
        "right": 0.95,
    },
    "two hours a week": {
        "profile": profile_of(style=Style.VIDEO, hours_per_week=2, zone="America/New_York"),
        "evenings": (2, 5),
    },
    "away for weeks": {
        "profile": profile_of(style=Style.UNIVERSITY, hours_per_week=5, zone="Australia/Lord_Howe"),
        "away": tuple(week for week in range(600) if week % 5 >= 2),
    },
    "declines a lot": {
        "profile": profile_of(style=Style.UNIVERSITY, hours_per_week=8, zone="Europe/Berlin"),
        "declines": 0.5,
    },
    "wrong a lot": {"profile": profile_of(style=Style.UNIVERSITY, hours_per_week=8), "right": 0.3},
    "has said nothing": {"profile": profile_of()},
}

HOURS = {
    "maths-shy coder": (380, 460),
    "book lover": (260, 330),
    "RL enthusiast": (110, 170),
    "university person": (190, 240),
    "two hours a week": (320, 370),
    "away for weeks": (210, 260),
    "declines a lot": (210, 420),
    "wrong a lot": (210, 270),
    "has said nothing": (320, 370),
}


@pytest.fixture(scope="module")
def curriculum(knowledge):
    return knowledge.curriculum


@pytest.fixture(scope="module")
def lives(curriculum):
    """Every life, lived once; what a learner may never see is checked at each recommendation."""
    return {name: Life(curriculum, **values).live() for name, values in LIVES.items()}


@pytest.fixture(params=LIVES)
def name(request):
    return request.param


@pytest.fixture
def life(lives, name):
    return lives[name]


def test_everybody_gets_through_all_six_steps(life):
    learner = life.learner()
    for step in life.path.steps:
        assert step.required
        assert all(learner.is_settled(item.id) for item in step.required)
    found = rank_candidates(life.curriculum, life.path, learner, life.now, past=life.past)
    assert Kind.BEYOND in {one.kind for one in found}


def test_the_steps_come_in_order(life):
    steps = [item.step for item in life.required_done()]
    assert steps == sorted(steps)
    named = [found.step for _, found in life.log if found.kind in {Kind.STUDY, Kind.CHOOSE}]
    recaps = {item.id for item in life.path.items if item.is_recap}
    on_path = [found.step for _, found in life.log if found.kind is Kind.STUDY and found.target not in recaps]
    assert on_path == sorted(on_path)
    assert set(named) >= {4, 5, 6}


def test_the_parts_of_a_resource_come_in_order(life):
    order = {item.id: place for place, item in enumerate(life.path.items)}
    by_resource = {}
    for item in life.required_done():
        by_resource.setdefault(item.id.partition("/")[0], []).append(order[item.id])
    for places in by_resource.values():
        assert places == sorted(places)
        assert len(set(places)) == len(places)


def test_a_project_is_chosen_before_it_is_begun(life):
    for step in (4, 6):
        about = [found.kind for _, found in life.log if found.target.startswith("capstone:") and found.step == step]
        assert about[0] is Kind.CHOOSE
        assert Kind.CHOOSE not in about[about.index(Kind.STUDY) :]


def test_the_whole_takes_a_plausible_time(life, name):
    low, high = HOURS[name]
    assert low <= life.hours() <= high
    hours = life.profile.hours_per_week
    if hours is not None and not life.away and not life.declines:
        assert life.weeks() >= life.hours() / hours * 0.8


def test_every_sitting_fits_the_learner(life):
    hours = life.profile.hours_per_week
    most = 40 if hours is None else min(max(hours * 15, 20), 90)
    study = [found for _, found in life.log if found.kind is Kind.STUDY]
    assert max(found.minutes for found in study) <= most * 1.25
    reviews = [found for _, found in life.log if found.kind is Kind.REVIEW]
    assert all(found.minutes <= max(most / 3, 2) and len(found.concepts) <= 5 for found in reviews)


def test_nobody_is_stuck_at_one_thing(life):
    """Not longer than a long part takes: ten hours in the shortest sittings of the learner, and some more."""
    hours = life.profile.hours_per_week or 3
    sitting = min(max(hours * 15, 20), 90)
    study = [p.target for p in life.past if p.kind is Kind.STUDY and p.fate is not Fate.DECLINED]
    longest = max(len(list(group)) for _, group in itertools.groupby(study))
    assert longest <= 2 * 600 / sitting


def test_reviews_and_repairs_do_not_eat_the_time(life):
    minutes = Counter()
    for _, found in life.log:
        minutes[found.kind] += found.minutes
    assert minutes[Kind.REVIEW] + minutes[Kind.RESTUDY] <= 0.12 * minutes[Kind.STUDY]


def test_repairs_keep_their_distance(life):
    by_concept = {}
    for at, found in life.seen(Kind.RESTUDY):
        if not any(p.fate is Fate.DECLINED and p.changed_at == at for p in life.past):
            by_concept.setdefault(found.target, []).append(at)
    every = sorted(at for times in by_concept.values() for at in times)
    assert all(later - earlier >= timedelta(hours=19) for earlier, later in itertools.pairwise(every))
    for times in by_concept.values():
        assert len(times) <= MOST_RESTUDIED
        assert all(
            later - earlier >= RESTUDY_EVERY - timedelta(hours=1) for earlier, later in itertools.pairwise(times)
        )


# What is particular about some of them


def test_the_maths_shy_coder_does_the_maths(lives):
    life = lives["maths-shy coder"]
    required = [item.id for item in life.path.steps[1].items if item.is_required]
    assert [item.id for item in life.required_done() if item.step == 2] == required
    assert not any(found.target.startswith("step:") for _, found in life.seen(Kind.PROBE))
    assert {item.id.partition("/")[0] for item in life.path.steps[5].items} == {"capstone:cartpole-three-ways"}


def test_the_book_lover_reads_books(lives):
    done = {item.id.partition("/")[0] for item in lives["book lover"].required_done()}
    assert {"dive-into-deep-learning", "spinning-up"} <= done
    assert not {"deep-learning-specialization", "hf-deep-rl-course", "mit-6s191"} & done


def test_the_rl_enthusiast_proves_what_they_know_and_gets_to_rl(lives):
    life = lives["RL enthusiast"]
    assert life.log[0][1].target == "step:1"
    proved = [found.target for _, found in life.seen(Kind.PROBE) if found.target.startswith("step:")]
    assert proved == ["step:1", "step:3"]
    assert {item.step for item in life.required_done()} == {2, 4, 5, 6}


def test_the_university_person_is_asked_about_maths_once(lives):
    life = lives["university person"]
    proved = [found.target for _, found in life.seen(Kind.PROBE) if found.target.startswith("step:")]
    assert proved == ["step:2"]
    assert {"mit-6s191", "ucl-deepmind-2018"} <= {item.id.partition("/")[0] for item in life.required_done()}


def test_two_hours_a_week_are_small_sittings_over_years(lives):
    life = lives["two hours a week"]
    assert max(found.minutes for _, found in life.seen(Kind.STUDY)) <= 37
    assert 250 <= life.weeks() <= 400


def test_who_was_away_gets_back_in_with_a_short_sitting(lives):
    life = lives["away for weeks"]
    back = [
        found
        for (before, _), (at, found) in itertools.pairwise(life.log)
        if at - before >= days(11) and found.kind is Kind.STUDY
    ]
    assert len(back) > 10
    assert all(found.minutes <= 25 for found in back)
    recaps = {item.id for item in life.path.items if item.is_recap}
    assert all(found.reason.startswith("Your last sitting was 2") for found in back if found.target not in recaps)


def test_who_declines_gets_something_else_until_nothing_is_left(lives):
    life = lives["declines a lot"]
    declined = set()
    for at, found in life.log:
        today = (at.astimezone(life.zone).date(), found.kind, found.target)
        assert today not in declined
        if any(p.fate is Fate.DECLINED and p.target == found.target and p.made_at == at for p in life.past):
            declined.add(today)
    assert len(declined) > 100
    assert any(found.target == "today" for _, found in life.seen(Kind.REST))


def test_who_is_wrong_a_lot_repairs_and_goes_on(lives):
    life = lives["wrong a lot"]
    repairs = life.seen(Kind.RESTUDY)
    assert len(repairs) > 10
    assert len(repairs) < 0.4 * len(life.seen(Kind.STUDY))


# Any learner at all

SMALL = st.integers(0, 3)
MINUTES_AGO = st.integers(0, 60 * 24 * 60)
MANY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(MANY, max_examples=100)


@pytest.fixture(scope="module")
def pieces(curriculum):
    """What random learners are made of: every item of every path, and more that is none."""
    items = {
        item.id
        for style in Style
        for project in (None, OWN_PROJECT, "digit-recogniser", "cartpole-three-ways")
        for item in build_path(curriculum, style=style, first_capstone=project, second_capstone=project).items
    }
    units = {f"{name}/{unit.id}" for name, resource in curriculum.resources.items() for unit in resource.units}
    return sorted(items | units | set(curriculum.resources) | {"gone/one", "capstone:gone/1", "gone"})


def profiles(curriculum):
    return st.builds(
        profile_of,
        coding=st.none() | SMALL,
        maths=st.none() | SMALL,
        deep_learning=st.none() | SMALL,
        style=st.none() | st.sampled_from(Style),
        hours_per_week=st.none() | st.sampled_from([0, 0.5, 1, 2, 5, 10, 40, 80]),
        zone=st.sampled_from([None, "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe", "Nowhere/Land"]),
        first_capstone=st.sampled_from([None, OWN_PROJECT, "digit-recogniser", "cartpole-three-ways", "gone"]),
        second_capstone=st.sampled_from([None, OWN_PROJECT, "cartpole-three-ways", "digit-recogniser", "gone"]),
    )


@st.composite
def learners(draw, curriculum, pieces):
    """Somebody who has come some way along their path, and has done this and that beside it."""
    profile = draw(profiles(curriculum))
    path = build_path(
        curriculum,
        style=profile.style,
        first_capstone=profile.first_capstone,
        second_capstone=profile.second_capstone,
    )
    settled = path.items[: draw(st.integers(0, len(path.items)) | st.just(len(path.items)))]
    states = {item.id: draw(st.sampled_from([State.DONE, State.KNOWN, State.SKIPPED])) for item in settled[-40:]}
    states = {item.id: State.DONE for item in settled} | states
    states |= draw(st.dictionaries(st.sampled_from(pieces), st.sampled_from(State), max_size=12))
    progress = {
        id_: ItemProgress(id_, state, minutes, NOW - timedelta(minutes=ago))
        for (id_, state), minutes, ago in zip(
            states.items(),
            itertools.cycle(draw(st.lists(st.integers(0, 700), min_size=1, max_size=5))),
            itertools.cycle(draw(st.lists(MINUTES_AGO, min_size=1, max_size=5))),
        )
    }
    concepts = draw(st.lists(st.sampled_from([*curriculum.concepts, "gone"]), max_size=25, unique=True))
    mastery = {concept: draw(masteries(concept)) for concept in concepts}
    worked = draw(st.lists(st.tuples(MINUTES_AGO, st.integers(0, 600)), max_size=8))
    activity = sorted((Activity(NOW - timedelta(minutes=ago), minutes) for ago, minutes in worked), key=lambda a: a.at)
    return path, Learner(profile, progress, mastery, tuple(activity), **draw(told(curriculum, pieces)))


def told(curriculum, pieces):
    """What a member of a study group has told it; most are in none."""
    ago = MINUTES_AGO.map(lambda minutes: NOW - timedelta(minutes=minutes))
    times = st.sampled_from(["", "Thursday evening", "on Sunday", "до четверга", "20:00 *sharp*"])
    part = st.none() | st.sampled_from(pieces)
    concepts = st.sampled_from([*curriculum.concepts, "gone"])
    member = st.fixed_dictionaries(
        {
            "commitment": st.none() | st.builds(Commitment, st.just("A part"), times, part, ago),
            "blockers": st.lists(st.builds(Blocker, concepts, ago), max_size=4).map(tuple),
            "plans": st.lists(st.builds(SettledPlan, st.booleans(), ago), max_size=3).map(tuple),
            "checked_in_at": st.none() | ago,
        }
    )
    return st.just({}) | member


@st.composite
def masteries(draw, concept):
    right, wrong = draw(st.integers(0, 8)), draw(st.integers(0, 8))
    return Mastery(concept, float(right), float(wrong), right + wrong, NOW - timedelta(minutes=draw(MINUTES_AGO)))


def pasts(curriculum, pieces):
    targets = [*pieces, *curriculum.concepts, "step:1", "step:2", "step:3", "today", "2026-03-02", "mentor"]
    return st.lists(
        st.builds(
            lambda kind, target, fate, ago: Past(1, kind, target, 20, "", fate, NOW - ago, NOW - ago),
            st.sampled_from(Kind),
            st.sampled_from(targets),
            st.sampled_from(Fate),
            MINUTES_AGO.map(lambda minutes: timedelta(minutes=minutes)),
        ),
        max_size=15,
    )


@MANY
@given(data=st.data())
def test_there_is_always_a_sensible_recommendation(curriculum, pieces, data):
    path, learner = data.draw(learners(curriculum, pieces))
    past = data.draw(pasts(curriculum, pieces))
    minutes = data.draw(st.none() | st.sampled_from([5, 20, 40, 90, 480]) | st.integers(1, 600))
    found = rank_candidates(curriculum, path, learner, NOW, minutes=minutes, past=past)
    assert found
    assert len({(one.kind, one.target) for one in found}) == len(found)
    for one in found:
        check_recommendation(curriculum, path, learner, one, minutes)
    again = rank_candidates(curriculum, path, learner, NOW, minutes=minutes, past=past[::-1])
    assert again == found
    assert find_first(curriculum, path, learner, NOW, minutes=minutes, past=past) == found[0]


@FEW
@given(data=st.data())
def test_declining_ends_with_rest_and_never_repeats(curriculum, pieces, data):
    path, learner = data.draw(learners(curriculum, pieces))
    past, seen = [], []
    while not seen or seen[-1] != (Kind.REST, "today"):
        found = rank_candidates(curriculum, path, learner, NOW, past=past)[0]
        assert (found.kind, found.target) not in seen
        seen.append((found.kind, found.target))
        past.append(Past(1, found.kind, found.target, found.minutes, "", Fate.DECLINED, NOW, NOW))
        assert len(seen) < 60
