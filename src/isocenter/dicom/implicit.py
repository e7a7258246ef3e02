"""Explicit VR little endian without its VRs, for devices that know implicit VR only (PS3.5 7.1.3)."""

import struct
from collections.abc import Iterator

from isocenter.dicom.encoding import EXPLICIT_LITTLE, UNDEFINED, Buffer, Element, Encoding
from isocenter.dicom.scanner import MAX_DEPTH, iter_elements, iter_items
from isocenter.dicom.writer import write_sequence
from isocenter.errors import UnsupportedError

_head = struct.Struct("<HHI").pack


def implicit_vr(data: Buffer, offset: int = 0) -> Iterator[bytes | memoryview]:
    """Yield the pieces of the data set that begins at ``offset``, in implicit VR little endian; values are slices.

    Raises InvalidObjectError where the data set is broken, UnsupportedError where it is nested too deeply.
    """
    view = memoryview(data)
    for element in iter_elements(data, EXPLICIT_LITTLE, offset):
        yield from _element(view, element, EXPLICIT_LITTLE, None, 0)


def _element(
    data: memoryview, element: Element, encoding: Encoding, end: int | None, depth: int
) -> Iterator[bytes | memoryview]:
    if not element.tag & 0xFFFF:
        return  # group lengths would be wrong
    if element.vr == "SQ" or element.length == UNDEFINED:
        if depth > MAX_DEPTH:
            raise UnsupportedError(f"sequences are nested deeper than {MAX_DEPTH}")
        yield write_sequence(element.tag, _items(data, element, encoding, end, depth), implicit=True)
        return
    padding = element.length % 2
    yield _head(element.tag >> 16, element.tag & 0xFFFF, element.length + padding)
    yield data[element.offset : element.offset + element.length]
    yield b"\0" * padding


def _items(data: memoryview, element: Element, encoding: Encoding, end: int | None, depth: int) -> Iterator[bytes]:
    for item in iter_items(data, element, encoding, end):
        if item.encoding.implicit:  # as in UN of undefined length
            yield bytes(data[item.offset : item.end])
            continue
        elements = iter_elements(data, item.encoding, item.offset, item.end)
        yield b"".join(
            piece for inner in elements for piece in _element(data, inner, item.encoding, item.end, depth + 1)
        )
