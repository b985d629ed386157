import json
import shutil

import numpy as np
import pytest

from indexer.errors import IndexDamaged, IndexMismatch, IndexMissing, SearchIndexError
from indexer.manifest import FORMAT, current_version
from indexer.snapshot import Snapshot
from tests.indexer.fake_encoder import FakeEncoder
from tests.indexer.notes import build, read, write_notes


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("snapshot")
    build(write_notes(folder / "notes"), folder / "index", FakeEncoder())
    return folder / "index"


@pytest.fixture
def index(built, tmp_path):
    return shutil.copytree(built, tmp_path / "index")


def fails(index, error, encoder=None):
    with pytest.raises(error, match="tutor index build") as caught:
        read(index, encoder or FakeEncoder())
    assert str(index) in str(caught.value)
    return str(caught.value)


def files(index):
    return sorted(path for path in current_version(index).rglob("*") if path.is_file())


def test_what_is_written_is_read(index, tmp_path):
    first = read(index, FakeEncoder())
    copy = tmp_path / "copy"
    copy.mkdir()
    first.write(copy)
    second = Snapshot.read(copy, model="fake", dimension=64)
    assert second.manifest == first.manifest
    assert second.passages == first.passages
    np.testing.assert_array_equal(second.vectors.vectors(), first.vectors.vectors())
    for tokens in (["gradient"], ["rate", "learn"], []):
        np.testing.assert_array_equal(second.lexical_passages.scores(tokens), first.lexical_passages.scores(tokens))
        np.testing.assert_array_equal(second.lexical_sources.scores(tokens), first.lexical_sources.scores(tokens))


def test_rows_lead_to_passages_and_passages_to_sources(index):
    snapshot = read(index, FakeEncoder())
    assert len(snapshot.passage_of_row) == snapshot.vectors.size
    fake = FakeEncoder()
    for row in range(len(snapshot.passages), snapshot.vectors.size):
        passage = snapshot.passages[snapshot.passage_of_row[row]]
        probes = fake.encode(passage.probes)
        assert np.max(probes @ snapshot.vectors.vectors()[row]) == pytest.approx(1, abs=1e-5)
    for source, numbers in snapshot.passages_of_source.items():
        for number in numbers:
            assert snapshot.passages[number].source == source
            assert snapshot.sources[snapshot.source_of_passage[number]] == source
    assert all(snapshot.passage_by_key[passage.key] is passage for passage in snapshot.passages)


def test_another_model_is_a_mismatch(index):
    assert "model fake, but model other is in use" in fails(index, IndexMismatch, FakeEncoder("other"))
    assert "64" in fails(index, IndexMismatch, FakeEncoder(dimension=32))


@pytest.mark.parametrize("changed", [{}, {"added": 1}])
def test_another_format_is_a_mismatch(index, changed):
    path = current_version(index) / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": FORMAT + 1, **changed}))
    assert f"format {FORMAT + 1}" in fails(index, IndexMismatch)


def test_nothing_built_is_missing(tmp_path):
    fails(tmp_path, IndexMissing)
    fails(tmp_path / "nothing", IndexMissing)


@pytest.mark.parametrize("pointer", ["20260102T030405-00000000", "../x", "..", ""])
def test_a_pointer_to_nowhere_is_damage(index, pointer):
    (index.parent / "x").mkdir()
    (index / "current").write_text(pointer)
    fails(index, IndexDamaged)


@pytest.mark.parametrize("garbage", [b"", b"{}", b"[]", b"null", b"nonsense", b"\xff\xfe\x00", b'{"format": "x"}'])
def test_a_garbage_manifest_is_damage(index, garbage):
    (current_version(index) / "manifest.json").write_bytes(garbage)
    fails(index, IndexDamaged)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "garbage"])
def test_any_damaged_file_is_damage(index, damage):
    read(index, FakeEncoder())
    for path in files(index):
        whole = path.read_bytes()
        if damage == "missing":
            path.unlink()
        else:
            path.write_bytes({"empty": b"", "cut": whole[: len(whole) * 2 // 3], "garbage": b"\xff\x00?" * 50}[damage])
        fails(index, IndexDamaged)
        path.write_bytes(whole)
    read(index, FakeEncoder())


@pytest.mark.parametrize(
    "line",
    ["[]", "3", "{}", '{"source": 3}', "null"],
)
def test_a_passage_of_another_form_is_damage(index, line):
    path = current_version(index) / "passages.jsonl"
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")
    fails(index, IndexDamaged)


@pytest.mark.parametrize(
    ("key", "value"), [("title", 3), ("segments", [["poem", "x"]]), ("segments", [["code"]]), ("probes", "x")]
)
def test_a_passage_with_a_wrong_value_is_damage(index, key, value):
    path = current_version(index) / "passages.jsonl"
    lines = path.read_text("utf-8").split("\n")
    lines[0] = json.dumps({**json.loads(lines[0]), key: value})
    path.write_text("\n".join(lines), "utf-8")
    fails(index, IndexDamaged)


def test_files_of_different_versions_are_damage(index, tmp_path):
    notes = write_notes(tmp_path / "notes", {"one.md": "One note about zebras."})
    other = build(notes, tmp_path / "other", FakeEncoder(dimension=64)).version
    for path in files(index):
        if path.name == "manifest.json":
            continue
        whole = path.read_bytes()
        path.write_bytes((other / path.relative_to(current_version(index))).read_bytes())
        try:
            read(index, FakeEncoder())
        except SearchIndexError as error:
            assert "tutor index build" in str(error)  # noqa: PT017
        path.write_bytes(whole)


@pytest.mark.parametrize("name", ["vectors.faiss", "outside.faiss"])
def test_vectors_of_another_length_are_damage(index, tmp_path, name):
    other = build(write_notes(tmp_path / "notes"), tmp_path / "other", FakeEncoder(dimension=32)).version
    shutil.copy(other / name, current_version(index) / name)
    assert "do not belong together" in fails(index, IndexDamaged)
