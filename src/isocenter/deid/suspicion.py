"""What looks like an identifier although nobody can know: text that people type, and UIDs as devices make them.

For judging files that anybody de-identified; de-identification itself keeps what is known instead (text.py).
"""

import re
from collections.abc import Iterator

from isocenter.deid._tables.words import WORDS
from isocenter.deid.values import DUMMIES

_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0[1-9]|1[0-2])"
#: What it looks like -> how.
PATTERNS: dict[str, re.Pattern[str]] = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    "an address in the net": re.compile(r"\b(?:https?|ftp|file)://\S+", re.IGNORECASE),
    "a date": re.compile(
        rf"(?<![\d.])(?:19|20)\d\d([-./]?){_MONTH}\1{_DAY}(?![\d.])|"
        r"(?<![\d.])(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|1[0-2])\2(?:19|20)\d\d(?![\d.])"
    ),
    "a telephone number": re.compile(r"\+\d[\d ()/-]{7,}\d|\(\d{2,5}\) ?\d[\d -]{4,}\d|\b\d{3}-\d{3}-\d{4}\b"),
    "a social security number": re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    "a record number": re.compile(
        r"\b(?:MRN|PID|Pat(?:ient)?[ _-]?(?:ID|No|Nr)|Case[ _-]?(?:ID|No)|Acc(?:ession)?(?:[ _-]?No)?)\b"
        r"[ :#.-]*[A-Z]{0,4}\d{4,}", re.IGNORECASE
    ),
    "a person with a title": re.compile(
        r"\b(?:Dr|Prof|Mrs?|Ms|Miss|Herr|Frau|Mme)\b\.?\s+[A-Z][\w'-]+|\b[A-Z][\w'-]+,? (?:MD|M\.D\.)(?!\w)"
    ),
}  # fmt: skip
#: Words of values that say that nobody is meant.
_NOBODY = re.compile(r"anon|deid|de-id|remov|subject|patient|test|unknown|none|name|dummy|phantom|\d", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_][^\W\d_'. -]+\^[^\W\d_][^\W_]*.*")
_DUMMY_DATES = frozenset({"00010101", "19000101", "19010101", "19700101", "20000101", "11111111", "99991231"})
#: Roots under which devices and archives of these makers number their objects.
VENDOR_ROOTS: dict[str, str] = {
    "1.2.840.113619.": "GE", "1.3.12.2.1107.": "Siemens", "1.3.46.670589.": "Philips", "1.2.392.200036.9116.": "Canon",
    "1.2.392.200036.9125.": "Fujifilm", "1.2.392.200036.9107.": "Konica Minolta", "1.2.392.200036.9123.": "Shimadzu",
    "1.2.392.200046.100.": "Canon", "1.2.124.113532.": "Agfa", "1.3.51.": "Agfa", "1.2.840.113564.": "Carestream",
    "1.2.840.113680.": "Acuson", "1.2.840.113663.": "ATL", "1.2.840.114257.": "Merge", "2.16.840.1.113669.": "Merge",
    "1.2.840.113681.": "Lumisys", "1.2.840.113682.": "Hologic", "1.2.840.114350.": "Epic", "1.2.752.24.": "Sectra",
    "1.2.246.352.": "Varian", "1.2.528.1.1001.": "Sectra", "1.3.76.": "Esaote", "1.2.410.200010.": "Samsung",
    "1.2.156.112536.": "Mindray", "1.2.276.0.20.": "Brainlab", "1.2.250.1.59.": "EOS", "1.2.40.0.13.1.": "dcm4chee",
}  # fmt: skip
_DATED = re.compile(rf"\.(?:19|20)\d\d{_MONTH}{_DAY}(?:\d{{6}})?(?:\.|$)")
_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")
_SHORTEST_WORD, _SHORTEST_NUMBER = 4, 5


def in_text(text: str) -> Iterator[str]:
    """Yield what a text seems to hold."""
    yield from (name for name, pattern in PATTERNS.items() if pattern.search(text))


def is_name(text: str) -> bool:
    """Tell whether a PN value looks like somebody's name."""
    return _NAME.fullmatch(text) is not None and _NOBODY.search(text) is None


def is_date(text: str) -> bool:
    """Tell whether a DA, DT or TM value may be somebody's: neither empty nor one that is used for nobody."""
    digits = text.strip("\0 ")
    return bool(digits.strip("0.:")) and digits[:8] not in _DUMMY_DATES


def in_uid(uid: str) -> str:
    """Return why a UID looks original, ``""`` when it does not."""
    maker = next((name for root, name in VENDOR_ROOTS.items() if uid.startswith(root)), "")
    if maker:
        return f"under the root of {maker}"
    return "with a date in it" if _DATED.search(uid) else ""


def words(text: str) -> set[str]:
    """Return the words of a text that could be names or numbers, in capitals; joined ones whole and in parts."""
    whole = [word.upper() for word in _WORD.findall(text)]
    return {part for word in whole for part in (word, *re.split("[-']", word))}


def identifying_words(text: str) -> set[str]:
    """Return the words of an identifier by which it is recognised elsewhere: no technical ones, no dummies."""
    found = words(text)
    return {
        word for word in found
        if (word.lower() not in WORDS and not word.isdigit() and len(word) >= _SHORTEST_WORD)
        or (word[-1].isdigit() and len(word) >= _SHORTEST_NUMBER)
    } - {dummy.decode("ascii").upper() for dummy in DUMMIES.values()}  # fmt: skip
