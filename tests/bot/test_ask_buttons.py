"""The buttons below an answer: ratings and sources in full."""

import asyncio
import itertools

import pytest

from bot.config import IndexSettings
from bot.features.ask.models import Answer, Outcome
from bot.features.ask.views import answer_buttons
from tests.bot.server import labels_of, running_server, text_of
from tests.indexer.notes import NOTES, build, write_notes

UNKNOWN_RATING = "I no longer have that answer on record. Ask again with /ask and rate the new one."
UNKNOWN_SOURCES = "I no longer have that answer on record. Ask again with /ask to see its sources."
NOTED = "Thank you. I noted this answer as **helpful**."
NOTED_NOT = (
    "Thank you. I noted this answer as **not helpful**. "
    "Asking again with other words, or naming the exact term, often helps."
)
CHANGED_NOT = NOTED_NOT.replace("noted this answer as", "changed your rating to")


async def ask(s, question="what is dropout?"):
    return (await s.ada.slash(s.channel, "ask", question=question)).response


def ratings(s):
    return s.rows("SELECT answer_id, member_id, helpful FROM answer_feedback ORDER BY member_id")


async def test_each_member_has_one_opinion_and_may_change_it(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await ask(s)
        first = await s.ada.click(answer, label="Helpful")
        assert first.response.ephemeral
        assert first.response.content == NOTED
        again = await s.ada.click(answer, label="Helpful")
        assert again.response.content == NOTED
        assert ratings(s) == [(1, s.ada.id, 1)]
        other = await s.grace.click(answer, label="Not helpful")
        assert other.response.content == NOTED_NOT
        assert ratings(s) == [(1, s.ada.id, 1), (1, s.grace.id, 0)]
        changed = await s.ada.click(answer, label="Not helpful")
        assert changed.response.content == CHANGED_NOT
        assert ratings(s) == [(1, s.ada.id, 0), (1, s.grace.id, 0)]


async def test_the_time_of_a_rating_is_that_of_its_last_change(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await ask(s)
        await s.ada.click(answer, label="Helpful")
        await s.env.advance_time(90)
        await s.ada.click(answer, label="Helpful")
        assert s.rows("SELECT changed_at FROM answer_feedback") == [("2026-01-01 00:01:30.000000",)]


async def test_many_clicks_at_once_leave_one_row_a_member(settings, encoder):
    async with running_server(settings, encoder) as s:
        await ask(s)
        service = s.client.services.ask
        clicks = itertools.product(range(10), (True, False))
        await asyncio.gather(*(service.rate_answer(1, member, helpful=helpful) for member, helpful in clicks))
        assert [(answer, member) for answer, member, _ in ratings(s)] == [(1, member) for member in range(10)]


async def test_after_a_restart_all_three_buttons_still_work(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await ask(s)
        before = [message.embeds for message in (await s.ada.click(answer, label="Show sources in full")).followups]
        await s.restart()
        assert (await s.ada.click(answer, label="Helpful")).response.content == NOTED
        assert (await s.ada.click(answer, label="Not helpful")).response.content == CHANGED_NOT
        sources = await s.ada.click(answer, label="Show sources in full")
        assert sources.response.embeds[0].title == "[1] Dropout"
        assert [message.embeds for message in sources.followups] == before


async def test_buttons_of_a_private_answer_work(settings, encoder):
    async with running_server(settings, encoder) as s:
        result = await s.ada.slash(s.channel, "ask", question="what is dropout?", private=True)
        assert (await s.ada.click(result.response, label="Helpful")).response.content == NOTED
        sources = await s.ada.click(result.response, label="Show sources in full")
        assert sources.response.embeds[0].title == "[1] Dropout"


@pytest.mark.parametrize("answer_id", [2, 10**18 - 1])
async def test_an_unknown_answer_is_explained(settings, encoder, answer_id):
    async with running_server(settings, encoder) as s:
        await ask(s)
        channel = s.client.get_channel(s.channel.id)
        forged = await channel.send("forged", view=answer_buttons(Answer(Outcome.ANSWERED, id=answer_id)))
        await s.env.settle()
        assert labels_of(forged) == ["Helpful", "Not helpful", "Show sources in full"]
        for label, sentence in (
            ("Helpful", UNKNOWN_RATING),
            ("Not helpful", UNKNOWN_RATING),
            ("Show sources in full", UNKNOWN_SOURCES),
        ):
            result = await s.ada.click(forged, label=label)
            assert result.response.ephemeral
            assert result.response.content == sentence
            assert not result.response.flags.loading
        assert ratings(s) == []


async def test_sources_in_full_are_the_passages_of_the_index(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await ask(s, "difference between SARSA and Q-learning")
        result = await s.grace.click(answer, label="Show sources in full")
        messages = [result.response, *result.followups]
        assert all(message.ephemeral for message in messages)
        shown = [message.embeds[0] for message in messages]
        stored = await s.client.services.ask.show_sources(1)
        passages = {passage.text: passage for passage in s.client.services.index.snapshot.passages}
        assert [embed.description for embed in shown] == [source.text for source in stored]
        assert len(shown) >= 2
        for number, embed in enumerate(shown, start=1):
            passage = passages[embed.description]
            place = passage.place or " › ".join(passage.heading)
            assert embed.title == f"[{number}] {passage.title}" + (f" › {place}" if place else "")


@pytest.fixture
def small(settings, encoder, tmp_path):
    """Settings with a few plain notes, whose index a test may build anew."""
    notes, folder = tmp_path / "notes", tmp_path / "index"
    build(write_notes(notes), folder, encoder)
    return settings.model_copy(update={"index": IndexSettings(knowledge=notes, folder=folder)})


def rebuild(settings, encoder, changed):
    write_notes(settings.index.knowledge, {name: NOTES[name] + "\nA sentence was added.\n" for name in changed})
    build(settings.index.knowledge, settings.index.folder, encoder)


async def test_sources_keep_their_numbers_when_one_of_them_has_changed(small, encoder):
    async with running_server(small, encoder) as s:
        answer = await ask(s, "How does backpropagation compute the gradient of the loss, and what does it cost?")
        whole = await s.ada.click(answer, label="Show sources in full")
        before = [message.embeds[0].title for message in (whole.response, *whole.followups)]
        assert len(before) >= 2
        write_notes(
            small.index.knowledge,
            {"backpropagation.md": NOTES["backpropagation.md"].replace("by the chain rule", "with the chain rule")},
        )
        build(small.index.knowledge, small.index.folder, encoder)
        await s.grace.slash(s.channel, "ask", question="what is dropout?")  # a search takes up the new index
        rest = await s.ada.click(answer, label="Show sources in full")
        after = [message.embeds[0].title for message in (rest.response, *rest.followups)]
        assert after == [title for title in before if title.endswith("Cost")]
        assert 0 < len(after) < len(before)


async def test_sources_that_have_all_changed_are_explained(small, encoder):
    async with running_server(small, encoder) as s:
        answer = await ask(s, "What does dropout do at test time?")
        assert labels_of(answer) == ["Helpful", "Not helpful", "Show sources in full"]
        rebuild(small, encoder, ["dropout.md"])
        await s.grace.slash(s.channel, "ask", question="What is the learning rate?")
        result = await s.ada.click(answer, label="Show sources in full")
        assert result.response.content == (
            "The notes behind this answer have changed since. Ask again with /ask to see today's text."
        )
        assert (await s.ada.click(answer, label="Helpful")).response.content == NOTED
        new = await ask(s, "What does dropout do at test time?")
        fresh = await s.ada.click(new, label="Show sources in full")
        assert "A sentence was added." in text_of(fresh.response)
