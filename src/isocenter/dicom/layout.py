"""Where the frames of an image are in its data set, and what is needed to read them (PS3.5 8.2, A.4)."""

from dataclasses import dataclass

from isocenter.dicom import dictionary
from isocenter.dicom.encoding import UNDEFINED, Buffer, Element
from isocenter.dicom.pixels import IMAGE_TAGS, TABLE_TAGS, ImageDescription, Range, frame_ranges, image_description
from isocenter.dicom.scanner import iter_elements, scan
from isocenter.dicom.uids import TransferSyntax
from isocenter.errors import NotFoundError

_FIRST_PIXELS = 0x7FE00008
_PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"


@dataclass(frozen=True, slots=True)
class Layout:
    """An image's description, the VR of its pixel data, and for each frame the (offset, length) of its pieces.

    Offsets count from the start of the data set. ``surplus`` bytes of native pixel data are in no frame that the header
    speaks of.
    """

    description: ImageDescription
    syntax: TransferSyntax
    vr: str
    frames: tuple[tuple[Range, ...], ...]
    surplus: int = 0

    def frame(self, number: int) -> tuple[Range, ...]:
        """Return the pieces of a frame, which is counted from 1.

        Raises:
            NotFoundError: there is no such frame.
        """
        if not 1 <= number <= len(self.frames):
            raise NotFoundError(f"there is no frame {number}; this object has {len(self.frames)}")
        return self.frames[number - 1]

    @property
    def compressed(self) -> bool:
        """Whether the frames are something else than little or big endian values."""
        return is_compressed(self.syntax)


def is_compressed(syntax: TransferSyntax) -> bool:
    """Return whether frames of this syntax are something else than little or big endian values."""
    return syntax.encapsulated and syntax.uid != _ENCAPSULATED_UNCOMPRESSED


def read_layout(data: Buffer, syntax: TransferSyntax) -> Layout:
    """Return the layout of the image in a data set.

    Raises:
        NotFoundError: there is no image in it.
        InvalidObjectError: its pixel data is broken.
    """
    found = scan(data, syntax, IMAGE_TAGS | TABLE_TAGS, _FIRST_PIXELS)
    element = _pixel_element(data, syntax, found.position)
    vr = element.vr or dictionary.vr(element.tag)
    description = image_description(found.values, syntax)
    return Layout(
        description,
        syntax,
        vr,
        tuple(frame_ranges(data, syntax, description, found)),
        _surplus(element, len(data), description),
    )


def _surplus(element: Element, end: int, description: ImageDescription) -> int:
    if element.length == UNDEFINED:
        return 0
    wanted = (description.frame_bits * description.NumberOfFrames + 7) // 8
    over = min(element.length, end - element.offset) - wanted
    return over if wanted and over > 1 else 0  # one byte pads an odd length


def _pixel_element(data: Buffer, syntax: TransferSyntax, position: int) -> Element:
    for element in iter_elements(data, syntax, position):
        if element.tag in _PIXELS:
            return element
        break
    raise NotFoundError("this object has no image: there is no pixel data in it")
