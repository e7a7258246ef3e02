"""Ingest: from the bytes of one object to an acknowledged one.

A reception writes the data set as it comes, in its transfer syntax, behind file meta information of ours; keeps its
head for the header scan; and at the end checks it, makes it durable and files it. Small objects are kept in memory
until the check, so what is refused never touches the disk. Knows storage and index, no protocol.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Literal

import xxhash

from isocenter.arrivals import Arrivals
from isocenter.conflicts import difference
from isocenter.dicom.encoding import UNDEFINED, encoding_of, read_header
from isocenter.dicom.part10 import FileMeta, read_preamble_and_meta, write_file_meta
from isocenter.dicom.scanner import ScanResult
from isocenter.dicom.uids import TransferSyntax, transfer_syntax
from isocenter.errors import DirectoryError, InvalidObjectError, IsocenterError, MismatchError
from isocenter.index.conflicts import ConflictKind
from isocenter.index.entry import Entry, Instance
from isocenter.index.header import RawHeader
from isocenter.index.index import Index
from isocenter.inspection import (
    HEAD_LENGTH,
    Identifiers,
    identifiers_of,
    identify,
    read_whole,
    require_identifiers,
    scan_head,
)
from isocenter.storage.storage import Buffer, Storage, Upload


@dataclass(frozen=True, slots=True)
class Source:
    """Where an object comes from."""

    kind: Literal["dimse", "web", "import"]
    calling_aet: str = ""
    address: str = ""


class Outcome(Enum):
    """What became of an object; all three mean that its bytes are safe."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The acknowledgement of an object; ``warnings`` are for people. Without study and series: a non-patient object."""

    outcome: Outcome
    StudyInstanceUID: str
    SeriesInstanceUID: str
    SOPInstanceUID: str
    SOPClassUID: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """Where receptions put what they receive, and what notes that they do."""

    storage: Storage
    index: Index
    arrivals: Arrivals


class Reception:
    """One data set on its way in; used by one thread, many at once.

    ``write`` never raises for lack of room: the peer goes on sending, and ``finish`` tells.
    """

    def __init__(
        self,
        intake: Intake,
        source: Source,
        syntax: TransferSyntax,
        sop_class_uid: str = "",
        sop_instance_uid: str = "",
        study_instance_uid: str = "",
    ) -> None:
        self._intake = intake
        self._source = source
        self._syntax = syntax
        self._announced = {
            "SOPClassUID": sop_class_uid,
            "SOPInstanceUID": sop_instance_uid,
            "StudyInstanceUID": study_instance_uid,
        }
        self._head = bytearray()
        self._length = 0
        self._offset = 0  # of the data set in the file
        self._hash = xxhash.xxh3_128()
        self._upload: Upload | None = None
        self._found: ScanResult | None = None
        self._failure: IsocenterError | None = None

    def write(self, *chunks: Buffer) -> None:
        """Take the next bytes; the buffers may be reused after the return."""
        for chunk in chunks:
            self._hash.update(chunk)
            self._length += len(chunk)
        self._intake.arrivals.note()
        if self._failure is not None:
            return
        if self._upload is None and self._length <= HEAD_LENGTH:
            for chunk in chunks:
                self._head += chunk
            return
        try:
            if self._upload is None:
                self._begin_file(chunks)
            else:
                self._upload.write(chunks)
        except IsocenterError as error:
            self._fail(error)

    def finish(self) -> Receipt:
        """Check the object, make it durable, file it; return when it is safe.

        Raises:
            InvalidObjectError: it is no DICOM object that can be stored, or it is cut short.
            MismatchError: it is not the object that was announced.
            OutOfResourcesError: there is no room.
        """
        if self._failure is not None:
            raise self._failure
        try:
            header = self._check()
            identifiers = self._identify(header)
            entry = self._store(header, identifiers)
        except BaseException:
            self.discard()
            raise
        return file(self._intake, entry)

    def discard(self) -> None:
        """Forget what was received; never raises."""
        upload, self._upload = self._upload, None
        if upload is not None:
            upload.discard()

    def _fail(self, error: IsocenterError) -> None:
        self._failure = error
        self.discard()

    def _begin_file(self, chunks: tuple[Buffer, ...]) -> None:
        """Leave memory for a file: the UIDs for its head are at the start of what is here."""
        room = HEAD_LENGTH - len(self._head)
        before = bytes(self._head)
        for chunk in chunks:
            self._head += chunk[:room]
            room = HEAD_LENGTH - len(self._head)
        self._found = scan_head(self._head, self._syntax)
        meta = self._file_meta(identifiers_of(RawHeader(self._found.values, self._syntax)))
        self._upload = self._intake.storage.create()
        self._upload.write([meta, before, *chunks])

    def _file_meta(self, identifiers: Identifiers) -> bytes:
        require_identifiers(identifiers, "SOPClassUID", "SOPInstanceUID")
        meta = write_file_meta(
            identifiers["SOPClassUID"], identifiers["SOPInstanceUID"], self._syntax.uid, self._source.calling_aet
        )
        self._offset = len(meta)
        return meta

    def _check(self) -> RawHeader:
        """Return the header of a data set that is whole."""
        if not self._length:
            raise InvalidObjectError("there is no data set")
        found = self._found or scan_head(self._head, self._syntax)
        if self._syntax.deflated or not self._ends_with(found):
            with self._all() as data:
                found = read_whole(data, self._syntax, found if found.complete else None)
        return RawHeader(found.values, self._syntax)

    def _ends_with(self, found: ScanResult) -> bool:
        """Tell at a glance whether the element at which the scan stopped is the last one, and whole."""
        if not found.complete:
            return found.position == self._length
        if found.position + 12 > len(self._head):
            return False
        element = read_header(self._head, found.position, len(self._head), encoding_of(self._syntax))
        return element.length != UNDEFINED and element.offset + element.length == self._length

    @contextlib.contextmanager
    def _all(self) -> Iterator[Buffer]:
        """Give the whole data set to read."""
        if self._upload is None:
            yield self._head
            return
        with self._upload.view() as data, memoryview(data)[self._offset :] as data_set:
            yield data_set

    def _identify(self, header: RawHeader) -> Identifiers:
        """Return the UIDs of the object, which are valid and those that were announced."""
        identifiers = identify(header)
        for keyword, announced in self._announced.items():
            if announced and announced != identifiers[keyword]:
                found = identifiers[keyword] or "none"
                raise MismatchError(f"{keyword} of the data set is {found}, announced was {announced}")
        return identifiers

    def _store(self, header: RawHeader, identifiers: Identifiers) -> Entry:
        """Make the object durable and describe it for the index."""
        if self._upload is None:
            meta = self._file_meta(identifiers)
            self._upload = self._intake.storage.create()
            self._upload.write([meta, self._head])
        location = self._upload.commit(self._hash.digest())
        self._upload = None
        return Entry(
            **identifiers,
            transfer_syntax_uid=self._syntax.uid,
            header=header,
            location=location,
            size=self._offset + self._length,
            data_set_offset=self._offset,
            hash=self._hash.digest(),
            received=time.time_ns() // 1_000_000,
        )


