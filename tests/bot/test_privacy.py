"""What a member can see, take along and delete."""

import json
from datetime import datetime

import pytest

from bot.features.privacy.views import deletion_buttons
from bot.features.progress.models import Enrolment, Evidence, EvidenceKind, State
from tests.bot.server import labels_of, running_server

PROMPT = (
    "This deletes everything that I keep about you: questions, ratings, your profile and all your progress. "
    "It cannot be undone. You leave your study groups, and I delete what I posted there for you. Other things that "
    "I have posted in channels stay there: answers, and what you wrote against a question."
)


async def ask(s, member, question="what is dropout?"):
    return (await member.slash(s.channel, "ask", question=question)).response


async def at_present(s, member):
    result = await member.slash(s.channel, "privacy show")
    assert result.response.ephemeral
    (embed,) = result.response.embeds
    (field,) = embed.fields
    assert field.name == "At present"
    return field.value.splitlines()


async def export(s, member):
    result = await member.slash(s.channel, "privacy export")
    assert result.response.ephemeral
    assert result.response.content == "Here is everything I keep about you."
    (file,) = result.response.attachments
    assert file.filename == "deep-learning-tutor-my-data.json"
    return json.loads(await file.read())


async def learn(s, member):
    """A profile, progress, knowledge, a suggestion and a round of questions."""
    progress = s.client.services.progress
    path = progress.path_of(await progress.find_learner(member.id))
    await progress.save_profile(member.id, hours_per_week=5, motivation="I want to understand")
    for item in path.items[:3]:
        await progress.settle_item(member.id, item.id, State.STARTED, minutes=10)
    await progress.settle_item(member.id, path.items[0].id, State.DONE, minutes=20)
    concepts = list(progress.curriculum.concepts)[:2]
    right = [Evidence(concept, EvidenceKind.PROBE, True, f"probe:1:{concept}") for concept in concepts]
    await progress.add_evidence(member.id, right)
    await progress.enrol(member.id, Enrolment(s.guild.id, is_visible=True))
    about = {"member_id": member.id, "made_at": s.env.now(), "changed_at": s.env.now()}
    suggestion = {"kind": "unit", "target": "a/b", "minutes": 30, "reason": "It is next.", "state": "made"}
    insert(s, "recommendations", id=1, **about, **suggestion)
    del about["changed_at"]
    insert(s, "probes", id=1, **about, purpose="concept", target="relu", questions='["q1", "q2"]')
    insert(s, "probe_answers", probe_id=1, position=0, choice=2, is_correct=True, answered_at=s.env.now())
    insert(s, "milestones", member_id=member.id, milestone="step:1", reached_at=s.env.now())
    insert(s, "congratulations", member_id=member.id, guild_id=5, milestone="step:1", claimed_at=s.env.now())


def insert(s, table, **values):
    columns = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    found = [f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value for value in values.values()]
    s.rows(f"INSERT INTO {table} ({columns}) VALUES ({marks})", *found)  # noqa: S608 - names from above


LEARNED = [
    "1 profile",
    "1 choice about a server",
    "3 parts of the path",
    "4 changes of your progress",
    "2 signs of what you know",
    "2 estimates of concepts",
    "1 suggestion",
    "1 round of questions",
    "1 answer in such a round",
    "1 milestone",
    "1 congratulation",
]


async def test_show_counts_what_is_kept_of_this_member(settings, encoder):
    async with running_server(settings, encoder) as s:
        assert await at_present(s, s.ada) == ["Nothing."]
        answer = await ask(s, s.ada)
        await s.grace.click(answer, label="Helpful")
        assert await at_present(s, s.ada) == ["- 1 question"]
        assert await at_present(s, s.grace) == ["- 1 rating"]
        await ask(s, s.ada, "best risotto recipe")
        await learn(s, s.ada)
        assert await at_present(s, s.ada) == [f"- {line}" for line in ["2 questions", *LEARNED]]
        assert await at_present(s, s.grace) == ["- 1 rating"]


