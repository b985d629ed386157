"""The numbers in the worked examples on regularisation and on training in practice, computed again."""

import math

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from tests.knowledge.worked_example import states


def test_regularisation() -> None:
    x, y = np.array([1.0, 2.0]), np.array([2.0, 3.0])
    plain, penalised = ((x @ y) / (x @ x + penalty) for penalty in (0.0, 1.0))
    train = [((y - w * x) ** 2).sum() for w in (plain, penalised)]
    test = [(4.0 - 3.0 * w) ** 2 for w in (plain, penalised)]
    states(
        "regularisation",
        f"{plain:.1f}",
        f"{penalised:.3f}",
        f"{train[0]:.2f}",
        f"{train[1]:.3f}",
        f"{test[0]:.2f}",
        f"{test[1]:.2f}",
    )


def test_weight_decay() -> None:
    weight, data_gradient, rate, decay = 2.0, 0.5, 0.1, 0.1
    parameter = nn.Parameter(torch.tensor([weight]))
    optimiser = torch.optim.SGD([parameter], lr=rate, weight_decay=decay)
    (data_gradient * parameter).sum().backward()
    optimiser.step()
    states(
        "weight-decay",
        f"{data_gradient + decay * weight:.2f}",
        f"{parameter.item():.2f}",
        f"{weight - rate * data_gradient:.2f}",
        f"{weight * (1 - rate * decay) ** 100:.3f}",
    )


def test_l1_sparsity() -> None:
    wanted, strength = torch.tensor([3.0, 0.4, -1.0, -0.2]), 0.5
    lasso = nn.functional.softshrink(wanted, strength).tolist()
    ridge = (wanted / (1 + strength)).tolist()
    states("l1-sparsity", *(f"{abs(w):.1f}" for w in lasso), f"{1 + strength}", *(f"{abs(w):.3f}" for w in ridge))


def test_dropout() -> None:
    p, activations, mask = 0.5, np.array([1, 2, 3, 4]), np.array([1, 0, 0, 1])
    expected = p * 0 + (1 - p) * 3 / (1 - p)
    states(
        "dropout",
        f"{1 / (1 - p):.0f}",
        *(f"{a:.0f}" for a in activations * mask / (1 - p)),
        f"{expected:.0f}",
        f"{1 / (1 - 0.2):.2f}",
    )


def test_data_augmentation() -> None:
    positions = 32 - 28 + 1
    crops = positions**2
    flipped = np.flip(np.array([1, 2, 3]))
    states(
        "data-augmentation",
        f"{positions}",
        f"{crops}",
        f"{2 * crops}",
        f"{100 * 2 * crops}",
        *(f"{v}" for v in flipped),
    )


def test_early_stopping() -> None:
    losses, patience = [0.90, 0.70, 0.60, 0.58, 0.61, 0.63, 0.66], 3
    best, best_epoch, last_epoch = math.inf, 0, 0
    for epoch, loss in enumerate(losses, start=1):
        last_epoch = epoch
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    states("early-stopping", f"{best:.2f}", f"{best_epoch}", f"{last_epoch}")


def test_label_smoothing() -> None:
    classes, amount = 4, 0.1
    target = np.full(classes, amount / classes)
    target[0] += 1 - amount
    overconfident = np.array([0.999] + [0.001 / 3] * 3)
    lowest, higher = (-(target * np.log(q)).sum() for q in (target, overconfident))
    by_torch = nn.CrossEntropyLoss(label_smoothing=amount)(
        torch.tensor(np.log(overconfident))[None], torch.tensor([0])
    ).item()
    assert math.isclose(by_torch, higher, abs_tol=1e-6)
    share = 0.7
    states(
        "label-smoothing",
        f"{target[0]:.3f}",
        f"{target[1]:.3f}",
        f"{lowest:.3f}",
        f"{higher:.3f}",
        f"{share * 0.2 + (1 - share) * 0.8:.2f}",
        f"{1 - share:.1f}",
    )


def test_ensembling() -> None:
    right = 0.8
    three, two = right**3, 3 * right**2 * (1 - right)
    members, correlation = 5, 0.5
    covariance = np.full((members, members), correlation) + (1 - correlation) * np.eye(members)
    share = np.full(members, 1 / members)
    states(
        "ensembling",
        f"{three:.3f}",
        f"{two:.3f}",
        f"{three + two:.3f}",
        f"{share @ covariance @ share:.1f}",
        f"{share @ share:.1f}",
    )


