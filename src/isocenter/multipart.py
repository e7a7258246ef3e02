"""multipart/related bodies, read and written as a stream (RFC 2046 5.1, RFC 2387; PS3.18 8.6.1.2).

Sans-IO: takes bytes, returns events and bytes. Part bodies are never accumulated: ``PartData`` events are slices of
what was passed to ``receive_data`` and valid until the next ``receive_data``. What is kept is bounded: a possible
delimiter at the end of a chunk, and one part's header block.

What looks like a delimiter but is not followed by white space and a line end, or by ``--``, is data.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from isocenter.errors import UsageError

#: Largest header block of one part; RFC 2046 sets none.
MAX_HEADER_BYTES = 16 * 1024
#: Longest white space that is accepted between a boundary and its line end.
MAX_PADDING = 256
#: Longest boundary that is read; RFC 2046 5.1.1 has 70 characters at most, and Orthanc sends 73.
MAX_BOUNDARY = 200

_BOUNDARY_CHARACTERS = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ")


@dataclass(frozen=True, slots=True)
class PartStarted:
    """A part begins; header names are lower case."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartData:
    """Bytes of the current part's body."""

    data: memoryview


@dataclass(frozen=True, slots=True)
class PartEnded:
    """The current part is complete."""


@dataclass(frozen=True, slots=True)
class MessageEnded:
    """The closing delimiter came; what follows it is ignored."""


Event = PartStarted | PartData | PartEnded | MessageEnded

_PREAMBLE, _DELIMITER, _HEADERS, _BODY_START, _BODY, _EPILOGUE = range(6)


