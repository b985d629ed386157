"""The `tutor` command, as an operator calls it. The model is the one that the other tests have loaded."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from bot import cli
from indexer.build import build_index
from tests.indexer.notes import write_notes
from tests.knowledge.test_standards import FILES as STANDARD
from tests.knowledge.test_standards import SLOPE
from tests.knowledge.tiny_curriculum import write_curriculum, write_files
from tests.paths import KNOWLEDGE, ROOT

NOTES = {
    "dropout.md": "# Dropout\n\nDropout sets activations to zero at random.\n",
    "deep/adam.md": "# Adam\n\nAdam is an optimiser.\n\n## Defaults\n\nThe usual learning rate of Adam is 0.001.\n",
    "relu.md": "# ReLU\n\nReLU cuts negative inputs to zero. Its slope is 0 or 1.\n",
}

QUESTIONS = [
    {"question": "what does dropout do", "relevant": ["dropout"]},
    {"question": "what is the default learning rate of adam", "relevant": ["deep/adam"]},
    {"question": "what is the slope of relu", "relevant": ["relu"]},
]


class Tutor:
    """Runs commands in this process: `(exit code, stdout, stderr)`."""

    def __init__(self, monkeypatch, capsys):
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments):
        self._monkeypatch.setattr(sys, "argv", ["tutor", *map(str, arguments)])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        shown = self._capsys.readouterr()
        assert "Traceback" not in shown.out + shown.err
        return ended.value.code or 0, shown.out, shown.err


@pytest.fixture
def tutor(monkeypatch, capsys, tmp_path):
    """The command in an empty folder, with a wide terminal and without settings in the environment."""
    for name in list(os.environ):
        if name.startswith(("TUTOR_", "DISCORD_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return Tutor(monkeypatch, capsys)


@pytest.fixture
def no_model(monkeypatch):
    """A command that is about to fail must not load the model first."""

    def load(_settings):
        pytest.fail("the model was loaded")

    monkeypatch.setattr(cli, "load_encoder", load)


@pytest.fixture
def loaded(monkeypatch, encoder):
    """The real model, which takes seconds to load, is already there."""
    monkeypatch.setattr(cli, "load_encoder", lambda _settings: encoder)


@pytest.fixture
def notes(tmp_path):
    return write_notes(tmp_path / "notes", NOTES)


@pytest.fixture(scope="module")
def built(encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    build_index(write_notes(folder / "notes", NOTES), folder / "index", encoder, now=datetime(2026, 1, 2, tzinfo=UTC))
    return folder / "index"


@pytest.fixture
def index(loaded, built):
    return built


def write_questions(path, *lines):
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


# index check


def test_check_of_the_real_folder(tutor, loaded, knowledge, knowledge_index):
    code, out, err = tutor("index", "check", "--knowledge", KNOWLEDGE, "--index", knowledge_index)
    assert (code, err) == (0, "")
    assert f"{len(knowledge.documents)} notes, no problems" in out
    table = [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines() if line[:1] == "│"]
    curriculum = knowledge.curriculum
    assert [row[0] for row in table] == [f"{step.number}. {step.title}" for step in curriculum.steps]
    assert sum(int(row[1]) for row in table) == len(curriculum.concepts)
    assert sum(int(row[2]) for row in table) == len(curriculum.questions)
    assert [int(row[3]) for row in table] == [
        sum(step.number in resource.steps for resource in curriculum.resources.values()) for step in curriculum.steps
    ]
    assert sum(int(row[4]) for row in table) == len(curriculum.capstones)


def test_check_of_plain_notes(tutor, notes):
    assert tutor("index", "check", "--knowledge", notes) == (0, "3 notes without a curriculum, no problems.\n", "")


def test_check_takes_the_folder_from_the_configuration(tutor, notes, tmp_path):
    (tmp_path / "config.toml").write_text('[index]\nknowledge = "notes"\n')
    assert tutor("index", "check") == (0, "3 notes without a curriculum, no problems.\n", "")


def test_check_names_every_problem(tutor, tmp_path):
    folder = write_curriculum(
        tmp_path / "broken",
        ("resources/course.md", "cost: free", "cost: cheap"),
        ("curriculum.toml", "hours_per_week = 10", "hours_per_week = 0"),
    )
    code, out, err = tutor("index", "check", "--knowledge", folder)
    assert (code, out) == (1, "")
    head, *problems = err.splitlines()
    assert head == f"{len(problems)} problems in {folder}"
    assert any(line.startswith("  resources/course.md:") and "[cost]" in line for line in problems)
    assert any(line.startswith("  curriculum.toml") and "[hours_per_week]" in line for line in problems)


def test_check_names_every_broken_house_rule_before_it_loads_the_model(tutor, no_model, tmp_path):
    folder = write_files(tmp_path / "careless", STANDARD | {"concepts/slope.md": SLOPE.replace("In practice", "Use")})
    code, out, err = tutor("index", "check", "--knowledge", folder)
    assert (code, out) == (1, "")
    assert err.startswith(f"1 problem in {folder}\n  concepts/slope.md has the headings Intuition,")


def test_check_finds_notes_that_say_the_same(tutor, loaded, tmp_path):
    again = STANDARD["capstones/project.md"].replace("title: The Project", "title: Another Project")
    folder = write_files(tmp_path / "twice", STANDARD | {"capstones/again.md": again})
    code, out, err = tutor("index", "check", "--knowledge", folder)
    assert (code, out) == (1, "")
    problems = [line for line in err.splitlines() if line.startswith("  capstones/again.md")]
    assert problems[0].startswith(
        "  capstones/again.md [Milestones] says the same as capstones/project.md under 'Milestones' ("
    )
    assert problems[0].endswith("; keep it in one of the two, or let each say what is its own")


@pytest.mark.parametrize("command", ["check", "build"])
def test_a_missing_knowledge_folder(tutor, no_model, command):
    assert tutor("index", command, "--knowledge", "nowhere") == (
        1,
        "",
        "1 problem in nowhere\n  nowhere there is no such folder; name a folder of Markdown files\n",
    )


# index build


def test_build_says_what_it_did(tutor, loaded, notes, tmp_path):
    build = ("index", "build", "--knowledge", notes, "--index", tmp_path / "index")
    code, out, err = tutor(*build)
    assert (code, out) == (0, "")
    first = err.splitlines()[-1]
    assert first.startswith("Index of 3 notes, 4 passages: ")
    assert ", 0 reused, " in first
    code, _, err = tutor(*build)
    assert code == 0
    assert ": 0 texts encoded, " in err.splitlines()[-1]


def test_build_warns_of_notes_it_reads_only_in_part(tutor, loaded, tmp_path):
    folder = write_notes(tmp_path / "notes", {**NOTES, "odd.md": "---\ntitle: [not, a, title\n---\nSome text here.\n"})
    code, _, err = tutor("index", "build", "--knowledge", folder, "--index", tmp_path / "index")
    assert code == 0
    assert "warning: odd.md" in err


def test_build_into_a_folder_that_cannot_be_written(tutor, loaded, notes, tmp_path):
    (tmp_path / "file").write_text("")
    code, out, err = tutor("index", "build", "--knowledge", notes, "--index", tmp_path / "file")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].endswith("Check the disk and the permissions.")


# index search


def test_search_as_json(tutor, index):
    code, out, _ = tutor("index", "search", "usual learning rate of Adam", "--index", index, "-k", "2", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [list(row) for row in rows] == [["rank", "score", "source", "title", "heading", "text"]] * 2
    assert [row["rank"] for row in rows] == [1, 2]
    assert rows[0]["score"] > rows[1]["score"] > 0
    del rows[0]["score"]
    assert rows[0] == {
        "rank": 1,
        "source": "deep/adam",
        "title": "Adam",
        "heading": "Adam > Defaults",
        "text": "The usual learning rate of Adam is 0.001.",
    }


def test_search_for_people(tutor, index):
    code, out, _ = tutor("index", "search", "what does dropout do", "--index", index, "-k", "1")
    first, second, *rest = out.splitlines()
    assert code == 0
    assert re.fullmatch(r"1\. 0\.\d{4}  dropout  Dropout", first)
    assert second == "   Dropout sets activations to zero at random."
    assert rest == [""]


def test_search_takes_brackets_literally(tutor, loaded, tmp_path):
    folder = write_notes(tmp_path / "notes", {"a.md": "# [bold]Tags[/bold]\n\nWrite [red] or `[/red]` in brackets.\n"})
    tutor("index", "build", "--knowledge", folder, "--index", tmp_path / "index")
    code, out, _ = tutor("index", "search", "[/red]", "--index", tmp_path / "index")
    assert code == 0
    assert "[bold]Tags[/bold]" in out
    assert "Write [red] or [/red] in brackets." in out.replace("`", "")


@pytest.mark.parametrize("k", ["0", "101", "many"])
def test_search_for_a_senseless_number(tutor, no_model, k):
    code, out, err = tutor("index", "search", "x", "-k", k)
    assert (code, out) == (2, "")
    assert "-k" in err


# index eval


def test_eval_as_json(tutor, index, tmp_path):
    file = write_questions(tmp_path / "questions.jsonl", *map(json.dumps, QUESTIONS))
    code, out, err = tutor("index", "eval", file, "--index", index, "--json")
    assert (code, err) == (0, "")
    perfect = {"hit@1": 1.0, "hit@5": 1.0, "mrr@10": 1.0}
    assert json.loads(out) == {"dense": perfect, "bm25": perfect, "fused": perfect}


def test_eval_measures_what_is_wrong_too(tutor, index, tmp_path):
    wrong = {"question": "what does dropout do", "relevant": ["nowhere"]}
    file = write_questions(tmp_path / "questions.jsonl", json.dumps(QUESTIONS[0]), json.dumps(wrong))
    code, out, err = tutor("index", "eval", file, "--index", index, "--json")
    half = {"hit@1": 0.5, "hit@5": 0.5, "mrr@10": 0.5}
    assert (code, json.loads(out)) == (0, {"dense": half, "bm25": half, "fused": half})
    assert err == "warning: 1 relevant sources are not in the index, for example nowhere\n"


def test_eval_for_people(tutor, index, tmp_path):
    decline = json.dumps({"question": "banana bread recipe", "relevant": []})
    file = write_questions(tmp_path / "questions.jsonl", *map(json.dumps, QUESTIONS), decline)
    code, out, _ = tutor("index", "eval", file, "--index", index)
    assert code == 0
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines() if line[:1] == "│"]
    assert rows == [[name, "1.000", "1.000", "1.000"] for name in ("dense", "bm25", "fused")]
    assert "wrongly declined " in out
    assert "wrongly answered 0.0% of the questions without one" in out


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (['{"question": "x", "relevant": ["a"]}', "{broken"], ":2 is not JSON: "),
        (['{"relevant": ["a"]}'], ":1 has no question; write "),
        (['{"question": "x"}'], ":1 has no list of relevant sources; write "),
        (["", ""], " has no question; write one JSON object a line"),
    ],
)
def test_eval_of_a_broken_file(tutor, no_model, tmp_path, lines, problem):
    file = write_questions(tmp_path / "questions.jsonl", *lines)
    code, out, err = tutor("index", "eval", file)
    assert (code, out) == (1, "")
    assert err.startswith(f"{file}{problem}")
    assert err.count("\n") == 1


def test_eval_of_a_missing_file(tutor, no_model):
    code, out, err = tutor("index", "eval", "missing.jsonl")
    assert (code, out) == (1, "")
    assert err.startswith("missing.jsonl cannot be read: ")
    assert err.count("\n") == 1


# what stands in the way


@pytest.mark.parametrize("command", [("search", "x"), ("eval", "questions.jsonl")])
def test_a_missing_index(tutor, no_model, tmp_path, command):
    write_questions(tmp_path / "questions.jsonl", json.dumps(QUESTIONS[0]))
    assert tutor("index", *command, "--index", "nowhere") == (
        1,
        "",
        "There is no search index in nowhere. Build it with: tutor index build\n",
    )


def test_a_damaged_index(tutor, no_model, built, tmp_path):
    index = shutil.copytree(built, tmp_path / "index")
    (index / "current").write_text("gone\n")
    code, out, err = tutor("index", "search", "x", "--index", index)
    assert (code, out) == (1, "")
    assert err.startswith(f"The search index in {index} is damaged ")
    assert err.endswith("Build it again with: tutor index build\n")


@pytest.mark.parametrize(
    "command",
    [("run",), ("index", "check"), ("index", "build"), ("index", "search", "x"), ("index", "eval", "q.jsonl")],
)
def test_an_unknown_key_is_named(tutor, no_model, tmp_path, command):
    (tmp_path / "mine.toml").write_text("[answers]\nmax_source = 3\n")
    assert tutor(*command, "--config", "mine.toml") == (
        2,
        "",
        "mine.toml cannot be used:\n  [answers] max_source is an unknown key; did you mean max_sources?\n",
    )


def test_a_missing_configuration(tutor, no_model):
    code, out, err = tutor("index", "check", "--config", "mine.toml")
    assert (code, out) == (2, "")
    assert err.startswith("There is no configuration file mine.toml. ")


def test_an_unknown_model(tutor, notes, tmp_path):
    (tmp_path / "config.toml").write_text(f'[index]\nmodel = "{tmp_path}/no-model"\n')
    code, out, err = tutor("index", "build", "--knowledge", notes)
    assert (code, out) == (5, "")
    assert "no-model" in err


def test_run_without_a_token(tutor, no_model):
    code, out, err = tutor("run")
    assert (code, out) == (3, "")
    assert err.startswith("There is no bot token. ")


def test_without_a_command_there_is_help(tutor):
    code, out, err = tutor()
    assert code == 2
    assert "run" in out + err
    assert "preview" in out + err


def test_as_a_process(tmp_path):
    """The exit code and the message reach the shell; nothing but the message is printed."""
    done = subprocess.run(  # noqa: S603 - this interpreter, fixed arguments
        [sys.executable, "-m", "bot", "index", "search", "x", "--index", str(tmp_path / "nowhere")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"There is no search index in {tmp_path / 'nowhere'}. Build it with: tutor index build\n"
