"""The numbers in the worked examples on study technique (recall, spacing, plans, rhythm), computed again."""

import math
from itertools import accumulate, pairwise

import pytest
import torch

from knowledge.curriculum import Curriculum
from knowledge.loader import load_knowledge
from tests.knowledge.worked_example import states
from tests.paths import KNOWLEDGE


def _curriculum() -> Curriculum:
    curriculum = load_knowledge(KNOWLEDGE).curriculum
    assert curriculum is not None
    return curriculum


def test_retrieval_practice() -> None:
    questions, first, second, look_up = 20, 11, 17, 4
    misses = questions - first
    mending = misses * look_up
    states(
        "retrieval-practice",
        str(questions),
        str(first),
        f"{first / questions:.0%}",
        str(misses),
        str(mending),
        str(questions * 1 + mending),
        str(second),
        f"{second / questions:.0%}",
        str(questions - second),
    )
    assert questions + mending < 90


def test_spaced_repetition() -> None:
    gaps = [3**k for k in range(4)]
    days = list(accumulate(gaps))
    failed = days[2]
    after_failure = list(accumulate([1, 3], initial=failed))[1:]
    states(
        "spaced-repetition",
        *(str(gap) for gap in gaps),
        *(str(day) for day in days),
        str(len(days) * 5),
        str(failed),
        *(str(day) for day in after_failure),
    )


def test_interleaving() -> None:
    changes = [sum(a != b for a, b in pairwise(order)) for order in ("AAABBBCCC", "ABCABCABC")]
    p, q = torch.tensor([0.75, 0.25]), torch.tensor([0.5, 0.5])
    entropy = torch.distributions.Categorical(p).entropy().item()
    cross = -(p * q.log()).sum().item()
    kl = torch.nn.functional.kl_div(q.log(), p, reduction="sum").item()
    assert entropy + kl == pytest.approx(cross)
    assert round(entropy, 3) + round(kl, 3) == pytest.approx(round(cross, 3))
    states("interleaving", *(str(c) for c in changes), *(f"{x:.3f}" for x in (entropy, cross, kl)))


def test_self_explanation() -> None:
    logits = torch.tensor([[2.0, 1.0, 0.0]], requires_grad=True)
    torch.nn.functional.cross_entropy(logits, torch.tensor([1])).backward()
    probabilities, gradient = logits.detach().softmax(1)[0].tolist(), logits.grad[0].tolist()
    assert sum(gradient) == pytest.approx(0, abs=1e-6)
    states(
        "self-explanation",
        *(f"{p:.3f}" for p in probabilities),
        *(f"{g:.3f}" for g in gradient),
        f"{1 - probabilities[1]:.3f}",
    )


def test_illusion_of_fluency() -> None:
    first, second = (100 * (guess - right) // 10 for guess, right in ((9, 4), (6, 5)))
    states("illusion-of-fluency", str(first), str(second))


def test_productive_struggle() -> None:
    alone, hints = 25, 3 * 10
    longest = alone + hints
    in_all = longest + 20
    states("productive-struggle", str(alone), str(hints), str(longest), str(in_all), str(2 * in_all))
    assert 2 * in_all == _curriculum().hours_per_week * 60 / 4


def test_flashcards() -> None:
    steps, probability = 5, 0.8
    reviews = 5 * 4
    states(
        "flashcards",
        f"{probability**steps:.3f}",
        f"{steps * probability:.0f}",
        f"{steps * (1 - probability):.0f}",
        str(reviews),
        f"{reviews * 15 / 60:.0f}",
    )


def test_if_then_plan() -> None:
    planned, kept, late, broken, ill = 16, 9, 4, 2, 1
    aimed_at = late + broken
    assert kept + late + broken + ill == planned
    best, half = kept + aimed_at, kept + aimed_at // 2
    states(
        "if-then-plan",
        str(planned - kept),
        f"{kept / planned:.0%}",
        str(aimed_at),
        str(best),
        f"{best / planned:.0%}",
        str(half),
        f"{half / planned:.0%}",
    )


def test_study_rhythm() -> None:
    short, pace = 4 * 90 / 60, _curriculum().hours_per_week
    assert short + 4 == pace
    weeks = _curriculum().steps[2].weeks
    hours = [w * pace for w in (weeks.min, weeks.max)]
    lessons = next(r for id_, r in _curriculum().resources.items() if id_ == "fastai-practical-deep-learning").units
    per_lesson = (9 + 11) / 2
    left = (len(lessons) - 2) * per_lesson
    assert len(lessons) - 2 == 7
    states(
        "study-rhythm",
        f"{short:.0f}",
        f"{pace:g}",
        f"{weeks.min:g}",
        f"{weeks.max:g}",
        *(f"{h:g}" for h in hours),
        *(f"{h / short:.0f}" for h in hours),
        f"{per_lesson:.0f}",
        f"{left:.0f}",
        f"{left / short * 1.2:.0f}",
    )
    assert math.isclose(left / short * 1.2, 14)
