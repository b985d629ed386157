"""The numeric keys on probability and machine-learning basics, computed again."""

import numpy as np

from tests.knowledge.numeric_keys import has_key


def test_bayes_screening() -> None:
    hits, false_alarms = 0.02 * 0.95, 0.98 * 0.10
    has_key("bayes-screening", hits / (hits + false_alarms))


def test_variance_sum() -> None:
    has_key("variance-sum", float(np.sqrt(3.0**2 + 4.0**2)))


def test_covariance_correlation() -> None:
    has_key("covariance-correlation", float(6.0 / (np.sqrt(4.0) * np.sqrt(25.0))))


def test_kl_compute() -> None:
    p, q = np.array([0.5, 0.5]), np.array([0.75, 0.25])
    has_key("kl-compute", float(np.sum(p * np.log(p / q))))


def test_cross_entropy_quarter() -> None:
    has_key("cross-entropy-quarter", float(-np.log(0.25)))


def test_importance_sampling_ordinary() -> None:
    behaviour, target, reward = np.array([0.8, 0.2]), np.array([0.4, 0.6]), np.array([2.0, 1.0])
    actions = np.array([0, 0, 0, 1])
    has_key("importance-sampling-ordinary", float(np.mean((target / behaviour * reward)[actions])))


def test_loss_function_step() -> None:
    prediction, target = 8.0, 5.0
    prediction -= 0.2 * 2 * (prediction - target)
    has_key("loss-function-step", (prediction - target) ** 2)


def test_mse_rmse() -> None:
    has_key("mse-rmse", float(np.sqrt(np.mean(np.array([1.0, -3.0, 2.0]) ** 2))))


def test_logistic_regression_probability() -> None:
    has_key("logistic-regression-probability", float(1 / (1 + np.exp(-(0.8 * 4 - 2)))))


def test_softmax_two_scores_gap() -> None:
    exponentials = np.exp(np.array([3.0, 1.0]))
    has_key("softmax-two-scores-gap", float(exponentials[0] / exponentials.sum()))


def test_bias_variance_decompose() -> None:
    predictions = np.array([16.0, 18.0, 20.0])
    has_key("bias-variance-decompose", float((predictions.mean() - 20.0) ** 2 + predictions.var()))


def test_cross_validation_training_size() -> None:
    has_key("cross-validation-training-size", 240 - 240 // 8)
