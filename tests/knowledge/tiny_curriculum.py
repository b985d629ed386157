"""The smallest curriculum that is valid, as files that a test changes before it writes them."""

from pathlib import Path

CURRICULUM = """\
title = "Tiny"
summary = "Two steps."
hours_per_week = 10

[[steps]]
number = 1
id = "first"
title = "First contact"
goal = "You can train a network."
after = []
weeks = { min = 2, max = 3 }
core = ["course"]

[[steps]]
number = 2
id = "second"
title = "Second look"
goal = "You can explain a network."
after = [1]
weeks = { min = 4, max = 4.5 }
support = ["course"]

[[steps.alternatives]]
id = "reading"
style = "book"
title = "A book"
for_whom = "You like to read."
resources = ["book"]
"""

COURSE = """\
---
title: The Course
authors: [Ada Example]
url: https://example.org/course
steps: [1, 2]
scope: curriculum
formats: [video]
cost: free
level: beginner
prerequisites: []
hours: {min: 10, max: 20}
status: current
units:
  - id: week-1
    label: Week 1
    title: Slopes
    summary: Meet the slope.
    concepts: [slope]
  - id: week-2
    label: Week 2
    title: Descent
    summary: Walk downhill.
    concepts: [descent]
---
The Course is a course.
"""

BOOK = """\
---
title: The Book
authors: [Bob Example]
url: https://example.org/book
steps: [2]
scope: curriculum
formats: [book]
cost: paid
level: intermediate
prerequisites: [algebra]
hours: {min: 5, max: 5}
status: stable
units: []
---
The Book is a book.
"""

SLOPE = """\
---
title: Slope
step: 1
met_in: 1
study:
  - resource: course
    unit: week-1
---
A slope says how steep a line is.

## Intuition
Walk one step to the right and see how far
you climb.
"""

DESCENT = """\
---
title: Descent
step: 2
met_in: 1
prerequisites: [slope]
confused_with: [slope]
study:
  - resource: book
---
Descent follows the slope downhill.
"""

PROJECT = """\
---
title: The Project
step: 4
difficulty: 1
hours: {min: 1, max: 1}
hardware: CPU
data: ten numbers
baseline: the mean
metric: error
target: half the error
concepts: [slope]
---
The Project fits a line.
"""

QUESTIONS = """\
[[questions]]
id = "slope-of-a-line"
concept = "slope"
kind = "numeric"
difficulty = "easy"
prompt = "A line climbs 2 on 1. What is its slope?"
answer = 2
explanation = "Divide 2 by 1."
source = { note = "concepts/slope", heading = "Intuition", terms = ["see how far you climb"] }
"""

FILES = {
    "curriculum.toml": CURRICULUM,
    "steps/first.md": "---\ntitle: First contact\n---\nThe first step.\n",
    "steps/second.md": "---\ntitle: Second look\n---\nThe second step.\n",
    "resources/course.md": COURSE,
    "resources/book.md": BOOK,
    "concepts/slope.md": SLOPE,
    "concepts/descent.md": DESCENT,
    "capstones/project.md": PROJECT,
    "questions/basics.toml": QUESTIONS,
}


def write_files(folder: Path, files: dict[str, str]) -> Path:
    """Write each text to its place below `folder`."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def write_curriculum(folder: Path, *changes: tuple[str, str, str], extra: dict[str, str] | None = None) -> Path:
    """Write the tiny curriculum, after each change has replaced one passage of a file by another.

    A change is (file, old passage, new passage); the old passage must stand in the file exactly once.
    """
    files = dict(FILES)
    for name, old, new in changes:
        assert files[name].count(old) == 1, f"{old!r} stands {files[name].count(old)} times in {name}"
        files[name] = files[name].replace(old, new)
    return write_files(folder, files | (extra or {}))
