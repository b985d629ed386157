"""/plan, its window, and the scheduled work that shows a plan to its group."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.groups.models import Group
from bot.features.groups.views import CannotReach, HomeLost, erase, find_home
from bot.features.groups.views.homes import groups_of, send_to
from bot.features.plan.models import SHOW, Plan
from bot.features.plan.service import PlanService
from bot.features.plan.views import mine_id, open_plan, post_buttons, render_post, take_window
from bot.scheduling.dispatcher import Dispatcher, TryLater
from bot.scheduling.models import Occurrence
from bot.scheduling.turns import Turns
from bot.ui.components import custom_ids
from bot.ui.text import shorten

if TYPE_CHECKING:
    from bot.client import TutorClient

_CHOICES = 25
_CHOICE_LIMIT = 100
_LOOK_BACK = 200
"""So many messages are looked at for one that was posted and not written down."""
_CLOCKS_DIFFER = timedelta(minutes=1)
_GONE = "Its home is gone."


class PlanCog(commands.Cog):
    """Helps a member to plan until the next check-in, and shows the plan to the group if they want that."""

    def __init__(self, client: "TutorClient", service: PlanService, dispatcher: Dispatcher) -> None:
        self._client = client
        self._service = service
        self._dispatcher = dispatcher
        self._turns = Turns()
        dispatcher.register(SHOW, self.show_plan, self._service.give_up)

    @app_commands.command(name="plan", description="What you will do until your study group's next check-in.")
    @app_commands.describe(group="Which study group, if you are in several.")
    async def plan(
        self, interaction: discord.Interaction, group: app_commands.Range[str, 1, _CHOICE_LIMIT] | None = None
    ) -> None:
        # A window has to be the first answer to a command, so nothing is deferred.
        member_id, guild_id = interaction.user.id, interaction.guild_id
        chosen = await self._service.choose_group(member_id, guild_id, group, interaction.channel_id)
        await open_plan(interaction, chosen.id)

    @plan.autocomplete("group")
    async def suggest_group(
        self, interaction: discord.Interaction[Any], current: str
    ) -> list[app_commands.Choice[str]]:
        groups = await self._service.list_groups(interaction.user.id, interaction.guild_id)
        wanted = current.strip().casefold()
        found = [group for group in groups if wanted in group.name.casefold()]
        return [
            app_commands.Choice(name=shorten(group.name, _CHOICE_LIMIT), value=str(group.id))
            for group in found[:_CHOICES]
        ]

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A window that was opened before a restart is unknown to discord.py, so all of them are taken here."""
        await take_window(interaction)

    # The group's message

    async def show_plan(self, occurrence: Occurrence) -> None:
        """Make the group's message of a plan agree with it: post, edit or delete it.

        Whatever changes a plan has this done once more, so what is read here is newer than what was planned.
        """
        async with self._turns.of(occurrence.subject_id):
            await self._dispatcher.check_alone(occurrence)
            found = await self._service.find_shown(occurrence.subject_id)
            if found is None:
                await self._service.record_shown(occurrence, None, None)
                return
            plan, group, is_wanted = found
            message_id = await self._find_message(plan, group)
            if is_wanted:
                await self._show(occurrence, plan, group, message_id)
            else:
                await self._hide(occurrence, group, message_id)

    async def _show(self, occurrence: Occurrence, plan: Plan, group: Group, message_id: int | None) -> None:
        try:
            home = await find_home(self._client, group)
            if message_id is not None and await self._edit(home, plan, message_id):
                await self._service.record_shown(occurrence, home.id, message_id)
                return
            message = await send_to(self._client, home, render_post(plan), post_buttons(plan))
        except (HomeLost, discord.NotFound) as error:  # the home that is known may be gone without a word
            await self._service.note_unwell(group.id)
            await self._service.give_up(occurrence, str(error) if isinstance(error, HomeLost) else _GONE)
        except (CannotReach, discord.Forbidden) as error:
            if occurrence.tries == 1:
                await self._service.note_unwell(group.id)
            raise TryLater from error
        else:
            await self._service.record_shown(occurrence, home.id, message.id)

    async def _edit(self, home: discord.Thread, plan: Plan, message_id: int) -> bool:
        """Bring the message up to date; False if it is gone."""
        await self._dispatcher.pace()
        try:
            embed = await self._client.names.put_into(render_post(plan), home.guild)
            await home.get_partial_message(message_id).edit(embed=embed, view=post_buttons(plan))
        except discord.NotFound:
            return False
        return True

    async def _hide(self, occurrence: Occurrence, group: Group, message_id: int | None) -> None:
        if group.home_id is not None and message_id is not None:
            try:
                await erase(self._client, group.home_id, message_id)
            except discord.Forbidden as error:
                raise TryLater from error
        await self._service.record_shown(occurrence, None, None)

    async def _find_message(self, plan: Plan, group: Group) -> int | None:
        """The message of this plan in the home of its group. One in an earlier home is deleted if that still goes."""
        if plan.message_id is None or plan.channel_id is None:
            return await self._find_mine(plan, group)
        if plan.channel_id == group.home_id:
            return plan.message_id
        await groups_of(self._client).plan_erasing(plan.channel_id, plan.message_id)
        return None

    async def _find_mine(self, plan: Plan, group: Group) -> int | None:
        """A message that was posted and not written down, because the program stopped in between."""
        try:
            home = await find_home(self._client, group)
            await self._dispatcher.pace()
            since = plan.made_at - _CLOCKS_DIFFER
            async for message in home.history(limit=_LOOK_BACK, after=since, oldest_first=False):
                if message.author == self._client.user and mine_id(plan.id) in custom_ids(message):
                    return message.id
        except (HomeLost, CannotReach, discord.Forbidden, discord.NotFound):
            return None
        return None
