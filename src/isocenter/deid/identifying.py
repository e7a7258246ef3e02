"""Whether words read from pixels identify: by the object's own header, as dates and numbers, or as nothing technical.

Reading makes mistakes, so words are compared after letters and digits that look alike are made one, and with a few
errors. Must not know: pixels, engines.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import isocenter.deid.text as text
from isocenter.dicom import dictionary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Dates, which identify besides what :mod:`isocenter.deid.text` knows.
DATES: frozenset[int] = frozenset({0x00100030, 0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x0008002A})
TAGS: frozenset[int] = text.IDENTIFIERS | DATES | {0x00080005}

_MONTHS = "JAN|FEB|MAR|MAE|MRZ|APR|MAY|MAI|JUN|JUL|AUG|SEP|OCT|OKT|NOV|DEC|DEZ"
#: Day, month and year in any order and with any sign between them; a month by its name; eight digits; times of day.
_DATE = re.compile(
    rf"(?<!\d)(?:\d{{1,4}}\s?[./,-]\s?\d{{1,2}}\s?[./,-]\s?\d{{2,4}}|(?:19|20)\d{{2}}[01]\d[0-3]\d|"
    rf"[0-3]\d[01]\d(?:19|20)\d{{2}})(?!\d)|"
    rf"\d{{1,4}}[ .,/-]*(?:{_MONTHS})[A-Z]{{0,6}}[ .,/-]*\d{{2,4}}|"
    rf"(?:{_MONTHS})[A-Z]{{0,6}}[ .,/-]*\d{{1,2}}(?:ST|ND|RD|TH)?[ .,/-]+\d{{2,4}}"
)
_TIME = re.compile(r"(?<!\d)[0-2]?\d[:.][0-5]\d[:.][0-5]\d(?!\d)|(?<!\d)[0-2]?\d:[0-5]\d(?!\d)")
#: Five digits and more, whatever is between them; letters with four and more; groups of digits as in telephone numbers.
_NUMBER = re.compile(
    r"\d(?:[./,:-]?\d){5,}|\d{5,}|[A-Z]+[-/ ]?\d(?:[-/]?\d){3,}|\d(?:[-/]?\d){3,}[A-Z]+|\d{2,}(?:[ /-]\d{2,}){2,}"
)
_UNITS = (
    "%|°|[CM]?M[23²³]?|[MUµN]?S|MIN|[KM]?HZ|DB|KVP?|V|U?MAS?|UAS|[MCU]?GY(?:\\*?CM2?)?|MSV|HU|FPS|BPM|DEG|PX|[MC]?L|X|"
    "MMHG"
)
_MEASURED = re.compile(
    rf"[-+<>=~]?(?:\d{{1,3}}(?:[.,]\d{{1,3}})?(?:{_UNITS})?(?:/(?:{_UNITS}))?|"
    rf"\d{{4}}(?:[.,]\d{{1,3}})?(?:{_UNITS}))|(?:{_UNITS})"
)
#: Letters that are read for one another.
_LOOKALIKES = str.maketrans("OQDILJ|!ZSBGUV", "000111112586VV")
_UMLAUTS = str.maketrans({"Ä": "AE", "Ö": "OE", "Ü": "UE", "ß": "SS", "Ø": "O", "Æ": "AE", "Ł": "L"})
_SHORTEST_NAME, _SHORTEST_FUZZY, _SHORTEST_NUMBER = 3, 5, 4

#: Words that stay if technical words may stay: orientation, technique, units, tools of a screen.
_TECHNICAL_WORDS = """
    L R A P H F I S AP PA LL RL LR RLL LLAT RLAT LAT LATERAL OBL OBLIQUE LAO RAO CRAN CAUD CC MLO ML LM
    LEFT RIGHT ANT ANTERIOR POST POSTERIOR SUP SUPERIOR INF INFERIOR MEDIAL PROX PROXIMAL DIST DISTAL
    SUPINE PRONE ERECT UPRIGHT STANDING SITTING PORTABLE DECUBITUS DECUB HEAD FEET FIRST
    AX AXIAL COR CORONAL SAG SAGITTAL TRANS TRANSVERSE LONG SHORT AXIS VIEW PLAX PSAX APICAL SUBCOSTAL 4CH 2CH 3CH
    KV KVP MA MAS UAS MGY CGY DAP CTDI CTDIVOL DLP SID SOD MSV HU SUV SUVBW BQML TR TE TI FA FOV NEX ETL BW
    MM CM M UM INCH IN MS S SEC MIN HZ KHZ MHZ DB FPS BPM PX DEG W C WW WL WC WINDOW LEVEL ZOOM
    CT MR MRI US XA RF PT PET NM DX CR MG T1 T2 PD FLAIR STIR DWI ADC SWI TOF GRE TSE FSE EPI MIP MPR VRT 3D 2D 4D
    SLICE THICK THICKNESS SPACING LOC POS IMAGE IMG IM SE SER SERIES FRAME FRAMES SCALE GAIN DEPTH FREQ FREQUENCY
    POWER MI TIS TIB TIC DR FR PRF WF COLOR COLOUR DOPPLER PW CW THI HARMONIC PERSIST MAP GN GEN PEN RES HI LO
    DIST AREA VOL VOLUME MEAN MAX MIN SD STD AVG VEL VELOCITY PG HR EF LV RV LA RA AO LVOT RVOT IVC
    FEMUR CHEST ABDOMEN PELVIS BRAIN SPINE NECK KNEE HIP HAND FOOT SHOULDER LIVER KIDNEY SPLEEN AORTA HEART
    CONTRAST IV NON WITH WITHOUT PRE DELAYED VENOUS ARTERIAL PHASE DOSE TOTAL EXAM SCAN RANGE TYPE PHANTOM
    DICOM LOSSY LOSSLESS COMPRESSED JPEG NOT FOR DIAGNOSTIC USE
