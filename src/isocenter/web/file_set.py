"""Objects as a file-set: a name for each that PS3.10 8.2 allows, and the DICOMDIR that lists them.

The directory is made from the headers that the archive keeps, series by series; no object is read for it.
"""

import gzip
import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from isocenter.archive import Archive, Instance
from isocenter.dicom.dicomdir import Record, write_dicomdir
from isocenter.dicom.directory_records import keys_of, kind_of
from isocenter.dicom.uids import new_uid

_FILE_SET_ID = "ISOCENTER"
_SOP_INSTANCE = "00080018"

Json = dict[str, Any]


def file_ids(instances: Sequence[Instance]) -> list[tuple[str, ...]]:
    """Return the components of each object's name: a folder for all, one for each series, a number."""
    folders: dict[str, int] = {}
    files: dict[str, int] = {}
    names: list[tuple[str, ...]] = []
    for instance in instances:
        series = instance.SeriesInstanceUID
        folder = folders.setdefault(series, len(folders) + 1)
        files[series] = files.get(series, 0) + 1
        names.append(("DICOM", f"S{folder:07}", f"I{files[series]:07}"))
    return names


def directory_of(archive: Archive, instances: Sequence[Instance]) -> bytes:
    """Return the DICOMDIR of objects of one study.

    Raises:
        NotFoundError: they were deleted meanwhile.
    """
    series: list[Record] = []
    first: Json = {}
    names = dict(zip((i.SOPInstanceUID for i in instances), file_ids(instances), strict=True))
    for number, (uid, members) in enumerate(groupby(instances, key=lambda i: i.SeriesInstanceUID), 1):
        blob = archive.metadata(instances[0].StudyInstanceUID, uid)
        headers = {each[_SOP_INSTANCE]["Value"][0]: each for each in json.loads(gzip.decompress(blob.body))}
        below = [_leaf(headers, member, names[member.SOPInstanceUID], n) for n, member in enumerate(members, 1)]
        header: Json = next(iter(headers.values()), {})
        first = first or header
        series.append(Record("SERIES", keys_of("SERIES", header, number), below=below))
    study = Record("STUDY", keys_of("STUDY", first, 1), below=series)
    patient = Record("PATIENT", keys_of("PATIENT", first, 1), below=[study])
    return write_dicomdir([patient], new_uid(), _FILE_SET_ID)


def _leaf(headers: dict[str, Json], instance: Instance, name: tuple[str, ...], number: int) -> Record:
    kind = kind_of(instance.SOPClassUID)
    referenced = (instance.SOPClassUID, instance.SOPInstanceUID, instance.transfer_syntax_uid)
    header = headers.get(instance.SOPInstanceUID, {})  # empty if it came behind the metadata
    return Record(kind, keys_of(kind, header, number), name, referenced)
