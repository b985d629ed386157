"""/checkin, its windows, and the scheduled work that asks, sums up, nudges, and shows what members send.

Each piece of work is done in the same order: post, then record that and end the work. If the program dies in between,
whoever tries again finds the message by the custom_id of its button and adopts it.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.checkin.models import (
    DIGEST,
    NUDGE,
    REFRESH,
    REPLY,
    SHOW,
    Checkin,
    Digest,
    Nudge,
    Prompt,
    Reply,
    Shown,
)
from bot.features.checkin.rules.rhythm import REPAIR_WITHIN
from bot.features.checkin.service import CheckinService
from bot.features.checkin.views import (
    digest_buttons,
    digest_id,
    note_buttons,
    nudge_buttons,
    nudge_call,
    open_id,
    post_buttons,
    post_text,
    prompt_buttons,
    read_window,
    render_closed_prompt,
    render_digest,
    render_nudge,
    render_post,
    render_prompt,
    reply_id,
    reply_text,
    show_overview,
    take_window,
)
from bot.features.groups.models import PROMPT, Group
from bot.features.groups.rules import pick_group
from bot.features.groups.views.homes import (
    CannotReach,
    HomeLost,
    erase,
    find_home,
    groups_of,
    send_to,
    tell_someone,
)
from bot.features.groups.views.render import named
from bot.features.groups.views.tending import tend
from bot.scheduling.dispatcher import Dispatcher, TryLater
from bot.scheduling.models import Occurrence
from bot.scheduling.rules import DAILY, MOST_TRIES
from bot.scheduling.turns import Turns
from bot.ui.components import custom_ids

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)

NOT_ALLOWED = "Discord does not let me. Check my permissions in the channel of the group."
_TRIED = "although I tried for more than an hour. The log of the program says why."
NO_PROMPT = f"I could not ask for this week's check-in, {_TRIED}"
NO_DIGEST = f"I could not post how the week went, {_TRIED}"
NO_POST = f"I could not bring the post of a check-in up to date, {_TRIED}"
NO_REPLY = f"I could not post a reply to a check-in, {_TRIED}"

_CHOICES = 25
_CHOICE_LIMIT = 100
_LOOK_BACK = 1000
"""So many messages are looked at for one that an earlier try has posted and not recorded."""
_CLOCKS_DIFFER = timedelta(minutes=1)


class CheckinCog(commands.Cog):
    """Asks a group for its check-in every week, and shows it what its members want it to see."""

    def __init__(self, client: "TutorClient", service: CheckinService, dispatcher: Dispatcher) -> None:
        self._client = client
        self._service = service
        self._dispatcher = dispatcher
        self._turns = Turns()  # two who make a message agree with its row post nothing twice
        dispatcher.register(PROMPT, self._ask, self._after_failed_prompt)
        dispatcher.register(DIGEST, self._close, self._after_failed_digest)
        dispatcher.register(NUDGE, self._nudge)
        dispatcher.register(SHOW, self._show, self._after_failed_post)
        dispatcher.register(REFRESH, self._refresh)
        dispatcher.register(REPLY, self._post_reply, self._after_failed_reply)

    # Members

    @app_commands.command(
        name="checkin", description="Your check-ins: your rhythm, what is open, and what you can make up."
    )
    @app_commands.guild_only()
    @app_commands.describe(group="Which study group, if you are in several.")
    async def checkin(
        self, interaction: discord.Interaction, group: app_commands.Range[str, 1, _CHOICE_LIMIT] | None = None
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild_id = interaction.guild_id or 0
        await show_overview(interaction, guild_id, await self._read_group(interaction, group))

    async def _read_group(self, interaction: discord.Interaction[Any], typed: str | None) -> int | None:
        """The group that is named, or in whose home the member is; None: whichever waits for them."""
        mine = await self._list_mine(interaction)
        if typed is None:
            return next((group.id for group in mine if group.home_id == interaction.channel_id), None)
        found = pick_group(mine, typed)
        return found.id if found is not None else 0

    async def _list_mine(self, interaction: discord.Interaction[Any]) -> list[Group]:
        found = await groups_of(self._client).list_mine(interaction.guild_id or 0, interaction.user.id)
        return [status.group for status in found]

    @checkin.autocomplete("group")
    async def suggest_group(
        self, interaction: discord.Interaction[Any], current: str
    ) -> list[app_commands.Choice[str]]:
        wanted = current.strip().casefold()
        found = [group for group in await self._list_mine(interaction) if wanted in group.name.casefold()]
        return [app_commands.Choice(name=group.name, value=str(group.id)) for group in found[:_CHOICES]]

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A window that was opened before a restart is unknown to discord.py, so all of them are taken here."""
        if (sent := read_window(interaction)) is not None:
            await take_window(interaction, sent)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """A member who answers the post of a check-in by themselves has replied to it."""
        replied_to = message.reference.resolved if message.reference is not None else None
        if message.author.bot or not isinstance(message.channel, discord.Thread):
            return
        if isinstance(replied_to, discord.Message) and replied_to.author == self._client.user:
            await self._service.note_reply(replied_to.id, message.author.id, message.id)

    # A week opens

    async def _ask(self, occurrence: Occurrence) -> None:
        await tend(self._client, self._dispatcher, occurrence.subject_id)
        async with self._telling(occurrence, occurrence.subject_id, "ask for the check-in", self._give_up_prompt):
            prompt = await self._service.prepare(occurrence)
            if prompt is not None and not prompt.is_new:
                home = await find_home(self._client, prompt.group)
                found = await self._find_mine(home, open_id(prompt.week.id), prompt.week.planned_at)
                if found is not None:
                    await self._service.record_opened(occurrence, prompt.week.id, found.id)
                    return
                prompt = await self._service.prepare(occurrence, is_lost=True)
            if prompt is not None:
                await self._send_prompt(occurrence, prompt)

    async def _send_prompt(self, occurrence: Occurrence, prompt: Prompt) -> None:
        home = await find_home(self._client, prompt.group)
        message = await send_to(self._client, home, render_prompt(prompt), prompt_buttons(prompt.week.id))
        await self._service.record_opened(occurrence, prompt.week.id, message.id)

    async def _give_up_prompt(self, occurrence: Occurrence, note: str) -> None:
        await self._service.give_up_prompt(occurrence, note)

    async def _after_failed_prompt(self, occurrence: Occurrence) -> None:
        """What failed for another reason than those that somebody can mend; the next one is planned all the same."""
        await self._service.give_up_prompt(occurrence, NO_PROMPT)
        await self._tell(occurrence.subject_id, f"{NO_PROMPT} The next one comes as planned.")

    # A week closes

    async def _close(self, occurrence: Occurrence) -> None:
        week_id = occurrence.subject_id
        async with self._turns.of((DIGEST, week_id)):
            digest = await self._service.find_digest(week_id)
            if digest is None:
                await self._service.record_closed(occurrence, week_id, None)
                return
            async with self._telling(occurrence, digest.group.id, "post how the week went", self._give_up_digest):
                home = await find_home(self._client, digest.group)
                await self._close_prompt(digest, home)
                message_id = await self._send_digest(occurrence, digest, home)
                await self._service.record_closed(occurrence, week_id, message_id)

    async def _close_prompt(self, digest: Digest, home: discord.Thread) -> None:
        """Take the buttons away; a message that somebody has deleted, or that lives in an earlier home, needs none."""
        if digest.week.prompt_message_id is None or digest.week.channel_id != home.id:
            return
        await self._dispatcher.pace()
        try:
            prompt = home.get_partial_message(digest.week.prompt_message_id)
            embed = await self._client.names.put_into(render_closed_prompt(digest), home.guild)
            await prompt.edit(embed=embed, view=None)
        except discord.NotFound:
            _log.info("The question of a week in server %d has been deleted.", digest.group.guild_id)

    async def _send_digest(self, occurrence: Occurrence, digest: Digest, home: discord.Thread) -> int:
        """Post how it went, unless an earlier try has done so; the id of the message."""
        week_id = digest.week.id
        if occurrence.tries > 1:
            found = await self._find_mine(home, digest_id(week_id), digest.week.closes_at)
            if found is not None:
                return found.id
        message = await send_to(self._client, home, self._render_digest(digest), digest_buttons(digest))
        return message.id

    def _render_digest(self, digest: Digest) -> discord.Embed:
        return render_digest(digest, (digest.week.closed_at or self._client.clock()) + REPAIR_WITHIN)

    async def _give_up_digest(self, occurrence: Occurrence, note: str) -> None:
        await self._service.record_closed(occurrence, occurrence.subject_id, None, note)

    async def _after_failed_digest(self, occurrence: Occurrence) -> None:
        """The week is over, and the next one can come."""
        digest = await self._service.find_digest(occurrence.subject_id)
        await self._service.record_closed(occurrence, occurrence.subject_id, None, occurrence.note)
        if digest is not None:
            await self._tell(digest.group.id, NO_DIGEST)

    async def _refresh(self, occurrence: Occurrence) -> None:
        """Bring a posted digest up to date. One that cannot be reached any more stays as it is."""
        async with self._turns.of((DIGEST, occurrence.subject_id)):
            digest = await self._service.find_digest(occurrence.subject_id)
            if digest is not None and digest.week.digest_message_id is not None:
                await self._edit_digest(digest, digest.week.digest_message_id)
            await self._service.record_refreshed(occurrence)

    async def _edit_digest(self, digest: Digest, message_id: int) -> None:
        try:
            home = await find_home(self._client, digest.group)
            await self._dispatcher.pace()
            message = home.get_partial_message(message_id)
            embed = await self._client.names.put_into(self._render_digest(digest), home.guild)
            await message.edit(embed=embed, view=digest_buttons(digest))
        except (HomeLost, CannotReach, discord.Forbidden, discord.NotFound) as error:
            _log.info("A digest in server %d stays as it is: %s.", digest.group.guild_id, type(error).__name__)

    # Private notes

    async def _nudge(self, occurrence: Occurrence) -> None:
        """One private note, and never a second one: whoever cannot be reached is left in peace."""
        nudge = await self._service.prepare_nudge(occurrence)
        if nudge is None:
            return
        dm_failed = nudge.by_dm and not await self._send_dm(nudge)
        note_at = None
        try:
            if dm_failed or not nudge.by_dm:
                home = await find_home(self._client, nudge.group)
                buttons = note_buttons(nudge.week.id, nudge.member_id)
                note = await send_to(self._client, home, nudge_call(nudge.member_id), buttons, [nudge.member_id])
                note_at = home.id, note.id
        except (HomeLost, CannotReach, discord.Forbidden, discord.NotFound) as error:
            _log.info("A note found no way in server %d: %s.", nudge.group.guild_id, type(error).__name__)
        await self._service.record_nudged(occurrence, nudge, dm_failed=dm_failed, note_at=note_at)

    async def _send_dm(self, nudge: Nudge) -> bool:
        """Whether Discord took it; a member may have closed their direct messages, or Discord theirs."""
        try:
            await self._dispatcher.pace()
            channel = await self._client.create_dm(discord.Object(nudge.member_id))
            await self._dispatcher.pace()
            text = render_nudge(nudge.group, nudge.week, nudge.plan)
            await channel.send(text, view=nudge_buttons(nudge.week.id))
        except (discord.Forbidden, discord.NotFound):
            return False
        return True

    # What members send

    async def _show(self, occurrence: Occurrence) -> None:
        """Make the group's message of a check-in agree with it: post, edit or delete it.

        Whatever changes a check-in has this done once more, so what is read here is newer than what was planned.
        """
        checkin_id = occurrence.subject_id
        async with self._turns.of((SHOW, checkin_id)):
            await self._dispatcher.check_alone(occurrence)
            found = await self._service.find_shown(checkin_id)
            if found is None:
                await self._service.record_shown(occurrence, checkin_id, None, None)
                return
            checkin, group, shown = found
            if shown is None:
                await self._hide(occurrence, checkin, group)
            else:
                await self._post(occurrence, checkin, group, shown)

    async def _post(self, occurrence: Occurrence, checkin: Checkin, group: Group, shown: Shown) -> None:
        try:
            home = await find_home(self._client, group)
            known = await self._find_post(occurrence, checkin, home)
            if known is None or not await self._edit_post(home, known, shown):
                known = await self._send_post(home, shown, mentions_partner=known is None and checkin.posted_at is None)
        except HomeLost as error:
            await groups_of(self._client).plan_tending([group.id])
            await self._service.skip(occurrence, str(error))
        except (CannotReach, discord.Forbidden) as error:
            if occurrence.tries == 1:
                await groups_of(self._client).plan_tending([group.id])
            raise TryLater from error
        else:
            await self._service.record_shown(occurrence, checkin.id, home.id, known)

    async def _find_post(self, occurrence: Occurrence, checkin: Checkin, home: discord.Thread) -> int | None:
        """The message of a check-in in this home. Only of the very first try it is clear that there is none."""
        if checkin.message_id is not None:
            if checkin.channel_id == home.id:
                return checkin.message_id
            await groups_of(self._client).plan_erasing(checkin.channel_id or 0, checkin.message_id)
            return None
        if checkin.sent_at is None or _is_first(occurrence, checkin.sent_at):
            return None
        found = await self._find_mine(home, reply_id(checkin.id), checkin.sent_at)
        return found.id if found is not None else None

    async def _edit_post(self, home: discord.Thread, message_id: int, shown: Shown) -> bool:
        """Bring the message up to date; False if somebody has deleted it."""
        await self._dispatcher.pace()
        try:
            message = home.get_partial_message(message_id)
            await message.edit(
                content=post_text(shown),
                embed=await self._client.names.put_into(render_post(shown), home.guild),
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except discord.NotFound:
            return False
        return True

    async def _send_post(self, home: discord.Thread, shown: Shown, *, mentions_partner: bool) -> int:
        partners = [discord.Object(shown.partner_id)] if mentions_partner and shown.partner_id is not None else []
        await self._dispatcher.pace()
        message = await home.send(
            post_text(shown),
            embed=await self._client.names.put_into(render_post(shown), home.guild),
            view=post_buttons(shown.checkin_id),
            allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, users=partners, replied_user=False),
        )
        return message.id

    async def _hide(self, occurrence: Occurrence, checkin: Checkin, group: Group) -> None:
        """Delete the message. One that was posted and not recorded is looked for first."""
        message_id, channel_id = checkin.message_id, checkin.channel_id
        if message_id is None and checkin.sent_at is not None and not _is_first(occurrence, checkin.sent_at):
            try:
                home = await find_home(self._client, group)
                message_id, channel_id = await self._find_post(occurrence, checkin, home), home.id
            except HomeLost:
                message_id = None  # without a home there is no message
            except CannotReach as error:
                raise TryLater from error
        if message_id is not None and channel_id is not None:
            await erase(self._client, channel_id, message_id)
        was_posted = message_id is not None
        await self._service.record_shown(occurrence, checkin.id, None, None, was_posted=was_posted)

    async def _after_failed_post(self, occurrence: Occurrence) -> None:
        await self._service.show_later(occurrence)
        found = await self._service.find_shown(occurrence.subject_id)
        if found is not None and DAILY not in occurrence.slot:  # told once
            await self._tell(found[1].id, NO_POST)

    async def _post_reply(self, occurrence: Occurrence) -> None:
        async with self._turns.of((REPLY, occurrence.subject_id)):
            found = await self._service.find_reply(occurrence.subject_id)
            if found is None or found[0].message_id is not None:
                await self._service.skip(occurrence)
                return
            reply, checkin, group = found
            try:
                home = await find_home(self._client, group)
                message_id = await self._send_reply(occurrence, reply, checkin, home)
            except HomeLost as error:
                await self._service.skip(occurrence, str(error))
            except (CannotReach, discord.Forbidden) as error:
                raise TryLater from error
            else:
                await self._service.record_reply(occurrence, reply.id, home.id, message_id)

    async def _send_reply(self, occurrence: Occurrence, reply: Reply, checkin: Checkin, home: discord.Thread) -> int:
        """Post a reply as an answer to the post of the check-in, unless an earlier try has; the id of the message.

        It needs no button, so it is known by what it says and what it answers.
        """
        text = reply_text(reply, checkin.member_id)
        if occurrence.tries > 1:
            found = await self._find(home, occurrence.due_at, lambda message: message.content == text)
            if found is not None:
                return found.id
        reference = home.get_partial_message(checkin.message_id or 0).to_reference(fail_if_not_exists=False)
        await self._dispatcher.pace()
        asked = [discord.Object(checkin.member_id)]
        message = await home.send(
            text,
            reference=reference if checkin.channel_id == home.id else discord.utils.MISSING,
            allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, users=asked, replied_user=False),
        )
        return message.id

    async def _after_failed_reply(self, occurrence: Occurrence) -> None:
        found = await self._service.find_reply(occurrence.subject_id)
        if found is not None:
            await self._tell(found[2].id, NO_REPLY)

    # What they have in common

    @asynccontextmanager
    async def _telling(
        self,
        occurrence: Occurrence,
        group_id: int,
        doing: str,
        give_up: Callable[[Occurrence, str], Awaitable[None]],
    ) -> AsyncIterator[None]:
        """Tell somebody who can act what is to be mended, at the first try and at the last one, which ends the work."""
        try:
            yield
        except (HomeLost, CannotReach, discord.Forbidden) as error:
            what = NOT_ALLOWED if isinstance(error, discord.Forbidden) else str(error)
            if occurrence.tries >= MOST_TRIES:
                await give_up(occurrence, what)
                await self._tell(group_id, f"I could not {doing}. {what}")
                return
            was_told = occurrence.kind == PROMPT and not isinstance(error, discord.Forbidden)  # by `tend`, just now
            if occurrence.tries == 1 and not was_told:
                await self._tell(group_id, f"I cannot {doing}, and try again for an hour. {what}")
            raise TryLater from error

    async def _tell(self, group_id: int, text: str) -> None:
        group = await groups_of(self._client).find(group_id)
        if group is not None and not await tell_someone(
            self._client, group, f"About the study group {named(group)}: {text}"
        ):
            _log.warning("Nobody could be told what group %d in server %d lacks.", group.id, group.guild_id)

    async def _find_mine(self, home: discord.Thread, custom_id: str, since: datetime) -> discord.Message | None:
        """A message of mine with this component, which an earlier try has posted and not recorded."""
        return await self._find(home, since, lambda message: custom_id in custom_ids(message))

    async def _find(
        self, home: discord.Thread, since: datetime, fits: Callable[[discord.Message], bool]
    ) -> discord.Message | None:
        await self._dispatcher.pace()
        async for message in home.history(limit=_LOOK_BACK, after=since - _CLOCKS_DIFFER, oldest_first=False):
            if message.author == self._client.user and fits(message):
                return message
        return None


def _is_first(occurrence: Occurrence, sent_at: datetime) -> bool:
    """Whether nothing can have been posted before: the check-in was just sent for the first time."""
    return occurrence.tries == 1 and occurrence.due_at <= sent_at
