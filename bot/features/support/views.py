"""What members and mentors read of blockers and calls for help, and what they can click, which outlives a restart.

A call is not stored before it is sent: until then its text stands in the private message alone, and is read from
there. So nobody can send anything else than what they see.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import app_commands
from discord.utils import format_dt

from bot.errors import MemberError
from bot.features.ask.models import Answer, Outcome
from bot.features.ask.views import SourcesButton, TryButton, render_answer
from bot.features.settings.views import everybody_reads, find_notes_channel
from bot.features.support.models import (
    TEXT_LIMIT,
    Blocker,
    Briefing,
    Call,
    CallPage,
    HelpRequest,
    HelpState,
    Note,
    Offer,
)
from bot.features.support.rules import blocks_nothing, clean_text, days_waiting
from bot.features.support.service import NOT_A_MENTOR, NOT_YOURS, SupportService
from bot.ui.components import read_fields, view_of
from bot.ui.embeds import BLUE, add_lines
from bot.ui.errors import run_safely
from bot.ui.text import EMBED_FIELD_LIMIT, escape, link, shorten

if TYPE_CHECKING:
    from bot.client import TutorClient

NOT_SENT = "Nothing was sent."
SOLVED = "Well done. It is marked as solved."
WITHDRAWN = "It is taken back, and what the mentors saw of it goes."
THANKS = "Thank you. It is marked as solved."
NOTHING = "Nothing blocks you in this check-in any more. If something does, write it there with Edit or Change."
LOST = "I cannot read any more what blocks you. Open your check-in once more with `/checkin`."
NOWHERE = (
    "This server has no channel for its mentors, and you have no group with a home here, so nobody would see it. "
    "Please ask an admin to name a channel with `/settings notes`."
)
NONE_WAITING = "Nobody waits for help. When a member asks the mentors, it stands here."
NONE_OWN = (
    "None of your calls for help waits here. When something blocks you, write it into your check-in with `/checkin`: "
    "I answer at once, and below my answer you can ask the mentors."
)
_FOR_ALL = "**which everybody in this server can read**"
_OPENED = "Everybody in this server can read that channel now, so please look at it once more."
_MOVED = "This goes to another place now, so please look at it once more."
_NO_CURRICULUM = "There is no curriculum here any more, so I have no material. A person here may be able to help."
_UNANSWERED: Mapping[Outcome, str] = {
    Outcome.DECLINED: "My material does not cover this, so I have no answer that I could stand behind.",
    Outcome.NOT_ENGLISH: "I read English only, so I could not look this up.",
    Outcome.EMPTY: "I found no words in this that I could look up.",
    Outcome.SMALL_TALK: "I found nothing in this that I could look up.",
}
_HEADING = "About what blocks you:"

_LIST_TEXT = 200
_OPTION_LIMIT = 100
_NOTE_LIMIT = 280
_BLOCKER = r"support:(?P<member>\d{1,20}):(?P<group>\d{1,18}):(?P<week>\d{1,18})"
_ID = r"support:(?P<id>\d{1,18})"
_WINDOW = re.compile(rf"{_BLOCKER}:(?P<channel>\d{{1,20}}):text")

_Item = discord.ui.Item[Any]
_Button = discord.ui.Button[discord.ui.View]
_Select = discord.ui.Select[discord.ui.View]
_STYLES = discord.ButtonStyle


def support_service(interaction: discord.Interaction[Any]) -> SupportService:
    """The service for a button that was sent when there was a curriculum.

    Raises:
        MemberError: there is none any more.
    """
    service: SupportService | None = interaction.client.services.support
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service


# Who may help


async def is_mentor(interaction: discord.Interaction[Any]) -> bool:
    """Whether whoever is here manages the server, or has the role of its mentors."""
    if interaction.guild is None:
        return False
    if interaction.permissions.manage_guild or interaction.permissions.administrator:
        return True
    role_id = await _mentor_role_id(interaction.client, interaction.guild.id)
    user = interaction.user
    return role_id is not None and isinstance(user, discord.Member) and user.get_role(role_id) is not None


async def check_mentor(interaction: discord.Interaction[Any]) -> int:
    """The id of the server, if whoever is here may see who waits for help in it.

    Raises:
        NoPrivateMessage: there is no server.
        MemberError: they may not.
    """
    if interaction.guild is None:
        raise app_commands.NoPrivateMessage
    if not await is_mentor(interaction):
        raise MemberError(NOT_A_MENTOR)
    return interaction.guild.id


async def find_mentor_role(client: "TutorClient", guild_id: int) -> discord.Role | None:
    """The role of a server's mentors."""
    guild = client.get_guild(guild_id)
    return guild.get_role(await _mentor_role_id(client, guild_id) or 0) if guild else None


