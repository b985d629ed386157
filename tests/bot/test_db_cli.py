"""`tutor db`, as an operator calls it."""

import asyncio
import io
import json
import os
import sys

import pytest
from rich.console import Console

from bot.db_cli import slow_progress
from bot.storage.database import Database
from bot.storage.schema import newest_revision
from bot.storage.tables import MilestoneRow
from tests.bot.databases import KINDS, new_url
from tests.bot.example_rows import NOW, count, dump, fill
from tests.bot.test_archive import TABLES
from tests.bot.test_cli import Tutor
from tests.bot.test_upgrade import make_first_form

ADA, GRACE = 2**63 - 1, 987654321
NEWEST = newest_revision()


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
def use(monkeypatch):
    """Names the database that the following commands work with."""

    def use(url):
        monkeypatch.setenv("TUTOR_DATABASE__URL", url)

    return use


@pytest.fixture
def here(tutor, use, database_url):
    """The database that commands work with by default."""
    use(database_url)
    return database_url


@pytest.fixture
def new_url_of(request, tmp_path):
    return lambda kind: new_url(kind, request, tmp_path / "there.db")


def on(url, do, *arguments):
    """Do something to a database apart from the command."""

    async def run():
        database = Database(url)
        await database.upgrade()
        result = await do(database, *arguments)
        await database.close()
        return result

    return asyncio.run(run())


def shown(url):
    return Database(url).shown


# upgrade


def test_upgrade(tutor, here):
    assert tutor("db", "upgrade") == (0, f"The database {shown(here)} has the form {NEWEST} now; it was empty.\n", "")
    assert tutor("db", "upgrade") == (0, f"The database {shown(here)} has the newest form already ({NEWEST}).\n", "")


def test_upgrade_of_an_older_form(tutor, here):
    asyncio.run(make_first_form(here))
    assert tutor("db", "upgrade") == (0, f"The database {shown(here)} has the form {NEWEST} now; it was 0001.\n", "")


def test_upgrade_of_a_database_that_does_not_answer(tutor, use):
    use("postgresql+asyncpg://tutor:secret@127.0.0.1:1/tutor")
    code, out, err = tutor("db", "upgrade")
    assert (code, out) == (7, "")
    assert err == (
        "The database postgresql+asyncpg://tutor:***@127.0.0.1:1/tutor cannot be used: "
        "nothing answers at 127.0.0.1:1. "
        "Start PostgreSQL there, or correct host and port in url under [database].\n"
    )


# backup and restore


@pytest.mark.parametrize("target", KINDS)
def test_moving_to_another_database(tutor, here, use, new_url_of, target):
    on(here, fill, ADA, GRACE)
    total = 2 * TABLES
    assert tutor("db", "backup", "all.gz") == (
        0,
        f"{total} rows written to all.gz. It holds what members wrote: keep it as safe as the database.\n",
        "",
    )
    there = new_url_of(target)
    use(there)
    code, out, err = tutor("db", "restore", "all.gz")
    assert (code, err) == (0, "")
    assert out.startswith(f"{total} rows restored from the backup of 20")
    assert out.endswith(" UTC.\n")
    assert on(there, dump) == on(here, dump)


def test_a_backup_is_not_overwritten(tutor, here, tmp_path):
    on(here, fill, GRACE)
    assert tutor("db", "backup", "all.gz")[0] == 0
    first = (tmp_path / "all.gz").read_bytes()
    assert tutor("db", "backup", "all.gz") == (
        8,
        "",
        "all.gz is there already. Name another file, or add --force to overwrite it.\n",
    )
    assert (tmp_path / "all.gz").read_bytes() == first
    assert tutor("db", "backup", "all.gz", "--force")[0] == 0


def test_no_database_is_made_by_a_backup_or_an_export(tutor, tmp_path):
    for command in (("backup", "all.gz"), ("export", "5")):
        code, out, err = tutor("db", *command)
        assert (code, out) == (7, "")
        assert err == (
            "There is no database sqlite+aiosqlite:///data/tutor.db. Check url under [database] in config.toml.\n"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_a_database_without_tables(tutor, here, tmp_path):
    if here.startswith("sqlite"):
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "tutor.db").touch()
    code, out, err = tutor("db", "backup", "all.gz")
    assert (code, out) == (7, "")
    assert err == (
        f"The database {shown(here)} has no tables of the tutor, so there is nothing to back up. "
        "Check url under [database] in config.toml.\n"
    )
    assert not (tmp_path / "all.gz").exists()


def test_restore_asks_for_replace(tutor, here):
    on(here, fill, GRACE)
    tutor("db", "backup", "all.gz")
    code, out, err = tutor("db", "restore", "all.gz")
    assert (code, out) == (7, "")
    assert err.startswith(f"The database {shown(here)} is not empty: {TABLES} rows in answer_feedback, answers, ")
    assert err.endswith(" or add --replace to delete all of it first.\n")


WARNING = " Only a backup brings it back.\nNothing was changed. Add --yes to delete without being asked.\n"


