"""The query/retrieve information models (PS3.4 C.6): their SOP classes, levels and unique keys, in one table.

``find``, ``move`` and ``get`` share it. Retired Patient/Study Only is there for old devices.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from isocenter.index.query import Level

#: How identifiers may come, best first.
IDENTIFIER_SYNTAXES = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)


@dataclass(frozen=True, slots=True)
class InformationModel:
    """A model: its levels from the outermost, and the SOP classes of its three services."""

    name: str
    levels: tuple[Level, ...]
    find: str
    move: str
    get: str


_PREFIX = "1.2.840.10008.5.1.4.1.2"

PATIENT_ROOT = InformationModel("Patient Root", tuple(Level), f"{_PREFIX}.1.1", f"{_PREFIX}.1.2", f"{_PREFIX}.1.3")
STUDY_ROOT = InformationModel("Study Root", tuple(Level)[1:], f"{_PREFIX}.2.1", f"{_PREFIX}.2.2", f"{_PREFIX}.2.3")
PATIENT_STUDY_ONLY = InformationModel(
    "Patient/Study Only", tuple(Level)[:2], f"{_PREFIX}.3.1", f"{_PREFIX}.3.2", f"{_PREFIX}.3.3"
)
MODELS = (PATIENT_ROOT, STUDY_ROOT, PATIENT_STUDY_ONLY)


def agree_to_retrieve(proposed: bytes) -> bytes:
    """Return what a retrieval agrees to (PS3.4 C.5.2.1): relational retrieval, no converted multi-frame views."""
    return bytes(byte & ours for byte, ours in zip(proposed, (1, 0), strict=False))


#: Value of QueryRetrieveLevel -> level, and back.
LEVELS: Mapping[str, Level] = {
    "PATIENT": Level.PATIENT,
    "STUDY": Level.STUDY,
    "SERIES": Level.SERIES,
    "IMAGE": Level.INSTANCE,
}
LEVEL_NAMES: Mapping[Level, str] = {level: name for name, level in LEVELS.items()}

#: The attribute that identifies what is at a level (PS3.4 C.6.1.1, C.6.2.1).
UNIQUE_KEYS: Mapping[Level, int] = {
    Level.PATIENT: 0x00100020,
    Level.STUDY: 0x0020000D,
    Level.SERIES: 0x0020000E,
    Level.INSTANCE: 0x00080018,
}
