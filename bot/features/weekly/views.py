"""What a server, its admins and its members read of the weekly quiz, and its buttons, which outlive a restart."""

import calendar
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import app_commands
from discord.utils import format_dt

from bot.errors import MemberError
from bot.features.questions.models import ItemStatistics
from bot.features.questions.views import show_round
from bot.features.weekly.models import (
    Demand,
    Demanded,
    History,
    Improvement,
    MyAnswer,
    MyAnswers,
    PastQuiz,
    Place,
    Post,
    Preview,
    PreviewQuestion,
    QuestionHistory,
    Results,
    Status,
    WeeklyQuiz,
    WeeklyRound,
)
from bot.features.weekly.rules import PLACES, how_long
from bot.features.weekly.service import WeeklyService
from bot.ui.embeds import BLUE, add_lines
from bot.ui.errors import run_safely
from bot.ui.permissions import lacking
from bot.ui.text import EMBED_DESCRIPTION_LIMIT, EMBED_FIELD_LIMIT, escape, link, literal, shorten

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)

CATCH_UP = (
    "If I am not running when it is due, I post it up to 12 hours late, open for its full time; later than that, its "
    "week is left out."
)

_NO_CURRICULUM = "There is no curriculum here any more, so there are no quizzes. Ask me something with `/ask` instead."
_NOT_HERE = "This quiz belongs to another server. Take part where it was posted."
_WARNING = discord.Colour(0xD9822B)
_PROMPT_LIMIT = 180
_LURE_LIMIT = 60
_MISSED_LIMIT = 2400
_LEAST_FOR_MEAN = 3
"""Of fewer members the mean would tell how each of them did."""
_LOOKED_UP = 100
"""How many members Discord looks up in one request."""
_NEEDED = ("view_channel", "send_messages", "embed_links", "read_message_history")

_Item = discord.ui.Item[discord.ui.View]
_Button = discord.ui.Button[discord.ui.View]


# The post


def render_post(post: Post) -> discord.Embed:
    """The quiz as everybody sees it, open or closed."""
    if post.finished_at is not None:
        return discord.Embed(title="Weekly quiz", description=_closed(post), colour=BLUE)
    what = f"{_count(post.questions, 'question')} on what this server is learning, {how_long(post.questions)}."
    lines = [
        f"{what} Only you see your answers.",
        f"Open until {format_dt(post.closes_at, 'f')} ({format_dt(post.closes_at, 'R')}), and the results come then.",
    ]
    embed = discord.Embed(title="Weekly quiz", description="\n".join(lines), colour=BLUE)
    embed.add_field(name="So far", value=_so_far(post), inline=True)
    if post.goal:
        embed.add_field(name="Goal", value=f"{_count(post.goal, 'member')} to finish it", inline=True)
    return embed


def _so_far(post: Post) -> str:
    return (
        f"{_count(post.took_part, 'member')} took part" if post.took_part else "Nobody yet. Be the first if you like."
    )


def _closed(post: Post) -> str:
    if post.took_part:
        return f"Closed · {_count(post.took_part, 'member')} took part · results below"
    again = f" The next one comes {format_dt(post.next_at, 'F')}." if post.next_at else ""
    return f"Closed. Nobody had two minutes to spare this time, and such weeks happen.{again}"


def post_buttons(post: Post) -> discord.ui.View | None:
    """The button that begins the quiz; None once it is closed."""
    if post.finished_at is not None:
        return None
    return discord.ui.View(timeout=None).add_item(TakeButton(post.round_id))


# The results


def render_results(results: Results, names: Mapping[int, str]) -> discord.Embed:
    """How it went. Only members who agreed to it are named, if `names` has them."""
    parts = ["\n".join(_turnout(results)), *_missed(results)]
    text = shorten("\n\n".join(parts), EMBED_DESCRIPTION_LIMIT)
    embed = discord.Embed(title="How the weekly quiz went", description=text, colour=BLUE)
    if improved := [_improvement(one, names) for one in results.improved if one.member_id in names]:
        add_lines(embed, "Most improved", improved[:PLACES])
    if lines := list(_places(results, names)):
        add_lines(embed, "Those who wanted to be named", lines)
    if results.corrections:
        add_lines(embed, "Corrected", _corrections(results))
    if results.post.next_at:
        embed.add_field(name="Next quiz", value=format_dt(results.post.next_at, "F"), inline=False)
    return embed.set_footer(text="Only those are named who want it: /progress visibility.")


