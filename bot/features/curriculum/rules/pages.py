"""What stands on each page of the curriculum. Without a reader, nobody's progress stands there."""

from collections.abc import Iterable

from bot.features.curriculum.models import Line, Mark, Page, Section, Standing
from bot.features.curriculum.rules.standing import Reader
from bot.features.progress.models import ItemKind
from bot.features.progress.rules.path import choose_way
from bot.features.progress.rules.rhythm import format_minutes
from knowledge.curriculum import Curriculum
from knowledge.models import QuestionKind, Range, Resource, Step, StudyPlace

HOME = "home"
_MOST_FOLLOWERS = 8
_OF_STEPS = {"step", "concepts", "ideas"}
_ANSWERED_BY_BUTTONS = {QuestionKind.SINGLE, QuestionKind.BOOLEAN}


class Pages:
    """Builds pages, for one reader or for everybody."""

    def __init__(self, curriculum: Curriculum, reader: Reader | None = None) -> None:
        self._curriculum = curriculum
        self._reader = reader

    def build(self, address: str) -> Page | None:
        """The page at an address; None if there is none."""
        kind, _, id_ = address.partition(":")
        step = next((step for step in self._curriculum.steps if str(step.number) == id_), None)
        if kind in _OF_STEPS:
            return {"step": self._step, "concepts": self._concepts, "ideas": self._ideas}[kind](step) if step else None
        if address == HOME:
            return self._home()
        build = {"resource": self._resource, "unit": self._unit, "concept": self._concept, "idea": self._idea}.get(kind)
        return build(id_) if build else None

    # Steps

    def _home(self) -> Page:
        lines = tuple(self.step_line(step) for step in self._curriculum.steps)
        return Page(HOME, self._curriculum.title, (self._curriculum.summary,), lines=lines)

    def _step(self, step: Step) -> Page:
        weeks = f"About {_range(step.weeks)} weeks at {self._curriculum.hours_per_week:g} hours a week."
        paragraphs = [step.goal, weeks]
        if self._reader:
            standing = self._reader.step(step)
            paragraphs.append(f"{standing.mark} For you: {standing.sentence}.")
        more = [("Concepts", f"concepts:{step.number}")] if self._concepts_of(step) else []
        if self._ideas_of(step):
            more.append(("Project ideas", f"ideas:{step.number}"))
        sections = (*self._projects(step), *self._resources(step))
        title = f"Step {step.number}: {step.title}"
        return Page(f"step:{step.number}", title, tuple(paragraphs), sections, up=HOME, more=tuple(more))

    def _projects(self, step: Step) -> Iterable[Section]:
        """The milestones of the reader's project, in a capstone step."""
        if not self._reader:
            return
        items = next(found.items for found in self._reader.path.steps if found.number == step.number)
        milestones = [item for item in items if item.kind is ItemKind.MILESTONE]
        if milestones:
            lines = [Line(f"{item.title}: {item.outcome}", self._reader.item(item.id)) for item in milestones]
            yield Section(f"Your project: {milestones[0].source}", tuple(lines))

    def _resources(self, step: Step) -> Iterable[Section]:
        if step.core:
            yield self._resource_section("Everybody does", step.core)
        chosen = choose_way(step, self._reader.learner.profile.style) if self._reader else None
        for way in sorted(step.alternatives, key=lambda way: way is not chosen):
            name = "Your way" if way is chosen else "Another way" if chosen else "One way"
            yield self._resource_section(f"{name}: {way.title}", way.resources)
        if step.support:
            yield self._resource_section("To look things up", step.support)
        if step.beyond:
            yield self._resource_section("Beyond the curriculum", step.beyond)

    def _resource_section(self, name: str, ids: Iterable[str]) -> Section:
        return Section(name, tuple(self.resource_line(id_) for id_ in ids))

    def _concepts(self, step: Step) -> Page:
        lines = [_without_step(self.concept_line(id_)) for id_ in self._concepts_of(step)]
        title = f"Concepts of step {step.number}: {step.title}"
        text = "What you study in depth in this step, in the order of the alphabet."
        address = f"concepts:{step.number}"
        return Page(address, title, (text,), lines=tuple(lines), up=f"step:{step.number}")

    def _concepts_of(self, step: Step) -> list[str]:
        found = [id_ for id_, concept in self._curriculum.concepts.items() if concept.step == step.number]
        return sorted(found, key=lambda id_: self._curriculum.concepts[id_].title.casefold())

    # Resources and their units

    def _resource(self, resource_id: str) -> Page | None:
        resource = self._curriculum.resources.get(resource_id)
        if resource is None:
            return None
        paragraphs = [_facts(resource)]
        if self._reader:
            standing = self._reader.resource(resource_id)
            paragraphs.append(f"{standing.mark} For you: {standing.sentence}.")
        lines = [self.unit_line(resource_id, unit.id) for unit in resource.units]
        return Page(
            f"resource:{resource_id}",
            resource.title,
            tuple(paragraphs),
            lines=tuple(lines),
            up=f"step:{resource.steps[0]}",
            url=str(resource.url),
        )

    def _unit(self, item_id: str) -> Page | None:
        resource_id, _, unit_id = item_id.partition("/")
        resource = self._curriculum.resources.get(resource_id)
        unit = resource.unit(unit_id) if resource else None
        if resource is None or unit is None:
            return None
        paragraphs = [f"From {resource.title}.", unit.summary]
        if unit.minutes:
            paragraphs[0] = f"From {resource.title}, about {format_minutes(unit.minutes)}."
        if self._reader:
            standing = self._reader.item(item_id)
            paragraphs.append(f"{standing.mark} For you: {standing.sentence}.")
        concepts = Section("It teaches", tuple(self.concept_line(id_) for id_ in unit.concepts))
        return Page(
            f"unit:{item_id}",
            f"{unit.label}: {unit.title}",
            tuple(paragraphs),
            (concepts,) if unit.concepts else (),
            up=f"resource:{resource_id}",
            url=str(unit.url or resource.url),
        )

    # Concepts

    def _concept(self, concept_id: str) -> Page | None:
        concept = self._curriculum.concepts.get(concept_id)
        if concept is None:
            return None
        paragraphs = [f"**{self._curriculum.definitions[concept_id]}**"]
        if self._reader:
            standing = self._reader.concept(concept_id)
            paragraphs.append(f"{standing.mark} For you: {standing.sentence}.")
            paragraphs.append(f"Your answers: {self._reader.answers(concept_id)}.")
        paragraphs.append(f"Ask about it: `/ask` *what is {concept.title[0].lower()}{concept.title[1:]}?*")
        before = [self._prerequisite_line(id_) for id_ in concept.prerequisites]
        after = [id_ for id_, other in self._curriculum.concepts.items() if concept_id in other.prerequisites]
        sections = [
            Section("Comes before it", tuple(before)),
            Section("Where to study it", tuple(self._place_line(place) for place in concept.study)),
            Section("Easily confused with", tuple(self.concept_line(id_) for id_ in concept.confused_with)),
            Section("Builds on it", tuple(self.concept_line(id_) for id_ in after[:_MOST_FOLLOWERS])),
        ]
        asked = any(q.concept == concept_id and q.kind in _ANSWERED_BY_BUTTONS for q in self._curriculum.questions)
        return Page(
            f"concept:{concept_id}",
            concept.title,
            tuple(paragraphs),
            tuple(section for section in sections if section.lines),
            up=f"concepts:{concept.step}",
            question=concept_id if asked else None,
        )

    def _prerequisite_line(self, concept_id: str) -> Line:
        line = self.concept_line(concept_id)
        if self._reader is None or line.standing is None:
            return line
        met = "met" if self._reader.is_met(concept_id) else "not met yet"
        words = f"{met}: {line.standing.words}"
        return Line(line.title, Standing(line.standing.mark, words), line.address)

    def _place_line(self, place: StudyPlace) -> Line:
        """A study place: its page here, and the most exact link that there is."""
        item_id = f"{place.resource}/{place.unit}" if place.unit else place.resource
        address = f"unit:{item_id}" if place.unit else f"resource:{item_id}"
        standing = self._reader.item(item_id) if self._reader else None
        return Line(self._curriculum.place_label(place), standing, address, self._curriculum.place_url(place))

    # Project ideas

    def _ideas(self, step: Step) -> Page:
        lines = [self.idea_line(id_) for id_ in self._ideas_of(step)]
        title = f"Project ideas for step {step.number}"
        text = "Ideas, the easiest first. A problem of your own is just as good."
        return Page(f"ideas:{step.number}", title, (text,), lines=tuple(lines), up=f"step:{step.number}")

    def _ideas_of(self, step: Step) -> list[str]:
        ideas = self._curriculum.capstones
        found = [id_ for id_, idea in ideas.items() if idea.step == step.number]
        return sorted(found, key=lambda id_: (ideas[id_].difficulty, ideas[id_].title))

    def _idea(self, idea_id: str) -> Page | None:
        idea = self._curriculum.capstones.get(idea_id)
        if idea is None:
            return None
        facts = {"Data": idea.data, "Baseline": idea.baseline, "Metric": idea.metric, "Target": idea.target}
        paragraphs = [
            f"Difficulty {idea.difficulty} of 5, about {_range(idea.hours)} hours, on {idea.hardware}.",
            "\n".join(f"**{name}:** {fact}" for name, fact in facts.items()),
        ]
        if self._is_chosen(idea_id):
            paragraphs.append(f"{Mark.STARTED} This is your project.")
        steps = self._curriculum.milestones.get(idea_id, ())
        milestones = Section("Milestones", tuple(Line(f"{n}. {text}") for n, text in enumerate(steps, start=1)))
        concepts = Section("It uses", tuple(self.concept_line(id_) for id_ in idea.concepts))
        return Page(
            f"idea:{idea_id}",
            idea.title,
            tuple(paragraphs),
            (milestones, concepts) if steps else (concepts,),
            up=f"ideas:{idea.step}",
            url=str(idea.url) if idea.url else None,
        )

    def _is_chosen(self, idea_id: str) -> bool:
        profile = self._reader.learner.profile if self._reader else None
        return profile is not None and idea_id in {profile.first_capstone, profile.second_capstone}

    # Lines

    def step_line(self, step: Step) -> Line:
        standing = self._reader.step(step) if self._reader else None
        return Line(f"{step.number}. {step.title}", standing, f"step:{step.number}")

    def resource_line(self, resource_id: str) -> Line:
        standing = self._reader.resource(resource_id) if self._reader else None
        return Line(self._curriculum.resources[resource_id].title, standing, f"resource:{resource_id}")

    def unit_line(self, resource_id: str, unit_id: str) -> Line:
        unit = self._curriculum.resources[resource_id].unit(unit_id)
        title = f"{unit.label}: {unit.title}" if unit else unit_id
        standing = self._reader.item(f"{resource_id}/{unit_id}") if self._reader else None
        return Line(title, standing, f"unit:{resource_id}/{unit_id}")

    def concept_line(self, concept_id: str) -> Line:
        standing = self._reader.concept(concept_id) if self._reader else None
        return Line(self._curriculum.concepts[concept_id].title, standing, f"concept:{concept_id}")

    def idea_line(self, idea_id: str) -> Line:
        idea = self._curriculum.capstones[idea_id]
        chosen = Standing(Mark.STARTED, "your project") if self._is_chosen(idea_id) else None
        title = f"{idea.title} · difficulty {idea.difficulty}, {_range(idea.hours)} h"
        return Line(title, chosen, f"idea:{idea_id}")


def _facts(resource: Resource) -> str:
    """Who made it, what it is, what it costs and how long it takes."""
    authors = ", ".join(resource.authors[:3]) + (" and others" if len(resource.authors) > 3 else "")
    year = f", {resource.year}" if resource.year else ""
    cost = "partly free" if resource.cost == "mixed" else resource.cost
    formats = ", ".join(resource.formats)
    return (
        f"By {authors}{year}. {formats.capitalize()}, {cost}, {resource.level}, about {_range(resource.hours)} hours."
    )


def _without_step(line: Line) -> Line:
    """What is open in a step's own list needs no word for it."""
    standing = line.standing
    if standing is None or standing.mark is not Mark.OPEN:
        return line
    return Line(line.title, Standing(Mark.OPEN, "", standing.reason), line.address)


def _range(estimate: Range) -> str:
    if estimate.min == estimate.max:
        return f"{estimate.min:g}"
    return f"{estimate.min:g} to {estimate.max:g}"
