"""The real bot against a simulated Discord in a local browser page. No account, no token, no network."""

import asyncio
import signal
import webbrowser
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Self

import discord
import simcord
from simcord.preview import Preview
from sqlalchemy.engine import make_url

from bot.app import open_services
from bot.client import Services, TutorClient
from bot.clock import system_clock
from bot.config import DatabaseSettings, Settings
from bot.preview_learners import Learners, describe_standing
from bot.storage.database import Database
from indexer.encoder import Encoder

CHANNEL = "ask-the-tutor"
BOT_NAME = "Deep Learning Tutor"
MEMBERS = ("ada", "grace", "linus")
"""Whom one can act as."""
OTHERS = ("hedy", "alan", "katherine")
"""Whom /progress server shows besides."""
_SETTLE_SECONDS = 60.0
_TICK_SECONDS = 1.0
_WIDTH, _HEIGHT = 960, 900

Say = Callable[[str], None]


async def run_preview(settings: Settings, encoder: Encoder, *, port: int | None, open_browser: bool, say: Say) -> None:
    """Serve the preview until Ctrl+C. What the bot stores is kept in a database of its own between runs.

    Raises:
        DatabaseError, SearchUnavailable: the text says what mends it.
    """
    stop = _stop_event()
    world = PreviewWorld(settings, encoder)
    async with world, world.preview(port) as page:
        say("\nThe deep learning tutor is running in a simulated Discord server.")
        say(f"Open this address, which works on this machine only:\n\n    {page.url}\n")
        say(f"Act as {', '.join(MEMBERS)}: write a question, or type / for the commands.")
        for line in await world.standings():
            say(f"    {line}")
        say("/privacy delete makes anybody a newcomer until the next start. Stop with Ctrl+C.")
        if open_browser:
            await asyncio.to_thread(_open, page.url)
        await stop.wait()
        say("Stopping.")


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

    async def __aenter__(self) -> Self:
        self._services = open_services(self._settings, self._clock, self._encoder)
        services = await self._services.__aenter__()
        try:
            self.client = TutorClient(self._settings, services, self._clock)
            self.env = simcord.Env(self.client, settle_timeout=_SETTLE_SECONDS, check_errors=False)
            self.env.backend.bot_user.name = BOT_NAME
            self._populate()
            self._keep_time()
            await self.env.start()
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

    def preview(self, port: int | None = None) -> Preview:
        """The page of the ask channel."""
        return self.env.preview(
            self.channel, viewers=self.members, layout="channel", width=_WIDTH, height=_HEIGHT, port=port
        )

    def _clock(self) -> datetime:
        return self.env.now()

    def _keep_time(self) -> None:
        """Simulated time stands still by itself; here it is the machine's, from now on."""

        async def tick() -> None:
            while True:
                behind = (system_clock() - self.env.now()).total_seconds()
                self.env.backend.advance_clock(max(behind, 0.0))
                await asyncio.sleep(_TICK_SECONDS)

        self.env.backend.advance_clock((system_clock() - self.env.now()).total_seconds())
        self._ticking = asyncio.create_task(tick(), name="preview time")

    def _populate(self) -> None:
        """A server, its channel and its members.

        This comes before the time is set: ids are made of the time, and members have to find again what they did.
        """
        self._guild = self.env.create_guild("Deep Learning Study Group")
        self.channel = self._guild.create_text_channel(CHANNEL)
        self.client.ask_channels.add(self.channel.id)
        everybody = {name: self._guild.add_member(self.env.create_user(name)) for name in (*MEMBERS, *OTHERS)}
        self.members = [everybody[name] for name in MEMBERS]
        self._ids = {name: member.id for name, member in everybody.items()}

    async def _furnish(self, services: Services) -> None:
        """What the members did so far, and a greeting that invites a first question."""
        await self._seed(services)
        channel = self.client.get_channel(self.channel.id)
        if isinstance(channel, discord.TextChannel):
            await channel.send(embed=render_greeting(services))
        await self.env.settle()

    async def _seed(self, services: Services) -> None:
        if services.curriculum is None or services.guild_settings is None:
            return
        database = Database(self._settings.database.url)
        try:
            learners = Learners(database, services.curriculum, self._clock, self._guild.id)
            if await learners.seed(self._ids):
                await services.guild_settings.set_milestones_channel(self._guild.id, self.channel.id)
        finally:
            await database.close()

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
        "you are. Only you see what they answer.\n\n"
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