async def test_show_says_in_plain_words_what_is_kept(settings, encoder):
    async with running_server(settings, encoder) as s:
        (embed,) = (await s.ada.slash(s.channel, "privacy show")).response.embeds
        *kept, _, promise = embed.description.splitlines()
        assert [line.partition(" ")[2].split(",")[0].split(":")[0] for line in kept] == [
            "Your questions to me",
            "Which notes I quoted for you",
            "Whether you found an answer helpful.",
            "Your profile",
            "Your progress",
            "Signs of what you know",
            "My suggestions and rounds of questions",
            "Your quizzes",
            "Questions that you challenged",
            "Your study groups",
            "What you told me to find you a group",
            "Your milestones",
        ]
        assert promise == (
            "All but the text of your questions stays until you delete it. "
            "Nothing you write appears in my logs, and nothing leaves this bot's own database."
        )


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
        found = await export(s, s.ada)
        assert {name: value for name, value in found.items() if value != []} == {
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


async def test_the_export_holds_the_learner(settings, encoder):
    async with running_server(settings, encoder) as s:
        await learn(s, s.ada)
        data = await export(s, s.ada)
        (profile,) = data["profile"]
        assert profile["motivation"] == "I want to understand"
        assert (profile["hours_per_week"], profile["zone"]) == (5.0, None)
        assert data["servers"] == [
            {
                "server_id": s.guild.id,
                "is_visible": True,
                "is_congratulated": False,
                "is_ranked": False,
                "changed_at": "2026-01-01T00:00:00+00:00",
            }
        ]
        assert [
            (item["state"], item["minutes"]) for item in sorted(data["progress"], key=lambda row: row["state"])
        ] == [
            ("done", 30),
            ("started", 10),
            ("started", 10),
        ]
        assert [change["after"] for change in data["progress_changes"]] == ["started", "started", "started", "done"]
        assert [piece["is_correct"] for piece in data["evidence"]] == [True, True]
        assert [estimate["answers"] for estimate in data["mastery"]] == [1, 1]
        assert data["suggestions"][0]["reason"] == "It is next."
        assert data["probes"][0]["questions"] == ["q1", "q2"]
        assert data["probe_answers"][0]["choice"] == 2
        assert [row["milestone"] for row in data["milestones"] + data["congratulations"]] == ["step:1", "step:1"]
        strangers = await export(s, s.grace)
        assert [name for name, value in strangers.items() if value not in ([], s.grace.id)] == ["exported_at"]


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
        await learn(s, s.ada)
        prompt = (await s.ada.slash(s.channel, "privacy delete")).response
        assert prompt.ephemeral
        assert prompt.content == PROMPT
        assert labels_of(prompt) == ["Delete everything", "Keep my data"]
        assert s.rows("SELECT count(*) FROM answers") == [(3,)]

        await s.ada.click(prompt, label="Delete everything")
        receipt = prompt.message
        assert receipt.content == (
            f"Deleted <t:{int(s.env.now().timestamp())}:f>: 2 questions, 2 ratings, {', '.join(LEARNED[:-1])} "
            f"and {LEARNED[-1]}. Nothing about you is left in my database."
        )
        assert receipt.components == []
        assert s.rows("SELECT id, member_id FROM answers") == [(3, s.grace.id)]
        assert s.rows("SELECT answer_id, member_id FROM answer_feedback") == [(3, s.grace.id)]
        for table in ("learners", "progress", "progress_changes", "evidence", "mastery", "probes", "probe_answers"):
            assert s.rows(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 - names from above
        assert await at_present(s, s.ada) == ["Nothing."]
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
        assert prompt.message.content == "There was nothing to delete: I keep nothing about you."


async def test_the_buttons_of_a_deletion_outlive_a_restart(settings, encoder):
    async with running_server(settings, encoder) as s:
        await ask(s, s.ada)
        prompt = (await s.ada.slash(s.channel, "privacy delete")).response
        await s.restart()
        await s.ada.click(prompt, label="Delete everything")
        assert prompt.message.content.endswith(":f>: 1 question. Nothing about you is left in my database.")
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
        assert await at_present(s, s.ada) == ["- 2 questions", "- 1 rating"]


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
