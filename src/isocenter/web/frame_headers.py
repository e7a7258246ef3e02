"""Where each frame of a series lies and what its values mean, from the series' metadata (DICOM JSON). Pure.

Per-frame and shared functional groups come before the top level (PS3.3 C.7.6.16).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Numbers = tuple[float, ...]

_SHARED, _PER_FRAME = "52009229", "52009230"
_SOP_INSTANCE_UID, _FRAMES, _ROWS, _COLUMNS, _SAMPLES = "00080018", "00280008", "00280010", "00280011", "00280002"
_POSITION, _ORIENTATION, _SPACING, _SLOPE, _INTERCEPT = "00200032", "00200037", "00280030", "00281053", "00281052"
#: Attribute -> the functional group that holds it in multi-frame objects.
_GROUPS = {
    _POSITION: "00209113",
    _ORIENTATION: "00209116",
    _SPACING: "00289110",
    _SLOPE: "00289145",
    _INTERCEPT: "00289145",
}


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """A frame: ``number`` counts from 1; position, orientation and spacing are empty where the header lacks them."""

    SOPInstanceUID: str
    number: int
    rows: int
    columns: int
    samples: int
    position: Numbers
    orientation: Numbers
    spacing: Numbers
    slope: float
    intercept: float

    @property
    def placed(self) -> bool:
        """Whether it is known where the frame lies and how large it is."""
        return (len(self.position), len(self.orientation), len(self.spacing)) == (3, 6, 2)


def frames_of(header: Json) -> Iterator[FrameHeader]:
    """Yield the frames of an object; none where it has no image."""
    rows, columns = first_number(header, _ROWS), first_number(header, _COLUMNS)
    if not rows or not columns:
        return
    uid = header[_SOP_INSTANCE_UID]["Value"][0]
    samples = int(first_number(header, _SAMPLES) or 1)
    shared = first_item(header.get(_SHARED))
    groups = header.get(_PER_FRAME, {}).get("Value") or [{}] * int(first_number(header, _FRAMES) or 1)
    for number, own in enumerate(groups, 1):
        position, orientation, spacing, slope, intercept = (_values(header, shared, own, tag) for tag in _GROUPS)
        yield FrameHeader(
            uid, number, int(rows), int(columns), samples, position, orientation, spacing,
            (slope or (1.0,))[0], (intercept or (0.0,))[0],
        )  # fmt: skip


def _values(header: Json, shared: Json, own: Json | None, tag: str) -> Numbers:
    """Return an attribute as it holds for a frame."""
    places: Sequence[Json] = (
        first_item((own or {}).get(_GROUPS[tag])),
        first_item(shared.get(_GROUPS[tag])),
        header,
    )
    for place in places:
        if "Value" in place.get(tag, {}):
            return tuple(float(value) for value in place[tag]["Value"] if isinstance(value, int | float))
    return ()


def first_item(attribute: Json | None) -> Json:
    """Return the first item of a sequence."""
    items = (attribute or {}).get("Value") or [{}]
    return items[0] or {}


def first_number(header: Json, tag: str) -> float | None:
    """Return the first value of an attribute, if it is a number."""
    values = header.get(tag, {}).get("Value") or [None]
    return values[0] if isinstance(values[0], int | float) else None


def first_text(header: Json, tag: str) -> str:
    """Return the first value of an attribute, if it is a text, else ``""``."""
    values = header.get(tag, {}).get("Value") or [""]
    return values[0] if isinstance(values[0], str) else ""
