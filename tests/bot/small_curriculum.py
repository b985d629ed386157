"""Curricula of a few lines, built from the models, for rules that should not depend on the real one."""

from knowledge.curriculum import Curriculum
from knowledge.models import Alternative, Capstone, Concept, Question, Range, Resource, Step, StudyPlace, Unit

NAMES = ("start", "maths", "deep", "capstone-1", "rl", "capstone-2")


def concept_of(step=1, met_in=None, prerequisites=(), study=("course",), title="A concept"):
    places = [StudyPlace(resource=r, unit=u or None) for r, _, u in (place.partition("/") for place in study)]
    met_in = step if met_in is None else met_in
    return Concept(title=title, step=step, met_in=met_in, prerequisites=tuple(prerequisites), study=tuple(places))


def unit_of(name, concepts=(), minutes=60):
    title, summary = name.upper(), f"Learn {name}."
    return Unit(id=name, label="Unit", title=title, summary=summary, concepts=concepts, minutes=minutes)


def resource_of(*units, steps=(1,), hours=(20, 40), title="A course", replaced_by=()):
    return Resource(
        title=title,
        authors=("Somebody",),
        url="https://example.org/course",
        steps=steps,
        scope="curriculum",
        formats=("text",),
        cost="free",
        level="beginner",
        prerequisites=(),
        hours=Range(min=hours[0], max=hours[1]),
        status="stable",
        replaced_by=replaced_by,
        units=units,
    )


def way_of(style, *resources):
    return Alternative(id=style, style=style, title=style, for_whom="You.", resources=resources)


def step_of(number, *, core=(), support=(), beyond=(), ways=(), weeks=(3, 5)):
    return Step(
        number=number,
        id=NAMES[number - 1],
        title=f"Step {number}",
        goal="You can do it.",
        after=(),
        weeks=Range(min=weeks[0], max=weeks[1]),
        core=core,
        support=support,
        beyond=beyond,
        alternatives=ways,
    )


def capstone_of(step, concepts=("a",), hours=(30, 40), title="A project"):
    return Capstone(
        title=title,
        step=step,
        difficulty=1,
        hours=Range(min=hours[0], max=hours[1]),
        hardware="a laptop",
        data="numbers",
        baseline="the mean",
        metric="accuracy",
        target="better",
        concepts=concepts,
    )


def question_of(concept):
    return Question.model_validate(
        {
            "id": f"{concept}-1",
            "concept": concept,
            "kind": "boolean",
            "difficulty": "easy",
            "prompt": "Is it so?",
            "options": [{"text": "True", "correct": True}, {"text": "False", "remark": "It is."}],
            "explanation": "It is so.",
            "source": {"note": f"concepts/{concept}", "terms": ["so"]},
        }
    )


def curriculum_of(*steps, resources=None, concepts=None, capstones=None, milestones=None, questions=None):
    """A curriculum of these steps; a concept that units name and that is not given is taught in step 1."""
    resources = resources or {}
    named = {c for resource in resources.values() for unit in resource.units for c in unit.concepts}
    known = {**{name: concept_of() for name in sorted(named)}, **(concepts or {})}
    return Curriculum(
        title="Small",
        summary="Small.",
        hours_per_week=10,
        steps=steps,
        frameworks=(),
        resources=resources,
        concepts=known,
        capstones=capstones or {},
        questions=tuple(question_of(concept) for concept in (known if questions is None else questions)),
        milestones=milestones or {},
        definitions={},
        states={},
    )
