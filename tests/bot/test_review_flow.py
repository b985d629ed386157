"""Reviews and their reminders as members click through them on a simulated Discord."""

import dataclasses
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import discord
import pytest
from discord.utils import format_dt
from fsrs import Card, State

from bot.features.questions import store as questions_store
from bot.features.questions.models import Ruling, Verdict
from bot.features.review.models import REMINDER, Nudge, Overview
from bot.features.review.rules import NOTHING_DUE, REFUSED, TOO_LATE
from bot.features.review.service import NO_TEXT
from bot.features.review.views import StartButton, render_nudge, render_overview
from bot.scheduling import store as work
from tests.bot.server import labels_of, running_server, text_of

DAY = timedelta(days=1)
BERLIN = "Europe/Berlin"
GO_ON = {"Next question", "See your result"}
STOPPED = "Your reminder is off. `/review` turns it on again."
REFUSED_NOTICE = (
    "I could not write to you, so your reminder is off: allow direct messages from a server in which we both are, "
    "then turn it on again with Remind me."
)


def true_ones(s, count):
    """Questions of which "True" is right, each on a concept of its own."""
    found = {}
    for question in s.client.services.curriculum.questions:
        if question.kind == "boolean" and question.options[0].correct:
            found.setdefault(question.concept, question)
    return list(found.values())[:count]


async def schedule(s, *dues, questions=None):
    """Cards of Ada's that are due so many days from now."""
    services = s.client.services
    await services.progress.save_profile(s.ada.id)
    questions = questions or true_ones(s, len(dues))
    async with services.review._database.transaction() as session:
        for question, due in zip(questions, dues, strict=True):
            now = s.env.now()
            card = Card(0, State.Review, None, 3.0, 5.0, now + due * DAY, now - 3 * DAY)
            await questions_store.update_card(session, s.ada.id, question.id, card)
    return questions


async def review(s, member=None):
    result = await (member or s.ada).slash(s.channel, "review")
    assert result.response.ephemeral
    assert not result.response.flags.loading
    return result.response


def embed_of(message):
    (embed,) = message.message.embeds if hasattr(message, "message") else message.embeds
    return embed


def fields_of(message):
    return {field.name: field.value for field in embed_of(message).fields}


def in_days(s, days):
    return s.env.now() + days * DAY


# What is due


async def test_an_empty_queue_says_how_it_fills(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await review(s)
        assert text_of(message.message).strip() == (
            "Your reviews\nNo questions are in your queue yet. Each question that you answer, in `/quiz` or anywhere "
            "else, comes back here shortly before you would forget it."
        )
        assert embed_of(message).colour.value == 0x3B6FB6
        assert labels_of(message) == ["Take a quiz", "Remind me"]
        assert s.said() == []
        assert s.rows("SELECT * FROM learners") == []


async def test_when_nothing_is_due_the_next_time_is_named_and_a_quiz_offered(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, 2, 2.1, 40)
        message = await review(s)
        assert embed_of(message).description == (
            f"Nothing is due right now. The next one comes {format_dt(in_days(s, 2), 'R')}. "
            "If you would like to practise anyway, take a `/quiz`."
        )
        assert fields_of(message)["Next"].splitlines() == [
            f"{format_dt(in_days(s, 2), 'D')} · 2 questions",
            f"{format_dt(in_days(s, 40), 'D')} · 1 question",
        ]
        assert embed_of(message).footer.text == "3 questions in your queue in all."
        assert labels_of(message) == ["Take a quiz", "Remind me"]
        await s.ada.click(message, label="Take a quiz")
        assert s.rows("SELECT kind FROM rounds") == [("quiz",)]


async def test_what_is_due_is_told_before_it_begins(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, -1, -2, 1)
        message = await review(s)
        assert embed_of(message).description == "2 questions are due. 2 take about 2 min."
        assert labels_of(message) == ["Start (2)", "Remind me"]
        assert s.rows("SELECT * FROM rounds") == []


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (1, "1 question is due. That takes about 1 min."),
        (5, "5 questions are due. 5 take about 5 min."),
        (6, "6 questions are due. 6 take about 6 min. Five at a time is fine, the most urgent come first."),
        (20, "20 questions are due. 20 take about 20 min. Five at a time is fine, the most urgent come first."),
        (300, "300 are waiting. Five at a time is fine, the most urgent come first. 5 take about 5 min."),
    ],
)
def test_nobody_is_shamed_for_what_waits(due, words):
    assert render_overview(Overview(due, due, (), 5)).description == words


