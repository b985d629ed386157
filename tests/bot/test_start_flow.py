"""/start as members click through it on a simulated Discord."""

import discord
import pytest

from bot.features.start.service import UNKNOWN_CHOICE
from bot.ui.errors import APOLOGY
from tests.bot.server import labels_of, running_server, text_of

SOMEBODY_ELSES = "This form is somebody else's. `/start` opens your own."
PROFILE = "coding, maths, deep_learning, style, motivation, hours_per_week, zone"
PAGES = (
    "Where do you come from?",
    "How do you like to learn?",
    "What is it for, and how much time is there?",
    "What may others in this server see?",
    "Where to begin?",
)
SUMMARY = "This is what I know about you"
FIRST = "Lesson 1: Getting started"


async def open_form(s, member=None, **options):
    result = await (member or s.ada).slash(s.channel, "start", **options)
    assert result.response.ephemeral
    assert not result.response.flags.loading
    return result.response


async def turn_to(s, message, page):
    """Click through to a page."""
    while card(message).title != page:
        await s.ada.click(message, label="Next")


def card(message):
    (embed,) = message.message.embeds
    return embed


def selects(message):
    """The chosen label of each menu by its placeholder."""
    found = {}
    for row in message.message.components:
        for item in row.children:
            if isinstance(item, discord.SelectMenu):
                found[item.placeholder] = next((option.label for option in item.options if option.default), None)
    return found


def buttons(message):
    rows = message.message.components
    return [item.label for row in rows for item in row.children if isinstance(item, discord.Button)]


def profile(s):
    return s.rows(f"SELECT {PROFILE} FROM learners")[0]  # noqa: S608 - a constant


def window(result):
    """What stands in the fields of the window."""
    fields = (label["component"] for label in result.modal["components"])
    return {field["custom_id"]: field.get("value", "") for field in fields}


async def write(s, message, label="Write", **typed):
    opened = await s.ada.click(message, label=label)
    await s.ada.submit_modal(opened, {"motivation": "", "hours": "", "zone": ""} | typed)


def in_language(s, monkeypatch, locale):
    """Everybody's Discord speaks this language from now on."""
    emit = s.env.backend.emit

    def emit_in_language(event, payload, *args, **kwargs):
        if event == "INTERACTION_CREATE":
            payload["locale"] = locale
        return emit(event, payload, *args, **kwargs)

    monkeypatch.setattr(s.env.backend, "emit", emit_in_language)


async def forge(s, custom_id, *, options=()):
    view = discord.ui.View(timeout=None)
    if options:
        choices = [discord.SelectOption(label=value, value=value) for value in options]
        view.add_item(discord.ui.Select(custom_id=custom_id, options=choices))
    else:
        view.add_item(discord.ui.Button(label="Forged", custom_id=custom_id))
    message = await s.client.get_channel(s.channel.id).send("forged", view=view)
    await s.env.settle()
    return message


# The whole way


