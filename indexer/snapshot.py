"""One built index in memory and on disk: passages, their vectors, their words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexer.encoder import Vectors
from indexer.errors import IndexDamaged, IndexMismatch
from indexer.lexical_index import LexicalIndex, tokenise
from indexer.manifest import MANIFEST_FILE, Manifest, read_manifest
from indexer.passages import Passage, Segment, SegmentKind, text_key
from indexer.spelling import Spelling
from indexer.vector_index import VectorIndex

_PASSAGES = "passages.jsonl"
_VECTORS = "vectors.faiss"
_OUTSIDE = "outside.faiss"
_LEXICAL_PASSAGES = "bm25-passages"
_LEXICAL_SOURCES = "bm25-sources"


@dataclass(frozen=True)
class Snapshot:
    """An index that can be searched. Rows of `vectors`: first the passages, then all probes in order."""

    manifest: Manifest
    passages: tuple[Passage, ...]
    vectors: VectorIndex
    lexical_passages: LexicalIndex
    lexical_sources: LexicalIndex
    """Whole sources, in the order of `sources`: words of one question may stand in different passages."""
    outside: VectorIndex
    """The topics that are not covered, in the manifest's order."""

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Every source once, in the order of the passages."""
        return tuple(dict.fromkeys(passage.source for passage in self.passages))

    @cached_property
    def number_of_source(self) -> Mapping[str, int]:
        """The position of each source in `sources`."""
        return {source: number for number, source in enumerate(self.sources)}

    @cached_property
    def source_of_passage(self) -> NDArray[np.intp]:
        """For each passage the position of its source in `sources`."""
        return np.array([self.number_of_source[passage.source] for passage in self.passages], dtype=np.intp)

    @cached_property
    def passage_of_row(self) -> NDArray[np.intp]:
        """For each row of `vectors` the passage that it leads to."""
        probes = [number for number, passage in enumerate(self.passages) for _ in passage.probes]
        return np.array([*range(len(self.passages)), *probes], dtype=np.intp)

    @cached_property
    def passages_of_source(self) -> Mapping[str, tuple[int, ...]]:
        """The passage numbers of each source."""
        groups: dict[str, list[int]] = {}
        for number, passage in enumerate(self.passages):
            groups.setdefault(passage.source, []).append(number)
        return {source: tuple(numbers) for source, numbers in groups.items()}

    @cached_property
    def passage_by_key(self) -> Mapping[str, Passage]:
        """Passages by their content hash."""
        return {passage.key: passage for passage in self.passages}

    @cached_property
    def _stems(self) -> dict[int, frozenset[str]]:
        return {}

    def prepare(self) -> None:
        """Work out now what the first question would wait for: some tenths of a second, not for an event loop."""
        _ = self.spelling, self.sources_of_name, self.kind_of_source

    @cached_property
    def spelling(self) -> Spelling:
        """The words of all passages and of what leads to them."""
        return Spelling.from_texts(passage_texts(self.passages), list(self._leads.values()))

    @cached_property
    def _leads(self) -> Mapping[str, str]:
        """For each source its names in one line: the first of the texts that lead to it."""
        leads: dict[str, str] = {}
        for passage in self.passages:
            if passage.probes:
                leads.setdefault(passage.source, passage.probes[0])
        return leads

    @cached_property
    def names(self) -> Mapping[str, tuple[frozenset[str], ...]]:
        """For each source the stems of each of its names."""
        return {
            source: tuple(frozenset(tokenise(name)) for name in lead.split(", "))
            for source, lead in self._leads.items()
        }

    @cached_property
    def sources_of_name(self) -> Mapping[frozenset[str], tuple[str, ...]]:
        """The sources that have a name of exactly these stems."""
        found: dict[frozenset[str], list[str]] = {}
        for source, names in self.names.items():
            for name in set(names):
                found.setdefault(name, []).append(source)
        return {name: tuple(sources) for name, sources in found.items()}

    @cached_property
    def kind_of_source(self) -> Mapping[str, NDArray[np.bool_]]:
        """For each kind which of `sources` are of it."""
        kinds = {passage.source: passage.kind for passage in self.passages}
        of_source = np.array([kinds[source] for source in self.sources])
        return {kind: of_source == kind for kind in set(kinds.values())}

    def stems(self, passage: int) -> frozenset[str]:
        """The stems of a passage's own words, without what leads to it; kept after the first call."""
        found = self._stems.get(passage)
        if found is None:
            found = self._stems[passage] = frozenset(tokenise(self.passages[passage].encoded_text))
        return found

    def encoded(self) -> dict[str, Vectors]:
        """Every vector by the hash of the text it stands for, so that a rebuild encodes only what changed."""
        rows = self.vectors.vectors()
        texts = [passage.encoded_text for passage in self.passages]
        texts.extend(probe for passage in self.passages for probe in passage.probes)
        known = {text_key(text): rows[number] for number, text in enumerate(texts)}
        known.update(zip(map(text_key, self.manifest.outside), self.outside.vectors(), strict=True))
        return known

    def write(self, folder: Path) -> None:
        """Write everything into the existing, empty `folder`. Raises OSError where the disk does."""
        lines = [json.dumps(_to_json(passage), ensure_ascii=False) for passage in self.passages]
        (folder / _PASSAGES).write_text("\n".join(lines) + "\n", "utf-8")
        self.vectors.write(folder / _VECTORS)
        self.outside.write(folder / _OUTSIDE)
        self.lexical_passages.write(folder / _LEXICAL_PASSAGES)
        self.lexical_sources.write(folder / _LEXICAL_SOURCES)
        (folder / MANIFEST_FILE).write_text(self.manifest.model_dump_json(indent=1), "utf-8")

    @classmethod
    def read(cls, folder: Path, *, model: str, dimension: int) -> Self:
        """Read what `write` wrote, for use with an encoder of this name and dimension.

        Raises:
            IndexMismatch: it was built with another model or format.
            IndexDamaged: a file is missing or does not fit the others.
        """
        manifest = read_manifest(folder)
        if manifest.model != model:
            raise IndexMismatch(folder.parent, "model", manifest.model, model)
        if manifest.dimension != dimension:
            raise IndexMismatch(folder.parent, "vector length", manifest.dimension, dimension)
        try:
            lines = (folder / _PASSAGES).read_bytes().splitlines()  # of bytes: text has more line ends than \n
            passages = tuple(_from_json(json.loads(line)) for line in lines)
            vectors = VectorIndex.read(folder / _VECTORS)
            outside = VectorIndex.read(folder / _OUTSIDE)
            lexical_passages = LexicalIndex.read(folder / _LEXICAL_PASSAGES)
            lexical_sources = LexicalIndex.read(folder / _LEXICAL_SOURCES)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexDamaged(folder.parent, f"{type(error).__name__} while reading {folder.name}") from error
        rows = len(passages) + sum(len(passage.probes) for passage in passages)
        sources = len({passage.source for passage in passages})
        found = (
            vectors.dimension,
            outside.dimension,
            vectors.size,
            outside.size,
            lexical_passages.size,
            lexical_sources.size,
        )
        if found != (dimension, dimension, rows, len(manifest.outside), len(passages), sources):
            raise IndexDamaged(folder.parent, "its files do not belong together")
        return cls(manifest, passages, vectors, lexical_passages, lexical_sources, outside)


