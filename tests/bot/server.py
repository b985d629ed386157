"""A simulated Discord server with the real bot in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle

from bot.app import open_services
from bot.client import TutorClient
from bot.config import Settings
from indexer.encoder import Encoder


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

    async def restart(self) -> None:
        """What a new process would be: a new client, nothing remembered but the database."""
        self.client = TutorClient(self.settings, self.client.services, self.env.now)
        await self.env.restart_bot(self.client)


@asynccontextmanager
async def running_server(settings: Settings, encoder: Encoder, *, check_errors: bool = True) -> AsyncIterator[Server]:
    """The real client with real services. With `check_errors` an error that reached no member fails the test."""
    holder: list[simcord.Env] = []
    async with open_services(settings, lambda: holder[0].now(), encoder) as services:
        client = TutorClient(settings, services, lambda: holder[0].now())
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
