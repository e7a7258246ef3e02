"""Who a patient is, as far as a header tells: issuer, PatientID, name in three groups, date of birth.

Patients share a PatientID more often than one would think, so the ID alone never decides. Two identities agree when
no value that both have differs; a missing value agrees with any. Without a PatientID, name and birth date together
are one; without those a patient is known by the study only.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Identity:
    """The values that tell patients apart; names folded."""

    IssuerOfPatientID: str
    PatientID: str
    PatientName_alphabetic: str
    PatientName_ideographic: str
    PatientName_phonetic: str
    PatientBirthDate: str

    @classmethod
    def of(cls, columns: Mapping[str, Any]) -> Self:
        """Take the values from the columns of a patient."""
        return cls(
            columns["IssuerOfPatientID"],
            columns["PatientID"],
            columns["PatientName_alphabetic"],
            columns["PatientName_ideographic"],
            columns["PatientName_phonetic"],
            columns["PatientBirthDate"],
        )

    def agrees(self, other: "Identity") -> bool:
        """Tell whether these may be one patient: no value that both have differs."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return all(mine == theirs or not mine or not theirs for mine, theirs in pairs)

    def same_domain(self, other: "Identity") -> bool:
        """Tell whether the IDs come from one issuer as far as known."""
        mine, theirs = self.IssuerOfPatientID, other.IssuerOfPatientID
        return mine == theirs or not mine or not theirs

    def key(self, StudyInstanceUID: str) -> str:  # noqa: N803 - a DICOM keyword
        """Return the unique key of the patient's row."""
        parts = list(astuple(self))
        named = self.PatientName_alphabetic or self.PatientName_ideographic or self.PatientName_phonetic
        if not self.PatientID and not (named and self.PatientBirthDate):
            parts.append(StudyInstanceUID)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
