import numpy as np
import pytest

from indexer.lexical_index import LexicalIndex, tokenise, words

TEXTS = [
    "Gradients descend: the gradient of the loss.",
    "Use nn.Linear(3, 4) for a linear layer; the state s_t follows.",
    "?!",
    "Backpropagation computes gradients.",
    "A learning rate that decays.",
]


@pytest.fixture(scope="module")
def index():
    return LexicalIndex.from_texts(TEXTS)


def best(index, question):
    return int(np.argmax(index.scores(tokenise(question))))


def test_words_are_stemmed_alike_in_text_and_question(index):
    assert tokenise("Gradients gradient GRADIENT'S") == ["gradient"] * 3
    assert best(index, "decaying") == 4


def test_identifiers_count_whole_and_in_parts(index):
    assert words("nn.Linear(s_t, 3.11)") == ["nn", "linear", "nn.linear", "s_t", "3", "11", "3.11"]
    assert best(index, "nn.Linear") == best(index, "linear") == 1


def test_stop_words_and_contractions_of_them_say_nothing():
    assert words("What's the thing that I don't understand, isn’t it?") == []
    assert words("the model's loss") == ["model", "loss"]


def test_unknown_words_score_nothing(index):
    assert not index.knows("zebra")
    assert index.scores(["zebra"]).tolist() == [0.0] * len(TEXTS)
    assert index.scores([]).tolist() == [0.0] * len(TEXTS)
    assert index.scores(["zebra", "gradient"]).tolist() == index.scores(["gradient"]).tolist()


def test_rarer_words_have_more_weight():
    index = LexicalIndex.from_texts(["a1 b1 c1", "a1 b1", "a1", "a1"])
    weights = [index.rarity(token) for token in ("a1", "b1", "c1")]
    assert weights == sorted(weights)
    assert len(set(weights)) == 3
    assert index.rarity("zebra") == index.rarity("c1")
    assert min(weights) > 0


def test_texts_without_words_keep_their_row(index):
    assert index.size == len(TEXTS)
    assert index.scores(["gradient"])[2] == 0
    assert LexicalIndex.from_texts(["", "..."]).scores(["x"]).tolist() == [0.0, 0.0]


def test_rows_of_a_stem(index):
    assert index.rows("gradient").tolist() == [0, 3]
    assert index.rows("zebra").tolist() == []


def test_what_is_written_is_read(index, tmp_path):
    index.write(tmp_path / "bm25")
    again = LexicalIndex.read(tmp_path / "bm25")
    assert again.size == index.size
    for question in ("gradients of backproppagation", "nn.Linear", "zebra"):
        np.testing.assert_array_equal(again.scores(tokenise(question)), index.scores(tokenise(question)))
    assert again.rarity("gradient") == index.rarity("gradient")


def test_no_file_needs_pickle(index, tmp_path):
    index.write(tmp_path)
    files = list(tmp_path.glob("*.npy"))
    assert files
    for path in files:
        np.load(path, allow_pickle=False)


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "garbage", "[]"])
def test_a_damaged_folder_raises_value_error(index, tmp_path, damage):
    index.write(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        whole = path.read_bytes()
        if damage == "missing":
            path.unlink()
        else:
            path.write_bytes(
                {"empty": b"", "truncated": whole[: len(whole) // 2], "garbage": b"\xff\x00?", "[]": b"[]"}[damage]
            )
        with pytest.raises(ValueError, match="cannot be read"):
            LexicalIndex.read(tmp_path)
        path.write_bytes(whole)
    assert LexicalIndex.read(tmp_path).size == len(TEXTS)


def test_no_folder_raises_value_error(tmp_path):
    with pytest.raises(ValueError, match="cannot be read"):
        LexicalIndex.read(tmp_path / "nothing")
