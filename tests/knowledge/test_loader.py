"""What an author reads about a folder: exact messages, all of them in one error."""

from pathlib import Path

import pytest

from knowledge.documents import Kind
from knowledge.loader import Knowledge, load_knowledge
from knowledge.problems import KnowledgeError
from tests.knowledge.tiny_curriculum import FILES, write_curriculum, write_files


def _load(folder: Path, files: dict[str, str]) -> Knowledge:
    return load_knowledge(write_files(folder, files))


def _warnings(knowledge: Knowledge) -> list[str]:
    return [str(warning) for warning in knowledge.warnings]


def _problems(folder: Path) -> list[str]:
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(folder)
    heading, *lines = str(caught.value).split("\n")
    noun = "problem" if len(lines) == 1 else "problems"
    assert heading == f"{len(lines)} {noun} in {folder}"
    return [line.removeprefix("  ") for line in lines]


def _absent(folder: str, name: str) -> str:
    return f"refers to {name!r}, which does not exist; add {folder}/{name}.md or name a file of {folder}/"


WORDS = "quote words of the passage"
QUOTES = 'put quotes around text with ": " or a leading special character'


# Plain folders


def test_a_plain_folder_needs_no_front_matter(tmp_path: Path) -> None:
    knowledge = _load(tmp_path, {"b.md": "Just text.\n", "a.md": "# Hello\nworld\n", "data.txt": "no note"})
    assert knowledge.curriculum is None
    assert knowledge.folder == tmp_path
    assert [(d.source, d.kind, d.title, d.body) for d in knowledge.documents] == [
        ("a", Kind.NOTE, "Hello", "# Hello\nworld\n"),
        ("b", Kind.NOTE, "B", "Just text.\n"),
    ]
    assert _warnings(knowledge) == []


def test_unknown_keys_of_a_plain_note_are_fine_and_known_ones_are_used(tmp_path: Path) -> None:
    text = (
        "---\ntitle: Nets\ntags: [x]\nauthor: {name: me}\naliases: networks\n"
        "questions:\n- what is a net?\n- 3\n- ' '\n---\nBody.\n"
    )
    knowledge = _load(tmp_path, {"a.md": text})
    (document,) = knowledge.documents
    assert (document.title, document.body) == ("Nets", "Body.\n")
    assert document.note.aliases == ("networks",)
    assert document.note.questions == ("what is a net?",)
    assert _warnings(knowledge) == []


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("a.md", "---\ntitle: From the front\n---\n# From a heading\n", "From the front"),
        ("a.md", "---\nquestion: Why?\nname: N\n---\ntext\n", "Why?"),
        ("a.md", "---\ntitle: ' '\n---\ntext\n\n## From a heading ##\n", "From a heading"),
        ("a.md", "From a heading\n===\ntext\n", "From a heading"),
        ("a.md", "# The `tanh` *function*\n", "The tanh function"),
        ("a.md", "#\n\n# Second\n", "Second"),
        ("a.md", "```python\n# import things\n```\n\n# Real heading\n", "Real heading"),
        ("back-prop_notes.md", "```python\n# import things\n```\n", "Back prop notes"),
        ("back-prop_notes.md", "#hashtag\n", "Back prop notes"),
        ("deep/er/week 1.md", "text\n", "Week 1"),
        ("--.md", "text\n", "--"),
    ],
)
def test_title(tmp_path: Path, name: str, text: str, title: str) -> None:
    (document,) = _load(tmp_path, {name: text}).documents
    assert document.title == title


def test_source_ids_are_paths_in_a_stable_order(tmp_path: Path) -> None:
    knowledge = _load(tmp_path, {"z.md": "z", "sub/deeper/note.v2.md": "n", "sub/a.md": "a", "Ünï.md": "u"})
    assert [(d.source, d.id) for d in knowledge.documents] == [
        ("sub/a", "a"),
        ("sub/deeper/note.v2", "note.v2"),
        ("z", "z"),
        ("Ünï", "Ünï"),
    ]


def test_concepts_of_a_plain_folder_are_plain_notes(tmp_path: Path) -> None:
    (document,) = _load(tmp_path, {"concepts/a.md": "---\nstep: none of your business\n---\ntext"}).documents
    assert document.kind is Kind.NOTE


BROKEN_FRONT_MATTER = [
    pytest.param(
        "---\ntitle: a: b\n---\nBody.\n",
        "Body.\n",
        f"a.md:2 the front matter is not YAML: mapping values are not allowed here; {QUOTES}",
        id="colon",
    ),
    pytest.param(
        "---\ntitle: a\naliases: [b\n---\nBody.\n",
        "Body.\n",
        f"a.md:3 the front matter is not YAML: expected ',' or ']', but got '<stream end>'; {QUOTES}",
        id="open list",
    ),
    pytest.param(
        "---\ntitle: a\nname: \x07\n---\nBody.\n",
        "Body.\n",
        f"a.md:3 the front matter is not YAML: special characters are not allowed; {QUOTES}",
        id="control character",
    ),
    pytest.param(
        "---\nwhen: 2020-13-45\n---\nBody.\n",
        "Body.\n",
        f"a.md:2 the front matter is not YAML: month must be in 1..12; {QUOTES}",
        id="date",
    ),
    pytest.param(
        "---\n[\ntitle: a\n]\n---\nBody.\n",
        "Body.\n",
        "a.md:2 the front matter is not a list of keys; write `key: value` lines between the two ---",
        id="list",
    ),
    pytest.param(
        "---\ntitle: a\nname: b\ntitle: c\n---\nBody.\n",
        "Body.\n",
        "a.md:4 [title] is there twice; keep one of the two",
        id="key twice",
    ),
]


