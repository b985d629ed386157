"""The study group of the preview: two weeks of its life, in the middle of the second."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.client import TutorClient
from bot.features.checkin.models import CheckinForm, Panel
from bot.features.checkin.service import CheckinService
from bot.features.groups import store as group_store
from bot.features.groups.models import GroupPlan
from bot.features.groups.service import GroupService
from bot.features.groups.views import open_home
from bot.features.plan.models import Outcome, PlanText
from bot.features.plan.service import PlanService
from bot.scheduling.models import Rhythm
from bot.storage.database import Database

NAME = "Night owls"
GROUP = ("ada", "grace", "hedy")
LIVED = timedelta(days=9)
"""How long ago the group was made."""

_WEEK_BEGAN = timedelta(days=1)
_WINDOW = 2


async def forget_groups(database: Database, guild_id: int) -> None:
    """Groups of an earlier run have lost their homes with that run."""
    async with database.transaction() as session:
        for group in await group_store.list_groups(session, guild_id):
            await group_store.delete_prompt(session, group.id)
            await group_store.delete_group(session, group.id)


@dataclass(frozen=True, slots=True)
class GroupStory:
    """Plays two weeks of a group with the real bot.

    `move_to` lets time pass and what is planned happen, `catch_up` what is due now.
    """

    client: TutorClient
    groups: GroupService
    plans: PlanService
    checkins: CheckinService
    member_ids: Mapping[str, int]
    move_to: Callable[[datetime], Awaitable[object]]
    catch_up: Callable[[], Awaitable[object]]

    async def play(self, guild_id: int, parent_id: int) -> None:
        """Live from the making of the group until now."""
        made_at = self.client.clock()
        now = made_at + LIVED
        asked_at = (now - _WEEK_BEGAN).replace(minute=0, second=0, microsecond=0)
        rhythm = Rhythm(asked_at.weekday(), 60 * asked_at.hour, "UTC")
        plan = GroupPlan(
            guild_id,
            NAME,
            parent_id,
            rhythm,
            _WINDOW,
            language="English",
            goal="Everybody trains a model of their own.",
        )
        group = await self.groups.create(self.member_ids["ada"], plan)
        for name in GROUP[1:]:
            await self.groups.join(group.id, self.member_ids[name], is_let_in=True)
        await open_home(self.client, group.id)
        await self._first_plans(group.id)
        first_asked_at = asked_at - timedelta(weeks=1)
        await self.move_to(first_asked_at + timedelta(hours=5))
        await self._first_week(guild_id)
        await self.move_to(asked_at + timedelta(hours=3))
        await self._second_week(guild_id)
        await self.move_to(now)

    async def _first_plans(self, group_id: int) -> None:
        plans = {
            "ada": PlanText("Lesson on matrix products, with pen and paper", "Sunday evening", "kitchen table"),
            "grace": PlanText(
                "Rebuild the bear classifier from a blank page", "Saturday", "", "Only the data loaders."
            ),
            "hedy": PlanText("Read the chapter on SGD", "Tuesday", "on the train", "Read the summary and two figures."),
        }
        for name, text in plans.items():
            view = await self.plans.save(self.member_ids[name], group_id, text)
            await self.plans.show(view.plan.id, self.member_ids[name])

    async def _first_week(self, guild_id: int) -> None:
        learned = "A matrix product is many dot products at once."
        form = CheckinForm(Outcome.DONE, "Twelve pages of notes.", learned, "", "The chain rule for two layers")
        await self._check_in("ada", guild_id, form)
        learned = "Most of my time went into wrong paths of files."
        await self._check_in("grace", guild_id, CheckinForm(Outcome.PARTLY, "", learned, "", "Finish the data loaders"))

    async def _second_week(self, guild_id: int) -> None:
        learned = "A small batch makes the loss jump, and that is not always bad."
        plan = "Train with three learning rates and compare the curves"
        form = CheckinForm(Outcome.DONE, "https://example.org/hedy/sgd.ipynb", learned, "", plan)
        panel = await self._check_in("hedy", guild_id, form)
        if panel is None or panel.checkin is None or panel.asked is None or panel.asked.partner_id is None:
            return
        text = "Which of the three learning rates do you expect to win, and why?"
        await self.catch_up()  # nobody replies to what is not posted
        await self.checkins.reply(panel.checkin.id, panel.asked.partner_id, text)

    async def _check_in(self, name: str, guild_id: int, form: CheckinForm) -> Panel | None:
        """Write it, and show it to the group."""
        member_id = self.member_ids[name]
        (panel,) = await self.checkins.list_open(member_id, guild_id)
        if panel.week is None:
            return None
        await self.checkins.save(panel.week.id, member_id, form)
        return await self.checkins.send(panel.week.id, member_id, is_private=False)
