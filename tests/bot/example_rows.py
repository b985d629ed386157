"""Rows for every table, with the values that are the hardest to carry: large ids, microseconds, quotes, emoji, null."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    SmallInteger,
    String,
    Table,
    delete,
    func,
    insert,
    select,
)

from bot.storage.database import Database
from bot.storage.tables import Base, UtcDateTime

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LARGEST = 2**63 - 1
TEXT = "é 数 🙂 'single' \"double\" \\ % \t\n%s"


_WORDS = {("study_groups", "state"): "active"}
"""What is read as one of a few words on the way out."""


def example_rows(*members: int) -> dict[str, list[dict[str, Any]]]:
    """One row of every table for each member, parents before children; every second member has no optional values."""
    return {
        table.name: [
            {column.name: _value(table, column, number, member) for column in table.columns}
            for number, member in enumerate(members)
        ]
        for table in Base.metadata.sorted_tables
    }


def _value(table: Table, column: Column[Any], number: int, member: int) -> Any:  # noqa: C901, PLR0911, PLR0912 - a case a type
    points_to_learners = any(key.column.name == "member_id" for key in column.foreign_keys)
    if column.name == "member_id" or points_to_learners:
        return member
    if (table.name, column.name) in _WORDS:
        return _WORDS[table.name, column.name]
    if column.name == "id" or any(key.column.name == "id" for key in column.foreign_keys):
        return 10 + 3 * number
    if column.nullable and number % 2:
        return None
    match column.type:
        case UtcDateTime():
            return NOW + timedelta(days=number, microseconds=number)
        case Boolean():
            return number % 2 == 0
        case JSON():
            return ["p1", TEXT, {"depth": [number, None, True, 0.1]}]
        case SmallInteger():
            return 2**15 - 1 - number
        case BigInteger():
            return LARGEST - number
        case Integer():
            return 2**31 - 1 - number
        case Float():
            return [1 / 3, 5e-324, 1.7976931348623157e308][number % 3]
        case String(length=None):
            return f"{TEXT}{number}"
        case String(length=length):
            return f"{number}{table.name}/{column.name}é数🙂"[:length]
    raise AssertionError(f"no example for {column}")


async def fill(database: Database, *members: int) -> None:
    """Add the rows of these members to an empty database with the newest tables."""
    async with database.transaction() as session:
        for name, rows in example_rows(*members).items():
            await session.execute(insert(Base.metadata.tables[name]), rows)


async def dump(database: Database) -> dict[str, list[tuple]]:
    """Every row of every table, in the order of its key."""
    async with database.transaction() as session:
        return {
            table.name: [
                tuple(row) for row in await session.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in Base.metadata.sorted_tables
        }


async def clear(database: Database) -> None:
    """Delete every row."""
    async with database.transaction() as session:
        for table in reversed(Base.metadata.sorted_tables):
            await session.execute(delete(table))


async def count(database: Database) -> int:
    """How many rows there are in all tables."""
    async with database.transaction() as session:
        numbers = [
            await session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables
        ]
    return sum(numbers)
