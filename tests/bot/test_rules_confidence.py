"""Deciding whether a question is covered."""

import math
from dataclasses import astuple, fields, replace

import pytest

from bot.features.ask.rules.confidence import (
    BIAS,
    USUAL_OUTSIDE,
    WEIGHTS,
    Signals,
    confidence,
    find_signals,
    is_answerable,
)
from indexer.retriever import Hit, Result

MIDDLING = Signals(similarity=0.5, coverage=0.5, known=0.8, named=0.3, length=1.4, has_context=0.0, outside=0.25)


def hit(similarity, coverage):
    return Hit("concepts/x", "X", "concept", 0.5, similarity, coverage, ())


def result(*hits, known=1.0, named=0.5, outside=0.1, tokens=("a", "b", "c"), has_context=False):
    return Result(hits, known, named, outside, tuple(tokens), has_context)


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("similarity", 1),
        ("coverage", 1),
        ("known", 1),
        ("named", 1),
        ("length", 1),
        ("has_context", 1),
        ("outside", -1),
    ],
)
def test_every_signal_has_its_documented_sign(name, sign):
    assert math.copysign(1, getattr(WEIGHTS, name)) == sign
    rising = [confidence(replace(MIDDLING, **{name: step / 10})) for step in range(11)]
    assert rising == sorted(rising, reverse=sign < 0)
    assert len(set(rising)) == 11


def test_no_signal_is_forgotten():
    assert [field.name for field in fields(Signals)] == [
        "similarity",
        "coverage",
        "known",
        "named",
        "length",
        "has_context",
        "outside",
    ]
    score = BIAS + sum(weight * value for weight, value in zip(astuple(WEIGHTS), astuple(MIDDLING), strict=True))
    assert confidence(MIDDLING) == pytest.approx(1 / (1 + math.exp(-score)))


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0, 2.0])
def test_confidence_is_a_probability(value):
    assert 0.0 < confidence(Signals(value, value, value, value, value, value, value)) < 1.0


def test_signals_of_a_search():
    found = result(
        hit(0.3, 0.9), hit(0.7, 0.2), known=0.6, named=0.2, outside=0.4, tokens=("a", "b", "a"), has_context=True
    )
    assert find_signals(found) == Signals(0.7, 0.9, 0.6, 0.2, pytest.approx(math.log(3)), 1.0, 0.4)


def test_signals_without_hits_words_or_listed_topics():
    found = result(known=0.0, named=0.0, outside=None, tokens=())
    assert find_signals(found) == Signals(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, USUAL_OUTSIDE)


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_nothing_found_is_never_answered(threshold):
    assert not is_answerable(result(has_context=True), threshold)


def test_the_threshold_itself_is_enough():
    found = result(hit(0.5, 0.5))
    value = confidence(find_signals(found))
    assert is_answerable(found, value)
    assert not is_answerable(found, math.nextafter(value, 1.0))
    assert is_answerable(found, 0.0)
    assert not is_answerable(found, 1.0)


@pytest.mark.parametrize(
    ("found", "answered"),
    [
        (result(hit(0.8, 1.0)), True),
        (result(hit(0.2, 0.2), known=0.4), False),
        (result(hit(0.6, 0.8), outside=0.8), False),
        (result(hit(0.35, 0.3), tokens="a"), False),
    ],
)
def test_the_default_threshold(found, answered):
    assert is_answerable(found) is answered
