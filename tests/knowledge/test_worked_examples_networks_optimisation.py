"""The numbers in the worked examples on neural-network basics and optimisation, computed again."""

import math
from typing import SupportsFloat

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from tests.knowledge.worked_example import states

MINUS = "\N{MINUS SIGN}"


def fig(value: SupportsFloat, digits: int | None = None) -> str:
    """The value as the notes write it: a real minus sign, and no trailing zeros unless digits are given."""
    number = round(float(value), 10 if digits is None else digits) + 0.0
    text = f"{number:.{digits}f}" if digits is not None else f"{number:.10f}".rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def figs(values: ArrayLike, digits: int | None = None) -> list[str]:
    return [fig(value, digits) for value in np.asarray(values, dtype=float).ravel()]


def relu(x: np.ndarray | float) -> np.ndarray:
    return np.maximum(0.0, x)


def sigmoid(x: np.ndarray | float) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.asarray(x, dtype=float)))


def test_neuron() -> None:
    z = np.array([2.0, 3.0]) @ np.array([0.5, -1.0]) + 1.0
    states("neuron", fig(z), fig(relu(z)), fig(sigmoid(z), 3))


def test_activation() -> None:
    def net(x: float, *, bend: bool) -> float:
        hidden = 3 * x + 1
        return float(2 * (relu(hidden) if bend else hidden) - 5)

    assert net(1, bend=True) == net(1, bend=False)
    hidden_left = 3 * -1 + 1
    states("activation", fig(net(1, bend=True)), fig(net(-1, bend=True)), fig(net(-1, bend=False)), fig(hidden_left))
    slope, offset = net(1, bend=False) - net(0, bend=False), net(0, bend=False)
    states("activation", f"{slope:.0f}x", fig(abs(offset)))


def test_relu() -> None:
    x = torch.tensor([-2.0, 0.5, 3.0], requires_grad=True)
    y = nn.functional.relu(x)
    y.sum().backward()
    assert x.grad is not None
    states("relu", *figs(y.detach().numpy()), *figs(x.grad.numpy()))
    left = torch.tensor(-2.0)
    states("relu", fig(nn.functional.leaky_relu(left, 0.01).item(), 2))
    states("relu", fig(nn.functional.gelu(left).item(), 3), fig(nn.functional.silu(left).item(), 3))


def test_sigmoid() -> None:
    x = np.array([0.0, 2.0, 6.0])
    y = sigmoid(x)
    states("sigmoid", *figs(y, 3), *figs(y * (1 - y), 3), fig(math.tanh(2), 3))
    assert math.isclose(math.tanh(2), 2 * float(sigmoid(4)) - 1)


def test_layer() -> None:
    weight = np.array([[1, 0, -1], [0.5, 0.5, 0.5]])
    bias = np.array([0.5, -1])
    product = weight @ np.array([1, 2, 3])
    states("layer", *figs(product), *figs(product + bias), *figs(relu(product + bias)))
    states("layer", str(sum(p.numel() for p in nn.Linear(3, 2).parameters())))


def test_mlp() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    sizes = [sum(p.numel() for p in part.parameters()) for part in (model[1], model[3], model)]
    states("mlp", *(f"{size:,}" for size in sizes))


def test_universal_approx() -> None:
    x = np.array([0, 0.5, 1, 1.5, 2, 3])
    states("universal-approx", *figs(relu(x) - 2 * relu(x - 1) + relu(x - 2)))
    grid = np.linspace(0, 1, 8001)
    for pieces in (2, 4):
        knots = np.linspace(0, 1, pieces + 1)
        error = np.abs(np.interp(grid, knots, knots**2) - grid**2).max()
        states("universal-approx", str(pieces), fig(error, 4 if pieces == 2 else 6))


def test_forward_pass() -> None:
    z = 0.5 * 2 + 1
    h = float(relu(z))
    y = 3 * h - 1
    states("forward-pass", fig(z), fig(h), fig(y), fig((y - 4) ** 2))


def test_comp_graph() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    u, v = x * x, 3 * x
    (from_u,) = torch.autograd.grad(u, x, retain_graph=True)
    (from_v,) = torch.autograd.grad(v, x, retain_graph=True)
    y = u + v
    y.backward()
    assert x.grad is not None
    states("comp-graph", *(fig(t.item()) for t in (u, v, y, from_u, from_v, x.grad)))


def test_backprop() -> None:
    w1 = torch.tensor(0.5, requires_grad=True)
    w2 = torch.tensor(3.0, requires_grad=True)
    h = torch.relu(w1 * 2)
    y = w2 * h
    h.retain_grad()
    y.retain_grad()
    loss = (y - 1) ** 2
    loss.backward()
    assert h.grad is not None
    assert y.grad is not None
    assert w1.grad is not None
    assert w2.grad is not None
    states("backprop", *(fig(t.item()) for t in (h, y, loss, y.grad, w2.grad, h.grad, w1.grad)))


