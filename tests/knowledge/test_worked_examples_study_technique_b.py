"""The numbers in the worked examples on study technique, second half, computed again."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from knowledge.files import read_markdown
from knowledge.models import Resource
from tests.knowledge.worked_example import states
from tests.paths import KNOWLEDGE


def _resource(id_: str) -> Resource:
    raw = read_markdown(KNOWLEDGE / "resources" / f"{id_}.md", f"resources/{id_}.md")
    return Resource.model_validate(raw.data)


def _minutes(resource: str, unit: str) -> int:
    found = _resource(resource).unit(unit)
    assert found is not None
    assert found.minutes is not None
    return found.minutes


def test_top_down_learning() -> None:
    pace, weeks = 10, 3
    lesson = _minutes("fastai-practical-deep-learning", "lesson-1") // 60
    before = weeks * pace
    states(
        "top-down-learning",
        f"{lesson}",
        f"{before}",
        f"{before} + {lesson} = {before + lesson}",
        f"{(before + lesson) // lesson}",
        f"{12 - 7 - 3}",
    )


def test_blank_page_rebuild() -> None:
    cells, peeks, minutes = 20, [8, 3, 1], [90, 50, 30]
    lesson = _minutes("fastai-practical-deep-learning", "lesson-4")
    assert round(sum(minutes) / lesson, 1) == 0.4
    states(
        "blank-page-rebuild",
        f"{cells - peeks[0]}",
        *(f"{1 - p / cells:.0%}" for p in peeks),
        f"{sum(minutes)}",
        f"{sum(minutes) / lesson:.0%}",
        f"{lesson}",
    )


def test_learning_journal() -> None:
    sessions, minutes, weeks, bugs = 4, 5, 8, [12, 9, 6, 3]
    states(
        "learning-journal",
        f"{sessions * minutes}",
        f"{10 * 60}",
        f"{sessions * minutes / (10 * 60):.1%}",
        f"{sessions * weeks}",
        f"{sessions * weeks * minutes}",
        f"{36 / 48:.0%}",
        f"{48 - 36}",
        f"{sum(bugs)}",
        f"{bugs[0] / sum(bugs):.0%}",
    )


def test_getting_unstuck() -> None:
    steps = 16
    states("getting-unstuck", f"{math.log2(steps):.0f}", f"{steps - 1}")
    images = torch.randn(8, 3, 28, 28)
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        net(images)
    states("getting-unstuck", f"{nn.Flatten()(images).shape[1]}", f"{28 * 28}")


def test_study_group() -> None:
    meeting, explaining = 60, 40
    assert meeting - 10 - 10 == explaining == 4 * 10
    promises = 4 * 2 * 6
    states(
        "study-group",
        f"{explaining // 8}",
        f"{math.comb(4, 2)}",
        f"{math.comb(8, 2)}",
        f"{promises}",
        f"{36 / promises:.0%}",
    )


def test_learning_goal() -> None:
    course, pace = _resource("fastai-practical-deep-learning").hours, 5
    first, second = (_minutes("fastai-practical-deep-learning", lesson) // 60 for lesson in ("lesson-1", "lesson-2"))
    middle, goal = (course.min + course.max) / 2, first + second
    weeks = math.ceil(goal / pace)
    states(
        "learning-goal",
        f"{first} + {second} = {goal}",
        f"{goal / pace:.1f}",
        f"{weeks}",
        f"{course.min:.0f}",
        f"{course.max:.0f}",
        f"{middle:.0f}",
        f"{middle / pace:.0f}",
        f"{middle / pace - weeks:.0f}",
        f"{goal / middle:.1%}",
    )


def test_reading_papers() -> None:
    first, second, third = (_minutes("how-to-read-a-paper", f"{n}-pass") for n in ("first", "second", "third"))
    staged = [12 * first, 4 * second, third]
    everything = 12 * (first + second + third)
    states(
        "reading-papers",
        *(f"{minutes}" for minutes in staged),
        f"{sum(staged)}",
        f"{sum(staged) // 60}",
        f"12 × {first + second + third} = {everything}",
        f"{everything // 60}",
        f"{(everything - sum(staged)) // 60}",
    )


def test_reading_notation() -> None:
    w, x, y = np.array([2, 1]), np.array([[1, 0], [1, 2]]), np.array([3, 6])
    predicted = x @ w
    errors = y - predicted
    q = np.array([1.5, 4.0, 3.0])
    states(
        "reading-notation",
        *(f"{t} − {p} = {e}" for t, p, e in zip(y, predicted, errors, strict=True)),
        f"{(errors**2).mean():.1f}",
        f"{0.3 * 10 + 0.7 * 2:.1f}",
        f"{q.max():.1f}",
        f"action {q.argmax()}",
    )


def test_ai_assistants() -> None:
    together, alone = 18 / 20, 9 / 20
    states(
        "ai-assistants",
        f"{60 * (1 - 0.17):.1f}",
        f"{together:.0%}",
        f"{alone:.0%}",
        f"{100 * (together - alone):.0f}",
    )
