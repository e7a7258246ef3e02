"""A small node that takes what another one reports over associations of its own, for as long as a command runs."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from isocenter.errors import ConfigurationError
from isocenter.net.observer import Counters
from isocenter.net.server import DicomServer
from isocenter.services.echo import EchoService
from isocenter.services.service import Service
from isocenter.settings import load_settings

#: What a node gets to release its association after the last report, in seconds.
_LAST_WORDS = 2.0


class _Ends(Counters):
    """Tells that an association ended."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Event()

    def association_ended(self, how: str, received: int) -> None:
        """Count it."""
        super().association_ended(how, received)
        self.came.set()


@contextmanager
def listening(service: Service, aet: str, host: str, port: int | None) -> Iterator[None]:
    """Take reports on a port, if one is given.

    Raises:
        ConfigurationError: the port cannot be used.
    """
    if port is None:
        yield
        return
    try:
        sock = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another with --listen and --host"
        ) from error
    ends = _Ends()
    server = DicomServer(load_settings({"aet": aet}), [EchoService(), service], sock, ends)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield
    finally:
        if ends.snapshot()["associations_active"]:
            ends.came.wait(_LAST_WORDS)
        server.stop(1.0)
        thread.join()
