"""Identifiers: the data sets that ask in C-FIND, C-MOVE and C-GET, and those that answer (PS3.4 C.4.1.1.3, C.4.1.2.2).

Reads with the sender's character set, checks the level and its unique keys, and writes answers in the character set
that was asked for as long as it holds them, else in UTF-8.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from isocenter.dicom import dictionary
from isocenter.dicom.header import SPECIFIC_CHARACTER_SET, character_set, decode_value, decode_values
from isocenter.dicom.json import data_set_to_json, json_to_data_set
from isocenter.dicom.nested import texts
from isocenter.dicom.scanner import only_padding, scan
from isocenter.dicom.uids import TransferSyntax
from isocenter.errors import InvalidObjectError, IsocenterError
from isocenter.index.query import Level
from isocenter.services.information_model import LEVEL_NAMES, LEVELS, UNIQUE_KEYS, InformationModel

QUERY_RETRIEVE_LEVEL = 0x00080052

#: No identifier is longer; a list of fifteen thousand UIDs still fits.
MAX_IDENTIFIER = 1 << 20
_BEHIND_ALL_TAGS = 1 << 32
_TEXT_VRS = frozenset({"AE", "AS", "CS", "DA", "DT", "IS", "LO", "PN", "SH", "TM", "UI"})
_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_SHORT = 0xFFFE  # the longest value that a length of 16 bits can say


class IdentifierError(IsocenterError):
    """The identifier does not match the SOP class; ``tags`` are the elements that are wrong or missing."""

    dimse_status = 0xA900

    def __init__(self, message: str, *tags: int) -> None:
        super().__init__(message)
        self.tags = tags


@dataclass(frozen=True, slots=True)
class Identifier:
    """A decoded identifier: its level, its keys as text (lists with backslashes), the character set it was sent in.

    ``nested``: the keys in the items of sequences, by their path of tags.
    """

    level: Level
    keys: Mapping[int, str]
    character_set: tuple[str, ...] = ()
    nested: Mapping[tuple[int, ...], str] = field(default_factory=dict)


class IdentifierReader:
    """Collects an identifier as it arrives, and reads it when it is whole."""

    def __init__(self, model: InformationModel, syntax: TransferSyntax) -> None:
        self.model = model
        self.syntax = syntax
        self._data = bytearray()
        self._too_long = False

    def write(self, *chunks: memoryview) -> None:
        """Take the next slices; what is too long to be one is passed over."""
        for chunk in chunks:
            if len(self._data) + len(chunk) > MAX_IDENTIFIER:
                self._too_long = True
                return
            self._data += chunk

    def read(self) -> Identifier:
        """Return the identifier.

        Raises:
            IdentifierError: it is broken or too long, or its level is none of the model's.
        """
        if self._too_long:
            raise IdentifierError(f"the identifier is longer than {MAX_IDENTIFIER >> 20} MiB")
        try:
            found = scan(self._data, self.syntax, None, _BEHIND_ALL_TAGS)
        except InvalidObjectError as error:
            raise IdentifierError(f"the identifier cannot be read: {error}") from error
        if not only_padding(self._data, found.position):
            raise IdentifierError("the identifier is cut short")
        declared = character_set(found.values.get(SPECIFIC_CHARACTER_SET, b""))
        keys = {tag: "\\".join(values) for tag, values in decode_values(found.values, self.syntax).items()}
        for tag, raw in found.values.items():  # text, as far as anybody knows
            if tag >> 16 & 1 and dictionary.vr(tag) == "UN":
                keys[tag] = "\\".join(decode_value(raw, "LO", self.syntax, declared))
        nested = dict(self._nested()) if any(dictionary.vr(tag) == "SQ" for tag in found.values) else {}
        return Identifier(self._level(keys), keys, declared, nested)

    def _nested(self) -> Iterator[tuple[tuple[int, ...], str]]:
        """Yield path and text of the keys in sequences."""
        try:
            whole = data_set_to_json(bytes(self._data), self.syntax, bulk_data_uri=None)
            yield from _below(whole, ())
        except InvalidObjectError as error:
            raise IdentifierError(f"the identifier cannot be read: {error}") from error

    def _level(self, keys: Mapping[int, str]) -> Level:
        given = keys.get(QUERY_RETRIEVE_LEVEL, "")
        allowed = [LEVEL_NAMES[level] for level in self.model.levels]
        if given not in allowed:
            raise IdentifierError(f"QueryRetrieveLevel must be {', '.join(allowed)}", QUERY_RETRIEVE_LEVEL)
        return LEVELS[given]


def _below(data_set: dict[str, Any], path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield the keys in the items of a data set's sequences; a query has one item in each (PS3.4 C.2.2.2.6)."""
    for name, attribute in data_set.items():
        place = (*path, int(name, 16))
        values = attribute.get("Value", [])
        if attribute["vr"] == "SQ":
            if len(values) > 1:
                raise IdentifierError(f"{dictionary.keyword(place[-1])}: more than one item in a query", place[0])
            yield from (each for item in values for each in _below(item, place))
        elif path:
            yield place, "\\".join(texts(values))


