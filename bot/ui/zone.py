"""The window that asks where somebody lives. Each feature that opens it reads its own."""

from typing import Any

import discord

_LIMIT = 40


class ZoneWindow(discord.ui.Modal, title="Your time zone"):
    """Its only field holds what was `typed` before, such as a zone that is likely."""

    def __init__(self, custom_id: str, typed: str) -> None:
        super().__init__(custom_id=custom_id)
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="zone", default=typed[:_LIMIT] or None, max_length=_LIMIT
        )
        hint = "A city or a country, for example Europe/Berlin."
        self.add_item(discord.ui.Label(text="Where are you?", description=hint, component=field))
        # A stopped window is not remembered by discord.py. Features read what comes back, also after a restart.
        self.stop()
