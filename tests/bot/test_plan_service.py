"""Plans for study groups on real databases: what is written down, what the group will see, and what counts."""

import asyncio
import dataclasses
import re
from datetime import timedelta

import pytest

from bot.errors import MemberError
from bot.features.checkin import models as checkin_models
from bot.features.groups.models import ERASE, TEND
from bot.features.next_step.models import Kind, Recommendation
from bot.features.next_step.service import NextStepService
from bot.features.plan import rules, store
from bot.features.plan.models import SHOW, SHOW_CHECKIN, Outcome, PlanDraft, PlanState, PlanText, PlanView
from bot.features.plan.service import (
    NO_GROUP,
    NO_HOME,
    NO_ITEM,
    NO_TEXT,
    NOT_IN_GROUP,
    SETTLED,
    SOMEBODY_ELSES,
    UNKNOWN,
    UNKNOWN_GROUP,
    WHICH_GROUP,
    WITHDRAWN,
    PlanService,
)
from bot.features.progress import store as progress_store
from bot.features.progress.models import ItemKind, PathItem, State
from bot.features.progress.service import ProgressService
from bot.scheduling import store as schedule
from bot.scheduling.dispatcher import ClaimLost, Dispatcher
from tests.bot.databases import rows
from tests.bot.group_rows import CHANNEL, FOUNDED, GUILD, HOME, GroupRows

ADA, GRACE, EVE = 11, 22, 33
FIRST, SECOND = "fastai-practical-deep-learning/lesson-1", "fastai-practical-deep-learning/lesson-2"
WHAT = "Lesson 1: Getting started · Practical Deep Learning for Coders"
TEXT = PlanText("Read *chapter* 1", "Thursday", "at home", "read ten pages")
PRIVATE, SHOWN, TAKEN_BACK = PlanState.PRIVATE, PlanState.SHOWN, PlanState.WITHDRAWN
MINUTE = timedelta(minutes=1)


class World:
    """The services on one database, at a time that a test sets; Ada and Grace are in a group."""

    def __init__(self, database, curriculum):
        self.database = database
        self.curriculum = curriculum
        self.now = FOUNDED
        self.dispatcher = Dispatcher(database, lambda: self.now)
        self.progress = ProgressService(database, lambda: self.now, curriculum)
        self.next = NextStepService(database, lambda: self.now, curriculum, self.progress)
        self.plan = PlanService(database, lambda: self.now, self.progress, self.next, dispatcher=self.dispatcher)
        self.rows = GroupRows(database)

    async def begin(self):
        self.group = await self.rows.found(ADA, GRACE)
        return self

    def later(self, time=MINUTE):
        self.now += time

    async def save(self, text=TEXT, member_id=ADA, group_id=None):
        return await self.plan.save(member_id, group_id or self.group, text)

    async def shown(self, text=TEXT, message_id=900):
        """A plan that the group sees."""
        plan = (await self.save(text)).plan
        await self.plan.show(plan.id, ADA)
        await self.work(SHOW, lambda work: self.plan.record_shown(work, HOME, message_id))
        return plan.id

    async def planned(self, kind=SHOW):
        return [(subject, state) for subject, state, *_ in await self.occurrences(kind)]

    async def occurrences(self, kind):
        query = "SELECT subject_id, state, slot, note, kind FROM occurrences ORDER BY id"
        return [tuple(found) for *found, one in await rows(self.database, query) if one == kind]

    async def work(self, kind, do):
        """Work off what is due of one kind; what it did."""
        async with self.database.transaction() as session:
            due = await schedule.claim_due(
                session, self.dispatcher.worker, self.now, limit=50, lease=MINUTE, kinds=[kind]
            )
        return [(work, await do(work)) for work in due]

    async def put(self, text, week_id, *, state=SHOWN, item=None):
        async with self.database.transaction() as session:
            await progress_store.add_learner(session, ADA, self.now)
            return await self.plan.put(session, ADA, self.group, week_id, text, item, self.now, state=state)

    async def settle(self, plan_id, outcome):
        async with self.database.transaction() as session:
            plan = await store.find_plan(session, plan_id)
            await self.plan.settle(session, plan, outcome, self.now)

    async def find(self, plan_id):
        async with self.database.transaction() as session:
            return await store.find_plan(session, plan_id)

    async def texts(self):
        return await rows(self.database, "SELECT what, by_when, place, fallback, state FROM plans ORDER BY id")


