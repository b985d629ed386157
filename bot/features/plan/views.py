"""What members read of plans, the window for them, and the buttons, which outlive a restart.

A plan is private first. What its owner sees before it is shown is the very embed that the group gets.
"""

import re
from collections.abc import Mapping
from dataclasses import astuple
from enum import StrEnum
from typing import Any, Self

import discord
from discord.utils import format_dt

from bot.errors import MemberError
from bot.features.plan.models import (
    FALLBACK_LIMIT,
    PLACE_LIMIT,
    WHAT_LIMIT,
    WHEN_LIMIT,
    Plan,
    PlanDraft,
    PlanState,
    PlanText,
    PlanView,
)
from bot.features.plan.service import PlanService
from bot.ui.components import read_fields, view_of
from bot.ui.embeds import BLUE
from bot.ui.errors import run_safely
from bot.ui.text import escape

HINT_LIMIT = 100

_HERE = "here"
_ANY = re.compile(r".*", re.DOTALL)
_WINDOW = re.compile(rf"plan:(?P<group>\d{{1,18}}):window(?::(?P<here>{_HERE}))?")

FIELDS: Mapping[str, str] = {
    "what": "What will I do?",
    "when": "By when?",
    "where": "Where?",
    "fallback": "If it does not work, I will …",
}
"""The fields of the window, with their labels, in the order of what they are in a plan."""

_NO_CURRICULUM = "There is no curriculum here any more, so I make no plans. Ask me something with `/ask` instead."
_FROM_NEXT = "I have filled in your next step. Change it as you like."
_SEEN_AT_ONCE = "Your group sees the change at once."
_NOTED = "Noted."
_CHANGED = "Changed."
_KEPT = "It stays between us."
_SHOWING = "Thank you, that helps the others, too."
_TAKEN_BACK = "Withdrawn. This plan counts for nothing any more, and your group does not see it."

_Item = discord.ui.Item[Any]
_Button = discord.ui.Button[discord.ui.View]


# What is read


def render_plan(text: PlanText) -> str:
    """A plan in one or two lines, escaped: what, by when, where; and what if not. At most about 1,300 characters."""
    parts = [f"**{escape(text.what)}**", *(escape(part) for part in (text.by_when, text.place) if part)]
    line = " · ".join(parts)
    return f"{line}\nIf not: {escape(text.fallback)}" if text.fallback else line


def render_post(plan: Plan) -> discord.Embed:
    """What the group sees of a plan, in the preview as in the post."""
    text = f"<@{plan.member_id}> plans until the next check-in:\n{render_plan(plan.text)}"
    return discord.Embed(description=text, colour=BLUE)


def render_panel(view: PlanView, news: str | None = None) -> str:
    """Above the preview: who sees the plan, and when the group asks how it went. `news`: what has just been done."""
    at = view.next_prompt_at
    asked = f"The check-in of {format_dt(at, 'F')} asks you how it went." if at else ""
    first = " ".join(part for part in (news, asked) if part)
    return "\n".join(line for line in (first, _who_sees(view)) if line)


def _who_sees(view: PlanView) -> str:
    group = escape(view.group_name)
    if view.plan.state is not PlanState.SHOWN:
        return f"Only you see this plan. This is exactly what **{group}** would see:"
    if view.is_in_checkin:
        return f"**{group}** sees this plan in your check-in:"
    where = f", in <#{view.home_id}>" if view.home_id else ""
    return f"**{group}** sees this plan{where}:"


# The window


class PlanWindow(discord.ui.Modal, title="Your plan"):
    """Asks for a plan with a time, a place, and what to do if it does not work."""

    def __init__(self, custom_id: str, text: PlanText, hint: str | None = None) -> None:
        super().__init__(custom_id=custom_id)
        self._add(
            "what",
            text.what,
            WHAT_LIMIT,
            example="Lesson 3 up to the exercises, and rebuild its notebook from a blank page",
            hint=hint,
        )
        self._add("when", text.by_when, WHEN_LIMIT, example="Thursday evening, after dinner")
        self._add("where", text.place, PLACE_LIMIT, example="At the kitchen table, the phone in another room")
        self._add(
            "fallback",
            text.fallback,
            FALLBACK_LIMIT,
            example="… do the first 20 minutes on Saturday, right after breakfast",
        )
        self.stop()  # a stopped window is not remembered by discord.py; `read_plan_window` reads what comes back

    def _add(self, name: str, text: str, limit: int, *, example: str, hint: str | None = None) -> None:
        field: discord.ui.TextInput[Self] = discord.ui.TextInput(
            custom_id=name,
            default=text[:limit] or None,
            placeholder=example,
            max_length=limit,
            required=name == "what",
        )
        self.add_item(discord.ui.Label(text=FIELDS[name], description=hint, component=field))


def plan_window(custom_id: str, draft_text: PlanText, hint: str | None = None) -> PlanWindow:
    """The window for a plan, filled in. The `custom_id` says what comes back; `hint` stands above the first field."""
    return PlanWindow(custom_id, draft_text, hint)


def read_plan_window(interaction: discord.Interaction[Any]) -> tuple[str, PlanText] | None:
    """The custom_id of a plan window that was sent and what was typed into it; None if it is another window."""
    sent = read_fields(interaction, _ANY)
    if sent is None:
        return None
    match, typed = sent
    if not FIELDS.keys() <= typed.keys():
        return None
    return match[0], PlanText(*(typed[name].strip() for name in FIELDS))


