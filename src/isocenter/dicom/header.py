"""Decoded values of chosen top-level attributes: what the index keeps of a data set. Knows no SQL.

Values are text, as DICOM prints them: character sets applied, padding gone, binary numbers written out.
"""

import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from isocenter.dicom import dictionary
from isocenter.dicom.charset import EXTENDED_VRS, decode_text
from isocenter.dicom.encoding import Buffer
from isocenter.dicom.scanner import scan
from isocenter.dicom.uids import TransferSyntax

SPECIFIC_CHARACTER_SET = 0x00080005

#: VR -> struct format of one value.
NUMBERS: dict[str, str] = {
    "US": "H", "SS": "h", "UL": "I", "SL": "i", "UV": "Q", "SV": "q", "FL": "f", "FD": "d",
}  # fmt: skip
#: VRs with one value, in which a backslash is a character and leading spaces count (PS3.5 6.2).
TEXTS = frozenset({"LT", "ST", "UT", "UR"})
_BYTES = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "SQ", "UN"})
_PADDING = " \0"


@dataclass(frozen=True, slots=True)
class Header:
    """Decoded values by tag; a tag that is not there is as good as an empty one."""

    values: Mapping[int, tuple[str, ...]]

    def text(self, tag: int, default: str = "") -> str:
        """Return the first value, or ``default`` when there is none."""
        values = self.values.get(tag)
        return values[0] if values and values[0] else default

    def texts(self, tag: int) -> tuple[str, ...]:
        """Return all values."""
        return self.values.get(tag, ())

    def integer(self, tag: int, default: int | None = None) -> int | None:
        """Return the first value as a whole number, or ``default`` when it is none."""
        try:
            return int(float(self.text(tag)))
        except (ValueError, OverflowError):
            return default


def read_header(data: Buffer, syntax: TransferSyntax, tags: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return tag -> decoded values of those ``tags`` that are in the data set; an empty element gives ``()``.

    The data may end early: what was found before is returned. Raises InvalidObjectError on broken bytes.
    """
    if not tags:
        return {}
    found = scan(data, syntax, frozenset(tags) | {SPECIFIC_CHARACTER_SET}, max(tags) + 1)
    decoded = decode_values(found.values, syntax)
    return decoded if SPECIFIC_CHARACTER_SET in tags else _without_charset(decoded)


def _without_charset(decoded: dict[int, tuple[str, ...]]) -> dict[int, tuple[str, ...]]:
    decoded.pop(SPECIFIC_CHARACTER_SET, None)
    return decoded


def decode_values(values: Mapping[int, bytes], syntax: TransferSyntax) -> dict[int, tuple[str, ...]]:
    """Return the decoded values of what :func:`isocenter.dicom.scanner.scan` found.

    ``values`` should hold (0008,0005); VRs are those of the dictionary. Bytes and sequences give ``()``.
    """
    charset = character_set(values.get(SPECIFIC_CHARACTER_SET, b""))
    return {tag: decode_value(raw, dictionary.vr(tag), syntax, charset) for tag, raw in values.items()}


def character_set(raw: bytes) -> tuple[str, ...]:
    """Return the values of Specific Character Set."""
    text = raw.decode("latin_1").strip(_PADDING)
    return tuple(term.strip(_PADDING) for term in text.split("\\")) if text else ()


def decode_value(raw: bytes, vr: str, syntax: TransferSyntax, charset: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values of one raw value."""
    if not raw or vr in _BYTES:
        return ()
    if vr in NUMBERS:
        return tuple(str(number) for number in decode_numbers(raw, NUMBERS[vr], big_endian=syntax.big_endian))
    if vr == "AT":
        pairs = decode_numbers(raw, "H", big_endian=syntax.big_endian)
        return tuple(f"{group:04X}{element:04X}" for group, element in zip(pairs[::2], pairs[1::2], strict=False))
    text = decode_text(raw, vr, charset if vr in EXTENDED_VRS else ())
    if vr in TEXTS:
        text = text.rstrip(_PADDING)
        return (text,) if text else ()
    if "\\" not in text:
        text = text.strip(_PADDING)
        return (text,) if text else ()
    return tuple(part.strip(_PADDING) for part in text.split("\\"))


def decode_numbers(raw: bytes, kind: str, *, big_endian: bool) -> tuple[int, ...] | tuple[float, ...]:
    """Return the numbers of a value whose struct format is ``kind``; a rest that is no whole number is left out."""
    return _layout(kind, len(raw), big_endian=big_endian).unpack_from(raw)


@lru_cache(maxsize=256)
def _layout(kind: str, length: int, *, big_endian: bool) -> struct.Struct:
    return struct.Struct(f"{'>' if big_endian else '<'}{length // struct.calcsize(kind)}{kind}")
