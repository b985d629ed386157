"""Blockers and calls for help on both databases: who may do what, what is stored, and what a second click does."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from bot.errors import MemberError
from bot.features.ask.models import Answer, Asked, Citation, Outcome
from bot.features.ask.service import AnswerPolicy, AskService
from bot.features.groups import store as groups_store
from bot.features.groups.models import GroupPlan, GroupState
from bot.features.progress import store as progress_store
from bot.features.progress.service import ProgressService
from bot.features.support import rules, service, store
from bot.features.support.models import SHOW, TELL, Blocker, HelpRequest, HelpState
from bot.features.support.service import PAGE, SupportService
from bot.scheduling import store as schedule
from bot.scheduling.dispatcher import ClaimLost, Dispatcher
from bot.scheduling.models import Rhythm
from bot.storage.tables import CheckinRow, GroupWeekRow, LearnerRow
from indexer.live import LiveIndex
from knowledge.curriculum import Curriculum
from tests.bot.databases import rows
from tests.bot.small_curriculum import concept_of, curriculum_of, resource_of, step_of, unit_of

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ADA, GRACE, LINUS, EVE = 11, 2**62, 33, 44
HERE, THERE = 2**61, 12
NOTES, HOME = 2**60, 2**60 + 1
TEXT = "The loss is NaN after ten steps and I do not see why."

CURRICULUM = curriculum_of(
    step_of(1, core=("course",)),
    resources={"course": resource_of(unit_of("u", ("a", "b")))},
    concepts={"a": concept_of(title="Alpha", study=("course/u",)), "b": concept_of(title="Beta")},
)


class Asking:
    """Answers every question in the same way."""

    def __init__(self):
        self.answer = Answer(Outcome.DECLINED)
        self.asked = []

    async def answer_question(self, asked):
        self.asked.append(asked)
        return self.answer


class World:
    """The service on one database, at a time that a test sets."""

    def __init__(self, database):
        self.database = database
        self.now = NOW
        self.ask = Asking()
        self.dispatcher = Dispatcher(database, lambda: self.now)
        self.support = SupportService(database, lambda: self.now, CURRICULUM, self.ask, dispatcher=self.dispatcher)

    async def group(self, *members, home_id=HOME, guild_id=HERE):
        plan = GroupPlan(guild_id, "Owls", parent_id=5, rhythm=Rhythm(0, 18 * 60, "Europe/Berlin"))
        async with self.database.transaction() as session:
            group = await groups_store.add_group(session, plan, members[0], members, self.now)
            state = GroupState.ACTIVE if home_id else GroupState.HOMELESS
            await groups_store.update_group(session, group.id, self.now, home_id=home_id, state=state.value)
        return group.id

    async def checkin(self, group_id, member_id, concepts, draft=None):
        """A check-in whose blocker is about these concepts; the id of its week."""
        async with self.database.transaction() as session:
            week = GroupWeekRow(
                group_id=group_id, slot="2026-W10", planned_at=NOW, closes_at=NOW + 2 * DAY, channel_id=HOME
            )
            session.add(week)
            await session.flush()
            texts = dict(evidence="", learned="", blocker=TEXT, shows_blocker=False)
            session.add(
                CheckinRow(
                    week_id=week.id,
                    member_id=member_id,
                    state="draft",
                    **texts,
                    known=[],
                    extra_minutes=0,
                    concepts=list(concepts),
                    draft=draft,
                    is_repair=False,
                    made_at=NOW,
                    changed_at=NOW,
                )
            )
            return week.id

    async def send(self, member_id=ADA, text=TEXT, *, group_id=None, week_id=None, guild_id=HERE, channel_id=NOTES):
        call = await self.support.send(Blocker(member_id, group_id, week_id), guild_id, text, channel_id)
        return call.request

    async def offer(self, call_id, helper_id=GRACE, guild_id=HERE, *, is_mentor=True):
        return await self.support.offer(call_id, helper_id, guild_id, is_mentor=is_mentor)

    async def work(self, kind):
        found = await rows(self.database, "SELECT kind, subject_id FROM occurrences ORDER BY id")
        return [subject for of, subject in found if of == kind]

    async def states(self):
        return [
            tuple(row) for row in await rows(self.database, "SELECT state, helper_id FROM help_requests ORDER BY id")
        ]

    async def claim(self, kind):
        """The one piece of work of this kind that is due, claimed by the world's dispatcher."""
        async with self.database.transaction() as session:
            (claimed,) = await schedule.claim_due(
                session, self.dispatcher.worker, self.now, limit=9, lease=timedelta(minutes=5), kinds=[kind]
            )
        return claimed


