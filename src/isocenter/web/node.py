"""What every route is given: the archive, settings, threads for what blocks, counters, frame layouts."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from isocenter.anonymizing.audit import Who
from isocenter.anonymizing.jobs import Jobs
from isocenter.archive import Archive, Instance
from isocenter.index.peers import KnownPeer
from isocenter.services.retrieval import Tally
from isocenter.settings import Settings
from isocenter.web.layouts import LayoutCache
from isocenter.web.metrics import Metrics
from isocenter.web.previews import PreviewMaker, Previews
from isocenter.web.threads import Threads

#: What a peer is sent, and for whom.
Send = Callable[[KnownPeer, list[Instance], Who], Iterator[Tally]]


@dataclass(frozen=True, slots=True)
class Node:
    """One archive as the web sees it."""

    archive: Archive
    settings: Settings
    metrics: Metrics
    threads: Threads
    layouts: LayoutCache
    previews: Previews
    jobs: Jobs
    #: Asks a peer by C-ECHO; returns the milliseconds for association and answer.
    echo: Callable[[KnownPeer], tuple[float, float]] | None = None
    #: Sends objects to a peer by C-STORE, and yields how far it is.
    send: Send | None = None
    #: Makes previews of what settles.
    maker: PreviewMaker | None = None

    def start(self) -> None:
        """Begin what goes on beside requests."""
        if self.maker is not None:
            self.maker.start()

    def close(self) -> None:
        """End the threads."""
        if self.maker is not None:
            self.maker.stop()
        self.threads.close()


Handler = Callable[[Node, Request], Awaitable[Response]]
