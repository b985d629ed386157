"""/next as members click through it on a simulated Discord."""

import asyncio
import json
from datetime import timedelta

import discord
import pytest
from fsrs import Card
from fsrs import State as CardState

from bot.config import IndexSettings
from bot.features.next_step.service import (
    ANSWERED,
    NOT_TAKEN_BACK,
    SETTLED,
    SOMEBODY_ELSES,
    UNKNOWN,
    UNKNOWN_PROJECT,
    WRONG_BUTTON,
)
from bot.features.progress.models import Evidence, EvidenceKind, State
from bot.features.progress.service import UNDONE_ALREADY
from bot.features.questions import store as questions_store
from bot.ui.errors import APOLOGY
from tests.bot.server import labels_of, running_server
from tests.indexer.notes import NOTES, build, write_notes

FIRST = "fastai-practical-deep-learning/lesson-1"
STUDY = ["Open", "Finished", "Worked on it for 40 min", "Start", "Not now", "I know this", "Why this?"]
HINT = "I do not know you yet. `/start` takes a minute, and then I can suggest what fits you."
PUT_OFF = "Put off until tomorrow. Here is something else."


async def next_step(s, member=None, **options):
    result = await (member or s.ada).slash(s.channel, "next", **options)
    assert result.response.ephemeral
    assert not result.response.flags.loading
    return result.response


def card(message):
    (embed,) = message.message.embeds
    return embed


def parts(message):
    """The paragraphs of a recommendation by their bold first words."""
    found = {}
    for paragraph in card(message).description.split("\n\n"):
        name, _, text = paragraph.removeprefix("**").partition("** ")
        found[name] = text
    return found


def noted(message):
    """What stands in place of a recommendation once something is noted."""
    assert message.message.embeds == []
    return message.message.content


def fates(s):
    return s.rows("SELECT id, kind, state FROM recommendations ORDER BY id")


def changes(s):
    return s.rows("SELECT item, after, minutes, is_undone FROM progress_changes ORDER BY id")


async def know(s, *steps):
    """Ada knows everything in these steps."""
    progress = s.client.services.progress
    path = progress.path_of(await progress.find_learner(s.ada.id))
    items = [item.id for step in path.steps if step.number in steps for item in step.required]
    await progress.settle_items(s.ada.id, items, State.KNOWN)


async def answer(s, concept, *marks):
    evidence = [Evidence(concept, EvidenceKind.QUIZ, right, f"{concept}:{n}") for n, right in enumerate(marks)]
    await s.client.services.progress.add_evidence(s.ada.id, evidence)


async def forge(s, custom_id, *, options=()):
    """A public message with one button or menu, as only somebody with the bot's token could make it."""
    view = discord.ui.View(timeout=None)
    if options:
        choices = [discord.SelectOption(label=value, value=value) for value in options]
        view.add_item(discord.ui.Select(custom_id=custom_id, options=choices))
    else:
        view.add_item(discord.ui.Button(label="Forged", custom_id=custom_id))
    message = await s.client.get_channel(s.channel.id).send("forged", view=view)
    await s.env.settle()
    return message


async def click_forged(s, custom_id, member=None):
    message = await forge(s, custom_id)
    result = await (member or s.ada).click(message, label="Forged")
    reply = result.followups[0] if result.followups else None
    assert reply is None or reply.ephemeral
    return reply and reply.content


# What it says


