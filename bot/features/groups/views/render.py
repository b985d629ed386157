"""What members read of study groups. Names and goals come from members, so they are escaped here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import discord
from discord.utils import format_dt

from bot.features.groups.models import (
    MOST_MEMBERS,
    EventKind,
    Group,
    GroupEvent,
    GroupState,
    GroupStatus,
)
from bot.features.groups.rules import describe_rhythm
from bot.ui.embeds import BLUE, add_lines
from bot.ui.text import EMBED_DESCRIPTION_LIMIT, EMBED_TITLE_LIMIT, escape, shorten

FORMER = "a former member"

EMPTY_LIST = (
    "There is no study group here yet. `/group create` makes one, and `/group match` finds members who fit together."
)

_HOW = (
    "Once a week I ask here how it went. A button opens a window for you alone: what became of your plan, what you "
    "did, what you learned, what blocks you, what is next. One of you answers each check-in, and at the end there is a "
    "short summary. A week that did not work can be made up."
)
_PRIVATE = (
    "Nothing is shown here before you have seen it and sent it. A check-in can stay private, and then the group sees "
    "only that it is there. What blocks you is answered to you alone, unless you show it."
)


def named(group: Group) -> str:
    """A group's name in a sentence."""
    return f"“{escape(group.name)}”"


def home_of(group: Group) -> str:
    """A link to its home."""
    return f"<#{group.home_id}>" if group.home_id else "It has no home at the moment."


def readers(group: Group) -> list[str]:
    """Who reads along in its home, if that is more than its members."""
    return [] if group.is_private else [f"This home is public: everybody who sees <#{group.parent_id}> can read it."]


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# The card in a new home


def render_about(group: Group, member_ids: Iterable[int], next_at: datetime | None) -> discord.Embed:
    """What a group is, how a week goes, and what stays private."""
    embed = discord.Embed(title=shorten(escape(group.name), EMBED_TITLE_LIMIT), colour=BLUE)
    embed.add_field(name="Members", value=" ".join(f"<@{member_id}>" for member_id in member_ids), inline=False)
    if group.goal:
        embed.add_field(name="Goal", value=escape(group.goal), inline=False)
    embed.add_field(name="Check-in", value=_when(group, next_at), inline=False)
    embed.add_field(name="How a week goes", value=_HOW, inline=False)
    embed.add_field(name="What is private", value="\n".join([_PRIVATE, *readers(group)]), inline=False)
    return embed.set_footer(text="/group pause when you are away, /group nudges for a reminder, /group leave to go.")


def _when(group: Group, next_at: datetime | None) -> str:
    lines = [f"{describe_rhythm(group.rhythm)}, open for {count(group.window_days, 'day')}."]
    if next_at is not None:
        lines.append(f"Next {format_dt(next_at, 'F')} on your clock, {format_dt(next_at, 'R')}.")
    return "\n".join(lines)


def render_closing(history: Sequence[GroupEvent]) -> str:
    """The last sentence in the home of a group that has ended."""
    over = next((event for event in history if event.kind in {EventKind.ENDED, EventKind.MERGED}), None)
    if over is not None and over.kind is EventKind.MERGED:
        return f"This group was merged {escape(over.details or 'with another one')}. What you wrote stays here to read."
    return "This study group has ended. What you wrote stays here to read, and `/group create` makes a new one."


def render_lost(group: Group, why: str) -> str:
    """For the owner of a group whose home is gone."""
    return (
        f"The study group {named(group)} has lost its home. {why} Its members and its history are kept, and nothing "
        "is asked until it has a new home."
    )


def render_trouble(group: Group, what: str) -> str:
    """For whoever can mend what keeps a check-in from being posted."""
    return f"I cannot post in the home of the study group {named(group)}. {what}"


def render_heir(group: Group) -> str:
    """For who looks after a group from now on that has no home."""
    return (
        f"You look after the study group {named(group)} from now on, as its owner has gone. It has no home at the "
        "moment, and nothing is asked until it has one."
    )


def render_owner(owner_id: int) -> str:
    """For who looks after a group from now on."""
    return (
        f"<@{owner_id}>, you look after this group from now on, as its owner has gone. `/group edit` changes it, "
        "or hands it over to somebody else."
    )


def render_joined(status: GroupStatus, *, is_inside: bool) -> str:
    """For somebody who has just become a member."""
    group = status.group
    if group.home_id is None:
        return f"You are in {named(group)}. It has no home at the moment, and I let you in as soon as it has one."
    lines = [f"You are in {named(group)}. Its home is {home_of(group)}."]
    if status.next_prompt_at is not None:
        lines.append(f"The next check-in is {format_dt(status.next_prompt_at, 'F')}.")
    if not is_inside:
        lines.append(
            "I could not let you into the thread yet, and try again as soon as it can be used. If you do not see it "
            f"then, ask an admin whether you may see <#{group.parent_id}>."
        )
    lines.append("`/group show` tells more, and `/group leave` takes you out.")
    return "\n".join(lines)


