"""Retrieval over the same association (PS3.4 C.4.3): C-GET, for peers that were granted the SCP role of storage."""

import itertools
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from isocenter.anonymizing.audit import Who
from isocenter.archive import Instance
from isocenter.dicom.uids import STORAGE_SOP_CLASSES
from isocenter.dimse import status
from isocenter.dimse.commands import Command, CommandField, Priority, respond
from isocenter.services.information_model import IDENTIFIER_SYNTAXES, MODELS, InformationModel, agree_to_retrieve
from isocenter.services.move import Directory
from isocenter.services.outgoing import Opens, Outgoing
from isocenter.services.retrieval import Retrieval, Route, Source, check_asking
from isocenter.services.service import Answer, Handler, Message, Operation, Service, ServiceContext


class GetService(Service):
    """Answers C-GET."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = {model.get: IDENTIFIER_SYNTAXES for model in MODELS}
    permission = "move"
    invokes = STORAGE_SOP_CLASSES
    _models: Mapping[str, InformationModel] = {model.get: model for model in MODELS}

    def __init__(self, archive: Source, peers: Directory, outgoing: Outgoing) -> None:
        self._archive = archive
        self._peers = peers
        self._outgoing = outgoing

    def agree(self, abstract_syntax: str, proposed: bytes) -> bytes | None:  # noqa: ARG002 - the same for all models
        """Agree to relational retrieval."""
        return agree_to_retrieve(proposed)

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Begin to take the identifier."""
        if command.CommandField != CommandField.C_GET_RQ:
            return Answer(respond(command, status.UNRECOGNIZED_OPERATION))

        known = self._peers.get(context.calling_aet)

        @contextmanager
        def route(_: list[Instance]) -> Iterator[Route]:
            with self._outgoing.towards(known, Who("C-GET", context.calling_aet, context.address)) as opens:
                yield _SameAssociation(opens, context, command)

        model, discreet = self._models[context.abstract_syntax], known is not None and bool(known.deid_project)
        check = partial(check_asking, known)
        return Retrieval(self._archive, context, command, model, route, check, discreet=discreet)


class _SameAssociation:
    """Sends objects to the peer that asked for them."""

    def __init__(self, outgoing: Opens, context: ServiceContext, request: Command) -> None:
        self._outgoing = outgoing
        self._performs = context.performs
        self._priority = request.Priority or Priority.MEDIUM
        self._message_ids = itertools.cycle(range(1, 65536))

    def send(self, instance: Instance) -> Generator[Message, None, int]:
        """Send one object; the peer's status is returned."""
        sop_class = instance.SOPClassUID
        with self._outgoing.open(instance, lambda uid: (sop_class, uid) in self._performs) as outbound:
            command = Command(
                CommandField.C_STORE_RQ,
                MessageID=next(self._message_ids),
                AffectedSOPClassUID=sop_class,
                AffectedSOPInstanceUID=outbound.sop_instance_uid,
                Priority=self._priority,
            )
            operation = Operation(self._performs[sop_class, outbound.transfer_syntax_uid], command, outbound.file)
            yield operation
        return _status(operation.answer)


def _status(answer: Command | None) -> int:
    """Return the status of an answer; one without a status is a failure."""
    return status.PROCESSING_FAILURE if answer is None or answer.Status is None else answer.Status
