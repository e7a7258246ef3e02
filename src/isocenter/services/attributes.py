"""Data sets of requests that are attributes and nest: collected as they arrive, read when they are whole."""

from isocenter.dicom.json import Json, data_set_to_json
from isocenter.dicom.uids import TransferSyntax, transfer_syntax
from isocenter.dimse.commands import Command
from isocenter.errors import InvalidObjectError
from isocenter.services.service import Handler, ServiceContext

#: A performed procedure step that lists some thirty thousand images still fits.
MAX_ATTRIBUTES = 1 << 22
SPECIFIC_CHARACTER_SET = "00080005"


class AttributesReader:
    """Collects a data set and reads it as a DICOM JSON Model object."""

    def __init__(self, syntax: TransferSyntax, limit: int = MAX_ATTRIBUTES) -> None:
        self.syntax = syntax
        self._limit = limit
        self._data = bytearray()
        self._too_long = False

    def write(self, *chunks: memoryview) -> None:
        """Take the next slices; what is too long is passed over."""
        for chunk in chunks:
            self._too_long = self._too_long or len(self._data) + len(chunk) > self._limit
            if not self._too_long:
                self._data += chunk

    def read(self) -> tuple[Json, tuple[str, ...]]:
        """Return the attributes without Specific Character Set, and its values.

        Raises:
            InvalidObjectError: it is broken or too long.
        """
        if self._too_long:
            raise InvalidObjectError(f"the data set is longer than {self._limit >> 20} MiB")
        attributes = data_set_to_json(bytes(self._data), self.syntax, bulk_data_uri=None)
        declared = attributes.pop(SPECIFIC_CHARACTER_SET, {}).get("Value", [])
        return attributes, tuple(str(term or "") for term in declared)


class AttributesHandler(Handler):
    """One request whose data set is attributes, which are collected here; ``finish`` is what answers it."""

    def __init__(self, context: ServiceContext, command: Command, limit: int = MAX_ATTRIBUTES) -> None:
        self._context = context
        self._command = command
        #: The instance that is meant.
        self._uid = command.RequestedSOPInstanceUID or command.AffectedSOPInstanceUID or ""
        self._reader = AttributesReader(transfer_syntax(context.transfer_syntax_uid), limit)

    def write(self, *chunks: memoryview) -> None:
        """Collect the data set."""
        self._reader.write(*chunks)
