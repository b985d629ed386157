"""What a member reads below /review and of its reminder, and the buttons, which outlive a restart.

None of the buttons carries whose it is: each does its work for the member who clicks it.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Self

import discord
from discord.utils import format_dt

from bot.errors import MemberError
from bot.features.progress.rules.rhythm import format_minutes
from bot.features.progress.rules.zones import guess_zone, local_time
from bot.features.questions.views import show_round
from bot.features.review.models import Notice, Nudge, Overview, ReminderSetup, Window
from bot.features.review.rules import MANY
from bot.features.review.service import ReviewService
from bot.ui.components import read_fields, view_of
from bot.ui.embeds import BLUE, add_lines
from bot.ui.errors import run_safely
from bot.ui.text import escape, shorten
from bot.ui.zone import ZoneWindow

START, STOP = "review:start", "review:stop"

_NEWS_LIMIT = 2400
_OFF = "off"
_HERE = "here"
_MODAL = re.compile(r"review:zone(?::(here))?")
_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")

_NO_CURRICULUM = "There is no curriculum here any more, so I have no questions. Ask me something with `/ask` instead."
_EMPTY = (
    "No questions are in your queue yet. Each question that you answer, in `/quiz` or anywhere else, comes back here "
    "shortly before you would forget it."
)
_NOTICES: Mapping[Notice, str] = {
    Notice.REFUSED: (
        "I could not write to you, so your reminder is off: allow direct messages from a server in which we both are, "
        "then turn it on again with Remind me."
    ),
    Notice.RESUMED: "Good to see you: your reminder was quiet for a while, and it is on again.",
}
_REMINDER = "I write to you in a direct message, at most once a day, and only if something is due."
_STOPPED = "Your reminder is off. `/review` turns it on again."
_LAST = "I am quiet after this one, until you come back to `/review`."
_WINDOWS: Mapping[Window, str] = {
    Window.MORNING: "Morning",
    Window.MIDDAY: "Midday",
    Window.EVENING: "Evening",
    Window.LATE: "Late evening",
}

_Item = discord.ui.Item[discord.ui.View]
_Button = discord.ui.Button[discord.ui.View]
_Select = discord.ui.Select[discord.ui.View]


# The overview


def render_overview(overview: Overview) -> discord.Embed:
    """How many questions are due and how long that takes, when the next ones come, and how many there are."""
    parts = [_NOTICES[overview.notice]] if overview.notice else []
    if overview.news:
        lines = "\n".join(f"- {escape(sentence)}" for sentence in overview.news)
        parts.append(shorten(f"**Since you last looked**\n{lines}", _NEWS_LIMIT))
    if overview.left:
        parts.append(f"You have begun a round, and {_questions(overview.left)} of it {_are(overview.left)} left.")
    parts.append(_due(overview))
    embed = discord.Embed(title="Your reviews", description="\n\n".join(parts), colour=BLUE)
    if overview.coming:
        add_lines(embed, "Next", (f"{format_dt(day.at, 'D')} · {_questions(day.count)}" for day in overview.coming))
    if overview.reminder and overview.reminder.failed_at is None:
        embed.add_field(name="Reminder", value=f"Between {_clock(overview.reminder.hours)}", inline=False)
    if overview.total:
        embed.set_footer(text=f"{_questions(overview.total)} in your queue in all.")
    return embed


def _due(overview: Overview) -> str:
    due, at_a_time = overview.due, overview.at_a_time
    if not overview.total:
        return _EMPTY
    if not due:
        comes = f" The next one comes {format_dt(overview.coming[0].at, 'R')}." if overview.coming else ""
        return f"Nothing is due right now.{comes} If you would like to practise anyway, take a `/quiz`."
    few = f"{_NUMBERS[at_a_time] if at_a_time < len(_NUMBERS) else at_a_time} at a time"
    if due > MANY:
        return f"{due} are waiting. {few} is fine, the most urgent come first. {_estimate(at_a_time)}"
    if due > at_a_time:
        return f"{_questions(due)} are due. {_estimate(due)} {few} is fine, the most urgent come first."
    return f"{_questions(due)} {_are(due)} due. {_estimate(due)}"


def _estimate(count: int) -> str:
    """About a minute each."""
    takes = "That takes" if count == 1 else f"{count} take"
    return f"{takes} about {format_minutes(count)}."


def _questions(count: int) -> str:
    return "1 question" if count == 1 else f"{count} questions"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _clock(hours: tuple[int, int]) -> str:
    return f"{hours[0]:02}:00 and {hours[1]:02}:00"


def overview_buttons(overview: Overview) -> discord.ui.View:
    """Begin, or a quiz where nothing is due; and the reminder."""
    first: discord.ui.Item[Any]
    if overview.left:
        first = StartButton("Go on")
    elif overview.due:
        first = StartButton(f"Start ({min(overview.due, overview.at_a_time)})")
    else:
        first = discord.ui.Button(label="Take a quiz", custom_id="quiz:again", style=discord.ButtonStyle.primary)
    is_on = overview.reminder is not None and overview.reminder.failed_at is None
    return view_of(first, ReminderButton("Change reminder" if is_on else "Remind me"))


async def send_overview(interaction: discord.Interaction[Any]) -> None:
    """Send the overview to the member alone, after the interaction has been deferred."""
    overview = await _service(interaction).show(interaction.user.id, interaction.guild_id)
    await _show_overview(interaction, overview, edit=False)


async def begin_review(interaction: discord.Interaction[Any], *, edit: bool = False) -> None:
    """Show the next question of a round of what is due, or the overview if nothing is.

    For callbacks of other features, too, inside `run_safely` and after the interaction has been deferred.
    """
    begun = await _service(interaction).begin(interaction.user.id, interaction.guild_id)
    if isinstance(begun, Overview):
        await _show_overview(interaction, begun, edit=edit)
    else:
        await show_round(interaction, begun, edit=edit)


async def _show_overview(interaction: discord.Interaction[Any], overview: Overview, *, edit: bool) -> None:
    embed, view = render_overview(overview), overview_buttons(overview)
    if edit:
        await interaction.edit_original_response(content=None, embed=embed, view=view)
    else:
        await interaction.followup.send(embed=embed, view=view, ephemeral=True)


# The reminder


def render_setup(setup: ReminderSetup, now: datetime) -> discord.Embed:
    """What the reminder does, and what is chosen."""
    parts = [_REMINDER]
    if setup.reminder is not None:
        parts.append(f"**It is on**, between {_clock(setup.reminder.hours)}.")
    else:
        parts.append("It is off.")
    if setup.zone is not None:
        parts.append(f"The hours are those of {setup.zone}, where it is {local_time(setup.zone, now)} now.")
    return discord.Embed(title="A reminder of your reviews", description="\n\n".join(parts), colour=BLUE)


def setup_view(setup: ReminderSetup) -> discord.ui.View:
    """The hours to choose from, and another zone."""
    view = discord.ui.View(timeout=None)
    view.add_item(WindowSelect(setup.reminder.hours if setup.reminder else None))
    return view.add_item(ZoneButton())


def render_nudge(nudge: Nudge) -> str:
    """What the reminder itself says; a phone shows the beginning of it on its locked screen."""
    what = "Some questions are" if nudge.due > MANY else f"{_questions(nudge.due)} {_are(nudge.due)}"
    parts = [f"{what} due for a review. {_estimate(min(nudge.due, nudge.at_a_time))}"]
    return "\n".join([*parts, _LAST] if nudge.is_last else parts)


def nudge_buttons(nudge: Nudge) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(StartButton(f"Start ({min(nudge.due, nudge.at_a_time)})"))
    return view.add_item(StopButton())


def is_nudge(message: discord.Message) -> bool:
    """Whether a message is a reminder, so that it is not sent once more."""
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    return any(getattr(item, "custom_id", None) == STOP for row in rows for item in row.children)


# Buttons and menus


class StartButton(discord.ui.DynamicItem[_Button], template=START):
    """Begins a round of what is due, or goes on with the one that was left.

    In a private message the round takes its place. What others or later readers see stays as it is.
    """

    def __init__(self, label: str = "Start") -> None:
        super().__init__(discord.ui.Button(label=label, style=discord.ButtonStyle.primary, custom_id=START))

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            is_private = interaction.message is not None and interaction.message.flags.ephemeral
            await interaction.response.defer(ephemeral=not is_private, thinking=not is_private)
            await begin_review(interaction, edit=is_private)


class ReminderButton(discord.ui.DynamicItem[_Button], template=r"review:reminder"):
    """Shows the hours to choose from; who has not said where they live is asked first."""

    def __init__(self, label: str = "Remind me") -> None:
        super().__init__(discord.ui.Button(label=label, custom_id="review:reminder"))

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            setup = await _service(interaction).show_reminder(interaction.user.id)
            if setup.zone is None:
                await interaction.response.send_modal(
                    ZoneWindow("review:zone", guess_zone(interaction.locale.value) or "")
                )
                return
            embed = render_setup(setup, interaction.client.clock())
            await interaction.response.send_message(embed=embed, view=setup_view(setup), ephemeral=True)


class WindowSelect(discord.ui.DynamicItem[_Select], template=r"review:window"):
    """The hours between which a reminder comes, or none."""

    def __init__(self, chosen: tuple[int, int] | None = None) -> None:
        super().__init__(
            discord.ui.Select(
                placeholder="When may I write to you?",
                custom_id="review:window",
                options=list(_window_options(chosen)),
            )
        )

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            chosen = self.item.values[0] if self.item.values else ""
            service, member_id = _service(interaction), interaction.user.id
            if chosen == _OFF:
                setup = await service.turn_off(member_id)
            else:
                setup = await service.set_reminder(member_id, chosen)
            await _edit_setup(interaction, setup)


def _window_options(chosen: tuple[int, int] | None) -> Iterator[discord.SelectOption]:
    for window, name in _WINDOWS.items():
        first, last = window.hours
        yield discord.SelectOption(label=f"{name}, {first}–{last}", value=window, default=window.hours == chosen)
    yield discord.SelectOption(label="Off", value=_OFF, default=chosen is None)


class ZoneButton(discord.ui.DynamicItem[_Button], template=r"review:zone"):
    """Asks where the member lives once more."""

    def __init__(self, label: str = "Another time zone") -> None:
        super().__init__(discord.ui.Button(label=label, custom_id="review:zone"))

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            setup = await _service(interaction).show_reminder(interaction.user.id)
            typed = setup.zone or guess_zone(interaction.locale.value) or ""
            await interaction.response.send_modal(ZoneWindow(f"review:zone:{_HERE}", typed))


class StopButton(discord.ui.DynamicItem[_Button], template=STOP):
    """Turns the reminder off, below the reminder itself."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(label="Stop reminding me", custom_id=STOP))

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            await _service(interaction).turn_off(interaction.user.id)
            view = discord.ui.View(timeout=None).add_item(StartButton())
            await interaction.edit_original_response(content=_STOPPED, view=view)


