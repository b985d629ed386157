"""Where a learner stands with a part of the curriculum, and why it is not there yet."""

from datetime import datetime

from bot.features.curriculum.models import Mark, Standing
from bot.features.progress.models import ItemKind, Learner, Level, Path, State, StepState
from bot.features.progress.rules.mastery import explain_level, find_level
from bot.features.progress.rules.overview import current_step, step_overviews
from bot.features.progress.rules.rhythm import format_minutes, zone_of
from knowledge.curriculum import Curriculum
from knowledge.models import Step

ANY_TIME = "you can look at it any time"


class Reader:
    """One learner who looks at the curriculum at one moment."""

    def __init__(self, curriculum: Curriculum, path: Path, learner: Learner, now: datetime) -> None:
        self.path = path
        self.learner = learner
        self._curriculum = curriculum
        self._now = now
        self._current = current_step(path, learner)
        self._steps = {step.number: step for step in step_overviews(path, learner)}
        self._items = {item.id: item for item in path.items}
        self._taught = self._states_of_teaching()

    # Steps

    def step(self, step: Step) -> Standing:
        """Where the learner stands with a step, and what opens it."""
        found = self._steps[step.number]
        match found.state:
            case StepState.DONE:
                return Standing(Mark.DONE, "done")
            case StepState.CURRENT:
                return Standing(Mark.STARTED, f"you are here, {found.settled} of {found.required} parts done")
            case _:
                return Standing(Mark.OPEN, "ahead", f"ahead: it {self.opens(step.number)}")

    def opens(self, number: int) -> str:
        """When a step that is ahead opens."""
        before = [n for n in self._curriculum.step(number).after if self._steps[n].state is not StepState.DONE]
        if not before and self._current is not None:
            before = [self._current.number]
        steps = " and ".join(f"step {n}" for n in before)
        return f"opens when {steps} {'is' if len(before) == 1 else 'are'} done; {ANY_TIME}"

    # Parts of the path

    def item(self, item_id: str) -> Standing:
        """Where the learner stands with a unit, a resource without units or a milestone."""
        progress = self.learner.progress.get(item_id)
        if progress is None:
            return self._open(item_id)
        match progress.state:
            case State.DONE:
                return Standing(Mark.DONE, "done")
            case State.KNOWN:
                return Standing(Mark.DONE, "known already")
            case State.SKIPPED:
                return Standing(Mark.SKIPPED, "skipped")
            case _:
                spent = f", {format_minutes(progress.minutes)} so far" if progress.minutes else ""
                return Standing(Mark.STARTED, f"started{spent}")

    def _open(self, item_id: str) -> Standing:
        item = self._items.get(item_id)
        if item is None:
            return Standing(Mark.OPEN, "extra", f"beside your path; {ANY_TIME}")
        step = self._steps[item.step]
        if not item.is_required:
            return Standing(Mark.OPEN, "extra", f"an extra of step {item.step}; {ANY_TIME}")
        if step.state is StepState.AHEAD:
            return Standing(Mark.OPEN, "ahead", f"ahead in step {item.step}, which {self.opens(item.step)}")
        if step.next_item is not None and step.next_item.id == item_id:
            return Standing(Mark.OPEN, "comes next", f"comes next in step {item.step}")
        return Standing(Mark.OPEN, "later", f"comes later in step {item.step}; {ANY_TIME}")

    def resource(self, resource_id: str) -> Standing:
        """Where the learner stands with a whole resource: what the path asks of it, or else all of it."""
        units = self._curriculum.resources[resource_id].units
        if not units or self.learner.is_settled(resource_id):
            return self.item(resource_id)
        ids = [f"{resource_id}/{unit.id}" for unit in units]
        asked = [id_ for id_ in ids if id_ in self._items and self._items[id_].is_required]
        counted = asked or ids
        settled = sum(self.learner.is_settled(id_) for id_ in counted)
        if settled == len(counted):
            return Standing(Mark.DONE, "done")
        if settled or any(id_ in self.learner.progress for id_ in ids):
            return Standing(Mark.STARTED, f"{settled} of {len(counted)} parts done")
        return self._open(counted[0])

    # Concepts

    def concept(self, concept_id: str) -> Standing:
        """How well a concept is known, by answers or by what was studied; else when its time comes."""
        level = self.level(concept_id)
        taught = self._taught.get(concept_id, set())
        if level in {Level.SOLID, Level.FADING}:
            return Standing(Mark.DONE, level.value)
        if level is Level.SHAKY:
            return Standing(Mark.STARTED, "shaky, worth a second look")
        if State.DONE in taught or State.KNOWN in taught:
            return Standing(Mark.DONE, "studied")
        if level is Level.LEARNING or State.STARTED in taught:
            return Standing(Mark.STARTED, "learning")
        return self._open_concept(concept_id)

    def is_met(self, concept_id: str) -> bool:
        """Whether what builds on the concept can build on it."""
        return self.concept(concept_id).mark is Mark.DONE

    def level(self, concept_id: str) -> Level:
        return find_level(self.learner.mastery.get(concept_id), self._now)

    def answers(self, concept_id: str) -> str:
        """What the learner's answers say of a concept, in words."""
        return explain_level(self.learner.mastery.get(concept_id), self._now, zone_of(self.learner.profile.zone))

    def _states_of_teaching(self) -> dict[str, set[State]]:
        """For each concept, the states of the parts that teach it. A project uses concepts and does not teach them."""
        found: dict[str, set[State]] = {}
        for item_id, progress in self.learner.progress.items():
            item = self._items.get(item_id)
            if item is not None and item.kind is ItemKind.MILESTONE:
                continue
            for concept in item.concepts if item else self._concepts_of(item_id):
                found.setdefault(concept, set()).add(progress.state)
        return found

    def _concepts_of(self, item_id: str) -> tuple[str, ...]:
        """What a unit beside the path teaches."""
        resource_id, _, unit_id = item_id.partition("/")
        resource = self._curriculum.resources.get(resource_id)
        unit = resource.unit(unit_id) if resource else None
        return unit.concepts if unit else ()

    def _open_concept(self, concept_id: str) -> Standing:
        number = self._curriculum.concepts[concept_id].step
        reason = f"studied in step {number}"
        if self._steps[number].state is StepState.AHEAD:
            reason += f", which {self.opens(number)}"
        return Standing(Mark.OPEN, f"step {number}", reason)
