"""hit@k, MRR and refusal rates of a retriever on a file of questions."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.retriever import Query, Result, Retriever

_DEPTH = 10
_BATCH = 64


class QuestionFileError(Exception):
    """A question file that cannot be used; names the line."""


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question and the sources that answer it; none means that it must be declined."""

    query: Query
    relevant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RankScores:
    """Means over the questions that have an answer; sources count, not passages."""

    hit_at_1: float
    hit_at_5: float
    mrr_at_10: float

    def as_json(self) -> dict[str, float]:
        """The names that reports use."""
        return {"hit@1": self.hit_at_1, "hit@5": self.hit_at_5, "mrr@10": self.mrr_at_10}


@dataclass(frozen=True, slots=True)
class Refusals:
    """Shares from 0 to 1: good questions that were declined, and bad ones that were answered."""

    wrongly_declined: float
    wrongly_answered: float


def read_questions(path: Path) -> list[LabelledQuestion]:
    """Read JSON lines `{"question": …, "relevant": [source id, …]}`, optionally with "previous".

    Raises:
        QuestionFileError: the file cannot be read, has no question, or a line has another form.
    """
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionFileError(f"{path} cannot be read: {error}") from error
    questions = [_question(line, f"{path}:{number}") for number, line in enumerate(lines, start=1) if line.strip()]
    if not questions:
        raise QuestionFileError(f"{path} has no question; write one JSON object a line")
    return questions


def _question(line: str, place: str) -> LabelledQuestion:
    try:
        data = json.loads(line)
    except json.JSONDecodeError as error:
        raise QuestionFileError(f"{place} is not JSON: {error.msg}") from error
    form = 'write {"question": "…", "relevant": ["source id", …]}'
    if not isinstance(data, dict) or not isinstance(data.get("question"), str):
        raise QuestionFileError(f"{place} has no question; {form}")
    relevant = data.get("relevant")
    if not isinstance(relevant, list) or not all(isinstance(source, str) for source in relevant):
        raise QuestionFileError(f"{place} has no list of relevant sources; {form}")
    previous = data.get("previous")
    return LabelledQuestion(Query(data["question"], previous if isinstance(previous, str) else None), tuple(relevant))


def unknown_sources(questions: Sequence[LabelledQuestion], retriever: Retriever) -> list[str]:
    """Relevant sources that the index does not have, each once."""
    known = set(retriever.snapshot.sources)
    return sorted({source for question in questions for source in question.relevant} - known)


def evaluate_ranking(retriever: Retriever, questions: Sequence[LabelledQuestion]) -> dict[str, RankScores]:
    """The scores of dense, BM25 and fused search, side by side. Questions without an answer do not count."""
    answerable = [question for question in questions if question.relevant]
    relevant = [question.relevant for question in answerable]
    queries = [question.query for question in answerable]

    def fused(batch: Sequence[Query], top_k: int) -> list[list[str]]:
        return [[hit.source for hit in result.hits] for result in retriever.search_batch(batch, top_k)]

    ways: dict[str, Callable[[Sequence[Query], int], list[list[str]]]] = {
        "dense": retriever.rank_dense,
        "bm25": retriever.rank_lexical,
        "fused": fused,
    }
    return {name: score_rankings(_in_batches(queries, rank), relevant) for name, rank in ways.items()}


def evaluate_refusals(
    retriever: Retriever, questions: Sequence[LabelledQuestion], is_answerable: Callable[[Result], bool]
) -> Refusals:
    """How often `is_answerable` is wrong, for either kind of question; 0 where there is none of a kind."""
    good: list[bool] = []
    bad: list[bool] = []
    results = (
        result for batch in _batches([q.query for q in questions]) for result in retriever.search_batch(batch, _DEPTH)
    )
    for question, result in zip(questions, results, strict=True):
        (good if question.relevant else bad).append(is_answerable(result))
    return Refusals(
        wrongly_declined=good.count(False) / len(good) if good else 0.0,
        wrongly_answered=bad.count(True) / len(bad) if bad else 0.0,
    )


def score_rankings(rankings: Sequence[Sequence[str]], relevant: Sequence[Sequence[str]]) -> RankScores:
    """hit@1, hit@5 and MRR@10 of rankings, each a list of sources, best first."""
    if not rankings:
        return RankScores(0.0, 0.0, 0.0)
    ranks = [_first_rank(ranking, set(wanted)) for ranking, wanted in zip(rankings, relevant, strict=True)]
    count = len(ranks)
    return RankScores(
        hit_at_1=sum(rank == 1 for rank in ranks) / count,
        hit_at_5=sum(1 <= rank <= 5 for rank in ranks) / count,
        mrr_at_10=sum(1 / rank for rank in ranks if 1 <= rank <= _DEPTH) / count,
    )


def _first_rank(ranking: Sequence[str], wanted: set[str]) -> int:
    """The rank of the first wanted source, counted from 1; 0 if there is none."""
    return next((rank for rank, source in enumerate(ranking, start=1) if source in wanted), 0)


def _batches(queries: Sequence[Query]) -> list[Sequence[Query]]:
    return [queries[start : start + _BATCH] for start in range(0, len(queries), _BATCH)]


def _in_batches(queries: Sequence[Query], rank: Callable[[Sequence[Query], int], list[list[str]]]) -> list[list[str]]:
    return [ranking for batch in _batches(queries) for ranking in rank(batch, _DEPTH)]
