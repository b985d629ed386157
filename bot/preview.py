"""The real bot against a simulated Discord in a local browser page. No account, no token, no network."""

import asyncio
import signal
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import discord
import simcord
from simcord.builders import ChannelHandle
from simcord.preview import Preview
from sqlalchemy.engine import make_url

from bot.app import open_services
from bot.client import Services, TutorClient
from bot.clock import system_clock
from bot.config import DatabaseSettings, Settings
from bot.errors import MemberError
from bot.features.weekly.cog import WeeklyCog
from bot.features.weekly.models import WeeklyQuiz
from bot.features.weekly.service import WeeklyService
from bot.preview_group import GROUP, LIVED, GroupStory, forget_groups
from bot.preview_learners import Learners, describe_standing, take_weekly_quiz
from bot.preview_time import HELP, LONGEST, NEXT, Moved, parse_step, read_lines
from bot.storage.database import Database
from indexer.encoder import Encoder

CHANNEL = "ask-the-tutor"
GROUPS_CHANNEL = "study-groups"
BOT_NAME = "Deep Learning Tutor"
MEMBERS = ("ada", "grace", "linus")
"""Whom one can act as."""
OTHERS = ("hedy", "alan", "katherine")
"""Whom /progress server shows besides."""
ADMIN = "barbara"
"""Who manages the server. One can act as her, too."""
HOME, CHANNEL_AGAIN = "home", "ask"
"""What the terminal takes to show the study group's home, and the ask channel again."""
_SETTLE_SECONDS = 60.0
_TICK_SECONDS = 1.0
_WEEKLY_ANSWERS = {"hedy": "+--+-", "alan": "+-+++", "katherine": "++-++"}
_RANKED = ("alan", "katherine")
_GOAL = 3
"""How many members are wished for in the weekly quiz."""
_WIDTH, _HEIGHT = 960, 900

Say = Callable[[str], None]


async def run_preview(settings: Settings, encoder: Encoder, *, port: int | None, open_browser: bool, say: Say) -> None:
    """Serve the preview until Ctrl+C. What the bot stores is kept in a database of its own between runs.

    Raises:
        DatabaseError, SearchUnavailable: the text says what mends it.
    """
    stop = _stop_event()
    world = PreviewWorld(settings, encoder)
    async with world, Pages(world, port) as pages:
        say("\nThe deep learning tutor is running in a simulated Discord server.")
        say(f"Open this address, which works on this machine only:\n\n    {pages.url}\n")
        say(f"Act as {', '.join(MEMBERS)}: write a question, or type / for the commands.")
        for line in await world.standings():
            say(f"    {line}")
        say(f"{ADMIN} looks after the server: /weekly, /challenges and /settings are for {ADMIN}.")
        if world.home is not None:
            say(
                f"{', '.join(GROUP)} are a study group: write {HOME!r} here to see its home, and {CHANNEL_AGAIN!r} to "
                "come back."
            )
        say("/privacy delete makes anybody a newcomer until the next start. Stop with Ctrl+C.")
        say(HELP)
        if open_browser:
            await asyncio.to_thread(_open, pages.url)
        running = [asyncio.create_task(_listen(world, pages, say)), asyncio.create_task(_keep_fresh(world, pages))]
        await stop.wait()
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        say("Stopping.")


async def _listen(world: "PreviewWorld", pages: "Pages", say: Say) -> None:
    """Move time forward, or show another channel, as the terminal says."""
    async for line in read_lines():
        if not line:
            continue
        if line.casefold() in {HOME, CHANNEL_AGAIN}:
            await pages.open(is_home=line.casefold() == HOME)
            say(f"Open this address now:\n\n    {pages.url}\n")
            continue
        step = parse_step(line)
        if step is None and line.casefold() != NEXT:
            say(f"I do not understand {line!r}. {HELP}")
            continue
        say("Moving time forward …")
        moved = await (world.advance(step) if step else world.advance_to_next())
        await pages.refresh()
        say(moved.describe())


async def _keep_fresh(world: "PreviewWorld", pages: "Pages") -> None:
    """Have the bot do what is due, and show what it does by itself, such as the end of the weekly quiz."""
    shown = world.events
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        await world.catch_up()
        if shown != world.events and await pages.refresh():
            shown = world.events


class Pages:
    """The page that is open: that of the ask channel, or that of the study group's home. A page shows one of them."""

    def __init__(self, world: "PreviewWorld", port: int | None) -> None:
        self._world = world
        self._port = port
        self._page: Preview | None = None

    async def __aenter__(self) -> Self:
        await self.open(is_home=False)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._close()

    @property
    def url(self) -> str:
        return self._page.url if self._page is not None else ""

    async def open(self, *, is_home: bool) -> None:
        """Show the home, if there is one, or the ask channel, in a page that takes the place of the last one."""
        await self._close()
        self._page = await self._world.preview(self._port, is_home=is_home).__aenter__()

    async def _close(self) -> None:
        page, self._page = self._page, None
        if page is not None:
            await page.close()

    async def refresh(self) -> bool:
        """Bring the page up to date; False while somebody is clicking, which brings it up to date as well."""
        try:
            if self._page is not None:
                await self._page.refresh()
        except simcord.SetupError:
            return False
        return True