@pytest.mark.parametrize(("text", "body", "warning"), BROKEN_FRONT_MATTER)
def test_broken_front_matter_is_a_warning_and_the_text_is_used(
    tmp_path: Path, text: str, body: str, warning: str
) -> None:
    knowledge = _load(tmp_path, {"a.md": text})
    assert [document.body for document in knowledge.documents] == [body]
    assert _warnings(knowledge) == [warning]


@pytest.mark.parametrize(
    "text",
    [
        "---\nOnly a rule above.\n",
        "---\n\nProse between two rules.\n\n---\nMore prose.\n",
        '---\n*Prose* with "quotes" [and: more\n---\nMore prose.\n',
        "---\n- a list\n- between rules\n---\nMore prose.\n",
        "---\n# A heading\n\nA sentence.\n---\nMore prose.\n",
        "\n---\ntitle: not in the first line\n---\nProse.\n",
    ],
)
def test_a_leading_rule_is_no_front_matter(tmp_path: Path, text: str) -> None:
    knowledge = _load(tmp_path, {"a.md": text})
    assert [document.body for document in knowledge.documents] == [text]
    assert _warnings(knowledge) == []


@pytest.mark.parametrize("text", ["---\n---\nBody.\n", "---\n# a comment\n---\nBody.\n", "---\n\n...\nBody.\n"])
def test_empty_front_matter(tmp_path: Path, text: str) -> None:
    knowledge = _load(tmp_path, {"a.md": text})
    assert [(document.title, document.body) for document in knowledge.documents] == [("A", "Body.\n")]
    assert _warnings(knowledge) == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\ufeff---\ntitle: T\n---\nBody é.\n".encode(), id="BOM"),
        pytest.param("---\r\ntitle: T\r\n---\r\nBody é.\r\n".encode(), id="CRLF"),
        pytest.param("---\rtitle: T\r---\rBody é.\r".encode(), id="CR"),
        pytest.param("\ufeff---\r\ntitle: T\r\n---\r\nBody é.\r\n".encode(), id="BOM and CRLF"),
    ],
)
def test_encodings_of_other_editors(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.md").write_bytes(content)
    knowledge = load_knowledge(tmp_path)
    assert [(document.title, document.body) for document in knowledge.documents] == [("T", "Body é.\n")]
    assert _warnings(knowledge) == []


def test_files_that_cannot_be_used_are_warnings_and_the_others_load(tmp_path: Path) -> None:
    write_files(tmp_path, {"good.md": "text", "empty.md": "", "blank.md": " \n\n", "front.md": "---\ntitle: a\n---\n"})
    (tmp_path / "latin.md").write_bytes("one\ntwo\ncafé\n".encode("latin-1"))
    (tmp_path / "big.md").write_bytes(b"x" * 5_000_001)
    (tmp_path / "limit.md").write_bytes(b"x" * 5_000_000)
    knowledge = load_knowledge(tmp_path)
    assert [document.source for document in knowledge.documents] == ["good", "limit"]
    assert _warnings(knowledge) == [
        "big.md the file has 5,000,001 bytes; split it into files below 5,000,000 bytes",
        "blank.md the file has no text; write something or delete it",
        "empty.md the file has no text; write something or delete it",
        "front.md the file has no text; write something or delete it",
        "latin.md:3 the text is not UTF-8; save the file as UTF-8",
    ]


def test_hidden_files_and_links_that_lead_outside_are_skipped(tmp_path: Path) -> None:
    outside = write_files(tmp_path / "outside", {"secret.md": "secret", "more/secret.md": "secret"})
    folder = write_files(
        tmp_path / "notes",
        {"a.md": "a", ".hidden.md": "h", ".git/b.md": "b", "sub/.obsidian/c.md": "c", "folder.md/d.md": "d"},
    )
    (folder / "link.md").symlink_to(outside / "secret.md")
    (folder / "linked").symlink_to(outside / "more")
    (folder / "dangling.md").symlink_to(folder / "nowhere.md")
    (folder / "inside.md").symlink_to(folder / "a.md")
    knowledge = load_knowledge(folder)
    assert [document.source for document in knowledge.documents] == ["a", "folder.md/d", "inside"]
    assert _warnings(knowledge) == []


def test_the_folder_itself_may_be_hidden_or_a_link(tmp_path: Path) -> None:
    write_files(tmp_path / ".notes", {"a.md": "a"})
    (tmp_path / "link").symlink_to(tmp_path / ".notes")
    for folder in (tmp_path / ".notes", tmp_path / "link"):
        assert [document.source for document in load_knowledge(folder).documents] == ["a"]


def test_a_missing_folder(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert _problems(missing) == [f"{missing} there is no such folder; name a folder of Markdown files"]
    note = tmp_path / "note.md"
    note.write_text("text")
    assert _problems(note) == [f"{note} there is no such folder; name a folder of Markdown files"]


def test_an_empty_folder(tmp_path: Path) -> None:
    write_files(tmp_path, {"readme.txt": "text"})
    assert _problems(tmp_path) == [f"{tmp_path} the folder has no Markdown file with text; add at least one .md file"]


def test_a_folder_without_a_usable_file_says_why(tmp_path: Path) -> None:
    write_files(tmp_path, {"empty.md": ""})
    (tmp_path / "latin.md").write_bytes(b"\xe9")
    assert sorted(_problems(tmp_path)) == sorted(
        [
            f"{tmp_path} the folder has no Markdown file with text; add at least one .md file",
            "empty.md the file has no text; write something or delete it",
            "latin.md:1 the text is not UTF-8; save the file as UTF-8",
        ]
    )


# Curricula


def test_the_tiny_curriculum_loads(tmp_path: Path) -> None:
    knowledge = load_knowledge(write_curriculum(tmp_path, extra={"README.md": "Read me.", "concepts/old/x.md": "X."}))
    assert _warnings(knowledge) == []
    assert [(document.source, document.kind) for document in knowledge.documents] == [
        ("README", Kind.NOTE),
        ("capstones/project", Kind.CAPSTONE),
        ("concepts/descent", Kind.CONCEPT),
        ("concepts/old/x", Kind.NOTE),
        ("concepts/slope", Kind.CONCEPT),
        ("resources/book", Kind.RESOURCE),
        ("resources/course", Kind.RESOURCE),
        ("steps/first", Kind.STEP),
        ("steps/second", Kind.STEP),
    ]
    curriculum = knowledge.curriculum
    assert curriculum is not None
    assert [step.id for step in curriculum.steps] == ["first", "second"]
    assert curriculum.step(2).title == "Second look"
    with pytest.raises(KeyError):
        curriculum.step(3)
    assert curriculum.step(2).resource_ids == ("book", "course")
    assert list(curriculum.resources) == ["book", "course"]
    assert list(curriculum.concepts) == ["descent", "slope"]
    assert list(curriculum.capstones) == ["project"]
    assert [question.id for question in curriculum.questions] == ["slope-of-a-line"]


@pytest.mark.parametrize(
    ("place", "label", "url"),
    [
        ("resource: course\n    unit: week-1", "The Course, Week 1: Slopes", "https://example.org/course"),
        (
            "resource: course\n    unit: week-1\n    section: '3'",
            "The Course, Week 1: Slopes, section 3",
            "https://example.org/course",
        ),
        ("resource: book\n    section: Chapter 5", "The Book, Chapter 5", "https://example.org/book"),
        ("resource: book", "The Book", "https://example.org/book"),
    ],
)
def test_study_places(tmp_path: Path, place: str, label: str, url: str) -> None:
    change = ("concepts/slope.md", "resource: course\n    unit: week-1", place)
    curriculum = load_knowledge(write_curriculum(tmp_path, change)).curriculum
    assert curriculum is not None
    (study,) = curriculum.concepts["slope"].study
    assert curriculum.place_label(study) == label
    assert curriculum.place_url(study) == url


def test_the_url_of_a_unit_is_more_exact_than_that_of_its_resource(tmp_path: Path) -> None:
    change = ("resources/course.md", "title: Slopes", "title: Slopes\n    url: https://example.org/course/1")
    curriculum = load_knowledge(write_curriculum(tmp_path, change)).curriculum
    assert curriculum is not None
    assert curriculum.place_url(curriculum.concepts["slope"].study[0]) == "https://example.org/course/1"


TOML, SLOPE, DESCENT, COURSE = "curriculum.toml", "concepts/slope.md", "concepts/descent.md", "resources/course.md"
PROJECT, QUESTIONS = "capstones/project.md", "questions/basics.toml"

KEYS = [
    (
        (DESCENT, "prerequisites:", "prerequisite:"),
        f"{DESCENT}:5 [prerequisite] is an unknown key; did you mean 'prerequisites'?",
    ),
    (
        (DESCENT, "prerequisites:", "colour:"),
        (
            f"{DESCENT}:5 [colour] is an unknown key; known keys are title, aliases, questions, step, met_in, "
            "prerequisites, ahead, confused_with, study"
        ),
    ),
    (
        (COURSE, "    summary: Walk", "    sumary: Walk"),
        [
            f"{COURSE}:19 [units.1.summary] is missing; add it",
            f"{COURSE}:22 [units.1.sumary] is an unknown key; did you mean 'summary'?",
        ],
    ),
    ((SLOPE, "unit: week-1", "units: week-1"), f"{SLOPE}:7 [study.0.units] is an unknown key; did you mean 'unit'?"),
    (
        (TOML, "max = 3 }", "max = 3, maxi = 2 }"),
        f"{TOML}:11 [steps.0.weeks.maxi] is an unknown key; did you mean 'max'?",
    ),
    (
        (TOML, 'style = "book"', 'sytle = "book"'),
        [
            f"{TOML}:23 [steps.1.alternatives.0.style] is missing; add it",
            f"{TOML}:25 [steps.1.alternatives.0.sytle] is an unknown key; did you mean 'style'?",
        ],
    ),
    (
        (QUESTIONS, "answer = 2\n", "anser = 2\n"),
        f"{QUESTIONS}:7 [questions.0.anser] is an unknown key; did you mean 'answer'?",
    ),
    ((SLOPE, "title: Slope\n", ""), f"{SLOPE}:1 [title] is missing; add it"),
    ((TOML, 'summary = "Two steps."\n', ""), f"{TOML}:1 [summary] is missing; add it"),
    ((TOML, 'goal = "You can explain a network."\n', ""), f"{TOML}:14 [steps.1.goal] is missing; add it"),
    (
        (SLOPE, "  - resource: course\n    unit: week-1", "  - unit: week-1"),
        f"{SLOPE}:6 [study.0.resource] is missing; add it",
    ),
    (
        (SLOPE, "step: 1\n", "step: one\n"),
        f"{SLOPE}:3 [step] is wrong ('one'); input should be a valid integer, unable to parse string as an integer",
    ),
    ((SLOPE, "step: 1\n", "step: 7\n"), f"{SLOPE}:3 [step] is wrong (7); input should be less than or equal to 6"),
    ((SLOPE, "title: Slope", "title: 5"), f"{SLOPE}:2 [title] is wrong (5); input should be a valid string"),
    (
        (DESCENT, "prerequisites: [slope]", "prerequisites: slope"),
        f"{DESCENT}:5 [prerequisites] is wrong ('slope'); write a list in [ ]",
    ),
    (
        (DESCENT, "study:\n  - resource: book", "study: []"),
        f"{DESCENT}:7 [study] is wrong ([]); list at least one",
    ),
    (
        (COURSE, "hours: {min: 10, max: 20}", "hours: 10"),
        f"{COURSE}:11 [hours] is wrong (10); write the keys min, max",
    ),
    (
        (COURSE, "max: 20", "max: 2"),
        f"{COURSE}:11 [hours] is wrong ({{'min': 10, 'max': 2}}); min 10 is greater than max 2",
    ),
    (
        (COURSE, "scope: curriculum", "scope: inside"),
        f"{COURSE}:6 [scope] is wrong ('inside'); input should be 'curriculum' or 'beyond'",
    ),
    (
        (COURSE, "https://example.org/course", "example.org"),
        f"{COURSE}:4 [url] is wrong ('example.org'); input should be a valid URL, relative URL without a base",
    ),
    (
        (SLOPE, "met_in: 1", "met_in: 2"),
        (
            f"{SLOPE}:1 is wrong ({{'title': 'Slope', 'step': 1, 'met_in': 2, 'study': [{{'re...); "
            "met_in 2 comes after step 1"
        ),
    ),
    (
        (PROJECT, "step: 4", "step: 5"),
        f"{PROJECT}:3 [step] is wrong (5); input should be 4 or 6",
    ),
]


@pytest.mark.parametrize(("change", "expected"), KEYS)
def test_a_wrong_key(tmp_path: Path, change: tuple[str, str, str], expected: str | list[str]) -> None:
    assert _problems(write_curriculum(tmp_path, change)) == ([expected] if isinstance(expected, str) else expected)


REFERENCES = [
    (
        (TOML, 'id = "second"', 'id = "secund"'),
        [
            f"{TOML}:16 [steps.1.id] {_absent('steps', 'secund')}",
            "steps/second.md belongs to no step of curriculum.toml; add the step or delete the file",
        ],
    ),
    (
        (TOML, 'core = ["course"]', 'core = ["course", "curse"]'),
        f"{TOML}:12 [steps.0.core.1] {_absent('resources', 'curse')}",
    ),
    (
        (TOML, 'support = ["course"]', 'support = ["curse"]'),
        f"{TOML}:21 [steps.1.support.0] {_absent('resources', 'curse')}",
    ),
    (
        (TOML, 'core = ["course"]', 'core = ["course"]\nbeyond = ["curse"]'),
        f"{TOML}:13 [steps.0.beyond.0] {_absent('resources', 'curse')}",
    ),
    (
        (TOML, 'resources = ["book"]', 'resources = ["bock"]'),
        f"{TOML}:28 [steps.1.alternatives.0.resources.0] {_absent('resources', 'bock')}",
    ),
    (
        (DESCENT, "prerequisites: [slope]", "prerequisites:\n  - slope\n  - slop"),
        f"{DESCENT}:7 [prerequisites.1] {_absent('concepts', 'slop')}",
    ),
    (
        (DESCENT, "confused_with: [slope]", "confused_with: [slop]"),
        f"{DESCENT}:6 [confused_with.0] {_absent('concepts', 'slop')}",
    ),
    (
        (DESCENT, "resource: book", "resource: bock"),
        f"{DESCENT}:8 [study.0.resource] {_absent('resources', 'bock')}",
    ),
    (
        (SLOPE, "unit: week-1", "unit: week-11"),
        f"{SLOPE}:7 [study.0.unit] refers to unit 'week-11' of course, which does not exist; did you mean 'week-1'?",
    ),
    (
        (SLOPE, "unit: week-1", "unit: lesson"),
        (
            f"{SLOPE}:7 [study.0.unit] refers to unit 'lesson' of course, which does not exist; "
            "its units are week-1, week-2"
        ),
    ),
    (
        (SLOPE, "resource: course", "resource: book"),
        (
            f"{SLOPE}:7 [study.0.unit] refers to unit 'week-1' of book, which does not exist; "
            "it has no units, so leave out the unit"
        ),
    ),
    (
        (COURSE, "concepts: [descent]", "concepts: [slope, decent]"),
        f"{COURSE}:23 [units.1.concepts.1] {_absent('concepts', 'decent')}",
    ),
    (
        (COURSE, "status: current", "status: retired\nreplaced_by: [bock]"),
        f"{COURSE}:13 [replaced_by.0] {_absent('resources', 'bock')}",
    ),
    (
        (PROJECT, "concepts: [slope]", "concepts: [slope, slop]"),
        f"{PROJECT}:11 [concepts.1] {_absent('concepts', 'slop')}",
    ),
    (
        (QUESTIONS, 'concept = "slope"', 'concept = "slop"'),
        f"{QUESTIONS}:3 [questions.0.concept] {_absent('concepts', 'slop')}",
    ),
    (
        (QUESTIONS, "concepts/slope", "concepts/slop"),
        f"{QUESTIONS}:9 [questions.0.source.note] {_absent('concepts', 'slop')}",
    ),
    (
        (QUESTIONS, "concepts/slope", "questions/basics"),
        f"{QUESTIONS}:9 [questions.0.source.note] {_absent('questions', 'basics')}",
    ),
    (
        (QUESTIONS, '"Intuition"', '"Formula"'),
        (
            f"{QUESTIONS}:9 [questions.0.source.heading] names the heading 'Formula', which concepts/slope lacks; "
            "name a heading of that note"
        ),
    ),
    (
        (QUESTIONS, '["see how far you climb"]', '["STEP to the", "steep", "hill"]'),
        [
            f"{QUESTIONS}:9 [questions.0.source.terms.1] names the term 'steep', which the passage lacks; {WORDS}",
            f"{QUESTIONS}:9 [questions.0.source.terms.2] names the term 'hill', which the passage lacks; {WORDS}",
        ],
    ),
    (
        (DESCENT, "step: 2", "step: 3"),
        f"{DESCENT}:3 [step] names step 3, which does not exist; the steps of curriculum.toml are 1, 2",
    ),
    (
        (COURSE, "steps: [1, 2]", "steps: [1, 5]"),
        f"{COURSE}:5 [steps] names step 5, which does not exist; the steps of curriculum.toml are 1, 2",
    ),
]


@pytest.mark.parametrize(("change", "expected"), REFERENCES)
def test_a_dangling_reference(tmp_path: Path, change: tuple[str, str, str], expected: str | list[str]) -> None:
    assert _problems(write_curriculum(tmp_path, change)) == ([expected] if isinstance(expected, str) else expected)


def test_the_question_source_may_be_the_text_before_the_first_heading(tmp_path: Path) -> None:
    source = 'heading = "Intuition", terms = ["see how far you climb"]'
    folder = write_curriculum(tmp_path, (QUESTIONS, source, 'terms = ["HOW STEEP"]'))
    assert load_knowledge(folder).warnings == ()


def test_a_comment_in_a_code_block_ends_no_section(tmp_path: Path) -> None:
    change = (SLOPE, "Walk one step", "```text\n## no heading\n```\nWalk one step")
    assert load_knowledge(write_curriculum(tmp_path, change)).warnings == ()


STEPS = [
    pytest.param(
        [(TOML, "number = 2", "number = 3")],
        [
            f"{TOML}:5 [steps] numbers the steps 1, 3; number them 1, 2, 3 … in this order, without gaps or repeats",
            f"{DESCENT}:3 [step] names step 2, which does not exist; the steps of curriculum.toml are 1, 3",
            "resources/book.md:5 [steps] names step 2, which does not exist; the steps of curriculum.toml are 1, 3",
            f"{COURSE}:5 [steps] names step 2, which does not exist; the steps of curriculum.toml are 1, 3",
        ],
        id="gap",
    ),
    pytest.param(
        [
            (TOML, "number = 1", "number = 2"),
            (TOML, "after = [1]", "after = []"),
            (SLOPE, "\nstep: 1\nmet_in: 1", "\nstep: 2\nmet_in: 2"),
        ],
        [
            f"{DESCENT}:4 [met_in] names step 1, which does not exist; the steps of curriculum.toml are 2, 2",
            f"{TOML}:5 [steps] numbers the steps 2, 2; number them 1, 2, 3 … in this order, without gaps or repeats",
            f"{COURSE}:5 [steps] names step 1, which does not exist; the steps of curriculum.toml are 2, 2",
        ],
        id="repeat",
    ),
    pytest.param(
        [(TOML, "number = 1\n", "number = 9\n")],
        [f"{TOML}:6 [steps.0.number] is wrong (9); input should be less than or equal to 6"],
        id="number too large",
    ),
    pytest.param(
        [
            (TOML, "number = 1\n", "number = 3\n"),
            (TOML, "number = 2\n", "number = 1\n"),
            (TOML, "number = 3\n", "number = 2\n"),
        ],
        [
            f"{TOML}:5 [steps] numbers the steps 2, 1; number them 1, 2, 3 … in this order, without gaps or repeats",
            f"{TOML}:19 [steps.1.after] puts step 1 after step 1; name earlier steps only",
        ],
        id="order of the file",
    ),
    pytest.param(
        [(TOML, "after = []", "after = [2]")],
        [f"{TOML}:10 [steps.0.after] puts step 1 after step 2; name earlier steps only"],
        id="after a later step",
    ),
    pytest.param(
        [(TOML, 'core = ["course"]', "core = []")],
        [f"{TOML}:5 [steps.0] gives step 1 no resource; name one under core or alternatives"],
        id="no resource",
    ),
    pytest.param(
        [(TOML, 'id = "second"', 'id = "first"')],
        [
            f"{TOML}:16 [steps.1.id] uses the id 'first' twice; give each its own id",
            "steps/second.md belongs to no step of curriculum.toml; add the step or delete the file",
        ],
        id="id twice",
    ),
    pytest.param(
        [
            (
                TOML,
                'resources = ["book"]\n',
                (
                    'resources = ["book"]\n[[steps.alternatives]]\nid = "reading"\nstyle = "video"\ntitle = "B"\n'
                    'for_whom = "You."\nresources = ["course"]\n'
                ),
            )
        ],
        [f"{TOML}:30 [steps.1.alternatives.1.id] uses the id 'reading' twice; give each its own id"],
        id="alternative twice",
    ),
]


@pytest.mark.parametrize(("changes", "expected"), STEPS)
def test_steps(tmp_path: Path, changes: list[tuple[str, str, str]], expected: list[str]) -> None:
    assert sorted(_problems(write_curriculum(tmp_path, *changes))) == sorted(expected)


def test_a_circle_of_prerequisites(tmp_path: Path) -> None:
    folder = write_curriculum(
        tmp_path, (SLOPE, "met_in: 1\n", "met_in: 1\nprerequisites: [descent]\nahead: [descent]\n")
    )
    assert _problems(folder) == [
        (
            "concepts/descent.md:5 [prerequisites.0] is part of a circle: descent → slope → descent; "
            "drop one of these prerequisites"
        )
    ]


def test_every_circle_of_prerequisites_is_named(tmp_path: Path) -> None:
    others = {
        f"concepts/{name}.md": FILES[DESCENT]
        .replace("Descent", name)
        .replace("requisites: [slope]", f"requisites: [{of}]")
        for name, of in (("a", "slope, c"), ("b", "a"), ("c", "b"), ("self", "self"))
    }
    folder = write_curriculum(tmp_path, extra=others)
    assert _problems(folder) == [
        "concepts/a.md:5 [prerequisites.1] is part of a circle: a → b → c → a; drop one of these prerequisites",
        "concepts/self.md:5 [prerequisites.0] is part of a circle: self → self; drop one of these prerequisites",
    ]


def test_duplicate_question_ids(tmp_path: Path) -> None:
    again = FILES[QUESTIONS]
    folder = write_curriculum(
        tmp_path, (QUESTIONS, "terms = [", "terms = ["), extra={QUESTIONS: again * 2, "questions/more.toml": again}
    )
    wrong = "uses the id 'slope-of-a-line', which questions/basics.toml has too; give each question its own id"
    assert _problems(folder) == [
        f"questions/basics.toml:11 [questions.1.id] {wrong}",
        f"questions/more.toml:2 [questions.0.id] {wrong}",
    ]


def test_duplicate_titles(tmp_path: Path) -> None:
    folder = write_curriculum(
        tmp_path, (SLOPE, "title: Slope", "title: DESCENT"), (COURSE, "The Course\n", "The book\n")
    )
    assert _problems(folder) == [
        "concepts/slope.md:2 [title] has the title of concepts/descent.md; give each its own title",
        "resources/course.md:2 [title] has the title of resources/book.md; give each its own title",
    ]


def test_notes_of_different_kinds_may_share_a_title(tmp_path: Path) -> None:
    folder = write_curriculum(
        tmp_path, (SLOPE, "title: Slope", "title: The Course"), extra={"README.md": "# The Course"}
    )
    assert load_knowledge(folder).warnings == ()


def test_a_unit_id_twice(tmp_path: Path) -> None:
    folder = write_curriculum(tmp_path, (COURSE, "id: week-2", "id: week-1"))
    assert _problems(folder) == [f"{COURSE}:19 [units.1.id] uses the id 'week-1' twice; give each its own id"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            (TOML, "hours_per_week = 10", "hours_per_week = ten"),
            f"{TOML}:3 this is not TOML: Invalid value; mend the syntax on this line",
        ),
        (
            (TOML, "after = [1]", "after = [1]\nafter = [1]"),
            f"{TOML}:20 this is not TOML: Cannot overwrite a value; mend the syntax on this line",
        ),
        (
            (TOML, 'resources = ["book"]', 'resources = ["book"'),
            f"{TOML}:28 this is not TOML: Unclosed array; mend the syntax on this line",
        ),
        (
            (QUESTIONS, 'kind = "numeric"', 'kind = "numeric'),
            f"{QUESTIONS}:4 this is not TOML: Illegal character '\\n'; mend the syntax on this line",
        ),
        (
            (SLOPE, "title: Slope", "title: Slope: steep"),
            f"{SLOPE}:2 the front matter is not YAML: mapping values are not allowed here; {QUOTES}",
        ),
        (
            (COURSE, "concepts: [descent]", "concepts: [descent"),
            f"{COURSE}:23 the front matter is not YAML: expected ',' or ']', but got '<stream end>'; {QUOTES}",
        ),
        ((SLOPE, "met_in: 1", "met_in: 1\nstep: 2"), f"{SLOPE}:5 [step] is there twice; keep one of the two"),
    ],
)
def test_syntax(tmp_path: Path, change: tuple[str, str, str], expected: str) -> None:
    """A file that cannot be read is one problem: what refers to it is not reported too."""
    assert _problems(write_curriculum(tmp_path, change)) == [expected]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    folder = write_curriculum(tmp_path)
    for name in (SLOPE, TOML, QUESTIONS):
        (folder / name).write_bytes(b"one\ntwo \xff")
    right = "the text is not UTF-8; save the file as UTF-8"
    assert _problems(folder) == [f"{SLOPE}:2 {right}", f"{TOML}:2 {right}", f"{QUESTIONS}:2 {right}"]


