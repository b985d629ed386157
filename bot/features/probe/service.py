"""The use cases of probes: begin, answer, see where one stands, skip what is known."""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.probe import rules, store
from bot.features.probe.models import (
    GivenAnswer,
    Probe,
    ProbeFeedback,
    ProbeQuestion,
    ProbeResult,
    Purpose,
    Skippable,
)
from bot.features.progress import store as progress_store
from bot.features.progress.models import EvidenceKind, ItemKind, Learner, State
from bot.features.progress.service import ProgressService
from bot.features.questions.models import Item, Response
from bot.features.questions.rules.grading import grade
from bot.features.questions.rules.levels import taught_in
from bot.features.questions.rules.options import option_id
from bot.features.questions.service import QuestionChanged, QuestionService
from bot.storage.database import Database
from knowledge.curriculum import Curriculum
from knowledge.models import Option, Question, Unit

RESUME_WITHIN = timedelta(days=7)
"""A probe that was left is taken up again for so long; later, fresh questions say more."""

NO_QUESTIONS = "I have no questions on this yet. Use `/next` to go on with your path."
UNKNOWN = "I no longer have these questions on record. Use `/next` to go on."
ALL_GONE = "None of these questions is in my bank any more. Use `/next` to go on."
NOT_YOURS = "These questions are for somebody else. Use `/next` to get your own."
NOT_PROVEN = "Your answers do not cover that, so it stays on your path. Use `/next` to go on."


class QuestionGone(MemberError):
    """A question has left the bank, or changed its form, after it was asked; the others can still be answered."""

    def __init__(self) -> None:
        super().__init__("This question has been changed since I asked it, so it does not count. Go on with the next.")


@dataclass(frozen=True, slots=True)
class _Pool:
    """Concepts to choose questions from; `ranks` says which of them matter most."""

    concepts: Collection[str]
    ranks: Mapping[str, int] = field(default_factory=dict)


