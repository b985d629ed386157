"""The rows of servers and of their step roles."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.settings.models import GuildSettings
from bot.storage.tables import GuildRow, StepRoleRow
from bot.storage.upsert import insert_into


async def find_settings(session: AsyncSession, guild_id: int) -> GuildSettings:
    """What is set for a server; the defaults if nothing is."""
    row = await session.get(GuildRow, guild_id)
    roles = await session.scalars(
        select(StepRoleRow).where(StepRoleRow.guild_id == guild_id).order_by(StepRoleRow.step)
    )
    channel_id = row.milestones_channel_id if row else None
    return GuildSettings(guild_id, channel_id, {role.step: role.role_id for role in roles})


async def update_milestones_channel(
    session: AsyncSession, guild_id: int, channel_id: int | None, now: datetime
) -> None:
    """Set the channel for congratulations, or none."""
    values = {"milestones_channel_id": channel_id, "changed_at": now}
    statement = insert_into(session, GuildRow).values(guild_id=guild_id, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["guild_id"], set_=values))


async def update_step_role(session: AsyncSession, guild_id: int, step: int, role_id: int) -> None:
    """Set the role of a step."""
    statement = insert_into(session, StepRoleRow).values(guild_id=guild_id, step=step, role_id=role_id)
    statement = statement.on_conflict_do_update(index_elements=["guild_id", "step"], set_={"role_id": role_id})
    await session.execute(statement)


async def delete_step_roles(session: AsyncSession, guild_id: int) -> None:
    """Forget the roles of all steps."""
    await session.execute(delete(StepRoleRow).where(StepRoleRow.guild_id == guild_id))
