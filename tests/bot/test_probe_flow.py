"""Probes as a member clicks through them on a simulated Discord."""

import dataclasses
import random

import discord
import pytest
from discord import app_commands

from bot.features.probe.models import Purpose
from bot.features.probe.service import NOT_YOURS, UNKNOWN, ProbeService
from bot.features.probe.views import PROBE_BUTTONS, begin_probe, question_buttons
from bot.ui.errors import run_safely
from tests.bot.schedulers import question_service
from tests.bot.server import labels_of, running_server

ITEM = "fastai-practical-deep-learning/lesson-3"


async def enable(s):
    """A command that begins a probe, as /next and /start do from their buttons."""

    @app_commands.command(name="probe", description="Begins a probe.")
    async def probe(interaction: discord.Interaction, purpose: str, target: str | None = None):
        async with run_safely(interaction):
            await begin_probe(interaction, Purpose(purpose), target)

    s.client.tree.add_command(probe)
    await s.client.tree.sync()


async def begin(s, purpose, target=None, *, member=None):
    await enable(s)
    options = {"purpose": purpose} | ({"target": target} if target else {})
    result = await (member or s.ada).slash(s.channel, "probe", **options)
    return result.response


def shown(s, message):
    """The question of the bank that a message asks."""
    description = message.message.embeds[0].description.replace("\\", "")
    return next(q for q in s.client.services.curriculum.questions if q.prompt.replace("\\", "") in description)


def label(s, message, *, right):
    """The label of a right or wrong option."""
    question = shown(s, message)
    for option in question.options:
        if option.correct is right:
            if question.kind == "boolean":
                return option.text
            lines = message.message.embeds[0].description.replace("\\", "").splitlines()
            return next(line[2] for line in lines if line.endswith(f" · {option.text}"))
    raise AssertionError


async def run(s, message, marks):
    """Answer x right and - wrong, and go on after each."""
    for mark in marks:
        await s.ada.click(message, label=label(s, message, right=mark == "x"))
        await s.ada.click(message, label=labels_of(message.message)[0])
    return message.message


def embed_of(message):
    (embed,) = message.message.embeds
    return embed


async def test_the_first_question_is_private_and_says_how_it_goes_on(settings, encoder):
    async with running_server(settings, encoder) as s:
        first = await begin(s, "step", "step:2")
        embed = embed_of(first)
        assert first.ephemeral
        assert embed.title == f"Step 2: {s.client.services.curriculum.step(2).title}"
        assert embed.colour.value == 0x3B6FB6
        assert embed.footer.text == "Question 1 of 6 · You can leave at any time; I keep your place."
        assert s.said() == []
        assert s.rows("SELECT member_id, purpose, target, finished_at FROM probes") == [
            (s.ada.id, "step", "step:2", None)
        ]


def only(s, *questions):
    """The real services with a bank of these questions only."""
    old = s.client.services
    curriculum = dataclasses.replace(old.curriculum, questions=questions)
    database = old.probe._database
    asking = question_service(database, s.env.now, curriculum)
    probes = ProbeService(database, s.env.now, curriculum, old.progress, asking, rng=random.Random(1))
    s.client.services = dataclasses.replace(old, probe=probes)


def some(s, kind):
    return next(q for q in s.client.services.curriculum.questions if q.kind == kind)


async def test_options_are_a_lettered_list_and_buttons_carry_the_letter(settings, encoder):
    async with running_server(settings, encoder) as s:
        question = some(s, "single")
        only(s, question)
        message = await begin(s, "concept", question.concept)
        *rest, a, b, c, d = embed_of(message).description.splitlines()
        assert rest[0] == question.prompt
        assert [line[:8] for line in (a, b, c, d)] == ["**A** · ", "**B** · ", "**C** · ", "**D** · "]
        assert {line[8:].replace("\\", "") for line in (a, b, c, d)} == {option.text for option in question.options}
        assert labels_of(message) == ["A", "B", "C", "D", "I don't know"]
        assert embed_of(message).footer.text is None


async def test_true_and_false_are_words_on_buttons(settings, encoder):
    async with running_server(settings, encoder) as s:
        question = some(s, "boolean")
        only(s, question)
        message = await begin(s, "concept", question.concept)
        assert labels_of(message) == ["True", "False", "I don't know"]
        assert embed_of(message).description == question.prompt
        wrong, right = (next(o for o in question.options if o.correct is truth) for truth in (False, True))
        await s.ada.click(message, label=wrong.text)
        assert embed_of(message).description.split("\n\n") == [
            question.prompt,
            f"**You chose** {wrong.text}\n{wrong.remark}",
            f"**Right is** {right.text}",
            question.explanation,
        ]


