"""What members of a study group keep to themselves stays theirs, on a simulated Discord, from the words to the end."""

import json
from datetime import timedelta

import discord
import pytest

from bot.features.checkin.views import reply_id
from bot.features.groups.models import EventKind
from tests.bot.checkin_members import CLOSES, MONDAY, SECOND, check_in, group_server, home_of, make_group, posts
from tests.bot.server import labels_of, text_of
from tests.bot.weekly_members import live_until

WEEK = timedelta(weeks=1)

ADAS = {
    "evidence": "zircon one notebook",
    "learned": "zircon two patience",
    "blocker": "I do not understand what dropout is for",
    "next": "zircon four lesson",
}
"""What ada writes; all of it has one of these words, which the tutor would not say by itself."""
WORDS = ("zircon", "what dropout is for")


async def begin(s, **options):
    """A group of three with its first check-in open, and a channel for the mentors; the group and the question."""
    s.notes = s.guild.create_text_channel("notes")
    await s.env.settle()
    await s.client.services.guild_settings.set_notes_channel(s.guild.id, s.notes.id)
    group = await make_group(s, s.ada, s.grace, s.eve, **options)
    await live_until(s, MONDAY + SECOND)
    (prompt,) = posts(s, group)
    return group, prompt


def channels(s):
    return [s.channel, s.notes, *s.channel.threads]


def public(s):
    """Everything that the tutor has written and that more than one member can read."""
    return "\n".join(text_of(message) for channel in channels(s) for message in channel.history())


def count_words(text):
    """How many of ada's texts stand there."""
    return sum(text.count(word) for word in WORDS)


def seen_by(s, member):
    """Everything that this member can read, with what is for them alone."""
    found = [message for channel in (s.channel, *s.channel.threads) for message in channel.history(viewer=member)]
    return "\n".join(text_of(message) for message in [*found, *member.user.dm_channel.history()])


async def plan(s, member, what, *, label):
    """Make a plan with /plan and click below its preview."""
    opened = await member.slash(s.channel, "plan")
    shown = await member.submit_modal(opened, {"what": what, "when": "", "where": "", "fallback": ""})
    await member.click(shown.response, label=label)
    await s.env.advance_time(1)
    return shown.response


async def block(s, member, message, **form):
    """Fill in a check-in with a blocker; the private panel and the tutor's private answer."""
    opened = await member.click(message, label="Check in")
    sent = await member.submit_modal(opened, {"outcome": ["partly"], **form})
    (answer,) = sent.followups
    return sent.response, answer


async def call(s, member, answer):
    """Ask the mentors, from the preview to their channel."""
    preview = (await member.click(answer, label="Ask the mentors")).response
    (shown,) = preview.embeds
    await member.click(preview, label="Send")
    await s.env.advance_time(1)
    (post,) = [message for message in s.notes.history() if message.embeds]
    return shown, post


def make_mentor(s):
    role = s.guild.create_role("boss", permissions=discord.Permissions(manage_guild=True))
    return s.guild.add_member(s.env.create_user("linus"), roles=[role])


# In public


async def test_two_weeks_of_private_check_ins_leave_no_word_in_public(settings, encoder, caplog):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        for number in range(2):
            await check_in(s, s.ada, prompt, label="Keep it private", outcome=["not"], **ADAS)
            await check_in(s, s.grace, prompt, outcome=["done"], evidence="open words")
            assert (await s.ada.slash(s.channel, "checkin")).response.ephemeral
            await live_until(s, CLOSES + number * WEEK + SECOND)
            digest = posts(s, group)[-1]
            assert "**ada** · checked in privately" in text_of(digest)
            await live_until(s, MONDAY + (number + 1) * WEEK + SECOND)
            prompt = posts(s, group)[-1]
        assert "open words" in public(s)
        assert count_words(public(s)) == 0
        assert "Not this time" not in public(s)
        assert "zircon" in seen_by(s, s.ada)
        for other in (s.grace, s.eve):
            assert count_words(seen_by(s, other)) == 0
        assert "zircon" not in "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("bot."))
        for member in (s.ada, s.grace, s.eve):
            assert member.user.dm_channel.history() == []


