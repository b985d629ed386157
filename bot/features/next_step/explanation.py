"""Why a recommendation was made, and what the member has said to earlier ones: pure functions."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.features.next_step.models import Fate, Kind, Past, ProjectIdea, Recommendation, Reviews
from bot.features.next_step.rules import (
    NO_REVIEWS,
    PLANNED,
    SHORT_SITTING,
    STUCK,
    find_first,
    is_behind,
    is_stalled,
    rank_candidates,
)
from bot.features.progress.models import Learner, Path
from bot.features.progress.rules.overview import current_step, fading_concepts, step_overviews, weak_concepts
from bot.features.progress.rules.path import OWN_PROJECT
from bot.features.progress.rules.rhythm import format_minutes, monday_of, zone_of
from bot.ui.text import escape
from knowledge.curriculum import Curriculum

CAPSTONE_STEPS = (4, 6)
_MOST_LISTED = 5
_STUDIES = frozenset({Kind.STUDY, Kind.CHOOSE, Kind.BEYOND})

_RULES: Mapping[Kind, str] = {
    Kind.STUDY: "What you have begun, or else the first part of your path that is not settled, comes next.",
    Kind.RESTUDY: "A concept that is shaky comes before the part that builds on it.",
    Kind.REVIEW: "What you are about to lose comes before anything new; it takes a few minutes only.",
    Kind.PROBE: "Where you seem to be at home already, a few questions may save you hours.",
    Kind.CHOOSE: "A capstone begins with a problem that is yours, so the choice comes before the milestones.",
    Kind.REST: "When the plan of your week is met, or everything was put off today, rest comes first.",
    Kind.BEYOND: "When all six steps are done, the resources that lead on from them come next.",
    Kind.MENTOR: "When nothing on your path comes before it, explaining to others is the best practice.",
}
_RECAP_RULE = "When a step is done, its short extras come before the next step begins."
_PLANNED_RULE = "What you have planned for your study group comes before everything else that there is to study."
_STUCK_RULE = "What you were stuck on in your last check-in comes before the next part."
_BESIDE_RULE = "It is not on your path, but you have begun it, or it teaches in another way what you put off."


# What comes instead


def choose_best(
    curriculum: Curriculum,
    path: Path,
    learner: Learner,
    now: datetime,
    *,
    minutes: int | None,
    past: Sequence[Past],
    reviews: Reviews = NO_REVIEWS,
) -> Recommendation:
    """The first candidate. Who put everything off and does not want to rest either gets the list once more."""
    best = find_first(curriculum, path, learner, now, minutes=minutes, past=past, reviews=reviews)
    declines = Counter((p.kind, p.target) for p in declined_today(past, learner, now))
    if not declines[best.kind, best.target]:
        return best
    open_past = [p for p in past if p.fate is not Fate.DECLINED]
    again = rank_candidates(curriculum, path, learner, now, minutes=minutes, past=open_past, reviews=reviews)
    others = [candidate for candidate in again if candidate.kind is not Kind.REST]
    return min(others or again, key=lambda candidate: declines[candidate.kind, candidate.target])


def find_study(
    curriculum: Curriculum, path: Path, learner: Learner, now: datetime, *, past: Sequence[Past]
) -> Recommendation | None:
    """The first thing to study, without reviews, probes and rest; what was put off today only if nothing else is."""
    open_past = [p for p in past if p.fate is not Fate.DECLINED]
    ranked = (rank_candidates(curriculum, path, learner, now, past=seen) for seen in (past, open_past))
    return next((one for candidates in ranked for one in candidates if one.kind in _STUDIES), None)


def find_again(
    curriculum: Curriculum,
    path: Path,
    learner: Learner,
    now: datetime,
    *,
    past: Past,
    reviews: Reviews = NO_REVIEWS,
) -> Recommendation | None:
    """An earlier recommendation as it reads now; None if nothing leads to it any more."""
    for candidate in rank_candidates(curriculum, path, learner, now, minutes=past.minutes or None, reviews=reviews):
        if (candidate.kind, candidate.target) == (past.kind, past.target):
            return replace(candidate, id=past.id, minutes=past.minutes, reason=past.reason)
    return None


def declined_today(past: Iterable[Past], learner: Learner, now: datetime) -> Iterator[Past]:
    """What the learner has put off today, by their own calendar."""
    zone = zone_of(learner.profile.zone)
    today = now.astimezone(zone).date()
    return (p for p in past if p.fate is Fate.DECLINED and p.changed_at.astimezone(zone).date() == today)


def count_declined(past: Iterable[Past], learner: Learner, now: datetime) -> int:
    """How many recommendations were put off today; to do something instead of resting is none of them."""
    return sum(p.kind is not Kind.REST for p in declined_today(past, learner, now))


# Projects


def capstone_step(curriculum: Curriculum, target: str) -> int | None:
    """The step of the capstone that an item belongs to: "capstone:choose/4", "capstone:own/6-1", "capstone:pong/2"."""
    prefix, _, rest = target.partition(":")
    project, _, number = rest.partition("/")
    if prefix != "capstone":
        return None
    if project in {"choose", OWN_PROJECT}:
        return next((step for step in CAPSTONE_STEPS if number.partition("-")[0] == str(step)), None)
    idea = curriculum.capstones.get(project)
    return idea.step if idea else None


def list_projects(curriculum: Curriculum, step: int) -> tuple[ProjectIdea, ...]:
    """The project ideas of a step, the easiest first."""
    ideas = [
        ProjectIdea(id_, idea.title, idea.difficulty, f"{idea.hours.min:g}–{idea.hours.max:g} h")
        for id_, idea in curriculum.capstones.items()
        if idea.step == step
    ]
    return tuple(sorted(ideas, key=lambda idea: (idea.difficulty, idea.title.casefold())))


# Why this one


def explain_choice(
    curriculum: Curriculum,
    path: Path,
    learner: Learner,
    now: datetime,
    *,
    this: Past,
    past: Sequence[Past],
    reviews: Reviews = NO_REVIEWS,
) -> str:
    """The rule that chose `this`, and the learner's figures that it looked at, as they are now."""
    figures = (
        _step_figures(path, learner),
        _concept_figures(curriculum, learner, now),
        _due_figures(reviews),
        _stuck_figures(curriculum, learner),
        _planned_figures(learner),
        _week_figures(learner, now),
        _sitting_figures(this, learner, now),
        _declined_figures(past, learner, now),
    )
    lines = "\n".join(f"- {line}" for line in figures if line)
    return f"**The reason.** {this.reason}\n**The rule.** {_rule(this, path)}\n\n**What I looked at**\n{lines}"


