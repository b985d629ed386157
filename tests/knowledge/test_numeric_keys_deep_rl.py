"""The numeric keys on deep reinforcement learning, computed again."""

import math

import numpy as np

from tests.knowledge.numeric_keys import has_key


def test_function_approx_linear_update() -> None:
    weights = np.array([2.0, -1.0])
    features = np.array([1.0, 2.0])
    weights += 0.1 * (3.0 - weights @ features) * features
    has_key("function-approx-linear-update", float(weights @ features))


def test_dqn_huber() -> None:
    error = 2.0 + 0.9 * max(4.0, 10.0, 7.0) - 5.0
    has_key("dqn-huber", 0.5 * error**2 if abs(error) <= 1.0 else abs(error) - 0.5)


def test_target_network_three_soft() -> None:
    target = 0.0
    for _ in range(3):
        target = 0.1 * 8.0 + 0.9 * target
    has_key("target-network-three-soft", target)


def test_double_dqn_target() -> None:
    online = np.array([7.0, 9.0, 2.0])
    target = np.array([6.0, 4.0, 8.0])
    has_key("double-dqn-target", float(1.0 + 0.5 * target[online.argmax()]))


def test_per_smallest_weight() -> None:
    priorities = np.array([0.5, 1.5, 2.0])
    weights = 1.0 / (3 * priorities / priorities.sum())
    has_key("per-smallest-weight", float(weights[2] / weights.max()))


def test_policy_gradient_softmax_step() -> None:
    logits = np.zeros(2)
    probabilities = np.exp(logits) / np.exp(logits).sum()
    logits += 0.5 * 4.0 * (np.array([1.0, 0.0]) - probabilities)
    has_key("policy-gradient-softmax-step", float(np.exp(logits[0]) / np.exp(logits).sum()))


def test_gae_two_steps() -> None:
    values = [2.0, 4.0, 0.0]
    advantage = 0.0
    for step, reward in reversed(list(enumerate([1.0, 5.0]))):
        error = reward + 0.9 * values[step + 1] - values[step]
        advantage = error + 0.9 * 0.5 * advantage
    has_key("gae-two-steps", advantage)


def test_sac_soft_target() -> None:
    soft_value = min(5.0, 6.0) - 0.5 * -2.0
    has_key("sac-soft-target", 1.0 + 0.9 * soft_value)


def test_mcts_child_score() -> None:
    has_key("mcts-child-score", 3 / 4 + math.sqrt(math.log(20) / 4))


def test_self_play_elo() -> None:
    has_key("self-play-elo", 1.0 / (1.0 + 10.0 ** (-100.0 / 400.0)))


def test_imitation_hundred_steps() -> None:
    chance = 1.0
    for _ in range(100):
        chance *= 1.0 - 0.01
    has_key("imitation-hundred-steps", chance)


def test_rl_evaluation_interval() -> None:
    has_key("rl-evaluation-interval", 2.306 * 30.0 / math.sqrt(9))
