"""``isocenter peers``: the DICOM nodes that an archive knows."""

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from isocenter.anonymizing.projects import Projects
from isocenter.archive import Archive
from isocenter.cli.options import existing_archive, json_option, resolve, setting_options
from isocenter.cli.output import print_json, print_table, visible
from isocenter.errors import NotFoundError, PeerError
from isocenter.index.peers import PERMISSIONS, KnownPeer
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer
from isocenter.net.verification import verify
from isocenter.settings import Settings


@click.group(name="peers")
def command() -> None:
    """List and edit the DICOM nodes that an archive knows.

    C-MOVE sends to known peers only. With the setting known_peers_only, nobody else may store, find or retrieve; each
    is known by its AE title and its address. A running server sees changes at once.

    \b
    Example: isocenter peers add CT1@10.0.0.7:104 --allow store --comment "scanner, room 3" --data /srv/images
    """  # noqa: D301 - \b is click's mark for text that keeps its lines


@command.command(name="list")
@setting_options("data")
@json_option
def list_peers(*, config: Path | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - click's values
    """List them."""
    with closing(_open(config, given)) as archive:
        known = archive.peers.all()
    if as_json:
        print_json([asdict(each) | {"allowed": sorted(each.allowed)} for each in known])
    elif not known:
        click.echo("no peers; add one with 'isocenter peers add AET@HOST:PORT'")
    else:
        rows = [
            (
                p.aet,
                p.host,
                p.port,
                _tls(p),
                " ".join(sorted(p.allowed)) or "nothing",
                p.deid_project,
                p.comment,
            )
            for p in known
        ]
        print_table(("AE TITLE", "HOST", "PORT", "TLS", "MAY", "DE-IDENTIFIED", "COMMENT"), rows)


def _tls(known: KnownPeer) -> str:
    return "no" if not known.tls else f"as {known.tls_name}" if known.tls_name else "yes"


@command.command(name="add")
@click.argument("peer", metavar="AET@HOST:PORT")
@click.option("--allow", multiple=True, type=click.Choice([*PERMISSIONS, "nothing"]),
              help="What it may do here, once for each; by default everything.")  # fmt: skip
@click.option("--comment", default="", help="Where it stands, whose it is.")
@click.option("--tls", is_flag=True, help="Call it over TLS, with the certificate and the CAs of the settings.")
@click.option("--tls-name", default="", help="Name that its certificate is for [default: the host].")
@click.option(
    "--deid-project",
    metavar="NAME",
    help="Send it objects de-identified under this project only; '' sends originals "
    "[default: as it is for a node that is known].",
)
@setting_options("data")
def add_peer(
    *, peer: str, allow: tuple[str, ...], comment: str, tls: bool, tls_name: str, deid_project: str | None,
    config: Path | None, **given: Any,  # noqa: ANN401 - click's values
) -> None:  # fmt: skip
    """Add a node, in place of one with the same AE title; what is de-identified for that stays so."""
    node = Peer.parse(peer)
    allowed = frozenset(allow or PERMISSIONS) - {"nothing"}
    with closing(_open(config, given)) as archive:
        if deid_project:
            Projects(existing_archive(resolve(config, given))).get(deid_project)
        if deid_project is None:
            before = archive.peers.get(node.aet)
            deid_project = before.deid_project if before else ""
        archive.peers.add(KnownPeer(node.aet, node.host, node.port, allowed, comment, tls, tls_name, deid_project))
    click.echo(f"{node} is known")


@command.command(name="remove")
@click.argument("aet")
@setting_options("data")
def remove_peer(*, aet: str, config: Path | None, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Forget a node."""
    with closing(_open(config, given)) as archive:
        archive.peers.remove(aet)
    click.echo(f"{aet} is not known any more")


@command.command(name="echo")
@click.argument("aets", nargs=-1, metavar="[AET]...")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds to wait.")
@setting_options("data", "aet", "tls_certificate", "tls_key", "tls_key_passphrase_file", "tls_ca", "tls_crl")
def echo_peers(*, aets: tuple[str, ...], timeout: float, config: Path | None, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Ask known nodes, or all of them, whether they answer (C-ECHO); the exit code is 1 if one does not."""
    with closing(_open(config, given)) as archive:
        known = {each.aet: each for each in archive.peers.all()}
    unknown = sorted(set(aets) - set(known))
    if unknown:
        raise NotFoundError(f"there is no peer {unknown[0]!r}; 'isocenter peers list' shows them")
    failed, settings = 0, resolve(config, given)
    for aet in aets or known:
        failed += not _answers(known[aet], settings, timeout)
    return 1 if failed else 0


def _answers(known: KnownPeer, settings: Settings, timeout: float) -> bool:
    node = Peer(known.aet, known.host, known.port)
    try:
        took = verify(node, settings.aet, timeout, Credentials.towards(known, settings))
    except PeerError as error:
        click.echo(visible(str(error)), err=True)
        return False
    click.echo(f"{node} answers: associated in {took.associate_ms:.1f} ms, C-ECHO in {took.echo_ms:.1f} ms")
    return True


def _open(config: Path | None, given: dict[str, Any]) -> Archive:
    settings = resolve(config, given)
    return Archive.open(Path(settings.data), settings)
