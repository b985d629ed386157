"""Which questions a probe asks, how their options are shuffled, and what the answers prove."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.probe import rules
from bot.features.probe.models import GivenAnswer, Probe, Purpose
from bot.features.probe.rules import choose_questions, shuffle_options
from bot.features.questions.rules.levels import Difficulty, taught_in
from bot.features.questions.rules.options import option_id
from knowledge.models import Concept, Question

NOW = datetime(2026, 3, 1, 20, tzinfo=UTC)
EASY, MEDIUM, HARD = Difficulty
SIX = rules.WANTED[Purpose.STEP]


def question(name, concept="relu", difficulty="easy", *, kind="single", texts=("right", "wrong", "worse")):
    if kind == "boolean":
        texts = ("True", "False")
    right, *wrong = texts
    options = [{"text": right, "correct": True}] + [{"text": text, "remark": f"not {text}"} for text in wrong]
    return Question.model_validate(
        {
            "id": name,
            "concept": concept,
            "kind": kind,
            "difficulty": difficulty,
            "prompt": f"{name}?",
            "options": options,
            "explanation": "So it is.",
            "source": {"note": f"concepts/{concept}", "terms": ["so"]},
        }
    )


def concept(step, met_in, *prerequisites):
    study = [{"resource": "book"}]
    return Concept(title="T", step=step, met_in=met_in, prerequisites=prerequisites, study=study)


def choose(pool, wanted, answered=None, *, seed=0, **options):
    return choose_questions(pool, wanted, answered or {}, NOW, random.Random(seed), **options)


def days_ago(days):
    return NOW - timedelta(days=days)


# Choosing


@pytest.mark.parametrize("seed", range(5))
def test_a_step_is_asked_about_from_easy_to_hard_and_about_six_concepts(seed):
    pool = [question(f"{c}-{d.name.lower()}", c, d.name.lower()) for c in "abcdefgh" for d in Difficulty]
    chosen = choose(pool, SIX, seed=seed)
    assert [q.difficulty for q in chosen] == ["easy", "easy", "medium", "medium", "hard", "hard"]
    assert len({q.concept for q in chosen}) == 6


def test_the_choice_is_a_matter_of_chance_where_nothing_else_decides():
    pool = [question(f"{c}-easy", c) for c in "abcdefgh"]
    assert len({choose(pool, (EASY,), seed=seed) for seed in range(30)}) > 3
    assert choose(pool, (EASY,), seed=1) == choose(pool, (EASY,), seed=1)


@pytest.mark.parametrize("seed", range(5))
def test_the_few_hard_questions_are_not_lost_to_their_easy_neighbours(seed):
    pool = [question("a-easy", "a"), question("a-hard", "a", "hard"), question("b-easy", "b")]
    pool += [question("c-easy", "c"), question("c-medium", "c", "medium")]
    chosen = choose(pool, rules.WANTED[Purpose.ITEM], seed=seed)
    assert [q.id for q in chosen] == ["b-easy", "c-medium", "a-hard"]


def test_the_next_difficulty_stands_in_where_one_is_missing():
    pool = [question("a-easy", "a"), question("b-hard", "b", "hard")]
    assert [q.id for q in choose(pool, (EASY, EASY))] == ["a-easy", "b-hard"]


@pytest.mark.parametrize(
    ("answered", "first"),
    [
        ({}, {"new", "other", "old"}),
        ({"old": 30}, {"new", "other"}),
        ({"old": 30, "new": 20, "other": 40}, {"other"}),
        ({"old": 30, "new": 13, "other": 2}, {"old"}),
        ({"old": 14, "new": 13, "other": 2}, {"old"}),
        ({"old": 3, "new": 13, "other": 2}, {"new"}),
    ],
)
def test_what_was_never_answered_comes_first_and_what_was_answered_lately_last(answered, first):
    pool = [question(name) for name in ("new", "other", "old")]
    times = {name: days_ago(days) for name, days in answered.items()}
    assert {choose(pool, (EASY,), times, seed=seed)[0].id for seed in range(30)} == first


def test_a_fresh_question_on_a_known_concept_beats_a_stale_one_on_a_new_concept():
    pool = [question("a1", "a"), question("a2", "a"), question("b1", "b")]
    assert {q.id for q in choose(pool, (EASY, EASY), {"b1": days_ago(1)})} == {"a1", "a2"}
    assert {q.concept for q in choose(pool, (EASY, EASY), {"b1": days_ago(14)})} == {"a", "b"}


def test_concepts_of_a_better_rank_come_first_until_they_are_used_up():
    pool = [question("a", "a"), question("b", "b"), question("b-medium", "b", "medium"), question("c", "c")]
    ranks = {"a": 1, "b": 0, "c": 2}
    for seed in range(10):
        assert [q.id for q in choose(pool, (EASY,), seed=seed, ranks=ranks)] == ["b"]
        assert {q.id for q in choose(pool, (EASY, EASY), seed=seed, ranks=ranks)} == {"b", "a"}
    assert [q.id for q in choose(pool, (EASY,), {"b": days_ago(20)}, ranks=ranks)] == ["b-medium"]


def test_what_was_chosen_before_is_left_out_and_its_concept_comes_last():
    a1, a2, b = question("a1", "a"), question("a2", "a"), question("b", "b")
    assert choose([a1, a2, b], (EASY,), without=[a1]) == (b,)
    assert choose([a1, a2], (EASY, EASY), without=[a1]) == (a2,)


pools = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from(["easy", "medium", "hard"]), st.none() | st.integers(0, 40)),
    max_size=12,
)


@given(pools, st.sampled_from([(EASY,), rules.WANTED[Purpose.ITEM], SIX]), st.integers(0, 5))
def test_any_choice_is_whole_ordered_fresh_and_spread(drawn, wanted, seed):
    pool = [question(f"q{n}", c, d) for n, (c, d, _) in enumerate(drawn)]
    answered = {f"q{n}": days_ago(days) for n, (_, _, days) in enumerate(drawn) if days is not None}
    chosen = choose(pool, wanted, answered, seed=seed)

    assert len({q.id for q in chosen}) == len(chosen) == min(len(wanted), len(pool))
    levels = [rules.difficulty_of(q) for q in chosen]
    assert levels == sorted(levels)
    fresh = [q for q in pool if answered.get(q.id, days_ago(99)) <= days_ago(14)]
    assert len([q for q in chosen if q in fresh]) == min(len(fresh), len(chosen))
    concepts = {q.concept for q in fresh}
    if len(fresh) >= len(wanted):
        assert len({q.concept for q in chosen}) == min(len(concepts), len(chosen))


def test_the_first_step_teaches_what_is_met_there_and_the_others_what_they_study():
    concepts = {"a": concept(1, 1), "b": concept(3, 1), "c": concept(2, 2), "d": concept(3, 2)}
    assert set(taught_in(concepts, 1)) == {"a", "b"}
    assert set(taught_in(concepts, 2)) == {"c"}
    assert set(taught_in(concepts, 3)) == {"b", "d"}
    assert set(taught_in(concepts, 0)) == set()


def test_concepts_that_are_new_and_carry_later_ones_stand_for_a_step_best():
    concepts = {
        "base": concept(1, 1),
        "technique": concept(1, 1),
        "margin": concept(1, 1, "base", "technique"),
        "later": concept(3, 3, "base", "early"),
        "early": concept(3, 1),
        "leaf": concept(3, 3, "later"),
    }
    in_first = {"base": 0, "technique": 1, "margin": 1, "later": 1, "early": 0, "leaf": 2}
    in_third = {"base": 1, "technique": 2, "margin": 2, "later": 0, "early": 1, "leaf": 1}
    assert rules.rank_concepts(concepts, 1) == in_first
    assert rules.rank_concepts(concepts, 3) == in_third


@pytest.mark.parametrize(
    ("target", "step"), [("step:2", 2), ("step:", None), ("step:x", None), ("step", None), ("item:2", None), ("", None)]
)
def test_a_target_names_a_step(target, step):
    assert rules.step_number(target) == step


def test_only_what_one_click_can_answer_is_asked(knowledge):
    kinds = {q.kind for q in knowledge.curriculum.questions if rules.is_askable(q)}
    assert kinds == {"single", "boolean"}


# Options


ids = st.integers(1, 10**18)
positions = st.integers(0, 20)
texts = st.lists(st.text("abcdef", min_size=1, max_size=4), min_size=3, max_size=6, unique=True)


@given(ids, positions, texts)
def test_shuffling_changes_the_order_and_never_the_grade(probe_id, position, options):
    asked = question("q", texts=tuple(options))
    shown = shuffle_options(asked, probe_id, position)
    assert sorted(shown, key=str) == sorted(asked.options, key=str)
    assert shown[rules.right_choice(shown, {option_id(options[0])})].text == options[0]
    assert [option.correct for option in shown] == [option.text == options[0] for option in shown]
    assert shuffle_options(asked, probe_id, position) == shown


def test_the_order_differs_between_questions_and_probes():
    asked = question("q", texts=("a", "b", "c", "d"))
    assert len({shuffle_options(asked, probe, 0) for probe in range(1, 40)}) > 10
    assert len({shuffle_options(asked, 1, position) for position in range(40)}) > 10
    right = {option_id("a")}
    assert {rules.right_choice(shuffle_options(asked, probe, 0), right) for probe in range(40)} == {0, 1, 2, 3}


@given(ids, positions)
def test_true_stands_before_false(probe_id, position):
    shown = shuffle_options(question("q", kind="boolean"), probe_id, position)
    assert [option.text for option in shown] == ["True", "False"]


# Results


def probe(purpose, right, target=None, *, names="abcdef"):
    """`right` has a mark for each answer: x right, - wrong, a dot for none."""
    answers = {place: GivenAnswer(0, mark == "x") for place, mark in enumerate(right) if mark != "."}
    return Probe(1, 7, purpose, target, tuple(names[: len(right)]), answers)


@pytest.mark.parametrize(
    ("asked", "needed"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 4), (6, 5), (7, 6), (10, 8), (15, 12)]
)
def test_four_in_five_are_enough(asked, needed):
    assert rules.right_needed(asked) == needed
    assert [rules.is_enough(right, asked) for right in range(asked + 1)] == [n >= needed for n in range(asked + 1)]


def test_no_answers_are_never_enough():
    assert not rules.is_enough(0, 0)


@pytest.mark.parametrize(
    ("right", "steps"),
    [
        ("xxxxxxxxx", (1, 2, 3)),
        ("xxxxx-xxx", (1, 3)),
        ("xx-xx-xx-", ()),
        ("-..xxx-..", (2,)),
        ("xx.xxx-..", (2,)),
        (".........", ()),
        ("xx-xxx", (1, 3)),  # of an earlier version, with two questions on each step
    ],
)
def test_a_placement_settles_the_steps_with_all_answers_right(right, steps):
    assert rules.settled_by(probe(Purpose.PLACEMENT, right, names="abcdefghi")) == steps


@pytest.mark.parametrize(
    ("right", "live", "following"),
    [
        (".........", (0, 1, 2, 3, 4, 5, 6, 7, 8), 0),
        ("x........", (0, 1, 2, 3, 4, 5, 6, 7, 8), 1),
        ("-........", (0, 3, 4, 5, 6, 7, 8), 3),
        ("x-.......", (0, 1, 3, 4, 5, 6, 7, 8), 3),
        ("-..-..-..", (0, 3, 6), None),
        ("-..x-.xxx", (0, 3, 4, 6, 7, 8), None),
    ],
)
def test_a_wrong_answer_in_a_placement_spares_the_others_on_its_step(right, live, following):
    asked = probe(Purpose.PLACEMENT, right, names="abcdefghi")
    assert rules.live_positions(asked, "abcdefghi") == live
    assert rules.next_position(asked, "abcdefghi") == following


def test_who_guesses_is_hardly_ever_placed(knowledge):
    """Guessing takes a step off the path in fewer than one case in sixty, and any of the three in one of twenty."""
    pool = [q for q in knowledge.curriculum.questions if rules.is_askable(q)]
    most_likely = max(1 / len(q.options) for q in pool if rules.is_asked_for(Purpose.PLACEMENT, q))
    on_a_step = most_likely**rules.PER_PLACEMENT_STEP
    assert on_a_step < 1 / 60
    assert 1 - (1 - on_a_step) ** len(rules.PLACEMENT_STEPS) < 1 / 20


@pytest.mark.parametrize(
    ("purpose", "target", "right", "settled"),
    [
        (Purpose.STEP, "step:2", "xxxxx-", (2,)),
        (Purpose.STEP, "step:2", "xxxx--", ()),
        (Purpose.STEP, "nonsense", "xxxxxx", ()),
        (Purpose.ITEM, "book/chapter-1", "xxx", ("book/chapter-1",)),
        (Purpose.ITEM, "book/chapter-1", "xx-", ()),
        (Purpose.CONCEPT, "relu", "x", ()),
        (Purpose.REVIEW, "relu,gelu", "xx", ()),
        (Purpose.STEP, None, "xxxxxx", ()),
    ],
)
def test_a_step_and_a_part_are_settled_by_four_in_five(purpose, target, right, settled):
    assert rules.settled_by(probe(purpose, right, target)) == settled


@pytest.mark.parametrize(
    ("right", "bank", "live", "following"),
    [
        ("...", "abc", (0, 1, 2), 0),
        ("x..", "abc", (0, 1, 2), 1),
        ("x..", "ac", (0, 2), 2),
        ("x..", "bc", (0, 1, 2), 1),
        ("x-.", "ab", (0, 1), None),
        ("...", "", (), None),
        ("xx-", "abc", (0, 1, 2), None),
    ],
)
def test_what_has_left_the_bank_is_passed_over_and_what_was_answered_counts(right, bank, live, following):
    asked = probe(Purpose.STEP, right, "step:2")
    assert rules.live_positions(asked, bank) == live
    assert rules.next_position(asked, bank) == following