def check_hierarchy(
    model: InformationModel, identifier: Identifier, *, relational: bool = False, retrieve: bool = False
) -> None:
    """Check the unique keys of the level and of those above (PS3.4 C.4.1.2.2.1, C.4.2.2.1, C.4.3.2.1).

    Above the level one thing must be named, unless ``relational`` was negotiated; to ``retrieve``, the level itself
    needs its key too, of which there may be several.

    Raises:
        IdentifierError: a key is missing, or a list or pattern where one value is due.
    """
    here = LEVEL_NAMES[identifier.level]
    for level in model.levels[: model.levels.index(identifier.level)]:
        tag = UNIQUE_KEYS[level]
        value = identifier.keys.get(tag, "")
        if not relational and (not value or any(c in value for c in "*?\\")):
            raise IdentifierError(f"{here} level needs one {dictionary.keyword(tag)} (no relational query)", tag)
    tag = UNIQUE_KEYS[identifier.level]
    value = identifier.keys.get(tag, "")
    if retrieve and (not value or "*" in value or "?" in value):
        raise IdentifierError(f"{here} level needs {dictionary.keyword(tag)}, without wildcards", tag)


def write_identifier(attributes: dict[str, Any], syntax: TransferSyntax, declared: tuple[str, ...]) -> bytes:
    """Return the data set of an answer, a DICOM JSON Model object."""
    return _plain(attributes, implicit=syntax.implicit) or json_to_data_set(
        attributes, implicit=syntax.implicit, character_set=declared
    )


def _plain(attributes: dict[str, Any], *, implicit: bool) -> bytes | None:
    """Return the data set of an answer that is nothing but short ASCII text, as nearly all are, or None.

    The same bytes as those of ``json_to_data_set``, three times sooner.
    """
    pieces: list[bytes] = []
    for key in sorted(attributes):
        attribute = attributes[key]
        head, pad = _head(key, attribute["vr"], implicit)
        text = "\\".join(map(_text, attribute.get("Value", ())))
        if not head or not text.isascii() or len(text) > _SHORT:
            return None
        raw = text.encode("ascii")
        if len(raw) % 2:
            raw += pad
        pieces += (head, len(raw).to_bytes(4 if implicit else 2, "little"), raw)
    return b"".join(pieces)


def _text(value: Any) -> str:  # noqa: ANN401 - what JSON holds
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "=".join(value.get(group, "") for group in _NAME_GROUPS).rstrip("=")
    return "" if value is None else str(value)


@lru_cache(maxsize=1024)
def _head(key: str, vr: str, implicit: bool) -> tuple[bytes, bytes]:
    """Return an element's header without its length, and the padding; nothing for VRs that are not short text."""
    if vr not in _TEXT_VRS:
        return b"", b""
    tag = int(key, 16)
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
    return head + (b"" if implicit else vr.encode()), b"\0" if vr == "UI" else b" "
