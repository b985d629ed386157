"""What a member reads when a quiz begins or goes on, and the buttons around it, which outlive a restart."""

from typing import Any, Self

import discord
from discord.utils import format_dt

from bot.errors import MemberError
from bot.features.questions.views import question_controls, render_asked
from bot.features.quiz.models import NothingFresh, Quiz
from bot.features.quiz.service import QuizService
from bot.ui.components import view_of
from bot.ui.embeds import BLUE
from bot.ui.errors import run_safely

_NO_CURRICULUM = "There is no curriculum here any more, so I have no questions. Ask me something with `/ask` instead."
_REVIEW = "review:start"
"""The button that begins a round of reviews; that feature answers it."""

_Item = discord.ui.Item[discord.ui.View]
_Button = discord.ui.Button[discord.ui.View]


async def show_quiz(interaction: discord.Interaction[Any], found: Quiz | NothingFresh, *, edit: bool) -> None:
    """Show a quiz to the member, after the interaction has been deferred.

    With `edit` it takes the place of what the message shows, else it is a private message of its own.
    """
    if isinstance(found, NothingFresh):
        content, embed, view = None, render_nothing(found), review_button(found)
    else:
        content, embed, view = render_notes(found), render_asked(found.asked), quiz_controls(found)
    if edit:
        await interaction.edit_original_response(content=content, embed=embed, view=view)
    else:
        shown = view or discord.utils.MISSING
        await interaction.followup.send(content or discord.utils.MISSING, embed=embed, view=shown, ephemeral=True)


def render_notes(quiz: Quiz) -> str | None:
    """The lines above the first question, if there is anything to say."""
    asked = quiz.asked
    left = [f"You left this one at question {asked.number} of {asked.total}."] if quiz.is_resumed else []
    return "\n".join([*left, *quiz.notes]) or None


def render_nothing(nothing: NothingFresh) -> discord.Embed:
    """Why there is no quiz now, when there will be one, and what can be done instead."""
    why = (
        "You have answered all that I have on what you have met so far within the last 14 days. Asked again so soon, "
        f"a question shows little. The next fresh one comes {format_dt(nothing.fresh_at, 'R')}."
    )
    instead = "`/quiz topic:` asks on any topic that you choose, and `/next` goes on with your path."
    parts = [why, _about_reviews(nothing), instead]
    text = "\n\n".join(part for part in parts if part)
    return discord.Embed(title="Nothing fresh just now", description=text, colour=BLUE)


def _about_reviews(nothing: NothingFresh) -> str:
    if nothing.due_now:
        return f"{'1 review is' if nothing.due_now == 1 else f'{nothing.due_now} reviews are'} due now."
    return f"Your next review is due {format_dt(nothing.next_due_at, 'R')}." if nothing.next_due_at else ""


def quiz_controls(quiz: Quiz) -> discord.ui.View:
    """What answers the question; below a quiz that was left, also a way out of it."""
    view = question_controls(quiz.asked)
    return view.add_item(NewQuizButton()) if quiz.is_resumed else view


def review_button(nothing: NothingFresh) -> discord.ui.View | None:
    """The way to the reviews, if any are due."""
    if not nothing.due_now:
        return None
    label = f"Review what is due ({nothing.due_now})"
    return view_of(discord.ui.Button(label=label, style=discord.ButtonStyle.primary, custom_id=_REVIEW))


class NewQuizButton(discord.ui.DynamicItem[_Button], template=r"quiz:new"):
    """Begins a new quiz in place of the one that was left."""

    def __init__(self) -> None:
        super().__init__(
            discord.ui.Button(label="Start a new one", style=discord.ButtonStyle.secondary, custom_id="quiz:new", row=4)
        )

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: object) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            found = await find_service(interaction).begin_new(interaction.user.id, guild_id=interaction.guild_id)
            await show_quiz(interaction, found, edit=True)


class AnotherQuizButton(discord.ui.DynamicItem[_Button], template=r"quiz:again"):
    """Begins a quiz like the last one, in a message of its own, so that its result stays."""

    def __init__(self) -> None:
        super().__init__(
            discord.ui.Button(label="Another quiz", style=discord.ButtonStyle.secondary, custom_id="quiz:again")
        )

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: object) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            found = await find_service(interaction).begin_another(interaction.user.id, guild_id=interaction.guild_id)
            await show_quiz(interaction, found, edit=False)


QUIZ_ITEMS = (NewQuizButton, AnotherQuizButton)
"""What a client has to know so that buttons sent before a restart still work."""


def find_service(interaction: discord.Interaction[Any]) -> QuizService:
    """The service of this client.

    Raises:
        MemberError: there is no curriculum any more.
    """
    service: QuizService | None = interaction.client.services.quiz
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service
