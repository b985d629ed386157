"""The rows of the learner model, on both databases: what each function writes, and what it reads back."""

import asyncio
import math
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.features.progress import store
from bot.features.progress.models import (
    Activity,
    Blocker,
    Commitment,
    Enrolment,
    Evidence,
    EvidenceKind,
    ItemProgress,
    Learner,
    LoggedChange,
    Mastery,
    Profile,
    SettledPlan,
    State,
)
from bot.features.progress.rules.mastery import evidence_weight
from bot.storage.tables import EvidenceRow, LearnerRow, MasteryRow, ProgressChangeRow, ProgressRow
from knowledge.models import Style
from tests.bot.databases import rows
from tests.bot.group_rows import GroupRows

NOW = datetime(2026, 3, 4, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(days=10)
ADA, GRACE, EVE = 2**63 - 1, 22, 33
SERVER = 2**62


class Store:
    """Each call in a transaction of its own; the learners are there."""

    def __init__(self, database):
        self._database = database

    def __getattr__(self, name):
        async def call(*arguments, **options):
            async with self._database.transaction() as session:
                return await getattr(store, name)(session, *arguments, **options)

        return call

    async def set(self, item, state, *, minutes=0, key=None, now=NOW, member_id=ADA):
        return await self.update_item(member_id, item, state, minutes=minutes, key=key, now=now)

    async def know(self, *evidence, now=NOW, member_id=ADA):
        return await self.add_evidence(member_id, evidence, now)

    async def all(self, table, *order):
        async with self._database.transaction() as session:
            return (await session.scalars(select(table).order_by(*order))).all()


@pytest.fixture
async def kept(database):
    kept = Store(database)
    for member in (ADA, GRACE, EVE):
        await kept.add_learner(member, NOW)
    return kept


def probe(concept, right, key):
    return Evidence(concept, EvidenceKind.PROBE, right, key)


# Learners


async def test_a_learner_is_made_once(database, kept):
    await kept.add_learner(ADA, LATER)
    assert await kept.count_learners() == 3
    learners = {row.member_id: (row.joined_at, row.changed_at) for row in await kept.all(LearnerRow)}
    assert learners == {ADA: (NOW, LATER), GRACE: (NOW, NOW), EVE: (NOW, NOW)}
    assert await kept.find_profile(ADA) == Profile(ADA, NOW)


async def test_twenty_at_once_make_one_learner(database):
    kept = Store(database)
    await asyncio.gather(*(kept.add_learner(ADA, NOW) for _ in range(20)))
    assert await rows(database, "SELECT member_id FROM learners") == [(ADA,)]


async def test_a_profile_comes_back_as_it_was_saved(kept):
    values = {
        "started_at": LATER,
        "motivation": "é 数 🙂 'why not'",
        "coding": 3,
        "maths": 0,
        "deep_learning": 1,
        "style": Style.HANDS_ON,
        "hours_per_week": 7.25,
        "zone": "America/Argentina/ComodRivadavia",
        "first_capstone": "own",
        "second_capstone": None,
    }
    await kept.update_profile(ADA, LATER, **values)
    assert await kept.find_profile(ADA) == Profile(ADA, NOW, **values)
    await kept.update_profile(ADA, LATER, hours_per_week=None, coding=2)
    assert await kept.find_profile(ADA) == Profile(ADA, NOW, **(values | {"hours_per_week": None, "coding": 2}))
    assert await kept.find_profile(GRACE) == Profile(GRACE, NOW)
    assert await kept.find_profile(44) is None


async def test_nothing_is_kept_about_who_is_no_learner(kept):
    await kept.update_profile(44, NOW, coding=1)
    assert await kept.find_learner(44, LATER) == Learner(Profile(44, LATER))
    for write in (
        kept.update_item(44, "a", State.DONE, minutes=1, key=None, now=NOW),
        kept.add_evidence(44, [probe("relu", True, "k")], NOW),
        kept.update_enrolment(44, Enrolment(SERVER, True), NOW),
        kept.add_milestone(44, "step:1", NOW),
        kept.add_congratulation(44, SERVER, "step:1", NOW),
    ):
        with pytest.raises(IntegrityError):
            await write
    assert await kept.count_learners() == 3


# Items


async def test_the_first_change_of_an_item(kept):
    assert await kept.set("a/1", State.STARTED, minutes=20, key="click:1") == (True, None)
    (item,) = await kept.all(ProgressRow)
    assert (item.member_id, item.item, item.state, item.minutes, item.changed_at) == (ADA, "a/1", "started", 20, NOW)
    (change,) = await kept.all(ProgressChangeRow)
    assert (change.id, change.member_id, change.item, change.before, change.after) == (1, ADA, "a/1", None, "started")
    assert (change.minutes, change.key, change.is_undone, change.changed_at) == (20, "click:1", False, NOW)


async def test_minutes_add_up(kept):
    await kept.set("a/1", State.STARTED, minutes=20)
    assert await kept.set("a/1", State.STARTED, minutes=15, now=LATER) == (True, State.STARTED)
    assert await kept.set("a/1", State.DONE, minutes=5, now=LATER) == (True, State.STARTED)
    assert (await kept.find_learner(ADA, LATER)).progress == {"a/1": ItemProgress("a/1", State.DONE, 40, LATER)}


async def test_the_same_key_twice_is_one_click(kept):
    assert await kept.set("a/1", State.DONE, minutes=20, key="click:1") == (True, None)
    assert await kept.set("a/1", State.DONE, minutes=20, key="click:1", now=LATER) == (False, State.DONE)
    assert await kept.set("a/2", State.SKIPPED, minutes=20, key="click:1", now=LATER) == (False, None)
    assert (await kept.find_learner(ADA, LATER)).progress == {"a/1": ItemProgress("a/1", State.DONE, 20, NOW)}
    assert len(await kept.all(ProgressChangeRow)) == 1
    assert await kept.set("a/1", State.DONE, minutes=1, key="click:1", member_id=GRACE) == (True, None)


async def test_changes_without_a_key_are_all_different(kept):
    for _ in range(3):
        await kept.set("a/1", State.STARTED, minutes=10)
    assert (await kept.find_learner(ADA, NOW)).progress["a/1"].minutes == 30


async def test_twenty_clicks_at_once_with_one_key(kept):
    results = await asyncio.gather(*(kept.set("a/1", State.DONE, minutes=20, key="click") for _ in range(20)))
    assert sorted(is_new for is_new, _ in results) == [False] * 19 + [True]
    assert (await kept.find_learner(ADA, NOW)).progress["a/1"].minutes == 20


async def test_a_snapshot_is_as_new_as_the_transaction(database, kept):
    """Rows that are still in hand do not hide what was written past them."""
    await kept.set("a/1", State.STARTED, minutes=1)
    await kept.know(probe("relu", True, "k1"))
    async with database.transaction() as session:
        held = [(await session.scalars(select(table))).all() for table in (ProgressRow, MasteryRow)]
        await store.update_item(session, ADA, "a/1", State.DONE, minutes=2, key=None, now=NOW)
        await store.add_evidence(session, ADA, [probe("relu", True, "k2")], NOW)
        learner = await store.find_learner(session, ADA, NOW)
        assert held
    assert learner.progress["a/1"] == ItemProgress("a/1", State.DONE, 3, NOW)
    assert learner.mastery["relu"].answers == 2


# The log


async def test_the_last_change(kept):
    assert await kept.find_last_change(ADA) is None
    await kept.set("a/1", State.STARTED, minutes=5, key="k1")
    await kept.set("a/2", State.SKIPPED)
    await kept.set("a/1", State.DONE, minutes=7, member_id=GRACE)
    assert await kept.find_last_change(ADA) == LoggedChange(2, "a/2", None, State.SKIPPED, 0)
    assert await kept.find_last_change(ADA, "a/1") == LoggedChange(1, "a/1", None, State.STARTED, 5)
    assert await kept.find_last_change(ADA, "a/3") is None


async def test_a_change_by_id_and_by_key(kept):
    await kept.set("a/1", State.DONE, minutes=5, key="k1")
    change = LoggedChange(1, "a/1", None, State.DONE, 5)
    assert await kept.find_change(ADA, change_id=1) == change
    assert await kept.find_change(ADA, key="k1") == change
    assert await kept.find_change(ADA, change_id=2) is None
    assert await kept.find_change(ADA, key="k2") is None
    assert await kept.find_change(GRACE, change_id=1) is None
    assert await kept.find_change(GRACE, key="k1") is None


async def test_what_was_changed_at_once_is_a_group(kept):
    for number, item in enumerate(["a/1", "a/2", "a"]):
        await kept.set(item, State.DONE, key=f"whole:7:{number}")
    await kept.set("b/1", State.DONE, key="whole:77:0")
    await kept.set("c/1", State.DONE, key="whole_7:0")
    await kept.set("a/1", State.DONE, key="whole:7:0", member_id=GRACE)
    last = await kept.find_change(ADA, key="whole:7:1")
    assert last.group == "whole:7"
    assert [change.item for change in await kept.list_group(ADA, last)] == ["a", "a/2", "a/1"]
    alone = await kept.find_change(ADA, key="whole_7:0")
    assert (alone.group, await kept.list_group(ADA, alone)) == (None, (alone,))
    await kept.undo_change(ADA, last, LATER)
    assert [change.item for change in await kept.list_group(ADA, last)] == ["a", "a/1"]


async def undo(kept, item=None, now=LATER):
    change = await kept.find_last_change(ADA, item)
    await kept.undo_change(ADA, change, now)
    return change


async def state_of(kept):
    return {id_: (item.state, item.minutes) for id_, item in (await kept.find_learner(ADA, LATER)).progress.items()}


async def test_undo_takes_back_change_by_change(kept):
    await kept.set("a/1", State.STARTED, minutes=10)
    await kept.set("b/1", State.SKIPPED)
    await kept.set("a/1", State.STARTED, minutes=20)
    await kept.set("b/1", State.DONE, minutes=40)
    await kept.set("a/1", State.DONE, minutes=5)
    steps = [
        {"a/1": (State.DONE, 35), "b/1": (State.DONE, 40)},
        {"a/1": (State.STARTED, 30), "b/1": (State.DONE, 40)},
        {"a/1": (State.STARTED, 30), "b/1": (State.SKIPPED, 0)},
        {"a/1": (State.STARTED, 10), "b/1": (State.SKIPPED, 0)},
        {"a/1": (State.STARTED, 10)},
        {},
    ]
    for expected in steps[:-1]:
        assert await state_of(kept) == expected
        await undo(kept)
    assert await state_of(kept) == {}
    assert await kept.find_last_change(ADA) is None


async def test_undo_of_one_item_leaves_the_others(kept):
    """The changes of two items lie between each other in the log."""
    for minutes, item in enumerate(["a", "b", "a", "b", "a"], start=1):
        await kept.set(item, State.STARTED, minutes=minutes)
    assert (await undo(kept, "b")).minutes == 4
    assert await state_of(kept) == {"a": (State.STARTED, 9), "b": (State.STARTED, 2)}
    assert (await undo(kept, "b")).minutes == 2
    assert await state_of(kept) == {"a": (State.STARTED, 9)}
    assert await kept.find_last_change(ADA, "b") is None
    await kept.set("b", State.DONE, minutes=7)
    assert (await undo(kept)).item == "b"
    assert [(await undo(kept)).minutes for _ in range(3)] == [5, 3, 1]
    assert await state_of(kept) == {}


async def test_what_is_undone_stays_in_the_log_and_frees_its_click(kept):
    await kept.set("a/1", State.DONE, minutes=20, key="click:1")
    await undo(kept)
    (change,) = await kept.all(ProgressChangeRow)
    assert (change.is_undone, change.key, change.minutes) == (True, None, 20)
    assert (await kept.find_change(ADA, change_id=1)).is_undone
    assert (await kept.find_learner(ADA, LATER)).activity == ()
    assert await kept.set("a/1", State.DONE, minutes=20, key="click:1") == (True, None)


# Activity


async def test_activity_is_time_and_answers_of_the_last_13_weeks(kept):
    edge = NOW - timedelta(weeks=13)
    await kept.set("a/1", State.DONE, minutes=30, now=edge)
    await kept.set("a/2", State.DONE, minutes=40, now=edge - timedelta(microseconds=1))
    await kept.set("a/3", State.SKIPPED, now=NOW)
    await kept.know(probe("relu", True, "k1"), now=NOW - timedelta(days=1))
    await kept.know(Evidence("relu", EvidenceKind.ASK, None, "k2"), now=NOW)
    await kept.know(probe("relu", False, "k3"), now=edge - timedelta(seconds=1))
    await kept.set("a/1", State.DONE, minutes=99, member_id=GRACE)
    assert (await kept.find_learner(ADA, NOW)).activity == (
        Activity(edge, 30),
        Activity(NOW - timedelta(days=1), 1),
        Activity(NOW, 0),
    )


# Evidence


async def test_evidence_and_its_sum(kept):
    assert await kept.know(probe("relu", True, "k1"), probe("relu", False, "k2"), probe("adam", True, "k3")) == 3
    found = [
        (row.id, row.member_id, row.concept, row.kind, row.is_correct, row.key, row.observed_at)
        for row in await kept.all(EvidenceRow, EvidenceRow.id)
    ]
    assert found == [
        (1, ADA, "relu", "probe", True, "k1", NOW),
        (2, ADA, "relu", "probe", False, "k2", NOW),
        (3, ADA, "adam", "probe", True, "k3", NOW),
    ]
    weight = evidence_weight(EvidenceKind.PROBE, NOW)
    sums = [
        (row.concept, row.right_weight, row.wrong_weight, row.answers, row.last_at)
        for row in await kept.all(MasteryRow, MasteryRow.concept)
    ]
    assert sums == [("adam", weight, 0.0, 1, NOW), ("relu", weight, weight, 2, NOW)]


async def test_mastery_stands_as_of_the_last_answer(kept):
    await kept.know(probe("relu", True, "k1"))
    await kept.know(probe("relu", True, "k2"), probe("relu", False, "k3"), now=NOW + timedelta(days=45))
    mastery = (await kept.find_learner(ADA, NOW)).mastery["relu"]
    assert mastery == Mastery("relu", pytest.approx(1.5), pytest.approx(1.0), 3, NOW + timedelta(days=45))


async def test_a_question_asked_is_no_answer(kept):
    assert await kept.know(Evidence("relu", EvidenceKind.ASK, None, "k1")) == 1
    assert await kept.all(MasteryRow) == []
    assert (await kept.find_learner(ADA, NOW)).mastery == {}


async def test_the_same_evidence_twice_counts_once(kept):
    assert await kept.know(probe("relu", True, "k1"), probe("relu", True, "k1")) == 1
    assert await kept.know(probe("adam", False, "k1"), probe("relu", True, "k2"), now=LATER) == 1
    assert await kept.know(probe("relu", True, "k1"), member_id=GRACE) == 1
    learner = await kept.find_learner(ADA, LATER)
    assert {concept: found.answers for concept, found in learner.mastery.items()} == {"relu": 2}


async def test_twenty_writers_at_once_lose_nothing(kept):
    results = await asyncio.gather(*(kept.know(probe("relu", True, f"k{number}")) for number in range(20)))
    assert results == [1] * 20
    (mastery,) = await kept.all(MasteryRow)
    assert mastery.answers == 20
    assert math.isclose(mastery.right_weight, 20 * evidence_weight(EvidenceKind.PROBE, NOW), rel_tol=1e-12)


async def test_twenty_writers_at_once_with_the_same_evidence(kept):
    results = await asyncio.gather(*(kept.know(probe("relu", True, "k")) for _ in range(20)))
    assert sorted(results) == [0] * 19 + [1]
    (mastery,) = await kept.all(MasteryRow)
    assert (mastery.answers, mastery.right_weight) == (1, evidence_weight(EvidenceKind.PROBE, NOW))


@pytest.mark.parametrize(
    ("answers_at", "count", "last_at"),
    [([], 0, NOW), ([-3], 1, NOW - timedelta(days=3)), ([3], 1, NOW + timedelta(days=3)), ([-3, 3], 2, None)],
)
async def test_what_is_told_in_a_checkin_is_no_answer_and_weighs_half_of_one(kept, answers_at, count, last_at):
    stuck = Evidence("relu", EvidenceKind.CHECKIN, False, "checkin:1:relu")
    for day in sorted([*answers_at, 0]):
        piece = stuck if day == 0 else probe("relu", True, f"k{day}")
        await kept.know(piece, now=NOW + timedelta(days=day))
    last_at = last_at or NOW + timedelta(days=3)

    async def check():
        mastery = (await kept.find_learner(ADA, LATER)).mastery["relu"]
        assert (mastery.answers, mastery.last_at) == (count, last_at)
        faded_since = 2 ** ((NOW - last_at) / timedelta(days=45))
        assert mastery.wrong == pytest.approx(0.5 * faded_since)

    await check()
    assert len((await kept.find_learner(ADA, LATER)).activity) == count
    await kept.regrade_evidence(ADA, "checkin:1:relu", is_correct=False)  # adds everything up again
    await check()


# What members of study groups tell


@pytest.fixture
def groups(database):
    return GroupRows(database)


def before(days):
    return NOW - timedelta(days=days)


async def test_who_is_in_no_group_has_told_nothing(kept, groups):
    await groups.found(GRACE)
    learner = await kept.find_learner(ADA, NOW)
    assert (learner.commitment, learner.blockers, learner.plans, learner.checked_in_at) == (None, (), (), None)


async def test_time_told_in_checkins_counts_while_they_do(kept, groups):
    group = await groups.found(ADA, GRACE)
    await kept.set("a/1", State.DONE, minutes=30, now=before(8))
    await groups.check_in(group, ADA, before(7), minutes=90)
    await groups.check_in(group, ADA, before(3), minutes=45, state="private")
    await groups.check_in(group, ADA, before(2), minutes=60, state="withdrawn")
    await groups.check_in(group, ADA, before(1), minutes=0)
    await groups.check_in(group, ADA, before(92), minutes=70)
    await groups.check_in(group, ADA, None, minutes=0, state="draft")
    await groups.check_in(group, GRACE, before(1), minutes=50)
    expected = (
        Activity(before(8), 30),
        Activity(before(7), 90, is_told=True),
        Activity(before(3), 45, is_told=True),
    )
    learner = await kept.find_learner(ADA, NOW)
    assert (learner.activity, learner.checked_in_at) == (expected, before(1))
    await groups.leave(group, ADA)
    assert (await kept.find_learner(ADA, NOW)).activity == expected


async def test_the_last_checkin_is_known_however_long_ago_it_was(kept, groups):
    group = await groups.found(ADA)
    await groups.check_in(group, ADA, before(300), ["relu"], minutes=30)
    learner = await kept.find_learner(ADA, NOW)
    assert (learner.checked_in_at, learner.activity, learner.blockers) == (before(300), (), ())


@pytest.mark.parametrize(
    ("checkins", "blockers"),
    [
        ([(3, ["backprop", "relu"], "shared")], ["backprop", "relu"]),
        ([(3, ["relu"], "private")], ["relu"]),
        ([(3, ["relu"], "withdrawn")], []),
        ([(13.9, ["relu"], "shared")], ["relu"]),
        ([(14, ["relu"], "shared")], []),
        ([(9, ["relu", "adam"], "shared"), (2, ["adam"], "shared")], ["adam"]),
        ([(9, ["relu"], "shared"), (2, [], "private")], []),
        ([(9, ["relu"], "shared"), (2, ["adam"], "withdrawn")], ["relu"]),
        ([(9, ["relu"], "shared"), (None, [], "draft")], ["relu"]),
    ],
)
async def test_what_the_last_checkin_says_somebody_is_stuck_on(kept, groups, checkins, blockers):
    group = await groups.found(ADA)
    for days, concepts, state in checkins:
        await groups.check_in(group, ADA, days if days is None else before(days), concepts, state=state)
    sent = [before(days) for days, _, state in checkins if state in {"shared", "private"}]
    learner = await kept.find_learner(ADA, NOW)
    assert learner.blockers == tuple(Blocker(concept, max(sent)) for concept in blockers)


@pytest.mark.parametrize(
    ("piece", "days", "is_stuck"),
    [
        (Evidence("relu", EvidenceKind.QUIZ, True, "k"), 2.9, False),
        (Evidence("relu", EvidenceKind.QUIZ, True, "k"), 3, True),  # before they said so
        (Evidence("relu", EvidenceKind.QUIZ, False, "k"), 1, True),
        (Evidence("relu", EvidenceKind.ASK, None, "k"), 1, True),
        (Evidence("adam", EvidenceKind.QUIZ, True, "k"), 1, True),
    ],
)
async def test_a_right_answer_says_that_somebody_is_stuck_no_more(kept, groups, piece, days, is_stuck):
    group = await groups.found(ADA)
    await groups.check_in(group, ADA, before(3), ["relu", "backprop"])
    await kept.know(piece, now=before(days))
    left = [blocker.concept for blocker in (await kept.find_learner(ADA, NOW)).blockers]
    assert left == (["relu", "backprop"] if is_stuck else ["backprop"])


async def test_the_newest_plan_that_waits_for_a_checkin_is_what_a_learner_is_committed_to(kept, groups):
    owls, larks = await groups.found(ADA), await groups.found(ADA)
    await groups.plan(owls, ADA, before(9), "Read")
    await groups.plan(larks, ADA, before(3), "Write", item="a/1")
    await groups.plan(larks, ADA, before(1), "Sing", state="withdrawn")
    await groups.plan(owls, GRACE, before(1), "Dream")
    written = Commitment("Write", "Thursday", "a/1", before(3))
    assert (await kept.find_learner(ADA, NOW)).commitment == written
    await groups.leave(larks, ADA)
    assert (await kept.find_learner(ADA, NOW)).commitment == Commitment("Read", "Thursday", None, before(9))
    await groups.plan(owls, ADA, before(2), "Rest", state="private", settled=("not", before(1)))
    assert (await kept.find_learner(ADA, NOW)).commitment is None  # it has taken the place of the one before


async def test_what_became_of_the_last_eight_plans(kept, groups):
    group = await groups.found(ADA)
    outcomes = ["done", "done", "partly", "not", "done", "done", "not", "done", "partly", "done"]
    for week, outcome in enumerate(outcomes):
        await groups.plan(group, ADA, before(70 - 7 * week), settled=(outcome, before(63 - 7 * week)))
    await groups.plan(group, ADA, before(5), state="withdrawn", settled=("done", before(4)))
    await groups.plan(group, ADA, before(2))
    await groups.leave(group, ADA)
    assert (await kept.find_learner(ADA, NOW)).plans == tuple(
        SettledPlan(outcome == "done", before(7 * week)) for week, outcome in enumerate(outcomes[:1:-1])
    )


# Servers and milestones


async def test_a_server_sees_nothing_by_default(database, kept):
    assert await kept.find_enrolment(ADA, SERVER) == Enrolment(SERVER, is_visible=False, is_congratulated=False)
    assert await kept.list_enrolments(ADA) == ()
    assert await kept.list_visible_learners(SERVER) == ()
    assert await rows(database, "SELECT * FROM enrolments") == []


async def test_the_newest_choice_counts(kept):
    for choice in (Enrolment(SERVER, True, False), Enrolment(SERVER, False, True), Enrolment(5, True, True)):
        await kept.update_enrolment(ADA, choice, NOW)
    assert await kept.find_enrolment(ADA, SERVER) == Enrolment(SERVER, False, True)
    assert await kept.find_enrolment(GRACE, SERVER) == Enrolment(SERVER)
    assert await kept.list_enrolments(ADA) == (Enrolment(5, True, True), Enrolment(SERVER, False, True))
    await kept.update_enrolment(ADA, Enrolment(5), LATER)
    assert await kept.list_enrolments(ADA) == (Enrolment(SERVER, False, True),)


async def test_a_server_sees_who_wants_to_be_seen_and_only_their_progress(kept):
    for member, visible in ((ADA, True), (GRACE, False), (EVE, True)):
        await kept.update_enrolment(member, Enrolment(SERVER, visible, True), NOW)
        await kept.set("a/1", State.DONE, minutes=5, member_id=member)
        await kept.know(probe("relu", True, "k"), member_id=member)
    await kept.update_enrolment(GRACE, Enrolment(5, True), NOW)
    progress = {"a/1": ItemProgress("a/1", State.DONE, 5, NOW)}
    assert await kept.list_visible_learners(SERVER) == (
        Learner(Profile(EVE, NOW), progress),
        Learner(Profile(ADA, NOW), progress),
    )
    assert [learner.profile.member_id for learner in await kept.list_visible_learners(5)] == [GRACE]


async def test_a_milestone_is_reached_once(kept):
    assert await kept.add_milestone(ADA, "step:2", LATER) is True
    assert await kept.add_milestone(ADA, "step:1", LATER) is True
    assert await kept.add_milestone(ADA, "curriculum", NOW) is True
    assert await kept.add_milestone(ADA, "step:1", NOW) is False
    assert await kept.add_milestone(GRACE, "step:1", NOW) is True
    assert await kept.list_milestones(ADA) == ("curriculum", "step:1", "step:2")
    assert await kept.list_milestones(EVE) == ()


async def test_a_congratulation_is_claimed_once_a_server(kept):
    claims = await asyncio.gather(*(kept.add_congratulation(ADA, SERVER, "step:1", NOW) for _ in range(20)))
    assert sorted(claims) == [False] * 19 + [True]
    assert await kept.add_congratulation(ADA, 5, "step:1", NOW) is True
    assert await kept.add_congratulation(ADA, SERVER, "step:2", NOW) is True
