"""What an operator reads when the database cannot be used: one sentence, what mends it, and no password."""

import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bot.errors import DatabaseError
from bot.storage.database import Database

PASSWORD = "s3cr3t-w0rd"


def refusal(url, **options):
    """Why a database is not even opened."""
    with pytest.raises(DatabaseError) as caught:
        Database(url, **options)
    return checked(caught.value)


async def unusable(url):
    """Why a database is opened and cannot be used."""
    database = Database(url)
    with pytest.raises(DatabaseError) as caught:
        await database.upgrade()
    await database.close()
    return checked(caught.value)


def checked(error):
    assert error.exit_code == 7
    assert "\n" not in str(error)
    assert PASSWORD not in str(error)
    return str(error)


# SQLite


async def test_the_folder_is_made(tmp_path):
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'deeper' / 'tutor.db'}")
    await database.upgrade()
    await database.close()
    assert (tmp_path / "deep" / "deeper" / "tutor.db").is_file()


async def test_a_database_in_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    database = Database("sqlite+aiosqlite:///:memory:")
    await database.upgrade()
    async with database.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM learners"))).scalar_one() == 0
    await database.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    text = refusal(f"sqlite+aiosqlite:///{tmp_path}/file/deep/tutor.db")
    assert text.startswith(f"The database sqlite+aiosqlite:///{tmp_path}/file/deep/tutor.db cannot be opened: ")


def test_a_path_that_is_a_folder(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path}"
    assert refusal(url) == f"The database {url} cannot be opened: unable to open database file"


def test_a_file_that_must_exist(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'tutor.db'}"
    assert refusal(url, must_exist=True) == (f"There is no database {url}. Check url under [database] in config.toml.")
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "notes.db").write_text("These are notes. " * 100)
    url = f"sqlite+aiosqlite:///{tmp_path / 'notes.db'}"
    assert await unusable(url) == (
        f"The database {url} cannot be used: file is not a database. Name another file in url under [database]."
    )


async def test_a_file_of_another_program(database_url):
    database = Database(database_url)
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE answers (mine INTEGER)"))
    await database.close()
    text_ = await unusable(database_url)
    assert "answers" in text_
    assert text_.endswith(" already exists. Name a database in url under [database] that nothing else uses.")


async def test_a_file_that_another_program_writes(tmp_path, monkeypatch):
    monkeypatch.setattr("bot.storage.database._SQLITE_PRAGMAS", ("busy_timeout = 1",))
    with sqlite3.connect(tmp_path / "tutor.db") as writer:
        writer.execute("CREATE TABLE other (id INTEGER)")
        writer.execute("BEGIN IMMEDIATE")
        assert (await unusable(f"sqlite+aiosqlite:///{tmp_path / 'tutor.db'}")).endswith(
            " cannot be used: database is locked. "
            "Wait until other programs have ended their work on it, then try again."
        )
    writer.close()


# Drivers and URLs


def test_a_missing_driver():
    text = refusal(f"mysql+asyncmy://tutor:{PASSWORD}@localhost/tutor")
    assert text.startswith("The database mysql+asyncmy://tutor:***@localhost/tutor cannot be opened: ")


async def test_an_option_that_the_driver_does_not_know():
    shown = "postgresql+asyncpg://tutor:***@localhost/tutor?sslmode=require"
    assert await unusable(f"postgresql+asyncpg://tutor:{PASSWORD}@localhost/tutor?sslmode=require") == (
        f"The database {shown} cannot be used: an option of its URL is wrong (connect() got an unexpected keyword "
        "argument 'sslmode'). Correct the part behind the ? in url under [database]; "
        "sslmode=require is written ssl=require there."
    )


async def test_a_password_among_the_options():
    text = await unusable(f"postgresql+asyncpg://tutor@localhost:1/tutor?password={PASSWORD}")
    assert "?password=hidden cannot be used: " in text


# PostgreSQL


async def test_an_unknown_host():
    shown = "postgresql+asyncpg://tutor:***@no-such-host.invalid/tutor"
    assert await unusable(f"postgresql+asyncpg://tutor:{PASSWORD}@no-such-host.invalid/tutor") == (
        f"The database {shown} cannot be used: the host no-such-host.invalid is unknown. "
        "Correct it in url under [database]."
    )


@pytest.mark.parametrize(
    ("url", "where"),
    [
        (f"postgresql+asyncpg://tutor:{PASSWORD}@127.0.0.1:1/tutor", "127.0.0.1:1"),
        (f"postgresql+asyncpg://tutor:{PASSWORD}@/tutor?host=/nowhere", "/nowhere"),
    ],
)
async def test_nobody_answers(url, where):
    assert (await unusable(url)).endswith(
        f" cannot be used: nothing answers at {where}. "
        "Start PostgreSQL there, or correct host and port in url under [database]."
    )


async def test_a_missing_database(postgresql):
    url = postgresql.url.set(database="no_such_database")
    assert await unusable(url.render_as_string(hide_password=False)) == (
        f'The database {url.render_as_string()} cannot be used: database "no_such_database" does not exist. '
        "Make it with createdb, or correct the name in url under [database]."
    )


@pytest.fixture
def locked(postgresql):
    """A user whose password is asked for, while everybody else is trusted."""
    rules = postgresql.data / "pg_hba.conf"
    rules.write_text(f"local all locked scram-sha-256\n{rules.read_text()}")
    user = ("DROP ROLE IF EXISTS locked", f"CREATE ROLE locked LOGIN PASSWORD '{PASSWORD}'")
    postgresql.run(*user, "SELECT pg_reload_conf()")
    return make_url(postgresql.new_database()).set(username="locked", password=PASSWORD)


async def test_a_wrong_password(locked):
    url = locked.set(password="wrong-word")
    text = await unusable(url.render_as_string(hide_password=False))
    assert text == (
        f'The database {url.render_as_string()} cannot be used: password authentication failed for user "locked". '
        "Correct user and password in url under [database], "
        "or let pg_hba.conf of the server admit that user from here."
    )
    assert "wrong-word" not in text


async def test_an_unknown_user(postgresql):
    url = make_url(postgresql.new_database()).set(username="stranger", password=PASSWORD)
    assert ' cannot be used: role "stranger" does not exist. Correct user and password in url' in await unusable(
        url.render_as_string(hide_password=False)
    )


async def test_a_user_who_may_not_make_tables(locked):
    assert await unusable(locked.render_as_string(hide_password=False)) == (
        f"The database {locked.render_as_string()} cannot be used: permission denied for schema public. "
        "Let this user make tables: GRANT CREATE ON SCHEMA public TO the user, or make the user its owner."
    )


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_restarted_server_costs_no_answer(database, migrated_url):
    """Every connection in the pool is dead, and the next transaction does not notice."""
    other = Database(migrated_url)
    async with other.transaction() as session:
        killed = await session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'deep%'"
            )
        )
        assert [tuple(row) for row in killed] == [(True,)]
    await other.close()
    async with database.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM learners"))).scalar_one() == 0
