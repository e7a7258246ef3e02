"""The worklist and performed procedure steps as a user (SCU, PS3.4 K and F): asked for, reported."""

from collections.abc import Generator
from typing import Any

from isocenter.dimse.commands import Command, CommandField
from isocenter.net.client import ClientAssociation, Proposal
from isocenter.net.query import check_last, find_answers, written
from isocenter.services.information_model import IDENTIFIER_SYNTAXES
from isocenter.services.worklist import MODALITY_WORKLIST_FIND
from isocenter.worklist.performed import MODALITY_PERFORMED_PROCEDURE_STEP

WORKLIST_PROPOSAL = Proposal(MODALITY_WORKLIST_FIND, IDENTIFIER_SYNTAXES)
MPPS_PROPOSAL = Proposal(MODALITY_PERFORMED_PROCEDURE_STEP, IDENTIFIER_SYNTAXES)


def find_scheduled(association: ClientAssociation, query: dict[str, Any]) -> Generator[dict[str, Any]]:
    """Yield the entries that match a query, both DICOM JSON Model objects; whoever stops early makes the peer stop.

    Raises:
        UnsupportedError: the peer has no worklist.
        PeerError: it answered with a failure, or the association broke off.
    """
    yield from find_answers(association, MODALITY_WORKLIST_FIND, written(query))


def create_step(association: ClientAssociation, uid: str, data_set: dict[str, Any]) -> None:
    """Report that a step began (N-CREATE).

    Raises:
        UnsupportedError: the peer does not take reports.
        PeerError: it answered with a failure, or the association broke off.
    """
    command = Command(
        CommandField.N_CREATE_RQ,
        AffectedSOPClassUID=MODALITY_PERFORMED_PROCEDURE_STEP,
        AffectedSOPInstanceUID=uid,
    )
    check_last(association, association.invoke(command, written(data_set)).command)


def change_step(association: ClientAssociation, uid: str, data_set: dict[str, Any]) -> None:
    """Report what became of a step (N-SET).

    Raises:
        UnsupportedError: the peer does not take reports.
        PeerError: it answered with a failure, or the association broke off.
    """
    command = Command(
        CommandField.N_SET_RQ,
        RequestedSOPClassUID=MODALITY_PERFORMED_PROCEDURE_STEP,
        RequestedSOPInstanceUID=uid,
    )
    check_last(association, association.invoke(command, written(data_set)).command)
