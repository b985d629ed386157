"""How a page of the curriculum looks, and its buttons, which carry the page's address and outlive a restart."""

import re
from typing import Any, Self

import discord

from bot.errors import MemberError
from bot.features.curriculum.models import Line, Page
from bot.features.curriculum.service import CurriculumService
from bot.features.probe.models import Purpose
from bot.features.probe.views import begin_probe
from bot.ui.embeds import BLUE
from bot.ui.errors import run_safely
from bot.ui.text import EMBED_DESCRIPTION_LIMIT, EMBED_FIELD_LIMIT, EMBED_TITLE_LIMIT, link, shorten

_LEGEND = "✓ done  ► started  – skipped  ○ ahead"
_ON_ONE_PAGE = 20
_MOST_OPTIONS = 25
_LABEL_LIMIT, _VALUE_LIMIT = 100, 100
_LONGEST_ADDRESS = 80
"""So that it fits into a custom_id with its role and the number of the portion."""

_Item = discord.ui.Item[discord.ui.View]
_Button = discord.ui.Button[discord.ui.View]
_Select = discord.ui.Select[discord.ui.View]


def render_page(page: Page, portion: int = 0) -> discord.Embed:
    """A page, or one portion of its many lines."""
    parts = list(page.paragraphs)
    if page.lines:
        parts.append("\n".join(_render(line) for line in _portion(page, portion)))
    embed = discord.Embed(
        title=shorten(page.title, EMBED_TITLE_LIMIT),
        description=shorten("\n\n".join(parts), EMBED_DESCRIPTION_LIMIT),
        colour=BLUE,
    )
    for section in page.sections:
        embed.add_field(name=section.name, value=_fitting(section.lines), inline=False)
    footer = [_LEGEND] if _has_marks(page) else []
    if _portions(page) > 1:
        footer.insert(0, f"Page {_clamped(page, portion) + 1} of {_portions(page)}")
    return embed.set_footer(text=" · ".join(footer)) if footer else embed


def _has_marks(page: Page) -> bool:
    return any(line.standing for line in (*page.lines, *(line for section in page.sections for line in section.lines)))


def _render(line: Line) -> str:
    """The mark, the name with its link, and where the member stands with it."""
    name = link(line.title, line.url) if line.url else line.title
    if line.standing is None:
        return f"- {name}" if line.address else name
    words = f" · *{line.standing.words}*" if line.standing.words else ""
    return f"{line.standing.mark} {name}{words}"


def _fitting(lines: tuple[Line, ...]) -> str:
    """As many whole lines as a field holds, and how many more there are."""
    shown: list[str] = []
    for number, line in enumerate(lines):
        text = shorten(_render(line), EMBED_FIELD_LIMIT // 2) if not line.url else _render(line)
        if sum(len(one) + 1 for one in shown) + len(text) > EMBED_FIELD_LIMIT - 20:
            return "\n".join([*shown, f"and {len(lines) - number} more"])
        shown.append(text)
    return "\n".join(shown)


def _portions(page: Page) -> int:
    return max(-(-len(page.lines) // _ON_ONE_PAGE), 1)


def _clamped(page: Page, portion: int) -> int:
    """The content may have shrunk since the button was made."""
    return min(max(portion, 0), _portions(page) - 1)


def _portion(page: Page, portion: int) -> tuple[Line, ...]:
    first = _clamped(page, portion) * _ON_ONE_PAGE
    return page.lines[first : first + _ON_ONE_PAGE]


def page_buttons(page: Page, portion: int = 0) -> discord.ui.View:
    """What can be opened from here, the way back, and what can be done with it."""
    view = discord.ui.View(timeout=None)
    lines = [*_portion(page, portion), *(line for section in page.sections for line in section.lines)]
    targets = {line.address: line for line in lines if line.address and len(line.address) <= _LONGEST_ADDRESS}
    if targets:
        view.add_item(OpenSelect(list(targets.values())[:_MOST_OPTIONS]))
    if page.up:
        view.add_item(GoButton("up", page.up, label="Back", emoji="⬆️"))
    if _portions(page) > 1:
        here = _clamped(page, portion)
        view.add_item(GoButton("prev", page.address, here - 1, label="Previous", disabled=here == 0))
        view.add_item(GoButton("next", page.address, here + 1, label="Next", disabled=here == _portions(page) - 1))
    for label, address in page.more:
        view.add_item(GoButton("more", address, label=label))
    if page.question:
        view.add_item(TryButton(page.question))
    if page.url:
        view.add_item(discord.ui.Button(label="Open it", url=page.url))
    return view


class GoButton(
    discord.ui.DynamicItem[_Button],
    template=r"curriculum:(?P<role>up|prev|next|more):(?P<address>[a-z]+(?::[a-z0-9./-]+)?):(?P<portion>-?\d{1,3})",
):
    """Goes to another page, or to another portion of this one."""

    def __init__(
        self,
        role: str,
        address: str,
        portion: int = 0,
        *,
        label: str = "",
        emoji: str | None = None,
        disabled: bool = False,
    ) -> None:
        super().__init__(
            discord.ui.Button(
                label=label,
                emoji=emoji or {"prev": "◀️", "next": "▶️"}.get(role),
                style=discord.ButtonStyle.secondary,
                custom_id=f"curriculum:{role}:{address}:{portion}",
                disabled=disabled,
            )
        )
        self._address = address
        self._portion = portion

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(match["role"], match["address"], int(match["portion"]), label="…")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await _open(interaction, self._address, self._portion)


class OpenSelect(discord.ui.DynamicItem[_Select], template=r"curriculum:open"):
    """Opens what is chosen from the list."""

    def __init__(self, lines: list[Line]) -> None:
        super().__init__(
            discord.ui.Select(
                placeholder="Open …",
                options=[_option(line) for line in lines],
                custom_id="curriculum:open",
            )
        )

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls([])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await _open(interaction, self.item.values[0])


def _option(line: Line) -> discord.SelectOption:
    words = line.standing.sentence if line.standing else None
    mark = f"{line.standing.mark} " if line.standing else ""
    return discord.SelectOption(
        label=shorten(f"{mark}{line.title}", _LABEL_LIMIT),
        value=line.address or "home",
        description=shorten(words, _LABEL_LIMIT) if words else None,
    )


class TryButton(discord.ui.DynamicItem[_Button], template=r"curriculum:try:(?P<concept>[a-z0-9-]{1,80})"):
    """Asks one question on the concept."""

    def __init__(self, concept_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                label="Try a question",
                emoji="❓",
                style=discord.ButtonStyle.primary,
                custom_id=f"curriculum:try:{concept_id}",
            )
        )
        self._concept_id = concept_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(match["concept"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await begin_probe(interaction, Purpose.CONCEPT, self._concept_id)


CURRICULUM_ITEMS = (GoButton, OpenSelect, TryButton)


async def _open(interaction: discord.Interaction[Any], address: str, portion: int = 0) -> None:
    """Turn the page of who has it for themselves; who clicks on a shared one gets a page of their own."""
    service: CurriculumService | None = interaction.client.services.guide
    if service is None:
        raise MemberError("There is no curriculum here any more. Ask me something with `/ask` instead.")
    is_private = interaction.message is not None and interaction.message.flags.ephemeral
    if is_private:
        await interaction.response.defer()
    else:
        await interaction.response.defer(ephemeral=True, thinking=True)
    page = await service.open_page(address, interaction.user.id)
    embed, view = render_page(page, portion), page_buttons(page, portion)
    if is_private:
        await interaction.edit_original_response(embed=embed, view=view)
    else:
        await interaction.followup.send(embed=embed, view=view, ephemeral=True)
