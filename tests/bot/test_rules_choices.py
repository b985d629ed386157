"""What /progress suggests while a member types."""

import dataclasses
from datetime import timedelta

import pytest

from bot.features.progress.models import ItemProgress, Learner, State
from bot.features.progress.rules.choices import suggest_changed, suggest_items
from bot.features.progress.rules.path import build_path
from knowledge.models import Style
from tests.bot.learners import NOW, learner_of

COURSE = "fastai-practical-deep-learning"


@pytest.fixture
def curriculum(knowledge):
    return knowledge.curriculum


def path_of(curriculum, learner):
    return build_path(curriculum, style=learner.profile.style)


def suggested(curriculum, text="", learner=None):
    learner = learner or learner_of()
    return suggest_items(curriculum, path_of(curriculum, learner), learner, text)


def names(choices):
    return [choice.label for choice in choices]


def step_done(curriculum, number, **profile) -> Learner:
    empty = learner_of(**profile)
    items = [item.id for item in path_of(curriculum, empty).steps[number - 1].required]
    return learner_of(progress=dict.fromkeys(items, State.DONE), **profile)


def test_without_words_the_present_step_comes_first(curriculum):
    found = suggested(curriculum)
    assert len(found) == 25
    assert [choice.value for choice in found[:2]] == [f"{COURSE}/lesson-1", f"{COURSE}/lesson-2"]
    assert found[0].label == "Lesson 1: Getting started · Practical Deep Learning for Coders"


def test_what_is_behind_comes_last(curriculum):
    found = suggested(curriculum, learner=step_done(curriculum, 1))
    assert found[0].value == "cs229-linear-algebra/section-1"
    assert not any(choice.value.startswith(COURSE) for choice in found[:14])


def test_what_is_open_comes_before_what_is_done_and_both_are_marked(curriculum):
    learner = learner_of(
        progress={
            f"{COURSE}/lesson-1": State.DONE,
            f"{COURSE}/lesson-2": State.KNOWN,
            f"{COURSE}/lesson-3": State.STARTED,
            f"{COURSE}/lesson-4": State.SKIPPED,
        }
    )
    found = {choice.value: choice.label for choice in suggested(curriculum, "lesson", learner)}
    assert next(iter(found)) == f"{COURSE}/lesson-3"
    assert found[f"{COURSE}/lesson-1"].startswith("✓ Lesson 1")
    assert found[f"{COURSE}/lesson-2"].startswith("✓ Lesson 2")
    assert found[f"{COURSE}/lesson-3"].startswith("► Lesson 3")
    assert found[f"{COURSE}/lesson-4"].startswith("– Lesson 4")
    assert found[f"{COURSE}/lesson-5"].startswith("Lesson 5")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("lesson 3", f"{COURSE}/lesson-3"),
        ("3 LESSON", f"{COURSE}/lesson-3"),
        ("coders ethics", f"{COURSE}/lesson-8a"),
        ("probability elements", "cs229-probability/section-1"),
        ("step 2", "cs229-linear-algebra/section-1"),
        ("fastbook", "whole:fastbook"),
        ("whole fastai practical", f"whole:{COURSE}"),
        ("cs285 policy gradients", "cs285/lecture-5"),
        ("crash course", "deep-learning-crash-course"),
    ],
)
def test_words_are_found_in_title_and_source_in_any_order(curriculum, text, first):
    found = suggested(curriculum, text)
    assert found[0].value == first or first in {choice.value for choice in found[:3]}, names(found[:5])


def test_the_number_that_is_typed_beats_one_that_only_contains_it(curriculum):
    learner = learner_of(style=Style.BOOK)
    path = path_of(curriculum, learner)
    items = [item for step in path.steps for item in step.items if item.source == "Dive into Deep Learning"]
    assert any(item.title.startswith("Section 11.1:") for item in items)
    found = [choice.label for choice in suggested(curriculum, "dive section 1.1", learner)]
    assert found[0].startswith("Section 1.1:")


def test_the_own_way_comes_first_and_other_ways_are_found_too(curriculum):
    book = learner_of(style=Style.BOOK)
    assert suggested(curriculum, "softmax regression", book)[0].value == "dive-into-deep-learning/4.1"
    assert any(c.value == "dive-into-deep-learning/4.1" for c in suggested(curriculum, "softmax regression"))


def test_a_whole_resource_is_marked_when_its_parts_are_done(curriculum):
    (label,) = names(suggested(curriculum, "fastbook", step_done(curriculum, 1)))
    assert label == "Whole: Deep Learning for Coders with fastai and PyTorch"
    units = {f"fastbook/{unit.id}": State.DONE for unit in curriculum.resources["fastbook"].units}
    (label,) = names(suggested(curriculum, "fastbook", learner_of(progress=units)))
    assert label == "✓ Whole: Deep Learning for Coders with fastai and PyTorch"


@pytest.mark.parametrize(
    "text", ["", "e", "section", "deep learning", "whole", "step", "risotto", "*", "\\", "🚀", "a" * 300]
)
def test_suggestions_fit_what_discord_takes(curriculum, text):
    for style in (None, Style.BOOK):
        found = suggested(curriculum, text, learner_of(style=style))
        assert len(found) <= 25
        assert len({choice.value for choice in found}) == len(found)
        for choice in found:
            assert 1 <= len(choice.label) <= 100
            assert 1 <= len(choice.value) <= 100


def test_a_value_that_is_too_long_for_discord_is_left_out(curriculum):
    learner = learner_of()
    path = path_of(curriculum, learner)
    long = dataclasses.replace(path.items[0], id="r" * 80 + "/" + "u" * 40)
    first = dataclasses.replace(path.steps[0], items=(long, *path.steps[0].items))
    found = suggest_items(curriculum, dataclasses.replace(path, steps=(first, *path.steps[1:])), learner, "")
    assert found[0].value == f"{COURSE}/lesson-1"


def test_for_undo_the_newest_change_comes_first(curriculum):
    done = ItemProgress(f"{COURSE}/lesson-1", State.DONE, 30, NOW - timedelta(days=2))
    skipped = ItemProgress(f"{COURSE}/lesson-5", State.SKIPPED, 0, NOW)
    progress = {done.item: done, skipped.item: skipped}
    learner = dataclasses.replace(learner_of(), progress=progress)
    items = path_of(curriculum, learner).items
    assert [choice.value for choice in suggest_changed(items, learner, "")] == [
        f"{COURSE}/lesson-5",
        f"{COURSE}/lesson-1",
    ]
    assert [choice.value for choice in suggest_changed(items, learner, "getting")] == [f"{COURSE}/lesson-1"]
    assert suggest_changed(items, learner_of(), "") == ()
