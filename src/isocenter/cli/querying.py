"""What ``find``, ``move`` and ``get`` share: information model, level, keys, and the watching of a retrieval."""

import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from types import FrameType
from typing import Any, TypeVar

import click

from isocenter.cli.output import print_json, progress, visible
from isocenter.dicom import dictionary
from isocenter.dimse.status import StatusCategory
from isocenter.errors import UsageError
from isocenter.index.query import Level
from isocenter.net.client import ClientAssociation
from isocenter.net.interrupt import Interrupt
from isocenter.net.retrieve import Progress
from isocenter.services.information_model import (
    LEVELS,
    PATIENT_ROOT,
    PATIENT_STUDY_ONLY,
    STUDY_ROOT,
    UNIQUE_KEYS,
    InformationModel,
)

Function = TypeVar("Function", bound=Callable[..., Any])

MODELS = {"study": STUDY_ROOT, "patient": PATIENT_ROOT, "patient-study": PATIENT_STUDY_ONLY}


def query_options(function: Function) -> Function:
    """Add the options of every query and retrieval."""
    for option in (
        click.option("--level", type=click.Choice([*LEVELS], case_sensitive=False), help="What to look for "
                     "[default: what the keys name, else STUDY]."),
        click.option("--model", default="study", show_default=True, type=click.Choice([*MODELS]),
                     help="Information model; patient-study is retired."),
        click.option("--aet", default="ISOCENTER", show_default=True, help="AE title to call with."),
    ):  # fmt: skip
        function = option(function)
    return function


def read_model(name: str, level: Level) -> InformationModel:
    """Return the information model; PATIENT level needs another one than Study Root.

    Raises:
        UsageError: the model has no such level.
    """
    model = PATIENT_ROOT if level is Level.PATIENT and name == "study" else MODELS[name]
    if level not in model.levels:
        raise UsageError(f"{model.name} has no {level.name} level; choose another --model")
    return model


def read_keys(texts: Iterable[str]) -> dict[int, str]:
    """Return tag -> key of arguments like ``PatientName=DOE*``; without ``=`` an attribute is only asked for.

    Raises:
        UsageError: one names no attribute.
    """
    keys: dict[int, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        keys[dictionary.tag(name)] = value
    return keys


def read_level(given: str | None, keys: dict[int, str]) -> Level:
    """Return the level, which is that of the innermost unique key where none was given."""
    if given:
        return LEVELS[given.upper()]
    named = [level for level, tag in UNIQUE_KEYS.items() if keys.get(tag)]
    return max(named, key=lambda level: level.value, default=Level.STUDY)


@contextmanager
def cancelled_by_ctrl_c(association: ClientAssociation) -> Iterator[Interrupt]:
    """Let the first Ctrl-C cancel what is asked for (C-CANCEL), and only the second one end the command at once."""
    interrupt = Interrupt()

    def handle(number: int, _: FrameType | None) -> None:
        signal.signal(number, previous)
        interrupt.give()

    association.cancel_by(interrupt)
    previous = signal.getsignal(signal.SIGINT)
    mine = threading.current_thread() is threading.main_thread()
    try:
        if mine:
            signal.signal(signal.SIGINT, handle)
        yield interrupt
    finally:
        if mine:
            signal.signal(signal.SIGINT, previous)
        interrupt.close()


def watch(association: ClientAssociation, reports: Generator[Progress], *, as_json: bool) -> int:
    """Follow a retrieval to its end, say how it went, and return the exit code."""
    last = Progress(0, 0, 0, 0, 0)
    with cancelled_by_ctrl_c(association), progress() as bar, closing(reports):
        task = bar.add_task("retrieving", total=None)
        for last in reports:
            done = last.completed + last.failed + last.warning
            bar.update(task, completed=done, total=done + last.remaining)
    if as_json:
        print_json(asdict(last))
    else:
        for uid in last.failed_uids:
            click.echo(f"failed: {visible(uid)}", err=True)
        click.echo(visible(str(last)))
    return 0 if last.category is StatusCategory.SUCCESS else 1
