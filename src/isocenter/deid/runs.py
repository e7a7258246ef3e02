"""What no decoder needs of an RLE frame: the rest of its header, what is between and behind runs (PS3.5 Annex G)."""

import struct
from collections.abc import Mapping

from isocenter.dicom.encoding import Buffer
from isocenter.dicom.pixels import image_description
from isocenter.dicom.uids import TransferSyntax
from isocenter.errors import InvalidObjectError

_HEADER = struct.Struct("<16L")
_RLE_LOSSLESS = "1.2.840.10008.1.2.5"
_NOTHING = 128


def plane_size(values: Mapping[int, bytes], syntax: TransferSyntax) -> int:
    """Return the bytes of a plane of an RLE frame; 0 for another syntax, or where nothing says so."""
    if syntax.uid != _RLE_LOSSLESS:
        return 0
    try:
        description = image_description(dict(values), syntax)
    except InvalidObjectError:
        return 0
    pixels = description.Rows * description.Columns
    return pixels if description.BitsAllocated > 1 else -(-pixels // 8)


def unneeded(frame: Buffer, plane: int) -> list[tuple[int, int]]:
    """Return the zones of a frame that its planes of so many bytes do not need; none of one that is broken."""
    if len(frame) < _HEADER.size:
        return []
    count, *offsets = _HEADER.unpack_from(frame)
    begins = offsets[:count]
    ends = [*begins[1:], len(frame)]
    if not 1 <= count < len(offsets) + 1 or begins[0] < _HEADER.size or any(map(int.__gt__, begins, ends)):
        return []
    zones = [(4 * (1 + count), begins[0])]
    return zones + [(_behind(frame, begin, end, plane), end) for begin, end in zip(begins, ends, strict=True)]


def _behind(frame: Buffer, begin: int, end: int, plane: int) -> int:
    """Return where the runs of a plane end."""
    data = bytes(frame[begin:end])
    at = made = 0
    size = len(data)
    while made < plane and at < size:
        head = data[at]
        if head < _NOTHING:
            made += head + 1
            at += head + 2
        else:
            made += 257 - head if head > _NOTHING else 0
            at += 2 if head > _NOTHING else 1
    return begin + min(at, size)
