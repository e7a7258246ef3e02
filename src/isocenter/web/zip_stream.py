"""Stored objects as one ZIP file, written as a stream (PKWARE APPNOTE 6.3): nothing is compressed, nothing is kept.

An object is read twice: for its checksum, which stands before its bytes, and to be sent. The names of the entries are
numbers, so that they tell nothing about a patient. The length is known before the first byte.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from isocenter.archive import Archive, Instance
from isocenter.web.file_set import directory_of, file_ids
from isocenter.web.streaming import Made, Piece, Span

#: From this size, offset or number on, the fields of ZIP64 hold it.
LIMIT_32 = 0xFFFFFFFF
LIMIT_16 = 0xFFFF
_CHUNK = 1 << 20
_STORED = 0
_FIRST_DAY = 0x21  # 1 January 1980: the format has no "unknown"
_ON_UNIX = 3 << 8
_PRIVATE = 0o100600 << 16


@dataclass(slots=True)
class Entry:
    """A file in the ZIP; ``checksum`` is known once its header was made."""

    name: bytes
    size: int
    offset: int
    checksum: int = 0


def zip_pieces(archive: Archive, instances: Sequence[Instance]) -> tuple[list[Piece], int]:
    """Return the ZIP file of these objects, and its length in bytes."""
    return _pieces(archive, _names(instances), instances, [], [], 0)


def file_set_pieces(archive: Archive, instances: Sequence[Instance]) -> tuple[list[Piece], int]:
    """Return the ZIP file of these objects as a file-set, its DICOMDIR first, and its length in bytes. Blocks.

    Raises:
        NotFoundError: they were deleted meanwhile.
    """
    listed = directory_of(archive, instances)
    entry = Entry(b"DICOMDIR", len(listed), 0, zlib.crc32(listed))
    head = local_header(entry)
    names = ["/".join(parts).encode() for parts in file_ids(instances)]
    return _pieces(archive, names, instances, [head, listed], [entry], len(head) + len(listed))


def _pieces(
    archive: Archive, names: list[bytes], instances: Sequence[Instance], pieces: list[Piece], entries: list[Entry],
    offset: int,
) -> tuple[list[Piece], int]:  # fmt: skip
    """Add objects and the central directory to the pieces and entries that end at ``offset``."""
    for name, instance in zip(names, instances, strict=True):
        entry = Entry(name, instance.size, offset)
        entries.append(entry)
        opener = partial(archive.open_object, instance)
        pieces += [Made(partial(_checked_header, entry, archive, instance)), Span(opener, 0, instance.size)]
        offset += len(local_header(entry)) + instance.size
    pieces.append(Made(partial(directory, entries, offset)))
    return pieces, offset + len(directory(entries, offset))


def _names(instances: Sequence[Instance]) -> list[bytes]:
    """Return a folder for each series, and in it a number for each object."""
    folders: dict[str, int] = {}
    files: dict[str, int] = {}
    names = []
    for instance in instances:
        series = instance.SeriesInstanceUID
        folder = folders.setdefault(series, len(folders) + 1)
        files[series] = files.get(series, 0) + 1
        names.append(b"%04d/%06d.dcm" % (folder, files[series]))
    return names


def _checked_header(entry: Entry, archive: Archive, instance: Instance) -> bytes:
    """Read the object for its checksum, and return its header. Blocks."""
    checksum = 0
    with archive.open_object(instance) as file:
        while chunk := file.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
        file.check()
    entry.checksum = checksum
    return local_header(entry)


def local_header(entry: Entry) -> bytes:
    """Return what stands before the bytes of a file (APPNOTE 4.3.7)."""
    large = entry.size >= LIMIT_32
    size = LIMIT_32 if large else entry.size
    extra = struct.pack("<HHQQ", 1, 16, entry.size, entry.size) if large else b""
    fields = (0x04034B50, 45 if large else 20, 0, _STORED, 0, _FIRST_DAY, entry.checksum, size, size)
    return struct.pack("<IHHHHHIIIHH", *fields, len(entry.name), len(extra)) + entry.name + extra


def directory(entries: Sequence[Entry], offset: int) -> bytes:
    """Return the central directory, which begins at ``offset``, and the end of the file (APPNOTE 4.3.12 to 4.3.16)."""
    records = b"".join(map(_central_header, entries))
    count, size = len(entries), len(records)
    large = b""
    if count >= LIMIT_16 or size >= LIMIT_32 or offset >= LIMIT_32:
        fields = (0x06064B50, 44, _ON_UNIX | 45, 45, 0, 0, count, count, size, offset)
        large = struct.pack("<IQHHIIQQQQ", *fields) + struct.pack("<IIQI", 0x07064B50, 0, offset + size, 1)
        count, size, offset = min(count, LIMIT_16), min(size, LIMIT_32), min(offset, LIMIT_32)
    return records + large + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, size, offset, 0)


def _central_header(entry: Entry) -> bytes:
    size, offset = min(entry.size, LIMIT_32), min(entry.offset, LIMIT_32)
    large = [number for number in (entry.size, entry.size, entry.offset) if number >= LIMIT_32]
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    version = 45 if large else 20
    fields = (0x02014B50, _ON_UNIX | version, version, 0, _STORED, 0, _FIRST_DAY, entry.checksum, size, size)
    lengths = (len(entry.name), len(extra), 0, 0, 0, _PRIVATE, offset)
    return struct.pack("<IHHHHHHIIIHHHHHII", *fields, *lengths) + entry.name + extra
