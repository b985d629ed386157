"""/plan on a simulated Discord: a window, a preview, and what the group sees of it."""

import discord
import pytest
from discord.utils import format_dt
from simcord.backend.models.channel import Overwrite
from simcord.enums import OverwriteType

from bot.features.plan.models import PlanText
from bot.features.plan.service import (
    NO_GROUP,
    NO_HOME,
    NO_TEXT,
    NOT_IN_GROUP,
    SOMEBODY_ELSES,
    UNKNOWN,
    WHICH_GROUP,
    WITHDRAWN,
)
from bot.features.plan.views import plan_window, render_plan
from bot.ui.typed import TO_COPY
from tests.bot.checkin_members import (
    MONDAY,
    SECOND,
    check_in,
    fields_of,
    group_server,
    home_of,
    make_group,
    pings,
    posts,
)
from tests.bot.server import labels_of, text_of, warnings_of
from tests.bot.weekly_members import buttons_of, live_until

TYPED = {
    "what": "Lesson 1, the *first* half",
    "when": "Thursday evening",
    "where": "Kitchen table",
    "fallback": "20 minutes on Saturday",
}
PLAN = "**Lesson 1, the \\*first\\* half** · Thursday evening · Kitchen table\nIf not: 20 minutes on Saturday"
BLOCKS = (
    "What will I do?\n```\nLesson 1, the *first* half\n```\nBy when?\n```\nThursday evening\n```\n"
    "Where?\n```\nKitchen table\n```\nIf it does not work, I will …\n```\n20 minutes on Saturday\n```"
)
LESSON = "Lesson 1: Getting started · Practical Deep Learning for Coders, 40 min of it"
PRIVATE = ["Show to my group", "Change", "Keep it to myself", "Withdraw"]
SHOWN = PRIVATE[1:]
TAKEN_BACK = "Withdrawn. This plan counts for nothing any more, and your group does not see it."


async def plan(s, member=None, *, channel=None, **options):
    return await (member or s.ada).slash(channel or s.channel, "plan", **options)


async def submit(s, opened, member=None, **typed):
    return (await (member or s.ada).submit_modal(opened, TYPED | typed)).response


async def write(s, member=None, **typed):
    """A plan as far as the preview."""
    opened = await plan(s, member)
    assert opened.modal is not None
    return await submit(s, opened, member, **typed)


async def click(s, message, label, member=None):
    result = await (member or s.ada).click(message, label=label)
    await s.env.settle()
    await s.env.advance_time(1)
    return result


async def show(s, member=None, **typed):
    """A plan that the group sees; the private message."""
    message = await write(s, member, **typed)
    await click(s, message, "Show to my group", member)
    return message


def fields_in(opened):
    """What a window asks: label, hint, what stands there."""
    return [
        (label["label"], label.get("description"), label["component"].get("value"))
        for label in opened.modal["components"]
    ]


def plans(s):
    return s.rows("SELECT what, state, item, message_id IS NOT NULL FROM plans ORDER BY id")


def everything_public(s, group):
    said = [*s.said(), *home_of(s, group).history()]
    return "\n".join(text_of(message) for message in said)


def deny(s, channel, **permissions):
    """Take permissions from the tutor in a channel; without any, give all back."""
    mine = s.guild.roles[s.client.user.name].id
    denied = discord.Permissions(**permissions).value
    s.env.backend.set_overwrite(channel.id, Overwrite(mine, OverwriteType.ROLE, 0, denied))


async def forge(s, custom_id):
    """A public message with one button, as only somebody with the bot's token could make it."""
    view = discord.ui.View(timeout=None).add_item(discord.ui.Button(label="Forged", custom_id=custom_id))
    message = await s.client.get_channel(s.channel.id).send("forged", view=view)
    await s.env.settle()
    return message


# The window and the preview


async def test_without_a_group_it_says_how_to_find_one(settings, encoder):
    async with group_server(settings, encoder) as s:
        found = await plan(s)
        assert found.response.ephemeral
        assert found.response.content == NO_GROUP


