"""Who could study together: windows and clocks, the groups that come of it, and what may be proposed to groups."""

import functools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.features.groups.models import Group, GroupState
from bot.features.groups.rules import LANGUAGES
from bot.features.matching.models import (
    Answer,
    LivingGroup,
    Person,
    Proposal,
    ProposalKind,
    ProposalMember,
    ProposalState,
    Refused,
    Seeker,
    Window,
)
from bot.features.matching.rules.answers import decide, find_refused
from bot.features.matching.rules.availability import (
    HOURS,
    coming_week,
    free_hours,
    local_hours,
    places_of,
    span_of,
)
from bot.features.matching.rules.changes import YOUNG, assumed_hours, needs_change, propose_changes
from bot.features.matching.rules.fit import ALL_LANGUAGES, language_bits, language_names, person_of, shared_by
from bot.features.matching.rules.groups import match_people
from bot.features.matching.rules.matches import match
from bot.features.matching.rules.names import choose_name
from bot.features.matching.rules.rhythms import best_rhythm, describe_shared, first_hour, rhythm_hours
from bot.scheduling.models import Rhythm
from bot.scheduling.rules import next_time

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
"""A Wednesday, in winter."""
WEEK = datetime(2026, 3, 9, tzinfo=UTC)
EVENINGS = (Window.WEEKDAY_EVENINGS, Window.WEEKEND_EVENINGS)
DAY = timedelta(days=1)


def seeker(member_id, *, zone="Europe/Berlin", windows=EVENINGS, languages=("English",), step=2, hours=5.0, days=0):
    return Seeker(member_id, 1, zone, windows, languages, step, hours, 10, False, NOW - days * DAY)


def ids_of(matches):
    return [found.member_ids for found in matches]


def hours_on(zone, hours, week=WEEK):
    """The hours of a number, as weekdays and hours on the clocks of a zone."""
    return [
        ((week + timedelta(hours=place)).astimezone(ZoneInfo(zone)).strftime("%a %H:%M")) for place in places_of(hours)
    ]


# Hours


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        (datetime(2026, 3, 4, 18, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)),
        (datetime(2026, 3, 8, 23, 59, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)),
        (datetime(2026, 3, 9, 0, 0, tzinfo=UTC), datetime(2026, 3, 16, tzinfo=UTC)),
    ],
)
def test_the_coming_week_begins_next_monday(now, monday):
    assert coming_week(now) == monday


@pytest.mark.parametrize(
    ("zone", "window", "count", "first", "last"),
    [
        ("UTC", Window.WEEKDAY_MORNINGS, 20, "Mon 07:00", "Fri 10:00"),
        ("UTC", Window.WEEKDAY_DAYS, 30, "Mon 11:00", "Fri 16:00"),
        ("UTC", Window.WEEKDAY_EVENINGS, 25, "Mon 17:00", "Fri 21:00"),
        ("UTC", Window.WEEKDAY_NIGHTS, 15, "Mon 22:00", "Sat 00:00"),
        ("UTC", Window.WEEKEND_MORNINGS, 8, "Sat 07:00", "Sun 10:00"),
        ("UTC", Window.WEEKEND_DAYS, 12, "Sat 11:00", "Sun 16:00"),
        ("UTC", Window.WEEKEND_EVENINGS, 10, "Sat 17:00", "Sun 21:00"),
        ("Europe/Berlin", Window.WEEKDAY_EVENINGS, 25, "Mon 17:00", "Fri 21:00"),
        ("Asia/Tokyo", Window.WEEKDAY_MORNINGS, 20, "Mon 09:00", "Mon 08:00"),  # it begins on Sunday in UTC
        ("Pacific/Auckland", Window.WEEKEND_EVENINGS, 10, "Sat 17:00", "Sun 21:00"),
        ("America/Los_Angeles", Window.WEEKEND_EVENINGS, 10, "Sun 17:00", "Sat 21:00"),
        # Half an hour off, the first and the last hour of each evening lie half in it.
        ("Asia/Kolkata", Window.WEEKDAY_EVENINGS, 20, "Mon 17:30", "Fri 20:30"),
        ("Asia/Kathmandu", Window.WEEKDAY_EVENINGS, 20, "Mon 17:45", "Fri 20:45"),
    ],
)
def test_a_window_lies_on_the_members_own_clock(zone, window, count, first, last):
    hours = hours_on(zone, free_hours(zone, (window,), WEEK))
    assert len(hours) == count
    assert (hours[0], hours[-1]) == (first, last)


