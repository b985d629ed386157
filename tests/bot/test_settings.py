"""/settings: who may use it, what it stores, and what it says that the tutor lacks."""

import discord
import pytest

from bot.features.settings.views import tell_admins
from tests.bot.server import running_server, text_of, warnings_of

NO_ADMIN = "This needs the permission to manage the server. Please ask an admin."
ALLOW = "Allow it to me under Permissions of that channel."
MAY = "answer calls for help and decide about challenged questions"
NO_MENTORS = f"None, so only admins {MAY}. `/settings mentors` names a role."
FOOTER = "Only members who chose it with /progress visibility are congratulated or get a role."


def make_admin(s, *, name="linus", **permissions):
    """A member with a role of these permissions, below the tutor's and above all that come later."""
    allowed = discord.Permissions(manage_guild=True, **permissions)
    role = s.guild.create_role(f"{name}'s role", permissions=allowed)
    return s.guild.add_member(s.env.create_user(name), roles=[role])


async def run(s, member, name, **options):
    return (await member.slash(s.channel, f"settings {name}", **options)).response


def fields(message):
    (embed,) = message.embeds
    return {field.name: field.value for field in embed.fields}


def hidden(s):
    """A channel that the tutor sees and not everybody."""
    return {
        s.guild.default_role: discord.PermissionOverwrite(view_channel=False),
        s.guild.roles[s.client.user.name]: discord.PermissionOverwrite(view_channel=True),
    }


# Who may


