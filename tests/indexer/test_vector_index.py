from pathlib import Path

import faiss
import numpy as np
import pytest

from indexer.vector_index import VectorIndex


def unit_vectors(count, dimension=16, seed=1):
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def vectors():
    return unit_vectors(200)


def test_neighbours_are_exact(vectors):
    queries = unit_vectors(20, seed=2)
    scores, rows = VectorIndex.from_vectors(vectors).search(queries, 7)
    cosines = queries @ vectors.T
    np.testing.assert_array_equal(rows, np.argsort(-cosines, axis=1)[:, :7])
    np.testing.assert_allclose(scores, np.take_along_axis(cosines, rows, axis=1), atol=1e-6)


def test_more_neighbours_than_there_are_give_all(vectors):
    scores, rows = VectorIndex.from_vectors(vectors[:3]).search(vectors[:1], 10)
    assert scores.shape == (1, 3)
    assert sorted(rows[0]) == [0, 1, 2]


def test_no_question_no_answer(vectors):
    scores, rows = VectorIndex.from_vectors(vectors).search(vectors[:0], 4)
    assert scores.shape == rows.shape == (0, 4)


def test_an_index_may_be_empty(tmp_path):
    VectorIndex.from_vectors(np.empty((0, 16), dtype=np.float32)).write(tmp_path / "v")
    again = VectorIndex.read(tmp_path / "v")
    assert (again.size, again.dimension) == (0, 16)
    assert again.vectors().shape == (0, 16)


def test_what_is_written_is_read(vectors, tmp_path):
    index = VectorIndex.from_vectors(vectors)
    index.write(tmp_path / "v")
    again = VectorIndex.read(tmp_path / "v")
    assert (again.size, again.dimension) == (200, 16)
    np.testing.assert_array_equal(again.vectors(), vectors)
    np.testing.assert_array_equal(again.search(vectors[:5], 3)[1], index.search(vectors[:5], 3)[1])


@pytest.mark.parametrize("kept", [0, 3, 4, 20, 44, 45, 46, 1000, -1])
def test_a_cut_file_raises_value_error(vectors, tmp_path, kept):
    path = tmp_path / "v"
    VectorIndex.from_vectors(vectors).write(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match="v cannot be read"):
        VectorIndex.read(path)


def test_garbage_or_nothing_raises_value_error(tmp_path):
    (tmp_path / "v").write_bytes(b"no index at all" * 100)
    for name in ("v", "nothing", "."):
        with pytest.raises(ValueError, match="cannot be read"):
            VectorIndex.read(tmp_path / name)


def test_a_changed_header_raises_value_error_or_reads(vectors, tmp_path):
    path = tmp_path / "v"
    VectorIndex.from_vectors(vectors).write(path)
    whole = path.read_bytes()
    for position in range(45):
        changed = bytearray(whole)
        changed[position] ^= 0xFF
        path.write_bytes(changed)
        try:
            VectorIndex.read(path)
        except ValueError:
            continue


@pytest.mark.parametrize("other", [faiss.IndexFlatL2(16), faiss.IndexHNSWFlat(16, 4)])
def test_another_kind_of_index_raises_value_error(tmp_path, other):
    faiss.write_index(other, str(tmp_path / "v"))
    with pytest.raises(ValueError, match="no exact index"):
        VectorIndex.read(tmp_path / "v")


def test_a_full_disk_raises_os_error(vectors):
    with pytest.raises(OSError, match="No space left"):
        VectorIndex.from_vectors(vectors).write(Path("/dev/full"))
