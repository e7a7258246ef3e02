"""What was de-identified, by whom and how: one event for each run, kept in the project's folder and written to the log.

An event is a line of JSON in ``audit.jsonl``: who (AE title, address, user), by which way, how many objects became
what, and the digest of the profile. UIDs of studies are the new ones; nothing original is in it.
"""

import json
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isocenter.errors import OutOfResourcesError

FILE = "audit.jsonl"
logger = logging.getLogger("isocenter.audit")


@dataclass(frozen=True, slots=True)
class Who:
    """Who asked: ``way`` is command, web, C-MOVE or C-GET; the rest as far as it is known."""

    way: str
    aet: str = ""
    address: str = ""
    user: str = ""

    def as_json(self) -> dict[str, str]:
        """Return what is known."""
        found = {"way": self.way, "aet": self.aet, "address": self.address, "user": self.user}
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Event:
    """One run; ``counts`` is outcome -> objects and adds up to the inputs."""

    who: Who
    what: str
    project: str
    profile: str
    digest: str
    studies: tuple[str, ...]
    counts: Mapping[str, int]
    detail: str = ""

    def as_json(self, now: float) -> dict[str, Any]:
        """Return it as it is kept."""
        return {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            "who": self.who.as_json(), "what": self.what, "project": self.project, "profile": self.profile,
            "digest": self.digest, "studies": list(self.studies), "inputs": sum(self.counts.values()),
            "counts": dict(self.counts), "detail": self.detail,
        }  # fmt: skip


def record(folder: Path, event: Event, now: float | None = None) -> None:
    """Keep an event, durably, and log it.

    Raises:
        OutOfResourcesError: it cannot be written.
    """
    line = json.dumps(event.as_json(time.time() if now is None else now), separators=(",", ":"))
    logger.info("%s", line)
    try:
        descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "rb+") as file:
            length = file.seek(0, os.SEEK_END)
            cut = length > 0 and os.pread(descriptor, 1, length - 1) != b"\n"  # by a crash; it is ended first
            file.write(b"\n" * cut + line.encode() + b"\n")
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        raise OutOfResourcesError(f"cannot keep the audit event: {error.strerror}") from error


def events(folder: Path) -> list[dict[str, Any]]:
    """Return the events of a project, oldest first; a line that a crash cut short is left out."""
    path = folder / FILE
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found
