"""Keyword search. The only importer of bm25s and of the stemmer."""

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self

import bm25s
import numpy as np
import Stemmer
from bm25s import stopwords
from numpy.typing import NDArray

Scores = NDArray[np.float32]

# A word, or an identifier such as nn.Linear, r_t or 3.11, whose parts count as well.
_TOKEN = re.compile(r"[^\W_]+(?:[._+#'’-]+[^\W_]+)*")
_PART = re.compile(r"[^\W_]+")

ENGLISH_SMALL_WORDS = frozenset(stopwords.STOPWORDS_EN_PLUS)
FOREIGN_SMALL_WORDS = tuple(
    frozenset(language) - ENGLISH_SMALL_WORDS
    for language in (
        stopwords.STOPWORDS_GERMAN,
        stopwords.STOPWORDS_FRENCH,
        stopwords.STOPWORDS_SPANISH,
        stopwords.STOPWORDS_PORTUGUESE,
        stopwords.STOPWORDS_ITALIAN,
        stopwords.STOPWORDS_DUTCH,
        stopwords.STOPWORDS_SWEDISH,
        stopwords.STOPWORDS_NORWEGIAN,
        stopwords.STOPWORDS_DANISH,
        stopwords.STOPWORDS_TURKISH,
        stopwords.STOPWORDS_RUSSIAN,
    )
)
"""The small words of other languages, a set for each, without those that are English too."""

STOPWORDS = ENGLISH_SMALL_WORDS | frozenset(
    "actually anyone anybody basically does doesn exactly explain hey hello hi im isn just know like lol mean "
    "means pls plz please really someone something stuff tell thing things want wanna whats wtf dont cant "
    "isnt doesnt ive its thats u ur btw ok okay understand arent wasnt werent wont wouldnt couldnt shouldnt didnt "
    "hasnt havent hadnt youre theyre whos wheres hows lets gonna gotta kinda sorta".split()
)


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    return str(_stemmer.stemWord(word))


_stemmer = Stemmer.Stemmer("english")


def words(text: str) -> list[str]:
    """Lower-case words without stop words, not stemmed. "nn.Linear" gives nn.linear, nn and linear."""
    found: list[str] = []
    for match in _TOKEN.findall(text.casefold().replace("’", "'")):
        token = match.removesuffix("'s")
        parts = _PART.findall(token)
        found.extend(part for part in parts if part not in STOPWORDS)
        is_contraction = "'" in token and STOPWORDS.issuperset(parts)
        if len(parts) > 1 and not is_contraction:
            found.append(token)
    return found


def tokenise(text: str) -> list[str]:
    """Stemmed words for the index and the query alike."""
    return [_stem(word) for word in words(text)]


class LexicalIndex:
    """BM25 over texts. Row n is the n-th text."""

    def __init__(self, bm25: bm25s.BM25) -> None:
        self._bm25 = bm25

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> Self:
        """Index `texts`, which must not be empty."""
        bm25 = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        corpus = [tokenise(text) or ["\x00"] for text in texts]  # a text without words must keep its row
        bm25.index(corpus, show_progress=False)
        return cls(bm25)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote.

        Raises:
            ValueError: a file is missing or unreadable.
        """
        try:
            return cls(bm25s.BM25.load(str(folder), load_corpus=False, allow_pickle=False, show_progress=False))
        except (OSError, EOFError, LookupError, ValueError, TypeError, AttributeError) as error:
            raise ValueError(f"{folder.name}/ cannot be read") from error

    def write(self, folder: Path) -> None:
        """Write the index into `folder`. Raises OSError where the disk does."""
        self._bm25.save(str(folder), allow_pickle=False, show_progress=False)

    @cached_property
    def _frequencies(self) -> dict[str, int]:
        """In how many texts each stem stands."""
        pointers = np.asarray(self._bm25.scores["indptr"])
        counts = np.diff(pointers)
        return {token: int(counts[row]) for token, row in self._bm25.vocab_dict.items() if token and row < len(counts)}

    @property
    def size(self) -> int:
        return int(self._bm25.scores["num_docs"])

    def knows(self, token: str) -> bool:
        """Whether any text has this stem."""
        return token in self._bm25.vocab_dict

    def rows(self, token: str) -> NDArray[np.int32]:
        """The rows that have the stem, each once."""
        column = self._bm25.vocab_dict.get(token)
        if column is None:
            return np.empty(0, dtype=np.int32)
        start, end = self._bm25.scores["indptr"][column : column + 2]
        rows: NDArray[np.int32] = self._bm25.scores["indices"][start:end]
        return rows

    def rarity(self, token: str) -> float:
        """Inverse document frequency in nats; an unknown stem is as rare as one that stands once."""
        count = self._frequencies.get(token, 1)
        return float(np.log1p((self.size - count + 0.5) / (count + 0.5)))

    def scores(self, tokens: Sequence[str]) -> Scores:
        """The BM25 score of every row, shape (size,); 0 where no token stands."""
        known = [token for token in tokens if self.knows(token)]
        if not known:
            return np.zeros(self.size, dtype=np.float32)
        return np.asarray(self._bm25.get_scores(known), dtype=np.float32)
