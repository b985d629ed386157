"""The weekly rhythm: weeks of the learner's own calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.progress.models import Activity, WeekOverview
from bot.features.progress.rules.rhythm import (
    LEAST_PACE,
    WEEKS,
    ago,
    format_minutes,
    monday_of,
    pace_of,
    weekly_minutes,
    zone_of,
)
from tests.bot.learners import NOW, days

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu")
MOMENTS = st.integers(0, 20 * 365 * 24 * 60).map(lambda minutes: datetime(2010, 1, 1, tzinfo=UTC) + minutes * MINUTE)
MINUTE = timedelta(minutes=1)


# Zones


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
def test_a_zone_by_its_name(name):
    assert zone_of(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "Mars/Olympus_Mons",
        "Europe",
        "America/",
        "../../etc/passwd",
        "/etc/localtime",
        "a\0b",
        "x" * 5000,
        " ",
    ],
)
def test_what_is_no_zone_counts_as_utc(name):
    assert zone_of(name).key == "UTC"


# Weeks


@pytest.mark.parametrize(
    ("zone", "monday_begins", "monday"),
    [
        ("UTC", "2026-03-02T00:00", "2026-03-02"),
        ("Europe/Berlin", "2026-03-01T23:00", "2026-03-02"),
        ("Europe/Berlin", "2026-03-29T22:00", "2026-03-30"),  # the clocks went forward that Sunday
        ("Europe/Berlin", "2026-10-25T23:00", "2026-10-26"),  # and back on this one
        ("America/New_York", "2026-03-09T04:00", "2026-03-09"),
        ("America/New_York", "2026-11-02T05:00", "2026-11-02"),
        ("Australia/Lord_Howe", "2026-04-05T13:30", "2026-04-06"),  # half an hour of summer time
        ("Australia/Lord_Howe", "2026-10-04T13:00", "2026-10-05"),
        ("Pacific/Apia", "2026-03-01T11:00", "2026-03-02"),
        ("Pacific/Apia", "2012-01-01T10:00", "2012-01-02"),  # the week that had no Friday
        ("Asia/Kathmandu", "2026-03-01T18:15", "2026-03-02"),
    ],
)
def test_a_week_begins_at_midnight_of_the_learner(zone, monday_begins, monday):
    begins = datetime.fromisoformat(f"{monday_begins}:00+00:00")
    assert monday_of(begins, ZoneInfo(zone)) == date.fromisoformat(monday)
    assert monday_of(begins - MINUTE, ZoneInfo(zone)) == date.fromisoformat(monday) - timedelta(weeks=1)


def test_the_day_that_apia_left_out_splits_no_week():
    apia = ZoneInfo("Pacific/Apia")
    thursday = datetime(2011, 12, 29, 23, 59, tzinfo=apia)
    saturday = thursday.astimezone(UTC) + MINUTE
    assert saturday.astimezone(apia).date() == date(2011, 12, 31)
    assert monday_of(thursday, apia) == monday_of(saturday, apia) == date(2011, 12, 26)


@given(at=MOMENTS, zone=st.sampled_from(ZONES))
def test_every_moment_is_in_the_week_of_its_monday(at, zone):
    monday = monday_of(at, ZoneInfo(zone))
    assert monday.weekday() == 0
    assert monday <= at.astimezone(ZoneInfo(zone)).date() < monday + timedelta(weeks=1)


@given(
    at=MOMENTS,
    back=st.integers(-(24 * 60), 13 * 7 * 24 * 60),
    zone=st.sampled_from([*ZONES, "America/Havana", "Africa/Cairo", "Asia/Beirut"]),
)
def test_minutes_are_counted_in_the_week_of_their_monday(at, back, zone):
    spent_at, here = at - back * MINUTE, ZoneInfo(zone)
    counted = {week.monday_on for week in weekly_minutes([Activity(spent_at, 5)], at, here) if week.minutes}
    weeks_ago = (monday_of(at, here) - monday_of(spent_at, here)).days // 7
    assert counted == ({monday_of(spent_at, here)} if 0 <= weeks_ago < WEEKS else set())


def test_weeks_are_listed_oldest_first_and_the_present_one_last():
    weeks = weekly_minutes([], NOW, ZoneInfo("UTC"))
    assert len(weeks) == WEEKS
    assert weeks[-1] == WeekOverview(date(2026, 3, 2), 0)
    assert weeks[0] == WeekOverview(date(2025, 12, 15), 0)
    assert [week.monday_on for week in weeks] == sorted(week.monday_on for week in weeks)


def test_minutes_count_in_the_week_in_which_they_were_spent():
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    activity = [
        Activity(monday - timedelta(weeks=11), 1),  # the first minute of the oldest week
        Activity(monday - timedelta(weeks=11) - MINUTE, 2),  # too old
        Activity(monday - MINUTE, 4),
        Activity(monday, 8),
        Activity(NOW, 16),
    ]
    weeks = weekly_minutes(activity, NOW, ZoneInfo("UTC"))
    assert [week.minutes for week in weeks] == [1, *[0] * 9, 4, 24]


@pytest.mark.parametrize(
    ("zone", "this_week", "last_week"), [("UTC", 0, 30), ("Asia/Tokyo", 30, 0), ("America/New_York", 0, 30)]
)
def test_sunday_night_here_is_monday_there(zone, this_week, last_week):
    sunday_night = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    weeks = weekly_minutes([Activity(sunday_night, 30)], NOW, ZoneInfo(zone))
    assert (weeks[-1].minutes, weeks[-2].minutes) == (this_week, last_week)


@pytest.mark.parametrize(
    ("zone", "sunday"),
    [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("America/New_York", "2026-03-08"),
        ("America/New_York", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Australia/Lord_Howe", "2026-10-04"),
    ],
)
def test_a_week_with_a_change_of_the_clocks_has_each_of_its_hours_once(zone, sunday):
    here = ZoneInfo(zone)
    begin = datetime.fromisoformat(sunday).replace(tzinfo=here).astimezone(UTC) - timedelta(days=9)
    hours = [Activity(begin + timedelta(minutes=30 * count), 30) for count in range(48 * 20)]
    weeks = weekly_minutes(hours, hours[-1].at, here)
    changed = next(week for week in weeks if week.monday_on == date.fromisoformat(sunday) - timedelta(days=6))
    before, after = (
        datetime.combine(changed.monday_on + timedelta(weeks=count), datetime.min.time(), here).astimezone(UTC)
        for count in (0, 1)
    )
    assert changed.minutes == (after - before) / MINUTE
    assert changed.minutes != 7 * 24 * 60


@given(
    offsets=st.lists(st.tuples(st.integers(0, 11 * 7 * 24 * 60), st.integers(0, 200)), max_size=20),
    zone=st.sampled_from(ZONES),
)
def test_nothing_is_lost_and_nothing_counts_twice(offsets, zone):
    activity = [Activity(NOW - back * MINUTE, minutes) for back, minutes in offsets]
    weeks = weekly_minutes(activity, NOW, ZoneInfo(zone))
    assert sum(week.minutes for week in weeks) == sum(minutes for _, minutes in offsets)


# Pace


def weeks_of(*minutes):
    return tuple(WeekOverview(date(2026, 1, 5) + timedelta(weeks=count), m) for count, m in enumerate(minutes))


@pytest.mark.parametrize(
    ("minutes", "pace"),
    [
        ([], None),
        ([500], None),  # only the present week, which is not over
        ([0, 0, 0, 0], None),
        ([0, 0, 0, 300, 100], 300),  # began last week
        ([0, 300, 0, 300, 100], 200),  # a week off counts once one has begun
        ([60, 60, 60, 60, 60, 0], 60),
        ([900, 100, 200, 300, 400, 7], 250),  # the last four full weeks
        ([900, 0, 0, 0, 0, 50], None),  # away for a month
        ([0, 0, 0, 1, 0], None),  # one question is no pace
        ([0, 0, 0, LEAST_PACE, 0], LEAST_PACE),
        ([0, 0, 0, LEAST_PACE - 1, 0], None),
    ],
)
def test_the_pace_of_the_last_weeks(minutes, pace):
    assert pace_of(weeks_of(*minutes)) == pace


# In words


@pytest.mark.parametrize(
    ("at", "now", "zone", "words"),
    [
        ("2026-03-04T00:00", "2026-03-04T23:59", "UTC", "today"),
        ("2026-03-03T23:59", "2026-03-04T00:00", "UTC", "yesterday"),
        ("2026-03-02T23:59", "2026-03-04T00:00", "UTC", "2 days ago"),
        ("2026-03-03T22:30", "2026-03-04T06:00", "Europe/Berlin", "yesterday"),
        ("2026-03-03T22:30", "2026-03-04T06:00", "Asia/Tokyo", "today"),
        ("2026-03-05T00:00", "2026-03-04T00:00", "UTC", "today"),  # a clock that went back
        ("2025-03-04T00:00", "2026-03-04T00:00", "UTC", "365 days ago"),
    ],
)
def test_how_long_ago(at, now, zone, words):
    at, now = (datetime.fromisoformat(f"{moment}:00+00:00") for moment in (at, now))
    assert ago(at, now, ZoneInfo(zone)) == words


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 min"),
        (5, "5 min"),
        (59, "59 min"),
        (60, "1 h"),
        (61, "1 h 1 min"),
        (90, "1 h 30 min"),
        (599, "9 h 59 min"),
        (600, "10 h"),
        (630, "10 h"),  # nobody plans so long a time to the minute
        (7680, "128 h"),
    ],
)
def test_times_in_words(minutes, words):
    assert format_minutes(minutes) == words


def test_a_week_ago_is_seven_days():
    assert ago(NOW - days(7), NOW, zone_of(None)) == "7 days ago"