def _open(url: str) -> None:
    """Open a browser where there is one; a machine without a screen has only the address."""
    try:
        webbrowser.get()
    except webbrowser.Error:
        return
    webbrowser.open(url)


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:  # Windows: Ctrl+C ends the loop instead
            continue
    return stop


class PreviewWorld:
    """A simulated server with the real bot in it. Also what the browser test drives."""

    def __init__(self, settings: Settings, encoder: Encoder) -> None:
        reading = settings.discord.model_copy(update={"message_content": True})
        update = {"database": _preview_database(settings), "discord": reading}
        self._settings = settings.model_copy(update=update)
        self._encoder = encoder
        self._ahead = -LIVED
        """How far time was put forward; the study group has begun to live before now."""
        self.home: ChannelHandle | None = None
        """The home of the study group."""

    async def __aenter__(self) -> Self:
        self._services = open_services(self._settings, self._clock, self._encoder)
        services = await self._services.__aenter__()
        try:
            self.client = TutorClient(self._settings, services, self._clock)
            self.env = simcord.Env(self.client, settle_timeout=_SETTLE_SECONDS, check_errors=False)
            self.env.backend.bot_user.name = BOT_NAME
            self._populate()
            self._keep_time()
            await self._forget_earlier_runs(services)
            await self.env.start()
            self.client.command_ids.clear()  # the page shows a command that can be clicked as its raw text
            await self._furnish(services)
        except BaseException:
            await self._services.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        try:
            self._ticking.cancel()
            await self.env.shutdown()
        finally:
            await self._services.__aexit__(None, None, None)

    def preview(self, port: int | None = None, *, is_home: bool = False) -> Preview:
        """The page of the ask channel, or of the study group's home."""
        shows_home = is_home and self.home is not None
        group = [member for member in self.members if member.name in GROUP]
        return self.env.preview(
            self.home if shows_home and self.home else self.channel,
            viewers=group if shows_home else [*self.members, self.admin],
            layout="channel",
            width=_WIDTH,
            height=_HEIGHT,
            port=port,
        )

    @property
    def events(self) -> int:
        """How much has happened in the simulated Discord, in both directions."""
        return len(self.env.backend.transcript)

    async def advance(self, by: timedelta) -> Moved:
        """Move time forward. What is planned on the way happens at its own time."""
        return await self._advance_to(self._clock() + by)

    async def advance_to_next(self) -> Moved:
        """Move time forward until something is posted; no further than 60 days."""
        seen, end = self.events, self._clock() + LONGEST
        while not self._posted_since(seen) and (due := await self._next_due(end)) is not None:
            await self._do(due)
        return Moved(self._clock(), self._posted_since(seen))

    async def _advance_to(self, target: datetime) -> Moved:
        seen = self.events
        while (due := await self._next_due(target)) is not None:
            await self._do(due)
        await self._do(target)
        return Moved(self._clock(), self._posted_since(seen))

    async def _next_due(self, before: datetime) -> datetime | None:
        dispatcher = self.client.services.dispatcher
        due = await dispatcher.next_look() if dispatcher else None
        return due if due is not None and due < before else None

    async def _do(self, moment: datetime) -> None:
        self._move_to(moment)
        await self.catch_up()

    def _posted_since(self, seen: int) -> tuple[str, ...]:
        """The names of the channels in which something was posted after that many events."""
        news = self.env.backend.transcript[seen:]
        posted = [payload["channel_id"] for _, event, payload in news if event == "MESSAGE_CREATE"]
        channels = [self.client.get_channel(int(channel_id)) for channel_id in dict.fromkeys(posted)]
        return tuple(getattr(channel, "name", "direct messages") for channel in channels)

    async def catch_up(self) -> None:
        """Have the bot do what is due. Timers of the simulation fire only when somebody acts."""
        dispatcher, weekly = self.client.services.dispatcher, self.client.get_cog(WeeklyCog.__cog_name__)
        if dispatcher:
            await dispatcher.run_due()
        if isinstance(weekly, WeeklyCog):
            await weekly.count()

    def _move_to(self, moment: datetime) -> None:
        by = moment - self._clock()
        if by > timedelta():
            self._ahead += by
            self.env.backend.advance_clock(by.total_seconds())

    def _clock(self) -> datetime:
        return self.env.now()

    def _keep_time(self) -> None:
        """Simulated time stands still by itself; here it goes on with the machine's, from now on."""

        async def tick() -> None:
            while True:
                behind = (system_clock() + self._ahead - self.env.now()).total_seconds()
                self.env.backend.advance_clock(max(behind, 0.0))
                await asyncio.sleep(_TICK_SECONDS)

        self.env.backend.advance_clock((system_clock() + self._ahead - self.env.now()).total_seconds())
        self._ticking = asyncio.create_task(tick(), name="preview time")

    def _populate(self) -> None:
        """A server, its channel and its members.

        This comes before the time is set: ids are made of the time, and members have to find again what they did.
        """
        self._guild = self.env.create_guild("Deep Learning Study Group")
        self.channel = self._guild.create_text_channel(CHANNEL)
        self._groups_channel = self._guild.create_text_channel(GROUPS_CHANNEL)
        self.client.ask_channels.add(self.channel.id)
        everybody = {name: self._guild.add_member(self.env.create_user(name)) for name in (*MEMBERS, *OTHERS)}
        self.members = [everybody[name] for name in MEMBERS]
        self._ids = {name: member.id for name, member in everybody.items()}
        role = self._guild.create_role("admins", permissions=discord.Permissions(manage_guild=True, manage_roles=True))
        self.admin = self._guild.add_member(self.env.create_user(ADMIN), roles=[role])

    async def _furnish(self, services: Services) -> None:
        """What the members did so far, and a greeting that invites a first question."""
        await self._seed(services)
        await self._play_group(services)
        await self._advance_to(system_clock())
        self._ahead = timedelta()
        channel = self.client.get_channel(self.channel.id)
        if isinstance(channel, discord.TextChannel):
            await channel.send(embed=render_greeting(services))
        if services.weekly is not None:
            await self._open_weekly_quiz(services.weekly)
            await self.catch_up()
            await self._take_part(services)
            await self.catch_up()
        await self.env.settle()

    async def _seed(self, services: Services) -> None:
        if services.curriculum is None or services.guild_settings is None or services.questions is None:
            return
        database = Database(self._settings.database.url)
        try:
            learners = Learners(database, services.curriculum, services.questions, system_clock, self._guild.id)
            if await learners.seed(self._ids):
                await services.guild_settings.set_milestones_channel(self._guild.id, self.channel.id)
        finally:
            await database.close()

    async def _forget_earlier_runs(self, services: Services) -> None:
        """What was posted in an earlier run is lost with that run, so it is over."""
        if services.weekly is not None:
            for round_id in await services.weekly.list_open():
                await services.weekly.close_without_results(round_id)
            with suppress(MemberError):  # there was none
                await services.weekly.switch_off(self._guild.id)
        database = Database(self._settings.database.url)
        try:
            await forget_groups(database, self._guild.id)
        finally:
            await database.close()

    async def _play_group(self, services: Services) -> None:
        groups, plans, checkins = services.groups, services.plan, services.checkin
        if groups is None or plans is None or checkins is None:
            return
        ids = {name: self._ids[name] for name in GROUP}
        story = GroupStory(self.client, groups, plans, checkins, ids, self._advance_to, self.catch_up)
        await story.play(self._guild.id, self._groups_channel.id)
        self.home = next(iter(self._groups_channel.threads), None)

    async def _open_weekly_quiz(self, weekly: WeeklyService) -> None:
        """A quiz that has just been posted."""
        now = self._clock()
        quiz = WeeklyQuiz(self._guild.id, self.channel.id, now.weekday(), 60 * now.hour, "UTC", goal=_GOAL)
        await weekly.set_up(quiz)
        await weekly.demand(self._guild.id, is_extra=True)

    async def _take_part(self, services: Services) -> None:
        """Some of the others have taken the quiz at once, so that its results are worth reading."""
        if services.weekly is None or services.questions is None:
            return
        for round_id in await services.weekly.list_open():
            for name, marks in _WEEKLY_ANSWERS.items():
                await take_weekly_quiz(services.questions, round_id, self._ids[name], marks)
                await services.weekly.set_ranked(self._ids[name], self._guild.id, is_ranked=name in _RANKED)

    async def standings(self) -> list[str]:
        """Where each of the members is, one line each; none for a folder of plain notes."""
        progress = self.client.services.progress
        if progress is None:
            return []
        return [describe_standing(name, await progress.show_overview(self._ids[name])) for name in MEMBERS]


