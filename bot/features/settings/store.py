"""The rows of servers and of their step roles."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.features.settings.models import GuildSettings
from bot.storage.tables import GuildRow, StepRoleRow
from bot.storage.upsert import insert_into


async def find_settings(session: AsyncSession, guild_id: int) -> GuildSettings:
    """What is set for a server; the defaults if nothing is."""
    row = await session.get(GuildRow, guild_id, populate_existing=True)  # rows are written past the session
    roles = await session.scalars(
        select(StepRoleRow).where(StepRoleRow.guild_id == guild_id).order_by(StepRoleRow.step)
    )
    by_step = {role.step: role.role_id for role in roles}
    if row is None:
        return GuildSettings(guild_id, step_roles=by_step)
    return GuildSettings(
        guild_id,
        row.milestones_channel_id,
        by_step,
        row.notes_channel_id,
        row.mentor_role_id,
        row.groups_channel_id,
    )


async def update_guild(session: AsyncSession, guild_id: int, now: datetime, **values: int | None) -> None:
    """Set columns of a server, for example `notes_channel_id=5`; None forgets it. Others stay as they are."""
    changed = {**values, "changed_at": now}
    statement = insert_into(session, GuildRow).values(guild_id=guild_id, **changed)
    await session.execute(statement.on_conflict_do_update(index_elements=["guild_id"], set_=changed))


async def update_step_role(session: AsyncSession, guild_id: int, step: int, role_id: int) -> None:
    """Set the role of a step."""
    statement = insert_into(session, StepRoleRow).values(guild_id=guild_id, step=step, role_id=role_id)
    statement = statement.on_conflict_do_update(index_elements=["guild_id", "step"], set_={"role_id": role_id})
    await session.execute(statement)


async def delete_step_roles(session: AsyncSession, guild_id: int) -> None:
    """Forget the roles of all steps."""
    await session.execute(delete(StepRoleRow).where(StepRoleRow.guild_id == guild_id))