def test_logits() -> None:
    scores = np.array([2.0, 1.0, -1.0])
    p = np.exp(scores) / np.exp(scores).sum()
    shifted = np.exp(scores + 10) / np.exp(scores + 10).sum()
    assert np.allclose(p, shifted)
    states("logits", *figs(p, 3), fig(p[0] / p[1], 3), *figs(scores + 10), fig(math.log(0.8 / 0.2), 3))


def test_log_sum_exp() -> None:
    scores = np.array([1000.0, 1001.0, 1002.0])
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(scores)).all()
    shifted = scores - scores.max()
    e = np.exp(shifted)
    result = scores.max() + math.log(e.sum())
    assert math.isclose(result, torch.logsumexp(torch.tensor(scores), 0).item())
    states("log-sum-exp", *figs(shifted), *figs(e[:2], 3), fig(e[2]), fig(e.sum(), 3), fig(result, 3))
    states("log-sum-exp", *figs(e / e.sum(), 3))


def test_initialisation() -> None:
    per_layer = math.sqrt(100) * 1.0
    small = math.sqrt(100) * 0.05
    states("initialisation", fig(per_layer), f"{per_layer**5:,.0f}", fig(small), fig(small**5, 3))
    xavier, he = math.sqrt(2 / (100 + 100)), math.sqrt(2 / 100)
    states("initialisation", fig(xavier), fig(math.sqrt(100) * xavier), fig(he, 3))


def test_vanishing_gradient() -> None:
    x = np.linspace(-8, 8, 1601)
    steepest = float((sigmoid(x) * (1 - sigmoid(x))).max())
    states("vanishing-gradient", fig(steepest, 2), f"{steepest**10:.8f}")
    states("vanishing-gradient", fig(0.9**50, 4), f"{1.5**20:.0f}")


def test_depth() -> None:
    def pieces(times: int) -> int:
        # The grid holds every kink, and the slope changes its sign at each kink of the zigzag.
        x = np.linspace(0, 1, 2 ** (times + 2) + 1)
        y = x
        for _ in range(times):
            y = 2 * relu(y) - 4 * relu(y - 0.5)
        return int((np.diff(np.sign(np.diff(y))) != 0).sum()) + 1

    for times in (3, 10):
        units = 2 * times
        states("depth", str(times), str(units), str(pieces(times)), str(units + 1))


def test_gradient_descent() -> None:
    w = 0.0
    for _ in range(3):
        gradient = 2 * (w - 3)
        after = w - 0.1 * gradient
        states("gradient-descent", fig(gradient), fig(after), fig((3 - after) / (3 - w)))
        w = after


def test_learning_rate() -> None:
    for rate, steps in ((0.1, 3), (0.5, 1), (0.9, 3), (1.1, 3)):
        w = 1.0
        for _ in range(steps):
            w -= rate * 2 * w
            states("learning-rate", fig(w))


def test_sgd() -> None:
    x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 3.0])
    gradients = 2 * x * (0 * x - y)
    states("sgd", *figs(gradients), fig(gradients.mean(), 2), fig(-0.01 * gradients.mean(), 3))
    states("sgd", fig(-0.01 * gradients[0]), fig(-0.01 * gradients[2]))


def test_minibatch() -> None:
    full, rest = divmod(50_000, 64)
    per_epoch = math.ceil(50_000 / 64)
    states("minibatch", str(full), str(rest), str(per_epoch), f"{10 * per_epoch:,}")
    states("minibatch", fig(math.sqrt(64)), fig(math.sqrt(256)))


def test_convexity() -> None:
    def g(x: float) -> float:
        return x**4 - 2 * x**2

    middle = (-1 + 3) / 2
    states("convexity", fig(middle), fig(middle**2), fig(((-1) ** 2 + 3**2) / 2), fig(3**2))
    assert g(-1) == g(1) < g(0)
    states("convexity", fig(g(1)), fig(g(0)), fig(0.1**2 - 0**2), fig(0**2 - 0.1**2))


def test_momentum() -> None:
    for gradients in ([1, 1, 1], [1, -1, 1, -1]):
        velocity = 0.0
        for gradient in gradients:
            velocity = 0.9 * velocity + gradient
            states("momentum", fig(velocity))
    states("momentum", fig(1 / (1 - 0.9)))


