"""Which questions a server gets, when its quiz is due, and what the answers of its members come to."""

import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from bot.features.questions.models import Attempt
from bot.features.questions.rules.levels import Difficulty, difficulty_of
from bot.features.weekly.models import Improvement, Place, Score
from knowledge.models import Concept, Question, QuestionKind

LATE_WITHIN = timedelta(hours=12)
"""A quiz that could not be posted in time is posted up to so much later; after that its week is left out."""
CLOSE_AFTER = timedelta(seconds=5)
"""Answers that were on their way when a quiz closed are counted; its results wait for them."""
NOT_AGAIN_WITHIN = timedelta(weeks=12)
STANDING_ROUNDS = 8
"""Whoever took part in one of the last so many quizzes is asked where they stand."""
MOST_LEARNERS = 200
LEAST_SHARE = 0.2
"""A step on which at least this share of the members is gets a question of its own."""
PLACES = 10

_QUICK = frozenset({QuestionKind.BOOLEAN, QuestionKind.SINGLE})
"""Kinds that one tap answers."""
_SECONDS_PER_QUESTION = 24
_IN_WORDS = ("one minute", "two minutes", "three minutes", "four minutes", "five minutes")


def how_long(questions: int) -> str:
    """In words, how long so many questions take: "about two minutes"."""
    minutes = max(1, round(questions * _SECONDS_PER_QUESTION / 60))
    return f"about {_IN_WORDS[minutes - 1]}"


PREPARED = "next"
"""The slot of a quiz that waits for its week."""
_BY_HAND = ":post-"


def hand_slot(week: str, number: int) -> str:
    """The slot of scheduled work that an admin asked for and that posts the quiz of the week."""
    return f"{week}{_BY_HAND}{number}"


def extra_slot(week: str, number: int) -> str:
    """The slot of one more quiz in a week that has had its own."""
    return f"{week}:{number}"


def round_slot(slot: str) -> str:
    """The slot of the quiz that a piece of scheduled work posts."""
    return slot.partition(_BY_HAND)[0]


def is_by_hand(slot: str) -> bool:
    """Whether an admin asked for it, apart from the weeks' plan."""
    return ":" in slot


# Choosing


def share_seats(steps: Sequence[int], count: int) -> tuple[int, ...]:
    """The step of each of `count` questions, for members who are on `steps`: in proportion, and steps in turn.

    Each step with a fifth of the members gets at least one, the greatest first where there are more of them than
    questions. Without members it is step 1.
    """
    sizes = Counter(steps) or Counter([1])
    total = sizes.total()
    order = sorted(sizes, key=lambda step: (-sizes[step], step))
    exact = {step: count * sizes[step] / total for step in order}
    seats = {step: max(int(exact[step]), int(sizes[step] >= LEAST_SHARE * total)) for step in order}
    while sum(seats.values()) > count:  # guaranteed seats are taken from who has most above their share
        least_due = max(order, key=lambda step: (seats[step] > 1, seats[step] - exact[step], order.index(step)))
        seats[least_due] -= 1
    while sum(seats.values()) < count:
        seats[max(order, key=lambda step: (exact[step] - seats[step], -order.index(step)))] += 1
    return _in_turn({step: seats[step] for step in sorted(seats)})


def _in_turn(seats: Mapping[int, int]) -> tuple[int, ...]:
    rounds = range(max(seats.values()))
    return tuple(step for number in rounds for step, many in seats.items() if many > number)


def is_of_step(concept: Concept, step: int) -> bool:
    """Whether a concept is at home in a step: met there, or studied there in depth."""
    return step in {concept.met_in, concept.step}


