"""STOW-RS: store instances as they come (PS3.18 10.5).

Bodies are never held: each part goes to a ``Reception`` while it arrives. Making a part durable happens in a thread
while the next parts arrive, so that many parts share its cost; how many wait at once is bounded.
"""

import asyncio
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import FileReception, Outcome, Receipt, Source
from isocenter.errors import IsocenterError, OutOfResourcesError, UnsupportedError, UsageError
from isocenter.multipart import Event, MultipartReader, PartData, PartEnded, PartStarted
from isocenter.web.addresses import address_of, address_of_object, base_address
from isocenter.web.media_types import DICOM, DICOM_JSON, JSON, MULTIPART, choose, parse_media_type
from isocenter.web.negotiation import accepted, not_acceptable
from isocenter.web.node import Node

logger = logging.getLogger(__name__)

#: Bytes of one part that are written on the event loop; more go through a thread, for the disk may make them wait.
_INLINE = 1 << 20
#: Written together by a thread.
_BLOCK = 1 << 20
#: Parts of one request whose durability is waited for at once.
_PENDING = 32
#: Statuses for when every part failed for the same reason; else it is 409.
_COMMON_FAILURES = {OutOfResourcesError: OutOfResourcesError.http_status, UnsupportedError: 415}
#: PS3.7 C.4.2: the one attribute for a reason in words; 64 characters.
_ERROR_COMMENT = "00000902"
_PROCESSING_FAILURE = 0x0110  # PS3.7 C.5.20
#: The same as C-STORE answers (`services/store.py` says why).
_CONFLICT_WARNING = 0xB000
_CONFLICT_TEXT = "A different object with the same UID was there before; both are kept, see the list of conflicts."
#: How parts of DICOM files are labelled in the field.
_PART_TYPES = frozenset({DICOM, "application/octet-stream", ""})


@dataclass(frozen=True, slots=True)
class Failure:
    """A part that was not stored, and what its file meta information said it is."""

    error: BaseException
    sop_class_uid: str = ""
    sop_instance_uid: str = ""

    @property
    def is_named(self) -> bool:
        """Whether it can go into the Failed SOP Sequence, which needs both UIDs."""
        return bool(self.sop_class_uid and self.sop_instance_uid)


Result = Receipt | Failure


async def store(node: Node, request: Request) -> Response:
    """Store the instances of the body and say what became of each."""
    media_type = choose(accepted(request), (DICOM_JSON, JSON))
    if media_type is None:
        raise not_acceptable(DICOM_JSON)
    study = request.path_params.get("study", "")
    source = Source("web", address=request.client.host if request.client else "")
    intake = Intake(node, source, study)
    try:
        broken = await _read(request, intake)
    finally:
        intake.abandon()
        results = await intake.results()
    if broken is not None and not any(isinstance(result, Receipt) for result in results):
        raise broken
    if not results:
        raise UsageError("the body holds no instance: send multipart/related parts of type application/dicom")
    results += [Failure(broken)] if broken is not None else []
    return _response(results, base_address(request), study, media_type)


class Intake:
    """Takes parts one after the other and remembers what becomes of each."""

    def __init__(self, node: Node, source: Source, study: str) -> None:
        self._node = node
        self._source = source
        self._study = study
        self._reception: FileReception | None = None
        self._size = 0
        self._waiting: list[memoryview | bytes] = []
        self._waiting_size = 0
        self._parts: list[tuple[asyncio.Future[Receipt], FileReception | None]] = []
        self._slots = asyncio.Semaphore(_PENDING)
        self._loop = asyncio.get_running_loop()

    async def begin(self) -> None:
        """Begin a part; waits while too many are on their way to the disk."""
        await self._slots.acquire()
        self._size = 0
        try:
            self._reception = self._node.archive.receive_file(self._source, study_instance_uid=self._study)
        except IsocenterError as error:
            self._refuse(error)

    async def refuse(self, error: IsocenterError) -> None:
        """Begin a part that is not wanted: its bytes are dropped."""
        await self._slots.acquire()
        self._size = 0
        self._refuse(error)

    async def write(self, data: memoryview | bytes) -> None:
        """Take bytes of the part; those of a part that was refused are dropped."""
        if self._reception is None:
            return
        self._size += len(data)
        try:
            if self._size <= _INLINE:
                self._reception.write(data)
                return
            self._waiting.append(data)
            self._waiting_size += len(data)
            if self._waiting_size >= _BLOCK:
                await self._write_waiting()
        except IsocenterError as error:
            self._refuse(error)

    async def _write_waiting(self) -> None:
        if self._reception is not None and self._waiting:
            await self._node.threads.write(self._reception.write, *self._waiting)
        self._waiting, self._waiting_size = [], 0

    async def end(self) -> None:
        """Have the part made durable, without waiting for it."""
        try:
            await self._write_waiting()
        except IsocenterError as error:
            self._refuse(error)
        reception, self._reception = self._reception, None
        if reception is not None:
            self._note(self._node.threads.write(reception.finish), reception)

    def _refuse(self, error: IsocenterError) -> None:
        """Drop the part and remember why."""
        reception = self._reception
        self.abandon()
        refused: asyncio.Future[Receipt] = self._loop.create_future()
        refused.set_exception(error)
        self._note(refused, reception)

    def _note(self, future: asyncio.Future[Receipt], reception: FileReception | None) -> None:
        size = self._size

        def done(finished: asyncio.Future[Receipt]) -> None:
            self._slots.release()
            failed = finished.cancelled() or finished.exception() is not None
            outcome = "failed" if failed else finished.result().outcome.name.lower()
            self._node.metrics.instance_received(outcome, size)

        future.add_done_callback(done)
        self._parts.append((future, reception))

    def abandon(self) -> None:
        """Drop a part that did not come to its end."""
        self._waiting, self._waiting_size = [], 0
        if self._reception is not None:
            self._reception.discard()
            self._reception = None

    async def results(self) -> list[Result]:
        """Wait until every part is durable or failed; results in the order of the parts."""
        outcomes = await asyncio.gather(*(future for future, _ in self._parts), return_exceptions=True)
        return [
            outcome if isinstance(outcome, Receipt) else Failure(outcome, *_announced(reception))
            for outcome, (_, reception) in zip(outcomes, self._parts, strict=True)
        ]


