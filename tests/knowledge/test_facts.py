"""The sentences a learner reads, word for word."""

from pathlib import Path

import pytest

from knowledge.facts import Aspect, Fact, curriculum_facts
from knowledge.loader import load_knowledge
from tests.knowledge.tiny_curriculum import write_curriculum

TOML, COURSE, BOOK = "curriculum.toml", "resources/course.md", "resources/book.md"
PROJECT = "capstones/project.md"


def _facts(folder: Path, *changes: tuple[str, str, str], extra: dict[str, str] | None = None) -> list[Fact]:
    curriculum = load_knowledge(write_curriculum(folder, *changes, extra=extra)).curriculum
    assert curriculum is not None
    return curriculum_facts(curriculum)


def _sentences(facts: list[Fact], source: str, aspect: Aspect, name: str) -> tuple[str, ...]:
    found = [fact.sentences for fact in facts if (fact.source, fact.aspect) == (source, aspect) and name in fact.names]
    assert len(found) == 1, f"{len(found)} facts about the {aspect} of {name}"
    return found[0]


@pytest.mark.parametrize(
    ("source", "aspect", "name", "sentences"),
    [
        (
            "steps/first",
            Aspect.ORDER,
            "whole curriculum",
            ("The curriculum has 2 steps: (1) First contact; (2) Second look.",),
        ),
        (
            "steps/first",
            Aspect.DURATION,
            "whole curriculum",
            (
                (
                    "The whole curriculum takes about 6 to 7.5 weeks at 10 hours a week, "
                    "the sum of the estimates for its steps."
                ),
            ),
        ),
        ("steps/first", Aspect.GOAL, "step 1", ("Step 1, First contact, has this goal: you can train a network.",)),
        (
            "steps/first",
            Aspect.DURATION,
            "step 1",
            ("Step 1, First contact, takes about 2 to 3 weeks at 10 hours a week, which is an estimate.",),
        ),
        (
            "steps/second",
            Aspect.CHOICE,
            "second look",
            (
                "Step 2, Second look, offers one way; it prepares you for the next step.",
                "For a book, choose The Book: you like to read.",
            ),
        ),
        (
            "steps/first",
            Aspect.ORDER,
            "step 1",
            (
                (
                    "Step 1, First contact, is where everybody starts; nothing comes before it. "
                    "After it comes step 2, Second look."
                ),
            ),
        ),
        (
            "steps/second",
            Aspect.ORDER,
            "step 2",
            ("Step 2, Second look, comes after step 1. It is the last step of the curriculum.",),
        ),
        (
            "steps/first",
            Aspect.MATERIAL,
            "step 1",
            ("Step 1, First contact, is worked through with The Course.",),
        ),
        ("steps/second", Aspect.MATERIAL, "step 2", ("Step 2 is supported by The Course.",)),
        ("resources/course", Aspect.COST, "the course", ("The Course is free.",)),
        ("resources/course", Aspect.DURATION, "the course", ("The Course takes about 10 to 20 hours in all.",)),
        ("resources/book", Aspect.DURATION, "the book", ("The Book takes about 5 hours in all.",)),
        (
            "resources/course",
            Aspect.LEVEL,
            "the course",
            ("The Course is for beginners and asks for nothing before it.",),
        ),
        (
            "resources/book",
            Aspect.LEVEL,
            "the book",
            ("The Book is for intermediate learners and asks for algebra.",),
        ),
        ("resources/course", Aspect.AUTHOR, "the course", ("The Course is by Ada Example.",)),
        (
            "resources/course",
            Aspect.ORDER,
            "the course",
            ("The Course belongs to step 1 (First contact) and step 2 (Second look).",),
        ),
        (
            "steps/first",
            Aspect.COST,
            "curriculum",
            ("The curriculum has 2 resources: 1 free and 1 not free.", "What costs money: The Book."),
        ),
        ("resources/course", Aspect.STATUS, "the course", ("The Course is kept up to date.",)),
        ("resources/book", Aspect.STATUS, "the book", ("The Book is finished and stable.",)),
        (
            "capstones/project",
            Aspect.MATERIAL,
            "the project",
            (
                "The capstone idea “The Project” for step 4 uses ten numbers.",
                (
                    "The capstone idea “The Project” is judged by error; a plain baseline reaches the mean, "
                    "and a good result is half the error."
                ),
            ),
        ),
        (
            "capstones/project",
            Aspect.DURATION,
            "the project",
            ("The capstone idea “The Project” takes about 1 hour on CPU, with difficulty 1 of 5.",),
        ),
    ],
)
def test_sentences(tmp_path: Path, source: str, aspect: Aspect, name: str, sentences: tuple[str, ...]) -> None:
    assert _sentences(_facts(tmp_path), source, aspect, name) == sentences


