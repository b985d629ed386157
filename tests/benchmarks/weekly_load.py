"""A whole server takes the weekly quiz within two minutes, by real clicks on the real bot. Leaves nothing behind.

Members come as after a mention: each reads, clicks and goes on at their own pace, and some click twice. Discord gives
three seconds to acknowledge a click. In the end every answer and every figure of the results is compared with what the
members did.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosqlite
import discord
import numpy as np
from rich.console import Console
from simcord import interactions
from simcord.backend import serializers
from simcord.components import walk_components

from bot.config import DatabaseSettings, IndexSettings, Settings
from indexer.build import build_index, is_stale
from indexer.encoder import SentenceTransformerEncoder
from knowledge.models import Question, QuestionKind
from tests.benchmarks.measure import Bar, Measurement
from tests.benchmarks.report import as_json, as_table
from tests.bot.server import Server, running_server
from tests.bot.weekly_members import admin_of, live_until
from tests.paths import KNOWLEDGE, ROOT

LIMIT = 3000.0
"""Milliseconds that Discord waits for the first response to a click."""

_INDEX = ROOT / "data" / "index"
_QUESTIONS = 5
_TICK = 0.5
_COUNT_EVERY = 10.0
_AGAIN = 3.0
"""Seconds until a member clicks once more who was told that something went wrong."""
_PATIENCE = 600.0
_TWICE = 0.1
"""The share of answers that are clicked twice."""
_MARKS = "xxxxxxx--?"
"""What members answer: seven in ten right, two wrong, and one "I don't know"."""
_COMPONENT, _MODAL = 3, 5
_OPENS_WINDOW = 9
_TOO_LATE = "This interaction failed"
"""What Discord itself says below a message."""


def main() -> int:
    """Measure, print, and with --strict say by the exit code whether every bar is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.weekly_load", description=__doc__)
    parser.add_argument("--members", type=int, default=500, metavar="N", help="members who take part (default: 500)")
    parser.add_argument("--seconds", type=int, default=120, metavar="N", help="within so many seconds (default: 120)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to FILE as well")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a bar is missed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        measurements = measure_weekly_load(arguments.members, arguments.seconds, Path(scratch), Console(stderr=True))
    Console().print(as_table(measurements))
    if arguments.json:
        arguments.json.write_text(as_json(measurements), "utf-8")
    return int(arguments.strict and any(line.is_met is False for line in measurements))


def measure_weekly_load(members: int, seconds: int, scratch: Path, console: Console) -> list[Measurement]:
    """One weekly quiz of so many members, on SQLite."""
    settings = Settings(
        index=IndexSettings(knowledge=KNOWLEDGE, folder=_INDEX),
        database=DatabaseSettings(url=f"sqlite+aiosqlite:///{scratch / 'tutor.db'}"),
    )
    encoder = SentenceTransformerEncoder(threads=settings.index.threads)
    if is_stale(KNOWLEDGE, _INDEX, encoder.name):
        with encoder.all_cores():
            build_index(KNOWLEDGE, _INDEX, encoder, now=datetime.now(UTC))
    with console.status(f"{members} members take the weekly quiz; this takes {seconds} seconds and some."):
        return asyncio.run(_measure(settings, encoder, members, seconds, scratch))


async def _measure(
    settings: Settings, encoder: SentenceTransformerEncoder, members: int, seconds: int, scratch: Path
) -> list[Measurement]:
    async with running_server(settings, encoder, check_errors=False) as s:
        questions = await _post_quiz(s)
        crowd = _Crowd(s, questions, members, seconds)
        elapsed = await crowd.take_it()
        lost, wrong = crowd.count_lost(), await crowd.count_wrong()
    bare = await _bare_inserts(scratch / "bare.db", members * _QUESTIONS)
    clicks = len(crowd.acknowledged)
    return [
        _line("acknowledged, p95", crowd.acknowledged, bare, 0.95, Bar("≤", LIMIT, of="value")),
        _line("acknowledged, longest", crowd.acknowledged, bare, 1.0, Bar("≤", LIMIT, of="value")),
        _line("answer explained, median", crowd.explained, bare, 0.5),
        _line("answer explained, p95", crowd.explained, bare, 0.95),
        Measurement(f"Weekly quiz: {members} members through, {clicks} clicks", "s", elapsed, crowd.alone),
        Measurement("Weekly quiz: refused or not acknowledged", "clicks", crowd.refused, 0, Bar("=", 0, of="value")),
        Measurement("Weekly quiz: lost or counted twice", "answers", lost, 0, Bar("=", 0, of="value")),
        Measurement("Weekly quiz: wrong in the results", "lines", wrong, 0, Bar("=", 0, of="value")),
    ]