def test_a_note_needs_front_matter_text_and_a_name_that_can_be_an_id(tmp_path: Path) -> None:
    folder = write_curriculum(
        tmp_path,
        extra={
            "steps/second.md": "No front matter.\n",
            "capstones/project.md": FILES[PROJECT].replace("The Project fits a line.\n", ""),
            "concepts/Big Slope.md": FILES[SLOPE].replace("Slope", "Big slope"),
        },
    )
    assert _problems(folder) == [
        "capstones/project.md has no text; write the note below the front matter",
        "concepts/Big Slope.md has a file name that cannot be an id; rename it with a-z, 0-9 and - only",
        "steps/second.md:1 [title] is missing; add it",
    ]


def test_hidden_question_files_are_skipped(tmp_path: Path) -> None:
    folder = write_curriculum(tmp_path, extra={"questions/.draft.toml": "not TOML"})
    (folder / "questions" / ".#basics.toml").symlink_to("nowhere")
    assert load_knowledge(folder).warnings == ()


def test_warnings_of_plain_notes_do_not_stop_a_curriculum(tmp_path: Path) -> None:
    knowledge = load_knowledge(
        write_curriculum(tmp_path, extra={"README.md": "---\na: b: c\n---\nRead me.\n", "todo.md": ""})
    )
    assert _warnings(knowledge) == [
        f"README.md:2 the front matter is not YAML: mapping values are not allowed here; {QUOTES}",
        "todo.md the file has no text; write something or delete it",
    ]


