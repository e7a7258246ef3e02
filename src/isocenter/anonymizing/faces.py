"""Faces of the series that an archive holds, found when an object of one is due (PS3.15 E.3.2).

A face is found in the whole series, also where one object of it is asked for. What was found is kept for some
series, and counts as long as they have the same objects.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Protocol

from isocenter.anonymizing import reading
from isocenter.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from isocenter.archive import Instance
    from isocenter.deid.faces import Face
    from isocenter.dicom.encoding import Buffer

    #: By SeriesInstanceUID: a face, why there is none, or "" where there is no head.
    Faces = Mapping[str, Face | str]

_MOST = 64
_CHANGED = "its series changed while faces were looked for; try again"


class Objects(reading.Objects, Protocol):
    """The part of ``archive.Archive`` that is used here."""

    def instances(self, study: str, series: str | None = None, sop: str | None = None) -> list[Instance]:
        """Return the objects of a study, of one series, or one object."""


class SeriesFaces:
    """The faces of an archive's series."""

    def __init__(self, archive: Objects) -> None:
        self._archive = archive
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], tuple[list[Instance], Faces]] = OrderedDict()

    def of(self, study: str, series: str) -> Faces:
        """Return what `isocenter.deid.defacing.find_faces` gives for a series; where it is gone, nothing. Blocks."""
        instances = self._instances(study, series)
        with self._lock:
            before, faces = self._kept.get((study, series), ([], {}))
        if not instances or before == instances:
            return faces
        found = self._find(instances)
        if self._instances(study, series) != instances:  # what is deleted meanwhile reads as zeros
            return {series: _CHANGED}
        with self._lock:
            self._kept[study, series] = instances, found
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return found

    def _instances(self, study: str, series: str) -> list[Instance]:
        try:
            return self._archive.instances(study, series)
        except NotFoundError:
            return []

    def _find(self, instances: list[Instance]) -> Faces:
        from isocenter.deid.defacing import find_faces  # noqa: PLC0415 - heavy, and seldom needed

        return find_faces(partial(self._data, each) for each in instances)

    def _data(self, instance: Instance) -> Buffer:
        with reading.read_object(self._archive, instance) as (data, _):
            return data
