"""Plans: rows <-> models."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.plan.models import SHOW, SHOW_CHECKIN, Outcome, Plan, PlanState, PlanText
from bot.scheduling import store as schedule
from bot.storage.tables import CheckinRow, GroupWeekRow, PlanRow

_SHARED = "shared"
"""The state of a check-in that the group sees."""

_MOST_SHOWING = 5
"""The check-in in which a plan was made, and those that asked about it until one said how it went."""


async def add_plan(
    session: AsyncSession,
    member_id: int,
    group_id: int,
    *,
    week_id: int | None,
    text: PlanText,
    now: datetime,
    item: str | None = None,
    state: PlanState = PlanState.PRIVATE,
) -> Plan:
    """A new plan. `week_id` is the newest week of the group that has opened (`find_newest_week`)."""
    row = PlanRow(
        member_id=member_id,
        group_id=group_id,
        week_id=week_id,
        what=text.what,
        by_when=text.by_when,
        place=text.place,
        fallback=text.fallback,
        item=item,
        state=state.value,
        made_at=now,
        changed_at=now,
    )
    session.add(row)
    await session.flush()
    return _plan(row)


async def update_plan(session: AsyncSession, plan_id: int, now: datetime, **values: Any) -> None:
    """Change columns of a plan, for example `outcome="done"`."""
    statement = update(PlanRow).where(PlanRow.id == plan_id).values(changed_at=now, **values)
    await session.execute(statement.execution_options(synchronize_session=False))


async def update_text(session: AsyncSession, plan_id: int, text: PlanText, now: datetime) -> None:
    """Change what a plan says."""
    values = {"what": text.what, "by_when": text.by_when, "place": text.place, "fallback": text.fallback}
    await update_plan(session, plan_id, now, **values)


async def update_message(session: AsyncSession, plan_id: int, channel_id: int | None, message_id: int | None) -> None:
    """Note where the group's message of a plan is; None if there is none."""
    statement = update(PlanRow).where(PlanRow.id == plan_id).values(channel_id=channel_id, message_id=message_id)
    await session.execute(statement.execution_options(synchronize_session=False))


async def find_plan(session: AsyncSession, plan_id: int) -> Plan | None:
    row = await session.get(PlanRow, plan_id, populate_existing=True)
    return None if row is None else _plan(row)


async def find_newest_week(session: AsyncSession, group_id: int) -> int | None:
    """The week of the group that has opened last; None before the first."""
    query = select(GroupWeekRow.id).where(GroupWeekRow.group_id == group_id, GroupWeekRow.opened_at.is_not(None))
    return await session.scalar(query.order_by(GroupWeekRow.planned_at.desc()).limit(1))


async def find_plan_before(session: AsyncSession, member_id: int, group_id: int, planned_at: datetime) -> Plan | None:
    """The plan that the check-in which was planned for that moment asks about: the newest one of an earlier week.

    One that the check-in of this week has settled already is found again; one that an earlier week settled is not.
    """
    query = (
        select(PlanRow, GroupWeekRow.planned_at)
        .outerjoin(GroupWeekRow, GroupWeekRow.id == PlanRow.week_id)
        .where(
            PlanRow.member_id == member_id,
            PlanRow.group_id == group_id,
            PlanRow.state != PlanState.WITHDRAWN.value,
            (PlanRow.week_id.is_(None)) | (GroupWeekRow.planned_at < planned_at),
        )
        .order_by(PlanRow.made_at.desc(), PlanRow.id.desc())
        .limit(1)
    )
    # Rows are written past the session's objects, so that one which somebody still holds would be out of date.
    found = (await session.execute(query.execution_options(populate_existing=True))).first()
    if found is None:
        return None
    plan = _plan(found[0])
    if found[0].settled_at is not None and found[0].settled_at < planned_at:
        return None
    return plan


async def find_plan_of_week(session: AsyncSession, member_id: int, group_id: int, week_id: int | None) -> Plan | None:
    """The newest plan that a member made while that week was the newest one; None for before the first."""
    is_there = PlanRow.week_id.is_(None) if week_id is None else PlanRow.week_id == week_id
    where = (PlanRow.member_id == member_id, PlanRow.group_id == group_id, is_there)
    query = select(PlanRow).where(*where, PlanRow.state != PlanState.WITHDRAWN.value)
    newest = query.order_by(PlanRow.made_at.desc(), PlanRow.id.desc()).limit(1)
    row = (await session.scalars(newest.execution_options(populate_existing=True))).first()
    return None if row is None else _plan(row)


async def find_checkin(session: AsyncSession, plan: Plan) -> int | None:
    """The check-in that shows this plan to the group as what comes next; None if there is none."""
    if plan.week_id is None:
        return None
    query = select(CheckinRow.id).where(CheckinRow.week_id == plan.week_id, CheckinRow.member_id == plan.member_id)
    return await session.scalar(query.where(CheckinRow.state == _SHARED))


async def list_showing(session: AsyncSession, plan: Plan) -> tuple[int, ...]:
    """The check-ins in which the group may read of a plan: as what comes next, or as what they tell about."""
    is_about = CheckinRow.sent_at >= plan.made_at
    query = (
        select(CheckinRow.id)
        .join(GroupWeekRow, GroupWeekRow.id == CheckinRow.week_id)
        .where(CheckinRow.member_id == plan.member_id, CheckinRow.state == _SHARED)
        .where(GroupWeekRow.group_id == plan.group_id)
        .where(is_about if plan.week_id is None else (CheckinRow.week_id == plan.week_id) | is_about)
    )
    return tuple(await session.scalars(query.order_by(CheckinRow.sent_at, CheckinRow.id).limit(_MOST_SHOWING)))


async def plan_show(session: AsyncSession, plan_id: int, now: datetime) -> None:
    """Have the group's message of a plan brought up to date, at once."""
    await schedule.add_now(session, SHOW, plan_id, now)


async def plan_show_checkin(session: AsyncSession, checkin_id: int, now: datetime) -> None:
    """Have the group's message of a check-in brought up to date, because the plan in it has changed."""
    await schedule.add_now(session, SHOW_CHECKIN, checkin_id, now)


def _plan(row: PlanRow) -> Plan:
    return Plan(
        id=row.id,
        member_id=row.member_id,
        group_id=row.group_id,
        week_id=row.week_id,
        text=PlanText(row.what, row.by_when, row.place, row.fallback),
        item=row.item,
        state=PlanState(row.state),
        outcome=Outcome(row.outcome) if row.outcome else None,
        channel_id=row.channel_id,
        message_id=row.message_id,
        made_at=row.made_at,
    )
