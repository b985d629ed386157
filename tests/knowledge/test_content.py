"""The real content of `knowledge/`: what the models cannot say of it."""

import re
from collections import Counter
from functools import cache

from pysbd import Segmenter

from knowledge.curriculum import Curriculum
from knowledge.documents import Document, Kind
from knowledge.loader import Knowledge, load_knowledge
from tests.paths import KNOWLEDGE

HEADINGS = ["Intuition", "Formula", "Worked example", "Not to be confused with", "In practice", "Common mistake"]


@cache
def _knowledge() -> Knowledge:
    return load_knowledge(KNOWLEDGE)


def _curriculum() -> Curriculum:
    curriculum = _knowledge().curriculum
    assert curriculum is not None
    return curriculum


def _concepts() -> list[Document]:
    return [document for document in _knowledge().documents if document.kind is Kind.CONCEPT]


def _without_code(body: str) -> str:
    return re.sub(r"^```.*?^```$", "", body, flags=re.MULTILINE | re.DOTALL)


def _lead(document: Document) -> str:
    return document.body.strip().split("\n\n")[0].replace("\n", " ")


def test_it_loads_without_problems_or_warnings() -> None:
    assert _knowledge().warnings == ()
    assert [document.source for document in _knowledge().documents if document.kind is Kind.NOTE] == []


def test_there_are_six_steps() -> None:
    assert [step.number for step in _curriculum().steps] == [1, 2, 3, 4, 5, 6]


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


def test_every_concept_is_taught_somewhere() -> None:
    taught = {id_ for r in _curriculum().resources.values() for unit in r.units for id_ in unit.concepts}
    assert [id_ for id_, concept in _curriculum().concepts.items() if id_ not in taught and not concept.study] == []


def test_the_bodies_of_concepts_are_neither_stubs_nor_chapters() -> None:
    words = {document.id: len(document.body.split()) for document in _concepts()}
    assert {id_: count for id_, count in words.items() if not 150 <= count <= 420} == {}


def test_the_headings_of_concepts_come_from_the_list_and_in_its_order() -> None:
    wrong = {}
    for document in _concepts():
        found = re.findall(r"^#+ .*$", _without_code(document.body), re.MULTILINE)
        if found != [f"## {heading}" for heading in HEADINGS if f"## {heading}" in found]:
            wrong[document.id] = found
    assert wrong == {}


def test_the_lead_of_a_concept_is_one_short_sentence() -> None:
    segmenter = Segmenter(language="en", clean=False)
    leads = {document.id: _lead(document) for document in _concepts()}
    wrong = {
        id_: lead
        for id_, lead in leads.items()
        if len(segmenter.segment(lead)) != 1 or len(lead.split()) > 32 or not lead.endswith(".")
    }
    assert wrong == {}


def test_no_raw_latex_in_concepts() -> None:
    found = {document.id: re.findall(r"\$|\\[a-zA-Z]{2,}|\\[()\[\]]", document.body) for document in _concepts()}
    assert {id_: marks for id_, marks in found.items() if marks} == {}


def test_no_name_belongs_to_two_concepts() -> None:
    names: Counter[str] = Counter()
    for concept in _curriculum().concepts.values():
        names.update({name.casefold() for name in (concept.title, *concept.aliases)})
    doubles = {
        name: [
            id_
            for id_, concept in _curriculum().concepts.items()
            if name in {n.casefold() for n in (concept.title, *concept.aliases)}
        ]
        for name, count in names.items()
        if count > 1
    }
    assert doubles == {}


def test_no_name_is_listed_twice_in_one_note() -> None:
    wrong = {}
    for document in _knowledge().documents:
        for texts in (document.note.aliases, document.note.questions):
            doubles = [text for text, count in Counter(text.casefold() for text in texts).items() if count > 1]
            if doubles:
                wrong[document.source] = doubles
    assert wrong == {}


def test_every_link_is_a_web_address() -> None:
    links = {
        document.source: re.findall(r"\]\(([^)]*)\)", _without_code(document.body))
        for document in _knowledge().documents
    }
    for id_, resource in _curriculum().resources.items():
        addresses = [resource.url, *(link.url for link in resource.links), *(unit.url for unit in resource.units)]
        links[f"resources/{id_}"] += [str(url) for url in addresses if url is not None]
    for id_, capstone in _curriculum().capstones.items():
        links[f"capstones/{id_}"] += [str(capstone.url)] if capstone.url else []
    bad = {
        source: [url for url in urls if not re.match(r"https?://[\w.-]+\.\w+", url)] for source, urls in links.items()
    }
    assert {source: urls for source, urls in bad.items() if urls} == {}
