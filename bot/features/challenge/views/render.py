"""What those who decide read: a challenged question, what a decision would change, and what has been decided.

Texts of the bank are shown as they are, and what members and mentors wrote as plain text.
"""

import string
from collections.abc import Iterable, Mapping, Sequence

import discord
from discord.utils import format_dt

from bot.features.challenge.models import Case, ChallengeState, Effect, Outcome, Proposal, Waiting, WaitingPage
from bot.features.challenge.rules import spell_order
from bot.features.questions.models import Item, ItemStatistics, Verdict
from bot.features.questions.rules.numbers import format_number
from bot.features.questions.rules.options import option_id
from bot.ui.embeds import BLUE, add_lines
from bot.ui.text import (
    EMBED_DESCRIPTION_LIMIT,
    EMBED_FIELD_LIMIT,
    EMBED_TITLE_LIMIT,
    escape,
    link,
    literal,
    shorten,
)
from knowledge.models import QuestionKind

MOST_REASONS = 5
_REASONS_LIMIT = 1500
"""Characters of all reasons together, as they were written; escaped, they may be twice as long."""
_PROMPT_LIMIT = 150

_TITLES: Mapping[ChallengeState, str] = {
    ChallengeState.OPEN: "Challenged",
    ChallengeState.KEPT: "Kept",
    ChallengeState.CORRECTED: "Corrected",
    ChallengeState.RETIRED: "Retired",
}
_QUESTIONS: Mapping[Verdict, str] = {
    Verdict.KEPT: "Keep this question as it is?",
    Verdict.CORRECTED: "Correct the key?",
    Verdict.RETIRED: "Retire this question?",
}
_DONE: Mapping[Verdict, str] = {
    Verdict.KEPT: "The question stays as it is.",
    Verdict.CORRECTED: "The key is corrected.",
    Verdict.RETIRED: "The question is retired, and nobody here is asked it again.",
}
_NAMES: Mapping[Verdict, str] = {
    Verdict.KEPT: "to keep the question",
    Verdict.CORRECTED: "to correct the key",
    Verdict.RETIRED: "to retire the question",
}
_HERE_ONLY = "It holds in this server only."


# A case


def render_case(case: Case) -> discord.Embed:
    """A challenged question with all that one needs to decide."""
    question = case.item.question
    parts = [literal(question.prompt), *_key_lines(case.item)]
    embed = _embed(f"{_TITLES[case.state]}: {case.title}", parts)
    _add(embed, "Explanation", literal(question.explanation))
    if case.item.note:
        who = "the mentors of this server" if case.is_corrected_here else "those who run me"
        _add(embed, f"Corrected by {who}", escape(case.item.note))
    _add(embed, "Source", _source(case))
    _add(embed, "How members answer it", "\n".join(_statistics(case.statistics)))
    add_lines(embed, "What is said against it", _reasons(case.reasons))
    if case.state is not ChallengeState.OPEN:
        _add(embed, "Decision", "\n".join(_decision(case)))
    return embed.set_footer(text=f"{_HERE_ONLY} Members are not named.")


def _key_lines(item: Item) -> Iterable[str]:
    """The options in the order of the bank, with the right ones marked, or the number."""
    options = item.question.options
    if item.kind is QuestionKind.NUMERIC:
        yield f"**Right is** {_number(item)}"
        return
    ids = [option_id(option.text) for option in options]
    is_order = item.kind is QuestionKind.ORDER
    marks = ["" if is_order else " ✅ right" if id_ in item.key.options else "" for id_ in ids]
    places = zip(string.ascii_uppercase, options, marks, strict=False)
    yield "\n".join(f"**{letter}** · {literal(option.text)}{mark}" for letter, option, mark in places)
    if is_order:
        yield f"**The right order** {', '.join(spell_order(item.question, item.key))}"


def _number(item: Item) -> str:
    unit = f" {literal(item.question.unit)}" if item.question.unit else ""
    around = f", give or take {format_number(item.key.tolerance)}" if item.key.tolerance else ", exactly"
    return f"{format_number(item.key.number or 0.0)}{unit}{around}"


def _source(case: Case) -> str:
    source = case.citation
    place = f"{source.title} › {source.heading}" if source.heading else source.title
    return f"{place} · taught in {link(source.place, source.url)}"


def _statistics(found: ItemStatistics) -> Iterable[str]:
    """First answers in figures, and what they say about the question."""
    if not found.answers:
        yield "Nobody has answered it yet."
        return
    share = found.right / found.answers
    yield f"Right at the first try, in all servers: {found.right} of {found.answers} ({share:.0%})"
    if found.unknown:
        yield f"{found.unknown} did not know."
    for letter, option in zip(string.ascii_uppercase, found.options, strict=False):
        mark = ", right" if option.is_key else ""
        yield f"**{letter}** chosen by {option.chosen}, of the best third by {option.chosen_by_best}{mark}"
    yield _discrimination(found)
    if found.is_misleading:
        yield "⚠️ By these answers, the key is wrong or the question misleads."


def _discrimination(found: ItemStatistics) -> str:
    if found.discrimination is None:
        return "The answers cannot tell yet whether good learners do better."
    how = "more" if found.discrimination > 0 else "less"
    return f"Who is good at other questions gets it right {how} often (correlation {found.discrimination:.2f})."


def _reasons(reasons: Sequence[str]) -> Iterable[str]:
    """Each as a quote, shortened where there are many."""
    shown = reasons[:MOST_REASONS]
    for reason in shown:
        yield f"> {escape(shorten(' '.join(reason.split()), _REASONS_LIMIT // max(len(shown), 3)))}"
    if len(reasons) > len(shown):
        yield f"and {len(reasons) - len(shown)} more"


