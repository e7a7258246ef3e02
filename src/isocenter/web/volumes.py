"""Volumes of the archive's series, and their decoded slices, the ones used last kept for all who ask.

Decoded slices take up to ``MOST_BYTES`` in each process that answers the web; a slice that two want at once is decoded
once. Blocks: for a thread.
"""

import gzip
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from isocenter.archive import Archive, Instance
from isocenter.codecs.registry import decode_frame
from isocenter.errors import InvalidObjectError, NotFoundError
from isocenter.index.blobs import read_series
from isocenter.web.layouts import LayoutCache, read_frame
from isocenter.web.projection import CoarseVolume, coarse_volume
from isocenter.web.volume_geometry import Volume, volume_of

MOST_BYTES = 256 << 20
MOST_VOLUMES = 16
#: Coarse volumes kept, of up to 64 MB each.
MOST_COARSE = 2


@dataclass(frozen=True, slots=True, eq=False)
class StoredVolume:
    """A volume with the objects that its slices are in, and what it is known by (it is another when the series is)."""

    volume: Volume
    instances: dict[str, Instance]
    tag: str


@dataclass(slots=True)
class _Slot:
    lock: Lock = field(default_factory=Lock)
    values: NDArray[Any] | None = None


class SliceCache:
    """Decoded slices, the ones used last; safe among threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._slots: OrderedDict[tuple[bytes, int], _Slot] = OrderedDict()
        self._lock = Lock()
        self._most = most_bytes
        self.bytes = 0

    def get(self, key: tuple[bytes, int], decode: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """Return a slice; ``decode`` makes it where it is not there."""
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
        with slot.lock:
            if slot.values is None:
                try:
                    slot.values = decode()
                except BaseException:
                    self._forget(key)
                    raise
                self._keep(key, slot)
            return slot.values

    def _keep(self, key: tuple[bytes, int], slot: _Slot) -> None:
        assert slot.values is not None
        with self._lock:
            if self._slots.get(key) is slot:  # not pushed out while it was made
                self.bytes += slot.values.nbytes
            while self.bytes > self._most:
                _, gone = self._slots.popitem(last=False)
                self.bytes -= 0 if gone.values is None else gone.values.nbytes

    def _forget(self, key: tuple[bytes, int]) -> None:
        with self._lock:
            self._slots.pop(key, None)


class Volumes:
    """The volumes that were asked for last, and the cache of their slices."""

    def __init__(self, archive: Archive, layouts: LayoutCache) -> None:
        self._archive = archive
        self._layouts = layouts
        self._known: OrderedDict[tuple[str, str], StoredVolume] = OrderedDict()
        self._lock = Lock()
        self.slices = SliceCache()
        self._coarse: OrderedDict[StoredVolume, CoarseVolume] = OrderedDict()
        self._making = Lock()

    def get(self, study: str, series: str, instance: str = "") -> StoredVolume:
        """Return the volume that a series is, or that a multi-frame object in it is.

        Raises:
            NotFoundError: there is no such series or object.
            InvalidObjectError: it is no volume; the message says why.
        """
        state = read_series(self._archive.index.database, study, series)
        if state is None:
            raise NotFoundError("there is no such series")
        tag = f"{state.id:x}-{state.revision:x}"
        with self._lock:
            found = self._known.get((tag, instance))
            if found is not None:
                self._known.move_to_end((tag, instance))
                return found
        return self._open(study, series, instance, tag)

    def _open(self, study: str, series: str, instance: str, tag: str) -> StoredVolume:
        headers = json.loads(gzip.decompress(self._archive.metadata(study, series).body))
        instances = {one.SOPInstanceUID: one for one in self._archive.instances(study, series)}
        opened = StoredVolume(volume_of(headers, instance), instances, tag)
        with self._lock:
            self._known[tag, instance] = opened
            while len(self._known) > MOST_VOLUMES:
                self._known.popitem(last=False)
        return opened

    def coarse(self, stored: StoredVolume) -> CoarseVolume:
        """Return a volume in few voxels, to be looked through; whoever else wants one that is not there waits."""
        with self._making:
            found = self._coarse.get(stored)
            if found is None:
                found = self._coarse[stored] = coarse_volume(stored.volume, self.reader(stored))
            self._coarse.move_to_end(stored)
            while len(self._coarse) > MOST_COARSE:
                self._coarse.popitem(last=False)
            return found

    def reader(self, stored: StoredVolume) -> Callable[[int], NDArray[Any]]:
        """Return what gives the stored values of a slice by its number, from 0."""

        def read(number: int) -> NDArray[Any]:
            header = stored.volume.slices[number]
            instance = stored.instances.get(header.SOPInstanceUID)
            if instance is None:
                raise NotFoundError("an image of the volume is not there any more")
            return self.slices.get((instance.hash, header.number), lambda: self._decoded(instance, header.number))

        return read

    def _decoded(self, instance: Instance, number: int) -> NDArray[Any]:
        layout = self._layouts.layout(self._archive, instance)
        raw = read_frame(self._archive, instance, layout, number)
        values = decode_frame(raw, layout.description, layout.syntax.uid, vr=layout.vr, number=number - 1)
        if values.shape != (layout.description.Rows, layout.description.Columns):
            raise InvalidObjectError("a slice is not the size that its header names")
        values.flags.writeable = False
        return values
