"""Homes of study groups: find one, open one, say something in it, or say it to somebody who can act."""

import logging
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import discord

from bot.errors import MemberError
from bot.features.groups.models import Group, GroupState
from bot.features.groups.service import HAS_ENDED, UNKNOWN, GroupService
from bot.features.groups.views.render import render_about
from bot.features.settings.views import tell_admins
from bot.scheduling.models import Occurrence
from bot.scheduling.rules import next_time
from bot.ui.components import custom_ids, view_of
from bot.ui.permissions import lacking
from bot.ui.text import MESSAGE_LIMIT, shorten

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)

NO_CURRICULUM = "There is no curriculum here any more, so there are no study groups. Ask me something with `/ask`."
PARENT_GONE = "The channel in which it lived has been deleted."
THREAD_GONE = "Its thread has been deleted."
NEVER_OPENED = "It has no home yet."
NOT_IN_SERVER = "I am not in this server any more, or Discord does not show it to me. Invite me again."
NO_PRIVATE_NEWS = "Announcement channels have no private threads. Choose another channel, or a public thread."

_TO_SPEAK = ("view_channel", "send_messages_in_threads", "embed_links", "read_message_history")
_TO_OPEN = (*_TO_SPEAK, "send_messages")
_PRIVATE, _PUBLIC = "create_private_threads", "create_public_threads"

_ARCHIVES_AFTER: Literal[10080] = 10080
"""Minutes: the week that lies between two check-ins."""

_LOOKED_THROUGH = 10
_CLOCKS_DIFFER = timedelta(minutes=1)
_THEIR_FAULT = 500
"""From this status on it is Discord's fault, and another try may help."""

_ARCHIVED = 50083
"""Discord's code for what cannot be done in an archived thread."""


class HomeLost(Exception):
    """A group has no home, or it is gone; the text says how."""


class CannotReach(Exception):
    """A home is there and cannot be used; the text says what mends that."""


# What is missing


def lacking_to_open(parent: discord.TextChannel, *, is_private: bool) -> list[str]:
    """The permissions that are missing in a channel for a home in it, as Discord names them."""
    return _lacking(parent, (*_TO_OPEN, _PRIVATE if is_private else _PUBLIC))


def _lacking(channel: discord.TextChannel, needed: Collection[str]) -> list[str]:
    return lacking(channel.permissions_for(channel.guild.me), needed)


def say_lacking(channel_id: int, missing: Collection[str]) -> str:
    """What mends missing permissions."""
    return f"In <#{channel_id}> I lack {', '.join(missing)}. Allow it to me under Permissions of that channel."


# Finding


async def find_home(client: "TutorClient", group: Group, *, opens: bool = True) -> discord.Thread:
    """The thread in which a group lives, so that something can be sent there at once: one that is archived is opened.

    Raises:
        HomeLost: it is gone, or there never was one.
        CannotReach: it is there, and something is missing; the text says what mends that.
    """
    parent = await _find_parent(client, group)
    if group.home_id is None:
        raise HomeLost(NEVER_OPENED)
    thread = parent.guild.get_thread(group.home_id) or await _fetch_thread(client, parent, group.home_id)
    if missing := _lacking(parent, _TO_SPEAK):
        raise CannotReach(say_lacking(parent.id, missing))
    if thread.locked:
        raise CannotReach(f"Its home {thread.mention} is locked. Unlock it, or end the group with `/group end`.")
    if thread.archived and opens:
        await _unarchive(client, thread)
    return thread


async def _find_parent(client: "TutorClient", group: Group) -> discord.TextChannel:
    guild = client.get_guild(group.guild_id)
    if guild is None or guild.unavailable:
        raise CannotReach(NOT_IN_SERVER)
    parent = guild.get_channel(group.parent_id)
    if parent is None:
        try:
            await _pace(client)
            await guild.fetch_channel(group.parent_id)
        except discord.NotFound as error:
            raise HomeLost(PARENT_GONE) from error
        except discord.Forbidden:
            pass
        raise CannotReach(say_lacking(group.parent_id, ["View Channel"]))
    if not isinstance(parent, discord.TextChannel):
        raise HomeLost(PARENT_GONE)
    return parent


