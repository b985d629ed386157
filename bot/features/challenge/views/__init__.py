"""What members and those who decide read of challenges, and what they can click, which outlives a restart."""

from bot.features.challenge.views.controls import (
    CHALLENGE_ITEMS,
    read_window,
    send_undo,
    send_waiting,
    take_window,
)
from bot.features.challenge.views.posts import check_mentor, refresh_post
from bot.features.challenge.views.render import render_case, render_proposal, render_waiting

__all__ = [
    "CHALLENGE_ITEMS",
    "check_mentor",
    "read_window",
    "refresh_post",
    "render_case",
    "render_proposal",
    "render_waiting",
    "send_undo",
    "send_waiting",
    "take_window",
]
