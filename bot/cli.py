"""The `tutor` command."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from bot.app import load_encoder, run_bot
from bot.clock import system_clock
from bot.config import Settings, load_settings
from bot.db_cli import db_app
from bot.errors import ConfigError, OperatorError
from bot.features.ask.rules.confidence import is_answerable
from bot.questions_cli import questions_app
from indexer.build import BuildReport, build_index, encode_prose, is_stale
from indexer.build import Progress as ShowProgress
from indexer.encoder import SentenceTransformerEncoder
from indexer.errors import SearchIndexError
from indexer.evaluate import QuestionFileError, evaluate_ranking, evaluate_refusals, read_questions, unknown_sources
from indexer.manifest import current_version
from indexer.near_duplicates import NearDuplicate, find_near_duplicates
from indexer.passages import heading_line
from indexer.retriever import Query, Retriever
from indexer.snapshot import Snapshot
from knowledge.loader import Knowledge, load_knowledge
from knowledge.problems import KnowledgeError, Problem
from knowledge.standards import check_standards

app = typer.Typer(
    help="The deep learning tutor.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
index_app = typer.Typer(help="Build, check and search the index.", no_args_is_help=True)
app.add_typer(index_app, name="index")
app.add_typer(db_app, name="db")
app.add_typer(questions_app, name="questions")

_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)

ConfigOption = Annotated[Path | None, typer.Option("--config", help="Configuration file; config.toml if it exists.")]
KnowledgeOption = Annotated[Path | None, typer.Option("--knowledge", help="Folder of Markdown notes.")]
IndexOption = Annotated[Path | None, typer.Option("--index", help="Folder of the index.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def main() -> None:
    """Run the command. Whatever an operator can mend ends with one message and a non-zero exit."""
    try:
        app()
    except OperatorError as error:
        _fail(str(error), error.exit_code)
    except (KnowledgeError, QuestionFileError, SearchIndexError) as error:
        _fail(str(error), 1)
    except OSError as error:
        _fail(f"{error.filename or 'A file'}: {error.strerror or error}. Check the disk and the permissions.", 1)
    except KeyboardInterrupt:
        _fail("Stopped.", 130)


def _fail(message: str, code: int) -> NoReturn:
    _err.print(Text(message))
    sys.exit(code)


@app.command()
def run(config: ConfigOption = None) -> None:
    """Run the tutor on Discord. The token comes from DISCORD_TOKEN or a secret file."""
    settings = load_settings(config)
    _log_to_stderr(settings.log.level)
    asyncio.run(run_bot(settings))


@app.command()
def preview(
    config: ConfigOption = None,
    port: Annotated[
        int | None, typer.Option(help="Port of the local page; any free one if not given.", min=1, max=65535)
    ] = None,
    open_browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,  # noqa: FBT002
) -> None:
    """Try the real tutor in a local browser page, without a Discord account."""
    run_preview = _preview_function()
    settings = load_settings(config)
    _log_to_stderr("WARNING")
    encoder = _loaded_encoder(settings)
    if is_stale(settings.index.knowledge, settings.index.folder, settings.index.model):
        _print_report(_build(settings.index.knowledge, settings.index.folder, encoder))
    asyncio.run(run_preview(settings, encoder, port=port, open_browser=open_browser, say=_say))


def _preview_function() -> Callable[..., Coroutine[Any, Any, None]]:
    try:
        from bot.preview import run_preview  # noqa: PLC0415 - simcord is an extra that a real server does not need
    except ImportError as error:
        raise ConfigError(
            f"The preview needs an extra package ({error.name}). Install it with: make install"
        ) from error
    return run_preview


@index_app.command("build")
def build_command(
    config: ConfigOption = None,
    knowledge: KnowledgeOption = None,
    index: IndexOption = None,
    if_stale: Annotated[bool, typer.Option("--if-stale", help="Do nothing if no file has changed.")] = False,  # noqa: FBT002
) -> None:
    """Build the index; only what changed is encoded again."""
    settings = load_settings(config)
    source, folder = knowledge or settings.index.knowledge, index or settings.index.folder
    if if_stale and not is_stale(source, folder, settings.index.model):
        return
    load_knowledge(source)  # a mistake in a note is worth knowing before the model is loaded
    _print_report(_build(source, folder, _loaded_encoder(settings)))


@index_app.command("check")
def check_command(config: ConfigOption = None, knowledge: KnowledgeOption = None, index: IndexOption = None) -> None:
    """Check the knowledge folder; lists every problem and exits with 1 if there is one."""
    settings = load_settings(config)
    loaded = load_knowledge(knowledge or settings.index.knowledge)
    for warning in loaded.warnings:
        _err.print(Text(f"warning: {warning}"))
    if loaded.curriculum is not None:
        _check_quality(loaded, index or settings.index.folder, settings)
    _print_coverage(loaded)


def _check_quality(knowledge: Knowledge, index: Path, settings: Settings) -> None:
    """Raise one error with every broken house rule; the model is loaded only if the rest is in order."""
    problems = check_standards(knowledge)
    if not problems:
        encoder = _loaded_encoder(settings)
        with _encoding(encoder) as show:
            passages, vectors = encode_prose(knowledge, index, encoder, show)
        problems = [_same_thing(pair) for pair in find_near_duplicates(passages, vectors)]
    if problems:
        raise KnowledgeError(str(knowledge.folder), problems)


def _same_thing(pair: NearDuplicate) -> Problem:
    first, second = pair.first, pair.second
    heading = " > ".join(second.heading) or "its beginning"
    wrong = f"says the same as {second.source}.md under {heading!r} (cosine {pair.cosine:.2f})"
    right = "keep it in one of the two, or let each say what is its own"
    return Problem(f"{first.source}.md", None, " > ".join(first.heading) or None, wrong, right)


@index_app.command("search")
def search_command(
    text: Annotated[str, typer.Argument(help="What to look for.")],
    top_k: Annotated[int, typer.Option("-k", help="How many sources.", min=1, max=100)] = 5,
    config: ConfigOption = None,
    index: IndexOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Show what the index finds: rank, score, source, title, heading, text."""
    retriever = _retriever(load_settings(config), index)
    hits = retriever.search(Query(text), top_k).hits
    rows = [
        {
            "rank": rank,
            "score": round(hit.score, 4),
            "source": hit.source,
            "title": hit.title,
            "heading": " > ".join(hit.best.heading),
            "text": hit.best.text,
        }
        for rank, hit in enumerate(hits, start=1)
    ]
    if as_json:
        _print_json(rows)
        return
    for rank, hit in enumerate(hits, start=1):
        heading = heading_line(hit.title, hit.best.heading)
        _out.print(Text(f"{rank}. {hit.score:.4f}  {hit.source}  {heading}"), style="bold")
        _out.print(Text(f"   {hit.best.text}\n"))


