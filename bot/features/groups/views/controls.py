"""Buttons of study groups, which outlive a restart, and what they have in common with the commands."""

import logging
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import app_commands

from bot.errors import MemberError
from bot.features.groups.models import Group, GroupState, GroupStatus, Settled
from bot.features.groups.service import HAS_ENDED, HAS_HOME, OWNER_OR_ADMIN, UNKNOWN
from bot.features.groups.views.homes import (
    NO_PRIVATE_NEWS,
    CannotReach,
    HomeLost,
    about_id,
    add_to_home,
    find_home,
    group_service,
    groups_of,
    lacking_to_open,
    open_home,
    say_lacking,
    send_to,
    tell_group,
)
from bot.features.groups.views.render import (
    home_of,
    named,
    render_invitation,
    render_joined,
    render_outside,
    render_owner,
    render_status,
)
from bot.ui.components import custom_ids
from bot.ui.errors import run_safely
from bot.ui.text import escape

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)

INVITED_FOR = timedelta(days=14)

NOT_YOURS = "This button is for somebody else. `/group list` shows the groups of this server."
INVITATION_IS_OVER = "This invitation was good for 14 days. `/group join` takes you in, or asks for you."
ASKED_ALREADY = "You have asked this group already, and its owner has not answered yet."
CANNOT_ASK = "This group has no home at the moment, so its owner cannot be asked. Please try again later."
ANSWERED = "That has been answered already."
NO_CHANNEL = (
    "The home of a group is a thread in a text channel, and this is none. Name one with the option `channel`, or ask "
    "an admin to set one with `/settings groups`."
)

_LOOKED_THROUGH = 50

_Item = discord.ui.Item[discord.ui.View]
_Button = discord.ui.Button[discord.ui.View]
_STYLES = discord.ButtonStyle


# Who may


def is_admin(interaction: discord.Interaction[Any]) -> bool:
    """Whether whoever is here may manage the server."""
    return interaction.permissions.manage_guild or interaction.permissions.administrator


def check_here(interaction: discord.Interaction[Any], group: Group) -> discord.Guild:
    """The server, if the group is one of it.

    Raises:
        NoPrivateMessage: there is no server.
        MemberError: it is another one.
    """
    if interaction.guild is None:
        raise app_commands.NoPrivateMessage
    if group.guild_id != interaction.guild.id:
        raise MemberError(UNKNOWN)
    return interaction.guild


async def find_here(interaction: discord.Interaction[Any], group_id: int) -> Group:
    """The group that a button is about, which may be months old.

    Raises:
        NoPrivateMessage: there is no server.
        MemberError: the group has ended, is unknown, or is one of another server.
    """
    group = await group_service(interaction).find(group_id)
    if group is None:
        raise MemberError(UNKNOWN)
    check_here(interaction, group)
    if group.state is GroupState.ENDED:
        raise MemberError(HAS_ENDED)
    return group


def check_is(interaction: discord.Interaction[Any], member_id: int) -> None:
    """Refuse, in a friendly way, a click on what is somebody else's.

    Raises:
        MemberError: it is.
    """
    if interaction.user.id != member_id:
        raise MemberError(NOT_YOURS)


def check_sees(group: Group, member: discord.User | discord.Member) -> None:
    """Nobody can be in a thread of a channel that they do not see.

    Raises:
        MemberError: the member does not see the channel in which the group lives.
    """
    if not isinstance(member, discord.Member):
        return
    parent = member.guild.get_channel(group.parent_id)
    if parent is not None and not parent.permissions_for(member).view_channel:
        raise MemberError(f"{named(group)} lives in a channel that you cannot see. Ask an admin to let you see it.")


def check_parent(
    channel: object, member: discord.User | discord.Member, *, is_private: bool, is_set: bool
) -> discord.TextChannel:
    """The channel for a home, if threads may be opened there: by the tutor, and by the member unless admins set it.

    Raises:
        MemberError: they may not; the text says what mends it.
    """
    if isinstance(channel, discord.Thread):
        channel = channel.parent
    if not isinstance(channel, discord.TextChannel):
        raise MemberError(NO_CHANNEL)
    if is_private and channel.is_news():
        raise MemberError(NO_PRIVATE_NEWS)
    theirs = channel.permissions_for(member) if isinstance(member, discord.Member) else discord.Permissions.none()
    may_open = theirs.create_private_threads if is_private else theirs.create_public_threads
    if not theirs.view_channel or not (is_set or may_open):
        raise MemberError(
            f"You may not open {'private' if is_private else 'public'} threads in {channel.mention}. Choose another "
            "channel or kind of home, or ask an admin to name a channel with `/settings groups`."
        )
    if lacking := lacking_to_open(channel, is_private=is_private):
        raise MemberError(say_lacking(channel.id, lacking))
    return channel


