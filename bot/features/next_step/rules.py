"""The teaching policy: what a learner should do next, and why.

`rank_candidates` is a pure function of the learner, the curriculum and the present time; the first candidate
that was not declined today is the recommendation. There is always at least one.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from bot.features.next_step.models import Fate, Kind, Past, Recommendation
from bot.features.progress.models import ItemKind, Learner, Level, Path, PathItem, PathStep, State
from bot.features.progress.rules.mastery import explain_level, find_level
from bot.features.progress.rules.overview import current_step, fading_concepts, is_step_done, weak_concepts
from bot.features.progress.rules.rhythm import monday_of, zone_of
from knowledge.curriculum import Curriculum

DEFAULT_SITTING = 40
"""Minutes, if a learner has said neither how long they have now nor how many hours a week."""
SITTINGS_PER_WEEK = 4
SHORT_SITTING, LONG_SITTING = 20, 90
STALLED_AFTER = timedelta(days=10)
REVIEW_EVERY = timedelta(hours=20)
RESTUDY_EVERY = timedelta(days=3)
PROBE_ONCE_IN = timedelta(days=30)
MOST_REVIEWED = 5
_MINUTES_PER_REVIEWED = 2
_PROBE_MINUTES = 4
_PREREQUISITE_DEPTH = 2
_AT_HOME = 3
"""Experience from which a placement probe is worth offering."""


def rank_candidates(
    curriculum: Curriculum,
    path: Path,
    learner: Learner,
    now: datetime,
    *,
    minutes: int | None = None,
    past: Sequence[Past] = (),
) -> tuple[Recommendation, ...]:
    """Everything worth doing now, the best first, without what was declined today. Never empty."""
    ranking = _Ranking(curriculum, path, learner, now, minutes=minutes, past=past)
    declined = {(p.kind, p.target) for p in past if p.fate is Fate.DECLINED and _is_today(p.changed_at, now, learner)}
    candidates = list(ranking.candidates())
    open_ones = [c for c in candidates if (c.kind, c.target) not in declined]
    return tuple(open_ones or [ranking.rest_of_the_day()])


def choose_sitting(learner: Learner, minutes: int | None) -> int:
    """How long a sitting is: what the learner has now, else a quarter of their week, else 40 minutes."""
    if minutes is not None:
        return minutes
    hours = learner.profile.hours_per_week
    if hours is None:
        return DEFAULT_SITTING
    return min(max(round(hours * 60 / SITTINGS_PER_WEEK / 5) * 5, SHORT_SITTING), LONG_SITTING)


def is_stalled(learner: Learner, now: datetime) -> bool:
    """Whether the learner has been away for so long that a small step is the best one."""
    return bool(learner.activity) and now - learner.activity[-1].at >= STALLED_AFTER


def _is_today(at: datetime, now: datetime, learner: Learner) -> bool:
    zone = zone_of(learner.profile.zone)
    return at.astimezone(zone).date() == now.astimezone(zone).date()


class _Ranking:
    """The rules in the order of their rank, for one learner at one moment."""

    def __init__(
        self,
        curriculum: Curriculum,
        path: Path,
        learner: Learner,
        now: datetime,
        *,
        minutes: int | None,
        past: Sequence[Past],
    ) -> None:
        self._curriculum = curriculum
        self._path = path
        self._learner = learner
        self._now = now
        self._past = past
        self._stalled = is_stalled(learner, now)
        sitting = choose_sitting(learner, minutes)
        self._sitting = min(sitting, SHORT_SITTING) if self._stalled and minutes is None else sitting

    def candidates(self) -> Iterator[Recommendation]:
        step = current_step(self._path, self._learner)
        item = self._next_item(step)
        yield from self._rest()
        yield from self._review()
        if step is None:
            yield from self._after_the_curriculum()
            return
        yield from self._placement(step)
        if item is not None:
            yield from self._shortcut(item)
            yield from self._repair(item)
        yield from self._recap(step)
        if item is not None:
            yield self._study(item, step)
            yield from self._other_places(item, step)
        yield from self._mentor()

    def rest_of_the_day(self) -> Recommendation:
        """What is left when everything was declined today."""
        return Recommendation(
            Kind.REST,
            "today",
            "Enough for today",
            "",
            0,
            "You have put off everything that I have for today, and that is fine.",
            "Tomorrow I start again with the best next step.",
        )

    # What to do with the week

    def _rest(self) -> Iterator[Recommendation]:
        hours = self._learner.profile.hours_per_week
        if hours is None or self._stalled:
            return
        zone = zone_of(self._learner.profile.zone)
        monday = monday_of(self._now, zone)
        done = sum(a.minutes for a in self._learner.activity if monday_of(a.at, zone) == monday)
        planned = round(hours * 60)
        if done >= planned:
            yield Recommendation(
                Kind.REST,
                monday.isoformat(),
                "Rest: your week's plan is met",
                "",
                0,
                f"You planned {format_minutes(planned)} this week and have done {format_minutes(done)}.",
                "What you have learned settles while you rest.",
            )

    # Reviews and probes

    def _review(self) -> Iterator[Recommendation]:
        if self._did_lately(Kind.REVIEW, REVIEW_EVERY):
            return
        fading = self._with_questions(fading_concepts(self._learner, self._now))[:MOST_REVIEWED]
        fitting = fading[: max(self._sitting // 3 // _MINUTES_PER_REVIEWED, 1)]
        if not fitting:
            return
        first = fitting[0]
        days = (self._now - self._learner.mastery[first].last_at).days
        count = "One concept is" if len(fading) == 1 else f"{len(fading)} concepts are"
        yield Recommendation(
            Kind.REVIEW,
            ",".join(fitting),
            f"Review {self._titles(fitting)}",
            "",
            _MINUTES_PER_REVIEWED * len(fitting),
            f"{count} fading: your last answer on {self._title(first)} was {_days(days)} ago.",
            "A few questions bring it back before it is gone.",
            concepts=tuple(fitting),
        )

    def _placement(self, step: PathStep) -> Iterator[Recommendation]:
        """Somebody at home in what a step teaches may prove it and skip, once."""
        profile = self._learner.profile
        experience = {1: profile.deep_learning, 2: profile.maths, 3: profile.deep_learning}.get(step.number)
        untouched = not any(item.id in self._learner.progress for item in step.required)
        target = f"step:{step.number}"
        if experience != _AT_HOME or not untouched or self._did_lately(Kind.PROBE, PROBE_ONCE_IN, target):
            return
        left = sum(item.minutes for item in step.required)
        yield Recommendation(
            Kind.PROBE,
            target,
            f"Six questions on step {step.number}",
            step.title,
            2 * _PROBE_MINUTES,
            f"You said that you are at home in this, so six questions may save you {format_minutes(left)}.",
            f"You know whether you can skip step {step.number}.",
            step=step.number,
        )

    def _shortcut(self, item: PathItem) -> Iterator[Recommendation]:
        """A part whose concepts are all solid already may be skipped after three questions."""
        solid = item.concepts and all(
            find_level(self._learner.mastery.get(c), self._now) is Level.SOLID for c in item.concepts
        )
        if item.kind is ItemKind.MILESTONE or not solid or self._did_lately(Kind.PROBE, PROBE_ONCE_IN, item.id):
            return
        yield Recommendation(
            Kind.PROBE,
            item.id,
            f"Three questions on {item.title}",
            item.source,
            _PROBE_MINUTES,
            f"Everything in it is solid in your answers, so three questions may save you {self._left_text(item)}.",
            "You know whether you can skip it.",
            step=item.step,
            concepts=item.concepts,
        )

    def _repair(self, item: PathItem) -> Iterator[Recommendation]:
        """A weak concept comes before what builds on it."""
        needed = self._needed(item.concepts)
        for concept_id in weak_concepts(self._learner, self._now):
            if concept_id not in needed or self._did_lately(Kind.RESTUDY, RESTUDY_EVERY, concept_id):
                continue
            place = self._curriculum.concepts[concept_id].study[0]
            words = explain_level(self._learner.mastery[concept_id], self._now)
            yield Recommendation(
                Kind.RESTUDY,
                concept_id,
                self._title(concept_id),
                self._curriculum.place_label(place),
                min(self._sitting, SHORT_SITTING),
                f"{item.title} builds on it, and your answers are shaky: {words}.",
                "Afterwards three questions show whether it sits.",
                url=self._curriculum.place_url(place),
                step=self._curriculum.concepts[concept_id].step,
                concepts=(concept_id,),
            )
            return

    def _needed(self, concepts: Iterable[str]) -> set[str]:
        """The concepts themselves and what they build on, two levels deep."""
        found = {c for c in concepts if c in self._curriculum.concepts}
        level = found
        for _ in range(_PREREQUISITE_DEPTH):
            level = {p for c in level for p in self._curriculum.concepts[c].prerequisites}
            found = found | level
        return found

    # The path

    def _next_item(self, step: PathStep | None) -> PathItem | None:
        if step is None:
            return None
        return next((item for item in step.required if not self._learner.is_settled(item.id)), None)

    def _study(self, item: PathItem, step: PathStep) -> Recommendation:
        kind = Kind.CHOOSE if item.id.startswith("capstone:choose/") else Kind.STUDY
        return self._sized(kind, item, self._why(item, step))

    def _why(self, item: PathItem, step: PathStep) -> str:
        progress = self._learner.progress.get(item.id)
        settled = sum(self._learner.is_settled(other.id) for other in step.required)
        if self._stalled:
            days = (self._now - self._learner.activity[-1].at).days
            return f"You were last here {_days(days)} ago, and a short sitting is enough to get back in."
        if progress is not None and progress.state is State.STARTED:
            return f"You have begun it, and about {self._left_text(item)} of it are left."
        if item.id.startswith("capstone:choose/"):
            return f"Step {step.number} begins with a problem that is yours, and everything before it is done."
        if settled == 0:
            return f"It opens step {step.number}, {step.title}, the first one that is not done."
        return f"It comes next in step {step.number}: {settled} of {len(step.required)} parts are done."

    def _recap(self, step: PathStep) -> Iterator[Recommendation]:
        """Short extras round a step off before the next one begins."""
        begun = any(item.id in self._learner.progress for item in step.required)
        before = [s for s in self._path.steps if s.number == step.number - 1 and is_step_done(s, self._learner)]
        for earlier in before if not begun else ():
            for item in earlier.items:
                if item.is_recap and not self._learner.is_settled(item.id):
                    why = f"Step {earlier.number} is done, and this short extra rounds it off."
                    yield self._sized(Kind.STUDY, item, why)

    def _other_places(self, item: PathItem, step: PathStep) -> Iterator[Recommendation]:
        """The same topic in another resource, for who does not get on with the first."""
        if not item.concepts or item.kind is ItemKind.MILESTONE:
            return
        first = item.concepts[0]
        for place in self._curriculum.concepts[first].study:
            resource = self._curriculum.resources[place.resource]
            target = f"{place.resource}/{place.unit}" if place.unit else place.resource
            if place.unit is None or item.id.startswith(f"{place.resource}/") or self._learner.is_settled(target):
                continue
            unit = resource.unit(place.unit)
            if unit is None:
                continue
            yield Recommendation(
                Kind.STUDY,
                target,
                f"{unit.label}: {unit.title}",
                resource.title,
                min(self._sitting, unit.minutes or self._sitting),
                f"It teaches {self._title(first)} in another way than {item.source}.",
                unit.summary,
                minutes_left=unit.minutes,
                url=self._curriculum.place_url(place),
                step=step.number,
                concepts=unit.concepts,
            )

    def _after_the_curriculum(self) -> Iterator[Recommendation]:
        for number in (6, 5, 3, 4, 2, 1):
            for resource_id in self._beyond(number):
                resource = self._curriculum.resources[resource_id]
                if self._learner.is_settled(resource_id):
                    continue
                yield Recommendation(
                    Kind.BEYOND,
                    resource_id,
                    resource.title,
                    ", ".join(resource.authors[:2]),
                    self._sitting,
                    "All six steps are done, and this leads on from where you are.",
                    "You read and rebuild what is new in the field.",
                    url=str(resource.url),
                )
        yield from self._mentor()

    def _beyond(self, number: int) -> Collection[str]:
        steps = [step for step in self._curriculum.steps if step.number == number]
        return steps[0].beyond if steps else ()

    def _mentor(self) -> Iterator[Recommendation]:
        yield Recommendation(
            Kind.MENTOR,
            "mentor",
            "Explain something to somebody here",
            "",
            min(self._sitting, SHORT_SITTING),
            "Explaining what you know to somebody who is learning it is practice too.",
            "You find the gaps that only an explanation shows.",
        )

    # Shared pieces

    def _sized(self, kind: Kind, item: PathItem, why: str) -> Recommendation:
        left = self._left(item)
        whole = left <= self._sitting * 1.25
        return Recommendation(
            kind,
            item.id,
            item.title,
            item.source,
            left if whole else self._sitting,
            why,
            item.outcome,
            minutes_left=left,
            url=item.url,
            step=item.step,
            concepts=item.concepts,
        )

    def _left(self, item: PathItem) -> int:
        progress = self._learner.progress.get(item.id)
        return max(item.minutes - (progress.minutes if progress else 0), 5)

    def _left_text(self, item: PathItem) -> str:
        return format_minutes(self._left(item))

    def _did_lately(self, kind: Kind, within: timedelta, target: str | None = None) -> bool:
        """Whether such a recommendation was followed or answered within that time."""
        return any(
            p.kind is kind
            and p.fate in {Fate.DONE, Fate.KNOWN}
            and (target is None or p.target == target)
            and self._now - p.changed_at < within
            for p in self._past
        )

    def _with_questions(self, concepts: Iterable[str]) -> list[str]:
        asked = {question.concept for question in self._curriculum.questions}
        return [concept for concept in concepts if concept in asked]

    def _title(self, concept_id: str) -> str:
        return self._curriculum.concepts[concept_id].title

    def _titles(self, concepts: Sequence[str]) -> str:
        names = [self._title(concept) for concept in concepts]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def format_minutes(minutes: int) -> str:
    """A time in words: "40 min", "2 h", "1 h 30 min"."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest and hours < 10 else f"{hours} h"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
