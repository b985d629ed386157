"""`tutor questions`, as an operator calls it, with the questions of the real bank."""

import asyncio
import functools
import io
import json
import random
import sys

import pytest
from fsrs import Scheduler

from bot.features.challenge.models import Decision
from bot.features.challenge.service import ChallengeService
from bot.features.progress import store as progress_store
from bot.features.progress.models import EvidenceKind
from bot.features.questions.models import Response, Verdict
from bot.features.questions.rules.options import bank_key, option_id
from bot.features.questions.service import QuestionService
from bot.storage.database import Database
from knowledge.loader import load_knowledge
from tests.bot.databases import rows
from tests.bot.learners import NOW
from tests.bot.test_cli import Tutor
from tests.bot.test_upgrade import make_first_form
from tests.paths import KNOWLEDGE

ADA, GRACE, LINUS = 1, 2, 3
HERE = 2**61
REASON = "Two options say the same."
WHY = "The note defines it the other way round."

_read_once = functools.cache(load_knowledge)


@pytest.fixture
def tutor(monkeypatch, capsys, tmp_path, database_url):
    """The command in an empty folder, with a wide terminal, on a database that has tables and no rows."""
    for name in ("TUTOR_DATABASE__URL", "DISCORD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("TUTOR_DATABASE__URL", database_url)
    monkeypatch.setenv("TUTOR_INDEX__KNOWLEDGE", str(KNOWLEDGE))
    monkeypatch.setattr("bot.questions_cli.load_knowledge", _read_once)
    monkeypatch.chdir(tmp_path)
    on(database_url, nothing)
    return Tutor(monkeypatch, capsys)


async def nothing(_database, _questions, _challenges):
    pass


def on(url, do):
    """Do something to a database apart from the command."""

    async def run():
        database = Database(url)
        await database.upgrade()
        curriculum = _read_once(KNOWLEDGE).curriculum
        questions = QuestionService(
            database, lambda: NOW, curriculum, Scheduler(enable_fuzzing=False), random.Random(1)
        )
        challenges = ChallengeService(database, lambda: NOW, curriculum, questions)
        try:
            return await do(database, questions, challenges)
        finally:
            await database.close()

    return asyncio.run(run())


def some(kind, at=0):
    return [q for q in _read_once(KNOWLEDGE).curriculum.questions if q.kind == kind][at]


def ids_of(question):
    return tuple(option_id(option.text) for option in question.options)


def fill(url, *answers):
    """Answers of members: (member, question, response, guild, reason to challenge it or None)."""

    async def do(database, questions, challenges):
        for number, (member, question, response, guild, reason) in enumerate(answers, start=1):
            async with database.transaction() as session:
                await progress_store.add_learner(session, member, NOW)
                await questions.take(
                    session,
                    member,
                    question_id=question.id,
                    guild_id=guild,
                    round_id=None,
                    position=None,
                    key=f"round:{number}:0",
                    kind=EvidenceKind.QUIZ,
                    response=response,
                    now=NOW,
                )
            if reason:
                await challenges.add(number, 0, member, reason)

    on(url, do)


def look(url, query):
    async def do(database, _questions, _challenges):
        return await rows(database, query)

    return on(url, do)


def right(question):
    key = bank_key(question)
    return Response(key.options, key.number)


def wrong(question):
    return Response((next(id_ for id_ in ids_of(question) if id_ not in bank_key(question).options),))


# report


def test_nothing_answered(tutor):
    assert tutor("questions", "report") == (0, "No question has been answered yet.\n", "")
    assert tutor("questions", "report", "--json") == (0, "[]\n", "")


def test_few_answers(tutor, database_url):
    question = some("single")
    fill(database_url, (ADA, question, right(question), HERE, None), (GRACE, question, Response(), None, None))
    code, out, err = tutor("questions", "report")
    assert (code, err) == (0, "")
    assert out == (
        "2 first answers of 2 members.\n"
        "No question looks misleading. A verdict takes 20 members with five other answers each.\n"
        "No other question has 5 answers yet. Add --all to see those with fewer.\n"
    )
    code, out, err = tutor("questions", "report", "--all")
    assert "All others, the hardest first" in out
    (line,) = [line for line in out.splitlines() if question.id in line]
    assert [cell.strip() for cell in line.strip("│ ").split("│")][:4] == [question.id, "2", "50%", "too few"]
    here = json.loads(tutor("questions", "report", "--server", HERE, "--json")[1])
    assert [(one["question"], one["answers"], one["right"], one["unknown"]) for one in here] == [(question.id, 1, 1, 0)]
    assert tutor("questions", "report", "--server", 5)[1] == "No question has been answered yet.\n"


def test_a_misleading_question_comes_first_with_what_was_chosen(tutor, database_url):
    bad, *others = (some("single", number) for number in range(7))
    answers = []
    for member in range(1, 31):
        level = member % 6
        for number, question in enumerate(others):
            answers.append((member, question, right(question) if number < level else wrong(question), HERE, None))
        answers.append((member, bad, wrong(bad) if member % 6 > 2 else right(bad), HERE, None))
    fill(database_url, *answers)
    code, out, err = tutor("questions", "report")
    assert (code, err) == (0, "")
    assert out.startswith("210 first answers of 30 members.\n")
    misleading, hardest = out.split("The hardest of the others")
    assert "The key may be wrong, or the question misleads" in misleading
    assert bad.id in misleading
    assert bad.id not in hardest
    assert all(question.id in hardest for question in others)
    key = next(option.text for option in bad.options if option.correct)
    assert f"     15 chose {key} (right), 0 of them of the best third\n" in misleading
    found = json.loads(tutor("questions", "report", "--json")[1])
    assert (found[0]["question"], found[0]["is_misleading"]) == (bad.id, True)
    assert found[0]["discrimination"] < -0.5
    shares = [one["difficulty"] for one in found[1:]]
    assert shares == sorted(shares)


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("server", ["here", "-5", "1.5", str(2**63), "²"])
def test_a_server_that_is_no_number(tutor, server):
    assert tutor("questions", "report", f"--server={server}") == (
        2,
        "",
        (
            f"{server!r} is no number of a server. Switch on the developer mode of Discord, "
            "right-click the server and choose Copy Server ID.\n"
        ),
    )


# challenges


def test_no_challenges(tutor):
    assert tutor("questions", "challenges") == (0, "No question waits for a decision.\n", "")
    assert tutor("questions", "challenges", "--json") == (0, "[]\n", "")


def test_challenges_of_all_servers_with_their_reasons(tutor, database_url):
    first, second = some("single"), some("boolean")
    fill(
        database_url,
        (ADA, first, wrong(first), HERE, REASON),
        (GRACE, first, wrong(first), HERE, "It is\n[red]wrong[/red] \x1b[31mindeed."),
        (LINUS, second, wrong(second), None, REASON),
    )
    assert tutor("questions", "challenges") == (
        0,
        (
            f"{first.id} · server {HERE} · since 2026-03-04\n"
            f"  {first.prompt}\n"
            f"  - {REASON}\n"
            "  - It is [red]wrong[/red] [31mindeed.\n"
            f"{second.id} · direct messages · since 2026-03-04\n"
            f"  {second.prompt}\n"
            f"  - {REASON}\n"
        ),
        "",
    )
    found = json.loads(tutor("questions", "challenges", "--json")[1])
    assert [(one["question"], one["server"], len(one["reasons"])) for one in found] == [
        (first.id, HERE, 2),
        (second.id, None, 1),
    ]


# Deciding


def test_correct_shows_what_changes_and_does_it(tutor, database_url):
    question = some("single")
    other = next(option for option in question.options if not option.correct)
    key = next(option for option in question.options if option.correct)
    fill(
        database_url,
        (ADA, question, Response((option_id(other.text),)), None, REASON),
        (GRACE, question, right(question), HERE, None),
    )
    command = ("questions", "correct", question.id, "--right", other.text.upper(), "--note", WHY)
    code, out, err = tutor(*command)
    shown = (
        f"Corrects the key of {question.id} for everywhere.\n"
        f"It asks: {question.prompt}\n"
        f"Right will be: {other.text}\n"
        "2 answers of 2 members change: 1 right, 1 wrong from now on.\n"
    )
    assert (code, out, err) == (2, shown, "Nothing was changed. Add --yes to decide without being asked.\n")
    assert look(database_url, "SELECT * FROM rulings") == []
    assert tutor(*command, "--yes") == (
        0,
        (
            f"{shown}Done. 2 answers of 2 members change: 1 right, 1 wrong from now on. "
            "2 members read it with the next quiz or review.\n"
        ),
        "",
    )
    assert look(database_url, "SELECT is_correct FROM attempts ORDER BY id") == [(True,), (False,)]
    assert look(database_url, "SELECT guild_id, question, verdict, note FROM rulings") == [
        (0, question.id, "corrected", WHY)
    ]
    assert look(database_url, "SELECT state FROM challenges") == [("corrected",)]
    assert tutor(*command, "--yes") == (
        1,
        "",
        "That is what counts as right already. Name something else, or: tutor questions keep\n",
    )
    code, out, err = tutor("questions", "undo", question.id, "--yes")
    assert (code, err) == (0, "")
    assert out == (
        f"Takes back for everywhere the decision that {question.id} is corrected.\n"
        f"It asks: {question.prompt}\n"
        f"Right will be: {key.text}\n"
        "2 answers of 2 members change: 1 right, 1 wrong from now on.\n"
        "The decision is taken back. 2 answers of 2 members change: 1 right, 1 wrong from now on.\n"
    )
    assert look(database_url, "SELECT is_correct FROM attempts ORDER BY id") == [(False,), (True,)]
    assert look(database_url, "SELECT state FROM challenges") == [("open",)]
    assert tutor("questions", "undo", question.id, "--yes") == (
        1,
        "",
        (
            "Nothing was decided about it for everywhere. "
            "A server takes back its own decisions with /challenges undo in Discord.\n"
        ),
    )


def test_servers_that_have_decided_keep_their_decision(tutor, database_url):
    question = some("single")
    fill(database_url, (ADA, question, wrong(question), HERE, REASON), (GRACE, question, wrong(question), 5, None))

    async def decide(_database, _questions, challenges):
        await challenges.decide(1, HERE, Decision(Verdict.KEPT))
        waiting = await challenges.list_all_waiting()
        assert waiting == ()

    on(database_url, decide)
    code, out, _ = tutor("questions", "retire", question.id, "--yes")
    assert code == 0
    assert "2 answers of 2 members change: 2 not counted from now on." in out


def test_retire_and_keep(tutor, database_url):
    question = some("boolean")
    fill(database_url, (ADA, question, wrong(question), None, REASON))
    code, out, err = tutor("questions", "keep", question.id, "--note", "It is right.", "--yes")
    assert (code, err) == (0, "")
    assert out == (
        f"Keeps {question.id} for everywhere.\n"
        f"It asks: {question.prompt}\n"
        f"Right will be: {next(option.text for option in question.options if option.correct)}\n"
        "No answer changes.\n"
        "Done. No answer changes. 1 member reads it with the next quiz or review.\n"
    )
    assert look(database_url, "SELECT state FROM challenges") == [("kept",)]
    code, out, err = tutor("questions", "retire", question.id, "--yes")
    assert (code, err) == (0, "")
    assert out.endswith(
        "Done. 1 answer of 1 member changes: 1 not counted from now on. "
        "1 member reads it with the next quiz or review.\n"
    )
    assert look(database_url, "SELECT is_correct FROM attempts") == [(None,)]


def test_correct_a_number_and_an_order_and_several_options(tutor, database_url):
    numeric, order, multiple = some("numeric"), some("order"), some("multiple")
    texts = [option.text for option in order.options]
    turned = [texts[1], texts[0], *texts[2:]]
    fill(
        database_url,
        (ADA, numeric, Response(number=numeric.answer + 1), None, None),
        (ADA, order, Response(tuple(option_id(text) for text in turned)), None, None),
        (ADA, multiple, Response(ids_of(multiple)), None, None),
    )
    common = ("--note", WHY, "--yes")
    number = ("--number", str(numeric.answer + 1.25), "--tolerance", "1/4")
    code, out, err = tutor("questions", "correct", numeric.id, *number, *common)
    assert (code, err) == (0, "")
    assert "(give or take 0.25)" in out
    ordered = [part for text in turned for part in ("--order", text)]
    assert tutor("questions", "correct", order.id, *ordered, *common)[0] == 0
    every = [part for option in multiple.options for part in ("--right", option.text)]
    assert tutor("questions", "correct", multiple.id, *every, *common)[0] == 0
    assert look(database_url, "SELECT is_correct FROM attempts") == [(True,)] * 3


@pytest.mark.parametrize("kind", ["sqlite"])
def test_keys_that_do_not_fit_are_explained(tutor):
    single, numeric, order = some("single"), some("numeric"), some("order")
    texts = [option.text for option in order.options]
    options = "; ".join(repr(option.text) for option in single.options)
    ordered = "; ".join(repr(text) for text in texts)
    cases = [
        (
            single,
            ["--number", "3"],
            (
                f"{single.id} is a question of the kind single. "
                f"Name what is right with --right, once for each option that counts. Its options: {options}\n"
            ),
        ),
        (
            single,
            ["--right", "no such option"],
            f"'no such option' names no option, or several. Its options: {options}\n",
        ),
        (
            numeric,
            ["--right", "3"],
            (
                f"{numeric.id} is a question of the kind numeric. "
                "Give the right number with --number, and --tolerance if it is another one.\n"
            ),
        ),
        (numeric, ["--number", "many"], "--number 'many' is no number. Write it as in 0.5, 1/3 or 1e-3.\n"),
        (
            numeric,
            ["--number", "3", "--tolerance=-1"],
            "--tolerance '-1' is no number from 0 up. Write it as in 0.01.\n",
        ),
        (
            order,
            ["--order", texts[0], "--order", texts[1]],
            (
                "An order has each option once. Name all options in their order with --order, once for each. "
                f"Its options: {ordered}\n"
            ),
        ),
    ]
    for question, given, told in cases:
        assert tutor("questions", "correct", question.id, *given, "--note", WHY, "--yes") == (2, "", told)
    short = tutor("questions", "correct", single.id, "--right", "x", "--note", "no", "--yes")
    assert short == (2, "", "--note has to say in 10 to 500 characters why.\n")


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_question_that_is_not_in_the_bank(tutor):
    question = some("single")
    code, out, err = tutor("questions", "retire", question.id[:-1], "--yes")
    assert (code, out) == (2, "")
    assert err.startswith(f"There is no question {question.id[:-1]!r} in the bank. Did you mean ")
    assert question.id in err
    assert tutor("questions", "keep", "0000", "--yes") == (
        2,
        "",
        "There is no question '0000' in the bank. tutor questions report --all lists those that were answered.\n",
    )


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_deciding_asks_once(tutor, database_url, monkeypatch, typed, code):
    question = some("single")
    fill(database_url, (ADA, question, wrong(question), None, None))
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    ended, _, err = tutor("questions", "retire", question.id)
    assert ended == code
    assert "Decide so? [y/N]:" in err
    assert err.endswith("Nothing was changed.\n") is (code == 1)
    assert len(look(database_url, "SELECT * FROM rulings")) == 1 - code


# What is missing


@pytest.mark.parametrize("kind", ["sqlite"])
def test_no_database_is_made(tutor, monkeypatch, tmp_path):
    monkeypatch.setenv("TUTOR_DATABASE__URL", "sqlite+aiosqlite:///none.db")
    for command in (("report",), ("challenges",), ("undo", "x")):
        code, out, err = tutor("questions", *command)
        assert (code, out) == (7, "")
        assert err == ("There is no database sqlite+aiosqlite:///none.db. Check url under [database] in config.toml.\n")
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_database_of_an_older_form(tutor, monkeypatch, tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    asyncio.run(make_first_form(url))
    monkeypatch.setenv("TUTOR_DATABASE__URL", url)
    code, out, err = tutor("questions", "report")
    assert (code, out) == (7, "")
    assert err.endswith("has no tables of the newest form. Run: tutor db upgrade\n")


@pytest.mark.parametrize("kind", ["sqlite"])
def test_plain_notes_have_no_questions(tutor, monkeypatch, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "dropout.md").write_text("# Dropout\n\nDropout sets activations to zero at random.\n")
    monkeypatch.setenv("TUTOR_INDEX__KNOWLEDGE", str(tmp_path / "notes"))
    code, out, err = tutor("questions", "report")
    assert (code, out) == (2, "")
    assert err == f"{tmp_path / 'notes'} has no curriculum, and so no questions. Check knowledge under [index].\n"
