"""The question bank as a whole: nothing about the form of a question tells its key."""

from collections import Counter

import pytest

from knowledge.models import Question, QuestionKind


@pytest.fixture(scope="module")
def bank(knowledge) -> tuple[Question, ...]:
    return knowledge.curriculum.questions


def _of(bank: tuple[Question, ...], kind: QuestionKind) -> list[Question]:
    return [question for question in bank if question.kind is kind]


def _key(question: Question) -> int:
    return next(position for position, option in enumerate(question.options) if option.correct)


def test_every_kind_and_every_difficulty_is_there(bank):
    kinds = Counter(question.kind for question in bank)
    assert set(kinds) == set(QuestionKind)
    assert min(kinds.values()) >= 50
    difficulties = Counter(question.difficulty for question in bank)
    assert set(difficulties) == {"easy", "medium", "hard"}
    assert min(difficulties.values()) >= len(bank) / 10


def test_no_prompt_is_asked_twice(bank):
    prompts = Counter(" ".join(question.prompt.casefold().split()) for question in bank)
    assert [prompt for prompt, count in prompts.items() if count > 1] == []


def test_the_key_of_a_single_choice_stands_at_every_position_about_equally_often(bank):
    singles = [question for question in _of(bank, QuestionKind.SINGLE) if len(question.options) == 4]
    positions = Counter(_key(question) for question in singles)
    assert set(positions) == {0, 1, 2, 3}
    for position in range(4):
        assert 0.2 <= positions[position] / len(singles) <= 0.3


def test_the_key_of_a_single_choice_is_neither_the_longest_nor_the_shortest_more_often_than_chance(bank):
    """With four options, each of them is the longest in a quarter of the questions; ties are nobody's."""
    longest = shortest = 0
    singles = [question for question in _of(bank, QuestionKind.SINGLE) if len(question.options) == 4]
    for question in singles:
        lengths = [len(option.text) for option in question.options]
        key = lengths[_key(question)]
        longest += key == max(lengths) and lengths.count(key) == 1
        shortest += key == min(lengths) and lengths.count(key) == 1
    assert longest / len(singles) <= 0.27
    assert shortest / len(singles) <= 0.27


def test_right_options_are_as_long_as_wrong_ones_on_average(bank):
    right, wrong = [], []
    for question in [*_of(bank, QuestionKind.SINGLE), *_of(bank, QuestionKind.MULTIPLE)]:
        for option in question.options:
            (right if option.correct else wrong).append(len(option.text))
    assert sum(right) / len(right) == pytest.approx(sum(wrong) / len(wrong), rel=0.08)


def test_true_is_right_about_as_often_as_false(bank):
    keys = Counter(question.options[_key(question)].text for question in _of(bank, QuestionKind.BOOLEAN))
    assert 0.4 <= keys["True"] / keys.total() <= 0.6


def test_the_number_of_right_options_of_a_multiple_choice_varies(bank):
    shares = Counter(
        sum(option.correct for option in question.options) for question in _of(bank, QuestionKind.MULTIPLE)
    )
    assert len(shares) >= 2
    assert max(shares.values()) / shares.total() <= 0.7
