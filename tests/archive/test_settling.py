"""Settling: quiet series get their metadata blob once, a later object starts it over, and metadata are always right."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.archive import Archive, Receipt
from isocenter.errors import NotFoundError
from isocenter.index.blobs import announce_settled
from isocenter.index.outbox import Consumer, Event
from isocenter.settings import Settings

Build = Callable[..., bytes]
Send = Callable[..., Receipt]
STUDY, SERIES = "1.2.3", "1.2.3.0"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets the time of receipt, in seconds."""

    def set_time(seconds: float) -> None:
        monkeypatch.setattr("time.time_ns", lambda: round(seconds * 1e9))

    set_time(1000)
    return set_time


def events(archive: Archive) -> list[Event]:
    return [event.event for event in Consumer(archive.index.database, "test", "me").read(0)]


def headers(archive: Archive) -> list[dict[str, Any]]:
    return list(json.loads(gzip.decompress(archive.metadata(STUDY, SERIES).body)))


def test_a_series_settles_when_it_has_been_quiet(archive: Archive, build: Build, send: Send, clock: Any) -> None:
    send(archive, build(1))
    clock(1003)
    send(archive, build(2))
    assert archive.settle(1007.9) == 0
    assert not archive.metadata(STUDY, SERIES).settled
    assert archive.settle(1008) == 1
    settled = archive.metadata(STUDY, SERIES)
    assert (settled.settled, settled.instances) == (True, 2)
    assert archive.settle(2000) == 0
    assert events(archive) == [Event.STORED, Event.STORED, Event.SERIES_SETTLED, Event.STUDY_SETTLED]


def test_a_later_object_unsettles(archive: Archive, build: Build, send: Send, clock: Any) -> None:
    send(archive, build(1))
    archive.settle(1010)
    before = archive.metadata(STUDY, SERIES)
    clock(1020)
    send(archive, build(2))
    between = archive.metadata(STUDY, SERIES)
    assert (before.settled, between.settled) == (True, False)
    assert between.etag != before.etag
    assert archive.settle(1030) == 1
    after = archive.metadata(STUDY, SERIES)
    assert (after.settled, after.etag, after.body) == (True, between.etag, between.body)


def test_a_study_settles_with_its_last_series(archive: Archive, build: Build, send: Send, clock: Any) -> None:
    send(archive, build(1))
    clock(1004)
    send(archive, build(2, SeriesInstanceUID="1.2.3.9"))
    archive.settle(1006)
    assert events(archive)[2:] == [Event.SERIES_SETTLED]
    archive.settle(1010)
    assert events(archive)[3:] == [Event.SERIES_SETTLED, Event.STUDY_SETTLED]


def test_one_process_settles_and_another_takes_over(
    archive: Archive, folder: Path, settings: Settings, build: Build, send: Send, clock: Any
) -> None:
    with Archive.open(folder, settings) as other:
        send(archive, build(1))
        assert archive.settle(1001) == 0  # takes the lease
        assert other.settle(1010) == 0
        assert other.settle(1100) == 1
        clock(1101)
        send(archive, build(2))
        assert archive.settle(1110) == 0
    assert archive.settle(1120) == 1  # the other gave its lease back


def test_what_a_crash_interrupted_is_settled_by_the_next(
    folder: Path, settings: Settings, build: Build, send: Send, clock: Any
) -> None:
    with Archive.open(folder, settings) as archive:
        send(archive, build(1))
        archive.settle(1001)
    with Archive.open(folder, settings) as archive:
        assert archive.settle(1010) == 1


def test_metadata_are_the_headers_in_order(archive: Archive, build: Build, send: Send) -> None:
    for number in (3, 1, 2):
        send(archive, build(number, PatientName="Müller^Jörg"))
    found = headers(archive)
    assert [header["00200013"]["Value"] for header in found] == [[1], [2], [3]]
    assert found[0]["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Müller^Jörg"}]}
    assert found[0]["7FE00010"] == {
        "vr": "OW",
        "BulkDataURI": "/dicom-web/studies/1.2.3/series/1.2.3.0/instances/1.2.3.1/bulkdata/7FE00010",
    }
    assert found[0]["00083002"] == {"vr": "UI", "Value": ["1.2.840.10008.1.2.1"]}


def test_metadata_of_a_lost_object_say_what_the_index_knows(archive: Archive, build: Build, send: Send) -> None:
    send(archive, build(1))
    send(archive, build(2))
    archive.storage.delete([archive.instances(STUDY)[0].location])
    found = headers(archive)
    assert [header["00080018"]["Value"] for header in found] == [["1.2.3.1"], ["1.2.3.2"]]
    assert "00100010" not in found[0]


