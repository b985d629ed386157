"""Made-up learners for the benchmark of the learner model: rows of all its large tables that agree with each other.

Most learners have a few rows and some have thousands. What belongs to one learner lies scattered over the tables, as
it comes in over two years from many learners in turn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bot.features.progress.models import EvidenceKind
from bot.features.progress.rules.mastery import EPOCH, HALF_LIFE, evidence_weight
from bot.features.progress.rules.path import build_path
from knowledge.curriculum import Curriculum
from knowledge.models import Style

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
FIRST_MEMBER = 10**17
"""Ids of members are as long as Discord's."""

_CHUNK = 50_000
_SPAN = timedelta(days=730)
_MOST_A_DAY = 40
"""Pieces of evidence a day that a learner makes at most, in the mean over their time."""
_SECOND = np.timedelta64(1_000_000, "us")
_KINDS = (EvidenceKind.ASK, EvidenceKind.PROBE, EvidenceKind.QUIZ, EvidenceKind.REVIEW, EvidenceKind.CHECKIN)
_SHARES = (0.15, 0.25, 0.43, 0.15, 0.02)
_ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", None)
_HOURS = (None, 2.0, 4.0, 6.0, 10.0)
_MOTIVATION = "I would like to understand how the models that I use every day work, and build one of my own."

