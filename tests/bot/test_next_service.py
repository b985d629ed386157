"""/next on real databases: what is recommended, what is stored of it, and that no click counts twice."""

import asyncio
import dataclasses
import re
from datetime import UTC, datetime, timedelta

import pytest
from fsrs import Card
from fsrs import State as FsrsState
from sqlalchemy import text

from bot.errors import MemberError
from bot.features.next_step.explanation import capstone_step, list_projects
from bot.features.next_step.models import DUE, Action, Fate, Kind
from bot.features.next_step.service import (
    ANSWERED,
    NOT_TAKEN_BACK,
    SETTLED,
    SOMEBODY_ELSES,
    UNKNOWN,
    UNKNOWN_PROJECT,
    WRONG_BUTTON,
    NextStepService,
)
from bot.features.progress.models import Evidence, EvidenceKind, State
from bot.features.progress.service import CHANGED_SINCE, UNDONE_ALREADY, ProgressService
from bot.features.questions import store as questions_store
from bot.features.questions.models import RoundKind, Ruling, Verdict
from tests.bot.databases import rows
from tests.bot.group_rows import GroupRows

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday."""
ADA, GRACE = 11, 22
FIRST = "fastai-practical-deep-learning/lesson-1"
SECOND = "fastai-practical-deep-learning/lesson-2"


class World:
    """The services on one database, at a time that a test sets."""

    def __init__(self, database, curriculum):
        self.database = database
        self.curriculum = curriculum
        self.now = NOON
        self.progress = ProgressService(database, lambda: self.now, curriculum)
        self.next = NextStepService(database, lambda: self.now, curriculum, self.progress)

    async def later(self, **time):
        self.now += timedelta(**time)

    async def path(self, member_id=ADA):
        return self.progress.path_of(await self.progress.find_learner(member_id))

    async def know(self, *steps):
        """Everything in these steps is known before."""
        path = await self.path()
        items = [item.id for step in path.steps if step.number in steps for item in step.required]
        await self.progress.settle_items(ADA, items, State.KNOWN)

    async def answer(self, concept, *marks):
        """Answers on one concept: True for a right one."""
        evidence = [
            Evidence(concept, EvidenceKind.QUIZ, right, f"{concept}:{self.now}:{number}")
            for number, right in enumerate(marks)
        ]
        await self.progress.add_evidence(ADA, evidence)

    async def fates(self):
        return await rows(self.database, "SELECT id, kind, target, state FROM recommendations ORDER BY id")

    async def changes(self):
        query = "SELECT item, after, minutes, is_undone FROM progress_changes ORDER BY id"
        return [
            (item, after, minutes, bool(undone)) for item, after, minutes, undone in await rows(self.database, query)
        ]

    async def minutes(self, item=FIRST):
        learner = await self.progress.find_learner(ADA)
        return (learner.state(item), learner.progress[item].minutes if item in learner.progress else 0)


@pytest.fixture
def world(database, knowledge):
    return World(database, knowledge.curriculum)


def fails(sentence):
    return pytest.raises(MemberError, match=f"^{re.escape(sentence)}$")


# Recommending


async def test_the_first_recommendation_is_stored_with_its_reason(world):
    found = await world.next.recommend(ADA)
    assert (found.id, found.kind, found.target, found.fate) == (1, Kind.STUDY, FIRST, Fate.OPEN)
    assert (found.minutes, found.minutes_left, found.is_longer) == (40, 360, True)
    assert found.url == "https://course.fast.ai/Lessons/lesson1.html"
    assert found.is_newcomer
    assert found.motivation is None
    query = "SELECT member_id, minutes, reason, state, made_at = changed_at FROM recommendations"
    assert await rows(world.database, query) == [(ADA, 40, found.reason, "open", True)]
    assert await rows(world.database, "SELECT member_id, started_at FROM learners") == [(ADA, None)]


async def test_asked_again_it_is_the_same_one(world):
    first = await world.next.recommend(ADA, 60)
    await world.later(hours=5)
    assert await world.next.recommend(ADA, 60) == first
    assert (await world.next.recommend(ADA, 30)).id == 2
    assert (await world.next.recommend(GRACE, 60)).id == 3
    assert len(await world.fates()) == 3


async def test_many_calls_at_once_make_one_row(world):
    found = await asyncio.gather(*(world.next.recommend(ADA) for _ in range(6)))
    assert {one.id for one in found} == {1}
    assert len(await world.fates()) == 1


async def test_who_was_through_start_gets_no_hint(world):
    await world.progress.save_profile(ADA, started_at=NOON)
    assert not (await world.next.recommend(ADA)).is_newcomer


async def test_only_the_last_30_days_are_looked_at(world):
    await world.progress.save_profile(ADA, deep_learning=3)
    probe = await world.next.recommend(ADA)
    assert (probe.kind, probe.target) == (Kind.PROBE, "step:1")
    await world.next.begin(probe.id, ADA)
    assert (await world.next.recommend(ADA)).kind is Kind.STUDY
    await world.later(days=29)
    assert (await world.next.recommend(ADA)).kind is Kind.STUDY
    await world.later(days=2)
    assert (await world.next.recommend(ADA)).kind is Kind.PROBE


# Start, work, finish, undo


async def test_started_worked_on_and_finished(world):
    found = await world.next.recommend(ADA, 60)
    started = await world.next.start(found.id, ADA)
    assert started.text == "Noted: you are on **Lesson 1: Getting started**."
    assert await world.minutes() == (State.STARTED, 0)
    assert (await world.next.show(found.id, ADA)).fate is Fate.STARTED

    worked = await world.next.work_on(found.id, ADA)
    assert worked.text == "Noted: 1 h on **Lesson 1: Getting started**. About 5 h of it are left."
    assert await world.minutes() == (State.STARTED, 60)
    assert (await world.fates())[0][3] == "done"

    again = await world.next.recommend(ADA, 60)
    assert (again.id, again.target, again.fate, again.minutes_left) == (2, FIRST, Fate.STARTED, 300)
    finished = await world.next.finish(again.id, ADA)
    assert finished.text == (
        "Noted: **Lesson 1: Getting started** is finished. Step 1: 1 of 9 parts done. I counted 5 h for this week. "
        "If it took another time, click Undo and name the `minutes` in `/progress complete`."
    )
    assert finished.reached == ()
    assert await world.minutes() == (State.DONE, 360)
    assert (await world.next.recommend(ADA)).target == SECOND


async def test_a_sitting_longer_than_the_rest_finishes_it(world):
    found = await world.next.recommend(ADA, 480)
    assert not found.is_longer
    await world.next.finish(found.id, ADA)
    assert await world.changes() == [(FIRST, "done", 360, False)]


@pytest.mark.parametrize("action", ["start", "work_on", "finish"])
async def test_a_double_click_counts_once(world, action):
    found = await world.next.recommend(ADA, 60)
    call = getattr(world.next, action)
    first, second = await asyncio.gather(call(found.id, ADA), call(found.id, ADA))
    third = await call(found.id, ADA)
    assert first.text == second.text == third.text
    assert {first.change_id, second.change_id, third.change_id} == {1}
    assert len(await world.changes()) == 1


async def test_two_sittings_of_one_part_count_both(world):
    for _ in range(2):
        found = await world.next.recommend(ADA, 60)
        await world.next.work_on(found.id, ADA)
    assert await world.minutes() == (State.STARTED, 120)


async def test_worked_longer_than_estimated(world):
    await world.progress.settle_item(ADA, FIRST, State.STARTED, minutes=350)
    found = await world.next.recommend(ADA, 5)
    await world.next.work_on(found.id, ADA)
    found = await world.next.recommend(ADA, 5)
    noted = await world.next.work_on(found.id, ADA)
    assert noted.text == "Noted: 5 min on **Lesson 1: Getting started**. By the estimate that is all of it."


async def test_undo_takes_each_back_and_the_same_click_counts_again(world):
    found = await world.next.recommend(ADA, 60)
    started = await world.next.start(found.id, ADA)
    finished = await world.next.finish(found.id, ADA)
    shown = await world.next.undo(found.id, ADA, finished.change_id)
    assert (shown.id, shown.fate, shown.minutes, shown.reason) == (1, Fate.STARTED, 60, found.reason)
    assert await world.minutes() == (State.STARTED, 0)
    with fails(UNDONE_ALREADY):
        await world.next.undo(found.id, ADA, finished.change_id)
    again = await world.next.finish(found.id, ADA)
    assert await world.minutes() == (State.DONE, 360)
    await world.next.undo(found.id, ADA, again.change_id)
    shown = await world.next.undo(found.id, ADA, started.change_id)
    assert shown.fate is Fate.OPEN
    assert await world.minutes() == (None, 0)
    assert await world.fates() == [(1, "study", FIRST, "open")]


async def test_undo_leaves_later_changes_alone(world):
    found = await world.next.recommend(ADA, 60)
    worked = await world.next.work_on(found.id, ADA)
    await world.progress.settle_item(ADA, FIRST, State.DONE)
    with fails(CHANGED_SINCE):
        await world.next.undo(found.id, ADA, worked.change_id)
    assert await world.minutes() == (State.DONE, 360)


async def test_undo_where_nothing_leads_to_it_any_more(world):
    found = await world.next.recommend(ADA, 60)
    await world.next.decline(found.id, ADA, 60)
    await world.progress.settle_item(ADA, FIRST, State.DONE)
    assert await world.next.undo(found.id, ADA) is None
    assert (await world.fates())[0][3] == "open"


@pytest.mark.parametrize("action", ["start", "work_on", "know"])
async def test_a_late_click_does_not_open_again_what_is_settled(world, action):
    found = await world.next.recommend(ADA, 60)
    await world.progress.settle_item(ADA, FIRST, State.DONE)
    with fails(SETTLED):
        await getattr(world.next, action)(found.id, ADA)
    assert await world.minutes() == (State.DONE, 360)


async def test_the_last_part_completes_the_step_and_tells_what_was_reached(world):
    items = [item.id for item in (await world.path()).steps[0].required]
    await world.progress.settle_items(ADA, items[:-1], State.KNOWN)
    found = await world.next.recommend(ADA)
    assert found.target == items[-1]
    finished = await world.next.finish(found.id, ADA)
    assert "is finished. That completes step 1, A practical encounter. I counted " in finished.text
    assert finished.reached == ("step:1",)
    assert (await world.next.finish(found.id, ADA)).reached == ()


# Not now


async def test_not_now_shows_another_and_comes_back_tomorrow(world):
    found = await world.next.recommend(ADA, 60)
    other = await world.next.decline(found.id, ADA, 60)
    assert (other.id, other.kind) == (2, Kind.STUDY)
    assert other.target != FIRST
    assert other.minutes <= 60
    assert await world.next.decline(found.id, ADA, 60) == other
    assert (await world.next.recommend(ADA, 60)).id == other.id
    assert len(await world.fates()) == 2
    await world.later(days=1)
    assert (await world.next.recommend(ADA, 60)).target == FIRST


async def test_two_clicks_on_not_now_decline_one(world):
    found = await world.next.recommend(ADA)
    first, second = await asyncio.gather(*(world.next.decline(found.id, ADA) for _ in range(2)))
    assert first == second
    assert [state for _, _, _, state in await world.fates()] == ["declined", "open"]


async def test_not_now_can_be_undone(world):
    found = await world.next.recommend(ADA)
    await world.next.decline(found.id, ADA)
    assert (await world.next.undo(found.id, ADA)).target == FIRST
    assert (await world.next.recommend(ADA)).id == found.id
    with fails(NOT_TAKEN_BACK):
        await world.next.undo(found.id, ADA)


async def test_what_is_done_is_not_put_off(world):
    found = await world.next.recommend(ADA)
    await world.next.finish(found.id, ADA)
    with fails(ANSWERED):
        await world.next.decline(found.id, ADA)
    assert (await world.fates())[0][3] == "done"


async def test_a_third_no_shows_why_one_began(world):
    await world.progress.save_profile(ADA, motivation="to read the papers myself", started_at=NOON)
    found = await world.next.recommend(ADA)
    shown = [found.motivation]
    for _ in range(3):
        found = await world.next.decline(found.id, ADA)
        shown.append(found.motivation)
    assert shown == [None, None, None, "to read the papers myself"]
    await world.later(days=1)
    assert (await world.next.recommend(ADA)).motivation is None


async def test_a_long_absence_shows_why_one_began(world):
    await world.progress.save_profile(ADA, motivation="to read the papers myself")
    await world.progress.settle_item(ADA, FIRST, State.STARTED, minutes=30)
    await world.later(days=9)
    assert (await world.next.recommend(ADA)).motivation is None
    await world.later(days=1)
    stalled = await world.next.recommend(ADA)
    assert (stalled.motivation, stalled.minutes) == ("to read the papers myself", 20)


async def test_everything_put_off_is_rest_and_then_the_list_once_more(world):
    await world.progress.settle_item(ADA, FIRST, State.DONE, minutes=0)
    found = await world.next.recommend(ADA)
    declined = []
    while found.kind is not Kind.REST:
        declined.append((found.kind, found.target))
        found = await world.next.decline(found.id, ADA)
        assert len(declined) < 20
    assert found.target == "today"
    assert declined[-1] == (Kind.MENTOR, "mentor")
    assert len(set(declined)) == len(declined)
    anyway = await world.next.decline(found.id, ADA)
    second_round = []
    for _ in declined:
        second_round.append((anyway.kind, anyway.target))
        anyway = await world.next.decline(anyway.id, ADA)
    assert second_round == declined


# I know this


async def test_who_knows_a_part_answers_questions(world):
    found = await world.next.recommend(ADA)
    noted = await world.next.know(found.id, ADA)
    assert (noted.asks, noted.target, noted.change_id) == (True, FIRST, None)
    assert await world.changes() == []
    assert await world.fates() == [(1, "study", FIRST, "known")]
    assert (await world.next.recommend(ADA)).target == FIRST
    assert (await world.next.undo(found.id, ADA)).id == 1


async def test_where_there_are_no_questions_the_word_of_the_member_counts(world, knowledge):
    bare = dataclasses.replace(knowledge.curriculum, questions=())
    world.next = NextStepService(world.database, lambda: world.now, bare, world.progress)
    found = await world.next.recommend(ADA)
    noted = await world.next.know(found.id, ADA)
    assert noted.text == "Noted: you know **Lesson 1: Getting started** already, so it is off your path."
    assert not noted.asks
    assert await world.minutes() == (State.KNOWN, 0)
    again = await world.next.know(found.id, ADA)
    assert (again.text, again.change_id) == (noted.text, noted.change_id)
    await world.next.undo(found.id, ADA, noted.change_id)
    assert await world.minutes() == (None, 0)


# The other kinds


async def test_a_review_is_followed_once_it_is_begun(world):
    await world.answer("dropout", *[True] * 4)
    await world.later(days=90)
    found = await world.next.recommend(ADA)
    assert (found.kind, found.target, found.minutes_left) == (Kind.REVIEW, "dropout", None)
    noted = await world.next.begin(found.id, ADA)
    assert (noted.kind, noted.target, noted.asks) == (Kind.REVIEW, "dropout", True)
    assert (await world.next.recommend(ADA)).kind is not Kind.REVIEW


async def schedule(world, *cards):
    """Ada's cards, as (question, days until it is due)."""
    await world.progress.save_profile(ADA)
    async with world.database.transaction() as session:
        for question, due in cards:
            due_at = world.now + timedelta(days=due)
            card = Card(0, FsrsState.Review, None, 3.0, 5.0, due_at, world.now - timedelta(days=9))
            await questions_store.update_card(session, ADA, question, card)


