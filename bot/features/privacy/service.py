"""The use cases of privacy: export, delete with a receipt, forget old questions."""

from datetime import timedelta

from bot.clock import Clock
from bot.features.checkin import store as checkin_store
from bot.features.groups import store as group_store
from bot.features.privacy import store
from bot.features.privacy.models import MemberData, Receipt
from bot.features.support import store as support_store
from bot.features.weekly.store import plan_refresh
from bot.storage.database import Database


class PrivacyService:
    """Answers for the member data that the tutor holds."""

    def __init__(self, database: Database, clock: Clock, *, keep_questions_days: int) -> None:
        self._database = database
        self._clock = clock
        self.keep_questions_days = keep_questions_days

    async def export_member(self, member_id: int) -> MemberData:
        """Everything that is kept about a member."""
        async with self._database.transaction() as session:
            questions = await store.list_questions(session, member_id)
            ratings = await store.list_ratings(session, member_id)
            learning = await store.list_learning(session, member_id)
        return MemberData(member_id, self._clock(), questions, ratings, **learning)

    async def delete_member(self, member_id: int) -> Receipt:
        """Delete everything that is kept about a member.

        Posted results and digests with them are brought up to date, what was posted for them in study groups is
        deleted, and their groups are looked after; those in which nobody is left end, and their names and goals go.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            await store.lock_member(session, member_id)
            locked = await group_store.lock_groups_of(session, member_id)
            results = await store.list_posted_results(session, member_id)
            digests = await checkin_store.list_digests_of(session, member_id)
            groups = await group_store.list_groups_of(session, member_id)
            posts = await checkin_store.list_posts_of(session, member_id)
            posts += await support_store.list_posts_of(session, member_id)
            await support_store.delete_helper(session, member_id, now)
            deleted = await store.delete_member(session, member_id)
            for round_id in results:
                await plan_refresh(session, round_id, now)
            for week_id in digests:
                await checkin_store.plan_refresh(session, week_id, now)
            for channel_id, message_id in posts:
                await group_store.plan_erase(session, channel_id, message_id, now)
            ended = await group_store.end_left(session, locked, now)
            for group in groups:
                if group.id not in ended:
                    await group_store.plan_out(session, group.id, member_id, now)
                    await group_store.plan_tend(session, group.id, now)
        return Receipt(deleted, now)

    async def forget_old_questions(self) -> int:
        """Empty the text of questions that are older than the days that an admin set; returns how many."""
        before = self._clock() - timedelta(days=self.keep_questions_days)
        async with self._database.transaction() as session:
            return await store.update_expired(session, before)
