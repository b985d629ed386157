"""Text within Discord's limits."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.ui.text import MESSAGE_LIMIT, escape, link, literal, shorten, split_markdown


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("", 5, ""),
        ("hello", 5, "hello"),
        ("hello!", 5, "hell…"),
        ("hello big world", 12, "hello big…"),
        ("hello, big world", 8, "hello…"),
        ("end. Then more", 6, "end…"),
        ("supercalifragilistic", 10, "supercali…"),
        ("a supercalifragilistic", 10, "a superca…"),
        ("ab cd", 1, "…"),
    ],
)
def test_shorten(text, limit, short):
    assert shorten(text, limit) == short


@given(st.text(), st.integers(1, 40))
def test_shorten_keeps_the_limit_and_the_beginning(text, limit):
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain words.", "plain words."),
        ("  two\n lines\t", "two lines"),
        ("**bold** _it_ ~~no~~", r"\*\*bold\*\* \_it\_ \~\~no\~\~"),
        ("`code` ||spoiler||", r"\`code\` \|\|spoiler\|\|"),
        ("# heading\n> quote\n- item", r"\# heading \> quote \- item"),
        ("[label](https://x.org)", r"\[label\]\(https\://x.org\)"),
        ("@everyone", "@\u200beveryone"),
        ("<@123> <#4> <:e:5>", "\\<@\u200b123\\> \\<\\#4\\> \\<\\:e\\:5\\>"),
        ("back\\slash", r"back\\slash"),
    ],
)
def test_escape(text, escaped):
    assert escape(text) == escaped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words.", "plain words."),
        ("a * b * c_t - c_{t-1}", r"a \* b \* c\_t - c\_{t-1}"),
        ("`a_b` and c_d and `e*f`", r"`a_b` and c\_d and `e*f`"),
        ("an `open_end", r"an \`open\_end"),
        ("`open_end", r"\`open\_end"),
        ("P(a|b) ~ ``", r"P(a\|b) \~ \`\`"),
        ("back\\slash", r"back\\slash"),
    ],
)
def test_literal_keeps_code_and_stops_other_markdown(text, shown):
    assert literal(text) == shown


@pytest.mark.parametrize(
    ("label", "url", "masked"),
    [
        ("Notes", "https://x.org/a", "[Notes](https://x.org/a)"),
        ("a [b] c", "https://x.org", "[a (b) c](https://x.org)"),
        ("](https://evil.org)", "https://x.org", "[)(https://evil.org)](https://x.org)"),
        ("W", "https://x.org/a_(b)", "[W](https://x.org/a_(b%29)"),
    ],
)
def test_link(label, url, masked):
    assert link(label, url) == masked


def fences(part):
    return part.count("```")


def test_short_text_is_one_part():
    text = "One.\n\n```python\nx = 1\n```\nTwo."
    assert split_markdown(text) == [text]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "```", "```python\n"])
def test_nothing_to_show_is_no_part(text):
    assert split_markdown(text) == []


def test_text_is_cut_at_lines():
    lines = [f"line {n} " + "x" * 30 for n in range(6)]
    assert split_markdown("\n".join(lines), 100) == ["\n".join(lines[n : n + 2]) for n in (0, 2, 4)]


def test_text_is_cut_at_a_blank_line_once_a_part_is_nearly_full():
    first, second = "a" * 50, "b" * 50
    assert split_markdown(f"{first}\n{first[:24]}\n\n{second[:10]}", 100) == [f"{first}\n{first[:24]}", second[:10]]


def test_a_code_block_is_closed_and_opened_again_with_its_language():
    code = [f"x{n} = '{'y' * 20}'" for n in range(6)]
    text = "\n".join(["Before.", "```python", *code, "```", "After."])
    parts = split_markdown(text, 100)
    assert parts == [
        "\n".join(["Before.", "```python", *code[:2], "```"]),
        "\n".join(["```python", *code[2:5], "```"]),
        "\n".join(["```python", *code[5:], "```", "After."]),
    ]


@pytest.mark.parametrize("language", ["", "c++", "c#", "objective-c", "py", "python title=x"])
def test_the_language_is_kept(language):
    text = "\n".join([f"```{language}", *["y" * 50] * 3, "```"])
    parts = split_markdown(text, 130)
    assert len(parts) == 2
    assert parts[0].splitlines()[0] == f"```{language}"
    assert parts[1].splitlines() == [f"```{language.split(' ')[0]}", "y" * 50, "```"]


def test_a_block_that_would_open_at_the_very_end_opens_in_the_next_part():
    before = "a" * 60 + "\n" + "b" * 28
    assert split_markdown(f"{before}\n```py\nx = 1\n```", 100) == [before, "```py\nx = 1\n```"]


def test_a_block_in_a_block_ends_the_outer_one_as_it_does_in_discord():
    text = "```md\n" + "a" * 50 + "\n```py\n" + "b" * 50 + "\n```\n" + "c" * 50 + "\n```"
    parts = split_markdown(text, 100)
    assert [fences(part) % 2 for part in parts] == [0] * len(parts)
    assert re.sub(r"\s|```(?:md|py)?", "", "".join(parts)) == "a" * 50 + "b" * 50 + "c" * 50


def test_an_open_block_is_closed():
    assert split_markdown("```py\nx = 1") == ["```py\nx = 1\n```"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A" * 45 + ". " + "B" * 80 + ".", ["A" * 45 + ".", "B" * 60 + "\n" + "B" * 20 + "."]),
        ("A" * 25 + "! " + "B" * 20 + "? " + "C" * 55, ["A" * 25 + "! " + "B" * 20 + "?", "C" * 55]),
        ("A" * 45 + " " + "B" * 58, ["A" * 45, "B" * 58]),
        ("A" * 130, ["A" * 60, "A" * 60 + "\n" + "A" * 10]),
    ],
    ids=["after a sentence", "after the last sentence", "at a space", "anywhere"],
)
def test_a_long_line_is_cut(text, parts):
    assert split_markdown(text, 100) == parts


def test_the_default_is_a_message():
    parts = split_markdown("word " * 2000)
    assert all(len(part) <= MESSAGE_LIMIT for part in parts)
    assert " ".join(parts).split() == ["word"] * 2000


_LINES = st.one_of(
    st.just(""),
    st.text(st.characters(blacklist_categories=("Cs",)), max_size=150),
    st.text("ab .!?", max_size=400),
    st.sampled_from(["```", "```python", "```c++", "  ```", "````", "``````", "```x```", "see ```py", "~~~", "`a`"]),
    st.text("`a ", max_size=12),
)


def _without_fences(text):
    """Every character that is neither white space nor a fence's."""
    return re.sub(r"\s|`", "", text)


