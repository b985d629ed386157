"""The index of a running program, with the real model where results count."""

import asyncio
import threading
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from indexer.errors import IndexMismatch, IndexMissing
from indexer.live import LiveIndex
from indexer.retriever import Query, Retriever
from indexer.spelling import Spelling
from tests.indexer.fake_encoder import FakeEncoder
from tests.indexer.notes import NOTES, NOW, build, read, write_notes

QUESTIONS = [
    f"{start} {topic}?"
    for start in ("what is", "why do we need", "how much is", "explain", "in practice")
    for topic in (
        "dropout",
        "backpropagation",
        "a convolution kernel",
        "the learning rate",
        "q-learning",
        "an off-policy method",
        "the discount factor",
        "the chain rule",
    )
]
NEW = {"momentum.md": "# Momentum\n\nMomentum keeps a running mean of the gradients.\n"}


class Watched:
    """An encoder that counts its calls, may be held up, and fails for one text."""

    def __init__(self, encoder):
        self._encoder = encoder
        self.batches = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self._started = threading.Event()

    def encode(self, texts):
        self.batches.append(list(texts))
        self._started.set()
        assert self.may_go_on.wait(60)
        if any("fails" in text for text in texts):
            raise RuntimeError("the model failed")
        return self._encoder.encode(texts)

    def forget(self):
        self.batches.clear()
        self._started.clear()

    async def has_started(self):
        assert await asyncio.to_thread(self._started.wait, 60)

    def __getattr__(self, name):
        return getattr(self._encoder, name)


@asynccontextmanager
async def live(folder, encoder):
    index = LiveIndex(folder, encoder)
    try:
        yield index
    finally:
        await index.close()


@pytest.fixture
def built(tmp_path):
    """A small index without a model; `tmp_path / "notes"` is what it was built from."""
    encoder = Watched(FakeEncoder())
    build(write_notes(tmp_path / "notes"), tmp_path / "index", encoder)
    encoder.forget()
    return tmp_path / "index", encoder


def logged(caplog):
    """What the program itself says, without the libraries that a build uses."""
    return [record.getMessage() for record in caplog.records if record.name == "indexer.live"]


def sources(result):
    return [hit.source for hit in result.hits]


async def test_forty_searches_at_once_are_few_batches_and_equal_one_by_one(encoder, tmp_path):
    watched = Watched(encoder)
    build(write_notes(tmp_path / "notes"), tmp_path / "index", watched)
    one_by_one = Retriever(read(tmp_path / "index", encoder), encoder)
    watched.forget()
    async with live(tmp_path / "index", watched) as index:
        found = await asyncio.gather(*(index.search(Query(question), 3) for question in QUESTIONS))
    assert len(QUESTIONS) == len(set(QUESTIONS)) == 40
    assert watched.batches == [QUESTIONS]
    for question, (result, _) in zip(QUESTIONS, found, strict=True):
        alone = one_by_one.search(Query(question), 3)
        assert sources(result) == sources(alone)
        assert result.tokens == alone.tokens
        assert [hit.score for hit in result.hits] == pytest.approx([hit.score for hit in alone.hits], abs=1e-5)
        assert [hit.similarity for hit in result.hits] == pytest.approx([h.similarity for h in alone.hits], abs=1e-5)


async def test_who_comes_while_a_search_runs_waits_for_the_next_one(built):
    folder, encoder = built
    async with live(folder, encoder) as index:
        encoder.may_go_on.clear()
        first = asyncio.create_task(index.search(Query("dropout")))
        await encoder.has_started()
        rest = [asyncio.create_task(index.search(Query(question))) for question in QUESTIONS]
        await asyncio.sleep(0)
        assert not first.done()
        encoder.may_go_on.set()
        await asyncio.gather(first, *rest)
    assert encoder.batches == [["dropout"], QUESTIONS]


async def test_a_batch_has_an_end(built):
    folder, encoder = built
    texts = [f"dropout {number}" for number in range(150)]
    async with live(folder, encoder) as index:
        await asyncio.gather(*(index.search(Query(text)) for text in texts))
    assert [len(batch) for batch in encoder.batches] == [64, 64, 22]
    assert [text for batch in encoder.batches for text in batch] == texts


async def test_everybody_gets_as_many_hits_as_asked_for(built):
    folder, encoder = built
    async with live(folder, encoder) as index:
        found = await asyncio.gather(*(index.search(Query("learning rate"), top_k) for top_k in (1, 5, 2, 1)))
    assert [len(result.hits) for result, _ in found] == [1, 5, 2, 1]
    assert len(encoder.batches) == 3


async def test_a_new_index_is_taken_up_without_a_restart(built, caplog):
    caplog.set_level("INFO", "indexer")
    folder, encoder = built
    async with live(folder, encoder) as index:
        before, old = await index.search(Query("what is momentum"), 1)
        assert "momentum" not in sources(before)
        build(write_notes(folder.parent / "notes", NEW), folder, encoder, NOW + timedelta(hours=1))
        after, new = await index.search(Query("what is momentum"), 1)
        assert sources(after) == ["momentum"]
        assert index.snapshot is new
        assert (old.manifest.documents, new.manifest.documents) == (len(NOTES), len(NOTES) + 1)
        again, same = await index.search(Query("what is momentum"), 1)
        assert same is new
        assert again == after
    assert logged(caplog) == [
        f"Now using the index built at 2026-01-02T04:04:05+00:00 with {new.manifest.passages} passages."
    ]


