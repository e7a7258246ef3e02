"""One data element header: how tag, VR and length are laid out, and what to make of a wrong one (PS3.5 7.1, A.1-A.3).

Knows single headers and nothing of what is around them; :mod:`isocenter.dicom.scanner` walks. Everything here reads
at offsets with ``unpack_from`` and never slices, so a header costs the same in ``bytes`` and in an ``mmap``.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from isocenter.dicom.uids import TransferSyntax
from isocenter.errors import InvalidObjectError

#: ``bytes | bytearray | memoryview | mmap``: what ``collections.abc.Buffer`` is from Python 3.12 on.
Buffer = Any

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_DELIMITER, SEQUENCE_DELIMITER = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
ITEM_GROUP = 0xFFFE

#: VRs with a 16-bit length field and those with two reserved bytes and a 32-bit one (PS3.5 7.1.2).
SHORT_VRS: dict[bytes, str] = {
    vr.encode(): vr
    for vr in (
        "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM",
        "UI", "UL", "US",
    )
}  # fmt: skip
LONG_VRS: dict[bytes, str] = {
    vr.encode(): vr for vr in ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
}
KNOWN_VRS = SHORT_VRS | LONG_VRS


class Element(NamedTuple):
    """A raw data element: ``offset`` and ``length`` are those of the value.

    ``length`` is ``UNDEFINED`` where the value ends with a delimiter; ``vr`` is ``""`` where the data set does not
    name one (implicit VR, items and delimiters) or names none that exists.
    """

    tag: int
    vr: str
    offset: int
    length: int


class BrokenDataSetError(InvalidObjectError):
    """The bytes are no data set from ``offset`` on."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"broken data set at offset {offset}: {reason}")
        self.offset = offset
        self.reason = reason


