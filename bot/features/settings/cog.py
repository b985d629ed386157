"""/settings show, milestones, step_role, notes, mentors, groups and clear, for who may manage the server."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import MemberError
from bot.features.settings.models import GuildSettings, Part
from bot.features.settings.service import GuildSettingsService
from bot.features.settings.views import MENTORS_MAY, list_lacks, render_settings
from bot.features.weekly.service import WeeklyService
from knowledge.curriculum import Curriculum

_POWERS = discord.Permissions.elevated() | discord.Permissions(mention_everyone=True)
_EARNED = (
    "Members earn the role of a step by what they say of themselves, so it cannot be that of the mentors. "
    "Choose another one."
)
_PARTS = [
    app_commands.Choice(name="the milestones channel", value=Part.MILESTONES.value),
    app_commands.Choice(name="the roles of all steps", value=Part.ROLES.value),
    app_commands.Choice(name="the notes channel", value=Part.NOTES.value),
    app_commands.Choice(name="the role of the mentors", value=Part.MENTORS.value),
    app_commands.Choice(name="the channel of study groups", value=Part.GROUPS.value),
    app_commands.Choice(name="everything", value=Part.EVERYTHING.value),
]
_CLEARED = {
    Part.MILESTONES: "Milestones are no longer congratulated here.",
    Part.ROLES: "Steps no longer have roles. Members keep those that they have.",
    Part.NOTES: (
        "I no longer post for those who look after me. Challenges wait in `/challenges list`, and calls for help in "
        "`/calls list`."
    ),
    Part.MENTORS: f"Only admins {MENTORS_MAY} from now on.",
    Part.GROUPS: "New study groups get their home where they are made. Those that have one stay where they are.",
    Part.EVERYTHING: "Nothing is set any more. Members keep the roles that they have.",
}


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class SettingsCog(
    commands.GroupCog, group_name="settings", group_description="What I may do in this server, for its admins."
):
    """What admins set. Discord hides the commands from others, and each is checked here again."""

    def __init__(self, service: GuildSettingsService, curriculum: Curriculum, weekly: WeeklyService | None) -> None:
        super().__init__()
        self._service = service
        self._weekly = weekly
        self._steps = {step.number: step.title for step in curriculum.steps}

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Before every command of the group: admins of a server can show a command to everybody by mistake."""
        if interaction.guild is None:
            raise app_commands.NoPrivateMessage
        if not (interaction.permissions.manage_guild or interaction.permissions.administrator):
            raise app_commands.MissingPermissions(["manage_guild"])
        return True

    @app_commands.command(name="show", description="What is set for this server, and what I lack for it.")
    async def show(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._send(interaction, await self._service.find(_guild(interaction).id))

    @app_commands.command(name="milestones", description="The channel in which I congratulate who wants it.")
    @app_commands.describe(channel="A text channel that everybody here can read.")
    async def milestones(self, interaction: discord.Interaction, channel: discord.TextChannel) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        settings = await self._service.set_milestones_channel(_guild(interaction).id, channel.id)
        await self._send(interaction, settings, f"Milestones are congratulated in {channel.mention} from now on.")

    @app_commands.command(name="step_role", description="The role that visible members have while they are on a step.")
    @app_commands.describe(step="The number of the step.", role="A role without powers, below your highest and mine.")
    async def step_role(
        self, interaction: discord.Interaction, step: app_commands.Range[int, 1, 6], role: discord.Role
    ) -> None:
        guild = _guild(interaction)
        if step not in self._steps:
            raise MemberError(f"The curriculum has no step {step}. Its steps are 1 to {max(self._steps)}.")
        _check_role(guild, interaction.user, role, interaction.permissions)
        await interaction.response.defer(ephemeral=True, thinking=True)
        if role.id == (await self._service.find(guild.id)).mentor_role_id:
            raise MemberError(_EARNED)
        settings = await self._service.set_step_role(guild.id, step, role.id)
        news = f"Visible members get {role.mention} on step {step}, with their next change of progress."
        await self._send(interaction, settings, news)

    @app_commands.command(name="notes", description="The channel in which I tell you what you have to decide or mend.")
    @app_commands.describe(
        channel="One that only admins and mentors see: calls for help, with names, and right answers come there."
    )
    async def notes(self, interaction: discord.Interaction, channel: discord.TextChannel) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        settings = await self._service.set_notes_channel(_guild(interaction).id, channel.id)
        news = f"Calls for help, challenged questions and what I need from you come to {channel.mention} from now on."
        await self._send(interaction, settings, news)

    @app_commands.command(
        name="mentors", description="The role that answers calls for help and decides about challenged questions."
    )
    @app_commands.describe(role="Admins may always decide. A mentor needs no other permission.")
    async def mentors(self, interaction: discord.Interaction, role: discord.Role) -> None:
        _check_mentors(role)
        await interaction.response.defer(ephemeral=True, thinking=True)
        if role.id in (await self._service.find(_guild(interaction).id)).step_roles.values():
            raise MemberError(_EARNED)
        settings = await self._service.set_mentor_role(_guild(interaction).id, role.id)
        news = f"Members with {role.mention} may {MENTORS_MAY} from now on."
        await self._send(interaction, settings, news)

    @app_commands.command(name="groups", description="The channel in which study groups get their homes.")
    @app_commands.describe(channel="A text channel that everybody here can see; this one if you do not say.")
    async def groups(self, interaction: discord.Interaction, channel: discord.TextChannel | None = None) -> None:
        chosen = channel or interaction.channel
        if not isinstance(chosen, discord.TextChannel):
            raise MemberError("Name a text channel: the home of a study group is a thread in it.")
        await interaction.response.defer(ephemeral=True, thinking=True)
        settings = await self._service.set_groups_channel(_guild(interaction).id, chosen.id)
        news = f"Study groups get their homes in {chosen.mention} from now on, unless they choose another channel."
        await self._send(interaction, settings, news)

    @app_commands.command(name="clear", description="Forget a channel, the roles of the steps, the mentors, or all.")
    @app_commands.describe(what="What to forget.")
    @app_commands.choices(what=_PARTS)
    async def clear(self, interaction: discord.Interaction, what: str) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        part = Part(what)
        await self._send(interaction, await self._service.clear(_guild(interaction).id, part), _CLEARED[part])

    async def _send(self, interaction: discord.Interaction, settings: GuildSettings, news: str | None = None) -> None:
        guild = _guild(interaction)
        quiz = await self._weekly.find_quiz(guild.id) if self._weekly else None
        thread = interaction.channel if isinstance(interaction.channel, discord.Thread) else None
        channel_id = thread.parent_id if thread is not None else interaction.channel_id or 0
        lacks = list_lacks(guild, channel_id, interaction.app_permissions, is_thread=thread is not None)
        embed = render_settings(guild, settings, self._steps, quiz, lacks_here=lacks, news=news)
        await interaction.followup.send(embed=embed, ephemeral=True)


def _guild(interaction: discord.Interaction) -> discord.Guild:
    if interaction.guild is None:
        raise app_commands.NoPrivateMessage
    return interaction.guild


def _check_role(
    guild: discord.Guild, user: discord.User | discord.Member, role: discord.Role, allowed: discord.Permissions
) -> None:
    """Refuse what would hand out powers: members tell me themselves how far they are.

    Raises:
        MemberError: the role is managed or powerful, or the admin could not give it by hand.
    """
    if role.is_default() or role.managed:
        raise MemberError("That role cannot be given to members. Choose one that an admin has made.")
    if role.permissions.value & _POWERS.value:
        raise MemberError(
            "That role may manage this server or its members, and everybody could earn it. Choose one without powers."
        )
    is_owner = guild.owner_id == user.id
    top = user.top_role if isinstance(user, discord.Member) else guild.default_role
    if not is_owner and not (allowed.manage_roles and role < top):
        raise MemberError(
            "You need Manage Roles and a role above that one to let me give it. Choose a lower role, or ask an admin."
        )


def _check_mentors(role: discord.Role) -> None:
    """Refuse what would let everybody decide.

    Raises:
        MemberError: everybody has the role.
    """
    if role.is_default():
        raise MemberError("Everybody has that role, so everybody could change the answers. Choose another one.")