OPTIONS = '{ text = "a", correct = true }, { text = "b", remark = "no" }, { text = "c", remark = "no" }'


@pytest.mark.parametrize(
    ("kind", "keys", "rule"),
    [
        ("numeric", "", "a numeric question has an answer and no options"),
        ("numeric", f"answer = 1\noptions = [{OPTIONS}]", "a numeric question has an answer and no options"),
        (
            "single",
            'options = [{ text = "a", correct = true }, { text = "b", remark = "no" }]',
            "a single-choice question has three or more options, exactly one correct",
        ),
        (
            "single",
            f'options = [{OPTIONS}, {{ text = "d", correct = true }}]',
            "a single-choice question has three or more options, exactly one correct",
        ),
        ("single", "", "a single-choice question has three or more options, exactly one correct"),
        ("single", f'options = [{OPTIONS}, {{ text = "d" }}]', "the wrong option 'd' has no remark"),
        ("single", f'options = [{OPTIONS}, {{ text = "b", remark = "no" }}]', "two options read the same"),
        (
            "single",
            f"options = [{OPTIONS}]\nanswer = 1",
            "only a numeric question has an answer, a tolerance or a unit",
        ),
        (
            "single",
            f"options = [{OPTIONS}]\ntolerance = 0.1",
            "only a numeric question has an answer, a tolerance or a unit",
        ),
        (
            "single",
            f'options = [{OPTIONS}]\nunit = "m"',
            "only a numeric question has an answer, a tolerance or a unit",
        ),
        (
            "multiple",
            'options = [{ text = "a", correct = true }, { text = "b", correct = true }, { text = "c", correct = true}]',
            "a multiple-choice question has three or more options, some correct and some not",
        ),
        (
            "multiple",
            'options = [{ text = "a" }, { text = "b" }, { text = "c" }]',
            "a multiple-choice question has three or more options, some correct and some not",
        ),
        (
            "boolean",
            'options = [{ text = "Yes", correct = true }, { text = "No", remark = "no" }]',
            "a boolean question has the options True and False, one of them correct",
        ),
        (
            "boolean",
            'options = [{ text = "True" }, { text = "False" }]',
            "a boolean question has the options True and False, one of them correct",
        ),
        (
            "boolean",
            'options = [{ text = "True", correct = true }, { text = "False" }]',
            "the wrong option 'False' has no remark",
        ),
        (
            "order",
            f"options = [{OPTIONS}]",
            "an order question lists three or more options in the right order, none marked correct",
        ),
        (
            "order",
            'options = [{ text = "a" }, { text = "b" }]',
            "an order question lists three or more options in the right order, none marked correct",
        ),
    ],
)
def test_a_question_whose_keys_do_not_fit(tmp_path: Path, kind: str, keys: str, rule: str) -> None:
    folder = write_curriculum(
        tmp_path, (QUESTIONS, 'kind = "numeric"', f'kind = "{kind}"'), (QUESTIONS, "answer = 2\n", keys + "\n")
    )
    shown = f"{{'id': 'slope-of-a-line', 'concept': 'slope', 'kind': '{kind}', '"
    (problem,) = _problems(folder)
    assert problem == f"{QUESTIONS}:1 [questions.0] is wrong ({shown[:57]}...); {rule}"


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("numeric", 'answer = -2.5\ntolerance = 0.1\nunit = "m"'),
        ("single", f"options = [{OPTIONS}]"),
        ("multiple", f'options = [{OPTIONS}, {{ text = "d", correct = true }}]'),
        ("boolean", 'options = [{ text = "True", remark = "no" }, { text = "False", correct = true }]'),
        ("order", 'options = [{ text = "a" }, { text = "b" }, { text = "c", remark = "last" }]'),
    ],
)
def test_a_question_of_each_kind(tmp_path: Path, kind: str, keys: str) -> None:
    folder = write_curriculum(
        tmp_path, (QUESTIONS, 'kind = "numeric"', f'kind = "{kind}"'), (QUESTIONS, "answer = 2\n", keys + "\n")
    )
    curriculum = load_knowledge(folder).curriculum
    assert curriculum is not None
    assert [question.kind for question in curriculum.questions] == [kind]