@index_app.command("eval")
def eval_command(
    file: Annotated[Path, typer.Argument(help='JSON lines {"question": …, "relevant": ["source id", …]}.')],
    config: ConfigOption = None,
    index: IndexOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Measure hit@1, hit@5 and MRR@10 of dense, BM25 and fused search on a file of questions."""
    settings = load_settings(config)
    questions = read_questions(file)
    retriever = _retriever(settings, index)
    if unknown := unknown_sources(questions, retriever):
        _err.print(Text(f"warning: {len(unknown)} relevant sources are not in the index, for example {unknown[0]}"))
    scores = evaluate_ranking(retriever, questions)
    refusals = evaluate_refusals(
        retriever, questions, lambda result: is_answerable(result, settings.answers.confidence)
    )
    if as_json:
        _print_json({name: score.as_json() for name, score in scores.items()})
        return
    table = Table("search", "hit@1", "hit@5", "MRR@10", title=f"{len(questions)} questions, sources counted")
    for name, score in scores.items():
        table.add_row(name, f"{score.hit_at_1:.3f}", f"{score.hit_at_5:.3f}", f"{score.mrr_at_10:.3f}")
    _out.print(table)
    _out.print(f"wrongly declined {refusals.wrongly_declined:.1%} of the questions with an answer")
    if any(not question.relevant for question in questions):
        _out.print(f"wrongly answered {refusals.wrongly_answered:.1%} of the questions without one")


def _retriever(settings: Settings, index: Path | None) -> Retriever:
    folder = index or settings.index.folder
    version = current_version(folder)
    encoder = _loaded_encoder(settings)
    return Retriever(Snapshot.read(version, model=encoder.name, dimension=encoder.dimension), encoder)


def _loaded_encoder(settings: Settings) -> SentenceTransformerEncoder:
    with _err.status("Loading the model …"):
        return load_encoder(settings)


class _Rate(ProgressColumn):
    """Texts a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f} texts/s")


