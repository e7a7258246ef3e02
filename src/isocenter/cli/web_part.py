"""The part of a node that speaks HTTP: DICOMweb, management API, viewer, and the work that is done beside."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from isocenter.anonymizing.jobs import Jobs
from isocenter.anonymizing.worker import Worker
from isocenter.archive import Archive
from isocenter.arrivals import Arrivals
from isocenter.cli.dicom_part import connect_to_send, outgoing_of
from isocenter.cli.ports import Contexts, Sockets
from isocenter.index.peers import KnownPeer
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer
from isocenter.net.verification import verify
from isocenter.services.anonymized import PeerTarget
from isocenter.services.sending import send_to
from isocenter.settings import Settings
from isocenter.web.app import create_app
from isocenter.web.server import HttpServer


class DicomMetrics(Collector):
    """What the DICOM part of the node counts, for Prometheus; ``ask`` returns it."""

    def __init__(self, ask: Callable[[], dict[str, int]]) -> None:
        self._ask = ask

    def collect(self) -> Iterator[Metric]:
        """Return one gauge per counter."""
        for name, value in self._ask().items():
            yield GaugeMetricFamily(f"isocenter_dicom_{name}".lower(), "Counted by the DICOM node", value)


def serve_web(
    settings: Settings,
    sockets: Sockets,
    arrivals: Arrivals,
    ask_counters: Callable[[], dict[str, int]],
    ready: Callable[[], None],
    stop: threading.Event,
) -> None:
    """Serve in this process until ``stop`` is set; ``ready`` is called once requests are taken.

    A server that ends by itself sets ``stop``, so that the process does not outlive it.
    """
    tls = Contexts.of(settings).web
    with Archive.open(Path(settings.data), settings, arrivals) as archive:
        archive.start_background()
        jobs = Jobs(archive, Path(settings.data))
        app = create_app(
            archive,
            settings,
            collectors=[DicomMetrics(ask_counters)],
            previews=Path(settings.data) / "previews",
            echo=partial(_echo, settings),
            send=partial(send_to, outgoing_of(archive, settings), partial(connect_to_send, settings)),
            jobs=jobs,
        )
        web = HttpServer(app, sockets.http, grace=settings.shutdown_seconds, tls=tls, began=ready)
        thread = threading.Thread(target=_run, args=(web, stop), name="http")
        thread.start()
        anonymizing = Worker(jobs, partial(PeerTarget, partial(connect_to_send, settings)))
        anonymizing.start()
        try:
            stop.wait()
        finally:
            archive.reported.give()  # that it goes down, as the DICOM part has noted
            web.stop()
            thread.join()
            anonymizing.stop()


def _run(web: HttpServer, stop: threading.Event) -> None:
    try:
        web.run()
    finally:
        stop.set()


def _echo(settings: Settings, known: KnownPeer) -> tuple[float, float]:
    """Ask a known peer whether it answers, for the management API."""
    peer = Peer(known.aet, known.host, known.port)
    took = verify(peer, settings.aet, credentials=Credentials.towards(known, settings))
    return took.associate_ms, took.echo_ms