async def find_set_channel(client: "TutorClient", guild: discord.Guild) -> discord.TextChannel | None:
    """The channel that admins have set for homes, if it is there."""
    settings = client.services.guild_settings
    if settings is None:
        return None
    channel = guild.get_channel((await settings.find(guild.id)).groups_channel_id or 0)
    return channel if isinstance(channel, discord.TextChannel) else None


# Showing


async def send_status(interaction: discord.Interaction[Any], group_id: int, news: str | None = None) -> None:
    """Show a group to the member alone, after the interaction has been deferred: all of it to its members only."""
    status = await group_service(interaction).show(group_id)
    guild = check_here(interaction, status.group)
    if interaction.user.id not in status.member_ids:
        await interaction.followup.send(embed=render_outside(status), ephemeral=True)
        return
    events = [event.member_id for event in status.history if event.member_id is not None]
    names = await interaction.client.names.find(guild, [*status.member_ids, *events])
    embed = render_status(status, names, interaction.client.clock(), news)
    is_homeless, is_owner = status.group.state is GroupState.HOMELESS, interaction.user.id == status.group.owner_id
    view = lost_buttons(group_id) if is_homeless and is_owner else None
    await interaction.followup.send(embed=embed, view=view or discord.utils.MISSING, ephemeral=True)
    if is_homeless:  # nobody looks after it week by week, and its owner may have left the server
        await group_service(interaction).plan_tending([group_id])


class AboutButton(discord.ui.DynamicItem[_Button], template=r"group:(?P<id>\d{1,18}):about"):
    """Shows who clicks it what they may see of the group."""

    def __init__(self, group_id: int) -> None:
        super().__init__(
            discord.ui.Button(label="About this group", style=_STYLES.secondary, custom_id=about_id(group_id))
        )
        self._group_id = group_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            await find_here(interaction, self._group_id)
            await send_status(interaction, self._group_id)


# Joining


async def join_group(interaction: discord.Interaction[Any], group_id: int) -> None:
    """Take whoever is here into an open group, or ask the owner of a closed one; after it has been deferred.

    Raises:
        MemberError: they cannot join; the text says why.
    """
    service, member = group_service(interaction), interaction.user
    status = await service.check_joining(group_id, member.id)
    check_here(interaction, status.group)
    check_sees(status.group, member)
    if not status.group.is_open:
        await interaction.followup.send(await _ask(interaction, status.group), ephemeral=True)
        return
    status = await service.join(group_id, member.id)
    await interaction.followup.send(await welcome(interaction.client, status, member), ephemeral=True)


async def welcome(client: "TutorClient", status: GroupStatus, member: discord.User | discord.Member) -> str:
    """Let a new member into the home and tell the others; what the new member reads."""
    group, is_inside = status.group, False
    with suppress(HomeLost, CannotReach):
        is_inside = await add_to_home(client, await find_home(client, group), member.id)
    if group.home_id is not None:
        await tell_group(client, group, f"**{escape(member.display_name)}** has joined. Say hello.")
    return render_joined(status, is_inside=is_inside)


async def _ask(interaction: discord.Interaction[Any], group: Group) -> str:
    """Put the question before the owner, in the home; what the asker reads."""
    client, member = interaction.client, interaction.user
    try:
        thread = await find_home(client, group)
        async with groups_of(client).alone_with(group.id):
            if await _has_asked(thread, group.id, member.id):
                raise MemberError(ASKED_ALREADY)
            owner = [group.owner_id] if group.owner_id is not None else []
            mentions = "".join(f"<@{owner_id}> " for owner_id in owner)
            text = f"{mentions}**{escape(member.display_name)}** asks whether there is a place in this group."
            await send_to(client, thread, text, ask_buttons(group.id, member.id), owner)
    except (HomeLost, CannotReach, discord.Forbidden, discord.NotFound) as error:
        await groups_of(client).plan_tending([group.id])
        raise MemberError(CANNOT_ASK) from error
    return f"I have asked the owner of {named(group)}. The answer comes in <#{group.parent_id}>."


async def _has_asked(thread: discord.Thread, group_id: int, member_id: int) -> bool:
    wanted = f"group:{group_id}:ask:{member_id}:yes"
    return any([wanted in custom_ids(message) async for message in thread.history(limit=_LOOKED_THROUGH)])


