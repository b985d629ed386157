"""House rules for the content of a curriculum: what a reviewer would otherwise count by hand.

`checks` finds what breaks the tutor and stops a build. The rules here are about quality. A folder
that breaks them still works; `tutor index check` and the tests list what to mend.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from knowledge.documents import Document, Kind, section_text
from knowledge.files import KeyPath, RawFile, read_markdown, read_toml
from knowledge.loader import Knowledge
from knowledge.models import Concept, Question, QuestionKind, Resource
from knowledge.problems import Problem
from knowledge.sentences import reading_grade, split_sentences

CONCEPT_WORDS = (150, 400)
LEAD_WORDS = 32
LEAD_GRADE = 12.0
"""Highest US school grade of a lead sentence. Names of the concept itself are not counted."""
LISTED_QUESTIONS = (3, 8)
QUESTIONS_PER_CONCEPT = 2

_CONCEPT_HEADINGS = (
    "Intuition",
    "Formula",
    "Worked example",
    "Not to be confused with",
    "In practice",
    "Common mistake",
)
_OPTIONAL = frozenset({"Formula"})
_REQUIRED: Mapping[Kind, tuple[str, ...]] = {
    Kind.STEP: (
        "What to do, in order",
        "What counts as done",
        "How long it takes",
        "Common worries",
        "What comes next",
    ),
    Kind.RESOURCE: ("How to work through it", "Stumbling blocks", r"Status in \d{4}"),
    Kind.CAPSTONE: ("Milestones", "What makes it a portfolio piece", "Typical failure"),
}
_WEB_ADDRESS = re.compile(r"https?://[\w-]+(\.[\w-]+)*\.[a-z]{2,}([:/?#][^\s<>\"]*)?", re.ASCII)
_LATEX = re.compile(r"\$|\\[a-zA-Z]{2,}|\\[()\[\]]")


def check_standards(knowledge: Knowledge) -> list[Problem]:
    """Every broken rule of a curriculum's content, none for a folder of plain notes. Reads files again for lines."""
    if knowledge.curriculum is None:
        return []
    found = [problem for document in knowledge.documents for problem in _check_document(knowledge, document)]
    return [*found, *_check_coverage(knowledge), *_check_names(knowledge), *_check_bank(knowledge)]


def _check_document(knowledge: Knowledge, document: Document) -> Iterator[Problem]:
    def at(wrong: str, right: str, *path: str | int) -> Problem:
        return _at(knowledge, document, path, wrong, right)

    if document.kind is Kind.CONCEPT:
        yield from _check_concept(document, at)
    elif document.kind in _REQUIRED:
        headings = _headings(document.body)
        for wanted in _REQUIRED[document.kind]:
            if not any(re.fullmatch(wanted, heading) for heading in headings):
                shown = wanted.replace(r"\d{4}", "<year>")
                yield at(f"lacks the heading {shown!r}", "add the section")
    if document.kind is not Kind.NOTE:
        yield from _check_links(document, at)
        yield from _check_repeats(document, at)


_At = Callable[..., Problem]


def _at(knowledge: Knowledge, document: Document, path: KeyPath, wrong: str, right: str) -> Problem:
    name = f"{document.source}.md"
    key = ".".join(str(part) for part in path) or None
    line = read_markdown(knowledge.folder / name, name).line_of(path) if path else None
    return Problem(name, line, key, wrong, right)


def _check_concept(document: Document, at: _At) -> Iterator[Problem]:
    least, most = CONCEPT_WORDS
    words = len(document.body.split())
    if not least <= words <= most:
        yield at(f"has {words} words", f"write {least} to {most}")
    headings = _headings(document.body)
    expected = [h for h in _CONCEPT_HEADINGS if h in headings or h not in _OPTIONAL]
    if headings != expected:
        right = f"use {', '.join(expected)}, in this order"
        yield at(f"has the headings {', '.join(headings) or 'none'}", right)
    yield from _check_lead(document, at)
    if match := _LATEX.search(document.body):
        yield at(f"contains LaTeX ({match[0]!r})", "write formulas as plain text with Unicode in a code block")
    fewest, highest = LISTED_QUESTIONS
    count = len(document.note.questions)
    if not fewest <= count <= highest:
        yield at(f"lists {count} questions", f"list {fewest} to {highest}", "questions")
    if not document.note.aliases:
        yield at("has no other name", "list what learners also call it", "aliases")


