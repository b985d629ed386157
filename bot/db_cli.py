"""`tutor db`: upgrade, back up and restore the database, and export what it holds about one member."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from bot.clock import system_clock
from bot.config import Settings, load_settings
from bot.errors import ArchiveError, ConfigError, OperatorError
from bot.features.privacy.service import PrivacyService
from bot.storage.archive import Header, ShowProgress, count_rows, read_header, restore_backup, write_backup
from bot.storage.database import Database

db_app = typer.Typer(help="Upgrade, back up and restore the database.", no_args_is_help=True)

_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)

_BAR_AFTER_SECONDS = 2.0

ConfigOption = Annotated[Path | None, typer.Option("--config", help="Configuration file; config.toml if it exists.")]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Delete everything that the database holds first.")]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file, not to the screen.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there already.")]


@db_app.command("upgrade")
def upgrade_command(config: ConfigOption = None) -> None:
    """Bring the tables to the newest form; a starting bot does so by itself."""
    asyncio.run(_upgrade(load_settings(config)))


async def _upgrade(settings: Settings) -> None:
    async with _opened(Database(settings.database.url)) as database:
        before, now = await database.upgrade()
        if before == now:
            _say(f"The database {database.shown} has the newest form already ({now}).")
        else:
            _say(f"The database {database.shown} has the form {now} now; it was {before or 'empty'}.")


@db_app.command("backup")
def backup_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, for example tutor-backup.jsonl.gz.")],
    config: ConfigOption = None,
    force: ForceOption = False,  # noqa: FBT002
) -> None:
    """Write everything in the database to one file, also while the bot is running. Either database can restore it."""
    settings = load_settings(config)
    header = asyncio.run(_backup(settings, file, overwrite=force))
    _say(f"{_rows(header)} written to {file}. It holds what members wrote: keep it as safe as the database.")


async def _backup(settings: Settings, file: Path, *, overwrite: bool) -> Header:
    async with _opened(Database(settings.database.url, must_exist=True)) as database:
        with slow_progress("Writing", _err) as show:
            return await write_backup(database, file, overwrite=overwrite, now=system_clock(), show=show)


@db_app.command("restore")
def restore_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that was written by: tutor db backup")],
    config: ConfigOption = None,
    replace: ReplaceOption = False,  # noqa: FBT002
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before deleting.")] = False,  # noqa: FBT002
) -> None:
    """Fill an empty database from a backup; all of it or nothing. Stop the bot first."""
    settings = load_settings(config)
    read_header(file)  # a file that is no backup is worth knowing before anything is asked
    if replace and not yes:
        _confirm_deletion(settings)
    header = asyncio.run(_restore(settings, file, replace=replace))
    _say(f"{_rows(header)} restored from the backup of {header.made_at:%Y-%m-%d %H:%M} UTC.")


def _confirm_deletion(settings: Settings) -> None:
    shown, counts = asyncio.run(_contents(settings))
    if not counts:
        return
    listed = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    _err.print(Text(f"This deletes everything in the database {shown}: {listed}. Only a backup brings it back."))
    if not sys.stdin.isatty():
        raise ConfigError("Nothing was changed. Add --yes to delete without being asked.")
    if not typer.confirm("Delete it and restore the backup?", default=False, err=True):
        raise OperatorError("Nothing was changed.")


async def _contents(settings: Settings) -> tuple[str, dict[str, int]]:
    async with _opened(Database(settings.database.url)) as database:
        return database.shown, await count_rows(database)


async def _restore(settings: Settings, file: Path, *, replace: bool) -> Header:
    async with _opened(Database(settings.database.url)) as database:
        with slow_progress("Restoring", _err) as show:
            return await restore_backup(database, file, replace=replace, show=show)


@db_app.command("export")
def export_command(
    member_id: Annotated[str, typer.Argument(metavar="MEMBER_ID", help="The number of a member in Discord.")],
    output: OutputOption = None,
    config: ConfigOption = None,
    force: ForceOption = False,  # noqa: FBT002
) -> None:
    """Print everything that is kept about one member as JSON, as /privacy export does."""
    if not member_id.isdecimal() or int(member_id) >= 2**63:
        raise ConfigError(
            f"{member_id!r} is no number of a member. Switch on the developer mode of Discord, "
            "right-click the member and choose Copy User ID."
        )
    settings = load_settings(config)
    if output is not None and output.exists() and not force:
        raise ArchiveError(f"{output} is there already. Name another file, or add --force to overwrite it.")
    text = asyncio.run(_export(settings, int(member_id))) + "\n"
    if output is None:
        sys.stdout.write(text)
        return
    output.touch(mode=0o600)  # for its owner only, as the database
    output.write_text(text, "utf-8")
    _say(f"Everything about member {member_id} written to {output}.")


async def _export(settings: Settings, member_id: int) -> str:
    async with _opened(Database(settings.database.url, must_exist=True)) as database:
        await database.check_is_newest()
        service = PrivacyService(database, system_clock, keep_questions_days=settings.answers.keep_questions_days)
        with database.readable_errors():
            return (await service.export_member(member_id)).as_json()


@asynccontextmanager
async def _opened(database: Database) -> AsyncIterator[Database]:
    try:
        yield database
    finally:
        await database.close()


@contextmanager
def slow_progress(verb: str, console: Console, clock: Callable[[], float] = time.monotonic) -> Iterator[ShowProgress]:
    """A progress bar for what takes longer than two seconds; where nobody looks on, as in a cron job, there is none."""
    columns = (TextColumn(verb), BarColumn(), MofNCompleteColumn(), TextColumn("rows"), TimeRemainingColumn())
    progress = Progress(*columns, console=console)
    task = progress.add_task(verb, total=None)
    began = clock()

    def show(done: int, total: int) -> None:
        progress.update(task, completed=done, total=total)
        if console.is_terminal and not progress.live.is_started and clock() - began > _BAR_AFTER_SECONDS:
            progress.start()

    try:
        yield show
    finally:
        if progress.live.is_started:
            progress.stop()


def _rows(header: Header) -> str:
    return "1 row" if header.rows == 1 else f"{header.rows} rows"


def _say(text: str) -> None:
    _out.print(Text(text))
