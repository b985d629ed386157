"""/start."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import MemberError
from bot.features.progress.rules.zones import guess_zone
from bot.features.start.service import StartService
from bot.features.start.views import read_about, send_form, take_about
from bot.ui.text import shorten

_CHOICE_LIMIT = 100


class StartCog(commands.Cog):
    """Gets to know a member."""

    def __init__(self, service: StartService) -> None:
        self._service = service

    @app_commands.command(
        name="start", description="A minute of questions, so that your path fits you. Open it again to change answers."
    )
    @app_commands.describe(zone="Your time zone, city or country; you can also answer this in the form.")
    async def start(
        self, interaction: discord.Interaction, zone: app_commands.Range[str, 1, _CHOICE_LIMIT] | None = None
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        note = None
        if zone is not None:
            try:
                await self._service.save_zone(interaction.user.id, zone)
            except MemberError as error:
                note = str(error)
        await send_form(interaction, note)

    @start.autocomplete("zone")
    async def suggest_zone(self, interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        guess = guess_zone(interaction.locale.value)
        found = await self._service.suggest_zones(interaction.user.id, current, guess)
        return [app_commands.Choice(name=shorten(label, _CHOICE_LIMIT), value=name) for label, name in found]

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A window that was opened before a restart is unknown to discord.py, so all of them are taken here."""
        if (sent := read_about(interaction)) is not None:
            await take_about(interaction, *sent)
