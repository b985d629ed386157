"""Numbers as people write them, and as they read them.

`parse_number` takes a point or a comma for the decimals, spaces, apostrophes, commas or points between thousands,
fractions, powers of ten and percentages. Where a text can be read in two ways, it is read as in English:

- "1,000" is a thousand, as only thousands fit a comma before three digits. "0,881" is 0.881, for no thousands begin
  with a zero, and "1,5" or "1000,250" have a decimal comma, for their digits are no groups of three.
- "1.000" is one. "1.000.000" is a million, for a number has no two decimal points.
"""

import math
import re
from collections.abc import Callable

LONGEST = 60
"""Nobody writes a longer number; what is longer is not read."""

_MOST_EXPONENT = 300
_SHORTEST_PLURAL = 4
_WHOLE_BELOW = 1e15

_SAME = str.maketrans(
    {
        **dict.fromkeys("−–—‐‑﹣-", "-"),
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\t\n", " "),
        **dict.fromkeys("’ʼ`´", "'"),
        "⁄": "/",
        "÷": "/",
        "％": "%",
    }
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_PERCENT_UNITS = frozenset({"%", "percent", "percentage point"})

_TERM = re.compile(
    r"""
    (?P<digits> [0-9][0-9.,\ ']* | [.,][0-9]+ )
    (?: \ ?\^\ ? (?P<power> [+-]?[0-9]{1,3})
      | [eE] (?P<exponent> [+-]?[0-9]{1,3})
      | \ ?[*·×x]\ ?10\ ?\^\ ? (?P<ten> [+-]?[0-9]{1,3})
    )?
    """,
    re.VERBOSE,
)
_RAISED_DIGITS = re.compile("(?<=[0-9])[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_GROUPED = {mark: re.compile(rf"[1-9][0-9]{{0,2}}(?:{re.escape(mark)}[0-9]{{3}})+") for mark in ",. '"}


def parse_number(text: str, unit: str | None = None) -> float | None:
    """What a text says as a number; None if it says none that can be told from rubbish.

    `unit` is what the number is asked in. It may stand behind the number, and only if it is no percentage itself does
    a percent sign divide by 100.
    """
    if len(text) > LONGEST:
        return None
    plain = _without_unit(" ".join(_unraised(text.translate(_SAME)).split()), unit)
    is_percentage = plain.endswith("%") and _singular(unit or "") not in _PERCENT_UNITS
    size = _quotient(plain.removesuffix("%").rstrip().removeprefix("+").removeprefix("-").lstrip())
    if size is None or plain.startswith("+-"):
        return None
    size = size / 100 if is_percentage else size
    return -size if plain.startswith("-") else size


def format_number(number: float) -> str:
    """The shortest text that says a number to ten digits: 4, 0.63, 1e-7."""
    if abs(number) < _WHOLE_BELOW and number == int(number):
        return str(int(number))
    text = f"{number:.10g}"
    digits, _, exponent = text.partition("e")
    return f"{digits}e{int(exponent)}" if exponent else digits


# Parts of a text


def _unraised(text: str) -> str:
    """10⁻³ as 10^-3."""
    return _RAISED_DIGITS.sub(lambda found: f"^{found[0].translate(_RAISED)}", text)


def _without_unit(text: str, unit: str | None) -> str:
    """The text before the unit, which may be written in the singular and in any case."""
    if not unit or unit == "%":
        return text
    wanted = _singular(unit)
    for written in (wanted, f"{wanted}s"):
        if text.casefold().endswith(written) and len(text.casefold()) == len(text):
            return text[: -len(written)].rstrip()
    return text


def _singular(unit: str) -> str:
    """Short units such as s and ms are no plurals."""
    plain = " ".join(unit.split()).casefold()
    return plain.removesuffix("s") if len(plain) >= _SHORTEST_PLURAL else plain


# Values


def _quotient(text: str) -> float | None:
    """A term, or one divided by another."""
    upper, slash, lower = text.partition("/")
    over, under = _term(upper.rstrip()), _term(lower.lstrip()) if slash else 1.0
    return _finite(lambda: over / under) if over is not None and under is not None else None


def _term(text: str) -> float | None:
    """A decimal number, also with a power of ten, or one decimal number raised to a whole power."""
    found = _TERM.fullmatch(text)
    digits = _decimal(found["digits"].rstrip()) if found else None
    if found is None or digits is None:
        return None
    exponent = int(found["power"] or found["exponent"] or found["ten"] or 0)
    if abs(exponent) > _MOST_EXPONENT:
        return None
    return _finite(lambda: float(digits) ** exponent if found["power"] else float(f"{digits}e{exponent}"))


def _finite(compute: Callable[[], float]) -> float | None:
    try:
        value = compute()
    except (OverflowError, ZeroDivisionError):
        return None
    return value if math.isfinite(value) else None


def _decimal(text: str) -> str | None:
    """A number with a decimal point and without groups of three; None if its groups are none."""
    whole, mark, decimals = _split(text)
    if decimals and not decimals.isdigit():
        return None
    digits = _ungrouped(whole, without=mark)
    return None if digits is None else f"{digits or 0}.{decimals or 0}"


def _split(text: str) -> tuple[str, str, str]:
    """The whole part, the decimal mark and the decimals. Without decimals, the mark is empty."""
    last = max(text.rfind(","), text.rfind("."))
    mark = text[last] if last >= 0 else ""
    is_grouping = bool(mark) and (text.count(mark) > 1 or (mark == "," and _GROUPED[","].fullmatch(text) is not None))
    if not mark or is_grouping:
        return text, "", ""
    return text[:last], mark, text[last + 1 :]


def _ungrouped(whole: str, *, without: str) -> str | None:
    """The digits of a whole part. What parts its thousands is always the same, and not the decimal mark."""
    if not whole or whole.isdigit():
        return whole
    for mark, grouped in _GROUPED.items():
        if mark != without and grouped.fullmatch(whole):
            return whole.replace(mark, "")
    return None
