"""/quiz as a member clicks through it on a simulated Discord, with the real question bank."""

import dataclasses
import json

import pytest

from bot.features.progress.models import State
from bot.features.questions.models import Response
from bot.features.quiz.models import NothingFresh, Wish
from bot.features.quiz.views import QUIZ_ITEMS, render_nothing
from tests.bot.server import labels_of, running_server, text_of
from tests.bot.test_rules_quiz import NOW

NEWCOMER = "You have not begun yet, so these are on what the first parts of your path teach. A guess is fine."
PICK = "Choose one from the list that I suggest while you type."
OR_THESE = "Leave `difficulty` out, or choose one of these."
GONE = "There is no curriculum here any more, so I have no questions. Ask me something with `/ask` instead."


async def quiz(s, member=None, **options):
    result = await (member or s.ada).slash(s.channel, "quiz", **options)
    assert result.response.ephemeral
    assert not result.response.flags.loading
    return result.response


def embed_of(message):
    (embed,) = message.message.embeds
    return embed


def buttons_of(message):
    """The labels below a message, without lists."""
    return [it.label for row in message.message.components for it in row.children if getattr(it, "label", None)]


def rounds(s):
    found = s.rows("SELECT id, subject, questions, finished_at IS NOT NULL FROM rounds ORDER BY id")
    return [(id_, subject, json.loads(questions), bool(is_over)) for id_, subject, questions, is_over in found]


async def shown(s, message, member=None):
    """What the newest round of a member asks next, and its question in the bank."""
    (newest,) = s.rows("SELECT max(id) FROM rounds WHERE member_id = ?", (member or s.ada).id)
    asked = await s.client.services.questions.show(newest[0], (member or s.ada).id)
    bank = {question.id: question for question in s.client.services.curriculum.questions}
    question = bank[rounds(s)[newest[0] - 1][2][asked.position]]
    assert question.prompt.replace("\\", "") in embed_of(message).description.replace("\\", "")
    return asked, question


async def answer(s, message, *, right, member=None):
    """Answer the question of a message by what can be clicked, of whatever kind it is."""
    member = member or s.ada
    asked, question = await shown(s, message, member)
    places = {option.text: place for place, option in enumerate(asked.options)}
    chosen = [option.text for option in question.options if option.correct is right]
    match question.kind:
        case "boolean":
            await member.click(message, label=chosen[0])
        case "single":
            await member.click(message, label="ABCDEFGH"[places[chosen[0]]])
        case "multiple":
            await member.select(message, [str(places[text]) for text in chosen])
            await member.click(message, label="Check")
        case "order":
            texts = [option.text for option in question.options][:: 1 if right else -1]
            for text in texts[:-1]:
                await member.select(message, [str(places[text])])
            await member.click(message, label="Check")
        case "numeric":
            opened = await member.click(message, label="Enter your answer")
            await member.submit_modal(opened, {"number": str(question.answer + (0 if right else 1000))})
    assert embed_of(message).title == ("✅ Right" if right else "❌ Not quite")


async def answer_by_service(s, count, quizzes=1):
    """The same without clicks: so many quizzes of `count` questions, of which Ada knows none."""
    service = s.client.services
    for _ in range(quizzes):
        begun = await service.quiz.begin(s.ada.id, Wish(count=count), guild_id=s.guild.id)
        if isinstance(begun, NothingFresh):
            return
        asked = begun.asked
        for _ in range(asked.total):
            await service.questions.answer(asked.round_id, asked.position, s.ada.id, Response(), asked.stamp)
            asked = await service.questions.show(asked.round_id, s.ada.id)


def wait(s, days):
    """As if everything had been asked and answered so many days earlier."""
    columns = {"rounds": ["made_at"], "attempts": ["answered_at"], "cards": ["due_at", "reviewed_at"]}
    for table, names in columns.items():
        for name in names:
            s.rows(f"UPDATE {table} SET {name} = strftime('%Y-%m-%d %H:%M:%f000', {name}, '-{days} days')")  # noqa: S608


async def start(s):
    """Ada has done the whole first step, so that nothing is said to a newcomer."""
    progress = s.client.services.progress
    path = progress.path_of(await progress.find_learner(s.ada.id))
    await progress.settle_items(s.ada.id, [item.id for item in path.steps[0].required], State.DONE)


# A whole quiz


