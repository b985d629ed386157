"""Nearest vectors by inner product. The only importer of faiss."""

from pathlib import Path
from typing import Self

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.encoder import Vectors


class VectorIndex:
    """An exact FAISS index of unit vectors; a score is a cosine, higher is better."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def from_vectors(cls, vectors: Vectors) -> Self:
        """An index of `vectors`, shape (n, d)."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors))
        return cls(index)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote.

        Raises:
            ValueError: the file is missing or no such index.
        """
        try:
            # Without the limit a damaged header makes faiss ask for up to a terabyte.
            faiss.set_deserialization_vector_byte_limit(path.stat().st_size)
            index = faiss.read_index(str(path))
        except (OSError, RuntimeError, MemoryError) as error:
            raise ValueError(f"{path.name} cannot be read") from error
        if not isinstance(index, faiss.IndexFlat) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
            raise ValueError(f"{path.name} is no exact index of inner products")
        return cls(index)

    def write(self, path: Path) -> None:
        """Write the index to `path`.

        Raises:
            OSError: the disk is full or not writable.
        """
        path.write_bytes(
            faiss.serialize_index(self._index).tobytes()
        )  # faiss.write_index overlooks a disk that fills at the end

    @property
    def size(self) -> int:
        """How many vectors there are."""
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def vectors(self) -> Vectors:
        """All vectors, shape (n, d), in the order they were added."""
        return np.asarray(self._index.reconstruct_n(0, self.size), dtype=np.float32)

    def search(self, queries: Vectors, k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The k best rows of each query: scores and row numbers, both of shape (len(queries), min(k, size))."""
        # OpenMP threads would compete with the event loop for the cores; the number holds for the calling thread only.
        faiss.omp_set_num_threads(1)
        scores, rows = self._index.search(queries, min(k, self.size))
        return scores, rows
