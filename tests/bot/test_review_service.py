"""Reviews and their reminders on both databases: what is due, rounds, windows, and when the tutor goes quiet."""

import asyncio
import dataclasses
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fsrs import Card, State
from sqlalchemy import text

from bot.errors import MemberError
from bot.features.progress.service import ProgressService
from bot.features.questions import store as questions_store
from bot.features.questions.models import AskedQuestion, News, Response, RoundKind, RoundResult, Ruling, Verdict
from bot.features.questions.rules.options import option_id
from bot.features.review import rules
from bot.features.review.models import REMINDER, ComingDay, Notice, Nudge, Overview, Reminder, ReminderSetup
from bot.features.review.service import NO_TEXT, NO_ZONE, UNKNOWN_WINDOW, ReviewService
from bot.scheduling import store as work
from bot.scheduling.dispatcher import ClaimLost, Dispatcher
from tests.bot.databases import rows
from tests.bot.question_bank import bank_curriculum, question_with
from tests.bot.schedulers import SCHEDULER, question_service

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
"""A Wednesday."""
ADA, GRACE, SERVER, ELSEWHERE = 11, 22, 5, 6
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
QUESTIONS = tuple(question_with(f"{concept}{n}", concept) for concept in "abc" for n in range(3))
CURRICULUM = bank_curriculum(*QUESTIONS)


class World:
    """The services on one database, at a time that a test sets, and what was written to members."""

    def __init__(self, database):
        self.database = database
        self.now = NOON
        self.sent = []
        self.start()

    def start(self, *questions):
        """What a new process would be, with a bank of these questions, or of all."""
        curriculum = bank_curriculum(*questions) if questions else CURRICULUM
        clock = lambda: self.now
        self.progress = ProgressService(self.database, clock, curriculum)
        self.questions = question_service(self.database, clock, curriculum)
        self.dispatcher = Dispatcher(self.database, clock)
        self.review = ReviewService(
            self.database,
            clock,
            curriculum,
            self.questions,
            scheduler=SCHEDULER,
            dispatcher=self.dispatcher,
            at_a_time=5,
        )
        self.dispatcher.register(REMINDER, self.remind, self.review.note_failed)

    async def remind(self, occurrence):
        """What the cog does, without Discord."""
        nudge = await self.review.prepare(occurrence)
        if nudge is not None:
            self.sent.append((self.now, nudge))
            await self.review.note_sent(occurrence, nudge)

    async def schedule(self, *cards, member=ADA):
        """Cards as ("question", days until it is due), or with stability and days since the last answer, too."""
        await self.progress.save_profile(member)
        async with self.database.transaction() as session:
            for question, due, *memory in cards:
                stability, ago = memory or (3, 3)
                card = Card(0, State.Review, None, stability, 5.0, self.now + due * DAY, self.now - ago * DAY)
                await questions_store.update_card(session, member, question, card)

    async def rule(self, question, guild_id=0, verdict=Verdict.RETIRED):
        async with self.database.transaction() as session:
            await questions_store.add_ruling(session, Ruling(question, guild_id, verdict), self.now)

    async def begin(self, member=ADA, guild=SERVER):
        return await self.review.begin(member, guild)

    async def answer(self, asked, *, right=True, member=ADA):
        chosen = Response((option_id("right" if right else "wrong 1"),))
        return await self.questions.answer(asked.round_id, asked.position, member, chosen, asked.stamp)

    async def rounds(self):
        """The questions of each round, and whether it is over."""
        async with self.database.transaction() as session:
            ids = list(await session.scalars(text("SELECT id FROM rounds ORDER BY id")))
            found = [await questions_store.find_round(session, id_) for id_ in ids]
        return [(list(one.questions), one.finished_at is not None) for one in found]

    # The reminder

    async def remind_ada(self, window="evening", zone="Europe/Berlin"):
        await self.progress.save_profile(ADA, zone=zone)
        return await self.review.set_reminder(ADA, window)

    async def waiting(self):
        """When the next reminder is planned, and for which day."""
        async with self.database.transaction() as session:
            found = await work.find_waiting(session, REMINDER, ADA)
        return None if found is None else (found.due_at, found.slot)

    async def ended(self):
        """What came of the reminders so far, the oldest first."""
        query = "SELECT slot, state, note FROM occurrences WHERE ended_at IS NOT NULL ORDER BY ended_at"
        return await rows(self.database, query)

    async def pass_to(self, moment):
        """Let time pass until then, with a look at the work every quarter of an hour."""
        while self.now < moment:
            self.now = min(self.now + HOUR / 4, moment)
            await self.dispatcher.run_due()

    async def pass_days(self, count):
        """As many days, with a look at the work at the hour at which it is due."""
        end = self.now + count * DAY
        while (waiting := await self.waiting()) and waiting[0] <= end:
            self.now = max(waiting[0], self.now)
            await self.dispatcher.run_due()
        self.now = end


