"""On which line a key stands: an author is sent there when it is wrong."""

from pathlib import Path

import pytest

from knowledge.files import KeyPath, RawFile, read_markdown, read_toml

FRONT_MATTER = """\
---
title: Slope
hours: {min: 1, max: 2}
units:
  - id: a
    concepts:
      - slope
      - descent
  - id: b
    title: |
      id: no key
      at all
    summary: last
---
text
"""

TOML = '''\
title = "Tiny"

[[steps]]
number = 1
weeks.min = 2
weeks.max = 3

  [[steps.alternatives]]
  id = "one"

  [[steps.alternatives]]
  id = "two"
  resources = [
    "a",
    "b",
  ]

[[ steps ]] # the second
number = 2
goal = """
number = 99
[[steps]]
"""
weeks = { min = 1, max = 1 }
[[steps.alternatives]]
id = "three"

[rules]
strict = true
[rules.exceptions]
none = true
'''


def _read(tmp_path: Path, name: str, text: str) -> RawFile:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    raw = read_toml(path, name) if name.endswith(".toml") else read_markdown(path, name)
    assert raw.problems == ()
    return raw


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("hours", "max"), 3),
        (("units",), 4),
        (("units", 0), 5),
        (("units", 0, "id"), 5),
        (("units", 0, "concepts"), 6),
        (("units", 0, "concepts", 1), 8),
        (("units", 1, "title"), 10),
        (("units", 1, "summary"), 13),
        (("units", 1, "url"), 9),  # a missing key: the unit that lacks it
        (("units", 7, "id"), 4),
        (("nothing",), None),
        ((), None),
    ],
)
def test_line_of_a_front_matter_key(tmp_path: Path, path: KeyPath, line: int | None) -> None:
    assert _read(tmp_path, "a.md", FRONT_MATTER).line_of(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 1),
        (("steps",), 3),
        (("steps", 0), 3),
        (("steps", 0, "number"), 4),
        (("steps", 0, "weeks", "max"), 6),
        (("steps", 0, "goal"), 3),  # a missing key: the step that lacks it
        (("steps", 0, "alternatives"), 8),
        (("steps", 0, "alternatives", 0, "id"), 9),
        (("steps", 0, "alternatives", 1), 11),
        (("steps", 0, "alternatives", 1, "resources", 1), 13),
        (("steps", 1), 18),
        (("steps", 1, "number"), 19),
        (("steps", 1, "goal"), 20),
        (("steps", 1, "weeks", "max"), 24),
        (("steps", 1, "alternatives", 0, "id"), 26),
        (("rules", "strict"), 29),
        (("rules", "exceptions", "none"), 31),
        (("nothing",), None),
    ],
)
def test_line_of_a_toml_key(tmp_path: Path, path: KeyPath, line: int | None) -> None:
    assert _read(tmp_path, "a.toml", TOML).line_of(path) == line


def test_lines_are_right_after_unusual_line_separators(tmp_path: Path) -> None:
    toml = _read(tmp_path, "a.toml", 'prompt = "a\u2028b\x85c"\nanswer = 1\n')
    assert toml.line_of(("answer",)) == 2
    note = _read(tmp_path, "a.md", "---\ntitle: a\n---\nfirst\u2028still first\x0cstill first\nsecond")
    assert note.body == "first\u2028still first\x0cstill first\nsecond"


def test_an_alias_that_leads_back_to_itself_does_not_hang(tmp_path: Path) -> None:
    raw = _read(tmp_path, "a.md", "---\ntitle: a\nunits: &units\n  - *units\n---\ntext\n")
    assert raw.line_of(("title",)) == 2
    assert raw.body == "text\n"


def test_a_front_matter_ends_with_its_last_rule_and_the_body_keeps_its_lines(tmp_path: Path) -> None:
    raw = _read(tmp_path, "a.md", "---\ntitle: a\n---\n\none\n\n---\n\ntwo\n")
    assert raw.data == {"title": "a"}
    assert raw.body == "\none\n\n---\n\ntwo\n"
