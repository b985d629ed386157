"""Weekly quizzes on real databases: when they come, what they ask, what is recorded, and what the answers come to."""

import asyncio
import dataclasses
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.errors import MemberError
from bot.features.progress.models import State
from bot.features.questions import store as questions_store
from bot.features.questions.models import AnswerKey, Ruling, Verdict
from bot.features.questions.rules.options import bank_key, option_id
from bot.features.weekly.models import CLOSE, POST, Demand, Improvement, Place
from bot.features.weekly.service import (
    NO_PAST_QUIZ,
    NOT_OVER,
    NOT_SET_UP,
    NOT_THERE,
    NOTHING_LEFT,
    UNKNOWN,
)
from bot.scheduling import store as schedule
from bot.scheduling.dispatcher import ClaimLost
from bot.scheduling.models import WorkState
from bot.storage.database import Database
from tests.bot.databases import rows
from tests.bot.weekly_world import ADA, CHANNEL, EVE, GRACE, GUILD, LINUS, World, quiz_with

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = datetime(2026, 11, 25, 12, tzinfo=BERLIN)
MONDAY = datetime(2026, 11, 30, 18, tzinfo=BERLIN)
WEEK = timedelta(weeks=1)


@pytest.fixture
def world(database, knowledge):
    return World(database, knowledge.curriculum, WEDNESDAY)


@pytest.fixture
async def due(world):
    """The quiz is set up, and it is Monday at six."""
    await world.weekly.set_up(quiz_with())
    world.now = MONDAY
    return world


async def states(world):
    return await rows(world.database, "SELECT kind, slot, state, note FROM occurrences ORDER BY id")


# Set-up


async def test_a_new_quiz_is_planned_for_the_next_local_time(world):
    status = await world.weekly.set_up(quiz_with(goal=3, role_id=9))
    assert status.quiz == quiz_with(goal=3, role_id=9)
    assert status.next_at == MONDAY
    assert (status.open_round, status.took_part, status.notes) == (None, 0, ())
    waiting = await world.waiting()
    assert (waiting.slot, waiting.due_at, waiting.tries) == ("2026-W49", MONDAY, 0)
    assert await world.weekly.show(GUILD) == status


