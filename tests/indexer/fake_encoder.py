"""An Encoder without a model: hashed bags of words. It is exact, takes no time, and counts what it is asked."""

import errno
import hashlib
import re

import numpy as np

_TOKEN = re.compile(r"\w+|[^\w\s]")


class FakeEncoder:
    """Texts are near when they share words. `asked` lists every text that was encoded."""

    def __init__(self, name="fake", *, dimension=64, fails_after=None):
        self.name = name
        self.dimension = dimension
        self.max_tokens = 64
        self.asked = []
        self._fails_after = fails_after

    def count_tokens(self, texts):
        return [2 + len(_TOKEN.findall(text)) for text in texts]

    def encode(self, texts):
        self.asked.extend(texts)
        if self._fails_after is not None and len(self.asked) > self._fails_after:
            raise OSError(errno.ENOSPC, "No space left on device")
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row, 0] = 0.1
            for token in _TOKEN.findall(text.casefold()):
                digest = hashlib.blake2b(token.encode(), digest_size=4).digest()
                vectors[row, int.from_bytes(digest, "big") % self.dimension] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
