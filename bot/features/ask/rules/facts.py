"""Finding the structured facts that answer a question about the curriculum itself.

A fact is taken only if the question names both its subject ("step 2", "keras", a course) and its
aspect (how long, how much, allowed). Everything else is left to the search.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from knowledge.facts import Aspect, Fact

_ABOUT_CAPSTONE = (
    r"^\W*what(?:(?:'?s| is| are| happens in)| (?:do|must|should) (?:i|we|you) (?:have to |need to )?do (?:in|for))"
    r"(?: an?| the| my| this)?(?: first| second| last| final)? cap\s?stones?"
    r"(?: projects?)?(?: (?:[12]|i{1,2}|one|two))?(?: about| for)?\W*$"
)
"""Asks what a capstone is, or both."""

_ASPECTS: Mapping[Aspect, re.Pattern[str]] = {
    aspect: re.compile("|".join(patterns), re.IGNORECASE)
    for aspect, patterns in {
        Aspect.IDEAS: (
            r"\b(?:ideas?|inspiration|suggest\w*)\b.*\b(?:project|capstone)s?\b|\b(?:project|capstone)s? ideas?\b",
            r"\b(?:what|which) (?:project|capstone)s? (?:can|could|should|do|to)\b",
            r"\bneed (?:an idea for|some) .*\b(?:project|capstone)\b",
        ),
        Aspect.RULE: (
            r"\ballow\w*|\bforbid\w*|\bbanned?\b|\bpermit\w*|\blegal\b|\bcheating\b|\brules?\b|\bagainst\b",
            r"\b(?:can|may) (?:i|we|you) (?:just )?use\b|\bok(?:ay)? to use\b|\bis \S+ (?:ok|okay|fine)\b",
        ),
        Aspect.DURATION: (
            r"\bhow (?:long|many (?:hour|week|month|day)s?|much time|fast)\b(?!.*\b(?:train|converge|episode)\w*)",
            r"\btime (?:does|do|will|needed|estimate)\b|\bduration\b|\bin \w+ (?:days|weeks|months)\b",
        ),
        Aspect.COST: (
            r"(?<!model[ -])\bfree\b(?! (?:parameter|energy|variable|memory))|\bcosts?\b(?! function)|\bhow much is\b",
            r"\bpay\b|\bpaid\b|\bprice\b|\bmoney\b|\bexpensive\b|\bcheap\b|\bsubscription\b|\bbuy\b",
        ),
        Aspect.CHOICE: (
            r"\bwhich (?:one|course|resource|path|way|option|alternative|of|should i)\b|\bchoose\b|\bpick\b",
            r"\balternatives?\b|\b(?:books?|videos?) or\b|\bor (?:the )?(?:books?|videos?|lectures?)\b",
            r"\ball (?:of them|resources|three|courses|the courses)\b|\bonly one\b",
        ),
        Aspect.AUTHOR: (
            r"\bwho (?:made|wrote|teaches|taught|is (?:the )?(?:author|teacher|instructor)|created)\b",
            r"\bauthors?\b|\bby whom\b|\binstructor\b",
        ),
        Aspect.LEVEL: (
            r"\bprerequisites?\b|\bwhat do i need (?:to know )?(?:before|for)\b|\bneed to know before\b|\bbeginners?\b",
            r"\btoo (?:hard|advanced|difficult)\b|\bdifficult\b|\bwhat level (?:is|do i need)\b|\bmy level\b",
        ),
        Aspect.STATUS: (
            r"\bup to date\b|\boutdated\b|\bstill (?:good|relevant|current|worth|maintained|works?|valid)\b",
            r"\bdeprecated\b|\barchived\b|\bmaintained\b|\bsuccessor\b|\bnewer\b|\bbeen replaced\b|\breplacement for\b",
            r"\b(?:how|too) old\b|^(?:is|are) .*\b(?:old|dead)\W*$",
        ),
        Aspect.ORDER: (
            r"\b(?:comes?|goes?|do i do|is|'s) (?:next|after|before|first)\b|\bbefore step\b",
            r"\bafter\b.*\bstep\b|\bstep\b.*\bafter\b",
            r"\b(?:which|what) step\b|\bwhere (?:does|do) .*\b(?:fit|belong)\b|\border (?:do|should|of the steps)\b",
            r"\bsteps of the\b|\bhow many steps\b|\bwhat are the (?:six |6 )?steps\b",
            r"\bwhat(?:'?s| is) (?:in )?the curriculum\b|\boverview of (?:the|this) (?:whole )?(?:curriculum|path)\b",
        ),
        Aspect.MATERIAL: (
            r"\bresources?\b|\bcourses?\b|\bbooks?\b|\bmaterials?\b|\breading list\b",
            r"\bwhat (?:do|should) i (?:read|watch|study|use)\b",
        ),
        Aspect.GOAL: (
            r"\bgoal\b|\bwhat(?:'?s| is) step\b|\b(?:point|purpose) of step\b|\babout\b|\bwhat happens in\b",
            r"\bwhat (?:do|will|would) (?:i|we|you) learn\b",
            _ABOUT_CAPSTONE,
        ),
    }.items()
}

_FIRM_RULE = re.compile(
    r"\b(?:allowed|forbidden|banned|permitted|legal|cheating)\b(?= to use\b|\W*$)|\bagainst the rules\b", re.IGNORECASE
)
"""Surely about what a project may use, even if no project is named: "is Keras allowed?", not "does NumPy allow …"."""
_PROJECT = re.compile(r"\bcap\s?stones?\b|\bprojects?\b", re.IGNORECASE)
_STEP = re.compile(
    r"(?<!time )\b(?:step|part|phase|stage|section)\s*(?:#|number|no\.?)?\s*([1-6]|one|two|three|four|five|six)\b"
    r"(?!\s+of\s+(?!(?:the|this|your)\s+(?:curriculum|course|path)))",  # not "step 2 of the training loop"
    re.IGNORECASE,
)
_CAPSTONE = re.compile(r"\bcap\s?stone\b(?:\s+project)?(?:\s*(1|2|i{1,2}|one|two|first|second)\b)?", re.IGNORECASE)
_ORDINAL_CAPSTONE = re.compile(r"\b(first|second|last|final)\s+cap\s?stone\b", re.IGNORECASE)
_CAPSTONE_STEPS = frozenset({4, 6})
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_SECOND = {"2", "ii", "two", "second", "last", "final"}
_WHOLE = re.compile(
    r"\bhow many steps are there\W*$|\bhow much does (?:it|this) all cost\b|\bis (?:this|it all) free\b|"
    r"\bwhat do i (?:have to|need to) pay for\W*$|"
    r"\b(?:curriculum|whole (?:thing|course|path)|everything|all six|the six steps|total|entire|altogether)\b",
    re.IGNORECASE,
)
_NEEDED_BEFORE = re.compile(r"\b(?:need(?:ed)?|know|learn|required?)\b.*\bbefore\b", re.IGNORECASE)
"""Asks what somebody should be able to do before a step: the goals of the steps that lead to it."""
_GOALS_BEFORE = 2
_PLACE = re.compile(r"\b(?:which|what) step\b|\bwhere (?:does|do)\b", re.IGNORECASE)
"""Asks where one topic stands, which the list of all steps does not answer."""
_FIELDS = frozenset({"deep learning"})
"""Titles that name a field first; the books have longer names too."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A fact and the longest name of its subject in the question; "" for a step that is named in another way."""

    fact: Fact
    name: str


