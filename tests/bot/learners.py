"""Learners for tests: made by hand, or living through the curriculum day by day; and what must hold for all of them."""

import random
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.features.next_step.models import Fate, Kind, Past, Recommendation
from bot.features.next_step.rules import TARGET_LIMIT, rank_candidates
from bot.features.progress.models import (
    Activity,
    EvidenceKind,
    ItemProgress,
    Learner,
    Mastery,
    Path,
    PathItem,
    Profile,
    State,
)
from bot.features.progress.rules.mastery import evidence_weight, weight_at
from bot.features.progress.rules.overview import current_step
from bot.features.progress.rules.path import OWN_PROJECT, build_path, extra_item
from bot.features.progress.rules.rhythm import monday_of, zone_of
from knowledge.curriculum import Curriculum

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
"""A Wednesday."""


def days(count: float) -> timedelta:
    return timedelta(days=count)


def profile_of(**values) -> Profile:
    return Profile(**{"member_id": 1, "joined_at": NOW - days(100), **values})


def answered(concept: str, right: float = 0, wrong: float = 0, ago: float = 0, at: datetime | None = None) -> Mastery:
    """So many right and wrong answers on one concept, all of them `ago` days before NOW."""
    return Mastery(concept, float(right), float(wrong), int(right + wrong), at or NOW - days(ago))


def progress_of(states) -> dict[str, ItemProgress]:
    """{"item": State} or {"item": (State, minutes)} or {"item": (State, minutes, at)}; yesterday, if not said."""
    yesterday = NOW - days(1)
    found = {}
    for item, value in states.items():
        state, minutes, changed_at = (*value, yesterday)[:3] if isinstance(value, tuple) else (value, 0, yesterday)
        found[item] = ItemProgress(item, state, minutes, changed_at)
    return found


def learner_of(
    *, progress=None, mastery=(), activity=(), commitment=None, blockers=(), plans=(), checked_in_at=None, **profile
) -> Learner:
    return Learner(
        profile_of(**profile),
        progress_of(progress or {}),
        {one.concept: one for one in mastery},
        tuple(activity),
        commitment,
        tuple(blockers),
        tuple(plans),
        checked_in_at,
    )


def past_of(kind: Kind, target: str, fate: Fate, *, ago: timedelta = timedelta(0)) -> Past:
    """An earlier recommendation, answered so long before NOW."""
    return Past(1, kind, target, 20, "", fate, NOW - ago, NOW - ago)


# What holds for every recommendation


def check_recommendation(
    curriculum: Curriculum, path: Path, learner: Learner, found: Recommendation, minutes: int | None = None
) -> None:
    """What no learner may ever see broken."""
    _check_form(found, minutes)
    step = current_step(path, learner)
    if step is None:
        assert found.kind in {Kind.REST, Kind.REVIEW, Kind.BEYOND, Kind.MENTOR}
        return
    assert found.kind is not Kind.BEYOND
    assert found.step is None or found.step <= step.number
    if found.kind in {Kind.STUDY, Kind.CHOOSE}:
        _check_order(curriculum, path, learner, found)
        _check_prerequisites(curriculum, path, step.number, found)
    if found.kind is Kind.RESTUDY:
        assert curriculum.concepts[found.target].met_in <= step.number


def _check_form(found: Recommendation, minutes: int | None) -> None:
    assert (found.minutes == 0) is (found.kind is Kind.REST)
    assert found.minutes >= 0
    if minutes is not None and found.kind not in {Kind.REVIEW, Kind.PROBE}:
        assert found.minutes <= minutes
    assert found.minutes_left is None or 0 < found.minutes <= found.minutes_left
    assert re.fullmatch(r"[^\n]*[^.!?\s]\.", found.reason), found.reason
    assert not re.search(r"[.!]\s", found.reason), found.reason
    assert found.title
    assert found.outcome.endswith("."), found.outcome
    assert 0 < len(found.target) <= TARGET_LIMIT


