"""The numeric keys on RL foundations, computed again."""

import itertools

import numpy as np

from tests.knowledge.numeric_keys import has_key


def test_reward_return_late_eight() -> None:
    value = 0.0
    for reward in reversed([2.0, 0.0, 0.0, 8.0]):
        value = reward + 0.5 * value
    has_key("reward-return-late-eight", value)


def test_discount_forever_two() -> None:
    weights = 0.95 ** np.arange(2000)
    has_key("discount-forever-two", float(2.0 * weights.sum()))


def test_advantage_three_actions() -> None:
    values = np.array([10.0, 4.0, -2.0])
    policy = np.array([0.2, 0.5, 0.3])
    advantages = values - policy @ values
    assert abs(float(policy @ advantages)) < 1e-12
    has_key("advantage-three-actions", float(advantages[0]))


def test_bellman_expectation_two_states() -> None:
    transition = np.array([[0.0, 1.0], [0.5, 0.0]])
    rewards = np.array([2.0, 4.0])
    values = np.linalg.solve(np.eye(2) - 0.5 * transition, rewards)
    has_key("bellman-expectation-two-states", float(values[0]))


def test_reward_design_shaping() -> None:
    potential = {"from": 4.0, "to": 6.0}
    has_key("reward-design-shaping", -1.0 + 0.9 * potential["to"] - potential["from"])


def test_epsilon_greedy_five_actions() -> None:
    probabilities = np.full(5, 0.2 / 5)
    probabilities[3] += 1.0 - 0.2
    assert abs(float(probabilities.sum()) - 1.0) < 1e-12
    has_key("epsilon-greedy-five-actions", float(probabilities.max()))


def test_policy_evaluation_third_sweep() -> None:
    values = np.zeros(3)
    for _ in range(3):
        left, middle, right = values
        values = np.array([0.5 * middle, 0.5 * left + 0.5 * right, 0.5 * middle + 0.5 * 4.0])
    has_key("policy-evaluation-third-sweep", float(values[2]))


def test_td_one_update() -> None:
    values = {"s": 4.0, "next": 10.0}
    error = -2.0 + 0.9 * values["next"] - values["s"]
    values["s"] += 0.2 * error
    has_key("td-one-update", values["s"])


def test_double_q_three_coins() -> None:
    cases = list(itertools.product((-1, 1), repeat=3))
    has_key("double-q-three-coins", sum(max(case) for case in cases) / len(cases))


def test_n_step_two_rewards() -> None:
    target = 10.0
    for reward in reversed([2.0, 0.0]):
        target = reward + 0.9 * target
    has_key("n-step-two-rewards", target)


def test_td_lambda_two_steps_ago() -> None:
    trace = 1.0
    for _ in range(2):
        trace *= 0.9 * 0.5
    has_key("td-lambda-two-steps-ago", 0.1 * 4.0 * trace)
