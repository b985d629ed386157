"""The path: what leads through the steps, in which order, for whom."""

import itertools

import pytest

from bot.features.progress.models import ItemKind
from bot.features.progress.rules.path import (
    RECAP_MINUTES,
    WHOLE_HOURS,
    build_path,
    choose_way,
    extra_item,
    is_within_reach,
)
from knowledge.models import Style
from tests.bot.small_curriculum import (
    capstone_of,
    concept_of,
    curriculum_of,
    resource_of,
    step_of,
    unit_of,
    way_of,
)

STYLES = [None, *Style]


@pytest.fixture(scope="module")
def real(knowledge):
    return knowledge.curriculum


def ids(items):
    return [item.id for item in items]


def only_step(curriculum, **choices):
    (step,) = build_path(curriculum, **choices).steps
    return step


# Core resources, ways, and extras


def test_units_of_core_resources_come_in_order_and_are_required_if_they_teach_something():
    course = resource_of(unit_of("one", ["a"]), unit_of("hello"), unit_of("two", ["a"]))
    step = only_step(curriculum_of(step_of(1, core=("course",)), resources={"course": course}))
    assert ids(step.items) == ["course/one", "course/hello", "course/two"]
    assert ids(step.required) == ["course/one", "course/two"]
    assert not any(item.is_recap for item in step.items)


def test_a_core_resource_without_units_is_one_required_item():
    step = only_step(curriculum_of(step_of(1, core=("talk",)), resources={"talk": resource_of(hours=(1, 2))}))
    (item,) = step.required
    assert (item.id, item.kind, item.minutes, item.title) == ("talk", ItemKind.RESOURCE, 90, "A course")


def test_what_an_item_says():
    unit = unit_of("one", ["a"], minutes=45)
    course = resource_of(unit, title="A fine course")
    step = only_step(curriculum_of(step_of(2, core=("course",)), resources={"course": course}))
    (item,) = step.items
    assert (item.kind, item.step, item.title, item.source) == (ItemKind.UNIT, 2, "Unit: ONE", "A fine course")
    assert (item.outcome, item.minutes, item.concepts) == ("Learn one.", 45, ("a",))
    assert item.url == "https://example.org/course"


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [((1, 3), 60), ((0, 1), 15), ((0, 0.1), 10)],  # at least ten minutes
)
def test_a_unit_without_minutes_takes_its_share_of_the_resource(hours, minutes):
    course = resource_of(unit_of("one", ["a"], None), unit_of("two", ["a"], None), hours=hours)
    step = only_step(curriculum_of(step_of(1, core=("course",)), resources={"course": course}))
    assert [item.minutes for item in step.items] == [minutes, minutes]


def three_ways():
    resources = {name: resource_of(unit_of("one", ["a"]), steps=(3,)) for name in ("film", "book", "class")}
    ways = (way_of("video", "film"), way_of("book", "book"), way_of("university", "class"))
    concepts = {"a": concept_of(3)}
    return curriculum_of(step_of(3, ways=ways), resources=resources, concepts=concepts)


@pytest.mark.parametrize(
    ("style", "first"),
    [
        (None, "film/one"),
        (Style.VIDEO, "film/one"),
        (Style.BOOK, "book/one"),
        (Style.UNIVERSITY, "class/one"),
        (Style.HANDS_ON, "film/one"),  # there is no such way; a video is nearest
    ],
)
def test_the_way_follows_the_style(style, first):
    assert ids(only_step(three_ways(), style=style).items) == [first]


@pytest.mark.parametrize(
    ("offered", "style", "chosen"),
    [
        (("university", "book"), Style.VIDEO, "university"),
        (("university", "book"), Style.HANDS_ON, "book"),
        (("video", "hands-on"), Style.BOOK, "hands-on"),
        (("video", "book"), Style.UNIVERSITY, "book"),
        (("book", "video"), None, "book"),
    ],
)
def test_without_the_style_itself_the_nearest_way_is_taken(offered, style, chosen):
    way = choose_way(step_of(3, ways=tuple(way_of(one, "course") for one in offered)), style)
    assert way is not None
    assert way.style == chosen


def test_a_step_without_ways_has_none():
    assert choose_way(step_of(2, core=("course",)), Style.BOOK) is None


