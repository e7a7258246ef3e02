"""Text areas whose place is known: device rules, and what lies outside ultrasound regions (PS3.15 E.3.1).

What is done to the pixels there is in :mod:`isocenter.deid.painting`.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import TYPE_CHECKING

import isocenter.deid.gate as gate
from isocenter.deid.bitstreams import begins_stream
from isocenter.deid.options import Box, DeviceRule
from isocenter.dicom.encoding import UNDEFINED, Element, encoding_of
from isocenter.dicom.pixels import FLOAT_PIXEL_DATA, IMAGE_TAGS, PIXEL_DATA, image_description
from isocenter.dicom.scanner import iter_elements, iter_items

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isocenter.deid.image import Whole
    from isocenter.dicom.header import Header
    from isocenter.dicom.uids import TransferSyntax

REGIONS = 0x00186011
#: Overlay Bits Allocated and Overlay Bit Position of the sixteen groups (PS3.3 C.9.2).
_BITS_ALLOCATED = 0x0100
_OVERLAYS = frozenset(0x60000000 + (number << 17) + element for number in range(16) for element in (0x100, 0x102))
TAGS: frozenset[int] = _OVERLAYS | {REGIONS}
_IMAGE_TAGS = sorted(IMAGE_TAGS)
#: Region Location Min X0, Min Y0, Max X1, Max Y1 (PS3.3 C.8.5.5).
_CORNERS = (0x00186018, 0x0018601A, 0x0018601C, 0x0018601E)


def boxes(
    header: Header, values: dict[int, bytes], syntax: TransferSyntax, rules: Iterable[DeviceRule]
) -> list[Box] | None:
    """Return the areas of an object that show text, or None when they are not known."""
    rows, columns = header.integer(gate.ROWS, 0) or 0, header.integer(gate.COLUMNS, 0) or 0
    maker, model = header.text(gate.MANUFACTURER).lower(), header.text(gate.MODEL).lower()
    for rule in rules:
        named = maker.startswith(rule.manufacturer.lower()) and model.startswith(rule.model.lower())
        if named and (rule.rows, rule.columns) == (rows, columns):
            return list(rule.boxes)
    regions = _regions(values.get(REGIONS, b""), syntax)
    return _outside(regions, rows, columns) if regions else None


def has_embedded_overlays(values: dict[int, bytes]) -> bool:
    """Tell whether overlays are in unused bits of the pixels, as ACR-NEMA and DICOM before 2004 had them."""
    return any(
        values[tag].strip(b"\0") not in {b"", b"\1" if tag & 0xFFFF == _BITS_ALLOCATED else b""}
        for tag in values.keys() & _OVERLAYS
    )


def has_unseen_pixels(whole: Whole) -> bool:
    """Tell whether there is more in the pixel data than the frames that are announced, which nobody gets to see.

    Raises:
        InvalidObjectError: there is no image, or its pixel data is broken.
    """
    data, syntax = whole.data, whole.syntax
    get = whole.values.get
    frames, bits = _frames(tuple(get(tag) for tag in _IMAGE_TAGS), syntax)
    behind = iter_elements(data, syntax, whole.header_end)
    found = [each for each in behind if FLOAT_PIXEL_DATA <= each.tag <= PIXEL_DATA]
    if len(found) != 1:
        return True
    (pixels,) = found
    if pixels.length == UNDEFINED:
        fragments = list(iter_items(data, pixels, syntax))[1:]
        streams = sum(begins_stream(data, item.offset, item.end) for item in fragments)
        return (streams or len(fragments)) > frames
    seen = (bits * frames + 7) // 8
    rest = bytes(data[pixels.offset + seen : pixels.offset + pixels.length])
    return len(rest) > 1 and any(rest)


@lru_cache(maxsize=256)
def _frames(raws: tuple[bytes | None, ...], syntax: TransferSyntax) -> tuple[int, int]:
    """Return how many frames there are and the bits of one, from the raw values of :data:`_IMAGE_TAGS`."""
    values = {tag: raw for tag, raw in zip(_IMAGE_TAGS, raws, strict=True) if raw is not None}
    description = image_description(values, syntax)
    return description.NumberOfFrames, description.frame_bits


def _regions(raw: bytes, syntax: TransferSyntax) -> list[Box]:
    encoding = encoding_of(syntax)
    found = []
    for item in iter_items(raw, Element(REGIONS, "SQ", 0, len(raw)), encoding):
        corners = {
            inner.tag: item.encoding.tail(raw, inner.offset)[0]
            for inner in iter_elements(raw, item.encoding, item.offset, item.end)
            if inner.tag in _CORNERS and inner.length == 4
        }
        if len(corners) == len(_CORNERS):
            left, top, right, bottom = (corners[tag] for tag in _CORNERS)
            found.append(Box(left, top, right + 1, bottom + 1))
    return found


def _outside(regions: list[Box], rows: int, columns: int) -> list[Box]:
    """Return boxes that cover everything but the regions, strip by strip."""
    edges = sorted({0, rows, *(min(edge, rows) for box in regions for edge in (box.top, box.bottom))})
    covered = []
    for top, bottom in itertools.pairwise(edges):
        at = 0
        for box in sorted(
            (box for box in regions if box.top <= top and box.bottom >= bottom), key=lambda box: box.left
        ):
            if box.left > at:
                covered.append(Box(at, top, min(box.left, columns), bottom))
            at = max(at, box.right)
        if at < columns:
            covered.append(Box(at, top, columns, bottom))
    return covered
