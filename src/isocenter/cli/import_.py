"""``isocenter import``: objects straight into a data folder, without a network between."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from isocenter.archive import Archive, Outcome, Receipt, Source
from isocenter.cli.options import json_option, resolve, setting_options
from isocenter.cli.output import print_json, print_table, progress, size, visible
from isocenter.cli.sources import (
    BLOCK,
    PASSED_OVER,
    UNREADABLE,
    Candidate,
    Rejected,
    find_candidates,
    in_words,
    passed_over,
)
from isocenter.errors import IsocenterError, OutOfResourcesError


@dataclass(slots=True)
class Tally:
    """What became of the files: counts by outcome, bytes, and everything that a person should read."""

    outcomes: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)
    passed: list[dict[str, str]] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)

    def add(self, name: str, receipt: Receipt) -> None:
        """Count a file that was taken in."""
        self.outcomes[receipt.outcome.value] += 1
        self.warnings += [{"file": name, "warning": warning} for warning in receipt.warnings]

    def fail(self, name: str, reason: str) -> None:
        """Count a file that was not."""
        self.failures.append({"file": name, "reason": reason})

    def refuse(self, found: Candidate, error: Exception) -> None:
        """Count a file that is no object: one that is passed over, or a failure."""
        what = passed_over(found, error)
        if what:
            self.outcomes[what] += 1
            self.passed.append({"file": found.name, "reason": str(error)})
        else:
            self.fail(found.name, str(error))

    @property
    def complete(self) -> bool:
        """Whether there was no failure, and an object if there was anything."""
        return not self.failures and (not self.outcomes["not_dicom"] or any(self.outcomes[o.value] for o in Outcome))

    def as_json(self) -> dict[str, Any]:
        """Return the numbers and lists to print."""
        counts = {outcome.value: self.outcomes[outcome.value] for outcome in Outcome}
        return counts | {
            **{what: self.outcomes[what] for what in PASSED_OVER},
            "failed": len(self.failures),
            "bytes": self.bytes,
            "failures": self.failures,
            "passed_over": self.passed,
            "warnings": self.warnings,
        }


@click.command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@setting_options("data", "durability")
@json_option
def command(*, paths: tuple[Path, ...], config: Path | None, as_json: bool, **given: Any) -> int:  # noqa: ANN401 - click\'s values
    """Take files, folders and ZIP archives into a data folder.

    A DICOMDIR stands for the folder it is in. Other files that are not DICOM, such as the README of a disc, are
    counted; with --json they are listed. What could not be taken is listed with the reason, and the exit code is 1:
    damaged objects, and files that you name and that are not DICOM. A running archive on the same folder sees
    the new objects at once.

    \b
    Example: isocenter import --data ~/images /media/cdrom study.zip
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    settings = resolve(config, given)
    files = list(find_candidates(paths))
    tally = Tally()
    with Archive.open(Path(settings.data), settings) as archive, progress() as bar:
        task = bar.add_task("importing", total=len(files), bytes=0)
        for found in files:
            _import_one(archive, found, tally)
            bar.update(task, advance=1, bytes=tally.bytes)
    if as_json:
        print_json(tally.as_json())
    else:
        _print(tally)
    return 0 if tally.complete else 1


def _import_one(archive: Archive, found: Candidate | Rejected, tally: Tally) -> None:
    if isinstance(found, Rejected):
        tally.fail(found.name, found.reason)
        return
    reception = archive.receive_file(Source("import"))
    try:
        with found.open() as stream:
            while block := stream.read(BLOCK):
                reception.write(block)
                tally.bytes += len(block)
        tally.add(found.name, reception.finish())
    except OutOfResourcesError:
        raise
    except IsocenterError as error:
        tally.refuse(found, error)
    except UNREADABLE as error:
        reception.discard()
        tally.fail(found.name, f"cannot be read: {error}")


def _print(tally: Tally) -> None:
    if tally.failures:
        print_table(("NOT IMPORTED", "REASON"), [list(row.values()) for row in tally.failures])
    for row in tally.warnings:
        click.echo(visible(f"{row['file']}: {row['warning']}"), err=True)
    counts = [f"{tally.outcomes[outcome.value]} {word}" for outcome, word in _WORDS.items()]
    click.echo(f"{', '.join(counts)}, {len(tally.failures)} failed{in_words(tally.outcomes)}; {size(tally.bytes)}")


_WORDS = {Outcome.STORED: "stored", Outcome.DUPLICATE: "here before", Outcome.CONFLICT: "in conflict"}
