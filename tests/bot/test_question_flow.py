"""Rounds of questions as a member clicks through them on a simulated Discord."""

import dataclasses
import json

import discord
import pytest
from discord import app_commands

from bot.features.questions.models import Response, RoundKind
from bot.features.questions.rules.options import option_id
from bot.features.questions.service import CLOSED, NOT_YOURS, UNKNOWN, QuestionService
from bot.features.questions.views import QUESTION_ITEMS, show_round
from bot.features.questions.views.controls import NO_NUMBER, question_controls
from bot.ui.errors import APOLOGY, run_safely
from tests.bot.server import labels_of, running_server

CHANGED = "This question has been changed since I asked it, so that click does not count."
RESUMED = "*You began these questions earlier, and they go on where you left.*"


# Asking


async def enable(s):
    """A command that asks questions of the bank by their ids, or goes on with a round, as quizzes and reviews do."""

    @app_commands.command(name="asks", description="Asks questions.")
    async def asks(interaction: discord.Interaction, ids: str, kind: str):
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            service = interaction.client.services.questions
            shown = await service.begin(interaction.user.id, RoundKind(kind), ids.split(), guild_id=None)
            await show_round(interaction, shown, edit=False)

    @app_commands.command(name="resume", description="Goes on.")
    async def resume(interaction: discord.Interaction, number: int):
        async with run_safely(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            service = interaction.client.services.questions
            await show_round(interaction, await service.show(number, interaction.user.id), edit=False)

    s.client.tree.add_command(asks)
    s.client.tree.add_command(resume)
    await s.client.tree.sync()


async def begin(s, *questions, kind="quiz"):
    await enable(s)
    result = await s.ada.slash(s.channel, "asks", ids=" ".join(question.id for question in questions), kind=kind)
    return result.response


async def go_on(s, round_id=1):
    return (await s.ada.slash(s.channel, "resume", number=round_id)).response


def some(s, kind, count=1):
    """The first questions of this kind on concepts of their own, without code in the options."""
    found = {}
    for question in s.client.services.curriculum.questions:
        if question.kind == kind and question.unit is None:
            found.setdefault(question.concept, question)
    return list(found.values())[:count] if count > 1 else next(iter(found.values()))


# Answering


def embed_of(message):
    (embed,) = message.message.embeds
    return embed


def buttons_of(message):
    """The labels of the buttons, without the selects."""
    return [it.label for row in message.message.components for it in row.children if isinstance(it, discord.Button)]


def select_of(message):
    (select,) = [it for row in message.message.components for it in row.children if isinstance(it, discord.SelectMenu)]
    return select


def value_of(message, text):
    """The value of the option with this text in a select."""
    return next(option.value for option in select_of(message).options if option.label[4:] == text)


async def press(s, message, text):
    """Click the letter in front of this text."""
    lines = [line.replace("\\", "") for line in embed_of(message).description.splitlines()]
    letter = next(line[2] for line in lines if line[5:] == f" · {text}" or line[6:] == f" · {text}")
    await s.ada.click(message, label=letter)


async def choose(s, message, texts):
    await s.ada.select(message, [value_of(message, text) for text in texts])


async def order(s, message, texts):
    """The last one is placed by itself."""
    for text in texts[:-1]:
        await s.ada.select(message, [value_of(message, text)])


async def type_in(s, message, text):
    opened = await s.ada.click(message, label="Enter your answer")
    return await s.ada.submit_modal(opened, {"number": text})


async def answer(s, message, question, *, right):
    texts = [option.text for option in question.options]
    correct = [option.text for option in question.options if option.correct]
    wrong = [option.text for option in question.options if not option.correct]
    match question.kind:
        case "single":
            await press(s, message, (correct if right else wrong)[0])
        case "boolean":
            await s.ada.click(message, label=(correct if right else wrong)[0])
        case "multiple":
            await choose(s, message, correct if right else wrong)
            await s.ada.click(message, label="Check")
        case "order":
            await order(s, message, texts if right else texts[::-1])
            await s.ada.click(message, label="Check")
        case "numeric":
            await type_in(s, message, str(question.answer if right else question.answer + 1))


def attempts(s, columns="is_correct"):
    return s.rows(f"SELECT {columns} FROM attempts ORDER BY id")  # noqa: S608


KINDS = ("single", "boolean", "multiple", "order", "numeric")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_right_answer_of_each_kind(settings, encoder, kind):
    async with running_server(settings, encoder) as s:
        question = some(s, kind)
        message = await begin(s, question)
        assert message.ephemeral
        assert s.said() == []
        await answer(s, message, question, right=True)
        assert embed_of(message).title == "✅ Right"
        assert question.explanation in embed_of(message).description.replace("\\", "")
        assert attempts(s, "key, question, is_correct") == [("round:1:0", question.id, 1)]
        assert s.rows("SELECT key, concept, is_correct FROM evidence") == [("round:1:0", question.concept, 1)]
        assert s.rows("SELECT question FROM cards") == [(question.id,)]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wrong_answer_of_each_kind(settings, encoder, kind):
    async with running_server(settings, encoder) as s:
        question = some(s, kind)
        message = await begin(s, question)
        await answer(s, message, question, right=False)
        embed = embed_of(message)
        assert embed.title == "❌ Not quite"
        assert embed.fields[0].name == "Source"
        assert "taught in [" in embed.fields[0].value
        assert embed.fields[1].name == "Comes again"
        assert attempts(s) == [(0,)]
        text = embed.description.replace("\\", "")
        wrong = [option for option in question.options if not option.correct]
        assert all((option.remark or "") in text for option in (wrong[:1] if kind == "single" else wrong))
        key = [option.text for option in question.options if option.correct or kind == "order"]
        assert all(right in text for right in key or [f"{question.answer:g}"])


@pytest.mark.parametrize("kind", KINDS)
async def test_not_knowing_counts_as_an_answer_without_a_lure(settings, encoder, kind):
    async with running_server(settings, encoder) as s:
        question = some(s, kind)
        message = await begin(s, question)
        await s.ada.click(message, label="I don't know")
        assert embed_of(message).title == "Here is how it goes"
        assert "Not knowing it yet is fine." in embed_of(message).description
        (row,) = attempts(s, "is_correct, response")
        assert (row[0], json.loads(row[1])) == (0, {"options": [], "number": None})


async def test_what_was_clicked_is_stored_by_what_it_says(settings, encoder):
    async with running_server(settings, encoder) as s:
        single, multiple = some(s, "single"), some(s, "multiple")
        message = await begin(s, single, multiple)
        await answer(s, message, single, right=True)
        await s.ada.click(message, label="Next question")
        await answer(s, message, multiple, right=True)
        stored = [set(json.loads(response)["options"]) for (response,) in attempts(s, "response")]
        assert stored == [
            {option_id(option.text) for option in question.options if option.correct} for question in (single, multiple)
        ]


# Choosing several


async def test_what_is_chosen_can_be_changed_until_it_is_checked(settings, encoder):
    async with running_server(settings, encoder) as s:
        question = some(s, "multiple")
        first, second, third = [option.text for option in question.options][:3]
        message = await begin(s, question)
        assert buttons_of(message) == ["I don't know"]
        await choose(s, message, [first, second])
        assert buttons_of(message) == ["Check", "I don't know"]
        assert {it.label[4:] for it in select_of(message).options if it.default} == {first, second}
        await choose(s, message, [third])
        assert {it.label[4:] for it in select_of(message).options if it.default} == {third}
        await choose(s, message, [])
        assert buttons_of(message) == ["I don't know"]
        assert attempts(s) == []


async def test_what_is_chosen_outlives_a_restart(settings, encoder):
    async with running_server(settings, encoder) as s:
        question = some(s, "multiple")
        message = await begin(s, question)
        await s.restart()
        await choose(s, message, [option.text for option in question.options if option.correct])
        await s.restart()
        await s.ada.click(message, label="Check")
        assert embed_of(message).title == "✅ Right"


# Ordering


async def test_an_order_outlives_a_restart_in_its_middle(settings, encoder):
    async with running_server(settings, encoder) as s:
        question = some(s, "order")
        texts = [option.text for option in question.options]
        message = await begin(s, question)
        assert select_of(message).placeholder == "What comes first?"
        assert buttons_of(message) == ["I don't know"]
        for count, text in enumerate(texts[:-1], 1):
            await s.ada.select(message, [value_of(message, text)])
            await s.restart()
            if count < len(texts) - 1:
                assert select_of(message).placeholder == "What comes next?"
                assert len(select_of(message).options) == len(texts) - count
                assert embed_of(message).description.endswith(f"{count}. {text}")
        assert "**Your order**\n" + "\n".join(f"{n}. {text}" for n, text in enumerate(texts, 1)) in (
            embed_of(message).description.replace("\\", "")
        )
        assert buttons_of(message) == ["Check", "Start over", "I don't know"]
        await s.ada.click(message, label="Check")
        assert embed_of(message).title == "✅ Right"


async def test_an_order_can_be_begun_anew(settings, encoder):
    async with running_server(settings, encoder) as s:
        question = some(s, "order")
        texts = [option.text for option in question.options]
        message = await begin(s, question)
        before = embed_of(message).description
        await order(s, message, texts[::-1])
        await s.ada.click(message, label="Start over")
        assert embed_of(message).description == before
        assert select_of(message).placeholder == "What comes first?"
        await order(s, message, texts)
        await s.ada.click(message, label="Check")
        assert attempts(s) == [(1,)]


# Typing a number


async def test_rubbish_is_refused_with_an_example_and_does_not_count(settings, encoder):
    async with running_server(settings, encoder) as s:
        question = some(s, "numeric")
        message = await begin(s, question)
        before = embed_of(message).description
        refused = await type_in(s, message, "about three")
        (told,) = refused.followups
        assert told.ephemeral
        assert told.content == NO_NUMBER
        assert "0.5" in told.content
        assert embed_of(message).description == before
        assert attempts(s) == []
        await type_in(s, message, f" {question.answer} ".replace(".", ","))
        assert embed_of(message).title == "✅ Right"
        assert attempts(s) == [(1,)]


async def test_the_window_asks_in_the_unit(settings, encoder):
    async with running_server(settings, encoder) as s:
        bank = s.client.services.curriculum.questions
        question = next(q for q in bank if q.unit == "percentage points")
        message = await begin(s, question)
        await s.restart()
        opened = await s.ada.click(message, label="Enter your answer")
        (label,) = opened.modal["components"]
        assert label["label"] == "Your answer in percentage points"
        assert label["component"]["placeholder"] == "For example 0.5, 1/3 or 1e-3"
        await s.restart()
        await s.ada.submit_modal(opened, {"number": f"{question.answer:g} %"})
        assert embed_of(message).title == "✅ Right"
        assert f"**Your answer** {question.answer:g} percentage points" in embed_of(message).description


async def test_windows_of_others_are_left_alone(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, some(s, "numeric"))
        opened = await s.ada.click(message, label="Enter your answer")
        opened._interaction.modal["custom_id"] = "another:window"
        result = await s.ada.submit_modal(opened, {"number": "3"})
        assert not result.acknowledged
        assert attempts(s) == []


async def test_a_failure_is_apologised_for_and_not_logged_with_the_number(settings, encoder, caplog):
    async with running_server(settings, encoder, check_errors=False) as s:
        message = await begin(s, some(s, "numeric"))
        opened = await s.ada.click(message, label="Enter your answer")
        s.rows("ALTER TABLE rounds RENAME TO gone")
        result = await s.ada.submit_modal(opened, {"number": "31337"})
        assert result.followups[0].content == APOLOGY
        assert "31337" not in caplog.text


# Through a round


async def test_a_round_goes_on_to_its_result(settings, encoder):
    async with running_server(settings, encoder) as s:
        first, second = some(s, "single", 2)
        message = await begin(s, first, second)
        assert embed_of(message).footer.text == ("Question 1 of 2 · You can leave at any time; I keep your place.")
        await answer(s, message, first, right=True)
        assert buttons_of(message)[0] == "Next question"
        await s.restart()
        await s.ada.click(message, label="Next question")
        assert RESUMED not in embed_of(message).description
        assert embed_of(message).footer.text.startswith("Question 2 of 2")
        await answer(s, message, second, right=False)
        await s.ada.click(message, label="See your result")
        embed = embed_of(message)
        assert embed.title == "1 of 2 right"
        concept = s.client.services.curriculum.concepts[second.concept]
        assert embed.fields[0].name == "Worth another look"
        assert embed.fields[0].value.startswith(f"- {concept.title}: [")
        assert buttons_of(message) == ["Another quiz"]
        assert s.rows("SELECT count(*) FROM rounds WHERE finished_at IS NOT NULL") == [(1,)]


async def test_another_device_goes_on_and_the_first_answer_counts(settings, encoder):
    async with running_server(settings, encoder) as s:
        first, second = some(s, "single", 2)
        phone = await begin(s, first, second)
        await answer(s, phone, first, right=True)
        await s.ada.click(phone, label="Next question")
        laptop = await go_on(s)
        assert laptop.ephemeral
        assert embed_of(laptop).description.startswith(f"{RESUMED}\n\n")
        await answer(s, laptop, second, right=False)
        await answer(s, phone, second, right=True)
        assert embed_of(phone).title == "❌ Not quite"
        assert embed_of(phone).footer.text == (
            "Question 2 of 2 · You have answered this one before, and the first answer counts."
        )
        assert attempts(s) == [(1,), (0,)]
        assert s.rows("SELECT count(*) FROM evidence") == [(2,)]


async def test_a_double_click_shows_the_same_again(settings, encoder):
    async with running_server(settings, encoder) as s:
        question = some(s, "single")
        message = await begin(s, question)
        service = s.client.services.questions
        asked = await service.asked(1, 0, s.ada.id)
        right = option_id(next(option.text for option in question.options if option.correct))
        await service.answer(1, 0, s.ada.id, Response((right,)), asked.stamp)  # the first of the two clicks
        await answer(s, message, question, right=True)
        assert embed_of(message).title == "✅ Right"
        assert attempts(s) == [(1,)]


async def test_another_member_is_told_politely_and_changes_nothing(settings, encoder):
    async with running_server(settings, encoder) as s:
        numeric, multiple = some(s, "numeric"), some(s, "multiple")
        await begin(s, numeric, multiple)
        service = s.client.services.questions
        for position, label in ((0, "I don't know"), (1, "Check")):
            asked = await service.asked(1, position, s.ada.id)
            forged = await s.client.get_channel(s.channel.id).send("forged", view=question_controls(asked, chosen=[0]))
            await s.env.settle()
            (told,) = (await s.grace.click(forged, label=label)).followups
            assert told.ephemeral
            assert told.content == NOT_YOURS
        assert attempts(s) == []
        assert s.rows("SELECT member_id FROM learners") == [(s.ada.id,)]


async def test_a_deleted_round_is_explained(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, some(s, "single"))
        s.rows("DELETE FROM rounds")
        (told,) = (await s.ada.click(message, label="A")).followups
        assert told.ephemeral
        assert told.content == UNKNOWN


async def test_a_closed_weekly_quiz_is_explained(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, some(s, "single"))
        s.rows("UPDATE rounds SET kind = 'weekly', member_id = NULL, closes_at = '2020-01-01 00:00:00.000000'")
        (told,) = (await s.ada.click(message, label="A")).followups
        assert told.content == CLOSED
        assert attempts(s) == []


def only(s, *questions):
    """The same service with a bank of these questions only."""
    old = s.client.services
    curriculum = dataclasses.replace(old.curriculum, questions=questions)
    asks = old.questions
    service = QuestionService(asks._database, s.env.now, curriculum, asks._scheduler, asks._rng)
    s.client.services = dataclasses.replace(old, questions=service)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_changed_question_makes_way_for_its_new_form(settings, encoder, kind):
    async with running_server(settings, encoder) as s:
        question = some(s, kind)
        message = await begin(s, question)
        only(s, question.model_copy(update={"prompt": "Now it reads otherwise."}))
        match kind:
            case "numeric":
                await type_in(s, message, "3")
            case "multiple" | "order":
                await s.ada.select(message, ["0"])
            case _:
                await s.ada.click(message, label="A" if kind == "single" else "True")
        embed = embed_of(message)
        assert embed.title == "A changed question"
        assert embed.description == CHANGED
        assert buttons_of(message) == ["Go on"]
        assert attempts(s) == []
        await s.ada.click(message, label="Go on")
        assert embed_of(message).description.startswith("Now it reads otherwise.")


async def test_a_question_that_has_left_the_bank_makes_way_for_the_next(settings, encoder):
    async with running_server(settings, encoder) as s:
        first, second = some(s, "single", 2)
        message = await begin(s, first, second)
        only(s, second)
        await s.ada.click(message, label="A")
        assert embed_of(message).title == "A changed question"
        await s.ada.click(message, label="Go on")
        assert second.prompt in embed_of(message).description.replace("\\", "")
        assert embed_of(message).footer.text is None  # it is the only one now


async def answered_elsewhere(s, question):
    """A message that still asks a question that the member has answered on another device."""
    message = await begin(s, question)
    asked = await s.client.services.questions.asked(1, 0, s.ada.id)
    await s.client.services.questions.answer(1, 0, s.ada.id, Response((asked.options[0].id,)), asked.stamp)
    return message


async def test_a_withdrawn_question_that_was_answered_does_not_count(settings, encoder):
    async with running_server(settings, encoder) as s:
        question = some(s, "single")
        message = await answered_elsewhere(s, question)
        s.rows(
            "INSERT INTO rulings (guild_id, question, verdict, decided_at) "
            "VALUES (0, ?, 'retired', '2020-01-01 00:00:00.000000')",
            question.id,
        )
        s.rows("UPDATE attempts SET is_correct = NULL")
        await s.ada.click(message, label="B")
        assert embed_of(message).title == "This one does not count"
        assert "The question has been withdrawn" in embed_of(message).description
        assert "Challenge this question" not in buttons_of(message)
        await s.ada.click(message, label="See your result")
        assert embed_of(message).title == "Nothing to count"


async def test_an_answer_to_a_closed_weekly_quiz_can_be_seen_again(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await answered_elsewhere(s, some(s, "single"))
        s.rows("UPDATE rounds SET kind = 'weekly', closes_at = '2020-01-01 00:00:00.000000'")
        await s.ada.click(message, label="B")
        assert embed_of(message).footer.text == "You have answered this one before, and the first answer counts."
        assert len(attempts(s)) == 1


async def test_an_answered_question_that_has_left_the_bank_is_explained(settings, encoder):
    async with running_server(settings, encoder) as s:
        first, second = some(s, "single", 2)
        message = await answered_elsewhere(s, first)
        only(s, second)
        await s.ada.click(message, label="B")
        assert embed_of(message).title == "A changed question"


async def test_notes_without_a_curriculum_have_no_questions(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, some(s, "single"))
        s.client.services = dataclasses.replace(s.client.services, questions=None)
        (told,) = (await s.ada.click(message, label="A")).followups
        assert told.content == (
            "There is no curriculum here any more, so I have no questions. Ask me something with `/ask` instead."
        )


# After an answer


async def test_a_similar_question_is_a_message_of_its_own(settings, encoder):
    async with running_server(settings, encoder) as s:
        question = next(q for q in s.client.services.curriculum.questions if q.kind == "single")
        message = await begin(s, question)
        await answer(s, message, question, right=True)
        before = embed_of(message).to_dict()
        await s.restart()
        opened = await s.ada.click(message, label="Try a similar one")
        similar = opened.response or opened.followups[0]
        assert similar.ephemeral
        assert similar.id != message.id
        assert embed_of(message).to_dict() == before
        assert s.rows("SELECT kind, member_id FROM rounds") == [("quiz", s.ada.id), ("similar", s.ada.id)]
        await s.ada.click(similar, label="I don't know")
        labels = buttons_of(similar)
        assert labels == ["Try another one", "Challenge this question"]
        await s.restart()
        await s.ada.click(similar, label="Try another one")
        assert "I don't know" in buttons_of(similar)
        assert s.rows("SELECT kind FROM rounds") == [("quiz",), ("similar",), ("similar",)]


@pytest.mark.parametrize(
    ("label", "stored", "said"),
    [
        ("I was sure", "sure", "You were sure, so it can wait that long."),
        ("I guessed", "guessed", "You guessed, so it comes sooner."),
    ],
)
async def test_how_sure_one_was_decides_when_it_comes_again(settings, encoder, label, stored, said):
    async with running_server(settings, encoder) as s:
        question = some(s, "boolean")
        message = await begin(s, question)
        await answer(s, message, question, right=True)
        assert buttons_of(message)[:2] == ["I was sure", "I guessed"]
        before = s.rows("SELECT due_at FROM cards")
        await s.restart()
        await s.ada.click(message, label=label)
        assert attempts(s, "is_correct, confidence") == [(1, stored)]
        fields = {field.name: field.value for field in embed_of(message).fields}
        assert fields["Comes again"].endswith(f"R>. {said}")
        assert "Were you sure?" not in fields
        assert "I guessed" not in buttons_of(message)
        after = s.rows("SELECT due_at FROM cards")
        assert (after < before) is (stored == "guessed")


async def test_a_wrong_answer_is_not_asked_how_sure_it_was(settings, encoder):
    async with running_server(settings, encoder) as s:
        question = some(s, "boolean")
        message = await begin(s, question)
        await answer(s, message, question, right=False)
        assert "I guessed" not in buttons_of(message)


async def test_the_challenge_button_names_the_answer(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await begin(s, some(s, "single"))
        await s.ada.click(message, label="I don't know")
        ids = [it.custom_id for row in message.message.components for it in row.children]
        assert "challenge:1:0" in ids


async def test_news_are_told_once(settings, encoder):
    async with running_server(settings, encoder) as s:
        first, second = some(s, "single", 2)
        await s.client.services.questions.begin(s.ada.id, RoundKind.QUIZ, [first.id], guild_id=None)
        s.rows(
            "INSERT INTO news (member_id, kind, question, details, made_at) "
            "VALUES (?, 'retired', ?, '{}', '2020-01-01 00:00:00.000000')",
            s.ada.id,
            first.id,
        )
        message = await begin(s, first, second)
        title, news, *_ = embed_of(message).description.splitlines()
        assert title == "**Since you last looked**"
        assert news.startswith("- A question that you answered was retired")
        await s.ada.click(message, label="I don't know")
        await s.ada.click(message, label="Next question")
        assert "Since you last looked" not in embed_of(message).description


async def test_the_client_remembers_nothing_for_a_message(settings, encoder):
    """A view with a button of another feature would stay in memory for ever."""
    async with running_server(settings, encoder) as s:
        message = await begin(s, some(s, "single"))
        await s.ada.click(message, label="I don't know")
        assert labels_of(message)[-1] == "Challenge this question"
        assert s.client.persistent_views == []
        assert len(QUESTION_ITEMS) == 6
