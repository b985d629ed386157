"""The question sets: `golden`, `decline` and `paraphrases` are the exam, `development*` is for tuning."""

from indexer.evaluate import LabelledQuestion, read_questions
from tests.paths import RETRIEVAL


def golden() -> list[LabelledQuestion]:
    """Questions with an answer, written by somebody who had not read the notes."""
    return read_questions(RETRIEVAL / "golden.jsonl")


def decline() -> list[LabelledQuestion]:
    """Questions that the material does not cover."""
    return read_questions(RETRIEVAL / "decline.jsonl")


def paraphrases() -> list[LabelledQuestion]:
    """One question on each concept, in other words than its note's; written by somebody who had not read the notes."""
    return read_questions(RETRIEVAL / "paraphrases.jsonl")


def development() -> list[LabelledQuestion]:
    """Questions with an answer that may be looked at while the tutor is improved."""
    return read_questions(RETRIEVAL / "development.jsonl")


def development_decline() -> list[LabelledQuestion]:
    """Questions without an answer that may be looked at while the tutor is improved."""
    return read_questions(RETRIEVAL / "development_decline.jsonl")
