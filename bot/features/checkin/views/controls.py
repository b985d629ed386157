"""Buttons and menus of check-ins. Each custom_id says what it is about, and the service says who may use it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import discord
from discord.utils import format_dt

from bot.errors import MemberError
from bot.features.checkin.models import Checkin, CheckinDraft, Digest, Panel, PlanFrom
from bot.features.checkin.rules.forms import begin_draft
from bot.features.checkin.rules.known import offer_known
from bot.features.checkin.service import CheckinService
from bot.features.checkin.views.render import (
    CLOSED,
    NO_GROUP,
    render_nudge,
    render_overview,
    render_panel,
    render_suggestion,
    week_name,
)
from bot.features.checkin.views.windows import (
    Sent,
    answer_window,
    form_window,
    if_then_window,
    read_answer,
    read_form,
)
from bot.features.groups.models import GroupMember
from bot.features.groups.service import GroupService
from bot.features.plan.models import Outcome
from bot.features.plan.service import PlanService
from bot.features.plan.views import open_plan, read_plan_window
from bot.features.progress.announce import announce
from bot.features.progress.rules.rhythm import format_minutes
from bot.features.support.models import Blocker
from bot.features.support.views import BlockerButton, answer_blocker
from bot.ui.components import view_of
from bot.ui.errors import run_safely
from bot.ui.text import shorten

SOMEBODY_ELSES = "This note is for somebody else."
NOT_YOUR_GROUP = "You are in no study group of that name here. `/checkin` without an option shows yours."
REPLIED = "Sent. Your group sees it below the check-in in a moment."
DISCARDED = "Discarded. Nothing of it was sent."
AWAY = "You are away until {until}. No week is missed, and you will be asked again after that."
HERE = "Welcome back. You can check in for this week, too."
IN_ALREADY = "You have checked in for this week, so it counts already. `/group pause` is for the weeks to come."
THANK_YOU = "You have checked in for this week. Thank you!"
NO_DRAFT = "There is no plan to change here any more. `/plan` makes one."

_NO_CURRICULUM = (
    "There is no curriculum here any more, so there are no check-ins. Ask me something with `/ask` instead."
)
_SUGGEST_SECONDS = 1.0
"""A window has to be the first answer to a click, within three seconds. What takes longer is left out of it."""

_OPTIONS = 25
_OPTION_LIMIT = 100
_LABEL_LIMIT = 80
_ID = r"\d{1,18}"
_UNSAID = "unsaid"
_MINUTES = (30, 60, 90, 120, 180, 240, 300, 360, 480, 600, 720, 900, 1200)
_STYLES = discord.ButtonStyle

_Item = discord.ui.Item[Any]
_Button = discord.ui.Button[discord.ui.View]
_Select = discord.ui.Select[discord.ui.View]


class Act(StrEnum):
    """What a button does with the check-in of the member who clicks."""

    OPEN = "open"
    CHANGE = "change"
    SHOW = "show"
    KEEP = "keep"
    IF_THEN = "ifthen"
    BLOCKER_ON = "blocker1"
    BLOCKER_OFF = "blocker0"
    DISCARD = "discard"
    WITHDRAW = "withdraw"
    FINISH = "finish"
    PLAN = "plan"
    AWAY = "away"
    HERE = "here"
    MINE = "digest"


_LABELS: Mapping[Act, str] = {
    Act.OPEN: "Check in",
    Act.CHANGE: "Change",
    Act.SHOW: "Show to my group",
    Act.KEEP: "Keep it private",
    Act.IF_THEN: "Make it an if-then plan",
    Act.BLOCKER_ON: "Show what blocks me: no",
    Act.BLOCKER_OFF: "Show what blocks me: yes",
    Act.DISCARD: "Discard",
    Act.WITHDRAW: "Withdraw",
    Act.FINISH: "Mark it as done",
    Act.PLAN: "My plan",
    Act.AWAY: "Away this week",
    Act.HERE: "I am here after all",
    Act.MINE: "My rhythm",
}
_PRIMARY = frozenset({Act.OPEN, Act.SHOW})


# Below what the group sees


def prompt_buttons(week_id: int) -> discord.ui.View:
    """Below the question of a week. The first one also marks the message, so that it is found again."""
    return view_of(*(WeekButton(week_id, act) for act in (Act.OPEN, Act.PLAN, Act.AWAY)))


def post_buttons(checkin_id: int) -> discord.ui.View:
    """Below the post of a check-in. It also marks the message."""
    return view_of(ReplyButton(checkin_id))


def digest_buttons(digest: Digest) -> discord.ui.View:
    """Below a digest. The last one also marks the message."""
    make_up = [WeekButton(digest.week.id, Act.OPEN, "Make it up")] if digest.quiet else []
    return view_of(*make_up, WeekButton(digest.week.id, Act.MINE))


def nudge_buttons(week_id: int) -> discord.ui.View:
    """Below a private note: straight to the check-in."""
    return view_of(WeekButton(week_id, Act.OPEN))


def note_buttons(week_id: int, member_id: int) -> discord.ui.View:
    """Below the line in the home which says that there is a note."""
    return view_of(NoteButton(week_id, member_id))


def open_id(week_id: int) -> str:
    """The custom_id that marks the question of a week."""
    return f"checkin:{week_id}:{Act.OPEN}"


def digest_id(week_id: int) -> str:
    """The custom_id that marks a digest."""
    return f"checkin:{week_id}:{Act.MINE}"


def reply_id(checkin_id: int) -> str:
    """The custom_id that marks the post of a check-in."""
    return f"checkin:{checkin_id}:reply"


# Buttons of a week


@dataclass(frozen=True, slots=True)
class _Click:
    """A click on a button of a week, not acknowledged yet."""

    interaction: discord.Interaction[Any]
    week_id: int

    @property
    def member_id(self) -> int:
        return self.interaction.user.id

    @property
    def service(self) -> CheckinService:
        return checkin_service(self.interaction)


class WeekButton(discord.ui.DynamicItem[_Button], template=rf"checkin:(?P<week>{_ID}):(?P<act>{'|'.join(Act)})"):
    """Does something with the check-in that the member who clicks has made, or will make, for that week."""

    def __init__(self, week_id: int, act: Act, label: str | None = None, row: int | None = None) -> None:
        super().__init__(
            discord.ui.Button(
                label=shorten(label or _LABELS[act], _LABEL_LIMIT),
                style=_STYLES.primary if act in _PRIMARY else _STYLES.secondary,
                custom_id=f"checkin:{week_id}:{act}",
                row=row,
            )
        )
        self._week_id = week_id
        self._act = act

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["week"]), Act(match["act"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await _DOES[self._act](_Click(interaction, self._week_id))


async def _open(click: _Click) -> None:
    """The window if nothing is begun, else what there is. A window has to be the first answer: nothing is deferred."""
    panel = await click.service.open(click.week_id, click.member_id)
    if _is_begun(panel.checkin):
        await _defer_private(click.interaction)
        await _show_panel(click.interaction, panel)
        return
    await _send_window(click, panel)


async def _change(click: _Click) -> None:
    await _send_window(click, await click.service.open(click.week_id, click.member_id))


async def _send_window(click: _Click, panel: Panel) -> None:
    if not panel.can_check_in:
        raise MemberError(CLOSED)
    plan = begin_draft(panel.checkin, panel.next_plan).next_plan
    what = plan.what if plan is not None else ""
    if not what and not _is_begun(panel.checkin):
        what = await _suggest_plan(click.interaction, panel.group.id)
    window = form_window(click.week_id, panel, what, is_here=_is_here(click.interaction))
    await click.interaction.response.send_modal(window)


async def _suggest_plan(interaction: discord.Interaction[Any], group_id: int) -> str:
    """What /next suggests, if that is known soon enough."""
    try:
        async with asyncio.timeout(_SUGGEST_SECONDS):
            return (await plan_service(interaction).draft(interaction.user.id, group_id)).text.what
    except (MemberError, TimeoutError):
        return ""


async def _show_to_group(click: _Click) -> None:
    await _send(click, is_private=False)


async def _keep_private(click: _Click) -> None:
    await _send(click, is_private=True)


async def _send(click: _Click, *, is_private: bool) -> None:
    await _defer_private(click.interaction)
    panel = await click.service.send(click.week_id, click.member_id, is_private=is_private)
    await _show_panel(click.interaction, panel)


async def _discard(click: _Click) -> None:
    await _defer_private(click.interaction)
    panel = await click.service.discard(click.week_id, click.member_id)
    await _show_panel(click.interaction, panel, DISCARDED)


async def _withdraw(click: _Click) -> None:
    await _defer_private(click.interaction)
    await _show_panel(click.interaction, await click.service.withdraw(click.week_id, click.member_id))


async def _show_blocker(click: _Click) -> None:
    await _set_shows_blocker(click, shows_blocker=True)


async def _hide_blocker(click: _Click) -> None:
    await _set_shows_blocker(click, shows_blocker=False)


async def _set_shows_blocker(click: _Click, *, shows_blocker: bool) -> None:
    await _defer_private(click.interaction)
    panel = await click.service.set_shows_blocker(click.week_id, click.member_id, shows_blocker)
    await _show_panel(click.interaction, panel)


async def _ask_if_then(click: _Click) -> None:
    panel = await click.service.open(click.week_id, click.member_id)
    plan = begin_draft(panel.checkin, panel.next_plan).next_plan
    if plan is None:
        raise MemberError(NO_DRAFT)
    await click.interaction.response.send_modal(if_then_window(click.week_id, plan))


async def _open_plan(click: _Click) -> None:
    panel = await click.service.open(click.week_id, click.member_id)
    await open_plan(click.interaction, panel.group.id)


async def _finish(click: _Click) -> None:
    """Mark the part that the plan was about. The hours that the check-in tells are counted with it already."""
    await _defer_private(click.interaction)
    panel = await click.service.open(click.week_id, click.member_id)
    if panel.plan is None or panel.checkin is None:
        raise MemberError(CLOSED)
    minutes = None if panel.checkin.minutes is None else 0
    change = await plan_service(click.interaction).finish_item(panel.plan.id, click.member_id, minutes=minutes)
    title = await _title_of(click.interaction, change.item.id) or change.item.title
    await _show_panel(click.interaction, panel, f"Noted: **{title}** is done. `/progress undo` takes that back.")
    await announce(click.interaction.client, click.member_id, change.reached)


async def _go_away(click: _Click) -> None:
    await click.interaction.response.defer(ephemeral=True, thinking=True)
    panel = await click.service.open(click.week_id, click.member_id)
    if panel.checkin is not None and panel.checkin.state.counts:
        raise MemberError(IN_ALREADY)
    if panel.week is None or panel.week.closed_at is not None:
        raise MemberError(CLOSED)
    until = max(panel.week.closes_at, panel.membership.away_until or panel.week.closes_at)
    await groups_service(click.interaction).pause_member(panel.group.id, click.member_id, until)
    text, view = AWAY.format(until=format_dt(until, "f")), view_of(WeekButton(click.week_id, Act.HERE))
    await click.interaction.edit_original_response(content=text, view=view)


async def _come_back(click: _Click) -> None:
    await _defer_private(click.interaction)
    panel = await click.service.open(click.week_id, click.member_id)
    await groups_service(click.interaction).resume_member(panel.group.id, click.member_id)
    await click.interaction.edit_original_response(content=HERE, view=view_of(WeekButton(click.week_id, Act.OPEN)))


async def _show_mine(click: _Click) -> None:
    await click.interaction.response.defer(ephemeral=True, thinking=True)
    panel = await click.service.open(click.week_id, click.member_id)
    await show_overview(click.interaction, panel.group.guild_id, panel.group.id)


_DOES: Mapping[Act, Callable[[_Click], Awaitable[None]]] = {
    Act.OPEN: _open,
    Act.CHANGE: _change,
    Act.SHOW: _show_to_group,
    Act.KEEP: _keep_private,
    Act.IF_THEN: _ask_if_then,
    Act.BLOCKER_ON: _show_blocker,
    Act.BLOCKER_OFF: _hide_blocker,
    Act.DISCARD: _discard,
    Act.WITHDRAW: _withdraw,
    Act.FINISH: _finish,
    Act.PLAN: _open_plan,
    Act.AWAY: _go_away,
    Act.HERE: _come_back,
    Act.MINE: _show_mine,
}


# The private panel


def panel_controls(panel: Panel, finishable: str | None = None) -> discord.ui.View:
    """What can be done with one's own check-in. `finishable` names the part of the path that can be marked as done."""
    if panel.week is None:
        return view_of()
    if panel.checkin is not None and panel.checkin.draft is not None:
        return view_of(*_draft_controls(panel.week.id, panel, panel.checkin.draft))
    if panel.checkin is not None and panel.checkin.state.counts:
        return view_of(*_sent_controls(panel.week.id, panel, panel.checkin, finishable))
    return view_of(WeekButton(panel.week.id, Act.OPEN)) if panel.can_check_in else view_of()


