"""Progress on real databases: undo by the log, whole resources, what a server may see, the one congratulation."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.errors import MemberError
from bot.features.progress.models import Enrolment, State
from bot.features.progress.service import (
    CHANGED_SINCE,
    NOTHING_TO_UNDO,
    PICK_ITEM,
    UNDONE_ALREADY,
    UNKNOWN_ITEM,
    ProgressService,
)
from bot.storage.database import Database
from bot.storage.tables import ProgressChangeRow, ProgressRow
from tests.bot.databases import rows

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ADA, GRACE = 11, 22
COURSE = "fastai-practical-deep-learning"
ONE, TWO = f"{COURSE}/lesson-1", f"{COURSE}/lesson-2"


@pytest.fixture
def service(database, knowledge):
    return ProgressService(database, lambda: NOON, knowledge.curriculum)


async def states(service, member_id=ADA):
    return {id_: found.state for id_, found in (await service.find_learner(member_id)).progress.items()}


async def required(service, *steps):
    path = service.path_of(await service.find_learner(ADA))
    return [item.id for step in path.steps if step.number in steps for item in step.required]


# Undo


async def test_undo_takes_back_state_and_time_and_names_what_holds_again(service):
    await service.settle_item(ADA, ONE, State.STARTED, minutes=20)
    done = await service.settle_item(ADA, ONE, State.DONE, minutes=30)
    change = await service.undo(ADA, change_id=done.id)
    assert (change.item.id, change.before, change.after, change.minutes) == (ONE, State.DONE, State.STARTED, -30)
    learner = await service.find_learner(ADA)
    assert (learner.progress[ONE].state, learner.progress[ONE].minutes) == (State.STARTED, 20)
    assert [entry.minutes for entry in learner.activity] == [20]


async def test_a_change_is_undone_once(service):
    done = await service.settle_item(ADA, ONE, State.DONE, minutes=30)
    await service.settle_item(ADA, TWO, State.DONE, minutes=30)
    await service.undo(ADA, change_id=done.id)
    with pytest.raises(MemberError, match=UNDONE_ALREADY):
        await service.undo(ADA, change_id=done.id)
    assert await states(service) == {TWO: State.DONE}


async def test_an_item_that_has_changed_since_keeps_its_newest_state(service):
    skipped = await service.settle_item(ADA, ONE, State.SKIPPED)
    await service.settle_item(ADA, ONE, State.DONE, minutes=30)
    with pytest.raises(MemberError) as refused:
        await service.undo(ADA, change_id=skipped.id)
    assert str(refused.value) == CHANGED_SINCE
    assert await states(service) == {ONE: State.DONE}


async def test_undo_goes_back_change_by_change_and_then_says_that_there_is_none(service):
    await service.settle_item(ADA, ONE, State.DONE)
    await service.settle_item(ADA, TWO, State.SKIPPED)
    await service.settle_item(GRACE, TWO, State.DONE)
    assert (await service.find_last_change(ADA)).item.id == TWO
    assert (await service.undo(ADA)).item.id == TWO
    assert (await service.undo(ADA)).item.id == ONE
    assert await service.find_last_change(ADA) is None
    with pytest.raises(MemberError, match=NOTHING_TO_UNDO):
        await service.undo(ADA)
    assert await states(service, GRACE) == {TWO: State.DONE}


async def test_nobody_undoes_what_somebody_else_did(service):
    done = await service.settle_item(ADA, ONE, State.DONE)
    with pytest.raises(MemberError, match=NOTHING_TO_UNDO):
        await service.undo(GRACE, change_id=done.id)
    assert await states(service) == {ONE: State.DONE}


async def test_what_the_curriculum_no_longer_has_can_be_undone(service, database):
    done = await service.settle_item(ADA, ONE, State.DONE)
    async with database.transaction() as session:
        for table in (ProgressRow, ProgressChangeRow):
            await session.execute(update(table).values(item="old-course/week-1"))
    change = await service.undo(ADA, change_id=done.id)
    assert change.item.title == "old-course/week-1"
    assert await states(service) == {}


async def test_the_same_state_once_more_changes_nothing(service):
    first = await service.settle_item(ADA, ONE, State.DONE, minutes=30)
    again = await service.settle_item(ADA, ONE, State.DONE)
    assert (first.before, again.before, again.id) == (None, State.DONE, None)
    learner = await service.find_learner(ADA)
    assert learner.progress[ONE].minutes == 30
    more = await service.settle_item(ADA, ONE, State.DONE, minutes=10)
    assert (more.id, more.minutes) == (None, 0)
    assert (await service.find_learner(ADA)).progress[ONE].minutes == 30
    undone = await service.undo(ADA)
    assert (undone.minutes, undone.after) == (-30, None)
    await service.settle_item(ADA, ONE, State.STARTED, minutes=10)
    await service.settle_item(ADA, ONE, State.STARTED, minutes=10)
    assert (await service.find_learner(ADA)).progress[ONE].minutes == 20


# Whole resources


async def test_a_whole_resource_is_one_change(service, knowledge):
    units = [f"{COURSE}/{unit.id}" for unit in knowledge.curriculum.resources[COURSE].units]
    await service.settle_item(ADA, TWO, State.SKIPPED)
    change = await service.settle_resource(ADA, COURSE, State.DONE, click="77", minutes=45)
    assert (change.item.id, change.count, change.minutes) == (COURSE, len(units), 45)
    assert change.reached == ("step:1",)
    found = await states(service)
    assert found == dict.fromkeys([*units, COURSE], State.DONE)

    undone = await service.undo(ADA, change_id=change.id)
    assert (undone.item.id, undone.count, undone.minutes) == (COURSE, len(units), -45)
    assert (undone.before, undone.after) == (State.DONE, None)
    assert await states(service) == {TWO: State.SKIPPED}
    with pytest.raises(MemberError, match=UNDONE_ALREADY):
        await service.undo(ADA, change_id=change.id)


async def test_a_plain_undo_takes_back_the_whole_resource(service):
    await service.settle_resource(ADA, "fastbook", State.SKIPPED, click="77")
    assert (await service.find_last_change(ADA)).count == 20
    assert (await service.undo(ADA)).item.title == "Deep Learning for Coders with fastai and PyTorch"
    assert await states(service) == {}


async def test_two_whole_resources_are_two_changes(service):
    await service.settle_resource(ADA, "fastbook", State.SKIPPED, click="7")
    await service.settle_resource(ADA, COURSE, State.DONE, click="77")
    await service.undo(ADA)
    assert {id_.partition("/")[0] for id_ in await states(service)} == {"fastbook"}


async def test_a_whole_resource_that_is_settled_changes_nothing(service):
    await service.settle_item(ADA, "fastbook/chapter-5", State.KNOWN)
    await service.settle_resource(ADA, "fastbook", State.DONE, click="1")
    for number, state in enumerate((State.DONE, State.SKIPPED)):
        again = await service.settle_resource(ADA, "fastbook", state, click=f"2{number}")
        assert (again.id, again.count) == (None, 0)
    assert (await service.settle_resource(ADA, "fastbook", State.DONE, click="3", minutes=30)).minutes == 0
    found = await states(service)
    assert (found["fastbook"], found["fastbook/chapter-5"]) == (State.DONE, State.KNOWN)


async def test_a_whole_resource_with_one_part_changed_since_is_left_alone(service):
    whole = await service.settle_resource(ADA, "fastbook", State.SKIPPED, click="1")
    await service.settle_item(ADA, "fastbook/chapter-5", State.DONE, minutes=5)
    with pytest.raises(MemberError):
        await service.undo(ADA, change_id=whole.id)
    found = await states(service)
    assert found["fastbook/chapter-5"] is State.DONE
    assert found["fastbook/chapter-1"] is State.SKIPPED


async def test_only_a_resource_can_be_whole(service):
    for name in (ONE, "softmax", ""):
        with pytest.raises(MemberError, match=UNKNOWN_ITEM):
            await service.settle_resource(ADA, name, State.DONE, click="1")


# What was typed


async def test_typed_text_stands_for_the_one_part_that_it_names(service):
    assert await service.resolve_item(ADA, ONE) == ONE
    assert await service.resolve_item(ADA, "getting started lesson") == ONE
    assert await service.resolve_item(ADA, "fastbook") == "whole:fastbook"
    assert await service.resolve_item(ADA, "whole:fastbook") == "whole:fastbook"
    assert await service.resolve_item(ADA, "deep-learning-crash-course") == "deep-learning-crash-course"
    with pytest.raises(MemberError) as ambiguous:
        await service.resolve_item(ADA, "lesson")
    assert str(ambiguous.value).startswith("Several parts of the curriculum match that: “")
    assert str(ambiguous.value).endswith(f" and more. {PICK_ITEM}")
    for nothing in ("risotto", "whole:risotto", "' OR 1=1 --", "@everyone"):
        with pytest.raises(MemberError) as unknown:
            await service.resolve_item(ADA, nothing)
        assert str(unknown.value) == UNKNOWN_ITEM


async def test_for_undo_typed_text_stands_for_what_was_changed(service):
    await service.settle_item(ADA, ONE, State.DONE)
    assert await service.resolve_item(ADA, "lesson", is_changed=True) == ONE


# Servers


async def test_a_server_sees_nothing_unless_the_learner_says_so(service):
    assert await service.find_enrolment(ADA, 5) == Enrolment(5)
    assert await service.change_enrolment(ADA, 5, is_visible=True) == Enrolment(5, is_visible=True)
    assert await service.change_enrolment(ADA, 5, is_congratulated=True) == Enrolment(5, True, True)
    assert await service.change_enrolment(ADA, 5, is_visible=False) == Enrolment(5, False, True)
    assert await service.find_enrolment(ADA, 6) == Enrolment(6)
    assert await service.list_enrolments(ADA) == (Enrolment(5, False, True),)
    assert await service.change_enrolment(ADA, 5, is_ranked=True) == Enrolment(5, False, True, is_ranked=True)
    await service.change_enrolment(ADA, 5, is_congratulated=False)
    assert await service.find_enrolment(ADA, 5) == Enrolment(5, is_ranked=True)
    assert await service.list_enrolments(ADA) == ()


async def test_two_choices_at_once_are_both_kept(service):
    await asyncio.gather(
        service.change_enrolment(ADA, 5, is_visible=True), service.change_enrolment(ADA, 5, is_congratulated=True)
    )
    assert await service.find_enrolment(ADA, 5) == Enrolment(5, True, True)


async def test_two_processes_claim_one_congratulation(service, database, migrated_url, knowledge):
    await service.change_enrolment(ADA, 5, is_congratulated=True)
    other = Database(migrated_url)
    twin = ProgressService(other, lambda: NOON + timedelta(seconds=1), knowledge.curriculum)
    try:
        claims = await asyncio.gather(
            *(one.claim_congratulation(ADA, 5, "step:1") for one in (service, twin) for _ in range(4))
        )
    finally:
        await other.close()
    assert sorted(claims) == [False] * 7 + [True]
    assert await rows(database, "SELECT guild_id, milestone FROM congratulations") == [(5, "step:1")]


async def test_who_does_not_want_it_claims_nothing(service, database):
    await service.change_enrolment(ADA, 5, is_visible=True)
    assert not await service.claim_congratulation(ADA, 5, "step:1")
    assert await rows(database, "SELECT * FROM congratulations") == []