def test_windows_that_touch_are_whole_where_clocks_are_half_an_hour_off():
    both = free_hours("Asia/Kolkata", (Window.WEEKDAY_DAYS, Window.WEEKDAY_EVENINGS), WEEK)
    assert "Mon 16:30" in hours_on("Asia/Kolkata", both)
    assert both.bit_count() == 5 * (11 - 1)


@pytest.mark.parametrize(
    ("now", "zone", "hour"),
    [
        (datetime(2026, 3, 18, tzinfo=UTC), "Europe/Berlin", 16),  # winter time in the coming week, until its Sunday
        (datetime(2026, 3, 25, tzinfo=UTC), "Europe/Berlin", 15),  # summer time from then on
        (datetime(2026, 3, 4, tzinfo=UTC), "America/New_York", 21),  # begins on the Sunday before the coming week
        (datetime(2026, 2, 25, tzinfo=UTC), "America/New_York", 22),
        (datetime(2026, 10, 21, tzinfo=UTC), "Europe/Berlin", 16),  # back on the Sunday before the coming week
    ],
)
def test_the_offset_is_that_of_the_coming_week(now, zone, hour):
    hours = free_hours(zone, (Window.WEEKDAY_EVENINGS,), coming_week(now))
    assert min(places_of(hours)) == hour


def test_a_week_in_which_clocks_change_has_both_offsets():
    week = datetime(2026, 3, 23, tzinfo=UTC)  # Berlin changes on its Sunday, the 29th
    hours = list(places_of(free_hours("Europe/Berlin", (Window.WEEKEND_EVENINGS,), week)))
    assert hours == [*range(5 * 24 + 16, 5 * 24 + 21), *range(6 * 24 + 15, 6 * 24 + 20)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_all_windows_leave_the_small_hours_free(zone):
    hours = {
        hour for place in places_of(free_hours(zone, tuple(Window), WEEK)) for _, hour in local_hours(zone, WEEK)[place]
    }
    assert hours.isdisjoint({2, 3, 4, 5})


def test_a_window_says_its_hours():
    assert [span_of(window) for window in Window] == [(7, 11), (11, 17), (17, 22), (22, 1), (7, 11), (11, 17), (17, 22)]


def test_an_unknown_zone_counts_as_utc():
    assert free_hours("Nowhere/Town", EVENINGS, WEEK) == free_hours("UTC", EVENINGS, WEEK)


def test_languages_are_bits_and_names():
    bits = language_bits(["german", "English", "Klingon", "English"])
    assert language_names(bits) == ("English", "German")
    assert language_names(ALL_LANGUAGES) == LANGUAGES
    assert language_bits([]) == 0


# Groups


def test_four_who_fit_are_a_group():
    (found,) = match([seeker(number) for number in (1, 2, 3, 4)], (), NOW)
    assert found.member_ids == (1, 2, 3, 4)
    assert found.terms.hours == 35
    assert found.terms.words == "all on step 2, Sunday evenings, English"
    assert found.terms.rhythm == Rhythm(6, 19 * 60, "Europe/Berlin")
    assert (found.terms.step, found.terms.language) == (2, "English")


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, []),
        (1, []),
        (2, []),
        (3, [3]),
        (4, [4]),
        (5, [5]),
        (6, [3, 3]),
        (7, [3, 4]),
        (8, [4, 4]),
        (9, [4, 5]),
        (11, [3, 4, 4]),
    ],
)
def test_groups_have_three_to_five_and_four_if_possible(count, sizes):
    found = match([seeker(number) for number in range(count)], (), NOW)
    assert sorted(len(one.member_ids) for one in found) == sizes


@pytest.mark.parametrize(
    "odd",
    [
        dict(languages=("German",)),
        dict(step=5),
        dict(windows=(Window.WEEKDAY_MORNINGS,)),
        dict(zone="Pacific/Auckland"),
        dict(zone="America/Los_Angeles"),
    ],
)
def test_who_does_not_fit_is_left_over(odd):
    found = match([seeker(1), seeker(2), seeker(3), seeker(4, **odd)], (), NOW)
    assert ids_of(found) == [(1, 2, 3)]


def test_two_hours_are_enough_and_one_is_not():
    berlin = dict(windows=(Window.WEEKEND_EVENINGS,))
    los_angeles = dict(zone="America/Los_Angeles", windows=(Window.WEEKEND_MORNINGS,))
    shared = shared_by([person_of(seeker(1, **berlin), WEEK), person_of(seeker(2, **los_angeles), WEEK)])
    assert shared.hours.bit_count() == 4  # from 17 to 19 in Berlin on both days
    few = [seeker(1, **berlin), seeker(2, **berlin), seeker(3, **los_angeles)]
    assert ids_of(match(few, (), NOW)) == [(1, 2, 3)]
    people = [person_of(one, WEEK) for one in few]
    one_hour = [replace(people[0], hours=shared.hours & -shared.hours), *people[1:]]
    assert match_people(one_hour, ()) == ()


