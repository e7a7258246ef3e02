"""Raw elements of a data set: where each one is, and the undecoded bytes of those that are asked for (PS3.5 7).

The hot path of ingest. Decodes nothing, allocates nothing that a length field merely claims, is bounded in depth, and
advances at least eight bytes with every step, so it ends on any input. Tolerates what sensible readers tolerate:
unknown VRs, group lengths, stray delimiters, the wrong kind of VR, a switch of it inside sequences. The bytes are
those of the inflated data set: :func:`inflate` comes first where the transfer syntax is deflated.
"""

import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from isocenter.dicom.encoding import (
    IMPLICIT_LITTLE,
    ITEM,
    ITEM_DELIMITER,
    ITEM_GROUP,
    LONG_VRS,
    SEQUENCE_DELIMITER,
    SHORT_VRS,
    UNDEFINED,
    BrokenDataSetError,
    Buffer,
    Element,
    Encoding,
    TruncatedError,
    effective_encoding,
    encoding_of,
    read_header,
)
from isocenter.dicom.uids import TransferSyntax
from isocenter.errors import InvalidObjectError

__all__ = [
    "UNDEFINED", "BrokenDataSetError", "Buffer", "Element", "Encoding", "Item", "ScanResult", "TruncatedError",
    "at_padding", "behind", "behind_undefined", "element_at", "inflate", "iter_elements", "iter_items", "only_padding",
    "scan", "skip_undefined",
]  # fmt: skip

PIXEL_DATA_GROUP = 0x7FE00000
#: Sequences within sequences; real objects stay below ten.
MAX_DEPTH = 64

_STEP = 1 << 16


class ScanResult(NamedTuple):
    """What :func:`scan` found.

    ``values``: tag -> raw value, of a tag that comes twice the first (of an undefined length: with its delimiters);
    ``position``: offset of the header at which it stopped; ``next_tag``: the tag there, if it could be read;
    ``complete``: whether ``stop`` was reached. A data set without pixel data never is: it is whole when ``position`` is
    its length, or when :func:`only_padding` is left there.
    """

    values: dict[int, bytes]
    position: int
    next_tag: int | None
    complete: bool


class Item(NamedTuple):
    """An item of a sequence: its elements are at ``offset`` up to ``end``."""

    offset: int
    end: int
    encoding: Encoding


def scan(
    data: Buffer,
    syntax: TransferSyntax,
    wanted: frozenset[int] | None,
    stop: int = PIXEL_DATA_GROUP,
    offset: int = 0,
) -> ScanResult:
    """Walk the top level to the first tag >= ``stop`` and return the raw values of ``wanted`` (None: of all).

    When the data end first, ``complete`` is False and the caller may come again with more bytes and ``offset`` =
    ``position``. Raises InvalidObjectError, with the offset, where no data element can be made out.
    """
    end = len(data)
    encoding = effective_encoding(data, offset, end, encoding_of(syntax))
    values: dict[int, Buffer] = {}
    walk = _scan_implicit if encoding.implicit else _scan_explicit
    try:
        position, next_tag, complete = walk(data, encoding, wanted, stop, offset, values)
    except TruncatedError as error:
        position, next_tag, complete = error.offset, None, False
    except BaseException:
        values.clear()  # what caught the error could not close a mapped file while slices of it are kept
        raise
    if not isinstance(data, bytes):
        values = {tag: bytes(value) for tag, value in values.items()}
    return ScanResult(values, position, next_tag, complete)


def _scan_explicit(
    data: Buffer, encoding: Encoding, wanted: frozenset[int] | None, stop: int, position: int, values: dict[int, Buffer]
) -> tuple[int, int | None, bool]:
    """Walk explicit VR headers; everything unusual is left to :func:`_step`."""
    head, short, big_endian = encoding.quick, encoding.short_vrs, encoding.big_endian
    tags = _EveryTag(big_endian=big_endian) if wanted is None else _tags_as_read(wanted, big_endian=big_endian)
    group_mask, first_group = (0xFFFF0000, stop & 0xFFFF0000) if big_endian else (0xFFFF, stop >> 16)
    end = len(data)
    last = end - 8
    while position <= last:
        raw_tag, code, length = head(data, position)
        if raw_tag & group_mask >= first_group:
            tag = _swapped(raw_tag, big_endian=big_endian)
            if tag >= stop and tag >> 16 != ITEM_GROUP:
                return position, tag, True
        if code in short:
            value = position + 8
            after = value + length
        else:
            value, after = _long(data, position, end, encoding)
        if after > end:
            return position, _swapped(raw_tag, big_endian=big_endian), False
        if raw_tag in tags and (tag := tags[raw_tag]) not in values:
            values[tag] = data[value:after]
        position = after
    return position, None, False


