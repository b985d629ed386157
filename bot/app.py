"""The composition root: configuration -> database -> index -> services -> client. The only place that wires."""

import asyncio
import logging
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import discord
from fsrs import Scheduler

from bot.client import Services, TutorClient
from bot.clock import Clock, system_clock
from bot.config import ReviewSettings, Settings, read_token
from bot.errors import ConfigError, ConnectionFailed, IntentsError, SearchUnavailable, TokenError
from bot.features.ask.service import AnswerPolicy, AskService
from bot.features.challenge.service import ChallengeService
from bot.features.checkin.service import CheckinService
from bot.features.curriculum.service import CurriculumService
from bot.features.groups.service import GroupService
from bot.features.matching.service import MatchingService
from bot.features.next_step.service import NextStepService
from bot.features.plan.service import PlanService
from bot.features.privacy.service import PrivacyService
from bot.features.probe.service import ProbeService
from bot.features.progress.service import ProgressService
from bot.features.questions.rules.scheduling import new_scheduler
from bot.features.questions.service import QuestionService
from bot.features.quiz.service import QuizService
from bot.features.review.service import ReviewService
from bot.features.settings.service import GuildSettingsService
from bot.features.start.service import StartService
from bot.features.support.service import SupportService
from bot.features.weekly.service import WeeklyService
from bot.scheduling.dispatcher import Dispatcher
from bot.storage.database import Database
from indexer.encoder import Encoder, SentenceTransformerEncoder
from indexer.errors import EncoderError, SearchIndexError
from indexer.live import LiveIndex
from indexer.manifest import current_version
from knowledge.curriculum import Curriculum
from knowledge.loader import load_knowledge
from knowledge.problems import KnowledgeError

_log = logging.getLogger(__name__)


def load_encoder(settings: Settings) -> SentenceTransformerEncoder:
    """The configured model.

    Raises:
        SearchUnavailable: it cannot be loaded.
    """
    try:
        return SentenceTransformerEncoder(settings.index.model, threads=settings.index.threads)
    except EncoderError as error:
        raise SearchUnavailable(str(error)) from error


@asynccontextmanager
async def open_services(settings: Settings, clock: Clock, encoder: Encoder | None = None) -> AsyncIterator[Services]:
    """Everything the client needs, closed again at the end.

    Raises:
        DatabaseError, SearchUnavailable: the text says what mends it.
    """
    database = Database(settings.database.url)
    try:
        await database.upgrade()
        index = await asyncio.to_thread(_open_index, settings, encoder)
        try:
            yield _services(settings, clock, database, index)
        finally:
            await index.close()
    finally:
        await database.close()


def _open_index(settings: Settings, encoder: Encoder | None) -> LiveIndex:
    try:
        current_version(settings.index.folder)  # a missing index is worth knowing before the model is loaded
        return LiveIndex(settings.index.folder, encoder or load_encoder(settings))
    except SearchIndexError as error:
        raise SearchUnavailable(str(error)) from error


def _services(settings: Settings, clock: Clock, database: Database, index: LiveIndex) -> Services:
    curriculum = _curriculum(settings)
    answers = settings.answers
    policy = AnswerPolicy(answers.max_sources, answers.confidence, answers.notes_url)
    progress = ProgressService(database, clock, curriculum) if curriculum else None
    services = Services(
        ask=AskService(index, database, clock, policy, curriculum, progress=progress),
        privacy=PrivacyService(database, clock, keep_questions_days=answers.keep_questions_days),
        index=index,
        curriculum=curriculum,
        progress=progress,
        start=StartService(clock, progress) if progress else None,
        guild_settings=GuildSettingsService(database, clock) if curriculum else None,
        guide=CurriculumService(curriculum, progress, clock) if curriculum and progress else None,
    )
    if curriculum is None or progress is None:
        return services
    services = replace(services, **_asking_services(settings, clock, database, curriculum, progress))
    return replace(services, **_group_services(services, clock, database))