@pytest.fixture
def world(database):
    return World(database)


async def refused(coroutine):
    with pytest.raises(MemberError) as raised:
        await coroutine
    return str(raised.value)


# Rules


@pytest.mark.parametrize(
    "said",
    [
        "",
        "-",
        "No",
        "nothing",
        "Nothing, really.",
        "none so far :)",
        "n/a",
        "No blockers this week, thanks!",
        "nothing is blocking me",
        "all good",
        "Nope. Nothing at all",
    ],
)
def test_who_says_that_nothing_blocks_them_is_not_answered(said):
    assert rules.blocks_nothing(said)


@pytest.mark.parametrize(
    "said",
    [
        "Nothing works",
        "no gradient reaches the first layer",
        "not clear at all",
        "now it diverges",
        "???",
        "Nothing is clear",
        "no idea what a kernel is",
        "n",
        "all of backprop",
        "None of the losses goes down",
    ],
)
def test_everything_else_blocks(said):
    assert not rules.blocks_nothing(said)


def test_a_long_row_of_noes_takes_no_time():
    assert not rules.blocks_nothing("no nothing " * 45 + "x")


def cited(*sources, outcome=Outcome.ANSWERED):
    found = (Citation(n, source, "T", None, None, f"k{n}") for n, source in enumerate(sources, 1))
    return Answer(outcome, citations=tuple(found))


def test_the_concepts_of_an_answer_are_those_that_it_cites_in_their_order():
    answer = cited("concepts/b", "resources/course", "concepts/gone", "concepts/a", "concepts/b")
    assert rules.concepts_of(answer, CURRICULUM.concepts) == ("b", "a")


def test_an_answer_that_is_not_confident_has_no_concepts():
    assert rules.concepts_of(cited("concepts/a", outcome=Outcome.DECLINED), CURRICULUM.concepts) == ()


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("my loss is NaN", "smallest example"),
        ("why does attention scale by the root of d", "how you see it so far"),
        ("I cannot follow the derivation of backprop", "small numbers"),
        ("convolutions", "how you see it so far"),
        ("I tried a smaller batch", "tried so far"),
        ("how do I choose a learning rate", "tried so far"),
    ],
)
def test_a_mentor_begins_with_a_question_that_fits_and_repeats_nothing(written, word):
    first = rules.choose_first_words(written)
    assert word in first
    assert written not in first
    assert first.endswith("?") or "look together" in first


@given(st.text(max_size=900))
def test_a_text_is_sent_on_one_line_and_within_the_limit(written):
    sent = rules.clean_text(written)
    assert len(sent) <= 500
    assert len(sent.splitlines()) <= 1
    assert rules.clean_text(sent) == sent


def call_of(id_, state=HelpState.OPEN, ago=timedelta(0)):
    return HelpRequest(id_, HERE, None, ADA, TEXT, (), state, None, NOTES, None, NOW - ago)


def test_a_call_waits_for_long_after_three_days_unless_somebody_has_offered_help():
    assert [rules.days_waiting(call_of(1, ago=ago), NOW) for ago in (3 * DAY - DAY / 99, 3 * DAY, 5.9 * DAY)] == [
        0,
        3,
        5,
    ]
    assert rules.days_waiting(call_of(1, HelpState.OFFERED, ago=9 * DAY), NOW) == 0


