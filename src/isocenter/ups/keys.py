"""Matching keys by name: ``ScheduledStationNameCodeSequence.CodeValue`` is one in the item of a sequence. Pure."""

from typing import Any

from isocenter.dicom import dictionary
from isocenter.dicom.json import Json
from isocenter.errors import UsageError

_MAX_DEPTH = 8


def add_key(identifier: Json, name: str, values: list[str]) -> None:
    """Add a key to an identifier; without a value it is only asked for, and UIDs may be a list with commas.

    Raises:
        UsageError: its name is no path of attributes, by keywords or tags with dots between.
    """
    path = name.split(".")
    if len(path) > _MAX_DEPTH:
        raise UsageError(f"a key reaches through {len(path)} sequences; {_MAX_DEPTH} are allowed")
    for each in path[:-1]:
        tag = _tag(each)
        if dictionary.vr(tag) != "SQ":
            raise UsageError(f"{each[:64]} is no sequence, so nothing can be looked for in it")
        sequence: dict[str, Any] = identifier.setdefault(f"{tag:08X}", {"vr": "SQ", "Value": [{}]})
        identifier = sequence.setdefault("Value", [{}])[0]
    tag = _tag(path[-1])
    vr = dictionary.vr(tag)
    listed = [part for value in values for part in (value.split(",") if vr == "UI" else [value]) if part]
    if vr != "SQ":
        identifier[f"{tag:08X}"] = {"vr": vr, "Value": listed} if listed else {"vr": vr}
    elif listed:
        raise UsageError(f"{name[:64]} is a sequence: name an attribute in it, with a dot between")
    else:
        identifier.setdefault(f"{tag:08X}", {"vr": vr})


def _tag(name: str) -> int:
    try:
        return dictionary.tag(name)
    except UsageError:
        raise UsageError(f"{name[:64]!r} is neither an attribute nor an option of a search (PS3.18 8.3.4)") from None
