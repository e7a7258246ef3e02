"""Previews of volumes: made when a series has settled, or when one is asked for; kept as files, anew when it changes.

The consumer of the outbox that makes them takes a quarter of a core at most, and next to nothing while objects come in
or somebody reads. A file holds the gzip of the body; an empty one says that the series is no volume. All of them can
be removed at any time.
"""

import contextlib
import gzip
import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import Archive, Instance
from isocenter.codecs.registry import decode_frame
from isocenter.dicom.uids import transfer_syntax
from isocenter.errors import IsocenterError, NotFoundError
from isocenter.index.blobs import SeriesState, read_series, read_series_by_key
from isocenter.index.outbox import Consumer, Event
from isocenter.web.conditional import caching, is_known, not_modified
from isocenter.web.layouts import LayoutCache, read_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.web import volume_preview as preview

_MEDIA_TYPE = "application/octet-stream"
_VARY = "accept-encoding"
_LOG = logging.getLogger(__name__)
_LEASE = 120_000
_KEPT_DAYS = 30
_WAIT = 2.0
#: Of the objects being read: in the cache of those who read frames they would take the place of theirs.
_LAYOUTS = 4
#: Seconds to rest for each second of work; while somebody is served it only just goes on.
_REST, _LONG_REST = 3.0, 50.0


class Previews:
    """The previews of an archive, kept in a folder; with None made anew each time."""

    def __init__(self, folder: Path | None, archive: Archive) -> None:
        self._folder = folder
        self._archive = archive
        self._layouts = LayoutCache(_LAYOUTS)

    def read(self, study: str, series: str) -> tuple[bytes, str]:
        """Return the gzip of the preview and its entity tag; no bytes: the series is no volume.

        Raises:
            NotFoundError: there is no such series.
        """
        state = read_series(self._archive.index.database, study, series)
        if state is None:
            raise NotFoundError("there is no such series")
        body = self._kept(state)
        return self.make(state) if body is None else body, f'W/"{state.id:x}-{state.revision:x}"'

    def make(self, state: SeriesState, breathe: Callable[[], object] = int) -> bytes:
        """Make the preview of a series and keep it; ``breathe`` is called before each slice."""
        from isocenter.web import volume_preview as preview  # noqa: PLC0415 - numpy is loaded when it is needed

        metadata = self._archive.metadata(state.StudyInstanceUID, state.SeriesInstanceUID)
        slices = preview.slices_of(json.loads(gzip.decompress(metadata.body)))
        body = b""
        if slices:
            found = self._archive.instances(state.StudyInstanceUID, state.SeriesInstanceUID)
            instances = {instance.SOPInstanceUID: instance for instance in found}
            dear = transfer_syntax(found[0].transfer_syntax_uid).encapsulated
            try:
                written = preview.write_preview(slices, self._reader(instances, breathe), sparse=dear)
                body = gzip.compress(written, 6, mtime=0)
            except (IsocenterError, KeyError) as error:
                _LOG.warning("no preview of series %s: %s", state.SeriesInstanceUID, error)
        try:
            self._keep(state, body)
        except OSError as error:  # it is made again when it is asked for
            _LOG.warning("the preview of series %s is not kept: %s", state.SeriesInstanceUID, error.strerror)
        return body

    def _reader(
        self, instances: dict[str, Instance], breathe: Callable[[], object]
    ) -> "Callable[[preview.Slice], NDArray[Any]]":
        """Return what reads the stored values of a slice."""

        def values(one: "preview.Slice") -> "NDArray[Any]":
            breathe()
            instance = instances[one.SOPInstanceUID]
            layout = self._layouts.layout(self._archive, instance)
            raw = read_frame(self._archive, instance, layout, one.number)
            return decode_frame(raw, layout.description, layout.syntax.uid, vr=layout.vr, number=one.number - 1)

        return values

    def follow(self, series_id: int, breathe: Callable[[], object]) -> None:
        """Make the preview of a series that has settled; remove that of one that is gone."""
        state = read_series_by_key(self._archive.index.database, series_id)
        if state is None:
            self._remove(series_id, "")
        elif self._kept(state) is None:
            self.make(state, breathe)

    def _path(self, folder: Path, state: SeriesState) -> Path:
        return folder / f"{state.id % 256:02x}" / f"{state.id:x}-{state.revision:x}"

    def _kept(self, state: SeriesState) -> bytes | None:
        if self._folder is None:
            return None
        try:
            return self._path(self._folder, state).read_bytes()
        except OSError:  # not there, or not to be read: it is made again
            return None

    def _keep(self, state: SeriesState, body: bytes) -> None:
        if self._folder is None:
            return
        path = self._path(self._folder, state)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        unfinished.touch(0o600)
        unfinished.write_bytes(body)
        unfinished.replace(path)
        self._remove(state.id, path.name)

    def _remove(self, series_id: int, but: str) -> None:
        if self._folder is None:
            return
        for path in (self._folder / f"{series_id % 256:02x}").glob(f"{series_id:x}-*"):
            if path.name != but:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()


