"""What a DIMSE service is: the one form that every module here has.

A service is made once per node; each message that belongs to it gets a handler of its own, which takes the data set
as it arrives and answers at its end. Services know the archive and DIMSE's commands; no sockets, no SQL.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from isocenter.dimse.commands import Command


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """Where a message comes from: the association and its presentation context."""

    association_id: int
    calling_aet: str
    called_aet: str
    address: str
    context_id: int
    abstract_syntax: str
    transfer_syntax_uid: str


class Handler(Protocol):
    """One message under way; its methods are called by one thread, in this order."""

    def write(self, *chunks: memoryview) -> None:
        """Take the next slices of the data set; they are valid during the call only."""

    def finish(self) -> Iterable[Command]:
        """The message is complete: do the work and return the responses."""

    def discard(self) -> None:
        """The association ended before the message did: undo everything."""


class Service(Protocol):
    """A DIMSE service class in the role of the provider (SCP)."""

    @property
    def abstract_syntaxes(self) -> Mapping[str, tuple[str, ...]]:
        """Abstract syntax -> transfer syntaxes taken, best first."""

    @property
    def unknown_abstract_syntaxes(self) -> tuple[str, ...]:
        """Transfer syntaxes taken for abstract syntaxes that no service names; empty = none."""

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Start on a message; never raises for what a peer sent, but answers it in ``finish``."""


class Answer:
    """A handler that only answers: it passes over the data set, if any, and gives these responses."""

    def __init__(self, *responses: Command) -> None:
        self._responses = responses

    def write(self, *chunks: memoryview) -> None:
        """Pass over the data set."""

    def finish(self) -> Iterable[Command]:
        """Return the responses."""
        return self._responses

    def discard(self) -> None:
        """Nothing was begun."""
