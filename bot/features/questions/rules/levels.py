"""How hard a question is, and what a step teaches: what everybody who chooses questions goes by."""

from collections.abc import Mapping
from enum import IntEnum

from knowledge.models import Concept, Question


class Difficulty(IntEnum):
    """The difficulties of the bank as numbers, so that one can be near another."""

    EASY = 0
    MEDIUM = 1
    HARD = 2


def difficulty_of(question: Question) -> Difficulty:
    return Difficulty[question.difficulty.upper()]


def taught_in(concepts: Mapping[str, Concept], step: int) -> tuple[str, ...]:
    """What a step teaches: the first one gives a first contact, the others study in depth."""
    if step == 1:
        return tuple(id_ for id_, concept in concepts.items() if concept.met_in == step)
    return tuple(id_ for id_, concept in concepts.items() if concept.step == step)
