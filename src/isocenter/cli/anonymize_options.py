"""The options of ``anonymize`` in groups, each of them one value: what is done, what is read, and what besides."""

from dataclasses import dataclass
from pathlib import Path

import click

from isocenter.cli.anonymize_extras import Extras
from isocenter.cli.anonymize_inputs import Stored
from isocenter.cli.options import existing_archive, grouped
from isocenter.cli.projects import read_device_rules
from isocenter.deid import KEEP, PROFILES, BurnedIn, Policy, policy
from isocenter.errors import UsageError
from isocenter.settings import load_settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be done to each object; ``chosen``: something of it was named, the rest are defaults."""

    policy: Policy
    chosen: bool


@dataclass(frozen=True, slots=True)
class Source:
    """What is read besides files: studies of the archive in ``data``, or of the node ``peer``, called as ``aet``."""

    studies: tuple[str, ...]
    data: Path | None
    peer: str | None
    aet: str

    def stored(self, paths: tuple[Path, ...]) -> Stored | None:
        """Return what is read of an archive, None where files or a node are read.

        Raises:
            UsageError: it is both or neither, or not said where.
        """
        if bool(paths) == bool(self.studies):
            raise UsageError("name files and folders, or studies with --study and where they are (--data or --from)")
        if self.studies and self.peer is None and self.data is None:
            raise UsageError("say where the studies are: --data for an archive, --from for a DICOM node")
        if self.peer is not None and not self.studies:
            raise UsageError("say which studies of the node with --study")
        if not self.studies or self.peer is not None or self.data is None:
            return None
        return Stored(existing_archive(load_settings({"data": str(self.data)})), self.studies)


def _wish(*, profile: str | None, keep: str, burned_in: str | None, regions: Path | None, deface: bool) -> Wish:
    words = [word.strip() for word in keep.split(",") if word.strip()]
    given = policy(profile or "basic", words, burned_in or "sequester", read_device_rules(regions), deface=deface)
    return Wish(given, chosen=bool(profile or words or burned_in or regions or deface))


wish_options = grouped(
    "wish", _wish,
    click.option(
        "--profile", type=click.Choice(list(PROFILES)), help="What to retain [default: the project's, else basic]."
    ),
    click.option("--keep", default="", metavar="WHAT", help=f"Retain besides, with commas: {', '.join(KEEP)}."),
    click.option(
        "--burned-in", type=click.Choice([choice.value for choice in BurnedIn]),
        help="Objects whose pixels may show text: set aside, blank what is known, blank what is read too, or keep "
        "[default: the project's, else sequester].",
    ),
    click.option("--regions", type=_FILE, help="TOML file of device rules."),
    click.option(
        "--deface", is_flag=True, help="Take faces out of head CT and MR: reduces, does not exclude, recognition."
    ),
)  # fmt: skip
source_options = grouped(
    "source", Source,
    click.option("--study", "studies", multiple=True, metavar="UID", help="A study to read, once for each."),
    click.option(
        "--data", type=click.Path(file_okay=False, path_type=Path), help="Data folder of the archive to read."
    ),
    click.option("--from", "peer", metavar="AET@HOST:PORT", help="DICOM node to read the studies from (C-GET)."),
    click.option("--aet", default="ISOCENTER", show_default=True, help="AE title to call the node with."),
)  # fmt: skip
extra_options = grouped(
    "extras", Extras,
    click.option(
        "--patients", type=_FILE,
        help="CSV file with PatientID, pseudonym and, at will, issuer; other patients are set aside.",
    ),
    click.option(
        "--reversible", is_flag=True, help="Keep in the project, encrypted, what 'isocenter deid reveal' looks up."
    ),
    click.option(
        "--encrypt-for", type=_FILE, metavar="CERTIFICATE",
        help="Put what was changed into each object, encrypted for the holder of this certificate's key.",
    ),
    click.option("--dicomdir", "file_set", is_flag=True, help="Write a file-set with a DICOMDIR."),
)  # fmt: skip