class MultipartReader:
    """Turns the bytes of a multipart body into events, wherever the chunks are cut."""

    def __init__(self, boundary: str) -> None:
        self._delimiter = b"\r\n--" + _checked(boundary)
        # The first delimiter may stand at the very start: the line end before it is taken as given.
        self._rest = b"\r\n"
        self._state = _PREAMBLE
        self._part_open = False
        self._body_begins = False
        self._events: deque[Event] = deque()
        self._steps = (
            self._preamble, self._at_delimiter, self._headers, self._body_start, self._body, self._epilogue,
        )  # fmt: skip

    def receive_data(self, data: bytes) -> None:
        """Take the next bytes of the body; empty bytes say that it ended.

        Raises:
            UsageError: the body is not multipart, ended before its closing delimiter, or has huge headers.
        """
        if not data:
            if self._state != _EPILOGUE:
                raise UsageError("the multipart body ended before its closing boundary")
            return
        raw = self._rest + data if self._rest else data
        view = memoryview(raw)
        position = 0
        while position < len(raw):
            advanced = self._steps[self._state](raw, view, position)
            if advanced is None:  # needs more bytes than there are
                break
            position = advanced
        self._rest = raw[position:]

    def next_event(self) -> Event | None:
        """Return the next event, or None when more data is needed."""
        return self._events.popleft() if self._events else None

    # Each step looks at ``raw`` from ``position`` on and returns how far it got, or None for "need more".

    def _preamble(self, raw: bytes, _view: memoryview, position: int) -> int | None:
        found = raw.find(self._delimiter, position)
        if found < 0:
            held = self._held_back(raw, position)
            return held if held > position else None
        self._state = _DELIMITER
        return found

    def _at_delimiter(self, raw: bytes, view: memoryview, position: int) -> int | None:
        start = position + len(self._delimiter)
        if raw.startswith(b"--", start):
            self._end_part()
            self._events.append(MessageEnded())
            self._state = _EPILOGUE
            return len(raw)
        end = start
        limit = min(len(raw), start + MAX_PADDING)
        while end < limit and raw[end] in b" \t":
            end += 1
        rest = raw[end : end + 2]
        if rest == b"\r\n":
            self._end_part()
            self._state = _HEADERS
            return end  # the line end stays: a part without headers begins with an empty line
        undecided = rest in {b"", b"\r"} or (rest == b"-" and end == start)
        if undecided and end < start + MAX_PADDING:
            return None
        return self._not_a_delimiter(view, position)

    def _not_a_delimiter(self, view: memoryview, position: int) -> int:
        """Give out the line end that it begins with, so that it is not found again, and go on as before."""
        if not self._part_open:
            self._state = _PREAMBLE
        else:
            self._state = _BODY
            if not self._body_begins:
                self._events.append(PartData(view[position : position + 2]))
        self._body_begins = False
        return position + 2

    def _end_part(self) -> None:
        if self._part_open:
            self._events.append(PartEnded())
        self._part_open = self._body_begins = False

    def _headers(self, raw: bytes, _view: memoryview, position: int) -> int | None:
        end = raw.find(b"\r\n\r\n", position, position + MAX_HEADER_BYTES)
        if end < 0:
            if len(raw) - position >= MAX_HEADER_BYTES:
                raise UsageError(f"the headers of a part are longer than {MAX_HEADER_BYTES} bytes")
            return None
        self._events.append(PartStarted(_read_headers(raw[position:end])))
        self._part_open = True
        self._state = _BODY_START
        return end + 2

    def _body_start(self, raw: bytes, _view: memoryview, position: int) -> int | None:
        """Tell the empty line before a body from the line end of a delimiter: a part may have no body at all."""
        start = raw[position : position + len(self._delimiter)]
        if start == self._delimiter:
            self._state = _DELIMITER
            self._body_begins = True
            return position
        if self._delimiter.startswith(start):
            return None
        self._state = _BODY
        return position + 2

    def _body(self, raw: bytes, view: memoryview, position: int) -> int | None:
        found = raw.find(self._delimiter, position)
        end = found if found >= 0 else self._held_back(raw, position)
        if end > position:
            self._events.append(PartData(view[position:end]))
        if found >= 0:
            self._state = _DELIMITER
            return found
        return end if end > position else None

    def _epilogue(self, raw: bytes, _view: memoryview, _position: int) -> int:
        return len(raw)

    def _held_back(self, raw: bytes, position: int) -> int:
        """Return where a delimiter may begin that the next chunk completes; ``len(raw)`` if nowhere."""
        at = raw.find(b"\r", max(position, len(raw) - len(self._delimiter) + 1))
        while at >= 0:
            if self._delimiter.startswith(raw[at:]):
                return at
            at = raw.find(b"\r", at + 1)
        return len(raw)


def _checked(boundary: str) -> bytes:
    raw = boundary.encode()
    if not 1 <= len(raw) <= MAX_BOUNDARY or not _BOUNDARY_CHARACTERS.issuperset(raw) or raw.endswith(b" "):
        raise UsageError(f"the boundary of the multipart body must be 1 to {MAX_BOUNDARY} characters of RFC 2046 5.1.1")
    return raw


def _read_headers(block: bytes) -> dict[str, str]:
    """Return the fields of a header block; folded lines are joined, what is no field is left out."""
    headers: dict[str, str] = {}
    name = ""
    for line in block.split(b"\r\n"):
        if line[:1] in {b" ", b"\t"} and name:
            headers[name] += " " + line.decode("latin-1").strip()
            continue
        field, colon, value = line.decode("latin-1").partition(":")
        name = field.strip().lower() if colon else ""
        if name:
            headers[name] = value.strip()
    return headers


def write_part_header(boundary: str, headers: Mapping[str, str]) -> bytes:
    """Return what stands between the previous part, or the start, and this part's body.

    Raises:
        ValueError: a header would break out of its line.
    """
    lines = [f"\r\n--{boundary}"]
    for name, value in headers.items():
        if not (name + value).isprintable():
            raise ValueError(f"header {name!r} of a part has a control character")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def write_end(boundary: str) -> bytes:
    """Return what closes the body after the last part."""
    return f"\r\n--{boundary}--\r\n".encode("latin-1")
