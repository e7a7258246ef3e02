"""What ``anonymize`` does besides: given pseudonyms, a way back in the project or in the objects, a file-set."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from isocenter.deid import Project, Result
from isocenter.deid.patients import read_patients
from isocenter.dicom.encoding import Buffer
from isocenter.errors import ConfigurationError

if TYPE_CHECKING:
    from isocenter.deid.mapping import Mapping

#: Records that are added to the mapping at once.
_RECORDS = 500
#: What leads back to an original, encrypted, by the new name it belongs to.
Sealed = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Extras:
    """What a run does besides, as its options say."""

    patients: Path | None = None
    reversible: bool = False
    encrypt_for: Path | None = None
    file_set: bool = False

    def marks(self) -> dict[str, str]:
        """Return what output folders must have in common besides project and profile."""
        rows = {"patients": self.patients, "encrypted": self.encrypt_for, "file-set": self.file_set}
        return {name: "yes" for name, given in rows.items() if given}

    def project(self, folder: Path) -> Project:
        """Return the project in a folder, with the pseudonyms that were given.

        Raises:
            ConfigurationError: the project or the list of patients is none.
        """
        return Project.open(folder, read_patients(self.patients) if self.patients else None)

    def mapping(self, project: Project, folder: Path) -> "Mapping | None":
        """Return the mapping that a run adds to, None where none is kept."""
        return mapping_of(project, folder) if self.reversible else None

    @staticmethod
    def recorded(folder: Path) -> set[str]:
        """Return the new names that the mapping of a project leads back from."""
        try:
            return {record["name"] for record in mapping_of(Project.open(folder), folder).records()}
        except ConfigurationError:
            return set()

    def enclosing(self) -> Callable[[Buffer, Result], Result] | None:
        """Return what puts the Encrypted Attributes Sequence into results, None where nothing does.

        Raises:
            ConfigurationError: the certificate is none.
        """
        if self.encrypt_for is None:
            return None
        from isocenter.deid.envelope import enclose, read_certificate  # noqa: PLC0415 - needs cryptography, as below

        return partial(enclose, certificate=read_certificate(self.encrypt_for))


def mapping_of(project: Project, folder: Path) -> "Mapping":
    """Return the mapping of a project."""
    from isocenter.deid.mapping import Mapping  # noqa: PLC0415 - needs cryptography, and few runs need it

    return Mapping(project, folder)


class WaysBack:
    """Adds what workers sealed to the project's mapping, each new name once for a run; some hundred at a time."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._names: set[str] = set()
        self._lines: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._write()

    def take(self, sealed: Sealed) -> None:
        """Take the sealed records of an object."""
        for name, line in sealed:
            if name not in self._names:
                self._names.add(name)
                self._lines.append(line)
        if len(self._lines) >= _RECORDS:
            self._write()

    def _write(self) -> None:
        if self._lines:
            mapping_of(Project.open(self._project), self._project).append(self._lines)
            self._lines.clear()
