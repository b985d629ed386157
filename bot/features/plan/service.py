"""The use cases of plans: make one, change it, show it to the group, keep it, take it back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.groups import store as groups_store
from bot.features.groups.models import Group, GroupState
from bot.features.groups.rules import pick_group
from bot.features.next_step.models import Kind, Recommendation
from bot.features.next_step.service import NextStepService
from bot.features.plan import rules, store
from bot.features.plan.models import Outcome, Plan, PlanDraft, PlanState, PlanText, PlanView
from bot.features.progress import store as progress_store
from bot.features.progress.models import Change, State
from bot.features.progress.service import ProgressService
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Occurrence, WorkState
from bot.scheduling.store import try_tomorrow
from bot.storage.database import Database

FROM_NEXT = "/next"
"""The source of a draft that begins with the next step."""

NO_GROUP = (
    "A plan is for a study group, and you are in none here yet. `/group match` looks for one that fits you, and "
    "`/group join` shows the open ones."
)
WHICH_GROUP = "You are in several study groups here. Say which one with the option `group` of `/plan`."
UNKNOWN_GROUP = "You are in no study group of that name here. `/group list` shows yours."
NOT_IN_GROUP = "You are not in this study group at the moment. `/plan` shows the plans of yours."
NO_TEXT = "A plan needs one line that says what you will do. `/plan` opens the window again."
UNKNOWN = "This plan is no longer there. `/plan` makes a new one."
SOMEBODY_ELSES = "This plan is somebody else's. `/plan` is for your own."
WITHDRAWN = "You have withdrawn this plan. `/plan` makes a new one."
SETTLED = "Your check-in has told how this plan went, so it stays as it is. `/plan` makes the next one."
NO_HOME = "Your group has no place to meet at the moment. Your plan is kept: show it once the group has one again."
NO_ITEM = "This plan is about no part of the path, so there is nothing to mark. `/progress complete` marks any part."


class PlanService:
    """What members plan for their groups. Its methods open their own transaction, but those that take a session."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        progress: ProgressService,
        next_step: NextStepService,
        *,
        dispatcher: Dispatcher,
    ) -> None:
        self._database = database
        self._clock = clock
        self._progress = progress
        self._next_step = next_step
        self._dispatcher = dispatcher

    # Which group

    async def list_groups(self, member_id: int, guild_id: int | None) -> tuple[Group, ...]:
        """The groups that a member may plan for; outside of a server all of theirs."""
        async with self._database.transaction() as session:
            return await groups_store.list_groups_of(session, member_id, guild_id)

    async def choose_group(
        self, member_id: int, guild_id: int | None, typed: str | None = None, channel_id: int | None = None
    ) -> Group:
        """The group that is meant: the one that was named, the one that lives here, or the only one.

        Raises:
            MemberError: there is none, it is not clear which one, or the member is in no such group.
        """
        groups = await self.list_groups(member_id, guild_id)
        if not groups:
            raise MemberError(NO_GROUP)
        if typed:
            found = pick_group(groups, typed)
            if found is None:
                raise MemberError(UNKNOWN_GROUP)
            return found
        if len(groups) == 1:
            return groups[0]
        here = [group for group in groups if group.home_id == channel_id]
        if not here:
            raise MemberError(WHICH_GROUP)
        return here[0]

    async def find_group_of(self, plan_id: int) -> int:
        """The group that a plan was made for.

        Raises:
            MemberError: there is no such plan any more.
        """
        async with self._database.transaction() as session:
            plan = await store.find_plan(session, plan_id)
        if plan is None:
            raise MemberError(UNKNOWN)
        return plan.group_id

    # The plan of a member

    async def open(self, member_id: int, group_id: int) -> PlanView | PlanDraft:
        """The present plan, or what the window of a new one begins with.

        Raises:
            MemberError: the member is not in this group.
        """
        async with self._database.transaction() as session:
            group = await _find_group(session, group_id, member_id)
            plan = await _find_present(session, member_id, group_id)
            if plan is not None:
                return await _view(session, plan, group)
        return await self._suggest(member_id, group)

    async def draft(self, member_id: int, group_id: int) -> PlanDraft:
        """What the window begins with: the plan that is there, or the next step.

        Raises:
            MemberError: the member is not in this group.
        """
        async with self._database.transaction() as session:
            group = await _find_group(session, group_id, member_id)
            plan = await _find_present(session, member_id, group_id)
        if plan is not None:
            return PlanDraft(group.id, group.name, plan.text, plan.item, None, plan)
        return await self._suggest(member_id, group)

    async def draft_of(self, plan_id: int, member_id: int) -> PlanDraft:
        """What the window to change a plan begins with.

        Raises:
            MemberError: it is not there, not theirs, withdrawn or settled, or the member is not in its group any more.
        """
        async with self._database.transaction() as session:
            plan = await _find_own(session, plan_id, member_id)
        if plan.outcome is not None:
            raise MemberError(SETTLED)
        draft = await self.draft(member_id, plan.group_id)
        return draft if draft.plan else replace(draft, text=plan.text, item=plan.item, source=None)

    async def _suggest(self, member_id: int, group: Group) -> PlanDraft:
        step = await self._next_step.find_study(member_id)
        if step is None:
            return PlanDraft(group.id, group.name, PlanText(""), None, None, None)
        return PlanDraft(group.id, group.name, rules.suggest(step), _item_of(step), FROM_NEXT, None)

    async def save(self, member_id: int, group_id: int, text: PlanText) -> PlanView:
        """Write the plan down, or change the present one; a message that shows it changes with it.

        Raises:
            MemberError: the member is not in this group, or the text is empty.
        """
        text = rules.tidy(text)
        if not text.what:
            raise MemberError(NO_TEXT)
        draft = await self.draft(member_id, group_id)
        item = await self.find_item(member_id, text.what, [draft.item])
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            group = await _find_group(session, group_id, member_id)
            week_id = await store.find_newest_week(session, group_id)
            present = await store.find_plan_of_week(session, member_id, group_id, week_id)
            state = present.state if present else PlanState.PRIVATE
            plan = await self.put(session, member_id, group_id, week_id, text, item, now, state=state)
            if plan.state is PlanState.SHOWN:
                await _show_in_checkins(session, plan, now)
            return await _view(session, plan, group)

    async def find_item(self, member_id: int, what: str, likely: Sequence[str | None] = ()) -> str | None:
        """The part of the path that a plan names, out of the `likely` ones and the next step; None: none of them.

        Also for plans that are made in a check-in.
        """
        step = await self._next_step.find_study(member_id)
        wanted = dict.fromkeys(item for item in (*likely, _item_of(step)) if item)
        parts = await self._progress.find_items(member_id, list(wanted))
        return next((part.id for part in parts if rules.names_part(what, part)), None)

    async def show(self, plan_id: int, member_id: int) -> PlanView:
        """Let the group see it.

        Raises:
            MemberError: it is not there, not theirs, withdrawn or settled; or the group or its home is gone.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            plan = await _find_own(session, plan_id, member_id)
            if plan.outcome is not None:
                raise MemberError(SETTLED)
            group = await _find_group(session, plan.group_id, member_id)
            if group.home_id is None:
                raise MemberError(NO_HOME)
            return await self._set_state(session, plan, group, PlanState.SHOWN, now)

    async def keep(self, plan_id: int, member_id: int) -> PlanView:
        """Keep it from the group, or take it away from there. It goes on to hold.

        Raises:
            MemberError: it is not there, not theirs, or withdrawn.
        """
        return await self._take_away(plan_id, member_id, PlanState.PRIVATE)

    async def withdraw(self, plan_id: int, member_id: int) -> PlanView:
        """Take it back: it counts for nothing.

        Raises:
            MemberError: it is not there, not theirs, or withdrawn already.
        """
        return await self._take_away(plan_id, member_id, PlanState.WITHDRAWN)

    async def _take_away(self, plan_id: int, member_id: int, state: PlanState) -> PlanView:
        """Also for who has left the group: what is theirs can be taken away at any time."""
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            plan = await _find_own(session, plan_id, member_id)
            group = await groups_store.find_group(session, plan.group_id)
            if group is None:
                raise MemberError(UNKNOWN)
            return await self._set_state(session, plan, group, state, now)

    async def _set_state(
        self, session: AsyncSession, plan: Plan, group: Group, state: PlanState, now: datetime
    ) -> PlanView:
        if plan.state is not state:
            await store.update_plan(session, plan.id, now, state=state.value)
            await _show_in_checkins(session, plan, now)
            await store.plan_show(session, plan.id, now)
        return await _view(session, await _reload(session, plan), group)

    async def finish_item(self, plan_id: int, member_id: int, *, minutes: int | None = None) -> Change:
        """Mark the part that a plan was about as done; a second click changes nothing.

        `minutes` is the time that it took, 0 if that is counted already; without it, what is left of the estimate.

        Raises:
            MemberError: the plan is not there, not theirs, withdrawn, or about no part of the path.
        """
        async with self._database.transaction() as session:
            plan = await _find_own(session, plan_id, member_id)
        if plan.item is None:
            raise MemberError(NO_ITEM)
        return await self._progress.settle_item(
            member_id, plan.item, State.DONE, minutes=minutes, key=f"plan:{plan.id}"
        )

    # In transactions of others, for example when a check-in is sent

    async def settle(self, session: AsyncSession, plan: Plan, outcome: Outcome | None, now: datetime) -> None:
        """Note how a plan went; None takes that back. The learner's row is locked by the caller."""
        if plan.outcome is outcome:
            return
        values = {"outcome": outcome.value if outcome else None, "settled_at": now if outcome else None}
        await store.update_plan(session, plan.id, now, **values)

    async def put(  # noqa: PLR0917 - as those who call it have agreed
        self,
        session: AsyncSession,
        member_id: int,
        group_id: int,
        week_id: int | None,
        text: PlanText,
        item: str | None,
        now: datetime,
        *,
        state: PlanState,
    ) -> Plan:
        """Change the member's plan of that week, or add one. The learner's row is locked by the caller.

        A message of its own is brought up to date; the check-in in which it is made shows it by itself.
        """
        text = rules.tidy(text)
        present = await store.find_plan_of_week(session, member_id, group_id, week_id)
        if present is None:
            return await store.add_plan(
                session, member_id, group_id, week_id=week_id, text=text, now=now, item=item, state=state
            )
        await store.update_text(session, present.id, text, now)
        await store.update_plan(session, present.id, now, item=item, state=state.value)
        plan = await _reload(session, present)
        if plan.message_id is not None or state is PlanState.SHOWN:
            await store.plan_show(session, plan.id, now)
        return plan

    # The group's message, for the handler

    async def find_shown(self, plan_id: int) -> tuple[Plan, Group, bool] | None:
        """A plan, its group, and whether there has to be a message of it; None if the plan is gone."""
        async with self._database.transaction() as session:
            plan = await store.find_plan(session, plan_id)
            group = await groups_store.find_group(session, plan.group_id) if plan else None
            if plan is None or group is None:
                return None
            is_elsewhere = await store.find_checkin(session, plan) is not None
        is_wanted = plan.state is PlanState.SHOWN and not is_elsewhere and group.state is not GroupState.ENDED
        return plan, group, is_wanted

    async def record_shown(self, occurrence: Occurrence, channel_id: int | None, message_id: int | None) -> None:
        """Write down where the group's message of a plan is, or that there is none.

        A message of a plan that is gone by now has to go, too.

        Raises:
            ClaimLost: somebody else has taken it over.
        """
        now, plan_id = self._clock(), occurrence.subject_id
        async with self._database.transaction() as session:
            if await store.find_plan(session, plan_id) is not None:
                await store.update_message(session, plan_id, channel_id, message_id)
            elif channel_id is not None and message_id is not None:
                await groups_store.plan_erase(session, channel_id, message_id, now)
            await self._dispatcher.end(session, occurrence, WorkState.DONE)

    async def give_up(self, occurrence: Occurrence, note: str | None = None) -> None:
        """It cannot be shown: it is private again. Without a note that work has been ended.

        A message that is still there is tried again in a day, until it is gone.

        Raises:
            ClaimLost: somebody else has taken it over.
        """
        now, plan_id = self._clock(), occurrence.subject_id
        async with self._database.transaction() as session:
            plan = await store.find_plan(session, plan_id)
            if plan is not None and plan.state is PlanState.SHOWN:
                await store.update_plan(session, plan_id, now, state=PlanState.PRIVATE.value)
            if note is not None:
                await store.update_message(session, plan_id, None, None)  # its home is gone
            elif plan is not None and plan.message_id is not None:
                await try_tomorrow(session, occurrence, now)
            if note is not None:
                await self._dispatcher.end(session, occurrence, WorkState.SKIPPED, note)

    async def note_unwell(self, group_id: int) -> None:
        """The home of a group is lost or out of reach: have somebody look after it."""
        async with self._database.transaction() as session:
            await groups_store.plan_tend(session, group_id, self._clock())


