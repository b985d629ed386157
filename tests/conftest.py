"""What many tests share. The real model is loaded once for the whole run."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import DatabaseSettings, IndexSettings, Settings
from indexer.build import build_index, is_stale
from indexer.encoder import SentenceTransformerEncoder
from knowledge.loader import Knowledge, load_knowledge
from tests.paths import KNOWLEDGE, ROOT

os.environ.pop("COLUMNS", None)  # rich takes the width of the terminal from it once; tests set their own


@pytest.fixture(scope="session")
def encoder():
    return SentenceTransformerEncoder()


@pytest.fixture(scope="session")
def knowledge_index(encoder: SentenceTransformerEncoder) -> Path:
    """The index of the real knowledge folder, which `make preview` uses too; only what changed is encoded."""
    folder = ROOT / "data" / "index"
    if is_stale(KNOWLEDGE, folder, encoder.name):
        with encoder.all_cores():
            build_index(KNOWLEDGE, folder, encoder, now=datetime.now(UTC))
    return folder


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The real knowledge folder."""
    return load_knowledge(KNOWLEDGE)


@pytest.fixture
def settings(tmp_path: Path, knowledge_index: Path) -> Settings:
    """The defaults, with the real notes and a database of the test's own."""
    return Settings(
        index=IndexSettings(knowledge=KNOWLEDGE, folder=knowledge_index),
        database=DatabaseSettings(url=f"sqlite+aiosqlite:///{tmp_path / 'tutor.db'}"),
    )
