"""An isocontour region as a measurement group of TID 1411: its border as volume surface, what it measures (PS3.16).

SUV are named as in CID 7469 with how they were derived (CID 7464: maximum, mean, peak), volume with its method (CID
7474).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.dataset import Dataset

from isocenter.dicom.content_items import NO_UNIT, Code, code, coded, container, dataset, item, template
from isocenter.dicom.uids import new_uid

#: How a value of the region was derived, by the name it has in the drafts.
_DERIVATIONS: Mapping[str, Code] = {
    "maximum": ("56851009", "SCT", "Maximum"),
    "mean": ("373098007", "SCT", "Mean"),
    "peak": ("126031", "DCM", "Peak Value Within ROI"),
}
_SUV: Mapping[str, Code] = {
    "SUVbw": ("126401", "DCM", "SUVbw"),
    "SUVlbm (James)": ("126406", "DCM", "SUVlbm(James128)"),
    "SUVlbm (Janma)": ("126405", "DCM", "SUVlbm(Janma)"),
    "SUVbsa": ("126403", "DCM", "SUVbsa"),
}
_SIZES: Mapping[str, tuple[Code, Code]] = {
    "volume": (("118565006", "SCT", "Volume"), ("ml", "UCUM", "milliliter")),
    "glycolysis": (("126033", "DCM", "Total Lesion Glycolysis"), ("g", "UCUM", "gram")),
}
_METHOD: Code = ("370129005", "SCT", "Measurement Method")
_BY_VOXELS: Code = ("126030", "DCM", "Sum of segmented voxel method for volume")
_SURFACE: Code = ("121231", "DCM", "Volume Surface")
_SOURCE: Code = ("121232", "DCM", "Source series for segmentation")


def region_group(draft: Mapping[str, Any], units: Mapping[str, Code]) -> Dataset:
    """Return the group of one region; ``units`` are UCUM for what the viewer shows."""
    tracked = [
        item("HAS OBS CONTEXT", "TEXT", ("112039", "DCM", "Tracking Identifier"), TextValue=_name(draft)),
        item("HAS OBS CONTEXT", "UIDREF", ("112040", "DCM", "Tracking Unique Identifier"), UID=new_uid()),
    ]
    frame = draft["plane"]["FrameOfReferenceUID"]
    surface = [_surface(contour, frame) for contour in draft["contours"]]
    source = item("CONTAINS", "UIDREF", _SOURCE, UID=draft["image"]["SeriesInstanceUID"])
    results = [found for value in draft["values"] for found in _results(value, units)]
    group = container("CONTAINS", ("125007", "DCM", "Measurement Group"), [*tracked, *surface, source, *results])
    group.ContentTemplateSequence = template("1411")
    return group


def _name(draft: Mapping[str, Any]) -> str:
    """Return what it is called: by itself with what it was cut at, which has no item of its own."""
    by = draft["isocontour"]
    cut = f"{by['share']:.0%} of maximum" if by.get("share") is not None else f"SUV {by['value']:g}"
    return draft.get("name") or f"Isocontour, {cut}"


def _surface(contour: Sequence[float], frame: str) -> Dataset:
    """Return a closed line (C.18.9): the first point is the last one, too."""
    line = item("CONTAINS", "SCOORD3D", _SURFACE, GraphicType="POLYGON")
    line.GraphicData, line.ReferencedFrameOfReferenceUID = [*contour, *contour[:3]], frame
    return line


def _results(value: Mapping[str, Any], units: Mapping[str, Code]) -> list[Dataset]:
    """Return the item of a result; none for the threshold, which says how the region was made."""
    quantity = value["quantity"]
    if quantity in _SIZES:
        concept, unit = _SIZES[quantity]
        method = [coded("HAS CONCEPT MOD", _METHOD, _BY_VOXELS)] if quantity == "volume" else []
        return [_number(concept, value["value"], unit, method)]
    if quantity not in _DERIVATIONS:
        return []
    unit, derivation = units.get(value["unit"], NO_UNIT), _DERIVATIONS[quantity]
    if value["unit"] not in _SUV:
        return [_number(derivation, value["value"], unit, [])]
    derived = coded("HAS CONCEPT MOD", ("121401", "DCM", "Derivation"), derivation)
    return [_number(_SUV[value["unit"]], value["value"], unit, [derived])]


def _number(concept: Code, value: float, unit: Code, modifiers: list[Dataset]) -> Dataset:
    measured = dataset(NumericValue=f"{value:.9g}", FloatingPointValue=value, MeasurementUnitsCodeSequence=[code(unit)])
    number = item("CONTAINS", "NUM", concept, MeasuredValueSequence=[measured])
    if modifiers:
        number.ContentSequence = modifiers
    return number
