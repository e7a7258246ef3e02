"""The few header fields of JPEG, JPEG-LS, JPEG 2000 and JPEG XL codestreams that decide how to decode them.

Read before a decoder sees the data, so that no codestream makes it allocate more than the header of the object promised
(ITU-T T.81 B.2, T.87 C.2, T.800 A.5, ISO/IEC 18181-1 D.2). Must not know: DICOM, pixels.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from isocenter.errors import InvalidObjectError

START_OF_SCAN, END_OF_IMAGE, ADOBE = 0xDA, 0xD9, 0xEE
STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
LOSSLESS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
"""Start of frame, all kinds; 0xF7 is that of JPEG-LS. C4, C8 and CC are tables and reserved."""


@dataclass(frozen=True, slots=True)
class Codestream:
    """What a codestream says of itself; ``adobe_transform`` is None without an Adobe marker."""

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool = False
    lossless: bool = False
    subsampled: bool = False
    adobe_transform: int | None = None


def read_jpeg(data: bytes) -> Codestream:
    """Return the header of a JPEG or JPEG-LS codestream (T.81 B.2.2)."""
    adobe: int | None = None
    position = _find(data, b"\xff\xd8", "JPEG") + 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            raise InvalidObjectError(f"JPEG marker expected at byte {position} of the frame")
        marker = data[position + 1]
        if marker == 0xFF or marker in STANDALONE:
            position += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        body = bytes(data[position + 4 : position + 2 + length])
        if marker in FRAMES:
            return _start_of_frame(marker, body, _adobe_after(data, position + 2 + length, adobe))
        if marker in (START_OF_SCAN, END_OF_IMAGE) or length < 2:
            break
        adobe = _adobe(marker, body, adobe)
        position += 2 + length
    raise InvalidObjectError("JPEG data without a start of frame")


def read_jpeg2000(data: bytes) -> Codestream:
    """Return the SIZ header of a JPEG 2000 or HTJ2K codestream, with or without JP2 boxes round it (T.800 A.5.1)."""
    begin = _find(data, b"\xff\x4f\xff\x51", "JPEG 2000")
    try:
        x1, y1, x0, y0 = struct.unpack_from(">4L", data, begin + 8)
        count, depth, x_step, y_step = struct.unpack_from(">H3B", data, begin + 40)
    except struct.error as error:
        raise InvalidObjectError("JPEG 2000 header is cut short") from error
    if x1 <= x0 or y1 <= y0 or not x_step or not y_step or not count:
        raise InvalidObjectError("JPEG 2000 header of an empty image")
    return Codestream(
        rows=-(-y1 // y_step) - -(-y0 // y_step),
        columns=-(-x1 // x_step) - -(-x0 // x_step),
        components=count,
        precision=(depth & 0x7F) + 1,
        signed=bool(depth & 0x80),
    )


def read_jpegxl(data: bytes) -> tuple[int, int]:
    """Return (rows, columns) of a JPEG XL codestream, bare or in boxes (18181-1 D.2, SizeHeader)."""
    begin = _find(data, b"\xff\x0a", "JPEG XL") + 2
    bits = _Bits(int.from_bytes(data[begin : begin + 12], "little"))
    small = bits.take(1)
    rows = bits.size(small)
    ratio = bits.take(3)
    if ratio:
        numerator, denominator = JXL_RATIOS[ratio - 1]
        return rows, rows * numerator // denominator
    return rows, bits.size(small)


JXL_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


class _Bits:
    """Reads a number from its lowest bit on."""

    def __init__(self, value: int) -> None:
        self.value = value

    def take(self, count: int) -> int:
        """Return the next ``count`` bits."""
        taken = self.value & ((1 << count) - 1)
        self.value >>= count
        return taken

    def size(self, small: int) -> int:
        """Return a dimension: in eights where ``small``, else of one of four widths."""
        return (self.take(5) + 1) * 8 if small else self.take((9, 13, 18, 30)[self.take(2)]) + 1


def _find(data: bytes, magic: bytes, name: str) -> int:
    """Return where ``magic`` is: at the start, or behind what some writers put before it."""
    position = bytes(data[:4096]).find(magic)
    if position < 0:
        raise InvalidObjectError(f"this is not {name} data")
    return position


def _start_of_frame(marker: int, body: bytes, adobe: int | None) -> Codestream:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        raise InvalidObjectError("JPEG start of frame is cut short")
    precision, rows, columns, components = struct.unpack_from(">BHHB", body)
    sampling = {body[7 + 3 * number] for number in range(components)}
    return Codestream(
        rows=rows,
        columns=columns,
        components=components,
        precision=precision,
        lossless=marker in LOSSLESS,
        subsampled=len(sampling) > 1,
        adobe_transform=adobe,
    )


def _adobe(marker: int, body: bytes, before: int | None) -> int | None:
    """Return the colour transform of an Adobe marker (0 none, 1 YCbCr, 2 YCCK), else ``before``."""
    if marker == ADOBE and body.startswith(b"Adobe") and len(body) >= 12:
        return body[11]
    return before


def _adobe_after(data: bytes, position: int, adobe: int | None) -> int | None:
    """Return the colour transform, if its marker follows the start of frame."""
    while adobe is None and position + 4 <= len(data) and data[position] == 0xFF:
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if data[position + 1] == START_OF_SCAN or length < 2:
            break
        adobe = _adobe(data[position + 1], bytes(data[position + 4 : position + 2 + length]), adobe)
        position += 2 + length
    return adobe