def test_three_need_one_language_that_all_of_them_speak():
    pairwise = [("English", "German"), ("German", "French"), ("French", "English")]
    found = match([seeker(number, languages=languages) for number, languages in enumerate(pairwise)], (), NOW)
    assert found == ()


def test_those_who_were_in_one_group_do_not_meet_again():
    seekers = [seeker(number) for number in range(1, 9)]
    pairs = {(1, 2), (3, 4), (5, 6), (7, 8)}
    found = match(seekers, pairs, NOW)
    assert sorted(len(one.member_ids) for one in found) == [4, 4]
    for one in found:
        assert not any(set(pair) <= set(one.member_ids) for pair in pairs)
    assert match(seekers[:3], {(2, 3)}, NOW) == ()


def test_neighbouring_steps_meet_and_those_two_apart_only_if_nobody_is_nearer():
    near = [seeker(1, step=1), seeker(2, step=2), seeker(3, step=2)]
    assert match(near, (), NOW)[0].terms.words == "on steps 1 and 2, Sunday evenings, English"
    far = [seeker(1, step=1), seeker(2, step=2), seeker(3, step=3)]
    assert match(far, (), NOW)[0].terms.words == "on steps 1, 2 and 3, Sunday evenings, English"
    both = [*far, seeker(4, step=1), seeker(5, step=1), seeker(6, step=3), seeker(7, step=3)]
    spreads = [
        {next(s.step for s in both if s.member_id == id_) for id_ in found} for found in ids_of(match(both, (), NOW))
    ]
    assert all(max(steps) - min(steps) <= 1 for steps in spreads)
    assert match([seeker(1, step=1), seeker(2, step=1), seeker(3, step=4)], (), NOW) == ()


def test_the_pace_brings_those_together_who_go_as_fast():
    seekers = [seeker(number, hours=3.0 if number % 2 else 15.0) for number in range(1, 9)]
    assert sorted(ids_of(match(seekers, (), NOW))) == [(1, 3, 5, 7), (2, 4, 6, 8)]


def test_members_are_exchanged_where_that_makes_both_groups_better():
    """The first one takes the three who come next, and their fourth would be left to those who are much faster."""
    paces = {1: 5.0, 2: 1.0, 3: 1.0, 4: 1.0, 5: 1.0, 6: 9.0, 7: 9.0, 8: 9.0}
    seekers = [seeker(number, hours=pace, days=10 - number) for number, pace in paces.items()]
    assert sorted(ids_of(match(seekers, (), NOW))) == [(1, 6, 7, 8), (2, 3, 4, 5)]


def test_who_has_not_said_how_many_hours_fits_everybody():
    seekers = [seeker(1, hours=None), seeker(2, hours=3.0), seeker(3, hours=None), seeker(4, hours=4.0)]
    assert len(match(seekers, (), NOW)) == 1


def test_who_waits_for_longest_is_placed_first():
    for waiting in (4, 5):
        seekers = [seeker(number, days=20 if number == waiting else 0) for number in (1, 2, 4, 5)]
        (found,) = match(seekers, {(4, 5)}, NOW)
        assert found.member_ids == (waiting, 1, 2)


def test_who_is_left_is_taken_into_a_group_that_others_can_spare():
    """Nobody is free who fits with 9, but two groups of four can give one away each."""
    seekers = [*(seeker(number) for number in range(1, 9)), seeker(9, step=3)]
    pairs = {(number, 9) for number in (1, 2, 3, 5, 6)}  # 4, 7 and 8 are left for them
    found = match(seekers, pairs, NOW)
    assert sorted(member for one in ids_of(found) for member in one) == list(range(1, 10))


def test_an_earlier_group_can_be_matched_anew_with_others():
    seekers = [seeker(number) for number in range(16)]
    first = match(seekers, (), NOW)
    pairs = {(one, other) for found in first for one in found.member_ids for other in found.member_ids if one < other}
    second = match(seekers, pairs, NOW)
    assert sum(len(found.member_ids) for found in second) == 16
    assert not pairs & {(a, b) for found in second for a in found.member_ids for b in found.member_ids}


# Groups of any members

_ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Pacific/Auckland",
)


