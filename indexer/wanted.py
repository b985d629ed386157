"""Which kinds of sources a question asks for.

Most questions ask what something is, and a course or a project idea that mentions it is no answer.
"""

import re

from knowledge.documents import Kind
from knowledge.teaching import READ_HEADING, WATCH_HEADING

_RESOURCE_WORDS = re.compile(
    r"\b(courses?|books?|chapters?|lectures?|lessons?|videos?|watch|read(ing)?|papers?|posts?|blog|tutorials?"
    r"|youtube|textbooks?|talks?|resources?|materials?|links?|repo|github|where (can|do|should|could) i|recommend\w*"
    r"|units?|weeks?|website|docs?|explained by|assignments?|exercises?|notebooks?)\b",
    re.IGNORECASE,
)
_FORM_WORDS = {
    WATCH_HEADING: re.compile(r"\b(videos?|lectures?|lessons?|watch|youtube|talks?|courses?)\b", re.IGNORECASE),
    READ_HEADING: re.compile(r"\b(books?|textbooks?|chapters?|read(ing)?)\b", re.IGNORECASE),
}
_PROJECT_WORDS = re.compile(r"\b(capstones?|projects?|ideas?|build|portfolio)\b", re.IGNORECASE)


def unwanted_kinds(question: str) -> frozenset[str]:
    """The kinds of sources that a question does not ask for: courses and books, or ideas for projects."""
    unwanted = set()
    if not _RESOURCE_WORDS.search(question):
        unwanted.add(Kind.RESOURCE.value)
    if not _PROJECT_WORDS.search(question):
        unwanted.add(Kind.CAPSTONE.value)
    return frozenset(unwanted)


def unwanted_headings(question: str) -> frozenset[str]:
    """The headings of places to study that a question does not ask for.

    A video is not offered to somebody who asks for a book, and neither to somebody who asks what something is.
    """
    if not _RESOURCE_WORDS.search(question):
        return frozenset(_FORM_WORDS)
    named = frozenset(heading for heading, words in _FORM_WORDS.items() if words.search(question))
    return frozenset(_FORM_WORDS) - named if named else frozenset()