def _check_order(curriculum: Curriculum, path: Path, learner: Learner, found: Recommendation) -> None:
    """Neither a later step nor a later unit of a resource comes before what is required earlier."""
    resource_id, _, unit_id = found.target.partition("/")
    step = current_step(path, learner)
    assert step is not None
    item = path.find(found.target)
    if item is not None:
        assert item.step <= step.number, found.target
        before = path.items[: path.items.index(item)]
    else:
        resource = curriculum.resources[resource_id]
        units = [unit.id for unit in resource.units]
        names = {f"{resource_id}/{unit}" for unit in (units[: units.index(unit_id)] if unit_id else units)}
        before = tuple(item for item in path.items if item.id in names)
        assert min(resource.steps) <= step.number, found.target
        assert not resource.replaced_by
    for earlier in before:
        if earlier.is_required and earlier.id.partition("/")[0] == resource_id:
            assert learner.is_settled(earlier.id), (found.target, earlier.id)


def _check_prerequisites(curriculum: Curriculum, path: Path, step: int, found: Recommendation) -> None:
    """What is studied in depth builds only on what has been met; a part beside the path is within reach."""
    known = curriculum.concepts
    item = path.find(found.target)
    if item is not None and item.is_required:
        for concept in item.concepts:
            if known[concept].step <= step:
                for needed in known[concept].prerequisites:
                    assert known[needed].met_in <= step, (found.target, concept, needed)
    else:
        met = sum(known[concept].met_in <= step for concept in found.concepts)
        assert 2 * met >= len(found.concepts), found.target


# Learners that live through the curriculum


