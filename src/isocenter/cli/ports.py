"""What a node listens on: addresses that may be used, sockets that are bound, TLS contexts that are ready."""

import ipaddress
import socket
import ssl
from dataclasses import asdict, dataclass
from typing import NamedTuple

from isocenter.errors import ConfigurationError
from isocenter.net.tls import https_context, server_context
from isocenter.settings import OFF, Settings

#: How many ports after the wanted one are tried where that is allowed.
PORTS_TRIED = 50
BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running node is."""

    aet: str
    host: str
    dicom_port: int | None
    http_port: int
    dicom_tls_host: str = ""
    dicom_tls_port: int | None = None
    https: bool = False

    @property
    def url(self) -> str:
        """The viewer's URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.https else ''}://{host}:{self.http_port}"

    def as_json(self) -> dict[str, object]:
        """Return it as one JSON object."""
        return {
            **asdict(self),
            "dicomweb": f"{self.url}/dicom-web",
            "viewer": f"{self.url}/",
            "docs": f"{self.url}/docs",
        }


def check_host(settings: Settings) -> None:
    """Refuse addresses that others can reach, unless that is wanted, or who calls there has to show a certificate.

    Raises:
        ConfigurationError: an address is not loopback and ``insecure`` is off.
    """
    if not _is_loopback(settings.host) and not settings.insecure:
        raise ConfigurationError(
            f"{settings.host} can be reached by others, and there are no users yet; "
            "listen on 127.0.0.1, or add --insecure if the network is yours alone"
        )
    host = settings.dicom_tls_host
    proven = settings.tls_client_certificates == "required"
    if host and not _is_loopback(host) and not proven and not settings.insecure:
        raise ConfigurationError(
            f"{host} can be reached by others, and callers need no certificate (tls_client_certificates); "
            "require one, or add --insecure if the network is yours alone"
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise ConfigurationError(
            f"{host!r} is no IP address; use 127.0.0.1, ::1 or an address of this machine"
        ) from error


def bind(host: str, port: int, option: str, *, others: bool) -> socket.socket:
    """Return a listening socket on the port, or with ``others`` on the next free one after it.

    Raises:
        ConfigurationError: the port is taken or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, min(port + PORTS_TRIED, 65536)) if others and port else [port]:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, candidate))
            sock.listen(BACKLOG)
        except OSError as error:
            sock.close()
            reason = error.strerror
        else:
            return sock
    raise ConfigurationError(f"cannot listen on {host} port {port}: {reason}; choose another with {option}")


class Sockets(NamedTuple):
    """What a node listens on; a DICOM port may be off."""

    dicom: socket.socket | None
    dicom_tls: socket.socket | None
    http: socket.socket

    def close(self) -> None:
        """Close all."""
        for sock in self:
            if sock is not None:
                sock.close()


def bind_all(settings: Settings, *, others: bool) -> Sockets:
    """Return the listening sockets of a node.

    Raises:
        ConfigurationError: a port is taken or may not be used, or there is no DICOM port at all.
    """
    plain, tls = settings.dicom_port, settings.dicom_tls_port
    if plain == OFF and tls == OFF:
        raise ConfigurationError("dicom_port and dicom_tls_port are both off; a node listens on one of them")
    tls_host = settings.dicom_tls_host or settings.host
    return Sockets(
        None if plain == OFF else bind(settings.host, plain, "--dicom-port", others=others),
        None if tls == OFF else bind(tls_host, tls, "--dicom-tls-port", others=others),
        bind(settings.host, settings.http_port, "--http-port", others=others),
    )


class Contexts(NamedTuple):
    """What a node speaks TLS with, where it does."""

    dicom: ssl.SSLContext | None
    web: ssl.SSLContext | None

    @classmethod
    def of(cls, settings: Settings) -> "Contexts":
        """Return the contexts that the settings ask for.

        Raises:
            ConfigurationError: settings are missing, or a certificate, key or CA cannot be used.
        """
        return cls(
            None if settings.dicom_tls_port == OFF else server_context(settings),
            https_context(settings) if settings.https else None,
        )