async def test_a_wrong_answer_is_explained_with_its_source(settings, encoder):
    async with running_server(settings, encoder) as s:
        bank = s.client.services.curriculum.questions
        only(s, *[q for q in bank if q.concept == "attention" and q.kind == "single"][:2])
        message = await begin(s, "concept", "attention")
        asked = shown(s, message)
        letter = label(s, message, right=False)
        right = label(s, message, right=True)
        text_before = embed_of(message).description
        chosen = next(line[8:] for line in text_before.splitlines() if line.startswith(f"**{letter}**"))
        option = next(o for o in asked.options if o.text == chosen)
        answer = next(o for o in asked.options if o.correct)

        await s.ada.click(message, label=letter)
        embed = embed_of(message)
        assert embed.title == "❌ Not quite"
        assert embed.description.split("\n\n") == [
            asked.prompt,
            f"**You chose** **{letter}** · {chosen}\n{option.remark}",
            f"**Right is** **{right}** · {answer.text}",
            asked.explanation,
        ]
        curriculum = s.client.services.curriculum
        place = curriculum.concepts["attention"].study[0]
        heading = f" › {asked.source.heading}" if asked.source.heading else ""
        (field,) = embed.fields
        assert field.name == "Source"
        assert field.value == (
            f"Attention{heading} · taught in [{curriculum.place_label(place)}]({curriculum.place_url(place)})"
        )
        assert labels_of(message.message) == ["Another question"]


async def test_a_right_answer_says_so_in_words(settings, encoder):
    async with running_server(settings, encoder) as s:
        question = some(s, "single")
        only(s, question)
        message = await begin(s, "concept", question.concept)
        letter = label(s, message, right=True)
        await s.ada.click(message, label=letter)
        embed = embed_of(message)
        (text,) = [option.text for option in question.options if option.correct]
        assert embed.title == "✅ Right"
        assert embed.description.split("\n\n") == [
            question.prompt,
            f"**You chose** **{letter}** · {text}",
            question.explanation,
        ]
        assert embed.footer.text == "That was my last fresh question on this for now."
        assert labels_of(message.message) == []
        assert s.rows("SELECT member_id, concept, is_correct FROM evidence") == [(s.ada.id, question.concept, 1)]


async def test_another_question_on_the_same_concept(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "concept", "softmax")
        first = shown(s, message)
        await s.ada.click(message, label=label(s, message, right=True))
        await s.ada.click(message, label="Another question")
        second = shown(s, message)
        assert (first.concept, second.concept) == ("softmax", "softmax")
        assert first != second
        assert s.rows("SELECT count(*) FROM probes") == [(2,)]


async def test_six_right_answers_lead_to_a_skip_that_says_how_it_is_taken_back(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "step", "step:2")
        title = f"Step 2: {s.client.services.curriculum.step(2).title}"
        await s.ada.click(message, label=label(s, message, right=True))
        assert labels_of(message.message) == ["Next question"]
        assert embed_of(message).footer.text == "Question 1 of 6"
        await s.ada.click(message, label="Next question")
        assert embed_of(message).footer.text == "Question 2 of 6 · You can leave at any time; I keep your place."
        await run(s, message, "xxxx")
        await s.ada.click(message, label=label(s, message, right=False))
        assert labels_of(message.message) == ["See result"]
        await s.ada.click(message, label="See result")

        embed = embed_of(message)
        assert embed.title == "5 of 6 right"
        assert embed.description == (
            f"**{title}**\n\nThat is enough to skip it. Keeping it is just as good. "
            "What you know already goes quickly there."
        )
        assert [field.name for field in embed.fields] == ["Worth a second look"]
        assert embed.footer.text == "/progress undo takes a skip back."
        assert labels_of(message.message) == ["Skip step 2", "Keep it on my path"]
        assert s.rows("SELECT * FROM progress") == []

        await s.ada.click(message, label="Skip step 2")
        ((count,),) = s.rows("SELECT count(*) FROM progress WHERE member_id = ? AND state = 'known'", s.ada.id)
        assert count > 1
        assert embed_of(message).description == (
            f"**{title}**\n\nStep 2: {count} parts are marked as known and off your path. "
            "`/progress undo` takes that back, one part at a time."
        )
        assert labels_of(message.message) == []


