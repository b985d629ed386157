"""/next."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.next_step.views import SITTING, send_next_step


class NextCog(commands.Cog):
    """Says what to do now."""

    @app_commands.command(name="next", description="The one thing to do now on your path, with the reason.")
    @app_commands.describe(minutes="How many minutes you have now; left out, I go by your week.")
    async def next(
        self,
        interaction: discord.Interaction,
        minutes: app_commands.Range[int, SITTING.start, SITTING.stop - 1] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await send_next_step(interaction, minutes)
