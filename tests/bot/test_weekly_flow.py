"""The weekly quiz on a simulated Discord: an admin sets it up, members take it, and its results come."""

import asyncio
import dataclasses
import json
import random
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import discord
import pytest
from discord.utils import format_dt
from simcord.backend.models.channel import Overwrite
from simcord.enums import OverwriteType

from bot.features.questions import store as questions_store
from bot.features.questions.models import Ruling, Verdict
from bot.features.questions.service import CLOSED
from bot.features.weekly import service as weekly_service
from bot.features.weekly.service import NOT_SET_UP, NOT_THERE
from bot.features.weekly.views import TakeButton, extra_buttons, preview_buttons, refresh_results
from bot.ui.text import literal, shorten
from tests.bot.server import labels_of, running_server, text_of, warnings_of
from tests.bot.weekly_members import admin_of, answer_all, come_back_at, live_until, take

MONDAY = datetime(2026, 1, 5, 17, tzinfo=UTC)
"""Six in Berlin, in winter; simulated time begins on the Thursday before."""
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
NO_ADMIN = "This needs the permission to manage the server. Please ask an admin."


@asynccontextmanager
async def weekly_server(settings, encoder, **options):
    """A server in which the questions do not depend on chance."""
    async with running_server(settings, encoder, **options) as s:
        s.client.services.weekly._rng = random.Random(7)
        yield s


async def run(s, member, name, **options):
    return (await member.slash(s.channel, f"weekly {name}", **options)).response


async def set_up(s, admin, **options):
    standard = dict(channel=s.channel, weekday=0, time="18:00", zone="Europe/Berlin")
    return await run(s, admin, "set", **(standard | options))


async def begin(s, **options):
    """An admin has set the quiz up, and it has just been posted."""
    admin = admin_of(s)
    await s.env.settle()
    await set_up(s, admin, **options)
    await live_until(s, MONDAY + timedelta(seconds=1))
    return admin


async def close(s):
    """The quiz closes after two days; its results."""
    await live_until(s, MONDAY + 2 * DAY + timedelta(seconds=10))
    return s.said()[-1]


def fields(message):
    (embed,) = message.embeds
    return {field.name: field.value for field in embed.fields}


def occurrences(s, kind="weekly"):
    return s.rows("SELECT slot, state, note FROM occurrences WHERE kind = ? ORDER BY id", kind)


def asked(s, round_id=1):
    """The questions of a quiz."""
    ((written,),) = s.rows("SELECT questions FROM rounds WHERE id = ?", round_id)
    bank = {question.id: question for question in s.client.services.curriculum.questions}
    return [bank[id_] for id_ in json.loads(written)]


def deny(s, channel, **permissions):
    """Take permissions from the tutor in a channel; without any, give all back."""
    mine = s.guild.roles[s.client.user.name].id
    denied = discord.Permissions(**permissions).value
    s.env.backend.set_overwrite(channel.id, Overwrite(mine, OverwriteType.ROLE, 0, denied))


async def notes_channel(s):
    channel = s.guild.create_text_channel("notes")
    await s.env.settle()
    await s.client.services.guild_settings.set_notes_channel(s.guild.id, channel.id)
    return channel


def written(channel):
    return [message.content for message in channel.history()]


# From set-up to results


async def test_a_week_from_set_up_to_results_and_the_next_quiz(settings, encoder, caplog):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        shown = await set_up(s, admin, goal=2)
        assert shown.ephemeral
        assert shown.embeds[0].description == "That is set. `/weekly preview` shows the questions."
        assert fields(shown) == {
            "When": (
                f"Mondays at 18:00 in Europe/Berlin.\nNext {format_dt(MONDAY, 'F')} on your clock, "
                f"{format_dt(MONDAY, 'R')}."
            ),
            "What": (
                f"5 questions in <#{s.channel.id}>, open for 48 hours.\nIt mentions nobody.\n"
                "The goal is that 2 members finish it."
            ),
        }
        assert shown.embeds[0].footer.text == (
            "If I am not running when it is due, I post it up to 12 hours late, open for its full time; later than "
            "that, its week is left out."
        )
        await live_until(s, MONDAY - timedelta(seconds=1))
        assert s.said() == []
        await s.env.advance_time(2)
        (post,) = s.said()
        closes_at = MONDAY + 2 * DAY
        (embed,) = post.embeds
        assert post.content == ""
        assert embed.title == "Weekly quiz"
        assert embed.description == (
            "5 questions on what this server is learning, about two minutes. Only you see your answers.\n"
            f"Open until {format_dt(closes_at, 'f')} ({format_dt(closes_at, 'R')}), and the results come then."
        )
        assert fields(post) == {"So far": "Nobody yet. Be the first if you like.", "Goal": "2 members to finish it"}
        assert labels_of(post) == ["Take the quiz"]

        mine = await take(s.ada, post)
        assert mine.ephemeral
        result = await answer_all(s, s.ada, mine, "xxxx-")
        assert result.embeds[0].title == "4 of 5 right"
        assert len(s.said()) == 1
        await s.env.advance_time(10)
        assert fields(s.said()[0])["So far"] == "1 member took part"
        await answer_all(s, s.grace, await take(s.grace, post), "xx---")
        await s.env.advance_time(10)
        assert fields(s.said()[0])["So far"] == "2 members took part"

        late = s.guild.add_member(s.env.create_user("eve"))
        await live_until(s, closes_at - HOUR)
        await answer_all(s, late, await take(late, post), "xx")
        results = await close(s)
        post = s.said()[0]
        assert post.embeds[0].description == "Closed · 3 members took part · results below"
        assert labels_of(post) == []
        assert len(s.said()) == 2
        assert results.reference.message_id == post.id
        assert labels_of(results) == ["See my answers"]
        assert results.embeds[0].title == "How the weekly quiz went"
        turnout, missed, source = results.embeds[0].description.split("\n\n")
        assert turnout == (
            "3 members took part, and 2 finished it.\n🎯 The goal is reached: 2 were to finish it, and 2 did."
        )
        assert missed.startswith("**Missed most: question 5**, by 2 of 2\n")
        question = asked(s)[4]
        assert literal(question.prompt) in missed
        assert missed.endswith(literal(question.explanation))
        assert "**Right is**" in missed
        assert re.fullmatch(r"Source: .+ · taught in \[.+\]\(https?://.+\)", source)
        assert fields(results) == {"Next quiz": format_dt(MONDAY + WEEK, "F")}
        assert results.embeds[0].footer.text == "Only those are named who want it: /progress visibility."

        await live_until(s, MONDAY + WEEK + timedelta(seconds=1))
        assert len(s.said()) == 3
        assert labels_of(s.said()[-1]) == ["Take the quiz"]
        assert not {one.id for one in asked(s, 1)} & {one.id for one in asked(s, 2)}
        assert [slot for slot, _, _ in occurrences(s)] == ["2026-W02", "2026-W03", "2026-W04"]
        assert warnings_of(caplog) == []


