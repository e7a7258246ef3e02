"""The association on which a peer is told of work items: we are the provider (SCP) of UPS Event (PS3.4 CC.4)."""

from isocenter.dicom.json import Json, json_to_data_set
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from isocenter.dimse.commands import Command, CommandField
from isocenter.net.client import ClientAssociation, Proposal
from isocenter.ul.association import NegotiatedContext
from isocenter.ups.attributes import UPS_PUSH

_UPS_EVENT = "1.2.840.10008.5.1.4.34.6.4"
#: What is asked for: the role of the provider, in both uncompressed syntaxes.
PROPOSAL = Proposal(_UPS_EVENT, (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN), perform=True)


class ReportAssociation:
    """Sends reports over an association that was opened with ``PROPOSAL``."""

    def __init__(self, association: ClientAssociation) -> None:
        self._association = association

    def report(self, event_type: int, uid: str, information: Json) -> int:
        """Send a report and return the status that it is answered with.

        Raises:
            UnsupportedError: the peer does not accept UPS Event.
            PeerError: the association broke off.
        """
        command = Command(
            CommandField.N_EVENT_REPORT_RQ, AffectedSOPClassUID=UPS_PUSH,
            AffectedSOPInstanceUID=uid, EventTypeID=event_type,
        )  # fmt: skip

        def encode(context: NegotiatedContext) -> bytes:
            return json_to_data_set(information, implicit=context.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN)

        return self._association.invoke(command, encode, abstract_syntax=_UPS_EVENT).command.Status or 0

    def release(self) -> None:
        """End in good order."""
        self._association.release()

    def abort(self) -> None:
        """Break off at once."""
        self._association.abort()
