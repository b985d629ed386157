"""The teaching policy: what a learner should do next, and why.

`rank_candidates` is a pure function of the learner, the curriculum and the present time; the first candidate
that was not declined today is the recommendation. There is always at least one. In this order come:

rest, if the week's plan is met · a review of what is due, or of what fades · extras on the step just done · questions
that may save a step · questions that may save a part · what the learner was stuck on in a check-in · a weak concept
that the next part builds on · the next part · what was begun beside the path · the same topics elsewhere · parts that
can be done before the next one · explaining to somebody.

What a learner has planned for a study group is their next part, if its turn may come: it goes before the extras and
before everything else to study. After two plans that were not kept, sittings are short.
"""

import calendar
import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from bot.features.next_step.models import DUE, Fate, Kind, Past, Recommendation, Reviews
from bot.features.progress.models import Blocker, ItemKind, Learner, Level, Path, PathItem, PathStep, State
from bot.features.progress.rules.mastery import explain_level, find_level
from bot.features.progress.rules.overview import current_step, fading_concepts, weak_concepts
from bot.features.progress.rules.path import extra_item, is_within_reach
from bot.features.progress.rules.rhythm import ago, format_minutes, weekly_minutes, zone_of
from bot.ui.text import escape, shorten
from knowledge.curriculum import Curriculum
from knowledge.models import StudyPlace

DEFAULT_SITTING = 40
"""Minutes, if a learner has said neither how long they have now nor how many hours a week."""
SITTINGS_PER_WEEK = 4
SHORT_SITTING, LONG_SITTING = 20, 90
STALLED_AFTER = timedelta(days=10)
REVIEW_EVERY = timedelta(hours=20)
"""Neither two rounds of reviews nor two weak concepts come in one day, so that the path goes on."""
RESTUDY_EVERY = timedelta(days=3)
"""The same weak concept comes again after three days, and then after twelve."""
MOST_RESTUDIED = 3
"""What has been gone over so often needs another means than once more the same."""
PROBE_ONCE_IN = timedelta(days=30)
BEGUN_FOR = timedelta(days=14)
PLANNED_FOR = timedelta(days=14)
"""So long a plan for a study group counts if no check-in asks how it went."""
BEHIND_FOR = timedelta(days=14)
"""So long sittings stay short after two plans that were not kept, if there is no news."""
PUT_OFF_DAYS = 3
MOST_REVIEWED = 5
MOST_PLACES = 2
STUCK = "You were stuck on"
PLANNED = "You planned this for your group"
SMALLER = "Your last two plans did not fit into the week, so here is a smaller piece."
"""What the reasons begin with that rest on plans and check-ins."""
NO_REVIEWS = Reviews()
TARGET_LIMIT = 130
"""Characters that the database keeps of a target."""
_MINUTES_PER_REVIEWED = 2
_MINUTES_PER_DUE = 1
_PROBE_MINUTES = 4
_PREREQUISITE_DEPTH = 2
_AT_HOME = 3
"""Experience from which a placement probe is worth offering."""
_LEAST_LEFT, _LEAST_MORE = 5, 15
_MOST_SITTINGS = 12
"""To name more of them would only discourage."""
_WHEN_LIMIT = 80
_TIME_WORDS = re.compile(
    r"(?:by|until|till|before|after|on|at|in|this|next|every|each|during|within|today|tonight|tomorrow)\b",
    re.IGNORECASE,
)
"""What a time begins with that reads well as it is."""


def rank_candidates(
    curriculum: Curriculum,
    path: Path,
    learner: Learner,
    now: datetime,
    *,
    minutes: int | None = None,
    past: Sequence[Past] = (),
    reviews: Reviews = NO_REVIEWS,
) -> tuple[Recommendation, ...]:
    """Everything worth doing now, the best first, without what was declined today. Never empty."""
    ranking = _Ranking(curriculum, path, learner, now, minutes=minutes, past=past, reviews=reviews)
    found: dict[tuple[Kind, str], Recommendation] = {}
    for candidate in ranking.wanted():
        found.setdefault((candidate.kind, candidate.target), candidate)
    return tuple(found.values()) or (ranking.rest_of_the_day(),)


