"""The weekly check-in on both databases: weeks open and close, members send, edit and withdraw, partners reply."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from bot.errors import MemberError
from bot.features.checkin.models import (
    DIGEST,
    NUDGE,
    REFRESH,
    REPLY,
    SHOW,
    CheckinState,
    KnownEvidence,
    RhythmFigure,
    WeekMember,
)
from bot.features.checkin.rules import notes
from bot.features.checkin.rules.suggestions import LEARNED, STUCK
from bot.features.checkin.service import (
    EMPTY,
    NO_REPLY,
    NO_SUCH_TIME,
    NOT_A_MEMBER,
    NOT_SENT,
    NOT_SHOWN,
    OWN,
    TOO_LATE,
)
from bot.features.checkin.standing import OPENING, UNKNOWN
from bot.features.groups import store as groups_store
from bot.features.groups.models import ERASE, PROMPT
from bot.features.plan.models import SHOW as SHOW_PLAN
from bot.features.plan.models import Outcome, PlanState, PlanText
from bot.features.plan.service import NO_TEXT
from bot.features.progress import store as progress_store
from bot.features.progress.models import Evidence, EvidenceKind, State
from bot.features.questions import store as questions_store
from bot.features.questions.models import Response, RoundKind
from bot.scheduling.dispatcher import ClaimLost, TryLater
from bot.scheduling.models import WorkState
from tests.bot.checkin_world import (
    ADA,
    BERLIN,
    CLOSING,
    DAY,
    EVE,
    GRACE,
    GUILD,
    HOME,
    HOUR,
    LEASE,
    LINUS,
    MONDAY,
    WEEK,
    World,
    form,
)
from tests.bot.databases import rows


@pytest.fixture
def world(database):
    return World(database)


@pytest.fixture
async def group(world):
    """Three members, and it is Monday at six."""
    group = await world.found(ADA, GRACE, EVE)
    world.now = MONDAY
    return group


@pytest.fixture
async def week(world, group):
    """The first week of the group is open."""
    return await world.ask()


async def refuses(sentence, call):
    with pytest.raises(MemberError) as told:
        await call
    assert str(told.value) == sentence


async def execute(world, statement):
    async with world.database.transaction() as session:
        await session.execute(text(statement))


# A week opens


async def test_a_week_opens_with_its_members_and_what_follows(world, group):
    occurrence = await world.claim()
    prompt = await world.checkins.prepare(occurrence)
    assert (prompt.group.id, prompt.is_new, prompt.names_partners) == (group.id, True, True)
    assert prompt.members == (
        WeekMember(ADA, partner_id=GRACE),
        WeekMember(GRACE, partner_id=EVE),
        WeekMember(EVE, partner_id=ADA),
    )
    assert (prompt.week.slot, prompt.week.planned_at, prompt.week.closes_at) == ("2026-W49", MONDAY, CLOSING)
    assert (prompt.week.channel_id, prompt.week.opened_at) == (HOME, None)
    world.now += timedelta(seconds=2)
    await world.checkins.record_opened(occurrence, prompt.week.id, 555)
    week = await world.week(prompt.week.id)
    assert (week.opened_at, week.prompt_message_id, week.closed_at) == (world.now, 555, None)
    assert await world.members(week.id) == prompt.members
    assert await world.work(PROMPT, DIGEST, NUDGE) == [
        (PROMPT, "2026-W49", "done", None),
        (DIGEST, "digest", "waiting", None),
        (NUDGE, str(ADA), "waiting", None),
        (NUDGE, str(GRACE), "waiting", None),
        (NUDGE, str(EVE), "waiting", None),
        (PROMPT, "2026-W50", "waiting", None),
    ]
    assert await world.waiting(DIGEST) == [CLOSING]
    assert await world.waiting(NUDGE) == [CLOSING - 12 * HOUR] * 3
    assert await world.waiting(PROMPT) == [MONDAY + WEEK]


async def test_members_who_are_away_are_asked_nothing(world, group):
    await world.change_member(group.id, GRACE, away_until=MONDAY + HOUR)
    await world.change_member(group.id, EVE, away_until=MONDAY)
    week = await world.ask()
    assert await world.members(week.id) == (
        WeekMember(ADA, partner_id=EVE),
        WeekMember(GRACE, is_away=True),
        WeekMember(EVE, partner_id=ADA),
    )
    assert len(await world.waiting(NUDGE)) == 2


async def test_partners_change_every_week(world, group):
    first = await world.ask()
    await world.close(first)
    world.now = MONDAY + WEEK
    second = await world.ask()
    assert [member.partner_id for member in await world.members(first.id)] == [GRACE, EVE, ADA]
    assert [member.partner_id for member in await world.members(second.id)] == [EVE, ADA, GRACE]


async def test_one_member_alone_has_no_partner(world):
    await world.found(ADA)
    world.now = MONDAY
    prompt = await world.checkins.prepare(await world.claim())
    assert prompt.members == (WeekMember(ADA),)
    assert not prompt.names_partners


@pytest.mark.parametrize(
    ("late", "note"), [(24 * HOUR, None), (24 * HOUR + timedelta(minutes=1), notes.late_note(24 * HOUR))]
)
async def test_a_prompt_may_be_a_day_late(world, group, late, note):
    world.now = MONDAY + late
    occurrence = await world.claim()
    prompt = await world.checkins.prepare(occurrence)
    if note is None:
        assert (prompt.week.planned_at, prompt.week.closes_at) == (MONDAY, CLOSING)
    else:
        assert prompt is None
        assert await world.work(PROMPT) == [
            (PROMPT, "2026-W49", "skipped", note),
            (PROMPT, "2026-W50", "waiting", None),
        ]
        assert await rows(world.database, "SELECT id FROM group_weeks") == []
    assert group.id == occurrence.subject_id


async def test_each_week_of_a_long_outage_has_its_note(world, group):
    world.now = MONDAY + 3 * WEEK + 2 * HOUR
    while (occurrence := await world.claim()) is not None:
        prompt = await world.checkins.prepare(occurrence)
        if prompt is not None:
            await world.checkins.record_opened(occurrence, prompt.week.id, 5)
    found = await world.work(PROMPT)
    assert [(slot, state, note is None) for _, slot, state, note in found] == [
        ("2026-W49", "skipped", False),
        ("2026-W50", "skipped", False),
        ("2026-W51", "skipped", False),
        ("2026-W52", "done", True),
        ("2026-W53", "waiting", True),
    ]
    assert await rows(world.database, "SELECT slot FROM group_weeks") == [("2026-W52",)]
    assert group.rhythm.zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("values", "note", "has_next"),
    [
        ({"state": "paused", "paused_until": MONDAY + DAY}, notes.PAUSED, True),
        ({"state": "homeless", "home_id": None}, notes.HOMELESS, False),
        ({"state": "ended"}, notes.ENDED, False),
    ],
)
async def test_a_week_is_left_out_with_a_note(world, group, values, note, has_next):
    occurrence = await world.claim()
    await world.change_group(group.id, **values)
    assert await world.checkins.prepare(occurrence) is None
    assert (await world.work(PROMPT))[0] == (PROMPT, "2026-W49", "skipped", note)
    assert await world.waiting(PROMPT) == ([MONDAY + WEEK] if has_next else [])


async def test_nobody_to_ask_is_noted(world, group):
    for member_id in (ADA, GRACE, EVE):
        await world.change_member(group.id, member_id, away_until=MONDAY + DAY)
    assert await world.checkins.prepare(await world.claim()) is None
    world.now = MONDAY + WEEK
    for member_id in (ADA, GRACE, EVE):
        await world.leave(group.id, member_id)
    assert await world.checkins.prepare(await world.claim()) is None
    assert [(slot, note) for _, slot, _, note in await world.work(PROMPT)] == [
        ("2026-W49", notes.ALL_AWAY),
        ("2026-W50", notes.NOBODY),
        ("2026-W51", None),
    ]


async def test_a_pause_that_is_over_has_ended(world, group):
    await world.change_group(group.id, state="paused", paused_until=MONDAY - HOUR)
    assert (await world.ask()).opened_at == MONDAY
    assert await rows(world.database, "SELECT state, paused_until FROM study_groups") == [("active", None)]


async def test_a_week_that_may_have_been_posted_is_looked_for_first(world, group):
    first = await world.checkins.prepare(await world.claim())
    world.now += 26 * HOUR
    again = await world.claim()
    second = await world.checkins.prepare(again)
    assert (second.is_new, second.week, again.tries) == (False, first.week, 2)
    await world.checkins.record_opened(again, second.week.id, 555)
    assert (await world.week(first.week.id)).prompt_message_id == 555
    assert group.id == first.group.id


async def test_a_week_that_was_not_posted_may_be_too_late_by_now(world, group):
    await world.checkins.prepare(await world.claim())
    world.now += 26 * HOUR
    again = await world.claim()
    assert (await world.checkins.prepare(again)).is_new is False
    assert await world.checkins.prepare(again, is_lost=True) is None
    assert (await world.work(PROMPT))[0] == (PROMPT, "2026-W49", "skipped", notes.late_note(26 * HOUR))
    assert await rows(world.database, "SELECT group_id FROM group_weeks UNION SELECT week_id FROM week_members") == []
    assert group.window_days == 2


async def test_a_week_that_was_not_posted_is_new_within_a_day(world, group):
    await world.checkins.prepare(await world.claim())
    await world.join(group.id, LINUS)
    world.now += HOUR
    prompt = await world.checkins.prepare(await world.claim(), is_lost=True)
    assert prompt.is_new
    assert [member.member_id for member in prompt.members] == [ADA, GRACE, EVE, LINUS]
    assert await world.members(prompt.week.id) == prompt.members


async def test_a_prompt_that_cannot_be_posted_is_given_up(world, group):
    occurrence = await world.claim()
    await world.checkins.prepare(occurrence)
    await world.checkins.give_up_prompt(occurrence, "I may not post.")
    assert await world.work(PROMPT) == [
        (PROMPT, "2026-W49", "failed", "I may not post."),
        (PROMPT, "2026-W50", "waiting", None),
    ]
    assert await rows(world.database, "SELECT note FROM study_groups") == [("I may not post.",)]
    assert await rows(world.database, "SELECT id FROM group_weeks") == []
    assert group.note is None


async def test_a_prompt_that_has_failed_for_good_is_ended_by_the_dispatcher(world, group):
    occurrence = await world.claim()
    await world.checkins.give_up_prompt(replace(occurrence, state=WorkState.FAILED), "I may not post.")
    assert await world.work(PROMPT) == [(PROMPT, "2026-W49", "claimed", None), (PROMPT, "2026-W50", "waiting", None)]
    assert group.note is None


async def test_work_that_somebody_else_holds_is_recorded_once(world, group, database):
    occurrence = await world.claim()
    prompt = await world.checkins.prepare(occurrence)
    other = World(database, MONDAY + timedelta(minutes=6), worker="there")
    taken = await other.claim()
    await other.checkins.record_opened(taken, (await other.checkins.prepare(taken)).week.id, 7)
    with pytest.raises(ClaimLost):
        await world.checkins.record_opened(occurrence, prompt.week.id, 8)
    assert (await world.week(prompt.week.id)).prompt_message_id == 7
    assert group.id == prompt.group.id


async def test_the_digest_comes_before_the_next_prompt(world, week):
    world.now = MONDAY + WEEK + HOUR  # it was away since Tuesday
    occurrence = await world.claim()
    with pytest.raises(TryLater):
        await world.checkins.prepare(occurrence)
    await world.close(week)
    assert (await world.checkins.prepare(occurrence)).is_new


async def test_a_digest_that_cannot_be_posted_does_not_hold_up_the_next_prompt(world, week):
    world.now = MONDAY + WEEK + HOUR
    occurrence = replace(await world.claim(), tries=4)
    prompt = await world.checkins.prepare(occurrence)
    await world.checkins.record_opened(occurrence, prompt.week.id, 5)
    assert await world.close(week, world.now) is None
    assert (await world.work(DIGEST))[0] == (DIGEST, "digest", "skipped", notes.NEXT_HAS_OPENED)
    assert (await world.week(week.id)).closed_at == world.now


# A week closes


async def test_a_digest_says_how_the_week_went(world, group, week):
    await world.plan(ADA, group.id, PlanText("Read"), state=PlanState.SHOWN)
    await world.plan(GRACE, group.id, PlanText("Write"))
    await world.check_in(week, ADA, outcome=Outcome.DONE, next_plan="Go on")
    world.now += HOUR
    await world.check_in(week, GRACE, outcome=Outcome.PARTLY, is_private=True, next_plan="Rest")
    await world.show()
    checkin = await world.checkin(week.id, ADA)
    await world.checkins.reply(checkin.id, EVE, "Well done!")
    digest = await world.close(week)
    assert (digest.asked, digest.quiet, digest.away, digest.replies) == (3, 1, 0, 1)
    assert (digest.plans_kept, digest.plans_settled) == (1, 1)
    assert digest.next_prompt_at == MONDAY + WEEK
    ada, grace = digest.lines
    assert (ada.member_id, ada.outcome, ada.next_plan.text, ada.is_private) == (
        ADA,
        Outcome.DONE,
        PlanText("Go on"),
        False,
    )
    assert (grace.member_id, grace.outcome, grace.next_plan, grace.is_private) == (GRACE, None, None, True)
    assert ada.rhythm == grace.rhythm == RhythmFigure(1, 1)
    closed = await world.week(week.id)
    assert (closed.closed_at, closed.digest_message_id) == (CLOSING, 1002)
    assert await world.work(DIGEST) == [(DIGEST, "digest", "done", None)]


async def test_a_week_in_which_nobody_checked_in_has_a_digest_too(world, week):
    digest = await world.close(week)
    assert (digest.lines, digest.asked, digest.quiet) == ((), 3, 3)
    assert (await world.week(week.id)).digest_message_id is not None


async def test_a_private_plan_is_in_no_figure_of_the_group(world, group, week):
    await world.plan(ADA, group.id, PlanText("A secret"))
    shown = await world.plan(GRACE, group.id, PlanText("Read"), state=PlanState.SHOWN)
    await world.check_in(week, ADA, outcome=Outcome.DONE)
    await world.check_in(week, GRACE, outcome=Outcome.DONE)
    digest = await world.close(week)
    assert [line.outcome for line in digest.lines] == [Outcome.DONE, Outcome.DONE]
    assert (digest.plans_kept, digest.plans_settled) == (1, 1)
    await execute(world, f"UPDATE plans SET state = 'private' WHERE id = {shown.id}")  # noqa: S608
    digest = await world.checkins.find_digest(week.id)
    assert (digest.plans_kept, digest.plans_settled) == (0, 0)


async def test_plans_are_counted_only_where_there_was_one(world, week):
    await world.check_in(week, ADA, outcome=Outcome.DONE)
    digest = await world.close(week)
    assert (digest.lines[0].outcome, digest.plans_kept, digest.plans_settled) == (Outcome.DONE, 0, 0)


async def test_a_digest_counts_who_is_away_and_leaves_out_who_has_left(world, group, week):
    await world.check_in(week, ADA)
    await world.check_in(week, GRACE)
    async with world.database.transaction() as session:
        await groups_store.mark_away(session, group.id, EVE)
    await world.leave(group.id, GRACE)
    digest = await world.close(week)
    assert [line.member_id for line in digest.lines] == [ADA]
    assert (digest.asked, digest.quiet, digest.away) == (1, 0, 1)
    assert (await world.checkins.find_digest(week.id)).lines == digest.lines


@pytest.mark.parametrize(
    ("values", "note"),
    [({"state": "homeless", "home_id": None}, notes.HOMELESS), ({"state": "ended"}, notes.ENDED)],
)
async def test_a_group_without_a_home_has_no_digest(world, group, week, values, note):
    await world.change_group(group.id, **values)
    assert await world.close(week) is None
    closed = await world.week(week.id)
    assert (closed.closed_at, closed.digest_message_id) == (CLOSING, None)
    assert await world.work(DIGEST) == [(DIGEST, "digest", "skipped", note)]


async def test_a_week_that_is_open_when_its_group_is_paused_closes_as_planned(world, group, week):
    await world.check_in(week, ADA)
    await world.change_group(group.id, state="paused", paused_until=MONDAY + 3 * WEEK)
    digest = await world.close(week)
    assert [line.member_id for line in digest.lines] == [ADA]
    assert (await world.week(week.id)).digest_message_id is not None


async def test_a_digest_may_be_days_late(world, week):
    world.now = MONDAY + 6 * DAY
    assert await world.close(week) is not None
    assert (await world.week(week.id)).closed_at == MONDAY + 6 * DAY


async def test_a_digest_that_was_given_up_keeps_its_note(world, week):
    world.now = CLOSING
    occurrence = await world.claim(DIGEST)
    await world.checkins.record_closed(occurrence, week.id, None, "I may not post.")
    assert await world.work(DIGEST) == [(DIGEST, "digest", "skipped", "I may not post.")]
    assert await world.checkins.find_digest(week.id) is None
    assert await world.checkins.find_digest(999) is None


async def test_a_posted_digest_is_found_as_long_as_it_is_there(world, week):
    await world.close(week)
    world.now = MONDAY + WEEK
    await world.ask()
    assert (await world.checkins.find_digest(week.id)).quiet == 3


async def test_a_week_that_is_gone_ends_its_work(world, group, week):
    world.now = CLOSING
    occurrence = await world.claim(DIGEST)
    await execute(world, "DELETE FROM study_groups")
    await world.checkins.record_closed(occurrence, week.id, None)
    assert (await world.work(DIGEST))[0] == (DIGEST, "digest", "skipped", notes.GONE)
    assert group.id == week.group_id


# Quiet members


async def nudges(world, week):
    """Who is nudged twelve hours before the week closes."""
    world.now = week.closes_at - 12 * HOUR
    found = []
    while (occurrence := await world.claim(NUDGE)) is not None:
        nudge = await world.checkins.prepare_nudge(occurrence)
        if nudge is not None:
            found.append(nudge)
            await world.checkins.record_nudged(occurrence, nudge, dm_failed=False)
    return found


async def test_quiet_members_are_nudged_once_if_they_agreed(world, group, week):
    plan = await world.plan(ADA, group.id, PlanText("Read"))
    await world.change_member(group.id, ADA, is_nudged=True)
    await world.change_member(group.id, GRACE, is_nudged=True, by_dm=True)
    (ada, grace) = await nudges(world, week)
    assert (ada.member_id, ada.by_dm, ada.plan, ada.week) == (ADA, False, plan, week)
    assert (grace.member_id, grace.by_dm, grace.plan) == (GRACE, True, None)
    assert [(slot, state, note) for _, slot, state, note in await world.work(NUDGE)] == [
        (str(ADA), "done", None),
        (str(GRACE), "done", None),
        (str(EVE), "skipped", notes.NOT_AGREED),
    ]
    assert [member.nudged_at for member in await world.members(week.id)] == [world.now, world.now, None]


async def test_who_has_checked_in_or_gone_is_not_nudged(world, group, week):
    for member_id in (ADA, GRACE, EVE):
        await world.change_member(group.id, member_id, is_nudged=True)
    await world.check_in(week, ADA, is_private=True)
    await world.leave(group.id, GRACE)
    await world.change_member(group.id, EVE, away_until=MONDAY + WEEK)
    assert await nudges(world, week) == []
    assert [note for *_, note in await world.work(NUDGE)] == [notes.CHECKED_IN, notes.LEFT, notes.AWAY]


async def test_a_withdrawn_checkin_does_not_spare_the_nudge(world, group, week):
    await world.change_member(group.id, ADA, is_nudged=True)
    await world.check_in(week, ADA)
    await world.checkins.withdraw(week.id, ADA)
    assert [nudge.member_id for nudge in await nudges(world, week)] == [ADA]


async def test_a_nudge_that_may_have_been_sent_is_not_sent_again(world, group, week):
    await world.change_member(group.id, ADA, is_nudged=True)
    world.now = CLOSING - 12 * HOUR
    assert await world.checkins.prepare_nudge(await world.claim(NUDGE)) is not None
    world.now += timedelta(minutes=6)
    assert await world.checkins.prepare_nudge(await world.claim(NUDGE)) is None
    assert (await world.work(NUDGE))[0] == (NUDGE, str(ADA), "skipped", notes.PERHAPS_SENT)
    assert week.group_id == group.id


async def test_a_note_in_the_home_goes_when_the_week_closes(world, group, week):
    await world.change_member(group.id, ADA, is_nudged=True)
    world.now = CLOSING - 12 * HOUR
    occurrence = await world.claim(NUDGE)
    nudge = await world.checkins.prepare_nudge(occurrence)
    await world.checkins.record_nudged(occurrence, nudge, dm_failed=False, note_at=(HOME, 900))
    assert await world.waiting(ERASE) == [week.closes_at]
    assert await rows(world.database, "SELECT subject_id, slot FROM occurrences WHERE kind = 'group_erase'") == [
        (900, str(HOME))
    ]


async def test_a_refused_direct_message_is_not_tried_again(world, group, week):
    await world.change_member(group.id, ADA, is_nudged=True, by_dm=True)
    world.now = CLOSING - 12 * HOUR
    occurrence = await world.claim(NUDGE)
    nudge = await world.checkins.prepare_nudge(occurrence)
    await world.checkins.record_nudged(occurrence, nudge, dm_failed=True)
    assert (await world.work(NUDGE))[0] == (NUDGE, str(ADA), "done", notes.DM_REFUSED)
    await world.close(week)
    world.now = MONDAY + WEEK
    (again,) = await nudges(world, await world.ask())
    assert (again.member_id, again.by_dm) == (ADA, False)


# Writing and sending


async def test_a_checkin_is_written_previewed_and_sent(world, group, week):
    plan = await world.plan(ADA, group.id, PlanText("Read", "Friday"), state=PlanState.SHOWN)
    panel = await world.checkins.open(week.id, ADA)
    assert (panel.plan, panel.checkin, panel.shown, panel.can_check_in) == (plan, None, None, True)
    assert (panel.asked.partner_id, panel.week, panel.next_prompt_at) == (GRACE, week, MONDAY + WEEK)

    written = form(Outcome.PARTLY, " a notebook ", " the chain rule ", " shapes ", " Finish it ")
    panel = await world.checkins.save(week.id, ADA, written)
    assert panel.checkin.state is CheckinState.DRAFT
    assert panel.rhythm == RhythmFigure(0, 0)
    shown = panel.shown
    assert (shown.plan, shown.outcome, shown.evidence) == (plan, Outcome.PARTLY, ("a notebook",))
    assert (shown.learned, shown.blocker, shown.next_plan) == ("the chain rule", "", PlanText("Finish it"))
    assert (shown.partner_id, shown.is_repair, shown.group_name) == (GRACE, False, "Owls")
    assert await world.work(SHOW) == []
    assert await world.plans(ADA) == [("Read", "shown", None)]

    world.now += HOUR
    panel = await world.checkins.send(week.id, ADA, is_private=False)
    assert (panel.checkin.state, panel.checkin.sent_at, panel.checkin.draft) == (CheckinState.SHARED, world.now, None)
    assert (panel.checkin.evidence, panel.checkin.blocker) == ("a notebook", "shapes")
    assert replace(panel.shown, plan=None) == replace(shown, plan=None)
    assert panel.shown.plan.id == plan.id
    assert panel.rhythm == RhythmFigure(1, 1)
    assert await world.plans(ADA) == [("Read", "shown", "partly"), ("Finish it", "shown", None)]
    assert await world.show() == panel.shown
    checkin = await world.checkin(week.id, ADA)
    assert (checkin.channel_id, checkin.message_id) == (HOME, 1001)


async def test_a_private_checkin_counts_and_shows_nothing(world, group, week):
    await world.plan(ADA, group.id, PlanText("Read"))
    panel = await world.check_in(week, ADA, outcome=Outcome.DONE, next_plan="Rest", is_private=True)
    assert (panel.checkin.state, panel.shown, panel.rhythm) == (CheckinState.PRIVATE, None, RhythmFigure(1, 1))
    assert await world.plans(ADA) == [("Read", "private", "done"), ("Rest", "private", None)]
    assert await world.show() is None
    assert (await world.checkin(week.id, ADA)).message_id is None


async def test_a_private_plan_is_not_shown_with_its_outcome(world, group, week):
    await world.plan(ADA, group.id, PlanText("A secret"))
    panel = await world.check_in(week, ADA, outcome=Outcome.DONE)
    assert (panel.shown.plan, panel.shown.outcome) == (None, Outcome.DONE)


async def test_a_blocker_is_shown_only_if_the_member_says_so(world, week):
    panel = await world.checkins.save(week.id, ADA, form(blocker="shapes"))
    assert panel.shown.blocker == ""
    panel = await world.checkins.set_shows_blocker(week.id, ADA, True)
    assert panel.shown.blocker == "shapes"
    panel = await world.checkins.save(week.id, ADA, form(blocker="something private"))
    assert panel.shown.blocker == ""
    panel = await world.checkins.save(week.id, ADA, form(learned="x"))
    assert (await world.checkins.set_shows_blocker(week.id, ADA, True)).checkin.draft.shows_blocker is False


async def test_an_edit_that_is_not_sent_changes_nothing(world, week):
    await world.check_in(week, ADA, learned="before")
    panel = await world.checkins.save(week.id, ADA, form(learned="after"))
    assert (panel.shown.learned, panel.checkin.learned, panel.checkin.state) == ("after", "before", CheckinState.SHARED)
    assert (await world.show()).learned == "before"
    panel = await world.checkins.discard(week.id, ADA)
    assert (panel.shown.learned, panel.checkin.draft) == ("before", None)


async def test_a_discarded_draft_leaves_nothing(world, week):
    await world.checkins.save(week.id, ADA, form(learned="x"))
    panel = await world.checkins.discard(week.id, ADA)
    assert (panel.checkin, panel.shown) == (None, None)
    assert await rows(world.database, "SELECT id FROM checkins") == []
    assert (await world.checkins.discard(week.id, ADA)).checkin is None


async def test_an_empty_checkin_is_not_sent(world, week):
    await refuses(EMPTY, world.checkins.send(week.id, ADA, is_private=False))
    await world.checkins.save(week.id, ADA, form(evidence="   "))
    await refuses(EMPTY, world.checkins.send(week.id, ADA, is_private=True))
    assert (await world.checkin(week.id, ADA)).state is CheckinState.DRAFT


async def test_sending_twice_is_harmless(world, week):
    first = await world.check_in(week, ADA, outcome=Outcome.DONE, next_plan="Go on")
    again = await world.checkins.send(week.id, ADA, is_private=False)
    assert again == first
    assert await world.plans(ADA) == [("Go on", "shown", None)]
    assert len(await rows(world.database, "SELECT id FROM checkins")) == 1
    assert await world.show() == first.shown
    assert [state for _, _, state, _ in await world.work(SHOW)] == ["done", "done"]


async def test_an_edit_keeps_when_it_was_sent_first(world, week):
    first = await world.check_in(week, ADA, next_plan="Go on")
    world.now += DAY
    panel = await world.check_in(week, ADA, learned="More.", next_plan="Go on a bit")
    assert (panel.checkin.sent_at, panel.checkin.learned) == (first.checkin.sent_at, "More.")
    assert await world.plans(ADA) == [("Go on a bit", "shown", None)]


async def test_a_shared_checkin_can_become_private_and_back(world, week):
    await world.check_in(week, ADA, next_plan="Go on")
    await world.show()
    panel = await world.checkins.send(week.id, ADA, is_private=True)
    assert panel.shown is None
    assert await world.plans(ADA) == [("Go on", "private", None)]
    assert await world.show() is None
    assert (await world.checkin(week.id, ADA)).message_id is None
    panel = await world.checkins.send(week.id, ADA, is_private=False)
    assert panel.shown.next_plan == PlanText("Go on")


@pytest.mark.parametrize("minutes", [-1, 6001])
async def test_no_week_has_so_much_time(world, week, minutes):
    await refuses(NO_SUCH_TIME, world.checkins.set_minutes(week.id, ADA, minutes))


async def test_only_members_check_in(world, group, week):
    for member_id in (LINUS, GRACE):
        if member_id == GRACE:
            await world.checkins.save(week.id, GRACE, form(learned="x"))
            await world.leave(group.id, GRACE)
        for call in (
            world.checkins.open(week.id, member_id),
            world.checkins.save(week.id, member_id, form(learned="x")),
            world.checkins.send(week.id, member_id, is_private=True),
            world.checkins.set_minutes(week.id, member_id, 5),
            world.checkins.discard(week.id, member_id),
        ):
            await refuses(NOT_A_MEMBER, call)
    await refuses(UNKNOWN, world.checkins.open(999, ADA))
    await refuses(UNKNOWN, world.checkins.withdraw(week.id, LINUS))
    assert await rows(world.database, f"SELECT member_id FROM learners WHERE member_id = {LINUS}") == []  # noqa: S608


async def test_a_prepared_week_is_not_open_yet(world, group):
    prompt = await world.checkins.prepare(await world.claim())
    await refuses(OPENING, world.checkins.open(prompt.week.id, ADA))
    (panel,) = await world.checkins.list_open(ADA, GUILD)
    assert (panel.week, panel.group.id) == (None, group.id)


async def test_who_joins_an_open_week_may_check_in(world, group, week):
    await world.join(group.id, LINUS)
    panel = await world.checkins.open(week.id, LINUS)
    assert (panel.asked, panel.can_check_in, panel.rhythm) == (None, True, RhythmFigure(0, 0))
    assert (await world.check_in(week, LINUS)).rhythm == RhythmFigure(1, 1)


async def test_the_groups_of_a_member_with_their_newest_week(world, group, week):
    other = await world.found(GRACE, ADA, home_id=88, name="Larks")
    next_plan = await world.plan(ADA, other.id, PlanText("Read"))
    owls, larks = await world.checkins.list_open(ADA, GUILD)
    assert (owls.group.id, owls.week, owls.can_check_in) == (group.id, week, True)
    assert (larks.group.id, larks.week, larks.can_check_in, larks.next_plan) == (other.id, None, False, next_plan)
    assert larks.next_prompt_at == MONDAY + WEEK
    assert [panel.group.id for panel in await world.checkins.list_open(EVE, GUILD)] == [group.id]
    assert await world.checkins.list_open(ADA, 5) == ()


# Plans


async def test_a_plan_that_was_made_for_this_week_is_part_of_the_checkin(world, group, week):
    read = PlanText("Read", "Friday", "at home", "listen")
    await world.plan(ADA, group.id, read, week.id, state=PlanState.SHOWN, item="course/one")
    panel = await world.checkins.add_known(week.id, ADA, [])
    assert (panel.shown.next_plan, panel.checkin.draft.item) == (read, "course/one")
    panel = await world.check_in(week, ADA, next_plan="Read two")
    assert panel.next_plan.text == replace(read, what="Read two")
    assert (panel.next_plan.item, panel.next_plan.state) == (None, PlanState.SHOWN)
    assert await world.waiting(SHOW_PLAN)  # its own message, if there is one, goes


async def test_a_private_plan_is_shown_only_when_it_is_sent_with_the_window(world, group, week):
    await world.plan(ADA, group.id, PlanText("Read", "Friday"), week.id)
    panel = await world.checkins.set_minutes(week.id, ADA, 30)
    assert (panel.shown.next_plan, panel.next_plan.text.what) == (None, "Read")
    panel = await world.check_in(week, ADA)
    assert panel.shown.next_plan is None
    assert await world.plans(ADA) == [("Read", "private", None)]
    panel = await world.check_in(week, ADA, next_plan="Read")
    assert panel.shown.next_plan == PlanText("Read", "Friday")
    assert await world.plans(ADA) == [("Read", "shown", None)]


@pytest.mark.parametrize("is_private", [False, True])
async def test_a_draft_that_did_not_touch_the_plan_leaves_a_newer_one_as_it_is(world, group, week, is_private):
    await world.plan(ADA, group.id, PlanText("Read"), week.id, state=PlanState.SHOWN)
    await execute(world, "UPDATE plans SET channel_id = 77, message_id = 500")
    await world.checkins.save(week.id, ADA, form(learned="A lot.", next_plan="Read"))
    await execute(world, "UPDATE plans SET what = 'Rest'")
    assert (await world.checkins.open(week.id, ADA)).shown.next_plan == PlanText("Rest")
    await world.checkins.send(week.id, ADA, is_private=is_private)
    assert await world.plans(ADA) == [("Rest", "shown", None)]


@pytest.mark.parametrize(("change", "plan"), [
    ("what = 'Rest'", ("Rest", "private", None)),
    ("state = 'withdrawn'", ("Read", "withdrawn", None)),
    ("what = 'Rest', state = 'shown'", ("Rest", "shown", None)),
])  # fmt: skip
async def test_a_private_plan_that_was_left_in_the_window_is_no_older_than_it_is(world, group, week, change, plan):
    await world.plan(ADA, group.id, PlanText("Read"), week.id)
    panel = await world.checkins.save(week.id, ADA, form(learned="A lot.", next_plan="Read"))
    assert panel.shown.next_plan == PlanText("Read")
    await execute(world, f"UPDATE plans SET {change}")  # noqa: S608
    sent = await world.checkins.send(week.id, ADA, is_private=False)
    assert await world.plans(ADA) == [plan]
    assert sent.shown.next_plan == (PlanText("Rest") if plan[1] == "shown" else None)


async def test_an_edit_neither_shows_nor_withdraws_a_plan_that_it_did_not_touch(world, group, week):
    await world.check_in(week, ADA)
    await world.checkins.save(week.id, ADA, form(learned="More."))
    await world.plan(ADA, group.id, PlanText("Read"), week.id, state=PlanState.SHOWN)
    sent = await world.checkins.send(week.id, ADA, is_private=False)
    assert sent.shown.next_plan == PlanText("Read")
    await world.checkins.save(week.id, ADA, form(learned="Still more.", next_plan="Read"))
    await execute(world, "UPDATE plans SET state = 'private'")  # kept to themselves with /plan
    sent = await world.checkins.send(week.id, ADA, is_private=False)
    assert sent.shown.next_plan is None
    await world.checkins.set_minutes(week.id, ADA, 30)
    await world.checkins.send(week.id, ADA, is_private=False)
    assert await world.plans(ADA) == [("Read", "private", None)]


async def test_a_plan_that_was_written_into_the_draft_takes_the_place_of_a_newer_one(world, group, week):
    plan = await world.plan(ADA, group.id, PlanText("Read"), week.id, state=PlanState.SHOWN)
    await world.checkins.save(week.id, ADA, form(learned="A lot.", next_plan="Write"))
    await execute(world, f"UPDATE plans SET what = 'Rest' WHERE id = {plan.id}")  # noqa: S608
    panel = await world.checkins.set_plan(week.id, ADA, PlanText("Write"), "course/one")  # it names a part
    assert panel.shown.next_plan == PlanText("Write")
    await world.checkins.send(week.id, ADA, is_private=False)
    assert await world.plans(ADA) == [("Write", "shown", None)]


async def test_an_if_then_plan_needs_its_first_line(world, week):
    await world.checkins.save(week.id, ADA, form(learned="A lot.", next_plan="Read"))
    await refuses(NO_TEXT, world.checkins.set_plan(week.id, ADA, PlanText(" ", "Friday")))
    assert (await world.checkins.open(week.id, ADA)).shown.next_plan == PlanText("Read")


async def test_a_plan_with_a_time_and_a_place(world, week):
    await world.checkins.save(week.id, ADA, form(learned="A lot.", next_plan="Read"))
    panel = await world.checkins.set_plan(week.id, ADA, PlanText(" Read ", " Friday ", "home", "walk"), "course/one")
    assert panel.shown.next_plan == PlanText("Read", "Friday", "home", "walk")
    panel = await world.checkins.send(week.id, ADA, is_private=False)
    assert (panel.next_plan.item, panel.next_plan.week_id) == ("course/one", week.id)
    panel = await world.checkins.set_plan(week.id, ADA, PlanText(" "), "course/one")
    assert (panel.checkin.draft.next_plan, panel.checkin.draft.item) == (None, None)
    panel = await world.checkins.send(week.id, ADA, is_private=False)
    assert (panel.next_plan, panel.shown.next_plan) == (None, None)
    assert await world.plans(ADA) == [("Read", "withdrawn", None)]


async def test_a_plan_that_the_group_sees_stays_when_a_private_checkin_repeats_it(world, group, week):
    plan = await world.plan(ADA, group.id, PlanText("Read"), week.id, state=PlanState.SHOWN)
    await execute(world, "UPDATE plans SET channel_id = 77, message_id = 500")
    await world.check_in(week, ADA, next_plan="Read", is_private=True)
    assert await world.plans(ADA) == [("Read", "shown", None)]
    await world.check_in(week, ADA, next_plan="Rest", is_private=True)
    assert await world.plans(ADA) == [("Rest", "private", None)]
    assert len(await world.waiting(SHOW_PLAN)) == 2
    assert plan.week_id == week.id


async def test_the_next_checkin_asks_about_the_plan_of_the_last(world, week):
    await world.check_in(week, ADA, next_plan="Go on")
    await world.close(week)
    world.now = MONDAY + WEEK
    second = await world.ask()
    panel = await world.checkins.open(second.id, ADA)
    assert (panel.plan.text.what, panel.next_plan) == ("Go on", None)
    await world.check_in(second, ADA, outcome=Outcome.NOT)
    assert await world.plans(ADA) == [("Go on", "shown", "not")]
    panel = await world.check_in(second, ADA, outcome=Outcome.DONE)
    assert panel.plan.outcome is Outcome.DONE
    assert await world.plans(ADA) == [("Go on", "shown", "done")]


async def test_a_plan_is_settled_by_one_checkin_only(world, group, week):
    await world.plan(ADA, group.id, PlanText("Read"), state=PlanState.SHOWN)
    await world.close(week)
    world.now = MONDAY + WEEK
    second = await world.ask()
    await world.check_in(second, ADA, outcome=Outcome.PARTLY)
    world.now += HOUR
    made_up = await world.check_in(week, ADA, outcome=Outcome.DONE, next_plan="Later")
    assert (made_up.plan, made_up.shown.plan) == (None, None)
    assert await world.plans(ADA) == [("Read", "shown", "partly"), ("Later", "shown", None)]
    panel = await world.checkins.open(second.id, ADA)
    assert (panel.plan, panel.shown.outcome) == (None, Outcome.PARTLY)  # it was not about the plan that came later
    await world.checkins.withdraw(week.id, ADA)
    assert await world.plans(ADA) == [("Read", "shown", "partly"), ("Later", "private", None)]


async def test_the_checkin_that_was_sent_first_settles_the_plan_of_two_weeks(world, group, week):
    await world.plan(ADA, group.id, PlanText("Read"), state=PlanState.SHOWN)
    await world.close(week)
    world.now = MONDAY + WEEK
    second = await world.ask()
    await world.check_in(second, ADA, outcome=Outcome.PARTLY)
    world.now += HOUR
    made_up = await world.check_in(week, ADA, outcome=Outcome.DONE)
    assert (made_up.plan, made_up.shown.plan, made_up.shown.outcome) == (None, None, Outcome.DONE)
    assert (await world.checkins.open(second.id, ADA)).shown.plan.text.what == "Read"
    await world.checkins.withdraw(week.id, ADA)
    assert await world.plans(ADA) == [("Read", "shown", "partly")]
    await world.checkins.withdraw(second.id, ADA)
    assert await world.plans(ADA) == [("Read", "shown", None)]
    assert (await world.checkins.open(week.id, ADA)).plan.text.what == "Read"


# Withdrawing, and making up


async def test_withdrawing_is_as_if_it_had_not_been_made(world, group, week):
    await world.plan(ADA, group.id, PlanText("Read"), state=PlanState.SHOWN)
    await world.checkins.save(week.id, ADA, form(Outcome.DONE, blocker="slopes", next_plan="Go on"))
    await world.checkins.set_minutes(week.id, ADA, 90)
    await world.checkins.set_concepts(week.id, ADA, ["slope"])
    await world.checkins.send(week.id, ADA, is_private=False)
    await world.show()
    panel = await world.checkins.withdraw(week.id, ADA)
    assert (panel.checkin.state, panel.checkin.extra_minutes) == (CheckinState.WITHDRAWN, 0)
    assert (panel.shown, panel.rhythm, panel.can_check_in) == (None, RhythmFigure(0, 0), True)
    assert await world.plans(ADA) == [("Read", "shown", None), ("Go on", "private", None)]
    assert await rows(world.database, "SELECT key FROM evidence UNION SELECT concept FROM mastery") == []
    assert await world.show() is None
    assert (await world.checkin(week.id, ADA)).message_id is None
    assert (await world.close(week)).lines == ()


async def test_a_withdrawn_checkin_can_be_sent_again(world, group, week):
    await world.plan(ADA, group.id, PlanText("Read"))
    first = await world.check_in(week, ADA, outcome=Outcome.DONE, learned="A lot.", next_plan="Go on")
    await world.checkins.withdraw(week.id, ADA)
    world.now += HOUR
    panel = await world.checkins.send(week.id, ADA, is_private=False)
    assert panel.shown == first.shown
    assert (panel.checkin.sent_at, panel.rhythm) == (first.checkin.sent_at, RhythmFigure(1, 1))
    assert await world.plans(ADA) == [("Read", "private", "done"), ("Go on", "shown", None)]


async def test_a_post_is_the_first_one_only_once(world, week):
    await world.check_in(week, ADA)
    assert (await world.checkin(week.id, ADA)).posted_at is None
    await world.show()
    posted_at = world.now
    assert (await world.checkin(week.id, ADA)).posted_at == posted_at
    world.now += HOUR
    await world.checkins.withdraw(week.id, ADA)
    await world.show()
    await world.checkins.send(week.id, ADA, is_private=False)
    await world.show()
    assert (await world.checkin(week.id, ADA)).posted_at == posted_at


async def test_a_post_that_was_found_and_deleted_was_the_first_one(world, week):
    await world.check_in(week, ADA, is_private=True)
    occurrence, checkin = await world.claim(SHOW), await world.checkin(week.id, ADA)
    await world.checkins.record_shown(occurrence, checkin.id, None, None, was_posted=True)
    checkin = await world.checkin(week.id, ADA)
    assert (checkin.posted_at, checkin.message_id) == (world.now, None)


async def test_withdrawing_twice_is_harmless_and_a_draft_cannot_be_withdrawn(world, week):
    await refuses(NOT_SENT, world.checkins.withdraw(week.id, ADA))
    await world.checkins.save(week.id, ADA, form(learned="x"))
    await refuses(NOT_SENT, world.checkins.withdraw(week.id, ADA))
    await world.checkins.send(week.id, ADA, is_private=False)
    first = await world.checkins.withdraw(week.id, ADA)
    assert await world.checkins.withdraw(week.id, ADA) == first


async def test_who_has_left_can_still_withdraw(world, group, week):
    await world.check_in(week, ADA)
    await world.show()
    await world.leave(group.id, ADA)
    world.now += 30 * DAY
    assert (await world.checkins.withdraw(week.id, ADA)).shown is None
    assert await world.show() is None
    assert (await world.checkin(week.id, ADA)).state is CheckinState.WITHDRAWN


async def test_a_missed_week_can_be_made_up_for_a_week(world, week):
    await world.close(week)
    panel = await world.checkins.open(week.id, ADA)
    until = CLOSING + 7 * DAY
    assert panel.rhythm == RhythmFigure(1, 0, 0, week.id, until)
    assert panel.can_check_in
    world.now = until - timedelta(seconds=1)
    panel = await world.check_in(week, ADA)
    assert (panel.rhythm, panel.checkin.is_repair, panel.shown.is_repair) == (RhythmFigure(1, 1, 1), True, True)
    await world.show()
    assert len(await world.waiting(REFRESH)) == 1
    digest = await world.checkins.find_digest(week.id)
    assert ([line.is_repair for line in digest.lines], digest.quiet) == ([True], 2)
    world.now = until
    for call in (
        world.checkins.save(week.id, ADA, form(learned="x")),
        world.checkins.send(week.id, ADA, is_private=True),
        world.checkins.send(week.id, GRACE, is_private=True),
    ):
        await refuses(TOO_LATE, call)
    assert (await world.checkins.open(week.id, GRACE)).rhythm == RhythmFigure(1, 0)
    await world.checkins.withdraw(week.id, ADA)


async def test_who_was_not_asked_has_nothing_to_make_up(world, group, week):
    await world.close(week)
    await world.join(group.id, LINUS)
    panel = await world.checkins.open(week.id, LINUS)
    assert (panel.can_check_in, panel.rhythm) == (False, RhythmFigure(0, 0))
    await refuses(TOO_LATE, world.checkins.save(week.id, LINUS, form(learned="x")))


async def test_a_digest_without_a_post_needs_no_refreshing(world, group, week):
    await world.change_group(group.id, state="homeless", home_id=None)
    await world.close(week)
    await world.change_group(group.id, state="active", home_id=HOME)
    await world.check_in(week, ADA)
    await world.show()
    assert await world.work(REFRESH) == []


async def test_a_digest_is_refreshed_and_work_that_is_void_is_skipped(world, week):
    await world.close(week)
    await world.check_in(week, ADA)
    await world.show()
    await world.checkins.record_refreshed(await world.claim(REFRESH))
    await world.checkins.send(week.id, ADA, is_private=False)
    await world.checkins.skip(await world.claim(SHOW), "It has no home.")
    assert [state for _, _, state, _ in await world.work(REFRESH)] == ["done"]
    assert [(state, note) for *_, state, note in await world.work(SHOW)] == [
        ("done", None),
        ("skipped", "It has no home."),
    ]


# Rhythm


async def test_the_rhythm_over_weeks_with_a_pause_and_a_miss(world, group):
    came = {0: (ADA, GRACE), 1: (ADA,), 2: (ADA, GRACE), 3: ()}
    for number, members in came.items():
        world.now = MONDAY + number * WEEK
        away = world.now + HOUR if number == 1 else None
        await world.change_member(group.id, EVE, away_until=away)
        await world.live_a_week(*members)
    assert await world.checkins.list_rhythms(group.id) == {
        ADA: RhythmFigure(4, 3, 0, 4, world.now + 7 * DAY),
        GRACE: RhythmFigure(4, 2, 0, 4, world.now + 7 * DAY),
        EVE: RhythmFigure(3, 0, 0, 4, world.now + 7 * DAY),
    }
    assert await world.checkins.rhythm(ADA, group.id) == RhythmFigure(4, 3, 0, 4, world.now + 7 * DAY)
    assert await world.checkins.rhythm(LINUS, group.id) == RhythmFigure(0, 0)


async def test_a_week_that_closed_without_a_member_does_not_count(world, group, week):
    await world.leave(group.id, ADA)
    await world.close(week)
    await world.join(group.id, ADA)
    assert await world.checkins.rhythm(ADA, group.id) == RhythmFigure(0, 0)
    world.now = MONDAY + WEEK
    await world.live_a_week(ADA)
    assert await world.checkins.rhythm(ADA, group.id) == RhythmFigure(1, 1)


async def test_weeks_before_stay_when_a_member_comes_back(world, group):
    world.now = MONDAY
    await world.live_a_week(ADA)
    await world.leave(group.id, ADA)
    world.now = MONDAY + WEEK
    await world.live_a_week()
    await world.join(group.id, ADA)
    world.now = MONDAY + 2 * WEEK
    await world.live_a_week(ADA)
    assert await world.checkins.rhythm(ADA, group.id) == RhythmFigure(2, 2)


# What the tutor knows


async def do(world, member_id, item, minutes=None):
    change = await world.progress.settle_item(member_id, item, State.DONE, minutes=minutes)
    return change.id


async def answer(world, member_id, kind, marks, *, subject=None, finished_at=None, round_member=True):
    """A round of questions with these answers, x right, - wrong, ? retired since."""
    async with world.database.transaction() as session:
        owner = member_id if round_member else None
        made = await questions_store.add_round(
            session, kind, owner, GUILD, ["slope-1"], subject=subject, now=world.clock()
        )
        for position, mark in enumerate(marks):
            await questions_store.add_attempt(
                session,
                member_id,
                key=f"round:{made.id}:{position}",
                question="slope-1",
                guild_id=GUILD,
                round_id=made.id,
                position=position,
                response=Response(),
                is_correct=mark == "x",
                now=world.clock(),
            )
        if finished_at is not None:
            await questions_store.update_finished(session, made.id, finished_at)
        for attempt in await questions_store.list_attempts(session, made.id):
            if marks[attempt.position] == "?":
                await questions_store.update_grade(session, attempt, is_correct=None)
    return made.id


async def test_what_was_done_since_the_last_checkin_is_offered(world, group):
    world.now = MONDAY - 9 * DAY
    await do(world, ADA, "course/one", 60)  # too long ago
    world.now = MONDAY - DAY
    change = await do(world, ADA, "course/two", 80)
    await do(world, GRACE, "course/one")
    await world.progress.settle_item(ADA, "capstone:choose/4", State.STARTED, minutes=10)
    undone = await do(world, ADA, "extra/a")
    await world.progress.undo(ADA, change_id=undone)
    world.now = MONDAY
    week = await world.ask()
    panel = await world.checkins.open(week.id, ADA)
    assert panel.known == (KnownEvidence(f"done:{change}", "Unit: TWO · 1 h 20 min", 80),)
    panel = await world.checkins.add_known(week.id, ADA, [f"done:{change}", "done:999", f"done:{undone}"])
    assert panel.added == panel.known
    assert panel.checkin.draft.known == panel.known
    panel = await world.checkins.save(week.id, ADA, form(evidence="my notes"))
    assert panel.shown.evidence == ("Unit: TWO · 1 h 20 min", "my notes")
    panel = await world.checkins.add_known(week.id, ADA, [])
    assert (panel.added, panel.shown.evidence) == ((), ("my notes",))
    await world.checkins.add_known(week.id, ADA, [f"done:{change}"])
    assert (await world.checkins.send(week.id, ADA, is_private=False)).shown.evidence == (
        "Unit: TWO · 1 h 20 min",
        "my notes",
    )
    await world.close(week)
    world.now = MONDAY + WEEK
    second = await world.ask()
    assert (await world.checkins.open(second.id, ADA)).known == ()
    assert (await world.checkins.open(week.id, ADA)).shown.evidence == ("Unit: TWO · 1 h 20 min", "my notes")
    assert group.id == week.group_id


async def test_the_group_sees_the_evidence_that_was_previewed_until_it_is_chosen_again(world, week):
    await answer(world, ADA, RoundKind.REVIEW, "xxxx")
    (review,) = (await world.checkins.open(week.id, ADA)).known
    preview = await world.checkins.add_known(week.id, ADA, [review.key])
    assert preview.shown.evidence == ("4 reviews, 4 right",)
    await answer(world, ADA, RoundKind.REVIEW, "x-")
    sent = await world.checkins.send(week.id, ADA, is_private=False)
    assert (await world.show()).evidence == sent.shown.evidence == ("4 reviews, 4 right",)
    await answer(world, ADA, RoundKind.REVIEW, "-")
    panel = await world.checkins.save(week.id, ADA, form(learned="More."))
    assert (panel.shown.evidence, panel.added) == (preview.shown.evidence, preview.added)
    await world.checkins.send(week.id, ADA, is_private=False)
    assert (await world.show()).evidence == ("4 reviews, 4 right",)
    panel = await world.checkins.add_known(week.id, ADA, [review.key])
    assert panel.shown.evidence == ("7 reviews, 5 right",)
    assert (await world.show()) is None  # nothing is sent yet
    await world.checkins.send(week.id, ADA, is_private=False)
    assert (await world.show()).evidence == ("7 reviews, 5 right",)


async def test_evidence_that_was_undone_goes_with_the_next_choice(world, week):
    change, other = await do(world, ADA, "course/one"), await do(world, ADA, "course/two", 80)
    await world.checkins.add_known(week.id, ADA, [f"done:{change}"])
    await world.checkins.send(week.id, ADA, is_private=False)
    await world.progress.undo(ADA, change_id=change)
    assert (await world.show()).evidence == ("Unit: ONE · 1 h",)
    panel = await world.checkins.add_known(week.id, ADA, [f"done:{change}", f"done:{other}"])
    assert panel.shown.evidence == ("Unit: TWO · 1 h 20 min",)


async def test_a_whole_resource_and_a_milestone(world, week):
    await world.progress.save_profile(ADA, first_capstone="robot")
    await world.progress.settle_resource(ADA, "extra", State.DONE, click="CLICK", minutes=40)
    world.now += HOUR
    await do(world, ADA, "capstone:robot/2", 30)
    panel = await world.checkins.open(week.id, ADA)
    assert [one.text for one in panel.known] == ["A robot: Milestone 2 of 2 · 30 min", "An extra · 40 min"]


async def test_quizzes_and_reviews_are_offered(world, week):
    quiz = await answer(world, ADA, RoundKind.QUIZ, "xx-x?", subject="concept:slope 5 any", finished_at=MONDAY)
    await answer(world, ADA, RoundKind.QUIZ, "xx", subject="step:4 5 any")  # not finished
    await answer(world, ADA, RoundKind.REVIEW, "xxx-")
    await answer(world, ADA, RoundKind.REVIEW, "x")
    await answer(world, ADA, RoundKind.SIMILAR, "-")
    weekly = await answer(world, ADA, RoundKind.WEEKLY, "x-", finished_at=MONDAY, round_member=False)
    await answer(world, ADA, RoundKind.WEEKLY, "x-", round_member=False)  # still open
    await answer(world, GRACE, RoundKind.QUIZ, "xx", finished_at=MONDAY)
    panel = await world.checkins.open(week.id, ADA)
    since = (MONDAY - 7 * DAY).date().isoformat()
    assert {(one.key, one.text) for one in panel.known} == {
        (f"round:{quiz}", "Quiz on Slopes: 3 of 4 right"),
        (f"round:{weekly}", "Weekly quiz: 1 of 2 right"),
        (f"reviews:{since}", "5 reviews, 4 right"),
        (f"practice:{since}", "1 practice question, 0 right"),
    }


async def test_never_more_than_ten_are_offered(world, week):
    for number in range(12):
        world.now += timedelta(minutes=1)
        await answer(world, ADA, RoundKind.QUIZ, "x" * (number + 1), finished_at=world.now)
    panel = await world.checkins.open(week.id, ADA)
    assert [one.text for one in panel.known] == [f"Quiz: {n} of {n} right" for n in range(12, 2, -1)]
    panel = await world.checkins.add_known(week.id, ADA, [f"round:{n}" for n in range(1, 13)])
    assert len(panel.added) == 10


async def test_a_checkin_shows_what_was_done_until_its_week_closed(world, week):
    await answer(world, ADA, RoundKind.REVIEW, "x")
    (review,) = (await world.checkins.open(week.id, ADA)).known
    await world.checkins.add_known(week.id, ADA, [review.key])
    await world.checkins.send(week.id, ADA, is_private=False)
    await world.close(week)
    world.now += DAY
    await answer(world, ADA, RoundKind.REVIEW, "xxxx")
    assert (await world.show()).evidence == ("1 review, 1 right",)
    assert [one.text for one in (await world.checkins.open(week.id, GRACE)).known] == []


# The learner model


async def test_hours_that_were_not_counted_are_extra(world, week):
    await do(world, ADA, "course/one", 60)
    await world.checkins.set_minutes(week.id, ADA, 150)
    panel = await world.check_in(week, ADA)
    assert (panel.checkin.minutes, panel.checkin.extra_minutes) == (150, 90)
    world.now += HOUR
    await do(world, ADA, "course/two", 70)
    panel = await world.checkins.send(week.id, ADA, is_private=False)
    assert panel.checkin.extra_minutes == 20
    await world.checkins.set_minutes(week.id, ADA, 30)
    panel = await world.checkins.send(week.id, ADA, is_private=False)
    assert (panel.checkin.minutes, panel.checkin.extra_minutes) == (30, 0)
    await world.checkins.set_minutes(week.id, ADA, None)
    assert (await world.checkins.send(week.id, ADA, is_private=False)).checkin.extra_minutes == 0


async def test_hours_that_were_told_in_another_group_count_once(world, week):
    await world.found(ADA, home_id=78, name="Larks")
    world.now += WEEK
    occurrences = [await world.claim(), await world.claim()]
    (other,) = [found for found in occurrences if found.subject_id != week.group_id]
    prompt = await world.checkins.prepare(other)
    await world.checkins.record_opened(other, prompt.week.id, 5000)
    larks = await world.week(prompt.week.id)
    await world.checkins.set_minutes(larks.id, ADA, 300)
    assert (await world.check_in(larks, ADA)).checkin.extra_minutes == 300
    world.now += HOUR
    await world.checkins.set_minutes(week.id, ADA, 320)
    assert (await world.check_in(week, ADA)).checkin.extra_minutes == 20


async def test_extra_hours_are_told_to_the_learner_model(world, week):
    await world.checkins.set_minutes(week.id, ADA, 150)
    await world.check_in(week, ADA)
    learner = await world.progress.find_learner(ADA)
    assert [(activity.at, activity.minutes) for activity in learner.activity] == [(MONDAY, 150)]
    await world.checkins.withdraw(week.id, ADA)
    assert (await world.progress.find_learner(ADA)).activity == ()


async def mastery(world, member_id):
    async with world.database.transaction() as session:
        learner = await progress_store.find_learner(session, member_id, world.clock())
    return {name: (round(found.right, 2), round(found.wrong, 2)) for name, found in learner.mastery.items()}


async def test_a_blocker_is_evidence_while_it_is_told(world, week):
    await world.checkins.save(week.id, ADA, form(blocker="slopes"))
    await world.checkins.set_concepts(week.id, ADA, ["unknown", "slope", "chain"])
    assert await mastery(world, ADA) == {}
    panel = await world.checkins.send(week.id, ADA, is_private=True)
    assert panel.checkin.concepts == ("slope", "chain")
    key = f"checkin:{panel.checkin.id}"
    query = "SELECT concept, kind, is_correct, key FROM evidence"
    assert [(*row[:2], bool(row[2]), row[3]) for row in await rows(world.database, query)] == [
        ("slope", "checkin", False, key)
    ]
    assert await mastery(world, ADA) == {"slope": (0, 0.5)}

    await world.checkins.save(week.id, ADA, form(blocker="the chain rule"))
    await world.checkins.set_concepts(week.id, ADA, ["chain"])
    assert await mastery(world, ADA) == {"slope": (0, 0.5)}
    await world.checkins.send(week.id, ADA, is_private=True)
    assert await mastery(world, ADA) == {"chain": (0, 0.5)}

    await world.checkins.save(week.id, ADA, form(learned="It is solved."))
    panel = await world.checkins.send(week.id, ADA, is_private=True)
    assert panel.checkin.concepts == ()
    assert await mastery(world, ADA) == {}


async def test_an_answer_that_comes_after_sending_counts_too(world, week):
    await world.checkins.set_concepts(week.id, ADA, ["slope"])  # nothing is written yet
    await world.check_in(week, ADA, blocker="slopes")
    await world.checkins.set_concepts(week.id, ADA, ["slope"])
    await world.checkins.set_concepts(week.id, ADA, ["slope"])
    assert await mastery(world, ADA) == {"slope": (0, 0.5)}
    assert (await world.checkin(week.id, ADA)).concepts == ("slope",)
    await world.checkins.set_concepts(week.id, ADA, [])
    assert await mastery(world, ADA) == {}


async def test_without_a_blocker_there_are_no_concepts(world, week):
    await world.check_in(week, ADA)
    await world.checkins.set_concepts(week.id, ADA, ["slope"])
    assert (await world.checkin(week.id, ADA)).concepts == ()
    assert await mastery(world, ADA) == {}


async def test_other_evidence_stays(world, week):
    await world.check_in(week, ADA, blocker="slopes")
    await world.checkins.set_concepts(week.id, ADA, ["slope"])
    async with world.database.transaction() as session:
        right = Evidence("slope", EvidenceKind.QUIZ, is_correct=True, key="round:1:1")
        await progress_store.add_evidence(session, ADA, [right], world.clock())
    assert await mastery(world, ADA) == {"slope": (1, 0.5)}
    await world.checkins.withdraw(week.id, ADA)
    assert await mastery(world, ADA) == {"slope": (1, 0)}


# Replies


@pytest.fixture
async def posted(world, week):
    """Ada's check-in, which the group sees."""
    await world.check_in(week, ADA, learned="Slopes are easy.")
    await world.show()
    return await world.checkin(week.id, ADA)


