"""The use cases of /next: recommend one thing, take note of what the member does with it, explain it, undo."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.next_step import store
from bot.features.next_step.explanation import (
    capstone_step,
    choose_best,
    count_declined,
    explain_choice,
    find_again,
    find_study,
    list_projects,
)
from bot.features.next_step.models import (
    Action,
    Fate,
    Kind,
    Noted,
    Past,
    ProjectChoice,
    Recommendation,
    Reviews,
)
from bot.features.next_step.rules import MOST_REVIEWED, is_stalled
from bot.features.probe.rules import is_askable
from bot.features.progress import store as progress_store
from bot.features.progress.models import Change, ItemKind, Learner, PathItem, State
from bot.features.progress.rules.overview import fading_concepts, step_overviews
from bot.features.progress.rules.path import OWN_PROJECT
from bot.features.progress.rules.rhythm import format_minutes
from bot.features.progress.service import ProgressService
from bot.features.questions import store as questions_store
from bot.features.questions.models import Verdict
from bot.storage.database import Database
from knowledge.curriculum import Curriculum

REMEMBERED = timedelta(days=90)
"""How long earlier recommendations count: as long as one wrong answer can keep a concept shaky, so that what was gone
over so often that it needs another means is not begun again from the start."""
_ROUND_LASTS = timedelta(days=8)
"""A round of reviews that was finished today was begun within so long: one that is left goes on for a week."""
ENCOURAGED_FROM = 3
"""Put off so often in a day, somebody may want to read why they began."""

UNKNOWN = "I no longer have that suggestion on record. `/next` makes a new one."
SOMEBODY_ELSES = "That suggestion was made for somebody else. `/next` makes one for you."
WRONG_BUTTON = "That button does not belong to this suggestion. `/next` makes a new one."
ANSWERED = "You have answered this suggestion already. `/next` shows what comes next."
SETTLED = "This part is settled already, so I left it as it is. `/next` shows what comes next."
NOT_TAKEN_BACK = "That is taken back already. `/next` shows what comes next."
UNKNOWN_PROJECT = "I do not know that project. `/next` shows the list again."

_ALLOWED: Mapping[Kind, frozenset[Action]] = {
    Kind.STUDY: frozenset(
        {Action.START, Action.WORK, Action.FINISH, Action.DECLINE, Action.KNOW, Action.CHOOSE},
    ),
    Kind.RESTUDY: frozenset({Action.FINISH, Action.DECLINE, Action.BEGIN}),
    Kind.REVIEW: frozenset({Action.BEGIN, Action.DECLINE}),
    Kind.PROBE: frozenset({Action.BEGIN, Action.DECLINE}),
    Kind.CHOOSE: frozenset({Action.CHOOSE, Action.DECLINE}),
    Kind.REST: frozenset({Action.DECLINE}),
    Kind.BEYOND: frozenset({Action.WORK, Action.FINISH, Action.DECLINE}),
    Kind.MENTOR: frozenset({Action.FINISH, Action.DECLINE}),
}
"""What can be done with a recommendation of each kind; anything else is a forged button."""


class NextStepService:
    """Recommends the next step. Every method can be called twice with the same result."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        curriculum: Curriculum,
        progress: ProgressService,
        *,
        reviewed_at_a_time: int = MOST_REVIEWED,
    ) -> None:
        self._database = database
        self._clock = clock
        self._curriculum = curriculum
        self._progress = progress
        self._at_a_time = reviewed_at_a_time
        self._concepts = {question.id: question.concept for question in curriculum.questions}
        self._asked = {question.concept for question in curriculum.questions if is_askable(question)}

    # Recommending

    async def recommend(
        self, member_id: int, minutes: int | None = None, *, guild_id: int | None = None
    ) -> Recommendation:
        """The one thing to do now. `minutes` is how long the member has, `guild_id` the server in which they ask.

        Asked again before anything has changed, it is the same recommendation with the same id.
        """
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, self._clock())
            return await self._recommend(session, member_id, minutes, guild_id)

    async def _recommend(
        self, session: AsyncSession, member_id: int, minutes: int | None, guild_id: int | None
    ) -> Recommendation:
        now = self._clock()
        learner = await progress_store.find_learner(session, member_id, now)
        past = await store.list_past(session, member_id, now - REMEMBERED)
        path = self._progress.path_of(learner)
        reviews = await self._find_reviews(session, learner, guild_id)
        best = choose_best(self._curriculum, path, learner, now, minutes=minutes, past=past, reviews=reviews)
        best = self._personal(best, learner, is_encouraged=count_declined(past, learner, now) >= ENCOURAGED_FROM)
        same = next((p.id for p in reversed(past) if _is_same(p, best)), None)
        if same is None:
            same = await store.add_recommendation(session, member_id, best, now)
        return replace(best, id=same)

    async def find_study(self, member_id: int) -> Recommendation | None:
        """The first thing to study, for a plan; None if there is nothing. Nothing is stored of it.

        What was put off today is left out, unless nothing else is left.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            learner = await progress_store.find_learner(session, member_id, now)
            past = await store.list_past(session, member_id, now - REMEMBERED)
        return find_study(self._curriculum, self._progress.path_of(learner), learner, now, past=past)

    async def _find_reviews(self, session: AsyncSession, learner: Learner, guild_id: int | None) -> Reviews:
        """What spaced repetition says, without what is retired in this server or has left the bank."""
        member_id, now = learner.profile.member_id, self._clock()
        due = [found for found in await store.list_due(session, member_id, now) if found[0] in self._concepts]
        if due:
            rulings = await questions_store.list_rulings(session, guild_id, [question for question, _ in due])
            retired = {id_ for id_, ruling in rulings.items() if ruling.verdict is Verdict.RETIRED}
            due = [found for found in due if found[0] not in retired]
        # Only what fades is looked up among all that comes back some day.
        fades = bool(fading_concepts(learner, now))
        scheduled = await store.list_scheduled(session, member_id) if fades else ()
        first, since = due[0] if due else ("", None)
        return Reviews(
            due=len(due),
            concept=self._concepts.get(first, ""),
            since=since,
            reviewed_at=await store.find_last_review(session, member_id, now - _ROUND_LASTS) if due else None,
            scheduled=frozenset(self._concepts[question] for question in scheduled if question in self._concepts),
            at_a_time=self._at_a_time,
        )

    def _personal(self, best: Recommendation, learner: Learner, *, is_encouraged: bool) -> Recommendation:
        """With what depends on the learner and not on the choice."""
        profile = learner.profile
        is_started = best.kind in {Kind.STUDY, Kind.BEYOND} and learner.state(best.target) is State.STARTED
        return replace(
            best,
            fate=Fate.STARTED if is_started else Fate.OPEN,
            motivation=profile.motivation if is_encouraged or is_stalled(learner, self._clock()) else None,
            is_newcomer=profile.started_at is None,
        )

    async def show(
        self, recommendation_id: int, member_id: int, *, guild_id: int | None = None
    ) -> Recommendation | None:
        """An earlier recommendation once more; None if nothing leads to it any more.

        Raises:
            MemberError: it is unknown or somebody else's.
        """
        past = await self._find(recommendation_id, member_id)
        now = self._clock()
        async with self._database.transaction() as session:
            learner = await progress_store.find_learner(session, member_id, now)
            reviews = await self._find_reviews(session, learner, guild_id)
        found = find_again(self._curriculum, self._progress.path_of(learner), learner, now, past=past, reviews=reviews)
        return self._personal(found, learner, is_encouraged=False) if found else None

    async def explain(self, recommendation_id: int, member_id: int, *, guild_id: int | None = None) -> str:
        """Why it was recommended: the rule, and the figures that it looked at.

        Raises:
            MemberError: it is unknown or somebody else's.
        """
        this = await self._find(recommendation_id, member_id)
        now = self._clock()
        async with self._database.transaction() as session:
            learner = await progress_store.find_learner(session, member_id, now)
            past = await store.list_past(session, member_id, now - REMEMBERED)
            reviews = await self._find_reviews(session, learner, guild_id)
        path = self._progress.path_of(learner)
        return explain_choice(self._curriculum, path, learner, now, this=this, past=past, reviews=reviews)

    # What the member does with it

    async def start(self, recommendation_id: int, member_id: int) -> Noted:
        """Remember that it is in progress.

        Raises:
            MemberError: it is unknown, somebody else's, or settled.
        """
        past = await self._find(recommendation_id, member_id, Action.START)
        await self._refuse_settled(member_id, past.target)
        change = await self._settle(past, member_id, State.STARTED, Action.START, minutes=0)
        await self._update(past.id, Fate.STARTED)
        return _noted(past, Action.START, f"Noted: you are on **{_name(change.item)}**.", change)

    async def work_on(self, recommendation_id: int, member_id: int) -> Noted:
        """Add the minutes of the sitting; the part stays in progress.

        Raises:
            MemberError: it is unknown, somebody else's, or settled.
        """
        past = await self._find(recommendation_id, member_id, Action.WORK)
        await self._refuse_settled(member_id, past.target)
        change = await self._settle(past, member_id, State.STARTED, Action.WORK, minutes=past.minutes)
        await self._update(past.id, Fate.DONE)
        learner = await self._progress.find_learner(member_id)
        spent = learner.progress[past.target].minutes if past.target in learner.progress else 0
        left = max(change.item.minutes - spent, 0)
        rest = f"About {format_minutes(left)} of it are left." if left else "By the estimate that is all of it."
        text = f"Noted: {format_minutes(past.minutes)} on **{_name(change.item)}**. {rest}"
        return _noted(past, Action.WORK, text, change)

    async def finish(self, recommendation_id: int, member_id: int) -> Noted:
        """It is done. A part of the path counts what was left of its estimate.

        Raises:
            MemberError: it is unknown or somebody else's.
        """
        past = await self._find(recommendation_id, member_id, Action.FINISH)
        change = None
        if past.kind in {Kind.STUDY, Kind.BEYOND}:
            # What lies beyond the curriculum may be a book of 60 hours, which nobody reads in a sitting.
            minutes = past.minutes if past.kind is Kind.BEYOND else None
            change = await self._settle(past, member_id, State.DONE, Action.FINISH, minutes=minutes)
        await self._update(past.id, Fate.DONE)
        text = await self._finished_text(past, member_id, change)
        return _noted(past, Action.FINISH, text, change, asks=past.kind is Kind.RESTUDY)

    async def _finished_text(self, past: Past, member_id: int, change: Change | None) -> str:
        if past.kind is Kind.RESTUDY:
            concept = self._curriculum.concepts.get(past.target)
            title = concept.title if concept else past.target
            return f"Noted: you have been through **{title}** again. Three questions show whether it sits."
        if change is None:
            return "Noted. Explaining something is how it stays."
        place = await self._place_text(member_id, change.item)
        return f"Noted: **{_name(change.item)}** is finished.{place}{await self._counted_text(member_id, change)}"

    async def _counted_text(self, member_id: int, change: Change) -> str:
        """What the click has counted, which a second click says again."""
        async with self._database.transaction() as session:
            made = await progress_store.find_change(session, member_id, change_id=change.id) if change.id else None
        if made is None or not made.minutes:
            return ""
        return (
            f" I counted {format_minutes(made.minutes)} for this week. If it took another time, click Undo and name "
            "the `minutes` in `/progress complete`."
        )

    async def _place_text(self, member_id: int, item: PathItem) -> str:
        learner = await self._progress.find_learner(member_id)
        path = self._progress.path_of(learner)
        if not item.is_required or path.find(item.id) is None:
            return ""
        step = next(found for found in step_overviews(path, learner) if found.number == item.step)
        if step.settled == step.required:
            return f" That completes step {step.number}, {step.title}."
        return f" Step {step.number}: {step.settled} of {step.required} parts done."

    async def decline(
        self, recommendation_id: int, member_id: int, minutes: int | None = None, *, guild_id: int | None = None
    ) -> Recommendation:
        """Put it off until tomorrow; returns what comes instead. `minutes` is how long the member has.

        Raises:
            MemberError: it is unknown or somebody else's, or something else was done with it.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            past = await self._find_in(session, recommendation_id, member_id, Action.DECLINE)
            if past.fate in {Fate.DONE, Fate.KNOWN}:
                raise MemberError(ANSWERED)
            await store.update_fate(session, past.id, Fate.DECLINED, now)
            return await self._recommend(session, member_id, minutes, guild_id)

    async def know(self, recommendation_id: int, member_id: int) -> Noted:
        """The member knows it: questions decide where there are any, else the member's word does.

        Raises:
            MemberError: it is unknown, somebody else's, or settled.
        """
        past = await self._find(recommendation_id, member_id, Action.KNOW)
        learner = await self._progress.find_learner(member_id)
        item = self._progress.path_of(learner).find(past.target)
        if item is not None and item.kind is ItemKind.MILESTONE:
            raise MemberError(WRONG_BUTTON)
        asks = self._can_ask(past.target)
        if asks:
            await self._refuse_settled(member_id, past.target)
            change = None
            text = "A few questions show whether you can skip this part. If not, it simply stays on your path."
        else:
            change = await self._settle(past, member_id, State.KNOWN, Action.KNOW, minutes=0)
            text = f"Noted: you know **{_name(change.item)}** already, so it is off your path."
        await self._update(past.id, Fate.KNOWN)
        return _noted(past, Action.KNOW, text, change, asks=asks)

    def _can_ask(self, item_id: str) -> bool:
        resource_id, _, unit_id = item_id.partition("/")
        resource = self._curriculum.resources.get(resource_id)
        unit = resource.unit(unit_id) if resource else None
        return unit is not None and any(concept in self._asked for concept in unit.concepts)

    async def begin(self, recommendation_id: int, member_id: int) -> Noted:
        """The member begins the questions that were recommended, or those after a concept was studied again.

        Raises:
            MemberError: it is unknown or somebody else's.
        """
        past = await self._find(recommendation_id, member_id, Action.BEGIN)
        await self._update(past.id, Fate.DONE)
        return _noted(past, Action.BEGIN, "Here are your questions. Take your time.", asks=True)

    # Projects

    async def list_projects(self, recommendation_id: int, member_id: int) -> ProjectChoice:
        """What the member may choose from in the step of this recommendation.

        Raises:
            MemberError: it is unknown, somebody else's, or not about a capstone.
        """
        past = await self._find(recommendation_id, member_id, Action.CHOOSE)
        step = self._capstone_step(past)
        profile = (await self._progress.find_learner(member_id)).profile
        chosen = profile.first_capstone if step == 4 else profile.second_capstone
        return ProjectChoice(past.id, step, list_projects(self._curriculum, step), chosen)

    async def choose(self, recommendation_id: int, member_id: int, project: str) -> Noted:
        """Choose a project, one's own idea among them, or change the choice.

        Raises:
            MemberError: the recommendation is unknown, somebody else's or not about a capstone, or the project is
                not on the list.
        """
        past = await self._find(recommendation_id, member_id, Action.CHOOSE)
        step = self._capstone_step(past)
        titles = {idea.id: idea.title for idea in list_projects(self._curriculum, step)} | {
            OWN_PROJECT: "your own idea"
        }
        if project not in titles:
            raise MemberError(UNKNOWN_PROJECT)
        column = "first_capstone" if step == 4 else "second_capstone"
        await self._progress.save_profile(member_id, **{column: project})
        await self._update(past.id, Fate.DONE)
        text = f"Noted: **{titles[project]}** is your project for step {step}. You can change it at any time."
        return _noted(past, Action.CHOOSE, text)

    def _capstone_step(self, past: Past) -> int:
        step = capstone_step(self._curriculum, past.target)
        if step is None:
            raise MemberError(WRONG_BUTTON)
        return step

    # Undo

    async def undo(
        self, recommendation_id: int, member_id: int, change_id: int | None = None, *, guild_id: int | None = None
    ) -> Recommendation | None:
        """Take back what was done with it; returns it once more, or None if nothing leads to it any more.

        `change_id` is the change of progress that was made with it.

        Raises:
            MemberError: it is unknown or somebody else's, was taken back already, or has changed again since.
        """
        past = await self._find(recommendation_id, member_id)
        if change_id is not None:
            change = await self._progress.undo(member_id, change_id=change_id)
            is_started = change.after is State.STARTED
        elif past.fate in {Fate.OPEN, Fate.STARTED}:
            raise MemberError(NOT_TAKEN_BACK)
        else:
            is_started = False
        await self._update(past.id, Fate.STARTED if is_started else Fate.OPEN)
        return await self.show(recommendation_id, member_id, guild_id=guild_id)

    # Shared pieces

    async def _find(self, recommendation_id: int, member_id: int, action: Action | None = None) -> Past:
        async with self._database.transaction() as session:
            return await self._find_in(session, recommendation_id, member_id, action)

    async def _find_in(
        self, session: AsyncSession, recommendation_id: int, member_id: int, action: Action | None
    ) -> Past:
        found = await store.find_recommendation(session, recommendation_id)
        if found is None:
            raise MemberError(UNKNOWN)
        owner_id, past = found
        if owner_id != member_id:
            raise MemberError(SOMEBODY_ELSES)
        if action is not None and action not in _ALLOWED[past.kind]:
            raise MemberError(WRONG_BUTTON)
        return past

    async def _refuse_settled(self, member_id: int, item_id: str) -> None:
        """A late click may not open again what is settled."""
        if (await self._progress.find_learner(member_id)).is_settled(item_id):
            raise MemberError(SETTLED)

    async def _settle(self, past: Past, member_id: int, state: State, action: Action, *, minutes: int | None) -> Change:
        key = f"next:{past.id}:{action}"
        return await self._progress.settle_item(member_id, past.target, state, minutes=minutes, key=key)

    async def _update(self, recommendation_id: int, fate: Fate) -> None:
        async with self._database.transaction() as session:
            await store.update_fate(session, recommendation_id, fate, self._clock())


def _is_same(past: Past, best: Recommendation) -> bool:
    """Whether that is what was recommended then, and nothing has been done with it."""
    is_open = past.fate in {Fate.OPEN, Fate.STARTED}
    same = (past.kind, past.target, past.minutes, past.reason) == (best.kind, best.target, best.minutes, best.reason)
    return is_open and same


def _noted(past: Past, action: Action, text: str, change: Change | None = None, *, asks: bool = False) -> Noted:
    change_id, reached = (change.id, change.reached) if change else (None, ())
    return Noted(past.id, action, past.kind, past.target, text, change_id, reached, asks)


def _name(item: PathItem) -> str:
    """The number of a milestone says nothing without its project."""
    return f"{item.source}, {item.title}" if item.kind is ItemKind.MILESTONE else item.title
