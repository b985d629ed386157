"""/calls, the window for the text of a call, and the scheduled work that shows calls and tells of offers."""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.groups.models import Group
from bot.features.groups.views import CannotReach, HomeLost, find_home, tell_group
from bot.features.support.models import SHOW, TELL, Call, HelpState, Offer
from bot.features.support.rules import slot_of
from bot.features.support.service import SupportService
from bot.features.support.views import (
    call_buttons,
    check_mentor,
    find_mentor_role,
    offer_buttons,
    read_window,
    render_call,
    say_call,
    say_offer,
    say_offer_alone,
    send_own,
    send_waiting,
    take_window,
)
from bot.scheduling.dispatcher import Dispatcher, TryLater
from bot.scheduling.models import Occurrence
from bot.scheduling.rules import MOST_TRIES
from bot.scheduling.turns import Turns
from bot.ui.components import custom_ids
from bot.ui.flood import FloodGate

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)

_PINGS, _DAY = 3, 86400.0

_LOOK_BACK = 500
"""So many messages after the planned time are looked at for one that is there already."""
_CLOCKS_DIFFER = timedelta(minutes=1)
_OUT_OF_REACH = "Discord does not let me post there; the call stands in /calls list all the same."


@app_commands.guild_only()
class SupportCog(commands.GroupCog, group_name="calls", group_description="Calls for help: yours, and who waits."):
    """A mentor needs no permission of Discord's, so everybody sees the commands, and each use is checked."""

    def __init__(self, client: "TutorClient", service: SupportService, dispatcher: Dispatcher) -> None:
        super().__init__()
        self._client = client
        self._service = service
        self._dispatcher = dispatcher
        self._turns = Turns()
        self._pings = FloodGate(_PINGS, _DAY, client.clock)
        dispatcher.register(SHOW, self.show)
        dispatcher.register(TELL, self.tell)

    @app_commands.command(name="list", description="Who waits for help, for mentors and admins.")
    async def waiting(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await send_waiting(interaction, await check_mentor(interaction))

    @app_commands.command(name="mine", description="Your calls for help in this server; take one back, or mark it.")
    async def mine(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await send_own(interaction)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A window that was opened before a restart is unknown to discord.py, so all of them are taken here."""
        if (sent := read_window(interaction)) is not None:
            await take_window(interaction, *sent)

    # The message of a call

    async def show(self, occurrence: Occurrence) -> None:
        """Make the message of a call agree with it: post it, bring it up to date, or delete it."""
        async with self._turns.of(occurrence.subject_id):
            call = await self._service.find_shown(occurrence.subject_id)
            if call is None:
                await self._service.record_shown(occurrence, None)
                return
            try:
                message = await self._reconcile(occurrence, call)
            except discord.Forbidden:
                await self._try_later(occurrence, _OUT_OF_REACH)
                return
            except discord.NotFound:  # the channel has just been deleted, or the parent of the home
                message = None
            is_there = await self._service.record_shown(occurrence, message.id if message else None)
            if message is not None and not is_there:  # the member has just deleted everything
                await message.delete()

    async def _reconcile(self, occurrence: Occurrence, call: Call) -> discord.PartialMessage | None:
        """The message as it is afterwards; None if there is none."""
        channel = await self._open_channel(call.request.channel_id)
        if channel is None:
            return None
        message = await self._find_message(occurrence, call, channel)
        if message is None:
            return await self._post(call, channel) if call.request.state is HelpState.OPEN else None
        await self._dispatcher.pace()
        try:
            if call.request.state is HelpState.WITHDRAWN:
                await message.delete()
                return None
            await message.edit(embed=render_call(call), view=call_buttons(call))
        except discord.NotFound:  # an admin has deleted it; it stands in /calls list all the same
            return None
        return message

    async def _find_message(
        self, occurrence: Occurrence, call: Call, channel: discord.TextChannel | discord.Thread
    ) -> discord.PartialMessage | None:
        """The message that is known, or one which an earlier try has posted and not recorded."""
        request = call.request
        if request.message_id is not None:
            return channel.get_partial_message(request.message_id)
        if occurrence.tries == 1 and occurrence.slot == slot_of(HelpState.OPEN, request.made_at):
            return None  # nobody has tried before
        return await self._find_mine(channel, request.made_at, f"support:{request.id}:solved")

    async def _post(self, call: Call, channel: discord.TextChannel | discord.Thread) -> discord.PartialMessage:
        """Post a call. Where the mentors read they are mentioned; in a group's home they would be let in by that.

        Who sends and withdraws all day mentions them a few times only.
        """
        is_home = isinstance(channel, discord.Thread)
        role = None if is_home else await find_mentor_role(self._client, call.request.guild_id)
        is_heard = role is not None and self._pings.seconds_to_wait(call.request.member_id) is None
        mentioned = discord.AllowedMentions(everyone=False, users=False, roles=[role] if role and is_heard else False)
        await self._dispatcher.pace()
        sent = await channel.send(
            say_call(role), embed=render_call(call), view=call_buttons(call), allowed_mentions=mentioned
        )
        return channel.get_partial_message(sent.id)

    # Offers

    async def tell(self, occurrence: Occurrence) -> None:
        """Tell a member that somebody would like to help: in the home of their group, else alone if they allow that."""
        offer = await self._service.find_offer(occurrence.subject_id)
        if offer is None:
            await self._service.give_up(occurrence, "The offer holds no more.")
            return
        if await self._tell_at_home(occurrence, offer) or (offer.by_dm and await self._tell_alone(offer)):
            await self._service.record_told(occurrence)
        elif offer.call.home_id is not None and not offer.by_dm and occurrence.tries < MOST_TRIES:
            raise TryLater  # whoever looks after the group has been told what its home lacks
        else:
            await self._service.record_untold(occurrence, dm_failed=offer.by_dm)

    async def _tell_at_home(self, occurrence: Occurrence, offer: Offer) -> bool:
        """Whether it could be said there, or was by an earlier try. It mentions the member who asked, and only them."""
        group, request = offer.call.group, offer.call.request
        if group is None or group.home_id is None:
            return False
        if occurrence.tries > 1 and await self._was_told(occurrence, offer, group):
            return True
        return (
            await tell_group(self._client, group, say_offer(offer), offer_buttons(offer), [request.member_id])
            is not None
        )

    async def _was_told(self, occurrence: Occurrence, offer: Offer, group: Group) -> bool:
        request = offer.call.request
        try:
            home = await find_home(self._client, group)
            custom_id = f"support:{request.id}:solved"
            found = await self._find_mine(home, occurrence.due_at, custom_id, but=request.message_id)
        except (HomeLost, CannotReach, discord.Forbidden, discord.NotFound):
            return False
        return found is not None

    async def _tell_alone(self, offer: Offer) -> bool:
        """Write a direct message; False if they are closed to the tutor."""
        guild = self._client.get_guild(offer.call.request.guild_id)
        try:
            await self._dispatcher.pace()
            channel = await self._client.create_dm(discord.Object(offer.call.request.member_id))
            await self._dispatcher.pace()
            await channel.send(say_offer_alone(offer, guild.name if guild else None))
        except (discord.Forbidden, discord.NotFound):
            _log.info("A direct message about an offer was refused.")
            return False
        return True

    # What both have in common

    async def _open_channel(self, channel_id: int | None) -> discord.TextChannel | discord.Thread | None:
        """A channel or a home, which is taken out of the archive; None if it is gone."""
        if channel_id is None:
            return None
        channel = self._client.get_channel(channel_id)
        if channel is None:  # archived threads are not in discord.py's memory
            await self._dispatcher.pace()
            try:
                channel = await self._client.fetch_channel(channel_id)
            except discord.NotFound:
                return None
        if isinstance(channel, discord.Thread) and channel.archived:
            await self._dispatcher.pace()
            return await channel.edit(archived=False)
        return channel if isinstance(channel, discord.TextChannel | discord.Thread) else None

    async def _find_mine(
        self,
        channel: discord.TextChannel | discord.Thread,
        since: datetime,
        custom_id: str,
        *,
        but: int | None = None,
    ) -> discord.PartialMessage | None:
        """A message of mine with this component, other than the one that is known."""
        await self._dispatcher.pace()
        async for message in channel.history(limit=_LOOK_BACK, after=since - _CLOCKS_DIFFER, oldest_first=False):
            if message.author == self._client.user and message.id != but and custom_id in custom_ids(message):
                return channel.get_partial_message(message.id)
        return None

    async def _try_later(self, occurrence: Occurrence, note: str) -> None:
        """Once more in a while; the last try is the end of it.

        Raises:
            TryLater: it is tried again.
        """
        if occurrence.tries < MOST_TRIES:
            raise TryLater
        await self._service.give_up(occurrence, note)
