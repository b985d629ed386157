"""What a member reads of a probe, and its buttons, which outlive a restart.

Marks always come with words, and a button carries only a letter: an option may be longer than a label.
"""

import re
import string
from typing import Any, Self

import discord

from bot.errors import MemberError
from bot.features.probe.models import ProbeFeedback, ProbeQuestion, ProbeResult, Purpose
from bot.features.probe.rules import PER_PLACEMENT_STEP, right_needed
from bot.features.probe.service import ProbeService, QuestionGone
from bot.features.progress.announce import announce
from bot.ui.embeds import BLUE
from bot.ui.errors import run_safely
from bot.ui.text import EMBED_DESCRIPTION_LIMIT, EMBED_FIELD_LIMIT, EMBED_TITLE_LIMIT, link, literal, shorten

_LABEL_LIMIT = 80
_NO_CURRICULUM = "There is no curriculum here any more, so I have no questions. Ask me something with `/ask` instead."
_UNKNOWN = "Not knowing it yet is fine. Now you have seen it once."
_GOES_QUICKLY = "What you know already goes quickly there."

_Item = discord.ui.Item[discord.ui.View]
_Button = discord.ui.Button[discord.ui.View]


async def begin_probe(interaction: discord.Interaction[Any], purpose: Purpose, target: str | None = None) -> None:
    """Send the first question of a probe to the member alone. For callbacks of other features, inside `run_safely`.

    Raises:
        MemberError: there is no question for it.
    """
    if not interaction.response.is_done():
        await interaction.response.defer(ephemeral=True, thinking=True)
    question = await _service(interaction).begin(interaction.user.id, purpose, target)
    await interaction.followup.send(embed=render_question(question), view=question_buttons(question), ephemeral=True)


# Embeds


def render_question(question: ProbeQuestion) -> discord.Embed:
    """One question with its options as a lettered list; True and False need no list."""
    parts = [literal(question.prompt)]
    if question.is_resumed:
        parts.insert(0, "*You began these questions earlier, and they go on where you left.*")
    if not question.is_boolean:
        options = enumerate(question.options)
        parts.append("\n".join(f"**{_letter(place)}** · {literal(option)}" for place, option in options))
    embed = _embed(question.subject, parts)
    if question.total > 1:
        embed.set_footer(text=f"{_number(question)} · You can leave at any time; I keep your place.")
    return embed


def render_feedback(feedback: ProbeFeedback) -> discord.Embed:
    """Whether the answer was right, what is right and why, where the chosen one fails, and where it stands."""
    question = feedback.question
    given = _UNKNOWN if feedback.choice is None else f"**You chose** {_option(question, feedback.choice)}"
    parts = [literal(question.prompt), given]
    if feedback.remark:
        parts[-1] += f"\n{literal(feedback.remark)}"
    if not feedback.is_correct:
        parts.append(f"**Right is** {_option(question, feedback.right)}")
    parts.append(literal(feedback.explanation))
    embed = _embed("✅ Right" if feedback.is_correct else "❌ Not quite", parts)
    source = feedback.source
    place = f"{source.title} › {source.heading}" if source.heading else source.title
    taught = f"{place} · taught in {link(source.place, source.url)}"
    embed.add_field(name="Source", value=shorten(taught, EMBED_FIELD_LIMIT), inline=False)
    footer = [_number(question)] if question.total > 1 else []
    if feedback.is_repeat:
        footer.append("You have answered this one before, and the first answer counts.")
    elif isinstance(feedback.next, ProbeResult) and _is_try(feedback.next) and not feedback.next.has_more:
        footer.append("That was my last fresh question on this for now.")
    return embed.set_footer(text=" · ".join(footer)) if footer else embed


def render_result(result: ProbeResult, note: str | None = None) -> discord.Embed:
    """How many were right, and what that means for the path. A `note` says what has been decided since."""
    parts = [f"**{literal(result.subject)}**", note or _verdict(result)]
    embed = _embed(f"{result.right} of {result.asked} right", parts)
    if result.missed:
        missed = "\n".join(f"- {literal(title)}" for title in result.missed)
        is_placement = result.purpose is Purpose.PLACEMENT
        name = "Your path comes to these" if is_placement else "Worth a second look"
        embed.add_field(name=name, value=shorten(missed, EMBED_FIELD_LIMIT), inline=False)
    if result.skippable:
        embed.set_footer(text="/progress undo takes a skip back.")
    elif note is None:
        embed.set_footer(text="/next shows what to do now.")
    return embed


