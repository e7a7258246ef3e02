"""WADO-RS: metadata of a study, a series or an instance as DICOM JSON or XML (PS3.18 10.4.1.1.2).

A series' metadata is one gzip blob with an ETag, which the archive keeps; to clients that take gzip it
goes out as it is.
"""

import gzip
import hashlib
import json
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from isocenter.metadata import Metadata, write_metadata
from isocenter.web.addresses import prefix_of
from isocenter.web.conditional import caching, is_known, not_modified
from isocenter.web.media_types import DICOM_XML
from isocenter.web.models import model_type, xml_response
from isocenter.web.node import Node

_VARY = "accept, accept-encoding"


async def study_metadata(node: Node, request: Request) -> Response:
    """Send the metadata of all instances of a study, series after series."""
    media_type = model_type(request)
    blobs = await node.threads.read(_of_study, node, request.path_params["study"])
    if len(blobs) == 1:
        return await _send(node, request, blobs[0].body, _weak(blobs[0].etag, media_type), media_type)
    etag = _weak(hashlib.sha256("\n".join(blob.etag for blob in blobs).encode()).hexdigest()[:32], media_type)
    if is_known(request, etag):
        return not_modified(etag, _VARY)
    body = await node.threads.read(joined, [blob.body for blob in blobs])
    return await _send(node, request, body, etag, media_type)


async def series_metadata(node: Node, request: Request) -> Response:
    """Send the metadata of all instances of a series."""
    media_type = model_type(request)
    path = request.path_params
    blob = await node.threads.read(node.archive.metadata, path["study"], path["series"])
    return await _send(node, request, blob.body, _weak(blob.etag, media_type), media_type)


async def instance_metadata(node: Node, request: Request) -> Response:
    """Send the metadata of one instance."""
    media_type = model_type(request)
    path = request.path_params
    found = await node.threads.read(node.archive.instances, path["study"], path["series"], path["instance"])
    etag = _weak(found[0].hash.hex(), media_type)
    if is_known(request, etag):
        return not_modified(etag, _VARY)
    body = await node.threads.read(write_metadata, node.archive.storage, found)
    return await _send(node, request, body, etag, media_type)


def _of_study(node: Node, study: str) -> list[Metadata]:
    series = dict.fromkeys(instance.SeriesInstanceUID for instance in node.archive.instances(study))
    return [node.archive.metadata(study, uid) for uid in series]


def joined(bodies: Sequence[bytes]) -> bytes:
    """Return one gzip of one JSON array from gzips of JSON arrays, none of them empty."""
    arrays = [gzip.decompress(body).strip()[1:-1] for body in bodies]
    return gzip.compress(b"[" + b",".join(arrays) + b"]", compresslevel=1, mtime=0)


async def _send(node: Node, request: Request, body: bytes, etag: str, media_type: str) -> Response:
    """Send a gzip blob as it is, unpacked to who does not take gzip, or as XML."""
    if is_known(request, etag):
        return not_modified(etag, _VARY)
    headers = caching(etag, _VARY)
    prefix = prefix_of(request)
    if prefix:
        body = await node.threads.read(_below, body, prefix)
    if media_type == DICOM_XML:
        return await node.threads.paint(lambda: xml_response(json.loads(gzip.decompress(body)), headers))
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
    else:
        body = await node.threads.read(gzip.decompress, body)
    return Response(body, headers=headers, media_type=media_type)


def _below(body: bytes, prefix: str) -> bytes:
    """Return a gzip blob with the addresses of its bulk data below a proxy's prefix."""
    start = b'"BulkDataURI":"'
    text = gzip.decompress(body).replace(start + b"/", start + prefix.encode() + b"/")
    return gzip.compress(text, compresslevel=1, mtime=0)


def _weak(etag: str, media_type: str) -> str:
    """Return an entity tag that packed and unpacked forms share, and JSON and XML do not."""
    return f'W/"{etag}-xml"' if media_type == DICOM_XML else f'W/"{etag}"'
