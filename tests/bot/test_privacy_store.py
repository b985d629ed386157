"""Nothing that is kept about a member is left out of the export or survives a deletion, on both databases.

The tables are taken from the schema, so that a table that somebody adds tomorrow is not forgotten.
"""

import asyncio
import json
from datetime import datetime

import pytest

from bot.features.privacy.models import Counts
from bot.features.privacy.service import PrivacyService
from bot.features.progress.models import Evidence, EvidenceKind, State
from bot.features.progress.service import ProgressService
from bot.storage.tables import Base
from tests.bot.databases import rows
from tests.bot.example_rows import NOW, TEXT, dump, example_rows, fill

ADA, GRACE = 2**63 - 1, 987654321
COURSE = "fastai-practical-deep-learning"
OF_SERVERS = {
    "guilds",
    "step_roles",
    "rulings",
    "weekly_quizzes",
    "weekly_rounds",
    "study_groups",
    "group_weeks",
    "group_proposals",
}
ABOUT_MEMBERS = set(Base.metadata.tables) - OF_SERVERS


@pytest.fixture
def service(database):
    return PrivacyService(database, lambda: NOW, keep_questions_days=30)


def test_every_table_is_about_members_or_about_servers():
    """A new table of servers belongs into the list above; everything else is found by the tests below."""
    for name, table in Base.metadata.tables.items():
        goes_with = {key.column.table.name for key in table.foreign_keys if key.ondelete != "SET NULL"}
        points_to_members = goes_with & ABOUT_MEMBERS
        assert ("member_id" in table.columns or bool(points_to_members)) == (name in ABOUT_MEMBERS)


async def test_the_export_has_every_value_of_every_table(database, service):
    await fill(database, ADA, GRACE)
    data = json.loads((await service.export_member(ADA)).as_json())
    assert (data.pop("member_id"), datetime.fromisoformat(data.pop("exported_at"))) == (ADA, NOW)
    assert len(data) == len(ABOUT_MEMBERS)
    assert all(len(found) == 1 for found in data.values())
    exported = {repr(sorted(map(repr, found[0].values()))) for found in data.values()}
    assert exported == {
        repr(sorted(repr(as_json(value)) for column, value in found[0].items() if column != "member_id"))
        for name, found in example_rows(ADA).items()
        if name in ABOUT_MEMBERS
    }


def as_json(value):
    return value.isoformat() if isinstance(value, datetime) else value


async def test_what_an_export_calls_things(database, service):
    await fill(database, GRACE)
    data = json.loads((await service.export_member(GRACE)).as_json())
    assert list(data) == [
        "member_id",
        "exported_at",
        "questions",
        "ratings",
        "profile",
        "servers",
        "progress",
        "progress_changes",
        "evidence",
        "mastery",
        "suggestions",
        "probes",
        "probe_answers",
        "milestones",
        "congratulations",
        "rounds",
        "attempts",
        "cards",
        "challenges",
        "news",
        "reminders",
        "group_memberships",
        "group_events",
        "group_searches",
        "proposal_answers",
        "checkin_weeks",
        "checkins",
        "checkin_replies",
        "plans",
        "help_requests",
        "scheduled",
    ]
    assert data["profile"][0]["motivation"] == f"{TEXT}0"
    assert data["servers"] == [
        {
            "server_id": 2**63 - 1,
            "is_visible": True,
            "is_congratulated": True,
            "is_ranked": True,
            "changed_at": "2026-01-02T03:04:05.678901+00:00",
        }
    ]
    assert (data["probes"][0]["id"], data["probe_answers"][0]["probe_id"]) == (10, 10)


async def test_a_deletion_leaves_nothing_and_touches_nobody_else(database, service):
    await fill(database, GRACE, ADA)
    before = await dump(database)
    receipt = await service.delete_member(ADA)
    assert receipt.deleted == Counts(*[1] * 29)
    assert receipt.deleted_at == NOW
    after = await dump(database)
    planned = [(row[1], row[2]) for row in after.pop("occurrences") if row not in rows_of_grace("occurrences")]
    assert planned == [("group_tend", 13)]  # nobody else is in her group, so it is gone, and its home would be closed
    of_others = OF_SERVERS - {"study_groups", "group_weeks"}
    before.pop("occurrences")
    assert after == {
        name: [without_ada(name, row) for row in found if name in of_others or row in rows_of_grace(name)]
        for name, found in before.items()
    }
    assert not (await service.export_member(ADA)).counts
    assert (await service.export_member(GRACE)).counts == Counts(*[1] * 29)
    again = await service.delete_member(ADA)
    assert again.deleted == Counts()
    assert not again.deleted


def rows_of_grace(name):
    return [tuple(row.values()) for row in example_rows(GRACE)[name]]


def without_ada(name, row):
    """The group that was hers has no owner, and who helped somebody is forgotten."""
    columns = Base.metadata.tables[name].columns.keys()
    forgotten = {"owner_id", "helper_id"}
    return tuple(
        None if column in forgotten and value == ADA else value for column, value in zip(columns, row, strict=True)
    )


async def test_the_receipt_counts_what_the_export_held(database, service, knowledge):
    progress = ProgressService(database, lambda: NOW, knowledge.curriculum)
    units = [f"{COURSE}/{unit.id}" for unit in knowledge.curriculum.resources[COURSE].units]
    for unit in units:
        await progress.settle_item(ADA, unit, State.DONE)
    await progress.settle_item(GRACE, units[0], State.STARTED)
    concept = next(iter(knowledge.curriculum.concepts))
    await progress.add_evidence(ADA, [Evidence(concept, EvidenceKind.PROBE, True, f"k{number}") for number in range(3)])
    await progress.add_evidence(ADA, [Evidence(concept, EvidenceKind.ASK, None, "asked")])
    counts = (await service.export_member(ADA)).counts
    assert counts == Counts(
        profile=1,
        progress=len(units),
        progress_changes=len(units),
        evidence=4,
        mastery=1,
        milestones=len(await rows(database, "SELECT 1 FROM milestones")),
    )
    assert counts.milestones > 0
    assert (await service.delete_member(ADA)).deleted == counts
    assert await rows(database, "SELECT count(*) FROM progress") == [(1,)]


async def test_a_deletion_in_the_middle_of_work(database, service, knowledge):
    """Whatever is written while somebody deletes: it goes with the rest, or it stands whole after it."""
    progress = ProgressService(database, lambda: NOW, knowledge.curriculum)
    concept = next(iter(knowledge.curriculum.concepts))

    async def work(number):
        await progress.add_evidence(ADA, [Evidence(concept, EvidenceKind.PROBE, True, f"k{number}")])

    await work(-1)
    working = [work(number) for number in range(10)]
    receipts = await asyncio.gather(*working, service.delete_member(ADA), *[work(number) for number in range(10, 20)])
    deleted = next(receipt for receipt in receipts if receipt is not None).deleted
    left = await rows(database, "SELECT count(*) FROM evidence")
    assert deleted.evidence + left[0][0] == 21
    answers = await rows(database, "SELECT answers FROM mastery")
    assert sum(number for (number,) in answers) == left[0][0]
