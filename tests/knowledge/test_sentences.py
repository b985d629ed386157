"""How hard a sentence is to read."""

import pytest

from knowledge.sentences import reading_grade


@pytest.mark.parametrize(
    ("sentence", "grade"),
    [
        # 0.39 · words + 11.8 · syllables / words - 15.59
        ("The cat sat on the mat.", 0.39 * 6 + 11.8 * 6 / 6 - 15.59),
        ("A window is open.", 0.39 * 4 + 11.8 * 5 / 4 - 15.59),
        ("Wonderful", 0.39 * 1 + 11.8 * 3 / 1 - 15.59),
        ("3 + 4 = 7", 0.0),
        ("", 0.0),
    ],
)
def test_the_grade_follows_words_and_syllables(sentence, grade):
    assert reading_grade(sentence) == pytest.approx(grade)


def test_the_names_of_a_thing_count_as_short_words():
    sentence = "Regularisation helps a net."
    assert reading_grade(sentence, ["regularisation"]) == pytest.approx(0.39 * 4 + 11.8 * 4 / 4 - 15.59)
    assert reading_grade(sentence) > reading_grade(sentence, ["regularisation"])


def test_a_plural_of_a_name_is_the_name():
    assert reading_grade("Eigenvectors stay.", ["Eigenvector"]) == reading_grade("Cats stay.", ["Cat"])