async def test_discord_shows_the_commands_to_admins_only(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        await s.env.settle()
        names = {
            f"settings {name}" for name in ("show", "milestones", "step_role", "notes", "mentors", "groups", "clear")
        }
        assert names <= set(admin.available_commands(s.channel))
        assert not names & set(s.ada.available_commands(s.channel))
        assert not names & set(s.ada.user.available_commands())


async def test_a_member_whom_discord_lets_through_is_refused_all_the_same(settings, encoder):
    """An admin can open a command to everybody in the server's settings by mistake."""
    async with running_server(settings, encoder) as s:
        role = s.guild.create_role("step 1")
        await s.env.settle()
        s.guild.set_command_permissions(s.client.command_ids["settings"], {s.guild.default_role: True})
        calls = {
            "show": {},
            "milestones": {"channel": s.channel},
            "step_role": {"step": 1, "role": role},
            "notes": {"channel": s.channel},
            "mentors": {"role": role},
            "groups": {"channel": s.channel},
            "clear": {"what": "everything"},
        }
        for name, options in calls.items():
            answer = await run(s, s.ada, name, **options)
            assert answer.ephemeral
            assert answer.content == NO_ADMIN
        assert s.rows("SELECT * FROM guilds") == []
        assert s.rows("SELECT * FROM step_roles") == []


# What is set


async def test_a_server_where_nothing_is_set(settings, encoder):
    async with running_server(settings, encoder) as s:
        shown = await run(s, make_admin(s), "show")
        assert shown.ephemeral
        assert shown.embeds[0].title == "Settings of this server"
        assert fields(shown) == {
            "Congratulations": "None. `/settings milestones` names a channel for them.",
            "Roles of the steps": "None. `/settings step_role` names one for a step.",
            "Notes to the admins": (
                "None, so challenged questions wait in `/challenges list`, and calls for help in `/calls list`. "
                "`/settings notes` names a channel for them."
            ),
            "Mentors": NO_MENTORS,
            "Study groups": "None, so each has its home where it is made. `/settings groups` names a channel for them.",
            "Weekly quiz": "None. `/weekly set` sets one up.",
        }
        assert shown.embeds[0].colour.value == 0x3B6FB6
        assert shown.embeds[0].footer.text == FOOTER


async def test_a_milestones_channel_is_stored_for_this_server(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        channel = s.guild.create_text_channel("milestones")
        await s.env.settle()
        news = await run(s, admin, "milestones", channel=channel)
        assert news.embeds[0].description == f"Milestones are congratulated in <#{channel.id}> from now on."
        assert fields(news)["Congratulations"] == f"Posted in <#{channel.id}>."
        await run(s, admin, "milestones", channel=s.channel)
        assert s.rows("SELECT guild_id, milestones_channel_id FROM guilds") == [(s.guild.id, s.channel.id)]
        await s.restart()
        assert fields(await run(s, admin, "show"))["Congratulations"] == f"Posted in <#{s.channel.id}>."


async def test_a_step_role_is_stored_and_can_be_replaced(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s, manage_roles=True)
        first, second = s.guild.create_role("step 1"), s.guild.create_role("novice")
        await s.env.settle()
        news = await run(s, admin, "step_role", step=1, role=first)
        assert news.embeds[0].description == (
            f"Visible members get <@&{first.id}> on step 1, with their next change of progress."
        )
        assert fields(news)["Roles of the steps"] == f"1. A practical encounter: <@&{first.id}>"
        await run(s, admin, "step_role", step=1, role=second)
        await run(s, admin, "step_role", step=2, role=first)
        assert s.rows("SELECT step, role_id FROM step_roles ORDER BY step") == [(1, second.id), (2, first.id)]


async def test_a_notes_channel_and_a_mentor_role_are_stored_and_can_be_replaced(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        old, mentors = s.guild.create_role("old mentors", mentionable=True), s.guild.create_role("mentors")
        see = discord.PermissionOverwrite(view_channel=True)
        notes = s.guild.create_text_channel(
            "notes", overwrites={**hidden(s), old: see, s.guild.roles["linus's role"]: see}
        )
        await s.env.settle()
        news = await run(s, admin, "notes", channel=s.channel)
        assert news.embeds[0].description == (
            f"Calls for help, challenged questions and what I need from you come to <#{s.channel.id}> from now on."
        )
        await run(s, admin, "notes", channel=notes)
        news = await run(s, admin, "mentors", role=mentors)
        assert news.embeds[0].description == (f"Members with <@&{mentors.id}> may {MAY} from now on.")
        await run(s, admin, "mentors", role=old)
        assert s.rows("SELECT guild_id, milestones_channel_id, notes_channel_id, mentor_role_id FROM guilds") == [
            (s.guild.id, None, notes.id, old.id)
        ]
        await s.restart()
        shown = await run(s, admin, "show")
        assert shown.embeds[0].colour.value == 0x3B6FB6
        assert fields(shown)["Notes to the admins"] == f"Posted in <#{notes.id}>."
        assert fields(shown)["Mentors"] == (
            f"<@&{old.id}> may answer calls for help and decide about challenged questions, as admins may."
        )


async def test_a_channel_for_study_groups_is_stored_and_can_be_replaced(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        other = s.guild.create_text_channel("study")
        await s.env.settle()
        news = await run(s, admin, "groups")
        assert news.embeds[0].description == (
            f"Study groups get their homes in <#{s.channel.id}> from now on, unless they choose another channel."
        )
        await run(s, admin, "groups", channel=other)
        assert s.rows("SELECT guild_id, groups_channel_id, notes_channel_id FROM guilds") == [
            (s.guild.id, other.id, None)
        ]
        await s.restart()
        shown = await run(s, admin, "show")
        assert fields(shown)["Study groups"] == f"Their homes are threads in <#{other.id}>."
        assert shown.embeds[0].colour.value == 0x3B6FB6
        news = await run(s, admin, "clear", what="groups")
        assert news.embeds[0].description == (
            "New study groups get their home where they are made. Those that have one stay where they are."
        )


async def test_the_home_of_a_study_group_is_no_thread_of_a_thread(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        await s.env.settle()
        thread = await s.client.get_channel(s.channel.id).create_thread(
            name="a thread", type=discord.ChannelType.public_thread
        )
        (inner,) = [handle for handle in s.channel.threads if handle.id == thread.id]
        answer = (await admin.slash(inner, "settings groups")).response
        assert answer.content == "Name a text channel: the home of a study group is a thread in it."
        assert s.rows("SELECT * FROM guilds") == []


SET = {
    "Congratulations": "Posted in",
    "Roles of the steps": "1. A practical",
    "Notes to the admins": "Posted in",
    "Mentors": "<@&",
    "Study groups": "Their homes are threads in",
}


@pytest.mark.parametrize(
    ("what", "forgotten"),
    [
        ("milestones", {"Congratulations"}),
        ("roles", {"Roles of the steps"}),
        ("notes", {"Notes to the admins"}),
        ("mentors", {"Mentors"}),
        ("groups", {"Study groups"}),
        ("everything", set(SET)),
    ],
)
async def test_clear_forgets_what_it_says(settings, encoder, what, forgotten):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s, manage_roles=True)
        role, mentors = s.guild.create_role("step 1"), s.guild.create_role("mentors")
        await s.env.settle()
        await run(s, admin, "milestones", channel=s.channel)
        await run(s, admin, "step_role", step=1, role=role)
        await run(s, admin, "notes", channel=s.channel)
        await run(s, admin, "mentors", role=mentors)
        await run(s, admin, "groups", channel=s.channel)
        for _ in range(2):
            found = fields(await run(s, admin, "clear", what=what))
            for name, is_set in SET.items():
                assert found[name].startswith("None" if name in forgotten else is_set), name


async def test_other_servers_keep_their_own_settings(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        other = s.env.create_guild("Elsewhere")
        channel = other.create_text_channel("general")
        role = other.create_role("admin", permissions=discord.Permissions(manage_guild=True))
        twin = other.add_member(admin.user, roles=[role])
        await s.env.settle()
        await run(s, admin, "milestones", channel=s.channel)
        shown = (await twin.slash(channel, "settings show")).response
        assert fields(shown)["Congratulations"].startswith("None.")


# What must not become a step's role


@pytest.mark.parametrize("power", ["administrator", "manage_guild", "manage_roles", "kick_members", "mention_everyone"])
async def test_a_powerful_role_cannot_be_earned(settings, encoder, power):
    async with running_server(settings, encoder) as s:
        role = s.guild.create_role("boss", permissions=discord.Permissions(**{power: True}))
        admin = make_admin(s, manage_roles=True)
        await s.env.settle()
        answer = await run(s, admin, "step_role", step=1, role=role)
        assert answer.content == (
            "That role may manage this server or its members, and everybody could earn it. Choose one without powers."
        )
        assert s.rows("SELECT * FROM step_roles") == []


async def test_everyone_and_the_roles_of_bots_are_refused(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s, manage_roles=True)
        await s.env.settle()
        for role in (s.guild.default_role, s.guild.roles[s.client.user.name]):
            answer = await run(s, admin, "step_role", step=1, role=role)
            assert answer.content == "That role cannot be given to members. Choose one that an admin has made."


async def test_an_admin_lets_me_give_only_what_they_could_give_themselves(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s, manage_roles=True)
        weak = make_admin(s, name="guido")
        above = s.guild.create_role("above", position=50)
        below = s.guild.create_role("below")
        await s.env.settle()
        refusal = (
            "You need Manage Roles and a role above that one to let me give it. Choose a lower role, or ask an admin."
        )
        assert (await run(s, admin, "step_role", step=1, role=above)).content == refusal
        assert (await run(s, weak, "step_role", step=1, role=below)).content == refusal
        assert s.rows("SELECT * FROM step_roles") == []
        assert fields(await run(s, admin, "step_role", step=1, role=below))


async def test_everybody_cannot_be_mentors(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        await s.env.settle()
        answer = await run(s, admin, "mentors", role=s.guild.default_role)
        assert answer.content == ("Everybody has that role, so everybody could change the answers. Choose another one.")
        assert s.rows("SELECT * FROM guilds") == []


async def test_mentors_may_have_powers_and_stand_above_me(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        role = s.guild.create_role("boss", permissions=discord.Permissions(kick_members=True), position=50)
        await s.env.settle()
        assert "may answer" in fields(await run(s, admin, "mentors", role=role))["Mentors"]


# What the tutor lacks


async def test_a_notes_channel_that_everybody_reads_is_warned_of(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        await s.env.settle()
        for answer in (await run(s, admin, "notes", channel=s.channel), await run(s, admin, "show")):
            assert fields(answer)["Notes to the admins"].splitlines() == [
                f"Posted in <#{s.channel.id}>.",
                (
                    f"⚠️ Everybody here can read <#{s.channel.id}>. Calls for help, with names, and the right answers "
                    "of challenged questions come there. Choose a channel that only admins and mentors see."
                ),
            ]
            assert answer.embeds[0].colour.value == 0xD9822B


async def test_what_is_missing_where_i_am_asked_comes_first(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        mine = s.guild.roles[s.client.user.name]
        denied = discord.PermissionOverwrite(send_messages=False, read_message_history=False)
        channel = s.guild.create_text_channel("quiet", overwrites={mine: denied})
        await s.env.settle()
        shown = (await admin.slash(channel, "settings show")).response
        here = f"⚠️ In <#{channel.id}> I lack: Send Messages, Read Message History. {ALLOW}"
        assert (shown.embeds[0].description, shown.embeds[0].colour.value) == (here, 0xD9822B)
        assert (await run(s, admin, "show")).embeds[0].description is None
        invited = discord.Permissions(377957239808)
        invited.update(attach_files=False, read_message_history=False)
        s.env.backend.edit_role(s.guild.id, mine.id, {"permissions": invited.value})
        s.env.backend.edit_role(
            s.guild.id, s.guild.default_role.id, {"permissions": invited.value | 1 << 31}
        )  # use commands
        await s.env.settle()
        news = (await admin.slash(channel, "settings clear", what="notes")).response
        assert news.embeds[0].description.splitlines()[1:] == [
            (
                "⚠️ In this server as a whole I lack: Read Message History, Attach Files. Allow it to my role under "
                "Roles in the settings of the server."
            ),
            f"⚠️ In <#{channel.id}> I lack: Send Messages. {ALLOW}",
        ]


async def test_the_weekly_quiz_is_shown_with_what_keeps_it(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        channel = s.guild.create_text_channel("quiz")
        await s.env.settle()
        await admin.slash(s.channel, "weekly set", channel=channel, weekday=0, time="19:00", zone="Europe/Berlin")
        said = fields(await run(s, admin, "show"))["Weekly quiz"]
        assert said == f"Posted in <#{channel.id}>. `/weekly show` says when."
        s.env.backend.delete_channel(channel.id)
        await s.env.settle()
        said = fields(await run(s, admin, "show"))["Weekly quiz"]
        assert said == "⚠️ The channel of the weekly quiz has been deleted. Name another one with `/weekly set`."


async def test_missing_permissions_in_the_channel_are_named(settings, encoder):
    async with running_server(settings, encoder) as s:
        denied = discord.PermissionOverwrite(send_messages=False, embed_links=False)
        mine = s.guild.roles[s.client.user.name]
        channel = s.guild.create_text_channel("milestones", overwrites={mine: denied})
        admin = make_admin(s)
        await s.env.settle()
        news = await run(s, admin, "milestones", channel=channel)
        assert fields(news)["Congratulations"].splitlines() == [
            f"Posted in <#{channel.id}>.",
            "⚠️ There I lack: Send Messages, Embed Links. Allow it to me under Permissions of that channel.",
        ]


@pytest.mark.parametrize(
    ("denied", "lines"),
    [
        (
            {"create_private_threads": False},
            ["⚠️ There I lack: Create Private Threads. Allow it to me under Permissions of that channel."],
        ),
        ({"create_public_threads": False}, []),
        (
            {"create_private_threads": False, "create_public_threads": False, "send_messages_in_threads": False},
            [f"⚠️ There I lack: Send Messages in Threads, Create Private or Public Threads. {ALLOW}"],
        ),
        (
            {"send_messages": False, "embed_links": False},
            ["⚠️ There I lack: Send Messages, Embed Links. Allow it to me under Permissions of that channel."],
        ),
        (
            {"manage_threads": False},
            ["With Manage Threads there I can also take those who left out of a home."],
        ),
    ],
)
async def test_what_is_missing_for_the_homes_of_study_groups_is_named(settings, encoder, denied, lines):
    async with running_server(settings, encoder) as s:
        mine = s.guild.roles[s.client.user.name]
        channel = s.guild.create_text_channel("study", overwrites={mine: discord.PermissionOverwrite(**denied)})
        admin = make_admin(s)
        await s.env.settle()
        news = await run(s, admin, "groups", channel=channel)
        assert fields(news)["Study groups"].splitlines() == [f"Their homes are threads in <#{channel.id}>.", *lines]


async def test_what_keeps_notes_and_mentors_apart_is_named(settings, encoder):
    async with running_server(settings, encoder) as s:
        hidden = discord.PermissionOverwrite(view_channel=False)
        denied = discord.PermissionOverwrite(send_messages=False, mention_everyone=False)
        mine = s.guild.roles[s.client.user.name]
        role = s.guild.create_role("mentors")
        channel = s.guild.create_text_channel("notes", overwrites={mine: denied, role: hidden})
        admin = make_admin(s)
        await s.env.settle()
        await run(s, admin, "notes", channel=channel)
        found = fields(await run(s, admin, "mentors", role=role))
        assert found["Notes to the admins"].splitlines()[0] == f"Posted in <#{channel.id}>."
        assert "Send Messages" in found["Notes to the admins"].splitlines()[1]
        assert found["Mentors"].splitlines()[1:] == [
            f"⚠️ This role cannot see <#{channel.id}>. Give it View Channel there.",
            "⚠️ I cannot mention this role. Allow anyone to mention it, or give me Mention All Roles.",
        ]
        s.env.backend.edit_role(s.guild.id, role.id, {"mentionable": True})
        s.env.backend.delete_channel(channel.id)
        await s.env.settle()
        found = fields(await run(s, admin, "show"))
        assert found["Mentors"].splitlines()[1:] == []
        s.env.backend.delete_role(s.guild.id, role.id)
        await s.env.settle()
        found = fields(await run(s, admin, "show"))
        assert found["Mentors"] == (
            "⚠️ The role of the mentors has been deleted. Name another one with `/settings mentors`."
        )


async def test_a_deleted_channel_and_a_deleted_role_are_named(settings, encoder):
    async with running_server(settings, encoder) as s:
        channel = s.guild.create_text_channel("milestones")
        admin = make_admin(s, manage_roles=True)
        role = s.guild.create_role("step 2")
        await s.env.settle()
        await run(s, admin, "milestones", channel=channel)
        await run(s, admin, "step_role", step=2, role=role)
        await s.client.get_channel(channel.id).delete()
        s.env.backend.delete_role(s.guild.id, role.id)
        await s.env.settle()
        await run(s, admin, "notes", channel=s.channel)
        await run(s, admin, "groups")
        other = s.guild.create_text_channel("other")
        await s.env.settle()
        await s.client.get_channel(s.channel.id).delete()
        await s.env.settle()
        shown = (await admin.slash(other, "settings show")).response
        assert fields(shown) == {
            "Congratulations": "⚠️ The channel has been deleted. Name another one with `/settings milestones`.",
            "Notes to the admins": "⚠️ The channel has been deleted. Name another one with `/settings notes`.",
            "Mentors": NO_MENTORS,
            "Study groups": "⚠️ The channel has been deleted. Name another one with `/settings groups`.",
            "Weekly quiz": "None. `/weekly set` sets one up.",
            "Roles of the steps": (
                "⚠️ The role of step 2 has been deleted. Name another one with `/settings step_role`."
            ),
        }


async def test_a_role_above_mine_and_missing_manage_roles_are_named(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s, manage_roles=True)
        role = s.guild.create_role("step 1")
        await s.env.settle()
        await run(s, admin, "step_role", step=1, role=role)
        s.env.backend.edit_role(s.guild.id, role.id, {"position": 90})
        await s.env.settle()
        assert fields(await run(s, admin, "show"))["Roles of the steps"].splitlines() == [
            f"1. A practical encounter: <@&{role.id}>",
            f"⚠️ <@&{role.id}>: The role is not below my own highest role in the list of roles.",
        ]
        mine = s.guild.roles[s.client.user.name]
        s.env.backend.edit_role(s.guild.id, mine.id, {"permissions": discord.Permissions.text().value})
        await s.env.settle()
        assert "I lack the permission Manage Roles." in text_of(await run(s, admin, "show"))


# Notes to the admins


async def test_admins_are_told_where_they_want_it(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        await s.env.settle()
        assert not await tell_admins(s.client, s.guild.id, "Nobody hears this.")
        await run(s, admin, "notes", channel=s.channel)
        assert await tell_admins(s.client, s.guild.id, f"The quiz of <@&{s.guild.id}> was not posted. {'x' * 3000}")
        assert await tell_admins(s.client, s.guild.id, discord.Embed(title="A note"))
        assert not await tell_admins(s.client, 1, "There is no such server.")
        text, embed = s.said()
        assert text.content.startswith(f"The quiz of <@&{s.guild.id}> was not posted. xxx")
        assert len(text.content) == 2000
        allowed = s.env.backend.get_message(s.channel.id, text.id).allowed_mentions
        assert (allowed.everyone, allowed.users, allowed.roles) == (False, frozenset(), frozenset())
        assert [embed.title for embed in embed.embeds] == ["A note"]


async def test_what_cannot_be_told_is_logged_without_its_text(settings, encoder, caplog):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        mine = s.guild.roles[s.client.user.name]
        denied = discord.PermissionOverwrite(send_messages=False)
        channel = s.guild.create_text_channel("notes", overwrites={mine: denied})
        await s.env.settle()
        await run(s, admin, "notes", channel=channel)
        assert not await tell_admins(s.client, s.guild.id, "secret")
        s.env.backend.delete_channel(channel.id)
        await s.env.settle()
        assert not await tell_admins(s.client, s.guild.id, "secret")
        assert warnings_of(caplog) == [
            f"In the notes channel of server {s.guild.id} I lack: Send Messages, Embed Links.",
            f"The notes channel of server {s.guild.id} is gone.",
        ]


async def test_nothing_is_logged(settings, encoder, caplog):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s)
        await run(s, admin, "milestones", channel=s.channel)
        await run(s, admin, "show")
        assert warnings_of(caplog) == []


async def test_a_role_that_members_earn_by_their_word_decides_nothing(settings, encoder):
    async with running_server(settings, encoder) as s:
        admin = make_admin(s, manage_roles=True)
        earned, mentors = s.guild.create_role("step 1"), s.guild.create_role("mentors")
        await s.env.settle()
        await run(s, admin, "step_role", step=1, role=earned)
        await run(s, admin, "mentors", role=mentors)
        for command, options in (("mentors", {"role": earned}), ("step_role", {"step": 2, "role": mentors})):
            result = await admin.slash(s.channel, f"settings {command}", **options)
            assert result.response.content.startswith("Members earn the role of a step by what they say of themselves")
        assert s.rows("SELECT mentor_role_id FROM guilds") == [(mentors.id,)]
        assert s.rows("SELECT step, role_id FROM step_roles") == [(1, earned.id)]
