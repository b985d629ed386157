"""The structured facts of a curriculum as sentences that may be quoted.

Times, costs, choices and rules live in front matter and `curriculum.toml` only. Here each
becomes a sentence with its subject and aspect, so that "how long does step 2 take?" is
answered from the fact itself and not from prose that happens to mention weeks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from knowledge.curriculum import Curriculum
from knowledge.models import Capstone, Framework, Range, Resource, Step, Style, Verdict


class Aspect(StrEnum):
    """What a fact is about."""

    GOAL = "goal"
    DURATION = "duration"
    CHOICE = "choice"
    ORDER = "order"
    MATERIAL = "material"
    RULE = "rule"
    COST = "cost"
    AUTHOR = "author"
    LEVEL = "level"
    STATUS = "status"
    IDEAS = "ideas"


@dataclass(frozen=True, slots=True)
class Fact:
    """One aspect of one subject. `source` is the note that holds it; `names` are what learners call the subject."""

    source: str
    aspect: Aspect
    names: tuple[str, ...]
    sentences: tuple[str, ...]
    questions: tuple[str, ...] = ()
    steps: tuple[int, ...] = ()


def curriculum_facts(curriculum: Curriculum) -> list[Fact]:
    """Every fact of the steps, the capstone rule, the resources and the capstone ideas."""
    return [
        *_whole_facts(curriculum),
        *(fact for step in curriculum.steps for fact in _step_facts(curriculum, step)),
        *(fact for step in curriculum.steps for fact in _idea_facts(curriculum, step)),
        *(fact for framework in curriculum.frameworks for fact in _framework_facts(curriculum, framework)),
        *(
            fact
            for id_, resource in curriculum.resources.items()
            for fact in _resource_facts(curriculum, id_, resource)
        ),
        *(fact for id_, capstone in curriculum.capstones.items() for fact in _capstone_facts(id_, capstone)),
    ]


def _whole_facts(curriculum: Curriculum) -> Iterator[Fact]:
    first = f"steps/{curriculum.steps[0].id}"
    names = ("curriculum", "whole curriculum", "course", "path", "everything", "all six steps")
    total = Range(min=sum(s.weeks.min for s in curriculum.steps), max=sum(s.weeks.max for s in curriculum.steps))
    weeks, pace = _span(total, "week"), f"{curriculum.hours_per_week:g} hours a week"
    listing = "; ".join(f"({step.number}) {step.title}" for step in curriculum.steps)
    yield Fact(
        first,
        Aspect.ORDER,
        names,
        (f"The curriculum has {len(curriculum.steps)} steps: {listing}.",),
        (
            "what are the steps of the curriculum",
            "what is the curriculum",
            "in which order do I learn this",
            "what topics are covered",
        ),
    )
    yield Fact(
        first,
        Aspect.DURATION,
        names,
        (f"The whole curriculum takes about {weeks} at {pace}, the sum of the estimates for its steps.",),
        (
            "how long does the whole curriculum take",
            "how long until I am done with everything",
            "how many months do I need in total",
        ),
    )
    yield Fact(
        first,
        Aspect.COST,
        names,
        tuple(_whole_cost(curriculum)),
        ("how much does it all cost", "is it free", "is this free of charge", "what do I have to pay for"),
    )


def _whole_cost(curriculum: Curriculum) -> Iterator[str]:
    resources = [resource for resource in curriculum.resources.values() if resource.scope == "curriculum"]
    free, partly, paid = ([r for r in resources if r.cost == cost] for cost in ("free", "mixed", "paid"))
    counts = ((len(free), "free"), (len(partly), "free in part"), (len(paid), "not free"))
    yield f"The curriculum has {len(resources)} resources: {_list([f'{n} {word}' for n, word in counts if n])}."
    if paid:
        yield f"What costs money: {_list([resource.title for resource in paid])}."
        if all(_is_free(curriculum, step) for step in curriculum.steps):
            yield "Every step of the curriculum has a way without what costs money."


def _is_free(curriculum: Curriculum, step: Step) -> bool:
    """Whether a step can be done without paying, by its core and one of its ways."""

    def costs_nothing(ids: tuple[str, ...]) -> bool:
        return all(curriculum.resources[id_].cost != "paid" for id_ in ids)

    ways = step.alternatives
    return costs_nothing(step.core) and (not ways or any(costs_nothing(way.resources) for way in ways))


def _step_facts(curriculum: Curriculum, step: Step) -> Iterator[Fact]:
    source = f"steps/{step.id}"
    name = f"Step {step.number}, {step.title},"
    names = (f"step {step.number}", f"part {step.number}", step.title.lower())
    pace = f"{curriculum.hours_per_week:g} hours a week"
    yield Fact(
        source,
        Aspect.GOAL,
        names,
        (f"{name} has this goal: {_lower_first(step.goal)}",),
        (f"what is step {step.number} about", f"what do I learn in step {step.number}"),
        (step.number,),
    )
    yield Fact(
        source,
        Aspect.DURATION,
        names,
        (f"{name} takes about {_span(step.weeks, 'week')} at {pace}, which is an estimate.",),
        (
            f"how long does step {step.number} take",
            f"how many weeks for step {step.number}",
            f"how much time do I need for {step.title.lower()}",
        ),
        (step.number,),
    )
    if step.alternatives:
        ways = tuple(
            f"For {_STYLES[way.style]}, choose {_titles(curriculum, way.resources)}: {_lower_first(way.for_whom)}"
            for way in step.alternatives
        )
        offer = (
            f"{name} offers {len(step.alternatives)} ways of which you choose one main path; they all prepare"
            if len(step.alternatives) > 1
            else f"{name} offers one way; it prepares"
        )
        yield Fact(
            source,
            Aspect.CHOICE,
            names,
            (f"{offer} you for the next step.", *ways),
            (
                f"which course should I take for step {step.number}",
                f"book or videos for step {step.number}",
                f"do I need to do all resources of step {step.number}",
            ),
            (step.number,),
        )
    before = _list([f"step {n}" for n in step.after])
    order = (
        f"{name} comes after {before}." if step.after else f"{name} is where everybody starts; nothing comes before it."
    )
    later = [other for other in curriculum.steps if other.number == step.number + 1]
    following = (
        f" After it comes step {later[0].number}, {later[0].title}."
        if later
        else " It is the last step of the curriculum."
    )
    yield Fact(
        source,
        Aspect.ORDER,
        names,
        (order + following,),
        (f"what comes after step {step.number}", f"what do I need before step {step.number}"),
        (step.number,),
    )
    if step.core or step.support:
        parts = []
        if step.core:
            parts.append(f"{name} is worked through with {_titles(curriculum, step.core)}.")
        if step.support:
            parts.append(f"Step {step.number} is supported by {_titles(curriculum, step.support)}.")
        yield Fact(
            source,
            Aspect.MATERIAL,
            names,
            tuple(parts),
            (f"which resources belong to step {step.number}", f"what do I read or watch in step {step.number}"),
            (step.number,),
        )


def _idea_facts(curriculum: Curriculum, step: Step) -> Iterator[Fact]:
    """The project ideas of a capstone step, easy ones first."""
    ideas = [capstone for capstone in curriculum.capstones.values() if capstone.step == step.number]
    if not ideas:
        return
    ideas.sort(key=lambda idea: (idea.difficulty, idea.title))
    listing = ", ".join(f"“{idea.title}” ({idea.difficulty})" for idea in ideas)
    yield Fact(
        f"steps/{step.id}",
        Aspect.IDEAS,
        (f"step {step.number}", step.title.lower()),
        (
            f"Ideas for {step.title} (step {step.number}) with their difficulty from 1 to 5 are: {listing}.",
            "Ask me about one of them by its name to see its data, milestones and a good score.",
        ),
        (f"ideas for {step.title}", f"what project could I do in step {step.number}"),
        (step.number,),
    )


_VERDICTS = {
    Verdict.ALLOWED: "is allowed",
    Verdict.FORBIDDEN: "is forbidden",
    Verdict.DECLARE: "is a grey area",
}


def _framework_facts(curriculum: Curriculum, framework: Framework) -> Iterator[Fact]:
    known = [curriculum.step(number) for number in framework.steps if number <= len(curriculum.steps)]
    if not known:
        return
    steps = _list([f"step {step.number}" for step in known])
    both = [step.number for step in known] == [4, 6]
    where = f"in both capstones ({steps})" if both else f"in the capstone of {steps}"
    rule = f"{framework.name} {_VERDICTS[framework.verdict]} {where}."
    sentences = [rule, framework.reason]
    if framework.interpretation:
        sentences.append(f"The curriculum does not name {framework.name}; this is how its rule is read here.")
    yield Fact(
        f"steps/{known[0].id}",
        Aspect.RULE,
        (framework.name.lower(), *(alias.lower() for alias in framework.aliases)),
        tuple(sentences),
        (f"is {framework.name} allowed in the capstone", f"can I use {framework.name} for my capstone project"),
        framework.steps,
    )


_STYLES = {
    Style.VIDEO: "videos",
    Style.BOOK: "a book",
    Style.UNIVERSITY: "university lectures",
    Style.HANDS_ON: "hands-on work",
}
_COST = {"free": "is free", "paid": "costs money", "mixed": "is free in part"}
_STATUS = {
    "current": "is kept up to date",
    "stable": "is finished and stable",
    "low-maintenance": "is in low-maintenance mode",
    "archived": "is archived and no longer changed",
    "retired": "is retired",
}


def _resource_facts(curriculum: Curriculum, resource_id: str, resource: Resource) -> Iterator[Fact]:
    source = f"resources/{resource_id}"
    title = resource.title
    names = (title.lower(), *(alias.lower() for alias in resource.aliases))

    def fact(aspect: Aspect, *sentences: str | None, ask: tuple[str, ...] = ()) -> Fact:
        return Fact(source, aspect, names, tuple(s for s in sentences if s), ask, resource.steps)

    short = resource.short
    yield fact(
        Aspect.COST,
        f"{title} {_COST[resource.cost]}.",
        resource.cost_note,
        ask=(f"is {short} free", f"how much does {short} cost"),
    )
    yield fact(
        Aspect.DURATION,
        f"{title} takes about {_span(resource.hours, 'hour')} in all.",
        resource.hours_note,
        ask=(f"how long does {short} take",),
    )
    needs = f"{title} is for {_level(resource.level)}"
    yield fact(
        Aspect.LEVEL,
        f"{needs} and asks for {_list(list(resource.prerequisites))}."
        if resource.prerequisites
        else f"{needs} and asks for nothing before it.",
        resource.level_note,
        ask=(f"what do I need to know before {short}", f"is {short} for beginners"),
    )
    by = f"{title} is by {_list(list(resource.authors))}"
    published = ", ".join(part for part in (resource.publisher, resource.year) if part)
    yield fact(Aspect.AUTHOR, f"{by} ({published})." if published else f"{by}.", ask=(f"who made {short}",))
    places = _list(
        [
            f"step {number} ({curriculum.step(number).title})"
            for number in resource.steps
            if number <= len(curriculum.steps)
        ]
    )
    scope = "belongs to" if resource.scope == "curriculum" else "goes beyond the curriculum and helps with"
    yield fact(Aspect.ORDER, f"{title} {scope} {places}.", ask=(f"where does {short} fit in the curriculum",))
    successors = _titles(curriculum, resource.replaced_by)
    are = "successor of {} is" if len(resource.replaced_by) == 1 else "successors of {} are"
    yield fact(
        Aspect.STATUS,
        f"{title} {_STATUS[resource.status]}.",
        f"The {are.format(title)} {successors}." if successors else None,
        *curriculum.states[resource_id],
        ask=(f"is {short} still up to date", f"is {short} still worth it"),
    )


def _capstone_facts(capstone_id: str, capstone: Capstone) -> Iterator[Fact]:
    names = (capstone.title.lower(), *(alias.lower() for alias in capstone.aliases))
    source = f"capstones/{capstone_id}"
    idea = f"The capstone idea “{capstone.title}”"
    baseline = f"a plain baseline reaches {capstone.baseline}"
    hours = _span(capstone.hours, "hour")
    yield Fact(
        source,
        Aspect.MATERIAL,
        names,
        (
            f"{idea} for step {capstone.step} uses {capstone.data}.",
            f"{idea} is judged by {capstone.metric}; {baseline}, and a good result is {capstone.target}.",
        ),
        steps=(capstone.step,),
    )
    yield Fact(
        source,
        Aspect.DURATION,
        names,
        (f"{idea} takes about {hours} on {_hardware(capstone.hardware)}, with difficulty {capstone.difficulty} of 5.",),
        steps=(capstone.step,),
    )


def _span(span: Range, unit: str) -> str:
    if span.min == span.max:
        return f"{span.min:g} {unit}" if span.min == 1 else f"{span.min:g} {unit}s"
    return f"{span.min:g} to {span.max:g} {unit}s"


def _list(parts: list[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _titles(curriculum: Curriculum, ids: tuple[str, ...]) -> str:
    return _list([curriculum.resources[id_].title for id_ in ids if id_ in curriculum.resources])


def _level(level: str) -> str:
    return {"beginner": "beginners", "intermediate": "intermediate learners", "advanced": "advanced learners"}[level]


def _hardware(hardware: str) -> str:
    return hardware if hardware == "CPU" else f"a {hardware}"


def _lower_first(text: str) -> str:
    """For a sentence that goes on after a colon; "I" and names such as MIT or PyTorch keep their capitals."""
    first, *_ = text.split(maxsplit=1)
    is_name = any(letter.isupper() for letter in first[1:])
    return text if is_name or first == "I" else text[:1].lower() + text[1:]