class PreviewMaker:
    """Makes previews of what settles, in one process at a time."""

    def __init__(self, previews: Previews, archive: Archive) -> None:
        self._previews = previews
        self._archive = archive
        self._database = archive.index.database
        self._consumer = Consumer(self._database, "previews", f"{os.getpid()}-{secrets.token_hex(4)}")
        self._leased = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="previews", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End it and give the lease back; what is half made is given up."""
        self._stop.set()
        self._thread.join()
        if self._leased:
            self._consumer.release()
            self._leased = False

    def follow(self, now: float) -> int:
        """Deal with the next events at ``now`` (seconds since 1970); return how many there were.

        Another process that holds the lease makes this do nothing.
        """
        moment = round(now * 1000)
        events = self._consumer.read(self._consumer.position(), 100)
        if not events or not self._consumer.lease(moment, _LEASE):
            return 0
        self._leased = True
        for event in events:
            if event.event in {Event.SERIES_SETTLED, Event.DELETED}:
                self._previews.follow(event.series_id, _Pace(self._stop, self._archive))
        with self._database.write() as transaction:
            self._consumer.advance(transaction, events[-1].id, moment, _KEPT_DAYS)
        return len(events)

    def _run(self) -> None:
        wait = _WAIT
        while not self._stop.wait(wait):
            try:
                wait = 0.01 if self.follow(time.time()) else _WAIT
            except _StoppedError:
                return
            except IsocenterError as error:
                _LOG.error("making previews failed, it is tried again: %s", error)
                wait = _WAIT
            except Exception:  # noqa: BLE001 - the border of this worker: the next round tries again
                _LOG.exception("making previews failed")
                wait = _WAIT


class _StoppedError(Exception):
    """The program stops."""


class _Pace:
    """Rests in proportion to the time that was worked since the last call."""

    def __init__(self, stop: threading.Event, archive: Archive) -> None:
        self._stop = stop
        self._archive = archive
        self._since = time.monotonic()

    def __call__(self) -> None:
        """Rest."""
        rest = _LONG_REST if self._archive.serving else _REST
        if self._stop.wait((time.monotonic() - self._since) * rest):
            raise _StoppedError
        self._since = time.monotonic()


def add_preview_route(api: FastAPI, previews: Previews) -> None:
    """Add the route of a series' preview."""

    @api.get(
        "/studies/{study}/series/{series}/preview",
        response_class=Response,
        responses={
            200: {"content": {_MEDIA_TYPE: {}}},
            204: {"description": "The series is no volume, or a small one"},
        },
    )
    def preview(study: str, series: str, request: Request) -> Response:
        """Send a small volume of a series' real values, for other planes until its slices have come."""
        body, etag = previews.read(study, series)
        if is_known(request, etag):
            return not_modified(etag, _VARY)
        headers = caching(etag, _VARY)
        if not body:
            return Response(status_code=204, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
        else:
            body = gzip.decompress(body)
        return Response(body, headers=headers, media_type=_MEDIA_TYPE)