async def retire(world, question, guild_id, verdict=Verdict.RETIRED):
    async with world.database.transaction() as session:
        await questions_store.add_ruling(session, Ruling(question, guild_id, verdict), world.now)


def on(world, concept):
    """The ids of the questions on a concept."""
    return [question.id for question in world.curriculum.questions if question.concept == concept]


async def test_questions_that_are_due_are_reviewed_first(world):
    softmax, dropout = on(world, "softmax"), on(world, "dropout")
    await schedule(world, (dropout[0], -1), (softmax[0], -4), (softmax[1], 0), (softmax[2], 1), ("gone", -9))
    found = await world.next.recommend(ADA)
    assert (found.kind, found.target, found.minutes) == (Kind.REVIEW, DUE, 3)
    assert found.title == "Review 3 questions that are due"
    assert found.reason == "3 questions are due, the one on Softmax for 4 days."
    assert await world.next.recommend(ADA) == found
    assert (await world.next.show(found.id, ADA)).title == found.title
    words = await world.next.explain(found.id, ADA)
    assert "- Questions that are due for a review: 3." in words
    assert "**The rule.** What you are about to lose comes before anything new" in words

    noted = await world.next.begin(found.id, ADA)
    assert (noted.kind, noted.target, noted.asks) == (Kind.REVIEW, DUE, True)
    await world.later(hours=19)
    assert (await world.next.recommend(ADA)).kind is not Kind.REVIEW
    await world.later(hours=1)
    assert (await world.next.recommend(ADA)).kind is Kind.REVIEW


