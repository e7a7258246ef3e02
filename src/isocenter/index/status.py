"""What the archive knows of a study that no attribute says, each as a condition of a search.

Nothing is kept for it: it follows from settled metadata, the conflict list, the corrections and the objects themselves.
"""

from enum import Enum

import sqlalchemy as sa

from isocenter.index.schema import code, conflict, instance, series, series_metadata, study, study_edit

Condition = sa.ColumnElement[bool]

_SR = "1.2.840.10008.5.1.4.1.1.88."
#: Structured reports that nobody wrote: logs, key images, dose, acquisition context, imaging agents, waveform marks.
_NO_REPORTS = tuple(_SR + number for number in ("40", "59", "67", "68", "71", "73", "74", "75", "76", "77"))


class StudyStatus(Enum):
    """A state that studies can be searched for by; one study may be in several."""

    ARRIVING = "arriving"  # objects came so lately that a series has not settled
    CONFLICT = "conflict"  # on the conflict list
    CORRECTED = "corrected"  # has a history of corrections
    REPORT = "report"  # has a structured report or a document
    KEY_IMAGES = "key-images"  # has a Key Object Selection


def condition_of(status: StudyStatus) -> Condition:
    """Return the condition on rows of studies."""
    if status is StudyStatus.CONFLICT:
        return study.c.StudyInstanceUID.in_(sa.select(conflict.c.StudyInstanceUID))
    if status is StudyStatus.CORRECTED:
        return study.c.StudyInstanceUID.in_(sa.select(study_edit.c.StudyInstanceUID))
    return study.c.id.in_(sa.select(series.c.study_id).where(_of_series(status)))


def _of_series(status: StudyStatus) -> Condition:
    if status is StudyStatus.KEY_IMAGES:
        return series.c.Modality == "KO"
    if status is StudyStatus.REPORT:
        classes = sa.select(code.c.id).where(code.c.value.not_in(_NO_REPORTS))
        report = sa.exists().where(instance.c.series_id == series.c.id, instance.c.SOPClassUID.in_(classes))
        return sa.and_(series.c.Modality.in_(("SR", "DOC")), report)
    settled = sa.exists().where(
        series_metadata.c.series_id == series.c.id, series_metadata.c.revision == series.c.revision
    )
    return sa.not_(settled)
