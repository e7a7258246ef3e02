"""What ``anonymize`` reads of the archive: studies, and the project that a name stands for."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from isocenter.anonymizing.projects import Facts, Projects, project_in
from isocenter.cli.sources import Candidate
from isocenter.deid import Policy
from isocenter.errors import UsageError
from isocenter.settings import load_settings

if TYPE_CHECKING:
    from isocenter.archive import Archive, Instance


@dataclass(frozen=True, slots=True)
class Stored:
    """Studies of the archive in a data folder."""

    data: Path
    studies: tuple[str, ...]

    def candidates(self) -> list[Candidate]:
        """Return their objects, named by SOPInstanceUID; the archive stays open while they are in use.

        Raises:
            NotFoundError: there is no such study.
        """
        from isocenter.archive import Archive  # noqa: PLC0415 - heavy, and files need none

        archive = Archive.open(self.data, load_settings({"data": str(self.data)}))
        found = (instance for study in self.studies for instance in archive.instances(study))
        return [Candidate(each.SOPInstanceUID, each.size, partial(_open, archive, each)) for each in found]


def _open(archive: "Archive", instance: "Instance") -> BinaryIO:
    return archive.open_object(instance)


def project_of(name: Path, data: Path | None) -> tuple[Path, Facts | None]:
    """Return the project's folder, and what it does where it is one of the archive's, by its name."""
    if data is not None and len(name.parts) == 1 and not name.exists():
        kept = Projects(data).get(str(name))
        return kept.folder, kept.facts
    own = project_in(name)
    return name, own.facts if own else None


def policy_of(facts: Facts | None, given: Policy, *, chosen: bool) -> Policy:
    """Return what is done: what the project says, else what was given.

    Raises:
        UsageError: the project says it, and something else was ``chosen``.
    """
    if facts is None:
        return given
    if chosen and facts.policy().digest() != given.digest():
        raise UsageError(
            f"what project {facts.name} does is fixed: leave out --profile, --keep, --burned-in, --regions, --deface"
        )
    return facts.policy()