@pytest.mark.parametrize(
    ("concepts", "required"),
    [
        ({"a": concept_of(3), "b": concept_of(3)}, ["book/one", "book/two"]),
        ({"a": concept_of(3), "b": concept_of(1)}, ["book/one"]),  # studied in depth long before
        ({"a": concept_of(3), "b": concept_of(5)}, ["book/one"]),  # not met yet
        ({"a": concept_of(3), "b": concept_of(5, met_in=1)}, ["book/one", "book/two"]),  # met, not in depth yet
    ],
)
def test_of_a_way_only_what_is_due_is_required(concepts, required):
    book = resource_of(unit_of("one", ["a"]), unit_of("again", ["a"]), unit_of("two", ["b"]), steps=(3,))
    curriculum = curriculum_of(step_of(3, ways=(way_of("book", "book"),)), resources={"book": book}, concepts=concepts)
    step = only_step(curriculum)
    assert ids(step.items) == ["book/one", "book/again", "book/two"]
    assert ids(step.required) == required


def test_what_the_core_teaches_is_not_required_again_on_the_way():
    resources = {
        "course": resource_of(unit_of("one", ["a"])),
        "book": resource_of(unit_of("one", ["a"]), unit_of("two", ["a", "b"])),
    }
    step = only_step(curriculum_of(step_of(1, core=("course",), ways=(way_of("book", "book"),)), resources=resources))
    assert ids(step.required) == ["course/one", "book/two"]


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        ((0, WHOLE_HOURS), ["extra"]),  # a blog post is one item
        ((2, WHOLE_HOURS + 1), ["extra/one", "extra/two"]),
        ((2, 10), ["extra/one", "extra/two"]),
        ((2, 11), []),  # a second course is no recap
    ],
)
def test_short_supporting_resources_round_a_step_off(hours, found):
    resources = {
        "course": resource_of(unit_of("one", ["a"])),
        "extra": resource_of(unit_of("one", ["a"]), unit_of("two"), hours=hours),
    }
    step = only_step(curriculum_of(step_of(1, core=("course",), support=("extra",)), resources=resources))
    assert ids(step.items) == ["course/one", *found]
    assert ids(item for item in step.items if item.is_recap) == found
    assert ids(step.required) == ["course/one"]


@pytest.mark.parametrize(
    ("unit", "is_recap"),
    [
        (unit_of("one", ["met"]), True),
        (unit_of("one"), True),
        (unit_of("one", ["met", "ahead"]), True),
        (unit_of("one", ["met", "ahead", "ahead-too"]), False),  # a recap looks back
        (unit_of("one", ["ahead"]), False),
        (unit_of("one", ["met"], minutes=RECAP_MINUTES), True),
        (unit_of("one", ["met"], minutes=RECAP_MINUTES + 1), False),  # a project of its own
    ],
)
def test_a_recap_is_short_and_looks_back(unit, is_recap):
    resources = {"extra": resource_of(unit, hours=(4, 8))}
    concepts = {"met": concept_of(3, met_in=1), "ahead": concept_of(3), "ahead-too": concept_of(5)}
    curriculum = curriculum_of(step_of(1, support=("extra",)), resources=resources, concepts=concepts)
    (item,) = only_step(curriculum).items
    assert (item.is_recap, item.is_required) == (is_recap, False)


@pytest.mark.parametrize(
    ("concepts", "step", "reached"),
    [((), 1, True), (("a",), 1, True), (("c",), 1, False), (("a", "c"), 1, True), (("a", "b", "c"), 1, False)],
)
def test_within_reach_is_what_is_at_least_half_met(concepts, step, reached):
    curriculum = curriculum_of(concepts={"a": concept_of(1), "b": concept_of(2), "c": concept_of(3)})
    assert is_within_reach(curriculum, concepts, step) is reached


@pytest.mark.parametrize(
    ("hours", "is_recap"), [((2, 4), True), ((2.5, 3.5), True), ((3, 3.1), False), ((4, 8), False)]
)
def test_a_recap_without_units_takes_three_hours_at_most(hours, is_recap):
    curriculum = curriculum_of(step_of(1, support=("extra",)), resources={"extra": resource_of(hours=hours)})
    (item,) = only_step(curriculum).items
    assert item.is_recap is is_recap


def test_a_resource_without_units_is_required_on_its_way():
    curriculum = curriculum_of(step_of(3, ways=(way_of("book", "book"),)), resources={"book": resource_of()})
    assert ids(only_step(curriculum).required) == ["book"]


def test_a_unit_has_the_link_of_its_own_if_there_is_one():
    unit = unit_of("one", ["a"]).model_copy(update={"url": "https://example.org/one"})
    curriculum = curriculum_of(resources={"course": resource_of(unit, unit_of("two"))})
    links = [item.url for name in ("one", "two") if (item := extra_item(curriculum, f"course/{name}"))]
    assert links == ["https://example.org/one", "https://example.org/course"]