async def _fetch_thread(client: "TutorClient", parent: discord.TextChannel, home_id: int) -> discord.Thread:
    """A thread that is archived is not among those that are known."""
    try:
        await _pace(client)
        thread = await parent.guild.fetch_channel(home_id)
    except discord.NotFound as error:
        raise HomeLost(THREAD_GONE) from error
    except discord.Forbidden as error:
        raise CannotReach(say_lacking(parent.id, ["View Channel"])) from error
    if not isinstance(thread, discord.Thread):
        raise HomeLost(THREAD_GONE)
    return thread


async def _unarchive(client: "TutorClient", thread: discord.Thread) -> None:
    await _pace(client)
    try:
        await thread.edit(archived=False)
    except discord.Forbidden:
        _log.info("A thread opens with the next message in it.")  # Discord opens those that are not locked itself


# Opening


async def open_home(
    client: "TutorClient", group_id: int, *, occurrence: Occurrence | None = None, adopts: bool = True
) -> discord.Thread:
    """Open the home of a group, or find it if it is open; its members are in it, and a card tells what it is.

    If an earlier try may have opened it and not recorded it, that thread is looked for and adopted. With the
    `occurrence` that asked for it, that work is ended, too.

    Raises:
        CannotReach: something is missing for it; the text says what mends that.
        HomeLost: the channel in which it should be is gone.
        MemberError: the group has ended or is unknown.
        HTTPException: Discord does not let me, or is away.
    """
    service = groups_of(client)
    async with service.alone_with(group_id):
        group = await service.find(group_id)
        if group is None:
            raise MemberError(UNKNOWN)
        if group.state is GroupState.ENDED:
            raise MemberError(HAS_ENDED)
        if group.home_id is not None:
            thread = await find_home(client, group)
            if occurrence is not None:
                await service.record_done(occurrence)
            return thread
        parent = await _find_parent(client, group)
        if group.is_private and parent.is_news():
            raise CannotReach(NO_PRIVATE_NEWS)
        if missing := lacking_to_open(parent, is_private=group.is_private):
            raise CannotReach(say_lacking(parent.id, missing))
        adopted = await _adopt(client, parent, group) if adopts else None
        thread = adopted or await _create(client, parent, group)
        try:
            inside = await _furnish(client, thread, group)
            await service.set_home(group_id, thread.id, occurrence=occurrence)
        except (MemberError, discord.HTTPException):
            if occurrence is None and adopted is None:  # else another try adopts it
                await _throw_away(thread)
            raise
        await let_in(client, thread, set(await _list_members(client, group_id)) - inside)
        return thread


async def _create(client: "TutorClient", parent: discord.TextChannel, group: Group) -> discord.Thread:
    await _pace(client)
    return await parent.create_thread(
        name=group.name,
        type=discord.ChannelType.private_thread if group.is_private else discord.ChannelType.public_thread,
        auto_archive_duration=_ARCHIVES_AFTER,
        invitable=False,  # of a private thread: nobody else is let in past the owner
        reason="The home of a study group.",
    )


async def _adopt(client: "TutorClient", parent: discord.TextChannel, group: Group) -> discord.Thread | None:
    """A thread that an earlier try has opened: it has the card of this group, or nothing yet and its name."""
    for thread in parent.threads:
        if thread.owner_id != parent.guild.me.id or await groups_of(client).find_home_group(thread.id) is not None:
            continue
        first = [message async for message in thread.history(limit=_LOOKED_THROUGH, oldest_first=True)]
        mine = [message for message in first if message.author.id == parent.guild.me.id and message.components]
        if any(about_id(group.id) in custom_ids(message) for message in mine):
            return thread
        made_at = thread.created_at
        is_new = made_at is not None and made_at >= group.made_at - _CLOCKS_DIFFER
        if is_new and not first and thread.name == group.name and thread.is_private() == group.is_private:
            return thread
    return None


async def _throw_away(thread: discord.Thread) -> None:
    """A thread that is no home after all."""
    try:
        await thread.delete()
    except discord.HTTPException as error:
        _log.warning("A thread in server %d is left over: %d %d.", thread.guild.id, error.status, error.code)


