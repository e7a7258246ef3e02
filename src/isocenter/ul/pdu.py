"""The seven PDUs of the DICOM upper layer (PS3.8 9.3): what they hold, read and written.

Knows bytes and values only; which PDU may come when is in ``states``, how they are cut out of a byte stream in
``framing``. ``read_pdu`` returns None when bytes are missing; the readers of bodies raise RemoteProtocolError.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from isocenter.errors import LocalProtocolError, RemoteProtocolError
from isocenter.ul.items import (
    APPLICATION_CONTEXT,
    ITEM_APPLICATION_CONTEXT,
    ITEM_PRESENTATION_CONTEXT,
    ITEM_PRESENTATION_RESULT,
    ITEM_USER_INFORMATION,
    MAX_PRESENTATION_CONTEXTS,
    PresentationContext,
    PresentationResult,
    broken,
    read_items,
    read_presentation_context,
    read_presentation_result,
    read_uid,
    write_item,
    write_presentation_context,
    write_presentation_result,
    write_uid,
)
from isocenter.ul.user_information import UserInformation, read_user_information, write_user_information

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA_TF, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)

#: A PDU that is not P-DATA-TF is kept whole until it is read, so it has a bound; real ones stay below 100 KiB.
MAX_CONTROL_PDU = 1 << 20

PDU_HEADER = struct.Struct(">BBI")
PDV_HEADER = struct.Struct(">IBB")
_DATA_HEADER = struct.Struct(">BBIIBB")
_ASSOCIATE_FIXED = struct.Struct(">HH16s16s32s")


class AbortSource(IntEnum):
    """Who aborts (PS3.8 Table 9-26)."""

    SERVICE_USER = 0
    RESERVED = 1
    SERVICE_PROVIDER = 2


class AbortReason(IntEnum):
    """Why the service provider aborts (PS3.8 Table 9-26)."""

    NOT_SPECIFIED = 0
    UNRECOGNIZED_PDU = 1
    UNEXPECTED_PDU = 2
    RESERVED = 3
    UNRECOGNIZED_PARAMETER = 4
    UNEXPECTED_PARAMETER = 5
    INVALID_PARAMETER_VALUE = 6


class RejectResult(IntEnum):
    """Whether trying again makes sense (PS3.8 Table 9-21)."""

    PERMANENT = 1
    TRANSIENT = 2


class RejectSource(IntEnum):
    """Who rejects (PS3.8 Table 9-21)."""

    SERVICE_USER = 1
    SERVICE_PROVIDER_ACSE = 2
    SERVICE_PROVIDER_PRESENTATION = 3


#: (source, reason) -> what it means (PS3.8 Table 9-21).
REJECT_REASONS: dict[tuple[int, int], str] = {
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}


@dataclass(frozen=True, slots=True)
class AssociateRequest:
    """A-ASSOCIATE-RQ (PS3.8 9.3.2)."""

    called_aet: str
    calling_aet: str
    contexts: tuple[PresentationContext, ...]
    user_information: UserInformation = field(default_factory=UserInformation)
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = 1


@dataclass(frozen=True, slots=True)
class AssociateAccept:
    """A-ASSOCIATE-AC (PS3.8 9.3.3); the titles are those of the request."""

    called_aet: str
    calling_aet: str
    results: tuple[PresentationResult, ...]
    user_information: UserInformation = field(default_factory=UserInformation)
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = 1


@dataclass(frozen=True, slots=True)
class AssociateReject:
    """A-ASSOCIATE-RJ (PS3.8 9.3.4); numbers as received, for a peer may send others than the standard's."""

    result: int
    source: int
    reason: int

    def describe(self) -> str:
        """Return the meaning in words."""
        lasting = "transiently" if self.result == RejectResult.TRANSIENT else "permanently"
        reason = REJECT_REASONS.get((self.source, self.reason), f"source {self.source}, reason {self.reason}")
        return f"rejected {lasting}: {reason}"


@dataclass(frozen=True, slots=True)
class PresentationDataValue:
    """One fragment of a message (PS3.8 9.3.5.1, Annex E.2)."""

    context_id: int
    is_command: bool
    is_last: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class DataTransfer:
    """P-DATA-TF (PS3.8 9.3.5) as a whole; the association streams it instead of making this."""

    values: tuple[PresentationDataValue, ...]


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """A-RELEASE-RQ (PS3.8 9.3.6)."""


@dataclass(frozen=True, slots=True)
class ReleaseResponse:
    """A-RELEASE-RP (PS3.8 9.3.7)."""


@dataclass(frozen=True, slots=True)
class Abort:
    """A-ABORT (PS3.8 9.3.8); numbers as received."""

    source: int = AbortSource.SERVICE_USER
    reason: int = AbortReason.NOT_SPECIFIED