@pytest.fixture
def w(database):
    return World(database)


def fails(sentence):
    return pytest.raises(MemberError, match=f"^{re.escape(sentence)}$")


def berlin(month, day, hour, minute=0):
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


# The overview


async def test_who_has_answered_nothing_has_an_empty_queue_and_leaves_no_row(w):
    assert await w.review.show(ADA, SERVER) == Overview(due=0, total=0, coming=(), at_a_time=5)
    assert await rows(w.database, "SELECT * FROM learners") == []


async def test_what_is_due_and_what_comes_next(w):
    await w.schedule(("a0", -4), ("b0", 0), ("a1", 0.1), ("a2", 1), ("b1", 1.3), ("c0", 40))
    await w.schedule(("c1", -1), member=GRACE)
    found = await w.review.show(ADA, SERVER)
    assert (found.due, found.total, found.left, found.reminder, found.notice) == (2, 6, 0, None, None)
    assert found.coming == (
        ComingDay(NOON + 0.1 * DAY, 1),
        ComingDay(NOON + DAY, 2),
        ComingDay(NOON + 40 * DAY, 1),
    )


async def test_days_are_those_of_the_members_own_calendar(w):
    await w.schedule(("a0", 0.45), ("a1", 0.55))  # 22:48 and 01:12 in UTC
    assert [day.count for day in (await w.review.show(ADA)).coming] == [1, 1]
    await w.progress.save_profile(ADA, zone="Asia/Tokyo")
    assert [day.count for day in (await w.review.show(ADA)).coming] == [2]


async def test_retired_questions_and_those_that_left_the_bank_do_not_count(w):
    await w.schedule(("a0", -1), ("a1", -1), ("a2", -1), ("b0", -1), ("b1", 1), ("gone", -1))
    await w.rule("a0")
    await w.rule("a1", SERVER)
    await w.rule("b0", SERVER, Verdict.KEPT)
    await w.rule("b1", ELSEWHERE)
    found = [await w.review.show(ADA, guild) for guild in (SERVER, ELSEWHERE, None)]
    assert [(one.due, one.total) for one in found] == [(2, 3), (3, 3), (3, 4)]


async def test_news_come_with_the_overview_only_if_no_question_follows(w):
    await w.schedule(("a0", -1))
    async with w.database.transaction() as session:
        await questions_store.add_news(session, ADA, News("retired", "a1", {}), NOON)
    assert (await w.review.show(ADA)).news == ()
    asked = await w.begin()
    assert len(asked.news) == 1
    await w.answer(asked)
    async with w.database.transaction() as session:
        await questions_store.add_news(session, ADA, News("retired", "a1", {}), NOON)
    assert (await w.review.show(ADA)).news == asked.news
    assert (await w.review.show(ADA)).news == ()


# Rounds


async def test_the_five_most_urgent_come_first_and_none_after_one_on_its_concept(w):
    await w.schedule(
        ("a0", -1, 0.2, 2),  # missed the day before yesterday
        ("a1", -1, 0.2, 1),
        ("a2", -30, 300, 330),  # known well, and late
        ("b0", -2, 3, 5),
        ("b1", -1, 3, 5),
        ("c0", -9, 365, 374),
        ("c1", 1, 0.2, 1),
    )
    first = await w.begin()
    assert isinstance(first, AskedQuestion)
    assert (first.number, first.total, first.round_kind, first.is_resumed) == (1, 5, RoundKind.REVIEW, False)
    assert await w.rounds() == [(["a0", "b0", "a1", "b1", "a2"], False)]
    assert await rows(w.database, "SELECT member_id, guild_id, kind FROM rounds") == [(ADA, SERVER, "review")]


