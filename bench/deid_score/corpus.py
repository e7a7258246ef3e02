"""The objects that tokens are planted in: real files of every kind, and generated ones of the kinds that lack there."""

import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID

from bench.deid_score.planting import Answer, Planter, Uids, plant
from isocenter.codecs.writing import encode_frame
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.pixels import ImageDescription
from isocenter.dicom.uids import transfer_syntax

_STORAGE = "1.2.840.10008.5.1.4.1.1."
#: Folders of the real data -> every how many files one is taken.
FOLDERS = {
    "sop": 1, "rt": 1, "small": 2, "transfer_syntax": 3, "pixel_presentation": 1, "anonymise": 1, "charset": 1,
    "geometry": 30, "volumes": 90, "dynamic": 60, "deid": 12,
}  # fmt: skip
LARGEST = 3 << 20
#: SOP classes, and ImageType values, whose objects may be put aside: pixels may show text, or nobody can read them.
ASIDE = tuple(_STORAGE + end for end in ("7", "6.", "6", "3.", "3", "104.", "77.1.", "66\0"))
ASIDE_TYPES = frozenset({"SECONDARY", "SCREEN SAVE", "DOSE_INFO", "SECONDARY CAPTURE", "LABEL", "OVERVIEW"})
#: Generated kinds: name -> (SOP class, Modality).
KINDS = {
    "ct": (_STORAGE + "2", "CT"), "mr": (_STORAGE + "4", "MR"), "pet": (_STORAGE + "128", "PT"),
    "cr": (_STORAGE + "1", "CR"), "us": (_STORAGE + "6.1", "US"), "sc": (_STORAGE + "7", "OT"),
    "sr": (_STORAGE + "88.33", "SR"), "ko": (_STORAGE + "88.59", "KO"), "pr": (_STORAGE + "11.1", "PR"),
    "rtstruct": (_STORAGE + "481.3", "RTSTRUCT"), "ecg": (_STORAGE + "9.1.1", "ECG"), "raw": (_STORAGE + "66", "MR"),
    "pdf": (_STORAGE + "104.1", "DOC"), "cda": (_STORAGE + "104.2", "DOC"), "stl": (_STORAGE + "104.3", "M3D"),
}  # fmt: skip
IMAGES = frozenset({"ct", "mr", "pet", "cr", "us", "sc"})
#: Transfer syntaxes in which the generated CT comes.
NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")
COMPRESSED = tuple(f"1.2.840.10008.1.2.{end}" for end in ("5", "4.57", "4.70", "4.80", "4.90", "4.201"))
EXPLICIT = NATIVE[1]
SIDE = 32


def write_corpus(folder: Path, real: Path | None, *, every: int = 1) -> list[Answer]:
    """Write the planted files into a folder and return the answer key; ``every``: one of how many objects."""
    uids, answers, seen = Uids(), [], set()
    for number, (name, ds) in enumerate(chain(_generated(every), _read(real, every) if real else ())):
        answer = Answer(f"{number:04d}-{name}.dcm")
        answer.aside = _may_be_put_aside(ds)
        if ds.SOPInstanceUID in seen:  # the same picture in another encoding
            ds.SOPInstanceUID = f"1.2.826.0.1.78.{number}"
        seen.add(ds.SOPInstanceUID)
        try:
            plant(ds, Planter(answer, uids, number))
            buffer = io.BytesIO()
            ds.save_as(buffer, enforce_file_format=True)
        except Exception:  # noqa: BLE001 - pydicom cannot write every object that it reads
            continue
        data = buffer.getvalue()
        there = data + inflated(data)
        answer.removed = [(kind, token) for kind, token in answer.removed if token.encode() in there]
        (folder / answer.name).write_bytes(data)
        answers.append(answer)
    return answers


def inflated(data: bytes) -> bytes:
    """Return the data set of a deflated file, nothing of others."""
    meta = read_preamble_and_meta(data, final=True)
    if meta is None or not transfer_syntax(meta.transfer_syntax_uid).deflated:
        return b""
    return zlib.decompress(data[meta.data_set_offset :], -zlib.MAX_WBITS)


def write_key(path: Path, answers: list[Answer]) -> None:
    """Write the answer key as JSON."""
    path.write_text(json.dumps([asdict(answer) for answer in answers]), encoding="utf-8")


def _may_be_put_aside(ds: Dataset) -> bool:
    sop_class = str(ds.get("SOPClassUID", ""))
    types = {str(value).upper() for value in ds.get("ImageType", ())}
    return (
        (sop_class + "\0").startswith(ASIDE)
        or sop_class.startswith(_STORAGE + "7.")
        or not sop_class.startswith("1.2.840.10008.")
        or bool(types & ASIDE_TYPES)
        or "EncapsulatedDocument" in ds
        or ds.get("BurnedInAnnotation") == "YES"
        or ds.get("Modality") in {"US", "IVUS", "ES", "DOC", "OT", "SC"}
        or ds.get("ConversionType") in {"DV", "DF", "SD", "SI", "DRW"}
    )


