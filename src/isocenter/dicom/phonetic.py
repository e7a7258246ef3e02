"""How a word of a name sounds, roughly and in no particular language: the key of fuzzy matching. Pure.

Consonants fall into classes that people mix up when they hear a name or write it in another script; of the vowels only
the first counts, as front (e, i) or back (a, o, u). ``Meyer``, ``Maier`` and ``Mayr`` sound the same, so do ``Schmidt``
and ``Schmitt``, ``Müller`` and ``Mueller``, ``Catherine`` and ``Katarina``. PS3.4 C.2.2.2.1 leaves the way open.
"""

import re
from collections.abc import Iterable

from isocenter.dicom.person_name import fold

#: Spellings of one sound, the longer ones first; umlauts written with an e lose it.
_SPELLINGS: tuple[tuple[str, str], ...] = (
    ("tsch", "s"), ("sch", "s"), ("tch", "s"), ("chr", "kr"), ("sh", "s"), ("ch", "k"), ("ck", "k"), ("ph", "f"),
    ("th", "t"), ("dt", "t"), ("tz", "s"), ("ts", "s"), ("gh", "g"), ("qu", "kw"), ("x", "ks"), ("ae", "a"),
    ("oe", "o"), ("ue", "u"), ("ce", "se"), ("ci", "si"), ("cy", "si"),
)  # fmt: skip
_SOUNDS = dict(_SPELLINGS)
_SPELLED = re.compile("|".join(spelling for spelling, _ in _SPELLINGS))
_CLASSES = str.maketrans("bdgcqvwzjy", "ptkkkffsii")
_FRONT_VOWELS = re.compile(r"[aeiou]*[ei][aeiou]*")
_VOWELS = re.compile(r"[aeiouh]+")
_REPEATED = re.compile(r"(.)\1+")
_LONGEST = 64
_MOST_WORDS = 32


def sound(word: str) -> str:
    """Return the key of a folded word, "" where it is not in Latin letters."""
    if not (word.isascii() and word.isalpha()):
        return ""
    plain = _SPELLED.sub(lambda found: _SOUNDS[found[0]], word).translate(_CLASSES)
    first = re.search(r"[aeiou]+", plain)
    kind = "" if first is None else "e" if _FRONT_VOWELS.fullmatch(first[0]) else "a"
    consonants = _REPEATED.sub(r"\1", _VOWELS.sub("", plain))
    if first is not None and first.start() == 0:
        return f"{kind}{consonants}"
    return f"{consonants[:1]}{kind}{consonants[1:]}"


def words(groups: Iterable[str]) -> dict[str, str]:
    """Return the words of folded component groups, each with its sound."""
    found = dict.fromkeys(word[:_LONGEST] for group in groups for word in re.split(r"[\s\\\-'.]+", group) if word)
    return {word: sound(word) for word in list(found)[:_MOST_WORDS]}


def words_asked(key: str) -> dict[str, str]:
    """Return the words of a key for a name, each with its sound; wildcards and component delimiters part them."""
    return words(fold(re.sub(r"[*?=]", " ", part)) for part in key.split("\\"))
