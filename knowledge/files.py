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

_markdown = MarkdownIt("commonmark").use(front_matter_plugin)


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
    token = next((t for t in _markdown.parse(text[:100_000]) if t.type == "front_matter"), None)
    if token is None or token.map is None:
        return RawFile(name, body=text)
    body = "\n".join(text.splitlines()[token.map[1] :])
    try:
        data = yaml.safe_load(token.content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return RawFile(name, body=body, problems=(_yaml_problem(name, error),))
    if data is None:
        return RawFile(name, body=body)
    if not isinstance(data, dict):
        if _is_rule(token.content):
            return RawFile(name, body=text)
        wrong = Problem(name, 2, None, "the front matter is not a list of keys", "write `key: value` lines between the two ---")
        return RawFile(name, body=body, problems=(wrong,))
    return RawFile(name, {str(k): v for k, v in data.items()}, body, _yaml_lines(token.content))


def read_toml(path: Path, name: str) -> RawFile:
    """Read a TOML file. Never raises: problems are in the result."""
    text, problem = _read_text(path, name)
    if problem:
        return RawFile(name, problems=(problem,))
    try:
        return RawFile(name, tomllib.loads(text), lines=_toml_lines(text))
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = int(match[1]) if match else None
        wrong = re.sub(r"\s*\(at .*\)$", "", str(error))
        return RawFile(name, problems=(Problem(name, line, None, f"this is not TOML: {wrong}", "mend the syntax on this line"),))


def _read_text(path: Path, name: str) -> tuple[str, Problem | None]:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return "", Problem(name, None, None, f"the file has {size:,} bytes", f"split it into files below {MAX_BYTES:,} bytes")
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"), None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return "", Problem(name, line, None, "the text is not UTF-8", "save the file as UTF-8")
    except OSError as error:
        return "", Problem(name, None, None, f"the file cannot be read: {error.strerror}", "check that it exists and may be read")


def _is_rule(content: str) -> bool:
    """Two `---` rules around prose are no front matter; a plain note may begin that way."""
    return not re.search(r"^[A-Za-z_][\w -]*:(\s|$)", content, re.MULTILINE)


def _yaml_problem(name: str, error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 2 if mark else 2  # the content begins on the file's second line
    wrong = getattr(error, "problem", None) or str(error)
    return Problem(name, line, None, f"the front matter is not YAML: {wrong}", 'put quotes around text with ": " or a leading special character')


def _yaml_lines(content: str) -> dict[KeyPath, int]:
    lines: dict[KeyPath, int] = {}

    def walk(node: yaml.Node, path: KeyPath) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                lines[(*path, str(key.value))] = key.start_mark.line + 2
                walk(value, (*path, str(key.value)))
        elif isinstance(node, yaml.SequenceNode):
            for position, item in enumerate(node.value):
                lines[(*path, position)] = item.start_mark.line + 2
                walk(item, (*path, position))

    root = yaml.compose(content, Loader=yaml.SafeLoader)
    if root is not None:
        walk(root, ())
    return lines


def _toml_lines(text: str) -> dict[KeyPath, int]:
    """Lines of tables and plain keys. tomllib gives no positions, so headers and `key =` are counted here."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*(\[\[?)\s*([\w.-]+)\s*\]\]?\s*(#.*)?$", line):
            table = _toml_table(header[2].split("."), header[1] == "[[", counts)
            lines[table] = number
        elif key := re.match(r"\s*([\w-]+)\s*=", line):
            lines.setdefault((*table, key[1]), number)
    return lines


def _toml_table(names: list[str], is_array: bool, counts: dict[KeyPath, int]) -> KeyPath:
    path: KeyPath = ()
    for depth, name in enumerate(names):
        path = (*path, name)
        if depth == len(names) - 1 and is_array:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
