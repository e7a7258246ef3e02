"""Data elements as bytes, little endian, strictly (PS3.5 7). The counterpart of ``scanner``; knows no attribute."""

import struct
from collections.abc import Iterable

from isocenter.dicom.encoding import ITEM, LONG_VRS, SHORT_VRS
from isocenter.errors import InvalidObjectError

_MAX_SHORT = 0xFFFF
_MAX_LONG = 0xFFFFFFFE
#: VRs padded with a NUL; text is padded with a space (PS3.5 6.2).
_NUL_PADDED = frozenset({"OB", "UI", "UN", "OW", "SQ"})

_short_head = struct.Struct("<HH2sH").pack
_long_head = struct.Struct("<HH2sHI").pack
_plain_head = struct.Struct("<HHI").pack


def write_element(tag: int, vr: str, value: bytes, *, implicit: bool = False) -> bytes:
    """Return one element with the value padded to even length.

    A value too long for the 16-bit length of its VR is written as UN (PS3.5 6.2.2). Raises InvalidObjectError for a VR
    that does not exist.
    """
    code = vr.encode("ascii", "replace")
    if code not in SHORT_VRS and code not in LONG_VRS:
        raise InvalidObjectError(f"{tag:08X}: there is no VR {vr!r}")
    if len(value) % 2:
        value += b"\0" if vr in _NUL_PADDED else b" "
    length = len(value)
    if length > _MAX_LONG:
        raise InvalidObjectError(f"{tag:08X}: a value of {length} bytes is too long for an element")
    group, element = tag >> 16, tag & 0xFFFF
    if implicit:
        return _plain_head(group, element, length) + value
    if code in SHORT_VRS and length <= _MAX_SHORT:
        return _short_head(group, element, code, length) + value
    return _long_head(group, element, code if code in LONG_VRS else b"UN", 0, length) + value


def write_sequence(tag: int, items: Iterable[bytes], *, implicit: bool = False) -> bytes:
    """Return a sequence of items of defined length; each item is the bytes of its elements."""
    value = b"".join(_plain_head(ITEM >> 16, ITEM & 0xFFFF, len(item)) + item for item in items)
    return write_element(tag, "SQ", value, implicit=implicit)