def results_buttons(round_id: int) -> discord.ui.View:
    """The button that shows members their own answers. It also marks the message, so that it is found again."""
    return discord.ui.View(timeout=None).add_item(MineButton(round_id))


def _turnout(results: Results) -> Iterator[str]:
    yield f"{_count(results.took_part, 'member')} took part, and {results.finished or 'nobody'} finished it."
    if not results.counted:
        yield "All of its questions were withdrawn, so nothing counts."
    elif results.mean is not None and results.finished >= _LEAST_FOR_MEAN:
        yield f"Those who finished had {results.mean:.1f} of {results.counted} right on average."
    goal = results.post.goal
    if goal is None:
        return
    if results.is_goal_reached:
        yield f"🎯 The goal is reached: {goal} were to finish it, and {results.finished} did."
    else:
        yield f"The goal was {goal} who finish it. {goal - results.finished} more next time, and it is there."


def _missed(results: Results) -> Iterator[str]:
    missed = results.missed
    if missed is None:
        if results.finished and results.counted:
            yield "No question was missed. Well done."
        return
    right = [literal(text) for text in missed.right]
    key = f"**Right is** {right[0]}" if len(right) == 1 else "**Right is**\n" + "\n".join(f"- {text}" for text in right)
    citation = missed.citation
    place = f"{citation.title} › {citation.heading}" if citation.heading else citation.title
    lines = [
        f"**Missed most: question {missed.number}**, by {missed.wrong} of {missed.answers}",
        literal(missed.prompt),
        key,
        literal(missed.explanation),
    ]
    if missed.note:
        lines.append(f"The key was corrected: {escape(missed.note)}")
    yield shorten("\n".join(lines), _MISSED_LIMIT)
    yield f"Source: {place} · taught in {link(citation.place, citation.url)}"


def _improvement(one: Improvement, names: Mapping[int, str]) -> str:
    before = f"{one.right_before} of {one.counted_before}"
    return f"**{escape(names[one.member_id])}**, from {before} to {one.right} of {one.counted}"


def _places(results: Results, names: Mapping[int, str]) -> Iterator[str]:
    """The first ten, and how many more have the score of the tenth.

    The places are no Markdown list, which Discord would count through: equal scores share a place.
    """
    named = [place for place in results.places if place.member_id in names]
    shown, rest = named[:PLACES], named[PLACES:]
    for place in shown:
        yield f"**{place.place}** · {escape(names[place.member_id])} · {place.right} of {results.counted}"
    if more := _equal(rest, shown):
        yield f"and {more} more with the same score"


def _equal(rest: Sequence[Place], shown: Sequence[Place]) -> int:
    return sum(place.place == shown[-1].place for place in rest) if shown else 0


def _corrections(results: Results) -> Iterator[str]:
    for correction in results.corrections:
        what = "withdrawn" if correction.is_retired else "corrected"
        yield f"Question {correction.number} was {what} since; the scores are computed again."


# What one member reads


def render_mine(mine: MyAnswers) -> discord.Embed:
    """Every question with what the member answered and what is right."""
    title = f"{mine.right} of {mine.counted} right" if mine.counted else "Nothing to count"
    embed = discord.Embed(title=title, colour=BLUE)
    embed.description = shorten("\n\n".join(_my_answer(answer) for answer in mine.answers), EMBED_DESCRIPTION_LIMIT)
    return embed.set_footer(text="Only you see this.")


def _my_answer(answer: MyAnswer) -> str:
    lines = [f"**{answer.number}.** {literal(shorten(answer.prompt, _PROMPT_LIMIT))}"]
    given = "; ".join(literal(shorten(text, _PROMPT_LIMIT)) for text in answer.given)
    right = "; ".join(literal(shorten(text, _PROMPT_LIMIT)) for text in answer.right)
    match answer:
        case MyAnswer(is_answered=False):
            lines.append(f"You left it out. Right is {right}")
        case MyAnswer(is_correct=None):
            lines.append("This one was withdrawn and does not count.")
        case MyAnswer(is_correct=True):
            lines.append(f"✅ {given}")
        case _:
            lines.append(f"❌ {given or 'You did not know it yet.'}")
            lines.append(f"Right is {right}")
    return "\n".join(lines)


