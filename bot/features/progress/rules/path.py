"""The path: which units, resources and milestones lead a learner through the six steps, in which order."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from bot.features.progress.models import ItemKind, Path, PathItem, PathStep
from knowledge.curriculum import Curriculum
from knowledge.models import Alternative, Resource, Step, Style, Unit

OWN_PROJECT = "own"
"""Stands for a capstone idea that is the learner's own; its milestones are the list in the step's note."""

SHORT_HOURS = 10.0
"""Supporting resources of at most so many hours are worth a look at the end of a step."""

WHOLE_HOURS = 3.0
"""Those of at most so many hours are one item: nobody wants to tick off a blog post section by section."""

RECAP_MINUTES = 90
"""A part that takes longer is no recap any more, but a project of its own."""

_STYLE_LIKES = {
    Style.HANDS_ON: (Style.HANDS_ON, Style.VIDEO, Style.BOOK, Style.UNIVERSITY),
    Style.VIDEO: (Style.VIDEO, Style.HANDS_ON, Style.UNIVERSITY, Style.BOOK),
    Style.BOOK: (Style.BOOK, Style.UNIVERSITY, Style.HANDS_ON, Style.VIDEO),
    Style.UNIVERSITY: (Style.UNIVERSITY, Style.BOOK, Style.VIDEO, Style.HANDS_ON),
}
"""For who likes the first, the ways of a step in the order in which they come near to it."""


def build_path(
    curriculum: Curriculum,
    *,
    style: Style | None = None,
    first_capstone: str | None = None,
    second_capstone: str | None = None,
) -> Path:
    """The path of a learner with these choices. A capstone that the curriculum lacks counts as not chosen yet.

    What is listed twice is done where it comes first.
    """
    projects = {4: first_capstone, 6: second_capstone}
    steps = []
    taken: set[str] = set()
    for step in curriculum.steps:
        if step.number in projects:
            found = _capstone_items(curriculum, step, projects[step.number])
        else:
            found = _study_items(curriculum, step, style)
        items: dict[str, PathItem] = {}
        for item in found:
            if item.id not in taken:
                items.setdefault(item.id, item)
        taken.update(items)
        steps.append(PathStep(step.number, step.title, step.goal, tuple(items.values())))
    return Path(tuple(steps))


def choose_way(step: Step, style: Style | None) -> Alternative | None:
    """The way through a step that fits a style best; the first one if the learner has none."""
    if not step.alternatives:
        return None
    likes = _STYLE_LIKES[style] if style else ()
    ranks = {liked: rank for rank, liked in enumerate(likes)}
    return min(step.alternatives, key=lambda way: ranks.get(way.style, len(ranks)))


def _study_items(curriculum: Curriculum, step: Step, style: Style | None) -> Iterator[PathItem]:
    """Core resources whole, the units of the chosen way that teach something new, then short resources as a recap."""
    taught: set[str] = set()
    for resource_id in step.core:
        for item in _resource_items(curriculum, resource_id, step.number):
            taught.update(item.concepts)
            yield item
    way = choose_way(step, style)
    for resource_id in way.resources if way else ():
        for item in _resource_items(curriculum, resource_id, step.number):
            new = _due(curriculum, item.concepts, step.number) - taught
            taught.update(new)
            whole = not curriculum.resources[resource_id].units
            yield item if new or whole else replace(item, is_required=False)
    for resource_id in step.support:
        for item in _support_items(curriculum, curriculum.resources[resource_id], resource_id, step.number):
            yield replace(item, is_required=False, is_recap=_is_recap(curriculum, item))


def _support_items(curriculum: Curriculum, resource: Resource, resource_id: str, step: int) -> Iterator[PathItem]:
    if resource.hours.max <= WHOLE_HOURS:
        yield _whole(resource_id, resource, step)
    elif resource.hours.max <= SHORT_HOURS:
        yield from _resource_items(curriculum, resource_id, step)


def _is_recap(curriculum: Curriculum, item: PathItem) -> bool:
    """Whether it looks back: it fits in a sitting or two, and most of what it names has been met by then."""
    if item.kind is ItemKind.RESOURCE:
        return item.minutes <= WHOLE_HOURS * 60
    return item.minutes <= RECAP_MINUTES and is_within_reach(curriculum, item.concepts, item.step)


def is_within_reach(curriculum: Curriculum, concepts: Collection[str], step: int) -> bool:
    """Whether at least half of these concepts have been met by this step; what names none is for everybody."""
    met = sum(curriculum.concepts[id_].met_in <= step for id_ in concepts)
    return 2 * met >= len(concepts)


def _due(curriculum: Curriculum, concepts: Iterable[str], step: int) -> set[str]:
    """The concepts whose time has come: met by this step, and not studied in depth before it."""
    known = curriculum.concepts
    return {id_ for id_ in concepts if known[id_].met_in <= step <= known[id_].step}


def _resource_items(curriculum: Curriculum, resource_id: str, step: int) -> Iterator[PathItem]:
    resource = curriculum.resources[resource_id]
    if not resource.units:
        yield _whole(resource_id, resource, step)
    for unit in resource.units:
        yield _unit_item(resource_id, resource, unit, step)


def _whole(resource_id: str, resource: Resource, step: int) -> PathItem:
    minutes = round((resource.hours.min + resource.hours.max) / 2 * 60)
    outcome = "You know what it teaches and have tried it yourself."
    url = str(resource.url)
    return PathItem(resource_id, ItemKind.RESOURCE, step, resource.title, resource.title, outcome, minutes, url)


def _unit_item(resource_id: str, resource: Resource, unit: Unit, step: int) -> PathItem:
    share = (resource.hours.min + resource.hours.max) / 2 * 60 / len(resource.units)
    return PathItem(
        id=f"{resource_id}/{unit.id}",
        kind=ItemKind.UNIT,
        step=step,
        title=f"{unit.label}: {unit.title}",
        source=resource.title,
        outcome=unit.summary,
        minutes=unit.minutes or max(10, round(share)),
        url=str(unit.url or resource.url),
        concepts=unit.concepts,
        is_required=bool(unit.concepts),
    )


def extra_item(curriculum: Curriculum, item_id: str) -> PathItem | None:
    """A resource or one of its units, also where no path leads to it: worth doing, and required of nobody."""
    resource_id, _, unit_id = item_id.partition("/")
    resource = curriculum.resources.get(resource_id)
    if resource is None:
        return None
    step = resource.steps[0]
    if not unit_id:
        return replace(_whole(resource_id, resource, step), is_required=False)
    unit = resource.unit(unit_id)
    return replace(_unit_item(resource_id, resource, unit, step), is_required=False) if unit else None


def choice_item(step: Step) -> PathItem:
    """The first item of a capstone until a project is chosen."""
    outcome = "You have one problem, written down in one sentence."
    return PathItem(
        f"capstone:choose/{step.number}",
        ItemKind.MILESTONE,
        step.number,
        "Choose a project",
        step.title,
        outcome,
        60,
    )


def _capstone_items(curriculum: Curriculum, step: Step, project: str | None) -> Iterator[PathItem]:
    """The milestones of the project. Until one is chosen, the choice and the milestones of any project of one's own.

    So a step without a project still takes its weeks, and it is not over when the choice is ticked off.
    """
    idea = curriculum.capstones.get(project or "")
    if idea is not None and idea.step != step.number:
        idea = None
    if idea is None and project != OWN_PROJECT:
        yield choice_item(step)
    milestones = curriculum.milestones.get(project if idea and project else step.id, ())
    if idea is not None:
        hours = (idea.hours.min + idea.hours.max) / 2
    else:
        hours = (step.weeks.min + step.weeks.max) / 2 * curriculum.hours_per_week
    for number, text in enumerate(milestones, start=1):
        yield PathItem(
            id=f"capstone:{project}/{number}" if idea else f"capstone:{OWN_PROJECT}/{step.number}-{number}",
            kind=ItemKind.MILESTONE,
            step=step.number,
            title=f"Milestone {number} of {len(milestones)}",
            source=idea.title if idea else "Your own project",
            outcome=text,
            minutes=round(hours * 60 / len(milestones)),
            url=str(idea.url) if idea and idea.url else None,
            concepts=idea.concepts if idea else (),
        )
