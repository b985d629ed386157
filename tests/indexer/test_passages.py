import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.corpus import document_passages
from indexer.passages import (
    Passage,
    Section,
    Segment,
    SegmentKind,
    cut_section,
    fit_heading,
    heading_line,
    join_segments,
    plain_inline,
    split_sections,
)
from knowledge.documents import plain_document
from knowledge.files import RawFile
from knowledge.sentences import split_sentences
from tests.indexer.fake_encoder import FakeEncoder


def texts(body):
    return [[segment.text for segment in section.segments] for section in split_sections(body)]


def passages_of(body, encoder, source="note"):
    return list(document_passages(plain_document(source, RawFile("note.md", body=body)), (), encoder))


def test_sections_know_the_path_of_their_headings():
    body = "Before.\n\n# A\n\nOne.\n\n## B\n\nTwo.\n\n### C\n\nThree.\n\n## D\n\nFour.\n\n# E\n\nFive.\n"
    assert [(section.heading, section.segments[0].text) for section in split_sections(body)] == [
        ((), "Before."),
        (("A",), "One."),
        (("A", "B"), "Two."),
        (("A", "B", "C"), "Three."),
        (("A", "D"), "Four."),
        (("E",), "Five."),
    ]


def test_headings_lose_their_marks_and_empty_ones_do_not_count():
    assert split_sections("## See [`nn.Linear`](linear.md) ##\n\n#\n\n### Sub\n\nText.")[0].heading == ("Sub",)
    assert split_sections("## See [`nn.Linear`](linear.md) ##\n\nText.")[0].heading == ("See `nn.Linear`",)
    assert split_sections("#\n\nText.")[0].heading == ()


def test_a_section_without_text_is_dropped():
    assert split_sections("# Only\n\n## Headings\n") == []
    assert split_sections("") == []


def test_a_heading_that_repeats_the_title_is_left_out():
    assert heading_line("Dropout", ("dropout", "At test time")) == "Dropout > At test time"


def test_list_items_are_lines_of_their_own():
    (section,) = split_sections("Two kinds:\n\n- **batch**, for one. It is *slow*.\n- stochastic\n  1. nested\n")
    assert [(segment.kind, segment.text) for segment in section.segments] == [
        (SegmentKind.SENTENCE, "Two kinds:"),
        (SegmentKind.ITEM, "- **batch**, for one. It is *slow*."),
        (SegmentKind.ITEM, "- stochastic"),
        (SegmentKind.ITEM, "- nested"),
    ]


def test_a_long_item_is_one_item_and_further_sentences():
    (section,) = split_sections("- The first sentence of this item is long. The second sentence is long as well.\n")
    assert [segment.kind for segment in section.segments] == [SegmentKind.ITEM, SegmentKind.SENTENCE]
    assert join_segments(section.segments).startswith("- The first sentence of this item is long.")


def test_each_row_of_a_table_is_an_item():
    body = "| Name | Use |\n|---|---|\n| `a|b` | x |\n| Adam | `p \\| q` |\n| | |\n"
    assert texts(body)[0][0] == "- Name · Use"
    assert texts(body)[0][-1] == "- Adam · `p | q`"


def test_code_keeps_its_fence_language_and_indentation():
    (section,) = split_sections("```{.python}\n    x = 1\n\n    y = 2\n```\n\n    indented\n\n```\n\n```\n")
    assert [(segment.kind, segment.text) for segment in section.segments] == [
        (SegmentKind.CODE, "```python\n    x = 1\n\n    y = 2\n```"),
        (SegmentKind.CODE, "```\nindented\n```"),
    ]


def test_headings_in_code_are_code():
    (section,) = split_sections("```python\n# no heading\n```\n")
    assert section.heading == ()


