"""Members of a study group who check in on a simulated Discord by clicking."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import discord

from bot.features.groups.models import GroupPlan
from bot.features.groups.views.homes import open_home
from bot.scheduling.models import Rhythm
from tests.bot.server import running_server

MONDAY = datetime(2026, 1, 5, 17, tzinfo=UTC)
"""Six in Berlin, in winter; simulated time begins on the Thursday before."""

CLOSES = MONDAY + timedelta(days=2)
SECOND = timedelta(seconds=1)
FORM = {"outcome": ["done"], "evidence": "", "learned": "", "blocker": "", "next": ""}


@asynccontextmanager
async def group_server(settings, encoder, **options):
    """A server with one more member, eve."""
    async with running_server(settings, encoder, **options) as s:
        s.eve = s.guild.add_member(s.env.create_user("eve"))
        await s.env.settle()
        yield s


async def make_group(s, *members, name="Night owls", goal=None, window_days=2, is_private=True, weekday=0):
    """A group that has met for the first time; its home is open, and its check-in comes on Mondays at six in Berlin."""
    service = s.client.services.groups
    rhythm = Rhythm(weekday, 18 * 60, "Europe/Berlin")
    plan = GroupPlan(s.guild.id, name, s.channel.id, rhythm, goal=goal, window_days=window_days, is_private=is_private)
    group = await service.create(members[0].id, plan)
    for member in members[1:]:
        await service.join(group.id, member.id, is_let_in=True)
    await open_home(s.client, group.id)
    await s.env.settle()
    return await service.find(group.id)


def home_of(s, group):
    """The thread of a group."""
    return next(thread for thread in s.channel.threads if thread.id == group.home_id)


def posts(s, group):
    """What the tutor has written in the home, without the card at its beginning."""
    history = home_of(s, group).history()
    return [message for message in history if message.author == s.client.user and not _is_card(message)]


def _is_card(message):
    return any(button.custom_id.startswith("group:") for row in message.components for button in row.children)


def menus_of(message):
    """The menus below a private message, by custom_id: the labels and which of them are chosen."""
    rows = message.message.components
    menus = [item for row in rows for item in row.children if isinstance(item, discord.SelectMenu)]
    return {menu.custom_id: [(option.label, option.default) for option in menu.options] for menu in menus}


def fields_of(message, number=0):
    """The fields of one embed."""
    return {field.name: field.value for field in message.embeds[number].fields}


async def write(member, message, label="Check in", **form):
    """Open the window and send it; the private panel."""
    opened = await member.click(message, label=label)
    assert opened.modal is not None, opened
    return await submit(member, opened, **form)


async def submit(member, opened, **form):
    result = await member.submit_modal(opened, FORM | form)
    return result.response


async def check_in(s, member, message, *, label="Show to my group", press=None, **form):
    """Check in with these words and send it; the private panel."""
    first = press or ("Check in" if "Check in" in _labels(message) else "Edit")
    panel = await write(member, message, label=first, **form)
    await member.click(panel, label=label)
    await s.env.advance_time(1)
    return panel


def _labels(message):
    rows = message.components if isinstance(message, discord.Message) else message.message.components
    return [item.label for row in rows for item in row.children if isinstance(item, discord.Button)]


def pings(s, message):
    """Who is notified of a message."""
    return list(s.env.backend.get_message(message.channel.id, message.id).ping_user_ids)
