"""A project's key, and everything that is derived from it: pseudonyms, UIDs and date offsets (PS3.15 E.1.1, E.3.6).

Each value is an HMAC-SHA256 over the framed domain and input, so the same patient stays the same patient over runs,
machines and parallel workers without a shared table; without the key no mapping can be reproduced.
"""

import base64
import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from isocenter.deid.patients import Patients
from isocenter.dicom.uids import is_valid_uid, uid_name
from isocenter.errors import ConfigurationError

KEY_BYTES = 32
_KEY_FILE = "key"
_HEAD = "isocenter-project-key-1 "
#: UIDs below these arcs are registered, never those of an instance: DICOM's own, HL7's code systems.
_REGISTERED = ("1.2.840.10008.", "2.16.840.1.113883.6.")
_CACHED = 100_000
#: The longest shift back, in weeks: ten years.
_WEEKS = 520


class Project:
    """A 256-bit key and the values made from it; one key for each recipient, so that projects cannot be linked."""

    def __init__(self, key: bytes, patients: Patients | None = None) -> None:
        if len(key) != KEY_BYTES:
            raise ConfigurationError(f"a project key has {KEY_BYTES} bytes, this one has {len(key)}")
        self._key = key
        self._patients = patients
        self._uids: dict[str, str] = {}

    def __repr__(self) -> str:
        return "Project(...)"

    @classmethod
    def new(cls) -> "Project":
        """Return a project with a random key that is nowhere kept."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def open(cls, folder: Path, patients: Patients | None = None) -> "Project":
        """Return the project in a folder; a folder that is not there, or empty, becomes a new project.

        ``patients``: the only ones, with their pseudonyms, instead of pseudonyms from the key.

        Raises:
            ConfigurationError: the folder holds something else, or its key is damaged or readable by others.
        """
        path = folder / _KEY_FILE
        if not path.exists():
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise ConfigurationError(
                    f"{folder} holds other things and no key: if it was a project, restore its key from the copy you "
                    "have, for a new one would make new pseudonyms; else name another folder"
                )
            _write_key(path, secrets.token_bytes(KEY_BYTES))
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise ConfigurationError(f"others may read the key: run chmod 600 {path}")
        text = path.read_text(encoding="ascii", errors="replace").strip()
        try:
            return cls(bytes.fromhex(text.removeprefix(_HEAD)), patients)
        except ValueError as error:
            raise ConfigurationError(f"{path} is damaged; restore it, a new key would make new pseudonyms") from error

    def token(self, domain: str, *parts: str) -> bytes:
        """Return 32 bytes that only the key and these inputs give."""
        framed = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (p.encode() for p in ("1", domain, *parts)))
        return hmac.digest(self._key, framed, sha256)

    def fingerprint(self) -> str:
        """Return what tells projects apart in reports and discloses nothing of the key."""
        return self.token("fingerprint").hex()[:16]

    def name(self, domain: str, *parts: str) -> str:
        """Return a pseudonym of 16 letters and digits."""
        return base64.b32encode(self.token(domain, *parts)[:10]).decode()

    def pseudonym(self, issuer: str, patient_id: str) -> str | None:
        """Return what a patient is called; None: they are not among the patients that were given."""
        if self._patients is not None:
            return self._patients.get((issuer, patient_id))
        return self.name("patient", issuer, patient_id)

    def uid(self, original: str) -> str:
        """Return the UID that stands for an instance UID (PS3.5 B.2); a registered one stays as it is."""
        found = self._uids.get(original)
        if found is None:
            if len(self._uids) >= _CACHED:
                self._uids.clear()
            found = self._uids[original] = original if uid_name(original) else self._new_uid(original)
        return found

    def _new_uid(self, original: str) -> str:
        number = int.from_bytes(self.token("uid", original)[:16], "big")
        number = number & ~(0xF << 76) | 8 << 76  # the version of a UUID made of a hash of one's own
        return f"2.25.{number & ~(0x3 << 62) | 2 << 62}"

    def weeks(self, patient: str) -> int:
        """Return how many weeks back the dates of a patient go, at least one."""
        return 1 + int.from_bytes(self.token("date", patient)[:8], "big") % _WEEKS


def is_registered(uid: str) -> bool:
    """Tell whether a UID that defines something is one of the standard, a later edition's too, or of a code system."""
    return is_valid_uid(uid) and (uid.startswith(_REGISTERED) or bool(uid_name(uid)))


def _write_key(path: Path, key: bytes) -> None:
    """Write the key where only its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{_HEAD}{key.hex()}\n")
        file.flush()
        os.fsync(file.fileno())
