"""A stored object as Explicit VR Little Endian: data sets rewritten element by element, lossless frames decoded.

What was compressed with loss is not decoded here: it would grow, and look as if it were the original. The result goes
to a temporary file, value by value and frame by frame, so that a large object does not have to fit into memory.
"""

import os
import struct
import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from isocenter.archive import Archive, Instance
from isocenter.codecs.registry import can_decode, decoded_photometric
from isocenter.dicom import dictionary
from isocenter.dicom.encoding import UNDEFINED, Buffer, Element, Encoding, encoding_of
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.pixels import PIXEL_DATA
from isocenter.dicom.scanner import iter_elements, iter_items
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, TransferSyntax, transfer_syntax
from isocenter.dicom.writer import write_element, write_sequence
from isocenter.errors import UnsupportedError
from isocenter.reading import data_set
from isocenter.storage import ObjectFile
from isocenter.web.frames import is_compressed, little_endian_frame
from isocenter.web.layouts import Layout, read_layout
from isocenter.web.streaming import Span

#: Kept in memory up to this size.
_SPOOLED = 8 << 20
_MAX_VALUE = 0xFFFFFFFE
_DEEPEST = 64
_PHOTOMETRIC, _PLANAR = 0x00280004, 0x00280006
_PIXEL_REPRESENTATION = 0x00280103
#: Offset tables of encapsulated frames, and trailing padding: meaningless after the change.
_DROPPED = frozenset({0x7FE00001, 0x7FE00002, 0x7FE00003, 0xFFFCFFFC})
#: Bytes of one number, by VR.
_WORDS = (
    dict.fromkeys(("US", "SS", "OW", "AT"), "H")
    | dict.fromkeys(("UL", "SL", "FL", "OF", "OL"), "I")
    | dict.fromkeys(("FD", "OD", "OV", "SV", "UV"), "Q")
)


def can_transcode(transfer_syntax_uid: str) -> bool:
    """Return whether objects of this syntax can be had in Explicit VR Little Endian without loss."""
    syntax = transfer_syntax(transfer_syntax_uid)
    return not syntax.encapsulated or (not syntax.lossy and can_decode(transfer_syntax_uid))


def explicit_little_endian(archive: Archive, instance: Instance) -> Span:
    """Return the whole object as a file in Explicit VR Little Endian.

    Raises:
        UnsupportedError: the decoded pixel data would not fit into one element.
        InvalidObjectError: the data set or a frame is broken.
    """
    with tempfile.SpooledTemporaryFile(_SPOOLED) as file:
        file.write(write_file_meta(instance.SOPClassUID, instance.SOPInstanceUID, EXPLICIT_VR_LITTLE_ENDIAN))
        syntax = transfer_syntax(instance.transfer_syntax_uid)
        with data_set(archive.storage, instance.location, instance.data_set_offset, syntax) as data:
            layout = read_layout(data, syntax) if is_compressed(syntax) else None
            _write(file, data, _Rewriter(data, syntax, layout), archive, instance)
        file.rollover()
        file.flush()
        length = file.tell()
        made = ObjectFile(os.dup(file.fileno()), 0, length)  # the bytes go with the last descriptor
    return Span(lambda: made, 0, length)


def _write(file: IO[bytes], data: Buffer, rewriter: "_Rewriter", archive: Archive, instance: Instance) -> None:
    for element in iter_elements(data, rewriter.encoding):
        if element.tag != PIXEL_DATA:
            file.write(rewriter.element(element, rewriter.encoding, None))
        elif rewriter.layout is not None:
            _write_frames(file, archive, instance, rewriter.layout)
        else:
            file.write(struct.pack("<HH2sHI", 0x7FE0, 0x0010, rewriter.vr(element).encode(), 0, element.length))
            file.write(rewriter.value(element, rewriter.encoding))


