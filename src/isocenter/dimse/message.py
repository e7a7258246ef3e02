"""DIMSE messages as fragments (PS3.8 Annex E, PS3.7 6.3): put together from slices, cut into primitives.

The command set of a message is collected, up to ``MAX_COMMAND_SET``; its data set only passes through. One message
at a time: a fragment out of order is the peer's fault.
"""

from collections.abc import Iterator
from typing import NamedTuple

from isocenter.dimse.commands import MAX_COMMAND_SET, Command, read_command, write_command
from isocenter.errors import RemoteProtocolError
from isocenter.ul.events import DataReceived, SendData


class CommandReceived(NamedTuple):
    """A whole command set; a data set follows if ``command.has_data_set``."""

    context_id: int
    command: Command


class DataSetChunk(NamedTuple):
    """A slice of the data set of the current message, valid as long as the slice it came from."""

    data: memoryview


class DataSetCompleted(NamedTuple):
    """The data set of the current message is complete."""

    context_id: int


MessageEvent = CommandReceived | DataSetChunk | DataSetCompleted


class MessageReader:
    """Puts the messages of one association together."""

    __slots__ = ("_collected", "_context_id", "_in_data_set")

    def __init__(self) -> None:
        self._collected = bytearray()
        self._context_id = 0  # of the message under way, 0 = none
        self._in_data_set = False

    @property
    def idle(self) -> bool:
        """Whether no message is under way."""
        return self._context_id == 0

    def read(self, event: DataReceived) -> tuple[MessageEvent, ...]:
        """Return what a slice brings.

        Raises:
            RemoteProtocolError: a data set without its command, two messages mixed, or a command set that is broken.
        """
        context_id, is_command, is_last, data = event
        if self._in_data_set and not is_command and context_id == self._context_id:
            if not is_last:
                return (DataSetChunk(data),) if len(data) else ()
            self._context_id = 0
            self._in_data_set = False
            return (DataSetChunk(data), DataSetCompleted(context_id))
        if not is_command or self._in_data_set or (self._context_id and context_id != self._context_id):
            raise RemoteProtocolError("a fragment that does not belong to the message under way")
        return self._read_command(context_id, is_last, data)

    def _read_command(self, context_id: int, is_last: bool, data: memoryview) -> tuple[MessageEvent, ...]:
        if len(self._collected) + len(data) > MAX_COMMAND_SET:
            raise RemoteProtocolError(f"a command set of more than {MAX_COMMAND_SET} bytes")
        self._context_id = context_id
        self._collected += data
        if not is_last:
            return ()
        command = read_command(bytes(self._collected))
        self._collected.clear()
        self._in_data_set = command.has_data_set
        if not self._in_data_set:
            self._context_id = 0
        return (CommandReceived(context_id, command),)


def write_message(
    context_id: int, command: Command, max_fragment: int, data_set: bytes | memoryview | None = None
) -> Iterator[SendData]:
    """Yield the primitives that send a message; a data set that comes in pieces follows by ``write_fragments``."""
    yield from write_fragments(context_id, write_command(command), max_fragment, is_command=True)
    if data_set is not None:
        yield from write_fragments(context_id, data_set, max_fragment)


def write_fragments(
    context_id: int, data: bytes | memoryview, max_fragment: int, *, is_command: bool = False, is_last: bool = True
) -> Iterator[SendData]:
    """Yield one piece of a command or data set as fragments, which are slices of it.

    ``is_last``: whether the piece is the last one; only its last fragment is marked so.
    """
    view = memoryview(data)
    size = len(view)
    for start in range(0, max(size, 1), max_fragment):
        end = start + max_fragment
        yield SendData(context_id, is_command, is_last and end >= size, view[start:end])
