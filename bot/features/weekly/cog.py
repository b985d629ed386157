"""/weekly for admins, and the scheduled work that posts a quiz, counts who takes part, and closes it."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands, tasks

from bot.errors import MemberError
from bot.features.progress.rules.zones import guess_zone, parse_zone, suggest_zones
from bot.features.settings.views import tell_admins
from bot.features.weekly.models import CLOSE, POST, REFRESH, Post, Results, WeeklyQuiz
from bot.features.weekly.service import WeeklyService
from bot.features.weekly.views import (
    channel_obstacles,
    check_admin,
    demand_post,
    find_names,
    message_link,
    obstacles,
    post_buttons,
    preview_buttons,
    refresh_results,
    render_history,
    render_post,
    render_preview,
    render_results,
    render_status,
    results_buttons,
)
from bot.scheduling.dispatcher import Dispatcher, TryLater
from bot.scheduling.models import Occurrence
from bot.scheduling.rules import MOST_TRIES
from bot.ui.components import custom_ids
from bot.ui.errors import without_text
from bot.ui.text import shorten

if TYPE_CHECKING:
    from bot.client import TutorClient
    from bot.features.questions.service import QuestionService


_log = logging.getLogger(__name__)

COUNT_SECONDS = 10
"""So often the number of those who took part is brought up to date."""

_CHOICE_LIMIT = 100
_LOOK_BACK = 1000
"""So many messages after the planned time are looked at for one that is there already."""
_CLOCKS_DIFFER = timedelta(minutes=1)
_TIME = re.compile(r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})")
_WEEKDAYS = [
    app_commands.Choice(name=name, value=number)
    for number, name in enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"))
]
_NO_EVERYONE = "I do not mention everyone. Choose a role that members take for it, or leave the role out."
_NO_ZONE = "Name the time zone, for example Europe/Berlin, or choose one from the list that I suggest while you type."
_NO_TIME = "I cannot read that as a time of the day. Write it with hours and minutes, for example 18:00."


class CannotPost(Exception):
    """Something is missing that admins can mend; the text says what."""


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class WeeklyCog(
    commands.GroupCog, group_name="weekly", group_description="The weekly quiz of this server, for its admins."
):
    """What admins set and see, and what is posted when. Discord hides the commands; each is checked here again."""

    def __init__(
        self, client: "TutorClient", service: WeeklyService, questions: "QuestionService", dispatcher: Dispatcher
    ) -> None:
        super().__init__()
        self._client = client
        self._service = service
        self._questions = questions
        self._dispatcher = dispatcher
        self._dirty: set[int] = set()
        self._shown: dict[int, int | None] = {}
        """The open quizzes, each with how many took part by its message, as far as that is known."""

    async def cog_load(self) -> None:
        self._dispatcher.register(POST, self._post_quiz, self._after_failed_post)
        self._dispatcher.register(CLOSE, self._close_quiz, self._after_failed_close)
        self._dispatcher.register(REFRESH, self._refresh_results)
        await self._service.plan_all()
        self._shown = dict.fromkeys(await self._service.list_open())
        for round_id in self._shown:
            self._count_again(round_id)
        self._questions.on_answered.append(self._hear)

    async def cog_unload(self) -> None:
        """End the counting and wait until it has ended: the database is closed next, and would leave it hanging."""
        self._questions.on_answered.remove(self._hear)
        self.count.cancel()
        if (task := self.count.get_task()) is not None:
            await asyncio.wait({task})

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Before every command of the group: admins of a server can show a command to everybody by mistake."""
        check_admin(interaction)
        return True

    # Commands

    @app_commands.command(name="set", description="Set the weekly quiz of this server up, or change it.")
    @app_commands.describe(
        channel="Where it is posted.",
        weekday="On which day.",
        time="At what time, for example 18:00.",
        zone="The time zone of that time: a city or a country.",
        questions="How many questions; 5 if you do not say.",
        open_hours="How many hours members have for it; 48 if you do not say.",
        role="A role that is mentioned when the quiz comes; nobody if you do not say.",
        goal="How many members should finish it; without it there is no goal.",
    )
    @app_commands.choices(weekday=_WEEKDAYS)
    async def set_up(
        self,
        interaction: discord.Interaction,
        *,
        channel: discord.TextChannel,
        weekday: int,
        time: app_commands.Range[str, 3, 5],
        zone: app_commands.Range[str, 1, _CHOICE_LIMIT],
        questions: app_commands.Range[int, 3, 10] = 5,
        open_hours: app_commands.Range[int, 2, 144] = 48,
        role: discord.Role | None = None,
        goal: app_commands.Range[int, 1, 10_000] | None = None,
    ) -> None:
        guild = check_admin(interaction)
        if role is not None and role.is_default():
            raise MemberError(_NO_EVERYONE)
        named = parse_zone(zone, self._client.clock())
        if named is None:
            raise MemberError(_NO_ZONE)
        quiz = WeeklyQuiz(
            guild.id,
            channel.id,
            weekday,
            _minute_of(time),
            named,
            questions,
            open_hours,
            role.id if role else None,
            goal,
        )
        await interaction.response.defer(ephemeral=True, thinking=True)
        status = await self._service.set_up(quiz)
        news = "It is still paused." if status.quiz.is_paused else "That is set. `/weekly preview` shows the questions."
        await interaction.followup.send(embed=render_status(guild, status, news), ephemeral=True)

    @set_up.autocomplete("zone")
    async def suggest_zone(self, interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        quiz = await self._service.find_quiz(interaction.guild_id or 0)
        likely = (quiz.zone if quiz else None, guess_zone(interaction.locale.value))
        found = suggest_zones(current, self._client.clock(), likely)
        return [app_commands.Choice(name=shorten(label, _CHOICE_LIMIT), value=name) for label, name in found]

    @app_commands.command(name="show", description="What is set, when the next quiz comes, and what I lack for it.")
    async def show(self, interaction: discord.Interaction) -> None:
        guild = check_admin(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        status = await self._service.show(guild.id)
        await interaction.followup.send(embed=render_status(guild, status), ephemeral=True)

    @app_commands.command(
        name="preview", description="The questions of the next quiz with their answers, for you alone."
    )
    async def preview(self, interaction: discord.Interaction) -> None:
        guild = check_admin(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        preview = await self._service.preview(guild.id)
        view = preview_buttons(guild.id)
        await interaction.followup.send(embed=render_preview(preview), view=view, ephemeral=True)

    @app_commands.command(name="post", description="Post this week's quiz now.")
    async def post(self, interaction: discord.Interaction) -> None:
        guild = check_admin(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        text, view = await demand_post(guild, self._service)
        await interaction.followup.send(text, view=view or discord.utils.MISSING, ephemeral=True)

    @app_commands.command(name="pause", description="Post no quiz until you resume it. An open one stays open.")
    async def pause(self, interaction: discord.Interaction) -> None:
        guild = check_admin(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        status = await self._service.pause(guild.id)
        embed = render_status(guild, status, "No quiz comes until `/weekly resume`.")
        await interaction.followup.send(embed=embed, ephemeral=True)

    @app_commands.command(name="resume", description="Go on with the quiz at its next time.")
    async def resume(self, interaction: discord.Interaction) -> None:
        guild = check_admin(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        status = await self._service.resume(guild.id)
        await interaction.followup.send(embed=render_status(guild, status, "It goes on."), ephemeral=True)

    @app_commands.command(name="history", description="How the last quizzes went, and how their questions behaved.")
    @app_commands.describe(back="Whose questions to show: 1 is the last quiz, 2 the one before.")
    async def history(self, interaction: discord.Interaction, back: app_commands.Range[int, 1, 12] = 1) -> None:
        guild = check_admin(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        history = await self._service.show_history(guild.id, back)
        await interaction.followup.send(embed=render_history(history, back), ephemeral=True)

    @app_commands.command(name="results", description="Post the results of the last quiz if they are missing.")
    async def results(self, interaction: discord.Interaction) -> None:
        guild = check_admin(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._service.demand_results(guild.id)
        await interaction.followup.send("I post them now. If something is missing for it, I tell you.", ephemeral=True)

    @app_commands.command(name="off", description="Switch the weekly quiz off and forget how it was set.")
    async def off(self, interaction: discord.Interaction) -> None:
        guild = check_admin(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        still_open = await self._service.switch_off(guild.id)
        text = "There is no weekly quiz any more. `/weekly set` brings it back; its history is kept."
        if still_open is not None:
            text += f" The one that is open closes as planned: {message_link(still_open)}"
        await interaction.followup.send(text, ephemeral=True)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Nothing can be posted in a server that the tutor has left. Invited again, it goes on with /weekly resume."""
        with suppress(MemberError):  # there is no quiz
            await self._service.pause(guild.id)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """It is known now which servers the tutor is in. One that it has left meanwhile is as one that it leaves."""
        await self._service.pause_absent({guild.id for guild in self._client.guilds})

    # Posting

    async def _post_quiz(self, occurrence: Occurrence) -> None:
        async with self._telling(occurrence, self._service.give_up_posting):
            channel = await self._channel_of(occurrence)
            prepared = await self._service.prepare(occurrence)
            if isinstance(prepared, Post) and not prepared.is_new:
                custom_id = f"weekly:{prepared.round_id}:take"
                found = await self._find_mine(prepared, custom_id, prepared.planned_at)
                if found is not None:
                    await self._record_posted(occurrence, prepared, found.id, shown=None)
                    return
                prepared = await self._service.prepare(occurrence, is_lost=True)
            if isinstance(prepared, str):
                await tell_admins(self._client, occurrence.subject_id, prepared)
            if isinstance(prepared, Post) and channel is not None:
                await self._send(occurrence, prepared, channel)

    async def _channel_of(self, occurrence: Occurrence) -> discord.TextChannel | None:
        """Where the quiz is posted; None if there is no set-up any more.

        Raises:
            CannotPost: something is missing; the text says what mends it.
        """
        quiz = await self._service.find_quiz(occurrence.subject_id)
        if quiz is None:
            return None
        guild = self._guild(quiz.guild_id)
        if missing := obstacles(guild, quiz):
            raise CannotPost(" ".join(missing))
        return _text_channel(guild, quiz.channel_id)

    async def _send(self, occurrence: Occurrence, post: Post, channel: discord.TextChannel) -> None:
        role = channel.guild.get_role(post.role_id or 0)
        await self._dispatcher.pace()
        message = await channel.send(
            role.mention if role else None,
            embed=render_post(post),
            view=post_buttons(post) or discord.utils.MISSING,
            allowed_mentions=discord.AllowedMentions(everyone=False, users=False, roles=[role] if role else False),
        )
        await self._record_posted(occurrence, post, message.id, shown=post.took_part)

    async def _record_posted(self, occurrence: Occurrence, post: Post, message_id: int, *, shown: int | None) -> None:
        await self._service.record_posted(occurrence, post.round_id, message_id)
        self._shown[post.round_id] = shown
        self._count_again(post.round_id)  # somebody may have been faster than the record

    async def _after_failed_post(self, occurrence: Occurrence) -> None:
        """What failed for another reason than those that admins can mend; next week's is planned all the same."""
        await self._service.plan_next(occurrence.subject_id)
        await tell_admins(
            self._client,
            occurrence.subject_id,
            "This week's quiz could not be posted, although I tried for more than an hour. The log of the program says "
            "why; `/weekly post` tries once more.",
        )

    # Counting

    def _hear(self, round_id: int) -> None:
        """Somebody has answered a question of this round, which may be one of the open quizzes."""
        if round_id in self._shown:
            self._count_again(round_id)

    def _count_again(self, round_id: int) -> None:
        self._dirty.add(round_id)
        if not self.count.is_running():
            self.count.start()

    @tasks.loop(seconds=COUNT_SECONDS)
    async def count(self) -> None:
        """Bring the posts up to date on whose quizzes there are new answers; ends when there are none."""
        if not self._dirty:
            self.count.stop()
        dirty, self._dirty = sorted(self._dirty), set()
        for round_id in dirty:
            try:
                await self._show_count(round_id)
            except Exception as error:  # noqa: BLE001 - an error that leaves a tasks.loop ends it for good
                _log.error("The count of a weekly quiz stays as it is.", exc_info=without_text(error))

    @count.before_loop
    async def _wait_until_ready(self) -> None:
        await self._client.wait_until_ready()

    async def _show_count(self, round_id: int) -> None:
        post = await self._service.find_post(round_id)
        if round_id not in self._shown or self._shown[round_id] == post.took_part or post.message_id is None:
            return
        channel = self._client.get_channel(post.channel_id)
        if not isinstance(channel, discord.TextChannel):
            return
        await self._dispatcher.pace()
        if round_id not in self._shown:
            return  # it has just been closed, and may not look open again
        try:
            await channel.get_partial_message(post.message_id).edit(embed=render_post(post))
        except discord.NotFound:  # an admin has deleted it; its results come all the same
            self._shown.pop(round_id, None)
        else:
            self._shown[round_id] = post.took_part

    # Closing

    async def _close_quiz(self, occurrence: Occurrence) -> None:
        async with self._telling(occurrence, self._service.give_up_closing):
            results = await self._service.find_results(occurrence.subject_id)
            self._shown.pop(occurrence.subject_id, None)
            channel = await self._channel_of_results(results.post)
            if missing := channel_obstacles(channel):
                raise CannotPost(" ".join(missing))
            if channel.id == results.post.channel_id:
                await self._show_closed(channel, replace(results.post, finished_at=self._client.clock()))
            summary_id = await self._send_results(occurrence, channel, results) if results.took_part else None
            await self._service.record_closed(occurrence, results.post.round_id, summary_id)

    async def _channel_of_results(self, post: Post) -> discord.TextChannel:
        """Where the quiz was posted; if that channel is gone, where the next one will be."""
        guild, quiz = self._guild(post.guild_id), await self._service.find_quiz(post.guild_id)
        is_gone = guild.get_channel(post.channel_id) is None
        return _text_channel(guild, quiz.channel_id if is_gone and quiz is not None else post.channel_id)

    async def _show_closed(self, channel: discord.TextChannel, post: Post) -> None:
        """Take the button away; a message that an admin has deleted needs none taken away."""
        if post.message_id is None:
            return
        await self._dispatcher.pace()
        try:
            await channel.get_partial_message(post.message_id).edit(embed=render_post(post), view=post_buttons(post))
        except discord.NotFound:
            _log.info("The message of a weekly quiz in server %d has been deleted.", post.guild_id)

    async def _send_results(self, occurrence: Occurrence, channel: discord.TextChannel, results: Results) -> int:
        """Post the results, unless an earlier try has done so; the id of their message."""
        post = results.post
        if occurrence.tries > 1:
            found = await self._find_mine(post, f"weekly:{post.round_id}:mine", post.closes_at)
            if found is not None:
                return found.id
        names = await find_names(channel.guild, results)
        await self._dispatcher.pace()
        original = channel.get_partial_message(post.message_id or 0).to_reference(fail_if_not_exists=False)
        message = await channel.send(
            embed=render_results(results, names),
            view=results_buttons(post.round_id),
            reference=original,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        return message.id

    async def _after_failed_close(self, occurrence: Occurrence) -> None:
        """What failed for another reason than those that admins can mend. It is over, and the next one can come."""
        await self._service.close_without_results(occurrence.subject_id)
        guild_id = await self._service.find_guild(occurrence)
        if guild_id is not None:
            await tell_admins(
                self._client,
                guild_id,
                "The results of this week's quiz could not be posted, although I tried for more than an hour. The log "
                "of the program says why; `/weekly history` has the figures.",
            )

    async def _refresh_results(self, occurrence: Occurrence) -> None:
        await refresh_results(self._client, occurrence.subject_id)
        await self._service.record_refreshed(occurrence)

    # What both have in common

    @asynccontextmanager
    async def _telling(
        self, occurrence: Occurrence, give_up: Callable[[Occurrence, str], Awaitable[None]]
    ) -> AsyncIterator[None]:
        """Tell the admins what they have to mend, at the first try and at the last one, which ends the work."""
        try:
            yield
        except (CannotPost, MemberError, discord.Forbidden) as error:
            what = _what_to_mend(error)
            is_over = occurrence.tries >= MOST_TRIES or isinstance(error, MemberError)
            if is_over:
                await give_up(occurrence, what)
            if is_over or occurrence.tries == 1:
                await self._tell(occurrence, what, is_over=is_over)
            if not is_over:
                raise TryLater from error

    async def _tell(self, occurrence: Occurrence, what: str, *, is_over: bool) -> None:
        guild_id = await self._service.find_guild(occurrence)
        doing = "post the weekly quiz" if occurrence.kind == POST else "post the results of the weekly quiz"
        later = "" if occurrence.kind == POST else " Then `/weekly results` posts them."
        text = (
            f"I could not {doing}. {what}{later}" if is_over else f"I cannot {doing}, and try again for an hour. {what}"
        )
        if guild_id is not None:
            await tell_admins(self._client, guild_id, text)

    async def _find_mine(self, post: Post, custom_id: str, since: datetime) -> discord.Message | None:
        """A message of mine with this component, which an earlier try has posted and not recorded."""
        channel = self._guild(post.guild_id).get_channel(post.channel_id)
        if not isinstance(channel, discord.TextChannel):
            return None
        async for message in channel.history(limit=_LOOK_BACK, after=since - _CLOCKS_DIFFER, oldest_first=False):
            if message.author == self._client.user and custom_id in custom_ids(message):
                return message
        return None

    def _guild(self, guild_id: int) -> discord.Guild:
        guild = self._client.get_guild(guild_id)
        if guild is None:
            raise CannotPost("I am not in this server any more, or Discord does not show it to me. Invite me again.")
        return guild


def _text_channel(guild: discord.Guild, channel_id: int) -> discord.TextChannel:
    channel = guild.get_channel(channel_id)
    if not isinstance(channel, discord.TextChannel):
        raise CannotPost("The channel of the weekly quiz has been deleted. Name another one with `/weekly set`.")
    return channel


def _what_to_mend(error: Exception) -> str:
    if isinstance(error, discord.Forbidden):
        return "Discord does not let me. Check my permissions in the channel; `/weekly show` names what I lack."
    return str(error)


def _minute_of(text: str) -> int:
    """Minutes from midnight.

    Raises:
        MemberError: it is no time of the day.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None or int(found["hour"]) > 23 or int(found["minute"]) > 59:
        raise MemberError(_NO_TIME)
    return 60 * int(found["hour"]) + int(found["minute"])
