"""Reading objects for the keys that a site has added: those that come in, and those that were there before a key was.

The first by the outbox, like settling; the second by walking through the rows. Both keep in the index how far they are,
so they go on where they were after a restart, in one process at a time. Uploads and searches go first.
"""

import contextlib
import os
import secrets
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from isocenter.background import Worker
from isocenter.dicom.header import decode_value
from isocenter.dicom.json import data_set_to_json
from isocenter.dicom.nested import texts
from isocenter.dicom.uids import TransferSyntax, transfer_syntax
from isocenter.errors import InvalidObjectError, NotFoundError
from isocenter.index.attributes import Level
from isocenter.index.database import Row, Transaction
from isocenter.index.index import Index
from isocenter.index.outbox import Consumer, Event
from isocenter.index.site_keys import CONSUMER, SiteKey, SiteKeys
from isocenter.index.site_values import Found, owners_with_values, rows_of, store_values
from isocenter.reading import data_set
from isocenter.storage.storage import Storage

_LEASE = 60_000
_BATCH = 200
_KEPT_DAYS = 30
_WAIT = 2.0
_BREATH, _LONG_BREATH = 0.001, 0.02
#: Items of a sequence, and values, that are kept for one key of one object.
_MOST = 100

_FROM = """
SELECT instance.id, series.study_id, series.id, study.patient_id,
  instance.location, instance.data_set_offset, code.value
FROM instance JOIN series ON series.id = instance.series_id JOIN study ON study.id = series.study_id
JOIN code ON code.id = instance."AvailableTransferSyntaxUID" """
_NEW = f"{_FROM} WHERE instance.id IN (:keys) ORDER BY instance.id"
_NEXT = f"{_FROM} WHERE instance.id > :after AND instance.id <= :target ORDER BY instance.id LIMIT {_BATCH}"
_OWNER = {Level.INSTANCE: 0, Level.STUDY: 1, Level.SERIES: 2, Level.PATIENT: 3}  # place in such a row


