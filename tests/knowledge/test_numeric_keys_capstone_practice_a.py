"""The numeric keys on scoping, data, evaluation, checks and runs of a capstone, computed again."""

import math

import torch
from torch import nn

from tests.knowledge.numeric_keys import has_key


def test_weeks_of_a_plan() -> None:
    has_key("project-scoping-weeks", 1.4 * (4 + 6 + 8 + 7) / 10)


def test_standard_error_of_an_accuracy() -> None:
    has_key("dataset-choice-standard-error", math.sqrt(0.8 * 0.2 / 400))


def test_chance_to_see_a_fault() -> None:
    has_key("raw-data-inspection-see-fault", 1 - 0.95**40)


def test_f1_of_a_screening() -> None:
    precision, recall = 30 / (30 + 10), 30 / 40
    has_key("evaluation-protocol-f1", 2 * precision * recall / (precision + recall))


def test_first_loss() -> None:
    has_key("sanity-checks-twenty-classes", nn.functional.cross_entropy(torch.zeros(1, 20), torch.tensor([4])).item())


def test_halving_the_suspects() -> None:
    suspects, tests = 16, 0
    while suspects > 1:
        suspects, tests = suspects // 2, tests + 1
    has_key("debugging-ladder-halving", tests)


def test_average_of_an_even_fall() -> None:
    steps = [2.4 + (1.6 - 2.4) * i / 1000 for i in range(1001)]
    has_key("learning-curves-average", sum(steps) / len(steps))


def test_spread_of_a_difference() -> None:
    has_key("experiment-log-difference", math.hypot(0.005, 0.005))


def test_minutes_of_a_plan() -> None:
    run = 20 * (200 * 0.06 + 3)
    has_key("compute-budget-total", 4 * 3 * run * 1.25 / 60)


def test_the_hidden_group() -> None:
    has_key("model-card-hidden-group", (0.90 * 1000 - 0.93 * 900) / 100)