def _item_of(step: Recommendation | None) -> str | None:
    """What can be marked as done afterwards. The choice of a project is marked by choosing one."""
    return None if step is None or step.kind is Kind.CHOOSE else step.target


async def _find_group(session: AsyncSession, group_id: int, member_id: int) -> Group:
    """A group that the member is in now.

    Raises:
        MemberError: they are not.
    """
    group = await groups_store.find_group(session, group_id)
    member = await groups_store.find_member(session, group_id, member_id)
    if group is None or group.state is GroupState.ENDED or member is None or member.left_at is not None:
        raise MemberError(NOT_IN_GROUP)
    return group


async def _find_present(session: AsyncSession, member_id: int, group_id: int) -> Plan | None:
    week_id = await store.find_newest_week(session, group_id)
    return await store.find_plan_of_week(session, member_id, group_id, week_id)


async def _find_own(session: AsyncSession, plan_id: int, member_id: int) -> Plan:
    plan = await store.find_plan(session, plan_id)
    if plan is None:
        raise MemberError(UNKNOWN)
    if plan.member_id != member_id:
        raise MemberError(SOMEBODY_ELSES)
    if plan.state is PlanState.WITHDRAWN:
        raise MemberError(WITHDRAWN)
    return plan


async def _reload(session: AsyncSession, plan: Plan) -> Plan:
    return await store.find_plan(session, plan.id) or plan


async def _view(session: AsyncSession, plan: Plan, group: Group) -> PlanView:
    next_prompt_at = await groups_store.find_next_prompt(session, group.id)
    is_in_checkin = await store.find_checkin(session, plan) is not None
    return PlanView(plan, group.name, group.home_id, next_prompt_at, is_in_checkin)


async def _show_in_checkins(session: AsyncSession, plan: Plan, now: datetime) -> None:
    """Have the check-ins brought up to date in which the group reads of this plan."""
    for checkin_id in await store.list_showing(session, plan):
        await store.plan_show_checkin(session, checkin_id, now)
