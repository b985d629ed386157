"""Document -> Passages: Markdown-aware, never longer than the encoder reads, heading path kept."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from markdown_it import MarkdownIt
from markdown_it.token import Token
from semantic_text_splitter import TextSplitter

from knowledge.sentences import split_sentences

CountTokens = Callable[[Sequence[str]], list[int]]


class SegmentKind(StrEnum):
    """What a piece of a passage is; code is quoted as a block, an item as a list line."""

    SENTENCE = "sentence"
    ITEM = "item"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Segment:
    """The smallest piece that may be quoted: a sentence, a list item or a code block."""

    text: str
    kind: SegmentKind = SegmentKind.SENTENCE


@dataclass(frozen=True, slots=True)
class Section:
    """The text under one heading, before it is cut to the encoder's size.

    `place` and `url` say where a reader finds it when that is not the note itself, e.g. a lesson of a course.
    """

    heading: tuple[str, ...]
    segments: tuple[Segment, ...]
    place: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a source that is found, scored and cited as one."""

    source: str
    kind: str
    title: str
    heading: tuple[str, ...]
    segments: tuple[Segment, ...]
    head: str
    """The heading path as the encoder reads it: cut short where it would leave no room for the text."""
    place: str | None = None
    url: str | None = None
    probes: tuple[str, ...] = field(default=())
    """Texts that lead to this passage though they are not quoted: names and listed questions."""

    @property
    def text(self) -> str:
        """The passage as it is shown."""
        return join_segments(self.segments)

    @property
    def encoded_text(self) -> str:
        """What the encoder reads: the heading path first, so that a passage knows what it is about."""
        return f"{self.head}\n{self.text}"

    @property
    def key(self) -> str:
        """Content hash of everything that is encoded or shown for this passage."""
        parts = (self.source, self.encoded_text, self.place or "", self.url or "", *self.probes)
        return text_key("\x1f".join(parts))


