import hashlib

import pytest

from indexer.errors import IndexDamaged, IndexMissing
from indexer.manifest import current_version, hash_sources, is_version, point_to
from tests.indexer.notes import write_notes

VERSION = "20260102T030405-0a1b2c3d"


def test_sources_are_hashed_by_their_path(tmp_path):
    write_notes(
        tmp_path, {"b/c.md": "x", "a.md": "y", "curriculum.toml": "z", ".git/d.md": "x", "e.txt": "x", ".f.md": "x"}
    )
    assert hash_sources(tmp_path) == {
        name: hashlib.sha256(text).hexdigest()
        for name, text in [("a.md", b"y"), ("b/c.md", b"x"), ("curriculum.toml", b"z")]
    }


def test_no_folder_has_no_sources(tmp_path):
    assert hash_sources(tmp_path / "nothing") == {}


def test_the_pointer_names_the_current_version(tmp_path):
    for name in (VERSION, VERSION.replace("0a", "ff")):
        (tmp_path / name).mkdir()
        point_to(tmp_path, name)
        assert current_version(tmp_path) == tmp_path / name
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["current"]


def test_without_a_pointer_nothing_has_been_built(tmp_path):
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(IndexMissing, match="tutor index build"):
            current_version(folder)


@pytest.mark.parametrize(
    "pointer", ["", "..", ".", "../x", "/etc", "x/y", "nothing", VERSION, f"../{VERSION}", "a\x00b", "mine"]
)
def test_a_pointer_to_anything_else_is_damage(tmp_path, pointer):
    index = tmp_path / "index"
    (index / "mine").mkdir(parents=True)
    (tmp_path / VERSION).mkdir()
    (index / "current").write_text(pointer)
    with pytest.raises(IndexDamaged, match="tutor index build"):
        current_version(index)


def test_an_unreadable_pointer_is_damage(tmp_path):
    (tmp_path / "current").write_bytes(b"\xff\xfe")
    with pytest.raises(IndexDamaged, match="tutor index build"):
        current_version(tmp_path)
    (tmp_path / "current").unlink()
    (tmp_path / "current").mkdir()
    with pytest.raises(IndexDamaged, match="tutor index build"):
        current_version(tmp_path)


def test_names_of_versions():
    assert is_version(VERSION)
    assert not any(map(is_version, ["", ".", "20260102", f".building-{VERSION}", f"{VERSION}/x", f"{VERSION}\n"]))
