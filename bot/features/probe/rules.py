"""Which questions a probe asks, in which order their options stand, and what the answers prove."""

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.features.probe.models import Probe, Purpose
from bot.features.questions.rules.levels import Difficulty, difficulty_of
from bot.features.questions.rules.options import option_id
from knowledge.models import Concept, Option, Question, QuestionKind

PLACEMENT_STEPS = (1, 2, 3)
PER_PLACEMENT_STEP = 3
"""All of them have to be right. By guessing among four options each that happens once in 64 times."""

NOT_AGAIN_WITHIN = timedelta(days=14)
"""An answer is remembered for about so long; asked again earlier, a question proves little."""

_NEVER = datetime.min.replace(tzinfo=UTC)


WANTED: Mapping[Purpose, tuple[Difficulty, ...]] = {
    Purpose.PLACEMENT: (Difficulty.MEDIUM,) * PER_PLACEMENT_STEP,
    Purpose.STEP: (Difficulty.HARD, Difficulty.HARD, Difficulty.MEDIUM, Difficulty.MEDIUM, *(Difficulty.EASY,) * 2),
    Purpose.ITEM: (Difficulty.HARD, Difficulty.MEDIUM, Difficulty.EASY),
    Purpose.CONCEPT: (Difficulty.EASY,),
    Purpose.REVIEW: (Difficulty.MEDIUM,),
}
"""What is chosen for each purpose (for each step of a placement, for each concept of a review).

Hard ones first: there are few of them, and they may not be left to the concepts that the others leave over.
"""


def is_askable(question: Question) -> bool:
    """Whether one click can answer it."""
    return question.kind in {QuestionKind.SINGLE, QuestionKind.BOOLEAN}


def is_boolean(question: Question) -> bool:
    return question.kind is QuestionKind.BOOLEAN


def is_asked_for(purpose: Purpose, question: Question) -> bool:
    """Whether a probe may ask it: a placement asks little, so nothing that is right every second time by guessing."""
    return purpose is not Purpose.PLACEMENT or not is_boolean(question)


# Choosing


def rank_concepts(concepts: Mapping[str, Concept], step: int) -> dict[str, int]:
    """How well each concept stands for a step, 0 best: new in it, and something after the first step builds on it.

    Without this, a step could be proved by what is met long before it, or by a technique on its margin.
    """
    carrying = {base for concept in concepts.values() if concept.met_in > 1 for base in concept.prerequisites}
    return {id_: (concept.met_in != step) + (id_ not in carrying) for id_, concept in concepts.items()}


def choose_questions(
    pool: Iterable[Question],
    wanted: Sequence[Difficulty],
    answered: Mapping[str, datetime],
    now: datetime,
    rng: random.Random,
    *,
    ranks: Mapping[str, int] | None = None,
    without: Collection[Question] = (),
) -> tuple[Question, ...]:
    """As many questions as difficulties are wanted, or all there are; from easy to hard.

    What was answered in the last 14 days comes only if nothing else is left. Then, in this order: concepts that
    are not in the choice yet, questions that were never answered or else longest ago, concepts of the best rank,
    the difficulty that is wanted. `answered` tells when each question was last answered; `without` was chosen before.
    """
    left = [question for question in pool if question not in without]
    rng.shuffle(left)  # min() takes the first of equals
    chosen: list[Question] = []
    for difficulty in wanted[: len(left)]:
        used = [question.concept for question in (*without, *chosen)]
        best = min(left, key=_preference(difficulty, used, answered, now - NOT_AGAIN_WITHIN, ranks or {}))
        left.remove(best)
        chosen.append(best)
    return tuple(sorted(chosen, key=difficulty_of))


def _preference(
    wanted: Difficulty,
    used: Sequence[str],
    answered: Mapping[str, datetime],
    lately: datetime,
    ranks: Mapping[str, int],
) -> Callable[[Question], tuple[bool, int, datetime, int, int]]:
    """The key by which the best question is the least one."""

    def key(question: Question) -> tuple[bool, int, datetime, int, int]:
        last = answered.get(question.id, _NEVER)
        distance = abs(difficulty_of(question) - wanted)
        return last > lately, used.count(question.concept), last, ranks.get(question.concept, 0), distance

    return key


# Asking and grading


def shuffle_options(question: Question, probe_id: int, position: int) -> tuple[Option, ...]:
    """The options as they are shown, each time alike, also after a restart. True comes before False."""
    options = list(question.options)
    if not is_boolean(question):
        random.Random(f"{probe_id}:{position}").shuffle(options)
    return tuple(options)


def right_choice(options: Sequence[Option], key: Collection[str]) -> int:
    """The place of the right option, or of the first right one. `key` holds the ids of those that count as right."""
    return next(place for place, option in enumerate(options) if option_id(option.text) in key)


def live_positions(probe: Probe, bank: Collection[str]) -> tuple[int, ...]:
    """The positions that count: answered, or still in the bank and of use."""
    return tuple(
        p
        for p, question in enumerate(probe.questions)
        if p in probe.answers or (question in bank and _is_of_use(probe, p))
    )


def _is_of_use(probe: Probe, position: int) -> bool:
    """Whether an answer could still settle something: of a placement's step, one wrong answer settles that it stays."""
    if probe.purpose is not Purpose.PLACEMENT:
        return True
    per_step = _per_step(probe)
    first = position - position % per_step
    return all(probe.answers[p].is_correct for p in range(first, first + per_step) if p in probe.answers)


def next_position(probe: Probe, bank: Collection[str]) -> int | None:
    """The first question that can still be answered; None once the probe is over."""
    return next((p for p in live_positions(probe, bank) if p not in probe.answers), None)


def count_right(probe: Probe) -> int:
    return sum(answer.is_correct for answer in probe.answers.values())


def is_enough(right: int, asked: int) -> bool:
    """Whether at least four in five were right."""
    return asked > 0 and 5 * right >= 4 * asked


def right_needed(asked: int) -> int:
    """How many of so many have to be right."""
    return -(-4 * asked // 5)


def settled_by(probe: Probe) -> tuple[int | str, ...]:
    """What the answers of a finished probe prove to be known: step numbers, or the id of an item."""
    if probe.purpose is Purpose.PLACEMENT:
        return tuple(step for step in PLACEMENT_STEPS if _has_placed(probe, step))
    if probe.target is None or not is_enough(count_right(probe), len(probe.answers)):
        return ()
    if probe.purpose is Purpose.STEP:
        step = step_number(probe.target)
        return () if step is None else (step,)
    return (probe.target,) if probe.purpose is Purpose.ITEM else ()


def _has_placed(probe: Probe, step: int) -> bool:
    """A placement asks as many questions on each of its steps, in the order of the steps."""
    per_step = _per_step(probe)
    first = PLACEMENT_STEPS.index(step) * per_step
    answers = [probe.answers.get(position) for position in range(first, first + per_step)]
    return all(answer is not None and answer.is_correct for answer in answers)


def _per_step(probe: Probe) -> int:
    """How many questions a placement has on each step; those of an earlier version had two."""
    return max(1, len(probe.questions) // len(PLACEMENT_STEPS))


def step_number(target: str) -> int | None:
    """The step that "step:2" names."""
    kind, _, number = target.partition(":")
    return int(number) if kind == "step" and number.isdecimal() else None
