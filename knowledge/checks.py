"""Checks across files: references, cycles, duplicates. Each gives problems, none raises."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from knowledge.curriculum import Curriculum
from knowledge.documents import Document, Kind, section_text
from knowledge.files import KeyPath, RawFile
from knowledge.models import Alternative, Question, Source, Step, StudyPlace, Unit
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
    `raw` says which files exist. If `curriculum.toml` itself could not be read, the curriculum has no steps,
    and the other files are checked all the same.
    """
    problems = [
        *_check_concepts(curriculum, raw),
        *_check_resources(curriculum, raw),
        *_check_capstones(curriculum, raw),
        *_check_questions(questions, documents, raw),
        *_check_duplicate_titles(documents, raw),
    ]
    if curriculum.steps:
        problems += _check_steps(curriculum, raw)
        problems += _check_step_numbers(curriculum, raw)
        problems += _check_step_notes(curriculum, documents, raw)
    return problems


def _at(raw: Mapping[str, RawFile], file: str, path: KeyPath, wrong: str, right: str) -> Problem:
    source = raw[file]
    key = ".".join(str(part) for part in path) or None
    return Problem(source.name, source.line_of(path), key, wrong, right)


def _missing(raw: Mapping[str, RawFile], file: str, path: KeyPath, wanted: str) -> Iterator[Problem]:
    """A problem if there is no file for the source `wanted`."""
    if wanted not in raw:
        folder, _, name = wanted.partition("/")
        right = f"add {wanted}.md or name a file of {folder}/"
        yield _at(raw, file, path, f"refers to {name!r}, which does not exist", right)


def _all_missing(
    raw: Mapping[str, RawFile], file: str, path: KeyPath, folder: str, ids: Iterable[str]
) -> Iterator[Problem]:
    """A problem for each id in the list at `path` that has no file in `folder`."""
    for position, id_ in enumerate(ids):
        yield from _missing(raw, file, (*path, position), f"{folder}/{id_}")


def _repeated(
    raw: Mapping[str, RawFile], file: str, path: KeyPath, things: Iterable[Step | Alternative | Unit]
) -> Iterator[Problem]:
    """A problem for each thing in the list at `path` that has the id of an earlier one."""
    seen: set[str] = set()
    for position, thing in enumerate(things):
        if thing.id in seen:
            yield _at(raw, file, (*path, position, "id"), f"uses the id {thing.id!r} twice", "give each its own id")
        seen.add(thing.id)


def _check_steps(curriculum: Curriculum, raw: Mapping[str, RawFile]) -> Iterator[Problem]:
    file = "curriculum.toml"
    numbers = [step.number for step in curriculum.steps]
    if numbers != list(range(1, len(numbers) + 1)):
        right = "number them 1, 2, 3 … in this order, without gaps or repeats"
        yield _at(raw, file, ("steps",), f"numbers the steps {', '.join(map(str, numbers))}", right)
    yield from _repeated(raw, file, ("steps",), curriculum.steps)
    for position, step in enumerate(curriculum.steps):
        here: KeyPath = ("steps", position)
        yield from _missing(raw, file, (*here, "id"), f"steps/{step.id}")
        for number in step.after:
            if number >= step.number:
                wrong = f"puts step {step.number} after step {number}"
                yield _at(raw, file, (*here, "after"), wrong, "name earlier steps only")
        for key in ("core", "support", "beyond"):
            yield from _all_missing(raw, file, (*here, key), "resources", getattr(step, key))
        yield from _repeated(raw, file, (*here, "alternatives"), step.alternatives)
        for way, alternative in enumerate(step.alternatives):
            path = (*here, "alternatives", way, "resources")
            yield from _all_missing(raw, file, path, "resources", alternative.resources)
        if not (step.resource_ids or step.number in {4, 6}):
            yield _at(raw, file, here, f"gives step {step.number} no resource", "name one under core or alternatives")


def _check_step_numbers(curriculum: Curriculum, raw: Mapping[str, RawFile]) -> Iterator[Problem]:
    known = [step.number for step in curriculum.steps]
    places = [
        *((f"concepts/{id_}", "step", concept.step) for id_, concept in curriculum.concepts.items()),
        *((f"concepts/{id_}", "met_in", concept.met_in) for id_, concept in curriculum.concepts.items()),
        *((f"resources/{id_}", "steps", number) for id_, r in curriculum.resources.items() for number in r.steps),
    ]
    for file, key, number in places:
        if number not in known:
            right = f"the steps of curriculum.toml are {', '.join(map(str, known))}"
            yield _at(raw, file, (key,), f"names step {number}, which does not exist", right)


def _check_step_notes(
    curriculum: Curriculum, documents: Iterable[Document], raw: Mapping[str, RawFile]
) -> Iterator[Problem]:
    known = {step.id for step in curriculum.steps}
    for document in documents:
        if document.kind is Kind.STEP and document.id not in known:
            right = "add the step or delete the file"
            yield _at(raw, document.source, (), "belongs to no step of curriculum.toml", right)


def _check_concepts(curriculum: Curriculum, raw: Mapping[str, RawFile]) -> Iterator[Problem]:
    for concept_id, concept in curriculum.concepts.items():
        file = f"concepts/{concept_id}"
        yield from _all_missing(raw, file, ("prerequisites",), "concepts", concept.prerequisites)
        yield from _all_missing(raw, file, ("confused_with",), "concepts", concept.confused_with)
        for position, place in enumerate(concept.study):
            yield from _check_place(curriculum, raw, file, ("study", position), place)
        yield from _check_order(curriculum, raw, concept_id)
    yield from _check_circles(curriculum, raw)


