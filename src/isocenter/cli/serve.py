"""``isocenter serve``: start everything and print where it is."""

import json
import threading
from pathlib import Path
from typing import Any

import click

from isocenter.cli.options import json_option, resolve, setting_options
from isocenter.settings import Settings

_OPTIONS = (
    "data", "host", "insecure", "http_port", "dicom_port", "aet", "workers", "durability", "settle_seconds", "max_pdu",
    "max_associations", "check_called_aet", "accept_unknown_sop_classes", "known_peers_only", "find_limit",
    "worklist_folder", "worklist_keep_finished",
    "artim_seconds", "idle_seconds", "shutdown_seconds", "log_level",
)  # fmt: skip


@click.command(name="serve")
@setting_options(*_OPTIONS)
@json_option
def command(*, config: Path | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Start the archive: DICOM node, DICOMweb, management API and viewer.

    It listens on this machine only unless told otherwise, keeps everything in one data folder, and stops on Ctrl-C
    after running stores have finished.

    \b
    Example: isocenter serve --data /srv/images --aet ARCHIVE1 --http-port 8080 --dicom-port 11112
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    serve(resolve(config, given), as_json=as_json)


def serve(settings: Settings, *, as_json: bool) -> None:
    """Run a node in the foreground."""
    from isocenter.cli.node import Node, configure_logging, stop_on_signals  # noqa: PLC0415 - heavy; --help is light

    node = Node(settings)
    configure_logging(settings)
    ready = threading.Event()
    with stop_on_signals() as stop:
        announcer = threading.Thread(target=_announce, args=(node.addresses.as_json(), ready, as_json), daemon=True)
        announcer.start()
        node.run(ready, stop)
    click.echo("stopped", err=True)


def _announce(addresses: dict[str, object], ready: threading.Event, as_json: bool) -> None:
    ready.wait()
    if as_json:
        click.echo(json.dumps(addresses))
        return
    click.echo(f"DICOM     {addresses['aet']} at {addresses['host']} port {addresses['dicom_port']}")
    click.echo(f"DICOMweb  {addresses['dicomweb']}")
    click.echo(f"Viewer    {addresses['viewer']}")
    click.echo("Ctrl-C stops")
