"""The help page."""

import discord

from bot.features.help.models import Abilities
from bot.ui.embeds import BLUE, add_lines
from bot.ui.text import EMBED_FIELD_LIMIT, shorten

_GROUPS = {
    "Learning": ("ask", "start", "next", "curriculum"),
    "Practising": ("quiz", "review"),
    "Your progress": ("progress",),
    "Learning together": ("group", "checkin", "plan", "calls"),
    "Your data": ("privacy",),
    "For admins and mentors": ("settings", "weekly", "challenges"),
}
"""The commands by their first word, in the order in which a newcomer needs them."""


def render_help(abilities: Abilities) -> discord.Embed:
    """One embed: how to ask, every command, what is covered, what is kept."""
    embed = discord.Embed(
        title="What I can do",
        description=(
            "I am a study companion for the deep learning curriculum. I answer by quoting my notes and link each quote "
            "to the lesson or chapter it stands on. If my notes do not cover something, I say so."
        ),
        colour=BLUE,
    )
    embed.add_field(name="Asking", value=_ways_to_ask(abilities), inline=False)
    for name, groups in _GROUPS.items():
        commands = [command for command in abilities.commands if command.group in groups]
        add_lines(embed, name, [f"{command.mention} {command.description}" for command in commands])
    others = [c for c in abilities.commands if not any(c.group in groups for groups in _GROUPS.values())]
    add_lines(embed, "More", [f"{command.mention} {command.description}" for command in others])
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
    ways.append("Right-click a message, then Apps, to ask about that message.")
    return "\n".join(f"- {way}" for way in ways)
