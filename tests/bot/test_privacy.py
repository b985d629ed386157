"""What a member can see, take along and delete."""

import json

import pytest

from bot.features.privacy.views import deletion_buttons
from tests.bot.server import labels_of, running_server

PROMPT = "This deletes all your questions and ratings. It cannot be undone."


async def ask(s, member, question="what is dropout?"):
    return (await member.slash(s.channel, "ask", question=question)).response


async def at_present(s, member):
    result = await member.slash(s.channel, "privacy show")
    assert result.response.ephemeral
    (embed,) = result.response.embeds
    (field,) = embed.fields
    assert field.name == "At present"
    return field.value


async def export(s, member):
    result = await member.slash(s.channel, "privacy export")
    assert result.response.ephemeral
    assert result.response.content == "Here is everything I keep about you."
    (file,) = result.response.attachments
    assert file.filename == "deep-learning-tutor-my-data.json"
    return json.loads(await file.read())


async def test_show_counts_what_is_kept_of_this_member(settings, encoder):
    async with running_server(settings, encoder) as s:
        assert await at_present(s, s.ada) == "0 questions, 0 ratings"
        answer = await ask(s, s.ada)
        await s.grace.click(answer, label="Helpful")
        assert await at_present(s, s.ada) == "1 question, 0 ratings"
        assert await at_present(s, s.grace) == "0 questions, 1 rating"
        await ask(s, s.ada, "best risotto recipe")
        assert await at_present(s, s.ada) == "2 questions, 0 ratings"


async def test_show_names_the_days_that_the_admin_set(settings, encoder):
    week = settings.model_copy(update={"answers": settings.answers.model_copy(update={"keep_questions_days": 7})})
    async with running_server(week, encoder) as s:
        result = await s.ada.slash(s.channel, "privacy show")
        assert result.response.embeds[0].description.splitlines()[0] == (
            "- Your questions to me, for 7 days, so that you can ask on; then their text is deleted."
        )


