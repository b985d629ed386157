"""The learner model, one after the other and all at once: nothing is lost, nothing counts twice, sums fit the log."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import MemberError
from bot.features.progress.models import Enrolment, Evidence, EvidenceKind, State, StepCount, StepState
from bot.features.progress.service import NOTHING_TO_UNDO, UNKNOWN_ITEM, ProgressService
from bot.storage.database import Database
from knowledge.models import Style
from tests.bot.databases import rows
from tests.bot.small_curriculum import concept_of, curriculum_of, resource_of, step_of, unit_of, way_of

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
ADA, GRACE, EVE = 11, 22, 33
SERVER = 5
ONE, TWO, THREE, MORE = "course/one", "course/two", "book/three", "blog"

CURRICULUM = curriculum_of(
    step_of(1, core=("course",), support=("blog",)),
    step_of(2, ways=(way_of(Style.BOOK, "book"), way_of(Style.VIDEO, "video"))),
    resources={
        "course": resource_of(unit_of("one", ("a",), 60), unit_of("two", ("b",), 90)),
        "book": resource_of(unit_of("three", ("c",), 120), steps=(2,)),
        "video": resource_of(unit_of("four", ("c",), 30), steps=(2,)),
        "blog": resource_of(hours=(1, 1)),
    },
    concepts={"a": concept_of(), "b": concept_of(), "c": concept_of(step=2)},
)


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def service(database, clock):
    return ProgressService(database, clock, CURRICULUM)


@pytest.fixture
async def twin(migrated_url, clock):
    """The same in another process, as far as the database can tell."""
    database = Database(migrated_url)
    yield ProgressService(database, clock, CURRICULUM)
    await database.close()


async def states(service, member_id=ADA):
    learner = await service.find_learner(member_id)
    return {id_: (found.state.value, found.minutes) for id_, found in learner.progress.items()}


async def minutes_of(service, member_id=ADA):
    return sum(activity.minutes for activity in (await service.find_learner(member_id)).activity)


def probe(concept, right, key):
    return Evidence(concept, EvidenceKind.PROBE, right, key)


# One after the other


async def test_done_counts_what_is_left_of_the_estimate(service):
    started = await service.settle_item(ADA, ONE, State.STARTED, minutes=25, key="k1")
    assert (started.before, started.after, started.minutes, started.id) == (None, State.STARTED, 25, 1)
    done = await service.settle_item(ADA, ONE, State.DONE, key="k2")
    assert (done.before, done.after, done.minutes, done.id) == (State.STARTED, State.DONE, 35, 2)
    skipped = await service.settle_item(ADA, TWO, State.SKIPPED)
    assert (skipped.minutes, skipped.reached) == (0, ("step:1",))
    known = await service.settle_item(ADA, THREE, State.KNOWN, minutes=3)
    assert (known.item.title, known.minutes, known.reached) == ("Unit: THREE", 3, ("curriculum",))
    assert await states(service) == {
        ONE: ("done", 60),
        TWO: ("skipped", 0),
        THREE: ("known", 3),
    }
    assert await minutes_of(service) == 63


async def test_more_time_than_the_estimate_leaves_nothing_to_count(service):
    await service.settle_item(ADA, ONE, State.STARTED, minutes=75)
    assert (await service.settle_item(ADA, ONE, State.DONE)).minutes == 0
    assert await states(service) == {ONE: ("done", 75)}


async def test_what_is_on_no_path_is_refused_and_changes_nothing(service, database):
    for name in ("course/nine", "", "' OR 1=1 --", "capstone:none/1"):
        with pytest.raises(MemberError) as caught:
            await service.settle_item(ADA, name, State.DONE)
        assert str(caught.value) == UNKNOWN_ITEM
    with pytest.raises(MemberError):
        await service.settle_items(ADA, [ONE, "course/nine"], State.KNOWN)
    with pytest.raises(MemberError, match=NOTHING_TO_UNDO):
        await service.undo(ADA)
    assert await rows(database, "SELECT * FROM learners") == []


async def test_a_second_click_changes_nothing_and_says_so(service):
    await service.settle_item(ADA, ONE, State.DONE, minutes=30, key="k")
    again = await service.settle_item(ADA, ONE, State.DONE, minutes=30, key="k")
    assert (again.before, again.after, again.minutes, again.reached, again.id) == (State.DONE, State.DONE, 0, (), 1)
    await service.settle_item(ADA, ONE, State.SKIPPED)
    late = await service.settle_item(ADA, ONE, State.DONE, minutes=30, key="k")
    assert (late.before, late.after, late.minutes) == (State.SKIPPED, State.SKIPPED, 0)
    assert await states(service) == {ONE: ("skipped", 30)}


async def test_several_items_at_once_count_no_time_and_leave_what_is_settled(service, database):
    await service.settle_item(ADA, ONE, State.SKIPPED)
    assert await service.settle_items(ADA, [ONE, TWO, MORE], State.KNOWN) == 2
    assert await service.settle_items(ADA, [ONE, TWO, MORE], State.KNOWN) == 0
    assert await states(service) == {ONE: ("skipped", 0), TWO: ("known", 0), MORE: ("known", 0)}
    assert [(await service.undo(ADA)).item.id for _ in range(3)] == [MORE, TWO, ONE]
    assert await states(service) == {}
    assert await rows(database, "SELECT milestone FROM milestones") == []  # nothing was done, only known


async def test_a_profile_is_made_and_changed(service):
    await service.save_profile(ADA, hours_per_week=5, style=Style.VIDEO)
    await service.save_profile(ADA, maths=2)
    profile = (await service.find_learner(ADA)).profile
    assert (profile.hours_per_week, profile.style, profile.maths, profile.joined_at) == (5, Style.VIDEO, 2, NOW)
    assert [item.id for item in service.path_of(await service.find_learner(ADA)).steps[1].items] == ["video/four"]


async def test_minutes_of_a_sitting_are_taken_back_from_their_week(service, clock):
    await service.settle_item(ADA, ONE, State.STARTED, minutes=20)
    clock.now += timedelta(weeks=1)
    await service.settle_item(ADA, ONE, State.DONE, minutes=50)
    assert [week.minutes for week in (await service.show_overview(ADA)).weeks][-2:] == [20, 50]
    clock.now += timedelta(weeks=1)
    change = await service.undo(ADA)
    assert (change.before, change.after, change.minutes) == (State.DONE, State.STARTED, -50)
    assert [week.minutes for week in (await service.show_overview(ADA)).weeks][-3:] == [20, 0, 0]
    assert await states(service) == {ONE: ("started", 20)}


async def test_any_chain_of_changes_is_undone_to_nothing(service, database):
    """Three items, changed in any order and taken back in any order: each step is the state before."""
    dice = random.Random(7)
    expected = {id_: [None] for id_ in (ONE, TWO, THREE)}
    for number in range(60):
        item = dice.choice(list(expected))
        history = expected[item]
        if dice.random() < 0.4 and len(history) > 1:
            await service.undo(ADA, item)
            history.pop()
        else:
            minutes = dice.randint(1, 50)
            before = history[-1][1] if history[-1] else 0
            state = dice.choice(list(State))
            await service.settle_item(ADA, item, state, minutes=minutes, key=f"k{number}")
            if state is State.STARTED or not history[-1] or history[-1][0] != state:  # what is done twice counts once
                history.append((state.value, before + minutes))
        now = {id_: found[-1] for id_, found in expected.items() if found[-1]}
        assert await states(service) == now
        assert await minutes_of(service) == sum(minutes for _, minutes in now.values())
    left = sum(len(history) - 1 for history in expected.values())
    for _ in range(left):
        await service.undo(ADA)
    assert await states(service) == {}
    with pytest.raises(MemberError, match=NOTHING_TO_UNDO):
        await service.undo(ADA)
    assert await rows(database, "SELECT count(*) FROM progress_changes WHERE NOT is_undone") == [(0,)]


async def test_a_milestone_is_reached_once(service):
    await service.settle_item(ADA, ONE, State.DONE)
    assert (await service.settle_item(ADA, TWO, State.DONE)).reached == ("step:1",)
    await service.undo(ADA)
    assert (await service.settle_item(ADA, TWO, State.DONE)).reached == ()
    assert (await service.settle_item(ADA, THREE, State.DONE)).reached == ("step:2", "curriculum")


async def test_an_overview(service):
    await service.settle_item(ADA, ONE, State.DONE)
    await service.settle_item(ADA, TWO, State.STARTED, minutes=30)
    await service.add_evidence(ADA, [probe("a", True, f"k{number}") for number in range(3)])
    overview = await service.show_overview(ADA)
    first, second = overview.steps
    assert (first.state, first.settled, first.required, first.minutes_left) == (StepState.CURRENT, 1, 2, 60)
    assert first.next_item.id == TWO
    assert (second.state, second.minutes_left) == (StepState.AHEAD, 120)
    assert [concept.concept for concept in overview.concepts] == ["a"]
    assert (await service.show_overview(EVE)).steps[0].settled == 0


async def test_evidence_on_what_is_no_longer_taught_is_left_out(service, database):
    assert await service.add_evidence(ADA, [probe("a", True, "k1"), probe("gone", True, "k2")]) == 1
    assert await service.add_evidence(ADA, [probe("a", True, "k1"), probe("b", False, "k3")]) == 1
    assert await rows(database, "SELECT concept, key FROM evidence ORDER BY id") == [("a", "k1"), ("b", "k3")]


async def test_a_server_sees_who_said_so(service):
    for member in (ADA, GRACE, EVE):
        await service.settle_items(member, [ONE, TWO], State.DONE)
    await service.settle_item(EVE, THREE, State.DONE)
    assert await service.find_enrolment(ADA, SERVER) == Enrolment(SERVER, False, False)
    nobody = (StepCount(1, ()), StepCount(2, ()), StepCount(None, ()))
    assert await service.show_server(SERVER) == nobody
    await service.enrol(ADA, Enrolment(SERVER, is_visible=True))
    await service.enrol(EVE, Enrolment(SERVER, is_visible=True))
    await service.enrol(GRACE, Enrolment(SERVER, is_visible=False, is_congratulated=True))
    assert await service.show_server(SERVER) == (StepCount(1, ()), StepCount(2, (ADA,)), StepCount(None, (EVE,)))
    assert await service.show_server(SERVER + 1) == nobody


# All at once


async def check_sums(database):
    """What is added up agrees with the log that it was added up from."""
    for summed, logged in (
        (
            "SELECT member_id, item, minutes FROM progress",
            "SELECT member_id, item, sum(minutes) FROM progress_changes WHERE NOT is_undone GROUP BY member_id, item",
        ),
        (
            "SELECT member_id, concept, answers FROM mastery",
            "SELECT member_id, concept, count(*) FROM evidence GROUP BY member_id, concept",
        ),
    ):
        assert sorted(await rows(database, summed)) == sorted(await rows(database, logged))


async def test_twenty_sittings_at_once_add_up(service, twin, database):
    """Ten in each of two processes."""
    changes = await asyncio.gather(
        *(
            one.settle_item(ADA, ONE, State.STARTED, minutes=3, key=f"{name}:{number}")
            for name, one in (("here", service), ("there", twin))
            for number in range(10)
        )
    )
    assert [change.before for change in changes].count(None) == 1
    assert len({change.id for change in changes}) == 20
    assert await states(service) == {ONE: ("started", 60)}
    await check_sums(database)


async def test_twenty_clicks_of_one_button_are_one(service, twin, database):
    changes = await asyncio.gather(
        *(one.settle_item(ADA, ONE, State.DONE, minutes=30, key="k") for one in (service, twin) for _ in range(10))
    )
    assert sorted(change.minutes for change in changes) == [0] * 19 + [30]
    assert {change.id for change in changes} == {1}
    assert await states(service) == {ONE: ("done", 30)}
    await check_sums(database)


async def test_a_step_that_twenty_finish_at_once_is_reached_once(service, twin):
    await service.settle_item(ADA, ONE, State.DONE)
    changes = await asyncio.gather(
        *(one.settle_item(ADA, TWO, State.DONE, key=f"{number}") for one in (service, twin) for number in range(10))
    )
    assert sorted(change.reached for change in changes) == [()] * 19 + [("step:1",)]
    assert await states(service) == {ONE: ("done", 60), TWO: ("done", 90)}


async def test_twenty_undo_at_once(service, twin, database):
    for number in range(5):
        await service.settle_item(ADA, ONE, State.STARTED, minutes=10, key=f"k{number}")
    results = await asyncio.gather(
        *(one.undo(ADA) for one in (service, twin) for _ in range(10)), return_exceptions=True
    )
    assert sorted(str(result) for result in results if isinstance(result, Exception)) == [NOTHING_TO_UNDO] * 15
    assert await states(service) == {}
    await check_sums(database)


async def test_everything_at_once(service, twin, database):
    """Three learners in two processes; undo and second clicks among it."""
    dice = random.Random(3)

    def work(number):
        one, member = dice.choice((service, twin)), dice.choice((ADA, GRACE, EVE))
        kind = dice.randrange(5)
        if kind == 0:
            return one.undo(member)
        if kind in (1, 4):  # more often than undo, so that something is left in whatever order they come
            state, key = dice.choice(list(State)), f"k{number // 2}"
            return one.settle_item(member, dice.choice((ONE, TWO, THREE)), state, minutes=number, key=key)
        if kind == 2:
            return one.save_profile(member, hours_per_week=number)
        evidence = probe(dice.choice("abc"), dice.random() < 0.5, f"k{number // 2}")
        return one.add_evidence(member, [evidence])

    results = await asyncio.gather(*(work(number) for number in range(200)), return_exceptions=True)
    assert {str(result) for result in results if isinstance(result, Exception)} <= {NOTHING_TO_UNDO}
    await check_sums(database)
    assert (await rows(database, "SELECT count(*) FROM evidence"))[0][0] > 20
    assert (await rows(database, "SELECT count(*) FROM progress"))[0][0] > 0
