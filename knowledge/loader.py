"""Folder -> Knowledge. ONE error lists every bad file, key and line.

A folder with a `curriculum.toml` is a curriculum: its `steps/`, `resources/`, `concepts/`,
`capstones/` and `questions/` are checked strictly. Every other Markdown file, and every file
of a folder without a curriculum, is a plain note that needs no front matter at all.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from knowledge.checks import check_curriculum
from knowledge.curriculum import Curriculum
from knowledge.documents import Document, Kind, plain_document
from knowledge.files import RawFile, read_markdown, read_toml
from knowledge.models import Capstone, Concept, CurriculumFile, Note, QuestionFile, Resource, StepNote
from knowledge.problems import KnowledgeError, Problem

_M = TypeVar("_M", bound=BaseModel)

FOLDERS: Mapping[str, tuple[Kind, type[Note]]] = {
    "steps": (Kind.STEP, StepNote),
    "resources": (Kind.RESOURCE, Resource),
    "concepts": (Kind.CONCEPT, Concept),
    "capstones": (Kind.CAPSTONE, Capstone),
}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything a folder teaches. `warnings` are problems of plain notes, which are used all the same."""

    folder: Path
    documents: tuple[Document, ...]
    curriculum: Curriculum | None
    warnings: tuple[Problem, ...] = ()


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
        raise KnowledgeError(str(folder), [Problem(str(folder), None, None, "there is no such folder", "name a folder of Markdown files")])
    reading = _Reading()
    is_curriculum = (folder / "curriculum.toml").is_file()
    for path in _markdown_files(folder):
        _read_note(reading, path, path.relative_to(folder).as_posix(), strict=is_curriculum)
    curriculum = _read_curriculum(reading, folder) if is_curriculum else None
    if not reading.documents and not reading.problems:
        reading.problems.append(Problem(str(folder), None, None, "the folder has no Markdown file with text", "add at least one .md file"))
    if reading.problems:
        raise KnowledgeError(str(folder), reading.problems)
    return Knowledge(folder, tuple(reading.documents), curriculum, tuple(reading.warnings))


def _markdown_files(folder: Path) -> Iterator[Path]:
    """All .md files in a stable order, without hidden folders and without links that lead outside."""
    root = folder.resolve()
    for path in sorted(folder.rglob("*.md")):
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
        if note := _validated(model, raw, reading.problems):
            reading.documents.append(Document(source, kind, note.title, raw.body, note))
        return
    reading.warnings.extend(raw.problems)
    document = plain_document(source, raw)
    if document.body.strip():
        reading.documents.append(document)
    elif not raw.problems:
        reading.warnings.append(Problem(name, None, None, "the file has no text", "write something or delete it"))


def _read_curriculum(reading: _Reading, folder: Path) -> Curriculum | None:
    raw = read_toml(folder / "curriculum.toml", "curriculum.toml")
    reading.raw["curriculum"] = raw
    file = _validated(CurriculumFile, raw, reading.problems)
    questions = []
    for path in sorted((folder / "questions").glob("*.toml")):
        name = path.relative_to(folder).as_posix()
        raw = read_toml(path, name)
        reading.raw[name.removesuffix(".toml")] = raw
        if question_file := _validated(QuestionFile, raw, reading.problems):
            questions.extend((name.removesuffix(".toml"), n, q) for n, q in enumerate(question_file.questions))
    if file is None:
        return None
    curriculum = Curriculum.from_documents(file, reading.documents, [question for _, _, question in questions])
    reading.problems.extend(check_curriculum(curriculum, reading.documents, questions, reading.raw))
    return curriculum


def _validated(model: type[_M], raw: RawFile, problems: list[Problem]) -> _M | None:
    if raw.problems:
        problems.extend(raw.problems)
        return None
    try:
        return model.model_validate(raw.data)
    except ValidationError as error:
        problems.extend(_problem(detail, raw, model) for detail in error.errors())
        return None


def _problem(detail: ErrorDetails, raw: RawFile, model: type[BaseModel]) -> Problem:
    path = tuple(detail["loc"])
    key = ".".join(str(part) for part in path) or None
    line = raw.line_of(path)
    match detail["type"]:
        case "extra_forbidden":
            known = _known_keys(model, path[:-1])
            near = difflib.get_close_matches(str(path[-1]), known, n=1)
            right = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(known)}"
            return Problem(raw.name, line, key, "is an unknown key", right)
        case "missing":
            return Problem(raw.name, line or 1, key, "is missing", "add it")
        case _:
            shown = repr(detail["input"])
            shown = shown if len(shown) <= 60 else shown[:57] + "..."
            message = detail["msg"].removeprefix("Value error, ")
            return Problem(raw.name, line or 1, key, f"is wrong ({shown})", message[0].lower() + message[1:])


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
