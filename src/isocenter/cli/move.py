"""``isocenter move``: have a DICOM node send objects to another (C-MOVE)."""

import click

from isocenter.cli.calling import credential_options
from isocenter.cli.options import json_option
from isocenter.cli.querying import query_options, read_keys, read_level, read_model, watch
from isocenter.net.client import connect
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer
from isocenter.net.retrieve import move, move_proposal


@click.command(name="move")
@click.argument("peer", metavar="AET@HOST:PORT")
@click.argument("destination", metavar="DESTINATION")
@click.argument("keys", nargs=-1, required=True, metavar="KEY=VALUE...")
@query_options
@click.option("--relational", is_flag=True, help="Ask for retrieval without the unique keys above the level.")
@credential_options
@json_option
def command(
    *, peer: str, destination: str, keys: tuple[str, ...], level: str | None, model: str, aet: str, relational: bool,
    credentials: Credentials, as_json: bool,
) -> int:  # fmt: skip
    """Have a DICOM node send objects to another one (C-MOVE).

    DESTINATION is an AE title that the node knows. KEY=VALUE names what is to be sent by its unique keys (PatientID,
    StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID), those of the levels above too. Ctrl-C cancels it,
    and says what was done.

    \b
    Example: isocenter move PACS@10.0.0.2:104 WORKSTATION StudyInstanceUID=1.2.3
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    wanted = read_keys(keys)
    chosen = read_level(level, wanted)
    information = read_model(model, chosen)
    proposal = move_proposal(information, relational=relational)
    with connect(Peer.parse(peer), [proposal], calling_aet=aet, credentials=credentials) as association:
        return watch(association, move(association, information, chosen, wanted, destination), as_json=as_json)
