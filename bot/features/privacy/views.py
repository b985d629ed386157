"""What a member reads about their data."""

import io
import json
import re
from dataclasses import asdict
from typing import Any, Self

import discord

from bot.features.privacy.models import MemberData, Receipt
from bot.ui.errors import run_safely

_COLOUR = discord.Colour(0x3B6FB6)


def render_policy(data: MemberData, keep_days: int) -> discord.Embed:
    """What is kept, for how long, and how much of it there is."""
    embed = discord.Embed(title="What I keep about you", colour=_COLOUR)
    embed.description = (
        f"- Your questions to me, for {keep_days} days, so that you can ask on; then their text is deleted.\n"
        "- Which notes I quoted for you, so that the buttons below my answers keep working.\n"
        "- Whether you found an answer helpful.\n\n"
        "Nothing you write appears in my logs, and nothing leaves this bot's own database."
    )
    embed.add_field(
        name="At present", value=f"{_count(len(data.questions), 'question')}, {_count(len(data.ratings), 'rating')}"
    )
    embed.set_footer(text="/privacy export sends you all of it; /privacy delete removes it.")
    return embed


def render_export(data: MemberData) -> discord.File:
    """All data as a JSON file."""
    text = json.dumps(asdict(data), ensure_ascii=False, indent=1, default=_plain)
    return discord.File(io.BytesIO(text.encode()), filename="deep-learning-tutor-my-data.json")


def render_receipt(receipt: Receipt) -> str:
    """Confirms a deletion."""
    when = discord.utils.format_dt(receipt.deleted_at, "f")
    what = f"{_count(receipt.questions, 'question')} and {_count(receipt.ratings, 'rating')}"
    return f"Deleted {when}: {what}. Nothing about you is left."


def _plain(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


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