Values = NDArray[np.generic]
Chunk = list[list[object] | Values]
"""Some rows of a table, column by column. Times are arrays of datetime64; a writer brings them into its form."""


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of one table, in the order in which they came in."""

    table: str
    columns: tuple[str, ...]
    count: int
    chunks: Iterator[Chunk]


class MadeUpLearners:
    """So many learners with so much evidence between them; the same ones for the same numbers."""

    def __init__(self, curriculum: Curriculum, learners: int, evidence: int) -> None:
        self._rng = rng = np.random.default_rng(7)
        self.learners = learners
        shares = np.minimum(rng.lognormal(0.0, 1.9, learners), 200 * np.exp(1.9**2 / 2))
        self.counts = rng.multinomial(evidence, shares / shares.sum())
        """How much evidence there is of each learner."""
        self._ids = FIRST_MEMBER + rng.permutation(learners) * 12_345
        self._make_choices(curriculum)
        self._make_spans()
        self._make_changes()
        self._make_evidence(curriculum)

    def tables(self) -> Iterator[Rows]:
        """The rows of every table, parents before children."""
        yield self._learner_rows()
        yield self._change_rows()
        yield self._progress_rows()
        yield self._recommendation_rows()
        yield self._evidence_rows()
        yield self._mastery_rows()

    # What is made up

    def _make_choices(self, curriculum: Curriculum) -> None:
        """Each learner's way and projects, and so the path."""
        by_step = {number: [id_ for id_, c in curriculum.capstones.items() if c.step == number] for number in (4, 6)}
        self._choices = [*product((None, *Style), (None, *by_step[4][:2]), (None, *by_step[6][:2]))]
        paths = [
            build_path(curriculum, style=style, first_capstone=first, second_capstone=second)
            for style, first, second in self._choices
        ]
        required = [[item for step in path.steps for item in step.required] for path in paths]
        self._lengths = np.array([len(items) for items in required])
        self._items = np.full((len(paths), self._lengths.max()), None, dtype=object)
        self._minutes = np.zeros(self._items.shape, dtype=np.int64)
        for number, items in enumerate(required):
            self._items[number, : len(items)] = [item.id for item in items]
            self._minutes[number, : len(items)] = [item.minutes for item in items]
        self._path = self._rng.integers(len(paths), size=self.learners)

    def _make_spans(self) -> None:
        """When each learner joined, and for how many seconds they stayed: one in three until now."""
        rng, least = self._rng, self.counts / _MOST_A_DAY * 86_400
        joined_ago = np.maximum(rng.random(self.learners) * _SPAN.total_seconds(), least)
        stayed = np.where(rng.random(self.learners) < 1 / 3, 1.0, rng.random(self.learners))
        self._joined = _moment(NOW) - _seconds(joined_ago)
        self._stayed = np.maximum(joined_ago * stayed, least)

    def _make_changes(self) -> None:
        """How far each learner is on the path, and the one to three sittings that each part took."""
        rng, length = self._rng, self._lengths[self._path]
        reach = np.minimum(length, length * rng.uniform(0.3, 1.3, self.learners))
        self._parts = np.minimum(rng.poisson(1 + self.counts / 6), reach).astype(np.int64)
        learner = np.repeat(np.arange(self.learners), self._parts)
        place = _ranks(self._parts)
        is_last = place == self._parts[learner] - 1
        is_finished = ~is_last | (rng.random(learner.size) < 0.5)
        sittings = rng.integers(1, 4, learner.size)
        minutes = np.maximum(self._minutes[self._path[learner], place] // sittings, 1)
        part = np.repeat(np.arange(learner.size), sittings)
        number = _ranks(sittings)
        ends = number == sittings[part] - 1
        # In order over the learner's time with the tutor, at random within each one's share of it.
        of = np.bincount(learner[part], minlength=self.learners)
        share = (_ranks(of) + rng.random(part.size)) / of[learner[part]]
        at = self._joined[learner[part]] + _seconds(share * self._stayed[learner[part]])
        self._part_learner, self._part_item = learner, self._items[self._path[learner], place]
        self._part_done, self._part_minutes, self._part_at = is_finished, minutes * sittings, at[ends]
        order = np.argsort(at, kind="stable")
        self._change_part, self._change_at = part[order], at[order]
        self._change_number = number[order]
        self._change_done = (ends & is_finished[part])[order]
        self._change_minutes = minutes[part][order]

    def _make_evidence(self, curriculum: Curriculum) -> None:
        """Answers over the learner's time with the tutor, on the concepts that they have met."""
        rng = self._rng
        self._concepts = np.array(sorted(curriculum.concepts, key=lambda id_: curriculum.concepts[id_].met_in), object)
        met = np.clip(5 + len(self._concepts) * self._parts // self._lengths[self._path], 1, len(self._concepts))
        learner = np.repeat(np.arange(self.learners, dtype=np.int32), self.counts)
        at = self._joined[learner] + _seconds(rng.random(learner.size) * self._stayed[learner])
        order = np.argsort(at)
        self._evidence_learner, self._evidence_at = learner[order], at[order]
        learner = self._evidence_learner
        self._evidence_concept = (rng.random(learner.size) * met[learner]).astype(np.int16)
        self._evidence_kind = rng.choice(len(_KINDS), learner.size, p=_SHARES).astype(np.int8)
        skill = rng.uniform(0.5, 0.95, self.learners)
        is_right = (rng.random(learner.size) < skill[learner]) & (self._evidence_kind != _KINDS.index("checkin"))
        self._evidence_right = np.where(self._evidence_kind == _KINDS.index("ask"), -1, is_right).astype(np.int8)

    # Tables

    def _learner_rows(self) -> Rows:
        rng, count = np.random.default_rng(8), self.learners  # not the one of all: rows are asked for twice
        zones, hours = rng.integers(len(_ZONES), size=count), rng.integers(len(_HOURS), size=count)
        has_started, experience = rng.random(count) < 0.8, rng.integers(4, size=(count, 3))

        def chunk(part: slice) -> Chunk:
            choices = [self._choices[number] for number in self._path[part]]
            return [
                self._ids[part].tolist(),
                self._joined[part],
                self._joined[part],
                np.where(has_started[part], self._joined[part], np.datetime64("NaT")),
                [_MOTIVATION if began else None for began in has_started[part]],
                *(experience[part, column].tolist() for column in range(3)),
                [style.value if style else None for style, _, _ in choices],
                [_HOURS[number] for number in hours[part]],
                [_ZONES[number] for number in zones[part]],
                [first for _, first, _ in choices],
                [second for _, _, second in choices],
            ]

        columns = "member_id joined_at changed_at started_at motivation coding maths deep_learning style "
        columns += "hours_per_week zone first_capstone second_capstone"
        return Rows("learners", tuple(columns.split()), count, _chunks(count, chunk))

    def _change_rows(self) -> Rows:
        def chunk(part: slice) -> Chunk:
            parts, first = self._change_part[part], self._change_number[part] == 0
            return [
                self._ids[self._part_learner[parts]].tolist(),
                self._part_item[parts].tolist(),
                [None if is_first else "started" for is_first in first],
                ["done" if is_done else "started" for is_done in self._change_done[part]],
                self._change_minutes[part].tolist(),
                [f"next:{number}:work" for number in range(part.start, part.stop)],
                [False] * len(parts),
                self._change_at[part],
            ]

        columns = ("member_id", "item", "before", "after", "minutes", "key", "is_undone", "changed_at")
        return Rows("progress_changes", columns, self._change_at.size, _chunks(self._change_at.size, chunk))

    def _progress_rows(self) -> Rows:
        order = np.argsort(self._part_at, kind="stable")

        def chunk(part: slice) -> Chunk:
            parts = order[part]
            return [
                self._ids[self._part_learner[parts]].tolist(),
                self._part_item[parts].tolist(),
                ["done" if is_done else "started" for is_done in self._part_done[parts]],
                self._part_minutes[parts].tolist(),
                self._part_at[parts],
            ]

        columns = ("member_id", "item", "state", "minutes", "changed_at")
        return Rows("progress", columns, order.size, _chunks(order.size, chunk))

    def _recommendation_rows(self) -> Rows:
        """One for each sitting, made a few minutes before it began; one in five was put off on the day before."""
        declined = np.flatnonzero(np.random.default_rng(9).random(self._change_at.size) < 0.2)
        source = np.concatenate([np.arange(self._change_at.size), declined])
        is_declined = np.arange(source.size) >= self._change_at.size
        sat_down = self._change_at[source] - self._change_minutes[source] * 60 * _SECOND
        made = sat_down - np.where(is_declined, 24 * 3600, 180) * _SECOND
        changed = np.where(is_declined, made + 60 * _SECOND, self._change_at[source])
        order = np.argsort(made, kind="stable")

        def chunk(part: slice) -> Chunk:
            rows = order[part]
            parts = self._change_part[source[rows]]
            return [
                self._ids[self._part_learner[parts]].tolist(),
                ["study"] * len(rows),
                self._part_item[parts].tolist(),
                self._change_minutes[source[rows]].tolist(),
                [f"It comes next in step 3, with {number % 20} parts behind you." for number in rows.tolist()],
                ["declined" if put_off else "done" for put_off in is_declined[rows]],
                made[rows],
                changed[rows],
            ]

        columns = ("member_id", "kind", "target", "minutes", "reason", "state", "made_at", "changed_at")
        return Rows("recommendations", columns, order.size, _chunks(order.size, chunk))

    def _evidence_rows(self) -> Rows:
        marks = np.array([False, True, None], object)  # -1 is the last of them
        kinds = np.array([kind.value for kind in _KINDS], object)

        def chunk(part: slice) -> Chunk:
            names = kinds[self._evidence_kind[part]].tolist()
            return [
                self._ids[self._evidence_learner[part]].tolist(),
                self._concepts[self._evidence_concept[part]].tolist(),
                names,
                marks[self._evidence_right[part]].tolist(),
                [f"{name}:{number}:0" for number, name in enumerate(names, part.start)],
                self._evidence_at[part],
            ]

        columns = ("member_id", "concept", "kind", "is_correct", "key", "observed_at")
        return Rows("evidence", columns, self._evidence_at.size, _chunks(self._evidence_at.size, chunk))

    def _mastery_rows(self) -> Rows:
        """The sums of the evidence, as the store would have added them up."""
        answered = self._evidence_right >= 0
        right, at = self._evidence_right[answered], self._evidence_at[answered]
        pair = self._evidence_learner[answered].astype(np.int64) * len(self._concepts)
        pairs, place = np.unique(pair + self._evidence_concept[answered], return_inverse=True)
        weights = np.array([evidence_weight(kind, EPOCH) for kind in _KINDS])[self._evidence_kind[answered]]
        weights *= np.exp2((at - _moment(EPOCH)) / np.timedelta64(HALF_LIFE))
        sums = [np.bincount(place, weights * is_it, pairs.size) for is_it in (right, 1 - right)]
        answers = np.bincount(place, minlength=pairs.size)
        last = np.empty(pairs.size, "datetime64[us]")
        last[place] = at  # the evidence is in the order of time, and the last one stays
        order = np.argsort(last, kind="stable")

        def chunk(part: slice) -> Chunk:
            rows = order[part]
            return [
                self._ids[pairs[rows] // len(self._concepts)].tolist(),
                self._concepts[pairs[rows] % len(self._concepts)].tolist(),
                *(side[rows].tolist() for side in sums),
                answers[rows].tolist(),
                last[rows],
            ]

        columns = ("member_id", "concept", "right_weight", "wrong_weight", "answers", "last_at")
        return Rows("mastery", columns, order.size, _chunks(order.size, chunk))

    # Who is measured

    def any_of_them(self, count: int) -> list[int]:
        """Members at random: most of them have little behind them."""
        return self._pick(count, None)

    def active_ones(self, count: int) -> list[int]:
        """Members at random, the more likely the more evidence there is of them, as they ask more often, too."""
        return self._pick(count, self.counts / self.counts.sum())

    def busiest(self, count: int) -> list[int]:
        """The members with the most evidence."""
        return self._ids[np.argsort(-self.counts, kind="stable")[:count]].tolist()

    def _pick(self, count: int, shares: NDArray[np.float64] | None) -> list[int]:
        most = np.count_nonzero(self.counts) if shares is not None else self.learners
        chosen = np.random.default_rng(10).choice(self.learners, min(count, most), replace=False, p=shares)
        return self._ids[chosen].tolist()


def _moment(at: datetime) -> np.datetime64:
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")


def _seconds(values: NDArray[np.float64]) -> Values:
    return (values * 1_000_000).astype("timedelta64[us]")


def _ranks(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, … for each count: [2, 3] -> [0, 1, 0, 1, 2]."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _chunks(count, make) -> Iterator[Chunk]:
    return (make(slice(start, min(start + _CHUNK, count))) for start in range(0, count, _CHUNK))
