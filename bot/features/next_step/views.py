"""What a member reads of a recommendation, and the buttons below it, which outlive a restart.

Each button carries the id of the recommendation, and the service knows what became of it: a second click, an old one
or one of somebody else does no harm.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import discord

from bot.errors import MemberError
from bot.features.next_step.models import DUE, Action, Fate, Kind, Noted, ProjectChoice, Recommendation
from bot.features.next_step.service import NextStepService
from bot.features.probe.models import Purpose
from bot.features.probe.views import begin_probe
from bot.features.progress.announce import announce
from bot.features.progress.rules.path import OWN_PROJECT
from bot.features.progress.rules.rhythm import format_minutes
from bot.features.review.views import begin_review
from bot.ui.embeds import BLUE
from bot.ui.errors import run_safely
from bot.ui.text import EMBED_DESCRIPTION_LIMIT, EMBED_FIELD_LIMIT, EMBED_TITLE_LIMIT, escape, shorten

SITTING = range(5, 481)
"""Minutes that a member may say they have."""

_OPTION_LIMIT = 100
_MOST_IDEAS = 24
_CONCEPT_QUESTIONS = 3
_NO_CURRICULUM = "There is no curriculum here any more, so I have nothing to suggest. Ask me something with `/ask`."
_NEWCOMER = "I do not know you yet. `/start` takes a minute, and then I can suggest what fits you."
_PUT_OFF = "Put off until tomorrow. Here is something else."
_ANYWAY = "All right, here is something anyway."
_TAKEN_BACK = "Taken back."
_GONE = "Taken back. That suggestion does not fit any more, so ask for a new one."

_Item = discord.ui.Item[discord.ui.View]
_Button = discord.ui.Button[discord.ui.View]
_Select = discord.ui.Select[discord.ui.View]


# Embeds


def render_recommendation(recommendation: Recommendation) -> discord.Embed:
    """One thing to do now: what it is, why, how long it takes, where it is, and what one can do afterwards."""
    parts = [f"*{recommendation.source}*"] if recommendation.source else []
    parts.append(f"**Why now** {recommendation.reason}")
    if time := _estimate(recommendation):
        parts.append(f"**Time** {time}")
    if recommendation.outcome:
        parts.append(f"**Afterwards** {recommendation.outcome}")
    embed = discord.Embed(
        title=shorten(recommendation.title, EMBED_TITLE_LIMIT),
        url=recommendation.url,
        description=shorten("\n\n".join(parts), EMBED_DESCRIPTION_LIMIT),
        colour=BLUE,
    )
    if recommendation.motivation:
        words = shorten(escape(recommendation.motivation), EMBED_FIELD_LIMIT - 2)
        embed.add_field(name="You wrote why you learn", value=f"> {words}", inline=False)
    if recommendation.is_newcomer:
        embed.add_field(name="New here?", value=_NEWCOMER, inline=False)
    return embed


def _estimate(recommendation: Recommendation) -> str:
    if not recommendation.minutes:
        return ""
    now = format_minutes(recommendation.minutes)
    if not recommendation.is_longer or recommendation.minutes_left is None:
        return f"About {now}."
    whole = format_minutes(recommendation.minutes_left)
    if recommendation.fate is Fate.STARTED:
        return f"{now} now, about {whole} left of it."
    return f"{now} now, about {whole} for the whole of it."


def render_explanation(text: str) -> discord.Embed:
    """Why a recommendation was made."""
    return discord.Embed(title="Why this?", description=shorten(text, EMBED_DESCRIPTION_LIMIT), colour=BLUE)


def render_projects(choice: ProjectChoice) -> discord.Embed:
    """What a project is chosen from."""
    text = (
        f"Choose the project of step {choice.step}. The list begins with the easiest, and `/ask` tells more about each:"
        " its data, a baseline and what to aim for. You can choose again later; what you have done stays noted."
    )
    return discord.Embed(title=f"Your project for step {choice.step}", description=text, colour=BLUE)


# What can be clicked


class Do(StrEnum):
    """What a button below a recommendation does."""

    FINISH = "finish"
    WORK = "work"
    START = "start"
    BEGIN = "begin"
    KNOW = "know"
    DECLINE = "decline"
    ANYWAY = "anyway"
    WHY = "why"
    MORE = "more"
    PROJECT = "project"


_LABELS: Mapping[Do, str] = {
    Do.FINISH: "Finished",
    Do.WORK: "Worked on it",
    Do.START: "Start",
    Do.BEGIN: "Begin",
    Do.KNOW: "I know this",
    Do.DECLINE: "Not now",
    Do.ANYWAY: "Something anyway",
    Do.WHY: "Why this?",
    Do.MORE: "What next?",
    Do.PROJECT: "Choose another project",
}
_KEEPS_MINUTES = frozenset({Do.START, Do.DECLINE, Do.ANYWAY})
"""What shows another recommendation, or this one again, for the same sitting."""
_STYLES: Mapping[Do, discord.ButtonStyle] = {
    Do.FINISH: discord.ButtonStyle.success,
    Do.BEGIN: discord.ButtonStyle.primary,
    Do.MORE: discord.ButtonStyle.primary,
}
_BY_KIND: Mapping[Kind, tuple[Do, ...]] = {
    Kind.STUDY: (Do.FINISH, Do.WORK, Do.START, Do.DECLINE, Do.KNOW),
    Kind.RESTUDY: (Do.FINISH, Do.DECLINE),
    Kind.REVIEW: (Do.BEGIN, Do.DECLINE),
    Kind.PROBE: (Do.BEGIN, Do.DECLINE),
    Kind.CHOOSE: (Do.DECLINE,),
    Kind.REST: (Do.ANYWAY,),
    Kind.BEYOND: (Do.FINISH, Do.WORK, Do.DECLINE),
    Kind.MENTOR: (Do.FINISH, Do.DECLINE),
}


def recommendation_buttons(
    recommendation: Recommendation, minutes: int | None = None, projects: ProjectChoice | None = None
) -> discord.ui.View:
    """What can be done with a recommendation. `minutes` is how long the member said they have."""
    view = discord.ui.View(timeout=None)
    if recommendation.id is None:
        return view
    if projects is not None:
        view.add_item(ProjectSelect(projects.id, projects))
    if recommendation.url:
        view.add_item(discord.ui.Button(label="Open", url=recommendation.url))
    for do in _fitting(recommendation):
        label = f"{_LABELS[do]} for {format_minutes(recommendation.minutes)}" if do is Do.WORK else None
        view.add_item(NextButton(recommendation.id, do, minutes, label=label))
    return view


def _fitting(recommendation: Recommendation) -> Iterator[Do]:
    is_milestone = recommendation.kind is Kind.STUDY and recommendation.target.startswith("capstone:")
    unfit = {
        Do.WORK: not recommendation.is_longer,
        Do.START: recommendation.fate is Fate.STARTED,
        Do.KNOW: is_milestone,
    }
    yield from (do for do in _BY_KIND[recommendation.kind] if not unfit.get(do))
    if is_milestone:
        yield Do.PROJECT
    yield Do.WHY


def noted_buttons(noted: Noted) -> discord.ui.View:
    """How it goes on, and undo. What has only been started goes on with the same buttons."""
    view = discord.ui.View(timeout=None)
    if noted.action is Action.FINISH and noted.asks:
        view.add_item(NextButton(noted.id, Do.BEGIN, label="Three questions"))
    view.add_item(NextButton(noted.id, Do.MORE))
    if noted.action is Action.CHOOSE:
        return view.add_item(NextButton(noted.id, Do.PROJECT))
    return view if noted.action is Action.BEGIN else view.add_item(UndoButton(noted.id, noted.change_id))


def project_menu(choice: ProjectChoice) -> discord.ui.View:
    """The list of projects, with what was chosen before."""
    view = discord.ui.View(timeout=None)
    view.add_item(ProjectSelect(choice.id, choice))
    return view.add_item(NextButton(choice.id, Do.MORE, label="Leave it as it is"))


async def send_next_step(interaction: discord.Interaction[Any], minutes: int | None = None) -> None:
    """Send the next step to the member alone, after the interaction has been answered or deferred."""
    service = _service(interaction)
    recommendation = await service.recommend(interaction.user.id, minutes, guild_id=interaction.guild_id)
    view = await _buttons(interaction, service, recommendation, minutes)
    await interaction.followup.send(embed=render_recommendation(recommendation), view=view, ephemeral=True)


async def _buttons(
    interaction: discord.Interaction[Any],
    service: NextStepService,
    recommendation: Recommendation,
    minutes: int | None = None,
) -> discord.ui.View:
    projects = None
    if recommendation.kind is Kind.CHOOSE and recommendation.id is not None:
        projects = await service.list_projects(recommendation.id, interaction.user.id)
    return recommendation_buttons(recommendation, minutes, projects)


def _service(interaction: discord.Interaction[Any]) -> NextStepService:
    service: NextStepService | None = interaction.client.services.next_step
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service


# Buttons


class NextButton(
    discord.ui.DynamicItem[_Button],
    template=rf"next:(?P<id>\d{{1,18}}):(?P<do>{'|'.join(Do)})(?::(?P<minutes>\d{{1,3}}))?",
):
    """One of the buttons below a recommendation. Some keep how long the member has."""

    def __init__(self, recommendation_id: int, do: Do, minutes: int | None = None, *, label: str | None = None) -> None:
        keeps_minutes = minutes in SITTING and do in _KEEPS_MINUTES
        super().__init__(
            discord.ui.Button(
                label=label or _LABELS[do],
                style=_STYLES.get(do, discord.ButtonStyle.secondary),
                custom_id=f"next:{recommendation_id}:{do}" + (f":{minutes}" if keeps_minutes else ""),
            )
        )
        self._recommendation_id = recommendation_id
        self._do = do
        self._minutes = minutes if keeps_minutes else None

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), Do(match["do"]), int(match["minutes"]) if match["minutes"] else None)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            is_private_reply = self._do is Do.WHY
            await interaction.response.defer(ephemeral=is_private_reply, thinking=is_private_reply)
            click = _Click(interaction, _service(interaction), self._recommendation_id, self._minutes)
            await _CALLBACKS[self._do](click)


class UndoButton(discord.ui.DynamicItem[_Button], template=r"next:(?P<id>\d{1,18}):undo(?::(?P<change>\d{1,18}))?"):
    """Takes back what was noted, and shows the recommendation again."""

    def __init__(self, recommendation_id: int, change_id: int | None = None) -> None:
        change = "" if change_id is None else f":{change_id}"
        super().__init__(discord.ui.Button(label="Undo", custom_id=f"next:{recommendation_id}:undo{change}"))
        self._recommendation_id = recommendation_id
        self._change_id = change_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]), int(match["change"]) if match["change"] else None)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            service = _service(interaction)
            recommendation = await service.undo(
                self._recommendation_id, interaction.user.id, self._change_id, guild_id=interaction.guild_id
            )
            if recommendation is None:
                view = discord.ui.View(timeout=None).add_item(NextButton(self._recommendation_id, Do.MORE))
                await interaction.edit_original_response(content=_GONE, embed=None, view=view)
            else:
                view = await _buttons(interaction, service, recommendation)
                embed = render_recommendation(recommendation)
                await interaction.edit_original_response(content=_TAKEN_BACK, embed=embed, view=view)
            await announce(interaction.client, interaction.user.id)


class ProjectSelect(discord.ui.DynamicItem[_Select], template=r"next:(?P<id>\d{1,18}):choose"):
    """Chooses a project from the ideas of a step, or one's own."""

    def __init__(self, recommendation_id: int, choice: ProjectChoice | None = None) -> None:
        super().__init__(
            discord.ui.Select(
                placeholder="Choose a project",
                custom_id=f"next:{recommendation_id}:choose",
                options=list(_project_options(choice)) if choice else [],
            )
        )
        self._recommendation_id = recommendation_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            project = self.item.values[0] if self.item.values else ""
            noted = await _service(interaction).choose(self._recommendation_id, interaction.user.id, project)
            await interaction.edit_original_response(content=noted.text, embed=None, view=noted_buttons(noted))


