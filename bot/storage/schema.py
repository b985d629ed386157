"""The migrations: which form a database has, and how it gets to another."""

import functools
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import JSON, BigInteger, Boolean, Column, Connection, DateTime, Float, Integer, MetaData, Table, Text
from sqlalchemy import create_engine as create_sync_engine
from sqlalchemy.types import TypeEngine

from bot.storage.tables import UtcDateTime

HEAD = "head"

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"


def alembic_config() -> Config:
    """The configuration that migrations run with."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def newest_revision() -> str:
    """The form that this program works with."""
    return str(ScriptDirectory.from_config(alembic_config()).get_current_head())


def is_known_revision(revision: str) -> bool:
    """Whether this program has that migration; one of a newer program it has not."""
    try:
        ScriptDirectory.from_config(alembic_config()).get_revision(revision)
    except CommandError:
        return False
    return True


def find_revision(connection: Connection) -> str | None:
    """The form that a database has; None if the tutor has never used it."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(connection: Connection, revision: str = HEAD) -> None:
    """Bring the tables forward to `revision`, in the transaction of this connection.

    Raises:
        CommandError: the database has a form that this program does not know.
    """
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def drop_tables(connection: Connection, revision: str) -> None:
    """Drop the tutor's tables of that form, and nothing else that may be in the database."""
    tables = [*tables_at(revision).tables.values(), Table(_VERSION_TABLE, MetaData())]
    for table in reversed(tables):
        table.drop(connection, checkfirst=True)


@functools.cache
def tables_at(revision: str) -> MetaData:
    """The tables of an older or the newest form, parents before children, with types that fit every database."""
    engine = create_sync_engine("sqlite://")
    try:
        with engine.begin() as connection:
            migrate(connection, revision)
            reflected = MetaData()
            reflected.reflect(connection)
    finally:
        engine.dispose()
    tables = MetaData()
    for table in reflected.sorted_tables:
        if table.name != _VERSION_TABLE:
            Table(table.name, tables, *(_plain_column(column) for column in table.columns))
    return tables


def _plain_column(column: Column[Any]) -> Column[Any]:
    return Column(column.name, _plain_type(column.type), primary_key=column.primary_key, autoincrement=False)


def _plain_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type that turns values into the same Python values on every database."""
    match kind:
        case DateTime():
            return UtcDateTime()
        case JSON():
            return JSON(none_as_null=True)
        case Boolean():
            return Boolean()
        case Integer():
            return BigInteger()
        case Float():
            return Float(53)
        case _:
            return Text()
