"""What members read of matching, and the buttons and menus, which outlive a restart."""

from bot.features.matching.views.controls import MATCH_ITEMS, read_zone, show_match, take_zone

__all__ = ["MATCH_ITEMS", "read_zone", "show_match", "take_zone"]
