"""What people read of check-ins: the group in its home, and each member of their own.

The preview that a member sees before sending and the post that the group sees come from the same function.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import discord
from discord.utils import format_dt

from bot.features.checkin.models import (
    Checkin,
    CheckinState,
    Digest,
    DigestLine,
    Panel,
    Prompt,
    Reply,
    RhythmFigure,
    Shown,
    Suggestion,
    Week,
    WeekMember,
)
from bot.features.checkin.rules.rhythm import repair_until
from bot.features.groups.models import Group, GroupMember, GroupState
from bot.features.groups.views.render import readers
from bot.features.plan.models import FALLBACK_LIMIT, PLACE_LIMIT, WHAT_LIMIT, WHEN_LIMIT, Outcome, Plan, PlanText
from bot.features.progress.rules.rhythm import format_minutes
from bot.ui.embeds import BLUE, add_lines
from bot.ui.text import EMBED_FIELD_LIMIT, escape

OUTCOMES: Mapping[Outcome, str] = {
    Outcome.DONE: "Done",
    Outcome.PARTLY: "Partly",
    Outcome.NOT: "Not this time",
}

NO_GROUP = (
    "You are in no study group here yet. `/group list` shows those that you can join, `/group match` finds one that "
    "fits you, and `/group create` makes one."
)
CLOSED = "This check-in is closed. `/checkin` shows when the next one comes, and what you can still make up."
NOTHING_MADE = "You have not checked in for this week. Nothing resets: your rhythm just goes on."

_GOAL_LIMIT = 400
_NAME_LIMIT = 100
_EVIDENCE_LIMIT = 1500
_LINK = re.compile(r"https?://[\w./~?#@!$&'+,;=%:-]*[\w/#=&+$%~-]", re.ASCII)
"""Nothing in it can end a link, mention somebody or begin a formatting, so that it may stay a link."""


# Words of members


def words(text: str, limit: int = EMBED_FIELD_LIMIT) -> str:
    """What a member wrote as literal text on one line of at most `limit` characters; web addresses stay links."""
    shown = _literal(text)
    if len(shown) <= limit:
        return shown
    fits = bisect_right(range(len(text)), limit - 1, key=lambda size: len(_literal(text[:size]))) - 1
    return f"{_literal(text[:fits])}…"


def _literal(text: str) -> str:
    parts: list[str] = []
    end = 0
    for found in _LINK.finditer(text):
        parts += [_piece(text[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*parts, _piece(text[end:])]).strip()


def _piece(text: str) -> str:
    """Escaped, with the spaces that part it from a link beside it."""
    left = " " if text[:1].isspace() else ""
    right = " " if text[-1:].isspace() else ""
    return f"{left}{escape(text)}{right}" if text.strip() else left


def week_name(week: Week, group: Group) -> str:
    """Which week it is on the group's calendar: "week of 5 January"."""
    day = week.planned_at.astimezone(ZoneInfo(group.rhythm.zone)).date()
    return f"week of {day.day} {day:%B}"


def mention(member_id: int) -> str:
    """Names a member. It notifies them only where a message says so with its AllowedMentions."""
    return f"<@{member_id}>"


def rhythm_text(figure: RhythmFigure, whose: str = "your ") -> str:
    """A rhythm in words: "3 of your 4 planned weeks". A gap changes it by one, and never to zero."""
    if not figure.planned:
        return "It begins with your first check-in" if whose else "just begun"
    made_up = f" ({figure.repaired} made up later)" if figure.repaired else ""
    if figure.planned == figure.kept == 1:
        return f"{whose}first planned week{made_up}"
    return f"{figure.kept} of {whose}{_count(figure.planned, 'planned week')}{made_up}"


def _plan_lines(text: PlanText) -> Iterator[str]:
    yield words(text.what, 2 * WHAT_LIMIT)
    if text.by_when:
        yield f"By when: {words(text.by_when, 2 * WHEN_LIMIT)}"
    if text.place:
        yield f"Where: {words(text.place, 2 * PLACE_LIMIT)}"
    if text.fallback:
        yield f"If it does not work: {words(text.fallback, 2 * FALLBACK_LIMIT)}"


# The prompt


