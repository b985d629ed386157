"""Knowledge -> Passages: which sections a document has, and which texts lead to them."""

from collections.abc import Iterable, Iterator

from indexer.encoder import Encoder
from indexer.passages import Passage, Section, Segment, cut_section, fit_heading, split_sections
from knowledge.documents import Document
from knowledge.facts import Fact, curriculum_facts
from knowledge.loader import Knowledge
from knowledge.models import Resource

FACTS_HEADING = "At a glance"


def build_passages(knowledge: Knowledge, encoder: Encoder) -> Iterator[Passage]:
    """Every passage of every document, in the order of the sources."""
    facts: dict[str, list[Fact]] = {}
    if knowledge.curriculum is not None:
        for fact in curriculum_facts(knowledge.curriculum):
            facts.setdefault(fact.source, []).append(fact)
    for document in knowledge.documents:
        yield from document_passages(document, facts.get(document.source, ()), encoder)


def document_passages(document: Document, facts: Iterable[Fact], encoder: Encoder) -> Iterator[Passage]:
    """The passages of one document. Names and listed questions lead to its first passage."""
    note = document.note
    names = ", ".join([document.title, *note.aliases])
    leads = (names, *note.questions)
    for number, section in enumerate(split_sections(document.body)):
        yield from _passages(document, section, leads if number == 0 else (), encoder)
    for fact in facts:
        segments = tuple(Segment(sentence) for sentence in fact.sentences)
        yield from _passages(document, Section((FACTS_HEADING,), segments), fact.questions, encoder)
    if isinstance(note, Resource):
        for section in _unit_sections(note):
            yield from _passages(document, section, (), encoder)


def _unit_sections(resource: Resource) -> Iterator[Section]:
    for unit in resource.units:
        place = f"{unit.label}: {unit.title}"
        yield Section((place,), (Segment(unit.summary),), place=place, url=str(unit.url) if unit.url else None)


def _passages(document: Document, section: Section, probes: tuple[str, ...], encoder: Encoder) -> Iterator[Passage]:
    head = fit_heading(document.title, section.heading, max_tokens=encoder.max_tokens, count_tokens=encoder.count_tokens)
    for number, piece in enumerate(cut_section(section, head=head, max_tokens=encoder.max_tokens, count_tokens=encoder.count_tokens)):
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