PDU = AssociateRequest | AssociateAccept | AssociateReject | DataTransfer | ReleaseRequest | ReleaseResponse | Abort


def read_pdu(data: bytes) -> tuple[PDU, int] | None:
    """Return the PDU at the start of ``data`` and its whole length, or None when bytes are missing.

    Raises:
        RemoteProtocolError: no such PDU, or its content is broken; ``reason`` is that of the A-ABORT.
    """
    if len(data) < PDU_HEADER.size:
        return None
    kind, _, length = PDU_HEADER.unpack_from(data)
    check_kind(kind)
    end = PDU_HEADER.size + length
    if len(data) < end:
        return None
    return READERS[kind](bytes(data[PDU_HEADER.size : end])), end


#: What a TLS record begins with: no PDU, but the most likely mistake.
_TLS_RECORDS = {
    0x15: ": the peer speaks TLS on this port; call it with TLS",
    0x16: ": the peer speaks TLS to a plain port; it must call the TLS port, or call without TLS",
}


def check_kind(kind: int) -> None:
    """Raise RemoteProtocolError (unrecognized PDU) for a PDU type that PS3.8 does not have."""
    if kind not in READERS:
        hint = _TLS_RECORDS.get(kind, "")
        raise RemoteProtocolError(f"unrecognized PDU type 0x{kind:02X}{hint}", AbortReason.UNRECOGNIZED_PDU)


def write_pdu(pdu: PDU) -> bytes:
    """Return a PDU with its header."""
    kind, write = WRITERS[type(pdu)]
    body = write(pdu)
    return PDU_HEADER.pack(kind, 0, len(body)) + body


def write_data_header(context_id: int, control: int, length: int) -> bytes:
    """Return the 12 bytes before a P-DATA-TF that holds one fragment of ``length`` bytes.

    ``control`` is the message control header (PS3.8 E.2): bit 0 command, bit 1 last.
    """
    return _DATA_HEADER.pack(P_DATA_TF, 0, length + 6, length + 2, context_id, control)


def read_ae_title(field: bytes) -> str:
    """Return a title without padding; characters that cannot be printed become "?", so that it is safe to log."""
    text = field.decode("ascii", "replace").strip(" \0")
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)


def write_ae_title(title: str) -> bytes:
    """Return a title padded to 16 bytes (PS3.8 Table 9-11)."""
    if not 1 <= len(title) <= 16 or not title.isascii() or not title.isprintable() or title.isspace():
        raise LocalProtocolError(f"an AE title has 1 to 16 printable ASCII characters, not {title!r}")
    return title.encode("ascii").ljust(16)


@dataclass(slots=True)
class _Associate:
    """The fields that A-ASSOCIATE-RQ and -AC share."""

    called_aet: str
    calling_aet: str
    protocol_version: int
    items: bytes


def _read_associate(body: bytes) -> _Associate:
    if len(body) < _ASSOCIATE_FIXED.size:
        raise broken("the fixed part of an A-ASSOCIATE PDU is cut short")
    version, _, called, calling, _ = _ASSOCIATE_FIXED.unpack_from(body)
    return _Associate(read_ae_title(called), read_ae_title(calling), version, body[_ASSOCIATE_FIXED.size :])


def _unique(context_ids: list[int]) -> None:
    if len(context_ids) > MAX_PRESENTATION_CONTEXTS or len(set(context_ids)) < len(context_ids):
        raise broken("a presentation context identifier is used twice")


def read_associate_request(body: bytes) -> AssociateRequest:
    """Return the A-ASSOCIATE-RQ in a PDU body."""
    head = _read_associate(body)
    application_context, information = "", UserInformation()
    contexts: list[PresentationContext] = []
    for kind, value in read_items(head.items):
        if kind == ITEM_APPLICATION_CONTEXT:
            application_context = read_uid(value)
        elif kind == ITEM_PRESENTATION_CONTEXT:
            contexts.append(read_presentation_context(value))
            _unique([context.context_id for context in contexts])
        elif kind == ITEM_USER_INFORMATION:
            information = read_user_information(value)
    return AssociateRequest(
        head.called_aet, head.calling_aet, tuple(contexts), information, application_context, head.protocol_version
    )


def read_associate_accept(body: bytes) -> AssociateAccept:
    """Return the A-ASSOCIATE-AC in a PDU body."""
    head = _read_associate(body)
    application_context, information = "", UserInformation()
    results: list[PresentationResult] = []
    for kind, value in read_items(head.items):
        if kind == ITEM_APPLICATION_CONTEXT:
            application_context = read_uid(value)
        elif kind == ITEM_PRESENTATION_RESULT:
            results.append(read_presentation_result(value))
            _unique([result.context_id for result in results])
        elif kind == ITEM_USER_INFORMATION:
            information = read_user_information(value)
    return AssociateAccept(
        head.called_aet, head.calling_aet, tuple(results), information, application_context, head.protocol_version
    )