def test_what_two_steps_list_is_done_where_it_comes_first():
    resources = {
        "course": resource_of(unit_of("one", ["a"])),
        "extra": resource_of(unit_of("one", ["a"]), hours=(4, 8)),
    }
    steps = (step_of(1, core=("course",), support=("extra",)), step_of(2, core=("extra",), support=("course", "extra")))
    path = build_path(curriculum_of(*steps, resources=resources))
    assert [ids(step.items) for step in path.steps] == [["course/one", "extra/one"], []]


# Capstones


def with_projects():
    capstones = {"first": capstone_of(4, hours=(30, 40)), "second": capstone_of(6, concepts=("a", "b"))}
    milestones = {
        "first": ("Plan.", "Build."),
        "second": ("Try.", "Test.", "Tell."),
        "capstone-1": ("Choose.", "Do."),
        "capstone-2": ("Choose.", "Do.", "Write."),
    }
    concepts = {"a": concept_of(), "b": concept_of()}
    return curriculum_of(step_of(4), step_of(6), capstones=capstones, milestones=milestones, concepts=concepts)


@pytest.mark.parametrize(
    ("first", "second", "found_4", "found_6"),
    [
        (
            None,
            None,
            ["capstone:choose/4", "capstone:own/4-1", "capstone:own/4-2"],
            ["capstone:choose/6", "capstone:own/6-1", "capstone:own/6-2", "capstone:own/6-3"],
        ),
        (
            "own",
            "own",
            ["capstone:own/4-1", "capstone:own/4-2"],
            ["capstone:own/6-1", "capstone:own/6-2", "capstone:own/6-3"],
        ),
        (
            "first",
            "second",
            ["capstone:first/1", "capstone:first/2"],
            ["capstone:second/1", "capstone:second/2", "capstone:second/3"],
        ),
    ],
)
def test_milestones_follow_the_choice(first, second, found_4, found_6):
    path = build_path(with_projects(), first_capstone=first, second_capstone=second)
    assert [ids(step.items) for step in path.steps] == [found_4, found_6]
    assert [ids(step.required) for step in path.steps] == [found_4, found_6]
    assert all(item.kind is ItemKind.MILESTONE for item in path.items)


@pytest.mark.parametrize("project", ["", "no-such-project", "second", "choose"])
def test_a_project_that_the_step_lacks_counts_as_not_chosen(project):
    curriculum = with_projects()
    assert build_path(curriculum, first_capstone=project).steps[0] == build_path(curriculum).steps[0]


def test_what_milestones_say():
    path = build_path(with_projects(), first_capstone="first", second_capstone="second")
    plan = path.find("capstone:first/1")
    assert plan is not None
    assert (plan.title, plan.source, plan.outcome) == ("Milestone 1 of 2", "A project", "Plan.")
    assert (plan.minutes, plan.concepts, plan.url, plan.step) == (1050, ("a",), None, 4)
    tell = path.find("capstone:second/3")
    assert tell is not None
    assert (tell.title, tell.minutes, tell.concepts) == ("Milestone 3 of 3", 700, ("a", "b"))


