"""The use cases of asking: show a question, take an answer, grade again. Quizzes, reviews and probes build on them.

Methods that take a session work inside the transaction of another feature, which has locked the learner first
(`progress.store.add_learner`).
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fsrs import Scheduler
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.progress import store as progress_store
from bot.features.progress.models import Evidence, EvidenceKind
from bot.features.questions import store
from bot.features.questions.models import (
    AskedQuestion,
    Attempt,
    Citation,
    Confidence,
    DueQueue,
    Feedback,
    Item,
    News,
    Regraded,
    Response,
    Revisit,
    Round,
    RoundKind,
    RoundResult,
    Ruling,
    Taken,
    Verdict,
)
from bot.features.questions.rules.grading import (
    choose_remarks,
    describe_key,
    describe_response,
    grade,
    grade_under,
    is_confidence_worth_asking,
    is_gradable,
)
from bot.features.questions.rules.news import news_sentence
from bot.features.questions.rules.options import item_of, seed_of, shown_options, stamp_of
from bot.features.questions.rules.scheduling import rating_of, replay, review
from bot.storage.database import Database
from knowledge.curriculum import Curriculum
from knowledge.models import Question

SIMILAR_NOT_WITHIN = timedelta(days=14)
"""A similar question that was answered so lately says little, and comes only if nothing else is left."""

UNKNOWN = "I no longer have this quiz on record. `/quiz` begins a new one."
NOT_YOURS = "These questions are for somebody else. `/quiz` gets you your own."
NOT_HERE = "This weekly quiz belongs to another server."
CLOSED = "This weekly quiz has closed, and the answers that you gave before count. `/quiz` has more whenever you like."
ALL_GONE = "None of these questions is in my bank any more. `/quiz` begins a new one."
NOTHING_SIMILAR = "I have no other question like this one. `/quiz` has more on other topics."
NOT_ANSWERED = "You have not answered this question yet. Answer it first."

_EVIDENCE: Mapping[RoundKind, EvidenceKind] = {
    RoundKind.QUIZ: EvidenceKind.QUIZ,
    RoundKind.WEEKLY: EvidenceKind.QUIZ,
    RoundKind.SIMILAR: EvidenceKind.QUIZ,
    RoundKind.REVIEW: EvidenceKind.REVIEW,
}


class QuestionChanged(MemberError):
    """A question has changed or left the bank since it was asked; the others can still be answered."""

    def __init__(self) -> None:
        super().__init__("This question has been changed since I asked it, so that click does not count.")


@dataclass(frozen=True, slots=True)
class _Standing:
    """A round with what one member has answered of it, and its questions as they count here."""

    round: Round
    member_id: int
    attempts: Mapping[int, Attempt]
    items: Mapping[str, Item]
    is_closed: bool

    @property
    def live(self) -> tuple[int, ...]:
        """The positions that count: those of questions that are still asked."""
        return tuple(place for place, question in enumerate(self.round.questions) if question in self.items)

    @property
    def next_position(self) -> int | None:
        """The first question that can still be answered; None once the round is over for this member."""
        if self.is_closed:
            return None
        return next((place for place in self.live if place not in self.attempts), None)


class QuestionService:
    """Asks questions of the bank and takes the answers. Public use cases open their own transaction."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        curriculum: Curriculum,
        scheduler: Scheduler,
        rng: random.Random,
    ) -> None:
        self._database = database
        self._clock = clock
        self._curriculum = curriculum
        self._scheduler = scheduler
        self._rng = rng
        self._questions = {question.id: question for question in curriculum.questions}
        self._items = {question.id: item_of(question) for question in curriculum.questions}
        self.on_answered: list[Callable[[int], None]] = []
        """Told the id of a round after each new answer."""

    # The bank

    async def bank(self, session: AsyncSession, guild_id: int | None) -> dict[str, Item]:
        """The questions that are asked in a server, by their ids: without retired ones, with corrected keys."""
        rulings = await store.list_rulings(session, guild_id)
        return self._apply(rulings, self._items)

    def _apply(self, rulings: Mapping[str, Ruling], items: Mapping[str, Item]) -> dict[str, Item]:
        """These items with what was decided about them."""
        retired = {id_ for id_, ruling in rulings.items() if ruling.verdict is Verdict.RETIRED}
        return {id_: item for id_, item in {**items, **self._ruled(rulings)}.items() if id_ not in retired}

    def _ruled(self, rulings: Mapping[str, Ruling]) -> dict[str, Item]:
        return {id_: item_of(self._questions[id_], ruling) for id_, ruling in rulings.items() if id_ in self._questions}

    async def practice_bank(self, session: AsyncSession, guild_id: int | None) -> dict[str, Item]:
        """The bank without what the server's open weekly quiz asks: whoever has seen a key there could not be wrong."""
        bank = await self.bank(session, guild_id)
        open_now = await store.list_open_weekly(session, guild_id, self._clock()) if guild_id is not None else ()
        return {id_: item for id_, item in bank.items() if id_ not in open_now}

    async def item(self, session: AsyncSession, question_id: str, guild_id: int | None) -> Item | None:
        """A question with the key that holds in a server, also a retired one; None if it has left the bank."""
        rulings = await store.list_rulings(session, guild_id, [question_id])
        return self._ruled(rulings).get(question_id) or self._items.get(question_id)

    async def _live_items(self, session: AsyncSession, round_: Round) -> dict[str, Item]:
        """The questions of a round that are still asked where it belongs."""
        rulings = await store.list_rulings(session, round_.guild_id, round_.questions)
        return self._apply(rulings, {id_: self._items[id_] for id_ in round_.questions if id_ in self._items})

    def cite(self, item: Item) -> Citation:
        """The passage that proves the key, and where its topic is taught."""
        question = item.question
        concept = self._curriculum.concepts[question.concept]
        kind, _, note_id = question.source.note.partition("/")
        notes = {"concepts": self._curriculum.concepts, "resources": self._curriculum.resources}
        note = notes.get(kind, self._curriculum.capstones).get(note_id)
        return Citation(
            note.title if note else concept.title,
            question.source.heading,
            self._curriculum.place_label(concept.study[0]),
            self._curriculum.place_url(concept.study[0]),
        )

    # Rounds

    async def add_round(
        self,
        session: AsyncSession,
        kind: RoundKind,
        member_id: int | None,
        guild_id: int | None,
        questions: Sequence[str],
        *,
        subject: str | None = None,
        closes_at: datetime | None = None,
    ) -> Round:
        """Begin a round of these questions."""
        return await store.add_round(
            session,
            kind,
            member_id,
            guild_id,
            questions,
            subject=subject,
            now=self._clock(),
            closes_at=closes_at,
        )

    async def begin(
        self,
        member_id: int,
        kind: RoundKind,
        questions: Sequence[str],
        *,
        guild_id: int | None,
        subject: str | None = None,
    ) -> AskedQuestion:
        """Begin a private round; returns its first question.

        Raises:
            MemberError: none of the questions is in the bank.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            round_ = await self.add_round(session, kind, member_id, guild_id, questions, subject=subject)
            return await self.ask(session, round_, member_id)

    async def ask(
        self, session: AsyncSession, round_: Round, member_id: int, *, is_resumed: bool = False
    ) -> AskedQuestion:
        """The first question of a round that the member has not answered, with the news for them.

        Raises:
            MemberError: nothing is left to ask.
        """
        standing = await self._stand(session, round_, member_id)
        position = standing.next_position
        if position is None:
            raise MemberError(ALL_GONE)
        news = await self._read_news(session, member_id)
        return self._asked(standing, position, is_resumed=is_resumed, news=news)

    async def show(self, round_id: int, member_id: int, *, guild_id: int | None = None) -> AskedQuestion | RoundResult:
        """Where a member stands in a round: the next question, or the result. `guild_id` is where they ask.

        Raises:
            MemberError: the round is unknown or somebody else's, belongs to another server, or closed without them.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            round_ = await self._find(session, round_id, member_id)
            if round_.kind is RoundKind.WEEKLY and guild_id is not None and guild_id != round_.guild_id:
                raise MemberError(NOT_HERE)
            standing = await self._stand(session, round_, member_id)
            news = await self._read_news(session, member_id)
            if standing.next_position is not None:
                is_resumed = bool(standing.attempts)
                return self._asked(standing, standing.next_position, is_resumed=is_resumed, news=news)
            if not standing.attempts:
                raise MemberError(CLOSED if standing.is_closed else ALL_GONE)
            await self._finish(session, standing)
            return await self._result(session, standing, news)

    async def asked(self, round_id: int, position: int, member_id: int) -> AskedQuestion:
        """One question of a round as this member sees it, whether it is answered or not.

        Raises:
            QuestionChanged: it is no longer asked, and was not answered.
            MemberError: the round is unknown or somebody else's, or has closed without an answer.
        """
        async with self._database.transaction() as session:
            round_ = await self._find(session, round_id, member_id)
            standing = await self._stand(session, round_, member_id)
            if position not in standing.attempts:
                self._check_position(standing, position)
            await self._item_at(session, standing, position)
            return self._asked(standing, position)

    async def answer(self, round_id: int, position: int, member_id: int, response: Response, stamp: str) -> Feedback:
        """Take the answer to a question. The first one counts, whatever is clicked later.

        Raises:
            QuestionChanged: it has changed since it was asked, or is no longer asked.
            MemberError: the round is unknown or somebody else's, or has closed.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            round_ = await self._find(session, round_id, member_id)
            await self._lock(session, round_, position)
            standing = await self._stand(session, round_, member_id)
            if position not in standing.attempts:
                self._check_position(standing, position)
            item = await self._item_at(session, standing, position)
            if stamp_of(item.question) != stamp:
                raise QuestionChanged
            if position in standing.attempts:
                return await self._feedback(session, standing, position, is_repeat=True)
            taken = await self._record(
                session,
                member_id,
                item,
                guild_id=round_.guild_id,
                round_id=round_.id,
                position=position,
                key=round_key(round_.id, position),
                kind=_EVIDENCE[round_.kind],
                response=response,
                now=now,
            )
            standing = replace(standing, attempts={**standing.attempts, position: taken.attempt})
            if standing.next_position is None:
                await self._finish(session, standing)
            feedback = await self._feedback(session, standing, position)
        for tell in self.on_answered:
            tell(round_id)
        return feedback

    async def feedback(self, round_id: int, position: int, member_id: int) -> Feedback:
        """The feedback to an answer once more.

        Raises:
            MemberError: there is no such answer of this member.
        """
        async with self._database.transaction() as session:
            round_ = await self._find(session, round_id, member_id)
            standing = await self._stand(session, round_, member_id)
            return await self._feedback(session, standing, position)

    async def set_confidence(self, round_id: int, position: int, member_id: int, confidence: Confidence) -> Feedback:
        """Remember how sure the member was of an answer, and schedule its question by it.

        Raises:
            MemberError: there is no such answer of this member.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            round_ = await self._find(session, round_id, member_id)
            standing = await self._stand(session, round_, member_id)
            attempt = standing.attempts.get(position)
            if attempt is None:
                raise MemberError(NOT_ANSWERED)
            await store.update_confidence(session, attempt.id, confidence)
            await self._replay_card(session, member_id, attempt.question)
            standing = await self._stand(session, round_, member_id)
            return await self._feedback(session, standing, position)

    async def find_key(self, round_id: int, position: int) -> Item:
        """A question of a round with the key that holds there, for who may see it.

        Raises:
            QuestionChanged: it has left the bank.
            MemberError: the round is unknown.
        """
        async with self._database.transaction() as session:
            round_ = await store.find_round(session, round_id)
            if round_ is None or not 0 <= position < len(round_.questions):
                raise MemberError(UNKNOWN)
            item = await self.item(session, round_.questions[position], round_.guild_id)
        if item is None:
            raise QuestionChanged
        return item

    async def begin_similar(self, round_id: int, position: int, member_id: int) -> AskedQuestion:
        """Begin a round with one other question on the same concept, or on one that is confused with it.

        Raises:
            MemberError: there is none, or the round is unknown or somebody else's.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            round_ = await self._find(session, round_id, member_id)
            if not 0 <= position < len(round_.questions):
                raise MemberError(UNKNOWN)
            question = self._questions.get(round_.questions[position])
            found = await self._find_similar(session, question, round_, member_id) if question else None
            if found is None:
                raise MemberError(NOTHING_SIMILAR)
            similar = await self.add_round(session, RoundKind.SIMILAR, member_id, round_.guild_id, [found])
            return await self.ask(session, similar, member_id)

    async def _find_similar(
        self, session: AsyncSession, question: Question, round_: Round, member_id: int
    ) -> str | None:
        bank = await self.practice_bank(session, round_.guild_id)
        answered = await store.list_answered(session, member_id)
        lately = self._clock() - SIMILAR_NOT_WITHIN
        for concepts in ({question.concept}, set(self._curriculum.concepts[question.concept].confused_with)):
            pool = [id_ for id_ in self._alike(concepts, round_) if id_ in bank]
            fresh = [id_ for id_ in pool if id_ not in answered or answered[id_] < lately]
            if fresh:
                return self._rng.choice(fresh)
        pool = [id_ for id_ in self._alike({question.concept}, round_) if id_ in bank]
        return min(pool, key=lambda id_: answered[id_], default=None)

    def _alike(self, concepts: set[str], round_: Round) -> list[str]:
        """Questions on these concepts that the round does not ask."""
        asked = set(round_.questions)
        return [id_ for id_, one in self._questions.items() if one.concept in concepts and id_ not in asked]

    # The queue

    async def list_due(self, member_id: int) -> DueQueue:
        """The member's queue: what is due now, and when the rest comes. Questions that are gone are left out."""
        async with self._database.transaction() as session:
            return await self.queue(session, member_id)

    async def queue(self, session: AsyncSession, member_id: int, guild_id: int | None = None) -> DueQueue:
        """The member's queue as it is in a server."""
        now = self._clock()
        bank = await self.bank(session, guild_id)
        cards = [card for card in await store.list_cards(session, member_id) if card.question in bank]
        due = tuple(card for card in cards if card.due_at <= now)
        return DueQueue(due, tuple(cards[len(due) :]))

    async def read_news(self, member_id: int) -> tuple[str, ...]:
        """What the member has not been told yet, in sentences; it counts as told from now on."""
        async with self._database.transaction() as session:
            return await self._read_news(session, member_id)

    async def _read_news(self, session: AsyncSession, member_id: int) -> tuple[str, ...]:
        news = await store.read_news(session, member_id, self._clock())
        return tuple(self._sentence(piece) for piece in news if piece.question in self._questions)

    def _sentence(self, news: News) -> str:
        return news_sentence(news.kind, self._questions[news.question].prompt, news.details)

    # Taking answers

    async def take(
        self,
        session: AsyncSession,
        member_id: int,
        *,
        question_id: str,
        guild_id: int | None,
        round_id: int | None,
        position: int | None,
        key: str,
        kind: EvidenceKind,
        response: Response,
        now: datetime,
    ) -> Taken:
        """Take an answer in: as an attempt, as evidence on its concept, and into the member's queue.

        Raises:
            QuestionChanged: the question is no longer asked.
        """
        await store.lock_question(session, question_id, is_shared=True)  # its key is not changed before this is written
        rulings = await store.list_rulings(session, guild_id, [question_id])
        known = {question_id: self._items[question_id]} if question_id in self._items else {}
        item = self._apply(rulings, known).get(question_id)
        if item is None:
            raise QuestionChanged
        return await self._record(
            session,
            member_id,
            item,
            guild_id=guild_id,
            round_id=round_id,
            position=position,
            key=key,
            kind=kind,
            response=response,
            now=now,
        )

    async def _record(
        self,
        session: AsyncSession,
        member_id: int,
        item: Item,
        *,
        guild_id: int | None,
        round_id: int | None,
        position: int | None,
        key: str,
        kind: EvidenceKind,
        response: Response,
        now: datetime,
    ) -> Taken:
        """Grade an answer and write it down, unless one with this key is there."""
        if not is_gradable(item, response):
            raise QuestionChanged
        is_correct = grade(item, response)
        is_new = await store.add_attempt(
            session,
            member_id,
            key=key,
            question=item.id,
            guild_id=guild_id,
            round_id=round_id,
            position=position,
            response=response,
            is_correct=is_correct,
            now=now,
        )
        card = await store.find_card(session, member_id, item.id)
        if is_new:
            evidence = Evidence(item.question.concept, kind, is_correct, key)
            await progress_store.add_evidence(session, member_id, [evidence], now)
            card = review(self._scheduler, card, rating_of(is_correct=is_correct, confidence=None), now)
            await store.update_card(session, member_id, item.id, card)
        attempt = await store.find_attempt(session, member_id, key)
        if attempt is None:
            raise MemberError(UNKNOWN)
        return Taken(attempt, is_new, card.due if card else None)

    async def _lock(self, session: AsyncSession, round_: Round, position: int) -> None:
        """Keep the key of a question as it is until this transaction has ended."""
        if 0 <= position < len(round_.questions):
            await store.lock_question(session, round_.questions[position], is_shared=True)

    async def regrade(self, session: AsyncSession, question_id: str, guild_id: int) -> tuple[Regraded, ...]:
        """Grade every answer to a question again, after a ruling for this server (0: for everywhere) has changed.

        Attempts, evidence, mastery and cards are afterwards as if the answers had been graded like that at once.
        Returns the answers that count otherwise now.
        """
        attempts = await store.list_attempts_on(session, question_id, guild_id=guild_id or None)
        servers = {attempt.guild_id for attempt in attempts}
        rulings = {server: await store.list_rulings(session, server, [question_id]) for server in servers}
        question = self._questions.get(question_id)
        if question is None:
            return ()  # nobody can tell any more, so that the grades of then stay
        changed: list[Regraded] = []
        for attempt in attempts:
            after = grade_under(question, rulings[attempt.guild_id].get(question_id), attempt)
            if after is not attempt.is_correct:
                await store.update_grade(session, attempt, is_correct=after)
                await progress_store.regrade_evidence(session, attempt.member_id, attempt.key, is_correct=after)
                changed.append(Regraded(attempt.member_id, attempt.key, attempt.round_id, attempt.is_correct, after))
        for member_id in {one.member_id for one in changed}:
            await self._replay_card(session, member_id, question_id)
        return tuple(changed)

    async def _replay_card(self, session: AsyncSession, member_id: int, question_id: str) -> None:
        attempts = await store.list_attempts_on(session, question_id, member_id=member_id)
        card = replay(self._scheduler, attempts)
        if card is None:
            await store.delete_card(session, member_id, question_id)
        else:
            await store.update_card(session, member_id, question_id, card)

    # From rows to what a member reads

    async def _find(self, session: AsyncSession, round_id: int, member_id: int) -> Round:
        round_ = await store.find_round(session, round_id)
        if round_ is None:
            raise MemberError(UNKNOWN)
        if round_.member_id is not None and round_.member_id != member_id:
            raise MemberError(NOT_YOURS)
        return round_

    async def _stand(self, session: AsyncSession, round_: Round, member_id: int) -> _Standing:
        attempts = await store.list_attempts(session, round_.id, member_id)
        by_position = {attempt.position: attempt for attempt in attempts if attempt.position is not None}
        items = await self._live_items(session, round_)
        is_over = round_.closes_at is None or round_.closes_at <= self._clock() or round_.finished_at is not None
        return _Standing(round_, member_id, by_position, items, round_.kind is RoundKind.WEEKLY and is_over)

    def _check_position(self, standing: _Standing, position: int) -> None:
        if not 0 <= position < len(standing.round.questions):
            raise MemberError(UNKNOWN)
        if standing.round.questions[position] not in standing.items:
            raise QuestionChanged
        if standing.is_closed:
            raise MemberError(CLOSED)

    async def _item_at(self, session: AsyncSession, standing: _Standing, position: int) -> Item:
        question_id = standing.round.questions[position]
        item = standing.items.get(question_id) or await self.item(session, question_id, standing.round.guild_id)
        if item is None:
            raise QuestionChanged
        return item

    async def _finish(self, session: AsyncSession, standing: _Standing) -> None:
        if standing.round.kind is not RoundKind.WEEKLY:
            await store.update_finished(session, standing.round.id, self._clock())

    def _asked(
        self, standing: _Standing, position: int, *, is_resumed: bool = False, news: tuple[str, ...] = ()
    ) -> AskedQuestion:
        question = self._questions[standing.round.questions[position]]
        live = standing.live
        return AskedQuestion(
            standing.round.id,
            position,
            number=live.index(position) + 1 if position in live else min(position + 1, len(live) or 1),
            total=len(live) or 1,
            round_kind=standing.round.kind,
            subject=self._subject(standing.round),
            kind=question.kind,
            difficulty=question.difficulty,
            prompt=question.prompt,
            options=shown_options(question, seed_of(standing.round.id, standing.member_id, position)),
            unit=question.unit,
            stamp=stamp_of(question),
            closes_at=standing.round.closes_at,
            is_resumed=is_resumed,
            news=news,
        )

    async def _feedback(
        self, session: AsyncSession, standing: _Standing, position: int, *, is_repeat: bool = False
    ) -> Feedback:
        attempt = standing.attempts.get(position)
        if attempt is None:
            raise MemberError(NOT_ANSWERED)
        item = await self._item_at(session, standing, position)
        card = await store.find_card(session, standing.member_id, item.id)
        asks = attempt.confidence is None and await self._asks_confidence(session, attempt, item)
        concepts = {item.question.concept, *self._curriculum.concepts[item.question.concept].confused_with}
        return Feedback(
            self._asked(standing, position),
            describe_response(item, attempt.response),
            describe_key(item),
            attempt.is_correct,
            choose_remarks(item, attempt.response),
            item.question.explanation,
            item.note,
            self.cite(item),
            card.due if card else None,
            asks_confidence=asks,
            confidence=attempt.confidence,
            has_similar=bool(self._alike(concepts, standing.round)),
            has_next=standing.next_position is not None,
            is_repeat=is_repeat,
        )

    async def _asks_confidence(self, session: AsyncSession, attempt: Attempt, item: Item) -> bool:
        earlier = await store.list_attempts_on(session, item.id, member_id=attempt.member_id)
        before = [one.is_correct for one in earlier if one.id < attempt.id]
        was_wrong = bool(before) and before[-1] is False
        return is_confidence_worth_asking(item, is_correct=attempt.is_correct is True, was_wrong_before=was_wrong)

    async def _result(self, session: AsyncSession, standing: _Standing, news: tuple[str, ...]) -> RoundResult:
        round_, member_id = standing.round, standing.member_id
        counted = [attempt for attempt in standing.attempts.values() if attempt.is_correct is not None]
        queue = await self.queue(session, member_id, round_.guild_id)
        enrolment = await progress_store.find_enrolment(session, member_id, round_.guild_id or 0)
        return RoundResult(
            round_.id,
            round_.kind,
            self._subject(round_),
            right=sum(attempt.is_correct is True for attempt in counted),
            counted=len(counted),
            revisit=self._revisit(standing, queue),
            due_now=len(queue.now),
            next_due_at=queue.next_at,
            closes_at=None if standing.is_closed else round_.closes_at,
            is_ranked=enrolment.is_ranked,
            guild_id=round_.guild_id,
            news=news,
        )

    def _revisit(self, standing: _Standing, queue: DueQueue) -> tuple[Revisit, ...]:
        """The concepts of wrong answers, each once, with the next time that one of its missed questions comes."""
        due = {card.question: card.due_at for card in (*queue.now, *queue.later)}
        missed: dict[str, list[datetime]] = {}
        for _, attempt in sorted(standing.attempts.items()):
            if attempt.is_correct is False and attempt.question in self._questions:
                times = missed.setdefault(self._questions[attempt.question].concept, [])
                times += [due[attempt.question]] if attempt.question in due else []
        found = []
        for concept_id, times in missed.items():
            concept = self._curriculum.concepts[concept_id]
            place = concept.study[0]
            label, url = self._curriculum.place_label(place), self._curriculum.place_url(place)
            found.append(Revisit(concept_id, concept.title, label, url, min(times, default=None)))
        return tuple(found)

    def _subject(self, round_: Round) -> str:
        match round_.kind:
            case RoundKind.WEEKLY:
                return "The weekly quiz"
            case RoundKind.REVIEW:
                return "Your reviews"
            case RoundKind.SIMILAR:
                question = self._questions.get(round_.questions[0])
                return self._curriculum.concepts[question.concept].title if question else "One more question"
            case RoundKind.QUIZ:
                return self._topic(round_.subject or "")

    def _topic(self, subject: str) -> str:
        """The title of what a quiz is about, as its slice wrote it: "step:2 …", "concept:softmax …"."""
        kind, _, name = subject.partition(" ")[0].partition(":")
        if kind == "concept" and name in self._curriculum.concepts:
            return self._curriculum.concepts[name].title
        steps = {str(step.number): step.title for step in self._curriculum.steps}
        if kind == "step" and name in steps:
            return f"Step {name}: {steps[name]}"
        return "What you missed lately" if kind == "missed" else "Your quiz"


def round_key(round_id: int, position: int) -> str:
    """The key of the answer to a question of a round."""
    return f"round:{round_id}:{position}"