async def test_what_is_retired_in_a_server_is_not_due_there(world):
    first, second = on(world, "softmax")[:2]
    await schedule(world, (first, -4), (second, -1))
    await retire(world, first, 5)
    await retire(world, second, 5, Verdict.KEPT)
    here = await world.next.recommend(ADA, guild_id=5)
    assert here.reason == "One question is due: the one on Softmax since yesterday."
    assert (await world.next.recommend(ADA)).title == "Review 2 questions that are due"
    await retire(world, second, 5)
    assert (await world.next.recommend(ADA, guild_id=5)).kind is Kind.STUDY
    assert await world.next.show(here.id, ADA, guild_id=5) is None


async def test_who_has_put_the_review_off_gets_something_else(world):
    await schedule(world, *((question, -1) for question in on(world, "softmax")))
    found = await world.next.recommend(ADA)
    other = await world.next.decline(found.id, ADA)
    assert other.kind is Kind.STUDY
    assert (await world.next.undo(found.id, ADA)).target == DUE


@pytest.mark.parametrize(
    ("asked", "begun_ago", "finished_ago", "kind"),
    [
        (RoundKind.REVIEW, timedelta(hours=1), timedelta(hours=1), Kind.STUDY),
        (RoundKind.REVIEW, timedelta(days=6), timedelta(hours=19), Kind.STUDY),
        (RoundKind.REVIEW, timedelta(hours=21), timedelta(hours=20), Kind.REVIEW),
        (RoundKind.REVIEW, timedelta(hours=1), None, Kind.REVIEW),  # it was left, and goes on
        (RoundKind.QUIZ, timedelta(hours=1), timedelta(hours=1), Kind.REVIEW),
    ],
)
async def test_one_round_of_reviews_a_day_is_enough_wherever_it_was_begun(world, asked, begun_ago, finished_ago, kind):
    await schedule(world, *((question, -1) for question in on(world, "softmax")))
    async with world.database.transaction() as session:
        begun_at = world.now - begun_ago
        made = await questions_store.add_round(session, asked, ADA, None, ["x"], subject=None, now=begun_at)
        if finished_ago is not None:
            await questions_store.update_finished(session, made.id, world.now - finished_ago)
    assert (await world.next.recommend(ADA)).kind is kind


