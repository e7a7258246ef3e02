"""Measurements as a structured report: TID 1500 with a group for each (PS3.16), Comprehensive 3D or Comprehensive SR.

Each result names its place, see ``measured_place``. What was calibrated by hand is inferred from the known length and
the spacing that follows from it (TID 300, derivation parameters). Isocontour regions are groups of TID 1411, arrows of
TID 1410, see ``region_group`` and ``arrow_group``. Of an ellipsoid each diameter has its place, and the volume all of
them and its method (CID 7474). Builds the content tree; knows no archive nor HTTP.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage

from isocenter.dicom.arrow_group import arrow_group
from isocenter.dicom.content_items import (
    NO_UNIT,
    Code,
    code,
    coded,
    container,
    dataset,
    evidence,
    item,
    template,
)
from isocenter.dicom.measured_place import is_spatial, lines_of, place
from isocenter.dicom.new_object import new_object
from isocenter.dicom.region_group import region_group
from isocenter.dicom.uids import new_uid

#: What is measured, by the name it has in the drafts.
_CONCEPTS: Mapping[str, Code] = {
    "length": ("410668003", "SCT", "Length"),
    "width": ("103355008", "SCT", "Width"),
    "height": ("121207", "DCM", "Height"),
    "volume": ("118565006", "SCT", "Volume"),
    "angle": ("1483009", "SCT", "Angle"),
    "area": ("42798000", "SCT", "Area"),
    "mean": ("373098007", "SCT", "Mean"),
    "deviation": ("386136009", "SCT", "Standard Deviation"),
    "minimum": ("255605001", "SCT", "Minimum"),
    "maximum": ("56851009", "SCT", "Maximum"),
    "value": ("112031", "DCM", "Attenuation Coefficient"),
}
#: UCUM for the units that the viewer shows.
_UNITS: Mapping[str, Code] = {
    "mm": ("mm", "UCUM", "millimeter"),
    "mm²": ("mm2", "UCUM", "square millimeter"),
    "µm": ("um", "UCUM", "micrometer"),
    "µm²": ("um2", "UCUM", "square micrometer"),
    "ml": ("ml", "UCUM", "milliliter"),
    "px": ("{pixels}", "UCUM", "pixels"),
    "px²": ("{pixels}", "UCUM", "pixels"),
    "°": ("deg", "UCUM", "degree"),
    "HU": ("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "Bq/ml": ("Bq/ml", "UCUM", "Becquerels/milliliter"),
    "SUVbw": ("{SUVbw}g/ml", "UCUM", "Standardized Uptake Value body weight"),
    "SUVlbm (James)": ("{SUVlbm}g/ml", "UCUM", "Standardized Uptake Value lean body mass (James)"),
    "SUVlbm (Janma)": ("{SUVlbm(Janma)}g/ml", "UCUM", "Standardized Uptake Value lean body mass (Janma)"),
    "SUVbsa": ("{SUVbsa}cm2/ml", "UCUM", "Standardized Uptake Value body surface area"),
}
_PER_PIXEL: Code = ("mm/{pixel}", "UCUM", "millimeter per pixel")
_BY_HAND: Code = ("122488", "DCM", "Calibration Object Used")
_METHOD: Code = ("370129005", "SCT", "Measurement Method")
_BY_DIAMETERS: Code = ("126029", "DCM", "LWH method for volume of ellipsoid")


def make_report(
    source: Dataset, drafts: Sequence[Mapping[str, Any]], classes: Mapping[str, str], now: dt.datetime
) -> Dataset:
    """Return the report of these drafts; ``source`` is any object of the study, ``classes`` SOP class by instance."""
    lines = [line for draft in drafts for line in lines_of(draft)]
    spatial = any(is_spatial(line) for line in lines)
    report = _head(source, Comprehensive3DSRStorage if spatial else ComprehensiveSRStorage, now)
    images = [(line["image"]["SeriesInstanceUID"], line["image"]["SOPInstanceUID"]) for line in lines]
    report.CurrentRequestedProcedureEvidenceSequence = [evidence(source.StudyInstanceUID, images, classes)]
    report.update(container("", ("126000", "DCM", "Imaging Measurement Report")))
    del report.RelationshipType
    report.ContentTemplateSequence = template("1500")
    groups = [_group(draft, classes) for draft in drafts]
    measured = container("CONTAINS", ("126010", "DCM", "Imaging Measurements"), groups)
    report.ContentSequence = [*_context(), measured]
    return report


def has_place(draft: Mapping[str, Any]) -> bool:
    """Return whether a report can say where it was measured.

    Pixels of a picture that was computed, such as one straightened along a path, are not those of the stored image it
    names: without a plane in the patient they have no place.
    """
    return all(is_spatial(line) or not line["image"].get("reformatted", False) for line in lines_of(draft))


def _head(source: Dataset, sop_class: str, now: dt.datetime) -> Dataset:
    report = new_object(source, sop_class, "SR", "Measurements", now)
    report.CompletionFlag, report.VerificationFlag = "COMPLETE", "UNVERIFIED"
    report.ReferencedPerformedProcedureStepSequence = []
    report.PerformedProcedureCodeSequence = []
    return report


def _context() -> list[Dataset]:
    """Return language, observer (TID 1001, a device) and procedure."""
    return [
        coded("HAS CONCEPT MOD", ("121049", "DCM", "Language of Content Item and Descendants"),
               ("en-US", "RFC5646", "English (United States)")),
        coded("HAS OBS CONTEXT", ("121005", "DCM", "Observer Type"), ("121007", "DCM", "Device")),
        item("HAS OBS CONTEXT", "UIDREF", ("121012", "DCM", "Device Observer UID"), UID=new_uid()),
        item("HAS OBS CONTEXT", "TEXT", ("121013", "DCM", "Device Observer Name"), TextValue="Isocenter"),
        coded("HAS CONCEPT MOD", ("121058", "DCM", "Procedure reported"), ("363679005", "SCT", "Imaging procedure")),
    ]  # fmt: skip


def _group(draft: Mapping[str, Any], classes: Mapping[str, str]) -> Dataset:
    if draft.get("contours"):
        return region_group(draft, _UNITS)
    return arrow_group(draft, classes) if draft["kind"] == "arrow" else _measurement(draft, classes)


def _measurement(draft: Mapping[str, Any], classes: Mapping[str, str]) -> Dataset:
    """Return one measurement (TID 1501): what it is called, its results, each with the place it was taken from."""
    name = draft.get("name") or draft["kind"].capitalize()
    tracked = [
        item("HAS OBS CONTEXT", "TEXT", ("112039", "DCM", "Tracking Identifier"), TextValue=name),
        item("HAS OBS CONTEXT", "UIDREF", ("112040", "DCM", "Tracking Unique Identifier"), UID=new_uid()),
    ]
    results = [_number(value, draft, classes) for value in draft.get("values", ())]
    group = container("CONTAINS", ("125007", "DCM", "Measurement Group"), [*tracked, *results])
    group.ContentTemplateSequence = template("1501")
    return group


def _number(value: Mapping[str, Any], draft: Mapping[str, Any], classes: Mapping[str, str]) -> Dataset:
    unit = _UNITS.get(value["unit"], NO_UNIT)
    measured = dataset(
        NumericValue=f"{value['value']:.9g}",
        FloatingPointValue=value["value"],
        MeasurementUnitsCodeSequence=[code(unit)],
    )
    quantity = "mean" if value["quantity"] == "value" and value["unit"] != "HU" else value["quantity"]
    number = item("CONTAINS", "NUM", _CONCEPTS[quantity], MeasuredValueSequence=[measured])
    lines = lines_of(draft, value["quantity"])
    method = [coded("HAS CONCEPT MOD", _METHOD, _BY_DIAMETERS)] if value["quantity"] == "volume" else []
    calibration = next((found for line in lines if (found := _calibration(value, line))), [])
    number.ContentSequence = [*method, *calibration, *(place(line, classes) for line in lines)]
    return number


def _calibration(value: Mapping[str, Any], draft: Mapping[str, Any]) -> list[Dataset]:
    """Return what says that millimetres come from a line of known length; nothing where the file gives them."""
    calibration = draft.get("calibration")
    if calibration is None or value["unit"] not in ("mm", "mm²", "ml"):
        return []
    used = coded("HAS CONCEPT MOD", ("122421", "DCM", "Calibration Object"), _BY_HAND)
    sizes = [
        _derivation(("122423", "DCM", "Calibration Object Size"), calibration["known"], _UNITS["mm"]),
        _derivation(("111026", "DCM", "Horizontal Pixel Spacing"), calibration["columnSpacing"], _PER_PIXEL),
        _derivation(("111066", "DCM", "Vertical Pixel Spacing"), calibration["rowSpacing"], _PER_PIXEL),
    ]
    return [used, *sizes]


def _derivation(concept: Code, value: float, unit: Code) -> Dataset:
    measured = dataset(NumericValue=f"{value:.9g}", FloatingPointValue=value, MeasurementUnitsCodeSequence=[code(unit)])
    return item("INFERRED FROM", "NUM", concept, MeasuredValueSequence=[measured])