@st.composite
def seekers_with_pairs(draw):
    count = draw(st.integers(0, 40))
    seekers = [
        Seeker(
            number,
            1,
            draw(st.sampled_from(_ZONES)),
            tuple(draw(st.sets(st.sampled_from(tuple(Window)), min_size=1, max_size=4))),
            tuple(draw(st.sets(st.sampled_from(LANGUAGES[:3]), min_size=1, max_size=2))),
            draw(st.integers(1, 6)),
            draw(st.none() | st.integers(1, 30).map(float)),
            10,
            by_dm=False,
            made_at=NOW - timedelta(minutes=draw(st.integers(0, 100_000))),
        )
        for number in range(1, count + 1)
    ]
    people = st.integers(1, max(count, 1))
    pairs = draw(st.sets(st.tuples(people, people).filter(lambda pair: pair[0] < pair[1]), max_size=60))
    return seekers, frozenset(pairs)


@settings(max_examples=150, deadline=None)
@given(seekers_with_pairs(), st.randoms(use_true_random=False))
def test_no_limit_is_ever_broken(world, shuffle):
    seekers, pairs = world
    found = match(seekers, pairs, NOW)
    by_id = {one.member_id: one for one in seekers}
    everybody = [member_id for one in found for member_id in one.member_ids]
    assert len(everybody) == len(set(everybody))
    assert set(everybody) <= set(by_id)
    for one in found:
        members = [by_id[member_id] for member_id in one.member_ids]
        assert 3 <= len(members) <= 5
        assert set.intersection(*(set(member.languages) for member in members))
        steps = [member.step for member in members]
        assert max(steps) - min(steps) <= 2
        assert not any((a, b) in pairs for a in one.member_ids for b in one.member_ids)
        shared = sorted(set.intersection(*(_hours_of(member.zone, member.windows) for member in members)))
        assert len(shared) == one.terms.hours >= 2
        _check_rhythm(one.terms.rhythm, shared, members)
    shuffled = list(seekers)
    shuffle.shuffle(shuffled)
    assert match(shuffled, pairs, NOW) == found


@functools.cache
def _hours_of(zone, windows):
    """Counted apart from the program, quarter by quarter."""
    return {hour for hour in range(HOURS) if all(_is_inside(windows, local) for local in _quarters(zone, hour))}


def _quarters(zone, hour):
    begins = WEEK + timedelta(hours=hour)
    return [(begins + timedelta(minutes=minutes)).astimezone(ZoneInfo(zone)) for minutes in (0, 15, 30, 45)]


def _is_inside(windows, local):
    night = local - timedelta(hours=2)
    day = "weekend" if local.weekday() > 4 else "weekday"
    name = None
    if 7 <= local.hour < 11:
        name = f"{day}_mornings"
    elif 11 <= local.hour < 17:
        name = f"{day}_days"
    elif 17 <= local.hour < 22:
        name = f"{day}_evenings"
    elif (local.hour >= 22 or local.hour < 1) and night.weekday() < 5:
        name = "weekday_nights"
    return name in set(windows)


def _check_rhythm(rhythm, shared, members):
    """The hour of the check-in is one that all of them share, on the clocks of one of them."""
    assert rhythm.zone in {member.zone for member in members}
    at = next_time(rhythm, WEEK - timedelta(microseconds=1))
    begins = (at - WEEK) / timedelta(hours=1)
    assert int(begins) % HOURS in shared
    if begins % 1:  # it may begin half an hour later where clocks are half an hour off
        whole = at.astimezone(ZoneInfo(rhythm.zone)).minute == 0
        assert not whole or (int(begins) + 1) % HOURS in shared


@settings(max_examples=60, deadline=None)
@given(seekers_with_pairs())
def test_nobody_is_left_who_could_join_or_found_a_group(world):
    seekers, pairs = world
    found = match(seekers, pairs, NOW)
    placed = {member_id for one in found for member_id in one.member_ids}
    left = [person_of(one, WEEK) for one in seekers if one.member_id not in placed]
    by_id = {one.member_id: person_of(one, WEEK) for one in seekers}

    def fit(people):
        ids = [person.member_id for person in people]
        shared = shared_by(people)
        is_near = shared.last_step - shared.first_step <= 1
        return (
            is_near
            and shared.languages
            and shared.hours.bit_count() >= 2
            and not any((a, b) in pairs for a in ids for b in ids)
        )

    for person in left:
        for one in found:
            group = [by_id[member_id] for member_id in one.member_ids]
            assert len(group) == 5 or not fit([*group, person])


# Rhythms, words and names


