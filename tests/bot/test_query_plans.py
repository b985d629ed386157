"""The snapshot of a learner is read through indexes alone, however many learners there are."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, text

from bot.features.groups import store as groups_store
from bot.features.groups.models import GroupPlan
from bot.features.next_step import store as next_store
from bot.features.progress import store
from bot.features.progress.models import Evidence, EvidenceKind, State
from bot.features.review import store as review_store
from bot.scheduling.models import Rhythm
from bot.storage.tables import CheckinRow, GroupWeekRow, PlanRow

NOW = datetime(2026, 3, 4, tzinfo=UTC)
ADA = 11
FIND_LEARNER = ["learners", "progress", "mastery", "progress_changes", "evidence", "group_members"]
"""What is read of everybody; who was never in a study group costs one look more than that it exists."""
IN_A_GROUP = [*FIND_LEARNER, "checkins", "evidence", "plans"]


@contextmanager
def statements_of(database):
    """Every statement of the block as the database gets it, with its values."""
    seen = []

    def remember(_connection, _cursor, statement, parameters, *_others):
        seen.append((statement, parameters))

    engine = database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", remember)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", remember)


async def plan_of(database, statement, parameters):
    """How the database would run a statement, a line a step."""
    async with database.transaction() as session:
        connection = await session.connection()
        if database.is_sqlite:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return [row[-1] for row in plan]
        await session.execute(text("SET LOCAL enable_seqscan = off"))  # the tables of the test are too small
        plan = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        return [row[0].strip() for row in plan]


def check_plan(database, plan):
    if database.is_sqlite:
        assert plan
        for step in plan:
            assert step.startswith("SEARCH ")
            assert " USING " in step
            assert "member_id=?" in step or "INTEGER PRIMARY KEY (rowid=?)" in step
    else:
        assert not any("Seq Scan" in step for step in plan)
        assert any("Index Scan" in step or "Index Only Scan" in step for step in plan)
        assert any(step.startswith("Index Cond: ") and "member_id = " in step for step in plan)


@pytest.fixture
async def filled(database):
    """Learners with a little of everything."""
    async with database.transaction() as session:
        for member in (ADA, 22, 33):
            await store.add_learner(session, member, NOW)
            for item in ("a/1", "a/2"):
                await store.update_item(session, member, item, State.DONE, minutes=1, key=None, now=NOW)
            await store.add_evidence(session, member, [Evidence("relu", EvidenceKind.PROBE, True, "k")], NOW)
    async with database.transaction() as session:
        await session.execute(text("ANALYZE"))
    return database


@pytest.mark.parametrize(
    ("find", "tables"),
    [
        (lambda session: store.find_learner(session, ADA, NOW), FIND_LEARNER),
        (lambda session: store.find_profile(session, ADA), ["learners"]),
    ],
    ids=["find_learner", "find_profile"],
)
async def test_a_learner_is_read_through_indexes_alone(filled, find, tables):
    await check_reads(filled, find, tables)


async def check_reads(filled, find, tables):
    with statements_of(filled) as seen:
        async with filled.transaction() as session:
            assert await find(session)
    read = [(statement, parameters) for statement, parameters in seen if statement.startswith("SELECT")]
    assert sorted(statement.split("FROM ")[1].split()[0] for statement, _ in read) == sorted(tables)
    for statement, parameters in read:
        check_plan(filled, await plan_of(filled, statement, parameters))


async def test_what_members_of_groups_tell_is_read_through_indexes_alone(filled):
    plan = GroupPlan(5, "The owls", 6, Rhythm(1, 1170, "Europe/Berlin"))
    texts = {"evidence": "", "learned": "", "blocker": "", "shows_blocker": False, "known": [], "is_repair": False}
    async with filled.transaction() as session:
        group = await groups_store.add_group(session, plan, ADA, [ADA, 22, 33], NOW)
        week = GroupWeekRow(group_id=group.id, slot="w", planned_at=NOW, closes_at=NOW, channel_id=6)
        session.add(week)
        await session.flush()
        for member in (ADA, 22, 33):
            row = {"member_id": member, "made_at": NOW, "changed_at": NOW}
            told = {"extra_minutes": 5, "concepts": ["relu"], "sent_at": NOW, "state": "shared"}
            session.add(CheckinRow(week_id=week.id, **row, **told, **texts))
            words = dict.fromkeys(("what", "by_when", "place", "fallback"), "")
            session.add(PlanRow(group_id=group.id, state="shown", **row, **words))
    async with filled.transaction() as session:
        await session.execute(text("ANALYZE"))
        learner = await store.find_learner(session, ADA, NOW)
    assert (len(learner.blockers), learner.commitment.what) == (1, "")
    await check_reads(filled, lambda session: store.find_learner(session, ADA, NOW), IN_A_GROUP)


@pytest.mark.parametrize(
    ("find", "table"),
    [
        (lambda session: next_store.list_due(session, ADA, NOW), "cards"),
        (lambda session: next_store.list_scheduled(session, ADA), "cards"),
        (lambda session: next_store.find_last_review(session, ADA, NOW), "rounds"),
        (lambda session: review_store.find_last_answer(session, ADA), "attempts"),
        (lambda session: review_store.find_reminder(session, ADA), "reminders"),
    ],
    ids=["list_due", "list_scheduled", "find_last_review", "find_last_answer", "find_reminder"],
)
async def test_what_next_and_review_go_by_is_read_through_indexes_alone(filled, find, table):
    with statements_of(filled) as seen:
        async with filled.transaction() as session:
            await find(session)
    ((statement, parameters),) = [one for one in seen if one[0].startswith("SELECT")]
    assert statement.split("FROM ")[1].split()[0] == table
    check_plan(filled, await plan_of(filled, statement, parameters))


async def test_a_plan_without_an_index_is_noticed(database):
    """The check itself: a column that no index knows."""
    plan = await plan_of(database, "SELECT * FROM learners WHERE coding = 1", ())
    with pytest.raises(AssertionError):
        check_plan(database, plan)