async def test_a_change_moves_what_waits(world):
    await world.weekly.set_up(quiz_with())
    status = await world.weekly.set_up(quiz_with(weekday=4, minute=9 * 60 + 30, zone="Asia/Tokyo", questions=8))
    assert status.next_at == datetime(2026, 11, 27, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert await states(world) == [("weekly", "2026-W48", "waiting", None)]
    assert (await world.weekly.find_quiz(GUILD)).questions == 8


async def test_the_hour_stays_when_summer_time_ends_and_begins(world):
    world.now = datetime(2026, 10, 19, 12, tzinfo=BERLIN)
    await world.weekly.set_up(quiz_with(minute=9 * 60))
    for day in (datetime(2026, 10, 26, 9, tzinfo=BERLIN), datetime(2026, 11, 2, 9, tzinfo=BERLIN)):
        waiting = await world.waiting()
        assert waiting.due_at == day
        assert waiting.due_at.astimezone(BERLIN).hour == 9
        world.now = day
        await world.close(await world.post())
    summer, winter = await rows(world.database, "SELECT planned_at FROM weekly_rounds ORDER BY planned_at")
    assert str(summer[0])[11:16] == str(winter[0])[11:16] == "08:00"
    world.now = datetime(2026, 3, 23, 12, tzinfo=BERLIN) + timedelta(days=365)
    await world.weekly.set_up(quiz_with(minute=9 * 60))


async def test_without_a_set_up_there_is_one_way_forward(world):
    for use in (
        world.weekly.show,
        world.weekly.pause,
        world.weekly.resume,
        world.weekly.switch_off,
        world.weekly.preview,
        world.weekly.demand,
    ):
        with pytest.raises(MemberError) as told:
            await use(GUILD)
        assert str(told.value) == NOT_SET_UP
    assert await world.weekly.find_quiz(GUILD) is None
    assert await rows(world.database, "SELECT id FROM occurrences") == []


async def test_a_pause_calls_off_and_resuming_plans_again(world):
    await world.weekly.set_up(quiz_with())
    status = await world.weekly.pause(GUILD)
    assert (status.quiz.is_paused, status.next_at) == (True, None)
    assert await states(world) == []
    changed = await world.weekly.set_up(quiz_with(questions=4))
    assert (changed.quiz.is_paused, changed.quiz.questions, changed.next_at) == (True, 4, None)
    assert (await world.weekly.resume(GUILD)).next_at == MONDAY
    assert (await world.weekly.resume(GUILD)).next_at == MONDAY
    assert await states(world) == [("weekly", "2026-W49", "waiting", None)]


async def test_off_forgets_the_set_up_and_keeps_what_was(due):
    round_ = await due.post()
    await due.weekly.preview(GUILD)
    assert await due.weekly.switch_off(GUILD) == round_
    assert await due.weekly.find_quiz(GUILD) is None
    assert await states(due) == [("weekly", "2026-W49", "done", None), ("weekly_close", "close", "waiting", None)]
    assert await rows(due.database, "SELECT slot FROM weekly_rounds") == [("2026-W49",)]
    await due.close(round_)
    assert await due.waiting() is None
    assert (await due.weekly.show_history(GUILD)).quizzes[0].round_id == round_.round_id


# Posting


async def test_a_quiz_is_chosen_opened_posted_and_followed_by_the_next(due):
    occurrence = await due.claim()
    post = await due.weekly.prepare(occurrence)
    assert post.is_new
    assert (post.guild_id, post.channel_id, post.message_id, post.questions) == (GUILD, CHANNEL, None, 5)
    assert (post.planned_at, post.closes_at, post.took_part) == (MONDAY, MONDAY + timedelta(hours=48), 0)
    due.now += timedelta(seconds=2)
    await due.weekly.record_posted(occurrence, post.round_id, 555)
    round_ = await due.weekly.find_round(post.round_id)
    assert (round_.slot, round_.message_id, round_.posted_at) == ("2026-W49", 555, due.now)
    assert (round_.closes_at, round_.finished_at) == (MONDAY + timedelta(hours=48), None)
    assert await states(due) == [
        ("weekly", "2026-W49", "done", None),
        ("weekly_close", "close", "waiting", None),
        ("weekly", "2026-W50", "waiting", None),
    ]
    assert (await due.waiting()).due_at == MONDAY + WEEK
    assert await due.weekly.list_open() == (post.round_id,)
    assert (await due.weekly.show(GUILD)).open_round == round_
    closing = await rows(due.database, "SELECT due_at FROM occurrences WHERE kind = 'weekly_close'")
    assert str(closing[0][0])[:19] == "2026-12-02 17:00:05"


async def test_no_second_quiz_in_the_same_week_whatever_the_set_up(due):
    await due.post()
    due.now += timedelta(days=1)
    status = await due.weekly.set_up(quiz_with(weekday=4))
    assert status.next_at == datetime(2026, 12, 11, 18, tzinfo=BERLIN)
    await due.weekly.pause(GUILD)
    assert (await due.weekly.resume(GUILD)).next_at == datetime(2026, 12, 11, 18, tzinfo=BERLIN)
    await due.weekly.switch_off(GUILD)
    assert (await due.weekly.set_up(quiz_with(weekday=4))).next_at == datetime(2026, 12, 11, 18, tzinfo=BERLIN)


async def test_no_second_quiz_after_one_by_hand_before_its_time(world):
    await world.weekly.set_up(quiz_with(weekday=4))
    assert (await world.weekly.demand(GUILD)).demand is Demand.DUE
    await world.post()
    assert (await world.weekly.show(GUILD)).next_at == datetime(2026, 12, 4, 18, tzinfo=BERLIN)
    assert [slot for _, slot, _, _ in await states(world)] == ["2026-W48", "close", "2026-W49"]


@pytest.mark.parametrize(("late", "is_posted"), [(timedelta(hours=12), True), (timedelta(hours=12, seconds=1), False)])
async def test_up_to_twelve_hours_late_it_is_posted_and_open_for_its_full_time(due, late, is_posted):
    due.now += late
    occurrence = await due.claim()
    prepared = await due.weekly.prepare(occurrence)
    if is_posted:
        assert (prepared.planned_at, prepared.closes_at) == (MONDAY, due.now + timedelta(hours=48))
        return
    note = (
        "The weekly quiz was left out: I was not running when it was due and came back 12 hours later, and more than "
        "12 hours are too late. `/weekly post` posts it now."
    )
    assert prepared == note
    assert await states(due) == [("weekly", "2026-W49", "skipped", note), ("weekly", "2026-W50", "waiting", None)]
    status = await due.weekly.show(GUILD)
    assert [(one.slot, one.state, one.note) for one in status.notes] == [("2026-W49", WorkState.SKIPPED, note)]


async def test_after_a_downtime_of_weeks_one_note_and_the_next_time(due):
    due.now += 3 * WEEK + timedelta(days=1)
    assert isinstance(await due.weekly.prepare(await due.claim()), str)
    assert await due.claim() is None
    assert (await due.waiting()).due_at == MONDAY + 4 * WEEK


async def test_a_try_that_was_cut_off_is_told_and_adopted(due):
    first = await due.weekly.prepare(await due.claim())
    due.now += timedelta(minutes=6)
    occurrence = await due.claim()
    assert occurrence.tries == 2
    second = await due.weekly.prepare(occurrence)
    assert not second.is_new
    assert dataclasses.replace(second, is_new=True) == first
    await due.weekly.record_posted(occurrence, second.round_id, 555)
    assert (await due.weekly.find_round(second.round_id)).closes_at == MONDAY + timedelta(hours=48)


async def test_a_try_that_posted_nothing_begins_anew_with_its_full_time_and_the_present_channel(due):
    first = await due.weekly.prepare(await due.claim())
    await due.weekly.set_up(quiz_with(channel_id=78))
    due.now += timedelta(hours=1)
    occurrence = await due.claim()
    assert (await due.weekly.prepare(occurrence)).channel_id == CHANNEL
    again = await due.weekly.prepare(occurrence, is_lost=True)
    assert again.is_new
    assert (again.round_id, again.channel_id) == (first.round_id, 78)
    assert (again.planned_at, again.closes_at) == (MONDAY, due.now + timedelta(hours=48))
    assert await rows(due.database, "SELECT count(*) FROM rounds") == [(1,)]


async def test_a_post_that_is_there_is_adopted_even_after_a_long_downtime(due):
    await due.weekly.prepare(await due.claim())
    due.now += timedelta(hours=13)
    occurrence = await due.claim()
    assert not (await due.weekly.prepare(occurrence)).is_new
    assert isinstance(await due.weekly.prepare(occurrence, is_lost=True), str)


async def test_who_has_lost_the_claim_records_nothing(due, knowledge):
    mine = await due.claim()
    post = await due.weekly.prepare(mine)
    due.now += timedelta(minutes=6)
    other = World(due.database, knowledge.curriculum, due.now, worker="there")
    taken = await other.claim()
    with pytest.raises(ClaimLost):
        await due.weekly.record_posted(mine, post.round_id, 555)
    with pytest.raises(ClaimLost):
        await due.weekly.give_up_posting(mine, "No.")
    assert (await due.weekly.find_round(post.round_id)).message_id is None
    assert await states(due) == [("weekly", "2026-W49", "claimed", None)]
    await other.weekly.record_posted(taken, post.round_id, 556)
    assert (await due.weekly.find_round(post.round_id)).message_id == 556


async def test_what_cannot_be_posted_is_given_up_and_next_week_comes(due):
    await due.weekly.give_up_posting(await due.claim(), "The channel has been deleted.")
    assert await states(due) == [
        ("weekly", "2026-W49", "failed", "The channel has been deleted."),
        ("weekly", "2026-W50", "waiting", None),
    ]
    status = await due.weekly.show(GUILD)
    assert [note.note for note in status.notes] == ["The channel has been deleted."]


async def test_a_change_while_it_is_tried_again_does_not_lose_this_week(due):
    occurrence = await due.claim()
    async with due.database.transaction() as session:
        await schedule.release(session, occurrence.id, "here", due.now + timedelta(minutes=2))
    status = await due.weekly.set_up(quiz_with(channel_id=78))
    assert status.next_at == MONDAY
    due.now += timedelta(minutes=3)
    assert (await due.post()).channel_id == 78
    assert (await due.waiting()).due_at == MONDAY + WEEK


async def test_a_set_up_that_was_switched_off_meanwhile_posts_nothing(due):
    occurrence = await due.claim()
    await due.weekly.switch_off(GUILD)
    assert await due.weekly.prepare(occurrence) is None
    assert await states(due) == [("weekly", "2026-W49", "skipped", None)]


async def test_a_pause_meanwhile_posts_nothing(due):
    occurrence = await due.claim()
    await due.weekly.pause(GUILD)
    assert await due.weekly.prepare(occurrence) is None
    assert await states(due) == [("weekly", "2026-W49", "skipped", None)]


async def test_what_a_crash_left_unplanned_is_planned_at_the_start(due):
    occurrence = await due.claim()
    async with due.database.transaction() as session:
        await due.dispatcher.end(session, occurrence, WorkState.FAILED, "TimeoutError in try 6, the last one")
    assert await due.waiting() is None
    await due.weekly.plan_next(GUILD)
    assert (await due.waiting()).due_at == MONDAY + WEEK
    async with due.database.transaction() as session:
        await schedule.delete_waiting(session, POST, GUILD)
    await due.weekly.set_up(quiz_with(guild_id=5))
    await due.weekly.set_up(quiz_with(guild_id=6))
    await due.weekly.pause(6)
    assert await due.weekly.plan_all() == 1
    assert await due.weekly.plan_all() == 0
    assert (await due.waiting()).due_at == MONDAY + WEEK


async def test_two_processes_post_one_quiz(due, knowledge, migrated_url):
    other = Database(migrated_url)
    twin = World(other, knowledge.curriculum, due.now, worker="there")
    try:
        found = [one for one in await asyncio.gather(due.claim(), twin.claim()) if one]
        assert len(found) == 1
    finally:
        await other.close()


# By hand


async def test_by_hand_this_weeks_quiz_comes_now_once(due):
    due.now -= timedelta(hours=5)
    assert (await due.weekly.demand(GUILD)).demand is Demand.DUE
    occurrence = await due.claim()
    assert (await due.weekly.demand(GUILD)).demand is Demand.BUSY
    post = await due.weekly.prepare(occurrence)
    assert (await due.weekly.demand(GUILD)).demand is Demand.BUSY
    await due.weekly.record_posted(occurrence, post.round_id, 555)
    demanded = await due.weekly.demand(GUILD)
    assert (demanded.demand, demanded.open_round.round_id) == (Demand.OPEN, post.round_id)
    assert (await due.weekly.demand(GUILD, is_extra=True)).demand is Demand.OPEN
    due.now = MONDAY
    assert await due.claim() is None
    assert (await due.waiting()).due_at == MONDAY + WEEK


async def test_two_admins_at_once_get_one_quiz(due):
    answers = await asyncio.gather(*(due.weekly.demand(GUILD) for _ in range(4)))
    assert {one.demand for one in answers} == {Demand.DUE}
    await due.post()
    assert await due.claim() is None
    assert await rows(due.database, "SELECT count(*) FROM weekly_rounds") == [(1,)]


async def test_an_extra_quiz_only_if_it_is_meant(due):
    first = await due.post()
    await due.close(first)
    demanded = await due.weekly.demand(GUILD)
    assert (demanded.demand, demanded.open_round.round_id) == (Demand.POSTED, first.round_id)
    assert await due.claim() is None
    answers = await asyncio.gather(*(due.weekly.demand(GUILD, is_extra=True) for _ in range(3)))
    assert {one.demand for one in answers} == {Demand.DUE}
    assert await rows(due.database, "SELECT slot FROM occurrences WHERE slot LIKE '%:%'") == [("2026-W49:2",)]
    extra = await due.post(3000)
    assert await due.claim() is None
    assert extra.slot == "2026-W49:2"
    assert not set(extra.questions) & set(first.questions)
    assert (await due.waiting()).due_at == MONDAY + WEEK
    await due.close(extra)
    assert (await due.weekly.demand(GUILD, is_extra=True)).demand is Demand.DUE
    assert (await due.post()).slot == "2026-W49:3"


async def test_a_week_that_was_left_out_can_be_posted_by_hand(due):
    due.now += timedelta(hours=13)
    await due.weekly.prepare(await due.claim())
    assert (await due.weekly.demand(GUILD)).demand is Demand.DUE
    occurrence = await due.claim()
    await due.weekly.give_up_posting(occurrence, "The channel has been deleted.")
    assert (await due.weekly.demand(GUILD)).demand is Demand.DUE
    round_ = await due.post()
    assert round_.slot == "2026-W49"
    assert (await due.waiting()).due_at == MONDAY + WEEK
    assert [slot for _, slot, _, _ in await states(due)] == [
        "2026-W49",
        "2026-W50",
        "2026-W49:post-1",
        "2026-W49:post-2",
        "close",
    ]


async def test_by_hand_also_while_it_is_paused(due):
    await due.weekly.pause(GUILD)
    assert (await due.weekly.demand(GUILD)).demand is Demand.DUE
    assert (await due.post()).slot == "2026-W49"
    assert await due.waiting() is None
    await due.weekly.resume(GUILD)
    assert (await due.waiting()).due_at == MONDAY + WEEK


# Choosing


async def test_what_the_preview_shows_is_what_is_posted(world):
    await world.weekly.set_up(quiz_with())
    first = await world.weekly.preview(GUILD)
    assert first.next_at == MONDAY
    assert await world.weekly.preview(GUILD) == first
    others = await world.weekly.preview(GUILD, chooses_others=True)
    assert not {one.prompt for one in others.questions} & {one.prompt for one in first.questions}
    world.now = MONDAY
    round_ = await world.post()
    assert [world.bank[id_].prompt for id_ in round_.questions] == [one.prompt for one in others.questions]
    assert (round_.slot, round_.planned_at) == ("2026-W49", MONDAY)
    assert await rows(world.database, "SELECT count(*) FROM rounds") == [(1,)]
    after = await world.weekly.preview(GUILD)
    assert after.round_id != round_.round_id
    assert not {one.prompt for one in after.questions} & {one.prompt for one in others.questions}


async def test_the_preview_shows_what_is_right(world):
    await world.weekly.set_up(quiz_with(questions=10))
    preview = await world.weekly.preview(GUILD)
    prompts = {question.prompt: question for question in world.curriculum.questions}
    assert len(preview.questions) == 10
    for shown in preview.questions:
        question = prompts[shown.prompt]
        concept = world.curriculum.concepts[question.concept]
        assert (shown.concept, shown.kind, shown.difficulty) == (concept.title, question.kind, question.difficulty)
        assert 1 in shown.steps
        assert shown.options == tuple(option.text for option in question.options)
        if question.kind in {"single", "boolean", "multiple"}:
            assert set(shown.right) == {option.text for option in question.options if option.correct}


async def test_a_prepared_quiz_is_posted_in_whatever_week_comes_first(world):
    await world.weekly.set_up(quiz_with())
    await world.weekly.pause(GUILD)
    preview = await world.weekly.preview(GUILD)
    assert preview.next_at is None
    await world.weekly.demand(GUILD)
    round_ = await world.post()
    assert (round_.round_id, round_.slot) == (preview.round_id, "2026-W48")


async def test_another_number_of_questions_is_chosen_anew(world):
    await world.weekly.set_up(quiz_with())
    await world.weekly.preview(GUILD)
    await world.weekly.set_up(quiz_with(minute=0))
    assert await rows(world.database, "SELECT count(*) FROM rounds") == [(1,)]
    await world.weekly.set_up(quiz_with(questions=3))
    assert await rows(world.database, "SELECT count(*) FROM rounds") == [(0,)]
    assert len((await world.weekly.preview(GUILD)).questions) == 3


async def test_a_question_that_was_retired_since_is_not_posted(due):
    preview = await due.weekly.preview(GUILD)
    prepared = await due.weekly.find_round(preview.round_id)
    await rule(due, prepared.questions[2], Verdict.RETIRED)
    round_ = await due.post()
    assert prepared.questions[2] not in round_.questions
    assert len(round_.questions) == 5


async def test_nothing_comes_again_within_twelve_weeks(due):
    asked = []
    for week in range(13):
        due.now = MONDAY + week * WEEK
        round_ = await due.post()
        asked.append(set(round_.questions))
        await due.close(round_)
    for week in range(1, 13):
        before = asked[max(0, week - 12) : week]
        assert not asked[week] & set().union(*before)


async def test_a_small_bank_gives_fewer_and_in_the_end_none(database, knowledge):
    curriculum = knowledge.curriculum
    few = {question.concept: question for question in curriculum.questions}
    chosen = tuple(few.values())[:8]
    world = World(database, dataclasses.replace(curriculum, questions=chosen), WEDNESDAY)
    await world.weekly.set_up(quiz_with())
    first = await world.weekly.preview(GUILD)
    others = await world.weekly.preview(GUILD, chooses_others=True)
    assert (len(first.questions), len(others.questions)) == (5, 5)
    for week, count in enumerate((5, 3)):
        world.now = MONDAY + week * WEEK
        round_ = await world.post()
        assert len(round_.questions) == count
        await world.close(round_)
    world.now = MONDAY + 2 * WEEK
    with pytest.raises(MemberError) as told:
        await world.weekly.prepare(await world.claim())
    assert str(told.value) == NOTHING_LEFT
    world.now = MONDAY + 12 * WEEK + timedelta(minutes=1)
    await world.weekly.demand(GUILD)
    assert len((await world.weekly.preview(GUILD)).questions) == 5


async def test_questions_are_where_the_members_stand(world):
    await world.weekly.set_up(quiz_with(questions=10))
    learner = await world.progress.find_learner(ADA)
    path = world.progress.path_of(learner)
    required = [item.id for step in path.steps[:2] for item in step.required]
    await world.progress.settle_items(ADA, required, State.KNOWN)
    assert {1 in one.steps for one in (await world.weekly.preview(GUILD)).questions} == {True}
    await world.be_visible(ADA)
    others = await world.weekly.preview(GUILD, chooses_others=True)
    assert {3 in one.steps for one in others.questions} == {True}
    await world.be_visible(GRACE)
    mixed = await world.weekly.preview(GUILD, chooses_others=True)
    assert sum(3 in one.steps for one in mixed.questions) >= 5
    assert sum(1 in one.steps for one in mixed.questions) >= 5


async def test_who_takes_part_counts_without_being_visible(due):
    path = due.progress.path_of(await due.progress.find_learner(ADA))
    await due.progress.settle_items(ADA, [i.id for step in path.steps for i in step.required], State.KNOWN)
    round_ = await due.post()
    await due.answer(round_, ADA, "x")
    preview = await due.weekly.preview(GUILD)
    assert sum(6 in one.steps for one in preview.questions) >= 1
    assert {6 in one.steps or 5 in one.steps for one in preview.questions} == {True}


# The results


async def rule(world, question, verdict, *, key=None, guild_id=GUILD, note=None):
    """Decide about a question as a mentor does."""
    async with world.database.transaction() as session:
        await questions_store.add_ruling(session, Ruling(question, guild_id, verdict, key, note), world.now)
        await world.questions.regrade(session, question, guild_id)


async def test_results_are_exact(due):
    await due.weekly.set_up(quiz_with(goal=3))
    round_ = await due.post()
    await due.answer(round_, ADA, "xxxx-")
    await due.answer(round_, GRACE, "xx--?")
    await due.answer(round_, EVE, "xxxxx")
    await due.answer(round_, LINUS, "-x")
    await due.rank(GRACE, EVE, LINUS)
    assert (await due.weekly.find_post(round_.round_id)).took_part == 4
    results = await due.close(round_)
    assert (results.counted, results.took_part, results.finished) == (5, 4, 3)
    assert results.mean == 11 / 3
    assert (results.post.goal, results.is_goal_reached) == (3, True)
    assert results.places == (Place(1, EVE, 5), Place(2, GRACE, 2))
    assert results.improved == ()
    assert results.corrections == ()
    missed = due.bank[round_.questions[4]]
    assert (results.missed.number, results.missed.wrong, results.missed.answers) == (5, 2, 3)
    assert (results.missed.prompt, results.missed.explanation) == (missed.prompt, missed.explanation)
    assert results.missed.citation.url.startswith("http")
    assert results.post.next_at == MONDAY + WEEK


async def test_nobody_took_part(due):
    results = await due.close(await due.post(), None)
    assert (results.took_part, results.finished, results.mean, results.missed) == (0, 0, None, None)
    assert (results.places, results.improved, results.is_goal_reached) == ((), (), False)
    assert await due.weekly.list_open() == ()


async def test_the_most_improved_are_compared_with_their_own_last_quiz(due):
    first = await due.post()
    await due.answer(first, ADA, "x----")
    await due.answer(first, GRACE, "xxx--")
    await due.answer(first, EVE, "-----")
    await due.answer(first, LINUS, "x-")
    await due.rank(ADA, GRACE, LINUS)
    await due.close(first)
    due.now = MONDAY + WEEK
    second = await due.post()
    await due.answer(second, GRACE, "xxxx-")
    await due.answer(second, LINUS, "xxxxx")
    await due.answer(second, EVE, "xxxxx")
    assert (await due.close(second)).improved == (Improvement(GRACE, 4, 5, 3, 5),)
    due.now = MONDAY + 2 * WEEK
    third = await due.post()
    await due.answer(third, ADA, "xxx--")
    await due.answer(third, GRACE, "xxxxx")
    assert (await due.close(third)).improved == (Improvement(ADA, 3, 5, 1, 5),)


async def test_a_retired_question_counts_for_nobody_and_results_say_so_afterwards(due):
    round_ = await due.post()
    await due.answer(round_, ADA, "xx-xx")
    await due.answer(round_, GRACE, "xx xx")
    await due.rank(ADA, GRACE)
    results = await due.close(round_)
    assert results.places == (Place(1, ADA, 4),)
    due.now += timedelta(hours=1)
    await rule(due, round_.questions[2], Verdict.RETIRED)
    after = await due.weekly.find_results(round_.round_id)
    assert (after.counted, after.finished, after.mean) == (4, 2, 4.0)
    assert after.places == (Place(1, GRACE, 4), Place(1, ADA, 4))
    assert after.missed is None
    assert [(one.number, one.is_retired) for one in after.corrections] == [(3, True)]
    assert after.summary_message_id == 2000


async def test_a_corrected_key_changes_the_results_here_only(due):
    round_ = await due.post()
    choices = [place for place, id_ in enumerate(round_.questions) if due.bank[id_].kind in {"single", "boolean"}]
    place = choices[0]
    question = due.bank[round_.questions[place]]
    await due.answer(round_, ADA, "".join("-" if n == place else "x" for n in range(5)))
    other = next(option_id(o.text) for o in question.options if option_id(o.text) not in bank_key(question).options)
    before = await due.close(round_)
    assert (before.mean, before.missed.number) == (4.0, place + 1)
    due.now += timedelta(hours=1)
    await rule(due, question.id, Verdict.CORRECTED, key=AnswerKey((other,)), note="It was the other one.")
    after = await due.weekly.find_results(round_.round_id)
    assert (after.mean, after.missed) == (5.0, None)
    assert [(one.number, one.is_retired) for one in after.corrections] == [(place + 1, False)]


async def test_what_was_decided_before_the_end_is_no_news(due):
    round_ = await due.post()
    await due.answer(round_, ADA, "xxxxx")
    await rule(due, round_.questions[0], Verdict.RETIRED)
    await rule(due, round_.questions[1], Verdict.KEPT)
    results = await due.close(round_)
    assert (results.counted, results.mean, results.corrections) == (4, 4.0, ())
    due.now += timedelta(hours=1)
    await rule(due, round_.questions[2], Verdict.KEPT)
    await rule(due, round_.questions[3], Verdict.RETIRED, guild_id=5)
    assert (await due.weekly.find_results(round_.round_id)).corrections == ()


async def test_my_answers_are_mine(due):
    round_ = await due.post()
    await due.answer(round_, ADA, "x-? x")
    await due.answer(round_, GRACE, "xxxxx")
    with pytest.raises(MemberError) as told:
        await due.weekly.show_mine(round_.round_id, ADA)
    assert str(told.value) == NOT_OVER
    await due.close(round_)
    await rule(due, round_.questions[4], Verdict.RETIRED)
    mine = await due.weekly.show_mine(round_.round_id, ADA)
    assert (mine.guild_id, mine.right, mine.counted, mine.is_ranked) == (GUILD, 1, 4, False)
    assert [one.is_correct for one in mine.answers] == [True, False, False, None, None]
    assert [one.is_answered for one in mine.answers] == [True, True, True, False, True]
    assert [bool(one.given) for one in mine.answers] == [True, True, False, False, True]
    assert mine.answers[0].given == mine.answers[0].right
    assert mine.answers[1].given != mine.answers[1].right
    assert all(one.right for one in mine.answers)
    with pytest.raises(MemberError) as told:
        await due.weekly.show_mine(round_.round_id, EVE)
    assert str(told.value) == NOT_THERE
    with pytest.raises(MemberError) as told:
        await due.weekly.show_mine(99, ADA)
    assert str(told.value) == UNKNOWN


async def test_closing_that_fails_ends_the_quiz_all_the_same(due):
    round_ = await due.post()
    due.now = round_.closes_at + timedelta(minutes=1)
    occurrence = await due.claim(CLOSE)
    assert await due.weekly.find_guild(occurrence) == GUILD
    await due.weekly.give_up_closing(occurrence, "In #quiz I lack Send Messages.")
    assert (await due.weekly.find_round(round_.round_id)).finished_at == due.now
    status = await due.weekly.show(GUILD)
    assert (status.open_round, [one.note for one in status.notes]) == (None, ["In #quiz I lack Send Messages."])
    due.now += timedelta(hours=1)
    await due.weekly.close_without_results(round_.round_id)
    assert (await due.weekly.find_round(round_.round_id)).finished_at == due.now - timedelta(hours=1)


async def test_closing_is_never_too_late(due):
    round_ = await due.post()
    await due.answer(round_, ADA, "xxxxx")
    due.now += 3 * WEEK
    assert (await due.close(round_)).took_part == 1
    assert await due.weekly.find_last_closed(GUILD) == round_.round_id
    assert await due.weekly.find_last_closed(5) is None


# History


async def test_history_tells_how_quizzes_went_and_how_questions_behaved(due):
    first = await due.post()
    await due.answer(first, ADA, "xxxx-")
    await due.answer(first, GRACE, "xx--?")
    await due.close(first)
    due.now = MONDAY + WEEK
    second = await due.post()
    await due.close(second)
    history = await due.weekly.show_history(GUILD)
    assert [(p.took_part, p.finished, p.mean, p.counted) for p in history.quizzes] == [(0, 0, None, 5), (2, 2, 3.0, 5)]
    assert history.chosen == history.quizzes[0]
    assert [one.statistics.answers for one in history.questions] == [0] * 5
    older = await due.weekly.show_history(GUILD, 2)
    assert older.chosen.round_id == first.round_id
    assert [(one.statistics.answers, one.statistics.right) for one in older.questions] == [
        (2, 2),
        (2, 2),
        (2, 1),
        (2, 1),
        (2, 0),
    ]
    assert older.questions[4].statistics.unknown == 1
    with pytest.raises(MemberError) as told:
        await due.weekly.show_history(GUILD, 3)
    assert str(told.value) == NO_PAST_QUIZ


async def test_no_history_yet(due):
    assert (await due.weekly.show_history(GUILD)).quizzes == ()
    await due.post()
    assert (await due.weekly.show_history(GUILD)).chosen is None


async def test_other_servers_have_their_own(due):
    await due.weekly.set_up(quiz_with(guild_id=5))
    round_ = await due.post()
    other = await due.weekly.find_quiz(5)
    assert other == quiz_with(guild_id=5)
    assert (await due.weekly.show(5 if round_.guild_id == GUILD else GUILD)).open_round is None


async def test_members_may_change_their_mind_about_being_named(due):
    assert (await due.weekly.set_ranked(ADA, GUILD, is_ranked=True)).is_ranked
    assert (await due.progress.find_enrolment(ADA, GUILD)).is_ranked
    assert not (await due.weekly.set_ranked(ADA, GUILD, is_ranked=False)).is_ranked
