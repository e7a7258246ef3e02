"""Work items of another node, as a user (SCU) of UPS Push, Pull, Watch and Query (PS3.4 CC.2): one function a request.

A work item is always an instance of UPS Push; each request goes out over the first of the SOP classes that have it
(Tables CC.2-1 to CC.2-5) and that the peer has accepted.
"""

from collections.abc import Generator, Sequence

from isocenter.dicom.json import Json, data_set_to_json
from isocenter.dicom.uids import transfer_syntax
from isocenter.dimse.commands import Command, CommandField
from isocenter.errors import InvalidObjectError, PeerError, UnsupportedError
from isocenter.net.client import ClientAssociation, Proposal
from isocenter.net.query import check_last, find_answers, written
from isocenter.services.information_model import IDENTIFIER_SYNTAXES
from isocenter.services.ups import (
    CHANGE_STATE,
    REQUEST_CANCEL,
    SUBSCRIBE,
    UNSUBSCRIBE,
    UPS_PULL,
    UPS_QUERY,
    UPS_WATCH,
)
from isocenter.ups.attributes import FILTERED_SUBSCRIPTION, GLOBAL_SUBSCRIPTION, UPS_PUSH, data_set

PROPOSALS = tuple(Proposal(uid, IDENTIFIER_SYNTAXES) for uid in (UPS_PUSH, UPS_PULL, UPS_WATCH, UPS_QUERY))


def find_work_items(association: ClientAssociation, query: Json) -> Generator[Json]:
    """Yield the work items that match; whoever stops early makes the peer stop.

    Raises:
        UnsupportedError: the peer answers no such question.
        PeerError: it answered with a failure, or the association broke off.
    """
    yield from find_answers(association, _way(association, UPS_QUERY, UPS_PULL, UPS_WATCH), written(query))


def get_work_item(association: ClientAssociation, uid: str) -> Json:
    """Return a work item (N-GET). Raises as all of these functions do.

    Raises:
        UnsupportedError: the peer accepted no SOP class that has this request.
        PeerError: it answered with a failure, or the association broke off.
    """
    command = _about(CommandField.N_GET_RQ, uid)
    way = _way(association, UPS_PULL, UPS_WATCH, UPS_PUSH)
    response = association.invoke(command, abstract_syntax=way)
    check_last(association, response.command)
    context = next(each for each in association.contexts if each.abstract_syntax == way)
    try:
        return data_set_to_json(response.data_set or b"", transfer_syntax(context.transfer_syntax), bulk_data_uri=None)
    except InvalidObjectError as error:
        raise PeerError(f"{association.peer} sent a work item that cannot be read: {error}") from error


def create_work_item(association: ClientAssociation, uid: str, attributes: Json) -> Command:
    """Schedule a work item (N-CREATE) and return the answer: its UID, and a warning if something was changed."""
    command = Command(CommandField.N_CREATE_RQ, AffectedSOPClassUID=UPS_PUSH, AffectedSOPInstanceUID=uid)
    return _asked(association, command, attributes, UPS_PUSH)


def update_work_item(association: ClientAssociation, uid: str, attributes: Json, transaction_uid: str) -> Command:
    """Set attributes of a work item (N-SET), claimed or, without a Transaction UID, not claimed yet."""
    given = data_set(TransactionUID=transaction_uid) if transaction_uid else {}
    return _asked(association, _about(CommandField.N_SET_RQ, uid), {**attributes, **given}, UPS_PULL)


def change_state(association: ClientAssociation, uid: str, state: str, transaction_uid: str) -> Command:
    """Claim, complete or cancel a work item (N-ACTION)."""
    wanted = data_set(ProcedureStepState=state, TransactionUID=transaction_uid)
    return _asked(association, _about(CommandField.N_ACTION_RQ, uid, CHANGE_STATE), wanted, UPS_PULL)


def request_cancel(association: ClientAssociation, uid: str, reason: str) -> Command:
    """Ask for the end of a work item that somebody else performs, or that nobody has begun (N-ACTION)."""
    why = data_set(ReasonForCancellation=reason) if reason else {}
    return _asked(association, _about(CommandField.N_ACTION_RQ, uid, REQUEST_CANCEL), why, UPS_WATCH, UPS_PUSH)


def subscribe(association: ClientAssociation, uid: str, aet: str, *, locked: bool, identifier: Json) -> Command:
    """Follow a work item; without a UID all of them, or those that match an identifier (N-ACTION)."""
    target = uid or (FILTERED_SUBSCRIPTION if identifier else GLOBAL_SUBSCRIPTION)
    given = data_set(ReceivingAE=aet, DeletionLock="TRUE" if locked else "FALSE")
    return _asked(association, _about(CommandField.N_ACTION_RQ, target, SUBSCRIBE), {**identifier, **given}, UPS_WATCH)


def unsubscribe(association: ClientAssociation, uid: str, aet: str) -> Command:
    """Follow a work item no longer; without a UID all of them (N-ACTION)."""
    command = _about(CommandField.N_ACTION_RQ, uid or GLOBAL_SUBSCRIPTION, UNSUBSCRIBE)
    return _asked(association, command, data_set(ReceivingAE=aet), UPS_WATCH)


def _asked(association: ClientAssociation, command: Command, attributes: Json, *ways: str) -> Command:
    response = association.invoke(command, written(attributes), abstract_syntax=_way(association, *ways))
    check_last(association, response.command)
    return response.command


def _about(field: CommandField, uid: str, action: int | None = None) -> Command:
    return Command(field, RequestedSOPClassUID=UPS_PUSH, RequestedSOPInstanceUID=uid, ActionTypeID=action)


def _way(association: ClientAssociation, *ways: str) -> str:
    """Return the first of these SOP classes that the peer accepted."""
    accepted: Sequence[str] = [context.abstract_syntax for context in association.contexts]
    found = next((way for way in ways if way in accepted), None)
    if found is None:
        raise UnsupportedError(f"{association.peer} does not accept this of work items (Unified Procedure Steps)")
    return found
