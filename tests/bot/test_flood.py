"""Who asks faster than one can read is slowed down, and nobody else."""

import pytest

from tests.bot.server import labels_of, running_server


def too_fast(seconds):
    return f"You ask faster than anyone can read. Please try again in {seconds}."


@pytest.fixture
def two_a_minute(settings):
    return settings.model_copy(update={"answers": settings.answers.model_copy(update={"questions_per_minute": 2})})


async def test_commands_that_come_too_fast_are_refused_for_one_member(two_a_minute, encoder):
    async with running_server(two_a_minute, encoder, check_errors=False) as s:

        async def ask(member):
            return (await member.slash(s.channel, "ask", question="what is dropout?")).response

        assert labels_of(await ask(s.ada))
        await s.env.advance_time(10)
        assert labels_of(await ask(s.ada))
        refused = await ask(s.ada)
        assert (refused.content, refused.ephemeral, refused.embeds) == (too_fast("50 seconds"), True, [])
        assert labels_of(await ask(s.grace))
        await s.env.advance_time(49)
        assert (await ask(s.ada)).content == too_fast("1 second")
        await s.env.advance_time(2)
        assert labels_of(await ask(s.ada))
        assert s.rows("SELECT member_id, count(*) FROM answers GROUP BY member_id ORDER BY member_id") == [
            (s.ada.id, 3),
            (s.grace.id, 1),
        ]


async def test_the_menu_counts_like_the_command(two_a_minute, encoder):
    async with running_server(two_a_minute, encoder, check_errors=False) as s:
        message = await s.grace.send(s.channel, "what is dropout?")
        for _ in range(2):
            assert labels_of((await s.ada.context_menu(s.channel, "Ask the tutor", message)).response)
        assert (await s.ada.context_menu(s.channel, "Ask the tutor", message)).response.content == too_fast(
            "60 seconds"
        )


async def test_a_flood_of_messages_gets_one_warning_until_the_wait_is_over(two_a_minute, encoder):
    async with running_server(two_a_minute, encoder) as s:

        async def ask(member):
            await member.send(s.channel, f"{s.client.user.mention} what is dropout?")

        for _ in range(6):
            await ask(s.ada)
        assert [message.content for message in s.said()] == ["", "", too_fast("60 seconds")]
        await ask(s.grace)
        assert labels_of(s.said()[-1])
        await s.env.advance_time(59)
        await ask(s.ada)
        assert len(s.said()) == 4
        await s.env.advance_time(2)
        for _ in range(4):
            await ask(s.ada)
        assert [message.content for message in s.said()[4:]] == ["", "", too_fast("60 seconds")]


async def test_buttons_and_help_are_not_slowed(two_a_minute, encoder):
    async with running_server(two_a_minute, encoder) as s:
        answer = (await s.ada.slash(s.channel, "ask", question="what is dropout?")).response
        for _ in range(5):
            assert (await s.ada.click(answer, label="Helpful")).response.content.startswith("Thank you.")
            assert (await s.ada.slash(s.channel, "help")).response.embeds
