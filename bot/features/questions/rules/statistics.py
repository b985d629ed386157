"""How a question behaves: how many know it, whether those who know more know it more often, and what they choose.

Classical item analysis of first answers. A later answer to the same question says how well it was learned by then,
not how it was understood.

Discrimination is the corrected item-rest correlation: the point-biserial correlation of a right answer with the
member's share of right answers on all other questions, so that the question does not correlate with itself. Below
zero, weak learners get it right more often than good ones, which is the mark of a wrong key or of a question that
misleads (Ebel and Frisbie, 1991, "Essentials of Educational Measurement", 5th edition, chapter 13). A distractor
should be chosen by the weak rather than by the good (Haladyna and Downing, 1993, "How many options is enough for a
multiple-choice test item?", Educational and Psychological Measurement 53); one that rises with what members know
and beats the key among the best is probably right.

The best are a third, not the 27 % that are best for many members with normally distributed scores (Kelley, 1939,
"The selection of upper and lower groups for the validation of test items"): servers are small, shares of few answers
are spread flatter than a normal distribution, and for flat ones the best share is a third (Cureton, 1957, "The upper
and lower twenty-seven per cent rule").
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.features.questions.models import Attempt, Item, ItemStatistics, OptionCount, Response
from bot.features.questions.rules.grading import grade, is_gradable
from bot.features.questions.rules.options import option_id
from knowledge.models import QuestionKind

LEAST_OTHERS = 5
"""So many other questions a member must have answered for a share that says something."""
LEAST_MEMBERS = 20
"""So many of these members there must be for a correlation or a verdict."""
WEAKEST_GOOD = 0.1
"""Whoever writes questions for this bank may hope for at least this discrimination."""

_Z95 = 1.96
_FISHER_LOSES = 3
_NEARLY_ONE = 1 - 1e-12


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """A member's first answer to a question, and how they did on all others: `rest_right` of `rest_count`."""

    member_id: int
    response: Response
    rest_right: int
    rest_count: int

    @property
    def is_rated(self) -> bool:
        return self.rest_count >= LEAST_OTHERS

    @property
    def rest(self) -> float:
        """The share of right answers on the other questions."""
        return self.rest_right / self.rest_count if self.rest_count else 0.0


def rate_answers(attempts: Iterable[Attempt]) -> dict[str, tuple[FirstAnswer, ...]]:
    """First answers by question, from the attempts of any number of members.

    Answers to retired questions are no part of anybody's rest.
    """
    first: dict[tuple[int, str], Attempt] = {}
    for attempt in sorted(attempts, key=lambda one: (one.answered_at, one.id)):
        first.setdefault((attempt.member_id, attempt.question), attempt)
    right, total = Counter[int](), Counter[int]()
    for attempt in first.values():
        right[attempt.member_id] += attempt.is_correct is True
        total[attempt.member_id] += attempt.is_correct is not None
    rated: dict[str, list[FirstAnswer]] = {}
    for attempt in first.values():
        rest_right = right[attempt.member_id] - (attempt.is_correct is True)
        rest_count = total[attempt.member_id] - (attempt.is_correct is not None)
        answer = FirstAnswer(attempt.member_id, attempt.response, rest_right, rest_count)
        rated.setdefault(attempt.question, []).append(answer)
    return {question: tuple(answers) for question, answers in rated.items()}


def item_statistics(item: Item, answers: Sequence[FirstAnswer]) -> ItemStatistics:
    """How a question behaves under the key of `item`. Answers with options that have left the bank do not count."""
    answers = [answer for answer in answers if is_gradable(item, answer.response)]
    is_right = [grade(item, answer.response) for answer in answers]
    marks = [right for answer, right in zip(answers, is_right, strict=True) if answer.is_rated]
    rated = [answer for answer in answers if answer.is_rated]
    discrimination = correlation(marks, [answer.rest for answer in rated])
    is_upside_down = _is_upside_down(discrimination, len(rated))
    return ItemStatistics(
        item.id,
        answers=len(answers),
        right=sum(is_right),
        difficulty=sum(is_right) / len(answers) if answers else None,
        discrimination=discrimination,
        options=_count_options(item, answers, _best_third(rated)),
        unknown=sum(answer.response.is_unknown for answer in answers),
        is_misleading=len(rated) >= LEAST_MEMBERS and (is_upside_down or _has_rival(item, rated)),
    )


