"""Rows of study groups, their weeks, check-ins and plans, as the slices of groups leave them."""

from datetime import UTC, datetime

from bot.features.groups import store as groups_store
from bot.features.groups.models import GroupPlan
from bot.scheduling.models import Rhythm
from bot.storage.tables import CheckinRow, GroupWeekRow, PlanRow

FOUNDED = datetime(2026, 1, 5, 18, tzinfo=UTC)
GUILD, CHANNEL, HOME = 2**62, 5, 6


class GroupRows:
    """Rows of study groups, as the slices of groups leave them."""

    def __init__(self, database):
        self._database = database
        self._weeks = 0

    async def found(self, *members, home_id=HOME):
        """A group of these learners; the first is its owner. It is asked every Tuesday at half past seven in Berlin."""
        plan = GroupPlan(GUILD, "The owls", 5, Rhythm(1, 1170, "Europe/Berlin"))
        async with self._database.transaction() as session:
            group = await groups_store.add_group(session, plan, members[0], members, FOUNDED)
            await groups_store.update_group(session, group.id, FOUNDED, home_id=home_id, state="active")
            return group.id

    async def leave(self, group_id, member_id):
        async with self._database.transaction() as session:
            await groups_store.update_member(session, group_id, member_id, left_at=FOUNDED)

    async def end(self, group_id):
        async with self._database.transaction() as session:
            await groups_store.end_group(session, group_id, FOUNDED)

    async def open_week(self, group_id, planned_at):
        """The prompt of a check-in has been posted."""
        self._weeks += 1
        times = {"planned_at": planned_at, "closes_at": planned_at, "opened_at": planned_at}
        async with self._database.transaction() as session:
            week = GroupWeekRow(group_id=group_id, slot=f"week {self._weeks}", channel_id=HOME, **times)
            session.add(week)
            await session.flush()
            return week.id

    async def check_in(self, group_id, member_id, sent_at, concepts=(), *, minutes=0, state="shared", week_id=None):
        """A check-in that was sent at that time, or a draft, in a week of its own."""
        made_at = sent_at or FOUNDED
        week_id = week_id or await self.open_week(group_id, made_at)
        texts = dict.fromkeys(("evidence", "learned", "blocker"), "")
        told = {"extra_minutes": minutes, "concepts": list(concepts), "state": state, "sent_at": sent_at}
        flags = {"shows_blocker": False, "known": [], "is_repair": False}
        times = {"made_at": made_at, "changed_at": made_at}
        async with self._database.transaction() as session:
            checkin = CheckinRow(week_id=week_id, member_id=member_id, **times, **texts, **told, **flags)
            session.add(checkin)
            await session.flush()
            return checkin.id

    async def plan(
        self, group_id, member_id, made_at, what="Read", *, item=None, state="shown", week_id=None, settled=None
    ):
        """A plan; `settled` is what became of it and when."""
        outcome, settled_at = settled or (None, None)
        texts = {"what": what, "by_when": "Thursday", "place": "", "fallback": ""}
        values = {"state": state, "item": item, "outcome": outcome, "settled_at": settled_at, "made_at": made_at}
        async with self._database.transaction() as session:
            plan = PlanRow(
                member_id=member_id, group_id=group_id, week_id=week_id, changed_at=made_at, **texts, **values
            )
            session.add(plan)
            await session.flush()
            return plan.id
