"""The house rules of a curriculum's content: one change to a folder in order, and the exact message."""

import pytest

from knowledge.loader import load_knowledge
from knowledge.standards import check_standards
from tests.knowledge.tiny_curriculum import CURRICULUM, write_files

FILLER = "A hill has a slope, and a walk along it shows how steep it is. " * 11

SLOPE = f"""\
---
title: Slope
step: 1
met_in: 1
aliases: [steepness]
questions:
  - what is a slope?
  - how steep is a line
  - is a flat line a slope
study:
  - {{resource: course, unit: week-1}}
---
A slope says how steep a line is.

## Intuition
{FILLER}

## Worked example
A line climbs 2 on 1, so its slope is 2.

## Not to be confused with
A slope is a number, while a line is a set of points.

## In practice
Divide the climb by the way.

## Common mistake
Learners divide the way by the climb.
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
    url: https://example.org/week-1
    summary: Meet the slope.
    concepts: [slope]
---
The Course is a course.

## How to work through it
- Watch it.

## Stumbling blocks
- None.

## Status in 2026
The Course is there.
"""

BOOK = COURSE.replace("The Course", "The Book").replace("concepts: [slope]", "concepts: []")

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

## Milestones
1. Fit it.

## What makes it a portfolio piece
A plot.

## Typical failure
No plot.
"""

STEP = """\
---
title: {title}
---
The step {title}.

## What to do, in order
1. Start.

## What counts as done
- It is done.

## How long it takes
A week.

## Common worries
- None.

## What comes next
The next one.
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
source = { note = "concepts/slope", heading = "Worked example", terms = ["climbs 2 on 1"] }

