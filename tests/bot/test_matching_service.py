"""The use cases of matching, on both databases: what is stored, planned, proposed, decided and done."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from bot.errors import MemberError
from bot.features.groups import store as groups_store
from bot.features.groups.models import HOME, OUT, TEND, EventKind, GroupPlan, GroupState
from bot.features.groups.service import HOME_WITHIN, TOO_MANY, GroupService
from bot.features.matching import store
from bot.features.matching.models import (
    EXPIRE,
    MATCH,
    PROPOSE,
    Answer,
    ProposalKind,
    ProposalState,
    Window,
    Wish,
)
from bot.features.matching.service import (
    NO_LANGUAGES,
    NO_TEXT,
    NO_WINDOWS,
    NO_ZONE,
    NOT_YOURS,
    UNKNOWN,
    MatchingService,
)
from bot.features.progress import store as progress_store
from bot.features.progress.models import State
from bot.features.progress.service import ProgressService
from bot.features.settings import store as settings_store
from bot.scheduling import store as schedule
from bot.scheduling.dispatcher import ClaimLost, Dispatcher
from bot.scheduling.models import Rhythm
from bot.storage.tables import LearnerRow
from tests.bot.databases import rows
from tests.bot.small_curriculum import concept_of, curriculum_of, resource_of, step_of, unit_of

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
GUILD, CHANNEL, GROUPS_CHANNEL = 2**62, 77, 88
A, B, C, D, E, F, G, H = 2**63 - 1, 22, 33, 44, 55, 66, 77, 88
EVENINGS = Wish((Window.WEEKDAY_EVENINGS, Window.WEEKEND_EVENINGS))
TUESDAYS = Rhythm(1, 19 * 60, "Europe/Berlin")
YES, NO = Answer.YES, Answer.NO

CURRICULUM = curriculum_of(
    step_of(1, core=("one",)),
    step_of(2, core=("two",)),
    resources={"one": resource_of(unit_of("a", ("x",))), "two": resource_of(unit_of("b", ("y",)), steps=(2,))},
    concepts={"x": concept_of(1), "y": concept_of(2)},
)


class World:
    """One process with its services, at a time that the test sets."""

    def __init__(self, database, worker="here"):
        self.database = database
        self.now = NOW
        clock = lambda: self.now
        self.dispatcher = Dispatcher(database, clock, worker=worker)
        self.progress = ProgressService(database, clock, CURRICULUM)
        self.groups = GroupService(database, clock, dispatcher=self.dispatcher)
        self.matching = MatchingService(database, clock, self.progress, dispatcher=self.dispatcher)

    async def live_in(self, *member_ids, zone="Europe/Berlin", hours=5.0):
        for member_id in member_ids:
            await self.progress.save_profile(member_id, zone=zone, hours_per_week=hours)

    async def look(self, *member_ids, wish=EVENINGS, guild_id=GUILD):
        """They begin to look, a minute after one another."""
        await self.live_in(*member_ids)
        for member_id in member_ids:
            await self.matching.look(member_id, guild_id, CHANNEL, wish)
            self.now += timedelta(minutes=1)

    async def claim(self, kind):
        """The next work of a kind that is due."""
        async with self.database.transaction() as session:
            claimed = await schedule.claim_due(
                session, self.dispatcher.worker, self.now, limit=1, lease=timedelta(minutes=5), kinds=(kind,)
            )
        return claimed[0] if claimed else None

    async def match(self):
        """An hour later everybody is matched; the ids of what is proposed."""
        waiting = await self.waiting(MATCH)
        self.now = max(self.now, waiting)
        return await self.matching.match_server(await self.claim(MATCH))

    async def waiting(self, kind, subject_id=GUILD):
        """When something waits."""
        async with self.database.transaction() as session:
            found = await schedule.find_waiting(session, kind, subject_id)
        return found and found.due_at

    async def proposal(self, proposal_id):
        async with self.database.transaction() as session:
            return await store.find_proposal(session, proposal_id)

    async def seekers(self, guild_id=GUILD):
        async with self.database.transaction() as session:
            return [seeker.member_id for seeker in await store.list_seekers(session, guild_id)]

    async def say(self, proposal_id, **answers):
        """Names are those of the members: say(1, yes=[A], no=[B])."""
        for answer, member_ids in answers.items():
            for member_id in member_ids:
                await self.matching.answer(proposal_id, member_id, Answer(answer))
        return (await self.proposal(proposal_id)).state

    async def group(self, *member_ids, name="Gradients", old=True, **values):
        """A group that has its home, made two weeks ago."""
        plan = GroupPlan(GUILD, name, CHANNEL, values.pop("rhythm", TUESDAYS), **values)
        at = self.now - 2 * WEEK if old else self.now
        async with self.database.transaction() as session:
            group = await groups_store.add_group(session, plan, member_ids[0], member_ids, at)
        return await self.groups.set_home(group.id, 1000 + group.id)

    async def members(self, group_id):
        async with self.database.transaction() as session:
            return [member.member_id for member in await groups_store.list_members(session, group_id)]

    async def events(self, group_id):
        """What happened to a group, the oldest first."""
        async with self.database.transaction() as session:
            found = await groups_store.list_events(session, group_id, 50)
        return [(event.kind, event.member_id, event.details) for event in reversed(found)]

    async def slots(self, kind):
        """Everything that was planned of a kind: for what, in which slot, and what came of it."""
        found = await rows(self.database, "SELECT kind, subject_id, slot, state FROM occurrences ORDER BY id")
        return [row[1:] for row in found if row[0] == kind]

    async def forget(self, member_id):
        """A member has everything about them deleted."""
        async with self.database.transaction() as session:
            await session.execute(delete(LearnerRow).where(LearnerRow.member_id == member_id))


@pytest.fixture
async def world(database):
    return World(database)


# Looking for a group


async def test_somebody_new_sees_an_empty_panel_and_leaves_no_row(world):
    panel = await world.matching.show(A, GUILD)
    assert (panel.step, panel.hours_per_week, panel.zone) == (1, None, None)
    assert panel.wish == Wish((), ("English",), by_dm=False)
    assert (panel.looks_since, panel.seekers, panel.next_at, panel.proposals, panel.groups) == (None, 0, None, (), 0)
    assert await rows(world.database, "SELECT * FROM learners") == []


async def test_looking_puts_one_on_the_list_and_plans_a_match_within_the_hour(world):
    await world.live_in(A)
    panel = await world.matching.look(A, GUILD, CHANNEL, replace(EVENINGS, languages=("English", "German"), by_dm=True))
    assert (panel.looks_since, panel.seekers, panel.next_at) == (NOW, 1, NOW + HOUR)
    assert panel.wish == Wish(EVENINGS.windows, ("English", "German"), by_dm=True)
    async with world.database.transaction() as session:
        seeker = await store.find_seeker(session, A, GUILD)
    assert (seeker.zone, seeker.step, seeker.hours_per_week, seeker.channel_id) == ("Europe/Berlin", 1, 5.0, CHANNEL)


async def test_changing_what_one_looks_for_keeps_the_place(world):
    await world.look(A)
    await world.progress.settle_item(A, "one/a", State.DONE)
    panel = await world.matching.look(A, GUILD, CHANNEL + 1, Wish((Window.WEEKEND_DAYS,)))
    assert (panel.looks_since, panel.seekers, panel.step) == (NOW, 1, 2)
    async with world.database.transaction() as session:
        seeker = await store.find_seeker(session, A, GUILD)
    assert (seeker.windows, seeker.step, seeker.channel_id) == ((Window.WEEKEND_DAYS,), 2, CHANNEL + 1)
    assert seeker.made_at == NOW


async def test_servers_are_apart(world):
    await world.look(A)
    panel = await world.matching.show(A, GUILD + 1)
    assert (panel.looks_since, panel.seekers, panel.next_at) == (None, 0, None)


@pytest.mark.parametrize(
    ("zone", "wish", "text"),
    [
        (None, EVENINGS, NO_ZONE),
        ("Nowhere/Town", EVENINGS, NO_ZONE),
        ("Europe/Berlin", Wish(), NO_WINDOWS),
        ("Europe/Berlin", replace(EVENINGS, languages=()), NO_LANGUAGES),
    ],
)
async def test_what_is_missing_is_said(world, zone, wish, text):
    await world.live_in(A, zone=zone)
    with pytest.raises(MemberError) as raised:
        await world.matching.look(A, GUILD, CHANNEL, wish)
    assert str(raised.value) == text
    assert await world.seekers() == []
    assert await world.slots(MATCH) == []


async def test_who_is_in_three_groups_looks_for_no_fourth(world):
    await world.live_in(A)
    for number in range(3):
        await world.group(A, name=f"Group {number}")
    with pytest.raises(MemberError, match="3 groups"):
        await world.matching.look(A, GUILD, CHANNEL, EVENINGS)
    assert await world.seekers() == []


async def test_a_match_is_planned_once_and_brought_forward_by_who_is_new(world):
    await world.look(A, B, C)
    assert len(await world.slots(MATCH)) == 1
    await world.match()
    assert await world.waiting(MATCH) == NOW + HOUR + DAY
    await world.look(D)
    assert await world.waiting(MATCH) < NOW + 3 * HOUR
    assert [state for _, _, state in await world.slots(MATCH)] == ["done", "waiting"]


async def test_stopping_takes_one_off_the_list(world):
    await world.look(A, B)
    panel = await world.matching.stop(A, GUILD)
    assert (panel.looks_since, panel.seekers) == (None, 1)
    assert (await world.matching.stop(A, GUILD)).seekers == 1
    assert await world.seekers() == [B]


async def test_stopping_without_ever_having_begun_leaves_no_row(world):
    await world.matching.stop(A, GUILD)
    assert await rows(world.database, "SELECT * FROM learners") == []


async def test_a_new_zone_holds_for_the_search_too(world):
    await world.look(A)
    panel = await world.matching.save_zone(A, GUILD, "Tokyo")
    assert panel.zone == "Asia/Tokyo"
    async with world.database.transaction() as session:
        assert (await store.find_seeker(session, A, GUILD)).zone == "Asia/Tokyo"
        assert (await progress_store.find_profile(session, A)).zone == "Asia/Tokyo"
    with pytest.raises(MemberError) as raised:
        await world.matching.save_zone(A, GUILD, "  ")
    assert str(raised.value) == NO_TEXT


# Matching


async def test_four_who_fit_get_a_proposal(world):
    await world.look(A, B, C, D)
    (proposal_id,) = await world.match()
    found = await world.proposal(proposal_id)
    assert (found.kind, found.state, found.groups) == (ProposalKind.FORM, ProposalState.OPEN, ())
    assert {member.member_id for member in found.members} == {A, B, C, D}
    assert all(member.answer is None and member.part == 0 for member in found.members)
    assert (found.channel_id, found.message_id) == (CHANNEL, None)
    assert (found.made_at, found.expires_at) == (world.now, world.now + 72 * HOUR)
    terms = store.read_terms(found.details)
    assert (terms.words, terms.hours) == ("all on step 1, Sunday evenings, English", 35)
    assert terms.name.startswith("The ")
    assert not {str(A), str(B), str(C), str(D)} & set(str(found.details).replace(",", " ").split())
    assert await world.waiting(PROPOSE, proposal_id) == world.now
    assert await world.waiting(EXPIRE, proposal_id) == world.now + 72 * HOUR
    assert await world.seekers() == [A, B, C, D]
    assert (await world.matching.show(A, GUILD)).proposals == (proposal_id,)


async def test_the_channel_that_an_admin_has_set_comes_first(world):
    async with world.database.transaction() as session:
        await settings_store.update_guild(session, GUILD, NOW, groups_channel_id=GROUPS_CHANNEL)
    await world.look(A, B, C)
    (proposal_id,) = await world.match()
    assert (await world.proposal(proposal_id)).channel_id == GROUPS_CHANNEL


async def test_who_has_a_proposal_gets_no_second_one(world):
    await world.look(A, B, C)
    assert len(await world.match()) == 1
    await world.look(D, E)
    assert await world.match() == ()
    await world.look(F)
    (second,) = await world.match()
    assert {member.member_id for member in (await world.proposal(second)).members} == {D, E, F}


async def test_matching_goes_on_daily_while_there_is_somebody_to_match(world):
    await world.look(A)
    assert await world.match() == ()
    assert await world.waiting(MATCH) == world.now + DAY
    await world.matching.stop(A, GUILD)
    assert await world.match() == ()
    assert await world.waiting(MATCH) is None


async def test_matching_goes_on_while_there_are_groups(world):
    await world.live_in(A, B, C)
    await world.group(A, B, C)
    assert await world.matching.plan_all([GUILD]) == 1
    assert await world.match() == ()
    assert await world.waiting(MATCH) == world.now + DAY


async def test_a_forgotten_match_is_planned_again_once(world):
    await world.look(A)
    await world.look(B, guild_id=GUILD + 1)
    assert await world.matching.plan_all([GUILD]) == 0
    async with world.database.transaction() as session:
        await schedule.delete_waiting(session, MATCH, GUILD)
    assert await world.matching.plan_all([GUILD]) == 1
    assert await world.waiting(MATCH) == world.now + HOUR


async def test_work_that_was_taken_over_proposes_nothing(world):
    await world.look(A, B, C)
    world.now += HOUR
    mine = await world.claim(MATCH)
    world.now += timedelta(minutes=6)
    other = World(world.database, "there")
    other.now = world.now
    theirs = await other.claim(MATCH)
    assert theirs.id == mine.id
    with pytest.raises(ClaimLost):
        await world.matching.match_server(mine)
    assert await rows(world.database, "SELECT * FROM group_proposals") == []
    assert len(await other.matching.match_server(theirs)) == 1


async def test_who_stops_or_is_deleted_while_matching_runs_is_not_proposed(world, monkeypatch):
    await world.look(A, B, C, D, E, F)
    thread = asyncio.to_thread

    async def slowly(function, *arguments, **options):
        drafts = await thread(function, *arguments, **options)
        await world.matching.stop(drafts[0].members[0].member_id, GUILD)
        return drafts

    monkeypatch.setattr("bot.features.matching.service.asyncio.to_thread", slowly)
    ids = await world.match()
    assert len(ids) == 1
    assert len(await world.seekers()) == 5


async def test_two_who_match_at_the_same_time_propose_once(world, monkeypatch):
    await world.look(A, B, C)
    thread, calls = asyncio.to_thread, []

    async def slowly(function, *arguments, **options):
        drafts = await thread(function, *arguments, **options)
        calls.append(drafts)
        if len(calls) == 1:
            async with world.database.transaction() as session:
                await schedule.add_occurrence(session, MATCH, GUILD, "again", world.now)
            await world.matching.match_server(await world.claim(MATCH))
        return drafts

    monkeypatch.setattr("bot.features.matching.service.asyncio.to_thread", slowly)
    assert await world.match() == ()
    assert [len(drafts) for drafts in calls] == [1, 1]
    assert await rows(world.database, "SELECT count(*) FROM group_proposals") == [(1,)]


async def test_a_server_out_of_reach_is_left_out(world):
    await world.look(A, B, C)
    world.now += HOUR
    await world.matching.skip_match(await world.claim(MATCH))
    assert [state for _, _, state in await world.slots(MATCH)] == ["skipped"]
    assert await world.matching.plan_all([GUILD]) == 1


async def test_a_server_that_the_tutor_has_left_is_not_matched_until_it_is_back(world):
    await world.look(A, B, C)
    await world.matching.leave_server(GUILD)
    assert await world.waiting(MATCH) is None
    assert await world.matching.plan_all([5]) == 0
    assert await world.waiting(MATCH) is None
    await world.matching.plan_server(GUILD)
    assert await world.waiting(MATCH) == world.now + HOUR
    await world.matching.plan_server(5)
    assert len(await world.slots(MATCH)) == 1


async def test_a_match_that_failed_for_good_is_followed_by_another_one(world):
    await world.look(A)
    world.now += HOUR
    await world.claim(MATCH)
    await world.matching.plan_next(GUILD)
    assert await world.waiting(MATCH) == world.now + DAY


async def test_members_who_were_in_one_group_are_not_proposed_to_each_other(world):
    await world.look(A, B, C, D)
    old = await world.group(A, B)
    await world.groups.leave(old.id, A)
    await world.groups.leave(old.id, B)
    (proposal_id,) = await world.match()
    ids = {member.member_id for member in (await world.proposal(proposal_id)).members}
    assert len(ids) == 3
    assert not {A, B} <= ids


async def test_members_who_came_back_to_a_group_without_each_other_are_not_proposed_to_each_other(world):
    await world.look(A, B, C, D)
    old = await world.group(A, B, E)
    for leaves in (A, B):
        await world.groups.leave(old.id, leaves)
    for comes in (A, B):
        await world.groups.join(old.id, comes, is_let_in=True)
        await world.groups.leave(old.id, comes)
    (proposal_id,) = await world.match()
    ids = {member.member_id for member in (await world.proposal(proposal_id)).members}
    assert len(ids) == 3
    assert not {A, B} <= ids


# A new group


async def four(world, *, is_told=True):
    """Four members have been told of a proposal."""
    await world.look(A, B, C, D)
    (proposal_id,) = await world.match()
    if is_told:
        await world.matching.record_post(proposal_id, CHANNEL, 500)
    return proposal_id


async def test_everybody_accepts_and_the_group_is_made(world):
    proposal_id = await four(world)
    assert await world.say(proposal_id, yes=[D, B, A]) is ProposalState.OPEN
    offer = await world.matching.answer(proposal_id, C, YES)
    assert (offer.proposal.state, offer.answer, offer.answered) == (ProposalState.ACCEPTED, YES, 4)
    (group,) = await world.groups.list_all(GUILD)
    terms = store.read_terms(offer.proposal.details)
    assert set(group.member_ids) == {A, B, C, D}
    assert (group.group.owner_id, group.group.name, group.group.rhythm) == (A, terms.name, terms.rhythm)
    assert (group.group.parent_id, group.group.step, group.group.language) == (CHANNEL, 1, "English")
    assert (group.group.is_open, group.group.is_private, group.group.state) == (False, True, GroupState.HOMELESS)
    assert await world.waiting(HOME, group.group.id) == world.now + HOME_WITHIN
    assert await world.seekers() == []
    assert await world.waiting(EXPIRE, proposal_id) is None
    assert [slot for _, slot, _ in await world.slots(PROPOSE)] == ["open", "decided"]


async def test_a_second_click_changes_nothing(world):
    proposal_id = await four(world)
    for _ in range(2):
        assert await world.say(proposal_id, yes=[A]) is ProposalState.OPEN
    await world.say(proposal_id, yes=[B, C, D])
    for answer in (YES, NO):
        offer = await world.matching.answer(proposal_id, A, answer)
        assert (offer.proposal.state, offer.answer) == (ProposalState.ACCEPTED, YES)
    assert len(await world.groups.list_all(GUILD)) == 1
    assert len(await world.slots(PROPOSE)) == 2


async def test_two_who_accept_at_the_same_time_make_one_group(world):
    proposal_id = await four(world)
    await world.say(proposal_id, yes=[A, B])
    await asyncio.gather(*(world.matching.answer(proposal_id, member_id, YES) for member_id in (C, D, C, D)))
    (group,) = await world.groups.list_all(GUILD)
    assert set(group.member_ids) == {A, B, C, D}


async def test_an_answer_can_be_changed_while_the_proposal_is_open(world):
    proposal_id = await four(world)
    await world.say(proposal_id, no=[A])
    offer = await world.matching.answer(proposal_id, A, YES)
    assert (offer.answer, offer.answered) == (YES, 1)
    assert await world.say(proposal_id, yes=[B, C, D]) is ProposalState.ACCEPTED


async def test_three_who_accept_are_enough_once_the_fourth_has_declined(world):
    proposal_id = await four(world)
    assert await world.say(proposal_id, no=[A], yes=[B, C, D]) is ProposalState.ACCEPTED
    (group,) = await world.groups.list_all(GUILD)
    assert set(group.member_ids) == {B, C, D}
    assert group.group.owner_id == B
    assert await world.seekers() == [A]


async def test_time_is_up_and_three_have_accepted(world):
    proposal_id = await four(world)
    assert await world.say(proposal_id, yes=[A, B, D]) is ProposalState.OPEN
    world.now += 72 * HOUR
    await world.matching.expire(await world.claim(EXPIRE))
    assert (await world.proposal(proposal_id)).state is ProposalState.ACCEPTED
    (group,) = await world.groups.list_all(GUILD)
    assert set(group.member_ids) == {A, B, D}
    assert await world.seekers() == [C]


async def test_time_is_up_and_two_have_accepted(world):
    proposal_id = await four(world)
    await world.say(proposal_id, yes=[A, B])
    world.now += 72 * HOUR
    await world.matching.expire(await world.claim(EXPIRE))
    assert (await world.proposal(proposal_id)).state is ProposalState.EXPIRED
    assert await world.groups.list_all(GUILD) == ()
    assert await world.seekers() == [A, B, C, D]
    assert [slot for _, slot, _ in await world.slots(PROPOSE)] == ["open", "decided"]


async def test_an_answer_after_the_time_does_not_count(world):
    proposal_id = await four(world)
    await world.say(proposal_id, yes=[A, B])
    world.now += 72 * HOUR
    offer = await world.matching.answer(proposal_id, C, YES)
    assert (offer.proposal.state, offer.answer) == (ProposalState.EXPIRED, None)
    assert await world.say(proposal_id, yes=[D]) is ProposalState.EXPIRED


async def test_two_who_decline_end_it_and_the_same_people_are_not_proposed_for_four_weeks(world):
    proposal_id = await four(world)
    assert await world.say(proposal_id, yes=[A, B], no=[C]) is ProposalState.OPEN
    assert await world.say(proposal_id, no=[D]) is ProposalState.DECLINED
    assert await world.waiting(EXPIRE, proposal_id) is None
    assert await world.seekers() == [A, B, C, D]
    for _ in range(27):
        assert await world.match() == ()
    world.now += 2 * DAY
    assert len(await world.match()) == 1


async def test_those_who_accepted_can_be_proposed_with_others_at_once(world):
    proposal_id = await four(world)
    await world.say(proposal_id, yes=[A, B], no=[C, D])
    await world.look(E)
    (second,) = await world.match()
    assert {A, B, E} <= {member.member_id for member in (await world.proposal(second)).members}


async def test_who_stops_looking_declines(world):
    proposal_id = await four(world)
    await world.say(proposal_id, yes=[A, B, C])
    await world.matching.stop(D, GUILD)
    assert (await world.proposal(proposal_id)).state is ProposalState.ACCEPTED
    (group,) = await world.groups.list_all(GUILD)
    assert set(group.member_ids) == {A, B, C}


async def test_who_is_deleted_vanishes_and_what_is_too_small_then_is_declined_by_whoever_comes(world):
    await world.look(A, B, C)
    (proposal_id,) = await world.match()
    await world.forget(C)
    offer = await world.matching.see(proposal_id, A)
    assert offer.proposal.state is ProposalState.DECLINED
    assert [member.member_id for member in offer.proposal.members] == [B, A]
    with pytest.raises(MemberError) as raised:
        await world.matching.see(proposal_id, C)
    assert str(raised.value) == NOT_YOURS


async def test_who_deletes_everything_after_accepting_is_not_brought_back(world):
    proposal_id = await four(world)
    await world.say(proposal_id, yes=[A, B, C])
    await world.forget(A)
    assert await world.say(proposal_id, yes=[D]) is ProposalState.ACCEPTED
    (group,) = await world.groups.list_all(GUILD)
    assert set(group.member_ids) == {B, C, D}
    assert (A,) not in await rows(world.database, "SELECT member_id FROM learners")


async def test_who_is_in_three_groups_by_now_cannot_accept(world):
    proposal_id = await four(world)
    for number in range(3):
        await world.group(A, B, name=f"Group {number}")
    with pytest.raises(MemberError) as raised:
        await world.matching.answer(proposal_id, A, YES)
    assert str(raised.value) == TOO_MANY
    await world.matching.answer(proposal_id, A, NO)
    assert (await world.proposal(proposal_id)).state is ProposalState.OPEN


async def test_who_got_into_three_groups_after_accepting_is_left_out(world):
    proposal_id = await four(world)
    await world.say(proposal_id, yes=[A])
    for number in range(3):
        await world.group(A, name=f"Group {number}")
    assert await world.say(proposal_id, yes=[B, C, D]) is ProposalState.ACCEPTED
    (made,) = [status for status in await world.groups.list_all(GUILD) if A not in status.member_ids]
    assert set(made.member_ids) == {B, C, D}


async def test_a_name_that_was_taken_meanwhile_is_chosen_anew(world):
    proposal_id = await four(world)
    name = store.read_terms((await world.proposal(proposal_id)).details).name
    await world.group(E, name=name.upper())
    await world.say(proposal_id, yes=[A, B, C, D])
    names = {status.group.name.casefold() for status in await world.groups.list_all(GUILD)}
    assert len(names) == 2


async def test_a_proposal_is_for_its_members(world):
    proposal_id = await four(world)
    for act in (world.matching.see(proposal_id, E), world.matching.answer(proposal_id, E, YES)):
        with pytest.raises(MemberError) as raised:
            await act
        assert str(raised.value) == NOT_YOURS
    with pytest.raises(MemberError) as raised:
        await world.matching.see(proposal_id + 1, A)
    assert str(raised.value) == UNKNOWN


# Telling


async def test_what_there_is_to_tell_of_a_new_group(world):
    await world.look(A, B)
    await world.look(C, D, wish=replace(EVENINGS, by_dm=True))
    (proposal_id,) = await world.match()
    news = await world.matching.prepare(await world.claim(PROPOSE))
    assert set(news.seekers) == {A, B, C, D}
    assert (news.groups, dict(news.inside), news.channels) == ((), {}, (CHANNEL,))
    assert news.writes_to == (C, D)
    assert dict(news.posts) == {}
    assert news.next_at == world.now + DAY
    await world.matching.record_post(proposal_id, 5, 500)
    await world.matching.record_post(proposal_id, 6, 600)
    found = await world.proposal(proposal_id)
    assert (found.channel_id, found.message_id, store.read_posts(found.details)) == (5, 500, {5: 500, 6: 600})


async def test_telling_is_recorded_once(world):
    await four(world)
    occurrence = await world.claim(PROPOSE)
    assert await world.matching.prepare(occurrence) is not None
    await world.matching.record_told(occurrence)
    with pytest.raises(ClaimLost):
        await world.matching.record_told(occurrence)


async def test_what_is_decided_before_it_was_told_is_told_as_decided_only(world):
    proposal_id = await four(world)
    await world.say(proposal_id, no=[A, B])
    first = await world.claim(PROPOSE)
    assert await world.matching.prepare(first) is None
    second = await world.claim(PROPOSE)
    news = await world.matching.prepare(second)
    assert news.proposal.state is ProposalState.DECLINED
    await world.matching.record_told(second)
    assert await world.slots(PROPOSE) == [(proposal_id, "open", "skipped"), (proposal_id, "decided", "done")]


async def test_what_nobody_could_be_told_of_is_forgotten_and_proposed_again(world):
    proposal_id = await four(world)
    await world.matching.give_up(await world.claim(PROPOSE))
    assert await world.proposal(proposal_id) is None
    assert await world.waiting(EXPIRE, proposal_id) is None
    assert await world.slots(PROPOSE) == [(proposal_id, "open", "failed")]
    (again,) = await world.match()
    assert again > proposal_id
    await world.matching.withdraw(again)
    assert await world.proposal(again) is None


async def test_work_on_a_proposal_that_is_gone_ends(world):
    proposal_id = await four(world)
    await world.matching.withdraw(proposal_id)
    assert await world.matching.prepare(await world.claim(PROPOSE)) is None
    assert await world.slots(PROPOSE) == [(proposal_id, "open", "skipped")]


# Groups that are too small


async def small_group(world):
    """A group of two, and two who look for one."""
    await world.live_in(A, B)
    group = await world.group(A, B)
    await world.look(C, D)
    (proposal_id,) = await world.match()
    await world.matching.record_post(proposal_id, CHANNEL, 500)
    return group, proposal_id


async def test_a_small_group_gets_new_members_if_everybody_accepts(world):
    group, proposal_id = await small_group(world)
    found = await world.proposal(proposal_id)
    assert (found.kind, found.groups, found.channel_id) == (ProposalKind.ADD, (group.id,), CHANNEL)
    assert [(member.member_id, member.part) for member in found.members] == [(B, 0), (A, 0), (C, 1), (D, 1)]
    assert await world.say(proposal_id, yes=[C, D, A]) is ProposalState.OPEN
    assert set(await world.members(group.id)) == {A, B}
    assert await world.say(proposal_id, yes=[B]) is ProposalState.ACCEPTED
    assert set(await world.members(group.id)) == {A, B, C, D}
    assert await world.seekers() == []
    assert (await world.events(group.id))[-2:] == [(EventKind.JOINED, C, None), (EventKind.JOINED, D, None)]


async def test_those_who_look_meanwhile_are_not_kept_for_a_group_that_has_a_proposal(world):
    await small_group(world)
    await world.look(E, F, G)
    (proposal_id,) = await world.match()
    assert (await world.proposal(proposal_id)).kind is ProposalKind.FORM


async def test_of_two_seekers_the_one_who_accepts_is_added(world):
    group, proposal_id = await small_group(world)
    assert await world.say(proposal_id, yes=[A, B, C], no=[D]) is ProposalState.ACCEPTED
    assert set(await world.members(group.id)) == {A, B, C}
    assert await world.seekers() == [D]


async def test_nobody_is_added_over_the_head_of_a_member(world):
    group, proposal_id = await small_group(world)
    assert await world.say(proposal_id, yes=[A, C, D], no=[B]) is ProposalState.DECLINED
    assert set(await world.members(group.id)) == {A, B}
    assert await world.seekers() == [C, D]
    for _ in range(27):
        assert await world.match() == ()
    world.now += 2 * DAY
    assert len(await world.match()) == 1


async def test_a_member_of_the_group_who_says_nothing_stops_it(world):
    group, proposal_id = await small_group(world)
    await world.say(proposal_id, yes=[A, C, D])
    world.now += 72 * HOUR
    await world.matching.expire(await world.claim(EXPIRE))
    assert (await world.proposal(proposal_id)).state is ProposalState.EXPIRED
    assert set(await world.members(group.id)) == {A, B}


async def test_a_group_that_somebody_has_joined_meanwhile_is_left_alone(world):
    group, proposal_id = await small_group(world)
    await world.groups.join(group.id, E, is_let_in=True)
    assert await world.say(proposal_id, yes=[A]) is ProposalState.DECLINED


async def test_a_member_who_leaves_is_not_asked_any_more(world):
    group, proposal_id = await small_group(world)
    await world.groups.leave(group.id, B)
    assert await world.say(proposal_id, yes=[A, C, D]) is ProposalState.ACCEPTED
    assert set(await world.members(group.id)) == {A, C, D}


async def test_an_ended_group_gets_nobody(world):
    group, proposal_id = await small_group(world)
    await world.groups.end(group.id, A)
    offer = await world.matching.see(proposal_id, C)
    assert offer.proposal.state is ProposalState.DECLINED
    assert await world.seekers() == [C, D]


async def test_a_group_that_was_just_made_is_left_alone(world):
    await world.live_in(A, B)
    await world.group(A, B, old=False)
    await world.look(C, D)
    assert await world.match() == ()
    world.now += WEEK
    assert len(await world.match()) == 1


async def test_what_there_is_to_tell_of_new_members(world):
    group, proposal_id = await small_group(world)
    await world.groups.set_nudges(group.id, A, is_nudged=True, by_dm=True)
    news = await world.matching.prepare(await world.claim(PROPOSE))
    assert set(news.inside[group.id]) == {A, B}
    assert news.seekers == (C, D)
    assert news.writes_to == (A,)
    assert [found.id for found in news.groups] == [group.id]
    await world.say(proposal_id, yes=[A, B, C, D])
    await world.matching.record_told(await claimed_again(world))
    news = await world.matching.prepare(await world.claim(PROPOSE))
    assert news.proposal.state is ProposalState.ACCEPTED
    assert set(news.inside[group.id]) == {A, B, C, D}
    assert news.made is None


async def claimed_again(world):
    """What this process is at, after its lease has run out."""
    world.now += timedelta(minutes=6)
    return await world.claim(PROPOSE)


async def two_small_groups(world):
    await world.live_in(A, B, C)
    larger = await world.group(A, B, name="Tensors")
    smaller = await world.group(C, name="Kernels", rhythm=Rhythm(3, 20 * 60, "Europe/Berlin"))
    await world.groups.pause_member(smaller.id, C, world.now + DAY)
    await world.matching.plan_all([GUILD])
    (proposal_id,) = await world.match()
    return larger, smaller, proposal_id


async def test_two_small_groups_become_one(world):
    larger, smaller, proposal_id = await two_small_groups(world)
    found = await world.proposal(proposal_id)
    assert (found.kind, found.groups) == (ProposalKind.MERGE, (larger.id, smaller.id))
    assert store.read_terms(found.details).into == larger.id
    assert await world.say(proposal_id, yes=[A, B]) is ProposalState.OPEN
    assert await world.say(proposal_id, yes=[C]) is ProposalState.ACCEPTED
    assert set(await world.members(larger.id)) == {A, B, C}
    assert await world.members(smaller.id) == []
    ended = await world.groups.find(smaller.id)
    assert (ended.state, ended.home_id) == (GroupState.ENDED, smaller.home_id)
    assert (await world.events(smaller.id))[-1] == (EventKind.MERGED, None, "into Tensors")
    assert (EventKind.MERGED, None, "with Kernels") in await world.events(larger.id)
    assert await world.waiting(TEND, smaller.id) == world.now
    async with world.database.transaction() as session:
        moved = await groups_store.find_member(session, larger.id, C)
        assert await groups_store.find_next_prompt(session, smaller.id) is None
        assert await groups_store.find_next_prompt(session, larger.id) is not None
    assert moved.away_until == NOW + DAY


async def test_one_who_declines_stops_a_merger_for_four_weeks(world):
    larger, smaller, proposal_id = await two_small_groups(world)
    assert await world.say(proposal_id, yes=[A, B], no=[C]) is ProposalState.DECLINED
    assert set(await world.members(larger.id)) == {A, B}
    assert await world.members(smaller.id) == [C]
    for _ in range(27):
        assert await world.match() == ()
    world.now += 2 * DAY
    assert len(await world.match()) == 1


# Groups that are too big


async def big_group(world, **values):
    everybody = [A, B, C, D, E, F, G]
    await world.live_in(*everybody[:4])
    await world.live_in(*everybody[4:], zone="America/New_York")
    group = await world.group(*everybody, **values)
    await world.matching.plan_all([GUILD])
    (proposal_id,) = await world.match()
    return group, proposal_id


async def test_a_big_group_is_split_by_its_hours(world):
    group, proposal_id = await big_group(world, language="English", goal="three lessons", window_days=3, is_open=True)
    await world.groups.set_nudges(group.id, E, is_nudged=True, by_dm=True)
    found = await world.proposal(proposal_id)
    assert (found.kind, found.groups) == (ProposalKind.SPLIT, (group.id,))
    assert {member.member_id for member in found.members if member.part == 1} == {E, F, G}
    assert await world.say(proposal_id, yes=[A, B, C, D, E, F]) is ProposalState.OPEN
    assert await world.say(proposal_id, yes=[G]) is ProposalState.ACCEPTED
    terms = store.read_terms(found.details)
    made_id = (await world.proposal(proposal_id)).details[store.MADE]
    made = await world.groups.find(made_id)
    assert set(await world.members(group.id)) == {A, B, C, D}
    assert set(await world.members(made_id)) == {E, F, G}
    assert (made.name, made.rhythm, made.rhythm.zone) == (terms.name, terms.rhythm, "America/New_York")
    assert (made.language, made.goal, made.window_days, made.is_open) == ("English", "three lessons", 3, True)
    assert (made.owner_id, made.parent_id, made.state) == (E, CHANNEL, GroupState.HOMELESS)
    assert (await world.events(made_id))[0] == (EventKind.SPLIT, E, "from Gradients")
    assert (EventKind.SPLIT, None, f"{terms.name} is a group of its own") in await world.events(group.id)
    assert {(id_, slot.partition(":")[0]) for id_, slot, _ in await world.slots(OUT)} == {
        (group.id, str(id_)) for id_ in (E, F, G)
    }
    async with world.database.transaction() as session:
        moved = await groups_store.find_member(session, made_id, E)
    assert (moved.is_nudged, moved.by_dm) == (True, True)
    assert await world.match() == ()


async def test_one_who_declines_stops_a_split(world):
    group, proposal_id = await big_group(world)
    assert await world.say(proposal_id, yes=[A, B, C], no=[F]) is ProposalState.DECLINED
    assert len(await world.members(group.id)) == 7
    assert await world.match() == ()


async def test_a_group_with_an_open_proposal_gets_no_second_one(world):
    await big_group(world)
    assert await world.match() == ()


async def test_everybody_is_seen_as_the_learner_model_knows_them_now(world):
    await world.live_in(A, B)
    await world.group(A, B)
    await world.look(C, D)
    for member_id in (A, B, C):
        await world.progress.settle_item(member_id, "one/a", State.DONE)
    await world.progress.save_profile(D, zone="Asia/Tokyo")  # whose evenings are no evenings in Berlin
    (proposal_id,) = await world.match()
    found = await world.proposal(proposal_id)
    assert [member.member_id for member in found.members if member.part == 1] == [C]
    assert store.read_terms(found.details).words == "all on step 2, Tuesday evenings, English"


# After an outage


async def test_what_nobody_was_told_of_for_a_day_is_made_anew(world):
    proposal_id = await four(world, is_told=False)
    occurrence = await world.claim(PROPOSE)
    world.now += timedelta(hours=25)
    other = World(world.database, "there")
    other.now = world.now
    assert await other.matching.prepare(await other.claim(PROPOSE)) is None
    assert await world.proposal(proposal_id) is None
    assert await world.slots(EXPIRE) == []
    with pytest.raises(ClaimLost):
        await world.matching.prepare(occurrence)
    assert len(await other.match()) == 1


async def test_what_nobody_was_told_of_does_not_count_as_declined(world):
    proposal_id = await four(world, is_told=False)
    world.now += 80 * HOUR
    await world.matching.expire(await world.claim(EXPIRE))
    assert await world.proposal(proposal_id) is None
    assert await world.matching.prepare(await world.claim(PROPOSE)) is None
    assert len(await world.match()) == 1
