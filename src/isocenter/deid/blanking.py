"""Blanking of text areas whose place is known: device rules, and what lies outside ultrasound regions (PS3.15 E.3.1).

Compressed pixels are decoded and written uncompressed; outside the boxes every stored value is what was decoded.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import isocenter.deid.gate as gate
from isocenter.deid.options import Box, DeviceRule
from isocenter.deid.writing import write_element
from isocenter.dicom.encoding import EXPLICIT_LITTLE, Buffer, Element, encoding_of
from isocenter.dicom.pixels import PIXEL_DATA, frame_ranges, image_description
from isocenter.dicom.scanner import iter_elements, iter_items

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from isocenter.dicom.header import Header
    from isocenter.dicom.pixels import ImageDescription
    from isocenter.dicom.uids import TransferSyntax

REGIONS = 0x00186011
TAGS: frozenset[int] = frozenset({REGIONS})
#: Region Location Min X0, Min Y0, Max X1, Max Y1 (PS3.3 C.8.5.5).
_CORNERS = (0x00186018, 0x0018601A, 0x0018601C, 0x0018601E)
_PHOTOMETRIC, _PLANAR = 0x00280004, 0x00280006
_OFFSET_TABLES = (0x7FE00001, 0x7FE00002)
_GREY_CHROMA = 128


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


def blank(data: Buffer, syntax: TransferSyntax, values: dict[int, bytes], areas: list[Box]) -> bytes | None:
    """Return all frames, decoded, little endian, with the areas constant; None when there are no whole frames.

    Raises InvalidObjectError or UnsupportedError when the pixels cannot be decoded.
    """
    from isocenter.codecs.registry import decode_frame, frame_bytes  # noqa: PLC0415 - heavy, and seldom needed

    description = image_description(values, syntax)
    ranges = frame_ranges(data, syntax, description)
    if len(ranges) != description.NumberOfFrames or description.BitsAllocated % 8:
        return None
    written = []
    for number, pieces in enumerate(ranges):
        frame = b"".join(bytes(data[start : start + length]) for start, length in pieces)
        pixels = decode_frame(frame, description, syntax.uid, number=number).copy()
        for area in areas:
            _fill(pixels, area, description)
        written.append(frame_bytes(pixels))
    return b"".join(written)


def _fill(pixels: NDArray[Any], area: Box, description: ImageDescription) -> None:
    part = pixels[area.top : area.bottom, area.left : area.right]
    part[...] = 0
    if description.PhotometricInterpretation.startswith("YBR_") and description.BitsAllocated == 8:
        part[..., 1:] = 0 if description.PhotometricInterpretation in {"YBR_RCT", "YBR_ICT"} else _GREY_CHROMA


def elements(values: dict[int, bytes], pixels: bytes, syntax: TransferSyntax) -> list[tuple[int, bytes]]:
    """Return the elements that describe blanked pixels, in Explicit VR Little Endian; offset tables go."""
    from isocenter.codecs.registry import decoded_photometric  # noqa: PLC0415 - heavy, and seldom needed

    description = image_description(values, syntax)
    vr = "OB" if description.BitsAllocated == 8 else "OW"
    written = [(tag, b"") for tag in _OFFSET_TABLES]
    photometric = decoded_photometric(description).encode("ascii")
    rows: list[tuple[int, str, bytes]] = [(_PHOTOMETRIC, "CS", photometric), (PIXEL_DATA, vr, pixels)]
    if description.SamplesPerPixel > 1:
        rows.append((_PLANAR, "US", b"\0\0"))
    written += [(tag, write_element(tag, vr, value, EXPLICIT_LITTLE)) for tag, vr, value in rows]
    return written
