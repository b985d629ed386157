"""/curriculum: pages, buttons and lists that outlive a restart, search, and the member's own progress on them."""

import discord
import pytest

from bot.features.curriculum.rules.pages import HOME, Pages
from bot.features.curriculum.rules.search import find_page, find_pages
from bot.features.curriculum.rules.standing import Reader
from bot.features.curriculum.views import GoButton, page_buttons, render_page
from bot.features.progress.models import Evidence, EvidenceKind, State
from bot.features.progress.rules.path import build_path
from knowledge.models import Style
from tests.bot.learners import NOW, answered, learner_of
from tests.bot.server import labels_of, running_server, text_of

COURSE = "fastai-practical-deep-learning"
ONE = f"{COURSE}/lesson-1"
ANY_TIME = "you can look at it any time"


async def browse(s, member, **options):
    return (await member.slash(s.channel, "curriculum", **options)).response


def options_of(message):
    """The list below a page: what can be opened, by its address."""
    rows = message.components if isinstance(message.components[0], dict) else None
    assert rows
    return {option["value"]: option for row in rows for part in row["components"] for option in part.get("options", [])}


def row_labels(message):
    return [part["label"] for row in message.components for part in row["components"] if "label" in part]


# Browsing


async def test_the_first_page_is_private_and_lists_the_steps(settings, encoder):
    async with running_server(settings, encoder) as s:
        page = await browse(s, s.ada)
        assert page.ephemeral
        assert page.embeds[0].title == "Learning Deep Learning"
        lines = page.embeds[0].description.splitlines()
        assert "► 1. A practical encounter · *you are here, 0 of 9 parts done*" in lines
        assert "○ 2. Mathematical foundations · *ahead*" in lines
        assert page.embeds[0].footer.text == "✓ done  ► started  – skipped  ○ ahead"
        found = options_of(page)
        assert list(found) == [f"step:{number}" for number in range(1, 7)]
        assert found["step:3"]["description"] == f"ahead: it opens when step 2 is done; {ANY_TIME}"
        assert s.rows("SELECT * FROM learners") == [], "looking makes nobody a learner"


async def test_from_a_step_to_a_resource_to_a_unit_to_a_concept_and_back(settings, encoder):
    """With a restart between any two clicks."""
    async with running_server(settings, encoder) as s:
        page = await browse(s, s.ada)
        titles = ["Learning Deep Learning"]

        async def turned(turn):
            await s.restart()
            await turn
            titles.append(page.message.embeds[0].title)

        for address in ("step:1", f"resource:{COURSE}", f"unit:{ONE}", "concept:transfer-learning"):
            await turned(s.ada.select(page, [address], custom_id="curriculum:open"))
        for _ in range(3):
            await turned(s.ada.click(page, label="Back"))
        assert titles[:4] == [
            "Learning Deep Learning",
            "Step 1: A practical encounter",
            "Practical Deep Learning for Coders",
            "Lesson 1: Getting started",
        ]
        assert titles[5].startswith("Concepts of step ")
        assert titles[6].startswith("Step ")
        assert titles[7] == "Learning Deep Learning"
        assert s.said() == [], "it stays one private message"


async def test_long_lists_have_pages_that_outlive_a_restart(settings, encoder):
    async with running_server(settings, encoder) as s:
        page = await browse(s, s.ada, search="resource:dive-into-deep-learning")
        assert page.embeds[0].footer.text.startswith("Page 1 of 8 · ")
        assert "Section 1.1:" in text_of(page)
        with pytest.raises(Exception, match="disabled"):
            await s.ada.click(page, label="Previous")
        for number in range(2, 9):
            await s.restart()
            await s.ada.click(page, label="Next")
            assert page.embeds[0].footer.text.startswith(f"Page {number} of 8 · ")
            assert 1 <= len(options_of(page)) <= 20
        with pytest.raises(Exception, match="disabled"):
            await s.ada.click(page, label="Next")
        await s.ada.click(page, label="Previous")
        assert page.embeds[0].footer.text.startswith("Page 7 of 8 · ")


