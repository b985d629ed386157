"""Which lessons and chapters teach a concept, as sentences that may be quoted.

A unit lists its concepts, and a concept its study places. Here both become text, so that
"a video about attention" and "which chapter covers TD learning" find what the lists know.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from knowledge.curriculum import Curriculum
from knowledge.models import Concept, Resource, Unit

WATCH_HEADING = "Lectures and videos"
READ_HEADING = "Books and chapters"
_MOST = 3
_TO_DO = re.compile(r"Lab|Homework|Notebook")
"""Labels of units in a course on video that are not videos."""
_FORMS = (("video", WATCH_HEADING, "lecture or video"), ("book", READ_HEADING, "book or chapter"))


@dataclass(frozen=True, slots=True)
class TeachingPlaces:
    """The places of one form that teach a concept; `url` leads to the first, `questions` lead here."""

    heading: str
    sentence: str
    url: str
    questions: tuple[str, ...]


def teaching_places(curriculum: Curriculum, concept_id: str) -> tuple[TeachingPlaces, ...]:
    """Where to watch and where to read about a concept: of each form at most three places, one of a resource."""
    concept = curriculum.concepts[concept_id]
    found = []
    for form, heading, asked in _FORMS:
        units = _best_units(curriculum, concept_id, form)
        if units:
            listing = " · ".join(f"{resource.short}, {unit.label}: {_bare(unit.title)}" for resource, unit in units)
            resource, unit = units[0]
            found.append(
                TeachingPlaces(
                    heading,
                    f"{heading} about “{concept.title}”: {listing}.",
                    str(unit.url or resource.url),
                    (f"{asked} about {concept.title.lower()}",),
                )
            )
    return tuple(found)


def covers(curriculum: Curriculum, resource: Resource, unit: Unit) -> str | None:
    """What a unit teaches, by the titles of its concepts; None if it lists none."""
    titles = [curriculum.concepts[id_].title for id_ in unit.concepts]
    return f"“{unit.title}” ({unit.label} of {resource.short}) covers: {' · '.join(titles)}." if titles else None


def _best_units(curriculum: Curriculum, concept_id: str, form: str) -> list[tuple[Resource, Unit]]:
    """The concept's own study places first, then units that are named after it, then those with the fewest concepts;
    of the chosen ones what costs money comes last, since the first is linked.
    """
    concept = curriculum.concepts[concept_id]
    study = {(place.resource, place.unit): number for number, place in enumerate(concept.study)}

    def rank(place: tuple[str, Unit]) -> tuple[int, bool, int]:
        resource_id, unit = place
        return study.get((resource_id, unit.id), len(study)), not _is_named_after(unit, concept), len(unit.concepts)

    best: dict[str, Unit] = {}
    for resource_id, unit in sorted(_units(curriculum, concept_id, form), key=rank):
        best.setdefault(resource_id, unit)
    chosen = [(curriculum.resources[id_], unit) for id_, unit in list(best.items())[:_MOST]]
    return sorted(chosen, key=lambda place: place[0].cost == "paid")


def _units(curriculum: Curriculum, concept_id: str, form: str) -> Iterator[tuple[str, Unit]]:
    for resource_id, resource in curriculum.resources.items():
        if resource.formats[0] == form and resource.status != "retired":
            for unit in resource.units:
                if concept_id in unit.concepts and not _TO_DO.match(unit.label):
                    yield resource_id, unit


def _is_named_after(unit: Unit, concept: Concept) -> bool:
    names: Iterable[str] = (concept.title, *concept.aliases)
    return any(name.casefold() in unit.title.casefold() for name in names)


def _bare(title: str) -> str:
    return title.rstrip(".?!")
