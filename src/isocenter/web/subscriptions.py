"""UPS-RS: subscribe to work items, unsubscribe, suspend (PS3.18 11.10 to 11.12). ``event_channel`` has the reports."""

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from isocenter.dicom.json import Json
from isocenter.errors import UsageError
from isocenter.ups.attributes import FILTERED_SUBSCRIPTION
from isocenter.ups.keys import add_key
from isocenter.web.addresses import PUBLIC
from isocenter.web.node import Node
from isocenter.web.workitems import explained

CHANNEL = "/ws/subscribers"
_OPTIONS = frozenset({"deletionlock", "filter", "accept", "charset"})
_BOOLEANS = {"true": True, "false": False}


@explained
async def subscribe(node: Node, request: Request) -> Response:
    """Subscribe to one work item, to all, or to those that match a filter (11.10)."""
    resource, aet = request.path_params["workitem"], request.path_params["aet"]
    lock = request.query_params.get("deletionlock", "false").lower()
    if lock not in _BOOLEANS:
        raise UsageError(f"deletionlock must be true or false, not {lock[:32]!r}")
    identifier = read_filter(request.query_params) if resource == FILTERED_SUBSCRIPTION else None
    await node.threads.write(_subscribe, node, resource, aet, _BOOLEANS[lock], identifier)
    return Response(status_code=201, headers={"content-location": f"{_channel_base(request)}{CHANNEL}/{aet}"})


def _subscribe(node: Node, resource: str, aet: str, locked: bool, identifier: Json | None) -> None:
    node.archive.subscriptions.subscribe(resource, aet, locked=locked, identifier=identifier)


@explained
async def unsubscribe(node: Node, request: Request) -> Response:
    """End a subscription (11.11)."""
    path = request.path_params
    await node.threads.write(node.archive.subscriptions.unsubscribe, path["workitem"], path["aet"])
    return Response()


@explained
async def suspend(node: Node, request: Request) -> Response:
    """Be told of no more new work items, but go on with those that are there (11.12)."""
    path = request.path_params
    await node.threads.write(node.archive.subscriptions.suspend, path["workitem"], path["aet"])
    return Response()


def read_filter(parameters: QueryParams) -> Json:
    """Return the identifier of a filter: ``filter=A=x,B=y``, or the keys as parameters of their own.

    Raises:
        UsageError: one is no attribute.
    """
    identifier: Json = {}
    pairs = [(name, parameters.getlist(name)) for name in dict.fromkeys(parameters.keys()) if name not in _OPTIONS]
    for value in parameters.getlist("filter"):
        for part in value.split(","):
            name, equals, wanted = part.partition("=")
            if equals:
                pairs.append((name, [wanted]))
            elif pairs:  # a comma within a value: a list of UIDs
                pairs[-1][1].append(part)
    for name, values in pairs:
        add_key(identifier, name, values)
    return identifier


def _channel_base(request: Request) -> str:
    """Return the address of this server as a WebSocket: ws for http, wss for https."""
    public = request.scope.get(PUBLIC)
    if public is None:
        public = f"{request.scope.get('scheme', 'http')}://{request.headers.get('host', 'localhost')}"
    return "ws" + str(public).removeprefix("http")
