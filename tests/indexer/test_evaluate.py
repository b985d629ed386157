import pytest

from indexer.evaluate import (
    LabelledQuestion,
    QuestionFileError,
    RankScores,
    evaluate_ranking,
    evaluate_refusals,
    read_questions,
    score_rankings,
    unknown_sources,
)
from indexer.retriever import Query, Retriever
from tests.indexer.fake_encoder import FakeEncoder
from tests.indexer.notes import build, read, write_notes


@pytest.fixture(scope="module")
def retriever(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate")
    fake = FakeEncoder()
    build(write_notes(folder / "notes"), folder / "index", fake)
    return Retriever(read(folder / "index", fake), fake)


def write(tmp_path, *lines):
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_scores_of_rankings_made_by_hand():
    rankings = [["a", "b"], ["b", "a"], list("bcdefghija"), list("bcdefghijka"), [], ["b", "c", "d", "e", "a"]]
    scores = score_rankings(rankings, [["a"]] * 6)
    assert scores.hit_at_1 == pytest.approx(1 / 6)
    assert scores.hit_at_5 == pytest.approx(3 / 6)
    assert scores.mrr_at_10 == pytest.approx((1 + 1 / 2 + 1 / 10 + 1 / 5) / 6)


def test_the_first_of_several_right_sources_counts():
    assert score_rankings([["x", "b", "a"]], [["a", "b"]]) == RankScores(0.0, 1.0, 0.5)


def test_no_ranking_scores_nothing():
    assert score_rankings([], []).as_json() == {"hit@1": 0.0, "hit@5": 0.0, "mrr@10": 0.0}


def test_rankings_and_answers_must_belong_together():
    with pytest.raises(ValueError, match="zip"):
        score_rankings([["a"]], [["a"], ["b"]])


def test_questions_are_read(tmp_path):
    path = write(
        tmp_path,
        '\ufeff{"question": "What is a\u2028neuron?", "relevant": ["a", "b"]}',
        "",
        '{"question": "And why?", "relevant": [], "previous": "What is it?"}\r',
    )
    assert read_questions(path) == [
        LabelledQuestion(Query("What is a\u2028neuron?"), ("a", "b")),
        LabelledQuestion(Query("And why?", "What is it?"), ()),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{nonsense", "is not JSON"),
        ('["question"]', "has no question"),
        ('{"relevant": []}', "has no question"),
        ('{"question": 3, "relevant": []}', "has no question"),
        ('{"question": "x"}', "no list of relevant sources"),
        ('{"question": "x", "relevant": "a"}', "no list of relevant sources"),
        ('{"question": "x", "relevant": [1]}', "no list of relevant sources"),
    ],
)
def test_an_error_names_file_and_line(tmp_path, line, message):
    path = write(tmp_path, '{"question": "x", "relevant": []}', "", line)
    with pytest.raises(QuestionFileError, match=message) as error:
        read_questions(path)
    assert f"{path}:3 " in str(error.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty").write_text("\n \n")
    for name in ("nothing", "binary", "empty", "."):
        with pytest.raises(QuestionFileError) as error:
            read_questions(tmp_path / name)
        assert str(tmp_path / name) in str(error.value)


def test_unknown_sources(retriever):
    questions = [LabelledQuestion(Query("x"), ("dropout", "zebra")), LabelledQuestion(Query("y"), ("zebra", "apple"))]
    assert unknown_sources(questions, retriever) == ["apple", "zebra"]


def test_all_three_ways_are_scored_and_questions_without_answer_do_not_count(retriever):
    questions = [
        LabelledQuestion(Query("dropout activations zero random training"), ("dropout",)),
        LabelledQuestion(Query("zebra"), ()),
    ]
    scores = evaluate_ranking(retriever, questions)
    assert scores == {name: RankScores(1.0, 1.0, 1.0) for name in ("dense", "bm25", "fused")}


def test_refusals(retriever):
    questions = [LabelledQuestion(Query(text), ("dropout",)) for text in ("a", "b", "c", "d")]
    questions += [LabelledQuestion(Query(text), ()) for text in ("e", "f")]
    verdicts = iter([True, False, True, True, True, False])
    refusals = evaluate_refusals(retriever, questions, lambda _: next(verdicts))
    assert (refusals.wrongly_declined, refusals.wrongly_answered) == (0.25, 0.5)
    assert evaluate_refusals(retriever, [], bool).wrongly_answered == 0.0
