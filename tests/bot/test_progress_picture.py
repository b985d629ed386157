"""The picture of /progress: its size and colours, names that fonts lack, and a loop that goes on meanwhile."""

import asyncio
import dataclasses
import io
import random
import threading
from datetime import timedelta

import pytest
from PIL import Image

from bot.features.progress import picture
from bot.features.progress.models import Activity, State, StepState
from bot.features.progress.picture import HEIGHT, WIDTH, ProgressPainter, draw_progress, drawable_name
from bot.features.progress.rules.overview import build_overview
from bot.features.progress.rules.path import build_path
from tests.bot.learners import NOW, answered, learner_of

HOURS = (60, 120, 0, 300, 240, 30, 3, 330, 360, 90, 900, 130)
NAMES = [
    "Ada",
    "ada_lovelace $x^2$ \\frac{1}{2} %s {0}",
    "W" * 32,
    "ﷺ" * 32,
    "李明",
    "🚀🚀🚀",
    "Grace 🚀\u202e\u200b",
    "Z̴̡̛̤͎͖̏̈́a̵͓͂l̶̡̈́g̷̛̱o̸͇̓",
    "محمد",
    "",
    "\ud800",
    "𝓐𝓭𝓪",
]


def overview_of(curriculum, *, done=0, mastery=(), hours=(), **profile):
    path = build_path(curriculum)
    items = [item for item in path.items if item.is_required][:done]
    activity = [Activity(NOW - timedelta(weeks=11 - week), minutes) for week, minutes in enumerate(hours) if minutes]
    learner = learner_of(
        progress={item.id: State.DONE for item in items}, mastery=mastery, activity=activity, **profile
    )
    titles = {id_: concept.title for id_, concept in curriculum.concepts.items()}
    return build_overview(path, learner, titles, NOW)


@pytest.fixture(params=["new", "middle", "finished"])
def overview(request, knowledge):
    curriculum = knowledge.curriculum
    ids = list(curriculum.concepts)
    match request.param:
        case "new":
            return overview_of(curriculum)
        case "middle":
            mastery = [answered(id_, right=5) for id_ in ids[:12]] + [answered(ids[20], wrong=3)]
            return overview_of(curriculum, done=14, mastery=mastery, hours=HOURS, hours_per_week=5.0)
        case _:
            mastery = [answered(id_, right=9) for id_ in ids]
            return overview_of(curriculum, done=999, mastery=mastery, hours=[6000] * 12, hours_per_week=10.0)


def opened(png):
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


def test_the_picture_is_a_small_png_of_the_size_of_a_phone(overview):
    png = draw_progress(overview, "Ada")
    image = opened(png)
    assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT)) == ("PNG", (1000, 1250))
    assert len(png) <= 300_000


def test_the_card_brings_its_own_background_and_leaves_its_corners_to_discord(overview):
    image = opened(draw_progress(overview)).convert("RGBA")
    for corner in ((0, 0), (WIDTH - 1, 0), (0, HEIGHT - 1), (WIDTH - 1, HEIGHT - 1)):
        assert image.getpixel(corner)[3] == 0
    inside = image.crop((20, 60, WIDTH - 20, HEIGHT - 60))
    assert inside.getextrema()[3] == (255, 255)
    assert max(inside.getpixel((2, 2))[:3]) < 0x40, "the card is dark"


@pytest.mark.parametrize("colour", ["_INK", "_MUTED", "_DONE", "_NOW", "_PAST"])
def test_what_is_drawn_stands_out_from_the_card(colour):
    """WCAG asks for 4.5 with text and 3 with shapes."""
    for background in (picture._CARD, picture._TILE):
        assert contrast(getattr(picture, colour), background) >= 4.5


def contrast(one, other):
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_progress_changes_the_picture(knowledge):
    pictures = {draw_progress(overview_of(knowledge.curriculum, done=done)) for done in (0, 1, 2)}
    assert len(pictures) == 3


@pytest.mark.parametrize("name", NAMES)
def test_no_name_breaks_the_picture(knowledge, name):
    """Warnings are errors here, and matplotlib warns of letters that its font lacks."""
    assert opened(draw_progress(overview_of(knowledge.curriculum), name)).size == (WIDTH, HEIGHT)


def test_random_names_never_break_the_picture(knowledge):
    rng = random.Random(11)
    overview = overview_of(knowledge.curriculum)
    for _ in range(12):
        draw_progress(
            overview, "".join(chr(rng.choice((rng.randrange(0x250), rng.randrange(0x3000)))) for _ in range(32))
        )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada", "Ada"),
        ("Grace 🚀", "Grace"),
        ("  Ada \n\t Lovelace ", "Ada Lovelace"),
        ("Åsa Ñandú", "Åsa Ñandú"),
        ("Яна", "Яна"),
        ("𝓐𝓭𝓪", "Ada"),
        ("李明", None),
        ("Ada 李", None),
        ("🚀🚀", None),
        ("", None),
        ("...", None),
        ("a" * 90, "a" * 40),
    ],
)
def test_a_name_is_drawn_whole_or_not_at_all(name, shown):
    assert drawable_name(name) == shown


def test_very_long_titles_stay_on_the_card(knowledge):
    overview = overview_of(knowledge.curriculum, done=3)
    long = dataclasses.replace(
        overview, steps=tuple(dataclasses.replace(step, title=step.title * 9) for step in overview.steps)
    )
    image = opened(draw_progress(long, "W" * 32)).convert("RGB")
    right_of_everything = image.crop((WIDTH - 50, 60, WIDTH - 20, HEIGHT - 60))
    assert len(right_of_everything.getcolors()) == 1


@pytest.mark.parametrize("count", [1, 2, 6])
def test_any_number_of_steps_fits(knowledge, count):
    overview = overview_of(knowledge.curriculum)
    few = dataclasses.replace(overview, steps=overview.steps[:count])
    assert opened(draw_progress(few)).size == (WIDTH, HEIGHT)
    done = dataclasses.replace(
        few, steps=tuple(dataclasses.replace(s, state=StepState.DONE, required=0) for s in few.steps)
    )
    assert opened(draw_progress(done)).size == (WIDTH, HEIGHT)


async def test_the_loop_goes_on_while_a_picture_is_drawn(monkeypatch, knowledge):
    """The drawing waits until the loop has turned over; on the loop it would wait in vain."""
    overview = overview_of(knowledge.curriculum)
    loop_turned, threads = threading.Event(), []

    def draw(*args):
        threads.append(threading.get_ident())
        assert loop_turned.wait(60), "the event loop stood still while a picture was drawn"
        return draw_progress(*args)

    monkeypatch.setattr(picture, "draw_progress", draw)
    beats = 0

    async def beat():
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1
            if threads and beats > 100:
                loop_turned.set()

    heart = asyncio.create_task(beat())
    png = await ProgressPainter().paint(overview)
    heart.cancel()
    assert opened(png).size == (WIDTH, HEIGHT)
    assert beats > 100
    assert threads != [threading.get_ident()]


async def test_one_picture_is_drawn_at_a_time(monkeypatch, knowledge):
    overview = overview_of(knowledge.curriculum)
    drawing, most = 0, 0
    guard = threading.Lock()

    def draw(*args):
        nonlocal drawing, most
        with guard:
            drawing += 1
            most = max(most, drawing)
        png = draw_progress(*args)
        with guard:
            drawing -= 1
        return png

    monkeypatch.setattr(picture, "draw_progress", draw)
    painter = ProgressPainter()
    pictures = await asyncio.gather(*(painter.paint(overview) for _ in range(3)))
    assert (most, len(set(pictures))) == (1, 1)
