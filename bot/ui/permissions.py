"""Permissions of Discord: what is missing, by the names that Discord shows to admins."""

from collections.abc import Iterable

import discord


def lacking(mine: discord.Permissions, needed: Iterable[str]) -> list[str]:
    """Those of the `needed` permissions that are not among `mine`, in their order, by the names that Discord shows."""
    return [name_of(permission) for permission in needed if not getattr(mine, permission)]


def name_of(permission: str) -> str:
    """The name that Discord shows: send_messages_in_threads is Send Messages in Threads."""
    return permission.replace("_", " ").title().replace(" In ", " in ")