async def test_the_export_is_everything_about_this_member(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await ask(s, s.ada, "what is dropout?  🔥")
        quoted = json.loads(s.rows("SELECT passages FROM answers")[0][0])
        assert len(quoted) == 3
        await ask(s, s.grace)
        await s.env.advance_time(60)
        await s.ada.send_dm("best risotto recipe")
        await s.ada.click(answer, label="Not helpful")
        await s.env.advance_time(60)
        assert await export(s, s.ada) == {
            "member_id": s.ada.id,
            "exported_at": "2026-01-01T00:02:00+00:00",
            "questions": [
                {
                    "answer_id": 1,
                    "asked_at": "2026-01-01T00:00:00+00:00",
                    "server_id": s.guild.id,
                    "channel_id": s.channel.id,
                    "answer_message_id": answer.id,
                    "question": "what is dropout? 🔥",
                    "outcome": "answered",
                    "quoted_passages": quoted,
                },
                {
                    "answer_id": 3,
                    "asked_at": "2026-01-01T00:01:00+00:00",
                    "server_id": None,
                    "channel_id": s.ada.user.dm_channel.id,
                    "answer_message_id": s.ada.user.dm_channel.last_message.id,
                    "question": "best risotto recipe",
                    "outcome": "declined",
                    "quoted_passages": [],
                },
            ],
            "ratings": [{"answer_id": 1, "helpful": False, "changed_at": "2026-01-01T00:01:00+00:00"}],
        }


async def test_the_export_of_a_stranger_is_empty(settings, encoder):
    async with running_server(settings, encoder) as s:
        await ask(s, s.ada)
        data = await export(s, s.grace)
        assert (data["member_id"], data["questions"], data["ratings"]) == (s.grace.id, [], [])


async def test_delete_asks_once_and_gives_a_receipt(settings, encoder):
    async with running_server(settings, encoder) as s:
        mine = await ask(s, s.ada)
        await ask(s, s.ada, "best risotto recipe")
        theirs = await ask(s, s.grace)
        await s.ada.click(mine, label="Helpful")
        await s.grace.click(mine, label="Helpful")
        await s.ada.click(theirs, label="Not helpful")
        await s.grace.click(theirs, label="Helpful")
        prompt = (await s.ada.slash(s.channel, "privacy delete")).response
        assert prompt.ephemeral
        assert prompt.content == PROMPT
        assert labels_of(prompt) == ["Delete everything", "Keep my data"]
        assert s.rows("SELECT count(*) FROM answers") == [(3,)]

        await s.ada.click(prompt, label="Delete everything")
        receipt = prompt.message
        assert receipt.content == (
            f"Deleted <t:{int(s.env.now().timestamp())}:f>: 2 questions and 2 ratings. Nothing about you is left."
        )
        assert receipt.components == []
        assert s.rows("SELECT id, member_id FROM answers") == [(3, s.grace.id)]
        assert s.rows("SELECT answer_id, member_id FROM answer_feedback") == [(3, s.grace.id)]
        assert await at_present(s, s.ada) == "0 questions, 0 ratings"
        data = await export(s, s.ada)
        assert (data["questions"], data["ratings"]) == ([], [])
        gone = await s.ada.click(mine, label="Show sources in full")
        assert gone.response.content.startswith("I no longer have that answer on record.")
        whole = await s.grace.click(theirs, label="Show sources in full")
        assert whole.response.embeds[0].title == "[1] Dropout"


async def test_keep_deletes_nothing(settings, encoder):
    async with running_server(settings, encoder) as s:
        await ask(s, s.ada)
        prompt = (await s.ada.slash(s.channel, "privacy delete")).response
        await s.ada.click(prompt, label="Keep my data")
        assert prompt.message.content == "Nothing was deleted."
        assert prompt.message.components == []
        assert s.rows("SELECT member_id FROM answers") == [(s.ada.id,)]


async def test_delete_without_data_says_so(settings, encoder):
    async with running_server(settings, encoder) as s:
        prompt = (await s.ada.slash(s.channel, "privacy delete")).response
        await s.ada.click(prompt, label="Delete everything")
        assert "0 questions and 0 ratings" in prompt.message.content


async def test_the_buttons_of_a_deletion_outlive_a_restart(settings, encoder):
    async with running_server(settings, encoder) as s:
        await ask(s, s.ada)
        prompt = (await s.ada.slash(s.channel, "privacy delete")).response
        await s.restart()
        await s.ada.click(prompt, label="Delete everything")
        assert "1 question and 0 ratings" in prompt.message.content
        assert s.rows("SELECT * FROM answers") == []


@pytest.mark.parametrize("label", ["Delete everything", "Keep my data"])
async def test_nobody_deletes_for_somebody_else(settings, encoder, label):
    """Discord shows the prompt to one member; a forged click must be refused all the same."""
    async with running_server(settings, encoder) as s:
        await ask(s, s.ada)
        await ask(s, s.grace)
        forged = await s.client.get_channel(s.channel.id).send(PROMPT, view=deletion_buttons(s.ada.id))
        await s.env.settle()
        result = await s.grace.click(forged, label=label)
        assert result.response.ephemeral
        assert result.response.content == ("This button is for somebody else. Use /privacy delete for your own data.")
        assert [row[0] for row in s.rows("SELECT member_id FROM answers ORDER BY id")] == [s.ada.id, s.grace.id]


async def test_old_questions_lose_their_text_and_keep_their_buttons(settings, encoder, caplog):
    week = settings.model_copy(update={"answers": settings.answers.model_copy(update={"keep_questions_days": 7})})
    async with running_server(week, encoder) as s:
        old = await ask(s, s.ada)
        await s.env.advance_time(6 * 24 * 3600)
        await ask(s, s.ada, "best risotto recipe")
        assert s.rows("SELECT question FROM answers") == [("what is dropout?",), ("best risotto recipe",)]
        await s.env.advance_time(2 * 24 * 3600)
        assert s.rows("SELECT question FROM answers") == [(None,), ("best risotto recipe",)]
        assert "dropout" not in caplog.text
        rated = await s.ada.click(old, label="Helpful")
        assert rated.response.content == "Thank you. I noted this answer as **helpful**."
        sources = await s.ada.click(old, label="Show sources in full")
        assert sources.response.embeds[0].title == "[1] Dropout"
        assert [question["question"] for question in (await export(s, s.ada))["questions"]] == [
            None,
            "best risotto recipe",
        ]
        assert await at_present(s, s.ada) == "2 questions, 1 rating"


async def test_a_reply_to_a_forgotten_question_stands_alone(settings, encoder):
    day = settings.model_copy(update={"answers": settings.answers.model_copy(update={"keep_questions_days": 1})})
    async with running_server(day, encoder) as s:
        await s.ada.send(s.channel, f"{s.client.user.mention} what is dropout?")
        await s.env.advance_time(2 * 24 * 3600)
        await s.ada.send(s.channel, "what is batch normalisation?", reply_to=s.said()[0])
        assert s.rows("SELECT question, outcome FROM answers") == [
            (None, "answered"),
            ("what is batch normalisation?", "answered"),
        ]
