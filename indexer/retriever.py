"""Question -> ranked Hits with scores that can be thresholded.

Dense and keyword search are fused by a convex combination of scores, not of ranks: rank
fusion throws away how sure each search is, which is why it loses to BM25 at rank 1 where
questions share words with the text (S. Bruch, S. Gai, A. Ingber: "An Analysis of Fusion
Functions for Hybrid Retrieval", ACM TOIS 2023, finds the same).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.encoder import Encoder, Vectors
from indexer.lexical_index import tokenise
from indexer.passages import Passage
from indexer.snapshot import Snapshot
from indexer.wanted import unwanted_headings, unwanted_kinds

DENSE_WEIGHT = 0.5
"""Share of the cosine in the fused score; see tests/retrieval for the sets it was chosen on."""

LEXICAL_SCALE = 0.5
"""BM25 is divided by its best score for the query; this brings it to the spread of cosines."""

UNWANTED_PENALTY = 0.12
"""Taken from the fused score of a source of a kind that the question does not ask for; chosen on the same sets."""

EXACT_NAME_BONUS = 0.15
"""Added to a source if the question is nothing but one of its names: "what is overfitting?"."""

_POOL = 400
_CONTEXT_WEIGHT = 1.0
_PASSAGES_PER_HIT = 12

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, for a follow-up what was asked before it, and sources that the hits must contain."""

    text: str
    previous: str | None = None
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage of a hit. `number` is its position in the snapshot; `score` counts its own words only,
    not the questions that lead to its note.
    """

    number: int
    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A source that may answer. `score` is fused; `similarity` is the best cosine of its passages and
    questions; `coverage` the share, by rarity, of the question's words that stand in it. All rise with fit.
    """

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
    `named` the share that belongs to names of the sources that the hits had to contain;
    `outside` the best cosine to a topic that is not covered, or None where no such topics are listed;
    `tokens` are the question's stems.
    """

    hits: tuple[Hit, ...]
    known: float
    named: float
    outside: float | None
    tokens: tuple[str, ...]
    has_context: bool


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
        queries = [self._repaired(query) for query in queries]
        vectors = self._encode(queries)
        scores, rows = self.snapshot.vectors.search(vectors, _POOL)
        return [
            self._result(query, s, r, o, top_k)
            for query, s, r, o in zip(queries, scores, rows, self._outside(vectors), strict=True)
        ]

    def _repaired(self, query: Query) -> Query:
        return replace(query, text=self.snapshot.spelling.repair(query.text))

    def rank_dense(self, queries: Sequence[Query], top_k: int) -> list[list[str]]:
        """Sources by cosine alone."""
        vectors = self._encode([self._repaired(query) for query in queries])
        scores, rows = self.snapshot.vectors.search(vectors, _POOL)
        return [
            self._best_sources(self._by_source(self._dense(s, r)), top_k) for s, r in zip(scores, rows, strict=True)
        ]

    def rank_lexical(self, queries: Sequence[Query], top_k: int) -> list[list[str]]:
        """Sources by BM25 alone."""
        return [self._best_sources(self._lexical(self._repaired(query)), top_k) for query in queries]

    def _encode(self, queries: Sequence[Query]) -> Vectors:
        """One vector a query; a follow-up's leans towards what was asked before it."""
        texts = [query.text for query in queries]
        follow_ups = [number for number, query in enumerate(queries) if query.previous]
        texts.extend(f"{queries[number].previous} {queries[number].text}" for number in follow_ups)
        vectors = self.encoder.encode(texts)
        plain, with_context = vectors[: len(queries)], vectors[len(queries) :]
        for number, vector in zip(follow_ups, with_context, strict=True):
            mixed = 0.5 * plain[number] + vector
            plain[number] = mixed / np.linalg.norm(mixed)
        return plain

    def _outside(self, vectors: Vectors) -> list[float | None]:
        if not self.snapshot.outside.size:
            return [None] * len(vectors)
        scores, _ = self.snapshot.outside.search(vectors, 1)
        return [float(score) for score in scores[:, 0]]

    def _dense(self, scores: Scores, rows: NDArray[np.int64], floor: float | None = None) -> Scores:
        """The best cosine of each passage over `rows`; outside the pool it is at most the pool's last, the floor."""
        lowest = scores[-1] if floor is None else floor
        dense = np.full(len(self.snapshot.passages), lowest, dtype=np.float32)
        np.maximum.at(dense, self.snapshot.passage_of_row[rows], scores)
        return dense

    def _lexical(self, query: Query) -> Scores:
        """BM25 of every source: the best of its passages and the whole of it count alike."""
        scores = self._lexical_text(query.text)
        return scores + _CONTEXT_WEIGHT * self._lexical_text(query.previous) if query.previous else scores

    def _lexical_text(self, text: str) -> Scores:
        tokens = tokenise(text)
        best_passage = self._by_source(self.snapshot.lexical_passages.scores(tokens))
        total: Scores = best_passage + self.snapshot.lexical_sources.scores(tokens)
        return total

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

    def _penalty(self, query: Query) -> Scores:
        """For each source what its kind costs it for this question; a source that the question names pays nothing."""
        penalty = np.zeros(len(self.snapshot.sources), dtype=np.float32)
        for kind in unwanted_kinds(f"{query.previous or ''} {query.text}"):
            if kind in self.snapshot.kind_of_source:
                penalty[self.snapshot.kind_of_source[kind]] = UNWANTED_PENALTY
        asked = set(tokenise(f"{query.previous or ''} {query.text}"))
        for number in np.flatnonzero(penalty).tolist():
            names = self.snapshot.names.get(self.snapshot.sources[number], ())
            if any(name and name <= asked for name in names):
                penalty[number] = 0.0
        return penalty

    def _bonus(self, tokens: Sequence[str]) -> Scores:
        """For each source what it gains if the question consists of one of its names."""
        asked = frozenset(tokens)
        bonus = np.zeros(len(self.snapshot.sources), dtype=np.float32)
        for source in self.snapshot.sources_of_name.get(asked, ()) if asked else ():
            bonus[self.snapshot.number_of_source[source]] = EXACT_NAME_BONUS
        return bonus

    def _in_names(self, tokens: Iterable[str], sources: Iterable[str]) -> set[str]:
        """Those of the tokens that stand in a name of one of the sources."""
        names = [name for source in sources for name in self.snapshot.names.get(source, ())]
        return set(tokens) & frozenset().union(*names)

    def _result(
        self, query: Query, scores: Scores, rows: NDArray[np.int64], outside: float | None, top_k: int
    ) -> Result:
        lexical = self.snapshot.lexical_sources
        tokens = tokenise(query.text)
        dense_of_sources = self._by_source(self._dense(scores, rows))
        of_sources = self._fuse(dense_of_sources, self._lexical(query)) - self._penalty(query) + self._bonus(tokens)
        own = rows < len(self.snapshot.passages)
        cosines = self._dense(scores[own], rows[own], floor=float(scores[-1]))
        rarity = {token: lexical.rarity(token) for token in tokens}
        total = sum(rarity.values())
        known = sum(weight for token, weight in rarity.items() if lexical.knows(token)) / total if total else 0.0
        covered = self._covered(rarity)
        unwanted = unwanted_headings(f"{query.previous or ''} {query.text}")
        hits = tuple(
            _hit(
                float(of_sources[number]),
                float(dense_of_sources[number]),
                float(covered[number]),
                self._scored(number, cosines, rarity, unwanted),
            )
            for number in self._with_included(_best(of_sources, top_k), query.include)
        )
        named = sum(rarity[token] for token in self._in_names(rarity, query.include)) / total if total else 0.0
        return Result(hits, known, named, outside, tuple(tokens), bool(query.previous))

    def _with_included(self, numbers: list[int], include: Sequence[str]) -> list[int]:
        named = [
            self.snapshot.number_of_source[source] for source in include if source in self.snapshot.number_of_source
        ]
        return list(dict.fromkeys([*numbers, *named]))

    def _covered(self, rarity: Mapping[str, float]) -> NDArray[np.float64]:
        """For each source the share, by rarity, of the stems that stand in it."""
        covered = np.zeros(len(self.snapshot.sources))
        for token, weight in rarity.items():
            covered[self.snapshot.lexical_sources.rows(token)] += weight
        return covered / (sum(rarity.values()) or 1.0)

    def _scored(
        self, number: int, cosines: Scores, rarity: Mapping[str, float], unwanted: frozenset[str]
    ) -> tuple[ScoredPassage, ...]:
        """The best passages of a source, best first, without those under unwanted headings."""
        passages = self.snapshot.passages
        of_source = self.snapshot.passages_of_source[self.snapshot.sources[number]]
        numbers = [n for n in of_source if unwanted.isdisjoint(passages[n].heading)]
        weights = rarity.items()
        total = sum(rarity.values()) or 1.0
        lexical_weight = (1 - self._dense_weight) * LEXICAL_SCALE
        scores: list[float] = []
        for passage, cosine in zip(numbers, cosines[numbers].tolist(), strict=True):
            stems = self.snapshot.stems(passage)
            coverage = sum([weight for token, weight in weights if token in stems]) / total
            scores.append(self._dense_weight * cosine + lexical_weight * coverage)
        best = sorted(zip(scores, numbers, strict=True), key=lambda item: -item[0])[:_PASSAGES_PER_HIT]
        return tuple(ScoredPassage(passage, passages[passage], score) for score, passage in best)


def _hit(score: float, similarity: float, coverage: float, passages: tuple[ScoredPassage, ...]) -> Hit:
    first = passages[0].passage
    return Hit(first.source, first.title, first.kind, score, similarity, coverage, passages)


def _best(scores: Scores, top_k: int) -> list[int]:
    """Positions of the `top_k` best scores; equal scores keep their order."""
    return [int(number) for number in np.argsort(-scores, kind="stable")[:top_k]]
