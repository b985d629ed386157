"""What embeds of all features share: the colour, and lists that may outgrow a field."""

from collections.abc import Iterable

import discord

from bot.ui.text import EMBED_FIELD_LIMIT, shorten

BLUE = discord.Colour(0x3B6FB6)


def add_lines(embed: discord.Embed, name: str, lines: Iterable[str]) -> None:
    """Whole lines as one field, or as several without a name between them where one does not hold them all."""
    parts: list[str] = []
    for line in lines:
        if parts and len(parts[-1]) + 1 + len(line) <= EMBED_FIELD_LIMIT:
            parts[-1] += f"\n{line}"
        else:
            parts.append(shorten(line, EMBED_FIELD_LIMIT))
    for number, part in enumerate(parts):
        embed.add_field(name="\u200b" if number else name, value=part, inline=False)