@dataclass
class Life:
    """A learner who does what /next says, evening by evening, until the curriculum is behind them.

    `pace` is how much longer than the estimate they need, `right` how often they answer right, `declines` how
    often they say no, `away` the weeks (counted from 0) in which they do not turn up.
    """

    curriculum: Curriculum
    profile: Profile
    pace: float = 1.0
    right: float = 0.8
    declines: float = 0.0
    away: tuple[int, ...] = ()
    evenings: tuple[int, ...] = (0, 2, 4, 6)
    projects: tuple[str, str] = (OWN_PROJECT, OWN_PROJECT)
    now: datetime = datetime(2026, 1, 5, 19, 0, tzinfo=UTC)
    progress: dict[str, ItemProgress] = field(default_factory=dict)
    sums: dict[str, list[float]] = field(default_factory=dict)
    activity: list[Activity] = field(default_factory=list)
    past: list[Past] = field(default_factory=list)
    log: list[tuple[datetime, Recommendation]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    rng: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self) -> None:
        self.began = self.now
        self.zone = zone_of(self.profile.zone)
        self.path = self._build_path()

    def live(self, most: int = 3000) -> "Life":
        """Until /next leads on from the curriculum."""
        for _ in range(most):
            if current_step(self.path, self.learner()) is None:
                return self
            self.sit_down()
        raise AssertionError(f"not through after {most} recommendations: {self.log[-1]}")

    def learner(self) -> Learner:
        """The snapshot that a store would read."""
        mastery = {
            concept: Mastery(concept, weight_at(right, last), weight_at(wrong, last), int(count), last)
            for concept, (right, wrong, count, last) in self.sums.items()
        }
        since = self.now - timedelta(weeks=13)
        return Learner(
            self.profile, dict(self.progress), mastery, tuple(entry for entry in self.activity if entry.at >= since)
        )

    def sit_down(self) -> Recommendation:
        """Ask /next once, and do what it says or decline."""
        learner = self.learner()
        found = rank_candidates(self.curriculum, self.path, learner, self.now, past=self.past)
        for candidate in found[:4]:
            check_recommendation(self.curriculum, self.path, learner, candidate)
        first = found[0]
        self.log.append((self.now, first))
        if first.kind is Kind.REST:
            self._rest(first)
        elif self.rng.random() < self.declines:
            self._remember(first, Fate.DECLINED)
            self.now += timedelta(minutes=1)
        else:
            getattr(self, f"_do_{first.kind}")(first)
        return first

    # What becomes of a recommendation

    def _rest(self, found: Recommendation) -> None:
        self._remember(found, Fate.DONE)
        if found.target == "today":
            self._next_evening()
        else:
            this = monday_of(self.now, self.zone)
            while monday_of(self.now, self.zone) == this:
                self._next_evening()

    def _do_study(self, found: Recommendation) -> None:
        item = self.path.find(found.target) or extra_item(self.curriculum, found.target)
        assert item is not None
        spent = found.minutes + (self.progress[item.id].minutes if item.id in self.progress else 0)
        is_done = spent >= item.minutes * self.pace
        self.now += timedelta(minutes=found.minutes)
        self._work(item.id, State.DONE if is_done else State.STARTED, found.minutes)
        self._remember(found, Fate.DONE if is_done else Fate.STARTED)
        if is_done:
            self.done.append(item.id)
            for concept in self.rng.sample(item.concepts, min(3, len(item.concepts))):
                self._answer(concept, self.right)
        self._next_evening()

    def _do_choose(self, found: Recommendation) -> None:
        first, second = self.projects
        name = "first_capstone" if found.step == 4 else "second_capstone"
        self.profile = replace(self.profile, **{name: first if found.step == 4 else second})
        self.path = self._build_path()
        self._remember(found, Fate.DONE)
        self._next_evening()

    def _do_restudy(self, found: Recommendation) -> None:
        self.now += timedelta(minutes=found.minutes)
        self._answer(found.target, self.right)
        self._remember(found, Fate.DONE)

    def _do_review(self, found: Recommendation) -> None:
        for concept in found.concepts:
            self._answer(concept, self.right)
        self._remember(found, Fate.DONE)
        self.now += timedelta(minutes=found.minutes)

    def _do_probe(self, found: Recommendation) -> None:
        items = [item for item in self.path.items if found.target in {f"step:{item.step}", item.id}]
        asked = sorted({concept for item in items for concept in item.concepts})
        answers = [self._answer(concept, self.right) for concept in self.rng.sample(asked, min(6, len(asked)))]
        passed = sum(answers) >= 0.8 * len(answers)
        if passed:
            for item in items:
                if item.is_required and not self.learner().is_settled(item.id):
                    self._work(item.id, State.KNOWN, 0)
        self._remember(found, Fate.KNOWN if passed else Fate.DONE)
        self.now += timedelta(minutes=found.minutes)

    def _do_mentor(self, found: Recommendation) -> None:
        self._remember(found, Fate.DONE)
        self._next_evening()

    # The database of the learner

    def _build_path(self) -> Path:
        mine = self.profile
        return build_path(
            self.curriculum,
            style=mine.style,
            first_capstone=mine.first_capstone,
            second_capstone=mine.second_capstone,
        )

    def _work(self, item: str, state: State, minutes: int) -> None:
        before = self.progress[item].minutes if item in self.progress else 0
        self.progress[item] = ItemProgress(item, state, before + minutes, self.now)
        self.activity.append(Activity(self.now, minutes))

    def _answer(self, concept: str, chance: float) -> bool:
        is_right = self.rng.random() < chance
        weight = evidence_weight(EvidenceKind.PROBE, self.now)
        right, wrong, count, _ = self.sums.get(concept, (0.0, 0.0, 0, self.now))
        self.sums[concept] = [right + weight * is_right, wrong + weight * (not is_right), count + 1, self.now]
        self.activity.append(Activity(self.now, 1))
        return is_right

    def _remember(self, found: Recommendation, fate: Fate) -> None:
        made = (found.kind, found.target, found.minutes, found.reason, fate, self.now, self.now)
        self.past.append(Past(len(self.past) + 1, *made))

    def _next_evening(self) -> None:
        """At seven on the next evening on which they turn up."""
        while True:
            self.now = (self.now + days(1)).replace(hour=19, minute=0)
            week = (self.now - self.began).days // 7
            if self.now.weekday() in self.evenings and week not in self.away:
                return

    # What tests ask

    def hours(self) -> float:
        return sum(entry.minutes for entry in self.activity) / 60

    def weeks(self) -> float:
        return (self.now - self.began) / timedelta(weeks=1)

    def required_done(self) -> list[PathItem]:
        """The required parts that were worked through, in the order in which they were finished."""
        items = {item.id: item for item in self.path.items if item.is_required}
        return [items[id_] for id_ in self.done if id_ in items]

    def seen(self, kind: Kind) -> list[tuple[datetime, Recommendation]]:
        """What was recommended of a kind, and when."""
        return [(at, found) for at, found in self.log if found.kind is kind]
