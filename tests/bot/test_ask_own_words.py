"""What the tutor answers in its own words, as a member sees it: its commands, low moods, small talk, near topics."""

import dataclasses

import discord
import pytest
from discord import app_commands

from bot.config import IndexSettings
from bot.features.ask.cog import NO_ANSWER_THERE
from bot.features.ask.models import Answer, Outcome, Topic
from bot.features.ask.rules.own_words import all_sayings, commands_in
from bot.features.ask.views import TopicButton, answer_buttons, render_answer
from bot.features.support.views import answer_blocker
from bot.features.weekly.models import WeeklyQuiz
from bot.ui.errors import run_safely
from tests.bot.server import labels_of, running_server, text_of
from tests.indexer.notes import build, write_notes

DECLINED = "My material does not cover this"
NOT_HERE = "These commands are there in a server, not in direct messages."


async def ask(s, question, member=None, **options):
    return (await (member or s.ada).slash(s.channel, "ask", question=question, **options)).response


async def test_every_command_that_is_named_is_there_and_those_of_servers_say_so(settings, encoder):
    async with running_server(settings, encoder) as s:
        tree = s.client.tree
        for saying in all_sayings():
            for name in commands_in(saying):
                first, *rest = name.split()
                command = tree.get_command(first)
                assert command is not None, name
                if rest:
                    assert isinstance(command.get_command(rest[0]), app_commands.Command), name
                else:
                    assert isinstance(command, app_commands.Command), name
                assert command.guild_only <= saying.needs_server, name