[[questions]]
id = "slope-kind"
concept = "slope"
kind = "single"
difficulty = "easy"
prompt = "What is a slope?"
options = [
  { text = "A number", correct = true },
  { text = "A point", remark = "A point has a place." },
  { text = "A line", remark = "A line has a slope." },
]
explanation = "It is a number."
source = { note = "concepts/slope", heading = "Not to be confused with", terms = ["number"] }
"""

FILES = {
    "curriculum.toml": CURRICULUM,
    "steps/first.md": STEP.format(title="First contact"),
    "steps/second.md": STEP.format(title="Second look"),
    "resources/course.md": COURSE,
    "resources/book.md": BOOK,
    "concepts/slope.md": SLOPE,
    "capstones/project.md": PROJECT,
    "questions/basics.toml": QUESTIONS,
}


def problems(folder, *changes: tuple[str, str, str], extra: dict[str, str] | None = None) -> list[str]:
    files = dict(FILES)
    for name, old, new in changes:
        assert files[name].count(old) == 1, f"{old!r} stands {files[name].count(old)} times in {name}"
        files[name] = files[name].replace(old, new)
    write_files(folder, files | (extra or {}))
    return [str(problem) for problem in check_standards(load_knowledge(folder))]


def test_a_folder_in_order(tmp_path):
    assert problems(tmp_path) == []


def test_plain_notes_have_no_house_rules(tmp_path):
    write_files(tmp_path, {"a.md": "Just text.\n"})
    assert check_standards(load_knowledge(tmp_path)) == []


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        (FILLER, "It is short.", "concepts/slope.md has 65 words; write 150 to 400"),
        (FILLER, FILLER * 3, "concepts/slope.md has 557 words; write 150 to 400"),
        (
            "## In practice",
            "## Practice",
            (
                "concepts/slope.md has the headings Intuition, Worked example, Not to be confused with, Practice, "
                "Common mistake; use Intuition, Worked example, Not to be confused with, In practice, Common mistake, "
                "in this order"
            ),
        ),
        (
            "A slope says how steep a line is.",
            "A slope is a number. It says how steep a line is.",
            (
                "concepts/slope.md does not begin with one sentence; say in one sentence what it is, "
                "then leave an empty line"
            ),
        ),
        (
            "A slope says how steep a line is.",
            "A slope says how steep a line is" + ", and so on" * 9 + ".",
            "concepts/slope.md begins with a sentence of 35 words; use at most 32",
        ),
        (
            "A slope says how steep a line is.",
            "A slope quantifies instantaneous proportional variability analytically.",
            (
                "concepts/slope.md begins with a sentence of reading grade 22.5; "
                "use shorter words or fewer of them, for a grade of at most 12"
            ),
        ),
        (
            "Divide the climb by the way.",
            r"Compute \frac{dy}{dx}.",
            (
                r"concepts/slope.md contains LaTeX ('\\frac'); "
                "write formulas as plain text with Unicode in a code block"
            ),
        ),
        ("  - is a flat line a slope\n", "", "concepts/slope.md:6 [questions] lists 2 questions; list 3 to 8"),
        (
            "  - is a flat line a slope\n",
            "".join(f"  - question {n}\n" for n in range(7)),
            "concepts/slope.md:6 [questions] lists 9 questions; list 3 to 8",
        ),
        (
            "  - is a flat line a slope\n",
            "  - What is a slope?\n",
            "concepts/slope.md:6 [questions] lists 'what is a slope?' twice; keep one of the two",
        ),
        (
            "aliases: [steepness]",
            "aliases: []",
            "concepts/slope.md:5 [aliases] has no other name; list what learners also call it",
        ),
        (
            "Divide the climb by the way.",
            "Divide, as [here](slope.html).",
            "concepts/slope.md links to 'slope.html'; write a whole web address with https://",
        ),
    ],
)
def test_rules_for_concepts(tmp_path, old, new, wrong):
    assert wrong in problems(tmp_path, ("concepts/slope.md", old, new))


def test_a_link_inside_code_is_code(tmp_path):
    assert problems(tmp_path, ("concepts/slope.md", "Divide the climb by the way.", "Use `layers[0](x)`.")) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "wrong"),
    [
        (
            "resources/course.md",
            "concepts: [slope]",
            "concepts: []",
            (
                "concepts/slope.md:10 [study] is taught by no unit of a resource; "
                "add it to `concepts` of a unit that teaches it"
            ),
        ),
        (
            "questions/basics.toml",
            QUESTIONS[QUESTIONS.index('[[questions]]\nid = "slope-kind"') :],
            "",
            "concepts/slope.md has 1 questions in the bank; write at least 2",
        ),
        (
            "questions/basics.toml",
            'text = "A point"',
            'text = "A point in the plane or in space"',
            (
                "questions/basics.toml:11 [options] has options of 6 to 32 characters (slope-kind); "
                "make them of like length"
            ),
        ),
        (
            "resources/book.md",
            "## Status in 2026",
            "## Status",
            "resources/book.md lacks the heading 'Status in <year>'; add the section",
        ),
        (
            "resources/book.md",
            "https://example.org/week-1",
            "https://localhost/week-1",
            "resources/book.md links to 'https://localhost/week-1'; write a whole web address with https://",
        ),
        (
            "capstones/project.md",
            "## Typical failure",
            "## Failure",
            "capstones/project.md lacks the heading 'Typical failure'; add the section",
        ),
        (
            "steps/first.md",
            "## Common worries",
            "## Worries",
            "steps/first.md lacks the heading 'Common worries'; add the section",
        ),
    ],
)
def test_rules_for_the_rest(tmp_path, file, old, new, wrong):
    assert problems(tmp_path, (file, old, new)) == [wrong]


def test_a_name_belongs_to_one_concept(tmp_path):
    gradient = SLOPE.replace("title: Slope", "title: Gradient").replace("[steepness]", "[Steepness, incline]")
    questions = QUESTIONS.replace('concept = "slope"', 'concept = "gradient"').replace('id = "', 'id = "g-')
    found = problems(
        tmp_path,
        ("resources/course.md", "concepts: [slope]", "concepts: [slope, gradient]"),
        extra={"concepts/gradient.md": gradient, "questions/more.toml": questions},
    )
    assert found == [
        (
            "concepts/slope.md:5 [aliases] has the name 'steepness', which concepts/gradient has too; "
            "leave it to one of the two"
        )
    ]