class ProbeService:
    """Asks questions and takes answers. Every method opens its own transaction."""

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
        self._bank = {question.id: question for question in curriculum.questions if rules.is_askable(question)}

    async def begin(self, member_id: int, purpose: Purpose, target: str | None = None) -> ProbeQuestion:
        """The first question of a new probe, or the next one of the same probe if it was left lately.

        Raises:
            MemberError: there is no question for it.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)  # the lock: a double click begins one probe
            left = await store.find_open_probe(session, member_id, purpose, target, now - RESUME_WITHIN)
            position = rules.next_position(left, await self._questions.bank(session, None)) if left else None
            if left is not None and position is not None:
                return replace(self._ask(left, position), is_resumed=bool(left.answers))
            chosen = await self._choose(session, member_id, purpose, target)
            ids = [question.id for question in chosen]
            probe = await store.add_probe(session, member_id, purpose, target, questions=ids, now=now)
        return self._ask(probe, 0)

    async def again(self, probe_id: int, member_id: int) -> ProbeQuestion:
        """Begin a probe of the same kind once more, with other questions while there are any.

        Raises:
            MemberError: the probe is unknown or somebody else's, or there is no question.
        """
        async with self._database.transaction() as session:
            probe = await self._find(session, probe_id, member_id)
        return await self.begin(member_id, probe.purpose, probe.target)

    async def answer(self, probe_id: int, position: int, member_id: int, choice: int | None) -> ProbeFeedback:
        """Take the answer to a question, as evidence on its concept. The first one counts, whatever is clicked later.

        `choice` is None for "I don't know".

        Raises:
            QuestionGone: the question has left the bank.
            MemberError: the probe is unknown or somebody else's.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            probe = await self._find(session, probe_id, member_id)
            await progress_store.add_learner(session, member_id, now)  # locks are taken in one order: member, question
            question, options = self._shown(probe, position)
            if choice is not None and choice >= len(options):
                raise QuestionGone
            response = Response() if choice is None else Response((option_id(options[choice].text),))
            item = await self._item(session, question)
            given = GivenAnswer(choice, grade(item, response))
            is_new = await store.add_answer(session, probe_id, position, given, now)
            if is_new:
                await self._take(session, probe, position, item, response)
            probe = await self._find(session, probe_id, member_id)
            going_on = await self._go_on(session, probe)
        return self._feedback(probe, position, item, going_on, is_repeat=not is_new)

    async def _take(self, session: AsyncSession, probe: Probe, position: int, item: Item, response: Response) -> None:
        try:
            await self._questions.take(
                session,
                probe.member_id,
                question_id=item.id,
                guild_id=None,
                round_id=None,
                position=position,
                key=f"probe:{probe.id}:{position}",
                kind=EvidenceKind.REVIEW if probe.purpose is Purpose.REVIEW else EvidenceKind.PROBE,
                response=response,
                now=self._clock(),
            )
        except QuestionChanged as error:
            raise QuestionGone from error

    async def show(self, probe_id: int, member_id: int) -> ProbeQuestion | ProbeResult:
        """Where a probe stands: its next question, or its result. What has left the bank is passed over.

        Raises:
            MemberError: the probe is unknown or somebody else's, or nothing is left of it.
        """
        async with self._database.transaction() as session:
            probe = await self._find(session, probe_id, member_id)
            return await self._go_on(session, probe)

    async def skip(self, probe_id: int, member_id: int, step: int | None = None) -> int:
        """Settle what a passed probe proves as known; of a placement that step only, if one is named.

        Returns how many parts of the path that changed: none if it was done before. Each can be undone.

        Raises:
            MemberError: the probe does not prove that, is unknown or somebody else's.
        """
        async with self._database.transaction() as session:
            probe = await self._find(session, probe_id, member_id)
            learner = await progress_store.find_learner(session, member_id, self._clock())
            is_over = rules.next_position(probe, await self._questions.bank(session, None)) is None
        proven = [it for it in (rules.settled_by(probe) if is_over else ()) if step is None or it == step]
        if not proven:
            raise MemberError(NOT_PROVEN)
        items = [item for it in proven for item in self._open_items(learner, it)]
        return await self._progress.settle_items(member_id, items, State.KNOWN) if items else 0

    # Choosing

    async def _choose(
        self, session: AsyncSession, member_id: int, purpose: Purpose, target: str | None
    ) -> tuple[Question, ...]:
        answered = await store.list_answered(session, member_id)
        wanted = rules.WANTED[purpose]
        bank = await self._questions.bank(session, None)
        live = [question for question in self._bank.values() if question.id in bank]
        pools = self._pools(purpose, target or "")
        chosen: tuple[Question, ...] = ()
        for pool in pools:
            questions = [
                question
                for question in live
                if question.concept in pool.concepts and rules.is_asked_for(purpose, question)
            ]
            chosen += rules.choose_questions(
                questions, wanted, answered, self._clock(), self._rng, ranks=pool.ranks, without=chosen
            )
        is_whole = purpose is not Purpose.PLACEMENT or len(chosen) == len(pools) * len(wanted)
        if not chosen or not is_whole:
            raise MemberError(NO_QUESTIONS)
        return chosen

    def _pools(self, purpose: Purpose, target: str) -> list[_Pool]:
        match purpose:
            case Purpose.PLACEMENT:
                return [self._step_pool(step) for step in rules.PLACEMENT_STEPS]
            case Purpose.STEP:
                return [self._step_pool(rules.step_number(target) or 0)]
            case Purpose.ITEM:
                unit = self._unit(target)
                return [_Pool(unit.concepts)] if unit else []
            case Purpose.CONCEPT | Purpose.REVIEW:
                return [_Pool((concept,)) for concept in target.split(",")]

    def _step_pool(self, step: int) -> _Pool:
        concepts = self._curriculum.concepts
        return _Pool(taught_in(concepts, step), rules.rank_concepts(concepts, step))

    # From rows to what a member reads

    async def _find(self, session: AsyncSession, probe_id: int, member_id: int) -> Probe:
        probe = await store.find_probe(session, probe_id)
        if probe is None:
            raise MemberError(UNKNOWN)
        if probe.member_id != member_id:
            raise MemberError(NOT_YOURS)
        return probe

    def _shown(self, probe: Probe, position: int) -> tuple[Question, tuple[Option, ...]]:
        if position >= len(probe.questions):
            raise MemberError(UNKNOWN)
        question = self._bank.get(probe.questions[position])
        if question is None:
            raise QuestionGone
        return question, rules.shuffle_options(question, probe.id, position)

    def _ask(self, probe: Probe, position: int) -> ProbeQuestion:
        question, options = self._shown(probe, position)
        live = rules.live_positions(probe, self._bank)
        return ProbeQuestion(
            probe.id,
            position,
            number=live.index(position) + 1,
            total=len(live),
            subject=self._subject(probe),
            prompt=question.prompt,
            options=tuple(option.text for option in options),
            is_boolean=rules.is_boolean(question),
            may_end_early=probe.purpose is Purpose.PLACEMENT,
        )

    async def _item(self, session: AsyncSession, question: Question) -> Item:
        """The question with the key that holds everywhere."""
        item = await self._questions.item(session, question.id, None)
        if item is None:
            raise QuestionGone
        return item

    def _feedback(
        self, probe: Probe, position: int, item: Item, going_on: ProbeQuestion | ProbeResult, *, is_repeat: bool
    ) -> ProbeFeedback:
        question, options = self._shown(probe, position)
        given = probe.answers[position]
        if given.choice is not None and given.choice >= len(options):
            raise QuestionGone
        return ProbeFeedback(
            self._ask(probe, position),
            given.choice,
            rules.right_choice(options, item.key.options),
            given.is_correct,
            options[given.choice].remark if given.choice is not None and not given.is_correct else None,
            question.explanation,
            self._questions.cite(item),
            going_on,
            is_repeat=is_repeat,
        )

    async def _go_on(self, session: AsyncSession, probe: Probe) -> ProbeQuestion | ProbeResult:
        position = rules.next_position(probe, await self._questions.bank(session, None))
        if position is not None:
            return self._ask(probe, position)
        if not probe.answers:
            raise MemberError(ALL_GONE)
        await store.update_finished(session, probe.id, self._clock())
        return await self._result(session, probe)

    async def _result(self, session: AsyncSession, probe: Probe) -> ProbeResult:
        learner = await progress_store.find_learner(session, probe.member_id, self._clock())
        right, asked = rules.count_right(probe), len(probe.answers)
        settles = rules.settled_by(probe)
        is_placement = probe.purpose is Purpose.PLACEMENT
        return ProbeResult(
            probe.id,
            probe.purpose,
            probe.target,
            self._subject(probe),
            right,
            asked,
            passed=bool(settles) if is_placement else rules.is_enough(right, asked),
            settles=settles,
            skippable=tuple(self._skippable(it) for it in settles if self._open_items(learner, it)),
            missed=self._missed(probe),
            has_more=probe.purpose is Purpose.CONCEPT and await self._has_more(session, probe),
        )

    def _missed(self, probe: Probe) -> tuple[str, ...]:
        wrong = [probe.questions[position] for position, given in probe.answers.items() if not given.is_correct]
        concepts = [self._bank[question].concept for question in wrong if question in self._bank]
        return tuple(self._curriculum.concepts[concept].title for concept in dict.fromkeys(concepts))

    async def _has_more(self, session: AsyncSession, probe: Probe) -> bool:
        """Whether another question on the same concept is worth asking now."""
        answered = await store.list_answered(session, probe.member_id)
        since = self._clock() - rules.NOT_AGAIN_WITHIN
        lately = {question for question, at in answered.items() if at > since}
        return any(q.concept == probe.target and q.id not in lately for q in self._bank.values())

    def _open_items(self, learner: Learner, it: int | str) -> tuple[str, ...]:
        """What is not settled of a step or a part. Questions say nothing about a project, so that is never skipped."""
        if isinstance(it, str):
            return (it,) if self._unit(it) and not learner.is_settled(it) else ()
        steps = [step for step in self._progress.path_of(learner).steps if step.number == it]
        required = [item for step in steps for item in step.required if item.kind is not ItemKind.MILESTONE]
        return tuple(item.id for item in required if not learner.is_settled(item.id))

    def _skippable(self, it: int | str) -> Skippable:
        return Skippable(None, self._item_title(it)) if isinstance(it, str) else Skippable(it, self._step_title(it))

    # Names

    def _subject(self, probe: Probe) -> str:
        target = probe.target or ""
        match probe.purpose:
            case Purpose.PLACEMENT:
                return "Where to begin"
            case Purpose.STEP:
                return self._step_title(rules.step_number(target) or 0)
            case Purpose.ITEM:
                return self._item_title(target)
            case Purpose.CONCEPT:
                concept = self._curriculum.concepts.get(target)
                return concept.title if concept else "One question"
            case Purpose.REVIEW:
                return "A short review"

    def _step_title(self, number: int) -> str:
        title = next((step.title for step in self._curriculum.steps if step.number == number), "")
        return f"Step {number}: {title}" if title else "A few questions"

    def _item_title(self, item_id: str) -> str:
        unit = self._unit(item_id)
        return f"{unit.label}: {unit.title}" if unit else "A few questions"

    def _unit(self, item_id: str) -> Unit | None:
        resource_id, _, unit_id = item_id.partition("/")
        resource = self._curriculum.resources.get(resource_id)
        return resource.unit(unit_id) if resource else None