def test_other_settings_are_said_as_they_are():
    assert "12 at a time is fine" in render_overview(Overview(30, 30, (), 12)).description


# A round


async def test_a_round_takes_the_place_of_the_overview_and_outlives_restarts(settings, encoder):
    async with running_server(settings, encoder) as s:
        questions = await schedule(s, -1, -2, -3, -4, -5, -6, -7)
        message = await review(s)
        assert labels_of(message) == ["Start (5)", "Remind me"]
        await s.restart()
        await s.ada.click(message, label="Start (5)")
        assert embed_of(message).title == "Your reviews"
        assert embed_of(message).footer.text == "Question 1 of 5 · You can leave at any time; I keep your place."
        by_prompt = {question.prompt.replace("\\", ""): question for question in questions}
        for number in range(5):
            prompt = embed_of(message).description.replace("\\", "")
            assert prompt in by_prompt
            await s.restart()
            await s.ada.click(message, label="True" if number else "False")
            await s.restart()
            await s.ada.click(message, label=next(label for label in labels_of(message.message) if label in GO_ON))
        assert embed_of(message).title == "4 of 5 right"
        assert "2 questions are due now." in fields_of(message)["Reviews"]
        await s.ada.click(message, label="Review what is due (2)")
        assert embed_of(message).footer.text.startswith("Question 1 of 2")
        assert s.rows("SELECT kind, finished_at IS NOT NULL FROM rounds ORDER BY id") == [("review", 1), ("review", 0)]


async def test_a_round_that_was_left_goes_on(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, -1, -2, -3)
        phone = await review(s)
        await s.ada.click(phone, label="Start (3)")
        await s.ada.click(phone, label="True")
        laptop = await review(s)
        assert embed_of(laptop).description.startswith("You have begun a round, and 2 questions of it are left.\n\n")
        assert labels_of(laptop) == ["Go on", "Remind me"]
        await s.ada.click(laptop, label="Go on")
        assert embed_of(laptop).footer.text.startswith("Question 2 of 3")
        assert embed_of(laptop).description.startswith("*You began these questions earlier")
        assert s.rows("SELECT count(*) FROM rounds") == [(1,)]


async def test_a_start_that_comes_too_late_shows_the_overview(settings, encoder):
    """Everything was answered on another device meanwhile."""
    async with running_server(settings, encoder) as s:
        await schedule(s, -1)
        phone, laptop = await review(s), await review(s)
        await s.ada.click(laptop, label="Start (1)")
        await s.ada.click(laptop, label="True")
        await s.ada.click(phone, label="Start (1)")
        assert embed_of(phone).description.startswith("Nothing is due right now. The next one comes ")
        assert labels_of(phone.message) == ["Take a quiz", "Remind me"]


async def test_retired_questions_are_not_asked(settings, encoder):
    async with running_server(settings, encoder) as s:
        retired, _ = await schedule(s, -9, -1)
        async with s.client.services.review._database.transaction() as session:
            await questions_store.add_ruling(session, Ruling(retired.id, s.guild.id, Verdict.RETIRED), s.env.now())
        message = await review(s)
        assert labels_of(message) == ["Start (1)", "Remind me"]
        await s.ada.click(message, label="Start (1)")
        assert retired.prompt not in embed_of(message).description


async def test_a_button_that_others_see_starts_a_private_round_for_who_clicks(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, -1)
        view = discord.ui.View(timeout=None).add_item(StartButton())
        public = await s.client.get_channel(s.channel.id).send("public", view=view)
        await s.env.settle()
        mine = (await s.ada.click(public, custom_id="review:start")).response
        hers = (await s.grace.click(public, custom_id="review:start")).response
        assert mine.ephemeral
        assert hers.ephemeral
        assert labels_of(mine)[:2] == ["True", "False"]
        assert "No questions are in your queue yet." in text_of(hers.message)
        assert public.embeds == []


