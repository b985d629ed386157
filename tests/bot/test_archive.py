"""Backups: from either database to either database, all or nothing, and never a damaged one."""

import asyncio
import gzip
import hashlib
import json
import stat
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import insert, text

from bot.errors import ArchiveError, DatabaseError
from bot.features.ask import store as ask_store
from bot.features.ask.models import Asked, Outcome
from bot.storage import archive
from bot.storage.archive import count_rows, read_header, restore_backup, write_backup
from bot.storage.database import Database
from bot.storage.schema import newest_revision
from bot.storage.tables import AnswerRow, Base
from tests.bot.databases import KINDS, new_url, rows
from tests.bot.example_rows import LARGEST, NOW, TEXT, clear, count, dump, example_rows, fill
from tests.bot.test_upgrade import check_rows_of_first_form, make_first_form

ADA, GRACE, EVE = LARGEST, 22, 33
TABLES = len(Base.metadata.tables)


async def backup(database, file, *, overwrite=False, show=lambda _done, _total: None):
    return await write_backup(database, file, overwrite=overwrite, now=NOW, show=show)


async def restore(database, file, *, replace=False, show=lambda _done, _total: None):
    return await restore_backup(database, file, replace=replace, show=show)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "backup.jsonl.gz"


@pytest.fixture
async def filled(database):
    await fill(database, ADA, GRACE, EVE)
    return database


@pytest.fixture
async def open_new(request, tmp_path):
    """Opens further databases of any kind."""
    opened = []

    def open_new(kind):
        opened.append(Database(new_url(kind, request, tmp_path / f"new{len(opened)}.db")))
        return opened[-1]

    yield open_new
    for database in opened:
        await database.close()


def lines_of(file):
    return gzip.decompress(file.read_bytes()).decode().splitlines()


def write_lines(file, lines):
    """An archive with a right checksum, whatever is in it."""
    body = "".join(f"{line}\n" for line in lines).encode()
    footer = json.dumps({"sha256": hashlib.sha256(body).hexdigest()}).encode() + b"\n"
    file.write_bytes(gzip.compress(body + footer))
    return file


# There and back


@pytest.mark.parametrize("target", KINDS)
async def test_everything_arrives_exactly(filled, file, open_new, target):
    other = open_new(target)
    header = await backup(filled, file)
    assert await restore(other, file) == header
    assert await dump(other) == await dump(filled)
    assert await count(other) == header.rows == 3 * TABLES
    assert await other.find_revision() == newest_revision()


@pytest.mark.parametrize("target", KINDS)
async def test_new_rows_get_ids_that_nobody_has(filled, file, open_new, target):
    """PostgreSQL's counters do not see rows that come with an id."""
    other = open_new(target)
    await backup(filled, file)
    await restore(other, file)
    serial = [table for table in Base.metadata.sorted_tables if "id" in table.columns]
    assert len(serial) == 18
    for table in serial:
        async with other.transaction() as session:
            query = insert(table).values(**another(table)).returning(table.c.id)
            assert (await session.execute(query)).scalar_one() == 17


def another(table):
    """A row that the database has not, without an id."""
    row = {key: value for key, value in example_rows(GRACE)[table.name][0].items() if key != "id"}
    return row | {name: "another" for name in ("key", "slot") if name in row}


async def test_restored_into_what_it_came_from(filled, file):
    before = await dump(filled)
    await backup(filled, file)
    await clear(filled)
    await restore(filled, file)
    assert await dump(filled) == before


async def test_a_backup_of_no_rows(database, file, open_new):
    assert (await backup(database, file)).rows == 0
    other = open_new("sqlite")
    await restore(other, file)
    assert await count(other) == 0
    async with other.transaction() as session:
        asked = Asked("what is relu", member_id=1, channel_id=1, guild_id=1)
        assert await ask_store.add_answer(session, asked, now=NOW, outcome=Outcome.ANSWERED, passages=[]) == 1


@pytest.mark.parametrize("target", KINDS)
async def test_an_older_backup_comes_forward(database_url, file, open_new, target):
    await make_first_form(database_url)
    old = Database(database_url)
    assert (await backup(old, file)).revision == "0001"
    assert await old.find_revision() == "0001"  # a backup changes nothing
    await old.close()
    new = open_new(target)
    await new.upgrade()
    await restore(new, file)
    assert await new.find_revision() == newest_revision()
    await check_rows_of_first_form(new)


