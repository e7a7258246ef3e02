"""The composition root: one node is an archive, a DICOM server and a web server, in one or several worker processes.

Owns sockets being bound, workers being started and everything being stopped in order; must not know any protocol.
"""

import gc
import ipaddress
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing.context import SpawnContext
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from isocenter.archive import Archive, Instance
from isocenter.errors import ConfigurationError
from isocenter.index.peers import KnownPeer
from isocenter.index.subscriptions import Deliveries
from isocenter.net.client import ClientAssociation, Proposal, Timeouts, connect
from isocenter.net.commit import REPORT_PROPOSAL
from isocenter.net.credentials import Credentials
from isocenter.net.delivery import Delivery
from isocenter.net.gate import Gate
from isocenter.net.observer import Counters
from isocenter.net.peer import Peer
from isocenter.net.server import DicomServer, Listener
from isocenter.net.tls import https_context, server_context
from isocenter.net.ups_reports import PROPOSAL, ReportAssociation
from isocenter.net.verification import verify
from isocenter.services.commit import CommitService
from isocenter.services.echo import EchoService
from isocenter.services.find import FindService
from isocenter.services.get import GetService
from isocenter.services.move import MoveService
from isocenter.services.mpps import MppsService
from isocenter.services.outgoing import Outgoing
from isocenter.services.service import Service
from isocenter.services.store import StoreService
from isocenter.services.ups import UpsService
from isocenter.services.ups_reports import UpsReports
from isocenter.services.worklist import WorklistService
from isocenter.settings import OFF, Settings
from isocenter.storage import ObjectFile
from isocenter.ups.reports import GOING_DOWN, RESTARTED
from isocenter.web.app import create_app
from isocenter.web.server import HttpServer
from isocenter.web.transcode import transcoded

log = logging.getLogger(__name__)

#: How many ports after the wanted one are tried where that is allowed.
PORTS_TRIED = 50
#: Seconds that a busy thread may keep the interpreter from one that has data waiting. A store gives it up some ten
#: times (at each read, write and sync), so with Python's 5 ms one thread that computes would slow it down fivefold.
SWITCH_INTERVAL = 0.0002
#: New containers until the collector of cycles looks for garbage. An answer is made of thousands of small ones that are
#: in no cycle: at Python's 700 the looking takes up to two fifths of the time of a search.
COLLECT_AFTER = 10_000
BACKLOG = 1024
#: Short, since a result that was not taken is offered again.
_DELIVERY_TIMEOUTS = Timeouts(5.0, 5.0, 10.0)
#: A peer that is told of work items has less time than others: its reports wait in the index.
REPORT_TIMEOUTS = Timeouts(connect=5.0, associate=10.0, response=30.0)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running node is."""

    aet: str
    host: str
    dicom_port: int | None
    http_port: int
    dicom_tls_host: str = ""
    dicom_tls_port: int | None = None
    https: bool = False

    @property
    def url(self) -> str:
        """The viewer's URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.https else ''}://{host}:{self.http_port}"

    def as_json(self) -> dict[str, object]:
        """Return it as one JSON object."""
        return {
            **asdict(self),
            "dicomweb": f"{self.url}/dicom-web",
            "viewer": f"{self.url}/",
            "docs": f"{self.url}/docs",
        }


