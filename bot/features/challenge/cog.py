"""/challenges for those who decide, and the windows of challenges."""

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import MemberError
from bot.features.challenge.models import SHOW_POST
from bot.features.challenge.service import ChallengeService
from bot.features.challenge.views import (
    check_mentor,
    read_window,
    refresh_post,
    send_undo,
    send_waiting,
    take_window,
)
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Occurrence
from bot.ui.text import shorten

if TYPE_CHECKING:
    from bot.client import TutorClient

_CHOICES = 25
_CHOICE_LIMIT = 100


@app_commands.guild_only()
class ChallengeCog(
    commands.GroupCog,
    group_name="challenges",
    group_description="Questions that members doubt, for admins and mentors.",
):
    """What those who decide use where no notes channel is set, or where a decision has to be taken back.

    A mentor needs no permission of Discord's, so everybody sees the commands, and each use is checked.
    """

    def __init__(self, client: "TutorClient", service: ChallengeService, dispatcher: Dispatcher) -> None:
        super().__init__()
        self._client = client
        self._service = service
        self._dispatcher = dispatcher
        dispatcher.register(SHOW_POST, self.show_post)

    @app_commands.command(name="list", description="The questions that wait for a decision, for admins and mentors.")
    async def waiting(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await send_waiting(interaction, await check_mentor(interaction))

    @app_commands.command(name="undo", description="Take back a decision about a question, for admins and mentors.")
    @app_commands.describe(question="The question; the last decisions come first.")
    async def undo(self, interaction: discord.Interaction, question: app_commands.Range[str, 1, _CHOICE_LIMIT]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await send_undo(interaction, question, await check_mentor(interaction))

    @undo.autocomplete("question")
    async def suggest_decided(
        self, interaction: discord.Interaction[Any], current: str
    ) -> list[app_commands.Choice[str]]:
        try:
            guild_id = await check_mentor(interaction)
        except (MemberError, app_commands.CheckFailure):
            return []
        wanted = current.casefold()
        found = [one for one in await self._service.list_decided(guild_id) if wanted in one.prompt.casefold()]
        return [
            app_commands.Choice(name=shorten(f"{one.verdict.value}: {one.prompt}", _CHOICE_LIMIT), value=one.question)
            for one in found[:_CHOICES]
        ]

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A window that was opened before a restart is unknown to discord.py, so all of them are taken here."""
        if (sent := read_window(interaction)) is not None:
            await take_window(interaction, sent)

    async def show_post(self, occurrence: Occurrence) -> None:
        """Bring a post up to date after an operator's decision."""
        guild_id = await self._service.find_server(occurrence.subject_id)
        if guild_id is not None:
            await self._dispatcher.pace()
            await refresh_post(self._client, occurrence.subject_id, guild_id)
        await self._service.record_shown(self._dispatcher, occurrence)
