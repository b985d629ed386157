"""The help page."""

import discord

from bot.features.help.models import Abilities, CommandHelp
from bot.ui.embeds import BLUE, add_lines
from bot.ui.text import EMBED_FIELD_LIMIT, shorten

_GROUPS = {
    "Learning": ("ask", "start", "next", "curriculum"),
    "Practising": ("quiz", "review"),
    "Your progress": ("progress",),
    "Learning together": ("group", "checkin", "plan", "calls"),
    "Your data": ("privacy",),
    "For admins and mentors": ("settings", "weekly", "challenges", "calls list"),
    "More": (),
}
"""The commands by their whole name or its first word, in the order in which a newcomer needs them."""

_HEADINGS = {name: heading for heading, names in _GROUPS.items() for name in names}


def render_help(abilities: Abilities) -> discord.Embed:
    """One embed: how to ask, every command, what is covered, what is kept."""
    embed = discord.Embed(
        title="What I can do",
        description="\n\n".join([*_first_step(abilities), _ABOUT]),
        colour=BLUE,
    )
    embed.add_field(name="Asking", value=_ways_to_ask(abilities), inline=False)
    for heading in _GROUPS:
        commands = [command for command in abilities.commands if _heading(command) == heading]
        add_lines(embed, heading, [f"{command.mention} {command.description}" for command in commands])
    if abilities.is_private and abilities.steps:
        embed.add_field(name="In your server", value=_IN_SERVER, inline=False)
    embed.add_field(name="Try", value=_EXAMPLES, inline=False)
    if abilities.steps:
        embed.add_field(
            name="The curriculum", value=shorten("\n".join(abilities.steps), EMBED_FIELD_LIMIT), inline=False
        )
    days = abilities.keep_questions_days
    embed.set_footer(
        text=f"{abilities.documents} notes, {abilities.passages} passages. Questions are kept {days} days: /privacy."
    )
    return embed


def _heading(command: CommandHelp) -> str:
    return _HEADINGS.get(command.name) or _HEADINGS.get(command.name.partition(" ")[0], "More")


def _first_step(abilities: Abilities) -> list[str]:
    """What a newcomer does first; nothing where there is no curriculum to go through."""
    mentions = {command.name: command.mention for command in abilities.commands}
    if not {"start", "next"} <= mentions.keys():
        return []
    return [f"**New here?** {mentions['start']} takes a minute, then {mentions['next']} says what to do."]


_ABOUT = (
    "I am a study companion for the deep learning curriculum. I answer by quoting my notes and link each quote "
    "to the lesson or chapter it stands on. If my notes do not cover something, I say so."
)
_IN_SERVER = "Study groups, check-ins and the weekly quiz: use me in your server."
_EXAMPLES = """\
- *why do we need nonlinearities??*
- *difference between SARSA and Q-learning*
- *my loss is NaN after ten steps*
- *is Keras allowed in the capstone?*"""


def _ways_to_ask(abilities: Abilities) -> str:
    if abilities.is_private:
        return "Just write your question here. Reply to one of my answers to ask on."
    ways = ["Mention me in a message, reply to one of my answers, or write to me directly."]
    if abilities.reads_channel:
        ways.insert(0, "Just write your question here; I read this channel.")
    ways.append("Press and hold a message (or right-click it), then Apps, Ask the tutor.")
    return "\n".join(f"- {way}" for way in ways)