def render_ranked(*, is_ranked: bool) -> str:
    if is_ranked:
        return "From the next results on, the weekly quiz of this server may name you with your score."
    return "The weekly quiz of this server does not name you, and your name is gone from the last results, too."


# What admins read


def render_status(guild: discord.Guild, status: Status, news: str | None = None) -> discord.Embed:
    """Everything that is set, what is missing for it, and what went wrong lately. `news` says what has just changed."""
    quiz = status.quiz
    lacks = [*obstacles(guild, quiz), *warnings(guild, quiz)]
    embed = discord.Embed(title="Weekly quiz of this server", description=news, colour=_WARNING if lacks else BLUE)
    embed.add_field(name="When", value=_when(status), inline=False)
    embed.add_field(name="What", value="\n".join(_what(guild, quiz)), inline=False)
    if lacks:
        add_lines(embed, "What I lack", [f"⚠️ {lack}" for lack in lacks])
    if status.open_round is not None:
        embed.add_field(name="Open now", value=_open_now(status.open_round, status.took_part), inline=False)
    if status.notes:
        notes = (f"{format_dt(note.due_at, 'f')}: {note.note}" for note in status.notes)
        add_lines(embed, "What happened lately", [shorten(note, EMBED_FIELD_LIMIT) for note in notes])
    return embed.set_footer(text=CATCH_UP)


def _when(status: Status) -> str:
    quiz = status.quiz
    rhythm = f"{calendar.day_name[quiz.weekday]}s at {quiz.minute // 60:02d}:{quiz.minute % 60:02d} in {quiz.zone}."
    if quiz.is_paused:
        return f"{rhythm}\nPaused. `/weekly resume` goes on with it."
    if status.next_at is None:
        return f"{rhythm}\nIt is being posted just now."
    return f"{rhythm}\nNext {format_dt(status.next_at, 'F')} on your clock, {format_dt(status.next_at, 'R')}."


def _what(guild: discord.Guild, quiz: WeeklyQuiz) -> Iterator[str]:
    channel = guild.get_channel(quiz.channel_id)
    where = channel.mention if channel else "a channel that has been deleted"
    yield f"{_count(quiz.questions, 'question')} in {where}, open for {_count(quiz.open_hours, 'hour')}."
    if quiz.role_id is not None:
        role = guild.get_role(quiz.role_id)
        yield f"It mentions {role.mention}." if role else "It mentions nobody, as the role has been deleted."
    else:
        yield "It mentions nobody."
    yield f"The goal is that {_count(quiz.goal, 'member')} finish it." if quiz.goal else "There is no goal."


def _open_now(round_: WeeklyRound, took_part: int) -> str:
    return f"{message_link(round_)}: {_count(took_part, 'member')} took part, open until {_until(round_)}."


def _until(round_: WeeklyRound) -> str:
    return format_dt(round_.closes_at or round_.planned_at, "f")


def message_link(round_: WeeklyRound) -> str:
    """The message of a quiz."""
    return f"https://discord.com/channels/{round_.guild_id}/{round_.channel_id}/{round_.message_id}"


def obstacles(guild: discord.Guild, quiz: WeeklyQuiz) -> list[str]:
    """Why a quiz cannot be posted, each with what mends it."""
    channel = guild.get_channel(quiz.channel_id)
    if channel is None:
        return ["The channel of the weekly quiz has been deleted. Name another one with `/weekly set`."]
    return channel_obstacles(channel)


def channel_obstacles(channel: discord.abc.GuildChannel) -> list[str]:
    """Which permissions are missing in a channel, with where they are given."""
    missing = lacking(channel.permissions_for(channel.guild.me), _NEEDED)
    if not missing:
        return []
    return [f"In {channel.mention} I lack {', '.join(missing)}. Allow it to me under Permissions of that channel."]