def check_host(settings: Settings) -> None:
    """Refuse addresses that others can reach, unless that is wanted, or who calls there has to show a certificate.

    Raises:
        ConfigurationError: an address is not loopback and ``insecure`` is off.
    """
    if not _is_loopback(settings.host) and not settings.insecure:
        raise ConfigurationError(
            f"{settings.host} can be reached by others, and there are no users yet; "
            "listen on 127.0.0.1, or add --insecure if the network is yours alone"
        )
    host = settings.dicom_tls_host
    proven = settings.tls_client_certificates == "required"
    if host and not _is_loopback(host) and not proven and not settings.insecure:
        raise ConfigurationError(
            f"{host} can be reached by others, and callers need no certificate (tls_client_certificates); "
            "require one, or add --insecure if the network is yours alone"
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise ConfigurationError(
            f"{host!r} is no IP address; use 127.0.0.1, ::1 or an address of this machine"
        ) from error


def bind(host: str, port: int, option: str, *, others: bool) -> socket.socket:
    """Return a listening socket on the port, or with ``others`` on the next free one after it.

    Raises:
        ConfigurationError: the port is taken or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, min(port + PORTS_TRIED, 65536)) if others and port else [port]:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, candidate))
            sock.listen(BACKLOG)
        except OSError as error:
            sock.close()
            reason = error.strerror
        else:
            return sock
    raise ConfigurationError(f"cannot listen on {host} port {port}: {reason}; choose another with {option}")


class DicomMetrics(Collector):
    """What the DICOM node counts, for Prometheus."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        """Return one gauge per counter of this process."""
        for name, value in self._counters.snapshot().items():
            yield GaugeMetricFamily(f"isocenter_dicom_{name}".lower(), "Counted by the DICOM node", value)


class Sockets(NamedTuple):
    """What a node listens on; a DICOM port may be off."""

    dicom: socket.socket | None
    dicom_tls: socket.socket | None
    http: socket.socket

    def close(self) -> None:
        """Close all."""
        for sock in self:
            if sock is not None:
                sock.close()


def bind_all(settings: Settings, *, others: bool) -> Sockets:
    """Return the listening sockets of a node.

    Raises:
        ConfigurationError: a port is taken or may not be used, or there is no DICOM port at all.
    """
    plain, tls = settings.dicom_port, settings.dicom_tls_port
    if plain == OFF and tls == OFF:
        raise ConfigurationError("dicom_port and dicom_tls_port are both off; a node listens on one of them")
    tls_host = settings.dicom_tls_host or settings.host
    return Sockets(
        None if plain == OFF else bind(settings.host, plain, "--dicom-port", others=others),
        None if tls == OFF else bind(tls_host, tls, "--dicom-tls-port", others=others),
        bind(settings.host, settings.http_port, "--http-port", others=others),
    )


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
        """Serve until ``stop`` is set; ``ready`` is set when everything answers."""
        with closing(self._sockets):
            if self.settings.workers == 1:
                serve_here(self.settings, self._sockets, ready, stop, alone=True)
            else:
                self._supervise(ready, stop)

    def _supervise(self, ready: threading.Event, stop: threading.Event) -> None:
        """Keep as many worker processes running as the settings say.

        Raises:
            ConfigurationError: a worker ended before it could serve; another would, too.
        """
        self._announce(RESTARTED)  # which migrates once, before all
        context = multiprocessing.get_context("spawn")
        workers = [_Worker(context, self.settings, self._sockets) for _ in range(self.settings.workers)]
        try:
            for worker in workers:
                worker.wait_until_ready(stop)
            ready.set()
            wake, waker = context.Pipe(duplex=False)
            threading.Thread(target=_tell_when_set, args=(stop, waker), daemon=True).start()
            while not stop.is_set():
                multiprocessing.connection.wait([wake, *(worker.process.sentinel for worker in workers)])
                for index, worker in enumerate(workers):
                    if not worker.process.is_alive() and not stop.is_set():
                        log.error(
                            "worker %d ended with %s; starting another", worker.process.pid, worker.process.exitcode
                        )
                        workers[index] = _Worker(context, self.settings, self._sockets)
                        workers[index].wait_until_ready(stop)
            self._announce(GOING_DOWN)
        finally:
            for worker in workers:
                worker.process.terminate()
            for worker in workers:
                worker.process.join(self.settings.shutdown_seconds + 5)
                worker.process.kill()

    def _announce(self, status: str) -> None:
        """Tell who follows all work items what this node does."""
        with Archive.open(Path(self.settings.data), self.settings) as archive:
            archive.subscriptions.announce(status)


def _tell_when_set(event: threading.Event, pipe: multiprocessing.connection.Connection) -> None:
    event.wait()
    pipe.send(None)


class _Worker:
    """A worker process, and the pipe by which it says that it serves."""

    def __init__(self, context: SpawnContext, settings: Settings, sockets: Sockets) -> None:
        self._ready, theirs = context.Pipe(duplex=False)
        self.process = context.Process(target=run_worker, args=(settings, sockets, theirs))
        self.process.start()
        theirs.close()

    def wait_until_ready(self, stop: threading.Event) -> None:
        """Return once it serves.

        Raises:
            ConfigurationError: it ended before.
        """
        try:
            self._ready.recv()
        except EOFError as error:
            if not stop.is_set():
                raise ConfigurationError("a worker process could not start; the lines above say why") from error


def run_worker(settings: Settings, sockets: Sockets, announce: multiprocessing.connection.Connection) -> None:
    """Be one worker process; ends on SIGTERM."""
    configure_logging(settings)
    ready = threading.Event()
    with stop_on_signals() as stop:
        threading.Thread(target=_tell_when_set, args=(ready, announce), daemon=True).start()
        threading.Thread(target=_end_with_parent, daemon=True).start()
        serve_here(settings, sockets, ready, stop)


def _end_with_parent() -> None:
    """End at once when the supervising process has died, or its successor would find the ports taken."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


class Contexts(NamedTuple):
    """What a node speaks TLS with, where it does."""

    dicom: ssl.SSLContext | None
    web: ssl.SSLContext | None

    @classmethod
    def of(cls, settings: Settings) -> "Contexts":
        """Return the contexts that the settings ask for.

        Raises:
            ConfigurationError: settings are missing, or a certificate, key or CA cannot be used.
        """
        return cls(
            None if settings.dicom_tls_port == OFF else server_context(settings),
            https_context(settings) if settings.https else None,
        )


def serve_here(
    settings: Settings, sockets: Sockets, ready: threading.Event, stop: threading.Event, *, alone: bool = False
) -> None:
    """Serve in this process until ``stop`` is set; ``alone``: this process is the whole node."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.set_threshold(COLLECT_AFTER)
    tls = Contexts.of(settings)
    listeners = [Listener(sock, context) for sock, context in ((sockets.dicom, None), (sockets.dicom_tls, tls.dicom))
                 if sock is not None]  # fmt: skip
    with Archive.open(Path(settings.data), settings) as archive:
        archive.start_background()
        counters = Counters()
        gate = Gate(archive.peers, only_known=settings.known_peers_only)
        server = DicomServer(settings, services_of(archive, settings), listeners, counters, gate)
        app = create_app(
            archive,
            settings,
            collectors=[DicomMetrics(counters)],
            previews=Path(settings.data) / "previews",
            echo=partial(_echo, settings),
        )
        web = HttpServer(app, sockets.http, grace=settings.shutdown_seconds, tls=tls.web)
        delivery = delivery_of(archive, settings)
        delivery.start()
        threads = [
            threading.Thread(target=server.serve, name="dicom-accept"),
            threading.Thread(target=web.run, name="http"),
        ]
        for thread in threads:
            thread.start()
        reports = ups_reports_of(archive, settings)
        reports.start()
        try:
            web.started.wait()
            if alone:
                archive.subscriptions.announce(RESTARTED)
            ready.set()
            stop.wait()
            if alone:
                archive.subscriptions.announce(GOING_DOWN)
        finally:
            web.stop()
            server.stop(settings.shutdown_seconds)
            reports.stop()
            for thread in threads:
                thread.join()
            delivery.stop()


def delivery_of(archive: Archive, settings: Settings) -> Delivery:
    """Return the worker that delivers results of storage commitment."""

    def call(known: KnownPeer) -> ClientAssociation:
        peer = Peer(known.aet, known.host, known.port)
        return connect(
            peer, [REPORT_PROPOSAL], calling_aet=settings.aet, timeouts=_DELIVERY_TIMEOUTS,
            credentials=Credentials.towards(known, settings),
        )  # fmt: skip

    return Delivery(archive.commitments, archive.peers, call, settings.aet)


def _echo(settings: Settings, known: KnownPeer) -> tuple[float, float]:
    """Ask a known peer whether it answers, for the management API."""
    peer = Peer(known.aet, known.host, known.port)
    took = verify(peer, settings.aet, credentials=Credentials.towards(known, settings))
    return took.associate_ms, took.echo_ms


def services_of(archive: Archive, settings: Settings) -> list[Service]:
    """Return the DIMSE services of a node."""
    outgoing = Outgoing(archive, partial(_transcode, archive))
    return [
        EchoService(),
        StoreService(archive, settings),
        FindService(archive, settings),
        MoveService(archive, archive.peers, outgoing, partial(_connect, settings), settings),
        GetService(archive, outgoing),
        WorklistService(archive.worklist, settings),
        MppsService(archive.performed),
        CommitService(archive.commitments, settings),
        UpsService(archive.work_items, archive.subscriptions, archive.peers, settings),
    ]


def ups_reports_of(archive: Archive, settings: Settings) -> UpsReports:
    """Return who tells known peers of work items."""

    def connect_for_reports(known: KnownPeer) -> ReportAssociation:
        peer, credentials = Peer(known.aet, known.host, known.port), Credentials.towards(known, settings)
        return ReportAssociation(
            connect(peer, [PROPOSAL], calling_aet=settings.aet, timeouts=REPORT_TIMEOUTS, credentials=credentials)
        )

    deliveries = Deliveries(archive.index.database, "dimse")
    tidy = partial(archive.work_items.forget, settings.workitem_days)
    return UpsReports(deliveries, archive.peers, connect_for_reports, archive.reported, tidy)


def _connect(settings: Settings, known: KnownPeer, pairs: Sequence[tuple[str, str]]) -> ClientAssociation:
    """Open an association with a peer, to send it objects."""
    proposals = [Proposal(abstract_syntax, (syntax,)) for abstract_syntax, syntax in pairs]
    peer = Peer(known.aet, known.host, known.port)
    return connect(peer, proposals, calling_aet=settings.aet, credentials=Credentials.towards(known, settings))


def _transcode(archive: Archive, instance: Instance, syntax: str) -> ObjectFile:
    """Return an object as a file in another transfer syntax."""
    return transcoded(archive, instance, syntax).opener()


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Give an event that SIGINT or SIGTERM sets; a second signal ends the process at once.

    The interpreter writes each signal to a socket at once, where a thread waits. A handler in Python would run when
    the main thread comes back to it: not at all if the signal came just before that began to wait.
    """
    stop = threading.Event()
    receiver, sender = socket.socketpair()
    sender.setblocking(False)

    def watch() -> None:
        if receiver.recv(1):
            stop.set()
            if again := receiver.recv(1):
                os._exit(128 + again[0])

    thread = threading.Thread(target=watch, name="signals", daemon=True)
    previous = {number: signal.signal(number, _note) for number in (signal.SIGINT, signal.SIGTERM)}
    before = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    thread.start()
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        sender.close()
        thread.join()
        receiver.close()


def _note(_number: int, _frame: FrameType | None) -> None:
    """Have the interpreter take a signal."""


def configure_logging(settings: Settings) -> None:
    """Log to standard error at the level set."""
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    for name in ("alembic", "uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