async def test_a_partner_gets_a_suggestion_and_replies(world, posted, group):
    first = await world.checkins.suggest_reply(posted.id, GRACE)
    second = await world.checkins.suggest_reply(posted.id, GRACE, number=1)
    assert {first.text, second.text} < set(LEARNED)
    assert (first.checkin_id, first.member_id) == (posted.id, ADA)
    reply = await world.checkins.reply(posted.id, GRACE, f"  {first.text}  ")
    assert (reply.text, reply.member_id, reply.message_id) == (first.text, GRACE, None)
    assert await world.checkins.reply(posted.id, GRACE, first.text) == reply
    occurrence = await world.claim(REPLY)
    found, checkin, its_group = await world.checkins.find_reply(occurrence.subject_id)
    assert (found, checkin, its_group.id) == (reply, posted, group.id)
    await world.checkins.record_reply(occurrence, reply.id, HOME, 900)
    again, _, _ = await world.checkins.find_reply(reply.id)
    assert (again.channel_id, again.message_id) == (HOME, 900)
    assert [state for *_, state, _ in await world.work(REPLY)] == ["done"]


async def test_any_member_may_reply_and_long_replies_are_cut(world, posted):
    reply = await world.checkins.reply(posted.id, EVE, "x" * 500)
    assert reply.text == "x" * 300


