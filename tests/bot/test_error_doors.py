"""Every way in which an error can leave the program: the member reads one sentence, the log nothing of the member's.

The bot has no modals and no views without persistent buttons, so these are all doors: the command tree, the message
menu, dynamic items, listeners and loops. Most tests take the tables away, which fails for real in the database.
"""

import contextlib
import dataclasses
import logging

import discord
import pytest
import sqlalchemy

from bot.cli import _log_to_stderr
from bot.features.privacy.views import deletion_buttons
from bot.storage.database import Database
from bot.ui.errors import APOLOGY
from tests.bot.server import labels_of, running_server, warnings_of

SECRET = "zyxsecret"
QUESTION = f"what is dropout {SECRET}?"
BUTTONS = ["Helpful", "Not helpful", "Show sources in full", "Try a question", "On my path"]


@contextlib.contextmanager
def without_table(s, table="answers"):
    s.rows(f"ALTER TABLE {table} RENAME TO gone")
    try:
        yield
    finally:
        s.rows(f"ALTER TABLE gone RENAME TO {table}")


@contextlib.contextmanager
def read_only(s):
    """Every insert of an answer fails, and the error of the driver knows the values."""
    s.rows("CREATE TRIGGER full BEFORE INSERT ON answers BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    try:
        yield
    finally:
        s.rows("DROP TRIGGER full")


def assert_log(caplog, *lines):
    assert SECRET not in caplog.text
    assert tuple(record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR) == lines
    assert "Traceback" in caplog.text


async def assert_answers_again(s):
    result = await s.grace.slash(s.channel, "ask", question="what is dropout?")
    assert labels_of(result.response) == BUTTONS
    await s.grace.send(s.channel, f"{s.client.user.mention} what is dropout?")
    assert labels_of(s.said()[-1]) == BUTTONS


@pytest.mark.parametrize("private", [False, True])
async def test_command_tree(settings, encoder, caplog, private):
    async with running_server(settings, encoder, check_errors=False) as s:
        with read_only(s):
            result = await s.ada.slash(s.channel, "ask", question=QUESTION, private=private)
        assert result.response.content == APOLOGY
        assert not result.response.flags.loading
        assert result.response.ephemeral is private
        assert result.response.embeds == []
        assert result.followups == []
        assert_log(caplog, "An interaction of type application_command failed.")
        assert "IntegrityError" in caplog.text
        await assert_answers_again(s)


async def test_command_tree_when_discord_refuses_the_answer(settings, encoder, caplog):
    async with running_server(settings, encoder, check_errors=False) as s:
        s.env.inject_error("POST", "/webhooks/*", status=400, code=50035, message=f"Invalid Form Body: {SECRET}")
        result = await s.ada.slash(s.channel, "ask", question=QUESTION)
        assert result.response.content == APOLOGY
        assert not result.response.flags.loading
        assert_log(caplog, "An interaction of type application_command failed.")
        assert "HTTP 400, Discord code 50035" in caplog.text
        await assert_answers_again(s)


async def test_command_tree_when_the_interaction_has_expired(settings, encoder, caplog):
    async with running_server(settings, encoder, check_errors=False) as s:
        s.env.inject_error("POST", "/interactions/*", status=404, code=10062, message=SECRET, times=2)
        result = await s.ada.slash(s.channel, "ask", question=QUESTION)
        assert result.response is None
        assert_log(caplog, "An interaction of type application_command failed.")
        assert warnings_of(caplog)[-1] == "The member could not be told: 404 10062"
        assert s.rows("SELECT * FROM answers") == []
        await assert_answers_again(s)


async def test_context_menu(settings, encoder, caplog):
    async with running_server(settings, encoder, check_errors=False) as s:
        message = await s.grace.send(s.channel, QUESTION)
        with read_only(s):
            result = await s.ada.context_menu(s.channel, "Ask the tutor", message)
        assert result.response.content == APOLOGY
        assert result.response.ephemeral
        assert not result.response.flags.loading
        assert_log(caplog, "An interaction of type application_command failed.")
        await assert_answers_again(s)


async def test_listener(settings, encoder, caplog):
    async with running_server(settings, encoder, check_errors=False) as s:
        with read_only(s):
            asked = await s.ada.send(s.channel, f"{s.client.user.mention} {QUESTION}")
        (reply,) = s.said()
        assert (reply.content, reply.embeds, reply.components) == (APOLOGY, [], [])
        assert reply.reference.message_id == asked.id
        assert reply.mentions == []
        assert_log(caplog, "The listener for on_message failed.")
        assert [type(error).__name__ for error in s.env.errors] == ["IntegrityError"]
        await assert_answers_again(s)


async def test_listener_when_discord_fails(settings, encoder, caplog):
    async with running_server(settings, encoder, check_errors=False) as s:
        s.env.inject_error("POST", "/channels/*/messages", status=400, code=50035, message=f"Invalid {SECRET}", times=2)
        await s.ada.send(s.channel, f"{s.client.user.mention} {QUESTION}")
        assert s.said() == []
        assert_log(caplog, "The listener for on_message failed.")
        assert "HTTP 400, Discord code 50035" in caplog.text
        await assert_answers_again(s)


async def test_dynamic_items_of_an_answer(settings, encoder, caplog):
    async with running_server(settings, encoder) as s:
        answer = (await s.ada.slash(s.channel, "ask", question="what is dropout?")).response
        for label in BUTTONS:
            caplog.clear()
            with without_table(s):
                result = await s.ada.click(answer, label=label)
            assert result.response.content == APOLOGY
            assert result.response.ephemeral
            assert not result.response.flags.loading
            assert_log(caplog, "An interaction of type component failed.")
            assert labels_of(s.said()[0]) == BUTTONS
        assert (await s.ada.click(answer, label="Helpful")).response.content.startswith("Thank you.")
        await assert_answers_again(s)


async def test_dynamic_item_of_a_deletion(settings, encoder, caplog):
    async with running_server(settings, encoder) as s:
        await s.ada.slash(s.channel, "ask", question=QUESTION)
        prompt = (await s.ada.slash(s.channel, "privacy delete")).response
        with without_table(s, "answer_feedback"):
            result = await s.ada.click(prompt, label="Delete everything")
        assert result.response.content == APOLOGY
        assert_log(caplog, "An interaction of type component failed.")
        assert s.rows("SELECT count(*) FROM answers") == [(1,)]
        assert (await s.ada.click(prompt, label="Delete everything")).response.content.startswith("Deleted ")
        assert s.rows("SELECT count(*) FROM answers") == [(0,)]
        await assert_answers_again(s)


async def test_dynamic_item_whose_channel_is_closed_to_the_tutor(settings, encoder, caplog):
    async with running_server(settings, encoder) as s:
        message = await s.client.get_channel(s.channel.id).send("?", view=deletion_buttons(s.ada.id))
        await s.env.settle()
        s.env.inject_error("POST", "/interactions/*", status=500, times=2)
        result = await s.ada.click(message, label="Keep my data")
        assert result.response is None
        assert_log(caplog, "An interaction of type component failed.")
        await assert_answers_again(s)


@pytest.mark.parametrize("command", ["privacy show", "privacy export"])
async def test_command_group(settings, encoder, caplog, command):
    async with running_server(settings, encoder, check_errors=False) as s:
        await s.ada.slash(s.channel, "ask", question=QUESTION)
        with without_table(s):
            result = await s.ada.slash(s.channel, command)
        assert (result.response.content, result.response.ephemeral) == (APOLOGY, True)
        assert not result.response.flags.loading
        assert_log(caplog, "An interaction of type application_command failed.")
        await assert_answers_again(s)


async def test_loop(settings, encoder, caplog):
    day = settings.model_copy(update={"answers": settings.answers.model_copy(update={"keep_questions_days": 1})})
    async with running_server(day, encoder) as s:
        await s.ada.slash(s.channel, "ask", question=QUESTION)
        with without_table(s):
            await s.env.advance_time(2 * 24 * 3600)
        failed = "Old questions could not be forgotten; the next try is in a day."
        assert SECRET not in caplog.text
        assert warnings_of(caplog) == [failed] * 2
        assert s.rows("SELECT question FROM answers") == [(QUESTION,)]
        await s.env.advance_time(24 * 3600)
        assert s.rows("SELECT question FROM answers") == [(None,)]
        await assert_answers_again(s)


async def test_a_search_that_fails(settings, encoder, caplog):
    """The index is the other thing that can break: here its thread is gone."""
    async with running_server(settings, encoder, check_errors=False) as s:
        broken = dataclasses.replace(s.client.services, ask=_Broken(s.client.services.ask))
        whole, s.client.services = s.client.services, broken
        await s.restart()
        result = await s.ada.slash(s.channel, "ask", question=QUESTION)
        await s.ada.send(s.channel, f"{s.client.user.mention} {QUESTION}")
        assert [result.response.content, s.said()[-1].content] == [APOLOGY, APOLOGY]
        assert_log(caplog, "An interaction of type application_command failed.", "The listener for on_message failed.")
        s.client.services = whole
        await s.restart()
        await assert_answers_again(s)


class _Broken:
    def __init__(self, service):
        self._service = service

    async def answer_question(self, asked):
        raise discord.DiscordServerError(_Response(), asked.text)


class _Response:
    status = 503
    reason = "Service Unavailable"


async def test_no_error_leaks_through_the_names_of_commands(settings, encoder, caplog):
    """A command that Discord still shows but the program no longer has."""
    async with running_server(settings, encoder, check_errors=False) as s:
        s.client.tree.remove_command("ask")
        result = await s.ada.slash(s.channel, "ask", question=QUESTION)
        assert result.response.content == APOLOGY
        assert_log(caplog, "An interaction of type application_command failed.")


async def test_the_most_talkative_log_level_tells_nothing_that_members_wrote(settings, capsys):
    _log_to_stderr("DEBUG")
    logging.getLogger("bot").debug("talkative")
    database = Database(settings.database.url)
    async with database.transaction() as session:
        await session.execute(sqlalchemy.text("SELECT :value"), {"value": SECRET})
    await database.close()
    output = capsys.readouterr()
    assert "DEBUG bot: talkative" in output.err
    assert SECRET not in output.err + output.out
