"""The scheduled work of matching: find who fits, tell them, and tell what has come of it."""

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import discord
from discord.ext import commands, tasks

from bot.errors import MemberError
from bot.features.groups.models import Group
from bot.features.groups.views import CannotReach, HomeLost, find_home, open_home, tell_group
from bot.features.groups.views.homes import add_to_home, groups_of, send_to
from bot.features.matching.models import EXPIRE, MATCH, PROPOSE, News, ProposalState
from bot.features.matching.service import MatchingService
from bot.features.matching.views.controls import read_zone, see_id, see_view, take_zone
from bot.features.matching.views.render import (
    render_decided,
    render_farewell,
    render_letter,
    render_post,
    render_welcome,
)
from bot.features.progress.announce import lacking_in
from bot.features.settings.views import tell_admins
from bot.scheduling.dispatcher import Dispatcher, TryLater
from bot.scheduling.models import Occurrence
from bot.scheduling.rules import MOST_TRIES
from bot.scheduling.turns import Turns
from bot.ui.components import custom_ids
from bot.ui.errors import without_text

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)

_LOOK_BACK = 200
"""So many messages since a proposal was made are looked at for one that is there already."""
_SAID_WITHIN = 20
_CLOCKS_DIFFER = timedelta(minutes=1)
_SILENCE = timedelta(hours=20)
"""So long the admins of a server are not told the same thing again, however many proposals it keeps from members."""
_ARCHIVED = 50083
"""Discord's code for what cannot be done in an archived thread."""


_NO_CHANNEL = (
    "I have found members who could study together, and have no channel in which I may tell them. Set one with "
    "`/settings groups`, and allow me there: View Channel, Send Messages, Embed Links."
)


class CannotTell(Exception):
    """There is no channel in which members can be told; the text says what mends that."""


