"""One object in, one object and its report out (PS3.15 Annex E). Pure: no files, no sockets, no clock.

    >>> from isocenter.deid import Project, anonymize
    >>> result = anonymize(dataset, Project.open(Path("trial")))     # a pydicom data set, or the bytes of a file

What cannot be cleaned is not written: the result's ``status`` is then ``SEQUESTERED`` and ``reason`` says why.
"""

from __future__ import annotations

import io
import zlib
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache, partial
from typing import TYPE_CHECKING, cast

import isocenter.deid.blanking as blanking
import isocenter.deid.gate as gate
import isocenter.deid.identifying as identifying
import isocenter.deid.markers as markers
import isocenter.deid.painting as painting
import isocenter.deid.text as text
from isocenter.deid.bitstreams import clear_fragments
from isocenter.deid.image import Area, Whole
from isocenter.deid.options import Box, BurnedIn, Option, Policy, check_boxes
from isocenter.deid.project import is_registered
from isocenter.deid.rules import Rules
from isocenter.deid.runs import plane_size
from isocenter.deid.tree import Rewriter, SequesterError, Subject, Written
from isocenter.deid.videos import clear_video, is_video
from isocenter.dicom.encoding import Buffer, Element, Encoding, effective_encoding, encoding_of
from isocenter.dicom.header import Header, decode_values
from isocenter.dicom.part10 import read_preamble_and_meta, write_file_meta
from isocenter.dicom.pixels import IMAGE_TAGS
from isocenter.dicom.scanner import inflate, only_padding, scan
from isocenter.dicom.uids import (
    TransferSyntax,
    is_valid_uid,
    transfer_syntax,
)
from isocenter.errors import DirectoryError, InvalidObjectError, IsocenterError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydicom.dataset import Dataset

    from isocenter.deid.faces import Face
    from isocenter.deid.ocr import Recognizer
    from isocenter.deid.project import Project

SOP_CLASS_UID, SOP_INSTANCE_UID = 0x00080016, 0x00080018
STUDY_INSTANCE_UID, SERIES_INSTANCE_UID = 0x0020000D, 0x0020000E
PATIENT_ID, ISSUER, ACCESSION_NUMBER, CHARACTER_SET = 0x00100020, 0x00100021, 0x00080050, 0x00080005
_WANTED = (
    gate.TAGS | markers.TAGS | text.TAGS | IMAGE_TAGS | blanking.TAGS | identifying.TAGS
    | {SOP_INSTANCE_UID, STUDY_INSTANCE_UID, SERIES_INSTANCE_UID, ISSUER, CHARACTER_SET}
    | {painting.LOSSY, painting.METHOD}
)  # fmt: skip
#: Data sets that are copied to be read.
_SMALL = 1 << 16
_LAST, _LARGEST = 0x7FE00000, 1 << 32
#: No deflated data set may become larger.
_INFLATED = 1 << 31


