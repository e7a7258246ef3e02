"""A data set element by element in Explicit VR Little Endian, with some of its values replaced (PS3.5 7.1, 6.2.2).

Must not know: frames, files, archive.
"""

import struct
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from isocenter.dicom import dictionary
from isocenter.dicom.encoding import UNDEFINED, Buffer, Element, Encoding, encoding_of
from isocenter.dicom.pixels import PIXEL_DATA
from isocenter.dicom.scanner import iter_elements, iter_items
from isocenter.dicom.uids import TransferSyntax
from isocenter.dicom.writer import write_element, write_sequence
from isocenter.errors import UnsupportedError

_DEEPEST = 64
_PIXEL_REPRESENTATION = 0x00280103
#: Offset tables of encapsulated frames, and trailing padding: meaningless after the change.
_DROPPED = frozenset({0x7FE00001, 0x7FE00002, 0x7FE00003, 0xFFFCFFFC})
#: Bytes of one number, by VR.
_WORDS = (
    dict.fromkeys(("US", "SS", "OW", "AT"), "H")
    | dict.fromkeys(("UL", "SL", "FL", "OF", "OL"), "I")
    | dict.fromkeys(("FD", "OD", "OV", "SV", "UV"), "Q")
)

#: Top-level elements that are to be there, by tag, each written.
Replacements = Mapping[int, bytes]


@dataclass(slots=True)
class Rewriter:
    """Rewrites the elements of one data set; ``compressed``: its frames were, and its icons may be."""

    data: Buffer
    syntax: TransferSyntax
    compressed: bool
    replacements: Replacements = field(default_factory=dict)
    _signed: bool = False

    def before_pixels(self) -> Iterator[bytes | memoryview]:
        """Yield what stands before Pixel Data, replacements in their places."""
        waiting = sorted(self.replacements)
        for element in iter_elements(self.data, self._encoding):
            if element.tag >= PIXEL_DATA:
                break
            while waiting and waiting[0] < element.tag:
                yield self.replacements[waiting.pop(0)]
            if element.tag not in self.replacements:
                yield self._element(element, self._encoding, None, 0)
        for tag in waiting:
            yield self.replacements[tag]

    def behind_pixels(self) -> Iterator[bytes | memoryview]:
        """Yield what stands behind Pixel Data."""
        behind = False
        for element in iter_elements(self.data, self._encoding):
            behind = behind or element.tag >= PIXEL_DATA
            if behind and element.tag != PIXEL_DATA and element.tag not in self.replacements:
                yield self._element(element, self._encoding, None, 0)

    def native_pixels(self) -> Iterator[bytes | memoryview]:
        """Yield Pixel Data that is not compressed, if there is any, in little endian."""
        for element in iter_elements(self.data, self._encoding):
            if element.tag == PIXEL_DATA:
                padding = element.length % 2
                vr = self._vr(element).encode()
                yield struct.pack("<HH2sHI", 0x7FE0, 0x0010, vr, 0, element.length + padding)
                yield self._value(element, self._encoding)
                yield b"\0" * padding

    @property
    def _encoding(self) -> Encoding:
        return encoding_of(self.syntax)

    def _element(self, element: Element, encoding: Encoding, end: int | None, depth: int) -> bytes:
        """Return an element rewritten; nothing for one that must not be there any more."""
        tag = element.tag
        if not tag & 0xFFFF or tag in _DROPPED:
            return b""
        vr = self._vr(element)
        if vr == "SQ" or element.length == UNDEFINED:
            if self._holds_fragments(element, encoding, end):
                return b""
            if depth > _DEEPEST:
                raise UnsupportedError("the sequences are nested too deeply to be rewritten")
            return write_sequence(tag, self._items(element, encoding, end, depth))
        value = bytes(self._value(element, encoding))
        if tag == _PIXEL_REPRESENTATION:
            self._signed = value[:1] == b"\1"
        return write_element(tag, vr, value)

    def _holds_fragments(self, element: Element, encoding: Encoding, end: int | None) -> bool:
        """Return whether this is a sequence of icons with encapsulated pixel data; the image says it all."""
        return self.compressed and any(
            inner.tag == PIXEL_DATA and inner.length == UNDEFINED
            for item in iter_items(self.data, element, encoding, end)
            for inner in iter_elements(self.data, item.encoding, item.offset, item.end)
        )

    def _items(self, element: Element, encoding: Encoding, end: int | None, depth: int) -> Iterator[bytes]:
        signed = self._signed
        for item in iter_items(self.data, element, encoding, end):
            elements = iter_elements(self.data, item.encoding, item.offset, item.end)
            yield b"".join(self._element(inner, item.encoding, item.end, depth + 1) for inner in elements)
            self._signed = signed  # an icon speaks for itself

    def items(self, tag: int) -> list[bytes]:
        """Return the items of a top-level sequence, rewritten; none where it is not there."""
        for element in iter_elements(self.data, self._encoding):
            if element.tag == tag:
                return list(self._items(element, self._encoding, None, 0))
            if element.tag > tag:
                break
        return []

    def _vr(self, element: Element) -> str:
        """Return the VR of an element that may come without one."""
        if element.vr and element.vr != "UN":
            return element.vr
        vr = dictionary.vr(element.tag)
        if element.vr == "UN" and vr == "SQ" and element.length != UNDEFINED:
            return "UN"
        if element.tag in dictionary.AMBIGUOUS and self._signed:
            return "SS"
        return element.vr or vr

    def _value(self, element: Element, encoding: Encoding) -> memoryview | bytes:
        """Return the value of an element in little endian."""
        raw = memoryview(self.data)[element.offset : element.offset + element.length]
        kind = _WORDS.get(self._vr(element), "") if encoding.big_endian else ""
        if not kind or len(raw) % array(kind).itemsize:
            return raw
        words = array(kind, bytes(raw))
        words.byteswap()
        return words.tobytes()
