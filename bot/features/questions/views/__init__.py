"""What a member reads of a round of questions, and what can be clicked, which outlives a restart."""

from bot.features.questions.views.controls import (
    QUESTION_ITEMS,
    question_controls,
    read_number,
    show_round,
    take_number,
)
from bot.features.questions.views.render import render_asked, render_feedback, render_result

__all__ = [
    "QUESTION_ITEMS",
    "question_controls",
    "read_number",
    "render_asked",
    "render_feedback",
    "render_result",
    "show_round",
    "take_number",
]
