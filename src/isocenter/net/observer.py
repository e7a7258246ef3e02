"""Counting what the DICOM node does: the seam by which metrics and status pages see it."""

import threading
from collections import Counter
from typing import Protocol

from isocenter.dimse.status import StatusCategory


class Observer(Protocol):
    """Is told what happens; called by many threads at once, and must be quick."""

    def association_opened(self) -> None:
        """An association was accepted."""

    def association_refused(self, reason: str) -> None:
        """An association was rejected, or its connection ended before it was requested."""

    def association_ended(self, how: str, received: int) -> None:
        """An accepted association ended: ``released``, ``aborted``, ``lost`` ...; with the bytes it received."""

    def message_answered(self, command: str, category: StatusCategory) -> None:
        """A request was answered."""


class Counters:
    """The observer that counts; ``snapshot`` is for whoever shows the numbers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active = 0
        self._accepted = 0
        self._bytes_received = 0
        self._refused: Counter[str] = Counter()
        self._ended: Counter[str] = Counter()
        self._messages: Counter[tuple[str, str]] = Counter()

    def association_opened(self) -> None:
        """Count an accepted association."""
        with self._lock:
            self._active += 1
            self._accepted += 1

    def association_refused(self, reason: str) -> None:
        """Count a refusal by its reason."""
        with self._lock:
            self._refused[reason] += 1

    def association_ended(self, how: str, received: int) -> None:
        """Count an end by how it came."""
        with self._lock:
            self._active -= 1
            self._ended[how] += 1
            self._bytes_received += received

    def message_answered(self, command: str, category: StatusCategory) -> None:
        """Count an answered request by its command and the category of the answer."""
        with self._lock:
            self._messages[command, category.value] += 1

    def snapshot(self) -> dict[str, int]:
        """Return all counters, flat: ``associations_active``, ``messages_C_STORE_success`` and so on."""
        with self._lock:
            flat = {
                "associations_active": self._active,
                "associations_accepted": self._accepted,
                "bytes_received": self._bytes_received,
            }
            flat |= {f"associations_refused_{reason}": count for reason, count in self._refused.items()}
            flat |= {f"associations_{how}": count for how, count in self._ended.items()}
            flat |= {f"messages_{name}_{result}": count for (name, result), count in self._messages.items()}
        return flat
