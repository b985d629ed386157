"""Measurements -> one table, or JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from tests.benchmarks.measure import Bar, Measurement

_RESULTS = {True: "[green]met[/green]", False: "[red]missed[/red]", None: ""}


def as_table(measurements: Sequence[Measurement]) -> Table:
    """One line a measurement."""
    table = Table(
        title="The tutor against the bare operation",
        caption="Bare: SentenceTransformer.encode and a faiss search of 10 with the same model, vectors and threads; "
        "for many questions one encode call; for the event loop an idle one; after an edit the texts it changed; "
        "for /next and /progress the same rows through the database's driver; "
        "for planned posts the same requests by a clock alone; for the weekly quiz one insert for each answer. "
        "Both run in turn; times are medians, if nothing else is said.",
        caption_justify="left",
    )
    table.add_column("Measured")
    for heading in ("Tutor", "Bare", "Ratio", "Bar"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Result", no_wrap=True)
    for line in measurements:
        table.add_row(
            f"{line.name} ({line.unit})",
            _number(line.tutor),
            _number(line.bare),
            f"{line.ratio:.2f}",
            _bar(line.bar, line.unit),
            _RESULTS[line.is_met],
        )
    return table


def as_json(measurements: Sequence[Measurement]) -> str:
    """Every number in full."""
    lines = [{**asdict(line), "ratio": line.ratio, "met": line.is_met} for line in measurements]
    return json.dumps(lines, indent=1, ensure_ascii=False) + "\n"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


def _bar(bar: Bar | None, unit: str) -> str:
    if bar is None:
        return ""
    return f"{bar.sign} {bar.limit:g}" + (f" {unit}" if bar.of == "value" else "")
