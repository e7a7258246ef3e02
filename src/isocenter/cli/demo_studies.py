"""The studies of ``isocenter demo``: generated in processes of their own, each of which sends like a scanner.

A process takes one kind of study after the other; the kinds are in the order in which one wants to see them.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING

import click
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.errors import InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from isocenter.cli.output import progress
from isocenter.dimse.status import StatusCategory, category
from isocenter.net.client import ClientAssociation, Proposal, connect
from isocenter.phantom import KINDS, count, studies

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from multiprocessing.synchronize import Event

    from pydicom import Dataset

    from isocenter.net.peer import Peer

#: pydicom's packaged examples that show something: name below its ``test_files``.
EXAMPLES = ("CT_small.dcm", "MR_small.dcm", "examples_rgb_color.dcm", "examples_overlay.dcm", "examples_ybr_color.dcm",
            "examples_palette.dcm", "examples_jpeg2k.dcm", "JPEG-LL.dcm", "rtplan.dcm", "reportsi.dcm")  # fmt: skip
PACKAGED = "examples"
SEED = 1
MOST = 4
"""Processes at the same time."""

_stopping: Event


def send_all(peer: Peer, slices: int | None, today: dt.date, stop: threading.Event) -> bool:
    """Generate and send everything; tell whether it was all accepted.

    Raises:
        PeerError: the node could not be reached, or went away.
        BrokenProcessPool: a process was ended by somebody else.
    """
    click.echo("Sending the demonstration studies, as scanners would ...")
    context = multiprocessing.get_context("spawn")
    stopping = context.Event()
    threading.Thread(target=_follow, args=(stop, stopping), daemon=True).start()
    workers = min(len(os.sched_getaffinity(0)), MOST)
    accepted = True
    with (
        progress() as bar,
        ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(stopping,)) as pool,
    ):
        task = bar.add_task("sending", total=len(EXAMPLES) + count(slices=slices))
        sent = {pool.submit(_send, peer, kind, slices, today): kind for kind in (*KINDS, PACKAGED)}
        for one in as_completed(sent):
            refused = one.result()
            for line in refused or ():
                click.echo(f"not accepted: {line}", err=True)
            accepted &= refused == []
            bar.advance(task, len(EXAMPLES) if sent[one] == PACKAGED else count([sent[one]], slices))
    return accepted


def _follow(stop: threading.Event, stopping: Event) -> None:
    stop.wait()
    stopping.set()


def _begin(stopping: Event) -> None:
    """Prepare a process: who stops the program stops it through the event."""
    global _stopping  # noqa: PLW0603 - what a process is started with
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _stopping = stopping


def _send(peer: Peer, kind: str, slices: int | None, today: dt.date) -> list[str] | None:
    """Send the studies of a kind; return what was not accepted, None if it was stopped before its end."""
    if _stopping.is_set():
        return None
    refused: list[str] = []
    association: ClientAssociation | None = None
    with contextlib.ExitStack() as open_one:
        for made in _data_sets(kind, slices, today):
            if _stopping.is_set():
                return None
            syntax = str(made.file_meta.TransferSyntaxUID)
            if association is None or not association.accepts(made.SOPClassUID, syntax):
                open_one.close()
                wanted = [Proposal(made.SOPClassUID, (syntax,))]
                association = open_one.enter_context(connect(peer, wanted, calling_aet="SCANNER"))
            refused += _store(association, made, syntax)
    return refused


def _store(association: ClientAssociation, made: Dataset, syntax: str) -> list[str]:
    response = association.store(
        _encoded(made), sop_class_uid=made.SOPClassUID, sop_instance_uid=made.SOPInstanceUID, transfer_syntax_uid=syntax
    )
    status = response.Status
    if status is None or category(status) is StatusCategory.FAILURE:
        return [f"{made.SOPInstanceUID} ({response.ErrorComment or status})"]
    return []


def _encoded(made: Dataset) -> bytes:
    """Return the data set without file meta information."""
    syntax = made.file_meta.TransferSyntaxUID
    out = DicomBytesIO()
    out.is_implicit_VR, out.is_little_endian = syntax.is_implicit_VR, syntax.is_little_endian
    write_dataset(out, made)
    return out.getvalue()


def _data_sets(kind: str, slices: int | None, today: dt.date) -> Iterator[Dataset]:
    """Yield the objects of a kind as they are made, or pydicom's packaged examples that are there."""
    if kind != PACKAGED:
        yield from studies(SEED, [kind], slices, today)
        return
    for name in EXAMPLES:
        path = get_testdata_file(name, download=False)
        if path is None:
            continue
        try:
            yield dcmread(str(path))
        except InvalidDicomError:
            continue