def render_prompt(prompt: Prompt) -> discord.Embed:
    """What a group reads when its check-in opens."""
    closes_at = prompt.week.closes_at
    lines = [
        "How did your week go? It takes two minutes, and you see what the group will see before anything is sent.",
        f"Open until {format_dt(closes_at, 'f')} ({format_dt(closes_at, 'R')}).",
    ]
    embed = discord.Embed(title=_prompt_title(prompt.week, prompt.group), description="\n".join(lines), colour=BLUE)
    if prompt.group.goal:
        embed.add_field(name="Our goal", value=words(prompt.group.goal, _GOAL_LIMIT), inline=False)
    if prompt.names_partners and (partners := list(_partners(prompt.members))):
        add_lines(embed, "Partners this week", partners)
    return embed


def _prompt_title(week: Week, group: Group) -> str:
    return f"Check-in, {week_name(week, group)}"


def _partners(members: Iterable[WeekMember]) -> Iterator[str]:
    for member in members:
        if member.partner_id is not None and not member.is_away:
            yield f"{mention(member.partner_id)} replies to {mention(member.member_id)}"


def render_closed_prompt(digest: Digest) -> discord.Embed:
    """The prompt once its week is over."""
    title = _prompt_title(digest.week, digest.group)
    return discord.Embed(title=title, description="Closed. How the week went stands below.", colour=BLUE)


# The post of a check-in


def render_post(shown: Shown) -> discord.Embed:
    """Exactly what the group sees of a check-in."""
    lines = [mention(shown.member_id)]
    if shown.plan is not None:
        lines.append(f"The plan was: {words(shown.plan.text.what, 2 * WHAT_LIMIT)}")
    if shown.is_repair:
        lines.append("Made up later.")
    title = "Check-in" if shown.outcome is None else f"Check-in: {OUTCOMES[shown.outcome]}"
    embed = discord.Embed(title=title, description="\n".join(lines), colour=BLUE)
    if evidence := list(_evidence_lines(shown.evidence)):
        add_lines(embed, "Evidence", evidence)
    for name, text in (("What I learned", shown.learned), ("What blocks me", shown.blocker)):
        if text:
            embed.add_field(name=name, value=words(text), inline=False)
    if shown.next_plan is not None:
        add_lines(embed, "Next plan", _plan_lines(shown.next_plan))
    return embed


def _evidence_lines(evidence: Iterable[str]) -> Iterator[str]:
    left = _EVIDENCE_LIMIT
    for line in evidence:
        if left < 10:
            return
        written = words(line, min(left, EMBED_FIELD_LIMIT - 2))
        if written:
            yield f"- {written}"
        left -= len(written) + 3


def post_text(shown: Shown) -> str | None:
    """What asks the partner for a reply; None where there is no partner."""
    if shown.partner_id is None:
        return None
    return (
        f"{mention(shown.partner_id)}, you are {mention(shown.member_id)}'s partner this week: one question or a word "
        "of encouragement?"
    )


def reply_text(reply: Reply, member_id: int) -> str:
    """A partner's reply as the group reads it."""
    text = reply.text or ""
    verb = "asks" if "?" in text else "to"
    return f"{mention(reply.member_id)} {verb} {mention(member_id)}: {words(text)}"


def render_suggestion(suggestion: Suggestion) -> discord.Embed:
    """What a partner may send as it is."""
    embed = discord.Embed(title="A reply that you could send", description=suggestion.text, colour=BLUE)
    return embed.set_footer(text="Only you see this until you send it.")


# The digest


def render_digest(digest: Digest, make_up_until: datetime | None) -> discord.Embed:
    """How a week went. Only those who checked in are named; the others are counted and nothing else."""
    lines = list(_turnout(digest, make_up_until)) if digest.lines else list(_quiet_week(digest, make_up_until))
    title = f"How the {week_name(digest.week, digest.group)} went"
    embed = discord.Embed(title=title, description="\n".join(lines), colour=BLUE)
    if digest.lines:
        add_lines(embed, "Who checked in", map(_digest_line, digest.lines))
    if digest.group.goal:
        embed.add_field(name="Our goal", value=words(digest.group.goal, _GOAL_LIMIT), inline=False)
    if coming := list(_coming(digest)):
        add_lines(embed, "What is next", coming)
    return embed


def _turnout(digest: Digest, make_up_until: datetime | None) -> Iterator[str]:
    yield f"{len(digest.lines)} of {max(digest.asked, len(digest.lines))} checked in."
    if digest.plans_settled:
        yield f"{digest.plans_kept} of {_count(digest.plans_settled, 'plan')} kept."
    if digest.replies:
        yield f"{_count(digest.replies, 'reply', 'replies')} among you."
    if digest.quiet:
        until = f" They can make it up until {format_dt(make_up_until, 'f')}." if make_up_until else ""
        yield f"{digest.quiet} had a quiet week.{until}"
    if digest.away:
        yield _away(digest.away)


