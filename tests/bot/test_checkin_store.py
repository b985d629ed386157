"""The rows of weeks, check-ins and replies, on both databases: what is found, in which order, and what stays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.features.checkin import store
from bot.features.checkin.models import (
    DIGEST,
    REFRESH,
    SHOW,
    CheckinDraft,
    CheckinState,
    KnownEvidence,
    PlanFrom,
    Reply,
    Week,
    WeekMember,
)
from bot.features.checkin.rules.rhythm import WeekRecord
from bot.features.plan.models import Outcome, PlanText
from bot.features.progress import store as progress_store
from bot.scheduling import store as schedule
from bot.scheduling.models import WorkState
from tests.bot.checkin_world import ADA, EVE, GRACE, HOME, LINUS, World
from tests.bot.databases import rows
from tests.bot.example_rows import TEXT

NOW = datetime(2026, 11, 30, 17, 0, 0, 123456, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
DRAFT = CheckinDraft(
    Outcome.PARTLY,
    TEXT,
    TEXT,
    TEXT,
    shows_blocker=True,
    known=(KnownEvidence("done:1", TEXT, 40), KnownEvidence("round:2", "Quiz: 1 of 2 right")),
    minutes=90,
    next_plan=PlanText(TEXT, "Friday", "", TEXT),
    item="course/one",
    concepts=("slope",),
    plan_from=PlanFrom.OWN,
)


class Store:
    """Each call in a transaction of its own."""

    def __init__(self, database, group_id):
        self.database = database
        self.group_id = group_id

    def __getattr__(self, name):
        async def call(*arguments, **options):
            async with self.database.transaction() as session:
                return await getattr(store, name)(session, *arguments, **options)

        return call

    async def prepare(self, number, *, group_id=None):
        """The week that is planned so many weeks from now, not open yet."""
        planned_at = NOW + number * WEEK
        slot = f"2026-{number}"
        return await self.prepare_week(
            group_id or self.group_id, slot, planned_at=planned_at, closes_at=planned_at + 2 * DAY, channel_id=HOME
        )

    async def open(self, number, *asked, group_id=None, closed=True, digest=None):
        """A week that has opened, and asks these members."""
        week = await self.prepare(number, group_id=group_id)
        values = {"opened_at": week.planned_at, "prompt_message_id": 100 + number, "digest_message_id": digest}
        await self.update_week(week.id, **values, closed_at=week.closes_at if closed else None)
        await self.replace_members(week.id, [WeekMember(member_id) for member_id in asked])
        return await self.find_week(week.id)

    async def send(self, week, member_id, *, sent_at=None, **values):
        """A check-in that counts."""
        checkin = await self.add_checkin(week.id, member_id, NOW)
        values = {"state": CheckinState.SHARED, "sent_at": sent_at or week.planned_at} | values
        await self.update_sent(replace(checkin, **values), NOW)
        return await self.find_checkin_by_id(checkin.id)


@pytest.fixture
async def group(database):
    return await World(database, NOW - DAY).found(ADA, GRACE, EVE)


@pytest.fixture
def stored(database, group):
    return Store(database, group.id)


# Weeks


async def test_a_prepared_week_is_brought_up_to_date(stored, group):
    first = await stored.prepare(0)
    assert first == Week(first.id, group.id, "2026-0", NOW, NOW + 2 * DAY, HOME)
    again = await stored.prepare_week(group.id, "2026-0", planned_at=NOW + DAY, closes_at=NOW + WEEK, channel_id=5)
    assert again == Week(first.id, group.id, "2026-0", NOW + DAY, NOW + WEEK, 5)
    assert await stored.find_week(first.id) == await stored.find_slot(group.id, "2026-0") == again
    assert await stored.find_newest_week(group.id) is None
    assert await stored.find_week(999) is None
    assert await stored.find_slot(group.id, "2026-9") is None


async def test_the_newest_week_is_the_one_that_was_planned_last(stored, group):
    late, early = await stored.open(1, ADA), await stored.open(0, ADA)
    await stored.prepare(2)
    assert await stored.find_newest_week(group.id) == late
    assert late.prompt_message_id == 101
    assert [await stored.count_weeks(group.id, NOW + number * WEEK) for number in range(4)] == [0, 1, 2, 2]
    assert await stored.has_later_week(early)
    assert not await stored.has_later_week(late)
    overlapping = replace(early, closes_at=late.planned_at + DAY)
    assert not await stored.has_later_week(overlapping)


async def test_only_a_week_that_has_not_opened_is_forgotten(stored, group):
    opened, prepared = await stored.open(0, ADA), await stored.prepare(1)
    await stored.replace_members(prepared.id, [WeekMember(ADA)])
    for slot in ("2026-0", "2026-1", "2026-2"):
        await stored.delete_prepared(group.id, slot)
    assert await stored.find_week(opened.id) == opened
    assert await stored.find_week(prepared.id) is None
    assert await rows(stored.database, "SELECT week_id FROM week_members") == [(opened.id,)]


async def test_work_that_is_due_for_a_week_of_the_group(stored, group, database):
    week = await stored.open(0, ADA, closed=False)
    async with database.transaction() as session:
        await schedule.add_occurrence(session, DIGEST, week.id, "digest", NOW)
    assert await stored.has_due_work(DIGEST, group.id, NOW)
    assert not await stored.has_due_work(DIGEST, group.id, NOW - DAY)
    assert not await stored.has_due_work(SHOW, group.id, NOW)
    assert not await stored.has_due_work(DIGEST, group.id + 1, NOW)
    async with database.transaction() as session:
        await schedule.claim_due(session, "w", NOW, limit=5, lease=DAY, kinds=(DIGEST,))
    assert await stored.has_due_work(DIGEST, group.id, NOW)
    async with database.transaction() as session:
        (work,) = await rows_of(session, "SELECT id FROM occurrences WHERE kind = 'group_digest'")
        await schedule.end_occurrence(session, work, WorkState.DONE, NOW, worker="w")
    assert not await stored.has_due_work(DIGEST, group.id, NOW)


async def rows_of(session, query):
    return [row[0] for row in await session.execute(text(query))]


# Whom a week asks


async def test_whom_a_week_asks_is_replaced_as_a_whole(stored):
    week = await stored.prepare(0)
    await stored.replace_members(week.id, [WeekMember(GRACE, partner_id=ADA), WeekMember(ADA, is_away=True)])
    assert await stored.list_week_members(week.id) == (WeekMember(ADA, is_away=True), WeekMember(GRACE, partner_id=ADA))
    await stored.replace_members(week.id, [WeekMember(EVE)])
    assert await stored.list_week_members(week.id) == (WeekMember(EVE),)
    assert await stored.find_week_member(week.id, EVE) == WeekMember(EVE)
    assert await stored.find_week_member(week.id, ADA) is None


async def test_a_nudge_is_claimed_once(stored):
    week = await stored.open(0, ADA)
    assert await stored.update_nudged(week.id, ADA, NOW)
    assert not await stored.update_nudged(week.id, ADA, NOW + DAY)
    assert not await stored.update_nudged(week.id, GRACE, NOW)
    assert (await stored.find_week_member(week.id, ADA)).nudged_at == NOW


async def test_a_partner_who_deletes_their_data_is_nobody(stored, database):
    week = await stored.prepare(0)
    await stored.replace_members(week.id, [WeekMember(ADA, partner_id=GRACE), WeekMember(GRACE, partner_id=ADA)])
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM learners WHERE member_id = 22"))
    assert await stored.list_week_members(week.id) == (WeekMember(ADA),)


async def test_a_week_that_closes_forgets_who_is_gone_and_did_not_come(stored):
    week = await stored.open(0, ADA, GRACE, EVE)
    await stored.send(week, GRACE)
    await stored.add_checkin(week.id, EVE, NOW)
    await stored.delete_absent(week.id, [ADA])
    assert [member.member_id for member in await stored.list_week_members(week.id)] == [ADA, GRACE]
    await stored.delete_absent(week.id, [])
    assert [member.member_id for member in await stored.list_week_members(week.id)] == [GRACE]


async def test_who_was_there_at_a_moment(stored, group, database):
    world = World(database, NOW)
    await world.leave(group.id, EVE)
    assert await stored.list_member_ids(group.id, NOW - DAY) == {ADA, GRACE, EVE}
    assert await stored.list_member_ids(group.id, NOW) == {ADA, GRACE}
    assert await stored.list_member_ids(group.id + 1, NOW) == frozenset()


async def test_the_records_of_members(stored, group, database):
    other = await World(database, NOW - DAY).found(ADA, home_id=5)
    first = await stored.open(0, ADA, GRACE)
    second = await stored.open(1, ADA, closed=False)
    await stored.replace_members(second.id, [WeekMember(ADA), WeekMember(GRACE, is_away=True)])
    await stored.prepare(2)
    await stored.open(3, ADA, group_id=other.id)
    await stored.send(first, ADA, is_repair=True)
    await stored.send(second, GRACE, state=CheckinState.PRIVATE)
    await stored.send(first, GRACE, state=CheckinState.WITHDRAWN)
    await stored.add_checkin(second.id, ADA, NOW)
    one, two = (first.id, first.planned_at, first.closed_at), (second.id, second.planned_at, None)
    assert await stored.list_records(group.id, [ADA, GRACE, LINUS]) == {
        ADA: (
            WeekRecord(*one, is_asked=True, is_kept=True, is_repair=True),
            WeekRecord(*two, is_asked=True, is_kept=False),
        ),
        GRACE: (
            WeekRecord(*one, is_asked=True, is_kept=False),
            WeekRecord(*two, is_asked=False, is_kept=True),
        ),
        LINUS: (),
    }
    assert await stored.list_records(group.id, []) == {}


# Check-ins


async def test_a_checkin_is_there_once(stored):
    week = await stored.open(0, ADA)
    first = await stored.add_checkin(week.id, ADA, NOW)
    assert (first.state, first.evidence, first.known, first.draft) == (CheckinState.DRAFT, "", (), None)
    assert await stored.add_checkin(week.id, ADA, NOW + DAY) == first
    assert await stored.find_checkin(week.id, ADA) == await stored.find_checkin_by_id(first.id) == first
    assert await stored.find_checkin(week.id, GRACE) is None
    assert await stored.find_checkin_by_id(999) is None
    await stored.delete_checkin(first.id)
    assert (await stored.add_checkin(week.id, ADA, NOW)).id > first.id


async def test_a_draft_comes_back_as_it_was(stored):
    week = await stored.open(0, ADA)
    checkin = await stored.add_checkin(week.id, ADA, NOW)
    for draft in (DRAFT, CheckinDraft()):
        await stored.update_draft(checkin.id, draft, NOW + DAY)
        assert await stored.find_checkin(week.id, ADA) == replace(checkin, draft=draft)
    await stored.update_draft(checkin.id, None, NOW)
    assert await stored.find_checkin(week.id, ADA) == checkin
    assert await rows(stored.database, "SELECT count(*) FROM checkins WHERE draft IS NULL") == [(1,)]


async def test_what_was_sent_comes_back_as_it_was(stored):
    week = await stored.open(0, ADA)
    checkin = await stored.add_checkin(week.id, ADA, NOW)
    await stored.update_draft(checkin.id, DRAFT, NOW)
    sent = replace(
        checkin,
        state=CheckinState.PRIVATE,
        outcome=Outcome.NOT,
        evidence=TEXT,
        learned=TEXT,
        blocker=TEXT,
        shows_blocker=True,
        known=DRAFT.known,
        minutes=90,
        extra_minutes=30,
        concepts=("slope", "chain"),
        is_repair=True,
        sent_at=NOW,
    )
    await stored.update_sent(sent, NOW)
    assert await stored.find_checkin(week.id, ADA) == sent
    await stored.update_checkin(checkin.id, channel_id=HOME, message_id=2**63 - 1, posted_at=NOW)
    found = await stored.find_checkin(week.id, ADA)
    assert (found.message_id, found.posted_at) == (2**63 - 1, NOW)


async def test_the_checkins_of_a_week_that_count_come_in_the_order_of_time(stored):
    week, other = await stored.open(0, ADA), await stored.open(1, ADA)
    grace = await stored.send(week, GRACE, sent_at=NOW + DAY)
    ada = await stored.send(week, ADA, sent_at=NOW + 2 * DAY, state=CheckinState.PRIVATE)
    await stored.send(week, EVE, state=CheckinState.WITHDRAWN)
    await stored.send(other, EVE)
    assert await stored.list_checkins(week.id) == (grace, ada)


async def test_a_checkin_is_found_at_its_message_while_the_group_sees_it(stored):
    week = await stored.open(0, ADA)
    checkin = await stored.send(week, ADA, channel_id=HOME)
    await stored.update_checkin(checkin.id, message_id=500)
    assert (await stored.find_checkin_at(500)).id == checkin.id
    assert await stored.find_checkin_at(501) is None
    await stored.update_checkin(checkin.id, state="private")
    assert await stored.find_checkin_at(500) is None


async def test_the_last_checkin_before_a_week(stored, group):
    weeks = [await stored.open(number, ADA) for number in range(3)]
    assert await stored.find_last_sent(ADA, group.id, weeks[2].planned_at) is None
    await stored.send(weeks[0], ADA, sent_at=NOW + 5 * WEEK)
    await stored.send(weeks[1], ADA, state=CheckinState.WITHDRAWN)
    await stored.send(weeks[2], ADA)
    await stored.send(weeks[1], GRACE)
    expected = (NOW + 5 * WEEK, weeks[0].closes_at)
    assert await stored.find_last_sent(ADA, group.id, weeks[2].planned_at) == expected
    assert await stored.find_last_sent(ADA, group.id, weeks[0].planned_at) is None
    assert await stored.find_last_sent(ADA, group.id + 1, weeks[2].planned_at) is None


# Replies


async def test_replies_are_found_and_counted(stored):
    week = await stored.open(0, ADA)
    ada, eve = await stored.send(week, ADA), await stored.send(week, EVE, state=CheckinState.PRIVATE)
    reply = await stored.add_reply(ada.id, GRACE, TEXT, NOW)
    own = await stored.add_reply(ada.id, GRACE, None, NOW, channel_id=HOME, message_id=600)
    await stored.add_reply(eve.id, GRACE, "Hello.", NOW)
    assert reply == await stored.find_reply(reply.id) == Reply(reply.id, ada.id, GRACE, TEXT, None, None)
    assert own == Reply(own.id, ada.id, GRACE, None, HOME, 600)
    assert await stored.find_same_reply(ada.id, GRACE, text=TEXT) == reply
    assert await stored.find_same_reply(ada.id, GRACE, message_id=600) == own
    assert await stored.find_same_reply(ada.id, GRACE, text="another") is None
    assert await stored.find_same_reply(eve.id, GRACE, text=TEXT) is None
    await stored.update_reply(reply.id, channel_id=HOME, message_id=601)
    assert (await stored.find_reply(reply.id)).message_id == 601
    assert await stored.count_replies(week.id) == 2
    assert await stored.find_reply(999) is None


# Scheduled work, and what goes with a member


async def test_work_at_the_same_moment_is_planned_twice(stored, database):
    for _ in range(3):
        await stored.plan_show(7, NOW)
    await stored.plan_refresh(7, NOW)
    found = await rows(database, "SELECT kind, count(*), count(DISTINCT slot) FROM occurrences GROUP BY kind")
    assert {kind: (count, slots) for kind, count, slots in found if kind in {SHOW, REFRESH}} == {
        SHOW: (3, 3),
        REFRESH: (1, 1),
    }


async def test_everything_that_was_posted_for_a_member(stored, group, database):
    week = await stored.open(0, ADA)
    assert await stored.list_posts_of(ADA) == ()
    mine, other = await stored.send(week, ADA), await stored.send(week, GRACE)
    for number, checkin in enumerate((mine, other)):
        await stored.update_checkin(checkin.id, channel_id=HOME, message_id=500 + number)
    reply = await stored.add_reply(other.id, ADA, "Well done.", NOW)
    await stored.update_reply(reply.id, channel_id=HOME, message_id=600)
    await stored.add_reply(other.id, ADA, "Not posted yet.", NOW)
    await stored.add_reply(other.id, ADA, None, NOW, channel_id=HOME, message_id=601)  # of their own
    world = World(database, NOW)
    plan = await world.plan(ADA, group.id, PlanText("Read"))
    await world.plan(ADA, group.id, PlanText("Write"))
    async with database.transaction() as session:
        await session.execute(text(f"UPDATE plans SET channel_id = 77, message_id = 700 WHERE id = {plan.id}"))  # noqa: S608
    assert await stored.list_posts_of(ADA) == ((HOME, 500), (HOME, 600), (HOME, 700))
    assert await stored.list_posts_of(GRACE) == ((HOME, 501), (HOME, 600))  # what is replied to her goes with hers


async def test_the_digests_that_name_a_member(stored):
    weeks = [await stored.open(number, ADA, digest=800 + number) for number in range(22)]
    without = await stored.open(30, ADA)
    for week in (*weeks, without):
        await stored.send(week, ADA)
    await stored.send(weeks[0], GRACE, state=CheckinState.PRIVATE)
    await stored.send(weeks[1], GRACE, state=CheckinState.WITHDRAWN)
    assert await stored.list_digests_of(ADA) == tuple(week.id for week in reversed(weeks[2:]))
    assert await stored.list_digests_of(GRACE) == (weeks[0].id,)
    assert await stored.list_digests_of(EVE) == ()


async def test_locking_members_makes_nobody(stored, group, database):
    await stored.lock_members(group.id)
    await stored.lock_members(999)
    async with database.transaction() as session:
        await store.lock_members(session, group.id)
        await progress_store.add_learner(session, ADA, NOW)
    assert await rows(database, "SELECT member_id FROM learners ORDER BY member_id") == [(ADA,), (GRACE,), (EVE,)]
