"""The head of a DICOM file: preamble, prefix and file meta information (PS3.10 7.1), read tolerantly, written strictly.

Also judges files that have none of these: bare data sets, as old devices and some exports write them.
"""

import struct
from functools import lru_cache
from typing import NamedTuple

from isocenter import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from isocenter.dicom.encoding import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_BIG,
    IMPLICIT_LITTLE,
    KNOWN_VRS,
    BrokenDataSetError,
    Buffer,
    Encoding,
    TruncatedError,
    read_header,
)
from isocenter.dicom.uids import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    MEDIA_STORAGE_DIRECTORY,
)
from isocenter.errors import InvalidObjectError, NotDicomError

PREAMBLE_LENGTH = 132
#: File meta information is some 400 bytes; private information (0002,0102) may make it larger, but not this large.
MAX_META_LENGTH = 1 << 20

#: Media Storage SOP Class and SOP Instance UID, Transfer Syntax UID, Source Application Entity Title.
_TEXTS = (0x00020002, 0x00020003, 0x00020010, 0x00020016)
_WANTED = frozenset(_TEXTS)
_GUESS_LENGTH = 8
#: Data sets begin with a low group: 0008 nearly always, 0002 and 0004 (DICOMDIR) at times, 0000 in dumped commands.
_FIRST_GROUPS = frozenset({0x0002, 0x0004, 0x0008, 0x0010})


class FileMeta(NamedTuple):
    """What the head of a file says; ``""`` where it does not say.

    ``data_set_offset`` is where the data set begins, ``preamble`` whether the 128 bytes and ``DICM`` are there.
    ``transfer_syntax_uid`` is guessed from the data set where the meta information lacks it.
    """

    transfer_syntax_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    data_set_offset: int
    source_aet: str
    preamble: bool

    @property
    def is_directory(self) -> bool:
        """Whether it is a DICOMDIR, which lists objects and is none."""
        return self.sop_class_uid == MEDIA_STORAGE_DIRECTORY


def read_preamble_and_meta(head: Buffer, *, final: bool = False) -> FileMeta | None:
    """Return what the first bytes of a file say, or None when more bytes are needed to tell.

    ``final``: there are no more bytes. Raises InvalidObjectError when this is no DICOM file, NotDicomError when it is
    one of another kind.
    """
    if len(head) < PREAMBLE_LENGTH and not final:
        return None
    if len(head) < _GUESS_LENGTH:
        raise _no_dicom(head, "it ends before any data element")
    preamble = bytes(head[128:PREAMBLE_LENGTH]) == b"DICM" and not _bare(head)
    start = PREAMBLE_LENGTH if preamble else 0
    try:
        values, offset = _read_meta(head, start, final=final)
        return _file_meta(head, values, offset, preamble=preamble)
    except TruncatedError as error:
        if not final and len(head) < MAX_META_LENGTH:
            return None
        raise InvalidObjectError(f"this is no DICOM file: {error}") from error


def _bare(head: Buffer) -> bool:
    """Tell whether a data set starts at once and the ``DICM`` at 128 is part of some value."""
    group, element, code, _ = EXPLICIT_LITTLE.head(head, 0)
    return group in _FIRST_GROUPS and element <= 0x0020 and code in KNOWN_VRS


def _read_meta(head: Buffer, start: int, *, final: bool) -> tuple[dict[int, bytes], int]:
    """Return the wanted values of group 0002 and the offset behind it; the group length is not trusted."""
    values: dict[int, bytes] = {}
    offset, end = start, len(head)
    unpack, short = EXPLICIT_LITTLE.quick, EXPLICIT_LITTLE.short_vrs
    while True:
        if offset + 8 > end:
            if final and offset == end and offset > start:
                return values, offset
            raise TruncatedError(offset, "the data end before the data set")
        raw_tag, code, length = unpack(head, offset)
        tag, value = raw_tag >> 16 | 0x00020000, offset + 8
        if raw_tag & 0xFFFF != 0x0002 or code not in short:
            encoding = _meta_encoding(head, offset, raw_tag & 0xFFFF)
            if encoding is None:
                return values, offset
            tag, _, value, length = read_header(head, offset, end, encoding)
            if length > MAX_META_LENGTH:
                raise BrokenDataSetError(offset, f"{tag:08X} of the file meta information is {length} bytes long")
        after = value + length
        if after > end:
            raise TruncatedError(offset, "the data end inside the file meta information")
        if tag in _WANTED:
            values[tag] = bytes(head[value:after])
        offset = after


def _meta_encoding(head: Buffer, offset: int, group: int) -> Encoding | None:
    """Return how the element at ``offset`` is encoded, whose group read as little endian is this; None: not group 0002.

    The standard says explicit VR little endian; some writers use the encoding of the data set.
    """
    if group == 0x0002:
        return EXPLICIT_LITTLE if EXPLICIT_LITTLE.head(head, offset)[2] in KNOWN_VRS else IMPLICIT_LITTLE
    if group == 0x0200 and EXPLICIT_BIG.head(head, offset)[2] in KNOWN_VRS:
        return EXPLICIT_BIG
    return None


