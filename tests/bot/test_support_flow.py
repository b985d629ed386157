"""Blockers and calls for help as members and mentors use them, on a simulated Discord."""

import contextlib
import dataclasses

import discord
import pytest
from discord import app_commands
from hypothesis import given
from hypothesis import strategies as st

from bot.features.ask.models import Answer, Outcome
from bot.features.groups import store as groups_store
from bot.features.groups.models import HOME, GroupPlan, GroupState
from bot.features.support import service as support_service
from bot.features.support import views
from bot.features.support.models import SHOW, TELL, Blocker
from bot.features.support.views import _unescape, answer_blocker, say_answer
from bot.scheduling import store as schedule
from bot.scheduling.models import Rhythm
from bot.storage.database import Database
from bot.ui.errors import run_safely
from bot.ui.text import escape
from tests.bot.server import labels_of, running_server, text_of, warnings_of

BLOCKER = "I do not understand what *dropout* is for. @everyone"
ESCAPED = "I do not understand what \\*dropout\\* is for. @\u200beveryone"
FOREIGN = "My landlord wants to paint the kitchen green and I have to move the fridge."
DAY = 24 * 3600


@contextlib.asynccontextmanager
async def blocked_server(settings, encoder, **options):
    """A server with a command that answers a blocker, as the check-in does."""
    async with running_server(settings, encoder, **options) as s:
        s.database = Database(s.settings.database.url)
        try:
            await enable(s)
            yield s
        finally:
            await s.database.close()


async def enable(s):
    @app_commands.command(name="block", description="Says what blocks one.")
    async def block(interaction: discord.Interaction, text: str, group: int = 0, week: int = 0):
        async with run_safely(interaction):
            await interaction.response.send_message("Your check-in is saved.", ephemeral=True)
            found = await answer_blocker(interaction, text, group_id=group or None, week_id=week or None)
            await interaction.followup.send(f"about: {' '.join(found)}", ephemeral=True)

    s.client.tree.add_command(block)
    synced = await s.client.tree.sync()
    s.client.command_ids = {command.name: command.id for command in synced}


async def make_group(s, *members, name="Night *Owls*", is_private=True):
    """A group with a home in the channel; its id and the home."""
    parent = s.client.get_channel(s.channel.id)
    kind = discord.ChannelType.private_thread if is_private else discord.ChannelType.public_thread
    thread = await parent.create_thread(name="Night Owls", type=kind, auto_archive_duration=10080)
    for member in members:
        await thread.add_user(discord.Object(member.id))
    now = s.env.now()
    plan = GroupPlan(s.guild.id, name, parent_id=s.channel.id, rhythm=Rhythm(0, 18 * 60, "Europe/Berlin"))
    async with s.database.transaction() as session:
        group = await groups_store.add_group(session, plan, members[0].id, [one.id for one in members], now)
        await schedule.delete_waiting(session, HOME, group.id)
        await groups_store.update_group(session, group.id, now, home_id=thread.id, state=GroupState.ACTIVE.value)
    await s.env.settle()
    (home,) = [one for one in s.channel.threads if one.id == thread.id]
    return group.id, home


async def change_member(s, group_id, member, **values):
    async with s.database.transaction() as session:
        await groups_store.update_member(session, group_id, member.id, **values)


def make_mentor(s, name="linus", *, admin=False):
    role = s.guild.create_role(f"{name}'s role", permissions=discord.Permissions(manage_guild=admin))
    return s.guild.add_member(s.env.create_user(name), roles=[role]), role


async def set_up(s, *, role=None, **options):
    """A notes channel, and the role of the mentors."""
    channel = s.guild.create_text_channel("notes", **options)
    await s.env.settle()
    service = s.client.services.guild_settings
    await service.set_notes_channel(s.guild.id, channel.id)
    if role is not None:
        await service.set_mentor_role(s.guild.id, role.id)
    return channel


def hidden(s):
    """A channel that the tutor sees and not everybody."""
    return {
        s.guild.default_role: discord.PermissionOverwrite(view_channel=False),
        s.guild.roles[s.client.user.name]: discord.PermissionOverwrite(view_channel=True),
    }


async def block(s, member, text=BLOCKER, **options):
    """Say what blocks one; the private answer to it, which is None if there is none, and what it is about."""
    result = await member.slash(s.channel, "block", text=text, **options)
    *answers, about = result.followups
    assert result.response.content == "Your check-in is saved."
    return answers[0] if answers else None, about.content.removeprefix("about: ").split()


async def preview(s, member, text=BLOCKER, **options):
    """The private preview of a call."""
    answer, _ = await block(s, member, text, **options)
    return (await member.click(answer, label="Ask the mentors")).response


async def call(s, member, text=BLOCKER, **options):
    """Send a call; what the member reads then."""
    shown = await preview(s, member, text, **options)
    await member.click(shown, label="Send")
    await s.env.advance_time(1)  # the dispatcher keeps its requests apart
    return shown


async def posts(s, channel):
    """What the tutor has posted a second later."""
    await s.env.advance_time(1)
    return [message for message in channel.history() if message.author == s.client.user]