async def test_what_fades_is_left_to_its_own_questions_if_it_has_any(world):
    await world.answer("dropout", *[True] * 4)
    await world.answer("softmax", *[True] * 4)
    await world.later(days=90)
    await schedule(world, (on(world, "dropout")[0], 9))
    found = await world.next.recommend(ADA)
    assert (found.kind, found.target) == (Kind.REVIEW, "softmax")


@pytest.mark.parametrize(("days", "is_remembered"), [(80, True), (91, False)])
async def test_what_was_put_off_is_remembered_for_90_days(world, days, is_remembered):
    for _ in range(3):
        found = await world.next.recommend(ADA)
        assert found.target == FIRST
        await world.next.decline(found.id, ADA)
        await world.later(days=1)
    await world.later(days=days)
    found = await world.next.recommend(ADA)
    assert ("put it off on 3 days" in found.reason) is is_remembered


async def test_wrong_answers_in_a_placement_do_not_come_before_the_lesson_that_teaches_it(world):
    await world.answer("train-val-test", False)
    found = await world.next.recommend(ADA)
    assert (found.kind, found.target) == (Kind.STUDY, FIRST)


async def test_a_weak_concept_is_studied_again_and_asked(world):
    await world.progress.settle_item(ADA, FIRST, State.DONE)
    await world.answer("metric", *[False] * 3)
    found = await world.next.recommend(ADA)
    assert (found.kind, found.target) == (Kind.RESTUDY, "metric")
    assert found.url
    finished = await world.next.finish(found.id, ADA)
    assert finished.text == (
        f"Noted: you have been through **{found.title}** again. Three questions show whether it sits."
    )
    assert finished.asks
    assert (await world.next.begin(found.id, ADA)).kind is Kind.RESTUDY
    assert (await world.next.recommend(ADA)).kind is not Kind.RESTUDY
    assert (await world.next.undo(found.id, ADA)).kind is Kind.RESTUDY


