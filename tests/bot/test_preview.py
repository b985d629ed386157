"""The world behind `tutor preview`: the real bot in a simulated server."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.preview import PreviewWorld
from tests.bot.server import labels_of, text_of


def real_database(settings):
    return Path(make_url(settings.database.url).database)


def rows(settings, sql):
    with closing(sqlite3.connect(real_database(settings).with_name("preview.db"))) as connection:
        return connection.execute(sql).fetchall()


async def test_the_first_thing_to_see_is_a_greeting(settings, encoder):
    async with PreviewWorld(settings, encoder) as world:
        (greeting,) = world.channel.history()
        assert greeting.author == world.client.user
        assert greeting.embeds[0].title == "Ask me about deep learning"
        documents = world.client.services.index.snapshot.manifest.documents
        assert greeting.embeds[0].description.startswith(f"I know {documents} notes on the six steps")
        assert [member.name for member in world.members] == ["ada", "grace", "linus"]
        assert world.env.errors == []


async def test_questions_are_answered_and_the_state_outlives_the_world(settings, encoder):
    before = datetime.now(UTC)
    async with PreviewWorld(settings, encoder) as world:
        await world.members[0].send(world.channel, f"{world.client.user.mention} what is dropout?")
        answer = world.channel.last_message
        assert "Dropout sets randomly chosen activations to zero" in text_of(answer)
        assert labels_of(answer) == ["Helpful", "Not helpful", "Show sources in full"]
        await world.members[1].click(answer, label="Helpful")
        assert world.env.errors == []
    async with PreviewWorld(settings, encoder) as world:
        await world.members[0].slash(world.channel, "ask", question="what is batch normalisation?")
        answer = world.channel.last_message
        await world.members[1].send(world.channel, "and why does it work?", reply_to=answer)
        assert world.env.errors == []
    assert rows(settings, "SELECT id, question FROM answers") == [
        (1, "what is dropout?"),
        (2, "what is batch normalisation?"),
        (3, "and why does it work?"),
    ]
    assert rows(settings, "SELECT answer_id, helpful FROM answer_feedback") == [(1, 1)]
    ((asked_at,),) = rows(settings, "SELECT asked_at FROM answers WHERE id = 1")
    asked_at = datetime.fromisoformat(asked_at).replace(tzinfo=UTC)
    assert before - timedelta(seconds=1) <= asked_at <= datetime.now(UTC)
    assert not real_database(settings).exists()


async def test_the_page_is_served_on_this_machine_only(settings, encoder):
    world = PreviewWorld(settings, encoder)
    async with world, world.preview() as page:
        assert page.url.startswith("http://127.0.0.1:")
