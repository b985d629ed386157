"""What members read of study groups, their homes on Discord, and the buttons, which outlive a restart."""

from bot.features.groups.views.controls import GROUP_ITEMS
from bot.features.groups.views.homes import (
    CannotReach,
    HomeLost,
    erase,
    find_home,
    open_home,
    tell_group,
    tell_someone,
)
from bot.features.groups.views.render import named
from bot.features.groups.views.tending import tend

__all__ = [
    "GROUP_ITEMS",
    "CannotReach",
    "HomeLost",
    "erase",
    "find_home",
    "named",
    "open_home",
    "tell_group",
    "tell_someone",
    "tend",
]