@pytest.fixture
async def world(database, knowledge):
    return await World(database, knowledge.curriculum).begin()


def fails(sentence):
    return pytest.raises(MemberError, match=f"^{re.escape(sentence)}$")


# Which group


async def test_the_group_that_is_meant(world):
    owls = world.group
    with fails(NO_GROUP):
        await world.plan.choose_group(EVE, GUILD)
    with fails(NO_GROUP):
        await world.plan.choose_group(ADA, 7)
    assert (await world.plan.choose_group(ADA, GUILD)).id == owls
    assert (await world.plan.choose_group(ADA, None)).id == owls
    larks = await world.rows.found(ADA, home_id=HOME + 1)
    with fails(WHICH_GROUP):
        await world.plan.choose_group(ADA, GUILD)
    with fails(WHICH_GROUP):
        await world.plan.choose_group(ADA, GUILD, channel_id=CHANNEL)
    assert (await world.plan.choose_group(ADA, GUILD, channel_id=HOME + 1)).id == larks
    assert (await world.plan.choose_group(ADA, GUILD, str(owls), HOME + 1)).id == owls
    assert (await world.plan.choose_group(GRACE, GUILD, "the  OWLS")).id == owls
    with fails(UNKNOWN_GROUP):
        await world.plan.choose_group(GRACE, GUILD, str(larks))
    await world.rows.leave(owls, GRACE)
    with fails(NO_GROUP):
        await world.plan.choose_group(GRACE, GUILD)


# The draft


async def test_a_draft_begins_with_the_next_step(world):
    expected = PlanDraft(world.group, "The owls", PlanText(f"{WHAT}, 40 min of it"), FIRST, "/next", None)
    assert await world.plan.draft(ADA, world.group) == await world.plan.open(ADA, world.group) == expected
    assert await rows(world.database, "SELECT * FROM recommendations") == []
    await world.progress.settle_item(ADA, FIRST, State.STARTED, minutes=320)
    assert (await world.plan.draft(ADA, world.group)).text.what == f"{WHAT}, about 40 min"


async def test_a_draft_is_the_plan_that_is_there(world):
    plan = (await world.save()).plan
    assert await world.plan.draft(ADA, world.group) == PlanDraft(world.group, "The owls", TEXT, None, None, plan)
    found = await world.plan.open(ADA, world.group)
    assert isinstance(found, PlanView)
    assert (found.plan, found.group_name, found.home_id, found.is_in_checkin) == (plan, "The owls", HOME, False)
    assert (await world.plan.draft(GRACE, world.group)).source == "/next"


async def test_the_choice_of_a_project_is_no_part_to_mark(world):
    path = world.progress.path_of(await world.progress.find_learner(ADA))
    items = [item.id for step in path.steps[:3] for item in step.required]
    await world.progress.settle_items(ADA, items, State.KNOWN)
    draft = await world.plan.draft(ADA, world.group)
    title = next(step.title for step in world.curriculum.steps if step.number == 4)
    assert (draft.text.what, draft.item) == (f"Choose a project · {title}, 40 min of it", None)


@pytest.mark.parametrize("method", ["open", "draft"])
async def test_only_members_of_the_group_plan_for_it(world, method):
    for member_id, group_id in ((EVE, world.group), (ADA, 99)):
        with fails(NOT_IN_GROUP):
            await getattr(world.plan, method)(member_id, group_id)
    await world.rows.leave(world.group, ADA)
    with fails(NOT_IN_GROUP):
        await getattr(world.plan, method)(ADA, world.group)
    with fails(NOT_IN_GROUP):
        await world.save()


def step_of(title, source, minutes=40, left=None):
    return Recommendation(Kind.STUDY, "x", title, source, minutes, "Because.", "You can.", minutes_left=left)


