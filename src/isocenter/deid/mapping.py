"""The way back: which originals stand behind pseudonyms, kept encrypted in the project folder, when it is wanted.

One line for each record: base64 of a nonce and AES-256-GCM of JSON, under a key that is derived from the project's. So
lines are only added, several runs may follow one another, and the file alone says nothing.
"""

import base64
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from isocenter.deid.engine import Result
from isocenter.deid.project import Project
from isocenter.dicom.encoding import Buffer
from isocenter.dicom.header import decode_values
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.scanner import inflate, scan
from isocenter.dicom.uids import transfer_syntax
from isocenter.errors import ConfigurationError

FILE = "mapping"
_NONCE = 12
_INFLATED = 1 << 31
#: What a record says of an original, by the level it belongs to.
PATIENT = {0x00100020: "PatientID", 0x00100021: "IssuerOfPatientID", 0x00100010: "PatientName",
           0x00100030: "PatientBirthDate"}  # fmt: skip
STUDY = {0x0020000D: "StudyInstanceUID", 0x00080050: "AccessionNumber", 0x00080020: "StudyDate"}
SERIES = {0x0020000E: "SeriesInstanceUID"}
INSTANCE = {0x00080018: "SOPInstanceUID"}
_WANTED = frozenset({0x00080005, *PATIENT, *STUDY, *SERIES, *INSTANCE})

#: (level, pseudonym) -> what was there.
Record = dict[str, str]


def originals(data: Buffer, result: Result) -> list[Record]:
    """Return the records of one object: of its patient, study, series and instance, each under its new name."""
    meta = read_preamble_and_meta(data, final=True)
    assert meta is not None
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    body: Buffer = memoryview(data)[meta.data_set_offset :]
    body = inflate(body, _INFLATED) if syntax.deflated else body
    values = decode_values({tag: bytes(raw) for tag, raw in scan(body, syntax, _WANTED).values.items()}, syntax)
    levels = ((result.patient, PATIENT), (result.study, STUDY), (result.series, SERIES), (result.instance, INSTANCE))
    return [
        {"name": name} | {keyword: "\\".join(values[tag]) for tag, keyword in rows.items() if values.get(tag)}
        for name, rows in levels
        if name
    ]


class Mapping:
    """The records of a project."""

    def __init__(self, project: Project, folder: Path) -> None:
        self._cipher = AESGCM(project.token("mapping"))
        self._path = folder / FILE

    originals = staticmethod(originals)

    def seal(self, record: Record) -> str:
        """Return a record as a line that only the project's key opens."""
        nonce = secrets.token_bytes(_NONCE)
        text = json.dumps(record, sort_keys=True, ensure_ascii=False).encode()
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, text, None)).decode("ascii")

    def append(self, lines: Iterable[str]) -> None:
        """Add sealed records, durably; a line that a crash cut before is ended first."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "rb+", buffering=0) as file:
            length = file.seek(0, os.SEEK_END)
            cut = length > 0 and os.pread(descriptor, 1, length - 1) != b"\n"
            file.write(("\n" * cut + "".join(line + "\n" for line in lines)).encode("ascii"))
            os.fsync(descriptor)

    def records(self) -> Iterator[Record]:
        """Yield all records that are whole.

        Raises:
            ConfigurationError: there are none, or they are of another key.
        """
        if not self._path.exists():
            raise ConfigurationError(f"{self._path.parent} keeps no mapping; it is kept by runs with --reversible only")
        opened = wrong = 0
        for line in self._path.read_text(encoding="ascii", errors="replace").splitlines():
            record = self._open(line)
            opened, wrong = opened + (record is not None), wrong + (record is None)
            if record is not None:
                yield record
        if wrong and not opened:
            raise ConfigurationError(f"{self._path} cannot be opened with this key: it is damaged or another project's")

    def _open(self, line: str) -> Record | None:
        try:
            raw = base64.b64decode(line, validate=True)
            found: Record = json.loads(self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], None))
        except (ValueError, InvalidTag):
            return None
        return found
