"""A folder as one ZIP file, written as a stream (PKWARE APPNOTE 6.3), as ``zip_stream`` does it for stored objects."""

import os
import zlib
from functools import partial
from pathlib import Path

from isocenter.errors import NotFoundError
from isocenter.storage import ObjectFile
from isocenter.web.streaming import Made, Piece, Span
from isocenter.web.zip_stream import Entry, directory, local_header

_CHUNK = 1 << 20


def folder_zip(folder: Path) -> tuple[list[Piece], int]:
    """Return the ZIP file of what is in a folder, but for what is on its way into it, and its length in bytes.

    Raises:
        NotFoundError: there is nothing in it.
    """
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    pieces: list[Piece] = []
    entries: list[Entry] = []
    offset = 0
    for path in found:
        name = path.relative_to(folder).as_posix()
        if name.startswith("."):
            continue
        entry = Entry(name.encode(), path.stat().st_size, offset)
        entries.append(entry)
        pieces += [Made(partial(_checked_header, entry, path)), Span(partial(_open, path), 0, entry.size)]
        offset += len(local_header(entry)) + entry.size
    if not entries:
        raise NotFoundError("the folder is empty")
    pieces.append(Made(partial(directory, entries, offset)))
    return pieces, offset + len(directory(entries, offset))


def _open(path: Path) -> ObjectFile:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError as error:
        raise NotFoundError("the folder was removed meanwhile") from error
    return ObjectFile(descriptor, 0, os.fstat(descriptor).st_size)


def _checked_header(entry: Entry, path: Path) -> bytes:
    """Read a file for its checksum, and return its header. Blocks."""
    checksum = 0
    with _open(path) as file:
        while chunk := file.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    entry.checksum = checksum
    return local_header(entry)
