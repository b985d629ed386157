"""The numeric keys on regularisation, generalisation and training in practice, computed again."""

from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from tests.knowledge.numeric_keys import has_key


def test_weight_decay_step() -> None:
    w = torch.tensor(-3.0, dtype=torch.float64, requires_grad=True)
    w.grad = torch.tensor(0.2, dtype=torch.float64)
    torch.optim.SGD([w], lr=0.1, weight_decay=0.5).step()
    has_key("weight-decay-one-step", w.item())


def test_dropout_survivor() -> None:
    torch.manual_seed(0)
    out = nn.Dropout(0.25)(torch.full((1000,), 6.0))
    has_key("dropout-survivor", out[out != 0].mean().item())


def test_smoothed_target() -> None:
    target = (1 - 0.2) * np.eye(5)[0] + 0.2 / 5
    assert target.sum() == pytest.approx(1)
    has_key("label-smoothing-target", float(target[0]))


def test_majority_of_three() -> None:
    votes = product([True, False], repeat=3)
    has_key("ensembling-majority", sum(0.7 ** sum(v) * 0.3 ** (3 - sum(v)) for v in votes if sum(v) >= 2))


def test_alarm_in_a_new_clinic() -> None:
    right, wrong = 0.8 * 0.2, 0.1 * 0.8
    has_key("distribution-shift-alarm", right / (right + wrong))


def test_attack_on_a_linear_classifier() -> None:
    weights = np.array([2.0, -1.0, 3.0])
    has_key("adversarial-fgsm-linear", float(0.5 + weights @ (-0.1 * np.sign(weights))))


def test_running_mean() -> None:
    layer = nn.BatchNorm1d(1)
    layer.running_mean.fill_(2.0)
    layer(torch.tensor([[6.0], [8.0]]))
    has_key("train-eval-mode-running-mean", layer.running_mean.item())


def test_random_trials() -> None:
    has_key("hyperparameter-search-hit-best-tenth", 1 - 0.9**10)


def test_f1() -> None:
    precision, recall = 40 / (40 + 10), 40 / (40 + 60)
    has_key("confusion-matrix-f1", 2 * precision * recall / (precision + recall))


def test_class_weight() -> None:
    has_key("class-imbalance-class-weight", 600 / (3 * 50))


def test_memory_with_adam() -> None:
    sets = 1 + 1 + 2
    has_key("gpu-adam-memory", sets * 10_000_000 * 4 / 1e6)


def test_throughput() -> None:
    has_key("deployment-throughput", 1000 / 40)