async def test_the_plan_of_a_week_is_met(world):
    await world.progress.save_profile(ADA, hours_per_week=1)
    await world.progress.settle_item(ADA, FIRST, State.STARTED, minutes=60)
    found = await world.next.recommend(ADA)
    assert (found.kind, found.target, found.minutes) == (Kind.REST, "2026-03-02", 0)
    anyway = await world.next.decline(found.id, ADA)
    assert (anyway.kind, anyway.target) == (Kind.STUDY, FIRST)


async def test_after_the_curriculum(world):
    await world.progress.save_profile(ADA, first_capstone="own", second_capstone="own")
    await world.know(1, 2, 3, 4, 5, 6)
    found = await world.next.recommend(ADA, 60)
    assert (found.kind, found.minutes) == (Kind.BEYOND, 60)
    worked = await world.next.work_on(found.id, ADA)
    assert worked.change_id is not None
    again = await world.next.recommend(ADA, 60)
    assert (again.target, again.fate) == (found.target, Fate.STARTED)
    finished = await world.next.finish(again.id, ADA)
    assert finished.text.startswith(f"Noted: **{found.title}** is finished. I counted 1 h for this week.")
    assert [minutes for _, _, minutes, _ in await world.changes()][-2:] == [60, 60]
    assert (await world.next.recommend(ADA, 60)).target != found.target