async def _list_members(client: "TutorClient", group_id: int) -> tuple[int, ...]:
    return (await groups_of(client).show(group_id)).member_ids


async def let_in(client: "TutorClient", thread: discord.Thread, member_ids: Iterable[int]) -> None:
    """Let these members into a thread, as far as Discord does; who is in it already stays."""
    for member_id in member_ids:
        await add_to_home(client, thread, member_id)


async def _furnish(client: "TutorClient", thread: discord.Thread, group: Group) -> set[int]:
    """The card, unless it is there, and the members, whose ids it returns."""
    members = await _list_members(client, group.id)
    async for message in thread.history(limit=_LOOKED_THROUGH, oldest_first=True):
        if about_id(group.id) in custom_ids(message):
            break
    else:
        next_at = next_time(group.rhythm, max(client.clock(), group.paused_until or client.clock()))
        await send_to(client, thread, render_about(group, members, next_at), _about_button(group.id))
    await let_in(client, thread, members)
    return set(members)


def _about_button(group_id: int) -> discord.ui.View:
    return view_of(discord.ui.Button(label="About this group", custom_id=about_id(group_id)))


async def add_to_home(client: "TutorClient", thread: discord.Thread, member_id: int) -> bool:
    """Let a member into a thread; whether Discord did. Who has left the server or cannot see the channel stays out."""
    try:
        await _pace(client)
        await thread.add_user(discord.Object(member_id))
    except discord.HTTPException as error:
        if error.status >= _THEIR_FAULT:
            raise
        _log.info("Somebody was not let into the home of a group: %d %d.", error.status, error.code)
        return False
    return True


async def rename_home(client: "TutorClient", group: Group) -> None:
    """Give the thread of a group its name; if Discord does not let me, the thread keeps its old one."""
    try:
        thread = await find_home(client, group)
        await _pace(client)
        await thread.edit(name=group.name)
    except (HomeLost, CannotReach, discord.Forbidden, discord.NotFound):
        _log.info("The home of group %d keeps its name.", group.id)


# Closing and taking out


async def close_home(client: "TutorClient", group: Group, text: str) -> None:
    """Say one last thing in the home of a group that has ended, and archive it. It is not an error if it is gone."""
    try:
        thread = await find_home(client, group)
    except (HomeLost, CannotReach):
        return
    try:
        if thread.last_message_id is None or not await _has_said(thread, text):
            await _pace(client)
            await thread.send(text, allowed_mentions=discord.AllowedMentions.none())
        await _pace(client)
        await thread.edit(archived=True, reason="The study group has ended.")
    except (discord.Forbidden, discord.NotFound) as error:
        _log.info("The home of a group that has ended stays open: %d %d.", error.status, error.code)


async def _has_said(thread: discord.Thread, text: str) -> bool:
    me = thread.guild.me.id
    return any([message.author.id == me and message.content == text async for message in thread.history(limit=3)])


async def take_out(client: "TutorClient", group: Group, member_id: int) -> bool:
    """Take somebody out of the thread of a group; False if they can still read it, as a permission is missing."""
    try:
        parent = await _find_parent(client, group)
        if group.home_id is None:
            return True
        thread = parent.guild.get_thread(group.home_id) or await _fetch_thread(client, parent, group.home_id)
        if thread.archived:
            await _unarchive(client, thread)
        await _pace(client)
        await thread.remove_user(discord.Object(member_id))
    except (HomeLost, discord.NotFound):
        return True  # without a thread nobody is in it
    except (CannotReach, discord.Forbidden):
        return not group.is_private  # a public thread everybody can read anyway
    return True


async def erase(client: "TutorClient", channel_id: int, message_id: int) -> None:
    """Delete a message of mine, also in an archived thread. It is not an error if it is gone.

    Raises:
        Forbidden: I may not.
    """
    message = client.get_partial_messageable(channel_id).get_partial_message(message_id)
    try:
        await _pace(client)
        await message.delete()
    except discord.NotFound:
        return
    except discord.HTTPException as error:
        if error.code != _ARCHIVED:
            raise
        await _erase_in_archive(client, channel_id, message)


