"""Which kinds of sources a question asks for.

Most questions ask what something is, and a course or a project idea that mentions it is no answer.
"""

import re

from knowledge.documents import Kind

_RESOURCE_WORDS = re.compile(
    r"\b(courses?|books?|chapters?|lectures?|lessons?|videos?|watch|read(ing)?|papers?|posts?|blog|tutorials?"
    r"|resources?|materials?|links?|repo|github|where (can|do|should|could) i|recommend\w*|units?|weeks?"
    r"|website|docs?|explained by|assignments?|exercises?|notebooks?)\b",
    re.IGNORECASE,
)
_PROJECT_WORDS = re.compile(r"\b(capstones?|projects?|ideas?|build|portfolio)\b", re.IGNORECASE)


def unwanted_kinds(question: str) -> frozenset[str]:
    """The kinds of sources that a question does not ask for: courses and books, or ideas for projects."""
    unwanted = set()
    if not _RESOURCE_WORDS.search(question):
        unwanted.add(Kind.RESOURCE.value)
    if not _PROJECT_WORDS.search(question):
        unwanted.add(Kind.CAPSTONE.value)
    return frozenset(unwanted)
