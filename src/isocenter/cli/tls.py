"""``isocenter tls``: certificates for DICOM over TLS and HTTPS."""

import datetime as dt
import socket
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from isocenter.cli.authority import CA, CLIENT, SERVER, issue_certificate, make_certificates
from isocenter.cli.certificates import Certificate, read_certificates
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, print_table

_HERE = ("localhost", "127.0.0.1", "::1")


@click.group(name="tls")
def command() -> None:
    """Make and look at certificates for DICOM over TLS and HTTPS.

    \b
    Example: isocenter tls init --host archive.example.org -o certificates
    """  # noqa: D301 - \b is click's mark for text that keeps its lines


_folder_option = click.option("-o", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("tls"),
                              show_default=True, help="Folder of the CA and its certificates.")  # fmt: skip


@command.command(name="init")
@click.option("--host", "hosts", multiple=True, help="Name or address that others call this machine by; several times.")
@_folder_option
@json_option
def init(*, hosts: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Make a local CA, a certificate for servers and one for clients.

    The server's is for all --host, the name of this machine and loopback. Copy ca.pem and the client's two files to
    those who call; keep ca-key.pem where nobody gets at it. Nothing is overwritten.
    """
    names = list(dict.fromkeys([*hosts, socket.gethostname(), *_HERE]))
    files = make_certificates(folder, names, _now())
    if as_json:
        print_json({name: {"certificate": str(pem), "key": str(key)} for name, (pem, key) in files.items()})
        return
    click.echo(f"server.pem is for {', '.join(names)}")
    (server, server_key), (client, client_key), ca = files[SERVER], files[CLIENT], files[CA][0]
    click.echo(f"isocenter serve --dicom-tls-port 2762 --tls-certificate {server} --tls-key {server_key} --tls-ca {ca}")
    node = f"ISOCENTER@{names[0]}:2762"
    click.echo(f"isocenter echo {node} --tls --tls-ca {ca} --tls-cert {client} --tls-key {client_key}")
    click.echo(f"echoscu +tls {client_key} {client} +cf {ca} {names[0]} 2762")


@command.command(name="issue")
@click.argument("name")
@click.option("--host", "hosts", multiple=True, help="Name or address that it is called by; several times.")
@_folder_option
@json_option
def issue(*, name: str, hosts: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Make another certificate of the CA that 'init' made: for one more node, or in place of one that expires.

    With --host it is for being called and for calling, without for calling only.

    \b
    Example: isocenter tls issue ct1 --host ct1.example.org --host 10.0.0.7 -o certificates
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    certificate, key = issue_certificate(folder, name, hosts, _now())
    if as_json:
        print_json({"certificate": str(certificate), "key": str(key)})
    else:
        click.echo(f"certificate {certificate}, key {key}, for {', '.join(hosts) or 'calling others'}")


@command.command(name="show")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def show(*, files: tuple[Path, ...], as_json: bool) -> int:
    """Tell subject, names and expiry of certificates; the exit code is 1 if one has expired.

    \b
    Example: isocenter tls show tls/*.pem
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    now = _now()
    found = [(path, each) for path in files if not _is_key(path) for each in read_certificates(path)]
    if as_json:
        print_json([_as_json(path, each, now) for path, each in found])
    else:
        print_table(("FILE", "SUBJECT", "ISSUER", "NAMES", "EXPIRES"), _rows(found, now))
    return 1 if any(each.days_left(now) < 0 for _, each in found) else 0


def _rows(found: Iterable[tuple[Path, Certificate]], now: dt.datetime) -> list[tuple[str, ...]]:
    return [
        (
            path.name, each.subject, each.issuer, " ".join(each.names) or "-",
            f"{each.not_after:%Y-%m-%d} ({_left(each, now)})",
        )
        for path, each in found
    ]  # fmt: skip


def _left(certificate: Certificate, now: dt.datetime) -> str:
    days = certificate.days_left(now)
    return "expired" if days < 0 else f"{days} days"


def _as_json(path: Path, certificate: Certificate, now: dt.datetime) -> dict[str, object]:
    return asdict(certificate) | {
        "file": str(path),
        "not_after": certificate.not_after.isoformat(),
        "days_left": certificate.days_left(now),
    }


def _is_key(path: Path) -> bool:
    """Tell whether a file is a key beside its certificate, as ``init`` names them."""
    return path.name.endswith("-key.pem")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
