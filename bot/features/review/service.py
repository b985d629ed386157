"""The use cases of reviews: see what is due, begin a round of it, be reminded."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from fsrs import Scheduler
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.progress import store as progress_store
from bot.features.progress.rules.rhythm import zone_of
from bot.features.progress.rules.zones import parse_zone, zone_names
from bot.features.questions import store as questions_store
from bot.features.questions.models import AskedQuestion, DueCard, Round, RoundKind
from bot.features.questions.service import QuestionService
from bot.features.review import rules, store
from bot.features.review.models import REMINDER, Card, Notice, Nudge, Overview, Reminder, ReminderSetup, Window
from bot.scheduling import store as work
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Occurrence, WorkState
from bot.scheduling.rules import daily_time
from bot.storage.database import Database
from knowledge.curriculum import Curriculum

UNKNOWN_WINDOW = "I do not know these hours. `/review` shows the list again, below Remind me."
NO_ZONE = "I need to know your time zone first. Press Remind me below `/review` once more."
NO_TEXT = "I need to know where you are. Please name your country or a large city near you."


@dataclass(frozen=True, slots=True)
class _Left:
    """A round that was left, how many of its questions are open, and whether one was answered."""

    round: Round
    count: int
    is_begun: bool


class ReviewService:
    """Brings back questions before they are forgotten. Every method opens its own transaction."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        curriculum: Curriculum,
        questions: QuestionService,
        *,
        scheduler: Scheduler,
        dispatcher: Dispatcher,
        at_a_time: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._concepts = {question.id: question.concept for question in curriculum.questions}
        self._questions = questions
        self._scheduler = scheduler
        self._dispatcher = dispatcher
        self._at_a_time = at_a_time

    # Rounds

    async def show(self, member_id: int, guild_id: int | None = None) -> Overview:
        """What is due, what comes next, and the reminder; a notice about the reminder is told once.

        What the member has not been told yet comes with it, unless it comes with the first question.
        """
        async with self._database.transaction() as session:
            notice = None
            if await store.find_reminder(session, member_id) is not None:
                await progress_store.add_learner(session, member_id, self._clock())
                notice = await self._wake(session, member_id)
            overview = await self._overview(session, member_id, guild_id, notice)
        if overview.due or overview.left:
            return overview
        return replace(overview, news=await self._questions.read_news(member_id))

    async def begin(self, member_id: int, guild_id: int | None = None) -> AskedQuestion | Overview:
        """The next question of the round that was left lately, or the first one of a new round.

        It is the overview if nothing is due. A second click at the same time shows the same question.
        """
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, self._clock())  # a double click begins one round
            reminder = await store.find_reminder(session, member_id)
            if reminder is not None and reminder.failed_at is None:
                await self._wake(session, member_id)
            left = await self._find_open(session, member_id, guild_id)
            if left is not None:
                return await self._questions.ask(session, left.round, member_id, is_resumed=left.is_begun)
            queue = await self._questions.queue(session, member_id, guild_id)
            if not queue.now:
                return await self._overview(session, member_id, guild_id)
            bank = await self._questions.practice_bank(session, guild_id)
            due = [self._card(found) for found in queue.now if found.question in bank]
            chosen = rules.choose_due(due or [self._card(found) for found in queue.now], self._at_a_time)
            added = await self._questions.add_round(session, RoundKind.REVIEW, member_id, guild_id, chosen)
            return await self._questions.ask(session, added, member_id)

    async def _find_open(self, session: AsyncSession, member_id: int, guild_id: int | None) -> _Left | None:
        """The round that was left lately, if something of it can still be answered.

        One from elsewhere does not go on in a server that has retired a question of it.
        """
        since = self._clock() - rules.RESUME_WITHIN
        found = await questions_store.find_open_round(session, member_id, RoundKind.REVIEW, since)
        if found is None:
            return None
        answered = {attempt.position for attempt in await questions_store.list_attempts(session, found.id, member_id)}
        bank = await self._questions.bank(session, found.guild_id)
        left = [id_ for place, id_ in enumerate(found.questions) if place not in answered and id_ in bank]
        here = bank if found.guild_id == guild_id else await self._questions.bank(session, guild_id)
        if not left or not all(id_ in here for id_ in left):
            return None
        return _Left(found, len(left), is_begun=bool(answered))

    def _card(self, found: DueCard) -> Card:
        recall = self._scheduler.get_card_retrievability(found.card, self._clock())
        return Card(found.question, self._concepts[found.question], found.due_at, recall)

    async def _overview(
        self, session: AsyncSession, member_id: int, guild_id: int | None, notice: Notice | None = None
    ) -> Overview:
        queue = await self._questions.queue(session, member_id, guild_id)
        left = await self._find_open(session, member_id, guild_id)
        return Overview(
            due=len(queue.now),
            total=len(queue.now) + len(queue.later),
            coming=rules.group_days((card.due_at for card in queue.later), await self._zone(session, member_id)),
            at_a_time=self._at_a_time,
            left=left.count if left else 0,
            reminder=await store.find_reminder(session, member_id),
            notice=notice,
        )

    # The reminder as its member sees it

    async def show_reminder(self, member_id: int) -> ReminderSetup:
        """The hours that were chosen, and the zone that they are in."""
        async with self._database.transaction() as session:
            return await self._setup(session, member_id)

    async def set_reminder(self, member_id: int, window: str) -> ReminderSetup:
        """Remind the member from the next such hours on.

        Raises:
            MemberError: there are no such hours, or the zone is not known.
        """
        if window not in set(Window):
            raise MemberError(UNKNOWN_WINDOW)
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            setup = await self._setup(session, member_id)
            if setup.zone is None:
                raise MemberError(NO_ZONE)
            await store.update_reminder(session, member_id, Window(window).hours, now)
            await self._replan(session, member_id)
            return await self._setup(session, member_id)

    async def turn_off(self, member_id: int) -> ReminderSetup:
        """No reminders from now on."""
        async with self._database.transaction() as session:
            if await store.find_reminder(session, member_id) is not None:
                await progress_store.add_learner(session, member_id, self._clock())
                await store.delete_reminder(session, member_id)
                await work.delete_waiting(session, REMINDER, member_id)
            return await self._setup(session, member_id)

    async def save_zone(self, member_id: int, text: str) -> ReminderSetup:
        """Store the zone that somebody means by a city, a country or a zone. A reminder goes by it from now on.

        Raises:
            MemberError: it is not clear which zone that is.
        """
        now = self._clock()
        zone = parse_zone(text, now)
        if zone is None:
            raise MemberError(NO_TEXT)
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            await progress_store.update_profile(session, member_id, now, zone=zone)
            await self._replan(session, member_id)
            return await self._setup(session, member_id)

    async def _setup(self, session: AsyncSession, member_id: int) -> ReminderSetup:
        profile = await progress_store.find_profile(session, member_id)
        reminder = await store.find_reminder(session, member_id)
        zone = profile.zone if profile and profile.zone in zone_names() else None
        return ReminderSetup(zone, reminder if reminder and reminder.failed_at is None else None)

    async def _zone(self, session: AsyncSession, member_id: int) -> ZoneInfo:
        profile = await progress_store.find_profile(session, member_id)
        return zone_of(profile.zone if profile else None)

    async def _wake(self, session: AsyncSession, member_id: int) -> Notice | None:
        """Plan the next reminder if the tutor has been quiet; returns what the member should know.

        One that was refused is forgotten, so that this is told once.
        """
        now = self._clock()
        reminder = await store.find_reminder(session, member_id)
        if reminder is None or await work.find_waiting(session, REMINDER, member_id) is not None:
            return None
        if reminder.failed_at is not None:
            await store.delete_reminder(session, member_id)
            return Notice.REFUSED
        last = await work.list_ended(session, REMINDER, member_id, 1)
        was_quiet = bool(last) and last[0].note == rules.QUIET
        if was_quiet:
            await store.update_reminder(session, member_id, reminder.hours, now)
        await self._plan(session, member_id, after=now)
        return Notice.RESUMED if was_quiet else None

    # The reminder as it is sent

    async def prepare(self, occurrence: Occurrence) -> Nudge | None:
        """What to write to the member; None if there is nothing to write, which is noted then.

        Raises:
            ClaimLost: somebody else has taken it over.
        """
        member_id, now = occurrence.subject_id, self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            reminder = await store.find_reminder(session, member_id)
            if reminder is None or reminder.failed_at is not None:
                await self._dispatcher.end(session, occurrence, WorkState.SKIPPED, rules.TURNED_OFF)
                return None
            if not rules.is_inside(reminder, occurrence.slot, await self._zone(session, member_id), now):
                await self._dispatcher.end(session, occurrence, WorkState.SKIPPED, rules.TOO_LATE)
                await self._plan(session, member_id, after=now, may_be_open=True)
                return None
            queue = await self._questions.queue(session, member_id)
            if not queue.now:
                await self._skip_empty(session, occurrence, queue.next_at)
                return None
            is_last = await self._count_unanswered(session, reminder) + 1 >= rules.MOST_UNANSWERED
        return Nudge(len(queue.now), self._at_a_time, is_last=is_last)

    async def note_sent(self, occurrence: Occurrence, nudge: Nudge) -> None:
        """It was sent. Plan the next one, unless nobody has reacted for so long that it is time to be quiet.

        Raises:
            ClaimLost: somebody else has taken it over.
        """
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, occurrence.subject_id, self._clock())
            note = rules.QUIET if nudge.is_last else None
            await self._dispatcher.end(session, occurrence, WorkState.DONE, note)
            if not nudge.is_last:
                await self._plan(session, occurrence.subject_id, after=self._clock())

    async def note_refused(self, occurrence: Occurrence) -> None:
        """The member takes no direct messages, so it is off. The next /review says so.

        Raises:
            ClaimLost: somebody else has taken it over.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, occurrence.subject_id, now)
            await store.update_failed(session, occurrence.subject_id, now)
            await self._dispatcher.end(session, occurrence, WorkState.SKIPPED, rules.REFUSED)

    async def note_failed(self, occurrence: Occurrence) -> None:
        """It could not be sent today; tomorrow is another day. It has been ended as failed."""
        async with self._database.transaction() as session:
            if await store.find_reminder(session, occurrence.subject_id) is not None:
                await progress_store.add_learner(session, occurrence.subject_id, self._clock())
                await self._plan(session, occurrence.subject_id, after=self._clock())

    async def _count_unanswered(self, session: AsyncSession, reminder: Reminder) -> int:
        ended = await work.list_ended(session, REMINDER, reminder.member_id, rules.LOOKED_BACK)
        last = await store.find_last_answer(session, reminder.member_id)
        return rules.count_unanswered(ended, max(last or reminder.changed_at, reminder.changed_at))

    async def _skip_empty(self, session: AsyncSession, occurrence: Occurrence, next_due_at: datetime | None) -> None:
        """Nothing is due today. After many such days a look a week is enough, or one when something will be due."""
        member_id, after = occurrence.subject_id, self._clock()
        await self._dispatcher.end(session, occurrence, WorkState.SKIPPED, rules.NOTHING_DUE)
        ended = await work.list_ended(session, REMINDER, member_id, rules.LOOKED_BACK)
        if rules.count_empty(ended) >= rules.MOST_EMPTY:
            in_a_week = after + rules.QUIET_LOOK
            after = min(next_due_at or in_a_week, in_a_week)
        await self._plan(session, member_id, after=after)

    async def _replan(self, session: AsyncSession, member_id: int) -> None:
        await work.delete_waiting(session, REMINDER, member_id)
        await self._plan(session, member_id, after=self._clock())

    async def _plan(self, session: AsyncSession, member_id: int, *, after: datetime, may_be_open: bool = False) -> None:
        """Plan the next reminder, unless it is off or one waits already. No day gets two."""
        reminder = await store.find_reminder(session, member_id)
        is_off = reminder is None or reminder.failed_at is not None
        if reminder is None or is_off or await work.find_waiting(session, REMINDER, member_id) is not None:
            return
        zone = await self._zone(session, member_id)
        moment = rules.next_window(reminder, zone, after, may_be_open=may_be_open)
        while not await work.add_occurrence(
            session, REMINDER, member_id, rules.slot_of(moment, zone), moment, member_id=member_id
        ):
            moment = daily_time(reminder.from_hour, zone.key, moment)
