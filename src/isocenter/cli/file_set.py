"""What ``anonymize`` makes of its output folder: a file-set with a DICOMDIR (PS3.10 8.2), and a ZIP archive.

Names in a file-set are made of the new UIDs, so that a run that was stopped finds what it wrote.
"""

import base64
import hashlib
import os
import shutil
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from isocenter.deid import Result
from isocenter.deid.values import dummy
from isocenter.dicom.dicomdir import Record, write_dicomdir
from isocenter.dicom.directory_records import keys_of, kind_of
from isocenter.dicom.json import data_set_to_json
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.scanner import inflate
from isocenter.dicom.uids import new_uid, transfer_syntax

ROOT = "DICOM"
_FILE_SET_ID = "DEIDENTIFIED"
_INFLATED, _PIXELS = 1 << 31, 0x7FE00000
#: A day that says nothing of when; ZIP has none earlier.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
#: StudyDate and StudyTime, which objects may have empty and the directory may not.
_DUMMIES = {"00080020": dummy("DA").decode(), "00080030": dummy("TM").decode()}
_LEVELS = (("PATIENT", "00100020"), ("STUDY", "0020000D"), ("SERIES", "0020000E"))

Json = dict[str, Any]


def file_set_place(result: Result) -> str:
    """Return the path of an object in a file-set: four components of eight characters that PS3.10 8.5 allows."""
    parts = (result.patient, result.study, result.series, result.instance)
    return "/".join([ROOT, *(component(part) for part in parts)])


def component(name: str) -> str:
    """Return the component that stands for a name: eight letters and digits, always the same."""
    return base64.b32encode(hashlib.sha256(name.encode()).digest())[:8].decode("ascii")


def write_directory(folder: Path) -> None:
    """Write the DICOMDIR of all objects of a file-set, in the place of one that is there."""
    groups: dict[tuple[str, ...], list[tuple[Json, Record]]] = defaultdict(list)
    for path in sorted(path for path in (folder / ROOT).rglob("*") if path.is_file()):
        header, referenced = _read(path)
        kind = kind_of(referenced[0])
        values = tuple(_value(header, tag) for _, tag in _LEVELS)
        number = len(groups[values]) + 1
        record = Record(kind, keys_of(kind, header, number), path.relative_to(folder).parts, referenced)
        groups[values].append((header, record))
    written = write_dicomdir(_records(groups, 0), new_uid(), _FILE_SET_ID)
    temporary = folder / ".DICOMDIR"
    temporary.write_bytes(written)
    temporary.replace(folder / "DICOMDIR")


def _records(groups: dict[tuple[str, ...], list[tuple[Json, Record]]], level: int) -> list[Record]:
    """Return the records of one level and of those below."""
    if level == len(_LEVELS):
        return [record for members in groups.values() for _, record in members]
    below: dict[str, dict[tuple[str, ...], list[tuple[Json, Record]]]] = defaultdict(dict)
    for values, members in groups.items():
        below[values[level]][values] = members
    kind = _LEVELS[level][0]
    return [
        Record(kind, _required(keys_of(kind, next(iter(part.values()))[0][0], number)), below=_records(part, level + 1))
        for number, part in enumerate(below.values(), 1)
    ]


def _required(keys: Json) -> Json:
    """Return keys with the dummies of de-identified objects where a record must have a date or time (PS3.3 F.5.2)."""
    missing = {tag: value for tag, value in _DUMMIES.items() if tag in keys and not keys[tag].get("Value")}
    return keys | {tag: keys[tag] | {"Value": [value]} for tag, value in missing.items()}


def _read(path: Path) -> tuple[Json, tuple[str, str, str]]:
    """Return an object's header as DICOM JSON, and its SOP class, instance and transfer syntax."""
    data = path.read_bytes()
    meta = read_preamble_and_meta(data, final=True)
    assert meta is not None
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    body: Any = memoryview(data)[meta.data_set_offset :]
    header: Json = data_set_to_json(
        inflate(body, _INFLATED) if syntax.deflated else body, syntax, bulk_data_uri=None, stop=_PIXELS
    )
    return header, (_value(header, "00080016"), _value(header, "00080018"), syntax.uid)


def _value(header: Json, tag: str) -> str:
    values = header.get(tag, {}).get("Value") or [""]
    return str(values[0])


def pack(folder: Path, archive: Path) -> None:
    """Make a folder a ZIP archive, complete under its final name or not there, and remove it."""
    temporary = archive.with_name(archive.name + ".part")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as written:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            if path.relative_to(folder).parts[0].startswith("."):  # on its way in a run that was killed
                continue
            info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _NO_TIME)
            with path.open("rb") as source, written.open(info, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 1 << 20)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.rename(archive)
    shutil.rmtree(folder)