async def test_from_the_window_to_what_the_group_sees(settings, encoder, caplog):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        opened = await plan(s)
        assert opened.modal["title"] == "Your plan"
        assert fields_in(opened) == [
            ("What will I do?", "I have filled in your next step. Change it as you like.", LESSON),
            ("By when?", None, None),
            ("Where?", None, None),
            ("If it does not work, I will …", None, None),
        ]
        placeholders = [label["component"]["placeholder"] for label in opened.modal["components"]]
        assert all(20 < len(placeholder) <= 100 for placeholder in placeholders)

        message = await submit(s, opened)
        assert message.ephemeral
        asked = f"The check-in of {format_dt(MONDAY, 'F')} asks you how it went."
        assert message.message.content == (
            f"Noted. {asked}\nOnly you see this plan. This is exactly what **Night owls** would see:"
        )
        (preview,) = message.message.embeds
        assert preview.description == f"**ada** plans until the next check-in:\n{PLAN}"
        assert buttons_of(message) == PRIVATE
        assert posts(s, group) == []
        assert plans(s) == [("Lesson 1, the *first* half", "private", "fastai-practical-deep-learning/lesson-1", 0)]

        await click(s, message, "Show to my group")
        (post,) = posts(s, group)
        assert [embed.to_dict() for embed in post.embeds] == [preview.to_dict()]
        assert post.content == ""
        assert labels_of(post) == ["My own plan"]
        assert pings(s, post) == []
        assert message.message.content == (
            f"Thank you, that helps the others, too. {asked}\n**Night owls** sees this plan, in <#{group.home_id}>:"
        )
        assert message.message.embeds[0].to_dict() == preview.to_dict()
        assert buttons_of(message) == SHOWN
        assert "Lesson 1" not in "\n".join(text_of(found) for found in s.said())
        assert warnings_of(caplog) == []


async def test_the_present_plan_is_shown_and_changed_with_its_message(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        await show(s)
        (before,) = posts(s, group)
        panel = (await plan(s)).response
        assert panel.ephemeral
        assert panel.message.content.endswith(f"\n**Night owls** sees this plan, in <#{group.home_id}>:")
        assert buttons_of(panel) == SHOWN

        opened = await s.ada.click(panel, label="Change")
        assert [value for _, _, value in fields_in(opened)] == list(TYPED.values())
        assert fields_in(opened)[0][1] == "Your group sees the change at once."
        await submit(s, opened, what="Sleep", when="", where="", fallback="")
        await s.env.advance_time(1)
        assert panel.message.content.startswith("Changed. ")
        (after,) = posts(s, group)
        assert after.id == before.id
        expected = "**ada** plans until the next check-in:\n**Sleep**"
        assert after.embeds[0].description == panel.message.embeds[0].description == expected
        assert plans(s) == [("Sleep", "shown", None, 1)]


async def test_a_private_plan_is_changed_without_a_word_to_the_group(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        message = await write(s, what="A secret")
        opened = await s.ada.click(message, label="Change")
        assert fields_in(opened)[0] == ("What will I do?", None, "A secret")
        await submit(s, opened, what="Another secret")
        assert "**Another secret**" in message.message.embeds[0].description
        await click(s, message, "Keep it to myself")
        assert message.message.content.startswith("It stays between us. ")
        assert buttons_of(message) == PRIVATE
        assert "secret" not in everything_public(s, group)


async def test_kept_and_withdrawn_it_goes_from_the_group(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        message = await show(s)
        await click(s, message, "Keep it to myself")
        assert posts(s, group) == []
        assert buttons_of(message) == PRIVATE
        await click(s, message, "Show to my group")
        assert len(posts(s, group)) == 1
        await click(s, message, "Withdraw")
        assert posts(s, group) == []
        assert (message.message.content, message.message.embeds) == (TAKEN_BACK, [])
        assert buttons_of(message) == ["Make another plan"]
        opened = await s.ada.click(message, label="Make another plan")
        assert fields_in(opened)[0][2] == LESSON
        await submit(s, opened, what="Something else")
        assert message.message.content.startswith("Noted. ")
        assert [(what, state) for what, state, *_ in plans(s)] == [
            (TYPED["what"], "withdrawn"),
            ("Something else", "private"),
        ]


async def test_double_clicks_do_no_harm(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        message = await write(s)
        again = {do: await forge(s, f"plan:1:{do}") for do in ("show", "withdraw")}
        await s.ada.click(message, label="Show to my group")
        await s.ada.click(again["show"], label="Forged")
        await s.env.advance_time(1)
        assert len(posts(s, group)) == 1
        await click(s, message, "Withdraw")
        late = await s.ada.click(again["withdraw"], label="Forged")
        assert [found.content for found in late.followups] == [WITHDRAWN]
        assert posts(s, group) == []


@pytest.mark.parametrize(("last", "count"), [("show", 1), ("keep", 0), ("withdraw", 0)])
async def test_the_last_of_many_changes_at_once_holds(settings, encoder, last, count):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        await write(s)
        service = s.client.services.plan
        for _ in range(4):
            await service.show(1, s.ada.id)
            await service.keep(1, s.ada.id)
        await getattr(service, last)(1, s.ada.id)
        await s.env.settle()
        await s.env.advance_time(2)
        assert len(posts(s, group)) == count
        assert plans(s)[0][3] == count
        assert {state for (state,) in s.rows("SELECT state FROM occurrences WHERE kind = 'plan_show'")} == {"done"}


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ({"what": "@everyone [a](https://b.c)"}, "@\u200beveryone \\[a\\]\\(https\\://b.c\\)"),
        ({"what": "w" * 200}, "w" * 200),
        ({"what": "two\nlines"}, "two lines"),
    ],
)
async def test_what_members_type_is_text_and_nothing_else(settings, encoder, typed, shown):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        await show(s, **typed)
        (post,) = posts(s, group)
        assert f"**{shown}**" in post.embeds[0].description
        assert pings(s, post) == []


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        (PlanText("Read"), "**Read**"),
        (PlanText("Read", "Friday"), "**Read** · Friday"),
        (PlanText("Read", "", "at home"), "**Read** · at home"),
        (PlanText("Read", "", "", "sleep"), "**Read**\nIf not: sleep"),
        (PlanText("a_b", "8:30", "#5", "`x`"), "**a\\_b** · 8\\:30 · \\#5\nIf not: \\`x\\`"),
    ],
)
def test_a_plan_in_one_or_two_lines(text, rendered):
    assert render_plan(text) == rendered


