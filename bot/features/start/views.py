"""The pages of /start, and their buttons and menus, which outlive a restart.

The form is one private message. Each part carries whose form it is; all answers are in the database, so the message
holds nothing that could be lost.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

import discord

from bot.errors import MemberError
from bot.features.next_step.views import send_next_step
from bot.features.probe.models import Purpose
from bot.features.probe.views import begin_probe
from bot.features.progress.announce import update_role
from bot.features.progress.models import Profile
from bot.features.progress.rules.zones import guess_zone, local_time, zone_names
from bot.features.progress.service import MOTIVATION_LIMIT
from bot.features.start.models import Misread, Page, Setup, Sight, Subject, Typed
from bot.features.start.service import StartService
from bot.ui.components import read_fields
from bot.ui.embeds import BLUE
from bot.ui.errors import run_safely
from bot.ui.text import EMBED_FIELD_LIMIT, escape, shorten
from knowledge.models import Style

_HOURS_LIMIT, _ZONE_LIMIT = 20, 40
_ABOUT = re.compile(r"start:(\d{1,20}):about")

_NO_CURRICULUM = "There is no curriculum here any more, so there is nothing to start. Ask me something with `/ask`."
_SOMEBODY_ELSES = "This form is somebody else's. `/start` opens your own."
_UNANSWERED = "not answered"

_QUESTIONS: Mapping[Subject, str] = {
    Subject.CODING: "How much have you programmed?",
    Subject.MATHS: "How is your maths?",
    Subject.DEEP_LEARNING: "How much deep learning do you know?",
}
_TOPICS: Mapping[Subject, str] = {
    Subject.CODING: "Programming",
    Subject.MATHS: "Maths",
    Subject.DEEP_LEARNING: "Deep learning",
}
_LEVELS: Mapping[Subject, tuple[str, ...]] = {
    Subject.CODING: (
        "I have not programmed yet",
        "I have written a few small programs",
        "I program now and then",
        "I am at home in Python",
    ),
    Subject.MATHS: (
        "School maths, long ago",
        "I remember derivatives and vectors a little",
        "I can work with derivatives and matrices",
        "I am at home in linear algebra, calculus and probability",
    ),
    Subject.DEEP_LEARNING: (
        "It is new to me",
        "I have read or watched something about it",
        "I have trained a network with somebody's code",
        "I build and judge networks by myself",
    ),
}
_STYLES: Mapping[Style, tuple[str, str]] = {
    Style.VIDEO: ("Videos", "Short recorded lessons"),
    Style.BOOK: ("Books", "Reading at my own pace, with code to run"),
    Style.UNIVERSITY: ("University lectures", "Recorded classes with the theory in full"),
    Style.HANDS_ON: ("Hands-on", "Code first, theory when I need it"),
}
_SIGHTS: Mapping[Sight, tuple[str, str]] = {
    Sight.PRIVATE: ("Only I see my progress", "As it is unless you change it"),
    Sight.VISIBLE: ("Others here may see my step", "For example to find somebody on the same step"),
    Sight.CONGRATULATED: ("The same, and congratulate me here", "When I have finished a step"),
}

_Item = discord.ui.Item[discord.ui.View]
_Button = discord.ui.Button[discord.ui.View]
_Select = discord.ui.Select[discord.ui.View]


# Embeds


def render_page(page: Page, setup: Setup, now: datetime, problems: Sequence[str] = ()) -> discord.Embed:
    """One page of the form, or the summary."""
    if page is Page.SUMMARY:
        return _render_summary(setup, now)
    title, text = _TEXTS[page]
    if page is Page.PLACEMENT and setup.is_newcomer:
        text = _FROM_THE_START
    if page is Page.ABOUT:
        text += "\n\n" + "\n".join(_about_lines(setup.profile, now))
    embed = discord.Embed(title=title, description=text, colour=BLUE)
    if problems:
        lines = "\n".join(f"- {problem}" for problem in problems)
        what = "What I could not read; everything else is noted"
        embed.add_field(name=what, value=shorten(lines, EMBED_FIELD_LIMIT), inline=False)
    number = setup.pages.index(page) + 1 if page in setup.pages else 1
    return embed.set_footer(text=f"{number} of {len(setup.pages)} · Every answer is saved at once and may be skipped.")


_TEXTS: Mapping[Page, tuple[str, str]] = {
    Page.EXPERIENCE: (
        "Where do you come from?",
        (
            "Three questions, so that I neither bore you nor lose you: how much you have programmed, how your maths "
            "is, and how much deep learning you know. There are no wrong answers, and they stay private."
        ),
    ),
    Page.FORMAT: (
        "How do you like to learn?",
        "Some steps can be walked in several ways. I take the one that fits you best.",
    ),
    Page.ABOUT: (
        "What is it for, and how much time is there?",
        (
            "Why you learn is yours alone: I show it to you and to nobody else, on a day when it may help. "
            "Your hours and your time zone let me plan sittings that fit your week."
        ),
    ),
    Page.SIGHT: (
        "What may others in this server see?",
        "Nothing, unless you choose otherwise here. Your answers and why you learn are never shown to anybody.",
    ),
    Page.PLACEMENT: (
        "Where to begin?",
        (
            "A few short questions can show that you may skip a step or two. There are nine at most, and one that you "
            "do not know spares you the others on its step. You can leave at any time."
        ),
    ),
}
_FROM_THE_START = (
    "Deep learning is new to you, so step 1 is the place: it explains everything from the start, and what you know "
    "already goes quickly there. If you know more than you think, a few short questions can show it."
)


def _render_summary(setup: Setup, now: datetime) -> discord.Embed:
    profile = setup.profile
    embed = discord.Embed(title="This is what I know about you", colour=BLUE)
    levels = "\n".join(f"- {_TOPICS[subject]}: {_level_text(profile, subject)}" for subject in Subject)
    embed.add_field(name="Experience", value=levels, inline=False)
    style = _STYLES[profile.style][0] if profile.style else _UNANSWERED
    embed.add_field(name="Favourite format", value=style)
    if (sight := setup.sight) is not None:
        embed.add_field(name="In this server", value=_SIGHTS[sight][0])
    embed.add_field(name="About you", value="\n".join(_about_lines(profile, now)), inline=False)
    return embed.set_footer(text="Only you see this. /start opens it again, and /privacy delete forgets it.")


def _about_lines(profile: Profile, now: datetime) -> Iterator[str]:
    words = f"“{shorten(escape(profile.motivation), 600)}”" if profile.motivation else _UNANSWERED
    yield f"- Why you learn: {words}"
    yield f"- Hours a week: {f'{profile.hours_per_week:g}' if profile.hours_per_week else _UNANSWERED}"
    known = profile.zone if profile.zone in zone_names() else None
    yield f"- Time zone: {f'{known}, where it is {local_time(known, now)} now' if known else _UNANSWERED}"


def _level(profile: Profile, subject: Subject) -> int | None:
    levels = {
        Subject.CODING: profile.coding,
        Subject.MATHS: profile.maths,
        Subject.DEEP_LEARNING: profile.deep_learning,
    }
    return levels[subject]


def _level_text(profile: Profile, subject: Subject) -> str:
    level = _level(profile, subject)
    return _UNANSWERED if level is None else _LEVELS[subject][level]


# What is below a page


def page_view(page: Page, setup: Setup, misread: Misread | None = None) -> discord.ui.View:
    """The menus and buttons of a page."""
    member_id = setup.profile.member_id
    view = discord.ui.View(timeout=None)
    match page:
        case Page.EXPERIENCE:
            for subject in Subject:
                view.add_item(ExperienceSelect(member_id, subject, _level(setup.profile, subject)))
        case Page.FORMAT:
            view.add_item(StyleSelect(member_id, setup.profile.style))
        case Page.ABOUT:
            view.add_item(WriteButton(member_id, misread or Misread()))
        case Page.SIGHT:
            view.add_item(SightSelect(member_id, setup.sight))
        case Page.PLACEMENT:
            is_new = setup.is_newcomer
            begin = "Begin with step 1" if is_new else "Start without"
            asks = PlacementButton(member_id, "A few questions", with_questions=True, is_first=not is_new)
            begins = PlacementButton(member_id, begin, with_questions=False, is_first=is_new)
            for choice in (begins, asks) if is_new else (asks, begins):
                view.add_item(choice)
        case Page.SUMMARY:
            view.add_item(PageButton(member_id, Page.EXPERIENCE, "Change"))
            return view.add_item(FirstStepButton(member_id))
    for button in _ways_on(page, setup):
        view.add_item(button)
    return view


def _ways_on(page: Page, setup: Setup) -> "Iterator[PageButton]":
    member_id, pages = setup.profile.member_id, setup.pages
    place = pages.index(page) if page in pages else 0
    if place > 0:
        yield PageButton(member_id, pages[place - 1], "Back", row=4)
    if place + 1 < len(pages):
        yield PageButton(member_id, pages[place + 1], "Next", row=4)
    if setup.is_finished:
        yield PageButton(member_id, Page.SUMMARY, "Done", row=4)


async def send_form(interaction: discord.Interaction[Any], note: str | None = None) -> None:
    """Send the first page to the member alone, after the interaction has been deferred."""
    setup = await _service(interaction).show(interaction.user.id, interaction.guild_id)
    await interaction.followup.send(
        note or "",
        embed=render_page(Page.EXPERIENCE, setup, _now(interaction)),
        view=page_view(Page.EXPERIENCE, setup),
        ephemeral=True,
    )


async def _show(interaction: discord.Interaction[Any], page: Page) -> None:
    """Put a page in place of what the form showed."""
    setup = await _service(interaction).show(interaction.user.id, interaction.guild_id)
    await _edit(interaction, page, setup)


async def _edit(
    interaction: discord.Interaction[Any], page: Page, setup: Setup, misread: Misread | None = None
) -> None:
    problems = misread.problems if misread else ()
    await interaction.edit_original_response(
        content=None, embed=render_page(page, setup, _now(interaction), problems), view=page_view(page, setup, misread)
    )


def _now(interaction: discord.Interaction[Any]) -> datetime:
    now: datetime = interaction.client.clock()
    return now


def _service(interaction: discord.Interaction[Any]) -> StartService:
    service: StartService | None = interaction.client.services.start
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service


def _check_owner(interaction: discord.Interaction[Any], member_id: int) -> None:
    if interaction.user.id != member_id:
        raise MemberError(_SOMEBODY_ELSES)


# Menus


class ExperienceSelect(
    discord.ui.DynamicItem[_Select],
    template=rf"start:(?P<id>\d{{1,20}}):level:(?P<subject>{'|'.join(Subject)})",
):
    """How much experience there is in one subject."""

    def __init__(self, member_id: int, subject: Subject, chosen: int | None = None) -> None:
        options = [
            discord.SelectOption(label=text, value=str(level), default=level == chosen)
            for level, text in enumerate(_LEVELS[subject])
        ]
        super().__init__(
            discord.ui.Select(
                placeholder=_QUESTIONS[subject], custom_id=f"start:{member_id}:level:{subject}", options=options
            )
        )
        self._member_id = member_id
        self._subject = subject

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), Subject(match["subject"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            _check_owner(interaction, self._member_id)
            await interaction.response.defer()
            await _service(interaction).save_experience(self._member_id, self._subject, _chosen(self.item))
            await _show(interaction, Page.EXPERIENCE)


class StyleSelect(discord.ui.DynamicItem[_Select], template=r"start:(?P<id>\d{1,20}):style"):
    """The favourite format."""

    def __init__(self, member_id: int, chosen: Style | None = None) -> None:
        options = [
            discord.SelectOption(label=label, description=words, value=style, default=style == chosen)
            for style, (label, words) in _STYLES.items()
        ]
        super().__init__(
            discord.ui.Select(
                placeholder="How do you like to learn?", custom_id=f"start:{member_id}:style", options=options
            )
        )
        self._member_id = member_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            _check_owner(interaction, self._member_id)
            await interaction.response.defer()
            await _service(interaction).save_style(self._member_id, _chosen(self.item))
            await _show(interaction, Page.FORMAT)


class SightSelect(discord.ui.DynamicItem[_Select], template=r"start:(?P<id>\d{1,20}):sight"):
    """What the server may see."""

    def __init__(self, member_id: int, chosen: Sight | None = None) -> None:
        options = [
            discord.SelectOption(label=label, description=words, value=sight, default=sight == chosen)
            for sight, (label, words) in _SIGHTS.items()
        ]
        super().__init__(
            discord.ui.Select(
                placeholder="What may others here see?", custom_id=f"start:{member_id}:sight", options=options
            )
        )
        self._member_id = member_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            _check_owner(interaction, self._member_id)
            await interaction.response.defer()
            if interaction.guild_id is not None:
                enrolment = await _service(interaction).save_sight(
                    self._member_id, interaction.guild_id, _chosen(self.item)
                )
                await _show(interaction, Page.SIGHT)
                await update_role(interaction.client, self._member_id, enrolment)


def _chosen(select: _Select) -> str:
    return select.values[0] if select.values else ""


# Buttons


class PageButton(
    discord.ui.DynamicItem[_Button],
    template=rf"start:(?P<id>\d{{1,20}}):go:(?P<page>{'|'.join(Page)})",
):
    """Goes to a page, or to the summary."""

    def __init__(self, member_id: int, page: Page, label: str = "Next", *, row: int | None = None) -> None:
        style = discord.ButtonStyle.primary if label == "Next" else discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"start:{member_id}:go:{page}", row=row))
        self._member_id = member_id
        self._page = page

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), Page(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            _check_owner(interaction, self._member_id)
            await interaction.response.defer()
            await _show(interaction, self._page)


class WriteButton(
    discord.ui.DynamicItem[_Button],
    template=rf"start:(?P<id>\d{{1,20}}):write:(?P<hours>[^|]{{0,{_HOURS_LIMIT}}})\|(?P<zone>.{{0,{_ZONE_LIMIT}}})",
):
    """Opens the window for typing. What could not be read last time stands in it again."""

    def __init__(self, member_id: int, misread: Misread) -> None:
        hours = _carried(misread.hours, _HOURS_LIMIT)
        zone = _carried(misread.zone, _ZONE_LIMIT)
        super().__init__(
            discord.ui.Button(
                label="Correct it" if misread.problems else "Write",
                style=discord.ButtonStyle.primary,
                custom_id=f"start:{member_id}:write:{hours}|{zone}",
            )
        )
        self._member_id = member_id
        self._hours = hours
        self._zone = zone

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), Misread(hours=match["hours"], zone=match["zone"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            _check_owner(interaction, self._member_id)
            setup = await _service(interaction).show(self._member_id, None)
            profile = setup.profile
            hours = f"{profile.hours_per_week:g}" if profile.hours_per_week else ""
            zone = profile.zone or guess_zone(interaction.locale.value) or ""
            typed = Typed(profile.motivation or "", self._hours or hours, self._zone or zone)
            await interaction.response.send_modal(AboutModal(self._member_id, typed))


def _carried(text: str, limit: int) -> str:
    """What was typed, in a form that a custom_id can hold."""
    return " ".join(text.replace("|", "/").split())[:limit]


class PlacementButton(discord.ui.DynamicItem[_Button], template=r"start:(?P<id>\d{1,20}):placement:(?P<choice>yes|no)"):
    """Ends the form: with a few questions, or with the first step."""

    def __init__(self, member_id: int, label: str = "?", *, with_questions: bool, is_first: bool = False) -> None:
        super().__init__(
            discord.ui.Button(
                label=label,
                style=discord.ButtonStyle.primary if is_first else discord.ButtonStyle.secondary,
                custom_id=f"start:{member_id}:placement:{'yes' if with_questions else 'no'}",
            )
        )
        self._member_id = member_id
        self._with_questions = with_questions

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), with_questions=match["choice"] == "yes")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            _check_owner(interaction, self._member_id)
            await interaction.response.defer()
            setup = await _service(interaction).finish(self._member_id, interaction.guild_id)
            await _edit(interaction, Page.SUMMARY, setup)
            if self._with_questions:
                await begin_probe(interaction, Purpose.PLACEMENT)
            else:
                await send_next_step(interaction)


class FirstStepButton(discord.ui.DynamicItem[_Button], template=r"start:(?P<id>\d{1,20}):next"):
    """Shows what to do now."""

    def __init__(self, member_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="My next step", style=discord.ButtonStyle.primary, custom_id=f"start:{member_id}:next"
            )
        )
        self._member_id = member_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            _check_owner(interaction, self._member_id)
            await interaction.response.defer(ephemeral=True, thinking=True)
            await send_next_step(interaction)


START_ITEMS = (ExperienceSelect, StyleSelect, SightSelect, PageButton, WriteButton, PlacementButton, FirstStepButton)
"""What a client has to know so that a form sent before a restart still works."""


# The window


class AboutModal(discord.ui.Modal, title="About you"):
    """Why, how much and where. All of it is optional."""

    def __init__(self, member_id: int, typed: Typed) -> None:
        super().__init__(custom_id=f"start:{member_id}:about")
        self._add(
            "motivation",
            "Why do you learn deep learning?",
            typed.motivation,
            limit=MOTIVATION_LIMIT,
            hint="I show this to nobody but you.",
            style=discord.TextStyle.paragraph,
        )
        self._add("hours", "Hours a week", typed.hours, limit=_HOURS_LIMIT, hint="For example 5, or 4-6.")
        self._add(
            "zone", "Time zone", typed.zone, limit=_ZONE_LIMIT, hint="A city or a country, for example Europe/Berlin."
        )
        # A stopped window is not remembered by discord.py. `read_about` reads what comes back, also after a restart.
        self.stop()

    def _add(
        self,
        name: str,
        label: str,
        value: str,
        *,
        limit: int,
        hint: str,
        style: discord.TextStyle = discord.TextStyle.short,
    ) -> None:
        field: discord.ui.TextInput[Self] = discord.ui.TextInput(
            custom_id=name, style=style, default=value[:limit] or None, required=False, max_length=limit
        )
        self.add_item(discord.ui.Label(text=label, description=hint, component=field))


def read_about(interaction: discord.Interaction[Any]) -> tuple[int, Typed] | None:
    """Whose window was sent, and what was typed; None if it is another window."""
    sent = read_fields(interaction, _ABOUT)
    if sent is None:
        return None
    match, typed = sent
    return int(match[1]), Typed(typed.get("motivation", ""), typed.get("hours", ""), typed.get("zone", ""))


async def take_about(interaction: discord.Interaction[Any], member_id: int, typed: Typed) -> None:
    """Store what was typed; go on, or say what could not be read."""
    async with run_safely(interaction):
        _check_owner(interaction, member_id)
        await interaction.response.defer()
        service = _service(interaction)
        misread = await service.save_about(member_id, typed)
        setup = await service.show(member_id, interaction.guild_id)
        pages = setup.pages
        page = Page.ABOUT if misread.problems else pages[pages.index(Page.ABOUT) + 1]
        await _edit(interaction, page, setup, misread)
