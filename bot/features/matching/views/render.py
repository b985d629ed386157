"""What members read of matching: the panel of /group match, proposals, and what has become of them.

Where others read it, nothing says who accepted, who declined and who has not answered.
"""

import calendar
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

import discord
from discord.utils import format_dt

from bot.features.groups.models import GroupStatus
from bot.features.groups.rules import describe_rhythm
from bot.features.groups.views import named
from bot.features.groups.views.render import count
from bot.features.matching.models import (
    Answer,
    News,
    Offer,
    Panel,
    ProposalKind,
    ProposalMember,
    ProposalState,
    Window,
    Wish,
)
from bot.features.matching.rules.availability import span_of
from bot.features.progress.rules.zones import local_time
from bot.scheduling.rules import next_time
from bot.ui.embeds import BLUE

_INTRO = (
    "I look for members who fit together, 3 to 5 of them: the same step or the one beside it, hours that all of you "
    "share, a language. I propose a group to you first, and nothing happens unless you accept."
)
_FOOTER = (
    "Only you see this. To those whom I propose to you I show your name and what you share, not your hours or answers."
)
_WINDOWS: Mapping[Window, str] = {
    Window.WEEKDAY_MORNINGS: "Weekday mornings",
    Window.WEEKDAY_DAYS: "Weekdays in the day",
    Window.WEEKDAY_EVENINGS: "Weekday evenings",
    Window.WEEKDAY_NIGHTS: "Weekday nights",
    Window.WEEKEND_MORNINGS: "Weekend mornings",
    Window.WEEKEND_DAYS: "Weekends in the day",
    Window.WEEKEND_EVENINGS: "Weekend evenings",
}

NOT_NOW = "All right. `/group match` brings this back whenever you like."


# The panel


def window_label(window: Window) -> str:
    """As in "Weekday evenings, 17–22"."""
    first, last = span_of(window)
    return f"{_WINDOWS[window]}, {first}–{last}"


def render_panel(panel: Panel, wish: Wish, now: datetime, news: str | None = None) -> discord.Embed:
    """Where a member stands, what they have chosen, and how many look for a group."""
    embed = discord.Embed(title="Find a study group", description=news or _INTRO, colour=BLUE)
    embed.add_field(name="You", value="\n".join(_about(panel, now)), inline=False)
    embed.add_field(name="When you have time", value=_hours(wish), inline=False)
    embed.add_field(name="Languages", value=", ".join(wish.languages) or "Choose them below.", inline=False)
    embed.add_field(name="Now", value="\n".join(_standing(panel, wish)), inline=False)
    return embed.set_footer(text=_FOOTER)


def _about(panel: Panel, now: datetime) -> Iterator[str]:
    pace = "you have not said how many hours a week"
    if panel.hours_per_week:
        pace = f"{panel.hours_per_week:g} hours a week"
    yield f"Step {panel.step} · {pace}"
    if panel.zone is None:
        yield "I do not know your time zone yet. Press My time zone."
    else:
        yield f"{panel.zone}, where it is {local_time(panel.zone, now)} now"
    yield "Your step follows your progress, and `/start` changes your hours."


def _hours(wish: Wish) -> str:
    chosen = [window_label(window) for window in Window if window in wish.windows]
    return "\n".join(chosen) or "Choose it below, on your own clock. The more you choose, the sooner somebody fits."


def _standing(panel: Panel, wish: Wish) -> Iterator[str]:
    if panel.looks_since is None:
        yield f"You are not looking. {_others(panel.seekers)}"
    else:
        yield f"You have been looking since {format_dt(panel.looks_since, 'D')}. {_others(panel.seekers - 1)}"
        if panel.next_at is not None:
            yield f"I match next {format_dt(panel.next_at, 'R')}."
    if panel.proposals:
        yield "**There is a proposal for you:** press See."
    letter = ", and write to you in a direct message" if wish.by_dm else ""
    yield f"When there is a proposal, I mention you in this server{letter}."


def _others(number: int) -> str:
    if not number:
        return "Nobody else looks for a group here at the moment."
    return f"{number} other member{'s look' if number > 1 else ' looks'} for a group here."