class TruncatedError(BrokenDataSetError):
    """The data end inside the element whose header is at ``offset``."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """The layout of element headers, as ``unpack_from``: ``head`` of the first 8 bytes, ``tail`` of a 32-bit length.

    ``head`` gives (group, element, length) for implicit and (group, element, VR bytes, 16-bit length) for explicit VR;
    ``item`` always gives (group, element, length). For explicit VR ``quick`` gives the bytes of tag and VR as a
    number each, and the 16-bit length; ``short_vrs`` are those numbers of the VRs with a 16-bit length.
    """

    implicit: bool
    big_endian: bool
    head: Callable[..., tuple[Any, ...]]
    item: Callable[..., tuple[Any, ...]]
    tail: Callable[..., tuple[Any, ...]]
    quick: Callable[..., tuple[Any, ...]]
    short_vrs: frozenset[int]


def _encoding(order: str, *, implicit: bool) -> Encoding:
    item = struct.Struct(order + "HHI").unpack_from
    head = item if implicit else struct.Struct(order + "HH2sH").unpack_from
    tail = struct.Struct(order + "I").unpack_from
    short_vrs = frozenset(struct.unpack(order + "H", vr)[0] for vr in SHORT_VRS)
    return Encoding(implicit, order == ">", head, item, tail, struct.Struct(order + "IHH").unpack_from, short_vrs)


IMPLICIT_LITTLE = _encoding("<", implicit=True)
EXPLICIT_LITTLE = _encoding("<", implicit=False)
EXPLICIT_BIG = _encoding(">", implicit=False)
#: Not in the standard; ACR-NEMA and broken writers have it.
IMPLICIT_BIG = _encoding(">", implicit=True)


def encoding_of(syntax: TransferSyntax) -> Encoding:
    """Return the layout that a transfer syntax says."""
    if syntax.implicit:
        return IMPLICIT_LITTLE
    return EXPLICIT_BIG if syntax.big_endian else EXPLICIT_LITTLE


def effective_encoding(data: Buffer, offset: int, end: int, encoding: Encoding) -> Encoding:
    """Return ``encoding`` or, when the first header at ``offset`` plainly has the other kind of VR, that one.

    Files that say implicit and are explicit (and the reverse), and sequences that switch, are met in practice.
    """
    if offset + 8 > end:
        return encoding
    group, _, code, _ = (EXPLICIT_BIG if encoding.big_endian else EXPLICIT_LITTLE).head(data, offset)
    if group == ITEM_GROUP:
        return encoding
    if encoding.implicit:
        other = EXPLICIT_BIG if encoding.big_endian else EXPLICIT_LITTLE
        return other if code in KNOWN_VRS and _is_explicit(data, offset, end, other) else encoding
    if code in KNOWN_VRS or _upper(code):
        return encoding
    other = IMPLICIT_BIG if encoding.big_endian else IMPLICIT_LITTLE
    claimed = other.head(data, offset)[2]
    if claimed == UNDEFINED or _next_is_implicit(data, offset + 8 + claimed, end, other):
        return other
    return encoding


def _is_explicit(data: Buffer, offset: int, end: int, encoding: Encoding) -> bool:
    """Tell whether what reads as a VR is one, and not a length of implicit VR such as 16708, which spells ``DA``."""
    code = encoding.head(data, offset)[2]
    if offset + 12 > end:
        return code in LONG_VRS  # all of them would be odd lengths
    element = read_header(data, offset, end, encoding)
    if element.length == UNDEFINED or element.offset + element.length + 8 > end:
        return code in LONG_VRS or element.offset + element.length == end
    return _plausible(data, element, end, encoding, code)


def _next_is_implicit(data: Buffer, offset: int, end: int, encoding: Encoding) -> bool:
    """Tell whether an implicit VR header (or the end) is at ``offset``."""
    if offset + 8 > end:
        return offset == end
    group, _, length = encoding.head(data, offset)
    return bool(group == ITEM_GROUP or length == UNDEFINED or offset + 8 + length <= end)


def read_header(data: Buffer, offset: int, end: int, encoding: Encoding) -> Element:
    """Return the element whose header is at ``offset``; its value may reach beyond ``end``.

    Raises TruncatedError when the header itself does, BrokenDataSetError when there is no header.
    """
    if offset + 8 > end:
        raise TruncatedError(offset, f"the data end inside a data element header ({end - offset} bytes left)")
    if encoding.implicit:
        group, element, length = encoding.head(data, offset)
        return Element(group << 16 | element, "", offset + 8, length)
    group, element, code, length = encoding.head(data, offset)
    if code in SHORT_VRS:
        return Element(group << 16 | element, SHORT_VRS[code], offset + 8, length)
    if code in LONG_VRS:
        if offset + 12 > end:
            raise TruncatedError(offset, "the data end inside a data element header")
        return Element(group << 16 | element, LONG_VRS[code], offset + 12, encoding.tail(data, offset + 8)[0])
    if group == ITEM_GROUP:
        return Element(group << 16 | element, "", offset + 8, encoding.tail(data, offset + 4)[0])
    return _recover_header(data, offset, end, encoding)


def _upper(code: bytes) -> bool:
    return code.isalpha() and code.isupper()


def _recover_header(data: Buffer, offset: int, end: int, encoding: Encoding) -> Element:
    """Return the reading of a header with an unknown VR after which another header (or the end) follows."""
    group, element, code, short = encoding.head(data, offset)
    tag = group << 16 | element
    implicit = Element(tag, "", offset + 8, encoding.tail(data, offset + 4)[0])
    readings = [Element(tag, "", offset + 8, short)]
    if offset + 12 <= end:
        readings.append(Element(tag, "", offset + 12, encoding.tail(data, offset + 8)[0]))
    if _upper(code):  # a VR of a later edition has the 32-bit length (PS3.5 6.2)
        readings.reverse()
    else:
        readings.insert(0, implicit)
    for reading in readings:
        if _plausible(data, reading, end, encoding, code):
            return reading
    if any(reading.offset + reading.length > end - 8 for reading in readings):
        raise TruncatedError(offset, f"unknown VR {code!r} of {tag:08X}, and no length that leads to another element")
    raise BrokenDataSetError(offset, f"unknown VR {code!r} of {tag:08X}")


def _plausible(data: Buffer, reading: Element, end: int, encoding: Encoding, code: bytes) -> bool:
    """Tell whether the element after ``reading`` looks like one."""
    after = reading.offset + reading.length
    if reading.length == UNDEFINED:
        return reading.offset + 8 <= end and encoding.item(data, reading.offset)[0] == ITEM_GROUP
    if after + 8 > end:
        return after == end
    group, element, following, _ = encoding.head(data, after)
    if group == ITEM_GROUP:
        return element in {0xE000, 0xE00D, 0xE0DD}
    if (group << 16 | element) <= reading.tag:
        return False
    if following in KNOWN_VRS or following == code:
        return True
    return not _upper(code) and after + 8 + encoding.tail(data, after + 4)[0] <= end
