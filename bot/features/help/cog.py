"""/help."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.help.models import Abilities, CommandHelp
from bot.features.help.views import render_help
from bot.ui.text import command

if TYPE_CHECKING:
    from bot.client import TutorClient


class HelpCog(commands.Cog):
    """Shows what the tutor can do in this server."""

    def __init__(self, client: "TutorClient") -> None:
        self._client = client

    @app_commands.command(name="help", description="What I can do here, with examples.")
    async def help(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(embed=render_help(self._abilities(interaction)), ephemeral=True)

    def _abilities(self, interaction: discord.Interaction) -> Abilities:
        manifest = self._client.services.index.snapshot.manifest
        curriculum = self._client.services.curriculum
        steps = curriculum.steps if curriculum else ()
        return Abilities(
            commands=tuple(self._commands(interaction.permissions, is_private=interaction.guild_id is None)),
            documents=manifest.documents,
            passages=manifest.passages,
            steps=tuple(
                f"{step.number}. {step.title} ({step.weeks.min:g} to {step.weeks.max:g} weeks)" for step in steps
            ),
            reads_channel=self._client.answers_every_message_in(interaction.channel_id or 0),
            keep_questions_days=self._client.settings.answers.keep_questions_days,
            is_private=interaction.guild_id is None,
        )

    def _commands(self, permissions: discord.Permissions, *, is_private: bool) -> list[CommandHelp]:
        """Every slash command that a member with these permissions may use here, clickable where its id is known."""
        found: list[CommandHelp] = []
        ids = self._client.command_ids
        for whole in sorted(
            self._client.tree.get_commands(type=discord.AppCommandType.chat_input), key=lambda c: c.name
        ):
            needed = whole.default_permissions
            if needed is not None and not needed.is_subset(permissions):
                continue
            if is_private and whole.guild_only:
                continue
            leaves = whole.walk_commands() if isinstance(whole, app_commands.Group) else (whole,)
            found.extend(
                CommandHelp(leaf.qualified_name, command(leaf.qualified_name, ids), leaf.description)
                for leaf in leaves
                if isinstance(leaf, app_commands.Command) and not (is_private and leaf.guild_only)
            )
        return found
