"""The use cases of a server's settings."""

from bot.clock import Clock
from bot.features.settings import store
from bot.features.settings.models import GuildSettings, Part
from bot.storage.database import Database


class GuildSettingsService:
    """Reads and changes what admins set for their server."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, guild_id: int) -> GuildSettings:
        """What is set for a server."""
        async with self._database.transaction() as session:
            return await store.find_settings(session, guild_id)

    async def set_milestones_channel(self, guild_id: int, channel_id: int) -> GuildSettings:
        """Post congratulations in this channel from now on."""
        async with self._database.transaction() as session:
            await store.update_milestones_channel(session, guild_id, channel_id, self._clock())
            return await store.find_settings(session, guild_id)

    async def set_step_role(self, guild_id: int, step: int, role_id: int) -> GuildSettings:
        """Give members this role while they are on the step."""
        async with self._database.transaction() as session:
            await store.update_step_role(session, guild_id, step, role_id)
            return await store.find_settings(session, guild_id)

    async def clear(self, guild_id: int, part: Part) -> GuildSettings:
        """Forget the channel, the roles, or both."""
        async with self._database.transaction() as session:
            if part in {Part.MILESTONES, Part.EVERYTHING}:
                await store.update_milestones_channel(session, guild_id, None, self._clock())
            if part in {Part.ROLES, Part.EVERYTHING}:
                await store.delete_step_roles(session, guild_id)
            return await store.find_settings(session, guild_id)