# Discrimination


def correlation(is_right: Sequence[bool], rests: Sequence[float]) -> float | None:
    """The point-biserial correlation; None for fewer than 20 members, or where one of the two never varies."""
    return None if len(rests) < LEAST_MEMBERS else _pearson(is_right, rests)


def _pearson(marks: Sequence[bool], rests: Sequence[float]) -> float | None:
    """A correlation; None where one of the two never varies."""
    if len(set(rests)) < 2 or len(set(marks)) < 2:
        return None
    return float(np.corrcoef(np.asarray(marks, float), np.asarray(rests, float))[0, 1])


def upper_bound(r: float, members: int) -> float:
    """The upper end of the 95 % interval of a correlation (Fisher's z)."""
    return math.tanh(_fisher(r) + _Z95 / math.sqrt(members - _FISHER_LOSES))


def _fisher(r: float) -> float:
    """Fisher's z of a correlation, which is about normal with the variance 1 / (members - 3)."""
    return math.atanh(max(-_NEARLY_ONE, min(r, _NEARLY_ONE)))


def _is_upside_down(discrimination: float | None, members: int) -> bool:
    """Whether the weak get it right more often, and chance can hardly hide a good question behind that."""
    return discrimination is not None and discrimination < 0 and upper_bound(discrimination, members) < WEAKEST_GOOD


# Options


def _best_third(rated: Sequence[FirstAnswer]) -> Sequence[FirstAnswer]:
    """The best third by their other answers; of equal shares, the one of more answers is surer."""
    order = sorted(rated, key=lambda answer: (-answer.rest, -answer.rest_count, answer.member_id))
    return order[: len(order) // 3]


def _count_options(item: Item, answers: Sequence[FirstAnswer], best: Sequence[FirstAnswer]) -> tuple[OptionCount, ...]:
    """The options in the order of the bank. Of an ordering question none is chosen, and a number has none."""
    if item.kind is QuestionKind.ORDER:
        return ()
    counts = []
    for option in item.question.options:
        id_ = option_id(option.text)
        is_key = id_ in item.key.options
        counts.append(OptionCount(id_, option.text, is_key, _choosing(answers, id_), _choosing(best, id_)))
    return tuple(counts)


def _choosing(answers: Sequence[FirstAnswer], option: str) -> int:
    return sum(option in answer.response.options for answer in answers)


def _has_rival(item: Item, rated: Sequence[FirstAnswer]) -> bool:
    """Whether something beats the key among the best, and is the more preferred the more members know.

    Two answers are compared by those who gave one of them: in the nominal model the odds between them rise or fall
    with what members know (Bock, 1972, "Estimating item parameters and latent ability when responses are scored in
    two or more nominal categories"), whatever other answers draw away. A hard question whose wrong option is popular
    is therefore not taken for one with a wrong key: there the odds fall.
    """
    best = {answer.member_id for answer in _best_third(rated)}
    return any(_wins(duel, best) for duel in _duels(item, rated))


def _duels(item: Item, rated: Sequence[FirstAnswer]) -> Iterator[Mapping[FirstAnswer, bool]]:
    """For everything that could be right instead: who preferred it to the key. Who chose neither is left out."""
    known = [answer for answer in rated if not answer.response.is_unknown]
    if item.kind is QuestionKind.MULTIPLE:  # each option is a question of its own: to be chosen, or not
        for id_ in (option_id(option.text) for option in item.question.options):
            yield {answer: (id_ in answer.response.options) != (id_ in item.key.options) for answer in known}
        return
    right = dict.fromkeys((answer for answer in known if grade(item, answer.response)), False)
    for rival in {answer.response for answer in known if answer not in right}:
        yield right | dict.fromkeys((answer for answer in known if answer.response == rival), True)


def _wins(prefers: Mapping[FirstAnswer, bool], best: Collection[int]) -> bool:
    """Whether most of the best prefer the rival, and the preference rises by more than one standard error."""
    votes = [rival for answer, rival in prefers.items() if answer.member_id in best]
    if 2 * sum(votes) <= len(votes):
        return False
    r = _pearson(list(prefers.values()), [answer.rest for answer in prefers])
    return r is not None and len(prefers) > _FISHER_LOSES and _fisher(r) * math.sqrt(len(prefers) - _FISHER_LOSES) > 1
