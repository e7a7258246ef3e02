"""DICOM JSON Model object -> data set (PS3.18 F), little endian, strictly.

Where any text is not ASCII, it is written as UTF-8 unless another character set is asked for and holds it, and Specific
Character Set says which.
"""

import base64
import binascii
import contextlib
import re
import struct
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from isocenter.dicom.charset import codec_of
from isocenter.dicom.header import NUMBERS
from isocenter.dicom.scanner import MAX_DEPTH
from isocenter.dicom.writer import write_element, write_sequence
from isocenter.errors import UsageError

_SPECIFIC_CHARACTER_SET = 0x00080005
_KEY = re.compile(r"[0-9A-Fa-f]{8}")
_UTF_8 = "ISO_IR 192"
_BINARY = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN"})
_TEXT = frozenset({
    "AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "SH", "ST", "TM", "UC", "UI", "UR", "UT",
})  # fmt: skip
_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_NOT_FINITE = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}

BulkData = Callable[[str], bytes]


class _Form(NamedTuple):
    """How a data set is to be written."""

    bulk_data: BulkData | None
    implicit: bool
    codec: str


def json_to_data_set(
    attributes: dict[str, Any],
    bulk_data: BulkData | None = None,
    *,
    implicit: bool = False,
    character_set: tuple[str, ...] = (),
) -> bytes:
    """Return the data set of a DICOM JSON Model object as little endian bytes, in the order of tags.

    ``bulk_data`` gives the bytes of a BulkDataURI; ``implicit``: without VRs; ``character_set``: the one to write in as
    long as the text fits into it. Raises UsageError where the object is not in the form of PS3.18 F, has a BulkDataURI
    that nothing resolves, or a value its VR cannot hold.
    """
    codec = codec_of(character_set)
    if codec is not None:
        with contextlib.suppress(UnicodeEncodeError):
            return _with_character_set(attributes, character_set[0], _Form(bulk_data, implicit, codec))
    return _with_character_set(attributes, _UTF_8, _Form(bulk_data, implicit, "utf_8"))


def _with_character_set(attributes: dict[str, Any], term: str, form: _Form) -> bytes:
    body, is_ascii = _data_set(attributes, form, 0)
    if is_ascii:
        return body
    attributes = {key: value for key, value in attributes.items() if _tag(key) != _SPECIFIC_CHARACTER_SET}
    low = {key: value for key, value in attributes.items() if _tag(key) < _SPECIFIC_CHARACTER_SET}
    high = {key: value for key, value in attributes.items() if _tag(key) > _SPECIFIC_CHARACTER_SET}
    declared = write_element(_SPECIFIC_CHARACTER_SET, "CS", term.encode(), implicit=form.implicit)
    return _data_set(low, form, 0)[0] + declared + _data_set(high, form, 0)[0]


def _data_set(attributes: dict[str, Any], form: _Form, depth: int) -> tuple[bytes, bool]:
    """Return the elements of one level and whether all their text is ASCII."""
    if not isinstance(attributes, dict):
        raise UsageError(f"DICOM JSON: an object of attributes is due, not {type(attributes).__name__}")
    if depth > MAX_DEPTH:
        raise UsageError(f"DICOM JSON: sequences are nested deeper than {MAX_DEPTH}")
    pieces, is_ascii = [], True
    for tag, attribute in sorted(((_tag(key), value) for key, value in attributes.items()), key=itemgetter(0)):
        if not tag & 0xFFFF or (depth and tag == _SPECIFIC_CHARACTER_SET):
            continue  # group lengths would be wrong; items have the character set of the whole
        piece, plain = _element(tag, attribute, form, depth)
        pieces.append(piece)
        is_ascii = is_ascii and plain
    return b"".join(pieces), is_ascii


@lru_cache(maxsize=4096)
def _tag(key: str) -> int:
    if _KEY.fullmatch(key):
        return int(key, 16)
    raise UsageError(f"DICOM JSON: {key!r} is no tag of eight hexadecimal digits")


def _element(tag: int, attribute: Any, form: _Form, depth: int) -> tuple[bytes, bool]:  # noqa: ANN401
    """Return one element, its JSON form checked, and whether its text is ASCII."""
    vr = attribute.get("vr") if isinstance(attribute, dict) else None
    values = attribute.get("Value", []) if isinstance(attribute, dict) else None
    if not isinstance(vr, str) or not isinstance(values, list):
        raise UsageError(f"DICOM JSON: {tag:08X} needs a vr, and its Value must be an array")
    if vr == "SQ":
        items = [_data_set(item or {}, form, depth + 1) for item in values]
        sequence = write_sequence(tag, [body for body, _ in items], implicit=form.implicit)
        return sequence, all(plain for _, plain in items)
    plain = True
    if "BulkDataURI" in attribute:
        value = _resolve(tag, attribute["BulkDataURI"], form.bulk_data)
    elif vr in _BINARY:
        value = _inline(tag, attribute.get("InlineBinary", ""))
    else:
        value = _checked_value(tag, vr, values, form.codec)
        plain = value.isascii() or vr in NUMBERS or vr == "AT"
    return write_element(tag, vr, value, implicit=form.implicit), plain


def _checked_value(tag: int, vr: str, values: list[Any], codec: str) -> bytes:
    """Return the bytes of values that may be of the wrong kind, or hold what the character set lacks."""
    try:
        return _value(vr, values, codec)
    except UnicodeEncodeError:
        if codec != "utf_8":
            raise
        raise UsageError(f"DICOM JSON: {tag:08X} has text that is no Unicode") from None
    except (ValueError, TypeError, OverflowError, AttributeError, struct.error) as error:
        raise UsageError(f"DICOM JSON: {tag:08X} has a value that VR {vr} cannot hold: {error}") from error


def _value(vr: str, values: list[Any], codec: str) -> bytes:
    """Return the bytes of the values of a VR that is neither sequence nor binary."""
    if vr in NUMBERS:
        kind = NUMBERS[vr]
        number: Callable[[Any], int | float] = float if kind in "fd" else int
        numbers = [number(_NOT_FINITE.get(value, value) if isinstance(value, str) else value) for value in values]
        return struct.pack(f"<{len(numbers)}{kind}", *numbers)
    if vr == "AT":
        return b"".join(struct.pack("<HH", int(value, 16) >> 16, int(value, 16) & 0xFFFF) for value in values)
    if vr == "PN":
        return "\\".join(_name(value) for value in values).encode(codec)
    if vr in _TEXT:
        return "\\".join("" if value is None else _text(value) for value in values).encode(codec)
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


def _inline(tag: int, text: Any) -> bytes:  # noqa: ANN401 - whatever JSON holds
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise UsageError(f"DICOM JSON: InlineBinary of {tag:08X} is not base64: {error}") from error


def _resolve(tag: int, uri: Any, bulk_data: BulkData | None) -> bytes:  # noqa: ANN401 - whatever JSON holds
    if bulk_data is None or not isinstance(uri, str):
        raise UsageError(f"DICOM JSON: the BulkDataURI of {tag:08X} cannot be resolved: {uri!r}")
    return bulk_data(uri)