async def test_when_nothing_is_due_there_is_no_round(w):
    await w.schedule(("a0", 2))
    found = await w.begin()
    assert found == await w.review.show(ADA, SERVER)
    assert (found.due, found.coming) == (0, (ComingDay(NOON + 2 * DAY, 1),))
    assert await w.rounds() == []


async def test_when_all_that_is_due_is_retired_here_there_is_no_round(w):
    await w.schedule(("a0", -2))
    await w.rule("a0", SERVER)
    assert isinstance(await w.begin(), Overview)
    assert (await w.begin(guild=ELSEWHERE)).total == 1


async def test_answers_of_a_round_are_evidence_and_move_the_cards(w):
    await w.schedule(("a0", -1), ("b0", -1))
    first = await w.begin()
    await w.answer(first)
    second = await w.begin()
    assert (second.number, second.is_resumed) == (2, True)
    feedback = await w.answer(second, right=False)
    assert (feedback.is_correct, feedback.due_at, feedback.has_next) == (False, NOON + DAY, False)
    result = await w.questions.show(first.round_id, ADA)
    assert isinstance(result, RoundResult)
    assert (result.right, result.counted, result.due_now, result.next_due_at) == (1, 2, 0, NOON + DAY)
    assert await rows(w.database, "SELECT concept, kind, is_correct FROM evidence ORDER BY id") == [
        ("a", "review", True),
        ("b", "review", False),
    ]
    assert await w.rounds() == [(["a0", "b0"], True)]
    w.now += DAY
    again = await w.begin()
    assert (again.total, again.round_id) == (1, first.round_id + 1)


async def test_clicks_at_the_same_time_begin_one_round(w):
    await w.schedule(*((question.id, -1) for question in QUESTIONS))
    found = await asyncio.gather(*(w.begin() for _ in range(5)))
    assert len({(asked.round_id, asked.position) for asked in found}) == 1
    assert len(await w.rounds()) == 1


@pytest.mark.parametrize(("days", "rounds"), [(7, 1), (7.1, 2)])
async def test_a_round_that_was_left_goes_on_for_a_week(w, days, rounds):
    await w.schedule(("a0", -1), ("b0", -1), ("c0", -1))
    first = await w.begin()
    await w.answer(first)
    w.now += days * DAY
    assert (await w.review.show(ADA, SERVER)).left == (2 if rounds == 1 else 0)
    again = await w.begin()
    assert again.is_resumed is (rounds == 1)
    assert len(await w.rounds()) == rounds


async def test_a_round_that_was_opened_and_left_unanswered_goes_on_as_if_new(w):
    await w.schedule(("a0", -1))
    first = await w.begin()
    again = await w.begin()
    assert again == first
    assert not again.is_resumed


async def test_a_round_whose_last_questions_are_gone_makes_way_for_a_new_one(w):
    await w.schedule(("a0", -1), ("b0", -1))
    await w.answer(await w.begin())
    await w.rule("b0")
    assert (await w.review.show(ADA, SERVER)).left == 0
    await w.schedule(("c0", -1))
    assert (await w.begin()).total == 1
    assert [questions for questions, _ in await w.rounds()] == [["a0", "b0"], ["c0"]]


async def test_a_question_that_left_the_bank_is_passed_over(w):
    await w.schedule(("a0", -1), ("b0", -1))
    first = await w.begin()
    w.start(*(question for question in QUESTIONS if question.id != "a0"))
    again = await w.begin()
    assert (again.round_id, again.prompt, again.total) == (first.round_id, "What about b0?", 1)


