"""Time in the preview: what the terminal understands, and what happens on the way."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from bot.preview import CHANNEL, PreviewWorld
from bot.preview_group import NAME
from bot.preview_time import Moved, parse_step, read_lines
from tests.bot.server import labels_of, text_of


@pytest.mark.parametrize(
    ("typed", "step"),
    [
        ("+3h", timedelta(hours=3)),
        ("3h", timedelta(hours=3)),
        ("+ 2 days", timedelta(days=2)),
        ("+1d", timedelta(days=1)),
        ("+30m", timedelta(minutes=30)),
        ("45 min", timedelta(minutes=45)),
        ("+1W", timedelta(weeks=1)),
        ("+60d", timedelta(days=60)),
        ("+61d", None),
        ("+0x3h", None),
        ("-3h", None),
        ("next", None),
        ("3", None),
        ("", None),
        ("+3h+2d", None),
    ],
)
def test_how_far_to_go(typed, step):
    assert parse_step(typed) == step


async def test_the_terminal_is_read_line_by_line_until_it_is_closed(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("+3h\n  next \n\n+1d"))
    assert [line async for line in read_lines()] == ["+3h", "next", "", "+1d"]


async def test_the_quiz_is_open_closes_and_the_next_one_comes(settings, encoder):
    async with PreviewWorld(settings, encoder) as world:
        began = world._clock()
        _, quiz = world.channel.history()
        assert labels_of(quiz) == ["Take the quiz"]
        assert "Open until" in text_of(quiz)
        moved = await world.advance(timedelta(days=2, minutes=1))
        assert moved.places == (NAME, CHANNEL)  # the digest of the group, and the results
        assert moved.now - began >= timedelta(days=2, minutes=1)
        _, closed, results = world.channel.history()
        assert labels_of(closed) == []
        assert "3 members took part" in text_of(results)
        assert [name for name in ("hedy", "alan", "katherine") if name in text_of(results)] == ["alan", "katherine"]
        check_in = await world.advance_to_next()
        assert check_in.places == (NAME,)
        assert labels_of(world.home.last_message) == ["Check in", "My plan", "Away this week"]
        following = await world.advance_to_next()
        assert following.places == (CHANNEL,)
        assert timedelta(days=6) < following.now - began <= timedelta(days=7)
        assert labels_of(world.channel.last_message) == ["Take the quiz"]
        assert world.env.errors == []


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        ((), "It is Sunday 01 March 2026, 09:05 UTC now; nothing new was posted."),
        (("ask", "Night owls"), "It is Sunday 01 March 2026, 09:05 UTC now; new in ask, Night owls."),
    ],
)
def test_what_the_terminal_says_of_it(places, sentence):
    assert Moved(datetime(2026, 3, 1, 9, 5, tzinfo=UTC), places).describe() == sentence


async def test_each_run_has_an_open_quiz_of_its_own(settings, encoder):
    for _ in range(2):
        async with PreviewWorld(settings, encoder) as world:
            _, quiz = world.channel.history()
            assert labels_of(quiz) == ["Take the quiz"]
            assert len(await world.client.services.weekly.list_open()) == 1
            assert world.env.errors == []
