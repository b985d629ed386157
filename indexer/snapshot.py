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
from indexer.lexical_index import LexicalIndex
from indexer.manifest import MANIFEST_FILE, Manifest, read_manifest
from indexer.passages import Passage, Segment, SegmentKind, heading_line, text_key
from indexer.vector_index import VectorIndex

_PASSAGES = "passages.jsonl"
_VECTORS = "vectors.faiss"
_SENTENCES = "sentences.npy"
_LEXICAL = "bm25"


def sentence_text(passage: Passage, segment: Segment) -> str:
    """What the encoder reads of one quotable piece: with its heading, so that "the sign of it is …" has a subject."""
    return f"{heading_line(passage.title, passage.heading)}: {segment.text}"


@dataclass(frozen=True)
class Snapshot:
    """An index that can be searched. Rows of `vectors`: first the passages, then all probes in order.

    `sentences` has one row of float16 for every segment of every passage, in order.
    """

    manifest: Manifest
    passages: tuple[Passage, ...]
    vectors: VectorIndex
    sentences: NDArray[np.float16]
    lexical: LexicalIndex

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Every source once, in the order of the passages."""
        return tuple(dict.fromkeys(passage.source for passage in self.passages))

    @cached_property
    def source_of_passage(self) -> NDArray[np.intp]:
        """For each passage the position of its source in `sources`."""
        position = {source: number for number, source in enumerate(self.sources)}
        return np.array([position[passage.source] for passage in self.passages], dtype=np.intp)

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
    def _first_sentence(self) -> NDArray[np.intp]:
        return np.cumsum([0, *(len(passage.segments) for passage in self.passages)])

    def sentence_vectors(self, passage: int) -> Vectors:
        """The vectors of a passage's segments, shape (segments, d)."""
        start, end = self._first_sentence[passage], self._first_sentence[passage + 1]
        return self.sentences[start:end].astype(np.float32)

    def encoded(self) -> dict[str, Vectors]:
        """Every vector by the hash of the text it stands for, so that a rebuild encodes only what changed."""
        rows = self.vectors.vectors()
        texts = [passage.encoded_text for passage in self.passages]
        texts.extend(probe for passage in self.passages for probe in passage.probes)
        known = {text_key(text): rows[number] for number, text in enumerate(texts)}
        pieces = (sentence_text(passage, segment) for passage in self.passages for segment in passage.segments)
        for number, text in enumerate(pieces):
            known.setdefault(text_key(text), self.sentences[number].astype(np.float32))
        return known

    def write(self, folder: Path) -> None:
        """Write everything into the existing, empty `folder`. Raises OSError where the disk does."""
        lines = [json.dumps(_to_json(passage), ensure_ascii=False) for passage in self.passages]
        (folder / _PASSAGES).write_text("\n".join(lines) + "\n", "utf-8")
        self.vectors.write(folder / _VECTORS)
        np.save(folder / _SENTENCES, self.sentences, allow_pickle=False)
        self.lexical.write(folder / _LEXICAL)
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
            text = (folder / _PASSAGES).read_text("utf-8")
            passages = tuple(_from_json(json.loads(line)) for line in text.splitlines() if line)
            vectors = VectorIndex.read(folder / _VECTORS)
            sentences = np.load(folder / _SENTENCES, mmap_mode="r", allow_pickle=False)
            lexical = LexicalIndex.read(folder / _LEXICAL)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexDamaged(folder.parent, f"{type(error).__name__} while reading {folder.name}") from error
        rows = len(passages) + sum(len(passage.probes) for passage in passages)
        segments = sum(len(passage.segments) for passage in passages)
        if (vectors.size, len(sentences), lexical.size) != (rows, segments, len(passages)):
            raise IndexDamaged(folder.parent, "its files do not belong together")
        return cls(manifest, passages, vectors, sentences, lexical)


def lexical_texts(passages: Sequence[Passage]) -> list[str]:
    """What keyword search reads of each passage: its text, its headings and what leads to it."""
    return ["\n".join((passage.encoded_text, *passage.probes)) for passage in passages]


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
        raise ValueError("text expected")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("list expected")
    return value