async def test_notes_without_a_curriculum_have_no_reviews(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await review(s)
        s.client.services = dataclasses.replace(s.client.services, review=None)
        result = await s.ada.click(message, label="Remind me")
        assert result.followups == []
        assert result.response.content == (
            "There is no curriculum here any more, so I have no questions. Ask me something with `/ask` instead."
        )


# Setting a reminder


async def set_zone(s, zone=BERLIN):
    await s.client.services.progress.save_profile(s.ada.id, zone=zone)


async def set_reminder(s, window="evening"):
    """Through the buttons; returns the message with the hours."""
    message = (await s.ada.click(await review(s), custom_id="review:reminder")).response
    await s.ada.select(message, [window], custom_id="review:window")
    return message


def options_of(message):
    return [(option.label, option.default) for option in message.message.components[0].children[0].options]


async def test_a_reminder_is_set_and_turned_off(settings, encoder):
    async with running_server(settings, encoder) as s:
        await set_zone(s)
        opened = await review(s)
        message = (await s.ada.click(opened, label="Remind me")).response
        assert message.ephemeral
        assert embed_of(message).title == "A reminder of your reviews"
        assert embed_of(message).description.split("\n\n") == [
            "I write to you in a direct message, at most once a day, and only if something is due.",
            "It is off.",
            "The hours are those of Europe/Berlin, where it is 01:00 now.",
        ]
        assert options_of(message) == [
            ("Morning, 7–9", False),
            ("Midday, 12–14", False),
            ("Evening, 18–20", False),
            ("Late evening, 21–23", False),
            ("Off", True),
        ]
        await s.restart()
        await s.ada.select(message, ["evening"], custom_id="review:window")
        assert "**It is on**, between 18:00 and 20:00." in embed_of(message).description
        assert options_of(message)[2] == ("Evening, 18–20", True)
        assert s.rows("SELECT member_id, from_hour, to_hour, failed_at FROM reminders") == [(s.ada.id, 18, 20, None)]
        assert s.rows("SELECT kind, subject_id, member_id, slot, due_at FROM occurrences WHERE member_id NOT NULL") == [
            (REMINDER, s.ada.id, s.ada.id, "2026-01-01", "2026-01-01 17:00:00.000000")
        ]

        again = await review(s)
        assert labels_of(again) == ["Take a quiz", "Change reminder"]
        assert fields_of(again)["Reminder"] == "Between 18:00 and 20:00"
        await s.ada.select(message, ["off"], custom_id="review:window")
        assert "It is off." in embed_of(message).description
        assert s.rows("SELECT * FROM reminders") == []
        assert labels_of(await review(s)) == ["Take a quiz", "Remind me"]


async def test_who_has_not_said_where_they_live_is_asked_first(settings, encoder):
    async with running_server(settings, encoder) as s:
        opened = await s.ada.click(await review(s), label="Remind me")
        assert opened.modal["title"] == "Your time zone"
        await s.restart()
        message = (await s.ada.submit_modal(opened, {"zone": "berlin"})).response
        assert message.ephemeral
        assert "The hours are those of Europe/Berlin" in embed_of(message).description
        assert s.rows("SELECT zone FROM learners") == [(BERLIN,)]
        await s.ada.select(message, ["morning"], custom_id="review:window")
        assert s.rows("SELECT from_hour FROM reminders") == [(7,)]


async def test_a_zone_that_is_unclear_can_be_written_once_more(settings, encoder):
    async with running_server(settings, encoder) as s:
        opened = await s.ada.click(await review(s), label="Remind me")
        message = (await s.ada.submit_modal(opened, {"zone": "brlin"})).response
        assert message.message.content == "I do not know the time zone “brlin”. Did you mean Europe/Berlin?"
        assert labels_of(message) == ["Try again"]
        assert s.rows("SELECT * FROM learners") == []

        opened = await s.ada.click(message, label="Try again")
        await s.ada.submit_modal(opened, {"zone": "  "})
        assert message.message.content == NO_TEXT
        opened = await s.ada.click(message, label="Try again")
        await s.ada.submit_modal(opened, {"zone": "Berlin"})
        assert message.message.content == ""
        assert "Europe/Berlin" in embed_of(message).description


async def test_another_zone_moves_the_reminder(settings, encoder):
    async with running_server(settings, encoder) as s:
        await set_zone(s)
        message = await set_reminder(s)
        opened = await s.ada.click(message, label="Another time zone")
        (field,) = (label["component"] for label in opened.modal["components"])
        assert field["value"] == BERLIN
        await s.ada.submit_modal(opened, {"zone": "Tokyo"})
        assert embed_of(message).description.endswith("The hours are those of Asia/Tokyo, where it is 09:00 now.")
        assert s.rows("SELECT due_at FROM occurrences WHERE kind = ?", REMINDER) == [("2026-01-01 09:00:00.000000",)]


async def test_other_windows_are_left_alone(settings, encoder):
    async with running_server(settings, encoder) as s:
        opened = await s.ada.click(await review(s), label="Remind me")
        opened._interaction.modal["custom_id"] = "review:zones"
        await s.ada.submit_modal(opened, {"zone": "Berlin"})
        assert s.rows("SELECT * FROM learners") == []


# The reminder itself


async def sleep_until(s, month, day, hour, minute=0):
    """As if the machine had slept: time passes at once, and nobody looks for work before the end."""
    if s.client.get_cog("SchedulingCog") is not None:
        await s.client.remove_cog("SchedulingCog")
    wake_at = datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(BERLIN))
    s.env.backend.clock.advance((wake_at - s.env.now()).total_seconds())
    await s.env.settle()


