"""The Discord client: intents, cogs, persistent buttons, error doors, orderly shutdown."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import discord
from discord.ext import commands

from bot.clock import Clock
from bot.config import Settings
from bot.features.ask.cog import AskCog
from bot.features.ask.service import AskService
from bot.features.ask.views import PathButton, RateButton, SourcesButton, TryButton
from bot.features.challenge.cog import ChallengeCog
from bot.features.challenge.service import ChallengeService
from bot.features.challenge.views import CHALLENGE_ITEMS
from bot.features.checkin.cog import CheckinCog
from bot.features.checkin.service import CheckinService
from bot.features.checkin.views import CHECKIN_ITEMS
from bot.features.curriculum.cog import CurriculumCog
from bot.features.curriculum.service import CurriculumService
from bot.features.curriculum.views import CURRICULUM_ITEMS
from bot.features.groups.cog import GroupCog
from bot.features.groups.service import GroupService
from bot.features.groups.views import GROUP_ITEMS
from bot.features.help.cog import HelpCog
from bot.features.matching.cog import MatchingCog
from bot.features.matching.service import MatchingService
from bot.features.matching.views import MATCH_ITEMS
from bot.features.next_step.cog import NextCog
from bot.features.next_step.service import NextStepService
from bot.features.next_step.views import NEXT_ITEMS
from bot.features.plan.cog import PlanCog
from bot.features.plan.service import PlanService
from bot.features.plan.views import PLAN_ITEMS
from bot.features.privacy.cog import PrivacyCog
from bot.features.privacy.service import PrivacyService
from bot.features.privacy.views import DeletionButton
from bot.features.probe.service import ProbeService
from bot.features.probe.views import PROBE_BUTTONS
from bot.features.progress.cog import ProgressCog
from bot.features.progress.service import ProgressService
from bot.features.progress.views import PROGRESS_BUTTONS
from bot.features.questions.cog import QuestionsCog
from bot.features.questions.service import QuestionService
from bot.features.questions.views import QUESTION_ITEMS
from bot.features.quiz.cog import QuizCog
from bot.features.quiz.service import QuizService
from bot.features.quiz.views import QUIZ_ITEMS
from bot.features.review.cog import ReviewCog
from bot.features.review.service import ReviewService
from bot.features.review.views import REVIEW_ITEMS
from bot.features.settings.cog import SettingsCog
from bot.features.settings.service import GuildSettingsService
from bot.features.start.cog import StartCog
from bot.features.start.service import StartService
from bot.features.start.views import START_ITEMS
from bot.features.support.cog import SupportCog
from bot.features.support.service import SupportService
from bot.features.support.views import SUPPORT_ITEMS
from bot.features.weekly.cog import WeeklyCog
from bot.features.weekly.service import WeeklyService
from bot.features.weekly.views import WEEKLY_ITEMS
from bot.scheduling.cog import SchedulingCog
from bot.scheduling.dispatcher import Dispatcher
from bot.ui.errors import on_tree_error, without_text
from bot.ui.flood import FloodGate
from bot.ui.names import MemberNames
from indexer.live import LiveIndex
from knowledge.curriculum import Curriculum

_log = logging.getLogger(__name__)

FLOOD_SECONDS = 60.0
SHUTDOWN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases that cogs and buttons call. What needs a curriculum is None for a folder of plain notes."""

    ask: AskService
    privacy: PrivacyService
    index: LiveIndex
    curriculum: Curriculum | None
    progress: ProgressService | None = None
    questions: QuestionService | None = None
    dispatcher: Dispatcher | None = None
    probe: ProbeService | None = None
    next_step: NextStepService | None = None
    start: StartService | None = None
    guild_settings: GuildSettingsService | None = None
    guide: CurriculumService | None = None
    quiz: QuizService | None = None
    review: ReviewService | None = None
    weekly: WeeklyService | None = None
    challenge: ChallengeService | None = None
    groups: GroupService | None = None
    matching: MatchingService | None = None
    plan: PlanService | None = None
    checkin: CheckinService | None = None
    support: SupportService | None = None


def required_intents(settings: Settings) -> discord.Intents:
    """The least there is: servers, and messages that mention or address the tutor. None is privileged by default."""
    intents = discord.Intents.none()
    intents.guilds = True
    intents.guild_messages = True
    intents.dm_messages = True
    intents.message_content = settings.discord.message_content
    return intents