def test_metadata_of_nothing(archive: Archive) -> None:
    with pytest.raises(NotFoundError):
        archive.metadata("1.2.3", "9")


def test_deleting(archive: Archive, folder: Path, files_in: Any, build: Build, send: Send, clock: Any) -> None:
    for number in range(1, 4):
        send(archive, build(number, SeriesInstanceUID=f"1.2.3.0.{number % 2}"))
    send(archive, build(1, SeriesInstanceUID="1.2.3.0.1", PatientComments="a conflict"))
    archive.delete("1.2.3", "1.2.3.0.1", "1.2.3.3")
    assert [instance.SOPInstanceUID for instance in archive.instances("1.2.3")] == ["1.2.3.1", "1.2.3.2"]
    archive.delete("1.2.3", "1.2.3.0.1")
    assert archive.conflicts() == []
    assert archive.check(deep=True).findings == []
    archive.settle(1010)
    archive.delete("1.2.3")
    archive.bin.empty_all()
    assert list(archive.storage.objects()) == []
    assert archive.statistics().patients == 0
    assert archive.settle(1020) == 0
    with pytest.raises(NotFoundError):
        archive.delete("1.2.3")
    send(archive, build(1))
    assert archive.statistics().instances == 1


def test_bytes_of_deleted_objects_go_even_after_a_crash(
    archive: Archive, folder: Path, files_in: Any, build: Build, send: Send
) -> None:
    send(archive, build(1))
    archive.index.delete("1.2.3", "", "", 0)  # the rows are gone, and then the process dies
    assert len(list(archive.storage.objects())) == 1
    assert archive.check(deep=True, repair=True).findings == []
    archive.settle(0)
    assert list(archive.storage.objects()) == []


@pytest.mark.parametrize("broken", ["making", "telling"])
def test_what_failed_once_settles_later(
    archive: Archive, build: Build, send: Send, clock: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Neither the series at hand is lost, nor those that settled before it."""
    for number in range(3):
        send(archive, build(number, SeriesInstanceUID=f"1.2.3.{number}"))
    calls = []

    def failing(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            calls.append(arguments)
            if len(calls) == (2 if broken == "making" else 1):
                raise OSError("the disk says no")
            return original(*arguments)

        return call

    if broken == "making":
        monkeypatch.setattr(archive._settling, "_write", failing(archive._settling._write))
    else:
        monkeypatch.setattr("isocenter.settling.announce_settled", failing(announce_settled))
    with pytest.raises(OSError, match="says no"):
        archive.settle(1010)
    clock(1011)
    send(archive, build(9, SeriesInstanceUID="1.2.3.9"))
    archive.settle(1012)
    archive.settle(1020)
    assert events(archive).count(Event.SERIES_SETTLED) == 4
    assert events(archive).count(Event.STUDY_SETTLED) == 1


def test_the_background_thread_settles(folder: Path, build: Build, send: Send, settings: Settings) -> None:
    with Archive.open(folder, settings.replace(settle_seconds=0)) as archive:
        import threading

        done = threading.Event()
        original = archive._settling._write

        def write(series_id: int) -> bool:
            try:
                return original(series_id)
            finally:
                done.set()

        archive._settling._write = write  # type: ignore[method-assign]
        archive.start_background()
        archive.start_background()
        send(archive, build(1))
        assert done.wait(10)


@pytest.mark.parametrize(("busy", "pause"), [(False, 0.001), (True, 0.02)])
def test_headers_are_read_slowly_while_objects_come_in(
    archive: Archive, build: Build, send: Send, clock: Any, monkeypatch: pytest.MonkeyPatch, *, busy: bool, pause: float
) -> None:
    send(archive, build(1))
    send(archive, build(2))
    pauses: list[float] = []
    monkeypatch.setattr(archive._settling._worker, "rest", pauses.append)
    monkeypatch.setattr(type(archive._arrivals), "within", lambda _self, _seconds: busy)
    assert archive.settle(2000) == 1
    assert pauses == [pause, pause]


def test_work_beside_goes_slowly_while_somebody_sends_or_asks(
    archive: Archive, build: Build, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("isocenter.arrivals.time.monotonic", lambda: now)
    assert not archive.serving
    send(archive, build())
    now += 0.9
    assert archive.serving
    now += 0.2
    assert not archive.serving
    archive.requests.note()
    assert archive.serving
    now += 0.1
    assert not archive.serving
