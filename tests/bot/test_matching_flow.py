"""Matching on a simulated Discord: members look for a group, are told of one, decide, and meet in its home."""

import asyncio
import dataclasses
from contextlib import asynccontextmanager
from datetime import timedelta

import discord
import pytest
from discord.utils import format_dt
from simcord.backend.models.channel import Overwrite
from simcord.enums import OverwriteType

from bot.features.groups import store as groups_store
from bot.features.groups.models import GroupPlan
from bot.features.groups.rules import LANGUAGES
from bot.features.matching.models import Window, Wish
from bot.features.matching.service import LEFT, NO_TEXT, NO_WINDOWS, NO_ZONE, NOT_YOURS, UNKNOWN
from bot.features.matching.views.controls import (
    MATCH_ITEMS,
    NO_CURRICULUM,
    AnswerButton,
    CloseButton,
    DeclineButton,
    LanguageSelect,
    LetterButton,
    LookButton,
    SeeButton,
    StopButton,
    WindowSelect,
    ZoneButton,
    decode_wish,
    encode_wish,
    see_view,
)
from bot.features.matching.views.render import NOT_NOW, STOPPED
from bot.scheduling.models import Rhythm
from tests.bot.server import hear, labels_of, running_server, warnings_of
from tests.bot.weekly_members import buttons_of, live_until

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
BERLIN = "Europe/Berlin"
EVENINGS = Wish((Window.WEEKDAY_EVENINGS, Window.WEEKEND_EVENINGS))
TUESDAYS = Rhythm(1, 19 * 60, BERLIN)
INTRO = (
    "I look for members who fit together, 3 to 5 of them: the same step or the one beside it, hours that all of you "
    "share, a language. I propose a group to you first, and nothing happens unless you accept."
)
NO_CHANNEL = (
    "I have found members who could study together, and have no channel in which I may tell them. Set one with "
    "`/settings groups`, and allow me there: View Channel, Send Messages, Embed Links."
)


@asynccontextmanager
async def matching_server(settings, encoder, **options):
    """A server with six members: ada, grace, and four more."""
    async with running_server(settings, encoder, **options) as s:
        s.linus, s.eve, s.mary, s.alan = (
            s.guild.add_member(s.env.create_user(name)) for name in ("linus", "eve", "mary", "alan")
        )
        await s.env.settle()
        yield s


async def panel_of(s, member, channel=None):
    return (await member.slash(channel or s.channel, "group match")).response


def fields(message):
    message = getattr(message, "message", message)
    (embed,) = message.embeds
    return {field.name: field.value for field in embed.fields}


def custom_id(message, ending):
    found = [child.custom_id for row in message.message.components for child in row.children]
    return next(one for one in found if one.endswith(ending))


async def choose(member, message, what, values):
    await member.select(message, values, custom_id=custom_id(message, f":{what}"))


def chosen(message, what):
    """What is ticked in a menu."""
    menus = [child for row in message.message.components for child in row.children]
    (menu,) = [one for one in menus if one.custom_id.endswith(f":{what}")]
    return [option.value for option in menu.options if option.default]


async def look(s, *members, wish=EVENINGS, zone=BERLIN, hours=5.0):
    """They look for a group, a minute after one another."""
    services = s.client.services
    for number, member in enumerate(members):
        await services.progress.save_profile(member.id, zone=zone, hours_per_week=hours)
        await services.matching.look(member.id, s.guild.id, s.channel.id, wish)
        seconds = f"2026-01-01 00:{number:02}:00.000000"
        s.rows("UPDATE group_seekers SET made_at = ? WHERE member_id = ?", seconds, member.id)


async def match(s):
    """The next match is made, and members are told."""
    ((due,),) = s.rows("SELECT min(due_at) FROM occurrences WHERE kind = 'group_match' AND state = 'waiting'")
    at = discord.utils.parse_time(due).replace(tzinfo=s.env.now().tzinfo)
    await live_until(s, max(at, s.env.now()) + timedelta(seconds=2))


async def work(s):
    """Let what was planned be done."""
    await s.env.settle()
    await s.env.advance_time(2)


async def propose(s, *members, **options):
    """These members look for a group and are told of it; the message that tells them."""
    await look(s, *members, **options)
    await match(s)
    return s.said()[-1]


async def see(member, post):
    return (await member.click(post, label="See")).response


async def answer(post, label, *members):
    for member in members:
        seen = await see(member, post)
        await member.click(seen, label=label)
        if "Decline for everybody" in labels_of(seen.message):
            await member.click(seen, label="Decline for everybody")


async def group_of(s, *members, name="Gradients", rhythm=TUESDAYS, zone=BERLIN, **values):
    """A group that was made two weeks ago; its home."""
    before = {thread.id for thread in s.channel.threads}
    for member in members:
        await s.client.services.progress.save_profile(member.id, zone=zone, hours_per_week=5.0)
    plan = GroupPlan(s.guild.id, name, s.channel.id, rhythm, **values)
    now = s.env.now()
    async with s.client.services.matching._database.transaction() as session:
        group = await groups_store.add_group(session, plan, members[0].id, [one.id for one in members], now - 2 * WEEK)
    s.rows(
        "UPDATE occurrences SET due_at = ? WHERE kind = 'group_home' AND state = 'waiting'",
        f"{now:%Y-%m-%d %H:%M:%S.%f}",
    )
    await work(s)
    s.rows("DELETE FROM occurrences WHERE kind = 'group_prompt'")  # a check-in would only be in the way here
    await s.client.services.matching.plan_all([s.guild.id])
    (home,) = [thread for thread in s.channel.threads if thread.id not in before]
    assert s.rows("SELECT home_id FROM study_groups WHERE id = ?", group.id) == [(home.id,)]
    return home


