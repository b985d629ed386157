"""Builds that die, in processes of their own: `python -m tests.indexer.crash_builds NOTES INDEX FOLDER`.

Each death happens to a copy of INDEX below FOLDER. The parent imports everything once and
forks for each death, so that a dozen of them cost hardly more than one.
"""

import os
import resource
import shutil
import signal
import sys
from pathlib import Path

from tests.indexer.fake_encoder import FakeEncoder
from tests.indexer.notes import build

FILES = ("passages.jsonl", "vectors.faiss", "data.csc.index.npy", "manifest.json", ".current")
"""A build is killed at the moment when it opens one of these for writing."""

LIMITS = (0, 1, 200, 1000, 3000)
"""No file may grow beyond so many bytes: what a full disk does."""


class DyingEncoder(FakeEncoder):
    def encode(self, _texts):
        os.kill(os.getpid(), signal.SIGKILL)


def die_at(name):
    def hook(event, arguments):
        if event == "open" and isinstance(arguments[0], (str, os.PathLike)):
            mode = arguments[1] or ""
            if Path(arguments[0]).name == name and ("w" in mode or "b" in mode) and "r" not in mode:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def run(notes, index, death):
    encoder = FakeEncoder()
    if death == "encoder":
        encoder = DyingEncoder()
    elif death.startswith("limit"):
        limit = int(death.removeprefix("limit"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    else:
        die_at(death)
    try:
        build(notes, index, encoder)
    except OSError:
        os._exit(3)
    os._exit(0)


def main(notes, index, folder):
    for death in ["encoder", *FILES, *(f"limit{limit}" for limit in LIMITS)]:
        copy = Path(folder) / death
        shutil.copytree(index, copy)
        child = os.fork()
        if child == 0:
            run(Path(notes), copy, death)
        _, status = os.waitpid(child, 0)
        print(death, os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(*sys.argv[1:])
