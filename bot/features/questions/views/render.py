"""What a member reads of a question, of its answer, and of how a round ended.

Marks always come with words. Texts of the bank are shown as they are, and what mentors wrote as plain text.
"""

import string
from collections.abc import Iterable, Sequence

import discord
from discord.utils import format_dt

from bot.features.questions.models import (
    AskedQuestion,
    Citation,
    Confidence,
    Feedback,
    Revisit,
    RoundKind,
    RoundResult,
)
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

_NEWS_LIMIT = 2400
_MOST_REVISITS = 8
_RESUMED = "*You began these questions earlier, and they go on where you left.*"
_NAMES = {QuestionKind.ORDER: "Your order", QuestionKind.NUMERIC: "Your answer"}
_CONFIDENCE = {
    Confidence.SURE: "You were sure, so it can wait that long.",
    Confidence.GUESSED: "You guessed, so it comes sooner.",
}


# The question


def render_asked(question: AskedQuestion, ordered: Sequence[int] = ()) -> discord.Embed:
    """One question with its options as a lettered list. `ordered` are the places of those put in order so far."""
    parts = [_news(question.news), _RESUMED if question.is_resumed else "", literal(question.prompt)]
    if question.kind is QuestionKind.ORDER:
        parts += [_listed(question, ordered), _order(question, ordered)]
    elif question.kind is not QuestionKind.BOOLEAN:
        parts.append(_listed(question))
    if question.unit:
        parts.append(f"Answer in {literal(question.unit)}.")
    if question.closes_at:
        parts.append(f"Open until {format_dt(question.closes_at, 'f')}, {format_dt(question.closes_at, 'R')}.")
    embed = _embed(question.subject, parts)
    if question.total > 1:
        embed.set_footer(text=f"{_number(question)} · You can leave at any time; I keep your place.")
    return embed


def _listed(question: AskedQuestion, without: Sequence[int] = ()) -> str:
    options = enumerate(question.options)
    return "\n".join(f"**{letter(place)}** · {literal(it.text)}" for place, it in options if place not in without)


def _order(question: AskedQuestion, ordered: Sequence[int]) -> str:
    if not ordered:
        return ""
    name = "Your order" if len(ordered) == len(question.options) else "Your order so far"
    return f"**{name}**\n{_numbered(question.options[place].text for place in ordered)}"


# The answer


def render_feedback(feedback: Feedback) -> discord.Embed:
    """Whether it was right, what is right and why, where it stands, and when the question comes again."""
    parts = [literal(feedback.question.prompt), *_answers(feedback), literal(feedback.explanation)]
    embed = _embed(_mark(feedback), parts)
    if feedback.note:
        note = shorten(escape(feedback.note), EMBED_FIELD_LIMIT)
        embed.add_field(name="The key was corrected", value=note, inline=False)
    embed.add_field(name="Source", value=_source(feedback.citation), inline=False)
    if feedback.due_at:
        embed.add_field(name="Comes again", value=_comes_again(feedback), inline=False)
    if feedback.asks_confidence:
        embed.add_field(name="Were you sure?", value="If you guessed, it comes again sooner.", inline=False)
    footer = " · ".join(_footer(feedback))
    return embed.set_footer(text=footer) if footer else embed


def _mark(feedback: Feedback) -> str:
    if feedback.is_correct is None:
        return "This one does not count"
    if feedback.is_correct:
        return "✅ Right"
    return "❌ Not quite" if feedback.given else "Here is how it goes"


def _answers(feedback: Feedback) -> list[str]:
    """What was answered and where it fails, and what is right."""
    if feedback.given:
        given = _texts(_NAMES.get(feedback.question.kind, "You chose"), feedback.given, feedback.question)
    else:
        given = "" if feedback.is_correct is None else "Not knowing it yet is fine. Now you have seen it once."
    return [_withdrawn(feedback), given, "\n".join(_remarks(feedback)), _right(feedback)]


def _right(feedback: Feedback) -> str:
    """What is right, without what was said already."""
    kind = feedback.question.kind
    if feedback.is_correct:
        further = [text for text in feedback.right if text not in feedback.given]
        return _texts("Exactly" if kind is QuestionKind.NUMERIC else "Also right", further, feedback.question)
    return _texts("The right order" if kind is QuestionKind.ORDER else "Right is", feedback.right, feedback.question)


def _withdrawn(feedback: Feedback) -> str:
    if feedback.is_correct is not None:
        return ""
    return "The question has been withdrawn, so it does not count, whatever you answered."


def _texts(name: str, texts: Sequence[str], question: AskedQuestion) -> str:
    """One text behind its name, several as a list below it."""
    if not texts:
        return ""
    if question.kind is QuestionKind.ORDER:
        return f"**{name}**\n{_numbered(texts)}"
    if len(texts) == 1:
        return f"**{name}** {_option(question, texts[0])}"
    return f"**{name}**\n" + "\n".join(f"- {_option(question, text)}" for text in texts)


