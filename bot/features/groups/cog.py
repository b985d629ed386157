"""/group, and the scheduled work that opens homes, looks after groups and takes away what must not stay."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands
from discord.utils import format_dt

from bot.errors import MemberError
from bot.features.groups.models import (
    ERASE,
    GOAL_LIMIT,
    HOME,
    LANGUAGE_LIMIT,
    OUT,
    TEND,
    Group,
    GroupChange,
    GroupPlan,
    GroupState,
    GroupStatus,
)
from bot.features.groups.rules import (
    LANGUAGES,
    LEAST_WINDOW,
    MOST_WEEKS_AWAY,
    MOST_WINDOW,
    read_away,
    read_line,
    read_name,
    read_time,
)
from bot.features.groups.service import ALREADY_IN, GroupService
from bot.features.groups.views.controls import (
    ask_end,
    check_here,
    check_parent,
    find_set_channel,
    is_admin,
    join_group,
    leave_buttons,
    lost_buttons,
    open_safely,
    send_invitation,
    send_status,
    tell_left,
    tell_owner,
)
from bot.features.groups.views.homes import (
    CannotReach,
    HomeLost,
    erase,
    open_home,
    rename_home,
    say_lacking,
    take_out,
    tell_group,
    tell_someone,
)
from bot.features.groups.views.render import (
    home_of,
    named,
    render_changes,
    render_leaving,
    render_list,
    render_made,
    render_nudges,
)
from bot.features.groups.views.tending import tend
from bot.features.matching.views import show_match
from bot.features.progress.rules.zones import guess_zone, parse_zone, suggest_zones
from bot.features.settings.views import tell_admins
from bot.scheduling.dispatcher import Dispatcher, TryLater
from bot.scheduling.models import Occurrence, Rhythm, WorkState
from bot.scheduling.rules import DAILY
from bot.ui.flood import FloodGate
from bot.ui.text import escape, shorten

if TYPE_CHECKING:
    from bot.client import TutorClient

_log = logging.getLogger(__name__)

NO_ZONE = (
    "Which time zone is that? Name it with the option `zone`, for example Europe/Berlin, or tell me yours once with "
    "`/start`."
)
NO_BOTS = "Bots do not check in. Invite a person."
MANY_INVITATIONS = "That were many invitations in one hour. Please go on in {minutes} minutes."
INVITED_OFTEN = "They have had several invitations today. Let them think about those first."
NOT_OPEN_TO_INVITE = "The owner of this group lets new members in, so only the owner invites. `/group show` names them."
NO_OWN_STEP = "The curriculum has no step {step}. Its steps are 1 to {last}."
CLOSED, OPEN = "closed", "open"
PRIVATE, PUBLIC = "private", "public"
ME, GROUP = "me", "group"

_CHOICE_LIMIT = 100
_MOST_CHOICES = 25
_HOUR, _DAY = 3600.0, 86400.0
_NONE = {"none", "-", "–"}

_DAYS = [
    app_commands.Choice(name=name, value=number)
    for number, name in enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"))
]
_JOINING = [
    app_commands.Choice(name="the owner lets new members in", value=CLOSED),
    app_commands.Choice(name="anybody may join", value=OPEN),
]
_HOMES = [
    app_commands.Choice(name="a private thread: only members see it", value=PRIVATE),
    app_commands.Choice(name="a public thread: everybody who sees the channel", value=PUBLIC),
]
_WHO = [
    app_commands.Choice(name="me", value=ME),
    app_commands.Choice(name="the whole group (for its owner)", value=GROUP),
]
_Group = app_commands.Range[str, 1, _CHOICE_LIMIT]


@app_commands.guild_only()
class GroupCog(commands.GroupCog, group_name="group", group_description="Study groups that check in once a week."):
    """What members do with groups, and what happens to groups by itself."""

    def __init__(self, client: "TutorClient", service: GroupService, dispatcher: Dispatcher) -> None:
        super().__init__()
        self._client = client
        self._service = service
        self._dispatcher = dispatcher
        self._inviters = FloodGate(5, _HOUR, client.clock)
        self._invited = FloodGate(3, _DAY, client.clock)

    async def cog_load(self) -> None:
        self._dispatcher.register(HOME, self._open_home, self._after_failed_home)
        self._dispatcher.register(TEND, self._tend)
        self._dispatcher.register(OUT, self._take_out, self._after_failed_out)
        self._dispatcher.register(ERASE, self._erase, self._service.erase_later)

    # Making and finding

    @app_commands.command(name="create", description="Make a study group that checks in once a week.")
    @app_commands.describe(
        name="What it is called, 3 to 60 characters.",
        day="On which day it checks in.",
        time="At what time, for example 19:30.",
        zone="The time zone of that time, a city or a country; yours if you do not say.",
        window="How many days a check-in stays open; 2 if you do not say.",
        step="The step of the curriculum that it is about.",
        language="The language that it speaks.",
        goal="What it wants to reach together.",
        joining="Who may join; the owner lets new members in, if you do not say.",
        home="Where it lives; in a private thread, if you do not say.",
        channel="The channel of that thread.",
    )
    @app_commands.choices(day=_DAYS)
    @app_commands.choices(joining=_JOINING, home=_HOMES)
    async def create(
        self,
        interaction: discord.Interaction,
        *,
        name: app_commands.Range[str, 1, 100],
        day: int,
        time: app_commands.Range[str, 1, 12],
        zone: app_commands.Range[str, 1, _CHOICE_LIMIT] | None = None,
        window: app_commands.Range[int, LEAST_WINDOW, MOST_WINDOW] = LEAST_WINDOW,
        step: app_commands.Range[int, 1, 6] | None = None,
        language: app_commands.Range[str, 2, LANGUAGE_LIMIT] | None = None,
        goal: app_commands.Range[str, 1, GOAL_LIMIT] | None = None,
        joining: str = CLOSED,
        home: str = PRIVATE,
        channel: discord.TextChannel | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild, is_private = _guild(interaction), home == PRIVATE
        self._check_step(step)
        set_channel = await find_set_channel(self._client, guild)
        chosen = channel or set_channel or interaction.channel
        is_set = set_channel is not None and chosen == set_channel
        parent = check_parent(chosen, interaction.user, is_private=is_private, is_set=is_set)
        plan = GroupPlan(
            guild.id,
            read_name(name),
            parent.id,
            Rhythm(day, read_time(time), await self._zone(interaction, zone)),
            window,
            step,
            _stripped(language),
            _stripped(goal),
            is_open=joining == OPEN,
            is_private=is_private,
        )
        group = await self._service.create(interaction.user.id, plan)
        try:
            await open_safely(self._client, group.id, adopts=False)
        except MemberError:
            await self._service.undo_create(group.id)
            raise
        status = await self._service.show(group.id)
        await interaction.followup.send(render_made(status), ephemeral=True)

    async def _zone(self, interaction: discord.Interaction, typed: str | None) -> str:
        zone = parse_zone(typed, self._client.clock()) if typed else await self._service.find_zone(interaction.user.id)
        if zone is None:
            raise MemberError(NO_ZONE)
        return zone

    def _check_step(self, step: int | None) -> None:
        curriculum = self._client.services.curriculum
        if not step or curriculum is None:
            return
        last = max(known.number for known in curriculum.steps)
        if step > last:
            raise MemberError(NO_OWN_STEP.format(step=step, last=last))

    @app_commands.command(name="list", description="The study groups of this server.")
    async def list_groups(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        groups = await self._service.list_all(_guild(interaction).id)
        await interaction.followup.send(embed=render_list(groups, interaction.user.id), ephemeral=True)

    @app_commands.command(name="show", description="Your group: members, rhythm, goal, and what happened.")
    @app_commands.describe(group="Which group, if you are in more than one.")
    async def show(self, interaction: discord.Interaction, group: _Group | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await self._choose(interaction, group, of_all=True)
        await send_status(interaction, found.id)

    @app_commands.command(name="match", description="Find a group that fits your step, your pace and your hours.")
    async def match(self, interaction: discord.Interaction) -> None:
        await show_match(interaction)

    # Coming and going

    @app_commands.command(name="join", description="Join a study group, or ask its owner for a place.")
    @app_commands.describe(group="Which group; I suggest those that have places.")
    async def join(self, interaction: discord.Interaction, group: _Group) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await self._choose(interaction, group, of_all=True)
        await join_group(interaction, found.id)

    @app_commands.command(name="leave", description="Leave your study group.")
    @app_commands.describe(group="Which group, if you are in more than one.")
    async def leave(self, interaction: discord.Interaction, group: _Group | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await self._choose(interaction, group)
        status, member_id = await self._service.show(found.id), interaction.user.id
        text, view = render_leaving(status, member_id), leave_buttons(found.id, member_id)
        await interaction.followup.send(text, view=view, ephemeral=True)

    @app_commands.command(name="invite", description="Invite somebody into your study group.")
    @app_commands.describe(member="Whom.", group="Into which group, if you are in more than one.")
    async def invite(
        self, interaction: discord.Interaction, member: discord.Member, group: _Group | None = None
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        if member.bot:
            raise MemberError(NO_BOTS)
        found = await self._choose(interaction, group)
        if member.id == interaction.user.id:
            raise MemberError(ALREADY_IN)
        if not found.is_open and found.owner_id != interaction.user.id:
            raise MemberError(NOT_OPEN_TO_INVITE)
        status = await self._service.check_inviting(found.id, member.id)
        _check_sees(found, member)
        self._check_flood(interaction.user.id, member.id)
        message = await send_invitation(interaction, status, member)
        text = f"The invitation is posted: {message.jump_url}"
        await interaction.followup.send(text, ephemeral=True)

    def _check_flood(self, inviter_id: int, member_id: int) -> None:
        """An invitation mentions somebody, so nobody sends or gets many of them."""
        if (wait := self._inviters.seconds_to_wait(inviter_id)) is not None:
            raise MemberError(MANY_INVITATIONS.format(minutes=-(-wait // 60)))
        if self._invited.seconds_to_wait(member_id) is not None:
            raise MemberError(INVITED_OFTEN)

    # Being away

    @app_commands.command(name="pause", description="Be away for a while: nothing is asked, and no week counts.")
    @app_commands.describe(
        who="You, or the whole group.",
        weeks="For how many weeks.",
        until="Or the last day of it, for example 2026-03-14.",
        group="Which group, if you are in more than one.",
    )
    @app_commands.choices(who=_WHO)
    async def pause(
        self,
        interaction: discord.Interaction,
        *,
        who: str = ME,
        weeks: app_commands.Range[int, 1, MOST_WEEKS_AWAY] | None = None,
        until: app_commands.Range[str, 1, 30] | None = None,
        group: _Group | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        found, member_id = await self._choose(interaction, group), interaction.user.id
        own_zone = await self._service.find_zone(member_id) if who == ME else None
        end = read_away(weeks, until, own_zone or found.rhythm.zone, self._client.clock())
        if who == ME:
            status = await self._service.pause_member(found.id, member_id, end)
            text = (
                f"You are away until {format_dt(end, 'f')}. {named(status.group)} asks nothing of you until then, and "
                "no week counts. `/group resume` brings you back earlier."
            )
        else:
            status = await self._service.pause_group(found.id, end, member_id)
            text = f"{named(status.group)} pauses until {format_dt(end, 'f')}. {_next(status)}"
            news = f"The group pauses until {format_dt(end, 'f')}, and no week counts. {_next(status)}"
            await self._tell(status.group, news)
        await interaction.followup.send(text, ephemeral=True)

    @app_commands.command(name="resume", description="You are back, or your group goes on.")
    @app_commands.describe(who="You, or the whole group.", group="Which group, if you are in more than one.")
    @app_commands.choices(who=_WHO)
    async def resume(self, interaction: discord.Interaction, who: str = ME, group: _Group | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        found, member_id = await self._choose(interaction, group), interaction.user.id
        if who == ME:
            status, was_away = await self._service.resume_member(found.id, member_id)
            hello = "Good to have you back in" if was_away else "You were not away from"
            text = f"{hello} {named(status.group)}. {_next(status)}"
        else:
            status = await self._service.resume_group(found.id, member_id)
            text = f"{named(status.group)} goes on. {_next(status)}"
            if found.paused_until is not None:
                await self._tell(status.group, f"The group goes on. {_next(status)}")
        await interaction.followup.send(text, ephemeral=True)

    @app_commands.command(name="nudges", description="One private note if a check-in is about to close without yours.")
    @app_commands.describe(
        wanted="Whether you want it.",
        by_dm="As a direct message; else it waits in the home of your group.",
        group="In which group, if you are in more than one.",
    )
    async def nudges(
        self,
        interaction: discord.Interaction,
        *,
        wanted: bool,
        by_dm: bool = False,
        group: _Group | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        found, member_id = await self._choose(interaction, group), interaction.user.id
        await self._service.set_nudges(found.id, member_id, is_nudged=wanted, by_dm=by_dm)
        await interaction.followup.send(render_nudges(found, is_nudged=wanted, by_dm=by_dm), ephemeral=True)

    # For owners and admins

    @app_commands.command(name="edit", description="Change your group, or hand it over. For its owner.")
    @app_commands.describe(
        name="Another name.",
        day="Another day of the check-in.",
        time="Another time, for example 19:30.",
        zone="Another time zone.",
        window="How many days a check-in stays open.",
        step="The step that it is about; 0 for none.",
        language="The language that it speaks; none to leave it open.",
        goal="What it wants to reach together; none to have no goal.",
        joining="Who may join.",
        owner="Who looks after it from now on.",
        group="Which group, if you are in more than one.",
    )
    @app_commands.choices(day=_DAYS)
    @app_commands.choices(joining=_JOINING)
    async def edit(
        self,
        interaction: discord.Interaction,
        *,
        name: app_commands.Range[str, 1, 100] | None = None,
        day: int | None = None,
        time: app_commands.Range[str, 1, 12] | None = None,
        zone: app_commands.Range[str, 1, _CHOICE_LIMIT] | None = None,
        window: app_commands.Range[int, LEAST_WINDOW, MOST_WINDOW] | None = None,
        step: app_commands.Range[int, 0, 6] | None = None,
        language: app_commands.Range[str, 1, LANGUAGE_LIMIT] | None = None,
        goal: app_commands.Range[str, 1, GOAL_LIMIT] | None = None,
        joining: str | None = None,
        owner: discord.Member | None = None,
        group: _Group | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        self._check_step(step)
        found = await self._choose(interaction, group)
        change = GroupChange(
            read_name(name) if name is not None else None,
            day,
            read_time(time) if time is not None else None,
            parse_zone(zone, self._client.clock()) if zone is not None else None,
            window,
            step,
            _or_nothing(language),
            _or_nothing(goal),
            None if joining is None else joining == OPEN,
            owner.id if owner is not None else None,
        )
        before, status = await self._service.edit(found.id, interaction.user.id, change)
        changes = render_changes(before, status)
        await interaction.followup.send("\n".join(["That is changed.", *changes]), ephemeral=True)
        await self._after_edit(before, status, changes)

    async def _after_edit(self, before: Group, status: GroupStatus, changes: Sequence[str]) -> None:
        group = status.group
        if group.name != before.name:
            await rename_home(self._client, group)
        if changes and group.home_id is not None:
            await tell_group(self._client, group, "\n".join(["The owner has changed the group.", *changes]))
        if group.owner_id != before.owner_id and group.owner_id is not None:
            await tell_owner(self._client, group, group.owner_id)

    @app_commands.command(name="remove", description="Take somebody out of your group. For its owner and for admins.")
    @app_commands.describe(member="Whom.", group="Of which group, if you are in more than one.")
    async def remove(
        self, interaction: discord.Interaction, member: discord.Member, group: _Group | None = None
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await self._choose(interaction, group, of_all=is_admin(interaction))
        settled = await self._service.remove(found.id, interaction.user.id, member.id, is_admin=is_admin(interaction))
        who = f"**{escape(member.display_name)}**"
        await interaction.followup.send(f"{who} is no longer in {named(settled.group)}.", ephemeral=True)
        await tell_left(self._client, settled, f"{who} is no longer in the group.")

    @app_commands.command(name="end", description="End a group for good. For its owner and for admins.")
    @app_commands.describe(group="Which group, if you are in more than one.")
    async def end(self, interaction: discord.Interaction, group: _Group | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await self._choose(interaction, group, of_all=is_admin(interaction))
        await ask_end(interaction, found.id)

    # What is suggested

    @create.autocomplete("zone")
    @edit.autocomplete("zone")
    async def suggest_zone(self, interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        likely = (await self._service.find_zone(interaction.user.id), guess_zone(interaction.locale.value))
        found = suggest_zones(current, self._client.clock(), likely)
        return [app_commands.Choice(name=shorten(label, _CHOICE_LIMIT), value=name) for label, name in found]

    @create.autocomplete("language")
    @edit.autocomplete("language")
    async def suggest_language(self, _interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        key = current.strip().casefold()
        found = [name for name in LANGUAGES if name.casefold().startswith(key)]
        return [app_commands.Choice(name=name, value=name) for name in found[:_MOST_CHOICES]]

    @join.autocomplete("group")
    async def suggest_open(self, interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        groups = await self._service.list_open(interaction.guild_id or 0)
        return _choices([status for status in groups if interaction.user.id not in status.member_ids], current)

    @show.autocomplete("group")
    @leave.autocomplete("group")
    @invite.autocomplete("group")
    @pause.autocomplete("group")
    @resume.autocomplete("group")
    @nudges.autocomplete("group")
    @edit.autocomplete("group")
    async def suggest_mine(self, interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await self._mine(interaction, current)

    @remove.autocomplete("group")
    @end.autocomplete("group")
    async def suggest_mine_or_all(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        if not is_admin(interaction):
            return await self._mine(interaction, current)
        return _choices(await self._service.list_all(interaction.guild_id or 0), current)

    async def _mine(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _choices(await self._service.list_mine(interaction.guild_id or 0, interaction.user.id), typed)

    async def _choose(self, interaction: discord.Interaction, typed: str | None, *, of_all: bool = False) -> Group:
        found = await self._service.choose(
            _guild(interaction).id, interaction.user.id, typed, interaction.channel_id, of_all=of_all
        )
        check_here(interaction, found)
        return found

    async def _tell(self, group: Group, text: str) -> None:
        if group.home_id is not None:
            await tell_group(self._client, group, text)

    # What Discord tells

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """It is known now which servers the tutor is in: there it goes on, and elsewhere nothing is asked."""
        await self._service.plan_all({guild.id for guild in self._client.guilds})

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """With a channel its threads are gone."""
        await self._service.plan_tending(group.id for group in await self._service.list_groups_in(channel.id))

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """The home of a group may be gone."""
        if (group := await self._service.find_home_group(payload.thread_id)) is not None:
            await self._service.plan_tending([group.id])

    @commands.Cog.listener()
    async def on_raw_thread_update(self, payload: discord.RawThreadUpdateEvent) -> None:
        """The home of a group may be locked, or open again."""
        group = await self._service.find_home_group(payload.thread_id)
        is_locked = payload.data.get("thread_metadata", {}).get("locked", False)
        if group is not None and is_locked != (group.note is not None):
            await self._service.plan_tending([group.id])

    @commands.Cog.listener()
    async def on_guild_channel_update(self, _before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        """What was missing in a channel may be allowed now."""
        await self._look_again(await self._service.list_groups_in(after.id))

    @commands.Cog.listener()
    async def on_guild_role_update(self, _before: discord.Role, after: discord.Role) -> None:
        """What was missing may be allowed now."""
        await self._look_again([status.group for status in await self._service.list_all(after.guild.id)])

    async def _look_again(self, groups: Sequence[Group]) -> None:
        if noted := [group.id for group in groups if group.note is not None]:
            await self._service.plan_tending(noted)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Nothing can be asked in a server that the tutor has left."""
        await self._service.leave_server(guild.id)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Back in a server, its groups go on, if their homes are still there."""
        await self._service.plan_server(guild.id)
        await self._service.plan_tending(status.group.id for status in await self._service.list_all(guild.id))

    # Scheduled work

    async def _open_home(self, occurrence: Occurrence) -> None:
        try:
            await open_home(self._client, occurrence.subject_id, occurrence=occurrence)
        except MemberError:  # it has ended meanwhile, or was never made
            await self._service.record_done(occurrence, "the group is not there any more", state=WorkState.SKIPPED)
        except (HomeLost, CannotReach) as error:
            await self._tell_no_home(occurrence.subject_id, str(error))
            raise TryLater from error
        except discord.Forbidden as error:
            what = "Discord does not let me. Check my permissions in its channel; `/settings show` names what I lack."
            await self._tell_no_home(occurrence.subject_id, what)
            raise TryLater from error

    async def _tell_no_home(self, group_id: int, what: str) -> None:
        """Once for each trouble."""
        group = await self._service.find(group_id)
        if group is None or not await self._service.set_note(group_id, what):
            return
        text = f"I cannot open a home for the study group {named(group)}, and try again for an hour. {what}"
        await tell_someone(self._client, group, text, lost_buttons(group_id), also_admins=True)

    async def _after_failed_home(self, occurrence: Occurrence) -> None:
        group = await self._service.find(occurrence.subject_id)
        if group is None or group.home_id is not None or group.state is GroupState.ENDED:
            return
        what = group.note or "The log of the program says why."
        text = f"I could not open a home for the study group {named(group)}, although I tried for an hour. {what}"
        await tell_someone(self._client, group, text, lost_buttons(group.id), also_admins=True)

    async def _tend(self, occurrence: Occurrence) -> None:
        group = await tend(self._client, self._dispatcher, occurrence.subject_id)
        await self._service.record_done(occurrence, None if group else "the group is unknown or out of reach")

    async def _take_out(self, occurrence: Occurrence) -> None:
        group, member_id = await self._find_left(occurrence)
        if group is not None and not await take_out(self._client, group, member_id):
            text = (
                f"I cannot take a former member out of the home of the study group {named(group)}, so they can still "
                f"read it. {say_lacking(group.parent_id, ['Manage Threads'])} Until then you can do it by hand in "
                f"{home_of(group)}."
            )
            await self._tell_still_inside(group, text)
        await self._service.record_out(occurrence)

    async def _find_left(self, occurrence: Occurrence) -> tuple[Group | None, int]:
        """The group out of whose home somebody is to be taken, if they may not stay there, and who that is."""
        group_id, member_id = occurrence.subject_id, int(occurrence.slot.partition(":")[0])
        group = await self._service.find(group_id)
        stays = group is None or group.state is GroupState.ENDED or await self._service.is_member(group_id, member_id)
        return None if stays else group, member_id

    async def _after_failed_out(self, occurrence: Occurrence) -> None:
        group, _ = await self._find_left(occurrence)
        if group is not None and group.is_private and group.home_id is not None:
            text = (
                f"I could not take a former member out of the home of the study group {named(group)}, although I tried "
                f"for more than an hour, so they can still read it. Take them out by hand in {home_of(group)}; the "
                "owner of the group knows who is not a member any more."
            )
            await self._tell_still_inside(group, text)
        await self._service.forget_out(occurrence)

    async def _tell_still_inside(self, group: Group, text: str) -> None:
        """It is for those who may manage threads; without a channel for notes the owner has to call one of them."""
        if not await tell_admins(self._client, group.guild_id, text):
            await tell_someone(self._client, group, text)

    async def _erase(self, occurrence: Occurrence) -> None:
        try:
            await erase(self._client, int(occurrence.slot.partition(DAILY)[0]), occurrence.subject_id)
        except discord.Forbidden as error:
            raise TryLater from error
        await self._service.erased(occurrence)


def _guild(interaction: discord.Interaction[Any]) -> discord.Guild:
    if interaction.guild is None:
        raise app_commands.NoPrivateMessage
    return interaction.guild


def _choices(groups: Sequence[GroupStatus], typed: str) -> list[app_commands.Choice[str]]:
    key = typed.strip().casefold()
    found = [status.group for status in groups if key in status.group.name.casefold()]
    return [
        app_commands.Choice(name=shorten(group.name, _CHOICE_LIMIT), value=str(group.id))
        for group in found[:_MOST_CHOICES]
    ]


def _stripped(text: str | None) -> str | None:
    return read_line(text) or None if text is not None else None


def _or_nothing(text: str | None) -> str | None:
    """As `GroupChange` takes it: "" forgets what was there."""
    if text is None:
        return None
    return "" if text.strip().casefold() in _NONE else read_line(text)


def _check_sees(group: Group, member: discord.Member) -> None:
    parent = member.guild.get_channel(group.parent_id)
    if parent is not None and not parent.permissions_for(member).view_channel:
        raise MemberError(
            f"They cannot see {parent.mention}, in which the group lives. Ask an admin to let them see it."
        )


def _next(status: GroupStatus) -> str:
    if status.next_prompt_at is None:
        return "The next check-in comes as soon as the group has a home."
    return f"The next check-in is {format_dt(status.next_prompt_at, 'F')}."