class Status(StrEnum):
    """What became of an object."""

    OUTPUT = "output"
    SEQUESTERED = "sequestered"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one object: the pieces of its file when it is OUTPUT, the reason when it is SEQUESTERED.

    ``report`` counts (tag, action) over all levels; nothing in a result holds a value of the input but ``pieces``,
    which hold what may be kept. ``study``, ``series`` and ``instance`` are the new UIDs.
    """

    status: Status
    reason: str = ""
    pieces: tuple[Buffer, ...] = ()
    report: Mapping[tuple[int, str], int] = field(default_factory=Counter)
    patient: str = ""
    study: str = ""
    series: str = ""
    instance: str = ""

    def __reduce__(self) -> tuple[type[Result], tuple[object, ...]]:
        """Return what it is made of again: the way of data classes to another process takes four times as long."""
        return Result, (
            self.status, self.reason, self.pieces, self.report, self.patient, self.study, self.series, self.instance
        )  # fmt: skip

    @property
    def data(self) -> bytes:
        """The bytes of the file (PS3.10)."""
        return b"".join(self.pieces)

    def dataset(self) -> Dataset:
        """Return the result as a pydicom data set. Raises InvalidObjectError when it was set aside."""
        import pydicom  # noqa: PLC0415 - heavy, and not needed to anonymise files

        if self.status is not Status.OUTPUT:
            raise InvalidObjectError(f"there is no result: the object was set aside, {self.reason}")
        return cast("Dataset", pydicom.dcmread(io.BytesIO(self.data)))


def anonymize(
    dataset: Dataset | Buffer,
    project: Project,
    policy: Policy | None = None,
    areas: Sequence[Box] | None = None,
    recognize: Recognizer | None = None,
    faces: Mapping[str, Face | str] | None = None,
) -> Result:
    """De-identify a pydicom data set or the bytes of a DICOM file.

    ``areas``: where a person who looked at the picture saw text; they are blanked in every frame, whatever the policy
    says of burned-in text. Without any, the pixels stay as they are. ``recognize`` reads text where the policy wants
    that; without it the engine of the extra ``isocenter[ocr]`` does. ``faces``: what
    :func:`isocenter.deid.defacing.find_faces` gave for all objects, for a policy that takes faces out.

    Raises:
        InvalidObjectError: the bytes are no DICOM object, or it is broken.
        UsageError: an area is no rectangle.
    """
    data = dataset if isinstance(dataset, (bytes, bytearray, memoryview)) else _bytes_of(cast("Dataset", dataset))
    policy = policy or Policy()
    check_boxes(areas or (), _LARGEST, _LARGEST)  # it may be larger than the picture, whose size is not known yet
    body, syntax = data_set_of(data)
    if not is_registered(syntax.uid):  # it would be in the output as it is
        return Result(Status.SEQUESTERED, "its transfer syntax is not in the standard")
    try:
        return _anonymize(read_object(body, syntax), project, policy, areas, recognize, faces or {})
    except SequesterError as error:
        return Result(Status.SEQUESTERED, str(error))


def data_set_of(data: Buffer) -> tuple[Buffer, TransferSyntax]:
    """Return the data set of a DICOM file, inflated, and its transfer syntax.

    Raises:
        InvalidObjectError: the bytes are no DICOM object.
    """
    meta = read_preamble_and_meta(data, final=True)
    assert meta is not None
    if meta.is_directory:
        raise DirectoryError("a directory of files (DICOMDIR) is not copied; make a new one for the output")
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    body: Buffer = memoryview(data)[meta.data_set_offset :]
    if len(body) <= _SMALL:
        body = bytes(body)  # sooner read than a view
    if syntax.deflated:
        body = inflate(body, _INFLATED)
    return body, syntax


#: What is decoded of an object, but for its SOP Instance UID: the objects of a series have it in common.
_DECODED = sorted(
    gate.TAGS | {STUDY_INSTANCE_UID, SERIES_INSTANCE_UID, PATIENT_ID, ISSUER, ACCESSION_NUMBER, CHARACTER_SET}
)


def read_object(data: Buffer, syntax: TransferSyntax) -> Whole:
    """Read what decides about a data set. Raises InvalidObjectError when it is no object, or cut short."""
    found = scan(data, syntax, _WANTED, _LAST)
    if not found.complete and found.position < len(data) and not only_padding(data, found.position):
        raise InvalidObjectError(f"the object is cut short at offset {found.position} of its data set")
    values = found.values
    common, own = _decoded(tuple(map(values.get, _DECODED)), syntax.uid), values.get(SOP_INSTANCE_UID, b"")
    header = Header(common | decode_values({SOP_INSTANCE_UID: own}, syntax))
    if not header.text(SOP_INSTANCE_UID) or not header.text(SOP_CLASS_UID):
        raise InvalidObjectError("this is no object: SOPClassUID or SOPInstanceUID is missing")
    has_pixels = gate.has_pixels(data, syntax, found)
    return Whole(data, syntax, values, header, has_pixels=has_pixels, header_end=found.position)


@lru_cache(maxsize=256)
def _decoded(raws: tuple[bytes | None, ...], syntax_uid: str) -> dict[int, tuple[str, ...]]:
    """Return the values of `_DECODED` from their bytes."""
    there = {tag: raw for tag, raw in zip(_DECODED, raws, strict=True) if raw is not None}
    return decode_values(there, transfer_syntax(syntax_uid))


def _anonymize(
    whole: Whole, project: Project, policy: Policy, areas: Sequence[Box] | None, recognize: Recognizer | None,
    faces: Mapping[str, Face | str],
) -> Result:  # fmt: skip
    burned_in, boxes = _pass_gate(whole, policy, areas, recognize)
    change = _face(whole, faces) if policy.deface else None
    blanked = _paint(whole, boxes or [], change) if boxes is not None or change else None
    if burned_in != "YES" and blanked is None and whole.has_pixels:
        _check_seen(whole)
    return _rewrite(whole, project, policy, burned_in, blanked, defaced=change is not None)


def _check_seen(whole: Whole) -> None:
    """Raise when there is more in the pixel data than a picture shows."""
    try:
        unseen = blanking.has_unseen_pixels(whole)
    except InvalidObjectError as error:
        raise SequesterError(f"nobody can tell what its pixels show: {error}") from error
    if unseen:
        raise SequesterError("its pixel data holds more than its frames, which nobody has looked at")


def _face(whole: Whole, faces: Mapping[str, Face | str]) -> painting.Change | None:
    """Return what takes the face out of the pixels, None where there is none; raise when it cannot be done."""
    from isocenter.deid.pictures import UNREADABLE, Pictures  # noqa: PLC0415 - heavy, and seldom needed
    from isocenter.deid.planes import SHOWING_HEADS, eraser  # noqa: PLC0415

    if not whole.has_pixels or whole.header.text(SOP_CLASS_UID) not in SHOWING_HEADS:
        return None
    face = faces.get(whole.header.text(SERIES_INSTANCE_UID), "its series was not looked at")
    if face == "":
        return None
    if isinstance(face, str):
        raise SequesterError(f"it may show a face that cannot be taken out: {face}")
    try:
        pictures = Pictures(whole.data, whole.syntax, whole.values)
        return eraser(face, pictures.dataset, len(pictures))
    except InvalidObjectError as error:
        raise SequesterError(f"it may show a face that cannot be taken out: {error}") from error
    except UNREADABLE as error:
        raise SequesterError("it may show a face that cannot be taken out: its header is broken") from error


def _pass_gate(
    whole: Whole, policy: Policy, areas: Sequence[Box] | None, recognize: Recognizer | None
) -> tuple[str, Sequence[Box] | None]:
    """Return what BurnedInAnnotation becomes, and what is blanked, None if pixels stay; raise when it is set aside."""
    finding = gate.judge(whole.header, whole.syntax.uid, has_pixels=whole.has_pixels)
    boxes: Sequence[Box] = ()
    if areas is not None and whole.has_pixels and (finding is None or finding.burned_in):
        burned_in, boxes = "NO", areas
    elif finding is None:
        burned_in = ""
    elif finding.burned_in and policy.burned_in is BurnedIn.KEEP:
        burned_in = "YES"
    else:
        burned_in, boxes = "NO", [area.box for area in text_areas(whole, finding, policy, recognize)]
    painted = boxes or (whole.has_pixels and blanking.has_embedded_overlays(whole.values))
    return burned_in, boxes if painted else None


def text_areas(
    whole: Whole, finding: gate.Finding, policy: Policy, recognize: Recognizer | None = None
) -> Sequence[Area]:
    """Return what the policy has blanked in an object that the gate has caught; none: there is no text in it.

    Raises:
        SequesterError: it may not be written.
    """
    if not finding.burned_in or policy.burned_in is BurnedIn.SEQUESTER:
        raise SequesterError(finding.reason)
    from isocenter.deid.burned_in import areas  # noqa: PLC0415 - heavy, and seldom needed

    try:
        return areas(whole, finding, policy, recognize)
    except (InvalidObjectError, UnsupportedError) as error:
        raise SequesterError(f"{finding.reason}, and they cannot be read: {error}") from error


def _paint(whole: Whole, boxes: Sequence[Box], change: painting.Change | None) -> painting.Painted:
    try:
        painted = painting.paint(whole.data, whole.syntax, boxes, change)
    except IsocenterError as error:
        raise SequesterError(f"its pixels have to be changed, and they cannot be blanked: {error}") from error
    if painted is None:
        raise SequesterError("its pixels have to be changed, and they cannot be blanked: frames are missing")
    return painted


def _rewrite(
    whole: Whole, project: Project, policy: Policy, burned_in: str, blanked: painting.Painted | None,
    *, defaced: bool,
) -> Result:  # fmt: skip
    data, header, syntax = whole.data, whole.header, whole.syntax
    source = effective_encoding(data, 0, len(data), encoding_of(syntax))
    target = encoding_of(syntax if blanked is None else blanked.syntax)
    if source.big_endian != target.big_endian:
        raise SequesterError("its byte order is not what its transfer syntax says")
    if source.implicit == target.implicit:
        target = source
    sop_class = header.text(SOP_CLASS_UID)
    subject = _subject(project, _patient(header), header.text(ACCESSION_NUMBER))
    scrubber = text.scrubber(
        whole.values, source, keep_institution=Option.INSTITUTION in policy.options,
        keep_dates=Option.FULL_DATES in policy.options,
    )  # fmt: skip
    added = markers.write_markers(whole.values, policy, target, scrubber, burned_in, defaced=defaced)
    rules = _rules(policy, sop_class)
    rewriter = Rewriter(data, rules, project, subject, scrubber, _shared(rules, project, subject, scrubber, target))
    if blanked is not None:
        syntax = blanked.syntax
        added += [*blanked.elements, *painting.marks_of_loss(whole.values, whole.syntax, syntax)]
    elif syntax.encapsulated:
        rewriter.pixels = partial(_cleared, whole, source)
    pieces = rewriter.level(0, len(data), source, target, added=sorted(added))
    study, series, instance = _new_uids(header, project, policy)
    head = write_file_meta(sop_class, instance, syntax.uid)
    body = deflate(pieces) if syntax.deflated else pieces
    return Result(Status.OUTPUT, "", (head, *body), rewriter.report, subject.pseudonym, study, series, instance)


def _cleared(whole: Whole, source: Encoding, element: Element) -> list[Buffer]:
    """Return encapsulated pixel data without what no decoder needs."""
    syntax = whole.syntax
    if not is_video(syntax.uid):
        return clear_fragments(whole.data, element, source, plane_size(whole.values, syntax))
    try:
        return clear_video(whole.data, element, source, syntax.uid)
    except (InvalidObjectError, UnsupportedError) as error:
        raise SequesterError(f"what is text in its video cannot be told: {error}") from error


def _new_uids(header: Header, project: Project, policy: Policy) -> tuple[str, str, str]:
    """Return the UIDs of study, series and instance in the output."""
    uids = tuple(header.text(tag) for tag in (STUDY_INSTANCE_UID, SERIES_INSTANCE_UID, SOP_INSTANCE_UID))
    if Option.UIDS not in policy.options:
        uids = tuple(project.uid(uid) if uid else "" for uid in uids)
    if not is_valid_uid(uids[2]) or not all(is_valid_uid(uid) for uid in uids[:2] if uid):
        raise SequesterError("its UIDs shall be kept, but they are none")
    return uids[0], uids[1], uids[2]


def deflate(pieces: Iterable[Buffer]) -> list[Buffer]:
    """Return a data set as a deflate stream of even length (PS3.5 A.5)."""
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    body = b"".join(stream.compress(piece) for piece in pieces) + stream.flush()
    return [body + b"\0" if len(body) % 2 else body]


def _patient(header: Header) -> tuple[str, str]:
    """Return what a patient is known by: PatientID with issuer; without an ID every study is a patient of its own."""
    patient_id = header.text(PATIENT_ID)
    if patient_id:
        return header.text(ISSUER), patient_id
    return "", "study " + (header.text(STUDY_INSTANCE_UID) or header.text(SOP_INSTANCE_UID))


@lru_cache(maxsize=4096)
def _subject(project: Project, patient: tuple[str, str], accession: str) -> Subject:
    pseudonym = project.pseudonym(*patient)
    if pseudonym is None:
        raise SequesterError("its patient is not in the list of pseudonyms")
    return Subject(
        pseudonym, project.name("accession", accession) if accession else "", project.weeks("\0".join(patient))
    )


@lru_cache(maxsize=16)
def _shared(*_: object) -> dict[tuple[int, ...], dict[bytes, Written]]:
    """Return what objects with all of these in common remember of one another."""
    return {}


@lru_cache(maxsize=64)
def _rules(policy: Policy, sop_class: str) -> Rules:
    return Rules(policy, sop_class)


def _bytes_of(dataset: Dataset) -> bytes:
    """Return the file of a pydicom data set."""
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