def find_first(
    curriculum: Curriculum,
    path: Path,
    learner: Learner,
    now: datetime,
    *,
    minutes: int | None = None,
    past: Sequence[Past] = (),
    reviews: Reviews = NO_REVIEWS,
) -> Recommendation:
    """The first of `rank_candidates`, without looking for the others."""
    ranking = _Ranking(curriculum, path, learner, now, minutes=minutes, past=past, reviews=reviews)
    return next(ranking.wanted(), None) or ranking.rest_of_the_day()


def choose_sitting(learner: Learner, minutes: int | None) -> int:
    """How long a sitting is: what the learner has now, else a quarter of their week, else 40 minutes."""
    if minutes is not None:
        return max(minutes, 1)
    hours = learner.profile.hours_per_week
    if hours is None:
        return DEFAULT_SITTING
    return min(max(round(hours * 60 / SITTINGS_PER_WEEK / 5) * 5, SHORT_SITTING), LONG_SITTING)


def last_seen(learner: Learner) -> datetime | None:
    """When the learner last did something, however long ago; None if they never did."""
    return max(
        (
            *([learner.checked_in_at] if learner.checked_in_at else ()),
            *(activity.at for activity in learner.activity),
            *(progress.changed_at for progress in learner.progress.values()),
            *(mastery.last_at for mastery in learner.mastery.values()),
        ),
        default=None,
    )


def is_stalled(learner: Learner, now: datetime) -> bool:
    """Whether the learner has been away for so long that a small step is the best one."""
    seen = last_seen(learner)
    return seen is not None and now - seen >= STALLED_AFTER