def person(member_id, zone="Europe/Berlin", *, hours=None, step=2, pace=5.0, languages=1, days=0):
    free = free_hours(zone, EVENINGS, WEEK) if hours is None else hours
    return Person(member_id, free, languages, step, pace, zone, NOW - days * DAY)


def test_the_check_in_is_an_evening_for_most_on_the_clocks_of_most():
    people = [person(1, "Europe/Berlin"), person(2, "Europe/London"), person(3, "Europe/London")]
    hours = shared_by(people).hours
    assert best_rhythm(people, hours, WEEK) == Rhythm(6, 19 * 60, "Europe/London")
    assert best_rhythm(people[:2], shared_by(people[:2]).hours, WEEK).zone == "Europe/Berlin"


def test_where_only_few_hours_are_shared_one_of_them_is_taken():
    morning = 1 << (3 * 24 + 7)
    assert best_rhythm([person(1, "UTC"), person(2, "Asia/Tokyo")], morning, WEEK) == Rhythm(3, 7 * 60, "UTC")


def test_a_check_in_begins_when_a_clock_strikes_if_it_can():
    people = [person(1, "Asia/Kolkata"), person(2, "Asia/Kolkata"), person(3, "Asia/Kolkata")]
    assert best_rhythm(people, shared_by(people).hours, WEEK) == Rhythm(6, 19 * 60, "Asia/Kolkata")
    one_hour = 1 << (6 * 24 + 13)
    assert best_rhythm(people, one_hour, WEEK) == Rhythm(6, 18 * 60 + 30, "Asia/Kolkata")


@pytest.mark.parametrize(
    ("steps", "rhythm", "languages", "words"),
    [
        ((2, 2, 2), Rhythm(6, 1140, "UTC"), ("English",), "all on step 2, Sunday evenings, English"),
        (
            (3, 2, 3),
            Rhythm(0, 480, "UTC"),
            ("English", "German"),
            "on steps 2 and 3, Monday mornings, English and German",
        ),
        ((1,), Rhythm(5, 720, "UTC"), (), "all on step 1, Saturday afternoons"),
        ((1,), Rhythm(4, 1320, "UTC"), (), "all on step 1, Friday nights"),
        ((1,), Rhythm(4, 1020, "UTC"), (), "all on step 1, Friday evenings"),
        ((1,), Rhythm(4, 30, "UTC"), (), "all on step 1, Friday nights"),
    ],
)
def test_what_is_shared_in_words(steps, rhythm, languages, words):
    assert describe_shared(steps, rhythm, languages) == words


def test_the_hours_of_a_check_in_go_round_the_week():
    late = Rhythm(6, 23 * 60 + 30, "UTC")
    assert list(places_of(first_hour(late, WEEK))) == [167]
    assert list(places_of(rhythm_hours(late, WEEK))) == [0, 167]
    assert list(places_of(rhythm_hours(Rhythm(0, 0, "UTC"), WEEK))) == [0, 1]
    assert list(places_of(first_hour(Rhythm(0, 8 * 60, "Asia/Tokyo"), WEEK))) == [167]


def test_a_name_is_free_and_not_always_the_same():
    assert choose_name([1], []) != choose_name([2], [])
    taken = []
    for number in range(100):
        name = choose_name([number, number + 1], [one.upper() for one in taken])
        assert name.casefold() not in {one.casefold() for one in taken}
        assert 3 <= len(name) <= 60
        taken.append(name)


# Changes


TUESDAYS = Rhythm(1, 19 * 60, "Europe/Berlin")


def group(group_id, *members, rhythm=TUESDAYS, owner=None):
    return LivingGroup(group_id, rhythm, owner or members[0].member_id, members)


def stored(**values):
    standard = dict(
        id=1, guild_id=1, name="G", owner_id=1, step=None, language=None, goal=None, is_open=False, is_private=True,
        parent_id=1, home_id=2, rhythm=Rhythm(1, 1140, "Europe/Berlin"), window_days=2, state=GroupState.ACTIVE,
        paused_until=None, note=None, made_at=NOW - YOUNG, ended_at=None,
    )  # fmt: skip
    return Group(**(standard | values))


def members_of(draft, part):
    return [member.member_id for member in draft.members if member.part == part]


@pytest.mark.parametrize(
    ("size", "values", "needed"),
    [
        (0, {}, False),
        (1, {}, True),
        (2, {}, True),
        (3, {}, False),
        (5, {}, False),
        (6, {}, True),
        (2, dict(made_at=NOW - YOUNG + DAY), False),
        (2, dict(state=GroupState.PAUSED), False),
        (2, dict(state=GroupState.HOMELESS), False),
    ],
)
def test_which_groups_need_a_change(size, values, needed):
    assert needs_change(stored(**values), size, NOW) is needed