@pytest.mark.parametrize(
    ("step", "what"),
    [
        (step_of("Lesson 3: CNNs", "The course"), "Lesson 3: CNNs · The course, about 40 min"),
        (step_of("Lesson 3: CNNs", "The course", 40, 40), "Lesson 3: CNNs · The course, about 40 min"),
        (step_of("Lesson 3: CNNs", "The course", 40, 300), "Lesson 3: CNNs · The course, 40 min of it"),
        (step_of("A book", "A book", 90), "A book, about 1 h 30 min"),
        (step_of("T" * 190, "S" * 60), f"{'T' * 185}…, about 40 min"),
    ],
)
def test_a_next_step_as_a_plan(step, what):
    assert rules.suggest(step) == PlanText(what)
    assert len(what) <= 200


# Writing it down


async def test_a_new_plan_is_private(world):
    view = await world.save(PlanText("  Read\n *chapter* 1 ", " Thursday ", "at\thome", "read ten pages"))
    assert (view.plan.text, view.plan.state, view.plan.item) == (TEXT, PRIVATE, None)
    assert (view.plan.member_id, view.plan.group_id, view.plan.week_id) == (ADA, world.group, None)
    assert await world.texts() == [("Read *chapter* 1", "Thursday", "at home", "read ten pages", "private")]
    assert await world.planned() == []


async def test_what_is_too_long_is_cut_as_the_window_does(world):
    view = await world.save(PlanText("w" * 300, "x" * 300, "y" * 300, "z" * 300))
    text = view.plan.text
    assert [len(part) for part in dataclasses.astuple(text)] == [200, 100, 100, 200]


@pytest.mark.parametrize("what", ["", " \n "])
async def test_a_plan_needs_words(world, what):
    with fails(NO_TEXT):
        await world.save(PlanText(what, "Thursday"))
    assert await world.texts() == []


async def test_a_new_text_changes_the_plan_of_the_same_week(world):
    first = (await world.save()).plan
    world.later()
    second = (await world.save(PlanText("Sleep"))).plan
    assert (second.id, second.text, second.made_at) == (first.id, PlanText("Sleep"), first.made_at)
    await world.rows.open_week(world.group, world.now)
    assert (await world.plan.draft(ADA, world.group)).source == "/next"
    third = (await world.save(PlanText("Read on"))).plan
    assert (third.id, third.week_id) == (second.id + 1, 1)
    assert [what for what, *_ in await world.texts()] == ["Sleep", "Read on"]


async def test_two_windows_at_once_make_one_plan(world):
    views = await asyncio.gather(*(world.save(PlanText(f"Read {number}")) for number in range(6)))
    assert {view.plan.id for view in views} == {1}
    assert len(await world.texts()) == 1


async def test_each_member_and_each_group_has_a_plan_of_its_own(world):
    larks = await world.rows.found(ADA)
    for member_id, group_id in ((ADA, world.group), (GRACE, world.group), (ADA, larks)):
        await world.save(member_id=member_id, group_id=group_id)
    assert len(await world.texts()) == 3


async def test_a_plan_knows_the_part_that_it_names(world):
    drafted = (await world.plan.draft(ADA, world.group)).text
    assert (await world.save(drafted)).plan.item == FIRST
    assert (await world.save(PlanText("finish lesson 1 at last"))).plan.item == FIRST
    assert (await world.save(PlanText("Tidy my notes"))).plan.item is None
    assert (await world.save(PlanText("Lesson 1"))).plan.item == FIRST
    await world.progress.settle_item(ADA, FIRST, State.DONE)
    assert (await world.save(PlanText("Lesson 1 once more"))).plan.item == FIRST  # it was about that before
    assert (await world.save(PlanText("Lesson 2"))).plan.item == SECOND
    assert await world.plan.find_item(ADA, "Lesson 2, first half") == SECOND
    assert await world.plan.find_item(ADA, "Lesson 1", [None, FIRST]) == FIRST
    assert await world.plan.find_item(ADA, "Lesson 1", ["gone/one"]) is None


