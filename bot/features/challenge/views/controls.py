"""Buttons, menus and windows of challenges. Each custom_id says what it is about, and each click is checked anew."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import discord

from bot.errors import MemberError
from bot.features.challenge.models import Case, ChallengeState, Decision, Outcome, Proposal, WaitingPage
from bot.features.challenge.rules import (
    REASON_LIMITS,
    choice_key,
    pack_key,
    read_order,
    spell_order,
    unpack_key,
)
from bot.features.challenge.service import CHANGED, DECIDED
from bot.features.challenge.views.posts import challenge_service, check_mentor, refresh_all, refresh_post
from bot.features.challenge.views.render import (
    render_case,
    render_choosing,
    render_proposal,
    render_undo,
    render_waiting,
    say_outcome,
    say_undone,
)
from bot.features.questions.models import AnswerKey, Item, Verdict
from bot.features.questions.rules.numbers import format_number, parse_number
from bot.features.questions.rules.options import option_id, stamp_of
from bot.ui.components import read_fields, view_of
from bot.ui.errors import run_safely
from bot.ui.text import shorten
from knowledge.models import Question, QuestionKind

THANKS_HERE = (
    "Thank you for looking closely. Those who look after this server look at it, without your name, "
    "and I tell you what they decide with your next quiz or review."
)
THANKS_DIRECTLY = (
    "Thank you for looking closely. Those who run me look at it, "
    "and I tell you what they decide with your next quiz or review."
)
NO_NUMBER = "I cannot read that as a number. Click Correct the key once more and write it as in 0.5, 1/3 or 1e-3."
NO_TOLERANCE = "A tolerance is a number from 0 up. Click Correct the key once more and write it as in 0.01."
NOTHING_CHANGED = "Nothing was changed."

_OPTION_LIMIT = 100
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ID = r"challenge:(?P<id>\d{1,18})"
_STAMP = r"(?P<stamp>[0-9a-f]{4,8})"
_PACKED = r"(?P<packed>[0-9.;e+-]{0,55})"
_WINDOWS = re.compile(
    rf"challenge:(?P<round>\d{{1,18}}):(?P<position>\d{{1,3}}):why"
    rf"|{_ID}:(?P<typed>number|order):{_STAMP}"
    r"|challenge:(?P<noted>\d{1,18}):note:(?P<verdict>kept|corrected|retired)(?::(?P<of>[0-9a-f]{4,8}):"
    r"(?P<key>[0-9.;e+-]{0,55}))?"
)

_Item = discord.ui.Item[Any]
_Button = discord.ui.Button[discord.ui.View]
_Select = discord.ui.Select[discord.ui.View]
_STYLES = discord.ButtonStyle


# A member's doubt


class ChallengeButton(discord.ui.DynamicItem[_Button], template=r"challenge:(?P<round>\d{1,18}):(?P<position>\d{1,3})"):
    """Below the feedback to an answer: asks the member what is wrong with the question."""

    def __init__(self, round_id: int, position: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Challenge this question",
                style=_STYLES.secondary,
                custom_id=f"challenge:{round_id}:{position}",
            )
        )
        self._round_id = round_id
        self._position = position

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["round"]), int(match["position"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await challenge_service(interaction).check(self._round_id, self._position, interaction.user.id)
            await interaction.response.send_modal(_reason_window(self._round_id, self._position))


# Below a case


class Act(StrEnum):
    """What those who decide may do with a challenged question."""

    KEEP = "keep"
    CORRECT = "correct"
    RETIRE = "retire"
    UNDO = "undo"


_LABELS: Mapping[Act, str] = {
    Act.KEEP: "Keep",
    Act.CORRECT: "Correct the key",
    Act.RETIRE: "Retire",
    Act.UNDO: "Undo",
}


def case_buttons(case: Case) -> discord.ui.View:
    """What can be done with a case: decide it, or take the decision back."""
    if case.state is ChallengeState.OPEN:
        return view_of(*(CaseButton(case.id, act) for act in (Act.KEEP, Act.CORRECT, Act.RETIRE)))
    return view_of(CaseButton(case.id, Act.UNDO)) if case.is_undoable else view_of()


class CaseButton(discord.ui.DynamicItem[_Button], template=rf"{_ID}:(?P<act>{'|'.join(Act)})"):
    """Begins a decision, or taking it back."""

    def __init__(self, challenge_id: int, act: Act) -> None:
        style = _STYLES.primary if act is Act.CORRECT else _STYLES.secondary
        custom_id = f"challenge:{challenge_id}:{act}"
        super().__init__(discord.ui.Button(label=_LABELS[act], style=style, custom_id=custom_id))
        self._challenge_id = challenge_id
        self._act = act

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), Act(match["act"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            guild_id = await check_mentor(interaction)
            message_id = interaction.message.id if interaction.message else None
            if self._act is Act.UNDO:
                await interaction.response.defer(ephemeral=True, thinking=True)
                question = await challenge_service(interaction).find_undoable(self._challenge_id, guild_id, message_id)
                await send_undo(interaction, question, guild_id)
                return
            try:
                found, item = await challenge_service(interaction).find_item(self._challenge_id, guild_id, message_id)
            except MemberError as error:
                await interaction.response.send_message(str(error), ephemeral=True)
                if str(error) == DECIDED:  # by the operator perhaps, or this post was missed
                    await refresh_post(interaction.client, self._challenge_id, guild_id)
                return
            await self._begin(interaction, found, item, guild_id)

    async def _begin(self, interaction: discord.Interaction[Any], found: int, item: Item, guild_id: int) -> None:
        match self._act:
            case Act.KEEP:
                await interaction.response.send_modal(_note_window(found, Decision(Verdict.KEPT), item.question))
            case Act.RETIRE:
                await interaction.response.defer(ephemeral=True, thinking=True)
                await _send_proposal(interaction, found, guild_id, Decision(Verdict.RETIRED))
            case _ if item.kind is QuestionKind.NUMERIC:
                await interaction.response.send_modal(_number_window(found, item))
            case _ if item.kind is QuestionKind.ORDER:
                await interaction.response.send_modal(_order_window(found, item))
            case _:
                view = view_of(KeySelect(found, item.question, item.key), CancelButton())
                await interaction.response.send_message(embed=render_choosing(item), view=view, ephemeral=True)


# The right answer


class KeySelect(discord.ui.DynamicItem[_Select], template=rf"{_ID}:key:{_STAMP}"):
    """Which options are to count as right."""

    def __init__(self, challenge_id: int, question: Question | None, key: AnswerKey, *, stamp: str = "") -> None:
        options = _options(question, key) if question else []
        super().__init__(
            discord.ui.Select(
                placeholder="Which options count as right?",
                custom_id=f"challenge:{challenge_id}:key:{stamp_of(question) if question else stamp}",
                min_values=1,
                max_values=max(1, len(options)),
                options=options,
            )
        )
        self._challenge_id = challenge_id
        self._stamp = stamp

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), None, AnswerKey(), stamp=match["stamp"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            guild_id = await check_mentor(interaction)
            _, item = await challenge_service(interaction).find_item(self._challenge_id, guild_id)
            key = choice_key(item.question, self.item.values)
            if key is None or stamp_of(item.question) != self._stamp:
                raise MemberError(CHANGED)
            await _edit_proposal(interaction, self._challenge_id, guild_id, Decision(Verdict.CORRECTED, key))


def _options(question: Question, key: AnswerKey) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(
            label=shorten(f"{letter} · {option.text}", _OPTION_LIMIT),
            value=option_id(option.text),
            default=option_id(option.text) in key.options,
        )
        for letter, option in zip(_LETTERS, question.options, strict=False)
    ]


# The last step


async def _send_proposal(
    interaction: discord.Interaction[Any], challenge_id: int, guild_id: int, decision: Decision
) -> None:
    proposal = await challenge_service(interaction).propose(challenge_id, guild_id, decision)
    view = _proposal_buttons(proposal)
    await interaction.followup.send(embed=render_proposal(proposal), view=view, ephemeral=True)


async def _edit_proposal(
    interaction: discord.Interaction[Any], challenge_id: int, guild_id: int, decision: Decision
) -> None:
    proposal = await challenge_service(interaction).propose(challenge_id, guild_id, decision)
    view = _proposal_buttons(proposal)
    await interaction.edit_original_response(embed=render_proposal(proposal), view=view)


def _proposal_buttons(proposal: Proposal) -> discord.ui.View:
    """Make the decision, choose other options, or leave it."""
    question, decision = proposal.item.question, proposal.decision
    items: list[_Item] = []
    if decision.key is not None and decision.key.number is None and question.kind is not QuestionKind.ORDER:
        items.append(KeySelect(proposal.challenge_id, question, decision.key))
    items += [ConfirmButton.of(proposal.challenge_id, decision, question), CancelButton()]
    return view_of(*items)


class ConfirmButton(
    discord.ui.DynamicItem[_Button], template=rf"{_ID}:do:(?P<verdict>corrected|retired):{_STAMP}:{_PACKED}"
):
    """Makes a decision whose effect has been read, once its note is written."""

    def __init__(self, challenge_id: int, verdict: Verdict, stamp: str, packed: str) -> None:
        label = "Correct the key" if verdict is Verdict.CORRECTED else "Retire the question"
        custom_id = f"challenge:{challenge_id}:do:{verdict}:{stamp}:{packed}"
        super().__init__(discord.ui.Button(label=label, style=_STYLES.danger, custom_id=custom_id))
        self._challenge_id = challenge_id
        self._verdict = verdict
        self._stamp = stamp
        self._packed = packed

    @classmethod
    def of(cls, challenge_id: int, decision: Decision, question: Question) -> Self:
        packed = pack_key(question, decision.key) if decision.key else ""
        return cls(challenge_id, decision.verdict, stamp_of(question), packed)

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), Verdict(match["verdict"]), match["stamp"], match["packed"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            guild_id = await check_mentor(interaction)
            _, item = await challenge_service(interaction).find_item(self._challenge_id, guild_id)
            decision = _unpacked(item, self._verdict, self._stamp, self._packed)
            await interaction.response.send_modal(_note_window(self._challenge_id, decision, item.question))


class CancelButton(discord.ui.DynamicItem[_Button], template=r"challenge:cancel"):
    """Leaves everything as it is."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(label="Cancel", style=_STYLES.secondary, custom_id="challenge:cancel"))

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.edit_message(content=NOTHING_CHANGED, embed=None, view=None)


