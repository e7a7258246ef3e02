"""DICOMDIR, the list of the objects of a file-set, as bytes (PS3.10 8, PS3.3 F.3).

Records are written in pre-order, with the offsets that link them; their keys are DICOM JSON. The counterpart that tells
which keys a record has is ``directory_records``. Knows no files.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from isocenter.dicom.encoding import ITEM
from isocenter.dicom.json_reader import json_to_data_set
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, MEDIA_STORAGE_DIRECTORY
from isocenter.dicom.writer import write_element

_IN_USE = 0xFFFF
#: Item header and the two links before the rest of a record: (0004,1400), (0004,1410), (0004,1420).
_ITEM_HEAD = 8

_item = struct.Struct("<HHI").pack


@dataclass(slots=True)
class Record:
    """A directory record: its type, its keys, the file it refers to (if any), and the records below it.

    ``file_id``: the components of the name, each of up to 8 of ``A-Z 0-9 _``; with it go SOP class, SOP instance and
    transfer syntax UID of the file.
    """

    kind: str
    attributes: dict[str, Any]
    file_id: tuple[str, ...] = ()
    referenced: tuple[str, str, str] = ("", "", "")
    below: "list[Record]" = field(default_factory=list)


@dataclass(slots=True)
class _Placed:
    """A record with its place; ``next`` and ``lower`` are offsets, 0 for none."""

    record: Record
    rest: bytes
    offset: int = 0
    next: int = 0
    lower: int = 0


def write_dicomdir(roots: list[Record], uid: str, file_set_id: str) -> bytes:
    """Return the file; ``uid`` is the SOP instance UID of the file-set, its ID up to 16 characters of a CS.

    Raises:
        UsageError: a key cannot be written.
    """
    meta = write_file_meta(MEDIA_STORAGE_DIRECTORY, uid, EXPLICIT_VR_LITTLE_ENDIAN)
    start = len(meta) + len(_head(file_set_id, 0, 0)) + 12  # the header of the sequence
    placed = [_Placed(record, _rest(record)) for record in _walk(roots)]
    by_record = {id(each.record): each for each in placed}
    offset = start
    for each in placed:
        each.offset = offset
        offset += _ITEM_HEAD + len(_links(each)) + len(each.rest)
    for siblings in (roots, *(each.record.below for each in placed)):
        for one, following in pairwise(siblings):
            by_record[id(one)].next = by_record[id(following)].offset
    for each in placed:
        each.lower = by_record[id(each.record.below[0])].offset if each.record.below else 0
    first, last = (by_record[id(roots[0])].offset, by_record[id(roots[-1])].offset) if roots else (0, 0)
    items = b"".join(_written(each) for each in placed)
    return meta + _head(file_set_id, first, last) + write_element(0x00041220, "SQ", items)


def _head(file_set_id: str, first: int, last: int) -> bytes:
    return b"".join((
        write_element(0x00041130, "CS", file_set_id.encode("ascii")),
        write_element(0x00041200, "UL", struct.pack("<I", first)),
        write_element(0x00041202, "UL", struct.pack("<I", last)),
        write_element(0x00041212, "US", b"\0\0"),
    ))  # fmt: skip


def _walk(records: list[Record]) -> Iterator[Record]:
    for record in records:
        yield record
        yield from _walk(record.below)


def _links(placed: _Placed) -> bytes:
    return b"".join((
        write_element(0x00041400, "UL", struct.pack("<I", placed.next)),
        write_element(0x00041410, "US", struct.pack("<H", _IN_USE)),
        write_element(0x00041420, "UL", struct.pack("<I", placed.lower)),
    ))  # fmt: skip


def _rest(record: Record) -> bytes:
    """Return what stands behind the links: type, reference, keys."""
    pieces = [write_element(0x00041430, "CS", record.kind.encode("ascii"))]
    if record.file_id:
        sop_class, sop_instance, syntax = (uid.encode("ascii") for uid in record.referenced)
        pieces += [
            write_element(0x00041500, "CS", "\\".join(record.file_id).encode("ascii")),
            write_element(0x00041510, "UI", sop_class),
            write_element(0x00041511, "UI", sop_instance),
            write_element(0x00041512, "UI", syntax),
        ]
    return b"".join([*pieces, json_to_data_set(record.attributes)])


def _written(placed: _Placed) -> bytes:
    links = _links(placed)
    return _item(ITEM >> 16, ITEM & 0xFFFF, len(links) + len(placed.rest)) + links + placed.rest