def _quiet_week(digest: Digest, make_up_until: datetime | None) -> Iterator[str]:
    yield "Nobody had time for a check-in this week, and such weeks happen."
    yield "One thing for the next: each of you writes down one small plan with `/plan`. Ten minutes of it are enough."
    if make_up_until is not None:
        yield f"Whoever likes can make this week up until {format_dt(make_up_until, 'f')}."
    if digest.away:
        yield _away(digest.away)


def _away(count: int) -> str:
    return f"{count} {'was' if count == 1 else 'were'} away."


def _digest_line(line: DigestLine) -> str:
    parts = [mention(line.member_id)]
    if line.is_private:
        parts.append("checked in privately")
    elif line.outcome is not None:
        parts.append(OUTCOMES[line.outcome])
    if line.is_repair:
        parts.append("made up later")
    return " · ".join([*parts, rhythm_text(line.rhythm, "")])


def _coming(digest: Digest) -> Iterator[str]:
    for line in digest.lines:
        if line.next_plan is not None:
            yield f"{mention(line.member_id)}: {words(line.next_plan.text.what, WHAT_LIMIT)}"
    if digest.next_prompt_at is not None:
        yield f"Next check-in: {format_dt(digest.next_prompt_at, 'F')}"


# What one member reads of their own check-in


def render_panel(panel: Panel, news: str | None = None) -> tuple[str, list[discord.Embed]]:
    """A member's own check-in: what the group will see or sees, and below it what stays with them.

    `news` says what has just been done.
    """
    embeds = [render_post(panel.shown)] if panel.shown is not None else []
    if (private := _private_part(panel)) is not None:
        embeds.append(private)
    return "\n".join([*([news] if news else []), *_standing(panel)]), embeds


def _standing(panel: Panel) -> Iterator[str]:
    """Where the check-in stands, in the order in which somebody wants to know it."""
    checkin = panel.checkin
    if checkin is None or (checkin.draft is None and checkin.state is CheckinState.DRAFT):
        yield NOTHING_MADE
    elif checkin.draft is not None:
        yield f"**This is exactly what {words(panel.group.name, _NAME_LIMIT)} will see.** Nothing is sent yet."
        yield from readers(panel.group)
        if checkin.state.counts:
            yield "Until you send it, what you sent before stays as it is."
    else:
        yield _sent(panel, checkin)
        yield f"Your rhythm: {rhythm_text(panel.rhythm)}."


def _sent(panel: Panel, checkin: Checkin) -> str:
    match checkin.state:
        case CheckinState.SHARED if panel.group.home_id is None:
            return "You have checked in, thank you. Your group has no home now: send it again once it has one."
        case CheckinState.SHARED:
            return f"You have checked in, thank you. Your group sees this in <#{panel.group.home_id}>:"
        case CheckinState.PRIVATE:
            return "You have checked in privately: the week counts, and your group sees only that you checked in."
        case _:
            return "Your check-in is taken back, as if it had not been made."


def _private_part(panel: Panel) -> discord.Embed | None:
    """What the group does not see."""
    checkin = panel.checkin
    if checkin is None or (checkin.draft is None and not checkin.state.counts):
        return None
    embed = discord.Embed(title="Only you see this", colour=BLUE)
    if checkin.draft is None and checkin.state is CheckinState.PRIVATE:
        _add_private(embed, panel, checkin)
    part = checkin.draft if checkin.draft is not None else checkin
    if part.blocker and not (part.shows_blocker and panel.shown is not None):
        embed.add_field(name="What blocks you", value=words(part.blocker), inline=False)
    if part.minutes is not None:
        embed.add_field(name="Time this week", value=format_minutes(part.minutes), inline=False)
    return embed if embed.fields else None


def _add_private(embed: discord.Embed, panel: Panel, checkin: Checkin) -> None:
    """A check-in that was sent to the tutor alone."""
    if checkin.outcome is not None:
        embed.add_field(name="How it went", value=OUTCOMES[checkin.outcome], inline=False)
    written = [checkin.evidence] if checkin.evidence else []
    if evidence := list(_evidence_lines([*(known.text for known in panel.added), *written])):
        add_lines(embed, "Evidence", evidence)
    if checkin.learned:
        embed.add_field(name="What I learned", value=words(checkin.learned), inline=False)
    if panel.next_plan is not None:
        add_lines(embed, "Next plan", _plan_lines(panel.next_plan.text))


# /checkin


