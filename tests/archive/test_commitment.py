"""Storage commitment in the archive: what is read back, who holds a transaction, how long it is tried and kept."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.archive import Archive, Receipt
from isocenter.commitment import FailureReason, Held, Reference, State
from isocenter.index.commitments import Failure
from isocenter.settings import Settings

CT, MR, PALETTE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.39.1"
STORED, UNKNOWN = Reference(CT, "1.2.3.1"), Reference(CT, "1.2.3.99")
DAY = 86400.0
LEASE = 121.0


@pytest.fixture
def now() -> float:
    return time.time()


@pytest.fixture
def stored(archive: Archive, build: Callable[..., bytes], send: Callable[..., Receipt]) -> Reference:
    receipt = send(archive, build())
    return Reference(receipt.SOPClassUID, receipt.SOPInstanceUID)


def examined(held: Held) -> tuple[Failure, ...] | None:
    steps = held.examine()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: tuple[Failure, ...] | None = end.value
            return found


def begin(archive: Archive, now: float, *references: Reference, uid: str = "2.25.1") -> Held:
    held = archive.commitments.begin("CT1", uid, references, now)
    assert held is not None
    return held


class TestReadBack:
    """What is committed."""

    def test_what_is_stored_is_committed(self, archive: Archive, stored: Reference, now: float) -> None:
        assert examined(begin(archive, now, stored)) == ()

    def test_what_is_in_the_bin_is_not_committed(self, archive: Archive, stored: Reference, now: float) -> None:
        archive.delete("1.2.3")
        missing = Failure(*stored, FailureReason.NO_SUCH_OBJECT_INSTANCE)
        assert examined(begin(archive, now, stored)) == (missing,)
        archive.bin.restore(archive.bin.deletions()[0].id)
        assert examined(begin(archive, now, stored, uid="2.25.2")) == ()

    def test_what_is_not_there_or_of_another_class(self, archive: Archive, stored: Reference, now: float) -> None:
        other = Reference(MR, stored.sop_instance_uid)
        assert examined(begin(archive, now, stored, UNKNOWN, other)) == (
            Failure(*UNKNOWN, FailureReason.NO_SUCH_OBJECT_INSTANCE),
            Failure(*other, FailureReason.CLASS_INSTANCE_CONFLICT),
        )

    @pytest.mark.parametrize("damage", ["one bit", "lost"])
    def test_what_is_damaged_is_not(
        self, archive: Archive, stored: Reference, folder: Path, now: float, damage: str
    ) -> None:
        (segment,) = (folder / "objects").rglob("*.seg")
        if damage == "lost":
            segment.unlink()
        else:
            (instance,) = archive.instances("1.2.3")
            content = bytearray(segment.read_bytes())
            at = content.index(bytes(range(128)))
            content[at + 64] ^= 1
            segment.write_bytes(content)
            assert instance.size < len(content)
        assert examined(begin(archive, now, stored)) == (Failure(*stored, FailureReason.PROCESSING_FAILURE),)

    def test_what_was_deleted_is_not(self, archive: Archive, stored: Reference, now: float) -> None:
        archive.delete("1.2.3")
        assert examined(begin(archive, now, stored)) == (Failure(*stored, FailureReason.NO_SUCH_OBJECT_INSTANCE),)

    def test_objects_of_no_patient_are_committed(
        self, archive: Archive, build: Callable[..., bytes], send: Callable[..., Receipt], now: float
    ) -> None:
        nothing: dict[str, Any] = {"StudyInstanceUID": None, "SeriesInstanceUID": None, "PixelData": None}
        send(archive, build(7, SOPClassUID=PALETTE, ContentLabel="P7", **nothing))
        assert examined(begin(archive, now, Reference(PALETTE, "1.2.3.7"))) == ()

    def test_each_object_is_a_step(self, archive: Archive, stored: Reference, now: float) -> None:
        steps = begin(archive, now, stored, UNKNOWN).examine()
        assert [next(steps), next(steps)] == [None, None]
        with pytest.raises(StopIteration):
            next(steps)

    def test_what_was_found_is_kept(self, archive: Archive, stored: Reference, now: float) -> None:
        held = begin(archive, now, stored)
        assert examined(held) == ()
        held.leave(now)
        archive.delete("1.2.3")
        again = archive.commitments.claim(now)
        assert again is not None
        assert examined(again) == ()


class TestTransactions:
    """Who works on one, and how long."""

    def test_a_uid_is_used_once_by_each_peer(self, archive: Archive, now: float) -> None:
        begin(archive, now, STORED).reported(now)
        assert archive.commitments.begin("CT1", "2.25.1", [UNKNOWN], now) is None
        assert archive.commitments.begin("CT2", "2.25.1", [UNKNOWN], now) is not None

    def test_nobody_else_takes_what_is_held(self, archive: Archive, now: float) -> None:
        held = begin(archive, now, STORED)
        assert archive.commitments.claim(now) is None
        assert archive.commitments.claim(now + LEASE) is not None
        held.reported(now)  # too late: it is another's
        assert archive.commitments.recent()[0].state is State.PENDING

    def test_who_lost_it_has_nothing_to_tell(self, archive: Archive, now: float) -> None:
        held = begin(archive, now - 2 * LEASE, STORED)
        assert archive.commitments.claim(now) is not None
        assert examined(held) is None

    def test_it_survives_its_holder(self, folder: Path, settings: Settings, now: float) -> None:
        with Archive.open(folder, settings) as archive:
            begin(archive, now, STORED)
        with Archive.open(folder, settings) as archive:
            held = archive.commitments.claim(now + LEASE)
            assert held is not None
            assert held.commitment.requested == (STORED,)

    def test_only_one_of_many_gets_it(self, archive: Archive, folder: Path, settings: Settings, now: float) -> None:
        begin(archive, now, STORED).leave(now)
        with Archive.open(folder, settings) as other:
            taken: list[Held | None] = []
            threads = [
                threading.Thread(target=lambda a=each: taken.append(a.commitments.claim(now)))
                for each in (archive, other, archive, other)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert sum(held is not None for held in taken) == 1

    def test_pauses_grow_until_it_is_given_up(self, archive: Archive, now: float) -> None:
        begin(archive, now, STORED).leave(now)
        moment, pauses = now, []
        while (held := archive.commitments.claim(moment)) is not None:
            held.postpone("no answer", moment)
            wait = archive.commitments.seconds_to_next(moment)
            if wait is None:
                break
            pauses.append(wait)
            moment += wait
        assert pauses[:4] == [10, 20, 40, 80]
        assert max(pauses) == 3600
        assert 3 * DAY - 3600 < sum(pauses) <= 3 * DAY + 3600
        (last,) = archive.commitments.recent()
        assert (last.state, last.detail) == (State.UNDELIVERED, "no answer")

    def test_finished_ones_are_forgotten(self, archive: Archive, now: float) -> None:
        begin(archive, now, STORED, uid="2.25.1").reported(now)
        begin(archive, now, STORED, uid="2.25.2")
        assert archive.commitments.forget(now + 29 * DAY) == 0
        assert archive.commitments.forget(now + 31 * DAY) == 1
        assert [each.TransactionUID for each in archive.commitments.recent()] == ["2.25.2"]