def test_a_project_of_ones_own_takes_the_weeks_of_its_step():
    path = build_path(with_projects(), first_capstone="own")
    own = path.find("capstone:own/4-2")
    assert own is not None
    assert (own.source, own.outcome, own.minutes, own.concepts) == ("Your own project", "Do.", 4 * 10 * 60 // 2, ())


def test_before_the_choice_a_step_takes_its_weeks_too():
    undecided = build_path(with_projects()).steps[0]
    decided = build_path(with_projects(), first_capstone="own").steps[0]
    assert (undecided.items[0].title, undecided.items[0].minutes) == ("Choose a project", 60)
    assert undecided.items[1:] == decided.items


def test_a_step_without_milestones_is_the_choice_alone():
    path = build_path(curriculum_of(step_of(4)))
    assert ids(path.items) == ["capstone:choose/4"]


# Items beside the path


def test_anything_in_the_curriculum_can_be_an_item():
    course = resource_of(unit_of("one", ["a"], 45), steps=(5, 6), hours=(2, 4))
    curriculum = curriculum_of(resources={"course": course})
    unit, whole = extra_item(curriculum, "course/one"), extra_item(curriculum, "course")
    assert unit is not None
    assert whole is not None
    assert (unit.id, unit.minutes, unit.step, unit.is_required) == ("course/one", 45, 5, False)
    assert (whole.id, whole.minutes, whole.step, whole.is_required) == ("course", 180, 5, False)


@pytest.mark.parametrize("name", ["", "/", "nothing", "course/two", "nothing/one", "capstone:own/4-1"])
def test_what_is_not_in_the_curriculum_is_no_item(name):
    assert extra_item(curriculum_of(resources={"course": resource_of(unit_of("one"))}), name) is None


# The real curriculum


def real_paths(real):
    projects = [None, "own", *real.capstones]
    for style in STYLES:
        for project in projects:
            yield build_path(real, style=style, first_capstone=project, second_capstone=project)


def test_every_real_path_has_unique_ids_that_fit_the_database(real):
    for path in real_paths(real):
        names = ids(path.items)
        assert len(set(names)) == len(names)
        assert max(map(len, names)) <= 130
        assert all(path.find(item.id) is item for item in path.items)


def test_every_real_path_has_six_steps_with_something_to_do(real):
    for path in real_paths(real):
        assert [step.number for step in path.steps] == [1, 2, 3, 4, 5, 6]
        assert all(step.required for step in path.steps)
        assert all(item.minutes > 0 and item.title and item.outcome for item in path.items)
        assert all(item.step == step.number for step in path.steps for item in step.items)


@pytest.mark.parametrize("style", STYLES)
def test_the_order_is_that_of_the_resources_and_stable(real, style):
    path = build_path(real, style=style)
    assert path == build_path(real, style=style)
    for step in path.steps:
        for name, group in itertools.groupby(step.items, key=lambda item: item.id.partition("/")[0]):
            resource = real.resources.get(name)
            found = [item.id.partition("/")[2] for item in group]
            if resource is not None and found != [""]:
                order = [unit.id for unit in resource.units]
                assert found == [id_ for id_ in order if id_ in found]


@pytest.mark.parametrize(
    ("style", "step_3", "step_5"),
    [
        (None, "deep-learning-specialization", "hf-deep-rl-course"),
        (Style.VIDEO, "deep-learning-specialization", "hf-deep-rl-course"),
        (Style.HANDS_ON, "deep-learning-specialization", "hf-deep-rl-course"),
        (Style.BOOK, "dive-into-deep-learning", "spinning-up-workshop"),
        (Style.UNIVERSITY, "mit-6s191", "ucl-deepmind-2018"),
    ],
)
def test_the_real_ways_by_style(real, style, step_3, step_5):
    path = build_path(real, style=style)
    firsts = {step.number: step.required[0].id.partition("/")[0] for step in path.steps}
    assert (firsts[1], firsts[2]) == ("fastai-practical-deep-learning", "cs229-linear-algebra")
    assert (firsts[3], firsts[5]) == (step_3, step_5)


@pytest.mark.parametrize("style", STYLES)
def test_every_concept_of_a_way_that_is_due_is_in_a_required_part(real, style):
    for step in build_path(real, style=style).steps:
        way = choose_way(real.step(step.number), style)
        resources = [*real.step(step.number).core, *(way.resources if way else ())]
        concepts = {c for name in resources for unit in real.resources[name].units for c in unit.concepts}
        due = {c for c in concepts if real.concepts[c].met_in <= step.number <= real.concepts[c].step}
        assert due <= {concept for item in step.required for concept in item.concepts}


@pytest.mark.parametrize("style", STYLES)
def test_what_a_required_part_studies_in_depth_builds_on_what_has_been_met(real, style):
    known = real.concepts
    for item in build_path(real, style=style).items:
        if item.is_required and item.kind is ItemKind.UNIT:
            studied = [concept for concept in item.concepts if known[concept].step <= item.step]
            needed = {prerequisite for concept in studied for prerequisite in known[concept].prerequisites}
            assert all(known[concept].met_in <= item.step for concept in needed)


@pytest.mark.parametrize("style", STYLES)
def test_real_recaps_are_the_extras_that_the_steps_name(real, style):
    path = build_path(real, style=style)
    recaps = {step.number: {i.id.partition("/")[0] for i in step.items if i.is_recap} for step in path.steps}
    assert recaps[1] == {"tensorflow-without-a-phd", "deep-learning-crash-course"}
    assert recaps[5] == {"pong-from-pixels", "long-peek-rl", "alphago-zero-paper"}
    assert not recaps[2] | recaps[3] | recaps[4] | recaps[6]
    first = ids(item for item in path.steps[0].items if item.is_recap)
    assert "tensorflow-without-a-phd/episode-3" in first
    assert "tensorflow-without-a-phd/episode-6" not in first  # reinforcement learning is step 5


@pytest.mark.parametrize(
    ("style", "hours"),
    [(None, (280, 340)), (Style.BOOK, (240, 300)), (Style.UNIVERSITY, (180, 240)), (Style.HANDS_ON, (280, 340))],
)
def test_a_real_path_takes_a_plausible_time(real, style, hours):
    path = build_path(real, style=style)
    total = sum(item.minutes for step in path.steps for item in step.required) / 60
    assert hours[0] <= total <= hours[1]
