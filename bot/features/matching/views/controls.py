"""The panel of /group match and the buttons of proposals. None of them carries whose it is: each works for who clicks.

What is chosen on the panel stands in the custom ids of all its parts, so that nothing is kept before it is sent.
"""

import re
from dataclasses import replace
from typing import Any, Self

import discord
from discord import app_commands

from bot.errors import MemberError
from bot.features.groups.rules import LANGUAGES
from bot.features.matching.models import Answer, Offer, Panel, ProposalState, Window, Wish
from bot.features.matching.service import MatchingService
from bot.features.matching.views.render import (
    NOT_NOW,
    STOPPED,
    render_last_word,
    render_looking,
    render_offer,
    render_panel,
    window_label,
)
from bot.features.progress.rules.zones import guess_zone
from bot.ui.components import read_fields, view_of
from bot.ui.errors import run_safely
from bot.ui.zone import ZoneWindow

NO_CURRICULUM = "There is no curriculum here any more, so there are no study groups. Ask me something with `/ask`."

_CODE = r"(?P<code>[0-9a-f]{1,2}\.[0-9a-f]{1,7}\.[01])"
_MODAL = re.compile(rf"match:w:{_CODE}:zone")
_WINDOWS = tuple(Window)
_MOST_PROPOSALS = 2
"""That are shown on the panel; a member has one as a seeker, and hardly ever another one as a member of a group."""

_Item = discord.ui.Item[discord.ui.View]
_Button = discord.ui.Button[discord.ui.View]
_Select = discord.ui.Select[discord.ui.View]


# What is chosen, as a custom id carries it


def encode_wish(wish: Wish) -> str:
    windows = sum(1 << place for place, window in enumerate(_WINDOWS) if window in wish.windows)
    languages = sum(1 << place for place, name in enumerate(LANGUAGES) if name in wish.languages)
    return f"{windows:x}.{languages:x}.{int(wish.by_dm)}"


def decode_wish(code: str) -> Wish:
    windows, languages, by_dm = (int(part, 16) for part in code.split("."))
    return Wish(
        tuple(window for place, window in enumerate(_WINDOWS) if windows >> place & 1),
        tuple(name for place, name in enumerate(LANGUAGES) if languages >> place & 1),
        by_dm=bool(by_dm),
    )


# The panel


async def show_match(interaction: discord.Interaction[Any]) -> None:
    """Show a member where they stand, privately. It defers by itself, and says itself what goes wrong."""
    async with run_safely(interaction):
        guild_id = _guild_id(interaction)
        if not interaction.response.is_done():
            await interaction.response.defer(ephemeral=True, thinking=True)
        panel = await service_of(interaction).show(interaction.user.id, guild_id)
        embed = render_panel(panel, panel.wish, interaction.client.clock())
        await interaction.followup.send(embed=embed, view=panel_view(panel, panel.wish), ephemeral=True)


def panel_view(panel: Panel, wish: Wish) -> discord.ui.View:
    """Hours and languages to choose from, and what to do with them."""
    view = discord.ui.View(timeout=None)
    view.add_item(WindowSelect(wish)).add_item(LanguageSelect(wish))
    is_looking = panel.looks_since is not None
    view.add_item(LookButton(wish, "Save changes" if is_looking else "Look for a group"))
    if is_looking:
        view.add_item(StopButton())
    view.add_item(LetterButton(wish)).add_item(ZoneButton(wish)).add_item(CloseButton())
    for proposal_id in panel.proposals[:_MOST_PROPOSALS]:
        view.add_item(SeeButton(proposal_id, row=3))
    return view


async def _edit_panel(interaction: discord.Interaction[Any], panel: Panel, wish: Wish, news: str | None = None) -> None:
    embed = render_panel(panel, wish, interaction.client.clock(), news)
    await interaction.edit_original_response(content=None, embed=embed, view=panel_view(panel, wish))


async def _choose(interaction: discord.Interaction[Any], wish: Wish) -> None:
    """Show the panel with another choice. Nothing is kept yet."""
    async with run_safely(interaction):
        await interaction.response.defer()
        panel = await service_of(interaction).show(interaction.user.id, _guild_id(interaction))
        await _edit_panel(interaction, panel, wish)