LESSON = PathItem("c/1", ItemKind.UNIT, 1, "Lesson 1: Getting started", "The course", "", 40)
SECTION = PathItem("d/1", ItemKind.UNIT, 1, "Section 1.1: Sums", "The book", "", 40)
NAMED = PathItem("e/1", ItemKind.UNIT, 1, "Video: Networks", "The series", "", 40)
BOOK = PathItem("b", ItemKind.RESOURCE, 1, "A deep book", "A deep book", "", 40)
MILESTONE = PathItem("capstone:x/1", ItemKind.MILESTONE, 4, "Milestone 1 of 3", "Count cells", "", 40)


@pytest.mark.parametrize(
    ("item", "what", "is_named"),
    [
        (LESSON, "LESSON  1, then sleep", True),
        (LESSON, "Getting started with it", True),
        (LESSON, "Lesson 11", False),
        (LESSON, "Lesson 1.5", False),
        (LESSON, "Lesson 1.", True),
        (LESSON, "The course", False),
        (SECTION, "section 1.1", True),
        (SECTION, "section 1.12", False),
        (SECTION, "section 1.1.2", False),
        (SECTION, "Sums!", True),
        (SECTION, "Sumsum", False),
        (NAMED, "a video", False),
        (NAMED, "about networks", True),
        (BOOK, "a deep book, chapter 2", True),
        (BOOK, "a book", False),
        (MILESTONE, "Milestone 1 of 3", False),
        (MILESTONE, "count cells: the baseline", True),
    ],
)
def test_which_part_a_plan_names(item, what, is_named):
    assert rules.names_part(what, item) is is_named


# Show, keep, withdraw


async def test_showing_it_plans_its_message(world):
    plan = (await world.save()).plan
    view = await world.plan.show(plan.id, ADA)
    assert view.plan.state is SHOWN
    assert await world.planned() == [(plan.id, "waiting")]
    assert (await world.plan.show(plan.id, ADA)).plan.state is SHOWN  # a double click
    assert len(await world.planned()) == 1
    assert [wanted for _, _, wanted in [await world.plan.find_shown(plan.id)]] == [True]
    await world.work(SHOW, lambda work: world.plan.record_shown(work, HOME, 900))
    found = await world.find(plan.id)
    assert (found.channel_id, found.message_id) == (HOME, 900)
    assert await world.planned() == [(plan.id, "done")]


async def test_a_change_of_what_the_group_sees_changes_its_message(world):
    plan_id = await world.shown()
    world.later()
    view = await world.save(PlanText("Sleep"))
    assert (view.plan.state, view.plan.message_id) == (SHOWN, 900)
    assert await world.planned() == [(plan_id, "done"), (plan_id, "waiting")]
    plan, group, is_wanted = await world.plan.find_shown(plan_id)
    assert (plan.text.what, group.home_id, is_wanted) == ("Sleep", HOME, True)


async def test_what_changes_at_the_same_moment_is_not_missed(world):
    plan_id = await world.shown()
    await world.plan.keep(plan_id, ADA)
    await world.plan.show(plan_id, ADA)
    assert await world.planned() == [(plan_id, "done"), (plan_id, "waiting"), (plan_id, "waiting")]


@pytest.mark.parametrize(("do", "state"), [("keep", PRIVATE), ("withdraw", TAKEN_BACK)])
async def test_taken_away_from_the_group(world, do, state):
    plan_id = await world.shown()
    world.later()
    view = await getattr(world.plan, do)(plan_id, ADA)
    assert view.plan.state is state
    assert (await world.planned())[1:] == [(plan_id, "waiting")]
    assert (await world.plan.find_shown(plan_id))[2] is False
    await world.work(SHOW, lambda work: world.plan.record_shown(work, None, None))
    assert (await world.find(plan_id)).message_id is None


async def test_what_was_withdrawn_counts_for_nothing(world):
    plan = (await world.save()).plan
    await world.plan.withdraw(plan.id, ADA)
    assert isinstance(await world.plan.open(ADA, world.group), PlanDraft)
    assert (await world.progress.find_learner(ADA)).commitment is None
    for do in ("show", "keep", "withdraw", "draft_of", "finish_item"):
        with fails(WITHDRAWN):
            await getattr(world.plan, do)(plan.id, ADA)
    again = (await world.save()).plan
    assert (again.id, again.state) == (plan.id + 1, PRIVATE)


