"""Thousands of members of one server look for a study group: how long matching takes, and how good the groups are.

The members are made up: where they live, when they have time, how far they are and how fast, as a server that learns
together may have them. Bare are random groups of four, and random groups that keep the hard limits. Leaves nothing
behind.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.features.matching.models import PREFERRED, SMALLEST, Person, Seeker, Window
from bot.features.matching.rules.availability import coming_week
from bot.features.matching.rules.fit import NEAR, Pair, fits, know_each_other, person_of, shared_by
from bot.features.matching.rules.matches import match
from tests.benchmarks.many_questions import _longest_block
from tests.benchmarks.measure import Bar, Measurement
from tests.benchmarks.report import as_json, as_table

MEMBERS = 2_000
SECONDS = 5
"""Of one core. Matching runs once a day in a server, beside the event loop."""

_NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
_ZONES = {
    "America/New_York": (12, None),
    "America/Chicago": (5, None),
    "America/Los_Angeles": (8, None),
    "America/Bogota": (2, "Spanish"),
    "America/Sao_Paulo": (6, "Portuguese"),
    "Europe/London": (8, None),
    "Europe/Berlin": (12, "German"),
    "Europe/Warsaw": (4, "Polish"),
    "Europe/Istanbul": (3, "Turkish"),
    "Africa/Lagos": (6, None),
    "Africa/Nairobi": (2, "Swahili"),
    "Asia/Karachi": (3, "Urdu"),
    "Asia/Kolkata": (18, "Hindi"),
    "Asia/Jakarta": (3, "Indonesian"),
    "Asia/Shanghai": (4, "Chinese"),
    "Asia/Tokyo": (3, "Japanese"),
    "Australia/Sydney": (2, None),
    "Pacific/Auckland": (1, None),
}
"""How many of a hundred live there, and what else than English some of them speak."""
_WINDOWS = dict(zip(Window, (1, 1, 6, 2, 2, 4, 4), strict=True))
_STEPS = {1: 30, 2: 22, 3: 18, 4: 12, 5: 10, 6: 8}
_HOURS = (2, 3, 4, 5, 5, 6, 8, 10, 10, 12, 15, 20, None)
_TRIES = 60
"""Members that a random group within the limits looks at before it stays as it is."""


def main() -> int:
    """Measure, print, and with --strict say by the exit code whether every bar is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.matching", description=__doc__)
    parser.add_argument("--members", type=int, default=MEMBERS, metavar="N", help=f"members (default: {MEMBERS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to FILE as well")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a bar is missed")
    arguments = parser.parse_args()
    measurements = measure_matching(arguments.members, Console(stderr=True))
    Console().print(as_table(measurements))
    if arguments.json:
        arguments.json.write_text(as_json(measurements), "utf-8")
    return int(arguments.strict and any(line.is_met is False for line in measurements))


def measure_matching(members: int, console: Console) -> list[Measurement]:
    """So many members, against groups at random."""
    with console.status(f"{members:,} members look for a study group."):
        return asyncio.run(_measure(members))


async def _measure(members: int) -> list[Measurement]:
    seekers, pairs = make_seekers(members, random.Random(1))
    people = {seeker.member_id: person_of(seeker, coming_week(_NOW)) for seeker in seekers}
    everybody = list(people.values())
    task = asyncio.create_task(asyncio.to_thread(_timed, lambda: match(seekers, pairs, _NOW)))
    block = await _longest_block(task)
    idle = await _longest_block(asyncio.create_task(asyncio.sleep(1)))
    matches, seconds = task.result()
    found = [[people[member_id] for member_id in one.member_ids] for one in matches]
    limited, limited_seconds = _timed(lambda: _random_fitting(everybody, pairs))
    tutor = _judge(found, everybody, pairs)
    name = f"{members:,} look for a group"
    return [
        Measurement(f"{name}: time", "s", seconds, limited_seconds, Bar("≤", SECONDS, of="value")),
        Measurement(f"{name}: longest event loop block", "ms", 1000 * block, 1000 * idle),
        *_compare(f"{name}, fours at random", tutor, _judge(_random_groups(everybody), everybody, pairs), members),
        *_compare(f"{name}, random within the limits", tutor, _judge(limited, everybody, pairs), members),
    ]


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What comes of it, and how many seconds of one core it took, whoever else uses the machine."""
    started = time.thread_time()
    return work(), time.thread_time() - started


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the groups of a matching are: means over them, and two counts."""

    hours: float
    steps: float
    pace: float
    repeated: int
    left: int
    without_language: int