def is_behind(learner: Learner, now: datetime) -> bool:
    """Whether the last two plans for study groups were not kept, so that smaller pieces may fit better."""
    last = learner.plans[:2]
    return len(last) == 2 and not any(plan.is_kept for plan in last) and now - last[0].at < BEHIND_FOR


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
        reviews: Reviews,
    ) -> None:
        self._curriculum = curriculum
        self._path = path
        self._learner = learner
        self._now = now
        self._reviews = reviews
        self._declined = [p for p in past if p.fate is Fate.DECLINED]
        self._followed = [p for p in past if p.fate in {Fate.DONE, Fate.KNOWN}]
        self._zone = zone_of(learner.profile.zone)
        self._stalled = is_stalled(learner, now)
        self._has_said_minutes = minutes is not None
        self._sitting = choose_sitting(learner, minutes)
        self._usual_sitting = self._sitting
        self._behind = is_behind(learner, now)
        if (self._stalled or self._behind) and minutes is None:
            self._sitting = min(self._sitting, SHORT_SITTING)
        self._planned_id = _planned_id(learner, now)
        self._open = [item for item in path.items if item.is_required and not learner.is_settled(item.id)]

    def candidates(self) -> Iterator[Recommendation]:
        yield from self._rest()
        yield from self._review()
        step = current_step(self._path, self._learner)
        if step is None:
            yield from self._after_the_curriculum()
            return
        planned = self._planned(step)
        if planned is None:
            yield from self._recap(step)
        yield from self._placement(step)
        item, *others = self._heads(step)
        if planned in others:
            item, others = planned, [item, *(other for other in others if other != planned)]
        yield from self._shortcut(item)
        yield from self._unblock(step)
        yield from self._repair(item)
        if planned is not None:
            yield self._study_as_planned(planned, step)
            yield from self._recap(step)
        begun = [*self._begun_beside(step)]
        if begun and self._was_begun_instead(item, begun[0].target):
            yield from begun
        yield self._study(item, step)
        yield from begun
        yield from self._other_places(item, step)
        yield from self._other_parts(item, others)
        yield from self._mentor()

    def wanted(self) -> Iterator[Recommendation]:
        """The candidates that the learner has not said no to today."""
        return (candidate for candidate in self.candidates() if not self._is_declined(candidate))

    def _is_declined(self, candidate: Recommendation) -> bool:
        """Whether the learner has said no to it today; no to a review is no to any, no to rest holds all week."""
        return any(
            p.kind is candidate.kind
            and (p.target == candidate.target or candidate.kind is Kind.REVIEW)
            and (self._is_today(p.changed_at) or candidate.kind is Kind.REST)
            for p in self._declined
        )

    def rest_of_the_day(self) -> Recommendation:
        """What is left when everything was declined today."""
        return Recommendation(
            Kind.REST,
            "today",
            "Enough for today",
            "",
            0,
            "You have done or put off everything that I have for today, and that is fine.",
            "Tomorrow I start again with the best next step.",
        )

    # What to do with the week

    def _rest(self) -> Iterator[Recommendation]:
        planned = round((self._learner.profile.hours_per_week or 0) * 60)
        if not planned:
            return
        (week,) = weekly_minutes(self._learner.activity, self._now, self._zone, weeks=1)
        done = week.minutes
        if done >= planned:
            yield Recommendation(
                Kind.REST,
                week.monday_on.isoformat(),
                "Rest: your week's plan is met",
                "",
                0,
                f"You planned {format_minutes(planned)} this week and have done {format_minutes(done)}.",
                "What you have learned settles while you rest.",
            )

    # Reviews and probes

    def _review(self) -> Iterator[Recommendation]:
        if not self._did_lately(Kind.REVIEW, REVIEW_EVERY):
            yield from self._due()
            yield from self._fading()

    def _due(self) -> Iterator[Recommendation]:
        """Questions whose time has come, a few of them, unless some were reviewed today."""
        due, reviewed_at = self._reviews.due, self._reviews.reviewed_at
        was_lately = reviewed_at is not None and self._now - reviewed_at < REVIEW_EVERY
        if not due or was_lately:
            return
        count = min(due, self._reviews.at_a_time)
        what = "a question that is due" if count == 1 else f"{count} questions that are due"
        yield Recommendation(
            Kind.REVIEW,
            DUE,
            f"Review {what}",
            "",
            _MINUTES_PER_DUE * count,
            self._why_due(),
            "What you have learned stays, at the least cost in time.",
        )

    def _why_due(self) -> str:
        due, since = self._reviews.due, self._reviews.since
        are_due = "One question is due" if due == 1 else f"{due} questions are due"
        if since is None or self._reviews.concept not in self._curriculum.concepts:
            return f"{are_due}."
        joint = ":" if due == 1 else ","
        return f"{are_due}{joint} the one on {self._title(self._reviews.concept)} {self._for_how_long(since)}."

    def _for_how_long(self, since: datetime) -> str:
        days = (self._now.astimezone(self._zone).date() - since.astimezone(self._zone).date()).days
        return f"for {days} days" if days > 1 else "since yesterday" if days == 1 else "since today"

    def _fading(self) -> Iterator[Recommendation]:
        """Concepts that were solid once, and of which no question comes back by itself."""
        faded = [c for c in fading_concepts(self._learner, self._now) if c not in self._reviews.scheduled]
        fading = [c for c in self._with_questions(faded) if self._is_rested(c)]
        fitting = fading[: min(max(self._sitting // 3 // _MINUTES_PER_REVIEWED, 1), MOST_REVIEWED)]
        while len(",".join(fitting)) > TARGET_LIMIT:
            fitting.pop()
        if not fitting:
            return
        first = fitting[0]
        seen = ago(self._learner.mastery[first].last_at, self._now, self._zone)
        count = "One concept is" if len(fading) == 1 else f"{len(fading)} concepts are"
        yield Recommendation(
            Kind.REVIEW,
            ",".join(fitting),
            f"Review {self._titles(fitting)}",
            "",
            _MINUTES_PER_REVIEWED * len(fitting),
            f"{count} fading: your last answer on {self._title(first)} was {seen}.",
            "A few questions bring it back before it is gone.",
            concepts=tuple(fitting),
        )

    def _is_rested(self, concept_id: str) -> bool:
        """Whether asking again tells more than that the last answer is still in mind."""
        return self._now - self._learner.mastery[concept_id].last_at >= REVIEW_EVERY

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
        """A part that is known already, or was done elsewhere, may be skipped after three questions."""
        why = self._why_known(item)
        if item.kind is ItemKind.MILESTONE or why is None or self._did_lately(Kind.PROBE, PROBE_ONCE_IN, item.id):
            return
        yield Recommendation(
            Kind.PROBE,
            item.id,
            f"Three questions on {item.title}",
            item.source,
            _PROBE_MINUTES,
            f"{why}, so three questions may save you {self._left_text(item)}.",
            "You know whether you can skip it.",
            step=item.step,
            concepts=item.concepts,
        )

    def _why_known(self, item: PathItem) -> str | None:
        levels = {find_level(self._learner.mastery.get(concept), self._now) for concept in item.concepts}
        if levels == {Level.SOLID}:
            return "Everything in it is solid in your answers"
        return "You have done most of it elsewhere" if self._was_done_instead(item) else None

    def _was_done_instead(self, item: PathItem) -> bool:
        """Whether somebody who turned a part down has done half of it or more in other places since then."""
        since = min((p.changed_at for p in self._declined if p.target == item.id), default=None)
        if since is None:
            return False
        missing, minutes = set(item.concepts), 0
        for id_, progress in self._learner.progress.items():
            if progress.state is State.DONE and progress.changed_at >= since:
                other = extra_item(self._curriculum, id_)
                if other is not None and missing & set(other.concepts):
                    missing -= set(other.concepts)
                    minutes += other.minutes
        return 2 * len(missing) <= len(item.concepts) and 2 * minutes >= item.minutes

    def _unblock(self, step: PathStep) -> Iterator[Recommendation]:
        """What the learner was stuck on in a check-in: one a day, and once for each check-in that tells of it."""
        if self._did_lately(Kind.RESTUDY, REVIEW_EVERY):
            return
        for blocker in self._learner.blockers:
            concept = self._curriculum.concepts.get(blocker.concept)
            if concept is None or concept.met_in > step.number or self._was_answered_since(blocker):
                continue
            times = self._times_restudied(blocker.concept)
            places = self._places(blocker.concept, step.number) if times < MOST_RESTUDIED else []
            if not places or self._did_lately(Kind.RESTUDY, RESTUDY_EVERY * times**2, blocker.concept):
                continue
            yield self._restudy(blocker.concept, places[times % len(places)], self._why_stuck(blocker), step.number)

    def _was_answered_since(self, blocker: Blocker) -> bool:
        """Whether the learner has gone over it or put it off since they told of it."""
        answered = (p for p in (*self._followed, *self._declined) if p.changed_at >= blocker.at)
        return any(p.kind is Kind.RESTUDY and p.target == blocker.concept for p in answered)

    def _why_stuck(self, blocker: Blocker) -> str:
        title = self._title(blocker.concept)
        return f"{STUCK} **{title}** in your check-in {self._day(blocker.at)}: another explanation may help."

    def _day(self, at: datetime) -> str:
        """A day of the last weeks in words: "today", "on Monday", "9 days ago"."""
        day, today = at.astimezone(self._zone).date(), self._now.astimezone(self._zone).date()
        is_this_week = 1 < (today - day).days < 7
        return f"on {calendar.day_name[day.weekday()]}" if is_this_week else ago(at, self._now, self._zone)

    def _restudy(self, concept_id: str, place: StudyPlace, why: str, step: int) -> Recommendation:
        return Recommendation(
            Kind.RESTUDY,
            concept_id,
            self._title(concept_id),
            self._curriculum.place_label(place),
            min(self._sitting, SHORT_SITTING),
            why,
            "Three questions show whether it sits.",
            url=self._curriculum.place_url(place),
            step=step,
            concepts=(concept_id,),
        )

    def _repair(self, item: PathItem) -> Iterator[Recommendation]:
        """A weak concept comes before what builds on it: one a day, each time in another place."""
        if self._did_lately(Kind.RESTUDY, REVIEW_EVERY):
            return
        needed = self._needed(item)
        for concept_id in weak_concepts(self._learner, self._now):
            times = self._times_restudied(concept_id)
            is_wanted = (
                concept_id in needed and times < MOST_RESTUDIED and not self._is_yet_to_come(concept_id, item.step)
            )
            places = self._places(concept_id, item.step) if is_wanted else []
            if not places or self._did_lately(Kind.RESTUDY, RESTUDY_EVERY * times**2, concept_id):
                continue
            place = places[times % len(places)]
            words = explain_level(self._learner.mastery[concept_id], self._now, self._zone)
            why = f"{_named(item)} builds on it, and you have {words}."
            yield self._restudy(concept_id, place, why, item.step)
            return

    def _is_yet_to_come(self, concept_id: str, step: int) -> bool:
        """Whether this step teaches it later: a wrong answer in a placement is no reason to study it out of turn."""
        items = [item for item in self._path.items if item.is_required and item.step <= step]
        teaching = [item for item in items if concept_id in item.concepts]
        return bool(teaching) and not any(self._learner.is_settled(item.id) for item in teaching)

    def _times_restudied(self, concept_id: str) -> int:
        return sum(p.kind is Kind.RESTUDY and p.target == concept_id for p in self._followed)

    def _needed(self, item: PathItem) -> set[str]:
        """What a part builds on, two levels deep and met by now; not what the part itself teaches."""
        known = self._curriculum.concepts
        own = {c for c in item.concepts if c in known}
        found, level = set(own), own
        for _ in range(_PREREQUISITE_DEPTH):
            level = {p for c in level for p in known[c].prerequisites if known[p].met_in <= item.step}
            found |= level
        return found if item.kind is ItemKind.MILESTONE else found - own

    # The path

    def _heads(self, step: PathStep) -> list[PathItem]:
        """The first open part of each resource of a step: what was begun, the last first, then in the path's order.

        So within a resource nothing is left out, and what was begun goes on.
        """
        heads: dict[str, PathItem] = {}
        for item in self._open:
            if item.step == step.number:
                heads.setdefault(item.id.partition("/")[0], item)
        progress = self._learner.progress
        begun = [item for item in heads.values() if item.id in progress]
        begun.sort(key=lambda item: progress[item.id].changed_at, reverse=True)
        return [*begun, *(item for item in heads.values() if item.id not in progress)]

    def _study(self, item: PathItem, step: PathStep) -> Recommendation:
        if item.id.startswith("capstone:choose/"):
            return self._sized(Kind.CHOOSE, item, self._why(item, step))
        put_off = self._days_put_off(item)
        if put_off < PUT_OFF_DAYS:
            return self._sized(Kind.STUDY, item, self._why(item, step))
        why = f"You have put it off on {put_off} days, so begin with a little of it, or skip it if you do not need it."
        return self._sized(Kind.STUDY, item, why, most=SHORT_SITTING)

    # What was planned for a study group

    def _planned(self, step: PathStep) -> PathItem | None:
        """The part that was planned, if its turn may come: in its resource nothing before it is left out.

        When it is put off, the path goes on as usual until tomorrow.
        """
        target = self._planned_id
        if target is None or self._is_settled(target):
            return None
        if any(p.target == target and self._is_today(p.changed_at) for p in self._declined):
            return None
        head = next((item for item in self._heads(step) if item.id == target), None)
        return extra_item(self._curriculum, target) if not head and self._is_reached(target, step.number) else head

    def _study_as_planned(self, item: PathItem, step: PathStep) -> Recommendation:
        kind = Kind.CHOOSE if item.id.startswith("capstone:choose/") else Kind.STUDY
        return self._sized(kind, item, self._why_planned(item), step=step)

    def _why_planned(self, item: PathItem) -> str:
        commitment = self._learner.commitment
        when = _by_when(commitment.by_when) if commitment else ""
        why = f"{PLANNED}: {when}" if when else PLANNED
        if self._is_smaller(item):
            return f"{why}, and as your last two plans did not fit into the week, here is a smaller piece of it."
        return f"{why}."

    def _is_smaller(self, item: PathItem) -> bool:
        """Whether less of it is offered than usual because the last plans were not kept."""
        is_shorter = self._offered(item, self._sitting) < self._offered(item, self._usual_sitting)
        return self._behind and not self._stalled and is_shorter

    # Why

    def _why(self, item: PathItem, step: PathStep) -> str:
        seen = last_seen(self._learner)
        settled = sum(self._learner.is_settled(other.id) for other in step.required)
        if self._stalled and seen is not None:
            is_short = self._sitting <= SHORT_SITTING
            then = "a short one is enough to get back in" if is_short else "this is where you left off"
            return f"Your last sitting was {ago(seen, self._now, self._zone)}, and {then}."
        if self._is_smaller(item):
            return SMALLER
        if item.id in self._learner.progress:
            return self._why_on(item)
        if item.id.startswith("capstone:choose/"):
            return f"Step {step.number} begins with a problem that is yours, and everything before it is done."
        if settled == 0:
            return f"It opens step {step.number}, {step.title}, the first one that is not done{self._sittings(item)}."
        behind = f"{settled} of {len(step.required)} parts behind you"
        return f"It comes next in step {step.number}, with {behind}{self._sittings(item)}."

    def _why_on(self, item: PathItem) -> str:
        """Why to go on with what was begun."""
        spent = self._learner.progress[item.id].minutes
        if spent >= item.minutes:
            return f"You have given it {format_minutes(spent)}, so finish what you still need of it and leave the rest."
        return f"You have begun it, and about {self._left_text(item)} of it are left{self._sittings(item, ', or')}."

    def _sittings(self, item: PathItem, before: str = ", and takes about") -> str:
        """What to expect of a part that is too long for today."""
        count = math.ceil(self._left(item) / self._sitting)
        return f"{before} {count} sittings like this one" if 2 < count <= _MOST_SITTINGS else ""

    def _days_put_off(self, item: PathItem) -> int:
        """On how many days it was declined since the learner last worked on it."""
        since = self._learner.progress[item.id].changed_at if item.id in self._learner.progress else None
        days = {
            p.changed_at.astimezone(self._zone).date()
            for p in self._declined
            if p.kind is Kind.STUDY and p.target == item.id and (since is None or p.changed_at > since)
        }
        return len(days)

    def _recap(self, step: PathStep) -> Iterator[Recommendation]:
        """Short extras round off a step that was studied, until the next one is begun."""
        if any(item.id in self._learner.progress for item in step.required):
            return
        for earlier in self._path.steps:
            if earlier.number == step.number - 1 and self._was_studied(earlier):
                yield from self._recaps_of(earlier)

    def _recaps_of(self, step: PathStep) -> Iterator[Recommendation]:
        unwanted = self._unwanted_since(step)
        heads: dict[str, PathItem] = {}
        for item in step.items:
            resource = item.id.partition("/")[0]
            if item.is_recap and not self._is_settled(item.id) and resource not in unwanted:
                heads.setdefault(resource, item)
        for item in heads.values():
            is_begun = item.id in self._learner.progress
            why = f"Step {step.number} is done, and this extra looks back on it from another side."
            yield self._sized(Kind.STUDY, item, self._why_on(item) if is_begun else why)

    def _was_studied(self, step: PathStep) -> bool:
        """Whether a step was worked through at least in part, rather than skipped or known before."""
        return any(self._learner.state(item.id) is State.DONE for item in step.required)

    def _unwanted_since(self, step: PathStep) -> set[str]:
        """Resources of which a part was skipped, or declined since the step was done: no to one part is no to all."""
        progress = self._learner.progress
        done_at = max(progress[item.id].changed_at for item in step.required)
        declined = {p.target for p in self._declined if p.changed_at >= done_at}
        skipped = {id_ for id_ in progress if self._learner.state(id_) is State.SKIPPED}
        return {id_.partition("/")[0] for id_ in declined | skipped}

    # Beside the path

    def _begun_beside(self, step: PathStep) -> Iterator[Recommendation]:
        """What was begun in the last two weeks though no step asks for it, the last first."""
        begun = [
            progress
            for progress in self._learner.progress.values()
            if progress.state is State.STARTED and self._now - progress.changed_at < BEGUN_FOR
        ]
        for progress in sorted(begun, key=lambda p: (p.changed_at, p.item), reverse=True):
            item = extra_item(self._curriculum, progress.item)
            if item is not None and self._is_reached(progress.item, step.number):
                yield self._sized(Kind.STUDY, item, self._why_on(item), step=step)

    def _was_begun_instead(self, item: PathItem, begun: str) -> bool:
        """Whether the learner began something else after turning down what comes next, and did not come back to it."""
        progress = self._learner.progress
        begun_at = progress[begun].changed_at
        if item.id in progress and progress[item.id].changed_at > begun_at:
            return False
        return any(p.target == item.id and p.changed_at <= begun_at for p in self._declined)

    def _other_places(self, item: PathItem, step: PathStep) -> Iterator[Recommendation]:
        """The same topics in other resources, for who does not get on with the first; where most are together first."""
        if item.kind is ItemKind.MILESTONE:
            return
        topics: dict[str, list[str]] = {}
        for concept_id in item.concepts:
            for place in self._places(concept_id, step.number):
                target = _target(place)
                if place.unit and not item.id.startswith(f"{place.resource}/") and not self._is_settled(target):
                    topics.setdefault(target, []).append(self._title(concept_id))
        for target in sorted(topics, key=lambda target: -len(set(topics[target])))[:MOST_PLACES]:
            other = extra_item(self._curriculum, target)
            if other is not None:
                names = _listed(list(dict.fromkeys(topics[target])))
                yield self._sized(
                    Kind.STUDY, other, f"It teaches {names} in another way than {item.source}.", step=step
                )

    def _other_parts(self, item: PathItem, others: Iterable[PathItem]) -> Iterator[Recommendation]:
        """Parts of the step's other resources that can be done before this one."""
        for other in others:
            before = self._open[: self._open.index(other)]
            taught = {concept for earlier in before if earlier.step == other.step for concept in earlier.concepts}
            if other.kind is not ItemKind.MILESTONE and not taught & self._needed(other):
                why = f"It belongs to step {other.step} too, and it does not build on {item.source}."
                yield self._sized(Kind.STUDY, other, why)

    def _places(self, concept_id: str, step: int) -> list[StudyPlace]:
        """Where a concept can be studied in this step: first where the learner has been."""
        places = [p for p in self._curriculum.concepts[concept_id].study if self._is_reached(_target(p), step)]
        return sorted(places, key=lambda place: not self._is_settled(_target(place)))

    def _is_reached(self, target: str, step: int) -> bool:
        """Whether a resource or unit is for now: of no later step, not replaced, and not due on the path by itself."""
        resource_id, _, unit_id = target.partition("/")
        resource = self._curriculum.resources.get(resource_id)
        if resource is None or resource.replaced_by or min(resource.steps) > step:
            return False
        due = next((item.id for item in self._open if item.id.partition("/")[0] == resource_id), None)
        unit = resource.unit(unit_id) if unit_id else None
        if unit is None:
            return due is None
        units = [f"{resource_id}/{u.id}" for u in resource.units]
        is_before_due = due is None or units.index(target) < units.index(due)
        return is_before_due and is_within_reach(self._curriculum, unit.concepts, step)

    def _after_the_curriculum(self) -> Iterator[Recommendation]:
        found = [(number, id_) for number in (6, 5, 3, 4, 2, 1) for id_ in self._beyond(number)]
        open_ones = [(number, id_) for number, id_ in found if not self._learner.is_settled(id_)]
        progress, planned = self._learner.progress, self._planned_id
        for number, id_ in sorted(open_ones, key=lambda one: (one[1] != planned, one[1] not in progress)):
            item = extra_item(self._curriculum, id_)
            if item is None:
                continue
            why = self._why_planned(item) if id_ == planned else self._why_beyond(item, number)
            yield self._sized(Kind.BEYOND, item, why)
        yield from self._mentor()

    def _why_beyond(self, item: PathItem, number: int) -> str:
        if self._is_smaller(item):
            return SMALLER
        if item.id in self._learner.progress:
            return self._why_on(item)
        return f"All six steps are behind you, and this leads on from step {number}."

    def _beyond(self, number: int) -> Collection[str]:
        steps = [step for step in self._curriculum.steps if step.number == number]
        return steps[0].beyond if steps else ()

    def _mentor(self) -> Iterator[Recommendation]:
        """Only for who has something to explain, once a day."""
        done = sum(progress.state is State.DONE for progress in self._learner.progress.values())
        if (not done and self._open) or self._did_lately(Kind.MENTOR, REVIEW_EVERY):
            return
        parts = "You have finished 1 part" if done == 1 else f"You have finished {done} parts"
        yield Recommendation(
            Kind.MENTOR,
            "mentor",
            "Explain something to somebody here",
            "",
            min(self._sitting, SHORT_SITTING),
            f"{parts if done else 'The curriculum is behind you'}, and to explain what you know is practice too.",
            "You find the gaps that only an explanation shows.",
        )

    # Shared pieces

    def _sized(
        self, kind: Kind, item: PathItem, why: str, *, most: int | None = None, step: PathStep | None = None
    ) -> Recommendation:
        """An item, cut to the sitting. Who has not said how long they have may finish it in a little more."""
        sitting = self._sitting if most is None or self._has_said_minutes else min(self._sitting, most)
        return Recommendation(
            kind,
            item.id,
            item.title,
            item.source,
            self._offered(item, sitting),
            why,
            item.outcome,
            minutes_left=self._left(item),
            url=item.url,
            step=step.number if step else item.step,
            concepts=item.concepts,
        )

    def _offered(self, item: PathItem, sitting: int) -> int:
        left = self._left(item)
        return left if left <= sitting * (1 if self._has_said_minutes else 1.25) else sitting

    def _left(self, item: PathItem) -> int:
        """Minutes that are left of an item; of one that takes longer than expected, a quarter more."""
        progress = self._learner.progress.get(item.id)
        spent = progress.minutes if progress else 0
        if spent >= item.minutes:
            return min(self._sitting, max(item.minutes // 4, _LEAST_MORE))
        return max(item.minutes - spent, min(_LEAST_LEFT, self._sitting))

    def _left_text(self, item: PathItem) -> str:
        return format_minutes(self._left(item))

    def _is_settled(self, target: str) -> bool:
        """Whether a unit is settled, by itself or with its whole resource."""
        return self._learner.is_settled(target) or self._learner.is_settled(target.partition("/")[0])

    def _is_today(self, at: datetime) -> bool:
        return at.astimezone(self._zone).date() == self._now.astimezone(self._zone).date()

    def _did_lately(self, kind: Kind, within: timedelta, target: str | None = None) -> bool:
        """Whether such a recommendation was followed or answered within that time."""
        return any(
            p.kind is kind and (target is None or p.target == target) and self._now - p.changed_at < within
            for p in self._followed
        )

    def _with_questions(self, concepts: Collection[str]) -> list[str]:
        if not concepts:
            return []  # as on most days, and there are many questions to look through
        asked = {question.concept for question in self._curriculum.questions}
        return [concept for concept in concepts if concept in asked]

    def _title(self, concept_id: str) -> str:
        return self._curriculum.concepts[concept_id].title

    def _titles(self, concepts: Sequence[str]) -> str:
        return _listed([self._title(concept) for concept in concepts])


def _target(place: StudyPlace) -> str:
    return f"{place.resource}/{place.unit}" if place.unit else place.resource


def _planned_id(learner: Learner, now: datetime) -> str | None:
    """The part that the learner has planned for a study group lately."""
    planned = learner.commitment
    return planned.item if planned is not None and now - planned.made_at < PLANNED_FOR else None


def _by_when(text: str) -> str:
    """What a member wrote about the time of a plan, as the end of a sentence: "by Thursday evening"."""
    plain = shorten(" ".join(text.split()).strip(" .,;:!?…"), _WHEN_LIMIT)
    if not plain:
        return ""
    if _TIME_WORDS.match(plain):
        return escape(f"{plain[0].lower()}{plain[1:]}")
    return escape(f"by {plain}" if text.isascii() else plain)  # "by" fits no other language


def _named(item: PathItem) -> str:
    """A part as the subject of a sentence; the number of a milestone says little."""
    return item.source if item.kind is ItemKind.MILESTONE else f"“{item.title}”"


def _listed(names: Sequence[str]) -> str:
    """For example "A and B", or "A, B and 3 more"."""
    if len(names) > 3:
        return f"{names[0]}, {names[1]} and {len(names) - 2} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
