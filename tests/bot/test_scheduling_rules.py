"""When work is due on the clocks of a zone, whatever they do."""

import itertools
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.features.progress.rules.zones import zone_names
from bot.scheduling.models import Rhythm
from bot.scheduling.rules import MOST_TRIES, daily_time, is_late, next_day, next_time, retry_delay, week_slot

MINUTE = timedelta(minutes=1)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)

ODD_ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/Nuuk",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Gaza",
    "Europe/Dublin",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)
ZONES = st.sampled_from(ODD_ZONES) | st.sampled_from(zone_names())
MOMENTS = st.integers(0, 50 * 365 * 24 * 60).map(lambda minutes: datetime(1990, 1, 1, tzinfo=UTC) + minutes * MINUTE)
RHYTHMS = st.builds(Rhythm, st.integers(0, 6), st.integers(0, 24 * 60 - 1), ZONES)
APIA_FRIDAY = Rhythm(FRIDAY, 18 * 60, "Pacific/Apia")
BERLIN_GAP = Rhythm(SUNDAY, 2 * 60 + 30, "Europe/Berlin")
BERLIN_OVERLAP = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def clock(text):
    hour, minute = map(int, text.split(":"))
    return 60 * hour + minute


# Once a week


@pytest.mark.parametrize(
    ("zone", "weekday", "at", "after", "planned"),
    [
        # plain weeks, on both sides of a change of the clocks
        ("Europe/Berlin", WEDNESDAY, "18:00", "2026-03-23T00:00", "2026-03-25T17:00"),
        ("Europe/Berlin", WEDNESDAY, "18:00", "2026-03-25T17:00", "2026-04-01T16:00"),
        ("America/New_York", MONDAY, "20:15", "2026-03-04T00:00", "2026-03-10T00:15"),
        ("America/New_York", MONDAY, "20:15", "2026-03-01T00:00", "2026-03-03T01:15"),
        ("Asia/Kathmandu", SATURDAY, "18:00", "2026-03-01T00:00", "2026-03-07T12:15"),
        ("Asia/Kathmandu", SUNDAY, "00:00", "2026-03-07T18:14", "2026-03-07T18:15"),
        ("America/Sao_Paulo", FRIDAY, "18:00", "2026-01-05T00:00", "2026-01-09T21:00"),
        ("America/Sao_Paulo", FRIDAY, "18:00", "2026-07-06T00:00", "2026-07-10T21:00"),
        ("UTC", SUNDAY, "23:59", "2026-12-27T23:59", "2027-01-03T23:59"),
        # strictly after
        ("UTC", MONDAY, "12:00", "2026-03-02T11:59", "2026-03-02T12:00"),
        ("UTC", MONDAY, "12:00", "2026-03-02T12:00", "2026-03-09T12:00"),
        ("UTC", MONDAY, "12:00", "2026-03-02T12:01", "2026-03-09T12:00"),
        # what the clocks leave out is taken with the offset before: 02:30 is 03:30
        ("Europe/Berlin", SUNDAY, "02:30", "2026-03-22T12:00", "2026-03-29T01:30"),
        ("Europe/Berlin", SUNDAY, "02:00", "2026-03-22T12:00", "2026-03-29T01:00"),
        ("Europe/Berlin", SUNDAY, "02:59", "2026-03-22T12:00", "2026-03-29T01:59"),
        ("Europe/Berlin", SUNDAY, "03:00", "2026-03-22T12:00", "2026-03-29T01:00"),
        ("Europe/Berlin", SUNDAY, "02:30", "2026-03-29T01:29", "2026-03-29T01:30"),
        ("Europe/Berlin", SUNDAY, "02:30", "2026-03-29T01:30", "2026-04-05T00:30"),
        ("America/New_York", SUNDAY, "02:30", "2026-03-02T12:00", "2026-03-08T07:30"),
        ("Australia/Lord_Howe", SUNDAY, "02:15", "2026-09-28T12:00", "2026-10-03T15:45"),
        ("Australia/Lord_Howe", SUNDAY, "02:30", "2026-09-28T12:00", "2026-10-03T15:30"),
        ("America/Sao_Paulo", SUNDAY, "00:30", "2018-10-29T12:00", "2018-11-04T03:30"),
        # of what comes twice the first counts, also between the two
        ("Europe/Berlin", SUNDAY, "02:30", "2026-10-19T12:00", "2026-10-25T00:30"),
        ("Europe/Berlin", SUNDAY, "02:30", "2026-10-25T00:30", "2026-11-01T01:30"),
        ("Europe/Berlin", SUNDAY, "02:30", "2026-10-25T01:29", "2026-11-01T01:30"),
        ("Europe/Berlin", SUNDAY, "02:30", "2026-10-25T01:30", "2026-11-01T01:30"),
        ("America/New_York", SUNDAY, "01:30", "2026-10-26T12:00", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", SUNDAY, "01:45", "2026-03-30T12:00", "2026-04-04T14:45"),
        ("America/Sao_Paulo", SATURDAY, "23:30", "2018-02-12T12:00", "2018-02-18T01:30"),
        # the Friday that Apia left out
        ("Pacific/Apia", FRIDAY, "18:00", "2011-12-24T12:00", "2011-12-31T04:00"),
        ("Pacific/Apia", FRIDAY, "18:00", "2011-12-31T03:59", "2011-12-31T04:00"),
        ("Pacific/Apia", FRIDAY, "18:00", "2011-12-31T04:00", "2012-01-06T04:00"),
        ("Pacific/Apia", THURSDAY, "18:00", "2011-12-24T12:00", "2011-12-30T04:00"),
        ("Pacific/Apia", SATURDAY, "18:00", "2011-12-28T12:00", "2011-12-31T04:00"),
    ],
)
def test_the_next_time_of_a_week(zone, weekday, at, after, planned):
    found = next_time(Rhythm(weekday, clock(at), zone), utc(after))
    assert found == utc(planned)
    assert found.tzinfo is UTC


@given(rhythm=RHYTHMS, after=MOMENTS)
@example(APIA_FRIDAY, utc("2011-12-30T00:00"))
@example(BERLIN_GAP, utc("2026-03-29T01:00"))
@example(BERLIN_GAP, BERLIN_OVERLAP)
@example(BERLIN_GAP, BERLIN_OVERLAP + timedelta(minutes=30))
def test_the_next_time_has_the_weekday_and_minute_that_were_asked_for(rhythm, after):
    found = next_time(rhythm, after)
    assert after < found <= after + timedelta(days=8)
    check_local(found, rhythm.zone, rhythm.minute, rhythm.weekday)


def check_local(found, zone, minute, weekday=None):
    """It is what the clocks there show, the first time they show it; or what was asked for does not exist."""
    local = found.astimezone(ZoneInfo(zone))
    assert local.fold == 0
    if (local.hour * 60 + local.minute, weekday in {local.weekday(), None}) == (minute, True):
        return
    for day in (local.date(), local.date() - timedelta(days=1)):
        asked = datetime.combine(day, time(*divmod(minute, 60)))
        real = asked.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone))
        if weekday in {day.weekday(), None} and real == local and real.replace(tzinfo=None) != asked:
            return
    raise AssertionError(f"{local} is neither the time that was asked for nor the end of a gap")


