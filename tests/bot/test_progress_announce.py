"""What a server sees of a milestone: one congratulation for who wants it, and the role of the present step."""

import asyncio

import discord
import pytest

from bot.features.probe.models import ProbeQuestion, Purpose
from bot.features.probe.views import result_buttons
from bot.features.progress.announce import announce, render_congratulation
from bot.features.progress.models import State
from tests.bot.server import running_server, text_of, warnings_of

COURSE = "fastai-practical-deep-learning"
REFUSED = 50013


async def finish_step_one(s, member):
    result = await member.slash(s.channel, "progress complete", item=f"whole:{COURSE}")
    assert "step 1 is done" in text_of(result.response)
    return result.response


async def enrol(s, member, *, is_visible=False, is_congratulated=False, guild=None):
    await s.client.services.progress.change_enrolment(
        member.id, (guild or s.guild).id, is_visible=is_visible, is_congratulated=is_congratulated
    )


async def milestones_channel(s, **overwrites):
    denied = {s.guild.roles[s.client.user.name]: discord.PermissionOverwrite(**overwrites)} if overwrites else {}
    channel = s.guild.create_text_channel("milestones", overwrites=denied)
    await s.env.settle()
    await s.client.services.guild_settings.set_milestones_channel(s.guild.id, channel.id)
    return channel


def posted(channel):
    return [message.embeds[0] for message in channel.history()]


# The congratulation


async def test_who_wants_it_is_congratulated_once(settings, encoder):
    async with running_server(settings, encoder) as s:
        channel = await milestones_channel(s)
        await enrol(s, s.ada, is_congratulated=True)
        await finish_step_one(s, s.ada)
        (embed,) = posted(channel)
        assert embed.title == "Step 1 is done"
        assert embed.description == ("**ada** has finished step 1, A practical encounter.\nCongratulations.")
        await s.ada.slash(s.channel, "progress undo")
        await s.ada.slash(s.channel, "progress complete", item=f"whole:{COURSE}")
        assert len(posted(channel)) == 1
        assert s.said() == [], "the channel in which the command was used stays quiet"


async def test_who_did_not_ask_for_it_is_left_in_peace(settings, encoder):
    async with running_server(settings, encoder) as s:
        channel = await milestones_channel(s)
        await enrol(s, s.ada, is_visible=True)
        await finish_step_one(s, s.ada)
        await finish_step_one(s, s.grace)
        assert posted(channel) == []
        assert s.rows("SELECT * FROM congratulations") == []


async def test_a_skipped_step_is_no_milestone(settings, encoder):
    async with running_server(settings, encoder) as s:
        channel = await milestones_channel(s)
        await enrol(s, s.ada, is_congratulated=True)
        await s.ada.slash(s.channel, "progress skip", item=f"whole:{COURSE}")
        assert posted(channel) == []


async def test_the_last_step_and_the_curriculum_are_one_message(settings, encoder):
    async with running_server(settings, encoder) as s:
        channel = await milestones_channel(s)
        await enrol(s, s.ada, is_congratulated=True)
        service = s.client.services.progress
        path = service.path_of(await service.find_learner(s.ada.id))
        items = [item.id for item in path.items if item.is_required]
        await service.settle_items(s.ada.id, items[:-1], State.DONE)
        await s.ada.slash(s.channel, "progress complete", item=items[-1])
        (embed,) = posted(channel)
        assert embed.title == "The whole curriculum is done"
        assert embed.description == (
            "**ada** has finished step 6, Capstone project II.\nAll 6 steps are done. Congratulations."
        )


async def test_two_processes_post_once(settings, encoder):
    async with running_server(settings, encoder) as s:
        channel = await milestones_channel(s)
        await enrol(s, s.ada, is_congratulated=True)
        await asyncio.gather(*(announce(s.client, s.ada.id, ("step:1",)) for _ in range(5)))
        await s.env.settle()
        assert len(posted(channel)) == 1
        await s.restart()
        await announce(s.client, s.ada.id, ("step:1",))
        await s.env.settle()
        assert len(posted(channel)) == 1


async def test_each_server_that_the_member_chose_congratulates(settings, encoder):
    """Also when the step was finished in a direct message."""
    async with running_server(settings, encoder) as s:
        here = await milestones_channel(s)
        other = s.env.create_guild("Elsewhere")
        there = other.create_text_channel("milestones")
        other.add_member(s.ada.user)
        await s.env.settle()
        await s.client.services.guild_settings.set_milestones_channel(other.id, there.id)
        await enrol(s, s.ada, is_congratulated=True)
        await enrol(s, s.ada, is_congratulated=True, guild=other)
        await s.ada.user.slash("progress complete", item=f"whole:{COURSE}")
        assert (len(posted(here)), len(posted(there))) == (1, 1)


