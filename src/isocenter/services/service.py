"""What a DIMSE service is: the one form that every module here has.

A service is made once per node; each message that belongs to it gets a handler of its own, which takes the data set
as it arrives and answers at its end, with one message or with many. Services know the archive and DIMSE's commands; no
sockets, no SQL.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple, TypeAlias

from isocenter.dimse.commands import Command


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """Where a message comes from: the association and its presentation context.

    ``extended`` is what extended negotiation agreed on for the abstract syntax (PS3.7 D.3.3.5). ``performs`` names the
    contexts in which the peer takes requests: (abstract syntax, transfer syntax) -> context ID, for those whose SCP
    role it was granted (PS3.7 D.3.3.4).
    """

    association_id: int
    calling_aet: str
    called_aet: str
    address: str
    context_id: int
    abstract_syntax: str
    transfer_syntax_uid: str
    extended: bytes = b""
    performs: Mapping[tuple[str, str], int] = field(default_factory=dict)


class Response(NamedTuple):
    """A response with the data set that follows it, if any; ``CommandDataSetType`` is set when it is sent.

    ``more``: the next one follows at once, and they may be written together.
    """

    command: Command
    data_set: bytes | None = None
    more: bool = False


@dataclass(slots=True)
class Operation:
    """A request to the peer on the same association, yielded between responses; afterwards ``answer`` is there.

    ``data_set`` is whole, or a file that stands at its beginning and is sent in pieces.
    """

    context_id: int
    command: Command
    data_set: bytes | BinaryIO | None = None
    answer: Command | None = None


#: What a handler has sent; a bare command is a response without data set.
Message: TypeAlias = Command | Response | Operation


class Handler(ABC):
    """One message under way; its methods are called by one thread, in this order."""

    def write(self, *chunks: memoryview) -> None:  # noqa: B027 - nothing to do is a valid choice
        """Take the next slices of the data set; they are valid during the call only."""

    @abstractmethod
    def finish(self) -> Iterable[Message]:
        """The message is complete: do the work and give the responses, the pending ones first.

        Each is sent before the next one is asked for, unless it says that more follows, so a generator answers while it
        works. Between two of them what the peer says is looked at: ``cancel`` may be called, or the generator closed
        because the association is over.
        """

    def afterwards(self) -> "Generator[Operation | None] | None":
        """Give work that goes on after the last response, as long as the association stands, or None.

        It is gone on with, from one yield to the next, while the peer asks for nothing; an ``Operation`` that it yields
        is sent, and the generator continued when ``answer`` is there. It is closed where the association ends before.
        """
        return None

    def cancel(self) -> None:  # noqa: B027 - what is quickly done cannot be cancelled
        """The peer sent a C-CANCEL: end the responses soon."""

    def discard(self) -> None:  # noqa: B027 - nothing was begun
        """The association ended before the message did: undo everything."""


class Service(ABC):
    """A DIMSE service class in the role of the provider (SCP)."""

    #: Abstract syntax -> transfer syntaxes taken, best first.
    abstract_syntaxes: Mapping[str, tuple[str, ...]]
    #: Transfer syntaxes taken for abstract syntaxes that no service names; empty = none.
    unknown_abstract_syntaxes: tuple[str, ...] = ()
    #: What a peer must be allowed to do (``index.peers.PERMISSIONS``); "" = everybody may use the service.
    permission: str = ""
    #: Whether each request gets one response at once, so that others may wait in the connection meanwhile (asynchronous
    #: operations, PS3.7 D.3.3.3).
    queues: bool = False
    #: SOP classes in which the service sends requests to a peer that wants the SCP role for them.
    invokes: Collection[str] = frozenset()

    def agree(self, abstract_syntax: str, proposed: bytes) -> bytes | None:  # noqa: ARG002 - most have none
        """Return the answer to an extended negotiation item, None to refuse it (PS3.7 D.3.3.5)."""
        return None

    @abstractmethod
    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Start on a message; never raises for what a peer sent, but answers it in ``finish``."""


class Answer(Handler):
    """A handler that only answers: it passes over the data set, if any, and gives these responses."""

    def __init__(self, *responses: Command) -> None:
        self._responses = responses

    def finish(self) -> Iterable[Message]:
        """Return the responses."""
        return self._responses