async def test_a_step_shows_the_own_way_first(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.save_profile(s.ada.id, style=Style.BOOK.value)
        page = await browse(s, s.ada, search="step:3")
        names = [field.name for field in page.embeds[0].fields]
        assert names[0] == "Your way: Interactive book with runnable notebooks"
        assert names[1:3] == ["Another way: Online course with quizzes", "Another way: Recorded university class"]
        assert f"○ For you: ahead: it opens when step 2 is done; {ANY_TIME}." in page.embeds[0].description
        assert row_labels(page) == ["Back", "Concepts"]


async def test_a_capstone_step_shows_the_project_and_ideas(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.save_profile(s.ada.id, first_capstone="pet-breeds")
        page = await browse(s, s.ada, search="step:4")
        assert page.embeds[0].fields[0].name == "Your project: Pet breeds with few data"
        assert len(page.embeds[0].fields[0].value.splitlines()) == 6
        await s.ada.click(page, label="Project ideas")
        assert "► Pet breeds with few data · difficulty 2, 30 to 45 h · *your project*" in text_of(page.message)
        await s.ada.select(page, ["idea:pet-breeds"], custom_id="curriculum:open")
        assert "► This is your project." in text_of(page.message)
        assert "**Baseline:** roughly 3% accuracy by chance" in text_of(page.message)
        await s.ada.click(page, label="Back")
        assert page.message.embeds[0].title == "Project ideas for step 4"


# One's own progress


async def test_pages_mark_what_is_done_and_started_and_say_why_not(settings, encoder):
    async with running_server(settings, encoder) as s:
        progress = s.client.services.progress
        await progress.settle_item(s.ada.id, ONE, State.DONE)
        await progress.settle_item(s.ada.id, f"{COURSE}/lesson-2", State.STARTED, minutes=25)
        await progress.settle_item(s.ada.id, f"{COURSE}/lesson-3", State.SKIPPED)
        page = await browse(s, s.ada, search=f"resource:{COURSE}")
        lines = page.embeds[0].description.splitlines()
        assert "► For you: 2 of 9 parts done." in lines
        assert "✓ Lesson 1: Getting started · *done*" in lines
        assert "► Lesson 2: Deployment · *started, 25 min so far*" in lines
        assert "– Lesson 3: Neural net foundations · *skipped*" in lines
        assert "○ Lesson 4: Natural language (NLP) · *later*" in lines
        unit = await browse(s, s.ada, search=f"unit:{COURSE}/lesson-4")
        assert f"○ For you: comes later in step 1; {ANY_TIME}." in text_of(unit)
        assert "○ For you: comes next in step 1." in text_of(await browse(s, s.grace, search=f"unit:{ONE}"))
        beside = await browse(s, s.ada, search="unit:fastbook/chapter-5")
        assert f"○ For you: beside your path; {ANY_TIME}." in text_of(beside)
        ahead = await browse(s, s.ada, search="unit:cs229-linear-algebra/section-1")
        assert f"○ For you: ahead in step 2, which opens when step 1 is done; {ANY_TIME}." in text_of(ahead)


async def test_a_concept_says_what_it_is_what_it_needs_and_where_to_study_it(settings, encoder):
    async with running_server(settings, encoder) as s:
        right = [Evidence("loss-function", EvidenceKind.QUIZ, True, f"quiz:{n}") for n in range(4)]
        await s.client.services.progress.add_evidence(s.ada.id, right)
        page = await browse(s, s.ada, search="concept:softmax")
        assert page.embeds[0].title == "Softmax"
        paragraphs = page.embeds[0].description.split("\n\n")
        assert paragraphs == [
            (
                "**Softmax turns a list of scores into positive numbers that add up to one, "
                "so that they can be read as probabilities.**"
            ),
            f"○ For you: studied in step 3, which opens when step 2 is done; {ANY_TIME}.",
            "Your answers: no answers yet.",
            "Ask about it: `/ask` *what is softmax?*",
        ]
        fields = {field.name: field.value for field in page.embeds[0].fields}
        assert fields["Comes before it"].splitlines() == [
            "○ Bernoulli and categorical distributions · *not met yet: step 2*",
            "✓ Loss function · *met: solid*",
        ]
        assert (
            "[Dive into Deep Learning, Section 4.1: Softmax Regression](https://d2l.ai/" in fields["Where to study it"]
        )
        assert "Sigmoid and tanh" in fields["Easily confused with"]
        assert row_labels(page) == ["Back", "Try a question"]
        known = await browse(s, s.ada, search="concept:loss-function")
        assert "✓ For you: solid." in text_of(known)
        assert "Your answers: 4 answers, the last today: mostly right, solid." in text_of(known)


async def test_try_a_question_asks_one_privately_also_after_a_restart(settings, encoder):
    async with running_server(settings, encoder) as s:
        page = await browse(s, s.ada, search="concept:softmax")
        await s.restart()
        asked = await s.ada.click(page, label="Try a question")
        assert asked.response.ephemeral
        assert asked.response.embeds[0].title == "Softmax"
        assert labels_of(asked.response)[:2] in (["A", "B"], ["True", "False"])
        assert s.rows("SELECT purpose, target, member_id FROM probes") == [("concept", "softmax", s.ada.id)]


# Sharing


async def test_a_shared_page_shows_nobodys_progress_and_opens_a_page_of_ones_own(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.services.progress.settle_item(s.ada.id, ONE, State.DONE)
        await s.client.services.progress.settle_item(s.grace.id, ONE, State.SKIPPED)
        shared = await browse(s, s.ada, search=f"resource:{COURSE}", share=True)
        assert not shared.ephemeral
        assert "- Lesson 1: Getting started" in shared.embeds[0].description.splitlines()
        assert "For you" not in text_of(shared)
        before = text_of(shared)
        await s.restart()
        own = await s.grace.select(shared, [f"unit:{ONE}"], custom_id="curriculum:open")
        assert own.response.ephemeral
        assert "– For you: skipped." in text_of(own.response)
        mine = await s.ada.click(shared, label="Back")
        assert mine.response.ephemeral
        assert "1 of 9 parts done" in text_of(mine.response)
        assert text_of(s.said()[0]) == before


async def test_a_shared_search_that_finds_nothing_is_told_privately(settings, encoder):
    async with running_server(settings, encoder) as s:
        answer = await browse(s, s.ada, search="best risotto recipe", share=True)
        assert answer.ephemeral
        assert answer.content == ("Nothing in the curriculum is called that. Try another word, or `/ask` me about it.")
        assert s.said() == []


# Search


async def test_search_suggests_steps_resources_and_concepts(settings, encoder):
    async with running_server(settings, encoder) as s:
        found = await s.ada.autocomplete(s.channel, "curriculum", "search", "softm")
        assert found[0] == {"name": "Softmax · concept of step 3", "value": "concept:softmax"}
        for choice in found[:3]:
            page = await browse(s, s.ada, search=choice["value"])
            assert page.embeds[0].title == choice["name"].partition(" · ")[0]


async def test_words_open_the_page_that_they_name_or_list_what_matches(settings, encoder):
    async with running_server(settings, encoder) as s:
        assert (await browse(s, s.ada, search="SOFTMAX")).embeds[0].title == "Softmax"
        assert (await browse(s, s.ada, search="step 3")).embeds[0].title == "Step 3: Deep dive"
        several = await browse(s, s.ada, search="descent")
        assert several.embeds[0].title == "What matches"
        await s.ada.select(several, ["concept:gradient-descent"], custom_id="curriculum:open")
        assert several.message.embeds[0].title == "Gradient descent"
        assert (await browse(s, s.ada, search="Lesson 1: Getting started")).embeds[
            0
        ].title == "Lesson 1: Getting started"
        assert (await browse(s, s.ada, search="attenton")).embeds[0].title == "Attention"
        found = await s.ada.autocomplete(s.channel, "curriculum", "search", "attenton")
        assert found[0] == {"name": "Attention · concept of step 3", "value": "concept:attention"}
        nothing = await browse(s, s.ada, search="best risotto recipe")
        assert nothing.content.startswith("Nothing in the curriculum is called that.")


async def test_a_button_to_a_page_that_is_gone_says_so(settings, encoder):
    """The content may have changed since the button was sent."""
    async with running_server(settings, encoder) as s:
        view = discord.ui.View(timeout=None).add_item(GoButton("more", "concept:phlogiston", label="Phlogiston"))
        forged = await s.client.get_channel(s.channel.id).send("forged", view=view)
        await s.env.settle()
        result = await s.ada.click(forged, label="Phlogiston")
        assert result.response.ephemeral
        assert result.response.content == (
            "That page is no longer part of the curriculum. `/curriculum` opens the first one."
        )


async def test_it_works_in_a_direct_message(settings, encoder):
    async with running_server(settings, encoder) as s:
        page = (await s.ada.user.slash("curriculum")).response
        opened = await s.ada.user.select(page, ["step:2"], custom_id="curriculum:open")
        shown = opened.response or page
        assert shown.message.embeds[0].title == "Step 2: Mathematical foundations"


# Rules


@pytest.fixture
def curriculum(knowledge):
    return knowledge.curriculum


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("softmax", "concept:softmax"),
        ("step 2", "step:2"),
        ("2", "step:2"),
        ("fastbook", "resource:fastbook"),
        ("d2l", "resource:dive-into-deep-learning"),
        ("pet breeds", "idea:pet-breeds"),
        ("ADAM", "concept:adam"),
        ("softmax temperature", "concept:softmax"),
        ("Lesson 1: Getting started", f"unit:{ONE}"),
        ("lesson 3", f"unit:{COURSE}/lesson-3"),
        ("résnet", "concept:resnet"),
    ],
)
def test_the_nearest_name_comes_first(curriculum, text, first):
    assert find_pages(curriculum, text)[0].value == first


@pytest.mark.parametrize("text", ["", "e", "learning", "%", "(", "x" * 500])
def test_suggestions_fit_what_discord_takes(curriculum, text):
    found = find_pages(curriculum, text)
    assert len(found) <= 25
    assert len({choice.value for choice in found}) == len(found)
    assert all(1 <= len(choice.label) <= 100 and len(choice.value) <= 100 for choice in found)


def test_a_page_is_found_by_its_whole_name_only_if_no_other_is_called_so(curriculum):
    assert find_page(curriculum, "deep dive").value == "step:3"
    assert find_page(curriculum, "learning") is None
    assert find_page(curriculum, "best risotto recipe") is None
    assert find_page(curriculum, "lesson 1: getting started").value == f"unit:{ONE}"


def reader_of(curriculum, learner):
    path = build_path(curriculum, style=learner.profile.style, first_capstone=learner.profile.first_capstone)
    return Reader(curriculum, path, learner, NOW)


def all_addresses(curriculum):
    yield HOME
    for step in curriculum.steps:
        yield from (f"step:{step.number}", f"concepts:{step.number}", f"ideas:{step.number}")
    for id_, resource in curriculum.resources.items():
        yield f"resource:{id_}"
        yield from (f"unit:{id_}/{unit.id}" for unit in resource.units)
    yield from (f"concept:{id_}" for id_ in curriculum.concepts)
    yield from (f"idea:{id_}" for id_ in curriculum.capstones)


@pytest.mark.parametrize("kind", ["nobody", "new", "middle"])
async def test_every_page_fits_what_discord_takes(curriculum, kind):
    """Embeds, fields, lists and buttons of the whole curriculum, in each of their portions."""
    learner = learner_of(style=Style.BOOK, first_capstone="pet-breeds")
    if kind == "middle":
        done = {
            f"dive-into-deep-learning/{unit.id}": State.DONE
            for unit in curriculum.resources["dive-into-deep-learning"].units
        }
        mastery = [answered(id_, right=1, wrong=2) for id_ in curriculum.concepts]
        learner = learner_of(style=Style.BOOK, first_capstone="pet-breeds", progress=done, mastery=mastery)
    pages = Pages(curriculum, None if kind == "nobody" else reader_of(curriculum, learner))
    known = set(all_addresses(curriculum))
    for address in known:
        page = pages.build(address)
        assert page is not None
        assert page.address == address
        for portion in range(-(-len(page.lines) // 20) or 1):
            check_portion(page, portion, known)


def check_portion(page, portion, known):
    embed, view = render_page(page, portion), page_buttons(page, portion)
    assert len(embed) <= 6000
    assert 1 <= len(embed.description) <= 4096
    assert not embed.description.endswith("…"), page.address
    assert len(embed.fields) <= 25
    assert all(1 <= len(field.value) <= 1024 and len(field.name) <= 256 for field in embed.fields)
    ids = []
    for row in view.to_components():
        for part in row["components"]:
            ids.append(part.get("custom_id") or part["url"])
            assert len(part.get("custom_id", "")) <= 100
            values = [option["value"] for option in part.get("options", [])]
            assert len(values) <= 25
            assert set(values) <= known
            assert all(len(option["label"]) <= 100 for option in part.get("options", []))
            assert all(len(option.get("description") or "") <= 100 for option in part.get("options", []))
    assert len(set(ids)) == len(ids), "two parts of a message share an id"
    assert page.up is None or page.up in known


@pytest.mark.parametrize(
    "address",
    ["", "home:1", "step:", "step:7", "step:x", "unit:fastbook", "unit:", "unit:a/b", "concept:", "idea:x", "x:y"],
)
def test_there_is_no_page_at_a_strange_address(curriculum, address):
    assert Pages(curriculum).build(address) is None


def test_a_portion_beyond_the_end_is_the_last_one(curriculum):
    page = Pages(curriculum).build("resource:dive-into-deep-learning")
    assert render_page(page, 99).footer.text == "Page 8 of 8"
    assert render_page(page, -5).footer.text == "Page 1 of 8"


def test_a_concept_counts_as_met_once_a_part_that_teaches_it_is_done(curriculum):
    resource = curriculum.resources["fastbook"]
    unit = next(unit for unit in resource.units if "softmax" in unit.concepts)
    new = reader_of(curriculum, learner_of())
    assert not new.is_met("softmax")
    studied = reader_of(curriculum, learner_of(progress={f"fastbook/{unit.id}": State.DONE}))
    assert studied.is_met("softmax")
    assert studied.concept("softmax").words == "studied"
    skipped = reader_of(curriculum, learner_of(progress={f"fastbook/{unit.id}": State.SKIPPED}))
    assert not skipped.is_met("softmax")
    begun = reader_of(curriculum, learner_of(progress={f"fastbook/{unit.id}": State.STARTED}))
    assert begun.concept("softmax").words == "learning"
    shaky = learner_of(progress={f"fastbook/{unit.id}": State.DONE}, mastery=[answered("softmax", wrong=3)])
    assert reader_of(curriculum, shaky).concept("softmax").words == "shaky, worth a second look"


def test_every_concept_has_a_definition(curriculum):
    assert set(curriculum.definitions) == set(curriculum.concepts)
    assert all(text.endswith(".") for text in curriculum.definitions.values())