def text_key(text: str) -> str:
    """A content hash, 32 hexadecimal digits."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def heading_line(title: str, heading: Sequence[str]) -> str:
    """The title and the headings below it with " > " between them; a heading that repeats the title is left out."""
    return " > ".join([title, *(h for h in heading if h.casefold() != title.casefold())])


def join_segments(segments: Iterable[Segment]) -> str:
    """Segments as Markdown: sentences run on, items and code stand on lines of their own."""
    text = ""
    previous: Segment | None = None
    for segment in segments:
        runs_on = previous is not None and {segment.kind, previous.kind} == {SegmentKind.SENTENCE}
        separator = "" if previous is None else " " if runs_on else "\n"
        text += separator + segment.text
        previous = segment
    return text


_markdown = MarkdownIt("commonmark").enable("table")


def split_sections(body: str) -> list[Section]:
    """Cut Markdown at its headings; a section without text is dropped."""
    path: list[tuple[int, str]] = []
    sections: list[Section] = []
    segments: list[Segment] = []

    def close() -> None:
        if segments:
            sections.append(Section(tuple(name for _, name in path if name), tuple(segments)))
            segments.clear()

    tokens = _markdown.parse(body)
    for position, token in enumerate(tokens):
        if token.type == "heading_open":
            close()
            level = int(token.tag[1])
            while path and path[-1][0] >= level:
                path.pop()
            path.append((level, plain_inline(tokens[position + 1].content)))
        else:
            segments.extend(_segments(token, tokens, position))
    close()
    return sections


def _segments(token: Token, tokens: list[Token], position: int) -> Iterator[Segment]:
    if token.type in {"fence", "code_block"}:
        if token.content.strip():
            yield Segment(f"```{_language(token.info)}\n{token.content.rstrip()}\n```", SegmentKind.CODE)
    elif token.type == "inline" and tokens[position - 1].type == "paragraph_open":
        is_item = _is_first_in_item(tokens, position)
        for number, sentence in enumerate(split_sentences(plain_inline(token.content))):
            yield Segment(f"- {sentence}", SegmentKind.ITEM) if is_item and number == 0 else Segment(sentence)
    elif token.type == "tr_open":
        cells = _row_cells(tokens, position)
        if any(cells):
            yield Segment(f"- {' · '.join(cells)}", SegmentKind.ITEM)
    elif token.type == "html_block":
        for sentence in split_sentences(plain_inline(token.content)):
            yield Segment(sentence)


def _language(info: str) -> str:
    match = re.match(r"[{.]*\s*([A-Za-z+#]{1,12})", info.strip())
    return match[1] if match else ""


def _is_first_in_item(tokens: list[Token], position: int) -> bool:
    return position >= 2 and tokens[position - 2].type == "list_item_open"


def _row_cells(tokens: list[Token], position: int) -> list[str]:
    cells: list[str] = []
    for token in tokens[position + 1 :]:
        if token.type == "tr_close":
            break
        if token.type == "inline":
            cells.append(plain_inline(token.content))
    return cells


# Each pattern matches code first, so that `layers[0](x)` and `List<int>` in backticks stay as they are.
_CODE = r"(?P<code>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
_IMAGE = re.compile(_CODE + r"|!\[(?P<text>[^\]]*)\]\([^)]*\)", re.DOTALL)
_RELATIVE_LINK = re.compile(_CODE + r"|\[(?P<text>(?:`[^`]*`|[^\]`])+)\]\((?!https?://)[^)]*\)", re.DOTALL)
_TAG = re.compile(_CODE + r"|</?(?P<tag>[A-Za-z][A-Za-z0-9-]*)(?:\s[^<>]*)?/?>|<!--.*?-->", re.DOTALL)

_TAGS_IN_WORDS = frozenset({"a", "b", "code", "em", "i", "kbd", "mark", "small", "span", "strong", "sub", "sup", "u"})


def plain_inline(text: str) -> str:
    """One paragraph as one line, without pictures, HTML tags and links that lead nowhere from Discord."""
    text = _IMAGE.sub(lambda match: match["code"] or match["text"], text)
    text = _RELATIVE_LINK.sub(lambda match: match["code"] or match["text"], text)
    text = _TAG.sub(
        lambda match: match["code"] or ("" if (match["tag"] or "").lower() in _TAGS_IN_WORDS else " "), text
    )
    return re.sub(r"\s+", " ", text).strip()


def fit_heading(title: str, heading: Sequence[str], *, max_tokens: int, count_tokens: CountTokens) -> str:
    """The heading line in at most half of `max_tokens`: outer headings go first, then the end of the line."""
    line = heading_line(title, heading)
    if count_tokens([line])[0] <= max_tokens // 2:
        return line
    line = heading_line(title, heading[-1:])
    while count_tokens([line])[0] > max_tokens // 2:
        line = line[: len(line) * 3 // 4]
    return line


def cut_section(section: Section, *, head: str, max_tokens: int, count_tokens: CountTokens) -> list[Section]:
    """Cut a section into pieces that, with their heading line, fit into `max_tokens`.

    Cuts fall between segments; a segment that is too long by itself is cut inside, code keeps its fence.
    """
    budget = max_tokens - count_tokens([head])[0]
    segments = [piece for segment in section.segments for piece in _fit(segment, budget, count_tokens)]
    counts = count_tokens([segment.text for segment in segments])
    pieces: list[Section] = []
    start = used = 0
    for position, count in enumerate(counts):
        if position > start and used + count > budget:
            pieces.append(_piece(section, segments[start:position]))
            start, used = position, 0
        used += count
    pieces.append(_piece(section, segments[start:]))
    return pieces


def _piece(section: Section, segments: list[Segment]) -> Section:
    return Section(section.heading, tuple(segments), section.place, section.url)


def _fit(segment: Segment, budget: int, count_tokens: CountTokens) -> list[Segment]:
    if count_tokens([segment.text])[0] <= budget:
        return [segment]
    if segment.kind is not SegmentKind.CODE:
        chunks = _chunks(segment.text, budget, count_tokens)
        return [Segment(chunk, segment.kind if n == 0 else SegmentKind.SENTENCE) for n, chunk in enumerate(chunks)]
    opening, _, rest = segment.text.partition("\n")
    room = budget - count_tokens([f"{opening}\n```"])[0]
    chunks = _chunks(rest.removesuffix("\n```"), room, count_tokens)
    return [Segment(f"{opening}\n{chunk}\n```", SegmentKind.CODE) for chunk in chunks]


def _chunks(text: str, budget: int, count_tokens: CountTokens) -> list[str]:
    """The text in pieces of at most `budget` tokens, which keep the indentation of their first line."""
    splitter = TextSplitter.from_callback(lambda piece: count_tokens([piece])[0], max(budget, 8), trim=False)
    chunks = _at_spaces(splitter.chunks(text), budget, count_tokens)
    return [chunk.strip("\n").rstrip() for chunk in chunks if chunk.strip()]


def _at_spaces(chunks: Iterable[str], budget: int, count_tokens: CountTokens) -> list[str]:
    """The chunks with cuts moved from the middle of something like "nn.Linear(3," to the space before it.

    A cut stays where the piece after it would not fit any more: inside of what has no space at all.
    """
    moved: list[str] = []
    for chunk in chunks:
        if moved and not moved[-1][-1].isspace() and not chunk[0].isspace():
            kept, _, tail = moved[-1].rpartition(" ")
            if kept.strip() and count_tokens([tail + chunk])[0] <= budget:
                moved[-1] = kept
                moved.append(tail + chunk)
                continue
        moved.append(chunk)
    return moved