async def test_a_blocker_is_answered_alone_and_shown_to_nobody_with_the_rest(settings, encoder):
    async with group_server(settings, encoder) as s:
        _, prompt = await begin(s)
        panel, answer = await block(s, s.ada, prompt, **ADAS)
        assert answer.ephemeral
        assert answer.content == "About what blocks you:\n> I do not understand what dropout is for"
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        assert all(text in public(s) for name, text in ADAS.items() if name != "blocker")
        assert ADAS["blocker"] not in public(s)
        assert ADAS["blocker"] not in seen_by(s, s.grace)
        (concepts,) = s.rows("SELECT concepts FROM checkins")
        assert json.loads(concepts[0])[0] == "dropout"


async def test_mentors_see_exactly_what_was_shown_before_and_the_group_does_not(settings, encoder):
    async with group_server(settings, encoder) as s:
        mentor = make_mentor(s)
        group, prompt = await begin(s)
        _, answer = await block(s, s.ada, prompt, **ADAS)
        assert count_words(public(s)) == 0
        shown, post = await call(s, s.ada, answer)
        assert post.embeds[0].to_dict() == shown.to_dict()
        title = s.client.services.curriculum.concepts["dropout"].title
        assert {field.name: field.value for field in shown.fields}["About"].startswith(title)
        assert [name for name, text in ADAS.items() if text in text_of(post)] == ["blocker"]
        await mentor.click(post, label="I can help")
        await s.env.advance_time(1)
        notice = home_of(s, group).history()[-1]
        assert notice.content.startswith(f"{mentor.mention} would like to help you, {s.ada.mention}.")
        for other in (s.grace, s.eve):
            assert count_words(seen_by(s, other)) == 0


async def test_a_reply_to_an_offer_is_no_question_to_the_tutor(settings, encoder):
    async with group_server(settings, encoder) as s:
        mentor = make_mentor(s)
        group, prompt = await begin(s)
        _, answer = await block(s, s.ada, prompt, **ADAS)
        _, post = await call(s, s.ada, answer)
        await mentor.click(post, label="I can help")
        await s.env.advance_time(1)
        home = home_of(s, group)
        before = len(home.history())
        await s.ada.send(home, "Thank you! What is dropout for?", reply_to=home.history()[-1])
        assert len(home.history()) == before + 1


