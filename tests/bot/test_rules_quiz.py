"""Which questions a quiz asks and in which order, and what a member may mean by a topic."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.progress.models import Level, State
from bot.features.progress.rules.path import build_path
from bot.features.questions.rules.levels import taught_in
from bot.features.quiz.models import MISSED, Difficulty, Selection, Standing, Topic, TopicKind
from bot.features.quiz.rules.choosing import (
    LEAST_REACH,
    choose_questions,
    confusable_with,
    find_candidates,
    find_standing,
    interleave,
)
from bot.features.quiz.rules.notes import describe_choice, describe_difficulties, listed
from bot.features.quiz.rules.topics import (
    MISSED_TITLE,
    MOST_FOUND,
    find_alike,
    find_topics,
    suggest_topics,
    title_of,
)
from knowledge.models import QuestionKind, Style
from tests.bot.learners import answered as mastery_of
from tests.bot.learners import learner_of
from tests.bot.small_curriculum import (
    capstone_of,
    concept_of,
    curriculum_of,
    question_of,
    resource_of,
    step_of,
    unit_of,
    way_of,
)

NOW = datetime(2026, 3, 4, 18, tzinfo=UTC)
LETTERS = "abcdefgh"


def concept(*confused, step=1, met_in=None, needs=()):
    return concept_of(step, met_in, prerequisites=needs).model_copy(update={"confused_with": confused})


def question(name, difficulty="easy", kind=QuestionKind.BOOLEAN):
    """ "a-2" is the second question on the concept a."""
    update = {"id": name, "difficulty": difficulty, "kind": kind}
    return question_of(name.partition("-")[0]).model_copy(update=update)


def bank_of(concepts, *difficulties):
    """Questions of these difficulties on each concept."""
    return [question(f"{name}-{n}", d) for name in concepts for n, d in enumerate(difficulties or ("easy", "medium"))]


def ago(days):
    return NOW - timedelta(days=days)


def step_topic(number):
    return Topic(TopicKind.STEP, str(number))


def on(concept_id):
    return Topic(TopicKind.CONCEPT, concept_id)


def standing_of(reach=LETTERS, step=1, levels=None, missed=None):
    return Standing(step, tuple(reach), levels or {}, tuple(missed or ()))


def choose(bank, concepts, standing=None, answered=None, *, count=5, seed=0, **options):
    return choose_questions(
        bank, concepts, standing or standing_of(concepts), answered or {}, NOW,
        rng=random.Random(seed), count=count, **options,
    )  # fmt: skip


def names(selection):
    return [q.id for q in selection.questions]


def concepts_in(selection):
    return [q.concept for q in selection.questions]


PLAIN = {letter: concept() for letter in LETTERS}


# What is chosen without a topic


@pytest.mark.parametrize("seed", range(8))
def test_weak_and_fading_concepts_take_turns_with_what_is_learnt_and_new(seed):
    levels = {"a": Level.SHAKY, "b": Level.FADING, "c": Level.LEARNING, "d": Level.SOLID}
    concepts = {**PLAIN, "e": concept(step=3), "f": concept(step=3)}
    standing = standing_of("abcdef", step=3, levels=levels)
    chosen = choose(bank_of("abcdef"), concepts, standing, count=6, seed=seed)
    found = concepts_in(chosen)
    assert found[:3] == ["a", "c", "b"]
    assert set(found[3:5]) == {"e", "f"}
    assert found[5] == "d", "what is solid comes last"


@pytest.mark.parametrize("seed", range(8))
def test_what_earlier_steps_taught_and_nobody_asked_comes_after_the_present_step(seed):
    concepts = {"a": concept(), "b": concept(step=3, met_in=1), "c": concept(step=3)}
    chosen = choose(bank_of("abc"), concepts, standing_of("abc", step=3), count=3, seed=seed)
    assert concepts_in(chosen)[2] == "a"


def test_nothing_beyond_reach_is_asked():
    chosen = choose(bank_of("abcd"), PLAIN, standing_of("ab"), count=15)
    assert Counter(concepts_in(chosen)) == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    ("level", "fitting"),
    [
        (Level.SHAKY, {"easy", "medium"}),
        (Level.UNSEEN, {"easy", "medium"}),
        (Level.LEARNING, {"easy", "medium"}),
        (Level.FADING, {"medium", "hard"}),
        (Level.SOLID, {"hard"}),
    ],
)
def test_the_difficulty_fits_the_level(level, fitting):
    bank = bank_of(LETTERS, "easy", "medium", "hard")
    standing = standing_of(levels=dict.fromkeys(LETTERS, level))
    chosen = choose(bank, PLAIN, standing, count=8).questions
    assert {q.difficulty for q in chosen} == fitting, "mixed where two of them fit"


@pytest.mark.parametrize("level", Level)
def test_what_fits_less_comes_where_there_is_nothing_else(level):
    bank = bank_of("a", "easy", "hard")
    first, second = choose(bank, PLAIN, standing_of("a", levels={"a": level}), count=2).questions
    is_strong = level in {Level.FADING, Level.SOLID}
    assert (first.difficulty, second.difficulty) == (("hard", "easy") if is_strong else ("easy", "hard"))


def test_the_dice_decide_between_equals():
    bank = bank_of(LETTERS, "easy", "easy")
    assert {choose(bank, PLAIN, count=1, seed=seed).questions[0].concept for seed in range(99)} == set(LETTERS)
    assert {names(choose(bank, PLAIN, standing_of("a"), count=1, seed=seed))[0] for seed in range(9)} == {"a-0", "a-1"}


def test_kinds_are_mixed():
    kinds = (QuestionKind.SINGLE, QuestionKind.BOOLEAN, QuestionKind.NUMERIC, QuestionKind.ORDER)
    bank = [question(f"{name}-{n}", "easy", kind) for name in LETTERS for n, kind in enumerate(kinds)]
    chosen = choose(bank, PLAIN, count=8)
    assert set(Counter(q.kind for q in chosen.questions).values()) == {2}


@pytest.mark.parametrize("seed", range(5))
def test_what_was_never_asked_comes_before_what_was_asked_long_ago(seed):
    chosen = choose(bank_of("a", "easy", "easy"), PLAIN, standing_of("a"), {"a-0": ago(90)}, count=1, seed=seed)
    assert names(chosen) == ["a-1"]


@pytest.mark.parametrize(("days", "expected"), [(13.99, []), (14, ["a-0"]), (40, ["a-0"])])
def test_no_question_comes_back_within_14_days(days, expected):
    assert names(choose([question("a-0")], PLAIN, standing_of("a"), {"a-0": ago(days)})) == expected


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("count", "pairs"), [(1, 0), (2, 1), (3, 1), (5, 2), (6, 2), (10, 3), (15, 5)])
def test_a_third_of_the_quiz_is_on_what_is_confused_with_the_one_before(count, pairs, seed):
    """Thirty concepts, of which each even one is confused with the odd one that follows."""
    ids = [f"c{number:02}" for number in range(30)]
    concepts = {id_: concept(ids[n + 1]) if n % 2 == 0 else concept() for n, id_ in enumerate(ids)}
    levels = dict.fromkeys(ids[::2], Level.SHAKY)
    chosen = choose(bank_of(ids), concepts, standing_of(ids, levels=levels), count=count, seed=seed)
    found = concepts_in(chosen)
    beside = [b for a, b in pairwise(found) if b in confusable_with(concepts, a)]
    assert len(found) == count == len(set(found))
    assert len(beside) >= pairs


def test_confusion_holds_in_both_directions():
    concepts = {"a": concept("b", "gone", "a"), "b": concept(), "c": concept("b")}
    assert confusable_with(concepts, "a") == ("b",)
    assert confusable_with(concepts, "b") == ("a", "c")
    assert confusable_with(concepts, "z") == ()


# What is chosen for a topic


def test_a_step_is_spread_over_its_concepts():
    concepts = {**PLAIN, "x": concept(step=2), "y": concept(step=2), "z": concept(step=2, met_in=1)}
    bank = bank_of([*LETTERS, "x", "y", "z"])
    assert set(concepts_in(choose(bank, concepts, topic=step_topic(2), count=3))) == {"x", "y", "z"}
    assert Counter(concepts_in(choose(bank, concepts, topic=step_topic(2), count=15))) == {"x": 2, "y": 2, "z": 2}


def test_the_first_step_is_what_is_met_in_it():
    concepts = {"a": concept(), "b": concept(step=3, met_in=1), "c": concept(step=3)}
    assert taught_in(concepts, 1) == ("a", "b")
    assert taught_in(concepts, 3) == ("b", "c")


@pytest.mark.parametrize("seed", range(8))
def test_of_a_step_the_met_concepts_come_before_those_to_come(seed):
    levels = {"h": Level.SHAKY, "a": Level.SOLID}
    chosen = choose(bank_of(LETTERS), PLAIN, standing_of("abc", levels=levels), topic=step_topic(1), count=8, seed=seed)
    found = concepts_in(chosen)
    assert found[0] == "h"
    assert set(found[1:3]) == {"b", "c"}
    assert found[7] == "a"


RELATED = {
    "a": concept("b", "far", needs=("c",)),
    "b": concept(),
    "c": concept(),
    "d": concept("a"),
    "e": concept(),
    "far": concept(step=5),
}


@pytest.mark.parametrize("seed", range(5))
def test_a_concept_comes_with_its_own_questions_from_easy_to_hard(seed):
    bank = bank_of("abcde", "hard", "easy", "medium")
    assert names(choose(bank, RELATED, topic=on("a"), count=3, seed=seed)) == ["a-1", "a-2", "a-0"]


@pytest.mark.parametrize("seed", range(5))
def test_what_is_confused_with_it_and_what_it_builds_on_fill_a_concept_up(seed):
    bank = bank_of(["a", "b", "c", "d", "e", "far"], "easy", "medium")
    found = concepts_in(choose(bank, RELATED, standing_of("ab"), topic=on("a"), count=5, seed=seed))
    assert found == ["a", "b", "a", "d", "c"]
    whole = choose(bank, RELATED, standing_of("ab"), topic=on("a"), count=15, seed=seed)
    assert Counter(concepts_in(whole)) == {"a": 2, "b": 2, "c": 2, "d": 2}, "what is still to come is left out"


def test_what_was_met_before_its_time_fills_up_too():
    bank = bank_of(["a", "far"])
    chosen = choose(bank, RELATED, standing_of(["far"]), topic=on("a"), count=15)
    assert Counter(concepts_in(chosen)) == {"a": 2, "far": 2}


def test_a_concept_that_is_gone_has_no_questions():
    assert names(choose(bank_of("abc"), RELATED, topic=on("gone"))) == []


def test_a_topic_comes_again_only_once_nothing_else_is_left_the_longest_ago_first():
    bank = bank_of("ab", "easy", "easy", "easy")
    answered = {"a-0": ago(1), "a-1": ago(12), "a-2": ago(5), "b-0": ago(13)}
    fresh = choose(bank, RELATED, standing_of("ab"), answered, topic=on("a"), count=2)
    assert set(names(fresh)) == {"b-1", "b-2"}
    assert fresh.lately == frozenset()
    more = choose(bank, RELATED, standing_of("ab"), answered, topic=on("a"), count=4)
    assert more.lately == {"a-1", "a-2"}
    step = choose(bank, PLAIN, standing_of("ab"), answered, topic=step_topic(1), count=3)
    assert step.lately == {"b-0"}
    assert len(step.questions) == 3


def test_without_a_topic_nothing_comes_again():
    bank = bank_of("ab")
    answered = {q.id: ago(13) for q in bank}
    chosen = choose(bank, PLAIN, standing_of("ab"), answered)
    assert (chosen.questions, chosen.lately) == ((), frozenset())


def test_what_was_missed_is_asked_in_another_way_first_and_then_once_more():
    bank = bank_of("abc", "easy", "easy")
    answered = {"a-0": ago(3), "b-0": ago(2), "b-1": ago(2)}
    standing = standing_of("abc", missed=["b-0", "a-0"])
    chosen = choose(bank, PLAIN, standing, answered, topic=MISSED)
    assert names(chosen) == ["a-1", "b-0", "a-0"], "b-1 was right and stays out"
    assert chosen.lately == {"a-0", "b-0"}


def test_the_latest_miss_comes_first_and_what_was_missed_before_its_like():
    bank = bank_of("abc", "easy", "easy")
    missed = {"b-1": ago(16), "a-1": ago(28), "b-0": ago(29)}
    chosen = choose(bank, PLAIN, standing_of("abc", missed=missed), missed, topic=MISSED, count=2)
    assert [q.concept for q in chosen.questions] == ["b", "a"]
    assert set(names(chosen)) <= set(missed)


def test_who_missed_nothing_gets_nothing():
    assert names(choose(bank_of("abc"), PLAIN, topic=MISSED)) == []


@pytest.mark.parametrize("difficulty", Difficulty)
def test_one_difficulty_only(difficulty):
    chosen = choose(bank_of("abc", *Difficulty), PLAIN, count=15, difficulty=difficulty)
    assert {q.difficulty for q in chosen.questions} == {difficulty}
    assert len(chosen.questions) == 3


def test_candidates_are_what_may_be_asked_at_all():
    bank = [*bank_of("ab", "easy", "hard"), question("gone-1")]
    assert [q.id for q in find_candidates(bank, PLAIN, standing_of("a"), None)] == ["a-0", "a-1"]
    assert [q.id for q in find_candidates(bank, PLAIN, standing_of(""), on("b"))] == ["b-0", "b-1"]


# What is said about the choice


def describe(ids, lately=(), *, topic=None, wanted=None, is_new=False):
    chosen = Selection(tuple(question(id_) for id_ in ids), frozenset(lately))
    standing = Standing(1, (), is_new=is_new)
    return describe_choice(chosen, standing, topic=topic, title="Topic A", wanted=wanted or len(ids))


SHORTER = "so the quiz is shorter."
CLOSE = "on topics close to it."
NOTHING_ELSE = "in the last 14 days, as I have nothing else left on this."


@pytest.mark.parametrize(
    ("arguments", "options", "told"),
    [
        ((["a-1", "b-1"],), {}, []),
        ((["a-1"],), {"topic": on("a")}, []),
        ((["a-1"],), {"wanted": 2}, [f"I have only 1 fresh question for you now, {SHORTER}"]),
        ((["a-1", "b-1"],), {"wanted": 5}, [f"I have only 2 fresh questions for you now, {SHORTER}"]),
        ((["a-1"],), {"wanted": 2, "topic": step_topic(1)}, [f"I have only 1 question on this for you now, {SHORTER}"]),
        ((["a-1", "b-1"],), {"topic": on("a")}, [f"1 question is on Topic A, and 1 is {CLOSE}"]),
        ((["a-1", "a-2", "b-1", "c-1"],), {"topic": on("a")}, [f"2 questions are on Topic A, and 2 are {CLOSE}"]),
        ((["b-1"],), {"topic": on("a")}, [f"I have nothing fresh on Topic A for you, so these are {CLOSE}"]),
        ((["a-1"], ["a-1"]), {"topic": on("a")}, [f"You answered this one {NOTHING_ELSE}"]),
        ((["a-1", "a-2"], ["a-1", "a-2"]), {"topic": on("a")}, [f"You answered these {NOTHING_ELSE}"]),
        ((["a-1", "b-2"], ["a-1"]), {"topic": step_topic(1)}, [f"You answered 1 of these {NOTHING_ELSE}"]),
        ((["a-1"], ["a-1"]), {"topic": MISSED}, ["This is a question that you missed, asked once more."]),
        (
            (["a-1", "b-1"], ["a-1", "b-1"]),
            {"topic": MISSED},
            ["These are questions that you missed, asked once more."],
        ),
        ((["a-1", "b-1"], ["b-1"]), {"topic": MISSED}, ["1 of these is a question that you missed, asked once more."]),
        ((["a-1"],), {"is_new": True, "topic": on("a")}, []),
        (
            (["a-1"],),
            {"is_new": True, "wanted": 5},
            [
                "You have not begun yet, so these are on what the first parts of your path teach. A guess is fine.",
                f"I have only 1 fresh question for you now, {SHORTER}",
            ],
        ),
    ],
)
def test_notes(arguments, options, told):
    assert describe(*arguments, **options) == tuple(told)


@pytest.mark.parametrize(
    ("others", "title", "told"),
    [
        (["easy"], None, "I have no hard questions for you now, but easy ones."),
        (["easy", "medium"], "Topic A", "I have no hard questions on Topic A for you now, but easy and medium ones."),
    ],
)
def test_difficulties_that_are_there(others, title, told):
    sentence = describe_difficulties(Difficulty.HARD, [Difficulty(other) for other in others], title)
    assert sentence == f"{told} Leave `difficulty` out, or choose one of these."


@pytest.mark.parametrize(("names", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_lists(names, text):
    assert listed(names) == text


# What holds for every quiz


@st.composite
def situations(draw):
    ids = LETTERS[: draw(st.integers(1, 8))]
    some = st.lists(st.sampled_from(ids), unique=True, max_size=3)
    concepts = {id_: concept(*draw(some), step=draw(st.integers(1, 2)), needs=tuple(draw(some))) for id_ in ids}
    bank = [
        question(f"{id_}-{n}", draw(st.sampled_from(Difficulty)), draw(st.sampled_from(QuestionKind)))
        for id_ in ids
        for n in range(draw(st.integers(0, 4)))
    ]
    days = st.sampled_from([0, 1, 5, 13, 14, 20, 100])
    answered = {q.id: ago(draw(days)) for q in bank if draw(st.booleans())}
    standing = Standing(
        draw(st.integers(1, 2)),
        tuple(draw(st.lists(st.sampled_from(ids), unique=True))),
        {id_: draw(st.sampled_from(Level)) for id_ in ids if draw(st.booleans())},
        tuple(id_ for id_ in answered if draw(st.booleans())),
    )
    topic = draw(st.sampled_from([None, MISSED, step_topic(1), step_topic(2), *map(on, ids)]))
    difficulty = draw(st.sampled_from([None, *Difficulty]))
    return bank, concepts, standing, answered, topic, difficulty


@given(situations(), st.integers(1, 15), st.integers(0, 9))
def test_every_quiz(situation, count, seed):
    bank, concepts, standing, answered, topic, difficulty = situation
    options = {"count": count, "seed": seed, "topic": topic, "difficulty": difficulty}
    chosen = choose(bank, concepts, standing, answered, **options)
    assert choose(bank, concepts, standing, answered, **options) == chosen, "the same for the same seed"
    ids = names(chosen)
    assert len(ids) == len(set(ids)), "no question twice"

    candidates = {q.id: q for q in find_candidates(bank, concepts, standing, topic)}
    candidates = {id_: q for id_, q in candidates.items() if difficulty in {None, q.difficulty}}
    fresh = {id_ for id_ in candidates if not (id_ in answered and answered[id_] > ago(14))}
    again = set(candidates) - fresh if topic else set()
    if topic == MISSED:
        again &= set(standing.missed)
    assert set(ids) <= fresh | again
    assert len(ids) == min(count, len(fresh | again)), "as many as asked for, or all there are"
    assert chosen.lately == set(ids) & again
    assert not chosen.lately or fresh <= set(ids), "nothing comes again while something else is left"

    counts = Counter(concepts_in(chosen))
    most = max(counts.values(), default=0)
    found = concepts_in(chosen)
    repeats = sum(a == b for a, b in pairwise(found))
    assert repeats == max(0, 2 * most - len(found) - 1), "one concept twice in a row only if it cannot be helped"

    if difficulty:
        assert {q.difficulty for q in chosen.questions} <= {difficulty}
    if topic is None:
        assert set(found) <= set(standing.reach)
    elif topic.kind is TopicKind.STEP:
        assert all(concepts[c].step == int(topic.id) for c in found)
    elif topic.kind is TopicKind.CONCEPT:
        near = {*confusable_with(concepts, topic.id), *concepts[topic.id].prerequisites}
        assert set(found) <= {topic.id, *near}
        own = {id_ for id_ in fresh if candidates[id_].concept == topic.id}
        assert own <= set(ids) or len(own & set(ids)) == count, "its own questions first"


@given(st.lists(st.sampled_from("aabbcd"), max_size=12))
def test_interleaving_changes_the_order_only_and_as_little_as_it_can(letters):
    questions = [question(f"{letter}-{n}") for n, letter in enumerate(letters)]
    mixed = interleave(questions)
    assert sorted(q.id for q in mixed) == sorted(q.id for q in questions)
    most = max(Counter(letters).values(), default=0)
    assert sum(a.concept == b.concept for a, b in pairwise(mixed)) == max(0, 2 * most - len(letters) - 1)
    if all(a != b for a, b in pairwise(letters)):
        assert list(mixed) == questions


# Where a learner stands

COURSE = curriculum_of(
    step_of(1, core=("course",)),
    step_of(2, ways=(way_of(Style.BOOK, "book"),)),
    step_of(3),
    resources={
        "course": resource_of(
            *(unit_of(f"u{n}", tuple(pair)) for n, pair in enumerate(("ab", "cd", "ef", "gh", "ij")))
        ),
        "book": resource_of(unit_of("one", ("x",)), unit_of("two", ("y", "late")), steps=(2,)),
        "beside": resource_of(unit_of("only", ("z",)), steps=(3,)),
        "blog": resource_of(hours=(1, 1)),
    },
    concepts={
        **{letter: concept() for letter in "abcdefghij"},
        **{letter: concept(step=2) for letter in "xy"},
        "late": concept(step=3),
        "z": concept(step=3),
    },
    capstones={"idea": capstone_of(4, concepts=("c", "z"))},
)
PATH = build_path(COURSE)


def reach_of(progress=None, mastery=(), path=PATH):
    return find_standing(COURSE, path, learner_of(progress=progress, mastery=mastery), (), NOW).reach


def test_a_newcomer_is_asked_what_the_first_parts_teach():
    assert reach_of() == tuple("abcdefgh")
    assert len(reach_of()) == LEAST_REACH


@pytest.mark.parametrize("state", [State.STARTED, State.DONE, State.KNOWN])
def test_what_was_begun_done_or_known_was_met(state):
    everything = {f"course/u{n}": state for n in range(5)}
    assert reach_of(everything) == tuple("abcdefghij")
    assert reach_of({"course/u4": state}) == ("i", "j", *"abcdef"), "and the next parts follow while it is little"
    assert reach_of({"course/u0": state}) == tuple("abcdefgh"), "each once"


def test_what_was_skipped_was_not_met():
    assert reach_of({"course/u0": State.SKIPPED}) == tuple("cdefghij")


def test_answers_count_as_met_also_beside_the_path():
    assert reach_of({"beside/only": State.DONE, "blog": State.DONE}, [mastery_of("y", right=1)])[:2] == ("y", "z")
    assert "z" in reach_of({"capstone:idea/1": State.DONE})
    assert reach_of({"capstone:own/4-1": State.DONE, "gone/unit": State.DONE, "course/gone": State.DONE}) == reach_of()
    assert reach_of(mastery=[mastery_of("gone", right=1)]) == reach_of()


def test_the_next_parts_bring_nothing_that_is_met_later():
    done = {f"course/u{n}": State.SKIPPED for n in range(5)}
    assert reach_of(done) == ("x", "y")


def test_the_step_and_the_levels_are_those_of_the_moment():
    learner = learner_of(
        progress={f"course/u{n}": State.DONE for n in range(5)},
        mastery=[mastery_of("a", right=4), mastery_of("b", wrong=2), mastery_of("c", right=4, ago=90)],
    )
    standing = find_standing(COURSE, PATH, learner, ["b-1"], NOW)
    assert standing.step == 2
    assert standing.levels == {"a": Level.SOLID, "b": Level.SHAKY, "c": Level.FADING}
    assert standing.level("d") is Level.UNSEEN
    assert standing.missed == ("b-1",)


def test_who_is_through_with_everything_stands_on_the_last_step():
    done = {item.id: State.DONE for item in PATH.items}
    standing = find_standing(COURSE, PATH, learner_of(progress=done), (), NOW)
    assert standing.step == 3
    assert set(standing.reach) == {*"abcdefghij", "x", "y", "late"}


# Topics


@pytest.mark.parametrize(
    ("value", "topic"),
    [
        ("step:2", step_topic(2)),
        ("concept:softmax", on("softmax")),
        ("missed", MISSED),
        ("missed:1", None),
        ("step:", None),
        ("concept", None),
        ("resource:a", None),
        ("", None),
    ],
)
def test_values_of_topics(value, topic):
    assert Topic.from_value(value) == topic
    if topic:
        assert topic.value == value


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("softmax", ["concept:softmax"]),
        ("  SoftMax ", ["concept:softmax"]),
        ("softmax?", ["concept:softmax"]),
        ("concept:softmax", ["concept:softmax"]),
        ("Softmax · concept of step 3", ["concept:softmax"]),
        ("cnn", ["concept:convolution"]),
        ("bayes", ["concept:bayes"]),
        ("step 2", ["step:2"]),
        ("2", ["step:2"]),
        ("Mathematical foundations", ["step:2"]),
        ("Step 2: Mathematical foundations", ["step:2"]),
        ("missed", ["missed"]),
        ("What I missed lately", ["missed"]),
        ("backprop", ["concept:backprop", "concept:bptt", "concept:reparam"]),
        ("softmx", []),
        ("concept:gone", []),
        ("step:9", []),
    ],
)
def test_what_is_typed_and_not_picked(knowledge, text, values):
    assert [topic.value for topic in find_topics(knowledge.curriculum, text)] == values


def test_one_letter_names_nothing(knowledge):
    assert len(find_topics(knowledge.curriculum, "q")) > 1


def test_what_is_misspelt_has_something_alike(knowledge):
    assert find_alike(knowledge.curriculum, "softmx") == "Softmax"
    assert find_alike(knowledge.curriculum, "zzzzzz") is None


def test_suggestions_begin_with_what_was_missed_and_what_is_near(knowledge):
    found = suggest_topics(knowledge.curriculum, "", [step_topic(3), on("softmax")])
    assert [choice.value for choice in found[:5]] == ["missed", "step:3", "concept:softmax", "step:1", "step:2"]
    assert len(found) == MOST_FOUND == len(set(found))


def test_suggestions_are_steps_and_concepts_only_with_the_nearest_first(knowledge):
    found = suggest_topics(knowledge.curriculum, "soft")
    assert (found[0].value, found[0].label) == ("concept:softmax", "Softmax · concept of step 3")
    assert {choice.value.partition(":")[0] for choice in found} == {"concept"}
    assert suggest_topics(knowledge.curriculum, "fast.ai") == ()


def test_every_topic_can_be_suggested_and_found_by_its_title(knowledge):
    curriculum = knowledge.curriculum
    everything = [MISSED, *(step_topic(step.number) for step in curriculum.steps), *map(on, curriculum.concepts)]
    for topic in everything:
        title = title_of(curriculum, topic)
        assert topic.value in {choice.value for choice in suggest_topics(curriculum, title)}, title
        assert find_topics(curriculum, title) == (topic,), title
        for choice in suggest_topics(curriculum, title):
            assert len(choice.label) <= 100
            assert len(choice.value) <= 100


def test_titles(knowledge):
    assert title_of(knowledge.curriculum, MISSED) == MISSED_TITLE
    assert title_of(knowledge.curriculum, step_topic(2)) == "Step 2: Mathematical foundations"
    assert title_of(knowledge.curriculum, step_topic(7)) is None
    assert title_of(knowledge.curriculum, on("gone")) is None


def test_the_real_bank_fills_a_quiz_on_any_step_and_any_concept(knowledge):
    curriculum = knowledge.curriculum
    standing = find_standing(curriculum, build_path(curriculum), learner_of(), (), NOW)
    assert len(choose(curriculum.questions, curriculum.concepts, standing, count=15).questions) == 15
    for step in curriculum.steps:
        whole = choose(curriculum.questions, curriculum.concepts, standing, count=15, topic=step_topic(step.number))
        assert len(whole.questions) == 15, step.number
    for id_ in curriculum.concepts:
        five = choose(curriculum.questions, curriculum.concepts, standing, count=5, topic=on(id_))
        assert id_ in {q.concept for q in five.questions[:2]}
        assert len(five.questions) == 5, id_
