"""The use cases of support: answer what blocks a member, and carry a call for help to those who can help."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.ask.models import Asked
from bot.features.ask.service import AskService
from bot.features.groups import store as groups_store
from bot.features.groups.models import Group, GroupMember, GroupState
from bot.features.progress import store as progress_store
from bot.features.support import rules, store
from bot.features.support.models import (
    Answered,
    Blocker,
    Briefing,
    Call,
    CallPage,
    HelpRequest,
    HelpState,
    Note,
    Offer,
)
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Occurrence, WorkState
from bot.storage.database import Database
from knowledge.curriculum import Curriculum

PAGE = 8
"""Calls on one page of those that wait."""

MOST_NOTES = 3
"""Notes that a mentor is shown."""

NO_CHANNEL = 0
"""Where a blocker is asked: in no channel, so that nothing which is asked in one later follows it up in public."""

GONE = "This call for help is no longer there, so there is nothing left to do."
SETTLED = "This call for help is settled already, so there is nothing left to do. Thank you."
TAKEN = "Somebody else has offered help already. `/calls list` shows who still waits."
OWN = "This is your own call for help, so somebody else has to answer it."
NOT_A_MENTOR = "Only the mentors and the admins of this server answer calls for help."
NOT_YOURS = "This button is for whoever asked for help."
NO_SERVER = "I can only ask mentors of a server, and this did not come from one. Use `/checkin` in your server."
NO_TEXT = "Please say in a sentence what blocks you, so that somebody can help."
TOO_MANY = (
    f"{rules.MOST_OPEN} of your calls for help wait here already. "
    "Take one back or mark one as solved in `/calls mine`, then send this one."
)


class SupportService:
    """Answers blockers and keeps calls for help. Every public method opens its own transaction."""

    def __init__(
        self, database: Database, clock: Clock, curriculum: Curriculum, ask: AskService, *, dispatcher: Dispatcher
    ) -> None:
        self._database = database
        self._clock = clock
        self._curriculum = curriculum
        self._ask = ask
        self._dispatcher = dispatcher

    # The tutor's own answer

    async def answer(self, member_id: int, guild_id: int | None, text: str) -> Answered:
        """Answer what blocks a member, for them alone. It is remembered as any question is, and for no longer."""
        asked = Asked(text, member_id, NO_CHANNEL, guild_id, is_private=True)
        answer = await self._ask.answer_question(asked)
        return Answered(answer, rules.concepts_of(answer, self._curriculum.concepts))

    async def find_text(self, blocker: Blocker) -> str:
        """What blocks a member in that check-in of theirs; empty if nothing does."""
        async with self._database.transaction() as session:
            text, _ = await self._find_blocker(session, blocker)
        return text

    async def _find_blocker(self, session: AsyncSession, blocker: Blocker) -> tuple[str, tuple[str, ...]]:
        if blocker.week_id is None:
            return "", ()
        return await store.find_blocker(session, blocker.week_id, blocker.member_id)

    # Calling

    async def prepare(self, blocker: Blocker, guild_id: int | None, text: str) -> Call:
        """What a call would say. Nothing is stored; its channel is for the caller to fill in.

        Raises:
            MemberError: there is no server or no text, or too many of the member's calls wait.
        """
        async with self._database.transaction() as session:
            call = await self._new_call(session, blocker, guild_id, text)
            if await self._find_same(session, call.request) is None:
                await self._check_number(session, call.request)
        return call

    async def send(self, blocker: Blocker, guild_id: int | None, text: str, channel_id: int) -> Call:
        """Store a call and have it shown in that channel. The same call once more is the one that waits already.

        Raises:
            MemberError: there is no server or no text, or too many of the member's calls wait.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, blocker.member_id, now)  # the lock: a double click is one call
            call = await self._new_call(session, blocker, guild_id, text)
            found = await self._find_same(session, call.request)
            if found is None:
                await self._check_number(session, call.request)
                found = await store.add_call(
                    session,
                    blocker.member_id,
                    guild_id=call.request.guild_id,
                    group_id=call.request.group_id,
                    text=call.request.text,
                    concepts=call.request.concepts,
                    channel_id=channel_id,
                    now=now,
                )
                await store.plan_show(session, found.id, HelpState.OPEN, now)
            return await self._complete(session, found)

    async def _new_call(self, session: AsyncSession, blocker: Blocker, guild_id: int | None, text: str) -> Call:
        group = await _own_group(session, blocker.group_id, blocker.member_id)
        guild_id = group.guild_id if group else guild_id
        text = rules.clean_text(text)
        if guild_id is None:
            raise MemberError(NO_SERVER)
        if not text:
            raise MemberError(NO_TEXT)
        _, concepts = await self._find_blocker(session, blocker)
        request = HelpRequest(
            id=0,
            guild_id=guild_id,
            group_id=group.id if group else None,
            member_id=blocker.member_id,
            text=text,
            concepts=concepts,
            state=HelpState.OPEN,
            helper_id=None,
            channel_id=None,
            message_id=None,
            made_at=self._clock(),
        )
        return Call(request, group, self._titles(concepts))

    async def _find_same(self, session: AsyncSession, new: HelpRequest) -> HelpRequest | None:
        own = await store.list_own(session, new.member_id, new.guild_id)
        return next((call for call in own if (call.group_id, call.text) == (new.group_id, new.text)), None)

    async def _check_number(self, session: AsyncSession, new: HelpRequest) -> None:
        if len(await store.list_own(session, new.member_id, new.guild_id)) >= rules.MOST_OPEN:
            raise MemberError(TOO_MANY)

    # The member's own calls

    async def list_own(self, member_id: int, guild_id: int) -> tuple[Call, ...]:
        """The member's calls that wait in a server, the oldest first."""
        async with self._database.transaction() as session:
            return await self._complete_all(session, await store.list_own(session, member_id, guild_id))

    async def withdraw(self, call_id: int, member_id: int) -> Call:
        """Take a call back: its message goes, and its text is forgotten.

        Raises:
            MemberError: it is somebody else's, gone, or settled already.
        """
        async with self._database.transaction() as session:
            call = await self._find(session, call_id)
            if call.request.member_id != member_id:
                raise MemberError(NOT_YOURS)
            await self._settle(session, call_id, HelpState.WITHDRAWN)
        return call

    # Helping

    async def list_waiting(self, guild_id: int, page: int = 0) -> CallPage:
        """What waits in a server: first what has waited for long, then the oldest. Pages that are not there become
        the last one.
        """
        async with self._database.transaction() as session:
            found = rules.sort_calls(await store.list_unsettled(session, guild_id), self._clock())
            pages = max(1, -(-len(found) // PAGE))
            page = min(page, pages - 1)
            shown = await self._complete_all(session, found[page * PAGE : (page + 1) * PAGE])
        return CallPage(shown, page, pages, len(found))

    async def show(self, call_id: int, guild_id: int) -> Call:
        """A call of this server.

        Raises:
            MemberError: there is none, or it is settled.
        """
        async with self._database.transaction() as session:
            call = await self._find(session, call_id)
        if call.request.guild_id != guild_id:
            raise MemberError(GONE)
        if call.request.state.is_settled:
            raise MemberError(SETTLED)
        return call

    async def offer(self, call_id: int, helper_id: int, guild_id: int | None, *, is_mentor: bool) -> Briefing:
        """Somebody would like to help; the member is told. Once more it only shows the briefing again.

        Where a call is shown in the home of a group, the group's members may help, too.

        Raises:
            MemberError: they may not, it is gone or settled, or somebody else was faster.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            call = await self._find(session, call_id)
            await self._check_helper(session, call.request, helper_id, guild_id, is_mentor=is_mentor)
            if call.request.member_id == helper_id:
                raise MemberError(OWN)
            if await store.update_offered(session, call_id, helper_id, now):
                await store.plan_show(session, call_id, HelpState.OFFERED, now)
                await store.plan_tell(session, call_id, now)
            call = await self._find(session, call_id)
            if call.request.state.is_settled:
                raise MemberError(SETTLED)
            if call.request.helper_id != helper_id:
                raise MemberError(TAKEN)
        return self._briefing(call)

    async def solve(self, call_id: int, member_id: int, guild_id: int | None, *, is_mentor: bool) -> Call:
        """Nobody waits any more: whoever asked says so, or whoever may help.

        Raises:
            MemberError: they may not, or it is gone or settled already.
        """
        async with self._database.transaction() as session:
            call = await self._find(session, call_id)
            if call.request.member_id != member_id:
                await self._check_helper(session, call.request, member_id, guild_id, is_mentor=is_mentor)
            await self._settle(session, call_id, HelpState.SOLVED)
        return call

    async def _check_helper(
        self, session: AsyncSession, call: HelpRequest, member_id: int, guild_id: int | None, *, is_mentor: bool
    ) -> None:
        if call.guild_id != guild_id:
            raise MemberError(GONE)
        if is_mentor or call.helper_id == member_id:
            return
        group = await _own_group(session, call.group_id, member_id)
        if group is None or group.home_id != call.channel_id:
            raise MemberError(NOT_A_MENTOR)

    async def _settle(self, session: AsyncSession, call_id: int, state: HelpState) -> None:
        now = self._clock()
        if not await store.update_settled(session, call_id, state, now):
            raise MemberError(SETTLED)
        await store.plan_show(session, call_id, state, now)

    # Scheduled work

    async def find_shown(self, call_id: int) -> Call | None:
        """What the message of a call has to agree with; None if the call is gone."""
        async with self._database.transaction() as session:
            request = await store.find_call(session, call_id)
            return None if request is None else await self._complete(session, request)

    async def record_shown(self, occurrence: Occurrence, message_id: int | None) -> bool:
        """The message agrees with its call, or (None) there is none; False if the call is gone by now."""
        async with self._database.transaction() as session:
            is_there = await store.update_post(session, occurrence.subject_id, message_id)
            await self._dispatcher.end(session, occurrence, WorkState.DONE)
        return is_there

    async def find_offer(self, call_id: int) -> Offer | None:
        """Who is to be told of an offer; None if it holds no more."""
        async with self._database.transaction() as session:
            request = await store.find_call(session, call_id)
            if request is None or request.state is not HelpState.OFFERED or request.helper_id is None:
                return None
            call = await self._complete(session, request)
            membership = await _find_membership(session, request.group_id, request.member_id)
        return Offer(call, request.helper_id, by_dm=membership is not None and membership.by_dm)

    async def record_told(self, occurrence: Occurrence) -> None:
        """The member knows who would like to help."""
        async with self._database.transaction() as session:
            await self._dispatcher.end(session, occurrence, WorkState.DONE)

    async def record_untold(self, occurrence: Occurrence, *, dm_failed: bool) -> None:
        """The member has no home here, or it is gone; with `dm_failed` their direct messages are closed, too."""
        now = self._clock()
        async with self._database.transaction() as session:
            request = await store.find_call(session, occurrence.subject_id) if dm_failed else None
            if request is not None and request.group_id is not None:
                await groups_store.update_member(session, request.group_id, request.member_id, dm_failed_at=now)
            await self._dispatcher.end(session, occurrence, WorkState.SKIPPED, "It stands in /calls mine only.")

    async def give_up(self, occurrence: Occurrence, note: str) -> None:
        """It cannot be done; the lists of calls show everything all the same."""
        async with self._database.transaction() as session:
            await self._dispatcher.end(session, occurrence, WorkState.SKIPPED, note)

    # What they have in common

    async def _find(self, session: AsyncSession, call_id: int) -> Call:
        request = await store.find_call(session, call_id)
        if request is None:
            raise MemberError(GONE)
        return await self._complete(session, request)

    async def _complete_all(self, session: AsyncSession, requests: Sequence[HelpRequest]) -> tuple[Call, ...]:
        return tuple([await self._complete(session, request) for request in requests])

    async def _complete(self, session: AsyncSession, request: HelpRequest) -> Call:
        group = await _own_group(session, request.group_id, request.member_id)
        return Call(request, group, self._titles(request.concepts))

    def _titles(self, concepts: Sequence[str]) -> tuple[str, ...]:
        known = self._curriculum.concepts
        return tuple(known[concept].title for concept in concepts if concept in known)

    def _briefing(self, call: Call) -> Briefing:
        known = [concept for concept in call.request.concepts if concept in self._curriculum.concepts]
        notes = tuple(self._note(concept) for concept in known[:MOST_NOTES])
        return Briefing(call, rules.choose_first_words(call.request.text), notes)

    def _note(self, concept_id: str) -> Note:
        concept = self._curriculum.concepts[concept_id]
        place = concept.study[0]
        return Note(
            concept.title,
            self._curriculum.definitions.get(concept_id, ""),
            self._curriculum.place_label(place),
            self._curriculum.place_url(place),
        )


async def _find_membership(session: AsyncSession, group_id: int | None, member_id: int) -> GroupMember | None:
    """Their membership, if they are in that group now."""
    if group_id is None:
        return None
    membership = await groups_store.find_member(session, group_id, member_id)
    return None if membership is None or membership.left_at is not None else membership


async def _own_group(session: AsyncSession, group_id: int | None, member_id: int) -> Group | None:
    """That group, if they are in it now and it has not ended."""
    if group_id is None or await _find_membership(session, group_id, member_id) is None:
        return None
    group = await groups_store.find_group(session, group_id)
    return None if group is None or group.state is GroupState.ENDED else group