def render_greeting(services: Services) -> discord.Embed:
    """The first message of the ask channel."""
    documents = services.index.snapshot.manifest.documents
    path = (
        "**/start** gets to know you, **/next** names the one thing to do now, and **/progress show** shows how far "
        "you are. **/quiz** asks you questions, and **/review** brings back what is due. Only you see what they "
        "answer.\n\n"
    )
    return discord.Embed(
        title="Ask me about deep learning",
        description=(
            f"I know {documents} notes on the six steps of the curriculum. I answer with quotes, each linked to "
            "where it stands, and I say so when my notes do not cover something.\n\n"
            "Just write your question here, or type **/ask**. For example:\n"
            "- *why do we need nonlinearities??*\n"
            "- *difference between SARSA and Q-learning*\n"
            "- *is Keras allowed in the capstone?*\n\n"
            f"{path if services.curriculum else ''}"
            "**/help** shows everything else."
        ),
        colour=discord.Colour(0x3B6FB6),
    )


def _preview_database(settings: Settings) -> DatabaseSettings:
    """A database of its own beside the real one, so that trying things out never touches members' data."""
    url = make_url(settings.database.url)
    folder = Path(url.database).parent if url.get_backend_name() == "sqlite" and url.database else Path("data")
    return settings.database.model_copy(update={"url": f"sqlite+aiosqlite:///{folder / 'preview.db'}"})