def _draft_controls(week_id: int, panel: Panel, draft: CheckinDraft) -> Iterator[_Item]:
    if panel.known or panel.added:
        yield KnownSelect(week_id, panel)
    yield TimeSelect(week_id, draft.minutes)
    for act in (Act.SHOW, Act.KEEP, Act.CHANGE):
        yield WeekButton(week_id, act, row=2)
    if draft.next_plan is not None:
        yield WeekButton(week_id, Act.IF_THEN, row=3)
    if draft.blocker:
        yield WeekButton(week_id, Act.BLOCKER_OFF if draft.shows_blocker else Act.BLOCKER_ON, row=3)
        yield BlockerButton(Blocker(panel.membership.member_id, panel.group.id, week_id), row=3)
    yield WeekButton(week_id, Act.DISCARD, row=3)


def _sent_controls(week_id: int, panel: Panel, checkin: Checkin, finishable: str | None) -> Iterator[_Item]:
    if panel.group.home_id is not None:
        yield discord.ui.Button(label="Go to my group", url=_jump_url(panel, checkin))
    if panel.can_check_in:
        yield WeekButton(week_id, Act.CHANGE, "Edit")
    yield WeekButton(week_id, Act.WITHDRAW)
    if finishable is not None:
        yield WeekButton(week_id, Act.FINISH, f"Mark {finishable} as done")
    if checkin.blocker:
        yield BlockerButton(Blocker(panel.membership.member_id, panel.group.id, week_id))