def warnings(guild: discord.Guild, quiz: WeeklyQuiz) -> list[str]:
    """Why a role would not hear of the quiz; it is posted all the same."""
    if quiz.role_id is None:
        return []
    role = guild.get_role(quiz.role_id)
    if role is None:
        return ["The role to mention has been deleted. Name another one, or none, with `/weekly set`."]
    channel = guild.get_channel(quiz.channel_id)
    mine = channel.permissions_for(guild.me) if channel else guild.me.guild_permissions
    if role.mentionable or mine.mention_everyone:
        return []
    mend = "Switch on “Allow anyone to mention this role” in its settings, or allow me “Mention All Roles”."
    return [f"I cannot mention {role.mention}. {mend}"]


def render_demanded(demanded: Demanded, channel_id: int) -> str:
    """What becomes of the wish to post now."""
    open_round = demanded.open_round
    match demanded.demand:
        case Demand.DUE:
            return f"It is on its way: within a few seconds the quiz is in <#{channel_id}>."
        case Demand.OPEN if open_round is not None:
            return (
                f"A quiz is open until {_until(open_round)}: {message_link(open_round)}\n"
                "Another one can come when it has closed."
            )
        case Demand.POSTED:
            return "This week has had its quiz. Do you want an extra one now? Next week's comes all the same."
        case _:
            return "A quiz is being posted just now. `/weekly show` tells in a minute what came of it."


def render_preview(preview: Preview, news: str | None = None) -> discord.Embed:
    """The next questions with their keys."""
    when = f"They are posted {format_dt(preview.next_at, 'F')}" if preview.next_at else "They are posted next"
    intro = f"{when}, unless you choose others."
    parts = [news or intro, *(_previewed(number, question) for number, question in enumerate(preview.questions, 1))]
    text = shorten("\n\n".join(parts), EMBED_DESCRIPTION_LIMIT)
    embed = discord.Embed(title="The next weekly quiz", description=text, colour=BLUE)
    return embed.set_footer(text="Only you see this. It shows what is right, so keep it from those who take part.")


def _previewed(number: int, question: PreviewQuestion) -> str:
    steps = " and ".join(str(step) for step in question.steps)
    about = f"{question.concept} · step {steps} · {question.kind}, {question.difficulty}"
    between = " → " if question.kind == "order" else "; "
    right = [literal(text) for text in question.right]
    wrong = [literal(text) for text in question.options if text not in question.right]
    lines = [f"**{number}.** {literal(shorten(question.prompt, 2 * _PROMPT_LIMIT))}", f"✅ {between.join(right)}"]
    if wrong:
        lines.append(f"❌ {'; '.join(wrong)}")
    return "\n".join([*lines, f"*{literal(about)}*"])


def preview_buttons(guild_id: int) -> discord.ui.View:
    return discord.ui.View(timeout=None).add_item(OthersButton(guild_id))


def extra_buttons(guild_id: int) -> discord.ui.View:
    return discord.ui.View(timeout=None).add_item(ExtraButton(guild_id))


# /weekly history


def render_history(history: History, back: int) -> discord.Embed:
    """The last quizzes in a line each, and the questions of one of them."""
    embed = discord.Embed(title="The last weekly quizzes", colour=BLUE)
    if history.chosen is None:
        embed.description = "No quiz has closed yet. `/weekly show` tells when the next one comes."
        return embed
    embed.description = "\n".join(_past(number, past) for number, past in enumerate(history.quizzes, 1))
    name = f"The questions of {format_dt(history.chosen.posted_at, 'D')}"
    add_lines(embed, name if back > 1 else f"{name}, the last one", _question_lines(history.questions))
    return embed.set_footer(
        text="Discrimination: whether those who know more get it right more often. Below 0, look at the question."
    )


def _past(number: int, past: PastQuiz) -> str:
    mean = "" if past.mean is None else f", {past.mean:.1f} of {past.counted} right"
    return f"{number}. {format_dt(past.posted_at, 'D')}: {past.took_part} took part, {past.finished} finished{mean}"


def _question_lines(questions: Iterable[QuestionHistory]) -> Iterator[str]:
    for question in questions:
        yield f"**{question.number}. {literal(question.concept)}** {_statistics(question.statistics)}"


