"""DICOM JSON Model object -> data set (PS3.18 F), explicit VR little endian, strictly.

Text is written as UTF-8 and Specific Character Set becomes ``ISO_IR 192`` where any of it is not ASCII.
"""

import base64
import binascii
import re
import struct
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from isocenter.dicom.header import NUMBERS
from isocenter.dicom.scanner import MAX_DEPTH
from isocenter.dicom.writer import write_element, write_sequence
from isocenter.errors import UsageError

_SPECIFIC_CHARACTER_SET = 0x00080005
_KEY = re.compile(r"[0-9A-Fa-f]{8}")
_UTF_8 = write_element(_SPECIFIC_CHARACTER_SET, "CS", b"ISO_IR 192")
_BINARY = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN"})
_TEXT = frozenset({
    "AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "SH", "ST", "TM", "UC", "UI", "UR", "UT",
})  # fmt: skip
_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_NOT_FINITE = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}

BulkData = Callable[[str], bytes]


def json_to_data_set(attributes: dict[str, Any], bulk_data: BulkData | None = None) -> bytes:
    """Return the data set of a DICOM JSON Model object as explicit VR little endian bytes, in the order of tags.

    ``bulk_data`` gives the bytes of a BulkDataURI. Raises UsageError where the object is not in the form of PS3.18 F,
    has a BulkDataURI that nothing resolves, or a value its VR cannot hold.
    """
    body, is_ascii = _data_set(attributes, bulk_data, 0)
    if is_ascii:
        return body
    attributes = {key: value for key, value in attributes.items() if _tag(key) != _SPECIFIC_CHARACTER_SET}
    low = {key: value for key, value in attributes.items() if _tag(key) < _SPECIFIC_CHARACTER_SET}
    high = {key: value for key, value in attributes.items() if _tag(key) > _SPECIFIC_CHARACTER_SET}
    return _data_set(low, bulk_data, 0)[0] + _UTF_8 + _data_set(high, bulk_data, 0)[0]


def _data_set(attributes: dict[str, Any], bulk_data: BulkData | None, depth: int) -> tuple[bytes, bool]:
    """Return the elements of one level and whether all their text is ASCII."""
    if not isinstance(attributes, dict):
        raise UsageError(f"DICOM JSON: an object of attributes is due, not {type(attributes).__name__}")
    if depth > MAX_DEPTH:
        raise UsageError(f"DICOM JSON: sequences are nested deeper than {MAX_DEPTH}")
    pieces, is_ascii = [], True
    for tag, attribute in sorted(((_tag(key), value) for key, value in attributes.items()), key=itemgetter(0)):
        if not tag & 0xFFFF or (depth and tag == _SPECIFIC_CHARACTER_SET):
            continue  # group lengths would be wrong; items have the character set of the whole
        piece, plain = _element(tag, attribute, bulk_data, depth)
        pieces.append(piece)
        is_ascii = is_ascii and plain
    return b"".join(pieces), is_ascii


def _tag(key: str) -> int:
    if _KEY.fullmatch(key):
        return int(key, 16)
    raise UsageError(f"DICOM JSON: {key!r} is no tag of eight hexadecimal digits")


def _element(tag: int, attribute: Any, bulk_data: BulkData | None, depth: int) -> tuple[bytes, bool]:  # noqa: ANN401
    """Return one element, its JSON form checked, and whether its text is ASCII."""
    vr = attribute.get("vr") if isinstance(attribute, dict) else None
    values = attribute.get("Value", []) if isinstance(attribute, dict) else None
    if not isinstance(vr, str) or not isinstance(values, list):
        raise UsageError(f"DICOM JSON: {tag:08X} needs a vr, and its Value must be an array")
    if vr == "SQ":
        items = [_data_set(item or {}, bulk_data, depth + 1) for item in values]
        return write_sequence(tag, [body for body, _ in items]), all(plain for _, plain in items)
    if vr in _BINARY:
        return write_element(tag, vr, _binary(tag, attribute, bulk_data)), True
    if "BulkDataURI" in attribute:
        return write_element(tag, vr, _resolve(tag, attribute["BulkDataURI"], bulk_data)), True
    try:
        value = _value(vr, values)
    except (ValueError, TypeError, OverflowError, AttributeError, struct.error) as error:
        raise UsageError(f"DICOM JSON: {tag:08X} has a value that VR {vr} cannot hold: {error}") from error
    return write_element(tag, vr, value), value.isascii() or vr in NUMBERS or vr == "AT"


def _value(vr: str, values: list[Any]) -> bytes:
    """Return the bytes of the values of a VR that is neither sequence nor binary."""
    if vr in NUMBERS:
        kind = NUMBERS[vr]
        number: Callable[[Any], int | float] = float if kind in "fd" else int
        numbers = [number(_NOT_FINITE.get(value, value) if isinstance(value, str) else value) for value in values]
        return struct.pack(f"<{len(numbers)}{kind}", *numbers)
    if vr == "AT":
        return b"".join(struct.pack("<HH", int(value, 16) >> 16, int(value, 16) & 0xFFFF) for value in values)
    if vr == "PN":
        return "\\".join(_name(value) for value in values).encode()
    if vr in _TEXT:
        return "\\".join("" if value is None else _text(value) for value in values).encode()
    raise ValueError("there is no such VR")


def _text(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{type(value).__name__} is neither text nor number")
    return _decimal(value) if isinstance(value, float) else str(value)


def _decimal(value: float) -> str:
    """Return a number as a decimal string of at most 16 characters (PS3.5 6.2, DS)."""
    text = repr(value)
    text = text.removesuffix(".0")
    digits = 16
    while len(text) > 16:
        digits -= 1
        text = f"{value:.{digits}g}"
    return text


def _name(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return "=".join(value.get(group) or "" for group in _NAME_GROUPS).rstrip("=")


def _binary(tag: int, attribute: dict[str, Any], bulk_data: BulkData | None) -> bytes:
    if "BulkDataURI" in attribute:
        return _resolve(tag, attribute["BulkDataURI"], bulk_data)
    text = attribute.get("InlineBinary", "")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise UsageError(f"DICOM JSON: InlineBinary of {tag:08X} is not base64: {error}") from error


def _resolve(tag: int, uri: Any, bulk_data: BulkData | None) -> bytes:  # noqa: ANN401 - whatever JSON holds
    if bulk_data is None or not isinstance(uri, str):
        raise UsageError(f"DICOM JSON: the BulkDataURI of {tag:08X} cannot be resolved: {uri!r}")
    return bulk_data(uri)