async def test_to_explain_something_can_be_noted(world):
    await world.progress.settle_item(ADA, FIRST, State.DONE, minutes=0)
    found = await world.next.recommend(ADA)
    while found.kind is not Kind.MENTOR:
        found = await world.next.decline(found.id, ADA)
    noted = await world.next.finish(found.id, ADA)
    assert (noted.text, noted.change_id, noted.asks) == ("Noted. Explaining something is how it stays.", None, False)


# What members of study groups tell


@pytest.fixture
async def in_a_group(world):
    """Ada has done the first lesson and is in a study group."""
    await world.progress.settle_item(ADA, FIRST, State.DONE, minutes=0)
    world.rows = GroupRows(world.database)
    world.group = await world.rows.found(ADA)
    return world


PLANNED = "You planned this for your group: by Thursday."


async def test_what_was_planned_for_the_group_comes_first_and_is_explained(in_a_group):
    world = in_a_group
    usual = await world.next.recommend(ADA)
    assert usual.target == SECOND
    await world.rows.plan(world.group, ADA, world.now, "Lesson *two*", item=SECOND)
    found = await world.next.recommend(ADA)
    assert (found.kind, found.target, found.reason) == (Kind.STUDY, SECOND, PLANNED)
    assert found.id != usual.id
    words = (await world.next.explain(found.id, ADA)).splitlines()
    assert words[:2] == [
        f"**The reason.** {PLANNED}",
        "**The rule.** What you have planned for your study group comes before everything else that there is to study.",
    ]
    assert "- Planned for your group: “Lesson \\*two\\*”." in words
    noted = await world.next.finish(found.id, ADA)
    assert (await world.next.recommend(ADA)).target != SECOND
    again = await world.next.undo(found.id, ADA, noted.change_id)
    assert (again.id, again.target, again.reason) == (found.id, SECOND, PLANNED)


async def test_what_one_was_stuck_on_is_studied_again_and_explained(in_a_group):
    world = in_a_group
    told_at = world.now
    await world.later(days=2)
    await world.rows.check_in(world.group, ADA, told_at, ["metric", "gone"])
    found = await world.next.recommend(ADA)
    title = world.curriculum.concepts["metric"].title
    assert (found.kind, found.target, found.minutes) == (Kind.RESTUDY, "metric", 20)
    assert found.reason == f"You were stuck on **{title}** in your check-in on Monday: another explanation may help."
    words = (await world.next.explain(found.id, ADA)).splitlines()
    assert words[1] == "**The rule.** What you were stuck on in your last check-in comes before the next part."
    assert f"- Stuck on in your last check-in: {title}." in words
    assert await world.next.recommend(ADA) == found

    await world.next.finish(found.id, ADA)
    assert (await world.next.recommend(ADA)).kind is Kind.STUDY
    shown = await world.next.undo(found.id, ADA)
    assert (shown.id, shown.target, shown.reason) == (found.id, "metric", found.reason)
    other = await world.next.decline(found.id, ADA)
    await world.later(days=1)
    assert other.kind is (await world.next.recommend(ADA)).kind is Kind.STUDY
    await world.next.undo(found.id, ADA)
    await world.answer("metric", True)
    assert (await world.next.recommend(ADA)).kind is Kind.STUDY
    assert await world.next.show(found.id, ADA) is None


async def test_two_plans_that_were_not_kept_make_the_next_piece_smaller(in_a_group):
    world = in_a_group
    await world.progress.save_profile(ADA, hours_per_week=8)
    for week, outcome in ((2, "partly"), (1, "not")):
        settled = (outcome, world.now - timedelta(weeks=week - 1))
        await world.rows.plan(world.group, ADA, world.now - timedelta(weeks=week), settled=settled)
    found = await world.next.recommend(ADA)
    assert (found.target, found.minutes) == (SECOND, 20)
    assert found.reason == "Your last two plans did not fit into the week, so here is a smaller piece."
    words = (await world.next.explain(found.id, ADA)).splitlines()
    assert "- Plans that you kept: 0 of the last 2." in words
    assert (
        "- This sitting: 20 min. Your last two plans did not fit into the week, so smaller pieces come first." in words
    )
    assert (await world.next.recommend(ADA, 60)).minutes == 60
    await world.rows.plan(world.group, ADA, world.now, settled=("done", world.now))
    assert (await world.next.recommend(ADA)).minutes == 90