def test_all_problems_of_all_files_are_in_one_error(tmp_path: Path) -> None:
    folder = write_curriculum(
        tmp_path,
        (TOML, "after = []", "after = [2]"),
        (TOML, 'resources = ["book"]', 'resources = ["bock"]'),
        (SLOPE, "step: 1\n", "step: one\n"),
        (SLOPE, "met_in: 1", "metin: 1"),
        (DESCENT, "prerequisites: [slope]", "prerequisites: [slop]"),
        ("resources/book.md", "title: The Book", "title: The: Book"),
        (PROJECT, "metric: error\n", ""),
        (QUESTIONS, '"Intuition"', '"Formula"'),
    )
    assert _problems(folder) == [
        f"{PROJECT}:1 [metric] is missing; add it",
        f"{DESCENT}:5 [prerequisites.0] {_absent('concepts', 'slop')}",
        f"{SLOPE}:1 [met_in] is missing; add it",
        f"{SLOPE}:3 [step] is wrong ('one'); input should be a valid integer, unable to parse string as an integer",
        f"{SLOPE}:4 [metin] is an unknown key; did you mean 'met_in'?",
        f"{TOML}:10 [steps.0.after] puts step 1 after step 2; name earlier steps only",
        f"{TOML}:28 [steps.1.alternatives.0.resources.0] {_absent('resources', 'bock')}",
        f"resources/book.md:2 the front matter is not YAML: mapping values are not allowed here; {QUOTES}",
    ]


