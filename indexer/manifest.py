"""What an index was built from, and which of the built versions is the current one."""

import hashlib
import os
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from indexer.errors import IndexDamaged, IndexMismatch, IndexMissing

FORMAT = 4
"""Rises with every change of what is written or how text is cut, so that an old index is built again."""

MANIFEST_FILE = "manifest.json"
POINTER_FILE = "current"


class Manifest(BaseModel):
    """`manifest.json` of one built version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    model: str
    dimension: int
    built_at: str
    """Aware UTC time, ISO 8601."""
    sources: dict[str, str]
    """SHA-256 of every file that was read, by its path below the knowledge folder."""
    documents: int
    passages: int
    probes: int
    """Names and listed questions that lead to a passage."""
    outside: tuple[str, ...]
    """Topics that are not covered; what resembles one of them is declined."""


def hash_sources(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that can change an index: Markdown notes, `curriculum.toml`, `outside.toml`."""
    names = [path for path in sorted(folder.rglob("*.md")) if path.is_file()]
    names.extend(path for path in [folder / "curriculum.toml", folder / "outside.toml"] if path.is_file())
    visible = [path for path in names if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in visible}


def is_version(name: str) -> bool:
    """Whether a folder of this name in an index can be a built version; nothing else is read or deleted."""
    return re.fullmatch(r"\d{8}T\d{6}-\w+", name) is not None


def current_version(index: Path) -> Path:
    """The folder of the version that the pointer names.

    Raises:
        IndexMissing: nothing has been built.
        IndexDamaged: the pointer leads nowhere.
    """
    try:
        name = (index / POINTER_FILE).read_text("utf-8").strip()
    except FileNotFoundError:
        raise IndexMissing(index) from None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamaged(index, f"{POINTER_FILE} cannot be read") from error
    version = index / name
    if not is_version(name) or not version.is_dir():
        raise IndexDamaged(index, f"{POINTER_FILE} names {name!r}, which is no version")
    return version


def point_to(index: Path, version: str) -> None:
    """Make `version` the current one, in one step that a reader sees whole or not at all."""
    temporary = index / f".{POINTER_FILE}"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(version + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(index / POINTER_FILE)


def read_manifest(version: Path) -> Manifest:
    """The manifest of one version.

    Raises:
        IndexMismatch: it has another format.
        IndexDamaged: it is missing or unreadable.
    """
    try:
        text = (version / MANIFEST_FILE).read_bytes()
    except OSError as error:
        raise IndexDamaged(version.parent, f"{MANIFEST_FILE} cannot be read") from error
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError:
        found = _format_of(text)
        if found is not None and found != FORMAT:
            raise IndexMismatch(version.parent, "format", found, FORMAT) from None
        raise IndexDamaged(version.parent, f"{MANIFEST_FILE} is not valid") from None
    if manifest.format != FORMAT:
        raise IndexMismatch(version.parent, "format", manifest.format, FORMAT)
    return manifest


class _OnlyFormat(BaseModel):
    format: int


def _format_of(text: bytes) -> int | None:
    try:
        return _OnlyFormat.model_validate_json(text).format
    except ValidationError:
        return None
