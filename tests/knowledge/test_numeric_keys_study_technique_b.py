"""The numeric keys on study technique, second half, computed again."""

import math
from itertools import combinations

import numpy as np
import torch

from tests.knowledge.numeric_keys import has_key


def test_first_model_bottom_up() -> None:
    has_key("top-down-learning-first-model", 4 * 10 + 7)


def test_share_of_cells_from_memory() -> None:
    has_key("blank-page-rebuild-share", 100 * (25 - 6) / 25)


def test_minutes_for_the_journal() -> None:
    has_key("learning-journal-minutes", 5 * 12 * 4)


def test_halving() -> None:
    suspects, checks = 64, 0
    while suspects > 1:
        suspects, checks = math.ceil(suspects / 2), checks + 1
    has_key("getting-unstuck-halving", checks)


def test_flattened_image() -> None:
    has_key("getting-unstuck-flatten", torch.nn.Flatten()(torch.zeros(1, 3, 32, 32)).shape[1])


def test_pairs_of_members() -> None:
    has_key("study-group-pairs", len(list(combinations(range(6), 2))))


def test_weeks_to_the_goal() -> None:
    has_key("learning-goal-weeks-earlier", (6 + 8 + 7) / 3)


def test_hours_for_twenty_papers() -> None:
    has_key("reading-papers-budget", (20 * 6 + 3 * 60 + 240) / 60)


def test_sum_of_odd_numbers() -> None:
    has_key("reading-notation-sum", sum(2 * i - 1 for i in range(1, 5)))


def test_expectation_of_a_square() -> None:
    has_key("reading-notation-expectation", float(np.dot([0.2, 0.8], np.array([5.0, -1.0]) ** 2)))


def test_seventeen_percent_less() -> None:
    has_key("ai-assistants-drop", 70 * (1 - 0.17))
