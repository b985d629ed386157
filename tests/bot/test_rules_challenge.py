"""Keys as people write them and as buttons carry them; what decisions change; and the news of them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.challenge.models import Change, Effect
from bot.features.challenge.rules import (
    choice_key,
    choose_news,
    count_changes,
    foresee,
    is_same_key,
    name_options,
    pack_key,
    read_order,
    spell_order,
    unpack_key,
)
from bot.features.questions.models import AnswerKey, Attempt, Response, Ruling, Verdict
from bot.features.questions.rules.news import NewsKind, news_sentence
from bot.features.questions.rules.options import option_id
from knowledge.models import QuestionKind
from tests.bot.learners import NOW
from tests.bot.question_bank import question_with

SINGLE = question_with("single")
MULTIPLE = question_with("multiple", kind="multiple")
ORDER = question_with("order", kind="order")
NUMERIC = question_with("numeric", kind="numeric")


def ids_of(question):
    return [option_id(option.text) for option in question.options]


# Keys on buttons


@given(number=st.floats(allow_nan=False, allow_infinity=False), tolerance=st.floats(0, 1e300))
def test_a_number_survives_its_button(number, tolerance):
    key = AnswerKey(number=number, tolerance=tolerance)
    packed = pack_key(NUMERIC, key)
    assert unpack_key(NUMERIC, packed) == key
    assert len(f"challenge:{10**18 - 1}:do:corrected:abcd:{packed}") <= 100
    assert len(packed) <= 55


@pytest.mark.parametrize("question", [SINGLE, MULTIPLE])
def test_chosen_options_survive_their_button(question):
    for size in range(1, len(question.options) + 1):
        for chosen in itertools.combinations(ids_of(question), size):
            key = choice_key(question, reversed(chosen))
            assert key == AnswerKey(chosen)
            assert unpack_key(question, pack_key(question, key)) == key


@given(st.permutations(range(4)))
def test_an_order_survives_its_button_and_its_letters(places):
    key = AnswerKey(tuple(ids_of(ORDER)[place] for place in places))
    assert unpack_key(ORDER, pack_key(ORDER, key)) == key
    assert read_order(ORDER, spell_order(ORDER, key)) == key


@pytest.mark.parametrize("packed", ["", "9", "0.0", "0.x", "1;2", "nan"])
def test_what_does_not_fit_is_no_key(packed):
    assert unpack_key(SINGLE, packed) is None


def test_an_order_needs_every_option():
    assert unpack_key(ORDER, "0.1.2") is None
    assert unpack_key(ORDER, "0.1.2.2") is None
    assert unpack_key(NUMERIC, "x;0") is None


# Keys that people write


@pytest.mark.parametrize("text", ["BACD", "b a c d", "b, a, c, d", "B>A>C>D", "b → a → c → d", "B-A-C-D", " bacd. "])
def test_orders_in_letters(text):
    first, second, *rest = ids_of(ORDER)
    assert read_order(ORDER, text) == AnswerKey((second, first, *rest))


@pytest.mark.parametrize("text", ["", "BAC", "BACC", "ABCDE", "2134", "BACX"])
def test_what_is_no_order(text):
    assert read_order(ORDER, text) is None


def test_letters_order_nothing_else():
    assert read_order(SINGLE, "ABCD") is None


def test_options_by_text_or_beginning():
    right, first, *_ = ids_of(SINGLE)
    assert name_options(SINGLE, ["RIGHT", "wrong 1"]) == (right, first)
    assert name_options(SINGLE, [" r "]) == (right,)
    assert name_options(SINGLE, ["right", "wrong"]) == "wrong"
    assert name_options(SINGLE, [""]) == ""
    assert name_options(SINGLE, ["rong"]) == "rong"


def test_an_exact_text_goes_before_a_beginning():
    question = question_with(
        "q", options=[{"text": t, "remark": "No."} for t in ("ab", "abc")] + [{"text": "a", "correct": True}]
    )
    assert name_options(question, ["a"]) == (option_id("a"),)
    assert name_options(question, ["ab"]) == (option_id("ab"),)


def test_choices_are_of_the_question():
    assert choice_key(SINGLE, []) is None
    assert choice_key(SINGLE, ["gone"]) is None
    assert choice_key(ORDER, ids_of(ORDER)) is None


def test_keys_that_say_the_same():
    a, b, *rest = ids_of(MULTIPLE)
    assert is_same_key(QuestionKind.MULTIPLE, AnswerKey((a, b)), AnswerKey((b, a)))
    assert not is_same_key(QuestionKind.MULTIPLE, AnswerKey((a, b)), AnswerKey((a,)))
    assert not is_same_key(QuestionKind.ORDER, AnswerKey((a, b, *rest)), AnswerKey((b, a, *rest)))
    assert not is_same_key(QuestionKind.NUMERIC, AnswerKey(number=1, tolerance=0), AnswerKey(number=1, tolerance=1))


# What changes


def attempt_of(member, *options, is_correct=False, guild=1):
    response = Response(tuple(options))
    return Attempt(1, member, "k", "single", guild, 1, 0, response, is_correct, None, NOW)


def test_what_is_foreseen_depends_on_where_it_was_answered():
    right, wrong, *_ = ids_of(SINGLE)
    attempts = [
        attempt_of(1, right, is_correct=True),
        attempt_of(2, wrong),
        attempt_of(2, wrong, guild=None),
        attempt_of(3, right, is_correct=True, guild=2),
        attempt_of(4, "gone", is_correct=True),
    ]
    rulings = {
        1: Ruling("single", 1, Verdict.CORRECTED, AnswerKey((wrong,))),
        2: Ruling("single", 2, Verdict.RETIRED),
        None: None,
    }
    assert foresee(SINGLE, attempts, rulings.get) == Effect(3, 3, right=1, wrong=1, dropped=1)
    assert foresee(SINGLE, attempts, lambda _: None) == Effect()


def test_members_are_counted_once():
    assert count_changes([(1, False, True), (1, True, None), (2, None, False), (3, True, True)]) == Effect(
        3, 2, right=1, wrong=1, dropped=1
    )


# News


@pytest.mark.parametrize(
    ("change", "decided", "is_challenger", "kind"),
    [
        (Change(False, True), Verdict.CORRECTED, False, NewsKind.CORRECTED_RIGHT),
        (Change(True, False), Verdict.CORRECTED, False, NewsKind.CORRECTED_WRONG),
        (Change(True, None), Verdict.RETIRED, False, NewsKind.RETIRED),
        (Change(None, True), Verdict.CORRECTED, False, NewsKind.CORRECTED_RIGHT),
        (Change(None, True), None, False, NewsKind.RESTORED_RIGHT),
        (Change(True, False), None, False, NewsKind.RESTORED_WRONG),
        (Change(True, None), None, False, NewsKind.RETIRED),
        (Change(True, True), None, False, None),
        (Change(True, True), Verdict.CORRECTED, False, None),
        (None, Verdict.CORRECTED, False, None),
        (None, Verdict.CORRECTED, True, NewsKind.CHALLENGE_ACCEPTED),
        (None, Verdict.KEPT, True, NewsKind.CHALLENGE_KEPT),
        (None, None, True, None),
    ],
)
def test_what_a_member_is_told(change, decided, is_challenger, kind):
    assert choose_news(change, decided, is_challenger=is_challenger) == kind


@pytest.mark.parametrize("kind", NewsKind)
def test_every_sentence_names_the_question(kind):
    sentence = news_sentence(kind, "What is dropout?", {})
    assert "“What is dropout?”" in sentence
    assert "{" not in sentence
    assert len(kind.value) <= 20


def test_a_sentence_says_what_is_right_now_and_why():
    details = {"right": ["one", "two"], "note": "See the\n[note](https://example.org)."}
    assert news_sentence("corrected_wrong", "What is it?", details) == (
        "The key of a question that you answered was corrected: “What is it?” Your answer counts as wrong now. "
        "Right is: one; two. Those who decided wrote: “See the [note] (https://example.org).”"
    )


def test_a_challenger_is_told_what_their_answer_counts_as():
    details = {"verdict": "retired", "before": False, "after": None}
    assert news_sentence("challenge_accepted", "What is it?", details) == (
        "Your challenge was right, and the question was retired: “What is it?” Thank you. Your answer no longer counts."
    )
    unchanged = {"verdict": "corrected", "before": False, "after": False}
    assert news_sentence("challenge_accepted", "What is it?", unchanged).endswith("Thank you.")


def test_long_prompts_are_shortened_and_news_of_a_newer_program_are_told():
    assert len(news_sentence("retired", "word " * 200, {})) < 260
    assert news_sentence("something-new", "What is it?", {}) == (
        "Something has changed about a question that you answered: “What is it?”"
    )


def test_a_prompt_with_braces_is_shown_as_it_is():
    assert "“What is {x_1}?”" in news_sentence("retired", "What is {x_1}?", {})
