"""Query parameters that look like ``anonymize`` but are not: refused, wherever they are given.

Other unknown parameters are ignored, as clients expect, so ``?anonymise=trial`` would give the original.
Attributes of the dictionary, which are searched for, are no misspellings.
"""

from difflib import SequenceMatcher
from functools import lru_cache
from urllib.parse import parse_qsl

from isocenter.dicom import dictionary
from isocenter.errors import UsageError
from isocenter.web.anonymized import PARAMETER

#: Parts of words that nobody writes who does not want de-identification.
_STEMS = ("anonym", "anonim", "deid", "identif", "pseudon")
#: From so much alike on a word is taken for a misspelling; ``anoynimze`` has 0.78.
_ALIKE = 0.7
_LONGEST = 64


def check_parameters(query: bytes) -> None:
    """Refuse a query string that asks for de-identification by a name that means nothing here.

    Raises:
        UsageError: it does.
    """
    for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if _looks_like_it(name[:_LONGEST]):
            raise UsageError(
                f"there is no parameter {name[:_LONGEST]!r}; de-identified objects are had by {PARAMETER}="
            )


@lru_cache(maxsize=1024)
def _looks_like_it(name: str) -> bool:
    if name == PARAMETER or _is_attribute(name.partition(".")[0]):
        return False
    letters = "".join(filter(str.isalpha, name.casefold()))
    return any(stem in letters for stem in _STEMS) or SequenceMatcher(None, letters, PARAMETER).ratio() >= _ALIKE


def _is_attribute(name: str) -> bool:
    try:
        return bool(dictionary.keyword(dictionary.tag(name)))
    except UsageError:
        return False
