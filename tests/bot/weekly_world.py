"""Weekly quizzes on a test's database, at a time that the test sets, with members who answer."""

import random
from datetime import UTC, timedelta

from bot.features.progress.models import Enrolment
from bot.features.progress.service import ProgressService
from bot.features.questions.models import Response
from bot.features.questions.rules.options import bank_key, option_id, stamp_of
from bot.features.weekly.models import CLOSE, POST, Post, WeeklyQuiz
from bot.features.weekly.service import WeeklyService
from bot.scheduling import store as schedule
from bot.scheduling.dispatcher import Dispatcher
from tests.bot.schedulers import question_service

GUILD, CHANNEL, ROLE = 2**62, 77, 88
ADA, GRACE, EVE, LINUS = 2**63 - 1, 22, 33, 44
LEASE = timedelta(minutes=5)


def quiz_with(**values):
    """A quiz on Mondays at six in Berlin."""
    standard = dict(guild_id=GUILD, channel_id=CHANNEL, weekday=0, minute=18 * 60, zone="Europe/Berlin")
    return WeeklyQuiz(**(standard | values))


def right(question):
    """What is right."""
    key = bank_key(question)
    return Response(key.options, key.number)


def wrong(question):
    """Something that is wrong, but no "I don't know"."""
    key = bank_key(question)
    if key.number is not None:
        return Response(number=key.number + 1000)
    options = tuple(option_id(option.text) for option in question.options)
    if question.kind == "order":
        return Response(tuple(reversed(options)))
    return Response((next(option for option in options if option not in key.options),))


class World:
    """One process with its services."""

    def __init__(self, database, curriculum, now, *, worker="here", seed=1):
        self.database = database
        self.curriculum = curriculum
        self.bank = {question.id: question for question in curriculum.questions}
        self.now = now
        clock = lambda: self.now.astimezone(UTC)
        self.dispatcher = Dispatcher(database, clock, worker=worker)
        self.progress = ProgressService(database, clock, curriculum)
        self.questions = question_service(database, clock, curriculum)
        self.weekly = WeeklyService(
            database,
            clock,
            curriculum,
            self.progress,
            self.questions,
            dispatcher=self.dispatcher,
            rng=random.Random(seed),
        )

    async def claim(self, kind=POST):
        """The work that is due, which this process takes."""
        async with self.database.transaction() as session:
            claimed = await schedule.claim_due(
                session, self.dispatcher.worker, self.now, limit=50, lease=LEASE, kinds=(kind,)
            )
        return claimed[0] if claimed else None

    async def waiting(self, guild_id=GUILD):
        async with self.database.transaction() as session:
            return await schedule.find_waiting(session, POST, guild_id)

    async def post(self, message_id=1000):
        """Post what is due, as the cog does; the round."""
        occurrence = await self.claim()
        prepared = await self.weekly.prepare(occurrence)
        assert isinstance(prepared, Post)
        await self.weekly.record_posted(occurrence, prepared.round_id, message_id)
        return await self.weekly.find_round(prepared.round_id)

    async def close(self, round_, summary_id=2000):
        """Close what is open, as the cog does; the results."""
        self.now = max(self.now, round_.closes_at + timedelta(seconds=5))
        occurrence = await self.claim(CLOSE)
        results = await self.weekly.find_results(round_.round_id)
        await self.weekly.record_closed(occurrence, round_.round_id, summary_id)
        return results

    async def answer(self, round_, member_id, marks):
        """Answer the questions in turn: x right, - wrong, ? "I don't know", and a space leaves one out."""
        for position, (id_, mark) in enumerate(zip(round_.questions, marks, strict=False)):
            if mark != " ":
                question = self.bank[id_]
                response = {"x": right, "-": wrong, "?": lambda _: Response()}[mark](question)
                await self.questions.answer(round_.round_id, position, member_id, response, stamp_of(question))

    async def rank(self, *member_ids):
        for member_id in member_ids:
            await self.weekly.set_ranked(member_id, GUILD, is_ranked=True)

    async def be_visible(self, *member_ids):
        for member_id in member_ids:
            await self.progress.enrol(member_id, Enrolment(GUILD, is_visible=True))
