"""The real content of `knowledge/`: what neither the models nor the house rules can say of it."""

from functools import cache
from pathlib import Path

from indexer.build import encode_prose
from indexer.encoder import SentenceTransformerEncoder
from indexer.near_duplicates import find_near_duplicates
from knowledge.curriculum import Curriculum
from knowledge.documents import Document, Kind, section_text
from knowledge.loader import Knowledge, load_knowledge
from knowledge.standards import check_standards
from tests.paths import KNOWLEDGE


@cache
def _knowledge() -> Knowledge:
    return load_knowledge(KNOWLEDGE)


def _curriculum() -> Curriculum:
    curriculum = _knowledge().curriculum
    assert curriculum is not None
    return curriculum


def _step_note(step_id: str) -> Document:
    return next(document for document in _knowledge().documents if document.source == f"steps/{step_id}")


def test_it_loads_without_problems_or_warnings() -> None:
    assert _knowledge().warnings == ()
    assert [document.source for document in _knowledge().documents if document.kind is Kind.NOTE] == []


def test_it_keeps_the_house_rules() -> None:
    assert [str(problem) for problem in check_standards(_knowledge())] == []


def test_no_two_notes_say_the_same(encoder: SentenceTransformerEncoder, knowledge_index: Path) -> None:
    passages, vectors = encode_prose(_knowledge(), knowledge_index, encoder)
    pairs = find_near_duplicates(passages, vectors)
    assert [(p.first.source, p.first.heading, p.second.source, p.second.heading) for p in pairs] == []


def test_there_is_enough_of_everything() -> None:
    curriculum = _curriculum()
    assert [step.number for step in curriculum.steps] == [1, 2, 3, 4, 5, 6]
    assert len(curriculum.resources) >= 35
    assert len(curriculum.concepts) >= 200
    assert len(curriculum.questions) >= 500
    ideas = [capstone.step for capstone in curriculum.capstones.values()]
    assert ideas.count(4) >= 15
    assert ideas.count(6) >= 15


def test_both_capstones_have_rules_and_a_rubric() -> None:
    for step_id in ("capstone-1", "capstone-2"):
        body = _step_note(step_id).body
        assert section_text(body, "The rules")
        assert section_text(body, "How it is judged")


def test_every_resource_is_in_the_steps_it_names() -> None:
    steps = _curriculum().steps
    replaced = {id_ for id_, resource in _curriculum().resources.items() if resource.replaced_by}
    listed = {id_ for step in steps for id_ in step.resource_ids}
    assert sorted(set(_curriculum().resources) - listed - replaced) == []
    wrong = [
        f"step {step.number} lists {id_}"
        for step in steps
        for id_ in step.resource_ids
        if step.number not in _curriculum().resources[id_].steps
    ]
    assert wrong == []


def test_resources_beyond_the_curriculum_are_listed_as_such() -> None:
    resources = _curriculum().resources
    wrong = [
        f"step {step.number}: {id_} is {resources[id_].scope}"
        for step in _curriculum().steps
        for id_ in step.resource_ids
        if (id_ in step.beyond) != (resources[id_].scope == "beyond")
    ]
    assert wrong == []


def test_every_concept_names_the_exact_unit_where_it_is_studied() -> None:
    concepts = _curriculum().concepts
    assert [id_ for id_, concept in concepts.items() if not any(place.unit for place in concept.study)] == []
