"""Elements and items as bytes in any of the layouts that data sets have (PS3.5 7, A.1-A.3)."""

import struct
from collections.abc import Iterable

from isocenter.dicom.encoding import (
    ITEM,
    LONG_VRS,
    SEQUENCE_DELIMITER,
    SHORT_VRS,
    UNDEFINED,
    Buffer,
    Encoding,
)

_MAX_SHORT = 0xFFFF
_NUL_PADDED = frozenset({"OB", "UI", "UN", "OW", "SQ"})
_SHORT = {False: struct.Struct("<HH2sH").pack, True: struct.Struct(">HH2sH").pack}
_LONG = {False: struct.Struct("<HH2sHI").pack, True: struct.Struct(">HH2sHI").pack}
_PLAIN = {False: struct.Struct("<HHI").pack, True: struct.Struct(">HHI").pack}


def write_header(tag: int, vr: str, length: int, encoding: Encoding) -> bytes:
    """Return tag, VR and length; a value too long for its VR's length field becomes UN (PS3.5 6.2.2)."""
    group, element = tag >> 16, tag & 0xFFFF
    if encoding.implicit:
        return _PLAIN[encoding.big_endian](group, element, length)
    code = vr.encode("ascii")
    if code in SHORT_VRS and length <= _MAX_SHORT:
        return _SHORT[encoding.big_endian](group, element, code, length)
    return _LONG[encoding.big_endian](group, element, code if code in LONG_VRS else b"UN", 0, length)


def write_element(tag: int, vr: str, value: bytes, encoding: Encoding) -> bytes:
    """Return one element, its value padded to even length."""
    if len(value) % 2:
        value += b"\0" if vr in _NUL_PADDED else b" "
    return write_header(tag, vr, len(value), encoding) + value


def write_items(tag: int, items: Iterable[bytes], encoding: Encoding) -> bytes:
    """Return a sequence of defined length with items of defined length."""
    plain = _PLAIN[encoding.big_endian]
    body = b"".join(plain(ITEM >> 16, ITEM & 0xFFFF, len(item)) + item for item in items)
    return write_header(tag, "SQ", len(body), encoding) + body


def wrap_items(tag: int, vr: str, items: list[list[Buffer]], encoding: Encoding) -> list[Buffer]:
    """Return the pieces of a sequence whose items are pieces; one that came as UN ends with a delimiter."""
    plain = _PLAIN[encoding.big_endian and vr != "UN"]
    body: list[Buffer] = []
    for item in items:
        body.append(plain(ITEM >> 16, ITEM & 0xFFFF, sum(map(len, item))))
        body += item
    if vr == "UN":
        end = _PLAIN[False](SEQUENCE_DELIMITER >> 16, SEQUENCE_DELIMITER & 0xFFFF, 0)
        return [write_header(tag, "UN", UNDEFINED, encoding), *body, end]
    return [write_header(tag, "SQ", sum(map(len, body)), encoding), *body]