def _jump_url(panel: Panel, checkin: Checkin) -> str:
    home = f"https://discord.com/channels/{panel.group.guild_id}/{panel.group.home_id}"
    is_there = checkin.message_id is not None and checkin.channel_id == panel.group.home_id
    return f"{home}/{checkin.message_id}" if is_there else home


async def _show_panel(interaction: discord.Interaction[Any], panel: Panel, news: str | None = None) -> None:
    """Put the panel in place of the message of this interaction, which has been deferred."""
    content, rendered = render_panel(panel, news)
    client = interaction.client
    embeds = [await client.names.put_into(embed, client.get_guild(panel.group.guild_id)) for embed in rendered]
    view = panel_controls(panel, await _find_finishable(interaction, panel))
    await interaction.edit_original_response(content=content, embeds=embeds, view=view)


async def _find_finishable(interaction: discord.Interaction[Any], panel: Panel) -> str | None:
    """The part of the path that a plan was about, if it was kept and is not marked as done yet."""
    plan, checkin = panel.plan, panel.checkin
    if plan is None or plan.item is None or checkin is None or checkin.draft is not None:
        return None
    if checkin.outcome is not Outcome.DONE or not checkin.state.counts:
        return None
    return await _title_of(interaction, plan.item, is_open=True)


async def _title_of(interaction: discord.Interaction[Any], item_id: str, *, is_open: bool = False) -> str | None:
    """What a part of the path is called; with `is_open` only if it is not settled."""
    progress = interaction.client.services.progress
    found = await progress.find_items(interaction.user.id, [item_id])
    if not found:
        return None
    if is_open and (await progress.find_learner(interaction.user.id)).is_settled(item_id):
        return None
    title: str = found[0].title
    return title


