"""Checks across files: references, cycles, duplicates. Each gives problems, none raises."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from knowledge.curriculum import Curriculum
from knowledge.documents import Document, Kind
from knowledge.files import KeyPath, RawFile
from knowledge.models import Question, StudyPlace
from knowledge.problems import Problem

PlacedQuestion = tuple[str, int, Question]
"""The question file's source, the question's position in it, and the question."""


def check_curriculum(
    curriculum: Curriculum,
    documents: Sequence[Document],
    questions: Sequence[PlacedQuestion],
    raw: Mapping[str, RawFile],
) -> list[Problem]:
    """Every reference resolves, prerequisites form no cycle, nothing is there twice.

    A file that could not be read is not known here, so references to it are not reported twice:
    `raw` says which files exist.
    """
    return [
        *_check_steps(curriculum, documents, raw),
        *_check_concepts(curriculum, raw),
        *_check_resources(curriculum, raw),
        *_check_capstones(curriculum, raw),
        *_check_questions(curriculum, questions, documents, raw),
        *_check_duplicate_titles(documents, raw),
    ]


def _missing(raw: Mapping[str, RawFile], file: str, path: KeyPath, wanted: str) -> Iterator[Problem]:
    """A problem if there is no file for the source `wanted`."""
    if wanted not in raw:
        folder, _, name = wanted.partition("/")
        yield _at(raw, file, path, f"refers to {name!r}, which does not exist", f"add {wanted}.md or name a file of {folder}/")


def _at(raw: Mapping[str, RawFile], file: str, path: KeyPath, wrong: str, right: str) -> Problem:
    source = raw[file]
    key = ".".join(str(part) for part in path) or None
    return Problem(source.name, source.line_of(path), key, wrong, right)


def _check_steps(curriculum: Curriculum, documents: Iterable[Document], raw: Mapping[str, RawFile]) -> Iterator[Problem]:
    numbers = [step.number for step in curriculum.steps]
    if numbers != list(range(1, len(numbers) + 1)):
        yield _at(raw, "curriculum", ("steps",), f"numbers the steps {numbers}", "number them 1, 2, 3 … without gaps or repeats")
    for position, step in enumerate(curriculum.steps):
        yield from _missing(raw, "curriculum", ("steps", position, "id"), f"steps/{step.id}")
        for number in step.after:
            if number >= step.number:
                yield _at(raw, "curriculum", ("steps", position, "after"), f"puts step {step.number} after step {number}", "name earlier steps only")
        for key in ("core", "support", "beyond"):
            for resource in getattr(step, key):
                yield from _missing(raw, "curriculum", ("steps", position, key), f"resources/{resource}")
        for way, alternative in enumerate(step.alternatives):
            for resource in alternative.resources:
                yield from _missing(raw, "curriculum", ("steps", position, "alternatives", way, "resources"), f"resources/{resource}")
        if not (step.resource_ids or step.number in {4, 6}):
            yield _at(raw, "curriculum", ("steps", position), f"gives step {step.number} no resource", "name one under core or alternatives")
    known = {step.id for step in curriculum.steps}
    for document in documents:
        if document.kind is Kind.STEP and document.id not in known:
            yield _at(raw, document.source, (), "belongs to no step of curriculum.toml", "add the step or delete the file")


def _check_concepts(curriculum: Curriculum, raw: Mapping[str, RawFile]) -> Iterator[Problem]:
    for concept_id, concept in curriculum.concepts.items():
        file = f"concepts/{concept_id}"
        for key in ("prerequisites", "confused_with"):
            for position, other in enumerate(getattr(concept, key)):
                yield from _missing(raw, file, (key, position), f"concepts/{other}")
        for position, place in enumerate(concept.study):
            yield from _check_place(curriculum, raw, file, ("study", position), place)
    graph = {id_: [p for p in c.prerequisites if p in curriculum.concepts] for id_, c in curriculum.concepts.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = list(error.args[1])
        yield _at(raw, f"concepts/{circle[0]}", ("prerequisites",), f"is part of a circle: {' → '.join(circle)}", "drop one of these prerequisites")


def _check_place(curriculum: Curriculum, raw: Mapping[str, RawFile], file: str, path: KeyPath, place: StudyPlace) -> Iterator[Problem]:
    yield from _missing(raw, file, (*path, "resource"), f"resources/{place.resource}")
    resource = curriculum.resources.get(place.resource)
    if resource is not None and place.unit is not None and resource.unit(place.unit) is None:
        units = ", ".join(unit.id for unit in resource.units[:6]) or "none"
        yield _at(raw, file, (*path, "unit"), f"refers to unit {place.unit!r} of {place.resource}, which does not exist", f"its units are {units} …")


def _check_resources(curriculum: Curriculum, raw: Mapping[str, RawFile]) -> Iterator[Problem]:
    for resource_id, resource in curriculum.resources.items():
        file = f"resources/{resource_id}"
        for position, other in enumerate(resource.replaced_by):
            yield from _missing(raw, file, ("replaced_by", position), f"resources/{other}")
        seen: set[str] = set()
        for position, unit in enumerate(resource.units):
            if unit.id in seen:
                yield _at(raw, file, ("units", position, "id"), f"uses the unit id {unit.id!r} twice", "give each unit its own id")
            seen.add(unit.id)
            for index, concept in enumerate(unit.concepts):
                yield from _missing(raw, file, ("units", position, "concepts", index), f"concepts/{concept}")


def _check_capstones(curriculum: Curriculum, raw: Mapping[str, RawFile]) -> Iterator[Problem]:
    for capstone_id, capstone in curriculum.capstones.items():
        for position, concept in enumerate(capstone.concepts):
            yield from _missing(raw, f"capstones/{capstone_id}", ("concepts", position), f"concepts/{concept}")


def _check_questions(
    curriculum: Curriculum, questions: Sequence[PlacedQuestion], documents: Sequence[Document], raw: Mapping[str, RawFile]
) -> Iterator[Problem]:
    bodies = {document.source: document.body for document in documents}
    seen: dict[str, str] = {}
    for file, position, question in questions:
        path: KeyPath = ("questions", position)
        if question.id in seen:
            yield _at(raw, file, (*path, "id"), f"uses the id {question.id!r}, which {seen[question.id]} has too", "give each question its own id")
        seen.setdefault(question.id, raw[file].name)
        yield from _missing(raw, file, (*path, "concept"), f"concepts/{question.concept}")
        yield from _missing(raw, file, (*path, "source"), question.source.note)
        body = bodies.get(question.source.note)
        if body is not None:
            text = section_text(body, question.source.heading)
            if text is None:
                yield _at(raw, file, (*path, "source"), f"names the heading {question.source.heading!r}, which {question.source.note} lacks", "name a heading of that note")
            else:
                absent = [term for term in question.source.terms if term.lower() not in text.lower()]
                if absent:
                    yield _at(raw, file, (*path, "source"), f"names the term {absent[0]!r}, which the passage lacks", "quote words of the passage")


def section_text(body: str, heading: str | None) -> str | None:
    """The text under `## heading`, or the text before the first heading; None if there is no such heading."""
    lines = body.splitlines()
    inside = heading is None
    found: list[str] = []
    for line in lines:
        if line.startswith("## "):
            if inside:
                break
            inside = heading is not None and line[3:].strip() == heading
        elif inside:
            found.append(line)
    return "\n".join(found).strip() if inside or found else None


def _check_duplicate_titles(documents: Iterable[Document], raw: Mapping[str, RawFile]) -> Iterator[Problem]:
    seen: dict[tuple[Kind, str], str] = {}
    for document in documents:
        if document.kind is Kind.NOTE:
            continue
        name = (document.kind, document.title.casefold())
        if name in seen:
            yield _at(raw, document.source, ("title",), f"has the title of {seen[name]}", "give each its own title")
        seen.setdefault(name, raw[document.source].name)