async def _mentor_role_id(client: "TutorClient", guild_id: int) -> int | None:
    settings = client.services.guild_settings
    return (await settings.find(guild_id)).mentor_role_id if settings else None


# The tutor's own answer


async def answer_blocker(
    interaction: discord.Interaction[Any], text: str, *, group_id: int | None, week_id: int | None
) -> tuple[str, ...]:
    """Answer what blocks a member, for them alone, after the interaction has been answered.

    Returns the concepts on which a confident answer stands, the best first. Where the text says that nothing blocks
    them, nothing is said.
    """
    client: TutorClient = interaction.client
    if blocks_nothing(text) or client.services.support is None:
        return ()
    async with client.working():
        found = await client.services.support.answer(interaction.user.id, interaction.guild_id, text)
        is_answered = found.answer.outcome in {Outcome.ANSWERED, Outcome.OWN_WORDS}
        await interaction.followup.send(
            say_answer(found.answer, text),
            embed=render_answer(found.answer) if is_answered else discord.utils.MISSING,
            view=_answer_buttons(found.answer, Blocker(interaction.user.id, group_id, week_id)),
            ephemeral=True,
            wait=True,
        )
    return found.concepts


def say_answer(answer: Answer, text: str) -> str:
    """What blocks the member, and if the material does not cover it, that."""
    parts = [f"{_HEADING}\n> {escape(clean_text(text))}"]
    if answer.outcome in _UNANSWERED:
        parts.append(f"{_UNANSWERED[answer.outcome]} The mentors may know more.")
    return "\n".join(parts)


def _answer_buttons(answer: Answer, blocker: Blocker) -> discord.ui.View:
    items: list[_Item] = [CallButton(blocker)]
    if answer.id is not None and answer.outcome is Outcome.ANSWERED:
        items.append(SourcesButton(answer.id))
        if answer.concept is not None:
            items.append(TryButton(answer.id))
    return view_of(*items)