def _write_associate(pdu: AssociateRequest | AssociateAccept, contexts: bytes) -> bytes:
    called, calling = write_ae_title(pdu.called_aet), write_ae_title(pdu.calling_aet)
    fixed = _ASSOCIATE_FIXED.pack(pdu.protocol_version, 0, called, calling, bytes(32))
    application_context = write_item(ITEM_APPLICATION_CONTEXT, write_uid(pdu.application_context))
    return fixed + application_context + contexts + write_user_information(pdu.user_information)


def write_associate_request(pdu: AssociateRequest) -> bytes:
    """Return the body of an A-ASSOCIATE-RQ."""
    if not 1 <= len(pdu.contexts) <= MAX_PRESENTATION_CONTEXTS:
        raise LocalProtocolError(f"an association proposes 1 to 128 contexts, not {len(pdu.contexts)}")
    return _write_associate(pdu, b"".join(write_presentation_context(context) for context in pdu.contexts))


def write_associate_accept(pdu: AssociateAccept) -> bytes:
    """Return the body of an A-ASSOCIATE-AC."""
    return _write_associate(pdu, b"".join(write_presentation_result(result) for result in pdu.results))


def read_associate_reject(body: bytes) -> AssociateReject:
    """Return the A-ASSOCIATE-RJ in a PDU body."""
    return AssociateReject(*_four_bytes(body)[1:])


def read_data_transfer(body: bytes) -> DataTransfer:
    """Return the P-DATA-TF in a PDU body, whole."""
    values: list[PresentationDataValue] = []
    position = 0
    while position < len(body):
        if len(body) - position < PDV_HEADER.size:
            raise broken("a PDV header is cut short")
        length, context_id, control = PDV_HEADER.unpack_from(body, position)
        start, end = position + PDV_HEADER.size, position + 4 + length
        check_pdv(length, len(body) - position)
        values.append(PresentationDataValue(context_id, bool(control & 1), bool(control & 2), body[start:end]))
        position = end
    if not values:
        raise broken("a P-DATA-TF without a fragment")
    return DataTransfer(tuple(values))


def check_pdv(length: int, left: int) -> None:
    """Raise RemoteProtocolError for a PDV whose length does not fit in what is ``left`` of its PDU."""
    if not 2 <= length <= left - 4:
        raise broken(f"a PDV claims {length} bytes where {left - 4} are left")


def read_release_request(body: bytes) -> ReleaseRequest:
    """Return the A-RELEASE-RQ in a PDU body."""
    _four_bytes(body)
    return ReleaseRequest()


def read_release_response(body: bytes) -> ReleaseResponse:
    """Return the A-RELEASE-RP in a PDU body."""
    _four_bytes(body)
    return ReleaseResponse()


def read_abort(body: bytes) -> Abort:
    """Return the A-ABORT in a PDU body."""
    return Abort(*_four_bytes(body)[2:])


def _four_bytes(body: bytes) -> bytes:
    if len(body) != 4:
        raise broken(f"a PDU of fixed length 4 has {len(body)} bytes")
    return body


def write_data_transfer(pdu: DataTransfer) -> bytes:
    """Return the body of a P-DATA-TF."""
    return b"".join(
        PDV_HEADER.pack(len(v.data) + 2, v.context_id, v.is_command | v.is_last << 1) + v.data for v in pdu.values
    )


READERS: dict[int, Callable[[bytes], PDU]] = {
    ASSOCIATE_RQ: read_associate_request,
    ASSOCIATE_AC: read_associate_accept,
    ASSOCIATE_RJ: read_associate_reject,
    P_DATA_TF: read_data_transfer,
    RELEASE_RQ: read_release_request,
    RELEASE_RP: read_release_response,
    ABORT: read_abort,
}

WRITERS: dict[type[PDU], tuple[int, Callable[..., bytes]]] = {
    AssociateRequest: (ASSOCIATE_RQ, write_associate_request),
    AssociateAccept: (ASSOCIATE_AC, write_associate_accept),
    AssociateReject: (ASSOCIATE_RJ, lambda pdu: bytes((0, pdu.result, pdu.source, pdu.reason))),
    DataTransfer: (P_DATA_TF, write_data_transfer),
    ReleaseRequest: (RELEASE_RQ, lambda _: bytes(4)),
    ReleaseResponse: (RELEASE_RP, lambda _: bytes(4)),
    Abort: (ABORT, lambda pdu: bytes((0, 0, pdu.source, pdu.reason))),
}
