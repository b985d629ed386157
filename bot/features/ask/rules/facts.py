"""Finding the structured facts that answer a question about the curriculum itself.

A fact is taken only if the question names both its subject ("step 2", "keras", a course) and its
aspect (how long, how much, allowed). Everything else is left to the search.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from knowledge.facts import Aspect, Fact

_ASPECTS: Mapping[Aspect, re.Pattern[str]] = {
    aspect: re.compile(pattern, re.IGNORECASE)
    for aspect, pattern in {
        Aspect.RULE: r"\ballow\w*|\bforbid\w*|\bforbidden\b|\bbanned?\b|\bpermit\w*|\bcan (?:i|we|you) (?:just )?use\b|\bmay (?:i|we) use\b|\bok(?:ay)? to use\b|"
        r"\bam i allowed\b|\blegal\b|\bcheating\b|\brules?\b|\bcount as\b|\bagainst\b|\bis \S+ (?:ok|okay|fine)\b",
        Aspect.DURATION: r"\bhow (?:long|many (?:hours?|weeks?|months?|days?)|much time)\b|\btime (?:does|do|will|needed|estimate)\b|\bhours\b|\bweeks?\b|\bduration\b|\bhow fast\b",
        Aspect.COST: r"\bfree\b|\bcosts?\b|\bpay\b|\bpaid\b|\bprice\b|\bmoney\b|\bexpensive\b|\bcheap\b|\bsubscription\b|\bbuy\b|\bhow much is\b",
        Aspect.CHOICE: r"\bwhich (?:one|course|resource|path|way|option|alternative|of)\b|\bbooks? or\b|\bvideos? or\b|\bor (?:the )?(?:books?|videos?|lectures?)\b|"
        r"\bchoose\b|\bpick\b|\balternatives?\b|\ball (?:of them|resources|three|courses|the courses)\b|\bonly one\b|\bwhich should i\b",
        Aspect.AUTHOR: r"\bwho (?:made|wrote|teaches|taught|is (?:the )?(?:author|teacher|instructor)|created)\b|\bauthors?\b|\bby whom\b|\binstructor\b",
        Aspect.LEVEL: r"\bprerequisites?\b|\bwhat do i need (?:to know )?(?:before|for)\b|\bbeginners?\b|\btoo (?:hard|advanced|difficult)\b|\bneed to know before\b|\bdifficult\b|\blevel\b",
        Aspect.STATUS: r"\bup to date\b|\boutdated\b|\bold\b|\bstill (?:good|relevant|current|worth|maintained|works?|valid)\b|\breplac\w+|\bsuccessor\b|\bnewer\b|\bdeprecated\b|\bdead\b|\barchived\b|\bmaintained\b",
        Aspect.ORDER: r"\b(?:comes?|goes?|do i do|is) (?:next|after|before|first)\b|\bafter\b.*\bstep\b|\bstep\b.*\bafter\b|\bbefore step\b|\bwhich step\b|\bwhat step\b|\border\b|\bsteps of the\b|\bhow many steps\b|\bwhat are the (?:six |6 )?steps\b|\boverview\b",
        Aspect.MATERIAL: r"\bresources?\b|\bwhat (?:do|should) i (?:read|watch|study|use)\b|\bcourses?\b|\bbooks?\b|\bmaterials?\b|\breading list\b",
        Aspect.GOAL: r"\bgoal\b|\bwhat is step\b|\bwhat'?s step\b|\bpoint of step\b|\babout\b|\bpurpose of step\b|\bwhat happens in\b",
    }.items()
}

_FIRM_RULE = re.compile(r"\b(?:allow|forbid|forbidden|bann|permit|legal|cheat|rules?\b|against)", re.IGNORECASE)
_PROJECT = re.compile(r"\bcap\s?stones?\b|\bprojects?\b|\bnotebook\b", re.IGNORECASE)
_STEP = re.compile(
    r"\b(?:step|part|phase|stage|section)\s*(?:#|number|no\.?)?\s*([1-6]|one|two|three|four|five|six)\b", re.IGNORECASE
)
_CAPSTONE = re.compile(r"\bcap\s?stone\b(?:\s+project)?(?:\s*(1|2|i{1,2}|one|two|first|second)\b)?", re.IGNORECASE)
_ORDINAL_CAPSTONE = re.compile(r"\b(first|second|last|final)\s+cap\s?stone\b", re.IGNORECASE)
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_SECOND = {"2", "ii", "two", "second", "last", "final"}
_WHOLE = re.compile(
    r"\b(?:curriculum|whole (?:thing|course|path)|everything|all six|the six steps|total|entire|altogether)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Named:
    """How well a question names a fact's subject: the length of the longest name in it."""

    fact: Fact
    length: int


def find_facts(question: str, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """The facts that answer the question, at most three of one aspect; none if it is not about such a fact."""
    aspects = [aspect for aspect, pattern in _ASPECTS.items() if pattern.search(question)]
    if not aspects:
        return ()
    steps = find_steps(question)
    if not (_FIRM_RULE.search(question) or _PROJECT.search(question) or steps):
        aspects = [aspect for aspect in aspects if aspect is not Aspect.RULE]
    for aspect in aspects:
        named = _named(question, aspect, steps, (fact for fact in facts if fact.aspect is aspect))
        if named:
            longest = max(item.length for item in named)
            return tuple(item.fact for item in named if item.length == longest)[:3]
    return ()


def find_steps(question: str) -> frozenset[int]:
    """The steps that a question names, by number or as a capstone."""
    found = {_NUMBERS.get(match[1].lower()) or int(match[1]) for match in _STEP.finditer(question)}
    for match in _CAPSTONE.finditer(question):
        if match[1]:
            found.add(6 if match[1].lower() in _SECOND else 4)
    for match in _ORDINAL_CAPSTONE.finditer(question):
        found.add(6 if match[1].lower() in _SECOND else 4)
    return frozenset(found)


def _named(question: str, aspect: Aspect, steps: frozenset[int], facts: Iterable[Fact]) -> list[_Named]:
    text = f" {re.sub(r'[^a-z0-9.+#-]+', ' ', question.lower())} "
    found: list[_Named] = []
    for fact in facts:
        if fact.source.startswith("steps/") and aspect is not Aspect.RULE:
            if len(fact.steps) == 1 and fact.steps[0] in steps:
                found.append(_Named(fact, 7))
            elif not fact.steps and not steps and _WHOLE.search(question):
                found.append(_Named(fact, 5))
            continue
        if aspect is Aspect.RULE and steps and not steps & set(fact.steps):
            continue
        lengths = [len(name) for name in fact.names if _contains(text, name)]
        if lengths:
            found.append(_Named(fact, max(lengths)))
    return found


def _contains(text: str, name: str) -> bool:
    plain = re.sub(r"[^a-z0-9.+#-]+", " ", name.lower()).strip()
    return len(plain) >= 2 and f" {plain} " in text.replace(". ", " ")