@pytest.mark.parametrize("language", ["python", "zxqvbnmkjhg", "############", ""])
def test_long_code_is_cut_between_lines_and_every_piece_has_the_fence(encoder, language):
    lines = [f"    value_{n} = layers[{n}](inputs)  # apply" for n in range(120)]
    body = f"# {'Heading ' * 60}\n\n" + f"```{language}\n" + "def f(inputs):\n" + "\n".join(lines) + "\n```\n"
    passages = passages_of(body, encoder)
    assert len(passages) > 3
    found = []
    for passage in passages:
        opening, *inside, closing = passage.text.split("\n")
        assert (opening, closing) == (f"```{language}", "```")
        found += inside
    assert found == ["def f(inputs):", *lines]
    assert max(encoder.count_tokens([passage.encoded_text for passage in passages])) <= encoder.max_tokens


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("See [the paper](https://a.org/b?c=d).", "See [the paper](https://a.org/b?c=d)."),
        ("See [dropout](dropout.md#use) and [top](#top).", "See dropout and top."),
        ("See [`nn.Linear`](linear.md).", "See `nn.Linear`."),
        ("![A plot](plot.png) of it", "A plot of it"),
        ("[![A plot](plot.png)](plot.md)", "A plot"),
        ("an image ![](x.png) here", "an image here"),
        ("Write `layers[0](x)` or ``a ` [b](c)``.", "Write `layers[0](x)` or ``a ` [b](c)``."),
        ("`List<int>` is <b>bold</b>", "`List<int>` is bold"),
        ("W<sub>q</sub> one<br>two<br/>three <!-- not\nthis -->end", "Wq one two three end"),
        ("<https://arxiv.org/abs/1> and <a@b.org>", "<https://arxiv.org/abs/1> and <a@b.org>"),
        ("if 1 < 2 and a <- b, p < 0.05 > q", "if 1 < 2 and a <- b, p < 0.05 > q"),
        ("two\nlines\t and\u00a0space", "two lines and space"),
        ("a `tick alone and [x](y.md)", "a `tick alone and x"),
    ],
)
def test_plain_inline(markdown, plain):
    assert plain_inline(markdown) == plain


def test_html_blocks_are_text():
    assert texts(
        "<details><summary>More</summary>\n<table><tr><td>one</td><td>two</td></tr></table>\n</details>\n"
    ) == [["More one two"]]
    assert texts("<!-- a comment -->\n") == []


@pytest.mark.parametrize(
    "sentences",
    [
        ["Use nn.Dropout(p) with p = 0.5 here.", "Then train."],
        ["Some layers, e.g., convolutions, share weights.", "Others do not."],
        ["Vaswani et al. (2017) introduced the transformer.", "It has no recurrence."],
        ["Is the loss 0.5 or 1e-3?", "It depends, i.e. on the data."],
        ["A short text."],
        ["See https://a.org/b.c?d=e.f for the whole of it.", "Read it."],
    ],
)
def test_sentences(sentences):
    assert split_sentences(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "text",
    [
        "[1] one. @ http://a.b/c.d?e and *b.* i.e. &ᓴ& this. 漢字。 Then: (a.) \"Hi.\" 'x.' Fig. 3 … ∯ ƪ ☉ ȸ end.",
        "See http://a.b/c.d?e=f and http://a.b/c.d?Next=1 for more. It is there!Really?Yes. ok",
        "word. " * 6000 + "end",
    ],
)
def test_splitting_loses_nothing_and_cuts_only_at_spaces(text):
    assert " ".join(split_sentences(text)).split() == text.split()


def test_no_sentence_of_nothing():
    assert split_sentences("") == []


def test_a_sentence_longer_than_the_model_reads_is_cut_between_words(encoder):
    words = [f"word{n}" for n in range(700)]
    passages = passages_of("# T\n\n- " + " ".join(words) + ".", encoder)
    assert len(passages) > 4
    assert max(encoder.count_tokens([passage.encoded_text for passage in passages])) <= encoder.max_tokens
    assert passages[0].segments[0].kind is SegmentKind.ITEM
    assert {segment.kind for passage in passages[1:] for segment in passage.segments} == {SegmentKind.SENTENCE}
    assert " ".join(passage.text for passage in passages).removeprefix("- ").split() == [*words[:-1], "word699."]


def test_cuts_fall_between_segments():
    fake = FakeEncoder()
    segments = tuple(Segment(f"Sentence number {n} has seven words here.") for n in range(20))
    pieces = cut_section(
        Section(("H",), segments, "Lesson 1", "https://a.org"), head="T", max_tokens=64, count_tokens=fake.count_tokens
    )
    assert tuple(segment for piece in pieces for segment in piece.segments) == segments
    assert len(pieces) > 1
    assert {(piece.heading, piece.place, piece.url) for piece in pieces} == {(("H",), "Lesson 1", "https://a.org")}