async def test_nobody_else_reads_what_a_member_told(in_a_group):
    world = in_a_group
    await world.rows.plan(world.group, ADA, world.now, item=SECOND)
    await world.rows.check_in(world.group, ADA, world.now, ["metric"])
    await world.progress.settle_item(GRACE, FIRST, State.DONE, minutes=0)
    found = await world.next.recommend(GRACE)
    assert (found.kind, found.target) == (Kind.STUDY, SECOND)
    assert "planned" not in found.reason


async def test_the_first_thing_to_study_for_a_plan(world):
    await schedule(world, *((question, -1) for question in on(world, "softmax")))
    assert (await world.next.find_study(ADA)).target == FIRST
    assert await world.fates() == []
    found = await world.next.recommend(ADA)
    assert found.kind is Kind.REVIEW
    shown = await world.next.decline(found.id, ADA)
    assert shown.target == FIRST
    await world.next.decline(shown.id, ADA)
    assert (await world.next.find_study(ADA)).target not in {FIRST, DUE}


async def test_whoever_put_everything_off_still_finds_something_to_plan(world):
    found = await world.next.recommend(ADA)
    while found.kind is not Kind.REST:
        found = await world.next.decline(found.id, ADA)
    assert (await world.next.find_study(ADA)).target == FIRST


# Projects


async def test_a_project_is_chosen_and_changed(world):
    await world.know(1, 2, 3)
    found = await world.next.recommend(ADA)
    assert (found.kind, found.target) == (Kind.CHOOSE, "capstone:choose/4")
    choice = await world.next.list_projects(found.id, ADA)
    assert (choice.step, choice.chosen) == (4, None)
    assert [idea.difficulty for idea in choice.ideas] == sorted(idea.difficulty for idea in choice.ideas)
    assert all(world.curriculum.capstones[idea.id].step == 4 for idea in choice.ideas)

    idea = choice.ideas[0]
    noted = await world.next.choose(found.id, ADA, idea.id)
    assert noted.text == f"Noted: **{idea.title}** is your project for step 4. You can change it at any time."
    milestone = await world.next.recommend(ADA)
    assert (milestone.kind, milestone.target) == (Kind.STUDY, f"capstone:{idea.id}/1")
    assert (await world.next.list_projects(milestone.id, ADA)).chosen == idea.id
    await world.next.choose(milestone.id, ADA, "own")
    assert (await world.next.recommend(ADA)).target == "capstone:own/4-1"
    assert await rows(world.database, "SELECT first_capstone, second_capstone FROM learners") == [("own", None)]


async def test_the_second_project_is_stored_beside_the_first(world):
    await world.progress.save_profile(ADA, first_capstone="own")
    await world.know(1, 2, 3, 4, 5)
    found = await world.next.recommend(ADA)
    assert found.target == "capstone:choose/6"
    choice = await world.next.list_projects(found.id, ADA)
    await world.next.choose(found.id, ADA, choice.ideas[0].id)
    assert (await world.path()).steps[5].items[0].id != "capstone:choose/6"
    assert (await rows(world.database, "SELECT first_capstone FROM learners")) == [("own",)]


async def test_a_project_of_another_step_or_of_none_is_refused(world):
    await world.know(1, 2, 3)
    found = await world.next.recommend(ADA)
    other = next(id_ for id_, idea in world.curriculum.capstones.items() if idea.step == 6)
    for forged in (other, "", "no-such-project", "choose"):
        with fails(UNKNOWN_PROJECT):
            await world.next.choose(found.id, ADA, forged)
    assert await rows(world.database, "SELECT first_capstone FROM learners") == [(None,)]


async def test_a_milestone_is_named_with_its_project_and_is_not_known_before(world):
    await world.progress.save_profile(ADA, first_capstone="own")
    await world.know(1, 2, 3)
    found = await world.next.recommend(ADA)
    with fails(WRONG_BUTTON):
        await world.next.know(found.id, ADA)
    finished = await world.next.finish(found.id, ADA)
    count = len((await world.path()).steps[3].required)
    assert finished.text.startswith(
        f"Noted: **Your own project, Milestone 1 of {count}** is finished. Step 4: 1 of {count} parts done."
    )


