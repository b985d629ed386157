"""The use cases of the learner model. The other features meet here: they write evidence to it and read from it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.progress import store
from bot.features.progress.models import (
    Change,
    Enrolment,
    Evidence,
    Learner,
    Overview,
    Path,
    PathItem,
    State,
    StepCount,
)
from bot.features.progress.rules.overview import build_overview, current_step, reached_milestones
from bot.features.progress.rules.path import build_path
from bot.storage.database import Database
from knowledge.curriculum import Curriculum

MOTIVATION_LIMIT = 500
NOTHING_TO_UNDO = "There is nothing left to undo."


class ProgressService:
    """Reads and changes what is known about learners. Every method opens its own transaction."""

    def __init__(self, database: Database, clock: Clock, curriculum: Curriculum) -> None:
        self._database = database
        self._clock = clock
        self.curriculum = curriculum
        self._titles = {id_: concept.title for id_, concept in curriculum.concepts.items()}

    def path_of(self, learner: Learner) -> Path:
        """The path that a learner walks, after their choices."""
        profile = learner.profile
        return build_path(
            self.curriculum,
            style=profile.style,
            first_capstone=profile.first_capstone,
            second_capstone=profile.second_capstone,
        )

    async def find_learner(self, member_id: int) -> Learner:
        """The snapshot of a learner; somebody who never began has an empty one."""
        async with self._database.transaction() as session:
            return await store.find_learner(session, member_id, self._clock())

    async def show_overview(self, member_id: int) -> Overview:
        """Where a learner stands."""
        learner = await self.find_learner(member_id)
        return self.overview_of(learner)

    def overview_of(self, learner: Learner) -> Overview:
        """Where the learner of a snapshot stands."""
        return build_overview(self.path_of(learner), learner, self._titles, self._clock())

    async def save_profile(self, member_id: int, **values: Any) -> None:
        """Change columns of a profile, for example `hours_per_week=5`; the learner is made if there is none."""
        now = self._clock()
        async with self._database.transaction() as session:
            await store.add_learner(session, member_id, now)
            await store.update_profile(session, member_id, now, **values)

    # Progress

    async def settle_item(
        self, member_id: int, item_id: str, state: State, *, minutes: int | None = None, key: str | None = None
    ) -> Change:
        """Mark an item as done, skipped or known, or as started.

        `minutes` is the time that this took and counts for this week; without it, "done" counts what is left of the
        estimate, everything else nothing. `key` names the click, so that a second one changes nothing.

        Raises:
            MemberError: no such item is on the learner's path.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.add_learner(session, member_id, now)
            learner = await store.find_learner(session, member_id, now)
            item = self._item(learner, item_id)
            spent = minutes if minutes is not None else _minutes_left(learner, item, state)
            _, before = await store.update_item(session, member_id, item_id, state, minutes=spent, key=key, now=now)
            reached = await self._add_milestones(session, member_id)
        return Change(item, before, state, spent, reached)

    async def settle_items(self, member_id: int, item_ids: Sequence[str], state: State) -> int:
        """Mark several items at once, without counting time: what was done or known before. Returns how many changed.

        Raises:
            MemberError: one of them is not on the learner's path.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.add_learner(session, member_id, now)
            learner = await store.find_learner(session, member_id, now)
            changed = 0
            for item_id in item_ids:
                item = self._item(learner, item_id)
                if not learner.is_settled(item.id):
                    await store.update_item(session, member_id, item.id, state, minutes=0, key=None, now=now)
                    changed += 1
            await self._add_milestones(session, member_id)
        return changed

    async def undo(self, member_id: int, item_id: str | None = None) -> Change:
        """Take back the last change, of one item or of all.

        Raises:
            MemberError: there is nothing to undo.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.add_learner(session, member_id, now)
            undone = await store.undo_last_change(session, member_id, item_id, now)
            learner = await store.find_learner(session, member_id, now)
        if undone is None:
            raise MemberError(NOTHING_TO_UNDO)
        name, taken_back, holds_again, minutes = undone
        return Change(self._item(learner, name), taken_back, holds_again, -minutes)

    def _item(self, learner: Learner, item_id: str) -> PathItem:
        item = self.path_of(learner).find(item_id) or self._item_of_another_way(item_id)
        if item is None:
            raise MemberError("I do not know that part of the curriculum. Choose one from the list that I suggest.")
        return item

    def _item_of_another_way(self, item_id: str) -> PathItem | None:
        """An item that is on no longer chosen or not chosen ways: what was done there stays done and can be undone."""
        styles = {way.style for step in self.curriculum.steps for way in step.alternatives}
        project = item_id.removeprefix("capstone:").partition("/")[0] if item_id.startswith("capstone:") else None
        for style in sorted(styles):
            path = build_path(self.curriculum, style=style, first_capstone=project, second_capstone=project)
            if item := path.find(item_id):
                return item
        return None

    async def _add_milestones(self, session: AsyncSession, member_id: int) -> tuple[str, ...]:
        """Remember what has been reached; returns what is new."""
        now = self._clock()
        learner = await store.find_learner(session, member_id, now)
        reached = reached_milestones(self.path_of(learner), learner)
        return tuple([m for m in reached if await store.add_milestone(session, member_id, m, now)])

    # Evidence

    async def add_evidence(self, member_id: int, evidence: Sequence[Evidence]) -> int:
        """Take evidence in; returns how many pieces were new. Concepts that are no longer taught are left out."""
        now = self._clock()
        known = [piece for piece in evidence if piece.concept in self.curriculum.concepts]
        async with self._database.transaction() as session:
            await store.add_learner(session, member_id, now)
            return await store.add_evidence(session, member_id, known, now)

    # Servers

    async def enrol(self, member_id: int, enrolment: Enrolment) -> None:
        """Set what one server may see of a learner."""
        now = self._clock()
        async with self._database.transaction() as session:
            await store.add_learner(session, member_id, now)
            await store.update_enrolment(session, member_id, enrolment, now)

    async def find_enrolment(self, member_id: int, guild_id: int) -> Enrolment:
        async with self._database.transaction() as session:
            return await store.find_enrolment(session, member_id, guild_id)

    async def show_server(self, guild_id: int) -> tuple[StepCount, ...]:
        """On which step the visible members of a server are, the first step first; steps without members included."""
        async with self._database.transaction() as session:
            learners = await store.list_visible_learners(session, guild_id)
        on_step: dict[int | None, list[int]] = {step.number: [] for step in self.curriculum.steps}
        on_step[None] = []
        for learner in learners:
            step = current_step(self.path_of(learner), learner)
            on_step[step.number if step else None].append(learner.profile.member_id)
        return tuple(StepCount(number, tuple(members)) for number, members in on_step.items())

    async def claim_congratulation(self, member_id: int, guild_id: int, milestone: str) -> bool:
        """Whether to congratulate now: the member wants it in this server, and nobody has done so before."""
        now = self._clock()
        async with self._database.transaction() as session:
            await store.add_learner(session, member_id, now)
            enrolment = await store.find_enrolment(session, member_id, guild_id)
            if not enrolment.is_congratulated:
                return False
            return await store.add_congratulation(session, member_id, guild_id, milestone, now)


def _minutes_left(learner: Learner, item: PathItem, state: State) -> int:
    if state is not State.DONE:
        return 0
    spent = learner.progress[item.id].minutes if item.id in learner.progress else 0
    return max(item.minutes - spent, 0)
