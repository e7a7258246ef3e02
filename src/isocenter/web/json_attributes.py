"""Values of a DICOM JSON Model object that somebody else wrote, by keyword (PS3.18 F)."""

import re
from typing import Any

from isocenter.dicom import dictionary
from isocenter.errors import InvalidObjectError, UsageError

Json = dict[str, Any]
_TAG = re.compile("[0-9A-Fa-f]{8}")


def normal(attributes: Json) -> Json:
    """Return a copy whose keys are in upper case.

    Raises:
        UsageError: a key is no tag.
    """
    wrong = next((key for key in attributes if _TAG.fullmatch(key) is None), None)
    if wrong is not None:
        raise UsageError(f"DICOM JSON: {wrong[:32]!r} is no tag of eight hexadecimal digits")
    return {key.upper(): value for key, value in attributes.items()}


def first_value(attributes: Json, keyword: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return the first value of an attribute, None where there is none."""
    attribute = attributes.get(f"{dictionary.tag(keyword):08X}")
    values = attribute.get("Value") if isinstance(attribute, dict) else None
    return values[0] if isinstance(values, list) and values else None


def text_of(attributes: Json, keyword: str) -> str:
    """Return the first value of an attribute as text, ``""`` where there is none."""
    value = first_value(attributes, keyword)
    return "" if value is None else str(value)


def number_of(attributes: Json, keyword: str) -> int | None:
    """Return the first value of an attribute as a number, None where there is none.

    Raises:
        InvalidObjectError: it is none.
    """
    value = first_value(attributes, keyword)
    try:
        return None if value is None or value == "" else int(value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidObjectError(f"{keyword} in the metadata is no number") from None


def put(attributes: Json, keyword: str, value: Any) -> None:  # noqa: ANN401 - as JSON has it
    """Set an attribute; None makes it empty, a list is all its values."""
    tag = dictionary.tag(keyword)
    values = [] if value is None else value if isinstance(value, list) else [value]
    attributes[f"{tag:08X}"] = {"vr": dictionary.vr(tag), "Value": values}


def require_number(attributes: Json, keyword: str, value: int) -> None:
    """Set an attribute to what the bulk data says.

    Raises:
        InvalidObjectError: the metadata says something else.
    """
    said = number_of(attributes, keyword)
    if said is not None and said != value:
        raise InvalidObjectError(f"{keyword} is {said} in the metadata and {value} in the bulk data")
    put(attributes, keyword, value)


def set_vr(attributes: Json, tag: int, vr: str) -> None:
    """Give an attribute that is there another VR."""
    attributes[f"{tag:08X}"] = {**attributes[f"{tag:08X}"], "vr": vr}
