"""The use cases of matching: look for a group, be matched, and decide together about what is proposed.

Nothing here talks to Discord. Telling members is scheduled work: the cog asks what there is to tell, tells it, and has
it recorded together with the end of that piece of work.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.groups import store as groups_store
from bot.features.groups.models import MOST_GROUPS, EventKind, Group, GroupMember, GroupPlan, GroupState
from bot.features.groups.service import HOME_WITHIN, TOO_MANY
from bot.features.matching import store
from bot.features.matching.models import (
    Answer,
    Draft,
    LivingGroup,
    News,
    Offer,
    Panel,
    Person,
    Proposal,
    ProposalKind,
    ProposalMember,
    ProposalState,
    Refused,
    Seeker,
    Terms,
    Wish,
)
from bot.features.matching.rules.answers import OPEN_FOR, QUIET_FOR, decide, find_refused
from bot.features.matching.rules.availability import coming_week
from bot.features.matching.rules.changes import assumed_hours, needs_change, propose_changes
from bot.features.matching.rules.fit import ALL_LANGUAGES, Pair, language_bits, person_of
from bot.features.matching.rules.matches import match_free
from bot.features.matching.rules.names import choose_name
from bot.features.matching.rules.rhythms import rhythm_hours
from bot.features.progress import store as progress_store
from bot.features.progress.models import Learner
from bot.features.progress.rules.overview import current_step
from bot.features.progress.rules.zones import parse_zone, zone_names
from bot.features.progress.service import ProgressService
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Occurrence, WorkState
from bot.storage.database import Database

MATCH_AFTER = timedelta(hours=1)
"""So long after somebody has begun to look, so that a few can come together."""
MATCH_EVERY = timedelta(days=1)

TELL_WITHIN = timedelta(hours=24)
"""A proposal that its members were not told of for so long, after an outage for example, is made anew."""

_PORTION = 200
"""Learners who are read at once."""

NO_WINDOWS = "Choose when you have time first, in the upper list. The more you choose, the sooner somebody fits."
NO_LANGUAGES = "Choose a language first, in the lower list."
NO_ZONE = "I need to know your time zone first. Press My time zone, and name your country or a large city near you."
NO_TEXT = "I need to know where you are. Please name your country or a large city near you."
UNKNOWN = "I do not know this proposal any more. `/group match` shows whether there is another one for you."
LEFT = "You are not in the group any more that this proposal is for. `/group match` looks for another one for you."
NOT_YOURS = "This proposal is for the members whom it mentions. `/group match` looks for a group for you."

_GONE, _DECIDED, _TOLD_NOBODY = "the proposal is gone", "it was decided before", "nobody could be told of it"
_AWAY = "the tutor is not in this server"


class MatchingService:
    """Everything about matching but Discord. Every method opens its own transaction."""

    def __init__(self, database: Database, clock: Clock, progress: ProgressService, *, dispatcher: Dispatcher) -> None:
        self._database = database
        self._clock = clock
        self._progress = progress
        self._dispatcher = dispatcher

    # Looking for a group

    async def show(self, member_id: int, guild_id: int) -> Panel:
        """Where a member stands, and what they have said of the group that they look for."""
        async with self._database.transaction() as session:
            return await self._panel(session, member_id, guild_id)

    async def look(self, member_id: int, guild_id: int, channel_id: int, wish: Wish) -> Panel:
        """Look for a group from now on, or change what it should be like; they keep their place in the queue.

        Raises:
            MemberError: something is missing, or they are in too many groups; the text says what.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            panel = await self._panel(session, member_id, guild_id)
            seeker = _seeker(panel, wish, member_id, guild_id, channel_id=channel_id, now=now)
            await store.update_seeker(session, seeker)
            await store.plan_match(session, guild_id, now + MATCH_AFTER)
            return await self._panel(session, member_id, guild_id)

    async def stop(self, member_id: int, guild_id: int) -> Panel:
        """Look for no group any more. A group that is being proposed to them is made without them."""
        now = self._clock()
        async with self._database.transaction() as session:
            if await store.find_seeker(session, member_id, guild_id) is not None:
                await progress_store.add_learner(session, member_id, now)
                await store.delete_seekers(session, guild_id, [member_id])
            open_ = await store.list_open_of(session, member_id, guild_id)
        for proposal in open_:
            if any(member.member_id == member_id for member in _seekers_of(proposal)):
                await self.answer(proposal.id, member_id, Answer.NO)
        return await self.show(member_id, guild_id)

    async def save_zone(self, member_id: int, guild_id: int, text: str) -> Panel:
        """Store the zone that a member means by a city, a country or a zone.

        Raises:
            MemberError: it is not clear which zone that is.
        """
        now = self._clock()
        zone = parse_zone(text, now)
        if zone is None:
            raise MemberError(NO_TEXT)
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            await progress_store.update_profile(session, member_id, now, zone=zone)
            await store.update_seeker_zone(session, member_id, zone)
            return await self._panel(session, member_id, guild_id)

    async def _panel(self, session: AsyncSession, member_id: int, guild_id: int) -> Panel:
        learner = await progress_store.find_learner(session, member_id, self._clock())
        seeker = await store.find_seeker(session, member_id, guild_id)
        wish = Wish(seeker.windows, seeker.languages, seeker.by_dm) if seeker else Wish()
        proposals = await store.list_open_of(session, member_id, guild_id)
        profile = learner.profile
        return Panel(
            self._step_of(learner),
            profile.hours_per_week,
            profile.zone if profile.zone in zone_names() else None,
            wish,
            seeker.made_at if seeker else None,
            await store.count_seekers(session, guild_id),
            await store.find_next_match(session, guild_id),
            tuple(proposal.id for proposal in proposals),
            len(await groups_store.list_groups_of(session, member_id, guild_id)),
        )

    def _step_of(self, learner: Learner) -> int:
        """The step that a learner is on; the last one once all are done."""
        path = self._progress.path_of(learner)
        step = current_step(path, learner)
        return (step or path.steps[-1]).number

    # Matching

    async def plan_all(self, guild_ids: Collection[int]) -> int:
        """Plan a match wherever one is needed and none is planned, in these servers; how many there were."""
        async with self._database.transaction() as session:
            servers = [guild_id for guild_id in await store.list_unplanned(session) if guild_id in guild_ids]
            for guild_id in servers:
                await store.plan_match(session, guild_id, self._clock() + MATCH_AFTER)
        return len(servers)

    async def plan_server(self, guild_id: int) -> None:
        """The tutor is in a server again, which is matched soon if there is somebody to match."""
        await self.plan_all([guild_id])

    async def leave_server(self, guild_id: int) -> None:
        """The tutor is not in a server any more, which is not matched until it is back."""
        async with self._database.transaction() as session:
            await store.delete_match(session, guild_id)

    async def match_server(self, occurrence: Occurrence) -> tuple[int, ...]:
        """Find out who could study together in a server, and store what is proposed; the ids of the proposals.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        guild_id, now = occurrence.subject_id, self._clock()
        async with self._database.transaction() as session:
            people, groups = await self._people(session, guild_id, now)
            pairs = await groups_store.list_pairs(session, guild_id)
            refused = find_refused(await store.list_decided(session, guild_id, now - QUIET_FOR))
            names = [group.name for group in await groups_store.list_groups(session, guild_id)]
        drafts = await asyncio.to_thread(_find_drafts, people, groups, pairs, refused, names=names, now=now)
        async with self._database.transaction() as session:
            await self._dispatcher.end(session, occurrence, WorkState.DONE)
            placed = await self._place(session, guild_id, drafts)
            ids = await store.add_proposals(session, guild_id, placed, now, now + OPEN_FOR)
            if await store.is_needed(session, guild_id):
                await store.plan_match(session, guild_id, now + MATCH_EVERY)
        return ids

    async def skip_match(self, occurrence: Occurrence) -> None:
        """The server is out of reach. It is matched again when the tutor is back.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        async with self._database.transaction() as session:
            await self._dispatcher.end(session, occurrence, WorkState.SKIPPED, _AWAY)

    async def plan_next(self, guild_id: int) -> None:
        """A match has failed for good; tomorrow is another day."""
        async with self._database.transaction() as session:
            if await store.is_needed(session, guild_id):
                await store.plan_match(session, guild_id, self._clock() + MATCH_EVERY)

    async def _people(
        self, session: AsyncSession, guild_id: int, now: datetime
    ) -> tuple[list[Person], list[LivingGroup]]:
        """Who can be proposed a group, and the groups that could be changed; those with an open proposal wait."""
        week = coming_week(now)
        seekers = await self._seekers(session, guild_id)
        busy, busy_groups = _busy(await store.list_open(session, guild_id))
        free = [person_of(seeker, week) for seeker in seekers if seeker.member_id not in busy]
        found = await groups_store.list_groups(session, guild_id, [GroupState.ACTIVE])
        members = await groups_store.list_members_of(session, [group.id for group in found])
        changing = [
            group
            for group in found
            if group.id not in busy_groups and needs_change(group, len(members.get(group.id, ())), now)
        ]
        ids = {member.member_id for group in changing for member in members[group.id]}
        learners = {one.profile.member_id: one for one in await progress_store.list_learners(session, ids)}
        looking = {seeker.member_id: seeker for seeker in seekers}
        return free, [
            LivingGroup(
                group.id,
                group.rhythm,
                group.owner_id,
                tuple(
                    self._member(group, member, learners[member.member_id], looking.get(member.member_id), week)
                    for member in members[group.id]
                    if member.member_id in learners
                ),
            )
            for group in changing
        ]

    async def _seekers(self, session: AsyncSession, guild_id: int) -> list[Seeker]:
        """Those who look for a group as the learner model knows them now, in portions that hold up nobody."""
        known = await store.list_seekers(session, guild_id)
        found = []
        for first in range(0, len(known), _PORTION):
            portion = known[first : first + _PORTION]
            learners = await progress_store.list_learners(session, [seeker.member_id for seeker in portion])
            by_id = {learner.profile.member_id: learner for learner in learners}
            found += [self._as_now(seeker, by_id.get(seeker.member_id)) for seeker in portion]
        return found

    def _as_now(self, seeker: Seeker, learner: Learner | None) -> Seeker:
        if learner is None:
            return seeker
        zone, hours = learner.profile.zone or seeker.zone, learner.profile.hours_per_week
        return replace(seeker, zone=zone, step=self._step_of(learner), hours_per_week=hours)

    def _member(
        self, group: Group, member: GroupMember, learner: Learner, seeker: Seeker | None, week: datetime
    ) -> Person:
        """A member of a group as matching sees them."""
        zone = learner.profile.zone or group.rhythm.zone
        if seeker is None:
            hours = assumed_hours(zone, group, week)
        else:
            hours = person_of(seeker, week).hours | rhythm_hours(group.rhythm, week)
        languages = language_bits([group.language]) if group.language else ALL_LANGUAGES
        step, pace = self._step_of(learner), learner.profile.hours_per_week
        return Person(member.member_id, hours, languages, step, pace, zone, member.joined_at)

    async def _place(self, session: AsyncSession, guild_id: int, drafts: Iterable[Draft]) -> list[tuple[Draft, int]]:
        """The drafts that still hold, each with the channel where it is told."""
        seekers = {seeker.member_id: seeker for seeker in await store.list_seekers(session, guild_id)}
        groups = {group.id: group for group in await groups_store.list_groups(session, guild_id)}
        members = await groups_store.list_members_of(session, list(groups))
        busy, busy_groups = _busy(await store.list_open(session, guild_id))
        channel_id = await store.find_groups_channel(session, guild_id)
        placed = []
        for draft in drafts:
            inside = {member.member_id for id_ in draft.groups for member in members.get(id_, ())}
            outside = [member.member_id for member in draft.members if member.member_id not in inside]
            holds = not busy.intersection(outside) and not busy_groups.intersection(draft.groups)
            if holds and all(id_ in seekers for id_ in outside) and all(id_ in groups for id_ in draft.groups):
                first = seekers[outside[0]].channel_id if outside else groups[draft.groups[0]].parent_id
                placed.append((draft, channel_id or first))
        return placed

    # Telling of a proposal

    async def prepare(self, occurrence: Occurrence) -> News | None:
        """What there is to tell of a proposal; None if there is nothing, and then the work is ended.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        is_new = occurrence.slot == store.SLOT_OPEN
        async with self._database.transaction() as session:
            await store.lock_proposal(session, occurrence.subject_id)
            await self._forget_untold(session, occurrence.subject_id, TELL_WITHIN)
            proposal = await self._settle(session, occurrence.subject_id)
            if proposal is None:
                await self._dispatcher.end(session, occurrence, WorkState.SKIPPED, _GONE)
                return None
            if is_new is not (proposal.state is ProposalState.OPEN):
                await self._dispatcher.end(session, occurrence, WorkState.SKIPPED, _DECIDED)
                return None
            return await self._news(session, proposal)

    async def _news(self, session: AsyncSession, proposal: Proposal) -> News:
        groups = await self._groups_of(session, proposal)
        members = await groups_store.list_members_of(session, proposal.groups)
        asked = {member.member_id for member in proposal.members}
        inside = {
            group.id: tuple(member.member_id for member in members.get(group.id, ()) if member.member_id in asked)
            for group in groups
        }
        in_groups = {member_id for ids in inside.values() for member_id in ids}
        seekers = tuple(member.member_id for member in proposal.members if member.member_id not in in_groups)
        looking = {one.member_id: one for one in await store.list_seekers(session, proposal.guild_id, seekers)}
        wanted = await store.find_groups_channel(session, proposal.guild_id)
        theirs = [looking[id_].channel_id for id_ in seekers if id_ in looking]
        channels = [wanted, proposal.channel_id, *theirs, *(group.parent_id for group in groups)]
        by_dm = {member.member_id for found in members.values() for member in found if member.by_dm}
        by_dm.update(id_ for id_ in seekers if id_ in looking and looking[id_].by_dm)
        made_id = proposal.details.get(store.MADE)
        return News(
            proposal,
            store.read_terms(proposal.details),
            groups,
            inside,
            seekers,
            tuple(dict.fromkeys(id_ for id_ in channels if id_ is not None)),
            tuple(sorted(by_dm & asked)),
            store.read_posts(proposal.details),
            await groups_store.find_group(session, made_id) if made_id else None,
            await store.find_next_match(session, proposal.guild_id),
        )

    async def record_post(self, proposal_id: int, channel_id: int, message_id: int) -> None:
        """A proposal was posted in a channel, so that it is not posted there again."""
        async with self._database.transaction() as session:
            await store.add_post(session, proposal_id, channel_id, message_id)

    async def record_told(self, occurrence: Occurrence) -> None:
        """Everybody was told.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        async with self._database.transaction() as session:
            await self._dispatcher.end(session, occurrence, WorkState.DONE)

    async def give_up(self, occurrence: Occurrence, note: str = _TOLD_NOBODY) -> None:
        """Members could not be told, so that what is still open can be proposed again later.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        async with self._database.transaction() as session:
            await store.lock_proposal(session, occurrence.subject_id)
            await self._withdraw(session, occurrence.subject_id)
            await self._dispatcher.end(session, occurrence, WorkState.FAILED, note)

    async def withdraw(self, proposal_id: int) -> None:
        """Nobody could be told of a proposal, so it is not waited for."""
        async with self._database.transaction() as session:
            await store.lock_proposal(session, proposal_id)
            await self._withdraw(session, proposal_id)

    async def _withdraw(self, session: AsyncSession, proposal_id: int) -> None:
        proposal = await store.find_proposal(session, proposal_id)
        if proposal is not None and proposal.state is ProposalState.OPEN:
            await store.delete_proposal(session, proposal_id)

    async def _forget_untold(self, session: AsyncSession, proposal_id: int, within: timedelta) -> None:
        """What nobody was told of for so long would leave too little time, or count as declined by who never saw it."""
        proposal = await store.find_proposal(session, proposal_id)
        is_untold = proposal is not None and proposal.message_id is None
        if proposal is not None and is_untold and self._clock() - proposal.made_at > within:
            await self._withdraw(session, proposal_id)

    # Deciding

    async def see(self, proposal_id: int, member_id: int) -> Offer:
        """A proposal as one of its members sees it.

        Raises:
            MemberError: it is unknown, or for others.
        """
        async with self._database.transaction() as session:
            await store.lock_proposal(session, proposal_id)
            proposal = await self._find_mine(session, proposal_id, member_id)
            return await self._offer(session, proposal, member_id)

    async def answer(self, proposal_id: int, member_id: int, answer: Answer) -> Offer:
        """A member accepts or declines; as long as the proposal is open, they can change their mind.

        What everybody has accepted holds at once.

        Raises:
            MemberError: it is unknown or for others, or they are in too many groups.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.lock_proposal(session, proposal_id)
            proposal = await self._find_mine(session, proposal_id, member_id)
            if proposal.state is ProposalState.OPEN and now < proposal.expires_at:
                is_seeker = any(member.member_id == member_id for member in _seekers_of(proposal))
                if answer is Answer.YES and is_seeker and not await self._has_room(session, member_id, proposal):
                    raise MemberError(TOO_MANY)
                await store.update_answer(session, proposal_id, member_id, answer, now)
            return await self._offer(session, await self._settle(session, proposal_id), member_id)

    async def expire(self, occurrence: Occurrence) -> None:
        """The time of a proposal is up.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        async with self._database.transaction() as session:
            await store.lock_proposal(session, occurrence.subject_id)
            await self._forget_untold(session, occurrence.subject_id, timedelta())
            await self._settle(session, occurrence.subject_id)
            await self._dispatcher.end(session, occurrence, WorkState.DONE)

    async def _find_mine(self, session: AsyncSession, proposal_id: int, member_id: int) -> Proposal:
        """A locked proposal, decided if that is possible by now, if it is for that member."""
        proposal = await self._settle(session, proposal_id)
        if proposal is None:
            raise MemberError(UNKNOWN)
        if not any(member.member_id == member_id for member in proposal.members):
            raise MemberError(NOT_YOURS)
        if proposal.state is ProposalState.OPEN and not await self._concerns(session, proposal, member_id):
            raise MemberError(LEFT)
        return proposal

    async def _concerns(self, session: AsyncSession, proposal: Proposal, member_id: int) -> bool:
        """Whether a member looks for a group, or is still in one that would change: who left learns no names of it."""
        if any(member.member_id == member_id for member in _seekers_of(proposal)):
            return True
        members = await groups_store.list_members_of(session, proposal.groups)
        return any(member.member_id == member_id for inside in members.values() for member in inside)

    async def _offer(self, session: AsyncSession, proposal: Proposal | None, member_id: int) -> Offer:
        if proposal is None:
            raise MemberError(UNKNOWN)
        groups = await self._groups_of(session, proposal)
        me = next(member for member in proposal.members if member.member_id == member_id)
        answered = sum(member.answer is not None for member in proposal.members)
        hangs_on_it = await self._would_end(session, proposal, member_id)
        return Offer(proposal, store.read_terms(proposal.details), groups, me.part, me.answer, answered, hangs_on_it)

    async def _would_end(self, session: AsyncSession, proposal: Proposal, member_id: int) -> bool:
        """Whether an open proposal ends for all if this member declines."""
        if proposal.state is not ProposalState.OPEN:
            return False
        members = [
            replace(member, answer=Answer.NO) if member.member_id == member_id else member
            for member in proposal.members
        ]
        inside = await self._inside(session, proposal)
        return decide(proposal.kind, members, inside, is_over=False) is ProposalState.DECLINED

    async def _inside(self, session: AsyncSession, proposal: Proposal) -> list[list[int]]:
        """Who is in the groups that a proposal would change, in their order."""
        members = await groups_store.list_members_of(session, proposal.groups)
        return [[member.member_id for member in members.get(group_id, ())] for group_id in proposal.groups]

    async def _groups_of(self, session: AsyncSession, proposal: Proposal) -> tuple[Group, ...]:
        found = [await groups_store.find_group(session, group_id) for group_id in proposal.groups]
        return tuple(group for group in found if group is not None)

    async def _settle(self, session: AsyncSession, proposal_id: int) -> Proposal | None:
        """Decide a locked proposal if that is possible by now, and do what was accepted."""
        proposal, now = await store.find_proposal(session, proposal_id), self._clock()
        if proposal is None or proposal.state is not ProposalState.OPEN:
            return proposal
        for group_id in sorted(proposal.groups):
            await groups_store.lock(session, group_id)
        inside = await self._inside(session, proposal)
        state = decide(proposal.kind, proposal.members, inside, is_over=now >= proposal.expires_at)
        if state is ProposalState.OPEN:
            return proposal
        if state is ProposalState.ACCEPTED and not await self._apply(session, proposal):
            state = ProposalState.DECLINED
        await store.update_decided(session, proposal_id, state, now)
        return await store.find_proposal(session, proposal_id)

    async def _has_room(self, session: AsyncSession, member_id: int, proposal: Proposal) -> bool:
        groups = await groups_store.list_groups_of(session, member_id, proposal.guild_id)
        return len(groups) < MOST_GROUPS

    # What was accepted

    async def _apply(self, session: AsyncSession, proposal: Proposal) -> bool:
        """Do it; False if that is not possible any more."""
        terms = store.read_terms(proposal.details)
        match proposal.kind:
            case ProposalKind.FORM:
                return await self._form(session, proposal, terms)
            case ProposalKind.ADD:
                return await self._add(session, proposal)
            case ProposalKind.MERGE:
                return await self._merge(session, proposal, terms)
            case _:
                return await self._split(session, proposal, terms)

    async def _accepting(self, session: AsyncSession, proposal: Proposal) -> list[int]:
        """The seekers who accept and may be in one more group, who waits for longest first."""
        accepted = [member.member_id for member in _seekers_of(proposal) if member.answer is Answer.YES]
        looking = await store.list_seekers(session, proposal.guild_id, accepted)
        return [one.member_id for one in looking if await self._has_room(session, one.member_id, proposal)]

    async def _form(self, session: AsyncSession, proposal: Proposal, terms: Terms) -> bool:
        """A new group; whoever has waited for longest looks after it."""
        member_ids = await self._accepting(session, proposal)
        accepted = [ProposalMember(member_id, 0, Answer.YES) for member_id in member_ids]
        if decide(ProposalKind.FORM, accepted, (), is_over=True) is not ProposalState.ACCEPTED:
            return False
        parent_id = await store.find_groups_channel(session, proposal.guild_id) or proposal.channel_id
        plan = GroupPlan(
            proposal.guild_id,
            await self._free_name(session, proposal, member_ids, terms),
            parent_id,
            terms.rhythm,
            step=terms.step,
            language=terms.language,
        )
        now = self._clock()
        home_at = now + HOME_WITHIN  # whoever tells the members opens it before
        group = await groups_store.add_group(session, plan, member_ids[0], member_ids, now, home_at=home_at)
        await store.delete_seekers(session, proposal.guild_id, member_ids)
        await store.add_details(session, proposal.id, **{store.MADE: group.id})
        return True

    async def _free_name(
        self, session: AsyncSession, proposal: Proposal, member_ids: Sequence[int], terms: Terms
    ) -> str:
        """The proposed name, unless another group has taken it meanwhile."""
        taken = [group.name for group in await groups_store.list_groups(session, proposal.guild_id)]
        if terms.name and terms.name.casefold() not in {name.casefold() for name in taken}:
            return terms.name
        return choose_name(member_ids, taken)

    async def _add(self, session: AsyncSession, proposal: Proposal) -> bool:
        member_ids, now = await self._accepting(session, proposal), self._clock()
        for member_id in member_ids:
            await groups_store.add_member(session, proposal.groups[0], member_id, now)
        await store.delete_seekers(session, proposal.guild_id, member_ids)
        return bool(member_ids)

    async def _merge(self, session: AsyncSession, proposal: Proposal, terms: Terms) -> bool:
        """The members of the smaller group move to the larger one; its home tells where they have gone."""
        groups = {group.id: group for group in await self._groups_of(session, proposal)}
        staying = groups[terms.into or proposal.groups[0]]
        (going,) = [group for group in groups.values() if group.id != staying.id]
        moving, now = await groups_store.list_members(session, going.id), self._clock()
        await groups_store.end_group(session, going.id, now, EventKind.MERGED, f"into {staying.name}")
        await groups_store.add_event(session, staying.id, EventKind.MERGED, now, details=f"with {going.name}")
        await self._move(session, moving, staying.id)
        return True

    async def _split(self, session: AsyncSession, proposal: Proposal, terms: Terms) -> bool:
        """Some members leave for a new group, which is as the old one was but for its hours."""
        old = (await self._groups_of(session, proposal))[0]
        leaving = {member.member_id for member in proposal.members if member.part == 1}
        moving = [one for one in await groups_store.list_members(session, old.id) if one.member_id in leaving]
        member_ids, now = [member.member_id for member in moving], self._clock()
        plan = GroupPlan(
            old.guild_id,
            await self._free_name(session, proposal, member_ids, terms),
            old.parent_id,
            terms.rhythm,
            old.window_days,
            old.step,
            old.language,
            old.goal,
            is_open=old.is_open,
            is_private=old.is_private,
        )
        new = await groups_store.add_group(
            session,
            plan,
            member_ids[0],
            member_ids,
            now,
            kind=EventKind.SPLIT,
            details=f"from {old.name}",
            home_at=now + HOME_WITHIN,
        )
        await groups_store.add_event(session, old.id, EventKind.SPLIT, now, details=f"{new.name} is a group of its own")
        for member in moving:
            await groups_store.update_member(session, old.id, member.member_id, left_at=now, away_until=None)
            await groups_store.add_event(session, old.id, EventKind.LEFT, now, member_id=member.member_id)
            await groups_store.plan_out(session, old.id, member.member_id, now)
        await self._move(session, moving, new.id)
        await store.add_details(session, proposal.id, **{store.MADE: new.id})
        return True

    async def _move(self, session: AsyncSession, moving: Iterable[GroupMember], group_id: int) -> None:
        """Members of another group are members of this one; what they said about themselves goes with them."""
        inside = {member.member_id for member in await groups_store.list_members(session, group_id)}
        for member in moving:
            if member.member_id not in inside:
                await groups_store.add_member(session, group_id, member.member_id, self._clock())
            kept = {"away_until": member.away_until, "is_nudged": member.is_nudged, "by_dm": member.by_dm}
            await groups_store.update_member(session, group_id, member.member_id, **kept)


def _seeker(panel: Panel, wish: Wish, member_id: int, guild_id: int, *, channel_id: int, now: datetime) -> Seeker:
    """A member who looks for a group.

    Raises:
        MemberError: something is missing, or they are in too many groups.
    """
    if panel.zone is None:
        raise MemberError(NO_ZONE)
    if not wish.windows:
        raise MemberError(NO_WINDOWS)
    if not wish.languages:
        raise MemberError(NO_LANGUAGES)
    if panel.groups >= MOST_GROUPS:
        raise MemberError(TOO_MANY)
    return Seeker(
        member_id,
        guild_id,
        panel.zone,
        wish.windows,
        wish.languages,
        panel.step,
        panel.hours_per_week,
        channel_id,
        wish.by_dm,
        panel.looks_since or now,
    )


def _seekers_of(proposal: Proposal) -> tuple[ProposalMember, ...]:
    """Those who look for a group, of the members of a proposal."""
    match proposal.kind:
        case ProposalKind.FORM:
            return proposal.members
        case ProposalKind.ADD:
            return tuple(member for member in proposal.members if member.part == 1)
        case _:
            return ()


def _busy(proposals: Iterable[Proposal]) -> tuple[set[int], set[int]]:
    """The seekers and the groups that have an open proposal."""
    known = list(proposals)
    seekers = {member.member_id for proposal in known for member in _seekers_of(proposal)}
    return seekers, {group_id for proposal in known for group_id in proposal.groups}


def _find_drafts(
    people: Sequence[Person],
    groups: Sequence[LivingGroup],
    pairs: Collection[Pair],
    refused: Refused,
    *,
    names: Sequence[str],
    now: datetime,
) -> list[Draft]:
    """Everything that can be proposed. It takes seconds for thousands of people, so it runs beside the event loop."""
    drafts = list(propose_changes(groups, people, pairs, refused, now))
    used = {member.member_id for draft in drafts if draft.kind is ProposalKind.ADD for member in draft.members}
    free = [person for person in people if person.member_id not in used]
    for found in match_free(free, frozenset(pairs) | refused.pairs, now):
        members = tuple(ProposalMember(member_id) for member_id in found.member_ids)
        drafts.append(Draft(ProposalKind.FORM, (), members, found.terms))
    return _named(drafts, names)


def _named(drafts: Iterable[Draft], names: Sequence[str]) -> list[Draft]:
    """The drafts, those of new groups with names that no other group has."""
    taken, named = list(names), []
    for draft in drafts:
        if draft.kind in {ProposalKind.FORM, ProposalKind.SPLIT}:
            ids = [member.member_id for member in draft.members if draft.kind is ProposalKind.FORM or member.part == 1]
            name = choose_name(ids, taken)
            taken.append(name)
            draft = replace(draft, terms=replace(draft.terms, name=name))  # noqa: PLW2901
        named.append(draft)
    return named