def test_double_descent() -> None:
    examples = 20

    def extra(features: int) -> float:
        small, large = sorted((features, examples))
        return small / (large - small - 1)

    rng = np.random.default_rng(0)
    for features in (10, 40):
        simulated = np.mean(
            [(np.linalg.pinv(rng.standard_normal((examples, features))) ** 2).sum() for _ in range(400)]
        )
        assert math.isclose(simulated, extra(features), rel_tol=0.1)
    states("double-descent", *(f"{extra(p):.2f}" for p in (10, 18, 22, 40, 200)))


def test_distribution_shift() -> None:
    def right_alarm(sick: float, found: float = 0.9, false_alarm: float = 0.1) -> float:
        return found * sick / (found * sick + false_alarm * (1 - sick))

    states(
        "distribution-shift",
        f"{0.9 * 0.1:.2f}",
        f"{0.1 * 0.9:.2f}",
        f"{right_alarm(0.5):.2f}",
        f"{right_alarm(0.1):.2f}",
        f"{right_alarm(0.01):.3f}",
    )


def test_adversarial() -> None:
    weights, inputs, step = np.array([1.0, -2.0, 1.0, -1.0]), np.array([0.2, 0.1, 0.1, 0.0]), 0.05
    attacked = inputs - step * np.sign(weights)
    before, after = weights @ inputs, weights @ attacked
    assert before > 0 > after
    states(
        "adversarial", f"{before:.2f}", *(f"{v:.2f}" for v in attacked), f"{before - after:.2f}", f"{abs(after):.2f}"
    )


def test_ethics_bias() -> None:
    first, second = 60 / 100, 30 / 100
    assert second / first < 4 / 5
    states("ethics-bias", f"{first:.2f}", f"{second:.2f}", f"{second / first:.2f}", f"{4 / 5:.2f}")


def test_training_loop() -> None:
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])

    def two_steps(*, clear: bool) -> list[float]:
        weight = nn.Parameter(torch.tensor(0.0))
        optimiser = torch.optim.SGD([weight], lr=0.1)
        seen = []
        for _ in range(2):
            if clear:
                optimiser.zero_grad()
            loss = ((weight * x - y) ** 2).mean()
            loss.backward()
            assert weight.grad is not None
            seen += [loss.item(), weight.grad.item()]
            optimiser.step()
            seen.append(weight.item())
        return seen

    careful, careless = two_steps(clear=True), two_steps(clear=False)
    states("training-loop", *(f"{abs(v):.1f}" for v in careful), *(f"{abs(v):.1f}" for v in careless[-2:]))


def test_data_loader() -> None:
    data = TensorDataset(torch.arange(1000))
    sizes = [len(batch[0]) for batch in DataLoader(data, batch_size=64)]
    full = [len(batch[0]) for batch in DataLoader(data, batch_size=64, drop_last=True)]
    assert len(sizes) == len(full) + 1
    states("data-loader", f"{len(full)}", f"{sum(full)}", f"{len(sizes)}th", f"{sizes[-1]}")


def test_normalise_input() -> None:
    heights = np.array([150.0, 160.0, 170.0, 180.0, 190.0])
    mean, deviation = heights.mean(), heights.std()
    states(
        "normalise-input", f"{mean:.0f}", f"{deviation:.3f}", *(f"{(h - mean) / deviation:.3f}" for h in (190.0, 200.0))
    )


def test_train_eval_mode() -> None:
    layer, batch = nn.BatchNorm1d(1), torch.tensor([[2.0], [4.0], [6.0]])
    in_training = layer(batch)[-1].item()
    mean, variance = layer.running_mean, layer.running_var
    assert mean is not None
    assert variance is not None
    layer.eval()
    in_use = layer(batch)[-1].item()
    states(
        "train-eval-mode",
        f"{batch.mean().item():.0f}",
        f"{in_training:.3f}",
        f"{mean.item():.1f}",
        f"{variance.item():.1f}",
        f"{in_use:.3f}",
    )


def test_overfit_batch() -> None:
    start = nn.functional.cross_entropy(torch.zeros(1, 10), torch.tensor([3])).item()
    states("overfit-batch", f"{start:.3f}", *(f"{-math.log(p):.3f}" for p in (0.99, 0.999)))


