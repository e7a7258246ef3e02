"""What every route is given: the archive, settings, threads for what blocks, counters, frame layouts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import Archive
from isocenter.index.peers import KnownPeer
from isocenter.settings import Settings
from isocenter.web.layouts import LayoutCache
from isocenter.web.metrics import Metrics
from isocenter.web.threads import Threads


@dataclass(frozen=True, slots=True)
class Node:
    """One archive as the web sees it."""

    archive: Archive
    settings: Settings
    metrics: Metrics
    #: Asks a peer by C-ECHO; returns the milliseconds for association and answer.
    echo: Callable[[KnownPeer], tuple[float, float]] | None = None
    layouts: LayoutCache = field(default_factory=LayoutCache)
    threads: Threads = field(default_factory=Threads)

    def close(self) -> None:
        """End the threads."""
        self.threads.close()


Handler = Callable[[Node, Request], Awaitable[Response]]
