"""What members read of check-ins, and what they can click, which outlives a restart."""

from bot.features.checkin.views.controls import (
    CHECKIN_ITEMS,
    digest_buttons,
    digest_id,
    note_buttons,
    nudge_buttons,
    open_id,
    post_buttons,
    prompt_buttons,
    reply_id,
    show_overview,
    take_window,
)
from bot.features.checkin.views.render import (
    nudge_call,
    post_text,
    render_closed_prompt,
    render_digest,
    render_nudge,
    render_post,
    render_prompt,
    reply_text,
)
from bot.features.checkin.views.windows import read_window

__all__ = [
    "CHECKIN_ITEMS",
    "digest_buttons",
    "digest_id",
    "note_buttons",
    "nudge_buttons",
    "nudge_call",
    "open_id",
    "post_buttons",
    "post_text",
    "prompt_buttons",
    "read_window",
    "render_closed_prompt",
    "render_digest",
    "render_nudge",
    "render_post",
    "render_prompt",
    "reply_id",
    "reply_text",
    "show_overview",
    "take_window",
]