@settings(max_examples=300, deadline=None)
@given(st.lists(_LINES, max_size=25), st.integers(80, 400))
@example(["a" * 60, "b" * 10, "```python", "c"], 80)
@example(["```", "x" * 300, "```"], 80)
def test_any_text_is_split_whole(lines, limit):
    parts = split_markdown("\n".join(lines), limit)
    assert all(len(part) <= limit for part in parts)
    assert all(fences(part) % 2 == 0 for part in parts)
    assert all(part.strip() for part in parts)
    # A block that is opened again repeats its language, so the text is kept in order, not letter by letter.
    rest = iter("".join(map(_without_fences, parts)))
    assert all(character in rest for character in _without_fences("\n".join(_shown(lines))))


def _shown(lines):
    """The lines without fence lines, whose language is not text."""
    return [line for line in lines if not re.match(r"\s*```", line)]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "py", "c++"]), st.lists(st.text("abc =.", max_size=200), min_size=1, max_size=8)
        ),
        max_size=5,
    ),
    st.integers(80, 300),
)
def test_blocks_keep_their_code_and_nothing_else(blocks, limit):
    lines = []
    for language, code in blocks:
        lines += ["Prose.", f"```{language}", *code, "```"]
    inside = False
    code_lines, prose = [], []
    for part in split_markdown("\n".join(lines), limit):
        for line in part.splitlines():
            if line.startswith("```"):
                inside = not inside
            else:
                (code_lines if inside else prose).append(line)
        assert not inside
    wanted = "".join(line for _, code in blocks for line in code)
    assert re.sub(r"\s", "", "".join(code_lines)) == re.sub(r"\s", "", wanted)
    assert [line for line in prose if line.strip()] == ["Prose."] * len(blocks)