async def test_nobody_took_part_is_one_kind_line(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s, goal=5)
        post = await close(s)
        assert len(s.said()) == 1
        assert post.embeds[0].description == (
            "Closed. Nobody had two minutes to spare this time, and such weeks happen. "
            f"The next one comes {format_dt(MONDAY + WEEK, 'F')}."
        )
        assert fields(post) == {}
        assert labels_of(post) == []
        assert occurrences(s, "weekly_close") == [("close", "done", None)]


async def test_a_missed_goal_is_told_warmly(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s, goal=3)
        await answer_all(s, s.ada, await take(s.ada, s.said()[0]), "xxxxx")
        results = await close(s)
        assert results.embeds[0].description == (
            "1 member took part, and 1 finished it.\n"
            "The goal was 3 who finish it. 2 more next time, and it is there.\n\n"
            "No question was missed. Well done."
        )


# Who is named


async def test_only_those_who_want_it_are_named_and_equal_scores_share_a_place(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        post = s.said()[0]
        names = ["_eve_", "mallory", "trent"]
        eve, mallory, trent = (s.guild.add_member(s.env.create_user(name)) for name in names)
        marks = {s.ada: "xxxxx", s.grace: "xxxx-", eve: "xxx-x", mallory: "xxx--", trent: "xxxxx"}
        shown = {}
        for member, line in marks.items():
            shown[member] = await take(member, post)
            await answer_all(s, member, shown[member], line)
        for member in (s.grace, eve, mallory, trent):
            told = await member.click(shown[member], label="Name me in the results")
            assert told.response.ephemeral
            assert told.response.content == (
                "From the next results on, the weekly quiz of this server may name you with your score."
            )
        s.guild.remove_member(trent)
        results = await close(s)
        assert fields(results)["Those who wanted to be named"] == (
            "**2** · \\_eve\\_ · 4 of 5\n**2** · grace · 4 of 5\n**4** · mallory · 3 of 5"
            if eve.id < s.grace.id
            else "**2** · grace · 4 of 5\n**2** · \\_eve\\_ · 4 of 5\n**4** · mallory · 3 of 5"
        )
        assert "Most improved" not in fields(results)

        mine = (await s.grace.click(results, label="See my answers")).response
        gone = await s.grace.click(mine, label="Keep me out of the results")
        assert gone.response.content == (
            "The weekly quiz of this server does not name you, and your name is gone from the last results, too."
        )
        assert "grace" not in fields(s.said()[-1])["Those who wanted to be named"]
        await s.restart()
        await s.grace.click(gone.response, label="Name me in the results")
        assert s.rows("SELECT is_ranked FROM enrolments WHERE member_id = ?", s.grace.id) == [(1,)]


async def test_ten_are_named_and_the_rest_is_counted(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s, questions=3)
        for number in range(12):
            member = s.guild.add_member(s.env.create_user(f"member-{number:02}"))
            await answer_all(s, member, await take(member, s.said()[0]), "x--")
            await s.client.services.weekly.set_ranked(member.id, s.guild.id, is_ranked=True)
        results = await close(s)
        lines = fields(results)["Those who wanted to be named"].splitlines()
        assert lines == [*(f"**1** · member\\-{n:02} · 1 of 3" for n in range(10)), "and 2 more with the same score"]


async def test_who_has_gained_most_since_their_last_quiz(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        for member, line in ((s.ada, "x----"), (s.grace, "xxxx-")):
            await answer_all(s, member, await take(member, s.said()[0]), line)
            await s.client.services.weekly.set_ranked(member.id, s.guild.id, is_ranked=True)
        await close(s)
        await live_until(s, MONDAY + WEEK + timedelta(seconds=1))
        for member in (s.ada, s.grace):
            await answer_all(s, member, await take(member, s.said()[-1]), "xxxxx" if member is s.grace else "xxx--")
        await live_until(s, MONDAY + WEEK + 2 * DAY + timedelta(seconds=10))
        assert fields(s.said()[-1])["Most improved"] == "**ada**, from 1 of 5 to 3 of 5"
        assert fields(s.said()[-1])["Those who wanted to be named"] == "**1** · grace · 5 of 5\n**2** · ada · 3 of 5"


async def test_nobody_is_named_if_discord_does_not_tell_names(settings, encoder, monkeypatch, caplog):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        await answer_all(s, s.ada, await take(s.ada, s.said()[0]), "xxxxx")
        await s.client.services.weekly.set_ranked(s.ada.id, s.guild.id, is_ranked=True)

        async def no_answer(*_args, **_options):
            raise TimeoutError

        monkeypatch.setattr(discord.Guild, "query_members", no_answer)
        results = await close(s)
        assert set(fields(results)) == {"Next quiz"}
        assert warnings_of(caplog) == [f"Discord does not tell who is in server {s.guild.id}, so nobody is named."]


# Answering


async def test_a_round_is_left_and_taken_up_again_until_it_closes(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        first = await take(s.ada, s.said()[0])
        await answer_all(s, s.ada, first, "xx")
        again = await take(s.ada, s.said()[0])
        assert "You began these questions earlier" in text_of(again)
        assert again.embeds[0].footer.text.startswith("Question 3 of 5")
        await close(s)
        told = await s.ada.click(again, label="I don't know")
        assert told.followups[0].content == CLOSED
        assert s.rows("SELECT count(*) FROM attempts") == [(2,)]
        late = await s.client.get_channel(s.channel.id).send("old", view=post_view(1))
        await s.env.settle()
        refused = await s.grace.click(late, label="Take the quiz")
        assert refused.response.content == (
            f"This quiz is closed. The next one comes {format_dt(MONDAY + WEEK, 'F')}, and `/quiz` asks you at any "
            "time."
        )


def post_view(round_id):
    return discord.ui.View(timeout=None).add_item(TakeButton(round_id))


async def test_a_double_click_and_a_second_device_count_once(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        laptop, phone = [await take(s.ada, s.said()[0]) for _ in range(2)]
        await answer_all(s, s.ada, laptop, "x")
        await answer_all(s, s.ada, phone, "-")
        assert s.rows("SELECT is_correct FROM attempts") == [(1,)]


async def test_the_button_works_only_where_it_was_posted(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        other = s.env.create_guild("Elsewhere")
        channel = other.create_text_channel("general")
        eve = other.add_member(s.env.create_user("eve"))
        await s.env.settle()
        forged = await s.client.get_channel(channel.id).send("forged", view=post_view(1))
        unknown = await s.client.get_channel(channel.id).send("forged", view=post_view(99))
        await s.env.settle()
        told = await eve.click(forged, label="Take the quiz")
        assert told.response.content == "This quiz belongs to another server. Take part where it was posted."
        told = await eve.click(unknown, label="Take the quiz")
        assert told.response.content == (
            "I no longer have this quiz on record. The next one comes with its own button."
        )


async def test_members_see_their_own_answers_afterwards(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        await answer_all(s, s.ada, await take(s.ada, s.said()[0]), "x-x")
        results = await close(s)
        await s.restart()
        mine = (await s.ada.click(results, label="See my answers")).response
        assert mine.ephemeral
        (embed,) = mine.embeds
        assert embed.title == "2 of 5 right"
        parts = embed.description.split("\n\n")
        questions = asked(s)
        assert len(parts) == 5
        for number, (part, question) in enumerate(zip(parts, questions, strict=True), 1):
            assert part.startswith(f"**{number}.** {literal(shorten(question.prompt, 180))}\n")
        assert [part.splitlines()[1][0] for part in parts] == ["✅", "❌", "✅", "Y", "Y"]
        assert parts[1].splitlines()[2].startswith("Right is ")
        assert parts[3].splitlines()[1].startswith("You left it out. Right is ")
        told = await s.grace.click(results, label="See my answers")
        assert told.response.content == NOT_THERE
        assert len(s.said()) == 2


async def test_the_count_is_edited_at_most_every_ten_seconds_and_right_after_a_restart(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        post = s.said()[0]

        def edits():
            return [r for r in s.env.http_requests if r.method == "PATCH" and r.path.endswith(f"/messages/{post.id}")]

        members = [s.guild.add_member(s.env.create_user(f"m{n}")) for n in range(4)]
        for member in members[:3]:
            await answer_all(s, member, await take(member, post), "x")
        assert edits() == []
        await s.env.advance_time(10)
        assert len(edits()) == 1
        assert fields(s.said()[0])["So far"] == "3 members took part"
        await answer_all(s, members[0], await take(members[0], post), "-")
        await s.env.advance_time(30)
        assert len(edits()) == 1
        await answer_all(s, members[3], await take(members[3], post), "x")
        assert len(edits()) == 2  # after a quiet time at once
        fifth = s.guild.add_member(s.env.create_user("m4"))
        await answer_all(s, fifth, await take(fifth, post), "x")
        assert len(edits()) == 2
        await s.restart()
        await s.env.advance_time(1)
        assert len(edits()) == 3
        assert fields(s.said()[0])["So far"] == "5 members took part"


async def test_a_post_that_an_admin_deleted_hinders_nothing(settings, encoder, caplog):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        post = s.said()[0]
        shown = await take(s.ada, post)
        await s.client.get_channel(s.channel.id).get_partial_message(post.id).delete()
        await answer_all(s, s.ada, shown, "xxxxx")
        await s.env.advance_time(20)
        results = await close(s)
        assert results.embeds[0].description.startswith("1 member took part, and 1 finished it.")
        assert occurrences(s, "weekly_close") == [("close", "done", None)]
        assert warnings_of(caplog) == []


# Time


async def test_after_three_hours_of_downtime_it_is_posted_late_for_its_full_time(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        await set_up(s, admin)
        await come_back_at(s, MONDAY + 3 * HOUR)
        await s.env.settle()
        (post,) = s.said()
        assert format_dt(MONDAY + 3 * HOUR + 2 * DAY, "f") in post.embeds[0].description
        await live_until(s, MONDAY + 2 * DAY + timedelta(minutes=1))
        assert labels_of(s.said()[0]) == ["Take the quiz"]
        await live_until(s, MONDAY + 3 * HOUR + 2 * DAY + timedelta(seconds=10))
        assert labels_of(s.said()[0]) == []


async def test_after_thirteen_hours_the_week_is_left_out_and_the_admins_are_told(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        notes = await notes_channel(s)
        await set_up(s, admin)
        await come_back_at(s, MONDAY + 13 * HOUR)
        await s.env.settle()
        assert s.said() == []
        note = (
            "The weekly quiz was left out: I was not running when it was due and came back 13 hours later, and more "
            "than 12 hours are too late. `/weekly post` posts it now."
        )
        assert written(notes) == [note]
        shown = fields(await run(s, admin, "show"))
        assert shown["What happened lately"] == f"{format_dt(MONDAY, 'f')}: {note}"
        assert format_dt(MONDAY + WEEK, "F") in shown["When"]
        assert (await run(s, admin, "post")).content == (
            f"It is on its way: within a few seconds the quiz is in <#{s.channel.id}>."
        )
        await s.env.advance_time(2)
        assert len(s.said()) == 1
        assert occurrences(s) == [
            ("2026-W02", "skipped", note),
            ("2026-W03", "waiting", None),
            ("2026-W02:post-1", "done", None),
        ]


async def test_after_more_than_a_week_the_last_quiz_that_is_not_too_late_is_posted(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await set_up(s, admin_of(s))
        await come_back_at(s, MONDAY + 2 * WEEK + 5 * HOUR)
        await s.env.settle()
        await s.env.advance_time(2)
        assert len(s.said()) == 1
        assert [(slot, state) for slot, state, _ in occurrences(s)] == [
            ("2026-W02", "skipped"),
            ("2026-W04", "done"),
            ("2026-W05", "waiting"),
        ]


async def test_a_server_that_the_tutor_has_left_is_no_longer_tried(settings, encoder, caplog):
    async with weekly_server(settings, encoder) as s:
        await set_up(s, admin_of(s))
        await s.client.get_guild(s.guild.id).leave()
        await s.env.settle()
        assert occurrences(s) == []
        assert s.rows("SELECT is_paused FROM weekly_quizzes") == [(1,)]
        assert warnings_of(caplog) == []


async def test_a_server_that_was_left_while_nobody_looked_is_no_longer_tried(settings, encoder, caplog):
    async with weekly_server(settings, encoder) as s:
        await set_up(s, admin_of(s))
        s.rows("UPDATE weekly_quizzes SET guild_id = 5")
        s.rows("UPDATE occurrences SET subject_id = 5 WHERE kind = 'weekly'")
        await s.restart()
        await s.env.settle()
        await s.env.advance_time(2)
        assert occurrences(s) == []
        assert s.rows("SELECT is_paused FROM weekly_quizzes") == [(1,)]
        assert warnings_of(caplog) == []


async def test_the_local_hour_stays_in_the_week_in_which_summer_time_begins(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        await come_back_at(s, datetime(2026, 3, 22, tzinfo=UTC))
        await set_up(s, admin, open_hours=2)
        winter, summer = datetime(2026, 3, 23, 17, tzinfo=UTC), datetime(2026, 3, 30, 16, tzinfo=UTC)
        for count, planned in enumerate((winter, summer), 1):
            await live_until(s, planned - timedelta(seconds=1))
            assert len(s.said()) == count - 1
            await live_until(s, planned + timedelta(seconds=1))
            assert len(s.said()) == count
            await live_until(s, planned + 2 * HOUR + timedelta(seconds=10))
        at = s.rows("SELECT posted_at FROM weekly_rounds ORDER BY round_id")
        assert [str(one)[2:18] for one in at] == ["2026-03-23 17:00", "2026-03-30 16:00"]


async def test_two_hours_are_closed_by_the_next_start_however_late(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s, open_hours=2)
        await answer_all(s, s.ada, await take(s.ada, s.said()[0]), "xxxxx")
        await come_back_at(s, MONDAY + 5 * DAY)
        await s.env.settle()
        assert s.said()[-1].embeds[0].title == "How the weekly quiz went"
        assert len(s.said()) == 2


# What goes wrong


async def try_again_until(s, moment):
    """Each try of a piece of work that cannot be done, without the time between them."""
    while True:
        rows = s.rows("SELECT lease_until FROM occurrences WHERE state = 'waiting' AND lease_until IS NOT NULL")
        if not rows:
            return
        next_try = datetime.fromisoformat(rows[0][0]).replace(tzinfo=UTC)
        assert next_try < moment
        await come_back_at(s, next_try + timedelta(seconds=1))
        await s.env.settle()


async def test_a_permission_that_is_given_back_in_time_saves_the_week(settings, encoder, caplog):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        notes = await notes_channel(s)
        await set_up(s, admin)
        deny(s, s.channel, send_messages=True, embed_links=True)
        await live_until(s, MONDAY + timedelta(seconds=2))
        assert s.said() == []
        mend = (
            f"In <#{s.channel.id}> I lack Send Messages, Embed Links. Allow it to me under Permissions of that channel."
        )
        assert written(notes) == [f"I cannot post the weekly quiz, and try again for an hour. {mend}"]
        assert fields(await run(s, admin, "show"))["What I lack"] == f"⚠️ {mend}"
        assert (await run(s, admin, "post")).content == mend
        deny(s, s.channel)
        await live_until(s, MONDAY + timedelta(seconds=50))
        assert len(s.said()) == 1
        assert occurrences(s)[0] == ("2026-W02", "done", None)
        assert len(written(notes)) == 1


async def test_a_permission_that_stays_away_is_told_and_next_week_comes(settings, encoder, caplog):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        notes = await notes_channel(s)
        await set_up(s, admin)
        deny(s, s.channel, read_message_history=True)
        await live_until(s, MONDAY + timedelta(seconds=2))
        await try_again_until(s, MONDAY + 3 * HOUR)
        mend = f"In <#{s.channel.id}> I lack Read Message History. Allow it to me under Permissions of that channel."
        assert written(notes) == [
            f"I cannot post the weekly quiz, and try again for an hour. {mend}",
            f"I could not post the weekly quiz. {mend}",
        ]
        assert occurrences(s) == [("2026-W02", "failed", mend), ("2026-W03", "waiting", None)]
        assert fields(await run(s, admin, "show"))["What happened lately"] == f"{format_dt(MONDAY, 'f')}: {mend}"
        deny(s, s.channel)
        await live_until(s, MONDAY + WEEK + timedelta(seconds=2))
        assert len(s.said()) == 1


async def test_a_deleted_channel_is_told_and_another_one_mends_it(settings, encoder, caplog):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        notes, quiz = await notes_channel(s), s.guild.create_text_channel("quiz")
        await s.env.settle()
        await set_up(s, admin, channel=quiz)
        await s.client.get_channel(quiz.id).delete()
        await live_until(s, MONDAY + timedelta(seconds=2))
        mend = "The channel of the weekly quiz has been deleted. Name another one with `/weekly set`."
        assert written(notes) == [f"I cannot post the weekly quiz, and try again for an hour. {mend}"]
        shown = fields(await run(s, admin, "show"))
        assert shown["What I lack"] == f"⚠️ {mend}"
        assert shown["What"].startswith("5 questions in a channel that has been deleted, open for 48 hours.")
        await set_up(s, admin)
        await live_until(s, MONDAY + timedelta(minutes=1))
        assert len(s.said()) == 1
        assert occurrences(s) == [("2026-W02", "done", None), ("2026-W03", "waiting", None)]


async def test_results_that_cannot_be_posted_are_told_and_the_next_quiz_comes(settings, encoder, caplog):
    async with weekly_server(settings, encoder) as s:
        admin = await begin(s)
        notes = await notes_channel(s)
        await answer_all(s, s.ada, await take(s.ada, s.said()[0]), "xxxxx")
        deny(s, s.channel, send_messages=True)
        await live_until(s, MONDAY + 2 * DAY + timedelta(seconds=10))
        await try_again_until(s, MONDAY + 2 * DAY + 3 * HOUR)
        mend = (
            f"In <#{s.channel.id}> I lack Send Messages, Embed Links. Allow it to me under Permissions of that channel."
        )
        assert written(notes) == [
            f"I cannot post the results of the weekly quiz, and try again for an hour. {mend}",
            f"I could not post the results of the weekly quiz. {mend} Then `/weekly results` posts them.",
        ]
        assert occurrences(s, "weekly_close") == [("close", "failed", mend)]
        shown = fields(await run(s, admin, "show"))
        assert "Open now" not in shown
        assert mend in shown["What happened lately"]
        deny(s, s.channel)
        assert "I post them now." in (await run(s, admin, "results")).content
        await s.env.advance_time(2)
        post, results = s.said()
        assert (labels_of(post), results.embeds[0].title) == ([], "How the weekly quiz went")
        again = await run(s, admin, "results")
        assert again.content == weekly_service.RESULTS_THERE
        assert len(s.said()) == 2
        assert not any("Traceback" in record.getMessage() or record.exc_info for record in caplog.records)


async def test_there_are_no_results_to_post(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = await begin(s)
        assert (await run(s, admin, "results")).content == weekly_service.NOTHING_CLOSED
        await close(s)
        assert (await run(s, admin, "results")).content == weekly_service.NOBODY_THERE
        assert len(s.said()) == 1


async def test_results_come_into_the_new_channel_if_theirs_was_deleted(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        await answer_all(s, s.ada, await take(s.ada, s.said()[0]), "xxxxx")
        other = s.guild.create_text_channel("other")
        await s.env.settle()
        await s.client.get_channel(s.channel.id).delete()
        await s.env.settle()
        quiz = await s.client.services.weekly.find_quiz(s.guild.id)
        await s.client.services.weekly.set_up(dataclasses.replace(quiz, channel_id=other.id))
        await live_until(s, MONDAY + 2 * DAY + timedelta(seconds=10))
        (results,) = other.history()
        assert results.embeds[0].title == "How the weekly quiz went"


async def test_what_is_asked_in_an_open_quiz_is_not_practised_in_that_server(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        questions, database = s.client.services.questions, s.client.services.questions._database
        open_now = {question.id for question in asked(s)}
        async with database.transaction() as session:
            everything = set(await questions.bank(session, s.guild.id))
            assert everything - set(await questions.practice_bank(session, s.guild.id)) == open_now
            assert set(await questions.practice_bank(session, None)) == everything
        await close(s)
        async with database.transaction() as session:
            assert set(await questions.practice_bank(session, s.guild.id)) == everything


async def test_nobody_is_named_in_results_who_agreed_only_later(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        for member in (s.ada, s.grace):
            await answer_all(s, member, await take(member, s.said()[0]), "xxxxx")
        await s.client.services.weekly.set_ranked(s.grace.id, s.guild.id, is_ranked=True)
        await close(s)
        await s.env.advance_time(60)
        await s.client.services.weekly.set_ranked(s.ada.id, s.guild.id, is_ranked=True)
        await refresh_results(s.client, 1)
        assert fields(s.said()[-1])["Those who wanted to be named"] == "**1** · grace · 5 of 5"
        await s.grace.slash(s.channel, "progress visibility")
        shown = await s.grace.slash(s.channel, "progress visibility")
        off = next(label for label in labels_of(shown.response) if "name" in label.lower())
        await s.grace.click(shown.response, label=off)
        await s.env.advance_time(2)
        assert "Those who wanted to be named" not in fields(s.said()[-1])


async def test_who_deletes_their_data_is_no_longer_named_in_posted_results(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        post = s.said()[0]
        for member in (s.ada, s.grace):
            await answer_all(s, member, await take(member, post), "xxxxx")
            await s.client.services.weekly.set_ranked(member.id, s.guild.id, is_ranked=True)
        results = await close(s)
        assert "ada" in fields(results)["Those who wanted to be named"]
        await s.client.services.privacy.delete_member(s.ada.id)
        await s.env.advance_time(2)
        results = s.said()[-1]
        assert fields(results)["Those who wanted to be named"] == "**1** · grace · 5 of 5"
        assert results.embeds[0].description.startswith("1 member took part, and 1 finished it.")


async def test_discord_that_is_away_for_long_is_told_and_next_week_comes(settings, encoder, caplog):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        notes = await notes_channel(s)
        await set_up(s, admin)
        s.env.inject_error("POST", f"/channels/{s.channel.id}/messages", status=503, times=None)
        await live_until(s, MONDAY + timedelta(seconds=2))
        await try_again_until(s, MONDAY + 3 * HOUR)
        (note,) = written(notes)
        assert note == (
            "This week's quiz could not be posted, although I tried for more than an hour. The log of the program says "
            "why; `/weekly post` tries once more."
        )
        slots = [(slot, state) for slot, state, _ in occurrences(s)]
        assert slots == [("2026-W02", "failed"), ("2026-W03", "waiting")]


async def test_a_post_that_was_not_recorded_is_adopted_and_not_posted_again(settings, encoder, monkeypatch, caplog):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        await set_up(s, admin)
        fail_once(s, monkeypatch, "record_posted")
        await live_until(s, MONDAY + timedelta(seconds=2))
        (post,) = s.said()
        assert s.rows("SELECT message_id FROM weekly_rounds") == [(None,)]
        await answer_all(s, s.ada, await take(s.ada, post), "x")
        for number in range(3):
            await s.client.get_channel(s.channel.id).send(f"talk {number}")
        await s.env.advance_time(60)
        assert s.rows("SELECT message_id FROM weekly_rounds") == [(post.id,)]
        assert occurrences(s) == [("2026-W02", "done", None), ("2026-W03", "waiting", None)]
        posts = [message for message in s.said() if message.embeds]
        assert [message.id for message in posts] == [post.id]
        assert fields(posts[0])["So far"] == "1 member took part"


async def test_a_crash_between_posting_and_recording_is_adopted_by_the_next_start(settings, encoder, monkeypatch):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        await set_up(s, admin)
        fail_once(s, monkeypatch, "record_posted", asyncio.CancelledError)
        await live_until(s, MONDAY + timedelta(seconds=2))
        (post,) = s.said()
        await come_back_at(s, MONDAY + 20 * HOUR)
        await s.env.settle()
        assert [message.id for message in s.said()] == [post.id]
        assert s.rows("SELECT message_id FROM weekly_rounds") == [(post.id,)]
        assert occurrences(s)[0] == ("2026-W02", "done", None)


async def test_results_that_were_not_recorded_are_adopted(settings, encoder, monkeypatch, caplog):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        await answer_all(s, s.ada, await take(s.ada, s.said()[0]), "xxxxx")
        fail_once(s, monkeypatch, "record_closed")
        results = await close(s)
        assert len(s.said()) == 2
        assert s.rows("SELECT summary_message_id FROM weekly_rounds") == [(None,)]
        await live_until(s, s.env.now() + timedelta(minutes=1))
        assert len(s.said()) == 2
        assert s.rows("SELECT summary_message_id FROM weekly_rounds") == [(results.id,)]
        assert occurrences(s, "weekly_close") == [("close", "done", None)]


def fail_once(s, monkeypatch, name, error=TimeoutError):
    """The database is away when this is recorded for the first time."""
    service, calls = s.client.services.weekly, []
    record = getattr(service, name)

    async def fail(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise error
        await record(*arguments)

    monkeypatch.setattr(service, name, fail)


# The role


def pings(s, message):
    return s.env.backend.get_message(s.channel.id, message.id).ping_role_ids


async def test_the_role_is_mentioned_exactly_once(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        role = s.guild.create_role("quiz", mentionable=True)
        await s.env.settle()
        shown = await set_up(s, admin, role=role)
        assert "What I lack" not in fields(shown)
        assert f"It mentions <@&{role.id}>." in fields(shown)["What"]
        await live_until(s, MONDAY + timedelta(seconds=1))
        (post,) = s.said()
        assert post.content == f"<@&{role.id}>"
        assert pings(s, post) == [role.id]
        await answer_all(s, s.ada, await take(s.ada, post), "xxxxx")
        await s.env.advance_time(10)
        results = await close(s)
        assert pings(s, results) == []
        assert results.content == ""
        sent = [r for r in s.env.http_requests if r.method == "POST" and r.path == f"/channels/{s.channel.id}/messages"]
        assert len(sent) == 2


async def test_a_role_that_cannot_be_mentioned_is_told_and_the_quiz_comes_all_the_same(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        role = s.guild.create_role("quiz")
        mine = s.guild.roles[s.client.user.name]
        s.env.backend.edit_role(s.guild.id, mine.id, {"permissions": discord.Permissions.text().value & ~(1 << 17)})
        await s.env.settle()
        shown = fields(await set_up(s, admin, role=role))
        assert shown["What I lack"] == (
            f"⚠️ I cannot mention <@&{role.id}>. Switch on “Allow anyone to mention this role” in its settings, or "
            "allow me “Mention All Roles”."
        )
        s.env.backend.delete_role(s.guild.id, role.id)
        await s.env.settle()
        shown = fields(await run(s, admin, "show"))
        assert shown["What I lack"] == (
            "⚠️ The role to mention has been deleted. Name another one, or none, with `/weekly set`."
        )
        assert "It mentions nobody, as the role has been deleted." in shown["What"]
        await live_until(s, MONDAY + timedelta(seconds=1))
        assert [post.content for post in s.said()] == [""]


async def test_everyone_is_not_mentioned(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        told = await set_up(s, admin, role=s.guild.default_role)
        assert (
            told.content == "I do not mention everyone. Choose a role that members take for it, or leave the role out."
        )
        assert s.rows("SELECT * FROM weekly_quizzes") == []


# Commands


async def test_only_admins_may(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        names = {f"weekly {name}" for name in ("set", "show", "preview", "post", "pause", "resume", "history", "off")}
        assert names <= set(admin.available_commands(s.channel))
        assert not names & set(s.ada.available_commands(s.channel))
        assert not names & set(s.ada.user.available_commands())
        s.guild.set_command_permissions(s.client.command_ids["weekly"], {s.guild.default_role: True})
        assert (await set_up(s, s.ada)).content == NO_ADMIN
        for name in ("show", "preview", "post", "pause", "resume", "history", "off"):
            answer = await run(s, s.ada, name)
            assert answer.ephemeral
            assert answer.content == NO_ADMIN
        forged = await s.client.get_channel(s.channel.id).send("forged", view=preview_buttons(s.guild.id))
        extra = await s.client.get_channel(s.channel.id).send("forged", view=extra_buttons(s.guild.id))
        await s.env.settle()
        for message, label in ((forged, "Choose others"), (extra, "Post an extra quiz")):
            told = await s.ada.click(message, label=label)
            assert told.response.ephemeral
            assert told.response.content == NO_ADMIN
        assert s.rows("SELECT * FROM weekly_quizzes") == []


async def test_without_a_set_up_every_command_says_how_to_begin(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        for name in ("show", "preview", "post", "pause", "resume", "off"):
            assert (await run(s, admin, name)).content == NOT_SET_UP
        shown = await run(s, admin, "history")
        assert shown.embeds[0].description == "No quiz has closed yet. `/weekly show` tells when the next one comes."


@pytest.mark.parametrize("time", ["25:00", "18:60", "6 pm", "noon"])
async def test_a_time_that_is_none(settings, encoder, time):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        told = await set_up(s, admin, time=time)
        assert told.content == (
            "I cannot read that as a time of the day. Write it with hours and minutes, for example 18:00."
        )


async def test_zones_are_suggested_and_read_as_people_write_them(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        choices = await admin.autocomplete(
            s.channel, "weekly set", "zone", "tokyo", channel=s.channel, weekday=0, time="9:05"
        )
        assert [choice["value"] for choice in choices] == ["Asia/Tokyo"]
        shown = await set_up(s, admin, zone="tokyo", time="9:05", weekday=6)
        assert fields(shown)["When"].startswith("Sundays at 09:05 in Asia/Tokyo.")
        told = await set_up(s, admin, zone="nowhere-at-all")
        assert told.content.startswith("I do not know the time zone")
        assert s.rows("SELECT zone FROM weekly_quizzes") == [("Asia/Tokyo",)]


async def test_the_preview_is_what_is_posted_and_can_be_changed(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        await set_up(s, admin)
        shown = await run(s, admin, "preview")
        assert shown.ephemeral
        first = asked(s)
        parts = shown.embeds[0].description.split("\n\n")
        assert parts[0] == f"They are posted {format_dt(MONDAY, 'F')}, unless you choose others."
        assert len(parts) == 6
        for part, question in zip(parts[1:], first, strict=True):
            assert literal(shorten(question.prompt, 360)) in part
            assert "✅ " in part
        await s.restart()
        await admin.click(shown, label="Choose others")
        others = asked(s, 2)  # the number of the round that was thrown away is not given again
        assert not {one.id for one in first} & {one.id for one in others}
        assert literal(shorten(others[0].prompt, 360)) in shown.message.embeds[0].description
        await live_until(s, MONDAY + timedelta(seconds=1))
        assert asked(s, 2) == others
        assert len(s.said()) == 1
        assert others[0].prompt not in text_of(s.said()[0])


async def test_posting_by_hand_now_once_and_an_extra_one_if_it_is_meant(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        await set_up(s, admin, open_hours=2)
        await come_back_at(s, MONDAY - 6 * HOUR)
        await run(s, admin, "post")
        await s.env.advance_time(2)
        (post,) = s.said()
        refused = await run(s, admin, "post")
        closes_at = s.env.now().replace(microsecond=0) + 2 * HOUR - timedelta(seconds=2)
        link = f"https://discord.com/channels/{s.guild.id}/{s.channel.id}/{post.id}"
        assert refused.content == (
            f"A quiz is open until {format_dt(closes_at, 'f')}: {link}\nAnother one can come when it has closed."
        )
        shown = fields(await run(s, admin, "show"))
        assert shown["Open now"] == f"{link}: 0 members took part, open until {format_dt(closes_at, 'f')}."
        await live_until(s, MONDAY + timedelta(minutes=1))
        assert len(s.said()) == 1
        asks = await run(s, admin, "post")
        assert (
            asks.content == "This week has had its quiz. Do you want an extra one now? Next week's comes all the same."
        )
        assert labels_of(asks) == ["Post an extra quiz"]
        await s.restart()
        await admin.click(asks, label="Post an extra quiz")
        assert asks.message.content == f"It is on its way: within a few seconds the quiz is in <#{s.channel.id}>."
        assert labels_of(asks.message) == []
        await s.env.advance_time(2)
        assert len(s.said()) == 2
        assert [slot for slot, _, _ in occurrences(s)] == ["2026-W02", "2026-W03", "2026-W02:2"]


async def test_pause_resume_and_off(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = admin_of(s)
        await s.env.settle()
        await set_up(s, admin)
        paused = await run(s, admin, "pause")
        assert paused.embeds[0].description == "No quiz comes until `/weekly resume`."
        assert fields(paused)["When"] == (
            "Mondays at 18:00 in Europe/Berlin.\nPaused. `/weekly resume` goes on with it."
        )
        assert (await set_up(s, admin)).embeds[0].description == "It is still paused."
        await live_until(s, MONDAY + HOUR)
        assert s.said() == []
        resumed = await run(s, admin, "resume")
        assert resumed.embeds[0].description == "It goes on."
        await live_until(s, MONDAY + WEEK + timedelta(seconds=1))
        (post,) = s.said()
        off = await run(s, admin, "off")
        link = f"https://discord.com/channels/{s.guild.id}/{s.channel.id}/{post.id}"
        assert off.content == (
            "There is no weekly quiz any more. `/weekly set` brings it back; its history is kept. "
            f"The one that is open closes as planned: {link}"
        )
        await live_until(s, MONDAY + 2 * WEEK + HOUR)
        assert len(s.said()) == 1
        assert s.said()[0].embeds[0].description == (
            "Closed. Nobody had two minutes to spare this time, and such weeks happen."
        )


async def test_history_tells_figures_and_what_lures(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        admin = await begin(s)
        for member, line in ((s.ada, "xx---"), (s.grace, "x----")):
            await answer_all(s, member, await take(member, s.said()[0]), line)
        await close(s)
        shown = await run(s, admin, "history")
        assert shown.ephemeral
        day = format_dt(MONDAY, "D")
        assert shown.embeds[0].description == f"1. {day}: 2 took part, 2 finished, 1.5 of 5 right"
        lines = fields(shown)[f"The questions of {day}, the last one"].splitlines()
        concepts = s.client.services.curriculum.concepts
        titles = [concepts[one.concept].title for one in asked(s)]
        assert lines[0] == f"**1. {titles[0]}** 2 of 2 right (100%)"
        assert lines[1].startswith(f"**2. {titles[1]}** 1 of 2 right (50%)")
        assert lines[4].startswith(f"**5. {titles[4]}** 0 of 2 right (0%)")
        told = await run(s, admin, "history", back=2)
        assert told.content == ("There is no quiz so far back. `/weekly history` without a number shows the last one.")


async def test_a_corrected_key_is_told_in_the_results(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        await answer_all(s, s.ada, await take(s.ada, s.said()[0]), "xx-xx")
        await answer_all(s, s.grace, await take(s.grace, s.said()[0]), "xxxxx")
        results = await close(s)
        await refresh_results(s.client, 1)
        assert "Corrected" not in fields(s.said()[-1])
        question = asked(s)[2]
        services = s.client.services
        async with services.weekly._database.transaction() as session:
            ruling = Ruling(question.id, s.guild.id, Verdict.RETIRED)
            await questions_store.add_ruling(session, ruling, s.env.now())
            await services.questions.regrade(session, question.id, s.guild.id)
        await refresh_results(s.client, 1)
        assert len(s.said()) == 2
        changed = s.said()[-1]
        assert changed.id == results.id
        assert changed.embeds[0].description == (
            "2 members took part, and 2 finished it.\n\nNo question was missed. Well done."
        )
        assert fields(changed)["Corrected"] == "Question 3 was withdrawn since; the scores are computed again."
        assert labels_of(changed) == ["See my answers"]
        await s.client.get_channel(s.channel.id).get_partial_message(results.id).delete()
        await refresh_results(s.client, 1)
        assert len(s.said()) == 1


async def test_nothing_that_members_answer_is_logged(settings, encoder, caplog):
    async with weekly_server(settings, encoder) as s:
        await begin(s)
        await answer_all(s, s.ada, await take(s.ada, s.said()[0]), "x-x-x")
        await close(s)
        assert warnings_of(caplog) == []
        said = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("bot."))
        assert not [one for one in asked(s) if one.prompt in said or one.id in said]
        assert str(s.ada.id) not in said


# Many at once


async def test_sixty_members_are_all_counted_once(settings, encoder):
    async with weekly_server(settings, encoder) as s:
        await begin(s, questions=3, goal=60)
        post = s.said()[0]
        members = [s.guild.add_member(s.env.create_user(f"member{number:02}")) for number in range(60)]
        right = 0
        for number, member in enumerate(members):
            marks = "".join("x" if number & 1 << place else "-" for place in range(3))
            right += marks.count("x")
            shown = await take(member, post)
            await answer_all(s, member, shown, marks)
            await take(member, post)
            if number % 2:
                await member.click(shown, label="Name me in the results")
        assert s.rows("SELECT count(*), count(DISTINCT member_id), sum(is_correct) FROM attempts") == [(180, 60, right)]
        await s.env.advance_time(10)
        assert fields(s.said()[0])["So far"] == "60 members took part"
        results = await close(s)
        turnout = results.embeds[0].description.split("\n\n")[0]
        assert turnout == (
            "60 members took part, and 60 finished it.\n"
            f"Those who finished had {right / 60:.1f} of 3 right on average.\n"
            "🎯 The goal is reached: 60 were to finish it, and 60 did."
        )
        lines = fields(results)["Those who wanted to be named"].splitlines()
        best = [number for number in range(60) if number & 7 == 7]
        second = [number for number in range(60) if number & 7 in {3, 5}]
        expected = [f"**1** · member{number:02} · 3 of 3" for number in best]
        expected += [f"**{len(best) + 1}** · member{number:02} · 2 of 3" for number in second]
        assert lines == [*expected[:10], f"and {len(expected) - 10} more with the same score"]