def inside(home):
    """Who is in a thread, without the tutor."""
    return set(home._channel.thread_members) - {home._channel.owner_id}


def said_in(s, channel):
    """What the tutor has written there, without what Discord itself writes."""
    mine = [message for message in channel.history() if message.author == s.client.user]
    return [message for message in mine if message.type is discord.MessageType.default]


def mentioned_in(s, channel, message):
    allowed = s.env.backend.get_message(channel.id, message.id).allowed_mentions
    return (allowed.everyone, set(allowed.users), set(allowed.roles))


def states(s):
    return [state for (state,) in s.rows("SELECT state FROM group_proposals ORDER BY id")]


def deny(s, channel, **permissions):
    """Take permissions from the tutor in a channel; without any, give all back."""
    mine = s.guild.roles[s.client.user.name].id
    denied = discord.Permissions(**permissions).value
    s.env.backend.set_overwrite(channel.id, Overwrite(mine, OverwriteType.ROLE, 0, denied))


async def notes_channel(s):
    channel = s.guild.create_text_channel("notes")
    await s.env.settle()
    await s.client.services.guild_settings.set_notes_channel(s.guild.id, channel.id)
    return channel


def letters(member):
    """What the tutor has written to a member."""
    return [message.content for message in member.user.dm_channel.history()]


# The panel


async def test_the_panel_tells_where_one_stands_before_anything_is_kept(settings, encoder):
    async with matching_server(settings, encoder) as s:
        message = await panel_of(s, s.ada)
        assert message.ephemeral
        assert message.embeds[0].title == "Find a study group"
        assert message.embeds[0].description == INTRO
        assert message.embeds[0].colour.value == 0x3B6FB6
        assert fields(message) == {
            "You": (
                "Step 1 · you have not said how many hours a week\n"
                "I do not know your time zone yet. Press My time zone.\n"
                "Your step follows your progress, and `/start` changes your hours."
            ),
            "When you have time": "Choose it below, on your own clock. The more you choose, the sooner somebody fits.",
            "Languages": "English",
            "Now": (
                "You are not looking. Nobody else looks for a group here at the moment.\n"
                "When there is a proposal, I mention you in this server."
            ),
        }
        assert message.embeds[0].footer.text == (
            "Only you see this. To those whom I propose to you I show your name and what you share, not your hours or "
            "answers."
        )
        assert buttons_of(message) == [
            "Look for a group",
            "Also tell me by direct message",
            "My time zone",
            "Not now",
        ]
        assert chosen(message, "windows") == []
        assert chosen(message, "languages") == ["English"]
        assert s.said() == []
        assert s.rows("SELECT * FROM learners") == []


async def test_what_is_chosen_goes_on_in_the_message_and_outlives_a_restart(settings, encoder):
    async with matching_server(settings, encoder) as s:
        message = await panel_of(s, s.ada)
        await choose(s.ada, message, "windows", ["weekend_days", "weekday_nights"])
        await s.restart()
        await choose(s.ada, message, "languages", ["English", "German", "Greek"])
        await s.restart()
        await s.ada.click(message, label="Also tell me by direct message")
        assert fields(message)["When you have time"] == "Weekday nights, 22–1\nWeekends in the day, 11–17"
        assert fields(message)["Languages"] == "English, German, Greek"
        assert fields(message)["Now"].endswith("I mention you in this server, and write to you in a direct message.")
        assert chosen(message, "windows") == ["weekday_nights", "weekend_days"]
        assert chosen(message, "languages") == ["English", "German", "Greek"]
        assert "No direct messages" in buttons_of(message)
        await s.ada.click(message, label="No direct messages")
        assert "Also tell me by direct message" in buttons_of(message)
        assert s.rows("SELECT * FROM learners") == []


async def test_the_time_zone_is_asked_and_what_cannot_be_read_is_said(settings, encoder):
    async with matching_server(settings, encoder) as s:
        message = await panel_of(s, s.ada)
        await choose(s.ada, message, "windows", ["weekday_evenings"])
        opened = await s.ada.click(message, label="My time zone")
        await s.restart()
        await s.ada.submit_modal(opened, {"zone": "Neverland"})
        assert message.message.embeds[0].description.startswith("I do not know the time zone “Neverland”.")
        opened = await s.ada.click(message, label="My time zone")
        await s.ada.submit_modal(opened, {"zone": " "})
        assert message.message.embeds[0].description == NO_TEXT
        opened = await s.ada.click(message, label="My time zone")
        await s.ada.submit_modal(opened, {"zone": "Lagos"})
        assert message.message.embeds[0].description == INTRO
        assert "Africa/Lagos, where it is 01:00 now" in fields(message)["You"]
        assert chosen(message, "windows") == ["weekday_evenings"]
        assert s.rows("SELECT zone FROM learners") == [("Africa/Lagos",)]


