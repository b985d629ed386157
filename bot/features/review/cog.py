"""/review, the window for a time zone, and sending reminders."""

import logging
from datetime import timedelta

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.review.models import REMINDER, Nudge
from bot.features.review.service import ReviewService
from bot.features.review.views import is_nudge, nudge_buttons, read_zone, render_nudge, send_overview, take_zone
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Occurrence

_log = logging.getLogger(__name__)

_LOOKED_THROUGH = 20
"""Messages in which an earlier try of the same reminder may stand."""

_SKEW = timedelta(hours=1)
"""Discord's clock may be behind this machine's. The reminder of the day before was longer ago than that."""


class ReviewCog(commands.Cog):
    """Asks again what was answered before, shortly before it would be forgotten."""

    def __init__(self, client: commands.Bot, service: ReviewService, dispatcher: Dispatcher) -> None:
        self._client = client
        self._service = service
        self._dispatcher = dispatcher
        dispatcher.register(REMINDER, self.remind, service.note_failed)

    @app_commands.command(name="review", description="The questions that are due, before you forget them.")
    async def review(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await send_overview(interaction)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A window that was opened before a restart is unknown to discord.py, so all of them are taken here."""
        if (sent := read_zone(interaction)) is not None:
            typed, is_here = sent
            await take_zone(interaction, typed, is_here=is_here)

    async def remind(self, occurrence: Occurrence) -> None:
        """Write to one member what is due, if anything is, at the hours that they chose."""
        nudge = await self._service.prepare(occurrence)
        if nudge is None:
            return
        try:
            await self._send(occurrence, nudge)
        except (discord.Forbidden, discord.NotFound):  # closed to the tutor, or no such member any more
            _log.info("A reminder was refused, so it is off.")
            await self._service.note_refused(occurrence)
        else:
            await self._service.note_sent(occurrence, nudge)

    async def _send(self, occurrence: Occurrence, nudge: Nudge) -> None:
        await self._dispatcher.pace()
        channel = await self._client.create_dm(discord.Object(occurrence.subject_id))
        if occurrence.tries > 1 and await self._was_sent(channel, occurrence):
            return
        await self._dispatcher.pace()
        await channel.send(render_nudge(nudge), view=nudge_buttons(nudge))

    async def _was_sent(self, channel: discord.DMChannel, occurrence: Occurrence) -> bool:
        """Whether an earlier try did all but note it."""
        await self._dispatcher.pace()
        me = self._client.user
        since = occurrence.due_at - _SKEW
        async for message in channel.history(limit=_LOOKED_THROUGH, after=since, oldest_first=False):
            if me is not None and message.author.id == me.id and is_nudge(message):
                return True
        return False
