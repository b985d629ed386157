"""Knowledge -> Passages: which sections a document has, and which texts lead to them."""

from collections.abc import Iterable, Iterator

from indexer.encoder import Encoder
from indexer.passages import Passage, Section, Segment, cut_section, fit_heading, split_sections
from knowledge.curriculum import Curriculum
from knowledge.documents import Document
from knowledge.facts import Fact, curriculum_facts
from knowledge.loader import Knowledge
from knowledge.models import Concept, Resource
from knowledge.teaching import covers, teaching_places

FACTS_HEADING = "At a glance"


def build_passages(knowledge: Knowledge, encoder: Encoder) -> Iterator[Passage]:
    """Every passage of every document, in the order of the sources."""
    facts: dict[str, list[Fact]] = {}
    if knowledge.curriculum is not None:
        for fact in curriculum_facts(knowledge.curriculum):
            facts.setdefault(fact.source, []).append(fact)
    for document in knowledge.documents:
        yield from document_passages(document, facts.get(document.source, ()), encoder, knowledge.curriculum)


def document_passages(
    document: Document, facts: Iterable[Fact], encoder: Encoder, curriculum: Curriculum | None = None
) -> Iterator[Passage]:
    """The passages of one document. Names and listed questions lead to its first passage."""
    note = document.note
    names = ", ".join([document.title, *note.aliases])
    leads: tuple[str, ...] = (names, *note.questions)
    for section, questions in _sections(document, facts, curriculum):
        yield from _passages(document, section, (*leads, *questions), encoder)
        leads = ()


def _sections(
    document: Document, facts: Iterable[Fact], curriculum: Curriculum | None
) -> Iterator[tuple[Section, tuple[str, ...]]]:
    """The sections of a document with the questions that lead to each."""
    for section in split_sections(document.body):
        yield section, ()
    for fact in facts:
        yield Section((FACTS_HEADING,), tuple(Segment(sentence) for sentence in fact.sentences)), fact.questions
    if curriculum is not None and isinstance(document.note, Resource):
        for section in _unit_sections(document.note, curriculum):
            yield section, ()
    if curriculum is not None and isinstance(document.note, Concept):
        for place in teaching_places(curriculum, document.id):
            yield Section((place.heading,), (Segment(place.sentence),), place.heading, place.url), place.questions


def _unit_sections(resource: Resource, curriculum: Curriculum) -> Iterator[Section]:
    for unit in resource.units:
        place = f"{unit.label}: {unit.title}"
        texts = (unit.summary, covers(curriculum, resource, unit))
        segments = tuple(Segment(text) for text in texts if text)
        yield Section((place,), segments, place=place, url=str(unit.url) if unit.url else None)


def _passages(document: Document, section: Section, probes: tuple[str, ...], encoder: Encoder) -> Iterator[Passage]:
    head = fit_heading(
        document.title, section.heading, max_tokens=encoder.max_tokens, count_tokens=encoder.count_tokens
    )
    pieces = cut_section(section, head=head, max_tokens=encoder.max_tokens, count_tokens=encoder.count_tokens)
    for number, piece in enumerate(pieces):
        yield Passage(
            document.source,
            document.kind.value,
            document.title,
            piece.heading,
            piece.segments,
            head,
            piece.place,
            piece.url,
            probes if number == 0 else (),
        )
