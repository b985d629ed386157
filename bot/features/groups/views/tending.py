"""Looking after a group: who has left the server, whether its home is well, and telling those who can mend it."""

import logging
from typing import TYPE_CHECKING

import discord

from bot.features.groups.models import Group, GroupState
from bot.features.groups.views.controls import lost_buttons, tell_owner
from bot.features.groups.views.homes import (
    CannotReach,
    HomeLost,
    close_home,
    find_home,
    groups_of,
    let_in,
    tell_someone,
)
from bot.features.groups.views.render import render_closing, render_heir, render_lost, render_trouble
from bot.scheduling.dispatcher import Dispatcher

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)

_NOT_THERE = (10007, 10013)
"""Discord's codes for somebody who is not in the server, or does not exist any more."""


async def tend(client: "TutorClient", dispatcher: Dispatcher, group_id: int) -> Group | None:
    """Look whether a group is well; returns it as it is afterwards.

    Members who have left the server are members no more, a group without an owner gets one, one without members ends
    and its home is closed. A home that is gone, or that cannot be used, is told once to those who can mend it; the
    group has a `note` until it is well again. None: the group is unknown, or its server is out of reach.
    """
    service = groups_of(client)
    async with service.alone_with(group_id):
        group = await service.find(group_id)
        guild = client.get_guild(group.guild_id) if group is not None else None
        if group is None or guild is None or guild.unavailable:
            return None
        new_owner_id = None
        if group.state is not GroupState.ENDED:
            gone = await _find_gone(client, dispatcher, guild, group_id)
            settled = await service.record_gone(group_id, gone)
            if settled is None:
                return None
            group, new_owner_id = settled.group, settled.new_owner_id
        if group.state is GroupState.ENDED:
            await close(client, group)
            return group
        await _look_at_home(client, group)
        if new_owner_id is not None:
            await _tell_heir(client, group, new_owner_id)
        return await service.find(group_id)


async def _find_gone(client: "TutorClient", dispatcher: Dispatcher, guild: discord.Guild, group_id: int) -> list[int]:
    """Who has left the server. Whom Discord does not tell about stays."""
    gone = []
    for member_id in (await groups_of(client).show(group_id)).member_ids:
        await dispatcher.pace()
        try:
            client.names.note(await guild.fetch_member(member_id))
        except discord.HTTPException as error:
            if error.code in _NOT_THERE:
                gone.append(member_id)
            else:
                _log.warning("Whether all are there in server %d is not known: %d.", guild.id, error.status)
    return gone


async def close(client: "TutorClient", group: Group) -> None:
    """Say in the home of a group that has ended what has become of it, and archive it; once."""
    if group.home_id is None:
        return
    service = groups_of(client)
    await close_home(client, group, render_closing((await service.show(group.id)).history))
    await service.record_closed(group.id)


async def _look_at_home(client: "TutorClient", group: Group) -> None:
    service = groups_of(client)
    if group.home_id is None:
        return  # it is being opened, or its owner knows
    try:
        await find_home(client, group, opens=False)
    except HomeLost as error:
        await _tell_lost(client, group, str(error))
    except CannotReach as error:
        if await service.set_note(group.id, str(error)):
            text = render_trouble(group, str(error))
            if not await tell_someone(client, group, text, also_admins=True):
                _log.warning("Nobody could be told what group %d in server %d lacks.", group.id, group.guild_id)
    else:
        if await service.set_note(group.id, None):  # whoever has joined meanwhile could not be let in
            await let_in(client, await find_home(client, group), (await service.show(group.id)).member_ids)


async def _tell_heir(client: "TutorClient", group: Group, owner_id: int) -> None:
    if group.home_id is None:
        await tell_someone(client, group, render_heir(group), lost_buttons(group.id))
    else:
        await tell_owner(client, group, owner_id)


async def _tell_lost(client: "TutorClient", group: Group, why: str) -> None:
    lost = await groups_of(client).lose_home(group.id, f"{why} `/group show` opens a new home.")
    if lost is None:
        return
    if not await tell_someone(client, lost, render_lost(lost, why), lost_buttons(lost.id)):
        _log.warning("Nobody could be told that group %d in server %d has no home.", lost.id, lost.guild_id)