async def test_the_next_step_is_a_command_that_can_be_clicked(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await ask(s, "what should I do next?")
        (embed,) = answer.embeds
        assert embed.title == "Your next step"
        assert embed.description == (
            f"</next:{s.client.command_ids['next']}> names the one thing to do now on your path, with the reason."
        )
        assert answer.components == []
        assert s.rows("SELECT question, outcome, passages FROM answers") == [
            ("what should I do next?", "own-words", "[]")
        ]


async def test_a_command_comes_first_and_the_quote_of_its_note_follows(settings, encoder):
    async with running_server(settings, encoder) as s:
        (embed,) = (await ask(s, "how do I make a study group")).embeds
        group = s.client.command_ids["group"]
        said, quoted = embed.description.split("\n\n")
        assert said.startswith(f"</group list:{group}> shows the study groups of this server")
        assert f"</group create:{group}> makes a new one." in said
        assert "look for partners" in quoted
        assert quoted.endswith("**[1]**")
        assert [field.name for field in embed.fields] == ["Sources"]


async def test_in_a_direct_message_a_command_of_servers_cannot_be_clicked(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.ada.send_dm("how do i check in?")
        (embed,) = s.ada.user.dm_channel.last_message.embeds
        assert "`/checkin` shows what is open" in embed.description
        assert embed.description.endswith(NOT_HERE)
        await s.ada.send_dm("what should i do next?")
        (embed,) = s.ada.user.dm_channel.last_message.embeds
        assert embed.description.startswith(f"</next:{s.client.command_ids['next']}>")


async def test_the_weekly_quiz_is_told_with_its_place_and_time(settings, encoder):
    async with running_server(settings, encoder) as s:
        (embed,) = (await ask(s, "when is the next weekly quiz?")).embeds
        assert embed.description.endswith("At present this server has none.")
        await s.client.services.weekly.set_up(WeeklyQuiz(s.guild.id, s.channel.id, 0, 18 * 60, "UTC"))
        (embed,) = (await ask(s, "when is the next weekly quiz?")).embeds
        at = int((await s.client.services.weekly.find_next_at(s.guild.id)).timestamp())
        assert embed.description.endswith(f"Here the next one comes on <t:{at}:F> in <#{s.channel.id}>.")
        await s.ada.send_dm("when is the next weekly quiz?")
        (embed,) = s.ada.user.dm_channel.last_message.embeds
        assert embed.description.endswith("whenever you like.")


async def test_what_was_asked_before_does_not_mix_with_the_tutors_own_words(settings, encoder):
    async with running_server(settings, encoder) as s:
        await ask(s, "what is dropout?")
        await ask(s, "what next")
        assert s.rows("SELECT question FROM answers WHERE id = 2") == [("what next",)]


async def test_somebody_who_is_low_gets_a_kind_answer(settings, encoder):
    async with running_server(settings, encoder) as s:
        (embed,) = (await ask(s, "i feel stupid and want to give up")).embeds
        assert embed.title == "That feeling is common, and it passes"
        assert embed.description.startswith("Take a break, or do the smallest piece: </next:")
        assert "If you feel exhausted, take a step back" in embed.description
        (embed,) = (await ask(s, "I'm stuck")).embeds
        assert "Getting unstuck means to set a time limit" in embed.description


async def test_who_is_low_about_a_topic_reads_about_the_topic_too(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await ask(s, "i feel so stupid because I do not understand backpropagation")
        (embed,) = answer.embeds
        assert embed.title == "That feeling is common, and it passes"
        assert "Backpropagation" in embed.description
        assert "Helpful" in labels_of(answer)


async def test_words_of_self_harm_get_nothing_but_the_way_to_people(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await ask(s, "my loss is nan and i want to kill myself")
        (embed,) = answer.embeds
        assert embed.description == (
            "I am only a study tool. Please talk to somebody you trust, or to the emergency or crisis line of your "
            "country."
        )
        assert (embed.fields, answer.components) == ([], [])


async def test_a_blocker_gets_the_same_words(settings, encoder):
    async with running_server(settings, encoder) as s:

        @app_commands.command(name="block", description="Says what blocks one.")
        async def block(interaction: discord.Interaction, text: str):
            async with run_safely(interaction):
                await interaction.response.send_message("Saved.", ephemeral=True)
                await answer_blocker(interaction, text, group_id=None, week_id=None)

        s.client.tree.add_command(block)
        await s.client.tree.sync()
        (answer,) = (await s.ada.slash(s.channel, "block", text="i'm too dumb for this")).followups
        assert answer.ephemeral
        assert answer.content == "About what blocks you:\n> i'm too dumb for this"
        (embed,) = answer.embeds
        assert embed.title == "That feeling is common, and it passes"
        assert embed.description.startswith("Take a break, or do the smallest piece: `/next`.")
        assert labels_of(answer) == ["Ask the mentors"]


@pytest.mark.parametrize(
    ("text", "title", "outcome"),
    [
        ("thanks!", "Glad it helped", "small-talk"),
        ("ok thanks, that helped", "Glad it helped", "small-talk"),
        ("good night", "See you", "small-talk"),
        ("makes sense", "Good", "small-talk"),
        ("hello", "Hello! I am the deep learning tutor", "small-talk"),
        ("you are a stupid useless bot", "I am sorry that I was of no help", "own-words"),
        ("best laptop for deep learning", DECLINED, "declined"),
        ("is deep learning dead", DECLINED, "declined"),
        ("how do I install pytorch", DECLINED, "declined"),
        ("write me a python script that trains a CNN on mnist", "I write no code", "own-words"),
    ],
)
async def test_short_answers(settings, encoder, text, title, outcome):
    async with running_server(settings, encoder) as s:
        (embed,) = (await ask(s, text)).embeds
        assert embed.title == title
        assert s.rows("SELECT outcome FROM answers") == [(outcome,)]


async def test_without_a_curriculum_no_command_is_named_that_is_not_there(settings, encoder, tmp_path):
    notes, folder = tmp_path / "notes", tmp_path / "index"
    build(write_notes(notes), folder, encoder)
    plain = settings.model_copy(update={"index": IndexSettings(knowledge=notes, folder=folder)})
    async with running_server(plain, encoder) as s:
        for text in ("what should I do next?", "i feel stupid", "thanks", "good night"):
            assert "/next" not in text_of(await ask(s, text))
        assert (await ask(s, "what do you store about me?")).embeds[0].title == "Your data"


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("wat is backprobagation", "Backpropagation finds"),
        ("wat is bakpropagation", "Backpropagation finds"),
        ("explain attention like im five", "Attention is a weighted average"),
        ("explain attention simply", "Attention is a weighted average"),
        ("what is a capstone", "Step 4, Capstone project I, has this goal"),
        ("how many steps are there", "The curriculum has 6 steps"),
        ("what do I need before step 5", "Step 4, Capstone project I, has this goal"),
    ],
)
async def test_what_was_declined_or_missed_is_answered(settings, encoder, question, words):
    async with running_server(settings, encoder) as s:
        assert words in (await ask(s, question)).embeds[0].description


async def test_a_bare_why_asks_on_from_an_answer_only(settings, encoder):
    async with running_server(settings, encoder) as s:
        await ask(s, "what is dropout?")
        assert "ropout" in (await ask(s, "why?")).embeds[0].description
        assert (await ask(s, "why?", s.grace)).embeds[0].title == DECLINED


# The question above the answer


async def test_the_answer_to_a_command_shows_the_question(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await ask(s, f"what is **dropout**? {s.grace.mention} https://example.org " + "x" * 300)
        shown = answer.embeds[0].author.name
        assert shown.startswith("what is **dropout**? x")
        assert len(shown) <= 200
        assert shown.endswith("…")
        await s.ada.send(s.channel, f"{s.client.user.mention} what is dropout?")
        assert s.said()[-1].embeds[0].author.name is None
        message = await s.grace.send(s.channel, "what is dropout?")
        menu = await s.ada.context_menu(s.channel, "Ask the tutor", message)
        assert menu.response.embeds[0].author.name is None


# Near topics


async def test_a_near_topic_is_read_with_a_click_also_after_a_restart(settings, encoder):
    async with running_server(settings, encoder) as s:
        declined = await ask(s, "how do I deploy with kubernetes?")
        assert labels_of(declined) == ["Deployment"]
        await s.restart()
        result = await s.grace.click(declined, label="Deployment")
        assert result.response.ephemeral
        (embed,) = result.response.embeds
        assert embed.fields[0].value.startswith("Deployment")
        assert "Helpful" in labels_of(result.response)
        assert s.rows("SELECT member_id, question, outcome FROM answers WHERE id = 2") == [
            (s.grace.id, "Deployment", "answered")
        ]


async def test_a_topic_that_is_gone_is_explained(settings, encoder):
    async with running_server(settings, encoder) as s:
        gone = Answer(Outcome.DECLINED, nearest=(Topic("Gone", "concepts/gone"),))
        channel = s.client.get_channel(s.channel.id)
        message = await channel.send(embed=render_answer(gone), view=answer_buttons(gone))
        await s.env.settle()
        result = await s.ada.click(message, label="Gone")
        assert text_of(result.response) == "That topic is no longer in my notes. Ask again with `/ask`."


async def test_every_note_has_a_name_that_its_button_can_carry(settings, encoder):
    async with running_server(settings, encoder) as s:
        for source in s.client.services.index.snapshot.sources:
            assert TopicButton.__discord_ui_compiled_template__.fullmatch(f"topic:{source}"), source


# Where the tutor may not write


async def test_the_admins_read_once_a_day_where_the_tutor_may_not_write(settings, encoder):
    async with running_server(settings, encoder) as s:
        no = discord.PermissionOverwrite(send_messages=False)
        quiet, other = (
            s.guild.create_text_channel(name, overwrites={s.client.user: no}) for name in ("quiet", "other")
        )
        notes = s.guild.create_text_channel("notes")
        await s.client.services.guild_settings.set_notes_channel(s.guild.id, notes.id)

        def told():
            return [message.content for message in notes.history()]

        async def mention(channel):
            await s.ada.send(channel, f"{s.client.user.mention} what is dropout?")

        await mention(quiet)
        await mention(quiet)
        assert told() == [f"Somebody asked me in <#{quiet.id}>. {NO_ANSWER_THERE}"]
        await mention(other)
        await s.env.advance_time(23 * 3600)
        await mention(quiet)
        assert len(told()) == 2
        await s.env.advance_time(3601)
        await mention(quiet)
        assert len(told()) == 3
        assert told().count(f"Somebody asked me in <#{quiet.id}>. {NO_ANSWER_THERE}") == 2


async def test_without_a_place_for_notes_nothing_is_told(settings, encoder):
    async with running_server(settings, encoder) as s:
        no = discord.PermissionOverwrite(send_messages=False)
        quiet = s.guild.create_text_channel("quiet", overwrites={s.client.user: no})
        s.client.services = dataclasses.replace(s.client.services, guild_settings=None)
        await s.ada.send(quiet, f"{s.client.user.mention} what is dropout?")
        assert s.said() == []
