"""/ask, mentions, direct messages and the "Ask the tutor" message command."""

import logging
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import MemberError
from bot.features.ask.models import Asked
from bot.features.ask.rules.question import MAX_LENGTH
from bot.features.ask.service import AskService
from bot.features.ask.views import answer_buttons, render_answer
from bot.ui.errors import explain
from bot.ui.flood import FloodGate

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)


class AskCog(commands.Cog):
    """Takes questions in, sends answers out."""

    def __init__(self, client: "TutorClient", service: AskService, gate: FloodGate) -> None:
        self._client = client
        self._service = service
        self._gate = gate
        self._menu = app_commands.ContextMenu(name="Ask the tutor", callback=self._ask_about_message)
        client.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        self._client.tree.remove_command(self._menu.name, type=self._menu.type)

    @app_commands.command(
        name="ask", description="Ask about deep learning or the curriculum; I answer with quotes and links."
    )
    @app_commands.describe(
        question="For example: why do we need activation functions?",
        private="Show the answer to you alone.",
    )
    async def ask(
        self,
        interaction: discord.Interaction,
        question: app_commands.Range[str, 1, MAX_LENGTH],
        private: bool = False,  # noqa: FBT001, FBT002 - a slash option
    ) -> None:
        await self._answer(interaction, question, private=private)

    async def _ask_about_message(self, interaction: discord.Interaction, message: discord.Message) -> None:
        await self._answer(interaction, message.content, private=True)

    async def _answer(self, interaction: discord.Interaction, text: str, *, private: bool) -> None:
        self._check_pace(interaction.user.id)
        async with self._client.working():
            await interaction.response.defer(thinking=True, ephemeral=private)
            asked = Asked(text, interaction.user.id, interaction.channel_id or 0, interaction.guild_id)
            answer = await self._service.answer_question(asked)
            view = answer_buttons(answer) or discord.utils.MISSING
            message = await interaction.followup.send(
                embed=render_answer(answer), view=view, ephemeral=private, wait=True
            )
            if answer.id is not None:
                await self._service.remember_message(answer.id, message.id)

    def _check_pace(self, member_id: int) -> None:
        wait = self._gate.seconds_to_wait(member_id)
        if wait is not None:
            raise MemberError(f"You ask faster than anyone can read. Please try again in {_seconds(wait)}.")

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer who mentions the tutor, replies to it, writes to it directly or, if set, in an ask channel."""
        if message.author.bot or not self._is_for_me(message):
            return
        wait = self._gate.seconds_to_wait(message.author.id)
        if wait is not None:
            if self._gate.should_warn(message.author.id, wait):
                await self._reply(
                    message, content=f"You ask faster than anyone can read. Please try again in {_seconds(wait)}."
                )
            return
        async with self._client.working():
            try:
                async with message.channel.typing():
                    await self._answer_message(message)
            except discord.Forbidden:
                _log.warning("I may not answer in channel %d.", message.channel.id)
            except Exception as error:
                await self._reply(message, content=explain(error))
                raise

    def _is_for_me(self, message: discord.Message) -> bool:
        if message.guild is None:
            return message.type in {discord.MessageType.default, discord.MessageType.reply}
        user = self._client.user
        if user is not None and user in message.mentions:
            return True
        return self._client.answers_every_message_in(message.channel.id) and message.type is discord.MessageType.default

    async def _answer_message(self, message: discord.Message) -> None:
        replied_to = message.reference.message_id if message.reference else None
        guild_id = message.guild.id if message.guild else None
        asked = Asked(message.content, message.author.id, message.channel.id, guild_id, replied_to)
        answer = await self._service.answer_question(asked)
        sent = await self._reply(message, embed=render_answer(answer), view=answer_buttons(answer))
        if sent is not None and answer.id is not None:
            await self._service.remember_message(answer.id, sent.id)

    async def _reply(
        self,
        message: discord.Message,
        *,
        content: str | None = None,
        embed: discord.Embed | None = None,
        view: discord.ui.View | None = None,
    ) -> discord.Message | None:
        """Reply, or send plainly if the message has been deleted meanwhile."""
        reference = message.to_reference(fail_if_not_exists=False)
        options = {"embed": embed} if embed is not None else {}
        if view is not None:
            return await message.channel.send(content, reference=reference, view=view, mention_author=False, **options)
        return await message.channel.send(content, reference=reference, mention_author=False, **options)


def _seconds(count: int) -> str:
    return f"{count} second" if count == 1 else f"{count} seconds"
