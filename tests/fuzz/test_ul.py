"""Mutated streams of an association, written by pynetdicom: the core never raises, and always comes to an end.

What the core lets through goes on to ``dimse``: a request that could be read has a response that can be written.
"""

from collections.abc import Callable, Iterator
from random import Random

import pytest
from pynetdicom import build_context, build_role
from pynetdicom.dimse_messages import C_ECHO_RQ, C_FIND_RQ, C_STORE_RQ, C_STORE_RSP
from pynetdicom.dimse_primitives import C_ECHO, C_FIND, C_STORE
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ, A_RELEASE_RP, A_RELEASE_RQ, P_DATA_TF
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    A_RELEASE,
    AsynchronousOperationsWindowNegotiation,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)

from isocenter.dimse.commands import respond, write_command
from isocenter.dimse.message import CommandReceived, MessageReader
from isocenter.errors import RemoteProtocolError
from isocenter.ul.association import Association, Role
from isocenter.ul.events import (
    AssociationRequested,
    DataReceived,
    ReleaseRequested,
    TransportOpened,
)
from isocenter.ul.items import PresentationContext
from isocenter.ul.negotiation import AcceptorPolicy, negotiate
from isocenter.ul.pdu import AssociateReject, AssociateRequest, ReleaseResponse
from isocenter.ul.user_information import UserInformation

CASES = 3000
FIND, CT, VERIFICATION = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.1"
SYNTAXES = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
POLICY = AcceptorPolicy("ARCHIVE", transfer_syntaxes=dict.fromkeys((FIND, CT, VERIFICATION), SYNTAXES))


def user_information() -> list[object]:
    """Return every item of user information there is."""
    length, implementation, version = (
        MaximumLengthNotification(), ImplementationClassUIDNotification(), ImplementationVersionNameNotification(),
    )  # fmt: skip
    length.maximum_length_received = 16384
    implementation.implementation_class_uid, version.implementation_version_name = "1.2.3", "FUZZ"
    window, identity = AsynchronousOperationsWindowNegotiation(), UserIdentityNegotiation()
    window.maximum_number_operations_invoked = window.maximum_number_operations_performed = 2
    identity.user_identity_type, identity.primary_field, identity.secondary_field = 2, b"me", b"secret"
    extended, common = SOPClassExtendedNegotiation(), SOPClassCommonExtendedNegotiation()
    extended.sop_class_uid, extended.service_class_application_information = FIND, b"\1\1\0\1"
    common.sop_class_uid, common.service_class_uid = CT, "1.2.840.10008.4.2"
    common.related_general_sop_class_identification = ["1.2.3.4"]
    return [length, implementation, version, window, build_role(CT, scp_role=True), extended, common, identity]


def association(*, accepted: bool) -> A_ASSOCIATE:
    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title, primitive.called_ae_title = "FUZZ", "ARCHIVE"
    contexts = [build_context(uid, list(SYNTAXES[: 1 if accepted else 2])) for uid in (VERIFICATION, CT, FIND)]
    for number, context in enumerate(contexts):
        context.context_id, context.result = 2 * number + 1, 0 if accepted else None
    if accepted:
        primitive.result, primitive.presentation_context_definition_results_list = 0, contexts
    else:
        primitive.presentation_context_definition_list = contexts
    primitive.user_information = user_information()[: 5 if accepted else None]
    return primitive


def encoded(kind: type, primitive: object) -> bytes:
    pdu = kind()
    pdu.from_primitive(primitive)
    return bytes(pdu.encode())


def message(kind: type, primitive: object, context_id: int) -> bytes:
    made = kind()
    made.primitive_to_message(primitive)
    return b"".join(encoded(P_DATA_TF, data) for data in made.encode_msg(context_id, 1000))


def echo() -> bytes:
    primitive = C_ECHO()
    primitive.MessageID, primitive.AffectedSOPClassUID = 1, VERIFICATION
    return message(C_ECHO_RQ, primitive, 1)


