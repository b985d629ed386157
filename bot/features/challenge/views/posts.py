"""Who may decide, and the post of a challenged question in the notes channel of its server."""

import logging
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.errors import MemberError
from bot.features.challenge.models import Case, ChallengeState, Outcome, Post
from bot.features.challenge.service import ChallengeService
from bot.features.challenge.views.render import render_case
from bot.features.settings.views import find_notes_channel
from bot.features.weekly.views import refresh_results
from bot.ui.errors import without_text

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)

NOT_A_MENTOR = "Only the admins and the mentors of this server decide about questions."
_NO_CURRICULUM = "There is no curriculum here any more, so I have no questions. Ask me something with `/ask` instead."


def challenge_service(interaction: discord.Interaction[Any]) -> ChallengeService:
    """The service for a button that was sent when there was a curriculum.

    Raises:
        MemberError: there is none any more.
    """
    service: ChallengeService | None = interaction.client.services.challenge
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service


async def check_mentor(interaction: discord.Interaction[Any]) -> int:
    """The id of the server, if whoever is here may decide in it.

    Raises:
        NoPrivateMessage: there is no server.
        MemberError: they neither manage it nor have the role of its mentors.
    """
    if interaction.guild is None:
        raise app_commands.NoPrivateMessage
    if interaction.permissions.manage_guild or interaction.permissions.administrator:
        return interaction.guild.id
    settings = interaction.client.services.guild_settings
    role_id = (await settings.find(interaction.guild.id)).mentor_role_id if settings else None
    user = interaction.user
    if role_id is None or not isinstance(user, discord.Member) or user.get_role(role_id) is None:
        raise MemberError(NOT_A_MENTOR)
    return interaction.guild.id


# The post


async def refresh_post(client: "TutorClient", challenge_id: int, guild_id: int) -> None:
    """Bring the post of a challenge up to date, or post it if it waits and there is a channel for it.

    Call it once the member has been answered. It never raises.
    """
    try:
        await _refresh_post(client, challenge_id, guild_id)
    except MemberError:
        return  # the question or the challenge is gone, so there is nothing to tell
    except Exception as error:  # noqa: BLE001 - the member has been answered, and the rest is the admins'
        _log.error("A challenge in server %d could not be posted.", guild_id, exc_info=without_text(error))


async def refresh_all(client: "TutorClient", outcome: Outcome, guild_id: int) -> None:
    """Bring everything that a decision changes in a server up to date. It never raises."""
    for challenge_id in outcome.challenge_ids:
        await refresh_post(client, challenge_id, guild_id)
    for round_id in outcome.rounds:
        try:
            await refresh_results(client, round_id)
        except Exception as error:  # noqa: BLE001 - the rest has to be tried all the same
            _log.error("The results of round %d stay as they are.", round_id, exc_info=without_text(error))


async def _refresh_post(client: "TutorClient", challenge_id: int, guild_id: int) -> None:
    service = client.services.challenge
    if service is None:
        return
    case = await service.show(challenge_id, guild_id)
    if case.post is not None and await _edit(client, case, case.post):
        return
    if case.state is not ChallengeState.OPEN:
        return
    sent = await _send(client, case, guild_id)
    if sent is None:
        return
    kept = await service.record_post(case.id, guild_id, Post(sent.channel.id, sent.id), case.post)
    if kept is None or kept.message_id != sent.id:  # somebody else was faster, and one post is enough
        await sent.delete()
    if kept is not None and kept.message_id != sent.id:
        await _edit(client, await service.show(challenge_id, guild_id), kept)


async def _send(client: "TutorClient", case: Case, guild_id: int) -> discord.Message | None:
    """Post a case, mentioning the mentors; None if there is no channel for it or Discord refuses."""
    channel = await find_notes_channel(client, guild_id)
    settings = client.services.guild_settings
    if channel is None or settings is None:
        return None
    role = channel.guild.get_role((await settings.find(guild_id)).mentor_role_id or 0)
    mentioned = discord.AllowedMentions(everyone=False, users=False, roles=[role] if role else False)
    content = "A question has been challenged." if role is None else f"{role.mention} A question has been challenged."
    try:
        return await channel.send(content, embed=render_case(case), view=_buttons(case), allowed_mentions=mentioned)
    except discord.HTTPException as error:
        _log.warning("No challenge is posted in server %d: %d %d.", guild_id, error.status, error.code)
        return None


async def _edit(client: "TutorClient", case: Case, post: Post) -> bool:
    """Bring a post up to date; False if it is gone, or out of reach."""
    channel = client.get_channel(post.channel_id)
    if not isinstance(channel, discord.TextChannel):
        return False
    try:
        await channel.get_partial_message(post.message_id).edit(embed=render_case(case), view=_buttons(case))
    except (discord.NotFound, discord.Forbidden):
        return False
    return True


def _buttons(case: Case) -> discord.ui.View:
    from bot.features.challenge.views.controls import case_buttons  # noqa: PLC0415 - they post in their turn

    return case_buttons(case)
