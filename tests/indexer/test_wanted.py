"""Which kinds of sources a question asks for."""

import pytest

from indexer.wanted import unwanted_headings, unwanted_kinds


@pytest.mark.parametrize(
    ("question", "unwanted"),
    [
        ("why do we need nonlinearities??", {"resource", "capstone"}),
        ("what made dqn actually work on atari", {"resource", "capstone"}),
        ("which book explains backprop best", {"capstone"}),
        ("Where can I practise backprop?", {"capstone"}),
        ("is lecture 3 of mit worth it", {"capstone"}),
        ("idea for the rl capstone", {"resource"}),
        ("I want to build something with sound", {"resource"}),
        ("which course helps with my project", set()),
        ("my network is bookish", {"resource", "capstone"}),  # whole words only
        ("", {"resource", "capstone"}),
    ],
)
def test_unwanted_kinds(question, unwanted):
    assert unwanted_kinds(question) == unwanted


@pytest.mark.parametrize(
    ("question", "unwanted"),
    [
        ("what is attention", {"Lectures and videos", "Books and chapters"}),
        ("video about attention", {"Books and chapters"}),
        ("any youtube talk on rnns?", {"Books and chapters"}),
        ("which chapter explains attention", {"Lectures and videos"}),
        ("book or lecture on attention?", set()),
        ("where can I learn about attention", set()),
    ],
)
def test_unwanted_headings(question, unwanted):
    assert unwanted_headings(question) == unwanted
