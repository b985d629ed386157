"""The numbers in the worked examples on writing up capstones and on reinforcement-learning projects, computed again."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from tests.knowledge.worked_example import states

CartPoleRule = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def test_notebook_prose() -> None:
    seconds, words = 10 * 42, 12 * 40
    start = nn.functional.cross_entropy(torch.zeros(1, 10), torch.tensor([3])).item()
    states("notebook-prose", f"{seconds / 60:.0f}", f"{start:.3f}", f"{words}", f"{words / 200:.1f}")
    assert abs(2.31 - start) < 0.01


def test_notebook_hygiene() -> None:
    clean, repeated = 0.1 / 2, 0.1 / 2**3
    assert math.isclose(repeated / clean, 1 / 4)
    runs = [1, 2, 2, 2, 3]
    margin = {cell: count for count, cell in enumerate(runs, start=1)}
    assert list(margin.values()) == [1, 4, 5]
    states("notebook-hygiene", f"{clean:.2f}", f"{repeated:.4f}", *(f"{n}" for n in margin.values()))


def test_results_reporting() -> None:
    plain = np.array([88.1, 88.9, 87.6, 88.4, 88.0])
    augmented = np.array([89.6, 90.3, 89.1, 90.0, 89.5])
    errors = [runs.std(ddof=1) / math.sqrt(len(runs)) for runs in (plain, augmented)]
    states(
        "results-reporting",
        f"{plain.mean():.1f} ± {plain.std(ddof=1):.1f}",
        f"{augmented.mean():.1f} ± {augmented.std(ddof=1):.1f}",
        f"{augmented.mean() - plain.mean():.1f}",
        f"{math.hypot(*errors):.1f}",
        f"{errors[0]:.2f}",
        *(f"{run:.1f}" for run in (*plain, *augmented)),
    )


def test_portfolio_publishing() -> None:
    single, half = (30 * kind.itemsize for kind in (torch.float32, torch.float16))
    assert half < 100 < single
    states("portfolio-publishing", f"{single} MB", f"{half} MB", f"{torch.float32.itemsize}", f"{250 / 200:.2f}")


def test_paper_reproduction() -> None:
    paper, home = 90 * 1.2e6, 20 * 50_000
    assert home / paper < 0.01
    with_idea, without_idea = np.array([92.0, 91.6, 92.1]), np.array([90.1, 89.7, 90.2])
    states(
        "paper-reproduction",
        f"{paper / 1e6:.0f}",
        f"{home / 1e6:.0f}",
        f"{2 * 3 * 15}",
        *(f"mean {runs.mean():.1f}, sd {runs.std(ddof=1):.2f}" for runs in (with_idea, without_idea)),
        f"{with_idea.mean() - without_idea.mean():.1f}",
    )


def test_capstone_review() -> None:
    points, reached = [15, 20, 20, 20, 15, 10], [12, 16, 20, 10, 9, 8]
    lost = [most - got for most, got in zip(points, reached, strict=True)]
    assert max(lost) == lost[3]
    states(
        "capstone-review",
        f"{sum(points)}",
        f"{sum(reached)}",
        f"{sum(lost)}",
        f"{max(lost)}",
        f"{max(lost) / sum(lost):.0%}",
    )


def cart_pole_return(rule: CartPoleRule, episodes: int = 4000) -> float:
    """The mean return of a rule in CartPole-v1, all episodes at once: 1 a step, at most 500 steps."""
    rng = np.random.default_rng(0)
    state = rng.uniform(-0.05, 0.05, (episodes, 4))
    alive, returns = np.ones(episodes, dtype=bool), np.zeros(episodes)
    gravity, pole_mass, total_mass, half_length, tick = 9.8, 0.1, 1.1, 0.5, 0.02
    for _ in range(500):
        force = np.where(rule(state, rng) == 1, 10.0, -10.0)
        x, speed, angle, spin = state.T
        push = (force + pole_mass * half_length * spin**2 * np.sin(angle)) / total_mass
        turn = (gravity * np.sin(angle) - np.cos(angle) * push) / (
            half_length * (4 / 3 - pole_mass * np.cos(angle) ** 2 / total_mass)
        )
        pull = push - pole_mass * half_length * turn * np.cos(angle) / total_mass
        state = np.stack([x + tick * speed, speed + tick * pull, angle + tick * spin, spin + tick * turn], axis=1)
        returns += alive
        alive &= (np.abs(state[:, 0]) <= 2.4) & (np.abs(state[:, 2]) <= math.radians(12))
    return float(returns.mean())


def test_rl_reference_policies() -> None:
    rules: list[CartPoleRule] = [
        lambda state, _: np.ones(len(state)),
        lambda state, rng: rng.integers(0, 2, len(state)),
        lambda state, _: state[:, 2] > 0,
        lambda state, _: state[:, 2] + state[:, 3] > 0,
    ]
    constant, chance, lean, lean_and_spin = (round(cart_pole_return(rule)) for rule in rules)
    assert lean_and_spin > 475
    states(
        "rl-reference-policies",
        f"{constant}",
        f"{chance}",
        f"{lean}",
        f"{lean_and_spin}",
        f"{(400 - chance) / (lean_and_spin - chance):.2f}",
    )


def test_rl_debugging() -> None:
    gamma, value = 0.9, 0.0
    for _ in range(500):
        value = 1 + gamma * value
    entropy = torch.distributions.Categorical(logits=torch.zeros(4)).entropy().item()
    states("rl-debugging", "V = 1", f"V = {value:.0f}", f"{gamma * 1:.1f}", f"{entropy:.3f}")
    assert (torch.zeros(32) - torch.zeros(32, 1)).numel() == 1024


def test_environment_design() -> None:
    table = {cost: [1 - 12 * cost, -1 - 3 * cost, -100 * cost] for cost in (0.01, 0.02)}
    states("environment-design", *(f"{value:.2f}" for column in table.values() for value in column))
    _, crash, wait = table[0.01]
    assert crash < wait
    _, crash, wait = table[0.02]
    states("environment-design", f"{crash - wait:.2f}")
    assert 1_000_000 / 20_000 == 50
