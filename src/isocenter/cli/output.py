"""What commands print: JSON, tables and progress. Data goes to standard output, everything else to standard error."""

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text


def print_json(value: Any) -> None:  # noqa: ANN401 - anything that json can write
    """Print one JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print an aligned table; on a pipe it has no frame and no colour."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(str(cell))) for cell in row))
    width = None if sys.stdout.isatty() else 10_000  # what reads a pipe wants one line a row
    console = Console(width=width)
    with console.capture() as capture:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[str]], *, as_csv: bool) -> None:
    """Print what a query found, as a table or as comma-separated values."""
    if as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([columns, *rows])
    elif rows:
        print_table(columns, rows)
    else:
        click.echo("nothing found")


def visible(text: str) -> str:
    """Return text with control characters escaped: header values must not steer the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def size(count: float) -> str:
    """Return a number of bytes as people read it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} TB"


class _Rate(ProgressColumn):
    """Items per second and, where the task counts ``bytes``, megabytes per second."""

    def render(self, task: Task) -> Text:
        elapsed = task.finished_time if task.finished else task.elapsed
        if not elapsed or not task.completed:
            return Text("")
        text = f"{task.completed / elapsed:,.0f}/s"
        if task.fields.get("bytes"):
            text += f"  {size(task.fields['bytes'] / elapsed)}/s"
        return Text(text, style="cyan")


def progress() -> Progress:
    """Return the progress bar of long work, on standard error; silent where that is no terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(compact=True),
        console=console,
        disable=not console.is_terminal,
    )
