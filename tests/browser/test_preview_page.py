"""The preview as a person uses it: a real headless browser asks, reads the answer, presses a button."""

import base64
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect
from simcord.preview import Preview

from bot.config import Settings
from bot.preview import PreviewWorld
from indexer.encoder import SentenceTransformerEncoder

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PICTURE = os.environ.get("TUTOR_PREVIEW_PICTURE")
PROGRESS_PICTURE = os.environ.get("TUTOR_PROGRESS_PICTURE")
WEEKLY_PICTURE = os.environ.get("TUTOR_WEEKLY_PICTURE")
GROUP_PICTURE = os.environ.get("TUTOR_GROUP_PICTURE")
"""Where to save the pictures of the README."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; on Debian: apt-get install chromium"),
]


@pytest.fixture
async def world(settings: Settings, encoder: SentenceTransformerEncoder) -> AsyncIterator[PreviewWorld]:
    async with PreviewWorld(settings, encoder) as world:
        yield world


@pytest.fixture
async def preview(world: PreviewWorld) -> AsyncIterator[Preview]:
    async with world.preview() as preview:
        yield preview


@pytest.fixture
async def home(world: PreviewWorld) -> AsyncIterator[Preview]:
    """The page of the study group's home."""
    async with world.preview(is_home=True) as home:
        yield home


@pytest.fixture
async def page(preview: Preview) -> AsyncIterator[Page]:
    async with opened(preview) as page:
        yield page


@pytest.fixture
async def home_page(home: Preview) -> AsyncIterator[Page]:
    async with opened(home) as page:
        yield page


