"""Typing slips are mended with the words of the notes, and nothing else is touched."""

import pytest

from indexer.spelling import Spelling

SPELLING = Spelling.from_texts(
    ["Backpropagation computes the gradients of a loss.", "The Bellman equation; the agent's value."]
)


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        ("what is backproppagation", "what is backpropagation"),
        ("backpropagtion and bakcpropagation", "backpropagation and backpropagation"),
        ("explain the Belman equation pls", "explain the bellman equation pls"),
        ("the bellmna eqaution", "the bellman equation"),
        ("bellmnaa", "bellman"),  # two slips in a long word
        ("bemlna", "bemlna"),  # two slips in a short one
        ("gradient", "gradient"),  # another form of a known word
        ("computing computed computes", "computing computed computes"),
        ("lnr", "lnr"),  # too short to tell
        ("zebra kubernetes", "zebra kubernetes"),  # nothing is near
        ("nn.Linear(784, 10) → s_t", "nn.Linear(784, 10) → s_t"),
        ("please, really??", "please, really??"),
        ("", ""),
    ],
)
def test_repair(written, mended):
    assert SPELLING.repair(written) == mended


def test_only_words_with_the_same_first_letter_are_considered():
    assert SPELLING.repair("cellman") == "cellman"


def test_a_name_wins_over_a_word_that_is_as_near():
    texts = ["A tired learner.", "The deadly triad."]
    assert Spelling.from_texts(texts).repair("tirad") == "tired"
    assert Spelling.from_texts(texts, ["deadly triad"]).repair("tirad") == "triad"


def test_without_notes_nothing_is_mended():
    assert Spelling.from_texts([]).repair("bellmann") == "bellmann"