async def work_off(s):
    await s.client.services.dispatcher.run_due()
    await s.env.settle()


def written(s):
    """What the tutor has written to Ada, and when by the clocks in Berlin."""
    messages = s.ada.user.dm_channel.history()
    return [(message.created_at.astimezone(ZoneInfo(BERLIN)).strftime("%d.%m. %H:%M"), message) for message in messages]


def outcomes(s):
    query = "SELECT slot, state, note FROM occurrences WHERE kind = ? AND ended_at IS NOT NULL ORDER BY ended_at"
    return s.rows(query, REMINDER)


async def test_a_reminder_comes_at_its_hour_while_the_tutor_runs(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, -1, -2, -3)
        await set_zone(s)
        await set_reminder(s, "morning")
        await s.env.advance_time(5 * 3600 + 59 * 60)
        assert written(s) == []
        await s.env.advance_time(2 * 60)
        ((when, message),) = written(s)
        assert when == "01.01. 07:00"
        assert message.content == "3 questions are due for a review. 3 take about 3 min."
        assert labels_of(message) == ["Start (3)", "Stop reminding me"]
        assert s.said() == []


@pytest.mark.parametrize(("month", "days"), [(3, (28, 29, 30)), (10, (24, 25, 26))])
async def test_a_reminder_keeps_its_hour_when_the_clocks_change(settings, encoder, month, days):
    async with running_server(settings, encoder) as s:
        await sleep_until(s, month, days[0], 12)
        await schedule(s, -1)
        await set_zone(s)
        await set_reminder(s)
        for day in days:
            await sleep_until(s, month, day, 17, 59)
            await work_off(s)
            await sleep_until(s, month, day, 18, 0)
            await work_off(s)
        assert [when for when, _ in written(s)] == [f"{day}.{month:02}. 18:00" for day in days]
        offsets = {message.created_at.hour for _, message in written(s)}
        assert len(offsets) == 2


async def test_after_the_hours_nothing_is_written_and_the_next_day_is_as_usual(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, -1)
        await set_zone(s)
        await set_reminder(s)
        await sleep_until(s, 1, 1, 20)
        await work_off(s)
        assert written(s) == []
        assert outcomes(s) == [("2026-01-01", "skipped", TOO_LATE)]
        await sleep_until(s, 1, 2, 18)
        await work_off(s)
        assert [when for when, _ in written(s)] == ["02.01. 18:00"]


async def test_nothing_due_is_nothing_written(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, 3)
        await set_zone(s)
        await set_reminder(s)
        await sleep_until(s, 1, 1, 18)
        await work_off(s)
        assert written(s) == []
        assert outcomes(s) == [("2026-01-01", "skipped", NOTHING_DUE)]


async def test_a_round_is_begun_below_the_reminder(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, -1)
        await set_zone(s)
        await set_reminder(s)
        await sleep_until(s, 1, 1, 18)
        await work_off(s)
        await s.restart()
        ((_, message),) = written(s)
        question = (await s.ada.user.click(message, label="Start (1)")).response
        assert question.ephemeral
        assert labels_of(question)[:2] == ["True", "False"]
        await s.ada.user.click(question, label="True")
        assert s.rows("SELECT guild_id, is_correct FROM attempts") == [(None, 1)]
        assert labels_of(written(s)[0][1]) == ["Start (1)", "Stop reminding me"]


async def test_it_is_stopped_below_the_reminder(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, -1)
        await set_zone(s)
        await set_reminder(s)
        await sleep_until(s, 1, 1, 18)
        await work_off(s)
        await s.restart()
        ((_, message),) = written(s)
        await s.ada.user.click(message, label="Stop reminding me")
        ((_, message),) = written(s)
        assert message.content == STOPPED
        assert labels_of(message) == ["Start"]
        assert s.rows("SELECT * FROM reminders") == []
        await sleep_until(s, 1, 3, 18)
        await work_off(s)
        assert len(written(s)) == 1


