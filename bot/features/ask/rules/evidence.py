"""Choosing what is quoted: which notes, which sections, which sentences.

The first quote is the one that answers most directly; the others support it. Sections of a
note answer different kinds of question, so the intent moves their score a little.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.features.ask.models import Intent
from indexer.passages import Passage, Segment, SegmentKind
from indexer.retriever import Hit, Result, ScoredPassage

MAX_QUOTES = 5
_MAX_BLOCK = 700
_NEAR = 0.92
"""A second source is quoted only if its score comes this near to the first."""

LEAD = ""
"""Stands for the text before the first heading of a note."""

_SECTION_BONUS: Mapping[Intent, Mapping[str, float]] = {
    Intent.DEFINITION: {LEAD: 0.30, "Intuition": 0.12, "Formula": 0.04},
    Intent.REASON: {LEAD: 0.10, "Intuition": 0.16, "In practice": 0.02},
    Intent.PRACTICE: {"In practice": 0.12, "Common mistake": 0.04, LEAD: 0.02},
    Intent.FORMULA: {"Formula": 0.30, "Worked example": 0.10, LEAD: 0.04},
    Intent.EXAMPLE: {"Worked example": 0.40, LEAD: 0.05},
    Intent.TROUBLE: {"Common mistake": 0.12, "In practice": 0.10, LEAD: 0.03},
    Intent.COMPARISON: {"Not to be confused with": 0.40, LEAD: 0.25},
    Intent.GENERAL: {LEAD: 0.12, "Intuition": 0.06},
}

_HEADING_BONUS = 0.3
"""For a section whose heading has all of the question's words; "The rules" answers "what are the rules"."""