class KnownSelect(discord.ui.DynamicItem[_Select], template=rf"checkin:(?P<week>{_ID}):known"):
    """Adds what the tutor knows of the week to the evidence; what is chosen replaces what was chosen before."""

    def __init__(self, week_id: int, panel: Panel | None = None) -> None:
        options = list(_known_options(panel)) if panel is not None else []
        super().__init__(
            discord.ui.Select(
                placeholder="Add what I know of",
                custom_id=f"checkin:{week_id}:known",
                min_values=0,
                max_values=max(len(options), 1),
                options=options,
                row=0,
            )
        )
        self._week_id = week_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["week"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await _defer_private(interaction)
            service = checkin_service(interaction)
            panel = await service.add_known(self._week_id, interaction.user.id, self.item.values)
            await _show_panel(interaction, panel)


def _known_options(panel: Panel) -> Iterator[discord.SelectOption]:
    for known in offer_known(panel.added, panel.known)[:_OPTIONS]:
        label = shorten(known.text, _OPTION_LIMIT)
        yield discord.SelectOption(label=label, value=known.key, default=known in panel.added)


class TimeSelect(discord.ui.DynamicItem[_Select], template=rf"checkin:(?P<week>{_ID}):time"):
    """How long the week took, if the member would like to say."""

    def __init__(self, week_id: int, minutes: int | None = None) -> None:
        options = [
            discord.SelectOption(label=format_minutes(choice), value=str(choice), default=choice == minutes)
            for choice in _MINUTES
        ]
        unsaid = discord.SelectOption(label="I would rather not say", value=_UNSAID)
        super().__init__(
            discord.ui.Select(
                placeholder="Time this week", custom_id=f"checkin:{week_id}:time", options=[*options, unsaid], row=1
            )
        )
        self._week_id = week_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["week"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await _defer_private(interaction)
            chosen = self.item.values[0] if self.item.values else _UNSAID
            minutes = int(chosen) if chosen in {str(choice) for choice in _MINUTES} else None
            service = checkin_service(interaction)
            await _show_panel(interaction, await service.set_minutes(self._week_id, interaction.user.id, minutes))


# /checkin


async def show_overview(interaction: discord.Interaction[Any], guild_id: int, group_id: int | None = None) -> None:
    """Show where a member stands in one of their groups, after the interaction has been deferred.

    Raises:
        MemberError: they are in no group, or not in this one.
    """
    panels = await checkin_service(interaction).list_open(interaction.user.id, guild_id)
    if not panels:
        raise MemberError(NO_GROUP)
    chosen = _choose(panels, group_id)
    embed = render_overview(chosen, interaction.client.clock())
    view = view_of(*await _overview_items(interaction, panels, chosen))
    await interaction.edit_original_response(content=None, embed=embed, view=view)


def _choose(panels: Sequence[Panel], group_id: int | None) -> Panel:
    """The group that was named, else the first that waits for a check-in."""
    if group_id is None:
        return min(panels, key=lambda panel: not _waits(panel))
    found = next((panel for panel in panels if panel.group.id == group_id), None)
    if found is None:
        raise MemberError(NOT_YOUR_GROUP)
    return found


def _waits(panel: Panel) -> bool:
    return panel.can_check_in and not (panel.checkin is not None and panel.checkin.state.counts)


async def _overview_items(
    interaction: discord.Interaction[Any], panels: Sequence[Panel], chosen: Panel
) -> Iterable[_Item]:
    items: list[_Item] = []
    newest = chosen.week.id if chosen.week is not None else None
    if chosen.week is not None and (label := _open_label(chosen)):
        items.append(WeekButton(chosen.week.id, Act.OPEN, label))
    is_away = chosen.membership.is_away(interaction.client.clock())
    if chosen.week is not None and chosen.week.closed_at is None and is_away:
        items.append(WeekButton(chosen.week.id, Act.HERE))
    missed = chosen.rhythm.repair_week
    if missed is not None and missed != newest:
        old = await checkin_service(interaction).open(missed, interaction.user.id)
        if old.week is not None and old.can_check_in:
            items.append(WeekButton(missed, Act.OPEN, f"Make up the {week_name(old.week, old.group)}"))
    if chosen.week is not None:
        earlier = await checkin_service(interaction).find_earlier(chosen.week, interaction.user.id)
        if earlier is not None and earlier.id != missed:
            items.append(WeekButton(earlier.id, Act.OPEN, f"My check-in, {week_name(earlier, chosen.group)}"))
    items += [PlanButton(chosen.group.id), NudgeSelect(chosen.group.id, chosen.membership)]
    if len(panels) > 1:
        items.append(GroupSelect(panels, chosen))
    return items


def _open_label(panel: Panel) -> str | None:
    checkin = panel.checkin
    if checkin is not None and checkin.draft is not None:
        return "Go on with my check-in"
    if checkin is not None and checkin.state.counts:
        return "My check-in"
    if panel.week is None or not panel.can_check_in:
        return None
    return _LABELS[Act.OPEN] if panel.week.closed_at is None else f"Make up the {week_name(panel.week, panel.group)}"


class PlanButton(discord.ui.DynamicItem[_Button], template=rf"checkin:plan:(?P<group>{_ID})"):
    """Opens the plan of the member who clicks, for a group that may have had no week yet."""

    def __init__(self, group_id: int) -> None:
        super().__init__(discord.ui.Button(label=_LABELS[Act.PLAN], custom_id=f"checkin:plan:{group_id}"))
        self._group_id = group_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["group"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await open_plan(interaction, self._group_id)


class Nudges(StrEnum):
    """How a member is told that a check-in is about to close without theirs."""

    OFF = "off"
    HOME = "home"
    DM = "dm"


class NudgeSelect(discord.ui.DynamicItem[_Select], template=rf"checkin:nudges:(?P<group>{_ID})"):
    """Whether the member who chooses wants one private note, and where."""

    def __init__(self, group_id: int, membership: GroupMember | None = None) -> None:
        now = _nudges_of(membership) if membership is not None else None
        options = [
            discord.SelectOption(label="No private note", value=Nudges.OFF, default=now is Nudges.OFF),
            discord.SelectOption(
                label="One private note, in the home of my group", value=Nudges.HOME, default=now is Nudges.HOME
            ),
            discord.SelectOption(
                label="One private note, as a direct message", value=Nudges.DM, default=now is Nudges.DM
            ),
        ]
        super().__init__(
            discord.ui.Select(
                placeholder="A note before it closes?", custom_id=f"checkin:nudges:{group_id}", options=options
            )
        )
        self._group_id = group_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["group"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            chosen = self.item.values[0] if self.item.values else Nudges.OFF
            status = await groups_service(interaction).set_nudges(
                self._group_id, interaction.user.id, is_nudged=chosen != Nudges.OFF, by_dm=chosen == Nudges.DM
            )
            await show_overview(interaction, status.group.guild_id, self._group_id)


def _nudges_of(membership: GroupMember) -> Nudges:
    if not membership.is_nudged:
        return Nudges.OFF
    return Nudges.DM if membership.by_dm else Nudges.HOME


class GroupSelect(discord.ui.DynamicItem[_Select], template=r"checkin:group"):
    """Shows where the member stands in another of their groups."""

    def __init__(self, panels: Sequence[Panel] = (), chosen: Panel | None = None) -> None:
        options = [
            discord.SelectOption(
                label=shorten(panel.group.name, _OPTION_LIMIT), value=str(panel.group.id), default=panel is chosen
            )
            for panel in panels[:_OPTIONS]
        ]
        super().__init__(discord.ui.Select(placeholder="Another group", custom_id="checkin:group", options=options))

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, _match: re.Match[str]) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer()
            await show_overview(interaction, interaction.guild_id or 0, int(self.item.values[0]))


# The private note


class NoteButton(discord.ui.DynamicItem[_Button], template=rf"checkin:(?P<week>{_ID}):note:(?P<member>\d{{1,20}})"):
    """Shows a private note to the member for whom it is."""

    def __init__(self, week_id: int, member_id: int) -> None:
        super().__init__(discord.ui.Button(label="Open", custom_id=f"checkin:{week_id}:note:{member_id}"))
        self._week_id = week_id
        self._member_id = member_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["week"]), int(match["member"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            if interaction.user.id != self._member_id:
                raise MemberError(SOMEBODY_ELSES)
            await interaction.response.defer(ephemeral=True, thinking=True)
            panel = await checkin_service(interaction).open(self._week_id, self._member_id)
            if panel.checkin is not None and panel.checkin.state.counts:
                raise MemberError(THANK_YOU)
            if panel.week is None or not panel.can_check_in:
                raise MemberError(CLOSED)
            text = render_nudge(panel.group, panel.week, panel.plan)
            await interaction.edit_original_response(content=text, view=nudge_buttons(self._week_id))


# Replies


class ReplyButton(discord.ui.DynamicItem[_Button], template=rf"checkin:(?P<checkin>{_ID}):reply"):
    """Below the post of a check-in: suggests a reply to a member of the group."""

    def __init__(self, checkin_id: int) -> None:
        super().__init__(discord.ui.Button(label="Reply", style=_STYLES.primary, custom_id=reply_id(checkin_id)))
        self._checkin_id = checkin_id

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["checkin"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            # Two members who reply to the same check-in begin with different suggestions.
            await _suggest_reply(interaction, self._checkin_id, interaction.user.id % 100)


class Answer(StrEnum):
    """What a member does with a suggested reply."""

    SEND = "send"
    CHANGE = "edit"
    ANOTHER = "another"


_ANSWERS: Mapping[Answer, str] = {
    Answer.SEND: "Send it as it is",
    Answer.CHANGE: "Change it",
    Answer.ANOTHER: "Another one",
}


class AnswerButton(
    discord.ui.DynamicItem[_Button],
    template=rf"checkin:(?P<checkin>{_ID}):(?P<answer>{'|'.join(Answer)}):(?P<number>\d{{1,4}})",
):
    """Below a suggested reply. What is sent is the text of the message that the member has read."""

    def __init__(self, checkin_id: int, answer: Answer, number: int) -> None:
        super().__init__(
            discord.ui.Button(
                label=_ANSWERS[answer],
                style=_STYLES.primary if answer is Answer.SEND else _STYLES.secondary,
                custom_id=f"checkin:{checkin_id}:{answer}:{number}",
            )
        )
        self._checkin_id = checkin_id
        self._answer = answer
        self._number = number

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction, _item: _Item, match: re.Match[str]) -> Self:
        return cls(int(match["checkin"]), Answer(match["answer"]), int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with run_safely(interaction):
            if self._answer is Answer.CHANGE:
                await interaction.response.send_modal(answer_window(self._checkin_id, _read_suggestion(interaction)))
                return
            await interaction.response.defer()
            if self._answer is Answer.SEND:
                await _reply(interaction, self._checkin_id, _read_suggestion(interaction))
            else:
                await _suggest_reply(interaction, self._checkin_id, (self._number + 1) % 1000)


def _read_suggestion(interaction: discord.Interaction[Any]) -> str:
    """The suggestion that a message of mine shows."""
    embeds = interaction.message.embeds if interaction.message is not None else []
    return (embeds[0].description or "") if embeds else ""


async def _suggest_reply(interaction: discord.Interaction[Any], checkin_id: int, number: int) -> None:
    service = checkin_service(interaction)
    suggestion = await service.suggest_reply(checkin_id, interaction.user.id, number=number)
    view = view_of(*(AnswerButton(checkin_id, answer, number) for answer in Answer))
    await interaction.edit_original_response(content=None, embed=render_suggestion(suggestion), view=view)


async def _reply(interaction: discord.Interaction[Any], checkin_id: int, text: str) -> None:
    await checkin_service(interaction).reply(checkin_id, interaction.user.id, text)
    await interaction.edit_original_response(content=REPLIED, embed=None, view=None)


CHECKIN_ITEMS = (
    WeekButton,
    KnownSelect,
    TimeSelect,
    PlanButton,
    NudgeSelect,
    GroupSelect,
    NoteButton,
    ReplyButton,
    AnswerButton,
)
"""What a client has to know so that buttons sent before a restart still work."""


# Windows that come back


async def take_window(interaction: discord.Interaction[Any], sent: Sent) -> None:
    """Do what a window was for."""
    async with run_safely(interaction, sent.by_label):
        await interaction.response.defer(ephemeral=not sent.is_here, thinking=not sent.is_here)
        match sent.name:
            case "form":
                await _take_form(interaction, sent)
            case "ifthen":
                await _take_if_then(interaction, sent)
            case _:
                await _reply(interaction, sent.id, read_answer(sent))


async def _take_form(interaction: discord.Interaction[Any], sent: Sent) -> None:
    """Keep the form as a draft and show what the group would see. A blocker that is new is answered in private."""
    service, member_id = checkin_service(interaction), interaction.user.id
    form = read_form(sent)
    before = await service.open(sent.id, member_id)
    known_blocker = begin_draft(before.checkin, before.next_plan).blocker
    panel = await service.save(sent.id, member_id, form)
    panel = await _name_part(interaction, sent.id, panel)
    await _show_panel(interaction, panel)
    if form.blocker and form.blocker != known_blocker:
        concepts = await answer_blocker(interaction, form.blocker, group_id=panel.group.id, week_id=sent.id)
        await service.set_concepts(sent.id, member_id, concepts)


async def _name_part(interaction: discord.Interaction[Any], week_id: int, panel: Panel) -> Panel:
    """Note which part of the path a plan is about that was written here, if it names the one that /next suggests."""
    draft = panel.checkin.draft if panel.checkin is not None else None
    if draft is None or draft.next_plan is None or draft.item is not None or draft.plan_from is not PlanFrom.WRITTEN:
        return panel
    item = await plan_service(interaction).find_item(interaction.user.id, draft.next_plan.what)
    if item is None:
        return panel
    return await checkin_service(interaction).set_plan(week_id, interaction.user.id, draft.next_plan, item)


async def _take_if_then(interaction: discord.Interaction[Any], sent: Sent) -> None:
    typed = read_plan_window(interaction)
    if typed is None:
        raise MemberError(NO_DRAFT)
    service, member_id = checkin_service(interaction), interaction.user.id
    before = await service.open(sent.id, member_id)
    likely = begin_draft(before.checkin, before.next_plan).item
    item = await plan_service(interaction).find_item(member_id, typed[1].what, [likely])
    await _show_panel(interaction, await service.set_plan(sent.id, member_id, typed[1], item))


# What they have in common


def _is_begun(checkin: Checkin | None) -> bool:
    """Whether there is something to show: written, or sent and not taken back."""
    return checkin is not None and (checkin.draft is not None or checkin.state.counts)


def _is_here(interaction: discord.Interaction[Any]) -> bool:
    """Whether the click was in a private message, which then shows what comes of it."""
    return interaction.message is not None and interaction.message.flags.ephemeral


async def _defer_private(interaction: discord.Interaction[Any]) -> None:
    is_here = _is_here(interaction)
    await interaction.response.defer(ephemeral=not is_here, thinking=not is_here)


def checkin_service(interaction: discord.Interaction[Any]) -> CheckinService:
    """The service for a button that was sent when there was a curriculum.

    Raises:
        MemberError: there is none any more.
    """
    service: CheckinService | None = interaction.client.services.checkin
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service


def plan_service(interaction: discord.Interaction[Any]) -> PlanService:
    """The plans of members; same as `checkin_service`."""
    service: PlanService | None = interaction.client.services.plan
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service


def groups_service(interaction: discord.Interaction[Any]) -> GroupService:
    """The study groups; same as `checkin_service`."""
    service: GroupService | None = interaction.client.services.groups
    if service is None:
        raise MemberError(_NO_CURRICULUM)
    return service
