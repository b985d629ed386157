"""The use cases of the learner model. The other features meet here: they write evidence to it and read from it."""

from collections.abc import Sequence
from functools import cached_property, lru_cache, partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.progress import store
from bot.features.progress.models import (
    Change,
    Choice,
    Enrolment,
    Evidence,
    ItemKind,
    Learner,
    LoggedChange,
    Overview,
    Path,
    PathItem,
    State,
    StepCount,
)
from bot.features.progress.rules.choices import WHOLE, spelling_of, suggest_changed, suggest_items
from bot.features.progress.rules.overview import build_overview, current_step, reached_milestones
from bot.features.progress.rules.path import build_path, extra_item
from bot.storage.database import Database
from indexer.spelling import Spelling
from knowledge.curriculum import Curriculum

MOTIVATION_LIMIT = 500
_MOST_NAMED = 3
_MOST_PATHS = 128
"""Paths that are kept: about 10 MB. Learners choose a way and two projects, so that there may be thousands."""

NOTHING_TO_UNDO = "There is nothing left to undo."
UNDONE_ALREADY = "That is taken back already."
CHANGED_SINCE = "You have changed this again since then. `/progress undo` takes back the newest change first."
PICK_ITEM = "Choose one from the list that I suggest while you type."
UNKNOWN_ITEM = "I do not know that part of the curriculum. Choose one from the list that I suggest."