def test_members_of_a_group_probably_have_time_in_the_evening_and_when_they_check_in():
    hours = hours_on(
        "Europe/Berlin", assumed_hours("Europe/Berlin", stored(rhythm=Rhythm(2, 360, "Europe/Berlin")), WEEK)
    )
    assert {"Wed 06:00", "Wed 07:00", "Mon 17:00", "Sun 08:00"} <= set(hours)
    assert "Mon 12:00" not in hours


def test_a_small_group_gets_seekers_who_fit_its_hours():
    small = group(7, person(1), person(2))
    seekers = [
        person(3, step=5),
        person(4, languages=2),
        person(5, hours=free_hours("Europe/Berlin", (Window.WEEKEND_EVENINGS,), WEEK)),  # not on Tuesdays
        person(6, days=3),
        person(8),
        person(9),
    ]
    (draft,) = propose_changes([small], seekers, (), Refused(), NOW)
    assert draft.kind is ProposalKind.ADD
    assert draft.groups == (7,)
    assert (members_of(draft, 0), members_of(draft, 1)) == ([1, 2], [6, 8])
    assert draft.terms.rhythm == small.rhythm
    assert draft.terms.words == "all on step 2, Tuesday evenings, English"


def test_seekers_whom_a_group_knows_or_who_were_refused_are_not_added():
    small, seekers = group(7, person(1), person(2)), [person(3), person(4), person(5), person(6)]
    refused = Refused(added=frozenset({(7, 4), (8, 5)}))
    (draft,) = propose_changes([small], seekers, {(1, 3)}, refused, NOW)
    assert members_of(draft, 1) == [5, 6]
    assert propose_changes([small], seekers[:2], {(1, 3)}, refused, NOW) == ()


def test_a_group_of_one_is_not_added_to_if_it_stays_too_small():
    assert propose_changes([group(7, person(1))], [person(2)], (), Refused(), NOW) == ()
    (draft,) = propose_changes([group(7, person(1))], [person(2), person(3)], (), Refused(), NOW)
    assert members_of(draft, 1) == [2, 3]


def test_members_who_look_for_another_group_are_not_added_to_their_own():
    assert propose_changes([group(7, person(1), person(2))], [person(1), person(2)], (), Refused(), NOW) == ()


def test_nobody_is_added_to_two_groups():
    drafts = propose_changes(
        [group(7, person(1), person(2)), group(8, person(3), person(4))], [person(5)], (), Refused(), NOW
    )
    assert [draft.kind for draft in drafts] == [ProposalKind.ADD]
    drafts = propose_changes([group(7, person(1), person(2)), group(8, person(3))], [person(5)], (), Refused(), NOW)
    assert [(draft.kind, draft.groups) for draft in drafts] == [(ProposalKind.ADD, (7,))]


def test_small_groups_without_seekers_are_merged_and_the_larger_one_goes_on():
    one, other = group(7, person(1)), group(8, person(2), person(3), rhythm=Rhythm(3, 20 * 60, "Europe/London"))
    (draft,) = propose_changes([one, other], [], (), Refused(), NOW)
    assert (draft.kind, draft.groups, draft.terms.into) == (ProposalKind.MERGE, (8, 7), 8)
    assert draft.terms.rhythm == other.rhythm
    assert (members_of(draft, 0), members_of(draft, 1)) == ([2, 3], [1])
    (draft,) = propose_changes([group(9, person(1), person(4)), other], [], (), Refused(), NOW)
    assert draft.terms.into == 8  # of equals the older one


@pytest.mark.parametrize(
    ("other", "pairs", "refused"),
    [
        (group(8, person(3, step=6), person(4)), (), Refused()),
        (group(8, person(3, languages=2), person(4)), (), Refused()),
        (group(8, person(3, hours=3), person(4)), (), Refused()),
        (group(8, person(2), person(4)), (), Refused()),  # somebody is in both
        (group(8, person(3), person(4)), {(1, 4)}, Refused()),
        (group(8, person(3), person(4)), (), Refused(merged=frozenset({(7, 8)}))),
    ],
)
def test_groups_that_do_not_fit_are_not_merged(other, pairs, refused):
    assert propose_changes([group(7, person(1), person(2)), other], [], pairs, refused, NOW) == ()