async def send_undo(interaction: discord.Interaction[Any], question: str, guild_id: int) -> None:
    """What taking the newest decision about a question back would change, after the interaction has been deferred.

    Raises:
        MemberError: there is none.
    """
    proposal = await challenge_service(interaction).propose_undo(question, guild_id)
    view = view_of(UndoButton(question, proposal.stamp), CancelButton())
    await interaction.followup.send(embed=render_undo(proposal), view=view, ephemeral=True)


class UndoButton(
    discord.ui.DynamicItem[_Button],
    template=r"challenge:undo:(?P<stamp>[0-9a-f]{4}):(?P<question>[a-z0-9][a-z0-9-]{0,79})",
):
    """Takes a decision back whose effect has been read. A second click finds another decision, or none."""

    def __init__(self, question: str, stamp: str) -> None:
        custom_id = f"challenge:undo:{stamp}:{question}"
        super().__init__(discord.ui.Button(label="Take it back", style=_STYLES.danger, custom_id=custom_id))
        self._question = question
        self._stamp = stamp

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(match["question"], match["stamp"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            guild_id = await check_mentor(interaction)
            outcome = await challenge_service(interaction).undo(self._question, guild_id, self._stamp)
            await interaction.edit_original_response(content=say_undone(outcome), embed=None, view=None)
            await refresh_all(interaction.client, outcome, guild_id)


# What waits


async def send_waiting(interaction: discord.Interaction[Any], guild_id: int) -> None:
    """The questions of a server that wait, after the interaction has been deferred."""
    page = await challenge_service(interaction).list_waiting(guild_id)
    await interaction.followup.send(embed=render_waiting(page), view=_waiting_controls(page), ephemeral=True)


def _waiting_controls(page: WaitingPage) -> discord.ui.View:
    items: list[_Item] = [WaitingSelect(page)] if page.waiting else []
    if page.page > 0:
        items.append(PageButton(page.page - 1, "Previous page"))
    if page.page + 1 < page.pages:
        items.append(PageButton(page.page + 1, "Next page"))
    return view_of(*items)


class PageButton(discord.ui.DynamicItem[_Button], template=r"challenge:page:(?P<page>\d{1,4})"):
    """Turns to another page of what waits."""

    def __init__(self, page: int, label: str = "?") -> None:
        custom_id = f"challenge:page:{page}"
        super().__init__(discord.ui.Button(label=label, style=_STYLES.secondary, custom_id=custom_id))
        self._page = page

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            guild_id = await check_mentor(interaction)
            page = await challenge_service(interaction).list_waiting(guild_id, self._page)
            await interaction.edit_original_response(embed=render_waiting(page), view=_waiting_controls(page))


class WaitingSelect(discord.ui.DynamicItem[_Select], template=r"challenge:open"):
    """Shows one of the questions that wait, with what can be decided."""

    def __init__(self, page: WaitingPage | None) -> None:
        options = [
            discord.SelectOption(label=shorten(waiting.prompt, _OPTION_LIMIT), value=str(waiting.id))
            for waiting in (page.waiting if page else ())
        ]
        super().__init__(
            discord.ui.Select(placeholder="Look at a question", custom_id="challenge:open", options=options)
        )

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls(None)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            guild_id = await check_mentor(interaction)
            case = await challenge_service(interaction).show(int(self.item.values[0]), guild_id)
            await interaction.followup.send(embed=render_case(case), view=case_buttons(case), ephemeral=True)


# Windows


def _reason_window(round_id: int, position: int) -> discord.ui.Modal:
    return _Window(
        "Challenge this question",
        f"challenge:{round_id}:{position}:why",
        _Field("text", "What is wrong with it?", "Those who decide read it without your name.", is_long=True),
    )


def _note_window(challenge_id: int, decision: Decision, question: Question) -> discord.ui.Modal:
    custom_id = f"challenge:{challenge_id}:note:{decision.verdict}"
    if decision.verdict is Verdict.KEPT:
        hint = "Members who challenged it read this with their next quiz or review."
        return _Window("Keep this question", custom_id, _Field("text", "A note to them", hint, is_long=True, least=0))
    custom_id += f":{stamp_of(question)}:{pack_key(question, decision.key) if decision.key else ''}"
    if decision.verdict is Verdict.RETIRED:
        hint = "Members whose answers no longer count read this."
        return _Window("Retire this question", custom_id, _Field("text", "Why?", hint, is_long=True, least=0))
    hint = "Everybody reads this below the old explanation."
    return _Window("Correct the key", custom_id, _Field("text", "Why?", hint, is_long=True))


def _number_window(challenge_id: int, item: Item) -> discord.ui.Modal:
    unit = f"In {item.question.unit}. " if item.question.unit else ""
    number = format_number(item.key.number or 0.0)
    return _Window(
        "Correct the key",
        f"challenge:{challenge_id}:number:{stamp_of(item.question)}",
        _Field("text", "The right number", shorten(f"{unit}It is {number} now.", _OPTION_LIMIT), most=60, least=1),
        _Field(
            "tolerance",
            "How far off still counts as right?",
            "Nothing means exactly.",
            default=format_number(item.key.tolerance),
            most=60,
            least=0,
        ),
    )


def _order_window(challenge_id: int, item: Item) -> discord.ui.Modal:
    letters = _LETTERS[: len(item.question.options)]
    now = spell_order(item.question, item.key)
    return _Window(
        "Correct the key",
        f"challenge:{challenge_id}:order:{stamp_of(item.question)}",
        _Field("text", "The right order, in letters", f"Each of {letters} once; it is {now} now.", most=60, least=1),
    )


@dataclass(frozen=True, slots=True)
class _Field:
    """One text that a window asks for."""

    name: str
    label: str
    hint: str
    default: str | None = None
    is_long: bool = False
    least: int = REASON_LIMITS[0]
    most: int = REASON_LIMITS[1]


class _Window(discord.ui.Modal):
    """A window whose custom_id says everything. `read_window` reads what comes back, also after a restart."""

    def __init__(self, title: str, custom_id: str, *fields: _Field) -> None:
        super().__init__(title=title, custom_id=custom_id)
        for field in fields:
            text: discord.ui.TextInput[Self] = discord.ui.TextInput(
                custom_id=field.name,
                style=discord.TextStyle.paragraph if field.is_long else discord.TextStyle.short,
                default=field.default,
                required=field.least > 0,
                min_length=field.least or None,
                max_length=field.most,
            )
            self.add_item(discord.ui.Label(text=field.label, description=field.hint, component=text))
        self.stop()  # a stopped window is not remembered by discord.py


@dataclass(frozen=True, slots=True)
class Window:
    """A window that was sent: which one, and what was typed."""

    match: re.Match[str]
    typed: Mapping[str, str]

    @property
    def text(self) -> str:
        return self.typed.get("text", "")


def read_window(interaction: discord.Interaction[Any]) -> Window | None:
    """What was typed into a window of this feature; None if it is another one."""
    sent = read_fields(interaction, _WINDOWS)
    return None if sent is None else Window(*sent)


async def take_window(interaction: discord.Interaction[Any], window: Window) -> None:
    """Do what a window was for."""
    async with run_safely(interaction):
        if window.match["round"]:
            await _take_reason(interaction, window)
        elif window.match["typed"]:
            await _take_typed_key(interaction, window)
        else:
            await _take_note(interaction, window)


async def _take_reason(interaction: discord.Interaction[Any], window: Window) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    round_id, position = int(window.match["round"]), int(window.match["position"])
    challenge = await challenge_service(interaction).add(round_id, position, interaction.user.id, window.text)
    thanks = THANKS_DIRECTLY if challenge.guild_id is None else THANKS_HERE
    await interaction.edit_original_response(content=thanks)
    if challenge.guild_id is not None:
        await refresh_post(interaction.client, challenge.id, challenge.guild_id)


async def _take_typed_key(interaction: discord.Interaction[Any], window: Window) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    guild_id = await check_mentor(interaction)
    challenge_id = int(window.match["id"])
    _, item = await challenge_service(interaction).find_item(challenge_id, guild_id)
    if stamp_of(item.question) != window.match["stamp"]:
        raise MemberError(CHANGED)
    key = _read_number(item, window) if window.match["typed"] == "number" else _read_order(item, window)
    await _send_proposal(interaction, challenge_id, guild_id, Decision(Verdict.CORRECTED, key))


def _read_number(item: Item, window: Window) -> AnswerKey:
    number = parse_number(window.text, item.question.unit)
    if number is None:
        raise MemberError(NO_NUMBER)
    typed = window.typed.get("tolerance", "").strip()
    tolerance = parse_number(typed, item.question.unit) if typed else 0.0
    if tolerance is None or tolerance < 0:
        raise MemberError(NO_TOLERANCE)
    return AnswerKey(number=number, tolerance=tolerance)


def _read_order(item: Item, window: Window) -> AnswerKey:
    key = read_order(item.question, window.text)
    if key is None:
        letters = _LETTERS[: len(item.question.options)]
        raise MemberError(
            f"An order has each of the letters {letters[0]} to {letters[-1]} once. Click Correct the key once more."
        )
    return key


async def _take_note(interaction: discord.Interaction[Any], window: Window) -> None:
    verdict = Verdict(window.match["verdict"])
    is_kept = verdict is Verdict.KEPT  # its window was opened from the case, which stays as it is
    await (interaction.response.defer(ephemeral=True, thinking=True) if is_kept else interaction.response.defer())
    guild_id = await check_mentor(interaction)
    service = challenge_service(interaction)
    challenge_id = int(window.match["noted"])
    decision = Decision(verdict, note=window.text)
    if not is_kept:
        _, item = await service.find_item(challenge_id, guild_id)
        key = _unpacked(item, verdict, window.match["of"], window.match["key"]).key
        decision = Decision(verdict, key, window.text)
    outcome = await service.decide(challenge_id, guild_id, decision)
    await _show_outcome(interaction, outcome)
    await refresh_all(interaction.client, outcome, guild_id)


async def _show_outcome(interaction: discord.Interaction[Any], outcome: Outcome) -> None:
    await interaction.edit_original_response(content=say_outcome(outcome), embed=None, view=None)


def _unpacked(item: Item, verdict: Verdict, stamp: str, packed: str) -> Decision:
    """The decision that a button carries.

    Raises:
        MemberError: the question has changed since the button was sent.
    """
    key = unpack_key(item.question, packed) if verdict is Verdict.CORRECTED else None
    if stamp_of(item.question) != stamp or (verdict is Verdict.CORRECTED and key is None):
        raise MemberError(CHANGED)
    return Decision(verdict, key)


CHALLENGE_ITEMS = (
    ChallengeButton,
    CaseButton,
    KeySelect,
    ConfirmButton,
    CancelButton,
    UndoButton,
    PageButton,
    WaitingSelect,
)
"""What a client has to know so that buttons sent before a restart still work."""