def choose_questions(
    bank: Iterable[Question],
    concepts: Mapping[str, Concept],
    steps: Sequence[int],
    *,
    recent: Collection[str],
    count: int,
    rng: random.Random,
) -> tuple[Question, ...]:
    """`count` questions for a server whose members are on `steps`, or all there are if the bank has fewer.

    Each is on another concept, none is in `recent`. The first one is quick to answer and easy if there is such a
    one; the others go from easy to hard, and their kinds differ as far as they can.
    """
    left = sorted((q for q in bank if q.id not in recent and q.concept in concepts), key=lambda q: q.id)
    rng.shuffle(left)  # min() takes the first of equals
    chosen: list[Question] = []
    for seat, step in enumerate(share_seats(steps, count)):
        used = {question.concept for question in chosen}
        pool = [question for question in left if question.concept not in used]
        if not pool:
            break
        kinds = Counter(question.kind for question in chosen)
        wanted = Difficulty(min(3 * seat // count, Difficulty.HARD))
        chosen.append(_best(pool, concepts, step, wanted, kinds))
    return tuple(chosen[:1] + sorted(chosen[1:], key=difficulty_of))


def _best(
    pool: Sequence[Question],
    concepts: Mapping[str, Concept],
    step: int,
    wanted: Difficulty,
    kinds: Mapping[QuestionKind, int],
) -> Question:
    """The question that suits a seat best: its step or else the nearest before it, then kind, then difficulty."""

    def key(question: Question) -> tuple[int, bool, int, int]:
        concept = concepts[question.concept]
        is_slow_start = not kinds and question.kind not in _QUICK
        distance = abs(difficulty_of(question) - wanted)
        return _away(concept, step), is_slow_start, kinds.get(question.kind, 0), distance

    return min(pool, key=key)


def _away(concept: Concept, step: int) -> int:
    """How far a concept is from a step; what comes later is farther than everything before."""
    if is_of_step(concept, step):
        return 0
    return step - concept.step if concept.step < step else 6 + concept.met_in


# Results


def score_members(attempts: Iterable[Attempt], counted: Collection[int], live: Collection[int]) -> tuple[Score, ...]:
    """What each member reached in a round, in the order of their ids.

    Positions that are `counted` count. `live` ones can be answered, and whoever has answered all of them has
    finished; if there are none, nobody has.
    """
    answered: dict[int, set[int]] = {}
    right: Counter[int] = Counter()
    for attempt in attempts:
        if attempt.position is None:
            continue
        answered.setdefault(attempt.member_id, set()).add(attempt.position)
        right[attempt.member_id] += attempt.position in counted and attempt.is_correct is True
    return tuple(
        Score(member, right[member], bool(live) and answered[member].issuperset(live)) for member in sorted(answered)
    )


def graded_positions(attempts: Iterable[Attempt]) -> frozenset[int]:
    """The positions of which some answer counts; no answer to a retired question does."""
    return frozenset(one.position for one in attempts if one.is_correct is not None and one.position is not None)


def counted_positions(questions: Sequence[str], bank: Collection[str], graded: Collection[int]) -> tuple[int, ...]:
    """The positions that count: those in the bank, and those that were answered before they left it."""
    return tuple(place for place, question in enumerate(questions) if question in bank or place in graded)


def mean_score(scores: Iterable[Score]) -> float | None:
    """The mean of right answers of who finished; None if nobody did."""
    finished = [score.right for score in scores if score.is_finished]
    return sum(finished) / len(finished) if finished else None


def most_missed(attempts: Iterable[Attempt]) -> tuple[int, int, int] | None:
    """The position with the greatest share of wrong answers, how many were wrong, and of how many.

    The first of equals; None if everything was right.
    """
    answers: Counter[int] = Counter()
    wrong: Counter[int] = Counter()
    for attempt in attempts:
        if attempt.position is not None and attempt.is_correct is not None:
            answers[attempt.position] += 1
            wrong[attempt.position] += not attempt.is_correct
    missed = [position for position in sorted(answers) if wrong[position]]
    if not missed:
        return None
    worst = max(missed, key=lambda position: wrong[position] / answers[position])
    return worst, wrong[worst], answers[worst]


def place_scores(scores: Iterable[Score], ranked: Collection[int]) -> tuple[Place, ...]:
    """Those who agreed to be named and have finished, best first. Equal scores share a place: 1, 2, 2, 4."""
    named = sorted(
        (score for score in scores if score.member_id in ranked and score.is_finished),
        key=lambda score: (-score.right, score.member_id),
    )
    rights = [score.right for score in named]
    return tuple(Place(rights.index(score.right) + 1, score.member_id, score.right) for score in named)


def most_improved(now: Mapping[int, tuple[int, int]], before: Mapping[int, tuple[int, int]]) -> tuple[Improvement, ...]:
    """Who has gained most since their last quiz; all of them if several have gained as much.

    Both map members to their right answers and to how many counted.
    """
    gained = {
        member: right / counted - before[member][0] / before[member][1]
        for member, (right, counted) in now.items()
        if counted and before.get(member, (0, 0))[1]
    }
    most = max(gained.values(), default=0.0)
    if most <= 0:
        return ()
    best = sorted(member for member, gain in gained.items() if abs(gain - most) < 1e-9)
    return tuple(Improvement(member, *now[member], *before[member]) for member in best)
