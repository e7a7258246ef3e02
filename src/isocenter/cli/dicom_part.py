"""The part of a node that speaks DICOM: the services behind its ports, and what calls other nodes by itself."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from isocenter.anonymizing.projects import Projects
from isocenter.archive import Archive, Instance
from isocenter.cli.ports import Contexts, Sockets
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
from isocenter.net.ups_reports import PROPOSAL, ReportAssociation
from isocenter.services.anonymized import anonymized_for
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
from isocenter.settings import Settings
from isocenter.storage import ObjectFile
from isocenter.web.transcode import transcoded

#: Short, since a result that was not taken is offered again.
_DELIVERY_TIMEOUTS = Timeouts(5.0, 5.0, 10.0)
#: A peer that is told of work items has less time than others: its reports wait in the index.
REPORT_TIMEOUTS = Timeouts(connect=5.0, associate=10.0, response=30.0)


@contextmanager
def serving_dicom(archive: Archive, settings: Settings, sockets: Sockets, counters: Counters) -> Iterator[None]:
    """Answer on the DICOM ports, and deliver what others are to be told, inside the block."""
    tls = Contexts.of(settings).dicom
    listeners = [
        Listener(sock, context)
        for sock, context in ((sockets.dicom, None), (sockets.dicom_tls, tls))
        if sock is not None
    ]
    gate = Gate(archive.peers, only_known=settings.known_peers_only)
    server = DicomServer(settings, services_of(archive, settings), listeners, counters, gate)
    accepting = threading.Thread(target=server.serve, name="dicom-accept")
    delivery, reports = delivery_of(archive, settings), ups_reports_of(archive, settings)
    delivery.start()
    accepting.start()
    reports.start()
    try:
        yield
    finally:
        server.stop(settings.shutdown_seconds)
        reports.stop()
        accepting.join()
        delivery.stop()


def services_of(archive: Archive, settings: Settings) -> list[Service]:
    """Return the DIMSE services of a node."""
    outgoing = outgoing_of(archive, settings)
    return [
        EchoService(),
        StoreService(archive, settings),
        FindService(archive, settings),
        MoveService(archive, archive.peers, outgoing, partial(connect_to_send, settings), settings),
        GetService(archive, archive.peers, outgoing),
        WorklistService(archive.worklist, settings),
        MppsService(archive.performed),
        CommitService(archive.commitments, settings),
        UpsService(archive.work_items, archive.subscriptions, archive.peers, settings),
    ]


def outgoing_of(archive: Archive, settings: Settings) -> Outgoing:
    """Return what opens objects for whoever they are sent to."""
    anonymized = partial(anonymized_for, archive, Projects(Path(settings.data)))
    return Outgoing(archive, partial(_transcode, archive), anonymized)


def ups_reports_of(archive: Archive, settings: Settings) -> UpsReports:
    """Return who tells known peers of work items."""

    def connect_for_reports(known: KnownPeer) -> ReportAssociation:
        peer, credentials = Peer(known.aet, known.host, known.port), Credentials.towards(known, settings)
        return ReportAssociation(
            connect(peer, [PROPOSAL], calling_aet=settings.aet, timeouts=REPORT_TIMEOUTS, credentials=credentials)
        )

    deliveries = Deliveries(archive.index.database, "dimse")
    tidy = partial(_forget_what_is_over, archive, settings)
    return UpsReports(deliveries, archive.peers, connect_for_reports, archive.reported, tidy)


def _forget_what_is_over(archive: Archive, settings: Settings) -> None:
    now = datetime.now(UTC).astimezone()  # entries of the worklist have days of here
    archive.work_items.forget(settings.workitem_days)
    archive.worklist.forget(settings.worklist_days, now)
    archive.performed.forget(settings.mpps_days, now)


def connect_to_send(settings: Settings, known: KnownPeer, pairs: Sequence[tuple[str, str]]) -> ClientAssociation:
    """Open an association with a peer, to send it objects."""
    proposals = [Proposal(abstract_syntax, (syntax,)) for abstract_syntax, syntax in pairs]
    peer = Peer(known.aet, known.host, known.port)
    return connect(peer, proposals, calling_aet=settings.aet, credentials=Credentials.towards(known, settings))


def _transcode(archive: Archive, instance: Instance, syntax: str) -> ObjectFile:
    """Return an object as a file in another transfer syntax."""
    return transcoded(archive, instance, syntax).opener()


def delivery_of(archive: Archive, settings: Settings) -> Delivery:
    """Return the worker that delivers results of storage commitment."""

    def call(known: KnownPeer) -> ClientAssociation:
        peer = Peer(known.aet, known.host, known.port)
        return connect(
            peer, [REPORT_PROPOSAL], calling_aet=settings.aet, timeouts=_DELIVERY_TIMEOUTS,
            credentials=Credentials.towards(known, settings),
        )  # fmt: skip

    return Delivery(archive.commitments, archive.peers, call, settings.aet)
