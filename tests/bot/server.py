"""A simulated Discord server with the real bot in it."""

import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime

import discord
import pytest
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from sqlalchemy.engine import make_url

from bot.app import open_services
from bot.client import TutorClient
from bot.config import Settings
from indexer.encoder import Encoder
from tests.bot.databases import copy_migrated


@dataclass
class Server:
    """The simulated world: one server, one channel, two members. `restart` starts the bot anew on the same database."""

    env: simcord.Env
    client: TutorClient
    guild: GuildHandle
    channel: ChannelHandle
    ada: MemberActor
    grace: MemberActor
    settings: Settings

    def rows(self, sql: str, *values: object) -> list[tuple]:
        """What the database file holds, read past the program under test."""
        path = make_url(self.settings.database.url).database
        with closing(sqlite3.connect(path)) as connection, connection:
            return connection.execute(sql, values).fetchall()

    def said(self) -> list[discord.Message]:
        """What the tutor has written in the channel, without what only one member sees."""
        return [message for message in self.channel.history() if message.author == self.client.user]

    async def restart(self) -> None:
        """What a new process would be: a new client, nothing remembered but the database."""
        self.client = TutorClient(self.settings, self.client.services, self.env.now)
        await self.env.restart_bot(self.client)


@asynccontextmanager
async def running_server(settings: Settings, encoder: Encoder, *, check_errors: bool = True) -> AsyncIterator[Server]:
    """The real client with real services. With `check_errors` an error that reached no member fails the test."""
    holder: list[simcord.Env] = []
    copy_migrated(settings.database.url)

    def clock() -> datetime:
        return holder[0].now()

    async with open_services(settings, clock, encoder) as services:
        client = TutorClient(settings, services, clock)
        env = simcord.Env(client, settle_timeout=60, check_errors=check_errors)
        holder.append(env)
        await env.start()
        try:
            guild = env.create_guild("Study Group")
            channel = guild.create_text_channel("ask-the-tutor")
            ada, grace = (guild.add_member(env.create_user(name)) for name in ("ada", "grace"))
            yield Server(env, client, guild, channel, ada, grace, settings)
        finally:
            await env.shutdown()
            if check_errors:
                env.raise_errors()


async def hear(s: Server, event: str, guild: discord.Guild | GuildHandle) -> None:
    """Discord tells the tutor that it has left a server, or is in it again; everything that follows is done."""
    for cog in s.client.cogs.values():
        for name, listener in cog.get_listeners():
            if name == event:
                await listener(guild)
    await s.env.settle()
    await s.env.advance_time(2)


def text_of(message: simcord.ResponseMessage | discord.Message) -> str:
    """Everything that a member reads in a message."""
    parts = [message.content]
    for embed in message.embeds:
        parts.extend(part for part in (embed.title, embed.description, embed.footer.text) if part)
        parts.extend(f"{field.name}\n{field.value}" for field in embed.fields)
    return "\n".join(parts)


def labels_of(message: simcord.ResponseMessage | discord.Message) -> list[str]:
    """The buttons below a message."""
    if isinstance(message, discord.Message):
        return [button.label for row in message.components for button in row.children]
    return [button["label"] for row in message.components for button in row["components"]]


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the tutor itself tells the admins in its log, without what libraries say."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("bot.") and record.levelno >= logging.WARNING
    ]