async def _erase_in_archive(client: "TutorClient", channel_id: int, message: discord.PartialMessage) -> None:
    thread = await client.fetch_channel(channel_id)
    if not isinstance(thread, discord.Thread):
        return
    for act in (lambda: thread.edit(archived=False), message.delete, lambda: thread.edit(archived=True)):
        await _pace(client)
        await act()


# Saying something


async def tell_group(
    client: "TutorClient",
    group: Group,
    what: str | discord.Embed,
    view: discord.ui.View | None = None,
    mention: Collection[int] = (),
) -> discord.Message | None:
    """Say something in the home of a group; None if that was not possible, and then somebody looks at the group.

    Text from members must be escaped. Only the members with the ids in `mention` are mentioned.
    """
    try:
        thread = await find_home(client, group)
        return await send_to(client, thread, what, view, mention)
    except (HomeLost, CannotReach, discord.Forbidden, discord.NotFound):
        await groups_of(client).plan_tending([group.id])
        return None


async def tell_someone(
    client: "TutorClient",
    group: Group,
    text: str,
    view: discord.ui.View | None = None,
    *,
    also_admins: bool = False,
) -> bool:
    """Tell the owner of a group, in the channel of its home, that of all groups or that of Discord's own messages.

    If there is none of them, the admins of the server.

    Whether somebody was told. Text from members must be escaped. It never raises a Discord error.
    """
    is_told = await _tell_owner_outside(client, group, text, view)
    if is_told and not also_admins:
        return True
    return await tell_admins(client, group.guild_id, text) or is_told


async def _tell_owner_outside(client: "TutorClient", group: Group, text: str, view: discord.ui.View | None) -> bool:
    channel = await _find_public_place(client, group)
    if channel is None or group.owner_id is None:
        return False
    try:
        await send_to(client, channel, f"<@{group.owner_id}> {text}", view, [group.owner_id])
    except discord.HTTPException as error:
        _log.warning("The owner of group %d could not be told: %d %d.", group.id, error.status, error.code)
        return False
    return True


async def _find_public_place(client: "TutorClient", group: Group) -> discord.TextChannel | None:
    guild = client.get_guild(group.guild_id)
    if guild is None:
        return None
    settings = client.services.guild_settings
    set_id = (await settings.find(guild.id)).groups_channel_id if settings is not None else None
    system_id = guild.system_channel.id if guild.system_channel else None
    for channel_id in (group.parent_id, set_id, system_id):
        channel = guild.get_channel(channel_id or 0)
        if isinstance(channel, discord.TextChannel) and _may_write(channel):
            return channel
    return None


def _may_write(channel: discord.TextChannel) -> bool:
    mine = channel.permissions_for(channel.guild.me)
    return mine.view_channel and mine.send_messages


async def send_to(
    client: "TutorClient",
    channel: discord.abc.Messageable,
    what: str | discord.Embed,
    view: discord.ui.View | None = None,
    mention: Collection[int] = (),
) -> discord.Message:
    """Send a text or an embed that mentions nobody but the members with these ids."""
    await _pace(client)
    content, embed = (what, None) if isinstance(what, str) else (None, what)
    users = [discord.Object(member_id) for member_id in mention]
    return await channel.send(
        shorten(content, MESSAGE_LIMIT) if content else None,
        embed=discord.utils.MISSING
        if embed is None
        else await client.names.put_into(embed, getattr(channel, "guild", None)),
        view=view or discord.utils.MISSING,
        allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, users=users, replied_user=False),
    )


# What marks a message


def about_id(group_id: int) -> str:
    """What marks the card of a group, so that its home is found again."""
    return f"group:{group_id}:about"


# The services


def groups_of(client: "TutorClient") -> GroupService:
    """The service of groups.

    Raises:
        MemberError: there is no curriculum any more.
    """
    service: GroupService | None = client.services.groups
    if service is None:
        raise MemberError(NO_CURRICULUM)
    return service


def group_service(interaction: discord.Interaction[Any]) -> GroupService:
    """The service of groups, for a button.

    Raises:
        MemberError: there is no curriculum any more.
    """
    return groups_of(interaction.client)


async def _pace(client: "TutorClient") -> None:
    if client.services.dispatcher is not None:
        await client.services.dispatcher.pace()
