"""Study groups on real databases: who may do what, what is planned, and what is written down."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from bot.errors import MemberError
from bot.features.groups import service as texts
from bot.features.groups import store
from bot.features.groups.models import (
    ERASE,
    HOME,
    MOST_GROUPS,
    MOST_IN_SERVER,
    MOST_MEMBERS,
    MOST_OWNED,
    OUT,
    PROMPT,
    TEND,
    EventKind,
    GroupChange,
    GroupPlan,
    GroupState,
)
from bot.features.groups.service import GroupService
from bot.features.privacy.service import PrivacyService
from bot.features.progress import store as progress_store
from bot.scheduling import store as schedule
from bot.scheduling.dispatcher import ClaimLost, Dispatcher
from bot.scheduling.models import Rhythm, WorkState
from bot.storage.tables import CheckinRow, GroupWeekRow, LearnerRow, WeekMemberRow
from tests.bot.databases import rows

GUILD, PARENT, HOME_ID = 2**62, 77, 88
ADA, GRACE, EVE, LINUS = 2**63 - 1, 22, 33, 44
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 12, tzinfo=BERLIN)
TUESDAY = datetime(2026, 11, 24, 19, 30, tzinfo=BERLIN)
WEEK, DAY = timedelta(weeks=1), timedelta(days=1)


def plan_of(name="Night owls", **values):
    standard = dict(guild_id=GUILD, name=name, parent_id=PARENT, rhythm=Rhythm(1, 19 * 60 + 30, "Europe/Berlin"))
    return GroupPlan(**(standard | values))


class World:
    """One process, at a time that the test sets."""

    def __init__(self, database, now):
        self.database = database
        self.now = now
        clock = lambda: self.now.astimezone(UTC)
        self.dispatcher = Dispatcher(database, clock, worker="here")
        self.groups = GroupService(database, clock, dispatcher=self.dispatcher)

    async def make(self, owner=ADA, *members, home=HOME_ID, **values):
        """A group that is open to all and has a home, with these members."""
        group = await self.groups.create(owner, plan_of(**{"is_open": True, **values}))
        for member in members:
            self.now += timedelta(seconds=1)
            await self.groups.join(group.id, member, is_let_in=True)
        self.now += timedelta(seconds=1)
        return await self.groups.set_home(group.id, home)

    async def waiting(self, kind=PROMPT):
        found = await rows(self.database, "SELECT kind, state, subject_id, slot FROM occurrences")
        return sorted((subject, slot) for of, state, subject, slot in found if (of, state) == (kind, "waiting"))

    async def states(self, kind):
        found = await rows(self.database, "SELECT kind, state FROM occurrences")
        return [state for of, state in found if of == kind]

    async def claim(self, kind):
        """The work of this kind that is due, as a handler gets it."""
        async with self.database.transaction() as session:
            now = self.now.astimezone(UTC)
            return await schedule.claim_due(session, "here", now, limit=10, lease=timedelta(minutes=5), kinds=[kind])

    async def open_week(self, group, *asked, opened_at=TUESDAY):
        """A check-in that is open, with these members in it."""
        async with self.database.transaction() as session:
            at = opened_at.astimezone(UTC)
            week = GroupWeekRow(
                group_id=group.id, slot="2026-W48", planned_at=at, closes_at=at + 2 * DAY, channel_id=HOME_ID
            )
            week.opened_at = at
            session.add(week)
            await session.flush()
            for member in asked:
                session.add(WeekMemberRow(week_id=week.id, member_id=member, is_away=False))
            return week.id

    async def check_in(self, week_id, member_id, state):
        async with self.database.transaction() as session:
            at = self.now.astimezone(UTC)
            session.add(
                CheckinRow(
                    week_id=week_id,
                    member_id=member_id,
                    state=state,
                    evidence="",
                    learned="",
                    blocker="",
                    shows_blocker=False,
                    known=[],
                    extra_minutes=0,
                    concepts=[],
                    is_repair=False,
                    made_at=at,
                    changed_at=at,
                )
            )

    async def forget(self, member_id):
        """What /privacy delete does to a learner."""
        async with self.database.transaction() as session:
            await session.delete(await session.get(LearnerRow, member_id))

    async def history(self, group):
        events = (await self.groups.show(group.id)).history
        return [(event.kind, event.member_id) for event in reversed(events)]


@pytest.fixture
def world(database):
    return World(database, MONDAY)


async def refused(awaitable):
    with pytest.raises(MemberError) as told:
        await awaitable
    return str(told.value)


# Making


async def test_a_new_group_waits_for_its_home_and_then_for_its_first_check_in(world):
    plan = plan_of(step=3, language="German", goal="Three lessons", window_days=4)
    group = await world.groups.create(ADA, plan)
    assert group.state is GroupState.HOMELESS
    assert (group.guild_id, group.name, group.owner_id, group.parent_id) == (GUILD, "Night owls", ADA, PARENT)
    assert (group.step, group.language, group.goal, group.window_days) == (3, "German", "Three lessons", 4)
    assert (group.is_open, group.is_private, group.home_id) == (False, True, None)
    assert await world.waiting(PROMPT) == []
    assert await rows(world.database, "SELECT count(*) FROM learners") == [(1,)]
    assert await world.claim(HOME) == ()
    world.now += timedelta(minutes=1)
    (work,) = await world.claim(HOME)
    group = await world.groups.set_home(group.id, HOME_ID, occurrence=work)
    assert (group.state, group.home_id) == (GroupState.ACTIVE, HOME_ID)
    status = await world.groups.show(group.id)
    assert status.member_ids == (ADA,)
    assert status.next_prompt_at == TUESDAY
    assert status.places == MOST_MEMBERS - 1
    assert await world.history(group) == [
        (EventKind.CREATED, ADA),
        (EventKind.JOINED, ADA),
        (EventKind.HOME_OPENED, None),
    ]
    assert await world.states(HOME) == ["done"]


async def test_opening_the_home_by_hand_calls_off_the_work(world):
    group = await world.make()
    assert await world.waiting(HOME) == []
    assert await world.waiting() == [(group.id, "2026-W48")]
    assert await world.groups.find_home_group(HOME_ID) == group
    assert await world.groups.find_home_group(PARENT) is None


async def test_a_group_whose_home_could_not_be_opened_leaves_no_trace(world):
    group = await world.groups.create(ADA, plan_of())
    await world.groups.undo_create(group.id)
    assert await world.groups.find(group.id) is None
    for rest in (
        "SELECT * FROM study_groups",
        "SELECT * FROM group_members",
        "SELECT * FROM group_events",
        "SELECT * FROM occurrences",
    ):
        assert await rows(world.database, rest) == []
    made = await world.make()
    await world.groups.undo_create(made.id)
    assert await world.groups.find(made.id) == made


async def test_limits_of_a_member_and_of_a_server(world, monkeypatch):
    for number in range(MOST_OWNED):
        await world.make(name=f"group {number}", home=number)
    assert await refused(world.groups.create(ADA, plan_of("one more"))) == texts.OWNS_TOO_MANY
    third = await world.make(GRACE, ADA, name="of grace", home=20)
    assert len(await world.groups.list_mine(GUILD, ADA)) == MOST_GROUPS
    fourth = await world.make(GRACE, name="of grace, too", home=21)
    assert await refused(world.groups.join(fourth.id, ADA)) == texts.TOO_MANY
    assert await refused(world.groups.create(ADA, plan_of("one more"))) == texts.TOO_MANY
    await world.groups.leave(third.id, ADA)
    await world.groups.join(fourth.id, ADA)
    elsewhere = await world.make(name="elsewhere", guild_id=5, home=30)
    assert (await world.groups.show(elsewhere.id)).member_ids == (ADA,)
    monkeypatch.setattr(texts, "MOST_IN_SERVER", 4)
    assert MOST_IN_SERVER == 100
    assert await refused(world.groups.create(EVE, plan_of("a fifth"))) == texts.SERVER_IS_FULL
    await world.groups.end(fourth.id, GRACE)
    assert await world.groups.create(EVE, plan_of("a fifth"))


async def test_a_name_is_there_once_in_a_server(world):
    group = await world.make()
    assert await refused(world.groups.create(GRACE, plan_of("NIGHT owls"))) == texts.NAME_TAKEN
    assert await world.groups.create(GRACE, plan_of(guild_id=5))
    await world.groups.end(group.id, ADA)
    assert await world.groups.create(GRACE, plan_of())


# Joining


async def test_of_two_who_take_the_last_place_one_gets_it(world):
    group = await world.make(ADA, *range(1, MOST_MEMBERS - 1))
    results = await asyncio.gather(
        *(world.groups.join(group.id, member) for member in (GRACE, EVE)), return_exceptions=True
    )
    assert sorted(isinstance(result, MemberError) for result in results) == [False, True]
    assert {str(result) for result in results if isinstance(result, MemberError)} == {texts.IS_FULL}
    assert len((await world.groups.show(group.id)).members) == MOST_MEMBERS
    joined = await rows(world.database, "SELECT count(*) FROM group_events WHERE kind = 'joined'")
    assert joined == [(MOST_MEMBERS,)]


async def test_a_member_cannot_join_more_groups_by_clicking_in_all_at_once(world):
    groups = [await world.make(owner, name=f"group {owner}", home=owner) for owner in range(1, 6)]
    await asyncio.gather(*(world.groups.join(group.id, ADA) for group in groups), return_exceptions=True)
    assert len(await world.groups.list_mine(GUILD, ADA)) == MOST_GROUPS


async def test_a_closed_group_takes_in_whom_its_owner_lets_in(world):
    group = await world.make(is_open=False)
    assert (await world.groups.check_joining(group.id, GRACE)).group == group
    assert await refused(world.groups.join(group.id, GRACE)) == texts.IS_CLOSED
    assert await rows(world.database, "SELECT count(*) FROM learners") == [(1,)]
    assert await refused(world.groups.let_in(group.id, EVE, GRACE)) == texts.OWNER_ONLY
    status = await world.groups.let_in(group.id, ADA, GRACE)
    assert status.member_ids == (ADA, GRACE)
    assert await refused(world.groups.let_in(group.id, ADA, GRACE)) == texts.THEY_ARE_IN
    assert await refused(world.groups.check_inviting(group.id, GRACE)) == texts.THEY_ARE_IN
    assert await refused(world.groups.join(group.id, GRACE)) == texts.ALREADY_IN


async def test_whoever_is_let_in_late_may_be_in_too_many_groups_by_then(world):
    closed = await world.make(is_open=False)
    for number in range(1, MOST_GROUPS + 1):
        await world.make(number, GRACE, name=f"group {number}", home=number)
    assert await refused(world.groups.let_in(closed.id, ADA, GRACE)) == texts.THEY_ARE_IN_TOO_MANY


async def test_what_is_unknown_or_over_cannot_be_joined(world):
    assert await refused(world.groups.join(4711, ADA)) == texts.UNKNOWN
    assert await refused(world.groups.show(4711)) == texts.UNKNOWN
    group = await world.make()
    await world.groups.end(group.id, ADA)
    assert await refused(world.groups.join(group.id, GRACE)) == texts.HAS_ENDED
    assert await refused(world.groups.end(group.id, ADA)) == texts.HAS_ENDED


# Leaving


async def test_who_leaves_is_taken_out_and_can_come_back(world):
    group = await world.make(ADA, GRACE)
    await world.groups.set_nudges(group.id, GRACE, is_nudged=True, by_dm=True)
    await world.groups.pause_member(group.id, GRACE, world.now + WEEK)
    settled = await world.groups.leave(group.id, GRACE)
    assert (settled.group.owner_id, settled.new_owner_id, settled.has_ended) == (ADA, None, False)
    assert await refused(world.groups.leave(group.id, GRACE)) == texts.NOT_IN
    ((subject, slot),) = await world.waiting(OUT)
    assert (subject, slot.partition(":")[0]) == (group.id, str(GRACE))
    (work,) = await world.claim(OUT)
    await world.groups.record_out(work)
    assert await world.states(OUT) == []
    with pytest.raises(ClaimLost):
        await world.groups.record_out(work)
    world.now += DAY
    status = await world.groups.join(group.id, GRACE)
    (_, again) = status.members
    assert (again.joined_at, again.left_at, again.away_until) == (world.now, None, None)
    assert (again.is_nudged, again.by_dm) == (True, True)


async def test_whoever_was_there_longest_looks_after_the_group_when_its_owner_leaves(world):
    group = await world.make(ADA, EVE, GRACE)
    settled = await world.groups.leave(group.id, ADA)
    assert (settled.group.owner_id, settled.new_owner_id) == (EVE, EVE)
    assert (await world.history(group))[-2:] == [(EventKind.LEFT, ADA), (EventKind.OWNER, EVE)]
    assert await refused(world.groups.pause_group(group.id, world.now + WEEK, ADA)) == texts.OWNER_ONLY
    await world.groups.pause_group(group.id, world.now + WEEK, EVE)


async def test_a_group_ends_with_its_last_member(world):
    group = await world.make(ADA, GRACE)
    await world.groups.leave(group.id, ADA)
    settled = await world.groups.leave(group.id, GRACE)
    assert settled.has_ended
    assert settled.group.ended_at == world.now
    assert settled.group.home_id == HOME_ID
    assert await world.waiting() == []
    assert {subject for subject, _ in await world.waiting(TEND)} == {group.id}
    assert await world.groups.list_all(GUILD) == ()
    assert (await world.history(group))[-1] == (EventKind.ENDED, None)
    await world.groups.record_closed(group.id)
    assert (await world.groups.find(group.id)).home_id is None


async def test_owner_and_admins_take_members_out_and_nobody_else(world):
    group = await world.make(ADA, GRACE, EVE)
    assert await refused(world.groups.remove(group.id, EVE, GRACE)) == texts.OWNER_OR_ADMIN
    assert await refused(world.groups.remove(group.id, ADA, LINUS)) == texts.NOT_A_MEMBER
    assert await refused(world.groups.remove(group.id, ADA, ADA)) == texts.LEAVE_YOURSELF
    await world.groups.remove(group.id, ADA, GRACE)
    settled = await world.groups.remove(group.id, LINUS, ADA, is_admin=True)
    assert settled.new_owner_id == EVE
    assert (await world.groups.show(group.id)).member_ids == (EVE,)


async def test_those_who_met_are_remembered_after_they_left(world):
    group = await world.make(ADA, GRACE)
    world.now += DAY
    await world.groups.leave(group.id, ADA)
    world.now += DAY
    await world.groups.join(group.id, EVE)
    async with world.database.transaction() as session:
        pairs = await store.list_pairs(session, GUILD)
    assert pairs == {(GRACE, ADA), (GRACE, EVE)}


async def list_pairs(world):
    async with world.database.transaction() as session:
        return await store.list_pairs(session, GUILD)


async def test_those_who_met_are_remembered_after_one_of_them_came_back(world):
    group = await world.make(ADA, GRACE)
    for leaving, coming in ((ADA, EVE), (GRACE, ADA), (EVE, LINUS)):
        world.now += DAY
        await world.groups.leave(group.id, leaving)
        world.now += DAY
        await world.groups.join(group.id, coming)
    assert await list_pairs(world) == {(GRACE, ADA), (GRACE, EVE), (EVE, ADA), (LINUS, ADA)}


async def test_those_who_met_are_remembered_in_whatever_way_it_ended(world):
    group = await world.make(ADA, GRACE, EVE)
    await world.groups.record_gone(group.id, [EVE])
    await world.groups.remove(group.id, ADA, GRACE)
    await world.groups.join(group.id, EVE)
    await world.groups.end(group.id, ADA)
    other = await world.make(LINUS, GRACE, name="Larks", home=6)
    await world.make(EVE, 55, guild_id=5, home=7)
    await world.forget(ADA)
    assert await list_pairs(world) == {(GRACE, EVE), (GRACE, LINUS)}
    assert (await world.groups.show(other.id)).member_ids == (LINUS, GRACE)


async def test_who_is_in_a_group_already_joins_it_once(world):
    group = await world.make(ADA)
    async with world.database.transaction() as session:
        await store.add_member(session, group.id, ADA, world.now.astimezone(UTC))
    assert [kind for kind, _ in await world.history(group)].count(EventKind.JOINED) == 1


# Being away


async def test_going_away_in_an_open_week_takes_that_week_out_unless_it_is_kept(world):
    group = await world.make(ADA, GRACE, EVE)
    world.now = TUESDAY + timedelta(hours=1)
    week_id = await world.open_week(group, ADA, GRACE, EVE)
    await world.check_in(week_id, ADA, "shared")
    await world.check_in(week_id, EVE, "withdrawn")
    for member in (ADA, GRACE, EVE):
        status = await world.groups.pause_member(group.id, member, world.now + 2 * WEEK)
    assert all(member.away_until == world.now + 2 * WEEK for member in status.members)
    found = dict(await rows(world.database, "SELECT member_id, is_away FROM week_members"))
    assert {member: bool(is_away) for member, is_away in found.items()} == {ADA: False, GRACE: True, EVE: True}
    status, was_away = await world.groups.resume_member(group.id, GRACE)
    assert was_away is True
    assert {member.member_id for member in status.members if member.away_until is None} == {GRACE}
    assert await refused(world.groups.pause_member(group.id, LINUS, world.now + WEEK)) == texts.NOT_IN
    assert await refused(world.groups.resume_member(group.id, LINUS)) == texts.NOT_IN


async def test_a_pause_of_the_group_takes_the_open_week_out_for_who_has_not_checked_in(world):
    group = await world.make(ADA, GRACE)
    world.now = TUESDAY + timedelta(hours=1)
    week_id = await world.open_week(group, ADA, GRACE)
    await world.check_in(week_id, ADA, "shared")
    await world.groups.pause_group(group.id, world.now + 2 * WEEK, ADA)
    found = dict(await rows(world.database, "SELECT member_id, is_away FROM week_members"))
    assert {member: bool(is_away) for member, is_away in found.items()} == {ADA: False, GRACE: True}


async def test_what_could_not_be_deleted_is_tried_again_in_a_day(world):
    async with world.database.transaction() as session:
        await store.plan_erase(session, 5, 99, world.now)
        (first,) = await schedule.claim_due(
            session, "me", world.now, limit=1, lease=timedelta(minutes=5), kinds=[ERASE]
        )
    await world.groups.erase_later(first)
    async with world.database.transaction() as session:
        again = await schedule.find_waiting(session, ERASE, 99)
    assert (again.slot, again.due_at) == ("5~1", world.now + timedelta(days=1))
    await world.groups.erase_later(again)
    async with world.database.transaction() as session:
        assert len(await schedule.list_ended(session, ERASE, 99, 5)) == 0


async def test_who_could_not_be_taken_out_is_not_kept(world):
    group = await world.make(ADA, GRACE)
    await world.groups.leave(group.id, GRACE)
    async with world.database.transaction() as session:
        out = await schedule.find_waiting(session, OUT, group.id)
    assert str(GRACE) in out.slot
    await world.groups.forget_out(out)
    assert await rows(world.database, "SELECT slot FROM occurrences WHERE kind = 'group_out'") == [
        (f"failed {out.id}",)
    ]


async def test_a_week_that_has_closed_stays_as_it_was(world):
    group = await world.make(ADA)
    await world.open_week(group, ADA)
    async with world.database.transaction() as session:
        await session.execute(text("UPDATE group_weeks SET closed_at = planned_at"))
    await world.groups.pause_member(group.id, ADA, world.now + WEEK)
    assert not (await rows(world.database, "SELECT is_away FROM week_members"))[0][0]


async def test_a_paused_group_goes_on_by_itself_after_its_pause(world):
    group = await world.make()
    until = world.now + 2 * WEEK
    assert await refused(world.groups.pause_group(group.id, until, GRACE)) == texts.OWNER_ONLY
    status = await world.groups.pause_group(group.id, until, ADA)
    assert (status.group.state, status.group.paused_until) == (GroupState.PAUSED, until)
    assert status.next_prompt_at == TUESDAY + 2 * WEEK
    async with world.database.transaction() as session:
        assert (await store.wake(session, status.group, world.now)).state is GroupState.PAUSED
        woken = await store.wake(session, status.group, until)
    assert (woken.state, woken.paused_until) == (GroupState.ACTIVE, None)
    assert (await world.history(group))[-2:] == [(EventKind.PAUSED, None), (EventKind.RESUMED, None)]


async def test_a_group_can_go_on_early(world):
    group = await world.make()
    await world.groups.pause_group(group.id, world.now + 2 * WEEK, ADA)
    assert await refused(world.groups.resume_group(group.id, GRACE)) == texts.OWNER_ONLY
    for _ in range(2):
        status = await world.groups.resume_group(group.id, ADA)
        assert (status.group.state, status.next_prompt_at) == (GroupState.ACTIVE, TUESDAY)
    assert [kind for kind, _ in await world.history(group)].count(EventKind.RESUMED) == 1


async def test_nudges_are_off_until_somebody_wants_them(world):
    group = await world.make()
    (ada,) = (await world.groups.show(group.id)).members
    assert (ada.is_nudged, ada.by_dm) == (False, False)
    for wanted, by_dm, expected in (
        (True, False, (True, False)),
        (True, True, (True, True)),
        (False, True, (False,) * 2),
    ):
        (ada,) = (await world.groups.set_nudges(group.id, ADA, is_nudged=wanted, by_dm=by_dm)).members
        assert (ada.is_nudged, ada.by_dm) == expected
    assert await refused(world.groups.set_nudges(group.id, EVE, is_nudged=True, by_dm=False)) == texts.NOT_IN


# Changing


async def test_an_owner_changes_what_is_named_and_nothing_else(world):
    group = await world.make(ADA, GRACE, goal="old", step=2, language="German")
    before, status = await world.groups.edit(
        group.id, ADA, GroupChange(name="Larks", goal="new", step=0, language="", is_open=False, window_days=5)
    )
    assert before == group
    assert status.group == replace(
        group, name="Larks", goal="new", step=None, language=None, is_open=False, window_days=5
    )
    assert status.next_prompt_at == TUESDAY
    details = (await world.groups.show(group.id)).history[0].details
    assert details == "name, days of a check-in, step, language, goal, who may join"


async def test_another_rhythm_moves_the_next_check_in(world):
    group = await world.make()
    _, status = await world.groups.edit(group.id, ADA, GroupChange(weekday=4, minute=480, zone="Asia/Tokyo"))
    assert status.next_prompt_at == datetime(2026, 11, 27, 8, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert await world.waiting() == [(group.id, "2026-W48")]


async def test_a_check_in_of_another_rhythm_does_not_come_before_the_open_one_has_closed(world):
    group = await world.make()
    (prompt,) = await world.waiting()
    world.now = TUESDAY
    await world.claim(PROMPT)
    async with world.database.transaction() as session:
        week = GroupWeekRow(
            group_id=group.id,
            slot=prompt[1],
            planned_at=TUESDAY,
            closes_at=TUESDAY + 7 * DAY,
            channel_id=HOME_ID,
            opened_at=TUESDAY,
        )
        session.add(week)
    world.now = TUESDAY + DAY
    _, status = await world.groups.edit(group.id, ADA, GroupChange(weekday=0))
    assert status.next_prompt_at == TUESDAY + 13 * DAY


async def test_a_paused_group_stays_paused_with_another_rhythm(world):
    group = await world.make()
    await world.groups.pause_group(group.id, world.now + 2 * WEEK, ADA)
    _, status = await world.groups.edit(group.id, ADA, GroupChange(weekday=3))
    assert status.group.state is GroupState.PAUSED
    assert status.next_prompt_at == TUESDAY + 2 * WEEK + 2 * DAY


async def test_what_cannot_be_changed(world):
    group = await world.make(ADA, GRACE)
    await world.make(EVE, name="Larks", home=5)
    edit = world.groups.edit
    assert await refused(edit(group.id, GRACE, GroupChange(goal="mine"))) == texts.OWNER_ONLY
    assert await refused(edit(group.id, ADA, GroupChange())) == texts.NOTHING_TO_CHANGE
    assert await refused(edit(group.id, ADA, GroupChange(name="Night owls"))) == texts.NOTHING_TO_CHANGE
    assert await refused(edit(group.id, ADA, GroupChange(owner_id=ADA))) == texts.NOTHING_TO_CHANGE
    assert await refused(edit(group.id, ADA, GroupChange(name="LARKS"))) == texts.NAME_TAKEN
    assert await refused(edit(group.id, ADA, GroupChange(owner_id=EVE))) == texts.NOT_A_MEMBER
    _, status = await edit(group.id, ADA, GroupChange(name="night OWLS"))
    assert status.group.name == "night OWLS"


async def test_a_group_is_handed_over(world):
    group = await world.make(ADA, GRACE)
    _, status = await world.groups.edit(group.id, ADA, GroupChange(owner_id=GRACE))
    assert status.group.owner_id == GRACE
    assert (await world.history(group))[-1] == (EventKind.OWNER, GRACE)
    assert await refused(world.groups.edit(group.id, ADA, GroupChange(goal="x"))) == texts.OWNER_ONLY
    for number in range(MOST_OWNED):
        await world.make(EVE, name=f"group {number}", home=number)
    await world.groups.join(group.id, EVE)
    assert await refused(world.groups.edit(group.id, GRACE, GroupChange(owner_id=EVE))) == texts.THEY_OWN_TOO_MANY


async def test_only_owner_and_admins_end_a_group(world):
    group = await world.make(ADA, GRACE)
    assert await refused(world.groups.end(group.id, GRACE)) == texts.OWNER_OR_ADMIN
    ended = await world.groups.end(group.id, LINUS, is_admin=True)
    assert ended.state is GroupState.ENDED
    assert await world.waiting() == []
    assert await rows(world.database, "SELECT count(*) FROM group_members WHERE left_at IS NULL") == [(0,)]
    assert await world.groups.find_home_group(HOME_ID) is None


# Tending


async def test_members_who_have_left_the_server_are_members_no_more(world):
    group = await world.make(ADA, GRACE, EVE)
    settled = await world.groups.record_gone(group.id, [GRACE, LINUS])
    assert (settled.gone, settled.new_owner_id, settled.has_ended) == ((GRACE,), None, False)
    settled = await world.groups.record_gone(group.id, [ADA])
    assert (settled.gone, settled.new_owner_id) == ((ADA,), EVE)
    assert (await world.groups.record_gone(group.id, [EVE])).has_ended
    again = await world.groups.record_gone(group.id, [EVE])
    assert (again.gone, again.has_ended) == ((), True)
    assert await world.groups.record_gone(4711, []) is None


async def test_a_group_whose_owner_deleted_everything_gets_another_one(world):
    group = await world.make(ADA, GRACE)
    await world.forget(ADA)
    assert (await world.groups.find(group.id)).owner_id is None
    settled = await world.groups.record_gone(group.id, [])
    assert (settled.group.owner_id, settled.new_owner_id) == (GRACE, GRACE)
    await world.forget(GRACE)
    assert (await world.groups.record_gone(group.id, [])).has_ended


async def test_a_lost_home_stops_everything_until_there_is_a_new_one(world):
    group = await world.make()
    lost = await world.groups.lose_home(group.id, "It is gone.")
    assert (lost.state, lost.home_id, lost.note) == (GroupState.HOMELESS, None, "It is gone.")
    assert await world.groups.lose_home(group.id, "It is gone.") is None
    assert await world.waiting() == []
    assert await world.groups.plan_all([GUILD]) == 0
    moved = await world.groups.move_home(group.id, 99)
    assert moved.parent_id == 99
    found = await world.groups.set_home(group.id, 100)
    assert (found.state, found.home_id, found.note, found.parent_id) == (GroupState.ACTIVE, 100, None, 99)
    assert await world.waiting() == [(group.id, "2026-W48")]
    assert await refused(world.groups.move_home(group.id, 5)) == texts.HAS_HOME


async def test_a_pause_outlives_the_loss_of_a_home(world):
    group = await world.make()
    until = world.now + 2 * WEEK
    await world.groups.pause_group(group.id, until, ADA)
    await world.groups.lose_home(group.id, "It is gone.")
    found = await world.groups.set_home(group.id, 100)
    assert (found.state, found.paused_until) == (GroupState.PAUSED, until)
    assert (await world.groups.show(group.id)).next_prompt_at == TUESDAY + 2 * WEEK
    await world.groups.lose_home(group.id, "It is gone.")
    status = await world.groups.resume_group(group.id, ADA)
    assert (status.group.state, status.group.paused_until, status.next_prompt_at) == (GroupState.HOMELESS, None, None)
    world.now = until + DAY
    assert (await world.groups.set_home(group.id, 101)).state is GroupState.ACTIVE


async def test_a_trouble_is_news_once(world):
    group = await world.make()
    assert await world.groups.set_note(group.id, "I lack something.")
    assert not await world.groups.set_note(group.id, "I lack something.")
    assert await world.groups.set_note(group.id, "I lack more.")
    assert await world.groups.set_note(group.id, None)
    assert not await world.groups.set_note(group.id, None)


# The plan


async def test_at_start_up_every_group_has_a_check_in_ahead(world):
    groups = [await world.make(owner, name=f"group {owner}", home=owner) for owner in range(1, 5)]
    await world.groups.pause_group(groups[1].id, world.now + 2 * WEEK, 2)
    await world.groups.lose_home(groups[2].id, "It is gone.")
    await world.groups.end(groups[3].id, 4)
    async with world.database.transaction() as session:
        for group in groups:
            await store.delete_prompt(session, group.id)
    assert await world.groups.plan_all([GUILD]) == 2
    assert await world.groups.plan_all([GUILD]) == 0
    assert await world.waiting() == [(groups[0].id, "2026-W48"), (groups[1].id, "2026-W50")]


@pytest.mark.parametrize("how", ["it was told", "at start-up"])
async def test_a_server_that_the_tutor_left_is_asked_nothing_until_it_is_back(world, how):
    group, paused, lost = [await world.make(owner, name=f"group {owner}", home=owner) for owner in range(1, 4)]
    await world.groups.pause_group(paused.id, world.now + 3 * WEEK, 2)
    await world.groups.lose_home(lost.id, "It is gone.")
    other = await world.make(GRACE, guild_id=5, home=6)
    if how == "it was told":
        await world.groups.leave_server(GUILD)
    else:
        await world.groups.plan_all([5])
    assert await world.waiting() == [(other.id, "2026-W48")]
    assert await world.groups.plan_all([5]) == 0
    left = await world.groups.find(group.id)
    assert (left.state, left.home_id) == (GroupState.HOMELESS, 1)
    world.now += WEEK
    assert await (world.groups.plan_server(GUILD) if how == "it was told" else world.groups.plan_all([GUILD, 5])) == 2
    found = [await world.groups.find(one.id) for one in (group, paused, lost)]
    assert [one.state for one in found] == [GroupState.ACTIVE, GroupState.PAUSED, GroupState.HOMELESS]
    assert (await world.groups.show(group.id)).next_prompt_at == TUESDAY + WEEK
    assert (await world.groups.show(paused.id)).next_prompt_at == TUESDAY + 3 * WEEK


async def test_a_pause_ends_also_while_the_tutor_is_away(world):
    group = await world.make()
    await world.groups.pause_group(group.id, world.now + WEEK, ADA)
    await world.groups.leave_server(GUILD)
    world.now += 2 * WEEK
    await world.groups.plan_server(GUILD)
    found = await world.groups.find(group.id)
    assert (found.state, found.paused_until) == (GroupState.ACTIVE, None)


async def test_the_hour_stays_when_the_clocks_change(world):
    world.now = datetime(2026, 10, 19, 12, tzinfo=BERLIN)
    group = await world.make()
    hours = []
    for _ in range(3):
        at = (await world.groups.show(group.id)).next_prompt_at
        hours.append(at.astimezone(BERLIN).hour)
        world.now = at
        (work,) = await world.claim(PROMPT)
        async with world.database.transaction() as session:
            await world.dispatcher.end(session, work, WorkState.DONE)
            assert await store.plan_prompt(session, group, at, at)
    assert hours == [19, 19, 19]


# Which group


async def test_which_group_is_meant(world):
    choose = world.groups.choose
    assert await refused(choose(GUILD, ADA, None, None)) == texts.NO_GROUP
    assert await refused(choose(GUILD, ADA, "owls", None)) == texts.NO_GROUP
    owls = await world.make()
    assert await choose(GUILD, ADA, None, None) == owls
    larks = await world.make(GRACE, ADA, name="Larks", home=5)
    foreign = await world.make(EVE, name="Foreign", home=6)
    assert await refused(choose(GUILD, ADA, None, PARENT)) == texts.WHICH_GROUP
    assert await choose(GUILD, ADA, None, 5) == larks
    assert await choose(GUILD, ADA, "larks", HOME_ID) == larks
    assert await choose(GUILD, ADA, str(owls.id), None) == owls
    assert await refused(choose(GUILD, ADA, "Foreign", None)) == texts.NOT_FOUND
    assert await choose(GUILD, ADA, "Foreign", None, of_all=True) == foreign
    assert await refused(choose(GUILD, ADA, None, 6)) == texts.WHICH_GROUP
    assert await refused(choose(5, ADA, str(owls.id), None, of_all=True)) == texts.NOT_FOUND


async def test_lists_show_every_group_with_its_members_and_next_check_in(world):
    owls = await world.make(ADA, *range(1, MOST_MEMBERS))
    larks = await world.make(GRACE, name="Larks", home=5)
    shown = await world.groups.list_all(GUILD)
    assert [(status.group.id, len(status.members), status.next_prompt_at) for status in shown] == [
        (owls.id, MOST_MEMBERS, TUESDAY),
        (larks.id, 1, TUESDAY),
    ]
    assert [status.group.id for status in await world.groups.list_open(GUILD)] == [larks.id]
    assert [status.group.id for status in await world.groups.list_mine(GUILD, GRACE)] == [larks.id]
    assert await world.groups.list_mine(GUILD, EVE) == ()


async def test_the_zone_of_a_member_is_the_one_that_they_told(world):
    assert await world.groups.find_zone(ADA) is None
    async with world.database.transaction() as session:
        await progress_store.add_learner(session, ADA, world.now)
        await progress_store.update_profile(session, ADA, world.now, zone="Asia/Tokyo")
    assert await world.groups.find_zone(ADA) == "Asia/Tokyo"


# Members who delete everything


def privacy_of(world):
    return PrivacyService(world.database, lambda: world.now.astimezone(UTC), keep_questions_days=30)


async def groups_in(world):
    return await rows(world.database, "SELECT state, name, goal, language, owner_id FROM study_groups ORDER BY id")


ABOUT = dict(goal="Leave my job at Acme", language="German")
FORGOTTEN_ROW = ("ended", "A former group", None, None, None)


async def test_with_its_only_member_a_group_and_what_they_wrote_of_it_are_gone(world):
    group = await world.make(ADA, **ABOUT)
    await privacy_of(world).delete_member(ADA)
    assert await groups_in(world) == [FORGOTTEN_ROW]
    assert await world.waiting() == []
    assert [subject for subject, _ in await world.waiting(TEND)] == [group.id]
    assert await world.waiting(OUT) == []
    assert (await world.groups.find(group.id)).home_id == HOME_ID
    await world.groups.record_closed(group.id)
    assert await groups_in(world) == await rows(world.database, "SELECT id FROM group_events") == []


async def test_a_group_that_has_no_home_yet_is_gone_at_once_with_its_only_member(world):
    await world.groups.create(ADA, plan_of(**ABOUT))
    await privacy_of(world).delete_member(ADA)
    assert await groups_in(world) == []
    assert await world.waiting(HOME) == []


async def test_a_group_that_ended_long_ago_goes_with_the_last_who_was_in_it(world):
    group = await world.make(ADA, GRACE, **ABOUT)
    await world.groups.leave(group.id, GRACE)
    await world.groups.end(group.id, ADA)
    await world.groups.record_closed(group.id)
    assert await groups_in(world) == [("ended", "Night owls", *ABOUT.values(), ADA)]
    await privacy_of(world).delete_member(ADA)
    assert await groups_in(world) == [FORGOTTEN_ROW]
    assert await rows(world.database, "SELECT member_id FROM group_members") == [(GRACE,)]
    await privacy_of(world).delete_member(GRACE)
    assert await groups_in(world) == []


async def test_name_and_goal_belong_to_the_group_while_somebody_is_in_it(world):
    group = await world.make(ADA, GRACE, **ABOUT)
    for member in (EVE, ADA):
        await privacy_of(world).delete_member(member)
    assert await groups_in(world) == [("active", "Night owls", *ABOUT.values(), None)]
    assert (await world.groups.record_gone(group.id, [])).new_owner_id == GRACE
    assert await world.waiting() == [(group.id, "2026-W48")]


# The order of locks


async def look_after(world, groups):
    """What goes on in groups of ada while she deletes everything; it may come too late for that."""
    for number, group in enumerate(groups * 2):
        with suppress(MemberError):
            await world.groups.pause_group(group.id, world.now + (1 + number) * WEEK, ADA)
        await world.groups.record_gone(group.id, [ADA] if number > 1 else [EVE])
        with suppress(MemberError):
            await world.groups.pause_member(group.id, GRACE, world.now + WEEK)


async def test_nobody_waits_for_each_other_while_members_go_and_delete_everything(world):
    """On PostgreSQL, transactions that lock the same rows in another order end in a deadlock."""
    for number in range(20):
        groups = [await world.make(ADA, GRACE, EVE, name=f"group {number}.{place}") for place in (1, 2)]
        for group in groups:
            await world.open_week(group, ADA, GRACE, EVE)
        deletions = [privacy_of(world).delete_member(member) for member in (ADA, EVE)]
        await asyncio.gather(*deletions, look_after(world, groups), look_after(world, groups[::-1]))
        for group in groups:
            settled = await world.groups.record_gone(group.id, [])
            assert settled.group.owner_id == GRACE
            assert (await world.groups.show(group.id)).member_ids == (GRACE,)
            await world.groups.end(group.id, GRACE)
