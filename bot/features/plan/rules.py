"""Decisions about plans without Discord or database."""

import re
from collections.abc import Iterator

from bot.features.next_step.models import Recommendation
from bot.features.plan.models import FALLBACK_LIMIT, PLACE_LIMIT, WHAT_LIMIT, WHEN_LIMIT, PlanText
from bot.features.progress.models import ItemKind, PathItem
from bot.features.progress.rules.rhythm import format_minutes
from bot.ui.text import shorten


def tidy(text: PlanText) -> PlanText:
    """What was typed, each part on one line and no longer than it may be."""
    return PlanText(
        _one_line(text.what, WHAT_LIMIT),
        _one_line(text.by_when, WHEN_LIMIT),
        _one_line(text.place, PLACE_LIMIT),
        _one_line(text.fallback, FALLBACK_LIMIT),
    )


def _one_line(text: str, limit: int) -> str:
    return shorten(" ".join(text.split()), limit)


def suggest(found: Recommendation) -> PlanText:
    """A next step as the beginning of a plan: what, and how long it takes."""
    name = found.title if found.source in {"", found.title} else f"{found.title} · {found.source}"
    minutes = format_minutes(found.minutes)
    ending = f", {minutes} of it" if found.is_longer else f", about {minutes}"
    return PlanText(f"{shorten(name, WHAT_LIMIT - len(ending))}{ending}")


def names_part(what: str, item: PathItem) -> bool:
    """Whether a plan is about this part: its number or its name stands in it ("Lesson 3", "Getting started")."""
    text = " ".join(what.split()).casefold()
    return any(re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w|\.\d)", text) for name in _names(item))


def _names(item: PathItem) -> Iterator[str]:
    if item.kind is ItemKind.MILESTONE:
        yield item.source  # "Milestone 1" says nothing without its project
        return
    label, _, title = item.title.partition(": ")
    yield title or label
    if title and any(character.isdigit() for character in label):
        yield label
