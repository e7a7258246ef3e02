"""The ASGI application: one table of routes, and the border where every request is let in, timed, and answered.

The border is plain ASGI: no middleware stack stands between the server and a route.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter

from prometheus_client.registry import Collector
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from isocenter.anonymizing.jobs import Jobs
from isocenter.archive import Archive
from isocenter.errors import UsageError
from isocenter.index.peers import KnownPeer
from isocenter.settings import Settings
from isocenter.web import dicomweb, health, retrieve, wado_uri
from isocenter.web.addresses import PUBLIC, ROOT
from isocenter.web.anonymized import PARAMETER
from isocenter.web.capabilities import Row, capabilities
from isocenter.web.compression import Packing
from isocenter.web.cors import Cors
from isocenter.web.event_channel import EventChannels
from isocenter.web.gate import PAGE_HEADERS, SECURITY_HEADERS, Gate
from isocenter.web.layouts import LayoutCache
from isocenter.web.management import create_management
from isocenter.web.metrics import Metrics
from isocenter.web.misspelt import check_parameters
from isocenter.web.node import Handler, Node
from isocenter.web.node import Send as SendToPeer
from isocenter.web.previews import PreviewMaker, Previews
from isocenter.web.problems import is_expected, problem, problem_of
from isocenter.web.proxy import Proxies
from isocenter.web.subscriptions import CHANNEL
from isocenter.web.threads import Threads
from isocenter.web.viewer import STATIC, Viewer, docs_page

logger = logging.getLogger(__name__)

#: What gives de-identified objects where that is asked for, or refuses it in its own way; everything else refuses.
_ANONYMIZING = (retrieve.retrieve, wado_uri.wado)
#: What is counted for a request whose client went away before there was an answer.
_CLIENT_CLOSED = 499
_POLICY_VIOLATION = 1008  # RFC 6455 7.4.1


class Application:
    """The archive over HTTP."""

    def __init__(self, node: Node, routes: list[BaseRoute]) -> None:
        self.node = node
        self._router = Router(routes, redirect_slashes=False)
        self._gate = Gate(node.settings)
        self._cors = Cors(node.settings.cors_origins)
        self._proxies = Proxies(node.settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._open_channel(scope, receive, send)

    async def _open_channel(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The border of WebSockets: who may not open one is told so before it is open."""
        headers = dict(scope["headers"])
        public = self._proxies.public_address(scope.get("client"), scope["scheme"], headers)
        if self._gate.channel_refusal(headers, public) is not None:
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        try:
            await self._router(scope, receive, send)
        except Exception:
            logger.exception("%s failed", _pattern(scope))
            raise

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.node.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(self.node.close)
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The border of HTTP: whatever is raised below becomes an answer here."""
        started = perf_counter()
        self.node.archive.requests.note()
        scope["app"] = self
        status = 0
        method, headers = scope["method"], dict(scope["headers"])
        packing = Packing(send, headers.get(b"accept-encoding", b"").decode("latin-1"), self.node.threads)

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*_with_security(message["headers"]), *self._cors.fields(headers)]
            elif method == "HEAD":
                message = {**message, "body": b""}
            await packing.send(message)

        try:
            scope[PUBLIC] = public = self._proxies.public_address(scope.get("client"), scope["scheme"], headers)
            refusal = self._gate.refusal(method, headers, public)
            if refusal is not None:
                await problem(403, "ForbiddenError", refusal)(scope, receive, send_and_note)
            else:
                await self._dispatch(scope, receive, send_and_note, headers)
        except ClientDisconnect:
            status = status or _CLIENT_CLOSED
        except Exception as error:
            if not is_expected(error):
                logger.exception("%s %s failed", scope["method"], _pattern(scope))
            if status:  # the answer has begun: only a broken connection can tell
                raise
            await problem_of(error)(scope, receive, send_and_note)
        finally:
            self.node.metrics.request_done(_pattern(scope), method, status, perf_counter() - started)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes]) -> None:
        """Answer a browser that asks on behalf of another origin, else the route does."""
        granted = self._cors.preflight(headers) if scope["method"] == "OPTIONS" else None
        if granted is not None:
            response = Response(status_code=204)
            response.raw_headers += granted
            await response(scope, receive, send)
            return
        if scope["method"] == "HEAD" and scope["path"].startswith("/api/"):
            scope["method"] = "GET"  # FastAPI's routes know GET only; the body is dropped at the border
        if scope["query_string"]:
            check_parameters(scope["query_string"])
        await self._router(scope, receive, send)


def _with_security(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    is_page = any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers)
    return [*headers, *SECURITY_HEADERS, *(PAGE_HEADERS if is_page else ())]


def _pattern(scope: Scope) -> str:
    """Return the pattern of the route, never the path: that would make a time series of every UID."""
    route = scope.get("route")
    path = getattr(route, "path", "")
    return f"{scope.get('root_path', '')}{path}" if path else "(none)"


def route(path: str, method: str, handler: Handler, node: Node) -> Route:
    """Return a route that gives ``node`` and the request to ``handler``."""

    async def endpoint(request: Request) -> Response:
        if request.scope["query_string"] and PARAMETER in request.query_params and handler not in _ANONYMIZING:
            raise UsageError("only whole objects are given de-identified: studies, series, instances")
        return await handler(node, request)

    return Route(path, endpoint, methods=[method], name=handler.__name__)


def channel_route(channels: EventChannels, node: Node) -> WebSocketRoute:
    """Return the route of the event channels."""

    async def endpoint(socket: WebSocket) -> None:
        await channels.serve(node, socket)

    return WebSocketRoute(CHANNEL + "/{aet}", endpoint, name="event_channel")


def create_app(
    archive: Archive,
    settings: Settings,
    *,
    collectors: Iterable[Collector] = (),
    static: Path = STATIC,
    previews: Path | None = None,
    echo: Callable[[KnownPeer], tuple[float, float]] | None = None,
    send: SendToPeer | None = None,
    jobs: Jobs | None = None,
) -> Application:
    """Return the application of one archive.

    Args:
        archive: opened; the caller closes it after the server has stopped.
        settings: in force.
        collectors: further metrics for ``/metrics``, for instance of the DICOM node.
        static: folder of the built viewer.
        previews: folder for previews of volumes, which are then made of what settles; None: made on request only.
        echo: asks a known DICOM node whether it answers (C-ECHO); returns the milliseconds for association and answer.
        send: sends objects to a known DICOM node (C-STORE), and yields how far it is.
        jobs: de-identification jobs, which somebody else works on.
    """
    layouts = LayoutCache()
    kept = Previews(previews, archive)
    maker = None if previews is None else PreviewMaker(kept, archive)
    jobs = jobs or Jobs(archive, Path(settings.data))
    threads = Threads(lambda: archive.receiving)
    metrics = Metrics(archive.statistics, collectors)
    node = Node(archive, settings, metrics, threads, layouts, kept, jobs, echo=echo, send=send, maker=maker)
    viewer = Viewer(static)
    tell = capabilities(dicomweb.ROUTES)
    table: list[Row] = [
        *dicomweb.ROUTES,
        (ROOT, "OPTIONS", tell),
        (ROOT + "/{path:path}", "OPTIONS", tell),
        ("/health", "GET", health.health),
        ("/metrics", "GET", health.metrics),
        ("/docs", "GET", docs_page),
        ("/docs/{name}", "GET", docs_page),
        ("/", "GET", viewer.page),
        ("/viewer", "GET", viewer.page),
        ("/IHEInvokeImageDisplay", "GET", viewer.page),
        ("/viewer/{rest:path}", "GET", viewer.page),
    ]
    routes: list[BaseRoute] = [route(path, method, handler, node) for path, method, handler in table]
    routes.append(channel_route(EventChannels(archive), node))
    routes.append(Mount("/api", create_management(node)))
    routes.append(route("/{path:path}", "GET", viewer.file, node))
    return Application(node, routes)
