"""The numbers in the worked examples on scoping, data, evaluation, checks and runs of a capstone, computed again."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.knowledge.worked_example import states


def _standard_error(share: float, count: int) -> float:
    return math.sqrt(share * (1 - share) / count)


def test_project_scoping() -> None:
    hours = {"data": 5, "baseline": 3, "network": 8, "second set": 6, "experiments": 6, "analysis": 4}
    states("project-scoping", *(str(h) for h in hours.values()))
    budget, factor, whole = 4 * 10, 1.5, sum(hours.values())
    smaller = whole - hours["second set"]
    assert factor * smaller <= budget < factor * whole
    states("project-scoping", str(whole), f"{factor * whole:.0f}", str(budget), str(smaller), f"{factor * smaller:.0f}")


def test_dataset_choice() -> None:
    errors = [_standard_error(0.9, n) for n in (100, 2500)]
    states("dataset-choice", *(f"{e:.3f}" for e in errors), *(f"{0.02 / e:.2f}" for e in errors), f"{1 - 0.06:.2f}")


def test_raw_data_inspection() -> None:
    classes = [520, 240, 130, 80, 30]
    assert sum(classes) == 1000
    seen = [1 - 0.97**n for n in (100, 20)]
    parted = 2 * 0.8 * 0.2
    states("raw-data-inspection", f"{max(classes) / 10:.0f}%", *(f"{p:.3f}" for p in seen))
    states("raw-data-inspection", f"{parted:.2f}", f"{50 * parted:.0f}")
    rng = np.random.default_rng(0)
    training = np.array([rng.permutation(1000) < 800 for _ in range(2000)])
    assert (training[:, 0] != training[:, 1]).mean() == pytest.approx(parted, abs=0.04)


def test_evaluation_protocol() -> None:
    scores = {}
    for model, found, alarms in (("A", 60, 20), ("B", 80, 60)):
        accuracy = (found + 900 - alarms) / 1000
        f1 = 2 * found / (2 * found + alarms + 100 - found)
        scores[model] = accuracy, found / 100, f1
        states("evaluation-protocol", f"{accuracy:.2f}", f"{found / 100:.2f}", f"{f1:.3f}")
    a, b = scores["A"], scores["B"]
    assert a[0] > b[0] >= 0.90
    assert b[1] > a[1]
    assert a[2] == pytest.approx(b[2])


def test_sanity_checks() -> None:
    perfect = torch.zeros(1, 10, dtype=torch.float64)
    perfect[0, 3] = 1
    twice = nn.functional.cross_entropy(perfect, torch.tensor([3])).item()
    assert twice == pytest.approx(math.log(math.e + 9) - 1)
    differences = torch.zeros(64, 1) - torch.zeros(64)
    states("sanity-checks", f"{math.log(37):.3f}", f"{math.log(2):.3f}", f"{twice:.3f}", str(differences.numel()))


def test_no_answer_beats_the_floor_of_a_double_softmax() -> None:
    torch.manual_seed(0)
    answers = torch.softmax(10 * torch.randn(10_000, 10), dim=1)
    labels = torch.zeros(10_000, dtype=torch.long)
    assert nn.functional.cross_entropy(answers, labels, reduction="none").min() >= math.log(math.e + 9) - 1 - 1e-5


def _memorise(images: torch.Tensor) -> float:
    """The last loss of a small network that trains on eight images with eight labels."""
    torch.manual_seed(0)
    labels = torch.arange(8)
    model = nn.Sequential(nn.Linear(images.shape[1], 64), nn.ReLU(), nn.Linear(64, 10))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(500):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
    return loss.item()


def test_debugging_ladder() -> None:
    torch.manual_seed(1)
    images = torch.rand(8, 28 * 28)
    stuck = _memorise(images[:1].repeat(8, 1))
    assert stuck == pytest.approx(math.log(8), abs=0.01)
    assert _memorise(images) < 0.01
    states("debugging-ladder", f"{6742 / 60000:.2%}", f"{math.log(10):.3f}", f"{math.log(8):.3f}", "0.01")


def test_learning_curves() -> None:
    epochs = [1, 2, 4, 6, 8, 10]
    training = [1.60, 1.10, 0.70, 0.45, 0.28, 0.17]
    validation = [1.50, 1.15, 0.92, 0.88, 0.95, 1.08]
    states("learning-curves", *(f"{loss:.2f}" for loss in training + validation))
    best = min(range(6), key=lambda i: validation[i])
    assert epochs[best] == 6
    states("learning-curves", str(epochs[best]), *(f"{validation[i] - training[i]:.2f}" for i in (best, -1)))
    assert pytest.approx(training[0]) == (1.90 + 1.30) / 2
    states("learning-curves", "1.90", "1.30")


def test_experiment_log() -> None:
    baseline, augmented, smoothed, faster = 0.842, 0.861, 0.860, 0.874
    spread = math.sqrt(2) * 0.004
    gains = [augmented - baseline, smoothed - augmented, faster - augmented]
    states("experiment-log", *(f"{score:.3f}" for score in (baseline, augmented, smoothed, faster)), f"{spread:.3f}")
    states("experiment-log", *(f"{gain:.3f}" for gain in gains))
    assert [abs(gain) > 2 * spread for gain in gains] == [True, False, True]
    assert abs(gains[1]) < spread


def test_compute_budget() -> None:
    batches = math.ceil(50_000 / 128)
    epoch = batches * 0.08 + 4
    run = 30 * epoch
    hours = 6 * 3 * run / 3600
    affordable = int(4 * 3600 / (1.3 * run))
    states("compute-budget", str(batches), f"{epoch:.1f}", f"{run / 60:.1f}", str(6 * 3), f"{hours:.1f}")
    states("compute-budget", f"{1.3 * hours:.1f}", str(affordable))
    assert max(5 * 2, 3 * 3) <= affordable


def test_model_card() -> None:
    day, night = 760 / 800, 140 / 200
    states("model-card", f"{day:.2f}", f"{night:.2f}", f"{_standard_error(night, 200):.3f}")
    states("model-card", str(760 + 140), f"{(760 + 140) / 1000:.2f}")
