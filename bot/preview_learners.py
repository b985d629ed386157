"""The learners of the preview: members at different points of the path, so that there is something to see at once.

They live through their weeks in the real services, with a clock that stands at past moments. Whoever has a learner's
row already is left alone, so what is tried out in the preview stays.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta

from bot.clock import Clock
from bot.features.progress import store
from bot.features.progress.models import EvidenceKind, Overview, PathItem, State
from bot.features.progress.rules.rhythm import zone_of
from bot.features.progress.service import ProgressService
from bot.features.questions.models import AskedQuestion, Item, Response
from bot.features.questions.rules.options import option_id
from bot.features.questions.service import QuestionService
from bot.features.start.models import Sight, Subject, Typed
from bot.features.start.service import StartService
from bot.storage.database import Database
from knowledge.curriculum import Curriculum
from knowledge.models import QuestionKind, Style

_EVENING = time(19, 30)
_SITTING_DAYS = (5, 1)
"""How long before the end of a week its sittings are."""

_ADA_STARTED, _GRACE_STARTED, _LINUS_STARTED = 101, 1, 230
_ADA_WEEKS = (260, 300, 340, 260, 300, 320, 120, 0, 300, 360, 280, 300, 340, 360, 220)
"""Minutes a week, the oldest first, the last seven days at the end; the week without is a holiday."""
_LINUS_WEEKS = (600, 640, 560, 600, 0, 620, 700, 600, 540, 640, 700, 600, 580, 320)

_ADA_ANSWERS: Sequence[tuple[int, str, int, int]] = (
    (88, "transfer-learning", 3, 1),
    (70, "loss-function", 2, 1),
    (64, "gradient-descent", 3, 0),
    (47, "overfitting", 2, 1),
    (40, "random-forest", 1, 0),
    (33, "cross-entropy", 3, 0),
    (26, "embedding", 1, 1),
    (20, "convolution", 4, 0),
    (19, "dropout", 1, 0),
    (17, "matrix", 5, 0),
    (15, "dot-product", 4, 0),
    (15, "matmul", 4, 0),
    (11, "eigen", 1, 1),
    (8, "gradient", 4, 0),
    (6, "probability", 3, 0),
    (3, "expectation", 1, 2),
    (1, "gaussian", 1, 0),
)
"""Days ago, the concept, and how many answers were right and wrong: solid, learning, fading and shaky ones."""
_LINUS_ANSWERS: Sequence[tuple[int, str, int, int]] = (
    (1, "resnet", 3, 0),
    (1, "lstm", 2, 0),
    (1, "attention", 3, 0),
    (1, "transformer", 3, 0),
    (1, "multi-head", 2, 0),
)
"""Nothing of it is due yet, for what linus has to do next is to choose a project."""


class Learners:
    """Gives members a past. `others` are members whom nobody acts as: they fill /progress server."""

    def __init__(
        self, database: Database, curriculum: Curriculum, questions: QuestionService, clock: Clock, guild_id: int
    ) -> None:
        self._database = database
        self._curriculum = curriculum
        self._questions = questions
        self._guild_id = guild_id
        self._today = clock()
        self._moment = self._today
        self._progress = ProgressService(database, self._now, curriculum)
        self._start = StartService(self._now, self._progress)

    def _now(self) -> datetime:
        return self._moment

    async def seed(self, member_ids: Mapping[str, int]) -> bool:
        """Give those of the members a past who have none; whether there were any."""
        stories: Mapping[str, Callable[[int], Awaitable[None]]] = {
            "ada": self._ada,
            "grace": self._grace,
            "linus": self._linus,
            "hedy": self._hedy,
            "alan": self._alan,
            "katherine": self._katherine,
        }
        new = [name for name in stories if name in member_ids and not await self._is_known(member_ids[name])]
        for name in new:
            await stories[name](member_ids[name])
        return bool(new)

    async def _is_known(self, member_id: int) -> bool:
        async with self._database.transaction() as session:
            return await store.find_profile(session, member_id) is not None

    # Who they are

    async def _ada(self, member_id: int) -> None:
        """In the middle of step 2, with a rhythm, and with answers of every kind."""
        self._go(_ADA_STARTED, "Europe/London")
        about = Typed("I want to read papers on protein folding without skipping the maths.", "5", "Europe/London")
        await self._introduce(member_id, about, (2, 1, 1), Style.BOOK, Sight.VISIBLE)
        await self._study(member_id, (1, 2), _ADA_WEEKS, "Europe/London")
        await self._answer(member_id, _ADA_ANSWERS, "Europe/London")

    async def _grace(self, member_id: int) -> None:
        """Went through /start yesterday, and has done nothing since."""
        self._go(_GRACE_STARTED, "America/New_York")
        about = Typed("My team begins to use it, and I would like to understand what we ship.", "4", "America/New_York")
        await self._introduce(member_id, about, (3, 2, 0), Style.VIDEO, Sight.PRIVATE)

    async def _linus(self, member_id: int) -> None:
        """Has just finished step 3 and has to choose a first project."""
        self._go(_LINUS_STARTED, "Europe/Helsinki")
        about = Typed("I learn best when I build something that works.", "10", "Europe/Helsinki")
        await self._introduce(member_id, about, (3, 2, 1), Style.HANDS_ON, Sight.CONGRATULATED)
        await self._finish(member_id, {1: 170, 2: 112}, "Europe/Helsinki")
        await self._study(member_id, (3,), _LINUS_WEEKS, "Europe/Helsinki")
        await self._answer(member_id, _LINUS_ANSWERS, "Europe/Helsinki")

    async def _hedy(self, member_id: int) -> None:
        self._go(20)
        await self._introduce(member_id, Typed("", "3", "Europe/Vienna"), (1, 1, 0), Style.VIDEO, Sight.VISIBLE)
        await self._finish(member_id, {1: 4}, "Europe/Vienna", most=1)

    async def _alan(self, member_id: int) -> None:
        self._go(160)
        await self._introduce(member_id, Typed("", "6", "Europe/London"), (3, 3, 1), Style.BOOK, Sight.VISIBLE)
        await self._finish(member_id, {1: 60, 2: 35, 3: 2}, "Europe/London", most=15)

    async def _katherine(self, member_id: int) -> None:
        self._go(400)
        await self._introduce(
            member_id, Typed("", "8", "America/New_York"), (3, 3, 2), Style.UNIVERSITY, Sight.CONGRATULATED
        )
        await self._progress.save_profile(member_id, first_capstone="spoken-commands")
        await self._finish(member_id, {1: 330, 2: 290, 3: 120, 4: 30, 5: 3}, "America/New_York", most=6)

    # What they did

    def _go(self, days_ago: int, zone: str = "UTC", minutes: int = 0) -> None:
        """Set the clock to the evening of a past day, as it was where the member lives."""
        here = zone_of(zone)
        day = self._today.astimezone(here).date() - timedelta(days=days_ago)
        self._moment = datetime.combine(day, _EVENING, here) + timedelta(minutes=minutes)

    async def _introduce(
        self, member_id: int, about: Typed, levels: tuple[int, int, int], style: Style, sight: Sight
    ) -> None:
        """The answers to /start."""
        for subject, level in zip(Subject, levels, strict=True):
            await self._start.save_experience(member_id, subject, str(level))
        await self._start.save_style(member_id, style)
        await self._start.save_about(member_id, about)
        await self._start.save_sight(member_id, self._guild_id, sight)
        await self._start.finish(member_id, self._guild_id)

    async def _finish(self, member_id: int, steps: Mapping[int, int], zone: str, most: int | None = None) -> None:
        """Finish whole steps, each so many days ago, without counting time; of the last one `most` parts."""
        for number, days_ago in steps.items():
            self._go(days_ago, zone)
            items = [item.id for item in await self._required(member_id, (number,))]
            is_last = number == max(steps)
            await self._progress.settle_items(member_id, items[: most if is_last else None], State.DONE)

    async def _study(self, member_id: int, steps: Iterable[int], weeks: Sequence[int], zone: str) -> None:
        """Go along the path, sitting by sitting, until the weeks or the steps are over."""
        items = iter(await self._required(member_id, steps))
        item, left = next(items, None), 0
        for days_ago, minutes in _sittings(weeks):
            rest = minutes
            while item is not None and rest:
                left = left or item.minutes
                spent = min(left, rest)
                rest, left = rest - spent, left - spent
                self._go(days_ago, zone, minutes - rest)
                state = State.STARTED if left else State.DONE
                await self._progress.settle_item(member_id, item.id, state, minutes=spent)
                item = item if left else next(items, None)

    async def _required(self, member_id: int, steps: Iterable[int]) -> list[PathItem]:
        path = self._progress.path_of(await self._progress.find_learner(member_id))
        return [item for step in path.steps if step.number in steps for item in step.required]

    async def _answer(self, member_id: int, answers: Iterable[tuple[int, str, int, int]], zone: str) -> None:
        for days_ago, concept, right, wrong in answers:
            self._go(days_ago, zone)
            question = next(question.id for question in self._curriculum.questions if question.concept == concept)
            for number, is_right in enumerate([*[True] * right, *[False] * wrong]):
                await self._take(member_id, question, f"preview:{concept}:{number}", is_right=is_right)

    async def _take(self, member_id: int, question_id: str, key: str, *, is_right: bool) -> None:
        now = self._now()
        async with self._database.transaction() as session:
            await store.add_learner(session, member_id, now)
            item = await self._questions.item(session, question_id, None)
            if item is None:
                return
            await self._questions.take(
                session,
                member_id,
                question_id=question_id,
                guild_id=None,
                round_id=None,
                position=None,
                key=key,
                kind=EvidenceKind.PROBE,
                response=_response(item, is_right=is_right),
                now=now,
            )


async def take_weekly_quiz(questions: QuestionService, round_id: int, member_id: int, marks: str) -> None:
    """Answer the weekly quiz from its first question on: + right, - wrong."""
    for mark in marks:
        asked = await questions.show(round_id, member_id)
        if not isinstance(asked, AskedQuestion):
            return
        key = await questions.find_key(round_id, asked.position)
        response = _response(key, is_right=mark == "+")
        await questions.answer(round_id, asked.position, member_id, response, asked.stamp)


def _response(item: Item, *, is_right: bool) -> Response:
    """The right answer to a question, or a wrong one."""
    takes_one = item.kind in {QuestionKind.SINGLE, QuestionKind.BOOLEAN}
    if is_right:
        return Response(item.key.options[:1] if takes_one else item.key.options, item.key.number)
    wrong = [id_ for option in item.question.options if (id_ := option_id(option.text)) not in item.key.options]
    return Response(tuple(wrong[:1])) if takes_one else Response()


def _sittings(weeks: Sequence[int]) -> Iterable[tuple[int, int]]:
    """How many days ago, and how many minutes; the last of the weeks ends today."""
    for back, minutes in zip(reversed(range(len(weeks))), weeks, strict=True):
        for day in _SITTING_DAYS if minutes else ():
            yield 7 * back + day, minutes // len(_SITTING_DAYS)


def describe_standing(name: str, overview: Overview) -> str:
    """Where a member stands, in one line for the terminal."""
    current = overview.current
    if current is None:
        return f"{name} has done all {len(overview.steps)} steps"
    where = f"step {current.number}, {current.title}: {current.settled} of {current.required} parts done"
    return f"{name} is on {where}"
