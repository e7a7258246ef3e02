"""Verification (PS3.4 Annex A): C-ECHO, answered with success."""

from collections.abc import Mapping

from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, VERIFICATION
from isocenter.dimse.commands import Command, CommandField, respond
from isocenter.dimse.status import SUCCESS, UNRECOGNIZED_OPERATION
from isocenter.services.service import Answer, Handler, Service, ServiceContext


class EchoService(Service):
    """Answers C-ECHO."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = {
        VERIFICATION: (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
    }
    queues = True

    def begin(self, context: ServiceContext, command: Command) -> Handler:  # noqa: ARG002 - the form of a service
        """Answer with success; any other command on this context is not ours."""
        known = command.CommandField == CommandField.C_ECHO_RQ
        return Answer(respond(command, SUCCESS if known else UNRECOGNIZED_OPERATION))
