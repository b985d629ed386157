"""Folder -> Knowledge. ONE error lists every bad file, key and line.

A folder with a `curriculum.toml` is a curriculum: its `steps/`, `resources/`, `concepts/`,
`capstones/` and `questions/` are checked strictly. Every other Markdown file, and every file
of a folder without a curriculum, is a plain note that needs no front matter at all.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from knowledge.checks import PlacedQuestion, check_curriculum
from knowledge.curriculum import Curriculum
from knowledge.documents import Document, Kind, plain_document
from knowledge.files import RawFile, read_markdown, read_toml
from knowledge.models import Capstone, Concept, CurriculumFile, Note, Outside, QuestionFile, Resource, StepNote
from knowledge.problems import KnowledgeError, Problem

_M = TypeVar("_M", bound=BaseModel)

FOLDERS: Mapping[str, tuple[Kind, type[Note]]] = {
    "steps": (Kind.STEP, StepNote),
    "resources": (Kind.RESOURCE, Resource),
    "concepts": (Kind.CONCEPT, Concept),
    "capstones": (Kind.CAPSTONE, Capstone),
}


_UNREAD = CurriculumFile.model_construct(title="", summary="", hours_per_week=1.0, steps=(), frameworks=())
"""Stands for a `curriculum.toml` that could not be read while the other files are checked against each other."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything a folder teaches. `warnings` are problems of plain notes, which are used all the same."""

    folder: Path
    documents: tuple[Document, ...]
    curriculum: Curriculum | None
    warnings: tuple[Problem, ...] = ()
    outside: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    documents: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    raw: dict[str, RawFile] = field(default_factory=dict)


def load_knowledge(folder: Path) -> Knowledge:
    """Read a knowledge folder.

    Raises:
        KnowledgeError: the folder is missing or empty, or a file of a curriculum is wrong.
    """
    if not folder.is_dir():
        missing = Problem(str(folder), None, None, "there is no such folder", "name a folder of Markdown files")
        raise KnowledgeError(str(folder), [missing])
    reading = _Reading()
    is_curriculum = (folder / "curriculum.toml").is_file()
    for path in _files(folder, "**/*.md"):
        _read_note(reading, path, path.relative_to(folder).as_posix(), strict=is_curriculum)
    curriculum = _read_curriculum(reading, folder) if is_curriculum else None
    outside = _read_outside(reading, folder)
    if not reading.documents and not reading.problems:
        wrong = "the folder has no Markdown file with text"
        reading.problems += [Problem(str(folder), None, None, wrong, "add at least one .md file"), *reading.warnings]
    if reading.problems:
        raise KnowledgeError(str(folder), reading.problems)
    return Knowledge(folder, tuple(reading.documents), curriculum, tuple(reading.warnings), outside)


def _read_outside(reading: _Reading, folder: Path) -> tuple[str, ...]:
    path = folder / "outside.toml"
    if not path.is_file():
        return ()
    file = _validated(Outside, read_toml(path, path.name), reading.problems)
    return file.topics if file else ()


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    """The files of a pattern in a stable order, without hidden ones and without links that lead outside."""
    root = folder.resolve()
    for path in sorted(folder.glob(pattern)):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") for part in parts) or not path.is_file():
            continue
        if root in path.resolve().parents:
            yield path


def _read_note(reading: _Reading, path: Path, name: str, *, strict: bool) -> None:
    raw = read_markdown(path, name)
    source = name.removesuffix(".md")
    reading.raw[source] = raw
    parts = source.split("/")
    if strict and len(parts) == 2 and parts[0] in FOLDERS:
        kind, model = FOLDERS[parts[0]]
        note = _validated(model, raw, reading.problems)
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", parts[1]):
            right = "rename it with a-z, 0-9 and - only"
            reading.problems.append(Problem(name, None, None, "has a file name that cannot be an id", right))
        if note and not raw.body.strip():
            right = "write the note below the front matter"
            reading.problems.append(Problem(name, None, None, "has no text", right))
        if note:
            reading.documents.append(Document(source, kind, note.title, raw.body, note))
        return
    reading.warnings.extend(raw.problems)
    document = plain_document(source, raw)
    if document.body.strip():
        reading.documents.append(document)
    elif not raw.problems:
        reading.warnings.append(Problem(name, None, None, "the file has no text", "write something or delete it"))


def _read_curriculum(reading: _Reading, folder: Path) -> Curriculum:
    raw = read_toml(folder / "curriculum.toml", "curriculum.toml")
    reading.raw[raw.name] = raw
    file = _validated(CurriculumFile, raw, reading.problems) or _UNREAD
    questions: list[PlacedQuestion] = []
    for path in _files(folder, "questions/*.toml"):
        raw = read_toml(path, path.relative_to(folder).as_posix())
        reading.raw[raw.name] = raw
        if question_file := _validated(QuestionFile, raw, reading.problems):
            questions.extend((raw.name, n, q) for n, q in enumerate(question_file.questions))
    curriculum = Curriculum.from_documents(file, reading.documents, [question for _, _, question in questions])
    reading.problems.extend(check_curriculum(curriculum, reading.documents, questions, reading.raw))
    return curriculum


def _validated(model: type[_M], raw: RawFile, problems: list[Problem]) -> _M | None:
    problems.extend(raw.problems)
    if raw.problems and not raw.data:
        return None
    try:
        return model.model_validate(raw.data)
    except ValidationError as error:
        problems.extend(_problem(detail, raw, model) for detail in error.errors() if not _is_consequence(detail))
        return None


def _is_consequence(detail: ErrorDetails) -> bool:
    """A list whose only item is wrong is called too short as well; the item is reported, that is enough."""
    return detail["type"] == "too_short" and bool(detail["input"])


def _problem(detail: ErrorDetails, raw: RawFile, model: type[BaseModel]) -> Problem:
    path = tuple(detail["loc"])
    key = ".".join(str(part) for part in path) or None
    line = raw.line_of(path) or 1
    match detail["type"]:
        case "extra_forbidden":
            known = _known_keys(model, path[:-1])
            near = difflib.get_close_matches(str(path[-1]), known, n=1)
            right = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(known)}"
            return Problem(raw.name, line, key, "is an unknown key", right)
        case "missing":
            return Problem(raw.name, line, key, "is missing", "add it")
        case "tuple_type":
            right = "write a list in [ ]"
        case "too_short":
            right = "list at least one"
        case "model_type":
            right = f"write the keys {', '.join(_known_keys(model, path))}"
        case _:
            message = detail["msg"].removeprefix("Value error, ")
            right = message[0].lower() + message[1:]
    shown = repr(detail["input"])
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return Problem(raw.name, line, key, f"is wrong ({shown})", right)


def _known_keys(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The keys that the model knows at `path`."""
    for part in path:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        nested = _nested_model(model.model_fields[part].annotation)
        if nested is None:
            break
        model = nested
    return list(model.model_fields)


def _nested_model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if found := _nested_model(argument):
            return found
    return None
