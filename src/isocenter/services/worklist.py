"""Modality Worklist (PS3.4 Annex K): C-FIND over the scheduled procedure steps; each answer is one step."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from isocenter.dicom.json import Json
from isocenter.dicom.nested import Keys
from isocenter.dimse import status
from isocenter.dimse.commands import Command, CommandField, respond
from isocenter.index.worklist import WorklistEntry
from isocenter.services.information_model import IDENTIFIER_SYNTAXES
from isocenter.services.nested_find import NestedFind
from isocenter.services.service import Answer, Handler, Service, ServiceContext
from isocenter.settings import Settings

MODALITY_WORKLIST_FIND = "1.2.840.10008.5.1.4.31"


class Scheduled(Protocol):
    """The part of ``worklist.Worklist`` that is used here."""

    def find(self, keys: Keys) -> Iterator[WorklistEntry]:
        """Yield the entries that match."""


class WorklistService(Service):
    """Answers C-FIND for the worklist."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = {MODALITY_WORKLIST_FIND: IDENTIFIER_SYNTAXES}
    permission = "find"

    def __init__(self, worklist: Scheduled, settings: Settings) -> None:
        self.worklist = worklist
        self.limit: int = settings.find_limit

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Begin to take the identifier."""
        if command.CommandField != CommandField.C_FIND_RQ:
            return Answer(respond(command, status.UNRECOGNIZED_OPERATION))
        return NestedFind(self._find, self.limit, "worklist", context, command)

    def _find(self, keys: Keys) -> Iterator[Json]:
        return (entry.data_set for entry in self.worklist.find(keys))
