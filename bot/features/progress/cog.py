"""/progress show, complete, skip, undo, server and visibility."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import MemberError
from bot.features.progress.announce import announce
from bot.features.progress.models import Overview, State
from bot.features.progress.picture import ProgressPainter
from bot.features.progress.rules.choices import WHOLE
from bot.features.progress.service import ProgressService
from bot.features.progress.views import (
    SERVER_ONLY,
    has_milestones_channel,
    render_change,
    render_overview,
    render_picture,
    render_server,
    render_undone,
    render_visibility,
    to_choices,
    undo_button,
    visibility_buttons,
)
from bot.ui.errors import without_text

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)
_MOST_MINUTES = 24 * 60
_LOOKED_UP_AT_ONCE = 100
"""How many members Discord looks up in one request."""


class ProgressCog(
    commands.GroupCog, group_name="progress", group_description="See how far you are, and say what you have done."
):
    """Everything a member does with their own progress, and the little that a server may see of it."""

    def __init__(self, client: "TutorClient", service: ProgressService) -> None:
        super().__init__()
        self._client = client
        self._service = service
        self._painter = ProgressPainter()

    @app_commands.command(name="show", description="Where you are on the path, as a picture and in words.")
    @app_commands.describe(share="Post it in this channel for everybody, without the names of weak concepts.")
    async def show(
        self,
        interaction: discord.Interaction,
        share: bool = False,  # noqa: FBT001, FBT002 - a slash option
    ) -> None:
        await interaction.response.defer(ephemeral=not share, thinking=True)
        overview = await self._service.show_overview(interaction.user.id)
        name = interaction.user.display_name if share else None
        embed = render_overview(overview, name)
        picture = await self._paint(overview, name)
        if picture is None:
            await interaction.followup.send(embed=embed, ephemeral=not share)
            return
        file = render_picture(embed, picture, overview)
        await interaction.followup.send(embed=embed, file=file, ephemeral=not share)

    async def _paint(self, overview: Overview, name: str | None) -> bytes | None:
        """The picture; None if it cannot be drawn on this machine, for the words say the same."""
        try:
            return await self._painter.paint(overview, name)
        except Exception as error:  # noqa: BLE001 - fonts and memory are the machine's, and words are enough
            _log.error("The picture of a member's progress could not be drawn.", exc_info=without_text(error))
            return None

    @app_commands.command(name="complete", description="Mark a part of the path, or a whole resource, as done.")
    @app_commands.describe(item="Begin to type its name.", minutes="How long it took you, for this week's hours.")
    async def complete(
        self,
        interaction: discord.Interaction,
        item: str,
        minutes: app_commands.Range[int, 1, _MOST_MINUTES] | None = None,
    ) -> None:
        await self._settle(interaction, item, State.DONE, minutes)

    @app_commands.command(name="skip", description="Take a part, or a whole resource, off your path.")
    @app_commands.describe(item="Begin to type its name.")
    async def skip(self, interaction: discord.Interaction, item: str) -> None:
        await self._settle(interaction, item, State.SKIPPED)

    async def _settle(
        self, interaction: discord.Interaction, text: str, state: State, minutes: int | None = None
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        member_id = interaction.user.id
        item = await self._service.resolve_item(member_id, text)
        if item.startswith(WHOLE):
            resource, click = item.removeprefix(WHOLE), str(interaction.id)
            change = await self._service.settle_resource(member_id, resource, state, click=click, minutes=minutes)
        else:
            change = await self._service.settle_item(member_id, item, state, minutes=minutes)
        overview = await self._service.show_overview(member_id)
        view = undo_button(member_id, change) or discord.utils.MISSING
        await interaction.followup.send(embed=render_change(change, overview), view=view, ephemeral=True)
        await announce(self._client, member_id, change.reached)

    @app_commands.command(name="undo", description="Take back your last change, or the last one of a part.")
    @app_commands.describe(item="Begin to type its name; without it, your last change is taken back.")
    async def undo(self, interaction: discord.Interaction, item: str | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        member_id = interaction.user.id
        chosen = await self._service.resolve_item(member_id, item, is_changed=True) if item else None
        change = await self._service.undo(member_id, chosen)
        before = await self._service.find_last_change(member_id)
        view = undo_button(member_id, before, again=True) or discord.utils.MISSING
        await interaction.followup.send(embed=render_undone(change, before), view=view, ephemeral=True)
        await announce(self._client, member_id)

    @complete.autocomplete("item")
    @skip.autocomplete("item")
    async def suggest(self, interaction: discord.Interaction, text: str) -> list[app_commands.Choice[str]]:
        return to_choices(await self._service.suggest_items(interaction.user.id, text))

    @undo.autocomplete("item")
    async def suggest_changed(self, interaction: discord.Interaction, text: str) -> list[app_commands.Choice[str]]:
        return to_choices(await self._service.suggest_changed(interaction.user.id, text))

    @app_commands.guild_only()  # Discord ignores it in a group; /help does not
    @app_commands.command(name="server", description="On which step those are who chose to be seen in this server.")
    async def server(self, interaction: discord.Interaction) -> None:
        guild = _guild(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        counts = await self._service.show_server(guild.id)
        names = await self._names(guild, [id_ for count in counts for id_ in count.member_ids])
        titles = {step.number: step.title for step in self._service.curriculum.steps}
        enrolment = await self._service.find_enrolment(interaction.user.id, guild.id)
        await interaction.followup.send(embed=render_server(counts, titles, names, enrolment), ephemeral=True)

    async def _names(self, guild: discord.Guild, member_ids: Sequence[int]) -> dict[int, str]:
        """The names of those who are still in the server; who has left it is not shown."""
        names: dict[int, str] = {}
        for ids in discord.utils.as_chunks(member_ids, _LOOKED_UP_AT_ONCE):
            try:
                found = await guild.query_members(user_ids=ids, limit=len(ids), cache=False)
            except TimeoutError:
                raise MemberError("Discord does not tell me who is here at present. Please try again later.") from None
            names.update((member.id, member.display_name) for member in found)
        return names

    @app_commands.guild_only()
    @app_commands.command(name="visibility", description="What this server may see of you; nothing, unless you say so.")
    async def visibility(self, interaction: discord.Interaction) -> None:
        guild = _guild(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        member_id = interaction.user.id
        enrolment = await self._service.find_enrolment(member_id, guild.id)
        embed = render_visibility(enrolment, has_channel=await has_milestones_channel(interaction))
        await interaction.followup.send(embed=embed, view=visibility_buttons(member_id, enrolment), ephemeral=True)


def _guild(interaction: discord.Interaction) -> discord.Guild:
    """The server that the command was used in.

    Raises:
        MemberError: it was used in a direct message.
    """
    if interaction.guild is None:
        raise MemberError(SERVER_ONLY)
    return interaction.guild
