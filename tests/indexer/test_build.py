import shutil
import subprocess
import sys
from datetime import timedelta

import numpy as np
import pytest
from filelock import FileLock

from indexer.build import BuildRunning, build_index, is_stale
from indexer.manifest import current_version
from indexer.passages import text_key
from knowledge.problems import KnowledgeError
from tests.indexer import crash_builds
from tests.indexer.fake_encoder import FakeEncoder
from tests.indexer.notes import NOTES, NOW, build, folders, read, write_notes
from tests.paths import ROOT


@pytest.fixture
def notes(tmp_path):
    return write_notes(tmp_path / "notes")


@pytest.fixture
def index(tmp_path):
    return tmp_path / "data" / "index"


def edit(notes, name, old, new):
    text = (notes / name).read_text("utf-8")
    assert old in text
    (notes / name).write_text(text.replace(old, new), "utf-8")


def test_a_build_from_a_plain_folder(notes, index):
    fake = FakeEncoder()
    report = build(notes, index, fake)
    snapshot = read(index, fake)
    assert report.version == current_version(index)
    assert report.manifest == snapshot.manifest
    assert (report.manifest.documents, report.manifest.built_at) == (5, "2026-01-02T03:04:05+00:00")
    assert set(report.manifest.sources) == set(NOTES)
    assert set(snapshot.sources) == {name.removesuffix(".md") for name in NOTES}
    assert report.manifest.passages == len(snapshot.passages)
    assert report.manifest.probes == sum(len(passage.probes) for passage in snapshot.passages) == 6
    assert (report.encoded, report.reused) == (len(set(fake.asked)), 0)
    for number, passage in enumerate(snapshot.passages):
        np.testing.assert_allclose(
            snapshot.vectors.vectors()[number], FakeEncoder().encode([passage.encoded_text])[0], atol=1e-6
        )


def test_no_text_is_encoded_twice(index, notes):
    write_notes(notes, {"copy.md": NOTES["dropout.md"]})
    fake = FakeEncoder()
    build(notes, index, fake)
    assert len(fake.asked) == len(set(fake.asked))


def test_nothing_is_encoded_after_no_change(notes, index):
    first = build(notes, index, FakeEncoder())
    fake = FakeEncoder()
    report = build(notes, index, fake)
    assert fake.asked == []
    assert (report.encoded, report.reused) == (0, first.encoded)
    assert read(index, fake).passages == read(index, FakeEncoder()).passages


def test_after_an_edit_only_that_files_passages_are_encoded(notes, index):
    build(notes, index, FakeEncoder())
    edit(notes, "backpropagation.md", "about as much as two", "about twice as much as one")
    fake = FakeEncoder()
    build(notes, index, fake)
    (asked,) = fake.asked
    assert asked.startswith("Backpropagation > Cost\n")
    assert "about twice as much as one" in asked
    snapshot = read(index, fake)
    fresh = FakeEncoder()
    for key, vector in snapshot.encoded().items():
        text = next(t for p in snapshot.passages for t in (p.encoded_text, *p.probes) if text_key(t) == key)
        np.testing.assert_allclose(vector, fresh.encode([text])[0], atol=1e-6)


def test_topics_outside_are_encoded_once_and_belong_to_the_sources(notes, index):
    build(notes, index, FakeEncoder())
    write_notes(notes, {"outside.toml": 'topics = ["baking a cake", "the weather"]\n'})
    assert is_stale(notes, index, "fake")
    fake = FakeEncoder()
    build(notes, index, fake)
    assert sorted(fake.asked) == ["baking a cake", "the weather"]
    again = FakeEncoder()
    build(notes, index, again)
    assert again.asked == []
    assert read(index, fake).outside.size == 2


def test_another_model_encodes_everything(notes, index):
    first = build(notes, index, FakeEncoder())
    fake = FakeEncoder("other", dimension=32)
    assert build(notes, index, fake).encoded == first.encoded
    assert read(index, fake).vectors.dimension == 32


def test_a_damaged_index_is_built_anew(notes, index):
    first = build(notes, index, FakeEncoder())
    (first.version / "vectors.faiss").write_bytes(b"")
    assert build(notes, index, FakeEncoder()).encoded == first.encoded


def test_progress_goes_from_nothing_to_all(notes, index):
    calls = []
    report = build_index(notes, index, FakeEncoder(), now=NOW, progress=lambda done, of: calls.append((done, of)))
    assert calls[0] == (0, report.encoded)
    assert calls[-1] == (report.encoded, report.encoded)


