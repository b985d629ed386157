"""The loop that looks for due work, in a bot of its own in a simulated Discord."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import discord
import pytest
import simcord
from discord import app_commands
from discord.ext import commands
from sqlalchemy import text

from bot.scheduling import store
from bot.scheduling.cog import SchedulingCog
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import WorkState
from bot.scheduling.rules import retry_delay
from bot.storage.database import Database
from tests.bot.databases import rows
from tests.bot.server import warnings_of

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


class Bot(commands.Bot):
    """Posts what is due, and plans something when a member says so."""

    def __init__(self, world):
        super().__init__(command_prefix=(), help_command=None, intents=discord.Intents(guilds=True))
        self.world = world

    async def setup_hook(self):
        await self.add_cog(SchedulingCog(self, self.world.dispatcher))

        @self.tree.command(name="plan", description="Plans a post in so many seconds.")
        async def plan(interaction: discord.Interaction, seconds: int):
            await self.world.plan("by a member", self.world.now() + seconds * SECOND)
            await interaction.response.send_message("Planned.", ephemeral=True)

        assert isinstance(plan, app_commands.Command)
        await self.tree.sync()


@dataclass
class World:
    """A bot, its database, and what it has done at which time."""

    database: Database
    done: list[tuple[str, timedelta]] = field(default_factory=list)
    errors: dict[str, Exception] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)

    def __post_init__(self):
        self.dispatcher = Dispatcher(self.database, self.now)
        self.dispatcher.register("post", self.post)

    async def start(self):
        self.env = simcord.Env(Bot(self), settle_timeout=20)
        guild = self.env.create_guild("Study Group")
        self.channel = guild.create_text_channel("quiz")
        self.ada = guild.add_member(self.env.create_user("ada"))
        await self.env.start()

    def now(self):
        return self.env.now()

    async def plan(self, slot, due_at):
        async with self.database.transaction() as session:
            await store.add_occurrence(session, "post", 7, slot, due_at)

    async def post(self, occurrence):
        if occurrence.slot in self.errors:
            raise self.errors.pop(occurrence.slot)
        if occurrence.slot in self.hanging:
            self.hanging.remove(occurrence.slot)
            await asyncio.sleep(DAY.total_seconds())
        await self.dispatcher.pace()
        await self.env.bot.get_channel(self.channel.id).send(occurrence.slot)
        async with self.database.transaction() as session:
            await self.dispatcher.end(session, occurrence, WorkState.DONE)
        self.done.append((occurrence.slot, self.now() - BEGAN))

    def said(self):
        return [message.content for message in self.channel.history()]

    async def advance(self, time):
        await self.env.advance_time(time.total_seconds())


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path) as world:
        yield world
        await world.env.shutdown()
        world.env.raise_errors()


@asynccontextmanager
async def opened(tmp_path):
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'tutor.db'}")
    await database.upgrade()
    world = World(database)
    await world.start()
    yield world
    await database.close()


@pytest.fixture
def long_sleep(monkeypatch):
    """It sleeps as long as it knows of nothing to do."""
    monkeypatch.setattr("bot.scheduling.cog.LONGEST_SLEEP", 100 * DAY)


@pytest.mark.usefixtures("long_sleep")
async def test_planned_work_is_done_at_its_time(world):
    await world.plan("second", BEGAN + DAY)
    await world.plan("first", BEGAN + 90 * SECOND)
    await world.advance(90 * SECOND)
    assert world.done == [("first", 90 * SECOND)]
    await world.advance(90 * DAY)
    assert world.done == [("first", 90 * SECOND), ("second", DAY)]
    assert world.said() == ["first", "second"]


@pytest.mark.usefixtures("long_sleep")
async def test_what_a_member_plans_while_it_sleeps_is_done_at_its_time(world):
    await world.plan("far off", BEGAN + 80 * DAY)
    await world.advance(10 * DAY)
    await world.ada.slash(world.channel, "plan", seconds=5400)
    await world.advance(5399 * SECOND)
    assert world.done == []
    await world.advance(SECOND)
    assert world.done == [("by a member", 10 * DAY + 5400 * SECOND)]
    await world.advance(70 * DAY)
    assert world.done[1:] == [("far off", 80 * DAY)]


@pytest.mark.usefixtures("long_sleep")
async def test_what_is_planned_at_the_end_of_a_look_is_not_overlooked(world, monkeypatch):
    look, slots = world.dispatcher.next_look, ["just planned"]

    async def look_and_plan():
        found = await look()
        while slots and world.done:
            await world.plan(slots.pop(), BEGAN + 3 * DAY)
        return found

    monkeypatch.setattr(world.dispatcher, "next_look", look_and_plan)
    await world.plan("W10", BEGAN + DAY)
    await world.advance(50 * DAY)
    assert world.done == [("W10", DAY), ("just planned", 3 * DAY)]


@pytest.fixture
def a_minute(monkeypatch):
    """As it is outside of tests."""
    monkeypatch.setattr("bot.scheduling.cog.LONGEST_SLEEP", timedelta(minutes=1))


@pytest.mark.usefixtures("a_minute")
async def test_it_looks_once_a_minute_in_any_case(world):
    """Somebody else may have planned it: here past everything that could tell."""
    await world.advance(30 * SECOND)
    async with world.database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO occurrences (kind, subject_id, slot, due_at, state, tries) "
                "VALUES ('post', 7, 'by another process', '2026-01-01 00:00:40', 'waiting', 0)"
            )
        )
    await world.advance(2 * timedelta(minutes=1))
    (only,) = world.done
    assert only[0] == "by another process"
    assert 40 * SECOND <= only[1] <= 100 * SECOND


@pytest.mark.usefixtures("long_sleep")
async def test_many_that_are_due_at_once_keep_their_pace_in_simulated_time(world):
    slots = [f"{number:02}" for number in range(30)]
    for slot in slots:
        await world.plan(slot, BEGAN + DAY)
    await world.advance(DAY)
    await world.advance(SECOND)
    assert world.said() == slots
    took = world.done[-1][1] - world.done[0][1]
    assert took == pytest.approx(29 * SECOND / 45, abs=timedelta(milliseconds=50))


@pytest.mark.usefixtures("long_sleep")
async def test_work_that_failed_is_tried_again(world, caplog):
    await world.plan("W10", BEGAN + DAY)
    world.errors["W10"] = ValueError(str(BEGAN))
    await world.advance(DAY + 29 * SECOND)
    assert world.done == []
    await world.advance(2 * SECOND)
    assert world.done == [("W10", DAY + retry_delay(1))]
    assert str(BEGAN) not in caplog.text


@pytest.mark.usefixtures("long_sleep")
async def test_work_that_hangs_holds_up_nothing_that_is_due_later(world):
    world.hanging.add("hangs")
    await world.plan("hangs", BEGAN + DAY)
    await world.plan("later", BEGAN + DAY + 100 * SECOND)
    await world.plan("much later", BEGAN + DAY + 1000 * SECOND)
    await world.advance(2 * DAY)
    assert world.done == [
        ("later", DAY + 100 * SECOND),
        ("hangs", DAY + 240 * SECOND + retry_delay(1)),  # stopped after four fifths of the lease
        ("much later", DAY + 1000 * SECOND),
    ]


@pytest.mark.usefixtures("long_sleep")
async def test_an_error_of_the_database_costs_one_look(world, caplog):
    await world.plan("W10", BEGAN + DAY)
    await world.advance(DAY - SECOND)

    async def rename(before, after):
        async with world.database.transaction() as session:
            await session.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

    await rename("occurrences", "away")
    await world.advance(5 * SECOND)
    assert warnings_of(caplog) == ["Due work could not be looked for; the next try is soon."]
    await rename("away", "occurrences")
    await world.advance(15 * SECOND)
    assert world.done == [("W10", DAY + 15 * SECOND)]


@pytest.mark.usefixtures("long_sleep")
async def test_work_that_came_due_while_the_bot_was_off_is_done_when_it_is_back(world):
    await world.plan("W10", BEGAN + DAY)
    await world.env.bot.close()
    await world.advance(2 * DAY)
    assert world.done == []
    await world.env.restart_bot(Bot(world))
    assert world.done == [("W10", 2 * DAY)]


@pytest.mark.usefixtures("long_sleep")
async def test_work_that_a_restart_breaks_off_is_done_after_it(world):
    world.hanging.add("hangs")
    await world.plan("hangs", BEGAN + DAY)
    await world.advance(DAY)
    assert world.done == []
    await world.env.restart_bot(Bot(world))
    await world.advance(2 * SECOND)
    assert world.said() == ["hangs"]


async def test_all_has_ended_and_is_given_back_before_the_database_is_closed(tmp_path):
    async with opened(tmp_path) as world:
        world.hanging.add("hangs")
        await world.plan("hangs", BEGAN)
        await world.advance(SECOND)
        assert await rows(world.database, "SELECT state FROM occurrences") == [("claimed",)]
        cog = world.env.bot.get_cog("SchedulingCog")
        await world.env.bot.close()
        assert not cog.look.is_running()
        assert cog._runs == set()
        assert await rows(world.database, "SELECT state, tries FROM occurrences") == [("waiting", 1)]
        await world.env.shutdown()
