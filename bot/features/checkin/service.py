"""The use cases of the weekly check-in: ask for it, take it, show it to the group, close the week, sum it up.

Nothing here talks to Discord. What is posted is scheduled work: the cog asks what there is to post, posts it, and has
it recorded together with the end of that piece of work. In a transaction learners are locked first, then the group.
"""

from collections.abc import Collection, Sequence
from dataclasses import astuple, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.checkin import store
from bot.features.checkin.models import (
    DIGEST,
    NUDGE,
    REPLY,
    REPLY_LIMIT,
    Checkin,
    CheckinDraft,
    CheckinForm,
    CheckinState,
    Digest,
    Nudge,
    Panel,
    Prompt,
    Reply,
    RhythmFigure,
    Shown,
    Suggestion,
    Week,
    WeekMember,
)
from bot.features.checkin.rules import forms, known, notes, suggestions
from bot.features.checkin.rules.partners import choose_partners
from bot.features.checkin.rules.rhythm import can_check_in, find_rhythm
from bot.features.checkin.standing import NOT_A_MEMBER, UNKNOWN, Place, Standings
from bot.features.groups import store as groups_store
from bot.features.groups.models import Group, GroupMember
from bot.features.groups.rules import closes_at
from bot.features.plan import store as plan_store
from bot.features.plan.models import Plan, PlanState, PlanText
from bot.features.plan.service import NO_TEXT
from bot.features.progress import store as progress_store
from bot.features.progress.models import Evidence, EvidenceKind
from bot.features.progress.service import ProgressService
from bot.scheduling.dispatcher import Dispatcher, TryLater
from bot.scheduling.models import Occurrence, WorkState
from bot.scheduling.store import add_now, add_occurrence, try_tomorrow
from bot.storage.database import Database
from knowledge.curriculum import Curriculum

TOO_LATE = "This week is over and can no longer be made up. `/checkin` shows what comes next."
EMPTY = "Your check-in is still empty. Write one line about your week, then send it."
NOT_SENT = "This check-in has not been sent, so there is nothing to withdraw. `/checkin` shows what you have written."
NO_SUCH_TIME = "That is more time than a week of study has. Give the hours of this week, at most 100."
NOT_SHOWN = "This check-in is not shown any more, so nobody can reply to it. A word in the thread always works."
OWN = "This check-in is yours. Your partner replies to it, and you can answer in the thread."
NO_REPLY = "Your reply is empty. Write one line, then send it."

NUDGE_BEFORE = timedelta(hours=12)
"""So long before a week closes a quiet member is nudged."""

_PATIENT_TRIES = 3
"""So often a prompt waits for a digest that is due and comes before it."""
_MOST_CONCEPTS = 5


