"""Hours a week, as people write them: "5", "5h", "4-6", "1 hour a day"."""

import re

from bot.errors import MemberError

LEAST, MOST = 1, 40

_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()
_NUMBER = r"\d+(?:\.\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\s*(?:h|hrs?|hours?)?\s*(?:-|–|—|to|or|bis)\s*({_NUMBER})")
_CLOCK = re.compile(rf"({_NUMBER})\s*(?:h|hrs?|hours?)\s*(?:and\s*)?(\d+)\s*(?:m|mins?|minutes?)?\b")
_MINUTES = re.compile(rf"({_NUMBER})\s*(?:m|mins?|minutes?)\b")
_NEGATIVE = re.compile(r"\D*[-–−]\d")
_DAILY = re.compile(r"\b(?:a|per|each|every)\s*day\b|/\s*d(?:ay)?\b|\bdaily\b")


def parse_hours(text: str) -> float | None:
    """The hours a week, the middle of a range; None if nothing was written.

    Raises:
        MemberError: it cannot be read, or is too little or too much.
    """
    plain = _plain(text)
    if not plain:
        return None
    hours = 0.0 if _NEGATIVE.match(plain) else _read(plain)
    if hours is None:
        raise MemberError(f"I could not read the hours a week. Please write a number from {LEAST} to {MOST}, like 5.")
    hours = round(hours * (7 if _DAILY.search(plain) else 1), 1)
    if not LEAST <= hours <= MOST:
        raise MemberError(f"The hours a week have to be from {LEAST} to {MOST}. A small number that lasts is fine.")
    return hours


def _plain(text: str) -> str:
    plain = re.sub(r"(\d),(\d)", r"\1.\2", text.casefold().strip())
    return re.sub(r"[a-z]+", lambda word: str(_WORDS.index(word[0])) if word[0] in _WORDS else word[0], plain)


def _read(plain: str) -> float | None:
    numbers = re.findall(_NUMBER, plain)
    if len(numbers) == 2:
        if clock := _CLOCK.search(plain):
            return float(clock[1]) + float(clock[2]) / 60
        if between := _RANGE.search(plain):
            return (float(between[1]) + float(between[2])) / 2
    if len(numbers) != 1:
        return None
    return float(numbers[0]) / 60 if _MINUTES.search(plain) else float(numbers[0])
