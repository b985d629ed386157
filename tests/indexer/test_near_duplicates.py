"""Passages that say the same thing."""

import numpy as np
import pytest

from indexer.near_duplicates import find_near_duplicates
from indexer.passages import Passage, Segment


def passage(source: str, text: str) -> Passage:
    return Passage(source, "concept", source, ("Intuition",), (Segment(text),), source)


PASSAGES = [passage("a", "one"), passage("a", "two"), passage("b", "three"), passage("c", "four")]


def unit(*angles: float) -> np.ndarray:
    radians = np.radians(angles)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def found(vectors, threshold):
    return [
        (pair.first.text, pair.second.text, round(pair.cosine, 3))
        for pair in find_near_duplicates(PASSAGES, vectors, threshold)
    ]


def test_pairs_of_different_sources_most_alike_first():
    # cos 10° = 0.985, cos 20° = 0.940, cos 30° = 0.866
    assert found(unit(0, 10, 30, 90), 0.93) == [("two", "three", 0.94)]
    assert found(unit(0, 10, 30, 90), 0.86) == [("two", "three", 0.94), ("one", "three", 0.866)]


def test_a_source_may_repeat_itself():
    assert found(unit(0, 0, 90, 180), 0.99) == []


def test_the_threshold_itself_counts():
    vectors = np.array([[1, 0], [0, 1], [1, 0], [0, -1]], dtype=np.float32)
    assert found(vectors, 1.0) == [("one", "three", 1.0)]


def test_every_passage_needs_a_vector():
    with pytest.raises(ValueError, match="4 passages, but 3 vectors"):
        find_near_duplicates(PASSAGES, unit(0, 1, 2))
