"""What members type about groups, when a check-in closes, who looks after a group next, and who met whom."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import MemberError
from bot.features.groups.models import EventKind, Group, GroupEvent, GroupMember, GroupState
from bot.features.groups.rules import (
    HOW_LONG,
    NAME_TOO_SHORT,
    NO_DAY,
    NO_TIME,
    ONE_OF_BOTH,
    PAST_DAY,
    TOO_LONG_AWAY,
    choose_owner,
    closes_at,
    describe_rhythm,
    find_pairs,
    pick_group,
    read_away,
    read_line,
    read_name,
    read_time,
)
from bot.scheduling.models import Rhythm

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 4, 18, tzinfo=UTC)
"""A Wednesday."""
DAY = timedelta(days=1)


def member_of(member_id, joined=0):
    return GroupMember(1, member_id, NOW + joined * DAY)


def events_of(*lines):
    """A history, the oldest line first: "+5" is that member 5 joined, "-5" that they left, "x5" that they had to go."""
    kinds = {"+": EventKind.JOINED, "-": EventKind.LEFT, "x": EventKind.REMOVED, "o": EventKind.OWNER}
    return [GroupEvent(kinds[line[0]], NOW, int(line[1:])) for line in lines]


def group_of(group_id, name):
    rhythm = Rhythm(0, 0, "UTC")
    fixed = dict(owner_id=None, step=None, language=None, goal=None, is_open=True, is_private=True, parent_id=1)
    more = dict(home_id=None, window_days=2, state=GroupState.ACTIVE, paused_until=None, note=None)
    return Group(id=group_id, guild_id=1, name=name, rhythm=rhythm, made_at=NOW, ended_at=None, **fixed, **more)


# Names and times


@pytest.mark.parametrize(
    ("typed", "minute"),
    [
        ("19:30", 1170),
        ("19.30", 1170),
        ("19h30", 1170),
        (" 7:05 ", 425),
        ("19", 1140),
        ("0:00", 0),
        ("23:59", 1439),
        ("7 pm", 1140),
        ("7:30 PM", 1170),
        ("12 am", 0),
        ("12:15 p.m.", 735),
    ],
)
def test_times_as_people_write_them(typed, minute):
    assert read_time(typed) == minute


@pytest.mark.parametrize("typed", ["24:00", "19:60", "noon", "", "13 pm", "0 am", "1930", "19:3", "-1", "19:30:00"])
def test_what_is_no_time(typed):
    with pytest.raises(MemberError) as told:
        read_time(typed)
    assert str(told.value) == NO_TIME


@given(st.integers(0, 23), st.integers(0, 59))
def test_every_time_is_read_as_it_is_written(hour, minute):
    assert read_time(f"{hour}:{minute:02d}") == 60 * hour + minute
    half = "pm" if hour >= 12 else "am"
    assert read_time(f"{hour % 12 or 12}:{minute:02d} {half}") == 60 * hour + minute


def test_a_name_is_one_line_of_three_to_sixty_characters():
    assert read_name("  the \n night   owls ") == "the night owls"
    assert read_name("x" * 60) == "x" * 60
    for name in ("ab", "  a  ", "x" * 61, ""):
        with pytest.raises(MemberError) as told:
            read_name(name)
        assert str(told.value) == NAME_TOO_SHORT


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("\u202esrow thgin\u202c", "srow thgin"),
        ("\u2066night\u2069 owls", "night owls"),
        ("night\u2028owls", "night owls"),
        ("ni\x00ght\x1b owls", "night owls"),
        ("Cafe\u0301 owls", "Caf\u00e9 owls"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0646\u06cc\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0646\u06cc\u0645",
        ),
        ("\u05d9\u05e0\u05e9\u05d5\u05e4\u05d9\u05dd", "\u05d9\u05e0\u05e9\u05d5\u05e4\u05d9\u05dd"),
        ("\U0001f469\u200d\U0001f4bb\U0001f989", "\U0001f469\u200d\U0001f4bb\U0001f989"),
    ],
)
def test_a_name_in_any_script_turns_no_other_text_around_and_hides_nothing(typed, name):
    assert read_name(typed) == name
    assert read_line(typed) == name


@pytest.mark.parametrize("typed", ["\u200b\u200b\u200b", "\u202e\u202e\u202e\u202e", "\u2060 \u2060", "a\u200b\u200b"])
def test_a_name_that_nobody_can_see_is_none(typed):
    with pytest.raises(MemberError) as told:
        read_name(typed)
    assert str(told.value) == NAME_TOO_SHORT


# Being away


def test_weeks_count_from_now():
    assert read_away(2, None, "Europe/Berlin", NOW) == NOW + timedelta(weeks=2)


@pytest.mark.parametrize(
    ("typed", "end"),
    [
        ("2026-03-14", datetime(2026, 3, 15, tzinfo=BERLIN)),
        ("2026-3-4", datetime(2026, 3, 5, tzinfo=BERLIN)),
        ("14.3.", datetime(2026, 3, 15, tzinfo=BERLIN)),
        ("14.03.2026", datetime(2026, 3, 15, tzinfo=BERLIN)),
        ("14 March", datetime(2026, 3, 15, tzinfo=BERLIN)),
        ("14. mar 2026", datetime(2026, 3, 15, tzinfo=BERLIN)),
        ("March 14", datetime(2026, 3, 15, tzinfo=BERLIN)),
        ("April 30, 2026", datetime(2026, 5, 1, tzinfo=BERLIN)),
        ("2026-03-28", datetime(2026, 3, 29, tzinfo=BERLIN)),
        ("2026-03-29", datetime(2026, 3, 30, tzinfo=BERLIN)),
    ],
)
def test_the_last_day_away_counts_whole_in_the_zone_of_the_member(typed, end):
    assert read_away(None, typed, "Europe/Berlin", NOW) == end


def test_a_day_without_a_year_is_the_next_one():
    december = datetime(2026, 12, 20, 12, tzinfo=UTC)
    assert read_away(None, "3 January", "UTC", december) == datetime(2027, 1, 4, tzinfo=UTC)
    before_a_leap_year = datetime(2027, 12, 20, 12, tzinfo=UTC)
    assert read_away(None, "29 February", "UTC", before_a_leap_year) == datetime(2028, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("weeks", "until", "refusal"),
    [
        (None, None, HOW_LONG),
        (None, "", HOW_LONG),
        (2, "2026-03-14", ONE_OF_BOTH),
        (None, "2026-03-03", PAST_DAY),
        (None, "2025-03-14", PAST_DAY),
        (None, "2027-03-14", TOO_LONG_AWAY),
        (None, "next week", NO_DAY),
        (None, "2026-13-01", NO_DAY),
        (None, "31 February", NO_DAY),
        (None, "3/4", NO_DAY),
        (None, "14 brumaire", NO_DAY),
    ],
)
def test_what_is_no_time_away(weeks, until, refusal):
    with pytest.raises(MemberError) as told:
        read_away(weeks, until, "Europe/Berlin", NOW)
    assert str(told.value) == refusal


# Rhythm


def test_a_check_in_closes_at_the_same_hour_on_the_clock():
    rhythm = Rhythm(5, 19 * 60 + 30, "Europe/Berlin")
    opened = datetime(2026, 3, 28, 19, 30, tzinfo=BERLIN)  # the clocks go forward in the night
    assert closes_at(rhythm, 2, opened) == datetime(2026, 3, 30, 19, 30, tzinfo=BERLIN)
    assert closes_at(rhythm, 2, opened) - opened.astimezone(UTC) == timedelta(hours=47)
    autumn = datetime(2026, 10, 24, 19, 30, tzinfo=BERLIN)
    assert closes_at(rhythm, 5, autumn) - autumn.astimezone(UTC) == timedelta(days=5, hours=1)


def test_a_check_in_that_closes_in_the_hour_that_the_clocks_leave_out():
    rhythm = Rhythm(4, 2 * 60 + 30, "Europe/Berlin")
    opened = datetime(2026, 3, 27, 2, 30, tzinfo=BERLIN)
    assert closes_at(rhythm, 2, opened).astimezone(BERLIN).hour == 3


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "UTC"])
@given(day=st.integers(0, 365), window=st.integers(2, 5), minute=st.integers(0, 1439))
def test_every_check_in_closes_before_the_next_one(zone, day, window, minute):
    opened = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, minutes=minute)
    local = opened.astimezone(ZoneInfo(zone))
    rhythm = Rhythm(local.weekday(), 60 * local.hour + local.minute, zone)
    closes = closes_at(rhythm, window, opened)
    assert abs(closes - opened - timedelta(days=window)) <= timedelta(hours=2)
    assert closes < opened + timedelta(days=6)


def test_a_rhythm_in_words():
    assert describe_rhythm(Rhythm(1, 19 * 60 + 30, "Europe/Berlin")) == "Tuesdays at 19:30 in Europe/Berlin"
    assert describe_rhythm(Rhythm(6, 5, "UTC")) == "Sundays at 00:05 in UTC"


# Members


def test_whoever_has_been_there_for_longest_is_the_next_owner():
    assert choose_owner([member_of(3, 1), member_of(2, 0), member_of(1, 2)]) == 2
    assert choose_owner([member_of(3), member_of(2)]) == 2
    assert choose_owner([]) is None


@pytest.mark.parametrize(
    ("history", "pairs"),
    [
        ((), set()),
        (("+5", "+2"), {(2, 5)}),
        (("+5", "+2", "-5", "+9"), {(2, 5), (2, 9)}),
        (("+5", "x5", "+2"), set()),
        (("+5", "+2", "-5", "-2", "+5"), {(2, 5)}),
        (("+5", "+2", "-5", "+9", "-2", "-9", "+5", "+1"), {(2, 5), (2, 9), (1, 5)}),
        (("+5", "+2", "x5", "+5", "o5", "-2"), {(2, 5)}),
        (("-5", "+2", "+2"), set()),
    ],
)
def test_those_who_were_ever_in_a_group_at_the_same_time_have_met(history, pairs):
    assert find_pairs(events_of(*history)) == pairs


# Which group


def test_a_group_is_found_by_its_number_or_its_name():
    groups = [group_of(1, "Night owls"), group_of(2, "1"), group_of(12, "Larks")]
    assert pick_group(groups, "night  OWLS ") == groups[0]
    assert pick_group(groups, "12") == groups[2]
    assert pick_group(groups, "1") == groups[0]
    assert pick_group(groups, "owls") is None


@pytest.mark.parametrize("until", ["9999-12-31", "2999-01-01"])
def test_a_day_that_is_centuries_off_is_refused_like_any_that_is_too_far(until):
    with pytest.raises(MemberError, match=re.escape(TOO_LONG_AWAY)):
        read_away(None, until, "Europe/Berlin", datetime(2026, 3, 2, tzinfo=UTC))
