"""The use cases of a server's settings."""

from collections.abc import Mapping

from bot.clock import Clock
from bot.features.settings import store
from bot.features.settings.models import GuildSettings, Part
from bot.storage.database import Database

_COLUMNS: Mapping[Part, str] = {
    Part.MILESTONES: "milestones_channel_id",
    Part.NOTES: "notes_channel_id",
    Part.MENTORS: "mentor_role_id",
    Part.GROUPS: "groups_channel_id",
}


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
        return await self._update(guild_id, milestones_channel_id=channel_id)

    async def set_notes_channel(self, guild_id: int, channel_id: int) -> GuildSettings:
        """Tell those who look after the tutor in this channel what they have to decide or to mend."""
        return await self._update(guild_id, notes_channel_id=channel_id)

    async def set_mentor_role(self, guild_id: int, role_id: int) -> GuildSettings:
        """Let members with this role decide about challenged questions."""
        return await self._update(guild_id, mentor_role_id=role_id)

    async def set_groups_channel(self, guild_id: int, channel_id: int) -> GuildSettings:
        """Open the homes of new study groups in this channel, unless they choose another one."""
        return await self._update(guild_id, groups_channel_id=channel_id)

    async def _update(self, guild_id: int, **values: int | None) -> GuildSettings:
        async with self._database.transaction() as session:
            await store.update_guild(session, guild_id, self._clock(), **values)
            return await store.find_settings(session, guild_id)

    async def set_step_role(self, guild_id: int, step: int, role_id: int) -> GuildSettings:
        """Give members this role while they are on the step."""
        async with self._database.transaction() as session:
            await store.update_step_role(session, guild_id, step, role_id)
            return await store.find_settings(session, guild_id)

    async def clear(self, guild_id: int, part: Part) -> GuildSettings:
        """Forget one thing, or everything."""
        columns = [column for forgotten, column in _COLUMNS.items() if part in {forgotten, Part.EVERYTHING}]
        async with self._database.transaction() as session:
            if columns:
                await store.update_guild(session, guild_id, self._clock(), **dict.fromkeys(columns))
            if part in {Part.ROLES, Part.EVERYTHING}:
                await store.delete_step_roles(session, guild_id)
            return await store.find_settings(session, guild_id)