def _project_options(choice: ProjectChoice) -> Iterator[discord.SelectOption]:
    for idea in choice.ideas[:_MOST_IDEAS]:
        yield discord.SelectOption(
            label=shorten(idea.title, _OPTION_LIMIT),
            description=f"Difficulty {idea.difficulty} of 5, {idea.hours}",
            value=idea.id,
            default=idea.id == choice.chosen,
        )
    yield discord.SelectOption(
        label="My own idea",
        description="With the milestones that fit any project",
        value=OWN_PROJECT,
        default=choice.chosen == OWN_PROJECT,
    )


NEXT_ITEMS = (NextButton, UndoButton, ProjectSelect)
"""What a client has to know so that buttons sent before a restart still work."""


# What the buttons do


@dataclass(frozen=True, slots=True)
class _Click:
    """A click that has been acknowledged."""

    interaction: discord.Interaction[Any]
    service: NextStepService
    id: int
    minutes: int | None

    @property
    def member_id(self) -> int:
        return self.interaction.user.id

    @property
    def guild_id(self) -> int | None:
        return self.interaction.guild_id

    async def show(self, recommendation: Recommendation, text: str | None = None, *, undoes: bool = False) -> None:
        """Put a recommendation in place of what the message showed; with `undoes`, the last click can be undone."""
        view = await _buttons(self.interaction, self.service, recommendation, self.minutes)
        if undoes:
            view.add_item(UndoButton(self.id))
        embed = render_recommendation(recommendation)
        await self.interaction.edit_original_response(content=text, embed=embed, view=view)

    async def note(self, noted: Noted) -> None:
        """Say in place of the recommendation what was noted."""
        await self.interaction.edit_original_response(content=noted.text, embed=None, view=noted_buttons(noted))

    async def tell_servers(self, noted: Noted) -> None:
        if noted.change_id is not None:
            await announce(self.interaction.client, self.member_id, noted.reached)


