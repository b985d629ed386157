"""What people type into /start: hours a week, and where they are."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.errors import MemberError
from bot.features.progress.rules.zones import guess_zone, local_time, parse_zone, suggest_zones, zone_names
from bot.features.start.rules.hours import parse_hours

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)

UNREADABLE = "I could not read the hours a week. Please write a number from 1 to 40, like 5."
OUT_OF_RANGE = "The hours a week have to be from 1 to 40. A small number that lasts is fine."


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("", None),
        ("  \n ", None),
        ("5", 5),
        (" 5 ", 5),
        ("5h", 5),
        ("5 h", 5),
        ("5 hours", 5),
        ("5 hours a week", 5),
        ("about 5", 5),
        ("~5", 5),
        ("ca. 5 h/week", 5),
        ("5+", 5),
        ("5.5", 5.5),
        ("5,5", 5.5),
        ("4-6", 5),
        ("4 - 6 h", 5),
        ("4–6", 5),
        ("4 -6", 5),
        ("Mon-Fri 5 h", 5),
        ("4h-6h", 5),
        ("4 to 6 hours", 5),
        ("4 or 5", 4.5),
        ("five", 5),
        ("Ten hours", 10),
        ("two to four", 3),
        ("1h30", 1.5),
        ("1 h 30 min", 1.5),
        ("1 hour and 30 minutes", 1.5),
        ("90 min", 1.5),
        ("1 hour a day", 7),
        ("30 minutes per day", 3.5),
        ("1-2 h daily", 10.5),
        ("2/day", 14),
        ("1", 1),
        ("40", 40),
        ("٥", 5),
    ],
)
def test_hours_are_read_leniently(text, hours):
    assert parse_hours(text) == hours


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lots", UNREADABLE),
        ("?", UNREADABLE),
        ("2 x 3 h", UNREADABLE),
        ("5 5", UNREADABLE),
        ("1 2 3", UNREADABLE),
        ("as much as I can", UNREADABLE),
        ("0", OUT_OF_RANGE),
        ("-3", OUT_OF_RANGE),
        ("about −3 h", OUT_OF_RANGE),
        ("0.5", OUT_OF_RANGE),
        ("41", OUT_OF_RANGE),
        ("30 min", OUT_OF_RANGE),
        ("8 hours a day", OUT_OF_RANGE),
        ("999999999999", OUT_OF_RANGE),
        ("5000-6000", OUT_OF_RANGE),
    ],
)
def test_what_is_no_number_of_hours_is_explained(text, sentence):
    with pytest.raises(MemberError) as refused:
        parse_hours(text)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("", None),
        ("   ", None),
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("Berlin, Germany", "Europe/Berlin"),
        ("Berlin (DE)", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("New-York", "America/New_York"),
        ("sao paulo", "America/Sao_Paulo"),
        ("São Paulo", "America/Sao_Paulo"),
        ("istanbul", "Europe/Istanbul"),
        ("Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("kiev", "Europe/Kiev"),
        ("Kyiv", "Europe/Kyiv"),
        ("calcutta", "Asia/Calcutta"),
        ("ho chi minh", "Asia/Ho_Chi_Minh"),
        ("utc", "UTC"),
        ("GMT", "UTC"),
        ("Germany", "Europe/Berlin"),
        ("india", "Asia/Kolkata"),
        ("japan", "Asia/Tokyo"),
        ("UK", "Europe/London"),
        ("South Korea", "Asia/Seoul"),
        ("Vietnam", "Asia/Ho_Chi_Minh"),
        ("Nigeria", "Africa/Lagos"),
    ],
)
def test_zones_are_read_leniently(text, zone):
    assert parse_zone(text, NOW) == zone


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "utc+2",
            r"utc+2 changes with summer time in many places. Please name a city, for example Europe/Berlin.",
        ),
        (
            "GMT -5:30",
            r"GMT \-5\:30 changes with summer time in many places. Please name a city, for example Europe/Berlin.",
        ),
        ("+02:00", r"+02\:00 changes with summer time in many places. Please name a city, for example Europe/Berlin."),
        ("CET", "CET is used in more than one place. Please name a city, for example Europe/Berlin."),
        ("pst", "pst is used in more than one place. Please name a city, for example America/Los_Angeles."),
        ("IST", "IST is used in more than one place. Please name a city, for example Asia/Kolkata."),
        (
            "USA",
            (
                "There are several time zones in that country. Please name a city, for example "
                "America/New_York, America/Chicago, America/Los_Angeles."
            ),
        ),
        (
            "Brazil",
            (
                "There are several time zones in that country. Please name a city, for example "
                "America/Sao_Paulo, America/Noronha, America/Belem."
            ),
        ),
        ("berln", "I do not know the time zone “berln”. Did you mean Europe/Berlin?"),
        (
            "Europ/Berlin",
            "I do not know the time zone “Europ/Berlin”. Please name your country or a large city near you.",
        ),
        (
            "*somewhere* <@1>",
            (
                "I do not know the time zone “\\*somewhere\\* \\<@\u200b1\\>”. "
                "Please name your country or a large city near you."
            ),
        ),
    ],
)
def test_an_unclear_zone_gets_a_hint(text, sentence):
    with pytest.raises(MemberError) as refused:
        parse_zone(text, NOW)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("locale", "zone"),
    [
        ("de", "Europe/Berlin"),
        ("ja", "Asia/Tokyo"),
        ("en-GB", "Europe/London"),
        ("uk", "Europe/Kyiv"),
        ("hi", "Asia/Kolkata"),
        ("en-US", None),
        ("es-ES", None),
        ("fr", None),
        ("pt-BR", None),
        ("ru", None),
        ("xx", None),
    ],
)
def test_the_language_tells_the_zone_only_where_it_is_clear(locale, zone):
    assert guess_zone(locale) == zone


def test_every_zone_that_is_offered_can_be_stored_and_used():
    assert len(zone_names()) > 300
    assert "UTC" in zone_names()
    for name in zone_names():
        assert len(name) <= 64
        assert ZoneInfo(name)
        assert parse_zone(name, NOW) == name


def test_suggestions_show_the_time_there():
    assert local_time("Asia/Kolkata", NOW) == "17:30"
    assert suggest_zones("berl", NOW)[0] == ("Europe/Berlin · 13:00", "Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("new y", "America/New_York"),
        ("london", "Europe/London"),
        ("germany", "Europe/Berlin"),
        ("ind", "America/Indiana/Indianapolis"),
        ("india", "Asia/Kolkata"),
        ("calcut", "Asia/Calcutta"),
        ("tokio", "Asia/Tokyo"),
        ("asia/ko", "Asia/Kolkata"),
        ("uk", "Europe/London"),
        ("utc", "UTC"),
    ],
)
def test_suggestions_begin_with_what_fits_best(text, first):
    found = [name for _, name in suggest_zones(text, NOW)]
    assert found[0] == first
    assert len(found) <= 25


def test_a_country_that_is_not_written_out_is_among_the_suggestions():
    assert "Europe/Berlin" in [name for _, name in suggest_zones("germ", NOW)]


def test_nothing_typed_offers_the_likely_ones_first():
    names = [name for _, name in suggest_zones("", NOW, ("Asia/Tokyo", None, "Europe/Berlin"))]
    assert names[:3] == ["Asia/Tokyo", "Europe/Berlin", "Europe/London"]
    assert len(names) == len(set(names)) <= 25


def test_nonsense_offers_nothing():
    assert suggest_zones("qqqqqqqq", NOW) == []
