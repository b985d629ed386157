"""What a member is told, alone, about questions that were decided on: as plain text, which the view makes literal."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from bot.ui.text import shorten

PROMPT_LIMIT = 150
"""Enough to know the question again."""


class NewsKind(StrEnum):
    """What has happened to a question.

    The key was corrected, so that the member's answer counts as right or wrong now; it was retired; or one of the two
    was taken back (`restored`). The last two answer a challenge: the question stays, or its key was wrong indeed.
    """

    CORRECTED_RIGHT = "corrected_right"
    CORRECTED_WRONG = "corrected_wrong"
    RETIRED = "retired"
    RESTORED_RIGHT = "restored_right"
    RESTORED_WRONG = "restored_wrong"
    CHALLENGE_KEPT = "challenge_kept"
    CHALLENGE_ACCEPTED = "challenge_accepted"


_SENTENCES: Mapping[str, str] = {
    NewsKind.CORRECTED_RIGHT: "The key of a question that you answered was corrected: {question} "
    "Your answer counts as right now.",
    NewsKind.CORRECTED_WRONG: "The key of a question that you answered was corrected: {question} "
    "Your answer counts as wrong now.",
    NewsKind.RETIRED: "A question that you answered was retired, so your answer to it no longer counts: {question}",
    NewsKind.RESTORED_RIGHT: "A decision about a question was taken back: {question} "
    "Your answer counts as right again.",
    NewsKind.RESTORED_WRONG: "A decision about a question was taken back: {question} "
    "Your answer counts as wrong again.",
    NewsKind.CHALLENGE_KEPT: "Your challenge was looked at, and the question stays as it is: {question}",
    NewsKind.CHALLENGE_ACCEPTED: "Your challenge was right, and the question was {verdict}: {question} Thank you.",
}
_COUNTS: Mapping[bool | None, str] = {
    True: "Your answer counts as right now.",
    False: "Your answer counts as wrong now.",
    None: "Your answer no longer counts.",
}
_UNKNOWN = "Something has changed about a question that you answered: {question}"


def news_sentence(kind: str, prompt: str, details: Mapping[str, Any]) -> str:
    """One piece of news about the question `prompt`.

    `details` may hold `right` (texts of what is right now), `note` (what those who decided wrote), `verdict`, and
    `before` and `after`: what the member's answer counted as and counts as now.
    """
    said = _SENTENCES.get(kind, _UNKNOWN)
    question, verdict = f"“{shorten(prompt, PROMPT_LIMIT)}”", details.get("verdict") or "corrected"
    parts = [said.format_map({"question": question, "verdict": verdict})]
    if kind == NewsKind.CHALLENGE_ACCEPTED and details.get("before") is not details.get("after"):
        parts.append(_COUNTS[details.get("after")])
    if right := details.get("right"):
        parts.append(f"Right is: {'; '.join(right)}.")
    if note := details.get("note"):
        parts.append(f"Those who decided wrote: “{_plain(note)}”")
    return " ".join(parts)


def _plain(note: str) -> str:
    """What people wrote, on one line and without links that hide where they lead."""
    return " ".join(note.split()).replace("](", "] (")