def test_each_group_is_in_one_merger():
    groups = [group(number, person(2 * number), person(2 * number + 1)) for number in range(1, 6)]
    drafts = propose_changes(groups, [], (), Refused(), NOW)
    assert [draft.groups for draft in drafts] == [(1, 2), (3, 4)]


def test_a_big_group_is_split_by_its_hours_and_the_part_with_the_owner_stays():
    early = free_hours("Europe/Berlin", (Window.WEEKEND_MORNINGS,), WEEK)
    late = free_hours("Europe/Berlin", (Window.WEEKEND_EVENINGS,), WEEK)
    people = [person(number, hours=early if number % 2 else late) for number in range(1, 7)]
    (draft,) = propose_changes([group(7, *people, owner=2)], [], (), Refused(), NOW)
    assert (draft.kind, draft.groups) == (ProposalKind.SPLIT, (7,))
    assert (members_of(draft, 0), members_of(draft, 1)) == ([2, 4, 6], [1, 3, 5])
    assert draft.terms.rhythm == Rhythm(6, 10 * 60, "Europe/Berlin")
    assert propose_changes([group(7, *people)], [], (), Refused(split=frozenset({7})), NOW) == ()
    assert propose_changes([group(7, *people[:5])], [], (), Refused(), NOW) == ()


def test_a_big_group_without_common_hours_or_owner_is_split_all_the_same():
    people = [person(number, hours=1 << number) for number in range(1, 9)]
    (draft,) = propose_changes([LivingGroup(7, Rhythm(1, 1140, "UTC"), None, tuple(people))], [], (), Refused(), NOW)
    assert min(len(members_of(draft, part)) for part in (0, 1)) >= 3
    assert draft.terms.rhythm == Rhythm(1, 1140, "Europe/Berlin") or draft.terms.rhythm.weekday == 1


def test_a_language_that_was_not_said_fits_all_and_is_not_named():
    people = [person(number, languages=ALL_LANGUAGES) for number in (1, 2)]
    (draft,) = propose_changes(
        [group(7, *people), group(8, person(3, languages=ALL_LANGUAGES))], [], (), Refused(), NOW
    )
    assert (draft.terms.words, draft.terms.language) == ("all on step 2, Tuesday evenings", None)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000))
def test_no_change_breaks_a_limit(seed):
    rng = random.Random(seed)
    numbers = iter(range(1, 200))

    def anybody():
        zone = rng.choice(_ZONES[:5])
        hours = free_hours(zone, tuple(rng.sample(tuple(Window), 4)), WEEK) | rhythm_hours(Rhythm(1, 1140, "UTC"), WEEK)
        return person(next(numbers), zone, hours=hours, step=rng.randint(1, 4), languages=rng.choice([1, 2, 3]))

    groups = [
        group(number, *(anybody() for _ in range(rng.choice([1, 2, 2, 6, 7, 8]))), rhythm=Rhythm(1, 1140, "UTC"))
        for number in range(1, 8)
    ]
    seekers = [anybody() for _ in range(rng.randint(0, 8))]
    everybody = {one.member_id: one for one in [*seekers, *(one for found in groups for one in found.members)]}
    pairs = {tuple(sorted(rng.sample(sorted(everybody), 2))) for _ in range(30)}
    drafts = propose_changes(groups, seekers, pairs, Refused(), NOW)
    used = [group_id for draft in drafts for group_id in draft.groups]
    assert len(used) == len(set(used))
    added = [id_ for draft in drafts if draft.kind is ProposalKind.ADD for id_ in members_of(draft, 1)]
    assert len(added) == len(set(added))
    for draft in drafts:
        people = [everybody[member.member_id] for member in draft.members]
        parts = [members_of(draft, part) for part in (0, 1)]
        if draft.kind is ProposalKind.SPLIT:
            assert min(map(len, parts)) >= 3
            assert max(map(len, parts)) <= 5
            continue
        assert len(people) <= 5
        shared = shared_by(people)
        assert shared.languages
        assert shared.last_step - shared.first_step <= 2
        assert shared.hours & first_hour(draft.terms.rhythm, WEEK)
        assert shared.hours.bit_count() >= 2
        assert not any((min(a, b), max(a, b)) in pairs for a in parts[0] for b in parts[1])


# Answers


def said(answers, part=0, first=1):
    """y for yes, n for no, - for nothing."""
    known = {"y": Answer.YES, "n": Answer.NO, "-": None}
    return [ProposalMember(number, part, known[answer]) for number, answer in enumerate(answers, first)]


O, A, D, E = ProposalState.OPEN, ProposalState.ACCEPTED, ProposalState.DECLINED, ProposalState.EXPIRED  # noqa: E741