def test_replace_without_a_terminal_needs_yes(tutor, here):
    on(here, fill, GRACE)
    tutor("db", "backup", "all.gz")
    on(here, add_milestone)
    code, out, err = tutor("db", "restore", "all.gz", "--replace")
    assert (code, out) == (2, "")
    assert err.startswith(f"This deletes everything in the database {shown(here)}: answer_feedback 1, answers 1, ")
    assert "milestones 2" in err
    assert err.endswith(WARNING)
    assert on(here, count) == TABLES + 1
    code, out, err = tutor("db", "restore", "all.gz", "--replace", "--yes")
    assert (code, err) == (0, "")
    assert on(here, count) == TABLES


async def add_milestone(database):
    async with database.transaction() as session:
        session.add(MilestoneRow(member_id=GRACE, milestone="step:6", reached_at=NOW))


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_replace_asks_once(tutor, here, monkeypatch, answer, code):
    on(here, fill, GRACE)
    tutor("db", "backup", "all.gz")
    on(here, add_milestone)
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    ended, _, err = tutor("db", "restore", "all.gz", "--replace")
    assert ended == code
    assert "Delete it and restore the backup? [y/N]:" in err
    assert err.endswith("Nothing was changed.\n") is (code == 1)
    assert on(here, count) == TABLES + code


def test_replace_asks_nothing_where_nothing_is(tutor, here):
    on(here, count)
    tutor("db", "backup", "all.gz")
    code, _, err = tutor("db", "restore", "all.gz", "--replace")
    assert (code, err) == (0, "")


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("options", [(), ("--replace",), ("--replace", "--yes")])
def test_a_damaged_backup_changes_nothing(tutor, here, tmp_path, options):
    on(here, fill, GRACE)
    tutor("db", "backup", "all.gz")
    whole = (tmp_path / "all.gz").read_bytes()
    (tmp_path / "all.gz").write_bytes(whole[:-9])
    before = on(here, dump)
    code, out, err = tutor("db", "restore", "all.gz", *options)
    assert out == ""
    if options == ("--replace",):
        assert code == 2  # nobody is there to answer
    else:
        assert (code, err) == (
            8,
            "The backup all.gz is damaged: its contents cannot be read. Nothing was changed; use another one.\n",
        )
    assert on(here, dump) == before


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_is_no_backup_is_refused_before_anything_is_asked(tutor, here, tmp_path):
    on(here, fill, GRACE)
    (tmp_path / "notes.md").write_text("These are notes.")
    assert tutor("db", "restore", "notes.md", "--replace") == (
        8,
        "",
        "notes.md is no backup of the tutor. Name a file that was written by: tutor db backup\n",
    )
    assert tutor("db", "restore", "no.gz") == (8, "", "There is no file no.gz. Check the path.\n")


# export


def test_export_prints_everything_about_one_member(tutor, here):
    on(here, fill, ADA, GRACE)
    code, out, err = tutor("db", "export", ADA)
    assert (code, err) == (0, "")
    data = json.loads(out)
    assert (data["member_id"], len(data["questions"])) == (ADA, 1)
    assert {name for name, value in data.items() if value == []} == set()
    assert str(GRACE) not in str([data[name] for name in data if name != "member_id"])


def test_export_to_a_file(tutor, here, tmp_path):
    on(here, fill, GRACE)
    assert tutor("db", "export", GRACE, "--output", "me.json") == (
        0,
        f"Everything about member {GRACE} written to me.json.\n",
        "",
    )
    data = json.loads((tmp_path / "me.json").read_text("utf-8"))
    assert data["member_id"] == GRACE
    assert tutor("db", "export", GRACE, "-o", "me.json") == (
        8,
        "",
        "me.json is there already. Name another file, or add --force to overwrite it.\n",
    )
    assert tutor("db", "export", GRACE, "-o", "me.json", "--force")[0] == 0


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("member", ["ada", "12a", "1.5", str(2**63), "²"])
def test_a_member_that_is_no_number(tutor, here, member):
    assert tutor("db", "export", member) == (
        2,
        "",
        (
            f"{member!r} is no number of a member. Switch on the developer mode of Discord, "
            "right-click the member and choose Copy User ID.\n"
        ),
    )


def test_export_of_an_older_form(tutor, here):
    asyncio.run(make_first_form(here))
    assert tutor("db", "export", GRACE) == (
        7,
        "",
        f"The database {shown(here)} has no tables of the newest form. Run: tutor db upgrade\n",
    )


# The bar


def steps_of(console, *times):
    clock = iter([0.0, *times]).__next__
    with slow_progress("Writing", console, clock) as show:
        for number in range(len(times)):
            show(number + 1, 10)
    return console.file.getvalue()


def test_a_bar_after_two_seconds():
    slow = steps_of(Console(file=io.StringIO(), force_terminal=True, width=80), 1.0, 1.9, 2.1, 3.0)
    assert "Writing" in slow
    assert "4/10" in slow


def test_no_bar_for_what_is_quick_or_where_nobody_looks():
    assert steps_of(Console(file=io.StringIO(), force_terminal=True), 0.5, 1.9) == ""
    assert steps_of(Console(file=io.StringIO()), 1.0, 5.0) == ""