def _announced(reception: FileReception | None) -> tuple[str, str]:
    """Return SOP class and instance UID of the file meta information, ``""`` where there is none."""
    meta = reception.file_meta if reception is not None else None
    return ("", "") if meta is None else (meta.sop_class_uid, meta.sop_instance_uid)


async def _read(request: Request, intake: Intake) -> UsageError | None:
    """Take the parts of the body; return why it could not be read to its end, if so."""
    content_type = parse_media_type(request.headers.get("content-type", ""))
    if content_type.type == DICOM:
        await _read_single(request, intake)
        return None
    part_type = content_type.parameters.get("type", DICOM).lower()
    if content_type.type != MULTIPART or part_type != DICOM:
        raise HTTPException(415, f'send {MULTIPART}; type="{DICOM}", or one instance as {DICOM}')
    boundary = content_type.parameters.get("boundary")
    if not boundary:
        raise UsageError("the Content-Type of the body has no boundary")
    reader = MultipartReader(boundary)
    try:
        async for chunk in request.stream():
            if chunk:
                await _take(chunk, reader, intake)
        reader.receive_data(b"")
    except UsageError as error:
        return error
    return None


async def _read_single(request: Request, intake: Intake) -> None:
    await intake.begin()
    async for chunk in request.stream():
        if chunk:
            await intake.write(chunk)
    await intake.end()


async def _take(chunk: bytes, reader: MultipartReader, intake: Intake) -> None:
    reader.receive_data(chunk)
    while (event := reader.next_event()) is not None:
        await _follow(event, intake)


async def _follow(event: Event, intake: Intake) -> None:
    match event:
        case PartStarted():
            part_type = parse_media_type(event.headers.get("content-type", "")).type
            if part_type in _PART_TYPES:
                await intake.begin()
            else:
                await intake.refuse(UnsupportedError(f"a part is {part_type}; only {DICOM} is stored here"))
        case PartData():
            await intake.write(event.data)
        case PartEnded():
            await intake.end()


def _response(results: Sequence[Result], base: str, study: str, media_type: str) -> Response:
    """Return the answer with the Store Instances Response Module (PS3.18 10.5.3, Annex I)."""
    stored = [result for result in results if isinstance(result, Receipt)]
    failed = [result for result in results if isinstance(result, Failure)]
    studies = {study} if study else {receipt.StudyInstanceUID for receipt in stored} - {""}
    content = {
        "00081190": {"vr": "UR", "Value": [address_of(base, uid) for uid in studies] if len(studies) == 1 else []},
        "00081198": _sequence(_failure(failure) for failure in failed if failure.is_named),
        "00081199": _sequence(_success(receipt, base) for receipt in stored),
        "0008119A": _sequence(_failure(failure) for failure in failed if not failure.is_named),
    }
    body = json.dumps({tag: attribute for tag, attribute in content.items() if attribute["Value"]})
    if any(receipt.outcome is Outcome.CONFLICT for receipt in stored):
        return Response(body.encode(), 202, {"warning": f'299 {base}: "{_CONFLICT_TEXT}"'}, media_type)
    return Response(body.encode(), _status(stored, failed), None, media_type)


def _sequence(items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": list(items)}


def _status(stored: Sequence[Receipt], failed: Sequence[Failure]) -> int:
    """Return the status of PS3.18 Table 10.5.3-1."""
    if not failed:
        return 200
    if stored:
        return 202
    for kind, status in _COMMON_FAILURES.items():
        if all(isinstance(failure.error, kind) for failure in failed):
            return status
    return 409


def _success(receipt: Receipt, base: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "00081150": {"vr": "UI", "Value": [receipt.SOPClassUID]},
        "00081155": {"vr": "UI", "Value": [receipt.SOPInstanceUID]},
        "00081190": {"vr": "UR", "Value": [address_of_object(base, receipt)]},
    }
    if receipt.outcome is Outcome.CONFLICT:
        item["00081196"] = {"vr": "US", "Value": [_CONFLICT_WARNING]}
    return item


def _failure(failure: Failure) -> dict[str, Any]:
    if isinstance(failure.error, IsocenterError):
        reason, comment = failure.error.dimse_status, str(failure.error)
        logger.warning("an instance was refused: %s", failure.error)
    else:
        reason, comment = _PROCESSING_FAILURE, "something unexpected happened; the log of the server says what"
        logger.error("an instance could not be stored", exc_info=failure.error)
    item: dict[str, Any] = {
        "00081197": {"vr": "US", "Value": [reason]},
        _ERROR_COMMENT: {"vr": "LO", "Value": [comment[:64]]},
    }
    if failure.is_named:
        item["00081150"] = {"vr": "UI", "Value": [failure.sop_class_uid]}
        item["00081155"] = {"vr": "UI", "Value": [failure.sop_instance_uid]}
    return dict(sorted(item.items()))
