"""``isocenter echo``: does a DICOM node answer?"""

from dataclasses import asdict

import click

from isocenter.cli.calling import credential_options
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer
from isocenter.net.verification import verify


@click.command(name="echo")
@click.argument("peer", metavar="AET@HOST:PORT")
@click.option("--aet", default="ISOCENTER", show_default=True, help="AE title to call with.")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds to wait.")
@credential_options
@json_option
def command(*, peer: str, aet: str, timeout: float, credentials: Credentials, as_json: bool) -> None:
    """Ask a DICOM node whether it answers (C-ECHO).

    Exit code 0: it does; 1: it does not, and the message says why; 2: the command line is wrong.

    \b
    Example: isocenter echo ISOCENTER@127.0.0.1:11112
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    node = Peer.parse(peer)
    took = verify(node, aet, timeout, credentials)
    if as_json:
        print_json({"peer": str(node), "status": 0} | asdict(took))
    else:
        click.echo(f"{node} answers: associated in {took.associate_ms:.1f} ms, C-ECHO in {took.echo_ms:.1f} ms")