@pytest.mark.parametrize(
    ("weeks", "sentence"),
    [
        ("min = 1, max = 1", "Step 1, First contact, takes about 1 week at 10 hours a week, which is an estimate."),
        (
            "min = 0.5, max = 1",
            "Step 1, First contact, takes about 0.5 to 1 weeks at 10 hours a week, which is an estimate.",
        ),
        ("min = 4, max = 4", "Step 1, First contact, takes about 4 weeks at 10 hours a week, which is an estimate."),
    ],
)
def test_duration(tmp_path: Path, weeks: str, sentence: str) -> None:
    facts = _facts(tmp_path, (TOML, "min = 2, max = 3", weeks))
    assert _sentences(facts, "steps/first", Aspect.DURATION, "step 1") == (sentence,)


@pytest.mark.parametrize(
    ("style", "for_whom", "sentence"),
    [
        ("video", "I like videos.", "For videos, choose The Book and The Course: I like videos."),
        ("book", "PyTorch is new to you.", "For a book, choose The Book and The Course: PyTorch is new to you."),
        ("university", "MIT calls you.", "For university lectures, choose The Book and The Course: MIT calls you."),
        ("hands-on", "A lab calls you.", "For hands-on work, choose The Book and The Course: a lab calls you."),
    ],
)
def test_choice(tmp_path: Path, style: str, for_whom: str, sentence: str) -> None:
    facts = _facts(
        tmp_path,
        (TOML, 'style = "book"', f'style = "{style}"'),
        (TOML, "You like to read.", for_whom),
        (TOML, 'resources = ["book"]', 'resources = ["book", "course"]'),
    )
    assert _sentences(facts, "steps/second", Aspect.CHOICE, "step 2")[1:] == (sentence,)


def test_a_choice_of_two(tmp_path: Path) -> None:
    way = (
        '[[steps.alternatives]]\nid = "watching"\nstyle = "video"\ntitle = "Videos"\nfor_whom = "You like to watch."\n'
    )
    end = 'resources = ["book"]\n'
    facts = _facts(tmp_path, (TOML, end, f'{end}\n{way}resources = ["course"]\n'))
    assert _sentences(facts, "steps/second", Aspect.CHOICE, "step 2") == (
        "Step 2, Second look, offers 2 ways of which you choose one main path; they all prepare you for the next step.",
        "For a book, choose The Book: you like to read.",
        "For videos, choose The Course: you like to watch.",
    )


def _with_framework(folder: Path, verdict: str, steps: str, *, interpretation: bool = False) -> list[Fact]:
    more = "".join(
        f'\n[[steps]]\nnumber = {n}\nid = "more-{n}"\ntitle = "More {n}"\ngoal = "More."\nafter = [2]\n'
        'weeks = { min = 1, max = 1 }\ncore = ["course"]\n'
        for n in range(3, 7)
    )
    framework = (
        f'\n[[frameworks]]\nname = "PyTorch"\naliases = ["Torch"]\nverdict = "{verdict}"\nsteps = {steps}\n'
        f'reason = "Because."\ninterpretation = {str(interpretation).lower()}\n'
    )
    notes = {f"steps/more-{n}.md": f"---\ntitle: More {n}\n---\nMore.\n" for n in range(3, 7)}
    end = 'resources = ["book"]\n'
    return _facts(folder, (TOML, end, end + more + framework), extra=notes)


@pytest.mark.parametrize(
    ("verdict", "steps", "sentence"),
    [
        ("allowed", "[4, 6]", "PyTorch is allowed in both capstones (step 4 and step 6)."),
        ("forbidden", "[4, 6]", "PyTorch is forbidden in both capstones (step 4 and step 6)."),
        ("declare", "[4, 6]", "PyTorch is a grey area in both capstones (step 4 and step 6)."),
        ("allowed", "[4]", "PyTorch is allowed in the capstone of step 4."),
        ("forbidden", "[6]", "PyTorch is forbidden in the capstone of step 6."),
    ],
)
def test_frameworks(tmp_path: Path, verdict: str, steps: str, sentence: str) -> None:
    source = "steps/more-6" if steps == "[6]" else "steps/more-4"
    facts = _with_framework(tmp_path, verdict, steps)
    assert _sentences(facts, source, Aspect.RULE, "torch") == (sentence, "Because.")
    (rule,) = [fact for fact in facts if fact.aspect is Aspect.RULE]
    assert rule.names == ("pytorch", "torch")
    assert rule.questions == ("is PyTorch allowed in the capstone", "can I use PyTorch for my capstone project")


def test_an_interpreted_rule_says_so(tmp_path: Path) -> None:
    facts = _with_framework(tmp_path, "declare", "[4, 6]", interpretation=True)
    assert _sentences(facts, "steps/more-4", Aspect.RULE, "pytorch") == (
        "PyTorch is a grey area in both capstones (step 4 and step 6).",
        "Because.",
        "The curriculum does not name PyTorch; this is how its rule is read here.",
    )


