"""Inspection: what a data set is, and whether it is whole, from its raw elements (PS3.5 7). Decodes nothing.

Every object must say who it is with four valid UIDs, a non-patient object (PS3.4 GG) with two, and its elements must
reach to the end of its bytes, no more.
"""

import zlib

import xxhash

from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.scanner import (
    BrokenDataSetError,
    Buffer,
    ScanResult,
    TruncatedError,
    inflate,
    iter_elements,
    scan,
)
from isocenter.dicom.uids import NON_PATIENT_SOP_CLASSES, TransferSyntax, is_valid_uid, transfer_syntax
from isocenter.errors import InvalidObjectError
from isocenter.index.attributes import HEADER_TAGS
from isocenter.index.entry import Entry
from isocenter.index.header import RawHeader
from isocenter.reading import INFLATED_LIMIT, mapped
from isocenter.storage.storage import Storage

#: A header is looked for in this many bytes first, and in this many inflated ones.
HEAD_LENGTH = 1 << 16
_INFLATED_HEAD = 1 << 22

#: The UIDs that identify an object, by keyword.
Identifiers = dict[str, str]
_IDENTIFIERS = (
    (0x00080016, "SOPClassUID"),
    (0x00080018, "SOPInstanceUID"),
    (0x0020000D, "StudyInstanceUID"),
    (0x0020000E, "SeriesInstanceUID"),
)


def identifiers_of(header: RawHeader) -> Identifiers:
    """Return the UIDs of a header, "" where one is missing."""
    return {keyword: header.uid(tag) for tag, keyword in _IDENTIFIERS}


def identify(header: RawHeader) -> Identifiers:
    """Return the UIDs that an object is filed by; a non-patient object has no study and series, whatever it says.

    Raises:
        InvalidObjectError: one is missing, or is none.
    """
    identifiers = identifiers_of(header)
    require_identifiers(identifiers, "SOPClassUID", "SOPInstanceUID")
    if identifiers["SOPClassUID"] in NON_PATIENT_SOP_CLASSES:
        return identifiers | {"StudyInstanceUID": "", "SeriesInstanceUID": ""}
    require_identifiers(identifiers, "StudyInstanceUID", "SeriesInstanceUID")
    return identifiers


def require_identifiers(identifiers: Identifiers, *keywords: str) -> None:
    """Refuse an object without these UIDs, or with what is none."""
    for keyword in keywords:
        uid = identifiers[keyword]
        if not uid:
            raise InvalidObjectError(f"{keyword} is missing")
        if not is_valid_uid(uid):
            raise InvalidObjectError(f"{keyword} is not a valid UID: {uid[:80]!r}")


def describe(storage: Storage, location: str, received: float) -> Entry:
    """Return what the index needs to know of an object that came into the storage at ``received`` (seconds since 1970).

    Raises:
        InvalidObjectError: it is none, or not whole.
    """
    with storage.open(location) as file:
        head = file.read(HEAD_LENGTH)
        meta = read_preamble_and_meta(head, final=True)
        assert meta is not None
        size = file.seek(0, 2)
    if meta.data_set_offset >= size:
        raise InvalidObjectError("there is no data set")
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    with mapped(storage, location, meta.data_set_offset) as data:
        header = RawHeader(read_whole(data, syntax).values, syntax)
        digest = xxhash.xxh3_128_digest(data)
    return Entry(
        **identify(header),
        transfer_syntax_uid=syntax.uid,
        header=header,
        location=location,
        size=size,
        data_set_offset=meta.data_set_offset,
        hash=digest,
        received=round(received * 1000),
    )


def read_whole(data: Buffer, syntax: TransferSyntax, found: ScanResult | None = None) -> ScanResult:
    """Return the header of a data set after walking to its end, from where a scan of its head has ``found`` pixel data.

    Raises:
        InvalidObjectError: it is broken or cut short.
    """
    if syntax.deflated:
        _check_deflated(data)
        return scan_head(data, syntax)
    found = found or scan(data, syntax, HEADER_TAGS)
    try:
        for _ in iter_elements(data, syntax, found.position):
            pass
    except TruncatedError as error:
        raise InvalidObjectError(f"the data set is cut short: {error}") from error
    except BrokenDataSetError as error:
        raise InvalidObjectError(str(error)) from error
    return found


def scan_head(data: Buffer, syntax: TransferSyntax) -> ScanResult:
    """Return what the first piece of a data set tells."""
    if syntax.deflated:
        data = inflate(data, _INFLATED_HEAD, partial=True)
    return scan(data, syntax, HEADER_TAGS)


def _check_deflated(data: Buffer) -> None:
    """Inflate to the end without keeping anything; like ``inflate``, with or without a zlib header."""
    failure = "it is empty"
    for bits in (-zlib.MAX_WBITS, zlib.MAX_WBITS):
        try:
            if not _inflates(data, zlib.decompressobj(bits)):
                raise InvalidObjectError("the deflated data set is cut short")
        except zlib.error as error:
            failure = str(error)
        else:
            return
    raise InvalidObjectError(f"the data set cannot be inflated: {failure}")


def _inflates(data: Buffer, stream: "zlib._Decompress") -> bool:
    """Tell whether the stream comes to its end within the data."""
    length = 0
    for at in range(0, len(data), HEAD_LENGTH):
        piece: Buffer = data[at : at + HEAD_LENGTH]
        while not stream.eof and (inflated := stream.decompress(piece, HEAD_LENGTH)):
            piece = stream.unconsumed_tail
            length += len(inflated)
            if length > INFLATED_LIMIT:
                raise InvalidObjectError(f"the data set is larger than {INFLATED_LIMIT} bytes when inflated")
    return stream.eof