async def test_a_follow_up_in_public_knows_nothing_of_the_blocker(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        await block(s, s.ada, prompt, **ADAS)
        await s.ada.send(home_of(s, group), f"{s.client.user.mention} and why is that?")
        assert "ropout" not in public(s)
        assert s.rows("SELECT count(*) FROM answers WHERE question LIKE '%dropout%'") == [(1,)]


async def test_a_plan_is_private_first(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, _ = await begin(s)
        shown = await plan(s, s.ada, "zircon plan", label="Keep it to myself")
        assert count_words(public(s)) == 0
        await live_until(s, CLOSES + SECOND)
        assert count_words(public(s)) == 0
        await s.grace.slash(s.channel, "group show")
        assert count_words(seen_by(s, s.grace)) == 0
        (preview,) = shown.embeds
        await plan_again(s, s.ada)
        assert posts(s, group)[-1].embeds[0].to_dict() == preview.to_dict()


async def plan_again(s, member):
    shown = (await member.slash(s.channel, "plan")).response
    await member.click(shown, label="Show to my group")
    await s.env.advance_time(1)


# Taken back


async def test_what_is_taken_back_is_gone_from_every_place(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        panel, answer = await block(s, s.ada, prompt, **ADAS)
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        await call(s, s.ada, answer)
        assert count_words(public(s)) == 4
        mine = (await s.ada.slash(s.channel, "calls mine")).response
        await s.ada.click(mine, label="Take it back")
        await s.ada.click(panel, label="Withdraw")
        await live_until(s, CLOSES + SECOND)
        assert count_words(public(s)) == 0
        assert "**ada**" not in text_of(posts(s, group)[-1])
        assert s.ada.mention not in text_of(posts(s, group)[-1])


# Deleted


async def test_who_deletes_everything_is_gone_from_the_group_and_the_others_stay(settings, encoder):
    async with group_server(settings, encoder) as s:
        mentor = make_mentor(s)
        group, prompt = await begin(s)
        await plan(s, s.ada, "zircon plan", label="Show to my group")
        panel, answer = await block(s, s.ada, prompt, **ADAS)
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        _, post = await call(s, s.ada, answer)
        await check_in(s, s.grace, prompt, outcome=["done"], evidence="words of grace")
        await reply(s, s.ada, to="words of grace", text="zircon reply")
        await mentor.click(post, label="I can help")
        await live_until(s, CLOSES + SECOND)
        assert "**ada**" in text_of(posts(s, group)[-1])
        assert count_words(public(s)) == 6

        asked = (await s.ada.slash(s.channel, "privacy delete")).response
        await s.ada.click(asked, label="Delete everything")
        await s.env.advance_time(2)
        assert count_words(public(s)) == 0
        assert "words of grace" in public(s)
        digest = next(message for message in posts(s, group) if "Make it up" in labels_of(message))
        assert "ada" not in text_of(digest)
        assert "**grace**" in text_of(digest)
        assert rows_of(s, s.ada) == {}
        assert s.rows("SELECT owner_id, state FROM study_groups") == [(s.grace.id, "active")]
        assert s.rows("SELECT count(*) FROM checkins WHERE member_id = ?", s.grace.id) == [(1,)]
        await live_until(s, MONDAY + WEEK + SECOND)
        assert s.ada.mention not in text_of(posts(s, group)[-1])


def everything(s):
    """Every row of the database."""
    names = [name for (name,) in s.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return str([s.rows(f"SELECT * FROM {name}") for name in names])  # noqa: S608 - the names are those of the tables


async def test_a_group_of_one_is_gone_with_its_member_and_its_home_is_closed(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, name="Zircon owls", goal="A zircon one goal")
        home = home_of(s, group)
        await live_until(s, MONDAY + SECOND)
        await check_in(s, s.ada, posts(s, group)[-1], outcome=["done"], **ADAS)
        await live_until(s, CLOSES + SECOND)
        assert "ircon" in everything(s)
        asked = (await s.ada.slash(s.channel, "privacy delete")).response
        await s.ada.click(asked, label="Delete everything")
        assert "ircon" not in everything(s)
        await s.env.advance_time(60)
        assert s.rows("SELECT * FROM study_groups") == s.rows("SELECT * FROM group_weeks") == []
        assert s.rows("SELECT kind FROM occurrences WHERE state IN ('waiting', 'failed') AND subject_id = 1") == []
        assert home.history()[-1].content.startswith("This study group has ended.")
        assert home._channel.thread_metadata.archived
        assert (await s.grace.slash(s.channel, "group list")).response.embeds[0].description.startswith("There is no")


async def reply(s, member, *, to, text):
    """Answer the post of a check-in in the window that its button leads to."""
    (post,) = [m for thread in s.channel.threads for m in thread.history() if to in text_of(m)]
    (checkin,) = s.rows("SELECT id FROM checkins WHERE message_id = ?", post.id)
    shown = (await member.click(post, custom_id=reply_id(checkin[0]))).response
    opened = await member.click(shown, label="Change it")
    await member.submit_modal(opened, {"text": text})
    await s.env.advance_time(1)


def rows_of(s, member):
    """How many rows of each table name this member in any column."""
    found = {}
    for (table,) in s.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        columns = [row[1] for row in s.rows(f"PRAGMA table_info({table})")]
        where = " OR ".join(f'CAST("{column}" AS TEXT) = ?' for column in columns)
        (count,) = s.rows(f"SELECT count(*) FROM {table} WHERE {where}", *[str(member.id)] * len(columns))  # noqa: S608
        if count[0]:
            found[table] = count[0]
    return found


async def test_a_mentor_who_deletes_everything_leaves_the_call_to_others(settings, encoder):
    async with group_server(settings, encoder) as s:
        mentor = make_mentor(s)
        _, prompt = await begin(s)
        _, answer = await block(s, s.ada, prompt, **ADAS)
        _, post = await call(s, s.ada, answer)
        await mentor.click(post, label="I can help")
        await s.env.advance_time(1)
        asked = (await mentor.slash(s.channel, "privacy delete")).response
        await mentor.click(asked, label="Delete everything")
        await s.env.advance_time(1)
        assert rows_of(s, mentor) == {}
        assert s.rows("SELECT state FROM help_requests") == [("open",)]
        (post,) = [message for message in s.notes.history() if message.embeds]
        assert mentor.mention not in text_of(post)
        assert labels_of(post) == ["I can help", "Mark as solved"]


# Taken along


async def test_the_export_holds_everything_of_ones_own_and_nothing_of_others(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        await plan(s, s.ada, "zircon plan", label="Keep it to myself")
        panel, answer = await block(s, s.ada, prompt, **ADAS)
        await s.ada.click(panel, label="Keep it private")
        await call(s, s.ada, answer)
        await check_in(s, s.grace, prompt, outcome=["done"], evidence="words of grace", learned="grace", next="grace")
        await reply(s, s.ada, to="words of grace", text="zircon reply")
        data = await export(s, s.ada)
        (checkin,) = data["checkins"]
        assert [checkin[name] for name in ("evidence", "learned", "blocker")] == [
            ADAS[name] for name in ("evidence", "learned", "blocker")
        ]
        assert [one["what"] for one in data["plans"]] == [
            ADAS["next"]
        ]  # of that week, so it takes the first one's place
        assert [one["text"] for one in data["help_requests"]] == [ADAS["blocker"]]
        assert [one["text"] for one in data["checkin_replies"]] == ["zircon reply"]
        assert [one["group_id"] for one in data["group_memberships"]] == [group.id]
        assert EventKind.CREATED in {one["kind"] for one in data["group_events"]}
        assert [one["question"] for one in data["questions"]] == [ADAS["blocker"]]
        assert "grace" not in json.dumps(data)
        assert "zircon" not in json.dumps(await export(s, s.grace))


async def export(s, member):
    (file,) = (await member.slash(s.channel, "privacy export")).response.attachments
    return json.loads(await file.read())


async def test_the_question_that_a_blocker_was_is_forgotten_as_any_other(settings, encoder):
    async with group_server(settings, encoder) as s:
        _, prompt = await begin(s)
        await block(s, s.ada, prompt, **ADAS)
        assert s.rows("SELECT question FROM answers") == [(ADAS["blocker"],)]
        await s.env.advance_time(32 * 24 * 3600)
        assert s.rows("SELECT question FROM answers") == [(None,)]


# Direct messages


@pytest.mark.parametrize("choice", [None, "dm"])
async def test_direct_messages_are_for_those_who_asked_for_them_and_tell_nothing_of_others(settings, encoder, choice):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        if choice is not None:
            await s.client.services.groups.set_nudges(group.id, s.eve.id, is_nudged=True, by_dm=True)
        await check_in(s, s.ada, prompt, outcome=["partly"], **ADAS)
        await live_until(s, CLOSES + SECOND)
        written = {name: len(getattr(s, name).user.dm_channel.history()) for name in ("ada", "grace", "eve")}
        assert written == {"ada": 0, "grace": 0, "eve": 1 if choice else 0}
        for message in s.eve.user.dm_channel.history():
            assert count_words(text_of(message)) == 0
            assert s.ada.mention not in text_of(message)


# Other people's buttons


async def test_a_stranger_reads_nothing_of_the_group(settings, encoder):
    async with group_server(settings, encoder) as s:
        stranger = s.guild.add_member(s.env.create_user("mallory"))
        group, prompt = await begin(s, is_private=False)
        await check_in(s, s.ada, prompt, label="Keep it private", outcome=["done"], **ADAS)
        for label in labels_of(prompt):
            result = await stranger.click(prompt, label=label)
            assert result.modal is None, label
            assert result.response.ephemeral
        for command in ("group list", "checkin", "calls mine"):
            assert (await stranger.slash(s.channel, command)).response.ephemeral
        assert count_words(seen_by(s, stranger)) == 0
        assert s.rows("SELECT count(*) FROM checkins") == [(1,)]
        assert group.id == 1
