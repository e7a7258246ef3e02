"""``?anonymize=PROJECT`` on WADO-RS: objects de-identified as they go out (PS3.15 Annex E, PS3.18 10.4).

No copy is kept: each object is made once to see what becomes of it, which gives lengths and checksums, and again when
it is due. What is set aside is left out, and the answer says so: status 206, a Warning field, and in a ZIP file the
reports. Nothing in the answer is original, addresses and entity tags neither.
"""

import json
import os
import tempfile
import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from isocenter.anonymizing.audit import Event, Who, record
from isocenter.anonymizing.folder import OTHER_OBJECT, place_of
from isocenter.anonymizing.objects import DELETED, Anonymizer
from isocenter.anonymizing.reports import FOLDER, summary_csv
from isocenter.archive import Instance
from isocenter.deid import Result
from isocenter.deid.report import RunReport
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.errors import NotFoundError, UnsupportedError, UsageError
from isocenter.multipart import write_end, write_part_header
from isocenter.storage import ObjectFile
from isocenter.web.media_types import DICOM, ZIP, multipart_content_type
from isocenter.web.negotiation import not_acceptable
from isocenter.web.node import Node
from isocenter.web.streaming import Made, Piece, Span, StreamedResponse
from isocenter.web.zip_stream import Entry, directory, local_header

PARAMETER = "anonymize"
#: Larger objects go by a temporary file.
_IN_MEMORY = 16 << 20


class Choice(Protocol):
    """A way of answering that the client accepts (``retrieve.Choice``)."""

    @property
    def multipart(self) -> bool:
        """Whether the parts of a multipart body are wanted."""

    @property
    def transfer_syntax(self) -> str:
        """The transfer syntax UID, ``*`` for any."""

    @property
    def zipped(self) -> bool:
        """Whether a ZIP file is wanted."""


@dataclass(frozen=True, slots=True)
class _Given:
    """An object that will be given: where it goes in a ZIP file, its syntax, size and checksum."""

    instance: Instance
    place: str
    syntax: str
    size: int
    checksum: int


async def answer(
    node: Node, request: Request, instances: list[Instance], choices: Sequence[Choice], *, single: bool
) -> Response:
    """Send instances de-identified under the project that the request names.

    Raises:
        NotFoundError: there is no such project.
        UnsupportedError: none of them can be given so, or not in a way that the client accepts.
    """
    if "dicomdir" in request.query_params:
        raise UsageError("there is no DICOMDIR of de-identified objects; leave out dicomdir")
    kept = node.jobs.projects.get(request.query_params[PARAMETER])
    anonymizer = Anonymizer.of(node.archive, kept, faces=node.jobs.faces)
    report = RunReport(anonymizer.policy, anonymizer.project.fingerprint())
    given = await node.threads.paint(_survey, anonymizer, instances, report)
    if not given:
        raise UnsupportedError(f"nothing of this can be given de-identified: {next(iter(report.reasons))[1]}")
    choice = _choice(choices, given)
    address = request.client.host if request.client else ""
    studies = tuple(sorted({study for _, study in report.studies}))
    event = Event(
        Who("web", address=address), "WADO-RS", kept.name, report.policy.name, report.policy.digest(), studies,
        dict(report.outcomes),
    )  # fmt: skip
    await node.threads.write(record, kept.folder, event)
    if choice.zipped:
        return _zip(node, anonymizer, given, report)
    return await _objects(node, anonymizer, given, report, multipart=choice.multipart or not single)


def _survey(anonymizer: Anonymizer, instances: Sequence[Instance], report: RunReport) -> list[_Given]:
    """See what becomes of each object. Blocks."""
    found: list[_Given] = []
    places: set[str] = set()
    for instance in instances:
        with anonymizer.open(instance) as outcome:
            result = outcome.result
            if outcome.outcome != "output" or result is None:
                report.add(outcome.outcome, outcome.reason, result)
                continue
            if place_of(result) in places:
                report.add("sequestered", OTHER_OBJECT)
                continue
            try:
                given = _describe(instance, result)
                outcome.check()
            except NotFoundError:
                report.add("rejected", DELETED)
                continue
            report.add("output", "", result)
            places.add(given.place)
            found.append(given)
    return found


