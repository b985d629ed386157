"""The form of the tables: fresh, brought forward with rows in them, by several programs at once, or not at all."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from bot.errors import DatabaseError
from bot.features.ask import store as ask_store
from bot.features.ask.models import Asked, Outcome, StoredAnswer
from bot.storage import database as database_module
from bot.storage.database import Database
from bot.storage.schema import migrate, newest_revision, tables_at
from bot.storage.tables import Base
from tests.bot.databases import rows
from tests.paths import ROOT

NEWEST = newest_revision()
BIG = 2**63 - 1
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LATER = datetime(2026, 2, 3, tzinfo=UTC)

ANSWERS = [
    dict(
        id=3,
        asked_at=NOW,
        guild_id=BIG,
        channel_id=BIG - 1,
        member_id=BIG - 2,
        message_id=BIG - 3,
        question="é 数 🙂 'quoted'",
        outcome="answered",
        passages=["p1", "p2"],
    ),
    dict(
        id=7,
        asked_at=LATER,
        guild_id=None,
        channel_id=1,
        member_id=2,
        message_id=None,
        question=None,
        outcome="declined",
        passages=[],
    ),
]
FEEDBACK = [
    dict(answer_id=3, member_id=2, helpful=True, changed_at=NOW),
    dict(answer_id=3, member_id=BIG, helpful=False, changed_at=LATER),
]

PROCESS = """
import asyncio, sys
from bot.storage.database import Database