async def test_who_left_the_server_is_not_named_there(settings, encoder):
    async with running_server(settings, encoder) as s:
        channel = await milestones_channel(s)
        await enrol(s, s.ada, is_congratulated=True)
        s.guild.remove_member(s.ada)
        await s.env.settle()
        await s.ada.user.slash("progress complete", item=f"whole:{COURSE}")
        assert posted(channel) == []
        assert s.rows("SELECT * FROM congratulations") == []


async def test_a_name_pings_nobody(settings, encoder):
    async with running_server(settings, encoder) as s:
        channel = await milestones_channel(s)
        member = s.guild.add_member(s.env.create_user("eve"), nick="**@everyone** <@1>")
        await enrol(s, member, is_congratulated=True)
        await finish_step_one(s, member)
        (message,) = channel.history()
        assert not message.mention_everyone
        assert (message.mentions, message.role_mentions, message.content) == ([], [], "")
        assert "@everyone" not in message.embeds[0].description
        assert "<@1>" not in message.embeds[0].description


async def test_a_deleted_channel_does_not_fail_the_command(settings, encoder, caplog):
    async with running_server(settings, encoder) as s:
        channel = await milestones_channel(s)
        await enrol(s, s.ada, is_congratulated=True)
        await s.client.get_channel(channel.id).delete()
        await s.env.settle()
        await finish_step_one(s, s.ada)
        assert warnings_of(caplog) == [f"The milestones channel of server {s.guild.id} is gone."]
        assert s.rows("SELECT * FROM congratulations") == [], "it can still be posted once the channel is back"


@pytest.mark.parametrize(
    ("permission", "name"),
    [("send_messages", "Send Messages"), ("embed_links", "Embed Links"), ("view_channel", "View Channel")],
)
async def test_a_missing_permission_is_logged_without_a_word_of_a_member(settings, encoder, caplog, permission, name):
    async with running_server(settings, encoder) as s:
        channel = await milestones_channel(s, **{permission: False})
        await enrol(s, s.ada, is_congratulated=True)
        await finish_step_one(s, s.ada)
        assert posted(channel) == []
        (warning,) = warnings_of(caplog)
        assert warning.startswith(f"In the milestones channel of server {s.guild.id} I lack: ")
        assert name in warning
        assert "finished" not in caplog.text


async def test_what_discord_refuses_is_logged_and_not_tried_again(settings, encoder, caplog, monkeypatch):
    async with running_server(settings, encoder) as s:
        channel = await milestones_channel(s)
        await enrol(s, s.ada, is_congratulated=True)

        async def refuse(*_args, **_kwargs):
            raise discord.Forbidden(Response(), {"code": REFUSED, "message": "ada has finished"})

        with monkeypatch.context() as patch:
            patch.setattr(discord.TextChannel, "send", refuse)
            await finish_step_one(s, s.ada)
        assert warnings_of(caplog) == [f"No congratulation in server {s.guild.id}: 403 {REFUSED}."]
        assert "has finished" not in caplog.text
        await announce(s.client, s.ada.id, ("step:1",))
        assert posted(channel) == []


@pytest.mark.parametrize("failing", ["list_enrolments", "claim_congratulation"])
async def test_whatever_else_fails_is_for_the_log(settings, encoder, caplog, monkeypatch, failing):
    async with running_server(settings, encoder) as s:
        await milestones_channel(s)
        await enrol(s, s.ada, is_congratulated=True)

        async def fail(*_args):
            raise OSError("the network is down")

        monkeypatch.setattr(s.client.services.progress, failing, fail)
        await finish_step_one(s, s.ada)
        (warning,) = warnings_of(caplog)
        assert warning.endswith(("could not be brought up to date.", "could not be told of a member's progress."))


class Response:
    status = 403
    reason = "Forbidden"


def test_several_steps_at_once_are_one_congratulation(knowledge):
    embed = render_congratulation(knowledge.curriculum, "Ada", ["step:1", "step:2"])
    assert embed.title == "Step 2 is done"
    assert embed.description.splitlines() == [
        "**Ada** has finished step 1, A practical encounter.",
        "**Ada** has finished step 2, Mathematical foundations.",
        "Congratulations.",
    ]


# The role of the step


async def step_roles(s, *steps, position=None):
    roles = {}
    for step in steps:
        fields = {} if position is None else {"position": position}
        roles[step] = s.guild.create_role(f"step {step}", **fields)
        await s.client.services.guild_settings.set_step_role(s.guild.id, step, roles[step].id)
    await s.env.settle()
    return roles


def roles_of(s, member):
    held = s.env.backend.get_member(s.guild.id, member.id).role_ids
    return sorted(role.name for role in s.guild.roles.values() if role.id in held)