async def test_looking_says_when_the_next_match_is_and_stopping_takes_it_back(settings, encoder):
    async with matching_server(settings, encoder) as s:
        await look(s, s.grace)
        await s.client.services.progress.save_profile(s.ada.id, zone=BERLIN, hours_per_week=7.5)
        message = await panel_of(s, s.ada)
        assert fields(message)["You"].startswith("Step 1 · 7.5 hours a week\nEurope/Berlin, where it is 01:00 now\n")
        await choose(s.ada, message, "windows", ["weekday_evenings"])
        await s.restart()
        await s.ada.click(message, label="Look for a group")
        at = format_dt(s.env.now() + HOUR, "R")
        assert message.message.embeds[0].description == (
            f"You are on the list. I match {at}, and then once a day. If nobody fits yet, you keep your place: who "
            "waits for longest comes first."
        )
        assert fields(message)["Now"] == (
            f"You have been looking since {format_dt(s.env.now(), 'D')}. 1 other member looks for a group here.\n"
            f"I match next {at}.\nWhen there is a proposal, I mention you in this server."
        )
        assert buttons_of(message)[:2] == ["Save changes", "Stop looking"]
        assert s.rows("SELECT windows, channel_id FROM group_seekers WHERE member_id = ?", s.ada.id) == [
            ('["weekday_evenings"]', s.channel.id)
        ]
        await s.restart()
        await s.ada.click(message, label="Stop looking")
        assert message.message.embeds[0].description == STOPPED
        assert chosen(message, "windows") == ["weekday_evenings"]
        assert buttons_of(message)[0] == "Look for a group"
        assert s.rows("SELECT member_id FROM group_seekers") == [(s.grace.id,)]


async def test_what_is_missing_is_one_sentence_and_the_panel_stays(settings, encoder):
    async with matching_server(settings, encoder) as s:
        message = await panel_of(s, s.ada)
        told = (await s.ada.click(message, label="Look for a group")).followups[0]
        assert (told.ephemeral, told.content) == (True, NO_ZONE)
        await s.client.services.progress.save_profile(s.ada.id, zone=BERLIN)
        told = (await s.ada.click(message, label="Look for a group")).followups[0]
        assert told.content == NO_WINDOWS
        assert message.message.embeds[0].title == "Find a study group"
        assert s.rows("SELECT * FROM group_seekers") == []


async def test_not_now_puts_the_panel_away(settings, encoder):
    async with matching_server(settings, encoder) as s:
        message = await panel_of(s, s.ada)
        await s.ada.click(message, label="Not now")
        assert message.message.content == NOT_NOW
        assert message.message.embeds == []
        assert labels_of(message.message) == []


async def test_looking_in_a_thread_is_told_in_its_channel(settings, encoder):
    async with matching_server(settings, encoder) as s:
        home = await group_of(s, s.ada, s.grace, s.linus)
        message = await panel_of(s, s.ada, home)
        await choose(s.ada, message, "windows", ["weekday_evenings"])
        await s.ada.click(message, label="Look for a group")
        assert s.rows("SELECT channel_id FROM group_seekers") == [(s.channel.id,)]


def test_what_is_chosen_fits_into_a_custom_id():
    everything = Wish(tuple(Window), LANGUAGES, by_dm=True)
    for wish in (Wish(), EVENINGS, everything, Wish((), (), by_dm=False)):
        assert decode_wish(encode_wish(wish)) == wish
    assert len(f"match:w:{encode_wish(everything)}:languages") <= 100
    assert len(LANGUAGES) <= 25
    assert len({item.__discord_ui_compiled_template__.pattern for item in MATCH_ITEMS}) == len(MATCH_ITEMS)


async def test_notes_without_a_curriculum_have_no_groups(settings, encoder):
    async with matching_server(settings, encoder) as s:
        message = await panel_of(s, s.ada)
        s.client.services = dataclasses.replace(s.client.services, matching=None)
        told = (await s.ada.click(message, label="Look for a group")).followups[0]
        assert told.content == NO_CURRICULUM


# A new group