async def _finish(click: _Click) -> None:
    noted = await click.service.finish(click.id, click.member_id)
    await click.note(noted)
    await click.tell_servers(noted)


async def _work(click: _Click) -> None:
    noted = await click.service.work_on(click.id, click.member_id)
    await click.note(noted)
    await click.tell_servers(noted)


async def _start(click: _Click) -> None:
    """What was started keeps its buttons, so that it can be finished here."""
    noted = await click.service.start(click.id, click.member_id)
    recommendation = await click.service.show(click.id, click.member_id, guild_id=click.guild_id)
    if recommendation is None:
        await click.note(noted)
        return
    view = await _buttons(click.interaction, click.service, recommendation, click.minutes)
    view.add_item(UndoButton(noted.id, noted.change_id))
    embed = render_recommendation(recommendation)
    await click.interaction.edit_original_response(content=noted.text, embed=embed, view=view)


async def _begin(click: _Click) -> None:
    noted = await click.service.begin(click.id, click.member_id)
    await click.note(noted)
    if noted.kind is Kind.REVIEW and noted.target == DUE:
        await begin_review(click.interaction)
    else:
        await begin_probe(click.interaction, *_probe_of(noted))


async def _know(click: _Click) -> None:
    noted = await click.service.know(click.id, click.member_id)
    await click.note(noted)
    if noted.asks:
        await begin_probe(click.interaction, Purpose.ITEM, noted.target)
    await click.tell_servers(noted)


