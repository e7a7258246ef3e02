"""Faces taken out of head CT and MR (PS3.15 E.3.2): the volume of each series first, then every object by itself.

Works on series of single slices and on enhanced multi-frame objects (PS3.3 C.7.6.2, C.7.6.16.2). What may be a head
but gives no face is set aside, since a face could still be made from it; what is surely none passes unchanged.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isocenter.deid.engine import SERIES_INSTANCE_UID, SOP_CLASS_UID, data_set_of, read_object
from isocenter.deid.faces import Face, NoFaceError, Plane, Slice, find_face
from isocenter.deid.pictures import UNREADABLE, Pictures
from isocenter.deid.planes import SHOWING_HEADS, read_planes
from isocenter.deid.tree import SequesterError
from isocenter.errors import IsocenterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from isocenter.dicom.encoding import Buffer

    #: Gives the bytes of an object each time it is called.
    Opener = Callable[[], Buffer]


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame of an object: where it is, and how its stored values become HU or signal."""

    open: Opener
    number: int
    plane: Plane
    rows: int
    columns: int
    slope: float
    intercept: float

    def values(self) -> NDArray[Any]:
        """Return its values."""
        return np.asarray(_pictures(self.open()).stored(self.number) * self.slope + self.intercept)


def find_faces(objects: Iterable[Opener]) -> dict[str, Face | str]:
    """Return for each series (by its UID) of CT or MR its face, why there is none, or "" where there is no head."""
    frames: dict[tuple[str, bool], list[_Frame]] = defaultdict(list)
    broken: dict[str, Face | str] = {}
    for opener in objects:
        try:
            whole = read_object(*data_set_of(opener()))
        except (IsocenterError, SequesterError, OSError):
            continue  # what is no object is rejected later
        modality = SHOWING_HEADS.get(whole.header.text(SOP_CLASS_UID))
        if modality is None or not whole.has_pixels:
            continue
        series = whole.header.text(SERIES_INSTANCE_UID)
        try:
            pictures = Pictures(whole.data, whole.syntax, whole.values)
            size = pictures.description.Rows, pictures.description.Columns
            for number, (plane, slope, intercept) in enumerate(read_planes(pictures.dataset, len(pictures))):
                frames[series, modality == "CT"].append(_Frame(opener, number, plane, *size, slope, intercept))
        except IsocenterError as error:
            broken[series] = f"its volume cannot be read: {error}"
        except UNREADABLE:
            broken[series] = "its volume cannot be read: its header is broken"
    found = {series: _find(part, is_ct=is_ct) for (series, is_ct), part in frames.items()}
    return found | broken


def _find(frames: list[_Frame], *, is_ct: bool) -> Face | str:
    slices = [Slice(frame.plane, frame.rows, frame.columns, frame.values) for frame in frames]
    try:
        return find_face(slices, is_ct=is_ct)
    except NoFaceError as error:
        return str(error) if error.is_head else ""
    except (IsocenterError, OSError) as error:
        return f"its volume cannot be read: {error}"


def _pictures(data: Buffer) -> Pictures:
    whole = read_object(*data_set_of(data))
    return Pictures(whole.data, whole.syntax, whole.values)
