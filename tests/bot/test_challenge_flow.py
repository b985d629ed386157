"""Challenges as members make them and as mentors decide about them, on a simulated Discord."""

import asyncio
import contextlib
import dataclasses
from datetime import UTC, datetime, timedelta

import discord
import pytest
from discord import app_commands

from bot.features.challenge import service as challenge_service
from bot.features.challenge.models import Decision
from bot.features.challenge.rules import pack_key
from bot.features.challenge.views import controls, refresh_post
from bot.features.challenge.views.posts import NOT_A_MENTOR
from bot.features.questions.models import AnswerKey, Response, RoundKind, Verdict
from bot.features.questions.rules.options import bank_key, option_id, stamp_of
from bot.features.questions.views.controls import feedback_controls
from bot.features.questions.views.render import render_feedback
from bot.ui.errors import run_safely
from tests.bot.server import labels_of, running_server, text_of, warnings_of
from tests.bot.weekly_members import admin_of, answer_all, live_until, take

REASON = "Two options say the same, as the *note* itself explains. @everyone"
WHY = "The note defines it the other way round."
DECIDE = ["Keep", "Correct the key", "Retire"]


@contextlib.asynccontextmanager
async def challenged_server(settings, encoder, **options):
    """A server with a command that answers a question of the bank and shows the feedback, as a quiz does."""
    async with running_server(settings, encoder, **options) as s:
        await enable(s)
        yield s


async def enable(s):
    @app_commands.command(name="answer", description="Answers a question.")
    async def answer(interaction: discord.Interaction, question: str, options: str = "", number: float | None = None):
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            service, member_id = interaction.client.services.questions, interaction.user.id
            asked = await service.begin(member_id, RoundKind.QUIZ, [question], guild_id=interaction.guild_id)
            response = Response(tuple(options.split()), number)
            feedback = await service.answer(asked.round_id, 0, member_id, response, asked.stamp)
            await interaction.followup.send(
                embed=render_feedback(feedback), view=feedback_controls(feedback), ephemeral=True
            )

    s.client.tree.add_command(answer)
    synced = await s.client.tree.sync()
    s.client.command_ids = {command.name: command.id for command in synced}


def some(s, kind, at=0):
    return [q for q in s.client.services.curriculum.questions if q.kind == kind][at]


def ids_of(question):
    return [option_id(option.text) for option in question.options]


def wrong_of(question):
    key = bank_key(question)
    if key.number is not None:
        return {"number": key.number + 5}
    if question.kind == "order":
        return {"options": " ".join(reversed(key.options))}
    return {"options": next(id_ for id_ in ids_of(question) if id_ not in key.options)}


async def answer(s, member, question, **given):
    return (await member.slash(s.channel, "answer", question=question.id, **(given or wrong_of(question)))).response


async def challenge(s, member, question, reason=REASON, **given):
    """Answer, click, and write why; what the member reads then."""
    message = await answer(s, member, question, **given)
    opened = await member.click(message, label="Challenge this question")
    return (await member.submit_modal(opened, {"text": reason})).response


def make_mentor(s, name="linus", *, admin=False):
    role = s.guild.create_role(f"{name}'s role", permissions=discord.Permissions(manage_guild=admin))
    return s.guild.add_member(s.env.create_user(name), roles=[role]), role


async def set_up(s, *, role=None):
    """A notes channel, and the role of the mentors."""
    channel = s.guild.create_text_channel("notes")
    await s.env.settle()
    service = s.client.services.guild_settings
    await service.set_notes_channel(s.guild.id, channel.id)
    if role is not None:
        await service.set_mentor_role(s.guild.id, role.id)
    return channel


def posts(s, channel):
    return [message for message in channel.history() if message.author == s.client.user]


def fields(message):
    (embed,) = message.embeds
    return {field.name: field.value for field in embed.fields}


def states(s):
    return [state for (state,) in s.rows("SELECT state FROM challenges ORDER BY id")]


def grades(s):
    return [grade for (grade,) in s.rows("SELECT is_correct FROM attempts ORDER BY id")]


async def news(s, member):
    return await s.client.services.questions.read_news(member.id)


# Challenging