def _verdict(result: ProbeResult) -> str:
    match result.purpose:
        case Purpose.PLACEMENT:
            return _placement_verdict(result)
        case Purpose.STEP | Purpose.ITEM:
            return _skip_verdict(result)
        case Purpose.CONCEPT | Purpose.REVIEW:
            is_whole = result.right == result.asked
            return "It is all still there." if is_whole else "A second look brings back what has slipped."


def _placement_verdict(result: ProbeResult) -> str:
    if result.skippable:
        titles = "\n".join(f"- {literal(it.title)}" for it in result.skippable)
        return (
            f"All of your answers were right on what follows, so you may skip it:\n{titles}\n\n"
            f"If a guess was among them, keep it. {_GOES_QUICKLY}"
        )
    if result.passed:
        return "What your answers cover is off your path already."
    return (
        f"Skipping a step takes {PER_PLACEMENT_STEP} right answers on it, so nothing is skipped and your path begins "
        "with step 1. "
        f"{_GOES_QUICKLY}"
    )


def _skip_verdict(result: ProbeResult) -> str:
    if result.skippable:
        return f"That is enough to skip it. Keeping it is just as good. {_GOES_QUICKLY}"
    if result.settles:
        return "That is enough, and there is nothing left in it to skip."
    needed = right_needed(result.asked)
    how_many = f"all {needed}" if needed == result.asked else f"{needed} of {result.asked}"
    return f"Skipping it takes {how_many}, so it stays on your path. {_GOES_QUICKLY}"


def _embed(title: str, parts: list[str]) -> discord.Embed:
    text = shorten("\n\n".join(parts), EMBED_DESCRIPTION_LIMIT)
    return discord.Embed(title=shorten(title, EMBED_TITLE_LIMIT), description=text, colour=BLUE)


def _option(question: ProbeQuestion, place: int) -> str:
    text = literal(question.options[place])
    return text if question.is_boolean else f"**{_letter(place)}** · {text}"


def _number(question: ProbeQuestion) -> str:
    return f"Question {question.number} of {'at most ' if question.may_end_early else ''}{question.total}"


def _letter(place: int) -> str:
    return string.ascii_uppercase[place]


def _is_try(result: ProbeResult) -> bool:
    return result.purpose is Purpose.CONCEPT


# Buttons


def question_buttons(question: ProbeQuestion) -> discord.ui.View:
    """One button for each option, and one for those who do not know."""
    view = discord.ui.View(timeout=None)
    for place, option in enumerate(question.options):
        label = option if question.is_boolean else _letter(place)
        view.add_item(ProbeButton(question.probe_id, question.position, place, label=label))
    return view.add_item(ProbeButton(question.probe_id, question.position, None))


def feedback_buttons(feedback: ProbeFeedback) -> discord.ui.View | None:
    """How it goes on; after a single question to try, with another one if there is any."""
    going_on = feedback.next
    view = discord.ui.View(timeout=None)
    if isinstance(going_on, ProbeQuestion):
        return view.add_item(NextQuestionButton(going_on.probe_id))
    if not _is_try(going_on):
        return view.add_item(NextQuestionButton(going_on.probe_id, label="See result"))
    return view.add_item(AnotherQuestionButton(going_on.probe_id)) if going_on.has_more else None


def result_buttons(result: ProbeResult) -> discord.ui.View | None:
    """One button for each thing that may be skipped, and one to keep it all."""
    if not result.skippable:
        return None
    view = discord.ui.View(timeout=None)
    for it in result.skippable:
        view.add_item(SkipButton(result.probe_id, it.step))
    return view.add_item(KeepButton(result.probe_id))


class ProbeButton(
    discord.ui.DynamicItem[_Button],
    template=r"probe:(?P<id>\d{1,18}):(?P<position>\d{1,3}):(?P<choice>\d{1,2}|unknown)",
):
    """Answers a question; without a choice it says "I don't know". A second click shows the same feedback again."""

    def __init__(self, probe_id: int, position: int, choice: int | None, *, label: str = "") -> None:
        super().__init__(
            discord.ui.Button(
                label="I don't know" if choice is None else label[:_LABEL_LIMIT] or _letter(choice),
                style=discord.ButtonStyle.secondary if choice is None else discord.ButtonStyle.primary,
                custom_id=f"probe:{probe_id}:{position}:{'unknown' if choice is None else choice}",
            )
        )
        self._probe_id = probe_id
        self._position = position
        self._choice = choice

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        choice = None if match["choice"] == "unknown" else int(match["choice"])
        return cls(int(match["id"]), int(match["position"]), choice, label="?")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            try:
                feedback = await _service(interaction).answer(
                    self._probe_id, self._position, interaction.user.id, self._choice
                )
            except QuestionGone as gone:
                view = discord.ui.View(timeout=None).add_item(NextQuestionButton(self._probe_id))
                await interaction.edit_original_response(embed=_embed("A changed question", [str(gone)]), view=view)
                return
            await interaction.edit_original_response(embed=render_feedback(feedback), view=feedback_buttons(feedback))


