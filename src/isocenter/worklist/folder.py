"""A folder of worklist files, as other programs write them: looked at again before each search.

Files are those of DCMTK's wlmscpfs (``.wl``, ``.dcm``: a data set with or without the head of a DICOM file) and text
dumps (``.dump``), in the folder itself or one below, such as wlmscpfs has for each AE title. What size or time of
change tell apart is read again; a file that cannot be read is logged once and has no entry.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from isocenter.dicom.charset import decode_text
from isocenter.dicom.dump_reader import read_dump
from isocenter.dicom.json import Json, data_set_to_json
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.scanner import inflate
from isocenter.dicom.uids import transfer_syntax
from isocenter.errors import InvalidObjectError, IsocenterError
from isocenter.index.worklist import NewEntry, WorklistEntries
from isocenter.worklist.entry import make_entry

logger = logging.getLogger(__name__)

#: An entry is a few kilobytes.
_MAX_FILE = 1 << 20
_CHARACTER_SET = "00080005"


class WorklistFolder:
    """Keeps the table of entries as the files are."""

    def __init__(self, folder: Path, entries: WorklistEntries) -> None:
        self._folder = folder
        self._entries = entries
        self._lock = threading.Lock()
        self._broken: dict[str, str] = {}  # file -> what it was like when it could not be read

    def look(self) -> None:
        """Take over what has changed since the last time; a folder that is not there changes nothing."""
        with self._lock:
            filed = self._entries.stamps()  # first: what another process files meanwhile is not gone
            try:
                there = dict(_files(self._folder))
            except OSError as error:
                logger.warning("worklist folder %s: %s", self._folder, error.strerror)
                return
            changed = [(name, stamp) for name, stamp in there.items() if filed.get(name) != stamp]
            unread = [(name, stamp) for name, stamp in changed if self._broken.get(name) != stamp]
            read = [(name, stamp, entry) for name, stamp in unread if (entry := self._read(name, stamp)) is not None]
            gone = [name for name in filed if name not in there or self._broken.get(name) == there[name]]
            if read or gone:
                self._entries.follow(read, gone)
            self._broken = {name: stamp for name, stamp in self._broken.items() if there.get(name) == stamp}

    def _read(self, name: str, stamp: str) -> NewEntry | None:
        try:
            path = self._folder / name
            with path.open("rb") as file:
                data = file.read(_MAX_FILE + 1)
            if len(data) > _MAX_FILE:
                raise InvalidObjectError(f"is longer than {_MAX_FILE >> 20} MiB")
            data_set = _READERS[path.suffix.lower()](data)
            data_set.pop(_CHARACTER_SET, None)
            return make_entry(data_set, name=name)
        except FileNotFoundError:
            return None
        except (OSError, IsocenterError) as error:
            logger.warning("worklist file %s: %s", name, error)
            self._broken[name] = stamp
            return None


def _files(folder: Path, above: str = "") -> Iterator[tuple[str, str]]:
    """Yield the worklist files, by their names below the folder, and what they are like."""
    with os.scandir(folder) as found:
        for each in found:
            if each.name.startswith("."):
                continue
            if Path(each.name).suffix.lower() in _READERS and each.is_file():
                with suppress(FileNotFoundError):  # it went away meanwhile
                    status = each.stat()
                    yield above + each.name, f"{status.st_mtime_ns}-{status.st_size}"
            elif not above and each.is_dir():
                yield from _files(Path(each.path), f"{each.name}/")


def _read_dicom(data: bytes) -> Json:
    meta = read_preamble_and_meta(data, final=True)
    assert meta is not None
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    body = data[meta.data_set_offset :]
    return data_set_to_json(inflate(body, _MAX_FILE) if syntax.deflated else body, syntax, bulk_data_uri=None)


def _read_text(data: bytes) -> dict[str, Any]:
    """Return the data set of a dump, whose text is in the character set that it names."""
    declared = read_dump(data.decode("latin_1")).get(_CHARACTER_SET, {}).get("Value", [])
    return read_dump(decode_text(data, "UT", tuple(declared)))


_READERS: Mapping[str, Callable[[bytes], Json]] = {".wl": _read_dicom, ".dcm": _read_dicom, ".dump": _read_text}
