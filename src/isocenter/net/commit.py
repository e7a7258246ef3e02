"""Storage commitment as a user (SCU, PS3.4 J.3.2), and the report of a provider over an association of its own."""

from collections.abc import Sequence

from isocenter.commitment import Reference
from isocenter.dicom.json import Json
from isocenter.dicom.uids import transfer_syntax
from isocenter.dimse.commands import Command, CommandField
from isocenter.net.client import ClientAssociation, Proposal
from isocenter.net.query import check_last
from isocenter.services.commit import ReportService, event_command
from isocenter.services.commit_report import (
    REQUEST,
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    Report,
    write_report,
    write_request,
)
from isocenter.services.identifier import write_identifier
from isocenter.services.information_model import IDENTIFIER_SYNTAXES
from isocenter.ul.association import NegotiatedContext

#: What an association needs for ``request_commitment``.
COMMIT_PROPOSAL = Proposal(STORAGE_COMMITMENT, IDENTIFIER_SYNTAXES)
#: What one needs for ``send_report``: this side is the provider, although it asks for the association.
REPORT_PROPOSAL = Proposal(STORAGE_COMMITMENT, IDENTIFIER_SYNTAXES, perform=True, ask=False)


def request_commitment(
    association: ClientAssociation, transaction_uid: str, objects: Sequence[Reference], reports: ReportService
) -> None:
    """Ask for commitment; a report that comes before the answer goes to ``reports``.

    Raises:
        UnsupportedError: the peer has no storage commitment.
        PeerError: it answered with a failure, or the association broke off.
    """
    command = Command(
        CommandField.N_ACTION_RQ,
        RequestedSOPClassUID=STORAGE_COMMITMENT,
        RequestedSOPInstanceUID=STORAGE_COMMITMENT_INSTANCE,
        ActionTypeID=REQUEST,
    )
    request = write_request(transaction_uid, objects)
    response = association.invoke(command, lambda context: _written(request, context), service=reports)
    check_last(association, response.command)


def send_report(association: ClientAssociation, report: Report) -> None:
    """Tell a peer what is committed.

    Raises:
        UnsupportedError: the peer takes no reports.
        PeerError: it answered with a failure, or the association broke off.
    """
    attributes = write_report(report)
    response = association.invoke(event_command(report), lambda context: _written(attributes, context))
    check_last(association, response.command)


def _written(attributes: Json, context: NegotiatedContext) -> bytes:
    return write_identifier(attributes, transfer_syntax(context.transfer_syntax), ())