def _build(knowledge: Path, index: Path, encoder: SentenceTransformerEncoder) -> BuildReport:
    with _encoding(encoder) as show:
        return build_index(knowledge, index, encoder, now=system_clock(), progress=show)


@contextmanager
def _encoding(encoder: SentenceTransformerEncoder) -> Iterator[ShowProgress]:
    """Every core for encoding many texts, and a progress bar if there are any."""
    columns = (TextColumn("Encoding"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    progress = Progress(*columns, console=_err)
    task = progress.add_task("encode", total=None)

    def show(done: int, total: int) -> None:
        if total:
            progress.start()
            progress.update(task, completed=done, total=total)

    with encoder.all_cores():
        try:
            yield show
        finally:
            if progress.live.is_started:
                progress.stop()


def _print_report(report: BuildReport) -> None:
    for warning in report.warnings:
        _err.print(Text(f"warning: {warning}"))
    manifest = report.manifest
    _err.print(
        f"Index of {manifest.documents} notes, {manifest.passages} passages: {report.encoded} texts encoded, "
        f"{report.reused} reused, {report.seconds:.1f} s."
    )


@dataclass(frozen=True, slots=True)
class _Coverage:
    step: str
    concepts: int
    questions: int
    resources: int
    capstones: int


def _print_coverage(knowledge: Knowledge) -> None:
    curriculum = knowledge.curriculum
    if curriculum is None:
        _out.print(f"{len(knowledge.documents)} notes without a curriculum, no problems.")
        return
    rows = [
        _Coverage(
            f"{step.number}. {step.title}",
            sum(concept.step == step.number for concept in curriculum.concepts.values()),
            sum(curriculum.concepts[question.concept].step == step.number for question in curriculum.questions),
            sum(step.number in resource.steps for resource in curriculum.resources.values()),
            sum(capstone.step == step.number for capstone in curriculum.capstones.values()),
        )
        for step in curriculum.steps
    ]
    table = Table(
        "step",
        "concepts",
        "questions",
        "resources",
        "capstone ideas",
        title=f"{len(knowledge.documents)} notes, no problems",
    )
    for row in rows:
        table.add_row(row.step, str(row.concepts), str(row.questions), str(row.resources), str(row.capstones))
    _out.print(table)


def _print_json(data: object) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def _say(text: str) -> None:
    _out.print(Text(text))


def _log_to_stderr(level: str) -> None:
    """Log lines; plain ones where stderr is no terminal, for systemd and containers."""
    if _err.is_terminal:
        handler: logging.Handler = RichHandler(console=_err, show_path=False)
        logging.basicConfig(level=level, format="%(name)s: %(message)s", handlers=[handler], force=True)
    else:
        logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    logging.getLogger("discord").setLevel(max(logging.getLevelName(level), logging.INFO))
    for chatty in ("httpx", "sentence_transformers", "transformers", "alembic", "filelock", "bm25s", "aiosqlite"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
