"""Pages of the curriculum, as one member sees them."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """Where a member stands with something. It always comes with words."""

    DONE = "✓"
    STARTED = "►"
    SKIPPED = "–"
    OPEN = "○"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member stands with something: in a word or two, and in full, with the reason."""

    mark: Mark
    words: str
    reason: str | None = None

    @property
    def sentence(self) -> str:
        return self.reason or self.words


@dataclass(frozen=True, slots=True)
class Line:
    """One thing on a page. `address` opens its own page, `url` leads out of Discord."""

    title: str
    standing: Standing | None = None
    address: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    An address is "home", "step:3", "concepts:3", "ideas:4", "resource:ID", "unit:RESOURCE/UNIT", "concept:ID" or
    "idea:ID". `lines` may be many and are shown in portions. `more` are pages that belong to this one, by their
    label. `question` is the concept that a question can be tried on.
    """

    address: str
    title: str
    paragraphs: tuple[str, ...]
    sections: tuple[Section, ...] = ()
    lines: tuple[Line, ...] = ()
    up: str | None = None
    more: tuple[tuple[str, str], ...] = ()
    url: str | None = None
    question: str | None = None
