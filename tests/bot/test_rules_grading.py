"""What counts as right, and that shuffling has nothing to do with it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.questions.models import AnswerKey, Item, Remark, Response, Ruling, Verdict
from bot.features.questions.rules.grading import (
    choose_remarks,
    describe_key,
    describe_response,
    grade,
    is_confidence_worth_asking,
    is_gradable,
)
from bot.features.questions.rules.options import (
    bank_key,
    item_of,
    option_id,
    shown_options,
    stamp_of,
    texts_of,
)
from tests.bot.question_bank import BANK, BOOLEAN, MULTIPLE, NUMERIC, ORDER, SINGLE, question_with

CHOICES = [question for question in BANK if question.options]


def ids(*texts):
    return tuple(option_id(text) for text in texts)


def answer(*texts):
    return Response(ids(*texts))


@pytest.mark.parametrize(
    ("question", "response", "is_right"),
    [
        (SINGLE, answer("right"), True),
        (SINGLE, answer("wrong 1"), False),
        (SINGLE, answer("right", "wrong 1"), False),
        (SINGLE, Response(), False),
        (BOOLEAN, answer("True"), True),
        (BOOLEAN, answer("False"), False),
        (MULTIPLE, answer("one", "two"), True),
        (MULTIPLE, answer("two", "one"), True),
        (MULTIPLE, answer("one"), False),
        (MULTIPLE, answer("one", "two", "three"), False),
        (MULTIPLE, answer("one", "one"), False),
        (MULTIPLE, Response(), False),
        (ORDER, answer("first", "second", "third", "fourth"), True),
        (ORDER, answer("second", "first", "third", "fourth"), False),
        (ORDER, answer("first", "second", "third"), False),
        (ORDER, Response(), False),
        (NUMERIC, Response(number=2.5), True),
        (NUMERIC, Response(number=2.55), True),
        (NUMERIC, Response(number=2.45), True),
        (NUMERIC, Response(number=2.5501), False),
        (NUMERIC, Response(number=-2.5), False),
        (NUMERIC, Response(number=0.0), False),
        (NUMERIC, Response(), False),
    ],
)
def test_what_is_right(question, response, is_right):
    assert grade(item_of(question), response) is is_right


def test_a_zero_is_an_answer():
    question = question_with("zero", kind="numeric", answer=0.0, tolerance=0.0)
    assert grade(item_of(question), Response(number=0.0)) is True
    assert grade(item_of(question), Response()) is False


@pytest.mark.parametrize(("given_", "is_right"), [(0.3, True), (0.1 + 0.2, True), (0.35, True), (0.3500001, False)])
def test_binary_fractions_do_not_decide_at_the_edge(given_, is_right):
    question = question_with("third", kind="numeric", answer=0.3, tolerance=0.05)
    assert grade(item_of(question), Response(number=given_)) is is_right


@given(st.sampled_from(CHOICES), st.text(min_size=1, max_size=8), st.data())
def test_shuffling_never_changes_the_grade(question, seed, data):
    """Whatever is picked by its place is graded as the same options would be without shuffling."""
    shown = shown_options(question, seed)
    assert sorted(option.text for option in shown) == sorted(option.text for option in question.options)
    places = data.draw(st.lists(st.integers(0, len(shown) - 1), unique=True))
    by_place = Response(tuple(shown[place].id for place in places))
    by_text = answer(*(shown[place].text for place in places))
    item = item_of(question)
    assert grade(item, by_place) is grade(item, by_text)
    right = Response(bank_key(question).options)
    assert grade(item, right) is True
    assert shown_options(question, seed) == shown


@given(st.text(min_size=1, max_size=8))
def test_an_order_is_never_shown_solved_and_true_stands_first(seed):
    assert [option.text for option in shown_options(ORDER, seed)] != [option.text for option in ORDER.options]
    assert [option.text for option in shown_options(BOOLEAN, seed)] == ["True", "False"]


def test_members_see_different_orders():
    seen = {shown_options(SINGLE, f"1:{member}:0") for member in range(200)}
    assert len(seen) == 24
    first = [shown_options(SINGLE, f"1:{member}:0")[0].text for member in range(400)]
    assert all(60 <= first.count(option.text) <= 140 for option in SINGLE.options)


@given(st.randoms(use_true_random=False))
def test_an_edited_order_of_the_file_keeps_old_answers(dice: random.Random):
    options = list(SINGLE.options)
    dice.shuffle(options)
    edited = SINGLE.model_copy(update={"options": tuple(options)})
    for option in SINGLE.options:
        assert grade(item_of(edited), answer(option.text)) is (option.text == "right")


def test_the_stamp_changes_with_what_is_asked_and_not_with_the_explanation():
    assert stamp_of(SINGLE) == stamp_of(SINGLE.model_copy(update={"explanation": "Other."}))
    others = [
        SINGLE.model_copy(update={"prompt": "Other?"}),
        SINGLE.model_copy(update={"options": SINGLE.options[::-1]}),
        BOOLEAN,
    ]
    assert stamp_of(SINGLE) not in {stamp_of(other) for other in others}


@pytest.mark.parametrize(
    ("question", "response", "key", "said"),
    [
        (SINGLE, answer("wrong 2"), ("right",), ("wrong 2",)),
        (MULTIPLE, answer("three", "one"), ("one", "two"), ("three", "one")),
        (
            ORDER,
            answer("second", "first", "third", "fourth"),
            ("first", "second", "third", "fourth"),
            ("second", "first", "third", "fourth"),
        ),
        (NUMERIC, Response(number=3.0), ("2.5 bits",), ("3 bits",)),
        (NUMERIC, Response(), ("2.5 bits",), ()),
    ],
)
def test_what_is_said_of_key_and_answer(question, response, key, said):
    item = item_of(question)
    assert describe_key(item) == key
    assert describe_response(item, response) == said


def test_remarks_are_about_wrong_options_that_were_chosen():
    item = item_of(MULTIPLE)
    assert choose_remarks(item, answer("four", "one")) == (Remark("four", "Not four."),)
    assert choose_remarks(item, answer("one", "two")) == ()
    assert choose_remarks(item_of(ORDER), answer("second", "first", "third", "fourth")) == ()


# Corrected keys


def corrected(question, *texts, **values):
    return Ruling(question.id, 7, Verdict.CORRECTED, AnswerKey(ids(*texts), **values), "It was the other one.")


def test_a_corrected_key_decides():
    item = item_of(SINGLE, corrected(SINGLE, "wrong 1", "right"))
    assert item == Item(SINGLE, AnswerKey(ids("wrong 1", "right")), "It was the other one.")
    assert [grade(item, answer(text)) for text in ("right", "wrong 1", "wrong 2")] == [True, True, False]
    assert choose_remarks(item, answer("wrong 1")) == ()
    number = item_of(NUMERIC, corrected(NUMERIC, number=3.0, tolerance=0.5))
    assert [grade(number, Response(number=value)) for value in (2.5, 3.0, 3.6)] == [True, True, False]


@pytest.mark.parametrize("verdict", [Verdict.KEPT, Verdict.RETIRED])
def test_other_verdicts_leave_the_key(verdict):
    assert item_of(SINGLE, Ruling(SINGLE.id, 7, verdict)) == Item(SINGLE, bank_key(SINGLE))


def test_a_correction_of_options_that_are_gone_no_longer_holds():
    assert item_of(SINGLE, corrected(SINGLE, "an option of last year")) == item_of(SINGLE)


def test_an_answer_is_gradable_while_its_options_are_there():
    assert is_gradable(item_of(SINGLE), answer("right")) is True
    assert is_gradable(item_of(SINGLE), answer("right", "gone")) is False
    assert is_gradable(item_of(NUMERIC), Response(number=1.0)) is True
    assert is_gradable(item_of(SINGLE), Response()) is True


def test_texts_keep_their_order_and_leave_out_what_is_gone():
    assert texts_of(ORDER, ids("third", "gone", "first")) == ("third", "first")


@pytest.mark.parametrize(
    ("question", "is_correct", "was_wrong", "asks"),
    [
        (BOOLEAN, True, False, True),
        (BOOLEAN, False, False, False),
        (SINGLE, True, False, False),
        (SINGLE, True, True, True),
        (SINGLE, False, True, False),
    ],
)
def test_confidence_is_asked_where_luck_is_likely(question, is_correct, was_wrong, asks):
    item = item_of(question)
    assert is_confidence_worth_asking(item, is_correct=is_correct, was_wrong_before=was_wrong) is asks


# Responses and keys in the database


@given(st.lists(st.text("0123456789abcdef", min_size=8, max_size=8)), st.none() | st.floats(allow_nan=False))
def test_responses_and_keys_come_back_from_json(options, number):
    response = Response(tuple(options), number)
    assert Response.from_json(response.to_json()) == response
    key = AnswerKey(tuple(options), number, 0.25)
    assert AnswerKey.from_json(key.to_json()) == key
