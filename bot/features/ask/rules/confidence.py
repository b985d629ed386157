"""Deciding whether the material covers a question at all.

One cosine threshold cannot: at the value that answers most good questions it also answers
every eighth question of a neighbouring field. Seven signals together can. The coefficients are
a logistic regression on `tests/retrieval/development.jsonl` and `development_decline.jsonl`
(`python -m tests.retrieval.calibrate` fits them again and prints the error rates); the golden
set, which is not used for it, guards the result.
"""

import math
from dataclasses import dataclass

from indexer.retriever import Result


@dataclass(frozen=True, slots=True)
class Signals:
    """What the decision rests on; every one but `outside` speaks for an answer."""

    similarity: float
    """Best cosine of the question to a passage or a listed question of any hit."""
    coverage: float
    """Best share of the question's words, by rarity, that one hit has."""
    known: float
    """Share of the question's words, by rarity, that any note has."""
    named: float
    """Share of the question's words, by rarity, that belong to names of concepts which it names."""
    length: float
    """ln(1 + number of different words): one shared word is chance, five are not."""
    has_context: float
    """1 for a follow-up, whose own words say little."""
    outside: float
    """Best cosine to a topic that is listed as not covered."""


WEIGHTS = Signals(similarity=13.49, coverage=5.64, known=2.24, named=2.54, length=4.68, has_context=5.20, outside=-8.30)
BIAS = -17.49

USUAL_OUTSIDE = 0.25
"""Stands in for `outside` where a folder lists no such topics: about its mean over answerable questions."""


def find_signals(result: Result) -> Signals:
    """The signals of one search."""
    return Signals(
        similarity=max((hit.similarity for hit in result.hits), default=0.0),
        coverage=max((hit.coverage for hit in result.hits), default=0.0),
        known=result.known,
        named=result.named,
        length=math.log1p(len(set(result.tokens))),
        has_context=float(result.has_context),
        outside=USUAL_OUTSIDE if result.outside is None else result.outside,
    )


def confidence(signals: Signals) -> float:
    """How likely the material answers the question, from 0 to 1."""
    score = BIAS + (
        WEIGHTS.similarity * signals.similarity
        + WEIGHTS.coverage * signals.coverage
        + WEIGHTS.known * signals.known
        + WEIGHTS.named * signals.named
        + WEIGHTS.length * signals.length
        + WEIGHTS.has_context * signals.has_context
        + WEIGHTS.outside * signals.outside
    )
    return 1 / (1 + math.exp(-score))


def is_answerable(result: Result, threshold: float = 0.5) -> bool:
    """Whether the question should be answered from these hits."""
    return bool(result.hits) and confidence(find_signals(result)) >= threshold