_DANGLING = re.compile(
    r"^(?:- )?(?:it|its|this|that|these|those|they|their|he|she|here|there|then|so|but|and|also|however|otherwise|"
    r"for example|both|another|the same|such|now)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One or more segments of a passage that stand together."""

    passage: Passage
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What sentences are measured against: the question's stems and their rarity."""

    tokens: frozenset[str]
    rarity: Callable[[str], float]
    tokenise: Callable[[str], list[str]]

    def overlap(self, text: str, known: frozenset[str] = frozenset()) -> float:
        """Rarity of the question's words that stand in the text, from 0 to 1; words in `known` count a quarter."""
        weights = {token: self.rarity(token) * (0.25 if token in known else 1.0) for token in self.tokens}
        total = sum(weights.values())
        if not total:
            return 0.0
        present = set(self.tokenise(text))
        return sum(weight for token, weight in weights.items() if token in present) / total


def choose_evidence(
    result: Result,
    intent: Intent,
    *,
    rarity: Callable[[str], float],
    tokenise: Callable[[str], list[str]],
    max_sources: int,
    sides: Sequence[str] = (),
) -> tuple[Evidence, ...]:
    """What to quote from the hits, the most direct first; at most `MAX_QUOTES` pieces of at most `max_sources` places.

    `sides` are the sources that a comparison names; both are drawn on.
    """
    wanted = _Wanted(frozenset(result.tokens), rarity, tokenise)
    if intent is Intent.COMPARISON and len(sides) >= 2:
        hits = [hit for side in sides[:2] for hit in result.hits if hit.source == side]
        if len(hits) == 2:
            return _limited(_compare(hits[0], hits[1], wanted, max_sources), max_sources)
    main = result.hits[0]
    evidence = list(_from_main(main, intent, wanted))
    for hit in result.hits[1:3]:
        if hit.score >= _NEAR * main.score and hit.kind == main.kind:
            evidence.extend(_from_support(hit, intent, wanted))
    return _limited(evidence, max_sources)


def _limited(evidence: Iterable[Evidence], max_sources: int) -> tuple[Evidence, ...]:
    places: list[str] = []
    kept: list[Evidence] = []
    for item in evidence:
        if item.passage.key not in places:
            if len(places) == max_sources:
                continue
            places.append(item.passage.key)
        kept.append(item)
    return tuple(kept[:MAX_QUOTES])


def _section(passage: Passage) -> str:
    return passage.heading[-1] if passage.heading else LEAD


def _ranked(hit: Hit, intent: Intent, wanted: _Wanted) -> list[ScoredPassage]:
    """The passages by score; sections of a concept by what the intent prefers, others by what their heading says."""
    if hit.kind == "concept":
        bonus = _SECTION_BONUS[intent]
        return sorted(hit.passages, key=lambda item: -(item.score + bonus.get(_section(item.passage), 0.0)))
    return sorted(
        hit.passages, key=lambda item: -(item.score + _HEADING_BONUS * wanted.overlap(_section(item.passage)))
    )


def _lead(hit: Hit) -> ScoredPassage | None:
    return next((item for item in hit.passages if _section(item.passage) == LEAD), None)


def _from_main(hit: Hit, intent: Intent, wanted: _Wanted) -> Iterable[Evidence]:
    """Two or three sentences of the best section, one or two of the next, and what the thing is."""
    ranked = _ranked(hit, intent, wanted)
    first, rest = ranked[0], ranked[1:]
    yield Evidence(first.passage, _direct(first.passage, wanted, most=3))
    lead = _lead(hit) if hit.kind == "concept" else None
    if lead is not None and lead is not first:
        yield Evidence(lead.passage, lead.passage.segments[:1])
    others = [item for item in rest if item is not lead]
    for item in others[: 2 if lead is first else 1]:
        if item.score >= 0.5 * first.score:
            yield Evidence(item.passage, _direct(item.passage, wanted, most=2))


def _from_support(hit: Hit, intent: Intent, wanted: _Wanted) -> Iterable[Evidence]:
    best = _ranked(hit, intent, wanted)[0]
    segments = _direct(best.passage, wanted, most=1)
    if segments:
        yield Evidence(best.passage, segments)


def _compare(one: Hit, other: Hit, wanted: _Wanted, max_sources: int) -> Iterable[Evidence]:
    """The sentence that names both sides, if it leaves room for both, then what each is, then how each is used."""
    both = [item for hit, rival in ((one, other), (other, one)) for item in _naming(hit, rival)]
    yield from both[: 1 if max_sources > 2 else 0]
    for hit in (one, other):
        lead = _lead(hit) or hit.passages[0]
        yield Evidence(lead.passage, lead.passage.segments[:1])
    for hit in (one, other):
        item = next((p for p in hit.passages if _section(p.passage) in {"Intuition", "In practice"}), None)
        if item is not None:
            yield Evidence(item.passage, _direct(item.passage, wanted, most=1))


def _naming(hit: Hit, rival: Hit) -> Iterable[Evidence]:
    """Sentences of `hit` that set it apart from `rival`."""
    names = {
        word
        for word in re.findall(r"[a-z0-9]{3,}", rival.title.lower())
        if word not in {"and", "the", "learning", "function"}
    }
    for item in hit.passages:
        if _section(item.passage) == "Not to be confused with":
            for segment in item.passage.segments:
                if names & set(re.findall(r"[a-z0-9]{3,}", segment.text.lower())):
                    yield Evidence(item.passage, (segment,))
                    break


def _direct(passage: Passage, wanted: _Wanted, *, most: int) -> tuple[Segment, ...]:
    """The run of at most `most` segments that answers most directly; an example is kept whole."""
    segments = passage.segments
    if _section(passage) == "Worked example" or len(segments) <= most:
        return _within(segments, _MAX_BLOCK)
    if any(segment.kind is SegmentKind.CODE for segment in segments[:most]):
        return _within(segments[: most + 1], _MAX_BLOCK)
    title = frozenset(wanted.tokenise(passage.title))
    scores = [wanted.overlap(segment.text, title) for segment in segments]
    best = max(range(len(segments)), key=lambda n: (scores[n] + (0.08 if n == 0 else 0.0), -n))
    while best > 0 and _DANGLING.match(segments[best].text):
        best -= 1
    return _within(segments[best : best + most], _MAX_BLOCK)


def _within(segments: Sequence[Segment], limit: int) -> tuple[Segment, ...]:
    """As many segments from the start as fit into `limit` characters, at least one."""
    kept: list[Segment] = []
    size = 0
    for segment in segments:
        size += len(segment.text) + 1
        if kept and size > limit:
            break
        kept.append(segment)
    return tuple(kept)