class FileReception:
    """One Part 10 stream on its way in, with or without preamble and file meta information.

    The data set is kept as it is; file meta information is written anew from it. Same use as ``Reception``.
    """

    def __init__(self, intake: Intake, source: Source, study_instance_uid: str = "") -> None:
        self._intake = intake
        self._source = source
        self._study_instance_uid = study_instance_uid
        self._head = bytearray()
        self._data_set: Reception | None = None
        self._meta: FileMeta | None = None
        self._failure: IsocenterError | None = None

    @property
    def file_meta(self) -> FileMeta | None:
        """What the file meta information says, as soon as it is here; also of what is refused later."""
        return self._meta

    def write(self, *chunks: Buffer) -> None:
        """Take the next bytes; the buffers may be reused after the return."""
        if self._data_set is not None:
            self._data_set.write(*chunks)
        elif self._failure is None:
            for chunk in chunks:
                self._head += chunk
            self._begin(final=False)

    def finish(self) -> Receipt:
        """As ``Reception.finish``."""
        if self._data_set is None and self._failure is None:
            self._begin(final=True)
        if self._failure is not None:
            raise self._failure
        assert self._data_set is not None
        assert self._meta is not None
        receipt = self._data_set.finish()
        if self._meta.sop_instance_uid not in {"", receipt.SOPInstanceUID}:
            warning = f"the file meta information named another object, {self._meta.sop_instance_uid}"
            return Receipt(
                receipt.outcome,
                receipt.StudyInstanceUID,
                receipt.SeriesInstanceUID,
                receipt.SOPInstanceUID,
                receipt.SOPClassUID,
                (*receipt.warnings, warning),
            )
        return receipt

    def discard(self) -> None:
        """As ``Reception.discard``."""
        if self._data_set is not None:
            self._data_set.discard()

    def _begin(self, *, final: bool) -> None:
        """Go on to the data set as soon as the head of the file is whole."""
        try:
            meta = read_preamble_and_meta(self._head, final=final)
        except InvalidObjectError as error:
            self._failure = error
            return
        if meta is not None and meta.is_directory:
            self._failure = DirectoryError("this is a DICOMDIR, a list of files and no object")
        elif meta is not None:
            self._meta = meta
            syntax = transfer_syntax(meta.transfer_syntax_uid)
            self._data_set = Reception(self._intake, self._source, syntax, study_instance_uid=self._study_instance_uid)
            self._data_set.write(memoryview(self._head)[meta.data_set_offset :])
            self._head = bytearray()


#: What a receipt says about conflicts: no patient's data, for it goes to logs and peers.
_WARNINGS = {
    ConflictKind.PATIENT: "its PatientID belongs to another patient too; see the conflict list",
    ConflictKind.STUDY_PATIENT: "its study belongs to another patient; see the conflict list",
}


def file(intake: Intake, entry: Entry) -> Receipt:
    """File a stored object; one whose UID is known is either the same again, or a conflict."""
    try:
        filed = intake.index.file(entry)
    except BaseException:
        with contextlib.suppress(IsocenterError):  # where nobody can tell, the bytes stay and a check finds them
            if not intake.index.knows(entry.location):
                intake.storage.delete([entry.location])
        raise
    outcome, warnings = Outcome.STORED, [_WARNINGS[kind] for kind in filed.conflicts]
    if filed.existing is not None and filed.existing.location != entry.location:
        reason = _decide(intake, filed.existing, entry)
        outcome = Outcome.CONFLICT if reason else Outcome.DUPLICATE
        warnings += [reason] if reason else []
    return Receipt(
        outcome,
        entry.StudyInstanceUID,
        entry.SeriesInstanceUID,
        entry.SOPInstanceUID,
        entry.SOPClassUID,
        tuple(warnings),
    )


def _decide(intake: Intake, first: Instance, entry: Entry) -> str:
    """Keep what must be kept of an object whose UID is known; return "" for a duplicate, else what is in conflict."""
    reason = difference(intake.storage, first, entry)
    if reason:
        if not intake.index.keep_conflict(entry, reason):
            intake.storage.delete([entry.location])
    elif intake.storage.size(first.location) == first.size:
        intake.storage.delete([entry.location])
    else:  # the first one's file is gone or cut short: this one takes its place
        intake.index.move(first, entry)
    return reason