@given(rhythm=RHYTHMS, after=MOMENTS, later=st.integers(0, 8 * 24 * 60))
def test_no_planned_time_is_passed_over(rhythm, after, later):
    """Whenever one asks before it, it is the same one; and afterwards it is another."""
    found = next_time(rhythm, after)
    asked = after + later * MINUTE
    again = next_time(rhythm, asked)
    assert (again == found) is (asked < found)


@given(rhythm=RHYTHMS, after=MOMENTS)
@example(APIA_FRIDAY, utc("2011-11-01T00:00"))
@example(Rhythm(SUNDAY, 23 * 60 + 59, "Pacific/Apia"), utc("2011-11-01T00:00"))
def test_walking_through_the_weeks_meets_each_iso_week_once(rhythm, after):
    planned = [next_time(rhythm, after)]
    while len(planned) < 60:
        planned.append(next_time(rhythm, planned[-1]))
    gaps = {later - earlier for earlier, later in itertools.pairwise(planned)}
    assert all(timedelta(days=6) <= gap <= timedelta(days=8) for gap in gaps)
    slots = [week_slot(rhythm.zone, moment) for moment in planned]
    assert len(set(slots)) == 60
    assert slots == sorted(slots)


# The name of a week


@pytest.mark.parametrize(
    ("zone", "moment", "slot"),
    [
        ("UTC", "2026-11-23T00:00", "2026-W48"),
        ("UTC", "2026-11-22T23:59", "2026-W47"),
        ("Europe/Berlin", "2026-11-22T23:00", "2026-W48"),
        ("America/New_York", "2026-11-23T04:59", "2026-W47"),
        ("UTC", "2026-12-31T12:00", "2026-W53"),
        ("UTC", "2027-01-03T23:59", "2026-W53"),  # a year of the calendar is no year of weeks
        ("UTC", "2027-01-04T00:00", "2027-W01"),
        ("UTC", "2024-12-30T00:00", "2025-W01"),
        ("Pacific/Apia", "2011-12-31T04:00", "2011-W52"),
        ("Pacific/Apia", "2012-01-06T04:00", "2012-W01"),
    ],
)
def test_a_week_is_named_after_its_number_there(zone, moment, slot):
    assert week_slot(zone, utc(moment)) == slot