def _remarks(feedback: Feedback) -> Iterable[str]:
    """Of a multiple choice each with its letter; else there is only one thing that it can be about."""
    for remark in feedback.remarks:
        place = _place_of(feedback.question, remark.option)
        if place is None or feedback.question.kind is not QuestionKind.MULTIPLE:
            yield literal(remark.text)
        else:
            yield f"**{letter(place)}** · {literal(remark.text)}"


def _source(citation: Citation) -> str:
    place = f"{citation.title} › {citation.heading}" if citation.heading else citation.title
    return shorten(f"{place} · taught in {link(citation.place, citation.url)}", EMBED_FIELD_LIMIT)


def _comes_again(feedback: Feedback) -> str:
    when = format_dt(feedback.due_at, "R") if feedback.due_at else ""
    return f"{when}. {_CONFIDENCE[feedback.confidence]}" if feedback.confidence else when


def _footer(feedback: Feedback) -> Iterable[str]:
    question = feedback.question
    if question.total > 1:
        yield _number(question)
    if feedback.is_repeat:
        yield "You have answered this one before, and the first answer counts."
    elif question.round_kind is RoundKind.SIMILAR and not feedback.has_similar:
        yield "That was my last one like it for now."


# The end of a round


def render_result(result: RoundResult) -> discord.Embed:
    """How many were right, what is worth another look, and what comes next."""
    title = f"{result.right} of {result.counted} right" if result.counted else "Nothing to count"
    embed = _embed(title, [_news(result.news), f"**{literal(result.subject)}**", _verdict(result)])
    if result.revisit:
        add_lines(embed, "Worth another look", _revisit_lines(result.revisit))
    if reviews := _reviews(result):
        embed.add_field(name="Reviews", value=reviews, inline=False)
    if result.kind is RoundKind.WEEKLY:
        embed.add_field(name="The results", value=_when_results_come(result), inline=False)
    return embed


def _verdict(result: RoundResult) -> str:
    if not result.counted:
        return "All of these questions have been withdrawn, so none of them counts."
    if result.right == result.counted:
        return "Nothing missed. You know this well."
    return "What you missed comes again, so that it sticks."


def _revisit_lines(revisit: Sequence[Revisit]) -> Iterable[str]:
    for it in revisit[:_MOST_REVISITS]:
        again = f", again {format_dt(it.due_at, 'R')}" if it.due_at else ""
        yield f"- {literal(it.title)}: {link(it.place, it.url)}{again}"
    if len(revisit) > _MOST_REVISITS:
        yield f"- and {len(revisit) - _MOST_REVISITS} more"


def _reviews(result: RoundResult) -> str:
    due = "1 question is due now." if result.due_now == 1 else f"{result.due_now} questions are due now."
    parts = [due if result.due_now else ""]
    if result.next_due_at:
        parts.append(f"The next one comes {format_dt(result.next_due_at, 'R')}.")
    return " ".join(part for part in parts if part)


def _when_results_come(result: RoundResult) -> str:
    if result.closes_at is None:
        return "The quiz has closed, so what you left out no longer counts. Its results are in the channel."
    when = f"{format_dt(result.closes_at, 'f')} ({format_dt(result.closes_at, 'R')})"
    named = "They will name you." if result.is_ranked else "Your score stays with you, unless you want to be named."
    return f"They come when the quiz closes, {when}. {named}"


# Parts of them


def render_changed(text: str) -> discord.Embed:
    """Instead of a question that is no longer as it was asked."""
    return _embed("A changed question", [text])


def letter(place: int) -> str:
    """The name of the option in this place."""
    return string.ascii_uppercase[place]


def _embed(title: str, parts: Iterable[str]) -> discord.Embed:
    text = shorten("\n\n".join(part for part in parts if part), EMBED_DESCRIPTION_LIMIT)
    return discord.Embed(title=shorten(literal(title), EMBED_TITLE_LIMIT), description=text, colour=BLUE)


def _news(news: Sequence[str]) -> str:
    if not news:
        return ""
    lines = "\n".join(f"- {escape(sentence)}" for sentence in news)
    return shorten(f"**Since you last looked**\n{lines}", _NEWS_LIMIT)


def _number(question: AskedQuestion) -> str:
    return f"Question {question.number} of {question.total}"


def _numbered(texts: Iterable[str]) -> str:
    return "\n".join(f"{number}. {literal(text)}" for number, text in enumerate(texts, 1))


def _option(question: AskedQuestion, text: str) -> str:
    place = _place_of(question, text)
    if place is None or question.kind is QuestionKind.BOOLEAN:
        return literal(text)
    return f"**{letter(place)}** · {literal(text)}"


def _place_of(question: AskedQuestion, text: str) -> int | None:
    """Where the option with this text, or this id, is shown."""
    return next((place for place, it in enumerate(question.options) if text in {it.text, it.id}), None)