def test_a_rule_for_steps_that_a_short_curriculum_lacks_is_no_fact(tmp_path: Path) -> None:
    end = 'resources = ["book"]\n'
    framework = '\n[[frameworks]]\nname = "PyTorch"\nverdict = "allowed"\nsteps = [4, 6]\nreason = "Because."\n'
    facts = _facts(tmp_path, (TOML, end, end + framework))
    assert [fact for fact in facts if fact.aspect is Aspect.RULE] == []


@pytest.mark.parametrize(
    ("change", "aspect", "sentences"),
    [
        (
            ("cost: free", "cost: paid\ncost_note: It costs 10 euros."),
            Aspect.COST,
            ("The Course costs money.", "It costs 10 euros."),
        ),
        (("cost: free", "cost: mixed"), Aspect.COST, ("The Course is free in part.",)),
        (
            ("status: current", "status: retired\nreplaced_by: [book]"),
            Aspect.STATUS,
            ("The Course is retired.", "The successor of The Course is The Book."),
        ),
        (
            ("status: current", "status: archived\nreplaced_by: [book, course]"),
            Aspect.STATUS,
            (
                "The Course is archived and no longer changed.",
                "The successors of The Course are The Book and The Course.",
            ),
        ),
        (
            ("status: current", "status: low-maintenance"),
            Aspect.STATUS,
            ("The Course is in low-maintenance mode.",),
        ),
        (
            ("max: 20}", "max: 20}\nhours_note: Without exercises."),
            Aspect.DURATION,
            ("The Course takes about 10 to 20 hours in all.", "Without exercises."),
        ),
        (
            ("authors: [Ada Example]", "authors: [A, B, C]\npublisher: Example Press\nyear: '2020'"),
            Aspect.AUTHOR,
            ("The Course is by A, B and C (Example Press, 2020).",),
        ),
        (
            ("scope: curriculum", "scope: beyond"),
            Aspect.ORDER,
            ("The Course goes beyond the curriculum and helps with step 1 (First contact) and step 2 (Second look).",),
        ),
    ],
)
def test_resources(tmp_path: Path, change: tuple[str, str], aspect: Aspect, sentences: tuple[str, ...]) -> None:
    assert _sentences(_facts(tmp_path, (COURSE, *change)), "resources/course", aspect, "the course") == sentences


def test_a_curriculum_that_can_be_done_without_paying_says_so(tmp_path: Path) -> None:
    way = '[[steps.alternatives]]\nid = "{}"\nstyle = "{}"\ntitle = "W"\nfor_whom = "You."\nresources = ["{}"]\n'
    old = 'resources = ["book"]\n'
    facts = _facts(tmp_path, ("curriculum.toml", old, old + "\n" + way.format("watching", "video", "course")))
    assert _sentences(facts, "steps/first", Aspect.COST, "curriculum") == (
        "The curriculum has 2 resources: 1 free and 1 not free.",
        "What costs money: The Book.",
        "Every step of the curriculum has a way without what costs money.",
    )


def test_a_note_on_the_level_and_the_present_state_are_part_of_the_facts(tmp_path: Path) -> None:
    level = ("resources/book.md", "level: intermediate\n", "level: intermediate\nlevel_note: Read The Course first.\n")
    state = (
        "resources/book.md",
        "The Book is a book.\n",
        "The Book is a book.\n\n## Status in 2026\nThe Book is old. The Book is right. The Book is red.\n",
    )
    facts = _facts(tmp_path, level, state)
    assert _sentences(facts, "resources/book", Aspect.LEVEL, "the book")[1:] == ("Read The Course first.",)
    assert _sentences(facts, "resources/book", Aspect.STATUS, "the book") == (
        "The Book is finished and stable.",
        "The Book is old.",
        "The Book is right.",
    )


def test_questions_use_the_first_alias(tmp_path: Path) -> None:
    facts = _facts(tmp_path, (BOOK, "units: []", "units: []\naliases: [TB, the brick]"))
    (cost,) = [fact for fact in facts if (fact.source, fact.aspect) == ("resources/book", Aspect.COST)]
    assert cost.questions == ("is TB free", "how much does TB cost")
    assert cost.names == ("the book", "tb", "the brick")
    assert cost.steps == (2,)


def test_hardware(tmp_path: Path) -> None:
    facts = _facts(tmp_path, (PROJECT, "hardware: CPU", "hardware: free cloud GPU"))
    assert _sentences(facts, "capstones/project", Aspect.DURATION, "the project") == (
        "The capstone idea “The Project” takes about 1 hour on a free cloud GPU, with difficulty 1 of 5.",
    )
