"""What admins read of their server's settings, with what the tutor still lacks for them, and notes to the admins."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import discord

from bot.features.progress.announce import lacking_in, obstacle_to
from bot.features.settings.models import GuildSettings
from bot.features.weekly.models import WeeklyQuiz
from bot.features.weekly.views import obstacles as weekly_obstacles
from bot.ui.embeds import BLUE
from bot.ui.permissions import lacking
from bot.ui.text import EMBED_FIELD_LIMIT, MESSAGE_LIMIT, shorten

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)

_WARNING = discord.Colour(0xD9822B)

_INVITED = (
    "view_channel",
    "send_messages",
    "send_messages_in_threads",
    "create_private_threads",
    "create_public_threads",
    "embed_links",
    "read_message_history",
    "attach_files",
)
"""What the invitation in the README asks for."""

_FOR_ANSWERS = ("view_channel", "send_messages", "embed_links", "read_message_history")
_FOR_ANSWERS_IN_THREADS = ("view_channel", "send_messages_in_threads", "embed_links", "read_message_history")

_FOR_HOMES = ("view_channel", "send_messages", "embed_links", "read_message_history", "send_messages_in_threads")
"""What the home of a study group takes besides the permission to create it."""


# Notes to those who look after the tutor


async def tell_admins(client: "TutorClient", guild_id: int, what: str | discord.Embed) -> bool:
    """Post something in the notes channel of a server; whether it could be posted. It never raises a Discord error.

    Nobody is mentioned. Text from members must be escaped.
    """
    channel = await find_notes_channel(client, guild_id)
    if channel is None:
        return False
    nobody = discord.AllowedMentions.none()
    try:
        if isinstance(what, discord.Embed):
            await channel.send(embed=what, allowed_mentions=nobody)
        else:
            await channel.send(shorten(what, MESSAGE_LIMIT), allowed_mentions=nobody)
    except discord.HTTPException as error:
        _log.warning("No note to the admins of server %d: %d %d.", guild_id, error.status, error.code)
        return False
    return True


async def find_notes_channel(client: "TutorClient", guild_id: int) -> discord.TextChannel | None:
    """The notes channel of a server, if one is set and the tutor can post there; else the log says what is missing."""
    service, guild = client.services.guild_settings, client.get_guild(guild_id)
    if service is None or guild is None:
        return None
    channel_id = (await service.find(guild_id)).notes_channel_id
    if channel_id is None:
        return None
    channel = guild.get_channel(channel_id)
    if not isinstance(channel, discord.TextChannel):
        _log.warning("The notes channel of server %d is gone.", guild_id)
        return None
    if missing := lacking_in(channel):
        _log.warning("In the notes channel of server %d I lack: %s.", guild_id, ", ".join(missing))
        return None
    return channel


def everybody_reads(channel: discord.abc.GuildChannel) -> bool:
    """Whether a channel is open to every member of its server."""
    return channel.permissions_for(channel.guild.default_role).view_channel


# /settings


def render_settings(
    guild: discord.Guild,
    settings: GuildSettings,
    steps: Mapping[int, str],
    quiz: WeeklyQuiz | None,
    *,
    lacks_here: Sequence[str] = (),
    news: str | None = None,
) -> discord.Embed:
    """Everything that is set, each with what is missing for it.

    `lacks_here` is what is missing for any answer, `news` says what has just changed.
    """
    parts = {
        "Congratulations": _describe_channel(guild, settings.milestones_channel_id, "milestones"),
        "Roles of the steps": _describe_roles(guild, settings.step_roles, steps),
        "Notes to the admins": _describe_notes(guild, settings.notes_channel_id),
        "Mentors": _describe_mentors(guild, settings),
        "Study groups": _describe_groups(guild, settings.groups_channel_id),
        "Weekly quiz": _describe_weekly(guild, quiz),
    }
    is_well = not lacks_here and not any(lacks for _, lacks in parts.values())
    top = "\n".join([*([news] if news else []), *(f"⚠️ {lack}" for lack in lacks_here)])
    embed = discord.Embed(
        title="Settings of this server", description=top or None, colour=BLUE if is_well else _WARNING
    )
    for name, (what, lacks) in parts.items():
        embed.add_field(name=name, value=_lines(what, lacks), inline=False)
    embed.set_footer(text="Only members who chose it with /progress visibility are congratulated or get a role.")
    return embed


def list_lacks(guild: discord.Guild, channel_id: int, mine: discord.Permissions, *, is_thread: bool) -> list[str]:
    """What is missing for the tutor to answer: in the whole server, and in the channel where it is asked.

    `mine` are its permissions there. What the server lacks is not said a second time for the channel.
    """
    everywhere = lacking(guild.me.guild_permissions, _INVITED)
    in_channel = lacking(mine, _FOR_ANSWERS_IN_THREADS if is_thread else _FOR_ANSWERS)
    here = [name for name in in_channel if name not in everywhere]
    lacks = []
    if everywhere:
        lacks.append(
            f"In this server as a whole I lack: {', '.join(everywhere)}. Allow it to my role under Roles in the "
            "settings of the server."
        )
    if here:
        lacks.append(f"In <#{channel_id}> I lack: {', '.join(here)}. {_ALLOW}")
    return lacks


_ALLOW = "Allow it to me under Permissions of that channel."


def _say_lacking(missing: Sequence[str]) -> list[str]:
    return [f"There I lack: {', '.join(missing)}. {_ALLOW}"] if missing else []


_NO_CHANNEL = {
    "milestones": "None. `/settings milestones` names a channel for them.",
    "notes": (
        "None, so challenged questions wait in `/challenges list`, and calls for help in `/calls list`. "
        "`/settings notes` names a channel for them."
    ),
}


def _describe_channel(guild: discord.Guild, channel_id: int | None, command: str) -> tuple[list[str], list[str]]:
    """What is set, and what is missing for it."""
    if channel_id is None:
        return [_NO_CHANNEL[command]], []
    channel = guild.get_channel(channel_id)
    if channel is None:
        return [], [f"The channel has been deleted. Name another one with `/settings {command}`."]
    return [f"Posted in {channel.mention}."], _say_lacking(lacking_in(channel))


def _describe_notes(guild: discord.Guild, channel_id: int | None) -> tuple[list[str], list[str]]:
    what, lacks = _describe_channel(guild, channel_id, "notes")
    channel = guild.get_channel(channel_id or 0)
    if channel is not None and everybody_reads(channel):
        lacks.append(
            f"Everybody here can read {channel.mention}. Calls for help, with names, and the right answers of "
            "challenged questions come there. Choose a channel that only admins and mentors see."
        )
    return what, lacks


def _describe_roles(
    guild: discord.Guild, step_roles: Mapping[int, int], steps: Mapping[int, str]
) -> tuple[list[str], list[str]]:
    if not step_roles:
        return ["None. `/settings step_role` names one for a step."], []
    lines, lacks = [], []
    for step, role_id in sorted(step_roles.items()):
        role = guild.get_role(role_id)
        if role is None:
            lacks.append(f"The role of step {step} has been deleted. Name another one with `/settings step_role`.")
            continue
        lines.append(f"{step}. {steps.get(step, 'a step that is no longer there')}: {role.mention}")
        if obstacle := obstacle_to(role):
            lacks.append(f"{role.mention}: {obstacle}")
    return lines, lacks


MENTORS_MAY = "answer calls for help and decide about challenged questions"


def _describe_mentors(guild: discord.Guild, settings: GuildSettings) -> tuple[list[str], list[str]]:
    if settings.mentor_role_id is None:
        return [f"None, so only admins {MENTORS_MAY}. `/settings mentors` names a role."], []
    role = guild.get_role(settings.mentor_role_id)
    if role is None:
        return [], ["The role of the mentors has been deleted. Name another one with `/settings mentors`."]
    channel = guild.get_channel(settings.notes_channel_id or 0)
    lacks = [] if channel is None else _obstacles_between(role, channel)
    return [f"{role.mention} may {MENTORS_MAY}, as admins may."], lacks


def _describe_groups(guild: discord.Guild, channel_id: int | None) -> tuple[list[str], list[str]]:
    if channel_id is None:
        return ["None, so each has its home where it is made. `/settings groups` names a channel for them."], []
    channel = guild.get_channel(channel_id)
    if not isinstance(channel, discord.TextChannel):
        return [], ["The channel has been deleted. Name another one with `/settings groups`."]
    lines = [f"Their homes are threads in {channel.mention}."]
    mine = channel.permissions_for(guild.me)
    if not mine.manage_threads:
        lines.append("With Manage Threads there I can also take those who left out of a home.")
    return lines, _say_lacking(_lacking_for_homes(mine))


def _describe_weekly(guild: discord.Guild, quiz: WeeklyQuiz | None) -> tuple[list[str], list[str]]:
    if quiz is None:
        return ["None. `/weekly set` sets one up."], []
    if obstacles := weekly_obstacles(guild, quiz):
        return [], obstacles
    return [f"Posted in <#{quiz.channel_id}>. `/weekly show` says when."], []


def _lacking_for_homes(mine: discord.Permissions) -> list[str]:
    missing = lacking(mine, _FOR_HOMES)
    if not mine.create_private_threads:  # homes are private unless a group wants a public one
        missing.append("Create Private Threads" if mine.create_public_threads else "Create Private or Public Threads")
    return missing


def _obstacles_between(role: discord.Role, channel: discord.abc.GuildChannel) -> list[str]:
    """Why members with this role would not hear of what is posted in the notes channel."""
    lacks = []
    if not channel.permissions_for(role).view_channel:
        lacks.append(f"This role cannot see {channel.mention}. Give it View Channel there.")
    if not (role.mentionable or channel.permissions_for(role.guild.me).mention_everyone):
        lacks.append("I cannot mention this role. Allow anyone to mention it, or give me Mention All Roles.")
    return lacks


def _lines(what: list[str], lacks: list[str]) -> str:
    return shorten("\n".join([*what, *(f"⚠️ {lack}" for lack in lacks)]), EMBED_FIELD_LIMIT)
