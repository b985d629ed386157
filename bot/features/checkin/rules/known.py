"""What the tutor knows that a member did, in words that they may add to a check-in by a click."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.features.checkin.models import KnownEvidence
from bot.features.progress.models import ItemKind, PathItem
from bot.features.progress.rules.rhythm import format_minutes
from bot.features.questions.models import RoundKind
from bot.ui.text import shorten

MOST_KNOWN = 10
LOOK_BACK = timedelta(days=7)
"""So far back it is looked for a member's first check-in."""

TEXT_LIMIT = 100

_KINDS = {RoundKind.REVIEW: ("reviews", "review"), RoundKind.SIMILAR: ("practice", "practice question")}
"""What is asked a few questions at a time is counted together: how its key begins, and one of it in words."""


@dataclass(frozen=True, slots=True)
class DoneItem:
    """A part of the path that was marked as done. Those with the same `group` were done in one click."""

    change_id: int
    item: str
    minutes: int
    at: datetime
    group: str | None = None


@dataclass(frozen=True, slots=True)
class AnsweredRound:
    """A round of questions as one member answered it; `right` of `answered` answers were right."""

    round_id: int
    kind: RoundKind
    subject: str | None
    at: datetime
    answered: int
    right: int

    @property
    def topic(self) -> str:
        """What a quiz was about, as its round keeps it: "concept:softmax", "step:2", "missed"."""
        return (self.subject or "").partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Titles:
    """What things are called: the parts of the path, and the concepts and steps that a quiz may be about."""

    items: Mapping[str, PathItem] = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)


def list_known(
    done: Iterable[DoneItem], rounds: Iterable[AnsweredRound], titles: Titles, since: date
) -> tuple[KnownEvidence, ...]:
    """Everything that was done, the newest first. `since` names the time that it is about, in the keys of sums."""
    found = [*_done(done, titles), *_quizzes(rounds, titles), *_sums(rounds, since)]
    return tuple(known for _, known in sorted(found, key=lambda one: (one[0], one[1].key), reverse=True))


def choose_known(known: Sequence[KnownEvidence], keys: Collection[str]) -> tuple[KnownEvidence, ...]:
    """The evidence with these keys. A sum is found by what it is a sum of, for the day in its key may have moved."""
    wanted = {_stem(key) for key in keys}
    return tuple(one for one in known if _stem(one.key) in wanted)


def offer_known(added: Sequence[KnownEvidence], known: Iterable[KnownEvidence]) -> tuple[KnownEvidence, ...]:
    """What was added, as it was read then, and what else can be."""
    there = {_stem(one.key) for one in added}
    return (*added, *(one for one in known if _stem(one.key) not in there))


def _stem(key: str) -> str:
    kind, _, _ = key.partition(":")
    return kind if kind in {name for name, _ in _KINDS.values()} else key


def _done(done: Iterable[DoneItem], titles: Titles) -> list[tuple[datetime, KnownEvidence]]:
    at_once: dict[str, list[DoneItem]] = defaultdict(list)
    for item in done:
        at_once[item.group or str(item.change_id)].append(item)
    found = []
    for items in at_once.values():
        newest = max(items, key=lambda item: item.change_id)
        minutes = sum(item.minutes for item in items)
        title = _title(newest, titles)
        if title is not None:
            words = f"{title} · {format_minutes(minutes)}" if minutes else title
            found.append((newest.at, KnownEvidence(f"done:{newest.change_id}", words, minutes)))
    return found


def _title(done: DoneItem, titles: Titles) -> str | None:
    """What was done; of several units that were marked in one click, their resource. None: no longer taught."""
    name = done.item if done.group is None else done.item.partition("/")[0]
    item = titles.items.get(name)
    if item is None:
        return None
    if item.kind is ItemKind.MILESTONE:
        return shorten(f"{item.source}: {item.title}", TEXT_LIMIT - len(" · 99 h 59 min"))
    return shorten(item.title, TEXT_LIMIT - len(" · 99 h 59 min"))


def _quizzes(rounds: Iterable[AnsweredRound], titles: Titles) -> list[tuple[datetime, KnownEvidence]]:
    return [
        (one.at, KnownEvidence(f"round:{one.round_id}", f"{_quiz(one, titles)}: {one.right} of {one.answered} right"))
        for one in rounds
        if one.kind not in _KINDS and one.answered
    ]


def _quiz(one: AnsweredRound, titles: Titles) -> str:
    if one.kind is RoundKind.WEEKLY:
        return "Weekly quiz"
    topic = titles.topics.get(one.topic)
    return f"Quiz on {shorten(topic, TEXT_LIMIT - len('Quiz on : 99 of 99 right'))}" if topic else "Quiz"


def _sums(rounds: Iterable[AnsweredRound], since: date) -> list[tuple[datetime, KnownEvidence]]:
    found = []
    for kind, (name, singular) in _KINDS.items():
        ours = [one for one in rounds if one.kind is kind]
        answered, right = sum(one.answered for one in ours), sum(one.right for one in ours)
        if answered:
            words = f"{answered} {singular}{'' if answered == 1 else 's'}, {right} right"
            found.append((max(one.at for one in ours), KnownEvidence(f"{name}:{since.isoformat()}", words)))
    return found