class BlockerButton(discord.ui.DynamicItem[_Button], template=rf"{_BLOCKER}:again"):
    """Below a check-in: answers what blocks its member once more."""

    def __init__(self, blocker: Blocker, *, row: int | None = None) -> None:
        custom_id = f"{_blocker_id(blocker)}:again"
        super().__init__(discord.ui.Button(label="Help with what blocks me", custom_id=custom_id, row=row))
        self._blocker = blocker

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(_read_blocker(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            _check_owner(interaction, self._blocker)
            await interaction.response.defer(ephemeral=True, thinking=True)
            text = await support_service(interaction).find_text(self._blocker)
            if blocks_nothing(text):
                raise MemberError(NOTHING)
            group_id, week_id = self._blocker.group_id, self._blocker.week_id
            await answer_blocker(interaction, text, group_id=group_id, week_id=week_id)


class CallButton(discord.ui.DynamicItem[_Button], template=rf"{_BLOCKER}:call"):
    """Shows what mentors would see, and sends nothing yet."""

    def __init__(self, blocker: Blocker) -> None:
        custom_id = f"{_blocker_id(blocker)}:call"
        super().__init__(discord.ui.Button(label="Ask the mentors", style=_STYLES.primary, custom_id=custom_id))
        self._blocker = blocker

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(_read_blocker(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            _check_owner(interaction, self._blocker)
            await interaction.response.defer(ephemeral=True, thinking=True)
            call = await _prepare(interaction, self._blocker, _quoted_text(interaction.message))
            preview = await _preview(interaction.client, call, self._blocker)
            await interaction.followup.send(**preview, ephemeral=True)


# The preview


async def _prepare(interaction: discord.Interaction[Any], blocker: Blocker, text: str) -> Call:
    """What a call would say and where it would be shown: to the mentors, else in the home of the member's group.

    Raises:
        MemberError: too many calls wait, or there is nowhere to show one.
    """
    call = await support_service(interaction).prepare(blocker, interaction.guild_id, text)
    notes = await find_notes_channel(interaction.client, call.request.guild_id)
    channel_id = notes.id if notes else call.home_id
    if channel_id is None:
        raise MemberError(NOWHERE)
    return replace(call, request=replace(call.request, channel_id=channel_id))


async def _preview(client: "TutorClient", call: Call, blocker: Blocker, news: str | None = None) -> dict[str, Any]:
    role = await find_mentor_role(client, call.request.guild_id)
    said = say_preview(call, role, is_open=_is_open(client, call))
    text = "\n\n".join(part for part in (news, said) if part)
    return {"content": text, "embed": render_call(call), "view": _preview_buttons(call, blocker)}


def _is_open(client: "TutorClient", call: Call) -> bool:
    """Whether every member of the server can read a call where it goes."""
    channel_id = call.request.channel_id
    if channel_id == call.home_id and call.group is not None:
        if call.group.is_private:
            return False
        channel_id = call.group.parent_id
    channel = client.get_channel(channel_id or 0)
    return isinstance(channel, discord.TextChannel) and everybody_reads(channel)


def say_preview(call: Call, role: discord.Role | None, *, is_open: bool) -> str:
    """Where a call goes, who reads it there, and how the member hears of an offer."""
    place = f"<#{call.request.channel_id}>{f', {_FOR_ALL}' if is_open else ''}"
    if call.request.channel_id == call.home_id:
        lines = ["This server has no channel for its mentors. I can show it to your group instead."]
        lines.append(f"This is exactly what its members would see, in {place}. It mentions nobody.")
    else:
        who = f"I mention {role.mention} with it." if role else "It mentions nobody, as no mentors are named here."
        lines = [f"This is exactly what the mentors would see, in {place}. {who}"]
    lines.append(f"It also stands in `/calls list`, for mentors and admins. {_say_how_told(call)}")
    return "\n".join(lines)


def _say_how_told(call: Call) -> str:
    if call.home_id is None:
        return "`/calls mine` tells you whether somebody offers help."
    return f"If somebody offers help, I say so in <#{call.home_id}>, without what you wrote."


def render_call(call: Call) -> discord.Embed:
    """A call as mentors see it; once it is settled, what was written is not shown any more."""
    request = call.request
    who = f"<@{request.member_id}>"
    if request.state.is_settled:
        text = f"{who} needs no help with this any more. Thank you."
        return discord.Embed(title="Settled", description=text, colour=BLUE)
    embed = discord.Embed(title="Can somebody help?", description=escape(request.text), colour=BLUE)
    embed.add_field(name="Who asks", value=who)
    if call.group is not None:
        embed.add_field(name="Group", value=shorten(_home_link(call), EMBED_FIELD_LIMIT))
    if call.topics:
        embed.add_field(name="About", value=shorten(" · ".join(call.topics), EMBED_FIELD_LIMIT))
    if request.helper_id is not None:
        embed.add_field(name="Help", value=f"<@{request.helper_id}> has offered help.", inline=False)
    return embed


def _home_link(call: Call) -> str:
    if call.group is None:
        return ""
    name = escape(call.group.name)
    if call.home_id is None:
        return name
    return link(name, f"https://discord.com/channels/{call.group.guild_id}/{call.home_id}")


def _preview_buttons(call: Call, blocker: Blocker) -> discord.ui.View:
    channel_id = call.request.channel_id or 0
    return view_of(
        DraftButton(blocker, channel_id, Act.SEND), DraftButton(blocker, channel_id, Act.EDIT), LeaveButton()
    )


class Act(StrEnum):
    """What a member may do with a call that is not sent yet."""

    SEND = "send"
    EDIT = "edit"


_LABELS: Mapping[Act, str] = {Act.SEND: "Send", Act.EDIT: "Change the text"}


class DraftButton(
    discord.ui.DynamicItem[_Button], template=rf"{_BLOCKER}:(?P<channel>\d{{1,20}}):(?P<act>{'|'.join(Act)})"
):
    """Sends what stands above it to the place that is named above it, or opens the window for the text."""

    def __init__(self, blocker: Blocker, channel_id: int, act: Act) -> None:
        style = _STYLES.primary if act is Act.SEND else _STYLES.secondary
        custom_id = f"{_blocker_id(blocker)}:{channel_id}:{act}"
        super().__init__(discord.ui.Button(label=_LABELS[act], style=style, custom_id=custom_id))
        self._blocker = blocker
        self._channel_id = channel_id
        self._act = act

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(_read_blocker(match), int(match["channel"]), Act(match["act"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            _check_owner(interaction, self._blocker)
            text = _shown_text(interaction.message)
            if self._act is Act.EDIT:
                await interaction.response.send_modal(_TextWindow(self._blocker, self._channel_id, text))
                return
            await interaction.response.defer()
            await self._send(interaction, text, interaction.message.content if interaction.message else "")

    async def _send(self, interaction: discord.Interaction[Any], text: str, told: str) -> None:
        """Send it, if it goes where the member was told that it goes, and nobody else reads it there."""
        call = await _prepare(interaction, self._blocker, text)
        news = _MOVED if call.request.channel_id != self._channel_id else None
        if news is None and _FOR_ALL not in told and _is_open(interaction.client, call):
            news = _OPENED
        if news is not None:
            preview = await _preview(interaction.client, call, self._blocker, news)
            await interaction.edit_original_response(**preview)
            return
        service = support_service(interaction)
        call = await service.send(self._blocker, interaction.guild_id, text, self._channel_id)
        view = view_of(SolvedButton(call.request.id), WithdrawButton(call.request.id))
        await interaction.edit_original_response(content=say_sent(call), embed=None, view=view)


def say_sent(call: Call) -> str:
    """What the member reads once a call is sent."""
    return (
        f"It is on its way to <#{call.request.channel_id}>. {_say_how_told(call)} "
        "You can take it back at any time, here or in `/calls mine`."
    )


class LeaveButton(discord.ui.DynamicItem[_Button], template=r"support:leave"):
    """Sends nothing."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(label="Not now", style=_STYLES.secondary, custom_id="support:leave"))

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.edit_message(content=NOT_SENT, embed=None, view=None)


class _TextWindow(discord.ui.Modal, title="What the mentors see"):
    """Asks for the text of a call. Its custom_id says everything, and `read_window` reads what comes back."""

    def __init__(self, blocker: Blocker, channel_id: int, text: str) -> None:
        super().__init__(custom_id=f"{_blocker_id(blocker)}:{channel_id}:text")
        field: discord.ui.TextInput[Self] = discord.ui.TextInput(
            custom_id="text", style=discord.TextStyle.paragraph, default=text[:TEXT_LIMIT], max_length=TEXT_LIMIT
        )
        hint = "Nothing is sent yet: you see it once more first."
        self.add_item(discord.ui.Label(text="What blocks you?", description=hint, component=field))
        self.stop()  # a stopped window is not remembered by discord.py


def read_window(interaction: discord.Interaction[Any]) -> tuple[Blocker, str] | None:
    """Whose text was typed, and which; None if it is another window."""
    sent = read_fields(interaction, _WINDOW)
    if sent is None:
        return None
    match, typed = sent
    return _read_blocker(match), next(iter(typed.values()), "")


async def take_window(interaction: discord.Interaction[Any], blocker: Blocker, text: str) -> None:
    """Show the call with its new text, in place of the old one."""
    async with run_safely(interaction):
        _check_owner(interaction, blocker)
        await interaction.response.defer()
        call = await _prepare(interaction, blocker, text)
        await interaction.edit_original_response(**await _preview(interaction.client, call, blocker))


# The message of a call


def say_call(role: discord.Role | None) -> str:
    """The line above a call; `role` is that of the mentors where they read it."""
    return f"{role.mention} Somebody asks for help." if role else "Somebody asks for help."


def call_buttons(call: Call) -> discord.ui.View:
    """What those who can help may click."""
    request = call.request
    if request.state.is_settled:
        return view_of()
    solved = SolvedButton(request.id, "Mark as solved")
    return view_of(HelpButton(request.id), solved) if request.state is HelpState.OPEN else view_of(solved)


class HelpButton(discord.ui.DynamicItem[_Button], template=rf"{_ID}:help"):
    """Offers help; whoever clicks gets words to begin with and the notes that fit."""

    def __init__(self, call_id: int) -> None:
        custom_id = f"support:{call_id}:help"
        super().__init__(discord.ui.Button(label="I can help", style=_STYLES.success, custom_id=custom_id))
        self._call_id = call_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            briefing = await support_service(interaction).offer(
                self._call_id,
                interaction.user.id,
                interaction.guild_id,
                is_mentor=await is_mentor(interaction),
            )
            await interaction.followup.send(embed=render_briefing(briefing), ephemeral=True)


def render_briefing(briefing: Briefing) -> discord.Embed:
    """What a mentor can say first, where, and which notes fit."""
    call = briefing.call
    where = f" Their group meets in {_home_link(call)}." if call.home_id is not None else ""
    parts = [
        f"Thank you. I tell <@{call.request.member_id}> that you would like to help.{where}",
        f"You could begin like this:\n> {briefing.first_words}",
    ]
    embed = discord.Embed(title="Your offer", description="\n\n".join(parts), colour=BLUE)
    if briefing.notes:
        add_lines(embed, "Notes of mine that fit", map(_render_note, briefing.notes))
    else:
        embed.add_field(name="Notes of mine that fit", value="None: my material does not cover this.", inline=False)
    return embed


def _render_note(note: Note) -> str:
    text = f": {shorten(note.text, _NOTE_LIMIT)}" if note.text else ""
    return f"- **{note.title}**{text} · taught in {link(note.place, note.url)}"


def say_offer(offer: Offer) -> str:
    """What the member is told, in the home of their group or alone. It repeats nothing of what they wrote."""
    helper = f"<@{offer.helper_id}>"
    return f"{helper} would like to help you, <@{offer.call.request.member_id}>. You can answer right here."


def say_offer_alone(offer: Offer, server: str | None) -> str:
    """The same as a direct message."""
    where = f" in {escape(server)}" if server else ""
    return f"<@{offer.helper_id}> would like to help you{where}. Write to them there."


def offer_buttons(offer: Offer) -> discord.ui.View:
    return view_of(SolvedButton(offer.call.request.id))


# Settling


class SolvedButton(discord.ui.DynamicItem[_Button], template=rf"{_ID}:solved"):
    """Nobody waits any more: for whoever asked, and for those who may help."""

    def __init__(self, call_id: int, label: str = "Solved", *, row: int | None = None) -> None:
        custom_id = f"support:{call_id}:solved"
        super().__init__(discord.ui.Button(label=label, style=_STYLES.secondary, custom_id=custom_id, row=row))
        self._call_id = call_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            is_private = interaction.message is not None and interaction.message.flags.ephemeral
            await interaction.response.defer(ephemeral=not is_private, thinking=not is_private)
            call = await support_service(interaction).solve(
                self._call_id,
                interaction.user.id,
                interaction.guild_id,
                is_mentor=await is_mentor(interaction),
            )
            is_own = call.request.member_id == interaction.user.id
            if is_own and is_private:
                await _edit_own(interaction, call.request, SOLVED)
            else:
                text = SOLVED if is_own else THANKS
                await interaction.edit_original_response(content=text, embed=None, view=None)


class WithdrawButton(discord.ui.DynamicItem[_Button], template=rf"{_ID}:withdraw"):
    """Takes a call back; only whoever asked may."""

    def __init__(self, call_id: int, label: str = "Take it back", *, row: int | None = None) -> None:
        custom_id = f"support:{call_id}:withdraw"
        super().__init__(discord.ui.Button(label=label, style=_STYLES.secondary, custom_id=custom_id, row=row))
        self._call_id = call_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            call = await support_service(interaction).withdraw(self._call_id, interaction.user.id)
            await _edit_own(interaction, call.request, WITHDRAWN)


# /calls mine


async def send_own(interaction: discord.Interaction[Any]) -> None:
    """The member's own calls in this server, after the interaction has been deferred."""
    if interaction.guild is None:
        raise app_commands.NoPrivateMessage
    calls = await support_service(interaction).list_own(interaction.user.id, interaction.guild.id)
    await interaction.followup.send(embed=render_own(calls), view=_own_buttons(calls), ephemeral=True)


async def _edit_own(interaction: discord.Interaction[Any], settled: HelpRequest, news: str) -> None:
    calls = await support_service(interaction).list_own(interaction.user.id, settled.guild_id)
    embed = render_own(calls) if calls else None
    await interaction.edit_original_response(content=news, embed=embed, view=_own_buttons(calls))


def render_own(calls: Sequence[Call]) -> discord.Embed:
    """The member's calls that wait, and who has offered help."""
    embed = discord.Embed(title="Your calls for help", description=None if calls else NONE_OWN, colour=BLUE)
    for number, call in enumerate(calls, 1):
        request = call.request
        since = f"asked {format_dt(request.made_at, 'R')} in <#{request.channel_id}>"
        told = f"<@{request.helper_id}> would like to help you" if request.helper_id else "nobody has offered help yet"
        value = f"{escape(shorten(request.text, _LIST_TEXT))}\n{since} · {told}"
        embed.add_field(name=f"{number}.", value=shorten(value, EMBED_FIELD_LIMIT), inline=False)
    return embed


def _own_buttons(calls: Sequence[Call]) -> discord.ui.View:
    items: list[_Item] = []
    for row, call in enumerate(calls):
        number = f"{row + 1}: " if len(calls) > 1 else ""
        items.append(SolvedButton(call.request.id, f"{number}Solved", row=row))
        items.append(WithdrawButton(call.request.id, f"{number}Take it back", row=row))
    return view_of(*items)


# /calls list


async def send_waiting(interaction: discord.Interaction[Any], guild_id: int) -> None:
    """Who waits for help in a server, after the interaction has been deferred."""
    page = await support_service(interaction).list_waiting(guild_id)
    embed = render_waiting(page, interaction.client.clock())
    await interaction.followup.send(embed=embed, view=_waiting_controls(page), ephemeral=True)


def render_waiting(page: CallPage, now: datetime) -> discord.Embed:
    """A page of calls that wait; those that wait for long come first and say so."""
    if not page.total:
        return discord.Embed(title="Calls for help", description=NONE_WAITING, colour=BLUE)
    many = "1 call waits" if page.total == 1 else f"{page.total} calls wait"
    embed = discord.Embed(
        title="Calls for help", description=f"{many}. Choose one below to offer help or to mark it.", colour=BLUE
    )
    add_lines(embed, "Waiting", (_waiting_line(call, now) for call in page.calls))
    if page.pages > 1:
        embed.set_footer(text=f"Page {page.page + 1} of {page.pages}")
    return embed


def _waiting_line(call: Call, now: datetime) -> str:
    request = call.request
    parts = [f"<@{request.member_id}>", format_dt(request.made_at, "R")]
    if days := days_waiting(request, now):
        parts.insert(0, f"**waiting for {days} days**")
    if request.helper_id is not None:
        parts.append(f"<@{request.helper_id}> has offered help")
    if request.message_id is not None and request.channel_id is not None:
        url = f"https://discord.com/channels/{request.guild_id}/{request.channel_id}/{request.message_id}"
        parts.append(link("message", url))
    return f"- {escape(shorten(request.text, _LIST_TEXT))}\n  {' · '.join(parts)}"


def _waiting_controls(page: CallPage) -> discord.ui.View:
    items: list[_Item] = [WaitingSelect(page)] if page.calls else []
    if page.page > 0:
        items.append(PageButton(page.page - 1, "Previous page"))
    if page.page + 1 < page.pages:
        items.append(PageButton(page.page + 1, "Next page"))
    return view_of(*items)


class PageButton(discord.ui.DynamicItem[_Button], template=r"support:page:(?P<page>\d{1,4})"):
    """Turns to another page of the calls that wait."""

    def __init__(self, page: int, label: str = "?") -> None:
        custom_id = f"support:page:{page}"
        super().__init__(discord.ui.Button(label=label, style=_STYLES.secondary, custom_id=custom_id))
        self._page = page

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            guild_id = await check_mentor(interaction)
            page = await support_service(interaction).list_waiting(guild_id, self._page)
            embed = render_waiting(page, interaction.client.clock())
            await interaction.edit_original_response(embed=embed, view=_waiting_controls(page))


class WaitingSelect(discord.ui.DynamicItem[_Select], template=r"support:open"):
    """Shows one of the calls that wait, with what can be done."""

    def __init__(self, page: CallPage | None) -> None:
        options = [
            discord.SelectOption(label=shorten(call.request.text, _OPTION_LIMIT), value=str(call.request.id))
            for call in (page.calls if page else ())
        ]
        super().__init__(discord.ui.Select(placeholder="Look at a call", custom_id="support:open", options=options))

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls(None)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            guild_id = await check_mentor(interaction)
            call = await support_service(interaction).show(int(self.item.values[0]), guild_id)
            await interaction.followup.send(embed=render_call(call), view=call_buttons(call), ephemeral=True)


# What they have in common


def _blocker_id(blocker: Blocker) -> str:
    return f"support:{blocker.member_id}:{blocker.group_id or 0}:{blocker.week_id or 0}"


def _read_blocker(match: re.Match[str]) -> Blocker:
    return Blocker(int(match["member"]), int(match["group"]) or None, int(match["week"]) or None)


def _check_owner(interaction: discord.Interaction[Any], blocker: Blocker) -> None:
    if interaction.user.id != blocker.member_id:
        raise MemberError(NOT_YOURS)


def _quoted_text(message: discord.Message | None) -> str:
    """What blocks the member, from the message that answers it.

    Raises:
        MemberError: it does not stand there.
    """
    lines = message.content.split("\n") if message else []
    if len(lines) < 2 or not lines[1].startswith("> "):
        raise MemberError(LOST)
    return _unescape(lines[1].removeprefix("> "))


def _shown_text(message: discord.Message | None) -> str:
    """The text of a call, from its preview.

    Raises:
        MemberError: it does not stand there.
    """
    if message is None or not message.embeds or not message.embeds[0].description:
        raise MemberError(LOST)
    return _unescape(message.embeds[0].description)


def _unescape(text: str) -> str:
    """What `escape` has made literal, as it was typed."""
    return re.sub(r"\\([\\*_~`|>#\[\]()<:-])", r"\1", text.replace("@\u200b", "@"))


SUPPORT_ITEMS = (
    BlockerButton,
    CallButton,
    DraftButton,
    LeaveButton,
    HelpButton,
    SolvedButton,
    WithdrawButton,
    PageButton,
    WaitingSelect,
)
"""What a client has to know so that buttons sent before a restart still work."""