def _rule(past: Past, path: Path) -> str:
    if past.reason.startswith(PLANNED):
        return _PLANNED_RULE
    if past.reason.startswith(STUCK):
        return _STUCK_RULE
    if past.kind is not Kind.STUDY:
        return _RULES[past.kind]
    item = path.find(past.target)
    if item is not None and item.is_required:
        return _RULES[Kind.STUDY]
    return _RECAP_RULE if item is not None and item.is_recap else _BESIDE_RULE


def _step_figures(path: Path, learner: Learner) -> str:
    step = current_step(path, learner)
    if step is None:
        return "All six steps are done."
    overview = next(found for found in step_overviews(path, learner) if found.number == step.number)
    left = format_minutes(overview.minutes_left)
    parts = f"{overview.settled} of {overview.required} parts are done, about {left} are left"
    return f"Step {step.number}, {step.title}: {parts}."


def _concept_figures(curriculum: Curriculum, learner: Learner, now: datetime) -> str:
    known = {id_: concept.title for id_, concept in curriculum.concepts.items()}
    weak = [known[id_] for id_ in weak_concepts(learner, now) if id_ in known]
    fading = [known[id_] for id_ in fading_concepts(learner, now) if id_ in known]
    if not any(mastery.answers for id_, mastery in learner.mastery.items() if id_ in known):
        return "You have answered no questions yet, so I do not know what is weak or fading."
    return f"Shaky concepts: {_listed(weak)}. Fading concepts: {_listed(fading)}."


def _due_figures(reviews: Reviews) -> str:
    return f"Questions that are due for a review: {reviews.due}." if reviews.due else ""


def _stuck_figures(curriculum: Curriculum, learner: Learner) -> str:
    known = [curriculum.concepts[b.concept].title for b in learner.blockers if b.concept in curriculum.concepts]
    return f"Stuck on in your last check-in: {_listed(known)}." if known else ""


def _planned_figures(learner: Learner) -> str:
    planned, settled = learner.commitment, learner.plans
    kept = sum(plan.is_kept for plan in settled)
    words = [f"Planned for your group: “{escape(planned.what)}”."] if planned else []
    words += [f"Plans that you kept: {kept} of the last {len(settled)}."] if settled else []
    return " ".join(words)


def _listed(titles: Sequence[str]) -> str:
    if not titles:
        return "none"
    more = f" and {len(titles) - _MOST_LISTED} more" if len(titles) > _MOST_LISTED else ""
    return ", ".join(titles[:_MOST_LISTED]) + more


def _week_figures(learner: Learner, now: datetime) -> str:
    zone = zone_of(learner.profile.zone)
    monday = monday_of(now, zone)
    minutes = sum(activity.minutes for activity in learner.activity if monday_of(activity.at, zone) == monday)
    hours = learner.profile.hours_per_week
    if hours is None:
        return f"This week: {format_minutes(minutes)}. `/start` asks how many hours you plan."
    return f"This week: {format_minutes(minutes)} of the {format_minutes(round(hours * 60))} that you planned."


def _sitting_figures(this: Past, learner: Learner, now: datetime) -> str:
    if not this.minutes:
        return ""
    if is_stalled(learner, now):
        return (
            f"This sitting: {format_minutes(this.minutes)}. You have been away for a while, so small steps come first."
        )
    if is_behind(learner, now) and this.minutes <= SHORT_SITTING:
        return (
            f"This sitting: {format_minutes(this.minutes)}. "
            "Your last two plans did not fit into the week, so smaller pieces come first."
        )
    return f"This sitting: {format_minutes(this.minutes)}."


def _declined_figures(past: Iterable[Past], learner: Learner, now: datetime) -> str:
    count = count_declined(past, learner, now)
    return f"Put off today: {count}. Tomorrow they are on the list again." if count else ""