async def take_window(interaction: discord.Interaction[Any]) -> None:
    """Keep what was typed into a window of /plan, and show its preview. Other windows are left alone."""
    sent = read_plan_window(interaction)
    match = _WINDOW.fullmatch(sent[0]) if sent else None
    if sent is None or match is None:
        return
    async with run_safely(interaction, dict(zip(FIELDS.values(), astuple(sent[1]), strict=True))):
        is_here = match["here"] is not None
        await interaction.response.defer(ephemeral=not is_here, thinking=not is_here)
        view = await _service(interaction).save(interaction.user.id, int(match["group"]), sent[1])
        news = _CHANGED if view.plan.state is PlanState.SHOWN else _NOTED
        await _edit_panel(interaction, view, news)


def _window_of(draft: PlanDraft, *, is_here: bool) -> PlanWindow:
    is_shown = draft.plan is not None and draft.plan.state is PlanState.SHOWN
    hint = _SEEN_AT_ONCE if is_shown else _FROM_NEXT if draft.source else None
    return plan_window(f"plan:{draft.group_id}:window{f':{_HERE}' if is_here else ''}", draft.text, hint)


# Buttons


class Do(StrEnum):
    """What a button below a preview does."""

    SHOW = "show"
    CHANGE = "change"
    KEEP = "keep"
    WITHDRAW = "withdraw"


_LABELS: Mapping[Do, str] = {
    Do.SHOW: "Show to my group",
    Do.CHANGE: "Change",
    Do.KEEP: "Keep it to myself",
    Do.WITHDRAW: "Withdraw",
}


class PlanButton(discord.ui.DynamicItem[_Button], template=rf"plan:(?P<id>\d{{1,18}}):(?P<do>{'|'.join(Do)})"):
    """One of the buttons below the preview of a plan."""

    def __init__(self, plan_id: int, do: Do) -> None:
        style = discord.ButtonStyle.primary if do is Do.SHOW else discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button(label=_LABELS[do], style=style, custom_id=f"plan:{plan_id}:{do}"))
        self._plan_id = plan_id
        self._do = do

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), Do(match["do"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            service, member_id = _service(interaction), interaction.user.id
            if self._do is Do.CHANGE:  # a window has to be the first answer, so nothing is deferred
                draft = await service.draft_of(self._plan_id, member_id)
                await interaction.response.send_modal(_window_of(draft, is_here=True))
                return
            await interaction.response.defer()
            match self._do:
                case Do.SHOW:
                    await _edit_panel(interaction, await service.show(self._plan_id, member_id), _SHOWING)
                case Do.KEEP:
                    await _edit_panel(interaction, await service.keep(self._plan_id, member_id), _KEPT)
                case _:
                    view = await service.withdraw(self._plan_id, member_id)
                    buttons = view_of(NewButton(view.plan.group_id))
                    await interaction.edit_original_response(content=_TAKEN_BACK, embed=None, view=buttons)


class NewButton(discord.ui.DynamicItem[_Button], template=r"plan:(?P<group>\d{1,18}):new"):
    """Opens the window of another plan for this group, in a private message."""

    def __init__(self, group_id: int) -> None:
        super().__init__(discord.ui.Button(label="Make another plan", custom_id=f"plan:{group_id}:new"))
        self._group_id = group_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["group"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            draft = await _service(interaction).draft(interaction.user.id, self._group_id)
            await interaction.response.send_modal(_window_of(draft, is_here=True))


class MineButton(discord.ui.DynamicItem[_Button], template=r"plan:(?P<id>\d{1,18}):mine"):
    """Below a plan that the group sees: whoever clicks makes a plan of their own for this group, or sees it.

    It also tells the message of this plan from all others, should it be posted and not written down.
    """

    def __init__(self, plan_id: int) -> None:
        super().__init__(discord.ui.Button(label="My own plan", custom_id=mine_id(plan_id)))
        self._plan_id = plan_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            group_id = await _service(interaction).find_group_of(self._plan_id)
            await open_plan(interaction, group_id)


PLAN_ITEMS = (PlanButton, NewButton, MineButton)
"""What a client has to know so that buttons sent before a restart still work."""


def mine_id(plan_id: int) -> str:
    """The custom_id in the group's message of a plan."""
    return f"plan:{plan_id}:mine"


def panel_buttons(view: PlanView) -> discord.ui.View:
    """What can be done with a plan."""
    is_shown = view.plan.state is PlanState.SHOWN
    return view_of(*(PlanButton(view.plan.id, do) for do in Do if not (is_shown and do is Do.SHOW)))


def post_buttons(plan: Plan) -> discord.ui.View:
    """What stands below a plan that the group sees."""
    return view_of(MineButton(plan.id))


# What commands and buttons share


async def open_plan(interaction: discord.Interaction[Any], group_id: int) -> None:
    """Show the member their present plan for a group in private, or the window of a new one.

    It is the first answer to the interaction, as a window has to be.
    """
    found = await _service(interaction).open(interaction.user.id, group_id)
    if isinstance(found, PlanDraft):
        await interaction.response.send_modal(_window_of(found, is_here=False))
        return
    await interaction.response.send_message(
        render_panel(found), embed=await _preview(interaction, found.plan), view=panel_buttons(found), ephemeral=True
    )


async def _preview(interaction: discord.Interaction[Any], plan: Plan) -> discord.Embed:
    """What the group sees of it."""
    embed: discord.Embed = await interaction.client.names.put_into(render_post(plan), interaction.guild)
    return embed


async def _edit_panel(interaction: discord.Interaction[Any], view: PlanView, news: str) -> None:
    await interaction.edit_original_response(
        content=render_panel(view, news), embed=await _preview(interaction, view.plan), view=panel_buttons(view)
    )


def _service(interaction: discord.Interaction[Any]) -> PlanService:
    service: PlanService | None = interaction.client.services.plan
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service