async def forge(s, channel, *items, content="stale", **options):
    """A message of the tutor with these buttons, as one that is still on somebody's screen."""
    view = discord.ui.View()
    for item in items:
        view.add_item(item)
    message = await s.client.get_channel(channel.id).send(content, view=view, **options)
    await s.env.settle()
    return message


def fields(message):
    (embed,) = message.embeds
    return {field.name: field.value for field in embed.fields}


def allowed_in(s, channel, message):
    allowed = s.env.backend.get_message(channel.id, message.id).allowed_mentions
    return allowed.everyone, allowed.users, allowed.roles


def calls(s, columns="state, helper_id"):
    return s.rows(f"SELECT {columns} FROM help_requests ORDER BY id")  # noqa: S608 - columns of this file


def told(result):
    """What a click was answered with, alone."""
    message = result.followups[0] if result.followups else result.response
    assert message.ephemeral
    return message.content


# The tutor's own answer


async def test_a_blocker_is_answered_privately_with_quotes_and_sources(settings, encoder, caplog):
    async with blocked_server(settings, encoder) as s:
        answer, about = await block(s, s.ada)
        assert answer.ephemeral
        assert answer.content == f"About what blocks you:\n> {ESCAPED}"
        (embed,) = answer.embeds
        assert "**[1]**" in embed.description
        assert "Dropout" in fields(answer)["Sources"]
        assert labels_of(answer) == ["Ask the mentors", "Show sources in full", "Try a question"]
        assert about[0] == "dropout"
        (row,) = s.rows("SELECT member_id, guild_id, channel_id, message_id, outcome FROM answers")
        assert row == (s.ada.id, s.guild.id, 0, None, "answered")
        assert s.said() == []
        assert "dropout" not in "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("bot."))


async def test_the_buttons_below_an_answer_show_its_sources_and_a_question(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        answer, _ = await block(s, s.ada)
        sources = await s.ada.click(answer, label="Show sources in full")
        assert sources.followups[0].ephemeral or sources.response.ephemeral
        tried = await s.ada.click(answer, label="Try a question")
        assert (tried.followups[0] if tried.followups else tried.response).ephemeral
        assert s.said() == []


async def test_what_the_material_does_not_cover_gets_one_honest_sentence(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        answer, about = await block(s, s.ada, FOREIGN)
        assert answer.ephemeral
        assert answer.embeds == []
        assert answer.content == (
            f"About what blocks you:\n> {FOREIGN}\n"
            "My material does not cover this, so I have no answer that I could stand behind. "
            "The mentors may know more."
        )
        assert labels_of(answer) == ["Ask the mentors"]
        assert about == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Ich verstehe nicht, warum das Netz nicht lernt", "I read English only, so I could not look this up."),
        ("???", "I found no words in this that I could look up."),
        ("help", "I found nothing in this that I could look up."),
    ],
)
async def test_what_cannot_be_looked_up_says_why(settings, encoder, text, sentence):
    async with blocked_server(settings, encoder) as s:
        answer, about = await block(s, s.ada, text)
        assert answer.content.endswith(f"\n{sentence} The mentors may know more.")
        assert (labels_of(answer), about) == (["Ask the mentors"], [])


