"""``isocenter dump``: a DICOM header as people know it from dcmdump. The file is mapped, never read whole.

A broken file is shown up to the break; then comes where (offset in the file) and why, and exit code 1. Nothing a
header holds reaches the terminal as a control character.
"""

import mmap
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import click

from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, visible
from isocenter.dicom import dictionary
from isocenter.dicom.charset import decode_text
from isocenter.dicom.encoding import (
    EXPLICIT_LITTLE,
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
from isocenter.dicom.header import NUMBERS, SPECIFIC_CHARACTER_SET, character_set, decode_numbers
from isocenter.dicom.json import data_set_to_json
from isocenter.dicom.part10 import PREAMBLE_LENGTH, FileMeta, read_preamble_and_meta
from isocenter.dicom.scanner import MAX_DEPTH, inflate, iter_elements, iter_items
from isocenter.dicom.uids import TransferSyntax, transfer_syntax, uid_name
from isocenter.errors import InvalidObjectError

#: The most that a deflated data set may inflate to here.
_INFLATE_LIMIT = 1 << 30
_PIXEL_DATA = 0x7FE00010
_BYTES = frozenset({"OB", "UN", "OV", "OD", "OF", "OL"})
_TEXTS = frozenset({"LT", "ST", "UT", "UR"})
#: Column at which length, multiplicity and keyword begin.
_WIDTH = 56


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Show this element only: keyword or tag; repeatable.")
@click.option("--length", type=click.IntRange(min=8), default=64, show_default=True, help="Cut values to this length.")
@click.option("--all-values", is_flag=True, help="Do not cut values.")
def command(*, file: Path, as_json: bool, tags: tuple[str, ...], length: int, all_values: bool) -> None:
    """Print the header of a DICOM file: tag, VR, value, length, multiplicity, keyword.

    Sequences are indented, private elements show their creator. Files without preamble work, and broken ones up to the
    break. With --json the data set is printed in the DICOM JSON Model, without pixel data.

    \b
    Example: isocenter dump image.dcm --tag PatientName --tag 0020000D
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    chosen = frozenset(dictionary.tag(text) for text in tags)
    with file.open("rb") as stream:
        if not file.stat().st_size:
            raise InvalidObjectError(f"{file} is empty")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            meta = read_preamble_and_meta(data, final=True)
            assert meta is not None
            if as_json:
                _print_json(data, meta, chosen)
            else:
                _print_text(data, meta, chosen, None if all_values else length)


def _data_set(data: Buffer, meta: FileMeta) -> tuple[Buffer, TransferSyntax, int]:
    """Return the buffer with the data set, its transfer syntax and where in the buffer it starts."""
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    if syntax.deflated:
        return inflate(data[meta.data_set_offset :], _INFLATE_LIMIT, partial=True), syntax, 0
    return data, syntax, meta.data_set_offset


def _print_json(data: Buffer, meta: FileMeta, chosen: frozenset[int]) -> None:
    """Print the JSON of the whole elements, then raise what broke."""
    body, syntax, start = _data_set(data, meta)
    end, stop, broken = start, None, None
    try:
        for element in iter_elements(body, syntax, start):
            end, stop = element.offset + element.length, None
            if element.length == UNDEFINED:  # where it ends is known once the next one is reached
                end, stop = len(body), element.tag
        end, stop = len(body), None
    except BrokenDataSetError as error:
        broken = error
    shown = data_set_to_json(body[start:end], syntax, bulk_data_uri=None, stop=stop)
    print_json({key: value for key, value in shown.items() if not chosen or int(key, 16) in chosen})
    if broken:
        raise _break(broken, body, data) from broken


def _break(error: BrokenDataSetError, body: Buffer, data: Buffer) -> InvalidObjectError:
    """Return the error that says where the file broke and why."""
    what = "file" if body is data else "inflated data set"
    return InvalidObjectError(f"the {what} is broken at offset {error.offset}: {error.reason}")


def _print_text(data: Buffer, meta: FileMeta, chosen: frozenset[int], length: int | None) -> None:
    """Print one line per element, then raise what broke."""
    dump = _Dump(data, chosen, length)
    try:
        if meta.data_set_offset > 0:
            start = PREAMBLE_LENGTH if meta.preamble else 0
            _echo(dump.heading("Dicom-File-Format / Meta-Information-Header", ""))
            _echo(
                dump.level(
                    start,
                    meta.data_set_offset,
                    effective_encoding(data, start, len(data), EXPLICIT_LITTLE),
                    shown=not chosen,
                )
            )
        body, syntax, offset = _data_set(data, meta)
        dump.data = body
        _echo(dump.heading("Dicom-Data-Set", f"{syntax.name or 'unknown'} ({syntax.uid})"))
        _echo(
            dump.level(
                offset, len(body), effective_encoding(body, offset, len(body), encoding_of(syntax)), shown=not chosen
            )
        )
    except BrokenDataSetError as error:
        raise _break(error, dump.data, data) from error


def _echo(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)


@dataclass(slots=True)
class _Dump:
    """The lines of a data set; ``chosen`` limits them to some tags, ``length`` cuts values."""

    data: Buffer
    chosen: frozenset[int]
    length: int | None
    charset: tuple[str, ...] = field(default=())

    def heading(self, title: str, syntax: str) -> Iterator[str]:
        """Yield the lines above a group of elements."""
        if not self.chosen:
            yield f"\n# {title}"
            if syntax:
                yield f"# Used TransferSyntax: {visible(syntax)}"

    def level(self, offset: int, end: int, encoding: Encoding, depth: int = 0, *, shown: bool) -> Iterator[str]:
        """Yield the lines of one level and all below; ``shown``: of all elements, not the chosen ones only."""
        if depth > 2 * MAX_DEPTH:
            raise BrokenDataSetError(offset, f"sequences are nested deeper than {MAX_DEPTH}")
        creators: dict[int, str] = {}
        elements = iter_elements(self.data, encoding, offset, end)
        while True:
            try:
                element = next(elements, None)
            except TruncatedError as error:
                yield from self._cut_element(error, end, encoding, depth, shown=shown)
                raise
            if element is None:
                return
            yield from self._element(element, creators, end, encoding, depth, shown=shown)

    def _element(
        self, element: Element, creators: dict[int, str], end: int, encoding: Encoding, depth: int, *, shown: bool
    ) -> Iterator[str]:
        """Yield the lines of one element; ``creators`` of this level learns from it."""
        tag = element.tag
        creator = creators.get(tag >> 8, "") if tag & 0x10000 else ""
        vr = self._vr(element, creator)
        here = shown or tag in self.chosen
        if here:
            yield self._line(element, vr, creator, encoding, depth)
        if vr == "SQ":
            yield from self._items(element, end, encoding, depth, shown=here)
        elif tag == SPECIFIC_CHARACTER_SET:
            self.charset = character_set(self._raw(element, None))
        elif tag & 0x10000 and 0x10 <= tag & 0xFFFF <= 0xFF:
            creators[tag >> 16 << 8 | tag & 0xFF] = self._text(element, "LO", None)

    def _cut_element(
        self, error: TruncatedError, end: int, encoding: Encoding, depth: int, *, shown: bool
    ) -> Iterator[str]:
        """Yield the lines of an element that the file ends in, as far as it is there."""
        with suppress(TruncatedError):
            element = read_header(self.data, error.offset, end, encoding)
            if element.length != UNDEFINED:
                yield from self._element(element, {}, end, encoding, depth, shown=shown)

    def _items(self, element: Element, end: int, encoding: Encoding, depth: int, *, shown: bool) -> Iterator[str]:
        for number, item in enumerate(iter_items(self.data, element, encoding, end), 1):
            if shown:
                head = f"{'  ' * (depth + 1)}(fffe,e000) na (Item #{number})"
                yield f"{head:<{_WIDTH}} # {item.end - item.offset}, 1 Item"
            yield from self.level(item.offset, item.end, item.encoding, depth + 2, shown=shown)

    def _vr(self, element: Element, creator: str) -> str:
        tag, vr, _, length = element
        if vr and vr != "UN":
            return vr
        if length == UNDEFINED and tag != _PIXEL_DATA:
            return "SQ"
        known = dictionary.private_vr(creator, tag) if tag & 0x10000 else dictionary.vr(tag)
        return "UN" if known == "SQ" and vr == "UN" else known

    def _line(self, element: Element, vr: str, creator: str, encoding: Encoding, depth: int) -> str:
        tag = element.tag
        value, count = self._value(element, vr, encoding)
        length = "u/l" if element.length == UNDEFINED else str(element.length)
        head = f"{'  ' * depth}({tag >> 16:04x},{tag & 0xFFFF:04x}) {vr} {value}"
        return f"{head:<{_WIDTH}} # {length}, {count} {self._name(tag, creator)}"

    def _name(self, tag: int, creator: str) -> str:
        if not tag & 0x10000:
            return dictionary.keyword(tag) or "UnknownTag"
        if tag & 0xFFFF <= 0xFF:
            return "PrivateCreator"
        found = dictionary.private_element(creator, tag) if creator else None
        return visible(f"{creator or 'no creator'}: {found[1] if found else 'unknown private element'}")

    def _value(self, element: Element, vr: str, encoding: Encoding) -> tuple[str, int]:
        """Return what is shown of a value and how many values there are."""
        length = element.length
        if vr == "SQ":
            return f"(Sequence with {'undefined' if length == UNDEFINED else 'explicit'} length)", 1
        if length == UNDEFINED:
            count = sum(1 for _ in iter_items(self.data, element, encoding))
            return f"(Pixel Sequence: offset table and {count - 1} fragments)", 1
        if not length:
            return "(no value available)", 0
        if vr in _BYTES:
            return self._hexadecimal(element, 1, encoding), 1
        if vr == "OW":
            return self._hexadecimal(element, 2, encoding), 1
        if vr in NUMBERS or vr == "AT":
            return self._numbers(element, vr, encoding)
        text = self._text(element, vr, self.length)
        count = 1 if vr in _TEXTS else bytes(self._raw(element, 1 << 16)).count(b"\\") + 1
        shown = f"[{self._cut(visible(text), cut=False)}]"
        return (f"{shown} {uid_name(text)}".rstrip() if vr == "UI" else shown), count

    def _raw(self, element: Element, limit: int | None) -> bytes:
        length = element.length if limit is None else min(element.length, limit)
        return bytes(self.data[element.offset : element.offset + length])

    def _text(self, element: Element, vr: str, limit: int | None) -> str:
        # A character has at most four bytes, and an escape sequence of four more before it.
        raw = self._raw(element, None if limit is None else 8 * (limit + 1))
        return decode_text(raw, vr, self.charset).rstrip(" \0")

    def _numbers(self, element: Element, vr: str, encoding: Encoding) -> tuple[str, int]:
        kind, width = ("H", 4) if vr == "AT" else (NUMBERS[vr], struct.calcsize(NUMBERS[vr]))
        raw = self._raw(element, None if self.length is None else width * (self.length + 1))
        numbers = decode_numbers(raw, kind, big_endian=encoding.big_endian)
        if vr == "AT":
            parts = [f"({g:04x},{e:04x})" for g, e in zip(numbers[::2], numbers[1::2], strict=False)]
        else:
            parts = [f"{number:g}" if vr == "FL" else str(number) for number in numbers]
        return self._cut("\\".join(parts), cut=len(raw) < element.length), element.length // width

    def _hexadecimal(self, element: Element, width: int, encoding: Encoding) -> str:
        raw = self._raw(element, None if self.length is None else width * (self.length + 1))
        order = -1 if width > 1 and not encoding.big_endian else 1
        parts = [raw[at : at + width][::order].hex() for at in range(0, len(raw), width)]
        return self._cut("\\".join(parts), cut=len(raw) < element.length)

    def _cut(self, text: str, *, cut: bool) -> str:
        if self.length is None or (len(text) <= self.length and not cut):
            return text
        return text[: self.length - 3] + "..."