def _check_order(curriculum: Curriculum, raw: Mapping[str, RawFile], concept_id: str) -> Iterator[Problem]:
    """What a concept builds on has been met by then, and `ahead` says which of it is not yet studied in depth."""
    concept, file = curriculum.concepts[concept_id], f"concepts/{concept_id}"
    for position, id_ in enumerate(concept.prerequisites):
        needed = curriculum.concepts.get(id_)
        if needed is None:
            continue
        path: KeyPath = ("prerequisites", position)
        if needed.met_in > concept.step:
            wrong = f"needs {id_!r} in step {concept.step}, which is first met in step {needed.met_in}"
            yield _at(raw, file, path, wrong, "drop it, or change a step")
        elif needed.step > concept.step and id_ not in concept.ahead:
            wrong = f"needs {id_!r} in step {concept.step}, which is studied in step {needed.step}"
            yield _at(raw, file, path, wrong, f"say so with `ahead: [{id_}]`, or change a step")
    for position, id_ in enumerate(concept.ahead):
        needed = curriculum.concepts.get(id_)
        if id_ not in concept.prerequisites or (needed is not None and needed.step <= concept.step):
            right = "list only prerequisites that are studied in a later step"
            yield _at(raw, file, ("ahead", position), f"lists {id_!r} without need", right)


def _check_circles(curriculum: Curriculum, raw: Mapping[str, RawFile]) -> Iterator[Problem]:
    """One problem for each circle of prerequisites: the graph is cut where a circle was found, and searched again."""
    concepts = curriculum.concepts
    graph = {id_: [p for p in dict.fromkeys(c.prerequisites) if p in concepts] for id_, c in concepts.items()}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = list(error.args[1])
        else:
            return
        before, last = circle[-2], circle[0]
        graph[last].remove(before)
        path = ("prerequisites", concepts[last].prerequisites.index(before))
        wrong = f"is part of a circle: {' → '.join(circle)}"
        yield _at(raw, f"concepts/{last}", path, wrong, "drop one of these prerequisites")


def _check_place(
    curriculum: Curriculum, raw: Mapping[str, RawFile], file: str, path: KeyPath, place: StudyPlace
) -> Iterator[Problem]:
    yield from _missing(raw, file, (*path, "resource"), f"resources/{place.resource}")
    resource = curriculum.resources.get(place.resource)
    if resource is not None and place.unit is not None and resource.unit(place.unit) is None:
        known = [unit.id for unit in resource.units]
        near = difflib.get_close_matches(place.unit, known, n=1)
        if near:
            right = f"did you mean {near[0]!r}?"
        elif known:
            right = f"its units are {', '.join(known[:6])}{' …' if len(known) > 6 else ''}"
        else:
            right = "it has no units, so leave out the unit"
        wrong = f"refers to unit {place.unit!r} of {place.resource}, which does not exist"
        yield _at(raw, file, (*path, "unit"), wrong, right)


def _check_resources(curriculum: Curriculum, raw: Mapping[str, RawFile]) -> Iterator[Problem]:
    for resource_id, resource in curriculum.resources.items():
        file = f"resources/{resource_id}"
        yield from _all_missing(raw, file, ("replaced_by",), "resources", resource.replaced_by)
        yield from _repeated(raw, file, ("units",), resource.units)
        for position, unit in enumerate(resource.units):
            yield from _all_missing(raw, file, ("units", position, "concepts"), "concepts", unit.concepts)


def _check_capstones(curriculum: Curriculum, raw: Mapping[str, RawFile]) -> Iterator[Problem]:
    for capstone_id, capstone in curriculum.capstones.items():
        yield from _all_missing(raw, f"capstones/{capstone_id}", ("concepts",), "concepts", capstone.concepts)


def _check_questions(
    questions: Sequence[PlacedQuestion], documents: Sequence[Document], raw: Mapping[str, RawFile]
) -> Iterator[Problem]:
    bodies = {document.source: document.body for document in documents}
    seen: dict[str, str] = {}
    for file, position, question in questions:
        path: KeyPath = ("questions", position)
        if question.id in seen:
            wrong = f"uses the id {question.id!r}, which {seen[question.id]} has too"
            yield _at(raw, file, (*path, "id"), wrong, "give each question its own id")
        seen.setdefault(question.id, raw[file].name)
        yield from _missing(raw, file, (*path, "concept"), f"concepts/{question.concept}")
        yield from _missing(raw, file, (*path, "source", "note"), question.source.note)
        body = bodies.get(question.source.note)
        if body is not None:
            yield from _check_source(raw, file, (*path, "source"), question.source, body)


def _check_source(raw: Mapping[str, RawFile], file: str, path: KeyPath, source: Source, body: str) -> Iterator[Problem]:
    text = section_text(body, source.heading)
    if text is None:
        wrong = f"names the heading {source.heading!r}, which {source.note} lacks"
        yield _at(raw, file, (*path, "heading"), wrong, "name a heading of that note")
        return
    passage = _folded(text)
    for position, term in enumerate(source.terms):
        if _folded(term) not in passage:
            wrong = f"names the term {term!r}, which the passage lacks"
            yield _at(raw, file, (*path, "terms", position), wrong, "quote words of the passage")


def _folded(text: str) -> str:
    """The text as terms are compared: letter case and line breaks do not matter."""
    return " ".join(text.split()).casefold()


def _check_duplicate_titles(documents: Iterable[Document], raw: Mapping[str, RawFile]) -> Iterator[Problem]:
    seen: dict[tuple[Kind, str], str] = {}
    for document in documents:
        if document.kind is Kind.NOTE:
            continue
        name = (document.kind, document.title.casefold())
        if name in seen:
            yield _at(raw, document.source, ("title",), f"has the title of {seen[name]}", "give each its own title")
        seen.setdefault(name, raw[document.source].name)
