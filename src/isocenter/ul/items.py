"""Items of the association PDUs and their presentation contexts (PS3.8 9.3.2, 9.3.3).

Owns the walk over items and the application and presentation context items; user information is in
``user_information``. Reads tolerantly (items of unknown type are passed over, padding is stripped), writes strictly.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from isocenter.errors import LocalProtocolError, RemoteProtocolError

#: The only application context there is (PS3.7 A.2.1).
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"

ITEM_APPLICATION_CONTEXT = 0x10
ITEM_PRESENTATION_CONTEXT = 0x20
ITEM_PRESENTATION_RESULT = 0x21
ITEM_ABSTRACT_SYNTAX = 0x30
ITEM_TRANSFER_SYNTAX = 0x40
ITEM_USER_INFORMATION = 0x50

#: Odd identifiers from 1 to 255 (PS3.8 9.3.2.2).
MAX_PRESENTATION_CONTEXTS = 128
#: More transfer syntaxes in one context than the standard has ever defined are an attack, not a proposal.
MAX_TRANSFER_SYNTAXES = 256
#: Items of one level that are looked at before the PDU counts as broken.
MAX_ITEMS = 4096

#: A-ABORT reason (PS3.8 9.3.8).
INVALID_PARAMETER_VALUE = 6

_ITEM_HEADER = struct.Struct(">BBH")


class ContextResult(IntEnum):
    """Answer to one proposed presentation context (PS3.8 Table 9-18)."""

    ACCEPTANCE = 0
    USER_REJECTION = 1
    NO_REASON = 2
    ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 4


@dataclass(frozen=True, slots=True)
class PresentationContext:
    """A proposal: one abstract syntax in any of these transfer syntaxes (PS3.8 9.3.2.2)."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PresentationResult:
    """The answer to a proposal; ``transfer_syntax`` means something only on acceptance (PS3.8 9.3.3.2)."""

    context_id: int
    result: ContextResult
    transfer_syntax: str = ""


def broken(message: str) -> RemoteProtocolError:
    """Return the error for a parameter whose value cannot be."""
    return RemoteProtocolError(message, INVALID_PARAMETER_VALUE)


def read_items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and value of each item.

    Raises:
        RemoteProtocolError: an item goes past the end of ``data``, or there are more than ``MAX_ITEMS``.
    """
    position = 0
    count = 0
    while position < len(data):
        if len(data) - position < _ITEM_HEADER.size:
            raise broken("an item header is cut short")
        kind, _, length = _ITEM_HEADER.unpack_from(data, position)
        position += _ITEM_HEADER.size
        if length > len(data) - position:
            raise broken(f"item 0x{kind:02X} claims {length} bytes, {len(data) - position} are left")
        count += 1
        if count > MAX_ITEMS:
            raise broken("too many items")
        yield kind, data[position : position + length]
        position += length


def write_item(kind: int, value: bytes) -> bytes:
    """Return one item with its header."""
    if len(value) > 0xFFFF:
        raise LocalProtocolError(f"item 0x{kind:02X} of {len(value)} bytes does not fit its 16 bit length")
    return _ITEM_HEADER.pack(kind, 0, len(value)) + value


def read_uid(value: bytes) -> str:
    """Return a UID without its padding; what is no ASCII stays visible as escapes and so matches nothing."""
    return value.rstrip(b"\0 ").lstrip(b" ").decode("ascii", "backslashreplace")


def write_uid(uid: str) -> bytes:
    """Return the bytes of a UID, unpadded (PS3.8 Annex F.1)."""
    if not 1 <= len(uid) <= 64 or not uid.isascii():
        raise LocalProtocolError(f"not a UID: {uid!r}")
    return uid.encode("ascii")


def read_presentation_context(value: bytes) -> PresentationContext:
    """Return the proposal in the value of an item 0x20."""
    context_id = _read_context_id(value)
    abstract_syntaxes: list[str] = []
    transfer_syntaxes: list[str] = []
    for kind, content in read_items(value[4:]):
        if kind == ITEM_ABSTRACT_SYNTAX:
            abstract_syntaxes.append(read_uid(content))
        elif kind == ITEM_TRANSFER_SYNTAX:
            transfer_syntaxes.append(read_uid(content))
    if len(abstract_syntaxes) != 1:
        raise broken(f"context {context_id} has {len(abstract_syntaxes)} abstract syntaxes")
    if not 1 <= len(transfer_syntaxes) <= MAX_TRANSFER_SYNTAXES:
        raise broken(f"context {context_id} has {len(transfer_syntaxes)} transfer syntaxes")
    return PresentationContext(context_id, abstract_syntaxes[0], tuple(transfer_syntaxes))


def write_presentation_context(context: PresentationContext) -> bytes:
    """Return the item 0x20 of a proposal."""
    if not context.transfer_syntaxes:
        raise LocalProtocolError(f"context {context.context_id} proposes no transfer syntax")
    value = _write_context_id(context.context_id) + bytes(3)
    value += write_item(ITEM_ABSTRACT_SYNTAX, write_uid(context.abstract_syntax))
    value += b"".join(write_item(ITEM_TRANSFER_SYNTAX, write_uid(uid)) for uid in context.transfer_syntaxes)
    return write_item(ITEM_PRESENTATION_CONTEXT, value)


def read_presentation_result(value: bytes) -> PresentationResult:
    """Return the answer in the value of an item 0x21."""
    context_id = _read_context_id(value)
    transfer_syntax = ""
    for kind, content in read_items(value[4:]):
        if kind == ITEM_TRANSFER_SYNTAX:
            transfer_syntax = read_uid(content)
    try:
        result = ContextResult(value[2])
    except ValueError:
        raise broken(f"context {context_id} has the unknown result {value[2]}") from None
    if result is ContextResult.ACCEPTANCE and not transfer_syntax:
        raise broken(f"context {context_id} is accepted without a transfer syntax")
    return PresentationResult(context_id, result, transfer_syntax)


def write_presentation_result(result: PresentationResult) -> bytes:
    """Return the item 0x21 of an answer; a refused context carries an empty transfer syntax."""
    syntax = write_uid(result.transfer_syntax) if result.transfer_syntax else b""
    value = _write_context_id(result.context_id) + bytes((0, result.result, 0))
    return write_item(ITEM_PRESENTATION_RESULT, value + write_item(ITEM_TRANSFER_SYNTAX, syntax))


def _read_context_id(value: bytes) -> int:
    if len(value) < 4:
        raise broken("a presentation context item is cut short")
    if value[0] % 2 == 0:
        raise broken(f"presentation context identifier {value[0]} is not odd")
    return value[0]


def _write_context_id(context_id: int) -> bytes:
    if context_id not in range(1, 256, 2):
        raise LocalProtocolError(f"presentation context identifier {context_id} is not odd and below 256")
    return bytes((context_id,))
