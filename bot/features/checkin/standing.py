"""Where a member stands in a week of their group: what they see of their check-in, what the group sees of it.

Everything here only reads, inside the transactions of the service.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.checkin import store
from bot.features.checkin.models import (
    Checkin,
    CheckinDraft,
    CheckinState,
    Digest,
    DigestLine,
    KnownEvidence,
    Panel,
    RhythmFigure,
    Shown,
    Week,
    WeekMember,
)
from bot.features.checkin.rules import forms, known
from bot.features.checkin.rules.rhythm import can_check_in, find_rhythm
from bot.features.groups import store as groups_store
from bot.features.groups.models import Group, GroupMember
from bot.features.plan import store as plan_store
from bot.features.plan.models import Outcome, Plan, PlanState
from bot.features.progress import store as progress_store
from bot.features.progress.models import Learner, Profile
from bot.features.progress.rules.path import extra_item
from bot.features.progress.service import ProgressService
from knowledge.curriculum import Curriculum

UNKNOWN = "I no longer have this check-in on record. `/checkin` shows the one that is open."
OPENING = "This check-in is just being opened. Click once more in a minute."
NOT_A_MEMBER = "This is for the members of the group. `/group list` shows which groups you can join."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member stands in a week of their group. `plan` is the one that the check-in asks about."""

    group: Group
    membership: GroupMember
    week: Week
    asked: WeekMember | None
    checkin: Checkin | None
    plan: Plan | None
    next_plan: Plan | None

    @property
    def is_kept(self) -> bool:
        return self.checkin is not None and self.checkin.state.counts

    @property
    def draft(self) -> CheckinDraft:
        """What a change begins with."""
        return forms.begin_draft(self.checkin, self.next_plan)