class TutorClient(commands.Bot):
    """The bot. It has no prefix commands; everything is a slash command, a mention or a button."""

    def __init__(self, settings: Settings, services: Services, clock: Clock) -> None:
        super().__init__(
            command_prefix=(),
            help_command=None,
            intents=required_intents(settings),
            allowed_mentions=discord.AllowedMentions.none(),
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
        )
        self.settings = settings
        self.services = services
        self.clock = clock
        self.ask_channels = set(settings.discord.ask_channels)
        self.command_ids: dict[str, int] = {}
        self.names = MemberNames()
        self._working = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def setup_hook(self) -> None:
        gate = FloodGate(self.settings.answers.questions_per_minute, FLOOD_SECONDS, self.clock)
        self.tree.error(on_tree_error)
        self.add_dynamic_items(RateButton, SourcesButton, DeletionButton, *PROBE_BUTTONS, *NEXT_ITEMS, *START_ITEMS)
        self.add_dynamic_items(*QUESTION_ITEMS, *QUIZ_ITEMS, *REVIEW_ITEMS, *WEEKLY_ITEMS, *CHALLENGE_ITEMS)
        self.add_dynamic_items(*GROUP_ITEMS, *MATCH_ITEMS, *PLAN_ITEMS, *CHECKIN_ITEMS, *SUPPORT_ITEMS)
        await self.add_cog(AskCog(self, self.services.ask, gate))
        await self.add_cog(HelpCog(self))
        await self.add_cog(PrivacyCog(self.services.privacy))
        await self._add_curriculum_cogs()
        synced = await self.tree.sync()
        self.command_ids = {command.name: command.id for command in synced}

    async def _add_curriculum_cogs(self) -> None:
        """What makes sense only where there is a curriculum."""
        services = self.services
        if services.start is not None:
            await self.add_cog(StartCog(services.start))
        if services.next_step is not None:
            await self.add_cog(NextCog())
        self.add_dynamic_items(*PROGRESS_BUTTONS, *CURRICULUM_ITEMS, TryButton, PathButton)
        if services.progress is not None:
            await self.add_cog(ProgressCog(self, services.progress))
        if services.guide is not None:
            await self.add_cog(CurriculumCog(services.guide))
        if services.questions is not None and services.dispatcher is not None:
            await self._add_asking_cogs(services, services.questions, services.dispatcher)
        if services.guild_settings is not None and services.curriculum is not None:
            await self.add_cog(SettingsCog(services.guild_settings, services.curriculum, services.weekly))

    async def _add_asking_cogs(self, services: Services, questions: QuestionService, dispatcher: Dispatcher) -> None:
        """What asks questions of the bank. The dispatcher comes last, when every kind of work has its handler."""
        await self.add_cog(QuestionsCog())
        if services.challenge is not None:
            await self.add_cog(ChallengeCog(self, services.challenge, dispatcher))
        if services.quiz is not None:
            await self.add_cog(QuizCog(services.quiz))
        if services.review is not None:
            await self.add_cog(ReviewCog(self, services.review, dispatcher))
        if services.weekly is not None:
            await self.add_cog(WeeklyCog(self, services.weekly, questions, dispatcher))
        await self._add_group_cogs(services, dispatcher)
        await self.add_cog(SchedulingCog(self, dispatcher))

    async def _add_group_cogs(self, services: Services, dispatcher: Dispatcher) -> None:
        """Study groups and what they do together."""
        if services.groups is not None:
            await self.add_cog(GroupCog(self, services.groups, dispatcher))
        if services.matching is not None:
            await self.add_cog(MatchingCog(self, services.matching, dispatcher))
        if services.plan is not None:
            await self.add_cog(PlanCog(self, services.plan, dispatcher))
        if services.checkin is not None:
            await self.add_cog(CheckinCog(self, services.checkin, dispatcher))
        if services.support is not None:
            await self.add_cog(SupportCog(self, services.support, dispatcher))

    async def on_ready(self) -> None:
        _log.info("Ready in %d servers.", len(self.guilds))

    async def on_interaction(self, interaction: discord.Interaction, /) -> None:
        """Whoever clicks is met, and can be named without asking Discord."""
        if isinstance(interaction.user, discord.Member):
            self.names.note(interaction.user)

    async def on_message(self, message: discord.Message, /) -> None:
        """There are no prefix commands; the ask feature listens by itself."""

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """The listeners' door: logged without the event's contents, which members wrote."""
        error = sys.exception()
        _log.error("The listener for %s failed.", event_method, exc_info=error and without_text(error))

    def answers_every_message_in(self, channel_id: int) -> bool:
        """Whether plain messages in this channel are questions; needs the message-content intent."""
        return self.settings.discord.message_content and channel_id in self.ask_channels

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Marks an answer as running, so that a shutdown waits for it."""
        self._working += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                self._idle.set()

    async def close(self) -> None:
        """Finish running answers, then close the connection."""
        if self._working:
            _log.info("Finishing %d running answers.", self._working)
        try:
            await asyncio.wait_for(self._idle.wait(), SHUTDOWN_SECONDS)
        except TimeoutError:
            _log.warning("%d answers did not finish within %g seconds.", self._working, SHUTDOWN_SECONDS)
        await super().close()
