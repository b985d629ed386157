"""The numbers in the worked examples on probability and machine-learning basics, computed again."""

import math
from itertools import pairwise, product

import numpy as np
import torch

from tests.knowledge.worked_example import states


def test_probability() -> None:
    rolls = list(product(range(1, 7), repeat=2))
    seven = {roll for roll in rolls if sum(roll) == 7}
    six = {roll for roll in rolls if 6 in roll}
    events = (seven, six, seven & six, seven | six)
    states("probability", str(len(rolls)), *(f"{len(event) / len(rolls):.3f}" for event in events))


def test_random_variable() -> None:
    heads = [sum(tosses) for tosses in product((0, 1), repeat=3)]
    masses = [heads.count(count) / len(heads) for count in range(4)]
    density = 1 / (0.5 - 0.0)
    states("random-variable", *(f"{mass:.3f}" for mass in masses), f"{density:.1f}", f"{density * (0.2 - 0.1):.1f}")


def test_conditional_prob() -> None:
    spam, other, free_spam, free_other = 30, 70, 12, 7
    emails, free = spam + other, free_spam + free_other
    states(
        "conditional-prob",
        str(free),
        f"{free_spam / spam:.2f}",
        f"{free_spam / free:.3f}",
        f"{free_spam / emails:.2f}",
        f"{free_other / emails:.2f}",
        f"{free / emails:.2f}",
    )


def test_bayes() -> None:
    people = 10_000
    ill = people // 100
    found, alarms = round(ill * 0.9), round((people - ill) * 0.05)
    states(
        "bayes",
        str(ill),
        str(people - ill),
        str(found),
        str(alarms),
        str(found + alarms),
        f"{found / (found + alarms):.3f}",
    )


def test_independence() -> None:
    x = np.array([-1.0, 0.0, 1.0])
    y = x**2
    covariance = (x * y).mean() - x.mean() * y.mean()
    states(
        "independence",
        f"{0.5 * 0.4:.2f}",
        f"{covariance:.1f}",
        f"{(y == 1).mean():.3f}",
        f"{(y[x == 0] == 1).mean():.0f}",
    )


def test_expectation() -> None:
    payout, weight = np.array([10.0, 2.0, 0.0]), np.array([0.1, 0.3, 0.6])
    mean = payout @ weight
    states(
        "expectation", f"{mean:.1f}", f"{(3 * payout + 1) @ weight:.1f}", f"{payout**2 @ weight:.1f}", f"{mean**2:.2f}"
    )


def test_variance() -> None:
    numbers = torch.tensor([2.0, 4, 4, 4, 5, 5, 7, 9], dtype=torch.float64)
    squares = (numbers - numbers.mean()) ** 2
    states(
        "variance",
        f"{numbers.mean():.0f}",
        f"{squares.sum():.0f}",
        f"{np.var(numbers.numpy()):.1f}",
        f"{np.std(numbers.numpy()):.1f}",
        f"{torch.var(numbers):.3f}",
        f"{torch.std(numbers):.3f}",
    )


def test_covariance() -> None:
    x, y = np.array([1.0, 2, 3, 4]), np.array([2.0, 4, 5, 9])
    products = (x - x.mean()) * (y - y.mean())
    larger = np.cov(x, 100 * y, ddof=0)[0, 1]
    states(
        "covariance",
        f"{x.mean():.1f}",
        f"{y.mean():.0f}",
        *(f"{p:g}" for p in products),
        f"{products.mean():.2f}",
        f"{x.var():.2f}",
        f"{y.var():.1f}",
        f"{larger:.0f}",
        f"{np.corrcoef(x, y)[0, 1]:.3f}",
        f"{np.corrcoef(x, 100 * y)[0, 1]:.3f}",
    )


