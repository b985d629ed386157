"""Ties computed values to the keys of numeric questions."""

import math
from functools import cache

from knowledge.files import read_toml
from knowledge.models import Question, QuestionFile, QuestionKind
from tests.paths import KNOWLEDGE


@cache
def numeric_questions() -> dict[str, Question]:
    """Every numeric question of the bank by its id."""
    files = sorted((KNOWLEDGE / "questions").glob("*.toml"))
    questions = [q for path in files for q in QuestionFile.model_validate(read_toml(path, path.name).data).questions]
    return {question.id: question for question in questions if question.kind is QuestionKind.NUMERIC}


def has_key(question_id: str, value: float) -> None:
    """Assert that `value` would be graded as right, and that the tolerance is not so wide that much else would be."""
    question = numeric_questions()[question_id]
    assert question.answer is not None
    assert math.isclose(question.answer, value, rel_tol=1e-9, abs_tol=max(question.tolerance, 1e-9)), (
        f"{question_id} has the key {question.answer}, computed {value}"
    )
    assert question.tolerance <= max(0.06 * abs(question.answer), 0.011), (
        f"{question_id} accepts ± {question.tolerance}"
    )
