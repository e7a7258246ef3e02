"""Retrieval as a user (SCU): C-MOVE to a third node, C-GET over the same association (PS3.4 C.4.2, C.4.3)."""

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass

from isocenter.dicom.header import read_header
from isocenter.dicom.uids import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    SOP_CLASSES,
    STORAGE_SOP_CLASSES,
    transfer_syntax,
)
from isocenter.dimse.commands import CommandField
from isocenter.dimse.status import StatusCategory, category, describe
from isocenter.errors import InvalidObjectError
from isocenter.index.query import Level
from isocenter.net.client import ClientAssociation, Proposal
from isocenter.net.query import make_identifier
from isocenter.services.information_model import IDENTIFIER_SYNTAXES, InformationModel
from isocenter.services.service import Response, Service
from isocenter.services.store import PREFERENCE
from isocenter.ul.association import NegotiatedContext
from isocenter.ul.items import MAX_PRESENTATION_CONTEXTS

_FAILED_UIDS = 0x00080058
_UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a retrieval is; ``status`` of the last one says how it ended, ``failed_uids`` what was not sent."""

    status: int
    remaining: int
    completed: int
    failed: int
    warning: int
    comment: str = ""
    failed_uids: tuple[str, ...] = ()

    @property
    def category(self) -> StatusCategory:
        """What the status means."""
        return category(self.status)

    def __str__(self) -> str:
        counts = f"{self.completed} done, {self.warning} with warnings, {self.failed} failed"
        comment = f": {self.comment}" if self.comment else ""
        return f"{counts}; {describe(self.status)}{comment}"


def move(
    association: ClientAssociation,
    model: InformationModel,
    level: Level,
    keys: Mapping[int, str],
    destination: str,
) -> Generator[Progress]:
    """Have a node send objects to ``destination``, and yield each of its reports, the last one too.

    Raises:
        UnsupportedError: the node does not accept the model.
        PeerError: the association broke off.
    """
    responses = association.ask(
        model.move, CommandField.C_MOVE_RQ, make_identifier(level, keys), MoveDestination=destination
    )
    with closing(responses):
        for context, response in responses:
            yield _progress(context, response)


def get(
    association: ClientAssociation,
    model: InformationModel,
    level: Level,
    keys: Mapping[int, str],
    service: Service,
) -> Generator[Progress]:
    """Have a node send objects over this association to ``service``, and yield each of its reports, the last one too.

    Raises:
        UnsupportedError: the node does not accept the model.
        PeerError: the association broke off.
    """
    responses = association.ask(model.get, CommandField.C_GET_RQ, make_identifier(level, keys), service=service)
    with closing(responses):
        for context, response in responses:
            yield _progress(context, response)


def move_proposal(model: InformationModel, *, relational: bool = False) -> Proposal:
    """Return what an association needs for ``move``."""
    return Proposal(model.move, IDENTIFIER_SYNTAXES, extended=b"\1" if relational else b"")


def get_proposals(
    model: InformationModel, wanted: Mapping[str, tuple[str, ...]], *, relational: bool
) -> list[Proposal]:
    """Return what an association needs for ``get``: the model, and storage to be performed on this side.

    ``wanted``: SOP class -> transfer syntaxes that its objects are known to have; if it is empty, nothing is known, and
    uncompressed forms of what fits into an association are proposed.
    """
    pairs = dict.fromkeys((uid, syntax) for uid, known in wanted.items() for syntax in (*known, *_UNCOMPRESSED))
    stores = [Proposal(uid, (syntax,), perform=True) for uid, syntax in pairs]
    stores = stores or [Proposal(uid, _UNCOMPRESSED, perform=True) for uid in _usual_classes()]
    asking = Proposal(model.get, IDENTIFIER_SYNTAXES, extended=b"\1" if relational else b"")
    return [asking, *stores][:MAX_PRESENTATION_CONTEXTS]


def all_syntaxes(sop_classes: list[str]) -> dict[str, tuple[str, ...]]:
    """Return as many transfer syntaxes for each SOP class as an association has room for, the most usual first."""
    room = (MAX_PRESENTATION_CONTEXTS - 1) // max(len(sop_classes), 1)
    return dict.fromkeys(sop_classes, PREFERENCE[: max(room, 1)])


def _usual_classes() -> list[str]:
    """Return the storage SOP classes, those that are not retired first."""
    return sorted(STORAGE_SOP_CLASSES, key=lambda uid: (SOP_CLASSES[uid].retired, len(uid), uid))


def _progress(context: NegotiatedContext, response: Response) -> Progress:
    command, data_set = response.command, response.data_set
    failed: tuple[str, ...] = ()
    if data_set:
        try:
            syntax = transfer_syntax(context.transfer_syntax)
            failed = read_header(data_set, syntax, (_FAILED_UIDS,)).get(_FAILED_UIDS, ())
        except InvalidObjectError:
            failed = ()
    return Progress(
        status=command.Status or 0,
        remaining=command.NumberOfRemainingSuboperations or 0,
        completed=command.NumberOfCompletedSuboperations or 0,
        failed=command.NumberOfFailedSuboperations or 0,
        warning=command.NumberOfWarningSuboperations or 0,
        comment=command.ErrorComment or "",
        failed_uids=failed,
    )
