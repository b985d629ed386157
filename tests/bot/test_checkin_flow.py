"""The weekly check-in of a study group on a simulated Discord: asked, answered, shown, replied to, summed up."""

import asyncio
from datetime import UTC, datetime, timedelta

import discord
import pytest
from discord.utils import format_dt
from simcord.backend.models.channel import Overwrite
from simcord.enums import OverwriteType

from bot.features.checkin.rules.suggestions import DONE
from bot.features.checkin.service import EMPTY, NO_REPLY, NOT_SENT, NOT_SHOWN, OWN, TOO_LATE
from bot.features.checkin.standing import NOT_A_MEMBER, UNKNOWN
from bot.features.checkin.views import post_buttons, prompt_buttons
from bot.features.checkin.views.controls import (
    AWAY,
    DISCARDED,
    HERE,
    IN_ALREADY,
    NOT_YOUR_GROUP,
    REPLIED,
    SOMEBODY_ELSES,
    THANK_YOU,
    Act,
    WeekButton,
)
from bot.features.checkin.views.render import CLOSED, NO_GROUP, NOTHING_MADE
from bot.features.groups.views.homes import open_home
from bot.features.plan.models import PlanText
from bot.features.plan.service import NO_TEXT
from bot.features.progress.models import State
from bot.ui.errors import APOLOGY
from bot.ui.typed import IN_FILE, TO_COPY
from tests.bot.checkin_members import (
    CLOSES,
    FORM,
    MONDAY,
    SECOND,
    check_in,
    fields_of,
    group_server,
    home_of,
    make_group,
    menus_of,
    pings,
    posts,
    submit,
    write,
)
from tests.bot.server import labels_of, text_of, warnings_of
from tests.bot.weekly_members import buttons_of, come_back_at, live_until

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
SECRET = "Backpropagation through time is beyond me"


async def begin(s, *members, **options):
    """The first check-in of a group has just been asked for; the group and the message."""
    group = await make_group(s, *(members or (s.ada, s.grace, s.eve)), **options)
    await live_until(s, MONDAY + SECOND)
    (prompt,) = posts(s, group)
    return group, prompt


async def close(s, group):
    """The check-in has just closed; how it went."""
    await live_until(s, CLOSES + SECOND)
    return posts(s, group)[-1]


def work(s, kind):
    return s.rows("SELECT slot, state, note FROM occurrences WHERE kind = ? ORDER BY id", kind)


def checkins(s):
    return s.rows("SELECT member_id, state, outcome, message_id FROM checkins ORDER BY id")


def public_text(s):
    """Everything that anybody but one member could read, in the home and in the channel."""
    messages = [message for thread in s.channel.threads for message in thread.history()]
    return "\n".join(text_of(message) for message in [*messages, *s.channel.history()])


async def forge(s, group, view):
    """Buttons that a client remembers from before; a message with them."""
    message = await s.client.get_channel(group.home_id).send("forged", view=view)
    await s.env.settle()
    return message


def week_view(*acts, week_id=1):
    view = discord.ui.View(timeout=None)
    for act in acts:
        view.add_item(WeekButton(week_id, act))
    return view


def deny(s, channel, **permissions):
    """Take permissions from the tutor in a channel; without any, give all back."""
    mine = s.guild.roles[s.client.user.name].id
    denied = discord.Permissions(**permissions).value
    s.env.backend.set_overwrite(channel.id, Overwrite(mine, OverwriteType.ROLE, 0, denied))


def told(s):
    """What somebody who can act was told, in the channel of the home."""
    return [message.content for message in s.said() if message.type is discord.MessageType.default]


async def try_again_until(s, moment):
    """Each try of a piece of work that cannot be done, without the time between them."""
    while True:
        rows = s.rows("SELECT lease_until FROM occurrences WHERE state = 'waiting' AND lease_until IS NOT NULL")
        if not rows:
            return
        next_try = datetime.fromisoformat(rows[0][0]).replace(tzinfo=UTC)
        assert next_try < moment
        await come_back_at(s, next_try + SECOND)
        await s.env.settle()


def fail_once(s, monkeypatch, name, error=TimeoutError):
    """The database is away when this is recorded for the first time."""
    service, calls = s.client.services.checkin, []
    record = getattr(service, name)

    async def fail(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 1:
            raise error
        await record(*arguments, **options)

    monkeypatch.setattr(service, name, fail)


# A whole week


async def test_a_week_of_a_group_of_three_from_the_question_to_the_next_one(settings, encoder, caplog):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace, s.eve, goal="Three *lessons*")
        ada, grace = s.ada.mention, s.grace.mention
        await live_until(s, MONDAY - SECOND)
        assert posts(s, group) == []
        await s.env.advance_time(2)
        (prompt,) = posts(s, group)
        assert text_of(prompt) == (
            "\nCheck-in, week of 5 January\n"
            "How did your week go? It takes two minutes, and you see what the group will see before anything is "
            "sent.\n"
            f"Open until {format_dt(CLOSES, 'f')} ({format_dt(CLOSES, 'R')}).\n"
            "Our goal\nThree \\*lessons\\*\n"
            "Partners this week\n**grace** replies to **ada**\n**eve** replies to **grace**\n**ada** replies to **eve**"
        )
        assert labels_of(prompt) == ["Check in", "My plan", "Away this week"]
        assert pings(s, prompt) == []

        panel = await write(
            s.ada,
            prompt,
            outcome=["partly"],
            evidence="https://github.com/ada/_nets_ *six* hours",
            learned="Why <b> matters",
            next="Lesson 4",
        )
        assert panel.ephemeral
        preview = panel.embeds[0]
        assert panel.content == "**This is exactly what Night owls will see.** Nothing is sent yet."
        assert preview.title == "Check-in: Partly"
        assert preview.description == "**ada**"
        assert fields_of(panel) == {
            "Evidence": "- https://github.com/ada/_nets_ \\*six\\* hours",
            "What I learned": "Why \\<b\\> matters",
            "Next plan": "Lesson 4",
        }
        assert len(panel.embeds) == 1
        assert buttons_of(panel) == [
            "Show to my group",
            "Keep it private",
            "Change",
            "Make it an if-then plan",
            "Discard",
        ]
        assert len(posts(s, group)) == 1
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        _, post = posts(s, group)
        assert post.embeds[0].to_dict() == preview.to_dict()
        assert post.content == (f"{grace}, you are {ada}'s partner this week: one question or a word of encouragement?")
        assert pings(s, post) == [s.grace.id]
        assert labels_of(post) == ["Reply"]
        assert panel.content == (
            f"You have checked in, thank you. Your group sees this in <#{group.home_id}>:\n"
            "Your rhythm: your first planned week."
        )
        assert panel.embeds[0].to_dict() == preview.to_dict()
        assert buttons_of(panel) == ["Go to my group", "Edit", "Withdraw"]

        suggested = (await s.grace.click(post, label="Reply")).response
        assert suggested.ephemeral
        text = suggested.embeds[0].description
        assert len(posts(s, group)) == 2
        sent = await s.grace.click(suggested, label="Send it as it is")
        assert (suggested.content, suggested.embeds, buttons_of(suggested)) == (REPLIED, [], [])
        assert sent.followups == []
        await s.env.advance_time(1)
        reply = posts(s, group)[-1]
        assert reply.content == f"{grace} asks {ada}: {text.replace('-', chr(92) + '-')}"
        assert reply.reference.message_id == post.id
        assert pings(s, reply) == [s.ada.id]

        await check_in(s, s.grace, prompt, label="Keep it private", outcome=["done"], learned=SECRET)
        assert len(posts(s, group)) == 3
        digest = await close(s, group)
        assert text_of(digest) == (
            "\nHow the week of 5 January went\n"
            "2 of 3 checked in.\n"
            "1 reply among you.\n"
            f"1 had a quiet week. They can make it up until {format_dt(CLOSES + WEEK, 'f')}.\n"
            "Who checked in\n**ada** · Partly · first planned week\n**grace** · checked in privately · first planned "
            "week\n"
            "Our goal\nThree \\*lessons\\*\n"
            f"What is next\n**ada**: Lesson 4\nNext check-in: {format_dt(MONDAY + WEEK, 'F')}"
        )
        assert pings(s, digest) == []
        assert labels_of(digest) == ["Make it up", "My rhythm"]
        prompt = posts(s, group)[0]
        assert prompt.embeds[0].description == "Closed. How the week went stands below."
        assert labels_of(prompt) == []
        assert SECRET not in public_text(s)

        await live_until(s, MONDAY + WEEK + SECOND)
        second = posts(s, group)[-1]
        assert second.embeds[0].title == "Check-in, week of 12 January"
        assert "**eve** replies to **ada**" in text_of(second)
        opened = await s.ada.click(second, label="Check in")
        label = opened.modal["components"][0]
        assert (label["label"], label["description"]) == ("How did it go?", "Your plan: Lesson 4")
        await submit(s.ada, opened, outcome=["done"])
        assert [slot for slot, _, _ in work(s, "group_prompt")] == ["2026-W02", "2026-W03", "2026-W04"]
        assert warnings_of(caplog) == []


