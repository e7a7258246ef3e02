"""De-identified objects over DIMSE, made as they go: for peers that get no others, and as the target of jobs.

Nothing is kept of them. What cannot be cleaned is not sent and counts as failed; each retrieval is noted in the audit
trail of its project (PS3.15 Annex E).
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, cast

from isocenter.anonymizing.audit import Event, Who, record
from isocenter.anonymizing.faces import Objects
from isocenter.anonymizing.objects import DELETED, Anonymizer
from isocenter.anonymizing.projects import Projects
from isocenter.anonymizing.reading import nothing_to_check
from isocenter.anonymizing.targets import Take
from isocenter.archive import Instance
from isocenter.deid import Result
from isocenter.deid.report import RunReport
from isocenter.dicom.encoding import Buffer
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.uids import transfer_syntax
from isocenter.dimse.status import StatusCategory, category, describe
from isocenter.errors import NotFoundError, UnsupportedError
from isocenter.index.peers import KnownPeer
from isocenter.services.move import Connect, SubAssociation, sending
from isocenter.services.outgoing import Opens, Outbound, possible_syntaxes
from isocenter.transcoding.files import data_set_offset, transcode_file

#: Larger objects are written to a temporary file.
_SPOOLED = 16 << 20


@contextmanager
def anonymized_for(archive: Objects, projects: Projects, peer: KnownPeer, who: Who) -> Iterator[Opens]:
    """Give what opens objects under a peer's project; at the end the run is noted.

    Raises:
        NotFoundError, ConfigurationError: the project is not there, or its key.
    """
    kept = projects.get(peer.deid_project)
    outgoing = AnonymizedOutgoing(Anonymizer.of(archive, kept))
    try:
        yield outgoing
    finally:
        report = outgoing.report
        if report.outcomes.total():
            studies = tuple(sorted({study for _, study in report.studies}))
            event = Event(
                who, f"to peer {peer.aet}", kept.name, report.policy.name, report.policy.digest(), studies,
                dict(report.outcomes),
            )  # fmt: skip
            record(kept.folder, event)


class AnonymizedOutgoing:
    """Opens objects de-identified, and counts what became of them."""

    def __init__(self, anonymizer: Anonymizer) -> None:
        self._anonymizer = anonymizer
        self.report = RunReport(anonymizer.policy, anonymizer.project.fingerprint())

    @contextmanager
    def open(self, instance: Instance, takes: Callable[[str], bool]) -> Iterator[Outbound]:
        """As ``Outgoing.open``; what cannot be cleaned is an UnsupportedError."""
        with self._anonymizer.open(instance) as found:
            if found.outcome != "output" or found.result is None:
                self.report.add(found.outcome, found.reason, found.result)
                reason = found.reason.partition(":")[0]
                raise UnsupportedError(f"{found.outcome}: {reason}")
            try:
                with outbound(found.result, instance.SOPClassUID, takes) as made:
                    found.check()
                    yield made
            except NotFoundError:
                self.report.add("rejected", DELETED)
                raise
            except BaseException:
                self.report.add("rejected", "it could not be sent")
                raise
            self.report.add("output", "", found.result)


@contextmanager
def outbound(result: Result, sop_class: str, takes: Callable[[str], bool]) -> Iterator[Outbound]:
    """Give a result in a transfer syntax that the receiver takes.

    Raises:
        UnsupportedError: the receiver takes nothing that it can be given in.
    """
    meta = read_preamble_and_meta(result.pieces[0], final=True)
    assert meta is not None
    syntax = meta.transfer_syntax_uid
    if takes(syntax):
        with _spooled(result.pieces[1:]) as file:
            yield Outbound(file, syntax, result.instance)
        return
    failure = UnsupportedError(f"the receiver does not take SOP class {sop_class} in {transfer_syntax(syntax).name}")
    for uid in filter(takes, possible_syntaxes(syntax)):
        try:
            with _spooled(result.pieces) as whole:
                made = transcode_file(whole, uid)
        except UnsupportedError as error:
            failure = error
            continue
        with made:
            made.seek(data_set_offset(made))
            yield Outbound(made, uid, result.instance)
        return
    raise failure


@contextmanager
def _spooled(pieces: Iterable[Buffer]) -> Iterator[BinaryIO]:
    with tempfile.SpooledTemporaryFile(_SPOOLED) as file:
        for piece in pieces:
            file.write(piece)
        file.seek(0)
        yield cast("BinaryIO", file)


class PeerTarget:
    """A peer as the target of a job: results go to it by C-STORE, over an association for each study."""

    def __init__(self, connect: Connect, peer: KnownPeer) -> None:
        self._connect = connect
        self._peer = peer

    @contextmanager
    def open(self, instances: Sequence[Instance]) -> Iterator[Take]:
        """Give what sends.

        Raises:
            PeerError: the peer cannot be reached, as soon as something is to be sent.
        """
        handing = _Handing()
        with sending(SubAssociation(handing, self._connect, self._peer, list(instances), None)) as sender:

            def take(instance: Instance, result: Result, check: Callable[[], None]) -> tuple[str, str]:
                handing.result, handing.check = result, check
                try:
                    code = sender.send_alone(instance)
                except UnsupportedError as error:
                    return "rejected", f"the peer does not take it: {error}"
                if category(code) in {StatusCategory.SUCCESS, StatusCategory.WARNING}:
                    return "output", ""
                return "rejected", f"the peer refused it: {describe(code)}"

            yield take


class _Handing:
    """Opens the result at hand."""

    result: Result | None = None
    check: Callable[[], None] = staticmethod(nothing_to_check)

    @contextmanager
    def open(self, instance: Instance, takes: Callable[[str], bool]) -> Iterator[Outbound]:
        """As ``Outgoing.open``."""
        assert self.result is not None
        with outbound(self.result, instance.SOPClassUID, takes) as made:
            self.check()
            yield made