def _write_frames(file: IO[bytes], archive: Archive, instance: Instance, layout: Layout) -> None:
    """Write the pixel data element of decoded frames; its length is set when it is known."""
    start = file.tell()
    file.write(b"\0" * 12)
    for number in range(1, len(layout.frames) + 1):
        file.write(little_endian_frame(archive, instance, layout, number))
    length = file.tell() - start - 12
    if length % 2:
        file.write(b"\0")
        length += 1
    if length > _MAX_VALUE:
        raise UnsupportedError(
            "decoded, the pixel data is too long for one element: retrieve it as stored, or by frames"
        )
    end = file.tell()
    file.seek(start)
    vr = b"OW" if layout.description.BitsAllocated > 8 else b"OB"
    file.write(struct.pack("<HH2sHI", 0x7FE0, 0x0010, vr, 0, length))
    file.seek(end)


@dataclass(slots=True)
class _Rewriter:
    """Rewrites the elements of one data set."""

    data: Buffer
    syntax: TransferSyntax
    layout: Layout | None
    signed: bool = False

    @property
    def encoding(self) -> Encoding:
        return encoding_of(self.syntax)

    def element(self, element: Element, encoding: Encoding, end: int | None, depth: int = 0) -> bytes:
        """Return an element rewritten; nothing for one that must not be there any more."""
        tag = element.tag
        if not tag & 0xFFFF or tag in _DROPPED:
            return b""
        vr = self.vr(element)
        if vr == "SQ" or element.length == UNDEFINED:
            if self._holds_fragments(element, encoding, end):
                return b""
            if depth > _DEEPEST:
                raise UnsupportedError("the sequences are nested too deeply to be rewritten")
            return write_sequence(tag, self._items(element, encoding, end, depth))
        value = bytes(self.value(element, encoding))
        if tag == _PIXEL_REPRESENTATION:
            self.signed = value[:1] == b"\1"
        if self.layout is not None and not depth:
            value = self._decoded(tag, value, self.layout)
        return write_element(tag, vr, value)

    def _holds_fragments(self, element: Element, encoding: Encoding, end: int | None) -> bool:
        """Return whether this is a sequence of icons with encapsulated pixel data; the image says it all."""
        return self.layout is not None and any(
            inner.tag == PIXEL_DATA and inner.length == UNDEFINED
            for item in iter_items(self.data, element, encoding, end)
            for inner in iter_elements(self.data, item.encoding, item.offset, item.end)
        )

    def _items(self, element: Element, encoding: Encoding, end: int | None, depth: int) -> Iterator[bytes]:
        for item in iter_items(self.data, element, encoding, end):
            elements = iter_elements(self.data, item.encoding, item.offset, item.end)
            yield b"".join(self.element(inner, item.encoding, item.end, depth + 1) for inner in elements)

    def _decoded(self, tag: int, value: bytes, layout: Layout) -> bytes:
        """Return the value that the header has once the frames are decoded."""
        if tag == _PHOTOMETRIC:
            return decoded_photometric(layout.description).encode("ascii")
        return b"\0\0" if tag == _PLANAR else value

    def vr(self, element: Element) -> str:
        """Return the VR of an element that may come without one."""
        if element.vr and element.vr != "UN":
            return element.vr
        vr = dictionary.vr(element.tag)
        if element.vr == "UN" and vr == "SQ" and element.length != UNDEFINED:
            return "UN"
        if element.tag in dictionary.AMBIGUOUS and self.signed:
            return "SS"
        return element.vr or vr

    def value(self, element: Element, encoding: Encoding) -> memoryview | bytes:
        """Return the value of an element in little endian."""
        raw = memoryview(self.data)[element.offset : element.offset + element.length]
        kind = _WORDS.get(self.vr(element), "") if encoding.big_endian else ""
        if not kind or len(raw) % array(kind).itemsize:
            return raw
        words = array(kind, bytes(raw))
        words.byteswap()
        return words.tobytes()
