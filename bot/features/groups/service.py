"""The use cases of study groups: make one, join, leave, pause, change it, look after it, end it.

Nothing here talks to Discord. What has to happen there is scheduled work or done by the views, which have the outcome
recorded here. Whether somebody is an admin of the server is known to Discord, so it is passed in.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.groups import rules, store
from bot.features.groups.models import (
    MOST_GROUPS,
    MOST_IN_SERVER,
    MOST_MEMBERS,
    MOST_OWNED,
    EventKind,
    Group,
    GroupChange,
    GroupMember,
    GroupPlan,
    GroupState,
    GroupStatus,
    Settled,
)
from bot.features.progress import store as progress_store
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Occurrence, WorkState
from bot.scheduling.rules import DAILY
from bot.scheduling.store import try_tomorrow
from bot.scheduling.turns import Turns
from bot.storage.database import Database

UNKNOWN = "I do not know this group any more. `/group list` shows the groups of this server."
HAS_ENDED = "This group has ended. `/group list` shows others, and `/group create` makes a new one."
NO_GROUP = "You are in no group here yet. `/group list` shows which there are, and `/group match` looks for one."
WHICH_GROUP = "You are in more than one group here. Say which one with the option `group`."
NOT_FOUND = "I find no group of that name here. Choose one from the list that I suggest while you type."
NOT_IN = "You are not in this group. `/group list` shows the groups of this server."
NOT_A_MEMBER = "They are not in this group. `/group show` names its members."
ALREADY_IN = "You are in this group already. `/group show` tells more about it."
INVITED_BEFORE = "This invitation is from before you left the group. `/group join` takes you in, or asks for you."
IS_FULL = f"This group is full: a group has at most {MOST_MEMBERS} members. `/group list` shows others."
IS_CLOSED = "The owner of this group lets new members in. `/group join` asks for you."
TOO_MANY = (
    f"You are in {MOST_GROUPS} groups here, and more than that would be a lot of check-ins. `/group leave` makes room."
)
THEY_ARE_IN_TOO_MANY = f"They are in {MOST_GROUPS} groups by now, which is the most. They can ask again later."
THEY_ARE_IN = "They are in this group already. `/group show` names its members."
OWNS_TOO_MANY = (
    f"You look after {MOST_OWNED} groups here. Hand one over with `/group edit`, or end it with `/group end`."
)
THEY_OWN_TOO_MANY = f"They look after {MOST_OWNED} groups here already. Choose somebody else."
SERVER_IS_FULL = (
    f"This server has {MOST_IN_SERVER} groups, which is the most. `/group list` shows which of them have places."
)
NAME_TAKEN = "A group of this server has that name already. Please choose another one."
OWNER_ONLY = "Only the owner of the group can do this. `/group show` tells who that is."
OWNER_OR_ADMIN = "Only the owner of the group or an admin of this server can do this. `/group show` tells who that is."
LEAVE_YOURSELF = "You cannot remove yourself. `/group leave` takes you out, and the next member looks after the group."
NOTHING_TO_CHANGE = "Say what should be different, for example `time` or `goal`. Everything else stays as it is."
HAS_HOME = "This group has a home already. `/group show` leads to it."

HOME_WITHIN = timedelta(minutes=1)
"""If the program dies before the home of a new group is open, it is opened so much later."""

_HISTORY = 10
_OF_OTHERS = {TOO_MANY: THEY_ARE_IN_TOO_MANY, ALREADY_IN: THEY_ARE_IN}


class GroupService:
    """Everything about study groups but Discord. Every method opens its own transaction."""

    def __init__(self, database: Database, clock: Clock, *, dispatcher: Dispatcher) -> None:
        self._database = database
        self._clock = clock
        self._dispatcher = dispatcher
        self._turns = Turns()

    def alone_with(self, group_id: int) -> AbstractAsyncContextManager[None]:
        """Held while a home is opened or looked after, so that no two tasks open one or tell the same thing."""
        return self._turns.of(group_id)

    # Making

    async def create(self, member_id: int, plan: GroupPlan) -> Group:
        """A new group with its owner. It asks nothing until `set_home`.

        Raises:
            MemberError: the name is taken, or the member or the server has too many groups.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            await self._check_number(session, member_id, plan.guild_id)
            groups = await store.list_groups(session, plan.guild_id)
            if sum(group.owner_id == member_id for group in groups) >= MOST_OWNED:
                raise MemberError(OWNS_TOO_MANY)
            if len(groups) >= MOST_IN_SERVER:
                raise MemberError(SERVER_IS_FULL)
            _check_name(groups, plan.name)
            return await store.add_group(session, plan, member_id, (), now, home_at=now + HOME_WITHIN)

    async def set_home(self, group_id: int, home_id: int, *, occurrence: Occurrence | None = None) -> Group:
        """The home is open: the group is active, or still paused, and its next check-in is planned.

        With the `occurrence` that opened it, that work is ended, too.

        Raises:
            MemberError: the group has ended meanwhile, or is unknown.
            ClaimLost: somebody else works on it now.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.lock(session, group_id)
            group = await self._living(session, group_id)
            await store.update_group(session, group_id, now, home_id=home_id, note=None, **_awake(group, now))
            await store.add_event(session, group_id, EventKind.HOME_OPENED, now)
            await store.delete_home_work(session, group_id)
            if occurrence is not None:
                await self._dispatcher.end(session, occurrence, WorkState.DONE)
            group = await self._living(session, group_id)
            await self._plan_prompt(session, group)
            return group

    async def move_home(self, group_id: int, parent_id: int) -> Group:
        """The next home is opened in another channel.

        Raises:
            MemberError: the group has ended, is unknown, or has a home.
        """
        async with self._database.transaction() as session:
            await store.lock(session, group_id)
            group = await self._living(session, group_id)
            if group.home_id is not None:
                raise MemberError(HAS_HOME)
            await store.update_group(session, group_id, self._clock(), parent_id=parent_id)
            return replace(group, parent_id=parent_id)

    async def undo_create(self, group_id: int) -> None:
        """Forget a group whose first home could not be opened."""
        async with self._database.transaction() as session:
            await store.lock(session, group_id)
            group = await store.find_group(session, group_id)
            if group is not None and group.home_id is None:
                await store.delete_group(session, group_id)

    # Looking

    async def find(self, group_id: int) -> Group | None:
        """One group, also one that has ended."""
        async with self._database.transaction() as session:
            return await store.find_group(session, group_id)

    async def find_home_group(self, channel_id: int) -> Group | None:
        """The group that lives in that thread and has not ended."""
        async with self._database.transaction() as session:
            return await store.find_group_at(session, channel_id)

    async def list_groups_in(self, parent_id: int) -> tuple[Group, ...]:
        """The groups whose homes are threads of that channel and that have not ended."""
        async with self._database.transaction() as session:
            return await store.list_groups_in(session, parent_id)

    async def show(self, group_id: int) -> GroupStatus:
        """A group with its members, its next check-in and its history.

        Raises:
            MemberError: it is unknown.
        """
        async with self._database.transaction() as session:
            group = await store.find_group(session, group_id)
            if group is None:
                raise MemberError(UNKNOWN)
            return await self._status(session, group, history=_HISTORY)

    async def list_all(self, guild_id: int) -> tuple[GroupStatus, ...]:
        """The groups of a server, the oldest first."""
        async with self._database.transaction() as session:
            return await self._statuses(session, await store.list_groups(session, guild_id))

    async def list_open(self, guild_id: int) -> tuple[GroupStatus, ...]:
        """The groups of a server that have places; into a closed one its owner lets new members."""
        return tuple(status for status in await self.list_all(guild_id) if status.places)

    async def list_mine(self, guild_id: int, member_id: int) -> tuple[GroupStatus, ...]:
        """The groups of a server that a member is in."""
        async with self._database.transaction() as session:
            return await self._statuses(session, await store.list_groups_of(session, member_id, guild_id))

    async def choose(
        self, guild_id: int, member_id: int, typed: str | None, channel_id: int | None, *, of_all: bool = False
    ) -> Group:
        """Which group a command is about: the one that is named, the one that lives here, or the only one.

        Those of the member come into question, with `of_all` those of the whole server, if one is named.

        Raises:
            MemberError: it is not clear which one, or there is none.
        """
        async with self._database.transaction() as session:
            mine = await store.list_groups_of(session, member_id, guild_id)
            if typed:
                groups = await store.list_groups(session, guild_id) if of_all else mine
                found = rules.pick_group(groups, typed)
                if found is None:
                    raise MemberError(NOT_FOUND if mine or of_all else NO_GROUP)
                return found
        here = next((group for group in mine if group.home_id == channel_id), None)
        if here is not None:
            return here
        if len(mine) != 1:
            raise MemberError(WHICH_GROUP if mine else NO_GROUP)
        return mine[0]

    async def find_zone(self, member_id: int) -> str | None:
        """The time zone that a member has told, if they have."""
        async with self._database.transaction() as session:
            profile = await progress_store.find_profile(session, member_id)
        return profile.zone if profile else None

    # Joining and leaving

    async def check_joining(self, group_id: int, member_id: int) -> GroupStatus:
        """Whether a member could join, if it is open or its owner lets them in; nothing is changed.

        Raises:
            MemberError: they could not; the text says why.
        """
        async with self._database.transaction() as session:
            group = await self._living(session, group_id)
            await self._check_joining(session, group, member_id)
            return await self._status(session, group)

    async def check_inviting(self, group_id: int, member_id: int) -> GroupStatus:
        """Whether somebody could be invited; nothing is changed.

        Raises:
            MemberError: they could not join; the text says why, to the one who invites.
        """
        try:
            return await self.check_joining(group_id, member_id)
        except MemberError as error:
            raise MemberError(_OF_OTHERS.get(str(error), str(error))) from error

    async def join(
        self, group_id: int, member_id: int, *, is_let_in: bool = False, invited_at: datetime | None = None
    ) -> GroupStatus:
        """Take a member in; into a closed group only who is let in by its owner, or has been invited since they left.

        Raises:
            MemberError: it is closed or full, or the member is in it or in too many; the text says which.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            await store.lock(session, group_id)  # of two who take the last place, one gets it
            group = await self._living(session, group_id)
            await self._check_joining(session, group, member_id)
            if not (group.is_open or is_let_in or invited_at):
                raise MemberError(IS_CLOSED)
            before = await store.find_member(session, group_id, member_id)
            if invited_at and before is not None and before.left_at is not None and before.left_at > invited_at:
                raise MemberError(INVITED_BEFORE)
            await store.add_member(session, group_id, member_id, now)
            return await self._status(session, group)

    async def let_in(self, group_id: int, by: int, member_id: int) -> GroupStatus:
        """The owner takes in somebody who has asked.

        Raises:
            MemberError: it is not the owner who says so, or the member cannot join any more.
        """
        await self.check_owner(group_id, by)
        try:
            return await self.join(group_id, member_id, is_let_in=True)
        except MemberError as error:  # it is the owner who reads it, not the one whom it is about
            raise MemberError(_OF_OTHERS.get(str(error), str(error))) from error

    async def leave(self, group_id: int, member_id: int) -> Settled:
        """A member leaves. The next one looks after the group if it was theirs; without anybody left it ends.

        Raises:
            MemberError: they are not in it.
        """
        return await self._take_out(group_id, member_id, EventKind.LEFT)

    async def remove(self, group_id: int, by: int, member_id: int, *, is_admin: bool = False) -> Settled:
        """The owner or an admin takes somebody out.

        Raises:
            MemberError: they may not, or the member is not in the group.
        """
        await self.check_owner(group_id, by, is_admin=is_admin, refusal=OWNER_OR_ADMIN)
        if by == member_id:
            raise MemberError(LEAVE_YOURSELF)
        return await self._take_out(group_id, member_id, EventKind.REMOVED)

    async def _take_out(self, group_id: int, member_id: int, kind: EventKind) -> Settled:
        now = self._clock()
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)
            await store.lock(session, group_id)
            await self._living(session, group_id)
            await self._membership(session, group_id, member_id, NOT_IN if kind is EventKind.LEFT else NOT_A_MEMBER)
            await store.update_member(session, group_id, member_id, left_at=now, away_until=None)
            await store.add_event(session, group_id, kind, now, member_id=member_id)
            await store.plan_out(session, group_id, member_id, now)
            return await self._settle(session, group_id, [member_id])

    async def _settle(self, session: AsyncSession, group_id: int, gone: Collection[int]) -> Settled:
        """After members have gone: end the group if nobody is left, find an owner if it has none."""
        now = self._clock()
        members = await store.list_members(session, group_id)
        group = await self._living(session, group_id)
        new_owner_id = None
        if not members:
            await store.end_group(session, group_id, now)
        elif group.owner_id not in {member.member_id for member in members}:
            new_owner_id = rules.choose_owner(members)
            await self._hand_over(session, group_id, new_owner_id)
        settled = await store.find_group(session, group_id)
        return Settled(settled or group, tuple(gone), new_owner_id)

    async def _hand_over(self, session: AsyncSession, group_id: int, owner_id: int | None) -> None:
        now = self._clock()
        await store.update_group(session, group_id, now, owner_id=owner_id)
        await store.add_event(session, group_id, EventKind.OWNER, now, member_id=owner_id)

    # What members say about themselves

    async def pause_member(self, group_id: int, member_id: int, until: datetime) -> GroupStatus:
        """A member is away until then: nothing is asked of them, and no week counts, not even the one that is open.

        Raises:
            MemberError: they are not in it.
        """
        async with self._database.transaction() as session:
            before = await self._change_member(session, group_id, member_id, away_until=until)
            await store.mark_away(session, group_id, member_id)
            if before.away_until != until:
                await store.add_event(session, group_id, EventKind.PAUSED, self._clock(), member_id=member_id)
            return await self._status(session, await self._living(session, group_id))

    async def resume_member(self, group_id: int, member_id: int) -> tuple[GroupStatus, bool]:
        """A member is back before they said; whether they were away at all.

        Raises:
            MemberError: they are not in it.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            was_away = (await self._change_member(session, group_id, member_id, away_until=None)).is_away(now)
            await store.mark_away(session, group_id, member_id, is_away=False)
            if was_away:
                await store.add_event(session, group_id, EventKind.RESUMED, now, member_id=member_id)
            return await self._status(session, await self._living(session, group_id)), was_away

    async def set_nudges(self, group_id: int, member_id: int, *, is_nudged: bool, by_dm: bool) -> GroupStatus:
        """Whether a member gets a private note when a check-in is about to close without theirs, and how.

        Raises:
            MemberError: they are not in it.
        """
        async with self._database.transaction() as session:
            values = {"is_nudged": is_nudged, "by_dm": is_nudged and by_dm, "dm_failed_at": None}
            await self._change_member(session, group_id, member_id, **values)
            return await self._status(session, await self._living(session, group_id))

    async def _change_member(self, session: AsyncSession, group_id: int, member_id: int, **values: Any) -> GroupMember:
        """Change a membership; returns it as it was before."""
        await progress_store.add_learner(session, member_id, self._clock())
        await store.lock(session, group_id)
        await self._living(session, group_id)
        before = await self._membership(session, group_id, member_id, NOT_IN)
        await store.update_member(session, group_id, member_id, **values)
        return before

    # What owners decide

    async def check_owner(
        self, group_id: int, by: int, *, is_admin: bool = False, refusal: str = OWNER_ONLY
    ) -> GroupStatus:
        """Whether somebody may decide about a group; admins only where that is said.

        Raises:
            MemberError: they may not, or the group has ended.
        """
        async with self._database.transaction() as session:
            group = await self._living(session, group_id)
            if group.owner_id != by and not is_admin:
                raise MemberError(refusal)
            return await self._status(session, group)

    async def edit(self, group_id: int, by: int, change: GroupChange) -> tuple[Group, GroupStatus]:
        """Change a group; how it was before, and how it is now.

        Raises:
            MemberError: it is not the owner who says so, or something cannot be; the text says what.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            if change.owner_id is not None:
                await progress_store.add_learner(session, change.owner_id, now)
            await store.lock(session, group_id)
            group = await self._living(session, group_id)
            if group.owner_id != by:
                raise MemberError(OWNER_ONLY)
            values = _changed(group, change)
            if not values and change.owner_id in {None, by}:
                raise MemberError(NOTHING_TO_CHANGE)
            if "name" in values:
                others = await store.list_groups(session, group.guild_id)
                _check_name([other for other in others if other.id != group_id], values["name"])
            if values:
                await store.update_group(session, group_id, now, **values)
                details = ", ".join(_words(values))
                await store.add_event(session, group_id, EventKind.CHANGED, now, member_id=by, details=details)
            if change.owner_id is not None and change.owner_id != by:
                await self._check_heir(session, group, change.owner_id)
                await self._hand_over(session, group_id, change.owner_id)
            edited = await self._living(session, group_id)
            if edited.rhythm != group.rhythm:
                await self._plan_again(session, edited)
            return group, await self._status(session, edited)

    async def _check_heir(self, session: AsyncSession, group: Group, member_id: int) -> None:
        await self._membership(session, group.id, member_id, NOT_A_MEMBER)
        groups = await store.list_groups(session, group.guild_id)
        if sum(other.owner_id == member_id for other in groups) >= MOST_OWNED:
            raise MemberError(THEY_OWN_TOO_MANY)

    async def pause_group(self, group_id: int, until: datetime, by: int) -> GroupStatus:
        """Ask nothing of the whole group until then; after that it goes on by itself.

        Raises:
            MemberError: it is not the owner who says so.
        """
        return await self._set_paused(group_id, by, until, EventKind.PAUSED)

    async def resume_group(self, group_id: int, by: int) -> GroupStatus:
        """The group goes on before its pause is over.

        Raises:
            MemberError: it is not the owner who says so.
        """
        return await self._set_paused(group_id, by, None, EventKind.RESUMED)

    async def _set_paused(self, group_id: int, by: int, until: datetime | None, kind: EventKind) -> GroupStatus:
        now = self._clock()
        async with self._database.transaction() as session:
            await store.lock(session, group_id)
            group = await self._living(session, group_id)
            if group.owner_id != by:
                raise MemberError(OWNER_ONLY)
            if until is None and group.paused_until is None:
                return await self._status(session, group)
            state = GroupState.ACTIVE if until is None else GroupState.PAUSED
            if group.state is GroupState.HOMELESS:
                state = group.state  # it has to find a home first; then the pause holds
            await store.update_group(session, group_id, now, state=state.value, paused_until=until)
            await store.add_event(session, group_id, kind, now)
            if until is not None:
                for member in await store.list_members(session, group_id):
                    await store.mark_away(session, group_id, member.member_id)
            group = await self._living(session, group_id)
            await self._plan_again(session, group)
            return await self._status(session, group)

    async def end(self, group_id: int, by: int, *, is_admin: bool = False) -> Group:
        """The group is over. Its history stays, and its home is closed with a sentence.

        Raises:
            MemberError: it is neither the owner nor an admin who says so, or it has ended already.
        """
        async with self._database.transaction() as session:
            await store.lock(session, group_id)
            group = await self._living(session, group_id)
            if group.owner_id != by and not is_admin:
                raise MemberError(OWNER_OR_ADMIN)
            await store.end_group(session, group_id, self._clock())
            return await store.find_group(session, group_id) or group

    # Tending

    async def record_gone(self, group_id: int, gone: Collection[int]) -> Settled | None:
        """These members have left the server. A group without an owner gets one, and one without members ends.

        None if the group is unknown.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.lock(session, group_id)
            group = await store.find_group(session, group_id)
            if group is None or group.state is GroupState.ENDED:
                return None if group is None else Settled(group)
            inside = {member.member_id for member in await store.list_members(session, group_id)}
            left = sorted(inside.intersection(gone))
            for member_id in left:
                await store.update_member(session, group_id, member_id, left_at=now, away_until=None)
                await store.add_event(session, group_id, EventKind.LEFT, now, member_id=member_id)
            return await self._settle(session, group_id, left)

    async def lose_home(self, group_id: int, note: str) -> Group | None:
        """The home is gone: nothing is asked until there is a new one. None if that is known already."""
        now = self._clock()
        async with self._database.transaction() as session:
            await store.lock(session, group_id)
            group = await store.find_group(session, group_id)
            if group is None or group.home_id is None or group.state is GroupState.ENDED:
                return None
            await store.update_group(session, group_id, now, state=GroupState.HOMELESS.value, home_id=None, note=note)
            await store.delete_prompt(session, group_id)
            await store.add_event(session, group_id, EventKind.HOME_LOST, now)
            return await store.find_group(session, group_id)

    async def set_note(self, group_id: int, note: str | None) -> bool:
        """Write down what is wrong with a group and what mends it, or that it is well; whether that is news."""
        async with self._database.transaction() as session:
            await store.lock(session, group_id)
            group = await store.find_group(session, group_id)
            if group is None or group.state is GroupState.ENDED or group.note == note:
                return False
            await store.update_group(session, group_id, self._clock(), note=note)
            return True

    async def record_closed(self, group_id: int) -> None:
        """The home of a group that has ended says so and is archived; nobody has to look at it any more."""
        async with self._database.transaction() as session:
            await store.lock(session, group_id)
            await store.update_group(session, group_id, self._clock(), home_id=None)
            await store.delete_forgotten(session, group_id)

    async def plan_tending(self, group_ids: Iterable[int]) -> None:
        """Have somebody look whether these groups are well."""
        now = self._clock()
        async with self._database.transaction() as session:
            for group_id in group_ids:
                await store.plan_tend(session, group_id, now)

    async def plan_home(self, group_id: int) -> None:
        """Have the home of a group opened."""
        async with self._database.transaction() as session:
            await store.plan_home(session, group_id, self._clock())

    async def is_member(self, group_id: int, member_id: int) -> bool:
        """Whether somebody is in a group now."""
        async with self._database.transaction() as session:
            membership = await store.find_member(session, group_id, member_id)
        return membership is not None and membership.left_at is None

    # The plan

    async def plan_all(self, guild_ids: Collection[int]) -> int:
        """Plan what is not planned, after a crash for example, in the servers that the tutor is in, which these are.

        In others, which it may have left while nobody looked, nothing is asked. How many check-ins were planned.
        """
        async with self._database.transaction() as session:
            known = await store.list_servers(session)
        for guild_id in known:
            if guild_id not in guild_ids:
                await self.leave_server(guild_id)
        return sum([await self.plan_server(guild_id) for guild_id in known if guild_id in guild_ids])

    async def plan_server(self, guild_id: int) -> int:
        """The tutor is in a server, so its groups go on; how many check-ins were planned."""
        async with self._database.transaction() as session:
            groups = await store.list_unplanned(session, guild_id)
        planned = 0
        for group in groups:
            async with self._database.transaction() as session:
                await store.lock(session, group.id)
                found = await store.find_group(session, group.id)
                if found is not None:
                    planned += await self._plan_prompt(session, await self._go_on(session, found))
        return planned

    async def _go_on(self, session: AsyncSession, group: Group) -> Group:
        """A group whose home was out of reach only is as it was before."""
        if group.state is not GroupState.HOMELESS or group.home_id is None:
            return group
        await store.update_group(session, group.id, self._clock(), **_awake(group, self._clock()))
        return await store.find_group(session, group.id) or group

    async def leave_server(self, guild_id: int) -> None:
        """The tutor is not in a server any more: nothing is asked there until it is back."""
        async with self._database.transaction() as session:
            groups = await store.list_groups(session, guild_id, [GroupState.ACTIVE, GroupState.PAUSED])
        for group in groups:
            async with self._database.transaction() as session:
                await store.lock(session, group.id)
                await store.lose_touch(session, group.id, self._clock())

    async def _plan_prompt(self, session: AsyncSession, group: Group) -> bool:
        """Plan the next check-in, but none before the open one has closed."""
        now = self._clock()
        open_until = await store.find_open_until(session, group.id)
        after = open_until if open_until is not None and open_until > now else None
        return await store.plan_prompt(session, group, now, after)

    async def _plan_again(self, session: AsyncSession, group: Group) -> None:
        await store.delete_prompt(session, group.id)
        await self._plan_prompt(session, group)

    # Scheduled work

    async def record_done(
        self, occurrence: Occurrence, note: str | None = None, *, state: WorkState = WorkState.DONE
    ) -> None:
        """End a piece of work.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        async with self._database.transaction() as session:
            await self._dispatcher.end(session, occurrence, state, note)

    async def plan_erasing(self, channel_id: int, message_id: int) -> None:
        """Have a message deleted, at once and until it is gone."""
        async with self._database.transaction() as session:
            await store.plan_erase(session, channel_id, message_id, self._clock())

    async def erase_later(self, occurrence: Occurrence) -> None:
        """I may not delete it now, or Discord is away: it is tried again in a day."""
        channel_id = occurrence.slot.partition(DAILY)[0]
        async with self._database.transaction() as session:
            await try_tomorrow(session, occurrence, self._clock(), channel_id)

    async def forget_out(self, occurrence: Occurrence) -> None:
        """Somebody could not be taken out of a home. Who that was is not kept."""
        async with self._database.transaction() as session:
            await store.hide_out(session, occurrence.id)

    async def erased(self, occurrence: Occurrence) -> None:
        """A message that had to go is gone.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        await self.record_done(occurrence)

    async def record_out(self, occurrence: Occurrence) -> None:
        """Somebody was taken out of a home, and who that was is not kept.

        Raises:
            ClaimLost: somebody else works on it now.
        """
        async with self._database.transaction() as session:
            await self._dispatcher.end(session, occurrence, WorkState.DONE)
            await store.delete_out(session, occurrence.id)

    # What the use cases have in common

    async def _living(self, session: AsyncSession, group_id: int) -> Group:
        group = await store.find_group(session, group_id)
        if group is None:
            raise MemberError(UNKNOWN)
        if group.state is GroupState.ENDED:
            raise MemberError(HAS_ENDED)
        return group

    async def _membership(self, session: AsyncSession, group_id: int, member_id: int, refusal: str) -> GroupMember:
        membership = await store.find_member(session, group_id, member_id)
        if membership is None or membership.left_at is not None:
            raise MemberError(refusal)
        return membership

    async def _check_joining(self, session: AsyncSession, group: Group, member_id: int) -> None:
        members = {member.member_id for member in await store.list_members(session, group.id)}
        if member_id in members:
            raise MemberError(ALREADY_IN)
        if len(members) >= MOST_MEMBERS:
            raise MemberError(IS_FULL)
        await self._check_number(session, member_id, group.guild_id)

    async def _check_number(self, session: AsyncSession, member_id: int, guild_id: int) -> None:
        if len(await store.list_groups_of(session, member_id, guild_id)) >= MOST_GROUPS:
            raise MemberError(TOO_MANY)

    async def _status(self, session: AsyncSession, group: Group, *, history: int = 0) -> GroupStatus:
        members = await store.list_members(session, group.id)
        next_at = await store.find_next_prompt(session, group.id)
        events = await store.list_events(session, group.id, history) if history else ()
        return GroupStatus(group, members, next_at, events)

    async def _statuses(self, session: AsyncSession, groups: Sequence[Group]) -> tuple[GroupStatus, ...]:
        ids = [group.id for group in groups]
        members = await store.list_members_of(session, ids)
        next_at = await store.list_next_prompts(session, ids)
        return tuple(GroupStatus(group, members.get(group.id, ()), next_at.get(group.id)) for group in groups)


def _awake(group: Group, now: datetime) -> dict[str, Any]:
    """The columns of a group that has a home: it is active, or still paused."""
    is_paused = group.paused_until is not None and group.paused_until > now
    state = GroupState.PAUSED if is_paused else GroupState.ACTIVE
    return {"state": state.value, "paused_until": group.paused_until if is_paused else None}


def _check_name(groups: Iterable[Group], name: str) -> None:
    if any(group.name.casefold() == name.casefold() for group in groups):
        raise MemberError(NAME_TAKEN)


def _changed(group: Group, change: GroupChange) -> dict[str, Any]:
    """The columns that get another value."""
    rhythm = group.rhythm
    now = {
        "name": group.name,
        "weekday": rhythm.weekday,
        "minute": rhythm.minute,
        "zone": rhythm.zone,
        "window_days": group.window_days,
        "step": group.step,
        "language": group.language,
        "goal": group.goal,
        "is_open": group.is_open,
    }
    wanted = {key: getattr(change, key) for key in now}
    given = {key: value for key, value in wanted.items() if value is not None}
    forgotten = {
        key: None if key in {"step", "language", "goal"} and not value else value for key, value in given.items()
    }
    return {key: value for key, value in forgotten.items() if value != now[key]}


_WORDS = {
    "name": "name",
    "weekday": "rhythm",
    "minute": "rhythm",
    "zone": "rhythm",
    "window_days": "days of a check-in",
    "step": "step",
    "language": "language",
    "goal": "goal",
    "is_open": "who may join",
}


def _words(values: Collection[str]) -> list[str]:
    return list(dict.fromkeys(_WORDS[key] for key in values))
