"""A question that is nothing but a concept's name is answered, however short it is."""

import pytest

from tests.bot.server import running_server


@pytest.mark.parametrize(("question", "lead"), [("what is momentum?", "Momentum"), ("dropout", "Dropout")])
async def test_a_bare_name_is_answered(settings, encoder, question, lead):
    async with running_server(settings, encoder) as s:
        result = await s.ada.slash(s.channel, "ask", question=question)
        assert lead in result.response.embeds[0].description
