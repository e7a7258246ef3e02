"""Where the frames of a stored image are, and their bytes; what was found out once is kept for a while."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from isocenter.archive import Archive, Instance
from isocenter.dicom.layout import Layout, read_layout
from isocenter.dicom.uids import TransferSyntax, transfer_syntax
from isocenter.reading import data_set
from isocenter.web.streaming import read_exactly

#: Entries kept; and frames in all entries together, for one object may have a hundred thousand.
MAX_ENTRIES = 1024
MAX_FRAMES = 200_000


@contextmanager
def opened(archive: Archive, instance: Instance) -> Iterator[tuple[memoryview, TransferSyntax]]:
    """Give an object's data set, inflated, valid inside the ``with`` only, and its syntax."""
    syntax = transfer_syntax(instance.transfer_syntax_uid)
    with data_set(archive.storage, instance.location, instance.data_set_offset, syntax) as data:
        yield data, syntax


class LayoutCache:
    """Layouts by object, the ones used last; safe among threads."""

    def __init__(self, entries: int = MAX_ENTRIES, frames: int = MAX_FRAMES) -> None:
        self._entries: OrderedDict[tuple[str, str, bytes], Layout] = OrderedDict()
        self._max_entries, self._max_frames = entries, frames
        self._frames = 0
        self._lock = Lock()

    def layout(self, archive: Archive, instance: Instance) -> Layout:
        """Return the layout of an object.

        Raises:
            NotFoundError: the object has no image.
            InvalidObjectError: its pixel data is broken.
        """
        key = (instance.SOPInstanceUID, instance.location, instance.hash)
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
                return found
        with opened(archive, instance) as (data, syntax):
            layout = read_layout(data, syntax)
        self._keep(key, layout)
        return layout

    def _keep(self, key: tuple[str, str, bytes], layout: Layout) -> None:
        with self._lock:
            if key not in self._entries:
                self._entries[key] = layout
                self._frames += len(layout.frames)
            while self._entries and (len(self._entries) > self._max_entries or self._frames > self._max_frames):
                self._frames -= len(self._entries.popitem(last=False)[1].frames)


def read_frame(archive: Archive, instance: Instance, layout: Layout, number: int) -> bytes:
    """Return a frame as it is stored, its fragments joined; ``number`` counts from 1."""
    pieces = layout.frame(number)
    if transfer_syntax(instance.transfer_syntax_uid).deflated:
        with opened(archive, instance) as (data, _):
            return b"".join(data[offset : offset + length] for offset, length in pieces)
    with archive.open_object(instance) as file:
        start = file.base + instance.data_set_offset
        frame = b"".join(read_exactly(file.fileno(), start + offset, length) for offset, length in pieces)
        file.check()
    return frame
