"""The one tree of errors, with what each means at the three borders.

Every class carries the HTTP status, the DIMSE status (PS3.7 Annex C, PS3.4 B.2.3) and the exit code that a border
answers with. Raise near the cause; translate once, at the border.
"""

from typing import ClassVar


class IsocenterError(Exception):
    """Something went wrong that the program can name; ``str(error)`` says what to do about it."""

    http_status: ClassVar[int] = 500
    dimse_status: ClassVar[int] = 0x0110  # Processing failure
    exit_code: ClassVar[int] = 1


class UsageError(IsocenterError):
    """The caller asked for something that makes no sense: a wrong option, a query that cannot be read."""

    http_status = 400
    dimse_status = 0x0115  # Invalid argument value
    exit_code = 2


class NotFoundError(IsocenterError):
    """There is no such study, series, instance, frame or file."""

    http_status = 404
    dimse_status = 0x0112  # No such SOP Instance


class InvalidObjectError(IsocenterError):
    """The object cannot be stored: not DICOM, cut short, or without the UIDs that identify it."""

    http_status = 409
    dimse_status = 0xC000  # Cannot understand


class DirectoryError(InvalidObjectError):
    """It is a DICOMDIR, which lists objects and is none."""


class NotDicomError(InvalidObjectError):
    """It is a file of another kind: it neither begins as DICOM does nor is empty, as what could not be copied is."""


class MismatchError(InvalidObjectError):
    """The data set is not the object that its command announced."""

    dimse_status = 0xA900  # Data set does not match SOP Class


class UnsupportedError(IsocenterError):
    """A SOP class, transfer syntax or media type that this program does not handle."""

    http_status = 406
    dimse_status = 0x0122  # SOP Class not supported


class OutOfResourcesError(IsocenterError):
    """No room or no capacity left; the same request may succeed later."""

    http_status = 507
    dimse_status = 0xA700  # Out of resources


class ConfigurationError(IsocenterError):
    """A setting, port or folder is not usable as given."""

    exit_code = 2


class PeerError(IsocenterError):
    """The remote application entity could not be reached, refused, or answered with a failure."""

    http_status = 502


class ProtocolError(IsocenterError):
    """The rules of the DICOM upper layer or of DIMSE were broken."""


class LocalProtocolError(ProtocolError):
    """This program tried something that the protocol does not allow in this state."""


class RemoteProtocolError(ProtocolError):
    """The peer sent what the protocol does not allow; the association ends in an abort.

    ``reason`` is the A-ABORT reason (PS3.8 9.3.8): 0 not specified, 1 unrecognised PDU, 2 unexpected PDU,
    4 unrecognised PDU parameter, 5 unexpected PDU parameter, 6 invalid PDU parameter value.
    """

    def __init__(self, message: str, reason: int = 0) -> None:
        super().__init__(message)
        self.reason = reason
