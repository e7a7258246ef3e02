"""``isocenter serve``: start everything and print where it is."""

import datetime as dt
import json
import threading
from pathlib import Path
from typing import Any

import click

from isocenter.cli.options import json_option, resolve, setting_options
from isocenter.cli.process import configure_logging, stop_on_signals
from isocenter.settings import OFF, Settings

_A_DAY = 24 * 60 * 60.0

_OPTIONS = (
    "data", "host", "insecure", "http_port", "dicom_port", "dicom_tls_port", "dicom_tls_host", "tls_certificate",
    "tls_key", "tls_key_passphrase_file", "tls_ca", "tls_crl", "tls_client_certificates", "tls_profile", "https",
    "aet", "workers", "durability", "settle_seconds", "max_pdu", "max_associations", "check_called_aet",
    "accept_unknown_sop_classes", "known_peers_only", "query_keys", "find_limit", "workitem_days",
    "move_associations", "worklist_folder", "worklist_keep_finished", "worklist_days",
    "mpps_days", "commitment_retry_days", "commitment_keep_days",
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
    from isocenter.cli.node import Node  # noqa: PLC0415 - heavy; --help is light

    node = Node(settings)
    configure_logging(settings)
    ready = threading.Event()
    with stop_on_signals() as stop:
        threading.Thread(target=_watch_certificates, args=(settings, stop), daemon=True).start()
        announcer = threading.Thread(target=_announce, args=(node.addresses.as_json(), ready, as_json), daemon=True)
        announcer.start()
        node.run(ready, stop)
    click.echo("stopped", err=True)


def _watch_certificates(settings: Settings, stop: threading.Event) -> None:
    """Warn once a day of certificates that expire soon, where TLS is served."""
    if settings.dicom_tls_port == OFF and not settings.https:
        return
    from isocenter.cli.certificates import warn_of_expiry  # noqa: PLC0415 - where it is needed only

    files = [Path(file) for file in (settings.tls_certificate, settings.tls_ca) if file]
    while True:
        warn_of_expiry(files, dt.datetime.now(dt.UTC))
        if stop.wait(_A_DAY):
            return


def _announce(addresses: dict[str, object], ready: threading.Event, as_json: bool) -> None:
    ready.wait()
    if as_json:
        click.echo(json.dumps(addresses))
        return
    if addresses["dicom_port"] is not None:
        click.echo(f"DICOM     {addresses['aet']} at {addresses['host']} port {addresses['dicom_port']}")
    if addresses["dicom_tls_port"] is not None:
        click.echo(f"DICOM TLS {addresses['aet']} at {addresses['dicom_tls_host']} port {addresses['dicom_tls_port']}")
    click.echo(f"DICOMweb  {addresses['dicomweb']}")
    click.echo(f"Viewer    {addresses['viewer']}")
    click.echo("Ctrl-C stops")
