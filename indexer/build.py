"""Load, split, encode only what changed, write a new version beside the old one, swap the pointer."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from indexer.corpus import build_passages
from indexer.encoder import Encoder, Vectors
from indexer.errors import SearchIndexError
from indexer.lexical_index import LexicalIndex
from indexer.manifest import FORMAT, Manifest, current_version, hash_sources, point_to, read_manifest
from indexer.passages import Passage, text_key
from indexer.snapshot import Snapshot, lexical_texts, sentence_text
from indexer.vector_index import VectorIndex
from knowledge.loader import load_knowledge
from knowledge.problems import Problem

Progress = Callable[[int, int], None]
"""Called with how many texts are encoded and how many there are to encode."""

_BATCH = 256
_KEPT_VERSIONS = 2


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
    knowledge = load_knowledge(knowledge_folder)
    hashes = hash_sources(knowledge_folder)
    index.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(index / ".lock", timeout=0):
            passages = list(build_passages(knowledge, encoder))
            known = _known_vectors(index, encoder)
            vectors, encoded = _encode(_texts(passages), known, encoder, progress)
            snapshot = _snapshot(passages, vectors, encoder, hashes, len(knowledge.documents), now)
            version = _write(snapshot, index, now)
    except Timeout:
        raise BuildRunning(index) from None
    return BuildReport(snapshot.manifest, version, encoded, len(vectors) - encoded, time.monotonic() - started, knowledge.warnings)


def is_stale(knowledge_folder: Path, index: Path, model: str) -> bool:
    """Whether the current index is missing, unusable or not built from these files with this model."""
    try:
        manifest = read_manifest(current_version(index))
    except SearchIndexError:
        return True
    return manifest.model != model or manifest.sources != hash_sources(knowledge_folder)


def _texts(passages: Sequence[Passage]) -> list[str]:
    """Every text that needs a vector: passages, probes, quotable pieces, in this order."""
    texts = [passage.encoded_text for passage in passages]
    texts.extend(probe for passage in passages for probe in passage.probes)
    texts.extend(sentence_text(passage, segment) for passage in passages for segment in passage.segments)
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


def _snapshot(
    passages: list[Passage], vectors: dict[str, Vectors], encoder: Encoder, hashes: dict[str, str], documents: int, now: datetime
) -> Snapshot:
    texts = _texts(passages)
    rows = len(passages) + sum(len(passage.probes) for passage in passages)
    matrix = np.array([vectors[text_key(text)] for text in texts[:rows]], dtype=np.float32)
    sentences = np.array([vectors[text_key(text)] for text in texts[rows:]], dtype=np.float16)
    manifest = Manifest(
        format=FORMAT,
        model=encoder.name,
        dimension=encoder.dimension,
        built_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        sources=hashes,
        documents=documents,
        passages=len(passages),
        questions=rows - len(passages),
        sentences=len(sentences),
    )
    lexical = LexicalIndex.from_texts(lexical_texts(passages))
    return Snapshot(manifest, tuple(passages), VectorIndex.from_vectors(matrix), sentences, lexical)


def _write(snapshot: Snapshot, index: Path, now: datetime) -> Path:
    """Write into a hidden folder, make it durable, give it its name, point to it, drop old versions."""
    hidden = Path(tempfile.mkdtemp(prefix=".building-", dir=index))
    try:
        snapshot.write(hidden)
        for path in hidden.rglob("*"):
            _sync(path)
        version = index / f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{hidden.name[-8:]}"
        hidden.rename(version)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    _sync(index)
    point_to(index, version.name)
    _drop_old(index, version)
    return version


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _drop_old(index: Path, current: Path) -> None:
    """Keep the current version and the one before it, which a running bot may still be reading."""
    versions = sorted((p for p in index.iterdir() if p.is_dir() and not p.name.startswith(".")), key=lambda p: p.stat().st_mtime)
    others = [path for path in versions if path != current]
    left_behind = [path for path in index.glob(".building-*") if path.is_dir()]
    for path in [*others[: max(len(others) - _KEPT_VERSIONS + 1, 0)], *left_behind]:
        shutil.rmtree(path, ignore_errors=True)
