"""``isocenter demo``: an archive with demonstration studies, sent to it over the network as a scanner would."""

import datetime as dt
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.errors import InvalidDicomError

from isocenter.cli.node import Node
from isocenter.cli.options import resolve, setting_options
from isocenter.cli.output import progress
from isocenter.cli.process import configure_logging, stop_on_signals
from isocenter.dimse.status import StatusCategory, category
from isocenter.errors import PeerError, UsageError
from isocenter.net.client import ClientAssociation, Proposal, connect
from isocenter.net.peer import Peer
from isocenter.phantom import count, studies
from isocenter.settings import OFF

#: pydicom's packaged examples that show something: name below its ``test_files``.
EXAMPLES = ("CT_small.dcm", "MR_small.dcm", "examples_rgb_color.dcm", "examples_overlay.dcm", "examples_ybr_color.dcm",
            "examples_palette.dcm", "examples_jpeg2k.dcm", "JPEG-LL.dcm", "rtplan.dcm", "reportsi.dcm")  # fmt: skip
SEED = 1
#: The day of the first start: studies keep it when an interrupted start sends again.
DAY = "demonstration-day"
#: Written when everything was sent, so that the next start sends nothing.
MARK = "demonstration-studies-sent"


@click.command(name="demo")
@setting_options("data", "http_port", "dicom_port", "aet", "log_level")
@click.option("--open", "open_browser", is_flag=True, help="Open the viewer in the browser.")
@click.option("--slices", type=click.IntRange(1), help="Fewer images per phantom, for a quicker start.")
@click.option("--exit", "exit_when_sent", is_flag=True, help="Stop when everything is sent, for trying it unattended.")
def command(*, config: Path | None, open_browser: bool, slices: int | None, exit_when_sent: bool, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Start an archive in the folder .demo and send demonstration studies to it.

    The studies of `isocenter phantom` are generated and sent over a DICOM association; watch them
    arrive in the viewer. Ports that are taken are replaced by the next free ones. Ctrl-C stops.

    \b
    Example: isocenter demo --open
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    given = {**given, "data": given["data"] or ".demo/data", "log_level": given["log_level"] or "WARNING"}
    settings = resolve(config, given)
    if settings.dicom_port == OFF:
        raise UsageError("the demonstration sends over the plain DICOM port; give it one with --dicom-port")
    node = Node(settings, other_ports=True)
    configure_logging(settings)
    ready = threading.Event()
    with stop_on_signals() as stop:
        guide = threading.Thread(
            target=_guide,
            args=(node, ready, stop),
            kwargs={"browser": open_browser, "slices": slices, "leave": exit_when_sent},
        )
        guide.start()
        try:
            node.run(ready, stop)
        finally:
            stop.set()
            ready.set()
            guide.join()
    click.echo("stopped", err=True)


def _guide(
    node: Node, ready: threading.Event, stop: threading.Event, *, browser: bool, slices: int | None, leave: bool
) -> None:
    """Say where the node is, open the browser, send what is not there yet."""
    ready.wait()
    if stop.is_set():
        return
    addresses = node.addresses
    for option, wanted, got in (
        ("DICOM port", node.wanted_ports[0], addresses.dicom_port),
        ("HTTP port", node.wanted_ports[1], addresses.http_port),
    ):
        if wanted not in {0, got}:
            click.echo(f"{option} {wanted} is taken; using {got}")
    click.echo(f"DICOM     {addresses.aet} at {addresses.host} port {addresses.dicom_port}")
    click.echo(f"DICOMweb  {addresses.url}/dicom-web")
    click.echo(f"Viewer    {addresses.url}/")
    if browser:
        webbrowser.open(addresses.url)
    mark = Path(node.settings.data) / MARK
    assert addresses.dicom_port is not None
    try:
        if not mark.exists() and _send(
            Peer(addresses.aet, addresses.host, addresses.dicom_port), slices, _day(mark.with_name(DAY)), stop
        ):
            mark.touch()
            click.echo(f"All were accepted; look at them at {addresses.url}/")
    except PeerError as error:
        click.echo(f"isocenter: {error}", err=True)
    if leave:
        stop.set()
    elif not stop.is_set():
        click.echo("Ctrl-C stops")


def _day(path: Path) -> dt.date:
    """Return the day that is kept in ``path``, today if it is new."""
    if not path.exists():
        path.write_text(dt.datetime.now(dt.UTC).date().isoformat(), "ascii")
    return dt.date.fromisoformat(path.read_text("ascii"))


def _send(peer: Peer, slices: int | None, today: dt.date, stop: threading.Event) -> bool:
    """Generate and send everything; tell whether it was all accepted."""
    click.echo("Sending the demonstration studies, as a scanner would ...")
    accepted = True
    with progress() as bar:
        task = bar.add_task("sending", total=len(EXAMPLES) + count(slices=slices))
        association: ClientAssociation | None = None
        for ds in _data_sets(slices, today):
            if stop.is_set():
                accepted = False
                break
            syntax = str(ds.file_meta.TransferSyntaxUID)
            if association is None or not association.accepts(ds.SOPClassUID, syntax):
                if association is not None:
                    association.release()
                association = connect(peer, [Proposal(ds.SOPClassUID, (syntax,))], calling_aet="SCANNER")
            accepted &= _store(association, ds, syntax)
            bar.advance(task)
        if association is not None:
            association.release()
    return accepted


def _store(association: ClientAssociation, ds: Dataset, syntax: str) -> bool:
    response = association.store(
        _encoded(ds), sop_class_uid=ds.SOPClassUID, sop_instance_uid=ds.SOPInstanceUID, transfer_syntax_uid=syntax
    )
    status = response.Status
    if status is None or category(status) is StatusCategory.FAILURE:
        click.echo(f"not accepted: {ds.SOPInstanceUID} ({response.ErrorComment or status})", err=True)
        return False
    return True


def _encoded(ds: Dataset) -> bytes:
    """Return the data set without file meta information."""
    from pydicom.filebase import DicomBytesIO  # noqa: PLC0415 - with its writer, not needed to start
    from pydicom.filewriter import write_dataset  # noqa: PLC0415

    syntax = ds.file_meta.TransferSyntaxUID
    out = DicomBytesIO()
    out.is_implicit_VR, out.is_little_endian = syntax.is_implicit_VR, syntax.is_little_endian
    write_dataset(out, ds)
    return out.getvalue()


def _data_sets(slices: int | None, today: dt.date) -> Iterator[Dataset]:
    """Yield pydicom's packaged examples that are there, then the phantoms as they are made."""
    for name in EXAMPLES:
        path = get_testdata_file(name, download=False)
        if path is None:
            continue
        try:
            yield dcmread(str(path))
        except InvalidDicomError:
            continue
    yield from studies(SEED, slices=slices, today=today)