def render_looking(panel: Panel) -> str:
    """For somebody who has just begun to look."""
    when = f" {format_dt(panel.next_at, 'R')}" if panel.next_at is not None else " soon"
    return (
        f"You are on the list. I match{when}, and then once a day. If nobody fits yet, you keep your place: who waits "
        "for longest comes first."
    )


STOPPED = "You are off the list. A proposal that was open for you goes on without you."


# A proposal, for one of its members


_TITLES: Mapping[ProposalKind, str] = {
    ProposalKind.FORM: "A study group for you",
    ProposalKind.ADD: "More members for a study group",
    ProposalKind.MERGE: "Two small groups as one",
    ProposalKind.SPLIT: "One big group as two",
}


def render_offer(offer: Offer, now: datetime) -> discord.Embed:
    """Who it is, what they share, when they would check in, what changes, and how many have answered."""
    proposal = offer.proposal
    embed = discord.Embed(title=_TITLES[proposal.kind], colour=BLUE)
    if proposal.state is not ProposalState.OPEN:
        embed.description = render_outcome(proposal.kind, proposal.state)
        return embed
    for name, value in _who(offer):
        embed.add_field(name=name, value=value, inline=False)
    embed.add_field(name=_share_name(offer), value=_share(offer), inline=False)
    rhythm = offer.terms.rhythm
    first = format_dt(next_time(rhythm, now), "F")
    embed.add_field(name="Check-in", value=f"{describe_rhythm(rhythm)}.\nNext {first} on your clock.", inline=False)
    embed.add_field(name="What changes", value=_changes(offer), inline=False)
    embed.add_field(name="So far", value="\n".join(_so_far(offer)), inline=False)
    return embed.set_footer(text="Only you see this. How each of you answers stays private.")


def _who(offer: Offer) -> Iterator[tuple[str, str]]:
    kind, members = offer.proposal.kind, offer.proposal.members
    parts = [[member for member in members if member.part == part] for part in (0, 1)]
    if kind is ProposalKind.FORM:
        yield "Who", _mentions(members)
        return
    is_split = kind is ProposalKind.SPLIT
    names = ("Would stay", "Would have a group of their own") if is_split else ("In the group", "Would join")
    for part, name in enumerate(names):
        is_hidden = not is_split and part != offer.part and _is_private(offer, part)
        yield name, _size(parts[part]) if is_hidden else _mentions(parts[part])


def _is_private(offer: Offer, part: int) -> bool:
    """Whether these are members of a private group, which shows others no more than its name and size."""
    return len(offer.groups) > part and offer.groups[part].is_private


def _size(members: Collection[ProposalMember]) -> str:
    return f"{count(len(members), 'member')} of a private group. You meet when everybody has accepted."


def _mentions(members: Collection[ProposalMember]) -> str:
    return " ".join(f"<@{member.member_id}>" for member in members) or "Nobody."


def _share_name(offer: Offer) -> str:
    return "What the new group shares" if offer.proposal.kind is ProposalKind.SPLIT else "What you share"


def _share(offer: Offer) -> str:
    words, hours = offer.terms.words, count(offer.terms.hours, "hour")
    said = f"{words[:1].upper()}{words[1:]}."
    if offer.proposal.kind is ProposalKind.FORM:
        return f"{said}\nAll of you have time in {hours} of the week."
    if not offer.terms.hours:
        return said
    return f"{said}\nAll of them probably have time in {hours} of the week; not everybody has told me."


def _changes(offer: Offer) -> str:
    names = [named(group) for group in offer.groups]
    match offer.proposal.kind:
        case ProposalKind.FORM:
            return (
                f"You get a private thread, “{offer.terms.name}”, and a check-in once a week. Whoever has waited for "
                "longest looks after the group; its name and its hours can be changed with `/group edit`."
            )
        case ProposalKind.ADD:
            return f"{names[0]} stays as it is, with its hours and its home, and has more members."
        case ProposalKind.MERGE:
            into = next((named(group) for group in offer.groups if group.id == offer.terms.into), names[0])
            return (
                f"{' and '.join(names)} become one, {into}, with its hours and its home. The other home is closed with "
                "what was written in it."
            )
        case _:
            return (
                f"{names[0]} keeps its home and its hours. The others get a home of their own, “{offer.terms.name}”, "
                "with the hours above."
            )


