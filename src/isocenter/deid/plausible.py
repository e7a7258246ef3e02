"""Whether bytes that are kept can be a value of their VR (PS3.5 6.2); what cannot be one may be text that somebody hid.

Looks at form only; what identifies is the matter of :mod:`isocenter.deid.text`.
"""

import re
import struct
from functools import lru_cache

from isocenter.dicom import dictionary
from isocenter.dicom.charset import is_defined_term
from isocenter.dicom.encoding import UNDEFINED, Buffer

TEXT_VRS = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"}
)
#: VRs in which a backslash is a character.
SINGLE_VALUED = frozenset({"LT", "ST", "UR", "UT"})
DATE_VRS = frozenset({"DA", "DT", "TM"})
_DIGITS_ONLY = DATE_VRS | {"UI"}
#: Bytes of one value of VRs with a fixed size.
_SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "AT": 4, "UV": 8, "SV": 8}
_NUMBER = re.compile(rb"[0-9+\-.eE \\\0]*")
_DIGITS = re.compile(rb"[0-9.:+\- \\\0]*")
#: Text has these control characters only (PS3.5 6.1.3), and zeros at its end.
_TEXT = re.compile(rb"[\t\n\f\r\x1b\x20-\xff]*\0*")
#: A code string has capital letters, digits, space and underscore; other signs that are met are no words of a person.
_CODE = re.compile(rb"[\x20-\x60\x7b-\x7e]*\0*")
#: Shorter ones are numbers now and then: 0.00616 is ``gfff:;y?``.
_PRINTABLE = re.compile(rb"(?=.*[A-Za-z]{3})[\x20-\x7e]{16,}\0*", re.DOTALL)
#: So much of a list of numbers is looked at.
_LOOKED_AT = 256


@lru_cache(maxsize=8192)
def _form(tag: int) -> tuple[str, int]:
    """Return the VR of the dictionary and the most bytes its multiplicity allows."""
    vr, most = dictionary.vr(tag), dictionary.vm(tag).rsplit("-", 1)[-1]
    return vr, _SIZES[vr] * int(most) if vr in _SIZES and most.isdigit() else UNDEFINED


def is_value(raw: Buffer, tag: int, written: str) -> bool:
    """Tell whether a value that is kept unseen can be one: no text where numbers are due, dates of digits.

    ``written``: its VR in the object, "" where that names none.
    """
    vr, limit = _form(tag)
    if vr in _DIGITS_ONLY:
        return _DIGITS.fullmatch(raw) is not None
    if len(raw) > limit or (written in TEXT_VRS and vr not in TEXT_VRS):
        return False
    return vr not in _SIZES or is_binary(raw, vr)


def is_binary(raw: Buffer, vr: str) -> bool:
    """Tell whether bytes are numbers of a binary VR, and no line of text."""
    return len(raw) % _SIZES.get(vr, 1) == 0 and _PRINTABLE.fullmatch(raw[:_LOOKED_AT]) is None


def is_number(raw: bytes) -> bool:
    """Tell whether a value has only what numbers as text have."""
    return _NUMBER.fullmatch(raw) is not None


def is_text(raw: bytes, vr: str) -> bool:
    """Tell whether a value is text, a code string if it shall be one."""
    return (_CODE if vr == "CS" else _TEXT).fullmatch(raw) is not None


def are_offsets(raw: bytes, size: int) -> bool:
    """Tell whether a value holds 64-bit places in an object of ``size`` bytes, or lengths (PS3.3 C.7.6.3.1.8)."""
    return len(raw) % 8 == 0 and all(offset <= size for (offset,) in struct.iter_unpack("<Q", raw))


def known_terms(raw: bytes) -> bytes:
    """Return Specific Character Set with its defined terms only (PS3.3 C.12.1.1.2)."""
    terms = [term.strip(" \0") for term in raw.decode("latin_1").split("\\")]
    return "\\".join(term if is_defined_term(term) else "" for term in terms).encode("ascii")
