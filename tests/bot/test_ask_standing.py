"""Answers know the learner: where the topic stands on the asker's own path, for the asker alone."""

import pytest

from bot.features.progress.models import Evidence, EvidenceKind, State
from tests.bot.server import labels_of, running_server, text_of

BUTTONS = ["Helpful", "Not helpful", "Show sources in full", "Try a question", "On my path"]


async def ask(s, question="what is dropout?", *, private=False, member=None):
    return (await (member or s.ada).slash(s.channel, "ask", question=question, private=private)).response


def field(message, name):
    return next((f.value for e in message.embeds for f in e.fields if f.name == name), None)


async def begin(s, member, **profile):
    await s.client.services.progress.save_profile(member.id, started_at=s.env.now(), **profile)


async def test_a_stranger_reads_where_the_topic_stands_in_the_curriculum(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await ask(s, private=True)
        assert field(answer, "Where it stands").startswith("First met in step 1, studied in depth in step 3")
        assert field(answer, "You have not met yet") is None
        assert s.rows("SELECT count(*) FROM learners") == [(0,)]


async def test_a_private_answer_speaks_of_the_learners_own_path(settings, encoder):
    async with running_server(settings, encoder) as s:
        await begin(s, s.ada)
        answer = await ask(s, private=True)
        assert field(answer, "Where it stands") == (
            "You are in step 1, where a first contact is enough; it comes in depth in step 3 (Deep dive)."
        )
        unmet = field(answer, "You have not met yet")
        assert unmet.startswith("- ")
        assert "](https://" in unmet


async def test_a_public_answer_says_nothing_of_the_asker(settings, encoder):
    async with running_server(settings, encoder) as s:
        await begin(s, s.ada)
        evidence = [Evidence("dropout", EvidenceKind.PROBE, False, f"probe:1:{n}") for n in range(3)]
        await s.client.services.progress.add_evidence(s.ada.id, evidence)
        answer = await ask(s)
        assert "You are" not in text_of(answer)
        assert "shaky" not in text_of(answer)
        assert labels_of(answer) == BUTTONS


async def test_on_my_path_is_for_whoever_clicks_and_for_nobody_else(settings, encoder):
    async with running_server(settings, encoder) as s:
        await begin(s, s.ada)
        await s.client.services.progress.add_evidence(
            s.ada.id, [Evidence("dropout", EvidenceKind.PROBE, False, f"probe:1:{n}") for n in range(3)]
        )
        answer = await ask(s, member=s.grace)
        mine = (await s.ada.click(answer, label="On my path")).response
        assert mine.ephemeral
        assert mine.embeds[0].title == "Dropout"
        assert "You are in step 1" in mine.embeds[0].description
        assert mine.embeds[0].description.endswith("Your answers on it have been shaky.")
        hers = (await s.grace.click(answer, label="On my path")).response
        assert hers.embeds[0].description.startswith("First met in step 1")


async def test_what_a_learner_has_done_is_met(settings, encoder):
    async with running_server(settings, encoder) as s:
        await begin(s, s.ada)
        before = field(await ask(s, "what is momentum in sgd?", private=True), "You have not met yet")
        progress = s.client.services.progress
        path = progress.path_of(await progress.find_learner(s.ada.id))
        done = [item.id for item in path.steps[0].items]
        await progress.settle_items(s.ada.id, done, State.DONE)
        after = field(await ask(s, "what is momentum in sgd?", private=True), "You have not met yet")
        assert before is not None
        assert after is None


async def test_a_learners_question_is_remembered_once_as_evidence_without_a_verdict(settings, encoder):
    async with running_server(settings, encoder) as s:
        await begin(s, s.ada)
        await ask(s)
        await ask(s)
        rows = s.rows("SELECT concept, kind, is_correct, key FROM evidence ORDER BY id")
        assert rows == [("dropout", "ask", None, "ask:1"), ("dropout", "ask", None, "ask:2")]
        assert s.rows("SELECT count(*) FROM mastery") == [(0,)]


async def test_try_a_question_works_after_a_restart_and_writes_evidence(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await ask(s)
        await s.restart()
        shown = (await s.ada.click(answer, label="Try a question")).response
        assert shown.ephemeral
        assert "Dropout" in shown.embeds[0].title
        await s.ada.click(shown, label=labels_of(shown)[0])
        assert s.rows("SELECT member_id, concept, kind FROM evidence") == [(s.ada.id, "dropout", "probe")]


async def test_a_fact_of_the_curriculum_has_nothing_to_try(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await ask(s, "how long does step 2 take?")
        assert labels_of(answer) == BUTTONS[:3]


@pytest.mark.parametrize("label", ["Try a question", "On my path"])
async def test_an_answer_that_is_gone_is_explained(settings, encoder, label):
    async with running_server(settings, encoder) as s:
        answer = await ask(s)
        await s.client.services.privacy.delete_member(s.ada.id)
        result = await s.grace.click(answer, label=label)
        assert result.response.content == (
            "I no longer know which topic that answer was about. Ask again with `/ask`, and try it there."
        )
