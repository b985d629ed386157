"""A rebuild after one edited file: how many texts are encoded, against how many the edit has changed."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from indexer.build import build_index
from indexer.encoder import Encoder, Vectors
from indexer.snapshot import Snapshot
from tests.benchmarks.measure import Bar, Measurement
from tests.paths import KNOWLEDGE

_SOURCE = "concepts/softmax"
_NEW = "This sentence was added by the benchmark."


class _Counting:
    """An encoder that counts the texts it is asked for."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name = encoder.name
        self.dimension = encoder.dimension
        self.max_tokens = encoder.max_tokens
        self.encoded = 0

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._encoder.count_tokens(texts)

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded += len(texts)
        return self._encoder.encode(texts)


def measure_rebuild(encoder: Encoder, index: Path, scratch: Path) -> Measurement:
    """Edit every passage of one note in a copy of the knowledge folder, and build into a copy of its index."""
    notes, copy = scratch / "knowledge", scratch / "index"
    shutil.copytree(KNOWLEDGE, notes, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copytree(index, copy, ignore=shutil.ignore_patterns(".*"))
    before = _texts(build_index(notes, copy, encoder, now=datetime.now(UTC)).version, encoder)
    _edit(notes / f"{_SOURCE}.md")
    counting = _Counting(encoder)
    after = _texts(build_index(notes, copy, counting, now=datetime.now(UTC)).version, encoder)
    return Measurement("Encoded after an edit", "texts", counting.encoded, len(after - before), Bar("=", 1))


def _edit(note: Path) -> None:
    front_matter, _, body = note.read_text("utf-8").removeprefix("---\n").partition("\n---\n")
    lines = [f"{line}\n{_NEW}\n" if line.startswith("## ") else line for line in body.splitlines()]
    note.write_text("\n".join(["---", front_matter, "---", _NEW, *lines, ""]), "utf-8")


def _texts(version: Path, encoder: Encoder) -> set[str]:
    """Every text of the edited note that has a vector."""
    snapshot = Snapshot.read(version, model=encoder.name, dimension=encoder.dimension)
    passages = [passage for passage in snapshot.passages if passage.source == _SOURCE]
    return {text for passage in passages for text in (passage.encoded_text, *passage.probes)}
