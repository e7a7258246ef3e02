"""Data sets as people write them, ``{"PatientName": "DOE^JANE", "Modality": "CT"}`` -> DICOM JSON Model object. Pure.

A DICOM JSON Model object is taken as it is; either is checked down to the form of its values (PS3.5 6.2).
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from isocenter.dicom import dictionary
from isocenter.dicom.header import NUMBERS, TEXTS
from isocenter.dicom.json import Json, data_set_to_json, json_to_data_set
from isocenter.dicom.nested import texts
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, is_valid_uid, transfer_syntax
from isocenter.errors import UsageError

_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_CHARACTER_SET = "00080005"
_MAX_DEPTH = 16
_SYNTAX = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN)


class _Form(NamedTuple):
    """What a value of a VR has to look like, and how that is said."""

    fits: Callable[[str], object]
    words: str


def _pattern(expression: str, words: str) -> _Form:
    return _Form(re.compile(expression, re.DOTALL).fullmatch, words)


def _is_date(text: str) -> bool:
    try:
        return len(text) == 8 and date(int(text[:4]), int(text[4:6]), int(text[6:])) is not None
    except ValueError:
        return False


_GROUP = r"[^=\x00-\x1f]{0,64}"
_TIME = r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?"
_FORMS: Mapping[str, _Form] = {
    "AE": _pattern(r"[ -\[\]-~]{1,16}", "an AE title of 1 to 16 ASCII characters without backslash"),
    "CS": _pattern(r"[A-Z0-9_ ]{1,16}", "1 to 16 capital letters, digits, spaces or underscores"),
    "DA": _Form(_is_date, "a date like 20240131"),
    "TM": _pattern(_TIME, "a time like 0930 or 093000"),
    "DT": _pattern(r"\d{4,14}(?:\.\d{1,6})?(?:[+-]\d{4})?", "a date-time like 20240131093000"),
    "UI": _Form(is_valid_uid, "a UID: digits and dots, 64 at most"),
    "SH": _pattern(r"[^\\\x00-\x1f]{1,16}", "at most 16 characters without backslash"),
    "LO": _pattern(r"[^\\\x00-\x1f]{1,64}", "at most 64 characters without backslash"),
    "PN": _pattern(rf"{_GROUP}(?:={_GROUP}){{0,2}}", "a name like DOE^JANE, at most 64 characters a group"),
    "IS": _pattern(r"[+-]?\d{1,12}", "a whole number"),
    "DS": _pattern(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", "a number"),
    "ST": _pattern(r".{1,1024}", "at most 1024 characters"),
    "LT": _pattern(r".{1,10240}", "at most 10240 characters"),
}


def read_attributes(given: Mapping[str, Any]) -> Json:
    """Return the DICOM JSON Model object of a data set in either form, in its plainest writing.

    Raises:
        UsageError: an attribute does not exist, or a value is none of its VR; the message names the attribute.
    """
    attributes = {name: value for name, value in _tagged(given).items() if name != _CHARACTER_SET}
    written = json_to_data_set(attributes)
    plain = data_set_to_json(written, _SYNTAX, bulk_data_uri=None)
    plain.pop(_CHARACTER_SET, None)
    check_values(plain)
    return plain


def _tagged(given: Mapping[str, Any], depth: int = 0) -> Json:
    if depth > _MAX_DEPTH:
        raise UsageError(f"sequences are nested deeper than {_MAX_DEPTH}")
    if not isinstance(given, Mapping):
        raise UsageError(f"an object of attributes is due, not {type(given).__name__}")
    attributes: Json = {}
    for name, value in given.items():
        if _TAG.fullmatch(name) and isinstance(value, Mapping):
            attributes[name.upper()] = dict(value)
            continue
        tag = dictionary.tag(name)
        attributes[f"{tag:08X}"] = _attribute(name, dictionary.vr(tag), value, depth)
    return attributes


def _attribute(name: str, vr: str, value: Any, depth: int = 0) -> Json:  # noqa: ANN401 - what JSON holds
    values = value if isinstance(value, list) else [] if value is None or value == "" else [value]
    if not values:
        return {"vr": vr}
    if vr == "SQ":
        return {"vr": vr, "Value": [_tagged(item, depth + 1) for item in values]}
    if any(isinstance(each, Mapping) for each in values) and vr != "PN":
        raise UsageError(f"{name}: a value is due, not an object")
    parts = [part for each in values for part in _parts(vr, each)]
    try:
        return {"vr": vr, "Value": [_number(vr, part) for part in parts] if vr in NUMBERS else parts}
    except ValueError:
        raise UsageError(f"{name}: a number is due") from None


def _parts(vr: str, value: Any) -> list[Any]:  # noqa: ANN401 - what JSON holds
    return value.split("\\") if isinstance(value, str) and vr not in TEXTS else [value]


def _number(vr: str, value: Any) -> int | float:  # noqa: ANN401 - what JSON holds
    return float(value) if NUMBERS[vr] in "fd" else int(value)


def check_values(attributes: Mapping[str, Any]) -> None:
    """Check the form of all values, those in sequences too.

    Raises:
        UsageError: one is none of its VR.
    """
    for name, attribute in attributes.items():
        values = attribute.get("Value", [])
        if attribute["vr"] == "SQ":
            for item in values:
                check_values(item or {})
            continue
        form = _FORMS.get(attribute["vr"])
        if form and not all(form.fits(text.strip(" ")) for text in texts(values) if text.strip(" ")):
            raise UsageError(f"{dictionary.keyword(int(name, 16)) or name}: use {form.words}")


def read_pairs(pairs: Mapping[int, str]) -> Json:
    """Return the attributes of tags and texts, as a command line has them; sequences are empty."""
    return {
        f"{tag:08X}": _attribute(f"{tag:08X}", dictionary.vr(tag), _plain(tag, text)) for tag, text in pairs.items()
    }


def _plain(tag: int, text: str) -> str:
    return "" if dictionary.vr(tag) == "SQ" else text


def flattened(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a data set by keyword: values as text, several as a list, sequences as lists of objects."""
    shown: dict[str, Any] = {}
    for name, attribute in attributes.items():
        values = attribute.get("Value", [])
        keyword = dictionary.keyword(int(name, 16)) or name
        if attribute["vr"] == "SQ":
            shown[keyword] = [flattened(item or {}) for item in values]
        else:
            parts = texts(values)
            shown[keyword] = parts if len(parts) > 1 else "".join(parts)
    return shown
