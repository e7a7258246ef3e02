"""Cuts the received byte stream into PDUs, and P-DATA-TF into slices, without copying what it need not.

Owns the position in the stream; knows nothing of states. Fragments of P-DATA-TF leave as slices of the caller's
buffer while they arrive (PS3.8 9.3.5, Annex E); any other PDU is collected as its bytes come, so a length field
never makes it allocate anything, and only up to ``MAX_CONTROL_PDU``.
"""

from isocenter.errors import RemoteProtocolError
from isocenter.ul.events import DataReceived
from isocenter.ul.pdu import MAX_CONTROL_PDU, P_DATA_TF, PDU_HEADER, PDV_HEADER, AbortReason, check_kind, check_pdv

_EMPTY = memoryview(b"")
_HEADER_SIZE = 6  # of a PDU and of a PDV alike


class PDUStream:
    """The receiving side of a connection.

    Call ``feed``, then ``next_header``; after a P-DATA-TF header ``next_fragment`` until ``in_data`` is false, after
    any other ``next_body``. Each returns None when bytes are missing, and raises RemoteProtocolError when they
    are wrong.
    """

    __slots__ = (
        "_body",
        "_control",
        "_data",
        "_head",
        "_pdu_left",
        "_pdv_id",
        "_pdv_left",
        "_position",
        "context_ids",
        "in_data",
        "max_length",
        "pdus",
    )

    def __init__(self) -> None:
        self._data = _EMPTY
        self._position = 0
        self._head = bytearray()  # a header that the end of the data cut
        self._body = bytearray()
        self._pdu_left = 0
        self._pdv_left = 0
        self._pdv_id = 0
        self._control = 0
        #: Within a P-DATA-TF.
        self.in_data = False
        self.pdus = 0
        #: Presentation contexts that P-DATA may come on, and the longest P-DATA-TF value announced (0 = any).
        self.context_ids: frozenset[int] = frozenset()
        self.max_length = 0

    @property
    def fragment_left(self) -> int:
        """Bytes of the fragment under way that are still to come."""
        return self._pdv_left if self._pdv_id else 0

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes; what was not consumed of the last ones is copied (drain first to avoid that)."""
        if self._position < len(self._data):
            data = b"".join((self._data[self._position :], data))
        self._data = memoryview(data)
        self._position = 0

    def discard(self) -> None:
        """Forget everything received; the stream cannot be understood any further."""
        self._data, self._position = _EMPTY, 0
        self._head.clear()
        self._body.clear()
        self.in_data = False

    def next_header(self) -> int | None:
        """Return the type of the PDU that begins here."""
        header = self._take_header()
        if header is None:
            return None
        kind, _, length = PDU_HEADER.unpack_from(header)
        check_kind(kind)
        limit = self.max_length if kind == P_DATA_TF else MAX_CONTROL_PDU
        if limit and length > limit:
            raise RemoteProtocolError(
                f"PDU of type {kind} claims {length} bytes, {limit} are allowed", AbortReason.INVALID_PARAMETER_VALUE
            )
        if kind == P_DATA_TF and length < _HEADER_SIZE:
            raise RemoteProtocolError("a P-DATA-TF without a fragment", AbortReason.INVALID_PARAMETER_VALUE)
        self._pdu_left = length
        self._pdv_left = 0
        self._pdv_id = 0
        self.in_data = kind == P_DATA_TF
        return int(kind)

    def next_body(self) -> bytes | None:
        """Return the body of a PDU that is not P-DATA-TF."""
        part = self._data[self._position : self._position + self._pdu_left]
        self._position += len(part)
        self._pdu_left -= len(part)
        self._body += part
        if self._pdu_left:
            return None
        body = bytes(self._body)
        self._body.clear()
        self.pdus += 1
        return body

    def next_fragment(self) -> DataReceived | None:
        """Return the next slice of the current P-DATA-TF; None at its end (``in_data`` is false then), too."""
        if not self._pdv_id and not self._next_value():
            return None
        position = self._position
        data = self._data[position : position + self._pdv_left]
        size = len(data)
        left = self._pdv_left - size
        if size == 0 and left:
            return None
        self._position = position + size
        self._pdv_left = left
        control = self._control
        fragment = DataReceived(self._pdv_id, control & 1 == 1, control & 2 == 2 and not left, data)
        if not left:
            self._pdv_id = 0
            if not self._pdu_left:
                self.in_data = False
                self.pdus += 1
        return fragment

    def skip(self) -> None:
        """Pass over what is here of the current P-DATA-TF without looking at it."""
        left = self._pdu_left + self._pdv_left
        size = min(left, len(self._data) - self._position)
        self._position += size
        self._pdu_left, self._pdv_left, self._pdv_id = left - size, 0, 0
        self._head.clear()
        if not self._pdu_left:
            self.in_data = False
            self.pdus += 1

    def _next_value(self) -> bool:
        """Read the header of the next PDV; False when bytes are missing."""
        header = self._take_header()
        if header is None:
            return False
        length, context_id, control = PDV_HEADER.unpack_from(header)
        check_pdv(length, self._pdu_left)
        if context_id not in self.context_ids:
            raise RemoteProtocolError(
                f"a fragment on presentation context {context_id}, which was not accepted",
                AbortReason.INVALID_PARAMETER_VALUE,
            )
        self._pdu_left -= length + 4
        if 0 < self._pdu_left < _HEADER_SIZE:
            raise RemoteProtocolError("bytes left over in a P-DATA-TF", AbortReason.INVALID_PARAMETER_VALUE)
        self._pdv_left = length - 2
        self._pdv_id = context_id
        self._control = control
        return True

    def _take_header(self) -> memoryview | bytes | None:
        """Return the next six bytes, which may have arrived in pieces."""
        position = self._position
        if not self._head and len(self._data) - position >= _HEADER_SIZE:
            self._position = position + _HEADER_SIZE
            return self._data[position : position + _HEADER_SIZE]
        part = self._data[position : position + _HEADER_SIZE - len(self._head)]
        self._position = position + len(part)
        self._head += part
        if len(self._head) < _HEADER_SIZE:
            return None
        header = bytes(self._head)
        self._head.clear()
        return header
