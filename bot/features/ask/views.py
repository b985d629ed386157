"""What an answer looks like, and the buttons below it."""

import re
from typing import Any, Self

import discord

from bot.features.ask.models import Answer, Citation, FullSource, Outcome, Quote, Standing, StudyLink, Unmet
from bot.features.probe.models import Purpose
from bot.features.probe.views import begin_probe
from bot.ui.embeds import BLUE, add_lines
from bot.ui.errors import run_safely
from bot.ui.text import EMBED_DESCRIPTION_LIMIT, EMBED_FIELD_LIMIT, link, shorten, split_markdown

GREY = discord.Colour(0x80848E)

_NOT_COVERED = (
    "I only answer from the notes of this curriculum, and none of them answers your question. "
    "Try naming the topic or the symptom in other words, or ask a person here."
)
_NO_WORDS = (
    "I found no words in that. Ask me something like *why do we need activation functions?* "
    "or *how long does step 2 take?*"
)
_HELLO = (
    "I answer questions from the curriculum with quotes and links. Ask me something like "
    "*what is dropout?*, *my loss is NaN*, or *book or videos for step 3?*"
)
_ENGLISH_ONLY = (
    "My notes are in English and so is my search. Please ask again in English; short and simple words are fine."
)
_PLAIN: dict[Outcome, tuple[str, str]] = {
    Outcome.DECLINED: ("My material does not cover this", _NOT_COVERED),
    Outcome.EMPTY: ("What would you like to know?", _NO_WORDS),
    Outcome.SMALL_TALK: ("Hello! I am the deep learning tutor", _HELLO),
    Outcome.NOT_ENGLISH: ("I read English only, sorry", _ENGLISH_ONLY),
}


def render_answer(answer: Answer) -> discord.Embed:
    """The answer as one embed: quotes with [n], where each stands, where to study it."""
    if answer.outcome is not Outcome.ANSWERED:
        return _render_plain(answer)
    embed = discord.Embed(description=_render_quotes(answer.quotes), colour=BLUE)
    add_lines(embed, "Sources", map(_render_note, _by_note(answer.citations)))
    if answer.study:
        add_lines(embed, "Study it next", map(_render_study, answer.study))
    if answer.standing:
        embed.add_field(name="Where it stands", value=shorten(answer.standing, EMBED_FIELD_LIMIT), inline=False)
    if answer.unmet:
        add_lines(embed, "You have not met yet", map(_render_unmet, answer.unmet))
    return embed


def render_standing(standing: Standing) -> discord.Embed:
    """Where the topic of an answer stands for one member, who alone reads it."""
    embed = discord.Embed(title=standing.title, description=standing.text, colour=BLUE)
    if standing.unmet:
        add_lines(embed, "You have not met yet", map(_render_unmet, standing.unmet))
    embed.set_footer(text="/next names your next step · /curriculum shows the whole path")
    return embed


def _render_unmet(unmet: Unmet) -> str:
    return f"- {unmet.title}: start with {link(unmet.place, unmet.url)}"


def _render_plain(answer: Answer) -> discord.Embed:
    title, text = _PLAIN[answer.outcome]
    embed = discord.Embed(title=title, description=text, colour=GREY)
    if answer.nearest and answer.outcome is Outcome.DECLINED:
        near = "\n".join(f"- {title}" for title in answer.nearest)
        embed.add_field(name="The nearest topics that I do cover", value=near, inline=False)
    return embed


def _render_quotes(quotes: tuple[Quote, ...]) -> str:
    parts = [_render_quote(quote, is_first=number == 0) for number, quote in enumerate(quotes)]
    text = "\n\n".join(parts)
    while len(text) > EMBED_DESCRIPTION_LIMIT and len(parts) > 1:
        parts.pop()
        text = "\n\n".join(parts)
    return text if len(text) <= EMBED_DESCRIPTION_LIMIT else split_markdown(text, EMBED_DESCRIPTION_LIMIT)[0]


def _render_quote(quote: Quote, *, is_first: bool) -> str:
    mark = f"**[{quote.citation}]**"
    if quote.is_block:
        return f"{quote.text}\n{mark}" if quote.text.endswith("```") else f"{quote.text} {mark}"
    if is_first:
        first, _, rest = quote.text.partition(". ")
        plain = not re.search(r"[*`_]", first)
        if rest and plain:
            return f"**{first}.** {rest} {mark}"
        if plain:
            return f"**{quote.text}** {mark}"
    return f"{quote.text} {mark}"