def _read(real: Path, every: int) -> Iterator[tuple[str, Dataset]]:
    for folder, step in FOLDERS.items():
        paths = sorted(p for p in (real / folder).rglob("*") if p.is_file() and 0 < p.stat().st_size <= LARGEST)
        for path in paths[:: step * every]:
            try:
                ds = pydicom.dcmread(path)
                ds.walk(lambda _ds, element: element.value)
            except Exception:  # noqa: BLE001 - not every file there is an object
                continue
            if "SOPInstanceUID" in ds and "TransferSyntaxUID" in ds.file_meta:
                yield f"{folder}-{path.stem}", ds


def _generated(every: int) -> Iterator[tuple[str, Dataset]]:
    for name in list(KINDS)[::every]:
        yield name, _object(name, EXPLICIT, len(name))
    for number, syntax in enumerate((*NATIVE, *COMPRESSED)[::every]):
        yield f"ct-{syntax.rpartition('1.2.')[2]}", _object("ct", syntax, number)


def _object(name: str, syntax: str, number: int) -> Dataset:
    sop_class, modality = KINDS[name]
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, f"1.2.826.0.1.77.{len(name)}.{number}.{len(syntax)}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.77.1", f"1.2.826.0.1.77.1.{sum(map(ord, name))}"
    ds.FrameOfReferenceUID = "1.2.826.0.1.77.2"
    ds.PatientID, ds.PatientName, ds.PatientSex, ds.PatientWeight = "1", "One", "F", 61
    ds.Modality, ds.InstanceNumber, ds.SeriesNumber = modality, number + 1, 3
    ds.KVP, ds.SliceThickness, ds.ImageOrientationPatient = 120, 1.25, [1, 0, 0, 0, 1, 0]
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    if name in IMAGES:
        _add_pixels(ds, name, syntax)
    _CONTENT.get(name, lambda _: None)(ds)
    return ds


def _add_pixels(ds: Dataset, name: str, syntax: str) -> None:
    pixels = np.random.default_rng(sum(map(ord, name))).integers(0, 4000, (SIDE, SIDE)).astype(np.uint16)
    ds.Rows = ds.Columns = SIDE
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
    if syntax in COMPRESSED:
        description = ImageDescription(SIDE, SIDE, BitsAllocated=16, BitsStored=12, HighBit=11)
        ds.PixelData = encapsulate([encode_frame(pixels, description, syntax)])
        ds["PixelData"].is_undefined_length = True
        ds["PixelData"].VR = "OB"
        return
    ds.PixelData = (pixels.byteswap() if UID(syntax).is_little_endian is False else pixels).tobytes()
    ds["PixelData"].VR = "OW"


def _code(value: str, scheme: str, meaning: str) -> Sequence:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return Sequence([code])


def _item(value_type: str, **values: object) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", value_type
    item.ConceptNameCodeSequence = _code("121071", "DCM", "Finding")
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def _report(ds: Dataset) -> None:
    number = Dataset()
    number.NumericValue, number.MeasurementUnitsCodeSequence = "17.5", _code("mm", "UCUM", "mm")
    ds.ValueType, ds.ConceptNameCodeSequence = "CONTAINER", _code("126000", "DCM", "Imaging Measurement Report")
    ds.ContentSequence = Sequence([
        _item("TEXT", TextValue="x"), _item("PNAME", PersonName="x"), _item("DATE", Date="20200101"),
        _item("DATETIME", DateTime="20200101"), _item("UIDREF", UID="1.2.826.0.1.77.9"),
        _item("NUM", MeasuredValueSequence=Sequence([number])),
    ])  # fmt: skip


def _presentation(ds: Dataset) -> None:
    text, graphic = Dataset(), Dataset()
    text.UnformattedTextValue, text.AnchorPoint = "x", [1.0, 2.0]
    graphic.GraphicLayer, graphic.TextObjectSequence = "LAYER1", Sequence([text])
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "LABEL", "x", "x"
    ds.GraphicAnnotationSequence = Sequence([graphic])


def _structures(ds: Dataset) -> None:
    roi = Dataset()
    roi.ROINumber, roi.ROIName, roi.ROIDescription = 1, "x", "x"
    roi.ReferencedFrameOfReferenceUID = ds.FrameOfReferenceUID
    ds.StructureSetLabel, ds.StructureSetName, ds.StructureSetROISequence = "x", "x", Sequence([roi])


def _waveform(ds: Dataset) -> None:
    note, group = Dataset(), Dataset()
    note.UnformattedTextValue, note.AnnotationGroupNumber = "x", 1
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples, group.SamplingFrequency = 1, 8, 500
    group.WaveformData = bytes(range(16))
    group["WaveformData"].VR = "OW"
    ds.WaveformSequence, ds.WaveformAnnotationSequence = Sequence([group]), Sequence([note])


def _document(ds: Dataset) -> None:
    ds.MIMETypeOfEncapsulatedDocument, ds.DocumentTitle = "application/pdf", "x"
    ds.EncapsulatedDocument = b"%PDF-1.4 "


def _regions(ds: Dataset) -> None:
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 8
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = SIDE - 1, SIDE - 1
    ds.SequenceOfUltrasoundRegions = Sequence([region])


_CONTENT = {
    "sr": _report, "ko": _report, "pr": _presentation, "rtstruct": _structures, "ecg": _waveform, "us": _regions,
    "pdf": _document, "cda": _document, "stl": _document,
}  # fmt: skip
