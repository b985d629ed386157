"""INSERT … ON CONFLICT for SQLite and PostgreSQL, which write it alike but build it apart."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.tables import Base

Insert = sqlite.Insert | postgresql.Insert


def insert_into(session: AsyncSession, table: type[Base]) -> Insert:
    """An INSERT that knows ON CONFLICT in the dialect of this session's database."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if is_postgresql else sqlite.insert(table)


async def insert_once(session: AsyncSession, table: type[Base], key: tuple[str, ...], /, **values: Any) -> bool:
    """Insert a row unless one with the same `key` columns is there; whether it was inserted."""
    statement = insert_into(session, table).values(**values).on_conflict_do_nothing(index_elements=list(key))
    result = await session.execute(statement)
    return bool(getattr(result, "rowcount", 0))
