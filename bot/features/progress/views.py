"""What a member reads of their progress, and the buttons below it, which outlive a restart."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import discord

from bot.errors import MemberError
from bot.features.progress.announce import announce, update_role
from bot.features.progress.models import (
    Change,
    Enrolment,
    Level,
    Overview,
    PathItem,
    State,
    StepCount,
    StepOverview,
    StepState,
)
from bot.features.progress.picture import FILE_NAME
from bot.features.progress.rules.rhythm import format_hours, format_minutes
from bot.features.progress.service import ProgressService
from bot.ui.embeds import BLUE
from bot.ui.errors import run_safely
from bot.ui.text import EMBED_DESCRIPTION_LIMIT, EMBED_FIELD_LIMIT, EMBED_TITLE_LIMIT, escape, shorten

SERVER_ONLY = "This works in a server only."

_NO_HOURS = "; `/start` asks how many hours you would like."
_ALT_LIMIT = 1024
_MOST_NAMED = 10
_BAR = 10
_STEP_MARKS = {StepState.DONE: "✓", StepState.CURRENT: "►", StepState.AHEAD: "○"}
_LEVELS = (Level.SOLID, Level.LEARNING, Level.FADING, Level.SHAKY)
_DONE_WORDS = {
    State.DONE: "done",
    State.SKIPPED: "skipped",
    State.KNOWN: "known already",
    State.STARTED: "started",
}

_Item = discord.ui.Item[discord.ui.View]
_Button = discord.ui.Button[discord.ui.View]


# /progress show


def render_overview(overview: Overview, name: str | None = None) -> discord.Embed:
    """Everything that the picture shows, in words. With a `name` it is for everybody, and names no weakness."""
    title = f"{escape(name)}'s progress" if name is not None else "Your progress"
    text = "\n\n".join("\n".join(part) for part in _parts(overview, is_shared=name is not None))
    embed = discord.Embed(
        title=shorten(title, EMBED_TITLE_LIMIT), description=shorten(text, EMBED_DESCRIPTION_LIMIT), colour=BLUE
    )
    if name is None:
        embed.set_footer(text=_hint(overview))
    return embed


def render_picture(embed: discord.Embed, picture: bytes, overview: Overview) -> discord.File:
    """The picture as a file of the embed, with its text for who cannot see it."""
    embed.set_image(url=f"attachment://{FILE_NAME}")
    text = "\n".join(line.replace("*", "") for part in _parts(overview, is_shared=True) for line in part)
    return discord.File(io.BytesIO(picture), FILE_NAME, description=shorten(text, _ALT_LIMIT))


def _hint(overview: Overview) -> str:
    if overview.profile.started_at is None:
        return "/start fits the path to you. /progress complete marks a part as done."
    return "/next says what comes next. /progress complete marks a part as done."


def _parts(overview: Overview, *, is_shared: bool) -> list[list[str]]:
    """The paragraphs: where, the path, concepts, the weeks."""
    return [
        [_where(overview), *(_step_line(step) for step in overview.steps), *_outlook(overview)],
        _concept_lines(overview, is_shared=is_shared),
        _week_lines(overview, is_shared=is_shared),
    ]


def _where(overview: Overview) -> str:
    current = overview.current
    if current is None:
        return f"**All {len(overview.steps)} steps are done.**"
    return f"**Step {current.number} of {len(overview.steps)}: {current.title}**"


def _step_line(step: StepOverview) -> str:
    mark = f"{_STEP_MARKS[step.state]} {step.number}. {step.title}"
    if step.state is StepState.DONE:
        return f"{mark}: done"
    return f"{mark}: {step.settled} of {step.required} parts done, about {format_minutes(step.minutes_left)} left"


def _outlook(overview: Overview) -> list[str]:
    weeks = overview.weeks_left
    if not weeks or overview.current is None:
        return []
    words = "less than a week" if weeks < 1 else _count(round(weeks), "week")
    return [f"At your pace that is about {words}."]


def _concept_lines(overview: Overview, *, is_shared: bool) -> list[str]:
    if not overview.concepts:
        return ["**Concepts:** no answers yet"]
    numbers = ", ".join(f"{overview.count(level)} {level}" for level in _LEVELS)
    lines = [f"**Concepts, by answers so far:** {numbers}"]
    if is_shared:
        return lines
    for level, words in ((Level.FADING, "Fading; a review brings it back"), (Level.SHAKY, "Worth a second look")):
        titles = [concept.title for concept in overview.concepts if concept.level is level]
        if titles:
            lines.append(f"{words}: {_listed(titles)}")
    return lines


def _week_lines(overview: Overview, *, is_shared: bool) -> list[str]:
    planned, weeks = overview.planned_minutes, overview.weeks
    plan = f" of {format_minutes(planned)} planned" if planned else "" if is_shared else _NO_HOURS
    lines = [f"**This week:** {format_minutes(weeks[-1].minutes)}{plan}"]
    if any(week.minutes for week in weeks):
        hours = ", ".join(format_hours(week.minutes) for week in weeks)
        lines.append(f"**Hours in the last {len(weeks)} weeks, the oldest first:** {hours}")
    if overview.told_minutes and not is_shared:
        lines.append(f"{format_minutes(overview.told_minutes)} of that you told your group's check-in.")
    return lines


def _listed(names: Sequence[str]) -> str:
    """The first few names and how many more there are."""
    shown = ", ".join(names[:_MOST_NAMED])
    return f"{shown} and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else shown


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# Changes


def render_change(change: Change, overview: Overview) -> discord.Embed:
    """What a member has marked as done or skipped, what it did, and what comes next."""
    state = _DONE_WORDS[change.after] if change.after else "open"
    is_new = change.id is not None
    title = state.capitalize() if is_new else f"That was {state} already" if change.count else "Nothing to change"
    lines = [f"**{_named(change.item)}**"]
    if not change.count:
        lines.append("Every part of it was settled before.")
    elif change.count > 1:
        lines.append(f"{_count(change.count, 'part')} changed.")
    if is_new:
        lines += _time_lines(change)
    elif change.after is State.DONE:
        lines.append("I counted nothing. To change its time, take it back with `/progress undo` and complete it anew.")
    lines += _step_news(change, overview)
    lines += ["", _what_comes_next(overview)]
    return discord.Embed(title=title, description="\n".join(lines), colour=BLUE)


def _time_lines(change: Change) -> list[str]:
    if change.minutes:
        return [f"I counted {format_minutes(change.minutes)} for this week."]
    if change.count > 1 and change.after is State.DONE:
        return ["I counted no time for it. If some of it was this week, undo it and name the `minutes`."]
    return []


def _step_news(change: Change, overview: Overview) -> list[str]:
    numbers = [int(m.removeprefix("step:")) for m in change.reached if m.startswith("step:")]
    news = [f"With it **step {number} is done**. Well done." for number in numbers]
    step = next((step for step in overview.steps if step.number == change.item.step), None)
    if not news and step is not None and step.state is not StepState.DONE:
        news.append(f"Step {step.number}: {step.settled} of {step.required} parts done.")
    return news


def _what_comes_next(overview: Overview) -> str:
    current = overview.current
    if current is None or current.next_item is None:
        return "All steps are done. `/next` has ideas for what leads on from here."
    return f"Next: **{_named(current.next_item)}**. `/next` says why, and fits it to your time."


def render_undone(change: Change, before: Change | None) -> discord.Embed:
    """What was taken back, and which change would be next."""
    was = _DONE_WORDS[change.before] if change.before else "changed"
    is_now = f"marked as {_DONE_WORDS[change.after]} again" if change.after else "open again"
    lines = [f"**{_named(change.item)}** was {was} and is {is_now}."]
    if change.count > 1:
        lines.append(f"That holds for {_count(change.count, 'part')} of it.")
    if change.minutes:
        lines.append(f"Its {format_minutes(-change.minutes)} no longer count.")
    if before is None:
        lines += ["", "There is nothing left to undo."]
    else:
        state = _DONE_WORDS[before.after] if before.after else "changed"
        lines += ["", f"The change before that: **{_named(before.item)}**, {state}."]
    return discord.Embed(title="Taken back", description="\n".join(lines), colour=BLUE)


def _named(item: PathItem) -> str:
    return f"{item.title} · {item.source}" if item.source and item.source != item.title else item.title


def undo_button(member_id: int, change: Change | None, *, again: bool = False) -> discord.ui.View | None:
    """The button that takes a change back; None if nothing changed."""
    if change is None or change.id is None:
        return None
    label = "Undo one more" if again else "Undo"
    return discord.ui.View(timeout=None).add_item(UndoButton(member_id, change.id, label=label))


class UndoButton(discord.ui.DynamicItem[_Button], template=r"progress:undo:(?P<member>\d{1,20}):(?P<change>\d{1,18})"):
    """Takes one change back. A second click finds it undone and says so."""

    def __init__(self, member_id: int, change_id: int, *, label: str = "Undo") -> None:
        super().__init__(
            discord.ui.Button(
                label=label,
                emoji="↩️",
                style=discord.ButtonStyle.secondary,
                custom_id=f"progress:undo:{member_id}:{change_id}",
            )
        )
        self._member_id = member_id
        self._change_id = change_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["member"]), int(match["change"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            if interaction.user.id != self._member_id:
                raise MemberError("This button is for somebody else. Use `/progress undo` for your own progress.")
            await interaction.response.defer()
            service = progress_service(interaction)
            change = await service.undo(self._member_id, change_id=self._change_id)
            before = await service.find_last_change(self._member_id)
            view = undo_button(self._member_id, before, again=True)
            await interaction.edit_original_response(embed=render_undone(change, before), view=view)
            await announce(interaction.client, self._member_id)


# /progress server


def render_server(
    counts: Sequence[StepCount], titles: Mapping[int, str], names: Mapping[int, str], enrolment: Enrolment
) -> discord.Embed:
    """How many of the visible members are on which step. `names` are those of members who are still in the server."""
    present = [(count.step, [names[id_] for id_ in count.member_ids if id_ in names]) for count in counts]
    most = max((len(found) for _, found in present), default=0)
    embed = discord.Embed(title="Where we stand", colour=BLUE)
    if not most:
        embed.description = (
            "Nobody in this server has chosen to be seen yet. Be the first if you like: `/progress visibility`. "
            "Others then see your name and your step, and nothing else."
        )
        return embed
    you = "You are among them." if enrolment.is_visible else "You are not shown."
    embed.description = (
        f"Those who chose to be seen, by step. Everybody has their own pace. {you} `/progress visibility` changes that."
    )
    for step, found in present:
        if step is None and not found:
            continue
        name = "All steps done" if step is None else f"{step}. {titles[step]}"
        embed.add_field(name=name, value=_bar_line(found, most), inline=False)
    return embed


def _bar_line(names: Sequence[str], most: int) -> str:
    filled = -(-len(names) * _BAR // most)
    bar = f"`{'█' * filled}{'░' * (_BAR - filled)}` {len(names)}"
    if not names:
        return bar
    return shorten(f"{bar} · {_listed([escape(name) for name in names])}", EMBED_FIELD_LIMIT)


# /progress visibility


def render_visibility(enrolment: Enrolment, *, has_channel: bool) -> discord.Embed:
    """What this server may see, as it is set now."""
    none_yet = "" if has_channel else " This server has no such channel yet."
    text = (
        f"**Visible: {_yes(enrolment.is_visible)}.** Whether `/progress server` shows your name and your step here. "
        "If this server has roles for the steps, you get the one of yours.\n"
        f"**Congratulations: {_yes(enrolment.is_congratulated)}.** Whether I congratulate you in the milestones "
        f"channel when you finish a step.{none_yet}\n"
        f"**Weekly quiz: {_yes(enrolment.is_ranked)}.** Whether the results of this server's weekly quiz may name you "
        "with your score.\n\n"
        "All are off until you say so, and you can change them at any time. "
        "Your answers, your hours and what you find hard stay between us."
    )
    return discord.Embed(title="What this server may see of you", description=text, colour=BLUE)


def _yes(is_on: bool) -> str:  # noqa: FBT001 - the word for it
    return "yes" if is_on else "no"


def visibility_buttons(member_id: int, enrolment: Enrolment) -> discord.ui.View:
    """One button for each choice, to change it to the other."""
    view = discord.ui.View(timeout=None)
    view.add_item(VisibilityButton(member_id, "visible", is_on=not enrolment.is_visible))
    view.add_item(VisibilityButton(member_id, "congratulate", is_on=not enrolment.is_congratulated))
    view.add_item(VisibilityButton(member_id, "rank", is_on=not enrolment.is_ranked))
    return view


_VISIBILITY_LABELS = {
    ("visible", True): "Make me visible here",
    ("visible", False): "Hide me here",
    ("congratulate", True): "Congratulate me here",
    ("congratulate", False): "Do not congratulate me",
    ("rank", True): "Name me in weekly results",
    ("rank", False): "Leave my name out of them",
}


class VisibilityButton(
    discord.ui.DynamicItem[_Button],
    template=r"progress:(?P<what>visible|congratulate|rank):(?P<member>\d{1,20}):(?P<choice>on|off)",
):
    """Sets one of the choices. It says what holds afterwards, so a second click changes nothing."""

    def __init__(self, member_id: int, what: str, *, is_on: bool) -> None:
        super().__init__(
            discord.ui.Button(
                label=_VISIBILITY_LABELS[what, is_on],
                style=discord.ButtonStyle.primary if is_on else discord.ButtonStyle.secondary,
                custom_id=f"progress:{what}:{member_id}:{'on' if is_on else 'off'}",
            )
        )
        self._member_id = member_id
        self._what = what
        self._is_on = is_on

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["member"]), match["what"], is_on=match["choice"] == "on")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            if interaction.user.id != self._member_id:
                raise MemberError("This button is for somebody else. Use `/progress visibility` for your own choice.")
            if interaction.guild_id is None:
                raise MemberError(SERVER_ONLY)
            await interaction.response.defer()
            enrolment = await progress_service(interaction).change_enrolment(
                self._member_id,
                interaction.guild_id,
                is_visible=self._is_on if self._what == "visible" else None,
                is_congratulated=self._is_on if self._what == "congratulate" else None,
                is_ranked=self._is_on if self._what == "rank" else None,
            )
            await interaction.edit_original_response(
                embed=render_visibility(enrolment, has_channel=await has_milestones_channel(interaction)),
                view=visibility_buttons(self._member_id, enrolment),
            )
            if self._what == "rank" and not self._is_on and (weekly := interaction.client.services.weekly) is not None:
                await weekly.plan_refresh(interaction.guild_id)
            if self._what == "visible":
                await update_role(interaction.client, self._member_id, enrolment)


PROGRESS_BUTTONS = (UndoButton, VisibilityButton)


async def has_milestones_channel(interaction: discord.Interaction[Any]) -> bool:
    """Whether the admins of this server have set a channel for congratulations."""
    settings = interaction.client.services.guild_settings
    if settings is None or interaction.guild_id is None:
        return False
    return (await settings.find(interaction.guild_id)).milestones_channel_id is not None


def progress_service(interaction: discord.Interaction[Any]) -> ProgressService:
    """The service for a button that was sent when there was a curriculum.

    Raises:
        MemberError: there is none any more.
    """
    service: ProgressService | None = interaction.client.services.progress
    if service is None:
        raise MemberError("There is no curriculum here any more. Ask me something with `/ask` instead.")
    return service


def to_choices(choices: Iterable[Any]) -> list[discord.app_commands.Choice[str]]:
    """Suggestions as Discord wants them."""
    return [discord.app_commands.Choice(name=choice.label, value=choice.value) for choice in choices]