def _statistics(found: ItemStatistics) -> str:
    if found.difficulty is None:
        return "nobody answered it"
    parts = [f"{found.right} of {found.answers} right ({found.difficulty:.0%})"]
    if found.discrimination is not None:
        parts.append(f"discrimination {found.discrimination:.2f}")
    if found.unknown:
        parts.append(f"{found.unknown} did not know")
    wrong = [option for option in found.options if not option.is_key and option.chosen]
    if wrong:
        lure = max(wrong, key=lambda option: option.chosen)
        parts.append(f"lured by “{literal(shorten(lure.text, _LURE_LIMIT))}” ({lure.chosen})")
    if found.is_misleading:
        parts.append("⚠️ it may mislead")
    return ", ".join(parts)


# Buttons


class TakeButton(discord.ui.DynamicItem[_Button], template=r"weekly:(?P<id>\d{1,18}):take"):
    """Begins the quiz for the member who clicks, or goes on with it."""

    def __init__(self, round_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Take the quiz", style=discord.ButtonStyle.primary, custom_id=f"weekly:{round_id}:take"
            )
        )
        self._round_id = round_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._check_open(interaction)
            shown = await interaction.client.services.questions.show(
                self._round_id, interaction.user.id, guild_id=interaction.guild_id
            )
            await show_round(interaction, shown, edit=False)

    async def _check_open(self, interaction: discord.Interaction[Any]) -> None:
        service = weekly_service(interaction)
        round_ = await service.find_round(self._round_id)
        if round_.guild_id != interaction.guild_id:
            raise MemberError(_NOT_HERE)
        if round_.closes_at is None or round_.closes_at <= interaction.client.clock():
            raise MemberError(closed_text(await service.find_next_at(round_.guild_id)))


def closed_text(next_at: datetime | None) -> str:
    """For who comes after the end."""
    if next_at is None:
        return "This quiz is closed. `/quiz` asks you something at any time."
    return f"This quiz is closed. The next one comes {format_dt(next_at, 'F')}, and `/quiz` asks you at any time."


class MineButton(discord.ui.DynamicItem[_Button], template=r"weekly:(?P<id>\d{1,18}):mine"):
    """Shows members what they answered in a quiz that is over."""

    def __init__(self, round_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="See my answers", style=discord.ButtonStyle.secondary, custom_id=f"weekly:{round_id}:mine"
            )
        )
        self._round_id = round_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            mine = await weekly_service(interaction).show_mine(self._round_id, interaction.user.id)
            view = discord.ui.View(timeout=None).add_item(RankButton(mine.guild_id, is_ranked=not mine.is_ranked))
            await interaction.followup.send(embed=render_mine(mine), view=view, ephemeral=True)


class RankButton(discord.ui.DynamicItem[_Button], template=r"weekly:rank:(?P<guild>\d{1,20}):(?P<choice>[01])"):
    """Says whether results may name the member who clicks. It says what holds afterwards."""

    def __init__(self, guild_id: int, *, is_ranked: bool) -> None:
        super().__init__(
            discord.ui.Button(
                label="Name me in the results" if is_ranked else "Keep me out of the results",
                style=discord.ButtonStyle.secondary,
                custom_id=f"weekly:rank:{guild_id}:{int(is_ranked)}",
            )
        )
        self._guild_id = guild_id
        self._is_ranked = is_ranked

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["guild"]), is_ranked=match["choice"] == "1")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            service = weekly_service(interaction)
            await service.set_ranked(interaction.user.id, self._guild_id, is_ranked=self._is_ranked)
            view = discord.ui.View(timeout=None).add_item(RankButton(self._guild_id, is_ranked=not self._is_ranked))
            text = render_ranked(is_ranked=self._is_ranked)
            await interaction.followup.send(text, view=view, ephemeral=True)
            if not self._is_ranked and (last := await service.find_last_closed(self._guild_id)) is not None:
                await refresh_results(interaction.client, last)