def test_a_plan_of_the_worst_characters_fits_an_embed():
    text = PlanText("*" * 200, "*" * 100, "*" * 100, "*" * 200)
    assert len(render_plan(text)) <= 1300


def test_the_window_fits_discord():
    window = plan_window("checkin:1:plan", PlanText("w" * 500, "x" * 500, "y" * 500, "z" * 500), "h" * 100)
    components = window.to_components()
    assert len(components) == 4
    for label in components:
        assert len(label["label"]) <= 45
        assert len(label["component"]["value"]) == label["component"]["max_length"]
        assert label["component"]["required"] is (label["component"]["custom_id"] == "what")
    assert [len(label["component"]["value"]) for label in components] == [200, 100, 100, 200]
    assert window.custom_id == "checkin:1:plan"


# Later


async def test_windows_and_buttons_outlive_a_restart(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        opened = await plan(s)
        await s.restart()
        message = await submit(s, opened)
        assert buttons_of(message) == PRIVATE
        changing = await s.ada.click(message, label="Change")
        await s.restart()
        await submit(s, changing, what="Sleep")
        await s.restart()
        await click(s, message, "Show to my group")
        (post,) = posts(s, group)
        await s.restart()
        assert (await s.grace.click(post, label="My own plan")).modal is not None
        await click(s, message, "Withdraw")
        assert posts(s, group) == []


async def test_a_plan_of_the_last_week_makes_room_for_the_next(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make_group(s, s.ada, s.grace)
        message = await show(s)
        await live_until(s, MONDAY + SECOND)
        opened = await plan(s)
        assert fields_in(opened)[0][2].startswith("Lesson 1: Getting started")
        await submit(s, opened, what="Sleep")
        assert [(what, state) for what, state, *_ in plans(s)] == [(TYPED["what"], "shown"), ("Sleep", "private")]
        changing = await s.ada.click(message, label="Change")
        assert fields_in(changing)[0][2] == "Sleep"


async def test_a_plan_of_a_checkin_is_changed_where_it_is_shown(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        await live_until(s, MONDAY + SECOND)
        (prompt,) = posts(s, group)
        await check_in(s, s.ada, prompt, learned="A lot", next="Sleep")
        _, checkin = posts(s, group)
        assert fields_of(checkin)["Next plan"].startswith("Sleep")
        panel = (await plan(s)).response
        assert panel.message.content.endswith("**Night owls** sees this plan in your check-in:")
        opened = await s.ada.click(panel, label="Change")
        await submit(s, opened, what="Walk", when="", where="", fallback="")
        await s.env.advance_time(2)
        _, checkin = posts(s, group)
        assert fields_of(checkin)["Next plan"].startswith("Walk")
        await click(s, panel, "Withdraw")
        await s.env.advance_time(2)
        _, checkin = posts(s, group)
        assert "Next plan" not in fields_of(checkin)


async def test_a_shown_plan_moves_into_the_checkin_of_its_week(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        await live_until(s, MONDAY + SECOND)
        await show(s, what="Sleep")
        prompt, own = posts(s, group)
        assert "**Sleep**" in own.embeds[0].description
        await check_in(s, s.ada, prompt, learned="A lot", next="Sleep")
        await s.env.advance_time(2)
        assert own.id not in [message.id for message in posts(s, group)]
        assert "Sleep" in text_of(posts(s, group)[-1])
        assert len(posts(s, group)) == 2


# Whose it is


async def test_whoever_clicks_below_a_plan_makes_their_own(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        await show(s)
        (post,) = posts(s, group)
        opened = await s.grace.click(post, label="My own plan")
        message = await submit(s, opened, s.grace, what="Mine")
        assert message.ephemeral
        assert "**grace** plans" in message.message.embeds[0].description
        assert [text_of(found) for found in posts(s, group)] == [text_of(post)]
        again = await s.grace.click(post, label="My own plan")
        assert "**Mine**" in again.response.message.embeds[0].description
        mine = await s.ada.click(post, label="My own plan")
        assert PLAN in mine.response.message.embeds[0].description
        outside = await forge(s, "plan:1:mine")
        refused = await s.eve.click(outside, label="Forged")
        assert (refused.response.content, refused.response.ephemeral) == (NOT_IN_GROUP, True)


@pytest.mark.parametrize("do", ["show", "change", "keep", "withdraw"])
async def test_nobody_decides_about_somebody_elses_plan(settings, encoder, do):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        await write(s)
        for number, sentence in ((1, SOMEBODY_ELSES), (99, UNKNOWN)):
            forged = await forge(s, f"plan:{number}:{do}")
            refused = await s.grace.click(forged, label="Forged")
            told = refused.response if do == "change" else refused.followups[0]
            assert (told.content, told.ephemeral) == (sentence, True)
        assert plans(s)[0][1] == "private"
        assert posts(s, group) == []


async def test_a_window_for_a_group_that_was_left_is_refused(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        opened = await plan(s, s.grace)
        await s.client.services.groups.leave(group.id, s.grace.id)
        told = await submit(s, opened, s.grace)
        assert told.ephemeral
        assert told.content == f"{NOT_IN_GROUP}\n{TO_COPY}\n{BLOCKS}"
        forged = await forge(s, f"plan:{group.id}:new")
        assert (await s.eve.click(forged, label="Forged")).response.content == NOT_IN_GROUP
        gone = await forge(s, "plan:99:mine")
        assert (await s.ada.click(gone, label="Forged")).response.content == UNKNOWN
        assert plans(s) == []


async def test_a_plan_without_its_first_line_comes_back(settings, encoder):
    async with group_server(settings, encoder) as s:
        await make_group(s, s.ada, s.grace)
        message = await write(s)
        opened = await s.ada.click(message, label="Change")
        refused = await s.ada.submit_modal(opened, TYPED | {"what": " ", "when": "", "where": ""})
        block = f"If it does not work, I will …\n```\n{TYPED['fallback']}\n```"
        assert [(one.content, one.ephemeral) for one in refused.followups] == [(f"{NO_TEXT}\n{TO_COPY}\n{block}", True)]


async def test_in_several_groups_one_is_named(settings, encoder):
    async with group_server(settings, encoder) as s:
        owls = await make_group(s, s.ada, s.grace)
        larks = await make_group(s, s.ada, s.grace, name="Larks")
        assert (await plan(s)).response.content == WHICH_GROUP
        choices = await s.ada.autocomplete(s.channel, "plan", "group", "")
        assert [(choice["name"], choice["value"]) for choice in choices] == [
            ("Night owls", str(owls.id)),
            ("Larks", str(larks.id)),
        ]
        assert [choice["name"] for choice in await s.ada.autocomplete(s.channel, "plan", "group", "LAR")] == ["Larks"]
        assert await s.eve.autocomplete(s.channel, "plan", "group", "") == []
        await submit(s, await plan(s, group="larks"), what="Sing")
        await submit(s, await plan(s, group=str(owls.id)), what="Hoot")
        assert [what for what, *_ in plans(s)] == ["Sing", "Hoot"]
        assert s.rows("SELECT group_id FROM plans ORDER BY id") == [(larks.id,), (owls.id,)]
        here = (await plan(s, channel=home_of(s, larks))).response
        assert "**Sing**" in here.message.embeds[0].description


# What goes wrong


def stop_once(s):
    """The program stops after it has posted a message, and before it has written that down."""
    service = s.client.services.plan
    record, stops = service.record_shown, [True]

    async def record_at_the_second_try(*arguments):
        if stops:
            raise OSError(f"the machine stops {stops.pop()}")
        await record(*arguments)

    service.record_shown = record_at_the_second_try


async def test_a_message_that_was_posted_and_not_written_down_is_found_again(settings, encoder):
    async with group_server(settings, encoder, check_errors=False) as s:
        group = await make_group(s, s.ada, s.grace)
        stop_once(s)
        message = await write(s)
        await click(s, message, "Show to my group")
        (post,) = posts(s, group)
        assert plans(s)[0][3] == 0
        await s.env.advance_time(60)
        assert [found.id for found in posts(s, group)] == [post.id]
        assert s.rows("SELECT message_id FROM plans") == [(post.id,)]


async def test_a_change_before_it_is_found_again_makes_no_second_message(settings, encoder):
    async with group_server(settings, encoder, check_errors=False) as s:
        group = await make_group(s, s.ada, s.grace)
        stop_once(s)
        message = await write(s)
        await click(s, message, "Show to my group")
        (before,) = posts(s, group)
        opened = await s.ada.click(message, label="Change")
        await submit(s, opened, what="Sleep")
        await s.env.advance_time(60)
        (after,) = posts(s, group)
        assert after.id == before.id
        assert "**Sleep**" in after.embeds[0].description


async def test_a_group_that_has_moved_sees_the_plan_in_its_new_home(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        message = await show(s)
        parent = s.client.get_channel(s.channel.id)
        thread = await parent.create_thread(name="elsewhere", type=discord.ChannelType.private_thread)
        moved = await s.client.services.groups.set_home(group.id, thread.id)
        opened = await s.ada.click(message, label="Change")
        await submit(s, opened, what="Sleep")
        await s.env.advance_time(2)
        assert posts(s, group) == []
        (post,) = posts(s, moved)
        assert "**Sleep**" in post.embeds[0].description
        assert s.rows("SELECT channel_id, message_id FROM plans") == [(thread.id, post.id)]


async def test_a_message_that_somebody_deleted_comes_with_the_next_change(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        message = await show(s)
        (post,) = posts(s, group)
        await post.delete()
        opened = await s.ada.click(message, label="Change")
        await submit(s, opened, what="Sleep")
        await s.env.advance_time(1)
        (post,) = posts(s, group)
        assert "**Sleep**" in post.embeds[0].description
        await post.delete()
        await click(s, message, "Withdraw")
        assert posts(s, group) == []


async def test_a_missing_permission_delays_it(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        message = await write(s)
        deny(s, s.channel, send_messages_in_threads=True)
        await click(s, message, "Show to my group")
        assert posts(s, group) == []
        deny(s, s.channel)
        await s.env.advance_time(31)
        assert len(posts(s, group)) == 1


async def test_a_message_that_another_process_is_at_waits_for_it(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        message = await write(s)
        s.rows(
            "INSERT INTO occurrences (kind, subject_id, slot, due_at, state, tries, claimed_by, lease_until) "
            "VALUES ('plan_show', 1, 'theirs', '2026-01-01 12:00:00.000000', 'claimed', 1, 'another', ?)",
            f"{s.client.clock() + 300 * SECOND:%Y-%m-%d %H:%M:%S.000000}",
        )
        await click(s, message, "Show to my group")
        assert posts(s, group) == []
        s.rows("UPDATE occurrences SET state = 'done' WHERE claimed_by = 'another'")
        await s.env.advance_time(10 * 60)
        assert len(posts(s, group)) == 1


async def test_for_a_group_whose_home_is_gone_it_stays_private(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        message = await write(s)
        thread = await s.client.fetch_channel(group.home_id)
        await thread.delete()
        await s.env.settle()
        await s.env.advance_time(2)
        refused = await s.ada.click(message, label="Show to my group")
        assert [told.content for told in refused.followups] == [NO_HOME]
        assert plans(s)[0][1] == "private"


async def test_a_home_that_was_lost_unseen_makes_it_private_again(settings, encoder):
    """Threads of a deleted channel go with it without a word."""
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        message = await show(s)
        assert plans(s)[0][1:] == ("shown", "fastai-practical-deep-learning/lesson-1", 1)
        s.env.backend.delete_channel(group.home_id)
        opened = await s.ada.click(message, label="Change")
        await submit(s, opened, what="Sleep")
        await s.env.advance_time(2)
        assert plans(s) == [("Sleep", "private", None, 0)]


# The next step


async def test_next_knows_the_plan_and_tells_nobody(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        await write(s, what="Lesson 1", when="Thursday evening")
        found = (await s.ada.slash(s.channel, "next")).response
        assert found.ephemeral
        assert (
            "**Why now** You planned this for your group: by Thursday evening." in found.message.embeds[0].description
        )
        assert "Thursday" not in everything_public(s, group)