REVIEW_ITEMS = (StartButton, ReminderButton, WindowSelect, ZoneButton, StopButton)
"""What a client has to know so that buttons sent before a restart still work."""


async def _edit_setup(interaction: discord.Interaction[Any], setup: ReminderSetup) -> None:
    embed = render_setup(setup, interaction.client.clock())
    await interaction.edit_original_response(content=None, embed=embed, view=setup_view(setup))


# The window


def read_zone(interaction: discord.Interaction[Any]) -> tuple[str, bool] | None:
    """What was typed, and whether the message below which it was asked goes on; None if it is another window."""
    sent = read_fields(interaction, _MODAL)
    if sent is None:
        return None
    match, typed = sent
    return next(iter(typed.values()), ""), match[1] is not None


async def take_zone(interaction: discord.Interaction[Any], typed: str, *, is_here: bool) -> None:
    """Store the zone and go on with the hours, or say what could not be read."""
    async with run_safely(interaction):
        await interaction.response.defer(ephemeral=not is_here, thinking=not is_here)
        try:
            setup = await _service(interaction).save_zone(interaction.user.id, typed)
        except MemberError as error:
            view = discord.ui.View(timeout=None).add_item(ZoneButton("Try again"))
            await interaction.edit_original_response(content=str(error), embed=None, view=view)
            return
        await _edit_setup(interaction, setup)


def _service(interaction: discord.Interaction[Any]) -> ReviewService:
    service: ReviewService | None = interaction.client.services.review
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service