async def test_a_round_from_elsewhere_does_not_bring_what_this_server_has_retired(w):
    await w.schedule(("a0", -1), ("b0", -1))
    private = await w.begin(guild=None)
    assert private.total == 2
    await w.rule("a0", SERVER)
    here = await w.begin(guild=SERVER)
    assert (here.prompt, here.total) == ("What about b0?", 1)
    assert (await w.begin(guild=ELSEWHERE)).round_id == here.round_id


# Setting a reminder


async def test_a_reminder_is_off_until_it_is_set(w):
    assert await w.review.show_reminder(ADA) == ReminderSetup(None)
    await w.schedule(("a0", -1))
    await w.review.show(ADA)
    assert await w.waiting() is None


async def test_the_zone_comes_first(w):
    with fails(NO_ZONE):
        await w.review.set_reminder(ADA, "evening")
    assert await rows(w.database, "SELECT * FROM reminders") == []
    setup = await w.review.save_zone(ADA, " berlin ")
    assert setup == ReminderSetup("Europe/Berlin")
    assert await rows(w.database, "SELECT zone FROM learners") == [("Europe/Berlin",)]


async def test_a_zone_that_this_machine_does_not_know_is_asked_for_again(w):
    await w.progress.save_profile(ADA, zone="Mars/Olympus")
    assert await w.review.show_reminder(ADA) == ReminderSetup(None)


@pytest.mark.parametrize("typed", ["Atlantis", "UTC+2", " "])
async def test_an_unclear_zone_is_not_stored(w, typed):
    with pytest.raises(MemberError) as told:
        await w.review.save_zone(ADA, typed)
    assert str(told.value) == NO_TEXT if typed == " " else "city" in str(told.value)
    assert await rows(w.database, "SELECT * FROM learners") == []


async def test_unknown_hours_are_refused(w):
    with fails(UNKNOWN_WINDOW):
        await w.remind_ada("midnight")


@pytest.mark.parametrize(
    ("window", "hours", "planned"),
    [
        ("morning", (7, 9), berlin(3, 5, 7)),
        ("midday", (12, 14), berlin(3, 5, 12)),  # it is one o'clock in Berlin
        ("evening", (18, 20), berlin(3, 4, 18)),
        ("late", (21, 23), berlin(3, 4, 21)),
    ],
)
async def test_the_next_window_is_planned(w, window, hours, planned):
    setup = await w.remind_ada(window)
    assert setup == ReminderSetup("Europe/Berlin", Reminder(ADA, *hours, NOON))
    assert await w.waiting() == (planned, f"2026-03-0{planned.day}")
    assert await rows(w.database, "SELECT kind, subject_id, member_id, state FROM occurrences") == [
        (REMINDER, ADA, ADA, "waiting")
    ]
    assert (await w.review.show(ADA)).reminder == setup.reminder


async def test_other_hours_take_the_place_of_the_first(w):
    await w.remind_ada("evening")
    await w.remind_ada("morning")
    await w.remind_ada("morning")
    assert await rows(w.database, "SELECT slot, state FROM occurrences") == [("2026-03-05", "waiting")]


async def test_another_zone_moves_what_is_planned(w):
    await w.remind_ada()
    await w.review.save_zone(ADA, "Tokyo")
    assert await w.waiting() == (datetime(2026, 3, 5, 9, tzinfo=UTC), "2026-03-05")


async def test_turned_off_nothing_is_left(w):
    await w.remind_ada()
    assert await w.review.turn_off(ADA) == ReminderSetup("Europe/Berlin")
    assert await w.review.turn_off(ADA) == ReminderSetup("Europe/Berlin")
    assert await rows(w.database, "SELECT * FROM reminders") == []
    assert await rows(w.database, "SELECT * FROM occurrences") == []


async def test_turning_off_what_was_never_on_leaves_no_row(w):
    assert await w.review.turn_off(GRACE) == ReminderSetup(None)
    assert await rows(w.database, "SELECT * FROM learners") == []


# Reminders as they are sent