def _so_far(offer: Offer) -> Iterator[str]:
    proposal = offer.proposal
    number = offer.answered
    yield f"{number} of {len(proposal.members)} {'has' if number == 1 else 'have'} answered."
    yield _OWN_ANSWERS[offer.answer]
    until = format_dt(proposal.expires_at, "F")
    if proposal.kind is ProposalKind.FORM:
        yield f"The group is made when everybody has answered, at the latest {until}, if three or more accept."
    else:
        yield f"It is done once every member of the group has accepted. It is open until {until}."


_OWN_ANSWERS: Mapping[Answer | None, str] = {
    None: "You have not answered yet.",
    Answer.YES: "**You have accepted.** You can still change your mind.",
    Answer.NO: "**You have declined.** You can still change your mind.",
}


def render_last_word(kind: ProposalKind) -> str:
    """Asked before an answer that ends the proposal for all."""
    why = "as fewer than three would be left" if kind is ProposalKind.FORM else "as everybody has to agree"
    return f"Declining ends this proposal for everybody, {why}. Nobody is told who declined."


# What others see


def render_post(news: News, members: Collection[int], *, is_home: bool) -> str:
    """The message that mentions those whom a proposal concerns, and tells others nothing of it."""
    names = " ".join(f"<@{member_id}>" for member_id in members)
    until = format_dt(news.proposal.expires_at, "F")
    what = _WHAT[news.proposal.kind] if is_home else "I may have found a study group for you."
    return f"{names}\n{what} Press See: you see it alone, and it is open until {until}."


_WHAT: Mapping[ProposalKind, str] = {
    ProposalKind.FORM: "I may have found a study group for you.",
    ProposalKind.ADD: "This group has few members by now, and I may have found somebody for it.",
    ProposalKind.MERGE: "This group has few members by now, and I may have found another one that fits with it.",
    ProposalKind.SPLIT: "This group has many members by now, and two smaller ones may be easier to keep up with.",
}


def render_letter(news: News) -> str:
    """The direct message of those who asked for it."""
    what = "I may have found a study group for you."
    if news.proposal.kind in {ProposalKind.MERGE, ProposalKind.SPLIT}:
        what = "I have a proposal for your study group."
    return f"{what} It is open until {format_dt(news.proposal.expires_at, 'F')}."


def render_outcome(kind: ProposalKind, state: ProposalState) -> str:
    """What has become of a proposal, in a sentence."""
    if state is ProposalState.ACCEPTED:
        return "This proposal was accepted. `/group list` shows your groups."
    if kind is ProposalKind.FORM:
        return "Nothing came of this proposal, and that is fine. Whoever looks for a group is still on the list."
    return "Nothing came of this proposal, and that is fine. Everything stays as it is."


def render_decided(news: News) -> str:
    """The same for everybody in the channel, in place of the message that mentioned them."""
    proposal = news.proposal
    if proposal.state is not ProposalState.ACCEPTED:
        again = f" I match again {format_dt(news.next_at, 'R')}." if news.next_at is not None else ""
        return render_outcome(proposal.kind, proposal.state) + (again if proposal.kind is ProposalKind.FORM else "")
    if news.made is not None:
        return f"This proposal was accepted: there is a new study group, {named(news.made)}, with a home of its own."
    return "This proposal was accepted."


def render_welcome(news: News, status: GroupStatus, members: Collection[int], now: datetime) -> str:
    """The first words in the home of a new group, or to those who are new in one."""
    names = " ".join(f"<@{member_id}>" for member_id in members)
    rhythm = status.group.rhythm
    first = format_dt(next_time(rhythm, max(now, status.group.paused_until or now)), "F")
    about = "welcome to this group. All of its members wanted you here."
    if news.made is not None:
        is_split = news.proposal.kind is ProposalKind.SPLIT
        about = f"this is your study group{' from now on' if is_split else ''}. You are {news.terms.words}."
    return (
        f"{names}, {about} The next check-in is {first}, and it comes every {calendar.day_name[rhythm.weekday]}. Until "
        "then: say hello, and what you are working on."
    )


def render_farewell(news: News) -> str:
    """For those who asked for direct messages, when nothing has come of a proposal."""
    again = f" I match again {format_dt(news.next_at, 'R')}." if news.next_at is not None else ""
    return f"{render_outcome(news.proposal.kind, news.proposal.state)}{again}"