class ProgressService:
    """Reads and changes what is known about learners. Every method opens its own transaction."""

    def __init__(self, database: Database, clock: Clock, curriculum: Curriculum) -> None:
        self._database = database
        self._clock = clock
        self.curriculum = curriculum
        self._titles = {id_: concept.title for id_, concept in curriculum.concepts.items()}
        # A path takes a millisecond to build, and many learners share their choices.
        self._build_path = lru_cache(maxsize=_MOST_PATHS)(partial(build_path, curriculum))

    def path_of(self, learner: Learner) -> Path:
        """The path that a learner walks, after their choices."""
        profile = learner.profile
        return self._build_path(
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

    async def suggest_items(self, member_id: int, text: str) -> tuple[Choice, ...]:
        """Parts of the path and whole resources that a member may mean by `text`."""
        learner = await self.find_learner(member_id)
        path = self.path_of(learner)
        found = suggest_items(self.curriculum, path, learner, text)
        return found or suggest_items(self.curriculum, path, learner, self.spelling.repair(text))

    @cached_property
    def spelling(self) -> Spelling:
        """Mends slips in the names of the curriculum."""
        return spelling_of(self.curriculum)

    async def suggest_changed(self, member_id: int, text: str) -> tuple[Choice, ...]:
        """Parts that a member has changed and may want to take back."""
        learner = await self.find_learner(member_id)
        items = (self._find_item(learner, id_) or _forgotten_item(id_) for id_ in learner.progress)
        return suggest_changed(items, learner, text)

    async def resolve_item(self, member_id: int, text: str, *, is_changed: bool = False) -> str:
        """The value that a member means who typed `text` and did not pick a suggestion; a value stands for itself.

        Raises:
            MemberError: nothing matches, or too much.
        """
        learner = await self.find_learner(member_id)
        resource = self.curriculum.resources.get(text.removeprefix(WHOLE))
        if resource is not None and resource.units and not is_changed:
            return f"{WHOLE}{text.removeprefix(WHOLE)}"
        if self._find_item(learner, text):
            return text
        choices = await (self.suggest_changed if is_changed else self.suggest_items)(member_id, text)
        if len(choices) == 1:
            return choices[0].value
        if not choices:
            raise MemberError(UNKNOWN_ITEM)
        names = ", ".join(f"“{choice.label}”" for choice in choices[:_MOST_NAMED])
        more = " and more" if len(choices) > _MOST_NAMED else ""
        raise MemberError(f"Several parts of the curriculum match that: {names}{more}. {PICK_ITEM}")

    async def find_items(self, member_id: int, item_ids: Sequence[str]) -> tuple[PathItem, ...]:
        """What these parts are, in the same order; what the curriculum no longer has is left out."""
        if not item_ids:
            return ()
        learner = await self.find_learner(member_id)
        found = (self._find_item(learner, item_id) for item_id in item_ids)
        return tuple(item for item in found if item is not None)

    # Progress

    async def settle_item(
        self, member_id: int, item_id: str, state: State, *, minutes: int | None = None, key: str | None = None
    ) -> Change:
        """Mark an item as done, skipped or known, or as started.

        `minutes` is the time that this took and counts for this week; without it, "done" counts what is left of the
        estimate, everything else nothing. What is in that state already stays as it is, and only what is started takes
        more minutes. `key` names the click, so that a second one changes nothing.

        Raises:
            MemberError: no such item is on the learner's path.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.add_learner(session, member_id, now)
            learner = await store.find_learner(session, member_id, now)
            item = self._item(learner, item_id)
            spent = minutes if minutes is not None else _minutes_left(learner, item, state)
            if learner.state(item_id) is state and (state is not State.STARTED or not spent):
                same_click = await store.find_change(session, member_id, key=key) if key else None
                return Change(item, state, state, 0, id=same_click.id if same_click else None)
            is_new, before = await store.update_item(
                session, member_id, item_id, state, minutes=spent, key=key, now=now
            )
            reached = await self._add_milestones(session, member_id)
            change = await (
                store.find_change(session, member_id, key=key) if key else store.find_last_change(session, member_id)
            )
        id_ = change.id if change else None
        return Change(item, before, state if is_new else before, spent if is_new else 0, reached, id=id_)

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

    async def settle_resource(
        self, member_id: int, resource_id: str, state: State, *, click: str, minutes: int | None = None
    ) -> Change:
        """Mark a resource with all its units as done or skipped, in one change that is undone at once.

        What is done or known stays as it is, and what is skipped stays so unless the whole is done. No time is counted
        but `minutes`: it may have taken months, and long ago. `click` names the click that asks for it.

        Raises:
            MemberError: there is no such resource.
        """
        now = self._clock()
        item = extra_item(self.curriculum, resource_id)
        if item is None or item.id not in self.curriculum.resources:
            raise MemberError(UNKNOWN_ITEM)
        units = [f"{resource_id}/{unit.id}" for unit in self.curriculum.resources[resource_id].units]
        async with self._database.transaction() as session:
            await store.add_learner(session, member_id, now)
            learner = await store.find_learner(session, member_id, now)
            before = learner.state(resource_id)
            stays = {State.DONE, State.KNOWN} if state is State.DONE else {State.DONE, State.KNOWN, State.SKIPPED}
            to_do = [id_ for id_ in [*units, resource_id] if learner.state(id_) not in stays]
            for number, id_ in enumerate(to_do):
                spent = (minutes or 0) if id_ == to_do[-1] else 0
                key = f"{store.WHOLE}{click}:{number}"
                await store.update_item(session, member_id, id_, state, minutes=spent, key=key, now=now)
            reached = await self._add_milestones(session, member_id)
            change = await store.find_last_change(session, member_id) if to_do else None
        count = len([id_ for id_ in to_do if id_ != resource_id or not units])
        spent = (minutes or 0) if to_do else 0
        return Change(item, before, state, spent, reached, id=change.id if change else None, count=count)

    async def undo(self, member_id: int, item_id: str | None = None, *, change_id: int | None = None) -> Change:
        """Take back the last change, of one item or of all, or the one with this id.

        Raises:
            MemberError: there is nothing to undo, it is undone already, or the item has changed again since.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.add_learner(session, member_id, now)
            change = await (
                store.find_last_change(session, member_id, item_id)
                if change_id is None
                else store.find_change(session, member_id, change_id=change_id)
            )
            if change is None:
                raise MemberError(NOTHING_TO_UNDO)
            if change.is_undone:
                raise MemberError(UNDONE_ALREADY)
            group = await store.list_group(session, member_id, change)
            for one in group:
                newest = await store.find_last_change(session, member_id, one.item)
                if newest is not None and newest.id != one.id:
                    raise MemberError(CHANGED_SINCE)
                await store.undo_change(session, member_id, one, now)
            learner = await store.find_learner(session, member_id, now)
        return self._change_of(learner, group, is_taken_back=True)

    async def find_last_change(self, member_id: int) -> Change | None:
        """The newest change, which `undo` would take back."""
        now = self._clock()
        async with self._database.transaction() as session:
            change = await store.find_last_change(session, member_id)
            if change is None:
                return None
            group = await store.list_group(session, member_id, change)
            learner = await store.find_learner(session, member_id, now)
        return self._change_of(learner, group)

    def _change_of(self, learner: Learner, group: Sequence[LoggedChange], *, is_taken_back: bool = False) -> Change:
        """What changes that were made at once did, or what taking them back did."""
        newest = group[0]
        name = newest.item if newest.group is None else newest.item.partition("/")[0]
        item = self._find_item(learner, name) or _forgotten_item(name)
        minutes = sum(change.minutes for change in group)
        count = len([c for c in group if c.item != name]) or len(group)
        before, after = (newest.after, newest.before) if is_taken_back else (newest.before, newest.after)
        return Change(item, before, after, -minutes if is_taken_back else minutes, id=newest.id, count=count)

    def _item(self, learner: Learner, item_id: str) -> PathItem:
        item = self._find_item(learner, item_id)
        if item is None:
            raise MemberError(UNKNOWN_ITEM)
        return item

    def _find_item(self, learner: Learner, item_id: str) -> PathItem | None:
        """An item of the learner's path, of another way, or of a resource that lies beside the path."""
        return (
            self.path_of(learner).find(item_id)
            or self._item_of_another_way(item_id)
            or extra_item(self.curriculum, item_id)
        )

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

    async def change_enrolment(
        self,
        member_id: int,
        guild_id: int,
        *,
        is_visible: bool | None = None,
        is_congratulated: bool | None = None,
        is_ranked: bool | None = None,
    ) -> Enrolment:
        """Change some of the things that a server may see; what is None stays as it is."""
        now = self._clock()
        async with self._database.transaction() as session:
            await store.add_learner(session, member_id, now)
            before = await store.find_enrolment(session, member_id, guild_id)
            after = Enrolment(
                guild_id,
                before.is_visible if is_visible is None else is_visible,
                before.is_congratulated if is_congratulated is None else is_congratulated,
                before.is_ranked if is_ranked is None else is_ranked,
            )
            await store.update_enrolment(session, member_id, after, now)
        return after

    async def list_enrolments(self, member_id: int) -> tuple[Enrolment, ...]:
        """The servers that may see or congratulate a learner."""
        async with self._database.transaction() as session:
            return await store.list_enrolments(session, member_id)

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
    if state is not State.DONE or learner.state(item.id) is State.DONE:
        return 0
    spent = learner.progress[item.id].minutes if item.id in learner.progress else 0
    return max(item.minutes - spent, 0)


def _forgotten_item(item_id: str) -> PathItem:
    """Stands for an item that the curriculum no longer has; what was done there can still be undone."""
    return PathItem(item_id, ItemKind.UNIT, 0, item_id, "", "", 0, is_required=False)
