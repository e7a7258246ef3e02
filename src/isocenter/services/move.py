"""Retrieval to a third party (PS3.4 C.4.2): C-MOVE, to the peers that the archive knows."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO, Protocol

from isocenter.anonymizing.audit import Who
from isocenter.archive import Instance
from isocenter.dimse import status
from isocenter.dimse.commands import Command, CommandField, respond
from isocenter.errors import PeerError
from isocenter.index.peers import KnownPeer
from isocenter.services.identifier import Identifier
from isocenter.services.information_model import IDENTIFIER_SYNTAXES, MODELS, InformationModel, agree_to_retrieve
from isocenter.services.outgoing import Opens, Outgoing, needed_contexts
from isocenter.services.retrieval import RefusedError, Retrieval, Route, Source, check_asking
from isocenter.services.service import Answer, Handler, Message, Service, ServiceContext
from isocenter.settings import Settings

_MAX_CONTEXTS = 128  # of one association


class Destination(Protocol):
    """An association with a peer that takes objects."""

    def accepts(self, abstract_syntax: str, transfer_syntax_uid: str) -> bool:
        """Tell whether the peer accepted an abstract syntax in a transfer syntax."""

    def store(
        self,
        data_set: BinaryIO,
        *,
        sop_class_uid: str,
        sop_instance_uid: str,
        transfer_syntax_uid: str,
        originator: tuple[str, int] | None = None,
    ) -> Command:
        """Send a data set and return the response to its C-STORE."""

    def release(self) -> None:
        """End in good order."""

    def abort(self) -> None:
        """Break off at once."""


#: Opens an association with a peer for pairs of abstract and transfer syntax; raises PeerError.
Connect = Callable[[KnownPeer, Sequence[tuple[str, str]]], Destination]


class Directory(Protocol):
    """The part of ``index.peers.Peers`` that is used here."""

    def get(self, aet: str) -> KnownPeer | None:
        """Return the peer with this AE title."""


class MoveService(Service):
    """Answers C-MOVE."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = {model.move: IDENTIFIER_SYNTAXES for model in MODELS}
    permission = "move"
    _models: Mapping[str, InformationModel] = {model.move: model for model in MODELS}

    def __init__(
        self, archive: Source, peers: Directory, outgoing: Outgoing, connect: Connect, settings: Settings
    ) -> None:
        self._archive = archive
        self._peers = peers
        self._outgoing = outgoing
        self._connect = connect
        self._aet: str = settings.aet
        self._associations: int = settings.move_associations

    def agree(self, abstract_syntax: str, proposed: bytes) -> bytes | None:  # noqa: ARG002 - the same for all models
        """Agree to relational retrieval."""
        return agree_to_retrieve(proposed)

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Begin to take the identifier."""
        if command.CommandField != CommandField.C_MOVE_RQ:
            return Answer(respond(command, status.UNRECOGNIZED_OPERATION))

        @contextmanager
        def route(instances: list[Instance]) -> Iterator[Route]:
            originator = context.calling_aet, command.MessageID or 0
            who = Who("C-MOVE", context.calling_aet, context.address)
            known = self._destination(command)
            with (
                self._outgoing.towards(known, who) as opens,
                sending(SubAssociation(opens, self._connect, known, instances, originator)) as sender,
            ):
                yield sender

        def check(identifier: Identifier) -> None:
            asking = self._peers.get(context.calling_aet)
            check_asking(asking, identifier)
            if not self._destination(command).deid_project and asking is not None and asking.deid_project:
                raise RefusedError(status.NOT_AUTHORIZED, "gets de-identified objects: the destination gets originals")

        model = self._models[context.abstract_syntax]
        return Retrieval(
            self._archive, context, command, model, route, check=check,
            routes=self._associations, discreet=self._is_discreet(command),
        )  # fmt: skip

    def _is_discreet(self, command: Command) -> bool:
        known = self._peers.get((command.MoveDestination or "").strip())
        return known is not None and bool(known.deid_project)

    def _destination(self, command: Command) -> KnownPeer:
        """Return where objects shall go.

        Raises:
            RefusedError: nobody there is known, or it is this archive.
        """
        aet = (command.MoveDestination or "").strip()
        if aet == self._aet:
            raise RefusedError(status.MOVE_DESTINATION_UNKNOWN, "the destination is this archive; the objects are here")
        known = self._peers.get(aet)
        if known is None:
            raise RefusedError(status.MOVE_DESTINATION_UNKNOWN, "the destination is no known peer; add it to the peers")
        return known


@contextmanager
def sending(sender: "SubAssociation") -> Iterator["SubAssociation"]:
    """Give a sender; it ends in good order, after an error at once."""
    try:
        yield sender
    except BaseException:
        sender.abort()
        raise
    sender.release()


class SubAssociation:
    """Sends objects to a peer, over one association at a time; a new one where contexts run out, or it broke."""

    def __init__(
        self,
        outgoing: Opens,
        connect: Connect,
        peer: KnownPeer,
        instances: list[Instance],
        originator: tuple[str, int] | None,
    ) -> None:
        self._outgoing = outgoing
        self._connect = connect
        self._peer = peer
        self._originator = originator
        self._pairs = needed_contexts(instances)
        self._classes: frozenset[str] = frozenset()  # that the association was opened for
        self._association: Destination | None = None
        self._unreachable: PeerError | None = None

    def send(self, instance: Instance) -> Generator[Message, None, int]:
        """Send one object; the peer's status is returned."""
        association = self._open(instance.SOPClassUID)
        yield from ()
        with self._outgoing.open(instance, lambda uid: association.accepts(instance.SOPClassUID, uid)) as outbound:
            try:
                answer = association.store(
                    outbound.file,
                    sop_class_uid=instance.SOPClassUID,
                    sop_instance_uid=outbound.sop_instance_uid,
                    transfer_syntax_uid=outbound.transfer_syntax_uid,
                    originator=self._originator,
                )
            except BaseException:  # amid a message: nothing more can be said on this association
                self.abort()
                raise
        return status.PROCESSING_FAILURE if answer.Status is None else answer.Status

    def send_alone(self, instance: Instance) -> int:
        """Send one object where nobody has to be told anything meanwhile; the peer's status is returned."""
        steps = self.send(instance)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return int(end.value)

    def _open(self, sop_class: str) -> Destination:
        """Return the association, opened anew where it is not there for this SOP class.

        Raises:
            PeerError: the peer could not be reached, now or before.
        """
        if self._unreachable is not None:
            raise self._unreachable
        if self._association is not None and sop_class in self._classes:
            return self._association
        self.release()
        first = next(place for place, pair in enumerate(self._pairs) if pair[0] == sop_class)
        pairs, rest = self._pairs[first : first + _MAX_CONTEXTS], self._pairs[first + _MAX_CONTEXTS :]
        if rest and rest[0][0] != sop_class:  # a class that does not fit whole waits for the next association
            pairs = [pair for pair in pairs if pair[0] != rest[0][0]]
        try:
            self._association = self._connect(self._peer, pairs)
        except PeerError as error:
            self._unreachable = error
            raise
        self._classes = frozenset(sop for sop, _ in pairs)
        return self._association

    def release(self) -> None:
        """End the association, if there is one, in good order."""
        association, self._association = self._association, None
        if association is not None:
            association.release()

    def abort(self) -> None:
        """Break the association off, if there is one."""
        association, self._association = self._association, None
        if association is not None:
            association.abort()
