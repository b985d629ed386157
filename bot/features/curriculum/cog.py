"""/curriculum."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.curriculum.models import Page
from bot.features.curriculum.rules.pages import HOME
from bot.features.curriculum.service import CurriculumService
from bot.features.curriculum.views import page_buttons, render_page

_LONGEST_SEARCH = 100


class CurriculumCog(commands.Cog):
    """Browses steps, resources and concepts."""

    def __init__(self, service: CurriculumService) -> None:
        self._service = service

    @app_commands.command(
        name="curriculum", description="Browse the steps, the resources and the concepts, with where you are."
    )
    @app_commands.describe(
        search="A step, a resource, a concept or a project idea; begin to type its name.",
        share="Post the page in this channel for everybody, without your own progress.",
    )
    async def curriculum(
        self,
        interaction: discord.Interaction,
        search: app_commands.Range[str, 1, _LONGEST_SEARCH] | None = None,
        share: bool = False,  # noqa: FBT001, FBT002 - a slash option
    ) -> None:
        if share:
            page = await self._open(search, None)
            await interaction.response.send_message(embed=render_page(page), view=page_buttons(page))
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        page = await self._open(search, interaction.user.id)
        await interaction.followup.send(embed=render_page(page), view=page_buttons(page), ephemeral=True)

    async def _open(self, search: str | None, reader: int | None) -> Page:
        return await (self._service.search(search, reader) if search else self._service.open_page(HOME, reader))

    @curriculum.autocomplete("search")
    async def suggest(self, _interaction: discord.Interaction, text: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=found.label, value=found.value) for found in self._service.suggest(text)]