async def test_four_members_are_told_decide_and_find_themselves_in_a_home(settings, encoder, caplog):
    async with matching_server(settings, encoder) as s:
        four = (s.ada, s.grace, s.linus, s.eve)
        post = await propose(s, *four)
        until = s.env.now() + 72 * HOUR
        (proposal,) = s.rows("SELECT expires_at, channel_id, message_id FROM group_proposals")
        until = discord.utils.parse_time(proposal[0]).replace(tzinfo=s.env.now().tzinfo)
        assert proposal[1:] == (s.channel.id, post.id)
        names = " ".join(f"<@{member.id}>" for member in sorted(four, key=lambda one: one.id))
        assert post.content == (
            f"{names}\nI may have found a study group for you. Press See: you see it alone, and it is open until "
            f"{format_dt(until, 'F')}."
        )
        assert mentioned_in(s, s.channel, post) == (False, {member.id for member in four}, set())
        assert labels_of(post) == ["See"]

        await s.restart()
        seen = await see(s.ada, post)
        assert seen.ephemeral
        assert seen.embeds[0].title == "A study group for you"
        first = format_dt(s.env.now().replace(day=4, hour=18, minute=0, second=0, microsecond=0), "F")
        assert fields(seen) == {
            "Who": names,
            "What you share": (
                "All on step 1, Sunday evenings, English.\nAll of you have time in 35 hours of the week."
            ),
            "Check-in": f"Sundays at 19:00 in Europe/Berlin.\nNext {first} on your clock.",
            "What changes": fields(seen)["What changes"],
            "So far": (
                "0 of 4 have answered.\nYou have not answered yet.\nThe group is made when everybody has answered, at "
                f"the latest {format_dt(until, 'F')}, if three or more accept."
            ),
        }
        assert fields(seen)["What changes"].startswith("You get a private thread, “The ")
        assert seen.embeds[0].footer.text == "Only you see this. How each of you answers stays private."
        assert labels_of(seen) == ["Accept", "Decline"]

        await s.restart()
        await s.ada.click(seen, label="Accept")
        assert "1 of 4 has answered.\n**You have accepted.** You can still change your mind." in fields(seen)["So far"]
        assert labels_of(seen.message) == ["Decline"]
        await s.ada.click(seen, label="Decline")
        assert "1 of 4 has answered.\n**You have declined.** You can still change your mind." in fields(seen)["So far"]
        assert labels_of(seen.message) == ["Accept"]
        await s.ada.click(seen, label="Accept")
        assert "The " not in post.content
        await answer(post, "Accept", s.grace, s.linus, s.eve)
        await work(s)

        ((name, owner_id, home_id),) = s.rows("SELECT name, owner_id, home_id FROM study_groups")
        post = said_in(s, s.channel)[-1]
        assert post.content == (
            f"This proposal was accepted: there is a new study group, “{name}”, with a home of its own."
        )
        assert labels_of(post) == []
        (home,) = s.channel.threads
        assert (home.id, home.name, owner_id) == (home_id, name, s.ada.id)
        assert inside(home) == {member.id for member in four}
        welcome = said_in(s, home)[-1]
        assert welcome.content.endswith(
            ", this is your study group. You are all on step 1, Sunday evenings, English. The next check-in is "
            f"{first}, and it comes every Sunday. Until then: say hello, and what you are working on."
        )
        assert mentioned_in(s, home, welcome) == (False, {member.id for member in four}, set())
        await s.ada.click(seen, label="Decline")
        assert seen.message.embeds[0].description == "This proposal was accepted. `/group list` shows your groups."
        assert labels_of(seen.message) == []
        assert s.rows("SELECT * FROM group_seekers") == []
        assert s.rows("SELECT kind FROM occurrences WHERE kind = 'group_prompt' AND state = 'waiting'") != []
        assert warnings_of(caplog) == []


async def test_others_who_press_see_are_told_politely(settings, encoder):
    async with matching_server(settings, encoder) as s:
        post = await propose(s, s.ada, s.grace, s.linus)
        told = await see(s.alan, post)
        assert (told.ephemeral, told.content) == (True, NOT_YOURS)
        assert s.rows("SELECT count(*) FROM learners") == [(3,)]


async def test_what_did_not_come_about_is_told_without_saying_who_declined(settings, encoder):
    async with matching_server(settings, encoder) as s:
        post = await propose(s, s.ada, s.grace, s.linus)
        await answer(post, "Accept", s.ada)
        seen = await see(s.grace, post)
        await s.grace.click(seen, label="Decline")
        assert seen.message.content == (
            "Declining ends this proposal for everybody, as fewer than three would be left. Nobody is told who "
            "declined."
        )
        assert labels_of(seen.message) == ["Decline for everybody", "Back"]
        await s.restart()
        await s.grace.click(seen, label="Back")
        assert (seen.message.content, labels_of(seen.message)) == ("", ["Accept", "Decline"])
        assert states(s) == ["open"]
        await s.grace.click(seen, label="Decline")
        await s.grace.click(seen, label="Decline for everybody")
        assert seen.message.embeds[0].description == (
            "Nothing came of this proposal, and that is fine. Whoever looks for a group is still on the list."
        )
        await work(s)
        again = format_dt(s.env.now().replace(minute=0, second=0, microsecond=0) + DAY, "R")
        post = said_in(s, s.channel)[-1]
        assert "<@" not in post.content
        assert post.content.startswith(
            "Nothing came of this proposal, and that is fine. Whoever looks for a group is still on the list. I match "
            "again <t:"
        )
        assert again[:8] == post.content[post.content.index("<t:") :][:8]
        assert labels_of(post) == []
        assert s.rows("SELECT count(*) FROM group_seekers") == [(3,)]
        assert s.channel.threads == []
        assert fields(await panel_of(s, s.ada))["Now"].startswith("You have been looking since")


async def test_a_proposal_that_nobody_answers_ends_after_three_days(settings, encoder, caplog):
    async with matching_server(settings, encoder) as s:
        post = await propose(s, s.ada, s.grace, s.linus)
        await answer(post, "Accept", s.ada, s.grace)
        seen = await see(s.linus, post)
        await live_until(s, s.env.now() + 72 * HOUR + MINUTE)
        await work(s)
        assert states(s) == ["expired"]
        assert said_in(s, s.channel)[-1].content.startswith("Nothing came of this proposal, and that is fine.")
        await s.linus.click(seen, label="Accept")
        assert labels_of(seen.message) == []
        assert seen.message.embeds[0].description.startswith("Nothing came of this proposal")
        assert warnings_of(caplog) == []


async def test_who_has_left_the_server_is_found_out_and_looks_no_more(settings, encoder):
    async with matching_server(settings, encoder) as s:
        post = await propose(s, s.ada, s.grace, s.linus, s.eve)
        await answer(post, "Accept", s.ada, s.grace)
        s.guild.remove_member(s.linus)
        await live_until(s, s.env.now() + 72 * HOUR + MINUTE)
        await work(s)
        assert states(s) == ["expired"]
        looking = {member_id for (member_id,) in s.rows("SELECT member_id FROM group_seekers")}
        assert looking == {s.ada.id, s.grace.id, s.eve.id}


