"""The numeric keys on writing up capstones and on reinforcement-learning projects, computed again."""

import math

import numpy as np
import torch

from tests.knowledge.numeric_keys import has_key


def test_initial_loss_of_37_classes() -> None:
    has_key(
        "notebook-prose-initial-loss", torch.nn.functional.cross_entropy(torch.zeros(1, 37), torch.tensor([5])).item()
    )


def test_cell_that_ran_three_times() -> None:
    width = 16
    for _ in range(3):
        width = width * 2
    has_key("notebook-hygiene-repeated-cell", width)


def test_spread_of_four_seeds() -> None:
    has_key("results-reporting-sd", float(np.std([70, 74, 72, 76], ddof=1)))


def test_difference_of_two_means_is_noise() -> None:
    error = math.hypot(2.0 / math.sqrt(4), 2.0 / math.sqrt(4))
    assert round(error, 2) == 1.41
    assert error > 81.0 - 80.0


def test_size_of_a_weights_file() -> None:
    has_key("portfolio-publishing-file-size", 11 * torch.float32.itemsize)


def test_machine_time_of_a_reproduction() -> None:
    has_key("paper-reproduction-budget", 3 * 4 * 25 / 60)


def test_points_of_a_review() -> None:
    has_key("capstone-review-sum", 13 + 18 + 15 + 14 + 9 + 8)


def test_normalised_score() -> None:
    chance, script, agent = -200, 100, 40
    has_key("rl-reference-policies-normalised", (agent - chance) / (script - chance))


def test_value_that_runs_past_the_end() -> None:
    value = 0.0
    for _ in range(200):
        value = 2 + 0.8 * value
    has_key("rl-debugging-wrong-value", value)


def test_entropy_of_six_even_actions() -> None:
    assert round(math.log(6), 2) == 1.79


def test_broadcast_differences() -> None:
    assert (torch.zeros(64) - torch.zeros(64, 1)).numel() == 4096


def test_return_with_a_step_cost() -> None:
    has_key("environment-design-step-cost", 1 - 8 * 0.05)
