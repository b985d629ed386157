"""Backups: one file that either database can be written to and read from.

A gzip file of JSON lines: a header with the form of the tables and their row counts, then the rows of one table
after the other as lists in the order of the header's columns, then a line with the checksum of everything before.
"""

import gzip
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, NonNegativeInt
from sqlalchemy import JSON, BigInteger, Boolean, Connection, Float, MetaData, Table, Text, cast, false, func, select
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from bot.errors import ArchiveError, DatabaseError
from bot.storage.database import Database
from bot.storage.schema import drop_tables, find_revision, is_known_revision, migrate, newest_revision, tables_at
from bot.storage.tables import UtcDateTime

FORMAT = "deep-learning-tutor-backup"
VERSION = 1

ShowProgress = Callable[[int, int], None]
"""Called with the rows done and the rows there are."""

_TYPES: dict[type, tuple[type, ...]] = {BigInteger: (int,), Boolean: (bool,), Float: (float, int), Text: (str,)}
_BATCH = 500
_LONGEST_LINE = 16 * 2**20
_GZIP_LEVEL = 6


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TablePart(_Part):
    """One table in an archive."""

    name: str
    columns: tuple[str, ...]
    rows: NonNegativeInt


class Header(_Part):
    """The first line of an archive."""

    format: str
    version: int
    revision: str
    made_at: AwareDatetime
    tables: tuple[TablePart, ...]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.tables)


class _DamagedError(Exception):
    """Something in an archive is not as it was written."""


# Backup


async def write_backup(database: Database, file: Path, *, overwrite: bool, now: datetime, show: ShowProgress) -> Header:
    """Write everything that the database holds at this moment to `file`. Whoever uses it meanwhile is not disturbed.

    Raises:
        ArchiveError: the file is there already, or cannot be written.
        DatabaseError: the database cannot be read.
    """
    _refuse_target(file, overwrite=overwrite)
    with database.readable_errors(), _moved_into_place(file, overwrite=overwrite) as stream:
        async with database.snapshot() as connection:
            revision = _usable(database, await connection.run_sync(find_revision))
            if revision is None:
                raise DatabaseError(
                    f"The database {database.shown} has no tables of the tutor, so there is nothing to back up. "
                    "Check url under [database] in config.toml."
                )
            tables = tables_at(revision)
            parts = tuple([await _part(connection, table) for table in tables.tables.values()])
            header = Header(format=FORMAT, version=VERSION, revision=revision, made_at=now, tables=parts)
            await _write_rows(connection, tables, header, _LineWriter(stream, file), show)
    return header


async def _part(connection: AsyncConnection, table: Table) -> TablePart:
    rows = await connection.scalar(select(func.count()).select_from(table))
    return TablePart(name=table.name, columns=tuple(table.columns.keys()), rows=rows or 0)


async def _write_rows(
    connection: AsyncConnection, tables: MetaData, header: Header, writer: "_LineWriter", show: ShowProgress
) -> None:
    writer.write(header.model_dump(mode="json"))
    done = 0
    for table in tables.tables.values():
        query = select(table).order_by(*table.primary_key.columns)
        async with connection.stream(query, execution_options={"yield_per": _BATCH}) as found:
            async for batch in found.partitions():
                for row in batch:
                    writer.write(list(row))
                done += len(batch)
                show(done, header.rows)
    writer.write({"sha256": writer.sha256})


class _LineWriter:
    """Writes JSON lines and sums them up."""

    def __init__(self, stream: gzip.GzipFile, file: Path) -> None:
        self._stream = stream
        self._file = file
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, value: Any) -> None:
        line = json.dumps(value, separators=(",", ":"), default=datetime.isoformat).encode() + b"\n"
        self._hash.update(line)
        try:
            self._stream.write(line)
        except OSError as error:
            raise _unwritable(self._file, error) from error


def _refuse_target(file: Path, *, overwrite: bool) -> None:
    if file.is_dir():
        raise ArchiveError(f"{file} is a folder. Name a file in it.")
    if not file.absolute().parent.is_dir():
        raise ArchiveError(f"There is no folder {file.parent}. Make it first, or name another file.")
    if file.exists() and not overwrite:
        raise ArchiveError(f"{file} is there already. Name another file, or add --force to overwrite it.")