class CheckinService:
    """Everything about check-ins but Discord. Every method opens its own transaction."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        curriculum: Curriculum,
        progress: ProgressService,
        *,
        dispatcher: Dispatcher,
    ) -> None:
        self._database = database
        self._clock = clock
        self._curriculum = curriculum
        self._dispatcher = dispatcher
        self._standings = Standings(clock, curriculum, progress)

    # A week opens

    async def prepare(self, occurrence: Occurrence, *, is_lost: bool = False) -> Prompt | None:
        """What is posted when a week opens; None: there is nothing to post, and the work is ended here with a note.

        With `is_new` False an earlier try may have posted it: look for the message in the home. If it is not there,
        call this again with `is_lost`: then it may be too late by now, and the answer is None.

        Raises:
            ClaimLost: somebody else works on it now.
            TryLater: the digest of the week before is due, and comes first.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            group, members, week = await self._lock_prompt(session, occurrence)
            is_new = is_lost or week is None
            why_not = notes.why_not_open(group, members, week, occurrence.due_at, now, is_lost=is_lost)
            if group is None or why_not is not None:
                await self._end_prompt(session, occurrence, WorkState.SKIPPED, why_not)
                return None
            is_patient = week is None and occurrence.tries <= _PATIENT_TRIES
            if is_patient and await store.has_due_work(session, DIGEST, group.id, now):
                raise TryLater
            return await self._prepare(session, occurrence, group, members, is_new=is_new)

    async def _lock_prompt(
        self, session: AsyncSession, occurrence: Occurrence
    ) -> tuple[Group | None, tuple[GroupMember, ...], Week | None]:
        group_id = occurrence.subject_id
        await store.lock_members(session, group_id)
        await groups_store.lock(session, group_id)
        group = await groups_store.find_group(session, group_id)
        if group is not None:
            group = await groups_store.wake(session, group, self._clock())
        members = await groups_store.list_members(session, group_id)
        return group, members, await store.find_slot(session, group_id, occurrence.slot)

    async def _prepare(
        self,
        session: AsyncSession,
        occurrence: Occurrence,
        group: Group,
        members: Sequence[GroupMember],
        *,
        is_new: bool,
    ) -> Prompt:
        planned_at = occurrence.due_at
        week = await store.prepare_week(
            session,
            group.id,
            occurrence.slot,
            planned_at=planned_at,
            closes_at=closes_at(group.rhythm, group.window_days, planned_at),
            channel_id=group.home_id or group.parent_id,
        )
        present = [member.member_id for member in members if not member.is_away(planned_at)]
        partners = choose_partners(present, await store.count_weeks(session, group.id, planned_at))
        asked = tuple(
            WeekMember(member.member_id, member.is_away(planned_at), partners.get(member.member_id))
            for member in sorted(members, key=lambda member: member.member_id)
        )
        await store.replace_members(session, week.id, asked)
        return Prompt(week, group, asked, names_partners=any(partners.values()), is_new=is_new)

    async def record_opened(self, occurrence: Occurrence, week_id: int, message_id: int) -> None:
        """The prompt is posted: the week is open, the work is ended, and what follows is planned.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await self._lock_prompt(session, occurrence)
            week = await store.find_week(session, week_id)
            if week is None:
                await self._end_prompt(session, occurrence, WorkState.SKIPPED, notes.GONE)
                return
            await store.update_week(session, week_id, opened_at=now, prompt_message_id=message_id)
            await add_occurrence(session, DIGEST, week_id, "digest", week.closes_at)
            for member in await store.list_week_members(session, week_id):
                if not member.is_away:
                    slot, due_at = str(member.member_id), week.closes_at - NUDGE_BEFORE
                    await add_occurrence(session, NUDGE, week_id, slot, due_at, member_id=member.member_id)
            await self._end_prompt(session, occurrence, WorkState.DONE)

    async def give_up_prompt(self, occurrence: Occurrence, note: str) -> None:
        """It cannot be posted; the note says what mends that. Also fit for `on_failed`: then the work is not ended.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await self._lock_prompt(session, occurrence)
            await groups_store.update_group(session, occurrence.subject_id, now, note=note)
            await self._end_prompt(session, occurrence, WorkState.FAILED, note)

    async def _end_prompt(
        self, session: AsyncSession, occurrence: Occurrence, state: WorkState, note: str | None = None
    ) -> None:
        """End a prompt and plan the next one: that of the week after, be it late, so that no week goes by unnoted."""
        await store.delete_prepared(session, occurrence.subject_id, occurrence.slot)
        await self._end(session, occurrence, state, note)
        group = await groups_store.find_group(session, occurrence.subject_id)
        if group is not None:
            await groups_store.plan_prompt(session, group, occurrence.due_at, after=occurrence.due_at)

    async def _end(
        self, session: AsyncSession, occurrence: Occurrence, state: WorkState, note: str | None = None
    ) -> None:
        """End a piece of work, unless the dispatcher is about to, as it has failed for good."""
        if occurrence.state is not WorkState.FAILED:
            await self._dispatcher.end(session, occurrence, state, note)

    async def skip(self, occurrence: Occurrence, note: str | None = None) -> None:
        """End a piece of work of which there is nothing to do any more.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        async with self._database.transaction() as session:
            await self._end(session, occurrence, WorkState.SKIPPED, note)

    # A week closes

    async def find_digest(self, week_id: int) -> Digest | None:
        """How a week went; None if there is nothing to post. One that is posted already is always found."""
        async with self._database.transaction() as session:
            week = await store.find_week(session, week_id)
            group = await groups_store.find_group(session, week.group_id) if week is not None else None
            if week is None or group is None or week.opened_at is None:
                return None
            if week.digest_message_id is None and (
                week.closed_at is not None or await self._why_no_digest(session, week, group) is not None
            ):
                return None
            return await self._standings.digest(session, week, group)

    async def _why_no_digest(self, session: AsyncSession, week: Week, group: Group | None) -> str | None:
        return notes.why_no_digest(group, has_later_week=await store.has_later_week(session, week))

    async def record_closed(
        self, occurrence: Occurrence, week_id: int, message_id: int | None, note: str | None = None
    ) -> None:
        """The week is over. Without a message the note says why; if it is None, a fitting one is written.

        Also fit for `on_failed`: then the work is not ended.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            week = await store.find_week(session, week_id)
            if week is None:
                await self._end(session, occurrence, WorkState.SKIPPED, note or notes.GONE)
                return
            await groups_store.lock(session, week.group_id)
            group = await groups_store.find_group(session, week.group_id)
            members = await groups_store.list_members(session, week.group_id)
            await store.delete_absent(session, week_id, [member.member_id for member in members])
            await store.update_week(session, week_id, closed_at=now, digest_message_id=message_id)
            if message_id is not None:
                await self._end(session, occurrence, WorkState.DONE, note)
            else:
                note = note or await self._why_no_digest(session, week, group) or notes.NO_DIGEST
                await self._end(session, occurrence, WorkState.SKIPPED, note)

    async def record_refreshed(self, occurrence: Occurrence) -> None:
        """A posted digest is up to date.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        async with self._database.transaction() as session:
            await self._end(session, occurrence, WorkState.DONE)

    # Quiet members

    async def prepare_nudge(self, occurrence: Occurrence) -> Nudge | None:
        """Whom to nudge; None: nobody, and the work is ended here.

        It counts as sent from now on: if the program dies before it is recorded, it is not sent again.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        now = self._clock()
        member_id = int(occurrence.slot)
        async with self._database.transaction() as session:
            nudge = await self._nudge(session, occurrence.subject_id, member_id, now)
            if isinstance(nudge, str):
                await self._end(session, occurrence, WorkState.SKIPPED, nudge)
                return None
            if not await store.update_nudged(session, occurrence.subject_id, member_id, now):
                await self._end(session, occurrence, WorkState.SKIPPED, notes.PERHAPS_SENT)
                return None
        return nudge

    async def _nudge(self, session: AsyncSession, week_id: int, member_id: int, now: datetime) -> Nudge | str:
        week = await store.find_week(session, week_id)
        group = await groups_store.find_group(session, week.group_id) if week is not None else None
        if week is None or group is None:
            return notes.GONE
        membership = await groups_store.find_member(session, group.id, member_id)
        asked = await store.find_week_member(session, week_id, member_id)
        checkin = await store.find_checkin(session, week_id, member_id)
        is_kept = checkin is not None and checkin.state.counts
        why_not = notes.why_no_nudge(group, week, membership, asked, is_kept=is_kept, now=now)
        if why_not is not None or membership is None:
            return why_not or notes.LEFT
        plan = await self._standings.find_plan(session, week, member_id, checkin)
        by_dm = membership.by_dm and membership.dm_failed_at is None
        return Nudge(week, group, member_id, by_dm, plan)

    async def record_nudged(
        self, occurrence: Occurrence, nudge: Nudge, *, dm_failed: bool, note_at: tuple[int, int] | None = None
    ) -> None:
        """The note was sent. If a direct message was refused, they get none until they ask for them again.

        `note_at` is the channel and the message of one that waits in the home: it is deleted when the week closes.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            if dm_failed:
                await groups_store.update_member(session, nudge.group.id, nudge.member_id, dm_failed_at=now)
            if note_at is not None:
                await groups_store.plan_erase(session, *note_at, nudge.week.closes_at)
            await self._end(session, occurrence, WorkState.DONE, notes.DM_REFUSED if dm_failed else None)

    # What the group sees

    async def find_shown(self, checkin_id: int) -> tuple[Checkin, Group, Shown | None] | None:
        """What the group's message of a check-in has to be; None in place of it: it has to go. None: no check-in."""
        async with self._database.transaction() as session:
            checkin = await store.find_checkin_by_id(session, checkin_id)
            place = await self._standings.place_of(session, checkin)
            if checkin is None or place is None:
                return None
            return checkin, place.group, await self._standings.shown_now(session, place)

    async def record_shown(
        self,
        occurrence: Occurrence,
        checkin_id: int,
        channel_id: int | None,
        message_id: int | None,
        *,
        was_posted: bool = False,
    ) -> None:
        """The group's message agrees with the check-in; a digest that is posted is brought up to date next.

        `was_posted`: there is no message any more, but there was one.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.update_checkin(session, checkin_id, channel_id=channel_id, message_id=message_id)
            checkin = await store.find_checkin_by_id(session, checkin_id)
            if checkin is not None and checkin.posted_at is None and (message_id is not None or was_posted):
                await store.update_checkin(session, checkin_id, posted_at=now)
            week = await store.find_week(session, checkin.week_id) if checkin is not None else None
            if week is not None and week.digest_message_id is not None:
                await store.plan_refresh(session, week.id, now)
            if checkin is None and channel_id is not None and message_id is not None:
                await groups_store.plan_erase(session, channel_id, message_id, now)  # deleted while it was posted
            await self._end(session, occurrence, WorkState.DONE)

    async def show_later(self, occurrence: Occurrence) -> None:
        """The message does not agree with the check-in, and I may not change that now: it is tried again in a day."""
        async with self._database.transaction() as session:
            if await store.find_checkin_by_id(session, occurrence.subject_id) is not None:
                await try_tomorrow(session, occurrence, self._clock())

    async def find_reply(self, reply_id: int) -> tuple[Reply, Checkin, Group] | None:
        """A reply that is to be posted; None: what it replies to is not shown any more."""
        async with self._database.transaction() as session:
            reply = await store.find_reply(session, reply_id)
            checkin = await store.find_checkin_by_id(session, reply.checkin_id) if reply is not None else None
            if reply is None or checkin is None or checkin.state is not CheckinState.SHARED:
                return None
            place = await self._standings.place_of(session, checkin)
            return (reply, checkin, place.group) if place is not None else None

    async def record_reply(self, occurrence: Occurrence, reply_id: int, channel_id: int, message_id: int) -> None:
        """A reply is posted.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        async with self._database.transaction() as session:
            await store.update_reply(session, reply_id, channel_id=channel_id, message_id=message_id)
            if await store.find_reply(session, reply_id) is None:  # deleted while it was posted
                await groups_store.plan_erase(session, channel_id, message_id, self._clock())
            await self._end(session, occurrence, WorkState.DONE)

    # A member's own check-in

    async def list_open(self, member_id: int, guild_id: int) -> tuple[Panel, ...]:
        """The member's groups in a server, each with its newest week."""
        async with self._database.transaction() as session:
            groups = await groups_store.list_groups_of(session, member_id, guild_id)
            return tuple([await self._standings.newest_panel(session, group, member_id) for group in groups])

    async def find_earlier(self, week: Week, member_id: int) -> Week | None:
        """The last week before this one in which the member has checked in; that check-in can still be taken back."""
        async with self._database.transaction() as session:
            return await store.find_earlier(session, member_id, week.group_id, week.planned_at)

    async def open(self, week_id: int, member_id: int) -> Panel:
        """Everything that a member sees of their check-in of a week.

        Raises:
            MemberError: they are not a member, or the week is unknown.
        """
        async with self._database.transaction() as session:
            return await self._standings.panel(session, await self._standings.place(session, week_id, member_id))

    async def save(self, week_id: int, member_id: int, form: CheckinForm) -> Panel:
        """Keep what was written as a draft; nothing is sent. The window begins with what the draft holds.

        Raises:
            MemberError: they are not a member, or it is too late.
        """
        cleaned = forms.clean_form(form)
        async with self._database.transaction() as session:
            place = await self._begin(session, week_id, member_id)
            draft = forms.fill_draft(place.draft, cleaned, place.next_plan)
            return await self._keep(session, place, draft)

    async def set_plan(self, week_id: int, member_id: int, text: PlanText, item: str | None = None) -> Panel:
        """Put a plan for the next week into the draft; one that says nothing at all takes it out.

        Raises:
            MemberError: they are not a member, it is too late, or it does not say what is to be done.
        """
        plan = forms.clean_plan(text)
        if plan is None and any(part.strip() for part in astuple(text)):
            raise MemberError(NO_TEXT)
        async with self._database.transaction() as session:
            place = await self._begin(session, week_id, member_id)
            return await self._keep(session, place, forms.put_plan(place.draft, plan, item))

    async def add_known(self, week_id: int, member_id: int, keys: Collection[str]) -> Panel:
        """Put what the tutor knows into the draft; these in place of those that were chosen before.

        Raises:
            MemberError: they are not a member, or it is too late.
        """
        async with self._database.transaction() as session:
            place = await self._begin(session, week_id, member_id)
            chosen = known.choose_known(await self._standings.list_known(session, place), keys)[: known.MOST_KNOWN]
            return await self._keep(session, place, replace(place.draft, known=chosen))

    async def set_minutes(self, week_id: int, member_id: int, minutes: int | None) -> Panel:
        """Put into the draft how long the week took.

        Raises:
            MemberError: they are not a member, it is too late, or no week has so much time.
        """
        if minutes is not None and not 0 <= minutes <= forms.MOST_MINUTES:
            raise MemberError(NO_SUCH_TIME)
        async with self._database.transaction() as session:
            place = await self._begin(session, week_id, member_id)
            return await self._keep(session, place, replace(place.draft, minutes=minutes))

    async def set_shows_blocker(self, week_id: int, member_id: int, shows_blocker: bool) -> Panel:  # noqa: FBT001
        """Say in the draft whether the group sees what blocks them.

        Raises:
            MemberError: they are not a member, or it is too late.
        """
        async with self._database.transaction() as session:
            place = await self._begin(session, week_id, member_id)
            shows = shows_blocker and bool(place.draft.blocker)
            return await self._keep(session, place, replace(place.draft, shows_blocker=shows))

    async def set_concepts(self, week_id: int, member_id: int, concepts: Sequence[str]) -> None:
        """What the blocker is about, after it was answered: of the draft, or without one of what was sent."""
        taught = tuple(dict.fromkeys(one for one in concepts if one in self._curriculum.concepts))[:_MOST_CONCEPTS]
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            checkin = await store.find_checkin(session, week_id, member_id)
            if checkin is None:
                return
            if checkin.draft is not None:
                await store.update_draft(session, checkin.id, replace(checkin.draft, concepts=taught), now)
            elif checkin.blocker:
                await store.update_checkin(session, checkin.id, concepts=list(taught))
                await self._tell_learner_model(session, replace(checkin, concepts=taught))

    async def discard(self, week_id: int, member_id: int) -> Panel:
        """Drop what was written and not sent.

        Raises:
            MemberError: they are not a member.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            place = await self._standings.place(session, week_id, member_id)
            if place.checkin is not None and place.checkin.state is CheckinState.DRAFT:
                await store.delete_checkin(session, place.checkin.id)
            elif place.checkin is not None:
                await store.update_draft(session, place.checkin.id, None, now)
            return await self._standings.panel(session, await self._standings.place(session, week_id, member_id))

    async def send(self, week_id: int, member_id: int, *, is_private: bool) -> Panel:
        """Send what was written, to the group or (`is_private`) to the tutor alone; again to change it.

        Raises:
            MemberError: they are not a member, it is too late, or nothing was written.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            place = await self._begin(session, week_id, member_id)
            draft = place.draft
            if forms.is_empty(draft):
                raise MemberError(EMPTY)
            stored = await store.add_checkin(session, week_id, member_id, now)
            state = CheckinState.PRIVATE if is_private else CheckinState.SHARED
            extra_minutes = await self._extra_minutes(session, place, draft.minutes)
            is_over = place.week.closed_at is not None
            sent = forms.send_draft(stored, draft, state, now, extra_minutes=extra_minutes, is_over=is_over)
            await store.update_sent(session, sent, now)
            await self._settle(session, place, sent)
            await self._put_plan(session, place, draft, is_private=is_private)
            await self._tell_learner_model(session, sent)
            await store.plan_show(session, sent.id, now)
            return await self._standings.panel(session, await self._standings.place(session, week_id, member_id))

    async def withdraw(self, week_id: int, member_id: int) -> Panel:
        """Take a check-in back, also after leaving the group: as if it had not been made. Its text stays to be sent
        again.

        Raises:
            MemberError: the week is unknown, or nothing was sent.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            place = await self._begin(session, week_id, member_id, is_late_too=True)
            if place.checkin is None or place.checkin.state is CheckinState.DRAFT:
                raise MemberError(NOT_SENT)
            if place.is_kept:
                taken_back = replace(place.checkin, state=CheckinState.WITHDRAWN, extra_minutes=0)
                await store.update_checkin(
                    session, taken_back.id, state=taken_back.state.value, extra_minutes=0, changed_at=now
                )
                await self._settle(session, place, taken_back)
                await self._hide_plan(session, place.next_plan)
                await self._tell_learner_model(session, taken_back)
                await store.plan_show(session, taken_back.id, now)
            return await self._standings.panel(
                session, await self._standings.find_place(session, week_id, member_id) or place
            )

    # What comes of a check-in

    async def _settle(self, session: AsyncSession, place: Place, sent: Checkin) -> None:
        """The plan that it is about has the outcome that it says."""
        now = self._clock()
        if place.plan is None:
            return
        if sent.state.counts and sent.outcome is not None:
            await plan_store.update_plan(session, place.plan.id, now, outcome=sent.outcome.value, settled_at=now)
        elif place.plan.outcome is not None:
            await plan_store.update_plan(session, place.plan.id, now, outcome=None, settled_at=None)

    async def _put_plan(self, session: AsyncSession, place: Place, draft: CheckinDraft, *, is_private: bool) -> None:
        """What the member plans next becomes their plan of this week."""
        now, before, text = self._clock(), place.next_plan, draft.next_plan
        state = PlanState.PRIVATE if is_private else PlanState.SHOWN
        if before is None and text is not None:
            member_id, group_id, week_id = place.membership.member_id, place.group.id, place.week.id
            await plan_store.add_plan(
                session, member_id, group_id, week_id=week_id, text=text, now=now, item=draft.item, state=state
            )
        if before is None:
            return
        if text is None and place.is_kept and before.state is PlanState.SHOWN:
            await plan_store.update_plan(session, before.id, now, state=PlanState.WITHDRAWN.value)
        elif text is not None and not (is_private and _is_shown_as(before, text)):
            await plan_store.update_text(session, before.id, text, now)
            await plan_store.update_plan(session, before.id, now, item=draft.item, state=state.value)
        await self._show_plan(session, before)

    async def _hide_plan(self, session: AsyncSession, plan: Plan | None) -> None:
        """A plan that the group has seen in a check-in alone is the member's own again when that is withdrawn."""
        if plan is not None and plan.state is PlanState.SHOWN and plan.message_id is None:
            await plan_store.update_plan(session, plan.id, self._clock(), state=PlanState.PRIVATE.value)
        if plan is not None:
            await self._show_plan(session, plan)

    async def _show_plan(self, session: AsyncSession, plan: Plan) -> None:
        """Have the plan's own message looked at: it goes while a check-in shows the plan."""
        if plan.message_id is not None or plan.state is PlanState.SHOWN:
            await plan_store.plan_show(session, plan.id, self._clock())

    async def _extra_minutes(self, session: AsyncSession, place: Place, minutes: int | None) -> int:
        since, until = await self._standings.window(session, place)
        member_id = place.membership.member_id
        counted = await store.count_minutes(session, member_id, since, until)
        counted += await store.count_told(session, member_id, since, until, besides=place.group.id)
        return forms.count_extra(minutes, counted)

    async def _tell_learner_model(self, session: AsyncSession, checkin: Checkin) -> None:
        """What they are stuck on is evidence, while the check-in that says so counts."""
        says_so = checkin.state.counts and checkin.blocker
        concept = next((one for one in checkin.concepts if one in self._curriculum.concepts), None)
        wanted, key = concept if says_so else None, f"checkin:{checkin.id}"
        if await progress_store.find_evidence(session, checkin.member_id, key) == wanted:
            return
        await progress_store.delete_evidence(session, checkin.member_id, key)
        if wanted is not None:
            piece = Evidence(wanted, EvidenceKind.CHECKIN, is_correct=False, key=key)
            await progress_store.add_evidence(session, checkin.member_id, [piece], self._clock())

    # Rhythm

    async def rhythm(self, member_id: int, group_id: int) -> RhythmFigure:
        """How many of their last planned weeks in a group a member has kept."""
        async with self._database.transaction() as session:
            return await self._standings.rhythm(session, member_id, group_id)

    async def list_rhythms(self, group_id: int) -> dict[int, RhythmFigure]:
        """The rhythm of everybody who is in a group now, by member."""
        now = self._clock()
        async with self._database.transaction() as session:
            members = await store.list_member_ids(session, group_id, now)
            records = await store.list_records(session, group_id, members)
        return {member_id: find_rhythm(weeks, now) for member_id, weeks in records.items()}

    # Replies

    async def suggest_reply(self, checkin_id: int, member_id: int, *, number: int = 0) -> Suggestion:
        """Something that a member of the group may reply; another `number` gives something else.

        Raises:
            MemberError: they are not a member, it is their own, or the group does not see it.
        """
        async with self._database.transaction() as session:
            place, shown = await self._shown_to(session, checkin_id, member_id)
            text = suggestions.suggest_reply(shown, checkin_id + number)
            return Suggestion(checkin_id, place.membership.member_id, text)

    async def reply(self, checkin_id: int, member_id: int, text: str) -> Reply:
        """Reply to a check-in; it is posted at once. The same text twice is the same click.

        Raises:
            MemberError: they are not a member, it is their own, the group does not see it, or the text is empty.
        """
        now = self._clock()
        cleaned = forms.clean(text, REPLY_LIMIT)
        if not cleaned:
            raise MemberError(NO_REPLY)
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            await self._shown_to(session, checkin_id, member_id)
            same = await store.find_same_reply(session, checkin_id, member_id, text=cleaned)
            if same is not None:
                return same
            reply = await store.add_reply(session, checkin_id, member_id, cleaned, now)
            await add_now(session, REPLY, reply.id, now)
        return reply

    async def note_reply(self, message_id: int, author_id: int, reply_message_id: int) -> bool:
        """Count a member's own message that replies to a posted check-in; whether it was one."""
        now = self._clock()
        async with self._database.transaction() as session:
            checkin = await store.find_checkin_at(session, message_id)
            if checkin is None or checkin.member_id == author_id:
                return False
            try:
                await self._shown_to(session, checkin.id, author_id)
            except MemberError:
                return False
            await progress_store.add_learner(session, author_id, now)
            at = {"channel_id": checkin.channel_id, "message_id": reply_message_id}
            if await store.find_same_reply(session, checkin.id, author_id, message_id=reply_message_id) is None:
                await store.add_reply(session, checkin.id, author_id, None, now, **at)
        return True

    async def _shown_to(self, session: AsyncSession, checkin_id: int, member_id: int) -> tuple[Place, Shown]:
        """A check-in that somebody else of the group may reply to."""
        checkin = await store.find_checkin_by_id(session, checkin_id)
        place = await self._standings.place_of(session, checkin)
        if place is None:
            raise MemberError(NOT_SHOWN)
        if place.membership.member_id == member_id:
            raise MemberError(OWN)
        if member_id not in await store.list_member_ids(session, place.group.id, self._clock()):
            raise MemberError(NOT_A_MEMBER)
        shown = await self._standings.shown_now(session, place)
        if shown is None:
            raise MemberError(NOT_SHOWN)
        return place, shown

    # Where a member stands

    async def _begin(self, session: AsyncSession, week_id: int, member_id: int, *, is_late_too: bool = False) -> Place:
        """Where a member stands who is about to write, with nobody else writing. Only taking back is never too late."""
        now = self._clock()
        await progress_store.add_learner(session, member_id, now)
        week = await store.find_week(session, week_id)
        if week is not None:
            await groups_store.lock(session, week.group_id)
        if is_late_too:
            place = await self._standings.find_place(session, week_id, member_id)
            if place is None:
                raise MemberError(UNKNOWN)
            return place
        place = await self._standings.place(session, week_id, member_id)
        if not can_check_in(place.week, place.asked, now, is_kept=place.is_kept):
            raise MemberError(TOO_LATE)
        return place

    async def _keep(self, session: AsyncSession, place: Place, draft: CheckinDraft) -> Panel:
        """Keep a draft, and show what it looks like."""
        now = self._clock()
        checkin = await store.add_checkin(session, place.week.id, place.membership.member_id, now)
        await store.update_draft(session, checkin.id, draft, now)
        return await self._standings.panel(session, replace(place, checkin=replace(checkin, draft=draft)))


def _is_shown_as(plan: Plan, text: PlanText) -> bool:
    """Whether the group sees exactly this by a message of its own."""
    return plan.state is PlanState.SHOWN and plan.message_id is not None and plan.text == text
