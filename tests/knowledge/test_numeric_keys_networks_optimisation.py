"""The numeric keys on neural-network basics and optimisation, computed again."""

import math

import numpy as np
import torch
from torch import nn

from tests.knowledge.numeric_keys import has_key


def test_neuron_with_sigmoid() -> None:
    z = np.dot([0.5, -1.0], [1.0, -2.0]) - 1.5
    has_key("neuron-sigmoid-output", float(1 / (1 + np.exp(-z))))


def test_leaky_relu() -> None:
    has_key("relu-leaky-value", nn.LeakyReLU(0.1)(torch.tensor(-5.0, dtype=torch.float64)).item())


def test_parameters_of_an_mlp() -> None:
    model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 5))
    has_key("mlp-count-parameters", sum(p.numel() for p in model.parameters()))


def test_spread_through_a_layer() -> None:
    has_key("initialisation-spread-factor", math.sqrt(400) * 0.1)


def test_gradient_descent_step() -> None:
    w = torch.tensor(1.0, requires_grad=True)
    ((w - 4) ** 2).backward()
    torch.optim.SGD([w], lr=0.25).step()
    has_key("gradient-descent-one-step", w.item())


def test_updates_in_five_epochs() -> None:
    loader = torch.utils.data.DataLoader(range(2000), batch_size=64)
    has_key("minibatch-updates", 5 * len(loader))


def test_velocity_after_three_steps() -> None:
    v = 0.0
    for _ in range(3):
        v = 0.8 * v + 1
    has_key("momentum-velocity", v)


def test_cosine_schedule() -> None:
    has_key("lr-schedule-cosine", 0.5 * 0.2 * (1 + math.cos(math.pi * 20 / 60)))


def test_largest_stable_rate() -> None:
    curvatures = np.linalg.eigvalsh(np.diag([2.0, 50.0]))
    has_key("conditioning-stable-rate", 2 / float(curvatures.max()))


def test_clipping_by_norm() -> None:
    w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    w.grad = torch.tensor([-9.0, 12.0], dtype=torch.float64)
    nn.utils.clip_grad_norm_([w], max_norm=3.0)
    has_key("gradient-clipping-by-norm", w.grad[1].item())


def test_batch_norm_of_one_value() -> None:
    x = np.array([0.0, 0.0, 0.0, 4.0])
    has_key("batch-norm-one-value", float(0.5 * (x[3] - x.mean()) / x.std() + 2))
