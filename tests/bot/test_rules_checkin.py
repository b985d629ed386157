"""Check-ins as pure rules: partners, rhythm, what is known, suggestions, drafts, and notes of what was left out."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.checkin.models import (
    BLOCKER_LIMIT,
    EVIDENCE_LIMIT,
    LEARNED_LIMIT,
    REPLY_LIMIT,
    Checkin,
    CheckinDraft,
    CheckinForm,
    CheckinState,
    KnownEvidence,
    PlanFrom,
    RhythmFigure,
    Shown,
    Week,
    WeekMember,
)
from bot.features.checkin.rules import notes
from bot.features.checkin.rules.forms import (
    begin_draft,
    clean,
    clean_form,
    clean_plan,
    count_extra,
    fill_draft,
    follow_plan,
    is_empty,
    put_plan,
    send_draft,
)
from bot.features.checkin.rules.known import AnsweredRound, DoneItem, Titles, choose_known, list_known, offer_known
from bot.features.checkin.rules.partners import choose_partners
from bot.features.checkin.rules.rhythm import WEEKS, WeekRecord, can_check_in, find_rhythm
from bot.features.checkin.rules.suggestions import ANY, DONE, LEARNED, NOT, PARTLY, STUCK, list_replies, suggest_reply
from bot.features.groups.models import Group, GroupMember, GroupState
from bot.features.plan.models import WHAT_LIMIT, WHEN_LIMIT, Outcome, Plan, PlanState, PlanText
from bot.features.progress.models import ItemKind, PathItem
from bot.features.questions.models import RoundKind
from bot.scheduling.models import Rhythm

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
MEMBERS = st.sets(st.integers(1, 2**63 - 1), min_size=2, max_size=8)


# Partners


def test_two_members_have_each_other_and_one_has_nobody():
    assert choose_partners([7, 3], 0) == {3: 7, 7: 3}
    assert choose_partners([7, 3], 1) == {3: 7, 7: 3}
    assert choose_partners([7], 5) == {7: None}
    assert choose_partners([], 5) == {}


def test_partners_go_round():
    weeks = [choose_partners((1, 2, 3, 4), number) for number in range(4)]
    assert [partners[1] for partners in weeks] == [2, 3, 4, 2]
    assert weeks[0] == {1: 2, 2: 3, 3: 4, 4: 1}
    assert weeks[1] == {1: 3, 2: 4, 3: 1, 4: 2}


@given(members=MEMBERS, number=st.integers(0, 500))
def test_everybody_has_one_partner_and_is_one(members, number):
    partners = choose_partners(members, number)
    assert set(partners) == set(partners.values()) == members
    assert all(member != partner for member, partner in partners.items())


@given(members=MEMBERS, first=st.integers(0, 500))
def test_in_a_row_of_weeks_everybody_has_had_everybody_else(members, first):
    weeks = [choose_partners(members, number) for number in range(first, first + len(members) - 1)]
    for member in members:
        assert Counter(week[member] for week in weeks) == Counter(members - {member})


# Rhythm


def record(week_id, *, closed=True, asked=True, kept=False, repair=False):
    """The week with this number, counted from a year ago; it closes two days after it was planned."""
    planned_at = NOW - 52 * WEEK + week_id * WEEK
    closed_at = planned_at + 2 * DAY if closed else None
    return WeekRecord(week_id, planned_at, closed_at, is_asked=asked, is_kept=kept, is_repair=repair)


@pytest.mark.parametrize(
    ("records", "planned", "kept", "repaired"),
    [
        ([], 0, 0, 0),
        ([record(1, kept=True)], 1, 1, 0),
        ([record(1)], 1, 0, 0),
        ([record(1, closed=False)], 0, 0, 0),  # open, and nothing is late yet
        ([record(1, closed=False, kept=True)], 1, 1, 0),
        ([record(1, asked=False)], 0, 0, 0),  # away: not planned
        ([record(1, asked=False, kept=True)], 1, 1, 0),  # away, and checked in all the same
        ([record(1, kept=True, repair=True), record(2), record(3, kept=True)], 3, 2, 1),
        ([record(number, kept=number != 4) for number in range(1, 5)], 4, 3, 0),
        ([record(number) for number in range(1, 4)] + [record(number, kept=True) for number in range(4, 12)], 8, 8, 0),
        ([record(1, kept=True)] + [record(number, asked=False) for number in range(2, 20)], 1, 1, 0),
    ],
)
def test_the_rhythm_counts_planned_weeks(records, planned, kept, repaired):
    assert find_rhythm(records, NOW) == RhythmFigure(planned, kept, repaired)
    assert find_rhythm(reversed(records), NOW) == RhythmFigure(planned, kept, repaired)


@pytest.mark.parametrize(
    ("after_closing", "can_repair"),
    [(timedelta(0), True), (7 * DAY - timedelta(seconds=1), True), (7 * DAY, False), (30 * DAY, False)],
)
def test_the_newest_missed_week_can_be_made_up_for_seven_days(after_closing, can_repair):
    newest = record(50)
    figure = find_rhythm([record(48), record(49, kept=True), newest], newest.closed_at + after_closing)
    until = newest.closed_at + 7 * DAY
    assert (figure.planned, figure.kept) == (3, 1)
    assert (figure.repair_week, figure.repair_until) == ((50, until) if can_repair else (None, None))


def test_a_missed_week_before_a_kept_one_can_be_made_up():
    records = [record(50), record(51, closed=False, kept=True)]
    assert find_rhythm(records, records[1].planned_at + DAY).repair_week == 50


RECORDS = st.lists(
    st.builds(dict, closed=st.booleans(), asked=st.booleans(), kept=st.booleans(), repair=st.booleans()), max_size=20
)


@given(weeks=RECORDS, later=st.integers(0, 30))
def test_the_rhythm_agrees_with_a_recount(weeks, later):
    records = [record(number, **week) for number, week in enumerate(weeks)]
    figure = find_rhythm(records, NOW + later * DAY)
    counted = [week for week in weeks if week["kept"] or (week["asked"] and week["closed"])][-WEEKS:]
    assert figure.planned == len(counted)
    assert figure.kept == sum(week["kept"] for week in counted)
    assert figure.repaired == sum(week["kept"] and week["repair"] for week in counted)


# Whether one can check in


def week_of(*, opened=True, closed_at=None):
    return Week(1, 1, "2026-W10", NOW, NOW + 2 * DAY, 5, 6, None, NOW if opened else None, closed_at)


@pytest.mark.parametrize(
    ("week", "asked", "is_kept", "after", "can"),
    [
        (week_of(opened=False), WeekMember(1), False, DAY, False),
        (week_of(), WeekMember(1), False, DAY, True),
        (week_of(), None, False, DAY, True),  # joined after it had opened
        (week_of(), WeekMember(1, is_away=True), False, DAY, True),
        (week_of(), WeekMember(1), False, 30 * DAY, True),  # it has not been closed yet
        (week_of(closed_at=NOW), WeekMember(1), False, 6 * DAY, True),
        (week_of(closed_at=NOW), WeekMember(1), False, 7 * DAY, False),
        (week_of(closed_at=NOW), None, False, DAY, False),  # nothing was missed
        (week_of(closed_at=NOW), WeekMember(1, is_away=True), False, DAY, False),
        (week_of(closed_at=NOW), None, True, DAY, True),
        (week_of(closed_at=NOW), WeekMember(1), True, 8 * DAY, False),
    ],
)
def test_when_a_member_can_check_in(week, asked, is_kept, after, can):
    assert can_check_in(week, asked, NOW + after, is_kept=is_kept) is can


# What is known


def unit(name, title, source="A course"):
    return PathItem(name, ItemKind.UNIT, 1, title, source, "You can.", 60)


TITLES = Titles(
    {
        "course/one": unit("course/one", "Lesson 1: Slopes"),
        "course": PathItem("course", ItemKind.RESOURCE, 1, "A course", "A course", "You can.", 600),
        "capstone:robot/2": PathItem(
            "capstone:robot/2", ItemKind.MILESTONE, 4, "Milestone 2 of 4", "A robot", "Try it.", 90
        ),
        "long": unit("long", "word " * 60),
    },
    {"concept:slope": "Slopes", "step:2": "step 2"},
)
SINCE = date(2026, 2, 25)


def known_of(done=(), rounds=()):
    return [(one.key, one.text, one.minutes) for one in list_known(done, rounds, TITLES, SINCE)]


def test_what_was_done_has_its_title_and_its_time():
    done = [
        DoneItem(1, "course/one", 80, NOW - 2 * DAY),
        DoneItem(2, "capstone:robot/2", 45, NOW - DAY),
        DoneItem(3, "course/one", 0, NOW),
        DoneItem(4, "no longer taught", 30, NOW),
    ]
    assert known_of(done) == [
        ("done:3", "Lesson 1: Slopes", 0),
        ("done:2", "A robot: Milestone 2 of 4 · 45 min", 45),
        ("done:1", "Lesson 1: Slopes · 1 h 20 min", 80),
    ]


def test_a_resource_that_was_marked_in_one_click_is_one_line():
    done = [
        DoneItem(5, "course/one", 0, NOW, "whole:CLICK"),
        DoneItem(6, "course/two", 0, NOW, "whole:CLICK"),
        DoneItem(7, "course", 90, NOW, "whole:CLICK"),
    ]
    assert known_of(done) == [("done:7", "A course · 1 h 30 min", 90)]


@pytest.mark.parametrize(
    ("answered", "texts"),
    [
        (AnsweredRound(9, RoundKind.WEEKLY, None, NOW, 5, 4), ["Weekly quiz: 4 of 5 right"]),
        (AnsweredRound(9, RoundKind.QUIZ, "concept:slope 5 any", NOW, 5, 3), ["Quiz on Slopes: 3 of 5 right"]),
        (AnsweredRound(9, RoundKind.QUIZ, "step:2 5 any", NOW, 5, 5), ["Quiz on step 2: 5 of 5 right"]),
        (AnsweredRound(9, RoundKind.QUIZ, "any 5 any", NOW, 4, 0), ["Quiz: 0 of 4 right"]),
        (AnsweredRound(9, RoundKind.QUIZ, None, NOW, 4, 1), ["Quiz: 1 of 4 right"]),
        (AnsweredRound(9, RoundKind.QUIZ, "any 5 any", NOW, 0, 0), []),
        (AnsweredRound(9, RoundKind.REVIEW, None, NOW, 1, 1), ["1 review, 1 right"]),
        (AnsweredRound(9, RoundKind.SIMILAR, None, NOW, 2, 1), ["2 practice questions, 1 right"]),
    ],
)
def test_what_was_answered_is_told_in_words(answered, texts):
    assert [text for _, text, _ in known_of(rounds=[answered])] == texts


def test_reviews_are_counted_together_and_found_on_another_day():
    rounds = [
        AnsweredRound(1, RoundKind.REVIEW, None, NOW - DAY, 7, 6),
        AnsweredRound(2, RoundKind.REVIEW, None, NOW, 5, 4),
    ]
    known = list_known([], rounds, TITLES, SINCE)
    assert known == (KnownEvidence("reviews:2026-02-25", "12 reviews, 10 right"),)
    assert choose_known(known, ["reviews:2026-02-20"]) == known
    assert choose_known(known, ["round:1", "done:1"]) == ()


def test_the_newest_comes_first_and_long_titles_are_cut():
    done = [DoneItem(number, "long", 6000, NOW - number * DAY) for number in (3, 1, 2)]
    known = list_known(done, [AnsweredRound(8, RoundKind.QUIZ, None, NOW, 5, 3)], TITLES, SINCE)
    assert [one.key for one in known] == ["round:8", "done:1", "done:2", "done:3"]
    assert all(len(one.text) <= 100 for one in known)
    assert known[1].text.endswith("… · 100 h")
    assert [one.key for one in choose_known(known, ["done:3", "round:8", "done:99"])] == ["round:8", "done:3"]


def test_what_was_added_is_offered_as_it_was_read_then():
    then = (KnownEvidence("reviews:2026-02-20", "4 reviews, 4 right"), KnownEvidence("done:9", "Gone"))
    now = (KnownEvidence("round:8", "Quiz: 3 of 5 right"), KnownEvidence("reviews:2026-02-25", "6 reviews, 5 right"))
    assert offer_known(then, now) == (*then, now[0])


# Suggestions


def shown_with(**values):
    return replace(Shown(1, 1, "Owls", None, None, (), "", "", None, None, is_repair=False), **values)


@pytest.mark.parametrize(
    ("shown", "replies"),
    [
        (shown_with(), ANY),
        (shown_with(outcome=Outcome.DONE), DONE),
        (shown_with(outcome=Outcome.PARTLY), PARTLY),
        (shown_with(outcome=Outcome.NOT), NOT),
        (shown_with(learned="A secret."), LEARNED),
        (shown_with(blocker="A secret.", outcome=Outcome.NOT), STUCK + NOT),
        (shown_with(blocker="A secret.", outcome=Outcome.DONE, learned="A secret."), STUCK + DONE + LEARNED),
    ],
)
def test_a_suggestion_fits_what_the_group_sees(shown, replies):
    assert list_replies(shown) == replies
    assert [suggest_reply(shown, number) for number in range(len(replies))] == list(replies)
    assert suggest_reply(shown, len(replies)) == replies[0]


def test_suggestions_are_short_sentences_that_repeat_nobody():
    everything = {*STUCK, *DONE, *PARTLY, *NOT, *LEARNED, *ANY}
    assert len(everything) == sum(map(len, (STUCK, DONE, PARTLY, NOT, LEARNED, ANY)))
    for text in everything:
        assert 0 < len(text) <= REPLY_LIMIT
        assert text[-1] in ".!?"
        assert "{" not in text


# Texts and drafts

PRIVATE_PLAN = Plan(1, 1, 1, 1, PlanText("Read", "Friday"), "course/one", PlanState.PRIVATE, None, None, None, NOW)
SHOWN_PLAN = replace(PRIVATE_PLAN, state=PlanState.SHOWN)
READ, NAP = PRIVATE_PLAN.text, PlanText("Nap", "Sunday")
KNOWN = (KnownEvidence("done:1", "Unit: ONE", 40),)
SENT = Checkin(1, 1, 1, CheckinState.SHARED, Outcome.DONE, "nb", "much", "loss", shows_blocker=True, known=KNOWN)
FILLED = CheckinDraft(Outcome.DONE, "nb", "much", "loss", shows_blocker=True, known=KNOWN, concepts=("slope",))


@given(text=st.text(), limit=st.integers(1, 20))
def test_texts_are_stripped_and_limited(text, limit):
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert cleaned == cleaned.strip()
    assert "\x00" not in cleaned


def test_the_window_is_not_trusted():
    long = "  " + "x" * 5000 + "  "
    cleaned = clean_form(CheckinForm(None, long, long, long, long))
    lengths = (len(cleaned.evidence), len(cleaned.learned), len(cleaned.blocker), len(cleaned.next_plan))
    assert lengths == (EVIDENCE_LIMIT, LEARNED_LIMIT, BLOCKER_LIMIT, WHAT_LIMIT)
    assert len(clean_plan(PlanText(long, long)).by_when) == WHEN_LIMIT
    assert clean_plan(PlanText("  ", "Friday")) is None
    assert clean_plan(PlanText(" Read ", " Friday ", " home ", " walk ")) == PlanText("Read", "Friday", "home", "walk")


def test_a_draft_begins_with_what_is_there():
    draft = CheckinDraft(evidence="half")
    assert begin_draft(None, None) == CheckinDraft()
    assert begin_draft(replace(SENT, draft=draft), SHOWN_PLAN) == draft
    assert begin_draft(None, SHOWN_PLAN) == CheckinDraft(next_plan=PlanText("Read", "Friday"), item="course/one")
    again = begin_draft(replace(SENT, concepts=("slope",), minutes=90), SHOWN_PLAN)
    assert again == replace(FILLED, minutes=90, next_plan=PlanText("Read", "Friday"), item="course/one")


def test_a_private_plan_is_part_of_a_draft_only_after_it_was_sent():
    assert begin_draft(None, PRIVATE_PLAN).next_plan is None
    assert begin_draft(replace(SENT, state=CheckinState.DRAFT), PRIVATE_PLAN).next_plan is None
    for state in (CheckinState.PRIVATE, CheckinState.WITHDRAWN):
        draft = begin_draft(replace(SENT, state=state), PRIVATE_PLAN)
        assert (draft.next_plan, draft.plan_from) == (PRIVATE_PLAN.text, PlanFrom.OWN)


def test_a_plan_that_was_kept_from_the_group_is_no_part_of_what_it_sees():
    assert begin_draft(SENT, PRIVATE_PLAN).next_plan is None


@pytest.mark.parametrize(
    ("plan_from", "before", "plan", "text", "item"),
    [
        (PlanFrom.SEEN, None, None, None, None),
        (PlanFrom.SEEN, None, SHOWN_PLAN, READ, "course/one"),
        (PlanFrom.SEEN, NAP, SHOWN_PLAN, READ, "course/one"),
        (PlanFrom.SEEN, READ, PRIVATE_PLAN, None, None),
        (PlanFrom.SEEN, READ, None, None, None),
        (PlanFrom.OWN, READ, PRIVATE_PLAN, READ, "course/one"),
        (PlanFrom.OWN, NAP, PRIVATE_PLAN, None, None),
        (PlanFrom.OWN, NAP, SHOWN_PLAN, READ, "course/one"),
        (PlanFrom.OWN, READ, None, None, None),
        (PlanFrom.WRITTEN, NAP, SHOWN_PLAN, NAP, "a"),
        (PlanFrom.WRITTEN, None, SHOWN_PLAN, None, "a"),
    ],
)
def test_a_draft_follows_the_plan_that_it_did_not_touch(plan_from, before, plan, text, item):
    draft = CheckinDraft(evidence="nb", next_plan=before, item="a", plan_from=plan_from)
    found = follow_plan(draft, plan)
    assert (found.next_plan, found.item, found.evidence) == (text, item, "nb")


def test_no_plan_in_place_of_none_is_about_nothing():
    assert put_plan(CheckinDraft(), None, "course/one") == CheckinDraft()


def test_what_was_shown_once_and_is_kept_again_is_not_shown_by_a_draft():
    draft = follow_plan(CheckinDraft(next_plan=READ, plan_from=PlanFrom.OWN), SHOWN_PLAN)
    assert follow_plan(draft, PRIVATE_PLAN).next_plan is None


@pytest.mark.parametrize(
    ("blocker", "shows", "concepts"), [("loss", True, ("slope",)), ("another", False, ()), ("", False, ())]
)
def test_another_blocker_is_private_and_unknown_again(blocker, shows, concepts):
    draft = fill_draft(FILLED, CheckinForm(Outcome.NOT, "nb2", "little", blocker, ""), None)
    assert draft == CheckinDraft(Outcome.NOT, "nb2", "little", blocker, shows, KNOWN, concepts=concepts)


@pytest.mark.parametrize(
    ("draft", "what", "before", "text", "item", "plan_from"),
    [
        (CheckinDraft(), "", None, None, None, PlanFrom.SEEN),
        (CheckinDraft(), "Write", None, PlanText("Write"), None, PlanFrom.WRITTEN),
        (CheckinDraft(), "Read", PRIVATE_PLAN, READ, "course/one", PlanFrom.OWN),
        (CheckinDraft(), "Write", PRIVATE_PLAN, PlanText("Write"), None, PlanFrom.WRITTEN),
        (CheckinDraft(next_plan=READ, item="a"), "Read", None, READ, "a", PlanFrom.SEEN),
        (CheckinDraft(next_plan=READ, item="a"), "Read 2", None, replace(READ, what="Read 2"), None, PlanFrom.WRITTEN),
        (CheckinDraft(next_plan=READ, item="a"), "", SHOWN_PLAN, None, None, PlanFrom.WRITTEN),
        (CheckinDraft(next_plan=NAP, plan_from=PlanFrom.WRITTEN), "Nap", None, NAP, None, PlanFrom.WRITTEN),
    ],
)
def test_the_next_plan_of_a_draft(draft, what, before, text, item, plan_from):  # noqa: PLR0917 - a column of the table each
    filled = fill_draft(draft, CheckinForm(None, "", "", "", what), before)
    assert (filled.next_plan, filled.item, filled.plan_from) == (text, item, plan_from)


def test_sending_keeps_when_it_was_sent_first():
    draft = replace(FILLED, minutes=90)
    empty = Checkin(1, 2, 3, CheckinState.DRAFT, draft=draft)
    first = send_draft(empty, draft, CheckinState.SHARED, NOW, extra_minutes=30, is_over=False)
    assert (first.sent_at, first.is_repair, first.extra_minutes, first.draft) == (NOW, False, 30, None)
    assert (first.outcome, first.concepts, first.shows_blocker) == (Outcome.DONE, ("slope",), True)
    again = send_draft(first, draft, CheckinState.PRIVATE, NOW + WEEK, extra_minutes=0, is_over=True)
    assert (again.sent_at, again.is_repair, again.state) == (NOW, False, CheckinState.PRIVATE)
    assert send_draft(empty, draft, CheckinState.SHARED, NOW, extra_minutes=0, is_over=True).is_repair
    without = send_draft(first, replace(draft, blocker=""), CheckinState.SHARED, NOW, extra_minutes=0, is_over=False)
    assert (without.blocker, without.shows_blocker, without.concepts) == ("", False, ())


def test_a_draft_without_a_word_is_empty():
    assert is_empty(CheckinDraft())
    assert is_empty(CheckinDraft(minutes=90, shows_blocker=True))
    filled = (
        CheckinDraft(outcome=Outcome.NOT),
        CheckinDraft(evidence="x"),
        CheckinDraft(learned="x"),
        CheckinDraft(blocker="x"),
        CheckinDraft(known=KNOWN),
        CheckinDraft(next_plan=PlanText("x")),
    )
    assert not any(map(is_empty, filled))


@pytest.mark.parametrize(("minutes", "counted", "extra"), [(None, 0, 0), (None, 60, 0), (90, 60, 30), (60, 90, 0)])
def test_only_what_was_not_counted_before_is_extra(minutes, counted, extra):
    assert count_extra(minutes, counted) == extra


# Notes

GROUP = Group(
    id=1,
    guild_id=1,
    name="Owls",
    owner_id=1,
    step=None,
    language=None,
    goal=None,
    is_open=False,
    is_private=True,
    parent_id=2,
    home_id=3,
    rhythm=Rhythm(0, 18 * 60, "UTC"),
    window_days=2,
    state=GroupState.ACTIVE,
    paused_until=None,
    note=None,
    made_at=NOW,
    ended_at=None,
)
HERE, AWAY = GroupMember(1, 1, NOW), GroupMember(1, 2, NOW, away_until=NOW + WEEK)
PREPARED, OPENED = week_of(opened=False), week_of()


@pytest.mark.parametrize(
    ("group", "members", "week", "late", "lost", "note"),
    [
        (GROUP, (HERE, AWAY), None, timedelta(0), False, None),
        (GROUP, (HERE,), None, DAY, False, None),
        (GROUP, (HERE,), PREPARED, 2 * DAY, False, None),  # perhaps it is posted
        (replace(GROUP, state=GroupState.PAUSED), (HERE,), PREPARED, DAY, False, None),
        (GROUP, (HERE,), PREPARED, DAY, True, None),
        (None, (), None, DAY, False, notes.ENDED),
        (replace(GROUP, state=GroupState.ENDED), (), None, DAY, False, notes.ENDED),
        (replace(GROUP, state=GroupState.HOMELESS, home_id=None), (HERE,), PREPARED, DAY, False, notes.HOMELESS),
        (replace(GROUP, state=GroupState.PAUSED), (HERE,), None, DAY, False, notes.PAUSED),
        (GROUP, (HERE,), OPENED, DAY, False, notes.OPEN_ALREADY),
        (GROUP, (), None, DAY, False, notes.NOBODY),
        (GROUP, (AWAY,), None, DAY, False, notes.ALL_AWAY),
        (GROUP, (HERE,), PREPARED, 2 * DAY, True, notes.late_note(2 * DAY)),
        (GROUP, (HERE,), None, DAY + timedelta(seconds=1), False, notes.late_note(DAY)),
    ],
)
def test_why_a_week_is_left_out(group, members, week, late, lost, note):  # noqa: PLR0917 - a column of the table each
    assert notes.why_not_open(group, members, week, NOW, NOW + late, is_lost=lost) == note


def test_a_late_note_says_how_late():
    assert "24 hours ago" in notes.late_note(DAY)
    assert "51 hours ago" in notes.late_note(timedelta(hours=50, minutes=40))


@pytest.mark.parametrize(
    ("group", "later", "note"),
    [
        (GROUP, False, None),
        (replace(GROUP, state=GroupState.PAUSED), False, None),
        (GROUP, True, notes.NEXT_HAS_OPENED),
        (replace(GROUP, state=GroupState.HOMELESS, home_id=None), False, notes.HOMELESS),
        (replace(GROUP, state=GroupState.ENDED), False, notes.ENDED),
        (None, False, notes.ENDED),
    ],
)
def test_why_a_week_closes_without_a_digest(group, later, note):
    assert notes.why_no_digest(group, has_later_week=later) == note


NUDGED = replace(HERE, is_nudged=True)


@pytest.mark.parametrize(
    ("group", "week", "membership", "asked", "is_kept", "note"),
    [
        (GROUP, OPENED, NUDGED, WeekMember(1), False, None),
        (GROUP, OPENED, None, WeekMember(1), False, notes.LEFT),
        (GROUP, OPENED, replace(NUDGED, left_at=NOW), WeekMember(1), False, notes.LEFT),
        (GROUP, PREPARED, NUDGED, WeekMember(1), False, notes.CLOSED),
        (GROUP, week_of(closed_at=NOW), NUDGED, WeekMember(1), False, notes.CLOSED),
        (GROUP, replace(OPENED, closes_at=NOW), NUDGED, WeekMember(1), False, notes.CLOSED),
        (GROUP, OPENED, NUDGED, WeekMember(1), True, notes.CHECKED_IN),
        (GROUP, OPENED, HERE, WeekMember(1), False, notes.NOT_AGREED),
        (GROUP, OPENED, NUDGED, None, False, notes.AWAY),
        (GROUP, OPENED, NUDGED, WeekMember(1, is_away=True), False, notes.AWAY),
        (GROUP, OPENED, replace(NUDGED, away_until=NOW + DAY), WeekMember(1), False, notes.AWAY),
        (replace(GROUP, state=GroupState.PAUSED), OPENED, NUDGED, WeekMember(1), False, notes.PAUSED),
        (replace(GROUP, state=GroupState.HOMELESS), OPENED, NUDGED, WeekMember(1), False, notes.HOMELESS),
        (GROUP, OPENED, NUDGED, WeekMember(1, nudged_at=NOW), False, notes.PERHAPS_SENT),
    ],
)
def test_why_a_member_is_not_nudged(  # noqa: PLR0917 - a column of the table each
    group, week, membership, asked, is_kept, note
):
    assert notes.why_no_nudge(group, week, membership, asked, is_kept=is_kept, now=NOW) == note