class WindowSelect(discord.ui.DynamicItem[_Select], template=rf"match:w:{_CODE}:windows"):
    """When the member has time."""

    def __init__(self, wish: Wish) -> None:
        options = [
            discord.SelectOption(label=window_label(window), value=window, default=window in wish.windows)
            for window in _WINDOWS
        ]
        custom_id = f"match:w:{encode_wish(wish)}:windows"
        super().__init__(
            discord.ui.Select(
                placeholder="When do you have time?",
                custom_id=custom_id,
                options=options,
                min_values=1,
                max_values=len(options),
            )
        )
        self._wish = wish

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(decode_wish(match["code"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        chosen = tuple(window for window in _WINDOWS if window in self.item.values)
        await _choose(interaction, replace(self._wish, windows=chosen))


class LanguageSelect(discord.ui.DynamicItem[_Select], template=rf"match:w:{_CODE}:languages"):
    """In which languages the member could study."""

    def __init__(self, wish: Wish) -> None:
        options = [discord.SelectOption(label=name, value=name, default=name in wish.languages) for name in LANGUAGES]
        super().__init__(
            discord.ui.Select(
                placeholder="In which languages?",
                custom_id=f"match:w:{encode_wish(wish)}:languages",
                options=options,
                min_values=1,
                max_values=len(options),
            )
        )
        self._wish = wish

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(decode_wish(match["code"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        chosen = tuple(name for name in LANGUAGES if name in self.item.values)
        await _choose(interaction, replace(self._wish, languages=chosen))


class LetterButton(discord.ui.DynamicItem[_Button], template=rf"match:w:{_CODE}:dm"):
    """Whether the member also gets a direct message; the label says what a click does."""

    def __init__(self, wish: Wish) -> None:
        label = "No direct messages" if wish.by_dm else "Also tell me by direct message"
        super().__init__(discord.ui.Button(label=label, custom_id=f"match:w:{encode_wish(wish)}:dm"))
        self._wish = wish

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(decode_wish(match["code"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await _choose(interaction, replace(self._wish, by_dm=not self._wish.by_dm))


class LookButton(discord.ui.DynamicItem[_Button], template=rf"match:w:{_CODE}:look"):
    """Puts the member on the list, or changes what they look for."""

    def __init__(self, wish: Wish, label: str = "Look for a group") -> None:
        custom_id = f"match:w:{encode_wish(wish)}:look"
        super().__init__(discord.ui.Button(label=label, style=discord.ButtonStyle.primary, custom_id=custom_id))
        self._wish = wish

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(decode_wish(match["code"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            guild_id, channel_id = _guild_id(interaction), _channel_id(interaction)
            panel = await service_of(interaction).look(interaction.user.id, guild_id, channel_id, self._wish)
            await _edit_panel(interaction, panel, panel.wish, render_looking(panel))


class StopButton(discord.ui.DynamicItem[_Button], template=r"match:stop"):
    """Takes the member off the list."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(label="Stop looking", custom_id="match:stop"))

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            service, guild_id = service_of(interaction), _guild_id(interaction)
            wish = (await service.show(interaction.user.id, guild_id)).wish
            panel = await service.stop(interaction.user.id, guild_id)
            await _edit_panel(interaction, panel, wish, STOPPED)


class CloseButton(discord.ui.DynamicItem[_Button], template=r"match:close"):
    """Puts the panel away; whoever is on the list stays there."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(label="Not now", custom_id="match:close"))

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.edit_message(content=NOT_NOW, embed=None, view=None)


# The time zone


class ZoneButton(discord.ui.DynamicItem[_Button], template=rf"match:w:{_CODE}:zone"):
    """Asks where the member lives."""

    def __init__(self, wish: Wish) -> None:
        custom_id = f"match:w:{encode_wish(wish)}:zone"
        super().__init__(discord.ui.Button(label="My time zone", custom_id=custom_id))
        self._wish = wish

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(decode_wish(match["code"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            panel = await service_of(interaction).show(interaction.user.id, _guild_id(interaction))
            typed = panel.zone or guess_zone(interaction.locale.value) or ""
            await interaction.response.send_modal(ZoneWindow(f"match:w:{encode_wish(self._wish)}:zone", typed))


def read_zone(interaction: discord.Interaction[Any]) -> tuple[str, Wish] | None:
    """What was typed, and what is chosen on the panel; None if it is another window."""
    sent = read_fields(interaction, _MODAL)
    if sent is None:
        return None
    match, typed = sent
    return next(iter(typed.values()), ""), decode_wish(match["code"])


async def take_zone(interaction: discord.Interaction[Any], typed: str, wish: Wish) -> None:
    """Store the zone and show the panel, also if what was typed cannot be read: it says so then."""
    async with run_safely(interaction):
        await interaction.response.defer()
        service, guild_id = service_of(interaction), _guild_id(interaction)
        try:
            panel, news = await service.save_zone(interaction.user.id, guild_id, typed), None
        except MemberError as error:
            panel, news = await service.show(interaction.user.id, guild_id), str(error)
        await _edit_panel(interaction, panel, wish, news)


# Proposals


def see_view(proposal_id: int) -> discord.ui.View:
    """Below a message that tells of a proposal."""
    return discord.ui.View(timeout=None).add_item(SeeButton(proposal_id))


def see_id(proposal_id: int) -> str:
    """What marks such a message."""
    return f"match:{proposal_id}:see"


def offer_view(offer: Offer) -> discord.ui.View | None:
    """Accept and decline, as long as that is open."""
    proposal = offer.proposal
    if proposal.state is not ProposalState.OPEN:
        return None
    view = discord.ui.View(timeout=None)
    if offer.answer is not Answer.YES:
        view.add_item(AnswerButton(proposal.id, Answer.YES))
    if offer.answer is not Answer.NO:
        view.add_item(DeclineButton(proposal.id) if offer.hangs_on_it else AnswerButton(proposal.id, Answer.NO))
    return view


class SeeButton(discord.ui.DynamicItem[_Button], template=r"match:(?P<id>\d{1,18}):see"):
    """Shows a proposal to one of its members alone."""

    def __init__(self, proposal_id: int, *, row: int | None = None) -> None:
        super().__init__(
            discord.ui.Button(label="See", style=discord.ButtonStyle.primary, custom_id=see_id(proposal_id), row=row)
        )
        self._proposal_id = proposal_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            offer = await service_of(interaction).see(self._proposal_id, interaction.user.id)
            embed = render_offer(offer, interaction.client.clock())
            view = offer_view(offer) or discord.utils.MISSING
            await interaction.followup.send(embed=embed, view=view, ephemeral=True)


class AnswerButton(discord.ui.DynamicItem[_Button], template=r"match:(?P<id>\d{1,18}):(?P<answer>yes|no)"):
    """Accepts or declines a proposal."""

    def __init__(self, proposal_id: int, answer: Answer, label: str | None = None) -> None:
        is_yes = answer is Answer.YES
        super().__init__(
            discord.ui.Button(
                label=label or ("Accept" if is_yes else "Decline"),
                style=discord.ButtonStyle.success if is_yes else discord.ButtonStyle.secondary,
                custom_id=f"match:{proposal_id}:{answer}",
            )
        )
        self._proposal_id = proposal_id
        self._answer = answer

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), Answer(match["answer"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            offer = await service_of(interaction).answer(self._proposal_id, interaction.user.id, self._answer)
            embed = render_offer(offer, interaction.client.clock())
            await interaction.edit_original_response(content=None, embed=embed, view=offer_view(offer))


class DeclineButton(discord.ui.DynamicItem[_Button], template=r"match:(?P<id>\d{1,18}):(?P<step>ask|back)"):
    """Asks before a proposal ends for all of its members, and goes back to it."""

    def __init__(self, proposal_id: int, step: str = "ask") -> None:
        label = "Decline" if step == "ask" else "Back"
        super().__init__(discord.ui.Button(label=label, custom_id=f"match:{proposal_id}:{step}"))
        self._proposal_id = proposal_id
        self._step = step

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), match["step"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            offer = await service_of(interaction).see(self._proposal_id, interaction.user.id)
            embed, question, view = render_offer(offer, interaction.client.clock()), None, offer_view(offer)
            if self._step == "ask" and offer.hangs_on_it:
                question = render_last_word(offer.proposal.kind)
                decline = AnswerButton(self._proposal_id, Answer.NO, "Decline for everybody")
                view = view_of(decline, DeclineButton(self._proposal_id, "back"))
            await interaction.edit_original_response(content=question, embed=embed, view=view)


MATCH_ITEMS = (
    WindowSelect,
    LanguageSelect,
    LetterButton,
    LookButton,
    StopButton,
    CloseButton,
    ZoneButton,
    SeeButton,
    AnswerButton,
    DeclineButton,
)
"""What a client has to know so that buttons sent before a restart still work."""


# What they have in common


def _guild_id(interaction: discord.Interaction[Any]) -> int:
    if interaction.guild_id is None:
        raise app_commands.NoPrivateMessage
    return interaction.guild_id


def _channel_id(interaction: discord.Interaction[Any]) -> int:
    """Where the member can be told of a proposal: the channel in which they are, or that of its thread."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        return channel.parent_id
    return interaction.channel_id or 0


def service_of(interaction: discord.Interaction[Any]) -> MatchingService:
    """The service of matching, for a button that was sent when there was a curriculum.

    Raises:
        MemberError: there is none any more.
    """
    service: MatchingService | None = interaction.client.services.matching
    if service is None:
        raise MemberError(NO_CURRICULUM)
    return service