async def test_a_first_recommendation_for_somebody_new(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        embed = card(message)
        assert embed.title == "Lesson 1: Getting started"
        assert embed.url == "https://course.fast.ai/Lessons/lesson1.html"
        assert embed.colour.value == 0x3B6FB6
        unit = s.client.services.curriculum.resources["fastai-practical-deep-learning"].unit("lesson-1")
        assert parts(message) == {
            "*Practical Deep Learning for Coders*": "",
            "Why now": s.rows("SELECT reason FROM recommendations")[0][0],
            "Time": "40 min now, about 6 h for the whole of it.",
            "Afterwards": unit.summary,
        }
        assert [(field.name, field.value) for field in embed.fields] == [("New here?", HINT)]
        assert labels_of(message) == STUDY
        assert s.said() == []


async def test_it_works_in_direct_messages(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.ada.send_dm("hello")
        message = (await s.ada.user.slash("next")).response
        assert card(message).title == "Lesson 1: Getting started"
        await s.ada.user.click(message, label="Finished")
        assert noted(message).startswith("Noted: **Lesson 1: Getting started** is finished.")


async def test_minutes_cut_the_sitting(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s, minutes=90)
        assert parts(message)["Time"] == "1 h 30 min now, about 6 h for the whole of it."
        whole = await next_step(s, minutes=480)
        assert parts(whole)["Time"] == "About 6 h."
        assert labels_of(whole) == [label for label in STUDY if not label.startswith("Worked")]


async def test_the_minutes_have_bounds(settings, encoder):
    async with running_server(settings, encoder) as s:
        (command,) = [command for command in await s.client.tree.fetch_commands() if command.name == "next"]
        (minutes,) = command.options
        assert (minutes.min_value, minutes.max_value, minutes.required) == (5, 480, False)


async def test_who_was_through_start_reads_no_hint(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.save_profile(s.ada.id, started_at=s.env.now())
        assert card(await next_step(s)).fields == []


async def test_their_own_words_come_back_escaped_after_a_third_no(settings, encoder):
    async with running_server(settings, encoder) as s:
        words = "to *read* papers,\n@everyone <#1>"
        await s.client.services.progress.save_profile(s.ada.id, motivation=words, started_at=s.env.now())
        message = await next_step(s)
        for number in range(3):
            assert card(message).fields == []
            await s.ada.click(message, label="Not now")
            assert message.message.content == PUT_OFF, number
        (field,) = card(message).fields
        assert field.name == "You wrote why you learn"
        assert field.value == "> to \\*read\\* papers, @\u200beveryone \\<\\#1\\>"
        assert s.said() == []


# Start, work, finish, undo


async def test_start_keeps_the_buttons(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        await s.ada.click(message, label="Start")
        assert message.message.content == "Noted: you are on **Lesson 1: Getting started**."
        assert parts(message)["Time"] == "40 min now, about 6 h left of it."
        assert labels_of(message) == [label for label in STUDY if label != "Start"] + ["Undo"]
        assert fates(s) == [(1, "study", "started")]
        assert s.rows("SELECT item, state, minutes FROM progress") == [(FIRST, "started", 0)]


async def test_worked_on_it_adds_the_sitting(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        await s.ada.click(message, label="Worked on it for 40 min")
        assert noted(message) == ("Noted: 40 min on **Lesson 1: Getting started**. About 5 h 20 min of it are left.")
        assert labels_of(message) == ["What next?", "Undo"]
        assert s.rows("SELECT item, state, minutes FROM progress") == [(FIRST, "started", 40)]
        await s.ada.click(message, label="What next?")
        assert message.message.content == ""
        assert card(message).title == "Lesson 1: Getting started"
        assert parts(message)["Time"] == "40 min now, about 5 h 20 min left of it."
        await s.ada.click(message, label="Worked on it for 40 min")
        assert s.rows("SELECT item, state, minutes FROM progress") == [(FIRST, "started", 80)]


async def test_finished_and_what_next(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        await s.ada.click(message, label="Finished")
        assert noted(message) == (
            "Noted: **Lesson 1: Getting started** is finished. Step 1: 1 of 9 parts done. I counted 6 h for this week. "
            "If it took another time, click Undo and name the `minutes` in `/progress complete`."
        )
        assert labels_of(message) == ["What next?", "Undo"]
        assert changes(s) == [(FIRST, "done", 360, 0)]
        await s.ada.click(message, label="What next?")
        assert card(message).title.startswith("Lesson 2")


async def test_undo_shows_it_again_and_finished_counts_again(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        await s.ada.click(message, label="Finished")
        await s.ada.click(message, label="Undo")
        assert message.message.content == "Taken back."
        assert card(message).title == "Lesson 1: Getting started"
        assert labels_of(message) == STUDY
        assert s.rows("SELECT * FROM progress") == []
        assert fates(s) == [(1, "study", "open")]
        await s.ada.click(message, label="Finished")
        assert s.rows("SELECT item, state, minutes FROM progress") == [(FIRST, "done", 360)]


async def test_start_and_its_undo(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        await s.ada.click(message, label="Start")
        await s.ada.click(message, label="Undo")
        assert labels_of(message) == STUDY
        assert s.rows("SELECT * FROM progress") == []


async def test_what_was_done_elsewhere_is_not_opened_again(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        await s.client.services.progress.settle_item(s.ada.id, FIRST, State.DONE)
        late = await s.ada.click(message, label="Worked on it for 40 min")
        assert late.followups[0].content == SETTLED
        assert late.followups[0].ephemeral
        assert s.rows("SELECT state FROM progress") == [("done",)]


async def test_two_clicks_at_once_count_once(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        copy = await forge(s, "next:1:work")
        await s.ada.click(message, label="Worked on it for 40 min")
        again = await s.ada.click(copy, label="Forged")
        assert again.followups == []
        assert changes(s) == [(FIRST, "started", 40, 0)]
        assert (await s.client.get_channel(s.channel.id).fetch_message(copy.id)).content == noted(message)
        late = await click_forged(s, "next:1:decline")
        assert late == ANSWERED


async def test_a_second_undo_is_explained(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        await s.ada.click(message, label="Finished")
        await s.ada.click(message, label="Undo")
        assert await click_forged(s, "next:1:undo:1") == UNDONE_ALREADY
        assert await click_forged(s, "next:1:undo") == NOT_TAKEN_BACK


async def test_every_button_outlives_a_restart(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        for label in ("Start", "Worked on it for 40 min", "Undo", "Finished", "Undo", "Not now", "Undo"):
            await s.restart()
            result = await s.ada.click(message, label=label)
            assert result.followups == [], label
        await s.restart()
        why = await s.ada.click(message, label="Why this?")
        assert card(why.response).title == "Why this?"
        await s.restart()
        knows = await s.ada.click(message, label="I know this")
        assert card(knows.followups[0]).footer.text.startswith("Question 1 of 3")
        await s.restart()
        await s.ada.click(message, label="What next?")
        assert card(message).title == "Lesson 1: Getting started"
        assert [(after, undone) for _, after, _, undone in changes(s)] == [("started", 0), ("started", 1), ("done", 1)]


# Not now


async def test_not_now_and_undo(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s, minutes=30)
        await s.ada.click(message, label="Not now")
        assert message.message.content == PUT_OFF
        other = card(message).title
        assert other != "Lesson 1: Getting started"
        assert parts(message)["Time"].startswith("30 min now")
        assert labels_of(message)[-1] == "Undo"
        assert fates(s) == [(1, "study", "declined"), (2, "study", "open")]
        assert card(await next_step(s, minutes=30)).title == other
        await s.ada.click(message, label="Undo")
        assert card(message).title == "Lesson 1: Getting started"
        assert fates(s) == [(1, "study", "open"), (2, "study", "open")]


async def test_the_minutes_stay_through_several_noes(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s, minutes=15)
        for _ in range(2):
            await s.ada.click(message, label="Not now")
            assert parts(message)["Time"].startswith("15 min now")


async def test_tomorrow_it_is_back(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        await s.ada.click(message, label="Not now")
        await s.env.advance_time(24 * 3600)
        assert card(await next_step(s)).title == "Lesson 1: Getting started"


# Questions


async def test_i_know_this_asks_and_a_pass_lets_it_be_skipped(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        result = await s.ada.click(message, label="I know this")
        assert noted(message) == (
            "A few questions show whether you can skip this part. If not, it simply stays on your path."
        )
        assert labels_of(message) == ["What next?", "Undo"]
        (question,) = result.followups
        assert question.ephemeral
        assert s.rows("SELECT purpose, target FROM probes") == [("item", FIRST)]
        assert fates(s) == [(1, "study", "known")]
        await answer_all(s, question)
        await s.ada.click(question, label="Skip this part")
        assert s.rows("SELECT item, state FROM progress") == [(FIRST, "known")]
        await s.ada.click(message, label="What next?")
        assert card(message).title.startswith("Lesson 2")


async def answer_all(s, question):
    """Give the right answer to each question of a probe."""
    probe_id = s.rows("SELECT max(id) FROM probes")[0][0]
    probes = s.client.services.probe
    async with probes._database.transaction() as session:
        probe = await probes._find(session, probe_id, s.ada.id)
    for position in range(len(probe.questions)):
        _, options = probes._shown(probe, position)
        place = next(place for place, option in enumerate(options) if option.correct)
        await s.ada.click(question, custom_id=f"probe:{probe_id}:{position}:{place}")
        await s.ada.click(question, custom_id=f"probe:{probe_id}:next")


async def test_a_placement_probe_is_begun(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.save_profile(s.ada.id, deep_learning=3, started_at=s.env.now())
        message = await next_step(s)
        assert card(message).title == "Six questions on step 1"
        assert labels_of(message) == ["Begin", "Not now", "Why this?"]
        result = await s.ada.click(message, label="Begin")
        assert noted(message) == "Here are your questions. Take your time."
        assert labels_of(message) == ["What next?"]
        assert card(result.followups[0]).footer.text.startswith("Question 1 of 6")
        assert s.rows("SELECT purpose, target FROM probes") == [("step", "step:1")]
        again = await click_forged_probe(s, "next:1:begin")
        assert card(again).footer.text.startswith("Question 1 of 6")
        assert s.rows("SELECT count(*) FROM probes") == [(1,)]
        await s.ada.click(message, label="What next?")
        assert card(message).title == "Lesson 1: Getting started"


async def click_forged_probe(s, custom_id):
    result = await s.ada.click(await forge(s, custom_id), label="Forged")
    return result.followups[0]


async def test_a_part_that_is_solid_may_be_skipped_after_three_questions(settings, encoder):
    async with running_server(settings, encoder) as s:
        curriculum = s.client.services.curriculum
        unit = curriculum.resources["fastai-practical-deep-learning"].unit("lesson-1")
        for concept in unit.concepts:
            await answer(s, concept, True, True, True, True)
        message = await next_step(s)
        assert card(message).title == "Three questions on Lesson 1: Getting started"
        await s.ada.click(message, label="Begin")
        assert s.rows("SELECT purpose, target FROM probes") == [("item", FIRST)]


async def test_a_review_is_begun(settings, encoder):
    async with running_server(settings, encoder) as s:
        await answer(s, "dropout", True, True, True, True)
        s.env.backend.clock.advance(90 * 24 * 3600)  # a leap: every look for due work on the way would take minutes
        message = await next_step(s)
        assert card(message).title == "Review Dropout"
        assert parts(message)["Time"] == "About 2 min."
        assert labels_of(message) == ["Begin", "Not now", "Why this?"]
        result = await s.ada.click(message, label="Begin")
        assert card(result.followups[0]).title == "A short review"
        assert s.rows("SELECT purpose, target FROM probes") == [("review", "dropout")]


async def schedule(s, *dues):
    """Cards of Ada's that are due so many days from now; "True" is right of each."""
    services = s.client.services
    await services.progress.save_profile(s.ada.id)
    bank = [q for q in services.curriculum.questions if q.kind == "boolean" and q.options[0].correct]
    async with services.review._database.transaction() as session:
        for question, days in zip(bank, dues, strict=False):
            now = s.env.now()
            card = Card(0, CardState.Review, None, 3.0, 5.0, now + timedelta(days=days), now - timedelta(days=9))
            await questions_store.update_card(session, s.ada.id, question.id, card)
    return bank[: len(dues)]


async def test_what_is_due_is_begun_and_answered_from_next(settings, encoder):
    async with running_server(settings, encoder) as s:
        first, _, _ = await schedule(s, -4, -1, 3)
        message = await next_step(s)
        title = s.client.services.curriculum.concepts[first.concept].title
        assert card(message).title == "Review 2 questions that are due"
        assert parts(message)["Why now"] == f"2 questions are due, the one on {title} for 4 days."
        assert parts(message)["Time"] == "About 2 min."
        assert labels_of(message) == ["Begin", "Not now", "Why this?"]
        await s.restart()
        result = await s.ada.click(message, label="Begin")
        assert noted(message) == "Here are your questions. Take your time."
        assert labels_of(message) == ["What next?"]
        (question,) = result.followups
        assert question.ephemeral
        assert card(question).footer.text.startswith("Question 1 of 2")
        await s.ada.click(question, label="True")
        assert s.rows("SELECT kind FROM rounds") == [("review",)]
        assert s.rows("SELECT kind, is_correct FROM evidence") == [("review", 1)]
        assert s.rows("SELECT * FROM probes") == []


async def test_what_was_reviewed_meanwhile_is_no_longer_due(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, -4)
        message, other = await next_step(s), await next_step(s)
        result = await s.ada.click(message, label="Begin")
        await s.ada.click(result.followups[0], label="True")
        result = await s.ada.click(other, label="Begin")
        assert card(result.followups[0]).description.startswith("Nothing is due right now.")


async def test_a_weak_concept_is_studied_again_and_then_asked(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.settle_item(s.ada.id, FIRST, State.DONE)
        await answer(s, "metric", False, False, False)
        message = await next_step(s)
        title = s.client.services.curriculum.concepts["metric"].title
        assert card(message).title == title
        assert card(message).url
        assert labels_of(message) == ["Open", "Finished", "Not now", "Why this?"]
        await s.ada.click(message, label="Finished")
        assert noted(message) == (
            f"Noted: you have been through **{title}** again. Three questions show whether it sits."
        )
        assert labels_of(message) == ["Three questions", "What next?", "Undo"]
        await s.restart()
        result = await s.ada.click(message, label="Three questions")
        assert card(result.followups[0]).footer.text.startswith("Question 1 of 3")
        assert s.rows("SELECT purpose, target FROM probes") == [("review", "metric,metric,metric")]
        (questions,) = s.rows("SELECT questions FROM probes")[0]
        assert len(set(json.loads(questions))) == 3
        assert labels_of(message) == ["What next?"]


async def test_a_weak_concept_can_be_undone(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.settle_item(s.ada.id, FIRST, State.DONE)
        await answer(s, "metric", False, False, False)
        message = await next_step(s)
        await s.ada.click(message, label="Finished")
        await s.ada.click(message, label="Undo")
        assert message.message.content == "Taken back."
        assert labels_of(message) == ["Open", "Finished", "Not now", "Why this?"]


# Rest, beyond, mentor


async def test_rest_and_something_anyway(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.save_profile(s.ada.id, hours_per_week=1, started_at=s.env.now())
        await s.client.services.progress.settle_item(s.ada.id, FIRST, State.STARTED, minutes=60)
        message = await next_step(s)
        assert card(message).title == "Rest: your week's plan is met"
        assert list(parts(message)) == ["Why now", "Afterwards"]
        assert labels_of(message) == ["Something anyway", "Why this?"]
        await s.ada.click(message, label="Something anyway")
        assert message.message.content == "All right, here is something anyway."
        assert card(message).title == "Lesson 1: Getting started"
        assert fates(s) == [(1, "rest", "declined"), (2, "study", "started")]
        assert "Undo" not in labels_of(message)


async def test_enough_for_today_and_something_anyway(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        while card(message).title != "Enough for today":
            await s.ada.click(message, label="Not now")
        assert labels_of(message) == ["Something anyway", "Why this?", "Undo"]
        await s.ada.click(message, label="Something anyway")
        assert card(message).title == "Lesson 1: Getting started"


async def test_beyond_the_curriculum(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.save_profile(s.ada.id, first_capstone="own", second_capstone="own")
        await know(s, 1, 2, 3, 4, 5, 6)
        message = await next_step(s, minutes=30)
        assert labels_of(message) == ["Open", "Finished", "Worked on it for 30 min", "Not now", "Why this?"]
        title = card(message).title
        await s.ada.click(message, label="Finished")
        assert noted(message).startswith(f"Noted: **{title}** is finished. I counted 30 min for this week.")
        assert changes(s)[-1][1:] == ("done", 30, 0)
        await s.ada.click(message, label="What next?")
        assert card(message).title != title


async def test_to_explain_something(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.settle_item(s.ada.id, FIRST, State.DONE, minutes=0)
        message = await next_step(s)
        while card(message).title != "Explain something to somebody here":
            await s.ada.click(message, label="Not now")
        assert labels_of(message) == ["Finished", "Not now", "Why this?", "Undo"]
        await s.ada.click(message, label="Finished")
        assert noted(message) == "Noted. Explaining something is how it stays."
        await s.ada.click(message, label="Undo")
        assert message.message.content == "Taken back."


# Projects


async def test_a_project_is_chosen_from_the_list_and_changed(settings, encoder):
    async with running_server(settings, encoder) as s:
        await know(s, 1, 2, 3)
        message = await next_step(s)
        assert card(message).title == "Choose a project"
        menu, buttons = message.message.components
        (select,) = menu.children
        curriculum = s.client.services.curriculum
        ideas = {id_ for id_, idea in curriculum.capstones.items() if idea.step == 4}
        assert {option.value for option in select.options} == {*ideas, "own"}
        assert select.options[-1].label == "My own idea"
        first = curriculum.capstones[select.options[0].value]
        assert select.options[0].label == first.title
        assert select.options[0].description == f"Difficulty 1 of 5, {first.hours.min:g}–{first.hours.max:g} h"
        assert [button.label for button in buttons.children] == ["Not now", "Why this?"]

        chosen = select.options[0].value
        await s.restart()
        await s.ada.select(message, [chosen])
        assert noted(message) == f"Noted: **{first.title}** is your project for step 4. You can change it at any time."
        assert s.rows("SELECT first_capstone, second_capstone FROM learners") == [(chosen, None)]
        assert labels_of(message) == ["What next?", "Choose another project"]

        await s.ada.click(message, label="What next?")
        assert labels_of(message)[-2:] == ["Choose another project", "Why this?"]
        assert "I know this" not in labels_of(message)
        await s.restart()
        await s.ada.click(message, label="Choose another project")
        assert card(message).title == "Your project for step 4"
        (select,) = message.message.components[0].children
        assert [option.value for option in select.options if option.default] == [chosen]
        await s.ada.select(message, ["own"])
        assert noted(message) == "Noted: **your own idea** is your project for step 4. You can change it at any time."
        assert s.rows("SELECT first_capstone FROM learners") == [("own",)]


async def test_a_project_can_be_left_as_it_is(settings, encoder):
    async with running_server(settings, encoder) as s:
        await know(s, 1, 2, 3)
        await s.client.services.progress.save_profile(s.ada.id, first_capstone="own")
        message = await next_step(s)
        title = card(message).title
        await s.ada.click(message, label="Choose another project")
        await s.ada.click(message, label="Leave it as it is")
        assert card(message).title == title
        assert s.rows("SELECT first_capstone FROM learners") == [("own",)]


async def test_a_forged_project_is_refused(settings, encoder):
    async with running_server(settings, encoder) as s:
        await know(s, 1, 2, 3)
        await next_step(s)
        forged = await forge(s, "next:1:choose", options=["no-such-project"])
        result = await s.ada.select(forged, ["no-such-project"])
        assert result.followups[0].content == UNKNOWN_PROJECT
        assert s.rows("SELECT first_capstone FROM learners") == [(None,)]


# Why this?


async def test_why_this_is_private_and_leaves_the_card_alone(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        result = await s.ada.click(message, label="Why this?")
        assert result.response.ephemeral
        reason = s.rows("SELECT reason FROM recommendations")[0][0]
        assert card(result.response).description.splitlines()[:2] == [
            f"**The reason.** {reason}",
            "**The rule.** What you have begun, or else the first part of your path that is not settled, comes next.",
        ]
        assert labels_of(message) == STUDY


# Somebody else, unknown ones, forged ones


ACTIONS = ["finish", "work", "start", "begin", "know", "decline", "anyway", "why", "project", "undo", "undo:1"]


@pytest.mark.parametrize("action", ACTIONS)
async def test_the_buttons_are_for_one_member(settings, encoder, action):
    async with running_server(settings, encoder) as s:
        await next_step(s)
        forged = await forge(s, f"next:1:{action}")
        result = await s.grace.click(forged, label="Forged")
        reply = result.response if action == "why" else result.followups[0]
        assert reply.ephemeral
        assert reply.content == SOMEBODY_ELSES
        assert fates(s) == [(1, "study", "open")]
        assert changes(s) == []


async def test_what_next_is_for_everybody(settings, encoder):
    """It reads nothing of the recommendation that it stands below."""
    async with running_server(settings, encoder) as s:
        await next_step(s)
        forged = await forge(s, "next:1:more")
        await s.grace.click(forged, label="Forged")
        assert s.rows("SELECT member_id FROM recommendations ORDER BY id") == [(s.ada.id,), (s.grace.id,)]


@pytest.mark.parametrize("action", ACTIONS)
async def test_unknown_ones_are_explained(settings, encoder, action):
    async with running_server(settings, encoder) as s:
        for number in (0, 7, 10**18 - 1):
            forged = await forge(s, f"next:{number}:{action}")
            result = await s.ada.click(forged, label="Forged")
            reply = result.response if action == "why" else result.followups[0]
            assert reply.content == UNKNOWN


@pytest.mark.parametrize("action", ["finish", "work", "start", "know", "project"])
async def test_a_button_of_another_kind_is_explained(settings, encoder, action):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.save_profile(s.ada.id, deep_learning=3)
        await next_step(s)
        assert await click_forged(s, f"next:1:{action}") == WRONG_BUTTON
        assert fates(s) == [(1, "probe", "open")]


@pytest.mark.parametrize("custom_id", ["next:1:explode", "next:x:finish", "next:1:decline:9999", f"next:{10**18}:why"])
async def test_what_is_no_button_of_mine_does_nothing(settings, encoder, custom_id):
    async with running_server(settings, encoder) as s:
        await next_step(s)
        result = await s.ada.click(await forge(s, custom_id), label="Forged")
        assert not result.acknowledged
        assert fates(s) == [(1, "study", "open")]


async def test_forged_minutes_are_ignored(settings, encoder):
    async with running_server(settings, encoder) as s:
        await next_step(s)
        forged = await forge(s, "next:1:decline:999")
        await s.ada.click(forged, label="Forged")
        assert [minutes for (minutes,) in s.rows("SELECT minutes FROM recommendations")] == [40, 40]


async def test_after_the_data_was_deleted(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await next_step(s)
        s.rows("DELETE FROM recommendations")
        result = await s.ada.click(message, label="Finished")
        assert result.followups[0].content == UNKNOWN


async def test_a_failure_is_apologised_for(settings, encoder, caplog):
    async with running_server(settings, encoder, check_errors=False) as s:
        message = await next_step(s)
        s.rows("ALTER TABLE recommendations RENAME TO gone")
        result = await s.ada.click(message, label="Finished")
        assert result.followups[0].content == APOLOGY


# Servers


async def test_a_finished_step_is_congratulated_once(settings, encoder):
    async with running_server(settings, encoder) as s:
        services = s.client.services
        await services.guild_settings.set_milestones_channel(s.guild.id, s.channel.id)
        await services.progress.change_enrolment(s.ada.id, s.guild.id, is_visible=True, is_congratulated=True)
        items = [
            item.id
            for item in services.progress.path_of(await services.progress.find_learner(s.ada.id)).steps[0].required
        ]
        await services.progress.settle_items(s.ada.id, items[:-1], State.KNOWN)
        message = await next_step(s)
        await s.ada.click(message, label="Finished")
        assert "That completes step 1, A practical encounter. I counted " in noted(message)
        (said,) = s.said()
        assert said.embeds[0].title == "Step 1 is done"
        await s.ada.click(message, label="Undo")
        await s.ada.click(message, label="Finished")
        assert len(s.said()) == 1


# A folder of plain notes


async def test_plain_notes_have_no_next(settings, encoder, tmp_path):
    write_notes(tmp_path / "notes", NOTES)
    build(tmp_path / "notes", tmp_path / "index", encoder)
    plain = settings.model_copy(
        update={"index": IndexSettings(knowledge=tmp_path / "notes", folder=tmp_path / "index")}
    )
    async with running_server(plain, encoder) as s:
        names = {command.name for command in await s.client.tree.fetch_commands()}
        assert not names & {"next", "start"}
        sentence = "There is no curriculum here any more, so I have nothing to suggest. Ask me something with `/ask`."
        assert await click_forged(s, "next:1:finish") == sentence


async def test_many_members_at_once(settings, encoder):
    async with running_server(settings, encoder) as s:
        service = s.client.services.next_step
        found = await asyncio.gather(*(service.recommend(member) for member in range(1, 21)))
        assert len({one.id for one in found}) == 20
