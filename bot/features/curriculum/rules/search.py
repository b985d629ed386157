"""Finding a page by what a member types."""

from collections.abc import Iterator

from bot.features.progress.models import Choice
from bot.features.progress.rules.choices import CALLED_SO, rank_names
from bot.ui.text import shorten
from knowledge.curriculum import Curriculum

MOST_FOUND = 25
_LABEL_LIMIT, _VALUE_LIMIT = 100, 100


def find_pages(curriculum: Curriculum, text: str) -> tuple[Choice, ...]:
    """Pages whose title or other names have every word of `text`, the nearest first; all of them if it is empty."""
    ranked = [
        (rank, choice)
        for choice, names in _pages(curriculum)
        if (rank := rank_names(text, names)) is not None and len(choice.value) <= _VALUE_LIMIT
    ]
    return tuple(choice for _, choice in sorted(ranked, key=lambda found: found[0])[:MOST_FOUND])


def find_page(curriculum: Curriculum, text: str) -> Choice | None:
    """The one page that is called exactly that, or the only one that matches."""
    exact = [choice for choice, names in _pages(curriculum) if rank_names(text, names) == CALLED_SO]
    if len(exact) == 1:
        return exact[0]
    found = find_pages(curriculum, text)
    return found[0] if len(found) == 1 else None


def _pages(curriculum: Curriculum) -> Iterator[tuple[Choice, tuple[str, ...]]]:
    """Every page that has a name: steps, then resources, concepts, project ideas and units of resources."""
    for step in curriculum.steps:
        names = (step.title, f"step {step.number}", str(step.number))
        yield _choice(f"step:{step.number}", f"Step {step.number}: {step.title}", ""), names
    for id_, resource in curriculum.resources.items():
        yield _choice(f"resource:{id_}", resource.title, "resource"), (resource.title, *resource.aliases)
    for id_, concept in curriculum.concepts.items():
        what = f"concept of step {concept.step}"
        yield _choice(f"concept:{id_}", concept.title, what), (concept.title, *concept.aliases)
    for id_, idea in curriculum.capstones.items():
        yield _choice(f"idea:{id_}", idea.title, "project idea"), (idea.title, *idea.aliases)
    for id_, resource in curriculum.resources.items():
        for unit in resource.units:
            title = f"{unit.label}: {unit.title}"
            yield _choice(f"unit:{id_}/{unit.id}", title, resource.title), (title, resource.title)


def _choice(value: str, title: str, what: str) -> Choice:
    return Choice(value, shorten(f"{title} · {what}" if what else title, _LABEL_LIMIT))