def _check_lead(document: Document, at: _At) -> Iterator[Problem]:
    lead = lead_of(document)
    if len(split_sentences(lead)) != 1 or not lead.endswith("."):
        yield at("does not begin with one sentence", "say in one sentence what it is, then leave an empty line")
        return
    if (words := len(lead.split())) > LEAD_WORDS:
        yield at(f"begins with a sentence of {words} words", f"use at most {LEAD_WORDS}")
    names = (document.title, *document.note.aliases)
    if (grade := reading_grade(lead, names)) > LEAD_GRADE:
        wrong = f"begins with a sentence of reading grade {grade:.1f}"
        yield at(wrong, f"use shorter words or fewer of them, for a grade of at most {LEAD_GRADE:g}")


def lead_of(document: Document) -> str:
    """The first paragraph as one line: the answer in one sentence."""
    return " ".join((section_text(document.body, None) or "").split("\n\n")[0].split())


def _headings(body: str) -> list[str]:
    outside_code = re.sub(r"^```.*?^```$", "", body, flags=re.MULTILINE | re.DOTALL)
    return [heading.strip() for heading in re.findall(r"^#+ (.*)$", outside_code, re.MULTILINE)]


def _check_links(document: Document, at: _At) -> Iterator[Problem]:
    body = re.sub(r"```.*?```|`[^`\n]*`", "", document.body, flags=re.DOTALL)
    links = re.findall(r"\]\(([^)]*)\)", body)
    if isinstance(document.note, Resource):
        note = document.note
        addresses = [note.url, *(link.url for link in note.links), *(unit.url for unit in note.units)]
        links += [str(address) for address in addresses if address is not None]
    for link in links:
        if not _WEB_ADDRESS.fullmatch(link):
            yield at(f"links to {link!r}", "write a whole web address with https://")


def _check_repeats(document: Document, at: _At) -> Iterator[Problem]:
    for key, texts in (("aliases", document.note.aliases), ("questions", document.note.questions)):
        for text, count in Counter(text.casefold() for text in texts).items():
            if count > 1:
                yield at(f"lists {text!r} twice", "keep one of the two", key)


def _check_coverage(knowledge: Knowledge) -> Iterator[Problem]:
    curriculum = knowledge.curriculum
    assert curriculum is not None  # noqa: S101 - check_standards has looked
    taught = {id_ for r in curriculum.resources.values() for unit in r.units for id_ in unit.concepts}
    asked = Counter(question.concept for question in curriculum.questions)
    for document in knowledge.documents:
        if not isinstance(document.note, Concept):
            continue
        if document.id not in taught:
            right = "add it to `concepts` of a unit that teaches it"
            yield _at(knowledge, document, ("study",), "is taught by no unit of a resource", right)
        if asked[document.id] < QUESTIONS_PER_CONCEPT:
            wrong = f"has {asked[document.id]} questions in the bank"
            yield _at(knowledge, document, (), wrong, f"write at least {QUESTIONS_PER_CONCEPT}")


def _check_names(knowledge: Knowledge) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for document in knowledge.documents:
        if document.kind is not Kind.CONCEPT:
            continue
        for name in dict.fromkeys(name.casefold() for name in (document.title, *document.note.aliases)):
            if name in owners:
                wrong = f"has the name {name!r}, which {owners[name]} has too"
                yield _at(knowledge, document, ("aliases",), wrong, "leave it to one of the two")
            owners.setdefault(name, document.source)


def _check_bank(knowledge: Knowledge) -> Iterator[Problem]:
    for path in sorted(knowledge.folder.glob("questions/*.toml")):
        raw = read_toml(path, f"questions/{path.name}")
        for position, data in enumerate(raw.data.get("questions", ())):
            yield from _check_question(raw, position, Question.model_validate(data))


def _check_question(raw: RawFile, position: int, question: Question) -> Iterator[Problem]:
    """Options of very different length tell which one is right, or which one is filler."""
    if question.kind not in {QuestionKind.SINGLE, QuestionKind.MULTIPLE}:
        return
    lengths = [len(option.text) for option in question.options]
    if max(lengths) > 2 * min(lengths) and max(lengths) - min(lengths) > 20:
        path: KeyPath = ("questions", position)
        wrong = f"has options of {min(lengths)} to {max(lengths)} characters ({question.id})"
        yield Problem(raw.name, raw.line_of(path), "options", wrong, "make them of like length")