async def test_the_panel_leads_to_an_open_proposal(settings, encoder):
    async with matching_server(settings, encoder) as s:
        await propose(s, s.ada, s.grace, s.linus)
        message = await panel_of(s, s.ada)
        assert "**There is a proposal for you:** press See." in fields(message)["Now"]
        seen = await see(s.ada, message)
        assert seen.embeds[0].title == "A study group for you"


async def test_a_proposal_that_is_gone_is_explained(settings, encoder):
    async with matching_server(settings, encoder) as s:
        forged = await s.client.get_channel(s.channel.id).send("forged", view=see_view(99))
        await s.env.settle()
        assert (await see(s.ada, forged)).content == UNKNOWN


async def test_who_deletes_everything_vanishes_from_a_proposal(settings, encoder):
    async with matching_server(settings, encoder) as s:
        post = await propose(s, s.ada, s.grace, s.linus)
        await s.client.services.privacy.delete_member(s.linus.id)
        seen = await see(s.ada, post)
        assert labels_of(seen) == []
        await work(s)
        assert states(s) == ["declined"]
        assert str(s.linus.id) not in said_in(s, s.channel)[-1].content


# Where members are told


async def test_the_channel_of_groups_comes_first(settings, encoder):
    async with matching_server(settings, encoder) as s:
        groups = s.guild.create_text_channel("study-groups")
        await s.env.settle()
        await s.client.services.guild_settings.set_groups_channel(s.guild.id, groups.id)
        await look(s, s.ada, s.grace, s.linus)
        await match(s)
        (post,) = said_in(s, groups)
        assert s.said() == []
        await answer(post, "Accept", s.ada, s.grace, s.linus)
        await work(s)
        (home,) = groups.threads
        assert inside(home) == {s.ada.id, s.grace.id, s.linus.id}


async def test_a_channel_that_is_gone_is_replaced_by_another_one(settings, encoder):
    async with matching_server(settings, encoder) as s:
        groups = s.guild.create_text_channel("study-groups")
        await s.env.settle()
        await s.client.services.guild_settings.set_groups_channel(s.guild.id, groups.id)
        await look(s, s.ada, s.grace, s.linus)
        deny(s, groups, send_messages=True)
        await match(s)
        assert len(s.said()) == 1
        assert s.rows("SELECT channel_id FROM group_proposals") == [(s.channel.id,)]


async def test_without_a_channel_the_admins_are_told_once_and_it_goes_on_when_that_is_mended(settings, encoder):
    async with matching_server(settings, encoder) as s:
        notes = await notes_channel(s)
        await look(s, s.ada, s.grace, s.linus, s.eve, s.mary, s.alan)
        deny(s, s.channel, send_messages=True)
        await match(s)
        await s.env.advance_time(40)
        assert [message.content for message in notes.history()] == [NO_CHANNEL]
        assert states(s) == ["open", "open"]
        deny(s, s.channel)
        await s.env.advance_time(180)
        assert len(s.said()) == 2


async def test_what_cannot_be_told_for_hours_is_proposed_again_the_next_day(settings, encoder):
    async with matching_server(settings, encoder) as s:
        await look(s, s.ada, s.grace, s.linus)
        deny(s, s.channel, send_messages=True)
        await match(s)
        for minutes in (1, 3, 9, 33, 61):
            await s.env.advance_time(60 * minutes)
        assert states(s) == []
        assert s.rows("SELECT state, tries FROM occurrences WHERE kind = 'group_propose'") == [("failed", 6)]
        deny(s, s.channel)
        await match(s)
        assert states(s) == ["open"]
        assert len(s.said()) == 1


async def test_who_asked_for_it_gets_a_direct_message_and_can_decide_there(settings, encoder):
    async with matching_server(settings, encoder) as s:
        await look(s, s.ada, wish=dataclasses.replace(EVENINGS, by_dm=True))
        await look(s, s.grace, s.linus)
        await match(s)
        (letter,) = s.ada.user.dm_channel.history()
        until = s.rows("SELECT expires_at FROM group_proposals")[0][0]
        at = discord.utils.parse_time(until).replace(tzinfo=s.env.now().tzinfo)
        assert letter.content == f"I may have found a study group for you. It is open until {format_dt(at, 'F')}."
        assert labels_of(letter) == ["See"]
        assert s.grace.user.dm_channel is None or s.grace.user.dm_channel.history() == []
        seen = await see(s.ada.user, letter)
        await s.ada.user.click(seen, label="Decline")
        await s.ada.user.click(seen, label="Decline for everybody")
        await work(s)
        assert letters(s.ada)[-1].startswith("Nothing came of this proposal, and that is fine.")
        assert states(s) == ["declined"]


async def test_closed_direct_messages_fall_back_to_the_channel(settings, encoder, caplog):
    async with matching_server(settings, encoder) as s:
        await look(s, s.ada, s.grace, s.linus, wish=dataclasses.replace(EVENINGS, by_dm=True))
        for member in (s.ada, s.grace, s.linus):
            channel = await s.client.create_dm(discord.Object(member.id))
            if member is s.ada:
                path = f"/channels/{channel.id}/messages"
                s.env.inject_error("POST", path, status=403, code=50007, times=None)
        await match(s)
        (post,) = s.said()
        assert mentioned_in(s, s.channel, post)[1] == {s.ada.id, s.grace.id, s.linus.id}
        assert letters(s.ada) == []
        assert len(letters(s.grace)) == 1
        assert s.rows("SELECT state FROM occurrences WHERE kind = 'group_propose'") == [("done",)]
        assert warnings_of(caplog) == []


