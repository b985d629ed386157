"""The one answer to every error door: command tree, views, dynamic items, listeners, loops.

discord.py has no common handler for them. A member reads one plain sentence, the log gets the
traceback without anything a member wrote.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import app_commands

from bot.errors import MemberError
from bot.ui.typed import give_back

_log = logging.getLogger(__name__)

APOLOGY = "Something went wrong on my side, and the admins can see it in the log. Please try again in a minute."
NO_ANSWER_HERE = (
    "I lack a permission to answer here. Please ask an admin to let me send messages, embed links "
    "and read the message history in this channel."
)


@asynccontextmanager
async def run_safely(
    interaction: discord.Interaction[Any], typed: Mapping[str, str] | None = None
) -> AsyncIterator[None]:
    """Answer the interaction with a plain sentence if the block fails.

    A window gives what was `typed` into it, by the label of each field: then the answer gives that back.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the last door; a click must not stay unanswered
        await reply_to_error(interaction, error, typed)


async def on_tree_error(interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
    """The command tree's door."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    await reply_to_error(interaction, cause)


async def reply_to_error(
    interaction: discord.Interaction[Any], error: Exception, typed: Mapping[str, str] | None = None
) -> None:
    """Tell the member in one sentence, in place of the "thinking" state if there is one; below it what they typed."""
    text, file = give_back(explain(error), typed or {})
    files = [file] if file is not None else []
    if not isinstance(error, MemberError | app_commands.CheckFailure):
        _log.error("An interaction of type %s failed.", interaction.type.name, exc_info=without_text(error))
    try:
        if interaction.response.is_done():
            if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
                await interaction.edit_original_response(content=text, attachments=files)
            else:
                await interaction.followup.send(text, files=files, ephemeral=True)
        else:
            await interaction.response.send_message(text, files=files, ephemeral=True)
    except discord.HTTPException as failure:
        _log.warning("The member could not be told: %s %s", failure.status, failure.code)


def explain(error: BaseException) -> str:
    """What a member reads of an error."""
    match error:
        case MemberError():
            return str(error)
        case app_commands.MissingPermissions():
            return "This needs the permission to manage the server. Please ask an admin."
        case app_commands.NoPrivateMessage():
            return "This works in a server only."
        case app_commands.CheckFailure():
            return "You may not use this here."
        case discord.Forbidden():
            return NO_ANSWER_HERE
        case _:
            return APOLOGY


def without_text(error: BaseException) -> BaseException:
    """The error itself; discord.py's HTTP errors repeat what was sent, so only their place is kept."""
    if isinstance(error, discord.HTTPException):
        return RuntimeError(f"HTTP {error.status}, Discord code {error.code}").with_traceback(error.__traceback__)
    return error
