"""The use cases of quizzes: begin one, take one up again, one more like the last; and what a topic may be."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.progress import store as progress_store
from bot.features.progress.models import Choice
from bot.features.progress.rules.overview import current_step, fading_concepts, weak_concepts
from bot.features.progress.service import ProgressService
from bot.features.questions import store as questions_store
from bot.features.questions.models import Round, RoundKind
from bot.features.questions.service import QuestionService
from bot.features.quiz import store
from bot.features.quiz.models import (
    MISSED,
    Difficulty,
    NothingFresh,
    Quiz,
    Selection,
    Standing,
    Topic,
    TopicKind,
    Wish,
)
from bot.features.quiz.rules.choosing import (
    MISSED_WITHIN,
    NOT_AGAIN_WITHIN,
    choose_questions,
    find_candidates,
    find_standing,
)
from bot.features.quiz.rules.notes import describe_choice, describe_difficulties, listed
from bot.features.quiz.rules.topics import find_alike, find_topics, suggest_topics, title_of
from bot.storage.database import Database
from knowledge.curriculum import Curriculum
from knowledge.models import Question

DEFAULT_COUNT = 5
MOST_QUESTIONS = 15
RESUME_WITHIN = timedelta(days=7)
"""A quiz that was left is taken up again for so long; later, fresh questions say more."""
AT_ONCE = timedelta(seconds=10)
"""A command or a click that comes again so soon is the same one, sent twice."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_MOST_NAMED = 3
_MOST_SUGGESTED_FIRST = 12

NO_QUESTIONS = "I have no questions on this yet. Choose another topic, or leave `topic` out."
NOTHING_MISSED = "You have missed nothing in the last 30 days. `/quiz` without a topic asks what is good to ask now."
PICK = "Choose one from the list that I suggest while you type."


@dataclass(frozen=True, slots=True)
class _Situation:
    """What a choice depends on: the bank of the server, where the member stands, and when they answered what."""

    guild_id: int | None
    bank: Sequence[Question]
    standing: Standing
    answered: Mapping[str, datetime]