def test_gradient_check() -> None:
    weight = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    (weight**3).backward()
    assert weight.grad is not None
    exact, step = weight.grad.item(), 0.01
    central = ((2 + step) ** 3 - (2 - step) ** 3) / (2 * step)
    one_sided = ((2 + step) ** 3 - 2**3) / step
    states(
        "gradient-check",
        f"{exact:.0f}",
        f"{central:.4f}",
        f"{one_sided:.4f}",
        f"{(one_sided - exact) / (central - exact):.0f}",
        f"{(central - exact) / (central + exact):.6f}",
    )


def test_hyperparameter_search() -> None:
    rates = [10**u for u in (-4.2, -2.9, -1.5)]
    states(
        "hyperparameter-search",
        f"{3 * 3}",
        f"{rates[0]:.6f}",
        f"{rates[1]:.5f}",
        f"{rates[2]:.4f}",
        *(f"{1 - 0.95**n:.3f}" for n in (20, 60)),
    )


def test_error_analysis() -> None:
    inspected, counts = 50, {"blurry": 24, "label": 13, "dark": 8}
    left = [10.0 * (1 - n / inspected) for n in counts.values()]
    states(
        "error-analysis",
        f"{inspected - sum(counts.values())}",
        f"{counts['blurry'] / inspected:.0%}",
        *(f"{e:.1f}%" for e in left),
    )


def test_confusion_matrix() -> None:
    tp, fp, fn, tn = 30, 10, 20, 940
    precision, recall = tp / (tp + fp), tp / (tp + fn)
    f1 = 2 * precision * recall / (precision + recall)
    states(
        "confusion-matrix", f"{(tp + tn) / (tp + fp + fn + tn):.2f}", f"{precision:.2f}", f"{recall:.2f}", f"{f1:.3f}"
    )


def test_class_imbalance() -> None:
    labels = np.array([0] * 990 + [1] * 10)
    answers = np.zeros_like(labels)
    recalls = [(answers[labels == c] == c).mean() for c in (0, 1)]
    weights = len(labels) / (2 * np.bincount(labels))
    states(
        "class-imbalance",
        f"{(answers == labels).mean():.2f}",
        f"{recalls[1]:.2f}",
        f"{np.mean(recalls):.2f}",
        f"{weights[0]:.3f}",
        f"{weights[1]:.1f}",
        f"{weights[1] / weights[0]:.0f}",
    )


def test_ablation() -> None:
    full, reduced, spread = 91.2, [80.5, 87.9, 91.1], 0.3
    losses = [full - score for score in reduced]
    assert min(losses) < spread < sorted(losses)[1]
    states("ablation", *(f"{loss:.1f}" for loss in losses))


def test_reproducibility() -> None:
    scores = np.array([0.81, 0.84, 0.79, 0.83, 0.83])
    spread = scores.std(ddof=1)
    states("reproducibility", f"{scores.mean():.2f}", f"{spread:.2f}", f"{spread / math.sqrt(5):.3f}")


def test_mixed_precision() -> None:
    tiny, factor = 0.00000001, 1024
    assert np.float16(tiny) == 0 < np.float16(tiny * factor)
    assert round(100 * abs(float(np.float16(tiny * factor)) / (tiny * factor) - 1), 1) == 0.1
    smallest = float(np.finfo(np.float16).smallest_subnormal)
    megabytes = [1_000_000 * kind.itemsize / 1e6 for kind in (torch.float32, torch.float16)]
    states("mixed-precision", f"{smallest:.8f}", f"{tiny * factor:.8f}", f"{8 * 4}", *(f"{m:.0f}" for m in megabytes))


def test_gpu() -> None:
    weights = 25 * torch.float32.itemsize
    images = 64 * 3 * 224 * 224 * torch.float32.itemsize / 1e6
    states("gpu", f"{weights}", f"{2 * weights}", f"{weights + weights + 2 * weights}", f"{images:.1f}")


def test_tta() -> None:
    looks = [0.45, 0.60, 0.55, 0.60]
    assert looks[0] < 0.5 < np.mean(looks)
    states("tta", f"{np.mean(looks):.2f}")


def test_deployment() -> None:
    milliseconds, expected, seen = 20 + 50 + 10, 0.20, 0.32
    states(
        "deployment",
        f"{milliseconds}",
        f"{1000 / milliseconds:.1f}",
        f"{math.sqrt(expected * (1 - expected) / 1000):.3f}",
        f"{seen - expected:.2f}",
    )
