"""Fits the weights of `bot.features.ask.rules.confidence` again: `python -m tests.retrieval.calibrate`.

Prints what to paste there, and the error rates on the development sets and on the held-out
golden sets. Run it after notes, outside topics or the search have changed much.
"""

from collections.abc import Sequence
from dataclasses import astuple, fields
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bot.features.ask.rules.confidence import Signals, find_signals
from bot.features.ask.rules.names import build_names, find_named
from indexer.build import build_index, is_stale
from indexer.encoder import SentenceTransformerEncoder
from indexer.evaluate import LabelledQuestion
from indexer.manifest import current_version
from indexer.retriever import Query, Retriever
from indexer.snapshot import Snapshot
from knowledge.loader import load_knowledge
from tests.paths import KNOWLEDGE, ROOT
from tests.retrieval.sets import decline, development, development_decline, golden

_INDEX = ROOT / "data" / "index"
_TOP_K = 8


def main() -> None:
    encoder = SentenceTransformerEncoder(threads=2)
    if is_stale(KNOWLEDGE, _INDEX, encoder.name):
        build_index(KNOWLEDGE, _INDEX, encoder, now=datetime.now(UTC))
    snapshot = Snapshot.read(current_version(_INDEX), model=encoder.name, dimension=encoder.dimension)
    retriever = Retriever(snapshot, encoder)
    good, bad = _signals(retriever, development()), _signals(retriever, development_decline())
    model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=5000)
    model.fit(np.vstack([good, bad]), np.r_[np.ones(len(good)), np.zeros(len(bad))])
    names = [field.name for field in fields(Signals)]
    weights = ", ".join(f"{name}={weight:.2f}" for name, weight in zip(names, model.coef_[0], strict=True))
    print(f"WEIGHTS = Signals({weights})\nBIAS = {model.intercept_[0]:.2f}")
    _report("development", model, good, bad)
    _report("golden", model, _signals(retriever, golden()), _signals(retriever, decline()))


def _signals(retriever: Retriever, questions: Sequence[LabelledQuestion]) -> NDArray[np.float64]:
    """The signals of each question, shape (questions, 7), as the tutor would see them."""
    curriculum = load_knowledge(KNOWLEDGE).curriculum
    names = build_names(curriculum) if curriculum else {}
    queries = [Query(q.query.text, q.query.previous, find_named(q.query.text, names)) for q in questions]
    return np.array([astuple(find_signals(result)) for result in retriever.search_batch(queries, _TOP_K)])


def _report(name: str, model: LogisticRegression, good: NDArray[np.float64], bad: NDArray[np.float64]) -> None:
    declined = float((model.predict_proba(good)[:, 1] < 0.5).mean())
    answered = float((model.predict_proba(bad)[:, 1] >= 0.5).mean())
    print(f"{name}: wrongly declined {declined:.1%} of {len(good)}, wrongly answered {answered:.1%} of {len(bad)}")


if __name__ == "__main__":
    main()
