"""Transactions, and the rows of answers, feedback and members, on both databases."""

import asyncio
import logging
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError

from bot.features.ask import store as ask_store
from bot.features.ask.models import Asked, Outcome, StoredAnswer
from bot.features.privacy import store as privacy_store
from bot.features.privacy.models import Counts
from bot.storage.database import Database
from bot.storage.tables import AnswerRow
from tests.bot.databases import rows

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ADA, GRACE = 11, 22
ASKED = Asked("what is relu", member_id=ADA, channel_id=7, guild_id=5)


async def add(database, asked=ASKED, *, now=NOW, outcome=Outcome.ANSWERED, passages=("p1", "p2")):
    async with database.transaction() as session:
        return await ask_store.add_answer(session, asked, now=now, outcome=outcome, passages=passages)


async def rate(database, answer_id, member_id, *, helpful, now=NOW):
    async with database.transaction() as session:
        await ask_store.update_feedback(session, answer_id, member_id, helpful=helpful, now=now)


async def find(database, answer_id):
    async with database.transaction() as session:
        return await ask_store.find_answer(session, answer_id)


# The database itself


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 30000), ("synchronous", 2)]
)
async def test_pragmas_of_every_connection(database, pragma, value):
    async with database.transaction() as first, database.transaction() as second:
        for session in (first, second):
            assert (await session.execute(text(f"PRAGMA {pragma}"))).scalar_one() == value


async def test_a_transaction_that_fails_leaves_nothing(database):
    async def fail():
        async with database.transaction() as session:
            await ask_store.add_answer(session, ASKED, now=NOW, outcome=Outcome.ANSWERED, passages=[])
            raise RuntimeError("after the insert")

    with pytest.raises(RuntimeError, match="after the insert"):
        await fail()
    assert await rows(database, "SELECT count(*) FROM answers") == [(0,)]


async def test_a_transaction_is_committed_for_others_to_see(database, migrated_url):
    await add(database)
    other = Database(migrated_url)
    assert await rows(other, "SELECT count(*) FROM answers") == [(1,)]
    await other.close()


async def test_a_naive_time_is_refused(database):
    with pytest.raises(StatementError, match="a naive datetime has no place in the database"):
        await add(database, now=NOW.replace(tzinfo=None))


@pytest.mark.parametrize("hours", [0, 2, -9])
async def test_times_come_back_aware_and_in_utc(database, hours):
    answer_id = await add(database, now=NOW.astimezone(timezone(timedelta(hours=hours))))
    asked_at = (await find(database, answer_id)).asked_at
    assert asked_at == NOW
    assert asked_at.tzinfo is UTC


async def test_what_a_member_wrote_is_in_no_error(database, caplog):
    """PostgreSQL repeats the whole row in the detail of an error, and a log prints every cause."""
    with pytest.raises(IntegrityError) as caught:
        async with database.transaction() as session:
            session.add(AnswerRow(question="what is my secret", channel_id=1, member_id=ADA, passages=[], outcome="x"))
    logging.getLogger("bot").error("It failed.", exc_info=caught.value)
    assert "asked_at" in caplog.text
    assert "secret" not in caplog.text


# Answers


async def test_an_answer_is_found_by_its_id(database):
    first = await add(database)
    second = await add(database, replace(ASKED, text="é 数 🙂", guild_id=None), outcome=Outcome.DECLINED, passages=[])
    assert second == first + 1
    assert await find(database, first) == StoredAnswer(
        first, NOW, ADA, 7, "what is relu", Outcome.ANSWERED, ("p1", "p2")
    )
    assert await find(database, second) == StoredAnswer(second, NOW, ADA, 7, "é 数 🙂", Outcome.DECLINED, ())
    assert await find(database, second + 1) is None


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_every_outcome_is_kept(database, outcome):
    assert (await find(database, await add(database, outcome=outcome))).outcome is outcome


async def test_ids_of_discord_fit(database):
    snowflake = 2**63 - 1
    answer_id = await add(database, Asked("x", member_id=snowflake, channel_id=snowflake, guild_id=snowflake))
    assert (await find(database, answer_id)).member_id == snowflake


async def test_an_answer_is_found_by_its_message(database):
    answer_id = await add(database)
    await add(database)
    async with database.transaction() as session:
        await ask_store.update_message(session, answer_id, 12345)
    async with database.transaction() as session:
        assert (await ask_store.find_answer_by_message(session, 12345)).id == answer_id
        assert await ask_store.find_answer_by_message(session, 54321) is None


async def test_the_last_answer_of_a_member(database):
    await add(database, now=NOW - timedelta(minutes=30))
    first = await add(database, now=NOW - timedelta(minutes=10))
    second = await add(database, now=NOW - timedelta(minutes=10))
    await add(database, now=NOW - timedelta(minutes=12))
    await add(database, outcome=Outcome.DECLINED)
    await add(database, replace(ASKED, member_id=GRACE))
    await add(database, replace(ASKED, channel_id=8))
    async with database.transaction() as session:

        async def last(minutes, member_id=ADA, channel_id=7):
            since = NOW - timedelta(minutes=minutes)
            found = await ask_store.find_last_answer(session, member_id, channel_id, since)
            return found and found.id

        assert await last(20) == second == first + 1  # of two at the same time the later one
        assert await last(10) == second  # the window includes its start
        assert await last(9) is None
        assert await last(20, GRACE, 8) is None