def test_the_step_of_a_capstone(knowledge):
    idea = next(id_ for id_, found in knowledge.curriculum.capstones.items() if found.step == 6)
    expected = {
        "capstone:choose/4": 4,
        "capstone:choose/6": 6,
        "capstone:own/4-1": 4,
        "capstone:own/6-12": 6,
        f"capstone:{idea}/3": 6,
        "capstone:choose/5": None,
        "capstone:no-such-idea/1": None,
        FIRST: None,
        "mentor": None,
    }
    assert {target: capstone_step(knowledge.curriculum, target) for target in expected} == expected


def test_every_project_fits_in_one_menu(knowledge):
    for step in (4, 6):
        ideas = list_projects(knowledge.curriculum, step)
        assert 1 < len(ideas) <= 24
        assert all(idea.hours.endswith(" h") for idea in ideas)


# Whose it is, and what belongs to it


ALL = [
    "start", "work_on", "finish", "decline", "know", "begin", "list_projects", "undo", "explain", "show",
]  # fmt: skip


@pytest.mark.parametrize("method", ALL)
async def test_somebody_elses_and_unknown_ones_are_refused(world, method):
    found = await world.next.recommend(ADA)
    with fails(SOMEBODY_ELSES):
        await getattr(world.next, method)(found.id, GRACE)
    with fails(UNKNOWN):
        await getattr(world.next, method)(10**18 - 1, ADA)
    with fails(SOMEBODY_ELSES):
        await world.next.choose(found.id, GRACE, "own")
    assert await world.fates() == [(1, "study", FIRST, "open")]
    assert await world.changes() == []


@pytest.mark.parametrize("method", ["start", "work_on", "finish", "know", "list_projects"])
async def test_a_button_of_another_kind_is_refused(world, method):
    await world.progress.save_profile(ADA, deep_learning=3)
    found = await world.next.recommend(ADA)
    assert found.kind is Kind.PROBE
    with fails(WRONG_BUTTON):
        await getattr(world.next, method)(found.id, ADA)
    assert await world.fates() == [(1, "probe", "step:1", "open")]


async def test_a_part_without_projects_has_no_list(world):
    found = await world.next.recommend(ADA)
    with fails(WRONG_BUTTON):
        await world.next.list_projects(found.id, ADA)
    with fails(WRONG_BUTTON):
        await world.next.choose(found.id, ADA, "own")


async def test_who_deleted_their_data_reads_that_it_is_gone(world):
    found = await world.next.recommend(ADA)
    async with world.database.transaction() as session:
        await session.execute(text("DELETE FROM learners"))
    assert await world.fates() == []
    with fails(UNKNOWN):
        await world.next.finish(found.id, ADA)


# Why this?


async def test_the_explanation_names_the_rule_and_the_figures(world):
    await world.progress.save_profile(ADA, hours_per_week=5)
    await world.answer("dropout", False, False)
    found = await world.next.recommend(ADA)
    await world.next.decline(found.id, ADA)
    await world.next.undo(found.id, ADA)
    await world.next.work_on(found.id, ADA)
    assert (await world.next.explain(found.id, ADA)).splitlines() == [
        f"**The reason.** {found.reason}",
        "**The rule.** What you have begun, or else the first part of your path that is not settled, comes next.",
        "",
        "**What I looked at**",
        "- Step 1, A practical encounter: 0 of 9 parts are done, about 57 h are left.",
        "- Shaky concepts: Dropout. Fading concepts: none.",
        "- This week: 1 h 17 min of the 5 h that you planned.",
        "- This sitting: 1 h 15 min.",
    ]


async def test_the_explanation_of_what_came_instead(world):
    found = await world.next.recommend(ADA)
    other = await world.next.decline(found.id, ADA)
    words = await world.next.explain(other.id, ADA)
    assert "in another way what you put off." in words
    assert "- You have answered no questions yet, so I do not know what is weak or fading." in words
    assert "- This week: 0 min. `/start` asks how many hours you plan." in words
    assert "- Put off today: 1. Tomorrow they are on the list again." in words


async def test_the_explanation_of_a_stalled_learner(world):
    await world.progress.settle_item(ADA, FIRST, State.STARTED, minutes=30)
    await world.later(days=12)
    found = await world.next.recommend(ADA)
    words = await world.next.explain(found.id, ADA)
    assert "- This sitting: 20 min. You have been away for a while, so small steps come first." in words


async def test_what_was_noted_says_which_action_it_was(world):
    found = await world.next.recommend(ADA, 60)
    assert [
        (await world.next.start(found.id, ADA)).action,
        (await world.next.work_on(found.id, ADA)).action,
        (await world.next.finish(found.id, ADA)).action,
    ] == [Action.START, Action.WORK, Action.FINISH]