async def test_a_suggestion_for_who_is_stuck(world, week):
    await world.checkins.save(week.id, ADA, form(blocker="slopes"))
    await world.checkins.set_shows_blocker(week.id, ADA, True)
    panel = await world.checkins.send(week.id, ADA, is_private=False)
    assert (await world.checkins.suggest_reply(panel.checkin.id, GRACE)).text in STUCK


async def test_who_may_not_reply(world, group, posted):
    await refuses(OWN, world.checkins.reply(posted.id, ADA, "Thanks."))
    await refuses(NOT_A_MEMBER, world.checkins.suggest_reply(posted.id, LINUS))
    await refuses(NO_REPLY, world.checkins.reply(posted.id, GRACE, "  "))
    await refuses(NOT_SHOWN, world.checkins.reply(999, GRACE, "Hello."))
    await world.leave(group.id, GRACE)
    await refuses(NOT_A_MEMBER, world.checkins.reply(posted.id, GRACE, "Hello."))
    await world.checkins.withdraw(posted.week_id, ADA)
    await refuses(NOT_SHOWN, world.checkins.reply(posted.id, EVE, "Hello."))
    assert await rows(world.database, "SELECT id FROM checkin_replies") == []


async def test_a_reply_to_what_is_withdrawn_meanwhile_is_not_posted(world, posted):
    reply = await world.checkins.reply(posted.id, GRACE, "Hello.")
    await world.checkins.withdraw(posted.week_id, ADA)
    assert await world.checkins.find_reply(reply.id) is None
    assert await world.checkins.find_reply(999) is None


