"""Objects that belong to no patient (PS3.4 GG): hanging protocols, colour palettes, implant templates and their like.

They come in as all objects do (``ingest.py``) and are found here, and only here: never below a patient or study.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from isocenter.dicom.json import data_set_to_json
from isocenter.dicom.uids import transfer_syntax
from isocenter.errors import NotFoundError
from isocenter.index.entry import Instance
from isocenter.index.index import Index
from isocenter.index.non_patient import (
    KEYS,
    NonPatientQuery,
    delete_non_patient,
    find_non_patient,
    get_non_patient,
)
from isocenter.reading import data_set
from isocenter.storage.storage import Storage

__all__ = ["KEYS", "NonPatientObjects", "NonPatientQuery"]


class NonPatientObjects:
    """The non-patient objects of an archive; ``remove_garbage`` removes the bytes of what was deleted."""

    def __init__(self, storage: Storage, index: Index, remove_garbage: Callable[[], None]) -> None:
        self._storage = storage
        self._index = index
        self._remove_garbage = remove_garbage

    def find(self, query: NonPatientQuery) -> list[dict[str, Any]]:
        """Return the answers to a query, as DICOM JSON Model objects (PS3.18 F).

        Raises:
            UsageError: a key is not kept in the index, or cannot be read.
        """
        return find_non_patient(self._index.database, query)

    def get(self, uid: str) -> Instance:
        """Return the object of this SOP instance UID; its bytes are opened as those of any object.

        Raises:
            NotFoundError: there is none.
        """
        found = get_non_patient(self._index.database, uid)
        if found is None:
            raise NotFoundError("there is no such non-patient object")
        return found

    def as_json(self, instance: Instance) -> dict[str, Any]:
        """Return the whole data set as a DICOM JSON Model object, binary values inline.

        Raises:
            InvalidObjectError, NotFoundError: it cannot be read any more.
        """
        syntax = transfer_syntax(instance.transfer_syntax_uid)
        with data_set(self._storage, instance.location, instance.data_set_offset, syntax) as data:
            return data_set_to_json(data, syntax, bulk_data_uri=None, bulk_threshold=sys.maxsize)

    def delete(self, uid: str) -> None:
        """Delete an object, with those of the conflict list under its UID that are of no patient.

        Raises:
            NotFoundError: there is none.
        """
        if not delete_non_patient(self._index.database, uid, time.time_ns() // 1_000_000):
            raise NotFoundError("there is no such non-patient object")
        self._remove_garbage()
