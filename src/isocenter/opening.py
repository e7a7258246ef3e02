"""What a viewer needs to open a study, in one document: the metadata of its series, each said once where objects agree.

A series' metadata (PS3.18 F) repeat nearly everything in every object. Here ``shared`` holds the elements that are the
same in all objects, ``own`` a column for each of the others: ``{"vr", "values"}`` with null for an object that lacks
it, or ``{"elements"}`` where they are no plain values. A BulkDataURI below the object's own address begins with ``~/``.
Nothing is left out: expanded, it is the metadata again. Made when a series settles, else on demand.
"""

import gzip
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import xxhash

from isocenter.errors import NotFoundError
from isocenter.index.blobs import SeriesOpening, read_openings
from isocenter.index.index import Index
from isocenter.metadata import MetadataReader

_OWN_ADDRESS = re.compile(r'"BulkDataURI":"/dicom-web/studies/[0-9.]+/series/[0-9.]+/instances/[0-9.]+/bulkdata/')
_PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE = "52009230"
_BREATHE_EVERY = 32
_KEPT_BYTES = 16 << 20

Element = dict[str, Any]
Header = dict[str, Element]


@dataclass(frozen=True, slots=True)
class Opening:
    """``body``: a JSON object; ``etag`` changes with every series of the study."""

    body: bytes
    etag: str


class Columns:
    """Headers as they come, sorted into what all share and what differs; holds one copy of the former."""

    def __init__(self) -> None:
        self._count = 0
        self._shared: Header = {}
        self._own: dict[str, list[Element | None]] = {}

    def add(self, header: Header) -> None:
        """Add the header of the next object."""
        if self._count == 0:
            self._shared = dict(header)
        for tag in [tag for tag, element in self._shared.items() if header.get(tag) != element]:
            self._own[tag] = [self._shared.pop(tag)] * self._count
        for tag in header.keys() - self._shared.keys() - self._own.keys():
            self._own[tag] = [None] * self._count
        for tag, column in self._own.items():
            column.append(header.get(tag))
        self._count += 1

    def result(self) -> dict[str, Any]:
        """Return the document of the series."""
        own = {tag: _column(self._own[tag]) for tag in sorted(self._own)}
        return {"instances": self._count, "shared": self._shared, "own": own}


def _of_items(items: list[Header]) -> dict[str, Any]:
    columns = Columns()
    for item in items:
        columns.add(item)
    return columns.result()


def _packed(header: Header) -> Header:
    """Return a header whose frames' functional groups are columns."""
    items = header.get(_PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, {}).get("Value", [])
    if len(items) < 2:
        return header
    return header | {_PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE: {"vr": "SQ", "items": _of_items(items)}}


def _column(elements: list[Element | None]) -> dict[str, Any]:
    if all(
        element is not None and len(element.get("Value", ())) == 1 and element["vr"] == "SQ" for element in elements
    ):
        return {"item": _of_items([element["Value"][0] for element in elements if element is not None])}
    vrs = {element["vr"] for element in elements if element is not None}
    plain = all(element is None or element.keys() <= {"vr", "Value"} for element in elements)
    if plain and len(vrs) == 1:
        return {"vr": vrs.pop(), "values": [None if e is None else e.get("Value", []) for e in elements]}
    return {"elements": elements}


def compact(metadata: bytes, breathe: Callable[[], object] = int) -> bytes:
    """Return the gzip of a series' document, of the gzip of its metadata; ``breathe`` is called now and then."""
    columns = Columns()
    headers = gzip.decompress(metadata).decode().strip()[1:-1]
    for number, line in enumerate(headers.split(",\n") if headers else (), 1):  # none where it is just deleted
        if number % _BREATHE_EVERY == 0:
            breathe()
        columns.add(_packed(json.loads(_OWN_ADDRESS.sub('"BulkDataURI":"~/', line))))
    text = json.dumps(columns.result(), ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), 6, mtime=0)


class OpeningReader:
    """Gives the documents of studies; used by many threads."""

    def __init__(self, index: Index, metadata: MetadataReader) -> None:
        self._index = index
        self._metadata = metadata
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[int, int], tuple[str, bytes]] = OrderedDict()

    def read(self, study: str) -> Opening:
        """Return the document of a study as it is now.

        Raises:
            NotFoundError: there is no such study.
        """
        series = read_openings(self._index.database, study)
        if not series:
            raise NotFoundError("there is no such study")
        found = [self._of_series(study, one) for one in series]
        parts = [b'{"etag":"%s",' % etag.encode() + gzip.decompress(body)[1:] for etag, body in found]
        body = b'{"StudyInstanceUID":"%s","series":[' % study.encode() + b",\n".join(parts) + b"]}"
        return Opening(body, xxhash.xxh3_128_hexdigest("\n".join(etag for etag, _ in found).encode()))

    def _of_series(self, study: str, series: SeriesOpening) -> tuple[str, bytes]:
        if series.body is not None and series.etag is not None:
            return series.etag, series.body
        key = (series.id, series.revision)
        with self._lock:
            known = self._made.get(key)
        return known or self._keep(key, self._make(study, series))

    def _make(self, study: str, series: SeriesOpening) -> tuple[str, bytes]:
        metadata = self._metadata.read(study, series.SeriesInstanceUID)
        return metadata.etag, compact(metadata.body)

    def _keep(self, key: tuple[int, int], made: tuple[str, bytes]) -> tuple[str, bytes]:
        with self._lock:
            self._made[key] = made
            while len(self._made) > 1 and sum(len(body) for _, body in self._made.values()) > _KEPT_BYTES:
                self._made.popitem(last=False)
        return made
