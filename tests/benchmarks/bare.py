"""The least that any search by meaning must do: encode the text and look up its nearest vectors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import faiss
import numpy as np

from indexer.encoder import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_NEAREST = 10


class Bare:
    """sentence-transformers and faiss alone. Torch keeps the number of threads that the process has set."""

    def __init__(self, model: "SentenceTransformer", vectors: Vectors) -> None:
        self._model = model
        self._index = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(np.ascontiguousarray(vectors))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One call of the model for all texts."""
        vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    def search(self, text: str) -> None:
        """Encode one text and find its nearest vectors."""
        faiss.omp_set_num_threads(1)
        self._index.search(self.encode([text]), _NEAREST)