def render_overview(panel: Panel, now: datetime) -> discord.Embed:
    """Where a member stands in one group, at any time."""
    group = panel.group
    embed = discord.Embed(title=f"Check-ins of {_plain(group.name)}", colour=BLUE)
    embed.description = "\n".join(_now_line(panel, now))
    embed.add_field(name="Your rhythm", value=_sentence(rhythm_text(panel.rhythm)), inline=False)
    embed.add_field(name="Your plan", value=_plan_value(panel), inline=False)
    if _can_repair(panel, now) and panel.rhythm.repair_until is not None:
        until = format_dt(panel.rhythm.repair_until, "f")
        embed.add_field(name="A week to make up", value=f"It can still count, until {until}.", inline=False)
    embed.add_field(name="Next check-in", value=_next_line(panel), inline=False)
    embed.add_field(name="One private note before a check-in closes", value=nudge_line(panel.membership), inline=False)
    away = "/group resume when you are back" if panel.membership.is_away(now) else "/group pause when you are away"
    return embed.set_footer(text=f"{away} · /plan for your plan")


def _plain(text: str) -> str:
    """For a title, where Markdown does nothing but links and mentions are no matter either."""
    return words(text, _NAME_LIMIT)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _now_line(panel: Panel, now: datetime) -> Iterator[str]:
    if panel.membership.is_away(now) and panel.membership.away_until is not None:
        back = format_dt(panel.membership.away_until, "f")
        yield f"You are away until {back}: nothing is asked of you, no week is missed. `/group resume` ends that."
    if panel.group.note:
        yield panel.group.note
    if panel.week is None:
        yield "There has been no check-in yet."
        return
    name = week_name(panel.week, panel.group)
    if panel.week.closed_at is None and panel.can_check_in:
        yield f"The {name} is open until {format_dt(panel.week.closes_at, 'f')}. {_mine(panel)}"
    elif panel.can_check_in and not _has_checked_in(panel) and (until := repair_until(panel.week.closed_at)):
        yield f"The {name} is closed, and you can make it up until {format_dt(until, 'f')}. {_mine(panel)}"
    else:
        yield f"The {name} is closed. {_mine(panel)}".rstrip()


def _has_checked_in(panel: Panel) -> bool:
    return panel.checkin is not None and panel.checkin.state.counts


def _mine(panel: Panel) -> str:
    if panel.checkin is not None and panel.checkin.draft is not None:
        return "Yours is written and not sent yet."
    if _has_checked_in(panel):
        return "You have checked in."
    if panel.asked is not None and panel.asked.is_away:
        return "You were away, so it does not count."
    return "It takes two minutes." if panel.can_check_in else ""


def _plan_value(panel: Panel) -> str:
    plan = panel.next_plan or panel.plan
    if plan is None:
        return "None yet. `/plan` makes one in a minute."
    return words(plan.text.what, 2 * WHAT_LIMIT)


def _next_line(panel: Panel) -> str:
    if panel.next_prompt_at is not None:
        return f"{format_dt(panel.next_prompt_at, 'F')} ({format_dt(panel.next_prompt_at, 'R')})"
    if panel.group.state is GroupState.PAUSED and panel.group.paused_until is not None:
        return f"Your group pauses until {format_dt(panel.group.paused_until, 'f')}."
    return "None is planned."


def nudge_line(membership: GroupMember) -> str:
    """Whether and how a member agreed to a private note."""
    if not membership.is_nudged:
        return "Off."
    if not membership.by_dm:
        return "On: it waits in the home of your group, and only you can open it."
    if membership.dm_failed_at is not None:
        return "On, as a direct message. The last one was refused, so it waited in the home of your group."
    return "On, as a direct message."


def _can_repair(panel: Panel, now: datetime) -> bool:
    until = panel.rhythm.repair_until
    return panel.rhythm.repair_week is not None and until is not None and now < until


# The private note


def render_nudge(group: Group, week: Week, plan: Plan | None) -> str:
    """One private note. It says what there is to do, and that little is enough."""
    closes_at = week.closes_at
    line = f"\nYour plan was: {words(plan.text.what, 2 * WHAT_LIMIT)}" if plan is not None else ""
    return (
        f"The check-in of **{words(group.name, _NAME_LIMIT)}** is open until {format_dt(closes_at, 'f')} "
        f"({format_dt(closes_at, 'R')}). Two minutes are enough, and “not this time” is an answer, too.{line}"
    )


def nudge_call(member_id: int) -> str:
    """What the home says of a private note: nothing but that there is one."""
    return f"{mention(member_id)}, a note for you."


def _count(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
