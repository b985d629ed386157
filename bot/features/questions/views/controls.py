"""What can be clicked below a question, below its feedback and at the end of a round.

Every custom_id says which question it is about and what has been chosen so far, so that neither a restart nor another
device loses anything. Places are those of the options as they are shown; the stamp tells whether they still are.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

import discord

from bot.errors import MemberError
from bot.features.questions.models import AskedQuestion, Confidence, Feedback, Response, RoundKind, RoundResult
from bot.features.questions.rules.numbers import parse_number
from bot.features.questions.service import QuestionChanged, QuestionService
from bot.features.questions.views.render import letter, render_asked, render_changed, render_feedback, render_result
from bot.ui.components import read_fields, view_of
from bot.ui.errors import run_safely
from bot.ui.text import shorten
from knowledge.models import QuestionKind

NO_NUMBER = "I cannot read that as a number. Write it as in 0.5, 1/3, 20 % or 1e-3, and try again."

_NO_CURRICULUM = "There is no curriculum here any more, so I have no questions. Ask me something with `/ask` instead."
_OPTION_LIMIT = 100
_INPUT_LABEL_LIMIT = 45
_UNIT_LIMIT = 30
_NUMBER_LIMIT = 40
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
"""One sign for each place in an order. Discord shows at most 25 options."""

_ADDRESS = r"q:(?P<round>\d{1,18}):(?P<position>\d{1,3}):(?P<stamp>[0-9a-f]{4,16})"
_WINDOW = re.compile(rf"{_ADDRESS}:n")

_Item = discord.ui.Item[Any]
_Button = discord.ui.Button[discord.ui.View]
_Select = discord.ui.Select[discord.ui.View]
_SECONDARY = discord.ButtonStyle.secondary
_PRIMARY = discord.ButtonStyle.primary


async def show_round(interaction: discord.Interaction[Any], shown: AskedQuestion | RoundResult, *, edit: bool) -> None:
    """Show a question or a result to the member, after the interaction has been deferred.

    With `edit` it takes the place of what the message shows, else it is a private message of its own.
    """
    if isinstance(shown, AskedQuestion):
        embed, view = render_asked(shown), question_controls(shown)
    else:
        embed, view = render_result(shown), result_controls(shown)
    if edit:
        await interaction.edit_original_response(content=None, embed=embed, view=view)
    else:
        await interaction.followup.send(embed=embed, view=view, ephemeral=True)


# What stands below what


def question_controls(
    question: AskedQuestion, *, chosen: Collection[int] = (), ordered: Sequence[int] = ()
) -> discord.ui.View:
    """What answers a question. `chosen` and `ordered` are the places of the options that have been picked so far."""
    address = _Address(question.round_id, question.position, question.stamp)
    return view_of(*_answering(question, address, chosen, ordered), QuestionButton(address, Do.UNKNOWN))


def feedback_controls(feedback: Feedback) -> discord.ui.View:
    """How sure the member was, if luck is likely; how it goes on; and what else can be done with the question."""
    round_id, position = feedback.question.round_id, feedback.question.position
    is_similar = feedback.question.round_kind is RoundKind.SIMILAR
    items: list[_Item] = []
    if feedback.asks_confidence:
        items += [FeedbackButton(round_id, position, then) for then in (Then.SURE, Then.GUESS)]
    if not is_similar:
        items.append(GoOnButton(round_id, label="Next question" if feedback.has_next else "See your result"))
    if feedback.has_similar:
        items.append(FeedbackButton(round_id, position, Then.ANOTHER if is_similar else Then.SIMILAR))
    if feedback.is_correct is not None:
        items.append(_foreign("Challenge this question", f"challenge:{round_id}:{position}", row=1))
    return view_of(*items)


def result_controls(result: RoundResult) -> discord.ui.View:
    """What is due, another quiz, or whether the results of a weekly quiz name the member."""
    items: list[_Item] = []
    if result.kind is RoundKind.WEEKLY and result.guild_id is not None:
        label = "Keep me out of the results" if result.is_ranked else "Name me in the results"
        items.append(_foreign(label, f"weekly:rank:{result.guild_id}:{0 if result.is_ranked else 1}"))
    if result.due_now:
        items.append(_foreign(f"Review what is due ({result.due_now})", "review:start", style=_PRIMARY))
    if result.kind is RoundKind.QUIZ:
        items.append(_foreign("Another quiz", "quiz:again"))
    return view_of(*items)


def _answering(
    question: AskedQuestion, address: "_Address", chosen: Collection[int], ordered: Sequence[int]
) -> Iterable[_Item]:
    match question.kind:
        case QuestionKind.SINGLE | QuestionKind.BOOLEAN:
            for place, option in enumerate(question.options):
                label = option.text if question.kind is QuestionKind.BOOLEAN else letter(place)
                yield QuestionButton(address, Do.CHOOSE, _DIGITS[place], label=label)
        case QuestionKind.MULTIPLE:
            yield ChosenSelect(address, _select_options(question, range(len(question.options)), chosen))
            if chosen:
                yield QuestionButton(address, Do.CHECK, str(_mask_of(chosen)))
        case QuestionKind.ORDER:
            yield from _ordering(question, address, ordered)
        case QuestionKind.NUMERIC:
            yield NumberButton(address, question.unit)


def _ordering(question: AskedQuestion, address: "_Address", ordered: Sequence[int]) -> Iterable[_Item]:
    left = [place for place in range(len(question.options)) if place not in ordered]
    written = "".join(_DIGITS[place] for place in ordered)
    if left:
        yield OrderSelect(address, written, _select_options(question, left))
    else:
        yield QuestionButton(address, Do.CHECK_ORDER, written)
    if ordered:
        yield QuestionButton(address, Do.START_OVER)


def _select_options(
    question: AskedQuestion, places: Iterable[int], chosen: Collection[int] = ()
) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(
            label=shorten(f"{letter(place)} · {question.options[place].text}", _OPTION_LIMIT),
            value=_DIGITS[place],
            default=place in chosen,
        )
        for place in places
    ]


def _foreign(label: str, custom_id: str, *, style: discord.ButtonStyle = _SECONDARY, row: int | None = None) -> _Button:
    """A button that another feature answers."""
    return discord.ui.Button(label=label, style=style, custom_id=custom_id, row=row)


# Which question, and what has been picked


@dataclass(frozen=True, slots=True)
class _Address:
    """Which question of which round, and how it was worded when it was asked."""

    round_id: int
    position: int
    stamp: str

    @classmethod
    def read(cls, match: re.Match[str]) -> Self:
        return cls(int(match["round"]), int(match["position"]), match["stamp"])

    def __str__(self) -> str:
        return f"q:{self.round_id}:{self.position}:{self.stamp}"


def _mask_of(places: Iterable[int]) -> int:
    return sum(1 << place for place in places)


def _places_in(mask: int) -> list[int]:
    return [place for place in range(mask.bit_length()) if mask >> place & 1]


def _places_of(written: Iterable[str]) -> list[int]:
    return [_DIGITS.index(sign) for sign in written]


@dataclass(frozen=True, slots=True)
class _Click:
    """A click on a question that has been acknowledged."""

    interaction: discord.Interaction[Any]
    service: QuestionService
    address: _Address

    async def find(self) -> AskedQuestion:
        """The question as this member sees it.

        Raises:
            QuestionChanged: it is not what it was when it was asked.
        """
        round_id, position = self.address.round_id, self.address.position
        question = await self.service.asked(round_id, position, self.interaction.user.id)
        if question.stamp != self.address.stamp:
            raise QuestionChanged
        return question

    async def show(self, question: AskedQuestion, *, chosen: Collection[int] = (), ordered: Sequence[int] = ()) -> None:
        """Show the question with what has been picked of it so far."""
        view = question_controls(question, chosen=chosen, ordered=ordered)
        await self.interaction.edit_original_response(content=None, embed=render_asked(question, ordered), view=view)

    async def answer(self, read: Callable[[AskedQuestion], Response]) -> None:
        """Answer the question with what `read` makes of the click, and show the feedback in its place."""
        response = read(await self.find())
        round_id, position, stamp = self.address.round_id, self.address.position, self.address.stamp
        feedback = await self.service.answer(round_id, position, self.interaction.user.id, response, stamp)
        await _show_feedback(self.interaction, feedback)


async def _on_click(
    interaction: discord.Interaction[Any], address: _Address, work: Callable[[_Click], Awaitable[None]]
) -> None:
    """Acknowledge a click and do its work. A question that has changed makes way for what comes now."""
    async with run_safely(interaction):
        await interaction.response.defer()
        try:
            await work(_Click(interaction, _service(interaction), address))
        except QuestionChanged as changed:
            view = view_of(GoOnButton(address.round_id, label="Go on"))
            await interaction.edit_original_response(content=None, embed=render_changed(str(changed)), view=view)


async def _show_feedback(interaction: discord.Interaction[Any], feedback: Feedback) -> None:
    embed, view = render_feedback(feedback), feedback_controls(feedback)
    await interaction.edit_original_response(content=None, embed=embed, view=view)


def _service(interaction: discord.Interaction[Any]) -> QuestionService:
    service: QuestionService | None = interaction.client.services.questions
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service


# Answers


class Do(StrEnum):
    """What a button below a question does; what is picked stands behind it."""

    CHOOSE = "c"
    CHECK = "k"
    CHECK_ORDER = "r"
    START_OVER = "s"
    UNKNOWN = "u"


_LABELS: Mapping[Do, str] = {
    Do.CHECK: "Check",
    Do.CHECK_ORDER: "Check",
    Do.START_OVER: "Start over",
    Do.UNKNOWN: "I don't know",
}


class QuestionButton(
    discord.ui.DynamicItem[_Button],
    template=rf"{_ADDRESS}:(?P<do>[{''.join(Do)}])(?P<picked>[0-9a-z]{{0,36}})",
):
    """Answers a question, or begins an order anew. A second click shows the same feedback again."""

    def __init__(self, address: _Address, do: Do, picked: str = "", *, label: str | None = None) -> None:
        is_grey = do in {Do.START_OVER, Do.UNKNOWN}
        super().__init__(
            discord.ui.Button(
                label=label or _LABELS.get(do, "?"),
                style=_SECONDARY if is_grey else _PRIMARY,
                custom_id=f"{address}:{do}{picked}",
            )
        )
        self._address = address
        self._do = do
        self._picked = picked

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(_Address.read(match), Do(match["do"]), match["picked"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async def work(click: _Click) -> None:
            if self._do is Do.START_OVER:
                await click.show(await click.find())
            else:
                await click.answer(self._read)

        await _on_click(interaction, self._address, work)

    def _read(self, question: AskedQuestion) -> Response:
        match self._do:
            case Do.UNKNOWN:
                return Response()
            case Do.CHECK:
                places = _places_in(int(self._picked))
            case _:
                places = _places_of(self._picked)
        return Response(tuple(_option_at(question, place) for place in places))


class ChosenSelect(discord.ui.DynamicItem[_Select], template=rf"{_ADDRESS}:m"):
    """Picks options of a multiple choice. They stay picked in the message until they are checked."""

    def __init__(self, address: _Address, options: list[discord.SelectOption]) -> None:
        super().__init__(
            discord.ui.Select(
                placeholder="Choose all that apply",
                custom_id=f"{address}:m",
                min_values=0,
                max_values=max(1, len(options)),
                options=options,
            )
        )
        self._address = address

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(_Address.read(match), [])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async def work(click: _Click) -> None:
            await click.show(await click.find(), chosen=_places_of(self.item.values))

        await _on_click(interaction, self._address, work)


class OrderSelect(discord.ui.DynamicItem[_Select], template=rf"{_ADDRESS}:o(?P<ordered>[0-9a-z]{{0,36}})"):
    """Picks what comes next in an order. The last one is placed by itself."""

    def __init__(self, address: _Address, ordered: str, options: list[discord.SelectOption]) -> None:
        placeholder = "What comes next?" if ordered else "What comes first?"
        super().__init__(discord.ui.Select(placeholder=placeholder, custom_id=f"{address}:o{ordered}", options=options))
        self._address = address
        self._ordered = ordered

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(_Address.read(match), match["ordered"], [])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async def work(click: _Click) -> None:
            question = await click.find()
            ordered = _places_of([*self._ordered, *self.item.values])
            left = [place for place in range(len(question.options)) if place not in ordered]
            await click.show(question, ordered=[*ordered, *left] if len(left) == 1 else ordered)

        await _on_click(interaction, self._address, work)


class NumberButton(discord.ui.DynamicItem[_Button], template=rf"{_ADDRESS}:n(?P<unit>[^:]{{0,{_UNIT_LIMIT}}})"):
    """Opens the window for a number. It carries the unit, as a window has to open before anything is looked up."""

    def __init__(self, address: _Address, unit: str | None) -> None:
        unit = (unit or "").replace(":", " ")[:_UNIT_LIMIT]
        super().__init__(discord.ui.Button(label="Enter your answer", style=_PRIMARY, custom_id=f"{address}:n{unit}"))
        self._address = address
        self._unit = unit

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(_Address.read(match), match["unit"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.send_modal(NumberWindow(self._address, self._unit))


class NumberWindow(discord.ui.Modal, title="Your answer"):
    """One line for a number."""

    def __init__(self, address: _Address, unit: str) -> None:
        super().__init__(custom_id=f"{address}:n")
        label = shorten(f"Your answer in {unit}" if unit else "Your answer", _INPUT_LABEL_LIMIT)
        field: discord.ui.TextInput[Self] = discord.ui.TextInput(
            custom_id="number", placeholder="For example 0.5, 1/3 or 1e-3", max_length=_NUMBER_LIMIT
        )
        self.add_item(discord.ui.Label(text=label, component=field))
        # A stopped window is not remembered by discord.py. `read_number` reads what comes back, also after a restart.
        self.stop()


def read_number(interaction: discord.Interaction[Any]) -> tuple[_Address, str] | None:
    """Which question a window was sent for, and what was typed; None if it is another window."""
    sent = read_fields(interaction, _WINDOW)
    if sent is None:
        return None
    match, typed = sent
    return _Address.read(match), next(iter(typed.values()), "")


async def take_number(interaction: discord.Interaction[Any], address: _Address, text: str) -> None:
    """Answer with the number that was typed, or say that it cannot be read, which does not count."""

    def read(question: AskedQuestion) -> Response:
        number = parse_number(text, question.unit)
        if number is None:
            raise MemberError(NO_NUMBER)
        return Response(number=number)

    await _on_click(interaction, address, lambda click: click.answer(read))


def _option_at(question: AskedQuestion, place: int) -> str:
    if place >= len(question.options):
        raise QuestionChanged
    return question.options[place].id


# After the answer


class Then(StrEnum):
    """What a button below the feedback does."""

    SURE = "sure"
    GUESS = "guess"
    SIMILAR = "similar"
    ANOTHER = "another"


_THEN_LABELS: Mapping[Then, str] = {
    Then.SURE: "I was sure",
    Then.GUESS: "I guessed",
    Then.SIMILAR: "Try a similar one",
    Then.ANOTHER: "Try another one",
}
_CONFIDENCES: Mapping[Then, Confidence] = {Then.SURE: Confidence.SURE, Then.GUESS: Confidence.GUESSED}


class FeedbackButton(
    discord.ui.DynamicItem[_Button],
    template=rf"q:(?P<round>\d{{1,18}}):(?P<position>\d{{1,3}}):(?P<then>{'|'.join(Then)})",
):
    """Notes how sure the member was, or asks a similar question.

    After a question of a round, a similar one is a message of its own, so that the round keeps its place.
    """

    def __init__(self, round_id: int, position: int, then: Then) -> None:
        super().__init__(
            discord.ui.Button(
                label=_THEN_LABELS[then],
                style=_PRIMARY if then is Then.ANOTHER else _SECONDARY,
                custom_id=f"q:{round_id}:{position}:{then}",
                row=0 if then in _CONFIDENCES else 1,
            )
        )
        self._round_id = round_id
        self._position = position
        self._then = then

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["round"]), int(match["position"]), Then(match["then"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            opens_another = self._then is Then.SIMILAR
            await interaction.response.defer(ephemeral=opens_another, thinking=opens_another)
            service, member_id = _service(interaction), interaction.user.id
            if confidence := _CONFIDENCES.get(self._then):
                feedback = await service.set_confidence(self._round_id, self._position, member_id, confidence)
                await _show_feedback(interaction, feedback)
            else:
                question = await service.begin_similar(self._round_id, self._position, member_id)
                await show_round(interaction, question, edit=not opens_another)


class GoOnButton(discord.ui.DynamicItem[_Button], template=r"q:(?P<round>\d{1,18}):next"):
    """Goes on with a round: its next question, or its result."""

    def __init__(self, round_id: int, *, label: str) -> None:
        super().__init__(discord.ui.Button(label=label, style=_PRIMARY, custom_id=f"q:{round_id}:next", row=1))
        self._round_id = round_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["round"]), label="Next question")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            service, guild_id = _service(interaction), interaction.guild_id
            shown = await service.show(self._round_id, interaction.user.id, guild_id=guild_id)
            if isinstance(shown, AskedQuestion):
                shown = replace(shown, is_resumed=False)  # the member has been here all the time
            await show_round(interaction, shown, edit=True)


QUESTION_ITEMS = (QuestionButton, ChosenSelect, OrderSelect, NumberButton, FeedbackButton, GoOnButton)
"""What a client has to know so that questions sent before a restart can still be answered."""