def test_calls_that_wait_for_long_come_first_then_the_oldest():
    offered, fresh, waiting = call_of(1, HelpState.OFFERED, 9 * DAY), call_of(3), call_of(2, ago=4 * DAY)
    older = call_of(4, ago=5 * DAY)
    found = rules.sort_calls([fresh, offered, waiting, older], NOW)
    assert [call.id for call in found] == [4, 2, 1, 3]


# The tutor's own answer


async def test_a_blocker_is_asked_in_no_channel_and_privately(world):
    world.ask.answer = cited("concepts/a", "concepts/b")
    found = await world.support.answer(ADA, HERE, TEXT)
    assert found.concepts == ("a", "b")
    (asked,) = world.ask.asked
    assert (asked.text, asked.member_id, asked.guild_id, asked.is_private) == (TEXT, ADA, HERE, True)
    assert (asked.channel_id, asked.replied_to) == (0, None)


async def test_what_is_asked_later_in_public_does_not_follow_a_blocker_up(database, knowledge, encoder, settings):
    """Else a public answer would quote what the private text is about, and its row would repeat that text."""
    clock = lambda: NOW
    curriculum: Curriculum = knowledge.curriculum
    index = LiveIndex(settings.index.folder, encoder)
    try:
        progress = ProgressService(database, clock, curriculum)
        ask = AskService(index, database, clock, AnswerPolicy(), curriculum, progress=progress)
        support = SupportService(database, clock, curriculum, ask, dispatcher=Dispatcher(database, clock))
        found = await support.answer(ADA, HERE, "I do not understand what dropout is for")
        assert found.answer.outcome is Outcome.ANSWERED
        assert found.concepts[0] == "dropout"
        assert set(found.concepts) <= set(curriculum.concepts)
        later = [await ask.answer_question(asked_in(channel)) for channel in (1, 2)]
    finally:
        await index.close()
    assert [answer.outcome for answer in later] == [Outcome.DECLINED] * 2
    stored = await rows(
        database, "SELECT question, guild_id, channel_id, member_id, message_id FROM answers ORDER BY id"
    )
    assert stored == [
        ("I do not understand what dropout is for", HERE, 0, ADA, None),
        ("and why is that?", HERE, 1, ADA, None),
        ("and why is that?", HERE, 2, ADA, None),
    ]


def asked_in(channel_id):
    return Asked("and why is that?", ADA, channel_id, HERE)


# Calling


async def test_a_call_is_stored_and_planned_to_be_shown(world):
    group_id = await world.group(ADA, GRACE)
    week_id = await world.checkin(group_id, ADA, ["b", "gone", "a"])
    blocker = Blocker(ADA, group_id, week_id)
    draft = await world.support.prepare(blocker, THERE, f"  {TEXT}\n\nReally.  ")
    assert (draft.request.id, draft.request.text) == (0, f"{TEXT} Really.")
    assert (draft.request.guild_id, draft.home_id, draft.topics) == (HERE, HOME, ("Beta", "Alpha"))
    assert await rows(world.database, "SELECT id FROM help_requests") == []
    sent = await world.support.send(blocker, THERE, f"  {TEXT}\n\nReally.  ", NOTES)
    assert await rows(
        world.database,
        "SELECT id, guild_id, group_id, member_id, text, state, helper_id, channel_id, message_id FROM help_requests",
    ) == [(sent.request.id, HERE, group_id, ADA, f"{TEXT} Really.", "open", None, NOTES, None)]
    assert sent.request.concepts == ("b", "gone", "a")
    assert await world.work(SHOW) == [sent.request.id]


async def test_somebody_elses_check_in_tells_nothing_of_a_blocker(world):
    group_id = await world.group(ADA, GRACE)
    week_id = await world.checkin(group_id, GRACE, ["a"])
    assert (await world.support.prepare(Blocker(ADA, group_id, week_id), HERE, TEXT)).topics == ()