def _asking_services(
    settings: Settings, clock: Clock, database: Database, curriculum: Curriculum, progress: ProgressService
) -> dict[str, Any]:
    """The services that ask questions of the bank, by their fields of `Services`."""
    scheduler = load_scheduler(settings.review)
    questions = QuestionService(database, clock, curriculum, scheduler, random.Random())
    dispatcher = Dispatcher(database, clock)
    return {
        "questions": questions,
        "dispatcher": dispatcher,
        "probe": ProbeService(database, clock, curriculum, progress, questions, rng=random.Random()),
        "next_step": NextStepService(
            database, clock, curriculum, progress, reviewed_at_a_time=settings.review.at_a_time
        ),
        "quiz": QuizService(database, clock, curriculum, progress, questions, rng=random.Random()),
        "review": ReviewService(
            database,
            clock,
            curriculum,
            questions,
            scheduler=scheduler,
            dispatcher=dispatcher,
            at_a_time=settings.review.at_a_time,
        ),
        "weekly": WeeklyService(
            database, clock, curriculum, progress, questions, dispatcher=dispatcher, rng=random.Random()
        ),
        "challenge": ChallengeService(database, clock, curriculum, questions),
    }


def _group_services(services: Services, clock: Clock, database: Database) -> dict[str, Any]:
    """The services of study groups, by their fields of `Services`."""
    curriculum, progress, dispatcher = services.curriculum, services.progress, services.dispatcher
    if curriculum is None or progress is None or dispatcher is None or services.next_step is None:
        return {}
    return {
        "groups": GroupService(database, clock, dispatcher=dispatcher),
        "matching": MatchingService(database, clock, progress, dispatcher=dispatcher),
        "plan": PlanService(database, clock, progress, services.next_step, dispatcher=dispatcher),
        "checkin": CheckinService(database, clock, curriculum, progress, dispatcher=dispatcher),
        "support": SupportService(database, clock, curriculum, services.ask, dispatcher=dispatcher),
    }


def load_scheduler(review: ReviewSettings) -> Scheduler:
    """The scheduler of reviews as it is configured.

    Raises:
        ConfigError: its parameters are out of bounds.
    """
    try:
        return new_scheduler(
            parameters=review.parameters,
            desired_retention=review.desired_retention,
            maximum_interval_days=review.maximum_interval_days,
            learning_steps=[timedelta(hours=hours) for hours in review.learning_steps_hours],
            relearning_steps=[timedelta(hours=hours) for hours in review.relearning_steps_hours],
        )
    except ValueError as error:
        raise ConfigError(
            f"[review] parameters cannot be used: {error}. Delete the line to get the defaults."
        ) from error


def _curriculum(settings: Settings) -> Curriculum | None:
    try:
        return load_knowledge(settings.index.knowledge).curriculum
    except KnowledgeError as error:
        raise SearchUnavailable(f"{error}\nMend the files; `tutor index check` shows what is left.") from error


async def run_bot(settings: Settings) -> None:
    """Run on Discord until SIGTERM or SIGINT.

    Raises:
        TokenError, IntentsError, SearchUnavailable, ConnectionFailed, DatabaseError: the text says what mends it.
    """
    token = read_token(settings.discord)
    async with open_services(settings, system_clock) as services:
        client = TutorClient(settings, services, system_clock)
        _close_on_signal(client)
        try:
            async with client:
                await client.start(token)
        except discord.LoginFailure as error:
            raise TokenError(
                "Discord refuses the bot token. Reset it under Bot in the Discord developer portal, "
                "then set DISCORD_TOKEN or the token file to the new one."
            ) from error
        except discord.PrivilegedIntentsRequired as error:
            raise IntentsError(
                "message_content is on, but the application lacks that intent. Switch on Message Content Intent under "
                "Bot in the Discord developer portal, or set message_content = false under [discord] in config.toml."
            ) from error
        except (aiohttp.ClientConnectionError, discord.HTTPException, discord.GatewayNotFound) as error:
            raise ConnectionFailed(
                f"Discord cannot be reached ({type(error).__name__}). Check the network and try again."
            ) from error


def _close_on_signal(client: TutorClient) -> None:
    loop = asyncio.get_running_loop()
    closing: set[asyncio.Task[None]] = set()

    def close() -> None:
        if not closing:
            _log.info("Shutting down.")
            closing.add(asyncio.create_task(client.close()))

    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(name, close)
        except NotImplementedError:  # Windows has no such handlers; Ctrl+C still ends the loop
            _log.debug("No handler for %s on this system.", name)
