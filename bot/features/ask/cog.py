"""/ask, mentions, direct messages and the "Ask the tutor" message command."""

import contextlib
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import MemberError
from bot.features.ask.models import Answer, Asked
from bot.features.ask.rules.question import MAX_LENGTH, clean
from bot.features.ask.service import AskService
from bot.features.ask.views import Place, TopicButton, answer_buttons, render_answer
from bot.features.settings.views import tell_admins
from bot.ui.errors import NO_ANSWER_HERE, explain
from bot.ui.flood import FloodGate

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)

NO_ANSWER_THERE = (
    "I may not write there, so they got no answer. Let me send messages, embed links and read the message history "
    "in that channel, or tell members where they can ask me."
)
_TELL_ADMINS_AGAIN = timedelta(days=1)
_NO_WEEKLY = "At present this server has none."

_GROUP_POSTS = ("group:", "match:", "plan:", "checkin:", "support:")
"""How the custom_ids begin of what is posted for a study group. Below that its members talk to each other."""


class AskCog(commands.Cog):
    """Takes questions in, sends answers out."""

    def __init__(self, client: "TutorClient", service: AskService, gate: FloodGate) -> None:
        self._client = client
        self._service = service
        self._gate = gate
        self._menu = app_commands.ContextMenu(name="Ask the tutor", callback=self._ask_about_message)
        client.tree.add_command(self._menu)
        client.add_dynamic_items(TopicButton)
        self._told_admins: dict[int, datetime] = {}
        """When the admins were told that I may not write in a channel. A restart forgets it: they read it once more."""

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
        await self._answer(interaction, question, private=private, shows_question=True)

    async def _ask_about_message(self, interaction: discord.Interaction, message: discord.Message) -> None:
        await self._answer(interaction, message.content, private=True, shows_question=False)

    async def _answer(
        self, interaction: discord.Interaction, text: str, *, private: bool, shows_question: bool
    ) -> None:
        self._check_pace(interaction.user.id)
        async with self._client.working():
            await interaction.response.defer(thinking=True, ephemeral=private)
            answer = await self._service.answer_question(_asked(interaction, text, is_private=private))
            await self._send(interaction, answer, private=private, question=clean(text) if shows_question else "")

    async def answer_topic(self, interaction: discord.Interaction, source: str) -> None:
        """Show whoever clicked what a note says that came near to a declined question.

        Raises:
            MemberError: the note is gone, or they ask too fast.
        """
        self._check_pace(interaction.user.id)
        async with self._client.working():
            await interaction.response.defer(thinking=True, ephemeral=True)
            answer = await self._service.answer_topic(_asked(interaction, "", is_private=True), source)
            await self._send(interaction, answer, private=True)

    async def _send(
        self, interaction: discord.Interaction, answer: Answer, *, private: bool, question: str = ""
    ) -> None:
        view = answer_buttons(answer) or discord.utils.MISSING
        embed = render_answer(answer, await self._place(answer, interaction.guild_id, question))
        message = await interaction.followup.send(embed=embed, view=view, ephemeral=private, wait=True)
        if answer.id is not None:
            await self._service.remember_message(answer.id, message.id)

    async def _place(self, answer: Answer, guild_id: int | None, question: str = "") -> Place:
        """Where an answer is read."""
        is_weekly = answer.saying is not None and answer.saying.is_weekly
        weekly = await self._weekly(guild_id) if is_weekly and guild_id is not None else ""
        return Place(self._client.command_ids, guild_id is not None, question, weekly)

    async def _weekly(self, guild_id: int) -> str:
        """When and where the next weekly quiz of a server is posted, as its members may know."""
        service = self._client.services.weekly
        quiz = await service.find_quiz(guild_id) if service else None
        if service is None or quiz is None or quiz.is_paused:
            return _NO_WEEKLY
        next_at = await service.find_next_at(guild_id)
        when = f" on {discord.utils.format_dt(next_at, 'F')}" if next_at else ""
        return f"Here the next one comes{when} in <#{quiz.channel_id}>."

    def _check_pace(self, member_id: int) -> None:
        wait = self._gate.seconds_to_wait(member_id)
        if wait is not None:
            raise MemberError(_too_fast(wait))

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer who mentions the tutor, replies to it, writes to it directly or, if set, in an ask channel."""
        if message.author.bot or not self._is_for_me(message):
            return
        async with self._client.working():
            try:
                await self._answer_message(message)
            except (discord.Forbidden, discord.NotFound) as error:
                _log.warning("I may not answer in channel %d, Discord code %d.", message.channel.id, error.code)
                try:
                    await message.channel.send(NO_ANSWER_HERE)
                except discord.Forbidden:
                    await self._tell_admins(message)
                except discord.HTTPException:
                    pass  # the channel is gone
            except Exception as error:
                with contextlib.suppress(discord.HTTPException):
                    await self._reply(message, explain(error))
                raise

    async def _tell_admins(self, message: discord.Message) -> None:
        """Tell the admins, at most once a day for each channel, that I was asked where I may not write."""
        if message.guild is None:
            return
        now, told = self._client.clock(), self._told_admins.get(message.channel.id)
        if told is not None and now - told < _TELL_ADMINS_AGAIN:
            return
        self._told_admins[message.channel.id] = now
        await tell_admins(
            self._client, message.guild.id, f"Somebody asked me in <#{message.channel.id}>. {NO_ANSWER_THERE}"
        )

    def _is_for_me(self, message: discord.Message) -> bool:
        is_reply = message.type is discord.MessageType.reply
        if message.type is not discord.MessageType.default and not is_reply:
            return False
        if message.guild is None:
            return True
        if is_reply and self._is_talk(message):
            return False
        if self._client.user in message.mentions:
            return True
        if not self._client.answers_every_message_in(message.channel.id):
            return False
        return not is_reply or self._is_mine(message.reference)

    def _is_mine(self, reference: discord.MessageReference | None) -> bool:
        replied_to = reference.resolved if reference else None
        return isinstance(replied_to, discord.Message) and replied_to.author == self._client.user

    def _is_talk(self, message: discord.Message) -> bool:
        """Whether it replies to what I posted for a study group in its thread, without calling my name.

        Discord itself mentions the author of a message that somebody replies to.
        """
        replied_to = message.reference.resolved if message.reference else None
        if not isinstance(message.channel, discord.Thread) or not isinstance(replied_to, discord.Message):
            return False
        is_called = self._client.user is not None and f"<@{self._client.user.id}>" in message.content
        return replied_to.author == self._client.user and not is_called and _is_group_post(replied_to)

    async def _answer_message(self, message: discord.Message) -> None:
        wait = self._gate.seconds_to_wait(message.author.id)
        if wait is not None:
            if self._gate.should_warn(message.author.id, wait):
                await self._reply(message, _too_fast(wait))
            return
        async with message.channel.typing():
            replied_to = message.reference.message_id if message.reference else None
            guild_id = message.guild.id if message.guild else None
            asked = Asked(
                message.content,
                message.author.id,
                message.channel.id,
                guild_id,
                replied_to,
                is_private=guild_id is None,
            )
            answer = await self._service.answer_question(asked)
            view = answer_buttons(answer) or discord.utils.MISSING
            embed = render_answer(answer, await self._place(answer, guild_id))
            sent = await self._reply(message, embed=embed, view=view)
        if answer.id is not None:
            await self._service.remember_message(answer.id, sent.id)

    async def _reply(
        self,
        message: discord.Message,
        content: str | None = None,
        *,
        embed: discord.Embed = discord.utils.MISSING,
        view: discord.ui.View = discord.utils.MISSING,
    ) -> discord.Message:
        """Reply, or send plainly if the message has been deleted meanwhile."""
        reference = message.to_reference(fail_if_not_exists=False)
        return await message.channel.send(content, embed=embed, view=view, reference=reference, mention_author=False)


def _asked(interaction: discord.Interaction, text: str, *, is_private: bool) -> Asked:
    """A question of whoever is here. In a direct message every answer is private."""
    return Asked(
        text,
        interaction.user.id,
        interaction.channel_id or 0,
        interaction.guild_id,
        is_private=is_private or interaction.guild_id is None,
    )


def _is_group_post(message: discord.Message) -> bool:
    """Whether it was posted for a study group. A reply that I pass on has no embed, and a closed question no button."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    names = [item.custom_id or "" for row in rows for item in row.children]
    is_closed = any((embed.title or "").startswith("Check-in") for embed in message.embeds)
    return is_closed or any(name.startswith(_GROUP_POSTS) for name in names) or not (names or message.embeds)


def _too_fast(wait: int) -> str:
    seconds = "1 second" if wait == 1 else f"{wait} seconds"
    return f"You ask faster than anyone can read. Please try again in {seconds}."
