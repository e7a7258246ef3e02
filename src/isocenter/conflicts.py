"""Whether two stored objects under one SOP instance UID are the same object.

The same bytes in the same transfer syntax are. So are data sets that differ in nothing but which uncompressed transfer
syntax they are written in: their elements are compared one by one, values in little endian, whatever wraps them.
"""

from collections.abc import Iterator
from itertools import zip_longest

from isocenter.dicom import dictionary
from isocenter.dicom.encoding import ITEM, UNDEFINED, Encoding, encoding_of
from isocenter.dicom.scanner import iter_elements, iter_items
from isocenter.dicom.uids import TransferSyntax, transfer_syntax
from isocenter.errors import InvalidObjectError, NotFoundError
from isocenter.index.entry import Entry, Instance
from isocenter.reading import data_set
from isocenter.storage.storage import Buffer, Storage

_DEEPEST = 64
#: Bytes of one number, by VR: what a change of byte order turns around.
_WIDTHS = dict.fromkeys(("US", "SS", "OW", "AT"), 2) | dict.fromkeys(("UL", "SL", "FL", "OF", "OL"), 4) | dict.fromkeys(
    ("FD", "OD", "OV", "SV", "UV"), 8
)  # fmt: skip
#: What an element is compared by: depth, tag, value in little endian.
Piece = tuple[int, int, bytes]


def difference(storage: Storage, first: Instance, second: Entry) -> str:
    """Return "" for the same object, else in what the second differs from the first."""
    if first.hash == second.hash and first.transfer_syntax_uid == second.transfer_syntax_uid:
        return ""
    syntaxes = transfer_syntax(first.transfer_syntax_uid), transfer_syntax(second.transfer_syntax_uid)
    if syntaxes[0] != syntaxes[1] and any(each.encapsulated for each in syntaxes):
        return "this SOPInstanceUID was here before with pixel data in another transfer syntax"
    if syntaxes[0] == syntaxes[1] or not _equal(storage, first, second, syntaxes):
        return "this SOPInstanceUID was here before with another data set"
    return ""


def _equal(storage: Storage, first: Instance, second: Entry, syntaxes: tuple[TransferSyntax, TransferSyntax]) -> bool:
    try:
        with (
            data_set(storage, first.location, first.data_set_offset, syntaxes[0]) as mine,
            data_set(storage, second.location, second.data_set_offset, syntaxes[1]) as theirs,
        ):
            pairs = zip_longest(_pieces(mine, encoding_of(syntaxes[0])), _pieces(theirs, encoding_of(syntaxes[1])))
            return all(one == other for one, other in pairs)
    except (InvalidObjectError, NotFoundError):
        return False


def _pieces(
    data: Buffer, encoding: Encoding, offset: int = 0, end: int | None = None, depth: int = 0
) -> Iterator[Piece]:
    """Yield what a data set says, without group lengths and without how its sequences are delimited."""
    if depth > _DEEPEST:
        raise InvalidObjectError(f"sequences are nested deeper than {_DEEPEST}")
    for element in iter_elements(data, encoding, offset, end):
        tag, vr, start, length = element
        if not tag & 0xFFFF:
            continue
        vr = vr or dictionary.vr(tag)
        if vr == "SQ" or length == UNDEFINED:
            yield depth, tag, b""
            for item in iter_items(data, element, encoding, end):
                yield depth, ITEM, b""
                yield from _pieces(data, item.encoding, item.offset, item.end, depth + 1)
        else:
            yield depth, tag, _little_endian(bytes(data[start : start + length]), vr, encoding)


def _little_endian(value: bytes, vr: str, encoding: Encoding) -> bytes:
    width = _WIDTHS.get(vr, 1) if encoding.big_endian else 1
    if width == 1 or len(value) % width:
        return value
    turned = bytearray(len(value))
    for at in range(width):
        turned[at::width] = value[width - 1 - at :: width]
    return bytes(turned)
