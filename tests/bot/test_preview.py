"""The world behind `tutor preview`: the real bot in a simulated server."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.config import IndexSettings
from bot.features.progress.models import Level, State
from bot.preview import MEMBERS, OTHERS, PreviewWorld
from indexer.build import build_index
from tests.bot.server import labels_of, text_of


def real_database(settings):
    return Path(make_url(settings.database.url).database)


def rows(settings, sql):
    with closing(sqlite3.connect(real_database(settings).with_name("preview.db"))) as connection:
        return connection.execute(sql).fetchall()


async def test_the_first_thing_to_see_is_a_greeting(settings, encoder):
    async with PreviewWorld(settings, encoder) as world:
        greeting, quiz = world.channel.history()
        assert greeting.author == quiz.author == world.client.user
        assert greeting.embeds[0].title == "Ask me about deep learning"
        documents = world.client.services.index.snapshot.manifest.documents
        assert greeting.embeds[0].description.startswith(f"I know {documents} notes on the six steps")
        assert all(f"**{name}**" in greeting.embeds[0].description for name in ("/start", "/next", "/progress show"))
        assert [member.name for member in world.members] == ["ada", "grace", "linus"]
        assert world.admin.name == "barbara"
        assert world.env.errors == []


async def test_questions_are_answered_and_the_state_outlives_the_world(settings, encoder):
    before = datetime.now(UTC)
    async with PreviewWorld(settings, encoder) as world:
        await world.members[0].send(world.channel, f"{world.client.user.mention} what is dropout?")
        answer = world.channel.last_message
        assert "Dropout sets randomly chosen activations to zero" in text_of(answer)
        assert labels_of(answer) == ["Helpful", "Not helpful", "Show sources in full", "Try a question", "On my path"]
        await world.members[1].click(answer, label="Helpful")
        await world.members[0].send(world.channel, f"{world.client.user.mention} what should I do next?")
        assert "`/next` names the one thing to do now" in text_of(world.channel.last_message)  # no raw </next:1234>
        assert world.env.errors == []
    async with PreviewWorld(settings, encoder) as world:
        await world.members[0].slash(world.channel, "ask", question="what is batch normalisation?")
        answer = world.channel.last_message
        await world.members[1].send(world.channel, "and why does it work?", reply_to=answer)
        assert world.env.errors == []
    assert rows(settings, "SELECT id, question FROM answers") == [
        (1, "what is dropout?"),
        (2, "what should I do next?"),
        (3, "what is batch normalisation?"),
        (4, "and why does it work?"),
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


async def test_the_members_are_at_different_points_of_the_path(settings, encoder):
    async with PreviewWorld(settings, encoder) as world:
        assert await world.standings() == [
            "ada is on step 2, Mathematical foundations: 6 of 14 parts done",
            "grace is on step 1, A practical encounter: 0 of 9 parts done",
            "linus is on step 4, Capstone project I: 0 of 8 parts done",
        ]
        ada, grace, linus = world.members
        first = [text_of((await member.slash(world.channel, "next")).response) for member in world.members]
        assert "Review 5 questions that are due" in first[0]
        assert "Lesson 1: Getting started" in first[1]
        assert "New here?" not in first[1]
        assert "Choose a project" in first[2]
        overview = await world.client.services.progress.show_overview(ada.id)
        levels = (Level.SOLID, Level.LEARNING, Level.FADING, Level.SHAKY)
        assert [overview.count(level) for level in levels] == [6, 8, 2, 1]
        assert sum(week.minutes > 0 for week in overview.weeks[:-1]) == 11
        server = text_of((await grace.slash(world.channel, "progress server")).response)
        assert [name for name in (*MEMBERS, *OTHERS) if name in server] == ["ada", "linus", "hedy", "alan", "katherine"]
        visibility = text_of((await linus.slash(world.channel, "progress visibility")).response)
        assert "**Congratulations: yes.**" in visibility
        assert world.env.errors == []


async def test_what_members_do_outlives_the_world_and_nobody_is_given_a_second_past(settings, encoder):
    counts = (
        "SELECT (SELECT count(*) FROM learners), (SELECT count(*) FROM evidence WHERE key LIKE 'preview:%'), "
        "count(*) FROM progress_changes"
    )
    async with PreviewWorld(settings, encoder) as world:
        ids = [member.id for member in world.members]
        await world.members[0].slash(world.channel, "progress undo")
        before = rows(settings, counts)
        grace = world.members[1].id
        change = await world.client.services.progress.settle_item(
            grace, "fastai-practical-deep-learning/lesson-1", State.DONE
        )
        assert change.id is not None
    async with PreviewWorld(settings, encoder) as world:
        assert [member.id for member in world.members] == ids
        assert (await world.standings())[1] == "grace is on step 1, A practical encounter: 1 of 9 parts done"
        ((learners, evidence, changes),) = before
        assert rows(settings, counts) == [(learners, evidence, changes + 1)]
        assert learners == len(MEMBERS) + len(OTHERS)


async def test_plain_notes_have_no_learners(settings, encoder, tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "tea.md").write_text("---\ntitle: Tea\n---\nGreen tea is steeped for two minutes.\n", encoding="utf-8")
    build_index(notes, tmp_path / "index", encoder, now=datetime.now(UTC))
    plain = settings.model_copy(update={"index": IndexSettings(knowledge=notes, folder=tmp_path / "index")})
    async with PreviewWorld(plain, encoder) as world:
        assert await world.standings() == []
        (greeting,) = world.channel.history()
        assert "/start" not in greeting.embeds[0].description
    assert rows(settings, "SELECT count(*) FROM learners") == [(0,)]


async def test_a_group_is_in_the_middle_of_its_week(settings, encoder):
    async with PreviewWorld(settings, encoder) as world:
        told = [text_of(message) for message in world.home.history()]
        assert [text.strip().splitlines()[0] for text in told if "week of" in text][-1].startswith("Check-in, week of")
        (digest,) = [text for text in told if "How the week of" in text]
        assert "2 of 3 checked in." in digest
        assert "1 of 2 plans kept." in digest
        assert "**ada** · Done" in digest
        assert sum("Check-in: Done" in text for text in told) == 2
        assert told[-1].split(": ", 1)[1] == "Which of the three learning rates do you expect to win, and why?"
        shown = await world.members[0].slash(world.home, "checkin")
        assert "1 of your" in text_of(shown.response) or "first planned week" in text_of(shown.response)
        assert labels_of(world.home.history()[-3]) == ["Check in", "My plan", "Away this week"]
        assert world.env.errors == []


async def test_the_group_begins_anew_with_each_start(settings, encoder):
    for _ in range(2):
        async with PreviewWorld(settings, encoder) as world:
            assert world.env.errors == []
    assert rows(settings, "SELECT name, state FROM study_groups") == [("Night owls", "active")]
    assert rows(settings, "SELECT count(*) FROM checkins") == [(3,)]
