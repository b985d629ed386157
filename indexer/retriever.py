"""Question -> ranked Hits with scores that can be thresholded.

Dense and keyword search are fused by a convex combination of scores, not of ranks: rank
fusion throws away how sure each search is, which is why it loses to BM25 at rank 1 where
questions share words with the text (S. Bruch, S. Gai, A. Ingber: "An Analysis of Fusion
Functions for Hybrid Retrieval", ACM TOIS 2023, finds the same).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.encoder import Encoder, Vectors
from indexer.passages import Passage
from indexer.snapshot import Snapshot

DENSE_WEIGHT = 0.35
"""Share of the cosine in the fused score; see tests/retrieval for the sets it was chosen on."""

LEXICAL_SCALE = 0.5
"""BM25 is divided by its best score for the query; this brings it to the spread of cosines."""

_POOL = 400
_CONTEXT_WEIGHT = 0.5
_PASSAGES_PER_HIT = 6

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and for a follow-up what was asked before it."""

    text: str
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage of a hit. `number` is its position in the snapshot."""

    number: int
    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A source that may answer. `score` is fused; `similarity` is the best cosine of its passages and
    questions; `coverage` the share, by rarity, of the question's words that stand in it. All rise with fit."""

    source: str
    title: str
    kind: str
    score: float
    similarity: float
    coverage: float
    passages: tuple[ScoredPassage, ...]

    @property
    def best(self) -> Passage:
        """The passage that fits best."""
        return self.passages[0].passage


@dataclass(frozen=True)
class Result:
    """The hits of one question, best first. `known` is the share of its words, by rarity, that any note has;
    `vector` is the question's, shape (d,); `tokens` are its stems."""

    hits: tuple[Hit, ...]
    known: float
    vector: Vectors
    tokens: tuple[str, ...]


class Retriever:
    """Searches one snapshot. Stateless after construction, so that threads may share it."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder, *, dense_weight: float = DENSE_WEIGHT) -> None:
        self.snapshot = snapshot
        self.encoder = encoder
        self._dense_weight = dense_weight

    def search(self, query: Query, top_k: int = 5) -> Result:
        """The `top_k` best sources for one question."""
        return self.search_batch([query], top_k)[0]

    def search_batch(self, queries: Sequence[Query], top_k: int = 5) -> list[Result]:
        """The same for several questions, encoded together."""
        vectors = self._encode(queries)
        scores, rows = self.snapshot.vectors.search(vectors, _POOL)
        return [
            self._result(query, vector, self._dense(s, r), top_k)
            for query, vector, s, r in zip(queries, vectors, scores, rows, strict=True)
        ]

    def rank_dense(self, queries: Sequence[Query], top_k: int) -> list[list[str]]:
        """Sources by cosine alone."""
        scores, rows = self.snapshot.vectors.search(self._encode(queries), _POOL)
        return [self._best_sources(self._by_source(self._dense(s, r)), top_k) for s, r in zip(scores, rows, strict=True)]

    def rank_lexical(self, queries: Sequence[Query], top_k: int) -> list[list[str]]:
        """Sources by BM25 alone."""
        lexical = self.snapshot.lexical
        return [self._best_sources(self._by_source(lexical.scores(lexical.query_tokens(q.text))), top_k) for q in queries]

    def _encode(self, queries: Sequence[Query]) -> Vectors:
        """One vector a query; a follow-up's leans towards what was asked before it."""
        texts = [query.text for query in queries]
        follow_ups = [number for number, query in enumerate(queries) if query.previous]
        texts.extend(f"{queries[number].previous} {queries[number].text}" for number in follow_ups)
        vectors = self.encoder.encode(texts)
        plain, with_context = vectors[: len(queries)], vectors[len(queries) :]
        for number, vector in zip(follow_ups, with_context, strict=True):
            mixed = plain[number] + vector
            plain[number] = mixed / np.linalg.norm(mixed)
        return plain

    def _dense(self, scores: Scores, rows: NDArray[np.int64]) -> Scores:
        """The best cosine of each passage or its probes; outside the pool it is at most the pool's last."""
        dense = np.full(len(self.snapshot.passages), scores[-1], dtype=np.float32)
        np.maximum.at(dense, self.snapshot.passage_of_row[rows], scores)
        return dense

    def _by_source(self, of_passages: Scores) -> Scores:
        best = np.full(len(self.snapshot.sources), -1.0, dtype=np.float32)
        np.maximum.at(best, self.snapshot.source_of_passage, of_passages)
        return best

    def _best_sources(self, scores: Scores, top_k: int) -> list[str]:
        return [self.snapshot.sources[number] for number in _best(scores, top_k)]

    def _fuse(self, dense: Scores, lexical: Scores) -> Scores:
        top = float(lexical.max())
        scaled = lexical * (LEXICAL_SCALE / top) if top > 0 else lexical
        fused: Scores = self._dense_weight * dense + (1 - self._dense_weight) * scaled
        return fused

    def _result(self, query: Query, vector: Vectors, dense: Scores, top_k: int) -> Result:
        lexical = self.snapshot.lexical
        tokens = lexical.query_tokens(query.text)
        keyword = lexical.scores(tokens)
        if query.previous:
            keyword = keyword + _CONTEXT_WEIGHT * lexical.scores(lexical.query_tokens(query.previous))
        of_passages = self._fuse(dense, keyword)
        dense_of_sources = self._by_source(dense)
        of_sources = self._fuse(dense_of_sources, self._by_source(keyword))
        rarity = {token: lexical.rarity(token) for token in tokens}
        total = sum(rarity.values())
        known = sum(weight for token, weight in rarity.items() if lexical.knows(token)) / total if total else 0.0
        hits = tuple(
            self._hit(int(number), float(of_sources[number]), float(dense_of_sources[number]), of_passages, rarity)
            for number in _best(of_sources, top_k)
        )
        return Result(hits, known, vector, tuple(tokens))

    def _hit(self, number: int, score: float, similarity: float, of_passages: Scores, rarity: dict[str, float]) -> Hit:
        source = self.snapshot.sources[number]
        numbers = sorted(self.snapshot.passages_of_source[source], key=lambda n: -of_passages[n])
        total = sum(rarity.values())
        covered = sum(weight for token, weight in rarity.items() if self.snapshot.lexical.has_any(token, numbers))
        passages = tuple(
            ScoredPassage(n, self.snapshot.passages[n], float(of_passages[n])) for n in numbers[:_PASSAGES_PER_HIT]
        )
        first = passages[0].passage
        return Hit(source, first.title, first.kind, score, similarity, covered / total if total else 0.0, passages)


def _best(scores: Scores, top_k: int) -> list[int]:
    """Positions of the `top_k` best scores; equal scores keep their order."""
    if top_k < len(scores):
        candidates = np.sort(np.argpartition(-scores, top_k)[: top_k + 1])
    else:
        candidates = np.arange(len(scores))
    return [int(n) for n in sorted(candidates, key=lambda n: (-scores[n], n))[:top_k]]