def test_gaussian() -> None:
    def within(deviations: float) -> float:
        return math.erf(deviations / math.sqrt(2))

    def peak(deviation: float) -> float:
        return 1 / (deviation * math.sqrt(2 * math.pi))

    states(
        "gaussian",
        f"{(185 - 170) / 10:.1f}",
        f"{within(1):.3f}",
        f"{within(2):.3f}",
        f"{peak(10):.4f}",
        f"{peak(0.1):.3f}",
    )


def test_categorical() -> None:
    heads = torch.distributions.Bernoulli(probs=torch.tensor(0.7))
    animals = torch.distributions.Categorical(probs=torch.tensor([0.5, 0.3, 0.2]))
    surprise = -animals.log_prob(torch.tensor(1))
    states("categorical", f"{heads.mean:.2f}", f"{heads.variance:.2f}", f"{surprise:.3f}", f"{-math.log(0.9):.3f}")


def test_mle() -> None:
    def loss(p: float) -> float:
        return -7 * math.log(p) - 3 * math.log(1 - p)

    best = min(np.arange(1, 100) / 100, key=loss)
    states("mle", f"{loss(0.5):.3f}", f"{loss(0.7):.3f}", f"{loss(0.9):.3f}", f"{best:.1f}")


def test_map() -> None:
    def peak(heads: int, tosses: int) -> float:
        grid = np.linspace(0.0005, 0.9995, 99_901)
        posterior = (heads + 1) * np.log(grid) + (tosses - heads + 1) * np.log(1 - grid)
        return float(grid[posterior.argmax()])

    states("map", f"{3 / 3:.1f}", f"{peak(3, 3):.2f}", f"{peak(300, 300):.3f}")


def test_entropy() -> None:
    def terms(*probabilities: float) -> np.ndarray:
        return -np.array(probabilities) * np.log(probabilities)

    uneven = terms(0.9, 0.1)
    states(
        "entropy",
        f"{terms(0.5, 0.5).sum():.3f}",
        f"{terms(0.5, 0.5).sum() / math.log(2):.0f}",
        *(f"{term:.3f}" for term in uneven),
        f"{uneven.sum():.3f}",
        f"{uneven.sum() / math.log(2):.3f}",
        f"{terms(*[0.1] * 10).sum():.3f}",
    )


def test_kl() -> None:
    p, q = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    forward, backward = p * np.log(p / q), q * np.log(q / p)
    states(
        "kl", *(f"{abs(term):.3f}" for term in (*forward, *backward)), f"{forward.sum():.3f}", f"{backward.sum():.3f}"
    )


def test_cross_entropy() -> None:
    p, q = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    entropy, divergence = -(p * np.log(p)).sum(), (p * np.log(p / q)).sum()
    total = -(p * np.log(q)).sum()
    assert math.isclose(total, entropy + divergence)
    states(
        "cross-entropy",
        *(f"{-math.log(chance):.3f}" for chance in (0.7, 0.01, 1 / 10)),
        f"{entropy:.3f}",
        f"{divergence:.3f}",
        f"{total:.3f}",
    )


def test_monte_carlo_estimate() -> None:
    squares = np.array([0.1, 0.4, 0.5, 0.8]) ** 2
    mean, fourth = 1 / 3, 1 / 5  # the integrals of x² and x⁴ from 0 to 1
    deviation = math.sqrt(fourth - mean**2)
    states(
        "monte-carlo-estimate",
        f"{mean:.3f}",
        *(f"{square:.2f}" for square in squares),
        f"{squares.mean():.3f}",
        f"{deviation:.3f}",
        f"{deviation / math.sqrt(100):.3f}",
        f"{deviation / math.sqrt(10_000):.3f}",
    )


