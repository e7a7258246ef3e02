"""``isocenter find``: ask a DICOM node what it has (C-FIND)."""

import itertools
from contextlib import closing
from typing import Any

import click

from isocenter.cli.calling import credential_options
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, print_rows
from isocenter.cli.querying import cancelled_by_ctrl_c, query_options, read_keys, read_level, read_model
from isocenter.dicom import dictionary
from isocenter.dicom.nested import texts
from isocenter.index.query import Level
from isocenter.net.client import connect
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer
from isocenter.net.query import find, query_proposal

#: What is asked for at each level beside the keys of the command line.
_SHOWN: dict[Level, tuple[str, ...]] = {
    Level.PATIENT: ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "NumberOfPatientRelatedStudies"),
    Level.STUDY: (
        "StudyDate", "StudyTime", "PatientName", "PatientID", "ModalitiesInStudy", "StudyDescription",
        "AccessionNumber", "NumberOfStudyRelatedInstances", "StudyInstanceUID",
    ),
    Level.SERIES: (
        "SeriesNumber", "Modality", "SeriesDescription", "BodyPartExamined", "NumberOfSeriesRelatedInstances",
        "SeriesInstanceUID",
    ),
    Level.INSTANCE: ("InstanceNumber", "SOPClassUID", "NumberOfFrames", "SOPInstanceUID"),
}  # fmt: skip
#: In every answer, and the same in all of them.
_NOT_SHOWN = frozenset({"SpecificCharacterSet", "QueryRetrieveLevel", "RetrieveAETitle", "InstanceAvailability"})


@click.command(name="find")
@click.argument("peer", metavar="AET@HOST:PORT")
@click.argument("keys", nargs=-1, metavar="[KEY[=VALUE]]...")
@query_options
@click.option("--relational", is_flag=True, help="Ask for queries without the unique keys above the level.")
@click.option("--fuzzy", is_flag=True, help="Ask for fuzzy matching of person names.")
@click.option("--limit", type=click.IntRange(min=1), help="Cancel after so many answers.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@credential_options
@json_option
def command(
    *, peer: str, keys: tuple[str, ...], level: str | None, model: str, aet: str, relational: bool, fuzzy: bool,
    limit: int | None, as_csv: bool, credentials: Credentials, as_json: bool,
) -> int:  # fmt: skip
    """Ask a DICOM node what it has (C-FIND).

    KEY is an attribute by keyword or tag; with =VALUE it restricts the search (wildcards * and ?, ranges like
    20240101-20241231, lists with backslashes), without it is only asked for. Dates are YYYYMMDD. Ctrl-C cancels
    the search; what came until then is printed.

    \b
    Example: isocenter find PACS@10.0.0.2:104 'PatientName=DOE*' StudyDate=20240101-
             isocenter find PACS@10.0.0.2:104 --level SERIES StudyInstanceUID=1.2.3 --json
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    wanted = read_keys(keys)
    chosen = read_level(level, wanted)
    information = read_model(model, chosen)
    everything = dict.fromkeys((dictionary.tag(keyword) for keyword in _SHOWN[chosen]), "") | wanted
    proposal = query_proposal(information, relational=relational, fuzzy=fuzzy)
    with (
        connect(Peer.parse(peer), [proposal], calling_aet=aet, credentials=credentials) as association,
        cancelled_by_ctrl_c(association) as interrupt,
        closing(find(association, information, chosen, everything)) as found,
    ):
        answers = list(itertools.islice(found, limit))
    if interrupt.given:
        click.echo(f"cancelled after {len(answers)} answers", err=True)
    if as_json:
        print_json(answers)
        return 1 if interrupt.given else 0
    columns = [dictionary.keyword(tag) or f"{tag:08X}" for tag in everything]
    columns = [column for column in columns if column not in _NOT_SHOWN]
    rows = [[_text(answer.get(f"{dictionary.tag(column):08X}", {})) for column in columns] for answer in answers]
    print_rows(columns, rows, as_csv=as_csv)
    return 1 if interrupt.given else 0


def _text(attribute: dict[str, Any]) -> str:
    """Return the values of an attribute in one line."""
    return "\\".join(texts(attribute.get("Value", [])))