@contextmanager
def _moved_into_place(file: Path, *, overwrite: bool) -> Iterator[gzip.GzipFile]:
    """A gzip stream to a temporary neighbour that takes the name of `file` once it is complete and on the disk.

    Only its owner may read it, for it holds what members wrote.
    """
    try:
        number, name = tempfile.mkstemp(dir=file.absolute().parent, prefix=f".{file.name}.", suffix=".part")
    except OSError as error:
        raise _unwritable(file, error) from error
    raw = os.fdopen(number, "wb")
    stream = gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=raw)
    try:
        yield stream
        _finish(stream, raw, file)
        _refuse_target(file, overwrite=overwrite)
        Path(name).replace(file)
    finally:
        for opened in (stream, raw):
            with suppress(OSError):  # a full disk has been told already
                opened.close()
        Path(name).unlink(missing_ok=True)


def _finish(stream: gzip.GzipFile, raw: IO[bytes], file: Path) -> None:
    try:
        stream.close()
        raw.flush()
        os.fsync(raw.fileno())
        raw.close()
    except OSError as error:
        raise _unwritable(file, error) from error


def _unwritable(file: Path, error: OSError) -> ArchiveError:
    return ArchiveError(f"{file} cannot be written: {error.strerror or error}. Check the disk and the permissions.")


# Restore


async def restore_backup(database: Database, file: Path, *, replace: bool, show: ShowProgress) -> Header:
    """Fill the database from an archive, in one transaction, and bring the tables to the newest form.

    With `replace` everything that the database held before is deleted; without it the database must be empty.

    Raises:
        ArchiveError: the file is damaged, newer than this program, or no backup; nothing has been changed.
        DatabaseError: the database holds rows or cannot be used; nothing has been changed.
    """
    header = check_archive(file, lambda done, total: show(done, 2 * total))
    with database.readable_errors():
        async with database.alone() as connection:
            before = _usable(database, await connection.run_sync(find_revision))
            if before is not None:
                if not replace:
                    _refuse_rows(database, await _count_rows(connection, before))
                await connection.run_sync(drop_tables, before)
            await connection.run_sync(migrate, header.revision)
            done = header.rows
            for table, rows in _batches(file):
                await connection.execute(table.insert(), rows)
                done += len(rows)
                show(done, 2 * header.rows)
            await connection.run_sync(migrate)
            if not database.is_sqlite:
                await connection.run_sync(_set_sequences)
    return header


async def count_rows(database: Database) -> dict[str, int]:
    """How many rows each table holds that holds any.

    Raises:
        DatabaseError: the database cannot be read, or is newer than this program.
    """
    with database.readable_errors():
        async with database.snapshot() as connection:
            revision = _usable(database, await connection.run_sync(find_revision))
            return await _count_rows(connection, revision) if revision else {}


async def _count_rows(connection: AsyncConnection, revision: str) -> dict[str, int]:
    parts = [await _part(connection, table) for table in tables_at(revision).tables.values()]
    return {part.name: part.rows for part in parts if part.rows}


def _usable(database: Database, revision: str | None) -> str | None:
    if revision is not None and not is_known_revision(revision):
        raise DatabaseError(database.newer_than_this(f"its tables have the form {revision}"))
    return revision


def _refuse_rows(database: Database, counts: dict[str, int]) -> None:
    if counts:
        raise DatabaseError(
            f"The database {database.shown} is not empty: {sum(counts.values())} rows in {', '.join(sorted(counts))}. "
            "Name an empty one in url under [database], or add --replace to delete all of it first."
        )


def _set_sequences(connection: Connection) -> None:
    """Rows came with their ids; PostgreSQL counts on from where it was told last."""
    for table in tables_at(newest_revision()).tables.values():
        key = next(iter(table.primary_key.columns))
        sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, key.name)))
        if sequence is not None:
            following = select(func.coalesce(func.max(key), 0) + 1).scalar_subquery()
            connection.execute(select(func.setval(cast(sequence, REGCLASS), following, false())))