def test_a_broken_curriculum_file_does_not_hide_the_problems_of_the_others(tmp_path: Path) -> None:
    folder = write_curriculum(
        tmp_path,
        (TOML, "hours_per_week = 10", "hours_per_week ="),
        (DESCENT, "prerequisites: [slope]", "prerequisites: [slop]"),
        (QUESTIONS, '["see how far you climb"]', '["hill"]'),
    )
    assert _problems(folder) == [
        f"{DESCENT}:5 [prerequisites.0] {_absent('concepts', 'slop')}",
        f"{TOML}:3 this is not TOML: Invalid value; mend the syntax on this line",
        (
            f"{QUESTIONS}:9 [questions.0.source.terms.0] names the term 'hill', which the passage lacks; "
            "quote words of the passage"
        ),
    ]


@pytest.mark.parametrize("is_curriculum", [True, False])
def test_topics_outside_the_folder(tmp_path: Path, *, is_curriculum: bool) -> None:
    write_files(tmp_path, {"a.md": "text", "outside.toml": 'topics = ["cooking", "chess"]\n'})
    assert load_knowledge(write_curriculum(tmp_path) if is_curriculum else tmp_path).outside == ("cooking", "chess")


def test_a_wrong_list_of_topics_outside(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.md": "text", "outside.toml": 'topic = ["cooking"]\n'})
    assert "outside.toml:1 [topic] is an unknown key; did you mean 'topics'?" in _problems(tmp_path)


# The order of prerequisites


def test_a_prerequisite_that_is_first_met_later(tmp_path: Path) -> None:
    folder = write_curriculum(
        tmp_path,
        ("concepts/slope.md", "step: 1\nmet_in: 1", "step: 2\nmet_in: 2"),
        ("concepts/descent.md", "step: 2\nmet_in: 1", "step: 1\nmet_in: 1"),
    )
    assert _problems(folder) == [
        (
            "concepts/descent.md:5 [prerequisites.0] needs 'slope' in step 1, which is first met in step 2; "
            "drop it, or change a step"
        )
    ]


def test_a_prerequisite_that_is_met_in_time_and_studied_later_must_be_named(tmp_path: Path) -> None:
    later = (
        ("concepts/slope.md", "step: 1\nmet_in: 1", "step: 2\nmet_in: 1"),
        ("concepts/descent.md", "step: 2\nmet_in: 1", "step: 1\nmet_in: 1"),
    )
    assert _problems(write_curriculum(tmp_path / "silent", *later)) == [
        (
            "concepts/descent.md:5 [prerequisites.0] needs 'slope' in step 1, which is studied in step 2; "
            "say so with `ahead: [slope]`, or change a step"
        )
    ]
    named = ("concepts/descent.md", "prerequisites: [slope]", "prerequisites: [slope]\nahead: [slope]")
    knowledge = load_knowledge(write_curriculum(tmp_path / "named", *later, named))
    assert knowledge.curriculum is not None
    assert knowledge.curriculum.concepts["descent"].ahead == ("slope",)


@pytest.mark.parametrize("ahead", ["slope", "descent"])
def test_ahead_lists_nothing_else(tmp_path: Path, ahead: str) -> None:
    """Neither a prerequisite that is studied in time nor something that is no prerequisite."""
    folder = write_curriculum(
        tmp_path, ("concepts/descent.md", "prerequisites: [slope]", f"prerequisites: [slope]\nahead: [{ahead}]")
    )
    assert _problems(folder) == [
        (
            f"concepts/descent.md:6 [ahead.0] lists {ahead!r} without need; "
            "list only prerequisites that are studied in a later step"
        )
    ]