def passage_texts(passages: Sequence[Passage]) -> list[str]:
    """What keyword search reads of each passage: its headings, its text and what leads to it."""
    return ["\n".join((passage.encoded_text, *passage.probes)) for passage in passages]


def source_texts(passages: Sequence[Passage]) -> list[str]:
    """What keyword search reads of each source, in the order in which they first appear."""
    texts: dict[str, list[str]] = {}
    for passage in passages:
        texts.setdefault(passage.source, [passage.title]).extend((passage.text, *passage.probes))
    return ["\n".join(parts) for parts in texts.values()]


def _to_json(passage: Passage) -> dict[str, object]:
    return {
        "source": passage.source,
        "kind": passage.kind,
        "title": passage.title,
        "heading": passage.heading,
        "segments": [[segment.kind.value, segment.text] for segment in passage.segments],
        "head": passage.head,
        "place": passage.place,
        "url": passage.url,
        "probes": passage.probes,
    }


def _from_json(data: dict[str, object]) -> Passage:
    return Passage(
        source=_text(data["source"]),
        kind=_text(data["kind"]),
        title=_text(data["title"]),
        heading=tuple(_text(part) for part in _list(data["heading"])),
        segments=tuple(_segment(part) for part in _list(data["segments"])),
        head=_text(data["head"]),
        place=None if data["place"] is None else _text(data["place"]),
        url=None if data["url"] is None else _text(data["url"]),
        probes=tuple(_text(part) for part in _list(data["probes"])),
    )


def _segment(data: object) -> Segment:
    kind, text = _list(data)
    return Segment(_text(text), SegmentKind(_text(kind)))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("list expected")
    return value
