"""Where a learner stands: steps, concepts, weeks and what is left."""

from collections.abc import Mapping
from datetime import datetime

from bot.features.progress.models import (
    ConceptOverview,
    Learner,
    Level,
    Overview,
    Path,
    PathStep,
    State,
    StepOverview,
    StepState,
)
from bot.features.progress.rules.mastery import find_level, find_level_in_words
from bot.features.progress.rules.rhythm import pace_of, weekly_minutes, zone_of


def is_step_done(step: PathStep, learner: Learner) -> bool:
    """Whether every required item of a step is settled."""
    return all(learner.is_settled(item.id) for item in step.required)


def current_step(path: Path, learner: Learner) -> PathStep | None:
    """The first step that is not done; None once all are."""
    return next((step for step in path.steps if not is_step_done(step, learner)), None)


def build_overview(path: Path, learner: Learner, titles: Mapping[str, str], now: datetime) -> Overview:
    """What /progress shows. `titles` are the names of concepts by id; what is no longer taught is left out.

    So are concepts that the learner was stuck on and has answered nothing on: the overview may be shared.
    """
    zone = zone_of(learner.profile.zone)
    weeks = weekly_minutes(learner.activity, now, zone)
    hours = learner.profile.hours_per_week
    planned = round(hours * 60) if hours else None
    steps = step_overviews(path, learner)
    pace = pace_of(weeks) or planned
    left = sum(step.minutes_left for step in steps)
    concepts = tuple(
        ConceptOverview(id_, titles[id_], *find_level_in_words(learner.mastery[id_], now, zone))
        for id_ in sorted(learner.mastery, key=lambda id_: titles.get(id_, "").casefold())
        if id_ in titles and learner.mastery[id_].answers
    )
    told = sum(week.minutes for week in weekly_minutes((a for a in learner.activity if a.is_told), now, zone))
    return Overview(learner.profile, steps, concepts, weeks, planned, left / pace if pace else None, told)


def step_overviews(path: Path, learner: Learner) -> tuple[StepOverview, ...]:
    """Each step in figures."""
    current = current_step(path, learner)
    found = []
    for step in path.steps:
        open_items = [item for item in step.required if not learner.is_settled(item.id)]
        spent = {item.id: learner.progress[item.id].minutes for item in open_items if item.id in learner.progress}
        state = StepState.DONE if not open_items else StepState.CURRENT if step is current else StepState.AHEAD
        found.append(
            StepOverview(
                step.number,
                step.title,
                state,
                settled=len(step.required) - len(open_items),
                required=len(step.required),
                minutes_left=sum(max(item.minutes - spent.get(item.id, 0), 0) for item in open_items),
                next_item=open_items[0] if open_items else None,
            )
        )
    return tuple(found)


def weak_concepts(learner: Learner, now: datetime) -> tuple[str, ...]:
    """Concepts with more wrong than right answers, the weakest evidence first."""
    shaky = [id_ for id_, mastery in learner.mastery.items() if find_level(mastery, now) is Level.SHAKY]
    return tuple(sorted(shaky, key=lambda id_: (learner.mastery[id_].right - learner.mastery[id_].wrong, id_)))


def fading_concepts(learner: Learner, now: datetime) -> tuple[str, ...]:
    """Concepts that were solid and need a review, the longest unseen first."""
    fading = [id_ for id_, mastery in learner.mastery.items() if find_level(mastery, now) is Level.FADING]
    return tuple(sorted(fading, key=lambda id_: (learner.mastery[id_].last_at, id_)))


def reached_milestones(path: Path, learner: Learner) -> tuple[str, ...]:
    """Every milestone that a learner's progress has reached: "step:1" … and "curriculum".

    A step that was only skipped is settled, but nothing to congratulate for, and neither are six of them.
    """
    done = [
        f"step:{step.number}"
        for step in path.steps
        if is_step_done(step, learner) and any(learner.state(item.id) is State.DONE for item in step.required)
    ]
    return (*done, "curriculum") if done and all(is_step_done(step, learner) for step in path.steps) else tuple(done)
