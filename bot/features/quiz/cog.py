"""/quiz."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.progress.views import to_choices
from bot.features.quiz.models import Difficulty, Wish
from bot.features.quiz.service import DEFAULT_COUNT, MOST_QUESTIONS, QuizService
from bot.features.quiz.views import show_quiz

_LONGEST_TOPIC = 100
_MIXED = "mixed"


class QuizCog(commands.Cog):
    """A few questions, privately, whenever a member likes."""

    def __init__(self, service: QuizService) -> None:
        self._service = service

    @app_commands.command(name="quiz", description="A few questions on what you have met so far, or on any topic.")
    @app_commands.describe(
        topic="A step, a concept or what you missed lately; begin to type its name.",
        questions=f"How many, from 1 to {MOST_QUESTIONS}; {DEFAULT_COUNT} unless you say so.",
        difficulty="Mixed, as it fits you, unless you say so.",
    )
    @app_commands.choices(
        difficulty=[app_commands.Choice(name=name, value=name) for name in (*(d.value for d in Difficulty), _MIXED)]
    )
    async def quiz(
        self,
        interaction: discord.Interaction,
        topic: app_commands.Range[str, 1, _LONGEST_TOPIC] | None = None,
        questions: app_commands.Range[int, 1, MOST_QUESTIONS] | None = None,
        difficulty: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        wish = Wish(
            self._service.resolve_topic(topic) if topic else None,
            questions or (DEFAULT_COUNT if difficulty else None),
            Difficulty(difficulty) if difficulty and difficulty != _MIXED else None,
        )
        found = await self._service.begin(interaction.user.id, wish, guild_id=interaction.guild_id)
        await show_quiz(interaction, found, edit=False)

    @quiz.autocomplete("topic")
    async def suggest(self, interaction: discord.Interaction, text: str) -> list[app_commands.Choice[str]]:
        return to_choices(await self._service.suggest(interaction.user.id, text))
