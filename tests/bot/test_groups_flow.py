"""Study groups on a simulated Discord: made, joined, left, paused, handed over, and looked after when things break."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import discord
import pytest
from discord.utils import format_dt
from simcord.backend.models.channel import Overwrite
from simcord.enums import OverwriteType

from bot.features.groups import service as texts
from bot.features.groups import store
from bot.features.groups.models import EventKind, GroupPlan, GroupState
from bot.features.groups.views import homes, tend
from bot.features.groups.views.controls import (
    ASKED_ALREADY,
    GROUP_ITEMS,
    INVITATION_IS_OVER,
    NOT_YOURS,
    AboutButton,
    AskButton,
    EndAskButton,
    EndButton,
    HomeButton,
    InviteButton,
    JoinButton,
    LeaveButton,
    end_buttons,
    leave_buttons,
)
from bot.scheduling.models import Rhythm
from tests.bot.server import hear, labels_of, running_server, text_of, warnings_of
from tests.bot.weekly_members import admin_of, come_back_at

TUESDAY = datetime(2026, 1, 6, 18, 30, tzinfo=UTC)
"""Half past seven in Berlin, in winter; simulated time begins on the Thursday before."""
MINUTE, DAY, WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(weeks=1)
CLOSING = "This study group has ended. What you wrote stays here to read, and `/group create` makes a new one."


@asynccontextmanager
async def group_server(settings, encoder, **options):
    """A server whose admins have named a channel for study groups: the one that the tests talk in."""
    async with running_server(settings, encoder, **options) as s:
        await s.client.services.guild_settings.set_groups_channel(s.guild.id, s.channel.id)
        s.linus, s.eve = (s.guild.add_member(s.env.create_user(name)) for name in ("linus", "eve"))
        yield s


async def run(s, member, command, at=None, /, **options):
    return (await member.slash(at or s.channel, f"group {command}", **options)).response


async def make(s, owner=None, **options):
    """A group of `owner`, ada if it is not said; its home."""
    standard = dict(name="Night owls", day=1, time="19:30", zone="Europe/Berlin", joining="open")
    before = {thread.id for thread in s.channel.threads}
    told = await run(s, owner or s.ada, "create", **(standard | options))
    made = [thread for thread in s.channel.threads if thread.id not in before]
    assert len(made) == 1, told.content
    return made[0]


async def make_with(s, *members, **options):
    """A group of ada with these members; its home."""
    home = await make(s, **options)
    for member in members:
        await run(s, member, "join", group=options.get("name", "Night owls"))
    return home


def said_in(s, channel):
    """What the tutor has written there, without what Discord itself writes."""
    return [message for message in channel.history() if message.type is discord.MessageType.default]


def words(s, channel):
    return [message.content for message in said_in(s, channel)]


def inside(home):
    """Who is in a thread, without the tutor."""
    return set(home._channel.thread_members) - {home._channel.owner_id}


def mentioned_in(s, channel, message):
    allowed = s.env.backend.get_message(channel.id, message.id).allowed_mentions
    return (allowed.everyone, set(allowed.users), set(allowed.roles))


def fields(message):
    (embed,) = message.embeds
    return {field.name: field.value for field in embed.fields}


def state_of(s, group_id=1):
    ((state, note),) = s.rows("SELECT state, note FROM study_groups WHERE id = ?", group_id)
    return state, note


async def work(s):
    """Let what was planned be done."""
    await s.env.settle()
    await s.env.advance_time(2)


def deny(s, channel, **permissions):
    """Take permissions from the tutor in a channel; without any, give all back."""
    mine = s.guild.roles[s.client.user.name].id
    denied = discord.Permissions(**permissions).value
    s.env.backend.set_overwrite(channel.id, Overwrite(mine, OverwriteType.ROLE, 0, denied))


async def look_after(s, group_id=1):
    return await tend(s.client, s.client.services.dispatcher, group_id)


async def notes_channel(s):
    channel = s.guild.create_text_channel("notes")
    await s.env.settle()
    await s.client.services.guild_settings.set_notes_channel(s.guild.id, channel.id)
    return channel


# Making


async def test_a_new_group_has_a_private_home_with_exactly_its_members(settings, encoder, caplog):
    async with group_server(settings, encoder) as s:
        told = await run(
            s, s.ada, "create", name="Night  owls", day=1, time="19:30", zone="berlin", goal="*three* lessons", step=2
        )
        (home,) = s.channel.threads
        assert told.ephemeral
        assert told.content == (
            f"“Night owls” is there. Its home is <#{home.id}>.\n"
            f"The first check-in is {format_dt(TUESDAY, 'F')}.\n"
            "`/group invite` invites others, and they can also ask for a place with `/group join`."
        )
        assert home.name == "Night owls"
        assert home._channel.type == discord.ChannelType.private_thread.value
        assert inside(home) == {s.ada.id}
        (card,) = said_in(s, home)
        assert card.embeds[0].title == "Night owls"
        found = fields(card)
        assert found["Members"] == "**ada**"
        assert found["Goal"] == "\\*three\\* lessons"
        assert found["Check-in"] == (
            "Tuesdays at 19:30 in Europe/Berlin, open for 2 days.\n"
            f"Next {format_dt(TUESDAY, 'F')} on your clock, {format_dt(TUESDAY, 'R')}."
        )
        assert list(found) == ["Members", "Goal", "Check-in", "How a week goes", "What is private"]
        assert labels_of(card) == ["About this group"]
        assert mentioned_in(s, home, card) == (False, set(), set())
        assert home.pinned_messages() == []
        assert s.rows("SELECT kind, slot, state FROM occurrences WHERE subject_id = 1") == [
            ("group_prompt", "2026-W02", "waiting")
        ]
        assert warnings_of(caplog) == []


async def test_a_public_home_is_a_public_thread(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace, home="public")
        assert home._channel.type == discord.ChannelType.public_thread.value
        assert inside(home) == {s.ada.id, s.grace.id}


async def test_names_and_goals_are_text_and_mention_nobody(settings, encoder):
    async with group_server(settings, encoder) as s:
        name = f"@everyone **x** <@{s.grace.id}>"
        home = await make(s, name=name, goal=f"<@&{s.guild.id}> [a](https://b.example)")
        shown = text_of(said_in(s, home)[0])
        assert f"@\u200beveryone \\*\\*x\\*\\* \\<@\u200b{s.grace.id}\\>" in shown
        assert "\\[a\\]\\(https" in shown
        await run(s, s.linus, "join", group=name)
        for message in (*said_in(s, home), *said_in(s, s.channel)):
            assert mentioned_in(s, home if message.channel.id == home.id else s.channel, message)[0] is False
            assert "<@&" not in text_of(message)
        listed = await run(s, s.grace, "list")
        assert "@everyone" not in text_of(listed)


async def test_a_zone_is_the_members_own_unless_they_say_another(settings, encoder):
    async with group_server(settings, encoder) as s:
        told = await run(s, s.ada, "create", name="Night owls", day=1, time="19:30")
        assert told.content == (
            "Which time zone is that? Name it with the option `zone`, for example Europe/Berlin, or tell me yours once "
            "with `/start`."
        )
        assert s.rows("SELECT * FROM study_groups") == s.rows("SELECT * FROM learners") == []
        await s.client.services.progress.save_profile(s.ada.id, zone="Asia/Tokyo")
        await run(s, s.ada, "create", name="Night owls", day=1, time="19:30")
        assert s.rows("SELECT weekday, minute, zone FROM study_groups") == [(1, 1170, "Asia/Tokyo")]
        choices = await s.ada.autocomplete(s.channel, "group create", "zone", "tokyo", name="x", day=1, time="1")
        assert [choice["value"] for choice in choices] == ["Asia/Tokyo"]
        choices = await s.ada.autocomplete(s.channel, "group create", "zone", "", name="x", day=1, time="1")
        assert choices[0]["value"] == "Asia/Tokyo"
        choices = await s.ada.autocomplete(s.channel, "group create", "language", "ger", name="x", day=1, time="1")
        assert [choice["value"] for choice in choices] == ["German"]


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"time": "25:00"}, "I cannot read that as a time of the day."),
        ({"name": " x "}, "A name has 3 to 60 characters."),
        ({"zone": "nowhere-at-all"}, "I do not know the time zone"),
        ({"zone": "CET"}, "CET is used in more than one place."),
    ],
)
async def test_what_cannot_be_read(settings, encoder, options, refusal):
    async with group_server(settings, encoder) as s:
        standard = dict(name="Night owls", day=1, time="19:30", zone="UTC")
        told = await run(s, s.ada, "create", **(standard | options))
        assert told.content.startswith(refusal)
        assert s.channel.threads == []


async def test_without_a_set_channel_the_home_is_where_the_member_may_open_threads(settings, encoder):
    async with running_server(settings, encoder) as s:
        standard = dict(name="Night owls", day=1, time="19:30", zone="UTC")
        told = await run(s, s.ada, "create", **standard)
        assert told.content == (
            f"You may not open private threads in <#{s.channel.id}>. Choose another channel or kind of home, or ask "
            "an admin to name a channel with `/settings groups`."
        )
        quiet = s.guild.create_text_channel(
            "quiet", overwrites={s.guild.default_role: discord.PermissionOverwrite(create_public_threads=False)}
        )
        await s.env.settle()
        told = await run(s, s.ada, "create", **standard, home="public", channel=quiet)
        assert told.content.startswith(f"You may not open public threads in <#{quiet.id}>.")
        await run(s, s.ada, "create", **standard, home="public")
        (home,) = s.channel.threads
        await run(s, s.ada, "create", home, **(standard | {"name": "From a thread"}), home="public")
        assert s.rows("SELECT parent_id FROM study_groups") == [(s.channel.id,)] * 2


async def test_what_the_tutor_lacks_for_a_home_is_named_and_nothing_is_left(settings, encoder):
    async with group_server(settings, encoder) as s:
        deny(s, s.channel, create_private_threads=True, send_messages_in_threads=True)
        await s.env.settle()
        told = await run(s, s.ada, "create", name="Night owls", day=1, time="19:30", zone="UTC")
        assert told.content == (
            f"In <#{s.channel.id}> I lack Send Messages in Threads, Create Private Threads. Allow it to me under "
            "Permissions of that channel."
        )
        deny(s, s.channel)
        await s.env.settle()
        for status, code in ((403, 50013), (400, 160006)):
            s.env.inject_error("POST", f"/channels/{s.channel.id}/threads", status=status, code=code)
            told = await run(s, s.ada, "create", name="Night owls", day=1, time="19:30", zone="UTC")
            assert told.content.startswith("Discord does not let me open a thread there.")
        assert s.channel.threads == []
        await s.env.advance_time(120)
        assert s.rows("SELECT * FROM study_groups") == s.rows("SELECT * FROM group_members") == []
        assert s.rows("SELECT * FROM occurrences WHERE kind = 'group_home'") == []


async def test_a_third_own_group_is_refused(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make(s)
        told = await run(s, s.ada, "create", name="NIGHT OWLS", day=2, time="8", zone="UTC")
        assert told.content == texts.NAME_TAKEN
        await make(s, name="Larks")
        told = await run(s, s.ada, "create", name="Wrens", day=2, time="8", zone="UTC")
        assert told.content == texts.OWNS_TOO_MANY
        assert len(s.channel.threads) == 2


# A program that dies in between


async def plan_of(s, **values):
    rhythm = Rhythm(1, 19 * 60 + 30, "Europe/Berlin")
    return GroupPlan(s.guild.id, "Night owls", s.channel.id, rhythm, **values)


async def test_a_restart_between_making_and_opening_opens_the_home(settings, encoder):
    async with group_server(settings, encoder) as s:
        await s.client.services.groups.create(s.ada.id, await plan_of(s))
        await s.restart()
        assert s.channel.threads == []
        await s.env.advance_time(61)
        (home,) = s.channel.threads
        assert inside(home) == {s.ada.id}
        assert state_of(s) == ("active", None)
        assert s.rows("SELECT state FROM occurrences WHERE kind = 'group_home'") == [("done",)]
        assert s.rows("SELECT slot, state FROM occurrences WHERE kind = 'group_prompt'") == [("2026-W02", "waiting")]


@pytest.mark.parametrize("is_furnished", [True, False])
async def test_a_home_that_was_opened_and_not_recorded_is_adopted(settings, encoder, is_furnished):
    async with group_server(settings, encoder) as s:
        service = s.client.services.groups
        group = await service.create(s.ada.id, await plan_of(s))
        parent = s.client.get_channel(s.channel.id)
        thread = await homes._create(s.client, parent, group)
        if is_furnished:
            await homes._furnish(s.client, thread, group)
        await s.restart()
        await s.env.advance_time(61)
        (home,) = s.channel.threads
        assert home.id == thread.id
        assert len(said_in(s, home)) == 1
        assert inside(home) == {s.ada.id}
        assert s.rows("SELECT home_id, state FROM study_groups") == [(thread.id, "active")]


async def test_the_home_of_another_group_is_not_adopted(settings, encoder):
    async with group_server(settings, encoder) as s:
        first = await make(s)
        other = await s.client.services.groups.create(
            s.grace.id, GroupPlan(s.guild.id, "Larks", s.channel.id, Rhythm(1, 0, "UTC"))
        )
        await s.env.advance_time(61)
        assert len(s.channel.threads) == 2
        assert s.rows("SELECT home_id FROM study_groups WHERE id = ?", other.id) != [(first.id,)]


async def test_a_home_that_cannot_be_opened_is_told_once_and_tried_again(settings, encoder):
    async with group_server(settings, encoder) as s:
        notes = await notes_channel(s)
        await s.client.services.groups.create(s.ada.id, await plan_of(s))
        deny(s, s.channel, create_private_threads=True)
        await s.env.advance_time(61)
        await s.env.advance_time(200)
        lacks = f"In <#{s.channel.id}> I lack Create Private Threads. Allow it to me under Permissions of that channel."
        text = f"I cannot open a home for the study group “Night owls”, and try again for an hour. {lacks}"
        assert words(s, notes) == [text]
        (told,) = said_in(s, s.channel)
        assert told.content == f"<@{s.ada.id}> {text}"
        assert mentioned_in(s, s.channel, told) == (False, {s.ada.id}, set())
        assert state_of(s) == ("homeless", lacks)
        deny(s, s.channel)
        await s.env.advance_time(3600)
        (home,) = s.channel.threads
        assert state_of(s) == ("active", None)
        assert inside(home) == {s.ada.id}


async def test_after_an_hour_the_owner_has_to_click(settings, encoder):
    async with group_server(settings, encoder) as s:
        await s.client.services.groups.create(s.ada.id, await plan_of(s))
        deny(s, s.channel, create_private_threads=True)
        await s.env.settle()
        for _ in range(7):
            await come_back_at(s, s.env.now() + timedelta(hours=1))
            await s.env.advance_time(5)
        last = said_in(s, s.channel)[-1]
        assert "although I tried for an hour" in last.content
        assert labels_of(last) == ["Open a new home", "End the group"]
        told = await s.ada.click(last, label="Open a new home")
        assert told.response.content.startswith(f"In <#{s.channel.id}> I lack Create Private Threads.")
        deny(s, s.channel)
        await s.env.settle()
        await s.ada.click(last, label="Open a new home")
        assert len(s.channel.threads) == 1
        assert state_of(s) == ("active", None)


# Joining


async def test_joining_an_open_group(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        choices = await s.grace.autocomplete(s.channel, "group join", "group", "OWL")
        assert [choice["name"] for choice in choices] == ["Night owls"]
        told = await run(s, s.grace, "join", group=choices[0]["value"])
        assert told.ephemeral
        assert told.content == (
            f"You are in “Night owls”. Its home is <#{home.id}>.\n"
            f"The next check-in is {format_dt(TUESDAY, 'F')}.\n"
            "`/group show` tells more, and `/group leave` takes you out."
        )
        assert inside(home) == {s.ada.id, s.grace.id}
        assert words(s, home)[1:] == ["**grace** has joined. Say hello."]
        assert s.rows("SELECT count(*) FROM learners") == [(2,)]
        assert (await run(s, s.grace, "join", group="night owls")).content == texts.ALREADY_IN
        assert await s.grace.autocomplete(s.channel, "group join", "group", "") == []
        assert (await run(s, s.grace, "join", group="larks")).content == texts.NOT_FOUND


async def test_a_full_group_takes_nobody(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        others = [s.guild.add_member(s.env.create_user(f"m{number}")) for number in range(7)]
        for member in others:
            await run(s, member, "join", group="night owls")
        assert (await run(s, s.grace, "join", group="night owls")).content == texts.IS_FULL
        assert await s.grace.autocomplete(s.channel, "group join", "group", "") == []
        assert inside(home) == {s.ada.id, *(member.id for member in others)}


async def test_a_channel_that_a_member_cannot_see(settings, encoder):
    async with group_server(settings, encoder) as s:
        hides = {
            s.guild.default_role: discord.PermissionOverwrite(view_channel=False),
            s.guild.roles[s.client.user.name]: discord.PermissionOverwrite(view_channel=True),
        }
        hidden = s.guild.create_text_channel("hidden", overwrites=hides)
        admin = s.guild.create_role("admin", permissions=discord.Permissions(administrator=True))
        boss = s.guild.add_member(s.env.create_user("boss"), roles=[admin])
        await s.env.settle()
        await boss.slash(
            s.channel, "group create", name="Night owls", day=1, time="8", zone="UTC", channel=hidden, joining="open"
        )
        told = await run(s, s.grace, "join", group="night owls")
        assert told.content == ("“Night owls” lives in a channel that you cannot see. Ask an admin to let you see it.")
        told = await run(s, boss, "invite", member=s.grace)
        assert told.content == (
            f"They cannot see <#{hidden.id}>, in which the group lives. Ask an admin to let them see it."
        )
        assert s.rows("SELECT count(*) FROM group_members") == [(1,)]


async def test_a_closed_group_asks_its_owner(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.eve, joining="open")
        await run(s, s.ada, "edit", joining="closed")
        told = await run(s, s.grace, "join", group="night owls")
        assert told.content == f"I have asked the owner of “Night owls”. The answer comes in <#{s.channel.id}>."
        note = said_in(s, home)[-1]
        assert note.content == f"<@{s.ada.id}> **grace** asks whether there is a place in this group."
        assert mentioned_in(s, home, note) == (False, {s.ada.id}, set())
        assert labels_of(note) == ["Let them in", "Not now"]
        assert (await run(s, s.grace, "join", group="night owls")).content == ASKED_ALREADY
        await s.restart()
        wrong = await s.eve.click(note, label="Let them in")
        assert wrong.followups[-1].content == texts.OWNER_ONLY
        assert inside(home) == {s.ada.id, s.eve.id}
        await s.ada.click(note, label="Let them in")
        assert inside(home) == {s.ada.id, s.eve.id, s.grace.id}
        assert words(s, home)[-2:] == ["**grace** asked for a place and is in.", "**grace** has joined. Say hello."]
        answer = said_in(s, s.channel)[-1]
        assert answer.content == f"<@{s.grace.id}>, you are in “Night owls” now: <#{home.id}>"
        assert mentioned_in(s, s.channel, answer) == (False, {s.grace.id}, set())
        assert labels_of(said_in(s, home)[-2]) == []


async def test_not_now_is_told_kindly_and_once(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s, joining="closed")
        await run(s, s.grace, "join", group="night owls")
        note = said_in(s, home)[-1]
        await s.ada.click(note, label="Not now")
        assert words(s, home)[-1] == "**grace** asked for a place; not now."
        assert words(s, s.channel) == [
            (
                f"<@{s.grace.id}>, the group “Night owls” takes nobody new at the moment. `/group list` shows others, "
                "and `/group match` looks for one that fits you."
            )
        ]
        assert inside(home) == {s.ada.id}
        assert s.rows("SELECT count(*) FROM learners") == [(1,)]
        await run(s, s.grace, "join", group="night owls")
        assert labels_of(said_in(s, home)[-1]) == ["Let them in", "Not now"]


async def test_whoever_asked_and_left_the_server_is_not_let_in(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s, joining="closed")
        await run(s, s.grace, "join", group="night owls")
        s.guild.remove_member(s.grace)
        await s.ada.click(said_in(s, home)[-1], label="Let them in")
        assert words(s, home)[-1] == "Whoever asked to join has left the server."
        assert s.rows("SELECT count(*) FROM group_members") == [(1,)]


async def test_a_closed_group_without_a_home_cannot_be_asked(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s, joining="closed")
        await s.client.get_channel(home.id).delete()
        await work(s)
        told = await run(s, s.grace, "join", group="night owls")
        assert told.content == (
            "This group has no home at the moment, so its owner cannot be asked. Please try again later."
        )


# Invitations


async def test_an_invitation_is_for_one_member_only(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s, joining="closed", goal="secret goal")
        told = await run(s, s.ada, "invite", member=s.grace)
        posted = said_in(s, s.channel)[-1]
        assert told.content == f"The invitation is posted: {posted.jump_url}"
        until = s.env.now() + 14 * DAY
        assert posted.content.splitlines() == [
            f"<@{s.grace.id}>, **ada** invites you to the study group “Night owls”, 1 member so far.",
            f"The invitation is good until {format_dt(until, 'D')}.",
        ]
        assert mentioned_in(s, s.channel, posted) == (False, {s.grace.id}, set())
        assert labels_of(posted) == ["Join", "No thanks"]
        for label in ("Join", "No thanks"):
            wrong = await s.eve.click(posted, label=label)
            assert wrong.followups[-1].content == NOT_YOURS
            assert wrong.followups[-1].ephemeral
        await s.restart()
        joined = await s.grace.click(posted, label="Join")
        assert joined.followups[-1].content.startswith(f"You are in “Night owls”. Its home is <#{home.id}>.")
        assert inside(home) == {s.ada.id, s.grace.id}
        assert words(s, s.channel)[-1] == f"<@{s.grace.id}> has joined “Night owls”."
        assert labels_of(said_in(s, s.channel)[-1]) == []


async def test_an_invitation_can_be_declined_and_ends_after_two_weeks(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s, home="public", goal="a *goal*")
        await run(s, s.ada, "invite", member=s.grace)
        posted = said_in(s, s.channel)[-1]
        assert posted.content.splitlines()[1:3] == [
            f"Check-in once a week, next {format_dt(TUESDAY, 'F')}.",
            "Goal: a \\*goal\\*",
        ]
        await s.grace.click(posted, label="No thanks")
        assert words(s, s.channel)[-1] == f"<@{s.grace.id}> does not join “Night owls” for now."
        assert labels_of(said_in(s, s.channel)[-1]) == []
        await run(s, s.ada, "invite", member=s.eve)
        posted = said_in(s, s.channel)[-1]
        await come_back_at(s, s.env.now() + 14 * DAY + MINUTE)
        told = await s.eve.click(posted, label="Join")
        assert told.followups[-1].content == INVITATION_IS_OVER
        assert inside(home) == {s.ada.id}


async def test_who_may_invite_whom(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make_with(s, s.grace)
        robot = s.guild.add_member(s.env.create_user("robot", bot=True))
        await s.env.settle()
        assert (await run(s, s.ada, "invite", member=robot)).content == "Bots do not check in. Invite a person."
        assert (await run(s, s.ada, "invite", member=s.grace)).content == texts.THEY_ARE_IN
        assert (await run(s, s.eve, "invite", member=s.linus)).content == texts.NO_GROUP
        assert (await run(s, s.grace, "invite", member=s.eve)).content.startswith("The invitation is posted")
        await run(s, s.ada, "edit", joining="closed")
        assert (await run(s, s.grace, "invite", member=s.linus)).content == (
            "The owner of this group lets new members in, so only the owner invites. `/group show` names them."
        )


async def test_an_invitation_lets_nobody_in_again_who_was_taken_out_since(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s, joining="closed")
        await run(s, s.ada, "invite", member=s.grace)
        await run(s, s.ada, "invite", member=s.grace)
        first, second = said_in(s, s.channel)
        await s.grace.click(first, label="Join")
        await s.env.advance_time(60)
        await run(s, s.ada, "remove", member=s.grace)
        await work(s)
        told = await s.grace.click(second, label="Join")
        assert told.followups[-1].content == texts.INVITED_BEFORE
        assert inside(home) == {s.ada.id}
        await s.env.advance_time(60)
        await run(s, s.ada, "invite", member=s.grace)
        await s.grace.click(said_in(s, s.channel)[-1], label="Join")
        assert inside(home) == {s.ada.id, s.grace.id}


async def test_nobody_invites_themselves(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make(s)
        assert (await run(s, s.ada, "invite", member=s.ada)).content == texts.ALREADY_IN
        assert (await run(s, s.grace, "invite", member=s.grace)).content == texts.NO_GROUP


async def test_nobody_is_flooded_with_invitations(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make(s)
        for _ in range(3):
            await run(s, s.ada, "invite", member=s.grace)
        told = await run(s, s.ada, "invite", member=s.grace)
        assert told.content == "They have had several invitations today. Let them think about those first."
        await run(s, s.ada, "invite", member=s.eve)
        told = await run(s, s.ada, "invite", member=s.linus)
        assert told.content == "That were many invitations in one hour. Please go on in 60 minutes."
        assert len(said_in(s, s.channel)) == 4


# Leaving


async def test_leaving_is_asked_once_and_can_be_undone(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace)
        asked = await run(s, s.grace, "leave")
        assert asked.content == (
            "Do you want to leave “Night owls”? What you have sent there stays to read.\n"
            "You can join again as long as there is a place."
        )
        assert labels_of(asked) == ["Leave the group"]
        assert inside(home) == {s.ada.id, s.grace.id}
        await s.restart()
        await s.grace.click(asked, label="Leave the group")
        assert asked.message.content == "You have left “Night owls”."
        assert labels_of(asked.message) == ["Join again"]
        assert inside(home) == {s.ada.id}
        assert words(s, home)[-1] == "**grace** has left."
        assert s.rows("SELECT * FROM occurrences WHERE kind = 'group_out'") == []
        await s.grace.click(asked, label="Join again")
        assert inside(home) == {s.ada.id, s.grace.id}
        assert s.rows("SELECT count(*) FROM group_members WHERE left_at IS NULL") == [(2,)]


async def test_nobody_leaves_for_somebody_else(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make_with(s, s.grace)
        forged = await s.client.get_channel(s.channel.id).send("forged", view=leave_buttons(1, s.grace.id))
        told = await s.ada.click(forged, label="Leave the group")
        assert told.response.content == NOT_YOURS
        await s.grace.click(forged, label="Leave the group")
        again = await s.grace.click(forged, custom_id="group:1:join")
        assert again.response.content.startswith("You are in “Night owls”.")


async def test_the_next_member_looks_after_the_group_when_its_owner_leaves(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace, s.eve)
        asked = await run(s, s.ada, "leave")
        assert "The member who has been there for longest looks after it then." in asked.content
        await s.ada.click(asked, label="Leave the group")
        assert words(s, home)[-2:] == [
            "**ada** has left.",
            (
                f"<@{s.grace.id}>, you look after this group from now on, as its owner has gone. `/group edit` changes "
                "it, or hands it over to somebody else."
            ),
        ]
        assert mentioned_in(s, home, said_in(s, home)[-1]) == (False, {s.grace.id}, set())
        assert s.rows("SELECT owner_id FROM study_groups") == [(s.grace.id,)]


async def test_a_group_ends_with_its_last_member_and_its_home_stays_to_read(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        asked = await run(s, s.ada, "leave")
        assert asked.content.splitlines()[1] == (
            "You are its last member, so it ends with that. If you need a rest only, `/group pause` gives it."
        )
        await s.ada.click(asked, label="Leave the group")
        await work(s)
        assert asked.message.content == "You have left “Night owls”. You were its last member, so it has ended."
        assert words(s, home)[1:] == [CLOSING]
        assert home._channel.thread_metadata.archived
        assert inside(home) == {s.ada.id}
        assert s.rows("SELECT state, home_id FROM study_groups") == [("ended", None)]
        assert s.rows("SELECT count(*) FROM group_events") == [(5,)]
        listed = await run(s, s.ada, "list")
        assert listed.embeds[0].description.startswith("There is no study group here yet.")
        await look_after(s)
        assert len(said_in(s, home)) == 2


async def test_without_manage_threads_the_admins_take_out_who_has_left(settings, encoder):
    async with group_server(settings, encoder) as s:
        notes = await notes_channel(s)
        home = await make_with(s, s.grace)
        deny(s, s.channel, manage_threads=True)
        await s.env.settle()
        await s.grace.click(await run(s, s.grace, "leave"), label="Leave the group")
        assert words(s, notes) == [
            (
                "I cannot take a former member out of the home of the study group “Night owls”, so they can still read "
                f"it. In <#{s.channel.id}> I lack Manage Threads. Allow it to me under Permissions of that channel. "
                f"Until then you can do it by hand in <#{home.id}>."
            )
        ]
        assert inside(home) == {s.ada.id, s.grace.id}


async def test_whom_discord_does_not_let_go_is_told_to_the_admins_in_the_end(settings, encoder):
    async with group_server(settings, encoder) as s:
        notes = await notes_channel(s)
        home = await make_with(s, s.grace)
        s.env.inject_error("DELETE", f"/channels/{home.id}/thread-members/*", status=500, times=None)
        await s.grace.click(await run(s, s.grace, "leave"), label="Leave the group")
        for _ in range(7):
            await come_back_at(s, s.env.now() + timedelta(hours=1))
            await s.env.advance_time(120)
        assert words(s, notes) == [
            (
                "I could not take a former member out of the home of the study group “Night owls”, although I tried "
                f"for more than an hour, so they can still read it. Take them out by hand in <#{home.id}>; the owner "
                "of the group knows who is not a member any more."
            )
        ]
        assert s.rows("SELECT state FROM occurrences WHERE kind = 'group_out'") == [("failed",)]
        assert str(s.grace.id) not in str(s.rows("SELECT slot, note FROM occurrences WHERE kind = 'group_out'"))


@pytest.mark.parametrize("kind", ["public", "ended", "back"])
async def test_whom_discord_does_not_let_go_is_no_matter_where_they_may_read(settings, encoder, kind):
    async with group_server(settings, encoder) as s:
        notes = await notes_channel(s)
        home = await make_with(s, s.grace, home="public" if kind == "public" else "private")
        s.env.inject_error("DELETE", f"/channels/{home.id}/thread-members/*", status=500, times=None)
        asked = await run(s, s.grace, "leave")
        await s.grace.click(asked, label="Leave the group")
        if kind == "back":
            await s.grace.click(asked, label="Join again")
        if kind == "ended":
            await s.client.services.groups.end(1, s.ada.id)
        for _ in range(7):
            await come_back_at(s, s.env.now() + timedelta(hours=1))
            await s.env.advance_time(120)
        assert words(s, notes) == []


async def test_without_a_channel_for_notes_the_owner_takes_out_who_has_left(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make_with(s, s.grace)
        deny(s, s.channel, manage_threads=True)
        await s.env.settle()
        await s.grace.click(await run(s, s.grace, "leave"), label="Leave the group")
        await work(s)
        (told,) = said_in(s, s.channel)
        assert told.content.startswith(f"<@{s.ada.id}> I cannot take a former member out of the home")


# Lists and pages


async def test_the_list_shows_others_no_more_of_a_private_group_than_name_and_size(settings, encoder):
    async with group_server(settings, encoder) as s:
        empty = await run(s, s.grace, "list")
        assert empty.ephemeral
        assert empty.embeds[0].description == (
            "There is no study group here yet. `/group create` makes one, and `/group match` finds members who fit "
            "together."
        )
        await make(s, goal="hidden goal", step=2, language="German")
        await make(s, name="Larks", home="public", joining="closed", step=3, language="En_glish", goal="hidden")
        shown = (await run(s, s.grace, "list")).embeds[0].description
        assert shown.split("\n\n") == [
            "**Night owls**\n1 member, 7 places free",
            (
                "**Larks**\n1 member, 7 places free · the owner lets you in · step 3 · En\\_glish\n"
                f"Check-in once a week, next {format_dt(TUESDAY, 'F')}"
            ),
        ]
        shown = (await run(s, s.ada, "list")).embeds[0].description
        assert shown.split("\n\n")[0] == (
            "⭐ **Night owls**\n1 member, 7 places free · open to all · step 2 · German\n"
            f"Check-in once a week, next {format_dt(TUESDAY, 'F')}\nGoal: hidden goal"
        )


async def test_a_long_list_stays_within_an_embed(settings, encoder):
    async with group_server(settings, encoder) as s:
        service = s.client.services.groups
        for number in range(100):
            name = f"{number:02} " + "x" * 56
            plan = GroupPlan(s.guild.id, name, s.channel.id, Rhythm(0, 0, "UTC"), is_private=False, language="y" * 20)
            group = await service.create(1000 + number, plan)
            await service.set_home(group.id, 2000 + number)
        shown = (await run(s, s.grace, "list")).embeds[0].description
        assert len(shown) <= 4096
        listed = shown.count("Check-in once a week")
        assert shown.endswith(f"and {100 - listed} more: `/group join` suggests them while you type.")
        choices = await s.grace.autocomplete(s.channel, "group join", "group", "")
        assert len(choices) == 25
        told = await run(s, s.grace, "create", name="one more", day=1, time="8", zone="UTC")
        assert told.content == texts.SERVER_IS_FULL


async def test_show_tells_members_everything_and_others_little(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace, goal="three lessons", language="German")
        await run(s, s.grace, "pause", weeks=2)
        shown = await run(s, s.grace, "show")
        assert shown.ephemeral
        found = fields(shown)
        until = s.rows("SELECT away_until FROM group_members WHERE member_id = ?", s.grace.id)[0][0]
        away = datetime.fromisoformat(until).replace(tzinfo=UTC)
        assert found["Members (2 of 8)"] == f"**ada** · owner\n**grace** · away until {format_dt(away, 'D')}"
        assert found["Goal"] == "three lessons"
        assert found["About"] == f"Home: <#{home.id}>\nAnybody may join.\nLanguage: German."
        day = format_dt(s.env.now(), "d")
        assert found["What happened"].splitlines() == [
            f"{day} ada made the group",
            f"{day} ada joined",
            f"{day} a home was opened",
            f"{day} grace joined",
            f"{day} grace is away",
        ]
        outside = await run(s, s.eve, "show", group="night owls")
        assert text_of(outside) == "\nNight owls\n2 members, 6 places free"
        clicked = await s.ada.click(said_in(s, home)[0], label="About this group")
        assert fields(clicked.response)["Goal"] == "three lessons"
        assert (await run(s, s.eve, "show")).content == texts.NO_GROUP


async def test_in_several_groups_one_says_which_or_is_in_its_home(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make(s)
        home = await make(s, name="Larks")
        assert (await run(s, s.ada, "show")).content == texts.WHICH_GROUP
        assert (await run(s, s.ada, "show", home)).embeds[0].title == "Larks"
        assert (await run(s, s.ada, "show", group="night owls")).embeds[0].title == "Night owls"
        choices = await s.ada.autocomplete(s.channel, "group leave", "group", "")
        assert [choice["name"] for choice in choices] == ["Night owls", "Larks"]
        assert await s.grace.autocomplete(s.channel, "group end", "group", "") == []
        admin = admin_of(s, "boss")
        await s.env.settle()
        choices = await admin.autocomplete(s.channel, "group end", "group", "")
        assert [choice["name"] for choice in choices] == ["Night owls", "Larks"]


# Being away


async def test_a_member_is_away_and_back(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace)
        until = s.env.now() + 2 * WEEK
        told = await run(s, s.grace, "pause", weeks=2)
        assert told.content == (
            f"You are away until {format_dt(until, 'f')}. “Night owls” asks nothing of you until then, and no week "
            "counts. `/group resume` brings you back earlier."
        )
        assert len(said_in(s, home)) == 2
        told = await run(s, s.grace, "resume")
        assert told.content == (
            f"Good to have you back in “Night owls”. The next check-in is {format_dt(TUESDAY, 'F')}."
        )
        await s.client.services.progress.save_profile(s.grace.id, zone="Asia/Tokyo")
        told = await run(s, s.grace, "pause", until="14 January")
        assert told.content.startswith(f"You are away until {format_dt(datetime(2026, 1, 14, 15, tzinfo=UTC), 'f')}.")
        assert (await run(s, s.grace, "pause")).content.startswith("For how long?")
        assert (await run(s, s.grace, "pause", until="soon")).content.startswith("I cannot read that as a day.")


async def test_the_owner_pauses_the_whole_group(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace)
        assert (await run(s, s.grace, "pause", who="group", weeks=2)).content == texts.OWNER_ONLY
        until = s.env.now() + 2 * WEEK
        told = await run(s, s.ada, "pause", who="group", weeks=2)
        later = format_dt(TUESDAY + 2 * WEEK, "F")
        assert told.content == (f"“Night owls” pauses until {format_dt(until, 'f')}. The next check-in is {later}.")
        assert words(s, home)[-1] == (
            f"The group pauses until {format_dt(until, 'f')}, and no week counts. The next check-in is {later}."
        )
        assert fields(await run(s, s.grace, "show"))["Check-in"].startswith(f"Paused until {format_dt(until, 'D')}.")
        assert (await run(s, s.grace, "resume", who="group")).content == texts.OWNER_ONLY
        told = await run(s, s.ada, "resume", who="group")
        assert told.content == f"“Night owls” goes on. The next check-in is {format_dt(TUESDAY, 'F')}."
        await run(s, s.ada, "resume", who="group")
        assert words(s, home)[-1] == f"The group goes on. The next check-in is {format_dt(TUESDAY, 'F')}."
        assert len(said_in(s, home)) == 4


async def test_nudges_are_agreed_to(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        told = await run(s, s.ada, "nudges", wanted=True)
        assert told.content == (
            f"If a check-in of “Night owls” is about to close without yours, I remind you once, in <#{home.id}>. "
            "`/group nudges` switches it off again."
        )
        told = await run(s, s.ada, "nudges", wanted=True, by_dm=True)
        assert "I remind you once, by direct message." in told.content
        assert s.rows("SELECT is_nudged, by_dm FROM group_members") == [(1, 1)]
        told = await run(s, s.ada, "nudges", wanted=False)
        assert told.content == "I send you no notes about the check-ins of “Night owls”."
        assert s.rows("SELECT is_nudged, by_dm FROM group_members") == [(0, 0)]


# What owners and admins decide


async def test_the_owner_changes_the_group_and_the_members_hear_of_it(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace)
        assert (await run(s, s.grace, "edit", goal="mine")).content == texts.OWNER_ONLY
        assert (await run(s, s.ada, "edit")).content == texts.NOTHING_TO_CHANGE
        told = await run(
            s,
            s.ada,
            "edit",
            name="Early birds",
            day=4,
            time="7 am",
            zone="Asia/Tokyo",
            goal="g",
            language="none",
            step=2,
        )
        at = datetime(2026, 1, 1, 22, tzinfo=UTC)
        changes = [
            "It is called “Early birds”.",
            "It checks in on Fridays at 07:00 in Asia/Tokyo.",
            f"The next check-in is {format_dt(at, 'F')}.",
            "It is about step 2.",
            "Its goal is: g",
        ]
        assert told.content.splitlines() == ["That is changed.", *changes]
        assert words(s, home)[-1].splitlines() == ["The owner has changed the group.", *changes]
        assert home._channel.name == "Early birds"
        told = await run(s, s.ada, "edit", goal="none", step=0)
        assert told.content.splitlines()[1:] == ["It is about no single step.", "It has no goal."]


async def test_the_owner_hands_the_group_over(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace)
        assert (await run(s, s.ada, "edit", owner=s.eve)).content == texts.NOT_A_MEMBER
        told = await run(s, s.ada, "edit", owner=s.grace)
        assert told.content == f"That is changed.\n<@{s.grace.id}> looks after it."
        assert mentioned_in(s, home, said_in(s, home)[-1]) == (False, {s.grace.id}, set())
        assert s.rows("SELECT owner_id FROM study_groups") == [(s.grace.id,)]
        assert (await run(s, s.ada, "edit", goal="mine")).content == texts.OWNER_ONLY
        assert (await run(s, s.grace, "edit", goal="mine")).content.startswith("That is changed.")


async def test_owner_and_admins_take_members_out(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace, s.eve)
        admin = admin_of(s, "boss")
        await s.env.settle()
        assert (await run(s, s.grace, "remove", member=s.eve)).content == texts.OWNER_OR_ADMIN
        assert (await run(s, s.ada, "remove", member=s.linus)).content == texts.NOT_A_MEMBER
        assert (await run(s, s.ada, "remove", member=s.ada)).content == texts.LEAVE_YOURSELF
        told = await run(s, s.ada, "remove", member=s.eve)
        assert told.content == "**eve** is no longer in “Night owls”."
        assert inside(home) == {s.ada.id, s.grace.id}
        assert words(s, home)[-1] == "**eve** is no longer in the group."
        assert (await run(s, s.linus, "remove", member=s.ada, group="night owls")).content == texts.NO_GROUP
        await run(s, admin, "remove", member=s.ada, group="night owls")
        assert inside(home) == {s.grace.id}
        assert words(s, home)[-1].startswith(f"<@{s.grace.id}>, you look after this group from now on")


async def test_ending_a_group_is_asked_once(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace)
        assert (await run(s, s.grace, "end")).content == texts.OWNER_OR_ADMIN
        asked = await run(s, s.ada, "end")
        assert asked.content == (
            "Shall “Night owls” end? No check-in comes any more, and its home is closed. What was written there stays "
            "to read. This cannot be undone."
        )
        forged = await s.client.get_channel(s.channel.id).send("forged", view=end_buttons(1, s.grace.id))
        told = await s.ada.click(forged, label="End the group")
        assert told.response.content == NOT_YOURS
        told = await s.grace.click(forged, label="End the group")
        assert told.followups[-1].content == texts.OWNER_OR_ADMIN
        assert state_of(s)[0] == "active"
        await s.restart()
        await s.ada.click(asked, label="End the group")
        await work(s)
        assert asked.message.content == "“Night owls” has ended."
        assert words(s, home)[-1] == CLOSING
        assert home._channel.thread_metadata.archived
        assert s.rows("SELECT kind FROM occurrences WHERE state = 'waiting' AND subject_id = 1") == []


async def test_an_admin_ends_a_group(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        admin = admin_of(s, "boss")
        await s.env.settle()
        asked = await run(s, admin, "end", group="night owls")
        await admin.click(asked, label="End the group")
        await work(s)
        assert state_of(s)[0] == "ended"
        assert words(s, home)[-1] == CLOSING


# Tending


async def test_who_has_left_the_server_is_a_member_no_more(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace, s.eve)
        s.guild.remove_member(s.eve)
        group = await look_after(s)
        assert (group.state, group.owner_id) == (GroupState.ACTIVE, s.ada.id)
        assert s.rows("SELECT member_id FROM group_members WHERE left_at IS NULL") == [(s.ada.id,), (s.grace.id,)]
        s.guild.remove_member(s.ada)
        group = await look_after(s)
        assert group.owner_id == s.grace.id
        assert words(s, home)[-1].startswith(f"<@{s.grace.id}>, you look after this group from now on")
        assert mentioned_in(s, home, said_in(s, home)[-1]) == (False, {s.grace.id}, set())
        before = len(said_in(s, home))
        await look_after(s)
        assert len(said_in(s, home)) == before
        s.guild.remove_member(s.grace)
        group = await look_after(s)
        assert group.state is GroupState.ENDED
        assert words(s, home)[-1] == CLOSING
        assert home._channel.thread_metadata.archived
        assert await look_after(s, 4711) is None


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (500, 0), (404, 10004)])
async def test_whom_discord_does_not_tell_about_stays(settings, encoder, status, code):
    async with group_server(settings, encoder) as s:
        await make_with(s, s.grace)
        s.env.inject_error("GET", "/guilds/*/members/*", status=status, code=code, times=None)
        group = await look_after(s)
        assert group.state is GroupState.ACTIVE
        assert s.rows("SELECT count(*) FROM group_members WHERE left_at IS NULL") == [(2,)]


async def test_an_owner_who_deletes_everything_is_followed_by_the_next_member(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace)
        await s.client.services.privacy.delete_member(s.ada.id)
        group = await look_after(s)
        assert group.owner_id == s.grace.id
        assert words(s, home)[-1].startswith(f"<@{s.grace.id}>, you look after this group from now on")
        shown = fields(await run(s, s.grace, "show"))
        assert shown["Members (1 of 8)"] == "**grace** · owner"
        await s.client.services.privacy.delete_member(s.grace.id)
        await work(s)
        assert words(s, home)[-1] == CLOSING
        assert home._channel.thread_metadata.archived
        assert await look_after(s) is None


async def test_a_deleted_thread_is_told_to_the_owner_who_opens_a_new_one(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace)
        await s.client.get_channel(home.id).delete()
        await work(s)
        assert state_of(s) == ("homeless", "Its thread has been deleted. `/group show` opens a new home.")
        assert s.rows("SELECT state FROM occurrences WHERE kind = 'group_prompt'") == []
        told = said_in(s, s.channel)[-1]
        assert told.content == (
            f"<@{s.ada.id}> The study group “Night owls” has lost its home. Its thread has been deleted. Its members "
            "and its history are kept, and nothing is asked until it has a new home."
        )
        assert mentioned_in(s, s.channel, told) == (False, {s.ada.id}, set())
        assert labels_of(told) == ["Open a new home", "End the group"]
        await look_after(s)
        assert len(said_in(s, s.channel)) == 1
        for label in labels_of(told):
            wrong = await s.grace.click(told, label=label)
            assert wrong.response.content == texts.OWNER_OR_ADMIN
        shown = await run(s, s.ada, "show")
        assert labels_of(shown) == ["Open a new home", "End the group"]
        assert labels_of(await run(s, s.grace, "show")) == []
        await s.restart()
        opened = await s.ada.click(told, label="Open a new home")
        (new,) = s.channel.threads
        assert opened.response.content == f"“Night owls” has a new home: <#{new.id}>"
        assert inside(new) == {s.ada.id, s.grace.id}
        assert state_of(s) == ("active", None)
        assert labels_of(said_in(s, s.channel)[-1]) == []
        assert s.rows("SELECT slot, state FROM occurrences WHERE kind = 'group_prompt'") == [("2026-W02", "waiting")]
        again = await s.ada.click(shown, label="Open a new home")
        assert again.response.content == texts.HAS_HOME


async def test_a_deleted_channel_is_told_where_groups_are_at_home(settings, encoder):
    async with group_server(settings, encoder) as s:
        channel = s.guild.create_text_channel("study")
        await s.client.services.guild_settings.set_groups_channel(s.guild.id, channel.id)
        await s.env.settle()
        await s.ada.slash(s.channel, "group create", name="Night owls", day=1, time="19:30", zone="UTC")
        await s.client.services.guild_settings.set_groups_channel(s.guild.id, s.channel.id)
        await s.client.get_channel(channel.id).delete()
        await work(s)
        assert state_of(s)[0] == "homeless"
        (told,) = said_in(s, s.channel)
        assert told.content.startswith(
            f"<@{s.ada.id}> The study group “Night owls” has lost its home. The channel in which it lived has been "
            "deleted."
        )
        await s.ada.click(told, label="Open a new home")
        (new,) = s.channel.threads
        assert s.rows("SELECT parent_id, home_id, state FROM study_groups") == [(s.channel.id, new.id, "active")]


async def test_without_any_channel_the_admins_are_told(settings, encoder):
    async with running_server(settings, encoder) as s:
        notes = await notes_channel(s)
        channel = s.guild.create_text_channel("study")
        await s.env.settle()
        await s.ada.slash(channel, "group create", name="Night owls", day=1, time="19:30", zone="UTC", home="public")
        await s.client.get_channel(channel.id).delete()
        await work(s)
        assert words(s, notes) == [
            (
                "The study group “Night owls” has lost its home. The channel in which it lived has been deleted. Its "
                "members and its history are kept, and nothing is asked until it has a new home."
            )
        ]
        shown = await run(s, s.ada, "show")
        assert fields(shown)["What is wrong"] == (
            "⚠️ The channel in which it lived has been deleted. `/group show` opens a new home."
        )
        await s.ada.click(shown, label="Open a new home")
        assert len(s.channel.threads) == 1
        assert state_of(s) == ("active", None)


async def test_a_channel_that_was_deleted_while_nobody_looked_is_found_out(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        s.env.backend.delete_channel(home.id)
        await s.restart()
        group = await look_after(s)
        assert group.state is GroupState.HOMELESS
        assert labels_of(said_in(s, s.channel)[-1]) == ["Open a new home", "End the group"]


async def test_a_lost_permission_is_told_once_and_forgotten_when_it_is_back(settings, encoder):
    async with group_server(settings, encoder) as s:
        notes = await notes_channel(s)
        await make(s)
        deny(s, s.channel, send_messages_in_threads=True, embed_links=True)
        await s.env.settle()
        for _ in range(2):
            group = await look_after(s)
            assert group.state is GroupState.ACTIVE
        lacks = (
            f"In <#{s.channel.id}> I lack Send Messages in Threads, Embed Links. Allow it to me under Permissions of "
            "that channel."
        )
        assert group.note == lacks
        text = f"I cannot post in the home of the study group “Night owls”. {lacks}"
        assert words(s, notes) == [text]
        assert words(s, s.channel) == [f"<@{s.ada.id}> {text}"]
        assert fields(await run(s, s.ada, "show"))["What is wrong"] == f"⚠️ {lacks}"
        deny(s, s.channel)
        await work(s)
        assert state_of(s) == ("active", None)
        deny(s, s.channel, view_channel=True)
        await s.env.settle()
        await look_after(s)
        assert len(words(s, notes)) == 2


async def test_a_locked_home_is_told_at_once(settings, encoder):
    async with group_server(settings, encoder) as s:
        notes = await notes_channel(s)
        home = await make(s)
        s.env.backend.edit_channel(home.id, {}, thread_metadata={"locked": True})
        await work(s)
        what = f"Its home <#{home.id}> is locked. Unlock it, or end the group with `/group end`."
        assert state_of(s) == ("active", what)
        assert words(s, notes) == [f"I cannot post in the home of the study group “Night owls”. {what}"]
        s.env.backend.edit_channel(home.id, {}, thread_metadata={"locked": False})
        await work(s)
        assert state_of(s) == ("active", None)


async def test_whoever_joined_while_the_home_was_out_of_reach_is_let_in_when_it_is_well(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        await s.client.get_channel(home.id).edit(locked=True)
        await work(s)
        told = await run(s, s.grace, "join", group="night owls")
        assert told.content.splitlines()[2] == (
            "I could not let you into the thread yet, and try again as soon as it can be used. If you do not see it "
            f"then, ask an admin whether you may see <#{s.channel.id}>."
        )
        await work(s)
        assert inside(home) == {s.ada.id}
        await s.client.get_channel(home.id).edit(locked=False)
        await work(s)
        assert inside(home) == {s.ada.id, s.grace.id}
        assert state_of(s) == ("active", None)


async def test_an_archived_home_is_opened_when_something_is_said_and_only_then(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        s.env.backend.edit_channel(home.id, {}, thread_metadata={"archived": True})
        await s.env.settle()
        await s.restart()
        assert (await look_after(s)).state is GroupState.ACTIVE
        assert home._channel.thread_metadata.archived
        await run(s, s.grace, "join", group="night owls")
        assert not home._channel.thread_metadata.archived
        assert words(s, home)[-1] == "**grace** has joined. Say hello."
        assert inside(home) == {s.ada.id, s.grace.id}


async def test_a_message_that_cannot_be_sent_has_somebody_look(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        group = await s.client.services.groups.find(1)
        s.env.inject_error("POST", f"/channels/{home.id}/messages", status=404, code=10003)
        s.env.backend.delete_channel(home.id)
        assert await homes.tell_group(s.client, group, "hello") is None
        await work(s)
        assert state_of(s)[0] == "homeless"


PROMPTS = "SELECT subject_id FROM occurrences WHERE kind = 'group_prompt' AND state = 'waiting' ORDER BY subject_id"


async def test_a_server_without_the_tutor_is_asked_nothing_not_even_after_a_restart(settings, encoder, caplog):
    async with group_server(settings, encoder) as s:
        await make(s)
        await s.client.get_guild(s.guild.id).leave()
        await s.env.settle()
        assert s.rows(PROMPTS) == []
        assert await look_after(s) is None
        await s.restart()
        await work(s)
        assert s.rows(PROMPTS) == []
        await come_back_at(s, TUESDAY + MINUTE)
        await s.env.advance_time(60)
        assert s.rows("SELECT note FROM study_groups") == [(None,)]
        assert warnings_of(caplog) == []


async def test_a_restart_leaves_a_group_that_is_well_as_it_is(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make(s)
        await work(s)
        everything = ("SELECT * FROM study_groups", "SELECT * FROM group_events", PROMPTS)
        before = [s.rows(query) for query in everything]
        await s.restart()
        await work(s)
        assert [s.rows(query) for query in everything] == before


async def test_a_server_that_was_left_while_nobody_looked_goes_on_where_the_tutor_is_back(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make(s)
        await make(s, s.grace, name="Larks")
        await run(s, s.grace, "pause", until="2026-01-20", who="group")
        s.rows("UPDATE study_groups SET guild_id = 5")
        await s.restart()
        await work(s)
        assert s.rows(PROMPTS) == []
        s.rows("UPDATE study_groups SET guild_id = ?", s.guild.id)
        await s.restart()
        await work(s)
        assert s.rows(PROMPTS) == [(1,), (2,)]
        assert [state_of(s, number) for number in (1, 2)] == [("active", None), ("paused", None)]
        assert s.rows("SELECT slot FROM occurrences WHERE subject_id = 2 AND state = 'waiting'") == [("2026-W05",)]


async def test_a_deletion_is_done_and_tried_again(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        service = s.client.services.groups
        thread = s.client.get_channel(home.id)
        first, second = [await thread.send(text) for text in ("one", "two")]
        s.env.inject_error("DELETE", f"/channels/{home.id}/messages/{second.id}", status=403, code=50013)
        async with service._database.transaction() as session:
            for message_id in (first.id, second.id, 4711):
                await store.plan_erase(session, home.id, message_id, s.env.now())
        await work(s)
        assert words(s, home)[1:] == ["two"]
        await s.env.advance_time(35)
        assert words(s, home)[1:] == []
        assert s.rows("SELECT DISTINCT state FROM occurrences WHERE kind = 'group_erase'") == [("done",)]


async def test_a_deletion_in_an_archived_thread_leaves_it_archived(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        message = await s.client.get_channel(home.id).send("one")
        s.env.backend.edit_channel(home.id, {}, thread_metadata={"archived": True})
        await s.env.settle()
        s.env.inject_error("DELETE", f"/channels/{home.id}/messages/{message.id}", status=400, code=50083)
        async with s.client.services.groups._database.transaction() as session:
            await store.plan_erase(session, home.id, message.id, s.env.now())
        await work(s)
        assert words(s, home)[1:] == []
        assert home._channel.thread_metadata.archived


async def test_two_who_take_the_last_place_at_once(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        service = s.client.services.groups
        for number in range(6):
            await service.join(1, 9000 + number)
        results = await asyncio.gather(
            *(service.join(1, member.id) for member in (s.grace, s.eve)), return_exceptions=True
        )
        assert sorted(str(result) == texts.IS_FULL for result in results) == [False, True]
        assert s.rows("SELECT count(*) FROM group_members WHERE left_at IS NULL") == [(8,)]
        assert inside(home) == {s.ada.id}


async def test_whoever_joins_while_the_home_is_opened_is_let_in(settings, encoder, monkeypatch):
    async with group_server(settings, encoder) as s:
        service = s.client.services.groups
        furnish = homes._furnish

        async def furnish_and_join(client, thread, group):
            inside = await furnish(client, thread, group)
            await service.join(group.id, s.grace.id)
            return inside

        monkeypatch.setattr(homes, "_furnish", furnish_and_join)
        home = await make(s)
        assert inside(home) == {s.ada.id, s.grace.id}


@pytest.mark.parametrize("what", ["messages", "thread-members/*"])
async def test_a_home_that_cannot_be_furnished_is_thrown_away(settings, encoder, what):
    async with group_server(settings, encoder) as s:
        s.env.inject_error("*", f"/channels/*/{what}", status=500, times=5)
        told = await run(s, s.ada, "create", name="Night owls", day=1, time="19:30", zone="UTC")
        assert told.content.startswith("Discord does not let me open a thread there.")
        assert s.channel.threads == []
        assert s.rows("SELECT * FROM study_groups") == []


async def test_the_heir_of_a_group_without_a_home_is_told(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace)
        await s.client.get_channel(home.id).delete()
        await work(s)
        s.guild.remove_member(s.ada)
        shown = await run(s, s.grace, "show")
        assert labels_of(shown) == []
        await work(s)
        told = said_in(s, s.channel)[-1]
        assert told.content == (
            f"<@{s.grace.id}> You look after the study group “Night owls” from now on, as its owner has gone. It has "
            "no home at the moment, and nothing is asked until it has one."
        )
        await s.grace.click(told, label="Open a new home")
        (new,) = s.channel.threads
        assert inside(new) == {s.grace.id}


async def test_a_group_that_was_merged_says_so_in_its_home(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make(s)
        async with s.client.services.groups._database.transaction() as session:
            await store.end_group(session, 1, s.env.now(), EventKind.MERGED, "into *Larks*")
        await work(s)
        assert words(s, home)[-1] == "This group was merged into \\*Larks\\*. What you wrote stays here to read."
        assert home._channel.thread_metadata.archived


async def test_who_leaves_a_public_home_is_no_matter_for_the_admins(settings, encoder):
    async with group_server(settings, encoder) as s:
        notes = await notes_channel(s)
        await make_with(s, s.grace, home="public")
        deny(s, s.channel, manage_threads=True)
        await s.env.settle()
        await s.grace.click(await run(s, s.grace, "leave"), label="Leave the group")
        await work(s)
        assert words(s, notes) == []
        assert s.rows("SELECT * FROM occurrences WHERE kind = 'group_out'") == []


async def test_who_is_back_before_they_were_taken_out_stays(settings, encoder):
    async with group_server(settings, encoder) as s:
        home = await make_with(s, s.grace)
        async with s.client.services.groups._database.transaction() as session:
            await store.plan_out(session, 1, s.grace.id, s.env.now())
        await work(s)
        assert inside(home) == {s.ada.id, s.grace.id}
        assert s.rows("SELECT * FROM occurrences WHERE kind = 'group_out'") == []


async def test_back_in_a_server_its_groups_go_on_and_lost_homes_are_told(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make(s)
        home = await make(s, name="Larks")
        guild = s.client.get_guild(s.guild.id)
        await hear(s, "on_guild_remove", guild)
        planned = "SELECT subject_id FROM occurrences WHERE kind = 'group_prompt' AND state = 'waiting'"
        assert s.rows(planned) == []
        s.env.backend.delete_channel(home.id)
        await hear(s, "on_guild_join", guild)
        assert s.rows(planned) == [(1,)]
        assert state_of(s, 1)[0] == "active"
        assert state_of(s, 2)[0] == "homeless"
        assert labels_of(said_in(s, s.channel)[-1]) == ["Open a new home", "End the group"]


# Every button


OUTSIDE, ASKS = "1 member, 7 places free", "I have asked the owner of “Night owls”."


def buttons_for(s, member):
    """Every button of a group, as it was sent to this member where it is sent to somebody: what a stranger, a former
    member, and that member read who press it, the last one after the group has ended."""
    until = int((s.env.now() + DAY).timestamp())
    over, owner_only, or_admin = texts.HAS_ENDED, texts.OWNER_ONLY, texts.OWNER_OR_ADMIN
    return (
        (AboutButton(1), OUTSIDE, OUTSIDE, over),
        (JoinButton(1), ASKS, ASKS, over),
        (AskButton(1, s.eve.id, "yes"), owner_only, owner_only, over),
        (AskButton(1, s.eve.id, "no"), owner_only, owner_only, over),
        (InviteButton(1, member.id, until, "yes"), NOT_YOURS, NOT_YOURS, over),
        (InviteButton(1, member.id, until, "no"), NOT_YOURS, NOT_YOURS, over),
        (LeaveButton(1, member.id), NOT_YOURS, NOT_YOURS, over),
        (EndAskButton(1), or_admin, or_admin, over),
        (EndButton(1, member.id), NOT_YOURS, NOT_YOURS, over),
        (HomeButton(1), or_admin, or_admin, over),
    )


async def post_each(s, channel, member):
    """A message with each button, and what is read when it is pressed."""
    view = discord.ui.View(timeout=None)
    table = buttons_for(s, member)
    for item, *_ in table:
        view.add_item(item)
    assert {type(item) for item, *_ in table} == set(GROUP_ITEMS)
    return await s.client.get_channel(channel.id).send("forged", view=view), table


async def press(member, message, item):
    """What a member reads who presses a button; nobody else reads it."""
    result = await member.click(message, custom_id=item.custom_id)
    told = result.followups[-1] if result.followups else result.response
    assert told.ephemeral
    return text_of(told).strip()


async def test_every_button_says_plainly_to_whom_it_does_not_belong(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make_with(s, s.grace)
        await run(s, s.ada, "edit", joining="closed")
        await s.client.services.groups.leave(1, s.grace.id)
        before = s.rows("SELECT * FROM group_members")
        message, table = await post_each(s, s.channel, s.ada)
        for item, stranger, former, _ in table:
            for member, sentence in ((s.linus, stranger), (s.grace, former)):
                assert (await press(member, message, item)).startswith(("Night owls\n" + sentence, sentence)), item
        assert s.rows("SELECT * FROM group_members") == before
        assert state_of(s) == ("active", None)


async def test_a_former_member_can_do_nothing_more_with_what_was_sent_to_them(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make_with(s, s.grace)
        await s.client.services.groups.leave(1, s.grace.id)
        message, _ = await post_each(s, s.channel, s.grace)
        assert await press(s.grace, message, LeaveButton(1, s.grace.id)) == texts.NOT_IN
        assert await press(s.grace, message, EndButton(1, s.grace.id)) == texts.OWNER_OR_ADMIN


@pytest.mark.parametrize("is_kept", [True, False])
async def test_every_button_says_plainly_that_the_group_has_ended(settings, encoder, is_kept):
    async with group_server(settings, encoder) as s:
        await make_with(s, s.grace)
        message, table = await post_each(s, s.channel, s.ada)
        await s.client.services.groups.end(1, s.ada.id)
        await work(s)
        if not is_kept:
            s.rows("DELETE FROM study_groups")
        for item, *_, over in table:
            assert await press(s.ada, message, item) == (over if is_kept else texts.UNKNOWN), item


async def test_no_button_does_anything_in_another_server(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make_with(s, s.grace)
        other = s.env.create_guild("Elsewhere")
        channel = other.create_text_channel("general")
        twin = other.add_member(s.ada.user)
        await s.env.settle()
        message, table = await post_each(s, channel, s.ada)
        for item, *_ in table:
            assert await press(twin, message, item) == texts.UNKNOWN, item
        assert s.rows("SELECT left_at FROM group_members") == [(None,), (None,)]
        assert state_of(s) == ("active", None)
