"""What the benchmark asks: questions of the development set that stand alone."""

from functools import cache

from indexer.evaluate import read_questions
from tests.paths import RETRIEVAL


@cache
def questions() -> tuple[str, ...]:
    """Texts without an earlier question, so that each needs exactly one vector, as the bare operation does."""
    queries = [labelled.query for labelled in read_questions(RETRIEVAL / "development.jsonl")]
    return tuple(query.text for query in queries if not query.previous)


def question(number: int) -> str:
    """Another question for every round."""
    return questions()[number % len(questions())]
