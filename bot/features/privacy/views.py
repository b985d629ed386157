"""What a member reads about their data."""

import io
import re
from collections.abc import Mapping
from typing import Any, Self

import discord

from bot.features.privacy.models import Counts, MemberData, Receipt
from bot.ui.embeds import BLUE
from bot.ui.errors import run_safely

_WORDS: Mapping[str, tuple[str, str]] = {
    "questions": ("question", "questions"),
    "ratings": ("rating", "ratings"),
    "profile": ("profile", "profiles"),
    "servers": ("choice about a server", "choices about servers"),
    "progress": ("part of the path", "parts of the path"),
    "progress_changes": ("change of your progress", "changes of your progress"),
    "evidence": ("sign of what you know", "signs of what you know"),
    "mastery": ("estimate of a concept", "estimates of concepts"),
    "suggestions": ("suggestion", "suggestions"),
    "probes": ("round of questions", "rounds of questions"),
    "probe_answers": ("answer in such a round", "answers in such rounds"),
    "milestones": ("milestone", "milestones"),
    "congratulations": ("congratulation", "congratulations"),
    "rounds": ("quiz or review", "quizzes and reviews"),
    "attempts": ("answer to a question", "answers to questions"),
    "cards": ("question in your review queue", "questions in your review queue"),
    "challenges": ("challenged question", "challenged questions"),
    "news": ("note about a corrected question", "notes about corrected questions"),
    "reminders": ("reminder", "reminders"),
    "group_memberships": ("study group", "study groups"),
    "group_events": ("event in a study group", "events in study groups"),
    "group_searches": ("search for a study group", "searches for study groups"),
    "proposal_answers": ("proposal of a study group", "proposals of study groups"),
    "checkin_weeks": ("week of a study group", "weeks of study groups"),
    "checkins": ("check-in", "check-ins"),
    "checkin_replies": ("reply to a check-in", "replies to check-ins"),
    "plans": ("plan", "plans"),
    "help_requests": ("call for help", "calls for help"),
    "scheduled": ("planned reminder", "planned reminders"),
}
"""What a member calls the things that are counted, one of them and many."""


def render_policy(data: MemberData, keep_days: int) -> discord.Embed:
    """What is kept, for how long, and how much of it there is."""
    embed = discord.Embed(title="What I keep about you", colour=BLUE)
    embed.description = (
        f"- Your questions to me, for {keep_days} days, so that you can ask on; then their text is deleted.\n"
        "- Which notes I quoted for you, so that the buttons below my answers keep working.\n"
        "- Whether you found an answer helpful.\n"
        "- Your profile: what you told me with /start, such as your experience, your hours and your time zone.\n"
        "- Your progress: which parts of the path you have begun, done or skipped, when, and how many minutes "
        "they took.\n"
        "- Signs of what you know: which concepts you asked about, whether your answers to my questions were right, "
        "and the estimates that I make of it.\n"
        "- My suggestions and rounds of questions, and what became of them.\n"
        "- Your quizzes: each answer, how sure you were, and when its question comes again; whether and when you want "
        "to be reminded of that.\n"
        "- Questions that you challenged, with your reason, which those who look after the server read.\n"
        "- Your study groups: when you are there or away, your plans and check-ins, and your replies to those of "
        "others. The group sees what you chose to show; the rest, and what blocks you, is yours alone. "
        "Calls for help, which mentors see because you sent them.\n"
        "- What you told me to find you a group, and what you answered to proposals.\n"
        "- Your milestones, and which servers may see your step, congratulate you or name you in the results of their "
        "quiz.\n\n"
        "All but the text of your questions stays until you delete it. "
        "Nothing you write appears in my logs, and nothing leaves this bot's own database."
    )
    counted = _counted(data.counts)
    embed.add_field(name="At present", value="\n".join(f"- {line}" for line in counted) or "Nothing.")
    embed.set_footer(text="/privacy export sends you all of it; /privacy delete removes it.")
    return embed


def render_export(data: MemberData) -> discord.File:
    """All data as a JSON file."""
    return discord.File(io.BytesIO(data.as_json().encode()), filename="deep-learning-tutor-my-data.json")


def render_receipt(receipt: Receipt) -> str:
    """Confirms a deletion."""
    if not receipt.deleted:
        return "There was nothing to delete: I keep nothing about you."
    when = discord.utils.format_dt(receipt.deleted_at, "f")
    return f"Deleted {when}: {_enumerated(_counted(receipt.deleted))}. Nothing about you is left in my database."


def _counted(counts: Counts) -> list[str]:
    """What there is, in words."""
    numbers = {name: getattr(counts, name) for name in _WORDS}
    return [f"{number} {_WORDS[name][number != 1]}" for name, number in numbers.items() if number]


def _enumerated(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def deletion_buttons(member_id: int) -> discord.ui.View:
    """Confirm or keep; only the member may click."""
    view = discord.ui.View(timeout=None)
    view.add_item(DeletionButton(member_id, confirmed=True))
    view.add_item(DeletionButton(member_id, confirmed=False))
    return view


class DeletionButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"privacy:(?P<id>\d{1,20}):(?P<choice>delete|keep)",
):
    """The last question before a deletion."""

    def __init__(self, member_id: int, *, confirmed: bool) -> None:
        super().__init__(
            discord.ui.Button(
                label="Delete everything" if confirmed else "Keep my data",
                style=discord.ButtonStyle.danger if confirmed else discord.ButtonStyle.secondary,
                custom_id=f"privacy:{member_id}:{'delete' if confirmed else 'keep'}",
            )
        )
        self._member_id = member_id
        self._confirmed = confirmed

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        return cls(int(match["id"]), confirmed=match["choice"] == "delete")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            if interaction.user.id != self._member_id:
                await interaction.response.send_message(
                    "This button is for somebody else. Use /privacy delete for your own data.", ephemeral=True
                )
                return
            if not self._confirmed:
                await interaction.response.edit_message(content="Nothing was deleted.", view=None)
                return
            receipt = await interaction.client.services.privacy.delete_member(self._member_id)
            await interaction.response.edit_message(content=render_receipt(receipt), view=None)
