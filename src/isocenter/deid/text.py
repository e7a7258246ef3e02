"""Text: finding an object's own identifiers in what is kept, and cleaning descriptions (PS3.15 E.3.5).

Cleaning keeps what is known and drops the rest: words of the standard's own vocabulary, short numbers and codes such as
T1. So no name, place or number that somebody typed passes unless it is a technical word, and the object's own names are
dropped even then.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from isocenter.deid._tables.words import WORDS

#: Attributes whose values must not be found in anything that is kept: names of persons, and numbers that identify.
NAMES: frozenset[int] = frozenset({
    0x00100010, 0x00101001, 0x00101005, 0x00101060, 0x00080090, 0x00081050, 0x00081070, 0x00081060, 0x00321032,
    0x00102297, 0x00081048, 0x0008009C, 0x00404037, 0x0040A075, 0x00700084, 0x300E0008,
})  # fmt: skip
NUMBERS: frozenset[int] = frozenset({
    0x00100020, 0x00101000, 0x00080050, 0x00402016, 0x00402017, 0x00380010, 0x00101040, 0x00102154, 0x00101090,
    0x00120040, 0x00200010, 0x00401001,
})  # fmt: skip
INSTITUTION: frozenset[int] = frozenset({0x00080080, 0x00080081, 0x00081040})
BIRTH_DATE = 0x00100030
IDENTIFIERS: frozenset[int] = NAMES | NUMBERS | INSTITUTION | {BIRTH_DATE}

_NAMES, _NUMBERS, _NAMES_AND_PLACES = sorted(NAMES), sorted(NUMBERS), sorted(NAMES | INSTITUTION)

#: Short words and units the vocabulary lacks.
_SHORT_WORDS = """
    ct mr mri us xa dx cr pt nm ap pa lat ax cor sag tra tse fse se gre epi dwi adc flair stir fs fat sat pd tof mra cta
    mip mpr vrt iv po mm cm ms kv ma mas ml mg hu bw wb hr lr rl si is in of to for with and or the on at by no not pre
    post nativ ohne mit und km kontrast schaedel abdomen thorax becken knie hals hirn kopf lunge leber herz scout
    localizer topogram recon std soft bone lung brain neck chest pelvis
"""
_SHORT = frozenset(_SHORT_WORDS.split())
_SINGLE = frozenset("abcklmoprstvwxyz")
_CODE = re.compile(r"[A-Za-z]{1,2}\d{1,2}[A-Za-z]?|\d{1,3}(?:\.\d{1,2})?(?:mm|cm|ms|kv|ml|mg|s|d|D|%)?")
_SIGNS = frozenset(" -_/,:.()+")
#: Text in a multi-byte character set (ISO 2022) up to where ASCII goes on.
_ESCAPED = re.compile(rb"\x1b\$.*?(?:\x1b\([BJ]|$)|\x1b[()-].", re.DOTALL)
_TOKEN = re.compile(r"[A-Za-z0-9.%]+|[^A-Za-z0-9.%]+")
#: Dates, long numbers, telephone numbers, addresses of the net, persons with a title: gone before words are looked at.
_PATTERNS = re.compile(
    r"\S+@\S+|\b(?:https?|ftp)://\S+|\b\d+(?:\.\d+){3,}\b|\+?\d[\d ()/.-]{5,}\d|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|"
    r"\b(?:Dr|Prof|Mrs?|Ms|Miss|Herr|Frau|Mme|Sr|Sra|Dra)\b\.?(?:\s+[^\W\d_][\w'-]*){1,3}"
)
_NAME_PARTS = re.compile(rb"[\^=\\, .;/()_-]+")
_LETTERS = 3
_DIGITS = 4


class Scrubber:
    """Knows the identifiers of one object; ``find`` those in bytes that are kept, ``clean`` a description."""

    def __init__(self, names: frozenset[bytes], numbers: frozenset[bytes]) -> None:
        technical = {name for name in names if name.lower().decode("latin_1") in WORDS | _SHORT}
        self._in_kept = _pattern(names - technical, numbers)
        self._in_text = _pattern(names, numbers)

    def found_in(self, raw: bytes) -> bool:
        """Tell whether a value that is kept holds an identifier."""
        return self._in_kept is not None and self._in_kept.search(raw) is not None

    def clean(self, raw: bytes) -> bytes:
        r"""Return the technical words of a text, value by value; ``b""`` when none is left."""
        text = _PATTERNS.sub(" ", _ESCAPED.sub(b" ", raw).decode("latin_1"))
        if self._in_text is not None:
            text = self._in_text.sub(b" ", text.encode("latin_1")).decode("latin_1")
        values = [_technical(value) for value in text.strip("\0 ").split("\\")]
        return "\\".join(values).encode("ascii") if any(values) else b""


def scrubber(values: Mapping[int, bytes], *, keep_institution: bool = False) -> Scrubber:
    """Return the scrubber for an object with these raw values of :data:`IDENTIFIERS`."""
    get = values.get
    names = tuple(get(tag, b"") for tag in (_NAMES if keep_institution else _NAMES_AND_PLACES))
    return _scrubber(names, tuple(get(tag, b"") for tag in _NUMBERS), get(BIRTH_DATE, b""))


@lru_cache(maxsize=256)
def _scrubber(names: tuple[bytes, ...], numbers: tuple[bytes, ...], birth: bytes) -> Scrubber:
    """Return the scrubber for these values; the objects of a series share one."""
    parts = {part for raw in names for part in _NAME_PARTS.split(raw.strip(b"\0 "))}
    ids = {part.strip(b"\0 ") for raw in numbers for part in raw.split(b"\\")} | set(_dates(birth.strip(b"\0 ")))
    return Scrubber(
        frozenset(name for name in parts if len(name) >= _LETTERS and not name.isdigit()),
        frozenset(number for number in ids if len(number) >= _DIGITS),
    )


def _dates(birth: bytes) -> Iterable[bytes]:
    """Return the ways in which people write a day."""
    if len(birth) != 8 or not birth.isdigit():
        return []
    year, month, day = birth[:4], birth[4:6], birth[6:]
    orders = [(year, month, day), (day, month, year), (month, day, year)]
    return [sign.join(order) for order in orders for sign in (b"", b"-", b".", b"/")]


def _pattern(names: Iterable[bytes], numbers: Iterable[bytes]) -> re.Pattern[bytes] | None:
    parts = [rb"(?<![A-Za-z])" + re.escape(name) + rb"(?![A-Za-z])" for name in sorted(names)]
    parts += [rb"(?<![A-Za-z0-9])" + re.escape(number) + rb"(?![A-Za-z0-9])" for number in sorted(numbers)]
    return re.compile(b"|".join(parts), re.IGNORECASE) if parts else None


@lru_cache(maxsize=4096)
def _technical(text: str) -> str:
    kept = [token if _is_technical(token) else " " for token in _TOKEN.findall(text)]
    return " ".join("".join(kept).split()).strip(" -_/,:.()+")


def _is_technical(token: str) -> bool:
    if not token[0].isalnum():
        return _SIGNS.issuperset(token)
    word = token.strip(".").lower()
    if not word.isalpha():
        return _CODE.fullmatch(token.strip(".")) is not None
    return word in _SINGLE if len(word) == 1 else word in WORDS or word in _SHORT