async def test_a_whole_quiz_by_clicks_and_another_one(settings, encoder):
    async with running_server(settings, encoder) as s:
        await start(s)
        message = await quiz(s, questions=4)
        assert embed_of(message).title == "Your quiz"
        assert embed_of(message).footer.text == "Question 1 of 4 · You can leave at any time; I keep your place."
        assert message.message.content == ""
        for number, right in enumerate((True, False, True, True), 1):
            await answer(s, message, right=right)
            await s.ada.click(message, label="Next question" if number < 4 else "See your result")
        assert embed_of(message).title == "3 of 4 right"
        assert buttons_of(message) == ["Another quiz"]
        assert rounds(s)[0][3]
        assert s.rows("SELECT kind, is_correct FROM evidence ORDER BY id") == [
            ("quiz", 1),
            ("quiz", 0),
            ("quiz", 1),
            ("quiz", 1),
        ]

        result = await s.ada.click(message, label="Another quiz")
        another = result.response
        assert another.ephemeral
        assert embed_of(another).footer.text.startswith("Question 1 of 4")
        assert embed_of(message).title == "3 of 4 right", "the result stays"
        first, second = [set(questions) for _, _, questions, _ in rounds(s)]
        assert first.isdisjoint(second)
        assert s.said() == []

        result = await s.ada.click(message, label="Another quiz")
        assert embed_of(result.response).description == embed_of(another).description
        assert len(rounds(s)) == 2


async def test_a_newcomer_is_told_so_and_the_line_goes_with_the_answer(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await quiz(s)
        assert message.message.content == NEWCOMER
        await s.ada.click(message, label="I don't know")
        assert message.message.content == ""


async def test_it_works_in_direct_messages(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.ada.send_dm("hello")
        message = (await s.ada.user.slash("quiz", questions=1)).response
        await answer(s, message, right=True, member=s.ada.user)
        await s.ada.user.click(message, label="See your result")
        assert embed_of(message).title == "1 of 1 right"
        assert s.rows("SELECT guild_id FROM rounds") == [(None,)]


async def test_options_have_bounds(settings, encoder):
    async with running_server(settings, encoder) as s:
        (command,) = [command for command in await s.client.tree.fetch_commands() if command.name == "quiz"]
        topic, questions, difficulty = command.options
        assert [option.required for option in command.options] == [False] * 3
        assert (topic.autocomplete, topic.min_length, topic.max_length) == (True, 1, 100)
        assert (questions.min_value, questions.max_value) == (1, 15)
        assert [choice.value for choice in difficulty.choices] == ["easy", "medium", "hard", "mixed"]


# Topics


async def test_topics_are_suggested_and_picked(settings, encoder):
    async with running_server(settings, encoder) as s:
        found = await s.ada.autocomplete(s.channel, "quiz", "topic", "softm")
        assert found[0] == {"name": "Softmax · concept of step 3", "value": "concept:softmax"}
        everything = await s.ada.autocomplete(s.channel, "quiz", "topic", "")
        assert [choice["value"] for choice in everything[:3]] == ["missed", "step:1", "step:2"]
        assert len(everything) == 25
        message = await quiz(s, topic="concept:softmax", questions=2)
        assert embed_of(message).title == "Softmax"
        assert message.message.content == ""
        assert {question.rpartition("-")[0][:7] for question in rounds(s)[0][2]} == {"softmax"}


async def test_a_typed_topic_is_taken_if_it_is_clear(settings, encoder):
    async with running_server(settings, encoder) as s:
        assert embed_of(await quiz(s, topic="SoftMax")).title == "Softmax"
        assert embed_of(await quiz(s, topic="step 2")).title == "Step 2: Mathematical foundations"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"topic": "backprop"},
            "Several topics match that: Backpropagation, Backpropagation through time and Reparameterisation trick. "
            + PICK,
        ),
        (
            {"topic": "softmx"},
            f"I know no topic of that name, but there is “Softmax”. {PICK}",
        ),
        (
            {"topic": "missed"},
            "You have missed nothing in the last 30 days. `/quiz` without a topic asks what is good to ask now.",
        ),
        (
            {"topic": "pooling", "difficulty": "hard"},
            f"I have no hard questions on Pooling for you now, but easy and medium ones. {OR_THESE}",
        ),
    ],
)
async def test_what_cannot_be_asked_is_one_plain_sentence(settings, encoder, options, told):
    async with running_server(settings, encoder) as s:
        message = await quiz(s, **options)
        assert message.content == told
        assert s.rows("SELECT * FROM rounds") == []