class QuizService:
    """Chooses questions and begins rounds of them. Every public method opens its own transaction."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        curriculum: Curriculum,
        progress: ProgressService,
        questions: QuestionService,
        *,
        rng: random.Random,
    ) -> None:
        self._database = database
        self._clock = clock
        self._curriculum = curriculum
        self._progress = progress
        self._questions = questions
        self._rng = rng

    # Topics

    async def suggest(self, member_id: int, text: str) -> tuple[Choice, ...]:
        """Topics that a member may mean; before anything is typed, what is of use to them comes first."""
        first = () if text.strip() else await self._useful_topics(member_id)
        return suggest_topics(self._curriculum, text, first)

    async def _useful_topics(self, member_id: int) -> Sequence[Topic]:
        learner, now = await self._progress.find_learner(member_id), self._clock()
        step = current_step(self._progress.path_of(learner), learner)
        concepts = (*weak_concepts(learner, now), *fading_concepts(learner, now))
        steps = [Topic(TopicKind.STEP, str(step.number))] if step else []
        return [*steps, *(Topic(TopicKind.CONCEPT, id_) for id_ in concepts)][:_MOST_SUGGESTED_FIRST]

    def resolve_topic(self, text: str) -> Topic:
        """The topic of a picked suggestion, or the one that a member means who typed `text`.

        Raises:
            MemberError: nothing matches, or too much.
        """
        found = find_topics(self._curriculum, text)
        if len(found) == 1:
            return found[0]
        if found:
            names = [title_of(self._curriculum, topic) or "" for topic in found[:_MOST_NAMED]]
            more = ["more"] if len(found) > _MOST_NAMED else []
            raise MemberError(f"Several topics match that: {listed([*names, *more])}. {PICK}")
        alike = find_alike(self._curriculum, text)
        hint = f", but there is “{alike}”" if alike else ""
        raise MemberError(f"I know no topic of that name{hint}. {PICK}")

    # Quizzes

    async def begin(self, member_id: int, wish: Wish, *, guild_id: int | None) -> Quiz | NothingFresh:
        """A new quiz, or the one that was left if nothing particular is wished for.

        Raises:
            MemberError: there is no question for it.
        """
        async with self._database.transaction() as session:
            return await self._begin(session, member_id, wish, guild_id, may_resume=wish.is_open)

    async def begin_new(self, member_id: int, *, guild_id: int | None) -> Quiz | NothingFresh:
        """A new quiz in place of the one that was left.

        Raises:
            MemberError: there is no question for it.
        """
        async with self._database.transaction() as session:
            return await self._begin(session, member_id, Wish(), guild_id, may_resume=False)

    async def begin_another(self, member_id: int, *, guild_id: int | None) -> Quiz | NothingFresh:
        """A quiz like the last one, with other questions while there are any. One that was left goes on first.

        Raises:
            MemberError: there is no question for it.
        """
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, self._clock())
            wish = self._read_wish(await store.find_last_subject(session, member_id))
            return await self._begin(session, member_id, wish, guild_id, may_resume=True)

    async def _begin(
        self, session: AsyncSession, member_id: int, wish: Wish, guild_id: int | None, *, may_resume: bool
    ) -> Quiz | NothingFresh:
        now = self._clock()
        await progress_store.add_learner(session, member_id, now)  # the lock: entered twice, it begins one quiz
        left = await questions_store.find_open_round(session, member_id, RoundKind.QUIZ, _LONG_AGO)
        if left is not None:
            quiz = await self._take_up(session, left, member_id, _subject(wish), may_resume=may_resume)
            if quiz is not None:
                return quiz
        situation = await self._look(session, member_id, guild_id)
        chosen = self._choose(situation, wish)
        if not chosen.questions:
            return await self._nothing(session, member_id, situation, wish)
        if left is not None:
            await questions_store.update_finished(session, left.id, now)
        ids = [question.id for question in chosen.questions]
        round_ = await self._questions.add_round(
            session, RoundKind.QUIZ, member_id, guild_id, ids, subject=_subject(wish)
        )
        notes = describe_choice(
            chosen,
            situation.standing,
            topic=wish.topic,
            title=self._title(wish.topic),
            wanted=wish.count or DEFAULT_COUNT,
        )
        return Quiz(await self._questions.ask(session, round_, member_id), notes)

    async def _take_up(
        self, session: AsyncSession, left: Round, member_id: int, subject: str, *, may_resume: bool
    ) -> Quiz | None:
        """The quiz that was left, if it is to go on and there is something left of it."""
        now = self._clock()
        attempts = await questions_store.list_attempts(session, left.id, member_id)
        left_at = attempts[-1].answered_at if attempts else left.made_at
        is_same_click = not attempts and left.subject == subject and now - left.made_at < AT_ONCE
        if not is_same_click and not (may_resume and now - left_at <= RESUME_WITHIN):
            return None
        try:
            asked = await self._questions.ask(session, left, member_id)
        except MemberError:  # the questions that were left of it are no longer asked
            return None
        return Quiz(asked, is_resumed=not is_same_click)

    async def _look(self, session: AsyncSession, member_id: int, guild_id: int | None) -> _Situation:
        now = self._clock()
        learner = await progress_store.find_learner(session, member_id, now)
        missed = await questions_store.list_missed(session, member_id, now - MISSED_WITHIN)
        bank = await self._questions.practice_bank(session, guild_id)
        return _Situation(
            guild_id,
            [item.question for item in bank.values()],
            find_standing(self._curriculum, self._progress.path_of(learner), learner, missed, now),
            await questions_store.list_answered(session, member_id),
        )

    def _choose(self, situation: _Situation, wish: Wish) -> Selection:
        return choose_questions(
            situation.bank,
            self._curriculum.concepts,
            situation.standing,
            situation.answered,
            self._clock(),
            rng=self._rng,
            count=wish.count or DEFAULT_COUNT,
            topic=wish.topic,
            difficulty=wish.difficulty,
        )

    async def _nothing(self, session: AsyncSession, member_id: int, situation: _Situation, wish: Wish) -> NothingFresh:
        """There is no quiz: why that is only for a while.

        Raises:
            MemberError: it is not; the text says what else there is.
        """
        if wish.difficulty is not None:
            others = [d for d in Difficulty if self._choose(situation, replace(wish, difficulty=d)).questions]
            if others:
                title = self._title(wish.topic) if wish.topic not in {None, MISSED} else None
                raise MemberError(describe_difficulties(wish.difficulty, others, title))
        if wish.topic == MISSED:
            raise MemberError(NOTHING_MISSED)
        candidates = find_candidates(situation.bank, self._curriculum.concepts, situation.standing, wish.topic)
        last = [situation.answered[question.id] for question in candidates if question.id in situation.answered]
        if wish.topic is not None or not last:
            raise MemberError(NO_QUESTIONS)
        queue = await self._questions.queue(session, member_id, situation.guild_id)
        return NothingFresh(len(queue.now), queue.next_at, min(last) + NOT_AGAIN_WITHIN)

    # Topics and wishes as rounds keep them

    def _title(self, topic: Topic | None) -> str:
        return (title_of(self._curriculum, topic) if topic else None) or "this"

    def _read_wish(self, subject: str | None) -> Wish:
        """What an earlier quiz was asked for; nothing in particular if it cannot be had any more."""
        value, count, difficulty = [*(subject or "").split(" "), "", "", ""][:3]
        topic = Topic.from_value(value)
        if topic is not None and title_of(self._curriculum, topic) is None:
            topic = None
        is_count = count.isdecimal() and 1 <= int(count) <= MOST_QUESTIONS
        return Wish(
            topic,
            int(count) if is_count else None,
            Difficulty(difficulty) if difficulty in set(Difficulty) else None,
        )


def _subject(wish: Wish) -> str:
    """A wish as its round keeps it: "concept:softmax 5 hard"."""
    topic = wish.topic.value if wish.topic else "any"
    return f"{topic} {wish.count or DEFAULT_COUNT} {wish.difficulty or 'any'}"
