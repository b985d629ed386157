"""`tutor questions`: how questions behave, which are challenged, and what an operator decides for everywhere."""

import asyncio
import difflib
import json
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.app import load_scheduler
from bot.clock import system_clock
from bot.config import Settings, load_settings
from bot.errors import ConfigError, MemberError, OperatorError
from bot.features.challenge.models import Decision, Effect, Outcome, Proposal, Report, Waiting
from bot.features.challenge.rules import REASON_LIMITS, choice_key, name_options
from bot.features.challenge.service import NOTHING_TO_UNDO, SAME_KEY, ChallengeService
from bot.features.questions.models import EVERYWHERE, AnswerKey, ItemStatistics, Verdict
from bot.features.questions.rules.numbers import format_number, parse_number
from bot.features.questions.rules.statistics import LEAST_MEMBERS
from bot.features.questions.service import QuestionService
from bot.storage.database import Database
from bot.ui.text import shorten
from knowledge.curriculum import Curriculum
from knowledge.loader import load_knowledge
from knowledge.models import Question, QuestionKind

T = TypeVar("T")

questions_app = typer.Typer(help="See how questions behave, and decide about challenged ones.", no_args_is_help=True)

_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)

_HARDEST = 20
_LEAST_ANSWERS = 5
"""With fewer answers a share says little, and the question is left out of the hardest ones."""
_PROMPT_LIMIT = 70