async def test_what_is_being_written_counts_and_not_what_was_sent(world):
    group_id = await world.group(ADA, GRACE)
    week_id = await world.checkin(group_id, ADA, ["a"], draft={"blocker": "Newer words", "concepts": ["b"]})
    blocker = Blocker(ADA, group_id, week_id)
    assert (await world.support.prepare(blocker, HERE, TEXT)).topics == ("Beta",)
    assert await world.support.find_text(blocker) == "Newer words"
    assert await world.support.find_text(Blocker(GRACE, group_id, week_id)) == ""
    assert await world.support.find_text(Blocker(ADA, group_id)) == ""


async def test_what_was_sent_counts_without_a_draft(world):
    group_id = await world.group(ADA)
    week_id = await world.checkin(group_id, ADA, ["a"])
    assert await world.support.find_text(Blocker(ADA, group_id, week_id)) == TEXT


async def test_a_former_member_calls_without_their_group(world):
    group_id = await world.group(GRACE, ADA)
    async with world.database.transaction() as session:
        await groups_store.update_member(session, group_id, ADA, left_at=NOW)
    call = await world.support.prepare(Blocker(ADA, group_id), THERE, TEXT)
    assert (call.group, call.request.group_id, call.request.guild_id) == (None, None, THERE)


async def test_a_group_that_has_ended_is_no_home(world):
    group_id = await world.group(ADA)
    call = await world.send(group_id=group_id)
    async with world.database.transaction() as session:
        await groups_store.update_group(session, group_id, NOW, state=GroupState.ENDED.value)
    assert (await world.support.find_shown(call.id)).group is None


async def test_without_a_server_or_a_text_there_is_no_call(world):
    assert await refused(world.support.prepare(Blocker(ADA), None, TEXT)) == service.NO_SERVER
    assert await refused(world.support.send(Blocker(ADA), HERE, " \n ", NOTES)) == service.NO_TEXT
    assert await rows(world.database, "SELECT id FROM help_requests") == []


async def test_a_double_click_is_one_call(world):
    calls = await asyncio.gather(*(world.send() for _ in range(4)))
    assert len({call.id for call in calls}) == 1
    assert await world.work(SHOW) == [calls[0].id]


async def test_three_calls_of_a_member_may_wait_in_a_server(world):
    first, *_ = [await world.send(text=f"{TEXT} {number}") for number in range(3)]
    assert await refused(world.send()) == service.TOO_MANY
    assert await refused(world.support.prepare(Blocker(ADA), HERE, TEXT)) == service.TOO_MANY
    again = await world.support.prepare(Blocker(ADA), HERE, f"{TEXT} 0")  # it waits already, so it may be sent again
    assert again.request.text == first.text
    assert (await world.send(text=f"{TEXT} 0")).id == first.id
    await world.send(guild_id=THERE)
    await world.send(GRACE)
    await world.support.withdraw(first.id, ADA)
    await world.send()
    assert len(await world.support.list_own(ADA, HERE)) == 3


async def test_calls_that_are_sent_at_once_keep_the_limit(world):
    sent = await asyncio.gather(*(world.send(text=f"{TEXT} {n}") for n in range(6)), return_exceptions=True)
    assert sum(isinstance(one, MemberError) for one in sent) == 3
    assert len(await world.support.list_own(ADA, HERE)) == 3


# Helping


async def test_a_mentor_offers_help_and_the_member_is_told_once(world):
    group_id = await world.group(ADA, EVE)
    week_id = await world.checkin(group_id, ADA, ["a", "gone"])
    call = await world.send(group_id=group_id, week_id=week_id)
    briefing = await world.offer(call.id)
    again = await world.offer(call.id)
    assert briefing == again
    assert (briefing.call.request.state, briefing.call.request.helper_id) == (HelpState.OFFERED, GRACE)
    assert "smallest example" in briefing.first_words
    (note,) = briefing.notes
    assert (note.title, note.place) == ("Alpha", "A course, Unit: U")
    assert await world.work(SHOW) == [call.id, call.id]
    assert await world.work(TELL) == [call.id]


