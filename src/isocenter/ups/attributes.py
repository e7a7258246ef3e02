"""Attributes of a work item as a DICOM JSON Model object, by keyword; and taking one over from outside, strictly."""

import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from isocenter.dicom import dictionary
from isocenter.dicom.json import Json, data_set_to_json, json_to_data_set
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from isocenter.errors import UsageError

UPS_PUSH = "1.2.840.10008.5.1.4.34.6.1"
#: Subscriptions to all work items, and to those that match a filter (PS3.6 Table A-1).
GLOBAL_SUBSCRIPTION = "1.2.840.10008.5.1.4.34.5"
FILTERED_SUBSCRIPTION = "1.2.840.10008.5.1.4.34.5.1"

_EXPLICIT = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN)
_SPECIFIC_CHARACTER_SET = "00080005"


class Code(NamedTuple):
    """A coded concept (PS3.3 8)."""

    value: str
    scheme: str
    meaning: str

    def as_item(self) -> Json:
        """Return the item of a code sequence."""
        return data_set(CodeValue=self.value, CodingSchemeDesignator=self.scheme, CodeMeaning=self.meaning)


@lru_cache(maxsize=512)
def key(keyword: str) -> str:
    """Return the key of an attribute in DICOM JSON."""
    return f"{dictionary.tag(keyword):08X}"


def values(attributes: Mapping[str, Any], keyword: str) -> list[Any]:
    """Return the values of an attribute; none where it is empty or not there."""
    found: list[Any] = attributes.get(key(keyword), {}).get("Value", [])
    return [value for value in found if value is not None]


def text(attributes: Mapping[str, Any], keyword: str) -> str:
    """Return the first value of an attribute as text, ``""`` where there is none."""
    found = values(attributes, keyword)
    return str(found[0]) if found else ""


def element(keyword: str, *given: Any) -> Json:  # noqa: ANN401 - what JSON holds
    """Return an attribute with these values."""
    vr = dictionary.vr(dictionary.tag(keyword))
    return {"vr": vr, "Value": list(given)} if given else {"vr": vr}


def data_set(**given: Any) -> Json:  # noqa: ANN401 - what JSON holds
    """Return a data set: keywords with a value, a list of values, or ``""`` or ``[]`` for none."""
    made = {}
    for keyword, value in given.items():
        listed = value if isinstance(value, list) else [value] if value != "" else []
        made[key(keyword)] = element(keyword, *listed)
    return dict(sorted(made.items()))


def taken_over(attributes: Json) -> Json:
    """Return a data set from outside in the one form in which all of them are kept, as it would come by DIMSE.

    Raises:
        UsageError: it is no DICOM JSON Model object, or an attribute is not of its VR.
    """
    body = json_to_data_set(attributes)
    _check_vrs(attributes)
    made = data_set_to_json(body, _EXPLICIT, bulk_data_uri=None, bulk_threshold=sys.maxsize)
    made.pop(_SPECIFIC_CHARACTER_SET, None)  # text is Unicode here
    return made


def _check_vrs(attributes: Mapping[str, Any]) -> None:
    for name, attribute in attributes.items():
        tag, vr = int(name, 16), attribute["vr"]
        known = dictionary.vr(tag)
        if known not in {vr, "UN"} and tag not in dictionary.AMBIGUOUS:
            raise UsageError(f"{dictionary.keyword(tag) or name} is of VR {known}, not {vr}")
        for item in attribute.get("Value", ()) if vr == "SQ" else ():
            _check_vrs(item or {})