def _swapped(raw_tag: int, *, big_endian: bool) -> int:
    """Return the tag whose four bytes, read as one number, are this: in little endian the element comes first."""
    return raw_tag if big_endian else raw_tag >> 16 | (raw_tag & 0xFFFF) << 16


@lru_cache(maxsize=64)
def _tags_as_read(tags: frozenset[int], *, big_endian: bool) -> dict[int, int]:
    """Return tags by the number that their bytes give."""
    return {_swapped(tag, big_endian=big_endian): tag for tag in tags}


class _EveryTag(dict[int, int]):
    """As if it held every tag by the number that its bytes give."""

    def __init__(self, *, big_endian: bool) -> None:
        super().__init__()
        self._big_endian = big_endian

    def __contains__(self, raw_tag: object) -> bool:
        return True

    def __missing__(self, raw_tag: int) -> int:
        return _swapped(raw_tag, big_endian=self._big_endian)


def _long(data: Buffer, position: int, end: int, encoding: Encoding) -> tuple[int, int]:
    """Return the offset of the value and the offset behind the element at ``position``, whose VR is no short one."""
    if position + 12 <= end and encoding.head(data, position)[2] in LONG_VRS:
        length = encoding.tail(data, position + 8)[0]
        if length != UNDEFINED:
            return position + 12, position + 12 + length
    return _step(data, position, end, encoding)


def _scan_implicit(
    data: Buffer, encoding: Encoding, wanted: frozenset[int] | None, stop: int, position: int, values: dict[int, Buffer]
) -> tuple[int, int | None, bool]:
    """Walk implicit VR headers."""
    head = encoding.head
    everything = wanted is None
    chosen = wanted or frozenset()
    end = len(data)
    last = end - 8
    while position <= last:
        group, element, length = head(data, position)
        tag = group << 16 | element
        if tag >= stop and group != ITEM_GROUP:
            return position, tag, True
        value = position + 8
        after = value + length
        if length == UNDEFINED or group == ITEM_GROUP:
            value, after = _step(data, position, end, encoding)
        if after > end:
            return position, tag, False
        if (everything or tag in chosen) and tag not in values:
            values[tag] = data[value:after]
        position = after
    return position, None, False


def _step(data: Buffer, position: int, end: int, encoding: Encoding) -> tuple[int, int]:
    """Return the offset of the value and the offset behind the element at ``position``, whatever it is.

    Raises TruncatedError at ``position`` when the element is longer than the data.
    """
    if at_padding(data, position, end, encoding):
        raise TruncatedError(position, "only padding is left")
    element = _read_top(data, position, end, encoding)
    if element.length != UNDEFINED:
        return element.offset, element.offset + element.length
    try:
        return element.offset, behind_undefined(data, element, end, encoding)
    except TruncatedError as error:
        raise TruncatedError(position, error.reason) from error


def _read_top(data: Buffer, position: int, end: int, encoding: Encoding) -> Element:
    """Read a header outside any sequence, where a delimiter with a value is broken."""
    element = read_header(data, position, end, encoding)
    if element.tag >> 16 == ITEM_GROUP and element.tag != ITEM and element.length:
        raise BrokenDataSetError(position, f"{element.tag:08X} outside a sequence")
    return element


def behind_undefined(data: Buffer, element: Element, end: int, encoding: Encoding) -> int:
    """Return the offset behind an element of undefined length, or behind a stray item (one outside any sequence)."""
    if element.tag == ITEM:
        inner = effective_encoding(data, element.offset, end, encoding)
        return _skip(data, element.offset, end, _Level(item=True, encoding=inner))[1]
    return skip_undefined(data, element, end, encoding)


def only_padding(data: Buffer, offset: int, end: int | None = None) -> bool:
    """Tell whether there are nothing but zero bytes from ``offset`` to ``end``."""
    end = len(data) if end is None else end
    pieces = (bytes(data[at : min(at + _STEP, end)]) for at in range(offset, end, _STEP))
    return not any(piece.strip(b"\0") for piece in pieces)