async def test_an_index_of_another_model_is_refused_and_the_old_one_goes_on(built, caplog):
    folder, encoder = built
    async with live(folder, encoder) as index:
        before, old = await index.search(Query("what is dropout"))
        build(folder.parent / "notes", folder, FakeEncoder("other"), NOW + timedelta(hours=1))
        for _ in range(3):
            after, same = await index.search(Query("what is dropout"))
            assert same is old
            assert after == before
        (message,) = logged(caplog)
        assert message == (
            f"A new index was found but is not used: The search index in {folder} was built with model other, "
            "but model fake is in use. Build it again with: tutor index build"
        )
        build(write_notes(folder.parent / "notes", NEW), folder, encoder, NOW + timedelta(hours=2))
        result, new = await index.search(Query("what is momentum"), 1)
        assert sources(result) == ["momentum"]
        assert new is not old


async def test_a_damaged_index_is_refused_and_the_old_one_goes_on(built, caplog):
    folder, encoder = built
    async with live(folder, encoder) as index:
        before, old = await index.search(Query("what is dropout"))
        (folder / "current").write_text("20260102T030405-gone\n", "utf-8")
        after, same = await index.search(Query("what is dropout"))
        (folder / "current").unlink()
        _, still = await index.search(Query("what is dropout"))
    assert same is still is old
    assert after == before
    assert [message.split(": ", 1)[0] for message in logged(caplog)] == ["A new index was found but is not used"] * 2
    assert all(message.endswith("tutor index build") for message in logged(caplog))


async def test_the_old_index_is_in_memory_when_its_files_are_gone(built, caplog):
    folder, encoder = built
    async with live(folder, encoder) as index:
        for hours in range(1, 5):
            build(write_notes(folder.parent / "notes", NEW), folder, FakeEncoder("other"), NOW + timedelta(hours=hours))
        assert not any(version.name.startswith("20260102T030405") for version in folder.iterdir())
        result, _ = await index.search(Query("what is dropout"), 1)
        assert sources(result) == ["dropout"]
        assert len(logged(caplog)) == 1


async def test_a_search_that_fails_does_not_stop_the_next(built):
    folder, encoder = built
    async with live(folder, encoder) as index:
        with pytest.raises(RuntimeError, match="the model failed"):
            await index.search(Query("this fails"))
        result, _ = await index.search(Query("what is dropout"), 1)
        assert sources(result) == ["dropout"]


async def test_a_search_that_fails_hits_only_its_own_batch(built):
    folder, encoder = built
    async with live(folder, encoder) as index:
        encoder.may_go_on.clear()
        first = asyncio.create_task(index.search(Query("dropout"), 1))
        await encoder.has_started()
        failing = asyncio.create_task(index.search(Query("this fails"), 1))
        others = [asyncio.create_task(index.search(Query("dropout"), top_k)) for top_k in (2, 3)]
        await asyncio.sleep(0)
        encoder.may_go_on.set()
        results = await asyncio.gather(first, failing, *others, return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["tuple", "RuntimeError", "tuple", "tuple"]


async def test_who_gives_up_waiting_harms_nobody(built):
    folder, encoder = built
    async with live(folder, encoder) as index:
        encoder.may_go_on.clear()
        first, second = (asyncio.create_task(index.search(Query("what is dropout"), 1)) for _ in range(2))
        await encoder.has_started()
        first.cancel()
        await asyncio.wait([first])
        encoder.may_go_on.set()
        result, _ = await second
        assert first.cancelled()
        assert sources(result) == ["dropout"]


async def test_closing_waits_for_the_running_search(built):
    folder, encoder = built
    index = LiveIndex(folder, encoder)
    encoder.may_go_on.clear()
    searching = asyncio.create_task(index.search(Query("what is dropout"), 1))
    await encoder.has_started()
    closing = asyncio.create_task(index.close())
    await asyncio.sleep(0)
    assert not closing.done()
    encoder.may_go_on.set()
    await closing
    result, _ = await searching
    assert sources(result) == ["dropout"]


async def test_it_does_not_start_without_an_index_that_fits(built, tmp_path):
    folder, _ = built
    with pytest.raises(IndexMissing, match="tutor index build"):
        LiveIndex(tmp_path / "nowhere", FakeEncoder())
    with pytest.raises(IndexMismatch, match="tutor index build"):
        LiveIndex(folder, FakeEncoder("other"))


async def test_the_words_of_an_index_are_read_when_it_is_opened_and_never_on_the_event_loop(tmp_path, monkeypatch):
    notes, folder, encoder = tmp_path / "notes", tmp_path / "index", FakeEncoder()
    build(write_notes(notes), folder, encoder)
    threads = []
    from_texts = Spelling.from_texts

    def watched(texts, names=()):
        threads.append(threading.current_thread())
        return from_texts(texts, names)

    monkeypatch.setattr(Spelling, "from_texts", watched)
    index = await asyncio.to_thread(LiveIndex, folder, encoder)
    assert len(threads) == 1
    assert index.snapshot.spelling.repair("backproppagation") == "backpropagation"
    build(write_notes(notes, NEW), folder, encoder)
    await index.search(Query("momentum"))
    assert index.snapshot.spelling.repair("momemtum") == "momentum"
    await index.close()
    assert len(threads) == 2
    assert threading.main_thread() not in threads
