"""The tables, as the newest migration leaves them. A test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, Integer, MetaData, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite, which knows no zones, stores it without."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, int: BigInteger, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012


class AnswerRow(Base):
    """One question and what was quoted for it. `question` is emptied after the days that an admin set."""

    __tablename__ = "answers"
    __table_args__ = (
        Index("ix_answers_member", "member_id", "channel_id", "asked_at"),
        Index("ix_answers_message", "message_id"),
        Index("ix_answers_asked_at", "asked_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    asked_at: Mapped[datetime]
    guild_id: Mapped[int | None]
    channel_id: Mapped[int]
    member_id: Mapped[int]
    message_id: Mapped[int | None]
    question: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(20))
    passages: Mapped[list[str]]


class FeedbackRow(Base):
    """One member's opinion of one answer."""

    __tablename__ = "answer_feedback"

    answer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(primary_key=True)
    helpful: Mapped[bool]
    changed_at: Mapped[datetime]