class Standings:
    """Reads where members stand."""

    def __init__(self, clock: Clock, curriculum: Curriculum, progress: ProgressService) -> None:
        self._clock = clock
        self._curriculum = curriculum
        self._progress = progress

    async def place(self, session: AsyncSession, week_id: int, member_id: int) -> Place:
        """Where a member of the group stands in a week that has opened.

        Raises:
            MemberError: they are not a member, or the week is unknown or not open yet.
        """
        week = await store.find_week(session, week_id)
        if week is None:
            raise MemberError(UNKNOWN)
        if week.opened_at is None:
            raise MemberError(OPENING)
        place = await self.find_place(session, week_id, member_id)
        if place is None or place.membership.left_at is not None:
            raise MemberError(NOT_A_MEMBER)
        return place

    async def find_place(self, session: AsyncSession, week_id: int, member_id: int) -> Place | None:
        """Where a member stands in a week, also one who has left; None if they never were in the group."""
        week = await store.find_week(session, week_id)
        group = await groups_store.find_group(session, week.group_id) if week is not None else None
        membership = await groups_store.find_member(session, group.id, member_id) if group is not None else None
        if week is None or group is None or membership is None:
            return None
        checkin = await store.find_checkin(session, week_id, member_id)
        next_plan = await plan_store.find_plan_of_week(session, member_id, group.id, week_id)
        if checkin is not None and checkin.draft is not None:
            checkin = replace(checkin, draft=forms.follow_plan(checkin.draft, next_plan))
        return Place(
            group,
            membership,
            week,
            await store.find_week_member(session, week_id, member_id),
            checkin,
            await self.find_plan(session, week, member_id, checkin),
            next_plan,
        )

    async def find_plan(
        self, session: AsyncSession, week: Week, member_id: int, checkin: Checkin | None
    ) -> Plan | None:
        """The plan that a check-in asks about, or was about; none if that of another week has told how it went."""
        plan = await plan_store.find_plan_before(session, member_id, week.group_id, week.planned_at)
        if plan is None:
            return None
        told = checkin.id if checkin is not None and checkin.state.counts and checkin.outcome is not None else None
        return plan if await store.find_settling(session, plan) == told else None

    async def place_of(self, session: AsyncSession, checkin: Checkin | None) -> Place | None:
        """Where the member stands who has made a check-in."""
        return None if checkin is None else await self.find_place(session, checkin.week_id, checkin.member_id)

    # What the member sees

    async def panel(self, session: AsyncSession, place: Place) -> Panel:
        """Everything that a member sees of their own check-in."""
        everything = await self.list_known(session, place)
        return Panel(
            place.group,
            place.membership,
            place.week,
            place.asked,
            place.checkin,
            place.plan,
            place.next_plan,
            everything[: known.MOST_KNOWN],
            place.draft.known,
            await self._preview(session, place),
            await self.rhythm(session, place.membership.member_id, place.group.id),
            can_check_in(place.week, place.asked, self._clock(), is_kept=place.is_kept),
            await groups_store.find_next_prompt(session, place.group.id),
        )

    async def newest_panel(self, session: AsyncSession, group: Group, member_id: int) -> Panel:
        """The panel of the newest week of a group, also before the first one.

        Raises:
            MemberError: they are not a member.
        """
        week = await store.find_newest_week(session, group.id)
        if week is not None:
            return await self.panel(session, await self.place(session, week.id, member_id))
        membership = await groups_store.find_member(session, group.id, member_id)
        if membership is None:
            raise MemberError(NOT_A_MEMBER)
        next_plan = await plan_store.find_plan_of_week(session, member_id, group.id, None)
        next_at = await groups_store.find_next_prompt(session, group.id)
        nothing = (None, None, None, None, next_plan, (), (), None, RhythmFigure(0, 0))
        return Panel(group, membership, *nothing, can_check_in=False, next_prompt_at=next_at)

    async def rhythm(self, session: AsyncSession, member_id: int, group_id: int) -> RhythmFigure:
        """How many of their last planned weeks in a group a member has kept."""
        records = await store.list_records(session, group_id, [member_id])
        return find_rhythm(records[member_id], self._clock())

    # What the group sees

    async def shown_now(self, session: AsyncSession, place: Place) -> Shown | None:
        """What the group sees of what was sent; None if it sees nothing of it."""
        checkin, plan = place.checkin, place.next_plan
        if checkin is None or checkin.state is not CheckinState.SHARED:
            return None
        return await self._shown(session, place, checkin, forms.begin_draft(replace(checkin, draft=None), plan))

    async def _preview(self, session: AsyncSession, place: Place) -> Shown | None:
        """What the group will see once the draft is sent; without a draft, what it sees now."""
        if place.checkin is None or place.checkin.draft is None:
            return await self.shown_now(session, place)
        draft, before = place.checkin.draft, place.next_plan
        if draft.next_plan is None and not place.is_kept and before is not None and before.state is PlanState.SHOWN:
            draft = replace(draft, next_plan=before.text)  # the group sees it already, and it is not taken back
        return await self._shown(session, place, place.checkin, draft)

    async def _shown(self, session: AsyncSession, place: Place, checkin: Checkin, draft: CheckinDraft) -> Shown:
        evidence = [*(one.text for one in draft.known), *([draft.evidence] if draft.evidence else [])]
        is_first = checkin.sent_at is None
        return Shown(
            checkin.id,
            checkin.member_id,
            place.group.name,
            place.plan if place.plan is not None and place.plan.state is PlanState.SHOWN else None,
            draft.outcome,
            tuple(evidence),
            draft.learned,
            draft.blocker if draft.shows_blocker else "",
            draft.next_plan,
            await self._partner(session, place),
            place.week.closed_at is not None if is_first else checkin.is_repair,
        )

    async def _partner(self, session: AsyncSession, place: Place) -> int | None:
        """Who is asked to reply, if they are still in the group and not away by now."""
        partner = place.asked.partner_id if place.asked is not None else None
        if partner is None or partner not in await store.list_member_ids(session, place.group.id, self._clock()):
            return None
        asked = await store.find_week_member(session, place.week.id, partner)
        return partner if asked is None or not asked.is_away else None

    # How a week went

    async def digest(self, session: AsyncSession, week: Week, group: Group) -> Digest:
        """How a week went for those who were in the group when it closed, or are now while it is open."""
        now = self._clock()
        stayed = await store.list_member_ids(session, group.id, week.closed_at or now)
        asked = [member for member in await store.list_week_members(session, week.id) if member.member_id in stayed]
        checkins = [one for one in await store.list_checkins(session, week.id) if one.member_id in stayed]
        records = await store.list_records(session, group.id, [one.member_id for one in checkins])
        lines = [
            await self._digest_line(session, group, one, find_rhythm(records[one.member_id], now)) for one in checkins
        ]
        came = {one.member_id for one in checkins}
        expected = {member.member_id for member in asked if not member.is_away}
        settled = await self._list_outcomes(session, week, checkins)
        return Digest(
            week,
            group,
            tuple(lines),
            asked=len(expected),
            quiet=len(expected - came),
            away=sum(member.is_away and member.member_id not in came for member in asked),
            plans_kept=settled.count(Outcome.DONE),
            plans_settled=len(settled),
            replies=await store.count_replies(session, week.id),
            next_prompt_at=await groups_store.find_next_prompt(session, group.id),
        )

    async def _digest_line(
        self, session: AsyncSession, group: Group, checkin: Checkin, rhythm: RhythmFigure
    ) -> DigestLine:
        if checkin.state is CheckinState.PRIVATE:
            return DigestLine(checkin.member_id, None, None, True, checkin.is_repair, rhythm)
        plan = await plan_store.find_plan_of_week(session, checkin.member_id, group.id, checkin.week_id)
        shown = plan if plan is not None and plan.state is PlanState.SHOWN else None
        return DigestLine(checkin.member_id, checkin.outcome, shown, False, checkin.is_repair, rhythm)

    async def _list_outcomes(
        self, session: AsyncSession, week: Week, checkins: Sequence[Checkin]
    ) -> tuple[Outcome, ...]:
        """What became of the plans that the group saw, of those that these check-ins told it of."""
        outcomes = []
        for checkin in checkins:
            if checkin.state is not CheckinState.SHARED or checkin.outcome is None:
                continue
            plan = await self.find_plan(session, week, checkin.member_id, checkin)
            if plan is not None and plan.state is PlanState.SHOWN:
                outcomes.append(checkin.outcome)
        return tuple(outcomes)

    # What the tutor knows

    async def window(self, session: AsyncSession, place: Place) -> tuple[datetime, datetime]:
        """The time that a check-in is about: since the one before, until its week closes, or it is sent later."""
        member_id, week = place.membership.member_id, place.week
        last = await store.find_last_sent(session, member_id, place.group.id, week.planned_at)
        since = week.planned_at - known.LOOK_BACK if last is None else min(last)
        now, sent_at = self._clock(), place.checkin.sent_at if place.checkin is not None else None
        return since, min(now, max(sent_at or now, week.closes_at))

    async def list_known(self, session: AsyncSession, place: Place) -> tuple[KnownEvidence, ...]:
        """Everything that the member did in the time that the check-in is about, the newest first."""
        since, until = await self.window(session, place)
        member_id = place.membership.member_id
        done = await store.list_done(session, member_id, since, until)
        rounds = await store.list_answered(session, member_id, since, until)
        titles = await self._titles(session, member_id, done, rounds)
        return known.list_known(done, rounds, titles, since.date())

    async def _titles(
        self,
        session: AsyncSession,
        member_id: int,
        done: Sequence[known.DoneItem],
        rounds: Sequence[known.AnsweredRound],
    ) -> known.Titles:
        profile = await progress_store.find_profile(session, member_id)
        path = self._progress.path_of(Learner(profile or Profile(member_id, joined_at=self._clock())))
        names = {name for one in done for name in (one.item, one.item.partition("/")[0])}
        found = {name: path.find(name) or extra_item(self._curriculum, name) for name in names}
        topics = {one.topic: self._topic(one.topic) for one in rounds}
        return known.Titles(
            {name: item for name, item in found.items() if item is not None},
            {topic: title for topic, title in topics.items() if title is not None},
        )

    def _topic(self, topic: str) -> str | None:
        """What a quiz was about, in words; None if it was about nothing in particular."""
        kind, _, id_ = topic.partition(":")
        if kind == "step":
            return f"step {id_}"
        concept = self._curriculum.concepts.get(id_)
        return concept.title if concept is not None else None