# The file


async def test_what_the_file_looks_like(filled, file):
    await backup(filled, file)
    header, *found, footer = lines_of(file)
    header = json.loads(header)
    assert header["format"] == "deep-learning-tutor-backup"
    assert (header["version"], header["revision"]) == (1, newest_revision())
    assert datetime.fromisoformat(header["made_at"]) == NOW
    assert {part["name"]: part["rows"] for part in header["tables"]} == dict.fromkeys(Base.metadata.tables, 3)
    assert len(found) == 3 * TABLES
    body = gzip.decompress(file.read_bytes()).rpartition(footer.encode())[0]
    assert json.loads(footer) == {"sha256": hashlib.sha256(body).hexdigest()}
    answers = next(part for part in header["tables"] if part["name"] == "answers")
    first = dict(zip(answers["columns"], json.loads(found[0]), strict=True))
    assert (first["id"], first["member_id"], first["message_id"]) == (10, LARGEST, LARGEST)
    assert first["asked_at"] == "2026-01-02T03:04:05.678901+00:00"
    assert first["passages"] == ["p1", TEXT, {"depth": [0, None, True, 0.1]}]


async def test_only_its_owner_reads_it(filled, file):
    await backup(filled, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.glob("*backup*")] == [file.name]


async def test_a_file_that_is_there_stays(filled, file):
    file.write_text("precious")
    with pytest.raises(ArchiveError) as caught:
        await backup(filled, file)
    assert str(caught.value) == f"{file} is there already. Name another file, or add --force to overwrite it."
    assert file.read_text() == "precious"
    await backup(filled, file, overwrite=True)
    assert read_header(file).rows == 3 * TABLES


async def test_a_backup_that_fails_leaves_no_trace(filled, file):
    file.write_text("precious")

    def fail(_done, _total):
        raise RuntimeError("the operator pressed Ctrl+C")

    with pytest.raises(RuntimeError):
        await backup(filled, file, overwrite=True, show=fail)
    assert file.read_text() == "precious"
    assert [path.name for path in file.parent.glob("*backup*")] == [file.name]


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_full_disk(filled, file):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(ArchiveError) as caught:
            await backup(filled, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value) == f"{file} cannot be written: File too large. Check the disk and the permissions."
    assert list(file.parent.glob("*backup*")) == []


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "{} is a folder. Name a file in it."),
        ("no/backup.gz", "There is no folder {}. Make it first, or name another file."),
    ],
)
async def test_places_that_cannot_be(database, tmp_path, name, problem):
    target = tmp_path / name
    with pytest.raises(ArchiveError) as caught:
        await backup(database, target)
    assert str(caught.value) == problem.format(target.parent if name else target)
    assert caught.value.exit_code == 8


async def test_a_database_without_tables(database_url, file):
    database = Database(database_url)
    with pytest.raises(DatabaseError, match="has no tables of the tutor, so there is nothing to back up"):
        await backup(database, file)
    await database.close()
    assert not file.exists()


async def test_a_newer_database_is_neither_backed_up_nor_replaced(filled, file):
    await backup(filled, file)
    async with filled.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = await dump(filled)
    newer = "was written by a newer version of the tutor .* Update the program"
    with pytest.raises(DatabaseError, match=newer):
        await backup(filled, file, overwrite=True)
    with pytest.raises(DatabaseError, match=newer):
        await restore(filled, file, replace=True)
    with pytest.raises(DatabaseError, match=newer):
        await count_rows(filled)
    assert await dump(filled) == before


# One moment, row by row


def run_aside(url, *statements):
    """What another program does to the database meanwhile."""

    async def run():
        database = Database(url)
        async with database.transaction() as session:
            for statement in statements:
                await session.execute(text(statement))
        await database.close()

    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, run()).result()


