"""The numeric keys on study technique (recall, spacing, plans, rhythm), computed again."""

from itertools import accumulate, pairwise

import torch

from tests.knowledge.numeric_keys import has_key


def test_a_round_of_recall() -> None:
    has_key("retrieval-practice-round", 24 * 1 + (24 - 15) * 5)


def test_doubling_gaps() -> None:
    has_key("spaced-repetition-fourth-review", list(accumulate(2**k for k in range(4)))[-1])


def test_changes_of_topic() -> None:
    mixed, blocks = (sum(a != b for a, b in pairwise(order)) for order in ("PRPRPRPR", "PPPPRRRR"))
    has_key("interleaving-changes", mixed - blocks)


def test_softmax_gradient() -> None:
    logits = torch.tensor([[0.2, 0.5, 0.3]], dtype=torch.float64).log().requires_grad_()
    torch.nn.functional.cross_entropy(logits, torch.tensor([2])).backward()
    has_key("self-explanation-softmax-gradient", logits.grad[0, 2].item())


def test_gap_between_guess_and_result() -> None:
    has_key("illusion-of-fluency-gap", 100 * (16 - 9) / 20)


def test_longest_struggle() -> None:
    has_key("productive-struggle-longest", 20 + 4 * 5)


def test_card_with_four_facts() -> None:
    has_key("flashcards-four-facts", 0.9**4)


def test_rescued_sessions() -> None:
    has_key("if-then-plan-rescued", 100 * (11 + 6 / 3) / 20)


def test_weeks_left() -> None:
    has_key("study-rhythm-weeks", 60 / 5 * 1.2)
