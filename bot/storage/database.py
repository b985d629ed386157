"""Engine, transactions and migrations. SQLite by default, another database by URL."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from bot.errors import DatabaseError

_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """An open database. Use `transaction` for every access, also for reads."""

    def __init__(self, url: str) -> None:
        """Open `url`; the folder of a SQLite file is made if it is missing.

        Raises:
            DatabaseError: the driver is missing, or the file or its folder cannot be made.
        """
        self.url = make_url(url)
        is_sqlite = self.url.get_backend_name() == "sqlite"
        try:
            if is_sqlite and self.url.database and self.url.database != ":memory:":
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
                # aiosqlite leaves a thread behind if it cannot open a file, which may outlive the event loop.
                sqlite3.connect(self.url.database).close()
            # Errors of the database repeat the values of a statement, and members wrote some of them.
            self._engine = create_async_engine(self.url, hide_parameters=True)
        except (SQLAlchemyError, sqlite3.Error, ImportError, OSError) as error:
            raise DatabaseError(f"The database {self._shown} cannot be opened: {error}") from error
        if is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    @property
    def _shown(self) -> str:
        return self.url.render_as_string(hide_password=True)

    async def upgrade(self) -> None:
        """Bring the tables to the newest form.

        Raises:
            DatabaseError: the database cannot be reached, or is newer than this program.
        """
        try:
            async with self._engine.begin() as connection:
                await connection.run_sync(_upgrade)
        except CommandError as error:
            raise DatabaseError(
                f"The database {self._shown} was written by a newer version of the tutor ({error}). Update the program."
            ) from error
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseError(f"The database {self._shown} cannot be used: {_first_line(error)}") from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that is committed at the end, or rolled back if an exception leaves the block."""
        async with self._sessions.begin() as session:
            yield session

    async def close(self) -> None:
        await self._engine.dispose()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    try:
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "foreign_keys = ON", "busy_timeout = 5000", "synchronous = FULL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
    except BaseException:
        connection.close()  # the pool does not know it yet, and its thread would run on
        raise


def alembic_config() -> Config:
    """The configuration that migrations run with."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _upgrade(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