def find_facts(question: str, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """The facts that answer the question, at most three of one aspect; none if it is not about such a fact."""
    aspects = [aspect for aspect, pattern in _ASPECTS.items() if pattern.search(question)]
    if not aspects:
        return ()
    steps = find_steps(question)
    if aspects[0] is Aspect.IDEAS:
        wanted = steps & _CAPSTONE_STEPS or _capstone_of(question)
        return tuple(fact for fact in facts if fact.aspect is Aspect.IDEAS and wanted & set(fact.steps))
    if not (_FIRM_RULE.search(question) or _PROJECT.search(question) or steps):
        aspects = [aspect for aspect in aspects if aspect is not Aspect.RULE]
    if re.search(_ABOUT_CAPSTONE, question, re.IGNORECASE):
        aspects, steps = [Aspect.GOAL], steps or _CAPSTONE_STEPS
    for aspect in aspects:
        of_aspect = [fact for fact in facts if fact.aspect is aspect]
        named = _visible(_named(question, aspect, steps, of_aspect))
        if named:
            return (*sorted(named, key=_is_step)[:3], *_goals_before(question, aspect, steps, facts))
        if not steps and _WHOLE.search(question) and not _PLACE.search(question):
            whole = tuple(fact for fact in of_aspect if _is_step(fact) and not fact.steps)
            if whole:
                return whole
    return ()


def _goals_before(question: str, aspect: Aspect, steps: frozenset[int], facts: Sequence[Fact]) -> Iterator[Fact]:
    """The goals of the steps before the one that is asked about, the last one first."""
    if aspect is Aspect.ORDER and len(steps) == 1 and _NEEDED_BEFORE.search(question):
        (step,) = steps
        goals = {fact.steps[0]: fact for fact in facts if fact.aspect is Aspect.GOAL and fact.steps}
        yield from (goals[before] for before in range(step - 1, 0, -1)[:_GOALS_BEFORE] if before in goals)


def _capstone_of(question: str) -> frozenset[int]:
    """The capstone steps that a request for ideas is about: reinforcement learning, or both."""
    return frozenset({6}) if re.search(r"\brl\b|\breinforcement\b", question, re.IGNORECASE) else _CAPSTONE_STEPS


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
    text = f" {_plain(question)} ".replace(". ", " ")
    found: list[_Named] = []
    for fact in facts:
        names = [plain for plain in map(_plain, fact.names) if len(plain) >= 2 and f" {plain} " in text]
        if aspect is Aspect.RULE:
            fits = bool(names) and (not steps or bool(steps & set(fact.steps)))
        elif _is_step(fact):
            fits = len(fact.steps) == 1 and fact.steps[0] in steps
        else:  # a capstone idea's material is its data, which nobody asks for as books or courses
            names = [name for name in names if name not in _FIELDS]
            fits = bool(names) and not (aspect is Aspect.MATERIAL and fact.source.startswith("capstones/"))
        if fits:
            found.append(_Named(fact, max(names, key=len, default="")))
    return found


def _visible(named: Sequence[_Named]) -> list[Fact]:
    """Facts whose name is not a part of a longer name: "PyTorch Lightning" does not ask for PyTorch."""
    return [
        item.fact
        for item in named
        if not any(item.name != other.name and f" {item.name} " in f" {other.name} " for other in named)
    ]


def _is_step(fact: Fact) -> bool:
    return fact.source.startswith("steps/")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9.+#-]+", " ", text.lower()).strip()
