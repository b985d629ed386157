"""What admins read of their server's settings, with what the tutor still lacks for them."""

from collections.abc import Mapping

import discord

from bot.features.progress.announce import lacking_in, obstacle_to
from bot.features.settings.models import GuildSettings
from bot.ui.embeds import BLUE
from bot.ui.text import EMBED_FIELD_LIMIT, shorten

_WARNING = discord.Colour(0xD9822B)


def render_settings(
    guild: discord.Guild, settings: GuildSettings, steps: Mapping[int, str], news: str | None = None
) -> discord.Embed:
    """Everything that is set, each with what is missing for it. `news` says what has just changed."""
    channel, channel_lacks = _describe_channel(guild, settings.milestones_channel_id)
    roles, role_lacks = _describe_roles(guild, settings.step_roles, steps)
    is_well = not channel_lacks and not role_lacks
    embed = discord.Embed(title="Settings of this server", description=news, colour=BLUE if is_well else _WARNING)
    embed.add_field(name="Congratulations", value=_lines(channel, channel_lacks), inline=False)
    embed.add_field(name="Roles of the steps", value=_lines(roles, role_lacks), inline=False)
    embed.set_footer(text="Only members who chose it with /progress visibility are congratulated or get a role.")
    return embed


def _describe_channel(guild: discord.Guild, channel_id: int | None) -> tuple[list[str], list[str]]:
    """What is set, and what is missing for it."""
    if channel_id is None:
        return ["None. `/settings milestones` names a channel for them."], []
    channel = guild.get_channel(channel_id)
    if channel is None:
        return [], ["The channel has been deleted. Name another one with `/settings milestones`."]
    lacking = lacking_in(channel)
    return [f"Posted in {channel.mention}."], [f"There I lack: {', '.join(lacking)}."] if lacking else []


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


def _lines(what: list[str], lacks: list[str]) -> str:
    return shorten("\n".join([*what, *(f"⚠️ {lack}" for lack in lacks)]), EMBED_FIELD_LIMIT)