async def test_once_a_day_at_the_hour_and_only_if_something_is_due(w):
    await w.schedule(("a0", -1), ("b0", -1), ("c0", -1))
    await w.remind_ada()
    await w.pass_to(berlin(3, 6, 17, 59))
    assert w.sent == [
        (berlin(3, 4, 18), Nudge(3, 5)),
        (berlin(3, 5, 18), Nudge(3, 5)),
    ]
    for _ in range(3):
        await w.answer(await w.begin())
    await w.pass_to(berlin(3, 7, 12))
    assert len(w.sent) == 2
    assert await w.ended() == [
        ("2026-03-04", "done", None),
        ("2026-03-05", "done", None),
        ("2026-03-06", "skipped", rules.NOTHING_DUE),
    ]
    assert await w.waiting() == (berlin(3, 7, 18), "2026-03-07")


async def test_the_count_is_that_of_the_moment_and_without_what_is_retired(w):
    await w.schedule(("a0", -1), ("a1", 0.2), ("a2", 0.3), ("b0", -1))
    await w.rule("b0")
    await w.remind_ada()
    await w.pass_to(berlin(3, 4, 20))
    assert [nudge.due for _, nudge in w.sent] == [2]


async def test_other_hours_on_a_day_that_had_its_reminder_begin_tomorrow(w):
    await w.schedule(("a0", -1))
    w.now = berlin(3, 4, 6)
    await w.remind_ada("morning")
    await w.pass_to(berlin(3, 4, 8))
    await w.remind_ada("evening")
    await w.pass_to(berlin(3, 5, 23))
    assert [at for at, _ in w.sent] == [berlin(3, 4, 7), berlin(3, 5, 18)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ((3, 28), [berlin(3, 28, 18), berlin(3, 29, 18), berlin(3, 30, 18)]),  # the clocks go forward on the 29th
        ((10, 24), [berlin(10, 24, 18), berlin(10, 25, 18), berlin(10, 26, 18)]),  # and back on the 25th of October
    ],
)
async def test_on_both_sides_of_a_change_of_the_clocks_it_is_six_in_the_evening(w, day, expected):
    w.now = berlin(*day, 12)
    await w.schedule(("a0", -1))
    await w.remind_ada()
    await w.pass_to(berlin(day[0], day[1] + 2, 19))
    assert [at for at, _ in w.sent] == expected
    assert expected[1] - expected[0] != DAY


async def test_after_the_hours_it_is_too_late_and_the_next_day_is_as_usual(w):
    await w.schedule(("a0", -1))
    await w.remind_ada()
    w.now = berlin(3, 4, 20)
    await w.dispatcher.run_due()
    assert w.sent == []
    assert await w.ended() == [("2026-03-04", "skipped", rules.TOO_LATE)]
    await w.pass_to(berlin(3, 5, 19))
    assert [at for at, _ in w.sent] == [berlin(3, 5, 18)]


async def test_within_the_hours_it_is_not_too_late(w):
    await w.schedule(("a0", -1))
    await w.remind_ada()
    w.now = berlin(3, 4, 19, 59)
    await w.dispatcher.run_due()
    assert [at for at, _ in w.sent] == [w.now]


async def test_after_days_away_only_the_present_day_is_made_up_for(w):
    await w.schedule(("a0", -1))
    await w.remind_ada()
    w.now = berlin(3, 7, 19)
    await w.dispatcher.run_due()
    await w.dispatcher.run_due()
    assert [at for at, _ in w.sent] == [w.now]
    assert await w.ended() == [("2026-03-04", "skipped", rules.TOO_LATE), ("2026-03-07", "done", None)]
    assert await w.waiting() == (berlin(3, 8, 18), "2026-03-08")


async def test_who_moved_meanwhile_is_not_woken_at_night(w):
    """/start knows nothing of reminders. What was planned for six in Berlin is two in the morning in Tokyo."""
    await w.schedule(("a0", -1))
    await w.remind_ada()
    await w.progress.save_profile(ADA, zone="Asia/Tokyo")
    await w.pass_to(berlin(3, 6, 18))
    assert [at.astimezone(ZoneInfo("Asia/Tokyo")).hour for at, _ in w.sent] == [18, 18]


