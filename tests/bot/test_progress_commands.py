"""/progress as members use it: show, complete, skip, undo, server, visibility."""

import io

import pytest
from PIL import Image

from bot.features.progress.models import (
    Change,
    Enrolment,
    Evidence,
    EvidenceKind,
    ItemKind,
    PathItem,
    State,
    StepCount,
)
from bot.features.progress.picture import ProgressPainter
from bot.features.progress.views import render_server, undo_button, visibility_buttons
from tests.bot.group_rows import GroupRows
from tests.bot.server import labels_of, running_server, text_of, warnings_of

COURSE = "fastai-practical-deep-learning"
ONE, TWO = f"{COURSE}/lesson-1", f"{COURSE}/lesson-2"
NEXT_IS_TWO = (
    "Next: **Lesson 2: Deployment · Practical Deep Learning for Coders**. `/next` says why, and fits it to your time."
)


async def run(s, member, name, **options):
    return (await member.slash(s.channel, f"progress {name}", **options)).response


def states(s, member):
    return dict(s.rows("SELECT item, state FROM progress WHERE member_id = ?", member.id))


# show


async def test_show_is_private_and_says_the_same_in_words_and_as_a_picture(settings, encoder):
    async with running_server(settings, encoder) as s:
        shown = await run(s, s.ada, "show")
        assert shown.ephemeral
        (embed,) = shown.embeds
        assert embed.title == "Your progress"
        assert embed.image.url == "attachment://progress.png"
        lines = embed.description.splitlines()
        assert lines[0] == "**Step 1 of 6: A practical encounter**"
        assert lines[1] == "► 1. A practical encounter: 0 of 9 parts done, about 58 h left"
        assert lines[2].startswith("○ 2. Mathematical foundations: 0 of 14 parts done")
        assert "**Concepts:** no answers yet" in lines
        assert lines[-1] == "**This week:** 0 min; `/start` asks how many hours you would like."
        assert embed.footer.text == "/start fits the path to you. /progress complete marks a part as done."
        (file,) = shown.attachments
        with Image.open(io.BytesIO(await file.read())) as image:
            assert (image.format, image.size) == ("PNG", (1000, 1250))
        assert 0 < len(file.description) <= 1024
        for line in lines:
            assert line.replace("*", "").partition(";")[0] in file.description
        assert "/start" not in file.description
        assert s.rows("SELECT * FROM learners") == [], "looking makes nobody a learner"


