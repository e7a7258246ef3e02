"""Text: finding an object's own identifiers in what is kept, and cleaning descriptions (PS3.15 E.3.5).

Cleaning keeps what is known and drops the rest: words of the standard's own vocabulary, short numbers and codes such as
T1. So no name, place or number that somebody typed passes unless it is a technical word, and the object's own names are
dropped even then.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from isocenter.deid._tables.words import WORDS
from isocenter.dicom.charset import codec_of, decode_text
from isocenter.dicom.encoding import EXPLICIT_LITTLE, Element, Encoding
from isocenter.dicom.header import SPECIFIC_CHARACTER_SET
from isocenter.dicom.header import character_set as read_character_set
from isocenter.dicom.scanner import iter_elements, iter_items

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
BIRTH_DATE, OTHER_IDS = 0x00100030, 0x00101002
#: Days of the study, which in technical text would tell by how much dates were moved.
DAYS: frozenset[int] = frozenset({0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x0008002A})
IDENTIFIERS: frozenset[int] = NAMES | NUMBERS | INSTITUTION | {BIRTH_DATE}
#: What :func:`scrubber` reads.
TAGS: frozenset[int] = IDENTIFIERS | DAYS | {OTHER_IDS, SPECIFIC_CHARACTER_SET}

_NAMES, _NUMBERS, _NAMES_AND_PLACES = sorted(NAMES), sorted(NUMBERS), sorted(NAMES | INSTITUTION)
_DAYS, _PATIENT_ID = sorted(DAYS), 0x00100020

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
#: Letters one by one, as of text with two bytes for each, or spaced out.
_SPELT = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,2}[^\W_](?![^\W_])){2,}")
_NAME_PARTS = re.compile(rb"[\^=\\, .;/()_-]+")
_WORD = re.compile(r"[^\W\d_]+")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "ł": "l"})
_MONTHS = rb"jan feb mar apr may jun jul aug sep oct nov dec".split()
_LETTERS = 3
_DIGITS = 4
#: From so many digits or letters on a number, or a name with its forename behind it, is found inside of words too.
_LONG = 6


class Scrubber:
    """Knows the identifiers of one object; ``find`` those in bytes that are kept, ``clean`` a description.

    ``names`` and ``numbers`` as they are written, ``days`` as YYYYMMDD.
    """

    def __init__(self, names: frozenset[bytes], numbers: frozenset[bytes], days: frozenset[bytes]) -> None:
        technical = {name for name in names if _is_word(name.lower().decode("latin_1"))}
        digits = sorted(number for number in numbers if number.isdigit() and len(number) >= _LONG)
        written = dict.fromkeys(way for day in sorted(days) for way in _written(day))
        others = _between(rb"A-Za-z0-9", [re.escape(each) for each in sorted(numbers - {*digits})])
        others += _between(rb"\d", [*digits, *written])
        self._in_kept = _pattern([*_names(names - technical), *others])
        self._in_text = _pattern([*_names(names), *others])
        self._in_numbers = _pattern(_between(rb"\d.", digits))

    def found_in(self, raw: bytes) -> bool:
        """Tell whether a value that is kept holds an identifier, in two bytes for each letter too."""
        if self._in_kept is None:
            return False
        found = self._in_kept.search(raw) or (b"\0" in raw and self._in_kept.search(raw.replace(b"\0", b"")))
        return bool(found)

    def found_in_number(self, raw: bytes) -> bool:
        """Tell whether a number that is kept is one that identifies."""
        return self._in_numbers is not None and self._in_numbers.search(raw) is not None

    def clean(self, raw: bytes) -> bytes:
        r"""Return the technical words of a text, value by value; ``b""`` when none is left."""
        text = _PATTERNS.sub(" ", _SPELT.sub(" ", _ESCAPED.sub(b" ", raw).decode("latin_1")))
        if self._in_text is not None:
            text = self._in_text.sub(b" ", text.encode("latin_1")).decode("latin_1")
        values = [_technical(value) for value in text.strip("\0 ").split("\\")]
        return "\\".join(values).encode("ascii") if any(values) else b""


def scrubber(
    values: Mapping[int, bytes], encoding: Encoding = EXPLICIT_LITTLE,
    *, keep_institution: bool = False, keep_dates: bool = False,
) -> Scrubber:  # fmt: skip
    """Return the scrubber for an object with these raw values of :data:`TAGS`.

    Raises:
        InvalidObjectError: the items of Other Patient IDs cannot be read.
    """
    get = values.get
    names = tuple(get(tag, b"") for tag in (_NAMES if keep_institution else _NAMES_AND_PLACES))
    numbers = (*(get(tag, b"") for tag in _NUMBERS), *_other_ids(get(OTHER_IDS, b""), encoding))
    days = () if keep_dates else tuple(get(tag, b"") for tag in _DAYS)
    return _scrubber(names, numbers, (get(BIRTH_DATE, b""), *days), get(SPECIFIC_CHARACTER_SET, b""))


def _other_ids(raw: bytes, encoding: Encoding) -> Iterable[bytes]:
    for item in iter_items(raw, Element(OTHER_IDS, "SQ", 0, len(raw)), encoding) if raw else ():
        for element in iter_elements(raw, item.encoding, item.offset, item.end):
            if element.tag == _PATIENT_ID:
                yield raw[element.offset : element.offset + element.length]


@lru_cache(maxsize=256)
def _scrubber(
    names: tuple[bytes, ...], numbers: tuple[bytes, ...], days: tuple[bytes, ...], character_set: bytes
) -> Scrubber:
    """Return the scrubber for these values; the objects of a series share one."""
    parts = {part for raw in names for part in _name_parts(raw.strip(b"\0 "), character_set)}
    ids = {part.strip(b"\0 ") for raw in numbers for part in raw.split(b"\\")}
    return Scrubber(
        frozenset(name for name in parts if len(name) >= _LETTERS and not name.isdigit()),
        frozenset(number for number in ids if len(number) >= _DIGITS),
        frozenset(day[:8] for day in days if len(day) >= 8 and day[:8].isdigit()),
    )


def _name_parts(raw: bytes, character_set: bytes) -> Iterable[bytes]:
    """Yield the words of a name, the first two as one word, and other ways of writing letters with marks."""
    for group in re.split(rb"[=\\]", raw):
        words = [word for word in _NAME_PARTS.split(group) if word]
        yield from words
        first = b"".join(words[:2])
        if len(words) > 1 and len(first) >= _LONG:
            yield from (first, words[1] + words[0])
    if not raw.isascii():
        for word in _WORD.findall(decode_text(raw, "PN", read_character_set(character_set))):
            yield from _spellings(word, codec_of(read_character_set(character_set)) or "latin_1")


def _spellings(word: str, codec: str) -> Iterable[bytes]:
    """Yield a word in capital and small letters, and without the marks of its letters."""
    small = word.casefold()
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", small) if not unicodedata.combining(sign))
    yield from (each.encode("ascii", "ignore") for each in (bare, small.translate(_UMLAUTS)) if each.isascii())
    for each in (word.upper(), word.lower(), word.title()):
        yield from (each.encode(codec, "ignore"), each.encode("utf_8"))


def _written(day: bytes) -> Iterable[bytes]:
    """Return patterns of the ways in which people write a day."""
    year, month, number = day[:4], day[4:6], day[6:]
    for order in ((year, month, number), (number, month, year), (month, number, year)):
        yield b"".join(order)
        yield b"".join(part[-2:] for part in order)
        yield rb"[-./ _:]".join(b"0?" + part[1:] if part[:1] == b"0" else part for part in order)
    if 1 <= int(month) <= len(_MONTHS):
        name, plain = _MONTHS[int(month) - 1] + rb"[a-z]*", str(int(number)).encode()
        yield b"0?" + plain + rb"(?:st|nd|rd|th)?[-./ ,]*" + name + rb"[-./ ,]*(?:" + year[:2] + b")?" + year[2:]
        yield name + rb"[-./ ]*0?" + plain + rb"(?:st|nd|rd|th)?[-./ ,]+" + year


def _names(names: Iterable[bytes]) -> list[bytes]:
    return _between(rb"A-Za-z", [re.escape(name) for name in sorted(names)])


def _between(signs: bytes, words: Sequence[bytes]) -> list[bytes]:
    """Return a pattern of words that have none of these signs at either side; nothing where there are no words."""
    return [rb"(?<![%b])(?:%b)(?![%b])" % (signs, b"|".join(words), signs)] if words else []


def _pattern(parts: Sequence[bytes]) -> re.Pattern[bytes] | None:
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
    return word in _SINGLE if len(word) == 1 else _is_word(word)


def _is_word(word: str) -> bool:
    return word in WORDS or word in _SHORT
