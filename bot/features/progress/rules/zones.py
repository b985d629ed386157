"""Time zones: a guess from the language of somebody's Discord, what people type, and what to suggest.

Learners think in cities and countries, zones have names such as Europe/Berlin. Offsets such as UTC+2 are not
taken: in most places they are wrong for half of the year.
"""

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

from rapidfuzz import fuzz, process

from bot.errors import MemberError
from bot.ui.text import escape, shorten

MOST_CHOICES = 25
_SIMILAR_FROM = 74
_LENGTH = 64
_LEAST_OF_COUNTRY = 3
"""Letters of a country's name; fewer would suggest half of the world."""

_REGIONS = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/")
_OCEANIA = "Pacific/"

_BY_LOCALE: Mapping[str, str] = {
    "bg": "Europe/Sofia",
    "cs": "Europe/Prague",
    "da": "Europe/Copenhagen",
    "de": "Europe/Berlin",
    "el": "Europe/Athens",
    "en-GB": "Europe/London",
    "fi": "Europe/Helsinki",
    "hi": "Asia/Kolkata",
    "hr": "Europe/Zagreb",
    "hu": "Europe/Budapest",
    "it": "Europe/Rome",
    "ja": "Asia/Tokyo",
    "ko": "Asia/Seoul",
    "lt": "Europe/Vilnius",
    "nl": "Europe/Amsterdam",
    "no": "Europe/Oslo",
    "pl": "Europe/Warsaw",
    "ro": "Europe/Bucharest",
    "sv-SE": "Europe/Stockholm",
    "th": "Asia/Bangkok",
    "tr": "Europe/Istanbul",
    "uk": "Europe/Kyiv",
    "vi": "Asia/Ho_Chi_Minh",
    "zh-CN": "Asia/Shanghai",
    "zh-TW": "Asia/Taipei",
}
"""Languages of Discord that are at home in one zone. English, Spanish, French, Portuguese and Russian are not."""

_UTC = frozenset({"utc", "gmt", "z", "zulu", "greenwich", "utc_0", "gmt_0"})

_ABBREVIATIONS: Mapping[str, str] = {
    "cet": "Europe/Berlin",
    "cest": "Europe/Berlin",
    "mez": "Europe/Berlin",
    "mesz": "Europe/Berlin",
    "wet": "Europe/Lisbon",
    "eet": "Europe/Helsinki",
    "bst": "Europe/London",
    "msk": "Europe/Moscow",
    "est": "America/New_York",
    "edt": "America/New_York",
    "et": "America/New_York",
    "cst": "America/Chicago",
    "cdt": "America/Chicago",
    "ct": "America/Chicago",
    "mst": "America/Denver",
    "mdt": "America/Denver",
    "mt": "America/Denver",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "pt": "America/Los_Angeles",
    "ist": "Asia/Kolkata",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "sgt": "Asia/Singapore",
    "aest": "Australia/Sydney",
    "aedt": "Australia/Sydney",
    "nzst": "Pacific/Auckland",
}
"""Each is used in several places, and often for half of the year only, so it leads to a question."""

_COUNTRIES: Mapping[str, str] = {
    "usa": "US",
    "us": "US",
    "america": "US",
    "united_states_of_america": "US",
    "uk": "GB",
    "united_kingdom": "GB",
    "great_britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "south_korea": "KR",
    "korea": "KR",
    "czechia": "CZ",
    "holland": "NL",
    "turkiye": "TR",
    "uae": "AE",
    "deutschland": "DE",
}
"""Names of countries that the table of ISO 3166 writes otherwise."""

_COMMON = (
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Warsaw",
    "Europe/Istanbul",
    "Africa/Lagos",
    "Africa/Nairobi",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Jakarta",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/Bogota",
    "America/Sao_Paulo",
    "UTC",
)
_OFFSET = re.compile(r"(?:utc|gmt)?\s*[+\-−–]\s*\d{1,2}(?:[:.]?\d{2})?\s*h?")


@functools.cache
def zone_names() -> tuple[str, ...]:
    """Every zone that is named after a place, and UTC."""
    places = (name for name in available_timezones() if name.startswith((*_REGIONS, _OCEANIA)))
    return (*sorted(places), "UTC")


def guess_zone(locale: str) -> str | None:
    """The zone of a language of Discord that is spoken in one zone only."""
    name = _BY_LOCALE.get(locale)
    return name if name in zone_names() else None


def local_time(name: str, now: datetime) -> str:
    """The time on the wall there: "14:05"."""
    return now.astimezone(ZoneInfo(name)).strftime("%H:%M")