def at_padding(data: Buffer, offset: int, end: int, encoding: Encoding) -> bool:
    """Tell whether the data set ends at ``offset`` because only zeros follow; no header begins with eight of them.

    Raises BrokenDataSetError when there are eight and something else behind them, so nobody asks twice.
    """
    if offset + 8 > end:
        return only_padding(data, offset, end)
    if encoding.item(data, offset) != (0, 0, 0):
        return False
    if not only_padding(data, offset, end):
        raise BrokenDataSetError(offset, "zeros where a data element is due")
    return True


_new = tuple.__new__  # a third of the time of the class's own


def iter_elements(
    data: Buffer, syntax: TransferSyntax | Encoding, offset: int = 0, end: int | None = None
) -> Iterator[Element]:
    """Yield the elements of one level between ``offset`` and ``end`` in file order.

    For the inside of a sequence use :func:`iter_items` and pass each item's ``encoding``, ``offset`` and ``end``.
    Raises TruncatedError or BrokenDataSetError at the header that is broken or whose value reaches beyond ``end``; what
    came before has been yielded.
    """
    end = len(data) if end is None else end
    encoding = syntax if isinstance(syntax, Encoding) else encoding_of(syntax)
    encoding = effective_encoding(data, offset, end, encoding)
    short = {} if encoding.implicit else SHORT_VRS
    while offset < end:
        if short and offset + 8 <= end:  # the common header, without the questions that others raise
            group, number, code, length = encoding.head(data, offset)
            after = offset + 8 + length
            if code in short and group != ITEM_GROUP and after <= end:
                yield _new(Element, (group << 16 | number, short[code], offset + 8, length))
                offset = after
                continue
        element = element_at(data, offset, end, encoding)
        if element is None:
            return
        if element.tag >> 16 != ITEM_GROUP:
            yield element
        offset = behind(data, element, end, encoding)


def element_at(data: Buffer, offset: int, end: int, encoding: Encoding) -> Element | None:
    """Return the element at ``offset`` of a level, whatever it is, None where only padding is left.

    Raises TruncatedError or BrokenDataSetError as :func:`iter_elements` does.
    """
    if at_padding(data, offset, end, encoding):
        return None
    element = _read_top(data, offset, end, encoding)
    if element.length != UNDEFINED and element.offset + element.length > end:
        reason = f"{element.tag:08X} claims {element.length} bytes, {end - element.offset} are left"
        raise TruncatedError(offset, reason)
    return element


def behind(data: Buffer, element: Element, end: int, encoding: Encoding) -> int:
    """Return the offset behind an element of a level."""
    if element.length == UNDEFINED:
        return behind_undefined(data, element, end, encoding)
    return element.offset + element.length


def item_encoding(element: Element, encoding: Encoding) -> Encoding:
    """Return the layout inside a sequence: UN of undefined length is implicit VR little endian (PS3.5 6.2.2)."""
    if element.vr == "UN" and element.length == UNDEFINED:
        return IMPLICIT_LITTLE
    return encoding


def iter_items(
    data: Buffer, element: Element, syntax: TransferSyntax | Encoding, end: int | None = None
) -> Iterator[Item]:
    """Yield the items of a sequence, or the fragments of encapsulated pixel data, that ``element`` is.

    An item that is cut or broken is yielded with what there is of it, then the error is raised.
    """
    end = len(data) if end is None else end
    encoding = syntax if isinstance(syntax, Encoding) else encoding_of(syntax)
    encoding = item_encoding(element, encoding)
    offset, undefined = element.offset, element.length == UNDEFINED
    limit = end if undefined else min(end, element.offset + element.length)
    while offset < limit or undefined:
        tag, length = read_item_header(data, offset, limit, encoding)
        if tag == SEQUENCE_DELIMITER:
            return
        start = offset + 8
        offset = start
        if tag != ITEM:
            continue
        if length != UNDEFINED:
            offset = start + length
            behind = min(offset, limit)
            yield Item(start, behind, effective_encoding(data, start, behind, encoding))
            if offset > limit:
                raise TruncatedError(start - 8, f"an item claims {length} bytes, {limit - start} are left")
            continue
        inner = effective_encoding(data, start, limit, encoding)
        try:
            close, offset = _skip(data, start, limit, _Level(item=True, encoding=inner))
        except BrokenDataSetError:
            yield Item(start, limit, inner)
            raise
        yield Item(start, close, inner)


