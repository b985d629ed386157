"""What a server sees of a learner who wants it: a congratulation for a milestone, and the role of the present step.

Nothing here fails a member's command. What cannot be posted or given is logged without a word that a member wrote,
and /settings show tells the admins what is missing.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import discord

from bot.features.progress.models import Enrolment
from bot.ui.embeds import BLUE
from bot.ui.errors import without_text
from bot.ui.permissions import lacking
from bot.ui.text import escape
from knowledge.curriculum import Curriculum

if TYPE_CHECKING:
    from bot.client import TutorClient
    from bot.features.progress.service import ProgressService

_log = logging.getLogger(__name__)

_NEEDED = ("view_channel", "send_messages", "embed_links")


async def announce(client: "TutorClient", member_id: int, reached: Sequence[str] = ()) -> None:
    """Congratulate for the milestones `reached` and bring the role up to date, in each server that the member chose.

    Call it after every change of progress, once the member has been answered. It never raises.
    """
    progress = client.services.progress
    if progress is None:
        return
    async with _logging("What others may see of a member's progress could not be brought up to date."):
        for enrolment in await progress.list_enrolments(member_id):
            async with _logging(f"Server {enrolment.guild_id} could not be told of a member's progress."):
                await _tell_server(client, progress, member_id, enrolment, reached)


async def update_role(client: "TutorClient", member_id: int, enrolment: Enrolment) -> None:
    """Give or take the role of the present step after a member has chosen what a server may see. It never raises."""
    progress = client.services.progress
    if progress is None:
        return
    async with _logging(f"The role of a step in server {enrolment.guild_id} could not be brought up to date."):
        await _tell_server(client, progress, member_id, enrolment, (), has_changed=True)


@asynccontextmanager
async def _logging(what_failed: str) -> AsyncIterator[None]:
    """The member has been answered by now, so whatever fails is for the admins only."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the network and the database are the admins'
        _log.error(what_failed, exc_info=without_text(error))


async def _tell_server(
    client: "TutorClient",
    progress: "ProgressService",
    member_id: int,
    enrolment: Enrolment,
    reached: Sequence[str],
    *,
    has_changed: bool = False,
) -> None:
    guild = client.get_guild(enrolment.guild_id)
    settings = client.services.guild_settings
    if guild is None or settings is None:
        return
    wanted = await settings.find(guild.id)
    congratulates = bool(reached) and enrolment.is_congratulated and wanted.milestones_channel_id is not None
    has_role = bool(wanted.step_roles) and (enrolment.is_visible or has_changed)
    if not congratulates and not has_role:
        return
    member = await _find_member(guild, member_id)
    if member is None:
        return
    if congratulates and wanted.milestones_channel_id is not None:
        await _congratulate(progress, member, wanted.milestones_channel_id, reached)
    if has_role:
        overview = await progress.show_overview(member_id)
        number = overview.current.number if overview.current and enrolment.is_visible else None
        role_id = wanted.step_roles.get(number) if number is not None else None
        await _give_role(member, role_id, set(wanted.step_roles.values()))


async def _find_member(guild: discord.Guild, member_id: int) -> discord.Member | None:
    """The member as Discord knows them now; None if they have left, or Discord does not say."""
    try:
        return await guild.fetch_member(member_id)
    except discord.NotFound:
        return None
    except discord.HTTPException as error:
        _log.warning("A member of server %d cannot be looked up: %d %d.", guild.id, error.status, error.code)
        return None


# The congratulation


async def _congratulate(
    progress: "ProgressService", member: discord.Member, channel_id: int, reached: Sequence[str]
) -> None:
    """Post once. A milestone is claimed before it is posted: rather no congratulation than two."""
    channel = member.guild.get_channel(channel_id)
    if not isinstance(channel, discord.TextChannel):
        _log.warning("The milestones channel of server %d is gone.", member.guild.id)
        return
    lacking = lacking_in(channel)
    if lacking:
        _log.warning("In the milestones channel of server %d I lack: %s.", member.guild.id, ", ".join(lacking))
        return
    guild_id = member.guild.id
    claimed = [m for m in reached if await progress.claim_congratulation(member.id, guild_id, m)]
    if not claimed:
        return
    try:
        embed = render_congratulation(progress.curriculum, member.display_name, claimed)
        await channel.send(embed=embed, allowed_mentions=discord.AllowedMentions.none())
    except discord.HTTPException as error:
        _log.warning("No congratulation in server %d: %d %d.", member.guild.id, error.status, error.code)


def render_congratulation(curriculum: Curriculum, name: str, milestones: Iterable[str]) -> discord.Embed:
    """The greatest milestone as the title, all of them as sentences."""
    said = list(milestones)
    whole = "curriculum" in said
    numbers = [int(milestone.removeprefix("step:")) for milestone in said if milestone.startswith("step:")]
    title = "The whole curriculum is done" if whole else f"Step {max(numbers)} is done"
    lines = [f"**{escape(name)}** has {_what_was_done(curriculum, number)}" for number in numbers]
    if whole:
        lines.append(f"All {len(curriculum.steps)} steps are done. Congratulations.")
    else:
        lines.append("Congratulations.")
    return discord.Embed(title=title, description="\n".join(lines), colour=BLUE)


def _what_was_done(curriculum: Curriculum, number: int) -> str:
    return f"finished step {number}, {curriculum.step(number).title}."


def lacking_in(channel: discord.abc.GuildChannel) -> tuple[str, ...]:
    """The permissions that are missing for a congratulation in this channel, as Discord names them."""
    return tuple(lacking(channel.permissions_for(channel.guild.me), _NEEDED))


# The role


async def _give_role(member: discord.Member, role_id: int | None, all_ids: set[int]) -> None:
    """Give the role of the present step and take those of other steps."""
    held = {role.id for role in member.roles}
    for role in _existing(member.guild, all_ids):
        gives, takes = role.id == role_id and role.id not in held, role.id != role_id and role.id in held
        if not gives and not takes:
            continue
        if obstacle := obstacle_to(role):
            _log.warning("A step's role in server %d stays as it is: %s", member.guild.id, obstacle)
            continue
        try:
            change = member.add_roles if gives else member.remove_roles
            await change(role, reason="The member's step in the curriculum has changed.")
        except discord.HTTPException as error:
            _log.warning("A step's role in server %d stays: %d %d.", member.guild.id, error.status, error.code)


def _existing(guild: discord.Guild, role_ids: set[int]) -> Iterator[discord.Role]:
    for role_id in sorted(role_ids):
        role = guild.get_role(role_id)
        if role is None:
            _log.warning("A step's role in server %d has been deleted.", guild.id)
        else:
            yield role


def obstacle_to(role: discord.Role) -> str | None:
    """Why the tutor cannot give this role, in one sentence; None if it can."""
    me = role.guild.me
    if not me.guild_permissions.manage_roles:
        return "I lack the permission Manage Roles."
    if role >= me.top_role:
        return "The role is not below my own highest role in the list of roles."
    return None
