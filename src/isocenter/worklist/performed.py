"""Performed procedure steps of an archive: made and changed by modalities, searched by everybody (PS3.4 F.7, F.8)."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from isocenter.dicom import dictionary
from isocenter.dicom.json import Json
from isocenter.dicom.nested import Keys, matches, texts
from isocenter.dicom.uids import is_valid_uid, new_uid
from isocenter.index.database import Database
from isocenter.index.performed import COLUMNS, NewStep, PerformedStep, PerformedSteps
from isocenter.worklist.performed_attributes import SCHEDULED_SEQUENCE
from isocenter.worklist.performed_rules import StepError, changed, created, status_of

MODALITY_PERFORMED_PROCEDURE_STEP = "1.2.840.10008.3.1.2.3.3"
_PAGE = 200
_SOP_CLASS, _SOP_INSTANCE = "00080016", "00080018"
_STUDY, _STEP = "0020000D", "00400009"
#: Column -> the tag whose key restricts it.
_TAGS: Mapping[str, int] = {"SOPInstanceUID": int(_SOP_INSTANCE, 16), "status": 0x00400252} | {
    name: dictionary.tag(name) for name in COLUMNS
}


class InvalidInstanceError(StepError):
    """A SOP Instance UID that is none."""

    dimse_status = 0x0117


class Performed:
    """What was done; what it means for the worklist is filed with it."""

    def __init__(self, database: Database) -> None:
        self._steps = PerformedSteps(database)

    def create(self, uid: str, given: Json, calling_aet: str) -> str:
        """File a new step and return its SOP Instance UID, which is made where none is given.

        Raises:
            StepError: it is not as it has to be.
            DuplicateStepError: its UID is there already.
        """
        if uid and not is_valid_uid(uid):
            raise InvalidInstanceError("the SOP Instance UID is no UID")
        uid = uid or new_uid()
        data_set = created(given) | {
            _SOP_CLASS: {"vr": "UI", "Value": [MODALITY_PERFORMED_PROCEDURE_STEP]},
            _SOP_INSTANCE: {"vr": "UI", "Value": [uid]},
        }
        columns = {name: tuple(_texts(data_set, f"{_TAGS[name]:08X}")) for name in COLUMNS}
        self._steps.add(NewStep(uid, status_of(data_set), calling_aet, data_set, columns, _scheduled(data_set)))
        return uid

    def change(self, uid: str, given: Json) -> tuple[int, ...]:
        """Change a step; return the attributes that were left as they were, since they may not be changed.

        Raises:
            NotFoundError: there is no such step.
            StepError: it is over, or would not be as it has to be.
        """
        left: tuple[int, ...] = ()

        def make(current: Json) -> tuple[str, Json]:
            nonlocal left
            own = {name: value for name, value in given.items() if name not in (_SOP_CLASS, _SOP_INSTANCE)}
            after, left = changed(current, own)
            return status_of(after), after

        self._steps.change(uid, make)
        return left

    def get(self, uid: str) -> PerformedStep:
        """Return a step.

        Raises:
            NotFoundError: there is no such step.
        """
        return self._steps.get(uid)

    def forget(self, days: int, now: datetime) -> int:
        """Delete steps that were over so many days ago; 0 days: none. Return how many."""
        return self._steps.forget(int((now - timedelta(days=days)).timestamp() * 1000)) if days else 0

    def find(self, keys: Keys) -> Iterator[PerformedStep]:
        """Yield the steps that match, newest first.

        Raises:
            UsageError: a key has too many values.
        """
        restrictions = {column: keys.get(tag) for column, tag in _TAGS.items()}
        for page in self._steps.pages(restrictions, _PAGE):
            yield from (step for step in page if matches(keys, step.data_set))


def _texts(data_set: Mapping[str, Any], name: str) -> list[str]:
    return texts(data_set.get(name, {}).get("Value", []))


def _scheduled(data_set: Json) -> list[tuple[str, str]]:
    """Return study UID and step ID of the scheduled steps that a performed one names; an unscheduled one names none."""
    items = data_set[SCHEDULED_SEQUENCE]["Value"]
    pairs = [("".join(_texts(item, _STUDY)), "".join(_texts(item, _STEP))) for item in items]
    return list(dict.fromkeys((study.strip(), step.strip()) for study, step in pairs if study and step))