async def test_four_of_six_keep_the_step_without_a_word_of_blame(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "step", "step:2")
        await run(s, message, "xx--xx")
        embed = embed_of(message)
        assert embed.title == "4 of 6 right"
        assert embed.description.endswith(
            "Skipping it takes 5 of 6, so it stays on your path. What you know already goes quickly there."
        )
        assert len(embed.fields[0].value.splitlines()) == 2
        assert embed.footer.text == "/next shows what to do now."
        assert labels_of(message.message) == []


async def test_keeping_it_changes_nothing(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "item", ITEM)
        await run(s, message, "xxx")
        assert labels_of(message.message) == ["Skip this part", "Keep it on my path"]
        await s.ada.click(message, label="Keep it on my path")
        assert embed_of(message).description.endswith("It stays on your path. `/next` shows what to do now.")
        assert labels_of(message.message) == []
        assert s.rows("SELECT * FROM progress") == []


async def test_a_part_is_skipped_and_a_second_click_changes_nothing(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "item", ITEM)
        await run(s, message, "xxx")
        await s.client.services.probe.skip(1, s.ada.id)  # the first of two clicks
        await s.ada.click(message, label="Skip this part")
        assert embed_of(message).description.endswith(
            "This part is off your path already. `/progress undo` takes a skip back."
        )
        assert s.rows("SELECT item, state FROM progress") == [(ITEM, "known")]
        assert s.rows("SELECT count(*) FROM progress_changes") == [(1,)]


async def test_a_placement_offers_each_step_by_itself(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "placement")
        assert embed_of(message).title == "Where to begin"
        await run(s, message, "xxxx-xxx")
        steps = [s.client.services.curriculum.step(number).title for number in (1, 3)]
        assert embed_of(message).description == (
            "**Where to begin**\n\nAll of your answers were right on what follows, so you may skip it:\n"
            f"- Step 1: {steps[0]}\n- Step 3: {steps[1]}\n\n"
            "If a guess was among them, keep it. What you know already goes quickly there."
        )
        assert labels_of(message.message) == ["Skip step 1", "Skip step 3", "Keep it on my path"]
        await s.ada.click(message, label="Skip step 3")
        assert "Step 3: " in embed_of(message).description
        assert labels_of(message.message) == ["Skip step 1", "Keep it on my path"]
        await s.ada.click(message, label="Keep it on my path")
        assert labels_of(message.message) == []


async def test_a_placement_that_proves_nothing_begins_with_step_1(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "placement")
        assert embed_of(message).footer.text.startswith("Question 1 of at most 9")
        await s.ada.click(message, label="I don't know")
        assert embed_of(message).title == "❌ Not quite"
        assert embed_of(message).description.split("\n\n")[1] == (
            "Not knowing it yet is fine. Now you have seen it once."
        )
        await s.restart()
        await s.ada.click(message, label="Next question")
        assert embed_of(message).footer.text.startswith("Question 2 of at most 7")
        await run(s, message, "x-xx-")
        assert embed_of(message).title == "3 of 6 right"
        assert [field.name for field in embed_of(message).fields] == ["Your path comes to these"]
        assert embed_of(message).description.endswith(
            "Skipping a step takes 3 right answers on it, so nothing is skipped and your path begins with step 1. "
            "What you know already goes quickly there."
        )
        assert labels_of(message.message) == []


async def test_a_review_ends_with_what_has_slipped(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "review", "softmax,dropout")
        await run(s, message, "x-")
        embed = embed_of(message)
        assert embed.title == "1 of 2 right"
        assert embed.description == "**A short review**\n\nA second look brings back what has slipped."
        assert [(field.name, field.value) for field in embed.fields] == [("Worth a second look", "- Dropout")]
        assert s.rows("SELECT concept, kind, is_correct FROM evidence ORDER BY id") == [
            ("softmax", "review", 1),
            ("dropout", "review", 0),
        ]


async def test_every_button_outlives_a_restart(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "item", ITEM)
        for _ in range(3):
            await s.restart()
            await s.ada.click(message, label=label(s, message, right=True))
            await s.restart()
            await s.ada.click(message, label=labels_of(message.message)[0])
        await s.restart()
        await s.ada.click(message, label="Skip this part")
        assert s.rows("SELECT item, state FROM progress") == [(ITEM, "known")]
        assert len({button.__discord_ui_compiled_template__.pattern for button in PROBE_BUTTONS}) == 5