async def test_turned_off_while_it_is_claimed_nothing_is_written(w):
    await w.schedule(("a0", -1))
    await w.remind_ada()
    w.now = berlin(3, 4, 18)
    occurrence = await claim(w)
    await w.review.turn_off(ADA)
    assert await w.review.prepare(occurrence) is None
    assert await w.ended() == [("2026-03-04", "skipped", rules.TURNED_OFF)]
    assert await w.waiting() is None


async def claim(w):
    async with w.database.transaction() as session:
        claimed = await work.claim_due(
            session, w.dispatcher.worker, w.now, limit=1, lease=timedelta(minutes=5), kinds=[REMINDER]
        )
    return claimed[0]


async def test_turned_off_while_it_is_sent_no_other_follows(w):
    await w.schedule(("a0", -1))
    await w.remind_ada()
    w.now = berlin(3, 4, 18)
    occurrence = await claim(w)
    nudge = await w.review.prepare(occurrence)
    await w.review.turn_off(ADA)
    await w.review.note_sent(occurrence, nudge)
    assert await w.ended() == [("2026-03-04", "done", None)]
    assert await w.waiting() is None


async def test_an_overview_while_it_is_sent_plans_the_next_one_only_once(w):
    await w.schedule(("a0", -1))
    await w.remind_ada()
    w.now = berlin(3, 4, 18)
    occurrence = await claim(w)
    assert (await w.review.show(ADA)).notice is None
    await w.review.note_sent(occurrence, await w.review.prepare(occurrence))
    query = "SELECT slot, state FROM occurrences ORDER BY id"
    assert await rows(w.database, query) == [("2026-03-04", "done"), ("2026-03-05", "waiting")]


async def test_somebody_else_who_took_it_over_is_not_disturbed(w):
    await w.schedule(("a0", -1))
    await w.remind_ada()
    w.now = berlin(3, 4, 18)
    occurrence = await claim(w)
    nudge = await w.review.prepare(occurrence)
    w.now += timedelta(minutes=6)
    w.start()  # another process, with another name
    await w.dispatcher.run_due()
    assert len(w.sent) == 1
    w.start()
    with pytest.raises(ClaimLost):
        await w.review.note_sent(occurrence, nudge)
    with pytest.raises(ClaimLost):
        await w.review.note_refused(occurrence)
    assert await w.ended() == [("2026-03-04", "done", None)]
    assert await rows(w.database, "SELECT failed_at FROM reminders") == [(None,)]


async def test_a_member_who_was_forgotten_meanwhile_stays_forgotten(w):
    await w.schedule(("a0", -1))
    await w.remind_ada()
    w.now = berlin(3, 4, 18)
    occurrence = await claim(w)
    async with w.database.transaction() as session:
        await session.execute(text("DELETE FROM learners"))
    with pytest.raises(ClaimLost):
        await w.review.prepare(occurrence)
    for query in ("SELECT * FROM learners", "SELECT * FROM reminders", "SELECT * FROM occurrences"):
        assert await rows(w.database, query) == []


async def test_what_could_not_be_sent_for_a_whole_evening_is_tried_again_tomorrow(w):
    await w.schedule(("a0", -1))
    await w.remind_ada()

    async def fail(occurrence):
        if await w.review.prepare(occurrence) is not None:
            raise RuntimeError("Discord is away")

    w.dispatcher.register(REMINDER, fail, w.review.note_failed)
    await w.pass_to(berlin(3, 4, 23))
    assert len(await w.ended()) == 1
    assert await w.waiting() == (berlin(3, 5, 18), "2026-03-05")


async def test_a_failure_for_who_was_forgotten_plans_nothing(w):
    await w.remind_ada()
    w.now = berlin(3, 4, 18)
    occurrence = await claim(w)
    async with w.database.transaction() as session:
        await session.execute(text("DELETE FROM learners"))
    await w.review.note_failed(occurrence)
    assert await rows(w.database, "SELECT * FROM learners") == []


# Going quiet