def render_invitation(status: GroupStatus, inviter: str, member_id: int, until: datetime) -> str:
    """An invitation as everybody in the channel sees it: of a private group no more than its name and size."""
    group = status.group
    size = f"{count(len(status.members), 'member')} so far"
    lines = [f"<@{member_id}>, **{escape(inviter)}** invites you to the study group {named(group)}, {size}."]
    if not group.is_private and status.next_prompt_at is not None:
        lines.append(f"Check-in once a week, next {format_dt(status.next_prompt_at, 'F')}.")
    if not group.is_private and group.goal:
        lines.append(f"Goal: {escape(group.goal)}")
    lines.append(f"The invitation is good until {format_dt(until, 'D')}.")
    return "\n".join(lines)


def render_made(status: GroupStatus) -> str:
    """For the owner of a new group."""
    group = status.group
    lines = [f"{named(group)} is there. Its home is {home_of(group)}."]
    if status.next_prompt_at is not None:
        lines.append(f"The first check-in is {format_dt(status.next_prompt_at, 'F')}.")
    joins = "they can also join by themselves with" if group.is_open else "they can also ask for a place with"
    lines.append(f"`/group invite` invites others, and {joins} `/group join`.")
    return "\n".join(lines)


def render_leaving(status: GroupStatus, member_id: int) -> str:
    """What somebody should know before they leave."""
    group = status.group
    lines = [f"Do you want to leave {named(group)}? What you have sent there stays to read."]
    if status.member_ids == (member_id,):
        lines.append("You are its last member, so it ends with that. If you need a rest only, `/group pause` gives it.")
    elif group.owner_id == member_id:
        lines.append("The member who has been there for longest looks after it then.")
    if len(status.members) > 1:
        back = "You can join again as long as there is a place." if group.is_open else "To come back, you ask again."
        lines.append(back)
    return "\n".join(lines)


def render_nudges(group: Group, *, is_nudged: bool, by_dm: bool) -> str:
    """What holds for private notes from now on."""
    if not is_nudged:
        return f"I send you no notes about the check-ins of {named(group)}."
    how = "by direct message" if by_dm else f"in {home_of(group)}" if group.home_id else "in the home of the group"
    return (
        f"If a check-in of {named(group)} is about to close without yours, I remind you once, {how}. "
        "`/group nudges` switches it off again."
    )


def render_changes(before: Group, status: GroupStatus) -> list[str]:
    """What is different now, in a sentence each."""
    now = status.group
    lines = []
    if now.name != before.name:
        lines.append(f"It is called {named(now)}.")
    if now.rhythm != before.rhythm:
        lines.append(f"It checks in on {describe_rhythm(now.rhythm)}.")
        if status.next_prompt_at is not None:
            lines.append(f"The next check-in is {format_dt(status.next_prompt_at, 'F')}.")
    if now.window_days != before.window_days:
        lines.append(f"A check-in stays open for {count(now.window_days, 'day')}.")
    if now.step != before.step:
        lines.append(f"It is about step {now.step}." if now.step else "It is about no single step.")
    if now.language != before.language:
        lines.append(f"Its language is {escape(now.language)}." if now.language else "Its language is left open.")
    if now.goal != before.goal:
        lines.append(f"Its goal is: {escape(now.goal)}" if now.goal else "It has no goal.")
    if now.is_open != before.is_open:
        lines.append("Anybody may join." if now.is_open else "The owner lets new members in.")
    if now.owner_id != before.owner_id:
        lines.append(f"<@{now.owner_id}> looks after it.")
    return lines


# /group show


def render_status(
    status: GroupStatus, names: Mapping[int, str], now: datetime, news: str | None = None
) -> discord.Embed:
    """Everything that its members may see of a group. `news` says what has just changed."""
    group = status.group
    embed = discord.Embed(title=shorten(escape(group.name), EMBED_TITLE_LIMIT), description=news, colour=BLUE)
    add_lines(embed, f"Members ({len(status.members)} of {MOST_MEMBERS})", _members(status, names, now))
    embed.add_field(name="Check-in", value=_standing(status, now), inline=False)
    if group.goal:
        embed.add_field(name="Goal", value=escape(group.goal), inline=False)
    embed.add_field(name="About", value="\n".join(_about(group)), inline=False)
    if group.note:
        embed.add_field(name="What is wrong", value=f"⚠️ {group.note}", inline=False)
    if status.history:
        add_lines(embed, "What happened", [_event(event, names) for event in reversed(status.history)])
    return embed


def _members(status: GroupStatus, names: Mapping[int, str], now: datetime) -> Iterator[str]:
    for member in status.members:
        line = f"**{escape(names.get(member.member_id, FORMER))}**"
        if member.member_id == status.group.owner_id:
            line += " · owner"
        if member.away_until is not None and member.is_away(now):
            line += f" · away until {format_dt(member.away_until, 'D')}"
        yield line
    if not status.members:
        yield "Nobody."