def _file_meta(head: Buffer, values: dict[int, bytes], offset: int, *, preamble: bool) -> FileMeta:
    sop_class, sop_instance, syntax, source = (_text(values.get(tag, b"")) for tag in _TEXTS)
    if not syntax and offset > (PREAMBLE_LENGTH if preamble else 0):
        syntax = _guess_behind_meta(head, offset)
    elif not syntax:
        syntax = guess_transfer_syntax(head[offset : offset + _GUESS_LENGTH])
    return FileMeta(syntax, sop_class, sop_instance, offset, source, preamble)


def _text(raw: bytes) -> str:
    return str(raw, "ascii", "replace").strip("\0 ")


def _guess_behind_meta(head: Buffer, offset: int) -> str:
    """Return the encoding of the data set behind file meta information that forgot to name it."""
    if offset + _GUESS_LENGTH > len(head) or EXPLICIT_LITTLE.head(head, offset)[2] not in KNOWN_VRS:
        return IMPLICIT_VR_LITTLE_ENDIAN
    little, big = EXPLICIT_LITTLE.head(head, offset)[0], EXPLICIT_BIG.head(head, offset)[0]
    return EXPLICIT_VR_LITTLE_ENDIAN if little <= big else EXPLICIT_VR_BIG_ENDIAN


def guess_transfer_syntax(head: Buffer) -> str:
    """Return the UID of the encoding that the first element of a bare data set shows.

    Whether pixel data is encapsulated cannot be seen here. Raises InvalidObjectError when it looks like no data set.
    """
    if len(head) < _GUESS_LENGTH:
        raise _no_dicom(head, "it ends before any data element")
    little, big = EXPLICIT_LITTLE.head(head, 0), EXPLICIT_BIG.head(head, 0)
    if little[0] in _FIRST_GROUPS and little[2] in KNOWN_VRS:
        return EXPLICIT_VR_LITTLE_ENDIAN
    if big[0] in _FIRST_GROUPS and big[2] in KNOWN_VRS:
        return EXPLICIT_VR_BIG_ENDIAN
    group, element, length = IMPLICIT_LITTLE.head(head, 0)
    if group in _FIRST_GROUPS and element < 0x2000 and length < MAX_META_LENGTH:
        return IMPLICIT_VR_LITTLE_ENDIAN
    group, element, length = IMPLICIT_BIG.head(head, 0)
    if group in _FIRST_GROUPS and element < 0x2000 and length < MAX_META_LENGTH:
        raise InvalidObjectError("the data set is implicit VR big endian, which no transfer syntax has")
    raise _no_dicom(head, "neither a preamble nor a data element at its start")


def _no_dicom(head: Buffer, reason: str) -> InvalidObjectError:
    """Return the error for a file with this start: zeros, or nothing, are what is left of one that was damaged."""
    kind = NotDicomError if bytes(head).strip(b"\0") else InvalidObjectError
    return kind(f"this is no DICOM file: {reason}")


def write_file_meta(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, source_aet: str = "") -> bytes:
    """Return preamble, prefix and file meta information (PS3.10 7.1) for these UIDs.

    Raises InvalidObjectError for a UID that is empty or not ASCII.
    """
    before, behind = _around_instance(sop_class_uid, transfer_syntax_uid, source_aet)
    body = before + _element(0x0003, b"UI", _ascii(sop_instance_uid, b"\0")) + behind
    return b"\0" * 128 + b"DICM" + _element(0x0000, b"UL", struct.pack("<I", len(body))) + body


@lru_cache(maxsize=256)
def _around_instance(sop_class_uid: str, transfer_syntax_uid: str, source_aet: str) -> tuple[bytes, bytes]:
    """Return the elements before and behind the SOP instance UID, which are alike for a whole series."""
    before = _element(0x0001, b"OB", b"\0\x01") + _element(0x0002, b"UI", _ascii(sop_class_uid, b"\0"))
    behind = [
        _element(0x0010, b"UI", _ascii(transfer_syntax_uid, b"\0")),
        _element(0x0012, b"UI", _ascii(IMPLEMENTATION_CLASS_UID, b"\0")),
        _element(0x0013, b"SH", _ascii(IMPLEMENTATION_VERSION_NAME, b" ")),
    ]
    if source_aet:
        behind.append(_element(0x0016, b"AE", _ascii(source_aet, b" ")))
    return before, b"".join(behind)


def _ascii(text: str, pad: bytes) -> bytes:
    if not text or not text.isascii():
        raise InvalidObjectError(f"the file meta information cannot carry the value {text!r}")
    value = text.encode("ascii")
    return value + pad if len(value) % 2 else value


def _element(number: int, vr: bytes, value: bytes) -> bytes:
    if vr == b"OB":
        return struct.pack("<HH2sHI", 0x0002, number, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", 0x0002, number, vr, len(value)) + value
