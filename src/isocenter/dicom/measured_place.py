"""Where something was measured, as coordinates (PS3.3).

Points of a picture with a frame of reference become SCOORD3D in the patient, or on the slide (C.18.9), others SCOORD
in pixels, where the corner of the first pixel is 0, 0 (C.18.6); of a slide in tiles these are those of the whole.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from isocenter.dicom.content_items import Code, item, reference

Points = Sequence[Sequence[float]]


#: The diameters of an ellipsoid, in the order in which they are drawn.
DIAMETERS = ("length", "width", "height")


def lines_of(draft: Mapping[str, Any], quantity: str = "") -> list[Mapping[str, Any]]:
    """Return what was drawn for a result, or for all, each with its picture: of ellipsoids a line for a diameter."""
    if draft["kind"] != "ellipsoid":
        return [draft]
    lines = [draft, *({**one, "kind": draft["kind"]} for one in draft.get("further", ()))]
    return [lines[DIAMETERS.index(quantity)]] if quantity in DIAMETERS else lines


def is_spatial(draft: Mapping[str, Any]) -> bool:
    """Whether it lies in a frame of reference; a viewer names a volume without one by another word than a UID."""
    uid: str = (draft.get("plane") or {}).get("FrameOfReferenceUID", "")
    return uid[:1].isdigit()


def place(
    draft: Mapping[str, Any],
    classes: Mapping[str, str],
    relationship: str = "INFERRED FROM",
    concept: Code | None = None,
) -> Dataset:
    """Return where it was drawn; ``classes`` are SOP classes by instance."""
    kind, points = draft["kind"], draft["points"]
    plane = draft.get("plane")
    if plane and is_spatial(draft):
        graphic, flat = _shape(kind, points, plane["columnStep"], plane["rowStep"])
        data = [coordinate for point in flat for coordinate in _in_patient(plane, point)]
        made = item(relationship, "SCOORD3D", concept, GraphicType=_SPATIAL.get((kind, graphic), graphic))
        made.GraphicData, made.ReferencedFrameOfReferenceUID = data, plane["FrameOfReferenceUID"]
        return made
    graphic, flat = _shape(kind, points, 1.0, 1.0)
    made = item(relationship, "SCOORD", concept, GraphicType=graphic)
    made.GraphicData = [coordinate + 0.5 for point in flat for coordinate in point]
    if classes.get(draft["image"]["SOPInstanceUID"]) == VLWholeSlideMicroscopyImageStorage:
        made.PixelOriginInterpretation = "VOLUME"
    image = item("SELECTED FROM", "IMAGE", None, ReferencedSOPSequence=[_image(draft["image"], classes)])
    made.ContentSequence = [image]
    return made


#: Closed lines are polygons in the patient.
_SPATIAL: Mapping[tuple[str, str], str] = {("rectangle", "POLYLINE"): "POLYGON", ("freehand", "POLYLINE"): "POLYGON"}
_LINES = {
    "length": "POLYLINE",
    "angle": "POLYLINE",
    "cobb": "MULTIPOINT",
    "bidirectional": "MULTIPOINT",
    "probe": "POINT",
    "ellipsoid": "POLYLINE",
}


def _shape(kind: str, points: Points, column_step: float, row_step: float) -> tuple[str, list[tuple[float, float]]]:
    """Return the graphic type, and its points in pixels of the picture."""
    if kind in _LINES:
        return _LINES[kind], [(point[0], point[1]) for point in points]
    if kind == "freehand":
        return "POLYLINE", [(point[0], point[1]) for point in (*points, points[0])]
    (ax, ay), (bx, by) = points[0], points[1]
    if kind == "rectangle":
        return "POLYLINE", [(ax, ay), (bx, ay), (bx, by), (ax, by), (ax, ay)]
    if kind == "circle":
        radius = math.hypot((bx - ax) * column_step, (by - ay) * row_step)
        cx, cy, rx, ry = ax, ay, radius / column_step, radius / row_step
    else:
        cx, cy, rx, ry = (ax + bx) / 2, (ay + by) / 2, abs(bx - ax) / 2, abs(by - ay) / 2
    across, down = [(cx - rx, cy), (cx + rx, cy)], [(cx, cy - ry), (cx, cy + ry)]
    return "ELLIPSE", across + down if rx * column_step >= ry * row_step else down + across


def _in_patient(plane: Mapping[str, Any], point: tuple[float, float]) -> list[float]:
    along, down = point[0] * plane["columnStep"], point[1] * plane["rowStep"]
    axes = zip(plane["origin"], plane["row"], plane["column"], strict=True)
    return [origin + along * row + down * column for origin, row, column in axes]


def _image(image: Mapping[str, Any], classes: Mapping[str, str]) -> Dataset:
    return reference(image["SOPInstanceUID"], classes, image["frame"] if image["frame"] > 1 else 0)