async def test_another_device_goes_on_where_the_first_was_left(settings, encoder):
    async with running_server(settings, encoder) as s:
        phone = await begin(s, "step", "step:2")
        await run(s, phone, "xx")
        await s.restart()
        laptop = await begin(s, "step", "step:2")
        assert embed_of(laptop).description.startswith(
            "*You began these questions earlier, and they go on where you left.*\n\n"
        )
        assert embed_of(laptop).footer.text.startswith("Question 3 of 6")
        assert shown(s, laptop) == shown(s, phone)
        assert s.rows("SELECT count(*) FROM probes") == [(1,)]

        answer = label(s, phone, right=False)
        await s.ada.click(laptop, label=answer)
        await s.ada.click(phone, label=label(s, phone, right=True))
        assert embed_of(phone).title == "❌ Not quite"
        assert embed_of(phone).description == embed_of(laptop).description
        assert embed_of(phone).footer.text == (
            "Question 3 of 6 · You have answered this one before, and the first answer counts."
        )
        assert s.rows("SELECT count(*) FROM evidence") == [(3,)]


async def test_another_member_is_told_politely_and_changes_nothing(settings, encoder):
    async with running_server(settings, encoder) as s:
        await begin(s, "step", "step:2")
        question = await s.client.services.probe.show(1, s.ada.id)
        forged = await s.client.get_channel(s.channel.id).send("forged", view=question_buttons(question))
        await s.env.settle()
        result = await s.grace.click(forged, label=labels_of(forged)[0])
        (told,) = result.followups
        assert told.ephemeral
        assert told.content == NOT_YOURS
        assert forged.embeds == []
        assert s.rows("SELECT * FROM probe_answers") == []
        assert s.rows("SELECT member_id FROM learners") == [(s.ada.id,)]


async def test_a_deleted_probe_is_explained(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "step", "step:2")
        s.rows("PRAGMA foreign_keys = ON")
        s.rows("DELETE FROM probe_answers")
        s.rows("DELETE FROM probes")
        result = await s.ada.click(message, label=labels_of(message)[0])
        (told,) = result.followups
        assert told.ephemeral
        assert told.content == UNKNOWN


async def test_a_question_that_has_left_the_bank_makes_way_for_the_next(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "step", "step:2")
        gone = shown(s, message)
        only(s, *(q for q in s.client.services.curriculum.questions if q.id != gone.id))
        await s.ada.click(message, label=labels_of(message)[0])
        embed = embed_of(message)
        assert embed.title == "A changed question"
        assert embed.description == (
            "This question has been changed since I asked it, so it does not count. Go on with the next."
        )
        assert labels_of(message.message) == ["Next question"]
        await s.ada.click(message, label="Next question")
        assert embed_of(message).footer.text.startswith("Question 1 of 5")
        assert s.rows("SELECT * FROM probe_answers") == []


async def test_nothing_to_ask_is_one_plain_sentence(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "concept", "no-such-concept")
        assert message.content == "I have no questions on this yet. Use `/next` to go on with your path."
        assert s.rows("SELECT * FROM learners") == []


async def test_notes_without_a_curriculum_have_no_questions(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, "step", "step:2")
        s.client.services = dataclasses.replace(s.client.services, probe=None)
        result = await s.ada.click(message, label=labels_of(message)[0])
        (told,) = result.followups
        assert told.content == (
            "There is no curriculum here any more, so I have no questions. Ask me something with `/ask` instead."
        )


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("c_t = f · c_{t-1} + i", "c\\_t = f · c\\_{t-1} + i"),
        ("a**2 and `b**2_x`", "a\\*\\*2 and `b**2_x`"),
        ("P(a|b) ~ N(0, 1)", "P(a\\|b) \\~ N(0, 1)"),
        ("an `open end", "an \\`open end"),
    ],
)
async def test_formulas_are_no_markdown(settings, encoder, text, literal):
    async with running_server(settings, encoder) as s:
        question = some(s, "single").model_copy(update={"prompt": text})
        only(s, question)
        message = await begin(s, "concept", question.concept)
        assert embed_of(message).description.splitlines()[0] == literal