async def test_who_says_that_nothing_blocks_them_hears_nothing(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        assert await block(s, s.ada, "Nothing, really!") == (None, [])
        assert s.rows("SELECT * FROM answers") == []


async def test_a_check_in_answers_once_more_what_blocks_its_member(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        group_id, home = await make_group(s, s.ada, s.grace)
        week_id = await add_checkin(s, group_id, s.ada, "[]", home, blocker=BLOCKER)
        again = await forge(s, home, views.BlockerButton(Blocker(s.ada.id, group_id, week_id)))
        await s.restart()
        answer = (await s.ada.click(again, label="Help with what blocks me")).response
        assert answer.ephemeral
        assert answer.content == f"About what blocks you:\n> {ESCAPED}"
        assert labels_of(answer) == ["Ask the mentors", "Show sources in full", "Try a question"]
        assert told(await s.grace.click(again, label="Help with what blocks me")) == support_service.NOT_YOURS
        s.rows("UPDATE checkins SET blocker = 'no'")
        assert told(await s.ada.click(again, label="Help with what blocks me")) == views.NOTHING


async def test_a_question_asked_in_public_later_tells_nothing_of_the_blocker(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        await block(s, s.ada)
        asked = (await s.ada.slash(s.channel, "ask", question="and why is that?")).response
        assert "ropout" not in text_of(asked)
        assert s.rows("SELECT question FROM answers ORDER BY id DESC LIMIT 1") == [("and why is that?",)]


async def test_without_a_curriculum_nothing_is_said(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        shown = await preview_with_notes(s)
        s.client.services = dataclasses.replace(s.client.services, support=None)
        assert await block(s, s.ada) == (None, [])
        assert told(await s.ada.click(shown, label="Send")).startswith("There is no curriculum here any more")


async def preview_with_notes(s):
    await set_up(s)
    return await preview(s, s.ada)


@given(st.text(min_size=1, max_size=500))
def test_the_text_is_read_back_from_the_message_as_it_was_written(text):
    written = " ".join(text.split())
    said = say_answer(Answer(Outcome.ANSWERED), text)
    assert _unescape(said.split("\n")[1].removeprefix("> ")) == written
    assert _unescape(escape(written)) == written
    assert len(said) <= 2000


# The preview


async def test_the_preview_is_what_the_mentors_see_and_names_the_place(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        _, role = make_mentor(s)
        channel = await set_up(s, role=role, overwrites=hidden(s))
        group_id, home = await make_group(s, s.ada, s.grace)
        shown = await preview(s, s.ada, group=group_id)
        assert shown.ephemeral
        assert shown.content == (
            f"This is exactly what the mentors would see, in <#{channel.id}>. I mention <@&{role.id}> with it.\n"
            "It also stands in `/calls list`, for mentors and admins. "
            f"If somebody offers help, I say so in <#{home.id}>, without what you wrote."
        )
        assert labels_of(shown) == ["Send", "Change the text", "Not now"]
        assert (calls(s), await posts(s, channel)) == ([], [])
        (seen,) = shown.embeds
        await s.ada.click(shown, label="Send")
        (post,) = await posts(s, channel)
        (embed,) = post.embeds
        assert embed.to_dict() == seen.to_dict()
        assert embed.description == ESCAPED
        assert fields(post)["Who asks"] == f"<@{s.ada.id}>"
        link = f"https://discord.com/channels/{s.guild.id}/{home.id}"
        assert fields(post)["Group"] == f"[Night \\*Owls\\*]({link})"
        assert post.content == f"<@&{role.id}> Somebody asks for help."
        assert allowed_in(s, channel, post) == (False, frozenset(), frozenset({role.id}))
        assert labels_of(post) == ["I can help", "Mark as solved"]
        assert await posts(s, home) == []
        assert all("ropout" not in text_of(message) for message in s.said())


async def test_who_sends_and_takes_back_all_day_mentions_the_mentors_three_times(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        _, role = make_mentor(s)
        channel = await set_up(s, role=role)
        heard = []
        for number in range(4):
            shown = await call(s, s.ada, f"{BLOCKER} {number}")
            (post,) = await posts(s, channel)
            heard.append(allowed_in(s, channel, post)[2] == frozenset({role.id}))
            await s.ada.click(shown, label="Take it back")
            assert await posts(s, channel) == []
        assert heard == [True, True, True, False]


async def test_what_the_blocker_is_about_goes_with_it(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        channel = await set_up(s)
        group_id, home = await make_group(s, s.ada, s.grace)
        week_id = await add_checkin(s, group_id, s.ada, '["dropout", "gone"]', home)
        await call(s, s.ada, group=group_id, week=week_id)
        (post,) = await posts(s, channel)
        title = s.client.services.curriculum.concepts["dropout"].title
        assert fields(post)["About"] == title
        assert calls(s, "concepts, group_id") == [('["dropout", "gone"]', group_id)]


async def add_checkin(s, group_id, member, concepts, home, *, blocker=""):
    now = "2026-03-04 18:00:00"
    s.rows(
        "INSERT INTO group_weeks (id, group_id, slot, planned_at, closes_at, channel_id) VALUES (7, ?, 'w', ?, ?, ?)",
        *(group_id, now, now, home.id),
    )
    s.rows(
        "INSERT INTO checkins (week_id, member_id, state, evidence, learned, blocker, shows_blocker, known, "
        "extra_minutes, concepts, is_repair, made_at, changed_at) "
        "VALUES (7, ?, 'draft', '', '', ?, 0, '[]', 0, ?, 0, ?, ?)",
        *(member.id, blocker, concepts, now, now),
    )
    return 7


async def test_where_no_mentors_are_named_nobody_is_mentioned(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        channel = await set_up(s)
        shown = await preview(s, s.ada)
        assert shown.content == (
            f"This is exactly what the mentors would see, in <#{channel.id}>, **which everybody in this server can "
            "read**. It mentions nobody, as no mentors are named here.\n"
            "It also stands in `/calls list`, for mentors and admins. "
            "`/calls mine` tells you whether somebody offers help."
        )
        await s.ada.click(shown, label="Send")
        (post,) = await posts(s, channel)
        assert post.content == "Somebody asks for help."
        assert allowed_in(s, channel, post) == (False, frozenset(), frozenset())


async def test_without_a_notes_channel_the_group_is_offered_instead(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        _, role = make_mentor(s)
        await s.client.services.guild_settings.set_mentor_role(s.guild.id, role.id)
        group_id, home = await make_group(s, s.ada, s.grace)
        shown = await preview(s, s.ada, group=group_id)
        assert shown.content.startswith(
            "This server has no channel for its mentors. I can show it to your group instead.\n"
            f"This is exactly what its members would see, in <#{home.id}>. It mentions nobody.\n"
        )
        assert await posts(s, home) == []
        await s.ada.click(shown, label="Send")
        (post,) = await posts(s, home)
        assert post.content == "Somebody asks for help."
        assert allowed_in(s, home, post) == (False, frozenset(), frozenset())
        await s.grace.click(post, label="I can help")
        assert calls(s) == [("offered", s.grace.id)]
        assert (await posts(s, home))[1].content.startswith(f"<@{s.grace.id}> would like to help you, <@{s.ada.id}>.")


async def test_a_public_home_of_a_group_is_said_to_be_public(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        group_id, home = await make_group(s, s.ada, s.grace, is_private=False)
        s.rows("UPDATE study_groups SET is_private = 0")
        shown = await preview(s, s.ada, group=group_id)
        assert (
            f"This is exactly what its members would see, in <#{home.id}>, **which everybody in this server can read**."
        ) in shown.content


async def test_what_everybody_can_read_by_now_is_shown_once_more(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        channel = await set_up(s, overwrites=hidden(s))
        shown = await preview(s, s.ada)
        assert "everybody" not in shown.content
        await s.client.get_channel(channel.id).set_permissions(
            s.client.get_guild(s.guild.id).default_role, view_channel=True
        )
        await s.env.settle()
        await s.ada.click(shown, label="Send")
        assert shown.message.content.startswith(
            "Everybody in this server can read that channel now, so please look at it once more.\n\n"
        )
        assert (calls(s), await posts(s, channel)) == ([], [])
        await s.ada.click(shown, label="Send")
        assert len(await posts(s, channel)) == 1


async def test_where_nobody_would_see_it_nothing_can_be_sent(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        answer, _ = await block(s, s.ada)
        assert told(await s.ada.click(answer, label="Ask the mentors")) == views.NOWHERE


async def test_the_text_is_changed_in_a_window_and_shown_once_more(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        channel = await set_up(s)
        shown = await preview(s, s.ada)
        opened = await s.ada.click(shown, label="Change the text")
        assert opened.modal["title"] == "What the mentors see"
        (label,) = opened.modal["components"]
        assert label["component"]["value"] == BLOCKER
        assert label["component"]["max_length"] == 500
        await s.restart()
        await enable(s)
        await s.ada.submit_modal(opened, {"text": "Why is _dropout_ off in\neval()?"})
        assert shown.message.embeds[0].description == "Why is \\_dropout\\_ off in eval\\(\\)?"
        assert (calls(s), await posts(s, channel)) == ([], [])
        await s.ada.click(shown, label="Send")
        (post,) = await posts(s, channel)
        assert post.embeds[0].description == "Why is \\_dropout\\_ off in eval\\(\\)?"
        assert calls(s, "text") == [("Why is _dropout_ off in eval()?",)]


async def test_not_now_sends_nothing(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        channel = await set_up(s)
        shown = await preview(s, s.ada)
        await s.ada.click(shown, label="Not now")
        assert (shown.message.content, shown.message.embeds, labels_of(shown.message)) == (views.NOT_SENT, [], [])
        assert (calls(s), await posts(s, channel)) == ([], [])


async def test_it_goes_only_where_the_member_was_told_that_it_goes(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        old = await set_up(s)
        shown = await preview(s, s.ada)
        new = await set_up(s)
        await s.ada.click(shown, label="Send")
        assert shown.message.content.startswith("This goes to another place now, so please look at it once more.\n\n")
        assert f"<#{new.id}>" in shown.message.content
        assert shown.message.embeds[0].description == ESCAPED
        assert (calls(s), await posts(s, old), await posts(s, new)) == ([], [], [])
        await s.ada.click(shown, label="Send")
        assert (len(await posts(s, new)), await posts(s, old)) == (1, [])


async def test_a_double_click_sends_once(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        channel = await set_up(s)
        answer, _ = await block(s, s.ada)
        first = (await s.ada.click(answer, label="Ask the mentors")).response
        second = (await s.ada.click(answer, label="Ask the mentors")).response
        for shown in (first, second):
            await s.ada.click(shown, label="Send")
        assert calls(s) == [("open", None)]
        assert len(await posts(s, channel)) == 1
        assert first.message.content == second.message.content
        assert first.message.content == (
            f"It is on its way to <#{channel.id}>. `/calls mine` tells you whether somebody offers help. "
            "You can take it back at any time, here or in `/calls mine`."
        )
        assert labels_of(first.message) == ["Solved", "Take it back"]


async def test_buttons_made_for_one_member_refuse_another(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        channel = await set_up(s)
        await call(s, s.ada)
        mine = Blocker(s.ada.id)
        forged = await forge(
            s,
            s.channel,
            views.CallButton(mine),
            views.DraftButton(mine, channel.id, views.Act.SEND),
            views.DraftButton(mine, channel.id, views.Act.EDIT),
            views.WithdrawButton(1),
            content="forged\n> text",
            embed=discord.Embed(description="text"),
        )
        for label in ("Ask the mentors", "Send", "Change the text", "Take it back"):
            result = await s.grace.click(forged, label=label)
            assert result.modal is None
            assert told(result) == support_service.NOT_YOURS
        assert calls(s) == [("open", None)]


async def test_a_message_without_its_text_says_how_to_go_on(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        channel = await set_up(s)
        mine = Blocker(s.ada.id)
        send = views.DraftButton(mine, channel.id, views.Act.SEND)
        bare = await forge(s, s.channel, views.CallButton(mine), send, content="bare")
        for label in ("Ask the mentors", "Send"):
            assert told(await s.ada.click(bare, label=label)) == views.LOST


async def test_the_fourth_call_waits_for_another_to_be_settled(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        await set_up(s)
        for number in range(3):
            await call(s, s.ada, f"{FOREIGN} {number}")
        answer, _ = await block(s, s.ada)
        assert told(await s.ada.click(answer, label="Ask the mentors")) == support_service.TOO_MANY


async def test_a_call_from_a_direct_message_goes_to_the_server_of_the_group(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        channel = await set_up(s, overwrites=hidden(s))
        group_id, _ = await make_group(s, s.ada, s.grace)
        view = discord.ui.View()
        view.add_item(views.DraftButton(Blocker(s.ada.id, group_id), channel.id, views.Act.SEND))
        direct = await s.client.create_dm(discord.Object(s.ada.id))
        message = await direct.send("preview", embed=discord.Embed(description=ESCAPED), view=view)
        await s.env.settle()
        await s.ada.user.click(message, label="Send")
        (post,) = await posts(s, channel)
        assert post.embeds[0].description == ESCAPED
        assert calls(s, "guild_id") == [(s.guild.id,)]


# Helping


async def test_a_mentor_offers_help_and_the_member_hears_of_it_at_home(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        mentor, role = make_mentor(s)
        channel = await set_up(s, role=role)
        group_id, home = await make_group(s, s.ada, s.grace)
        week_id = await add_checkin(s, group_id, s.ada, '["dropout"]', home)
        await call(s, s.ada, group=group_id, week=week_id)
        (post,) = await posts(s, channel)
        offered = await mentor.click(post, label="I can help")
        briefing = offered.response
        assert briefing.ephemeral
        link = f"https://discord.com/channels/{s.guild.id}/{home.id}"
        assert briefing.embeds[0].description == (
            f"Thank you. I tell <@{s.ada.id}> that you would like to help. "
            f"Their group meets in [Night \\*Owls\\*]({link}).\n\n"
            "You could begin like this:\n> Hi! Tell me how you see it so far, and we look together at the first point "
            "that is not clear."
        )
        notes = fields(briefing)["Notes of mine that fit"]
        curriculum = s.client.services.curriculum
        assert notes.startswith(f"- **{curriculum.concepts['dropout'].title}**: ")
        assert f"]({curriculum.place_url(curriculum.concepts['dropout'].study[0])})" in notes
        assert calls(s) == [("offered", mentor.id)]
        (post,) = await posts(s, channel)
        assert fields(post)["Help"] == f"<@{mentor.id}> has offered help."
        assert labels_of(post) == ["Mark as solved"]
        (notice,) = await posts(s, home)
        assert notice.content == (f"<@{mentor.id}> would like to help you, <@{s.ada.id}>. You can answer right here.")
        assert "ropout" not in text_of(notice)
        assert allowed_in(s, home, notice) == (False, frozenset({s.ada.id}), frozenset())
        stale = await forge(s, s.channel, views.HelpButton(1))
        again = await mentor.click(stale, label="I can help")
        assert again.response.embeds[0].to_dict() == briefing.embeds[0].to_dict()
        assert len(await posts(s, home)) == 1
        await s.ada.click(notice, label="Solved")
        assert calls(s) == [("solved", mentor.id)]
        (post,) = await posts(s, channel)
        assert (post.embeds[0].title, labels_of(post)) == ("Settled", [])
        assert post.embeds[0].description == f"<@{s.ada.id}> needs no help with this any more. Thank you."


async def test_only_mentors_and_admins_help_from_the_notes_channel(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        mentor, role = make_mentor(s)
        admin, _ = make_mentor(s, "guido", admin=True)
        channel = await set_up(s, role=role)
        group_id, _ = await make_group(s, s.ada, s.grace)
        await call(s, s.ada, group=group_id)
        (post,) = await posts(s, channel)
        for label in ("I can help", "Mark as solved"):
            assert told(await s.grace.click(post, label=label)) == support_service.NOT_A_MENTOR
        assert told(await s.grace.slash(s.channel, "calls list")) == support_service.NOT_A_MENTOR
        assert calls(s) == [("open", None)]
        await mentor.click(post, label="I can help")
        stale = await forge(s, s.channel, views.HelpButton(1))
        assert told(await admin.click(stale, label="I can help")) == support_service.TAKEN
        assert calls(s) == [("offered", mentor.id)]


async def test_nobody_helps_themselves(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        await call(s, admin)
        (post,) = await posts(s, channel)
        assert told(await admin.click(post, label="I can help")) == support_service.OWN


async def test_a_mentor_of_another_server_helps_nobody_here(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        await set_up(s)
        await call(s, s.ada)
        other = s.env.create_guild("Elsewhere")
        there = other.create_text_channel("general")
        boss = other.create_role("boss", permissions=discord.Permissions(manage_guild=True))
        stranger = other.add_member(s.env.create_user("eve"), roles=[boss])
        await s.env.settle()
        forged = await forge(s, there, views.HelpButton(1), views.SolvedButton(1))
        for label in ("I can help", "Solved"):
            assert told(await stranger.click(forged, label=label)) == support_service.GONE
        listed = (await stranger.slash(there, "calls list")).response
        assert views.NONE_WAITING in text_of(listed)
        assert calls(s) == [("open", None)]


async def test_a_mentor_marks_a_call_as_solved(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        mentor, role = make_mentor(s)
        channel = await set_up(s, role=role)
        await call(s, s.ada)
        (post,) = await posts(s, channel)
        marked = await mentor.click(post, label="Mark as solved")
        assert told(marked) == views.THANKS
        (post,) = await posts(s, channel)
        assert (post.embeds[0].title, labels_of(post)) == ("Settled", [])
        assert "dropout" not in text_of(post)
        stale = await forge(s, s.channel, views.SolvedButton(1))
        assert told(await mentor.click(stale, label="Solved")) == support_service.SETTLED


async def test_without_notes_that_fit_the_briefing_says_so(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        await call(s, s.ada, FOREIGN)
        (post,) = await posts(s, channel)
        briefing = (await admin.click(post, label="I can help")).response
        assert briefing.embeds[0].description.startswith(
            f"Thank you. I tell <@{s.ada.id}> that you would like to help.\n\nYou could begin like this:\n> "
        )
        assert fields(briefing) == {"Notes of mine that fit": "None: my material does not cover this."}


async def test_without_a_home_an_offer_is_told_by_direct_message_to_who_asked_for_those(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        group_id, home = await make_group(s, s.ada, s.grace)
        await change_member(s, group_id, s.ada, by_dm=True)
        await call(s, s.ada, group=group_id)
        await delete_home(s, group_id)
        await admin.click((await posts(s, channel))[0], label="I can help")
        await s.env.advance_time(1)
        assert [message.content for message in s.ada.user.dm_channel.history()] == [
            f"<@{admin.id}> would like to help you in Study Group. Write to them there."
        ]
        assert await posts(s, home) == []


async def delete_home(s, group_id):
    async with s.database.transaction() as session:
        state = GroupState.HOMELESS.value
        await groups_store.update_group(session, group_id, s.env.now(), home_id=None, state=state)


async def test_closed_direct_messages_leave_the_offer_in_the_list(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        group_id, _ = await make_group(s, s.ada, s.grace)
        await change_member(s, group_id, s.ada, by_dm=True)
        await call(s, s.ada, group=group_id)
        await delete_home(s, group_id)
        direct = s.ada.user.dm_channel.id
        s.env.inject_error("POST", f"/channels/{direct}/messages", status=403, code=50007, times=None)
        await admin.click((await posts(s, channel))[0], label="I can help")
        await s.env.advance_time(1)
        (failed,) = s.rows("SELECT dm_failed_at IS NOT NULL FROM group_members WHERE member_id = ?", s.ada.id)
        assert failed == (1,)
        mine = (await s.ada.slash(s.channel, "calls mine")).response
        assert f"<@{admin.id}> would like to help you" in text_of(mine)


async def test_who_did_not_ask_for_direct_messages_gets_none(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        await call(s, s.ada)
        await admin.click((await posts(s, channel))[0], label="I can help")
        await s.env.advance_time(1)
        assert s.ada.user.dm_channel.history() == []
        assert s.said() == []
        mine = (await s.ada.slash(s.channel, "calls mine")).response
        assert f"<@{admin.id}> would like to help you" in text_of(mine)


async def test_who_has_left_the_group_is_not_named_in_its_home(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        group_id, home = await make_group(s, s.grace, s.ada)
        await call(s, s.ada, group=group_id)
        await change_member(s, group_id, s.ada, left_at=s.env.now())
        await admin.click((await posts(s, channel))[0], label="I can help")
        assert await posts(s, home) == []
        assert "Group" not in fields((await posts(s, channel))[0])


async def test_an_archived_home_is_opened_for_an_offer(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        group_id, home = await make_group(s, s.ada, s.grace)
        await call(s, s.ada, group=group_id)
        await s.client.get_channel(home.id).edit(archived=True)
        await s.env.settle()
        await admin.click((await posts(s, channel))[0], label="I can help")
        assert len(await posts(s, home)) == 1


# Taking it back


async def test_taking_it_back_deletes_what_the_mentors_saw(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        channel = await set_up(s)
        sent = await call(s, s.ada)
        await s.restart()
        await enable(s)
        await s.ada.click(sent, label="Take it back")
        assert (sent.message.content, sent.message.embeds, labels_of(sent.message)) == (views.WITHDRAWN, [], [])
        assert await posts(s, channel) == []
        assert calls(s, "state, text, message_id") == [("withdrawn", "", None)]


async def test_the_member_marks_it_as_solved_where_it_was_sent(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        channel = await set_up(s)
        sent = await call(s, s.ada)
        await s.ada.click(sent, label="Solved")
        assert (sent.message.content, labels_of(sent.message)) == (views.SOLVED, [])
        assert (await posts(s, channel))[0].embeds[0].title == "Settled"


async def test_a_call_at_home_can_be_taken_back_by_who_has_left(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        group_id, home = await make_group(s, s.grace, s.ada)
        sent = await call(s, s.ada, group=group_id)
        assert len(await posts(s, home)) == 1
        await change_member(s, group_id, s.ada, left_at=s.env.now())
        await s.client.get_channel(home.id).edit(archived=True)
        await s.env.settle()
        await s.ada.click(sent, label="Take it back")
        assert await posts(s, home) == []


# /calls mine


async def test_no_calls_of_ones_own(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        mine = (await s.ada.slash(s.channel, "calls mine")).response
        assert mine.ephemeral
        assert mine.embeds[0].description == views.NONE_OWN
        assert labels_of(mine) == []


async def test_each_own_call_can_be_settled_in_the_list(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        mentor, role = make_mentor(s)
        channel = await set_up(s, role=role)
        await call(s, s.ada)
        await call(s, s.ada, FOREIGN)
        await call(s, s.grace, "Somebody else's blocker about convolutions")
        await mentor.click((await posts(s, channel))[1], label="I can help")
        await s.env.advance_time(1)
        mine = (await s.ada.slash(s.channel, "calls mine")).response
        now = int(s.env.now().timestamp())
        first, second = mine.embeds[0].fields
        assert first.value.startswith(f"{ESCAPED}\nasked <t:")
        assert first.value.endswith(f":R> in <#{channel.id}> · nobody has offered help yet")
        assert abs(int(first.value.split("<t:")[1].split(":")[0]) - now) < 60
        assert second.value.endswith(f"<@{mentor.id}> would like to help you")
        assert labels_of(mine) == ["1: Solved", "1: Take it back", "2: Solved", "2: Take it back"]
        await s.ada.click(mine, label="1: Take it back")
        assert mine.message.content == views.WITHDRAWN
        assert labels_of(mine.message) == ["Solved", "Take it back"]
        await s.ada.click(mine, label="Solved")
        assert (mine.message.content, mine.message.embeds) == (views.SOLVED, [])
        assert calls(s) == [("withdrawn", None), ("solved", mentor.id), ("open", None)]


# /calls list


async def test_nobody_waits(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        await s.env.settle()
        listed = (await admin.slash(s.channel, "calls list")).response
        assert (listed.ephemeral, listed.embeds[0].description) == (True, views.NONE_WAITING)
        assert listed.components == []


async def test_who_waits_is_listed_and_helped_from_there(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        mentor, role = make_mentor(s)
        channel = await set_up(s, role=role)
        await call(s, s.ada)
        (post,) = await posts(s, channel)
        listed = (await mentor.slash(s.channel, "calls list")).response
        assert listed.embeds[0].description == "1 call waits. Choose one below to offer help or to mark it."
        line = fields(listed)["Waiting"]
        assert line.startswith(f"- {ESCAPED}\n  <@{s.ada.id}> · <t:")
        assert line.endswith(f" · [message](https://discord.com/channels/{s.guild.id}/{channel.id}/{post.id})")
        shown = (await mentor.select(listed, ["1"], custom_id="support:open")).response
        assert shown.ephemeral
        assert shown.embeds[0].to_dict() == post.embeds[0].to_dict()
        await mentor.click(shown, label="I can help")
        assert calls(s) == [("offered", mentor.id)]
        await mentor.click(shown, label="Mark as solved")
        assert (shown.message.content, shown.message.embeds) == (views.THANKS, [])
        assert calls(s) == [("solved", mentor.id)]
        gone = await mentor.select(listed, ["1"], custom_id="support:open")
        assert told(gone) == support_service.SETTLED


async def test_three_days_without_an_offer_bring_a_call_to_the_top_and_ping_nobody(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        mentor, role = make_mentor(s)
        channel = await set_up(s, role=role)
        await call(s, s.grace, "An older call that somebody has taken")
        await mentor.click((await posts(s, channel))[0], label="I can help")
        await call(s, s.ada)
        await s.env.advance_time(3 * DAY)
        listed = (await mentor.slash(s.channel, "calls list")).response
        first, second = fields(listed)["Waiting"].split("\n- ")
        assert "**waiting for 3 days** · " in first
        assert ESCAPED in first
        assert "waiting for" not in second
        assert f"<@{mentor.id}> has offered help" in second
        assert len(await posts(s, channel)) == 2


async def test_the_list_has_pages(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        service = s.client.services.support
        for number in range(10):
            await service.send(Blocker(1000 + number), s.guild.id, f"{'word ' * 80}{number}", channel.id)
        await s.env.settle()
        listed = (await admin.slash(s.channel, "calls list")).response
        assert listed.embeds[0].footer.text == "Page 1 of 2"
        assert len(listed.embeds[0]) <= 6000
        await admin.click(listed, label="Next page")
        assert listed.message.embeds[0].footer.text == "Page 2 of 2"
        assert text_of(listed.message).count("\n  <@") == 2
        await admin.click(listed, label="Previous page")
        assert listed.message.embeds[0].footer.text == "Page 1 of 2"


async def test_every_step_of_the_list_is_checked_again(settings, encoder):
    """What a mentor had open stays on their screen when they lose the role."""
    async with blocked_server(settings, encoder) as s:
        mentor, role = make_mentor(s)
        await set_up(s, role=role)
        await call(s, s.ada)
        listed = (await mentor.slash(s.channel, "calls list")).response
        shown = (await mentor.select(listed, ["1"], custom_id="support:open")).response
        stale = await forge(s, s.channel, views.PageButton(0, "Next page"))
        await s.client.services.guild_settings.clear(s.guild.id, "mentors")
        results = [
            await mentor.select(listed, ["1"], custom_id="support:open"),
            await mentor.click(shown, label="I can help"),
            await mentor.click(shown, label="Mark as solved"),
            await mentor.click(stale, label="Next page"),
        ]
        assert [told(result) for result in results] == [support_service.NOT_A_MENTOR] * 4
        assert calls(s) == [("open", None)]


# What goes wrong


async def test_a_call_that_was_posted_and_not_recorded_is_adopted(settings, encoder, monkeypatch):
    async with blocked_server(settings, encoder, check_errors=False) as s:
        channel = await set_up(s)
        fail_once(s, monkeypatch, "record_shown")
        await call(s, s.ada)
        (post,) = await posts(s, channel)
        assert calls(s, "message_id") == [(None,)]
        await s.env.advance_time(60)
        assert [message.id for message in await posts(s, channel)] == [post.id]
        assert calls(s, "message_id") == [(post.id,)]


async def test_a_call_that_is_taken_back_before_it_was_recorded_goes_all_the_same(settings, encoder, monkeypatch):
    async with blocked_server(settings, encoder, check_errors=False) as s:
        channel = await set_up(s)
        fail_once(s, monkeypatch, "record_shown")
        sent = await call(s, s.ada)
        assert len(await posts(s, channel)) == 1
        await s.ada.click(sent, label="Take it back")
        await s.env.advance_time(60)
        assert await posts(s, channel) == []


async def test_an_offer_that_was_told_and_not_recorded_is_not_told_again(settings, encoder, monkeypatch):
    async with blocked_server(settings, encoder, check_errors=False) as s:
        group_id, home = await make_group(s, s.ada, s.grace)
        await call(s, s.ada, group=group_id)
        fail_once(s, monkeypatch, "record_told")
        await s.grace.click((await posts(s, home))[0], label="I can help")
        assert len(await posts(s, home)) == 2
        await s.env.advance_time(60)
        assert len(await posts(s, home)) == 2
        assert s.rows("SELECT state FROM occurrences WHERE kind = ?", TELL) == [("done",)]


def fail_once(s, monkeypatch, name, error=TimeoutError):
    """The database is away when this is recorded for the first time."""
    service, tried = s.client.services.support, []
    record = getattr(service, name)

    async def fail(*arguments):
        tried.append(arguments)
        if len(tried) == 1:
            raise error
        return await record(*arguments)

    monkeypatch.setattr(type(service), name, lambda _, *arguments: fail(*arguments))


async def test_a_post_that_an_admin_has_deleted_is_not_posted_again(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        await call(s, s.ada)
        await (await posts(s, channel))[0].delete()
        await s.env.settle()
        listed = (await admin.slash(s.channel, "calls list")).response
        shown = (await admin.select(listed, ["1"], custom_id="support:open")).response
        await admin.click(shown, label="I can help")
        assert await posts(s, channel) == []
        assert calls(s, "state, message_id") == [("offered", None)]


async def test_where_i_may_not_post_it_is_tried_again_and_stands_in_the_list(settings, encoder, caplog):
    async with blocked_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        s.env.inject_error("POST", f"/channels/{channel.id}/messages", status=403, code=50013, times=2)
        await call(s, s.ada)
        assert await posts(s, channel) == []
        listed = (await admin.slash(s.channel, "calls list")).response
        assert ESCAPED in text_of(listed)
        assert "[message]" not in text_of(listed)
        await s.env.advance_time(31)
        await s.env.advance_time(121)
        assert len(await posts(s, channel)) == 1
        assert all("dropout" not in line for line in warnings_of(caplog))


async def test_a_deleted_channel_leaves_the_call_in_the_list(settings, encoder):
    async with blocked_server(settings, encoder) as s:
        admin, _ = make_mentor(s, admin=True)
        channel = await set_up(s)
        await call(s, s.ada)
        s.env.backend.delete_channel(channel.id)
        await s.env.settle()
        listed = (await admin.slash(s.channel, "calls list")).response
        shown = (await admin.select(listed, ["1"], custom_id="support:open")).response
        await admin.click(shown, label="I can help")
        await admin.click(shown, label="Mark as solved")
        await s.env.advance_time(1)
        assert calls(s) == [("solved", admin.id)]
        assert s.rows("SELECT DISTINCT state FROM occurrences WHERE kind = ?", SHOW) == [("done",)]


async def test_a_member_who_goes_while_their_call_is_posted_leaves_nothing(settings, encoder, monkeypatch):
    async with blocked_server(settings, encoder) as s:
        channel = await set_up(s)
        service = s.client.services.support
        record = service.record_shown

        async def gone(occurrence, message_id):
            await s.client.services.privacy.delete_member(s.ada.id)
            return await record(occurrence, message_id)

        monkeypatch.setattr(type(service), "record_shown", lambda _, *arguments: gone(*arguments))
        await call(s, s.ada)
        assert calls(s) == []
        assert await posts(s, channel) == []
