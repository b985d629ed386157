"""/privacy show, export and delete; forgets old questions once a day."""

import asyncio
import logging

import discord
from discord import app_commands
from discord.ext import commands, tasks

from bot.features.privacy.service import PrivacyService
from bot.features.privacy.views import deletion_buttons, render_export, render_policy

_log = logging.getLogger(__name__)


class PrivacyCog(
    commands.GroupCog, group_name="privacy", group_description="See, export or delete what I keep about you."
):
    """Everything a member can do about their data."""

    def __init__(self, service: PrivacyService) -> None:
        super().__init__()
        self._service = service

    async def cog_load(self) -> None:
        self.forget_old_questions.start()

    async def cog_unload(self) -> None:
        """End the daily run and wait until it has ended: the database is closed next, and would leave it hanging."""
        self.forget_old_questions.cancel()
        if task := self.forget_old_questions.get_task():
            await asyncio.wait({task})

    @app_commands.command(name="show", description="What I keep about you, and for how long.")
    async def show(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        data = await self._service.export_member(interaction.user.id)
        await interaction.followup.send(embed=render_policy(data, self._service.keep_questions_days), ephemeral=True)

    @app_commands.command(name="export", description="Sends you everything I keep about you as a file.")
    async def export(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        data = await self._service.export_member(interaction.user.id)
        await interaction.followup.send(
            "Here is everything I keep about you.", file=render_export(data), ephemeral=True
        )

    @app_commands.command(name="delete", description="Deletes everything I keep about you, after asking once.")
    async def delete(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(
            "This deletes everything that I keep about you: questions, ratings, your profile and all your progress. "
            "It cannot be undone. You leave your study groups, and I delete what I posted there for you. Other things "
            "that I have posted in channels stay there: answers, and what you wrote against a question.",
            view=deletion_buttons(interaction.user.id),
            ephemeral=True,
        )

    @tasks.loop(hours=24)
    async def forget_old_questions(self) -> None:
        try:
            count = await self._service.forget_old_questions()
        except Exception:  # noqa: BLE001 - see below
            # An error that leaves a tasks.loop ends it for good; tomorrow is another try.
            _log.exception("Old questions could not be forgotten; the next try is in a day.")
            return
        if count:
            _log.info("Forgot the text of %d old questions.", count)