def _describe(instance: Instance, result: Result) -> _Given:
    meta = read_preamble_and_meta(result.pieces[0], final=True)
    assert meta is not None
    size = checksum = 0
    for piece in result.pieces:
        size += len(piece)
        checksum = zlib.crc32(piece, checksum)
    return _Given(instance, place_of(result), meta.transfer_syntax_uid, size, checksum)


def _choice(choices: Sequence[Choice], given: Sequence[_Given]) -> Choice:
    """Return the first way of answering that these objects can be had in; they are not transcoded."""
    syntaxes = {each.syntax for each in given}
    for choice in choices:
        if choice.transfer_syntax == "*" or (not choice.zipped and syntaxes == {choice.transfer_syntax}):
            return choice
    raise not_acceptable(ZIP, f"{DICOM}; transfer-syntax=*")


def _make(anonymizer: Anonymizer, given: _Given) -> bytes | Span:
    """Return the object, made anew. Blocks.

    Raises:
        NotFoundError: it is not what it was; the answer cannot be completed.
    """
    with anonymizer.open(given.instance) as outcome:
        result = outcome.result
        if result is None or sum(map(len, result.pieces)) != given.size:
            raise NotFoundError("an object was changed or deleted meanwhile")
        if given.size <= _IN_MEMORY:
            whole = result.data
            outcome.check()
            return whole
        with tempfile.TemporaryFile() as file:
            file.writelines(result.pieces)
            file.flush()
            outcome.check()
            made = ObjectFile(os.dup(file.fileno()), 0, given.size)
            return Span(lambda: made, 0, given.size)


def _headers(report: RunReport) -> tuple[int, dict[str, str]]:
    """Return status and fields of an answer: 206 where something is left out."""
    left_out = report.outcomes.total() - report.outcomes["output"]
    headers = {"cache-control": "no-store"}
    if not left_out:
        return 200, headers
    words = f"{left_out} of {report.outcomes.total()} objects cannot be given de-identified and are left out"
    return 206, headers | {"warning": f'299 isocenter "{words}"'}


async def _objects(
    node: Node, anonymizer: Anonymizer, given: list[_Given], report: RunReport, *, multipart: bool
) -> Response:
    status, headers = _headers(report)
    if not multipart:
        body = await node.threads.paint(_make, anonymizer, given[0])
        headers["content-type"] = f"{DICOM}; transfer-syntax={given[0].syntax}"
        return StreamedResponse([body], node.threads, status, headers)
    boundary = uuid.uuid4().hex
    headers["content-type"] = multipart_content_type(boundary, DICOM)
    return StreamedResponse(_parts(anonymizer, given, boundary), node.threads, status, headers)


def _parts(anonymizer: Anonymizer, given: Sequence[_Given], boundary: str) -> Iterator[Piece]:
    for each in given:
        yield write_part_header(boundary, {"Content-Type": f"{DICOM}; transfer-syntax={each.syntax}"})
        yield Made(partial(_make, anonymizer, each))
    yield write_end(boundary)


def _zip(node: Node, anonymizer: Anonymizer, given: Sequence[_Given], report: RunReport) -> Response:
    pieces: list[Piece] = []
    entries: list[Entry] = []
    offset = 0

    def add(name: str, size: int, checksum: int, body: Piece) -> None:
        nonlocal offset
        entry = Entry(name.encode(), size, offset, checksum)
        head = local_header(entry)
        entries.append(entry)
        pieces.extend((head, body))
        offset += len(head) + size

    for each in given:
        add(each.place, each.size, each.checksum, Made(partial(_make, anonymizer, each)))
    for name, text in _report_files(report):
        add(f"{FOLDER}/{name}", len(text), zlib.crc32(text), text)
    end = directory(entries, offset)
    status, headers = _headers(report)
    headers |= {"content-type": ZIP, "content-disposition": 'attachment; filename="de-identified.zip"'}
    response = StreamedResponse([*pieces, end], node.threads, status, headers)
    response.headers["content-length"] = str(offset + len(end))
    return response


def _report_files(report: RunReport) -> Iterator[tuple[str, bytes]]:
    for study in report.studies.values():
        yield f"{study.name}.json", json.dumps(study.as_json(), indent=1).encode()
    yield "summary.json", json.dumps(report.as_json(), indent=1).encode()
    yield "summary.csv", summary_csv(report).encode()
    yield "summary.html", report.as_html().encode()