async def test_a_member_is_thanked_and_told_what_comes_next(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        question = some(s, "single")
        message = await answer(s, s.ada, question)
        opened = await s.ada.click(message, label="Challenge this question")
        assert opened.modal["title"] == "Challenge this question"
        (label,) = opened.modal["components"]
        assert label["label"] == "What is wrong with it?"
        assert label["description"] == "Those who decide read it without your name."
        assert (label["component"]["min_length"], label["component"]["max_length"]) == (10, 500)
        told = (await s.ada.submit_modal(opened, {"text": REASON})).response
        assert told.ephemeral
        assert told.content == (
            "Thank you for looking closely. Those who look after this server look at it, without your name, "
            "and I tell you what they decide with your next quiz or review."
        )
        assert s.rows("SELECT member_id, guild_id, question, reason, state, message_id FROM challenges") == [
            (s.ada.id, s.guild.id, question.id, REASON, "open", None)
        ]
        assert s.said() == []


async def test_a_second_challenge_is_told_before_anything_is_written(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        question = some(s, "single")
        message = await answer(s, s.ada, question)
        opened = await s.ada.click(message, label="Challenge this question")
        twin = await s.ada.click(message, label="Challenge this question")
        await s.ada.submit_modal(opened, {"text": REASON})
        told = (await s.ada.submit_modal(twin, {"text": REASON})).response
        assert (told.ephemeral, told.content) == (True, challenge_service.WAITS)
        again = await s.ada.click(message, label="Challenge this question")
        assert again.modal is None
        assert again.response.content == challenge_service.WAITS
        assert states(s) == ["open"]


async def test_a_button_of_somebody_elses_feedback_changes_nothing(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        await answer(s, s.ada, some(s, "single"))
        view = discord.ui.View().add_item(controls.ChallengeButton(1, 0))
        forged = await s.client.get_channel(s.channel.id).send("forged", view=view)
        await s.env.settle()
        result = await s.grace.click(forged, label="Challenge this question")
        assert (result.response.ephemeral, result.response.content) == (True, challenge_service.NOT_ANSWERED)
        assert s.rows("SELECT * FROM challenges") == []


async def test_in_direct_messages_a_challenge_is_kept_for_the_operator(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        await set_up(s)
        question = some(s, "single")
        service = s.client.services.questions
        asked = await service.begin(s.ada.id, RoundKind.QUIZ, [question.id], guild_id=None)
        await service.answer(asked.round_id, 0, s.ada.id, Response(), asked.stamp)
        view = discord.ui.View().add_item(controls.ChallengeButton(asked.round_id, 0))
        message = await s.client.get_channel(s.channel.id).send("feedback", view=view)
        await s.env.settle()
        opened = await s.ada.click(message, label="Challenge this question")
        told = (await s.ada.submit_modal(opened, {"text": REASON})).response
        assert told.content == controls.THANKS_DIRECTLY
        assert s.rows("SELECT guild_id, message_id FROM challenges") == [(None, None)]


async def test_a_window_that_was_open_during_a_restart_is_taken(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        message = await answer(s, s.ada, some(s, "single"))
        opened = await s.ada.click(message, label="Challenge this question")
        await s.restart()
        await enable(s)
        told = (await s.ada.submit_modal(opened, {"text": REASON})).response
        assert told.content == controls.THANKS_HERE
        assert states(s) == ["open"]


# The post


async def test_the_post_has_everything_and_mentions_the_mentors_only(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        _, role = make_mentor(s)
        channel = await set_up(s, role=role)
        question = some(s, "single")
        await answer(s, s.grace, question, options=" ".join(bank_key(question).options))
        await challenge(s, s.ada, question)
        (post,) = posts(s, channel)
        assert post.content == f"<@&{role.id}> A question has been challenged."
        allowed = s.env.backend.get_message(channel.id, post.id).allowed_mentions
        assert (allowed.everyone, allowed.users, allowed.roles) == (False, frozenset(), frozenset({role.id}))
        concept = s.client.services.curriculum.concepts[question.concept]
        (embed,) = post.embeds
        assert embed.title == f"Challenged: {concept.title}"
        right = next(option.text for option in question.options if option.correct)
        assert f"· {right} ✅ right" in embed.description.replace("\\", "")
        assert embed.description.count("✅ right") == 1
        for option in question.options:
            assert option.text in embed.description.replace("\\", "")
        found = fields(post)
        assert found["Explanation"].replace("\\", "") == question.explanation
        assert concept.title in found["Source"] or "taught in" in found["Source"]
        assert found["What is said against it"] == (
            "> Two options say the same, as the \\*note\\* itself explains. @\u200beveryone"
        )
        lines = found["How members answer it"].splitlines()
        assert lines[0] == "Right at the first try, in all servers: 1 of 2 (50%)"
        assert lines[-1] == "The answers cannot tell yet whether good learners do better."
        assert sum(line.endswith(", right") for line in lines) == 1
        assert embed.footer.text == "It holds in this server only. Members are not named."
        assert labels_of(post) == DECIDE
        assert "ada" not in text_of(post)
        assert s.rows("SELECT channel_id, message_id FROM challenges") == [(channel.id, post.id)]


async def test_nobody_is_mentioned_where_no_role_is_set(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        channel = await set_up(s)
        await challenge(s, s.ada, some(s, "boolean"))
        (post,) = posts(s, channel)
        assert post.content == "A question has been challenged."
        allowed = s.env.backend.get_message(channel.id, post.id).allowed_mentions
        assert (allowed.everyone, allowed.users, allowed.roles) == (False, frozenset(), frozenset())


async def test_challenges_of_a_question_share_one_post(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        channel = await set_up(s)
        question = some(s, "single")
        members = [s.guild.add_member(s.env.create_user(f"member-{number}")) for number in range(8)]
        for number, member in enumerate(members):
            await challenge(s, member, question, f"The reason with the number {number}. {'word ' * 90}")
        (post,) = posts(s, channel)
        text = "\n".join(field.value for field in post.embeds[0].fields if field.name[0] in "W\u200b")
        assert [line[:33] for line in text.splitlines() if line.startswith(">")] == [
            f"> The reason with the number {number}. w" for number in range(5)
        ]
        assert text.endswith("and 3 more")
        assert len(post.embeds[0]) <= 6000
        assert "0 of 8" in fields(post)["How members answer it"]


async def test_two_who_challenge_at_once_make_one_post(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        question = some(s, "single")
        await challenge(s, s.ada, question)
        await challenge(s, s.grace, question)
        channel = await set_up(s)
        await s.env.settle()
        await asyncio.gather(refresh_post(s.client, 1, s.guild.id), refresh_post(s.client, 2, s.guild.id))
        await s.env.settle()
        (post,) = posts(s, channel)
        assert s.rows("SELECT DISTINCT message_id FROM challenges") == [(post.id,)]
        assert fields(post)["What is said against it"].count("\n") == 1


async def test_a_deleted_post_is_posted_again_with_the_next_challenge(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        channel = await set_up(s)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        (post,) = posts(s, channel)
        await post.delete()
        await s.env.settle()
        await challenge(s, s.grace, question)
        (again,) = posts(s, channel)
        assert again.id != post.id
        assert s.rows("SELECT DISTINCT message_id FROM challenges") == [(again.id,)]


async def test_where_i_may_not_post_the_log_says_so_and_the_member_is_thanked(settings, encoder, caplog):
    async with challenged_server(settings, encoder) as s:
        mine = s.guild.roles[s.client.user.name]
        denied = discord.PermissionOverwrite(send_messages=False)
        channel = s.guild.create_text_channel("notes", overwrites={mine: denied})
        await s.env.settle()
        await s.client.services.guild_settings.set_notes_channel(s.guild.id, channel.id)
        told = await challenge(s, s.ada, some(s, "single"))
        assert told.content == controls.THANKS_HERE
        assert [line.split(" I lack")[0] for line in warnings_of(caplog)] == [
            f"In the notes channel of server {s.guild.id}"
        ]
        assert REASON not in caplog.text


# Who decides


async def test_only_admins_and_mentors_decide(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        mentor, role = make_mentor(s)
        admin, _ = make_mentor(s, "guido", admin=True)
        channel = await set_up(s, role=role)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        (post,) = posts(s, channel)
        for label in DECIDE:
            refused = await s.grace.click(post, label=label)
            assert refused.modal is None
            assert (refused.response.ephemeral, refused.response.content) == (True, NOT_A_MENTOR)
        for command, options in (("list", {}), ("undo", {"question": question.id})):
            refused = await s.grace.slash(s.channel, f"challenges {command}", **options)
            assert (refused.response.ephemeral, refused.response.content) == (True, NOT_A_MENTOR)
        for who in (mentor, admin):
            assert (await who.click(post, label="Keep")).modal is not None
            assert "1 question waits" in text_of((await who.slash(s.channel, "challenges list")).response)
        assert states(s) == ["open"]


async def test_every_step_is_checked_again(settings, encoder):
    """What a mentor had open stays on their screen when they lose the role."""
    async with challenged_server(settings, encoder) as s:
        mentor, role = make_mentor(s)
        channel = await set_up(s, role=role)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        (post,) = posts(s, channel)
        choosing = (await mentor.click(post, label="Correct the key")).response
        keeping = await mentor.click(post, label="Keep")
        listed = (await mentor.slash(s.channel, "challenges list")).response
        retiring = (await mentor.click(post, label="Retire")).response
        noting = await mentor.click(retiring, label="Retire the question")
        await s.client.services.guild_settings.clear(s.guild.id, "mentors")
        results = [
            await mentor.select(choosing, ids_of(question)[:2]),
            await mentor.submit_modal(keeping, {"text": ""}),
            await mentor.select(listed, ["1"]),
            await mentor.click(retiring, label="Retire the question"),
            await mentor.submit_modal(noting, {"text": ""}),
        ]
        for result in results:
            told = result.followups[0] if result.followups else result.response
            assert told.content == NOT_A_MENTOR
        assert states(s) == ["open"]
        assert s.rows("SELECT * FROM rulings") == []


async def test_a_mentor_of_another_server_decides_nothing_here(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        channel = await set_up(s)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        other = s.env.create_guild("Elsewhere")
        there = other.create_text_channel("general")
        boss = other.create_role("boss", permissions=discord.Permissions(manage_guild=True))
        stranger = other.add_member(s.env.create_user("eve"), roles=[boss])
        await s.env.settle()
        view = discord.ui.View()
        for act in controls.Act:
            view.add_item(controls.CaseButton(1, act))
        view.add_item(controls.ConfirmButton.of(1, Decision(Verdict.RETIRED), question))
        forged = await s.client.get_channel(there.id).send("forged", view=view)
        await s.env.settle()
        for label in (*DECIDE, "Retire the question", "Undo"):
            result = await stranger.click(forged, label=label)
            told = result.followups[0] if result.followups else result.response
            assert told.content == challenge_service.UNKNOWN
        listed = (await stranger.slash(there, "challenges list")).response
        assert "No question waits for a decision." in text_of(listed)
        assert len(posts(s, channel)) == 1
        assert states(s) == ["open"]


# Deciding


async def test_keeping_with_a_note(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        (post,) = posts(s, channel)
        opened = await admin.click(post, label="Keep")
        assert opened.modal["title"] == "Keep this question"
        told = (await admin.submit_modal(opened, {"text": "The second option is about *something* else."})).response
        assert told.ephemeral
        assert told.content == (
            "The question stays as it is. No answer changes. 1 member reads it with the next quiz or review."
        )
        (post,) = posts(s, channel)
        assert post.embeds[0].title.startswith("Kept: ")
        assert fields(post)["Decision"].startswith("Kept as it is <t:")
        assert labels_of(post) == ["Undo"]
        (sentence,) = await news(s, s.ada)
        assert sentence.endswith("Those who decided wrote: “The second option is about *something* else.”")
        assert states(s) == ["kept"]


async def test_correcting_a_choice(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        mentor, role = make_mentor(s)
        channel = await set_up(s, role=role)
        question = some(s, "single")
        key, ids = bank_key(question).options, ids_of(question)
        other = next(id_ for id_ in ids if id_ not in key)
        await challenge(s, s.ada, question, options=other)
        await answer(s, s.grace, question, options=key[0])
        (post,) = posts(s, channel)
        choosing = (await mentor.click(post, label="Correct the key")).response
        assert choosing.ephemeral
        assert "Choose below what counts as right from now on." in text_of(choosing)
        (menu,) = choosing.components[0]["components"]
        assert (menu["min_values"], menu["max_values"]) == (1, len(ids))
        assert [option["default"] for option in menu["options"]] == [id_ in key for id_ in ids]

        await mentor.select(choosing, [other])
        assert s.rows("SELECT * FROM rulings") == []
        text = text_of(choosing)
        assert "Correct the key?" in text
        assert "2 answers of 2 members change: 1 as right, 1 as wrong." in text
        await mentor.select(choosing, [other, *key], custom_id=f"challenge:1:key:{stamp_of(question)}")
        assert "1 answer of 1 member changes: 1 as right." in text_of(choosing)
        assert [button["label"] for button in choosing.components[1]["components"]] == ["Correct the key", "Cancel"]

        opened = await mentor.click(choosing, label="Correct the key")
        assert opened.modal["components"][0]["description"] == "Everybody reads this below the old explanation."
        await mentor.submit_modal(opened, {"text": WHY})
        assert choosing.content == (
            "The key is corrected. 1 answer of 1 member changes: 1 as right. "
            "1 member reads it with the next quiz or review."
        )
        assert choosing.embeds == []
        assert grades(s) == [1, 1]
        (post,) = posts(s, channel)
        assert post.embeds[0].title.startswith("Corrected: ")
        assert post.embeds[0].description.count("✅ right") == 2
        assert fields(post)["Corrected by the mentors of this server"] == WHY
        assert fields(post)["Decision"].startswith("Corrected <t:")
        assert labels_of(post) == ["Undo"]
        feedback = await answer(s, s.grace, question, options=other)
        assert WHY in text_of(feedback)
        assert feedback.embeds[0].title == "✅ Right"


async def test_correcting_every_option_of_a_boolean_is_possible(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        question = some(s, "boolean")
        await challenge(s, s.ada, question)
        (post,) = posts(s, channel)
        choosing = (await admin.click(post, label="Correct the key")).response
        await admin.select(choosing, ids_of(question))
        opened = await admin.click(choosing, label="Correct the key")
        await admin.submit_modal(opened, {"text": WHY})
        assert grades(s) == [1]


async def test_correcting_a_multiple_choice(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        question = some(s, "multiple")
        ids = ids_of(question)
        await challenge(s, s.ada, question, options=" ".join(ids))
        (post,) = posts(s, channel)
        choosing = (await admin.click(post, label="Correct the key")).response
        await admin.select(choosing, list(reversed(ids)))
        opened = await admin.click(choosing, label="Correct the key")
        await admin.submit_modal(opened, {"text": WHY})
        assert grades(s) == [1]


async def test_the_key_that_holds_is_no_correction(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        (post,) = posts(s, channel)
        choosing = (await admin.click(post, label="Correct the key")).response
        result = await admin.select(choosing, list(bank_key(question).options))
        assert result.followups[0].content == challenge_service.SAME_KEY


async def test_correcting_a_number(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        question = next(q for q in s.client.services.curriculum.questions if q.kind == "numeric" and not q.unit)
        await challenge(s, s.ada, question, number=question.answer + 0.5)
        (post,) = posts(s, channel)
        opened = await admin.click(post, label="Correct the key")
        number, tolerance = opened.modal["components"]
        assert number["label"] == "The right number"
        assert tolerance["label"] == "How far off still counts as right?"
        for typed, complaint in (
            ({"text": "many", "tolerance": ""}, controls.NO_NUMBER),
            ({"text": "3", "tolerance": "-1"}, controls.NO_TOLERANCE),
            ({"text": "3", "tolerance": "some"}, controls.NO_TOLERANCE),
        ):
            assert (await admin.submit_modal(opened, typed)).response.content == complaint
            opened = await admin.click(post, label="Correct the key")
        typed = {"text": f"{question.answer + 1}".replace(".", ","), "tolerance": "1/2"}
        proposal = (await admin.submit_modal(opened, typed)).response
        assert "give or take 0.5" in text_of(proposal)
        assert "1 answer of 1 member changes: 1 as right." in text_of(proposal)
        noting = await admin.click(proposal, label="Correct the key")
        await admin.submit_modal(noting, {"text": WHY})
        assert grades(s) == [1]
        (post,) = posts(s, channel)
        assert "give or take 0.5" in post.embeds[0].description


async def test_correcting_an_order(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        question = next(q for q in s.client.services.curriculum.questions if q.kind == "order" and len(q.options) == 4)
        ids = ids_of(question)
        await challenge(s, s.ada, question, options=" ".join([ids[1], ids[0], *ids[2:]]))
        (post,) = posts(s, channel)
        assert "**The right order** A, B, C, D" in post.embeds[0].description
        opened = await admin.click(post, label="Correct the key")
        assert opened.modal["components"][0]["description"] == "Each of ABCD once; it is ABCD now."
        refused = await admin.submit_modal(opened, {"text": "BAC"})
        assert refused.response.content == (
            "An order has each of the letters A to D once. Click Correct the key once more."
        )
        opened = await admin.click(post, label="Correct the key")
        proposal = (await admin.submit_modal(opened, {"text": "b, a, c, d"})).response
        noting = await admin.click(proposal, label="Correct the key")
        await admin.submit_modal(noting, {"text": WHY})
        assert grades(s) == [1]
        (post,) = posts(s, channel)
        assert "**The right order** B, A, C, D" in post.embeds[0].description


async def test_retiring_after_a_restart(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        await answer(s, s.grace, question)
        (post,) = posts(s, channel)
        proposal = (await admin.click(post, label="Retire")).response
        assert "Retire this question?" in text_of(proposal)
        assert "2 answers of 2 members no longer count." in text_of(proposal)
        await s.restart()
        await enable(s)
        opened = await admin.click(proposal, label="Retire the question")
        await s.restart()
        await enable(s)
        await admin.submit_modal(opened, {"text": ""})
        assert proposal.content == (
            "The question is retired, and nobody here is asked it again. 2 answers of 2 members no longer count. "
            "2 members read it with their next quiz or review."
        )
        assert grades(s) == [None, None]
        (post,) = posts(s, channel)
        assert post.embeds[0].title.startswith("Retired: ")


async def test_cancel_changes_nothing(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        await challenge(s, s.ada, some(s, "single"))
        (post,) = posts(s, channel)
        proposal = (await admin.click(post, label="Retire")).response
        await admin.click(proposal, label="Cancel")
        assert (proposal.content, proposal.embeds, proposal.components) == ("Nothing was changed.", [], [])
        assert states(s) == ["open"]


async def test_who_decides_second_reads_that_it_is_decided(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        first, _ = make_mentor(s, admin=True)
        second, _ = make_mentor(s, "guido", admin=True)
        channel = await set_up(s)
        await challenge(s, s.ada, some(s, "single"))
        (post,) = posts(s, channel)
        proposals = [(await who.click(post, label="Retire")).response for who in (first, second)]
        windows = [
            await who.click(proposal, label="Retire the question")
            for who, proposal in zip((first, second), proposals, strict=True)
        ]
        keeping = await second.click(post, label="Keep")
        await first.submit_modal(windows[0], {"text": ""})
        results = [
            await second.submit_modal(windows[1], {"text": ""}),
            await second.submit_modal(keeping, {"text": ""}),
            await second.click(proposals[1], label="Retire the question"),
        ]
        for result in results:
            told = result.followups[0] if result.followups else result.response
            assert told.content == challenge_service.DECIDED
        assert len(s.rows("SELECT * FROM news")) == 1


async def test_a_post_that_missed_a_decision_is_brought_up_to_date_by_a_click(settings, encoder):
    """The operator decides for everywhere without Discord."""
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        await s.client.services.challenge.decide_everywhere(question.id, Decision(Verdict.RETIRED))
        (post,) = posts(s, channel)
        assert labels_of(post) == DECIDE
        assert (await admin.click(post, label="Keep")).response.content == challenge_service.DECIDED
        (post,) = posts(s, channel)
        assert post.embeds[0].title.startswith("Retired: ")
        assert labels_of(post) == []
        await s.client.services.challenge.undo(question.id, 0)
        key = AnswerKey(tuple(ids_of(question)[:2]))
        await s.client.services.challenge.decide_everywhere(question.id, Decision(Verdict.CORRECTED, key, WHY))
        await refresh_post(s.client, 1, s.guild.id)
        (post,) = posts(s, channel)
        assert fields(post)["Corrected by those who run me"] == WHY


async def test_what_the_operator_decides_is_shown_by_itself(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        channel = await set_up(s)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        await s.client.services.challenge.decide_everywhere(question.id, Decision(Verdict.RETIRED))
        await s.env.advance_time(10)
        (post,) = posts(s, channel)
        assert post.embeds[0].title.startswith("Retired: ")
        await s.client.services.challenge.undo(question.id, 0)
        await s.env.advance_time(10)
        (post,) = posts(s, channel)
        assert labels_of(post) == DECIDE
        assert s.rows("SELECT kind, state FROM occurrences") == [("decided_post", "done")] * 2


async def test_buttons_of_a_question_that_has_changed_say_so(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        await set_up(s)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        view = discord.ui.View()
        packed = pack_key(question, AnswerKey(tuple(ids_of(question)[:2])))
        view.add_item(controls.ConfirmButton(1, Verdict.CORRECTED, "abcd", packed))
        view.add_item(controls.ConfirmButton(1, Verdict.RETIRED, "abcd", ""))
        old = await s.client.get_channel(s.channel.id).send("old", view=view)
        await s.env.settle()
        for label in ("Correct the key", "Retire the question"):
            assert (await admin.click(old, label=label)).response.content == challenge_service.CHANGED
        select = controls.KeySelect(1, question, bank_key(question))
        select.item.custom_id = "challenge:1:key:abcd"
        old = await s.client.get_channel(s.channel.id).send("old", view=discord.ui.View().add_item(select))
        await s.env.settle()
        result = await admin.select(old, ids_of(question)[:2])
        assert result.followups[0].content == challenge_service.CHANGED


async def test_a_challenge_whose_member_has_left_makes_way_for_the_others(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        await challenge(s, s.grace, question)
        await s.client.services.privacy.delete_member(s.ada.id)
        (post,) = posts(s, channel)
        opened = await admin.click(post, label="Keep")
        await admin.submit_modal(opened, {"text": ""})
        assert states(s) == ["kept"]
        await s.client.services.privacy.delete_member(s.grace.id)
        (post,) = posts(s, channel)
        result = await admin.click(post, label="Undo")
        assert result.response.content == challenge_service.UNKNOWN


# Taking back


async def test_undo_below_the_decision(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        (post,) = posts(s, channel)
        proposal = (await admin.click(post, label="Retire")).response
        await admin.submit_modal(await admin.click(proposal, label="Retire the question"), {"text": ""})
        (post,) = posts(s, channel)
        asked = (await admin.click(post, label="Undo")).response
        assert "Take back the decision to retire the question?" in text_of(asked)
        assert "1 answer of 1 member changes: 1 as wrong." in text_of(asked)
        assert (await s.grace.click(post, label="Undo")).response.content == NOT_A_MENTOR
        await admin.click(asked, label="Take it back")
        assert asked.content == (
            "The decision is taken back, and its challenges wait again. 1 answer of 1 member changes: 1 as wrong."
        )
        assert grades(s) == [0]
        assert states(s) == ["open"]
        (post,) = posts(s, channel)
        assert labels_of(post) == DECIDE
        assert await news(s, s.ada) == ()


async def test_undo_by_command_finds_what_was_decided(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        first, second = some(s, "single"), some(s, "single", 1)
        for number, question in enumerate((first, second), start=1):
            await challenge(s, s.ada, question)
            await s.client.services.challenge.decide(number, s.guild.id, Decision(Verdict.RETIRED))
            await s.env.advance_time(60)
        found = await admin.autocomplete(s.channel, "challenges undo", "question", "")
        assert [choice["value"] for choice in found] == [second.id, first.id]
        assert found[0]["name"].startswith("retired: ")
        assert await admin.autocomplete(s.channel, "challenges undo", "question", "no such prompt") == []
        assert await s.grace.autocomplete(s.channel, "challenges undo", "question", "") == []
        asked = (await admin.slash(s.channel, "challenges undo", question=first.id)).response
        result = await admin.click(asked, label="Take it back")
        assert result is not None
        assert s.rows("SELECT question FROM rulings") == [(second.id,)]
        again = (await admin.slash(s.channel, "challenges undo", question=first.id)).response
        assert again.content == challenge_service.NOTHING_TO_UNDO


# The weekly quiz


async def test_the_results_of_a_closed_weekly_quiz_follow_the_decision(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        monday = datetime(2026, 1, 5, 17, tzinfo=UTC)
        admin = admin_of(s)
        await s.env.settle()
        await admin.slash(s.channel, "weekly set", channel=s.channel, weekday=0, time="18:00", zone="Europe/Berlin")
        await live_until(s, monday + timedelta(seconds=1))
        await answer_all(s, s.ada, await take(s.ada, s.said()[0]), "xxxx-")
        await live_until(s, monday + timedelta(days=2, seconds=10))
        await enable(s)
        assert "Missed most: question 5" in text_of(s.said()[-1])
        view = discord.ui.View().add_item(controls.ChallengeButton(1, 4))
        feedback = await s.client.get_channel(s.channel.id).send("feedback", view=view)
        results = s.said()[-2]
        await s.env.settle()
        opened = await s.ada.click(feedback, label="Challenge this question")
        await s.ada.submit_modal(opened, {"text": REASON})
        listed = (await admin.slash(s.channel, "challenges list")).response
        case = (await admin.select(listed, ["1"])).response
        proposal = (await admin.click(case, label="Retire")).response
        await admin.submit_modal(await admin.click(proposal, label="Retire the question"), {"text": ""})
        assert proposal.content.endswith("The results of weekly quizzes that asked it are brought up to date.")
        changed = next(message for message in s.said() if message.id == results.id)
        assert "Missed most" not in text_of(changed)
        asked = (await admin.slash(s.channel, "challenges undo", question=_challenged(s))).response
        await admin.click(asked, label="Take it back")
        changed = next(message for message in s.said() if message.id == results.id)
        assert "Missed most: question 5" in text_of(changed)
        await s.client.services.challenge.decide_everywhere(_challenged(s), Decision(Verdict.RETIRED))
        await s.env.advance_time(10)
        changed = next(message for message in s.said() if message.id == results.id)
        assert "Missed most" not in text_of(changed)


def _challenged(s):
    ((question,),) = s.rows("SELECT question FROM challenges")
    return question


# /challenges list


async def test_an_empty_list_says_so(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        shown = (await admin.slash(s.channel, "challenges list")).response
        assert shown.ephemeral
        assert shown.embeds[0].description == "No question waits for a decision."
        assert shown.components == []


async def test_without_a_notes_channel_challenges_are_decided_from_the_list(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        question = some(s, "single")
        await challenge(s, s.ada, question)
        await challenge(s, s.grace, question)
        shown = (await admin.slash(s.channel, "challenges list")).response
        assert "2 members, since <t:" in text_of(shown)
        case = (await admin.select(shown, ["1"])).response
        assert case.ephemeral
        assert labels_of(case) == DECIDE
        assert fields(case)["What is said against it"].count("\n") == 1
        proposal = (await admin.click(case, label="Retire")).response
        await admin.submit_modal(await admin.click(proposal, label="Retire the question"), {"text": ""})
        assert grades(s) == [None, None]
        assert states(s) == ["retired", "retired"]
        assert s.said() == []


async def test_pages_of_the_list(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        questions = [some(s, "single", number) for number in range(challenge_service.PAGE + 1)]
        for member in (s.ada, s.grace):
            for question in questions[:5] if member is s.ada else questions[5:]:
                await challenge(s, member, question)
        shown = (await admin.slash(s.channel, "challenges list")).response
        assert shown.embeds[0].footer.text == "Page 1 of 2"
        assert len(shown.components[0]["components"][0]["options"]) == challenge_service.PAGE
        await admin.click(shown, label="Next page")
        assert shown.embeds[0].footer.text == "Page 2 of 2"
        assert len(shown.components[0]["components"][0]["options"]) == 1
        await admin.click(shown, label="Previous page")
        assert shown.embeds[0].footer.text == "Page 1 of 2"


# What stays within Discord's limits


@pytest.mark.parametrize("kind", ["single", "multiple", "boolean", "numeric", "order"])
async def test_the_longest_questions_and_reasons_fit(settings, encoder, kind):
    async with challenged_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        questions = [q for q in s.client.services.curriculum.questions if q.kind == kind]
        question = max(questions, key=lambda q: len(q.prompt) + sum(len(option.text) for option in q.options))
        worst = "*_~`|>#[](<:-" * 40
        for number in range(6):
            member = s.guild.add_member(s.env.create_user(f"member-{number}"))
            told = await challenge(s, member, question, worst[:500])
            assert told.content == controls.THANKS_HERE
        (post,) = posts(s, channel)
        assert len(post.embeds[0]) <= 6000
        opened = await admin.click(post, label="Keep")
        await admin.submit_modal(opened, {"text": worst[:500]})
        assert states(s) == ["kept"] * 6


async def test_notes_without_a_curriculum(settings, encoder):
    async with challenged_server(settings, encoder) as s:
        message = await answer(s, s.ada, some(s, "single"))
        s.client.services = dataclasses.replace(s.client.services, challenge=None)
        result = await s.ada.click(message, label="Challenge this question")
        assert result.response.content.startswith("There is no curriculum here any more")


async def test_nothing_that_members_write_is_logged(settings, encoder, caplog):
    async with challenged_server(settings, encoder) as s:
        await set_up(s)
        await challenge(s, s.ada, some(s, "single"), "a very secret reason")
        assert warnings_of(caplog) == []
        assert "a very secret reason" not in caplog.text.replace("DEBUG", "")