class MatchingCog(commands.Cog):
    """Makes study groups out of those who look for one. It never tells others what a member has answered."""

    def __init__(self, client: "TutorClient", service: MatchingService, dispatcher: Dispatcher) -> None:
        self._client = client
        self._service = service
        self._dispatcher = dispatcher
        self._turns = Turns()
        self._warned: dict[int, datetime] = {}
        dispatcher.register(MATCH, self._match, self._after_failed_match)
        dispatcher.register(PROPOSE, self._propose, self._after_failed_telling)
        dispatcher.register(EXPIRE, service.expire, self._after_failed_telling)

    async def cog_load(self) -> None:
        self.plan.start()

    async def cog_unload(self) -> None:
        """End the planning and wait until it has ended: the database is closed next, and would leave it hanging."""
        self.plan.cancel()
        if (task := self.plan.get_task()) is not None:
            await asyncio.wait({task})

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A window that was opened before a restart is unknown to discord.py, so all of them are taken here."""
        if (sent := read_zone(interaction)) is not None:
            await take_zone(interaction, *sent)

    @tasks.loop(hours=24)
    async def plan(self) -> None:
        """Have every server matched that has groups or somebody who looks for one, also if that was forgotten."""
        try:
            await self._service.plan_all({guild.id for guild in self._client.guilds})
        except Exception as error:  # noqa: BLE001 - an error that leaves a tasks.loop ends it for good
            _log.error("Matching could not be planned; the next try is tomorrow.", exc_info=without_text(error))

    @plan.before_loop
    async def _wait_until_ready(self) -> None:
        await self._client.wait_until_ready()  # before that it is not known which servers the tutor is in

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """In a server that the tutor has left, nobody can be told of a proposal."""
        await self._service.leave_server(guild.id)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Back in a server, those who look for a group there are matched again."""
        await self._service.plan_server(guild.id)

    # Matching

    async def _match(self, occurrence: Occurrence) -> None:
        if self._client.get_guild(occurrence.subject_id) is None:
            await self._service.skip_match(occurrence)
        else:
            await self._service.match_server(occurrence)

    async def _after_failed_match(self, occurrence: Occurrence) -> None:
        await self._service.plan_next(occurrence.subject_id)

    # Telling

    async def _propose(self, occurrence: Occurrence) -> None:
        """Tell members of a proposal, or what has become of it. What is said again is looked up again."""
        async with self._turns.of(occurrence.subject_id):
            news = await self._service.prepare(occurrence)
            if news is None:
                return
            if news.proposal.state is not ProposalState.OPEN:
                await self._tell_decided(news)
                await self._service.record_told(occurrence)
                return
            try:
                await self._tell_open(news, is_first=occurrence.tries == 1)
            except (CannotTell, discord.Forbidden) as error:
                await self._give_up_or_try_later(occurrence, news, error)
            else:
                await self._service.record_told(occurrence)

    async def _give_up_or_try_later(self, occurrence: Occurrence, news: News, error: Exception) -> None:
        await self._tell_admins(news.proposal.guild_id, str(error) if isinstance(error, CannotTell) else _NO_CHANNEL)
        if occurrence.tries < MOST_TRIES:
            raise TryLater from error
        await self._service.give_up(occurrence)

    async def _after_failed_telling(self, occurrence: Occurrence) -> None:
        """It is not waited for what nobody knows of. What is decided holds, and its groups tell of themselves."""
        await self._service.withdraw(occurrence.subject_id)

    async def _tell_admins(self, guild_id: int, text: str) -> None:
        """Once in a while only: there may be hundreds of proposals."""
        now = self._client.clock()
        if guild_id in self._warned and now - self._warned[guild_id] < _SILENCE:
            return
        self._warned[guild_id] = now
        await tell_admins(self._client, guild_id, text)

    # An open proposal

    async def _tell_open(self, news: News, *, is_first: bool) -> None:
        """In the homes of the groups that it concerns; members of none, or of one out of reach, in a channel."""
        outside = list(news.seekers)
        for group in news.groups:
            if not await self._post_in_home(news, group, is_first=is_first):
                outside += news.inside[group.id]
        if outside:
            await self._post_in_channel(news, list(dict.fromkeys(outside)), is_first=is_first)
        for member_id in news.writes_to:
            await self._write(member_id, render_letter(news), news.proposal.id, is_first=is_first)

    async def _post_in_home(self, news: News, group: Group, *, is_first: bool) -> bool:
        members = news.inside[group.id]
        if not members or group.home_id in news.posts:
            return True
        if not is_first and (found := await self._find_post(group.home_id or 0, news)) is not None:
            await self._service.record_post(news.proposal.id, found.channel.id, found.id)
            return True
        text = render_post(news, members, is_home=True)
        message = await tell_group(self._client, group, text, see_view(news.proposal.id), members)
        if message is None:
            return False
        await self._service.record_post(news.proposal.id, message.channel.id, message.id)
        return True

    async def _post_in_channel(self, news: News, members: Collection[int], *, is_first: bool) -> None:
        homes = {group.home_id for group in news.groups}
        if any(channel_id not in homes for channel_id in news.posts):
            return
        channel = self._find_channel(news)
        message = None if is_first else await self._find_post(channel.id, news)
        if message is None:
            text = render_post(news, members, is_home=False)
            message = await send_to(self._client, channel, text, see_view(news.proposal.id), members)
        await self._service.record_post(news.proposal.id, channel.id, message.id)

    def _find_channel(self, news: News) -> discord.TextChannel:
        """The first channel that there is in which members can be told."""
        guild = self._client.get_guild(news.proposal.guild_id)
        if guild is None:
            raise CannotTell(_NO_CHANNEL)
        for channel_id in news.channels:
            channel = guild.get_channel(channel_id)
            if isinstance(channel, discord.TextChannel) and not lacking_in(channel):
                return channel
        raise CannotTell(_NO_CHANNEL)

    async def _find_post(self, channel_id: int, news: News) -> discord.Message | None:
        """What an earlier try has posted and not recorded."""
        channel = self._client.get_channel(channel_id)
        if not isinstance(channel, discord.TextChannel | discord.Thread):
            return None
        since = news.proposal.made_at - _CLOCKS_DIFFER
        async for message in channel.history(limit=_LOOK_BACK, after=since, oldest_first=False):
            if message.author == self._client.user and see_id(news.proposal.id) in custom_ids(message):
                return message
        return None

    async def _write(self, member_id: int, text: str, proposal_id: int | None, *, is_first: bool) -> None:
        """A direct message. Who takes none has been mentioned in the channel."""
        try:
            await self._dispatcher.pace()
            channel = await self._client.create_dm(discord.Object(member_id))
            if not is_first and await self._has_said(channel, text):
                return
            view = see_view(proposal_id) if proposal_id is not None else None
            await send_to(self._client, channel, text, view)
        except (discord.Forbidden, discord.NotFound):
            _log.info("A direct message about a proposal was refused.")

    async def _has_said(self, channel: discord.DMChannel | discord.Thread, text: str) -> bool:
        """Whether an earlier try has said it."""
        me, history = self._client.user, channel.history(limit=_SAID_WITHIN)
        return any([message.author == me and message.content == text async for message in history])

    # A proposal that is decided

    async def _tell_decided(self, news: News) -> None:
        """First the members come to where they belong, then everybody reads what has come of it."""
        is_accepted = news.proposal.state is ProposalState.ACCEPTED
        if is_accepted:
            await self._move_in(news)
        for channel_id, message_id in news.posts.items():
            await self._show_decided(channel_id, message_id, render_decided(news))
        for member_id in () if is_accepted else news.writes_to:
            await self._write(member_id, render_farewell(news), None, is_first=False)
        await self._forget_gone(news)

    async def _forget_gone(self, news: News) -> None:
        """Who has said nothing may have left the server, and then looks for no group there any more."""
        guild = self._client.get_guild(news.proposal.guild_id)
        if guild is None:
            return
        silent = {member.member_id for member in news.proposal.members if member.answer is None}
        for member_id in sorted(silent.intersection(news.seekers)):
            await self._dispatcher.pace()
            try:
                await guild.fetch_member(member_id)
            except discord.NotFound:
                await self._service.stop(member_id, guild.id)

    async def _show_decided(self, channel_id: int, message_id: int, text: str) -> None:
        message = self._client.get_partial_messageable(channel_id).get_partial_message(message_id)
        await self._dispatcher.pace()
        try:
            await message.edit(content=text, view=None, allowed_mentions=discord.AllowedMentions.none())
        except (discord.Forbidden, discord.NotFound):
            _log.info("A message about a proposal is gone or out of reach.")
        except discord.HTTPException as error:
            if error.code != _ARCHIVED:
                raise

    async def _move_in(self, news: News) -> None:
        """Let new members into the home, and welcome them. What cannot be done is left to the work of groups."""
        groups = {group.id: group for group in news.groups}
        group = news.made or groups.get(news.terms.into or news.proposal.groups[0])
        if group is None:
            return
        try:
            if news.made is not None:
                thread = await open_home(self._client, group.id)
            else:
                thread = await find_home(self._client, group)
            await self._welcome(news, thread, group)
        except (CannotReach, HomeLost, MemberError, discord.Forbidden, discord.NotFound):
            _log.info("Nobody could be welcomed in the home of group %d.", group.id)
            await groups_of(self._client).plan_tending([group.id])

    async def _welcome(self, news: News, thread: discord.Thread, group: Group) -> None:
        status = await groups_of(self._client).show(group.id)
        new = {member.member_id for member in news.proposal.members if news.made is not None or member.part == 1}
        members = [member_id for member_id in status.member_ids if member_id in new]
        if news.made is None:
            for member_id in members:
                await add_to_home(self._client, thread, member_id)
        text = render_welcome(news, status, members, self._client.clock())
        if members and not await self._has_said(thread, text):
            await send_to(self._client, thread, text, mention=members)
