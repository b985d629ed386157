"""Which notes a question names: titles and aliases, the longest first."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from knowledge.curriculum import Curriculum

_LONGEST = 8
_JOINING = frozenset({"vs", "vs.", "or", "and", "is", "a", "the", "of"})


def build_names(curriculum: Curriculum) -> Mapping[str, str]:
    """Every title and alias of the concepts, as plain words -> source."""
    names: dict[str, str] = {}
    for concept_id, concept in curriculum.concepts.items():
        for name in (concept.title, concept_id.replace("-", " "), *concept.aliases):
            names.setdefault(_plain(name), f"concepts/{concept_id}")
    names.pop("", None)
    return MappingProxyType(names)


def find_named(question: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """The sources that a question names, in the order of the words; a longer name hides those inside it."""
    words = _plain(question).split()
    found: list[str] = []
    position = 0
    while position < len(words):
        for length in range(min(_LONGEST, len(words) - position), 0, -1):
            source = _look_up(" ".join(words[position : position + length]), names)
            if source is not None:
                found.append(source)
                position += length
                break
        else:
            position += 1
    return tuple(dict.fromkeys(found))


def _look_up(phrase: str, names: Mapping[str, str]) -> str | None:
    if len(phrase) < 2 or phrase in _JOINING:
        return None
    candidates: Iterable[str] = (phrase,)
    if len(phrase) > 3:
        candidates = (phrase, phrase.removesuffix("s"), re.sub(r"ies$", "y", phrase), f"{phrase}s")
    return next((names[candidate] for candidate in candidates if candidate in names), None)


def _plain(text: str) -> str:
    text = re.sub(r"\.(?=\s|$)", " ", text.casefold().replace("’", "'"))  # the dot of "vs.", not of "nn.linear"
    return re.sub(r"[^\w+#.]+", " ", text.replace("'s ", " ")).strip(" .")
