"""Numbers as people write them."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.features.questions.rules.numbers import LONGEST, format_number, parse_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        (".5", 0.5),
        (",5", 0.5),
        ("5.", 5),
        ("  12 ", 12),
        ("+3", 3),
        ("-2", -2),
        ("−2", -2),
        ("– 2", -2),
        ("1/3", 1 / 3),
        ("-1 / 4", -0.25),
        ("0,5/2", 0.25),
        ("1⁄2", 0.5),
        ("50 %", 0.5),
        ("50%", 0.5),
        ("-0,5 %", -0.005),
        ("1e-3", 0.001),
        ("2.5E3", 2500),
        ("9e300", 9e300),
        ("10^-3", 0.001),
        ("10⁻³", 0.001),
        ("2^10", 1024),
        ("2·10⁻³", 0.002),
        ("2,5 x 10^-2", 0.025),
    ],
)
def test_one_writes_numbers_in_many_ways(text, number):
    assert parse_number(text) == pytest.approx(number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1 000", 1000),
        ("1\u202f000", 1000),
        ("1'000", 1000),
        ("1’000,5", 1000.5),
        ("1,000.5", 1000.5),
        ("1.000,5", 1000.5),
        ("12 345,678", 12345.678),
        ("1,234,567", 1234567),
        ("1.234.567", 1234567),
        ("1,234,567.25", 1234567.25),
        ("1.234.567,25", 1234567.25),
        ("10 240/1 024", 10),
    ],
)
def test_thousands_in_either_style(text, number):
    assert parse_number(text) == pytest.approx(number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,000", 1000),  # as in English
        ("2,866", 2866),
        ("1.000", 1),
        ("0,881", 0.881),  # no thousands begin with a zero
        ("1,00", 1),
        ("1000,250", 1000.25),
        ("1,0000", 1),
    ],
)
def test_what_is_ambiguous_is_read_as_in_english(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "+", "%", "e", ".", ",", "/", "^", "1e", "1^", "1/", "/2"),
        *("about three", "three", "3 or 4", "x = 3", "~3", "3!", "0x10", "1_000", "٣", "½"),
        *("--5", "+-5", "-+5", "1..5", "0.5.", "1,2,3", "1 2", "1 0.5", "1,00.5", "1 000.000 000", "5 .", "0 000"),
        *("1/0", "0^-1", "1/2/3", "1/-3", "50%%", "2e3e4", "2^3^4"),
        *(
            "inf",
            "-inf",
            "nan",
            "Infinity",
            "1e400",
            "1e-400",
            "10^301",
            "9^999",
            "1e99999999",
            "1e300/1e-300",
        ),
        *("1" * (LONGEST + 1), "12 minutes"),
    ],
)
def test_rubbish_is_no_number(text):
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("12 minutes", "minutes", 12),
        ("12minutes", "minutes", 12),
        ("1 Minute", "minutes", 1),
        ("0,5 mb", "MB", 0.5),
        ("1/2 MB", "MB", 0.5),
        ("12 hours", "minutes", None),
        ("minutes", "minutes", None),
        ("5 s", "s", 5),
        ("5 m", "ms", None),
        ("44 KB", "MB", None),
        ("35 percentage points", "percentage points", 35),
        ("35 percentage  point", "percentage points", 35),
        ("76 %", "%", 76),
        ("76", "%", 76),
        ("76%", "percentage points", 76),
        ("76 %", "percent", 76),
        ("76 %", "minutes", 0.76),
        ("76 %", None, 0.76),
        ("76 %", "", 0.76),
    ],
)
def test_the_unit_may_stand_behind_it(text, unit, number):
    assert parse_number(text, unit) == number


@given(st.text(max_size=LONGEST + 5), st.none() | st.text(max_size=8))
@example("1" * LONGEST, None)
@example("9" * 40 + "e300", None)
@example("ẞ", "ss")
@example("1 İ", "İ")
def test_it_never_fails_and_says_finite_numbers_only(text, unit):
    number = parse_number(text, unit)
    assert number is None or math.isfinite(number)


@given(st.text(alphabet="0123456789.,'/^%eE+-−x·10⁻³ ", max_size=20))
def test_it_never_fails_on_what_looks_like_numbers(text):
    number = parse_number(text)
    assert number is None or math.isfinite(number)


@given(st.integers(0, 10**12), st.integers(0, 999))
def test_both_styles_say_the_same(whole, decimals):
    english = f"{whole:,}.{decimals:03}"
    continental = english.replace(",", "|").replace(".", ",").replace("|", ".")
    spaced = f"{whole:,}".replace(",", " ") + f",{decimals:03}"
    expected = float(f"{whole}.{decimals:03}")
    assert parse_number(english) == expected
    if whole >= 1000 or not whole:  # "1,250" alone is ambiguous
        assert parse_number(continental) == expected
        assert parse_number(spaced) == expected


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (4.0, "4"),
        (-32.0, "-32"),
        (10240.0, "10240"),
        (0.63, "0.63"),
        (0.0071, "0.0071"),
        (0.1 + 0.2, "0.3"),
        (-0.0, "0"),
        (1 / 3, "0.3333333333"),
        (1e-7, "1e-7"),
        (1e20, "1e20"),
        (-1.5e300, "-1.5e300"),
    ],
)
def test_format_number_is_short(number, text):
    assert format_number(number) == text


@given(st.floats(-1e290, 1e290).filter(lambda x: x == 0 or abs(x) > 1e-290))
def test_what_is_printed_can_be_read_again(number):
    assert parse_number(format_number(number)) == pytest.approx(number, rel=1e-9)