async def _decline(click: _Click) -> None:
    recommendation = await _put_off(click)
    await click.show(recommendation, _PUT_OFF, undoes=True)


async def _do_something_anyway(click: _Click) -> None:
    await click.show(await _put_off(click), _ANYWAY)


async def _put_off(click: _Click) -> Recommendation:
    return await click.service.decline(click.id, click.member_id, click.minutes, guild_id=click.guild_id)


async def _explain(click: _Click) -> None:
    text = await click.service.explain(click.id, click.member_id, guild_id=click.guild_id)
    await click.interaction.followup.send(embed=render_explanation(text), ephemeral=True)


async def _show_more(click: _Click) -> None:
    await click.show(await click.service.recommend(click.member_id, guild_id=click.guild_id))


async def _show_projects(click: _Click) -> None:
    choice = await click.service.list_projects(click.id, click.member_id)
    await click.interaction.edit_original_response(
        content=None, embed=render_projects(choice), view=project_menu(choice)
    )


def _probe_of(noted: Noted) -> tuple[Purpose, str]:
    match noted.kind:
        case Kind.RESTUDY:
            return Purpose.REVIEW, ",".join([noted.target] * _CONCEPT_QUESTIONS)
        case Kind.PROBE if noted.target.startswith("step:"):
            return Purpose.STEP, noted.target
        case Kind.PROBE:
            return Purpose.ITEM, noted.target
        case _:
            return Purpose.REVIEW, noted.target


_CALLBACKS: Mapping[Do, Callable[[_Click], Awaitable[None]]] = {
    Do.FINISH: _finish,
    Do.WORK: _work,
    Do.START: _start,
    Do.BEGIN: _begin,
    Do.KNOW: _know,
    Do.DECLINE: _decline,
    Do.ANYWAY: _do_something_anyway,
    Do.WHY: _explain,
    Do.MORE: _show_more,
    Do.PROJECT: _show_projects,
}