def _line(
    what: str, tutor: Sequence[float], bare: Sequence[float], share: float, bar: Bar | None = None
) -> Measurement:
    values = (1000 * float(np.quantile(times, share)) for times in (tutor, bare))
    return Measurement(f"Weekly quiz: {what}", "ms", *values, bar)


async def _post_quiz(s: Server) -> list[Question]:
    """An admin has set the quiz up, and it is posted; its questions."""
    s.client.services.weekly._rng = random.Random(7)
    admin = admin_of(s)
    await s.env.settle()
    at = (s.env.now() + timedelta(hours=1)).strftime("%H:%M")
    options = {"channel": s.channel, "weekday": s.env.now().weekday(), "time": at, "zone": "UTC", "goal": 100}
    await admin.slash(s.channel, "weekly set", questions=_QUESTIONS, open_hours=2, **options)
    await admin.slash(s.channel, "weekly post")
    await s.env.advance_time(2)
    bank = {question.id: question for question in s.client.services.curriculum.questions}
    return [bank[id_] for id_ in (await s.client.services.weekly.find_round(1)).questions]


# Members


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a member is going to do: when they come, how long they read, what they answer, what they click twice."""

    member_id: int
    name: str
    comes_after: float
    reads: tuple[float, ...]
    marks: str
    twice: tuple[bool, ...]
    is_ranked: bool


class _Crowd:
    """All members, and how long they wait."""

    def __init__(self, s: Server, questions: list[Question], count: int, seconds: int) -> None:
        self._s = s
        self._questions = questions
        self._discord = _Discord(s)
        self._post = s.said()[0].id
        dice = random.Random(3)
        self.plans = [self._plan(number, dice, seconds) for number in range(count)]
        self.acknowledged = self._discord.acknowledged
        self.explained: list[float] = []

    def _plan(self, number: int, dice: random.Random, seconds: int) -> _Plan:
        name = f"member{number:03}"
        actor = self._s.guild.add_member(self._s.env.create_user(name))
        pause = 0.45 * seconds / _QUESTIONS
        return _Plan(
            actor.id,
            name,
            dice.uniform(0, 0.5 * seconds),
            tuple(dice.uniform(0.4 * pause, pause) for _ in range(_QUESTIONS)),
            "".join(dice.choice(_MARKS) for _ in range(_QUESTIONS)),
            tuple(dice.random() < _TWICE for _ in range(_QUESTIONS)),
            dice.random() < 0.3,
        )

    @property
    def refused(self) -> int:
        """Clicks that were answered with an apology."""
        return self._discord.refused.total()

    @property
    def alone(self) -> float:
        """How long the slowest takes who never waits."""
        return max(plan.comes_after + 1.2 * sum(plan.reads) for plan in self.plans)

    async def take_it(self) -> float:
        """Everybody takes the quiz; how many seconds until the last is through."""
        await self._s.env.settle()
        for plan in self.plans:
            if plan.is_ranked:
                await self._s.client.services.weekly.set_ranked(plan.member_id, self._s.guild.id, is_ranked=True)
        kept = self._s.env._work
        kept.callbacks = _Callbacks(kept.callbacks)
        beside = [asyncio.create_task(work()) for work in (self._let_time_pass, self._count)]
        started = time.perf_counter()
        await asyncio.gather(*(self._live(plan) for plan in self.plans))
        elapsed = time.perf_counter() - started
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
        kept.callbacks = list(kept.callbacks)
        await self._s.env.settle()
        return elapsed

    async def _let_time_pass(self) -> None:
        """The simulated clock goes on with the real one."""
        passed = time.perf_counter()
        while True:
            await asyncio.sleep(_TICK)
            now = time.perf_counter()
            self._s.env.backend.advance_clock(now - passed)
            passed = now

    async def _count(self) -> None:
        """The number of those who took part is shown as often as in life."""
        cog = self._s.client.get_cog("WeeklyCog")
        while True:
            await asyncio.sleep(_COUNT_EVERY)
            await cog.count.coro(cog)  # type: ignore[attr-defined]

    async def _live(self, plan: _Plan) -> None:
        await asyncio.sleep(plan.comes_after)
        taken = await self._discord.click(plan.member_id, self._post, label="Take the quiz")
        for place, question in enumerate(self._questions):
            await asyncio.sleep(plan.reads[place])
            await self._answer(plan, place, question, taken.message_id)
            await asyncio.sleep(0.2 * plan.reads[place])
            label = "Next question" if place + 1 < len(self._questions) else "See your result"
            await self._discord.click(plan.member_id, taken.message_id, label=label)

    async def _answer(self, plan: _Plan, place: int, question: Question, message: int) -> None:
        """Answer one question; the last click of it is the one that is timed."""
        member, mark = plan.member_id, plan.marks[place]
        if mark == "?":
            click = {"label": "I don't know"}
        else:
            click = await self._pick(member, message, question, is_right=mark == "x")
        started = time.perf_counter()
        clicks = [self._discord.click(member, message, **click) for _ in range(1 + plan.twice[place])]
        await asyncio.gather(*clicks)
        self.explained.append(time.perf_counter() - started)

    async def _pick(self, member: int, message: int, question: Question, *, is_right: bool) -> dict[str, str]:
        """Everything before the last click of an answer; what that click is."""
        options = question.options
        fitting = [option.text for option in options if option.correct is is_right]
        match question.kind:
            case QuestionKind.BOOLEAN:
                return {"label": fitting[0]}
            case QuestionKind.SINGLE:
                return {"label": self._discord.letter(message, fitting[0])}
            case QuestionKind.MULTIPLE:
                await self._discord.select(member, message, fitting)
                return {"label": "Check"}
            case QuestionKind.ORDER:
                texts = [option.text for option in options]
                for text in (texts if is_right else texts[::-1])[:-1]:
                    await self._discord.select(member, message, [text])
                return {"label": "Check"}
            case QuestionKind.NUMERIC:
                await self._discord.click(member, message, label="Enter your answer")
                return {"number": str((question.answer or 0) + (0 if is_right else 1000))}

    # What came of it

    def count_lost(self) -> int:
        """Answers that are not in the database exactly as they were given, exactly once, with one piece of evidence."""
        given = Counter(
            (plan.member_id, place, int(mark == "x")) for plan in self.plans for place, mark in enumerate(plan.marks)
        )
        stored = Counter(self._s.rows("SELECT member_id, position, is_correct FROM attempts"))
        evidence = Counter(self._s.rows("SELECT member_id, key, is_correct FROM evidence"))
        proven = Counter((member, f"round:1:{place}", right) for member, place, right in given)
        return sum(((given - stored) + (stored - given) + (proven - evidence) + (evidence - proven)).values())

    async def count_wrong(self) -> int:
        """Lines of the post and of the results that differ from what members did."""
        await self._s.env.advance_time(_COUNT_EVERY)
        shown = [self._s.said()[0].embeds[0].fields[0].value]
        await live_until(self._s, self._s.env.now() + timedelta(hours=2, minutes=1))
        embed = self._s.said()[-1].embeds[0]
        places = next(part.value or "" for part in embed.fields if part.name == "Those who wanted to be named")
        description = (embed.description or "").splitlines()
        shown += [*description[:3], next(line for line in description if "Missed most" in line), *places.splitlines()]
        return sum(line != wanted for line, wanted in zip(shown, self._expected(), strict=True))

    def _expected(self) -> list[str]:
        count = len(self.plans)
        rights = {plan.member_id: plan.marks.count("x") for plan in self.plans}
        wrong = [sum(plan.marks[place] != "x" for plan in self.plans) for place in range(_QUESTIONS)]
        worst = wrong.index(max(wrong))
        goal = f"🎯 The goal is reached: 100 were to finish it, and {count} did."
        if count < 100:
            goal = f"The goal was 100 who finish it. {100 - count} more next time, and it is there."
        return [
            f"{count} members took part",
            f"{count} members took part, and {count} finished it.",
            f"Those who finished had {sum(rights.values()) / count:.1f} of {_QUESTIONS} right on average.",
            goal,
            f"**Missed most: question {worst + 1}**, by {wrong[worst]} of {count}",
            *self._expected_places(rights),
        ]

    def _expected_places(self, rights: dict[int, int]) -> list[str]:
        # Discord tells the names of 100 members at once, and nobody else is named.
        named = sorted(
            (plan for plan in self.plans if plan.is_ranked), key=lambda plan: (-rights[plan.member_id], plan.member_id)
        )[:100]
        scores = [rights[plan.member_id] for plan in named]
        lines = [
            f"**{scores.index(score) + 1}** · {plan.name} · {score} of {_QUESTIONS}"
            for plan, score in zip(named, scores, strict=True)
        ]
        more = sum(score == scores[9] for score in scores[10:]) if len(scores) > 10 else 0
        return [*lines[:10], *([f"and {more} more with the same score"] if more else [])]


# Clicks of many at once


class _Callbacks:
    """What simcord keeps in a list, which it searches from its beginning for everything that the event loop does.

    It tidies it up whenever it waits for the bot to come to rest, and a crowd never comes to rest.
    """

    def __init__(self, records: Iterable[object]) -> None:
        self._records = {id(record): record for record in records}

    def append(self, record: object) -> None:
        self._records[id(record)] = record

    def remove(self, record: object) -> None:
        if self._records.pop(id(record), None) is None:
            raise ValueError

    def __iter__(self) -> Iterator[object]:
        return iter(list(self._records.values()))


class _Discord:
    """Sends clicks without waiting for those of others, and times the first response to each."""

    def __init__(self, s: Server) -> None:
        self._guild = s.guild.id
        self._channel = s.channel.id
        self._backend = s.env.backend
        self.acknowledged: list[float] = []
        self.refused: Counter[str] = Counter()
        """What members read instead of what they clicked for."""
        self._waiting: dict[str, tuple[float, asyncio.Future[str]]] = {}
        adapter = s.env._webhook_adapter
        respond = adapter.request

        async def request(route: Any, session: Any, **options: Any) -> Any:
            path, payload = route.url.partition("?")[0].split("/"), options.get("payload") or {}
            try:
                result = await respond(route, session, **options)
            except discord.NotFound:  # three seconds were over, by the simulated clock
                self._note(path, {"content": _TOO_LATE})
                raise
            self._note(path, payload)
            return result

        adapter.request = request

    def _note(self, path: list[str], payload: dict[str, Any]) -> None:
        """A response of the bot; the next one after the acknowledgement shows what the click was for."""
        is_first = path[-1] == "callback"
        token = path[-2] if is_first else path[path.index("webhooks") + 2]
        if token not in self._waiting:
            return
        started, done = self._waiting[token]
        if is_first:
            self.acknowledged.append(time.perf_counter() - started)
        is_over = not is_first or payload.get("type") == _OPENS_WINDOW or payload.get("content") == _TOO_LATE
        if is_over and not done.done():
            done.set_result(payload.get("content") or "")

    async def click(self, member: int, message: int, *, label: str = "", number: str = "") -> Any:
        """Click a button, or send the window with a number; what became of it."""
        stored = self._backend.get_message(self._channel, message)
        if number:
            field = {"type": 4, "custom_id": "number", "value": number}
            data = {"custom_id": self._window(stored), "components": [{"type": 18, "component": field}]}
            return await self._send(member, _MODAL, stored, data)
        button = next((it for it in walk_components(stored.components) if it.get("label") == label), None)
        if button is None:  # the twin of this click has been answered, and the button is gone from the screen
            return None
        return await self._send(
            member, _COMPONENT, stored, {"custom_id": button["custom_id"], "component_type": button["type"]}
        )

    async def select(self, member: int, message: int, texts: Sequence[str]) -> None:
        """Pick options by their texts."""
        stored = self._backend.get_message(self._channel, message)
        menu = next(it for it in walk_components(stored.components) if it["type"] == 3)
        by_text = {option["label"][4:]: option["value"] for option in menu["options"]}
        values = [next(v for shown, v in by_text.items() if text.startswith(shown.rstrip("…"))) for text in texts]
        await self._send(
            member, _COMPONENT, stored, {"custom_id": menu["custom_id"], "component_type": 3, "values": values}
        )

    def letter(self, message: int, text: str) -> str:
        """The letter in front of an option."""
        description = self._backend.get_message(self._channel, message).embeds[0]["description"]
        lines = [line.replace("\\", "") for line in description.splitlines() if line.startswith("**")]
        return next(line[2] for line in lines if line[5:] == f" · {text}".replace("\\", "") or line[8:] == text)

    def _window(self, stored: Any) -> str:
        button = next(it for it in walk_components(stored.components) if it.get("label") == "Enter your answer")
        return f"{button['custom_id'].rpartition(':')[0]}:n"

    async def _send(self, member: int, kind: int, stored: Any, data: dict[str, Any]) -> Any:
        record, payload = interactions.base_payload(
            self._backend, type=kind, channel_id=self._channel, guild_id=self._guild, user_id=member, data=data
        )
        payload["message"] = dict(serializers.message_payload(self._backend, stored))
        record.source_message_id = stored.id
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[record.token] = (time.perf_counter(), done)
        self._backend.emit("INTERACTION_CREATE", payload)
        refusal = await asyncio.wait_for(done, _PATIENCE)
        del self._waiting[record.token]
        if refusal:  # the member reads it and clicks once more
            self.refused[refusal] += 1
            await asyncio.sleep(_AGAIN)
            return await self._send(member, kind, stored, data)
        return record


# The least that taking an answer must do

_BARE_TABLES = """
CREATE TABLE attempts (id INTEGER PRIMARY KEY, member_id INTEGER, key TEXT, question TEXT, response TEXT,
    is_correct INTEGER, answered_at TEXT, UNIQUE (member_id, key));