# Once a day


@pytest.mark.parametrize(
    ("zone", "hour", "after", "planned"),
    [
        ("UTC", 18, "2026-03-02T17:59", "2026-03-02T18:00"),
        ("UTC", 18, "2026-03-02T18:00", "2026-03-03T18:00"),
        ("Asia/Kathmandu", 0, "2026-03-02T18:14", "2026-03-02T18:15"),
        ("America/New_York", 23, "2026-03-02T03:00", "2026-03-02T04:00"),
        ("Europe/Berlin", 2, "2026-03-28T12:00", "2026-03-29T01:00"),  # left out: at 3 o'clock
        ("Europe/Berlin", 2, "2026-03-29T01:00", "2026-03-30T00:00"),
        ("Europe/Berlin", 2, "2026-10-24T12:00", "2026-10-25T00:00"),  # twice: the first
        ("Europe/Berlin", 2, "2026-10-25T00:00", "2026-10-26T01:00"),
        ("Europe/Berlin", 2, "2026-10-25T00:59", "2026-10-26T01:00"),
        ("Australia/Lord_Howe", 2, "2026-10-03T12:00", "2026-10-03T15:30"),
        ("Pacific/Apia", 18, "2011-12-29T04:00", "2011-12-30T04:00"),
        ("Pacific/Apia", 18, "2011-12-30T04:00", "2011-12-31T04:00"),  # the evening after, two days on in the calendar
        ("Pacific/Apia", 18, "2011-12-31T04:00", "2012-01-01T04:00"),
    ],
)
def test_the_next_time_of_a_day(zone, hour, after, planned):
    assert daily_time(hour, zone, utc(after)) == utc(planned)


@given(zone=ZONES, hour=st.integers(0, 23), after=MOMENTS, later=st.integers(0, 3 * 24 * 60))
@example("Pacific/Apia", 18, utc("2011-12-30T04:00"), 0)
def test_every_day_has_its_time_and_none_is_passed_over(zone, hour, after, later):
    found = daily_time(hour, zone, after)
    assert after < found <= after + timedelta(hours=26)
    check_local(found, zone, 60 * hour)
    asked = after + later * MINUTE
    assert (daily_time(hour, zone, asked) == found) is (asked < found)


# Lateness and further tries


@pytest.mark.parametrize(
    ("passed", "late"),
    [(-60, False), (0, False), (6 * 3600, False), (6 * 3600 + 1, True), (7 * 24 * 3600, True)],
)
def test_work_is_late_when_more_time_has_passed_than_it_can_wait(passed, late):
    due_at = utc("2026-03-02T18:00")
    assert is_late(due_at, due_at + timedelta(seconds=passed), timedelta(hours=6)) is late


def test_each_further_try_waits_longer():
    delays = [retry_delay(tries) for tries in range(1, MOST_TRIES)]
    assert delays == [timedelta(seconds=30), 2 * MINUTE, 8 * MINUTE, 32 * MINUTE, timedelta(hours=1)]


@pytest.mark.parametrize(
    ("slot", "number"),
    [("2026-03-02T18:00:00+00:00", 1), ("5", 1), ("5~1", 2), ("2026-03-02~29", 30), ("5~30", None), ("a~b", 1)],
)
def test_what_has_to_happen_in_the_end_is_tried_daily_for_a_month(slot, number):
    assert next_day(slot) == number
