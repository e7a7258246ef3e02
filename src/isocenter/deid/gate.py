"""The gate for what attributes cannot clean: text burned into pixels, documents, video, unknown kinds (PS3.15 E.3.1).

A received BurnedInAnnotation NO is not believed: it is one of the signs, and only YES counts. An object that is caught
is set aside with the reason unless its text areas are known (:mod:`isocenter.deid.blanking`) or the user decides.
"""

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

from isocenter.dicom.encoding import Buffer
from isocenter.dicom.header import Header
from isocenter.dicom.scanner import ScanResult, iter_elements
from isocenter.dicom.uids import SOP_CLASSES, TransferSyntax, is_valid_uid

SOP_CLASS_UID, IMAGE_TYPE, MODALITY = 0x00080016, 0x00080008, 0x00080060
SERIES_DESCRIPTION, CONVERSION_TYPE, BURNED_IN = 0x0008103E, 0x00080064, 0x00280301
MANUFACTURER, MODEL, ROWS, COLUMNS = 0x00080070, 0x00081090, 0x00280010, 0x00280011
SAMPLES, FRAMES, PHOTOMETRIC = 0x00280002, 0x00280008, 0x00280004
#: What the gate reads.
TAGS: frozenset[int] = frozenset({
    SOP_CLASS_UID, IMAGE_TYPE, MODALITY, SERIES_DESCRIPTION, CONVERSION_TYPE, BURNED_IN, MANUFACTURER, MODEL, ROWS,
    COLUMNS, SAMPLES, FRAMES, PHOTOMETRIC,
})  # fmt: skip
_READ = sorted(TAGS)

_PIXEL_GROUP = 0x7FE0
_IMAGES = "1.2.840.10008.5.1.4.1.1."
#: SOP class, or the beginning of it (with a dot at its end) -> why its pixels may show text.
_CLASSES: dict[str, str] = {
    _IMAGES + "7": "a secondary capture", _IMAGES + "7.": "a secondary capture",
    _IMAGES + "6.": "an ultrasound image", _IMAGES + "6": "an ultrasound image",
    _IMAGES + "3": "an ultrasound image", _IMAGES + "3.": "an ultrasound image",
    _IMAGES + "77.1.": "a visible light image",
}  # fmt: skip
#: SOP classes of visible light that show slides or eyes and not a screen.
_NO_SCREEN = (_IMAGES + "77.1.6", _IMAGES + "77.1.5.")
#: SOP classes computed from images, whatever modality they name: parametric maps, segmentations, registrations.
_DERIVED = (_IMAGES + "30", _IMAGES + "66.", _IMAGES + "67", _IMAGES + "68.")
#: SOP class -> why its content cannot be cleaned at all.
_DOCUMENTS = _IMAGES + "104."
_UNCLEANABLE: dict[str, str] = {
    "1.2.840.10008.5.1.4.1.1.66": "raw data, which only its maker can read",
    "1.2.840.10008.1.3.10": "a directory of files (DICOMDIR), which belongs to the files it lists",
}
#: A whole value of Image Type -> sign; then what makes one when it is a part of a value.
_IMAGE_TYPES: dict[str, str] = {
    "LABEL": "the label of a slide", "OVERVIEW": "the overview of a slide with its label",
    "CSAPARALLEL": "a report as an image", "DOSE": "a dose screen", "SCANNED": "a scanned document",
}  # fmt: skip
_IN_IMAGE_TYPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"SECONDARY CAPTURE"), "a secondary capture"),
    (re.compile(r"SCREEN|CAPTURE|VXTL STATE"), "a screen save"),
    (re.compile(r"DOSE[ _]?(INFO|REPORT|RECORD|SUMMARY|SHEET)"), "a dose screen"),
    (re.compile(r"REPORT|PROTOCOL|SUMMARY"), "a report as an image"),
)
#: Conversion Type (PS3.3 C.8.6.1): video, film, document, scanner, drawing.
_CONVERTED = frozenset({"DV", "DF", "SD", "SI", "DRW"})
_DOSE = re.compile(
    r"dose[ _-]?(report|info|record|summary|sheet)|(patient|exam) ?protocol|screen[ _-]?(save|shot|capture)|\breport\b|"
    r"film ?digiti",
    re.IGNORECASE,
)
_MODALITIES: dict[str, str] = {"US": "an ultrasound image", "IVUS": "an ultrasound image", "ES": "an endoscopic image",
    "DOC": "a document", "OT": "an image of no known kind", "SC": "a secondary capture", "HC": "a hard copy",
    "XC": "a photograph", "GM": "a photograph", "BMD": "a bone densitometry report", "BDUS": "an ultrasound image",
    "ECG": "a printed curve", "HD": "a printed curve"}  # fmt: skip