def test_an_index_is_stale_after_any_change(notes, index):
    assert is_stale(notes, index, "fake")
    build(notes, index, FakeEncoder())
    assert not is_stale(notes, index, "fake")
    assert is_stale(notes, index, "other")
    (notes / "picture.png").write_bytes(b"x")
    (notes / ".hidden.md").write_text("x")
    assert not is_stale(notes, index, "fake")

    write_notes(notes, {"new.md": "New."})
    assert is_stale(notes, index, "fake")
    (notes / "new.md").unlink()
    assert not is_stale(notes, index, "fake")
    (notes / "dropout.md").rename(notes / "renamed.md")
    assert is_stale(notes, index, "fake")
    (notes / "renamed.md").rename(notes / "dropout.md")
    edit(notes, "dropout.md", "random", "chance")
    assert is_stale(notes, index, "fake")
    (current_version(index) / "manifest.json").write_bytes(b"\xff")
    assert is_stale(notes, index, "fake")


def test_a_file_that_is_edited_during_the_build_leaves_the_index_stale(notes, index):
    def progress(*_):
        (notes / "dropout.md").write_text("Edited meanwhile.")

    build_index(notes, index, FakeEncoder(), now=NOW, progress=progress)
    assert is_stale(notes, index, "fake")


def test_a_folder_without_notes_or_text_cannot_be_built(tmp_path, index):
    folder = tmp_path / "notes"
    with pytest.raises(KnowledgeError, match="no such folder"):
        build(folder, index, FakeEncoder())
    folder.mkdir()
    with pytest.raises(KnowledgeError, match="no Markdown file"):
        build(folder, index, FakeEncoder())
    write_notes(folder, {"a.md": "# Only a heading\n"})
    with pytest.raises(KnowledgeError, match="no file has text"):
        build(folder, index, FakeEncoder())
    assert folders(index) == set()


def test_unusual_line_ends_in_code_survive(tmp_path, index):
    notes = write_notes(tmp_path / "notes", {"a.md": "Text.\n\n```\none\u2028two\u0085three\n```\n"})
    fake = FakeEncoder()
    build(notes, index, fake)
    assert "one\u2028two\u0085three" in read(index, fake).passages[0].text


def test_an_encoder_that_fails_leaves_the_old_index(notes, index):
    before = build(notes, index, FakeEncoder()).version
    write_notes(notes, {"new.md": "Something new."})
    with pytest.raises(OSError, match="No space left"):
        build(notes, index, FakeEncoder(fails_after=0))
    assert current_version(index) == before
    assert folders(index) == {before.name}
    assert is_stale(notes, index, "fake")
    report = build(notes, index, FakeEncoder())
    assert folders(index) == {before.name, report.version.name}


def test_a_second_build_at_the_same_time_is_refused(notes, index):
    before = build(notes, index, FakeEncoder()).version
    with FileLock(index / ".lock"), pytest.raises(BuildRunning, match="is running"):
        build(notes, index, FakeEncoder())
    assert current_version(index) == before
    build(notes, index, FakeEncoder())


def test_the_previous_version_is_kept_and_older_ones_are_dropped(notes, index):
    versions = [build(notes, index, FakeEncoder(), NOW - timedelta(days=n)).version.name for n in range(4)]
    assert folders(index) == set(versions[-2:])
    assert current_version(index).name == versions[-1]


def test_nothing_but_versions_is_deleted(notes, index):
    write_notes(index, {"mine/precious.txt": "x", "2026-photos/a.txt": "x", "20260101/b.txt": "x"})
    for _ in range(4):
        build(notes, index, FakeEncoder())
    assert len(list(index.rglob("*.txt"))) == 3


def test_no_file_of_an_index_needs_pickle(notes, index):
    build(notes, index, FakeEncoder())
    files = [path for path in index.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".npy", ".json", ".jsonl", ".faiss", "", ".lock"}
    arrays = [path for path in files if path.suffix == ".npy"]
    assert arrays
    for path in arrays:
        assert np.load(path, allow_pickle=False).dtype != object


@pytest.fixture(scope="module")
def deaths(tmp_path_factory):
    """A folder in which one build of each kind died, its notes, the old version's name, and how they ended."""
    folder = tmp_path_factory.mktemp("deaths")
    notes = write_notes(folder / "notes")
    old = build(notes, folder / "old", FakeEncoder()).version.name
    write_notes(notes, {"new.md": "A note about zebras."})
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "tests.indexer.crash_builds", notes, folder / "old", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return folder, notes, old, dict(line.split() for line in done.stdout.splitlines())


@pytest.mark.parametrize("death", ["encoder", *crash_builds.FILES, *(f"limit{limit}" for limit in crash_builds.LIMITS)])
def test_a_build_that_dies_leaves_the_old_index(deaths, tmp_path, death):
    folder, notes, old, codes = deaths
    assert codes[death] == ("3" if death.startswith("limit") else "-9")
    index = shutil.copytree(folder / death, tmp_path / "index")
    fake = FakeEncoder()
    assert current_version(index).name == old
    assert "new" not in read(index, fake).sources
    if death in {"passages.jsonl", "manifest.json"}:
        assert any(name.startswith(".building-") for name in folders(index))
    version = build(notes, index, fake).version.name
    assert folders(index) == {old, version}
    assert "new" in read(index, fake).sources
    assert {path.name for path in index.iterdir()} <= {old, version, "current", ".lock"}
