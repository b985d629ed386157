"""The rows of weekly quizzes, on both databases: what is found, in which order, and what is left alone."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from bot.features.progress import store as progress_store
from bot.features.progress.models import Enrolment
from bot.features.questions import store as questions_store
from bot.features.questions.models import Response, RoundKind, Ruling, Verdict
from bot.features.weekly import store
from bot.features.weekly.models import POST, WeeklyRound
from bot.scheduling import store as schedule
from tests.bot.weekly_world import ADA, CHANNEL, EVE, GRACE, GUILD, LINUS, quiz_with

NOW = datetime(2026, 11, 30, 17, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
QUESTIONS = ("a", "b", "c")


class Store:
    """Each call in a transaction of its own."""

    def __init__(self, database):
        self.database = database

    def __getattr__(self, name):
        async def call(*arguments, **options):
            async with self.database.transaction() as session:
                return await getattr(store, name)(session, *arguments, **options)

        return call

    async def prepare(self, slot, *, guild_id=GUILD, planned_at=NOW, questions=QUESTIONS):
        """A prepared round; its id."""
        async with self.database.transaction() as session:
            round_ = await questions_store.add_round(
                session, RoundKind.WEEKLY, None, guild_id, questions, subject=None, now=NOW
            )
            added = await store.add_round(session, round_.id, guild_id, slot, planned_at=planned_at, channel_id=CHANNEL)
        return round_.id if added else None

    async def open(self, slot, **options):
        """A round that somebody has begun to post; its id."""
        round_id = await self.prepare(f"next-{slot}", **options)
        planned_at = options.get("planned_at", NOW)
        await self.update_opened(
            round_id, slot=slot, planned_at=planned_at, channel_id=CHANNEL + 1, closes_at=planned_at + 2 * DAY
        )
        return round_id

    async def post(self, slot, **options):
        round_id = await self.open(slot, **options)
        await self.update_posted(round_id, 1000 + round_id, options.get("planned_at", NOW))
        return round_id

    async def answer(self, round_id, member_id, marks, *, at=NOW):
        """x right, - wrong, o of a retired question."""
        async with self.database.transaction() as session:
            await progress_store.add_learner(session, member_id, NOW)
            for position, mark in enumerate(marks):
                key = f"round:{round_id}:{position}"
                await questions_store.add_attempt(
                    session,
                    member_id,
                    key=key,
                    question=QUESTIONS[position],
                    guild_id=GUILD,
                    round_id=round_id,
                    position=position,
                    response=Response(("right",)),
                    is_correct=mark == "x",
                    now=at,
                )
                if mark == "o":
                    attempt = await questions_store.find_attempt(session, member_id, key)
                    await questions_store.update_grade(session, attempt, is_correct=None)

    async def enrol(self, member_id, **choices):
        async with self.database.transaction() as session:
            await progress_store.add_learner(session, member_id, NOW)
            await progress_store.update_enrolment(session, member_id, Enrolment(GUILD, **choices), NOW)


@pytest.fixture
def kept(database):
    return Store(database)


async def test_a_set_up_is_kept_whole_and_replaced_but_for_the_pause(kept):
    assert await kept.find_quiz(GUILD) is None
    quiz = quiz_with(questions=7, open_hours=144, role_id=2**60, goal=9)
    await kept.update_quiz(quiz, NOW)
    assert await kept.find_quiz(GUILD) == quiz
    await kept.update_paused(GUILD, is_paused=True, now=NOW)
    assert await kept.list_quizzes() == ()
    await kept.update_quiz(quiz_with(), NOW)
    assert await kept.find_quiz(GUILD) == quiz_with(is_paused=True)
    await kept.update_paused(GUILD, is_paused=False, now=NOW)
    await kept.update_quiz(quiz_with(guild_id=5), NOW)
    assert await kept.list_quizzes() == (quiz_with(guild_id=5), quiz_with())
    await kept.delete_quiz(GUILD)
    assert await kept.list_quizzes() == (quiz_with(guild_id=5),)


async def test_a_round_from_prepared_to_closed(kept):
    round_id = await kept.prepare("next")
    prepared = WeeklyRound(round_id, GUILD, "next", NOW, CHANNEL, QUESTIONS)
    assert await kept.find_prepared(GUILD) == await kept.find_round(round_id) == prepared
    assert (prepared.is_posted, prepared.is_tried) == (False, False)
    await kept.update_opened(
        round_id, slot="2026-W49", planned_at=NOW + DAY, channel_id=CHANNEL + 1, closes_at=NOW + 3 * DAY
    )
    opened = await kept.find_slot(GUILD, "2026-W49")
    assert (opened.is_posted, opened.is_tried, opened.planned_at) == (False, True, NOW + DAY)
    assert await kept.find_prepared(GUILD) is None
    assert await kept.find_open(GUILD) is None
    await kept.update_posted(round_id, 2**61, NOW + DAY)
    posted = await kept.find_open(GUILD)
    assert (posted.message_id, posted.posted_at, posted.closes_at) == (2**61, NOW + DAY, NOW + 3 * DAY)
    assert await kept.list_open() == (round_id,)
    await kept.update_closed(round_id, 2**61 + 1, NOW + 3 * DAY)
    await kept.update_closed(round_id, 2**61 + 1, NOW + 9 * DAY)
    closed = await kept.find_round(round_id)
    assert (closed.summary_message_id, closed.finished_at) == (2**61 + 1, NOW + 3 * DAY)
    assert await kept.list_open() == ()
    assert await kept.find_open(GUILD) is None


async def test_a_week_has_one_quiz_in_each_server(kept):
    assert await kept.prepare("2026-W49")
    assert await kept.prepare("2026-W49") is None
    assert await kept.prepare("2026-W49", guild_id=5)
    assert await kept.find_slot(6, "2026-W49") is None


async def test_only_what_nobody_has_begun_to_post_is_deleted(kept):
    prepared, opened, posted = await kept.prepare("next"), await kept.open("2026-W48"), await kept.post("2026-W49")
    for round_id in (prepared, posted):
        await kept.delete_round(round_id)
    assert await kept.find_round(prepared) is None
    assert [await kept.find_round(round_id) is not None for round_id in (opened, posted)] == [True, True]
    assert await kept.prepare("next")


async def test_quizzes_are_listed_newest_first_within_a_server(kept):
    first, second, third = [await kept.post(f"2026-W{week}") for week in (47, 48, 49)]
    await kept.post("2026-W49", guild_id=5)
    await kept.prepare("next")
    await kept.update_closed(first, None, NOW)
    listed = await kept.list_posted(GUILD, 9)
    assert [one.round_id for one in listed] == [third, second, first]
    assert [one.round_id for one in await kept.list_posted(GUILD, 2)] == [third, second]
    assert [one.round_id for one in await kept.list_posted(GUILD, 9, before=third)] == [second, first]
    assert [one.round_id for one in await kept.list_posted(GUILD, 9, is_closed=True)] == [first]


async def test_a_week_with_its_extra_quizzes(kept):
    rounds = [await kept.post(slot) for slot in ("2026-W48", "2026-W49", "2026-W49:2")]
    assert [one.round_id for one in await kept.list_slots(GUILD, "2026-W49")] == rounds[1:]


async def test_recent_questions_are_those_of_quizzes_that_may_have_been_seen(kept):
    since = NOW - 84 * DAY
    await kept.post("2026-W36", planned_at=since - timedelta(seconds=1), questions=("old",))
    await kept.post("2026-W37", planned_at=since, questions=("edge",))
    await kept.open("2026-W48", questions=("tried",))
    await kept.post("2026-W49", questions=("x", "y"))
    await kept.prepare("next", questions=("planned",))
    await kept.post("2026-W49", guild_id=5, questions=("elsewhere",))
    assert await kept.list_recent_questions(GUILD, since) == {"edge", "tried", "x", "y"}


async def test_participants_are_counted_once_and_the_last_come_first(kept):
    first, second = await kept.post("2026-W48"), await kept.post("2026-W49")
    for member in (ADA, GRACE, EVE):
        await kept.answer(first, member, "x-x")
    for member in (EVE, LINUS):
        await kept.answer(second, member, "x")
    assert await kept.count_members(first) == 3
    assert await kept.count_members(second) == 2
    assert await kept.count_members(99) == 0
    assert await kept.list_participants([first, second], 9) == (EVE, LINUS, GRACE, ADA)
    assert await kept.list_participants([first, second], 3) == (EVE, LINUS, GRACE)
    assert await kept.list_participants([first], 9) == (GRACE, EVE, ADA)
    assert await kept.list_participants([], 9) == ()


async def test_who_is_visible_and_who_may_be_named(kept):
    round_id = await kept.post("2026-W49")
    for member in (ADA, GRACE, EVE):
        await kept.answer(round_id, member, "x-o")
    await kept.enrol(ADA, is_visible=True)
    await kept.enrol(GRACE, is_ranked=True)
    await kept.enrol(EVE, is_visible=True, is_congratulated=True)
    await kept.enrol(LINUS, is_visible=True, is_ranked=True)
    assert await kept.list_visible(GUILD, 9) == (EVE, LINUS, ADA)
    assert await kept.list_visible(GUILD, 2) == (EVE, LINUS)
    assert await kept.list_visible(5, 9) == ()
    round_ = await kept.find_round(round_id)
    assert await kept.list_ranked(round_) == {GRACE}
    assert await kept.list_ranked(dataclasses.replace(round_, guild_id=5)) == frozenset()
    assert await kept.list_ranked(dataclasses.replace(round_, finished_at=NOW - DAY)) == frozenset()


async def test_marks_are_answers_without_what_was_answered(kept):
    first, second = await kept.post("2026-W48"), await kept.post("2026-W49")
    await kept.answer(first, ADA, "x-o")
    await kept.answer(second, GRACE, "-", at=NOW + DAY)
    await kept.answer(first, GRACE, "x", at=NOW - DAY)
    await kept.enrol(GRACE, is_ranked=True)
    marks = await kept.list_marks([first, second])
    assert [(one.member_id, one.round_id, one.position, one.question, one.is_correct) for one in marks] == [
        (GRACE, first, 0, "a", True),
        (ADA, first, 0, "a", True),
        (ADA, first, 1, "b", False),
        (ADA, first, 2, "c", None),
        (GRACE, second, 0, "a", False),
    ]
    assert {one.response for one in marks} == {Response()}
    assert [one.answered_at for one in marks] == [NOW - DAY, NOW, NOW, NOW, NOW + DAY]
    named = await kept.list_marks([first], named_in=await kept.find_round(second))
    assert [(one.member_id, one.is_correct) for one in named] == [(GRACE, True)]
    assert await kept.list_marks([]) == ()
    assert await kept.list_graded(first) == {0, 1}


async def test_what_was_decided_since_and_a_servers_own_word_wins(kept):
    async with kept.database.transaction() as session:
        for guild_id, question, verdict, at in (
            (0, "a", Verdict.CORRECTED, NOW),
            (GUILD, "a", Verdict.RETIRED, NOW),
            (0, "b", Verdict.CORRECTED, NOW),
            (5, "c", Verdict.RETIRED, NOW),
            (GUILD, "d", Verdict.RETIRED, NOW - DAY),
            (GUILD, "e", Verdict.KEPT, NOW),
        ):
            await questions_store.add_ruling(session, Ruling(question, guild_id, verdict), at)
    decided = await kept.list_decided(GUILD, ("a", "b", "c", "d"), NOW - DAY)
    assert decided == {"a": Verdict.RETIRED, "b": Verdict.CORRECTED}


async def test_whether_it_is_being_posted(kept):
    async with kept.database.transaction() as session:
        await schedule.add_occurrence(session, POST, GUILD, "2026-W49", NOW)
    assert not await kept.is_being_posted(GUILD)
    async with kept.database.transaction() as session:
        await schedule.claim_due(session, "me", NOW, limit=1, lease=DAY, kinds=(POST,))
    assert await kept.is_being_posted(GUILD)
    assert not await kept.is_being_posted(5)
