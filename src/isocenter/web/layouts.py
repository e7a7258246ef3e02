"""Where the frames of a stored image are, and their bytes; what was found out once is kept for a while."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from isocenter.archive import Archive, Instance
from isocenter.dicom import dictionary
from isocenter.dicom.pixels import ImageDescription, Range, frame_ranges, read_image_description
from isocenter.dicom.scanner import Buffer, iter_elements, scan
from isocenter.dicom.uids import TransferSyntax, transfer_syntax
from isocenter.errors import NotFoundError
from isocenter.reading import data_set
from isocenter.web.streaming import read_exactly

#: Entries kept; and frames in all entries together, for one object may have a hundred thousand.
MAX_ENTRIES = 1024
MAX_FRAMES = 200_000
_FIRST_PIXELS = 0x7FE00008
_PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})


@contextmanager
def opened(archive: Archive, instance: Instance) -> Iterator[tuple[memoryview, TransferSyntax]]:
    """Give an object's data set, inflated, valid inside the ``with`` only, and its syntax."""
    syntax = transfer_syntax(instance.transfer_syntax_uid)
    with data_set(archive.storage, instance.location, instance.data_set_offset, syntax) as data:
        yield data, syntax


@dataclass(frozen=True, slots=True)
class Layout:
    """An image's description, the VR of its pixel data, and for each frame the (offset, length) of its pieces.

    Offsets count from the start of the data set.
    """

    description: ImageDescription
    syntax: TransferSyntax
    vr: str
    frames: tuple[tuple[Range, ...], ...]

    def frame(self, number: int) -> tuple[Range, ...]:
        """Return the pieces of a frame, which is counted from 1.

        Raises:
            NotFoundError: there is no such frame.
        """
        if not 1 <= number <= len(self.frames):
            raise NotFoundError(f"there is no frame {number}; this object has {len(self.frames)}")
        return self.frames[number - 1]


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


def read_layout(data: Buffer, syntax: TransferSyntax) -> Layout:
    """Return the layout of the image in a data set.

    Raises:
        NotFoundError: there is no image in it.
        InvalidObjectError: its pixel data is broken.
    """
    vr = _pixel_vr(data, syntax)
    description = read_image_description(data, syntax)
    return Layout(description, syntax, vr, tuple(frame_ranges(data, syntax, description)))


def _pixel_vr(data: Buffer, syntax: TransferSyntax) -> str:
    position = scan(data, syntax, frozenset(), _FIRST_PIXELS).position
    for element in iter_elements(data, syntax, position):
        if element.tag in _PIXELS:
            return element.vr or dictionary.vr(element.tag)
        break
    raise NotFoundError("this object has no image: there is no pixel data in it")


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
