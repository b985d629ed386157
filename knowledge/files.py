"""Reading one file: text, front matter, and the line on which each key stands.

Nothing here knows what the keys mean; `loader` does.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.front_matter import front_matter_plugin

from knowledge.problems import Problem

MAX_BYTES = 5_000_000
"""A larger file is not a note; reading it whole would only make the machine swap."""

KeyPath = tuple[str | int, ...]

_front_matter = MarkdownIt("zero").use(front_matter_plugin)
"""Looks for front matter only; what the text means is none of its business."""


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file as it was read. `lines` maps a key's path to its line, as far as it is known."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)
    body: str = ""
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def line_of(self, path: KeyPath) -> int | None:
        """The line of the key at `path`, or of the nearest key that encloses it."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None


def read_markdown(path: Path, name: str) -> RawFile:
    """Read a Markdown file with or without YAML front matter. Never raises: problems are in the result."""
    text, problem = _read_text(path, name)
    if problem:
        return RawFile(name, problems=(problem,))
    token = next((t for t in _front_matter.parse(text[:100_000]) if t.type == "front_matter"), None)
    if token is None or token.map is None:
        return RawFile(name, body=text)
    body = "\n".join(text.split("\n")[token.map[1] :])
    try:
        data, lines, repeated = _read_yaml(token.content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = _yaml_problem(name, token.content, error)
    else:
        if data is None:
            return RawFile(name, body=body)
        if isinstance(data, dict):
            problems = tuple(
                Problem(name, line, key, "is there twice", "keep one of the two") for key, line in repeated.items()
            )
            return RawFile(name, {str(k): v for k, v in data.items()}, body, lines, problems)
        right = "write `key: value` lines between the two ---"
        problem = Problem(name, 2, None, "the front matter is not a list of keys", right)
    if _is_rule(token.content):
        return RawFile(name, body=text)
    return RawFile(name, body=body, problems=(problem,))


def read_toml(path: Path, name: str) -> RawFile:
    """Read a TOML file. Never raises: problems are in the result."""
    text, problem = _read_text(path, name)
    if problem:
        return RawFile(name, problems=(problem,))
    try:
        return RawFile(name, tomllib.loads(text), lines=_toml_lines(text))
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = int(match[1]) if match else text.rstrip().count("\n") + 1  # "at end of document"
        wrong = re.sub(r"\s*\(at .*\)$", "", str(error))
        problem = Problem(name, line, None, f"this is not TOML: {wrong}", "mend the syntax on this line")
        return RawFile(name, problems=(problem,))


def _read_text(path: Path, name: str) -> tuple[str, Problem | None]:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            right = f"split it into files below {MAX_BYTES:,} bytes"
            return "", Problem(name, None, None, f"the file has {size:,} bytes", right)
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"), None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return "", Problem(name, line, None, "the text is not UTF-8", "save the file as UTF-8")
    except OSError as error:
        wrong = f"the file cannot be read: {error.strerror}"
        return "", Problem(name, None, None, wrong, "check that it exists and may be read")


def _is_rule(content: str) -> bool:
    """Two `---` rules around prose are no front matter; a plain note may begin that way."""
    return not re.search(r"^[A-Za-z_][\w -]*:(\s|$)", content, re.MULTILINE)


def _yaml_problem(name: str, content: str, error: Exception) -> Problem:
    mark, position = getattr(error, "problem_mark", None), getattr(error, "position", None)
    before = mark.line if mark else content.count("\n", 0, position or 0)
    wrong = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return Problem(
        name,
        before + 2,  # the content begins on the file's second line
        None,
        f"the front matter is not YAML: {wrong}",
        'put quotes around text with ": " or a leading special character',
    )


def _read_yaml(content: str) -> tuple[Any, dict[KeyPath, int], dict[str, int]]:
    """The data, the line of each key, and the lines of keys that repeat an earlier one."""
    lines: dict[KeyPath, int] = {}
    repeated: dict[str, int] = {}
    seen: set[int] = set()

    def walk(node: yaml.Node, path: KeyPath) -> None:
        if id(node) in seen:  # an alias, which may even lead back to itself
            return
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                here = (*path, str(key.value))
                line = key.start_mark.line + 2
                if here in lines:
                    repeated[".".join(str(part) for part in here)] = line
                lines[here] = line
                walk(value, here)
        elif isinstance(node, yaml.SequenceNode):
            for position, item in enumerate(node.value):
                lines[(*path, position)] = item.start_mark.line + 2
                walk(item, (*path, position))

    loader = yaml.SafeLoader(content)
    try:
        root = loader.get_single_node()
        if root is None:
            return None, lines, repeated
        walk(root, ())
        return loader.construct_document(root), lines, repeated
    finally:
        loader.dispose()


def _toml_lines(text: str) -> dict[KeyPath, int]:
    """Lines of tables and plain keys. tomllib gives no positions, so headers and `key =` are counted here."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    for number, line in enumerate(_without_long_strings(text).split("\n"), start=1):
        if header := re.match(r"\s*(\[\[?)\s*([\w.-]+)\s*\]\]?\s*(#.*)?$", line):
            table = _toml_table(header[2].split("."), counts, is_array=header[1] == "[[")
            if isinstance(table[-1], int):
                lines.setdefault(table[:-1], number)
            lines[table] = number
        elif key := re.match(r"\s*([\w.-]+)\s*=", line):
            lines.setdefault((*table, *key[1].split(".")), number)
    return lines


def _without_long_strings(text: str) -> str:
    """The text without what stands in triple quotes, on as many lines: that may look like keys."""
    return re.sub(r'""".*?"""|\'\'\'.*?\'\'\'', lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL)


def _toml_table(names: list[str], counts: dict[KeyPath, int], *, is_array: bool) -> KeyPath:
    path: KeyPath = ()
    for depth, name in enumerate(names):
        path = (*path, name)
        if depth == len(names) - 1 and is_array:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
