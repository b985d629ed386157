"""What was typed into a window comes back to be copied, whatever it is, if the window cannot be taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.typed import FILE, IN_FILE, TO_COPY, give_back

REASON = "This week is over."


def test_each_field_comes_back_in_a_block_of_its_own():
    content, file = give_back(REASON, {"Evidence": "a *link*\n`x` and ``y``", "What I learned": " ", "Plan": "Read"})
    assert content == (f"{REASON}\n{TO_COPY}\nEvidence\n```\na *link*\n`x` and ``y``\n```\nPlan\n```\nRead\n```")
    assert file is None


@pytest.mark.parametrize("typed", [{}, {"Evidence": ""}, {"Evidence": " \n"}])
def test_nothing_typed_is_nothing_to_give_back(typed):
    assert give_back(REASON, typed) == (REASON, None)


@pytest.mark.parametrize("text", ["x" * 2000, "see\n```py\nx = 1\n```", "a ``` b"])
def test_what_no_block_can_hold_comes_back_as_a_file(text):
    content, file = give_back(REASON, {"Evidence": text, "Plan": "Rëad"})
    assert content == f"{REASON}\n{IN_FILE}"
    assert file.filename == FILE
    assert file.fp.read().decode() == f"Evidence\n{text}\n\nPlan\nRëad\n"


@given(texts=st.lists(st.text(max_size=700), max_size=5))
def test_nothing_is_ever_lost_and_the_message_fits(texts):
    content, file = give_back(REASON, {f"Field {number}": text for number, text in enumerate(texts)})
    assert len(content) <= 2000
    given_back = file.fp.read().decode() if file is not None else content
    assert all(text in given_back for text in texts if text.strip())
    if file is None:
        assert content.count("```") == 2 * sum(bool(text.strip()) for text in texts)
