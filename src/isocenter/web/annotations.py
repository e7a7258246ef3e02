"""Text burnt into pictures for who asks for it: whose and how it was made (PS3.18 8.3.5.1.1)."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from isocenter.dicom import dictionary
from isocenter.dicom.header import SPECIFIC_CHARACTER_SET, decode_values
from isocenter.dicom.scanner import Buffer, scan
from isocenter.dicom.uids import TransferSyntax
from isocenter.errors import UsageError

if TYPE_CHECKING:
    from isocenter.codecs.drawing import Canvas

#: What is written, by value of the parameter: a line each, {value} in its place.
LINES: dict[str, tuple[tuple[str, str], ...]] = {
    "patient": (("PatientName", "{}"), ("PatientID", "ID {}"), ("PatientBirthDate", "born {}"), ("PatientSex", "{}")),
    "technique": (
        ("Modality", "{}"),
        ("StudyDate", "{}"),
        ("SeriesDescription", "{}"),
        ("KVP", "{} kV"),
        ("XRayTubeCurrent", "{} mA"),
        ("ExposureTime", "{} ms"),
        ("RepetitionTime", "TR {} ms"),
        ("EchoTime", "TE {} ms"),
        ("SliceThickness", "{} mm"),
    ),
}
_TAGS = {keyword: dictionary.tag(keyword) for lines in LINES.values() for keyword, _ in lines}
_WANTED = frozenset(_TAGS.values()) | {SPECIFIC_CHARACTER_SET}
_DATE_LENGTH = 8

Texts = Mapping[str, str]


def read_annotations(text: str | None) -> tuple[str, ...]:
    """Return what is to be written of a parameter such as ``patient,technique``.

    Raises:
        UsageError: there is no such annotation.
    """
    names = tuple(dict.fromkeys(name.strip().lower() for name in (text or "").split(",") if name.strip()))
    for name in names:
        if name not in LINES:
            raise UsageError(f"annotation is patient, technique or both, not {name[:32]!r}")
    return names


def texts_of(data: Buffer, syntax: TransferSyntax, names: Iterable[str]) -> Texts:
    """Return the text of each annotation, with line feeds; an empty one where the header says nothing."""
    found = decode_values(scan(data, syntax, _WANTED, 0x00290000).values, syntax)
    texts = {}
    for name in names:
        values = ((form, keyword, found.get(_TAGS[keyword]) or ()) for keyword, form in LINES[name])
        texts[name] = "\n".join(form.format(_shown(keyword, value[0])) for form, keyword, value in values if value)
    return texts


def write(canvas: "Canvas", texts: Texts) -> None:
    """Write the patient above and the technique below, at the left."""
    height = canvas.picture.shape[0]
    if texts.get("patient"):
        canvas.text((2, 2), texts["patient"])
    if texts.get("technique"):
        canvas.text((2, height - 2), texts["technique"], from_below=True)


def _shown(keyword: str, value: str) -> str:
    if keyword.endswith("Date") and len(value) == _DATE_LENGTH:
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    if keyword == "PatientName":
        family, _, given = value.partition("=")[0].partition("^")
        return ", ".join(part for part in (family, given.replace("^", " ").strip()) if part)
    return value