async def test_a_message_of_their_own_is_a_reply(world, group, week, posted):
    assert await world.checkins.note_reply(posted.message_id, GRACE, 700)
    assert await world.checkins.note_reply(posted.message_id, GRACE, 700)
    assert not await world.checkins.note_reply(posted.message_id, ADA, 701)
    assert not await world.checkins.note_reply(posted.message_id, LINUS, 702)
    assert not await world.checkins.note_reply(5, GRACE, 703)
    query = "SELECT member_id, text, channel_id, message_id FROM checkin_replies"
    assert await rows(world.database, query) == [(GRACE, None, HOME, 700)]
    assert await rows(world.database, f"SELECT member_id FROM learners WHERE member_id = {LINUS}") == []  # noqa: S608
    assert (await world.close(week)).replies == 1
    assert group.id == week.group_id


async def test_a_partner_who_has_left_is_not_named(world, group, week):
    await world.leave(group.id, GRACE)
    assert (await world.check_in(week, ADA)).shown.partner_id is None


async def test_a_checkin_of_a_deleted_learner_is_gone(world, posted):
    await execute(world, "DELETE FROM learners WHERE member_id = 11")
    assert await world.checkins.find_shown(posted.id) is None


# At the same time


async def test_many_clicks_at_once_make_one_checkin(world, week):
    forms = [form(learned=f"text {number}", next_plan="Go on") for number in range(5)]
    await asyncio.gather(*(world.checkins.save(week.id, ADA, one) for one in forms))
    await asyncio.gather(*(world.checkins.send(week.id, ADA, is_private=False) for _ in range(5)))
    assert len(await rows(world.database, "SELECT id FROM checkins")) == 1
    assert await world.plans(ADA) == [("Go on", "shown", None)]
    assert len(await world.work(SHOW)) == 5