async def test_the_first_offer_counts(world):
    call = await world.send()
    found = await asyncio.gather(world.offer(call.id, GRACE), world.offer(call.id, LINUS), return_exceptions=True)
    (loser,) = [one for one in found if isinstance(one, MemberError)]
    assert str(loser) == service.TAKEN
    assert await world.work(TELL) == [call.id]


async def test_who_may_not_help_is_told_so(world):
    group_id = await world.group(ADA, EVE)
    call = await world.send(group_id=group_id)
    assert await refused(world.offer(call.id, EVE, is_mentor=False)) == service.NOT_A_MENTOR
    assert await refused(world.offer(call.id, ADA)) == service.OWN
    assert await refused(world.offer(call.id, GRACE, THERE)) == service.GONE
    assert await refused(world.offer(call.id, GRACE, None)) == service.GONE
    assert await refused(world.offer(99)) == service.GONE
    assert await world.states() == [("open", None)]


async def test_where_the_group_reads_a_call_its_members_may_help(world):
    group_id = await world.group(ADA, EVE)
    call = await world.send(group_id=group_id, channel_id=HOME)
    assert await refused(world.offer(call.id, LINUS, is_mentor=False)) == service.NOT_A_MENTOR
    assert (await world.offer(call.id, EVE, is_mentor=False)).call.request.helper_id == EVE


async def test_nobody_helps_with_what_is_settled(world):
    call = await world.send()
    await world.support.solve(call.id, ADA, None, is_mentor=False)
    assert await refused(world.offer(call.id)) == service.SETTLED
    assert await refused(world.support.solve(call.id, GRACE, HERE, is_mentor=True)) == service.SETTLED
    assert await refused(world.support.withdraw(call.id, ADA)) == service.SETTLED
    assert await refused(world.support.show(call.id, HERE)) == service.SETTLED
    assert await world.states() == [("solved", None)]


async def test_a_call_is_solved_by_whoever_asked_or_may_help(world):
    calls = [await world.send(text=f"{TEXT} {number}") for number in range(3)]
    assert await refused(world.support.solve(calls[0].id, EVE, HERE, is_mentor=False)) == service.NOT_A_MENTOR
    assert await refused(world.support.solve(calls[0].id, GRACE, THERE, is_mentor=True)) == service.GONE
    await world.support.solve(calls[0].id, ADA, None, is_mentor=False)
    await world.support.solve(calls[1].id, LINUS, HERE, is_mentor=True)
    await world.offer(calls[2].id, GRACE)
    await world.support.solve(calls[2].id, GRACE, HERE, is_mentor=False)  # who has lost the role since
    assert await world.states() == [("solved", None), ("solved", None), ("solved", GRACE)]


async def test_a_member_takes_a_call_back_and_its_text_is_forgotten(world):
    call = await world.send()
    assert await refused(world.support.withdraw(call.id, GRACE)) == service.NOT_YOURS
    await world.support.withdraw(call.id, ADA)
    assert await rows(world.database, "SELECT state, text FROM help_requests") == [("withdrawn", "")]
    assert await world.work(SHOW) == [call.id, call.id]
    assert await world.support.list_own(ADA, HERE) == ()


async def test_what_waits_is_listed_by_pages(world):
    for number in range(PAGE + 2):
        world.now = NOW + number * timedelta(hours=1)
        await world.send(100 + number, f"{TEXT} {number}")
    await world.offer(1)
    await world.support.solve(2, GRACE, HERE, is_mentor=True)
    await world.send(guild_id=THERE)
    first, last = await world.support.list_waiting(HERE), await world.support.list_waiting(HERE, 7)
    assert (first.total, first.pages, last.page) == (PAGE + 1, 2, 1)
    assert [call.request.id for call in (*first.calls, *last.calls)] == [1, *range(3, PAGE + 3)]
    world.now = NOW + 3 * DAY + timedelta(hours=3)
    assert [call.request.id for call in (await world.support.list_waiting(HERE)).calls][:4] == [3, 4, 1, 5]
    assert (await world.support.list_waiting(77)).calls == ()


