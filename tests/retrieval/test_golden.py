"""The floors of the search and of the decision to answer, on questions that it was not tuned on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.features.ask.models import Asked, Outcome
from bot.features.ask.service import AnswerPolicy, AskService
from bot.storage.database import Database
from indexer.encoder import SentenceTransformerEncoder
from indexer.evaluate import RankScores, evaluate_ranking, unknown_sources
from indexer.live import LiveIndex
from indexer.manifest import current_version
from indexer.retriever import Query, Retriever
from indexer.snapshot import Snapshot
from knowledge.documents import Kind
from knowledge.loader import Knowledge
from tests.retrieval.sets import decline, development, development_decline, golden, paraphrases

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def retriever(encoder: SentenceTransformerEncoder, knowledge_index: Path) -> Retriever:
    version = current_version(knowledge_index)
    return Retriever(Snapshot.read(version, model=encoder.name, dimension=encoder.dimension), encoder)


@pytest.fixture(scope="session")
def scores(retriever: Retriever) -> dict[str, RankScores]:
    return evaluate_ranking(retriever, golden())


def test_sets_are_large_enough_and_name_sources_that_exist(retriever: Retriever) -> None:
    assert len(golden()) >= 300
    assert len(decline()) >= 100
    assert all(question.relevant for question in golden())
    assert not any(question.relevant for question in decline())
    assert unknown_sources(golden(), retriever) == []


def test_every_concept_has_one_paraphrase(knowledge: Knowledge) -> None:
    concepts = sorted(d.source for d in knowledge.documents if d.kind is Kind.CONCEPT)
    assert sorted(question.relevant[0] for question in paraphrases()) == concepts
    assert all(len(question.relevant) == 1 for question in paraphrases())


def _exam() -> list[str]:
    return [question.query.text.casefold() for question in [*golden(), *decline(), *paraphrases()]]


def test_no_question_of_the_exam_is_used_for_tuning() -> None:
    tuned = {question.query.text.casefold() for question in [*development(), *development_decline()]}
    assert tuned.isdisjoint(_exam())


def test_no_question_of_the_exam_is_copied_into_a_note(knowledge: Knowledge) -> None:
    listed = {question.casefold() for document in knowledge.documents for question in document.note.questions}
    assert listed.isdisjoint(_exam())


def test_fused_search_reaches_its_floors(scores: dict[str, RankScores]) -> None:
    assert scores["fused"].hit_at_1 >= 0.80
    assert scores["fused"].hit_at_5 >= 0.95


def test_fused_search_is_at_least_as_good_as_the_better_of_its_parts(scores: dict[str, RankScores]) -> None:
    best = max(scores["dense"].hit_at_1, scores["bm25"].hit_at_1)
    assert scores["fused"].hit_at_1 >= best
    assert scores["fused"].mrr_at_10 >= max(scores["dense"].mrr_at_10, scores["bm25"].mrr_at_10)


def test_a_concept_is_the_first_hit_for_its_own_paraphrase(retriever: Retriever) -> None:
    assert evaluate_ranking(retriever, paraphrases())["fused"].hit_at_1 >= 0.90


@pytest.fixture
async def ask(
    tmp_path: Path, encoder: SentenceTransformerEncoder, knowledge_index: Path, knowledge: Knowledge
) -> AsyncIterator[AskService]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'tutor.db'}")
    await database.upgrade()
    index = LiveIndex(knowledge_index, encoder)
    yield AskService(index, database, lambda: NOW, AnswerPolicy(), knowledge.curriculum)
    await index.close()
    await database.close()


async def _outcomes(ask: AskService, questions: list[tuple[str, str | None]]) -> list[Outcome]:
    """Each question in a channel of its own, so that only its own earlier question is its context."""
    outcomes = []
    for channel, (text, previous) in enumerate(questions, start=1):
        if previous is not None:
            await ask.answer_question(Asked(previous, member_id=1, channel_id=channel))
        outcomes.append((await ask.answer_question(Asked(text, member_id=1, channel_id=channel))).outcome)
    return outcomes


async def test_at_most_one_good_question_in_twenty_is_declined(ask: AskService) -> None:
    questions = [(question.query.text, question.query.previous) for question in golden()]
    declined = [outcome is not Outcome.ANSWERED for outcome in await _outcomes(ask, questions)]
    assert sum(declined) / len(declined) <= 0.05


async def test_at_most_one_foreign_question_in_twenty_is_answered(ask: AskService) -> None:
    answered = [
        outcome is Outcome.ANSWERED for outcome in await _outcomes(ask, [(q.query.text, None) for q in decline()])
    ]
    assert sum(answered) / len(answered) <= 0.05


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("policy gradients from pixels", "concept"),
        ("where can i read about policy gradients from pixels", "resource"),
        ("pong from pixels", "resource"),  # its name
        ("project idea: agent that lands on the moon", "capstone"),
    ],
)
def test_a_course_or_a_project_comes_first_only_if_it_is_asked_for(
    retriever: Retriever, question: str, kind: str
) -> None:
    assert retriever.search(Query(question)).hits[0].kind == kind
