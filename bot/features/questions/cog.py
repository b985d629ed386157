"""The window for numbers. Questions have no command of their own."""

import discord
from discord.ext import commands

from bot.features.questions.views import read_number, take_number


class QuestionsCog(commands.Cog):
    """Takes the numbers that members type."""

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A window that was opened before a restart is unknown to discord.py, so all of them are taken here."""
        if (sent := read_number(interaction)) is not None:
            await take_number(interaction, *sent)
