"""What all tests of the bot share."""

import functools
import logging
from datetime import timedelta

import pytest

from knowledge.loader import load_knowledge
from tests.bot.databases import (  # noqa: F401 - fixtures
    database,
    database_url,
    kind,
    migrated_url,
    postgresql,
    postgresql_server,
)

_read_once = functools.cache(load_knowledge)


@pytest.fixture(autouse=True)
def _notes_are_read_once(monkeypatch):
    """Reading them takes seconds; everything else is as in a real start."""
    monkeypatch.setattr("bot.app.load_knowledge", _read_once)


@pytest.fixture(autouse=True)
def _no_look_in_vain(monkeypatch):
    """A look a minute would make simulated weeks last; planned work is done at its time all the same."""
    monkeypatch.setattr("bot.scheduling.cog.LONGEST_SLEEP", timedelta(days=1))


@pytest.fixture(autouse=True)
def _logging_stays_as_it_was():
    """Commands set logging up for a whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