def test_rmsprop() -> None:
    gradients = np.array([10.0, 0.1])
    states("rmsprop", *figs(gradients**2))
    total = np.zeros(2)
    mean = np.zeros(2)
    for step in range(1, 5):
        total += gradients**2
        mean = 0.9 * mean + 0.1 * gradients**2
        move = 0.1 * gradients / np.sqrt(total)
        if step in (1, 4):
            states("rmsprop", *figs(move))
    states("rmsprop", fig(mean[0], 2), fig(0.1 * gradients[0] / math.sqrt(mean[0]), 3))
    for _ in range(500):
        mean = 0.9 * mean + 0.1 * gradients**2
    states("rmsprop", *figs(0.1 * gradients / np.sqrt(mean)))


def test_adam() -> None:
    weight = nn.Parameter(torch.tensor(0.0, dtype=torch.float64))
    optimiser = torch.optim.Adam([weight], lr=0.001, betas=(0.9, 0.999))
    m = v = 0.0
    for step, gradient in enumerate((0.5, -0.5), start=1):
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        m_hat, v_hat = m / (1 - 0.9**step), v / (1 - 0.999**step)
        move = 0.001 * m_hat / math.sqrt(v_hat)
        before = weight.item()
        weight.grad = torch.tensor(gradient, dtype=torch.float64)
        optimiser.step()
        assert math.isclose(before - weight.item(), move, rel_tol=1e-4)
        if step == 1:
            states("adam", fig(m), fig(v), fig(m_hat), fig(v_hat), fig(move))
        else:
            states("adam", fig(m), fig(m_hat, 4), fig(abs(move), 6))


def test_lr_schedule() -> None:
    for epoch in (0, 25, 50, 75):
        states("lr-schedule", fig(0.05 * (1 + math.cos(math.pi * epoch / 100)), 4))
    assert math.isclose(0.05 * (1 + math.cos(math.pi)), 0)
    states("lr-schedule", fig(0.1 * 0.1 ** (65 // 30)), fig(0.1 * 5 / 10))


def test_lr_finder() -> None:
    states("lr-finder", fig((10 / 1e-7) ** (1 / 100), 4))
    rates = np.array([0.0001, 0.001, 0.01, 0.1, 1.0])
    losses = np.array([2.30, 2.28, 1.90, 1.10, 8.00])
    states("lr-finder", *figs(rates), *figs(losses, 2))
    states("lr-finder", fig(rates[losses.argmin()]), fig(rates[losses.argmin()] / 10))
    steepest = int((-np.diff(losses)).argmax())
    states("lr-finder", fig(-np.diff(losses)[steepest], 2), fig(rates[steepest]), fig(rates[steepest + 1]))


def test_conditioning() -> None:
    curvature = np.linalg.eigvalsh(np.diag([1.0, 100.0]))
    factors = 1 - 0.019 * curvature
    states("conditioning", fig(curvature.max() / curvature.min()), fig(2 / curvature.max()))
    states("conditioning", fig(factors[0], 3), fig(factors[1]))
    states("conditioning", fig(abs(factors[1] ** 20), 3), fig(factors[0] ** 20, 3))


def test_gradient_clipping() -> None:
    parameter = nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([6.0, 8.0])
    norm = torch.nn.utils.clip_grad_norm_([parameter], max_norm=5.0).item()
    clipped = parameter.grad.numpy()
    states("gradient-clipping", fig(norm), fig(5 / norm), *figs(clipped, 0), fig(clipped[0] / clipped[1], 2))
    by_value = np.clip(np.array([6.0, 8.0]), -5, 5)
    states("gradient-clipping", *figs(by_value), fig(by_value[0] / by_value[1]))


def test_batch_norm() -> None:
    x = torch.tensor([[2.0], [4.0], [6.0], [8.0]])
    layer = nn.BatchNorm1d(1)
    plain = layer(x).detach().numpy()
    states("batch-norm", fig(x.mean().item()), fig(x.var(unbiased=False).item()), *figs(plain, 3))
    states("batch-norm", *figs(2 * plain + 1, 3))
    assert layer.running_mean is not None
    states("batch-norm", fig(layer.running_mean.item(), 1))


def test_layer_norm() -> None:
    x = torch.tensor([[1.0, 2.0, 3.0, 6.0]])
    variance = x.var(unbiased=False).item()
    states("layer-norm", fig(x.mean().item()), fig(variance), fig(math.sqrt(variance), 3))
    normalised = nn.LayerNorm(4)(x).detach().numpy()[0]
    states("layer-norm", *figs(normalised[[0, 1, 3]], 3), fig(normalised[2], 0))
    grouped = nn.GroupNorm(2, 4)(x).detach().numpy()
    states("layer-norm", *figs(grouped, 0))