async def test_a_visible_member_has_the_role_of_the_present_step(settings, encoder):
    async with running_server(settings, encoder) as s:
        await step_roles(s, 1, 2)
        other = s.guild.create_role("friend")
        ada = s.guild.add_member(s.env.create_user("ada2"), roles=[other])
        await enrol(s, ada, is_visible=True)
        await ada.slash(s.channel, "progress complete", item=f"{COURSE}/lesson-1")
        assert roles_of(s, ada) == ["friend", "step 1"]
        await ada.slash(s.channel, "progress complete", item=f"whole:{COURSE}")
        assert roles_of(s, ada) == ["friend", "step 2"]
        await ada.slash(s.channel, "progress undo")
        assert roles_of(s, ada) == ["friend", "step 1"]


async def test_who_is_not_visible_gets_no_role(settings, encoder):
    async with running_server(settings, encoder) as s:
        await step_roles(s, 1, 2)
        await enrol(s, s.ada, is_congratulated=True)
        await finish_step_one(s, s.ada)
        assert roles_of(s, s.ada) == []


async def test_the_choice_of_visibility_gives_and_takes_the_role(settings, encoder):
    async with running_server(settings, encoder) as s:
        await step_roles(s, 1)
        shown = (await s.ada.slash(s.channel, "progress visibility")).response
        await s.ada.click(shown, label="Make me visible here")
        assert roles_of(s, s.ada) == ["step 1"]
        await s.ada.click(shown, label="Congratulate me here")
        assert roles_of(s, s.ada) == ["step 1"]
        await s.ada.click(shown, label="Hide me here")
        assert roles_of(s, s.ada) == []


async def test_one_role_for_several_steps_stays(settings, encoder):
    async with running_server(settings, encoder) as s:
        roles = await step_roles(s, 1)
        await s.client.services.guild_settings.set_step_role(s.guild.id, 2, roles[1].id)
        await enrol(s, s.ada, is_visible=True)
        await s.ada.slash(s.channel, "progress complete", item=f"{COURSE}/lesson-1")
        await finish_step_one(s, s.ada)
        assert roles_of(s, s.ada) == ["step 1"]


async def test_a_step_without_a_role_takes_the_former_one(settings, encoder):
    async with running_server(settings, encoder) as s:
        await step_roles(s, 1)
        await enrol(s, s.ada, is_visible=True)
        await s.ada.slash(s.channel, "progress complete", item=f"{COURSE}/lesson-1")
        await finish_step_one(s, s.ada)
        assert roles_of(s, s.ada) == []


async def test_a_step_that_a_probe_skips_moves_the_role(settings, encoder):
    async with running_server(settings, encoder) as s:
        await step_roles(s, 1, 2)
        await enrol(s, s.ada, is_visible=True)
        probe, bank = s.client.services.probe, s.client.services.curriculum.questions
        question = await probe.begin(s.ada.id, Purpose.STEP, "step:1")
        while isinstance(question, ProbeQuestion):
            asked = next(q for q in bank if q.prompt == question.prompt)
            right = next(option.text for option in asked.options if option.correct)
            choice = question.options.index(right)
            question = (await probe.answer(question.probe_id, question.position, s.ada.id, choice)).next
        result = await s.client.get_channel(s.channel.id).send("forged", view=result_buttons(question))
        await s.env.settle()
        await s.ada.click(result, custom_id=f"probe:{question.probe_id}:skip:1")
        assert roles_of(s, s.ada) == ["step 2"]


async def test_a_role_above_mine_is_left_and_logged(settings, encoder, caplog):
    async with running_server(settings, encoder) as s:
        await step_roles(s, 1, position=90)
        await enrol(s, s.ada, is_visible=True)
        done = await s.ada.slash(s.channel, "progress complete", item=f"{COURSE}/lesson-1")
        assert done.response.embeds[0].title == "Done"
        assert roles_of(s, s.ada) == []
        reason = "The role is not below my own highest role in the list of roles."
        assert warnings_of(caplog) == [f"A step's role in server {s.guild.id} stays as it is: {reason}"]


async def test_without_manage_roles_nothing_fails(settings, encoder, caplog):
    async with running_server(settings, encoder) as s:
        await step_roles(s, 1)
        mine = s.guild.roles[s.client.user.name]
        s.env.backend.edit_role(s.guild.id, mine.id, {"permissions": discord.Permissions.text().value})
        await s.env.settle()
        await enrol(s, s.ada, is_visible=True)
        await s.ada.slash(s.channel, "progress complete", item=f"{COURSE}/lesson-1")
        assert warnings_of(caplog) == [
            f"A step's role in server {s.guild.id} stays as it is: I lack the permission Manage Roles."
        ]


async def test_a_deleted_role_is_logged(settings, encoder, caplog):
    async with running_server(settings, encoder) as s:
        roles = await step_roles(s, 1)
        s.env.backend.delete_role(s.guild.id, roles[1].id)
        await s.env.settle()
        await enrol(s, s.ada, is_visible=True)
        await s.ada.slash(s.channel, "progress complete", item=f"{COURSE}/lesson-1")
        assert warnings_of(caplog) == [f"A step's role in server {s.guild.id} has been deleted."]
