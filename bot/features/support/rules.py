"""Decisions about blockers and calls for help without Discord or database."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.features.ask.models import Answer, Intent, Outcome
from bot.features.ask.rules.question import find_intent
from bot.features.support.models import TEXT_LIMIT, HelpRequest, HelpState

MOST_OPEN = 3
"""So many calls of one member may wait in a server at a time."""

WAITS_AFTER = timedelta(days=3)
"""A call that nobody has answered for so long comes first in the list, once; nobody is mentioned again."""

_NO = (
    r"(?:no(?:pe|thing|ne)?|nil|nah|n ?/ ?a|not (?:really|much)|all (?:is )?(?:good|well|fine|clear)|"
    r"(?:no|nothing)(?: is)? (?:block(?:s|ers?|ing)?|problems?|issues?)(?: me)?)\b"
)
_AND_SO_ON = r"(?:really|so far|at all|yet|right now|now|at the moment|(?:for )?this week|thanks?(?: you)?)\b"
_NOTHING = re.compile(rf"[\W_]*{_NO}(?:[\W_]+(?:{_NO}|{_AND_SO_ON}))*[\W_]*|[-–—./\s]*", re.IGNORECASE)
_FIRST_WORDS: Mapping[Intent, str] = {
    Intent.TROUBLE: (
        "Hi! Can you show me the smallest example in which it goes wrong, and say what you expected instead?"
    ),
    Intent.DEFINITION: "Hi! Tell me how you see it so far, and we look together at the first point that is not clear.",
    Intent.EXAMPLE: "Hi! Shall we go through one small example together, with small numbers and every step?",
    Intent.PRACTICE: "Hi! What have you tried so far, and what did you see when you tried it?",
}
_LIKE: Mapping[Intent, Intent] = {
    Intent.REASON: Intent.DEFINITION,
    Intent.COMPARISON: Intent.DEFINITION,
    Intent.FORMULA: Intent.EXAMPLE,
    Intent.GENERAL: Intent.PRACTICE,
}


def blocks_nothing(text: str) -> bool:
    """Whether the text only says that nothing blocks its writer: "nothing", "no blockers this week", "-"."""
    return bool(_NOTHING.fullmatch(text))


def concepts_of(answer: Answer, known: Iterable[str]) -> tuple[str, ...]:
    """The concepts that a confident answer stands on, the best first."""
    if answer.outcome is not Outcome.ANSWERED:
        return ()
    cited = [source.removeprefix("concepts/") for source in _sources(answer) if source.startswith("concepts/")]
    there = set(known)
    return tuple(concept for concept in dict.fromkeys(cited) if concept in there)


def _sources(answer: Answer) -> list[str]:
    return [citation.source for citation in answer.citations]


def clean_text(text: str) -> str:
    """What a member wrote as it is sent: on one line, and no longer than the limit."""
    return " ".join(text.split())[:TEXT_LIMIT]


def choose_first_words(text: str) -> str:
    """A question with which a mentor can begin. It repeats nothing of what the member wrote."""
    intent = find_intent(text)
    return _FIRST_WORDS[_LIKE.get(intent, intent)]


def days_waiting(call: HelpRequest, now: datetime) -> int:
    """For how many whole days nobody has offered help; 0 unless that is long."""
    waited = now - call.made_at
    return waited.days if call.state is HelpState.OPEN and waited >= WAITS_AFTER else 0


def sort_calls(calls: Iterable[HelpRequest], now: datetime) -> Sequence[HelpRequest]:
    """Those that wait for long come first, then the oldest."""
    return sorted(calls, key=lambda call: (not days_waiting(call, now), call.made_at, call.id))


def slot_of(state: HelpState, now: datetime) -> str:
    """The slot of the work that a change to this state asks for; two changes at one moment are two pieces of work."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%f}:{state}"
