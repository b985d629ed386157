"""The weekly quiz: which questions a server gets, and what its members' answers come to."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.questions.models import Attempt, Response
from bot.features.weekly import rules
from bot.features.weekly.models import Improvement, Place, Score
from knowledge.models import Question
from tests.bot.small_curriculum import concept_of

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
ADA, GRACE, EVE, LINUS = 1, 2, 3, 4

_FORMS = {
    "boolean": {"options": [{"text": "True", "correct": True}, {"text": "False", "remark": "No."}]},
    "single": {
        "options": [{"text": "a", "correct": True}, {"text": "b", "remark": "No."}, {"text": "c", "remark": "No."}]
    },
    "multiple": {
        "options": [{"text": "a", "correct": True}, {"text": "b", "correct": True}, {"text": "c", "remark": "No."}]
    },
    "order": {"options": [{"text": "a"}, {"text": "b"}, {"text": "c"}]},
    "numeric": {"answer": 1.0},
}


def question(id_, *, concept=None, kind="boolean", difficulty="easy"):
    return Question.model_validate(
        {
            "id": id_,
            "concept": concept or id_,
            "kind": kind,
            "difficulty": difficulty,
            "prompt": "Is it so?",
            "explanation": "It is so.",
            "source": {"note": "concepts/a", "terms": ["so"]},
            **_FORMS[kind],
        }
    )


def choose(bank, steps=(1,), *, concepts=None, recent=(), count=5, seed=1):
    concepts = concepts or {one.concept: concept_of() for one in bank}
    chosen = rules.choose_questions(
        bank, concepts, steps, recent=frozenset(recent), count=count, rng=random.Random(seed)
    )
    return [one.id for one in chosen]


def ids(*questions):
    return [one.id for one in questions]


# Seats


@pytest.mark.parametrize(
    ("steps", "count", "seats"),
    [
        ([], 5, (1, 1, 1, 1, 1)),
        ([3], 4, (3, 3, 3, 3)),
        ([1, 3], 5, (1, 3, 1, 3, 1)),
        ([1] * 6 + [2] * 4, 5, (1, 2, 1, 2, 1)),
        ([1] * 8 + [2] * 2, 3, (1, 2, 1)),
        ([1] * 90 + [2] * 10, 3, (1, 1, 1)),
        ([1, 2, 3, 4, 5], 5, (1, 2, 3, 4, 5)),
        ([1, 2, 3, 4, 5], 3, (1, 2, 3)),
        ([5] * 2 + [1, 2, 3], 3, (1, 2, 5)),
        ([1] * 50 + [3] * 30 + [5] * 20, 10, (1, 3, 5, 1, 3, 5, 1, 3, 1, 1)),
        ([2] * 3 + [4] * 3 + [6] * 4, 3, (2, 4, 6)),
    ],
)
def test_steps_get_their_share_in_turn(steps, count, seats):
    assert rules.share_seats(steps, count) == seats


@given(st.lists(st.integers(1, 6), max_size=60), st.integers(3, 10))
def test_every_share_of_a_fifth_has_a_seat(steps, count):
    seats = rules.share_seats(steps, count)
    assert len(seats) == count
    sizes = Counter(steps)
    large = [step for step in sizes if 5 * sizes[step] >= len(steps)]
    assert set(seats) <= (set(steps) or {1})
    assert len(large) > count or set(large) <= set(seats)
    for step in sizes:
        assert Counter(seats)[step] <= count * sizes[step] / len(steps) + 1


# Choosing


def test_the_same_dice_choose_the_same():
    bank = [question(f"q{number}") for number in range(40)]
    assert choose(bank, seed=3) == choose(list(reversed(bank)), seed=3)
    assert len({tuple(choose(bank, seed=seed)) for seed in range(8)}) > 4


def test_no_two_of_one_concept_and_fewer_where_there_are_fewer():
    bank = [question(f"{concept}-{number}", concept=concept) for concept in "abc" for number in range(6)]
    chosen = choose(bank)
    assert sorted(id_[0] for id_ in chosen) == ["a", "b", "c"]
    assert choose([]) == []


def test_nothing_that_the_server_had_lately():
    bank = [question(f"q{number}") for number in range(8)]
    recent = ids(*bank[:4])
    for seed in range(20):
        assert not set(choose(bank, recent=recent, count=4, seed=seed)) & set(recent)
    assert choose(bank, recent=ids(*bank)) == []


def test_the_first_one_is_quick_and_easy_and_the_rest_goes_from_easy_to_hard():
    levels = ("easy", "medium", "hard")
    bank = [
        question(f"{kind}-{level}-{number}", kind=kind, difficulty=level)
        for kind in _FORMS
        for level in levels
        for number in range(3)
    ]
    by_id = {one.id: one for one in bank}
    for seed in range(20):
        first, *rest = [by_id[id_] for id_ in choose(bank, seed=seed)]
        assert first.kind in {"boolean", "single"}
        assert first.difficulty == "easy"
        assert [levels.index(one.difficulty) for one in rest] == [0, 1, 1, 2]
        assert len({first.kind, *(one.kind for one in rest)}) == 5


def test_a_slow_one_comes_first_only_if_there_is_no_quick_one():
    slow = [question(f"n{number}", kind="numeric") for number in range(4)]
    quick = question("b", kind="single", difficulty="hard")
    for seed in range(10):
        assert choose([*slow, quick], count=3, seed=seed)[0] == "b"
    assert len(choose(slow, count=3)) == 3


def test_each_step_gets_questions_of_its_own():
    concepts = {f"c{step}-{number}": concept_of(step=step) for step in range(1, 7) for number in range(5)}
    bank = [question(id_) for id_ in concepts]
    chosen = choose(bank, [2, 2, 5, 5], concepts=concepts, count=4)
    assert sorted(id_[:2] for id_ in chosen) == ["c2", "c2", "c5", "c5"]
    assert {id_[:2] for id_ in choose(bank, [], concepts=concepts)} == {"c1"}


def test_a_concept_is_at_home_where_it_is_met_and_where_it_is_studied():
    concepts = {"met": concept_of(step=3, met_in=1), "deep": concept_of(step=3), "other": concept_of(step=5)}
    bank = [question(id_) for id_ in concepts]
    assert choose(bank, [1], concepts=concepts, count=1) == ["met"]
    assert sorted(choose(bank, [3], concepts=concepts, count=2)) == ["deep", "met"]


def test_a_step_with_too_few_questions_borrows_from_the_one_before():
    concepts = {
        "six": concept_of(step=6),
        "five": concept_of(step=5),
        "four": concept_of(step=4),
        "one": concept_of(step=1),
    }
    bank = [question(id_) for id_ in concepts]
    assert sorted(choose(bank, [6], concepts=concepts, count=3)) == ["five", "four", "six"]
    later = {"five": concept_of(step=5), "four": concept_of(step=4), "one": concept_of(step=1)}
    assert choose([question(id_) for id_ in later], [3], concepts=later, count=1) == ["one"]
    assert sorted(choose([question(id_) for id_ in later], [3], concepts=later, count=2)) == ["four", "one"]


def test_a_concept_that_is_no_longer_taught_is_left_out():
    bank = [question("known"), question("gone")]
    assert choose(bank, concepts={"known": concept_of()}) == ["known"]


@given(st.integers(0, 10_000), st.lists(st.integers(1, 6), max_size=30), st.integers(3, 10))
def test_the_real_bank_always_gives_as_many_as_are_wanted(knowledge, seed, steps, count):
    curriculum = knowledge.curriculum
    dice = random.Random(seed)
    recent = {one.id for one in dice.sample(curriculum.questions, 120)}
    chosen = rules.choose_questions(
        curriculum.questions, curriculum.concepts, steps, recent=recent, count=count, rng=dice
    )
    assert len(chosen) == count
    assert len({one.concept for one in chosen}) == count
    assert not recent & {one.id for one in chosen}
    assert chosen[0].kind in {"boolean", "single"}
    order = [rules.difficulty_of(one) for one in chosen[1:]]
    assert order == sorted(order)
    assert len({one.kind for one in chosen}) >= min(count, 3)


# Words and slots


@pytest.mark.parametrize(
    ("questions", "words"),
    [
        (3, "about one minute"),
        (4, "about two minutes"),
        (5, "about two minutes"),
        (7, "about three minutes"),
        (10, "about four minutes"),
    ],
)
def test_how_long_it_takes(questions, words):
    assert rules.how_long(questions) == words


def test_slots_name_their_week():
    assert rules.round_slot("2026-W48") == "2026-W48"
    assert rules.round_slot(rules.hand_slot("2026-W48", 2)) == "2026-W48"
    assert rules.round_slot(rules.extra_slot("2026-W48", 2)) == "2026-W48:2"
    assert not rules.is_by_hand("2026-W48")
    assert rules.is_by_hand(rules.hand_slot("2026-W48", 1))
    assert rules.is_by_hand(rules.extra_slot("2026-W48", 2))
    assert all(len(slot) <= 40 for slot in (rules.hand_slot("2026-W48", 50), rules.extra_slot("2026-W48", 50)))


# Results


def attempt(member, position, is_correct, question_id=None):
    at = NOON + timedelta(minutes=position)
    id_ = 100 * member + position
    return Attempt(
        id_,
        member,
        f"round:1:{position}",
        question_id or f"q{position}",
        5,
        1,
        position,
        Response(),
        is_correct,
        None,
        at,
    )


def answers(member, marks):
    """x right, - wrong, o of a retired question, and a space for no answer."""
    return [attempt(member, place, {"x": True, "-": False, "o": None}[m]) for place, m in enumerate(marks) if m != " "]


def test_scores_count_what_counts_and_finished_is_who_left_nothing_out():
    attempts = [*answers(ADA, "xx-"), *answers(GRACE, "x "), *answers(EVE, "---")]
    assert rules.score_members(attempts, (0, 1, 2), (0, 1, 2)) == (
        Score(ADA, 2, is_finished=True),
        Score(GRACE, 1, is_finished=False),
        Score(EVE, 0, is_finished=True),
    )
    assert rules.score_members([], (0, 1, 2), (0, 1, 2)) == ()


def test_a_retired_question_counts_for_nobody():
    questions, bank = ["q0", "q1", "q2"], {"q0", "q2"}
    attempts = [*answers(ADA, "xox"), *answers(GRACE, "x -")]
    counted = rules.counted_positions(questions, bank, rules.graded_positions(attempts))
    assert counted == (0, 2)
    assert rules.score_members(attempts, counted, (0, 2)) == (
        Score(ADA, 2, is_finished=True),
        Score(GRACE, 1, is_finished=True),
    )
    assert rules.most_missed(attempts) == (2, 1, 2)


def test_a_question_that_left_the_bank_counts_for_who_answered_it():
    questions, bank = ["q0", "q1"], {"q0"}
    attempts = [*answers(ADA, "xx"), *answers(GRACE, "x")]
    counted = rules.counted_positions(questions, bank, rules.graded_positions(attempts))
    assert counted == (0, 1)
    assert [score.is_finished for score in rules.score_members(attempts, counted, (0,))] == [True, True]


def test_nobody_finishes_where_every_question_is_retired():
    attempts = answers(ADA, "oo")
    assert rules.counted_positions(["q0", "q1"], set(), rules.graded_positions(attempts)) == ()
    assert rules.score_members(attempts, (), ()) == (Score(ADA, 0, is_finished=False),)
    assert rules.most_missed(attempts) is None


def test_the_mean_is_of_those_who_finished():
    scores = [Score(ADA, 2, is_finished=True), Score(GRACE, 3, is_finished=True), Score(EVE, 0, is_finished=False)]
    assert rules.mean_score(scores) == 2.5
    assert rules.mean_score(scores[2:]) is None


@pytest.mark.parametrize(
    ("marks", "found"),
    [
        (["xx", "xx"], None),
        (["x-", "xx"], (1, 1, 2)),
        (["--", "xx"], (0, 1, 2)),
        (["x-", "-x", "- "], (0, 2, 3)),
        (["x-", "x ", "x "], (1, 1, 1)),
    ],
)
def test_the_most_missed_question_has_the_greatest_share_of_wrong_answers(marks, found):
    attempts = [one for member, line in enumerate(marks, 1) for one in answers(member, line)]
    assert rules.most_missed(attempts) == found


def test_equal_scores_share_a_place_and_only_who_wants_it_is_placed():
    scores = [
        Score(ADA, 3, is_finished=True),
        Score(GRACE, 5, is_finished=True),
        Score(EVE, 3, is_finished=True),
        Score(LINUS, 1, is_finished=True),
        Score(5, 4, is_finished=False),
        Score(6, 5, is_finished=True),
    ]
    assert rules.place_scores(scores, {ADA, GRACE, EVE, LINUS, 5}) == (
        Place(1, GRACE, 5),
        Place(2, ADA, 3),
        Place(2, EVE, 3),
        Place(4, LINUS, 1),
    )
    assert rules.place_scores(scores, set()) == ()


def test_most_improved_compares_shares_with_the_quiz_before():
    now = {ADA: (4, 5), GRACE: (5, 5), EVE: (2, 5)}
    before = {ADA: (1, 5), GRACE: (8, 10), EVE: (4, 5)}
    assert rules.most_improved(now, before) == (Improvement(ADA, 4, 5, 1, 5),)
    assert rules.most_improved(now, {GRACE: (8, 10)}) == (Improvement(GRACE, 5, 5, 8, 10),)
    assert rules.most_improved({ADA: (3, 5), EVE: (6, 10)}, {ADA: (2, 5), EVE: (4, 10)}) == (
        Improvement(ADA, 3, 5, 2, 5),
        Improvement(EVE, 6, 10, 4, 10),
    )


def test_nobody_has_improved_who_did_as_well_or_worse_or_was_not_there():
    assert rules.most_improved({ADA: (2, 5), GRACE: (1, 5)}, {ADA: (2, 5), GRACE: (2, 5)}) == ()
    assert rules.most_improved({ADA: (5, 5)}, {}) == ()
    assert rules.most_improved({ADA: (0, 0)}, {ADA: (1, 5)}) == ()
    assert rules.most_improved({ADA: (1, 5)}, {ADA: (0, 0)}) == ()
    assert rules.most_improved({}, {ADA: (1, 5)}) == ()