async def test_after_five_reminders_without_an_answer_the_tutor_is_quiet_until_the_member_comes_back(w):
    await w.answer(await w.questions.begin(ADA, RoundKind.QUIZ, ["c0"], guild_id=None))
    await w.schedule(("a0", -1))
    await w.remind_ada()
    await w.pass_days(30)
    assert [nudge.is_last for _, nudge in w.sent] == [False, False, False, False, True]
    assert [note for _, _, note in await w.ended()] == [None, None, None, None, rules.QUIET]
    assert await w.waiting() is None

    found = await w.review.show(ADA)
    assert found.notice is Notice.RESUMED
    assert found.reminder.hours == (18, 20)
    assert await w.waiting() == (berlin(4, 3, 18), "2026-04-03")
    assert (await w.review.show(ADA)).notice is None
    await w.pass_days(3)
    assert [nudge.is_last for _, nudge in w.sent[5:]] == [False, False, False]


async def test_to_begin_is_to_come_back(w):
    await w.schedule(("a0", -1))
    await w.remind_ada()
    await w.pass_days(10)
    assert await w.waiting() is None
    await w.begin()
    assert await w.waiting() is not None
    assert (await w.review.show(ADA)).notice is None


async def test_any_answer_is_a_reaction(w):
    await w.schedule(("a0", -1), ("b0", -1))
    await w.remind_ada()
    await w.pass_days(4)
    quiz = await w.questions.begin(ADA, RoundKind.QUIZ, ["c0"], guild_id=None)
    await w.answer(quiz)
    await w.pass_days(4)
    assert [nudge.is_last for _, nudge in w.sent] == [False] * 8
    await w.pass_days(4)
    assert [nudge.is_last for _, nudge in w.sent[8:]] == [True]


async def test_after_14_days_with_nothing_due_a_look_a_week_is_enough(w):
    await w.schedule(("a0", 60))
    await w.remind_ada()
    await w.pass_days(13.5)
    assert await w.ended() == [(f"2026-03-{day:02}", "skipped", rules.NOTHING_DUE) for day in range(4, 18)]
    assert await w.waiting() == (berlin(3, 25, 18), "2026-03-25")
    assert (await w.review.show(ADA)).notice is None
    await w.pass_days(60)
    assert w.sent[0] == (berlin(5, 3, 18), Nudge(1, 5))


async def test_who_begins_late_is_reminded_within_a_week(w):
    """A newcomer sets a reminder, and answers the first question a month later."""
    await w.remind_ada()
    await w.pass_days(30)
    assert len(await w.ended()) == 16
    await w.schedule(("a0", 1))
    await w.pass_days(8)
    assert [nudge.due for _, nudge in w.sent] == [1]


# Closed direct messages


async def test_a_refused_message_turns_it_off_and_the_next_overview_says_so_once(w):
    await w.schedule(("a0", -1))
    await w.remind_ada()
    w.now = berlin(3, 4, 18)
    occurrence = await claim(w)
    assert await w.review.prepare(occurrence) is not None
    await w.review.note_refused(occurrence)
    assert await w.ended() == [("2026-03-04", "skipped", rules.REFUSED)]
    assert await w.waiting() is None
    assert len(await rows(w.database, "SELECT failed_at FROM reminders WHERE failed_at IS NOT NULL")) == 1
    assert await w.review.show_reminder(ADA) == ReminderSetup("Europe/Berlin")

    await w.begin()  # says nothing about it, so that it is not forgotten
    found = await w.review.show(ADA)
    assert (found.notice, found.reminder) == (Notice.REFUSED, None)
    assert dataclasses.replace(found, notice=None) == await w.review.show(ADA)
    assert await w.waiting() is None


async def test_after_a_refusal_it_can_be_set_again(w):
    await w.schedule(("a0", -1))
    await w.remind_ada()
    w.now = berlin(3, 4, 18)
    await w.review.note_refused(await claim(w))
    setup = await w.review.set_reminder(ADA, "morning")
    assert setup.reminder.failed_at is None
    assert (await w.review.show(ADA)).notice is None
    await w.pass_to(berlin(3, 5, 8))
    assert [at for at, _ in w.sent] == [berlin(3, 5, 7)]
