"""Options by ids that outlive a reordered file, and the order in which one member sees them."""

import hashlib
import random
from collections.abc import Sequence

from bot.features.questions.models import AnswerKey, Item, Ruling, ShownOption, Verdict
from knowledge.models import Question, QuestionKind

_ID_BYTES = 4
_STAMP_BYTES = 2
_SHUFFLES = 20
"""More than enough to find an order that is not the right one: even of three options five in six are wrong."""


def option_id(text: str) -> str:
    """Names an option by its text, so that an answer keeps its meaning when a file is edited around it."""
    return hashlib.blake2b(text.encode(), digest_size=_ID_BYTES).hexdigest()


def bank_key(question: Question) -> AnswerKey:
    """What the bank says is right."""
    if question.kind is QuestionKind.NUMERIC:
        return AnswerKey(number=question.answer, tolerance=question.tolerance)
    is_order = question.kind is QuestionKind.ORDER
    return AnswerKey(tuple(option_id(option.text) for option in question.options if is_order or option.correct))


def item_of(question: Question, ruling: Ruling | None = None) -> Item:
    """A question with the key that holds: the bank's, or the corrected one if the options are still those."""
    if ruling is None or ruling.verdict is not Verdict.CORRECTED or ruling.key is None:
        return Item(question, bank_key(question))
    known = {option_id(option.text) for option in question.options}
    if not known.issuperset(ruling.key.options):
        return Item(question, bank_key(question))
    return Item(question, ruling.key, ruling.note)


def shown_options(question: Question, seed: str) -> tuple[ShownOption, ...]:
    """The options in the order of this seed, each time alike, also after a restart.

    True stands before False, and what has to be put in order is never shown in the right one.
    """
    options = [ShownOption(option_id(option.text), option.text) for option in question.options]
    if question.kind is QuestionKind.BOOLEAN or not options:
        return tuple(options)
    dice, right = random.Random(seed), tuple(options)
    for _ in range(_SHUFFLES):
        dice.shuffle(options)
        if question.kind is not QuestionKind.ORDER or tuple(options) != right:
            break
    return tuple(options)


def seed_of(round_id: int, member_id: int, position: int) -> str:
    """What decides the order of the options of one question for one member."""
    return f"{round_id}:{member_id}:{position}"


def stamp_of(question: Question) -> str:
    """Four hexadecimal digits that change with what is asked, for buttons of an older text."""
    asked = [question.kind.value, question.prompt, *(option.text for option in question.options)]
    return hashlib.blake2b("\0".join(asked).encode(), digest_size=_STAMP_BYTES).hexdigest()


def texts_of(question: Question, ids: Sequence[str]) -> tuple[str, ...]:
    """The texts of these options, in this order; those that are gone are left out."""
    texts = {option_id(option.text): option.text for option in question.options}
    return tuple(texts[id_] for id_ in ids if id_ in texts)