async def test_the_whole_form(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        assert card(message).title == PAGES[0]
        assert card(message).footer.text == "1 of 5 · Every answer is saved at once and may be skipped."
        assert selects(message) == {
            "How much have you programmed?": None,
            "How is your maths?": None,
            "How much deep learning do you know?": None,
        }
        assert buttons(message) == ["Next"]
        for subject, level in (("coding", "2"), ("maths", "1"), ("deep_learning", "0")):
            await s.ada.select(message, [level], custom_id=f"start:{s.ada.id}:level:{subject}")
        assert selects(message) == {
            "How much have you programmed?": "I program now and then",
            "How is your maths?": "I remember derivatives and vectors a little",
            "How much deep learning do you know?": "It is new to me",
        }
        assert profile(s)[:3] == (2, 1, 0)

        await s.ada.click(message, label="Next")
        assert card(message).title == PAGES[1]
        assert buttons(message) == ["Back", "Next"]
        await s.ada.select(message, ["book"])
        assert selects(message) == {"How do you like to learn?": "Books"}

        await s.ada.click(message, label="Next")
        assert card(message).title == PAGES[2]
        assert buttons(message) == ["Write", "Back", "Next"]
        assert card(message).description.splitlines()[-3:] == [
            "- Why you learn: not answered",
            "- Hours a week: not answered",
            "- Time zone: not answered",
        ]
        await write(s, message, motivation="to read papers", hours="4-6", zone="berlin")
        assert profile(s) == (2, 1, 0, "book", "to read papers", 5.0, "Europe/Berlin")

        assert card(message).title == PAGES[3]
        assert selects(message) == {"What may others here see?": "Only I see my progress"}
        await s.ada.select(message, ["congratulated"])
        assert s.rows("SELECT guild_id, is_visible, is_congratulated FROM enrolments") == [(s.guild.id, 1, 1)]
        assert selects(message) == {"What may others here see?": "The same, and congratulate me here"}

        await s.ada.click(message, label="Next")
        assert card(message).title == PAGES[4]
        assert buttons(message) == ["Begin with step 1", "A few questions", "Back"]
        assert s.rows("SELECT started_at FROM learners") == [(None,)]
        result = await s.ada.click(message, label="Begin with step 1")
        assert s.rows("SELECT started_at FROM learners") == [("2026-01-01 00:00:00.000000",)]

        assert card(message).title == SUMMARY
        assert {field.name: field.value for field in card(message).fields} == {
            "Experience": (
                "- Programming: I program now and then\n"
                "- Maths: I remember derivatives and vectors a little\n"
                "- Deep learning: It is new to me"
            ),
            "Favourite format": "Books",
            "In this server": "The same, and congratulate me here",
            "About you": (
                "- Why you learn: “to read papers”\n"
                "- Hours a week: 5\n"
                "- Time zone: Europe/Berlin, where it is 01:00 now"
            ),
        }
        assert buttons(message) == ["Change", "My next step"]
        (step,) = result.followups
        assert step.ephemeral
        assert card(step).title == FIRST
        assert card(step).fields == []
        assert s.rows("SELECT minutes FROM recommendations") == [(75,)]
        assert s.said() == []


async def test_every_page_can_be_skipped(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        for page in PAGES[1:]:
            await s.ada.click(message, label="Next")
            assert card(message).title == page
        for page in reversed(PAGES[:-1]):
            await s.ada.click(message, label="Back")
            assert card(message).title == page
        await turn_to(s, message, PAGES[4])
        result = await s.ada.click(message, label="Start without")
        assert card(result.followups[0]).title == FIRST
        assert profile(s) == (None,) * 7
        assert "not answered" in card(message).fields[0].value


async def test_each_answer_outlives_a_restart(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await s.restart()
        await s.ada.select(message, ["3"], custom_id=f"start:{s.ada.id}:level:coding")
        await s.restart()
        await s.ada.click(message, label="Next")
        await s.restart()
        await s.ada.select(message, ["video"])
        await s.restart()
        await s.ada.click(message, label="Next")
        await s.restart()
        opened = await s.ada.click(message, label="Write")
        await s.restart()
        await s.ada.submit_modal(opened, {"motivation": "because", "hours": "3", "zone": ""})
        await s.restart()
        await s.ada.select(message, ["visible"])
        await s.restart()
        await s.ada.click(message, label="Next")
        await s.restart()
        result = await s.ada.click(message, label="Start without")
        assert card(result.followups[0]).title == FIRST
        await s.restart()
        again = await s.ada.click(message, label="My next step")
        assert card(again.response).title == FIRST
        assert again.response.ephemeral
        assert profile(s) == (3, None, None, "video", "because", 3.0, None)
        assert s.rows("SELECT is_visible, is_congratulated FROM enrolments") == [(1, 0)]


async def test_the_form_ends_with_a_few_questions(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[4])
        result = await s.ada.click(message, label="A few questions")
        assert card(message).title == SUMMARY
        (question,) = result.followups
        assert question.ephemeral
        assert card(question).footer.text.startswith("Question 1 of at most 9")
        assert s.rows("SELECT purpose, target FROM probes") == [("placement", None)]
        assert s.rows("SELECT started_at IS NULL FROM learners") == [(0,)]
        await s.restart()
        step = await s.ada.click(message, label="My next step")
        assert card(step.response).title == FIRST


async def test_a_newcomer_is_offered_step_1_before_questions(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await s.ada.select(message, ["0"], custom_id=f"start:{s.ada.id}:level:deep_learning")
        await turn_to(s, message, PAGES[4])
        assert card(message).description == (
            "Deep learning is new to you, so step 1 is the place: it explains everything from the start, and what you "
            "know already goes quickly there. If you know more than you think, a few short questions can show it."
        )
        assert buttons(message) == ["Begin with step 1", "A few questions", "Back"]
        result = await s.ada.click(message, label="Begin with step 1")
        assert card(result.followups[0]).title == FIRST
        assert s.rows("SELECT * FROM probes") == []


async def test_twice_the_end_is_the_same_end(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[4])
        copy = await forge(s, f"start:{s.ada.id}:placement:no")
        await s.ada.click(message, label="Start without")
        await s.env.advance_time(60)
        await s.ada.click(copy, label="Forged")
        assert s.rows("SELECT started_at FROM learners") == [("2026-01-01 00:00:00.000000",)]
        assert s.rows("SELECT count(*) FROM recommendations") == [(1,)]


async def test_again_it_shows_the_present_answers(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await s.ada.select(message, ["1"], custom_id=f"start:{s.ada.id}:level:maths")
        await turn_to(s, message, PAGES[1])
        await s.ada.select(message, ["university"])
        await turn_to(s, message, PAGES[2])
        await write(s, message, motivation="for *fun*", hours="7.5", zone="Asia/Tokyo")
        await turn_to(s, message, PAGES[4])
        await s.ada.click(message, label="Start without")

        again = await open_form(s)
        assert selects(again)["How is your maths?"] == "I remember derivatives and vectors a little"
        assert buttons(again) == ["Next", "Done"]
        await turn_to(s, again, PAGES[1])
        assert selects(again) == {"How do you like to learn?": "University lectures"}
        await turn_to(s, again, PAGES[2])
        opened = await s.ada.click(again, label="Write")
        assert window(opened) == {"motivation": "for *fun*", "hours": "7.5", "zone": "Asia/Tokyo"}
        await s.ada.click(again, label="Done")
        assert card(again).title == SUMMARY
        assert "“for \\*fun\\*”" in text_of(again)


async def test_change_opens_the_pages_again(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[4])
        await s.ada.click(message, label="Start without")
        await s.restart()
        await s.ada.click(message, label="Change")
        assert card(message).title == PAGES[0]
        await s.ada.select(message, ["3"], custom_id=f"start:{s.ada.id}:level:coding")
        await s.ada.click(message, label="Done")
        assert card(message).title == SUMMARY
        assert "- Programming: I am at home in Python" in text_of(message)


async def test_in_direct_messages_there_is_no_server_to_ask_about(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.ada.send_dm("hello")
        user = s.ada.user
        message = (await user.slash("start")).response
        seen = [card(message).title]
        while "Next" in buttons(message):
            assert card(message).footer.text.startswith(f"{len(seen)} of 4")
            await user.click(message, label="Next")
            seen.append(card(message).title)
        assert seen == [page for page in PAGES if page != PAGES[3]]
        result = await user.click(message, label="Start without")
        assert [field.name for field in card(message).fields] == ["Experience", "Favourite format", "About you"]
        assert card(result.followups[0]).title == FIRST
        assert s.rows("SELECT * FROM enrolments") == []


# Typing


async def test_what_cannot_be_read_is_said_and_kept(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[2])
        await write(s, message, motivation="to build things", hours="lots", zone="berln")
        assert card(message).title == PAGES[2]
        (field,) = card(message).fields
        assert field.name == "What I could not read; everything else is noted"
        assert field.value.splitlines() == [
            "- I could not read the hours a week. Please write a number from 1 to 40, like 5.",
            "- I do not know the time zone “berln”. Did you mean Europe/Berlin?",
        ]
        assert profile(s)[4:] == ("to build things", None, None)
        assert buttons(message) == ["Correct it", "Back", "Next"]
        await s.restart()
        opened = await s.ada.click(message, label="Correct it")
        assert window(opened) == {"motivation": "to build things", "hours": "lots", "zone": "berln"}
        await s.ada.submit_modal(opened, {"motivation": "to build things", "hours": "5h", "zone": "Berlin"})
        assert card(message).title == PAGES[3]
        assert card(message).fields == []
        assert profile(s)[4:] == ("to build things", 5.0, "Europe/Berlin")


async def test_one_wrong_field_does_not_lose_the_other(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[2])
        await write(s, message, hours="5", zone="berlin")
        await s.ada.click(message, label="Back")
        await write(s, message, hours="6", zone="utc+2")
        assert profile(s)[4:] == (None, 6.0, "Europe/Berlin")
        opened = await s.ada.click(message, label="Correct it")
        assert window(opened) == {"motivation": "", "hours": "6", "zone": "utc+2"}


async def test_what_is_emptied_is_forgotten(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[2])
        await write(s, message, motivation="why", hours="5", zone="berlin")
        await s.ada.click(message, label="Back")
        await write(s, message)
        assert profile(s)[4:] == (None, None, None)


@pytest.mark.parametrize(
    ("hours", "zone"),
    [
        ("x" * 20, "y" * 40),
        ("|" * 20, "|" * 40),
        (":|:", "a|b:c"),
        ("∞🔥" * 10, "北京" * 20),
        ("many\thours", "here \u2028 there"),
    ],
)
async def test_odd_typing_is_carried_whole(settings, encoder, hours, zone):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[2])
        await write(s, message, hours=hours, zone=zone)
        (button, *_) = message.message.components[0].children
        assert len(button.custom_id) <= 100
        opened = await s.ada.click(message, label="Correct it")
        shown = window(opened)
        assert shown["hours"] == " ".join(hours.replace("|", "/").split())
        assert shown["zone"] == " ".join(zone.replace("|", "/").split())


async def test_the_limits_of_the_window(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[2])
        opened = await s.ada.click(message, label="Write")
        fields = [label["component"] for label in opened.modal["components"]]
        assert [(f["custom_id"], f["required"], f["max_length"]) for f in fields] == [
            ("motivation", False, 500),
            ("hours", False, 20),
            ("zone", False, 40),
        ]
        await s.ada.submit_modal(opened, {"motivation": "w*" * 250, "hours": "", "zone": ""})
        assert profile(s)[4] == "w*" * 250
        await s.ada.click(message, label="Back")
        assert card(message).title == PAGES[2]


@pytest.mark.parametrize(
    ("locale", "zone"), [("de", "Europe/Berlin"), ("ja", "Asia/Tokyo"), ("en-GB", "Europe/London"), ("en-US", "")]
)
async def test_the_zone_is_guessed_from_the_language(settings, encoder, monkeypatch, locale, zone):
    async with running_server(settings, encoder) as s:
        in_language(s, monkeypatch, locale)
        message = await open_form(s)
        await turn_to(s, message, PAGES[2])
        opened = await s.ada.click(message, label="Write")
        assert window(opened) == {"motivation": "", "hours": "", "zone": zone}
        assert profile_is_empty(s)


def profile_is_empty(s):
    return s.rows("SELECT count(*) FROM learners WHERE zone IS NOT NULL") == [(0,)]


# The option


async def test_the_option_stores_the_zone(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s, zone="asia/kolkata")
        assert message.message.content == ""
        assert profile(s)[6] == "Asia/Kolkata"


async def test_an_unclear_option_is_said_and_the_form_opens(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s, zone="utc+2")
        assert message.message.content == (
            "utc+2 changes with summer time in many places. Please name a city, for example Europe/Berlin."
        )
        assert card(message).title == PAGES[0]
        await s.ada.click(message, label="Next")
        assert message.message.content == ""


async def test_suggestions_show_the_local_time(settings, encoder, monkeypatch):
    async with running_server(settings, encoder) as s:
        found = await s.ada.autocomplete(s.channel, "start", "zone", "berl")
        assert found == [{"name": "Europe/Berlin · 01:00", "value": "Europe/Berlin"}]
        await s.env.advance_time(30 * 60)
        assert (await s.ada.autocomplete(s.channel, "start", "zone", "kolk"))[0]["name"] == "Asia/Kolkata · 06:00"
        assert await s.ada.autocomplete(s.channel, "start", "zone", "qqqqqq") == []
        in_language(s, monkeypatch, "ja")
        assert (await s.ada.autocomplete(s.channel, "start", "zone", ""))[0]["value"] == "Asia/Tokyo"
        await open_form(s, zone="berlin")
        assert [c["value"] for c in await s.ada.autocomplete(s.channel, "start", "zone", "")][:2] == [
            "Europe/Berlin",
            "Asia/Tokyo",
        ]


# What others may see


@pytest.mark.parametrize(("choice", "seen"), [("private", (0, 0)), ("visible", (1, 0)), ("congratulated", (1, 1))])
async def test_what_a_server_may_see(settings, encoder, choice, seen):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.change_enrolment(s.ada.id, s.guild.id, is_visible=True)
        message = await open_form(s)
        await turn_to(s, message, PAGES[3])
        assert selects(message) == {"What may others here see?": "Others here may see my step"}
        await s.ada.select(message, [choice])
        assert s.rows("SELECT is_visible, is_congratulated FROM enrolments") == [seen]


async def test_an_odd_combination_is_left_alone(settings, encoder):
    """/progress can set it; no choice of the form is the same, so none is marked."""
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.change_enrolment(s.ada.id, s.guild.id, is_congratulated=True)
        message = await open_form(s)
        await turn_to(s, message, PAGES[3])
        assert selects(message) == {"What may others here see?": None}
        await turn_to(s, message, PAGES[4])
        await s.ada.click(message, label="Start without")
        assert "In this server" not in text_of(message)
        assert s.rows("SELECT is_visible, is_congratulated FROM enrolments") == [(0, 1)]


async def test_why_somebody_learns_is_never_public(settings, encoder, caplog):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[2])
        await write(s, message, motivation="my-secret-reason", hours="my-secret-hours")
        await turn_to(s, message, PAGES[4])
        await s.ada.click(message, label="Start without")
        assert s.said() == []
        assert "my-secret" not in caplog.text
        other = await open_form(s, s.grace)
        assert "my-secret" not in text_of(other)


# Somebody else, forged


PARTS = ["go:summary", "go:experience", "go:about", "write:|", "placement:yes", "placement:no", "next"]


@pytest.mark.parametrize("part", PARTS)
async def test_a_form_is_for_one_member(settings, encoder, part):
    async with running_server(settings, encoder) as s:
        forged = await forge(s, f"start:{s.ada.id}:{part}")
        result = await s.grace.click(forged, label="Forged")
        assert result.response.ephemeral
        assert result.response.content == SOMEBODY_ELSES
        assert s.rows("SELECT * FROM learners") == []


@pytest.mark.parametrize(("menu", "value"), [("level:coding", "1"), ("style", "book"), ("sight", "visible")])
async def test_a_menu_is_for_one_member(settings, encoder, menu, value):
    async with running_server(settings, encoder) as s:
        forged = await forge(s, f"start:{s.ada.id}:{menu}", options=[value])
        result = await s.grace.select(forged, [value])
        assert result.response.content == SOMEBODY_ELSES
        assert s.rows("SELECT * FROM learners") == []


@pytest.mark.parametrize(
    ("menu", "value"),
    [
        ("level:coding", "4"),
        ("level:maths", "-1"),
        ("level:deep_learning", "x"),
        ("level:coding", "²"),
        ("style", "podcast"),
        ("sight", "everything"),
    ],
)
async def test_a_forged_choice_is_refused(settings, encoder, menu, value):
    async with running_server(settings, encoder) as s:
        forged = await forge(s, f"start:{s.ada.id}:{menu}", options=[value])
        result = await s.ada.select(forged, [value])
        assert result.followups[0].content == UNKNOWN_CHOICE
        assert s.rows("SELECT coding, maths, deep_learning, style FROM learners") == []


@pytest.mark.parametrize("part", ["level:piano", "go:nowhere", "placement:maybe", "write:no bar", "next:1"])
async def test_what_is_no_part_of_the_form_does_nothing(settings, encoder, part):
    async with running_server(settings, encoder) as s:
        forged = await forge(s, f"start:{s.ada.id}:{part}")
        result = await s.ada.click(forged, label="Forged")
        assert not result.acknowledged


async def test_a_forged_window_is_refused(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[2])
        opened = await s.ada.click(message, label="Write")
        opened._interaction.modal["custom_id"] = f"start:{s.grace.id}:about"
        result = await s.ada.submit_modal(opened, {"motivation": "x", "hours": "5", "zone": ""})
        assert result.response.content == SOMEBODY_ELSES
        assert s.rows("SELECT * FROM learners") == []


async def test_windows_of_others_are_left_alone(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[2])
        opened = await s.ada.click(message, label="Write")
        opened._interaction.modal["custom_id"] = "another:window"
        result = await s.ada.submit_modal(opened, {"motivation": "x", "hours": "5", "zone": ""})
        assert not result.acknowledged
        assert s.rows("SELECT * FROM learners") == []


async def test_a_failure_is_apologised_for(settings, encoder, caplog):
    async with running_server(settings, encoder, check_errors=False) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[2])
        opened = await s.ada.click(message, label="Write")
        s.rows("ALTER TABLE learners RENAME TO gone")
        result = await s.ada.submit_modal(opened, {"motivation": "my-secret-reason", "hours": "5", "zone": ""})
        assert result.followups[0].content == APOLOGY
        assert "my-secret" not in caplog.text


async def test_the_labels_of_a_page_are_in_order(settings, encoder):
    async with running_server(settings, encoder) as s:
        message = await open_form(s)
        await turn_to(s, message, PAGES[4])
        assert labels_of(message) == ["A few questions", "Start without", "Back"]
