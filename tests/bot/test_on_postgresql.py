"""The whole bot on PostgreSQL, as members use it: the other tests run it on SQLite."""

import json

import pytest

from bot.config import DatabaseSettings
from bot.features.progress.models import Enrolment, State, StepCount
from bot.storage.database import Database
from tests.bot.databases import rows
from tests.bot.example_rows import count
from tests.bot.server import running_server


@pytest.fixture
def on_postgresql(settings, postgresql):
    return settings.model_copy(update={"database": DatabaseSettings(url=postgresql.new_database())})


async def test_ask_rate_restart_learn_export_and_delete(on_postgresql, encoder):
    async with running_server(on_postgresql, encoder) as s:
        answer = (await s.ada.slash(s.channel, "ask", question="what is dropout?")).response
        assert "Dropout" in answer.embeds[0].description
        await s.ada.click(answer, label="Helpful")
        await s.restart()
        rated = (await s.grace.click(answer, label="Not helpful")).response
        assert rated.content.startswith("Thank you. I noted this answer as **not helpful**.")
        progress = s.client.services.progress
        first = progress.path_of(await progress.find_learner(s.ada.id)).items[0]
        await progress.settle_item(s.ada.id, first.id, State.DONE, key="click")
        await progress.settle_item(s.ada.id, first.id, State.DONE, key="click")
        await progress.enrol(s.ada.id, Enrolment(s.guild.id, is_visible=True))
        assert (await progress.show_server(s.guild.id))[0] == StepCount(1, (s.ada.id,))

        exported = (await s.ada.slash(s.channel, "privacy export")).response
        data = json.loads(await exported.attachments[0].read())
        assert data["questions"][0]["question"] == "what is dropout?"
        assert data["ratings"][0]["helpful"] is True
        assert [change["item"] for change in data["progress_changes"]] == [first.id]

        prompt = (await s.ada.slash(s.channel, "privacy delete")).response
        await s.ada.click(prompt, label="Delete everything")
        assert prompt.message.content.endswith(
            ": 1 question, 1 rating, 1 profile, 1 choice about a server, 1 part of the path and "
            "1 change of your progress. Nothing about you is left in my database."
        )
    database = Database(on_postgresql.database.url)
    assert await count(database) == 0
    assert len(await rows(database, "SELECT version_num FROM alembic_version")) == 1
    await database.close()


async def test_old_questions_lose_their_text(on_postgresql, encoder):
    async with running_server(on_postgresql, encoder) as s:
        await s.ada.slash(s.channel, "ask", question="what is dropout?")
        await s.env.advance_time(32 * 24 * 3600)
        exported = (await s.ada.slash(s.channel, "privacy export")).response
        data = json.loads(await exported.attachments[0].read())
        assert [(asked["question"], asked["outcome"]) for asked in data["questions"]] == [(None, "answered")]
