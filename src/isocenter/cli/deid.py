"""``isocenter deid``: judging what was de-identified, and the ways back for who may go them."""

import os
from pathlib import Path

import click

from isocenter.cli.checker import FoundAll, check_all
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, print_table, progress, visible
from isocenter.cli.sources import UNREADABLE, Candidate, Rejected, find_candidates
from isocenter.deid import KEEP, PROFILES, Policy, Project, policy
from isocenter.deid.envelope import read_certificate, read_private_key, restore
from isocenter.deid.mapping import Mapping
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.errors import ConfigurationError, IsocenterError, NotFoundError


@click.group(name="deid")
def command() -> None:
    """Check what was de-identified, by whatever program; look originals up, or put them back.

    \b
    Example: isocenter deid check ~/for-the-trial
    """  # noqa: D301 - \b is click's mark for text that keeps its lines


@command.command(name="check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--profile", type=click.Choice(list(PROFILES)), help="Judge by this profile, not by what objects claim.")
@click.option("--keep", default="", metavar="WHAT", help=f"It retains besides, with commas: {', '.join(KEEP)}.")
@click.option("--show-values", is_flag=True, help="Print the values that were found: they may be those of patients.")
@json_option
def check(*, paths: tuple[Path, ...], profile: str | None, keep: str, show_values: bool, as_json: bool) -> int:
    """Look for identifiers that are left in PATHS: files, folders, ZIP archives.

    Nothing is changed. Each object is judged by the Basic Profile of PS3.15 and the options that it claims, or by
    --profile; text, names and UIDs are judged by what they look like, and by whether identifiers of one object are in
    the text of another. The exit code is 0 when nothing was found, 1 when something was, 2 for wrong use. A finding
    is a sign for people to look at, and no finding is no proof: text in pixels is not read.

    \b
    Example: isocenter deid check ~/for-the-trial --json
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    wanted = [name.strip() for name in keep.split(",") if name.strip()]
    chosen: Policy | None = policy(profile or "basic", wanted) if profile or wanted else None
    inputs = list(find_candidates(paths))
    with progress() as bar:
        task = bar.add_task("checking", total=2 * len(inputs), bytes=0)
        found = check_all(inputs, chosen, lambda done: bar.update(task, advance=1, bytes=done))
    if not found.objects:
        raise NotFoundError("there is no DICOM object in these paths")
    if as_json:
        print_json(found.as_json(show_values=show_values))
    else:
        _print(found, show_values=show_values)
    return 1 if found.groups else 0


def _print(found: FoundAll, *, show_values: bool) -> None:
    if found.groups:
        columns = ("FINDING", "ATTRIBUTE", "DETAIL", "OBJECTS", "FIRST IN", *(("VALUES",) if show_values else ()))
        rows = [
            (g.kind, g.name, g.detail, g.count, visible(g.first), *((_some(g.values),) if show_values else ()))
            for g in found.sorted()
        ]
        print_table(columns, rows)
    click.echo(f"{found.objects} objects checked, {found.other} other files: {len(found.groups)} kinds of finding")


def _some(values: set[str]) -> str:
    return "; ".join(sorted(values)[:3])


@command.command(name="reveal")
@click.argument("names", nargs=-1, required=True)
@click.option("--project", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder with the key and the mapping.")  # fmt: skip
@json_option
def reveal(*, names: tuple[str, ...], project: Path, as_json: bool) -> int:
    """Print what stands behind NAMES: pseudonyms of patients, and UIDs of studies, series and instances.

    The mapping is kept by runs of 'isocenter anonymize --reversible', encrypted under the project's key. The exit code
    is 1 when a name is not in it.

    \b
    Example: isocenter deid reveal 2OJSGINDRQYNWD5C --project ~/keys/trial
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    if not (project / "key").exists():
        raise ConfigurationError(f"{project} is not a project: it has no key")
    records = {record["name"]: record for record in Mapping(Project.open(project), project).records()}
    found = [records[name] for name in names if name in records]
    if as_json:
        print_json(found)
    elif found:
        rows = [(r["name"], "; ".join(f"{k} {v}" for k, v in r.items() if k != "name")) for r in found]
        print_table(("NAME", "ORIGINAL"), rows)
    missing = [name for name in names if name not in records]
    if missing:
        click.echo(f"not in the mapping: {', '.join(visible(name) for name in missing)}", err=True)
    return 1 if missing else 0


@command.command(name="restore")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for them.")
@click.option("--certificate", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="The certificate that objects were encrypted for.")  # fmt: skip
@click.option("--key", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Its RSA private key, PEM.")  # fmt: skip
@click.option("--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="File with the password of the key.")  # fmt: skip
def restore_objects(
    *, paths: tuple[Path, ...], out: Path, certificate: Path, key: Path, password_file: Path | None
) -> int:
    """Put the originals of the Encrypted Attributes Sequence of PATHS back, into new files in the folder OUT.

    Objects are made with 'isocenter anonymize --encrypt-for'. Pixels that were blanked stay so. The files are
    readable by their owner only, for they identify people.

    \b
    Example: isocenter deid restore ~/for-the-trial -o ~/identified --certificate trial.pem --key trial.key
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    password = password_file.read_text(encoding="utf-8").strip() if password_file else None
    opener = (read_certificate(certificate), read_private_key(key, password))
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = failed = other = 0
    for candidate in find_candidates(paths):
        try:
            data = _read(candidate)
            if not _is_object(data):
                other += 1
                continue
            restored = restore(data, *opener)
        except IsocenterError as error:
            failed += 1
            click.echo(f"{visible(candidate.name)}: {error}", err=True)
            continue
        done += 1
        _write(out / f"{done:06d}.dcm", restored)
    click.echo(f"{done} objects restored, {failed} not; {other} other files")
    return 1 if failed or not done else 0


def _read(candidate: Candidate | Rejected) -> bytes:
    if isinstance(candidate, Rejected):
        raise NotFoundError(candidate.reason)
    try:
        with candidate.open() as stream:
            return stream.read()
    except UNREADABLE as error:
        raise NotFoundError("it cannot be read") from error


def _is_object(data: bytes) -> bool:
    """Tell whether a file may be what 'isocenter anonymize' wrote, and not a report or a DICOMDIR beside it."""
    meta = read_preamble_and_meta(data, final=True) if data[128:132] == b"DICM" else None
    return meta is not None and not meta.is_directory


def _write(path: Path, data: bytes) -> None:
    """Write a new file for its owner only; never over another."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConfigurationError(f"{path} is there already; choose an empty folder") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