async def test_what_was_missed_comes_as_a_topic(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await quiz(s, questions=1)
        _, question = await shown(s, message)
        await answer(s, message, right=False)
        again = await quiz(s, topic="missed", questions=15)
        assert embed_of(again).title == "What you missed lately"
        bank = {q.id: q for q in s.client.services.curriculum.questions}
        asked = rounds(s)[1][2]
        assert {bank[id_].concept for id_ in asked} == {question.concept}
        assert question.id in asked


@pytest.mark.parametrize("difficulty", ["easy", "medium", "hard"])
async def test_a_difficulty(settings, encoder, difficulty):
    async with running_server(settings, encoder) as s:
        await quiz(s, topic="step:3", questions=15, difficulty=difficulty)
        bank = {q.id: q for q in s.client.services.curriculum.questions}
        assert {bank[id_].difficulty for id_ in rounds(s)[0][2]} == {difficulty}


# Leaving and going on


async def test_a_quiz_that_was_left_goes_on_after_a_restart(settings, encoder):
    async with running_server(settings, encoder) as s:
        first = await quiz(s)
        for _ in range(2):
            await s.ada.click(first, label="I don't know")
            await s.ada.click(first, label="Next question")
        await s.restart()
        wait(s, 6)
        message = await quiz(s)
        assert message.message.content == "You left this one at question 3 of 5."
        assert buttons_of(message)[-1] == "Start a new one"
        assert embed_of(message).footer.text.startswith("Question 3 of 5")
        assert embed_of(message).description == embed_of(first).description
        await answer(s, message, right=True)
        assert message.message.content == ""
        assert "Start a new one" not in buttons_of(message)
        assert len(rounds(s)) == 1


async def test_a_new_one_takes_its_place_also_after_a_restart(settings, encoder):
    async with running_server(settings, encoder) as s:
        await start(s)
        first = await quiz(s, topic="softmax")
        await s.ada.click(first, label="I don't know")
        message = await quiz(s)
        assert message.message.content == "You left this one at question 2 of 5."
        await s.restart()
        await s.ada.click(message, label="Start a new one")
        assert message.message.content == ""
        assert embed_of(message).title == "Your quiz"
        assert embed_of(message).footer.text.startswith("Question 1 of 5")
        assert "Start a new one" not in buttons_of(message)
        assert [(subject, is_over) for _, subject, _, is_over in rounds(s)] == [
            ("concept:softmax 5 any", True),
            ("any 5 any", False),
        ]
        assert s.rows("SELECT count(*) FROM attempts") == [(1,)], "what was answered stays"
        assert len(QUIZ_ITEMS) == 2


@pytest.mark.parametrize("options", [{"questions": 5}, {"difficulty": "mixed"}, {"topic": "softmax"}])
async def test_with_options_a_new_one_begins(settings, encoder, options):
    async with running_server(settings, encoder) as s:
        first = await quiz(s)
        await s.ada.click(first, label="I don't know")
        message = await quiz(s, **options)
        assert embed_of(message).footer.text.startswith("Question 1 of 5")
        assert [is_over for _, _, _, is_over in rounds(s)] == [True, False]
        await s.ada.click(first, label="Next question")
        assert embed_of(first).footer.text.startswith("Question 2 of 5"), "the old message still answers"


async def test_entered_twice_it_begins_one_quiz(settings, encoder):
    async with running_server(settings, encoder) as s:
        first, second = await quiz(s), await quiz(s)
        assert embed_of(first).description == embed_of(second).description
        assert (first.message.content, second.message.content) == (NEWCOMER, "")
        assert buttons_of(first) == buttons_of(second)
        assert len(rounds(s)) == 1


async def test_each_member_has_their_own(settings, encoder):
    async with running_server(settings, encoder) as s:
        await quiz(s)
        await s.grace.slash(s.channel, "quiz")
        assert s.rows("SELECT member_id FROM rounds ORDER BY id") == [(s.ada.id,), (s.grace.id,)]


# Nothing


async def test_everything_answered_lately_offers_the_reviews(settings, encoder):
    async with running_server(settings, encoder) as s:
        await answer_by_service(s, 15, quizzes=9)
        message = await quiz(s)
        embed = embed_of(message)
        assert embed.title == "Nothing fresh just now"
        assert embed.colour.value == 0x3B6FB6
        assert "within the last 14 days" in embed.description
        wait(s, 3)
        message = await quiz(s)
        due = len((await s.client.services.questions.list_due(s.ada.id)).now)
        assert due > 1
        assert f"{due} reviews are due now." in embed_of(message).description
        assert labels_of(message.message) == [f"Review what is due ({due})"]
        assert [it.custom_id for row in message.message.components for it in row.children] == ["review:start"]


def test_what_is_said_when_there_is_nothing_fresh():
    fresh = "The next fresh one comes <t:1772647200:R>."
    for nothing, told in {
        NothingFresh(0, None, NOW): None,
        NothingFresh(0, NOW, NOW): "Your next review is due <t:1772647200:R>.",
        NothingFresh(1, NOW, NOW): "1 review is due now.",
        NothingFresh(7, None, NOW): "7 reviews are due now.",
    }.items():
        parts = render_nothing(nothing).description.split("\n\n")
        assert parts[0].endswith(fresh)
        assert parts[1:-1] == ([told] if told else [])
        assert parts[-1] == "`/quiz topic:` asks on any topic that you choose, and `/next` goes on with your path."


async def test_notes_without_a_curriculum_have_no_quiz(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await quiz(s, questions=1)
        await s.ada.click(message, label="I don't know")
        await s.ada.click(message, label="See your result")
        s.client.services = dataclasses.replace(s.client.services, quiz=None)
        result = await s.ada.click(message, label="Another quiz")
        assert text_of(result.response) == GONE