# Feedback


async def test_the_newest_opinion_counts(database):
    answer_id = await add(database)
    for helpful in (True, False):
        await rate(database, answer_id, ADA, helpful=helpful)
    await rate(database, answer_id, GRACE, helpful=True)
    async with database.transaction() as session:
        assert await ask_store.find_feedback(session, answer_id, ADA) is False
        assert await ask_store.find_feedback(session, answer_id, GRACE) is True
        assert await ask_store.find_feedback(session, answer_id, 33) is None
        assert await ask_store.count_feedback(session, answer_id) == (1, 1)
        assert await ask_store.count_feedback(session, answer_id + 1) == (0, 0)


async def test_twenty_writers_at_once_give_one_row(database):
    answer_id = await add(database)
    times = [NOW + timedelta(seconds=number) for number in range(20)]
    await asyncio.gather(*(rate(database, answer_id, ADA, helpful=True, now=time) for time in times))
    assert await rows(database, "SELECT answer_id, member_id, helpful FROM answer_feedback") == [(answer_id, ADA, 1)]


async def test_twenty_members_at_once_give_twenty_rows(database):
    answer_id = await add(database)
    await asyncio.gather(*(rate(database, answer_id, member, helpful=member % 4 == 0) for member in range(1, 21)))
    async with database.transaction() as session:
        assert await ask_store.count_feedback(session, answer_id) == (5, 15)


async def test_feedback_on_no_answer_is_refused(database):
    with pytest.raises(IntegrityError, match=r"(?i)foreign key constraint"):
        await rate(database, 99, ADA, helpful=True)


# A member's data


@pytest.fixture
async def shared(database):
    """An answer of each member, each rated by both."""
    answers = [await add(database), await add(database, replace(ASKED, text="what is adam", member_id=GRACE))]
    for answer_id in answers:
        await rate(database, answer_id, ADA, helpful=True)
        await rate(database, answer_id, GRACE, helpful=False)
    return answers


async def test_what_is_kept_about_a_member(database, shared):
    async with database.transaction() as session:
        assert await privacy_store.list_questions(session, ADA) == (
            {
                "answer_id": shared[0],
                "asked_at": "2026-01-02T03:04:05+00:00",
                "server_id": 5,
                "channel_id": 7,
                "answer_message_id": None,
                "question": "what is relu",
                "outcome": "answered",
                "quoted_passages": ["p1", "p2"],
            },
        )
        changed = "2026-01-02T03:04:05+00:00"
        assert await privacy_store.list_ratings(session, ADA) == tuple(
            {"answer_id": answer_id, "helpful": True, "changed_at": changed} for answer_id in shared
        )
        assert await privacy_store.list_questions(session, 33) == ()
        assert await privacy_store.list_ratings(session, 33) == ()


async def test_questions_are_listed_oldest_first(database):
    for word in ("one", "two", "three"):
        await add(database, replace(ASKED, text=word))
    async with database.transaction() as session:
        listed = await privacy_store.list_questions(session, ADA)
    assert [question["question"] for question in listed] == ["one", "two", "three"]


async def test_deleting_a_member(database, shared):
    async with database.transaction() as session:
        assert await privacy_store.delete_member(session, ADA) == Counts(questions=1, ratings=2)
    own, other = shared
    assert await find(database, own) is None
    assert (await find(database, other)).question == "what is adam"
    left = await rows(database, "SELECT answer_id, member_id FROM answer_feedback")
    assert left == [(other, GRACE)]  # Grace's rating of Ada's answer went with the answer
    async with database.transaction() as session:
        assert await privacy_store.delete_member(session, ADA) == Counts()


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_nothing_of_a_deleted_member_is_left_in_the_file(database, shared, tmp_path):
    async with database.transaction() as session:
        await privacy_store.delete_member(session, ADA)
    await database.close()
    with sqlite3.connect(tmp_path / "deep" / "tutor.db") as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    assert "what is adam" in dump
    assert "what is relu" not in dump


async def test_the_text_of_old_questions_is_emptied(database):
    old = await add(database, now=NOW - timedelta(days=30, seconds=1))
    limit = await add(database, now=NOW - timedelta(days=30))
    new = await add(database)
    async with database.transaction() as session:
        assert await privacy_store.update_expired(session, NOW - timedelta(days=30)) == 1
    assert [(await find(database, id_)).question for id_ in (old, limit, new)] == [None, "what is relu", "what is relu"]
    assert (await find(database, old)).passages == ("p1", "p2")
    async with database.transaction() as session:
        assert await privacy_store.update_expired(session, NOW - timedelta(days=30)) == 0
