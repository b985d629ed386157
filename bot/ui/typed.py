"""Gives back what was typed into a window that could not be taken, so that nobody has to write it twice."""

import io
from collections.abc import Mapping

import discord

from bot.ui.text import MESSAGE_LIMIT

TO_COPY = "Nothing that you typed is lost. Here it is, to copy:"
IN_FILE = "Nothing that you typed is lost. The file holds it, to copy."
FILE = "what-you-typed.txt"

_FENCE = "```"


def give_back(reason: str, typed: Mapping[str, str]) -> tuple[str, discord.File | None]:
    """What a member reads: why not, and what they typed, by the label of its field.

    Each text stands in a code block of its own, in which it is literal. A text that would close its block, or more
    than a message holds, comes as a file.
    """
    written = {label: text for label, text in typed.items() if text.strip()}
    if not written:
        return reason, None
    blocks = [f"{label}\n{_FENCE}\n{text}\n{_FENCE}" for label, text in written.items()]
    content = "\n".join([reason, TO_COPY, *blocks])
    if len(content) <= MESSAGE_LIMIT and not any(_FENCE in text for text in written.values()):
        return content, None
    whole = "\n".join(f"{label}\n{text}\n" for label, text in written.items())
    return f"{reason}\n{IN_FILE}", discord.File(io.BytesIO(whole.encode(errors="replace")), FILE)