def _decision(case: Case) -> Iterable[str]:
    when = f" {format_dt(case.decided_at, 'f')}" if case.decided_at else ""
    match case.state:
        case ChallengeState.KEPT:
            yield f"Kept as it is{when}."
        case ChallengeState.RETIRED:
            yield f"Retired{when}: nobody here is asked it again, and answers to it do not count."
        case _:
            yield f"Corrected{when}. Right is now: {'; '.join(map(literal, case.right))}."
    if case.note and case.note != case.item.note:
        yield f"> {escape(case.note)}"


# What a decision changes


def render_proposal(proposal: Proposal) -> discord.Embed:
    """What a decision would change, before it is made."""
    parts = [literal(shorten(proposal.item.question.prompt, EMBED_FIELD_LIMIT))]
    if proposal.decision.verdict is Verdict.CORRECTED:
        parts.append(_right(proposal, "Right will be"))
    parts += [say_effect(proposal.effect), f"Everybody concerned reads it with their next quiz or review. {_HERE_ONLY}"]
    return _embed(_QUESTIONS[proposal.decision.verdict], parts)


def render_undo(proposal: Proposal) -> discord.Embed:
    """What taking a decision back would change."""
    parts = [literal(shorten(proposal.item.question.prompt, EMBED_FIELD_LIMIT))]
    if proposal.decision.verdict is not Verdict.KEPT:
        parts.append(_right(proposal, "Right will be again"))
    parts += [say_effect(proposal.effect), "The challenges of this question wait once more."]
    return _embed(f"Take back the decision {_NAMES[proposal.decision.verdict]}?", parts)


def render_choosing(item: Item) -> discord.Embed:
    """Before options are chosen that are to count as right."""
    parts = [literal(item.question.prompt), *_key_lines(item), "Choose below what counts as right from now on."]
    return _embed(_QUESTIONS[Verdict.CORRECTED], parts)


def say_outcome(outcome: Outcome) -> str:
    """What has been done."""
    return f"{_DONE[outcome.verdict]} {say_effect(outcome.effect)} {_told(outcome.told)}{_results(outcome)}"


def say_undone(outcome: Outcome) -> str:
    """What has been taken back."""
    effect = say_effect(outcome.effect)
    return f"The decision is taken back, and its challenges wait again. {effect}{_results(outcome)}"


def say_effect(effect: Effect) -> str:
    """How many answers change, and to what."""
    if not effect.answers:
        return "No answer changes."
    many = effect.answers != 1
    answers = f"{effect.answers} answers" if many else "1 answer"
    members = f"{effect.members} members" if effect.members != 1 else "1 member"
    if effect.dropped == effect.answers:
        return f"{answers} of {members} no longer {'count' if many else 'counts'}."
    parts = [(effect.right, "as right"), (effect.wrong, "as wrong"), (effect.dropped, "for nothing")]
    counted = ", ".join(f"{number} {how}" for number, how in parts if number)
    return f"{answers} of {members} {'change' if many else 'changes'}: {counted}."


def _told(told: int) -> str:
    match told:
        case 0:
            return "Nobody has to be told."
        case 1:
            return "1 member reads it with the next quiz or review."
        case _:
            return f"{told} members read it with their next quiz or review."


def _results(outcome: Outcome) -> str:
    return " The results of weekly quizzes that asked it are brought up to date." if outcome.rounds else ""


def _right(proposal: Proposal, name: str) -> str:
    item = proposal.item
    key = proposal.decision.key
    if item.kind is QuestionKind.NUMERIC and key is not None:
        around = f", give or take {format_number(key.tolerance)}" if key.tolerance else ", exactly"
        return f"**{name}** {'; '.join(map(literal, proposal.right))}{around}"
    if item.kind is QuestionKind.ORDER:
        lines = (f"{number}. {literal(text)}" for number, text in enumerate(proposal.right, 1))
    else:
        lines = (f"- {literal(text)}" for text in proposal.right)
    return "\n".join([f"**{name}**", *lines])


# What waits


def render_waiting(page: WaitingPage) -> discord.Embed:
    """The questions of a server that wait for a decision."""
    if not page.total:
        return _embed("Challenged questions", ["No question waits for a decision."])
    many = f"{page.total} questions wait" if page.total != 1 else "1 question waits"
    embed = _embed("Challenged questions", [f"{many} for a decision. Choose one below to see what is said."])
    add_lines(embed, "Waiting longest first", (_waiting_line(waiting) for waiting in page.waiting))
    if page.pages > 1:
        embed.set_footer(text=f"Page {page.page + 1} of {page.pages}")
    return embed


def _waiting_line(waiting: Waiting) -> str:
    count = len(waiting.reasons)
    members = "1 member" if count == 1 else f"{count} members"
    return f"- {literal(shorten(waiting.prompt, _PROMPT_LIMIT))} · {members}, since {format_dt(waiting.since, 'd')}"


# Parts of them


def _embed(title: str, parts: Iterable[str]) -> discord.Embed:
    text = shorten("\n\n".join(part for part in parts if part), EMBED_DESCRIPTION_LIMIT)
    return discord.Embed(title=shorten(literal(title), EMBED_TITLE_LIMIT), description=text, colour=BLUE)


def _add(embed: discord.Embed, name: str, value: str) -> None:
    embed.add_field(name=name, value=shorten(value, EMBED_FIELD_LIMIT), inline=False)