@pytest.mark.parametrize(
    ("answers", "before", "after"),
    [
        ("----", O, E),
        ("yyy-", O, A),
        ("yyyy", A, A),
        ("yyyn", A, A),
        ("yynn", D, D),
        ("nn--", D, D),
        ("n---", O, E),
        ("yy--", O, E),
        ("yyy", A, A),
        ("yyn", D, D),
        ("yy", D, D),
        ("", D, D),
        ("nnyyy", A, A),
        ("nn-yy", O, E),
    ],
)
def test_a_new_group_is_made_of_those_who_accept(answers, before, after):
    members = said(answers)
    assert decide(ProposalKind.FORM, members, (), is_over=False) is before
    assert decide(ProposalKind.FORM, members, (), is_over=True) is after


@pytest.mark.parametrize(
    ("members", "seekers", "before", "after"),
    [
        ("yy", "y", A, A),
        ("yy", "y-", O, A),
        ("yy", "yn", A, A),
        ("yy", "n", D, D),
        ("yy", "-", O, E),
        ("y-", "yy", O, E),
        ("yn", "yy", D, D),
        ("yy", "", D, D),
        ("", "yy", D, D),
    ],
)
def test_seekers_are_added_if_the_whole_group_accepts(members, seekers, before, after):
    known = [*said(members), *said(seekers, 1, first=11)]
    inside = [list(range(1, len(members) + 1))]
    assert decide(ProposalKind.ADD, known, inside, is_over=False) is before
    assert decide(ProposalKind.ADD, known, inside, is_over=True) is after


@pytest.mark.parametrize(
    ("answers", "groups", "before", "after"),
    [
        ("yyyy", [[1, 2], [3, 4]], A, A),
        ("yyy-", [[1, 2], [3, 4]], O, E),
        ("yyyn", [[1, 2], [3, 4]], D, D),
        ("yyyy", [[1, 2], []], D, D),  # the other one has ended
        ("yyyy", [[1, 2], [3, 4, 5]], D, D),  # somebody has joined who was not asked
        ("yyyn", [[1, 2], [3]], A, A),  # who has left is not asked any more
    ],
)
def test_a_merger_needs_everybody(answers, groups, before, after):
    known = said(answers)
    assert decide(ProposalKind.MERGE, known, groups, is_over=False) is before
    assert decide(ProposalKind.MERGE, known, groups, is_over=True) is after


@pytest.mark.parametrize(
    ("staying", "leaving", "inside", "before", "after"),
    [
        ("yyy", "yyy", [1, 2, 3, 11, 12, 13], A, A),
        ("yyy", "yy-", [1, 2, 3, 11, 12, 13], O, E),
        ("yyy", "yyn", [1, 2, 3, 11, 12, 13], D, D),
        ("yyy", "yyy", [1, 2, 3, 11, 12], D, D),  # a part has become too small
        ("yyy", "yyy", [1, 2, 3, 11, 12, 13, 14], D, D),
        ("yyyy", "yyy", [1, 2, 3, 11, 12, 13], A, A),
    ],
)
def test_a_split_needs_everybody_and_three_on_each_side(staying, leaving, inside, before, after):
    known = [*said(staying), *said(leaving, 1, first=11)]
    assert decide(ProposalKind.SPLIT, known, [inside], is_over=False) is before
    assert decide(ProposalKind.SPLIT, known, [inside], is_over=True) is after


def proposal(kind, state, members, groups=()):
    return Proposal(1, 1, kind, state, tuple(groups), tuple(members), {}, 1, None, NOW, NOW)


def test_what_did_not_come_about_is_not_proposed_again():
    refused = find_refused(
        [
            proposal(ProposalKind.FORM, D, said("yyn-")),
            proposal(ProposalKind.FORM, A, said("yyyn", first=11)),
            proposal(ProposalKind.ADD, D, [*said("yn"), *said("y", 1, first=21)], [5]),
            proposal(ProposalKind.ADD, A, [*said("yy"), *said("yn", 1, first=31)], [6]),
            proposal(ProposalKind.MERGE, E, said("yy-"), [9, 8]),
            proposal(ProposalKind.MERGE, A, said("yyy"), [2, 1]),
            proposal(ProposalKind.SPLIT, D, said("yyyyyn"), [4]),
        ]
    )
    assert refused.pairs == {(1, 3), (2, 3), (3, 4), (1, 4), (2, 4), (11, 14), (12, 14), (13, 14)}
    assert refused.added == {(5, 21)}
    assert refused.merged == {(8, 9)}
    assert refused.split == {4}
