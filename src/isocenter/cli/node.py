"""The composition root: one node is a process that speaks DICOM, and one or several that answer the web.

All have the same archive open. Owns sockets being bound, the parts being started and everything being stopped in
order; must not know any protocol.
"""

import threading
from contextlib import closing
from pathlib import Path

from isocenter.archive import Archive
from isocenter.arrivals import Arrivals
from isocenter.cli.dicom_part import serving_dicom
from isocenter.cli.ports import Addresses, Contexts, bind_all, check_host
from isocenter.cli.process import tune
from isocenter.cli.workers import Workers
from isocenter.net.observer import Counters
from isocenter.settings import OFF, Settings
from isocenter.ups.reports import GOING_DOWN, RESTARTED


class Node:
    """The listening sockets of a node, and what runs behind them."""

    def __init__(self, settings: Settings, *, other_ports: bool = False) -> None:
        check_host(settings)
        Contexts.of(settings)  # what cannot be used is said before anything starts
        #: The DICOM and the HTTP port asked for; others may be in use (``addresses``).
        self.wanted_ports = (settings.dicom_port, settings.http_port)
        self._sockets = bind_all(settings, others=other_ports)
        plain, tls, web = (None if sock is None else int(sock.getsockname()[1]) for sock in self._sockets)
        assert web is not None
        tls_host = settings.dicom_tls_host or settings.host
        self.addresses = Addresses(settings.aet, settings.host, plain, web, tls_host, tls, settings.https)
        self.settings = settings.replace(
            dicom_port=OFF if plain is None else plain, dicom_tls_port=OFF if tls is None else tls, http_port=web
        )

    def run(self, ready: threading.Event, stop: threading.Event) -> None:
        """Serve until ``stop`` is set; ``ready`` is set when everything answers.

        Raises:
            ConfigurationError: a web process could not start.
        """
        tune()
        counters, arrivals = Counters(), Arrivals.shared()
        with closing(self._sockets):
            workers = Workers(self.settings, self._sockets, arrivals, counters.snapshot)
            try:
                with Archive.open(Path(self.settings.data), self.settings, arrivals) as archive:  # migrates, before all
                    archive.start_preparing()
                    self._serve(archive, workers, counters, ready, stop)
            finally:
                workers.stop()
                workers.join()

    def _serve(
        self, archive: Archive, workers: Workers, counters: Counters, ready: threading.Event, stop: threading.Event
    ) -> None:
        with serving_dicom(archive, self.settings, self._sockets, counters):
            workers.start(stop)
            archive.subscriptions.announce(RESTARTED)
            ready.set()
            workers.watch(stop)
            archive.subscriptions.announce(GOING_DOWN)
            workers.stop()