QuestionArgument = Annotated[str, typer.Argument(metavar="QUESTION", help="The id of a question in the bank.")]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="Configuration file; config.toml if it exists.")]
NoteOption = Annotated[str | None, typer.Option("--note", help="Why; members whose answers change read it.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask before deciding.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


# Looking


@questions_app.command("report")
def report_command(
    server: Annotated[str | None, typer.Option("--server", metavar="ID", help="Answers of this server only.")] = None,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", min=1, max=36_500, help="Answers of the last N days only.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every question that was answered.")] = False,  # noqa: FBT002
    config: ConfigOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Show how questions behave by everybody's first answers: misleading ones first, then the hardest."""
    guild_id = None if server is None else _server_id(server)
    found, prompts = asyncio.run(_report(load_settings(config), guild_id, days))
    if as_json:
        _print_json([asdict(one) for one in (*found.misleading, *found.others)])
    else:
        _print_report(found, prompts, every=every)


async def _report(settings: Settings, guild_id: int | None, days: int | None) -> tuple[Report, dict[str, str]]:
    async with _service(settings) as (service, _):
        found = await service.report(guild_id, days)
        return found, {one.question: service.prompt_of(one.question) for one in (*found.misleading, *found.others)}


def _server_id(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) >= 2**63:
        raise ConfigError(
            f"{text!r} is no number of a server. Switch on the developer mode of Discord, "
            "right-click the server and choose Copy Server ID."
        )
    return int(text)


def _print_report(found: Report, prompts: dict[str, str], *, every: bool) -> None:
    if not found.answers:
        _say("No question has been answered yet.")
        return
    members = "1 member" if found.members == 1 else f"{found.members} members"
    first = "1 first answer" if found.answers == 1 else f"{found.answers} first answers"
    _say(f"{first} of {members}.")
    if found.misleading:
        _print_table("The key may be wrong, or the question misleads", found.misleading, prompts)
        _print_options(found.misleading)
    else:
        _say(f"No question looks misleading. A verdict takes {LEAST_MEMBERS} members with five other answers each.")
    others = found.others if every else [one for one in found.others if one.answers >= _LEAST_ANSWERS][:_HARDEST]
    if others:
        _print_table("All others, the hardest first" if every else "The hardest of the others", others, prompts)
    elif found.others:
        _say(f"No other question has {_LEAST_ANSWERS} answers yet. Add --all to see those with fewer.")


def _print_table(title: str, rows: Iterable[ItemStatistics], prompts: dict[str, str]) -> None:
    table = Table("question", "answers", "right", "discrimination", "it asks", title=title)
    for one in rows:
        share = "" if one.difficulty is None else f"{one.difficulty:.0%}"
        discrimination = "too few" if one.discrimination is None else f"{one.discrimination:.2f}"
        prompt = shorten(prompts[one.question], _PROMPT_LIMIT)
        table.add_row(Text(one.question), str(one.answers), share, discrimination, Text(prompt))
    _out.print(table)


def _print_options(rows: Iterable[ItemStatistics]) -> None:
    """What was chosen in misleading questions."""
    for one in rows:
        _say(f"{one.question}:")
        for option in one.options:
            mark = " (right)" if option.is_key else ""
            _say(f"  {option.chosen:>5} chose {option.text}{mark}, {option.chosen_by_best} of them of the best third")
        if one.unknown:
            _say(f"  {one.unknown:>5} did not know")


@questions_app.command("challenges")
def challenges_command(config: ConfigOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    """List the open challenges of all servers and of direct messages.

    Shows the reasons that members wrote; they were told that those who decide read them. Members are not named.
    """
    found = asyncio.run(_challenges(load_settings(config)))
    if as_json:
        _print_json([_as_json(one) for one in found])
        return
    if not found:
        _say("No question waits for a decision.")
    for one in found:
        where = "direct messages" if one.guild_id is None else f"server {one.guild_id}"
        _say(f"{one.question} · {where} · since {one.since:%Y-%m-%d}")
        _say(f"  {one.prompt}")
        for reason in one.reasons:
            _say(f"  - {_printable(reason)}")


async def _challenges(settings: Settings) -> tuple[Waiting, ...]:
    async with _service(settings) as (service, _):
        return await service.list_all_waiting()


def _as_json(one: Waiting) -> dict[str, Any]:
    return {
        "question": one.question,
        "server": one.guild_id,
        "since": one.since.isoformat(),
        "prompt": one.prompt,
        "reasons": list(one.reasons),
    }


def _printable(text: str) -> str:
    """What members wrote on one line, without what would control the terminal."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


# Deciding


@questions_app.command("keep")
def keep_command(
    question: QuestionArgument,
    note: NoteOption = None,
    config: ConfigOption = None,
    yes: YesOption = False,  # noqa: FBT002
) -> None:
    """Keep a question as it is, in direct messages and in every server that has not decided itself."""
    _decide(load_settings(config), question, lambda _: Decision(Verdict.KEPT, note=note), yes=yes)


@questions_app.command("retire")
def retire_command(
    question: QuestionArgument,
    note: NoteOption = None,
    config: ConfigOption = None,
    yes: YesOption = False,  # noqa: FBT002
) -> None:
    """Retire a question: nobody is asked it again and answers to it do not count, but where a server has decided."""
    _decide(load_settings(config), question, lambda _: Decision(Verdict.RETIRED, note=note), yes=yes)


@questions_app.command("correct")
def correct_command(
    question: QuestionArgument,
    *,
    note: Annotated[str, typer.Option("--note", help="Why; everybody reads it below the old explanation.")],
    right: Annotated[
        list[str] | None, typer.Option("--right", metavar="TEXT", help="An option that counts; once for each.")
    ] = None,
    number: Annotated[str | None, typer.Option("--number", metavar="X", help="The right number.")] = None,
    tolerance: Annotated[
        str | None, typer.Option("--tolerance", metavar="Y", help="How far off still counts; as before if not given.")
    ] = None,
    order: Annotated[
        list[str] | None, typer.Option("--order", metavar="TEXT", help="The options in order; once for each.")
    ] = None,
    config: ConfigOption = None,
    yes: YesOption = False,
) -> None:
    """Correct the key of a question, in direct messages and in every server that has not decided itself."""
    least, most = REASON_LIMITS
    if not least <= len(note.strip()) <= most:
        raise ConfigError(f"--note has to say in {least} to {most} characters why.")
    given = _Given(right or [], number, tolerance, order or [])
    settings = load_settings(config)
    _decide(settings, question, lambda it: Decision(Verdict.CORRECTED, _key(it, given), note), yes=yes)


@questions_app.command("undo")
def undo_command(
    question: QuestionArgument,
    config: ConfigOption = None,
    yes: YesOption = False,  # noqa: FBT002
) -> None:
    """Take back what was decided for everywhere. Servers take back their own decisions with /challenges undo."""

    async def propose(service: ChallengeService) -> Proposal:
        return await service.propose_undo(question, EVERYWHERE)

    async def do(service: ChallengeService) -> Outcome:
        return await service.undo(question, EVERYWHERE)

    settings = load_settings(config)
    proposal = asyncio.run(_run(settings, question, lambda service, _: propose(service)))
    _show(proposal, f"Takes back for everywhere the decision that {question} is {proposal.decision.verdict}.")
    _confirm("Take it back?", yes=yes)
    outcome = asyncio.run(_run(settings, question, lambda service, _: do(service)))
    _say(f"The decision is taken back. {_effect(outcome.effect)}")


def _decide(settings: Settings, question: str, make: Callable[[Question], Decision], *, yes: bool) -> None:
    """Show what a decision would change, ask, and make it."""

    async def propose(service: ChallengeService, it: Question) -> Proposal:
        return await service.propose_everywhere(question, make(it))

    async def do(service: ChallengeService, it: Question) -> Outcome:
        return await service.decide_everywhere(question, make(it))

    proposal = asyncio.run(_run(settings, question, propose))
    _show(proposal, f"{_VERBS[proposal.decision.verdict]} {question} for everywhere.")
    _confirm("Decide so?", yes=yes)
    outcome = asyncio.run(_run(settings, question, do))
    told = "1 member reads it" if outcome.told == 1 else f"{outcome.told} members read it"
    _say(f"Done. {_effect(outcome.effect)} {told} with the next quiz or review.")


_VERBS = {Verdict.KEPT: "Keeps", Verdict.CORRECTED: "Corrects the key of", Verdict.RETIRED: "Retires"}


def _show(proposal: Proposal, what: str) -> None:
    _say(what)
    _say(f"It asks: {proposal.item.question.prompt}")
    if proposal.decision.verdict is not Verdict.RETIRED:
        key = proposal.decision.key
        around = f" (give or take {format_number(key.tolerance)})" if key and key.number is not None else ""
        _say(f"Right will be: {'; '.join(proposal.right)}{around}")
    _say(_effect(proposal.effect))


def _effect(effect: Effect) -> str:
    if not effect.answers:
        return "No answer changes."
    answers = "1 answer" if effect.answers == 1 else f"{effect.answers} answers"
    members = "1 member" if effect.members == 1 else f"{effect.members} members"
    parts = [(effect.right, "right"), (effect.wrong, "wrong"), (effect.dropped, "not counted")]
    counted = ", ".join(f"{number} {how}" for number, how in parts if number)
    return f"{answers} of {members} {'changes' if effect.answers == 1 else 'change'}: {counted} from now on."


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError("Nothing was changed. Add --yes to decide without being asked.")
    if not typer.confirm(question, default=False, err=True):
        raise OperatorError("Nothing was changed.")


# Keys


class _Given:
    """What the operator says is right."""

    def __init__(self, right: Sequence[str], number: str | None, tolerance: str | None, order: Sequence[str]) -> None:
        self.right = right
        self.number = number
        self.tolerance = tolerance
        self.order = order

    @property
    def options(self) -> set[str]:
        """The options of the command that were used, without what goes with them."""
        used = {"--right": bool(self.right), "--number": self.number is not None, "--order": bool(self.order)}
        return {name for name, is_used in used.items() if is_used}


def _key(question: Question, given: _Given) -> AnswerKey:
    """The key that was given.

    Raises:
        ConfigError: it does not fit the kind of the question.
    """
    wanted = {QuestionKind.NUMERIC: "--number", QuestionKind.ORDER: "--order"}.get(question.kind, "--right")
    if given.options != {wanted} or (given.tolerance is not None and wanted != "--number"):
        raise ConfigError(f"{question.id} is a question of the kind {question.kind}. {_HOW[wanted]}{_listed(question)}")
    if wanted == "--number":
        return _number_key(question, given)
    named = name_options(question, given.right or given.order)
    if isinstance(named, str):
        raise ConfigError(f"{named!r} names no option, or several.{_listed(question)}")
    key = AnswerKey(named) if wanted == "--order" else choice_key(question, named)
    if key is None or (wanted == "--order" and sorted(set(named)) != sorted(_all_options(question))):
        raise ConfigError(f"An order has each option once. {_HOW[wanted]}{_listed(question)}")
    return key


_HOW = {
    "--right": "Name what is right with --right, once for each option that counts.",
    "--number": "Give the right number with --number, and --tolerance if it is another one.",
    "--order": "Name all options in their order with --order, once for each.",
}


def _number_key(question: Question, given: _Given) -> AnswerKey:
    number = parse_number(given.number or "", question.unit)
    tolerance = question.tolerance if given.tolerance is None else parse_number(given.tolerance, question.unit)
    if number is None:
        raise ConfigError(f"--number {given.number!r} is no number. Write it as in 0.5, 1/3 or 1e-3.")
    if tolerance is None or tolerance < 0:
        raise ConfigError(f"--tolerance {given.tolerance!r} is no number from 0 up. Write it as in 0.01.")
    return AnswerKey(number=number, tolerance=tolerance)


def _all_options(question: Question) -> Sequence[str]:
    named = name_options(question, [option.text for option in question.options])
    return () if isinstance(named, str) else named


def _listed(question: Question) -> str:
    if not question.options:
        return ""
    return " Its options: " + "; ".join(repr(option.text) for option in question.options)


# What all of them need


async def _run(settings: Settings, question: str, work: Callable[[ChallengeService, Question], Awaitable[T]]) -> T:
    async with _service(settings) as (service, curriculum):
        return await work(service, _find(curriculum, question))


def _find(curriculum: Curriculum, question: str) -> Question:
    bank = {one.id: one for one in curriculum.questions}
    if question in bank:
        return bank[question]
    near = difflib.get_close_matches(question, bank, n=3)
    hint = (
        f"Did you mean {' or '.join(near)}?" if near else "tutor questions report --all lists those that were answered."
    )
    raise ConfigError(f"There is no question {question!r} in the bank. {hint}")


@asynccontextmanager
async def _service(settings: Settings) -> AsyncIterator[tuple[ChallengeService, Curriculum]]:
    """The service on the configured database, without the search model.

    Raises:
        OperatorError: something cannot be used, or what was asked for cannot be done.
    """
    curriculum = load_knowledge(settings.index.knowledge).curriculum
    if curriculum is None:
        raise ConfigError(
            f"{settings.index.knowledge} has no curriculum, and so no questions. Check knowledge under [index]."
        )
    database = Database(settings.database.url, must_exist=True)
    try:
        await database.check_is_newest()
        questions = QuestionService(
            database, system_clock, curriculum, load_scheduler(settings.review), random.Random()
        )
        with database.readable_errors():
            yield ChallengeService(database, system_clock, curriculum, questions), curriculum
    except MemberError as error:
        raise OperatorError(_TO_OPERATORS.get(str(error), str(error))) from error
    finally:
        await database.close()


_TO_OPERATORS = {
    SAME_KEY: "That is what counts as right already. Name something else, or: tutor questions keep",
    NOTHING_TO_UNDO: (
        "Nothing was decided about it for everywhere. "
        "A server takes back its own decisions with /challenges undo in Discord."
    ),
}


def _print_json(data: object) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def _say(text: str) -> None:
    _out.print(Text(text))