def test_importance_sampling() -> None:
    behaviour, target, reward = np.array([0.5, 0.5]), np.array([0.9, 0.1]), np.array([1.0, 5.0])
    ratio = target / behaviour
    samples = np.array([0, 0, 1, 0])
    weighted = ratio[samples] * reward[samples]
    states(
        "importance-sampling",
        f"{target @ reward:.1f}",
        *(f"{r:.1f}" for r in ratio),
        f"{reward[samples].mean():.1f}",
        f"{weighted.mean():.1f}",
        f"{weighted.sum():.1f}",
        f"{ratio[samples].sum():.1f}",
        f"{weighted.sum() / ratio[samples].sum():.3f}",
    )


def test_supervised() -> None:
    x, y = np.array([1.0, 2, 3]), np.array([2.0, 4, 6])
    best = (x @ y) / (x @ x)
    states(
        "supervised",
        f"{((x - y) ** 2).mean():.3f}",
        f"{best:.0f}",
        f"{((best * x - y) ** 2).mean():.0f}",
        f"{best * 10:.0f}",
    )


def test_unsupervised() -> None:
    words = ["the", "cat", "sat", "on", "the", "mat"]
    pairs = list(pairwise(words))
    points, centres = np.array([1.0, 2, 10, 11]), np.array([1.0, 2.0])
    for _ in range(5):
        nearest = np.abs(points[:, None] - centres).argmin(axis=1)
        centres = np.array([points[nearest == group].mean() for group in range(2)])
    states("unsupervised", str(len(words)), str(len(pairs)), *(f"{centre:.1f}" for centre in centres))


def test_loss_function() -> None:
    target = 10.0
    prediction = torch.tensor(7.0, requires_grad=True)
    loss = (prediction - target) ** 2
    loss.backward()
    assert prediction.grad is not None
    moved = prediction.item() - 0.1 * prediction.grad.item()
    states(
        "loss-function",
        f"{loss.item():.2f}",
        f"{abs(prediction.item() - target):.0f}",
        f"{abs(prediction.grad.item()):.0f}",
        f"{moved:.1f}",
        f"{(moved - target) ** 2:.2f}",
    )


def test_metric() -> None:
    for right in (np.array([0.51] * 4), np.array([0.99] * 3 + [0.49])):
        states("metric", f"{(right > 0.5).mean():.2f}", f"{-np.log(right).mean():.3f}")


def test_mse() -> None:
    errors = np.array([3.0, 5, 2]) - np.array([2.0, 5, 4])
    outlier = np.array([errors[0], errors[1], -10.0])
    states(
        "mse",
        f"{(errors**2).mean():.3f}",
        f"{math.sqrt((errors**2).mean()):.3f}",
        f"{np.abs(errors).mean():.2f}",
        f"{(outlier**2).mean():.3f}",
        f"{np.abs(outlier).mean():.3f}",
    )


def test_linear_regression() -> None:
    x, y = np.array([1.0, 2, 3]), np.array([3.0, 5, 6])
    products = (x - x.mean()) * (y - y.mean())
    slope, bias = np.polyfit(x, y, 1)
    fitted = slope * x + bias
    states(
        "linear-regression",
        f"{y.mean():.3f}",
        f"{products[0]:.3f}",
        f"{products[2]:.3f}",
        f"{slope:.1f}",
        f"{bias:.3f}",
        *(f"{value:.3f}" for value in fitted),
        f"{((fitted - y) ** 2).mean():.3f}",
        f"{slope * 4 + bias:.3f}",
    )


def test_logistic_regression() -> None:
    weight, bias = 1.5, -4.0
    scores = [weight * hours + bias for hours in (2, 3)]
    states(
        "logistic-regression",
        f"{abs(scores[0]):.0f}",
        f"{scores[1]:.1f}",
        *(f"{1 / (1 + math.exp(-score)):.3f}" for score in scores),
        f"{-bias / weight:.3f}",
        f"{math.exp(weight):.3f}",
    )