class OthersButton(discord.ui.DynamicItem[_Button], template=r"weekly:others:(?P<guild>\d{1,20})"):
    """Chooses other questions for the next quiz."""

    def __init__(self, guild_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Choose others", style=discord.ButtonStyle.secondary, custom_id=f"weekly:others:{guild_id}"
            )
        )
        self._guild_id = guild_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["guild"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            guild = check_admin(interaction)
            await interaction.response.defer()
            preview = await weekly_service(interaction).preview(guild.id, chooses_others=True)
            await interaction.edit_original_response(embed=render_preview(preview), view=preview_buttons(guild.id))


class ExtraButton(discord.ui.DynamicItem[_Button], template=r"weekly:extra:(?P<guild>\d{1,20})"):
    """Posts one more quiz in a week that has had its own."""

    def __init__(self, guild_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Post an extra quiz", style=discord.ButtonStyle.primary, custom_id=f"weekly:extra:{guild_id}"
            )
        )
        self._guild_id = guild_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["guild"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            guild = check_admin(interaction)
            await interaction.response.defer()
            content, view = await demand_post(guild, weekly_service(interaction), is_extra=True)
            await interaction.edit_original_response(content=content, view=view)


WEEKLY_ITEMS = (TakeButton, MineButton, RankButton, OthersButton, ExtraButton)
"""What a client has to know so that buttons sent before a restart still work."""


# What buttons and commands share


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def check_admin(interaction: discord.Interaction[Any]) -> discord.Guild:
    """The server, if whoever is here may manage it.

    Raises:
        NoPrivateMessage, MissingPermissions: they may not, or there is no server.
    """
    if interaction.guild is None:
        raise app_commands.NoPrivateMessage
    if not (interaction.permissions.manage_guild or interaction.permissions.administrator):
        raise app_commands.MissingPermissions(["manage_guild"])
    return interaction.guild


async def demand_post(
    guild: discord.Guild, service: WeeklyService, *, is_extra: bool = False
) -> tuple[str, discord.ui.View | None]:
    """Have a quiz posted now; what an admin reads of it, with a button if they have to say that they mean it.

    Raises:
        MemberError: nothing is set up, or something is missing for it; the text says what mends it.
    """
    status = await service.show(guild.id)
    if missing := obstacles(guild, status.quiz):
        raise MemberError(" ".join(missing))
    demanded = await service.demand(guild.id, is_extra=is_extra)
    view = extra_buttons(guild.id) if demanded.demand is Demand.POSTED else None
    return render_demanded(demanded, status.quiz.channel_id), view


async def refresh_results(client: "TutorClient", round_id: int) -> None:
    """Bring posted results up to date, after a key was corrected for example. It never raises a Discord error.

    Results that are not posted yet are computed from the keys that hold then anyway.
    """
    service, dispatcher = client.services.weekly, client.services.dispatcher
    if service is None or dispatcher is None:
        return
    results = await service.find_results(round_id)
    guild = client.get_guild(results.post.guild_id)
    channel = guild.get_channel(results.post.channel_id) if guild else None
    if guild is None or not isinstance(channel, discord.TextChannel) or results.summary_message_id is None:
        return
    try:
        embed = render_results(results, await find_names(guild, results))
        await dispatcher.pace()
        await channel.get_partial_message(results.summary_message_id).edit(embed=embed)
    except discord.HTTPException as error:
        _log.warning("Results in server %d stay as they are: %d %d.", guild.id, error.status, error.code)


async def find_names(guild: discord.Guild, results: Results) -> dict[int, str]:
    """The names of those who are named and still in the server; nobody's if Discord does not tell."""
    members = [*(one.member_id for one in results.improved), *(place.member_id for place in results.places)]
    wanted = list(dict.fromkeys(members))[:_LOOKED_UP]
    if not wanted:
        return {}
    try:
        found = await guild.query_members(user_ids=wanted, limit=len(wanted), cache=False)
    except TimeoutError:
        _log.warning("Discord does not tell who is in server %d, so nobody is named.", guild.id)
        return {}
    return {member.id: member.display_name for member in found}


def weekly_service(interaction: discord.Interaction[Any]) -> WeeklyService:
    """The service for a button that was sent when there was a curriculum.

    Raises:
        MemberError: there is none any more.
    """
    service: WeeklyService | None = interaction.client.services.weekly
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service