@pytest.mark.parametrize("do", ["show", "keep", "withdraw", "draft_of", "finish_item"])
async def test_a_plan_is_its_members_own(world, do):
    plan = (await world.save()).plan
    with fails(SOMEBODY_ELSES):
        await getattr(world.plan, do)(plan.id, GRACE)
    with fails(UNKNOWN):
        await getattr(world.plan, do)(plan.id + 1, ADA)
    assert (await world.find(plan.id)).state is PRIVATE


async def test_who_has_left_can_take_away_and_not_show(world):
    plan_id = await world.shown()
    await world.rows.leave(world.group, ADA)
    assert (await world.plan.keep(plan_id, ADA)).plan.state is PRIVATE
    for do in ("show", "draft_of"):
        with fails(NOT_IN_GROUP):
            await getattr(world.plan, do)(plan_id, ADA)
    assert (await world.plan.withdraw(plan_id, ADA)).plan.state is TAKEN_BACK


async def test_a_group_without_a_home_is_shown_nothing(world):
    homeless = await world.rows.found(ADA, home_id=None)
    plan = (await world.save(group_id=homeless)).plan
    with fails(NO_HOME):
        await world.plan.show(plan.id, ADA)
    assert (await world.find(plan.id)).state is PRIVATE


async def test_a_plan_that_was_asked_about_is_not_changed_any_more(world):
    plan_id = await world.shown()
    await world.settle(plan_id, Outcome.PARTLY)
    for do in ("show", "draft_of"):
        with fails(SETTLED):
            await getattr(world.plan, do)(plan_id, ADA)
    assert (await world.plan.keep(plan_id, ADA)).plan.outcome is Outcome.PARTLY


async def test_changing_a_plan_of_an_earlier_week_makes_the_next_one(world):
    plan = (await world.save()).plan
    assert (await world.plan.draft_of(plan.id, ADA)).plan == plan
    await world.rows.open_week(world.group, world.now)
    draft = await world.plan.draft_of(plan.id, ADA)
    assert (draft.text, draft.plan, draft.source) == (TEXT, None, None)
    assert (await world.save(draft.text)).plan.id == plan.id + 1


async def test_the_group_of_a_plan(world):
    plan = (await world.save()).plan
    assert await world.plan.find_group_of(plan.id) == world.group
    with fails(UNKNOWN):
        await world.plan.find_group_of(99)


# With check-ins


async def test_how_a_plan_went(world):
    plan = (await world.save()).plan
    await world.settle(plan.id, Outcome.DONE)
    query = "SELECT outcome, settled_at IS NOT NULL FROM plans"
    assert await rows(world.database, query) == [("done", True)]
    learner = await world.progress.find_learner(ADA)
    assert (learner.commitment, [one.is_kept for one in learner.plans]) == (None, [True])
    await world.settle(plan.id, None)
    assert await rows(world.database, query) == [(None, False)]
    assert (await world.progress.find_learner(ADA)).commitment.what == TEXT.what


async def test_settled_again_it_keeps_its_time(world):
    plan = (await world.save()).plan
    times = []
    for outcome in (Outcome.NOT, Outcome.NOT, Outcome.DONE):
        await world.settle(plan.id, outcome)
        times += [one.at for one in (await world.progress.find_learner(ADA)).plans]
        world.later()
    assert times == [FOUNDED, FOUNDED, FOUNDED + 2 * MINUTE]


async def test_a_checkin_puts_the_plan_of_its_week(world):
    week = await world.rows.open_week(world.group, world.now)
    plan = await world.put(PlanText("Lesson 1"), week, item=FIRST)
    assert (plan.week_id, plan.state, plan.item, plan.message_id) == (week, SHOWN, FIRST, None)
    changed = await world.put(PlanText("Lesson 2", "Friday"), week, item=SECOND, state=PRIVATE)
    assert (changed.id, changed.text, changed.state, changed.item) == (
        plan.id,
        PlanText("Lesson 2", "Friday"),
        PRIVATE,
        SECOND,
    )


