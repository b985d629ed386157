"""Load, split, encode only what changed, write a new version beside the old one, swap the pointer."""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from indexer.corpus import FACTS_HEADING, build_passages
from indexer.encoder import Encoder, Vectors
from indexer.errors import SearchIndexError
from indexer.lexical_index import LexicalIndex
from indexer.manifest import FORMAT, Manifest, current_version, hash_sources, is_version, point_to, read_manifest
from indexer.passages import Passage, text_key
from indexer.snapshot import Snapshot, passage_texts, source_texts
from indexer.vector_index import VectorIndex
from knowledge.loader import Knowledge, load_knowledge
from knowledge.problems import KnowledgeError, Problem

Progress = Callable[[int, int], None]
"""Called with how many texts are encoded and how many there are to encode."""

_BATCH = 128
_UNFINISHED = ".building-"


class BuildRunning(SearchIndexError):
    """Another process builds into the same folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"Another build of {folder} is running. Wait until it has finished.")


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `encoded` and `reused` count texts; `seconds` is the whole time."""

    manifest: Manifest
    version: Path
    encoded: int
    reused: int
    seconds: float
    warnings: tuple[Problem, ...]


def build_index(
    knowledge_folder: Path, index: Path, encoder: Encoder, *, now: datetime, progress: Progress | None = None
) -> BuildReport:
    """Build the index of a knowledge folder. Until the last moment the old index stays the current one.

    Raises:
        KnowledgeError: the folder cannot be used.
        BuildRunning: another process builds into `index`.
        OSError: the disk is full or not writable; the old index is untouched.
    """
    started = time.monotonic()
    hashes = hash_sources(knowledge_folder)  # first: a file that is edited while it is read leaves the index stale
    knowledge = load_knowledge(knowledge_folder)
    index.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(index / ".lock", timeout=0):
            _remove_unfinished(index)
            passages = list(build_passages(knowledge, encoder))
            if not passages:
                raise KnowledgeError(
                    str(knowledge_folder),
                    [Problem(str(knowledge_folder), None, None, "no file has text below its headings", "write some")],
                )
            known = _known_vectors(index, encoder)
            vectors, encoded = _encode([*_texts(passages), *knowledge.outside], known, encoder, progress)
            manifest = Manifest(
                format=FORMAT,
                model=encoder.name,
                dimension=encoder.dimension,
                built_at=now.astimezone(UTC).isoformat(timespec="seconds"),
                sources=hashes,
                documents=len(knowledge.documents),
                passages=len(passages),
                probes=sum(len(passage.probes) for passage in passages),
                outside=knowledge.outside,
            )
            snapshot = _snapshot(manifest, passages, vectors)
            version = _write(snapshot, index, now)
    except Timeout:
        raise BuildRunning(index) from None
    return BuildReport(
        snapshot.manifest, version, encoded, len(vectors) - encoded, time.monotonic() - started, knowledge.warnings
    )


def encode_prose(
    knowledge: Knowledge, index: Path, encoder: Encoder, progress: Progress | None = None
) -> tuple[list[Passage], Vectors]:
    """The passages that authors wrote and their vectors of shape (passages, d), without writing anything.

    Facts and units are left out: they are rendered from front matter, and repeat their forms on purpose.
    What the current index has encoded already is taken from there.
    """
    rendered = (FACTS_HEADING,)
    passages = [p for p in build_passages(knowledge, encoder) if p.heading != rendered and p.place is None]
    texts = [passage.encoded_text for passage in passages]
    vectors, _ = _encode(texts, _known_vectors(index, encoder), encoder, progress)
    matrix = np.array([vectors[text_key(text)] for text in texts], dtype=np.float32)
    return passages, matrix.reshape(-1, encoder.dimension)


def is_stale(knowledge_folder: Path, index: Path, model: str) -> bool:
    """Whether the current index is missing, unusable or not built from these files with this model."""
    try:
        manifest = read_manifest(current_version(index))
    except SearchIndexError:
        return True
    return manifest.model != model or manifest.sources != hash_sources(knowledge_folder)


def _texts(passages: Sequence[Passage]) -> list[str]:
    """Every text that needs a vector: first the passages, then their probes."""
    texts = [passage.encoded_text for passage in passages]
    texts.extend(probe for passage in passages for probe in passage.probes)
    return texts


def _known_vectors(index: Path, encoder: Encoder) -> dict[str, Vectors]:
    try:
        return Snapshot.read(current_version(index), model=encoder.name, dimension=encoder.dimension).encoded()
    except SearchIndexError:
        return {}


def _encode(
    texts: Sequence[str], known: dict[str, Vectors], encoder: Encoder, progress: Progress | None
) -> tuple[dict[str, Vectors], int]:
    """A vector for every text, by the text's hash, and how many of them were encoded now."""
    wanted = {text_key(text): text for text in texts}
    vectors = {key: known[key] for key in wanted if key in known}
    missing = sorted((key for key in wanted if key not in vectors), key=lambda key: len(wanted[key]))
    for start in range(0, len(missing), _BATCH):
        if progress:
            progress(start, len(missing))
        keys = missing[start : start + _BATCH]
        vectors.update(zip(keys, encoder.encode([wanted[key] for key in keys]), strict=True))
    if progress:
        progress(len(missing), len(missing))
    return vectors, len(missing)


def _snapshot(manifest: Manifest, passages: Sequence[Passage], vectors: dict[str, Vectors]) -> Snapshot:
    matrix = np.array([vectors[text_key(text)] for text in _texts(passages)], dtype=np.float32)
    outside = np.array([vectors[text_key(text)] for text in manifest.outside], dtype=np.float32)
    return Snapshot(
        manifest,
        tuple(passages),
        VectorIndex.from_vectors(matrix),
        LexicalIndex.from_texts(passage_texts(passages)),
        LexicalIndex.from_texts(source_texts(passages)),
        VectorIndex.from_vectors(outside.reshape(-1, manifest.dimension)),
    )


def _write(snapshot: Snapshot, index: Path, now: datetime) -> Path:
    """Write into a hidden folder, make it durable, give it its name, point to it, drop old versions."""
    name = f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    hidden = index / f"{_UNFINISHED}{name}"
    hidden.mkdir()
    try:
        snapshot.write(hidden)
        for path in [*hidden.rglob("*"), hidden]:
            _sync(path)
        version = hidden.rename(index / name)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    _sync(index)
    previous = _current_or_none(index)
    point_to(index, name)
    _drop_old(index, keep={version, previous})
    return version


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _current_or_none(index: Path) -> Path | None:
    try:
        return current_version(index)
    except SearchIndexError:
        return None


def _drop_old(index: Path, keep: set[Path | None]) -> None:
    """Drop versions, never anything else in the folder. The one before stays: a bot may be reading it."""
    for path in index.iterdir():
        if is_version(path.name) and path not in keep:
            shutil.rmtree(path, ignore_errors=True)


def _remove_unfinished(index: Path) -> None:
    """Remove what a build left behind that was killed."""
    for path in index.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)