class NextQuestionButton(discord.ui.DynamicItem[_Button], template=r"probe:(?P<id>\d{1,18}):next"):
    """Goes on with a probe: its next question, or its result."""

    def __init__(self, probe_id: int, *, label: str = "Next question") -> None:
        super().__init__(
            discord.ui.Button(label=label, style=discord.ButtonStyle.primary, custom_id=f"probe:{probe_id}:next")
        )
        self._probe_id = probe_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            shown = await _service(interaction).show(self._probe_id, interaction.user.id)
            await _edit(interaction, shown)


class AnotherQuestionButton(discord.ui.DynamicItem[_Button], template=r"probe:(?P<id>\d{1,18}):again"):
    """Asks another question on the same concept."""

    def __init__(self, probe_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Another question", style=discord.ButtonStyle.primary, custom_id=f"probe:{probe_id}:again"
            )
        )
        self._probe_id = probe_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            await _edit(interaction, await _service(interaction).again(self._probe_id, interaction.user.id))


class SkipButton(discord.ui.DynamicItem[_Button], template=r"probe:(?P<id>\d{1,18}):skip(?::(?P<step>\d))?"):
    """Marks what a passed probe covers as known: a step, or a part of the path."""

    def __init__(self, probe_id: int, step: int | None) -> None:
        super().__init__(
            discord.ui.Button(
                label="Skip this part" if step is None else f"Skip step {step}",
                style=discord.ButtonStyle.primary,
                custom_id=f"probe:{probe_id}:skip" + ("" if step is None else f":{step}"),
            )
        )
        self._probe_id = probe_id
        self._step = step

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), int(match["step"]) if match["step"] else None)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            service = _service(interaction)
            count = await service.skip(self._probe_id, interaction.user.id, self._step)
            await _edit(
                interaction, await service.show(self._probe_id, interaction.user.id), _skipped(count, self._step)
            )
            await announce(interaction.client, interaction.user.id)


class KeepButton(discord.ui.DynamicItem[_Button], template=r"probe:(?P<id>\d{1,18}):keep"):
    """Leaves the path as it is."""

    def __init__(self, probe_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Keep it on my path", style=discord.ButtonStyle.secondary, custom_id=f"probe:{probe_id}:keep"
            )
        )
        self._probe_id = probe_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            shown = await _service(interaction).show(self._probe_id, interaction.user.id)
            note = "It stays on your path. `/next` shows what to do now."
            if isinstance(shown, ProbeResult):
                await interaction.edit_original_response(embed=render_result(shown, note), view=None)


PROBE_BUTTONS = (ProbeButton, NextQuestionButton, AnotherQuestionButton, SkipButton, KeepButton)
"""What a client has to know so that buttons sent before a restart still work."""


async def _edit(
    interaction: discord.Interaction[Any], shown: ProbeQuestion | ProbeResult, note: str | None = None
) -> None:
    """Show the next question, or the result, in place of what the message showed."""
    if isinstance(shown, ProbeQuestion):
        await interaction.edit_original_response(embed=render_question(shown), view=question_buttons(shown))
    else:
        await interaction.edit_original_response(embed=render_result(shown, note), view=result_buttons(shown))


def _skipped(count: int, step: int | None) -> str:
    what = "This part" if step is None else f"Step {step}"
    if count == 0:
        return f"{what} is off your path already. `/progress undo` takes a skip back."
    parts = "" if step is None else f": {count} part is" if count == 1 else f": {count} parts are"
    known = " is marked as known" if step is None else f"{parts} marked as known"
    back = "takes that back, one part at a time" if count > 1 else "takes that back"
    return f"{what}{known} and off your path. `/progress undo` {back}."


def _service(interaction: discord.Interaction[Any]) -> ProbeService:
    service: ProbeService | None = interaction.client.services.probe
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service
