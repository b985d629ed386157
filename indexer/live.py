"""The index of a running program: batches searches that arrive together, follows the pointer to a new index."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from indexer.encoder import Encoder
from indexer.errors import SearchIndexError
from indexer.manifest import POINTER_FILE, current_version
from indexer.retriever import Query, Result, Retriever
from indexer.snapshot import Snapshot

_log = logging.getLogger(__name__)

_MAX_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    query: Query
    top_k: int
    answer: asyncio.Future[tuple[Result, Retriever]]


class LiveIndex:
    """Searches the current index without blocking the event loop.

    All work runs in one thread: whoever asks while a search is running waits for the next
    one, in which everybody's questions are encoded together.
    """

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        """Open the current index of `folder`, which takes about a second.

        Raises:
            IndexMissing, IndexMismatch, IndexDamaged: it cannot be used; the text names the command that mends it.
        """
        self._folder = folder
        self._encoder = encoder
        self._pointer = self._stamp()
        self._retriever = self._open()
        self._waiting: list[_Waiting] = []
        self._worker: asyncio.Task[None] | None = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search")

    @property
    def snapshot(self) -> Snapshot:
        """The index that is in use now."""
        return self._retriever.snapshot

    async def search(self, query: Query, top_k: int = 5) -> tuple[Result, Snapshot]:
        """The best sources for one question, and the index that they were found in."""
        answer: asyncio.Future[tuple[Result, Retriever]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(query, top_k, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="search")
        result, retriever = await answer
        return result, retriever.snapshot

    async def close(self) -> None:
        """Wait for the running search and end the thread."""
        if self._worker is not None:
            await asyncio.gather(self._worker, return_exceptions=True)
        self._executor.shutdown(wait=True)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = self._take_batch()
            try:
                results, retriever = await loop.run_in_executor(self._executor, self._search, batch)
            except Exception as error:  # noqa: BLE001 - whoever waits gets it; the next batch must still run
                for waiting in batch:
                    if not waiting.answer.done():
                        waiting.answer.set_exception(error)
                continue
            for waiting, result in zip(batch, results, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result((result, retriever))

    def _take_batch(self) -> list[_Waiting]:
        """The first questions that wait and want the same number of hits, as one search gives them."""
        top_k = self._waiting[0].top_k
        batch = [waiting for waiting in self._waiting if waiting.top_k == top_k][:_MAX_BATCH]
        self._waiting = [waiting for waiting in self._waiting if waiting not in batch]
        return batch

    def _search(self, batch: Sequence[_Waiting]) -> tuple[list[Result], Retriever]:
        self._follow_pointer()
        retriever = self._retriever
        return retriever.search_batch([waiting.query for waiting in batch], batch[0].top_k), retriever

    def _follow_pointer(self) -> None:
        """Take up a new index if there is one; keep the old one if the new one cannot be used."""
        stamp = self._stamp()
        if stamp == self._pointer:
            return
        self._pointer = stamp
        try:
            self._retriever = self._open()
        except SearchIndexError as error:
            _log.error("A new index was found but is not used: %s", error)
        else:
            manifest = self._retriever.snapshot.manifest
            _log.info("Now using the index built at %s with %d passages.", manifest.built_at, manifest.passages)

    def _open(self) -> Retriever:
        version = current_version(self._folder)
        snapshot = Snapshot.read(version, model=self._encoder.name, dimension=self._encoder.dimension)
        snapshot.prepare()
        return Retriever(snapshot, self._encoder)

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = (self._folder / POINTER_FILE).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino
