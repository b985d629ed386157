"""Engine, transactions and the lock on the form of the tables. SQLite by default, PostgreSQL by URL."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from alembic.util.exc import CommandError
from filelock import AsyncFileLock
from filelock import Timeout as LockTimeout
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine

from bot.errors import DatabaseError
from bot.storage.explain import explain, explain_options, show_url
from bot.storage.schema import find_revision, is_known_revision, migrate, newest_revision

LOCK_SECONDS = 60
"""How long a program waits for another one that changes the form of the tables."""

_LOCK_KEY = 0x7475746F72
"""Names the tutor's advisory lock in PostgreSQL."""

_SQLITE_PRAGMAS = ("journal_mode = WAL", "foreign_keys = ON", "busy_timeout = 30000", "synchronous = FULL")

_SQLITE_OPTIONS: dict[str, Any] = {"pool_size": 5, "max_overflow": 0, "pool_timeout": 30}
"""SQLite writes one transaction after the other, and who waits for its lock is served in no order: with many
connections somebody waits too long. The pool is a queue, so that the wait belongs there."""

_POSTGRESQL_OPTIONS: dict[str, Any] = {
    "pool_size": 5,
    "max_overflow": 10,
    "pool_timeout": 30,
    "pool_recycle": 3600,
    "pool_pre_ping": True,  # a restarted server costs nobody an answer
    "connect_args": {"timeout": 10, "server_settings": {"application_name": "deep-learning-tutor"}},
}


class Database:
    """An open database. Use `transaction` for every access, also for reads."""

    def __init__(self, url: str, *, must_exist: bool = False) -> None:
        """Open `url`; the file of SQLite and its folder are made if they are missing, unless it `must_exist`.

        Raises:
            DatabaseError: the driver or the file is missing, or the file or its folder cannot be made.
        """
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._file = _sqlite_file(self.url.database) if self.is_sqlite else None
        if must_exist and self._file is not None and not self._file.is_file():
            raise DatabaseError(f"There is no database {self.shown}. Check url under [database] in config.toml.")
        options = _SQLITE_OPTIONS if self.is_sqlite else _POSTGRESQL_OPTIONS
        if self.is_sqlite and self._file is None:
            options = {}  # a database in memory is one connection, and its pool takes no sizes
        try:
            if self._file is not None:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                # aiosqlite leaves a thread behind if it cannot open a file, which may outlive the event loop.
                sqlite3.connect(self._file).close()
            # Errors of the database repeat the values of a statement, and members wrote some of them.
            self._engine = create_async_engine(self.url, hide_parameters=True, **options)
        except (SQLAlchemyError, sqlite3.Error, ImportError, OSError) as error:
            raise DatabaseError(f"The database {self.shown} cannot be opened: {error}") from error
        if self.is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(self._engine.sync_engine, "handle_error", _hide_values)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    @property
    def shown(self) -> str:
        """Its URL for a message, without the password."""
        return show_url(self.url)

    async def upgrade(self) -> tuple[str | None, str]:
        """Bring the tables to the newest form; returns the form before and the form now.

        Programs that start at the same time wait for each other.

        Raises:
            DatabaseError: the database cannot be reached, or is newer than this program.
        """
        newest = newest_revision()
        before = await self.find_revision()
        if before == newest:
            return before, newest
        with self.readable_errors():
            async with self.alone() as connection:
                before = await connection.run_sync(find_revision)
                await connection.run_sync(migrate)
        return before, newest

    async def find_revision(self) -> str | None:
        """The form of its tables; None if the tutor has never used it.

        Raises:
            DatabaseError: the database cannot be reached.
        """
        with self.readable_errors():
            try:
                connection = await self._engine.connect()
            except (TypeError, ValueError) as error:  # the driver takes the options of a URL as they come
                raise DatabaseError(explain_options(error, self.url)) from error
            try:
                return await connection.run_sync(find_revision)
            finally:
                await connection.close()

    async def check_is_newest(self) -> None:
        """Make sure that the tables have the form that this program reads and writes.

        Raises:
            DatabaseError: they have not, or the database cannot be reached.
        """
        revision = await self.find_revision()
        if revision is not None and not is_known_revision(revision):
            raise DatabaseError(self.newer_than_this(f"its tables have the form {revision}"))
        if revision != newest_revision():
            raise DatabaseError(f"The database {self.shown} has no tables of the newest form. Run: tutor db upgrade")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that is committed at the end, or rolled back if an exception leaves the block."""
        async with self._sessions.begin() as session:
            yield session

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees the database as it is at the first read, whatever others write meanwhile."""
        async with self._engine.connect() as connection:
            if self.is_sqlite:
                await connection.exec_driver_sql("BEGIN")
            else:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection
            await connection.rollback()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[AsyncConnection]:
        """One transaction in which nobody else changes the form of the tables: all of it holds, or nothing.

        Raises:
            DatabaseError: somebody else is still at it after `LOCK_SECONDS`.
        """
        lock = self._alone_in_sqlite() if self.is_sqlite else self._alone_in_postgresql()
        async with lock as connection:
            yield connection

    @asynccontextmanager
    async def _alone_in_sqlite(self) -> AsyncIterator[AsyncConnection]:
        async with self._file_lock(), self._engine.connect() as connection:
            # As SQLite advises: a migration may replace a table, and its children would be deleted with the old one.
            await connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            try:
                # sqlite3 itself would begin at the first row only, and half a migration would outlive a crash.
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
                if (await connection.exec_driver_sql("PRAGMA foreign_key_check")).first():
                    raise DatabaseError(f"The database {self.shown} would hold rows that belong to nothing.")
                await connection.commit()
            finally:
                await connection.rollback()
                await connection.exec_driver_sql("PRAGMA foreign_keys = ON")

    @asynccontextmanager
    async def _file_lock(self) -> AsyncIterator[None]:
        if self._file is None:
            yield
            return
        lock = AsyncFileLock(f"{self._file}.lock", timeout=LOCK_SECONDS, thread_local=False)
        try:
            await lock.acquire()
        except LockTimeout as error:
            raise DatabaseError(self._is_busy) from error
        try:
            yield
        finally:
            await lock.release()

    @asynccontextmanager
    async def _alone_in_postgresql(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            try:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
                    raise DatabaseError(self._is_busy) from error
                raise
            yield connection

    @property
    def _is_busy(self) -> str:
        return (
            f"Another program is changing the tables of the database {self.shown}. "
            "Wait until it has ended, then try again."
        )

    @contextmanager
    def readable_errors(self) -> Iterator[None]:
        """What goes wrong in the block is told in one sentence with what mends it.

        Raises:
            DatabaseError: instead of what the database and its driver raise.
        """
        try:
            yield
        except CommandError as error:
            raise DatabaseError(self.newer_than_this(str(error))) from error
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseError(explain(error, self.url)) from error

    def newer_than_this(self, why: str) -> str:
        """What an operator reads about a database of a newer program."""
        return f"The database {self.shown} was written by a newer version of the tutor ({why}). Update the program."

    async def close(self) -> None:
        await self._engine.dispose()


def _sqlite_file(name: str | None) -> Path | None:
    return None if not name or name == ":memory:" else Path(name)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    try:
        cursor = connection.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
    except BaseException:
        connection.close()  # the pool does not know it yet, and its thread would run on
        raise


def _hide_values(context: ExceptionContext) -> None:
    """Errors of PostgreSQL have a detail that repeats a whole row, and members wrote some of them."""
    driver = context.original_exception.__cause__
    if getattr(driver, "detail", None):
        driver.detail = None  # type: ignore[union-attr]
