"""What of a curriculum becomes passages beside the text of its notes."""

from pathlib import Path

import pytest

from indexer.retriever import Query, Retriever
from indexer.snapshot import Snapshot
from tests.indexer.fake_encoder import FakeEncoder
from tests.indexer.notes import build, read
from tests.knowledge.tiny_curriculum import write_curriculum


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder: Path = tmp_path_factory.mktemp("corpus")
    fake = FakeEncoder()
    build(write_curriculum(folder / "knowledge"), folder / "index", fake)
    return read(folder / "index", fake)


def test_a_unit_says_what_it_is_about_and_which_concepts_it_covers(snapshot: Snapshot) -> None:
    units = [p for p in snapshot.passages if p.source == "resources/course" and p.place is not None]
    assert [(p.place, p.text) for p in units] == [
        ("Week 1: Slopes", "Meet the slope. “Slopes” (Week 1 of The Course) covers: Slope."),
        ("Week 2: Descent", "Walk downhill. “Descent” (Week 2 of The Course) covers: Descent."),
    ]


def test_a_concept_says_where_to_watch_it(snapshot: Snapshot) -> None:
    [passage] = [p for p in snapshot.passages if p.source == "concepts/slope" and p.place is not None]
    assert passage.heading == ("Lectures and videos",)
    assert passage.text == "Lectures and videos about “Slope”: The Course, Week 1: Slopes."
    assert passage.url == "https://example.org/course"
    assert passage.probes == ("lecture or video about slope",)


def test_names_are_titles_and_aliases_whatever_else_leads_to_a_source(snapshot: Snapshot) -> None:
    assert snapshot.names["concepts/slope"] == (frozenset({"slope"}),)
    assert snapshot.names["resources/course"] == (frozenset({"cours"}),)
    assert snapshot.sources_of_name[frozenset({"slope"})] == ("concepts/slope",)


@pytest.mark.parametrize(
    ("question", "headings"),
    [
        ("slope", [(), ("Intuition",)]),
        ("book on slope", [(), ("Intuition",)]),
        ("video on slope", [(), ("Intuition",), ("Lectures and videos",)]),
    ],
)
def test_where_to_watch_is_found_only_if_it_is_asked_for(
    snapshot: Snapshot, question: str, headings: list[tuple[str, ...]]
) -> None:
    hits = Retriever(snapshot, FakeEncoder()).search(Query(question)).hits
    [slope] = [hit for hit in hits if hit.source == "concepts/slope"]
    assert sorted(item.passage.heading for item in slope.passages) == headings