# Crashes


def fail_once(s, monkeypatch, name, error=TimeoutError):
    """The database is away when this is recorded for the first time."""
    service, calls = s.client.services.matching, []
    record = getattr(service, name)

    async def fail(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise error
        await record(*arguments)

    monkeypatch.setattr(service, name, fail)


@pytest.mark.parametrize("name", ["record_post", "record_told"])
async def test_what_was_not_recorded_is_not_said_again(settings, encoder, monkeypatch, name):
    async with matching_server(settings, encoder) as s:
        fail_once(s, monkeypatch, name)
        await look(s, s.ada, s.grace, s.linus, wish=dataclasses.replace(EVENINGS, by_dm=True))
        await match(s)
        await s.env.advance_time(60)
        (post,) = s.said()
        assert s.rows("SELECT message_id FROM group_proposals") == [(post.id,)]
        assert [len(letters(member)) for member in (s.ada, s.grace, s.linus)] == [1, 1, 1]
        assert s.rows("SELECT state, tries FROM occurrences WHERE kind = 'group_propose'") == [("done", 2)]


async def test_what_was_not_recorded_in_a_home_is_not_said_again(settings, encoder, monkeypatch):
    async with matching_server(settings, encoder) as s:
        homes = [await group_of(s, s.ada, s.grace), await group_of(s, s.linus, name="Kernels")]
        fail_once(s, monkeypatch, "record_post")
        await match(s)
        await s.env.advance_time(60)
        posts = [[one for one in said_in(s, home) if "See" in labels_of(one)] for home in homes]
        assert [len(found) for found in posts] == [1, 1]
        await answer(posts[0][0], "Decline", s.ada)
        await work(s)
        assert [labels_of(said_in(s, home)[-1]) for home in homes] == [[], []]


async def test_a_crash_after_the_decision_welcomes_nobody_twice(settings, encoder, monkeypatch):
    async with matching_server(settings, encoder) as s:
        post = await propose(s, s.ada, s.grace, s.linus)
        fail_once(s, monkeypatch, "record_told", asyncio.CancelledError)
        await answer(post, "Accept", s.ada, s.grace, s.linus)
        await work(s)
        await live_until(s, s.env.now() + 20 * MINUTE)
        (home,) = s.channel.threads
        assert len([message for message in said_in(s, home) if message.content]) == 1
        assert labels_of(said_in(s, s.channel)[-1]) == []
        assert s.rows("SELECT count(*) FROM study_groups") == [(1,)]


async def test_a_home_that_cannot_be_opened_is_left_to_the_groups(settings, encoder):
    async with matching_server(settings, encoder) as s:
        post = await propose(s, s.ada, s.grace, s.linus)
        deny(s, s.channel, create_private_threads=True)
        await answer(post, "Accept", s.ada, s.grace, s.linus)
        await work(s)
        assert states(s) == ["accepted"]
        assert labels_of(said_in(s, s.channel)[0]) == []
        deny(s, s.channel)
        await s.env.advance_time(180)
        assert s.rows("SELECT state FROM study_groups") == [("active",)]
        (home,) = s.channel.threads
        assert inside(home) == {s.ada.id, s.grace.id, s.linus.id}


# Groups that exist


async def test_a_small_group_and_seekers_are_told_each_where_they_are(settings, encoder, caplog):
    async with matching_server(settings, encoder) as s:
        home = await group_of(s, s.ada, s.grace)
        await look(s, s.linus, s.eve)
        await match(s)
        in_home, outside = said_in(s, home)[-1], said_in(s, s.channel)[-1]
        assert mentioned_in(s, home, in_home)[1] == {s.ada.id, s.grace.id}
        assert mentioned_in(s, s.channel, outside)[1] == {s.linus.id, s.eve.id}
        assert "This group has few members by now, and I may have found somebody for it." in in_home.content
        assert "I may have found a study group for you." in outside.content
        assert "Gradients" not in outside.content

        seen = await see(s.linus, outside)
        assert seen.embeds[0].title == "More members for a study group"
        assert set(fields(seen)) == {
            "In the group",
            "Would join",
            "What you share",
            "Check-in",
            "What changes",
            "So far",
        }
        private = "2 members of a private group. You meet when everybody has accepted."
        assert fields(seen)["In the group"] == private
        assert fields(seen)["Would join"] == f"<@{s.linus.id}> <@{s.eve.id}>"
        assert fields(await see(s.ada, in_home))["In the group"] == f"<@{s.ada.id}> <@{s.grace.id}>"
        assert fields(await see(s.ada, in_home))["Would join"] == f"<@{s.linus.id}> <@{s.eve.id}>"
        assert fields(seen)["What changes"] == (
            "“Gradients” stays as it is, with its hours and its home, and has more members."
        )
        await s.linus.click(seen, label="Accept")
        await answer(outside, "Decline", s.eve)
        await answer(in_home, "Accept", s.ada)
        assert inside(home) == {s.ada.id, s.grace.id}
        await answer(in_home, "Accept", s.grace)
        await work(s)
        assert inside(home) == {s.ada.id, s.grace.id, s.linus.id}
        welcome = said_in(s, home)[-1]
        assert welcome.content.startswith(
            f"<@{s.linus.id}>, welcome to this group. All of its members wanted you here."
        )
        assert mentioned_in(s, home, welcome)[1] == {s.linus.id}
        assert said_in(s, home)[-2].content == "This proposal was accepted."
        assert said_in(s, s.channel)[-1].content == "This proposal was accepted."
        assert labels_of(said_in(s, home)[-2]) == labels_of(said_in(s, s.channel)[-1]) == []
        assert s.rows("SELECT member_id FROM group_seekers") == [(s.eve.id,)]
        assert warnings_of(caplog) == []


async def test_the_members_of_a_group_that_is_no_secret_are_named(settings, encoder):
    async with matching_server(settings, encoder) as s:
        await group_of(s, s.ada, s.grace, is_private=False)
        await look(s, s.linus, s.eve)
        await match(s)
        seen = await see(s.linus, said_in(s, s.channel)[-1])
        assert fields(seen)["In the group"] == f"<@{s.ada.id}> <@{s.grace.id}>"


async def test_one_member_who_declines_keeps_a_group_as_it_is(settings, encoder):
    async with matching_server(settings, encoder) as s:
        home = await group_of(s, s.ada, s.grace)
        await look(s, s.linus, s.eve)
        await match(s)
        await answer(said_in(s, s.channel)[-1], "Accept", s.linus, s.eve)
        await answer(said_in(s, home)[-1], "Decline", s.grace)
        await work(s)
        text = "Nothing came of this proposal, and that is fine. Everything stays as it is."
        assert said_in(s, home)[-1].content == said_in(s, s.channel)[-1].content == text
        assert inside(home) == {s.ada.id, s.grace.id}


async def test_a_home_out_of_reach_is_told_in_the_channel(settings, encoder):
    async with matching_server(settings, encoder) as s:
        home = await group_of(s, s.ada, s.grace)
        await look(s, s.linus, s.eve)
        s.env.inject_error("POST", f"/channels/{home.id}/messages", status=403, code=50001, times=None)
        await match(s)
        (post,) = [message for message in said_in(s, s.channel) if "See" in labels_of(message)]
        assert mentioned_in(s, s.channel, post)[1] == {s.ada.id, s.grace.id, s.linus.id, s.eve.id}


async def test_two_small_groups_become_one_in_the_home_of_the_larger_one(settings, encoder, caplog):
    async with matching_server(settings, encoder) as s:
        larger = await group_of(s, s.ada, s.grace, name="Tensors")
        smaller = await group_of(s, s.linus, name="*Kernels*", rhythm=Rhythm(3, 20 * 60, BERLIN))
        await match(s)
        posts = {home.name: said_in(s, home)[-1] for home in (larger, smaller)}
        assert mentioned_in(s, larger, posts["Tensors"])[1] == {s.ada.id, s.grace.id}
        assert mentioned_in(s, smaller, posts["*Kernels*"])[1] == {s.linus.id}
        seen = await see(s.linus, posts["*Kernels*"])
        assert seen.embeds[0].title == "Two small groups as one"
        assert fields(seen)["What changes"] == (
            "“Tensors” and “\\*Kernels\\*” become one, “Tensors”, with its hours and its home. The other home is "
            "closed with what was written in it."
        )
        assert fields(seen)["Check-in"].startswith("Tuesdays at 19:00 in Europe/Berlin.")
        assert fields(seen)["In the group"].startswith("2 members of a private group.")
        assert fields(seen)["Would join"] == f"<@{s.linus.id}>"
        assert fields(await see(s.ada, posts["Tensors"]))["Would join"].startswith("1 member of a private group.")
        await s.linus.click(seen, label="Accept")
        await answer(posts["Tensors"], "Accept", s.ada, s.grace)
        await work(s)
        assert inside(larger) == {s.ada.id, s.grace.id, s.linus.id}
        assert said_in(s, larger)[-1].content.startswith(f"<@{s.linus.id}>, welcome to this group.")
        assert said_in(s, smaller)[-1].content == (
            "This group was merged into Tensors. What you wrote stays here to read."
        )
        assert s.client.get_guild(s.guild.id).get_thread(smaller.id) is None  # archived
        assert s.rows("SELECT name, state FROM study_groups ORDER BY id") == [
            ("Tensors", "active"),
            ("*Kernels*", "ended"),
        ]
        assert said_in(s, s.channel) == []
        assert warnings_of(caplog) == []


async def test_a_big_group_is_split_and_those_who_leave_get_a_home(settings, encoder, caplog):
    async with matching_server(settings, encoder) as s:
        six = (s.ada, s.grace, s.linus, s.eve, s.mary, s.alan)
        home = await group_of(s, *six)
        for member in (s.eve, s.mary, s.alan):
            await s.client.services.progress.save_profile(member.id, zone="America/Los_Angeles")
        await match(s)
        post = said_in(s, home)[-1]
        assert mentioned_in(s, home, post)[1] == {member.id for member in six}
        seen = await see(s.ada, post)
        assert seen.embeds[0].title == "One big group as two"
        assert set(fields(seen)["Would stay"].split()) == {f"<@{member.id}>" for member in six[:3]}
        assert set(fields(seen)["Would have a group of their own"].split()) == {f"<@{one.id}>" for one in six[3:]}
        assert fields(seen)["What changes"].startswith("“Gradients” keeps its home and its hours. The others get")
        await answer(post, "Accept", *six)
        await work(s)
        await work(s)
        (new,) = [thread for thread in s.channel.threads if thread.id != home.id]
        assert inside(home) == {member.id for member in six[:3]}
        assert inside(new) == {member.id for member in six[3:]}
        assert said_in(s, home)[-1].content == (
            f"This proposal was accepted: there is a new study group, “{new.name}”, with a home of its own."
        )
        welcome = said_in(s, new)[-1]
        assert "this is your study group from now on." in welcome.content
        assert mentioned_in(s, new, welcome)[1] == {member.id for member in six[3:]}
        assert s.rows("SELECT zone FROM study_groups ORDER BY id") == [(BERLIN,), ("America/Los_Angeles",)]
        assert warnings_of(caplog) == []


async def test_matching_goes_on_after_a_restart_and_where_it_was_forgotten(settings, encoder):
    async with matching_server(settings, encoder) as s:
        await look(s, s.ada, s.grace, s.linus)
        s.rows("DELETE FROM occurrences WHERE kind = 'group_match'")
        await s.restart()
        await work(s)
        await match(s)
        assert len(s.said()) == 1


async def test_a_server_that_the_tutor_has_left_is_not_matched(settings, encoder, caplog):
    async with matching_server(settings, encoder) as s:
        await look(s, s.ada, s.grace, s.linus)
        s.rows("UPDATE group_seekers SET guild_id = 5")
        s.rows("UPDATE occurrences SET subject_id = 5 WHERE kind = 'group_match'")
        await live_until(s, s.env.now() + HOUR + MINUTE)
        assert s.rows("SELECT state, note FROM occurrences WHERE kind = 'group_match'") == [
            ("skipped", "the tutor is not in this server")
        ]
        assert states(s) == []
        assert warnings_of(caplog) == []


async def test_matching_is_called_off_with_the_server_and_goes_on_with_it(settings, encoder):
    async with matching_server(settings, encoder) as s:
        await look(s, s.ada, s.grace, s.linus)
        await work(s)
        guild = s.client.get_guild(s.guild.id)
        await hear(s, "on_guild_remove", guild)
        planned = "SELECT subject_id FROM occurrences WHERE kind = 'group_match' AND state = 'waiting'"
        assert s.rows(planned) == []
        s.rows("UPDATE group_seekers SET guild_id = 5")
        await s.restart()
        await work(s)
        assert s.rows(planned) == []
        s.rows("UPDATE group_seekers SET guild_id = ?", s.guild.id)
        await hear(s, "on_guild_join", s.client.get_guild(s.guild.id))
        assert s.rows(planned) == [(s.guild.id,)]


# Buttons that are months old, or for others


async def test_who_is_in_the_group_no_more_learns_nothing_of_who_would_join_it(settings, encoder):
    async with matching_server(settings, encoder) as s:
        home = await group_of(s, s.ada, s.grace, is_private=False)
        await look(s, s.eve, s.linus)
        await match(s)
        post = said_in(s, home)[-1]
        seen = await see(s.grace, post)
        assert str(s.eve.id) in str(fields(seen))
        await s.client.services.groups.leave(1, s.grace.id)
        assert (await see(s.grace, post)).content == LEFT
        told = await s.grace.click(seen, label="Accept")
        assert told.followups[-1].content == LEFT
        assert s.rows("SELECT answer FROM proposal_members WHERE answer IS NOT NULL") == []
        assert (await see(s.mary, post)).content == NOT_YOURS


async def test_a_proposal_for_a_group_that_has_ended_has_come_to_nothing(settings, encoder):
    async with matching_server(settings, encoder) as s:
        home = await group_of(s, s.ada, s.grace)
        await look(s, s.eve, s.linus)
        await match(s)
        post = said_in(s, home)[-1]
        seen = await see(s.ada, post)
        theirs = await see(s.eve, s.said()[-1])
        await s.client.services.groups.end(1, s.ada.id)
        await s.eve.click(theirs, label="Accept")
        assert theirs.message.embeds[0].description.startswith("Nothing came of this proposal, and that is fine.")
        assert labels_of(theirs.message) == []
        await s.ada.click(seen, label="Accept")
        assert seen.message.embeds[0].description == theirs.message.embeds[0].description
        await work(s)
        assert states(s) == ["declined"]


async def test_the_panel_works_for_whoever_presses_it_and_in_a_server_only(settings, encoder):
    async with matching_server(settings, encoder) as s:
        view, wish = discord.ui.View(timeout=None), EVENINGS
        personal = (WindowSelect, LanguageSelect, LetterButton, LookButton, ZoneButton)
        for item in (*(part(wish) for part in personal), StopButton(), CloseButton()):
            view.add_item(item)
        assert {*personal, StopButton, CloseButton, SeeButton, AnswerButton, DeclineButton} == set(MATCH_ITEMS)
        dm = await s.client.create_dm(discord.Object(s.ada.id))
        letter = await dm.send("forged", view=view)
        await s.env.settle()
        for item in view.children:
            if isinstance(item, CloseButton):
                continue
            if isinstance(item, WindowSelect | LanguageSelect):
                values = [Window.WEEKDAY_EVENINGS] if isinstance(item, WindowSelect) else ["English"]
                told = await s.ada.user.select(letter, values, custom_id=item.custom_id)
            else:
                told = await s.ada.user.click(letter, custom_id=item.custom_id)
            read = [one.content for one in (told.response, *told.followups) if one is not None]
            assert read[-1] == "This works in a server only.", item
        assert s.rows("SELECT * FROM learners") == s.rows("SELECT * FROM group_seekers") == []
