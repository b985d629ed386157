"""The Curriculum: steps, resources, concepts, capstones and questions, looked up by id."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from knowledge.documents import Document, Kind, section_text
from knowledge.models import Capstone, Concept, CurriculumFile, Framework, Question, Resource, Step, StudyPlace
from knowledge.sentences import split_sentences


@dataclass(frozen=True, slots=True)
class Curriculum:
    """What is taught, in order. The mappings are read-only and in the order of the file names."""

    title: str
    summary: str
    hours_per_week: float
    steps: tuple[Step, ...]
    frameworks: tuple[Framework, ...]
    resources: Mapping[str, Resource]
    concepts: Mapping[str, Concept]
    capstones: Mapping[str, Capstone]
    questions: tuple[Question, ...]
    milestones: Mapping[str, tuple[str, ...]]
    """The numbered milestones of each capstone idea, by its id, and what to do in each step, by the step's id."""
    definitions: Mapping[str, str]
    """The first sentence of each concept's note, by the concept's id."""
    states: Mapping[str, tuple[str, ...]]
    """The first two sentences on the present state of each resource, by its id; none if its note has no such part."""

    @classmethod
    def from_documents(cls, file: CurriculumFile, documents: Iterable[Document], questions: Iterable[Question]) -> Self:
        """Put the parts together. References between them are not checked here; `checks` does that."""
        notes = list(documents)
        return cls(
            title=file.title,
            summary=file.summary,
            hours_per_week=file.hours_per_week,
            steps=file.steps,
            frameworks=file.frameworks,
            resources=MappingProxyType(
                {d.id: d.note for d in notes if d.kind is Kind.RESOURCE and isinstance(d.note, Resource)}
            ),
            concepts=MappingProxyType(
                {d.id: d.note for d in notes if d.kind is Kind.CONCEPT and isinstance(d.note, Concept)}
            ),
            capstones=MappingProxyType(
                {d.id: d.note for d in notes if d.kind is Kind.CAPSTONE and isinstance(d.note, Capstone)}
            ),
            questions=tuple(questions),
            milestones=MappingProxyType(
                {d.id: _numbered(d) for d in notes if d.kind in {Kind.CAPSTONE, Kind.STEP}},
            ),
            definitions=MappingProxyType({d.id: _first_sentence(d) for d in notes if d.kind is Kind.CONCEPT}),
            states=MappingProxyType({d.id: _state(d) for d in notes if d.kind is Kind.RESOURCE}),
        )

    def step(self, number: int) -> Step:
        """The step with this number.

        Raises:
            KeyError: there is no such step.
        """
        for step in self.steps:
            if step.number == number:
                return step
        raise KeyError(number)

    def place_label(self, place: StudyPlace) -> str:
        """What a learner reads of a study place: "Dive into Deep Learning, Section 5.3: Forward Propagation"."""
        resource = self.resources[place.resource]
        unit = resource.unit(place.unit) if place.unit else None
        if unit is None:
            return f"{resource.title}, {place.section}" if place.section else resource.title
        section = f", section {place.section}" if place.section else ""
        return f"{resource.title}, {unit.label}: {unit.title}{section}"

    def place_url(self, place: StudyPlace) -> str:
        """The most exact link that is known for a study place."""
        resource = self.resources[place.resource]
        unit = resource.unit(place.unit) if place.unit else None
        return str(unit.url if unit is not None and unit.url is not None else resource.url)


_LIST_HEADINGS = {Kind.CAPSTONE: "Milestones", Kind.STEP: "What to do, in order"}


def _numbered(document: Document) -> tuple[str, ...]:
    """The items of the numbered list that says what to do, without their numbers."""
    text = section_text(document.body, _LIST_HEADINGS[document.kind]) or ""
    return tuple(item.strip() for item in re.findall(r"^\d+\. (.+)$", text, re.MULTILINE))


def _first_sentence(document: Document) -> str:
    """The definition that a concept's note begins with."""
    paragraph = " ".join((section_text(document.body, None) or "").partition("\n\n")[0].split())
    return next(iter(split_sentences(paragraph)), "")


def _state(document: Document) -> tuple[str, ...]:
    """The beginning of the part "Status in <year>" of a resource's note."""
    heading = re.search(r"^## (Status in \d{4})$", document.body, re.MULTILINE)
    text = section_text(document.body, heading[1]) if heading else None
    return tuple(split_sentences(" ".join((text or "").split()))[:2])
