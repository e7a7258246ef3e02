"""The event channel: reports of work items over a WebSocket, one channel for each subscriber (PS3.18 8.10.4, 8.10.5).

Reports wait in the index until they are sent, so none is lost while nobody listens, and it does not matter in which
process they arose. A channel looks there once a second; reports of its own process wake it at once. Where a subscriber
has several channels, each gets what comes while it is open.
"""

import asyncio
import contextlib
import json
import logging

from starlette.websockets import WebSocket, WebSocketDisconnect

from isocenter.archive import Archive
from isocenter.errors import IsocenterError, UsageError
from isocenter.index.subscriptions import Deliveries, Event
from isocenter.ups.reports import as_message
from isocenter.ups.subscriptions import check_aet
from isocenter.web.node import Node

logger = logging.getLogger(__name__)

#: Seconds after which reports of other processes are looked for.
LOOK_AFTER = 1.0
_UNSUPPORTED_DATA, _INTERNAL_ERROR = 1003, 1011  # RFC 6455 7.4.1
_MESSAGE_IDS = 65535


class EventChannels:
    """The channels of one process."""

    def __init__(self, archive: Archive, look_after: float = LOOK_AFTER) -> None:
        self._deliveries = Deliveries(archive.index.database, "web")
        self._signal = archive.reported
        self._look_after = look_after
        self._sent: dict[str, int] = {}  # the last report of each subscriber; the index learns of it a little later

    async def serve(self, node: Node, socket: WebSocket) -> None:
        """Serve one channel to its end."""
        aet = socket.path_params["aet"]
        await socket.accept()
        try:
            check_aet(aet)
        except UsageError as error:
            await socket.close(_UNSUPPORTED_DATA, str(error)[:120])
            return
        waker = _Waker()
        remove = self._signal.listen(waker.wake)
        sending = asyncio.create_task(self._send(node, socket, aet, waker))
        listening = asyncio.create_task(_until_it_closes(socket))
        try:
            await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            remove()
            for task in (sending, listening):
                task.cancel()
            await asyncio.gather(sending, listening, return_exceptions=True)
        await _close_after(sending, socket, aet)

    async def _send(self, node: Node, socket: WebSocket, aet: str, waker: "_Waker") -> None:
        position = max(await node.threads.read(self._deliveries.position, aet), self._sent.get(aet, 0))
        latest = -1
        while True:
            last, latest = latest, await node.threads.read(self._deliveries.latest)
            if latest != last:
                position = await self._send_behind(node, socket, aet, position)
            await waker.wait(self._look_after)

    async def _send_behind(self, node: Node, socket: WebSocket, aet: str, position: int) -> int:
        """Send all reports behind a number, and return that of the last one."""
        while events := await node.threads.read(self._deliveries.events, aet, position):
            for event in events:
                await socket.send_text(_message(event))
                self._sent[aet] = position = event.id
            # A channel that ends meanwhile has told its reports all the same.
            await asyncio.shield(node.threads.write(self._deliveries.advance, aet, position))
        return position


class _Waker:
    """Lets a coroutine wait until any thread wakes it, or a time is over."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()


def _message(event: Event) -> str:
    message = as_message(event.type, event.uid, event.information, event.id % _MESSAGE_IDS + 1)
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


async def _until_it_closes(socket: WebSocket) -> None:
    """Pass over what the subscriber sends; there is nothing it could say."""
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return


async def _close_after(sending: "asyncio.Task[None]", socket: WebSocket, aet: str) -> None:
    """Say why it ends, where it was not the subscriber who ended it."""
    error = None if sending.cancelled() else sending.exception()
    if error is None or isinstance(error, WebSocketDisconnect):
        return
    if not isinstance(error, IsocenterError):
        logger.error("event channel of %s failed", aet, exc_info=error)
    with contextlib.suppress(RuntimeError):  # it is closed already
        await socket.close(_INTERNAL_ERROR)
