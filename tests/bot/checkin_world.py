"""A study group with check-ins on a test's database, at a time that the test sets, and who does what the cog does."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.features.checkin import store
from bot.features.checkin.models import DIGEST, SHOW, CheckinForm
from bot.features.checkin.service import CheckinService
from bot.features.groups import store as groups_store
from bot.features.groups.models import PROMPT, GroupPlan
from bot.features.plan import store as plan_store
from bot.features.progress.service import ProgressService
from bot.scheduling import store as schedule
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Rhythm
from bot.storage.tables import OccurrenceRow, PlanRow
from tests.bot.small_curriculum import capstone_of, concept_of, curriculum_of, resource_of, step_of, unit_of

GUILD, HALL, HOME = 2**62, 70, 77
ADA, GRACE, EVE, LINUS = 11, 22, 33, 2**63 - 1
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 30, 18, tzinfo=BERLIN)
"""The first check-in of a group that checks in on Mondays at six in Berlin; it closes on Wednesday at six."""
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
CLOSING = MONDAY + 2 * DAY
LEASE = timedelta(minutes=5)

CURRICULUM = curriculum_of(
    step_of(1, core=("course",)),
    step_of(4),
    resources={
        "course": resource_of(unit_of("one", ("slope",)), unit_of("two", ("chain",), 90), title="A course"),
        "extra": resource_of(unit_of("a", ("slope",), 20), unit_of("b", ("chain",), 20), title="An extra"),
    },
    concepts={"slope": concept_of(title="Slopes"), "chain": concept_of(title="Chain rule")},
    capstones={"robot": capstone_of(4, ("slope",), title="A robot")},
    milestones={"robot": ("Build it.", "Try it."), "capstone-1": ("Think.", "Do.")},
)


def plan_with(**values):
    """A group on Mondays at six in Berlin, whose check-in is open for two days."""
    standard = GroupPlan(GUILD, "Owls", HALL, Rhythm(0, 18 * 60, "Europe/Berlin"))
    return replace(standard, **values)


def form(outcome=None, evidence="", learned="", blocker="", next_plan=""):
    return CheckinForm(outcome, evidence, learned, blocker, next_plan)


class World:
    """One process with its services. Messages that it posts get ids from 1000 on."""

    def __init__(self, database, now=MONDAY - DAY, *, worker="here", curriculum=CURRICULUM):
        self.database = database
        self.now = now
        self.message_ids = itertools.count(1000)
        clock = lambda: self.now.astimezone(UTC)
        self.clock = clock
        self.dispatcher = Dispatcher(database, clock, worker=worker)
        self.progress = ProgressService(database, clock, curriculum)
        self.checkins = CheckinService(database, clock, curriculum, self.progress, dispatcher=self.dispatcher)

    # The group

    async def found(self, *members, home_id=HOME, **values):
        """A group of these members, the first of whom owns it, with its home open and its first check-in planned."""
        async with self.database.transaction() as session:
            group = await groups_store.add_group(session, plan_with(**values), members[0], members, self.now)
        return await self.set_home(group.id, home_id)

    async def set_home(self, group_id, home_id=HOME):
        async with self.database.transaction() as session:
            state = "active" if home_id is not None else "homeless"
            await groups_store.update_group(session, group_id, self.now, home_id=home_id, state=state)
            group = await groups_store.find_group(session, group_id)
            await groups_store.plan_prompt(session, group, self.now)
        return group

    async def change_group(self, group_id, **values):
        async with self.database.transaction() as session:
            await groups_store.update_group(session, group_id, self.now, **values)

    async def change_member(self, group_id, member_id, **values):
        async with self.database.transaction() as session:
            await groups_store.update_member(session, group_id, member_id, **values)

    async def join(self, group_id, member_id):
        async with self.database.transaction() as session:
            await groups_store.progress_store.add_learner(session, member_id, self.now)
            await groups_store.add_member(session, group_id, member_id, self.now)

    async def leave(self, group_id, member_id):
        await self.change_member(group_id, member_id, left_at=self.now)

    async def end(self, group_id):
        async with self.database.transaction() as session:
            await groups_store.end_group(session, group_id, self.now)

    # What the cog does

    async def claim(self, kind=PROMPT):
        """The first piece of work that is due, which this process takes."""
        async with self.database.transaction() as session:
            claimed = await schedule.claim_due(
                session, self.dispatcher.worker, self.clock(), limit=1, lease=LEASE, kinds=(kind,)
            )
        return claimed[0] if claimed else None

    async def ask(self):
        """Post the check-in that is due; the week."""
        occurrence = await self.claim()
        prompt = await self.checkins.prepare(occurrence)
        await self.checkins.record_opened(occurrence, prompt.week.id, next(self.message_ids))
        return await self.week(prompt.week.id)

    async def close(self, week, now=None):
        """Close a week when it is over; its digest."""
        self.now = max(self.now, week.closes_at) if now is None else now
        occurrence = await self.claim(DIGEST)
        digest = await self.checkins.find_digest(week.id)
        await self.checkins.record_closed(occurrence, week.id, next(self.message_ids) if digest else None)
        return digest

    async def show(self):
        """Bring the group's messages of check-ins up to date; the last one as it is shown."""
        shown = None
        while (occurrence := await self.claim(SHOW)) is not None:
            checkin, _, shown = await self.checkins.find_shown(occurrence.subject_id)
            message_id = (checkin.message_id or next(self.message_ids)) if shown else None
            await self.checkins.record_shown(occurrence, checkin.id, HOME if shown else None, message_id)
        return shown

    async def check_in(self, week, member_id, *, is_private=False, **values):
        """Write and send a check-in; the panel."""
        await self.checkins.save(week.id, member_id, form(**({"learned": "A lot."} | values)))
        return await self.checkins.send(week.id, member_id, is_private=is_private)

    async def live_a_week(self, *members, **values):
        """Ask at the planned time, have these members check in at once, and close the week."""
        week = await self.ask()
        for member_id in members:
            await self.check_in(week, member_id, **values)
        await self.show()
        await self.close(week)
        return await self.week(week.id)

    # Looking

    async def week(self, week_id):
        async with self.database.transaction() as session:
            return await store.find_week(session, week_id)

    async def members(self, week_id):
        async with self.database.transaction() as session:
            return await store.list_week_members(session, week_id)

    async def checkin(self, week_id, member_id):
        async with self.database.transaction() as session:
            return await store.find_checkin(session, week_id, member_id)

    async def plans(self, member_id):
        """The texts, states and outcomes of a member's plans, the oldest first."""
        query = select(PlanRow.what, PlanRow.state, PlanRow.outcome).where(PlanRow.member_id == member_id)
        return await self._rows(query.order_by(PlanRow.id))

    async def work(self, *kinds):
        """The scheduled work of these kinds: kind, slot, state and note, in the order in which it was planned."""
        columns = (OccurrenceRow.kind, OccurrenceRow.slot, OccurrenceRow.state, OccurrenceRow.note)
        return await self._rows(select(*columns).where(OccurrenceRow.kind.in_(kinds)).order_by(OccurrenceRow.id))

    async def waiting(self, kind):
        """When work of this kind is due that waits."""
        query = select(OccurrenceRow.due_at).where(OccurrenceRow.kind == kind, OccurrenceRow.state == "waiting")
        return [due_at for (due_at,) in await self._rows(query.order_by(OccurrenceRow.due_at, OccurrenceRow.id))]

    async def _rows(self, query):
        async with self.database.transaction() as session:
            return [tuple(row) for row in await session.execute(query)]

    async def plan(self, member_id, group_id, text, week_id=None, **values):
        """A plan that was made with /plan."""
        async with self.database.transaction() as session:
            return await plan_store.add_plan(
                session, member_id, group_id, week_id=week_id, text=text, now=self.clock(), **values
            )
