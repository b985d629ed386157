"""The notes are read once for all of these tests; everything else is as in a real start."""

import functools

import pytest

from knowledge.loader import load_knowledge

_read_once = functools.cache(load_knowledge)


@pytest.fixture(autouse=True)
def _notes_are_read_once(monkeypatch):
    monkeypatch.setattr("bot.app.load_knowledge", _read_once)
