"""Person names: their component groups (PS3.5 6.2.1), and the key they are searched by."""

import unicodedata
from dataclasses import dataclass

_GROUPS = 3
#: Letters that have no decomposition into a base letter and an accent.
_PLAIN = str.maketrans({
    "ø": "o", "đ": "d", "ł": "l", "\u0131": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t",
    "ŋ": "n", "^": " ", ",": " ", "\0": " ", "\u3000": " ", "\u00b7": " ",
})  # fmt: skip
#: Kana voicing marks: が is another syllable than か, not an accented one.
_VOICING = frozenset("\u3099\u309a")


@dataclass(frozen=True, slots=True)
class PersonName:
    """The three component groups, each ``family^given^middle^prefix^suffix``; ``""`` where one is missing."""

    alphabetic: str = ""
    ideographic: str = ""
    phonetic: str = ""

    def __str__(self) -> str:
        return "=".join((self.alphabetic, self.ideographic, self.phonetic)).rstrip("=")


def parse(text: str) -> PersonName:
    """Return the component groups of one value of VR PN, without padding and trailing empty components."""
    groups = [group.strip(" \0").rstrip("^ ") for group in text.split("=")[:_GROUPS]]
    return PersonName(*groups)


def fold(text: str) -> str:
    """Return the key for searching: no case, accents, width or component delimiters, single spaces.

    ``Müller^Jörg``, ``MULLER, JORG`` and ``muller jorg`` have the same key. Wildcards and ``=`` stay.
    """
    if text.isascii():
        return " ".join(text.translate(_PLAIN).casefold().split())
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = (c for c in decomposed if c in _VOICING or not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).casefold().translate(_PLAIN).split())