class JoinButton(discord.ui.DynamicItem[_Button], template=r"group:(?P<id>\d{1,18}):join"):
    """Takes whoever clicks it into a group, or asks for them."""

    def __init__(self, group_id: int, label: str = "Join") -> None:
        super().__init__(discord.ui.Button(label=label, style=_STYLES.secondary, custom_id=f"group:{group_id}:join"))
        self._group_id = group_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            await find_here(interaction, self._group_id)
            await join_group(interaction, self._group_id)


def ask_buttons(group_id: int, member_id: int) -> discord.ui.View:
    """What the owner can say to somebody who asks."""
    view = discord.ui.View(timeout=None)
    return view.add_item(AskButton(group_id, member_id, "yes")).add_item(AskButton(group_id, member_id, "no"))


class AskButton(
    discord.ui.DynamicItem[_Button],
    template=r"group:(?P<id>\d{1,18}):ask:(?P<member>\d{1,20}):(?P<answer>yes|no)",
):
    """The owner lets somebody in who has asked, or does not."""

    def __init__(self, group_id: int, member_id: int, answer: str) -> None:
        super().__init__(
            discord.ui.Button(
                label="Let them in" if answer == "yes" else "Not now",
                style=_STYLES.primary if answer == "yes" else _STYLES.secondary,
                custom_id=f"group:{group_id}:ask:{member_id}:{answer}",
            )
        )
        self._group_id, self._member_id, self._answer = group_id, member_id, answer

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), int(match["member"]), match["answer"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            service, group = group_service(interaction), await find_here(interaction, self._group_id)
            await service.check_owner(self._group_id, interaction.user.id)
            guild = check_here(interaction, group)
            async with service.alone_with(self._group_id):
                if await _is_answered(interaction, self.custom_id):
                    raise MemberError(ANSWERED)
                member = await _find_asker(guild, self._member_id)
                if member is None:
                    text = "Whoever asked to join has left the server."
                elif self._answer == "yes":
                    text = await self._let_in(interaction, member)
                else:
                    text = await self._not_now(interaction, group, member)
                await interaction.edit_original_response(content=text, view=None)

    async def _let_in(self, interaction: discord.Interaction[Any], member: discord.Member) -> str:
        service = group_service(interaction)
        status = await service.let_in(self._group_id, interaction.user.id, self._member_id)
        await welcome(interaction.client, status, member)
        text = f"{member.mention}, you are in {named(status.group)} now: {home_of(status.group)}"
        await _tell_asker(interaction.client, status.group, member, text)
        return f"**{escape(member.display_name)}** asked for a place and is in."

    async def _not_now(self, interaction: discord.Interaction[Any], group: Group, member: discord.Member) -> str:
        text = (
            f"{member.mention}, the group {named(group)} takes nobody new at the moment. `/group list` shows others, "
            "and `/group match` looks for one that fits you."
        )
        await _tell_asker(interaction.client, group, member, text)
        return f"**{escape(member.display_name)}** asked for a place; not now."


async def _is_answered(interaction: discord.Interaction[Any], custom_id: str) -> bool:
    """Whether the message below which somebody clicks has lost its buttons meanwhile."""
    message = interaction.message
    if message is None:
        return False
    with suppress(discord.HTTPException):
        message = await message.fetch()
    return custom_id not in custom_ids(message)


async def _find_asker(guild: discord.Guild, member_id: int) -> discord.Member | None:
    try:
        return await guild.fetch_member(member_id)
    except discord.NotFound:
        return None


async def _tell_asker(client: "TutorClient", group: Group, member: discord.Member, text: str) -> None:
    channel = member.guild.get_channel(group.parent_id)
    if not isinstance(channel, discord.TextChannel):
        return
    try:
        await send_to(client, channel, text, None, [member.id])
    except discord.HTTPException as error:
        _log.warning("Who asked group %d for a place could not be told: %d %d.", group.id, error.status, error.code)


# Invitations


async def send_invitation(
    interaction: discord.Interaction[Any], status: GroupStatus, member: discord.Member
) -> discord.Message:
    """Invite somebody in the channel of the home, mentioning them.

    Raises:
        MemberError: the channel is gone, or I may not write there.
    """
    client, group = interaction.client, status.group
    guild = check_here(interaction, group)
    channel = guild.get_channel(group.parent_id)
    if not isinstance(channel, discord.TextChannel):
        raise MemberError("The channel of this group has been deleted, so I cannot invite there.")
    until = client.clock() + INVITED_FOR
    text = render_invitation(status, interaction.user.display_name, member.id, until)
    try:
        return await send_to(client, channel, text, invitation_buttons(group.id, member.id, until), [member.id])
    except discord.Forbidden as error:
        raise MemberError(say_lacking(channel.id, ["Send Messages"])) from error


def invitation_buttons(group_id: int, member_id: int, until: datetime) -> discord.ui.View:
    """What somebody can say to an invitation."""
    view = discord.ui.View(timeout=None)
    for answer in ("yes", "no"):
        view.add_item(InviteButton(group_id, member_id, int(until.timestamp()), answer))
    return view


class InviteButton(
    discord.ui.DynamicItem[_Button],
    template=r"group:(?P<id>\d{1,18}):invite:(?P<member>\d{1,20}):(?P<until>\d{1,12}):(?P<answer>yes|no)",
):
    """Takes an invitation, or declines it; for the member alone whom it is for."""

    def __init__(self, group_id: int, member_id: int, until: int, answer: str) -> None:
        super().__init__(
            discord.ui.Button(
                label="Join" if answer == "yes" else "No thanks",
                style=_STYLES.primary if answer == "yes" else _STYLES.secondary,
                custom_id=f"group:{group_id}:invite:{member_id}:{until}:{answer}",
            )
        )
        self._group_id, self._member_id, self._until, self._answer = group_id, member_id, until, answer

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), int(match["member"]), int(match["until"]), match["answer"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            check_is(interaction, self._member_id)
            group = await find_here(interaction, self._group_id)
            until = datetime.fromtimestamp(self._until, UTC)
            if interaction.client.clock() > until:
                raise MemberError(INVITATION_IS_OVER)
            service, member = group_service(interaction), interaction.user
            if self._answer == "no":
                text = f"{member.mention} does not join {named(group)} for now."
                await interaction.edit_original_response(content=text, view=None)
                return
            check_sees((await service.check_joining(self._group_id, member.id)).group, member)
            status = await service.join(self._group_id, member.id, invited_at=until - INVITED_FOR)
            text = f"{member.mention} has joined {named(status.group)}."
            await interaction.edit_original_response(content=text, view=None)
            await interaction.followup.send(await welcome(interaction.client, status, member), ephemeral=True)


# Leaving


def leave_buttons(group_id: int, member_id: int) -> discord.ui.View:
    return discord.ui.View(timeout=None).add_item(LeaveButton(group_id, member_id))


class LeaveButton(discord.ui.DynamicItem[_Button], template=r"group:(?P<id>\d{1,18}):leave:(?P<member>\d{1,20})"):
    """Takes a member out of a group who has said once that they want that."""

    def __init__(self, group_id: int, member_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Leave the group", style=_STYLES.danger, custom_id=f"group:{group_id}:leave:{member_id}"
            )
        )
        self._group_id, self._member_id = group_id, member_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), int(match["member"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            check_is(interaction, self._member_id)
            await interaction.response.defer()
            await find_here(interaction, self._group_id)
            settled = await group_service(interaction).leave(self._group_id, self._member_id)
            group = settled.group
            if settled.has_ended:
                text, view = f"You have left {named(group)}. You were its last member, so it has ended.", None
            else:
                text = f"You have left {named(group)}."
                label = "Join again" if group.is_open else "Ask to join again"
                view = discord.ui.View(timeout=None).add_item(JoinButton(group.id, label))
            await interaction.edit_original_response(content=text, view=view)
            await tell_left(interaction.client, settled, f"**{escape(interaction.user.display_name)}** has left.")


async def tell_left(client: "TutorClient", settled: Settled, text: str) -> None:
    """Tell the others that somebody is not with them any more, and who looks after the group if that has changed."""
    if settled.has_ended or settled.group.home_id is None:
        return
    await tell_group(client, settled.group, text)
    if settled.new_owner_id is not None:
        await tell_owner(client, settled.group, settled.new_owner_id)


async def tell_owner(client: "TutorClient", group: Group, owner_id: int) -> None:
    """Tell somebody in the home that they look after the group from now on."""
    if group.home_id is not None:
        await tell_group(client, group, render_owner(owner_id), mention=[owner_id])


# Ending, and a new home


def lost_buttons(group_id: int) -> discord.ui.View:
    """What can be done about a group without a home."""
    return discord.ui.View(timeout=None).add_item(HomeButton(group_id)).add_item(EndAskButton(group_id))


def end_buttons(group_id: int, member_id: int) -> discord.ui.View:
    return discord.ui.View(timeout=None).add_item(EndButton(group_id, member_id))


async def ask_end(interaction: discord.Interaction[Any], group_id: int) -> None:
    """Ask whoever wants to end a group whether they mean it, after the interaction has been deferred.

    Raises:
        MemberError: they are neither its owner nor an admin.
    """
    status = await group_service(interaction).check_owner(
        group_id, interaction.user.id, is_admin=is_admin(interaction), refusal=OWNER_OR_ADMIN
    )
    check_here(interaction, status.group)
    text = (
        f"Shall {named(status.group)} end? No check-in comes any more, and its home is closed. What was written there "
        "stays to read. This cannot be undone."
    )
    await interaction.followup.send(text, view=end_buttons(group_id, interaction.user.id), ephemeral=True)


class EndAskButton(discord.ui.DynamicItem[_Button], template=r"group:(?P<id>\d{1,18}):end"):
    """Asks whether a group shall end."""

    def __init__(self, group_id: int) -> None:
        super().__init__(
            discord.ui.Button(label="End the group", style=_STYLES.secondary, custom_id=f"group:{group_id}:end")
        )
        self._group_id = group_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            await find_here(interaction, self._group_id)
            await ask_end(interaction, self._group_id)


class EndButton(discord.ui.DynamicItem[_Button], template=r"group:(?P<id>\d{1,18}):end:(?P<member>\d{1,20})"):
    """Ends a group, for its owner or an admin who has said once that they want that."""

    def __init__(self, group_id: int, member_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="End the group", style=_STYLES.danger, custom_id=f"group:{group_id}:end:{member_id}"
            )
        )
        self._group_id, self._member_id = group_id, member_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), int(match["member"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            check_is(interaction, self._member_id)
            await interaction.response.defer()
            await find_here(interaction, self._group_id)
            group = await group_service(interaction).end(
                self._group_id, self._member_id, is_admin=is_admin(interaction)
            )
            await interaction.edit_original_response(content=f"{named(group)} has ended.", view=None)


class HomeButton(discord.ui.DynamicItem[_Button], template=r"group:(?P<id>\d{1,18}):home"):
    """Opens a new home for a group that has lost its own."""

    def __init__(self, group_id: int) -> None:
        super().__init__(
            discord.ui.Button(label="Open a new home", style=_STYLES.primary, custom_id=f"group:{group_id}:home")
        )
        self._group_id = group_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            service, group = group_service(interaction), await find_here(interaction, self._group_id)
            await service.check_owner(
                self._group_id, interaction.user.id, is_admin=is_admin(interaction), refusal=OWNER_OR_ADMIN
            )
            if group.home_id is not None:
                raise MemberError(HAS_HOME)
            channel = await _choose_parent(interaction, group)
            if channel.id != group.parent_id:
                await service.move_home(group.id, channel.id)
            thread = await open_safely(interaction.client, group.id)
            await interaction.followup.send(f"{named(group)} has a new home: {thread.mention}", ephemeral=True)
            if interaction.message is not None and not interaction.message.flags.ephemeral:
                with suppress(discord.HTTPException):
                    await interaction.message.edit(view=None)


async def _choose_parent(interaction: discord.Interaction[Any], group: Group) -> discord.TextChannel:
    """Where a new home is opened: where the old one was, else where admins want homes, else here."""
    guild = check_here(interaction, group)
    if isinstance(channel := guild.get_channel(group.parent_id), discord.TextChannel):
        return channel
    chosen = await find_set_channel(interaction.client, guild)
    if chosen is not None:
        return check_parent(chosen, interaction.user, is_private=group.is_private, is_set=True)
    return check_parent(interaction.channel, interaction.user, is_private=group.is_private, is_set=False)


async def open_safely(client: "TutorClient", group_id: int, *, adopts: bool = True) -> discord.Thread:
    """Open a home; what goes wrong is told to a member.

    Raises:
        MemberError: it cannot be opened; the text says what mends that.
    """
    try:
        return await open_home(client, group_id, adopts=adopts)
    except (HomeLost, CannotReach) as error:
        raise MemberError(str(error)) from error
    except discord.HTTPException as error:
        _log.warning("A home for group %d could not be opened: %d %d.", group_id, error.status, error.code)
        raise MemberError(
            "Discord does not let me open a thread there. Try another name or another channel, or try again later."
        ) from error


GROUP_ITEMS = (AboutButton, JoinButton, AskButton, InviteButton, LeaveButton, EndAskButton, EndButton, HomeButton)
"""What a client has to know so that buttons sent before a restart still work."""