class Reindexing:
    """Keeps the values of a site's keys up with the objects; slowly while ``serving`` says that somebody is served."""

    def __init__(self, storage: Storage, index: Index, keys: SiteKeys, serving: Callable[[], bool]) -> None:
        self._storage = storage
        self._database = index.database
        self._keys = keys
        self._serving = serving
        self._consumer = Consumer(index.database, CONSUMER, f"{os.getpid()}-{secrets.token_hex(4)}")
        self._lock = threading.Lock()
        self._worker = Worker("reindexing", self._round, _WAIT)
        self._leased = False

    def step(self, now: float) -> int:
        """Read some objects; return how many, 0 when all is done or another process does it."""
        moment = round(now * 1000)
        with self._lock:
            keys = self._keys.all()
            if not self._has_work(keys) or not self._consumer.lease(moment, _LEASE):
                return 0
            self._leased = True
            return self._read_new(keys, moment) or self._read_old(keys)

    def run(self, progress: Callable[[int, int], None] = lambda _done, _all: None) -> bool:
        """Read all that is to be read; ``progress`` gets rows done and rows in all. False: another process is at it."""
        while self.step(time.time()):
            keys = self._keys.all()
            progress(min((key.position for key in keys), default=0), max((key.target for key in keys), default=0))
        return all(key.is_ready for key in self._keys.all())

    def start(self) -> None:
        """Start the background thread."""
        self._worker.start()

    def stop(self) -> None:
        """Stop the background thread and give the lease back."""
        self._worker.stop()
        if self._leased:
            self._consumer.release()
            self._leased = False

    def _round(self) -> float:
        return 0 if self.step(time.time()) else _WAIT

    def _has_work(self, keys: list[SiteKey]) -> bool:
        if not keys:
            if self._leased:  # the last key was removed: nobody is to keep the events for us
                self._keys.unfollow()
                self._leased = False
            return False
        return not all(key.is_ready for key in keys) or bool(self._consumer.read(self._consumer.position(), 1))

    def _read_new(self, keys: list[SiteKey], moment: int) -> int:
        """Read the objects that the next events tell of."""
        events = self._consumer.read(self._consumer.position(), _BATCH)
        if not events:
            return 0
        stored = {event.instance_id for event in events if event.event in {Event.STORED, Event.EDITED}}
        rows = self._database.rows_by_key(_NEW, stored) if stored else []

        def advance(transaction: Transaction) -> None:
            self._consumer.advance(transaction, events[-1].id, moment, _KEPT_DAYS)

        self._read(keys, rows, advance)
        return len(events)

    def _read_old(self, keys: list[SiteKey]) -> int:
        """Read the next objects for the keys that are furthest behind."""
        behind = [key for key in keys if not key.is_ready]
        if not behind:
            return 0
        position = min(key.position for key in behind)
        group = [key for key in behind if key.position == position]
        target = min(key.target for key in group)
        rows = self._database.rows(_NEXT, after=position, target=target)
        self._read(group, rows)
        self._keys.move(group, rows[-1][0] if len(rows) == _BATCH else target)
        return max(len(rows), 1)

    def _read(
        self, keys: list[SiteKey], rows: Sequence[Row], also: Callable[[Transaction], None] | None = None
    ) -> None:
        """Keep the values of these objects, in one transaction."""
        made = self._made(keys, rows)
        with self._database.write() as transaction:
            for key in keys:
                values = [row for owner, found in made[key.id].items() for row in rows_of(key, owner, found)]
                if values:
                    store_values(transaction, key, values)
            if also is not None:
                also(transaction)

    def _made(self, keys: list[SiteKey], rows: Sequence[Row]) -> dict[int, dict[int, list[Found]]]:
        """Return what the owners of each key have: of several objects of one owner the first that has anything."""
        known = {
            key.id: owners_with_values(self._database, key, {row[_OWNER[key.level]] for row in rows})
            if key.level is not Level.INSTANCE else set()
            for key in keys
        }  # fmt: skip
        made: dict[int, dict[int, list[Found]]] = {key.id: {} for key in keys}
        for row in rows:
            wanted = [
                key for key in keys
                if row[_OWNER[key.level]] not in known[key.id] and row[_OWNER[key.level]] not in made[key.id]
            ]  # fmt: skip
            if not wanted:
                continue
            self._worker.rest(_LONG_BREATH if self._serving() else _BREATH)
            for key, values in self._header(wanted, row):
                made[key.id][row[_OWNER[key.level]]] = values
        return made

    def _header(self, keys: list[SiteKey], row: Row) -> Iterator[tuple[SiteKey, list[Found]]]:
        """Read one object; give the keys that it has values of."""
        syntax = transfer_syntax(row[6])
        with contextlib.suppress(InvalidObjectError, NotFoundError):  # a check tells of those
            with data_set(self._storage, row[4], row[5], syntax) as data:
                stop = max(key.tags[0] | (0xFFFF if key.creator else 0) for key in keys) + 1
                header = data_set_to_json(data, syntax, bulk_data_uri=None, stop=stop)
            for key in keys:
                values = list(values_of(key, header, syntax))[:_MOST]
                if values:
                    yield key, values


def values_of(key: SiteKey, header: dict[str, Any], syntax: TransferSyntax) -> Iterator[Found]:
    """Return what a header, a DICOM JSON Model object, holds of a key: the number of the item and the text of each."""
    if key.creator:
        for block in range(0x10, 0x100):
            creator = header.get(f"{key.tags[0] >> 16:04X}{block:04X}", {}).get("Value", [""])
            if creator and str(creator[0]).strip() == key.creator:
                tag = key.tags[0] & ~0xFF00 | block << 8
                yield from ((0, text) for text in _texts(key, header.get(f"{tag:08X}", {}), syntax))
        return
    items = [header]
    for tag in key.tags[:-1]:
        items = [inner for item in items for inner in item.get(f"{tag:08X}", {}).get("Value", []) if inner][:_MOST]
    for number, item in enumerate(items):
        yield from ((number, text) for text in _texts(key, item.get(f"{key.tags[-1]:08X}", {}), syntax))


def _texts(key: SiteKey, attribute: dict[str, Any], syntax: TransferSyntax) -> list[str]:
    if "InlineBinary" in attribute:  # of a VR that the reader did not know
        return list(decode_value(b64decode(attribute["InlineBinary"]), key.vr, syntax, ()))
    return [text for text in texts(attribute.get("Value", [])) if text]
