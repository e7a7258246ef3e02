"""Key images as a Key Object Selection document: TID 2010 (PS3.16), PS3.3 A.35.4 and C.17.6.

Builds the object; knows neither archive nor HTTP.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import KeyObjectSelectionDocumentStorage

from isocenter.dicom.content_items import Code, coded, container, evidence, item, reference, template
from isocenter.dicom.new_object import new_object
from isocenter.dicom.uids import new_uid

_TITLE: Code = ("113000", "DCM", "Of Interest")


def make_key_images(
    source: Dataset, marks: Sequence[Mapping[str, Any]], classes: Mapping[str, str], now: dt.datetime, text: str = ""
) -> Dataset:
    """Return the selection of these images, each with its series, instance and frame (0: the whole object)."""
    made = new_object(source, KeyObjectSelectionDocumentStorage, "KO", "Key images", now)
    made.ReferencedPerformedProcedureStepSequence = []
    made.update(container("", _TITLE))
    del made.RelationshipType
    made.ContentTemplateSequence = template("2010")
    images = [(mark["SeriesInstanceUID"], mark["SOPInstanceUID"]) for mark in marks]
    made.CurrentRequestedProcedureEvidenceSequence = [evidence(source.StudyInstanceUID, images, classes)]
    described = [item("CONTAINS", "TEXT", ("113012", "DCM", "Key Object Description"), TextValue=text)] if text else []
    made.ContentSequence = [*_observer(), *described, *(_image(mark, classes) for mark in marks)]
    return made


def _observer() -> list[Dataset]:
    """Return who chose: a device (TID 1001), since nobody is known by name."""
    return [
        coded("HAS OBS CONTEXT", ("121005", "DCM", "Observer Type"), ("121007", "DCM", "Device")),
        item("HAS OBS CONTEXT", "UIDREF", ("121012", "DCM", "Device Observer UID"), UID=new_uid()),
        item("HAS OBS CONTEXT", "TEXT", ("121013", "DCM", "Device Observer Name"), TextValue="Isocenter"),
    ]


def _image(mark: Mapping[str, Any], classes: Mapping[str, str]) -> Dataset:
    named = reference(mark["SOPInstanceUID"], classes, mark["frame"])
    return item("CONTAINS", "IMAGE", None, ReferencedSOPSequence=[named])
