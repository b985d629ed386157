"""What a member may mean while typing the name of a part of the path."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from bot.features.progress.models import Choice, Learner, Path, PathItem, State
from bot.features.progress.rules.overview import current_step
from bot.features.progress.rules.path import extra_item
from bot.ui.text import shorten
from indexer.spelling import Spelling
from knowledge.curriculum import Curriculum

WHOLE = "whole:"
"""What the value of a choice begins with that stands for a resource with all its units."""

MOST_CHOICES = 25
CALLED_SO, BEGINS_SO = 0, 1
"""What `rank_names` says of a text that is one of the names, and of one that the title begins with."""

_LABEL_LIMIT, _VALUE_LIMIT = 100, 100
_WORDS = re.compile(r"\w+(?:\.\w+)*")
"""Words and numbers of chapters: "1.1" is one of them."""
MARKS = {State.DONE: "✓", State.KNOWN: "✓", State.STARTED: "►", State.SKIPPED: "–"}
"""How a state is marked where there is little room. What is open has no mark."""


def suggest_items(curriculum: Curriculum, path: Path, learner: Learner, text: str) -> tuple[Choice, ...]:
    """Parts of the path that have every word of `text`, the open ones of the present step first.

    Then come whole resources and, once something is typed, what lies beside the path.
    """
    items = [*_in_order(path, learner, text)]
    found = [item for item in items if matches(text, *_names(item, text))]
    choices = [_choice(item, learner) for item in found]
    choices += _whole_resources(curriculum, path, learner, text)
    if text.strip():
        on_path = {item.id for item in items}
        choices += [_choice(item, learner) for item in _beside(curriculum, text) if item.id not in on_path]
    return _first(choices)


def suggest_changed(items: Iterable[PathItem], learner: Learner, text: str) -> tuple[Choice, ...]:
    """The parts that the learner has changed, the newest change first; `items` are all that they may be."""
    changed = sorted(
        (item for item in items if item.id in learner.progress),
        key=lambda item: learner.progress[item.id].changed_at,
        reverse=True,
    )
    return _first(_choice(item, learner) for item in changed if matches(text, item.title, item.source))


def matches(text: str, *names: str) -> bool:
    """Whether every word of the text stands in one of the names, wherever in it."""
    name = _plain(" ".join(names))
    return all(word in name for word in _plain(text).split())


def spelling_of(curriculum: Curriculum) -> Spelling:
    """Mends slips in what is typed with the words of all titles and other names."""
    notes = [*curriculum.resources.values(), *curriculum.concepts.values(), *curriculum.capstones.values()]
    units = [unit for resource in curriculum.resources.values() for unit in resource.units]
    names = [name for note in notes for name in (note.title, *note.aliases)]
    names += [f"{unit.label} {unit.title}" for unit in units]
    return Spelling.from_texts(map(_plain, [*names, *(f"step {step.title}" for step in curriculum.steps)]))


@lru_cache(maxsize=8192)
def _plain(text: str) -> str:
    """As names are compared: in lower case and without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def rank_names(text: str, names: Sequence[str]) -> int | None:
    """How near the text is to the names, of which the first is the title; None if it does not match.

    0 it is one of them · 1 the title begins with it · 2 words of the title begin with its words · 3 words of any name
    do · 4 its words stand anywhere in them.
    """
    plain = [_plain(name) for name in names]
    words, whole = _plain(text).split(), " ".join(plain)
    text = " ".join(words)
    if text in plain:
        return CALLED_SO
    if plain[0].startswith(text):
        return BEGINS_SO
    if all(any(part.startswith(word) for part in plain[0].split()) for word in words):
        return 2
    if all(any(part.startswith(word) for part in whole.split()) for word in words):
        return 3
    return 4 if all(word in whole for word in words) else None


def _names(item: PathItem, text: str) -> tuple[str, ...]:
    """What may be typed for an item; the number of its step only after the word "step"."""
    return (item.title, item.source, f"step {item.step}" if "step" in text.casefold() else "")


def _in_order(path: Path, learner: Learner, text: str) -> Iterator[PathItem]:
    """The present step first, then what follows, then what is behind.

    In each step, what is called exactly that comes first ("lesson 1" before lesson 10), then what is open.
    """
    words = set(text.casefold().split())
    present = current_step(path, learner)
    number = present.number if present else 1
    for step in sorted(path.steps, key=lambda step: (step.number < number, step.number)):
        yield from sorted(
            step.items,
            key=lambda item: (
                not words <= set(_WORDS.findall(f"{item.title} {item.source}".casefold())),
                learner.is_settled(item.id),
                not item.is_required,
            ),
        )


def _whole_resources(curriculum: Curriculum, path: Path, learner: Learner, text: str) -> Iterator[Choice]:
    """Resources with units, those of the path first."""
    on_path = dict.fromkeys(item.id.partition("/")[0] for item in path.items)
    for id_ in dict.fromkeys([*on_path, *curriculum.resources]):
        resource = curriculum.resources.get(id_)
        if resource is None or not resource.units or not matches(text, "whole", resource.title, *resource.aliases):
            continue
        is_done = all(learner.is_settled(f"{id_}/{unit.id}") for unit in resource.units)
        mark = "✓ " if is_done or learner.is_settled(id_) else ""
        yield Choice(f"{WHOLE}{id_}", shorten(f"{mark}Whole: {resource.title}", _LABEL_LIMIT))


def _beside(curriculum: Curriculum, text: str) -> Iterator[PathItem]:
    for id_, resource in curriculum.resources.items():
        ids = [f"{id_}/{unit.id}" for unit in resource.units] or [id_]
        for item in (extra_item(curriculum, one) for one in ids):
            if item is not None and matches(text, item.title, item.source):
                yield item


def _choice(item: PathItem, learner: Learner) -> Choice:
    state = learner.state(item.id)
    mark = f"{MARKS[state]} " if state else ""
    source = f" · {item.source}" if item.source != item.title else ""
    return Choice(item.id, shorten(f"{mark}{item.title}{source}", _LABEL_LIMIT))


def _first(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """As many as Discord shows. A value that is too long for it can still be typed."""
    fitting = (choice for choice in choices if len(choice.value) <= _VALUE_LIMIT)
    return tuple(choice for _, choice in zip(range(MOST_CHOICES), fitting, strict=False))
