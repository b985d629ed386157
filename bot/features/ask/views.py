"""What an answer looks like, and the buttons below it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import discord

from bot.features.ask.models import (
    Answer,
    Citation,
    FullSource,
    Outcome,
    Quote,
    Saying,
    Standing,
    StudyLink,
    Topic,
    Unmet,
)
from bot.features.ask.rules.own_words import COMMAND
from bot.features.probe.models import Purpose
from bot.features.probe.views import begin_probe
from bot.ui.embeds import BLUE, add_lines
from bot.ui.errors import run_safely
from bot.ui.text import EMBED_DESCRIPTION_LIMIT, EMBED_FIELD_LIMIT, command, link, shorten, split_markdown

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
_NEAREST = "The buttons below show the nearest topics that I do cover."
_NOT_HERE = "These commands are there in a server, not in direct messages."
_PLAIN: dict[Outcome, tuple[str, str]] = {
    Outcome.DECLINED: ("My material does not cover this", _NOT_COVERED),
    Outcome.EMPTY: ("What would you like to know?", _NO_WORDS),
    Outcome.SMALL_TALK: ("Hello! I am the deep learning tutor", _HELLO),
    Outcome.NOT_ENGLISH: ("I read English only, sorry", _ENGLISH_ONLY),
}
_QUESTION_LIMIT = 200
_LABEL_LIMIT = 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer is read. `command_ids` are by the first word of a command; `question` is shown above the answer,
    where it stands nowhere else; `weekly` says when the server's weekly quiz comes.
    """

    command_ids: Mapping[str, int] = field(default_factory=dict)
    is_server: bool = True
    question: str = ""
    weekly: str = ""


def render_answer(answer: Answer, place: Place | None = None) -> discord.Embed:
    """The answer as one embed: the tutor's own words, quotes with [n], where each stands, where to study it."""
    place = place or Place()
    if answer.saying is not None:
        embed = _render_saying(answer.saying, answer.quotes, place)
    elif answer.outcome is Outcome.ANSWERED:
        embed = discord.Embed(description=_render_quotes(answer.quotes), colour=BLUE)
    else:
        embed = _render_plain(answer)
    if place.question:  # the name of an author is shown as it is, without Markdown and mentions
        embed.set_author(name=shorten(place.question, _QUESTION_LIMIT))
    add_lines(embed, "Sources", map(_render_note, _by_note(answer.citations)))
    if answer.study:
        add_lines(embed, "Study it next", map(_render_study, answer.study))
    if answer.standing:
        embed.add_field(name="Where it stands", value=shorten(answer.standing, EMBED_FIELD_LIMIT), inline=False)
    if answer.unmet:
        add_lines(embed, "You have not met yet", map(_render_unmet, answer.unmet))
    return embed


def _render_saying(saying: Saying, quotes: tuple[Quote, ...], place: Place) -> discord.Embed:
    """Fixed words with their commands, clickable where the id is known and the command is there."""
    is_there = place.is_server or not saying.needs_server
    ids = place.command_ids if is_there else {}
    said = [COMMAND.sub(lambda match: command(match[1], ids), saying.text)]
    if not is_there:
        said.append(_NOT_HERE)
    if saying.is_weekly and place.weekly:
        said.append(place.weekly)
    text = " ".join(said)
    if quotes:
        text += f"\n\n{_render_quotes(quotes, EMBED_DESCRIPTION_LIMIT - len(text) - 2)}"
    return discord.Embed(title=saying.title, description=text, colour=BLUE)


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
    if answer.nearest and answer.outcome is Outcome.DECLINED:
        text = f"{text}\n\n{_NEAREST}"
    return discord.Embed(title=title, description=text, colour=GREY)


def _render_quotes(quotes: tuple[Quote, ...], limit: int = EMBED_DESCRIPTION_LIMIT) -> str:
    parts = [_render_quote(quote, is_first=number == 0) for number, quote in enumerate(quotes)]
    text = "\n\n".join(parts)
    while len(text) > limit and len(parts) > 1:
        parts.pop()
        text = "\n\n".join(parts)
    return text if len(text) <= limit else split_markdown(text, limit)[0]


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
    """The buttons below an answer: opinions and more about what is quoted, or the nearest topics of a declined one.

    They carry the answer's id or the topic, and outlive a restart.
    """
    view = discord.ui.View(timeout=None)
    if answer.outcome is Outcome.DECLINED and answer.nearest:
        for topic in answer.nearest:
            view.add_item(TopicButton(topic))
        return view
    if answer.id is None or answer.outcome is not Outcome.ANSWERED:
        return None
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


class TopicButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"topic:(?P<source>[\w/-]{1,80})"
):
    """Answers whoever clicks, and nobody else, from the note that came near to a declined question."""

    def __init__(self, topic: Topic) -> None:
        super().__init__(
            discord.ui.Button(
                label=shorten(topic.title, _LABEL_LIMIT),
                style=discord.ButtonStyle.secondary,
                custom_id=f"topic:{topic.source}",
            )
        )
        self._source = topic.source

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        return cls(Topic("a topic", match["source"]))  # its name stands on the button that was clicked

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.client.get_cog("AskCog").answer_topic(interaction, self._source)


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
