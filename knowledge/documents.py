"""A Document is one Markdown file: its id, its title and its text, whatever kind of note it is."""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt

from knowledge.files import RawFile
from knowledge.models import Note

_markdown = MarkdownIt("commonmark")

_TEXT = {"text", "code_inline", "softbreak"}


class Kind(StrEnum):
    """What a document is; the value is the singular name a member reads."""

    STEP = "step"
    RESOURCE = "resource"
    CONCEPT = "concept"
    CAPSTONE = "capstone"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Document:
    """One note. `source` is its path below the knowledge folder without `.md`; `body` is Markdown."""

    source: str
    kind: Kind
    title: str
    body: str
    note: Note

    @property
    def id(self) -> str:
        """The last part of the source: what other files call it."""
        return self.source.rsplit("/", 1)[-1]


def plain_document(source: str, raw: RawFile) -> Document:
    """A note without a fixed form. The title is the first there is: front matter, first heading, file name."""
    title = _front_matter_title(raw.data) or _first_heading(raw.body) or _title_from_name(source)
    note = Note(title=title, aliases=_strings(raw.data.get("aliases")), questions=_strings(raw.data.get("questions")))
    return Document(source, Kind.NOTE, title, raw.body, note)


def _front_matter_title(data: dict[str, Any]) -> str | None:
    for key in ("title", "question", "name"):
        value = data.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def _first_heading(body: str) -> str | None:
    """The text of the first heading; a comment in a code block is none."""
    tokens = _markdown.parse(body)
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open":
            text = "".join(part.content or " " for part in content.children or () if part.type in _TEXT)
            if text.strip():
                return text.strip()
    return None


def _title_from_name(source: str) -> str:
    words = re.sub(r"[-_]+", " ", source.rsplit("/", 1)[-1]).strip()
    return words[:1].upper() + words[1:] if words else source


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return ()
    return tuple(item.strip() for item in value if isinstance(item, str) and item.strip())


def section_text(body: str, heading: str | None) -> str | None:
    """The text under `## heading`, or the text before the first heading; None if there is no such heading."""
    inside = heading is None
    in_code = False
    found: list[str] = []
    for line in body.split("\n"):
        if line.lstrip().startswith("```"):
            in_code = not in_code
        if line.startswith("## ") and not in_code:
            if inside:
                break
            inside = line[3:].strip() == heading
        elif inside:
            found.append(line)
    return "\n".join(found).strip() if inside else None