#: Signs of a picture that surely has text.
_SURE = frozenset({
    "marked as having burned-in annotation", "a dose screen", "a report as an image", "the label of a slide",
    "a scanned document",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Why an object is caught; ``burned_in``: its pixels may show text, and the user may decide otherwise.

    ``sure``: they do show some, so a reading that finds none has failed.
    """

    reason: str
    burned_in: bool
    sure: bool = False


def has_pixels(data: Buffer, syntax: TransferSyntax, found: ScanResult) -> bool:
    """Tell whether there is pixel data where a scan up to group 7FE0 ended, or out of order behind it."""
    rest = iter_elements(data, syntax, found.position) if found.complete else ()
    return any(element.tag >> 16 == _PIXEL_GROUP for element in rest)


def judge(header: Header, syntax_uid: str, *, has_pixels: bool) -> Finding | None:
    """Return why an object cannot be written with its pixels as they are, or None.

    ``has_pixels``: there is pixel data; what Rows and Columns say is not believed.
    """
    return _judged(tuple(map(header.values.get, _READ)), syntax_uid, has_pixels)


@lru_cache(maxsize=256)
def _judged(values: tuple[tuple[str, ...] | None, ...], syntax_uid: str, has_pixels: bool) -> Finding | None:
    """Judge by the values of `_READ`; the objects of a series have them in common."""
    header = Header({tag: value for tag, value in zip(_READ, values, strict=True) if value is not None})
    sop_class = header.text(SOP_CLASS_UID)
    reason = _UNCLEANABLE.get(sop_class)
    if reason is None and sop_class.startswith(_DOCUMENTS):
        reason = "an encapsulated document, whose text cannot be cleaned"
    if reason is None and sop_class not in SOP_CLASSES and not _is_later_edition(sop_class):
        reason = "of a SOP class that is not in the standard"
    if reason:
        return Finding(reason, burned_in=False)
    if not has_pixels:
        return None
    signs = _signs(header, sop_class, syntax_uid)
    if not signs:
        return None
    reason = f"{signs[0]}: its pixels may show text"
    return Finding(reason, burned_in=True, sure=not _SURE.isdisjoint(signs))


def _is_later_edition(sop_class: str) -> bool:
    return is_valid_uid(sop_class) and sop_class.startswith(_IMAGES)


def _signs(header: Header, sop_class: str, syntax_uid: str) -> list[str]:
    """Return the signs of burned-in text."""
    types = [value.strip().upper() for value in header.texts(IMAGE_TYPE)]
    signs = (
        "marked as having burned-in annotation" if header.text(BURNED_IN).upper() == "YES" else "",
        _by_class(sop_class),
        _by_image_type(types),
        "converted from film, paper or video" if header.text(CONVERSION_TYPE).upper() in _CONVERTED else "",
        "" if sop_class.startswith(_DERIVED) else _MODALITIES.get(header.text(MODALITY).upper(), ""),
        "described as a report or screen" if _DOSE.search(header.text(SERIES_DESCRIPTION)) else "",
        "a video" if syntax_uid.startswith(("1.2.840.10008.1.2.4.10", "1.2.840.10008.1.2.7.")) else "",
        _by_colour(header, sop_class),
    )
    return [sign for sign in signs if sign]


def _by_image_type(types: list[str]) -> str:
    whole = (_IMAGE_TYPES[value] for value in types if value in _IMAGE_TYPES)
    parts = (sign for value in types for pattern, sign in _IN_IMAGE_TYPES if pattern.search(value))
    return next(itertools.chain(whole, parts), "")


def _by_class(sop_class: str) -> str:
    if sop_class.startswith(_NO_SCREEN):
        return ""
    for start, sign in _CLASSES.items():
        if sop_class == start or (start.endswith(".") and sop_class.startswith(start)):
            return sign
    return ""


def _by_colour(header: Header, sop_class: str) -> str:
    """Return a sign for colour where scanners write grey: fused or captured pictures of a console."""
    grey = sop_class.startswith((_IMAGES + "2", _IMAGES + "4", _IMAGES + "1", _IMAGES + "128"))
    grey = grey and header.text(MODALITY) in {"CT", "MR", "PT", "CR", "DX", "MG", "XA", "RF"}
    colour = (header.integer(SAMPLES, 1) or 1) > 1 or header.text(PHOTOMETRIC) == "PALETTE COLOR"
    return "a colour picture of a modality that scans in grey" if grey and colour else ""
