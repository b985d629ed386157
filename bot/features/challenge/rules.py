"""What a decision changes, and keys as people write them and as buttons carry them."""

import string
from collections.abc import Callable, Iterable

from bot.features.challenge.models import Change, Effect
from bot.features.questions.models import AnswerKey, Attempt, Ruling, Verdict
from bot.features.questions.rules.grading import grade_under
from bot.features.questions.rules.news import NewsKind
from bot.features.questions.rules.options import option_id
from knowledge.models import Question, QuestionKind

REASON_LIMITS = (10, 500)
"""How long a member's reason is, and what those who decide write about a correction."""
MOST_OPEN = 5
"""So many challenges of one member may wait at a time."""

_MANY = {QuestionKind.SINGLE, QuestionKind.BOOLEAN, QuestionKind.MULTIPLE}


# What changes


def foresee(
    question: Question, attempts: Iterable[Attempt], ruling_in: Callable[[int | None], Ruling | None]
) -> Effect:
    """What changes if these rulings hold in the servers in which the question was answered."""
    graded = ((attempt, grade_under(question, ruling_in(attempt.guild_id), attempt)) for attempt in attempts)
    return count_changes((attempt.member_id, attempt.is_correct, after) for attempt, after in graded)


def count_changes(changes: Iterable[tuple[int, bool | None, bool | None]]) -> Effect:
    """How many answers there are by what they count as afterwards, from (member, before, after)."""
    changed = [(member, after) for member, before, after in changes if before is not after]
    afters = [after for _, after in changed]
    return Effect(
        len(changed),
        len({member for member, _ in changed}),
        right=afters.count(True),
        wrong=afters.count(False),
        dropped=afters.count(None),
    )


def choose_news(change: Change | None, decided: Verdict | None, *, is_challenger: bool) -> NewsKind | None:
    """What a member is told; nothing if their answer counts as it did when they were last told.

    `decided` is None if a decision was taken back. A challenger is told the outcome in any case.
    """
    if is_challenger and decided is not None:
        return NewsKind.CHALLENGE_KEPT if decided is Verdict.KEPT else NewsKind.CHALLENGE_ACCEPTED
    if change is None or change.before is change.after:
        return None
    if change.after is None:
        return NewsKind.RETIRED
    if decided is None:
        return NewsKind.RESTORED_RIGHT if change.after else NewsKind.RESTORED_WRONG
    return NewsKind.CORRECTED_RIGHT if change.after else NewsKind.CORRECTED_WRONG


# Keys


def is_same_key(kind: QuestionKind, one: AnswerKey, other: AnswerKey) -> bool:
    """Whether two keys call the same answers right. Only of an ordering question the order of options matters."""
    if kind in _MANY:
        return set(one.options) == set(other.options)
    return one == other


def choice_key(question: Question, chosen: Iterable[str]) -> AnswerKey | None:
    """The key of these options, in the order of the bank; None if one is unknown, or none is named."""
    ids, wanted = _ids(question), set(chosen)
    if not wanted or not wanted.issubset(ids) or question.kind not in _MANY:
        return None
    return AnswerKey(tuple(id_ for id_ in ids if id_ in wanted))


def read_order(question: Question, text: str) -> AnswerKey | None:
    """The key that letters such as "BACD" or "b, a, c, d" name: A is the first option in the bank."""
    letters = [letter for letter in text.upper() if letter not in " ,;.>-→·"]
    wanted = string.ascii_uppercase[: len(question.options)]
    if question.kind is not QuestionKind.ORDER or sorted(letters) != list(wanted):
        return None
    ids = _ids(question)
    return AnswerKey(tuple(ids[wanted.index(letter)] for letter in letters))


def spell_order(question: Question, key: AnswerKey) -> str:
    """The letters of a key: BACD."""
    ids = _ids(question)
    return "".join(string.ascii_uppercase[ids.index(id_)] for id_ in key.options if id_ in ids)


def pack_key(question: Question, key: AnswerKey) -> str:
    """A key in a few characters for a button: places of options in the bank, or a number with its tolerance."""
    if key.number is not None:
        return f"{key.number!r};{key.tolerance!r}"
    ids = _ids(question)
    return ".".join(str(ids.index(id_)) for id_ in key.options)


def unpack_key(question: Question, packed: str) -> AnswerKey | None:
    """What `pack_key` has packed; None if it does not fit the question any more."""
    try:
        if question.kind is QuestionKind.NUMERIC:
            number, _, tolerance = packed.partition(";")
            return AnswerKey(number=float(number), tolerance=float(tolerance))
        ids = _ids(question)
        places = [int(place) for place in packed.split(".")]
        key = AnswerKey(tuple(ids[place] for place in places))
    except (ValueError, IndexError):
        return None
    is_whole = question.kind is not QuestionKind.ORDER or set(key.options) == set(ids)
    return key if is_whole and len(set(places)) == len(places) else None


def name_options(question: Question, texts: Iterable[str]) -> tuple[str, ...] | str:
    """The ids of options that an operator names by their text or its beginning; or the text that names not just one."""
    found = []
    for text in texts:
        wanted = text.strip().casefold()
        exact = [option.text for option in question.options if option.text.casefold() == wanted]
        begins = exact or [option.text for option in question.options if option.text.casefold().startswith(wanted)]
        if len(begins) != 1 or not wanted:
            return text
        found.append(option_id(begins[0]))
    return tuple(found)


def _ids(question: Question) -> list[str]:
    return [option_id(option.text) for option in question.options]
