"""The use cases of the weekly quiz: set it up, choose its questions, post it, close it, say how it went.

Nothing here talks to Discord. Posting and closing are scheduled work: the cog asks what there is to post, posts it, and
has it recorded together with the end of that piece of work.
"""

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.progress import store as progress_store
from bot.features.progress.models import Enrolment
from bot.features.progress.rules.overview import current_step
from bot.features.progress.service import ProgressService
from bot.features.questions import store as questions_store
from bot.features.questions.models import Attempt, Item, RoundKind, Verdict
from bot.features.questions.rules.grading import describe_key, describe_response
from bot.features.questions.rules.statistics import item_statistics, rate_answers
from bot.features.questions.service import QuestionService
from bot.features.weekly import rules, store
from bot.features.weekly.models import (
    CLOSE,
    POST,
    Correction,
    Demand,
    Demanded,
    History,
    Improvement,
    Missed,
    MyAnswer,
    MyAnswers,
    PastQuiz,
    Post,
    Preview,
    PreviewQuestion,
    QuestionHistory,
    Results,
    Score,
    Status,
    WeeklyQuiz,
    WeeklyRound,
)
from bot.scheduling import store as schedule
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Occurrence, WorkState
from bot.scheduling.rules import is_late, next_time, week_slot
from bot.storage.database import Database
from knowledge.curriculum import Curriculum

NOT_SET_UP = "This server has no weekly quiz yet. `/weekly set` sets one up."
NOTHING_LEFT = (
    "Every question that I have was in a quiz of this server in the last 12 weeks. There will be fresh ones again as "
    "the weeks pass."
)
UNKNOWN = "I no longer have this quiz on record. The next one comes with its own button."
NOT_OVER = "This quiz is still open. Its results come when it closes."
NOT_THERE = "You did not take part in this one, so there is nothing to show. The next one is as good a time as any."
NO_PAST_QUIZ = "There is no quiz so far back. `/weekly history` without a number shows the last one."

_WEEKS_AHEAD = 60
_NOTES = 5
_PAST_QUIZZES = 12
_HAND_TRIES = 50

NOTHING_CLOSED = "No quiz has closed here yet. `/weekly show` tells when the next one comes."
RESULTS_THERE = "The results of the last quiz are posted already. `/weekly history` shows more of it."
NOBODY_THERE = "Nobody took part in the last quiz, so there are no results."


