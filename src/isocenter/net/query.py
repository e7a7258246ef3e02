"""Query as a user (SCU, PS3.4 C.4.1): an identifier out, DICOM JSON Model objects back."""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any

from isocenter.dicom import dictionary
from isocenter.dicom.json import Json, data_set_to_json
from isocenter.dicom.uids import transfer_syntax
from isocenter.dimse.commands import Command, CommandField
from isocenter.dimse.status import StatusCategory, category, describe
from isocenter.errors import InvalidObjectError, PeerError
from isocenter.index.query import Level
from isocenter.net.client import ClientAssociation, Proposal
from isocenter.services.identifier import QUERY_RETRIEVE_LEVEL, write_identifier
from isocenter.services.information_model import IDENTIFIER_SYNTAXES, LEVEL_NAMES, InformationModel
from isocenter.ul.association import NegotiatedContext

_UTF_8 = ("ISO_IR 192",)


def query_proposal(model: InformationModel, *, relational: bool = False, fuzzy: bool = False) -> Proposal:
    """Return what an association needs for ``find``."""
    extended = bytes((relational, 0, fuzzy)) if relational or fuzzy else b""
    return Proposal(model.find, IDENTIFIER_SYNTAXES, extended=extended)


def find(
    association: ClientAssociation, model: InformationModel, level: Level, keys: Mapping[int, str]
) -> Generator[dict[str, Any]]:
    """Yield the answers to a query; whoever stops early makes the peer stop, too.

    Raises:
        UnsupportedError: the peer does not accept the model.
        PeerError: it answered with a failure, or the association broke off.
    """
    yield from find_answers(association, model.find, make_identifier(level, keys))


def find_answers(
    association: ClientAssociation, abstract_syntax: str, identifier: Callable[[NegotiatedContext], bytes]
) -> Generator[dict[str, Any]]:
    """Yield the answers to a C-FIND in any information model; whoever stops early makes the peer stop, too.

    Raises:
        UnsupportedError: the peer does not accept the model.
        PeerError: it answered with a failure, or the association broke off.
    """
    with closing(association.ask(abstract_syntax, CommandField.C_FIND_RQ, identifier)) as responses:
        for context, response in responses:
            command, data_set = response.command, response.data_set
            if category(command.Status or 0) is not StatusCategory.PENDING:
                check_last(association, command)
                return
            syntax = transfer_syntax(context.transfer_syntax)
            try:
                answer = data_set_to_json(data_set or b"", syntax, bulk_data_uri=None)
            except InvalidObjectError as error:
                raise PeerError(f"{association.peer} sent an answer that cannot be read: {error}") from error
            yield answer


def make_identifier(level: Level, keys: Mapping[int, str]) -> Callable[[NegotiatedContext], bytes]:
    """Return the function that writes an identifier as the context that it goes out on wants it."""
    attributes = {f"{tag:08X}": _attribute(dictionary.vr(tag), key) for tag, key in keys.items()}
    attributes[f"{QUERY_RETRIEVE_LEVEL:08X}"] = _attribute("CS", LEVEL_NAMES[level])
    return written(attributes)


def written(attributes: Json) -> Callable[[NegotiatedContext], bytes]:
    """Return the function that writes attributes as the context that they go out on wants them."""

    def write(context: NegotiatedContext) -> bytes:
        return write_identifier(attributes, transfer_syntax(context.transfer_syntax), _UTF_8)

    return write


def _attribute(vr: str, key: str) -> dict[str, Any]:
    return {"vr": vr, "Value": key.split("\\")} if key and vr != "SQ" else {"vr": vr}


def check_last(association: ClientAssociation, command: Command) -> None:
    """Raise PeerError where the last response says that something failed."""
    status = command.Status or 0
    if category(status) is StatusCategory.FAILURE:
        comment = f": {command.ErrorComment}" if command.ErrorComment else ""
        raise PeerError(f"{association.peer} answered {describe(status)}{comment}")