"""
_TECHNICAL = frozenset(_TECHNICAL_WORDS.split())


@dataclass(frozen=True, slots=True)
class _Value:
    keyword: str
    form: str
    is_name: bool


class Identifiers:
    """Knows the identifying values of one object's header; tells why a text identifies."""

    def __init__(self, values: Mapping[int, Iterable[str]]) -> None:
        self._values = sorted(set(_values(values)), key=lambda value: (-len(value.form), value.keyword, value.form))

    def reason(self, words: str) -> str:
        """Return why a text identifies for certain: an attribute's keyword, "date", "time", "number"; "" if not."""
        shown = plain(words)
        together = _alike(re.sub(r"[^A-Z0-9]", "", shown))
        parts = [_alike(part) for part in re.split(r"[^A-Z0-9]+", shown) if part]
        for value in self._values:
            if _is_in(value, together, parts):
                return value.keyword
        if _DATE.search(shown):
            return "date"
        if _TIME.search(shown):
            return "time"
        return "number" if _NUMBER.search(shown) else ""


def is_technical(word: str) -> bool:
    """Tell whether a word says something of the image only: in the list, or a short number with its unit."""
    shown = re.sub(r"^[^A-Z0-9+<>=~-]+|[^A-Z0-9%°]+$", "", plain(word))
    parts = [part for part in re.split(r"[/:=,;()\[\]]+", shown) if part]
    return all(part in _TECHNICAL or _MEASURED.fullmatch(part) is not None for part in parts)


def plain(words: str) -> str:
    """Return capital letters without marks."""
    shown = unicodedata.normalize("NFKC", words).upper().translate(_UMLAUTS)
    return "".join(sign for sign in unicodedata.normalize("NFKD", shown) if not unicodedata.combining(sign))


def _values(values: Mapping[int, Iterable[str]]) -> Iterable[_Value]:
    for tag in (text.IDENTIFIERS | DATES) & values.keys():
        keyword = dictionary.keyword(tag)
        for value in values[tag]:
            if tag in DATES:
                yield from (_Value(keyword, _alike(form), is_name=False) for form in _written_dates(value))
            elif tag in text.NUMBERS:
                form = _alike(re.sub(r"[^A-Z0-9]", "", plain(value)))
                if len(form) >= _SHORTEST_NUMBER:
                    yield _Value(keyword, form, is_name=False)
            else:
                yield from (_Value(keyword, form, is_name=True) for form in _name_forms(value))


def _name_forms(value: str) -> Iterable[str]:
    """Yield the parts of a name; umlauts also as people leave them out on machines that have none."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", value.upper()) if not unicodedata.combining(sign))
    for whole in (plain(value), bare):
        for part in re.split(r"[^A-Z0-9]+", whole):
            if len(part) >= _SHORTEST_NAME and part not in _TECHNICAL:
                yield _alike(part)


def _written_dates(value: str) -> Iterable[str]:
    digits = re.sub(r"\D", "", value)[:8]
    if len(digits) != 8:
        return
    year, month, day = digits[:4], digits[4:6], digits[6:]
    yield from (year + month + day, day + month + year, month + day + year)
    yield from (day + month + year[2:], month + day + year[2:], year[2:] + month + day)


def _alike(form: str) -> str:
    return form.replace("VV", "W").translate(_LOOKALIKES)


def _is_in(value: _Value, together: str, parts: list[str]) -> bool:
    """Tell whether a value is in a text: names as a word of it, long names and numbers anywhere, with a few errors."""
    form = value.form
    if len(form) < _SHORTEST_FUZZY:
        return form in parts
    if form in together:
        return True
    errors = max(1, len(form) // 6)
    return any(abs(len(part) - len(form)) <= errors and _distance(form, part, errors) <= errors for part in parts) or (
        len(form) >= 2 * _SHORTEST_FUZZY and _has_near(form, together, errors)
    )


def _has_near(form: str, together: str, errors: int) -> bool:
    """Tell whether some part of a text is within so many errors of a form."""
    row = [0] * (len(together) + 1)
    for i, sign in enumerate(form, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(together, 1):
            before, row[j] = row[j], min(before + (sign != other), row[j] + 1, row[j - 1] + 1)
    return min(row) <= errors


def _distance(one: str, other: str, limit: int) -> int:
    """Return the edit distance of two words; what is above ``limit`` counts as more."""
    row = list(range(len(other) + 1))
    for i, sign in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, letter in enumerate(other, 1):
            before, row[j] = row[j], min(before + (sign != letter), row[j] + 1, row[j - 1] + 1)
        if min(row) > limit:
            return limit + 1
    return row[-1]