def _render_note(citations: tuple[Citation, ...]) -> str:
    """The citations of one note on one line: each number with its place, then the link that they share."""
    first = citations[0]
    places = " ".join(f"**[{citation.number}]** {citation.place or 'in short'}" for citation in citations)
    if first.url is None:
        return f"{first.title}: {places}"
    if first.url_label is None:
        return f"{link(first.title, first.url)}: {places}"
    verb = "start with" if first.source.startswith("steps/") else "taught in"
    return f"{first.title}: {places} · {verb} {link(first.url_label, first.url)}"


def _by_note(citations: tuple[Citation, ...]) -> list[tuple[Citation, ...]]:
    """Citations that share a note and a link, in the order of their first number."""
    groups: dict[tuple[str, str | None], list[Citation]] = {}
    for citation in citations:
        groups.setdefault((citation.source, citation.url), []).append(citation)
    return [tuple(group) for group in groups.values()]


def _render_study(study: StudyLink) -> str:
    step = f" (step {study.step})" if study.step else ""
    return f"- {link(study.label, study.url)}{step}"


def render_sources(sources: tuple[FullSource, ...]) -> list[discord.Embed]:
    """The cited passages in full; a long one is split, never inside a code block."""
    embeds: list[discord.Embed] = []
    for source in sources:
        title = f"[{source.number}] {source.title}" + (f" › {source.place}" if source.place else "")
        embeds.extend(
            discord.Embed(title=shorten(title, 256), description=part, url=source.url, colour=BLUE)
            for part in split_markdown(source.text, EMBED_DESCRIPTION_LIMIT)
        )
    return embeds


def answer_buttons(answer: Answer) -> discord.ui.View | None:
    """The buttons below an answer that quotes something. They carry the answer's id and outlive a restart."""
    if answer.id is None or answer.outcome is not Outcome.ANSWERED:
        return None
    view = discord.ui.View(timeout=None)
    view.add_item(RateButton(answer.id, helpful=True))
    view.add_item(RateButton(answer.id, helpful=False))
    view.add_item(SourcesButton(answer.id))
    if answer.concept is not None:
        view.add_item(TryButton(answer.id))
        view.add_item(PathButton(answer.id))
    return view


class RateButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"answer:(?P<id>\d{1,18}):(?P<opinion>yes|no)"
):
    """Helpful or not: one opinion a member, which the member may change."""

    def __init__(self, answer_id: int, *, helpful: bool) -> None:
        super().__init__(
            discord.ui.Button(
                label="Helpful" if helpful else "Not helpful",
                emoji="👍" if helpful else "👎",
                style=discord.ButtonStyle.secondary,
                custom_id=f"answer:{answer_id}:{'yes' if helpful else 'no'}",
            )
        )
        self._answer_id = answer_id
        self._helpful = helpful

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        return cls(int(match["id"]), helpful=match["opinion"] == "yes")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            changed = await interaction.client.services.ask.rate_answer(
                self._answer_id, interaction.user.id, helpful=self._helpful
            )
            opinion = "helpful" if self._helpful else "not helpful"
            text = f"Thank you. I {'changed your rating to' if changed else 'noted this answer as'} **{opinion}**."
            if not self._helpful:
                text += " Asking again with other words, or naming the exact term, often helps."
            await interaction.response.send_message(text, ephemeral=True)


class SourcesButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"answer:(?P<id>\d{1,18}):sources"
):
    """Shows the cited passages in full, to whoever asks."""

    def __init__(self, answer_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Show sources in full",
                emoji="📖",
                style=discord.ButtonStyle.secondary,
                custom_id=f"answer:{answer_id}:sources",
            )
        )
        self._answer_id = answer_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            embeds = render_sources(await interaction.client.services.ask.show_sources(self._answer_id))
            for embed in embeds:
                await interaction.followup.send(embed=embed, ephemeral=True)


class TryButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"answer:(?P<id>\d{1,18}):try"):
    """Asks whoever clicks a question on the topic of the answer."""

    def __init__(self, answer_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Try a question",
                emoji="✏️",
                style=discord.ButtonStyle.secondary,
                custom_id=f"answer:{answer_id}:try",
            )
        )
        self._answer_id = answer_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            concept = await interaction.client.services.ask.find_concept(self._answer_id)
            await begin_probe(interaction, Purpose.CONCEPT, concept)


class PathButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"answer:(?P<id>\d{1,18}):path"):
    """Shows whoever clicks, and nobody else, where the topic stands on their own path."""

    def __init__(self, answer_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="On my path",
                emoji="🧭",
                style=discord.ButtonStyle.secondary,
                custom_id=f"answer:{answer_id}:path",
            )
        )
        self._answer_id = answer_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            standing = await interaction.client.services.ask.show_standing(self._answer_id, interaction.user.id)
            await interaction.followup.send(embed=render_standing(standing), ephemeral=True)