@asynccontextmanager
async def opened(preview: Preview) -> AsyncIterator[Page]:
    """The preview in a browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        size = {"width": 1280, "height": 1000}
        is_for_picture = PROGRESS_PICTURE or WEEKLY_PICTURE or GROUP_PICTURE
        page = await browser.new_page(viewport=size, device_scale_factor=2 if is_for_picture else 1)
        page.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        await page.goto(preview.url)
        yield page
        await browser.close()


async def slash(page: Page, command: str) -> Locator:
    """Type a command, take it from the list, send it; returns the newest message."""
    messages = page.locator("article.channel-message")
    before = await messages.count()
    await page.locator("#channel-composer-input").fill(f"/{command}")
    await page.locator(".command-entry").filter(has_text=f"/{command}").first.click()
    await page.locator("#send-message").click()
    await expect(messages).to_have_count(before + 1)
    return messages.nth(before)


async def test_ask_read_and_rate(page: Page) -> None:
    await expect(page.get_by_text("Ask me about deep learning").last).to_be_visible()

    await page.locator("#channel-composer-input").fill("why do we need nonlinearities??")
    await page.locator("#send-message").click()

    answer = page.locator("article.channel-message").filter(has_text="Study it next")
    await expect(answer).to_contain_text("Two linear layers in a row are again one linear map")
    link = answer.get_by_role("link", name="Practical Deep Learning for Coders, Lesson 3").first
    await expect(link).to_have_attribute("href", "https://course.fast.ai/Lessons/lesson3.html")
    await expect(answer.get_by_role("button", name="Show sources in full")).to_be_visible()
    if PICTURE:
        await page.screenshot(path=PICTURE)

    await answer.get_by_role("button", name="Helpful", exact=False).first.click()
    await expect(page.get_by_text("I noted this answer as").last).to_be_visible()


async def test_next_step_and_progress(page: Page) -> None:
    await expect(page.locator("article.channel-message")).to_have_count(2)
    step = await slash(page, "next")
    await expect(step).to_contain_text("Only you can see this")
    await expect(step).to_contain_text("Review 5 questions that are due")
    await expect(step).to_contain_text(
        "16 questions are due, the one on Transfer learning and fine-tuning for 87 days."
    )
    await step.get_by_role("button", name="Why this?").click()
    why = page.locator("article.channel-message").nth(3)
    await expect(why).to_contain_text("Shaky concepts: Expectation. Fading concepts: Gradient descent, Cross-entropy.")

    progress = await slash(page, "progress show")
    await expect(progress).to_contain_text("Only you can see this")
    await expect(progress).to_contain_text("► 2. Mathematical foundations: 6 of 14 parts done")
    await expect(progress).to_contain_text("6 solid, 8 learning, 2 fading, 1 shaky")
    picture = progress.locator("img.embed-image")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("naturalWidth", 1000)
    if PROGRESS_PICTURE:
        await save_side_by_side([step, why], picture, PROGRESS_PICTURE)

    await step.get_by_role("button", name="Not now").click()
    await expect(step).to_contain_text("Put off until tomorrow. Here is something else.")
    await expect(step).to_contain_text(
        "builds on it, and you have 3 answers, the last 3 days ago: more wrong than right"
    )
    await expect(step.get_by_role("link", name="Open")).to_have_attribute(
        "href", "http://cs229.stanford.edu/section/cs229-prob.pdf"
    )

    await page.locator("#viewer-picker").select_option(label="grace")
    await expect(page.locator("article.channel-message")).to_have_count(2)


async def test_the_weekly_quiz_is_taken_and_closes(page: Page, preview: Preview, world: PreviewWorld) -> None:
    messages = page.locator("article.channel-message")
    await expect(messages).to_have_count(2)
    post = messages.nth(1)
    await expect(post).to_contain_text("3 members took part")
    open_post = await post.screenshot()
    await post.get_by_role("button", name="Take the quiz").click()
    mine = messages.nth(2)
    await expect(mine).to_contain_text("Only you can see this")
    await expect(mine).to_contain_text("Question 1 of 5")
    question = await mine.screenshot()
    await mine.get_by_role("button", name="I don't know").click()
    await expect(mine).to_contain_text("Not knowing it yet is fine.")
    await expect(mine).to_contain_text("Comes again")
    await expect(mine.get_by_role("button", name="Challenge this question")).to_be_visible()
    feedback = await mine.screenshot()

    await world.advance(timedelta(days=2, minutes=1))
    await preview.refresh()
    results = messages.filter(has_text="How the weekly quiz went")
    await expect(results).to_contain_text("4 members took part, and 3 finished it.")
    await expect(post.get_by_role("button", name="Take the quiz")).to_have_count(0)
    if WEEKLY_PICTURE:
        await save_in_columns(
            page, [[open_post, question], [feedback], [await results.screenshot()]], WEEKLY_PICTURE, (470,) * 3
        )
    await results.get_by_role("button", name="See my answers").click()
    await expect(messages.last).to_contain_text("Only you can see this")
    await expect(messages.last).to_contain_text("0 of 5 right")


async def test_a_check_in_is_written_seen_and_shown(home_page: Page, home: Preview, world: PreviewWorld) -> None:
    messages = home_page.locator("article.channel-message")
    question = messages.filter(has_text="Partners this week")
    await expect(question).to_contain_text("hedy replies to ada")
    asked = await question.screenshot()
    await question.get_by_role("button", name="Check in").click()
    window = home_page.get_by_role("dialog")
    await expect(window).to_contain_text("Your plan: The chain rule for two layers")
    await window.get_by_role("combobox").click()
    await home_page.get_by_role("option", name="Done").click()
    for name, text in CHECK_IN.items():
        await window.locator(f"[data-custom-id={name}]").get_by_role("textbox").fill(text)
    opened_window = await window.screenshot()
    await window.get_by_role("button", name="Submit").click()

    mine = messages.filter(has_text="This is exactly what Night owls will see.")
    await expect(mine).to_contain_text("Only you can see this")
    await expect(mine).to_contain_text(CHECK_IN["learned"])
    seen = await mine.screenshot()
    posts = messages.filter(has_text="Check-in: Done")
    before = await posts.count()
    await mine.get_by_role("button", name="Show to my group").click()
    await expect(messages.filter(has_text="You have checked in, thank you.")).to_contain_text("Your rhythm")
    await world.catch_up()
    await home.refresh()
    await expect(posts.filter(has_text="one question or a word of encouragement?")).to_have_count(before)
    post = posts.filter(has_text="The chain rule for two layers").last
    await expect(post).not_to_contain_text(CHECK_IN["blocker"])
    if GROUP_PICTURE:
        await save_in_columns(home_page, [[asked], [opened_window], [seen]], GROUP_PICTURE, (470, 430, 690))


CHECK_IN = {
    "evidence": "Two pages with all derivatives, checked with autograd.",
    "learned": "Each layer multiplies by its own local derivative.",
    "blocker": "Why is the gradient of a sum over the batch a sum?",
    "next": "Backprop through batch norm",
}


async def save_in_columns(page: Page, columns: list[list[bytes]], path: str, widths: tuple[int, ...]) -> None:
    """Screenshots of messages side by side, as one picture. The widths of the columns are in pixels of the sheet."""
    shown = "".join(
        f'<div style="width: {width}px">'
        + "".join(f'<p><img src="data:image/png;base64,{base64.b64encode(shot).decode()}"></p>' for shot in column)
        + "</div>"
        for column, width in zip(columns, widths, strict=True)
    )
    browser = page.context.browser
    assert browser is not None
    sheet = await browser.new_page(viewport={"width": 1800, "height": 1000}, device_scale_factor=1.25)
    await sheet.set_content(
        "<style>body, p { margin: 0 } p { overflow: hidden } p img { zoom: 0.45 } main { display: flex; "
        "gap: 12px; padding: 12px; width: max-content; background: #323339 }</style>"
        f"<main>{shown}</main>"
    )
    await sheet.locator("main").screenshot(path=path)
    await sheet.close()


async def save_side_by_side(messages: list[Locator], picture: Locator, path: str) -> None:
    """The messages, and beside them the picture as large as one sees it after a click."""
    shots = [base64.b64encode(await message.screenshot()).decode() for message in messages]
    card = await picture.evaluate(
        """async image => {
            const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
            return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""));
        }"""
    )
    left = "".join(f'<p><img src="data:image/png;base64,{shot}"></p>' for shot in shots)
    browser = picture.page.context.browser
    assert browser is not None
    page = await browser.new_page(viewport={"width": 1280, "height": 1000}, device_scale_factor=1.5)
    await page.set_content(
        "<style>body, p { margin: 0 } p { width: 520px; overflow: hidden } p img { zoom: 0.5 } main { display: flex; "
        "gap: 16px; align-items: center; padding: 16px; width: max-content; background: #323339 }</style>"
        f'<main><div>{left}</div><img width="460" src="data:image/png;base64,{card}"></main>'
    )
    await page.locator("main").screenshot(path=path)
    await page.close()
