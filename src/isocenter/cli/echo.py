"""``isocenter echo``: does a DICOM node answer?"""

import time

import click

from isocenter.cli.options import json_option
from isocenter.cli.output import print_json
from isocenter.dimse.status import StatusCategory, category, describe
from isocenter.errors import PeerError
from isocenter.net.client import VERIFICATION_PROPOSAL, Timeouts, connect
from isocenter.net.peer import Peer


@click.command(name="echo")
@click.argument("peer", metavar="AET@HOST:PORT")
@click.option("--aet", default="ISOCENTER", show_default=True, help="AE title to call with.")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds to wait.")
@json_option
def command(*, peer: str, aet: str, timeout: float, as_json: bool) -> None:
    """Ask a DICOM node whether it answers (C-ECHO).

    Exit code 0: it does; 1: it does not, and the message says why; 2: the command line is wrong.

    \b
    Example: isocenter echo ISOCENTER@127.0.0.1:11112
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    node = Peer.parse(peer)
    begun = time.perf_counter()
    with connect(
        node, [VERIFICATION_PROPOSAL], calling_aet=aet, timeouts=Timeouts(timeout, timeout, timeout)
    ) as association:
        associated = time.perf_counter()
        status = association.echo().Status or 0
        answered = time.perf_counter()
    milliseconds = {"associate_ms": 1e3 * (associated - begun), "echo_ms": 1e3 * (answered - associated)}
    if category(status) is not StatusCategory.SUCCESS:
        raise PeerError(f"{node} answered {describe(status)}")
    if as_json:
        print_json({"peer": str(node), "status": status} | {k: round(v, 3) for k, v in milliseconds.items()})
    else:
        click.echo(f"{node} answers: associated in {milliseconds['associate_ms']:.1f} ms, "
                   f"C-ECHO in {milliseconds['echo_ms']:.1f} ms")  # fmt: skip
