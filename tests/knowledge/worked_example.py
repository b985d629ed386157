"""Ties computed figures to the text of a note."""

import re
from functools import cache

from knowledge.documents import section_text
from knowledge.files import read_markdown
from tests.paths import KNOWLEDGE


@cache
def _worked_example(concept_id: str) -> str:
    raw = read_markdown(KNOWLEDGE / "concepts" / f"{concept_id}.md", f"concepts/{concept_id}.md")
    text = section_text(raw.body, "Worked example")
    assert text, f"{concept_id} has no worked example"
    return _plain_minus(text)


def states(concept_id: str, *figures: str) -> None:
    """Assert that every figure stands in the note's worked example as a whole token.

    "0.5" is not found inside "10.55" or "0.51"; a minus sign may be written in either way.
    """
    text = _worked_example(concept_id)
    for figure in figures:
        pattern = rf"(?<![\w.,]){re.escape(_plain_minus(figure))}(?!\w|[.,]\d)"
        assert re.search(pattern, text), f"the worked example of {concept_id} does not state {figure}"


def _plain_minus(text: str) -> str:
    return text.replace("−", "-")
