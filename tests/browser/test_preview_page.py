"""The preview as a person uses it: a real headless browser asks, reads the answer, presses a button."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.config import Settings
from bot.preview import PreviewWorld
from indexer.encoder import SentenceTransformerEncoder

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PICTURE = os.environ.get("TUTOR_PREVIEW_PICTURE")
"""Where to save the picture of the README."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; on Debian: apt-get install chromium"),
]


@pytest.fixture
async def page(settings: Settings, encoder: SentenceTransformerEncoder) -> AsyncIterator[Page]:
    async with PreviewWorld(settings, encoder) as world, world.preview() as preview, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        await page.goto(preview.url)
        yield page
        await browser.close()


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