async def main():
    database = Database(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    print(await database.upgrade(), flush=True)
    await database.close()

asyncio.run(main())
"""


async def make_first_form(url):
    """A database as the first version of the tutor left it."""
    database = Database(url)
    async with database.alone() as connection:
        await connection.run_sync(migrate, "0001")
        tables = tables_at("0001").tables
        await connection.execute(tables["answers"].insert(), ANSWERS)
        await connection.execute(tables["answer_feedback"].insert(), FEEDBACK)
        if not database.is_sqlite:
            await connection.execute(text("SELECT setval('answers_id_seq', 7)"))
    await database.close()


async def table_names(database):
    async with database.transaction() as session:
        connection = await session.connection()
        return sorted(await connection.run_sync(lambda connection: inspect(connection).get_table_names()))


async def check_rows_of_first_form(database):
    async with database.transaction() as session:
        assert await ask_store.find_answer(session, 3) == StoredAnswer(
            3, NOW, BIG - 2, BIG - 1, "é 数 🙂 'quoted'", Outcome.ANSWERED, ("p1", "p2")
        )
        assert (await ask_store.find_answer_by_message(session, BIG - 3)).id == 3
        assert await ask_store.find_answer(session, 7) == StoredAnswer(7, LATER, 2, 1, None, Outcome.DECLINED, ())
        assert await ask_store.find_feedback(session, 3, 2) is True
        assert await ask_store.find_feedback(session, 3, BIG) is False
    assert await rows(database, "SELECT guild_id FROM answers ORDER BY id") == [(BIG,), (None,)]
    assert await rows(database, "SELECT count(*) FROM answers") == [(2,)]
    assert await rows(database, "SELECT count(*) FROM answer_feedback") == [(2,)]


async def test_a_fresh_upgrade_gives_exactly_the_tables(database_url):
    database = Database(database_url)
    await database.upgrade()

    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)

    async with database.transaction() as session:
        assert await (await session.connection()).run_sync(differences) == []
    assert await table_names(database) == sorted([*Base.metadata.tables, "alembic_version"])
    await database.close()


async def test_upgrading_says_what_it_did(database_url):
    database = Database(database_url)
    assert await database.find_revision() is None
    assert await database.upgrade() == (None, NEWEST)
    assert await database.upgrade() == (NEWEST, NEWEST)
    assert await database.find_revision() == NEWEST
    await database.close()


async def test_the_first_form_comes_forward_with_its_rows(database_url):
    await make_first_form(database_url)
    database = Database(database_url)
    assert await database.upgrade() == ("0001", NEWEST)
    assert await table_names(database) == sorted([*Base.metadata.tables, "alembic_version"])
    await check_rows_of_first_form(database)
    async with database.transaction() as session:
        asked = Asked("what is relu", member_id=1, channel_id=1, guild_id=1)
        assert await ask_store.add_answer(session, asked, now=NOW, outcome=Outcome.ANSWERED, passages=[]) == 8
    await database.close()


async def test_upgrading_again_keeps_everything(database_url):
    await make_first_form(database_url)
    for _ in range(3):
        database = Database(database_url)
        await database.upgrade()
        await check_rows_of_first_form(database)
        await database.close()


async def test_a_newer_database_is_refused(database):
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (database.upgrade, database.check_is_newest):
        with pytest.raises(DatabaseError, match="was written by a newer version of the tutor") as caught:
            await use()
        assert caught.value.exit_code == 7
        assert str(caught.value).endswith("Update the program.")
        assert "\n" not in str(caught.value)
    assert await rows(database, "SELECT version_num FROM alembic_version") == [("9999",)]


@pytest.mark.parametrize("is_empty", [True, False], ids=["empty", "first form"])
async def test_eight_at_once(database_url, is_empty):
    if not is_empty:
        await make_first_form(database_url)
    databases = [Database(database_url) for _ in range(8)]
    results = await asyncio.gather(*(database.upgrade() for database in databases))
    before = None if is_empty else "0001"
    assert sorted(results, key=str) == sorted([(before, NEWEST), *[(NEWEST, NEWEST)] * 7], key=str)
    if not is_empty:
        await check_rows_of_first_form(databases[0])
    for database in databases:
        await database.close()


def upgrade_in_two_processes(url):
    """Both have come as far as they can before either begins."""
    processes = [
        subprocess.Popen(  # noqa: S603 - this interpreter, fixed arguments
            [sys.executable, "-c", PROCESS, url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    said = sorted(process.communicate() for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    return said


async def test_two_processes_at_once(database_url):
    await make_first_form(database_url)
    said = upgrade_in_two_processes(database_url)
    assert said == sorted([(f"('0001', '{NEWEST}')\n", ""), (f"('{NEWEST}', '{NEWEST}')\n", "")])
    database = Database(database_url)
    await check_rows_of_first_form(database)
    await database.close()


async def test_a_migration_that_fails_leaves_the_database_as_it_was(database_url):
    await make_first_form(database_url)
    database = Database(database_url)
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE probe_answers (mine INTEGER)"))  # the last one that 0002 makes
    with pytest.raises(DatabaseError, match="already exists") as caught:
        await database.upgrade()
    assert str(caught.value).endswith("Name a database in url under [database] that nothing else uses.")
    assert await table_names(database) == ["alembic_version", "answer_feedback", "answers", "probe_answers"]
    assert await database.find_revision() == "0001"
    await check_rows_of_first_form(database)
    async with database.transaction() as session:
        await session.execute(text("DROP TABLE probe_answers"))
    assert await database.upgrade() == ("0001", NEWEST)
    await check_rows_of_first_form(database)
    await database.close()


async def test_who_waits_too_long_is_told_so(database_url, monkeypatch):
    monkeypatch.setattr(database_module, "LOCK_SECONDS", 0.1)
    first, second = Database(database_url), Database(database_url)
    async with first.alone():
        with pytest.raises(DatabaseError) as caught:
            await second.upgrade()
    assert str(caught.value) == (
        f"Another program is changing the tables of the database {second.shown}. "
        "Wait until it has ended, then try again."
    )
    assert await second.upgrade() == (None, NEWEST)
    await first.close()
    await second.close()


async def test_foreign_keys_hold_again_after_an_upgrade(database):
    """SQLite suspends them while tables change; the connection goes back to the pool."""
    async with database.alone():
        pass
    with pytest.raises(Exception, match=r"(?i)foreign key constraint"):
        async with database.transaction() as session:
            await session.execute(
                text("INSERT INTO milestones VALUES (1, 'step:1', '2026-01-02 03:04:05.000000')"),
            )
