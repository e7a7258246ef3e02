"""The data dictionary of PS3.6: tag <-> keyword, VR and names; private elements by pydicom's dictionary.

``vr`` gives one VR where the standard leaves a choice; :data:`AMBIGUOUS` tells which tags those are.
"""

import re
from functools import lru_cache

from isocenter.dicom._tables.attributes import ATTRIBUTES, REPEATING
from isocenter.dicom.encoding import KNOWN_VRS
from isocenter.errors import UsageError

#: What the standard writes -> the VR taken when nothing in the data set decides (PS3.5 Annex A).
_CHOICES: dict[str, str] = {"US or SS": "US", "OB or OW": "OW", "US or OW": "OW", "US or SS or OW": "OW"}
#: Tags whose VR is US or SS by Pixel Representation (0028,0103).
AMBIGUOUS: frozenset[int] = frozenset(tag for tag, row in ATTRIBUTES.items() if row[0] == "US or SS")

_HEX = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")
_UNKNOWN = ("UN", "1", "", "", False)


@lru_cache(maxsize=4096)
def _row(tag: int) -> tuple[str, str, str, str, bool]:
    found = ATTRIBUTES.get(tag)
    if found is not None:
        return found
    if tag & 0x10000:
        return _private_row(tag)
    if not tag & 0xFFFF:
        return ("UL", "1", "GroupLength" if tag else "CommandGroupLength", "Group Length", True)
    return next((row for mask, base, row in REPEATING if tag & mask == base), _UNKNOWN)


def _private_row(tag: int) -> tuple[str, str, str, str, bool]:
    if 0x10 <= tag & 0xFFFF <= 0xFF:
        return ("LO", "1", "", "Private Creator", False)
    if not tag & 0xFFFF:
        return ("UL", "1", "", "Group Length", True)
    return _UNKNOWN


def vr(tag: int) -> str:
    """Return the VR of a tag: ``UN`` when unknown, one of the possible when there is a choice."""
    text = _row(tag)[0]
    return _CHOICES.get(text, text)


def vm(tag: int) -> str:
    """Return the value multiplicity as PS3.6 prints it, such as ``1-n``."""
    return _row(tag)[1]


def keyword(tag: int) -> str:
    """Return the keyword of a tag, or ``""`` for private and unknown ones."""
    return _row(tag)[2]


def name(tag: int) -> str:
    """Return the name of a tag in words, or ``""``."""
    return _row(tag)[3]


def is_retired(tag: int) -> bool:
    """Tell whether PS3.6 marks the element as retired."""
    return _row(tag)[4]


@lru_cache(maxsize=1)
def _by_keyword() -> dict[str, int]:
    found = {row[2]: base for _, base, row in REPEATING}
    found.update({row[2]: tag for tag, row in ATTRIBUTES.items() if row[2]})
    return found


def tag(keyword_or_hex: str) -> int:
    """Return the tag of a keyword, of eight hexadecimal digits or of ``(gggg,eeee)``.

    Raises UsageError when it is none of these.
    """
    found = _by_keyword().get(keyword_or_hex)
    if found is not None:
        return found
    match = _HEX.fullmatch(keyword_or_hex.strip())
    if match is None:
        raise UsageError(f"{keyword_or_hex!r} is neither a DICOM keyword nor a tag like 00100020")
    return int(match[1] + match[2], 16)


@lru_cache(maxsize=4096)
def private_vr(creator: str, tag: int) -> str:
    """Return the VR of a private element of this creator, ``UN`` when it is not known."""
    if tag & 0xFFFF < 0x1000:
        return _private_row(tag)[0]
    found = private_element(creator, tag) if creator else None
    text = found[0] if found else "UN"
    text = _CHOICES.get(text, text)
    return text if text.encode() in KNOWN_VRS else "UN"


def private_element(creator: str, tag: int) -> tuple[str, str] | None:
    """Return (VR, name) of a private element of this creator, or None when its maker is not in pydicom's dictionary."""
    from pydicom.datadict import private_dictionary_description, private_dictionary_VR  # noqa: PLC0415 - heavy, seldom

    try:
        return private_dictionary_VR(tag, creator), private_dictionary_description(tag, creator)
    except KeyError:
        return None