def parse_zone(text: str, now: datetime) -> str | None:
    """The name of the zone that somebody means by a zone, a city or a country; None if nothing was written.

    Raises:
        MemberError: it is not clear which zone that is; the text says what would be.
    """
    typed = " ".join(text.split())[:_LENGTH]
    if not typed:
        return None
    key = _key(typed)
    if name := _by_name().get(key):
        return name
    if key in _UTC:
        return "UTC"
    if _OFFSET.fullmatch(typed.casefold()):
        raise MemberError(
            f"{escape(typed)} changes with summer time in many places. Please name a city, for example Europe/Berlin."
        )
    if key in _ABBREVIATIONS:
        raise MemberError(
            f"{escape(typed)} is used in more than one place. Please name a city, for example {_ABBREVIATIONS[key]}."
        )
    place = _key(re.split(r"[,(]", typed)[0])
    return _by_city().get(place) or _of_country(place, now) or _fail(typed, place)


def _of_country(place: str, now: datetime) -> str | None:
    names = _by_country().get(_COUNTRIES.get(place, place), ())
    if not names:
        return None
    if len({_offsets(name, now) for name in names}) == 1:
        return names[0]
    examples = ", ".join(sorted(names, key=lambda name: name not in _COMMON)[:3])
    raise MemberError(f"There are several time zones in that country. Please name a city, for example {examples}.")


def _offsets(name: str, now: datetime) -> tuple[object, object]:
    """What the zone is in winter and in summer."""
    winter, summer = (datetime(now.year, month, 1, tzinfo=UTC).astimezone(ZoneInfo(name)) for month in (1, 7))
    return winter.utcoffset(), summer.utcoffset()


def _fail(typed: str, place: str) -> str:
    near = _similar(place)
    hint = f"Did you mean {_either(near)}?" if near else "Please name your country or a large city near you."
    raise MemberError(f"I do not know the time zone “{escape(shorten(typed, 40))}”. {hint}")


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _similar(place: str, limit: int = 3) -> list[str]:
    """Zones whose city is written nearly alike."""
    cities = _by_city()
    found = process.extract(place, list(cities), scorer=fuzz.ratio, score_cutoff=_SIMILAR_FROM, limit=limit)
    return list(dict.fromkeys(cities[city] for city, _score, _index in found))


# Suggestions


def suggest_zones(text: str, now: datetime, likely: Iterable[str | None] = ()) -> list[tuple[str, str]]:
    """What to offer while somebody types: labels with the present local time, and the names of the zones."""
    key = _key(text)
    names = _matching(key) if key else [*likely, *_COMMON]
    known = [name for name in dict.fromkeys(names) if name in zone_names()]
    return [(f"{name} · {local_time(name, now)}", name) for name in known[:MOST_CHOICES]]


def _matching(key: str) -> list[str]:
    """Zones of a country that is named whole, then those that begin with what was typed, then those that contain it.

    Old names and near misses come only where nothing else does.
    """
    country = _by_country().get(_COUNTRIES.get(key, key), ())
    current = [name for name in zone_names() if name in _current() or name == "UTC"]
    found = [*country, *_containing(key, current), *_of_countries(key)]
    return found or _containing(key, zone_names()) or _similar(key.rpartition("/")[2], MOST_CHOICES)


def _containing(key: str, names: Sequence[str]) -> list[str]:
    starts = [name for name in names if _key(name.rpartition("/")[2]).startswith(key)]
    return [*starts, *(name for name in names if key in _key(name))]


def _of_countries(key: str) -> list[str]:
    """Zones of countries whose name begins so."""
    return [
        name
        for title, names in _by_country().items()
        if len(key) >= _LEAST_OF_COUNTRY and title.startswith(key)
        for name in names
    ]


# Tables


def _key(text: str) -> str:
    """Without case, accents and the many ways to part words."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[\s._\-’']+", "_", plain).strip("_")


@functools.cache
def _by_name() -> Mapping[str, str]:
    return {_key(name): name for name in zone_names()}


@functools.cache
def _by_city() -> Mapping[str, str]:
    """Zones by their city; of several names for one place the one that is current wins."""
    ordered = sorted(zone_names(), key=lambda name: (name in _current(), -len(name)))
    return {_key(name.rpartition("/")[2]): name for name in ordered}


@functools.cache
def _current() -> frozenset[str]:
    """The names that are in use today; the others are kept for old programs."""
    return frozenset(name for names in _by_country().values() for name in names)


@functools.cache
def _by_country() -> Mapping[str, tuple[str, ...]]:
    """Zones by the code and by the name of their country, the most populous first."""
    found: dict[str, list[str]] = {}
    for code, _position, name, *_comment in _table("zone.tab"):
        if name in zone_names():
            found.setdefault(code, []).append(name)
    titles = {code: _key(re.sub(r"\s*\(.*\)", "", title)) for code, title in _table("iso3166.tab")}
    by_title = {titles[code]: names for code, names in found.items() if code in titles}
    return {key: tuple(names) for key, names in (found | by_title).items()}


def _table(file: str) -> Iterator[list[str]]:
    text = resources.files("tzdata").joinpath("zoneinfo", file).read_text(encoding="utf-8")
    return (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
