"""Typing slips in a question, mended with the words that the notes use."""

import re
from collections.abc import Iterable
from typing import Self

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from indexer.lexical_index import STOPWORDS, tokenise

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SHORTEST = 5
_LONG = 8
"""From this length on two slips are likely in one word; a slip is a letter too many, missing, wrong or swapped."""


def _words(texts: Iterable[str]) -> list[str]:
    return [word.casefold() for text in texts for word in _WORD.findall(text)]


class Spelling:
    """The words of the notes. A word is known if it or another form of it stands there."""

    def __init__(self, known: Iterable[str], names: Iterable[str] = ()) -> None:
        """`known` are words in lower case; those in `names` win where two are equally near."""
        self._stems: set[str] = set()
        self._by_initial: dict[str, list[str]] = {}
        for word in dict.fromkeys([*sorted(set(names)), *sorted(set(known))]):
            self._stems.update(tokenise(word))
            if len(word) >= _SHORTEST - 1 and word.isalpha():
                self._by_initial.setdefault(word[0], []).append(word)

    @classmethod
    def from_texts(cls, texts: Iterable[str], names: Iterable[str] = ()) -> Self:
        """The words of `texts`, and of `names`, which are what learners ask about most."""
        return cls(_words(texts), _words(names))

    def repair(self, text: str) -> str:
        """The text with each unknown word replaced by the known one that it most likely misspells."""
        return _WORD.sub(lambda match: self._repaired(match[0]), text)

    def _repaired(self, word: str) -> str:
        plain = word.casefold()
        if len(plain) < _SHORTEST or not plain.isalpha() or plain in STOPWORDS:
            return word
        if self._stems.issuperset(tokenise(plain)):
            return word
        known = self._by_initial.get(plain[0], [])
        slips = 2 if len(plain) >= _LONG else 1
        best = process.extractOne(plain, known, scorer=DamerauLevenshtein.distance, score_cutoff=slips)
        return str(best[0]) if best else word
