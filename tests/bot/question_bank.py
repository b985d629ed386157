"""A bank of a few questions, one of each kind, on concepts that are confused with each other."""

import dataclasses

from knowledge.models import Question
from tests.bot.small_curriculum import concept_of, curriculum_of, resource_of, step_of, unit_of

CONCEPTS = ("a", "b", "c")


def question_with(id_, concept="a", kind="single", difficulty="easy", **values):
    """A question of the bank; the right option of a choice is the first one."""
    options = {
        "single": [{"text": "right", "correct": True}, *({"text": f"wrong {n}", "remark": f"No {n}."} for n in "123")],
        "boolean": [{"text": "True", "correct": True}, {"text": "False", "remark": "It is."}],
        "multiple": [
            {"text": "one", "correct": True},
            {"text": "two", "correct": True},
            {"text": "three", "remark": "Not three."},
            {"text": "four", "remark": "Not four."},
        ],
        "order": [{"text": text} for text in ("first", "second", "third", "fourth")],
        "numeric": [],
    }[kind]
    number = {"answer": 2.5, "tolerance": 0.05, "unit": "bits"} if kind == "numeric" else {}
    return Question.model_validate(
        {
            "id": id_,
            "concept": concept,
            "kind": kind,
            "difficulty": difficulty,
            "prompt": f"What about {id_}?",
            "options": options,
            "explanation": f"Because of {id_}.",
            "source": {"note": f"concepts/{concept}", "heading": "Intuition", "terms": ["so"]},
            **number,
            **values,
        }
    )


SINGLE = question_with("a-single")
BOOLEAN = question_with("a-boolean", kind="boolean")
MULTIPLE = question_with("b-multiple", "b", "multiple", "medium")
NUMERIC = question_with("b-numeric", "b", "numeric", "medium")
ORDER = question_with("c-order", "c", "order", "hard")
BANK = (SINGLE, BOOLEAN, MULTIPLE, NUMERIC, ORDER)


def bank_curriculum(*questions):
    """A curriculum that teaches a, b and c, of which a and b are confused with each other."""
    course = resource_of(*(unit_of(name, (name,)) for name in CONCEPTS))
    small = curriculum_of(step_of(1, core=("course",)), resources={"course": course})
    confused = {"a": ("b",), "b": ("a",), "c": ()}
    concepts = {
        name: concept_of(study=(f"course/{name}",), title=f"Concept {name}").model_copy(
            update={"confused_with": confused[name]}
        )
        for name in CONCEPTS
    }
    return dataclasses.replace(small, concepts=concepts, questions=questions or BANK)