# Reading


def check_archive(file: Path, show: ShowProgress = lambda _done, _total: None) -> Header:
    """Read an archive to its end: the checksum, the counts, and whether each value fits its column.

    Raises:
        ArchiveError: it cannot be used; the text says why and what to do.
    """
    header = read_header(file)
    done = 0
    for _, rows in _batches(file):
        done += len(rows)
        show(done, header.rows)
    return header


def read_header(file: Path) -> Header:
    """What an archive says of itself; whether it holds that, `check_archive` knows.

    Raises:
        ArchiveError: it is no archive, or one of a newer program.
    """
    with _readable(file), gzip.open(file) as stream:
        return _header(_LineReader(stream), file)


def _batches(file: Path) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """The rows of an archive, some of one table at a time."""
    with _readable(file), gzip.open(file) as stream:
        lines = _LineReader(stream)
        header = _header(lines, file)
        tables = tables_at(header.revision)
        if sorted(part.name for part in header.tables) != sorted(tables.tables):
            raise _DamagedError("it has not the tables of its form")
        for part in header.tables:
            table = tables.tables[part.name]
            if sorted(part.columns) != sorted(table.columns.keys()):
                raise _DamagedError("it has not the columns of its form")
            kinds = [(name, table.columns[name].type) for name in part.columns]
            for start in range(0, part.rows, _BATCH):
                yield table, [_row(lines.read(), kinds) for _ in range(min(_BATCH, part.rows - start))]
        expected = lines.sha256
        if lines.read() != {"sha256": expected} or not lines.at_end():
            raise _DamagedError("its checksum is wrong")


def _row(values: Any, kinds: Sequence[tuple[str, TypeEngine[Any]]]) -> dict[str, Any]:
    if not isinstance(values, list) or len(values) != len(kinds):
        raise _DamagedError("a row is missing")
    return {name: _value(value, kind) for value, (name, kind) in zip(values, kinds, strict=True)}


def _value(value: Any, kind: TypeEngine[Any]) -> Any:
    """A value of JSON as the value of a column."""
    if value is None or isinstance(kind, JSON):
        return value
    if isinstance(kind, UtcDateTime) and isinstance(value, str):
        value = datetime.fromisoformat(value)
        fits = value.tzinfo is not None
    else:
        fits = type(value) in _TYPES.get(type(kind), ()) and (type(value) is not int or -(2**63) <= value < 2**63)
    if not fits:
        raise _DamagedError("a value does not fit its column")
    return value


class _LineReader:
    """Reads JSON lines and sums them up."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def read(self) -> Any:
        line = self._stream.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise _DamagedError("it ends too early")
        self._hash.update(line)
        return json.loads(line)

    def at_end(self) -> bool:
        return not self._stream.read(1)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Tells in one sentence what is wrong with an archive."""
    try:
        yield
    except FileNotFoundError as error:
        raise ArchiveError(f"There is no file {file}. Check the path.") from error
    except (EOFError, zlib.error, gzip.BadGzipFile, ValueError, _DamagedError) as error:
        why = str(error) if isinstance(error, _DamagedError) else "its contents cannot be read"
        raise ArchiveError(f"The backup {file} is damaged: {why}. Nothing was changed; use another one.") from error
    except OSError as error:
        raise ArchiveError(f"{file} cannot be read: {error.strerror or error}. Check its permissions.") from error


def _header(lines: _LineReader, file: Path) -> Header:
    foreign = f"{file} is no backup of the tutor. Name a file that was written by: tutor db backup"
    try:
        data = lines.read()
        form = data["format"], data["version"], data["revision"]
    except (gzip.BadGzipFile, ValueError, KeyError, TypeError, _DamagedError) as error:
        raise ArchiveError(foreign) from error
    if form[0] != FORMAT:
        raise ArchiveError(foreign)
    if form[1] != VERSION or not is_known_revision(str(form[2])):
        raise ArchiveError(f"The backup {file} was written by a newer version of the tutor. Update the program first.")
    return Header.model_validate(data)