class WeeklyService:
    """Everything about weekly quizzes but Discord. Every method opens its own transaction."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        curriculum: Curriculum,
        progress: ProgressService,
        questions: QuestionService,
        *,
        dispatcher: Dispatcher,
        rng: random.Random,
    ) -> None:
        self._database = database
        self._clock = clock
        self._curriculum = curriculum
        self._progress = progress
        self._questions = questions
        self._dispatcher = dispatcher
        self._rng = rng

    # What admins set

    async def set_up(self, quiz: WeeklyQuiz) -> Status:
        """Set a server's quiz up, or change how it is. A paused one stays paused; what waits moves to the new time."""
        now = self._clock()
        async with self._database.transaction() as session:
            await store.update_quiz(session, quiz, now)
            stored = await self._quiz(session, quiz.guild_id)
            prepared = await store.find_prepared(session, quiz.guild_id)
            if prepared is not None and len(prepared.questions) != quiz.questions:
                await store.delete_round(session, prepared.round_id)
            waiting = await schedule.find_waiting(session, POST, quiz.guild_id)
            if waiting is None or not _is_under_way(waiting, now):
                await schedule.delete_waiting(session, POST, quiz.guild_id)
                await self._plan_next(session, stored)
            return await self._status(session, stored)

    async def show(self, guild_id: int) -> Status:
        """How the quiz is set up, and what there is to know about it.

        Raises:
            MemberError: it is not set up.
        """
        async with self._database.transaction() as session:
            return await self._status(session, await self._quiz(session, guild_id))

    async def pause(self, guild_id: int) -> Status:
        """Post nothing until it is resumed. An open quiz stays open.

        Raises:
            MemberError: it is not set up.
        """
        return await self._set_paused(guild_id, is_paused=True)

    async def resume(self, guild_id: int) -> Status:
        """Go on with the next planned time.

        Raises:
            MemberError: it is not set up.
        """
        return await self._set_paused(guild_id, is_paused=False)

    async def _set_paused(self, guild_id: int, *, is_paused: bool) -> Status:
        async with self._database.transaction() as session:
            await store.update_paused(session, guild_id, is_paused=is_paused, now=self._clock())
            quiz = await self._quiz(session, guild_id)
            if is_paused:
                await schedule.delete_waiting(session, POST, guild_id)
            else:
                await self._plan_next(session, quiz)
            return await self._status(session, quiz)

    async def switch_off(self, guild_id: int) -> WeeklyRound | None:
        """Forget the set-up. Returns the quiz that is still open and closes as planned, if there is one.

        Raises:
            MemberError: it is not set up.
        """
        async with self._database.transaction() as session:
            await store.lock(session, guild_id)
            await self._quiz(session, guild_id)
            await store.delete_quiz(session, guild_id)
            await schedule.delete_waiting(session, POST, guild_id)
            if (prepared := await store.find_prepared(session, guild_id)) is not None:
                await store.delete_round(session, prepared.round_id)
            return await store.find_open(session, guild_id)

    async def _quiz(self, session: AsyncSession, guild_id: int) -> WeeklyQuiz:
        quiz = await store.find_quiz(session, guild_id)
        if quiz is None:
            raise MemberError(NOT_SET_UP)
        return quiz

    async def _status(self, session: AsyncSession, quiz: WeeklyQuiz) -> Status:
        waiting = await schedule.find_waiting(session, POST, quiz.guild_id)
        open_round = await store.find_open(session, quiz.guild_id)
        took_part = await store.count_members(session, open_round.round_id) if open_round else 0
        notes = await self._notes(session, quiz.guild_id)
        return Status(quiz, waiting.due_at if waiting else None, open_round, took_part, notes)

    async def _notes(self, session: AsyncSession, guild_id: int) -> tuple[Occurrence, ...]:
        """What went wrong with the last quizzes, newest first."""
        ended = list(await schedule.list_ended(session, POST, guild_id, _NOTES))
        for past in await store.list_posted(session, guild_id, _NOTES, is_closed=True):
            ended += await schedule.list_ended(session, CLOSE, past.round_id, 1)
        noted = [occurrence for occurrence in ended if occurrence.note and occurrence.ended_at]
        noted.sort(key=lambda occurrence: (occurrence.ended_at or occurrence.due_at, occurrence.id), reverse=True)
        return tuple(noted[:_NOTES])

    # The plan

    async def plan_all(self) -> int:
        """Plan the next quiz wherever none is planned, after a crash for example; how many there were."""
        async with self._database.transaction() as session:
            quizzes = await store.list_quizzes(session)
        planned = 0
        for quiz in quizzes:
            async with self._database.transaction() as session:
                await store.lock(session, quiz.guild_id)
                planned += await self._plan_if_wanted(session, quiz.guild_id)
        return planned

    async def pause_absent(self, guild_ids: Collection[int]) -> None:
        """Pause the quiz of every server but these: the tutor has left it while nobody looked."""
        async with self._database.transaction() as session:
            quizzes = await store.list_quizzes(session)
        for quiz in quizzes:
            if quiz.guild_id not in guild_ids:
                await self.pause(quiz.guild_id)

    async def plan_next(self, guild_id: int) -> None:
        """Plan the next quiz of a server, if none is planned."""
        async with self._database.transaction() as session:
            await store.lock(session, guild_id)
            await self._plan_if_wanted(session, guild_id)

    async def _plan_if_wanted(self, session: AsyncSession, guild_id: int, after: datetime | None = None) -> bool:
        quiz = await store.find_quiz(session, guild_id)
        return quiz is not None and not quiz.is_paused and await self._plan_next(session, quiz, after)

    async def _plan_next(self, session: AsyncSession, quiz: WeeklyQuiz, after: datetime | None = None) -> bool:
        """Plan the first time in a week that has had no quiz; whether something was planned.

        It comes after now, or after the one that was planned before (`after`): then it may be due already, for a
        quiz can be late.
        """
        if quiz.is_paused or await schedule.find_waiting(session, POST, quiz.guild_id) is not None:
            return False
        now = self._clock()
        at = now if after is None else max(after, now - rules.LATE_WITHIN)
        for _ in range(_WEEKS_AHEAD):
            at = next_time(quiz.rhythm, at)
            week = week_slot(quiz.zone, at)
            round_ = await store.find_slot(session, quiz.guild_id, week)
            is_free = round_ is None or not round_.is_posted
            if is_free and await schedule.add_occurrence(session, POST, quiz.guild_id, week, at):
                return True
        return False

    async def demand(self, guild_id: int, *, is_extra: bool = False) -> Demanded:
        """Have a quiz posted now: the one of this week, or with `is_extra` one more.

        Raises:
            MemberError: it is not set up.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.lock(session, guild_id)
            quiz = await self._quiz(session, guild_id)
            if open_round := await store.find_open(session, guild_id):
                return Demanded(Demand.OPEN, open_round)
            if await store.is_being_posted(session, guild_id):
                return Demanded(Demand.BUSY)
            week = week_slot(quiz.zone, now)
            waiting = await schedule.find_waiting(session, POST, guild_id)
            if waiting is not None and waiting.due_at <= now:
                return await self._demand_again(session, waiting, week, now)
            mine = await store.find_slot(session, guild_id, week)
            if mine is None or not mine.is_posted:
                return await self._demand_this_week(session, guild_id, week, now)
            return await self._demand_extra(session, guild_id, week, now) if is_extra else Demanded(Demand.POSTED, mine)

    async def _demand_again(self, session: AsyncSession, waiting: Occurrence, week: str, now: datetime) -> Demanded:
        """Something of this week is due already, and may wait for another try: it is tried at once."""
        if not waiting.slot.startswith(week):
            return Demanded(Demand.BUSY)
        await schedule.move_waiting(session, POST, waiting.subject_id, waiting.slot, now)
        return Demanded(Demand.DUE)

    async def _demand_extra(self, session: AsyncSession, guild_id: int, week: str, now: datetime) -> Demanded:
        posted = [one for one in await store.list_slots(session, guild_id, week) if one.is_posted]
        for number in range(len(posted) + 1, _HAND_TRIES):
            if await schedule.add_occurrence(session, POST, guild_id, rules.extra_slot(week, number), now):
                return Demanded(Demand.DUE)
        return Demanded(Demand.BUSY)

    async def _demand_this_week(self, session: AsyncSession, guild_id: int, week: str, now: datetime) -> Demanded:
        waiting = await schedule.find_waiting(session, POST, guild_id)
        if waiting is not None and rules.round_slot(waiting.slot) == week:
            await schedule.move_waiting(session, POST, guild_id, waiting.slot, now)
            return Demanded(Demand.DUE)
        for number in range(1, _HAND_TRIES):
            if await schedule.add_occurrence(session, POST, guild_id, rules.hand_slot(week, number), now):
                return Demanded(Demand.DUE)
        return Demanded(Demand.BUSY)

    async def demand_results(self, guild_id: int) -> WeeklyRound:
        """Have the results of the last quiz posted that could not be posted when it closed.

        Raises:
            MemberError: there are none to post; the text says why.
        """
        async with self._database.transaction() as session:
            await store.lock(session, guild_id)
            last = await store.list_posted(session, guild_id, 1, is_closed=True)
            if not last:
                raise MemberError(NOTHING_CLOSED)
            (round_,) = last
            if round_.summary_message_id is not None:
                raise MemberError(RESULTS_THERE)
            if not await store.count_members(session, round_.round_id):
                raise MemberError(NOBODY_THERE)
            tried = len(await schedule.list_ended(session, CLOSE, round_.round_id, _HAND_TRIES))
            await schedule.add_occurrence(session, CLOSE, round_.round_id, f"again:{tried}", self._clock())
        return round_

    # Choosing

    async def preview(self, guild_id: int, *, chooses_others: bool = False) -> Preview:
        """The questions that are posted next. They are chosen now and kept, unless an admin wants others.

        Raises:
            MemberError: it is not set up, or there are no questions left.
        """
        async with self._database.transaction() as session:
            await store.lock(session, guild_id)
            quiz = await self._quiz(session, guild_id)
            bank = await self._questions.bank(session, guild_id)
            prepared = await self._find_prepared(session, guild_id, bank)
            if prepared is not None and chooses_others:
                await store.delete_round(session, prepared.round_id)
            if prepared is None or chooses_others:
                without = prepared.questions if prepared else ()
                prepared = await self._prepare_round(session, quiz, bank, without)
            waiting = await schedule.find_waiting(session, POST, guild_id)
        questions = tuple(self._preview_question(bank[id_]) for id_ in prepared.questions)
        return Preview(guild_id, prepared.round_id, waiting.due_at if waiting else None, questions)

    async def _find_prepared(
        self, session: AsyncSession, guild_id: int, bank: Mapping[str, Item]
    ) -> WeeklyRound | None:
        """The prepared round. One with a question that was retired since is forgotten."""
        prepared = await store.find_prepared(session, guild_id)
        if prepared is None or all(question in bank for question in prepared.questions):
            return prepared
        await store.delete_round(session, prepared.round_id)
        return None

    async def _prepare_round(
        self, session: AsyncSession, quiz: WeeklyQuiz, bank: Mapping[str, Item], without: Sequence[str] = ()
    ) -> WeeklyRound:
        now = self._clock()
        chosen = await self._choose(session, quiz, bank, without)
        round_ = await self._questions.add_round(session, RoundKind.WEEKLY, None, quiz.guild_id, chosen)
        await store.add_round(
            session, round_.id, quiz.guild_id, rules.PREPARED, planned_at=now, channel_id=quiz.channel_id
        )
        return WeeklyRound(round_.id, quiz.guild_id, rules.PREPARED, now, quiz.channel_id, tuple(chosen))

    async def _choose(
        self, session: AsyncSession, quiz: WeeklyQuiz, bank: Mapping[str, Item], without: Sequence[str]
    ) -> tuple[str, ...]:
        recent = await store.list_recent_questions(session, quiz.guild_id, self._clock() - rules.NOT_AGAIN_WITHIN)
        steps = await self._steps(session, quiz.guild_id)
        questions = [item.question for item in bank.values()]

        def choose(avoided: Collection[str]) -> tuple[str, ...]:
            chosen = rules.choose_questions(
                questions,
                self._curriculum.concepts,
                steps,
                recent=avoided,
                count=quiz.questions,
                rng=self._rng,
            )
            return tuple(question.id for question in chosen)

        chosen = choose(recent.union(without))
        if len(chosen) < quiz.questions and without:
            chosen = choose(recent)
        if not chosen:
            raise MemberError(NOTHING_LEFT)
        return chosen

    async def _steps(self, session: AsyncSession, guild_id: int) -> tuple[int, ...]:
        """The present step of each member who takes part or is visible; those who are through are on the last."""
        last = [past.round_id for past in await store.list_posted(session, guild_id, rules.STANDING_ROUNDS)]
        took_part = await store.list_participants(session, last, rules.MOST_LEARNERS)
        visible = await store.list_visible(session, guild_id, rules.MOST_LEARNERS)
        members = list(dict.fromkeys((*took_part, *visible)))[: rules.MOST_LEARNERS]
        learners = await progress_store.list_learners(session, members)
        steps = (current_step(self._progress.path_of(learner), learner) for learner in learners)
        end = self._curriculum.steps[-1].number
        return tuple(step.number if step else end for step in steps)

    def _preview_question(self, item: Item) -> PreviewQuestion:
        concept = self._curriculum.concepts[item.question.concept]
        return PreviewQuestion(
            item.question.prompt,
            concept.title,
            tuple(dict.fromkeys((concept.met_in, concept.step))),
            item.kind.value,
            item.question.difficulty,
            tuple(option.text for option in item.question.options),
            describe_key(item),
        )

    # Posting

    async def find_quiz(self, guild_id: int) -> WeeklyQuiz | None:
        """How a server's quiz is set up; None if it is not."""
        async with self._database.transaction() as session:
            return await store.find_quiz(session, guild_id)

    async def prepare(self, occurrence: Occurrence, *, is_lost: bool = False) -> Post | str | None:
        """What there is to post.

        If somebody has begun to post it before, its message may be there, and the post says so with `is_new`; call it
        again with `is_lost` if the message is not. If it is too late, or not wanted, the work is ended here: a sentence
        tells what the admins should know of it, None that there is nothing to tell.

        Raises:
            ClaimLost: somebody else works on it now.
            MemberError: there are no questions left.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.lock(session, occurrence.subject_id)
            quiz = await store.find_quiz(session, occurrence.subject_id)
            if quiz is None or (quiz.is_paused and not rules.is_by_hand(occurrence.slot)):
                await self._end(session, occurrence, WorkState.SKIPPED)
                return None
            round_ = await store.find_slot(session, quiz.guild_id, rules.round_slot(occurrence.slot))
            if round_ is not None and round_.is_posted:
                await self._end(session, occurrence, WorkState.SKIPPED)
                return None
            if round_ is not None and not is_lost:
                return await self._post(session, round_, quiz, is_new=False)
            if is_late(occurrence.due_at, now, rules.LATE_WITHIN):
                note = _late_note(now - occurrence.due_at)
                await self._end(session, occurrence, WorkState.SKIPPED, note)
                return note
            opened = await self._open(session, occurrence, quiz, round_)
            return await self._post(session, opened, quiz, is_new=True)

    async def _open(
        self, session: AsyncSession, occurrence: Occurrence, quiz: WeeklyQuiz, round_: WeeklyRound | None
    ) -> WeeklyRound:
        """The round of this week, with its time running from now."""
        if round_ is None:
            bank = await self._questions.bank(session, quiz.guild_id)
            round_ = await self._find_prepared(session, quiz.guild_id, bank)
            round_ = round_ or await self._prepare_round(session, quiz, bank)
        await store.update_opened(
            session,
            round_.round_id,
            slot=rules.round_slot(occurrence.slot),
            planned_at=occurrence.due_at,
            channel_id=quiz.channel_id,
            closes_at=self._clock() + timedelta(hours=quiz.open_hours),
        )
        return await self._round(session, round_.round_id)

    async def record_posted(self, occurrence: Occurrence, round_id: int, message_id: int) -> None:
        """The message is there: remember it, end the work, and plan when the quiz closes and when the next one comes.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.lock(session, occurrence.subject_id)
            round_ = await self._round(session, round_id)
            await store.update_posted(session, round_id, message_id, now)
            closes_at = (round_.closes_at or now) + rules.CLOSE_AFTER
            await schedule.add_occurrence(session, CLOSE, round_id, "close", closes_at)
            await self._end(session, occurrence, WorkState.DONE)

    async def give_up_posting(self, occurrence: Occurrence, note: str) -> None:
        """It cannot be posted; the note says what mends it. Next week's is planned all the same.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        async with self._database.transaction() as session:
            await store.lock(session, occurrence.subject_id)
            await self._end(session, occurrence, WorkState.FAILED, note)

    async def _end(
        self, session: AsyncSession, occurrence: Occurrence, state: WorkState, note: str | None = None
    ) -> None:
        """End a posting, and plan the next one."""
        await self._dispatcher.end(session, occurrence, state, note)
        await self._plan_if_wanted(session, occurrence.subject_id, after=occurrence.due_at)

    # The open quiz

    async def find_guild(self, occurrence: Occurrence) -> int | None:
        """The server that a piece of work is for."""
        if occurrence.kind == POST:
            return occurrence.subject_id
        async with self._database.transaction() as session:
            round_ = await store.find_round(session, occurrence.subject_id)
        return round_.guild_id if round_ else None

    async def find_round(self, round_id: int) -> WeeklyRound:
        """One quiz.

        Raises:
            MemberError: it is unknown.
        """
        async with self._database.transaction() as session:
            return await self._round(session, round_id)

    async def find_post(self, round_id: int) -> Post:
        """What the message of a quiz shows now.

        Raises:
            MemberError: it is unknown.
        """
        async with self._database.transaction() as session:
            round_ = await self._round(session, round_id)
            return await self._post(session, round_, await store.find_quiz(session, round_.guild_id))

    async def list_open(self) -> tuple[int, ...]:
        """The quizzes of all servers that are open."""
        async with self._database.transaction() as session:
            return await store.list_open(session)

    async def find_last_closed(self, guild_id: int) -> int | None:
        """The newest quiz of a server that is over."""
        async with self._database.transaction() as session:
            last = await store.list_posted(session, guild_id, 1, is_closed=True)
        return last[0].round_id if last else None

    async def plan_refresh(self, guild_id: int) -> None:
        """Have the posted results of the last quiz brought up to date, after a member no longer wants to be named."""
        now = self._clock()
        async with self._database.transaction() as session:
            for last in await store.list_posted(session, guild_id, 1, is_closed=True):
                await store.plan_refresh(session, last.round_id, now)

    async def record_refreshed(self, occurrence: Occurrence) -> None:
        """Posted results are up to date.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        async with self._database.transaction() as session:
            await self._dispatcher.end(session, occurrence, WorkState.DONE)

    async def find_next_at(self, guild_id: int) -> datetime | None:
        """When the next quiz of a server is planned."""
        async with self._database.transaction() as session:
            waiting = await schedule.find_waiting(session, POST, guild_id)
        return waiting.due_at if waiting else None

    async def _post(
        self, session: AsyncSession, round_: WeeklyRound, quiz: WeeklyQuiz | None, *, is_new: bool = True
    ) -> Post:
        waiting = await schedule.find_waiting(session, POST, round_.guild_id)
        return Post(
            round_.round_id,
            round_.guild_id,
            round_.channel_id,
            round_.message_id,
            round_.planned_at,
            round_.closes_at or round_.planned_at,
            len(round_.questions),
            await store.count_members(session, round_.round_id),
            quiz.goal if quiz else None,
            quiz.role_id if quiz else None,
            round_.finished_at,
            waiting.due_at if waiting else None,
            is_new=is_new,
        )

    async def _round(self, session: AsyncSession, round_id: int) -> WeeklyRound:
        round_ = await store.find_round(session, round_id)
        if round_ is None:
            raise MemberError(UNKNOWN)
        return round_

    # Closing

    async def find_results(self, round_id: int) -> Results:
        """How a quiz went, by the keys that hold now.

        Raises:
            MemberError: it is unknown.
        """
        async with self._database.transaction() as session:
            round_ = await self._round(session, round_id)
            quiz = await store.find_quiz(session, round_.guild_id)
            bank = await self._questions.bank(session, round_.guild_id)
            attempts = await store.list_marks(session, [round_id])
            counted, scores = self._scores(round_, bank, attempts)
            ranked = await store.list_ranked(session, round_)
            missed = rules.most_missed(attempts)
            return Results(
                await self._post(session, round_, quiz),
                round_.summary_message_id,
                len(counted),
                len(scores),
                sum(score.is_finished for score in scores),
                rules.mean_score(scores),
                await self._missed(session, round_, *missed) if missed else None,
                await self._improved(session, round_, bank, scores, ranked=ranked, counted=len(counted)),
                rules.place_scores(scores, ranked),
                await self._corrections(session, round_),
            )

    def _scores(
        self, round_: WeeklyRound, bank: Collection[str], attempts: Sequence[Attempt]
    ) -> tuple[tuple[int, ...], tuple[Score, ...]]:
        """The positions that count, and what each member reached."""
        counted = rules.counted_positions(round_.questions, bank, rules.graded_positions(attempts))
        live = [place for place, question in enumerate(round_.questions) if question in bank]
        return counted, rules.score_members(attempts, counted, live)

    async def _missed(
        self, session: AsyncSession, round_: WeeklyRound, position: int, wrong: int, answers: int
    ) -> Missed | None:
        item = await self._questions.item(session, round_.questions[position], round_.guild_id)
        if item is None:
            return None
        return Missed(
            position + 1,
            item.question.prompt,
            describe_key(item),
            item.question.explanation,
            item.note,
            self._questions.cite(item),
            wrong,
            answers,
        )

    async def _improved(
        self,
        session: AsyncSession,
        round_: WeeklyRound,
        bank: Collection[str],
        scores: Sequence[Score],
        *,
        ranked: Collection[int],
        counted: int,
    ) -> tuple[Improvement, ...]:
        """Who has gained most since the last quiz that they finished, among those who agreed to be named."""
        finished = [score for score in scores if score.is_finished and score.member_id in ranked]
        now = {score.member_id: (score.right, counted) for score in finished}
        earlier = await store.list_posted(session, round_.guild_id, rules.STANDING_ROUNDS, before=round_.round_id)
        marks = await store.list_marks(session, [past.round_id for past in earlier], named_in=round_)
        by_round = _by_round(marks)
        before: dict[int, tuple[int, int]] = {}
        for past in earlier:
            past_counted, past_scores = self._scores(past, bank, by_round.get(past.round_id, ()))
            for score in past_scores:
                if score.is_finished:
                    before.setdefault(score.member_id, (score.right, len(past_counted)))
        return rules.most_improved(now, before)

    async def _corrections(self, session: AsyncSession, round_: WeeklyRound) -> tuple[Correction, ...]:
        if round_.finished_at is None:
            return ()
        decided = await store.list_decided(session, round_.guild_id, round_.questions, round_.finished_at)
        verdicts = [(number, decided.get(question)) for number, question in enumerate(round_.questions, 1)]
        return tuple(
            Correction(number, verdict is Verdict.RETIRED)
            for number, verdict in verdicts
            if verdict in {Verdict.CORRECTED, Verdict.RETIRED}
        )

    async def record_closed(self, occurrence: Occurrence, round_id: int, summary_message_id: int | None) -> None:
        """It is over, and its results are posted.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        await self._close(occurrence, round_id, summary_message_id, WorkState.DONE)

    async def give_up_closing(self, occurrence: Occurrence, note: str) -> None:
        """It is over, but the results cannot be posted; the note says what mends it.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        await self._close(occurrence, occurrence.subject_id, None, WorkState.FAILED, note)

    async def _close(
        self,
        occurrence: Occurrence,
        round_id: int,
        summary_message_id: int | None,
        state: WorkState,
        note: str | None = None,
    ) -> None:
        now = self._clock()
        async with self._database.transaction() as session:
            await store.update_closed(session, round_id, summary_message_id, now)
            await self._dispatcher.end(session, occurrence, state, note)

    async def close_without_results(self, round_id: int) -> None:
        """It is over, whatever became of its results."""
        async with self._database.transaction() as session:
            await store.update_closed(session, round_id, None, self._clock())
            await schedule.delete_waiting(session, CLOSE, round_id)

    async def show_mine(self, round_id: int, member_id: int) -> MyAnswers:
        """What a member answered in a quiz that is over.

        Raises:
            MemberError: it is unknown or still open, or the member took no part.
        """
        async with self._database.transaction() as session:
            round_ = await self._round(session, round_id)
            if round_.finished_at is None:
                raise MemberError(NOT_OVER)
            attempts = await questions_store.list_attempts(session, round_id, member_id)
            if not attempts:
                raise MemberError(NOT_THERE)
            bank = await self._questions.bank(session, round_.guild_id)
            by_position = {attempt.position: attempt for attempt in attempts}
            answers = [
                await self._my_answer(session, round_, place, by_position.get(place))
                for place in range(len(round_.questions))
            ]
            counted = rules.counted_positions(round_.questions, bank, await store.list_graded(session, round_id))
            enrolment = await progress_store.find_enrolment(session, member_id, round_.guild_id)
        right = sum(answer.is_correct is True for answer in answers if answer and answer.number - 1 in counted)
        known = tuple(answer for answer in answers if answer is not None)
        return MyAnswers(round_.guild_id, right, len(counted), known, enrolment.is_ranked)

    async def _my_answer(
        self, session: AsyncSession, round_: WeeklyRound, position: int, attempt: Attempt | None
    ) -> MyAnswer | None:
        item = await self._questions.item(session, round_.questions[position], round_.guild_id)
        if item is None:
            return None
        given = describe_response(item, attempt.response) if attempt else ()
        return MyAnswer(
            position + 1,
            item.question.prompt,
            given,
            describe_key(item),
            attempt is not None,
            attempt.is_correct if attempt else None,
        )

    async def set_ranked(self, member_id: int, guild_id: int, *, is_ranked: bool) -> Enrolment:
        """Whether the results of this server's quizzes may name a member."""
        return await self._progress.change_enrolment(member_id, guild_id, is_ranked=is_ranked)

    # History

    async def show_history(self, guild_id: int, back: int = 1) -> History:
        """The last quizzes in figures, and the questions of the one that lies `back` quizzes back in detail.

        Raises:
            MemberError: there is none so far back.
        """
        async with self._database.transaction() as session:
            rounds = await store.list_posted(session, guild_id, _PAST_QUIZZES, is_closed=True)
            bank = await self._questions.bank(session, guild_id)
            marks = await store.list_marks(session, [round_.round_id for round_ in rounds])
            by_round = _by_round(marks)
            past = tuple(self._past(round_, bank, by_round.get(round_.round_id, ())) for round_ in rounds)
            if not past:
                return History(())
            if back > len(past):
                raise MemberError(NO_PAST_QUIZ)
            chosen = rounds[back - 1]
            items = [await self._questions.item(session, question, guild_id) for question in chosen.questions]
            whole = await questions_store.list_attempts(session, chosen.round_id)
        # What was answered elsewhere says only how well each member does otherwise, so that its marks are enough.
        rated = rate_answers([*whole, *(mark for mark in marks if mark.question not in chosen.questions)])
        questions = tuple(
            QuestionHistory(
                number, item.question.prompt, self._title(item), item_statistics(item, rated.get(item.id, ()))
            )
            for number, item in enumerate(items, 1)
            if item is not None
        )
        return History(past, past[back - 1], questions)

    def _past(self, round_: WeeklyRound, bank: Collection[str], attempts: Sequence[Attempt]) -> PastQuiz:
        counted, scores = self._scores(round_, bank, attempts)
        return PastQuiz(
            round_.round_id,
            round_.posted_at or round_.planned_at,
            len(counted),
            len(scores),
            sum(score.is_finished for score in scores),
            rules.mean_score(scores),
        )

    def _title(self, item: Item) -> str:
        concept = self._curriculum.concepts.get(item.question.concept)
        return concept.title if concept else item.question.concept


def _by_round(attempts: Iterable[Attempt]) -> dict[int, list[Attempt]]:
    by_round: dict[int, list[Attempt]] = {}
    for attempt in attempts:
        by_round.setdefault(attempt.round_id or 0, []).append(attempt)
    return by_round


def _is_under_way(waiting: Occurrence, now: datetime) -> bool:
    """Whether it is being posted or tried again, so that it may not be moved to another week."""
    return waiting.due_at <= now or waiting.tries > 0


def _late_note(late: timedelta) -> str:
    hours = round(late / timedelta(hours=1))
    return (
        f"The weekly quiz was left out: I was not running when it was due and came back {hours} hours later, and "
        "more than 12 hours are too late. `/weekly post` posts it now."
    )
