import numpy as np
import pytest

from indexer.retriever import Query, Retriever
from tests.indexer.notes import NOTES, build, read, write_notes


@pytest.fixture(scope="module")
def retriever(encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("retriever")
    build(write_notes(folder / "notes"), folder / "index", encoder)
    return Retriever(read(folder / "index", encoder), encoder)


def best(retriever, text, previous=None):
    return retriever.search(Query(text, previous)).hits[0].source


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("How are gradients computed in a network?", "backpropagation"),
        ("what does a kernel do with an image", "convolution"),
        ("backprop", "backpropagation"),
        ("reverse-mode differentiation", "backpropagation"),
        ("How does a network know which weight to blame?", "backpropagation"),
        ("nn.Dropout", "dropout"),
        ("nn.Conv2d", "convolution"),
        ("backproppagation", "backpropagation"),
        ("what is convoltuion", "convolution"),
        ("turning off units by chance so that they do not co-adapt", "dropout"),
        ("off-policy rewards", "deep/q-learning"),
    ],
)
def test_the_right_note_is_found(retriever, question, source):
    assert best(retriever, question) == source


def test_a_follow_up_leans_towards_what_was_asked_before(retriever):
    for previous, source in [("What is dropout?", "dropout"), ("What is backpropagation?", "backpropagation")]:
        assert best(retriever, "And what does it cost or do at test time?", previous) == source


def test_the_same_question_has_the_same_result(retriever):
    first, second = (retriever.search(Query("learning rate of q-learning", "dropout")) for _ in range(2))
    assert first == second


def test_a_batch_equals_one_by_one(retriever):
    queries = [Query("learning rate"), Query(""), Query("and then?", "what is dropout"), Query("kernel " * 50)]
    for query, together in zip(queries, retriever.search_batch(queries), strict=True):
        alone = retriever.search(query)
        assert [hit.source for hit in alone.hits] == [hit.source for hit in together.hits]
        np.testing.assert_allclose([h.score for h in alone.hits], [h.score for h in together.hits], atol=1e-5)
        np.testing.assert_allclose([h.similarity for h in alone.hits], [h.similarity for h in together.hits], atol=1e-5)
        assert (alone.known, alone.tokens, alone.has_context) == (together.known, together.tokens, together.has_context)
    assert retriever.search_batch([]) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "what is the",
        "I don't understand",
        "🔥🤖",
        "?!",
        "\x00",
        "漢字",
        "x" * 10_000,
        "gradient " * 1111,
        "why zq" * 1666,
    ],
    ids=range(11),
)
def test_any_text_may_be_asked(retriever, text):
    for previous in (None, "", text):
        result = retriever.search(Query(text, previous))
        assert len(result.hits) == 5
        assert result.has_context == bool(previous)
        assert 0 <= result.known <= 1
        assert all(np.isfinite(hit.score) for hit in result.hits)


def test_scores_fall_and_stay_in_their_ranges(retriever):
    for text in ("What is the learning rate?", "zebra", "dropout at test time", ""):
        result = retriever.search(Query(text))
        scores = [hit.score for hit in result.hits]
        assert scores == sorted(scores, reverse=True)
        for hit in result.hits:
            assert -1 <= hit.similarity <= 1.0001
            assert 0 <= hit.coverage <= 1.0001
            assert hit.coverage <= result.known + 1e-6
            of_passages = [passage.score for passage in hit.passages]
            assert of_passages == sorted(of_passages, reverse=True)
            assert {passage.passage.source for passage in hit.passages} == {hit.source}
            assert hit.best is hit.passages[0].passage


def test_similarity_and_coverage_tell_a_question_from_nonsense(retriever):
    good = retriever.search(Query("What does dropout do at test time?"))
    bad = retriever.search(Query("zebra kubernetes croissant"))
    assert good.hits[0].coverage == pytest.approx(1)
    assert good.known == pytest.approx(1)
    assert good.hits[0].similarity > 0.6
    assert bad.hits[0].coverage == bad.known == 0
    assert bad.hits[0].similarity < 0.4


def test_without_known_words_the_cosine_decides(retriever):
    text = "zzzz yyyy"
    assert [hit.source for hit in retriever.search(Query(text)).hits] == retriever.rank_dense([Query(text)], 5)[0]


def test_top_k_may_exceed_the_number_of_sources(retriever):
    sources = {name.removesuffix(".md") for name in NOTES}
    query = Query("gradient")
    assert {hit.source for hit in retriever.search(query, top_k=50).hits} == sources
    assert set(retriever.rank_dense([query], 50)[0]) == set(retriever.rank_lexical([query], 50)[0]) == sources
    assert [hit.source for hit in retriever.search(query, top_k=1).hits] == [best(retriever, "gradient")]
    assert retriever.search(query, top_k=0).hits == ()


def test_equal_scores_keep_the_order_of_the_sources(retriever):
    for top_k in range(1, 6):
        assert retriever.rank_lexical([Query("zzzz")], top_k)[0] == list(retriever.snapshot.sources[:top_k])


def test_included_sources_come_last_and_once(retriever):
    def sources(*include):
        return [hit.source for hit in retriever.search(Query("what is dropout", include=include), top_k=2).hits]

    first, second = sources()
    last = next(source for source in retriever.snapshot.sources if source not in {first, second})
    assert sources(last, first, "zebra", last) == [first, second, last]


def test_topics_outside_are_recognised(encoder, tmp_path, retriever):
    assert retriever.search(Query("kubernetes")).outside is None
    notes = write_notes(
        tmp_path / "notes", {**NOTES, "outside.toml": 'topics = ["deploying to Kubernetes", "game engines"]\n'}
    )
    build(notes, tmp_path / "index", encoder)
    with_topics = Retriever(read(tmp_path / "index", encoder), encoder)
    near, far = with_topics.search_batch([Query("How do I deploy my Kubernetes cluster?"), Query("what is dropout")])
    assert near.outside > 0.5
    assert far.outside < 0.3


def test_a_note_is_found_by_each_way(retriever):
    queries = [Query("size of a step of gradient descent")]
    assert retriever.rank_dense(queries, 1) == retriever.rank_lexical(queries, 1) == [["learning-rate"]]