async def test_show_follows_what_is_done(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.save_profile(s.ada.id, hours_per_week=5.0)
        await run(s, s.ada, "complete", item=ONE, minutes=130)
        text = (await run(s, s.ada, "show")).embeds[0].description
        assert "► 1. A practical encounter: 1 of 9 parts done" in text
        assert "**This week:** 2 h 10 min of 5 h planned" in text
        assert text.endswith("0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2.2")
        assert "At your pace that is about 65 weeks." in text


async def test_share_posts_it_for_everybody_without_what_is_weak(settings, encoder):
    async with running_server(settings, encoder) as s:
        await be_shaky(s, s.ada, "softmax")
        private = (await run(s, s.ada, "show")).embeds[0].description
        assert "Worth a second look: Softmax" in private
        shared = await run(s, s.ada, "show", share=True)
        assert not shared.ephemeral
        (message,) = s.said()
        (embed,) = message.embeds
        assert embed.title == "ada's progress"
        assert "1 shaky" in embed.description
        assert "Softmax" not in text_of(message)
        assert "Softmax" not in message.attachments[0].description
        assert message.embeds[0].footer.text is None


async def test_hours_that_were_told_in_checkins_are_for_their_member_alone(settings, encoder):
    async with running_server(settings, encoder) as s:
        progress = s.client.services.progress
        await progress.save_profile(s.ada.id, hours_per_week=5.0)
        rows = GroupRows(progress._database)
        group = await rows.found(s.ada.id)
        await rows.check_in(group, s.ada.id, s.env.now(), ["softmax"], minutes=150)
        await progress.add_evidence(s.ada.id, [Evidence("softmax", EvidenceKind.CHECKIN, False, "checkin:1:softmax")])
        lines = (await run(s, s.ada, "show")).embeds[0].description.splitlines()
        assert lines[-3:] == [
            "**This week:** 2 h 30 min of 5 h planned",
            "**Hours in the last 12 weeks, the oldest first:** 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2.5",
            "2 h 30 min of that you told your group's check-in.",
        ]
        assert "**Concepts:** no answers yet" in lines
        await run(s, s.ada, "show", share=True)
        (message,) = s.said()
        for text in (text_of(message), message.attachments[0].description):
            assert "check-in" not in text
            assert "shaky" not in text
            assert "2.5" in text


async def be_shaky(s, member, concept):
    wrong = [Evidence(concept, EvidenceKind.QUIZ, False, f"quiz:{n}") for n in range(3)]
    await s.client.services.progress.add_evidence(member.id, wrong)


@pytest.mark.parametrize("name", ["**bold** @everyone", "李明 🚀", "$\\frac{1}{2}$", "x" * 32])
async def test_any_name_can_share(settings, encoder, name):
    async with running_server(settings, encoder) as s:
        member = s.guild.add_member(s.env.create_user("grace-hopper"), nick=name)
        shared = await run(s, member, "show", share=True)
        title = shared.embeds[0].title
        assert title.endswith("'s progress")
        assert "@everyone" not in title
        assert "**" not in title.replace("\\*\\*", "")
        assert shared.attachments


async def test_without_a_picture_the_words_are_enough(settings, encoder, monkeypatch, caplog):
    async def fail(*_args):
        raise OSError("no font")

    async with running_server(settings, encoder) as s:
        monkeypatch.setattr(ProgressPainter, "paint", fail)
        shown = await run(s, s.ada, "show")
        assert shown.embeds[0].title == "Your progress"
        assert shown.attachments == []
        assert warnings_of(caplog) == ["The picture of a member's progress could not be drawn."]


# complete and skip


async def test_complete_says_what_it_did_and_what_comes_next(settings, encoder):
    async with running_server(settings, encoder) as s:
        done = await run(s, s.ada, "complete", item=ONE, minutes=90)
        assert done.ephemeral
        assert done.embeds[0].title == "Done"
        assert done.embeds[0].description.splitlines() == [
            "**Lesson 1: Getting started · Practical Deep Learning for Coders**",
            "I counted 1 h 30 min for this week.",
            "Step 1: 1 of 9 parts done.",
            "",
            NEXT_IS_TWO,
        ]
        assert labels_of(done) == ["Undo"]
        assert s.rows("SELECT item, state, minutes FROM progress") == [(ONE, "done", 90)]


async def test_completing_twice_counts_once(settings, encoder):
    async with running_server(settings, encoder) as s:
        await run(s, s.ada, "complete", item=ONE, minutes=90)
        for minutes in ({}, {"minutes": 30}):
            again = await run(s, s.ada, "complete", item=ONE, **minutes)
            assert again.embeds[0].title == "That was done already"
            assert again.embeds[0].description.splitlines()[1] == (
                "I counted nothing. To change its time, take it back with `/progress undo` and complete it anew."
            )
            assert again.components == []
        assert s.rows("SELECT minutes FROM progress") == [(90,)]
        assert s.rows("SELECT count(*) FROM progress_changes") == [(1,)]


async def test_skip_takes_a_part_off_the_path(settings, encoder):
    async with running_server(settings, encoder) as s:
        skipped = await run(s, s.ada, "skip", item=ONE)
        assert skipped.embeds[0].title == "Skipped"
        assert NEXT_IS_TWO in text_of(skipped)
        assert "counted" not in text_of(skipped)
        assert states(s, s.ada) == {ONE: "skipped"}


async def test_a_finished_step_is_said(settings, encoder):
    async with running_server(settings, encoder) as s:
        done = await run(s, s.ada, "complete", item=f"whole:{COURSE}")
        assert "With it **step 1 is done**. Well done." in text_of(done)
        assert "9 parts changed." in text_of(done)
        assert "I counted no time for it." in text_of(done)
        assert "Next: **Section 1:" in text_of(done)


async def test_a_whole_resource_beside_the_path_can_be_skipped_and_taken_back_at_once(settings, encoder):
    async with running_server(settings, encoder) as s:
        skipped = await run(s, s.ada, "skip", item="whole:fastbook")
        assert "**Deep Learning for Coders with fastai and PyTorch**\n20 parts changed." in text_of(skipped)
        assert len(states(s, s.ada)) == 21
        await s.ada.click(skipped, label="Undo")
        assert states(s, s.ada) == {}
        assert "That holds for 20 parts of it." in text_of(skipped.message)


async def test_a_whole_resource_that_is_done_has_nothing_to_change(settings, encoder):
    async with running_server(settings, encoder) as s:
        await run(s, s.ada, "complete", item="fastbook")
        again = await run(s, s.ada, "skip", item="fastbook")
        assert again.embeds[0].title == "Nothing to change"
        assert again.embeds[0].description.splitlines()[1] == "Every part of it was settled before."
        assert again.components == []


async def test_the_end_of_the_curriculum(settings, encoder):
    async with running_server(settings, encoder) as s:
        service = s.client.services.progress
        path = service.path_of(await service.find_learner(s.ada.id))
        items = [item.id for item in path.items if item.is_required]
        await service.settle_items(s.ada.id, items[:-1], State.DONE)
        done = await run(s, s.ada, "complete", item=items[-1])
        assert "All steps are done. `/next` has ideas for what leads on from here." in text_of(done)
        shown = await run(s, s.ada, "show")
        assert "**All 6 steps are done.**" in text_of(shown)


@pytest.mark.parametrize("command", ["complete", "skip", "undo"])
async def test_what_nobody_knows_is_refused_with_a_way_forward(settings, encoder, command):
    async with running_server(settings, encoder) as s:
        for item in ("risotto", "whole:", "x" * 3000, "@everyone", "../../etc"):
            answer = await run(s, s.ada, command, item=item)
            assert answer.ephemeral
            assert answer.content == (
                "I do not know that part of the curriculum. Choose one from the list that I suggest."
            )
        assert s.rows("SELECT * FROM progress_changes") == []


async def test_typed_words_that_mean_one_part_are_understood(settings, encoder):
    async with running_server(settings, encoder) as s:
        done = await run(s, s.ada, "complete", item="getting started lesson")
        assert "**Lesson 1: Getting started" in text_of(done)
        several = await run(s, s.ada, "complete", item="lesson")
        assert several.content.startswith("Several parts of the curriculum match that: “")
        assert several.content.endswith(" and more. Choose one from the list that I suggest while you type.")
        slip = await run(s, s.ada, "complete", item="deploiment lesson")
        assert "**Lesson 2: Deployment" in text_of(slip)
        accent = await run(s, s.ada, "complete", item="dáta éthics bonus")
        assert "**Bonus lesson: Data ethics" in text_of(accent)


async def test_minutes_have_limits_that_discord_checks(settings, encoder):
    async with running_server(settings, encoder) as s:
        for minutes in (0, -5, 1441):
            with pytest.raises(Exception, match="minutes"):
                await run(s, s.ada, "complete", item=ONE, minutes=minutes)


# Suggestions


async def test_suggestions_mark_what_is_done_and_started(settings, encoder):
    async with running_server(settings, encoder) as s:
        await run(s, s.ada, "complete", item=ONE)
        await s.client.services.progress.settle_item(s.ada.id, TWO, State.STARTED, minutes=5)
        for command in ("progress complete", "progress skip"):
            found = await s.ada.autocomplete(s.channel, command, "item", "lesson")
            names = {choice["value"]: choice["name"] for choice in found}
            assert names[ONE] == "✓ Lesson 1: Getting started · Practical Deep Learning for Coders"
            assert names[TWO] == "► Lesson 2: Deployment · Practical Deep Learning for Coders"
            assert found[0]["value"] == TWO
        theirs = await s.grace.autocomplete(s.channel, "progress complete", "item", "lesson")
        assert theirs[0] == {"name": "Lesson 1: Getting started · Practical Deep Learning for Coders", "value": ONE}


async def test_suggestions_for_undo_are_what_was_changed(settings, encoder):
    async with running_server(settings, encoder) as s:
        assert await s.ada.autocomplete(s.channel, "progress undo", "item", "") == []
        await run(s, s.ada, "complete", item=ONE)
        await s.env.advance_time(60)
        await run(s, s.ada, "skip", item=TWO)
        found = await s.ada.autocomplete(s.channel, "progress undo", "item", "")
        assert [choice["value"] for choice in found] == [TWO, ONE]


@pytest.mark.parametrize("text", ["", "a", "whole", "zzz", "1" * 100])
async def test_every_suggestion_is_accepted(settings, encoder, text):
    async with running_server(settings, encoder) as s:
        found = await s.ada.autocomplete(s.channel, "progress complete", "item", text)
        assert len(found) <= 25
        for choice in found[:4]:
            done = await run(s, s.ada, "complete", item=choice["value"])
            assert done.embeds[0].title == "Done"


# undo


async def test_undo_says_what_it_took_back_and_offers_one_more(settings, encoder):
    async with running_server(settings, encoder) as s:
        await run(s, s.ada, "complete", item=ONE, minutes=90)
        await run(s, s.ada, "skip", item=TWO)
        undone = await run(s, s.ada, "undo")
        assert undone.ephemeral
        assert undone.embeds[0].title == "Taken back"
        assert undone.embeds[0].description.splitlines() == [
            "**Lesson 2: Deployment · Practical Deep Learning for Coders** was skipped and is open again.",
            "",
            "The change before that: **Lesson 1: Getting started · Practical Deep Learning for Coders**, done.",
        ]
        assert labels_of(undone) == ["Undo one more"]
        await s.ada.click(undone, label="Undo one more")
        assert "Its 1 h 30 min no longer count." in text_of(undone.message)
        assert "There is nothing left to undo." in text_of(undone.message)
        assert undone.components == []
        assert states(s, s.ada) == {}


async def test_undo_of_one_part_leaves_newer_changes(settings, encoder):
    async with running_server(settings, encoder) as s:
        await run(s, s.ada, "complete", item=ONE)
        await run(s, s.ada, "complete", item=TWO)
        await run(s, s.ada, "undo", item=ONE)
        assert states(s, s.ada) == {TWO: "done"}


async def test_undo_of_nothing_says_so(settings, encoder):
    async with running_server(settings, encoder) as s:
        assert (await run(s, s.ada, "undo")).content == "There is nothing left to undo."
        await run(s, s.ada, "complete", item=ONE)
        assert (await run(s, s.ada, "undo", item=TWO)).content == "There is nothing left to undo."


async def test_an_undo_button_outlives_a_restart(settings, encoder):
    async with running_server(settings, encoder) as s:
        await run(s, s.ada, "complete", item=ONE)
        done = await run(s, s.ada, "complete", item=TWO)
        await s.restart()
        await s.ada.click(done, label="Undo")
        assert states(s, s.ada) == {ONE: "done"}
        await s.restart()
        await s.ada.click(done, label="Undo one more")
        assert states(s, s.ada) == {}


async def test_a_second_click_on_undo_changes_nothing_more(settings, encoder):
    async with running_server(settings, encoder) as s:
        await run(s, s.ada, "complete", item=ONE)
        await run(s, s.ada, "complete", item=TWO)
        public = await forge(s, undo_button(s.ada.id, change_of(2)))
        await s.ada.click(public, label="Undo")
        second = await forge(s, undo_button(s.ada.id, change_of(2)))
        result = await s.ada.click(second, label="Undo")
        assert [message.content for message in result.followups] == ["That is taken back already."]
        assert result.followups[0].ephemeral
        assert states(s, s.ada) == {ONE: "done"}


async def test_a_button_whose_part_has_changed_since_says_so(settings, encoder):
    async with running_server(settings, encoder) as s:
        skipped = await run(s, s.ada, "skip", item=ONE)
        await run(s, s.ada, "complete", item=ONE)
        result = await s.ada.click(skipped, label="Undo")
        assert result.followups[0].content == (
            "You have changed this again since then. `/progress undo` takes back the newest change first."
        )
        assert states(s, s.ada) == {ONE: "done"}


async def test_nobody_undoes_for_somebody_else(settings, encoder):
    """Discord shows the reply to one member; a forged click must be refused all the same."""
    async with running_server(settings, encoder) as s:
        await run(s, s.ada, "complete", item=ONE)
        forged = await forge(s, undo_button(s.ada.id, change_of(1)))
        result = await s.grace.click(forged, label="Undo")
        assert result.response.ephemeral
        assert result.response.content == (
            "This button is for somebody else. Use `/progress undo` for your own progress."
        )
        mine = await forge(s, undo_button(s.grace.id, change_of(1)))
        result = await s.grace.click(mine, label="Undo")
        assert result.followups[0].content == "There is nothing left to undo."
        assert states(s, s.ada) == {ONE: "done"}


def change_of(change_id):
    item = PathItem(ONE, ItemKind.UNIT, 1, "", "", "", 0)
    return Change(item, None, State.DONE, 0, id=change_id)


async def forge(s, view):
    message = await s.client.get_channel(s.channel.id).send("forged", view=view)
    await s.env.settle()
    return message


# server


async def test_an_empty_server_explains_how_to_be_seen(settings, encoder):
    async with running_server(settings, encoder) as s:
        await run(s, s.ada, "complete", item=ONE)
        shown = await run(s, s.grace, "server")
        assert shown.ephemeral
        assert shown.embeds[0].description == (
            "Nobody in this server has chosen to be seen yet. Be the first if you like: `/progress visibility`. "
            "Others then see your name and your step, and nothing else."
        )


async def test_the_server_shows_who_chose_to_be_seen_by_step(settings, encoder):
    async with running_server(settings, encoder) as s:
        linus = s.guild.add_member(s.env.create_user("linus"))
        await run(s, s.ada, "complete", item=f"whole:{COURSE}")
        await run(s, linus, "complete", item=ONE)
        for member in (s.ada, s.grace):
            await s.client.services.progress.change_enrolment(member.id, s.guild.id, is_visible=True)
        shown = await run(s, s.ada, "server")
        assert {field.name: field.value for field in shown.embeds[0].fields} == {
            "1. A practical encounter": "`██████████` 1 · grace",
            "2. Mathematical foundations": "`██████████` 1 · ada",
            "3. Deep dive": "`░░░░░░░░░░` 0",
            "4. Capstone project I": "`░░░░░░░░░░` 0",
            "5. Deep reinforcement learning": "`░░░░░░░░░░` 0",
            "6. Capstone project II": "`░░░░░░░░░░` 0",
        }
        assert "You are among them." in shown.embeds[0].description
        assert "linus" not in text_of(shown)
        assert "You are not shown." in text_of(await run(s, linus, "server"))


async def test_who_left_the_server_is_not_shown(settings, encoder):
    async with running_server(settings, encoder) as s:
        for member in (s.ada, s.grace):
            await s.client.services.progress.change_enrolment(member.id, s.guild.id, is_visible=True)
        s.guild.remove_member(s.grace)
        await s.env.settle()
        shown = await run(s, s.ada, "server")
        assert shown.embeds[0].fields[0].value == "`██████████` 1 · ada"


async def test_other_servers_see_nothing(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.change_enrolment(s.ada.id, s.guild.id, is_visible=True)
        other = s.env.create_guild("Elsewhere")
        channel = other.create_text_channel("general")
        twin = other.add_member(s.ada.user)
        await s.env.settle()
        shown = (await twin.slash(channel, "progress server")).response
        assert shown.embeds[0].description.startswith("Nobody in this server")


def test_a_large_server_fits_on_the_page():
    """Names as long and as full of signs as Discord allows."""
    counts = [StepCount(step, tuple(range(step * 1000, step * 1000 + 200))) for step in range(1, 7)]
    counts.append(StepCount(None, (1, 2, 3)))
    names = {id_: "*" * 32 for count in counts for id_ in count.member_ids}
    embed = render_server(counts, dict.fromkeys(range(1, 7), "A title"), names, Enrolment(5))
    assert len(embed) <= 6000
    assert all(len(field.value) <= 1024 for field in embed.fields)
    assert embed.fields[0].value.startswith("`██████████` 200 · \\*")
    assert embed.fields[0].value.endswith(" and 190 more")
    assert embed.fields[-1].name == "All steps done"
    assert embed.fields[-1].value.startswith("`█░░░░░░░░░` 3")


async def test_server_and_visibility_work_in_a_server_only(settings, encoder):
    async with running_server(settings, encoder) as s:
        for command in ("server", "visibility"):
            answer = (await s.ada.user.slash(f"progress {command}")).response
            assert answer.content == "This works in a server only."


async def test_the_rest_works_in_a_direct_message(settings, encoder):
    async with running_server(settings, encoder) as s:
        done = (await s.ada.user.slash("progress complete", item=ONE)).response
        assert done.embeds[0].title == "Done"
        await s.ada.user.click(done, label="Undo")
        assert states(s, s.ada) == {}
        assert (await s.ada.user.slash("progress show")).response.attachments


# visibility


async def test_visibility_is_off_until_the_member_says_so(settings, encoder):
    async with running_server(settings, encoder) as s:
        shown = await run(s, s.ada, "visibility")
        assert shown.ephemeral
        assert "**Visible: no.**" in text_of(shown)
        assert "**Congratulations: no.**" in text_of(shown)
        assert "This server has no such channel yet." in text_of(shown)
        assert "**Weekly quiz: no.**" in text_of(shown)
        assert labels_of(shown) == ["Make me visible here", "Congratulate me here", "Name me in weekly results"]

        await s.ada.click(shown, label="Make me visible here")
        assert "**Visible: yes.**" in text_of(shown.message)
        assert "**Congratulations: no.**" in text_of(shown.message)
        assert labels_of(shown.message) == ["Hide me here", "Congratulate me here", "Name me in weekly results"]
        await s.ada.click(shown, label="Congratulate me here")
        await s.ada.click(shown, label="Name me in weekly results")
        assert "**Weekly quiz: yes.** Whether the results of this server's weekly quiz may name you" in text_of(
            shown.message
        )
        assert enrolments(s) == [(s.ada.id, s.guild.id, 1, 1, 1)]

        await s.restart()
        await s.ada.click(shown, label="Hide me here")
        await s.ada.click(shown, label="Do not congratulate me")
        assert enrolments(s) == [(s.ada.id, s.guild.id, 0, 0, 1)]
        await s.ada.click(shown, label="Leave my name out of them")
        assert enrolments(s) == [(s.ada.id, s.guild.id, 0, 0, 0)]
        assert labels_of(shown.message) == ["Make me visible here", "Congratulate me here", "Name me in weekly results"]


async def test_a_second_click_says_the_same_again(settings, encoder):
    async with running_server(settings, encoder) as s:
        for _ in range(2):
            forged = await forge(s, visibility_buttons(s.ada.id, Enrolment(s.guild.id)))
            await s.ada.click(forged, label="Make me visible here")
            assert enrolments(s) == [(s.ada.id, s.guild.id, 1, 0, 0)]


@pytest.mark.parametrize("label", ["Make me visible here", "Congratulate me here", "Name me in weekly results"])
async def test_nobody_chooses_for_somebody_else(settings, encoder, label):
    async with running_server(settings, encoder) as s:
        forged = await forge(s, visibility_buttons(s.ada.id, Enrolment(s.guild.id)))
        result = await s.grace.click(forged, label=label)
        assert result.response.ephemeral
        assert result.response.content == (
            "This button is for somebody else. Use `/progress visibility` for your own choice."
        )
        assert enrolments(s) == []


def enrolments(s):
    return s.rows("SELECT member_id, guild_id, is_visible, is_congratulated, is_ranked FROM enrolments")


async def test_nothing_of_it_is_in_the_log(settings, encoder, caplog):
    async with running_server(settings, encoder) as s:
        await run(s, s.ada, "complete", item="a secret that I typed")
        await run(s, s.ada, "show", share=True)
        assert "secret" not in caplog.text
        assert warnings_of(caplog) == []


async def test_plain_notes_have_no_progress(settings, encoder, tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "one.md").write_text("# One\n\nA note.\n", encoding="utf-8")
    index = settings.index.model_copy(update={"knowledge": notes})
    async with running_server(settings.model_copy(update={"index": index}), encoder) as s:
        assert s.client.services.progress is None
        commands = s.ada.available_commands(s.channel)
        assert not any(name.startswith(("progress", "curriculum", "settings")) for name in commands)
        forged = await forge(s, undo_button(s.ada.id, change_of(1)))
        result = await s.ada.click(forged, label="Undo")
        assert "There is no curriculum here any more." in result.followups[0].content
