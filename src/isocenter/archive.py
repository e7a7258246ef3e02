"""The archive: the only join of storage and index. Receive, find, open, delete, check.

This is its front; ``ingest.py`` takes objects in, ``settling.py`` finishes series that have come to rest,
``reindexing.py`` reads objects for keys that a site has added, ``non_patient.py`` has what belongs to no study,
``bin.py`` what was deleted, ``editing.py`` corrects studies, ``commitment.py`` has what peers asked to be kept for
sure, ``integrity.py`` compares index and storage. Knows neither DIMSE nor HTTP.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

from isocenter.arrivals import Arrivals
from isocenter.background import Worker
from isocenter.bin import Bin
from isocenter.commitment import Commitments
from isocenter.dicom.uids import transfer_syntax
from isocenter.editing import Editing
from isocenter.errors import NotFoundError
from isocenter.index.conflicts import Conflict
from isocenter.index.drafts import StudyDrafts
from isocenter.index.entry import Instance
from isocenter.index.hanging import HangingProtocols
from isocenter.index.index import Index
from isocenter.index.outbox import MILLISECONDS_PER_DAY
from isocenter.index.peers import Peers
from isocenter.index.query import Level, Query
from isocenter.index.site_keys import SiteKey, SiteKeys
from isocenter.index.statistics import Statistics, read_statistics
from isocenter.ingest import FileReception, Intake, Outcome, Receipt, Reception, Source
from isocenter.integrity import Check, Redo, Report
from isocenter.metadata import Metadata, MetadataReader
from isocenter.non_patient import NonPatientObjects
from isocenter.opening import OpeningReader
from isocenter.reindexing import Reindexing
from isocenter.settings import Settings
from isocenter.settling import Settling
from isocenter.storage import LocalStorage, ObjectFile, Storage
from isocenter.ups.signal import Signal
from isocenter.ups.subscriptions import Subscriptions
from isocenter.ups.workitems import WorkItems
from isocenter.worklist.performed import Performed
from isocenter.worklist.worklist import Worklist

__all__ = [
    "Archive", "Conflict", "FileReception", "Instance", "Level", "Metadata", "Outcome", "Query", "Receipt", "Reception",
    "Source", "Statistics",
]  # fmt: skip

#: Seconds between two looks whether the storage has room ready for the next objects.
_PREPARE_PAUSE = 0.5
#: Seconds after the last bytes in which uploads are taken to go on.
_LATELY = 1.0


class Archive:
    """One archive, used by all threads of a process; several processes may have it open at once."""

    def __init__(
        self,
        storage: Storage,
        index: Index,
        settings: Settings,
        redo: Redo | None = None,
        arrivals: Arrivals | None = None,
    ) -> None:
        self.storage = storage
        self.index = index
        #: Remote application entities that are known here.
        self.peers = Peers(index.database)
        #: Measurements that are not signed yet.
        self.drafts = StudyDrafts(index.database, "measurement_draft")
        #: Key images that are not stored as an object yet.
        self.key_images = StudyDrafts(index.database, "key_image_draft")
        #: How users want kinds of studies laid out.
        self.hanging = HangingProtocols(index.database)
        #: What modalities are to do, and what they did.
        self.worklist = Worklist(index.database, settings)
        self.performed = Performed(index.database)
        #: Given when subscribers of work items may have to be told something.
        self.reported = Signal()
        self.work_items = WorkItems(index.database, settings.aet, self.reported)
        self.subscriptions = Subscriptions(index.database, self.reported)
        #: What peers asked to be kept for sure.
        self.commitments = Commitments(storage, index, settings)
        self._arrivals = arrivals or Arrivals.of_process()
        #: Told of each question that somebody waits for the answer of.
        self.requests = Arrivals.of_process()
        self._intake = Intake(storage, index, self._arrivals)
        self._metadata = MetadataReader(storage, index)
        #: What a viewer needs to open a study, in one document.
        self.openings = OpeningReader(index, self._metadata)
        self._redo = redo
        self._settling = Settling(
            storage, index, self._metadata, settings.settle_seconds, redo.advance if redo else _nothing, self._serving
        )
        self._preparing = Worker("preparing", self._prepare, _PREPARE_PAUSE)
        #: Keys that the site has added to those of every archive, and what reads objects for them.
        self.site_keys = SiteKeys(index.database)
        self.reindexing = Reindexing(storage, index, self.site_keys, self._serving)
        self._bin_days: int = settings.bin_days
        #: What was deleted and can be restored.
        self.bin = Bin(storage, index, self._settling.remove_garbage)
        #: Corrections of what studies say of patient and study.
        self.editing = Editing(storage, index, settings)
        self.non_patient = NonPatientObjects(storage, index, self._settling.remove_garbage)

    @classmethod
    def open(cls, data: Path, settings: Settings, arrivals: Arrivals | None = None) -> Self:
        """Open the archive in the folder ``data``, which is made if it is not there.

        ``arrivals`` are those that the processes of one node share.
        """
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable = settings.durability == "full"
        storage = LocalStorage(data, durable=durable)
        try:
            index = Index.open(f"sqlite:///{data}/index.sqlite", durable=durable)
        except BaseException:
            storage.close()
            raise
        redo = Redo(storage, index, data / "durable")
        redo.run()
        archive = cls(storage, index, settings, redo, arrivals)
        try:
            archive.site_keys.ensure(settings.query_keys)
        except BaseException:
            archive.close()
            raise
        return archive

    def close(self) -> None:
        """Stop the background work and give back every descriptor; no reception may be open."""
        self.reindexing.stop()
        self._settling.stop()
        self._preparing.stop()
        if self._redo is not None:
            self._redo.advance()
        self.index.close()
        self.storage.close()

    def start_background(self) -> None:
        """Start the threads that settle series, read objects for the site's keys, and keep room ready for more.

        Each process has them; of the first two kinds one works at a time.
        """
        self._settling.start()
        self.reindexing.start()
        self.start_preparing()

    def start_preparing(self) -> None:
        """Start the thread that keeps room ready for objects; alone where objects are received and none settled."""
        self._preparing.start()

    def _prepare(self) -> float:
        self.storage.prepare()
        return _PREPARE_PAUSE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def receive(
        self, source: Source, transfer_syntax_uid: str, *, sop_class_uid: str = "", sop_instance_uid: str = ""
    ) -> Reception:
        """Begin to receive a bare data set; the UIDs are those that were announced, if any."""
        return Reception(self._intake, source, transfer_syntax(transfer_syntax_uid), sop_class_uid, sop_instance_uid)

    def receive_file(self, source: Source, *, study_instance_uid: str = "") -> FileReception:
        """Begin to receive a Part 10 stream, with or without preamble and file meta information.

        An object of another study than ``study_instance_uid``, if that is given, is a mismatch.
        """
        return FileReception(self._intake, source, study_instance_uid)

    @property
    def receiving(self) -> bool:
        """Whether objects are arriving, in any process of the node, so that what can wait a moment should."""
        return self._arrivals.going_on

    @property
    def serving(self) -> bool:
        """Whether somebody sends or asks, so that work beside that should go slowly."""
        return self._serving()

    def _serving(self) -> bool:
        return self._arrivals.within(_LATELY) or self.requests.going_on

    def find(self, query: Query) -> list[dict[str, Any]]:
        """Return the answers to a query, as DICOM JSON Model objects (PS3.18 F) with the attributes asked for.

        Raises:
            UsageError: a key is not kept in the index, or cannot be read.
        """
        return self.index.find(query)

    def find_pages(self, query: Query, size: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the answers to a query in pages of at most ``size``, each read when it is asked for.

        Raises:
            UsageError: a key is not kept in the index, or cannot be read.
        """
        return self.index.find_pages(query, size)

    def added_keys(self) -> list[SiteKey]:
        """Return the keys that the site has added."""
        return self.site_keys.all()

    def instances(self, study: str, series: str | None = None, sop: str | None = None) -> list[Instance]:
        """Return the objects of a study, of one series, or one object; series and objects in the order of numbers.

        Raises:
            NotFoundError: there is none.
        """
        found = self.index.instances(study, series, sop)
        if not found:
            level = "instance" if sop else "series" if series else "study"
            raise NotFoundError(f"there is no such {level}")
        return found

    def open_object(self, instance: Instance) -> ObjectFile:
        """Open the Part 10 file of an object."""
        return self.storage.open(instance.location)

    def metadata(self, study: str, series: str) -> Metadata:
        """Return the headers of a series as a compressed DICOM JSON array.

        Raises:
            NotFoundError: there is no such series.
        """
        return self._metadata.read(study, series)

    def conflicts(self) -> list[Conflict]:
        """Return what contradicts what was there before, oldest first."""
        return list(self.index.conflicts())

    def statistics(self) -> Statistics:
        """Return what the archive holds, in numbers."""
        return read_statistics(self.index.database)

    def check(
        self, *, deep: bool = False, repair: bool = False, progress: Callable[[int], None] | None = None
    ) -> Report:
        """Compare index and storage, deeply down to every byte; with ``repair`` put right what loses nothing."""
        return Check(self.storage, self.index, deep=deep, progress=progress).run(repair=repair)

    def delete(self, study: str, series: str | None = None, sop: str | None = None) -> None:
        """Delete a study, a series or an object, with the objects of the conflict list under the same UIDs.

        They go to the bin for ``bin_days``, if that is not 0.

        Raises:
            NotFoundError: there is none.
        """
        now = time.time_ns() // 1_000_000
        expires = now + self._bin_days * MILLISECONDS_PER_DAY if self._bin_days else None
        if not self.index.delete(study, series or "", sop or "", now, expires):
            raise NotFoundError("there is nothing to delete")
        self._settling.remove_garbage()

    def settle(self, now: float | None = None) -> int:
        """Settle the series that are quiet at ``now`` (seconds since 1970, None: now); return how many."""
        return self._settling.settle(time.time() if now is None else now)


def _nothing() -> None:
    """Do nothing."""
