"""The least that /next and /progress must do: the same rows, read and written through the same driver alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Protocol

import aiosqlite
import asyncpg

from bot.storage.database import Database
from tests.benchmarks.filled_databases import connect_postgresql
from tests.benchmarks.learner_rows import NOW

_ACTIVITY = NOW - timedelta(weeks=13)
_REMEMBERED = NOW - timedelta(days=90)
_LONG_AGO = NOW - timedelta(days=1000)
"""When the bare recommendations were made, so that the tutor does not read them."""

_SNAPSHOT = (
    ("SELECT * FROM learners WHERE member_id = $1", None),
    ("SELECT * FROM progress WHERE member_id = $1", None),
    ("SELECT * FROM mastery WHERE member_id = $1", None),
    ("SELECT group_id, left_at FROM group_members WHERE member_id = $1", None),
    ("SELECT changed_at, minutes FROM progress_changes WHERE member_id = $1 AND changed_at >= $2", _ACTIVITY),
    ("SELECT observed_at FROM evidence WHERE member_id = $1 AND observed_at >= $2", _ACTIVITY),
)
_PAST = ("SELECT * FROM recommendations WHERE member_id = $1 AND made_at >= $2 ORDER BY id", _REMEMBERED)
_DUE = ("SELECT question, due_at FROM cards WHERE member_id = $1 AND due_at <= $2", NOW)
_TOUCH = (
    "INSERT INTO learners (member_id, joined_at, changed_at) VALUES ($1, $2, $2) "
    "ON CONFLICT (member_id) DO UPDATE SET changed_at = excluded.changed_at"
)
_ADD = (
    "INSERT INTO recommendations (member_id, kind, target, minutes, reason, state, made_at, changed_at) "
    "VALUES ($1, 'study', 'd2l/5-3', 40, 'It comes next in step 3, with 5 of 17 parts behind you.', 'open', $2, $2) "
    "RETURNING id"
)


class BareStatements(Protocol):
    """What both drivers do."""

    async def show_overview(self, member_id: int) -> None: ...

    async def recommend(self, member_id: int) -> None: ...


class _SQLite:
    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def show_overview(self, member_id: int) -> None:
        await self._read(*_SNAPSHOT, member_id=member_id)

    async def recommend(self, member_id: int) -> None:
        await self._connection.execute("BEGIN")
        await self._run(_TOUCH, member_id, NOW)
        await self._read(*_SNAPSHOT, _PAST, _DUE, member_id=member_id)
        await self._run(_ADD, member_id, _LONG_AGO)
        await self._connection.execute("COMMIT")

    async def _read(self, *statements: tuple[str, datetime | None], member_id: int) -> None:
        for statement, since in statements:
            await self._run(statement, member_id, since)

    async def _run(self, statement: str, member_id: int, at: datetime | None) -> None:
        values = (member_id,) if at is None else (member_id, at.replace(tzinfo=None).isoformat(" ", "microseconds"))
        await self._connection.execute_fetchall(statement.replace("$", "?"), values)


class _PostgreSQL:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def show_overview(self, member_id: int) -> None:
        async with self._connection.transaction():
            await self._read(*_SNAPSHOT, member_id=member_id)

    async def recommend(self, member_id: int) -> None:
        async with self._connection.transaction():
            await self._connection.execute(_TOUCH, member_id, NOW)
            await self._read(*_SNAPSHOT, _PAST, _DUE, member_id=member_id)
            await self._connection.fetch(_ADD, member_id, _LONG_AGO)

    async def _read(self, *statements: tuple[str, datetime | None], member_id: int) -> None:
        for statement, since in statements:
            values = (member_id,) if since is None else (member_id, since)
            await self._connection.fetch(statement, *values)


@asynccontextmanager
async def bare_sqlite(database: Database) -> AsyncIterator[BareStatements]:
    """aiosqlite alone, as safe as the tutor's own connections."""
    async with aiosqlite.connect(database.url.database, isolation_level=None) as connection:
        for pragma in ("journal_mode = WAL", "foreign_keys = ON", "busy_timeout = 5000", "synchronous = FULL"):
            await connection.execute(f"PRAGMA {pragma}")
        yield _SQLite(connection)


@asynccontextmanager
async def bare_postgresql(database: Database) -> AsyncIterator[BareStatements]:
    """asyncpg alone."""
    connection = await connect_postgresql(database)
    try:
        yield _PostgreSQL(connection)
    finally:
        await connection.close()
