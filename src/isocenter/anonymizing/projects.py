"""The projects of an archive: a name, what is done under it, and the key, in a folder of its own (PS3.15 E.1.1).

``projects/<name>/`` in the data folder is what ``isocenter anonymize --project`` takes: ``key`` (mode 0600),
``project.json`` (what the project does, fixed when it is made, so that all its output was made alike), ``runs/`` and
``audit.jsonl``. The key is read where pseudonyms are made and is given out by nothing here.
"""

import json
import os
import re
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from isocenter.deid import Box, BurnedIn, DeviceRule, Policy, Project, policy
from isocenter.errors import ConfigurationError, NotFoundError, UsageError

FOLDER = "projects"
_FACTS = "project.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MAX_COMMENT = 1000


@dataclass(frozen=True, slots=True)
class Facts:
    """What a project does; ``created`` is milliseconds since 1970.

    Raises:
        UsageError: a name that no project can have, or a profile, an option or a combination that there is not.
    """

    name: str
    profile: str = "basic"
    keep: tuple[str, ...] = ()
    burned_in: str = "sequester"
    comment: str = ""
    device_rules: tuple[DeviceRule, ...] = ()
    created: int = 0
    deface: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UsageError("a project's name has 1 to 64 letters, digits, dots, dashes and underscores")
        if len(self.comment) > _MAX_COMMENT:
            raise UsageError(f"a comment has at most {_MAX_COMMENT} characters")
        if self.burned_in not in set(BurnedIn):
            raise UsageError(f"burned-in text is met by {', '.join(BurnedIn)}")
        self.policy()

    def policy(self) -> Policy:
        """Return what is done to every object."""
        return policy(self.profile, self.keep, self.burned_in, self.device_rules, deface=self.deface)


@dataclass(frozen=True, slots=True)
class KeptProject:
    """A project of the archive: what it does, and the folder that has its key."""

    facts: Facts
    folder: Path

    @property
    def name(self) -> str:
        """Its name."""
        return self.facts.name

    def open(self) -> Project:
        """Return what makes the pseudonyms.

        Raises:
            ConfigurationError: the key is gone, damaged or readable by others.
        """
        if not (self.folder / "key").exists():
            raise ConfigurationError(f"the key of project {self.name} is gone; restore it, a new one fits nothing")
        return Project.open(self.folder)


class Projects:
    """The projects below a data folder; made known to all its processes by being there."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def all(self) -> list[KeptProject]:
        """Return all projects by name."""
        found = sorted(self._folder.glob(f"*/{_FACTS}"))
        return [KeptProject(_read(path), path.parent) for path in found]

    def get(self, name: str) -> KeptProject:
        """Return the project of this name.

        Raises:
            NotFoundError: there is none.
        """
        path = self._folder / name / _FACTS
        if not _NAME.fullmatch(name) or not path.is_file():
            raise NotFoundError(f"there is no project {name[:64]!r}; 'isocenter projects list' shows them")
        return KeptProject(_read(path), path.parent)

    def add(self, facts: Facts) -> KeptProject:
        """Make a project with a new key.

        Raises:
            UsageError: there is one of this name.
        """
        folder = self._folder / facts.name
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if (folder / _FACTS).exists():
            raise UsageError(f"there is a project {facts.name} already; what it does is fixed, choose another name")
        try:
            Project.open(folder)
        except FileExistsError as error:
            raise UsageError(f"somebody else makes a project {facts.name} at this moment") from error
        made = asdict(facts) | {"created": facts.created or time.time_ns() // 1_000_000}
        unfinished = folder / f".{_FACTS}"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(made, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(folder / _FACTS)
        return self.get(facts.name)


def project_in(folder: Path) -> KeptProject | None:
    """Return the project of an archive that lies in this folder, here or as a copy; None where it holds a key only."""
    path = folder / _FACTS
    return KeptProject(_read(path), folder) if path.is_file() else None


def device_rules_of(rows: Iterable[dict[str, Any]]) -> tuple[DeviceRule, ...]:
    """Return device rules of plain values; boxes are ``[left, top, right, bottom]`` or objects with these names.

    Raises:
        KeyError, TypeError, ValueError: one is missing or of another kind.
    """
    return tuple(
        DeviceRule(
            str(row["manufacturer"]), str(row["model"]), int(row["rows"]), int(row["columns"]),
            tuple(map(box_of, row["boxes"])),
        )
        for row in rows
    )  # fmt: skip


def box_of(edges: Any) -> Box:  # noqa: ANN401 - what a file holds
    """Return a box of four edges, in a list or by name."""
    if isinstance(edges, dict):
        edges = [edges[name] for name in ("left", "top", "right", "bottom")]
    return Box(*(int(edge) for edge in edges))


def _read(path: Path) -> Facts:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        rules = device_rules_of(found["device_rules"])
        return Facts(**(found | {"keep": tuple(found["keep"]), "device_rules": rules}))
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise ConfigurationError(f"{path} is damaged: restore it, or move the project's folder away") from error
