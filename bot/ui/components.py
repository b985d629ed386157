"""Components below a message and as Discord sends them back: the fields of a window, the names of buttons."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import discord


def view_of(*items: discord.ui.Item[Any]) -> discord.ui.View:
    """What stands below a message. Each item works by its custom_id, also after a restart.

    discord.py does not remember a stopped view. It need not: the dynamic items are known, and nothing would ever remove
    a view with buttons of other features from its memory.
    """
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()
    return view


def read_fields(
    interaction: discord.Interaction[Any], custom_id: re.Pattern[str]
) -> tuple[re.Match[str], dict[str, str]] | None:
    """The name of a window that was sent, and what was typed or chosen in each field; None if it is another window.

    discord.py forgets windows at a restart, so listeners read what comes back by themselves.
    """
    data: Mapping[str, Any] = interaction.data or {}
    match = custom_id.fullmatch(str(data.get("custom_id", "")))
    if interaction.type is not discord.InteractionType.modal_submit or match is None:
        return None
    return match, dict(_fields(data.get("components", ())))


def _fields(components: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for component in components:
        inner = [component["component"]] if "component" in component else component.get("components", ())
        yield from _fields(inner)
        if "value" in component:
            yield str(component.get("custom_id")), str(component["value"] or "")
        elif component.get("values"):
            yield str(component.get("custom_id")), str(component["values"][0])


def custom_ids(message: discord.Message) -> Iterator[str]:
    """What the buttons and menus of a message are called."""
    for row in message.components:
        if isinstance(row, discord.ActionRow):
            yield from (child.custom_id for child in row.children if child.custom_id)
