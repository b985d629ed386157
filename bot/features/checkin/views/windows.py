"""The windows of check-ins. Everything that a window needs is in its custom_id, so it can be sent after a restart."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import discord

from bot.features.checkin.models import (
    BLOCKER_LIMIT,
    EVIDENCE_LIMIT,
    LEARNED_LIMIT,
    REPLY_LIMIT,
    CheckinForm,
    Panel,
)
from bot.features.checkin.rules.forms import begin_draft
from bot.features.checkin.views.render import OUTCOMES
from bot.features.plan.models import WHAT_LIMIT, Outcome, PlanText
from bot.features.plan.views import FIELDS as PLAN_FIELDS
from bot.features.plan.views import plan_window
from bot.ui.components import read_fields
from bot.ui.text import shorten

_HINT_LIMIT = 100
_ID = r"checkin:(?P<id>\d{1,18})"
_WINDOWS = re.compile(rf"{_ID}:(?P<name>form|ifthen|answer)(?P<here>:here)?")
_FIELDS: Mapping[str, str] = {
    "evidence": "Evidence",
    "learned": "What I learned",
    "blocker": "What blocks me",
    "next": "My next plan",
    "text": "Your reply",
}
"""What members type into, with the labels that they read."""


class _Window(discord.ui.Modal):
    """A window that discord.py does not remember; `read_window` reads what comes back."""

    def __init__(self, title: str, custom_id: str, *labels: discord.ui.Label[Any]) -> None:
        super().__init__(title=title, custom_id=custom_id)
        for label in labels:
            self.add_item(label)
        self.stop()


def form_window(week_id: int, panel: Panel, next_plan: str, *, is_here: bool) -> discord.ui.Modal:
    """The check-in itself, filled with what is there. `is_here`: the message below which it opens shows the result."""
    draft = begin_draft(panel.checkin, panel.next_plan)
    return _Window(
        "Check-in",
        f"checkin:{week_id}:form{':here' if is_here else ''}",
        _outcome(panel, draft.outcome),
        _text("evidence", "A link, a notebook, hours: whatever shows it.", draft.evidence, EVIDENCE_LIMIT),
        _text("learned", "A sentence is enough.", draft.learned, LEARNED_LIMIT),
        _text("blocker", "Only you see this, unless you show it.", draft.blocker, BLOCKER_LIMIT),
        _line("next", "One line, for the time until the next check-in.", next_plan, WHAT_LIMIT),
    )


def if_then_window(week_id: int, text: PlanText) -> discord.ui.Modal:
    """The window of /plan for the next plan of a check-in: a time, a place, and what to do if it does not work."""
    return plan_window(f"checkin:{week_id}:ifthen:here", text)


def answer_window(checkin_id: int, text: str) -> discord.ui.Modal:
    """A partner's reply in words of their own."""
    written: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id="text", style=discord.TextStyle.paragraph, default=text or None, max_length=REPLY_LIMIT
    )
    hint = "One question or a word of encouragement. Your group sees it."
    label: discord.ui.Label[Any] = discord.ui.Label(text=_FIELDS["text"], description=hint, component=written)
    return _Window("A reply", f"checkin:{checkin_id}:answer:here", label)


def _outcome(panel: Panel, chosen: Outcome | None) -> discord.ui.Label[Any]:
    options = [
        discord.SelectOption(label=label, value=outcome, default=outcome is chosen)
        for outcome, label in OUTCOMES.items()
    ]
    menu: discord.ui.Select[Any] = discord.ui.Select(custom_id="outcome", options=options)
    if panel.plan is None:
        return discord.ui.Label(text="How did your week go?", component=menu)
    hint = shorten(f"Your plan: {' '.join(panel.plan.text.what.split())}", _HINT_LIMIT)
    return discord.ui.Label(text="How did it go?", description=hint, component=menu)


def _text(name: str, hint: str, default: str, limit: int) -> discord.ui.Label[Any]:
    written: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph,
        default=default or None,
        required=False,
        max_length=limit,
    )
    return discord.ui.Label(text=_FIELDS[name], description=hint, component=written)


def _line(name: str, placeholder: str, default: str, limit: int) -> discord.ui.Label[Any]:
    written: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=name, placeholder=placeholder, default=default[:limit] or None, required=False, max_length=limit
    )
    return discord.ui.Label(text=_FIELDS[name], component=written)


# What comes back


@dataclass(frozen=True, slots=True)
class Sent:
    """A window that was sent: which one, what it is about, and what was typed and chosen."""

    name: str
    id: int
    is_here: bool
    typed: Mapping[str, str] = field(repr=False)

    def text(self, name: str, limit: int) -> str:
        """What was typed, without the space around it."""
        return self.typed.get(name, "").strip()[:limit].strip()

    @property
    def by_label(self) -> Mapping[str, str]:
        """Everything that was typed, to give it back."""
        return {label: self.typed.get(name, "") for name, label in [*_FIELDS.items(), *PLAN_FIELDS.items()]}


def read_window(interaction: discord.Interaction[Any]) -> Sent | None:
    """A window of check-ins that a member sends; None if it is another one."""
    sent = read_fields(interaction, _WINDOWS)
    if sent is None:
        return None
    match, typed = sent
    return Sent(match["name"], int(match["id"]), match["here"] is not None, typed)


def read_form(sent: Sent) -> CheckinForm:
    """A check-in as it was written. What no menu offers is as if nothing was chosen."""
    chosen = sent.typed.get("outcome", "")
    return CheckinForm(
        Outcome(chosen) if chosen in set(Outcome) else None,
        sent.text("evidence", EVIDENCE_LIMIT),
        sent.text("learned", LEARNED_LIMIT),
        sent.text("blocker", BLOCKER_LIMIT),
        sent.text("next", WHAT_LIMIT),
    )


def read_answer(sent: Sent) -> str:
    """A reply as it was written."""
    return sent.text("text", REPLY_LIMIT)