async def test_a_plan_in_a_checkin_needs_no_message_of_its_own(world):
    await world.rows.open_week(world.group, world.now)
    plan_id = await world.shown()
    week_id = (await world.find(plan_id)).week_id
    checkin_id = await world.rows.check_in(world.group, ADA, world.now, week_id=week_id)
    await world.put(TEXT, week_id)
    _, _, is_wanted = await world.plan.find_shown(plan_id)
    assert not is_wanted
    assert (await world.plan.open(ADA, world.group)).is_in_checkin
    assert await world.planned(SHOW_CHECKIN) == []
    await world.save(PlanText("Sleep"))
    assert await world.planned(SHOW_CHECKIN) == [(checkin_id, "waiting")]
    assert SHOW_CHECKIN == checkin_models.SHOW


@pytest.mark.parametrize("do", ["keep", "withdraw"])
async def test_what_is_taken_away_goes_from_the_checkin_that_asked_about_it_too(world, do):
    plan_id = await world.shown()
    world.later()
    await world.rows.check_in(world.group, ADA, world.now, state="private")
    await world.rows.check_in(world.group, GRACE, world.now)
    asked = await world.rows.check_in(world.group, ADA, world.now)
    await getattr(world.plan, do)(plan_id, ADA)
    assert await world.planned(SHOW_CHECKIN) == [(asked, "waiting")]


async def test_the_part_of_a_plan_is_marked_as_done_once(world):
    plan = (await world.save(PlanText("Lesson 1"))).plan
    change = await world.plan.finish_item(plan.id, ADA)
    assert (change.item.id, change.before, change.after, change.minutes) == (FIRST, None, State.DONE, 360)
    again = await world.plan.finish_item(plan.id, ADA)
    assert (again.id, again.minutes) == (change.id, 0)
    query = "SELECT item, minutes, key FROM progress_changes"
    assert await rows(world.database, query) == [(FIRST, 360, f"plan:{plan.id}")]


async def test_hours_that_a_checkin_told_are_not_counted_twice(world):
    plan = (await world.save(PlanText("Lesson 1"))).plan
    change = await world.plan.finish_item(plan.id, ADA, minutes=0)
    assert (change.after, change.minutes) == (State.DONE, 0)


async def test_a_plan_about_something_else_marks_nothing(world):
    plan = (await world.save()).plan
    with fails(NO_ITEM):
        await world.plan.finish_item(plan.id, ADA)


# The group's message


async def test_a_message_of_a_plan_that_is_gone_has_to_go(world):
    plan = (await world.save()).plan
    await world.plan.show(plan.id, ADA)
    async with world.database.transaction() as session:
        await session.delete(await session.get(progress_store.LearnerRow, ADA))
    assert await world.plan.find_shown(plan.id) is None
    await world.work(SHOW, lambda work: world.plan.record_shown(work, HOME, 900))
    assert await world.planned() == [(plan.id, "done")]
    assert await world.occurrences(ERASE) == [(900, "waiting", str(HOME), None)]


async def test_a_group_that_has_ended_is_shown_nothing(world):
    plan_id = await world.shown()
    await world.rows.end(world.group)
    assert (await world.plan.find_shown(plan_id))[2] is False


async def test_what_cannot_be_shown_is_private_again(world):
    plan = (await world.save()).plan
    await world.plan.show(plan.id, ADA)
    ((work, _),) = await world.work(SHOW, lambda work: world.plan.give_up(work, "Its thread has been deleted."))
    assert (await world.find(plan.id)).state is PRIVATE
    ((_, state, _, note),) = await world.occurrences(SHOW)
    assert (state, note) == ("skipped", "Its thread has been deleted.")
    with pytest.raises(ClaimLost):
        await world.plan.give_up(work, "once more")
    await world.plan.give_up(work)  # what has failed for good has been ended by the dispatcher
    assert await world.planned(TEND) == []
    await world.plan.note_unwell(world.group)
    assert await world.planned(TEND) == [(world.group, "waiting")]


async def test_what_was_given_up_after_it_was_withdrawn_stays_withdrawn(world):
    plan = (await world.save()).plan
    await world.plan.show(plan.id, ADA)
    ((work, _),) = await world.work(SHOW, lambda _work: asyncio.sleep(0))
    await world.plan.withdraw(plan.id, ADA)
    await world.plan.give_up(work)
    assert (await world.find(plan.id)).state is TAKEN_BACK