def store(*, response: bool = False) -> bytes:
    from io import BytesIO

    primitive = C_STORE()
    primitive.AffectedSOPClassUID, primitive.AffectedSOPInstanceUID = CT, "1.2.3.4.5"
    if response:
        primitive.MessageIDBeingRespondedTo, primitive.Status = 1, 0
        return message(C_STORE_RSP, primitive, 3)
    primitive.MessageID, primitive.Priority, primitive.DataSet = 2, 0, BytesIO(bytes(range(256)) * 10)
    primitive.MoveOriginatorApplicationEntityTitle, primitive.MoveOriginatorMessageID = "MOVER", 7
    return message(C_STORE_RQ, primitive, 3)


def find() -> bytes:
    from io import BytesIO

    primitive = C_FIND()
    primitive.MessageID, primitive.AffectedSOPClassUID, primitive.Priority = 3, FIND, 0
    primitive.Identifier = BytesIO(b"\x08\x00\x52\x00\x06\x00\x00\x00STUDY ")
    return message(C_FIND_RQ, primitive, 5)


@pytest.fixture(scope="module")
def requestor() -> list[bytes]:
    """What a requestor sends."""
    request, release = encoded(A_ASSOCIATE_RQ, association(accepted=False)), encoded(A_RELEASE_RQ, A_RELEASE())
    return [request + echo() + release, request + store() + find() + release, request + find() + store() + store()]


@pytest.fixture(scope="module")
def acceptor() -> list[bytes]:
    """What an acceptor sends."""
    answer = A_RELEASE()
    answer.result = "affirmative"
    accept = encoded(A_ASSOCIATE_AC, association(accepted=True))
    return [accept + store(response=True) + encoded(A_RELEASE_RP, answer), accept + store() + store(response=True)]


def understand(reader: MessageReader, data: DataReceived) -> bool:
    """Give a slice to ``dimse``; what it can read of it can be answered."""
    try:
        messages = reader.read(data)
    except RemoteProtocolError:
        return False
    for each in messages:
        if isinstance(each, CommandReceived) and not each.command.is_response:
            write_command(respond(each.command, 0x0110, "no"))
    return True


def live(core: Association, chunks: Iterator[bytes]) -> None:
    """Do what a user of the core does with all that comes."""
    reader, understood = MessageReader(), True
    for chunk in [*chunks, b""]:
        core.receive_data(chunk, 0.0)
        while (event := core.next_event()) is not None:
            if isinstance(event, AssociationRequested):
                answer = negotiate(event.request, POLICY)
                core.send(answer, 0.0)
                assert isinstance(answer, AssociateReject) or core.contexts is not None
            elif isinstance(event, ReleaseRequested):
                core.send(ReleaseResponse(), 0.0)
            elif isinstance(event, DataReceived) and understood:
                understood = understand(reader, event)
        core.data_to_send()
    assert core.finished


def test_as_acceptor(fuzz: Callable[..., None], in_pieces, requestor: list[bytes]) -> None:
    def receive(data: bytes, random: Random) -> None:
        core = Association(Role.ACCEPTOR)
        core.send(TransportOpened(), 0.0)
        live(core, in_pieces(data, random))

    receive(requestor[1], Random(0))
    fuzz(requestor, receive, CASES)


def test_as_requestor(fuzz: Callable[..., None], in_pieces, acceptor: list[bytes]) -> None:
    contexts = tuple(
        PresentationContext(2 * number + 1, uid, SYNTAXES) for number, uid in enumerate((VERIFICATION, CT, FIND))
    )
    request = AssociateRequest("ARCHIVE", "FUZZ", contexts, UserInformation(max_length=16384))

    def receive(data: bytes, random: Random) -> None:
        core = Association(Role.REQUESTOR)
        core.send(request, 0.0)
        core.send(TransportOpened(), 0.0)
        live(core, in_pieces(data, random))

    fuzz(acceptor, receive, CASES // 2)