def test_a_long_heading_path_loses_its_outer_headings_first():
    count = FakeEncoder().count_tokens
    outer = " ".join(["outer"] * 30)
    assert fit_heading("T", ("A", "B"), max_tokens=64, count_tokens=count) == "T > A > B"
    assert fit_heading("T", (outer, "inner"), max_tokens=64, count_tokens=count) == "T > inner"
    cut = fit_heading("T", ("inner " * 100,), max_tokens=64, count_tokens=count)
    assert cut.startswith("T > inner inner")
    assert count([cut])[0] <= 32


def test_names_and_questions_lead_to_the_first_passage(encoder):
    raw = RawFile("n.md", {"title": "T", "aliases": ["a", "b"], "questions": ["Why?"]}, "# T\n\nOne.\n\n## S\n\nTwo.")
    first, second = document_passages(plain_document("n", raw), (), encoder)
    assert first.probes == ("T, a, b", "Why?")
    assert second.probes == ()
    assert second.encoded_text == "T > S\nTwo."


def test_the_key_changes_with_what_is_shown():
    def key(**changes):
        fields = dict(source="s", kind="note", title="T", heading=(), segments=(Segment("x"),), head="T")
        return Passage(**{**fields, **changes}).key

    assert key() == key()
    assert len({key(), key(head="U"), key(url="https://a"), key(place="p"), key(probes=("q",)), key(source="r")}) == 6


_SHORT = st.one_of(
    st.sampled_from(
        ["gradient", "nn.Linear(3,", "e.g.", "loss.", "Why?", "0.5", "漢字。", "🔥", "naïve", "et", "al.", "θ"]
    ),
    st.text(st.characters(categories=["Ll", "Lo", "So"]), min_size=1, max_size=8),
)
_WORD = st.one_of(
    *[_SHORT] * 12,
    st.builds(lambda text, times: text * times, _SHORT.filter(str.isalpha), st.sampled_from([15, 60, 300])),
)
_WORDS = st.lists(_WORD, min_size=1, max_size=12)
_MANY = st.one_of(
    _WORDS,
    st.builds(lambda words, times: words * times, st.lists(_SHORT, min_size=1, max_size=12), st.sampled_from([2, 40])),
)
_BLOCKS = st.lists(
    st.one_of(
        st.tuples(st.just("heading"), st.integers(1, 6), _MANY),
        st.tuples(st.just("paragraph"), st.just(0), _MANY),
        st.tuples(st.just("item"), st.just(0), _MANY),
        st.tuples(st.just("code"), st.sampled_from(["", "python", "zxqvbnmkjhgf", "#########"]), _MANY),
        st.tuples(st.just("row"), st.just(0), _WORDS),
    ),
    min_size=1,
    max_size=6,
)


def _markdown(kind, detail, words):
    match kind:
        case "heading":
            return f"{'#' * detail} {' '.join(words)}"
        case "item":
            return f"- {' '.join(words)}"
        case "code":
            return f"```{detail}\n" + "\n".join(" " * (n % 5) + word for n, word in enumerate(words)) + "\n```"
        case "row":
            return f"| {words[0]} | {' '.join(words[1:])} |\n|---|---|\n| {' '.join(words)} | |"
    return " ".join(words)


def _expected(kind, words):
    if kind == "heading":
        return []
    return words * 2 if kind == "row" else words


def _shown(segment):
    if segment.kind is SegmentKind.CODE:
        return "\n".join(segment.text.split("\n")[1:-1])
    return segment.text.removeprefix("- ") if segment.kind is SegmentKind.ITEM else segment.text


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(blocks=_BLOCKS)
def test_every_passage_fits_into_the_model_and_no_word_is_lost(encoder, blocks):
    body = "\n\n".join(_markdown(*block) for block in blocks)
    passages = passages_of(body, encoder)
    if passages:
        assert max(encoder.count_tokens([passage.encoded_text for passage in passages])) <= encoder.max_tokens
    expected = [word for kind, _, words in blocks for word in _expected(kind, words)]
    shown = " ".join(_shown(segment) for passage in passages for segment in passage.segments).replace(" ·", "")
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", "".join(expected))
    if all(len(word) <= 100 for word in expected):
        assert shown.split() == " ".join(expected).split()
