"""When a question comes again: FSRS, the free spaced repetition scheduler.

Ye, Su and Cao, 2022, "A stochastic shortest path algorithm for optimizing spaced repetition scheduling"; the scheduler
is py-fsrs. Wrong is Again, right is Good, and right by luck (the member said so) is Hard. Without fuzz, for a card is
computed again from its answers whenever a key is corrected, and has to come out the same.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from fsrs import Card, Rating, Scheduler, State

from bot.features.questions.models import Attempt, Confidence


def new_scheduler(
    *,
    parameters: Sequence[float],
    desired_retention: float,
    maximum_interval_days: int,
    learning_steps: Sequence[timedelta],
    relearning_steps: Sequence[timedelta],
) -> Scheduler:
    """The scheduler of everybody's cards.

    Raises:
        ValueError: the parameters are not 21 numbers within the bounds of FSRS-6.
    """
    return Scheduler(
        parameters=tuple(parameters),
        desired_retention=desired_retention,
        learning_steps=tuple(learning_steps),
        relearning_steps=tuple(relearning_steps),
        maximum_interval=maximum_interval_days,
        enable_fuzzing=False,
    )


def rating_of(*, is_correct: bool, confidence: Confidence | None) -> Rating:
    """The grade that FSRS gets for an answer."""
    if not is_correct:
        return Rating.Again
    return Rating.Hard if confidence is Confidence.GUESSED else Rating.Good


def review(scheduler: Scheduler, card: Card | None, rating: Rating, at: datetime) -> Card:
    """The card after one more answer; None is a question that was never answered."""
    # The scheduler refuses times before the last review, which a clock that was set back can produce.
    moment = max(at, card.last_review) if card is not None and card.last_review is not None else at
    moment = moment.astimezone(UTC)  # nothing else will do
    reviewed, _ = scheduler.review_card(card or _new_card(moment), rating, moment)
    return reviewed


def _new_card(at: datetime) -> Card:
    return Card(card_id=0, due=at)  # the card's own id is the time, which nobody reads here


def replay(scheduler: Scheduler, attempts: Iterable[Attempt]) -> Card | None:
    """The card after all these answers, the oldest first; those to a retired question count for nothing."""
    card = None
    for attempt in sorted(attempts, key=lambda attempt: (attempt.answered_at, attempt.id)):
        if attempt.is_correct is not None:
            rating = rating_of(is_correct=attempt.is_correct, confidence=attempt.confidence)
            card = review(scheduler, card, rating, attempt.answered_at)
    return card


def card_of(
    *, state: int, step: int | None, stability: float, difficulty: float, due_at: datetime, reviewed_at: datetime
) -> Card:
    """A card from what the database holds of it."""
    return Card(0, State(state), step, stability, difficulty, due_at, reviewed_at)