async def test_two_processes_are_never_at_the_same_post(world, week, database):
    other = World(database, world.now, worker="there")
    await world.check_in(week, ADA)
    first = await world.claim(SHOW)
    await world.dispatcher.check_alone(first)
    await world.check_in(week, ADA, learned="More.")
    await world.check_in(week, GRACE)
    second = await other.claim(SHOW)
    with pytest.raises(TryLater):
        await other.dispatcher.check_alone(second)
    await other.dispatcher.check_alone(await other.claim(SHOW))  # that of somebody else
    with pytest.raises(TryLater):
        await world.dispatcher.check_alone(first)  # the other one may have begun before it saw this
    checkin = await world.checkin(week.id, ADA)
    await world.checkins.record_shown(first, checkin.id, HOME, 500)
    await other.dispatcher.check_alone(second)
    assert (await other.checkins.find_shown(checkin.id))[0].message_id == 500


async def test_who_died_holds_up_a_post_until_the_lease_runs_out(world, week, database):
    other = World(database, world.now, worker="there")
    await world.check_in(week, ADA)
    await other.claim(SHOW)
    await world.check_in(week, ADA, learned="More.")
    mine = await world.claim(SHOW)
    with pytest.raises(TryLater):
        await world.dispatcher.check_alone(mine)
    world.now += LEASE
    await world.dispatcher.check_alone(mine)


async def test_all_members_send_while_the_week_closes(world, week):
    world.now = CLOSING
    occurrence = await world.claim(DIGEST)
    digest = await world.checkins.find_digest(week.id)
    await asyncio.gather(
        world.checkins.record_closed(occurrence, week.id, 900),
        *(world.check_in(week, member_id) for member_id in (ADA, GRACE, EVE)),
    )
    found = [await world.checkin(week.id, member_id) for member_id in (ADA, GRACE, EVE)]
    assert all(checkin.state is CheckinState.SHARED for checkin in found)
    assert digest.lines == ()
    await world.show()
    assert len((await world.checkins.find_digest(week.id)).lines) == 3
    assert await world.waiting(REFRESH)


async def test_the_hour_stays_when_the_clocks_change(world):
    world.now = datetime(2026, 10, 18, 12, tzinfo=BERLIN)
    await world.found(ADA, GRACE)
    for day in (19, 26):
        world.now = datetime(2026, 10, day, 18, tzinfo=BERLIN)
        week = await world.ask()
        assert week.closes_at == datetime(2026, 10, day + 2, 18, tzinfo=BERLIN)
        await world.close(week)
