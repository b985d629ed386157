"""The two databases of the learner model's benchmark: made by the real migrations, filled as fast as they take it."""

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC
from pathlib import Path

import asyncpg
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.storage.database import Database
from tests.benchmarks.learner_rows import Chunk, MadeUpLearners, Rows, Values
from tests.bot.databases import run_postgresql


@contextmanager
def _filling(name: str, learners: MadeUpLearners, console: Console) -> Iterator[Iterator[tuple[Rows, Chunk]]]:
    """Every chunk of every table, with a bar that shows how many rows are left."""
    tables = list(learners.tables())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(f"Filling {name}", total=sum(rows.count for rows in tables))

        def chunks() -> Iterator[tuple[Rows, Chunk]]:
            for rows in tables:
                for chunk in rows.chunks:
                    yield rows, chunk
                    progress.advance(task, len(chunk[0]))

        yield chunks()


@asynccontextmanager
async def sqlite_database(learners: MadeUpLearners, scratch: Path, console: Console) -> AsyncIterator[Database]:
    """A file of SQLite with these learners."""
    file = scratch / "learners.db"
    url = f"sqlite+aiosqlite:///{file}"
    database = Database(url)
    try:
        await database.upgrade()
    finally:
        await database.close()  # or the form of its journal could not be changed
    _fill_sqlite(learners, file, console)
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


def _fill_sqlite(learners: MadeUpLearners, file: Path, console: Console) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        with _filling("SQLite", learners, console) as chunks:
            for rows, chunk in chunks:
                names, marks = ", ".join(f'"{name}"' for name in rows.columns), ", ".join("?" * len(rows.columns))
                statement = f"INSERT INTO {rows.table} ({names}) VALUES ({marks})"  # noqa: S608 - names of ours
                connection.executemany(statement, zip(*(_for_sqlite(column) for column in chunk), strict=True))
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode = WAL")
    os.sync()


@asynccontextmanager
async def postgresql_database(learners: MadeUpLearners, console: Console) -> AsyncIterator[Database]:
    """A database with these learners, on a server of its own."""
    with run_postgresql() as server:
        database = Database(server.new_database())
        try:
            await database.upgrade()
            await _fill_postgresql(learners, database, console)
            # Filled without waiting for the disc; what is measured waits for it, as everywhere.
            server.run("ALTER SYSTEM RESET fsync", "SELECT pg_reload_conf()")
            os.sync()
            server.run("CHECKPOINT")
            yield database
        finally:
            await database.close()


async def _fill_postgresql(learners: MadeUpLearners, database: Database, console: Console) -> None:
    connection = await connect_postgresql(database)
    try:
        await connection.execute("SET session_replication_role = replica")  # the rows refer to each other as they must
        with _filling("PostgreSQL", learners, console) as chunks:
            for rows, chunk in chunks:
                records = zip(*(_for_postgresql(column) for column in chunk), strict=True)
                await connection.copy_records_to_table(rows.table, records=records, columns=rows.columns)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def connect_postgresql(database: Database) -> asyncpg.Connection:
    """A connection of the driver alone."""
    url = database.url
    return await asyncpg.connect(host=url.query["host"], user=url.username, database=url.database)


def _for_sqlite(column: list[object] | Values) -> list[object]:
    if isinstance(column, list):
        return column
    texts = np.datetime_as_string(column, "us").tolist()
    return [None if text == "NaT" else text.replace("T", " ") for text in texts]


def _for_postgresql(column: list[object] | Values) -> list[object]:
    if isinstance(column, list):
        return column
    return [at.replace(tzinfo=UTC) if at else None for at in column.tolist()]
