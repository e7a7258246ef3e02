"""Unique identifiers: the tables of PS3.6 Annex A, and making and checking UIDs (PS3.5 9). Knows no data set."""

import re
import uuid
from dataclasses import dataclass

from isocenter.dicom._tables import unique_identifiers as _tables

VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1.99"
EXPLICIT_VR_BIG_ENDIAN = "1.2.840.10008.1.2.2"
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"

_MAX_LENGTH = 64
_UID = re.compile(r"[0-9]+(?:\.[0-9]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """How a data set and its pixel data are encoded (PS3.5 10 and Annex A).

    ``encapsulated``: Pixel Data comes in fragments; ``lossy``: the coding may lose information;
    ``deflated``: the whole data set is a deflate stream.
    """

    uid: str
    keyword: str
    name: str
    implicit: bool = False
    big_endian: bool = False
    deflated: bool = False
    encapsulated: bool = False
    lossy: bool = False
    retired: bool = False


@dataclass(frozen=True, slots=True)
class SOPClass:
    """A SOP class of PS3.6 Table A-1; ``storage``: its instances are objects that C-STORE carries (PS3.4 B.5)."""

    uid: str
    keyword: str
    name: str
    storage: bool
    retired: bool = False


TRANSFER_SYNTAXES: dict[str, TransferSyntax] = {row[0]: TransferSyntax(*row) for row in _tables.TRANSFER_SYNTAXES}
SOP_CLASSES: dict[str, SOPClass] = {row[0]: SOPClass(*row) for row in _tables.SOP_CLASSES}
STORAGE_SOP_CLASSES: frozenset[str] = frozenset(uid for uid, sop in SOP_CLASSES.items() if sop.storage)

#: The SOP classes of the Non-Patient Object Storage Service Class (PS3.4 GG.3), each with the name of its resources
#: (PS3.18 12.1.1, with CP-2551). Their objects belong to no patient, study or series.
NON_PATIENT_SOP_CLASSES: dict[str, str] = {
    "1.2.840.10008.5.1.4.1.1.200.1": "defined-procedure-protocols",  # CT Defined Procedure Protocol
    "1.2.840.10008.5.1.4.1.1.200.3": "protocol-approvals",
    "1.2.840.10008.5.1.4.1.1.200.7": "defined-procedure-protocols",  # XA Defined Procedure Protocol
    "1.2.840.10008.5.1.4.1.1.201.1": "inventories",
    "1.2.840.10008.5.1.4.38.1": "hanging-protocols",
    "1.2.840.10008.5.1.4.39.1": "color-palettes",
    "1.2.840.10008.5.1.4.43.1": "implant-templates",  # Generic Implant Template
    "1.2.840.10008.5.1.4.44.1": "implant-templates",  # Implant Assembly Template
    "1.2.840.10008.5.1.4.45.1": "implant-templates",  # Implant Template Group
}


def transfer_syntax(uid: str) -> TransferSyntax:
    """Return the row of a transfer syntax; one that is unknown or private counts as encapsulated (PS3.5 A.4)."""
    found = TRANSFER_SYNTAXES.get(uid)
    return TransferSyntax(uid, "", uid, encapsulated=True) if found is None else found


def uid_name(uid: str) -> str:
    """Return the name PS3.6 gives a UID, or ``""``."""
    known = TRANSFER_SYNTAXES.get(uid) or SOP_CLASSES.get(uid)
    return known.name if known else _tables.OTHER_UIDS.get(uid, "")


def is_valid_uid(text: str) -> bool:
    """Tell whether text has the form of a UID: up to 64 characters, digits and dots, no empty component.

    Leading zeros of a component, which PS3.5 9.1 forbids, are tolerated: real devices write them.
    """
    return len(text) <= _MAX_LENGTH and _UID.fullmatch(text) is not None


def new_uid() -> str:
    """Return a new UID, derived from a random UUID (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"
