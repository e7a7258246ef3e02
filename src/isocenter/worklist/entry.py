"""One entry of the worklist: a requested procedure with one scheduled procedure step, checked and complete (PS3.4 K.6).

Pure, but for the UIDs and numbers that it makes up.
"""

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from isocenter.dicom import dictionary
from isocenter.dicom.json import Json
from isocenter.dicom.nested import texts
from isocenter.dicom.uids import new_uid
from isocenter.errors import UsageError
from isocenter.index.worklist import STEP_SEQUENCE, STEP_STATUS, NewEntry
from isocenter.worklist.flat import read_attributes
from isocenter.worklist.keys import KEYS, STATES, Need, WorklistKey, placed

_STUDY_UID = "StudyInstanceUID"
#: What tells one order from another, where a file names neither study nor step.
_SAME = tuple(key for key in KEYS if key.keyword in {"PatientID", "AccessionNumber", "ScheduledProcedureStepStartDate"})
#: Requested Procedure Description and Code Sequence, Scheduled Procedure Step Description, Scheduled Protocol Code
#: Sequence.
_REQUESTED, _REQUESTED_CODES, _SCHEDULED, _SCHEDULED_CODES = "00321060", "00321064", "00400007", "00400008"


def read_entry(given: Mapping[str, Any]) -> NewEntry:
    """Return the entry of a data set, DICOM JSON or flat, with UIDs and numbers made up where they are missing.

    Raises:
        UsageError: it is no entry; the message says what is missing or wrong.
    """
    data_set = placed(read_attributes(given))
    _check_one_step(data_set)
    missing = [key.keyword for key in KEYS if key.need is Need.GIVEN and not _texts(data_set, key)]
    if missing:
        raise UsageError(f"an entry needs {', '.join(missing)}")
    _describe(data_set)
    return make_entry(data_set)


def make_entry(data_set: Json, *, name: str = "") -> NewEntry:
    """Return the entry of a data set that is in order; what it lacks is made up.

    For one ``name`` (of a file) it is always the same, as long as patient, accession number and date are, too: a file
    that is written anew for somebody else must not give its UIDs to them.

    Raises:
        UsageError: it has not one step, or the step's status is none.
    """
    _check_one_step(data_set)
    seed = "\n".join((name, *(text for key in _SAME for text in _texts(data_set, key)))) if name else ""
    for key in KEYS:
        if key.need is Need.MADE and not _texts(data_set, key):
            _place(data_set, key)[f"{key.tag:08X}"] = {"vr": dictionary.vr(key.tag), "Value": [_made(key, seed)]}
    status = "".join(texts(_step(data_set).get(STEP_STATUS, {}).get("Value", [])[:1]))
    if status and status not in STATES:
        raise UsageError(f"ScheduledProcedureStepStatus: use one of {', '.join(STATES)}")
    columns = {key.keyword: _texts(data_set, key) for key in KEYS if key.keyword in NewEntry.COLUMNS}
    return NewEntry(data_set, columns, status)


def _describe(data_set: Json) -> None:
    """Let what is requested and its step have a description each (type 1C without codes): the one that there is."""
    step = _step(data_set)
    requested, scheduled = data_set.get(_REQUESTED, {}), step.get(_SCHEDULED, {})
    if scheduled.get("Value") and not requested.get("Value") and not data_set.get(_REQUESTED_CODES, {}).get("Value"):
        data_set[_REQUESTED] = scheduled
    if requested.get("Value") and not scheduled.get("Value") and not step.get(_SCHEDULED_CODES, {}).get("Value"):
        step[_SCHEDULED] = requested


def _check_one_step(data_set: Json) -> None:
    items = data_set.get(STEP_SEQUENCE, {}).get("Value", [])
    if len(items) != 1 or not isinstance(items[0], dict):
        raise UsageError("an entry needs one item in ScheduledProcedureStepSequence; make an entry for each step")


def _step(data_set: Json) -> Json:
    step: Json = data_set[STEP_SEQUENCE]["Value"][0]
    return step


def _place(data_set: Json, key: WorklistKey) -> Json:
    return _step(data_set) if key.in_step else data_set


def _texts(data_set: Json, key: WorklistKey) -> tuple[str, ...]:
    """Return the values of an attribute that are not empty."""
    found = texts(_place(data_set, key).get(f"{key.tag:08X}", {}).get("Value", []))
    return tuple(text for text in found if text)


def _made(key: WorklistKey, seed: str) -> str:
    """Return a UID or a number of 12 characters, random or, for a seed, always the same."""
    if key.keyword == _STUDY_UID:
        return f"2.25.{_seeded(seed, key).int}" if seed else new_uid()
    return (_seeded(seed, key).hex[:12] if seed else secrets.token_hex(6)).upper()


def _seeded(seed: str, key: WorklistKey) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"isocenter:worklist:{key.keyword}:{seed}")
