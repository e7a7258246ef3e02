"""``isocenter commit``: ask a DICOM node whether it keeps objects for sure (storage commitment)."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from isocenter.cli import commitment
from isocenter.cli.calling import credential_options
from isocenter.cli.identify import identify
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json
from isocenter.cli.sources import UNREADABLE, Rejected, find_candidates, passed_over
from isocenter.commitment import Reference
from isocenter.dicom.uids import is_valid_uid
from isocenter.errors import IsocenterError, UsageError
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer


@click.command(name="commit")
@click.argument("peer", metavar="AET@HOST:PORT")
@click.argument("names", nargs=-1, required=True, metavar="PATH|CLASS=UID...")
@click.option("--aet", default="ISOCENTER", show_default=True, help="AE title to call with, and to listen as.")
@commitment.waiting_options
@credential_options
@json_option
def command(
    *, peer: str, names: tuple[str, ...], aet: str, listen: int | None, host: str, wait: float,
    credentials: Credentials, as_json: bool,
) -> int:  # fmt: skip
    """Ask a DICOM node whether it keeps objects for sure (storage commitment).

    PATHS are files, folders, ZIP archives or DICOMDIRs, as for send; without files an object is named by its SOP class
    and instance UIDs, CLASS=UID. The report is waited for on the same association, and with --listen on that port, for
    nodes that open one of their own: they have to know this AE title, host and port. The exit code is 1 if anything is
    not committed.

    \b
    Example: isocenter commit PACS@10.0.0.2:104 ~/study --listen 11113 --host 10.0.0.9 --aet SCANNER1
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    node = Peer.parse(peer)
    requested, unreadable = read_references(names)
    if not requested:
        raise UsageError("there is nothing to ask for: none of the files is a DICOM object")
    outcome = commitment.commit(
        node, requested, calling_aet=aet, listen=listen, host=host, wait=wait, credentials=credentials
    )
    outcome.unreadable = unreadable
    if as_json:
        print_json(commitment.as_json(outcome))
    else:
        commitment.print_outcome(outcome)
    return 0 if outcome.complete else 1


def read_references(names: Iterable[str]) -> tuple[tuple[Reference, ...], list[Rejected]]:
    """Return what is named, each object once, and what cannot be read.

    Raises:
        UsageError: a path is not there, or no UIDs are given.
    """
    found: dict[Reference, None] = {}
    rejected: list[Rejected] = []
    for name in names:
        sop_class, equals, uid = name.partition("=")
        if equals and is_valid_uid(sop_class) and is_valid_uid(uid):
            found[Reference(sop_class, uid)] = None
            continue
        for each in _in_files(Path(name)):
            if isinstance(each, Rejected):
                rejected.append(each)
            else:
                found[each] = None
    return tuple(found), rejected


def _in_files(path: Path) -> Iterator[Reference | Rejected]:
    for candidate in find_candidates([path]):
        if isinstance(candidate, Rejected):
            yield candidate
            continue
        try:
            with candidate.open() as file:
                item = identify(candidate, file)
            yield Reference(item.sop_class_uid, item.sop_instance_uid)
        except (IsocenterError, *UNREADABLE) as error:
            if not passed_over(candidate, error):
                yield Rejected(candidate.name, str(error))