def test_softmax() -> None:
    scores = torch.tensor([2.0, 1.0, 0.0])
    exponentials = scores.exp()
    shares = torch.softmax(scores, dim=-1)
    assert torch.allclose(shares, torch.softmax(scores + 100, dim=-1))
    states(
        "softmax",
        *(f"{e:.3f}" for e in exponentials),
        f"{exponentials.sum():.3f}",
        *(f"{p:.3f}" for p in shares),
        *(f"{p:.3f}" for p in torch.softmax(scores / 2, dim=-1)),
    )


def test_train_val_test() -> None:
    examples, models, tosses = 1000, 20, 100
    chances = np.array([math.comb(tosses, heads) / 2**tosses for heads in range(tosses + 1)])
    best = np.diff(np.append(0.0, chances.cumsum() ** models))  # the distribution of the best score
    average = np.arange(tosses + 1) @ best / tosses
    states("train-val-test", f"{examples * 0.70:.0f}", f"{examples * 0.15:.0f}", f"{average:.3f}")


def test_overfitting() -> None:
    x = np.arange(6.0)
    y = 2 * x + np.array([0.5, -0.5] * 3)
    states("overfitting", *(f"{value:.1f}" for value in y), f"{2 * 6:.0f}")
    for degree in (0, 1, 5):
        model = np.polyfit(x, y, degree)
        error = ((np.polyval(model, x) - y) ** 2).mean()
        states("overfitting", f"{error:.3f}", f"{np.polyval(model, 6.0):.1f}")


def test_capacity() -> None:
    corners = np.array(list(product((0, 1), repeat=2)))
    labels = corners.sum(axis=1) % 2
    lines = product(np.arange(-2, 2.1, 0.5), repeat=3)
    best = max(((corners @ (a, b) + c > 0) == labels).mean() for a, b, c in lines)
    richer = corners.sum(axis=1) - 2 * corners.prod(axis=1)
    hidden = torch.nn.Sequential(torch.nn.Linear(10, 50), torch.nn.ReLU(), torch.nn.Linear(50, 1))
    sizes = [sum(p.numel() for p in net.parameters()) for net in (torch.nn.Linear(10, 1), hidden)]
    states("capacity", f"{best:.2f}", f"{(richer == labels).mean():.2f}", *(str(size) for size in sizes))


def test_bias_variance() -> None:
    truth = 10.0
    for predictions in (np.array([7.0, 8, 6]), np.array([5.0, 10, 15])):
        bias, error = predictions.mean() - truth, ((predictions - truth) ** 2).mean()
        assert math.isclose(error, bias**2 + predictions.var())
        states("bias-variance", f"{bias**2:.0f}", f"{predictions.var():.3f}", f"{error:.3f}")


def test_cross_validation() -> None:
    examples, scores = 100, np.array([0.80, 0.84, 0.78, 0.86, 0.82])
    held_out = examples // len(scores)
    states(
        "cross-validation", str(examples - held_out), str(held_out), f"{scores.mean():.3f}", f"{scores.std(ddof=1):.3f}"
    )


def test_data_leakage() -> None:
    scans, tested, siblings = 200 * 5, 200, 4
    alone = math.comb(tested - 1, siblings) / math.comb(scans - 1, siblings)
    train = np.array([1.0, 2, 3])
    states(
        "data-leakage", str(scans), f"{1 - alone:.3f}", f"{train.mean():.0f}", f"{np.append(train, 10.0).mean():.0f}"
    )


def test_baseline() -> None:
    scans, healthy, network = 1000, 920, 0.93
    accuracy = healthy / scans
    gain = (network - accuracy) / (1 - accuracy)
    targets = np.array([2.0, 4, 9])
    mean, median = targets.mean(), np.median(targets)
    states(
        "baseline",
        f"{accuracy:.2f}",
        f"{1 - accuracy:.2f}",
        f"{1 - network:.2f}",
        f"{100 * gain:.1f}",
        f"{mean:.0f}",
        f"{((targets - mean) ** 2).mean():.3f}",
        f"{median:.0f}",
        f"{np.abs(targets - median).mean():.3f}",
    )