def _judge(groups: Sequence[Sequence[Person]], everybody: Collection[Person], pairs: Collection[Pair]) -> Quality:
    shared = [shared_by(group) for group in groups]
    paces = [[person.pace for person in group if person.pace is not None] for group in groups]
    return Quality(
        _mean(one.hours.bit_count() for one in shared),
        _mean(one.last_step - one.first_step for one in shared),
        _mean(max(known) - min(known) for known in paces if known),
        sum(know_each_other(group, pairs) for group in groups),
        len(everybody) - sum(map(len, groups)),
        sum(not one.languages for one in shared),
    )


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return sum(known) / len(known) if known else 0.0


def _compare(name: str, tutor: Quality, bare: Quality, members: int) -> list[Measurement]:
    left = Bar("≤", 0.02 * members, of="value")
    return [
        Measurement(f"{name}: hours shared in a group", "h", tutor.hours, bare.hours, Bar("≥", 1)),
        Measurement(f"{name}: steps between members", "steps", tutor.steps, bare.steps, Bar("≤", 0.5)),
        Measurement(f"{name}: difference in pace", "h a week", tutor.pace, bare.pace, Bar("≤", 0.5)),
        Measurement(f"{name}: groups with an earlier pair", "groups", tutor.repeated, bare.repeated, _NONE),
        Measurement(
            f"{name}: groups without a language", "groups", tutor.without_language, bare.without_language, _NONE
        ),
        Measurement(f"{name}: members left over", "members", tutor.left, bare.left, left),
    ]


_NONE = Bar("=", 0, of="value")


# Members and random groups


def make_seekers(count: int, rng: random.Random) -> tuple[list[Seeker], frozenset[Pair]]:
    """Members who look for a group, and who of them was in one with whom before: each with four others."""
    seekers = [_seeker(number, rng) for number in range(1, count + 1)]
    pairs = set()
    for _ in range(2 * count):
        one, other = sorted(rng.sample(range(1, count + 1), 2))
        pairs.add((one, other))
    return seekers, frozenset(pairs)


def _seeker(number: int, rng: random.Random) -> Seeker:
    (zone,) = rng.choices(list(_ZONES), [share for share, _ in _ZONES.values()])
    own = _ZONES[zone][1]
    chosen = set(rng.choices(list(_WINDOWS), list(_WINDOWS.values()), k=rng.choices([1, 2, 3, 4], [3, 4, 3, 1])[0]))
    speaks_own = own is not None and rng.random() < 0.5
    languages = [own] if speaks_own and own else []
    if not languages or rng.random() < 0.9:
        languages.append("English")
    (step,) = rng.choices(list(_STEPS), list(_STEPS.values()))
    hours = rng.choice(_HOURS)
    return Seeker(
        number,
        1,
        zone,
        tuple(window for window in Window if window in chosen),
        tuple(languages),
        step,
        None if hours is None else float(hours),
        channel_id=1,
        by_dm=False,
        made_at=_NOW - timedelta(minutes=rng.randrange(60 * 24 * 14)),
    )


def _random_groups(people: Iterable[Person]) -> list[list[Person]]:
    """Fours, whoever they are."""
    known = list(people)
    random.Random(2).shuffle(known)
    return [known[first : first + PREFERRED] for first in range(0, len(known), PREFERRED)]


def _random_fitting(people: Iterable[Person], pairs: Collection[Pair]) -> list[list[Person]]:
    """Whoever comes next and fits is taken, until there are four."""
    left, groups = list(people), []
    random.Random(3).shuffle(left)
    while left:
        group = [left.pop()]
        for person in list(left[-_TRIES:]) if len(left) > _TRIES else list(left):
            if len(group) == PREFERRED:
                break
            wanted = [*group, person]
            if fits(shared_by(wanted), NEAR) and not know_each_other(wanted, pairs):
                group.append(person)
                left.remove(person)
        if len(group) >= SMALLEST:
            groups.append(group)
    return groups


if __name__ == "__main__":
    raise SystemExit(main())