CREATE TABLE evidence (id INTEGER PRIMARY KEY, member_id INTEGER, key TEXT, concept TEXT, is_correct INTEGER,
    observed_at TEXT, UNIQUE (member_id, key));
CREATE TABLE mastery (member_id INTEGER, concept TEXT, weight REAL, PRIMARY KEY (member_id, concept));
CREATE TABLE cards (member_id INTEGER, question TEXT, due_at TEXT, PRIMARY KEY (member_id, question));
"""


async def _bare_inserts(file: Path, count: int) -> list[float]:
    """The seconds of each transaction that writes the rows of one answer, through the driver alone."""
    times = []
    async with aiosqlite.connect(file, isolation_level=None) as connection:
        for pragma in ("journal_mode = WAL", "foreign_keys = ON", "busy_timeout = 5000", "synchronous = FULL"):
            await connection.execute(f"PRAGMA {pragma}")
        await connection.executescript(_BARE_TABLES)
        for number in range(count):
            member, question = divmod(number, _QUESTIONS)
            key, at = f"round:1:{question}", "2026-01-05 17:00:00.000000"
            started = time.perf_counter()
            await connection.execute("BEGIN IMMEDIATE")
            await connection.execute(
                "INSERT INTO attempts (member_id, key, question, response, is_correct, answered_at) "
                "VALUES (?, ?, ?, '{}', 1, ?)",
                (member, key, f"q{question}", at),
            )
            await connection.execute(
                "INSERT INTO evidence (member_id, key, concept, is_correct, observed_at) VALUES (?, ?, ?, 1, ?)",
                (member, key, f"c{question}", at),
            )
            await connection.execute(
                "INSERT INTO mastery VALUES (?, ?, 1.0) ON CONFLICT DO UPDATE SET weight = weight + 1.0",
                (member, f"c{question}"),
            )
            await connection.execute("INSERT INTO cards VALUES (?, ?, ?)", (member, f"q{question}", at))
            await connection.execute("COMMIT")
            times.append(time.perf_counter() - started)
    return times


if __name__ == "__main__":
    raise SystemExit(main())