@pytest.mark.parametrize("status", [403, 404])
async def test_closed_direct_messages_turn_it_off_and_the_next_review_says_so_once(settings, encoder, status):
    async with running_server(settings, encoder) as s:
        await schedule(s, -1)
        await set_zone(s)
        await set_reminder(s)
        await sleep_until(s, 1, 1, 18)
        channel = s.ada.user.dm_channel.id
        s.env.inject_error("POST", f"/channels/{channel}/messages", status=status, code=50007, times=None)
        await work_off(s)
        assert written(s) == []
        assert outcomes(s) == [("2026-01-01", "skipped", REFUSED)]
        assert s.rows("SELECT failed_at FROM reminders") == [("2026-01-01 17:00:00.000000",)]
        await sleep_until(s, 1, 2, 18)
        await work_off(s)
        assert len(outcomes(s)) == 1

        told = await review(s)
        assert embed_of(told).description.startswith(f"{REFUSED_NOTICE}\n\n")
        assert labels_of(told) == ["Start (1)", "Remind me"]
        assert "Reminder" not in fields_of(told)
        assert REFUSED_NOTICE not in embed_of(await review(s)).description


async def test_a_disturbance_of_discord_is_got_over(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, -1)
        await set_zone(s)
        await set_reminder(s)
        await sleep_until(s, 1, 1, 18)
        channel = s.ada.user.dm_channel.id
        s.env.inject_error("POST", f"/channels/{channel}/messages", status=400, code=0)
        await work_off(s)
        assert written(s) == []
        await sleep_until(s, 1, 1, 18, 1)
        await work_off(s)
        assert [when for when, _ in written(s)] == ["01.01. 18:01"]
        assert outcomes(s) == [("2026-01-01", "done", None)]


async def test_what_was_written_before_a_crash_is_not_written_again(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, -1)
        await set_zone(s)
        await set_reminder(s)
        await sleep_until(s, 1, 1, 18)
        async with s.client.services.review._database.transaction() as session:
            (occurrence,) = await work.claim_due(
                session, "crashed", s.env.now(), limit=1, lease=timedelta(minutes=5), kinds=[REMINDER]
            )
        await s.client.get_cog("ReviewCog")._send(occurrence, Nudge(1, 5))
        await sleep_until(s, 1, 1, 18, 6)
        await s.restart()
        await s.client.remove_cog("SchedulingCog")
        await work_off(s)
        assert [when for when, _ in written(s)] == ["01.01. 18:00"]
        assert outcomes(s) == [("2026-01-01", "done", None)]


async def test_yesterdays_message_does_not_stand_in_for_one_that_was_not_written(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, -1)
        await set_zone(s)
        await set_reminder(s)
        await sleep_until(s, 1, 1, 18)
        await work_off(s)
        await sleep_until(s, 1, 2, 18)
        async with s.client.services.review._database.transaction() as session:
            await work.claim_due(session, "crashed", s.env.now(), limit=1, lease=timedelta(minutes=5), kinds=[REMINDER])
        await sleep_until(s, 1, 2, 18, 6)
        await work_off(s)
        assert [when for when, _ in written(s)] == ["01.01. 18:00", "02.01. 18:06"]


async def test_the_last_one_says_so_and_the_next_review_wakes_it(settings, encoder):
    async with running_server(settings, encoder) as s:
        await schedule(s, -1)
        await set_zone(s)
        await set_reminder(s)
        for day in range(1, 8):
            await sleep_until(s, 1, day, 18)
            await work_off(s)
        assert len(written(s)) == 5
        *earlier, last = [message.content.splitlines()[1:] for _, message in written(s)]
        assert earlier == [[]] * 4
        assert last == ["I am quiet after this one, until you come back to `/review`."]
        assert embed_of(await review(s)).description.startswith(
            "Good to see you: your reminder was quiet for a while, and it is on again.\n\n"
        )


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (1, "1 question is due for a review. That takes about 1 min."),
        (12, "12 questions are due for a review. 5 take about 5 min."),
        (300, "Some questions are due for a review. 5 take about 5 min."),
    ],
)
def test_what_a_reminder_says(due, words):
    assert render_nudge(Nudge(due, 5)) == words


def test_a_moment_of_the_tests_is_what_it_seems():
    assert datetime(2026, 1, 1, 18, tzinfo=ZoneInfo(BERLIN)).astimezone(UTC).hour == 17