async def test_an_earlier_check_in_can_still_be_taken_back(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        await check_in(s, s.ada, prompt, learned="zircon")
        await live_until(s, MONDAY + WEEK + SECOND)
        assert "zircon" in public_text(s)
        found = await overview(s, s.ada)
        assert buttons_of(found)[:2] == ["Check in", "My check-in, week of 5 January"]
        mine = (await s.ada.click(found, label="My check-in, week of 5 January")).response
        await s.ada.click(mine, label="Withdraw")
        await s.env.advance_time(1)
        assert "zircon" not in public_text(s)
        assert "My check-in, week of 5 January" not in buttons_of(await overview(s, s.ada))
        assert len(posts(s, group)) == 3


async def test_nobody_checked_in_is_told_kindly(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, _ = await begin(s)
        digest = await close(s, group)
        assert text_of(digest) == (
            "\nHow the week of 5 January went\n"
            "Nobody had time for a check-in this week, and such weeks happen.\n"
            "One thing for the next: each of you writes down one small plan with `/plan`. Ten minutes of it are "
            "enough.\n"
            f"Whoever likes can make this week up until {format_dt(CLOSES + WEEK, 'f')}.\n"
            f"What is next\nNext check-in: {format_dt(MONDAY + WEEK, 'F')}"
        )


async def test_a_member_who_is_away_is_asked_nothing_and_everybody_away_means_no_question(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace, s.eve)
        groups = s.client.services.groups
        await groups.pause_member(group.id, s.eve.id, MONDAY + DAY)
        await live_until(s, MONDAY + SECOND)
        (prompt,) = posts(s, group)
        assert fields_of(prompt) == {"Partners this week": "**grace** replies to **ada**\n**ada** replies to **grace**"}
        digest = await close(s, group)
        assert "1 was away." in text_of(digest)
        for member in (s.ada, s.grace, s.eve):
            await groups.pause_member(group.id, member.id, MONDAY + WEEK + DAY)
        await live_until(s, MONDAY + WEEK + HOUR)
        assert len(posts(s, group)) == 2
        assert work(s, "group_prompt")[1] == ("2026-W03", "skipped", "Everybody is away.")


# Writing


async def test_the_window_asks_for_the_plan_and_begins_with_what_next_suggests(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        await s.client.services.plan.save(s.ada.id, group.id, PlanText("Rebuild *lesson 3* " + "again " * 30))
        await live_until(s, MONDAY + SECOND)
        (prompt,) = posts(s, group)
        modal = (await s.ada.click(prompt, label="Check in")).modal
        labels = modal["components"]
        assert labels[0]["label"] == "How did it go?"
        assert labels[0]["description"].startswith("Your plan: Rebuild *lesson 3* again again")
        assert len(labels[0]["description"]) <= 100
        assert [label["label"] for label in labels[1:]] == [
            "Evidence",
            "What I learned",
            "What blocks me",
            "My next plan",
        ]
        assert labels[3]["description"] == "Only you see this, unless you show it."
        assert labels[4]["component"]["value"] == (
            "Lesson 1: Getting started · Practical Deep Learning for Coders, 40 min of it"
        )
        modal = (await s.grace.click(prompt, label="Check in")).modal
        assert modal["components"][0]["label"] == "How did your week go?"
        options = modal["components"][0]["component"]["options"]
        assert [option["label"] for option in options] == ["Done", "Partly", "Not this time"]


async def test_the_window_opens_without_a_suggestion_if_that_takes_too_long(settings, encoder, monkeypatch):
    async with group_server(settings, encoder) as s:
        _, prompt = await begin(s)

        async def dawdle(*_):
            raise TimeoutError

        monkeypatch.setattr(s.client.services.plan, "draft", dawdle)
        modal = (await s.ada.click(prompt, label="Check in")).modal
        assert "value" not in modal["components"][4]["component"]


async def test_a_window_that_was_open_during_a_restart_still_counts(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        opened = await s.ada.click(prompt, label="Check in")
        await s.restart()
        panel = await submit(s.ada, opened, evidence="Notebook 2")
        assert fields_of(panel) == {"Evidence": "- Notebook 2"}
        await s.restart()
        opened = await s.ada.click(panel, label="Change")
        await s.restart()
        changed = await s.ada.submit_modal(opened, {"outcome": ["not"], "evidence": "Notebook 3"})
        assert changed.response.id == panel.id
        assert panel.embeds[0].title == "Check-in: Not this time"
        await s.restart()
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        assert fields_of(posts(s, group)[-1]) == {"Evidence": "- Notebook 3"}


async def test_what_the_tutor_knows_is_added_by_a_click_and_the_time_counts(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        progress = s.client.services.progress
        await progress.settle_item(s.ada.id, "fastai-practical-deep-learning/lesson-1", State.DONE, minutes=80)
        await live_until(s, MONDAY + SECOND)
        panel = await write(s.ada, posts(s, group)[0], evidence="and a notebook")
        menus = menus_of(panel)
        ((known, is_added),) = menus["checkin:1:known"]
        assert known.endswith("· 1 h 20 min")
        assert not is_added
        await s.ada.select(panel, [_values(panel, "checkin:1:known")[0]], custom_id="checkin:1:known")
        assert fields_of(panel)["Evidence"] == f"- {known.replace(':', chr(92) + ':')}\n- and a notebook"
        assert menus_of(panel)["checkin:1:known"] == [(known, True)]
        await s.ada.select(panel, [], custom_id="checkin:1:known")
        assert fields_of(panel)["Evidence"] == "- and a notebook"
        await s.ada.select(panel, ["240"], custom_id="checkin:1:time")
        assert fields_of(panel, 1) == {"Time this week": "4 h"}
        await s.ada.select(panel, ["unsaid"], custom_id="checkin:1:time")
        assert len(panel.embeds) == 1
        await s.ada.select(panel, ["240"], custom_id="checkin:1:time")
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        assert "4 h" not in text_of(posts(s, group)[-1])
        assert s.rows("SELECT minutes, extra_minutes FROM checkins") == [(240, 160)]


def _values(message, custom_id):
    rows = message.message.components
    (menu,) = [item for row in rows for item in row.children if item.custom_id == custom_id]
    return [option.value for option in menu.options]


async def test_a_next_plan_becomes_an_if_then_plan_in_the_window_of_plan(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        panel = await write(s.ada, prompt, next="Lesson 4")
        opened = await s.ada.click(panel, label="Make it an if-then plan")
        assert opened.modal["components"][0]["component"]["value"] == "Lesson 4"
        typed = {"what": "Lesson 4", "when": "Friday", "where": "the *library*", "fallback": "ten minutes of it"}
        await s.ada.submit_modal(opened, typed)
        plan = "Lesson 4\nBy when: Friday\nWhere: the \\*library\\*\nIf it does not work: ten minutes of it"
        assert fields_of(panel)["Next plan"] == plan
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        assert fields_of(posts(s, group)[-1])["Next plan"] == plan
        assert s.rows("SELECT what, by_when, state FROM plans") == [("Lesson 4", "Friday", "shown")]


async def test_a_plan_that_names_a_part_of_the_path_can_be_marked_as_done(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        await live_until(s, MONDAY + SECOND)
        opened = await s.ada.click(posts(s, group)[0], label="Check in")
        suggested = opened.modal["components"][4]["component"]["value"]
        panel = await submit(s.ada, opened, next=suggested)
        await s.ada.click(panel, label="Show to my group")
        ((item,),) = s.rows("SELECT item FROM plans")
        assert item is not None
        await live_until(s, MONDAY + WEEK + SECOND)
        panel = await write(s.ada, posts(s, group)[-1], outcome=["done"])
        assert not any("Mark" in label for label in buttons_of(panel))
        await s.ada.click(panel, label="Show to my group")
        (label,) = [label for label in buttons_of(panel) if label.startswith("Mark ")]
        assert label == "Mark Lesson 1: Getting started as done"
        await s.ada.click(panel, label=label)
        assert panel.content.startswith(
            "Noted: **Lesson 1: Getting started** is done. `/progress undo` takes that back.\n"
        )
        assert s.rows("SELECT item, state FROM progress") == [(item, "done")]
        assert label not in buttons_of(panel)


async def test_an_empty_check_in_is_not_sent(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        panel = await write(s.ada, prompt)
        await s.ada.click(panel, label="Discard")
        assert panel.content == f"{DISCARDED}\n{NOTHING_MADE}"
        assert buttons_of(panel) == ["Check in"]
        assert checkins(s) == []
        forged = await forge(s, group, week_view(Act.SHOW))
        told = await s.ada.click(forged, label="Show to my group")
        assert told.response.ephemeral
        assert told.response.content == EMPTY
        assert checkins(s) == []


# Changing, keeping private, taking back


async def test_an_edit_is_a_draft_until_it_is_sent_again(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        panel = await check_in(s, s.ada, prompt, evidence="one notebook")
        post = posts(s, group)[-1]
        panel = await write(s.ada, panel, label="Edit", evidence="two notebooks")
        assert panel.content == (
            "**This is exactly what Night owls will see.** Nothing is sent yet.\n"
            "Until you send it, what you sent before stays as it is."
        )
        await s.env.advance_time(1)
        assert fields_of(posts(s, group)[-1]) == {"Evidence": "- one notebook"}
        again = (await s.ada.click(prompt, label="Check in")).response
        assert fields_of(again) == {"Evidence": "- two notebooks"}
        await s.ada.click(again, label="Show to my group")
        await s.env.advance_time(1)
        assert [message.id for message in posts(s, group)][1:] == [post.id]
        edited = posts(s, group)[-1]
        assert fields_of(edited) == {"Evidence": "- two notebooks"}
        assert edited.content == post.content
        assert pings(s, edited) == []
        assert labels_of(edited) == ["Reply"]

        panel = await write(s.ada, again, label="Edit", evidence="three notebooks")
        await s.ada.click(panel, label="Discard")
        assert panel.content.startswith(DISCARDED)
        assert fields_of(panel) == {"Evidence": "- two notebooks"}


async def test_withdrawn_is_gone_and_can_be_made_again(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        panel = await check_in(s, s.ada, prompt, evidence="one notebook", next="Lesson 4")
        await s.ada.click(panel, label="Withdraw")
        await s.env.advance_time(1)
        assert [message.id for message in posts(s, group)] == [prompt.id]
        assert panel.content == (
            "Your check-in is taken back, as if it had not been made.\nYour rhythm: It begins with your first check-in."
        )
        assert panel.embeds == []
        assert checkins(s) == [(s.ada.id, "withdrawn", "done", None)]
        panel = await check_in(s, s.ada, panel, evidence="one notebook")
        again = posts(s, group)[-1]
        assert fields_of(again) == {"Evidence": "- one notebook"}
        assert s.grace.mention in again.content
        assert pings(s, again) == []  # she was asked with the first one
        forged = await forge(s, group, week_view(Act.WITHDRAW))
        await s.ada.click(forged, label="Withdraw")
        await s.ada.click(forged, label="Withdraw")
        told = await s.grace.click(forged, label="Withdraw")
        assert told.response.content == NOT_SENT
        await s.env.advance_time(1)
        assert not any("notebook" in text_of(message) for message in posts(s, group))


async def test_kept_private_counts_and_the_group_sees_nothing_of_it(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        form = dict(outcome=["partly"], evidence="one notebook", learned="patience", blocker=SECRET, next="Lesson 4")
        panel = await check_in(s, s.ada, prompt, label="Keep it private", **form)
        assert panel.content == (
            "You have checked in privately: the week counts, and your group sees only that you checked in.\n"
            "Your rhythm: your first planned week."
        )
        assert panel.embeds[0].title == "Only you see this"
        assert fields_of(panel) == {
            "How it went": "Partly",
            "Evidence": "- one notebook",
            "What I learned": "patience",
            "Next plan": "Lesson 4",
            "What blocks you": SECRET,
        }
        assert [message.id for message in posts(s, group)] == [prompt.id]
        panel = await write(s.ada, panel, label="Edit", evidence="one notebook")
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        post = posts(s, group)[-1]
        assert fields_of(post) == {"Evidence": "- one notebook"}
        assert pings(s, post) == [s.grace.id]
        panel = await write(s.ada, panel, label="Edit", evidence="one notebook")
        await s.ada.click(panel, label="Keep it private")
        await s.env.advance_time(1)
        assert [message.id for message in posts(s, group)] == [prompt.id]
        assert checkins(s) == [(s.ada.id, "private", "done", None)]
        panel = await write(s.ada, panel, label="Edit", evidence="one notebook")
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        assert pings(s, posts(s, group)[-1]) == []


async def test_what_blocks_a_member_is_theirs_alone_unless_they_show_it(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        opened = await s.ada.click(prompt, label="Check in")
        sent = await s.ada.submit_modal(opened, {"outcome": ["partly"], "blocker": SECRET})
        panel, (answer,) = sent.response, sent.followups
        assert answer.ephemeral
        assert SECRET in answer.content
        assert fields_of(panel, 1) == {"What blocks you": SECRET}
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        assert SECRET not in public_text(s)
        assert s.rows("SELECT blocker, shows_blocker FROM checkins") == [(SECRET, 0)]
        assert s.rows("SELECT concepts FROM checkins") != [("[]",)]

        opened = await s.ada.click(panel, label="Edit")
        sent = await s.ada.submit_modal(opened, {"outcome": ["done"], "blocker": SECRET})
        assert sent.followups == []
        await s.ada.click(panel, label="Show what blocks me: no")
        assert fields_of(panel) == {"What blocks me": SECRET}
        assert "Show what blocks me: yes" in buttons_of(panel)
        assert SECRET not in public_text(s)
        await s.ada.click(panel, label="Show what blocks me: yes")
        assert len(panel.embeds) == 2
        await s.ada.click(panel, label="Show what blocks me: no")
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        assert fields_of(posts(s, group)[-1]) == {"What blocks me": SECRET}


# Wrong and double clicks


async def test_who_is_not_in_the_group_is_told_so(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s, s.ada, s.grace, is_private=False)
        for label in ("Check in", "My plan", "Away this week"):
            told = await s.eve.click(prompt, label=label)
            assert told.response.ephemeral
            assert told.response.content == NOT_A_MEMBER
        await check_in(s, s.ada, prompt, evidence="one notebook")
        post = posts(s, group)[-1]
        assert (await s.eve.click(post, label="Reply")).response.content == NOT_A_MEMBER
        assert (await s.ada.click(post, label="Reply")).response.content == OWN
        assert s.rows("SELECT COUNT(*) FROM checkins") == [(1,)]
        unknown = await forge(s, group, week_view(Act.OPEN, week_id=99))
        assert (await s.ada.click(unknown, label="Check in")).response.content == UNKNOWN
        gone = await forge(s, group, post_buttons(99))
        assert "not shown any more" in (await s.grace.click(gone, label="Reply")).response.content


async def test_double_clicks_do_nothing_twice(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        await write(s.ada, prompt, evidence="one notebook")
        forged = await forge(s, group, week_view(Act.SHOW, Act.KEEP))
        for _ in range(2):
            await s.ada.click(forged, label="Show to my group")
        await s.env.advance_time(1)
        (post,) = [message for message in posts(s, group) if message.embeds and "notebook" in text_of(message)]
        laptop, phone = [(await s.grace.click(post, label="Reply")).response for _ in range(2)]
        assert laptop.embeds[0].description == phone.embeds[0].description
        for shown in (laptop, phone):
            await s.grace.click(shown, label="Send it as it is")
            assert shown.content == REPLIED
        await s.env.advance_time(1)
        assert s.rows("SELECT COUNT(*) FROM checkin_replies") == [(1,)]
        assert sum(s.ada.mention in message.content for message in posts(s, group) if not message.embeds) == 1


# Replies


async def test_a_reply_can_be_another_one_or_written_by_the_member(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        await check_in(s, s.ada, prompt, outcome=["done"])
        post = posts(s, group)[-1]
        shown = (await s.eve.click(post, label="Reply")).response
        first = shown.embeds[0].description
        assert first in DONE
        await s.restart()
        await s.eve.click(shown, label="Another one")
        assert shown.embeds[0].description in set(DONE) - {first}
        opened = await s.eve.click(shown, label="Change it")
        assert opened.modal["components"][0]["component"]["value"] == shown.embeds[0].description
        await s.restart()
        await s.eve.submit_modal(opened, {"text": "Great @everyone *work*"})
        assert shown.content == REPLIED
        await s.env.advance_time(1)
        reply = posts(s, group)[-1]
        assert reply.content == f"{s.eve.mention} to {s.ada.mention}: Great @\u200beveryone \\*work\\*"
        assert pings(s, reply) == [s.ada.id]
        assert not s.env.backend.get_message(reply.channel.id, reply.id).mention_everyone
        shown = (await s.eve.click(post, label="Reply")).response
        opened = await s.eve.click(shown, label="Change it")
        assert (await s.eve.submit_modal(opened, {"text": " "})).followups[0].content == NO_REPLY


async def test_a_plain_reply_counts_and_is_no_question_to_the_tutor(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        await check_in(s, s.ada, prompt, outcome=["done"])
        post, home = posts(s, group)[-1], home_of(s, group)
        said = await s.grace.send(home, "what is dropout good for?", reply_to=post)
        await s.ada.send(home, "thank you all", reply_to=post)
        await s.eve.send(home, "nice week everybody", reply_to=prompt)
        assert s.rows("SELECT member_id, text, message_id FROM checkin_replies") == [(s.grace.id, None, said.id)]
        assert len(posts(s, group)) == 2
        await s.grace.send(home, f"{s.client.user.mention} what is dropout good for?", reply_to=post)
        assert "Dropout" in text_of(posts(s, group)[-1])
        answer = posts(s, group)[-1]
        await s.grace.send(home, "and what happens at test time?", reply_to=answer)
        assert len(posts(s, group)) == 4
        digest = await close(s, group)
        assert "2 replies among you." in text_of(digest)


# Made up later


async def test_a_week_that_is_made_up_later_brings_the_digest_up_to_date(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        await check_in(s, s.ada, prompt, outcome=["done"])
        digest = await close(s, group)
        assert "2 had a quiet week." in text_of(digest)
        await live_until(s, CLOSES + 3 * DAY)
        panel = await check_in(s, s.grace, digest, label="Show to my group", press="Make it up", outcome=["partly"])
        assert panel.embeds[0].description == "**grace**\nMade up later."
        await s.env.advance_time(1)
        digest, post = posts(s, group)[-2:]
        assert post.embeds[0].to_dict() == panel.embeds[0].to_dict()
        assert digest.embeds[0].description == (
            f"2 of 3 checked in.\n1 had a quiet week. They can make it up until {format_dt(CLOSES + WEEK, 'f')}."
        )
        assert fields_of(digest)["Who checked in"] == (
            "**ada** · Done · first planned week\n"
            "**grace** · Partly · made up later · first planned week (1 made up later)"
        )
        await live_until(s, CLOSES + WEEK + SECOND)
        told = await s.eve.click(digest, label="Make it up")
        assert told.response.content == CLOSED
        mine = (await s.grace.click(digest, label="My rhythm")).response
        assert mine.ephemeral
        assert fields_of(mine)["Your rhythm"] == "Your first planned week (1 made up later)."


async def test_a_window_that_comes_back_too_late_says_so(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        opened = await s.ada.click(prompt, label="Check in")
        await close(s, group)
        await live_until(s, CLOSES + WEEK + HOUR)
        sent = await s.ada.submit_modal(opened, {"outcome": ["done"]})
        assert sent.response.content == TOO_LATE
        assert checkins(s) == []


# What was typed is never lost

TYPED = {"evidence": "three *notebooks*", "learned": "`loss` is\nnoisy", "blocker": SECRET, "next": "Lesson 4"}
BLOCKS = (
    "Evidence\n```\nthree *notebooks*\n```\nWhat I learned\n```\n`loss` is\nnoisy\n```\n"
    f"What blocks me\n```\n{SECRET}\n```\nMy next plan\n```\nLesson 4\n```"
)


async def lose(s, group, why):
    """While a window is open, something happens because of which it cannot be taken."""
    service = s.client.services.groups
    match why:
        case "left":
            await service.leave(group.id, s.ada.id)
        case "ended":
            await service.end(group.id, s.ada.id)
        case _:
            await close(s, group)
            await live_until(s, CLOSES + WEEK + HOUR)


@pytest.mark.parametrize(("why", "sentence"), [("left", NOT_A_MEMBER), ("ended", NOT_A_MEMBER), ("late", TOO_LATE)])
async def test_what_was_typed_into_a_check_in_comes_back_if_it_is_refused(settings, encoder, why, sentence):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        opened = await s.ada.click(prompt, label="Check in")
        await lose(s, group, why)
        told = await submit(s.ada, opened, **TYPED)
        assert told.ephemeral
        assert told.content == f"{sentence}\n{TO_COPY}\n{BLOCKS}"
        assert checkins(s) == []
        assert SECRET not in public_text(s)


async def test_what_no_message_can_hold_comes_back_as_a_file(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        opened = await s.ada.click(prompt, label="Check in")
        await lose(s, group, "left")
        told = await submit(s.ada, opened, evidence="```py\nx = 1\n```", next="Lesson 4")
        assert told.content == f"{NOT_A_MEMBER}\n{IN_FILE}"
        (file,) = told.attachments
        assert (await file.read()).decode() == "Evidence\n```py\nx = 1\n```\n\nMy next plan\nLesson 4\n"


async def test_what_was_typed_below_a_private_message_comes_back_as_another(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        panel = await write(s.ada, prompt, next="Lesson 4")
        if_then = await s.ada.click(panel, label="Make it an if-then plan")
        typed = {"what": " ", "when": "Friday", "where": "", "fallback": "ten *minutes*"}
        refused = await s.ada.submit_modal(if_then, typed)
        blocks = "By when?\n```\nFriday\n```\nIf it does not work, I will …\n```\nten *minutes*\n```"
        assert [one.content for one in refused.followups] == [f"{NO_TEXT}\n{TO_COPY}\n{blocks}"]
        assert refused.followups[0].ephemeral
        assert fields_of(panel)["Next plan"] == "Lesson 4"
        changing = await s.ada.click(panel, label="Change")
        if_then = await s.ada.click(panel, label="Make it an if-then plan")
        await lose(s, group, "left")
        for opened, words, given_back in ((changing, FORM | TYPED, BLOCKS), (if_then, typed, blocks)):
            refused = await s.ada.submit_modal(opened, words)
            assert [one.content for one in refused.followups] == [f"{NOT_A_MEMBER}\n{TO_COPY}\n{given_back}"]


async def test_a_reply_that_cannot_be_sent_comes_back(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        panel = await check_in(s, s.ada, prompt, outcome=["done"])
        shown = (await s.eve.click(posts(s, group)[-1], label="Reply")).response
        opened = await s.eve.click(shown, label="Change it")
        await s.ada.click(panel, label="Withdraw")
        refused = await s.eve.submit_modal(opened, {"text": "Great *work*"})
        assert [one.content for one in refused.followups] == [
            f"{NOT_SHOWN}\n{TO_COPY}\nYour reply\n```\nGreat *work*\n```"
        ]
        assert refused.followups[0].ephemeral


async def test_what_was_typed_comes_back_when_the_database_is_away(settings, encoder, monkeypatch, caplog):
    async with group_server(settings, encoder) as s:
        _, prompt = await begin(s)
        opened = await s.ada.click(prompt, label="Check in")

        async def fail(*_):
            raise TimeoutError

        monkeypatch.setattr(s.client.services.checkin, "save", fail)
        told = await submit(s.ada, opened, **TYPED)
        assert told.content == f"{APOLOGY}\n{TO_COPY}\n{BLOCKS}"
        assert "notebooks" not in caplog.text
        assert SECRET not in caplog.text


# Away


async def test_away_this_week_and_back_again(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        told = (await s.ada.click(prompt, label="Away this week")).response
        assert (told.ephemeral, told.content) == (True, AWAY.format(until=format_dt(CLOSES, "f")))
        assert s.rows("SELECT is_away FROM week_members WHERE member_id = ?", s.ada.id) == [(1,)]
        shown = await overview(s, s.ada)
        assert shown.embeds[0].description.startswith(
            f"You are away until {format_dt(CLOSES, 'f')}: nothing is asked of you, no week is missed. `/group resume` "
            "ends that.\n"
        )
        assert shown.embeds[0].footer.text == "/group resume when you are back · /plan for your plan"
        assert buttons_of(shown) == ["Check in", "I am here after all", "My plan"]
        await s.ada.click(prompt, label="Away this week")
        paused = "SELECT count(*) FROM group_events WHERE kind = 'paused' AND member_id = ?"
        assert s.rows(paused, s.ada.id) == [(1,)]
        await s.ada.click(shown, label="I am here after all")
        assert shown.content == HERE
        panel = await write(s.ada, shown, outcome=["done"])
        await s.ada.click(panel, label="Show to my group")
        told = (await s.ada.click(prompt, label="Away this week")).response
        assert told.content == IN_ALREADY
        await s.grace.click(prompt, label="Away this week")
        await write(s.ada, panel, label="Edit", outcome=["done"], learned="patience")
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        assert posts(s, group)[-1].content == ""  # nobody asks an absent partner
        digest = await close(s, group)
        assert "1 was away." in text_of(digest)
        shown = await overview(s, s.grace)
        assert shown.embeds[0].description == "The week of 5 January is closed. You were away, so it does not count."
        told = await s.grace.click(await forge(s, group, prompt_buttons(1)), label="Away this week")
        assert told.response.content == CLOSED


async def test_my_plan_opens_the_plan_of_the_group(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        opened = await s.ada.click(prompt, label="My plan")
        assert opened.modal["title"] == "Your plan"
        await s.client.services.plan.save(s.ada.id, group.id, PlanText("Lesson 3"))
        shown = (await s.ada.click(prompt, label="My plan")).response
        assert shown.ephemeral
        assert "Lesson 3" in text_of(shown)


# Private notes


async def agree(s, group, member, *, by_dm):
    await s.client.services.groups.set_nudges(group.id, member.id, is_nudged=True, by_dm=by_dm)


def note_text(plan=""):
    return (
        f"The check-in of **Night owls** is open until {format_dt(CLOSES, 'f')} ({format_dt(CLOSES, 'R')}). Two "
        f"minutes are enough, and “not this time” is an answer, too.{plan}"
    )


async def test_a_quiet_member_gets_one_direct_message_and_checks_in_from_there(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace, s.eve)
        await s.client.services.plan.save(s.ada.id, group.id, PlanText("Lesson *3*"))
        for member in (s.ada, s.grace):
            await agree(s, group, member, by_dm=True)
        await live_until(s, MONDAY + SECOND)
        await check_in(s, s.grace, posts(s, group)[0], outcome=["done"])
        await live_until(s, CLOSES - 12 * HOUR + SECOND)
        (note,) = s.ada.user.dm_channel.history()
        assert note.content == note_text("\nYour plan was: Lesson \\*3\\*")
        assert labels_of(note) == ["Check in"]
        assert s.grace.user.dm_channel.history() == []
        assert s.eve.user.dm_channel.history() == []
        assert len(posts(s, group)) == 2
        opened = await s.ada.user.click(note, label="Check in")
        panel = (await s.ada.user.submit_modal(opened, {"outcome": ["not"]})).response
        await s.ada.user.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        assert posts(s, group)[-1].embeds[0].title == "Check-in: Not this time"
        again = (await s.ada.user.click(note, label="Check in")).response
        assert again.content.startswith("You have checked in, thank you.")
        await close(s, group)
        assert len(s.ada.user.dm_channel.history()) == 1


async def test_a_refused_direct_message_waits_in_the_home_and_says_nothing(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, _ = await begin(s)
        await agree(s, group, s.ada, by_dm=True)
        await agree(s, group, s.grace, by_dm=False)
        dm = s.ada.user.dm_channel.id
        s.env.inject_error("POST", f"/channels/{dm}/messages", status=403, code=50007, times=None)
        await live_until(s, CLOSES - 12 * HOUR + SECOND)
        notes = posts(s, group)[1:]
        assert {note.content for note in notes} == {f"{member.mention}, a note for you." for member in (s.ada, s.grace)}
        assert sorted(pings(s, note)[0] for note in notes) == sorted([s.ada.id, s.grace.id])
        (mine,) = [note for note in notes if s.ada.mention in note.content]
        assert labels_of(mine) == ["Open"]
        assert (await s.grace.click(mine, label="Open")).response.content == SOMEBODY_ELSES
        told = (await s.ada.click(mine, label="Open")).response
        assert (told.ephemeral, told.content) == (True, note_text())
        panel = await write(s.ada, told, outcome=["done"])
        await s.ada.click(panel, label="Keep it private")
        assert (await s.ada.click(mine, label="Open")).response.content == THANK_YOU
        assert s.rows("SELECT member_id FROM group_members WHERE dm_failed_at IS NOT NULL") == [(s.ada.id,)]
        await close(s, group)
        assert not any("a note for you" in post.content for post in posts(s, group))


# What goes wrong


async def test_a_post_that_somebody_has_deleted_comes_back_with_the_next_edit(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        panel = await check_in(s, s.ada, prompt, evidence="one notebook")
        home = s.client.get_channel(group.home_id)
        for message in posts(s, group):
            await home.get_partial_message(message.id).delete()
        assert posts(s, group) == []
        panel = await write(s.ada, panel, label="Edit", evidence="two notebooks")
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        (post,) = posts(s, group)
        assert fields_of(post) == {"Evidence": "- two notebooks"}
        assert pings(s, post) == []
        assert checkins(s)[0][3] == post.id
        await home.get_partial_message(post.id).delete()
        await s.ada.click(panel, label="Withdraw")
        digest = await close(s, group)
        assert digest.embeds[0].description.startswith("Nobody had time")
        assert work(s, "checkin_show")[-1][1] == "done"


@pytest.mark.parametrize("kind", ["record_opened", "record_closed", "record_shown", "record_reply"])
async def test_what_was_posted_and_not_recorded_is_adopted_by_the_next_start(settings, encoder, monkeypatch, kind):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace, s.eve)
        if kind == "record_opened":
            fail_once(s, monkeypatch, kind)
        await live_until(s, MONDAY + SECOND)
        if kind == "record_opened":
            assert s.rows("SELECT prompt_message_id FROM group_weeks") == [(None,)]
            await come_back_at(s, MONDAY + 10 * 60 * SECOND)
            await s.env.settle()
        (prompt,) = posts(s, group)
        assert s.rows("SELECT prompt_message_id FROM group_weeks") == [(prompt.id,)]
        if kind == "record_shown":
            fail_once(s, monkeypatch, kind)
        panel = await check_in(s, s.ada, prompt, outcome=["done"], evidence="one notebook")
        if kind == "record_shown":
            assert checkins(s)[0][3] is None
            panel = await write(s.ada, panel, label="Edit", evidence="two notebooks")
            await s.ada.click(panel, label="Show to my group")
            await s.env.advance_time(60)
        post = posts(s, group)[-1]
        assert len(posts(s, group)) == 2
        assert checkins(s)[0][3] == post.id
        if kind == "record_shown":
            assert fields_of(post) == {"Evidence": "- two notebooks"}
        if kind == "record_reply":
            fail_once(s, monkeypatch, kind)
        shown = (await s.grace.click(post, label="Reply")).response
        await s.grace.click(shown, label="Send it as it is")
        await s.env.advance_time(1)
        if kind == "record_reply":
            await come_back_at(s, MONDAY + 50 * 60 * SECOND)
            await s.env.settle()
        reply = posts(s, group)[-1]
        assert s.rows("SELECT message_id FROM checkin_replies") == [(reply.id,)]
        if kind == "record_closed":
            fail_once(s, monkeypatch, kind)
        await live_until(s, CLOSES + SECOND)
        if kind == "record_closed":
            assert s.rows("SELECT digest_message_id FROM group_weeks") == [(None,)]
            await come_back_at(s, CLOSES + 10 * 60 * SECOND)
            await s.env.settle()
        digest = posts(s, group)[-1]
        assert s.rows("SELECT digest_message_id FROM group_weeks") == [(digest.id,)]
        assert len(posts(s, group)) == 4
        assert {
            state for _, state, _ in s.rows("SELECT id, state, 1 FROM occurrences WHERE due_at < ?", "2026-01-08")
        } == {
            "done",
            "skipped",
        }


async def test_withdrawn_before_it_was_recorded_is_gone_all_the_same(settings, encoder, monkeypatch):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        fail_once(s, monkeypatch, "record_shown")
        panel = await check_in(s, s.ada, prompt, evidence="one notebook")
        assert len(posts(s, group)) == 2
        await s.ada.click(panel, label="Withdraw")
        await s.env.advance_time(1)
        assert [message.id for message in posts(s, group)] == [prompt.id]
        await s.env.advance_time(60)
        assert [message.id for message in posts(s, group)] == [prompt.id]


async def test_a_permission_that_stays_away_is_told_and_next_week_comes(settings, encoder, caplog):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        deny(s, s.channel, send_messages_in_threads=True)
        await live_until(s, MONDAY + SECOND)
        await try_again_until(s, MONDAY + 3 * HOUR)
        assert posts(s, group) == []
        mend = (
            f"In <#{s.channel.id}> I lack Send Messages in Threads. Allow it to me under Permissions of that channel."
        )
        assert told(s) == [
            f"{s.ada.mention} I cannot post in the home of the study group “Night owls”. {mend}",
            f"{s.ada.mention} About the study group “Night owls”: I could not ask for the check-in. {mend}",
        ]
        ((note,),) = s.rows("SELECT note FROM study_groups")
        assert note == mend
        assert [(slot, state) for slot, state, _ in work(s, "group_prompt")] == [
            ("2026-W02", "failed"),
            ("2026-W03", "waiting"),
        ]
        deny(s, s.channel)
        await live_until(s, MONDAY + WEEK + SECOND)
        (prompt,) = posts(s, group)
        assert labels_of(prompt) == ["Check in", "My plan", "Away this week"]


async def test_discord_that_is_away_for_long_is_told_and_next_week_comes(settings, encoder, caplog):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        s.env.inject_error("POST", f"/channels/{group.home_id}/messages", status=503, times=None)
        await live_until(s, MONDAY + SECOND)
        await try_again_until(s, MONDAY + 3 * HOUR)
        (text,) = told(s)
        assert text == (
            f"{s.ada.mention} About the study group “Night owls”: I could not ask for this week's check-in, although I "
            "tried for more than an hour. The log of the program says why. The next one comes as planned."
        )
        assert [(slot, state) for slot, state, _ in work(s, "group_prompt")] == [
            ("2026-W02", "failed"),
            ("2026-W03", "waiting"),
        ]


async def test_a_digest_that_cannot_be_posted_is_told_and_closes_the_week(settings, encoder, caplog):
    async with group_server(settings, encoder) as s:
        group, _ = await begin(s)
        deny(s, s.channel, send_messages_in_threads=True)
        await live_until(s, CLOSES + SECOND)
        await try_again_until(s, CLOSES + 3 * HOUR)
        assert len(posts(s, group)) == 1
        mend = (
            f"In <#{s.channel.id}> I lack Send Messages in Threads. Allow it to me under Permissions of that channel."
        )
        about = f"{s.ada.mention} About the study group “Night owls”:"
        assert told(s) == [
            f"{about} I cannot post how the week went, and try again for an hour. {mend}",
            f"{about} I could not post how the week went. {mend}",
        ]
        assert s.rows("SELECT closed_at IS NOT NULL, digest_message_id FROM group_weeks") == [(1, None)]
        deny(s, s.channel)
        await live_until(s, MONDAY + WEEK + SECOND)
        assert posts(s, group)[-1].embeds[0].title == "Check-in, week of 12 January"


async def test_after_a_long_downtime_the_digest_comes_late_and_an_old_question_not_at_all(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, _ = await begin(s)
        await come_back_at(s, CLOSES + 4 * DAY)
        await s.env.settle()
        assert posts(s, group)[-1].embeds[0].title == "How the week of 5 January went"
        await come_back_at(s, MONDAY + WEEK + 25 * HOUR)
        await s.env.settle()
        assert len(posts(s, group)) == 2
        assert work(s, "group_prompt")[1][1] == "skipped"
        await live_until(s, MONDAY + 2 * WEEK + SECOND)
        assert posts(s, group)[-1].embeds[0].title == "Check-in, week of 19 January"


# /checkin


async def overview(s, member, **options):
    return (await member.slash(s.channel, "checkin", **options)).response


async def test_checkin_without_a_group_and_before_the_first_week(settings, encoder):
    async with group_server(settings, encoder) as s:
        shown = await overview(s, s.ada)
        assert (shown.ephemeral, shown.content) == (True, NO_GROUP)
        await make_group(s, s.ada, s.grace)
        shown = await overview(s, s.ada)
        assert shown.embeds[0].title == "Check-ins of Night owls"
        assert shown.embeds[0].description == "There has been no check-in yet."
        assert fields_of(shown) == {
            "Your rhythm": "It begins with your first check-in.",
            "Your plan": "None yet. `/plan` makes one in a minute.",
            "Next check-in": f"{format_dt(MONDAY, 'F')} ({format_dt(MONDAY, 'R')})",
            "One private note before a check-in closes": "Off.",
        }
        assert buttons_of(shown) == ["My plan"]
        assert (await overview(s, s.ada, group="Early birds")).content == NOT_YOUR_GROUP
        assert (await s.ada.click(shown, label="My plan")).modal["title"] == "Your plan"


async def test_checkin_shows_where_one_stands_and_what_can_be_made_up(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, _ = await begin(s)
        shown = await overview(s, s.ada)
        assert shown.embeds[0].description == (
            f"The week of 5 January is open until {format_dt(CLOSES, 'f')}. It takes two minutes."
        )
        assert buttons_of(shown) == ["Check in", "My plan"]
        panel = await write(s.ada, shown, outcome=["done"], next="Lesson 4")
        assert panel.id == shown.id
        shown = await overview(s, s.ada)
        assert "Yours is written and not sent yet." in shown.embeds[0].description
        assert buttons_of(shown) == ["Go on with my check-in", "My plan"]
        await s.ada.click(shown, label="Go on with my check-in")
        await s.ada.click(shown, label="Show to my group")
        await close(s, group)
        shown = await overview(s, s.ada)
        assert shown.embeds[0].description == "The week of 5 January is closed. You have checked in."
        assert fields_of(shown)["Your plan"] == "Lesson 4"
        assert buttons_of(shown) == ["My check-in", "My plan"]
        shown = await overview(s, s.grace)
        until = format_dt(CLOSES + WEEK, "f")
        assert shown.embeds[0].description == (
            f"The week of 5 January is closed, and you can make it up until {until}. It takes two minutes."
        )
        assert fields_of(shown)["Your rhythm"] == "0 of your 1 planned week."
        assert fields_of(shown)["A week to make up"] == f"It can still count, until {until}."
        assert buttons_of(shown) == ["Make up the week of 5 January", "My plan"]
        await live_until(s, MONDAY + WEEK + SECOND)
        shown = await overview(s, s.grace)
        assert buttons_of(shown) == ["Check in", "Make up the week of 5 January", "My plan"]
        await write(s.grace, shown, label="Make up the week of 5 January", outcome=["not"])
        await s.grace.click(shown, label="Show to my group")
        await s.env.advance_time(1)
        assert posts(s, group)[-1].embeds[0].description == "**grace**\nMade up later."
        shown = await overview(s, s.grace)
        assert fields_of(shown)["Your rhythm"] == "Your first planned week (1 made up later)."
        assert "A week to make up" not in fields_of(shown)


async def test_checkin_of_several_groups_and_the_choice_of_notes(settings, encoder):
    async with group_server(settings, encoder) as s:
        owls = await make_group(s, s.ada, s.grace)
        larks = await make_group(s, s.ada, s.eve, name="Larks", weekday=1)
        await live_until(s, MONDAY + SECOND)
        shown = await overview(s, s.ada)
        assert shown.embeds[0].title == "Check-ins of Night owls"
        assert menus_of(shown)["checkin:group"] == [("Night owls", True), ("Larks", False)]
        await s.ada.select(shown, [str(larks.id)], custom_id="checkin:group")
        assert shown.embeds[0].title == "Check-ins of Larks"
        assert (await overview(s, s.ada, group="larks")).embeds[0].title == "Check-ins of Larks"
        choices = await s.ada.autocomplete(s.channel, "checkin", "group", "la")
        assert choices == [{"name": "Larks", "value": str(larks.id)}]
        here = (await s.ada.slash(home_of(s, larks), "checkin")).response
        assert here.embeds[0].title == "Check-ins of Larks"

        field = "One private note before a check-in closes"
        for value, text in {
            "home": "On: it waits in the home of your group, and only you can open it.",
            "dm": "On, as a direct message.",
            "off": "Off.",
        }.items():
            await s.ada.select(shown, [value], custom_id=f"checkin:nudges:{larks.id}")
            assert fields_of(shown)[field] == text
        await s.ada.select(shown, ["dm"], custom_id=f"checkin:nudges:{larks.id}")
        assert s.rows(
            "SELECT group_id, is_nudged, by_dm FROM group_members WHERE member_id = ? ORDER BY group_id", s.ada.id
        ) == [(owls.id, 0, 0), (larks.id, 1, 1)]


async def test_checkin_of_an_absent_member_and_of_a_paused_group(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        groups = s.client.services.groups
        await groups.pause_member(group.id, s.ada.id, MONDAY + DAY)
        await groups.pause_group(group.id, MONDAY + 2 * WEEK, s.ada.id)
        shown = await overview(s, s.ada)
        assert shown.embeds[0].description.startswith(
            f"You are away until {format_dt(MONDAY + DAY, 'f')}: nothing is asked of you, no week is missed."
        )
        assert shown.embeds[0].footer.text == "/group resume when you are back · /plan for your plan"


async def test_nothing_that_members_write_is_logged(settings, encoder, caplog):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        await check_in(s, s.ada, prompt, evidence="zebra", learned="zebra", blocker="zebra", next="zebra")
        shown = (await s.grace.click(posts(s, group)[-1], label="Reply")).response
        opened = await s.grace.click(shown, label="Change it")
        await s.grace.submit_modal(opened, {"text": "zebra"})
        await close(s, group)
        assert "zebra" in public_text(s)
        assert not any("zebra" in record.getMessage() for record in caplog.records if record.name.startswith("bot."))


async def test_who_deletes_their_data_while_a_message_is_on_its_way_leaves_none_behind(settings, encoder, monkeypatch):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        await check_in(s, s.ada, prompt, evidence="one notebook")
        post = posts(s, group)[-1]
        services = s.client.services
        record_shown, record_reply = services.checkin.record_shown, services.checkin.record_reply

        async def delete_ada_first(*arguments):
            await services.privacy.delete_member(s.ada.id)
            await record_shown(*arguments)

        async def delete_grace_first(*arguments):
            await services.privacy.delete_member(s.grace.id)
            await record_reply(*arguments)

        monkeypatch.setattr(services.checkin, "record_reply", delete_grace_first)
        shown = (await s.grace.click(post, label="Reply")).response
        await s.grace.click(shown, label="Send it as it is")
        await s.env.advance_time(2)
        assert [message.id for message in posts(s, group)] == [prompt.id, post.id]
        panel = (await s.ada.click(prompt, label="Check in")).response
        await s.ada.click(panel, label="Withdraw")
        await s.env.advance_time(2)
        monkeypatch.setattr(services.checkin, "record_shown", delete_ada_first)
        await check_in(s, s.ada, panel, evidence="one notebook")
        await s.env.advance_time(2)
        assert s.rows("SELECT COUNT(*) FROM checkins") == [(0,)]
        assert not any("notebook" in text_of(message) for message in posts(s, group))


async def test_a_group_with_a_new_home_goes_on_there(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        await check_in(s, s.ada, prompt, evidence="one notebook")
        await s.client.get_channel(group.home_id).delete()
        await s.env.advance_time(1)
        panel = await overview(s, s.ada)
        await s.ada.click(panel, label="My check-in")
        await write(s.ada, panel, label="Edit", evidence="two notebooks")
        await s.ada.click(panel, label="Show to my group")
        assert panel.content.startswith(
            "You have checked in, thank you. Your group has no home now: send it again once it has one."
        )
        await s.env.advance_time(1)
        await open_home(s.client, group.id)
        await s.env.settle()
        group = await s.client.services.groups.find(group.id)
        await write(s.ada, panel, label="Edit", evidence="three notebooks")
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        (post,) = posts(s, group)
        assert fields_of(post) == {"Evidence": "- three notebooks"}
        assert pings(s, post) == []
        digest = await close(s, group)
        assert digest.embeds[0].title == "How the week of 5 January went"
        assert len(posts(s, group)) == 2


@pytest.mark.parametrize("kind", ["digest", "post", "reply"])
async def test_what_discord_does_not_take_for_long_is_told_and_the_week_goes_on(settings, encoder, caplog, kind):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        panel = await write(s.ada, prompt, outcome=["done"])
        if kind != "post":
            await s.ada.click(panel, label="Show to my group")
            await s.env.advance_time(1)
        if kind == "reply":
            shown = (await s.grace.click(posts(s, group)[-1], label="Reply")).response
        s.env.inject_error("POST", f"/channels/{group.home_id}/messages", status=503, times=None)
        if kind == "digest":
            await live_until(s, CLOSES + SECOND)
        elif kind == "post":
            await s.ada.click(panel, label="Show to my group")
        else:
            await s.grace.click(shown, label="Send it as it is")
        await s.env.advance_time(1)
        await try_again_until(s, CLOSES + 3 * HOUR)
        what = {
            "digest": "I could not post how the week went",
            "post": "I could not bring the post of a check-in up to date",
            "reply": "I could not post a reply to a check-in",
        }
        (text,) = told(s)
        assert text == (
            f"{s.ada.mention} About the study group “Night owls”: {what[kind]}, although I tried for more than an hour."
            " The log of the program says why."
        )
        s.env.backend.faults.clear()
        await live_until(s, MONDAY + WEEK + SECOND)
        assert posts(s, group)[-1].embeds[0].title == "Check-in, week of 12 January"
        ((closed_at, digest_id),) = s.rows("SELECT closed_at, digest_message_id FROM group_weeks WHERE id = 1")
        assert closed_at is not None
        assert (digest_id is None) is (kind == "digest")


async def test_a_post_that_another_process_is_at_waits_for_it(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        panel = await check_in(s, s.ada, prompt, label="Keep it private", evidence="one notebook")
        s.rows(
            "INSERT INTO occurrences (kind, subject_id, slot, due_at, state, tries, claimed_by, lease_until) "
            "VALUES ('checkin_show', 1, 'theirs', '2026-01-05 17:00:00.000000', 'claimed', 1, 'another', ?)",
            f"{MONDAY + 5 * 60 * SECOND:%Y-%m-%d %H:%M:%S.000000}",
        )
        panel = await write(s.ada, panel, label="Edit", evidence="one notebook")
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(60)
        assert [message.id for message in posts(s, group)] == [prompt.id]
        s.rows("UPDATE occurrences SET state = 'done' WHERE claimed_by = 'another'")
        await s.env.advance_time(10 * 60)
        assert fields_of(posts(s, group)[-1]) == {"Evidence": "- one notebook"}
        assert len(posts(s, group)) == 2


async def test_two_clicks_at_the_same_moment_post_once(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        await write(s.ada, prompt, evidence="one notebook")
        service = s.client.services.checkin
        await asyncio.gather(*(service.send(1, s.ada.id, is_private=False) for _ in range(2)))
        await s.env.advance_time(2)
        assert len(posts(s, group)) == 2
        await asyncio.gather(service.withdraw(1, s.ada.id), service.withdraw(1, s.ada.id))
        await s.env.advance_time(2)
        assert [message.id for message in posts(s, group)] == [prompt.id]
