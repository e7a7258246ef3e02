"""Storage (PS3.4 Annex B): C-STORE, into the archive, as it was sent.

Success means what the archive's receipt means: durable and indexed. Errors become their DIMSE status with a comment
that holds no patient data; the rest of the data set is passed over, so the association goes on.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Protocol

from isocenter.archive import Outcome, Receipt, Source
from isocenter.dicom.uids import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    STORAGE_SOP_CLASSES,
    TRANSFER_SYNTAXES,
    is_valid_uid,
)
from isocenter.dimse.commands import Command, CommandField, respond
from isocenter.dimse.status import COERCION_OF_DATA_ELEMENTS, SUCCESS, UNRECOGNIZED_OPERATION
from isocenter.errors import IsocenterError
from isocenter.services.service import Answer, Handler, Message, Service, ServiceContext
from isocenter.settings import Settings

logger = logging.getLogger(__name__)


#: What a peer that can send an object in several transfer syntaxes is asked for, best first: uncompressed rather than
#: transcoded, then lossless codings by how widely they are read, then lossy ones. All others come after, lossy last.
_BEST = (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    "1.2.840.10008.1.2.4.70",  # JPEG Lossless, first-order prediction
    "1.2.840.10008.1.2.4.80",  # JPEG-LS Lossless
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 Lossless
    "1.2.840.10008.1.2.4.201",  # HTJ2K Lossless
    "1.2.840.10008.1.2.5",  # RLE Lossless
    "1.2.840.10008.1.2.4.57",  # JPEG Lossless
    EXPLICIT_VR_BIG_ENDIAN,
    "1.2.840.10008.1.2.4.50",  # JPEG Baseline
    "1.2.840.10008.1.2.4.51",  # JPEG Extended
)
#: In the table, but no encoding of a data set: MIME and XML encapsulation, and PS3.22 real-time video.
_NO_DATA_SETS = frozenset({"1.2.840.10008.1.2.6.1", "1.2.840.10008.1.2.6.2"})
_REAL_TIME = "1.2.840.10008.1.2.7."


def _preference() -> tuple[str, ...]:
    known = [s for s in TRANSFER_SYNTAXES.values() if s.uid not in _NO_DATA_SETS and not s.uid.startswith(_REAL_TIME)]
    others = sorted((s for s in known if s.uid not in _BEST), key=lambda s: (s.lossy, s.retired, s.uid))
    return (*_BEST, *(s.uid for s in others))


#: All transfer syntaxes that an object can be stored in, best first.
PREFERENCE: tuple[str, ...] = _preference()


class _Reception(Protocol):
    """The part of ``archive.Reception`` that is used here."""

    def write(self, *chunks: memoryview) -> None: ...
    def finish(self) -> Receipt: ...
    def discard(self) -> None: ...


class Receiver(Protocol):
    """The part of ``archive.Archive`` that is used here."""

    def receive(
        self, source: Source, transfer_syntax_uid: str, *, sop_class_uid: str = "", sop_instance_uid: str = ""
    ) -> _Reception:
        """Begin to receive a data set."""


class StoreService(Service):
    """Answers C-STORE for all storage SOP classes and, by setting, for any other abstract syntax."""

    permission = "store"
    queues = True

    def __init__(self, archive: Receiver, settings: Settings) -> None:
        self._archive = archive
        self.abstract_syntaxes: Mapping[str, tuple[str, ...]] = dict.fromkeys(STORAGE_SOP_CLASSES, PREFERENCE)
        self.unknown_abstract_syntaxes: tuple[str, ...] = PREFERENCE if settings.accept_unknown_sop_classes else ()

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Start a reception; what is wrong already is answered when the data set has passed."""
        if command.CommandField != CommandField.C_STORE_RQ:
            return Answer(respond(command, UNRECOGNIZED_OPERATION))
        return _Store(self._archive, context, command)


class _Store(Handler):
    """One C-STORE: a reception, or the error that ended it."""

    def __init__(self, archive: Receiver, context: ServiceContext, command: Command) -> None:
        self._context = context
        self._command = command
        self._reception: _Reception | None = None
        self._error: IsocenterError | None = None
        source = Source("dimse", context.calling_aet, context.address)
        try:
            self._reception = archive.receive(
                source,
                context.transfer_syntax_uid,
                sop_class_uid=command.AffectedSOPClassUID or "",
                sop_instance_uid=command.AffectedSOPInstanceUID or "",
            )
        except IsocenterError as error:
            self._error = error

    def write(self, *chunks: memoryview) -> None:
        """Pass the slices on; after an error they go nowhere."""
        if self._reception is None:
            return
        try:
            self._reception.write(*chunks)
        except IsocenterError as error:
            self._error = error
            self.discard()

    def finish(self) -> Iterable[Message]:
        """Return the response, once the archive has the object for good or not at all."""
        if self._reception is not None:
            try:
                receipt = self._reception.finish()
            except IsocenterError as error:
                self._error = error
            else:
                return (self._accepted(receipt),)
        assert self._error is not None
        return (self._refused(self._error),)

    def discard(self) -> None:
        """Undo the reception."""
        reception, self._reception = self._reception, None
        if reception is not None:
            reception.discard()

    def _accepted(self, receipt: Receipt) -> Command:
        """Say truthfully what became of the object.

        A conflict (the UID is known with another data set) is a warning: the object is kept, but not in the place
        that its UID names, until a person decides. PS3.4 B.2.3 has three warnings; B000H is the one that says "kept,
        but not under the data elements you sent", and senders take any BxxxH as stored, so nothing is sent again.
        The comment says what happened, since PS3.7 C.4 gives a success no comment.
        """
        for warning in receipt.warnings:
            self._log("kept", warning)
        if receipt.outcome is Outcome.CONFLICT:
            return respond(
                self._command, COERCION_OF_DATA_ELEMENTS, "conflicts with an object stored before; both kept"
            )
        return respond(self._command, SUCCESS)

    def _refused(self, error: IsocenterError) -> Command:
        self._log("refused", str(error))
        return respond(self._command, error.dimse_status, str(error))

    def _log(self, what: str, why: str) -> None:
        """Name the object by its UID, as far as it is one: nothing else of it is fit for a log."""
        context, uid = self._context, self._command.AffectedSOPInstanceUID or ""
        logger.warning(
            "association %d: %s@%s: object %s %s: %s",
            context.association_id, context.calling_aet, context.address, uid if is_valid_uid(uid) else "?", what, why,
        )  # fmt: skip
