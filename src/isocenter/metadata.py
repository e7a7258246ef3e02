"""Metadata of a series: the headers of all its objects as one gzip JSON array (PS3.18 10.4.1.1.2, F).

Made from the files: bulk data become URIs below ``/dicom-web``. The stored blob of a settled series is served as it is;
until then it is made on demand and kept for as long as the series does not change.
"""

import gzip
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import xxhash

from isocenter.dicom.json import data_set_to_json
from isocenter.dicom.uids import transfer_syntax
from isocenter.errors import InvalidObjectError, NotFoundError
from isocenter.index.blobs import SeriesState, read_series
from isocenter.index.entry import Instance
from isocenter.index.index import Index
from isocenter.reading import data_set
from isocenter.storage.storage import Storage

_LOG = logging.getLogger(__name__)
_COMPRESSION = 6
_KEPT_BYTES = 32 << 20
_AVAILABLE_TRANSFER_SYNTAX_UID = "00083002"


@dataclass(frozen=True, slots=True)
class Metadata:
    """``body``: gzip of a JSON array with an object per instance; ``settled``: this is the stored blob."""

    body: bytes
    etag: str
    instances: int
    settled: bool


class MetadataReader:
    """Gives the metadata of series; used by many threads."""

    def __init__(self, storage: Storage, index: Index) -> None:
        self._storage = storage
        self._index = index
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[int, int], Metadata] = OrderedDict()

    def read(self, study: str, series: str) -> Metadata:
        """Return the metadata of a series as it is now.

        Raises:
            NotFoundError: there is no such series.
        """
        state = read_series(self._index.database, study, series)
        if state is None:
            raise NotFoundError("there is no such series")
        if state.body is not None and state.etag is not None:
            return Metadata(state.body, state.etag, state.instances, settled=True)
        with self._lock:
            known = self._made.get((state.id, state.revision))
        return known or self._keep(state, self.make(state))

    def make(self, state: SeriesState, breathe: Callable[[], object] = int) -> Metadata:
        """Read all headers of a series; ``breathe`` is called before each."""
        instances = self._index.instances(state.StudyInstanceUID, state.SeriesInstanceUID)
        body = write_metadata(self._storage, instances, breathe)
        return Metadata(body, xxhash.xxh3_128_hexdigest(body), len(instances), settled=False)

    def _keep(self, state: SeriesState, made: Metadata) -> Metadata:
        with self._lock:
            self._made[state.id, state.revision] = made
            while len(self._made) > 1 and sum(len(each.body) for each in self._made.values()) > _KEPT_BYTES:
                self._made.popitem(last=False)
        return made


def write_metadata(storage: Storage, instances: Iterable[Instance], breathe: Callable[[], object] = int) -> bytes:
    """Return the compressed JSON array of the headers of these objects; ``breathe`` is called before each."""
    texts = []
    for each in instances:
        breathe()
        texts.append(json.dumps(_header(storage, each), ensure_ascii=False, separators=(",", ":")))
    return gzip.compress(("[" + ",\n".join(texts) + "]").encode(), _COMPRESSION, mtime=0)


def _header(storage: Storage, instance: Instance) -> dict[str, Any]:
    """Return the DICOM JSON object of a header; of one that cannot be read, what the index knows."""
    prefix = (
        f"/dicom-web/studies/{instance.StudyInstanceUID}/series/{instance.SeriesInstanceUID}"
        f"/instances/{instance.SOPInstanceUID}/bulkdata/"
    )

    def bulk_data_uri(path: tuple[int, ...]) -> str:
        return prefix + "/".join(f"{tag:08X}" if at % 2 == 0 else str(tag) for at, tag in enumerate(path))

    syntax = transfer_syntax(instance.transfer_syntax_uid)
    try:
        with data_set(storage, instance.location, instance.data_set_offset, syntax) as data:
            header = data_set_to_json(data, syntax, bulk_data_uri=bulk_data_uri)
    except (InvalidObjectError, NotFoundError) as error:
        _LOG.warning("no metadata of %s: %s", instance.SOPInstanceUID, error)
        header = {
            "00080016": {"vr": "UI", "Value": [instance.SOPClassUID]},
            "00080018": {"vr": "UI", "Value": [instance.SOPInstanceUID]},
            "0020000D": {"vr": "UI", "Value": [instance.StudyInstanceUID]},
            "0020000E": {"vr": "UI", "Value": [instance.SeriesInstanceUID]},
        }
    header[_AVAILABLE_TRANSFER_SYNTAX_UID] = {"vr": "UI", "Value": [instance.transfer_syntax_uid]}
    return header