def _standing(status: GroupStatus, now: datetime) -> str:
    group = status.group
    if group.state is GroupState.ENDED:
        return "This group has ended."
    if group.paused_until is not None and group.paused_until > now:
        paused = f"Paused until {format_dt(group.paused_until, 'D')}."
        return f"{paused}\n{_when(group, status.next_prompt_at)}"
    if group.state is GroupState.HOMELESS:
        return f"{describe_rhythm(group.rhythm)}, as soon as the group has a home."
    if status.next_prompt_at is None:
        return f"{describe_rhythm(group.rhythm)}. It is being asked for just now."
    return _when(group, status.next_prompt_at)


def _about(group: Group) -> Iterator[str]:
    if group.state is not GroupState.ENDED:
        yield f"Home: {home_of(group)}"
    yield "Anybody may join." if group.is_open else "The owner lets new members in."
    if group.step is not None:
        yield f"Step {group.step} of the curriculum."
    if group.language:
        yield f"Language: {escape(group.language)}."


_EVENTS: Mapping[EventKind, str] = {
    EventKind.CREATED: "{who} made the group",
    EventKind.JOINED: "{who} joined",
    EventKind.LEFT: "{who} left",
    EventKind.REMOVED: "{who} was taken out",
    EventKind.OWNER: "{who} looks after the group",
    EventKind.CHANGED: "changed: {details}",
    EventKind.PAUSED: "{paused}",
    EventKind.RESUMED: "{resumed}",
    EventKind.HOME_OPENED: "a home was opened",
    EventKind.HOME_LOST: "the home was lost",
    EventKind.MERGED: "merged {details}",
    EventKind.SPLIT: "split: {details}",
    EventKind.ENDED: "the group ended",
}


def _event(event: GroupEvent, names: Mapping[int, str]) -> str:
    who = escape(names.get(event.member_id or 0, FORMER))
    is_all = event.member_id is None
    text = _EVENTS[event.kind].format(
        who=who,
        details=escape(event.details or "with another group"),
        paused="the group paused" if is_all else f"{who} is away",
        resumed="the group went on" if is_all else f"{who} is back",
    )
    return f"{format_dt(event.at, 'd')} {text}"


def render_outside(status: GroupStatus) -> discord.Embed:
    """What those who are not in a group may see of it."""
    embed = discord.Embed(title=shorten(escape(status.group.name), EMBED_TITLE_LIMIT), colour=BLUE)
    embed.description = "\n".join(_line_parts(status, is_mine=False))
    return embed


# /group list


def render_list(groups: Sequence[GroupStatus], member_id: int) -> discord.Embed:
    """The groups of a server: one's own first, then those with places."""
    embed = discord.Embed(title="Study groups of this server", colour=BLUE)
    if not groups:
        embed.description = EMPTY_LIST
        return embed
    ordered = sorted(groups, key=lambda status: (member_id not in status.member_ids, not status.places))
    lines = [_line(status, is_mine=member_id in status.member_ids) for status in ordered]
    shown = _fitting(lines, EMBED_DESCRIPTION_LIMIT - 100)
    if more := len(lines) - len(shown):
        shown.append(f"and {more} more: `/group join` suggests them while you type.")
    embed.description = "\n\n".join(shown)
    return embed.set_footer(text="/group join takes you into one, /group match finds one that fits your hours.")


def _fitting(lines: Iterable[str], limit: int) -> list[str]:
    shown: list[str] = []
    for line in lines:
        if sum(len(one) + 2 for one in shown) + len(line) > limit:
            break
        shown.append(line)
    return shown


def _line(status: GroupStatus, *, is_mine: bool) -> str:
    mark = "⭐ " if is_mine else ""
    return "\n".join([f"{mark}**{escape(status.group.name)}**", *_line_parts(status, is_mine=is_mine)])


def _line_parts(status: GroupStatus, *, is_mine: bool) -> Iterator[str]:
    """A private group shows others no more than its name and size."""
    group = status.group
    size = f"{count(len(status.members), 'member')}, {_places(status)}"
    if group.is_private and not is_mine:
        yield size
        return
    about = [size, "open to all" if group.is_open else "the owner lets you in"]
    if group.step is not None:
        about.append(f"step {group.step}")
    if group.language:
        about.append(escape(group.language))
    yield " · ".join(about)
    yield _list_when(status)
    if group.goal and is_mine:
        yield f"Goal: {escape(group.goal)}"


def _places(status: GroupStatus) -> str:
    return f"{count(status.places, 'place')} free" if status.places else "full"


def _list_when(status: GroupStatus) -> str:
    group = status.group
    if group.state is GroupState.HOMELESS:
        return "It has no home at the moment."
    if status.next_prompt_at is None:
        return describe_rhythm(group.rhythm)
    paused = "paused, " if group.state is GroupState.PAUSED else ""
    return f"Check-in once a week, {paused}next {format_dt(status.next_prompt_at, 'F')}"