async def test_a_call_is_shown_in_its_own_server_only(world):
    call = await world.send()
    assert (await world.support.show(call.id, HERE)).request == call
    assert await refused(world.support.show(call.id, THERE)) == service.GONE


# Scheduled work


async def test_what_was_shown_is_remembered(world):
    call = await world.send()
    work = await world.claim(SHOW)
    assert (work.subject_id, work.slot, work.member_id) == (call.id, rules.slot_of(HelpState.OPEN, call.made_at), None)
    assert await world.support.record_shown(work, 900)
    async with world.database.transaction() as session:
        assert await store.list_posts_of(session, ADA) == ((NOTES, 900),)
        assert await store.list_posts_of(session, GRACE) == ()
    assert await rows(world.database, "SELECT state FROM occurrences WHERE kind = 'help_show'") == [("done",)]
    with pytest.raises(ClaimLost):
        await world.support.record_shown(work, 901)
    assert await rows(world.database, "SELECT message_id FROM help_requests") == [(900,)]


async def test_a_call_that_goes_while_it_is_posted_is_noticed(world):
    await world.send()
    work = await world.claim(SHOW)
    async with world.database.transaction() as session:
        await session.execute(delete(LearnerRow).where(LearnerRow.member_id == ADA))
    assert await world.support.find_shown(work.subject_id) is None
    assert not await world.support.record_shown(work, 900)


async def test_an_offer_is_told_as_long_as_it_holds(world):
    group_id = await world.group(ADA)
    async with world.database.transaction() as session:
        await groups_store.update_member(session, group_id, ADA, by_dm=True)
    call = await world.send(group_id=group_id)
    assert await world.support.find_offer(call.id) is None
    await world.offer(call.id)
    offer = await world.support.find_offer(call.id)
    assert (offer.helper_id, offer.by_dm, offer.call.home_id) == (GRACE, True, HOME)
    await world.support.solve(call.id, ADA, HERE, is_mentor=False)
    assert await world.support.find_offer(call.id) is None
    assert await world.support.find_offer(99) is None


async def test_direct_messages_are_for_those_who_are_in_the_group(world):
    group_id = await world.group(GRACE, ADA)
    call = await world.send(group_id=group_id)
    await world.offer(call.id)
    assert not (await world.support.find_offer(call.id)).by_dm
    async with world.database.transaction() as session:
        await groups_store.update_member(session, group_id, ADA, by_dm=True, left_at=NOW)
    offer = await world.support.find_offer(call.id)
    assert (offer.by_dm, offer.call.home_id) == (False, None)


async def test_a_closed_direct_message_is_remembered(world):
    group_id = await world.group(ADA)
    call = await world.send(group_id=group_id)
    await world.offer(call.id)
    await world.support.record_untold(await world.claim(TELL), dm_failed=True)
    (failed,) = await rows(world.database, "SELECT dm_failed_at IS NOT NULL FROM group_members")
    assert bool(failed[0])
    assert await rows(world.database, "SELECT state, note FROM occurrences WHERE kind = 'help_tell'") == [
        ("skipped", "It stands in /calls mine only.")
    ]


async def test_a_helper_who_is_forgotten_leaves_the_call_open(world):
    calls = [await world.send(text=f"{TEXT} {number}") for number in range(3)]
    for call, helper in zip(calls, (GRACE, GRACE, LINUS), strict=True):
        await world.offer(call.id, helper)
    await world.support.solve(calls[1].id, ADA, HERE, is_mentor=False)
    before = await world.work(SHOW)
    world.now += DAY
    async with world.database.transaction() as session:
        await store.delete_helper(session, GRACE, world.now)
    assert await world.states() == [("open", None), ("solved", None), ("offered", LINUS)]
    assert await world.work(SHOW) == [*before, calls[0].id]


async def test_what_a_member_asked_goes_with_them(world):
    await world.send()
    async with world.database.transaction() as session:
        await progress_store.add_learner(session, GRACE, NOW)
        await session.execute(delete(LearnerRow).where(LearnerRow.member_id == ADA))
    assert await rows(world.database, "SELECT id FROM help_requests") == []
