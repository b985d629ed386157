"""Passages of different sources that say the same thing, found by the cosine of their vectors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.encoder import Vectors
from indexer.passages import Passage

SAME = 0.93
"""Cosine from which two passages count as the same. In this curriculum, passages on neighbouring
concepts that each say something of their own reach 0.91 with the default model."""


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two passages of different sources; `cosine` is their similarity."""

    first: Passage
    second: Passage
    cosine: float


def find_near_duplicates(passages: Sequence[Passage], vectors: Vectors, threshold: float = SAME) -> list[NearDuplicate]:
    """Pairs of passages from different sources with a cosine of at least `threshold`, the most alike first.

    `vectors` has shape (len(passages), d) and unit rows. Takes a matrix of len(passages)² float32 numbers:
    5,000 passages need 100 MB.
    """
    if len(passages) != len(vectors):
        raise ValueError(f"{len(passages)} passages, but {len(vectors)} vectors")
    cosines = np.triu(vectors @ vectors.T, k=1)
    rows, columns = np.nonzero(cosines >= threshold)
    found = [
        NearDuplicate(passages[row], passages[column], float(cosines[row, column]))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if passages[row].source != passages[column].source
    ]
    return sorted(found, key=lambda pair: -pair.cosine)
