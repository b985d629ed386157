"""Which lessons and chapters teach a concept, and what a unit says it covers."""

from pathlib import Path

import pytest

from knowledge.curriculum import Curriculum
from knowledge.loader import load_knowledge
from knowledge.teaching import covers, teaching_places
from tests.knowledge.tiny_curriculum import write_curriculum

LECTURES = """\
---
title: "Lectures: The Long Title"
authors: [Cy Example]
url: https://example.org/lectures
steps: [1]
scope: beyond
formats: [video]
cost: free
level: beginner
prerequisites: []
hours: {min: 5, max: 5}
status: stable
aliases: [The Lectures]
units:
  - id: "1"
    label: Lecture 1
    title: Lines
    url: https://example.org/lectures/1
    summary: Draw a line.
    concepts: [slope]
  - id: "2"
    label: Lecture 2
    title: All about slopes
    url: https://example.org/lectures/2
    summary: Measure a line.
    concepts: [slope, descent]
  - id: lab-1
    label: Lab 1
    title: Slopes in code
    summary: Code a line.
    concepts: [slope]
---
The Lectures are lectures.
"""


def _curriculum(folder: Path, *changes: tuple[str, str, str], extra: dict[str, str] | None = None) -> Curriculum:
    curriculum = load_knowledge(write_curriculum(folder, *changes, extra=extra)).curriculum
    assert curriculum is not None
    return curriculum


def _with_lectures(folder: Path) -> Curriculum:
    lists = ("curriculum.toml", 'core = ["course"]', 'core = ["course"]\nbeyond = ["lectures"]')
    return _curriculum(folder, lists, extra={"resources/lectures.md": LECTURES})


def test_a_study_place_comes_first_then_the_unit_named_after_the_concept(tmp_path: Path) -> None:
    [place] = teaching_places(_with_lectures(tmp_path), "slope")
    assert place.heading == "Lectures and videos"
    assert place.sentence == (
        "Lectures and videos about “Slope”: The Course, Week 1: Slopes · The Lectures, Lecture 2: All about slopes."
    )
    assert place.url == "https://example.org/course"
    assert place.questions == ("lecture or video about slope",)


def test_what_costs_money_comes_last(tmp_path: Path) -> None:
    lists = ("curriculum.toml", 'core = ["course"]', 'core = ["course"]\nbeyond = ["lectures"]')
    paid = ("resources/course.md", "cost: free", "cost: paid")
    curriculum = _curriculum(tmp_path, lists, paid, extra={"resources/lectures.md": LECTURES})
    [place] = teaching_places(curriculum, "slope")
    assert place.sentence == (
        "Lectures and videos about “Slope”: The Lectures, Lecture 2: All about slopes · The Course, Week 1: Slopes."
    )
    assert place.url == "https://example.org/lectures/2"


def test_books_have_a_sentence_of_their_own(tmp_path: Path) -> None:
    units = (
        "units:\n  - id: chapter-1\n    label: Chapter 1\n    title: Hills\n"
        "    url: https://example.org/book/1\n    summary: Climb.\n    concepts: [slope]\n"
    )
    places = teaching_places(_curriculum(tmp_path, ("resources/book.md", "units: []\n", units)), "slope")
    assert [place.heading for place in places] == ["Lectures and videos", "Books and chapters"]
    assert places[1].sentence == "Books and chapters about “Slope”: The Book, Chapter 1: Hills."
    assert places[1].url == "https://example.org/book/1"
    assert places[1].questions == ("book or chapter about slope",)


@pytest.mark.parametrize(
    "change",
    [
        ("resources/course.md", "formats: [video]", "formats: [text, video]"),
        ("resources/course.md", "status: current", "status: retired"),
    ],
)
def test_nothing_is_said_of_what_is_no_video_first_or_retired(tmp_path: Path, change: tuple[str, str, str]) -> None:
    assert teaching_places(_curriculum(tmp_path, change), "slope") == ()


def test_a_unit_says_what_it_covers(tmp_path: Path) -> None:
    curriculum = _with_lectures(tmp_path)
    lectures = curriculum.resources["lectures"]
    assert covers(curriculum, lectures, lectures.units[1]) == (
        "“All about slopes” (Lecture 2 of The Lectures) covers: Slope · Descent."
    )
    course = curriculum.resources["course"]
    assert covers(curriculum, course, course.units[0]) == "“Slopes” (Week 1 of The Course) covers: Slope."


def test_a_unit_without_concepts_says_nothing_of_them(tmp_path: Path) -> None:
    curriculum = _curriculum(tmp_path)
    course = curriculum.resources["course"]
    bare = course.units[0].model_copy(update={"concepts": ()})
    assert covers(curriculum, course, bare) is None
