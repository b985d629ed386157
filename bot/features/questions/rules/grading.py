"""Whether an answer is right, and what is said about it. No partial credit: an answer is right or it is not."""

from bot.features.questions.models import Attempt, Item, Remark, Response, Ruling, Verdict
from bot.features.questions.rules.numbers import format_number
from bot.features.questions.rules.options import item_of, option_id, texts_of
from knowledge.models import Question, QuestionKind

_ROUNDING = 1e-9
"""Relative: what binary fractions lose may not decide at the edge of a tolerance."""


def grade(item: Item, response: Response) -> bool:
    """Whether the response is right by the key that holds."""
    if response.is_unknown:
        return False
    key = item.key
    match item.kind:
        case QuestionKind.NUMERIC:
            return _is_near(response.number, key.number, key.tolerance)
        case QuestionKind.ORDER:
            return response.options == key.options
        case QuestionKind.MULTIPLE:
            return len(response.options) == len(key.options) and set(response.options) == set(key.options)
        case QuestionKind.SINGLE | QuestionKind.BOOLEAN:
            return len(response.options) == 1 and response.options[0] in key.options


def _is_near(given: float | None, right: float | None, tolerance: float) -> bool:
    if given is None or right is None:
        return False
    return abs(given - right) <= tolerance + _ROUNDING * max(abs(right), 1.0)


def is_gradable(item: Item, response: Response) -> bool:
    """Whether the response still says something about the item: none of its options has left the bank since."""
    return {option_id(option.text) for option in item.question.options}.issuperset(response.options)


def grade_under(question: Question, ruling: Ruling | None, attempt: Attempt) -> bool | None:
    """Whether an answer counts as right under a ruling; None for a retired question.

    An answer that can no longer be graded, for its options have left the bank, stays as it is.
    """
    if ruling is not None and ruling.verdict is Verdict.RETIRED:
        return None
    item = item_of(question, ruling)
    return grade(item, attempt.response) if is_gradable(item, attempt.response) else attempt.is_correct


def describe_key(item: Item) -> tuple[str, ...]:
    """What is right, in words."""
    if item.kind is QuestionKind.NUMERIC:
        return () if item.key.number is None else (_with_unit(item, item.key.number),)
    return texts_of(item.question, item.key.options)


def describe_response(item: Item, response: Response) -> tuple[str, ...]:
    """What was answered, in words; nothing for "I don't know"."""
    if response.number is not None:
        return (_with_unit(item, response.number),)
    return texts_of(item.question, response.options)


def _with_unit(item: Item, number: float) -> str:
    unit = item.question.unit
    shown = format_number(number)
    return shown if unit is None else f"{shown} {unit}"


def choose_remarks(item: Item, response: Response) -> tuple[Remark, ...]:
    """What the bank says about each wrong option that was chosen."""
    return tuple(
        Remark(option.text, option.remark)
        for option in item.question.options
        if option.remark and (id_ := option_id(option.text)) in response.options and id_ not in item.key.options
    )


def is_confidence_worth_asking(item: Item, *, is_correct: bool, was_wrong_before: bool) -> bool:
    """Whether a right answer may be luck: one of two was to be chosen, or the last answer to it was wrong."""
    return is_correct and (item.kind is QuestionKind.BOOLEAN or was_wrong_before)