async def test_a_backup_is_one_moment_whatever_others_write(filled, file, migrated_url, open_new):
    before = await dump(filled)
    shown = []

    def write_meanwhile(done, total):
        if not shown:
            run_aside(
                migrated_url,
                "DELETE FROM probe_answers",
                "UPDATE mastery SET answers = 5",
                "INSERT INTO milestones VALUES (22, 'step:6', '2026-01-02 03:04:05.000000+00:00')",
                "DELETE FROM learners WHERE member_id = 33",
            )
        shown.append((done, total))

    await backup(filled, file, show=write_meanwhile)
    assert shown == [(3 * number, 3 * TABLES) for number in range(1, TABLES + 1)]
    other = open_new("sqlite")
    await restore(other, file)
    assert await dump(other) == before
    assert await rows(filled, "SELECT count(*) FROM probe_answers") == [(0,)]


async def test_no_table_is_in_memory_at_once(database, file, open_new, kind):
    """30 MB of questions go through 12 MB."""
    query = insert(AnswerRow)
    answer = dict(asked_at=NOW, guild_id=1, channel_id=1, member_id=1, message_id=None, outcome="x", passages=[])
    async with database.transaction() as session:
        for part in range(15):
            numbers = range(100 * part, 100 * part + 400)
            await session.execute(query, [answer | {"question": f"{number:05} " * 850} for number in numbers])
    other = open_new(kind)
    tracemalloc.start()
    await backup(database, file)
    await restore(other, file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * 2**20
    assert await rows(other, "SELECT count(*), sum(length(question)) FROM answers") == await rows(
        database, "SELECT count(*), sum(length(question)) FROM answers"
    )


async def test_progress_is_shown_in_batches(database, file, monkeypatch, open_new):
    monkeypatch.setattr(archive, "_BATCH", 2)
    await fill(database, 1, 2, 3)
    shown = []
    await backup(database, file, show=lambda *step: shown.append(step))
    total = 3 * TABLES
    assert shown[:3] == [(2, total), (3, total), (5, total)]
    assert shown[-1] == (total, total)
    shown.clear()
    await restore(open_new("sqlite"), file, show=lambda *step: shown.append(step))
    assert shown[:2] == [(2, 2 * total), (3, 2 * total)]  # once to check, once to write
    assert shown[-1] == (2 * total, 2 * total)
    assert len(shown) == 2 * 2 * TABLES


# What is refused


async def test_rows_are_not_mixed(filled, file):
    await backup(filled, file)
    before = await dump(filled)
    with pytest.raises(DatabaseError) as caught:
        await restore(filled, file)
    assert str(caught.value).startswith(f"The database {filled.shown} is not empty: {3 * TABLES} rows in answer_")
    assert str(caught.value).endswith(
        " Name an empty one in url under [database], or add --replace to delete all of it first."
    )
    assert await dump(filled) == before


async def test_replace_deletes_what_was_there(filled, file, migrated_url):
    await backup(filled, file)
    wanted = await dump(filled)
    run_aside(
        migrated_url,
        "CREATE TABLE mine (id INTEGER)",
        "INSERT INTO mine VALUES (1)",
        "INSERT INTO milestones VALUES (22, 'step:6', '2026-01-02 03:04:05.000000+00:00')",
    )
    await restore(filled, file, replace=True)
    assert await dump(filled) == wanted
    assert await rows(filled, "SELECT id FROM mine") == [(1,)]  # a table of somebody else is none of our business


async def refused(database, file, match):
    """The archive is refused, and everything is as before, even with --replace."""
    before = await dump(database)
    with pytest.raises(ArchiveError, match=match) as caught:
        await restore(database, file, replace=True)
    assert "\n" not in str(caught.value)
    assert await dump(database) == before


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_any_flipped_bit_and_any_cut_is_noticed(filled, file):
    await backup(filled, file)
    whole = file.read_bytes()
    for place in range(0, len(whole), len(whole) // 41):
        if 4 <= place < 10:
            continue  # gzip's own date and system, which mean nothing
        if place == len(whole) - 9:
            continue  # the bits that fill up the last byte before the checksum mean nothing either
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        await refused(filled, file, match="is damaged|is no backup|newer version")
        file.write_bytes(whole[:place])
        await refused(filled, file, match="is damaged|is no backup")
    file.write_bytes(whole + b"more")
    await refused(filled, file, match="is damaged")


def without_a_row(lines):
    return lines[:5] + lines[6:]


def with_a_row_twice(lines):
    return [*lines[:5], lines[4], *lines[5:]]


def with_a_wrong_count(lines):
    return [lines[0].replace('"rows":3', '"rows":2', 1), *lines[1:]]


def without_a_table(lines):
    header = json.loads(lines[0])
    return [json.dumps(header | {"tables": header["tables"][1:]}), *lines[4:]]


def with_another_column(lines):
    return [lines[0].replace('"question"', '"answer"'), *lines[1:]]


def with_text_for_a_number(lines):
    row = json.loads(lines[1])
    return [lines[0], json.dumps(["10", *row[1:]]), *lines[2:]]


def with_a_number_too_large(lines):
    row = json.loads(lines[1])
    return [lines[0], json.dumps([2**63, *row[1:]]), *lines[2:]]


def with_a_time_without_a_zone(lines):
    return [lines[0], lines[1].replace("+00:00", ""), *lines[2:]]


def with_a_short_row(lines):
    return [lines[0], json.dumps(json.loads(lines[1])[1:]), *lines[2:]]


def with_a_row_that_is_none(lines):
    return [lines[0], '{"id":1}', *lines[2:]]


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without_a_row, "a row is missing"),
        (with_a_row_twice, "a value does not fit its column|a row is missing"),
        (with_a_wrong_count, "a value does not fit its column|a row is missing"),
        (without_a_table, "it has not the tables of its form"),
        (with_another_column, "it has not the columns of its form"),
        (with_text_for_a_number, "a value does not fit its column"),
        (with_a_number_too_large, "a value does not fit its column"),
        (with_a_time_without_a_zone, "a value does not fit its column"),
        (with_a_short_row, "a row is missing"),
        (with_a_row_that_is_none, "a row is missing"),
    ],
)
async def test_contents_that_do_not_fit(filled, file, change, why):
    await backup(filled, file)
    write_lines(file, change(lines_of(file)[:-1]))
    await refused(filled, file, match=rf"^The backup .* is damaged: ({why})\. Nothing was changed; use another one\.$")


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_wrong_checksum(filled, file):
    await backup(filled, file)
    lines = lines_of(file)
    lines[1] = lines[1].replace('"p1"', '"p2"')
    file.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    await refused(filled, file, match="is damaged: its checksum is wrong")


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"These are notes.",
        gzip.compress(b""),
        gzip.compress(b"These are notes.\n"),
        gzip.compress(b'{"format":"other","version":1,"revision":"0001"}\n'),
        gzip.compress(b"[1, 2]\n"),
        gzip.compress(b"\xff\xfe\n"),
    ],
    ids=["empty", "text", "nothing", "text in gzip", "another form", "no object", "no text"],
)
async def test_files_that_are_no_backups(filled, file, contents):
    file.write_bytes(contents)
    await refused(filled, file, match=r" is no backup of the tutor\. Name a file that was written by: tutor db backup$")


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(("old", "new"), [('"version":1', '"version":2'), ('"revision":"0', '"revision":"9')])
async def test_backups_of_a_newer_program(filled, file, old, new):
    await backup(filled, file)
    header, *others = lines_of(file)[:-1]
    write_lines(file, [header.replace(old, new), *others])
    await refused(
        filled, file, match=r"^The backup .* was written by a newer version of the tutor\. Update the program first\.$"
    )


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_files_that_cannot_be_read(filled, tmp_path):
    await refused(filled, tmp_path / "nowhere.gz", match=r"^There is no file .*nowhere\.gz\. Check the path\.$")
    await refused(filled, tmp_path, match=r" cannot be read: Is a directory\. Check its permissions\.$")


async def test_rows_that_belong_to_nothing_change_nothing(filled, file):
    """The checksum is right and each value fits its column, but a learner is missing."""
    await backup(filled, file)
    header, *found = lines_of(file)[:-1]
    header = json.loads(header)
    place = 0
    for part in header["tables"]:
        if part["name"] == "learners":
            part["rows"] -= 1
            del found[place]
        place += part["rows"]
    write_lines(file, [json.dumps(header), *found])
    before = await dump(filled)
    with pytest.raises(DatabaseError) as caught:
        await restore(filled, file, replace=True)
    assert "\n" not in str(caught.value)
    assert await dump(filled) == before