def read_item_header(data: Buffer, offset: int, end: int, encoding: Encoding) -> tuple[int, int]:
    """Return tag and length of an item or delimiter; anything else is an error."""
    if offset + 8 > end:
        raise TruncatedError(offset, "the data end inside a sequence")
    group, number, length = encoding.item(data, offset)
    tag: int = group << 16 | number
    if tag not in {ITEM, ITEM_DELIMITER, SEQUENCE_DELIMITER}:
        raise BrokenDataSetError(offset, f"{tag:08X} where an item of a sequence is due")
    return tag, length


def skip_undefined(data: Buffer, element: Element, end: int, encoding: Encoding) -> int:
    """Return the offset behind the delimiter that ends an element of undefined length.

    Raises TruncatedError when the data end before it.
    """
    return _skip(data, element.offset, end, _Level(item=False, encoding=item_encoding(element, encoding)))[1]


class _Level(NamedTuple):
    """An open sequence, or an open item of undefined length."""

    item: bool
    encoding: Encoding


def _skip(data: Buffer, offset: int, end: int, level: _Level) -> tuple[int, int]:
    """Walk until ``level`` is closed; return the offset of what closed it and the offset behind that."""
    levels = [level]
    while levels:
        if len(levels) > 2 * MAX_DEPTH:
            raise BrokenDataSetError(offset, f"sequences are nested deeper than {MAX_DEPTH}")
        start = offset
        offset = (_skip_element if levels[-1].item else _skip_item)(data, start, end, levels)
    return start, offset


def _skip_item(data: Buffer, offset: int, end: int, levels: list[_Level]) -> int:
    """Pass over, or step into, what is at ``offset`` of a sequence."""
    encoding = levels[-1].encoding
    tag, length = read_item_header(data, offset, end, encoding)
    if tag == SEQUENCE_DELIMITER:
        levels.pop()
    elif tag == ITEM and length == UNDEFINED:
        levels.append(_Level(item=True, encoding=effective_encoding(data, offset + 8, end, encoding)))
    elif tag == ITEM:
        if offset + 8 + length > end:
            raise TruncatedError(offset, f"an item claims {length} bytes, {end - offset - 8} are left")
        return offset + 8 + length
    return offset + 8


def _skip_element(data: Buffer, offset: int, end: int, levels: list[_Level]) -> int:
    """Pass over, or step into, the element at ``offset`` of an item."""
    encoding = levels[-1].encoding
    element = read_header(data, offset, end, encoding)
    if element.tag == ITEM_DELIMITER:
        levels.pop()
        return offset + 8
    if element.tag == SEQUENCE_DELIMITER:  # the item's own delimiter is missing: the sequence sees this one next
        levels.pop()
        return offset
    if element.length == UNDEFINED:
        levels.append(_Level(item=False, encoding=item_encoding(element, encoding)))
        return element.offset
    after = element.offset + element.length
    if after > end:
        raise TruncatedError(
            offset, f"{element.tag:08X} claims {element.length} bytes, {end - element.offset} are left"
        )
    return after


def inflate(data: Buffer, limit: int, *, partial: bool = False) -> bytes:
    """Return the inflated data set of a deflated transfer syntax (PS3.5 A.5), at most ``limit`` bytes of it.

    With ``partial`` a stream that is cut, or a result that would be longer, gives what there is (for reading a header
    from the first piece of a file). Otherwise both raise InvalidObjectError; so do, always, bytes that are no deflate
    stream. Streams with a zlib header, which some writers add, are accepted.
    """
    wrapped = len(data) > 1 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS) if wrapped else (-zlib.MAX_WBITS,):
        stream = zlib.decompressobj(bits)
        try:
            result = stream.decompress(data, limit)
        except zlib.error as error:
            failure = error
            continue
        if stream.eof or partial:
            return result
        if len(result) == limit:
            raise InvalidObjectError(f"the deflated data set is longer than {limit} bytes when inflated")
        raise InvalidObjectError(f"the deflated data set is cut short after {len(data)} bytes")
    raise InvalidObjectError(f"the data set cannot be inflated: {failure}")
