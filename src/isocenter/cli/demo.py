"""``isocenter demo``: an archive with demonstration studies, sent to it over the network as scanners would."""

import datetime as dt
import threading
import webbrowser
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import click

from isocenter.cli.demo_studies import send_all
from isocenter.cli.node import Node
from isocenter.cli.options import resolve, setting_options
from isocenter.cli.process import configure_logging, stop_on_signals
from isocenter.errors import PeerError, UsageError
from isocenter.net.peer import Peer
from isocenter.settings import OFF

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

    The studies of `isocenter phantom` are generated and sent over DICOM associations, several at a
    time; watch them arrive in the viewer. Ports that are taken are replaced by the next free ones. Ctrl-C stops.

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
        if not mark.exists() and send_all(
            Peer(addresses.aet, addresses.host, addresses.dicom_port), slices, _day(mark.with_name(DAY)), stop
        ):
            mark.touch()
            click.echo(f"All were accepted; look at them at {addresses.url}/")
    except (PeerError, BrokenProcessPool) as error:
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
